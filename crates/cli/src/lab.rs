//! Labs: stories told with API calls and packets, in the process, on a virtual clock.
//!
//! A lab is a client: it knows the cloud only by the bytes of requests and answers.

mod answer;
mod aws;
mod flows;
mod peering;
mod player;

use crate::arguments::{Lab, LabName};
use crate::{Failure, Outcome};
use player::Player;

/// Runs the command: 0 if every expectation held, 1 with the first that did not.
pub fn run(lab: &Lab) -> Outcome {
    let started = std::time::Instant::now();
    let mut player = Player::new(lab.quiet);
    let outcome = match lab.name {
        LabName::Peering => peering::play(&mut player),
    };
    player.summary(started.elapsed());
    match outcome {
        Ok(()) => Ok(0),
        Err(failed) => Err(Failure::new(Failure::FAILED, format!("the lab failed: {}", failed.0))),
    }
}
