//! Many texts out of one, and one out of many.

use std::fmt::Write;
use std::net::Ipv4Addr;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, StringViewBuilder};
use datafusion::arrow::datatypes::{Int64Type, UInt32Type};
use weir_insights::{Extract, Value};

use crate::kind::Kind;

/// The groups of a pattern, none if it does not match.
pub fn extract(extract: &Extract, value: &Value) -> Vec<Option<String>> {
    let text = value.print();
    let found = text.as_deref().and_then(|text| extract.pattern.0.captures(text));
    let group = |index: usize| Some(found.as_ref()?.get(index + 1)?.as_str().to_string());
    (0..extract.columns.len()).map(group).collect()
}

/// The texts of the discovered fields of these names.
pub fn discover(names: &[String], message: &Value) -> Vec<Option<String>> {
    let message = message.print();
    let fields = message.as_deref().map(weir_insights::discover).unwrap_or_default();
    let text = |name: &String| {
        let (_, value) = fields.iter().rev().find(|(found, _)| found == name)?;
        value.print().map(|text| text.into_owned())
    };
    names.iter().map(text).collect()
}

/// The map of all discovered fields.
pub fn all_fields(message: &Value) -> Value {
    let message = message.print();
    let fields = message.as_deref().map(weir_insights::discover).unwrap_or_default();
    weir_insights::all_fields(fields.iter().map(|(name, value)| (name.as_str(), value.clone())))
}

/// The columns with one blank between them, `-` for nothing: the line that a stored record was.
pub fn lines(kinds: &[Kind], columns: &[ArrayRef], rows: usize) -> ArrayRef {
    let mut builder = StringViewBuilder::new();
    let mut line = String::new();
    for row in 0..rows {
        line.clear();
        for (kind, column) in kinds.iter().zip(columns) {
            if !line.is_empty() {
                line.push(' ');
            }
            push(&mut line, *kind, column, row);
        }
        builder.append_value(&line);
    }
    Arc::new(builder.finish())
}

fn push(line: &mut String, kind: Kind, column: &ArrayRef, row: usize) {
    if column.is_null(row) {
        return line.push('-');
    }
    match kind {
        Kind::Int | Kind::DashInt => {
            write!(line, "{}", column.as_primitive::<Int64Type>().value(row))
                .expect("a String takes any text");
        }
        Kind::DashAddress => {
            let address = Ipv4Addr::from(column.as_primitive::<UInt32Type>().value(row));
            write!(line, "{address}").expect("a String takes any text");
        }
        _ => line.push_str(column.as_string_view().value(row)),
    }
}
