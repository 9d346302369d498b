//! Texts that come in pieces, and bytes that are no text.
//!
//! What commands pass on to each other is text. A byte of it that is no UTF-8 is a letter of its own, of a range of Unicode that is
//! for private use: so it comes out of the last command as it went into the first. A letter of that range that somebody sends
//! is taken for its bytes, and comes out as it was, too. PEP 383 has surrogates for this, which a [`String`] cannot hold.

use std::borrow::Cow;

/// The letter of byte 0. Only those of bytes beyond ASCII are in use: U+10FF80 to U+10FFFF.
const BYTES_FROM: u32 = 0x10_ff00;

/// What the letters of bytes begin with in UTF-8, and few others do.
const LEAD: u8 = 0xf4;

/// How many of these bytes do not end within a character of UTF-8; what is no UTF-8 at all counts as whole.
pub fn whole(bytes: &[u8]) -> usize {
    // A character has four bytes at the most.
    let last = bytes.iter().rev().take(3).position(|byte| *byte >= 0xc0);
    let Some(begin) = last.map(|back| bytes.len() - 1 - back) else { return bytes.len() };
    match std::str::from_utf8(&bytes[begin..]) {
        Err(error) if error.error_len().is_none() => begin,
        _ => bytes.len(),
    }
}

/// The text that commands make of bytes; any bytes have one.
pub fn text_of(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        if has_bytes(chunk.valid()) {
            for letter in chunk.valid().chars() {
                push(letter, &mut text);
            }
        } else {
            text.push_str(chunk.valid());
        }
        text.extend(chunk.invalid().iter().map(|byte| letter_of(*byte)));
    }
    text
}

/// The bytes that a text of commands stands for.
pub fn bytes_of(text: &str) -> Cow<'_, [u8]> {
    if !has_bytes(text) {
        return text.as_bytes().into();
    }
    let (mut bytes, mut buffer) = (Vec::with_capacity(text.len()), [0; 4]);
    for letter in text.chars() {
        match byte_of(letter) {
            Some(byte) => bytes.push(byte),
            None => bytes.extend_from_slice(letter.encode_utf8(&mut buffer).as_bytes()),
        }
    }
    bytes.into()
}

/// A text of commands for those who want nothing else: U+FFFD stands for what is no UTF-8.
pub fn plain(text: &str) -> Cow<'_, str> {
    match bytes_of(text) {
        Cow::Borrowed(_) => text.into(),
        Cow::Owned(bytes) => String::from_utf8_lossy(&bytes).into_owned().into(),
    }
}

/// The same text after pieces of it have been put together: bytes that make a character are one.
pub(crate) fn joined(text: String) -> String {
    match bytes_of(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(bytes) => text_of(&bytes),
    }
}

/// How many bytes a letter of such a text stands for.
pub(crate) fn width(letter: char) -> usize {
    if byte_of(letter).is_some() { 1 } else { letter.len_utf8() }
}

/// The byte that a letter is, if it is one that is no UTF-8.
pub(crate) fn byte_of(letter: char) -> Option<u8> {
    let byte = u32::from(letter).checked_sub(BYTES_FROM)?;
    u8::try_from(byte).ok().filter(|byte| !byte.is_ascii())
}

/// The letter of a byte: itself within ASCII.
pub(crate) fn letter_of(byte: u8) -> char {
    let code = if byte.is_ascii() { 0 } else { BYTES_FROM };
    char::from_u32(code + u32::from(byte)).unwrap_or(char::REPLACEMENT_CHARACTER)
}

fn push(letter: char, text: &mut String) {
    let mut buffer = [0; 4];
    match byte_of(letter) {
        Some(_) => text.extend(letter.encode_utf8(&mut buffer).bytes().map(letter_of)),
        None => text.push(letter),
    }
}

/// Whether a text may have letters of bytes.
fn has_bytes(text: &str) -> bool {
    text.as_bytes().contains(&LEAD)
}

/// What becomes of bytes that come in pieces: a character that has not come whole waits for the rest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Decoder {
    begun: Vec<u8>,
}

impl Decoder {
    /// The text of what has come, with what waited; if no more will come, nothing waits.
    pub(crate) fn take(&mut self, bytes: &[u8], are_last: bool) -> String {
        self.begun.extend_from_slice(bytes);
        let end = if are_last { self.begun.len() } else { whole(&self.begun) };
        let rest = self.begun.split_off(end);
        text_of(&std::mem::replace(&mut self.begun, rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_cut_between_characters() {
        assert_eq!(whole("aé".as_bytes()), 3);
        assert_eq!(whole(&"aé".as_bytes()[..2]), 1);
        assert_eq!(whole(b"a\xffb"), 3);
        assert_eq!(whole(b"\xff\xe2\x82"), 1);
        assert_eq!(whole(b"\xff"), 1);
        assert_eq!(whole(b"\x80\x80\x80\x80"), 4);
        assert_eq!(whole(b""), 0);
    }

    #[test]
    fn what_is_no_text_is_a_letter_for_each_byte() {
        let text = text_of(b"a\xff\xc3(\xe2\x82");
        assert_eq!(text, "a\u{10ffff}\u{10ffc3}(\u{10ffe2}\u{10ff82}");
        assert_eq!(text.chars().map(width).sum::<usize>(), 6);
        assert_eq!(plain(&text), "a\u{fffd}\u{fffd}(\u{fffd}");
        assert_eq!(text_of("é€".as_bytes()), "é€");
    }

    #[test]
    fn a_character_waits_for_its_end() {
        let mut decoder = Decoder::default();
        assert_eq!(decoder.take(b"a\xff\xe2", false), "a\u{10ffff}");
        assert_eq!(decoder.take(b"\x82", false), "");
        assert_eq!(decoder.take(b"\xacb\xe2", false), "€b");
        assert_eq!(decoder.take(b"", true), "\u{10ffe2}");
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_come_out_as_they_went_in(
            mut bytes: Vec<u8>, letter in 0x10_ff70u32..0x11_0000, cut: usize,
        ) {
            bytes.extend(char::from_u32(letter).into_iter().collect::<String>().into_bytes());
            assert_eq!(bytes_of(&text_of(&bytes)), &bytes[..]);
            let (first, second) = bytes.split_at(cut % (bytes.len() + 1));
            let mut decoder = Decoder::default();
            assert_eq!(decoder.take(first, false) + &decoder.take(second, true), text_of(&bytes));
        }
    }
}
