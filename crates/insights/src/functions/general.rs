//! Functions of any value.

use super::UNMASK;
use super::{ARGUMENTS_MAX, Call, Function, Special, takes, text_of};
use crate::plan::Type;
use crate::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "ispresent",
        aliases: &[],
        parameters: takes(1, 1, "a value"),
        result: Type::Bool,
        summary: "Whether there is a value.",
        examples: &[("ispresent(1)", Some("true")), ("ispresent(nosuchfield)", Some("false"))],
        call: Call::Special(Special::IsPresent),
    },
    Function {
        name: "coalesce",
        aliases: &[],
        parameters: takes(1, ARGUMENTS_MAX, "values"),
        result: Type::Any,
        summary: "The first argument that is present.",
        examples: &[("coalesce(nosuchfield, \"b\", \"c\")", Some("b")), ("coalesce(nosuchfield)", None)],
        call: Call::Special(Special::Coalesce),
    },
    Function {
        name: "if",
        aliases: &[],
        parameters: takes(3, 3, "a condition and two values"),
        result: Type::Any,
        summary: "The first value if the condition is true, else the second.",
        examples: &[("if(1 < 2, \"yes\", \"no\")", Some("yes"))],
        call: Call::Special(Special::If),
    },
    Function {
        name: "case",
        aliases: &[],
        parameters: takes(2, 21, "up to ten conditions, each with a value, and perhaps a last value"),
        result: Type::Any,
        summary: "The value behind the first true condition, else the last value.",
        examples: &[
            ("case(1 > 2, \"a\", 2 > 1, \"b\", \"c\")", Some("b")),
            ("case(1 > 2, \"a\", \"c\")", Some("c")),
            ("case(1 > 2, \"a\")", None),
        ],
        call: Call::Special(Special::Case),
    },
    Function {
        name: "isNumeric",
        aliases: &[],
        parameters: takes(1, 1, "a value"),
        result: Type::Bool,
        summary: "Whether the value reads as a number.",
        examples: &[("isNumeric(\"1.5\")", Some("true")), ("isNumeric(\"-\")", Some("false"))],
        call: Call::Values(|a| Value::Bool(a.first().is_some_and(|value| value.number().is_some()))),
    },
    Function {
        name: UNMASK,
        aliases: &[],
        parameters: takes(1, 1, "a value"),
        result: Type::Any,
        summary: "The value as it was before masking. Nothing is masked here, so that it is the value itself.",
        examples: &[("unmask(\"10.0.0.1\")", Some("10.0.0.1"))],
        call: Call::Values(|a| a.first().cloned().unwrap_or(Value::Null)),
    },
    Function {
        name: "messageSize",
        aliases: &[],
        parameters: takes(1, 1, "a text"),
        result: Type::Int,
        summary: "The size of the text in bytes of UTF-8.",
        examples: &[("messageSize(\"né\")", Some("3"))],
        call: Call::Values(|a| text_of(a, 0).map_or(Value::Null, |text| Value::Int(text.len() as i64))),
    },
];
