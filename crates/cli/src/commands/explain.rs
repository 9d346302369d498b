//! `weir explain FROM TO`: whether and why a packet arrives, stage by stage, from the function that moves packets.

use crate::Outcome;
use crate::arguments::Explain;
use crate::remote::Remote;
use serde_json::{Value, json};

/// Exit code when the packet does not arrive, for scripts.
const BLOCKED: u8 = 10;

/// Runs the command.
pub fn run(explain: &Explain) -> Outcome {
    let asked = json!({
        "from": explain.from,
        "to": explain.to,
        "protocol": explain.protocol,
        "port": explain.port,
    });
    let told = Remote::on(explain.at.port).post("/_weir/explain", &asked)?;
    for step in told.get("trace").and_then(Value::as_array).into_iter().flatten() {
        println!("  {}", step.as_str().unwrap_or_default());
    }
    println!("{}", told.get("verdict").and_then(Value::as_str).unwrap_or_default());
    let arrives = told.get("delivered").and_then(Value::as_bool).unwrap_or(false);
    Ok(if arrives { 0 } else { BLOCKED })
}
