//! Messages that are JSON: `{ ($.user.id = 1) && ($.users[0].email = "John.*" || $.flag IS TRUE) }`.
//!
//! A selector names a property: keys after dots, also as `['a.b']`, indices in brackets, `*` for any one of either. A comparison holds for a
//! string, number or boolean only; `= *` for any of these. `IS NULL`, `IS TRUE`, `IS FALSE` and `NOT EXISTS` say what they say.
//!
//! Assumptions: a property that is missing meets no comparison, not even `!=`; with `*` one property that meets it is enough.

use super::Malformed;
use super::condition::Condition;
use super::cursor::Cursor;
use super::operand::Comparison;
use serde_json::Value;
use std::borrow::Cow;

/// Most wildcards of a selector.
const WILDCARDS_OF_SELECTOR_MAX: usize = 1;
/// Most wildcards of all selectors of a pattern.
const WILDCARDS_MAX: usize = 3;

/// A pattern over JSON.
#[derive(Clone, Debug)]
pub struct Json {
    condition: Condition<Test>,
}

#[derive(Clone, Debug)]
struct Test {
    path: Path,
    check: Check,
}

#[derive(Clone, Debug)]
enum Check {
    Compare(Comparison),
    IsNull,
    Is(bool),
    IsMissing,
}

/// Which properties of a JSON text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
    AnyKey,
    AnyIndex,
}

impl Json {
    /// Reads a pattern from its opening brace to the closing one.
    ///
    /// # Errors
    /// It does not close, a selector or comparison is malformed, or there are too many wildcards in selectors.
    pub fn parse(cursor: &mut Cursor<'_>) -> Result<Json, Malformed> {
        cursor.eat("{");
        let mut wildcards = 0;
        let condition = Condition::parse(cursor, &mut |cursor| {
            let test = Test::parse(cursor)?;
            wildcards += test.path.wildcards();
            Ok(test)
        })?;
        if wildcards > WILDCARDS_MAX {
            return Err(Malformed::Pattern("its selectors have more than 3 wildcards"));
        }
        match cursor.eat("}") {
            true => Ok(Json { condition }),
            false => Err(Malformed::Pattern("a closing brace is missing")),
        }
    }

    /// The message as JSON, if it is that and passes.
    pub fn find(&self, message: &str) -> Option<Value> {
        let message: Value = serde_json::from_str(message).ok()?;
        self.condition.holds(&|test| test.holds(&message)).then_some(message)
    }
}

impl Test {
    fn parse(cursor: &mut Cursor<'_>) -> Result<Test, Malformed> {
        let path = Path::parse(cursor).ok_or(Malformed::Pattern("a selector is malformed"))?;
        if path.wildcards() > WILDCARDS_OF_SELECTOR_MAX {
            return Err(Malformed::Pattern("a selector has more than one wildcard"));
        }
        let check = match cursor.peek() {
            Some('I') => Check::is(cursor)?,
            Some('N') if cursor.eat("NOT") && cursor.eat("EXISTS") => Check::IsMissing,
            _ => Check::Compare(Comparison::parse(cursor)?),
        };
        Ok(Test { path, check })
    }

    fn holds(&self, message: &Value) -> bool {
        let found = self.path.select(message);
        let mut found = found.into_iter();
        match &self.check {
            Check::Compare(comparison) => found.filter_map(scalar).any(|value| comparison.holds(&value)),
            Check::IsNull => found.any(Value::is_null),
            Check::Is(expected) => found.any(|value| value.as_bool() == Some(*expected)),
            Check::IsMissing => found.next().is_none(),
        }
    }
}

impl Check {
    fn is(cursor: &mut Cursor<'_>) -> Result<Check, Malformed> {
        const WORDS: [(&str, Check); 3] =
            [("NULL", Check::IsNull), ("TRUE", Check::Is(true)), ("FALSE", Check::Is(false))];
        let words = if cursor.eat("IS") { &WORDS[..] } else { &[] };
        let found = words.iter().find(|(word, _)| cursor.eat(word)).map(|(_, check)| check.clone());
        found.ok_or(Malformed::Pattern("IS is followed by NULL, TRUE or FALSE only"))
    }
}

/// The selector that `text` is.
pub fn parse_path(text: &str) -> Option<Path> {
    let mut cursor = Cursor::new(text);
    Path::parse(&mut cursor).filter(|path| cursor.is_at_end() && path.wildcards() == 0)
}

impl Path {
    fn parse(cursor: &mut Cursor<'_>) -> Option<Path> {
        if !cursor.eat("$") {
            return None;
        }
        let mut steps = vec![];
        loop {
            if cursor.eat(".") {
                steps.push(key(cursor)?);
            } else if cursor.eat("[") {
                steps.push(index(cursor)?);
            } else {
                return (!steps.is_empty()).then_some(Path { steps });
            }
        }
    }

    fn wildcards(&self) -> usize {
        self.steps.iter().filter(|step| matches!(step, Step::AnyKey | Step::AnyIndex)).count()
    }

    fn select<'v>(&self, value: &'v Value) -> Vec<&'v Value> {
        self.steps
            .iter()
            .fold(vec![value], |found, step| found.into_iter().flat_map(|value| step.select(value)).collect())
    }

    /// The text of the string, number or boolean that it names in `value`.
    pub fn scalar(&self, value: &Value) -> Option<String> {
        self.select(value).into_iter().find_map(scalar).map(Cow::into_owned)
    }
}

fn key(cursor: &mut Cursor<'_>) -> Option<Step> {
    if cursor.eat("*") {
        return Some(Step::AnyKey);
    }
    if cursor.eat("['") {
        let key = cursor.take_while(|letter| letter != '\'').to_owned();
        return (!key.is_empty() && cursor.eat("']")).then_some(Step::Key(key));
    }
    let key = cursor.take_while(|letter| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-');
    (!key.is_empty()).then(|| Step::Key(key.to_owned()))
}

fn index(cursor: &mut Cursor<'_>) -> Option<Step> {
    let step = match cursor.eat("*") {
        true => Step::AnyIndex,
        false => Step::Index(cursor.take_while(|letter| letter.is_ascii_digit()).parse().ok()?),
    };
    cursor.eat("]").then_some(step)
}

impl Step {
    fn select<'v>(&self, value: &'v Value) -> Vec<&'v Value> {
        match (self, value) {
            (Step::Key(key), Value::Object(members)) => members.get(key).into_iter().collect(),
            (Step::AnyKey, Value::Object(members)) => members.values().collect(),
            (Step::Index(index), Value::Array(elements)) => elements.get(*index).into_iter().collect(),
            (Step::AnyIndex, Value::Array(elements)) => elements.iter().collect(),
            _ => vec![],
        }
    }
}

/// The text of a string, number or boolean.
fn scalar(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        Value::Bool(is_true) => Some(Cow::Borrowed(if *is_true { "true" } else { "false" })),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
