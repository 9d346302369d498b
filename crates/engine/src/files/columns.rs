//! Records on their way to a batch: numbers at once, texts as places in the file's bytes until it is known which rows stay.

use std::fmt::Write;
use std::ops::Range;
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, Int64Builder, PrimitiveBuilder, RecordBatch,
    RecordBatchOptions, StringViewArray, StringViewBuilder, UInt8Array, UInt32Builder, new_null_array,
};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::arrow::compute::{filter, take};
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::Result;
use datafusion::physical_plan::PhysicalExpr;
use weir_flowlog::field::Kind;
use weir_flowlog::{Field, Format, Record, Value};

use super::layout::{Content, Layout};
use super::plain::{LINES, Lane, PlainLines, Span, Take, Values, word, words};

/// The columns that one scan reads, and which rows it keeps.
#[derive(Debug)]
pub struct Wanted {
    /// What each column that is read holds.
    pub contents: Vec<Content>,
    /// Over the cheap ones of these columns; all must be true of a row.
    pub filters: Vec<Arc<dyn PhysicalExpr>>,
    /// The cheap ones of these columns.
    pub cheap: SchemaRef,
    /// Those of the columns that are given on, in order.
    pub output: Vec<usize>,
    /// The columns given on.
    pub schema: SchemaRef,
}

impl Wanted {
    /// The columns `output` of a layout, read together with those that the filters look at.
    ///
    /// # Errors
    /// `predicates` fails to say what the filters are over the schema it is given.
    pub fn new(
        layout: &Layout,
        output: &[usize],
        filtered: &[usize],
        filters: impl FnOnce(&SchemaRef) -> Result<Vec<Arc<dyn PhysicalExpr>>>,
    ) -> Result<Wanted> {
        let mut read: Vec<usize> = output.iter().chain(filtered).copied().collect();
        read.sort_unstable();
        read.dedup();
        let cheap: Vec<usize> =
            read.iter().copied().filter(|index| layout.contents[*index].is_cheap()).collect();
        let cheap = Arc::new(layout.schema.project(&cheap)?);
        Ok(Wanted {
            contents: read.iter().map(|index| layout.contents[*index]).collect(),
            filters: filters(&cheap)?,
            cheap,
            output: output.iter().filter_map(|index| read.binary_search(index).ok()).collect(),
            schema: Arc::new(layout.schema.project(output)?),
        })
    }

    /// How lines of a format are read to these columns.
    pub fn lines(&self, format: &Format) -> PlainLines {
        PlainLines::new(format, self.contents.len(), |field| {
            let take = |content: &Content| match content {
                Content::Text(_) if words(field.kind()).is_empty() => Take::Text,
                _ => Take::Value,
            };
            let of_field = |content: &&Content| match content {
                Content::Number(own) | Content::Address(own) | Content::Text(own) => *own == field,
                _ => false,
            };
            let is_time = |content: &&Content| field == Field::Start && **content == Content::Timestamp;
            let find = |is: &dyn Fn(&&Content) -> bool| {
                let (column, content) = self.contents.iter().enumerate().find(|(_, content)| is(content))?;
                Some((column, take(content)))
            };
            [find(&of_field), find(&is_time)]
        })
    }
}

/// The value of a field of a record that was read the slow way.
enum Cell {
    /// The format does not have the field.
    Absent,
    /// `-`.
    Dash,
    /// A number.
    Number(u64),
    /// An IPv4 address.
    Address(u32),
    /// A text.
    Text(Span),
    /// One of the [`words`] of its kind, by its place among them.
    Word(u8),
}

/// Records of one file on their way to a batch.
pub struct Columns {
    wanted: Arc<Wanted>,
    columns: Vec<Column>,
    /// Texts that do not stand in the block as they are: [`DASH`] first.
    aside: String,
    rows: usize,
    has_other_address: bool,
}

enum Column {
    Int(Int64Builder),
    Address(UInt32Builder),
    Text(Vec<Option<Span>>),
    /// Places among the words of a field that says few, then that of the dash, then that of what is absent.
    Words(Kind, Vec<u8>),
    /// The same for all rows of a file.
    Fixed,
}

