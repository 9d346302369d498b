//! Expressions of a plan: what is worked out of one row.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use crate::bind::{Answers, Bound, ValueSet};
use crate::functions::Function;
use crate::period::Period;
use crate::table::{Index, Lookup};
use crate::value::Value;

/// A regular expression, equal to another if their texts are.
#[derive(Clone, Debug)]
pub struct Pattern(pub regex::Regex);

/// Bytes that a compiled pattern may take; `\w{1000}{1000}` takes more.
const PATTERN_BYTES_MAX: usize = 1 << 20;

impl Pattern {
    /// Compiles the text.
    ///
    /// # Errors
    /// The text is no regular expression, or makes a program that is too large.
    pub fn new(text: &str) -> Result<Pattern, regex::Error> {
        regex::RegexBuilder::new(text).size_limit(PATTERN_BYTES_MAX).build().map(Pattern)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Pattern) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

/// An expression over one row.
#[allow(missing_docs, reason = "the parts of a variant are named by its fields and told by its text")]
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// A constant.
    Literal(Value),
    /// A field or an earlier column by its full name; absent if the row has none of this name.
    Field(String),
    /// A fact about the run.
    Query(QueryFact),
    /// A function of the table.
    Call { function: &'static Function, arguments: Vec<Expr> },
    /// The first value whose condition is true, else the last; `if` and `case`.
    Case { branches: Vec<(Expr, Expr)>, otherwise: Box<Expr> },
    /// The first value that is not absent.
    Coalesce(Vec<Expr>),
    /// The part of a list or map that the path leads to.
    Part { value: Box<Expr>, path: Vec<String> },
    /// Whether there is a value.
    IsPresent(Box<Expr>),
    /// A time rounded to a period, down or up: `bin`, `datefloor`, `dateceil`. The offset moves every border.
    Round { time: Box<Expr>, period: Period, offset_ms: i64, is_up: bool },
    /// The number with its sign turned.
    Negate(Box<Expr>),
    /// Two numbers; null if either is not a number or the result is not finite.
    Arithmetic { operator: Arithmetic, left: Box<Expr>, right: Box<Expr> },
    /// True and false exchanged.
    Not(Box<Expr>),
    /// Both true.
    And(Box<Expr>, Box<Expr>),
    /// At least one true.
    Or(Box<Expr>, Box<Expr>),
    /// Two numbers as numbers, two others as text; false if either is absent, whichever the operator.
    Compare { operator: Comparison, left: Box<Expr>, right: Box<Expr> },
    /// Whether the text holds this substring, case-sensitive: `like "..."`. Absent: false, negated or not.
    Contains { value: Box<Expr>, text: String, is_negated: bool },
    /// Whether the pattern matches somewhere in the text: `like /.../`, `=~`. Absent: false, negated or not.
    Matches { value: Box<Expr>, pattern: Pattern, is_negated: bool },
    /// The text with every match of the pattern replaced; `${1}` in the replacement stands for the first group.
    Replace { value: Box<Expr>, pattern: Pattern, replacement: String },
    /// What a pattern finds in the text; SQL only.
    Find { value: Box<Expr>, pattern: Pattern, find: Find },
    /// Whether the value equals one of the list. Absent: false, negated or not.
    In { value: Box<Expr>, list: Vec<Expr>, is_negated: bool },
    /// Whether the value equals one of those that an input of the plan gives. Absent: false, negated or not.
    Among { value: Box<Expr>, among: Bound<usize, ValueSet>, is_negated: bool },
    /// What is asked of an input of the plan; a value once that has been run.
    Subquery { input: usize, asked: Asked },
    /// The value that an input of the plan gives beside the key; otherwise another, also where the key is absent.
    Answer { key: Box<Expr>, answers: Bound<usize, Answers>, otherwise: Box<Expr> },
    /// The cell of a lookup table whose row the values find; null if they find none.
    Look { values: Vec<Expr>, index: Bound<Lookup, Index> },
}

/// What is asked of a text and a pattern; the functions that begin with `regexp` in SQL, and its `split`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Find {
    /// How often the pattern matches.
    Count,
    /// Where the first match begins, from 1; 0 without one.
    Place,
    /// The first match; null without one.
    Match,
    /// The group of the first match; empty without one.
    Group(u32),
    /// The list of the groups of all matches.
    Groups(u32),
    /// A list of the groups of each match, from group 1 on.
    Matches,
    /// The list of what is between matches, of at most so many parts if any number is told.
    Between(Option<u32>),
}

