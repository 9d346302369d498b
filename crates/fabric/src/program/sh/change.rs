//! What `${NAME…}` makes of a value: its length, a word instead, without a beginning or an end, other text in places, a part, or other
//! letters.
//!
//! Source: POSIX.1-2017, Shell Command Language, section 2.6.2; bash(1) 5.2, Parameter Expansion, for `/`, `:`, `^` and `,`.

use super::expand::{Failure, Stop, Walk};
use super::glob::{Effort, Glob};
use super::script::{Reader, SyntaxError};
use super::word::Word;

/// A change of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// `${#NAME}`: its length.
    Length,
    /// `${NAME-WORD}`, or with `=`, `+` or `?`; with a colon what is empty is as if it were not set.
    Instead { sign: char, has_colon: bool, word: Word },
    /// `${NAME#PATTERN}`, or with `%` at the end; doubled, the longest match goes, else the shortest.
    Trim { is_end: bool, is_longest: bool, pattern: Word },
    /// `${NAME/PATTERN/TEXT}`.
    Replace { place: Place, pattern: Word, text: Word },
    /// `${NAME:FROM:LENGTH}`, both of which are expressions.
    Slice { from: Word, length: Option<Word> },
    /// `${NAME^}` and `${NAME,}`; doubled, all letters change.
    Letters { are_upper: bool, are_all: bool },
}

/// Which matches are replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    First,
    /// `//`
    All,
    /// `/#`: one at the beginning.
    Beginning,
    /// `/%`: one at the end.
    End,
}

impl Reader {
    /// The change that comes behind a name, up to the closing brace; `None` if none that is known does.
    pub(super) fn change(&mut self, begin: usize, is_quoted: bool) -> Result<Option<Change>, SyntaxError> {
        let has_colon = self.next_if(':');
        let Some(sign) = self.peek() else { return Ok(None) };
        Ok(Some(match sign {
            '-' | '=' | '+' | '?' => {
                self.at += 1;
                Change::Instead { sign, has_colon, word: self.in_braces(begin, is_quoted, "")? }
            }
            '}' if has_colon => return Ok(None),
            _ if has_colon => {
                let from = self.in_braces(begin, true, ":")?;
                let has_length = self.next_if(':');
                let length = has_length.then(|| self.in_braces(begin, true, "")).transpose()?;
                Change::Slice { from, length }
            }
            '#' | '%' => {
                self.at += 1;
                let is_longest = self.next_if(sign);
                Change::Trim { is_end: sign == '%', is_longest, pattern: self.in_braces(begin, false, "")? }
            }
            '/' => {
                self.at += 1;
                let signs = [('/', Place::All), ('#', Place::Beginning), ('%', Place::End)];
                let place = signs.into_iter().find(|(sign, _)| self.next_if(*sign));
                let pattern = self.in_braces(begin, false, "/")?;
                let has_text = self.next_if('/');
                let text = if has_text { self.in_braces(begin, false, "")? } else { Word::new() };
                Change::Replace { place: place.map_or(Place::First, |(_, place)| place), pattern, text }
            }
            '^' | ',' => {
                self.at += 1;
                let are_all = self.next_if(sign);
                if self.peek() != Some('}') {
                    return Ok(None);
                }
                Change::Letters { are_upper: sign == '^', are_all }
            }
            _ => return Ok(None),
        }))
    }
}

impl Walk<'_> {
    /// What a change, of those that are not for lists, makes of a value.
    ///
    /// # Errors
    /// As those of words; a part has less than no letters; there is too much to compare.
    pub(super) fn changed(&mut self, name: &str, value: &str, change: &Change) -> Result<String, Stop> {
        Ok(match change {
            Change::Length => value.chars().count().to_string(),
            Change::Instead { .. } => value.to_owned(),
            Change::Trim { is_end, is_longest, pattern } => {
                let pattern = self.pattern(pattern)?;
                self.compared(name, value, &pattern, |glob, effort| match is_end {
                    true => glob.without_end(value, *is_longest, effort),
                    false => glob.without_beginning(value, *is_longest, effort),
                })?
            }
            Change::Replace { place, pattern, text } => {
                let (pattern, text) = (self.pattern(pattern)?, self.replacement(text)?);
                let room = self.room();
                let made = self.compared(name, value, &pattern, |glob, effort| {
                    glob.replaced(value, *place, &text, room, effort)
                })?;
                self.check_room(&made)?;
                made
            }
            Change::Slice { from, length } => self.slice(value, from, length.as_ref())?,
            Change::Letters { are_upper, are_all } => {
                let first = value.chars().next().filter(|_| !are_all);
                let (changing, rest) = value.split_at(first.map_or(value.len(), char::len_utf8));
                if *are_upper { changing.to_uppercase() + rest } else { changing.to_lowercase() + rest }
            }
        })
    }

    /// Does something with a pattern, which counts as work.
    fn compared(
        &mut self,
        name: &str,
        value: &str,
        pattern: &str,
        make: impl FnOnce(&Glob, &mut Effort) -> Option<String>,
    ) -> Result<String, Stop> {
        let mut effort = Effort::all();
        let made = make(&Glob::new(pattern), &mut effort);
        // A letter that is compared counts as one that is made.
        self.spend(pattern.len() + value.len() + effort.spent());
        let too_long = || format!("{name}: a pattern this long for a text this long: not simulated by weir");
        Ok(made.ok_or_else(|| Failure::NoSum(too_long()))?)
    }

    /// The part of a value from a place on, which is counted from the end if it is less than 0, as is the end of the part.
    fn slice(&mut self, value: &str, from: &Word, length: Option<&Word>) -> Result<String, Stop> {
        let letters: Vec<char> = value.chars().collect();
        let count = i64::try_from(letters.len()).unwrap_or(i64::MAX);
        let from = self.text(from)?;
        let from = self.sum(&from)?;
        let begin = if from < 0 { from.saturating_add(count) } else { from };
        let end = match length {
            None => count,
            Some(length) => {
                let length = self.text(length)?;
                match self.sum(&length)? {
                    length if length < 0 && count.saturating_add(length) < begin => {
                        return Err(Failure::NoSum(format!("{length}: substring expression < 0")).into());
                    }
                    length if length < 0 => count.saturating_add(length),
                    length => begin.saturating_add(length),
                }
            }
        };
        let place = |at: i64| usize::try_from(at.clamp(0, count)).unwrap_or(0);
        Ok(match begin {
            0.. => letters[place(begin)..place(end).max(place(begin))].iter().collect(),
            _ => String::new(),
        })
    }
}
