//! `weir down`: stops a running weir. Nothing running is as good as stopped.

use crate::arguments::At;
use crate::remote::Remote;
use crate::{Failure, Outcome};
use std::time::{Duration, Instant};

/// How long a weir may take to end.
const END_MAX: Duration = Duration::from_secs(10);

/// Runs the command.
pub fn run(at: &At) -> Outcome {
    let remote = Remote::at(at)?;
    match remote.post("/_weir/shutdown", &serde_json::Value::Null) {
        Err(failure) if failure.code == Failure::NOT_RUNNING => {
            println!("Not running on {}.", remote.place());
            Ok(0)
        }
        Err(failure) => Err(failure),
        Ok(_) => {
            let asked = Instant::now();
            while remote.is_running() {
                if asked.elapsed() > END_MAX {
                    return Err(Failure::new(Failure::FAILED, "it does not end"));
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            println!("Stopped.");
            Ok(0)
        }
    }
}
