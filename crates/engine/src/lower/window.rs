//! Window functions.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Result, plan_err};
use datafusion::functions_aggregate::count::count_udaf;
use datafusion::functions_window::expr_fn::{
    cume_dist, dense_rank, first_value, lag, lead, nth_value, ntile, percent_rank, rank, row_number,
};
use datafusion::logical_expr::expr::{AggregateFunctionParams, WindowFunction as Lowering};
use datafusion::logical_expr::{
    Expr as Lowered, ExprFunctionExt, SortExpr, WindowFrame, WindowFrameBound, WindowFrameUnits,
    WindowFunctionDefinition, cast, lit, when,
};
use datafusion::scalar::ScalarValue;
use weir_insights::{Aggregate, AggregateCall, Direction, SortKey, Window, WindowFunction};

use super::Lowerer;
use super::stats::has_native_order;
use crate::kind::Kind;
use crate::scalar::{Op, call};
use crate::scope::{Typed, column_of, constant};

/// What a window's column is made of.
struct Over {
    partition: Vec<Lowered>,
    /// The order by which rows are equal.
    order: Vec<SortExpr>,
    /// The same, and behind it what tells equal rows apart.
    whole: Vec<SortExpr>,
}

impl Lowerer<'_> {
    /// Whether DataFusion has no window function for it: it has none for the least and the greatest of texts, nor for sums that
    /// need more than 64 bits.
    pub(super) fn needs_rows(&self, window: &Window) -> bool {
        let WindowFunction::Aggregate(row) = window.function else { return false };
        if row.aggregate == Aggregate::Sum && self.is_wide_sum(window.argument.as_ref()) {
            return true;
        }
        let is_extreme = matches!(row.aggregate, Aggregate::Min | Aggregate::Max);
        let kind = |argument| self.scope.value(argument).kind;
        is_extreme && window.argument.as_ref().is_some_and(|argument| !has_native_order(kind(argument)))
    }

    pub(super) fn window(&mut self, window: &Window) -> Result<()> {
        let mut partition = vec![];
        for key in &window.partition {
            let key = self.scope.value(key).told_apart().expr;
            partition.push(column_of(&self.add(key)?));
        }
        let order = self.window_order(&window.order)?;
        let ties = self.window_order(&window.ties)?;
        let whole = [order.clone(), ties, self.whole_order()].concat();
        let over = Over { partition, order, whole };
        let argument = window.argument.as_ref();
        let value = argument.map_or(constant(&weir_insights::Value::Null), |it| self.scope.value(it));
        let Typed { expr, kind } = match window.function {
            WindowFunction::RowNumber => {
                whole_number(self.over(row_number(), &over.partition, &over.whole)?)
            }
            WindowFunction::Rank => whole_number(self.over(rank(), &over.partition, &over.order)?),
            WindowFunction::DenseRank => {
                whole_number(self.over(dense_rank(), &over.partition, &over.order)?)
            }
            WindowFunction::PercentRank => float(self.over(percent_rank(), &over.partition, &over.order)?),
            WindowFunction::CumeDist => float(self.over(cume_dist(), &over.partition, &over.order)?),
            WindowFunction::Tile(parts) => {
                whole_number(self.over(ntile(lit(i64::from(parts))), &over.partition, &over.whole)?)
            }
            WindowFunction::Lag(rows) => self.of_row(value, |it| lag(it, Some(rows.into()), None), &over)?,
            WindowFunction::Lead(rows) => {
                self.of_row(value, |it| lead(it, Some(rows.into()), None), &over)?
            }
            WindowFunction::First => self.of_row(value, first_value, &over)?,
            WindowFunction::Last => self.last(value, &over)?,
            WindowFunction::Nth(number) => self.nth(value, number, &over)?,
            WindowFunction::Aggregate(row) => {
                let argument = argument.cloned();
                let call = AggregateCall {
                    name: String::new(),
                    aggregate: row,
                    argument,
                    parameter: None,
                    is_distinct: false,
                };
                let Typed { expr, kind } = self.aggregate(&call)?;
                Typed { expr: self.over_equal(running(expr)?, &over)?, kind }
            }
        };
        let name = self.add(expr)?;
        self.scope.insert(&window.name, &name, kind);
        Ok(())
    }

    /// Columns by which rows are ordered, and equal where the language finds them so.
    fn window_order(&mut self, keys: &[SortKey]) -> Result<Vec<SortExpr>> {
        let mut order = vec![];
        for key in keys {
            let value = self.scope.value(&key.expr);
            // Zero has two floats, which are equal.
            let value = match value.kind {
                Kind::Float => call(Op::NaturalKey, Kind::Text, vec![(value.expr, Kind::Float)]),
                _ => super::order_key(value),
            };
            let column = self.add(value)?;
            let is_ascending = key.direction == Direction::Ascending;
            order.push(column_of(&column).sort(is_ascending, is_ascending));
        }
        Ok(order)
    }

    /// The column of a window function that is the same for all frames that begin with the partition.
    fn over(&mut self, function: Lowered, partition: &[Lowered], order: &[SortExpr]) -> Result<Lowered> {
        self.over_frame(function, partition, order, frame(WindowFrameUnits::Rows))
    }

    /// The column of a function of the rows up to the last equal one; without an order, of the whole partition.
    fn over_equal(&mut self, function: Lowered, over: &Over) -> Result<Lowered> {
        let frame = if over.order.is_empty() { whole_frame() } else { frame(WindowFrameUnits::Groups) };
        self.over_frame(function, &over.partition, &over.order, frame)
    }

    fn over_frame(
        &mut self,
        function: Lowered,
        partition: &[Lowered],
        order: &[SortExpr],
        frame: WindowFrame,
    ) -> Result<Lowered> {
        let function =
            function.partition_by(partition.to_vec()).order_by(order.to_vec()).window_frame(frame).build()?;
        let name = self.fresh_name();
        self.change(|frame| frame.window(vec![function.alias(&name)]))?;
        Ok(column_of(&name))
    }

    /// A value of another row.
    fn of_row(
        &mut self,
        value: Typed,
        function: impl FnOnce(Lowered) -> Lowered,
        over: &Over,
    ) -> Result<Typed> {
        let Typed { expr, kind } = shifted(value);
        Ok(Typed { expr: self.over(function(expr), &over.partition, &over.whole)?, kind })
    }

    /// The last of the equal rows: the first of them, backwards. Without an order the whole partition is equal.
    fn last(&mut self, value: Typed, over: &Over) -> Result<Typed> {
        let Typed { expr, kind } = shifted(value);
        let equal = over.order.iter().map(|key| key.expr.clone());
        let partition: Vec<Lowered> = over.partition.iter().cloned().chain(equal).collect();
        let backwards = |key: &SortExpr| key.expr.clone().sort(!key.asc, !key.nulls_first);
        let order: Vec<SortExpr> = over.whole.iter().map(backwards).collect();
        Ok(Typed { expr: self.over(first_value(expr), &partition, &order)?, kind })
    }

    /// The row of the partition, once the frame has come to it.
    fn nth(&mut self, value: Typed, number: u32, over: &Over) -> Result<Typed> {
        let Typed { expr, kind } = shifted(value);
        let nth = nth_value(expr, number.into());
        let nth = self.over_frame(nth, &over.partition, &over.whole, whole_frame())?;
        let seen = self.over_equal(count_rows(), over)?;
        Ok(Typed { expr: when(seen.gt_eq(lit(i64::from(number))), nth).end()?, kind })
    }
}

