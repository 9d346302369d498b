//! What a query reads beside its own log groups, and how it comes into the plan.
//!
//! A join, a subquery and their like are queries of their own ([`Input`]): whoever runs a plan runs them first and puts
//! their rows, and the lookup tables, into the plan ([`Plan::bind`]). [`Execute::execute_all`] does all of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Months};

use crate::error::{QueryError, QueryErrorKind, Span};
use crate::execute::{Execute, ExecuteError, QueryResult, Run, Statistics, TimeRange, estimated};
use crate::naive::Row;
use crate::order::equality_key;
use crate::plan::{Asked, Column, Expr, Plan, RowStep, SortKey, Step};
use crate::selection::Selection;
use crate::table::{Index, Lookup, Table, Tables};
use crate::value::Value;
use crate::window::Window;

/// Different keys on the right side of a `join` (CloudWatch Logs User Guide, "join").
pub const JOIN_KEYS_MAX: usize = 50_000;

/// A query within the query.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// The log groups it reads; `None`: those of the whole query.
    pub selection: Option<Selection>,
    /// By how much its window lies before that of the query.
    pub shift: Shift,
    /// What it does.
    pub plan: Plan,
}

/// How far back another window lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Shift {
    /// The query's own window.
    #[default]
    None,
    /// So many milliseconds.
    Milliseconds(i64),
    /// As long as the window is: the time right before.
    Window,
    /// A month of the calendar.
    Month,
}

impl Input {
    /// The window it reads, of a query with this one.
    pub fn window(&self, query: TimeRange, now_ms: i64) -> TimeRange {
        let window = self.selection.as_ref().map_or(query, |selection| selection.window(query, now_ms));
        let length = window.end_ms.saturating_sub(window.start_ms).saturating_add(1);
        let back = |ms: i64| match self.shift {
            Shift::None => ms,
            Shift::Milliseconds(shift) => ms.saturating_sub(shift),
            Shift::Window => ms.saturating_sub(length),
            Shift::Month => month_before(ms),
        };
        TimeRange { start_ms: back(window.start_ms), end_ms: back(window.end_ms) }
    }
}

/// The same time of the month before, or of its last day; outside the calendar the time itself.
fn month_before(ms: i64) -> i64 {
    let time = DateTime::from_timestamp_millis(ms).and_then(|time| time.checked_sub_months(Months::new(1)));
    time.map_or(ms, |time| time.timestamp_millis())
}

/// A lookup table that a query names, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableUse {
    /// The table's name.
    pub name: String,
    /// Its place in the query.
    pub span: Span,
    /// The columns that it must have.
    pub columns: Vec<String>,
}

impl TableUse {
    /// Whether the table has what the query asks of it.
    ///
    /// # Errors
    /// The first column that it has not, at the place where the query names the table.
    pub fn check(&self, table: &Table) -> Result<(), QueryError> {
        match self.columns.iter().find(|name| table.column(name).is_none()) {
            Some(name) => {
                let kind = QueryErrorKind::NoColumn { table: self.name.clone(), column: name.clone() };
                Err(QueryError { span: self.span, kind })
            }
            None => Ok(()),
        }
    }
}

/// Something that a plan asks for, or has got.
pub enum Bound<N, T> {
    /// Not there yet.
    Wanted(N),
    /// There.
    Here(Arc<T>),
}

impl<N: Clone, T> Clone for Bound<N, T> {
    fn clone(&self) -> Bound<N, T> {
        match self {
            Bound::Wanted(name) => Bound::Wanted(name.clone()),
            Bound::Here(there) => Bound::Here(there.clone()),
        }
    }
}

/// The place of what is there tells it apart: it may be large.
impl<N: fmt::Debug, T> fmt::Debug for Bound<N, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Bound::Wanted(name) => write!(f, "Wanted({name:?})"),
            Bound::Here(there) => write!(f, "Here({:p})", Arc::as_ptr(there)),
        }
    }
}

impl<N: PartialEq, T> PartialEq for Bound<N, T> {
    fn eq(&self, other: &Bound<N, T>) -> bool {
        match (self, other) {
            (Bound::Wanted(left), Bound::Wanted(right)) => left == right,
            (Bound::Here(left), Bound::Here(right)) => Arc::ptr_eq(left, right),
            _ => false,
        }
    }
}

impl<N, T> Bound<N, T> {
    /// What is there.
    pub fn get(&self) -> Option<&T> {
        match self {
            Bound::Wanted(_) => None,
            Bound::Here(there) => Some(there),
        }
    }
}

/// Values, by what they are equal to.
#[derive(Debug, Default)]
pub struct ValueSet(BTreeSet<Vec<u8>>);

