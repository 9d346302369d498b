//! Log events of several shapes as one table, with the columns that a plan reads.
//!
//! A part is a set of rows of one shape: records of flow logs with typed columns, or messages in which fields must be
//! discovered. Where all parts have a field as the same kind it keeps that kind; else it is text.

use std::collections::BTreeSet;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::dataframe::DataFrame;
use datafusion::functions::core::expr_fn::{coalesce, get_field};
use datafusion::logical_expr::{Expr as Lowered, cast, lit};
use datafusion::scalar::ScalarValue;
use weir_insights::{
    Expr, FIELDS, FLOW_FIELDS, LAMBDA_FIELDS, LAMBDA_OF, Plan, Step, Value, is_entity_field, is_of_lambda,
};

use crate::kind::Kind;
use crate::scalar::{Op, call};
use crate::scope::{Typed, column_of, constant};

/// The column of `@timestamp`, in milliseconds.
pub const TIMESTAMP: &str = "event_ms";
/// The column of the place of an event among those of its group or file.
pub const SEQUENCE: &str = "event_place";
/// The column of `@log`.
pub const GROUP: &str = "event_log";
/// The columns that every part has beside its own: ingestion time, or null, and stream.
pub const INGESTION: &str = "ingested_ms";
/// The column of `@logStream`.
pub const STREAM: &str = "event_stream";

/// The column of entities, if there are any: a dictionary of texts.
pub const ENTITY: &str = "event_entity";

/// What an event says, in a query.
pub const MESSAGE: &str = "@message";

/// The column of discovered fields.
const FOUND: &str = "found";

/// Rows of one shape.
pub struct Part {
    /// The rows, with [`TIMESTAMP`], [`SEQUENCE`], [`INGESTION`] as integers and [`STREAM`] as text.
    pub frame: DataFrame,
    /// `@log` of each row.
    pub log: Lowered,
    /// System fields that are the same in all rows, with their values.
    pub fixed: Vec<(&'static str, String)>,
    /// Whether there is a column [`ENTITY`].
    pub has_entities: bool,
    /// What else there is.
    pub shape: Shape,
    /// Names that the place of the rows has values for, such as `year`, and their columns of texts.
    pub partitions: Vec<(String, String)>,
}

/// What the rows of a part hold.
#[derive(Clone, Debug)]
pub enum Shape {
    /// A column of messages, in which fields are discovered.
    Messages {
        /// The column.
        column: String,
    },
    /// Columns of known fields.
    Records {
        /// The name in a query, the column and its kind, in the order of the line.
        fields: Vec<(String, String, Kind)>,
        /// The column of messages; without it the line is made of the fields.
        message: Option<String>,
    },
}

/// One table of all parts.
pub struct Events {
    /// [`TIMESTAMP`], [`SEQUENCE`], [`GROUP`] and the columns of `columns` and `line`.
    pub frame: DataFrame,
    /// Names in a query, their columns and kinds.
    pub columns: Vec<(String, String, Kind)>,
    /// What `@message` is made of, if it is left to whoever shows the rows that are left in the end.
    pub line: Vec<(String, Kind)>,
}

impl Events {
    /// The table with what `plan` reads of the parts; `None` if there are no parts.
    pub fn new(parts: Vec<Part>, plan: &Plan) -> Result<Option<Events>> {
        let mut names = names_read(plan);
        let line = line_left(&parts, plan);
        if !line.is_empty() {
            names.remove(MESSAGE);
        }
        let names: Vec<String> = names.into_iter().collect();
        let lines = parts.iter().map(|part| part.line(&line)).collect::<Vec<_>>();
        let read = parts.into_iter().map(|part| part.columns(&names)).collect::<Result<Vec<_>>>()?;
        let kinds: Vec<Kind> = (0..names.len())
            .map(|index| common_kind(read.iter().map(|(_, values)| &values[index])))
            .collect();
        let mut union: Option<DataFrame> = None;
        for ((frame, values), line) in read.into_iter().zip(lines) {
            let part = unified(frame, values, &kinds, line)?;
            union = Some(match union {
                None => part,
                Some(above) => above.union(part)?,
            });
        }
        let columns = names.into_iter().zip(kinds).enumerate();
        let columns = columns.map(|(index, (name, kind))| (name, field_column(index), kind)).collect();
        let line = line.into_iter().enumerate().map(|(index, kind)| (line_column(index), kind)).collect();
        Ok(union.map(|frame| Events { frame, columns, line }))
    }
}

/// The kinds of what a line is made of, if all parts have the same; none if a line is read before it is shown, or is not.
///
/// To make lines takes longer than all else, and most queries show a few.
fn line_left(parts: &[Part], plan: &Plan) -> Vec<Kind> {
    let mut read = BTreeSet::new();
    plan.steps.iter().for_each(|step| step.read_fields(&mut read));
    let is_grouped = plan.steps.iter().any(|step| matches!(step, Step::Stats(_)));
    let is_shown = plan.columns.iter().any(|name| name == MESSAGE) && !is_grouped;
    if !is_shown || read.contains(MESSAGE) {
        return vec![];
    }
    let made = |part: &Part| match &part.shape {
        Shape::Records { fields, message: None } => fields.iter().map(|(_, _, kind)| *kind).collect(),
        _ => vec![],
    };
    let mut kinds = parts.iter().map(made);
    let first = kinds.next().unwrap_or_default();
    if kinds.all(|other| other == first) { first } else { vec![] }
}

fn line_column(index: usize) -> String {
    format!("l{index}")
}

fn field_column(index: usize) -> String {
    format!("f{index}")
}

/// Every name that the plan reads of events: up to and with the first `stats`.
pub fn names_read(plan: &Plan) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for step in &plan.steps {
        step.read_fields(&mut names);
        if matches!(step, Step::Stats(_)) {
            return with_all(names);
        }
    }
    names.extend(plan.columns.iter().cloned());
    with_all(names)
}