const DASH: Span = Span { start: Span::ASIDE, len: 1 };

/// A file, as its records name it.
pub struct Place {
    /// Its path.
    pub group: String,
    /// Its name.
    pub stream: String,
}

impl Columns {
    pub fn new(wanted: Arc<Wanted>) -> Columns {
        let column = |content: &Content| match content {
            Content::Timestamp | Content::Sequence | Content::Number(_) => Column::Int(Int64Builder::new()),
            Content::Address(_) => Column::Address(UInt32Builder::new()),
            Content::Text(field) if !words(field.kind()).is_empty() => Column::Words(field.kind(), vec![]),
            Content::Message | Content::Text(_) => Column::Text(vec![]),
            Content::Ingestion | Content::Group | Content::Stream => Column::Fixed,
        };
        let columns: Vec<Column> = wanted.contents.iter().map(column).collect();
        Columns { wanted, columns, aside: "-".into(), rows: 0, has_other_address: false }
    }

    /// How many records wait.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether a column of IPv4 addresses met a value that is none: another layout is needed.
    pub fn has_other_address(&self) -> bool {
        self.has_other_address
    }

    /// Adds records of plain lines, `count` from `row` on, the first with this place among all.
    pub fn push_plain(&mut self, lines: &PlainLines, (row, count): (usize, usize), sequence: i64) {
        self.rows += count;
        let rows = row..row + count;
        for (index, (column, content)) in self.columns.iter_mut().zip(&self.wanted.contents).enumerate() {
            match (column, lines.lane(index)) {
                (Column::Int(builder), _) if *content == Content::Sequence => {
                    let places: [i64; LINES] = std::array::from_fn(|at| sequence + at as i64);
                    builder.append_slice(&places[..count]);
                }
                (Column::Int(builder), Lane::Numbers(seconds)) if *content == Content::Timestamp => {
                    let (values, dashes) = (seconds.values.map(|seconds| seconds * 1000), seconds.dashes);
                    append(builder, &Values { values, dashes }, rows.clone());
                }
                (Column::Int(builder), Lane::Numbers(values)) => append(builder, values, rows.clone()),
                (Column::Int(builder), _) => builder.append_nulls(count),
                (Column::Address(builder), Lane::Addresses(values)) => append(builder, values, rows.clone()),
                (Column::Address(builder), _) => {
                    self.has_other_address = true;
                    builder.append_nulls(count);
                }
                (Column::Text(spans), _) if *content == Content::Message => {
                    spans.extend(rows.clone().map(|row| Some(lines.line(row))));
                }
                (Column::Text(spans), Lane::Texts(texts)) => {
                    spans.extend(texts[rows.clone()].iter().copied().map(Some));
                }
                (Column::Text(spans), _) => spans.extend((0..count).map(|_| None)),
                (Column::Words(_, places), Lane::Words(words)) => {
                    places.extend_from_slice(&words[rows.clone()]);
                }
                (Column::Words(kind, places), _) => {
                    places.extend((0..count).map(|_| words(*kind).len() as u8 + 1));
                }
                (Column::Fixed, _) => {}
            }
        }
    }

