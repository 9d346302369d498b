//! From a plan to DataFrames, step by step.

mod stats;
mod window;

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::common::Result;
use datafusion::dataframe::DataFrame;
use datafusion::functions::core::expr_fn::get_field;
use datafusion::functions_window::expr_fn::row_number;
use datafusion::logical_expr::{Expr as Lowered, ExprFunctionExt, SortExpr, lit};
use datafusion::prelude::SessionContext;
use datafusion::scalar::ScalarValue;
use weir_insights::{Aggregate, Column, Direction, Expr, Extract, Plan, SortKey, Step};

use crate::counted::{Counter, counted};
use crate::engine::Query;
use crate::events::{Events, GROUP, SEQUENCE, TIMESTAMP};
use crate::kind::Kind;
use crate::narrow::Narrow;
use crate::scalar::{Op, call};
use crate::scope::{Scope, Typed, column_of};

/// A plan as a DataFrame whose columns are the plan's, then, for log events, group, time and place.
///
/// Of a plan with a step over rows in memory it is the part before, and its columns are what the rest needs.
pub struct LoweredPlan<'p> {
    /// What to run.
    pub frame: DataFrame,
    /// The columns' names in the language.
    pub names: Vec<String>,
    /// The kind of each column.
    pub kinds: Vec<Kind>,
    /// Whether group, time and place follow.
    pub is_events: bool,
    /// What is left to do with the rows, in memory.
    pub later: &'p [Step],
    /// Counts the events that pass the filters, while it runs.
    pub matched: Arc<Counter>,
    /// What is counted, if anything is.
    pub counted: Option<DataFrame>,
}

/// Lowers a plan over events. For workers nothing counts the events that pass, and windows are left for memory: on
/// their way to workers DataFusion's windows lose the order of their rows.
pub async fn lower<'p>(
    Query { context, plan, run, narrow }: Query<'p>,
    events: Events,
    is_for_workers: bool,
) -> Result<LoweredPlan<'p>> {
    let mut scope = Scope::new(run);
    for (name, column, kind) in &events.columns {
        scope.insert(name, column, *kind);
    }
    scope.set_line(events.line);
    let time = scope.field("@timestamp").expr;
    let (frame, order) = (events.frame, vec![]);
    let mut lowerer = Lowerer { context, narrow, scope, frame, order, time, is_events: true, names: 0 };
    let matched = Arc::new(Counter::default());
    let counter = (!is_for_workers).then_some(&matched);
    let mut counted = None;
    let mut later: &[Step] = &[];
    for (at, step) in plan.steps.iter().enumerate() {
        if counted.is_none() && step.ends_matching() {
            counted = Some(lowerer.frame.clone());
            lowerer.count(&plan.steps[at..], plan, counter).await?;
        }
        let is_later = match step {
            Step::Rows(_) => true,
            Step::Window(window) => is_for_workers || window.needs_rows() || lowerer.needs_rows(window),
            _ => false,
        };
        if is_later {
            later = &plan.steps[at..];
            break;
        }
        lowerer.step(step)?;
    }
    if counted.is_none() {
        // A query within a query may end without a limit.
        counted = Some(lowerer.frame.clone());
        lowerer.count(&[], plan, counter).await?;
    }
    let is_events = lowerer.is_events;
    let names = needed(plan, later);
    let (frame, kinds) = lowerer.finish(&names)?;
    Ok(LoweredPlan { frame, names, kinds, is_events, later, matched, counted })
}

/// The columns that are shown, and those that the steps left read.
fn needed(plan: &Plan, later: &[Step]) -> Vec<String> {
    let mut read = BTreeSet::new();
    later.iter().for_each(|step| step.read_fields(&mut read));
    let others = read.into_iter().filter(|name| !plan.columns.contains(name));
    plan.columns.iter().cloned().chain(others).collect()
}

struct Lowerer<'a> {
    context: &'a SessionContext,
    narrow: Option<&'a Narrow>,
    scope: Scope,
    frame: DataFrame,
    /// The order of the rows: columns in order of weight. DataFusion keeps none unless told.
    order: Vec<SortExpr>,
    /// The time of events as the language names it: a copy of the column that breaks ties.
    time: Lowered,
    /// False behind the first `stats`: the system columns are gone.
    is_events: bool,
    /// Columns named so far.
    names: usize,
}

