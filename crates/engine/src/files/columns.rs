//! The columns that a query reads of records, and building them.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayBuilder, ArrayRef, Int64Builder, RecordBatch, StringViewBuilder, new_null_array,
};
use datafusion::arrow::datatypes::{DataType, Field as ArrowField, Schema, SchemaRef};
use datafusion::common::Result;
use weir_flowlog::{Field, Record, Value};
use weir_insights::{FLOW_FIELDS, FlowType, Plan};

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
    /// Names in a query, columns and kinds.
    pub fields: Vec<(String, String, Kind)>,
    /// The column of lines, if they are read.
    pub message: Option<String>,
    /// The field of each of `fields`.
    sources: Vec<Field>,
    /// Whether anyone asks where a record comes from.
    has_place: bool,
}

impl Layout {
    /// The columns for the names that a plan reads of these files.
    ///
    /// A field that only some of the files have is text, for it may be absent beside being `-`.
    pub fn new(plan: &Plan, names: &BTreeSet<String>, files: &[Surveyed]) -> Layout {
        let mut columns: Vec<ArrowField> = [TIMESTAMP, SEQUENCE, INGESTION].map(int).to_vec();
        columns.extend([GROUP, STREAM].map(text));
        let message = names.contains("@message").then(|| MESSAGE.to_string());
        columns.extend(message.as_deref().map(text));
        let (mut fields, mut sources) = (vec![], vec![]);
        for name in names {
            let known = FLOW_FIELDS.iter().find(|field| field.field == name);
            let Some((field, known)) = known.and_then(|known| Some((Field::named(known.name)?, known)))
            else {
                continue;
            };
            let having = files.iter().filter(|file| file.format.position(field).is_some()).count();
            if having == 0 {
                continue;
            }
            let is_int = known.kind == FlowType::Int && having == files.len();
            let column = format!("record_{}", fields.len());
            columns.push(if is_int { int(&column) } else { text(&column) });
            fields.push((name.clone(), column, if is_int { Kind::DashInt } else { Kind::Text }));
            sources.push(field);
        }
        let has_place = plan.is_events
            || ["@log", "@logStream", "logStream", "@ptr"].iter().any(|name| names.contains(*name));
        Layout { schema: Arc::new(Schema::new(columns)), fields, message, sources, has_place }
    }
}

fn int(name: &str) -> ArrowField {
    ArrowField::new(name, DataType::Int64, true)
}

fn text(name: &str) -> ArrowField {
    ArrowField::new(name, DataType::Utf8View, true)
}

/// Records of one file on their way to a batch.
pub struct Columns {
    layout: Arc<Layout>,
    timestamp: Int64Builder,
    sequence: Int64Builder,
    message: StringViewBuilder,
    fields: Vec<Column>,
    scratch: String,
}

enum Column {
    Int(Int64Builder),
    Text(StringViewBuilder),
}

impl Columns {
    pub fn new(layout: Arc<Layout>) -> Columns {
        let column = |(_, _, kind): &(String, String, Kind)| match kind {
            Kind::DashInt => Column::Int(Int64Builder::new()),
            _ => Column::Text(StringViewBuilder::new()),
        };
        let fields = layout.fields.iter().map(column).collect();
        let (timestamp, sequence) = (Int64Builder::new(), Int64Builder::new());
        Columns {
            layout,
            timestamp,
            sequence,
            message: StringViewBuilder::new(),
            fields,
            scratch: String::new(),
        }
    }

    /// How many records wait.
    pub fn len(&self) -> usize {
        self.sequence.len()
    }

    /// Adds a record with its place and the line it was read from.
    pub fn push(&mut self, record: &Record, sequence: i64, line: &str) {
        let start = record.number(Field::Start).map(|seconds| seconds as i64 * 1000);
        self.timestamp.append_option(start);
        self.sequence.append_value(sequence);
        if self.layout.message.is_some() {
            self.message.append_value(line);
        }
        for (column, field) in self.fields.iter_mut().zip(&self.layout.sources) {
            match (column, record.value(*field)) {
                (Column::Int(builder), Value::Number(number)) => builder.append_value(*number as i64),
                (Column::Int(builder), _) => builder.append_null(),
                (Column::Text(builder), Value::Text(text)) => builder.append_value(text),
                (Column::Text(builder), value) => {
                    // The format may have changed in mid-file: a field that it lacks is absent, not a dash.
                    let has_field = *value != Value::Absent || record.format().position(*field).is_some();
                    self.scratch.clear();
                    write!(self.scratch, "{value}").expect("a String takes any text");
                    builder.append_option(has_field.then_some(&self.scratch));
                }
            }
        }
    }

    /// The records as a batch, of a file with this path and name. No records wait any more.
    pub fn finish(&mut self, path: &str, name: &str) -> Result<RecordBatch> {
        let rows = self.len();
        let (group, stream) = match self.layout.has_place {
            true => (repeated(path, rows), repeated(name, rows)),
            false => (new_null_array(&DataType::Utf8View, rows), new_null_array(&DataType::Utf8View, rows)),
        };
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(self.timestamp.finish()),
            Arc::new(self.sequence.finish()),
            new_null_array(&DataType::Int64, rows),
            group,
            stream,
        ];
        if self.layout.message.is_some() {
            columns.push(Arc::new(self.message.finish()));
        }
        columns.extend(self.fields.iter_mut().map(|column| match column {
            Column::Int(builder) => Arc::new(builder.finish()) as ArrayRef,
            Column::Text(builder) => Arc::new(builder.finish()),
        }));
        Ok(RecordBatch::try_new(self.layout.schema.clone(), columns)?)
    }
}

fn repeated(text: &str, rows: usize) -> ArrayRef {
    let mut builder = StringViewBuilder::new().with_deduplicate_strings();
    (0..rows).for_each(|_| builder.append_value(text));
    Arc::new(builder.finish())
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
