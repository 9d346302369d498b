//! `stats`: groups and aggregates.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::functions::core::expr_fn::coalesce;
use datafusion::functions_aggregate::array_agg::array_agg;
use datafusion::functions_aggregate::average::avg;
use datafusion::functions_aggregate::count::{count, count_all, count_distinct};
use datafusion::functions_aggregate::first_last::{first_value_udaf, last_value_udaf};
use datafusion::functions_aggregate::min_max::{max, min};
use datafusion::functions_aggregate::stddev::stddev;
use datafusion::functions_aggregate::sum::sum;
use datafusion::functions_aggregate::variance::var_pop;
use datafusion::logical_expr::{AggregateUDF, Expr as Lowered, ExprFunctionExt, SortExpr, cast, lit};
use weir_flowlog::Field;
use weir_insights::{Aggregate, AggregateCall, Column, Expr, Stats, Value};

use super::{Lowerer, order_key, source_order};
use crate::files::known_field;
use crate::kind::Kind;
use crate::scalar::{GatheredOp, Key, Op, call, is_packed, shifts};
use crate::scope::{Typed, column_of, constant};
use crate::sum::{narrow_float_sum, narrow_sum};

/// What DataFusion gathers of a group, and what the language makes of it.
struct Gathered {
    columns: Vec<(Lowered, Kind)>,
    op: GatheredOp,
    kind: Kind,
}

