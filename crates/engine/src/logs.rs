//! Queries over log groups: sealed segments and what is still in memory.

pub mod ends;

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::dataframe::DataFrame;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{Expr as Lowered, lit};
use datafusion::prelude::{ParquetReadOptions, SessionContext};
use weir_flowlog::Field;
use weir_flowlog::field::Kind as FieldKind;
use weir_insights::{
    Execute, ExecuteError, FlowField, Origin, Plan, QueryResult, Row, Run, Statistics, estimated, flow_field,
};
use weir_store::disk::Location;
use weir_store::record::{self, SYSTEM_COLUMNS};
use weir_store::{EVENT_OVERHEAD_BYTES, Scan, Segment};

use crate::engine::{Engine, Query, failed};
use crate::events::{
    self, ENTITY, INGESTION, Part, SEQUENCE, STREAM, Shape, TIMESTAMP, as_int, as_text, names_read, text,
};
use crate::kind::Kind;
use crate::narrow::Narrow;
use crate::scalar::{Op, call};
use crate::scope::column_of;
use ends::LeftOut;

/// The engine's column of messages. Its columns have names that the store's have not, for the optimizer takes a name
/// that two tables have for the same column.
const MESSAGE: &str = "event_message";

/// A log group to query.
#[derive(Clone, Debug)]
pub struct LogGroup {
    /// What it tells of its events.
    pub origin: Origin,
    /// Its rows.
    pub scan: Scan,
}

/// Runs plans over log groups.
///
/// Records scanned are those of the segments and batches that the time range touches.
impl Execute<[LogGroup]> for Engine {
    fn execute(&self, plan: &Plan, groups: &[LogGroup], run: Run<'_>) -> Result<QueryResult, ExecuteError> {
        if plan.is_estimate {
            return Ok(estimated(self.bytes(plan, groups, run)?));
        }
        let (mut result, _) = self.over_groups(plan, groups, run, false)?;
        result.statistics = scanned(groups, result.statistics);
        Ok(result)
    }

    fn bytes(&self, _: &Plan, groups: &[LogGroup], _: Run<'_>) -> Result<u64, ExecuteError> {
        Ok(groups.iter().map(|group| message_bytes(&group.scan)).sum())
    }

    fn rows(
        &self,
        plan: &Plan,
        groups: &[LogGroup],
        run: Run<'_>,
    ) -> Result<(Vec<Row>, Statistics), ExecuteError> {
        let (result, rows) = self.over_groups(plan, groups, run, true)?;
        Ok((rows, scanned(groups, result.statistics)))
    }
}

impl Engine {
    /// The rows as texts, or as values if `as_values` is set.
    fn over_groups(
        &self,
        plan: &Plan,
        groups: &[LogGroup],
        run: Run<'_>,
        as_values: bool,
    ) -> Result<(QueryResult, Vec<Row>), ExecuteError> {
        let left_out = LeftOut::new(plan, groups, run);
        let (mut result, rows) = self.narrow_first(|narrow| {
            self.wait(async {
                let context = self.context()?;
                let query = Query { context: &context, plan, run, narrow };
                self.run_as(query, parts(query, groups, &left_out).await?, as_values).await
            })
        })?;
        result.statistics.records_matched += left_out.rows;
        Ok((result, rows))
    }
}

/// The statistics with what reading the groups has cost.
fn scanned(groups: &[LogGroup], statistics: Statistics) -> Statistics {
    Statistics {
        log_groups_scanned: groups.len() as u64,
        records_scanned: groups.iter().map(|group| group.scan.row_count()).sum(),
        bytes_scanned: groups.iter().map(|group| message_bytes(&group.scan)).sum(),
        ..statistics
    }
}

async fn parts(query: Query<'_>, groups: &[LogGroup], left_out: &LeftOut) -> Result<Vec<Part>, ExecuteError> {
    let mut parts = vec![];
    for group in groups {
        parts.extend(group_parts(query, group, left_out).await?);
    }
    if parts.is_empty() {
        parts.push(empty(query.context)?);
    }
    Ok(parts)
}

