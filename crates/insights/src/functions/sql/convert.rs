//! Types that values are cast to.
//!
//! Source: OpenSearch Service Developer Guide, Conversion functions; Apache Spark SQL 3.5, "Data Types". A text that is none of
//! the type is absent.

use serde_json::Value as Json;

use super::time::{date, date_of, time_of};
use super::{Call, Function, takes, text_of};
use crate::plan::Type;
use crate::value::{Value, print_time};

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "sql boolean",
        aliases: &[],
        parameters: takes(1, 1, "a value"),
        result: Type::Bool,
        summary: "Whether the text is `true`, `t`, `yes`, `y` or `1`, or the number is not 0; absent for other texts than their opposites.",
        examples: &[
            ("boolean('Yes')", Some("true")),
            ("CAST('f' AS BOOLEAN)", Some("false")),
            ("boolean(2)", Some("true")),
            ("boolean('maybe')", None),
        ],
        call: Call::Values(|a| {
            let text = text_of(a, 0).map(|text| text.trim().to_ascii_lowercase());
            match text.as_deref() {
                Some("true" | "t" | "yes" | "y" | "1") => Value::Bool(true),
                Some("false" | "f" | "no" | "n" | "0") => Value::Bool(false),
                _ => a[0].as_f64().map_or(Value::Null, |number| Value::Bool(number != 0.0)),
            }
        }),
    },
    Function {
        name: "sql isnan",
        aliases: &[],
        parameters: takes(1, 1, "a value"),
        result: Type::Bool,
        summary: "Whether the text is `NaN`; what is computed is never that, but absent.",
        examples: &[
            ("isnan('NaN')", Some("true")),
            ("isnan(1)", Some("false")),
            ("isnan(null)", Some("false")),
        ],
        call: Call::Values(|a| {
            Value::Bool(text_of(a, 0).is_some_and(|text| text.eq_ignore_ascii_case("nan")))
        }),
    },
];

/// A type without parts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Plain {
    Bool,
    Whole,
    Float,
    /// With so many decimals.
    Decimal(u32),
    Text,
    Date,
    Time,
}

impl Plain {
    /// The type of this name, with what stands in parentheses behind it.
    pub(crate) fn named(name: &str, size: Option<&str>) -> Option<Plain> {
        let plain = match name.to_ascii_lowercase().as_str() {
            "boolean" => Plain::Bool,
            "tinyint" | "byte" | "smallint" | "short" | "int" | "integer" | "bigint" | "long" => Plain::Whole,
            "float" | "real" | "double" => Plain::Float,
            "decimal" | "dec" | "numeric" => {
                let mut parts = size.unwrap_or("10").split(',').map(|part| part.trim().parse::<u32>());
                let (precision, scale) = (parts.next()?.ok()?, parts.next().unwrap_or(Ok(0)).ok()?);
                return (precision <= 38 && scale <= precision && parts.next().is_none())
                    .then_some(Plain::Decimal(scale));
            }
            "string" => Plain::Text,
            "varchar" | "char" | "character" => {
                return size.is_none_or(|size| size.trim().parse::<u32>().is_ok()).then_some(Plain::Text);
            }
            "binary" => Plain::Text,
            "date" => Plain::Date,
            "timestamp" | "timestamp_ltz" | "timestamp_ntz" => Plain::Time,
            _ => return None,
        };
        if size.is_none() { Some(plain) } else { None }
    }

    /// The value of JSON as one of this type, null if it is none.
    pub(super) fn cast_json(self, json: Json) -> Json {
        let text = |value: Value| value.print().map_or(Json::Null, |text| Json::from(text.into_owned()));
        match (self, json) {
            (_, Json::Null) => Json::Null,
            (Plain::Bool, json @ Json::Bool(_)) => json,
            (Plain::Whole, json @ Json::Number(_)) if json.is_i64() => json,
            (Plain::Float | Plain::Decimal(_), json @ Json::Number(_)) => json,
            (Plain::Text, Json::String(text)) => Json::from(text),
            (Plain::Text, json) => Json::from(json.to_string()),
            (Plain::Date, Json::String(of)) => {
                date_of(&[Value::Text(of)], 0).and_then(date).map_or(Json::Null, text)
            }
            (Plain::Time, Json::String(of)) => {
                time_of(&[Value::Text(of)], 0).map_or(Json::Null, |ms| Json::from(print_time(ms)))
            }
            _ => Json::Null,
        }
    }
}
