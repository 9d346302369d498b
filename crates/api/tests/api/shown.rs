//! Answers as text that is good to read in a test.

use weir_wire::Response;

/// The elements of an answer without its envelope, one a line, indented. An error is `STATUS CODE: MESSAGE`.
pub fn xml(response: &Response) -> String {
    let body = String::from_utf8(response.body.clone()).expect("answers are UTF-8");
    if response.status != 200 {
        let text = |element: &str| between(&body, element).unwrap_or("?").to_owned();
        return format!("{} {}: {}", response.status, text("Code"), text("Message"));
    }
    let mut lines: Vec<String> = Vec::new();
    let mut depth = 0;
    for token in tokens(&body) {
        match token.as_bytes() {
            [b'<', b'?', ..] => {}
            [b'<', b'/', ..] => {
                depth -= 1;
                // The end of an element that holds text goes on the text's line.
                match lines.last_mut().filter(|line| !line.ends_with('>')) {
                    Some(line) => line.push_str(token),
                    None => lines.push(format!("{}{token}", "  ".repeat(depth))),
                }
            }
            [b'<', .., b'/', b'>'] => lines.push(format!("{}{token}", "  ".repeat(depth))),
            [b'<', ..] => {
                lines.push(format!("{}{token}", "  ".repeat(depth)));
                depth += 1;
            }
            _ => lines.last_mut().expect("text is in an element").push_str(token),
        }
    }
    let inner =
        lines.iter().filter(|line| line.starts_with("  ") && !line.trim_start().starts_with("<requestId>"));
    inner.map(|line| format!("{}\n", &line[2..])).collect()
}

/// JSON, indented. An error is `STATUS CODE: MESSAGE`, with what else it says.
pub fn json(response: &Response) -> String {
    let text = String::from_utf8(response.body.clone()).expect("answers are UTF-8");
    let Ok(mut body) = serde_json::from_str::<serde_json::Value>(&text) else { return text };
    if response.status == 200 {
        return serde_json::to_string_pretty(&body).expect("a value is JSON");
    }
    let members = body.as_object_mut().expect("an error is an object");
    let code = members.remove("__type").unwrap_or_default();
    let message = members.remove("message").or_else(|| members.remove("Message")).unwrap_or_default();
    let rest = if members.is_empty() { String::new() } else { format!(" {body}") };
    format!("{} {}: {}{rest}", response.status, code.as_str().unwrap_or("?"), message.as_str().unwrap_or("?"))
}

/// The tags and texts of a document, in order.
fn tokens(xml: &str) -> impl Iterator<Item = &str> {
    let mut rest = xml;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches('\n');
        let end = match rest.starts_with('<') {
            true => rest.find('>')? + 1,
            false => rest.find('<')?,
        };
        let (token, more) = rest.split_at(end);
        rest = more;
        Some(token)
    })
}

/// The text of the first element of that name.
pub fn between<'a>(text: &'a str, element: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("<{element}>"))?;
    rest.split_once(&format!("</{element}>")).map(|(text, _)| text)
}

/// A text with ids of 17 digits replaced by their prefix and place: the first VPC is `vpc-1`, wherever it stands.
pub fn named(text: &str) -> String {
    let mut seen: Vec<&str> = Vec::new();
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('-') {
        let (before, after) = rest.split_at(at + 1);
        out.push_str(before);
        let digits =
            after.bytes().take_while(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte)).count();
        rest = after;
        if digits == 17 {
            let (id, after) = after.split_at(digits);
            let place = seen.iter().position(|known| *known == id).unwrap_or(seen.len());
            if place == seen.len() {
                seen.push(id);
            }
            out.push_str(&(place + 1).to_string());
            rest = after;
        }
    }
    out + rest
}
