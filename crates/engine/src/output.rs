//! The rows of an answer as a Parquet file.
//!
//! A column is of integers or numbers if each of its texts is written as one; of times if each is as Insights prints
//! them; else of texts.

use std::sync::Arc;

use chrono::{NaiveDateTime, Timelike};
use datafusion::arrow::array::{
    ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMillisecondArray,
};
use datafusion::arrow::datatypes::{Field, Schema};
use datafusion::error::Result;
use datafusion::parquet::arrow::ArrowWriter;
use weir_insights::QueryResult;

/// How Insights prints times.
const TIME: &str = "%Y-%m-%d %H:%M:%S%.3f";

/// The rows as the bytes of a Parquet file. A field that a row does not have is null.
///
/// # Errors
/// Two columns have the same name.
pub fn parquet(result: &QueryResult) -> Result<Vec<u8>> {
    let column = |at: usize| {
        let texts = result.rows.iter().map(|row| row.values.get(at).and_then(Option::as_deref));
        column(&texts.collect::<Vec<_>>())
    };
    let columns: Vec<ArrayRef> = (0..result.columns.len()).map(column).collect();
    let named = result.columns.iter().zip(&columns);
    let fields = named.map(|(name, column)| Field::new(name, column.data_type().clone(), true));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let mut bytes = vec![];
    let mut writer = ArrowWriter::try_new(&mut bytes, schema.clone(), None)?;
    writer.write(&RecordBatch::try_new(schema, columns)?)?;
    writer.close()?;
    Ok(bytes)
}

fn column(texts: &[Option<&str>]) -> ArrayRef {
    if texts.iter().all(Option::is_none) {
        return Arc::new(StringArray::from(texts.to_vec()));
    }
    if let Some(numbers) = all(texts, whole) {
        return Arc::new(Int64Array::from(numbers));
    }
    if let Some(numbers) = all(texts, number) {
        return Arc::new(Float64Array::from(numbers));
    }
    if let Some(times) = all(texts, time_ms) {
        return Arc::new(TimestampMillisecondArray::from(times).with_timezone("UTC"));
    }
    Arc::new(StringArray::from(texts.to_vec()))
}

/// What is read of each text that is there; `None` if one is something else.
fn all<T>(texts: &[Option<&str>], read: impl Fn(&str) -> Option<T>) -> Option<Vec<Option<T>>> {
    texts.iter().map(|text| text.map_or(Some(None), |text| read(text).map(Some))).collect()
}

/// A whole number as it is printed: an account's `000000000012` is a text.
fn whole(text: &str) -> Option<i64> {
    text.parse().ok().filter(|number: &i64| number.to_string() == text)
}

fn number(text: &str) -> Option<f64> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || b"-.eE+".contains(&byte));
    let has_zeros = text.strip_prefix('-').unwrap_or(text).strip_prefix('0');
    let is_printed = is_plain && has_zeros.is_none_or(|rest| rest.is_empty() || rest.starts_with('.'));
    text.parse().ok().filter(|number: &f64| is_printed && number.is_finite())
}

fn time_ms(text: &str) -> Option<i64> {
    let time = NaiveDateTime::parse_from_str(text, TIME).ok()?;
    let is_printed = text.len() == "2019-02-04 12:00:00.000".len() && time.nanosecond() % 1_000_000 == 0;
    is_printed.then(|| time.and_utc().timestamp_millis())
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::datatypes::{DataType, TimeUnit};
    use datafusion::arrow::util::display::array_value_to_string;
    use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReader;
    use weir_insights::ResultRow;

    use super::*;

    /// A column's name, the texts of both rows, its type, and both rows as they are read back.
    type Column = (&'static str, [Option<&'static str>; 2], DataType, [&'static str; 2]);

    #[test]
    fn rows_are_read_back_with_their_types() {
        let time = DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()));
        let columns: [Column; 6] = [
            ("n", [Some("1"), Some("-20")], DataType::Int64, ["1", "-20"]),
            ("avg(n)", [Some("1.5"), Some("2")], DataType::Float64, ["1.5", "2.0"]),
            ("account", [Some("000000000012"), Some("3")], DataType::Utf8, ["000000000012", "3"]),
            ("bytes", [Some("-"), Some("3")], DataType::Utf8, ["-", "3"]),
            ("none", [None, None], DataType::Utf8, ["", ""]),
            ("@timestamp", [Some("2019-02-04 12:00:00.250"), None], time, ["2019-02-04T12:00:00.250Z", ""]),
        ];
        let row = |at: usize| ResultRow {
            values: columns.iter().map(|(_, texts, ..)| texts[at].map(str::to_owned)).collect(),
            ptr: None,
        };
        let result = QueryResult {
            columns: columns.iter().map(|(name, ..)| (*name).to_owned()).collect(),
            rows: vec![row(0), row(1)],
            ..QueryResult::default()
        };
        let bytes = parquet(&result).expect("names that differ");
        let mut reader = ParquetRecordBatchReader::try_new(bytes::Bytes::from(bytes), 10).expect("Parquet");
        let batch = reader.next().expect("a batch").expect("sound");
        for (at, (name, _, data_type, expected)) in columns.iter().enumerate() {
            assert_eq!(
                (batch.schema().field(at).name().as_str(), batch.column(at).data_type()),
                (*name, data_type)
            );
            let shown = [0, 1].map(|row| array_value_to_string(batch.column(at), row).expect("a text"));
            assert_eq!(&shown, expected, "{name}");
        }
        assert!(parquet(&QueryResult { columns: vec!["a".into()], ..QueryResult::default() }).is_ok());
    }
}
