//! A checkpoint: all actions that still count as the rows of one Parquet file, a column for each kind of action.

use std::io;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::json::{LineDelimitedWriter, ReaderBuilder};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::action::{self, Action};
use crate::segment::unless_damaged;

/// The checkpoint of these actions.
///
/// # Errors
/// Never for actions that a checkpoint has.
pub fn bytes(actions: &[Action]) -> io::Result<Vec<u8>> {
    let mut decoder =
        ReaderBuilder::new(schema()).with_batch_size(actions.len().max(1)).build_decoder().map_err(told)?;
    decoder.decode(&action::lines(actions)?).map_err(told)?;
    let mut bytes = vec![];
    let properties =
        WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::default())).build();
    let mut writer = ArrowWriter::try_new(&mut bytes, schema(), Some(properties))?;
    if let Some(rows) = decoder.flush().map_err(told)? {
        writer.write(&rows)?;
    }
    writer.close()?;
    Ok(bytes)
}

/// The actions of a checkpoint.
///
/// # Errors
/// It is none, or is damaged.
pub fn parse(bytes: Vec<u8>) -> io::Result<Vec<Action>> {
    let mut lines = LineDelimitedWriter::new(vec![]);
    let batches = unless_damaged(|| -> Result<Vec<_>, ParquetError> {
        let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes))?.build()?;
        Ok(reader.collect::<Result<_, _>>()?)
    });
    for rows in batches?? {
        lines.write(&rows).map_err(told)?;
    }
    lines.finish().map_err(told)?;
    action::parse(&lines.into_inner())
}

fn told(error: ArrowError) -> io::Error {
    io::Error::other(error)
}

fn schema() -> SchemaRef {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let long = |name: &str| Field::new(name, DataType::Int64, true);
    let int = |name: &str| Field::new(name, DataType::Int32, true);
    let map = |name: &str| {
        let entry = Fields::from(vec![Field::new("key", DataType::Utf8, false), text("value")]);
        let entries = Field::new("key_value", DataType::Struct(entry), false);
        Field::new(name, DataType::Map(Arc::new(entries), false), true)
    };
    let group = |name: &str, fields: Vec<Field>| Field::new(name, DataType::Struct(fields.into()), true);
    let list = |name: &str| Field::new(name, DataType::List(Arc::new(text("element"))), true);
    Arc::new(Schema::new(vec![
        group("protocol", vec![int("minReaderVersion"), int("minWriterVersion")]),
        group(
            "metaData",
            vec![
                text("id"),
                group("format", vec![text("provider"), map("options")]),
                text("schemaString"),
                list("partitionColumns"),
                map("configuration"),
                long("createdTime"),
            ],
        ),
        group(
            "add",
            vec![
                text("path"),
                map("partitionValues"),
                long("size"),
                long("modificationTime"),
                Field::new("dataChange", DataType::Boolean, true),
                text("stats"),
            ],
        ),
    ]))
}
