//! Functions of lists and maps.
//!
//! Source: CloudWatch Logs User Guide, "JSON functions" and "split". Assumptions, where the guide is silent: a function
//! of a list takes the list's text as well; an element equals a value as an operator would find.

use super::{Call, Function, takes, text_of};
use crate::plan::Type;
use crate::value::Value;
use serde_json::Value as Json;

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "jsonParse",
        aliases: &[],
        parameters: takes(1, 1, "a text"),
        result: Type::Json,
        summary: "The list or map that the text is in JSON; its parts are named by dots and indexes.",
        examples: &[
            ("jsonParse(\"[1, 2]\")", Some("[1,2]")),
            ("jsonParse('{\"a\": {\"b\": true}}')", Some("{\"a\":{\"b\":true}}")),
            ("jsonParse(\"7\")", Some("7")),
            ("jsonParse(\"{\")", None),
        ],
        call: Call::Values(|arguments| {
            text_of(arguments, 0).map_or(Value::Null, |text| Value::of_json_text(&text))
        }),
    },
    Function {
        name: "jsonStringify",
        aliases: &[],
        parameters: takes(1, 1, "a list or map"),
        result: Type::Text,
        summary: "The list or map as JSON.",
        examples: &[
            ("jsonStringify(jsonParse(\"[1, 2]\"))", Some("[1,2]")),
            ("jsonStringify(split(\"a,b\", \",\"))", Some("[\"a\",\"b\"]")),
        ],
        call: Call::Values(|arguments| {
            arguments[0].print().map_or(Value::Null, |text| Value::text(text.into_owned()))
        }),
    },
    Function {
        name: "jsonArraySize",
        aliases: &[],
        parameters: takes(1, 1, "a list"),
        result: Type::Int,
        summary: "The number of elements of the list.",
        examples: &[
            ("jsonArraySize(jsonParse(\"[1, 2]\"))", Some("2")),
            ("jsonArraySize(\"[]\")", Some("0")),
            ("jsonArraySize(\"{}\")", None),
        ],
        call: Call::Values(|arguments| {
            list(&arguments[0]).map_or(Value::Null, |list| Value::Int(list.len() as i64))
        }),
    },
    Function {
        name: "jsonArrayContains",
        aliases: &[],
        parameters: takes(2, 2, "a list and a value"),
        result: Type::Bool,
        summary: "Whether an element of the list equals the value.",
        examples: &[
            ("jsonArrayContains(\"[80, 443]\", 443)", Some("true")),
            ("jsonArrayContains(split(\"a,b\", \",\"), \"c\")", Some("false")),
            ("jsonArrayContains(\"x\", 1)", None),
        ],
        call: Call::Values(|arguments| {
            let equals = |element: Json| Value::of_json(element).equals(&arguments[1]) == Some(true);
            list(&arguments[0]).map_or(Value::Null, |list| Value::Bool(list.into_iter().any(equals)))
        }),
    },
    Function {
        name: "split",
        aliases: &[],
        parameters: takes(2, 2, "a text and what separates its parts"),
        result: Type::Json,
        summary: "The list of the text's parts. An empty separator leaves one part.",
        examples: &[
            ("split(\"10.1.2.3\", \".\")", Some("[\"10\",\"1\",\"2\",\"3\"]")),
            ("split(\"a\", \",\")", Some("[\"a\"]")),
            ("split(\"ab\", \"\")", Some("[\"ab\"]")),
        ],
        call: Call::Values(split),
    },
];

/// The elements of a list, or of a text that is one in JSON.
pub(super) fn list(value: &Value) -> Option<Vec<Json>> {
    let json = match value {
        Value::Json(json) => (**json).clone(),
        Value::Text(text) => serde_json::from_str(text).ok()?,
        _ => return None,
    };
    match json {
        Json::Array(elements) => Some(elements),
        _ => None,
    }
}

fn split(arguments: &[Value]) -> Value {
    let (Some(text), Some(separator)) = (text_of(arguments, 0), text_of(arguments, 1)) else {
        return Value::Null;
    };
    let parts: Vec<Json> = match separator.is_empty() {
        true => vec![Json::from(text.as_ref())],
        false => text.split(separator.as_ref()).map(Json::from).collect(),
    };
    Value::of_json(Json::Array(parts))
}
