//! What came back: an XML or JSON answer, and reading a member of it by name.

use serde_json::Value;
use weir_wire::Response;

/// An answer of an API call.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    body: String,
}

impl Answer {
    /// The answer in an HTTP response.
    pub fn of(response: &Response) -> Answer {
        Answer { status: response.status, body: String::from_utf8_lossy(&response.body).into_owned() }
    }

    /// Whether the call succeeded.
    pub fn is_ok(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The first member called `name`, in document order.
    pub fn text(&self, name: &str) -> Option<String> {
        self.all(name).into_iter().next()
    }

    /// Every member called `name` that holds text, in document order.
    pub fn all(&self, name: &str) -> Vec<String> {
        match self.json() {
            Some(json) => {
                let mut found = vec![];
                find_json(&json, name, &mut found);
                found
            }
            None => self.all_xml(name),
        }
    }

    fn all_xml(&self, name: &str) -> Vec<String> {
        let Ok(document) = roxmltree::Document::parse(&self.body) else { return vec![] };
        let named =
            document.descendants().filter(|node| node.has_tag_name(name) || node.tag_name().name() == name);
        named.filter_map(|node| node.text()).map(str::to_owned).collect()
    }

    /// The answer as JSON, if it is.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_str(&self.body).ok()
    }

    /// The error code of a call that failed.
    pub fn code(&self) -> Option<String> {
        let kind = self.json().and_then(|json| json.get("__type").and_then(Value::as_str).map(str::to_owned));
        kind.map(|kind| kind.rsplit('#').next().unwrap_or_default().to_owned()).or_else(|| self.text("Code"))
    }

    /// The error message of a call that failed.
    pub fn message(&self) -> Option<String> {
        self.text("Message").or_else(|| self.text("message"))
    }
}

fn find_json(value: &Value, name: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                match value {
                    Value::String(text) if key == name => found.push(text.clone()),
                    Value::Number(_) | Value::Bool(_) if key == name => found.push(value.to_string()),
                    _ => find_json(value, name, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| find_json(item, name, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer { status, body: body.to_owned() }
    }

    #[test]
    fn members_are_found_in_both_forms() {
        let xml = answer(200, "<R xmlns='x'><vpc><vpcId>vpc-1</vpcId></vpc><vpcId>vpc-2</vpcId></R>");
        assert_eq!(xml.all("vpcId"), ["vpc-1", "vpc-2"]);
        let json = answer(200, r#"{"results":[{"queryId":"q"}],"n":1}"#);
        assert_eq!((json.text("queryId").as_deref(), json.text("n").as_deref()), (Some("q"), Some("1")));
    }

    #[test]
    fn errors_have_a_code_and_a_message_in_both_forms() {
        let xml = answer(
            400,
            "<Response><Errors><Error><Code>A.B</Code><Message>m</Message></Error></Errors></Response>",
        );
        assert_eq!((xml.code().as_deref(), xml.message().as_deref()), (Some("A.B"), Some("m")));
        let json = answer(400, r#"{"__type":"com.x#NotFound","message":"m"}"#);
        assert_eq!((json.code().as_deref(), json.message().as_deref()), (Some("NotFound"), Some("m")));
    }
}
