//! The aggregates of `stats`, and how each is computed over all rows of a group.
//!
//! Source: CloudWatch Logs User Guide, "stats" (read 2026-11). Assumptions, where it is silent: numeric aggregates
//! pass over values that are not numbers and are absent if there is no number, but for `min` and `max`, which look at texts
//! then, without the `-` that a flow log writes for nothing; `stddev` is that of a sample; `pct`
//! interpolates between neighbours; `earliest` and `latest` pass over events without the field; `count_distinct` is
//! exact; `values` gives each value once, as text, in natural order; `rate` is the latest number less the earliest,
//! over the time between them; the ranges of `histogram` are named `low..high`, and a number on a border belongs to the
//! upper range.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};

use crate::functions::Parameters;
use crate::order::natural_key;
use crate::pattern::gathered;
use crate::plan::Type;
use crate::value::{Number, Value, print_float};

/// Elements of a list that `values` gives. Assumption: AWS names no number; this bounds an answer.
const VALUES_MAX: usize = 10_000;
/// Ranges of a `histogram`. Assumption: AWS names no number; this bounds an answer.
pub(crate) const BUCKETS_MAX: u32 = 1000;

/// Which aggregate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aggregate {
    /// Rows, or rows in which the argument is present.
    Count,
    /// Different values.
    CountDistinct,
    /// The sum.
    Sum,
    /// The mean.
    Average,
    /// The least number or time.
    Min,
    /// The greatest number or time.
    Max,
    /// The value below which a percentage of the numbers lies.
    Percentile,
    /// The least number of which a percentage of the numbers are not greater; only SQL can name it.
    PercentileOfThem,
    /// The standard deviation of a sample.
    StandardDeviation,
    /// The variance of a population.
    Variance,
    /// The value of the earliest event.
    Earliest,
    /// The value of the latest event.
    Latest,
    /// What the earliest event has, or that it has nothing; only SQL can name it.
    First,
    /// The same of the latest event.
    Last,
    /// The value that sorts first.
    SortsFirst,
    /// The value that sorts last.
    SortsLast,
    /// The list of the different values.
    Values,
    /// How much a number changes in an interval.
    Rate,
    /// How many numbers lie in each of several ranges.
    Histogram,
    /// What the tokens of texts of one pattern are like; no query can name it.
    Tokens,
}

impl Aggregate {
    /// Whether the result depends on the events' times.
    pub fn reads_time(self) -> bool {
        use Aggregate::{Earliest, First, Last, Latest, Rate};
        matches!(self, Earliest | Latest | First | Last | Rate)
    }
}

/// One row of the table of aggregates.
#[derive(Debug)]
pub struct AggregateRow {
    /// Which.
    pub aggregate: Aggregate,
    /// As AWS's documentation spells it; any case is accepted.
    pub name: &'static str,
    /// Other names.
    pub aliases: &'static [&'static str],
    /// What it takes.
    pub parameters: Parameters,
    /// What it gives; `Any`: a value of its argument.
    pub result: Type,
    /// What it does.
    pub summary: &'static str,
}

impl PartialEq for AggregateRow {
    fn eq(&self, other: &AggregateRow) -> bool {
        self.aggregate == other.aggregate
    }
}

const FIELD: Parameters = Parameters { min: 1, max: 1, text: "a field" };
const FIELD_OR_ALL: Parameters = Parameters { min: 0, max: 1, text: "a field, * or nothing" };
const FIELD_AND_PERCENT: Parameters =
    Parameters { min: 2, max: 2, text: "a field and a percentage from 0 to 100" };
const FIELD_AND_PERIOD: Parameters = Parameters { min: 2, max: 2, text: "a field and a period" };
const FIELD_AND_COUNT: Parameters = Parameters { min: 2, max: 2, text: "a field and a number of ranges" };