impl Find {
    /// What it gives.
    pub fn result(self) -> Type {
        match self {
            Find::Count | Find::Place => Type::Int,
            Find::Match | Find::Group(_) => Type::Text,
            Find::Groups(_) | Find::Matches | Find::Between(_) => Type::Json,
        }
    }

    /// What is found in the text.
    pub fn value(self, pattern: &Pattern, text: &str) -> Value {
        let list = |texts: Vec<&str>| Value::Json(Box::new(serde_json::Value::from(texts)));
        let group = |found: &regex::Captures<'_>, number: u32| {
            found.get(number as usize).map(|part| part.range()).unwrap_or_default()
        };
        match self {
            Find::Count => Value::Int(pattern.0.find_iter(text).count() as i64),
            Find::Place => {
                let place = |found: regex::Match<'_>| text[..found.start()].chars().count() as i64 + 1;
                Value::Int(pattern.0.find(text).map_or(0, place))
            }
            Find::Match => pattern.0.find(text).map_or(Value::Null, |found| Value::text(found.as_str())),
            Find::Group(number) => {
                let range = pattern.0.captures(text).map(|found| group(&found, number));
                Value::text(&text[range.unwrap_or_default()])
            }
            Find::Groups(number) => {
                list(pattern.0.captures_iter(text).map(|found| &text[group(&found, number)]).collect())
            }
            Find::Matches => {
                let of_part = |part: Option<regex::Match<'_>>| part.map(|part| part.as_str().to_owned());
                let groups =
                    |found: regex::Captures<'_>| found.iter().skip(1).map(of_part).collect::<Vec<_>>();
                let matches: Vec<_> = pattern.0.captures_iter(text).map(groups).collect();
                Value::Json(Box::new(serde_json::Value::from_iter(matches)))
            }
            Find::Between(None) => list(pattern.0.split(text).collect()),
            Find::Between(Some(most)) => list(pattern.0.splitn(text, most as usize).collect()),
        }
    }
}

/// What is asked of a query in the place of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// The value of its one column in its one row; null without a row.
    Value,
    /// Whether it has rows.
    Existence,
}

/// Facts about the run that a query can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryFact {
    /// When it was started, in seconds.
    Now,
    /// The first millisecond read.
    StartTime,
    /// The last millisecond read.
    EndTime,
    /// Milliseconds from the first to the last.
    TimeRange,
}

/// Operators on numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arithmetic {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`, with the sign of the left side.
    Remainder,
    /// `^`
    Power,
}

impl Arithmetic {
    /// The result, which may be infinite or not a number.
    pub fn apply(self, left: f64, right: f64) -> f64 {
        match self {
            Arithmetic::Add => left + right,
            Arithmetic::Subtract => left - right,
            Arithmetic::Multiply => left * right,
            Arithmetic::Divide => left / right,
            Arithmetic::Remainder => left % right,
            Arithmetic::Power => left.powf(right),
        }
    }
}

/// Operators on two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Comparison {
    /// Whether the operator holds between two values; nothing holds for null.
    pub fn holds(self, left: &Value, right: &Value) -> bool {
        match self {
            Comparison::Equal => left.equals(right) == Some(true),
            Comparison::NotEqual => left.equals(right) == Some(false),
            Comparison::Less => left.compare(right).is_some_and(Ordering::is_lt),
            Comparison::LessOrEqual => left.compare(right).is_some_and(Ordering::is_le),
            Comparison::Greater => left.compare(right).is_some_and(Ordering::is_gt),
            Comparison::GreaterOrEqual => left.compare(right).is_some_and(Ordering::is_ge),
        }
    }
}

/// What is known of a value before any row is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// Nothing: fields and mixtures.
    Any,
    /// True or false.
    Bool,
    /// A whole number.
    Int,
    /// A number.
    Float,
    /// A time.
    Time,
    /// Text.
    Text,
    /// A list or map.
    Json,
    /// A part of a list or map, which may be anything.
    Part,
}

