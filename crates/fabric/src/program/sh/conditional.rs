//! `[[ … ]]`: conditions of bash, whose words are not split.
//!
//! What is in quotes stands for itself, in patterns and in regular expressions. Of a match there is `${BASH_REMATCH[N]}`.
//! Source: bash(1) 5.2, Compound Commands and CONDITIONAL EXPRESSIONS, and its messages; strings are compared letter by letter,
//! as in the locale C.UTF-8.

use super::super::condition::{self, Unknown};
use super::super::filter::{Pattern, Syntax};
use super::expand::{Expanded, Failure, Stop, Values, Walk};
use super::glob::{self, Effort};
use super::script::{Body, Reader, SyntaxError};
use super::word::{Part, Word};
use crate::host::Machine;
use std::sync::Arc;

/// What the groups of the last match are called.
pub(super) const MATCH: &str = "BASH_REMATCH";

/// The exit code of a condition that comes to nothing.
const NONE: i32 = 2;

/// As how many bytes a regular expression counts that is made ready.
const PATTERN_BYTES: usize = 64 * 1024;

/// What stands between `[[` and `]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    /// A test of one word: `-n WORD`, `-f FILE`; a word alone is tested by `-n`.
    One {
        sign: String,
        word: Word,
    },
    /// A comparison.
    Two {
        left: Word,
        sign: String,
        right: Word,
    },
    Not(Box<Condition>),
    /// All of them hold; none is looked at after one that does not.
    All(Vec<Condition>),
    /// One of them holds; none is looked at after that.
    Any(Vec<Condition>),
}

impl Reader {
    /// A condition, whose `[[` comes next.
    pub(super) fn condition(&mut self) -> Result<Body, SyntaxError> {
        self.expect("[[")?;
        let condition = self.any()?;
        self.skip_lines()?;
        if self.peek().is_none() {
            return Err(self.unclosed("unexpected EOF while looking for `]]'"));
        }
        match self.take_word("]]") {
            true => Ok(Body::Condition(Arc::new(condition))),
            false => Err(self.error("syntax error in conditional expression")),
        }
    }

    fn any(&mut self) -> Result<Condition, SyntaxError> {
        let first = self.all_of()?;
        let terms = self.terms(first, '|', Reader::all_of)?;
        Ok(one_or(terms, Condition::Any))
    }

    fn all_of(&mut self) -> Result<Condition, SyntaxError> {
        let first = self.term()?;
        let terms = self.terms(first, '&', Reader::term)?;
        Ok(one_or(terms, Condition::All))
    }

    /// A term and those behind it, between which the sign stands twice.
    fn terms(
        &mut self,
        first: Condition,
        sign: char,
        read: impl Fn(&mut Reader) -> Result<Condition, SyntaxError>,
    ) -> Result<Vec<Condition>, SyntaxError> {
        let mut terms = vec![first];
        loop {
            self.skip_lines()?;
            if (self.peek(), self.second()) != (Some(sign), Some(sign)) {
                return Ok(terms);
            }
            self.at += 2;
            terms.push(read(self)?);
        }
    }

    fn term(&mut self) -> Result<Condition, SyntaxError> {
        let mut is_not = false;
        self.skip_lines()?;
        while self.take_word("!") {
            is_not = !is_not;
            self.skip_lines()?;
        }
        let condition = match self.next_if('(') {
            true => {
                let within = self.nested(Reader::any)?;
                self.skip_lines()?;
                self.expect_parenthesis()?;
                within
            }
            false => self.test()?,
        };
        Ok(if is_not { Condition::Not(Box::new(condition)) } else { condition })
    }

    fn expect_parenthesis(&mut self) -> Result<(), SyntaxError> {
        let token = self.token();
        match (self.next_if(')'), self.peek()) {
            (true, _) => Ok(()),
            (false, None) => Err(self.unclosed("unexpected EOF while looking for matching `)'")),
            (false, Some(_)) => Err(self.error(&format!("unexpected token `{token}', expected `)'"))),
        }
    }