/// Every aggregate.
#[rustfmt::skip]
pub const AGGREGATES: &[AggregateRow] = &[
    AggregateRow { aggregate: Aggregate::Count, name: "count", aliases: &["count_over_time"], parameters: FIELD_OR_ALL, result: Type::Int, summary: "How many rows there are, or have the field." },
    AggregateRow { aggregate: Aggregate::CountDistinct, name: "count_distinct", aliases: &["countDistinct"], parameters: FIELD, result: Type::Int, summary: "How many different values the field has." },
    AggregateRow { aggregate: Aggregate::Sum, name: "sum", aliases: &["sum_over_time"], parameters: FIELD, result: Type::Float, summary: "The sum of the numbers." },
    AggregateRow { aggregate: Aggregate::Average, name: "avg", aliases: &[], parameters: FIELD, result: Type::Float, summary: "The mean of the numbers." },
    AggregateRow { aggregate: Aggregate::Min, name: "min", aliases: &[], parameters: FIELD, result: Type::Any, summary: "The least of the numbers or times; of other texts, where there is none, the one that sorts first." },
    AggregateRow { aggregate: Aggregate::Max, name: "max", aliases: &[], parameters: FIELD, result: Type::Any, summary: "The greatest of the numbers or times; of other texts, where there is none, the one that sorts last." },
    AggregateRow { aggregate: Aggregate::Percentile, name: "pct", aliases: &[], parameters: FIELD_AND_PERCENT, result: Type::Float, summary: "The number below which a percentage of the numbers lies." },
    AggregateRow { aggregate: Aggregate::StandardDeviation, name: "stddev", aliases: &[], parameters: FIELD, result: Type::Float, summary: "The standard deviation of the numbers." },
    AggregateRow { aggregate: Aggregate::Variance, name: "variance", aliases: &[], parameters: FIELD, result: Type::Float, summary: "The variance of the numbers, of the whole population." },
    AggregateRow { aggregate: Aggregate::Earliest, name: "earliest", aliases: &[], parameters: FIELD, result: Type::Any, summary: "The field's value in the event with the earliest @timestamp." },
    AggregateRow { aggregate: Aggregate::Latest, name: "latest", aliases: &[], parameters: FIELD, result: Type::Any, summary: "The field's value in the event with the latest @timestamp." },
    AggregateRow { aggregate: Aggregate::SortsFirst, name: "sortsFirst", aliases: &[], parameters: FIELD, result: Type::Any, summary: "The value that sorts first." },
    AggregateRow { aggregate: Aggregate::SortsLast, name: "sortsLast", aliases: &[], parameters: FIELD, result: Type::Any, summary: "The value that sorts last." },
    AggregateRow { aggregate: Aggregate::Values, name: "values", aliases: &["collect_values"], parameters: FIELD, result: Type::Json, summary: "The list of the different values, in natural order." },
    AggregateRow { aggregate: Aggregate::Rate, name: "rate", aliases: &[], parameters: FIELD_AND_PERIOD, result: Type::Float, summary: "How much the number changes in such a period, from the earliest event to the latest." },
    AggregateRow { aggregate: Aggregate::Histogram, name: "histogram", aliases: &[], parameters: FIELD_AND_COUNT, result: Type::Json, summary: "A map: how many numbers lie in each of so many ranges of equal width." },
];

/// `count`.
pub(crate) const COUNT_ROW: &AggregateRow = &AGGREGATES[0];

/// Of lists of tokens.
pub(crate) static TOKENS_ROW: AggregateRow = AggregateRow {
    aggregate: Aggregate::Tokens,
    name: "# tokens",
    aliases: &[],
    parameters: FIELD,
    result: Type::Json,
    summary: "What the tokens of texts are like.",
};

/// `PERCENTILE_DISC`.
pub(crate) static PERCENTILE_OF_THEM_ROW: AggregateRow = AggregateRow {
    aggregate: Aggregate::PercentileOfThem,
    name: "# percentile",
    aliases: &[],
    parameters: FIELD_AND_PERCENT,
    result: Type::Float,
    summary: "The least number of which a percentage of the numbers are not greater.",
};