/// The names, and those of all flow-log fields if the map of all fields is among them.
fn with_all(mut names: BTreeSet<String>) -> BTreeSet<String> {
    if names.contains(FIELDS) {
        names.extend(FLOW_FIELDS.iter().map(|field| field.field.to_owned()));
    }
    names
}

impl Part {
    /// What a line is made of, if it is made of so many columns.
    fn line(&self, kinds: &[Kind]) -> Vec<Lowered> {
        let Shape::Records { fields, .. } = &self.shape else { return vec![] };
        fields.iter().take(kinds.len()).map(|(_, column, _)| column_of(column)).collect()
    }

    /// The part with what it needs to show these names, and the value of each, `None` if it never has one.
    fn columns(self, names: &[String]) -> Result<(DataFrame, Vec<Option<Typed>>)> {
        let mut frame = self.frame;
        let log = match &self.log {
            Lowered::Literal(ScalarValue::Utf8View(log), _) => log.clone(),
            _ => None,
        };
        if self.log != column_of(GROUP) {
            frame = frame.with_column(GROUP, self.log)?;
        }
        let mut found = vec![];
        // Only what AWS Lambda writes is read in another way.
        let log = log.filter(|log| is_of_lambda(log)).unwrap_or_default();
        if let Shape::Messages { column } = &self.shape {
            found = names.iter().filter_map(|name| discovered_name(name)).collect();
            if !found.is_empty() {
                let message = vec![(column_of(column), Kind::Text)];
                frame =
                    frame.with_column(FOUND, call(Op::Discover(found.clone(), log), Kind::Text, message))?;
            }
        }
        let partition = |name: &String| {
            let (_, column) = self.partitions.iter().find(|(key, _)| key == name)?;
            Some(Typed { expr: column_of(column), kind: Kind::Text })
        };
        let fixed = |name: &String| {
            let (_, value) = self.fixed.iter().find(|(field, _)| field == name)?;
            Some(Typed { expr: text(value), kind: Kind::Text })
        };
        let entity = |name: &String| {
            let is_there = self.has_entities && is_entity_field(name);
            let entity = || vec![(column_of(ENTITY), Kind::Text)];
            is_there.then(|| Typed {
                expr: call(Op::Entity(name.clone()), Kind::Text, entity()),
                kind: Kind::Text,
            })
        };
        let value = |name: &String| {
            let known = system(name, &self.shape).or_else(|| fixed(name)).or_else(|| entity(name));
            known.or_else(|| own(name, &self.shape, &found)).or_else(|| partition(name))
        };
        let values = names.iter().map(value);
        Ok((frame, values.collect()))
    }
}

