//! Why a command is refused: facts, not words. The API turns each into AWS's code and message.

use crate::*;
use std::fmt;

/// Why a command was refused. Nothing has changed when one is returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// No such resource in the caller's account and region.
    NotFound(Missing),
}

/// A resource that does not exist, by its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// A VPC.
    Vpc(VpcId),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl std::error::Error for Refused {}