/// `FIRST` of SQL.
pub(crate) static FIRST_ROW: AggregateRow = AggregateRow {
    aggregate: Aggregate::First,
    name: "# first",
    aliases: &[],
    parameters: FIELD,
    result: Type::Any,
    summary: "What the event with the earliest @timestamp has, if anything.",
};

/// `LAST` of SQL.
pub(crate) static LAST_ROW: AggregateRow = AggregateRow {
    aggregate: Aggregate::Last,
    name: "# last",
    summary: "What the event with the latest @timestamp has, if anything.",
    ..FIRST_ROW
};

/// What stands before the name of an aggregate of the different numbers. No query can name it.
pub(crate) const DIFFERENT: &str = "# different ";

/// The aggregate of this name, in any case, perhaps of the different numbers.
pub(crate) fn aggregate_named(name: &str) -> Option<&'static AggregateRow> {
    let name = name.strip_prefix(DIFFERENT).unwrap_or(name);
    AGGREGATES.iter().chain([&PERCENTILE_OF_THEM_ROW, &FIRST_ROW, &LAST_ROW]).find(|row| {
        row.name.eq_ignore_ascii_case(name)
            || row.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(name))
    })
}

/// Takes the values of one group one at a time, in the source's order.
#[derive(Clone, Debug)]
pub struct Accumulator {
    aggregate: Aggregate,
    parameter: f64,
    count: u64,
    distinct: BTreeSet<String>,
    numbers: Vec<Number>,
    /// Whether a number counts once, however often it comes.
    is_distinct: bool,
    chosen: Option<(Vec<u8>, Value)>,
    /// The earliest and the latest number, with their times.
    ends: Option<[(i64, f64); 2]>,
    lists: Vec<Json>,
}

impl Accumulator {
    /// Of no rows. The parameter is the percentage of `pct`, the milliseconds of `rate`, the ranges of `histogram`.
    pub fn new(aggregate: Aggregate, parameter: Option<f64>) -> Accumulator {
        Accumulator {
            aggregate,
            parameter: parameter.unwrap_or(0.0),
            count: 0,
            distinct: BTreeSet::new(),
            numbers: vec![],
            is_distinct: false,
            chosen: None,
            ends: None,
            lists: vec![],
        }
    }

    /// The same of the different numbers.
    pub fn of_different(self, is_distinct: bool) -> Accumulator {
        Accumulator { is_distinct, ..self }
    }

    /// Takes the argument's value in one row (anything but null for `count(*)`), and the row's `@timestamp`.
    pub fn add(&mut self, value: &Value, timestamp: &Value) {
        if value.is_null() && !matches!(self.aggregate, Aggregate::First | Aggregate::Last) {
            return;
        }
        match self.aggregate {
            Aggregate::Count => self.count += 1,
            Aggregate::CountDistinct => self.distinct.extend(value.identity()),
            Aggregate::Values => self.distinct.extend(value.print().map(|text| text.into_owned())),
            Aggregate::Rate => self.widen(value, timestamp),
            Aggregate::Tokens => self.lists.push(value.to_json()),
            Aggregate::Earliest | Aggregate::First => {
                self.choose(natural_key(timestamp), value, !timestamp.is_null(), |new, old| new < old)
            }
            Aggregate::Latest | Aggregate::Last => {
                self.choose(natural_key(timestamp), value, !timestamp.is_null(), |new, old| new >= old)
            }
            Aggregate::Min => {
                self.choose(extreme_key(value, true), value, !is_dash(value), |new, old| new < old)
            }
            Aggregate::Max => {
                self.choose(extreme_key(value, false), value, !is_dash(value), |new, old| new > old)
            }
            Aggregate::SortsFirst => self.choose(natural_key(value), value, true, |new, old| new < old),
            Aggregate::SortsLast => self.choose(natural_key(value), value, true, |new, old| new > old),
            _ => {
                let number = value.number();
                let text = |number| match number {
                    Number::Int(number) => number.to_string(),
                    Number::Float(number) => (number + 0.0).to_string(),
                };
                if !self.is_distinct || number.is_some_and(|number| self.distinct.insert(text(number))) {
                    self.numbers.extend(number);
                }
            }
        }
    }