/// To the row itself, or, counted in groups of equal rows, to the last equal one: `RANGE`, which DataFusion takes of few types.
fn frame(units: WindowFrameUnits) -> WindowFrame {
    let none = ScalarValue::UInt64(None);
    WindowFrame::new_bounds(units, WindowFrameBound::Preceding(none), WindowFrameBound::CurrentRow)
}

fn whole_frame() -> WindowFrame {
    let none = || ScalarValue::UInt64(None);
    WindowFrame::new_bounds(
        WindowFrameUnits::Rows,
        WindowFrameBound::Preceding(none()),
        WindowFrameBound::Following(none()),
    )
}

/// A value of another row. That there is no such row, a column of dashes could not tell.
fn shifted(value: Typed) -> Typed {
    let value = value.told_apart();
    match value.kind.is_dash() {
        true => Typed { expr: value.into_text(), kind: Kind::Text },
        false => value,
    }
}

fn whole_number(column: Lowered) -> Typed {
    Typed { expr: cast(column, DataType::Int64), kind: Kind::Int }
}

fn float(column: Lowered) -> Typed {
    Typed { expr: column, kind: Kind::Float }
}

fn count_rows() -> Lowered {
    let count = WindowFunctionDefinition::AggregateUDF(count_udaf());
    Lowered::from(Lowering::new(count, vec![lit(1i64)]))
}

/// An aggregate as a window function.
fn running(aggregate: Lowered) -> Result<Lowered> {
    match aggregate.unalias() {
        Lowered::AggregateFunction(aggregate) => {
            let AggregateFunctionParams { args, distinct: false, .. } = aggregate.params else {
                return plan_err!("an aggregate of different values over a window");
            };
            let function = WindowFunctionDefinition::AggregateUDF(aggregate.func);
            Ok(Lowered::from(Lowering::new(function, args)))
        }
        other => plan_err!("no aggregate over a window: {other}"),
    }
}