impl ValueSet {
    /// Whether an operator would find the value equal to one of them.
    pub fn contains(&self, value: &Value) -> bool {
        equality_key(value).is_some_and(|key| self.0.contains(&key))
    }

    /// What the values are equal to, in no order that means anything.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(Vec::as_slice)
    }

    /// The set of values with these keys.
    pub(crate) fn of_keys(keys: BTreeSet<Vec<u8>>) -> ValueSet {
        ValueSet(keys)
    }
}

impl FromIterator<Value> for ValueSet {
    fn from_iter<I: IntoIterator<Item = Value>>(values: I) -> ValueSet {
        ValueSet(values.into_iter().filter_map(|value| equality_key(&value)).collect())
    }
}

/// Values by their keys.
#[derive(Debug, Default)]
pub struct Answers(BTreeMap<Vec<u8>, Value>);

impl Answers {
    /// The value beside a key that an operator would find equal to this one.
    pub fn get(&self, key: &Value) -> Option<&Value> {
        self.0.get(&equality_key(key)?)
    }

    /// The values, null among them.
    pub fn values(&self) -> impl Iterator<Item = &Value> {
        self.0.values()
    }

    /// What the keys are equal to, and the values.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&[u8], &Value)> {
        self.0.iter().map(|(key, value)| (key.as_slice(), value))
    }

    /// The values beside these keys.
    pub(crate) fn of_entries(entries: BTreeMap<Vec<u8>, Value>) -> Answers {
        Answers(entries)
    }
}

impl FromIterator<(Value, Value)> for Answers {
    fn from_iter<I: IntoIterator<Item = (Value, Value)>>(pairs: I) -> Answers {
        Answers(pairs.into_iter().filter_map(|(key, value)| Some((equality_key(&key)?, value))).collect())
    }
}

/// The right side of a join: rows by their keys.
#[derive(Debug, Default)]
pub struct JoinRows(BTreeMap<Vec<Vec<u8>>, Vec<Row>>);

impl JoinRows {
    /// The rows whose keys equal the values; none if one of the values is absent.
    pub fn matching(&self, values: &[Value]) -> &[Row] {
        let key: Option<Vec<Vec<u8>>> = values.iter().map(equality_key).collect();
        key.and_then(|key| self.0.get(&key)).map_or(&[], Vec::as_slice)
    }

    fn new(rows: Vec<Row>, keys: &[String]) -> Result<JoinRows, ExecuteError> {
        let mut by_key: BTreeMap<_, Vec<Row>> = BTreeMap::new();
        for row in rows {
            let key: Option<Vec<Vec<u8>>> = keys.iter().map(|key| equality_key(row.get(key))).collect();
            if let Some(key) = key {
                by_key.entry(key).or_default().push(row);
            }
        }
        if by_key.len() > JOIN_KEYS_MAX {
            let why = format!("the right side of join has more than {JOIN_KEYS_MAX} different keys");
            return Err(ExecuteError::Source(why));
        }
        Ok(JoinRows(by_key))
    }
}

/// What a whole query reads.
#[derive(Clone, Copy)]
pub struct Reads<'s, S: ?Sized> {
    /// The log groups of the query.
    pub own: &'s S,
    /// The log groups of each of [`Plan::inputs`], in that order.
    pub inputs: &'s [&'s S],
    /// The lookup tables there are.
    pub tables: &'s dyn Tables,
}

/// Runs the queries within a query, then the query.
pub(crate) fn execute_all<S: ?Sized, E: Execute<S> + ?Sized>(
    executor: &E,
    plan: &Plan,
    reads: Reads<'_, S>,
    run: Run<'_>,
) -> Result<QueryResult, ExecuteError> {
    let (mut rows, mut spent, mut bytes) = (vec![], Statistics::default(), 0);
    for (at, input) in plan.inputs.iter().enumerate() {
        let source = reads.inputs.get(at).copied().unwrap_or(reads.own);
        let window = input.window(run.window, run.now_ms);
        if plan.is_estimate {
            bytes += executor.bytes(&input.plan, source, Run { window, ..run })?;
            continue;
        }
        let bound = input.plan.bind(vec![], reads.tables)?;
        let (found, statistics) = executor.rows(&bound, source, Run { window, ..run })?;
        rows.push(found);
        spent = spent.and(statistics);
    }
    if plan.is_estimate {
        return Ok(estimated(bytes + executor.bytes(plan, reads.own, run)?));
    }
    let mut result = executor.execute(&plan.bind(rows, reads.tables)?, reads.own, run)?;
    result.statistics.records_scanned += spent.records_scanned;
    result.statistics.bytes_scanned += spent.bytes_scanned;
    result.statistics.log_groups_scanned += spent.log_groups_scanned;
    Ok(result)
}

