//! What a derived structure says of its members, for the documentation of operations and for comparing our spelling and
//! coverage with AWS's published API models.

use crate::{Dialect, Name, Param, Xml};

/// One member of a request or response structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// The Rust field: `vpc_ids`.
    pub rust: &'static str,
    /// AWS's names for it.
    pub name: Name,
    /// What its value is.
    pub kind: Kind,
    /// Whether a request must say it.
    pub required: bool,
    /// Whether it is read and checked but has no effect (see [`crate::Accepted`]).
    pub accepted: bool,
    /// Whether its own members stand in its place.
    pub flatten: bool,
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Free text, or a text form with its own rules such as an id.
    Text,
    /// A whole number.
    Integer,
    /// A number with a fraction.
    Float,
    /// `true` or `false`.
    Boolean,
    /// A point in time.
    Timestamp,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Any number of such values.
    List(&'static Kind),
    /// A structure with these members.
    Structure(&'static [Member]),
}

impl Member {
    /// The member of a request whose Rust type is `T`.
    pub const fn in_request<T: Param>(
        rust: &'static str,
        name: Name,
        flatten: bool,
        required: bool,
    ) -> Member {
        let required = (required || T::REQUIRED) && !flatten;
        Member { rust, name, kind: T::KIND, required, accepted: T::ACCEPTED, flatten }
    }

    /// The member of a response whose Rust type is `T`.
    pub const fn in_response<T: Xml>(rust: &'static str, name: Name, flatten: bool) -> Member {
        Member { rust, name, kind: T::KIND, required: false, accepted: false, flatten }
    }

    /// Whether it is a list.
    pub fn is_list(&self) -> bool {
        matches!(self.kind, Kind::List(_))
    }

    /// Its name in requests, without index: `VpcId`.
    pub fn request_name(&self, dialect: Dialect) -> String {
        dialect.key(&self.name, self.is_list())
    }

    /// Its element in responses: `vpcSet`.
    pub fn response_name(&self, dialect: Dialect) -> String {
        dialect.tag(&self.name, self.is_list()).to_string()
    }
}
