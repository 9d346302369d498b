//! The command line.

use crate::remote::DEFAULT_PORT;
use clap::builder::Resettable;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use std::ffi::OsStr;
use std::net::IpAddr;
use std::path::PathBuf;
use weir_model::AccountId;

const AFTER: &str =
    "Exit codes: 0 done, 1 failed, 2 usage, 3 not running, 4 not found; explain gives 10 for a packet that does not arrive; \
exec and run give the program's own.

Begin with: weir lab peering";

/// An AWS VPC on your own machine: AWS's APIs on one port, real packets between instances, VPC Flow Logs, Logs Insights.
///
/// No Docker, no root, no AWS account, no telemetry.
#[derive(Parser)]
#[command(name = "weir", version, after_help = AFTER, max_term_width = 100)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

impl Arguments {
    /// What the command line and the environment say; a variable that is empty is not set. Where clap ends the process, this does:
    /// after `--help`, and with a complaint.
    pub fn of_process() -> Arguments {
        let is_empty = |name: &OsStr| std::env::var_os(name).is_some_and(|value| value.is_empty());
        let mut command = without(Arguments::command(), &is_empty);
        let matches = command.get_matches_mut();
        Arguments::from_arg_matches(&matches).unwrap_or_else(|error| error.format(&mut command).exit())
    }
}

/// A command, and those below it, whose options do not look at certain variables.
fn without(command: clap::Command, is_ignored: &dyn Fn(&OsStr) -> bool) -> clap::Command {
    let command = command.mut_args(|arg| match arg.get_env().is_some_and(is_ignored) {
        true => arg.env(Resettable::Reset),
        false => arg,
    });
    command.mut_subcommands(|below| without(below, is_ignored))
}

#[derive(Subcommand)]
pub enum Command {
    /// Serve the AWS APIs until stopped
    Up(Up),
    /// Stop a running weir
    Down(At),
    /// Show what is running and what it holds
    Status(Status),
    /// Print the environment that points AWS clients at weir
    Env(Env),
    /// Run a command with that environment set
    Run(Run),
    /// Run a command in an instance, or on the simulated internet
    Exec(Exec),
    /// Open a shell in an instance over EC2 Instance Connect
    Connect(Connect),
    /// Say which hosts this machine allows, and what ended weirs have left behind
    Doctor(Doctor),
    /// Show or move the clock
    Clock(Clock),
    /// Explain whether and why a packet arrives
    Explain(Explain),
    /// Load a network from the answers of aws ec2 describe-*
    Import(Import),
    /// Run a Logs Insights query over flow-log files
    Insights(Insights),
    /// Start a scheduler and workers on this machine, for weir insights --workers
    Workers(Workers),
    /// Start a worker of a scheduler, which may be on another machine
    Worker(Worker),
    /// Play a lab: a story told with API calls and packets
    Lab(Lab),
}

/// Which weir to talk to.
#[derive(Args, Clone)]
pub struct At {
    /// Port of the running weir on this machine [default: where AWS_ENDPOINT_URL points, else 4566]
    #[arg(long, env = "WEIR_PORT", global = true)]
    pub port: Option<u16>,
}

/// Who asks, and where.
#[derive(Args, Clone)]
pub struct Caller {
    /// Account to act in
    #[arg(long, env = "WEIR_ACCOUNT", default_value = "000000000000", value_parser = account)]
    pub account: String,
    /// Region to act in
    #[arg(long, env = "AWS_REGION", default_value = "us-east-1")]
    pub region: String,
}