impl Lowerer<'_> {
    fn step(&mut self, step: &Step) -> Result<()> {
        match step {
            Step::Extend(columns) => columns.iter().try_for_each(|column| self.extend(column)),
            Step::Filter(condition) => {
                let condition = self.scope.condition(condition);
                self.change(|frame| frame.filter(condition))
            }
            Step::Parse { source, extract } => self.parse(source, extract),
            Step::Repeat { times, name } => self.repeat(*times, name),
            Step::Stats(stats) => self.stats(stats),
            Step::Sort(keys) => self.sort(keys),
            Step::Limit(count) => {
                let order = self.whole_order();
                self.change(|frame| sorted(frame, order)?.limit(0, Some(*count as usize)))
            }
            Step::Skip(count) => {
                let order = self.whole_order();
                self.change(|frame| sorted(frame, order)?.limit(*count as usize, None))
            }
            Step::Dedup(keys) => self.dedup(keys),
            Step::Window(window) => self.window(window),
            Step::Rows(_) => unreachable!("the caller stops before it"),
        }
    }

    fn change(&mut self, change: impl FnOnce(DataFrame) -> Result<DataFrame>) -> Result<()> {
        self.frame = change(self.frame.clone())?;
        Ok(())
    }

    fn fresh_name(&mut self) -> String {
        self.names += 1;
        format!("c{}", self.names)
    }

    /// Adds a column that no name refers to.
    fn add(&mut self, expr: Lowered) -> Result<String> {
        let name = self.fresh_name();
        self.change(|frame| frame.with_column(&name, expr))?;
        Ok(name)
    }

    fn extend(&mut self, column: &Column) -> Result<()> {
        let Typed { expr, kind } = self.scope.value(&column.expr);
        let name = self.add(expr)?;
        self.scope.insert(&column.name, &name, kind);
        Ok(())
    }

    fn repeat(&mut self, times: u32, name: &str) -> Result<()> {
        let numbers: Vec<ScalarValue> =
            (0..times).map(|number| ScalarValue::from(i64::from(number))).collect();
        let numbers = ScalarValue::List(ScalarValue::new_list_nullable(&numbers, &DataType::Int64));
        let column = self.add(lit(numbers))?;
        self.change(|frame| frame.unnest_columns(&[&column]))?;
        self.scope.insert(name, &column, Kind::Int);
        Ok(())
    }

    fn parse(&mut self, source: &Expr, extract: &Extract) -> Result<()> {
        let text = self.scope.value(source).into_text();
        let groups = self.add(call(Op::Extract(extract.clone()), Kind::Text, vec![(text, Kind::Text)]))?;
        for (index, column) in extract.columns.iter().enumerate() {
            if let Some(name) = column {
                let group = self.add(get_field(column_of(&groups), index.to_string()))?;
                self.scope.insert(name, &group, Kind::Text);
            }
        }
        Ok(())
    }

    /// Rows that are equal by the keys stay in the order they had.
    fn sort(&mut self, keys: &[SortKey]) -> Result<()> {
        let mut order = vec![];
        for key in keys {
            let value = order_key(self.scope.value(&key.expr));
            // DataFusion loses a sort over several tables that is by such a copy.
            let column = match self.is_events && value == self.time {
                true => TIMESTAMP.to_owned(),
                false => self.add(value)?,
            };
            let is_ascending = key.direction == Direction::Ascending;
            order.push(column_of(&column).sort(is_ascending, is_ascending));
        }
        order.append(&mut self.order);
        self.order = order;
        Ok(())
    }

    /// The order with the source's own behind it.
    fn whole_order(&self) -> Vec<SortExpr> {
        let mut order = self.order.clone();
        if self.is_events {
            let is_new = |key: &SortExpr| self.order.iter().all(|known| known.expr != key.expr);
            order.extend(source_order().into_iter().filter(is_new));
        }
        order
    }

    /// The first row of each key in the order; a row without one of the values is first by itself.
    fn dedup(&mut self, keys: &[Expr]) -> Result<()> {
        let values: Vec<Typed> = keys.iter().map(|key| self.scope.value(key).told_apart()).collect();
        let is_absent =
            values.iter().cloned().map(|value| value.into_presence().is_not_true()).reduce(Lowered::or);
        let keys = values.into_iter().map(|value| value.expr).collect();
        let place = row_number().partition_by(keys).order_by(self.whole_order()).build()?;
        let name = self.fresh_name();
        self.change(|frame| frame.window(vec![place.alias(&name)]))?;
        let is_first = column_of(&name).eq(lit(1u64));
        let keeps = is_absent.map_or(is_first.clone(), |is_absent| is_first.or(is_absent));
        self.change(|frame| frame.filter(keeps))
    }

    /// Ends the part of the plan that looks at events one by one, and counts what comes out of it.
    ///
    /// Only the columns that later steps read go on.
    async fn count(&mut self, later: &[Step], plan: &Plan, matched: Option<&Arc<Counter>>) -> Result<()> {
        let mut read: BTreeSet<String> = plan.columns.iter().cloned().collect();
        later.iter().for_each(|step| step.read_fields(&mut read));
        read.insert("@timestamp".into());
        let mut kept: BTreeSet<&str> =
            self.scope.columns().filter(|(name, _)| read.contains(*name)).map(|(_, column)| column).collect();
        if needs_order(later) {
            kept.extend([TIMESTAMP, SEQUENCE, GROUP]);
        }
        let order_columns = self.order.iter().filter_map(|key| match &key.expr {
            Lowered::Column(column) => Some(column.name.as_str()),
            _ => None,
        });
        kept.extend(order_columns);
        let projected = self.frame.clone().select(kept.into_iter().map(column_of))?;
        let Some(matched) = matched else {
            self.frame = projected;
            return Ok(());
        };
        let (schema, partitions) = counted(projected.create_physical_plan().await?, matched.clone());
        let table = StreamingTable::try_new(schema, partitions)?;
        self.frame = self.context.read_table(Arc::new(table))?;
        Ok(())
    }

    fn finish(self, names: &[String]) -> Result<(DataFrame, Vec<Kind>)> {
        let order = self.whole_order();
        let values: Vec<Typed> = names.iter().map(|name| self.scope.field(name)).collect();
        let kinds = values.iter().map(|value| value.kind).collect();
        let numbered = values.into_iter().enumerate();
        let mut columns: Vec<Lowered> =
            numbered.map(|(index, value)| value.expr.alias(format!("column {index}"))).collect();
        if self.is_events {
            columns.extend([GROUP, TIMESTAMP, SEQUENCE].map(column_of));
        }
        Ok((sorted(self.frame, order)?.select(columns)?, kinds))
    }
}

