//! A program that runs in an instance: its output as it comes, its exit code, and Ctrl-C.

use crate::sys::{self, SIGINT, SIGKILL};
use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ExitStatus};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use weir_fabric::{OUTPUT_BYTES_MAX, Output, Running};

/// How long output is waited for after a program has ended: what it has left running may hold the pipes.
const LINGER: Duration = Duration::from_millis(100);

/// What a shell adds to the number of the signal that ended a program.
const SIGNALLED: i32 = 128;

/// A program that was started.
pub struct Command {
    group: i32,
    streams: [Stream; 2],
    end: Arc<Mutex<End>>,
}

/// How it ended, once it has.
#[derive(Default)]
struct End {
    code: Option<(i32, Instant)>,
}

/// What comes out of a pipe.
#[derive(Clone, Default)]
struct Stream {
    waiting: Arc<Mutex<Waiting>>,
}

#[derive(Default)]
struct Waiting {
    bytes: Vec<u8>,
    is_over: bool,
}

impl Stream {
    /// Has a thread read `pipe` to its end.
    fn read(pipe: Option<impl Read + Send + 'static>) -> Stream {
        let stream = Stream::default();
        let Some(mut pipe) = pipe else {
            stream.with(|waiting| waiting.is_over = true);
            return stream;
        };
        let into = stream.clone();
        let spawned = std::thread::Builder::new().name("output".into()).spawn(move || {
            let mut buffer = [0; 8192];
            while let Ok(length @ 1..) = pipe.read(&mut buffer) {
                into.with(|waiting| {
                    let room = OUTPUT_BYTES_MAX.saturating_sub(waiting.bytes.len());
                    waiting.bytes.extend_from_slice(&buffer[..length.min(room)]);
                });
            }
            into.with(|waiting| waiting.is_over = true);
        });
        if spawned.is_err() {
            stream.with(|waiting| waiting.is_over = true);
        }
        stream
    }

    fn with<T>(&self, what: impl FnOnce(&mut Waiting) -> T) -> T {
        what(&mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn is_over(&self) -> bool {
        self.with(|waiting| waiting.is_over)
    }

    /// What has come, but for a character that has not come whole, unless nothing more will.
    fn take(&self, is_last: bool) -> String {
        let bytes = self.with(|waiting| {
            let whole = if is_last { waiting.bytes.len() } else { whole(&waiting.bytes) };
            let rest = waiting.bytes.split_off(whole);
            std::mem::replace(&mut waiting.bytes, rest)
        });
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// How many bytes do not end within a character.
fn whole(bytes: &[u8]) -> usize {
    match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() => error.valid_up_to(),
        _ => bytes.len(),
    }
}

impl Command {
    /// Looks after a child that leads a process group, and whose output, if it is piped, is kept until it is taken.
    pub fn new(mut child: Child) -> Command {
        let streams = [Stream::read(child.stdout.take()), Stream::read(child.stderr.take())];
        let (group, end) = (child.id() as i32, Arc::new(Mutex::new(End::default())));
        let told = end.clone();
        let waiting = std::thread::Builder::new().name("program".into()).spawn(move || wait(child, &told));
        if waiting.is_err() {
            // Without the thread nobody would learn of its end.
            lock(&end).code = Some((SIGNALLED + SIGKILL, Instant::now()));
            let _ = sys::kill(-group, SIGKILL);
        }
        Command { group, streams, end }
    }

    fn signal(&self, signal: i32) {
        let end = lock(&self.end);
        // While nobody has waited for it, its number is no other's. That it has ended is what was wanted.
        if end.code.is_none() {
            let _ = sys::kill(-self.group, signal);
        }
    }

    /// The exit code, once it has ended and nothing more is to be read.
    fn exit_code(&self) -> Option<i32> {
        let (code, at) = lock(&self.end).code?;
        (self.streams.iter().all(Stream::is_over) || at.elapsed() > LINGER).then_some(code)
    }
}

/// Waits for a child, so that it never stays a zombie, which would keep its instance from ending.
fn wait(mut child: Child, end: &Mutex<End>) {
    let _ = sys::wait_for_end(child.id());
    let mut end = lock(end);
    let code = child.wait().map_or(SIGNALLED, code);
    end.code = Some((code, Instant::now()));
}

fn lock(end: &Mutex<End>) -> MutexGuard<'_, End> {
    end.lock().unwrap_or_else(PoisonError::into_inner)
}

fn code(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| SIGNALLED + status.signal().unwrap_or(0))
}

impl Running for Command {
    fn poll(&mut self) -> Output {
        let exit_code = self.exit_code();
        let [stdout, stderr] = &self.streams;
        let is_last = exit_code.is_some();
        Output { stdout: stdout.take(is_last), stderr: stderr.take(is_last), exit_code }
    }

    fn interrupt(&mut self) {
        self.signal(SIGINT);
    }
}

impl Drop for Command {
    fn drop(&mut self) {
        self.signal(SIGKILL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_is_cut_between_characters() {
        assert_eq!(whole("aé".as_bytes()), 3);
        assert_eq!(whole(&"aé".as_bytes()[..2]), 1);
        assert_eq!(whole(b"a\xffb"), 3);
    }
}