impl Plan {
    /// The plan with the rows of its inputs, in their order, and with its lookup tables.
    ///
    /// # Errors
    /// [`ExecuteError::Source`]: a table or a column of one does not exist, or a join has too many keys.
    /// [`ExecuteError::Engine`]: an input in the place of a value has several rows.
    pub fn bind(&self, inputs: Vec<Vec<Row>>, tables: &dyn Tables) -> Result<Plan, ExecuteError> {
        if self.is_bound() {
            return Ok(self.clone());
        }
        let mut binder = Binder {
            plan: self,
            inputs: inputs.into_iter().map(Some).collect(),
            sets: BTreeMap::new(),
            answers: BTreeMap::new(),
            keyed: BTreeMap::new(),
            tables,
        };
        let steps = self.steps.iter().map(|step| binder.step(step)).collect::<Result<_, _>>()?;
        Ok(Plan { steps, inputs: vec![], tables: vec![], ..self.clone() })
    }

    /// Whether it needs nothing more to be run.
    pub fn is_bound(&self) -> bool {
        self.inputs.is_empty() && self.tables.is_empty()
    }
}

struct Binder<'a> {
    plan: &'a Plan,
    inputs: Vec<Option<Vec<Row>>>,
    /// The values of inputs that expressions have asked for.
    sets: BTreeMap<usize, Arc<ValueSet>>,
    /// What inputs answer that stand in the place of a value.
    answers: BTreeMap<usize, Value>,
    /// The same, of those that give a value for each key.
    keyed: BTreeMap<usize, Arc<Answers>>,
    tables: &'a dyn Tables,
}

