//! `weir status`: what is running and what it holds.

use crate::Outcome;
use crate::arguments::Status;
use crate::remote::Remote;
use serde_json::Value;

/// Runs the command.
pub fn run(status: &Status) -> Outcome {
    let remote = Remote::at(&status.at)?;
    let (state, clock) = (remote.get("/_weir/status")?, remote.get("/_weir/clock")?);
    if status.json {
        println!("{state}");
        return Ok(0);
    }
    println!("weir {} on {}", text(&state, "version"), remote.url());
    println!("clock                    {}", text(&clock, "kind"));
    println!("requests                 {}", text(&state, "requests"));
    for (name, count) in state.get("resources").and_then(Value::as_object).into_iter().flatten() {
        println!("{:24} {count}", name.replace('_', " "));
    }
    let misses = state.get("not_implemented").and_then(Value::as_object);
    for (name, count) in misses.into_iter().flatten() {
        println!("not implemented          {name} ({count} times)");
    }
    Ok(0)
}

fn text(value: &Value, name: &str) -> String {
    match value.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
        None => "-".into(),
    }
}
