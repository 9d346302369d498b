//! What separates fields: the letters of IFS.
//!
//! Source: POSIX.1-2017, Shell Command Language, section 2.6.5 (field splitting), and `read`.

use super::variables::Variables;

/// Letters that separate fields.
#[derive(Clone, Copy, Debug)]
pub(super) struct Separators<'a>(&'a str);

/// How a letter separates fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Separator {
    /// A blank or a line end: several are one, and none at the ends of a text are any.
    Blank,
    /// Any other letter, with the blanks around it: each ends a field, be it empty.
    Mark,
}

impl<'a> Separators<'a> {
    /// Those of a shell, or of a command that is given others.
    pub(super) fn of(variables: &'a Variables, assigned: &'a [(String, String)]) -> Separators<'a> {
        let given = assigned.iter().rev().find(|(name, _)| name == "IFS").map(|(_, value)| value.as_str());
        Separators(given.or(variables.get("IFS")).unwrap_or(" \t\n"))
    }

    /// Whether a letter separates fields, and how.
    pub(super) fn kind(self, letter: char) -> Option<Separator> {
        let is_blank = matches!(letter, ' ' | '\t' | '\n');
        let kind = if is_blank { Separator::Blank } else { Separator::Mark };
        self.0.contains(letter).then_some(kind)
    }

    /// What stands between the parameters in `"$*"`.
    pub(super) fn joint(self) -> &'a str {
        self.0.chars().next().map_or("", |first| &self.0[..first.len_utf8()])
    }
}
