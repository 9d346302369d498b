//! Running other programs, and where the project is.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The root of the checkout.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).expect("xtask is two folders below the root").to_owned()
}

/// Where cargo puts what it builds.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// A command in the root of the checkout: the program and its arguments, separated by white space.
pub fn command(line: &str) -> Command {
    let mut words = line.split_whitespace();
    let mut command = Command::new(words.next().expect("a command has a program"));
    command.args(words).current_dir(root());
    command
}

/// How many commits lead to this one: what tests draw by, so that one commit always meets the same random cases.
///
/// # Errors
/// This is no checkout.
pub fn commit_count() -> Result<usize, String> {
    let count = output(&mut command("git rev-list --count HEAD"))?;
    count.trim().parse().map_err(|error| format!("git counts {count:?} commits: {error}"))
}

/// Runs a command, its output shown as it comes.
///
/// # Errors
/// It cannot be started or does not end with 0.
pub fn run(command: &mut Command) -> Result<(), String> {
    eprintln!("$ {}", printed(command));
    let status =
        command.stdin(Stdio::null()).status().map_err(|error| format!("{}: {error}", printed(command)))?;
    if status.success() { Ok(()) } else { Err(format!("{}: {status}", printed(command))) }
}

/// Runs a command and gives what it prints.
///
/// # Errors
/// It cannot be started or does not end with 0; the message holds what it wrote to standard error.
pub fn output(command: &mut Command) -> Result<String, String> {
    let output =
        command.stdin(Stdio::null()).output().map_err(|error| format!("{}: {error}", printed(command)))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(text);
    }
    Err(format!("{}: {}\n{text}{}", printed(command), output.status, String::from_utf8_lossy(&output.stderr)))
}

fn printed(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}
