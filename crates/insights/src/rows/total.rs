//! `accum`, `addtotals`, `outlier`: sums over rows and columns, and values far from the others.

use crate::aggregate::percentile;
use crate::execute::Run;
use crate::naive::{Row, evaluate};
use crate::plan::{Expr, Outliers, Totals};
use crate::value::{Number, Value};

/// The number of a value that is to be summed: times are none.
fn addend(value: &Value) -> Option<Number> {
    if matches!(value, Value::Time(_)) { None } else { value.number() }
}

/// Whole numbers stay whole.
fn sum(numbers: impl Iterator<Item = Number>) -> Value {
    let mut total = Number::Int(0);
    for number in numbers {
        total = match (total, number) {
            (Number::Int(left), Number::Int(right)) if left.checked_add(right).is_some() => {
                Number::Int(left + right)
            }
            (left, right) => Number::Float(left.as_f64() + right.as_f64()),
        };
    }
    match total {
        Number::Int(whole) => Value::Int(whole),
        Number::Float(float) => Value::number_or_null(float),
    }
}

/// A column, that of the value itself if none is named (Assumption), with the sum up to and with each row. What is no number adds nothing, and its row shows the sum
/// so far (Assumption).
pub(super) fn accumulate(rows: &mut [Row], (value, name): (&Expr, &str), run: Run<'_>) {
    let mut total = Value::Int(0);
    for row in rows {
        let added = addend(&evaluate(value, row, run));
        total = sum([total.number(), added].into_iter().flatten());
        row.set(name, total.clone());
    }
}

/// A column with the sum of each row, and a last row with the sum of each column, as far as they are wanted.
pub(super) fn totals(totals: &Totals, rows: &mut Vec<Row>) {
    let Totals { row_total, has_last_row, names } = totals;
    let mut last = Row::default();
    for name in names.iter().filter(|_| *has_last_row) {
        let numbers: Vec<Number> = rows.iter().filter_map(|row| addend(row.get(name))).collect();
        if !numbers.is_empty() {
            last.set(name, sum(numbers.into_iter()));
        }
    }
    if let Some(total) = row_total {
        for row in rows.iter_mut() {
            let numbers: Vec<Number> = names.iter().filter_map(|name| addend(row.get(name))).collect();
            row.set(total, sum(numbers.into_iter()));
        }
    }
    if *has_last_row {
        rows.push(last);
    }
}

/// Takes away the rows with values beyond the limits, or puts the limit in their place.
///
/// The limits lie `factor` times the distance of the quartiles beyond them.
pub(super) fn outliers(outliers: &Outliers, rows: &mut Vec<Row>) {
    for name in &outliers.names {
        let numbers = |rows: &[Row]| -> Vec<f64> {
            rows.iter().filter_map(|row| addend(row.get(name))).map(Number::as_f64).collect()
        };
        let quartile = |percent: f64| percentile(numbers(rows), percent).as_f64();
        let (Some(low), Some(high)) = (quartile(25.0), quartile(75.0)) else { continue };
        let reach = (high - low) * outliers.factor;
        let least = if outliers.uses_lower { low - reach } else { f64::NEG_INFINITY };
        limit(outliers, (name, least, high + reach), rows);
    }
}

fn limit(outliers: &Outliers, (name, least, most): (&str, f64, f64), rows: &mut Vec<Row>) {
    let is_beyond = |number: f64| number < least || number > most;
    let number = |row: &Row| addend(row.get(name)).map(Number::as_f64);
    if outliers.removes {
        return rows.retain(|row| !number(row).is_some_and(is_beyond));
    }
    for row in rows {
        if let Some(number) = number(row).filter(|number| is_beyond(*number)) {
            let limit = Value::number_or_null(number.clamp(least, most));
            let marked = limit.print().map(|limit| Value::text(format!("000{limit}")));
            row.set(name, if outliers.marks { marked.unwrap_or(Value::Null) } else { limit });
        }
    }
}