    fn test(&mut self) -> Result<Condition, SyntaxError> {
        let sign = self.plain();
        if condition::is_unary(&sign) {
            self.at += sign.len();
            self.skip_blanks();
            let word = self.operand("unary", false)?;
            return Ok(Condition::One { sign, word });
        }
        if sign == "]]" {
            return Err(self.unexpected_here());
        }
        let left = self.pattern()?;
        if left.is_empty() {
            return Err(self.unexpected_here());
        }
        self.skip_blanks();
        let sign = self.comparison()?;
        self.skip_blanks();
        Ok(match sign {
            None => Condition::One { sign: "-n".to_owned(), word: left },
            Some(sign) => {
                let right = self.operand("binary", sign == "=~")?;
                Condition::Two { left, sign, right }
            }
        })
    }

    /// The sign of a comparison; `None` if the word before it is a test by itself.
    fn comparison(&mut self) -> Result<Option<String>, SyntaxError> {
        let (first, second) = (self.peek(), self.second());
        match first {
            None => return Err(self.unclosed("unexpected EOF while looking for `]]'")),
            Some(')' | '\n') => return Ok(None),
            Some('&' | '|') if first == second => return Ok(None),
            Some(sign @ ('<' | '>')) => {
                self.at += 1;
                return Ok(Some(sign.to_string()));
            }
            Some(_) => {}
        }
        let sign = self.plain();
        match sign.as_str() {
            "]]" => return Ok(None),
            known if known == "=~" || condition::is_binary(known) => {}
            _ => return Err(self.error("conditional binary operator expected")),
        }
        self.at += sign.len();
        Ok(Some(sign))
    }

    /// The word behind a sign.
    fn operand(&mut self, kind: &str, is_regex: bool) -> Result<Word, SyntaxError> {
        let token = self.token();
        let word = if is_regex { self.regular_expression()? } else { self.pattern()? };
        match (word.is_empty(), self.peek()) {
            (false, _) if !is_end(&word) => Ok(word),
            (true, None) => Err(self.unclosed("unexpected EOF while looking for `]]'")),
            _ => Err(self.error(&format!("unexpected argument `{token}' to conditional {kind} operator"))),
        }
    }
}

/// Whether a word is the end of the condition.
fn is_end(word: &Word) -> bool {
    word == &[Part::Text("]]".to_owned())]
}

/// The one condition that there is, or what several make.
fn one_or(mut terms: Vec<Condition>, several: fn(Vec<Condition>) -> Condition) -> Condition {
    match terms.pop() {
        Some(only) if terms.is_empty() => only,
        last => several(terms.into_iter().chain(last).collect()),
    }
}

/// What a condition comes to.
pub(super) struct Decided {
    /// The exit code: 0 if it holds, 1 if not, 2 if it comes to nothing.
    pub(super) code: i32,
    /// What is to be said of it.
    pub(super) complaint: String,
    /// What has been compared, as `set -x` shows it.
    pub(super) shown: Vec<String>,
    /// Whether a regular expression has been matched: the groups of the last match are known no more.
    pub(super) has_matched: bool,
    pub(super) expanded: Expanded,
}

/// Decides a condition on a host.
///
/// # Errors
/// As those of words.
pub(super) fn decide(of: &Condition, values: Values, machine: &Machine) -> Result<Decided, Stop> {
    let (walk, effort) = (Walk::new(values), Effort::all());
    let mut judge = Judge { walk, effort, machine, is_negated: false, shown: Vec::new(), has_matched: false };
    let (code, complaint) = match judge.holds(of) {
        Ok(holds) => (i32::from(!holds), String::new()),
        Err(Undecided::Stop(stop)) => return Err(stop),
        Err(Undecided::Wrong(code, complaint)) => (code, complaint),
    };
    let Judge { walk, shown, has_matched, .. } = judge;
    Ok(Decided { code, complaint, shown, has_matched, expanded: walk.end(Vec::new()) })
}

/// Why a condition is not decided.
enum Undecided {
    Stop(Stop),
    /// It comes to nothing: its exit code, and what is said of it, which may be nothing.
    Wrong(i32, String),
}

impl From<Stop> for Undecided {
    fn from(stop: Stop) -> Undecided {
        Undecided::Stop(stop)
    }
}

struct Judge<'a, 'b> {
    walk: Walk<'a>,
    effort: Effort,
    machine: &'b Machine,
    /// Whether `!` stands before what is looked at.
    is_negated: bool,
    shown: Vec<String>,
    has_matched: bool,
}