impl Lowerer<'_> {
    pub(super) fn stats(&mut self, stats: &Stats) -> Result<()> {
        let mut scope = self.scope.cleared();
        let mut keys = vec![];
        for column in &stats.groups {
            let value = self.scope.value(&column.expr).told_apart();
            let name = self.fresh_name();
            scope.insert(&column.name, &name, value.kind);
            keys.push((name, value));
        }
        let (groups, parts) = self.grouped(&stats.groups, keys);
        let (mut aggregates, mut gathered) = (vec![], vec![]);
        for call in &stats.aggregates {
            let name = self.fresh_name();
            match call.aggregate.aggregate {
                _ if self.is_gathered(call) => {
                    let Gathered { columns, op, kind } = self.gathered(call)?;
                    let mut arguments = vec![];
                    for (column, kind) in columns {
                        let part = self.fresh_name();
                        arguments.push((column_of(&part), kind));
                        aggregates.push(column.alias(part));
                    }
                    scope.insert(&call.name, &name, kind);
                    gathered.push((name, Op::Gathered(op), kind, arguments));
                }
                _ => {
                    let Typed { expr, kind } = self.aggregate(call)?;
                    scope.insert(&call.name, &name, kind);
                    aggregates.push(expr.alias(name));
                }
            }
        }
        self.change(|frame| frame.aggregate(groups, aggregates))?;
        for (name, part) in parts {
            self.change(|frame| frame.with_column(&name, part))?;
        }
        for (name, op, kind, arguments) in gathered {
            self.change(|frame| frame.with_column(&name, call(op, kind, arguments)))?;
        }
        self.scope = scope;
        self.is_events = false;
        self.order = vec![];
        self.outputs(stats)
    }

    /// What to group by. Where that is one number of all keys, the names of the keys are given with what each is of it.
    fn grouped(
        &mut self,
        columns: &[Column],
        keys: Vec<(String, Typed)>,
    ) -> (Vec<Lowered>, Vec<(String, Lowered)>) {
        let packed =
            columns.iter().zip(&keys).map(|(column, (_, key))| Key::new(key.kind, field(&column.expr)));
        match (packed.collect::<Option<Vec<Key>>>(), self.narrow) {
            (Some(packed), Some(narrow)) if is_packed(&packed) => {
                let number = self.fresh_name();
                let (names, values): (Vec<String>, Vec<Typed>) = keys.into_iter().unzip();
                let one_of = |(key, shift): (&Key, u32), kind| {
                    call(Op::Unpack(*key, shift), kind, vec![(column_of(&number), Kind::Int)])
                };
                let parts = packed.iter().zip(shifts(&packed));
                let parts = parts.zip(&values).map(|(part, value)| one_of(part, value.kind));
                let parts = names.into_iter().zip(parts).collect();
                let values = values.into_iter().map(|value| (value.expr, value.kind)).collect();
                (vec![call(Op::Pack(packed, narrow.clone()), Kind::Int, values).alias(number)], parts)
            }
            _ => (keys.into_iter().map(|(name, key)| key.expr.alias(name)).collect(), vec![]),
        }
    }

    /// Whether the language's own code finishes the aggregate.
    fn is_gathered(&self, call: &AggregateCall) -> bool {
        match call.aggregate.aggregate {
            Aggregate::Values
            | Aggregate::Histogram
            | Aggregate::Rate
            | Aggregate::Tokens
            // DataFusion's own takes a place between two numbers as so many millionths of the way.
            | Aggregate::Percentile
            | Aggregate::PercentileOfThem => true,
            Aggregate::Sum => call.is_distinct || self.is_wide_sum(call.argument.as_ref()),
            _ => call.is_distinct,
        }
    }

    /// Whether it is a sum of numbers that may be whole, and need more than 64 bits or those of a double.
    pub(super) fn is_wide_sum(&self, argument: Option<&Expr>) -> bool {
        self.narrow.is_none() && argument.is_some_and(|it| self.scope.value(it).kind != Kind::Float)
    }

    /// Aggregates that the language's own code finishes: what DataFusion gathers for each group, and for what.
    fn gathered(&self, call: &AggregateCall) -> Result<Gathered> {
        let value = call.argument.as_ref().map_or(constant(&Value::Null), |it| self.scope.value(it));
        if call.aggregate.aggregate == Aggregate::Tokens {
            let columns = vec![(array_agg(value.expr), value.kind)];
            return Ok(Gathered { columns, op: GatheredOp::Tokens, kind: Kind::Json });
        }
        let value = value.told_apart();
        let parameter = call.parameter.unwrap_or_default();
        let aggregate = call.aggregate.aggregate;
        if aggregate == Aggregate::Sum && !call.is_distinct {
            return Ok(wide_sum(value));
        }
        if call.is_distinct || matches!(aggregate, Aggregate::Percentile | Aggregate::PercentileOfThem) {
            let (number, kind, made) = match value.kind {
                _ if aggregate != Aggregate::Sum => (value.into_number(), Kind::Float, Kind::Float),
                Kind::Float => (value.expr, Kind::Float, Kind::Float),
                kind if is_whole(kind) => (whole_number(value), Kind::Int, Kind::Json),
                _ => (value.into_text(), Kind::Text, Kind::Json),
            };
            let mut list = array_agg(number);
            if call.is_distinct {
                list = list.distinct().build()?;
            }
            let op = GatheredOp::Numbers { aggregate, parameter, is_distinct: call.is_distinct };
            return Ok(Gathered { columns: vec![(list, kind)], op, kind: made });
        }
        let list = |expr, kind| (array_agg(expr), kind);
        Ok(match aggregate {
            Aggregate::Histogram => Gathered {
                columns: vec![list(value.into_number(), Kind::Float)],
                op: GatheredOp::Histogram(parameter),
                kind: Kind::Json,
            },
            Aggregate::Rate => self.ends(value, parameter)?,
            _ => Gathered {
                columns: vec![list(value.into_text(), Kind::Text)],
                op: GatheredOp::Values,
                kind: Kind::Json,
            },
        })
    }

    /// The earliest number with its time, and the latest.
    fn ends(&self, value: Typed, interval_ms: f64) -> Result<Gathered> {
        let number = Typed { expr: value.into_number(), kind: Kind::Float };
        let time = self.scope.field("@timestamp");
        let time = Typed { expr: cast(time.expr, DataType::Int64), kind: Kind::Int };
        let is_usable = number.clone().into_presence().and(time.clone().into_presence());
        let mut order = vec![order_key(time.clone()).sort(true, true)];
        if self.is_events {
            order.extend(source_order());
        }
        let mut columns = vec![];
        for pick in [&first_value_udaf(), &last_value_udaf()] {
            for value in [&time, &number] {
                let Typed { expr, kind } = picked(value.clone(), pick, order.clone(), is_usable.clone())?;
                columns.push((expr, kind));
            }
        }
        Ok(Gathered { columns, op: GatheredOp::Rate(interval_ms), kind: Kind::Float })
    }

    fn outputs(&mut self, stats: &Stats) -> Result<()> {
        let mut scope = self.scope.cleared();
        let mut columns = vec![];
        for column in &stats.outputs {
            let Typed { expr, kind } = self.scope.value(&column.expr);
            let name = self.fresh_name();
            scope.insert(&column.name, &name, kind);
            columns.push(expr.alias(name));
        }
        self.change(|frame| frame.select(columns))?;
        self.scope = scope;
        Ok(())
    }

    pub(super) fn aggregate(&self, call: &AggregateCall) -> Result<Typed> {
        let Some(argument) = &call.argument else {
            return Ok(Typed { expr: count_all(), kind: Kind::Int });
        };
        let value = self.scope.value(argument).told_apart();
        let kind = value.kind;
        let float = |expr| Typed { expr, kind: Kind::Float };
        Ok(match call.aggregate.aggregate {
            Aggregate::Count if kind.is_dash() => Typed { expr: count_all(), kind: Kind::Int },
            Aggregate::Count => Typed { expr: count(value.expr), kind: Kind::Int },
            // A null would not be counted, but a dash is a value.
            Aggregate::CountDistinct if kind == Kind::DashAddress => {
                let number = coalesce(vec![cast(value.expr, DataType::Int64), lit(-1i64)]);
                Typed { expr: count_distinct(number), kind: Kind::Int }
            }
            Aggregate::CountDistinct if kind.is_dash() => {
                Typed { expr: count_distinct(value.into_text()), kind: Kind::Int }
            }
            Aggregate::CountDistinct => Typed { expr: count_distinct(value.expr), kind: Kind::Int },
            Aggregate::Sum if is_whole(kind) => {
                let Some(narrow) = self.narrow else { unreachable!("a wide sum is gathered") };
                Typed { expr: narrow_sum(narrow).call(vec![whole_number(value)]), kind: Kind::Int }
            }
            Aggregate::Sum if kind == Kind::Float => float(sum(value.expr)),
            Aggregate::Sum => {
                let Some(narrow) = self.narrow else { unreachable!("a wide sum is gathered") };
                float(narrow_float_sum(narrow).call(vec![value.into_number()]))
            }
            Aggregate::Min => self.extreme(value, true)?,
            Aggregate::Max => self.extreme(value, false)?,
            Aggregate::Average => float(avg(value.into_number())),
            Aggregate::StandardDeviation => float(stddev(value.into_number())),
            Aggregate::Variance => float(var_pop(value.into_number())),
            Aggregate::Earliest => self.by_time(value, &first_value_udaf(), false)?,
            Aggregate::Latest => self.by_time(value, &last_value_udaf(), false)?,
            Aggregate::First => self.by_time(value, &first_value_udaf(), true)?,
            Aggregate::Last => self.by_time(value, &last_value_udaf(), true)?,
            Aggregate::SortsFirst => self.by_order(value, true)?,
            Aggregate::SortsLast => self.by_order(value, false)?,
            Aggregate::Values
            | Aggregate::Histogram
            | Aggregate::Rate
            | Aggregate::Tokens
            | Aggregate::Percentile
            | Aggregate::PercentileOfThem => {
                unreachable!("these are gathered, and finished by the language")
            }
        })
    }

    /// The least or greatest. Among texts numbers go first, and what is written for nothing is passed over.
    fn extreme(&self, value: Typed, is_least: bool) -> Result<Typed> {
        if has_native_order(value.kind) {
            let expr = if is_least { min(value.expr) } else { max(value.expr) };
            let kind = if value.kind == Kind::DashInt { Kind::Int } else { value.kind };
            return Ok(Typed { expr, kind });
        }
        let text = Typed { expr: value.clone().into_text(), kind: Kind::Text };
        let is_text = text.clone().into_number().is_null().sort(true, true);
        let keys = [order_key(text.clone()), text.expr.clone()].map(|key| key.sort(is_least, is_least));
        let is_usable = text.expr.clone().is_not_null().and(text.expr.clone().not_eq(dash()));
        picked(text, &first_value_udaf(), [is_text].into_iter().chain(keys).collect(), is_usable)
    }

    /// The value of the event that is first or last by `@timestamp`, of those that have one unless `takes_nulls`; behind a
    /// `stats` there is no such event.
    fn by_time(&self, value: Typed, pick: &AggregateUDF, takes_nulls: bool) -> Result<Typed> {
        let time = self.scope.field("@timestamp");
        let is_usable = time.clone().into_presence();
        let is_usable = if takes_nulls { is_usable } else { value.clone().into_presence().and(is_usable) };
        let mut order = vec![order_key(time).sort(true, true)];
        if self.is_events {
            order.extend(source_order());
        }
        picked(value, pick, order, is_usable)
    }

    fn by_order(&self, value: Typed, is_ascending: bool) -> Result<Typed> {
        let mut order = vec![order_key(value.clone()).sort(is_ascending, is_ascending)];
        if self.is_events {
            order.extend(source_order());
        }
        let is_usable = value.clone().into_presence();
        picked(value, &first_value_udaf(), order, is_usable)
    }
}

