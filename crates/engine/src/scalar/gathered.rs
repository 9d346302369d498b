//! The last step of aggregates that the language finishes by itself.

use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::datatypes::{Decimal128Type, Float64Type};
use weir_insights::{
    Accumulator, Aggregate, Value, gathered, histogram, percentile, rate, values, whole_sum,
};

use super::GatheredOp;
use crate::kind::{Kind, whole};

/// The aggregate's value for one group. A list is a column of lists of the kind.
pub fn value(op: GatheredOp, kinds: &[Kind], columns: &[ArrayRef], row: usize) -> Value {
    let number = |at: usize| kinds[at].value(&columns[at], row);
    match op {
        GatheredOp::Values => {
            let texts = list(kinds[0], &columns[0], row);
            values(texts.filter_map(|text| text.print().map(|text| text.into_owned())).collect())
        }
        GatheredOp::Histogram(buckets) => histogram(&floats(&columns[0], row), buckets),
        GatheredOp::Tokens => {
            let lists: Vec<_> = list(kinds[0], &columns[0], row).map(|list| list.to_json()).collect();
            Value::Json(Box::new(gathered(&lists)))
        }
        GatheredOp::Sum => exact_sum(&columns[0], row),
        GatheredOp::SumOfAny => match number(2) == number(3) {
            true => exact_sum(&columns[0], row),
            false => number(1),
        },
        GatheredOp::Numbers { aggregate: Aggregate::Percentile, parameter, is_distinct: false } => {
            percentile(floats(&columns[0], row), parameter)
        }
        GatheredOp::Numbers { aggregate, parameter, is_distinct } => {
            let mut numbers = Accumulator::new(aggregate, Some(parameter)).of_different(is_distinct);
            list(kinds[0], &columns[0], row).for_each(|number| numbers.add(&number, &Value::Null));
            numbers.finish()
        }
        GatheredOp::Rate(interval_ms) => {
            let end = |at: usize| whole(&number(at)).zip(number(at + 1).as_f64());
            match (end(0), end(2)) {
                (Some(first), Some(last)) => rate(first, last, interval_ms),
                _ => Value::Null,
            }
        }
    }
}

/// A sum of whole numbers in 128 bits.
fn exact_sum(column: &ArrayRef, row: usize) -> Value {
    let sums = column.as_primitive::<Decimal128Type>();
    if sums.is_valid(row) { whole_sum(sums.value(row)) } else { Value::Null }
}

/// The numbers of a list of doubles in one row; none of a null.
fn floats(column: &ArrayRef, row: usize) -> Vec<f64> {
    let elements = column.is_valid(row).then(|| column.as_list::<i32>().value(row));
    let numbers =
        elements.iter().flat_map(|elements| elements.as_primitive::<Float64Type>().iter().flatten());
    numbers.filter(|number| number.is_finite()).collect()
}

/// The elements of a list in one row; none of a null.
fn list(kind: Kind, column: &ArrayRef, row: usize) -> impl Iterator<Item = Value> {
    let elements = column.is_valid(row).then(|| column.as_list::<i32>().value(row));
    elements.into_iter().flat_map(move |elements| {
        (0..elements.len()).map(move |at| kind.value(&elements, at)).collect::<Vec<_>>()
    })
}
