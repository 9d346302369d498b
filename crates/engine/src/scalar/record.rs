//! Many texts out of one, and one out of many.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, Int64Array, StringViewArray, StringViewBuilder, UInt32Array,
};
use datafusion::arrow::compute::{cast, take};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Result, exec_err};
use weir_insights::{Extract, Named, Value, discover, discoverable, fields_of_event};

use super::address;
use crate::kind::Kind;

/// The groups of a pattern, a column each; none where it does not match.
pub fn extract(extract: &Extract, values: impl Iterator<Item = Value>) -> Vec<ArrayRef> {
    let mut builders: Vec<_> = extract.columns.iter().map(|_| StringViewBuilder::new()).collect();
    for value in values {
        let text = value.print();
        let found = text.as_deref().and_then(|text| extract.pattern.0.captures(text));
        for (index, builder) in builders.iter_mut().enumerate() {
            let group = found.as_ref().and_then(|found| found.get(index + 1));
            builder.append_option(group.map(|group| group.as_str()));
        }
    }
    finished(builders)
}

fn finished(builders: Vec<StringViewBuilder>) -> Vec<ArrayRef> {
    builders.into_iter().map(|mut builder| Arc::new(builder.finish()) as ArrayRef).collect()
}

/// The texts of the discovered fields of these names in messages of a log group, a column each; none without a message.
pub fn discovered(names: &[String], log: &str, messages: &StringViewArray) -> Vec<ArrayRef> {
    let mut builders: Vec<_> =
        names.iter().map(|_| StringViewBuilder::with_capacity(messages.len())).collect();
    let (named, mut texts) = (Named::new(names), vec![]);
    for message in messages {
        named.texts(discoverable(log, message.unwrap_or_default()), &mut texts);
        for (builder, text) in builders.iter_mut().zip(&texts) {
            builder.append_option(text.as_deref());
        }
    }
    finished(builders)
}

/// The map of all fields of a message of a log group.
pub fn all_fields(log: &Value, message: &Value) -> Value {
    let text = |value: &Value| value.print().unwrap_or_default().into_owned();
    let (log, message) = (text(log), text(message));
    fields_of_event(&log, &message, &discover(discoverable(&log, &message)))
}

/// The field of this name of entities, none without an entity. It is read once for each entity, not for each row.
pub fn entity_field(name: &str, entities: &ArrayRef) -> Result<ArrayRef> {
    let Some(entities) = entities.as_any_dictionary_opt() else {
        return exec_err!("the column of entities is of {}", entities.data_type());
    };
    let texts = cast(entities.values(), &DataType::Utf8View)?;
    let field = |text: Option<&str>| text.and_then(|text| weir_insights::entity_field(text, name));
    let fields: StringViewArray = texts.as_string_view().iter().map(field).collect();
    Ok(take(&fields, entities.keys(), None)?)
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
                address::print(addresses.value(row), digits, line);
            }
            Cells::Texts(texts) if texts.is_valid(row) => line.push_str(texts.value(row)),
            _ => line.push('-'),
        }
    }
}
