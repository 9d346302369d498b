//! Addresses as numbers and as texts.

use std::fmt::Write;
use std::net::Ipv4Addr;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, StringViewBuilder, UInt32Array, UInt32Builder};
use datafusion::common::Result;

use crate::files::address;
use crate::kind::Kind;
use crate::narrow::Narrow;

/// The numbers of IPv4 addresses; null for a dash, which a null may stand for.
///
/// # Errors
/// Another text, or none.
pub fn numbers(kind: Kind, column: &ArrayRef, narrow: &Narrow) -> Result<ArrayRef> {
    let column = column.as_string_view();
    let mut numbers = UInt32Builder::with_capacity(column.len());
    for text in column {
        match text {
            Some("-") => numbers.append_null(),
            None if kind.is_dash() => numbers.append_null(),
            text => match text.and_then(address) {
                Some(number) => numbers.append_value(number),
                None => return Err(narrow.fail()),
            },
        }
    }
    Ok(Arc::new(numbers.finish()))
}

/// Addresses as they are written; a dash for null.
pub fn texts(column: &UInt32Array) -> ArrayRef {
    let (mut builder, mut text) = (StringViewBuilder::new(), String::new());
    for address in column {
        text.clear();
        match address.map(Ipv4Addr::from) {
            Some(address) => write!(text, "{address}").expect("a String takes any text"),
            None => text.push('-'),
        }
        builder.append_value(&text);
    }
    Arc::new(builder.finish())
}
