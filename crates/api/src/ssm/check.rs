//! What members of requests must look like, and how Systems Manager says that they do not.
//!
//! Source: Systems Manager API Reference, the constraints of each member; the sentence is Smithy's for all JSON services.

use crate::operation::Error;
use std::fmt::Display;
use std::ops::RangeInclusive;
use weir_model::InstanceId;

/// Characters of a command's id.
const COMMAND_ID_CHARS: usize = 36;

/// The refusal of `value` at `member`; `rule` completes "Member must …".
pub fn constraint(value: impl Display, member: &str, rule: &str) -> Error {
    let value: String = value.to_string().chars().take(200).collect();
    let message = format!(
        "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: Member must {rule}"
    );
    Error::new("ValidationException", message)
}

/// Refuses a number outside `bounds`.
pub fn number(value: i64, member: &str, bounds: &RangeInclusive<i64>) -> Result<(), Error> {
    let (least, most) = (bounds.start(), bounds.end());
    match value {
        _ if value < *least => {
            Err(constraint(value, member, &format!("have value greater than or equal to {least}")))
        }
        _ if value > *most => {
            Err(constraint(value, member, &format!("have value less than or equal to {most}")))
        }
        _ => Ok(()),
    }
}

/// Refuses a text or list longer than `most`.
pub fn length(length: usize, value: impl Display, member: &str, most: usize) -> Result<(), Error> {
    match length <= most {
        true => Ok(()),
        false => Err(constraint(value, member, &format!("have length less than or equal to {most}"))),
    }
}

/// Refuses what cannot be the id of a command.
pub fn command_id(id: &str) -> Result<(), Error> {
    let chars = id.chars().count();
    match chars.cmp(&COMMAND_ID_CHARS) {
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Less => {
            Err(constraint(id, "commandId", "have length greater than or equal to 36"))
        }
        std::cmp::Ordering::Greater => {
            Err(constraint(id, "commandId", "have length less than or equal to 36"))
        }
    }
}

/// The instance that a text names.
pub fn instance_id(text: &str, member: &str) -> Result<InstanceId, Error> {
    let rule = "satisfy regular expression pattern: (^i-(\\w{8}|\\w{17})$)|(^mi-\\w{17}$)";
    text.parse().map_err(|_| constraint(text, member, rule))
}

/// Refuses a member that AWS has and Weir does not.
pub fn absent<T>(given: &Option<T>, member: &str) -> Result<(), Error> {
    match given {
        None => Ok(()),
        Some(_) => Err(Error::new("ValidationException", format!("{member} is not implemented by weir."))),
    }
}