fn sorted(frame: DataFrame, order: Vec<SortExpr>) -> Result<DataFrame> {
    if order.is_empty() { Ok(frame) } else { frame.sort(order) }
}

/// By time, then as stored, whose numbers rise over all groups or files: what breaks ties.
pub fn source_order() -> [SortExpr; 3] {
    [TIMESTAMP, SEQUENCE, GROUP].map(|column| column_of(column).sort(true, true))
}

/// A value that sorts in DataFusion as the language sorts: nulls first.
pub fn order_key(value: Typed) -> Lowered {
    match value.kind {
        // A dash is text, and text comes before numbers, as a null does.
        Kind::Bool | Kind::Int | Kind::Float | Kind::Time | Kind::DashInt => value.expr,
        // Runs of digits sort as numbers, and a dash before them: so do addresses that are numbers.
        Kind::DashAddress => value.expr,
        kind => call(Op::NaturalKey, Kind::Text, vec![(value.expr, kind)]),
    }
}

/// Whether steps need to know which event is which: all but aggregates that look at each value alone.
fn needs_order(later: &[Step]) -> bool {
    let Some(Step::Stats(stats)) = later.first() else { return true };
    let picks = |aggregate: Aggregate| {
        aggregate.reads_time() || matches!(aggregate, Aggregate::SortsFirst | Aggregate::SortsLast)
    };
    stats.aggregates.iter().any(|call| picks(call.aggregate.aggregate))
}
