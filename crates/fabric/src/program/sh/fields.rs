//! The fields that words become: split at separators, where they are.
//!
//! Source: POSIX.1-2017, Shell Command Language, section 2.6.5.

use super::separators::{Separator, Separators};

/// The fields of words, as they come.
pub(super) struct Fields<'a> {
    pub(super) done: Vec<String>,
    pub(super) open: Option<String>,
    separators: Separators<'a>,
    /// Whether nothing is split.
    pub(super) is_whole: bool,
    /// Whether a blank has ended the last field: a mark behind it belongs to it.
    is_behind_blank: bool,
    /// Whether something out of quotes may be a pattern of path names.
    pub(super) may_be_pattern: bool,
}

impl<'a> Fields<'a> {
    pub(super) fn new(separators: Separators<'a>, is_whole: bool) -> Fields<'a> {
        Fields {
            done: Vec::new(),
            open: None,
            separators,
            is_whole,
            is_behind_blank: false,
            may_be_pattern: false,
        }
    }

    /// Adds to the field that is open; without one it opens one.
    pub(super) fn add(&mut self, text: &str) {
        self.open.get_or_insert_default().push_str(text);
        self.is_behind_blank = false;
    }

    /// Adds what is split at separators.
    pub(super) fn split(&mut self, text: &str) {
        let mut rest = text;
        while let Some(end) = rest.find(|letter| self.separators.kind(letter).is_some()) {
            let (piece, separator) = (&rest[..end], rest[end..].chars().next().unwrap_or(' '));
            if !piece.is_empty() {
                self.add(piece);
            }
            match self.separators.kind(separator) {
                Some(Separator::Mark) if self.is_behind_blank => self.is_behind_blank = false,
                Some(Separator::Mark) => self.done.push(self.open.take().unwrap_or_default()),
                _ => {
                    self.is_behind_blank |= self.open.is_some();
                    self.done.extend(self.open.take());
                }
            }
            rest = &rest[end + separator.len_utf8()..];
        }
        if !rest.is_empty() {
            self.add(rest);
        }
    }

    /// Goes on with the next of the parameters: a field of its own, if there are fields.
    pub(super) fn next(&mut self) {
        if self.is_whole { self.add(" ") } else { self.cut() }
    }

    /// Ends the field that is open, if one is.
    pub(super) fn cut(&mut self) {
        self.done.extend(self.open.take());
        self.is_behind_blank = false;
    }
}
