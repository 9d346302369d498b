//! Many texts out of one, and one out of many.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, Int64Array, StringViewArray, StringViewBuilder, UInt32Array,
};
use weir_insights::{Extract, Value};

use crate::kind::Kind;

/// The groups of a pattern, none if it does not match.
pub fn extract(extract: &Extract, value: &Value) -> Vec<Option<String>> {
    let text = value.print();
    let found = text.as_deref().and_then(|text| extract.pattern.0.captures(text));
    let group = |index: usize| Some(found.as_ref()?.get(index + 1)?.as_str().to_string());
    (0..extract.columns.len()).map(group).collect()
}

/// The texts of the discovered fields of these names; none without a message.
pub fn discover(names: &[String], message: Option<&str>) -> Vec<Option<String>> {
    let Some(message) = message else { return vec![None; names.len()] };
    let text = |value: Option<Value>| Some(value?.print()?.into_owned());
    weir_insights::discover_named(message, names).into_iter().map(text).collect()
}

/// The map of all discovered fields.
pub fn all_fields(message: &Value) -> Value {
    let message = message.print();
    let fields = message.as_deref().map(weir_insights::discover).unwrap_or_default();
    weir_insights::all_fields(fields.iter().map(|(name, value)| (name.as_str(), value.clone())))
}

/// The columns with one blank between them, `-` for nothing: the line that a stored record was.
pub fn lines(kinds: &[Kind], columns: &[ArrayRef], rows: usize) -> ArrayRef {
    let columns: Vec<Cells<'_>> =
        kinds.iter().zip(columns).map(|(kind, column)| Cells::of(*kind, column)).collect();
    let (mut text, mut ends) = (String::with_capacity(rows * LINE_BYTES), Vec::with_capacity(rows));
    let (mut builder, mut digits) = (StringViewBuilder::with_capacity(rows), itoa::Buffer::new());
    for row in 0..rows {
        for (index, cells) in columns.iter().enumerate() {
            if index > 0 {
                text.push(' ');
            }
            cells.print(row, &mut digits, &mut text);
        }
        ends.push(text.len() as u32);
        if text.len() > BLOCK_BYTES || row + 1 == rows {
            append(&mut builder, std::mem::take(&mut text), std::mem::take(&mut ends));
        }
    }
    Arc::new(builder.finish())
}

/// Adds texts that stand one behind the other, up to these ends.
fn append(builder: &mut StringViewBuilder, text: String, ends: Vec<u32>) {
    let (block, mut start) = (builder.append_block(text.into_bytes().into()), 0);
    for end in ends {
        builder.try_append_view(block, start, end - start).expect("the block has the whole text");
        start = end;
    }
}

/// More than all the lines of a batch have, unless their texts are huge.
const BLOCK_BYTES: usize = 1 << 30;
/// About as long as a line of the default format is.
const LINE_BYTES: usize = 128;

/// A column of records.
enum Cells<'a> {
    Numbers(&'a Int64Array),
    Addresses(&'a UInt32Array),
    Texts(&'a StringViewArray),
}

impl Cells<'_> {
    fn of(kind: Kind, column: &ArrayRef) -> Cells<'_> {
        match kind {
            Kind::Int | Kind::DashInt => Cells::Numbers(column.as_primitive()),
            Kind::DashAddress => Cells::Addresses(column.as_primitive()),
            _ => Cells::Texts(column.as_string_view()),
        }
    }

    fn print(&self, row: usize, digits: &mut itoa::Buffer, line: &mut String) {
        match self {
            Cells::Numbers(numbers) if numbers.is_valid(row) => {
                line.push_str(digits.format(numbers.value(row)))
            }
            Cells::Addresses(addresses) if addresses.is_valid(row) => {
                for (index, octet) in addresses.value(row).to_be_bytes().into_iter().enumerate() {
                    if index > 0 {
                        line.push('.');
                    }
                    line.push_str(digits.format(octet));
                }
            }
            Cells::Texts(texts) if texts.is_valid(row) => line.push_str(texts.value(row)),
            _ => line.push('-'),
        }
    }
}
