//! Operators over whole columns, for the kinds that flow-log queries meet. Anything else gives `None`.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, PrimitiveArray, StringViewArray,
    StringViewBuilder,
};
use datafusion::arrow::datatypes::{Float64Type, Int64Type};
use weir_insights::{Arithmetic, Expr, Period, Value, parse_number};

use super::Op;
use crate::kind::Kind;

/// The operator's column, if it is one of the fast.
pub fn column(op: &Op, kinds: &[Kind], columns: &[ArrayRef]) -> Option<ArrayRef> {
    match (op, kinds) {
        (Op::Number, [Kind::Text]) => Some(numbers(columns[0].as_string_view())),
        (Op::Print, [Kind::DashAddress]) => Some(super::address::texts(columns[0].as_primitive())),
        (Op::Expr(template), _) => expression(template, kinds, columns),
        _ => None,
    }
}

fn expression(template: &Expr, kinds: &[Kind], columns: &[ArrayRef]) -> Option<ArrayRef> {
    match (template, kinds) {
        (Expr::Arithmetic { operator, left, right }, _) => {
            arithmetic(*operator, &side(left, kinds, columns)?, &side(right, kinds, columns)?)
        }
        (Expr::Round { period, offset_ms, is_up, .. }, [Kind::Int | Kind::Time]) => {
            let times = columns[0].as_primitive::<Int64Type>();
            let rounded = match is_up {
                false => floors(times.values(), *period, *offset_ms),
                true => {
                    let ceil =
                        |ms: &i64| period.ceil(ms.saturating_sub(*offset_ms)).saturating_add(*offset_ms);
                    times.values().iter().map(ceil).collect()
                }
            };
            Some(Arc::new(Int64Array::new(rounded.into(), times.nulls().cloned())))
        }
        (Expr::Look { values, index }, _) => {
            let (index, columns) = (index.get()?, fields(values, kinds, columns)?);
            let mut found = StringViewBuilder::new();
            for row in 0..columns.first()?.1.len() {
                let values: Vec<Value> =
                    columns.iter().map(|(kind, column)| kind.value(column, row)).collect();
                found.append_option(index.get(&values).print());
            }
            Some(Arc::new(found.finish()))
        }
        (Expr::Among { value, among, is_negated }, _) => {
            let (among, columns) = (among.get()?, fields(std::slice::from_ref(value), kinds, columns)?);
            let (kind, column) = columns.first()?;
            let is_so = |row| {
                let value = kind.value(column, row);
                Some(!value.is_null() && among.contains(&value) != *is_negated)
            };
            Some(Arc::new((0..column.len()).map(is_so).collect::<BooleanArray>()))
        }
        (Expr::Compare { operator, left, right }, [kind]) => {
            let values = |row| kind.value(&columns[0], row);
            let rows = 0..columns[0].len();
            let column: BooleanArray = match (left.as_ref(), right.as_ref()) {
                (Expr::Field(_), Expr::Literal(right)) => {
                    rows.map(|row| Some(operator.holds(&values(row), right))).collect()
                }
                (Expr::Literal(left), Expr::Field(_)) => {
                    rows.map(|row| Some(operator.holds(left, &values(row)))).collect()
                }
                _ => return None,
            };
            Some(Arc::new(column))
        }
        (Expr::Contains { text, is_negated, .. }, [Kind::Text]) => {
            Some(test(columns[0].as_string_view(), |found| found.contains(text.as_str()) != *is_negated))
        }
        (Expr::Matches { pattern, is_negated, .. }, [Kind::Text]) => {
            Some(test(columns[0].as_string_view(), |found| pattern.0.is_match(found) != *is_negated))
        }
        _ => None,
    }
}

/// The start of the period of each time, where periods begin so many milliseconds late.
fn floors(times: &[i64], period: Period, offset_ms: i64) -> Vec<i64> {
    let mut starts = Vec::with_capacity(times.len());
    // Times near each other are mostly of one period or two, found without a division for each.
    let mut periods = None;
    for near in times.chunks(NEAR) {
        let is_among = |two: &Two| two.contain(near);
        periods = periods.filter(is_among).or_else(|| {
            near.iter().min().and_then(|first| Two::from(*first, period, offset_ms)).filter(is_among)
        });
        match &periods {
            Some(two) => starts.extend(near.iter().map(|ms| two.floor(*ms))),
            None => {
                let floor = |ms: &i64| period.floor(ms.saturating_sub(offset_ms)).saturating_add(offset_ms);
                starts.extend(near.iter().map(floor));
            }
        }
    }
    starts
}

/// A period and the next.
struct Two {
    first: i64,
    second: i64,
    /// The last millisecond of the second.
    last: i64,
}

impl Two {
    /// The period of a time and the next; `None` where there are no dates, and so no period begins.
    fn from(ms: i64, period: Period, offset_ms: i64) -> Option<Two> {
        let first = period.floor(ms.checked_sub(offset_ms)?);
        let second = period.next(first);
        let end = period.next(second);
        let is_period = second > first && end > second && period.floor(second) == second;
        let at = |start: i64| start.checked_add(offset_ms);
        is_period.then_some(Two { first: at(first)?, second: at(second)?, last: at(end)?.checked_sub(1)? })
    }

