//! Functions of SQL, and what they are in the query language.

use crate::aggregate::aggregate_named;
use crate::error::{QueryError, QueryErrorKind, Span};
use crate::functions::{function_named, hint};
use crate::plan::{Arithmetic, Comparison};
use crate::syntax::{Binary, Expr, ExprKind};
use crate::window::WindowFunction;

/// Functions that differ by name only.
const SAME: &[(&str, &str)] = &[
    ("approx_count_distinct", "count_distinct"),
    ("base64", "base64encode"),
    ("ceiling", "ceil"),
    ("char_length", "strlen"),
    ("character_length", "strlen"),
    ("collect_set", "values"),
    ("contains", "strcontains"),
    ("first_value", "earliest"),
    ("ifnull", "coalesce"),
    ("isnotnull", "ispresent"),
    ("last_value", "latest"),
    ("lcase", "tolower"),
    ("len", "strlen"),
    ("length", "strlen"),
    ("lower", "tolower"),
    ("mean", "avg"),
    ("nvl", "coalesce"),
    ("regexp_replace", "regexReplace"),
    ("stddev_samp", "stddev"),
    ("ucase", "toupper"),
    ("unbase64", "base64decode"),
    ("upper", "toupper"),
    ("url_decode", "urldecode"),
    ("url_encode", "urlencode"),
    ("var_pop", "variance"),
];

/// What `date_trunc` rounds down to.
const UNITS: &[(&str, &str)] = &[
    ("second", "1s"),
    ("minute", "1m"),
    ("hour", "1h"),
    ("day", "1d"),
    ("week", "1w"),
    ("month", "1mo"),
    ("quarter", "1q"),
    ("year", "1y"),
];

/// What SQL has and this has not.
const REFUSED: &[&str] =
    &["array", "explode", "from_json", "get_json_object", "json_tuple", "map", "to_json", "window"];

/// The call in the query language. Functions of the query language may be called as well.
///
/// # Errors
/// A function that is neither's, or arguments that it does not take.
pub fn call(name: &str, mut arguments: Vec<Expr>, span: Span) -> Result<Expr, QueryError> {
    let node = |kind| Expr::new(span, kind);
    let made = |name: &str, arguments| Expr::new(span, ExprKind::Call(name.into(), arguments));
    let lower = name.to_ascii_lowercase();
    if let Some((_, same)) = SAME.iter().find(|(sql, _)| *sql == lower) {
        return Ok(made(same, arguments));
    }
    if let Some(command) = WindowFunction::named(&lower) {
        let kind = QueryErrorKind::Misplaced { command, rule: "needs OVER (ORDER BY ...) behind it" };
        return Err(QueryError { span, kind });
    }
    match (lower.as_str(), arguments.len()) {
        ("isnull", 1) => Ok(node(ExprKind::Not(Box::new(made("ispresent", arguments))))),
        ("nullif", 2) => {
            let (left, right) = (Box::new(arguments[0].clone()), Box::new(arguments[1].clone()));
            let is_equal = node(ExprKind::Binary(Binary::Compare(Comparison::Equal), left, right));
            Ok(made("if", vec![is_equal, absent(span), arguments.swap_remove(0)]))
        }
        ("power" | "pow", 2) => {
            let right = Box::new(arguments.remove(1));
            let operator = Binary::Arithmetic(Arithmetic::Power);
            Ok(node(ExprKind::Binary(operator, Box::new(arguments.remove(0)), right)))
        }
        ("substr" | "substring", 2 | 3) => {
            arguments[1] = from_zero(&arguments[1]);
            Ok(made("substr", arguments))
        }
        ("percentile" | "percentile_approx" | "approx_percentile", 2) => {
            arguments[1] = percent(&arguments[1])?;
            Ok(made("pct", arguments))
        }
        ("sha2", 2) if arguments[1].kind == ExprKind::Number("256".into()) => {
            arguments.truncate(1);
            Ok(made("sha256", arguments))
        }
        ("date_trunc", 2) => {
            let period = truncated(&arguments[0])?;
            Ok(made("datefloor", vec![arguments.remove(1), period]))
        }
        (lower, _) if REFUSED.contains(&lower) => Err(not_implemented("function", name, span)),
        _ if function_named(name).is_some() || aggregate_named(name).is_some() => Ok(made(name, arguments)),
        _ => Err(QueryError { span, kind: QueryErrorKind::UnknownFunction(name.into(), hint(name)) }),
    }
}

