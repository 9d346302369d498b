//! What the members of requests must look like, and how Logs says that they do not.
//!
//! Source: CloudWatch Logs API Reference, the constraints of each member; the sentence is Smithy's for all JSON services.

use crate::operation::Error;
use std::fmt::Display;
use std::ops::RangeInclusive;
use weir_store::{ReadError, Refused};
use weir_wire::WireError;

/// Largest part of a wrong value that an error repeats, in characters.
const EXCERPT_CHARS_MAX: usize = 200;

/// An `InvalidParameterException` in its own words.
pub fn invalid(message: impl Into<String>) -> Error {
    Error::new("InvalidParameterException", message)
}

/// The same refusal as operations give it that have no `InvalidParameterException`, nor one for too many tags.
pub fn validation(error: Error) -> Error {
    let WireError { message, .. } = error.into_wire();
    Error::new("ValidationException", message)
}

/// The refusal of `value` at member `member`; `rule` completes "Member must …".
pub fn constraint(value: impl Display, member: &str, rule: &str) -> Error {
    let value: String = value.to_string().chars().take(EXCERPT_CHARS_MAX).collect();
    invalid(format!(
        "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: Member must {rule}"
    ))
}

/// Refuses a text whose number of characters is outside `bounds`.
pub fn length(text: &str, member: &str, bounds: RangeInclusive<usize>) -> Result<(), Error> {
    let chars = text.chars().count();
    match () {
        () if chars < *bounds.start() => {
            Err(constraint(text, member, &format!("have length greater than or equal to {}", bounds.start())))
        }
        () if chars > *bounds.end() => {
            Err(constraint(text, member, &format!("have length less than or equal to {}", bounds.end())))
        }
        () => Ok(()),
    }
}

/// A number within `bounds`, or `default` if none is given.
pub fn number(
    given: Option<i64>,
    member: &str,
    bounds: RangeInclusive<i64>,
    default: usize,
) -> Result<usize, Error> {
    match given {
        None => Ok(default),
        Some(given) if given < *bounds.start() => {
            Err(constraint(given, member, &format!("have value greater than or equal to {}", bounds.start())))
        }
        Some(given) if given > *bounds.end() => {
            Err(constraint(given, member, &format!("have value less than or equal to {}", bounds.end())))
        }
        Some(given) => Ok(given as usize),
    }
}

/// A time, which is not negative.
pub fn time(given: Option<i64>, member: &str, default: i64) -> Result<i64, Error> {
    match given {
        Some(given) if given < 0 => Err(constraint(given, member, "have value greater than or equal to 0")),
        given => Ok(given.unwrap_or(default)),
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Error {
        let (code, message) = match refused {
            Refused::GroupExists => {
                ("ResourceAlreadyExistsException", "The specified log group already exists")
            }
            Refused::NoGroup => ("ResourceNotFoundException", "The specified log group does not exist."),
            Refused::Protected => (
                "ValidationException",
                "Deletion protection is enabled for the log group: it must be disabled before anything is deleted.",
            ),
            Refused::StreamExists => {
                ("ResourceAlreadyExistsException", "The specified log stream already exists")
            }
            Refused::TooManyGroups => ("LimitExceededException", "Resource limit exceeded."),
            Refused::NoStream => ("ResourceNotFoundException", "The specified log stream does not exist."),
            Refused::BatchTooLarge => ("InvalidParameterException", "Upload too large"),
        };
        Error::new(code, message)
    }
}

impl From<ReadError> for Error {
    fn from(error: ReadError) -> Error {
        match error {
            ReadError::NoGroup => Refused::NoGroup.into(),
            fault => Error::new("ServiceUnavailableException", fault.to_string()),
        }
    }
}
