//! Messages of fields between spaces: `[ip, user, ..., status = 4* && status != 403, bytes > 1000]`.
//!
//! What stands in `[…]` or `"…"` is one field. A message passes if it has as many fields as the pattern, or at least as
//! many if `...` stands for the others, and all conditions hold. A field without a name is known by its number from 1.
//! `[]` is `[...]` (CloudWatch Logs API Reference, TestMetricFilter, its third example).
//!
//! Assumptions: `...` stands once; a bracket or quote opens a field only where one begins, and if it closes where one ends;
//! a condition may name any field of the pattern.

use super::Malformed;
use super::condition::Condition;
use super::cursor::Cursor;
use super::operand::Comparison;
use std::collections::BTreeMap;

/// A pattern of fields.
#[derive(Clone, Debug)]
pub struct Fields {
    /// The names of the fields before `...`, or of all.
    before: Vec<Option<String>>,
    /// Those behind it; `None` without `...`.
    behind: Option<Vec<Option<String>>>,
    conditions: Vec<Condition<Test>>,
}

/// What a field must be like.
#[derive(Clone, Debug)]
struct Test {
    name: String,
    comparison: Comparison,
}

impl Fields {
    /// Reads a pattern from its opening bracket to the closing one.
    ///
    /// # Errors
    /// It does not close, has two `...`, or a condition on a field that it does not name.
    pub fn parse(cursor: &mut Cursor<'_>) -> Result<Fields, Malformed> {
        cursor.eat("[");
        let mut fields = Fields { before: vec![], behind: None, conditions: vec![] };
        if cursor.eat("]") {
            return Ok(Fields { behind: Some(vec![]), ..fields });
        }
        loop {
            fields.parse_item(cursor)?;
            if cursor.eat("]") {
                break;
            }
            if !cursor.eat(",") {
                return Err(Malformed::Pattern("a comma or closing bracket is missing"));
            }
        }
        let tests = fields.conditions.iter().flat_map(Condition::leaves);
        match tests.into_iter().all(|test| fields.has(&test.name)) {
            true => Ok(fields),
            false => Err(Malformed::Pattern("a condition names a field that is not there")),
        }
    }

    /// One field: `...`, nothing, a name, or a condition that begins with a name.
    fn parse_item(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Malformed> {
        if cursor.eat("...") {
            return match self.behind.replace(vec![]) {
                None => Ok(()),
                Some(_) => Err(Malformed::Pattern("... may stand only once")),
            };
        }
        let start = cursor.clone();
        let mut name = name(cursor).map(str::to_owned);
        if !matches!(cursor.peek(), Some(',' | ']') | None) {
            *cursor = start;
            let condition = Condition::parse(cursor, &mut Test::parse)?;
            name = condition.leaves().first().map(|test| test.name.clone());
            self.conditions.push(condition);
        }
        self.behind.as_mut().unwrap_or(&mut self.before).push(name);
        Ok(())
    }

    /// Whether a field has this name, or its number.
    pub fn has(&self, name: &str) -> bool {
        let names = || self.before.iter().chain(self.behind.iter().flatten());
        let number = name.parse::<usize>().unwrap_or(0);
        names().flatten().any(|known| known == name)
            || (number > 0
                && (self.behind.is_some() || self.before.get(number - 1).is_some_and(Option::is_none)))
    }

    /// The values of the fields of a message that passes.
    pub fn find(&self, message: &str) -> Option<BTreeMap<String, String>> {
        let values = split(message);
        let behind = self.behind.as_ref().map_or(0, Vec::len);
        let others = values.len().checked_sub(self.before.len() + behind)?;
        if others > 0 && self.behind.is_none() {
            return None;
        }
        let unnamed = std::iter::repeat_n(&None, others);
        let names = self.before.iter().chain(unnamed).chain(self.behind.iter().flatten());
        let named = names.zip(values).zip(1..).map(|((name, value), number): (_, usize)| {
            (name.clone().unwrap_or_else(|| number.to_string()), value.to_owned())
        });
        let named: BTreeMap<String, String> = named.collect();
        let holds = |test: &Test| named.get(&test.name).is_some_and(|value| test.comparison.holds(value));
        self.conditions.iter().all(|condition| condition.holds(&holds)).then_some(named)
    }
}

/// The name of a field: letters, digits, underscores and dashes.
fn name<'a>(cursor: &mut Cursor<'a>) -> Option<&'a str> {
    let name = cursor.take_while(|letter| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-');
    (!name.is_empty()).then_some(name)
}

impl Test {
    fn parse(cursor: &mut Cursor<'_>) -> Result<Test, Malformed> {
        let name = name(cursor).ok_or(Malformed::Pattern("a field's name is missing"))?.to_owned();
        Ok(Test { name, comparison: Comparison::parse(cursor)? })
    }
}

/// The fields of a message.
fn split(message: &str) -> Vec<&str> {
    let mut fields = Vec::new();
    let mut rest = message.trim_start();
    while !rest.is_empty() {
        let (field, behind) = enclosed(rest)
            .unwrap_or_else(|| rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len())));
        fields.push(field);
        rest = behind.trim_start();
    }
    fields
}

/// What stands in brackets or quotes at the beginning of `text`, and what follows.
fn enclosed(text: &str) -> Option<(&str, &str)> {
    let close = match text.as_bytes().first()? {
        b'[' => ']',
        b'"' => '"',
        _ => return None,
    };
    let (field, behind) = text[1..].split_once(close)?;
    behind.chars().next().is_none_or(char::is_whitespace).then_some((field, behind))
}
