//! Functions of PPL, and what they are in the query language and in SQL, whose functions most of them are.

use super::scope::Scope;
use crate::error::{QueryError, QueryErrorKind, Span};
use crate::plan::{Arithmetic, Comparison};
use crate::sql;
use crate::sql::function::{arithmetic, as_time, called, cases, not_implemented};
use crate::sql::like::Like;
use crate::syntax::{Binary, Expr, ExprKind};

/// A function: its name, the one of SQL or of the query language that it is, and how many arguments it takes.
type Row = (&'static str, &'static str, usize, usize);

/// Arguments of functions that take any number of them.
const MANY: usize = 64;

/// Functions that are those of another name, or of the same in SQL.
const ROWS: &[Row] = &[
    // Text.
    ("ascii", "ascii", 1, 1),
    ("concat", "concat", 1, MANY),
    ("concat_ws", "concat_ws", 2, MANY),
    ("left", "left", 2, 2),
    ("length", "octet_length", 1, 1),
    ("locate", "locate", 2, 3),
    ("lower", "lower", 1, 1),
    ("ltrim", "ltrim", 1, 2),
    ("position", "position", 2, 2),
    ("replace", "replace", 3, 3),
    ("right", "right", 2, 2),
    ("rtrim", "rtrim", 1, 2),
    ("substr", "substring", 2, 3),
    ("substring", "substring", 2, 3),
    ("trim", "trim", 1, 2),
    ("upper", "upper", 1, 1),
    // Dates and times.
    ("adddate", "date_add", 2, 2),
    ("curdate", "curdate", 0, 0),
    ("current_date", "current_date", 0, 0),
    ("current_timestamp", "now", 0, 0),
    ("current_timezone", "current_timezone", 0, 0),
    ("date", "date", 1, 1),
    ("date_format", "date_format", 2, 2),
    ("datediff", "datediff", 2, 2),
    ("day", "day", 1, 1),
    ("day_of_month", "day", 1, 1),
    ("day_of_week", "dayofweek", 1, 1),
    ("day_of_year", "dayofyear", 1, 1),
    ("dayofmonth", "day", 1, 1),
    ("dayofweek", "dayofweek", 1, 1),
    ("dayofyear", "dayofyear", 1, 1),
    ("from_unixtime", "from_unixtime", 1, 2),
    ("hour", "hour", 1, 1),
    ("hour_of_day", "hour", 1, 1),
    ("last_day", "last_day", 1, 1),
    ("localtime", "now", 0, 0),
    ("localtimestamp", "now", 0, 0),
    ("make_date", "make_date", 3, 3),
    ("makedate", "make_date", 3, 3),
    ("minute", "minute", 1, 1),
    ("minute_of_hour", "minute", 1, 1),
    ("month", "month", 1, 1),
    ("month_of_year", "month", 1, 1),
    ("now", "now", 0, 0),
    ("quarter", "quarter", 1, 1),
    ("second", "second", 1, 1),
    ("second_of_minute", "second", 1, 1),
    ("subdate", "date_sub", 2, 2),
    ("sysdate", "now", 0, 0),
    ("timestamp", "timestamp", 1, 1),
    ("unix_timestamp", "unix_timestamp", 0, 1),
    ("utc_timestamp", "now", 0, 0),
    ("week", "weekofyear", 1, 1),
    ("week_of_year", "weekofyear", 1, 1),
    ("weekday", "weekday", 1, 1),
    ("year", "year", 1, 1),
    // Conditions.
    ("coalesce", "coalesce", 1, MANY),
    ("exists", "isnotnull", 1, 1),
    ("if", "if", 3, 3),
    ("ifnull", "ifnull", 2, 2),
    ("isnotnull", "isnotnull", 1, 1),
    ("isnull", "isnull", 1, 1),
    ("ispresent", "isnotnull", 1, 1),
    ("nullif", "nullif", 2, 2),
    // Numbers.
    ("abs", "abs", 1, 1),
    ("acos", "acos", 1, 1),
    ("asin", "asin", 1, 1),
    ("atan2", "atan2", 2, 2),
    ("cbrt", "cbrt", 1, 1),
    ("ceil", "ceil", 1, 1),
    ("ceiling", "ceil", 1, 1),
    ("cos", "cos", 1, 1),
    ("cot", "cot", 1, 1),
    ("degrees", "degrees", 1, 1),
    ("e", "e", 0, 0),
    ("exp", "exp", 1, 1),
    ("floor", "floor", 1, 1),
    ("ln", "ln", 1, 1),
    ("log", "log", 1, 2),
    ("log10", "log10", 1, 1),
    ("log2", "log2", 1, 1),
    ("mod", "mod", 2, 2),
    ("pi", "pi", 0, 0),
    ("pow", "pow", 2, 2),
    ("power", "pow", 2, 2),
    ("radians", "radians", 1, 1),
    ("round", "round", 1, 2),
    ("sign", "sign", 1, 1),
    ("signum", "sign", 1, 1),
    ("sin", "sin", 1, 1),
    ("sqrt", "sqrt", 1, 1),
    ("tan", "tan", 1, 1),
    // Addresses.
    ("cidrmatch", "isIpInSubnet", 2, 2),
    // JSON.
    ("array", "array", 0, MANY),
    ("array_length", "array_size", 1, 1),
    ("json_array", "array", 0, MANY),
    ("json_array_length", "array_size", 1, 1),
    ("json_extract", "get_json_object", 2, 2),
    ("json_keys", "json_object_keys", 1, 1),
    ("json_object", "named_struct", 2, MANY),
    ("to_json_string", "to_json", 1, 1),
    // Digests.
    ("md5", "md5", 1, 1),
];

