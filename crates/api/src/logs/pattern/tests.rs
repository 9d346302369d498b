use super::*;
use proptest::prelude::*;

const TABLE: &str = include_str!("../../../fixtures/patterns.txt");

/// One row beneath a pattern: what it says, checked against what is so.
#[track_caller]
fn check(pattern: &str, row: &str, last: &mut String) {
    let (sign, rest) = row.split_at(1);
    let rest = rest.strip_prefix(' ').unwrap_or(rest);
    let parsed = Pattern::parse(pattern);
    match (sign, parsed) {
        ("!", parsed) => {
            assert_eq!(parsed.map(drop).map_err(|error| error.to_string()), Err(rest.to_owned()), "{pattern}")
        }
        (_, Err(error)) => panic!("{pattern}: {error}"),
        ("=", Ok(parsed)) => {
            let extracted = parsed.find(last).map(Found::extracted).unwrap_or_default();
            let shown: Vec<_> = extracted.iter().map(|(name, value)| format!("{name}={value}")).collect();
            assert_eq!(shown.join(" "), rest, "{pattern} in {last}");
        }
        (_, Ok(parsed)) => {
            assert_eq!(parsed.matches(rest), sign == "+", "{pattern} on {rest}");
            rest.clone_into(last);
        }
    }
}

#[test]
fn patterns_do_as_the_table_says() {
    let (mut pattern, mut last, mut rows) = ("", String::new(), 0);
    for line in TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.strip_prefix("  ") {
            Some(row) => check(pattern, row, &mut last),
            None => pattern = line,
        }
        rows += 1;
    }
    assert!(rows > 200, "{rows} rows");
}

#[test]
fn an_empty_pattern_lets_everything_through() {
    for pattern in ["", " ", "\n"] {
        assert!(Pattern::parse(pattern).is_ok_and(|pattern| pattern.matches("anything")));
    }
}

