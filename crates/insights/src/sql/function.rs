//! Functions of SQL, and what they are in the query language.

use super::EXPRESSIONS_MAX;
use super::like::Like;
use super::logic::certain;
use crate::aggregate::{Aggregate, DIFFERENT, FIRST_ROW, LAST_ROW, PERCENTILE_OF_THEM_ROW, aggregate_named};
use crate::error::{QueryError, QueryErrorKind, Span};
use crate::functions::{KEY_OF, Plain, Schema, function_named, hint, sql_function_named};
use crate::plan::{Arithmetic, Comparison};
use crate::syntax::{ABSENT, Binary, Expr, ExprKind};
use crate::window::WindowFunction;

/// Functions that differ by name only.
pub(crate) const SAME: &[(&str, &str)] = &[
    ("any_value", "sortsFirst"),
    ("approx_count_distinct", "count_distinct"),
    ("array_contains", "jsonArrayContains"),
    ("array_size", "jsonArraySize"),
    ("base64", "base64encode"),
    ("btrim", "trim"),
    ("ceiling", "ceil"),
    ("char_length", "strlen"),
    ("character_length", "strlen"),
    ("collect_set", "values"),
    ("first", "earliest"),
    ("first_value", "earliest"),
    ("ifnull", "coalesce"),
    ("isnotnull", "ispresent"),
    ("last", "latest"),
    ("last_value", "latest"),
    ("lcase", "tolower"),
    ("len", "strlen"),
    ("length", "strlen"),
    ("lower", "tolower"),
    ("mean", "avg"),
    ("nvl", "coalesce"),
    ("octet_length", "messageSize"),
    ("std", "stddev"),
    ("stddev_samp", "stddev"),
    ("to_json", "jsonStringify"),
    ("ucase", "toupper"),
    ("unbase64", "base64decode"),
    ("unhex", "hexToAscii"),
    ("upper", "toupper"),
    ("url_decode", "urldecode"),
    ("url_encode", "urlencode"),
    ("var_pop", "variance"),
];

/// Functions that are operators.
const OPERATORS: &[(&str, Arithmetic)] = &[
    ("mod", Arithmetic::Remainder),
    ("pow", Arithmetic::Power),
    ("power", Arithmetic::Power),
    ("try_add", Arithmetic::Add),
    ("try_divide", Arithmetic::Divide),
    ("try_multiply", Arithmetic::Multiply),
    ("try_subtract", Arithmetic::Subtract),
];

/// What `date_trunc` rounds down to.
const UNITS: &[(&str, &str)] = &[
    ("microsecond", "1ms"),
    ("millisecond", "1ms"),
    ("second", "1s"),
    ("minute", "1m"),
    ("hour", "1h"),
    ("day", "1d"),
    ("dd", "1d"),
    ("week", "1w"),
    ("month", "1mo"),
    ("mon", "1mo"),
    ("mm", "1mo"),
    ("quarter", "1q"),
    ("year", "1y"),
    ("yyyy", "1y"),
    ("yy", "1y"),
];

/// Types whose names are functions; those of others are in the table.
const CASTS: &[&str] =
    &["bigint", "binary", "decimal", "double", "float", "int", "smallint", "string", "tinyint"];

/// What SQL has and this has not: the generators and maps that CloudWatch Logs has not either, windows of
/// sessions, what is random, and aggregates by an order.
const REFUSED: &[&str] = &[
    "approx_top_k",
    "array_agg",
    "bit_and",
    "bit_or",
    "bit_xor",
    "collect_list",
    "corr",
    "count_min_sketch",
    "covar_pop",
    "covar_samp",
    "cube",
    "element_at",
    "explode",
    "explode_outer",
    "grouping",
    "grouping_id",
    "histogram_numeric",
    "hll_sketch_agg",
    "inline",
    "inline_outer",
    "kurtosis",
    "listagg",
    "map",
    "map_concat",
    "map_contains_key",
    "map_entries",
    "map_filter",
    "map_from_arrays",
    "map_from_entries",
    "map_keys",
    "map_values",
    "max_by",
    "min_by",
    "mode",
    "posexplode",
    "posexplode_outer",
    "rand",
    "randn",
    "random",
    "regr_avgx",
    "regr_avgy",
    "regr_count",
    "regr_intercept",
    "regr_r2",
    "regr_slope",
    "regr_sxx",
    "regr_sxy",
    "regr_syy",
    "rollup",
    "session_window",
    "shuffle",
    "skewness",
    "stack",
    "string_agg",
    "str_to_map",
    "try_element_at",
    "window_time",
];

