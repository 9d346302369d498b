//! `weir exec INSTANCE -- COMMAND`: runs a command in an instance, gives it what comes on standard input, and shows what it
//! prints as it prints it.
//!
//! As with ssh, input is read whether or not the command wants it (`-n` leaves it alone), and a command whose follower is gone is
//! ended: while one is followed a connection is held, which the kernel closes with the process.

use crate::arguments::Exec;
use crate::remote::Remote;
use crate::{Failure, Outcome};
use serde_json::{Value, json};
use std::io::{IsTerminal, Read, Write};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use weir_fabric::{PIPE_BYTES, bytes_of};

/// How long to wait before looking for more output.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// The exit code where nobody reads any more what a command prints (128 and SIGPIPE).
const UNHEARD: u8 = 141;

/// Runs the command.
pub fn run(exec: &Exec) -> Outcome {
    let remote = Remote::at(&exec.at)?;
    let has_input = !exec.no_input && !std::io::stdin().is_terminal();
    let asked = json!({ "instance": exec.instance, "command": exec.command, "has_input": has_input });
    let started = remote.post("/_weir/exec", &asked)?;
    follow(&remote, &started, has_input.then(Feed::begin))
}

/// Prints the output of a command that was started, until it ends; gives its exit code.
///
/// A command whose output nobody reads any more (`weir exec … | head`) is interrupted, and not waited for; so is one whose
/// output cannot be written.
///
/// # Errors
/// The running weir has gone, or knows nothing of the command.
pub fn follow(remote: &Remote, started: &Value, mut feed: Option<Feed>) -> Outcome {
    let id = started.get("id").and_then(Value::as_str).unwrap_or_default();
    let _held = remote.hold(&format!("/_weir/exec/follow?id={id}"))?;
    let interrupted = interrupts();
    let mut shown = 0;
    loop {
        if interrupted.swap(false, Ordering::SeqCst) {
            remote.post("/_weir/exec/interrupt", &json!({ "id": id }))?;
        }
        if let Some(feed) = &mut feed {
            feed.pass_on(remote, id)?;
        }
        let state = remote.get(&format!("/_weir/exec?id={id}&from={shown}"))?;
        let output = state.get("output").and_then(Value::as_str).unwrap_or_default();
        let end = shown + output.len();
        for (part, is_error) in parts(shown..end, &errors(&state)) {
            let bytes = bytes_of(output.get(part.start - shown..part.end - shown).unwrap_or_default());
            let written = match is_error {
                true => std::io::stderr().write_all(&bytes),
                false => write_out(&bytes),
            };
            if written.is_err() {
                remote.post("/_weir/exec/interrupt", &json!({ "id": id }))?;
                return Ok(UNHEARD);
            }
        }
        shown = end;
        if let Some(code) = state.get("exit_code").and_then(Value::as_u64) {
            return Ok(u8::try_from(code).unwrap_or(Failure::FAILED));
        }
        std::thread::sleep(LOOK_AGAIN);
    }
}

/// What comes on standard input, as far as it has been read and not been taken.
pub struct Feed {
    pieces: Receiver<Vec<u8>>,
    piece: Vec<u8>,
    /// Whether all has been read and taken, and the command told so.
    is_over: bool,
}

impl Feed {
    /// Begins to read standard input, a piece ahead of what is taken.
    pub fn begin() -> Feed {
        let (sender, pieces) = sync_channel(0);
        std::thread::spawn(move || {
            let mut buffer = vec![0; PIPE_BYTES];
            // What cannot be read ends the input, as for a program that reads it itself.
            while let Ok(length @ 1..) = std::io::stdin().read(&mut buffer) {
                if sender.send(buffer[..length].to_vec()).is_err() {
                    return;
                }
            }
        });
        Feed { pieces, piece: vec![], is_over: false }
    }

    /// Gives a command what has come, as far as it has room, and then tells it the end.
    fn pass_on(&mut self, remote: &Remote, id: &str) -> Result<(), Failure> {
        if self.is_over {
            return Ok(());
        }
        let mut is_last = false;
        if self.piece.is_empty() {
            match self.pieces.try_recv() {
                Ok(piece) => self.piece = piece,
                Err(TryRecvError::Empty) => return Ok(()),
                Err(TryRecvError::Disconnected) => is_last = true,
            }
        }
        let told = remote.post_bytes(&format!("/_weir/exec/input?id={id}&last={is_last}"), &self.piece)?;
        let taken = told.get("taken").and_then(Value::as_u64).and_then(|taken| usize::try_from(taken).ok());
        self.piece.drain(..taken.unwrap_or(0).min(self.piece.len()));
        self.is_over = is_last;
        Ok(())
    }
}

/// Which bytes of the output went to standard error.
fn errors(state: &Value) -> Vec<Range<usize>> {
    let number = |value: &Value| value.as_u64().and_then(|number| usize::try_from(number).ok());
    let ranges = state.get("errors").and_then(Value::as_array).into_iter().flatten();
    ranges.filter_map(|range| Some(number(range.get(0)?)?..number(range.get(1)?)?)).collect()
}

/// The bytes in `shown` in order, those of `errors` apart.
fn parts(shown: Range<usize>, errors: &[Range<usize>]) -> Vec<(Range<usize>, bool)> {
    let mut parts = vec![];
    let mut at = shown.start;
    for error in errors.iter().filter(|error| error.end > shown.start && error.start < shown.end) {
        parts.push((at..error.start.max(at), false));
        at = error.end.min(shown.end);
        parts.push((error.start.max(shown.start)..at, true));
    }
    parts.push((at..shown.end, false));
    parts.retain(|(part, _)| !part.is_empty());
    parts
}

fn write_out(text: &[u8]) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text)?;
    out.flush()
}

/// Becomes true whenever Ctrl-C is pressed, or weir is asked to end or loses its terminal: the command is told, and prints
/// what it prints at its end.
fn interrupts() -> Arc<AtomicBool> {
    let interrupted = Arc::new(AtomicBool::new(false));
    let seen = interrupted.clone();
    let listen = async move {
        let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
        let [Ok(mut interrupt), Ok(mut terminate), Ok(mut hangup)] = kinds.map(signal) else { return };
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                _ = hangup.recv() => {}
            }
            seen.store(true, Ordering::SeqCst);
        }
    };
    // Where no runtime can be had, Ctrl-C ends weir at once, and the command with it.
    if let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() {
        std::thread::spawn(move || runtime.block_on(listen));
    }
    interrupted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_to_standard_error_is_told_apart() {
        let errors = [2..4, 4..5, 8..9];
        assert_eq!(parts(0..10, &errors).len(), 6);
        assert_eq!(parts(0..3, &errors), [(0..2, false), (2..3, true)]);
        assert_eq!(parts(3..8, &errors), [(3..4, true), (4..5, true), (5..8, false)]);
        assert_eq!(parts(9..9, &errors), []);
        assert_eq!(parts(0..2, &[]), [(0..2, false)]);
    }
}