/// Functions of PPL alone.
const OWN: &[Row] = &[
    ("crc32", "ppl crc32", 1, 1),
    ("json", "ppl json", 1, 1),
    ("json_valid", "ppl json_valid", 1, 1),
    ("reverse", "ppl reverse", 1, 1),
    ("sha1", "ppl sha1", 1, 1),
    ("sha2", "ppl sha2", 2, 2),
    ("typeof", "ppl typeof", 1, 1),
];

/// Expressions of the language that are written as functions.
const WRITTEN: &[Row] = &[
    ("atan", "", 1, 2),
    ("conv", "", 3, 3),
    ("date_add", "", 2, 2),
    ("date_sub", "", 2, 2),
    ("dayname", "", 1, 1),
    ("isblank", "", 1, 1),
    ("isempty", "", 1, 1),
    ("like", "", 2, 2),
    ("monthname", "", 1, 1),
    ("timestampadd", "", 3, 3),
    ("timestampdiff", "", 3, 3),
];

/// What PPL has in CloudWatch Logs and this has not: what is random.
const REFUSED: &[&str] = &["rand"];

/// Functions whose numbers are never taken for whole ones.
const FLOATS: &[&str] = &[
    "acos",
    "asin",
    "atan",
    "avg",
    "ln",
    "log",
    "sqrt",
    "stddev",
    "toNumber",
    "variance",
    "sql acos",
    "sql asin",
    "sql atan",
    "sql atan2",
    "sql cbrt",
    "sql cos",
    "sql cot",
    "sql degrees",
    "sql e",
    "sql exp",
    "sql log",
    "sql log10",
    "sql log2",
    "sql pi",
    "sql radians",
    "sql sin",
    "sql tan",
];

/// Aggregates by their names, and by those inside.
pub(super) const AGGREGATES: &[(&str, &str)] = &[
    ("avg", "avg"),
    ("count", "count"),
    ("dc", "count_distinct"),
    ("distinct_count", "count_distinct"),
    ("distinct_count_approx", "count_distinct"),
    ("max", "max"),
    ("min", "min"),
    ("percentile", "# percentile"),
    ("percentile_approx", "# percentile"),
    ("stddev_pop", "variance"),
    ("stddev_samp", "stddev"),
    ("sum", "sum"),
];

/// The aggregate of this name, in any case.
pub(super) fn aggregate_called(name: &str) -> Option<&'static str> {
    AGGREGATES.iter().find(|(known, _)| name.eq_ignore_ascii_case(known)).map(|(known, _)| *known)
}

/// Looks for a function, or an aggregate, before its arguments are read.
///
/// # Errors
/// PPL has none of this name, or it is not here.
pub(super) fn check_known(name: &str, span: Span) -> Result<(), QueryError> {
    let lower = name.to_ascii_lowercase();
    if REFUSED.contains(&lower.as_str()) {
        return Err(not_implemented("function", name, span));
    }
    let is_known = ["case", "cast"].contains(&lower.as_str())
        || rows().any(|row| row.0 == lower)
        || aggregate_called(&lower).is_some();
    if is_known {
        return Ok(());
    }
    Err(QueryError { span, kind: QueryErrorKind::UnknownFunction(name.into(), None) })
}

/// The names of all functions, and what they are in the query language or in SQL, if it is one function.
pub(crate) fn names() -> impl Iterator<Item = (&'static str, &'static str)> {
    rows().map(|row| (row.0, row.1))
}

/// All functions.
fn rows() -> impl Iterator<Item = &'static Row> {
    ROWS.iter().chain(OWN).chain(WRITTEN)
}

