//! Functions of texts in JSON.
//!
//! Assumptions: the members of a map are in the order of their names; an option of `from_json` and its like is refused.

use serde_json::Value as Json;

use super::array::element;
use super::json_path::{JsonPath, printed};
use super::schema::{Schema, ddl_of};
use super::{ARGUMENTS_MAX, Call, Function, or_null, takes, text_of, two_texts};
use crate::plan::Type;
use crate::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "sql from_json",
        aliases: &[],
        parameters: takes(2, 2, "a text in JSON and a schema as a string"),
        result: Type::Json,
        summary: "What the schema names of the text, in its types; a value that is none of its type is absent.",
        examples: &[
            ("from_json('{\"a\":1, \"b\":0.8, \"c\":2}', 'a INT, b DOUBLE')", Some("{\"a\":1,\"b\":0.8}")),
            (
                "from_json('{\"teacher\": \"Alice\", \"student\": [{\"name\": \"Bob\", \"rank\": 1}]}', \
                 'STRUCT<teacher: STRING, student: ARRAY<STRUCT<name: STRING, rank: INT>>>')",
                Some("{\"student\":[{\"name\":\"Bob\",\"rank\":1}],\"teacher\":\"Alice\"}"),
            ),
            (
                "from_json('{\"user-identifier\": \"x\"}', 'STRUCT<user-identifier: STRING, status: INT>')",
                Some("{\"status\":null,\"user-identifier\":\"x\"}"),
            ),
            ("from_json('[1, \"x\"]', 'ARRAY<INT>')", Some("[1,null]")),
            ("from_json('{', 'a INT')", None),
        ],
        call: Call::Values(|a| or_null(from_json(a))),
    },
    Function {
        name: "sql get_json_object",
        aliases: &[],
        parameters: takes(2, 2, "a text in JSON and a path such as $.a.b[0]"),
        result: Type::Text,
        summary: "What the path leads to: a text as it is, anything else as JSON; `[*]` takes all elements.",
        examples: &[
            ("get_json_object('{\"a\":\"b\"}', '$.a')", Some("b")),
            ("get_json_object('{\"a\":[{\"b\":1},{\"b\":2}]}', '$.a[1].b')", Some("2")),
            ("get_json_object('{\"a\":[{\"b\":1},{\"b\":2}]}', '$.a[*].b')", Some("[1,2]")),
            ("get_json_object('{\"a\":[{\"b\":1},{\"c\":2}]}', '$.a[*].b')", Some("1")),
            ("get_json_object('{\"a b\":{\"c\":true}}', '$[\\'a b\\']')", Some("{\"c\":true}")),
            ("get_json_object('{\"a\":null}', '$.a')", None),
            ("get_json_object('{\"a\":1}', 'a')", None),
        ],
        call: Call::Values(|a| or_null(get_json_object(a))),
    },
    Function {
        name: "sql json_array_length",
        aliases: &[],
        parameters: takes(1, 1, "a list"),
        result: Type::Int,
        summary: "The number of elements of the outermost list.",
        examples: &[
            ("json_array_length('[1,2,3,4]')", Some("4")),
            ("json_array_length('[1,2,3,{\"f1\":1,\"f2\":[5,6]},4]')", Some("5")),
            ("json_array_length('[1,2')", None),
        ],
        call: Call::Values(|a| {
            super::super::json::list(&a[0]).map_or(Value::Null, |list| Value::Int(list.len() as i64))
        }),
    },
    Function {
        name: "sql json_object_keys",
        aliases: &[],
        parameters: takes(1, 1, "a map"),
        result: Type::Json,
        summary: "The names in the outermost map.",
        examples: &[
            ("json_object_keys('{}')", Some("[]")),
            (
                "json_object_keys('{\"f1\":\"abc\",\"f2\":{\"f3\":\"a\", \"f4\":\"b\"}}')",
                Some("[\"f1\",\"f2\"]"),
            ),
            ("json_object_keys('[1]')", None),
        ],
        call: Call::Values(|a| match json_of(&a[0]) {
            Some(Json::Object(members)) => list_of(members.keys().map(|key| Json::from(key.as_str()))),
            _ => Value::Null,
        }),
    },
    Function {
        name: "sql json_tuple",
        aliases: &[],
        parameters: takes(2, ARGUMENTS_MAX, "a text in JSON and names in its outermost map"),
        result: Type::Text,
        summary: "The texts under the names, each in a column of its own: `c0`, `c1`, … or `AS (a, b)`; it stands alone in SELECT.",
        examples: &[
            ("json_tuple('{\"a\":1, \"b\":2}', 'a')", Some("1")),
            ("json_tuple('{\"a\":1}', 'c')", None),
        ],
        call: Call::Values(|a| match (json_of(&a[0]), text_of(a, 1)) {
            (Some(Json::Object(members)), Some(name)) => or_null(members.get(&*name).and_then(printed)),
            _ => Value::Null,
        }),
    },
    Function {
        name: "sql schema_of_json",
        aliases: &[],
        parameters: takes(1, 1, "a text in JSON"),
        result: Type::Text,
        summary: "The schema of the text, as `from_json` takes it.",
        examples: &[
            ("schema_of_json('[{\"col\":0}]')", Some("ARRAY<STRUCT<col: BIGINT>>")),
            (
                "schema_of_json('{\"a\":[1, 2.5], \"b\":true, \"c\":null}')",
                Some("STRUCT<a: ARRAY<DOUBLE>, b: BOOLEAN, c: STRING>"),
            ),
        ],
        call: Call::Values(|a| json_of(&a[0]).map_or(Value::Null, |json| Value::Text(ddl_of(&json)))),
    },
    Function {
        name: "sql named_struct",
        aliases: &[],
        parameters: takes(2, ARGUMENTS_MAX, "names, each with a value"),
        result: Type::Json,
        summary: "The map of the values under their names.",
        examples: &[
            ("named_struct('a', 1, 'b', 'x')", Some("{\"a\":1,\"b\":\"x\"}")),
            ("to_json(array(named_struct('a', 1, 'b', 2)))", Some("[{\"a\":1,\"b\":2}]")),
        ],
        call: Call::Values(|a| {
            let member = |pair: &[Value]| Some((pair[0].print()?.into_owned(), element(pair.get(1)?)));
            let members = a.chunks(2).map(member).collect::<Option<serde_json::Map<_, _>>>();
            members.map_or(Value::Null, |members| Value::Json(Box::new(Json::Object(members))))
        }),
    },
];

/// The list or map that a value is, or that its text is in JSON.
fn json_of(value: &Value) -> Option<Json> {
    match value {
        Value::Json(json) => Some((**json).clone()),
        other => serde_json::from_str(&other.print()?).ok(),
    }
}

fn list_of(elements: impl Iterator<Item = Json>) -> Value {
    Value::Json(Box::new(Json::Array(elements.collect())))
}

fn from_json(arguments: &[Value]) -> Option<Value> {
    let (text, schema) = two_texts(arguments)?;
    let json = serde_json::from_str(&text).ok()?;
    let schema = Schema::parse(&schema).ok()?;
    match schema.cast(json) {
        Json::Null => None,
        json => Some(Value::of_json(json)),
    }
}

fn get_json_object(arguments: &[Value]) -> Option<Value> {
    let path = text_of(arguments, 1)?;
    let json = json_of(&arguments[0])?;
    JsonPath::parse(&path)?.find(&json)
}
