//! Rows as people and programs read them.

use crate::Failure;
use crate::arguments::Output;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use weir_engine::output::parquet;
use weir_insights::{QueryResult, ResultRow, bar_chart};

/// The rows as they are written; as bars, if they are drawn so wide.
///
/// # Errors
/// Rows that are no Parquet.
pub fn printed(result: &QueryResult, output: Output, chart_width: Option<usize>) -> Result<Vec<u8>, Failure> {
    let text = match output {
        Output::Table => table(result, chart_width),
        Output::Json => json(result),
        Output::Jsonl => json_lines(result),
        Output::Csv => csv(result),
        Output::Parquet => return parquet(result).map_err(|error| Failure::from(error.to_string())),
    };
    Ok(text.into_bytes())
}

/// Aligned columns, or bars.
fn table(result: &QueryResult, chart_width: Option<usize>) -> String {
    if let Some(chart) = chart_width.and_then(|width| bar_chart(result, width)) {
        return chart;
    }
    let cell = |row: &ResultRow, column: usize| row.values.get(column).cloned().flatten().unwrap_or_default();
    let width = |(column, name): (usize, &String)| {
        let widest = result.rows.iter().map(|row| cell(row, column).chars().count()).max().unwrap_or(0);
        widest.max(name.chars().count())
    };
    let widths: Vec<usize> = result.columns.iter().enumerate().map(width).collect();
    let line = |cells: Vec<String>| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    let mut text = line(result.columns.clone());
    for row in &result.rows {
        text += &line((0..widths.len()).map(|column| cell(row, column)).collect());
    }
    text
}

/// What a row has, in the order of columns.
struct Object<'a> {
    columns: &'a [String],
    row: &'a ResultRow,
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in self.columns.iter().zip(&self.row.values) {
            if let Some(value) = value {
                map.serialize_entry(name, value)?;
            }
        }
        map.end()
    }
}

fn objects(result: &QueryResult) -> impl Iterator<Item = Object<'_>> {
    result.rows.iter().map(|row| Object { columns: &result.columns, row })
}

fn json(result: &QueryResult) -> String {
    let rows: Vec<_> = objects(result).collect();
    serde_json::to_string_pretty(&rows).expect("texts by texts") + "\n"
}

fn json_lines(result: &QueryResult) -> String {
    objects(result).map(|row| serde_json::to_string(&row).expect("texts by texts") + "\n").collect()
}

/// Names, then rows; a field that a row does not have is empty.
fn csv(result: &QueryResult) -> String {
    let quoted = |text: &str| match text.contains(['"', ',', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    };
    let line = |cells: Vec<String>| cells.join(",") + "\r\n";
    let names = line(result.columns.iter().map(|name| quoted(name)).collect());
    let cells = |row: &ResultRow| {
        let cell = |column: usize| row.values.get(column).and_then(Option::as_deref).unwrap_or_default();
        (0..result.columns.len()).map(|column| quoted(cell(column))).collect()
    };
    names + &result.rows.iter().map(|row| line(cells(row))).collect::<String>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(rows: &[[Option<&str>; 2]]) -> QueryResult {
        let values = |row: &[Option<&str>; 2]| row.iter().map(|value| value.map(str::to_owned)).collect();
        let rows = rows.iter().map(|row| ResultRow { values: values(row), ptr: None }).collect();
        QueryResult { columns: vec!["a".to_owned(), "b,c".to_owned()], rows, ..QueryResult::default() }
    }

    #[test]
    fn csv_quotes_what_has_to_be() {
        let result = answer(&[[Some("1"), Some("say \"hi\"")], [None, Some("x\ny")]]);
        assert_eq!(csv(&result), "a,\"b,c\"\r\n1,\"say \"\"hi\"\"\"\r\n,\"x\ny\"\r\n");
    }

    #[test]
    fn objects_have_their_fields_in_the_order_of_columns() {
        let mut result = answer(&[[Some("1"), Some("2")]]);
        result.columns = ["z".to_owned(), "a".to_owned()].to_vec();
        assert_eq!(json_lines(&result), "{\"z\":\"1\",\"a\":\"2\"}\n");
    }

    #[test]
    fn json_is_an_array_of_what_rows_have() {
        let result = answer(&[[Some("1"), None]]);
        assert_eq!(json(&result), "[\n  {\n    \"a\": \"1\"\n  }\n]\n");
    }
}
