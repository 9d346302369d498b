//! The binary `weir`: an AWS VPC on this machine, with real packets.

mod arguments;
mod clock;
mod commands;
mod complaint;
mod host;
mod hosts;
mod lab;
mod objects;
mod queries;
mod remote;
mod server;
mod signals;
mod state;
#[cfg(feature = "workers")]
mod workers;
#[cfg(not(feature = "workers"))]
#[path = "no_workers.rs"]
mod workers;

use arguments::{Arguments, Command};
use std::process::ExitCode;

/// The exit code of a program that SIGPIPE has ended.
const NO_READER: i32 = 141;

fn main() -> ExitCode {
    end_quietly_without_reader();
    let arguments = Arguments::of_process();
    let outcome = match arguments.command {
        Command::Up(up) => commands::up::run(&up),
        Command::Down(at) => commands::down::run(&at),
        Command::Status(status) => commands::status::run(&status),
        Command::Env(env) => commands::env::run(&env),
        Command::Run(run) => commands::run::run(&run),
        Command::Exec(exec) => commands::exec::run(&exec),
        Command::Connect(connect) => commands::connect::run(&connect),
        Command::Doctor(doctor) => commands::doctor::run(&doctor),
        Command::Clock(clock) => commands::clock::run(&clock),
        Command::Explain(explain) => commands::explain::run(&explain),
        Command::Import(import) => commands::import::run(&import),
        Command::Insights(insights) => commands::insights::run(&insights),
        Command::Workers(workers) => workers::workers(&workers),
        Command::Worker(worker) => workers::worker(&worker),
        Command::Lab(lab) => lab::run(&lab),
    };
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            complaint::complain(&failure.message);
            ExitCode::from(failure.code)
        }
    }
}

/// Who has read enough (`weir … | head`) ends weir as any other program, without a word.
fn end_quietly_without_reader() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let text = panic.payload().downcast_ref::<String>().map_or("", String::as_str);
        if text.starts_with("failed printing to std") {
            std::process::exit(NO_READER);
        }
        usual(panic);
    }));
}

/// Why a command did not do what was asked, and the exit code that says so to scripts.
#[derive(Debug)]
struct Failure {
    message: String,
    code: u8,
}

/// What a command comes to: an exit code, or a failure.
type Outcome = Result<u8, Failure>;

impl Failure {
    const FAILED: u8 = 1;
    const NOT_RUNNING: u8 = 3;
    const NOT_FOUND: u8 = 4;
    /// The exit code of a program that SIGINT has ended.
    const STOPPED: u8 = 130;

    fn new(code: u8, message: impl Into<String>) -> Failure {
        Failure { message: message.into(), code }
    }
}

impl From<String> for Failure {
    fn from(message: String) -> Failure {
        Failure::new(Failure::FAILED, message)
    }
}
