//! Addresses as numbers and as texts.

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
    let mut digits = itoa::Buffer::new();
    for address in column {
        text.clear();
        match address {
            Some(address) => print(address, &mut digits, &mut text),
            None => text.push('-'),
        }
        builder.append_value(&text);
    }
    Arc::new(builder.finish())
}

/// Appends an address as it is written.
pub fn print(address: u32, digits: &mut itoa::Buffer, text: &mut String) {
    for (index, octet) in address.to_be_bytes().into_iter().enumerate() {
        if index > 0 {
            text.push('.');
        }
        text.push_str(digits.format(octet));
    }
}