    fn choose(&mut self, key: Vec<u8>, value: &Value, may: bool, is_better: fn(&[u8], &[u8]) -> bool) {
        let wins = self.chosen.as_ref().is_none_or(|(old, _)| is_better(&key, old));
        if may && wins {
            self.chosen = Some((key, value.clone()));
        }
    }

    /// Among events of one time the first is the earliest and the last the latest.
    fn widen(&mut self, value: &Value, timestamp: &Value) {
        let (Some(number), Value::Time(ms)) = (value.as_f64(), timestamp) else { return };
        let here = (*ms, number);
        let [earliest, latest] = self.ends.unwrap_or([here, here]);
        self.ends = Some([
            if *ms < earliest.0 { here } else { earliest },
            if *ms >= latest.0 { here } else { latest },
        ]);
    }

    /// The result.
    pub fn finish(mut self) -> Value {
        match self.aggregate {
            Aggregate::Count => Value::Int(self.count as i64),
            Aggregate::CountDistinct => Value::Int(self.distinct.len() as i64),
            Aggregate::Sum => sum(&self.numbers),
            Aggregate::Average => mean(&self.floats()).map_or(Value::Null, Value::number_or_null),
            Aggregate::Percentile => percentile(self.floats(), self.parameter),
            Aggregate::PercentileOfThem => percentile_of_them(self.floats(), self.parameter),
            Aggregate::StandardDeviation => match squares(&self.floats()) {
                Some((squares, count)) if count > 1.0 => {
                    Value::number_or_null((squares / (count - 1.0)).sqrt())
                }
                _ => Value::Null,
            },
            Aggregate::Variance => squares(&self.floats())
                .map_or(Value::Null, |(squares, count)| Value::number_or_null(squares / count)),
            Aggregate::Earliest
            | Aggregate::Latest
            | Aggregate::First
            | Aggregate::Last
            | Aggregate::Min
            | Aggregate::Max
            | Aggregate::SortsFirst
            | Aggregate::SortsLast => self.chosen.take().map_or(Value::Null, |(_, value)| value),
            Aggregate::Values => values(std::mem::take(&mut self.distinct)),
            Aggregate::Rate => {
                self.ends.map_or(Value::Null, |[first, last]| rate(first, last, self.parameter))
            }
            Aggregate::Histogram => histogram(&self.floats(), self.parameter),
            Aggregate::Tokens => Value::Json(Box::new(gathered(&self.lists))),
        }
    }

    fn floats(&self) -> Vec<f64> {
        self.numbers.iter().map(|number| number.as_f64()).collect()
    }
}

/// Bytes that order values for `min` and `max`: a number goes before all that is none, whichever end is wanted, and of
/// numbers that are equal the same one wins in whatever order they come.
fn extreme_key(value: &Value, is_least: bool) -> Vec<u8> {
    let is_number = !matches!(value, Value::Bool(_)) && value.number().is_some();
    let mut key = vec![u8::from(is_number != is_least)];
    key.extend(natural_key(value));
    // Before any text that goes on here.
    key.extend([0, 0]);
    key.extend(value.print().unwrap_or_default().as_bytes());
    key
}

/// What a flow log writes for nothing.
fn is_dash(value: &Value) -> bool {
    matches!(value, Value::Text(text) if text == "-")
}

/// The list of the texts, in natural order, as long as `values` makes it.
pub fn values(texts: BTreeSet<String>) -> Value {
    let mut texts: Vec<String> = texts.into_iter().collect();
    if texts.is_empty() {
        return Value::Null;
    }
    texts.sort_by_cached_key(|text| natural_key(&Value::text(text)));
    Value::Json(Box::new(Json::from_iter(texts.into_iter().take(VALUES_MAX))))
}

/// The change in `interval_ms` between two numbers with their times; absent without time between them.
pub fn rate(first: (i64, f64), last: (i64, f64), interval_ms: f64) -> Value {
    let intervals = last.0.saturating_sub(first.0) as f64 / interval_ms;
    Value::number_or_null((last.1 - first.1) / intervals)
}