impl Judge<'_, '_> {
    fn holds(&mut self, of: &Condition) -> Result<bool, Undecided> {
        match of {
            Condition::One { sign, word } => self.tests(sign, word),
            Condition::Two { left, sign, right } => self.compares(left, sign, right),
            Condition::Not(within) => {
                let outside = std::mem::replace(&mut self.is_negated, true);
                let holds = self.holds(within)?;
                self.is_negated = outside;
                Ok(!holds)
            }
            Condition::All(terms) => {
                for term in terms {
                    if !self.holds(term)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Condition::Any(terms) => {
                for term in terms {
                    if self.holds(term)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
        }
    }

    fn show(&mut self, text: &str) {
        let not = if self.is_negated { "! " } else { "" };
        self.shown.push(format!("[[ {not}{text} ]]"));
    }

    fn tests(&mut self, sign: &str, word: &Word) -> Result<bool, Undecided> {
        let text = self.walk.text(word)?;
        self.show(&format!("{sign} {}", shown(&text)));
        if sign == "-v" {
            return Ok(self.walk.is_set(&text));
        }
        condition::tests(sign, &text, self.machine)
            .map_err(|Unknown| Undecided::Wrong(NONE, format!("[[: {sign} {text}: not simulated by weir")))
    }

    fn compares(&mut self, left: &Word, sign: &str, right: &Word) -> Result<bool, Undecided> {
        let text = self.walk.text(left)?;
        match sign {
            "=" | "==" | "!=" => {
                let pattern = self.walk.pattern(right)?;
                self.show(&format!("{} {sign} {}", shown(&text), shown(&pattern)));
                Ok((sign == "!=") != self.is_like(&text, &pattern)?)
            }
            "=~" => {
                let pattern = self.walk.regular_expression(right)?;
                self.show(&format!("{} {sign} {}", shown(&text), shown(&pattern)));
                self.matches(&text, &pattern)
            }
            sign => {
                let other = self.walk.text(right)?;
                self.show(&format!("{} {sign} {}", shown(&text), shown(&other)));
                match sign {
                    "<" => Ok(text < other),
                    ">" => Ok(text > other),
                    sign => self.is_number_so(&text, sign, &other),
                }
            }
        }
    }

    fn is_like(&mut self, text: &str, pattern: &str) -> Result<bool, Undecided> {
        let before = self.effort.spent();
        let found = glob::matches(pattern, text, &mut self.effort);
        // A letter that is compared counts as one that is made.
        self.walk.spend(pattern.len() + text.len() + self.effort.spent() - before);
        let too_long = || {
            let text = "[[: a pattern this long for a text this long: not simulated by weir";
            Undecided::Wrong(NONE, text.to_owned())
        };
        found.ok_or_else(too_long)
    }

    /// Whether a regular expression is found in a text; its groups become known. Of one that is none bash would say nothing.
    fn matches(&mut self, text: &str, pattern: &str) -> Result<bool, Undecided> {
        let wrong = |message: String| Undecided::Wrong(NONE, format!("[[: {pattern}: {message}"));
        self.walk.spend(PATTERN_BYTES + text.len());
        let mut pattern = Pattern::new(pattern, Syntax::Extended, false).map_err(wrong)?;
        let found = pattern.find(text, 0).map_err(wrong)?;
        self.has_matched = true;
        let groups = found.map(|found| pattern.groups(text, &found)).unwrap_or_default();
        for (number, group) in groups.iter().enumerate() {
            self.walk.set(&format!("{MATCH}[{number}]"), group)?;
        }
        Ok(!groups.is_empty())
    }

    /// Compares what two expressions come to.
    fn is_number_so(&mut self, left: &str, sign: &str, right: &str) -> Result<bool, Undecided> {
        let mut value = |text: &str| match self.walk.sum(text) {
            Err(Stop::Failure(Failure::NoSum(message))) => Err(Undecided::Wrong(1, format!("[[: {message}"))),
            sum => Ok(sum?),
        };
        let (left, right) = (value(left)?, value(right)?);
        condition::compares(&left, sign, &right)
            .ok_or_else(|| Undecided::Wrong(NONE, format!("[[: {sign}: not simulated by weir")))
    }
}

/// A word as `set -x` shows it here.
fn shown(word: &str) -> &str {
    if word.is_empty() { "''" } else { word }
}