impl Expr {
    /// The expressions directly inside this one.
    pub fn parts(&self) -> Vec<&Expr> {
        match self {
            Expr::Literal(_) | Expr::Field(_) | Expr::Query(_) | Expr::Subquery { .. } => vec![],
            Expr::Call { arguments, .. } | Expr::Coalesce(arguments) => arguments.iter().collect(),
            Expr::Case { branches, otherwise } => {
                let branches = branches.iter().flat_map(|(condition, value)| [condition, value]);
                branches.chain([otherwise.as_ref()]).collect()
            }
            Expr::IsPresent(inner) | Expr::Negate(inner) | Expr::Not(inner) => vec![inner],
            Expr::Part { value, .. } => vec![value],
            Expr::Round { time, .. } => vec![time],
            Expr::Arithmetic { left, right, .. } | Expr::Compare { left, right, .. } => vec![left, right],
            Expr::And(left, right) | Expr::Or(left, right) => vec![left, right],
            Expr::Contains { value, .. } | Expr::Matches { value, .. } | Expr::Replace { value, .. } => {
                vec![value]
            }
            Expr::Find { value, .. } => vec![value],
            Expr::In { value, list, .. } => [value.as_ref()].into_iter().chain(list).collect(),
            Expr::Among { value, .. } => vec![value],
            Expr::Answer { key, otherwise, .. } => vec![key, otherwise],
            Expr::Look { values, .. } => values.iter().collect(),
        }
    }

    /// The same expression over other parts, in the order of [`Expr::parts`].
    pub fn map_parts<E>(&self, mut map: impl FnMut(&Expr) -> Result<Expr, E>) -> Result<Expr, E> {
        let mut boxed = |part: &Expr| map(part).map(Box::new);
        Ok(match self {
            Expr::Literal(_) | Expr::Field(_) | Expr::Query(_) | Expr::Subquery { .. } => self.clone(),
            Expr::Call { function, arguments } => {
                Expr::Call { function, arguments: arguments.iter().map(map).collect::<Result<_, _>>()? }
            }
            Expr::Coalesce(arguments) => Expr::Coalesce(arguments.iter().map(map).collect::<Result<_, _>>()?),
            Expr::Case { branches, otherwise } => {
                let mut mapped = vec![];
                for (condition, value) in branches {
                    mapped.push((map(condition)?, map(value)?));
                }
                Expr::Case { branches: mapped, otherwise: Box::new(map(otherwise)?) }
            }
            Expr::Part { value, path } => Expr::Part { value: boxed(value)?, path: path.clone() },
            Expr::IsPresent(inner) => Expr::IsPresent(boxed(inner)?),
            Expr::Negate(inner) => Expr::Negate(boxed(inner)?),
            Expr::Not(inner) => Expr::Not(boxed(inner)?),
            Expr::Round { time, period, offset_ms, is_up } => {
                Expr::Round { time: boxed(time)?, period: *period, offset_ms: *offset_ms, is_up: *is_up }
            }
            Expr::Arithmetic { operator, left, right } => {
                Expr::Arithmetic { operator: *operator, left: boxed(left)?, right: boxed(right)? }
            }
            Expr::Compare { operator, left, right } => {
                Expr::Compare { operator: *operator, left: boxed(left)?, right: boxed(right)? }
            }
            Expr::And(left, right) => Expr::And(boxed(left)?, boxed(right)?),
            Expr::Or(left, right) => Expr::Or(boxed(left)?, boxed(right)?),
            Expr::Contains { value, text, is_negated } => {
                Expr::Contains { value: boxed(value)?, text: text.clone(), is_negated: *is_negated }
            }
            Expr::Matches { value, pattern, is_negated } => {
                Expr::Matches { value: boxed(value)?, pattern: pattern.clone(), is_negated: *is_negated }
            }
            Expr::Replace { value, pattern, replacement } => Expr::Replace {
                value: boxed(value)?,
                pattern: pattern.clone(),
                replacement: replacement.clone(),
            },
            Expr::Find { value, pattern, find } => {
                Expr::Find { value: boxed(value)?, pattern: pattern.clone(), find: *find }
            }
            Expr::In { value, list, is_negated } => {
                let value = boxed(value)?;
                let list = list.iter().map(map).collect::<Result<_, _>>()?;
                Expr::In { value, list, is_negated: *is_negated }
            }
            Expr::Among { value, among, is_negated } => {
                Expr::Among { value: boxed(value)?, among: among.clone(), is_negated: *is_negated }
            }
            Expr::Answer { key, answers, otherwise } => {
                Expr::Answer { key: boxed(key)?, answers: answers.clone(), otherwise: boxed(otherwise)? }
            }
            Expr::Look { values, index } => {
                Expr::Look { values: values.iter().map(map).collect::<Result<_, _>>()?, index: index.clone() }
            }
        })
    }

    /// Adds the names of all fields that the expression reads.
    pub fn read_fields(&self, into: &mut BTreeSet<String>) {
        if let Expr::Field(name) = self {
            into.insert(name.clone());
        }
        self.parts().into_iter().for_each(|part| part.read_fields(into));
    }
}
