//! Functions of regular expressions. The expression is a constant, so that it is compiled once.

use super::{Call, Function, Special, takes};
use crate::plan::Type;

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "sql regexp_count",
        aliases: &[],
        parameters: takes(2, 2, "a text and a regular expression"),
        result: Type::Int,
        summary: "How often the expression matches.",
        examples: &[
            ("regexp_count('Steven Jones and Stephen Smith', 'Ste(v|ph)en')", Some("2")),
            ("regexp_count('abcdefghijklmnopqrstuvwxyz', '[a-z]{3}')", Some("8")),
        ],
        call: Call::Special(Special::RegexFind),
    },
    Function {
        name: "sql regexp_extract",
        aliases: &[],
        parameters: takes(2, 3, "a text, a regular expression, perhaps the number of a group"),
        result: Type::Text,
        summary: "The first match's group, the first one unless told, 0 for all of it; empty without a match.",
        examples: &[
            ("regexp_extract('100-200', '(\\\\d+)-(\\\\d+)', 1)", Some("100")),
            ("regexp_extract('100-200', '(\\\\d+)-(\\\\d+)', 0)", Some("100-200")),
            ("regexp_extract('x', '(\\\\d+)')", Some("")),
        ],
        call: Call::Special(Special::RegexFind),
    },
    Function {
        name: "sql regexp_extract_all",
        aliases: &[],
        parameters: takes(2, 3, "a text, a regular expression, perhaps the number of a group"),
        result: Type::Json,
        summary: "The list of that group of all matches.",
        examples: &[(
            "regexp_extract_all('100-200, 300-400', '(\\\\d+)-(\\\\d+)', 1)",
            Some("[\"100\",\"300\"]"),
        )],
        call: Call::Special(Special::RegexFind),
    },
    Function {
        name: "sql regexp_instr",
        aliases: &[],
        parameters: takes(2, 2, "a text and a regular expression"),
        result: Type::Int,
        summary: "Where the first match begins, from 1; 0 without one.",
        examples: &[
            ("regexp_instr('user@opensearch.org', '@[^.]*')", Some("5")),
            ("regexp_instr('a', 'b')", Some("0")),
        ],
        call: Call::Special(Special::RegexFind),
    },
    Function {
        name: "sql regexp_substr",
        aliases: &[],
        parameters: takes(2, 2, "a text and a regular expression"),
        result: Type::Text,
        summary: "The first match.",
        examples: &[
            ("regexp_substr('Steven Jones and Stephen Smith', 'Ste(v|ph)en')", Some("Steven")),
            ("regexp_substr('Steven Jones', 'Jeck')", None),
        ],
        call: Call::Special(Special::RegexFind),
    },
    Function {
        name: "sql split",
        aliases: &[],
        parameters: takes(2, 3, "a text, a regular expression, perhaps a most"),
        result: Type::Json,
        summary: "The list of the parts between matches, at most so many.",
        examples: &[
            ("split('oneAtwoBthreeC', '[ABC]')", Some("[\"one\",\"two\",\"three\",\"\"]")),
            ("split('oneAtwoBthreeC', '[ABC]', -1)", Some("[\"one\",\"two\",\"three\",\"\"]")),
            ("split('oneAtwoBthreeC', '[ABC]', 2)", Some("[\"one\",\"twoBthreeC\"]")),
            ("split('10.1.2.3', '\\\\.')[1]", Some("1")),
        ],
        call: Call::Special(Special::RegexFind),
    },
];
