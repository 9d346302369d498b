//! Writing XML: straight into one buffer, no tree between a structure and its bytes.
//!
//! Source: XML 1.0 (fifth edition) sections 2.2 (characters) and 2.4 (escaping).

use crate::dialect::Tag;
use crate::{Dialect, Iso, Kind, Member, Name};
use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A type with a form in XML.
pub trait Xml {
    /// Whether it is a list of items.
    const LIST: bool = false;
    /// What values are.
    const KIND: Kind;
    /// The members, if it is a structure.
    const MEMBERS: &'static [Member] = &[];

    /// Writes the content: what stands between the tags.
    fn write(&self, out: &mut Writer);

    /// Whether the element is left out altogether.
    fn is_absent(&self) -> bool {
        false
    }
}

/// XML text in the making.
#[derive(Debug)]
pub struct Writer {
    dialect: Dialect,
    /// Bytes, since names change their first letter in place; what is written is whole texts.
    text: Vec<u8>,
    /// The element of the items of the list that is about to be written, if not the dialect's.
    item: Option<&'static str>,
}

impl Writer {
    /// An empty text.
    pub fn new(dialect: Dialect) -> Writer {
        Writer { dialect, text: Vec::new(), item: None }
    }

    /// What has been written, in UTF-8.
    pub fn into_bytes(self) -> Vec<u8> {
        self.text
    }

    /// Writes member `name` as an element, unless it is absent. Without content it is `<x/>`.
    pub fn member<T: Xml + ?Sized>(&mut self, name: &Name, value: &T) {
        if value.is_absent() {
            return;
        }
        let tag = self.dialect.tag(name, T::LIST);
        self.item = name.item;
        self.element(tag, |out| value.write(out));
    }

    /// Writes the items of a list, each in its element.
    pub fn items<'a, T: Xml + 'a>(&mut self, items: impl IntoIterator<Item = &'a T>) {
        let stem = self.item.take().unwrap_or(self.dialect.item());
        for item in items {
            self.element(Tag { lower: false, stem, end: "" }, |out| item.write(out));
        }
    }

    /// Writes text, escaped.
    pub fn text(&mut self, text: &str) {
        let mut rest = text;
        while let Some(at) = special(rest.as_bytes()) {
            let (plain, special) = rest.split_at(at);
            self.raw(plain);
            let (instead, length) = escape(special);
            self.raw(instead);
            rest = &special[length..];
        }
        self.raw(rest);
    }

    /// Writes what `value` displays, escaped.
    pub fn display(&mut self, value: &impl fmt::Display) {
        let start = self.text.len();
        // Writing into memory never fails, and a `Display` that fails by itself has written what it could.
        let _ = write!(Plain(&mut self.text), "{value}");
        if special(&self.text[start..]).is_some() {
            let plain = self.text.split_off(start);
            self.text(&String::from_utf8_lossy(&plain));
        }
    }

    /// Writes markup as it is.
    pub fn raw(&mut self, markup: &str) {
        self.text.extend_from_slice(markup.as_bytes());
    }

    /// Writes an element around what `content` writes.
    pub(crate) fn element(&mut self, tag: Tag<'_>, content: impl FnOnce(&mut Writer)) {
        self.text.push(b'<');
        let name = self.text.len();
        self.tag(tag);
        self.text.push(b'>');
        let start = self.text.len();
        content(self);
        if self.text.len() == start {
            self.text.truncate(start - 1);
            self.raw("/>");
            return;
        }
        self.raw("</");
        self.text.extend_from_within(name..start);
    }

    pub(crate) fn tag(&mut self, tag: Tag<'_>) {
        let start = self.text.len();
        self.raw(tag.stem);
        if tag.lower {
            self.text[start..].iter_mut().take(1).for_each(u8::make_ascii_lowercase);
        }
        self.raw(tag.end);
    }
}

impl fmt::Display for Tag<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Writer::new(Dialect::Ec2);
        out.tag(*self);
        f.write_str(&String::from_utf8_lossy(&out.text))
    }
}

/// Text as it is.
struct Plain<'a>(&'a mut Vec<u8>);

impl fmt::Write for Plain<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

/// Where the first byte stands that may need escaping.
fn special(text: &[u8]) -> Option<usize> {
    text.iter().position(|byte| SPECIAL[usize::from(*byte)])
}

/// The bytes that may need escaping: markup, control characters, and the first byte of U+FFFE and U+FFFF.
const SPECIAL: [bool; 256] = {
    let mut special = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        special[byte] = true;
        byte += 1;
    }
    special[b'\t' as usize] = false;
    special[b'\n' as usize] = false;
    special[b'&' as usize] = true;
    special[b'<' as usize] = true;
    special[b'>' as usize] = true;
    special[b'"' as usize] = true;
    special[0xef] = true;
    special
};