/// `PERCENTILE_CONT` of what is ordered by the greatest first. No statement can name it without quotes.
pub(super) const PERCENTILE_DOWN: &str = "percentile_cont desc";

/// Values that a `case` of the query language has at most, without the last.
const CASE_MAX: usize = 20;

/// The call in the query language. Functions of the query language may be called as well.
///
/// # Errors
/// A function that is neither's, or arguments that it does not take.
pub fn call(name: &str, mut arguments: Vec<Expr>, span: Span) -> Result<Expr, QueryError> {
    let lower = name.to_ascii_lowercase();
    if let Some(command) =
        WindowFunction::named(&lower).filter(|_| !SAME.iter().any(|(sql, _)| *sql == lower))
    {
        let kind = QueryErrorKind::Misplaced { command, rule: "needs OVER (ORDER BY ...) behind it" };
        return Err(QueryError { span, kind });
    }
    if let Some(expr) = special(&lower, &mut arguments, span)? {
        return Ok(expr);
    }
    // These have another meaning with one argument.
    let is_other = arguments.len() == 1 && ["ceil", "ceiling", "floor", "log"].contains(&lower.as_str());
    if let Some(function) = sql_function_named(&lower).filter(|_| !is_other) {
        return Ok(called(function.name, arguments, span));
    }
    if let Some((_, same)) = SAME.iter().find(|(sql, _)| *sql == lower) {
        return Ok(called(same, arguments, span));
    }
    if REFUSED.contains(&lower.as_str()) {
        return Err(not_implemented("function", name, span));
    }
    match function_named(name).is_some() || aggregate_named(name).is_some() {
        true => Ok(called(name, arguments, span)),
        false => Err(QueryError { span, kind: QueryErrorKind::UnknownFunction(name.into(), hint(name)) }),
    }
}

