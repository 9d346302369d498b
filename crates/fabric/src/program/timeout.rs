//! timeout, which gives a command so much time.
//!
//! Source: timeout(1) of GNU coreutils 8.32.

use super::{Cx, News, Program, Started, Step, sleep};
use crate::shell::Message;
use weir_model::Nanos;

/// The exit codes of a command whose time is up, and of timeout's own failure.
const TIMED_OUT: i32 = 124;
const FAILED: i32 = 125;

/// The exit code of a program that SIGKILL has ended.
const KILLED: i32 = 137;

const HELP: &str = "Try 'timeout --help' for more information.\n";

/// How a command is told that its time is up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// SIGINT, as by Ctrl-C.
    Interrupt,
    /// SIGTERM and its like, which end it.
    End,
    Kill,
}

/// How long a command may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limit {
    /// 0: as long as it likes.
    ns: u64,
    signal: Signal,
}

impl Limit {
    /// The limit that arguments set, and the command behind it.
    ///
    /// # Errors
    /// They are none: what is said of it.
    pub(super) fn parse(args: &[String]) -> Result<(Limit, &[String]), Started> {
        let mut signal = Signal::End;
        let mut rest = args;
        loop {
            let (taken, value) = match rest {
                [option, value, ..] if option == "-s" => (2, Some(value.as_str())),
                [option, _, ..] if option == "-k" => (2, None),
                [option, ..] if option.starts_with("--signal=") => (1, Some(&option["--signal=".len()..])),
                [option, ..] if option.starts_with("--kill-after=") => (1, None),
                [option, ..]
                    if option == "--foreground" || option == "--preserve-status" || option == "-v" =>
                {
                    return Err(failed(&format!("{option}: not simulated by weir\n")));
                }
                [option, ..] if option.starts_with('-') => {
                    return Err(failed(&format!(
                        "invalid option -- '{}'\n{HELP}",
                        option.trim_start_matches('-')
                    )));
                }
                _ => break,
            };
            if let Some(value) = value {
                signal = match value.trim_start_matches("SIG") {
                    "INT" | "2" => Signal::Interrupt,
                    "TERM" | "15" | "HUP" | "1" => Signal::End,
                    "KILL" | "9" => Signal::Kill,
                    _ => return Err(failed(&format!("{value}: not simulated by weir\n"))),
                };
            }
            rest = &rest[taken..];
        }
        let [duration, command @ ..] = rest else { return Err(failed(&format!("missing operand\n{HELP}"))) };
        if command.is_empty() {
            return Err(failed(&format!("missing operand\n{HELP}")));
        }
        let ns = sleep::nanoseconds(duration);
        let invalid = || failed(&format!("invalid time interval '{duration}'\n{HELP}"));
        Ok((Limit { ns: ns.ok_or_else(invalid)?, signal }, command))
    }

    /// A command that was started, with this limit.
    pub(super) fn over(self, started: Started, now: Nanos) -> Started {
        match started {
            Started::Running(program) if self.ns > 0 => Started::Running(Box::new(Timeout {
                program,
                until: now.plus(self.ns),
                signal: self.signal,
                is_late: false,
            })),
            started => started,
        }
    }
}

fn failed(message: &str) -> Started {
    Started::failed(format!("timeout: {message}"), FAILED)
}

/// A command and the end of its time.
struct Timeout {
    program: Box<dyn Program>,
    until: Nanos,
    signal: Signal,
    is_late: bool,
}

impl Program for Timeout {
    fn wake(&mut self, cx: &mut Cx) -> Step {
        if cx.now >= self.until && !self.is_late {
            self.is_late = true;
            match self.signal {
                Signal::Interrupt => self.program.interrupt(),
                Signal::End => return Step::Exit(TIMED_OUT),
                Signal::Kill => return Step::Exit(KILLED),
            }
        }
        match self.program.wake(cx) {
            Step::Exit(_) if self.is_late => Step::Exit(TIMED_OUT),
            Step::Wait(at) if !self.is_late => {
                Step::Wait(Some(at.map_or(self.until, |at| at.min(self.until))))
            }
            step => step,
        }
    }

    fn hear(&mut self, news: &News, cx: &mut Cx) -> bool {
        self.program.hear(news, cx)
    }

    fn interrupt(&mut self) {
        self.program.interrupt();
    }

    fn tell(&mut self, message: Message) {
        self.program.tell(message);
    }

    fn leave(&mut self, cx: &mut Cx) {
        self.program.leave(cx);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_stands_before_the_command() {
        let of = |line: &str| {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            match Limit::parse(&words) {
                Ok((limit, rest)) => format!("{} {:?} {}", limit.ns, limit.signal, rest.join(" ")),
                Err(Started::Done(output)) => format!("{}exit {:?}", output.stderr, output.exit_code),
                Err(Started::Running(_)) => String::new(),
            }
        };
        assert_eq!(of("5 ping -c 1 a"), "5000000000 End ping -c 1 a");
        assert_eq!(of("-s INT 0.5s a"), "500000000 Interrupt a");
        assert_eq!(of("--signal=KILL -k 5 1m a"), "60000000000 Kill a");
        assert_eq!(
            of("x a"),
            "timeout: invalid time interval 'x'\nTry 'timeout --help' for more information.\nexit Some(125)"
        );
        assert_eq!(
            of("5"),
            "timeout: missing operand\nTry 'timeout --help' for more information.\nexit Some(125)"
        );
        assert_eq!(of("-v 5 a"), "timeout: -v: not simulated by weir\nexit Some(125)");
    }
}
