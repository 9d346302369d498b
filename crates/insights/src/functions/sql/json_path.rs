//! The paths of `get_json_object`, and what they find.
//!
//! Source: Apache Spark SQL 3.5, `get_json_object`: `$`, `.name`, `['name']`, `[0]`, `.*` and `[*]`. Of several matches it
//! makes a list, of one the match itself unless the path took one list within another.

use serde_json::Value as Json;

use crate::value::Value;

/// Steps of a path. Assumption: Spark names no number; this bounds the depth of the search.
const STEPS_MAX: usize = 64;

/// A path into JSON.
pub(super) struct JsonPath(Vec<Step>);

enum Step {
    Member(String),
    Element(usize),
    AnyMember,
    AnyElement,
}

/// How a match is written.
#[derive(Clone, Copy, PartialEq)]
enum Style {
    /// A text as it is.
    Raw,
    /// A text as JSON, in a list.
    Quoted,
    /// The elements of lists instead of the lists.
    Flat,
}

impl JsonPath {
    /// The path; `None` if the text is none.
    pub(super) fn parse(text: &str) -> Option<JsonPath> {
        let (mut rest, mut steps) = (text.strip_prefix('$')?, vec![]);
        while !rest.is_empty() {
            let (step, behind) = match rest.strip_prefix('.') {
                Some(name) => member(name)?,
                None => subscript(rest.strip_prefix('[')?)?,
            };
            steps.push(step);
            rest = behind;
        }
        (steps.len() <= STEPS_MAX).then_some(JsonPath(steps))
    }

    /// What it leads to; `None` for nothing and for null.
    pub(super) fn find(&self, json: &Json) -> Option<Value> {
        let mut found = vec![];
        walk(json, &self.0, Style::Raw, &mut found);
        printed(found.first()?)
    }
}

/// A text as it is, anything else as JSON; `None` for null.
pub(super) fn printed(json: &Json) -> Option<Value> {
    match json {
        Json::Null => None,
        Json::String(text) => Some(Value::text(text.as_str())),
        other => Some(Value::Text(other.to_string())),
    }
}

fn member(text: &str) -> Option<(Step, &str)> {
    let end = text.find(['.', '[']).unwrap_or(text.len());
    match &text[..end] {
        "" => None,
        "*" => Some((Step::AnyMember, &text[end..])),
        name => Some((Step::Member(name.to_owned()), &text[end..])),
    }
}

fn subscript(text: &str) -> Option<(Step, &str)> {
    if let Some(quoted) = text.strip_prefix('\'') {
        let end = quoted.find('\'')?;
        let step =
            if &quoted[..end] == "*" { Step::AnyMember } else { Step::Member(quoted[..end].to_owned()) };
        return Some((step, quoted[end + 1..].strip_prefix(']')?));
    }
    let end = text.find(']')?;
    let step = match &text[..end] {
        "*" => Step::AnyElement,
        place => Step::Element(place.parse().ok()?),
    };
    Some((step, &text[end + 1..]))
}

/// Adds what the steps lead to.
fn walk(json: &Json, steps: &[Step], style: Style, found: &mut Vec<Json>) {
    match (json, steps) {
        (Json::Array(elements), []) if style == Style::Flat => {
            elements.iter().for_each(|element| walk(element, steps, style, found));
        }
        (_, []) => found.push(json.clone()),
        (Json::Object(members), [Step::Member(name), rest @ ..]) => {
            if let Some(inner) = members.get(name).filter(|inner| !inner.is_null()) {
                walk(inner, rest, style, found);
            }
        }
        (Json::Object(members), [Step::AnyMember, rest @ ..]) => {
            // Only the first member that leads anywhere counts.
            let known = found.len();
            for inner in members.values() {
                if found.len() == known {
                    walk(inner, rest, style, found);
                }
            }
        }
        (Json::Array(elements), [Step::Element(place), rest @ ..]) => {
            let within = if let [Step::AnyElement, ..] = rest { Style::Quoted } else { style };
            if let Some(inner) = elements.get(*place) {
                walk(inner, rest, within, found);
            }
        }
        (Json::Array(elements), [Step::AnyElement, Step::AnyElement, rest @ ..]) => {
            let mut inner = vec![];
            elements.iter().for_each(|element| walk(element, rest, Style::Flat, &mut inner));
            if !inner.is_empty() {
                found.push(Json::Array(inner));
            }
        }
        (Json::Array(elements), [Step::AnyElement, rest @ ..]) => {
            let within = if style == Style::Flat { style } else { Style::Quoted };
            let mut inner = vec![];
            elements.iter().for_each(|element| walk(element, rest, within, &mut inner));
            match inner.len() {
                0 => {}
                1 if style == Style::Raw => found.extend(inner.into_iter().map(quoted)),
                1 if style == Style::Flat => found.extend(inner),
                _ => found.push(Json::Array(inner)),
            }
        }
        _ => {}
    }
}

/// The only match of `[*]`: Spark writes it as in a list, a text between quotes.
fn quoted(only: Json) -> Json {
    if only.is_string() { Json::from(only.to_string()) } else { only }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The store of the tests of Spark and Hive.
    const STORE: &str = r#"{"store": {"fruit": [{"weight": 8, "type": "apple"}, {"weight": 9, "type": "pear"}],
        "basket": [[1, 2, {"b": "y", "a": "x"}], [3, 4], [5, 6]], "bicycle": {"price": 19.95, "color": "red"}},
        "email": "amy@only", "only": ["x"], "owner": null, "a.b": 1}"#;

    #[track_caller]
    fn check(path: &str, expected: Option<&str>) {
        let json = serde_json::from_str(STORE).expect("JSON");
        let found = JsonPath::parse(path).and_then(|path| path.find(&json));
        assert_eq!(found.as_ref().and_then(Value::print).as_deref(), expected, "{path}");
    }

    #[test]
    fn paths_lead_to_members_and_elements() {
        check("$.store.bicycle.color", Some("red"));
        check("$.store.bicycle.price", Some("19.95"));
        check("$.store.bicycle", Some(r#"{"color":"red","price":19.95}"#));
        check("$['store'].fruit[0].type", Some("apple"));
        check("$.store.fruit[9]", None);
        check("$['a.b']", Some("1"));
        check("$.owner", None);
        check("$.nobody", None);
    }

    #[test]
    fn several_matches_are_a_list() {
        check("$.store.fruit[*].type", Some(r#"["apple","pear"]"#));
        check("$.store.basket[*]", Some(r#"[[1,2,{"a":"x","b":"y"}],[3,4],[5,6]]"#));
        check("$.store.basket[*][0]", Some("[1,3,5]"));
        check("$.store.basket[0][*]", Some(r#"[1,2,{"a":"x","b":"y"}]"#));
        check("$.store.basket[0][*].b", Some(r#"["y"]"#));
        check("$.store.basket[*].b", None);
        check("$.*.bicycle.color", Some("red"));
        check("$.store.basket[0][2].b", Some("y"));
        check("$.store.fruit[*].missing", None);
        check("$.store.basket[*][*]", Some(r#"[1,2,{"a":"x","b":"y"},3,4,5,6]"#));
    }

    #[test]
    fn the_only_match_of_all_elements_is_written_as_in_a_list() {
        check("$.only[*]", Some(r#""x""#));
        check("$.only[0]", Some("x"));
        check("$.only", Some(r#"["x"]"#));
    }

    #[test]
    fn what_is_no_path_finds_nothing() {
        for path in ["", "store", "$store", "$.", "$..a", "$[", "$[a]", "$[-1]", "$['a'", "$.a]b["] {
            check(path, None);
        }
    }
}
