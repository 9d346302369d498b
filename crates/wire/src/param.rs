//! Reading values from parameters: the trait and the types every request uses.

use crate::{Iso, Kind, Member, Params, WireError, parse_iso};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A type that a request parameter, or a family of them below one name, can be read as.
pub trait Param: Sized {
    /// Whether values are numbered: `X.1`, `X.2`.
    const LIST: bool = false;
    /// Whether a structure that has such a member cannot do without it.
    const REQUIRED: bool = true;
    /// Whether the value has no effect (see [`crate::Accepted`]).
    const ACCEPTED: bool = false;
    /// What values are.
    const KIND: Kind;
    /// The members, if it is a structure.
    const MEMBERS: &'static [Member] = &[];

    /// Reads the value at `at`, the full name of the parameter; `""` is the request itself.
    ///
    /// # Errors
    /// [`WireError::missing`] if it is not there, [`WireError::invalid_value`] or the type's own if it is malformed.
    fn read(params: &Params, at: &str) -> Result<Self, WireError>;
}

impl<T: Param> Param for Option<T> {
    const LIST: bool = T::LIST;
    const REQUIRED: bool = false;
    const ACCEPTED: bool = T::ACCEPTED;
    const KIND: Kind = T::KIND;
    const MEMBERS: &'static [Member] = T::MEMBERS;

    fn read(params: &Params, at: &str) -> Result<Self, WireError> {
        if params.has(at) { T::read(params, at).map(Some) } else { Ok(None) }
    }
}

impl<T: Param> Param for Vec<T> {
    const LIST: bool = true;
    const REQUIRED: bool = false;
    const KIND: Kind = Kind::List(&T::KIND);

    fn read(params: &Params, at: &str) -> Result<Self, WireError> {
        params.items(at).iter().map(|key| T::read(params, key)).collect()
    }
}

impl Param for String {
    const KIND: Kind = Kind::Text;

    fn read(params: &Params, at: &str) -> Result<Self, WireError> {
        params.text(at).map(str::to_owned)
    }
}

impl Param for bool {
    const KIND: Kind = Kind::Boolean;

    /// Reads `true`, `false`, `1` and `0`, in any case (XML Schema Part 2, "boolean"; clients differ in case).
    fn read(params: &Params, at: &str) -> Result<Self, WireError> {
        let text = params.text(at)?;
        match text.to_ascii_lowercase().as_str() {
            "true" | "1" => Ok(true),
            "false" | "0" => Ok(false),
            _ => Err(params.invalid(at, text, "true or false")),
        }
    }
}

macro_rules! parsed {
    ($($kind:ident $expecting:literal: $($name:ty)*;)*) => {$($(
        impl Param for $name {
            const KIND: Kind = Kind::$kind;

            fn read(params: &Params, at: &str) -> Result<Self, WireError> {
                let text = params.text(at)?;
                text.parse().map_err(|_| params.invalid(at, text, $expecting))
            }
        }
    )*)*};
}

parsed! {
    Integer "an integer": i32 i64 u8 u16 u32 u64 usize;
    Float "a number": f64;
    Text "an IP address": IpAddr;
    Text "an IPv4 address": Ipv4Addr;
    Text "an IPv6 address": Ipv6Addr;
}

impl Param for Iso {
    const KIND: Kind = Kind::Timestamp;

    fn read(params: &Params, at: &str) -> Result<Self, WireError> {
        let text = params.text(at)?;
        parse_iso(text).map(Iso).ok_or_else(|| params.invalid(at, text, "a timestamp in ISO 8601"))
    }
}
