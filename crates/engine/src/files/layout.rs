//! The columns that a query reads of records.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field as ArrowField, Schema, SchemaRef};
use weir_flowlog::Field;
use weir_flowlog::field::Kind as FieldKind;
use weir_insights::{FLOW_FIELDS, FlowField, FlowType};

use super::survey::Surveyed;
use crate::events::{GROUP, INGESTION, SEQUENCE, STREAM, TIMESTAMP};
use crate::kind::Kind;

/// The column of lines.
const MESSAGE: &str = "line";

/// Which columns there are.
#[derive(Debug)]
pub struct Layout {
    /// All columns.
    pub schema: SchemaRef,
    /// What each column holds.
    pub contents: Vec<Content>,
    /// Names in a query, columns and kinds.
    pub fields: Vec<(String, String, Kind)>,
    /// The column of lines, if they are read.
    pub message: Option<String>,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// The record's start, in milliseconds.
    Timestamp,
    /// The place of a record among all.
    Sequence,
    /// Nothing: files are not ingested.
    Ingestion,
    /// The file's path.
    Group,
    /// The file's name.
    Stream,
    /// The line.
    Message,
    /// A field, as a number or an address.
    Number(Field),
    /// An IPv4 address.
    Address(Field),
    /// A field as text.
    Text(Field),
}

impl Content {
    /// Whether a filter over it is best asked before texts are made.
    pub fn is_cheap(self) -> bool {
        matches!(self, Content::Timestamp | Content::Sequence | Content::Number(_) | Content::Address(_))
    }

    fn data_type(self) -> DataType {
        match self {
            Content::Timestamp | Content::Sequence | Content::Ingestion | Content::Number(_) => {
                DataType::Int64
            }
            Content::Address(_) => DataType::UInt32,
            Content::Group | Content::Stream | Content::Message | Content::Text(_) => DataType::Utf8View,
        }
    }

    fn kind(self) -> Kind {
        match self {
            Content::Number(_) => Kind::DashInt,
            Content::Address(_) => Kind::DashAddress,
            _ => Kind::Text,
        }
    }
}

/// The field of flow logs that a query names so.
pub fn known_field(name: &str) -> Option<(Field, &'static FlowField)> {
    let known = FLOW_FIELDS.iter().find(|known| known.field == name)?;
    Some((Field::named(known.name)?, known))
}

impl Layout {
    /// The columns for these names of these files, whose addresses are all IPv4 if `is_four`.
    ///
    /// A field that only some of the files have, or some lines of one, is text, for it may be absent beside being `-`.
    pub fn new(names: &BTreeSet<String>, files: &[Surveyed], is_four: bool) -> Layout {
        let mut columns = vec![
            (TIMESTAMP.to_owned(), Content::Timestamp),
            (SEQUENCE.to_owned(), Content::Sequence),
            (INGESTION.to_owned(), Content::Ingestion),
            (GROUP.to_owned(), Content::Group),
            (STREAM.to_owned(), Content::Stream),
        ];
        let message = names.contains("@message").then(|| MESSAGE.to_string());
        columns.extend(message.iter().map(|message| (message.clone(), Content::Message)));
        let mut fields = vec![];
        for name in names {
            let Some((field, known)) = known_field(name) else { continue };
            if !files.iter().any(|file| file.has(field).0) {
                continue;
            }
            let have_all = files.iter().all(|file| file.has(field).1);
            let content = match (known.kind, field.kind()) {
                _ if !have_all => Content::Text(field),
                (FlowType::Int, _) => Content::Number(field),
                (_, FieldKind::Address) if is_four => Content::Address(field),
                _ => Content::Text(field),
            };
            let column = format!("record_{}", fields.len());
            fields.push((name.clone(), column.clone(), content.kind()));
            columns.push((column, content));
        }
        let arrow = |(name, content): &(String, Content)| ArrowField::new(name, content.data_type(), true);
        Layout {
            schema: Arc::new(Schema::new(columns.iter().map(arrow).collect::<Vec<_>>())),
            contents: columns.into_iter().map(|(_, content)| content).collect(),
            fields,
            message,
        }
    }
}

#[cfg(test)]
mod tests {
    use weir_flowlog::Format;
    use weir_insights::flow_field;

    use super::*;

    /// Two crates that do not know each other name the same fields.
    #[test]
    fn the_language_and_the_formats_know_the_same_fields() {
        for field in Field::ALL {
            let known = flow_field(field.name()).map(|known| known.name);
            assert_eq!(known, Some(field.name()));
        }
        assert_eq!(FLOW_FIELDS.len(), Field::ALL.len());
        assert!(Format::default().columns().len() == weir_insights::default_format().len());
    }
}