impl Binder<'_> {
    fn step(&mut self, step: &Step) -> Result<Step, ExecuteError> {
        Ok(match step {
            Step::Extend(columns) => Step::Extend(self.columns(columns)?),
            Step::Filter(condition) => Step::Filter(self.expr(condition)?),
            Step::Parse { source, extract } => {
                Step::Parse { source: self.expr(source)?, extract: extract.clone() }
            }
            Step::Stats(stats) => {
                let mut stats = stats.clone();
                stats.groups = self.columns(&stats.groups)?;
                stats.outputs = self.columns(&stats.outputs)?;
                for call in &mut stats.aggregates {
                    call.argument = call.argument.as_ref().map(|argument| self.expr(argument)).transpose()?;
                }
                Step::Stats(stats)
            }
            Step::Sort(keys) => Step::Sort(self.keys(keys)?),
            Step::Limit(count) => Step::Limit(*count),
            Step::Skip(count) => Step::Skip(*count),
            Step::Repeat { times, name } => Step::Repeat { times: *times, name: name.clone() },
            Step::Dedup(keys) => Step::Dedup(self.exprs(keys)?),
            Step::Window(window) => Step::Window(self.window(window)?),
            Step::Rows(rows) => Step::Rows(self.rows(rows)?),
        })
    }

    fn window(&mut self, window: &Window) -> Result<Window, ExecuteError> {
        Ok(Window {
            argument: window.argument.as_ref().map(|argument| self.expr(argument)).transpose()?,
            partition: self.exprs(&window.partition)?,
            order: self.keys(&window.order)?,
            ..window.clone()
        })
    }

    fn keys(&mut self, keys: &[SortKey]) -> Result<Vec<SortKey>, ExecuteError> {
        let key = |key: &SortKey| Ok(SortKey { expr: self.expr(&key.expr)?, direction: key.direction });
        keys.iter().map(key).collect()
    }

    fn rows(&mut self, step: &RowStep) -> Result<RowStep, ExecuteError> {
        let mut step = step.clone();
        match &mut step {
            RowStep::Unnest { list: value, .. }
            | RowStep::Accumulate { value, .. }
            | RowStep::Lag { value, .. } => *value = self.expr(value)?,
            RowStep::Sessions { keys, .. } => *keys = self.exprs(keys)?,
            RowStep::Join(join) => {
                join.keys = self.exprs(&join.keys)?;
                if let Bound::Wanted(input) = join.rows {
                    join.rows = Bound::Here(Arc::new(JoinRows::new(self.take(input)?, &join.right_keys)?));
                }
            }
            RowStep::Append(append) => {
                if let Bound::Wanted(input) = append.rows {
                    append.rows = Bound::Here(Arc::new(self.take(input)?));
                }
            }
            RowStep::Combine(combine) => {
                if let Bound::Wanted(input) = combine.rows {
                    combine.rows = Bound::Here(Arc::new(self.take(input)?));
                }
            }
            RowStep::Patterns(patterns) => {
                if let Some(Bound::Wanted(input)) = patterns.baseline {
                    patterns.baseline = Some(Bound::Here(Arc::new(self.take(input)?)));
                }
            }
            RowStep::Relevant(relevant) => relevant.condition = self.expr(&relevant.condition)?,
            RowStep::Differences | RowStep::Anomalies => {}
            RowStep::FillDown { .. }
            | RowStep::FillMissing(_)
            | RowStep::Totals(_)
            | RowStep::Outliers(_) => {}
        }
        Ok(step)
    }

    fn columns(&mut self, columns: &[Column]) -> Result<Vec<Column>, ExecuteError> {
        let column =
            |column: &Column| Ok(Column { name: column.name.clone(), expr: self.expr(&column.expr)? });
        columns.iter().map(column).collect()
    }

    fn exprs(&mut self, exprs: &[Expr]) -> Result<Vec<Expr>, ExecuteError> {
        exprs.iter().map(|expr| self.expr(expr)).collect()
    }

    fn expr(&mut self, expr: &Expr) -> Result<Expr, ExecuteError> {
        let mut bound = expr.map_parts(|part| self.expr(part))?;
        match &mut bound {
            Expr::Among { among, .. } => {
                if let Bound::Wanted(input) = *among {
                    *among = Bound::Here(self.set(input)?);
                }
            }
            Expr::Look { index, .. } => {
                if let Bound::Wanted(lookup) = index {
                    *index = Bound::Here(Arc::new(self.index(lookup)?));
                }
            }
            Expr::Answer { answers, .. } => {
                if let Bound::Wanted(input) = *answers {
                    *answers = Bound::Here(self.keyed(input)?);
                }
            }
            Expr::Subquery { input, asked } => bound = Expr::Literal(self.answer(*input, *asked)?),
            _ => {}
        }
        Ok(bound)
    }

    /// The values of the input's one column.
    fn set(&mut self, input: usize) -> Result<Arc<ValueSet>, ExecuteError> {
        if let Some(set) = self.sets.get(&input) {
            return Ok(set.clone());
        }
        let column = self.column(input, 0);
        let values = self.take(input)?.into_iter().map(|row| row.get(&column).clone());
        let set: Arc<ValueSet> = Arc::new(values.collect());
        self.sets.insert(input, set.clone());
        Ok(set)
    }

    /// What an input gives in the place of a value.
    ///
    /// Source of the error: Apache Spark, error conditions, SCALAR_SUBQUERY_TOO_MANY_ROWS.
    fn answer(&mut self, input: usize, asked: Asked) -> Result<Value, ExecuteError> {
        if let Some(answer) = self.answers.get(&input) {
            return Ok(answer.clone());
        }
        let column = self.column(input, 0);
        let rows = self.take(input)?;
        let answer = match (asked, &rows[..]) {
            (Asked::Existence, rows) => Value::Bool(!rows.is_empty()),
            (Asked::Value, []) => Value::Null,
            (Asked::Value, [row]) => row.get(&column).clone(),
            (Asked::Value, _) => {
                let why = "a subquery in the place of a value gives more than one row";
                return Err(ExecuteError::Engine(why.into()));
            }
        };
        self.answers.insert(input, answer.clone());
        Ok(answer)
    }

    /// The values of the input's second column by those of its first.
    fn keyed(&mut self, input: usize) -> Result<Arc<Answers>, ExecuteError> {
        if let Some(keyed) = self.keyed.get(&input) {
            return Ok(keyed.clone());
        }
        let [key, value] = [0, 1].map(|at| self.column(input, at));
        let rows = self.take(input)?.into_iter();
        let keyed: Answers = rows.map(|row| (row.get(&key).clone(), row.get(&value).clone())).collect();
        let keyed = Arc::new(keyed);
        self.keyed.insert(input, keyed.clone());
        Ok(keyed)
    }

    /// A column of an input.
    fn column(&self, input: usize, at: usize) -> String {
        let input = self.plan.inputs.get(input);
        input.and_then(|input| input.plan.columns.get(at)).cloned().unwrap_or_default()
    }

    fn take(&mut self, input: usize) -> Result<Vec<Row>, ExecuteError> {
        let rows = self.inputs.get_mut(input).and_then(Option::take);
        rows.ok_or_else(|| ExecuteError::Source("the rows of a query within the query are missing".into()))
    }

    fn index(&self, lookup: &Lookup) -> Result<Index, ExecuteError> {
        let Lookup { table: name, .. } = lookup;
        let missing = || ExecuteError::Source(format!("there is no lookup table {name}"));
        let table = self.tables.table(name).ok_or_else(missing)?;
        Index::new(table, lookup)
            .map_err(|column| ExecuteError::Source(format!("the lookup table {name} has no column {column}")))
    }
}
