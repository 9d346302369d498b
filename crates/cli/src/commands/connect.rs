//! `weir connect INSTANCE`: a shell in an instance over EC2 Instance Connect, or one command in it.
//!
//! Every command travels in a session of its own from the service's address range to port 22, as a connection multiplexed
//! by an SSH client would not: so a security group that closes port 22 is felt at the next command.

use crate::arguments::Connect;
use crate::commands::exec::follow;
use crate::remote::Remote;
use crate::{Failure, Outcome};
use serde_json::json;
use std::io::{BufRead, Write};

/// Runs the command.
pub fn run(connect: &Connect) -> Outcome {
    let remote = Remote::on(connect.at.port);
    if connect.command.is_empty() {
        return shell(&remote, &connect.instance);
    }
    one(&remote, &connect.instance, &connect.command)
}

fn one(remote: &Remote, instance: &str, command: &[String]) -> Outcome {
    let started = remote.post("/_weir/connect", &json!({ "instance": instance, "command": command }))?;
    follow(remote, &started)
}

/// Reads lines until `exit` or the end of input; gives the last command's exit code.
fn shell(remote: &Remote, instance: &str) -> Outcome {
    let mut code = one(remote, instance, &["hostname".to_owned()])?;
    if code != 0 {
        return Ok(code);
    }
    let mut lines = std::io::stdin().lock().lines();
    loop {
        print!("[ec2-user@{instance} ~]$ ");
        std::io::stdout().flush().map_err(|error| Failure::from(error.to_string()))?;
        let Some(line) = lines.next() else { break };
        let line = line.map_err(|error| Failure::from(error.to_string()))?;
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        match words.first().map(String::as_str) {
            None => {}
            Some("exit" | "logout") => break,
            Some(_) => code = one(remote, instance, &words)?,
        }
    }
    println!();
    Ok(code)
}
