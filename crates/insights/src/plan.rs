//! The typed plan: what a query means, step by step, with every name, period, pattern and limit already checked.
//!
//! A plan is a pipeline. Each step takes rows and gives rows; a row is a set of named values. Before the first
//! [`Step::Stats`] rows are log events and every field of the source is visible; after it only its columns are.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt;

use crate::aggregate::AggregateRow;
use crate::bind::{Answers, Bound, Input, JoinRows, TableUse, ValueSet};
use crate::functions::Function;
use crate::naive::Row;
use crate::period::Period;
use crate::selection::Selection;
use crate::table::{Index, Lookup};
use crate::value::Value;
use crate::window::Window;

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
    /// Whether it calls `unmask`.
    pub is_unmasked: bool,
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

/// A regular expression, equal to another if their texts are.
#[derive(Clone, Debug)]
pub struct Pattern(pub regex::Regex);

/// Bytes that a compiled pattern may take; `\w{1000}{1000}` takes more.
const PATTERN_BYTES_MAX: usize = 1 << 20;

impl Pattern {
    /// Compiles the text.
    ///
    /// # Errors
    /// The text is no regular expression, or makes a program that is too large.
    pub fn new(text: &str) -> Result<Pattern, regex::Error> {
        regex::RegexBuilder::new(text).size_limit(PATTERN_BYTES_MAX).build().map(Pattern)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Pattern) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

/// An expression over one row.
#[allow(missing_docs, reason = "the parts of a variant are named by its fields and told by its text")]
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// A constant.
    Literal(Value),
    /// A field or an earlier column by its full name; absent if the row has none of this name.
    Field(String),
    /// A fact about the run.
    Query(QueryFact),
    /// A function of the table.
    Call { function: &'static Function, arguments: Vec<Expr> },
    /// The first value whose condition is true, else the last; `if` and `case`.
    Case { branches: Vec<(Expr, Expr)>, otherwise: Box<Expr> },
    /// The first value that is not absent.
    Coalesce(Vec<Expr>),
    /// The part of a list or map that the path leads to.
    Part { value: Box<Expr>, path: Vec<String> },
    /// Whether there is a value.
    IsPresent(Box<Expr>),
    /// A time rounded to a period, down or up: `bin`, `datefloor`, `dateceil`. The offset moves every border.
    Round { time: Box<Expr>, period: Period, offset_ms: i64, is_up: bool },
    /// The number with its sign turned.
    Negate(Box<Expr>),
    /// Two numbers; null if either is not a number or the result is not finite.
    Arithmetic { operator: Arithmetic, left: Box<Expr>, right: Box<Expr> },
    /// True and false exchanged.
    Not(Box<Expr>),
    /// Both true.
    And(Box<Expr>, Box<Expr>),
    /// At least one true.
    Or(Box<Expr>, Box<Expr>),
    /// Two numbers as numbers, two others as text; false if either is absent, whichever the operator.
    Compare { operator: Comparison, left: Box<Expr>, right: Box<Expr> },
    /// Whether the text holds this substring, case-sensitive: `like "..."`. Absent: false, negated or not.
    Contains { value: Box<Expr>, text: String, is_negated: bool },
    /// Whether the pattern matches somewhere in the text: `like /.../`, `=~`. Absent: false, negated or not.
    Matches { value: Box<Expr>, pattern: Pattern, is_negated: bool },
    /// The text with every match of the pattern replaced; `${1}` in the replacement stands for the first group.
    Replace { value: Box<Expr>, pattern: Pattern, replacement: String },
    /// What a pattern finds in the text; SQL only.
    Find { value: Box<Expr>, pattern: Pattern, find: Find },
    /// Whether the value equals one of the list. Absent: false, negated or not.
    In { value: Box<Expr>, list: Vec<Expr>, is_negated: bool },
    /// Whether the value equals one of those that an input of the plan gives. Absent: false, negated or not.
    Among { value: Box<Expr>, among: Bound<usize, ValueSet>, is_negated: bool },
    /// What is asked of an input of the plan; a value once that has been run.
    Subquery { input: usize, asked: Asked },
    /// The value that an input of the plan gives beside the key; otherwise another, also where the key is absent.
    Answer { key: Box<Expr>, answers: Bound<usize, Answers>, otherwise: Box<Expr> },
    /// The cell of a lookup table whose row the values find; null if they find none.
    Look { values: Vec<Expr>, index: Bound<Lookup, Index> },
}

/// What is asked of a text and a pattern; the functions that begin with `regexp` in SQL, and its `split`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Find {
    /// How often the pattern matches.
    Count,
    /// Where the first match begins, from 1; 0 without one.
    Place,
    /// The first match; null without one.
    Match,
    /// The group of the first match; empty without one.
    Group(u32),
    /// The list of the groups of all matches.
    Groups(u32),
    /// A list of the groups of each match, from group 1 on.
    Matches,
    /// The list of what is between matches, of at most so many parts if any number is told.
    Between(Option<u32>),
}

