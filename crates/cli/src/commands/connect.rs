//! `weir connect INSTANCE`: a shell in an instance over EC2 Instance Connect, or one command in it.
//!
//! Every command travels in a session of its own from the service's address range to port 22, as a connection multiplexed
//! by an SSH client would not: so a security group that closes port 22 is felt at the next command.

use crate::arguments::Connect;
use crate::commands::exec::{Feed, follow};
use crate::remote::Remote;
use crate::{Failure, Outcome};
use serde_json::json;
use std::io::{BufRead, IsTerminal, Write};

/// Runs the command.
pub fn run(connect: &Connect) -> Outcome {
    let remote = Remote::at(&connect.at)?;
    if connect.command.is_empty() {
        return shell(&remote, &connect.instance);
    }
    let has_input = !connect.no_input && !std::io::stdin().is_terminal();
    one(&remote, &connect.instance, &connect.command, has_input)
}

fn one(remote: &Remote, instance: &str, command: &[String], has_input: bool) -> Outcome {
    let asked = json!({ "instance": instance, "command": command, "has_input": has_input });
    let started = remote.post("/_weir/connect", &asked)?;
    follow(remote, &started, has_input.then(Feed::begin))
}

/// Reads lines until `exit` or the end of input, which is none of the commands' in them; gives the last command's exit code.
fn shell(remote: &Remote, instance: &str) -> Outcome {
    let mut code = one(remote, instance, &["hostname".to_owned()], false)?;
    if code != 0 {
        return Ok(code);
    }
    let mut lines = std::io::stdin().lock().lines();
    let is_asked = std::io::stdin().is_terminal();
    loop {
        if is_asked {
            print!("[ec2-user@{instance} ~]$ ");
            std::io::stdout().flush().map_err(|error| Failure::from(error.to_string()))?;
        }
        let Some(line) = lines.next() else { break };
        let line = line.map_err(|error| Failure::from(error.to_string()))?;
        let mut words = line.split_whitespace();
        match words.next() {
            None => {}
            Some("exit" | "logout") => {
                code = words.next().and_then(|code| code.parse().ok()).unwrap_or(code);
                break;
            }
            Some(_) => code = one(remote, instance, &["sh", "-c", &line].map(str::to_owned), false)?,
        }
    }
    if is_asked {
        println!();
    }
    Ok(code)
}