/// The call in the query language.
///
/// # Errors
/// A function that PPL has not, or a number of arguments that it does not take.
pub(super) fn call(name: &str, arguments: Vec<Expr>, span: Span) -> Result<Expr, QueryError> {
    let lower = name.to_ascii_lowercase();
    let Some((known, of, least, most)) = rows().find(|row| row.0 == lower) else {
        return Err(QueryError { span, kind: QueryErrorKind::UnknownFunction(name.into(), None) });
    };
    if !(least..=most).contains(&&arguments.len()) {
        let kind = QueryErrorKind::WrongArguments { function: known, wanted: wanted(*least, *most) };
        return Err(QueryError { span, kind });
    }
    match of {
        &"" => written(known, arguments, span),
        of if of.starts_with("ppl ") => Ok(called(of, arguments, span)),
        of => sql::function::call(of, arguments, span),
    }
}

/// How many arguments a function takes.
fn wanted(least: usize, most: usize) -> String {
    let many = |count: usize| if count == 1 { "1 argument".to_owned() } else { format!("{count} arguments") };
    match most {
        _ if least == most => many(most),
        MANY => format!("{} at least", many(least)),
        _ => format!("{least} or {}", many(most)),
    }
}

/// An expression that is written as a function.
fn written(name: &str, mut arguments: Vec<Expr>, span: Span) -> Result<Expr, QueryError> {
    let text = |text: &str| Expr::new(span, ExprKind::Text(text.into()));
    let first = arguments.remove(0);
    Ok(match (name, &arguments[..]) {
        ("atan", []) => sql::function::call("atan", vec![first], span)?,
        ("atan", [x]) => sql::function::call("atan2", vec![first, x.clone()], span)?,
        // PPL writes digits above 9 as small letters.
        ("conv", [from, to]) => {
            let digits = sql::function::call("conv", vec![first, from.clone(), to.clone()], span)?;
            called("tolower", vec![digits], span)
        }
        ("date_add" | "date_sub", [interval]) => {
            if !matches!(&interval.kind, ExprKind::Call(name, _) if name == "sql interval") {
                let kind = QueryErrorKind::Expected {
                    wanted: "INTERVAL 1 DAY or its like",
                    found: interval.to_string(),
                };
                return Err(QueryError { span: interval.span, kind });
            }
            let operator = if name == "date_add" { Arithmetic::Add } else { Arithmetic::Subtract };
            arithmetic(operator, &called("sql to_date", vec![first], span), interval, span)
        }
        ("dayname" | "monthname", _) => {
            let pattern = if name == "dayname" { "EEEE" } else { "MMMM" };
            called("sql date_format", vec![first, text(pattern)], span)
        }
        ("like", [pattern]) => Like::Sql.test(&first, pattern, None, span)?,
        ("timestampadd", [count, time]) => {
            let ExprKind::Text(unit) = &first.kind else {
                return Err(not_implemented("unit", &first.to_string(), first.span));
            };
            let interval = called("sql interval", vec![text(&format!("1 {unit}"))], span);
            called("sql add_interval", vec![as_time(time, span), interval, count.clone()], span)
        }
        ("timestampdiff", [start, end]) => {
            called("ppl timestampdiff", vec![first, as_time(start, span), as_time(end, span)], span)
        }
        // These are 1 or 0 in the query language.
        _ => {
            let flag = Box::new(called(name, vec![first], span));
            let one = Box::new(Expr::new(span, ExprKind::Number("1".into())));
            Expr::new(span, ExprKind::Binary(Binary::Compare(Comparison::Equal), flag, one))
        }
    })
}

/// `case` with its branches.
pub(super) fn cased(branches: Vec<Expr>, otherwise: Option<Expr>, span: Span) -> Expr {
    cases(branches, otherwise, span)
}

/// Whether an expression's numbers are never taken for whole ones, by what makes them.
pub(super) fn is_float(expr: &Expr, scope: &Scope) -> bool {
    match &expr.kind {
        ExprKind::Number(text) => text.contains(['.', 'e', 'E']),
        ExprKind::Field(name) => scope.is_float(name),
        ExprKind::Negate(inner) => is_float(inner, scope),
        ExprKind::Binary(Binary::Arithmetic(operator), left, right) => {
            *operator == Arithmetic::Power || is_float(left, scope) || is_float(right, scope)
        }
        ExprKind::Call(name, arguments) => match name.as_str() {
            "abs" | "coalesce" | "ppl divide" => arguments.iter().any(|argument| is_float(argument, scope)),
            "if" | "case" => {
                let last = arguments.len().saturating_sub(1);
                let values = arguments.iter().enumerate().filter(|(at, _)| at % 2 == 1 || *at == last);
                values.into_iter().any(|(_, value)| is_float(value, scope))
            }
            "round" => arguments.len() > 1,
            name => FLOATS.contains(&name),
        },
        _ => false,
    }
}
