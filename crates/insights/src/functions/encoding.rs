//! Functions that write text in another way, and digests.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::Md5;
use sha2::{Digest, Sha256};

use super::{Call, Function, takes, text_of};
use crate::plan::Type;
use crate::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "urlencode",
        aliases: &[],
        parameters: takes(1, 1, "a text"),
        result: Type::Text,
        summary: "The text with all but letters, digits and -._~ percent-encoded (RFC 3986).",
        examples: &[("urlencode(\"a b/é\")", Some("a%20b%2F%C3%A9"))],
        call: Call::Values(|a| map(a, |text| Some(url_encode(text)))),
    },
    Function {
        name: "urldecode",
        aliases: &[],
        parameters: takes(1, 1, "a text"),
        result: Type::Text,
        summary: "The text with percent-encoded bytes decoded; absent if they are not UTF-8.",
        examples: &[
            ("urldecode(\"a%20b%2f\")", Some("a b/")),
            ("urldecode(\"100%\")", Some("100%")),
            ("urldecode(\"%ff\")", None),
        ],
        call: Call::Values(|a| map(a, url_decode)),
    },
    Function {
        name: "base64encode",
        aliases: &[],
        parameters: takes(1, 1, "a text"),
        result: Type::Text,
        summary: "The text's bytes in Base64 (RFC 4648).",
        examples: &[("base64encode(\"flow\")", Some("Zmxvdw=="))],
        call: Call::Values(|a| map(a, |text| Some(STANDARD.encode(text)))),
    },
    Function {
        name: "base64decode",
        aliases: &[],
        parameters: takes(1, 1, "a text"),
        result: Type::Text,
        summary: "The text that Base64 stands for; absent if it stands for none.",
        examples: &[("base64decode(\"Zmxvdw==\")", Some("flow")), ("base64decode(\"%\")", None)],
        call: Call::Values(|a| map(a, |text| String::from_utf8(STANDARD.decode(text).ok()?).ok())),
    },
    Function {
        name: "md5",
        aliases: &[],
        parameters: takes(1, 1, "a text"),
        result: Type::Text,
        summary: "The MD5 digest of the text's bytes in hexadecimal digits.",
        examples: &[("md5(\"\")", Some("d41d8cd98f00b204e9800998ecf8427e"))],
        call: Call::Values(|a| map(a, |text| Some(hex(&Md5::digest(text))))),
    },
    Function {
        name: "sha256",
        aliases: &[],
        parameters: takes(1, 1, "a text"),
        result: Type::Text,
        summary: "The SHA-256 digest of the text's bytes in hexadecimal digits.",
        examples: &[(
            "sha256(\"abc\")",
            Some("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        )],
        call: Call::Values(|a| map(a, |text| Some(hex(&Sha256::digest(text))))),
    },
];

fn map(arguments: &[Value], change: impl Fn(&str) -> Option<String>) -> Value {
    text_of(arguments, 0).and_then(|text| change(&text)).map_or(Value::Null, Value::Text)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes any text");
        text
    })
}

fn url_encode(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'-' | b'.' | b'_' | b'~' => encoded.push(byte.into()),
            other => write!(encoded, "%{other:02X}").expect("a String takes any text"),
        }
    }
    encoded
}

/// A percent sign without two hexadecimal digits behind it stays.
fn url_decode(text: &str) -> Option<String> {
    let (mut bytes, mut rest) = (vec![], text.as_bytes());
    while let Some((first, behind)) = rest.split_first() {
        let digits = behind.get(..2).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let digits = digits.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        match (first, digits) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &behind[2..];
            }
            _ => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    String::from_utf8(bytes).ok()
}