/// The expression of a function that is none in the query language, or one with other arguments.
fn special(name: &str, arguments: &mut Vec<Expr>, span: Span) -> Result<Option<Expr>, QueryError> {
    let node = |kind| Expr::new(span, kind);
    if let (Some((_, operator)), [left, right]) =
        (OPERATORS.iter().find(|(sql, _)| *sql == name), &arguments[..])
    {
        return Ok(Some(arithmetic(*operator, left, right, span)));
    }
    if let ([_], true) = (&arguments[..], CASTS.contains(&name)) {
        return cast(arguments.swap_remove(0), name, None, span).map(Some);
    }
    Ok(Some(match (name, &mut arguments[..]) {
        ("window", [_, _, _, _, ..]) => {
            return Err(not_implemented("function", "window with a start of its own", span));
        }
        ("isnull", [value]) => not(is_present(value, span)),
        ("nullif", [value, other]) => {
            let is_equal = binary(Binary::Compare(Comparison::Equal), value, other, span);
            called("if", vec![is_equal, absent(span), value.clone()], span)
        }
        ("nvl2", [value, there, otherwise]) => {
            called("if", vec![is_present(value, span), there.clone(), otherwise.clone()], span)
        }
        ("nanvl", [value, otherwise]) => {
            let is_nan = called("sql isnan", vec![value.clone()], span);
            called("if", vec![is_nan, otherwise.clone(), value.clone()], span)
        }
        ("decode", [value, rest @ ..]) if rest.len() >= 2 => {
            check_copies(value, rest.len())?;
            let otherwise = if rest.len() % 2 == 1 { rest.last().cloned() } else { None };
            let branch = |pair: &[Expr]| [same(value, &pair[0], span), pair[1].clone()];
            cases(rest.chunks_exact(2).flat_map(branch).collect(), otherwise, span)
        }
        ("elt", [place, rest @ ..]) if !rest.is_empty() => {
            check_copies(place, rest.len())?;
            let number = |at: usize| node(ExprKind::Number((at + 1).to_string()));
            let is_it = |at| binary(Binary::Compare(Comparison::Equal), place, &number(at), span);
            cases(
                rest.iter().enumerate().flat_map(|(at, value)| [is_it(at), value.clone()]).collect(),
                None,
                span,
            )
        }
        ("replace", [text, find]) => {
            called("replace", vec![text.clone(), find.clone(), node(ExprKind::Text(String::new()))], span)
        }
        ("regexp_replace", [text, pattern, put, from @ ..]) => {
            if from.iter().any(|from| from.kind != ExprKind::Number("1".into())) {
                return Err(not_implemented("function", "regexp_replace from a position", span));
            }
            if let ExprKind::Text(java) = &put.kind {
                *put = Expr::new(put.span, ExprKind::Text(groups_by_backslash(java)));
            }
            called("regexReplace", vec![text.clone(), pattern.clone(), put.clone()], span)
        }
        ("regexp" | "rlike" | "regexp_like", [text, pattern]) => {
            Like::Regex.test(text, pattern, None, span)?
        }
        ("like", [text, pattern, escape @ ..]) => Like::Sql.test(text, pattern, escape.first(), span)?,
        ("ilike", [text, pattern, escape @ ..]) => Like::AnyCase.test(text, pattern, escape.first(), span)?,
        ("percentile" | "percentile_approx" | "approx_percentile" | "percentile_cont", [value, share]) => {
            called("pct", vec![value.clone(), percent(share, false)?], span)
        }
        // By the greatest first.
        (PERCENTILE_DOWN, [value, share]) => called("pct", vec![value.clone(), percent(share, true)?], span),
        ("percentile_disc", [value, share]) => {
            called(PERCENTILE_OF_THEM_ROW.name, vec![value.clone(), percent(share, false)?], span)
        }
        ("median", [value]) => called("pct", vec![value.clone(), node(ExprKind::Number("50".into()))], span),
        ("variance" | "var_samp", [value]) => {
            // That of a sample, which the query language knows the root of only.
            let root = called("stddev", vec![value.clone()], span);
            binary(Binary::Arithmetic(Arithmetic::Multiply), &root, &root, span)
        }
        ("stddev_pop", [value]) => called("sqrt", vec![called("variance", vec![value.clone()], span)], span),
        ("count_if", [condition]) => {
            let one = node(ExprKind::Number("1".into()));
            called("count", vec![called("if", vec![condition.clone(), one, absent(span)], span)], span)
        }
        ("bool_and" | "every" | "bool_or" | "any" | "some", [condition]) => {
            let truth = |is_true| node(ExprKind::Bool(is_true));
            let branches = vec![condition.clone(), truth(true), not(condition.clone()), truth(false)];
            let aggregate = if name == "bool_and" || name == "every" { "min" } else { "max" };
            called(aggregate, vec![called("case", branches, span)], span)
        }
        ("first" | "first_value", [value]) => called(FIRST_ROW.name, vec![value.clone()], span),
        ("last" | "last_value", [value]) => called(LAST_ROW.name, vec![value.clone()], span),
        ("first" | "first_value" | "last" | "last_value" | "any_value", [value, ignores_nulls]) => {
            match named_column(ignores_nulls).map(str::to_ascii_lowercase).as_deref() {
                Some("true") => ignoring_nulls(name, value.clone(), span),
                Some("false") => call(name, vec![value.clone()], span)?,
                _ => {
                    return Err(not_implemented("argument", &format!("{ignores_nulls} of {name}"), span));
                }
            }
        }
        ("sha2", [text, bits]) if bits.kind == ExprKind::Number("256".into()) => {
            called("sha256", vec![text.clone()], span)
        }
        ("date_trunc", [unit, time]) => {
            called("datefloor", vec![as_time(time, span), truncated(unit)?], span)
        }
        ("now" | "current_timestamp" | "localtimestamp", []) => now(span),
        ("current_date" | "curdate", []) => called("sql to_date", vec![now(span)], span),
        ("current_timezone", []) => node(ExprKind::Text("UTC".into())),
        ("unix_timestamp", []) => called("now", vec![], span),
        ("from_json", [text, schema]) => {
            let ExprKind::Text(written) = &schema.kind else {
                return Err(expected("a schema as a string", schema));
            };
            if let Err(why) = Schema::parse(written) {
                return Err(QueryError { span: schema.span, kind: QueryErrorKind::BadSchema(why) });
            }
            called("sql from_json", vec![text.clone(), schema.clone()], span)
        }
        ("from_json", [_, _, options]) | ("to_json" | "schema_of_json", [_, options]) => {
            return Err(not_implemented("argument", &format!("options of {name}"), options.span));
        }
        ("json_tuple", [_, _, _, ..]) => {
            let rule = "with several names stands alone in SELECT";
            return Err(QueryError { span, kind: QueryErrorKind::Misplaced { command: "json_tuple", rule } });
        }
        ("encode" | "decode", [_]) => {
            let kind = QueryErrorKind::WrongArguments {
                function: "encode",
                wanted: "a text and a character set".into(),
            };
            return Err(QueryError { span, kind });
        }
        _ => return Ok(None),
    }))
}