    /// Adds a record that was read the slow way, with its place and line.
    pub fn push_record(&mut self, record: &Record, sequence: i64, line: &str) {
        self.rows += 1;
        let aside = &mut self.aside;
        for (column, content) in self.columns.iter_mut().zip(&self.wanted.contents) {
            let cell = match content {
                Content::Timestamp => record.number(Field::Start).map_or(Cell::Absent, Cell::Number),
                Content::Number(field) | Content::Address(field) | Content::Text(field) => {
                    cell_of(record, *field, (line, &mut *aside))
                }
                _ => Cell::Absent,
            };
            match (column, cell) {
                (Column::Int(builder), _) if *content == Content::Sequence => builder.append_value(sequence),
                (Column::Int(builder), Cell::Number(seconds)) if *content == Content::Timestamp => {
                    builder.append_value(seconds as i64 * 1000);
                }
                (Column::Int(builder), Cell::Number(number)) => builder.append_value(number as i64),
                (Column::Int(builder), _) => builder.append_null(),
                (Column::Address(builder), Cell::Address(address)) => builder.append_value(address),
                (Column::Address(builder), cell) => {
                    self.has_other_address |= !matches!(cell, Cell::Dash);
                    builder.append_null();
                }
                (Column::Text(spans), _) if *content == Content::Message => {
                    spans.push(Some(put_aside(aside, line)));
                }
                (Column::Text(spans), Cell::Text(span)) => spans.push(Some(span)),
                (Column::Text(spans), Cell::Dash) => spans.push(Some(DASH)),
                (Column::Text(spans), Cell::Absent | Cell::Word(_)) => spans.push(None),
                (Column::Text(spans), Cell::Number(number)) => spans.push(Some(put_aside(aside, number))),
                (Column::Text(spans), Cell::Address(address)) => {
                    spans.push(Some(put_aside(aside, std::net::Ipv4Addr::from(address))));
                }
                (Column::Words(_, places), Cell::Word(place)) => places.push(place),
                (Column::Words(kind, places), cell) => {
                    let behind = words(*kind).len() as u8;
                    places.push(behind + u8::from(!matches!(cell, Cell::Dash)));
                }
                (Column::Fixed, _) => {}
            }
        }
    }

    /// The records that pass the filters as a batch; their texts are in `block`. No records wait any more.
    ///
    /// # Errors
    /// A filter fails.
    pub fn finish(&mut self, block: &[u8], place: &Place) -> Result<RecordBatch> {
        let rows = std::mem::take(&mut self.rows);
        let mut arrays: Vec<Option<ArrayRef>> = self.columns.iter_mut().map(Column::finish_cheap).collect();
        let cheap: Vec<ArrayRef> = arrays.iter().flatten().cloned().collect();
        let kept = kept(&self.wanted, cheap, rows)?;
        let rows = kept.as_ref().map_or(rows, BooleanArray::true_count);
        let (aside, contents) = (&self.aside, &self.wanted.contents);
        for ((array, column), content) in arrays.iter_mut().zip(&mut self.columns).zip(contents) {
            *array = Some(match (array.take(), column) {
                (Some(array), _) => match &kept {
                    Some(kept) => filter(&array, kept)?,
                    None => array,
                },
                (None, Column::Words(kind, places)) => {
                    texts_of_words(*kind, std::mem::take(places), kept.as_ref())?
                }
                (None, Column::Text(spans)) => texts(std::mem::take(spans), kept.as_ref(), block, aside),
                (None, _) => match content {
                    Content::Group => repeated(&place.group, rows),
                    Content::Stream => repeated(&place.stream, rows),
                    _ => new_null_array(&DataType::Int64, rows),
                },
            });
        }
        self.aside.truncate(1);
        let output = self.wanted.output.iter().filter_map(|index| arrays[*index].clone()).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        Ok(RecordBatch::try_new_with_options(self.wanted.schema.clone(), output, &options)?)
    }
}

impl Column {
    fn finish_cheap(&mut self) -> Option<ArrayRef> {
        match self {
            Column::Int(builder) => Some(Arc::new(builder.finish())),
            Column::Address(builder) => Some(Arc::new(builder.finish())),
            Column::Text(_) | Column::Words(..) | Column::Fixed => None,
        }
    }
}

fn append<T: ArrowPrimitiveType>(
    builder: &mut PrimitiveBuilder<T>,
    Values { values, dashes }: &Values<T::Native>,
    rows: Range<usize>,
) {
    match dashes >> rows.start << rows.start {
        0 => builder.append_slice(&values[rows]),
        dashes => {
            for row in rows {
                builder.append_option((dashes >> row & 1 == 0).then(|| values[row]));
            }
        }
    }
}

