//! `weir exec INSTANCE -- COMMAND`: runs a command in an instance and shows what it prints as it prints it.

use crate::arguments::Exec;
use crate::remote::Remote;
use crate::{Failure, Outcome};
use serde_json::{Value, json};
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How long to wait before looking for more output.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Runs the command.
pub fn run(exec: &Exec) -> Outcome {
    let remote = Remote::on(exec.at.port);
    let started =
        remote.post("/_weir/exec", &json!({ "instance": exec.instance, "command": exec.command }))?;
    follow(&remote, &started)
}

/// Prints the output of a command that was started, until it ends; gives its exit code.
///
/// # Errors
/// The running weir has gone, or knows nothing of the command.
pub fn follow(remote: &Remote, started: &Value) -> Outcome {
    let id = started.get("id").and_then(Value::as_str).unwrap_or_default();
    let interrupted = interrupts();
    let mut shown = 0;
    loop {
        if interrupted.swap(false, Ordering::SeqCst) {
            remote.post("/_weir/exec/interrupt", &json!({ "id": id }))?;
        }
        let state = remote.get(&format!("/_weir/exec?id={id}"))?;
        let output = state.get("output").and_then(Value::as_str).unwrap_or_default();
        // A closed pipe ends nobody's command; the exit code is still to come.
        let _ = write_out(output.get(shown..).unwrap_or_default());
        shown = output.len();
        if let Some(code) = state.get("exit_code").and_then(Value::as_u64) {
            return Ok(u8::try_from(code).unwrap_or(Failure::FAILED));
        }
        std::thread::sleep(LOOK_AGAIN);
    }
}

fn write_out(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Becomes true whenever Ctrl-C is pressed: the command is told, and prints what it prints at its end.
fn interrupts() -> Arc<AtomicBool> {
    let interrupted = Arc::new(AtomicBool::new(false));
    let seen = interrupted.clone();
    let listen = async move {
        while tokio::signal::ctrl_c().await.is_ok() {
            seen.store(true, Ordering::SeqCst);
        }
    };
    // Where no runtime can be had, Ctrl-C ends weir and leaves the command running.
    if let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() {
        std::thread::spawn(move || runtime.block_on(listen));
    }
    interrupted
}