/// A field that every event has, under the name AWS gives it.
fn system(name: &str, shape: &Shape) -> Option<Typed> {
    let column = |column: &str, kind| Some(Typed { expr: column_of(column), kind });
    match name {
        "@timestamp" => column(TIMESTAMP, Kind::Time),
        "@ingestionTime" => column(INGESTION, Kind::Time),
        "@logStream" => column(STREAM, Kind::Text),
        "@log" => column(GROUP, Kind::Text),
        MESSAGE => Some(Typed { expr: message(shape), kind: Kind::Text }),
        FIELDS => Some(Typed { expr: all_fields(shape), kind: Kind::Json }),
        "@ptr" => {
            let parts = [(GROUP, Kind::Text), (TIMESTAMP, Kind::Int), (SEQUENCE, Kind::Int)];
            let parts = parts.map(|(column, kind)| (column_of(column), kind)).to_vec();
            Some(Typed { expr: call(Op::Pointer, Kind::Text, parts), kind: Kind::Text })
        }
        _ => None,
    }
}

/// The map of all fields.
fn all_fields(shape: &Shape) -> Lowered {
    match shape {
        Shape::Messages { column } => {
            let columns = [GROUP, column].map(|column| (column_of(column), Kind::Text));
            call(Op::AllFields, Kind::Json, columns.to_vec())
        }
        Shape::Records { fields, .. } => {
            let names = fields.iter().map(|(name, _, _)| name.clone()).collect();
            let cells = fields.iter().map(|(_, column, kind)| (column_of(column), *kind)).collect();
            call(Op::Map(names), Kind::Json, cells)
        }
    }
}

fn message(shape: &Shape) -> Lowered {
    match shape {
        Shape::Messages { column } | Shape::Records { message: Some(column), .. } => column_of(column),
        Shape::Records { fields, message: None } => {
            let cells = fields.iter().map(|(_, column, kind)| (column_of(column), *kind)).collect();
            call(Op::Line, Kind::Text, cells)
        }
    }
}

/// A field of the events' own.
fn own(name: &str, shape: &Shape, found: &[String]) -> Option<Typed> {
    let stream = || Typed { expr: column_of(STREAM), kind: Kind::Text };
    let value = match shape {
        Shape::Records { fields, .. } => {
            let field = fields.iter().find(|(field, _, _)| field == name);
            field.map(|(_, column, kind)| Typed { expr: column_of(column), kind: *kind })
        }
        Shape::Messages { column } if LAMBDA_FIELDS.contains(&name) => Some(of_lambda(name, column)),
        Shape::Messages { .. } => {
            let index = found.iter().position(|found| Some(found) == discovered_name(name).as_ref())?;
            let expr = get_field(column_of(FOUND), index.to_string());
            Some(Typed { expr, kind: Kind::Text })
        }
    };
    match (name, value) {
        // The stream's name stands in for a field that one of the sample queries of AWS spells without @.
        ("logStream", None) => Some(stream()),
        ("logStream", Some(value)) if value.kind == Kind::Text => {
            Some(Typed { expr: coalesce(vec![value.expr, stream().expr]), kind: Kind::Text })
        }
        (_, value) => value,
    }
}

