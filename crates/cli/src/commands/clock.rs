//! `weir clock`: shows the time, or moves a virtual clock forward and lets everything happen on the way.

use crate::arguments::{Clock, ClockAction};
use crate::clock::parse_span;
use crate::remote::Remote;
use crate::{Failure, Outcome};
use serde_json::{Value, json};

/// Runs the command.
pub fn run(clock: &Clock) -> Outcome {
    let remote = Remote::at(&clock.at)?;
    let shown = match &clock.action {
        ClockAction::Show => remote.get("/_weir/clock")?,
        ClockAction::Advance { span } => {
            let span_ns = parse_span(span).map_err(|message| Failure::new(2, message))?;
            remote.post("/_weir/clock/advance", &json!({ "ms": span_ns / 1_000_000 }))?
        }
    };
    let now_ms = shown.get("now_ms").and_then(Value::as_i64).unwrap_or_default();
    let kind = shown.get("kind").and_then(Value::as_str).unwrap_or_default();
    println!("{} ({kind})", weir_wire::Iso(now_ms));
    Ok(0)
}