fn put_aside(aside: &mut String, text: impl std::fmt::Display) -> Span {
    let start = aside.len();
    write!(aside, "{text}").expect("a String takes any text");
    Span { start: start as u32 | Span::ASIDE, len: (aside.len() - start) as u32 }
}

fn cell_of(record: &Record, field: Field, (line, aside): (&str, &mut String)) -> Cell {
    match record.value(field) {
        // The format may have changed in mid-file: a field that it lacks is absent, not a dash.
        Value::Absent if record.format().position(field).is_none() => Cell::Absent,
        Value::Absent => Cell::Dash,
        Value::Number(number) => Cell::Number(*number),
        Value::Address(std::net::IpAddr::V4(address)) => Cell::Address(u32::from(*address)),
        value @ (Value::Action(_) | Value::Status(_)) => {
            word(field.kind(), value.to_string().as_bytes()).map_or(Cell::Absent, Cell::Word)
        }
        Value::Text(text) => Cell::Text(put_aside(aside, text)),
        // As it is written: an IPv6 address may be so in several ways.
        Value::Address(address) => match token(record, field, line) {
            Some(token) => Cell::Text(put_aside(aside, token)),
            None => Cell::Text(put_aside(aside, address)),
        },
    }
}

/// What is written for a field. Something may stand before a record in its line, but nothing behind it.
fn token<'a>(record: &Record, field: Field, line: &'a str) -> Option<&'a str> {
    let format = record.format();
    let behind = format.columns().len() - 1 - format.position(field)?;
    line.trim_start_matches('\u{feff}').trim().split_ascii_whitespace().nth_back(behind)
}

/// Which rows the filters keep; `None` for all.
fn kept(wanted: &Wanted, cheap: Vec<ArrayRef>, rows: usize) -> Result<Option<BooleanArray>> {
    if wanted.filters.is_empty() {
        return Ok(None);
    }
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    let batch = RecordBatch::try_new_with_options(wanted.cheap.clone(), cheap, &options)?;
    let mut kept = BooleanBuffer::new_set(rows);
    for filter in &wanted.filters {
        let passed = filter.evaluate(&batch)?.into_array(rows)?;
        let passed = passed.as_boolean();
        kept = &kept & passed.values();
        // Null is false.
        if let Some(valid) = passed.nulls() {
            kept = &kept & valid.inner();
        }
    }
    Ok(Some(BooleanArray::new(kept, None)))
}

fn texts(spans: Vec<Option<Span>>, kept: Option<&BooleanArray>, block: &[u8], aside: &str) -> ArrayRef {
    let mut builder = StringViewBuilder::new();
    let mut append = |span: Option<Span>| builder.append_option(span.map(|span| text(span, block, aside)));
    match kept {
        None => spans.into_iter().for_each(append),
        Some(kept) => kept.values().set_indices().for_each(|row| append(spans[row])),
    }
    Arc::new(builder.finish())
}

/// The words at these places: each is made once, and then only pointed at.
fn texts_of_words(kind: Kind, places: Vec<u8>, kept: Option<&BooleanArray>) -> Result<ArrayRef> {
    let made = words(kind).iter().copied().chain(["-"]).map(Some).chain([None]);
    let mut places: ArrayRef = Arc::new(UInt8Array::from(places));
    if let Some(kept) = kept {
        places = filter(&places, kept)?;
    }
    Ok(take(&StringViewArray::from_iter(made), &places, None)?)
}

fn text<'a>(span: Span, block: &'a [u8], aside: &'a str) -> &'a str {
    let range = |start: u32| start as usize..(start + span.len) as usize;
    match span.start & Span::ASIDE {
        // Spans of the block are of ASCII alone.
        0 => std::str::from_utf8(&block[range(span.start)]).unwrap_or_default(),
        _ => &aside[range(span.start & !Span::ASIDE)],
    }
}

fn repeated(text: &str, rows: usize) -> ArrayRef {
    let mut builder = StringViewBuilder::new().with_deduplicate_strings();
    (0..rows).for_each(|_| builder.append_value(text));
    Arc::new(builder.finish())
}