/// The value of one of the usable rows. Of no rows it is absent, which a column of dashes could not tell.
fn picked(value: Typed, pick: &AggregateUDF, order: Vec<SortExpr>, is_usable: Lowered) -> Result<Typed> {
    let value = match value.kind.is_dash() {
        true => Typed { expr: value.into_text(), kind: Kind::Text },
        false => value,
    };
    let expr = pick.call(vec![value.expr]).order_by(order).filter(is_usable).build()?;
    Ok(Typed { expr, kind: value.kind })
}

/// A sum that is exact where all numbers are whole.
fn wide_sum(value: Typed) -> Gathered {
    let wide = |number| (sum(cast(number, DataType::Decimal128(WHOLE_DIGITS, 0))), Kind::Int);
    let (columns, op) = match is_whole(value.kind) {
        true => (vec![wide(whole_number(value))], GatheredOp::Sum),
        false => {
            let exact = call(Op::Exact, Kind::Int, vec![(value.expr.clone(), value.kind)]);
            let number = value.into_number();
            let counts = [count(number.clone()), count(exact.clone())].map(|count| (count, Kind::Int));
            let sums = [wide(exact), (sum(number), Kind::Float)];
            (sums.into_iter().chain(counts).collect(), GatheredOp::SumOfAny)
        }
    };
    Gathered { columns, op, kind: Kind::Json }
}

/// Whether values of this kind are whole numbers, or nothing.
fn is_whole(kind: Kind) -> bool {
    matches!(kind, Kind::Int | Kind::Time | Kind::DashInt | Kind::Bool)
}

/// The number of such a value.
fn whole_number(value: Typed) -> Lowered {
    if value.kind == Kind::Bool { cast(value.expr, DataType::Int64) } else { value.expr }
}

/// Digits of a whole number of 64 bits.
const WHOLE_DIGITS: u8 = 19;

/// Whether columns of this kind are ordered as the language orders their values.
pub(super) fn has_native_order(kind: Kind) -> bool {
    matches!(kind, Kind::Bool | Kind::Int | Kind::DashInt | Kind::Float | Kind::Time)
}

fn dash() -> Lowered {
    constant(&Value::text("-")).expr
}

/// The field of flow logs that an expression is.
fn field(expr: &Expr) -> Option<Field> {
    let Expr::Field(name) = expr else { return None };
    known_field(name).map(|(field, _)| field)
}
