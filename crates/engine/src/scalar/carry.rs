//! The engine's functions as bytes and back, for workers in other processes.

use std::any::Any;

use datafusion::common::{Result, exec_datafusion_err};
use datafusion::logical_expr::ScalarUDF;
use serde_json::{Value as Json, json};
use weir_insights::{Aggregate, Expr, Extract};

use super::{GatheredOp, Op, Scalar};
use crate::kind::Kind;

/// The bytes of one of the engine's functions; `None` for any other function.
///
/// # Errors
/// The part of the query that another process cannot have.
pub fn function_bytes(function: &ScalarUDF) -> Option<Result<Vec<u8>>> {
    let scalar = (function.inner().as_ref() as &dyn Any).downcast_ref::<Scalar>()?;
    let written = op(&scalar.op).map(|op| {
        let kinds: Vec<String> = scalar.kinds.iter().map(|kind| format!("{kind:?}")).collect();
        json!([op, kinds, format!("{:?}", scalar.result)]).to_string().into_bytes()
    });
    Some(written.map_err(|part| exec_datafusion_err!("{part}")))
}

/// The function that [`function_bytes`] has written.
///
/// # Errors
/// Bytes of another version, or of none.
pub fn function_of_bytes(bytes: &[u8]) -> Result<ScalarUDF> {
    let read = || {
        let json: Json = serde_json::from_slice(bytes).ok()?;
        let kinds = json[1].as_array()?.iter().map(kind).collect::<Option<_>>()?;
        Some(Scalar::new(op_of(&json[0])?, kinds, kind(&json[2])?))
    };
    let scalar = read().ok_or_else(|| exec_datafusion_err!("a function of another version of weir"))?;
    Ok(ScalarUDF::new_from_impl(scalar))
}

fn kind(name: &Json) -> Option<Kind> {
    let name = name.as_str()?;
    Kind::ALL.into_iter().find(|kind| format!("{kind:?}") == name)
}

/// An aggregate of numbers.
fn aggregate(name: &str) -> Option<Aggregate> {
    use Aggregate::{Average, Percentile, PercentileOfThem, StandardDeviation, Sum, Variance};
    let of_numbers = [Sum, Average, Percentile, PercentileOfThem, StandardDeviation, Variance];
    of_numbers.into_iter().find(|aggregate| format!("{aggregate:?}") == name)
}

fn op(op: &Op) -> Result<Json, &'static str> {
    Ok(match op {
        Op::Expr(expr) => json!(["expr", expr.to_json().ok_or("a query within the query that has not run")?]),
        Op::Number => json!(["number"]),
        Op::Whole => json!(["whole"]),
        Op::Exact => json!(["exact"]),
        Op::Print => json!(["print"]),
        Op::Truth => json!(["truth"]),
        Op::NaturalKey => json!(["key"]),
        Op::Extract(extract) => json!(["extract", extract.to_json()]),
        Op::Discover(names, log) => json!(["discover", names, log]),
        Op::Line => json!(["line"]),
        Op::Pointer => json!(["pointer"]),
        Op::Gathered(op) => gathered(*op),
        Op::Partition(key) => json!(["partition", key]),
        Op::Entity(_) => return Err("fields of entities"),
        Op::AllFields => json!(["fields"]),
        Op::Map(names) => json!(["map", names]),
        Op::Address(_) => return Err("addresses as numbers"),
        Op::Pack(..) | Op::Unpack(..) => return Err("several values as one number"),
    })
}

fn gathered(op: GatheredOp) -> Json {
    match op {
        GatheredOp::Values => json!(["values"]),
        GatheredOp::Histogram(buckets) => json!(["histogram", buckets.to_bits()]),
        GatheredOp::Tokens => json!(["tokens"]),
        GatheredOp::Sum => json!(["sum"]),
        GatheredOp::SumOfAny => json!(["sum of any"]),
        GatheredOp::Numbers { aggregate, parameter, is_distinct } => {
            json!(["numbers", format!("{aggregate:?}"), parameter.to_bits(), is_distinct])
        }
        GatheredOp::Rate(interval_ms) => json!(["rate", interval_ms.to_bits()]),
    }
}

fn op_of(json: &Json) -> Option<Op> {
    let name = |name: &Json| name.as_str().map(str::to_owned);
    let names = || json[1].as_array()?.iter().map(name).collect::<Option<Vec<_>>>();
    let number = || json[1].as_u64().map(f64::from_bits);
    Some(match json[0].as_str()? {
        "expr" => Op::Expr(Expr::of_json(&json[1])?),
        "number" => Op::Number,
        "whole" => Op::Whole,
        "exact" => Op::Exact,
        "print" => Op::Print,
        "truth" => Op::Truth,
        "key" => Op::NaturalKey,
        "extract" => Op::Extract(Extract::of_json(&json[1])?),
        "discover" => Op::Discover(names()?, json[2].as_str()?.to_owned()),
        "line" => Op::Line,
        "pointer" => Op::Pointer,
        "values" => Op::Gathered(GatheredOp::Values),
        "histogram" => Op::Gathered(GatheredOp::Histogram(number()?)),
        "tokens" => Op::Gathered(GatheredOp::Tokens),
        "sum" => Op::Gathered(GatheredOp::Sum),
        "sum of any" => Op::Gathered(GatheredOp::SumOfAny),
        "numbers" => Op::Gathered(GatheredOp::Numbers {
            aggregate: aggregate(json[1].as_str()?)?,
            parameter: json[2].as_u64().map(f64::from_bits)?,
            is_distinct: json[3].as_bool()?,
        }),
        "rate" => Op::Gathered(GatheredOp::Rate(number()?)),
        "partition" => Op::Partition(json[1].as_str()?.to_owned()),
        "fields" => Op::AllFields,
        "map" => Op::Map(names()?),
        _ => return None,
    })
}