impl Find {
    /// What it gives.
    pub fn result(self) -> Type {
        match self {
            Find::Count | Find::Place => Type::Int,
            Find::Match | Find::Group(_) => Type::Text,
            Find::Groups(_) | Find::Matches | Find::Between(_) => Type::Json,
        }
    }

    /// What is found in the text.
    pub fn value(self, pattern: &Pattern, text: &str) -> Value {
        let list = |texts: Vec<&str>| Value::Json(Box::new(serde_json::Value::from(texts)));
        let group = |found: &regex::Captures<'_>, number: u32| {
            found.get(number as usize).map(|part| part.range()).unwrap_or_default()
        };
        match self {
            Find::Count => Value::Int(pattern.0.find_iter(text).count() as i64),
            Find::Place => {
                let place = |found: regex::Match<'_>| text[..found.start()].chars().count() as i64 + 1;
                Value::Int(pattern.0.find(text).map_or(0, place))
            }
            Find::Match => pattern.0.find(text).map_or(Value::Null, |found| Value::text(found.as_str())),
            Find::Group(number) => {
                let range = pattern.0.captures(text).map(|found| group(&found, number));
                Value::text(&text[range.unwrap_or_default()])
            }
            Find::Groups(number) => {
                list(pattern.0.captures_iter(text).map(|found| &text[group(&found, number)]).collect())
            }
            Find::Matches => {
                let of_part = |part: Option<regex::Match<'_>>| part.map(|part| part.as_str().to_owned());
                let groups =
                    |found: regex::Captures<'_>| found.iter().skip(1).map(of_part).collect::<Vec<_>>();
                let matches: Vec<_> = pattern.0.captures_iter(text).map(groups).collect();
                Value::Json(Box::new(serde_json::Value::from_iter(matches)))
            }
            Find::Between(None) => list(pattern.0.split(text).collect()),
            Find::Between(Some(most)) => list(pattern.0.splitn(text, most as usize).collect()),
        }
    }
}

/// What is asked of a query in the place of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// The value of its one column in its one row; null without a row.
    Value,
    /// Whether it has rows.
    Existence,
}

/// Facts about the run that a query can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryFact {
    /// When it was started, in seconds.
    Now,
    /// The first millisecond read.
    StartTime,
    /// The last millisecond read.
    EndTime,
    /// Milliseconds from the first to the last.
    TimeRange,
}

/// Operators on numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arithmetic {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`, with the sign of the left side.
    Remainder,
    /// `^`
    Power,
}

impl Arithmetic {
    /// The result, which may be infinite or not a number.
    pub fn apply(self, left: f64, right: f64) -> f64 {
        match self {
            Arithmetic::Add => left + right,
            Arithmetic::Subtract => left - right,
            Arithmetic::Multiply => left * right,
            Arithmetic::Divide => left / right,
            Arithmetic::Remainder => left % right,
            Arithmetic::Power => left.powf(right),
        }
    }
}

/// Operators on two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Comparison {
    /// Whether the operator holds between two values; nothing holds for null.
    pub fn holds(self, left: &Value, right: &Value) -> bool {
        match self {
            Comparison::Equal => left.equals(right) == Some(true),
            Comparison::NotEqual => left.equals(right) == Some(false),
            Comparison::Less => left.compare(right).is_some_and(Ordering::is_lt),
            Comparison::LessOrEqual => left.compare(right).is_some_and(Ordering::is_le),
            Comparison::Greater => left.compare(right).is_some_and(Ordering::is_gt),
            Comparison::GreaterOrEqual => left.compare(right).is_some_and(Ordering::is_ge),
        }
    }
}

/// What is known of a value before any row is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// Nothing: fields and mixtures.
    Any,
    /// True or false.
    Bool,
    /// A whole number.
    Int,
    /// A number.
    Float,
    /// A time.
    Time,
    /// Text.
    Text,
    /// A list or map.
    Json,
    /// A part of a list or map, which may be anything.
    Part,
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
                write!(
                    f,
                    "{text} is above the cap of its unit (1000ms, 60s, 60m, 24h); the cap is used, as AWS does"
                )
            }
        }
    }
}