/// How many of the numbers lie in each of `buckets` ranges between the least and the greatest.
pub fn histogram(numbers: &[f64], buckets: f64) -> Value {
    let least = numbers.iter().copied().reduce(f64::min);
    let most = numbers.iter().copied().reduce(f64::max);
    let (Some(least), Some(most)) = (least, most) else { return Value::Null };
    // One number, or several that are the same, fill one range.
    let count = if most > least { buckets.max(1.0) as usize } else { 1 };
    let width = (most - least) / count as f64;
    let mut counts = vec![0u64; count];
    for number in numbers {
        let at = if width > 0.0 { ((number - least) / width) as usize } else { 0 };
        counts[at.min(count - 1)] += 1;
    }
    let border = |at: usize| if at == count { most } else { least + width * at as f64 };
    let mut ranges = Map::new();
    for (at, found) in counts.into_iter().enumerate() {
        let name = format!("{}..{}", print_float(border(at)), print_float(border(at + 1)));
        let before = ranges.get(&name).and_then(Json::as_u64).unwrap_or(0);
        ranges.insert(name, Json::from(before + found));
    }
    Value::Json(Box::new(Json::Object(ranges)))
}

/// Exact for whole numbers; a float if one of them is, or if the sum needs more than 64 bits.
fn sum(numbers: &[Number]) -> Value {
    let exact: Option<i128> = numbers.iter().map(|number| whole(*number)).sum();
    match exact {
        _ if numbers.is_empty() => Value::Null,
        Some(exact) => whole_sum(exact),
        None => Value::number_or_null(numbers.iter().map(|number| number.as_f64()).sum()),
    }
}

/// A sum of whole numbers that is exact, as the language has it.
pub fn whole_sum(exact: i128) -> Value {
    i64::try_from(exact).map_or_else(|_| Value::number_or_null(exact as f64), Value::Int)
}

fn whole(number: Number) -> Option<i128> {
    match number {
        Number::Int(number) => Some(number.into()),
        Number::Float(_) => None,
    }
}

fn mean(numbers: &[f64]) -> Option<f64> {
    (!numbers.is_empty()).then(|| numbers.iter().sum::<f64>() / numbers.len() as f64)
}

/// The sum of the squared distances from the mean, and how many there are.
fn squares(numbers: &[f64]) -> Option<(f64, f64)> {
    let mean = mean(numbers)?;
    Some((numbers.iter().map(|number| (number - mean).powi(2)).sum(), numbers.len() as f64))
}

/// The first number, in order, with which there are so many percent of them.
fn percentile_of_them(mut numbers: Vec<f64>, percent: f64) -> Value {
    numbers.sort_by(f64::total_cmp);
    let count = (percent * numbers.len() as f64 / 100.0).ceil() as usize;
    numbers.get(count.saturating_sub(1)).map_or(Value::Null, |number| Value::number_or_null(*number))
}

/// The number below which so many percent of them lie, which may lie between two of them; absent if there are none.
pub fn percentile(mut numbers: Vec<f64>, percent: f64) -> Value {
    let Some(last) = numbers.len().checked_sub(1) else { return Value::Null };
    // In whole numbers, so that 33.3 is that, and not the double nearest to it.
    let place = (percent * PARTS_OF_PERCENT).round() as u128 * last as u128;
    let whole = 100 * PARTS_OF_PERCENT as u128;
    let (below, share) = ((place / whole) as usize, (place % whole) as f64 / whole as f64);
    let (_, low, above) = numbers.select_nth_unstable_by(below.min(last), f64::total_cmp);
    let high = above.iter().copied().min_by(f64::total_cmp).unwrap_or(*low);
    Value::number_or_null(*low + (high - *low) * share)
}