/// A field of lines that AWS Lambda has written, absent in log groups of others.
fn of_lambda(name: &str, message: &str) -> Typed {
    let column = |at: &str| Expr::Field(at.into());
    let arguments = vec![column("0"), column("1"), Expr::Literal(Value::text(name))];
    let template = Expr::Call { function: &LAMBDA_OF, arguments };
    let columns = [GROUP, message].map(|column| (column_of(column), Kind::Text)).to_vec();
    Typed { expr: call(Op::Expr(template), Kind::Text, columns), kind: Kind::Text }
}

/// The name in the message of a field that a query names so: `@@type` is the field `@type`.
fn discovered_name(name: &str) -> Option<String> {
    match name.strip_prefix('@') {
        None if name == FIELDS => None,
        None => Some(name.into()),
        Some(rest) => rest.starts_with('@').then(|| rest.into()),
    }
}

fn common_kind<'a>(values: impl Iterator<Item = &'a Option<Typed>>) -> Kind {
    let mut kinds = values.map(|value| value.as_ref().map(|value| value.kind));
    let first = kinds.next().flatten();
    match first {
        Some(kind) if kinds.all(|other| other == first) => kind,
        _ => Kind::Text,
    }
}

fn unified(
    frame: DataFrame,
    values: Vec<Option<Typed>>,
    kinds: &[Kind],
    line: Vec<Lowered>,
) -> Result<DataFrame> {
    let mut columns: Vec<Lowered> = [TIMESTAMP, SEQUENCE, GROUP].map(column_of).to_vec();
    for (index, (value, kind)) in values.into_iter().zip(kinds).enumerate() {
        let expr = match value {
            Some(value) if value.kind == *kind => value.expr,
            Some(value) => value.into_text(),
            None => cast(constant(&Value::Null).expr, kind.data_type()),
        };
        columns.push(expr.alias(field_column(index)));
    }
    let line = line.into_iter().enumerate();
    columns.extend(line.map(|(index, cell)| cell.alias(line_column(index))));
    frame.select(columns)
}

/// A constant text.
pub fn text(text: &str) -> Lowered {
    lit(Kind::scalar(&Value::text(text)))
}

/// A column of integers of any width as one of the engine's.
pub fn as_int(column: &str) -> Lowered {
    cast(column_of(column), DataType::Int64)
}

/// A column of texts of any layout as one of the engine's.
pub fn as_text(column: &str) -> Lowered {
    cast(column_of(column), DataType::Utf8View)
}

#[cfg(test)]
mod tests {
    use datafusion::prelude::SessionContext;
    use weir_insights::plan;

    use super::*;

    #[test]
    fn lines_that_no_step_reads_are_left_to_whoever_shows_them() {
        let part = |kind: Kind, message: Option<&str>| Part {
            frame: SessionContext::new().read_empty().expect("no rows"),
            log: text(""),
            fixed: vec![],
            has_entities: false,
            shape: Shape::Records {
                fields: vec![("srcAddr".into(), "field_0".into(), kind)],
                message: message.map(String::from),
            },
            partitions: vec![],
        };
        let left = |query: &str, parts: Vec<Part>| line_left(&parts, &plan(query, None).expect("a query"));
        let two = || vec![part(Kind::DashText, None), part(Kind::DashText, None)];
        for query in
            ["fields @message | sort @timestamp desc | limit 1", "filter srcAddr like /1/ | display @message"]
        {
            assert_eq!(left(query, two()), [Kind::DashText], "{query}");
        }
        for query in
            ["filter @message like /1/ | display @message", "fields srcAddr", "stats count(*) as `@message`"]
        {
            assert_eq!(left(query, two()), [], "{query}");
        }
        let query = "fields @message";
        assert_eq!(left(query, vec![part(Kind::DashText, None), part(Kind::DashAddress, None)]), []);
        assert_eq!(left(query, vec![part(Kind::DashText, Some("message"))]), []);
    }
}