impl Expr {
    /// The expressions directly inside this one.
    pub fn parts(&self) -> Vec<&Expr> {
        match self {
            Expr::Literal(_) | Expr::Field(_) | Expr::Query(_) | Expr::Subquery { .. } => vec![],
            Expr::Call { arguments, .. } | Expr::Coalesce(arguments) => arguments.iter().collect(),
            Expr::Case { branches, otherwise } => {
                let branches = branches.iter().flat_map(|(condition, value)| [condition, value]);
                branches.chain([otherwise.as_ref()]).collect()
            }
            Expr::IsPresent(inner) | Expr::Negate(inner) | Expr::Not(inner) => vec![inner],
            Expr::Part { value, .. } => vec![value],
            Expr::Round { time, .. } => vec![time],
            Expr::Arithmetic { left, right, .. } | Expr::Compare { left, right, .. } => vec![left, right],
            Expr::And(left, right) | Expr::Or(left, right) => vec![left, right],
            Expr::Contains { value, .. } | Expr::Matches { value, .. } | Expr::Replace { value, .. } => {
                vec![value]
            }
            Expr::Find { value, .. } => vec![value],
            Expr::In { value, list, .. } => [value.as_ref()].into_iter().chain(list).collect(),
            Expr::Among { value, .. } => vec![value],
            Expr::Answer { key, otherwise, .. } => vec![key, otherwise],
            Expr::Look { values, .. } => values.iter().collect(),
        }
    }

    /// The same expression over other parts, in the order of [`Expr::parts`].
    pub fn map_parts<E>(&self, mut map: impl FnMut(&Expr) -> Result<Expr, E>) -> Result<Expr, E> {
        let mut boxed = |part: &Expr| map(part).map(Box::new);
        Ok(match self {
            Expr::Literal(_) | Expr::Field(_) | Expr::Query(_) | Expr::Subquery { .. } => self.clone(),
            Expr::Call { function, arguments } => {
                Expr::Call { function, arguments: arguments.iter().map(map).collect::<Result<_, _>>()? }
            }
            Expr::Coalesce(arguments) => Expr::Coalesce(arguments.iter().map(map).collect::<Result<_, _>>()?),
            Expr::Case { branches, otherwise } => {
                let mut mapped = vec![];
                for (condition, value) in branches {
                    mapped.push((map(condition)?, map(value)?));
                }
                Expr::Case { branches: mapped, otherwise: Box::new(map(otherwise)?) }
            }
            Expr::Part { value, path } => Expr::Part { value: boxed(value)?, path: path.clone() },
            Expr::IsPresent(inner) => Expr::IsPresent(boxed(inner)?),
            Expr::Negate(inner) => Expr::Negate(boxed(inner)?),
            Expr::Not(inner) => Expr::Not(boxed(inner)?),
            Expr::Round { time, period, offset_ms, is_up } => {
                Expr::Round { time: boxed(time)?, period: *period, offset_ms: *offset_ms, is_up: *is_up }
            }
            Expr::Arithmetic { operator, left, right } => {
                Expr::Arithmetic { operator: *operator, left: boxed(left)?, right: boxed(right)? }
            }
            Expr::Compare { operator, left, right } => {
                Expr::Compare { operator: *operator, left: boxed(left)?, right: boxed(right)? }
            }
            Expr::And(left, right) => Expr::And(boxed(left)?, boxed(right)?),
            Expr::Or(left, right) => Expr::Or(boxed(left)?, boxed(right)?),
            Expr::Contains { value, text, is_negated } => {
                Expr::Contains { value: boxed(value)?, text: text.clone(), is_negated: *is_negated }
            }
            Expr::Matches { value, pattern, is_negated } => {
                Expr::Matches { value: boxed(value)?, pattern: pattern.clone(), is_negated: *is_negated }
            }
            Expr::Replace { value, pattern, replacement } => Expr::Replace {
                value: boxed(value)?,
                pattern: pattern.clone(),
                replacement: replacement.clone(),
            },
            Expr::Find { value, pattern, find } => {
                Expr::Find { value: boxed(value)?, pattern: pattern.clone(), find: *find }
            }
            Expr::In { value, list, is_negated } => {
                let value = boxed(value)?;
                let list = list.iter().map(map).collect::<Result<_, _>>()?;
                Expr::In { value, list, is_negated: *is_negated }
            }
            Expr::Among { value, among, is_negated } => {
                Expr::Among { value: boxed(value)?, among: among.clone(), is_negated: *is_negated }
            }
            Expr::Answer { key, answers, otherwise } => {
                Expr::Answer { key: boxed(key)?, answers: answers.clone(), otherwise: boxed(otherwise)? }
            }
            Expr::Look { values, index } => {
                Expr::Look { values: values.iter().map(map).collect::<Result<_, _>>()?, index: index.clone() }
            }
        })
    }

    /// Adds the names of all fields that the expression reads.
    pub fn read_fields(&self, into: &mut BTreeSet<String>) {
        if let Expr::Field(name) = self {
            into.insert(name.clone());
        }
        self.parts().into_iter().for_each(|part| part.read_fields(into));
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
