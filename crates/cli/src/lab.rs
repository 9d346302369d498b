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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peering_lab_plays_to_its_end() {
        let mut player = Player::new(true);
        let outcome = peering::play(&mut player);
        assert!(outcome.is_ok(), "{outcome:?}");
        assert!(player.held() >= 48, "{} expectations held", player.held());
    }

    #[test]
    fn an_expectation_that_fails_ends_the_lab_with_its_name() {
        let mut player = Player::new(true);
        player.act("an act");
        let failed = player.expect("water flows uphill", false).expect_err("it does not");
        assert_eq!(failed.0, "expected that water flows uphill");
        let refused = player.aws("ec2 delete-vpc --vpc-id vpc-12345678").expect_err("there is none");
        assert!(refused.0.contains("InvalidVpcID.NotFound"), "{}", refused.0);
    }
}