fn message_bytes(scan: &Scan) -> u64 {
    scan.raw_bytes().saturating_sub(scan.row_count() * EVENT_OVERHEAD_BYTES)
}

/// No rows at all: a group that holds nothing yet is queried like any other.
fn empty(context: &SessionContext) -> Result<Part, ExecuteError> {
    let schema = record::schema(None);
    let frame = context.read_batch(RecordBatch::new_empty(schema.clone())).map_err(failed)?;
    let (frame, shape) = normalised(frame, &schema, None).map_err(failed)?;
    Ok(Part { frame, log: text(""), fixed: vec![], has_entities: false, shape, partitions: vec![] })
}

async fn group_parts(
    query: Query<'_>,
    group: &LogGroup,
    left_out: &LeftOut,
) -> Result<Vec<Part>, ExecuteError> {
    let context = query.context;
    let (batches, files) = rows_by_columns(&group.scan, left_out)?;
    let mut parts = vec![];
    for batches in batches.into_values() {
        let schema = batches[0].schema();
        let frame = context.read_batches(batches).map_err(failed)?;
        parts.push(part(query, frame, &schema, group).map_err(failed)?);
    }
    for paths in files.into_values() {
        let frame = context.read_parquet(paths, ParquetReadOptions::default()).await.map_err(failed)?;
        let schema = Arc::new(frame.schema().as_arrow().clone());
        parts.push(part(query, frame, &schema, group).map_err(failed)?);
    }
    Ok(parts)
}

/// What tells which columns there are: the format of lines, and whether rows are of entities.
type Columns = (Option<Arc<str>>, bool);

/// What is in memory and what is in files, by its columns.
#[allow(clippy::type_complexity, reason = "two maps by the same key, taken apart at once")]
fn rows_by_columns(
    scan: &Scan,
    left_out: &LeftOut,
) -> Result<(BTreeMap<Columns, Vec<RecordBatch>>, BTreeMap<Columns, Vec<String>>), ExecuteError> {
    let mut batches: BTreeMap<Columns, Vec<RecordBatch>> = BTreeMap::new();
    let mut files: BTreeMap<Columns, Vec<String>> = BTreeMap::new();
    for batch in scan.batches().map_err(unreadable)? {
        let has_entities = record::has_entities(batch.records.schema_ref());
        batches.entry((batch.format, has_entities)).or_default().push(batch.records);
    }
    let is_in = |segment: &&Arc<Segment>| !left_out.segments.contains(&segment.id);
    for segment in scan.segments.iter().filter(is_in) {
        let columns = (segment.format.clone(), segment.has_entities());
        match segment.location().map_err(unreadable)? {
            Location::File(path) => files.entry(columns).or_default().push(file_url(&path)),
            Location::Memory(_) => batches.entry(columns).or_default().extend(read(segment)?),
        }
    }
    Ok((batches, files))
}

fn read(segment: &Segment) -> Result<Vec<RecordBatch>, ExecuteError> {
    let batches = segment.batches().map_err(unreadable)?;
    batches.collect::<Result<_, _>>().map_err(unreadable)
}

fn unreadable(error: weir_store::ReadError) -> ExecuteError {
    ExecuteError::Source(error.to_string())
}

/// The file as a URL, every byte that means something in a URL or a glob escaped.
fn file_url(path: &std::path::Path) -> String {
    let path = path.to_string_lossy();
    let escaped = path.bytes().map(|byte| match byte {
        b'/' | b'-' | b'_' | b'.' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    });
    format!("file://{}", escaped.collect::<String>())
}

fn part(
    Query { plan, run, narrow, .. }: Query<'_>,
    frame: DataFrame,
    schema: &SchemaRef,
    group: &LogGroup,
) -> Result<Part, DataFusionError> {
    let frame = frame.filter(wanted(&group.scan, run))?;
    // A line is made of the addresses as they are written.
    let narrow = narrow.filter(|_| !names_read(plan).contains(events::MESSAGE));
    let (frame, shape) = normalised(frame, schema, narrow)?;
    let origin = &group.origin;
    let fixed = origin.fields().map(|(name, value)| (name, value.to_owned())).collect();
    let has_entities = record::has_entities(schema);
    Ok(Part { frame, log: text(&origin.log), fixed, has_entities, shape, partitions: vec![] })
}

