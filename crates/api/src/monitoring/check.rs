//! What the members of requests must look like, and how CloudWatch says that they do not.
//!
//! Source: Amazon CloudWatch API Reference, the constraints of each member.

use crate::monitoring::metric::{Dimensions, Metric, UNITS};
use crate::operation::Error;
use serde::{Deserialize, Serialize};

/// Most dimensions of a metric.
const DIMENSIONS_MAX: usize = 30;
const NAME_CHARS_MAX: usize = 255;
const VALUE_CHARS_MAX: usize = 1024;

/// An `InvalidParameterValue` in its own words.
pub fn invalid(message: impl Into<String>) -> Error {
    Error::new("InvalidParameterValueException", message)
}

/// Parameters that do not go together.
pub fn combination(message: impl Into<String>) -> Error {
    Error::new("InvalidParameterCombinationException", message)
}

/// A dimension of a metric.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Dimension {
    name: String,
    value: String,
}

/// A dimension that a metric must have, perhaps with a certain value.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DimensionFilter {
    pub(super) name: String,
    pub(super) value: Option<String>,
}

impl Dimension {
    /// The dimensions of a metric as answers show them.
    pub fn list(dimensions: &Dimensions) -> Vec<Dimension> {
        let one = |(name, value): (&String, &String)| Dimension { name: name.clone(), value: value.clone() };
        dimensions.iter().map(one).collect()
    }
}

/// The metric that a request names.
///
/// # Errors
/// `InvalidParameterValue` for a name of the wrong length, a dimension that is there twice, or too many of them.
pub fn metric(namespace: String, name: String, dimensions: Vec<Dimension>) -> Result<Metric, Error> {
    length(&namespace, "Namespace", NAME_CHARS_MAX)?;
    length(&name, "MetricName", NAME_CHARS_MAX)?;
    if dimensions.len() > DIMENSIONS_MAX {
        return Err(invalid(format!("The parameter Dimensions must have at most {DIMENSIONS_MAX} members.")));
    }
    let mut by_name = Dimensions::new();
    for Dimension { name, value } in dimensions {
        length(&name, "Dimensions.member.Name", NAME_CHARS_MAX)?;
        length(&value, "Dimensions.member.Value", VALUE_CHARS_MAX)?;
        if by_name.insert(name, value).is_some() {
            return Err(invalid("No Metric may specify the same dimension name twice."));
        }
    }
    Ok(Metric { namespace, name, dimensions: by_name })
}

fn length(text: &str, member: &str, most: usize) -> Result<(), Error> {
    match text.chars().count() {
        0 => Err(invalid(format!("The parameter {member} must not be empty."))),
        count if count > most => {
            Err(invalid(format!("The parameter {member} must be shorter than {} characters.", most + 1)))
        }
        _ => Ok(()),
    }
}

/// A unit that there is.
///
/// # Errors
/// `InvalidParameterValue`.
pub fn unit(given: Option<&str>) -> Result<(), Error> {
    match given {
        Some(unit) if !UNITS.contains(&unit) => {
            Err(invalid(format!("The parameter Unit must be a value in the set [ {} ]", UNITS.join(", "))))
        }
        _ => Ok(()),
    }
}