/// The first or last value that is there, or any.
pub(super) fn ignoring_nulls(name: &str, value: Expr, span: Span) -> Expr {
    let lower = name.to_ascii_lowercase();
    let same = SAME.iter().find(|(sql, _)| *sql == lower).map_or(name, |(_, same)| same);
    called(same, vec![value], span)
}

/// The same of different values.
///
/// # Errors
/// A function that is no aggregate.
pub(super) fn of_different(name: &str, arguments: Vec<Expr>, span: Span) -> Result<Expr, QueryError> {
    if let (true, [_, _, ..]) = (name.eq_ignore_ascii_case("count"), &arguments[..]) {
        return Ok(called("count_distinct", vec![called(KEY_OF.name, arguments, span)], span));
    }
    let mut expr = call(name, arguments, span)?;
    match each_aggregate(&mut expr, &mut |name, _| {
        let row = aggregate_named(name);
        let prefix = match row.map(|row| row.aggregate) {
            Some(Aggregate::Count) => return "count_distinct".clone_into(name),
            Some(
                Aggregate::Sum
                | Aggregate::Average
                | Aggregate::Percentile
                | Aggregate::PercentileOfThem
                | Aggregate::StandardDeviation
                | Aggregate::Variance,
            ) => DIFFERENT,
            // They are the same of different values.
            _ => "",
        };
        name.insert_str(0, prefix);
    }) {
        true => Ok(expr),
        false => Err(not_implemented("aggregate", &format!("{name}(DISTINCT ...)"), span)),
    }
}

/// Changes the name and arguments of each aggregate in an expression, and tells whether there is one.
pub(super) fn each_aggregate(expr: &mut Expr, change: &mut impl FnMut(&mut String, &mut Vec<Expr>)) -> bool {
    let has_one = match &mut expr.kind {
        ExprKind::Call(name, arguments) if aggregate_named(name).is_some() => {
            change(name, arguments);
            true
        }
        _ => {
            let parts = expr.parts_mut().into_iter();
            parts.filter_map(|part| each_aggregate(part, change).then_some(())).count() > 0
        }
    };
    if has_one {
        // It is deeper and larger now.
        *expr = Expr::new(expr.span, std::mem::replace(&mut expr.kind, ExprKind::Star));
    }
    has_one
}

/// Functions whose value is a date.
const DATES: &[&str] = &[
    "sql to_date",
    "sql make_date",
    "sql date_from_unix_date",
    "sql add_months",
    "sql date_add",
    "sql date_sub",
    "sql last_day",
    "sql next_day",
    "sql trunc",
    "sql add_to_date",
];

