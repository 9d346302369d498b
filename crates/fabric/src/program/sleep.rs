//! sleep, which waits.
//!
//! Source: sleep(1) of GNU coreutils 8.32.

use super::{Cx, INTERRUPTED, Program, Started, Step};
use weir_model::Nanos;

/// Longest that a host sleeps, in seconds: a year.
const SLEEP_S_MAX: f64 = 365.0 * 86_400.0;

/// Starts sleep: for the sum of its arguments.
pub(super) fn start(args: &[String], now: Nanos) -> Started {
    const HELP: &str = "Try 'sleep --help' for more information.\n";
    if args.is_empty() {
        return Started::failed(format!("sleep: missing operand\n{HELP}"), 1);
    }
    let mut total = 0.0;
    for arg in args {
        match seconds(arg) {
            Some(seconds) => total += seconds,
            None => {
                let text = format!("sleep: invalid time interval '{arg}'\n{HELP}");
                return Started::failed(text, 1);
            }
        }
    }
    let until = now.plus((total.min(SLEEP_S_MAX) * 1e9) as u64);
    Started::Running(Box::new(Sleep { until, is_interrupted: false }))
}

/// A time such as `5`, `0.5s`, `2m`, `1h` or `1d`.
fn seconds(text: &str) -> Option<f64> {
    let unit = match text.chars().last()? {
        's' => 1.0,
        'm' => 60.0,
        'h' => 3600.0,
        'd' => 86_400.0,
        _ => return number(text),
    };
    Some(number(&text[..text.len() - 1])? * unit)
}

/// The same in nanoseconds.
pub(super) fn nanoseconds(text: &str) -> Option<u64> {
    seconds(text).map(|seconds| (seconds.min(SLEEP_S_MAX) * 1e9) as u64)
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|seconds: &f64| *seconds >= 0.0)
}

struct Sleep {
    until: Nanos,
    is_interrupted: bool,
}

impl Program for Sleep {
    fn wake(&mut self, cx: &mut Cx) -> Step {
        match (self.is_interrupted, cx.now >= self.until) {
            (true, _) => Step::Exit(INTERRUPTED),
            (false, true) => Step::Exit(0),
            (false, false) => Step::Wait(Some(self.until)),
        }
    }

    fn interrupt(&mut self) {
        self.is_interrupted = true;
    }
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn intervals_have_units() {
        let rows = [
            ("5", Some(5.0)),
            ("0.5s", Some(0.5)),
            ("2m", Some(120.0)),
            ("1h", Some(3600.0)),
            ("x", None),
            ("-1", None),
            ("s", None),
        ];
        for (text, expected) in rows {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }
}
