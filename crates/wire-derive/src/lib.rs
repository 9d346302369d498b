//! Derives that turn fields into wire calls: `Param` for requests, `Xml` for responses.
//!
//! The macros only emit calls: naming, presence and parsing live in ordinary code in `weir-wire`, where they can be read
//! and tested. What a field may say:
//!
//! ```text
//! #[wire(name = "IpRanges")]      the wire name, for requests and responses, instead of the rule's
//! #[wire(request = "Icmp")]       the wire name in requests only
//! #[wire(response = "groupSet")]  the wire name in responses only
//! #[wire(item = "entry")]         the element of each item of this list, instead of `item` or `member`
//! #[wire(flatten)]                the members of this structure are members of the outer one
//! #[wire(required)]               a list that must not be left out
//! ```
//!
//! On enums without fields a variant is its name in kebab-case (`PendingAcceptance` is `pending-acceptance`), unless
//! `#[wire(name = "…")]` says otherwise.

mod enumeration;
mod field;
mod name;
mod structure;

use proc_macro::TokenStream;
use syn::{Data, DeriveInput, Error, parse_macro_input};

/// Reads a structure (or a closed set of words) from the parameters of a request.
#[proc_macro_derive(Param, attributes(wire))]
pub fn param(item: TokenStream) -> TokenStream {
    let input = parse_macro_input!(item as DeriveInput);
    let code = match &input.data {
        Data::Struct(data) => structure::param(&input, data),
        Data::Enum(data) => enumeration::param(&input, data),
        Data::Union(_) => Err(Error::new_spanned(&input.ident, "a union has no wire form")),
    };
    code.unwrap_or_else(Error::into_compile_error).into()
}

/// Writes a structure (or a closed set of words) as XML elements.
#[proc_macro_derive(Xml, attributes(wire))]
pub fn xml(item: TokenStream) -> TokenStream {
    let input = parse_macro_input!(item as DeriveInput);
    let code = match &input.data {
        Data::Struct(data) => structure::xml(&input, data),
        Data::Enum(data) => enumeration::xml(&input, data),
        Data::Union(_) => Err(Error::new_spanned(&input.ident, "a union has no wire form")),
    };
    code.unwrap_or_else(Error::into_compile_error).into()
}