/// In the time range, and not of a stream that was removed.
fn wanted(scan: &Scan, run: Run<'_>) -> Lowered {
    let time = || column_of(SYSTEM_COLUMNS[record::TIMESTAMP]);
    let mut wanted = time().gt_eq(lit(scan.from_ms.max(run.window.start_ms)));
    wanted = wanted.and(time().lt(lit(scan.to_ms))).and(time().lt_eq(lit(run.window.end_ms)));
    for hidden in &scan.hidden {
        let is_other = as_text(SYSTEM_COLUMNS[record::STREAM]).not_eq(text(&hidden.stream));
        let is_later = column_of(SYSTEM_COLUMNS[record::SEQUENCE]).gt_eq(lit(hidden.before_sequence as i64));
        wanted = wanted.and(is_other.or(is_later));
    }
    wanted
}

/// The store's columns as the engine's: integers of 64 bits, texts, and addresses as numbers if they are narrow.
fn normalised(
    frame: DataFrame,
    schema: &SchemaRef,
    narrow: Option<&Narrow>,
) -> Result<(DataFrame, Shape), DataFusionError> {
    let system = |at: usize, name: &str| as_int(SYSTEM_COLUMNS[at]).alias(name);
    let mut columns: Vec<Lowered> = vec![
        system(record::TIMESTAMP, TIMESTAMP),
        system(record::SEQUENCE, SEQUENCE),
        system(record::INGESTION, INGESTION),
        as_text(SYSTEM_COLUMNS[record::STREAM]).alias(STREAM),
    ];
    let mut fields = vec![];
    if record::has_entities(schema) {
        columns.push(column_of(record::ENTITY).alias(ENTITY));
    }
    for (index, column) in schema.fields()[record::format_columns(schema)].iter().enumerate() {
        let known = flow_field(column.name());
        let kind_of = |known: &FlowField| Field::named(known.name).map(Field::kind);
        let is_address = known.and_then(kind_of) == Some(FieldKind::Address);
        let (value, kind) = match (column.data_type(), narrow) {
            (DataType::Int32 | DataType::Int64, _) => (as_int(column.name()), Kind::DashInt),
            (_, Some(narrow)) if is_address => {
                let text = vec![(as_text(column.name()), Kind::DashText)];
                (call(Op::Address(narrow.clone()), Kind::DashAddress, text), Kind::DashAddress)
            }
            _ => (as_text(column.name()), Kind::DashText),
        };
        let field = known.map_or(column.name().as_str(), |field| field.field);
        let name = format!("field_{index}");
        columns.push(value.alias(&name));
        fields.push((field.to_string(), name, kind));
    }
    let shape = match fields.is_empty() {
        false => Shape::Records { fields, message: None },
        true => {
            columns.push(as_text(SYSTEM_COLUMNS[record::MESSAGE]).alias(MESSAGE));
            Shape::Messages { column: MESSAGE.into() }
        }
    };
    Ok((frame.select(columns)?, shape))
}

#[cfg(test)]
mod tests {
    use weir_store::line::LineFormat;

    use super::*;

    #[test]
    fn addresses_of_records_are_numbers_if_they_are_narrow() {
        let schema = record::schema(Some(&LineFormat::flow_log_default()));
        let kinds = |narrow: Option<&Narrow>| {
            let frame = SessionContext::new().read_batch(RecordBatch::new_empty(schema.clone()));
            let (_, shape) = normalised(frame.expect("no rows"), &schema, narrow).expect("columns");
            let Shape::Records { fields, .. } = shape else { panic!("{shape:?}") };
            ["srcAddr", "dstPort", "action"]
                .map(|name| fields.iter().find(|(field, _, _)| field == name).map(|(_, _, kind)| *kind))
        };
        let [address, number, text] = [Kind::DashAddress, Kind::DashInt, Kind::DashText].map(Some);
        assert_eq!(kinds(Some(&Narrow::default())), [address, number, text]);
        assert_eq!(kinds(None), [text, number, text]);
    }
}
