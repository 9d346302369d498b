//! Event streams: an answer that goes on, message by message, in the body of one response.
//!
//! A message is two lengths and their checksum, headers, a payload, and a checksum of all. Lengths and checksums (CRC-32) are
//! four bytes, the greatest first; a header is its name and its text, each behind its length, with a type in between.
//!
//! Source: Smithy 2.0, "Amazon Event Stream Specification" (`application/vnd.amazon.eventstream`).

use serde::Serialize;

/// The `Content-Type` of such a body.
pub const CONTENT_TYPE: &str = "application/vnd.amazon.eventstream";

/// The type of header values that are texts.
const TEXT: u8 = 7;
/// What stands around headers and payload: two lengths and two checksums.
const FRAMING_BYTES: usize = 16;

/// The message of an event: its name and its members as JSON.
pub fn event(name: &str, members: &impl Serialize) -> Vec<u8> {
    json_message([(":message-type", "event"), (":event-type", name)], members)
}

/// The message of an error that ends a stream.
pub fn exception(name: &str, members: &impl Serialize) -> Vec<u8> {
    json_message([(":message-type", "exception"), (":exception-type", name)], members)
}

/// The message that every stream of a JSON service begins with: the members of the answer itself, of which there are none.
pub fn initial_response() -> Vec<u8> {
    event("initial-response", &serde_json::Map::new())
}

fn json_message([kind, name]: [(&str, &str); 2], members: &impl Serialize) -> Vec<u8> {
    // Members are plain structures, which always have a JSON form.
    let payload = serde_json::to_vec(members).unwrap_or_default();
    message(&[kind, name, (":content-type", "application/json")], &payload)
}

fn message(headers: &[(&str, &str)], payload: &[u8]) -> Vec<u8> {
    let mut encoded = Vec::new();
    for (name, value) in headers {
        encoded.push(name.len() as u8);
        encoded.extend_from_slice(name.as_bytes());
        encoded.push(TEXT);
        encoded.extend_from_slice(&(value.len() as u16).to_be_bytes());
        encoded.extend_from_slice(value.as_bytes());
    }
    let mut out = Vec::with_capacity(FRAMING_BYTES + encoded.len() + payload.len());
    out.extend_from_slice(&((FRAMING_BYTES + encoded.len() + payload.len()) as u32).to_be_bytes());
    out.extend_from_slice(&(encoded.len() as u32).to_be_bytes());
    push_checksum(&mut out);
    out.extend_from_slice(&encoded);
    out.extend_from_slice(payload);
    push_checksum(&mut out);
    out
}

fn push_checksum(out: &mut Vec<u8>) {
    let checksum = crc32fast::hash(out);
    out.extend_from_slice(&checksum.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    // The specification's examples: a message without anything, one with a payload, one with a header too.
    #[test]
    fn messages_are_those_of_the_specification() {
        let hex = |bytes: Vec<u8>| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        assert_eq!(hex(message(&[], b"")), "000000100000000005c248eb7d98c8ff");
        let payload = b"{'foo':'bar'}";
        assert_eq!(hex(message(&[], payload)), "0000001d00000000fd528c5a7b27666f6f273a27626172277dc3653936");
        let header = [("content-type", "application/json")];
        assert_eq!(
            hex(message(&header, payload)),
            "0000003d0000002007fd83960c636f6e74656e742d747970650700106170706c69636174696f6e2f6a736f6e\
             7b27666f6f273a27626172277d8d9c08b1"
        );
    }

    #[test]
    fn events_and_exceptions_name_themselves() {
        let text = |message: Vec<u8>| String::from_utf8_lossy(&message[12..message.len() - 4]).into_owned();
        let event = text(event("sessionUpdate", &serde_json::json!({ "a": 1 })));
        assert!(
            event.contains(":event-type\u{7}\0\rsessionUpdate") && event.ends_with(r#"{"a":1}"#),
            "{event:?}"
        );
        let exception = text(exception("SessionTimeoutException", &serde_json::json!({})));
        assert!(exception.contains(":message-type\u{7}\0\texception"), "{exception:?}");
        assert!(text(initial_response()).ends_with("{}"));
    }
}
