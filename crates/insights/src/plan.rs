//! The typed plan: what a query means, step by step, with every name, period, pattern and limit already checked.
//!
//! A plan is a pipeline. Each step takes rows and gives rows; a row is a set of named values. Before the first
//! [`Step::Stats`] rows are log events and every field of the source is visible; after it only its columns are.

mod expr;

use std::collections::BTreeSet;
use std::fmt;

use crate::aggregate::AggregateRow;
use crate::bind::{Bound, Input, JoinRows, TableUse};
use crate::error::Span;
use crate::naive::Row;
use crate::period::Period;
use crate::selection::Selection;
use crate::value::Value;
use crate::window::Window;

pub use expr::{Arithmetic, Asked, Comparison, Expr, Find, Pattern, QueryFact, Type};

/// Rows of a query without `limit` (StartQuery, `limit`).
pub const LIMIT_DEFAULT: u32 = 10_000;
/// The highest `limit`.
pub const LIMIT_MAX: u32 = 100_000;

/// The name of the map of all fields of an event; no field of its own can have it.
pub const FIELDS: &str = "# fields";

/// A checked query.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Plan {
    /// What happens to the rows, in order. Holds every default explicitly: the order and the limit.
    pub steps: Vec<Step>,
    /// The names shown, in order.
    pub columns: Vec<String>,
    /// True if each row is still one log event, so that the result carries its `@ptr`.
    pub is_events: bool,
    /// What the query's author should know although the query runs.
    pub warnings: Vec<Warning>,
    /// The log groups that `SOURCE` names, if the query begins with it.
    pub selection: Option<Selection>,
    /// Queries within the query, which are run first ([`Plan::bind`]).
    pub inputs: Vec<Input>,
    /// Lookup tables that it names.
    pub tables: Vec<TableUse>,
    /// Fields that `filterIndex` names: a log group without an index of each of them is not to be read.
    pub indexed_fields: Vec<String>,
    /// Commands and functions that are not for every log class or not as often (`stats`), in order, each with its place;
    /// those of queries within it are theirs.
    pub limited: Vec<(&'static str, Span)>,
    /// Whether only the bytes that it would read are asked for.
    pub is_estimate: bool,
}

/// One step of the pipeline.
#[allow(missing_docs, reason = "the parts of a variant are named by its fields and told by its text")]
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Adds columns, each able to see those before it; replaces a column of the same name.
    Extend(Vec<Column>),
    /// Keeps the rows for which the expression is true.
    Filter(Expr),
    /// Adds columns found in text; a row that does not match keeps going without them.
    Parse { source: Expr, extract: Extract },
    /// Each row so many times, numbered from 0 in a column.
    Repeat { times: u32, name: String },
    /// Replaces the rows by one for each group.
    Stats(Stats),
    /// Orders the rows; equal rows keep their order, which for log events is the source's.
    Sort(Vec<SortKey>),
    /// Keeps the first rows.
    Limit(u32),
    /// Drops the first rows.
    Skip(u32),
    /// Keeps the first row for each combination of the values; rows without one of the values are all kept.
    Dedup(Vec<Expr>),
    /// Adds a column that tells of each row how it stands among others.
    Window(Window),
    /// Looks at several rows at once, or makes several of one.
    Rows(RowStep),
}

/// A step over rows in memory, in their order ([`crate::rows::apply`]).
#[allow(missing_docs, reason = "the parts of a variant are named by its fields and told by its text")]
#[derive(Clone, Debug, PartialEq)]
pub enum RowStep {
    /// A row for each element of a list.
    Unnest { list: Expr, name: String },
    /// A column with the running sum.
    Accumulate { value: Expr, name: String },
    /// Columns with the value so many rows before.
    Lag { value: Expr, columns: Vec<(usize, String)> },
    /// Absent values become the last value above.
    FillDown { names: Vec<String> },
    /// Rows for bins that have none.
    FillMissing(FillMissing),
    /// Sums of rows and columns.
    Totals(Totals),
    /// A number for rows that follow each other closely.
    Sessions { keys: Vec<Expr>, gap_ms: i64, name: String },
    /// Values far from the others removed or limited.
    Outliers(Outliers),
    /// Rows of another query with equal values.
    Join(Join),
    /// The columns of another query's rows, first to first.
    Append(Append),
    /// The rows of another query and these as sets.
    Combine(Combine),
    /// A row for each pattern, of counted skeletons.
    Patterns(Patterns),
    /// Columns with how patterns differ from those of another time.
    Differences,
    /// Columns with what is unusual about patterns.
    Anomalies,
    /// A row for each field that tells of a condition.
    Relevant(Relevant),
}