#[test]
fn parentheses_have_a_bound() {
    let nested = |depth| format!("{{ {}$.a = 1{} }}", "(".repeat(depth), ")".repeat(depth));
    assert!(Pattern::parse(&nested(32)).is_ok_and(|pattern| pattern.matches(r#"{"a":1}"#)));
    assert_eq!(
        Pattern::parse(&nested(33)).map(drop),
        Err(Malformed::Pattern("its parentheses are nested too deep"))
    );
}

#[test]
fn selectors_name_what_a_pattern_can_find() {
    let rows = [
        ("[ip, ..., bytes]", "$bytes", true),
        ("[ip, ..., bytes]", "$3", true),
        ("[ip, , bytes]", "$2", true),
        ("[ip, bytes]", "$2", false),
        ("[ip, bytes]", "$size", false),
        ("[ip, bytes]", "bytes", false),
        ("{ $.latency = * }", "$.latency", true),
        ("{ $.latency = * }", "$.a[0].b", true),
        ("{ $.latency = * }", "$.a[*]", false),
        ("{ $.latency = * }", "$latency", false),
        ("ERROR", "$.latency", false),
    ];
    for (pattern, selector, expected) in rows {
        let pattern_read = Pattern::parse(pattern).expect("a pattern");
        assert_eq!(pattern_read.can_select(selector), expected, "{selector} of {pattern}");
    }
    let json = Pattern::parse("{ $.a = * }").expect("a pattern");
    let found = json.find(r#"{"a":1.5,"b":[true],"c":null}"#).expect("passes");
    let values = ["$.a", "$.b[0]", "$.b", "$.c", "$.d"].map(|selector| found.value(selector));
    assert_eq!(values, [Some("1.5".to_owned()), Some("true".to_owned()), None, None, None]);
}

/// Texts that are nearly patterns: pieces of the grammar in any order.
fn nearly() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "[", "]", "{", "}", "(", ")", "...", ",", "$", ".", "a", "b1", "$.a", "[0]", "[*]", "=", "!=", "<",
        ">=", "&&", "||", "*", "1", "-2e9", "\"x\"", "\"", "%", "%a+%", "\\", "?", "-", " ", "IS", "NULL",
        "NOT", "EXISTS", "é",
    ]);
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// A condition as it is meant, for what the parser makes of its text.
#[derive(Clone, Debug)]
enum Meant {
    Is(usize, bool),
    All(Vec<Meant>),
    Any(Vec<Meant>),
}

impl Meant {
    /// Its text: parentheses only where `&&` would tear an `||` apart.
    fn text(&self) -> String {
        let joined = |parts: &[Meant], sign: &str, print: &dyn Fn(&Meant) -> String| {
            parts.iter().map(print).collect::<Vec<_>>().join(sign)
        };
        match self {
            Meant::Is(key, value) => format!("$.k{key} IS {}", if *value { "TRUE" } else { "FALSE" }),
            Meant::Any(parts) => joined(parts, " || ", &Meant::text),
            Meant::All(parts) => joined(parts, "&&", &|part| match part {
                Meant::Any(_) => format!("({})", part.text()),
                _ => part.text(),
            }),
        }
    }

    fn holds(&self, values: [bool; 4]) -> bool {
        match self {
            Meant::Is(key, value) => values[*key] == *value,
            Meant::All(parts) => parts.iter().all(|part| part.holds(values)),
            Meant::Any(parts) => parts.iter().any(|part| part.holds(values)),
        }
    }
}

fn meant() -> impl Strategy<Value = Meant> {
    let leaf = (0usize..4, any::<bool>()).prop_map(|(key, value)| Meant::Is(key, value));
    leaf.prop_recursive(4, 24, 3, |inner| {
        let several = prop::collection::vec(inner, 1..4);
        prop_oneof![several.clone().prop_map(Meant::All), several.prop_map(Meant::Any)]
    })
}

/// A text in which every asterisk at the beginning and end is any text, compared letter by letter.
fn matches_plainly(pattern: &str, value: &str) -> bool {
    let inside = pattern.strip_prefix('*');
    let (is_open, rest) = (inside.is_some(), inside.unwrap_or(pattern));
    let starts = if is_open { 0..=value.len() } else { 0..=0 };
    match rest.strip_suffix('*') {
        Some(middle) => starts.into_iter().any(|at| value[at..].starts_with(middle)),
        None => starts.into_iter().any(|at| &value[at..] == rest),
    }
}

proptest! {
    #[test]
    fn conditions_hold_as_they_are_meant(meant in meant(), values in any::<[bool; 4]>()) {
        let pattern = Pattern::parse(&format!("{{ {} }}", meant.text())).expect("a pattern");
        let [k0, k1, k2, k3] = values;
        let message = serde_json::json!({ "k0": k0, "k1": k1, "k2": k2, "k3": k3 }).to_string();
        prop_assert_eq!(pattern.matches(&message), meant.holds(values), "{} on {}", meant.text(), message);
    }

    #[test]
    fn asterisks_at_the_ends_are_any_text(text in "[ab*]{1,5}", value in "[ab*]{0,5}") {
        let pattern = Pattern::parse(&format!("[field = {text}]")).expect("a pattern");
        prop_assert_eq!(pattern.matches(&format!("\"{value}\"")), matches_plainly(&text, &value));
    }

    #[test]
    fn fields_are_found_as_they_were_written(fields in prop::collection::vec(("[a-c]{1,4}( [a-c]{1,3})?", 0..3), 1..6)) {
        let written = fields.iter().map(|(field, kind)| match kind {
            0 => format!("\"{field}\""),
            1 => format!("[{field}]"),
            _ => field.replace(' ', "-"),
        });
        let message = written.collect::<Vec<_>>().join("  ");
        let expected = fields.iter().map(|(field, kind)| if *kind < 2 { field.clone() } else { field.replace(' ', "-") });
        let found = Pattern::parse("[...]").expect("a pattern").find(&message).map(Found::extracted).unwrap_or_default();
        let found = (1..=fields.len()).map(|number| found.get(&format!("${number}")).cloned().unwrap_or_default());
        prop_assert_eq!(found.collect::<Vec<_>>(), expected.collect::<Vec<_>>(), "{}", message);
    }

    #[test]
    fn no_text_breaks_the_parser_and_no_message_a_pattern(text in prop_oneof![nearly(), ".*"], message in prop_oneof![nearly(), ".*"]) {
        if let Ok(pattern) = Pattern::parse(&text) {
            let found = pattern.find(&message);
            prop_assert_eq!(found.is_some(), pattern.matches(&message));
        }
    }

    #[test]
    fn a_quoted_phrase_passes_exactly_the_messages_that_have_it(phrase in "[a-c\"\\\\ ]{1,3}", message in "[a-c\"\\\\ ]{0,8}") {
        let escaped = phrase.replace('\\', "\\\\").replace('"', "\\\"");
        let pattern = Pattern::parse(&format!("\"{escaped}\"")).expect("a phrase");
        prop_assert_eq!(pattern.matches(&message), message.contains(&phrase));
    }
}