/// `CAST(value AS type)`
pub fn cast(value: Expr, to: &str, span: Span) -> Result<Expr, QueryError> {
    let name = match to.to_ascii_lowercase().as_str() {
        "int" | "integer" | "bigint" | "long" | "smallint" | "tinyint" => "toInt",
        "float" | "double" | "decimal" | "real" => "toNumber",
        "string" | "varchar" | "char" => return Ok(as_text(value, span)),
        _ => return Err(not_implemented("type", to, span)),
    };
    Ok(Expr::new(span, ExprKind::Call(name.into(), vec![value])))
}

/// The text of a value; an absent one has none.
fn as_text(value: Expr, span: Span) -> Expr {
    let call = |name: &str, arguments| Expr::new(span, ExprKind::Call(name.into(), arguments));
    let is_present = call("ispresent", vec![value.clone()]);
    call("if", vec![is_present, call("concat", vec![value]), absent(span)])
}

/// What SQL has and this has not.
pub fn not_implemented(what: &'static str, name: &str, span: Span) -> QueryError {
    QueryError { span, kind: QueryErrorKind::NotImplemented(what, name.into()) }
}

/// `NULL`: a field that no event has, for `#` begins no name.
pub fn absent(span: Span) -> Expr {
    Expr::new(span, ExprKind::Field("# null".into()))
}

/// Positions count from 1 in SQL.
fn from_zero(start: &Expr) -> Expr {
    let one = Expr::new(start.span, ExprKind::Number("1".into()));
    let kind = match &start.kind {
        ExprKind::Number(text) => match text.parse::<u64>() {
            Ok(number) => ExprKind::Number(number.saturating_sub(1).to_string()),
            Err(_) => return start.clone(),
        },
        _ => {
            let operator = Binary::Arithmetic(Arithmetic::Subtract);
            ExprKind::Binary(operator, Box::new(start.clone()), Box::new(one))
        }
    };
    Expr::new(start.span, kind)
}

/// A share from 0 to 1 as a percentage.
fn percent(share: &Expr) -> Result<Expr, QueryError> {
    let number = match &share.kind {
        ExprKind::Number(text) => text.parse::<f64>().ok().filter(|share| (0.0..=1.0).contains(share)),
        _ => None,
    };
    match number {
        Some(share_of_one) => {
            // 0.57 * 100 is not 57 in floats; six decimals are more than anybody writes.
            let text = format!("{:.6}", share_of_one * 100.0);
            let text = text.trim_end_matches('0').trim_end_matches('.').to_owned();
            Ok(Expr::new(share.span, ExprKind::Number(text)))
        }
        None => {
            let kind = QueryErrorKind::Expected { wanted: "a share from 0 to 1", found: share.to_string() };
            Err(QueryError { span: share.span, kind })
        }
    }
}

fn truncated(unit: &Expr) -> Result<Expr, QueryError> {
    let named = match &unit.kind {
        ExprKind::Text(text) => UNITS.iter().find(|(name, _)| text.eq_ignore_ascii_case(name)),
        _ => None,
    };
    match named {
        Some((_, period)) => Ok(Expr::new(unit.span, ExprKind::Period((*period).into()))),
        None => {
            let wanted = "a unit such as 'hour' or 'day'";
            Err(QueryError {
                span: unit.span,
                kind: QueryErrorKind::Expected { wanted, found: unit.to_string() },
            })
        }
    }
}