/// Functions whose value is an interval.
const INTERVALS: &[&str] =
    &["sql interval", "sql make_interval", "sql make_dt_interval", "sql make_ym_interval"];

/// An operator between numbers, or between a time or date and an interval or days.
pub fn arithmetic(operator: Arithmetic, left: &Expr, right: &Expr, span: Span) -> Expr {
    let is_of = |expr: &Expr, names: &[&str]| matches!(&expr.kind, ExprKind::Call(name, _) if names.contains(&name.as_str()));
    let one = Expr::new(span, ExprKind::Number("1".into()));
    let later = |of: &Expr, interval: &Expr, times: Expr| {
        let name = if is_of(of, DATES) { "sql add_to_date" } else { "sql add_interval" };
        called(name, vec![of.clone(), interval.clone(), times], span)
    };
    match operator {
        Arithmetic::Add if is_of(left, INTERVALS) => later(right, left, one),
        Arithmetic::Add if is_of(right, INTERVALS) => later(left, right, one),
        Arithmetic::Subtract if is_of(right, INTERVALS) => {
            later(left, right, Expr::new(span, ExprKind::Negate(Box::new(one))))
        }
        Arithmetic::Subtract if is_of(left, DATES) && is_of(right, DATES) => {
            called("sql datediff", vec![left.clone(), right.clone()], span)
        }
        Arithmetic::Add if is_of(left, DATES) => {
            called("sql date_add", vec![left.clone(), right.clone()], span)
        }
        Arithmetic::Subtract if is_of(left, DATES) => {
            called("sql date_sub", vec![left.clone(), right.clone()], span)
        }
        _ => binary(Binary::Arithmetic(operator), left, right, span),
    }
}

/// Refuses a value that is written out so often that it would be too large.
pub fn check_copies(value: &Expr, copies: usize) -> Result<(), QueryError> {
    match value.size.saturating_mul(copies) > EXPRESSIONS_MAX {
        true => Err(QueryError { span: value.span, kind: QueryErrorKind::TooLarge }),
        false => Ok(()),
    }
}

/// A function of the query language, or one of SQL by its name inside.
pub fn called(name: &str, arguments: Vec<Expr>, span: Span) -> Expr {
    Expr::new(span, ExprKind::Call(name.into(), arguments))
}

fn binary(operator: Binary, left: &Expr, right: &Expr, span: Span) -> Expr {
    Expr::new(span, ExprKind::Binary(operator, Box::new(left.clone()), Box::new(right.clone())))
}

fn not(expr: Expr) -> Expr {
    Expr::new(expr.span, ExprKind::Not(Box::new(expr)))
}

fn is_present(value: &Expr, span: Span) -> Expr {
    called("ispresent", vec![value.clone()], span)
}

/// `<=>`: whether both are equal or both absent.
pub fn same(left: &Expr, right: &Expr, span: Span) -> Expr {
    let is_equal = binary(Binary::Compare(Comparison::Equal), left, right, span);
    let is_absent = |value: &Expr| not(is_present(value, span));
    let are_absent = binary(Binary::And, &is_absent(left), &is_absent(right), span);
    certain(binary(Binary::Or, &is_equal, &are_absent, span))
}

/// Conditions, each with a value, and the last value; in as many `case` as they need.
pub fn cases(mut branches: Vec<Expr>, otherwise: Option<Expr>, span: Span) -> Expr {
    let mut last = otherwise;
    while branches.len() > CASE_MAX {
        let rest = branches.split_off((branches.len() - 1) / CASE_MAX * CASE_MAX);
        last = Some(called("case", rest.into_iter().chain(last).collect(), span));
    }
    called("case", branches.into_iter().chain(last).collect(), span)
}

/// When the query was started.
fn now(span: Span) -> Expr {
    let thousand = Expr::new(span, ExprKind::Number("1000".into()));
    let ms = binary(Binary::Arithmetic(Arithmetic::Multiply), &called("now", vec![], span), &thousand, span);
    called("fromMillis", vec![ms], span)
}

