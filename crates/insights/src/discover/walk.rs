//! The parts of a text in JSON, in the order in which they stand.
//!
//! What a number or a string means is left to whoever looks at it, so that one that no program can hold, such as `1e400`, is a
//! text and does not take the rest of an event with it; half a character (`\ud800`) reads as U+FFFD.

use std::borrow::Cow;

/// Deeper nesting is taken for no JSON, as by other readers.
const NESTING_MAX: usize = 128;

/// A part that holds no others.
#[derive(Clone, Copy, Debug)]
pub(super) enum Leaf<'m> {
    /// A number as written.
    Number(&'m str),
    /// True or false.
    Bool(bool),
    /// What stands between the quotes.
    Text(&'m str),
    /// A list or map that lies too deep to be looked into, as written.
    Whole(&'m str),
}

/// Who is told of the parts.
pub(super) trait Walk<'m> {
    /// Where a part lies.
    type Place;

    /// Where the member of a map lies.
    fn member(&mut self, of: &Self::Place, key: &str) -> Self::Place;

    /// Where the element of a list lies.
    fn element(&mut self, of: &Self::Place, index: usize) -> Self::Place;

    /// A list or map begins, of which [`Walk::whole`] will tell if this is true.
    fn is_wanted(&mut self, at: &Self::Place) -> bool;

    /// A list or map as written.
    fn whole(&mut self, at: Self::Place, text: &'m str);

    /// A part that is not null.
    fn leaf(&mut self, at: Self::Place, leaf: Leaf<'m>);
}

/// Tells of all parts that lie no deeper than `depth`. `None` if the text is no JSON: what was told until then is void.
pub(super) fn walk<'m, W: Walk<'m>>(text: &'m str, depth: usize, top: W::Place, to: &mut W) -> Option<()> {
    let mut walker = Walker { text, at: 0 };
    walker.skip_blank();
    walker.value(Some((top, depth)), NESTING_MAX, to)?;
    walker.skip_blank();
    (walker.at == text.len()).then_some(())
}

/// The characters of a string, from what stands between its quotes.
pub(super) fn unescaped(raw: &str) -> Cow<'_, str> {
    if !raw.contains('\\') {
        return Cow::Borrowed(raw);
    }
    let (mut text, mut rest) = (String::with_capacity(raw.len()), raw);
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        let escape = rest.as_bytes().get(at + 1).copied().unwrap_or_default();
        rest = rest.get(at + 2..).unwrap_or_default();
        text.push(match escape {
            b'n' => '\n',
            b't' => '\t',
            b'r' => '\r',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'u' => {
                let (c, behind) = code_point(rest);
                rest = behind;
                c
            }
            other => char::from(other),
        });
    }
    text.push_str(rest);
    Cow::Owned(text)
}

/// The character whose digits come first, of one half or of two, and what follows them.
fn code_point(rest: &str) -> (char, &str) {
    let unit = |text: &str| u32::from_str_radix(text.get(..4)?, 16).ok();
    let (Some(first), behind) = (unit(rest), rest.get(4..).unwrap_or_default()) else {
        return (char::REPLACEMENT_CHARACTER, rest);
    };
    let second = behind.strip_prefix("\\u").and_then(unit).filter(|unit| (0xDC00..0xE000).contains(unit));
    match (first, second) {
        (0xD800..0xDC00, Some(second)) => {
            let point = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
            (char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER), &behind[6..])
        }
        _ => (char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER), behind),
    }
}

struct Walker<'m> {
    text: &'m str,
    at: usize,
}

impl<'m> Walker<'m> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_blank(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        let is_it = self.peek() == Some(byte);
        self.at += usize::from(is_it);
        is_it
    }

    /// Moves past a value; told of if it has a place, and how much deeper its parts may lie.
    fn value<W: Walk<'m>>(
        &mut self,
        place: Option<(W::Place, usize)>,
        nesting: usize,
        to: &mut W,
    ) -> Option<()> {
        let leaf = match self.peek()? {
            b'{' | b'[' => return self.whole(place, nesting.checked_sub(1)?, to),
            b'"' => Leaf::Text(self.string()?),
            b't' => self.word("true").map(|()| Leaf::Bool(true))?,
            b'f' => self.word("false").map(|()| Leaf::Bool(false))?,
            b'n' => return self.word("null"),
            _ => Leaf::Number(self.number()?),
        };
        if let Some((place, _)) = place {
            to.leaf(place, leaf);
        }
        Some(())
    }

    /// Moves past a list or map.
    fn whole<W: Walk<'m>>(
        &mut self,
        place: Option<(W::Place, usize)>,
        nesting: usize,
        to: &mut W,
    ) -> Option<()> {
        let start = self.at;
        match place {
            None => self.parts(None, nesting, to),
            Some((place, 0)) => {
                self.parts::<W>(None, nesting, to)?;
                to.leaf(place, Leaf::Whole(&self.text[start..self.at]));
                Some(())
            }
            Some((place, depth)) => {
                let is_wanted = to.is_wanted(&place);
                self.parts(Some((&place, depth - 1)), nesting, to)?;
                if is_wanted {
                    to.whole(place, &self.text[start..self.at]);
                }
                Some(())
            }
        }
    }

    fn parts<W: Walk<'m>>(
        &mut self,
        of: Option<(&W::Place, usize)>,
        nesting: usize,
        to: &mut W,
    ) -> Option<()> {
        let is_map = self.peek() == Some(b'{');
        let end = if is_map { b'}' } else { b']' };
        self.at += 1;
        self.skip_blank();
        if self.take(end) {
            return Some(());
        }
        for index in 0.. {
            let place = if is_map {
                let key = self.string()?;
                self.skip_blank();
                self.take(b':').then_some(())?;
                self.skip_blank();
                of.map(|(of, depth)| (to.member(of, &unescaped(key)), depth))
            } else {
                of.map(|(of, depth)| (to.element(of, index), depth))
            };
            self.value(place, nesting, to)?;
            self.skip_blank();
            if self.take(end) {
                return Some(());
            }
            self.take(b',').then_some(())?;
            self.skip_blank();
        }
        None
    }

    fn word(&mut self, word: &str) -> Option<()> {
        self.text[self.at..].starts_with(word).then(|| self.at += word.len())
    }

    /// Moves past a string and gives what stands between its quotes.
    fn string(&mut self) -> Option<&'m str> {
        self.take(b'"').then_some(())?;
        let start = self.at;
        loop {
            let rest = self.text.as_bytes().get(self.at..)?;
            self.at += rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20))?;
            match self.peek()? {
                b'"' => break,
                b'\\' => {
                    self.at += 1;
                    let digits = match self.peek()? {
                        b'u' => 4,
                        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => 0,
                        _ => return None,
                    };
                    let digits = self.text.as_bytes().get(self.at + 1..self.at + 1 + digits)?;
                    digits.iter().all(u8::is_ascii_hexdigit).then_some(())?;
                    self.at += 1 + digits.len();
                }
                _ => return None,
            }
        }
        self.at += 1;
        Some(&self.text[start..self.at - 1])
    }

    fn number(&mut self) -> Option<&'m str> {
        let start = self.at;
        self.take(b'-');
        // No digit stands behind a leading zero.
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            let _ = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        Some(&self.text[start..self.at])
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }
}