/// What `pattern` makes of counted skeletons.
#[derive(Clone, Debug, PartialEq)]
pub struct Patterns {
    /// The skeletons of the time compared with, or which of the plan's inputs gives them.
    pub baseline: Option<Bound<usize, Vec<Row>>>,
    /// Whether patterns that were there only before are kept.
    pub keeps_gone: bool,
}

/// What `relevantfields` looks at.
#[derive(Clone, Debug, PartialEq)]
pub struct Relevant {
    /// What divides the rows.
    pub condition: Expr,
    /// Fields and columns.
    pub names: Vec<String>,
    /// Whether all fields of the events are looked at beside them, but for those that the condition reads.
    pub is_all: bool,
}

/// What `join` looks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Join {
    /// Values of the left side.
    pub keys: Vec<Expr>,
    /// The rows of the right side, or which of the plan's inputs gives them.
    pub rows: Bound<usize, JoinRows>,
    /// The names on the right side of what the keys equal.
    pub right_keys: Vec<String>,
    /// What stands before the names of the right side: its `name` becomes `right.name`.
    pub right: String,
    /// The names of the right side that the query reads.
    pub names: Vec<String>,
    /// Whether rows of the left side without any of the right are kept.
    pub keeps_left: bool,
}

/// What `appendcols` puts beside the rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Append {
    /// The other rows, or which of the plan's inputs gives them.
    pub rows: Bound<usize, Vec<Row>>,
    /// Their columns.
    pub names: Vec<String>,
    /// Whether a value that is there is replaced.
    pub overrides: bool,
    /// Rows that get columns.
    pub rows_max: usize,
}

/// What a set operator makes of two queries' rows, of which only the columns are left.
#[derive(Clone, Debug, PartialEq)]
pub struct Combine {
    /// Which rows are left.
    pub operator: SetOperator,
    /// Whether equal rows count as often as they come, or else once.
    pub keeps_all: bool,
    /// The other rows, or which of the plan's inputs gives them.
    pub rows: Bound<usize, Vec<Row>>,
    /// The columns, with their names on this side and on the other.
    pub names: Vec<(String, String)>,
}

/// Operators between the rows of two queries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetOperator {
    /// Those of both.
    Union,
    /// Those of this side that the other has.
    Intersect,
    /// Those of this side that the other has not.
    Except,
}

impl SetOperator {
    /// How it is written.
    pub(crate) fn name(self) -> &'static str {
        match self {
            SetOperator::Union => "UNION",
            SetOperator::Intersect => "INTERSECT",
            SetOperator::Except => "EXCEPT",
        }
    }
}

/// What `fillmissing` adds.
#[derive(Clone, Debug, PartialEq)]
pub struct FillMissing {
    /// The column of bins.
    pub bin: String,
    /// How long a bin is.
    pub period: Period,
    /// By how much every border is moved.
    pub offset_ms: i64,
    /// The groups of the `stats`, the bin among them.
    pub groups: Vec<String>,
    /// What the rows added have in other columns.
    pub constants: Vec<(String, Value)>,
}

/// What `addtotals` adds.
#[derive(Clone, Debug, PartialEq)]
pub struct Totals {
    /// The column with each row's sum, if one is wanted.
    pub row_total: Option<String>,
    /// Whether a last row has each column's sum.
    pub has_last_row: bool,
    /// The columns that are summed.
    pub names: Vec<String>,
}

/// What `outlier` does.
#[derive(Clone, Debug, PartialEq)]
pub struct Outliers {
    /// Whether rows are removed, or else values limited.
    pub removes: bool,
    /// How many times the distance of the quartiles a value may lie beyond them.
    pub factor: f64,
    /// Whether values may be too low.
    pub uses_lower: bool,
    /// Whether limited values are marked by `000` before them.
    pub marks: bool,
    /// The columns looked at.
    pub names: Vec<String>,
}