/// What stands for the first character of `text`, and that character's length in bytes.
///
/// Characters that XML 1.0 cannot express, not even escaped, become U+FFFD.
fn escape(text: &str) -> (&str, usize) {
    match text.as_bytes() {
        [b'&', ..] => ("&amp;", 1),
        [b'<', ..] => ("&lt;", 1),
        [b'>', ..] => ("&gt;", 1),
        [b'"', ..] => ("&quot;", 1),
        [b'\r', ..] => ("&#xD;", 1),
        [0..0x20, ..] => ("\u{fffd}", 1),
        [0xef, 0xbf, 0xbe | 0xbf, ..] => ("\u{fffd}", 3),
        [0xef, ..] => (&text[..3], 3),
        _ => (text, text.len()),
    }
}

impl<T: Xml> Xml for Option<T> {
    const LIST: bool = T::LIST;
    const KIND: Kind = T::KIND;
    const MEMBERS: &'static [Member] = T::MEMBERS;

    fn write(&self, out: &mut Writer) {
        if let Some(value) = self {
            value.write(out);
        }
    }

    fn is_absent(&self) -> bool {
        self.as_ref().is_none_or(Xml::is_absent)
    }
}

impl<T: Xml> Xml for Vec<T> {
    const LIST: bool = true;
    const KIND: Kind = Kind::List(&T::KIND);

    fn write(&self, out: &mut Writer) {
        out.items(self);
    }
}

impl<T: Xml> Xml for &[T] {
    const LIST: bool = true;
    const KIND: Kind = Kind::List(&T::KIND);

    fn write(&self, out: &mut Writer) {
        out.items(self.iter());
    }
}

impl<T: Xml + ?Sized> Xml for &T {
    const LIST: bool = T::LIST;
    const KIND: Kind = T::KIND;
    const MEMBERS: &'static [Member] = T::MEMBERS;

    fn write(&self, out: &mut Writer) {
        T::write(self, out);
    }

    fn is_absent(&self) -> bool {
        T::is_absent(self)
    }
}

impl Xml for str {
    const KIND: Kind = Kind::Text;

    fn write(&self, out: &mut Writer) {
        out.text(self);
    }
}

impl Xml for String {
    const KIND: Kind = Kind::Text;

    fn write(&self, out: &mut Writer) {
        out.text(self);
    }
}

impl Xml for Cow<'_, str> {
    const KIND: Kind = Kind::Text;

    fn write(&self, out: &mut Writer) {
        out.text(self);
    }
}

macro_rules! displayed {
    ($($kind:ident: $($name:ty)*;)*) => {$($(
        impl Xml for $name {
            const KIND: Kind = Kind::$kind;

            fn write(&self, out: &mut Writer) {
                out.display(self);
            }
        }
    )*)*};
}

displayed! {
    Boolean: bool;
    Integer: i32 i64 u8 u16 u32 u64 usize;
    Float: f64;
    Text: IpAddr Ipv4Addr Ipv6Addr;
    Timestamp: Iso;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(text: &str) -> String {
        let mut out = Writer::new(Dialect::Ec2);
        text.write(&mut out);
        String::from_utf8(out.into_bytes()).expect("UTF-8")
    }

    #[test]
    fn markup_is_escaped() {
        assert_eq!(written(r#"a<b> & "c" 'd'"#), "a&lt;b&gt; &amp; &quot;c&quot; 'd'");
    }

    #[test]
    fn what_xml_cannot_say_is_replaced() {
        assert_eq!(written("a\0b\u{1f}\u{fffe}c\u{ffff}"), "a\u{fffd}b\u{fffd}\u{fffd}c\u{fffd}");
        assert_eq!(written("tab\tline\nreturn\rok\u{feff}ﬁ"), "tab\tline\nreturn&#xD;ok\u{feff}ﬁ");
    }

    #[test]
    fn displayed_values_are_escaped_too() {
        let mut out = Writer::new(Dialect::Ec2);
        out.display(&format_args!("{}<{}", 1, "&"));
        assert_eq!(String::from_utf8(out.into_bytes()).expect("UTF-8"), "1&lt;&amp;");
    }

    proptest! {
        #[test]
        fn escaping_keeps_every_character_that_xml_has(text in "\\PC*") {
            let back = written(&text).replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
            prop_assert_eq!(back.replace("&amp;", "&"), text);
        }

        #[test]
        fn no_text_leaves_a_forbidden_character(text: String) {
            let forbidden = |c: char| (c < ' ' && !"\t\n".contains(c)) || "<>\"\u{fffe}\u{ffff}".contains(c);
            prop_assert!(!written(&text).contains(forbidden));
        }
    }
}