/// As many as a double tells apart in every percentage.
const PARTS_OF_PERCENT: f64 = 1e12;

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, parameter: Option<f64>, values: &[Value], expected: Option<&str>) {
        let row = aggregate_named(name).expect(name);
        let mut accumulator = Accumulator::new(row.aggregate, parameter);
        for (at, value) in values.iter().enumerate() {
            accumulator.add(value, &Value::Time(at as i64));
        }
        assert_eq!(accumulator.finish().print().as_deref(), expected, "{name} of {values:?}");
    }

    #[test]
    fn aggregates_pass_over_what_they_cannot_use() {
        let values = [Value::Int(4), Value::text("-"), Value::text("10"), Value::Null, Value::Int(4)];
        check("count", None, &values, Some("4"));
        check("COUNT_DISTINCT", None, &values, Some("3"));
        check("sum", None, &values, Some("18"));
        check("avg", None, &values, Some("6"));
        check("min", None, &values, Some("4"));
        check("max", None, &values, Some("10"));
        check("pct", Some(50.0), &values, Some("4"));
        check("pct", Some(75.0), &values, Some("7"));
        let far = [Value::Int(0), Value::Int(1_000_000_000_000)];
        check("pct", Some(33.3), &far, Some("333000000000"));
        check("pct", Some(33.333_333_333_3), &far, Some("333333333333"));
        check("pct", Some(100.0), &far, Some("1000000000000"));
        check("stddev", None, &values, Some("3.4641"));
        check("variance", None, &values, Some("8"));
        check("sortsFirst", None, &values, Some("-"));
        check("sortsLast", None, &values, Some("10"));
        check("earliest", None, &values, Some("4"));
        check("latest", None, &values, Some("4"));
        check("# first", None, &values, Some("4"));
        check("# last", None, &[Value::Int(4), Value::Null], None);
        check("# first", None, &[Value::Null, Value::Int(4)], None);
    }

    #[test]
    fn the_least_and_greatest_of_texts_are_those_that_sort_first_and_last() {
        let texts = ["web-10", "web-9", "-", "api"].map(Value::text);
        check("min", None, &texts, Some("api"));
        check("max", None, &texts, Some("web-10"));
        check("max", None, &[Value::text("-")], None);
        let mixed = [Value::text("zeta"), Value::text("9007199254740993"), Value::Int(7)];
        check("min", None, &mixed, Some("7"));
        check("max", None, &mixed, Some("9007199254740993"));
        check("max", None, &[Value::Bool(true), Value::Bool(false)], Some("true"));
    }

    #[test]
    fn aggregates_of_nothing_are_absent_and_counts_zero() {
        for row in AGGREGATES {
            let is_count = matches!(row.aggregate, Aggregate::Count | Aggregate::CountDistinct);
            check(row.name, Some(50.0), &[], is_count.then_some("0"));
        }
    }

    #[test]
    fn values_rate_and_histogram_tell_of_many() {
        let values = [Value::Int(10), Value::text("b"), Value::Int(9), Value::text("10"), Value::Null];
        check("values", None, &values, Some(r#"["b","9","10"]"#));
        // From 10 to 20 in 4 ms, of which an interval has 2.
        let values = [10, 50, 0, 40, 20].map(Value::Int);
        check("rate", Some(2.0), &values, Some("5"));
        check("rate", Some(2.0), &values[..1], None);
        check(
            "histogram",
            Some(5.0),
            &values,
            Some(r#"{"0..10":1,"10..20":1,"20..30":1,"30..40":0,"40..50":2}"#),
        );
        check("histogram", Some(5.0), &values[..1], Some(r#"{"10..10":1}"#));
    }

    #[test]
    fn a_sum_of_whole_numbers_is_exact_until_it_leaves_64_bits() {
        check("sum", None, &[Value::Int(9_007_199_254_740_993), Value::Int(1)], Some("9007199254740994"));
        check("sum", None, &[Value::Int(i64::MAX), Value::Int(i64::MAX)], Some("18446744073709551616"));
    }

    #[test]
    fn the_least_and_greatest_of_times_are_times() {
        check("max", None, &[Value::Time(0), Value::Time(1000)], Some("1970-01-01 00:00:01.000"));
    }
}