/// A time, which the times of events are already.
pub(crate) fn as_time(value: &Expr, span: Span) -> Expr {
    match &value.kind {
        ExprKind::Field(name) if name == "@timestamp" || name == "@ingestionTime" => value.clone(),
        _ => called("sql to_timestamp", vec![value.clone()], span),
    }
}

/// A replacement of Java as the query language writes it: `$1` is `\1`, and a backslash keeps what follows.
fn groups_by_backslash(java: &str) -> String {
    let (mut text, mut chars) = (String::new(), java.chars().peekable());
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('$', Some(digit)) if digit.is_ascii_digit() => text.push('\\'),
            ('\\', Some('$' | '\\')) => text.extend(chars.next()),
            _ => text.push(c),
        }
    }
    text
}

/// `CAST(value AS type)`, the type with what stands in parentheses behind it.
pub fn cast(value: Expr, to: &str, size: Option<&str>, span: Span) -> Result<Expr, QueryError> {
    let Some(plain) = Plain::named(to, size) else {
        let name = size.map_or(to.to_owned(), |size| format!("{to}({size})"));
        return Err(not_implemented("type", &name, span));
    };
    let name = match plain {
        Plain::Whole => "toInt",
        Plain::Float => "toNumber",
        Plain::Decimal(decimals) => {
            let decimals = Expr::new(span, ExprKind::Number(decimals.to_string()));
            return Ok(called("round", vec![value, decimals], span));
        }
        Plain::Text => return Ok(as_text(value, span)),
        Plain::Bool => "sql boolean",
        Plain::Date => "sql to_date",
        Plain::Time => "sql to_timestamp",
    };
    Ok(called(name, vec![value], span))
}

/// The text of a value; an absent one has none.
fn as_text(value: Expr, span: Span) -> Expr {
    let is_present = is_present(&value, span);
    called("if", vec![is_present, called("concat", vec![value], span), absent(span)], span)
}

fn expected(wanted: &'static str, found: &Expr) -> QueryError {
    QueryError { span: found.span, kind: QueryErrorKind::Expected { wanted, found: found.to_string() } }
}

/// What SQL has and this has not.
pub fn not_implemented(what: &'static str, name: &str, span: Span) -> QueryError {
    QueryError { span, kind: QueryErrorKind::NotImplemented(what, name.into()) }
}

/// `NULL`.
pub fn absent(span: Span) -> Expr {
    Expr::new(span, ExprKind::Field(ABSENT.into()))
}

/// The column that an expression is, if it is one.
pub fn named_column(expr: &Expr) -> Option<&str> {
    match &expr.kind {
        ExprKind::Field(name) if name != ABSENT => Some(name),
        _ => None,
    }
}

/// A share from 0 to 1 as a percentage, or the rest of it.
fn percent(share: &Expr, is_rest: bool) -> Result<Expr, QueryError> {
    let number = match &share.kind {
        ExprKind::Number(text) => text.parse::<f64>().ok().filter(|share| (0.0..=1.0).contains(share)),
        _ => None,
    };
    match number {
        Some(share_of_one) => {
            // 0.57 * 100 is not 57 in floats, but as far as they are exact.
            let share_of_all = if is_rest { 1.0 - share_of_one } else { share_of_one };
            let text = format!("{:.12}", share_of_all * 100.0);
            let text = text.trim_end_matches('0').trim_end_matches('.').to_owned();
            Ok(Expr::new(share.span, ExprKind::Number(text)))
        }
        None => Err(expected("a share from 0 to 1", share)),
    }
}

fn truncated(unit: &Expr) -> Result<Expr, QueryError> {
    let named = match &unit.kind {
        ExprKind::Text(text) => UNITS.iter().find(|(name, _)| text.eq_ignore_ascii_case(name)),
        _ => None,
    };
    match named {
        Some((_, period)) => Ok(Expr::new(unit.span, ExprKind::Period((*period).into()))),
        None => Err(expected("a unit such as 'hour' or 'day'", unit)),
    }
}