/// A named expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// The alias, or the expression's source text.
    pub name: String,
    /// Its value.
    pub expr: Expr,
}

/// Groups and aggregates.
#[derive(Clone, Debug, PartialEq)]
pub struct Stats {
    /// The group columns, after `by`. Without any there is exactly one row, even of no events.
    pub groups: Vec<Column>,
    /// What is computed for each group.
    pub aggregates: Vec<AggregateCall>,
    /// What is shown: expressions over the names of `groups` and `aggregates`. The step's output columns.
    pub outputs: Vec<Column>,
}

/// One aggregate of a `stats`.
#[derive(Clone, Debug, PartialEq)]
pub struct AggregateCall {
    /// A name that no field can have, for `outputs` to refer to.
    pub name: String,
    /// Which.
    pub aggregate: &'static AggregateRow,
    /// What it reads; `None` for `count(*)`.
    pub argument: Option<Expr>,
    /// The constant second argument, such as the percentage of `pct`.
    pub parameter: Option<f64>,
    /// Whether a number counts once, however often it comes.
    pub is_distinct: bool,
}

/// One key of a `sort`.
#[derive(Clone, Debug, PartialEq)]
pub struct SortKey {
    /// The value to sort by, in natural order ([`crate::natural_key`]).
    pub expr: Expr,
    /// Which way.
    pub direction: Direction,
}

/// The direction of a sort key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Least first.
    Ascending,
    /// Greatest first, the exact reverse.
    Descending,
}

/// How `parse` finds its values: a compiled pattern, and which group of it becomes which column.
#[derive(Clone, Debug, PartialEq)]
pub struct Extract {
    /// The regular expression; a glob is turned into one.
    pub pattern: Pattern,
    /// The column for each group of the pattern, from group 1 on; `None` for a group that is not kept.
    pub columns: Vec<Option<String>>,
}

/// A remark about a query that runs.
#[allow(missing_docs, reason = "the parts of a variant are named by its fields and told by its text")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// The number of a period was above its unit's cap; AWS uses the cap without saying so.
    PeriodCapped { text: String },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Warning::PeriodCapped { text } => {
                let used = Period::parse(text).map_or_else(String::new, |(used, _)| used.print());
                write!(f, "{text} is above the cap of its unit: {used} is used, as AWS does")?;
                match Period::below_cap(text) {
                    Some(same) => write!(f, "; write {}", same.print()),
                    None => Ok(()),
                }
            }
        }
    }
}

impl Step {
    /// Whether rows are grouped, dropped or looked at together: what comes before tells which events matched.
    pub fn ends_matching(&self) -> bool {
        match self {
            Step::Extend(_) | Step::Filter(_) | Step::Parse { .. } | Step::Sort(_) => false,
            Step::Repeat { .. }
            | Step::Stats(_)
            | Step::Limit(_)
            | Step::Skip(_)
            | Step::Dedup(_)
            | Step::Window(_)
            | Step::Rows(_) => true,
        }
    }

    /// Adds the names of all fields that the step reads.
    pub fn read_fields(&self, into: &mut BTreeSet<String>) {
        match self {
            Step::Extend(columns) => columns.iter().for_each(|column| column.expr.read_fields(into)),
            Step::Filter(condition) => condition.read_fields(into),
            Step::Parse { source, .. } => source.read_fields(into),
            Step::Stats(stats) => {
                stats.groups.iter().for_each(|column| column.expr.read_fields(into));
                let arguments = stats.aggregates.iter().filter_map(|call| call.argument.as_ref());
                arguments.for_each(|argument| argument.read_fields(into));
                if stats.aggregates.iter().any(|call| call.aggregate.aggregate.reads_time()) {
                    into.insert("@timestamp".into());
                }
            }
            Step::Sort(keys) => keys.iter().for_each(|key| key.expr.read_fields(into)),
            Step::Limit(_) | Step::Skip(_) | Step::Repeat { .. } => {}
            Step::Dedup(keys) => keys.iter().for_each(|key| key.read_fields(into)),
            Step::Window(window) => window.read_fields(into),
            Step::Rows(step) => step.read_fields(into),
        }
    }
}
