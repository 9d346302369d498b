//! `weir run -- COMMAND`: runs a command with the environment of `weir env`.

use crate::arguments::Run;
use crate::commands::env::variables;
use crate::remote::Remote;
use crate::{Failure, Outcome};
use std::os::unix::process::ExitStatusExt;

/// Runs the command.
pub fn run(run: &Run) -> Outcome {
    Remote::on(run.at.port).get("/_weir/health")?;
    let (program, arguments) = run.command.split_first().expect("the command line demands a command");
    let mut command = std::process::Command::new(program);
    command.args(arguments).envs(variables(&run.at, &run.caller)).env_remove("AWS_PROFILE");
    let status =
        command.status().map_err(|error| Failure::new(Failure::NOT_FOUND, format!("{program}: {error}")))?;
    // As shells say that a signal has ended a program.
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    Ok(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(Failure::FAILED))
}
