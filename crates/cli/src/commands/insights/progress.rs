//! How far a query is, on a terminal.
//!
//! One line of standard error that is written anew and taken away at the end: no more than a few lines of code, so no
//! crate is worth its weight here.

use std::io::{IsTerminal, Write, stderr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How often the line is written.
const EVERY: Duration = Duration::from_millis(200);
const BAR_WIDTH: u64 = 24;
/// Writes over the line.
const CLEAR: &str = "\r\x1b[K";

/// Shows how far reading is until it is dropped.
pub struct Progress {
    /// Dropped to end the thread.
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Progress {
    /// Shows what `read` counts of `total` bytes, if standard error is a terminal and there is something to read; nobody else
    /// asks for the total.
    pub fn shown(read: Arc<AtomicU64>, total: impl Fn() -> u64) -> Progress {
        let total = if stderr().is_terminal() { total() } else { 0 };
        if total == 0 {
            return Progress { end: None, thread: None };
        }
        let (end, ended) = channel();
        let show = move || {
            let begun = Instant::now();
            loop {
                let line = line(read.load(Ordering::Relaxed), total, begun.elapsed());
                // A terminal that takes nothing is no reason to stop.
                let _ = write!(stderr(), "{CLEAR}{line}").and_then(|()| stderr().flush());
                if ended.recv_timeout(EVERY) != Err(RecvTimeoutError::Timeout) {
                    break;
                }
            }
            let _ = write!(stderr(), "{CLEAR}").and_then(|()| stderr().flush());
        };
        // Without a thread there is no line.
        let thread = std::thread::Builder::new().name("progress".into()).spawn(show).ok();
        Progress { end: Some(end), thread }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A bar, bytes of bytes, bytes a second, and the time left if it goes on so.
fn line(read: u64, total: u64, elapsed: Duration) -> String {
    // A query within the query reads files again.
    let total = total.max(read);
    let filled = (read.saturating_mul(BAR_WIDTH) / total.max(1)) as usize;
    let rate = read as f64 / elapsed.as_secs_f64().max(0.001);
    let left = match read {
        0 => "…".to_owned(),
        _ => duration(((total - read) as f64 / rate).ceil() as u64),
    };
    let bar = format!("{}{}", "█".repeat(filled), "░".repeat(BAR_WIDTH as usize - filled));
    format!("{bar} {} of {}  {}/s  {left} left", bytes(read as f64), bytes(total as f64), bytes(rate))
}

fn bytes(count: f64) -> String {
    const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
    let (mut count, mut unit) = (count, 0);
    while count >= 999.5 && unit + 1 < UNITS.len() {
        count /= 1000.0;
        unit += 1;
    }
    match unit > 0 && count < 99.95 {
        true => format!("{count:.1} {}", UNITS[unit]),
        false => format!("{count:.0} {}", UNITS[unit]),
    }
}

fn duration(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h{:02}m", seconds / 3600, seconds / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_bytes_rate_and_time_left() {
        for (read, total, ms, expected) in [
            (0, 2_000_000, 200, "░░░░░░░░░░░░░░░░░░░░░░░░ 0 B of 2.0 MB  0 B/s  … left"),
            (500_000, 2_000_000, 1000, "██████░░░░░░░░░░░░░░░░░░ 500 kB of 2.0 MB  500 kB/s  3s left"),
            (999_999, 400_000_000, 1000, "░░░░░░░░░░░░░░░░░░░░░░░░ 1.0 MB of 400 MB  1.0 MB/s  6m40s left"),
            (10, 9, 1000, "████████████████████████ 10 B of 10 B  10 B/s  0s left"),
        ] {
            assert_eq!(line(read, total, Duration::from_millis(ms)), expected);
        }
        assert_eq!(duration(7265), "2h01m");
    }
}