    /// Whether all times are of the two, without a branch for each: of one that is not, one of the differences is negative,
    /// even if both wrap around.
    fn contain(&self, times: &[i64]) -> bool {
        let outside = times.iter().map(|ms| ms.wrapping_sub(self.first) | self.last.wrapping_sub(*ms));
        outside.fold(0, |all, one| all | one) >= 0
    }

    /// The start of a time's period, which is of the two; without a branch.
    fn floor(&self, ms: i64) -> i64 {
        let is_before = (ms - self.second) >> 63;
        self.second - (is_before & (self.second - self.first))
    }
}

/// Times that stand beside each other.
const NEAR: usize = 64;

/// The columns that expressions are, with their kinds, if they are nothing else.
fn fields<'a>(exprs: &[Expr], kinds: &[Kind], columns: &'a [ArrayRef]) -> Option<Vec<(Kind, &'a ArrayRef)>> {
    let field = |expr: &Expr| match expr {
        Expr::Field(index) => {
            let index: usize = index.parse().ok()?;
            Some((*kinds.get(index)?, columns.get(index)?))
        }
        _ => None,
    };
    exprs.iter().map(field).collect()
}

/// One side of an arithmetic operator: a column of floats or a constant.
enum Side<'a> {
    Column(&'a PrimitiveArray<Float64Type>),
    Constant(f64),
}

impl Side<'_> {
    fn get(&self, row: usize) -> Option<f64> {
        match self {
            Side::Column(column) => column.is_valid(row).then(|| column.value(row)),
            Side::Constant(number) => Some(*number),
        }
    }
}

fn side<'a>(part: &Expr, kinds: &[Kind], columns: &'a [ArrayRef]) -> Option<Side<'a>> {
    match part {
        Expr::Literal(value) => value.as_f64().map(Side::Constant),
        Expr::Field(index) => {
            let index: usize = index.parse().ok()?;
            (kinds[index] == Kind::Float).then(|| Side::Column(columns[index].as_primitive()))
        }
        _ => None,
    }
}

fn arithmetic(operator: Arithmetic, left: &Side<'_>, right: &Side<'_>) -> Option<ArrayRef> {
    let rows = match (left, right) {
        (Side::Column(column), _) | (_, Side::Column(column)) => column.len(),
        _ => return None,
    };
    let result =
        |row| Some(operator.apply(left.get(row)?, right.get(row)?)).filter(|number| number.is_finite());
    Some(Arc::new((0..rows).map(result).collect::<Float64Array>()))
}

/// Null for null, which a filter takes as false.
fn test(column: &StringViewArray, is_so: impl Fn(&str) -> bool) -> ArrayRef {
    Arc::new(column.iter().map(|text| text.map(&is_so)).collect::<BooleanArray>())
}

fn numbers(column: &StringViewArray) -> ArrayRef {
    let number = |text: Option<&str>| text.and_then(parse_number).map(|number| number.as_f64());
    Arc::new(column.iter().map(number).collect::<Float64Array>())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use weir_insights::Value;

    use super::*;

    proptest! {
        #[test]
        fn times_are_of_the_period_that_holds_them(
            first in prop_oneof![Just(0), -2_000_000_000_000..2_000_000_000_000_i64, Just(i64::MIN), Just(i64::MAX)],
            steps in prop::collection::vec(0..200_000_000_i64, 0..200),
            period in prop::sample::select(vec!["1ms", "5m", "1d", "1w", "1mo", "1y"]),
            offset_ms in prop_oneof![Just(0), 0..90_000_000_i64],
        ) {
            let (period, _) = Period::parse(period).expect("a period");
            // Every third goes back a little.
            let time = |(at, step): (i64, &i64)| first.saturating_add((at - at % 3) * 60_000).saturating_add(*step);
            let times: Vec<i64> = (0..).zip(&steps).map(time).collect();
            let alone = |ms: &i64| period.floor(ms.saturating_sub(offset_ms)).saturating_add(offset_ms);
            prop_assert_eq!(floors(&times, period, offset_ms), times.iter().map(alone).collect::<Vec<_>>());
        }
    }

    #[test]
    fn arithmetic_without_a_result_is_null() {
        let column: ArrayRef = Arc::new(Float64Array::from(vec![Some(6.0), Some(1.0), None]));
        let template = Expr::Arithmetic {
            operator: Arithmetic::Divide,
            left: Box::new(Expr::Field("0".into())),
            right: Box::new(Expr::Literal(Value::Int(0))),
        };
        let result = column_of(&template, &[Kind::Float], &[column]);
        assert_eq!(result.null_count(), 3);
    }

    fn column_of(template: &Expr, kinds: &[Kind], columns: &[ArrayRef]) -> ArrayRef {
        expression(template, kinds, columns).expect("a fast operator")
    }
}
