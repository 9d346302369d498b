//! `case WORD in PATTERN) COMMANDS;; esac`.
//!
//! Source: POSIX.1-2017, Shell Command Language, section 2.9.4.3.

use super::expand::{Failure, Stop, Values, Walk};
use super::glob::{self, Effort};
use super::script::{Body, List, Reader, SyntaxError};
use super::word::Word;
use std::sync::Arc;

/// A word, and what is done if it is as one of some patterns says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Case {
    pub(super) word: Word,
    /// Its beginning, as `set -x` shows it.
    pub(super) shown: String,
    pub(super) clauses: Vec<Clause>,
}

/// Some patterns, and what is done if one stands for the word; may be nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Clause {
    pub(super) patterns: Vec<Word>,
    pub(super) list: List,
}

impl Reader {
    /// A `case`, whose first word comes next.
    pub(super) fn case(&mut self) -> Result<Body, SyntaxError> {
        self.expect("case")?;
        self.skip_blanks();
        let start = self.at;
        let word = self.whole_pattern()?;
        let shown = format!("case {} in", self.letters[start..self.at].iter().collect::<String>());
        self.skip_lines()?;
        self.expect("in")?;
        let mut clauses = Vec::new();
        loop {
            self.skip_lines()?;
            if self.take_word("esac") {
                break;
            }
            clauses.push(self.clause()?);
            match (self.peek(), self.second()) {
                (Some(';'), Some(';')) => self.at += 2,
                _ => {
                    self.expect("esac")?;
                    break;
                }
            }
            if self.peek() == Some('&') {
                return Err(self.not_simulated(";;&"));
            }
        }
        Ok(Body::Case(Arc::new(Case { word, shown, clauses })))
    }

    fn clause(&mut self) -> Result<Clause, SyntaxError> {
        self.next_if('(');
        self.skip_blanks();
        let mut patterns = vec![self.whole_pattern()?];
        self.skip_blanks();
        while self.next_if('|') {
            self.skip_blanks();
            patterns.push(self.whole_pattern()?);
            self.skip_blanks();
        }
        if !self.next_if(')') {
            return Err(self.unexpected_here());
        }
        Ok(Clause { patterns, list: self.nested(Reader::list)? })
    }

    /// A word in which `*` is nothing special yet, and which has to be there.
    fn whole_pattern(&mut self) -> Result<Word, SyntaxError> {
        let pattern = self.pattern()?;
        if pattern.is_empty() { Err(self.unexpected_here()) } else { Ok(pattern) }
    }
}

/// The place of the first clause with a pattern for the word, if one has any, and what was expanded on the way: patterns are looked
/// at in their order, and none after the one that is found.
///
/// # Errors
/// As those of words; what would have to be compared is too long.
pub(super) fn choose<'a>(of: &Case, values: Values<'a>) -> Result<(Option<usize>, Walk<'a>), Stop> {
    let mut walk = Walk::new(values);
    let text = walk.text(&of.word)?;
    let mut effort = Effort::all();
    for (place, clause) in of.clauses.iter().enumerate() {
        for pattern in &clause.patterns {
            let pattern = walk.pattern(pattern)?;
            let before = effort.spent();
            let found = glob::matches(&pattern, &text, &mut effort);
            // A letter that is compared counts as one that is made.
            walk.spend(pattern.len() + text.len() + effort.spent() - before);
            if found.ok_or_else(too_long)? {
                return Ok((Some(place), walk));
            }
        }
    }
    Ok((None, walk))
}

fn too_long() -> Failure {
    Failure::NoSum("case: a pattern this long for a text this long: not simulated by weir".to_owned())
}