fn account(text: &str) -> Result<String, String> {
    let account: Result<AccountId, _> = text.parse();
    account.map(|account| account.to_string()).map_err(|_| "an account has 12 digits".to_owned())
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ClockKind {
    /// The machine's clock
    Real,
    /// Begins at 2026-01-01 with each start and stands still until `weir clock advance`
    Virtual,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum HostKind {
    /// Inside weir, with a TCP/IP stack and a few commands
    Simulated,
    /// As network namespaces of this machine, where any program runs
    Netns,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportKind {
    /// A Delta log, which says what of the Parquet counts
    Delta,
}

#[derive(Args)]
pub struct Up {
    /// Port to listen on
    #[arg(long, env = "WEIR_PORT", default_value_t = DEFAULT_PORT)]
    pub port: u16,
    /// Addresses to listen on; anything but loopback lets other machines in
    #[arg(long, default_value = "127.0.0.1")]
    pub host: Vec<IpAddr>,
    /// Folder for state and logs [env: WEIR_DATA=] [default: the user's data folder]
    #[arg(long)]
    pub data: Option<PathBuf>,
    /// Keep nothing on disk, whatever WEIR_DATA says
    #[arg(long, conflicts_with = "data")]
    pub ephemeral: bool,
    /// What to keep beside the Parquet of CloudWatch Logs, for other readers
    #[arg(long, value_enum, conflicts_with = "ephemeral")]
    pub export: Option<ExportKind>,
    /// Which clock to run on
    #[arg(long, value_enum, default_value = "real")]
    pub clock: ClockKind,
    /// What instances run as whose tag weir:host does not say: simulated or netns
    #[arg(long, value_enum, default_value = "simulated")]
    pub hosts: HostKind,
    /// Account of callers whose access key names none
    #[arg(long, default_value = "000000000000")]
    pub account: String,
}

#[derive(Args)]
pub struct Doctor {
    /// Remove what was left behind
    #[arg(long)]
    pub clean: bool,
}

#[derive(Args)]
pub struct Status {
    #[command(flatten)]
    pub at: At,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// The weir that AWS clients are to be pointed at.
#[derive(Args, Clone)]
pub struct Port {
    /// Port of the running weir
    #[arg(long, env = "WEIR_PORT", default_value_t = DEFAULT_PORT, global = true)]
    pub port: u16,
}

#[derive(Args)]
pub struct Env {
    #[command(flatten)]
    pub at: Port,
    #[command(flatten)]
    pub caller: Caller,
}

#[derive(Args)]
pub struct Run {
    #[command(flatten)]
    pub at: Port,
    #[command(flatten)]
    pub caller: Caller,
    /// The command and its arguments
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    pub command: Vec<String>,
}

#[derive(Args)]
pub struct Exec {
    #[command(flatten)]
    pub at: At,
    /// Leave standard input alone; else the command reads it, unless it is a terminal
    #[arg(short = 'n', long)]
    pub no_input: bool,
    /// Instance id, its Name tag, or `internet`
    pub instance: String,
    /// The command and its arguments
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    pub command: Vec<String>,
}

#[derive(Args)]
pub struct Connect {
    #[command(flatten)]
    pub at: At,
    /// Leave standard input alone; else the command reads it, unless it is a terminal
    #[arg(short = 'n', long, requires = "command")]
    pub no_input: bool,
    /// Instance id or its Name tag
    pub instance: String,
    /// Run one command instead of a shell
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub command: Vec<String>,
}

#[derive(Args)]
pub struct Clock {
    #[command(flatten)]
    pub at: At,
    #[command(subcommand)]
    pub action: ClockAction,
}

#[derive(Subcommand)]
pub enum ClockAction {
    /// Show the time
    Show,
    /// Move a virtual clock forward
    Advance {
        /// How far: 90s, 10m, 2h30m, 1d
        span: String,
    },
}

#[derive(Args)]
pub struct Explain {
    #[command(flatten)]
    pub at: At,
    /// Instance id, its Name tag, or `internet`
    pub from: String,
    /// Instance id, its Name tag, or an address; with :PORT, or else the packet is a ping
    pub to: String,
    /// Protocol: tcp, udp, icmp or a number [default: tcp with a port, icmp without]
    #[arg(long)]
    pub protocol: Option<String>,
}

#[derive(Args)]
pub struct Import {
    /// Folder laid out as [accounts/ACCOUNT/]REGION/*.json
    pub folder: PathBuf,
    /// Folder for state and logs; weir must not be running on it [env: WEIR_DATA=] [default: the user's data folder]
    #[arg(long)]
    pub data: Option<PathBuf>,
    /// Only read and report
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Args)]
pub struct Insights {
    /// Flow-log files (text, CSV, JSON, .gz or .parquet), patterns, directories, s3://BUCKET/PREFIX, or - for standard input; then
    /// the query, which may name them instead: SOURCE 'PATH'
    #[arg(required = true, num_args = 1..)]
    pub files_and_query: Vec<String>,
    /// How to print the rows
    #[arg(long, value_enum, default_value = "table")]
    pub output: Output,
    /// The query is SQL; the files are its one table, whatever name FROM gives
    #[arg(long)]
    pub sql: bool,
    /// The query is OpenSearch PPL; the files are its one source, whatever name it gives, or none
    #[arg(long, conflicts_with = "sql")]
    pub ppl: bool,
    /// The fields of lines above which no header stands, as in CreateFlowLogs, '${version} ${account-id} …', or as a header
    #[arg(long)]
    pub format: Option<String>,
    /// Only records from then on: 2h, 1h30m or 7d ago, 2026-11-28, 2026-11-28T06:00Z, seconds or milliseconds since 1970
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub since: Option<String>,
    /// Only records up to then, or up to now
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub until: Option<String>,
    /// Fail at the first line that is no record
    #[arg(long)]
    pub strict: bool,
    /// A lookup table: a CSV file with a header row, or AWS's ip-ranges.json; more than one may be given
    #[arg(long, value_name = "NAME=FILE")]
    pub table: Vec<String>,
    /// Tell how many bytes and records the query would read, and do not run it
    #[arg(long)]
    pub estimate: bool,
    /// Of s3://: another S3 than AWS's; AWS_ENDPOINT_URL(_S3) and the profile may name it, too
    #[arg(long, value_name = "URL")]
    pub endpoint_url: Option<String>,
    /// Of s3://: the Region of the first bucket; S3 tells if it is another
    #[arg(long)]
    pub region: Option<String>,
    /// Of s3://: the profile of ~/.aws whose settings and credentials count
    #[arg(long)]
    pub profile: Option<String>,
    /// Of s3://: send requests without signature, as for public buckets
    #[arg(long)]
    pub no_sign_request: bool,
    /// Run the query on the workers of this scheduler, which find the files at the same paths; Parquet only
    #[arg(long, value_name = "HOST:PORT")]
    pub workers: Option<String>,
}

/// What a query is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// The language of Logs Insights.
    Insights,
    /// OpenSearch SQL.
    Sql,
    /// OpenSearch PPL.
    Ppl,
}

impl Insights {
    /// What the query is written in.
    pub fn language(&self) -> Language {
        match (self.sql, self.ppl) {
            (true, _) => Language::Sql,
            (_, true) => Language::Ppl,
            _ => Language::Insights,
        }
    }
}

/// Where a worker is and what it may use.
#[derive(Args)]
pub struct WorkerPlace {
    /// Address to listen on; anything but loopback lets other machines in, and nobody is asked who they are
    #[arg(long, default_value = "127.0.0.1")]
    pub host: IpAddr,
    /// Pieces of queries that a worker runs at a time [default: the machine's cores]
    #[arg(long)]
    pub cores: Option<usize>,
    /// Memory of a worker for sorting and grouping, in MiB; what needs more is written to temporary files
    #[arg(long, default_value_t = 2048, value_name = "MIB")]
    pub memory_mib: usize,
}

#[derive(Args)]
pub struct Workers {
    /// How many workers; 0 starts the scheduler alone
    #[arg(long, default_value_t = 2)]
    pub count: usize,
    /// Port of the scheduler
    #[arg(long, default_value_t = 50050)]
    pub port: u16,
    #[command(flatten)]
    pub place: WorkerPlace,
}

#[derive(Args)]
pub struct Worker {
    /// The scheduler that gives the work
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:50050")]
    pub scheduler: String,
    /// Port to listen on; 0: the system chooses
    #[arg(long, default_value_t = 0)]
    pub port: u16,
    #[command(flatten)]
    pub place: WorkerPlace,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// Aligned columns; on a terminal, bars for one thing counted by bin()
    Table,
    /// One JSON array of an object a row
    Json,
    /// One JSON object a row
    Jsonl,
    /// A line of names, then a line a row (RFC 4180)
    Csv,
    /// A Parquet file, its columns typed by what is in them; not for terminals
    Parquet,
}

#[derive(Args)]
pub struct Lab {
    /// Which lab
    #[arg(value_enum)]
    pub name: LabName,
    /// Print only failures and the summary
    #[arg(long, short)]
    pub quiet: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LabName {
    /// Two VPCs that cannot talk, get peered, get routes, and answer ping
    Peering,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_command_has_an_option_twice() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn no_command_looks_at_a_variable_that_is_ignored() {
        fn variables(command: &clap::Command) -> Vec<String> {
            let own = command.get_arguments().filter_map(|arg| arg.get_env());
            let own = own.map(|name| name.to_string_lossy().into_owned());
            own.chain(command.get_subcommands().flat_map(variables)).collect()
        }
        let all = variables(&Arguments::command());
        for name in ["WEIR_PORT", "WEIR_ACCOUNT", "AWS_REGION"] {
            assert!(all.contains(&name.to_owned()), "{all:?}");
        }
        let without = |ignored: &str| variables(&without(Arguments::command(), &|name| name == ignored));
        let left = without("WEIR_PORT");
        assert!(!left.is_empty() && left.iter().all(|name| name != "WEIR_PORT"), "{left:?}");
        assert_eq!(without("PATH"), all);
    }

    #[test]
    fn options_may_stand_between_files_and_query() {
        let line = ["weir", "insights", "a.log", "b.log", "--since", "7d", "stats count(*)"];
        let parsed = Arguments::try_parse_from(line).map(|arguments| arguments.command);
        let Ok(Command::Insights(insights)) = parsed else { panic!("not understood") };
        assert_eq!(insights.files_and_query, ["a.log", "b.log", "stats count(*)"]);
        assert_eq!(insights.since.as_deref(), Some("7d"));
        assert!(Arguments::try_parse_from(["weir", "insights"]).is_err());
    }
}
