//! A flow-log record: the values of one line, in the order of its format.
//!
//! Values are typed by their field; what a record does not have is [`Value::Absent`] and prints as `-`. Nothing is
//! inferred from other fields: a line may say REJECT together with NODATA, and `version` says nothing about the columns.
//! Source: Amazon VPC User Guide, "Flow log records" and "Flow log record examples".

use crate::field::{Field, Kind};
use crate::format::{Column, Format};
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use weir_pipeline::Action;

/// Whether a record holds a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogStatus {
    /// `OK`: logged normally.
    Ok,
    /// `NODATA`: no matching traffic in the window.
    NoData,
    /// `SKIPDATA`: records of the window were left out.
    SkipData,
}

/// The value of a field.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `-`: does not apply, or could not be computed.
    Absent,
    /// A number.
    Number(u64),
    /// An address.
    Address(IpAddr),
    /// A verdict.
    Action(Action),
    /// A status.
    Status(LogStatus),
    /// Text without blanks.
    Text(Arc<str>),
}

impl Value {
    /// Text, or [`Value::Absent`] for `None`.
    pub fn text(text: Option<impl Into<Arc<str>>>) -> Value {
        text.map_or(Value::Absent, |text| Value::Text(text.into()))
    }

    /// Reads the value of a field of this kind; `None` if `token` is not one. `-` is [`Value::Absent`] for every kind.
    fn parse(kind: Kind, token: &str) -> Option<Value> {
        if token == "-" {
            return Some(Value::Absent);
        }
        match kind {
            Kind::Text => Some(Value::Text(token.into())),
            Kind::Address => token.parse().ok().map(Value::Address),
            Kind::Int => token.parse::<u32>().ok().map(|number| Value::Number(number.into())),
            // Counted in 64 bits with a sign, as the Parquet of AWS has it.
            Kind::Long => token.parse().ok().filter(|it| i64::try_from(*it).is_ok()).map(Value::Number),
            Kind::Seconds => token.parse().ok().map(|number| Value::Number(seconds(number))),
            Kind::Action => parse_action(token).map(Value::Action),
            Kind::Status => parse_status(token).map(Value::Status),
        }
    }
}

/// Old records delivered through CloudWatch Logs carry milliseconds; no second that Weir can meet is above 2^31.
fn seconds(number: u64) -> u64 {
    if number > i32::MAX as u64 { number / 1000 } else { number }
}

fn parse_action(token: &str) -> Option<Action> {
    match token {
        "ACCEPT" => Some(Action::Accept),
        "REJECT" => Some(Action::Reject),
        _ => None,
    }
}

fn parse_status(token: &str) -> Option<LogStatus> {
    match token {
        "OK" => Some(LogStatus::Ok),
        "NODATA" => Some(LogStatus::NoData),
        "SKIPDATA" => Some(LogStatus::SkipData),
        _ => None,
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Absent => f.write_str("-"),
            Value::Number(number) => number.fmt(f),
            Value::Address(address) => address.fmt(f),
            Value::Action(Action::Accept) => f.write_str("ACCEPT"),
            Value::Action(Action::Reject) => f.write_str("REJECT"),
            Value::Status(LogStatus::Ok) => f.write_str("OK"),
            Value::Status(LogStatus::NoData) => f.write_str("NODATA"),
            Value::Status(LogStatus::SkipData) => f.write_str("SKIPDATA"),
            Value::Text(text) => f.write_str(text),
        }
    }
}

/// One record. Prints as its line, without a newline.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    format: Arc<Format>,
    values: Vec<Value>,
}

/// Why a line is not a record of a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineError {
    /// Fewer tokens than the format has fields: a truncated line, or another format.
    TooFew {
        /// The tokens found.
        found: usize,
        /// The fields of the format.
        expected: usize,
    },
    /// More tokens than the format has fields.
    TooMany {
        /// The fields of the format.
        expected: usize,
    },
    /// A token that is not a value of its field.
    BadValue(Field),
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LineError::TooFew { found, expected } => write!(f, "{found} fields, the format has {expected}"),
            LineError::TooMany { expected } => write!(f, "more fields than the format's {expected}"),
            LineError::BadValue(field) => write!(f, "not a value of {field}"),
        }
    }
}

impl std::error::Error for LineError {}

impl Record {
    /// A record whose value for each field of `format` is what `value` says; unknown columns are absent.
    pub fn new(format: &Arc<Format>, value: impl Fn(Field) -> Value) -> Record {
        let of = |column: &Column| match column {
            Column::Known(field) => value(*field),
            Column::Unknown(_) => Value::Absent,
        };
        Record { format: Arc::clone(format), values: format.columns().iter().map(of).collect() }
    }

    /// Reads a line: tokens separated by any run of blanks, one for each column of `format`.
    ///
    /// # Errors
    /// Too few or too many tokens, or one that is not a value of its field.
    pub fn parse(format: &Arc<Format>, line: &str) -> Result<Record, LineError> {
        let expected = format.columns().len();
        let mut tokens = line.split_ascii_whitespace();
        let mut values = Vec::with_capacity(expected);
        for column in format.columns() {
            let token = tokens.next().ok_or(LineError::TooFew { found: values.len(), expected })?;
            values.push(match column {
                Column::Known(field) => {
                    Value::parse(field.kind(), token).ok_or(LineError::BadValue(*field))?
                }
                Column::Unknown(_) => Value::Text(token.into()),
            });
        }
        match tokens.next() {
            Some(_) => Err(LineError::TooMany { expected }),
            None => Ok(Record { format: Arc::clone(format), values }),
        }
    }

    /// The format.
    pub fn format(&self) -> &Format {
        &self.format
    }

    /// The value of `field`; [`Value::Absent`] also if the format does not have it.
    pub fn value(&self, field: Field) -> &Value {
        self.format.position(field).map_or(&Value::Absent, |at| &self.values[at])
    }

    /// The number in `field`, if there is one.
    pub fn number(&self, field: Field) -> Option<u64> {
        match self.value(field) {
            Value::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The address in `field`, if there is one.
    pub fn address(&self, field: Field) -> Option<IpAddr> {
        match self.value(field) {
            Value::Address(address) => Some(*address),
            _ => None,
        }
    }

    /// The text in `field`, if there is one.
    pub fn text(&self, field: Field) -> Option<&str> {
        match self.value(field) {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The verdict, if there is one.
    pub fn action(&self) -> Option<Action> {
        match self.value(Field::Action) {
            Value::Action(action) => Some(*action),
            _ => None,
        }
    }

    /// The status, if there is one.
    pub fn status(&self) -> Option<LogStatus> {
        match self.value(Field::LogStatus) {
            Value::Status(status) => Some(*status),
            _ => None,
        }
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, value) in self.values.iter().enumerate() {
            let blank = if index == 0 { "" } else { " " };
            write!(f, "{blank}{value}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
