//! A program that runs in an instance: its input and output as they come, its exit code, Ctrl-C, and the end of its terminal.

use crate::sys::{self, SIGHUP, SIGINT, SIGKILL};
use std::io::{ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdin, ExitStatus};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use weir_fabric::{OUTPUT_BYTES_MAX, Output, Running, text_of, whole};

/// How long output is waited for after a program has ended: what it has left running may hold the pipes.
const LINGER: Duration = Duration::from_millis(100);

/// How long it is waited for while there is more of it than room.
const LINGER_FULL: Duration = Duration::from_secs(2);

/// How long a program whose output has no room waits for someone to take it, before what it prints is lost.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a shell adds to the number of the signal that ended a program.
const SIGNALLED: i32 = 128;

/// A program that was started.
pub struct Command {
    group: i32,
    /// The pipe to its standard input, while it is open.
    input: Option<ChildStdin>,
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
struct Stream(Arc<(Mutex<Waiting>, Condvar)>);

#[derive(Default)]
struct Waiting {
    bytes: Vec<u8>,
    /// Nothing more will come.
    is_over: bool,
    /// Nobody has taken anything for so long that what has no room is lost.
    is_forsaken: bool,
}

impl Waiting {
    fn is_full(&self) -> bool {
        self.bytes.len() >= OUTPUT_BYTES_MAX
    }
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
                into.add(&buffer[..length]);
            }
            into.with(|waiting| waiting.is_over = true);
        });
        if spawned.is_err() {
            stream.with(|waiting| waiting.is_over = true);
        }
        stream
    }

    fn with<T>(&self, what: impl FnOnce(&mut Waiting) -> T) -> T {
        what(&mut self.0.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Keeps what has come. Where there is no room it waits until something is taken, and the program with it, as before a terminal
    /// that shows no more; but not for ever.
    fn add(&self, mut bytes: &[u8]) {
        let (waiting, taken) = &*self.0;
        let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let room = OUTPUT_BYTES_MAX.saturating_sub(waiting.bytes.len()).min(bytes.len());
            waiting.bytes.extend_from_slice(&bytes[..room]);
            bytes = &bytes[room..];
            if bytes.is_empty() || waiting.is_forsaken {
                return;
            }
            let (after, waited) = taken
                .wait_timeout_while(waiting, PATIENCE, |waiting| waiting.is_full())
                .unwrap_or_else(PoisonError::into_inner);
            waiting = after;
            waiting.is_forsaken = waited.timed_out();
        }
    }

    fn is_over(&self) -> bool {
        self.with(|waiting| waiting.is_over)
    }

    fn is_full(&self) -> bool {
        self.with(|waiting| waiting.is_full())
    }

    /// What has come, but for a character that has not come whole, unless nothing more will.
    fn take(&self, is_last: bool) -> String {
        let bytes = self.with(|waiting| {
            waiting.is_forsaken = false;
            let whole = if is_last { waiting.bytes.len() } else { whole(&waiting.bytes) };
            let rest = waiting.bytes.split_off(whole);
            std::mem::replace(&mut waiting.bytes, rest)
        });
        self.0.1.notify_all();
        text_of(&bytes)
    }
}

impl Command {
    /// Looks after a child that leads a process group, and whose output, if it is piped, is kept until it is taken.
    pub fn new(mut child: Child) -> Command {
        // A pipe that could hold weir up is none to write to.
        let input = child.stdin.take().filter(|pipe| sys::set_nonblocking(pipe.as_fd()).is_ok());
        let streams = [Stream::read(child.stdout.take()), Stream::read(child.stderr.take())];
        let (group, end) = (child.id() as i32, Arc::new(Mutex::new(End::default())));
        let told = end.clone();
        let waiting = std::thread::Builder::new().name("program".into()).spawn(move || wait(child, &told));
        if waiting.is_err() {
            // Without the thread nobody would learn of its end.
            lock(&end).code = Some((SIGNALLED + SIGKILL, Instant::now()));
            let _ = sys::kill(-group, SIGKILL);
        }
        Command { group, input, streams, end }
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
        let linger = match self.streams.iter().any(Stream::is_full) {
            true => LINGER_FULL,
            false => LINGER,
        };
        (self.streams.iter().all(Stream::is_over) || at.elapsed() > linger).then_some(code)
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

    fn hang_up(&mut self) {
        self.input = None;
        self.signal(SIGHUP);
    }

    fn feed(&mut self, bytes: &[u8], is_last: bool) -> usize {
        let Some(pipe) = &mut self.input else { return bytes.len() };
        let mut taken = 0;
        while taken < bytes.len() {
            match pipe.write(&bytes[taken..]) {
                Ok(written @ 1..) => taken += written,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return taken,
                // Nobody reads any more.
                Ok(_) | Err(_) => {
                    self.input = None;
                    return bytes.len();
                }
            }
        }
        if is_last {
            self.input = None;
        }
        taken
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
    fn what_has_no_room_waits_until_something_is_taken() {
        let stream = Stream::default();
        let adds = stream.clone();
        let adding = std::thread::spawn(move || adds.add(&vec![b'a'; 2 * OUTPUT_BYTES_MAX + 1]));
        let mut taken = 0;
        while !adding.is_finished() || stream.with(|waiting| !waiting.bytes.is_empty()) {
            taken += stream.take(false).len();
            std::thread::yield_now();
        }
        assert_eq!(taken, 2 * OUTPUT_BYTES_MAX + 1);
    }

    #[test]
    fn what_nobody_takes_is_lost_in_the_end_and_holds_no_program() {
        let stream = Stream::default();
        stream.with(|waiting| waiting.is_forsaken = true);
        stream.add(&vec![b'a'; OUTPUT_BYTES_MAX + 1]);
        assert_eq!(stream.take(false).len(), OUTPUT_BYTES_MAX);
        assert!(!stream.with(|waiting| waiting.is_forsaken), "somebody takes again");
    }
}
