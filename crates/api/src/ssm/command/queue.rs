//! The commands that were sent, and how far each has come on each node.
//!
//! A node takes a command as soon as its host runs; what it prints is kept up to what answers can show.
//! Source: Systems Manager User Guide, "Understanding command statuses" and "Run Command timeouts".

use std::collections::{BTreeMap, BTreeSet};
use weir_fabric::{ExecId, Fabric, HostName, plain};
use weir_model::{InstanceId, Nanos, Scope, Timestamp};

/// Most commands remembered, of all accounts; the oldest that are over go first. AWS keeps them for 30 days.
const REMEMBERED_MAX: usize = 1000;
/// Most bytes of output kept of one stream: more than answers show.
const STREAM_BYTES_MAX: usize = 128 * 1024;
/// The response code of what was killed (128 and SIGKILL), and of what has not run.
const KILLED: i32 = 137;
const NOT_RUN: i32 = -1;

/// All commands by number, in the order they were sent.
#[derive(Debug, Default)]
pub struct Commands {
    count: u64,
    commands: BTreeMap<u64, Command>,
    /// Those that are not over.
    open: BTreeSet<u64>,
}

/// A command that was sent.
#[derive(Debug)]
pub struct Command {
    /// Its place in the order.
    pub number: u64,
    /// Its id, a UUID.
    pub id: String,
    /// Whose it is.
    pub scope: Scope,
    /// What was asked.
    pub order: Order,
    /// When it was sent.
    pub requested: Timestamp,
    /// How it stands on each node.
    pub invocations: Vec<Invocation>,
}

/// What a command asks for.
#[derive(Clone, Debug)]
pub struct Order {
    /// The version of the document as given.
    pub version: String,
    /// A note of the caller.
    pub comment: String,
    /// The document's parameters as given.
    pub parameters: BTreeMap<String, Vec<String>>,
    /// The nodes named by id.
    pub instance_ids: Vec<InstanceId>,
    /// The nodes named otherwise: keys and values.
    pub targets: Vec<(String, Vec<String>)>,
    /// The script.
    pub script: String,
    /// How long a node may take to begin, in seconds.
    pub delivery_s: i64,
    /// How long it may run, in seconds.
    pub execution_s: i64,
}

/// A command on one node.
#[derive(Debug)]
pub struct Invocation {
    /// The node.
    pub instance: InstanceId,
    /// How it stands.
    pub status: Status,
    /// Standard output so far.
    pub stdout: String,
    /// Standard error so far.
    pub stderr: String,
    /// The exit code; -1 before there is one.
    pub code: i32,
    /// When it began to run.
    pub started: Option<Timestamp>,
    /// When it was over.
    pub ended: Option<Timestamp>,
    exec: Option<ExecId>,
    is_cancelled: bool,
}

/// How an invocation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The node has not taken it.
    Pending,
    /// It runs.
    InProgress,
    /// It ended with exit code 0.
    Success,
    /// It ended with another.
    Failed,
    /// Someone cancelled it.
    Cancelled,
    /// The node did not take it in time.
    DeliveryTimedOut,
    /// It ran for too long and was killed.
    ExecutionTimedOut,
}

impl Status {
    /// `Status` as answers spell it.
    pub fn name(self) -> &'static str {
        match self {
            Status::DeliveryTimedOut | Status::ExecutionTimedOut => "TimedOut",
            other => other.detail(),
        }
    }

    /// `StatusDetails` as answers spell it.
    pub fn detail(self) -> &'static str {
        match self {
            Status::Pending => "Pending",
            Status::InProgress => "InProgress",
            Status::Success => "Success",
            Status::Failed => "Failed",
            Status::Cancelled => "Cancelled",
            Status::DeliveryTimedOut => "DeliveryTimedOut",
            Status::ExecutionTimedOut => "ExecutionTimedOut",
        }
    }

    /// Whether nothing more will happen.
    pub fn is_over(self) -> bool {
        !matches!(self, Status::Pending | Status::InProgress)
    }
}

impl Commands {
    /// Takes a command on; [`Commands::look`] sends it.
    pub fn add(
        &mut self,
        id: String,
        scope: Scope,
        order: Order,
        now: Timestamp,
        nodes: &[InstanceId],
    ) -> u64 {
        if self.commands.len() >= REMEMBERED_MAX {
            let over = self.commands.keys().find(|number| !self.open.contains(number)).copied();
            let oldest = over.or_else(|| self.commands.keys().next().copied());
            oldest.into_iter().for_each(|number| self.forget(number));
        }
        self.count += 1;
        let invocations = nodes.iter().map(|instance| Invocation::new(*instance)).collect();
        let command = Command { number: self.count, id, scope, order, requested: now, invocations };
        self.commands.insert(self.count, command);
        self.open.insert(self.count);
        self.count
    }

    fn forget(&mut self, number: u64) {
        self.commands.remove(&number);
        self.open.remove(&number);
    }

    /// The command with this number.
    pub fn get(&self, number: u64) -> Option<&Command> {
        self.commands.get(&number)
    }

    /// The command of `scope` with this id.
    pub fn find(&self, scope: Scope, id: &str) -> Option<&Command> {
        self.of(scope).find(|command| command.id == id)
    }

    /// The commands of `scope`, the latest first.
    pub fn of(&self, scope: Scope) -> impl Iterator<Item = &Command> {
        self.commands.values().rev().filter(move |command| command.scope == scope)
    }

    /// Cancels a command on these nodes, or on all if none is named; what is over stays as it is.
    pub fn cancel(&mut self, number: u64, nodes: &[InstanceId]) {
        let Some(command) = self.commands.get_mut(&number) else { return };
        for invocation in &mut command.invocations {
            invocation.is_cancelled |= nodes.is_empty() || nodes.contains(&invocation.instance);
        }
    }

    /// Brings all commands up to `now`: sends what waits, takes what was printed, ends what is late.
    pub fn look(&mut self, fabric: &mut Fabric, now: Timestamp) {
        let commands = &mut self.commands;
        self.open.retain(|number| {
            let Some(command) = commands.get_mut(number) else { return false };
            for invocation in &mut command.invocations {
                invocation.look(&command.order, command.requested, fabric, now);
            }
            !command.is_over()
        });
    }

    /// When the next time-out is.
    pub fn next_deadline(&self) -> Option<Nanos> {
        let open = self.open.iter().filter_map(|number| self.commands.get(number));
        open.filter_map(Command::next_deadline).min().map(Nanos::from)
    }
}

impl Command {
    /// Whether it is over on every node.
    pub fn is_over(&self) -> bool {
        self.invocations.iter().all(|invocation| invocation.status.is_over())
    }

    fn next_deadline(&self) -> Option<Timestamp> {
        self.invocations
            .iter()
            .filter_map(|invocation| invocation.deadline(&self.order, self.requested))
            .min()
    }
}

impl Invocation {
    fn new(instance: InstanceId) -> Invocation {
        Invocation {
            instance,
            status: Status::Pending,
            stdout: String::new(),
            stderr: String::new(),
            code: NOT_RUN,
            started: None,
            ended: None,
            exec: None,
            is_cancelled: false,
        }
    }

    /// When it times out, unless it is over.
    fn deadline(&self, order: &Order, requested: Timestamp) -> Option<Timestamp> {
        match (self.status, self.started) {
            (Status::Pending, _) => Some(requested.plus_ms(order.delivery_s * 1000)),
            (Status::InProgress, Some(started)) => Some(started.plus_ms(order.execution_s * 1000)),
            _ => None,
        }
    }

    fn look(&mut self, order: &Order, requested: Timestamp, fabric: &mut Fabric, now: Timestamp) {
        if self.status == Status::Pending && !self.is_cancelled {
            self.begin(&order.script, fabric, now);
        }
        self.listen(fabric, now);
        let is_late = self.deadline(order, requested).is_some_and(|deadline| now >= deadline);
        match self.status {
            Status::Pending if self.is_cancelled => self.end(Status::Cancelled, NOT_RUN, now),
            Status::Pending if is_late => self.end(Status::DeliveryTimedOut, NOT_RUN, now),
            Status::InProgress if self.is_cancelled => self.kill(Status::Cancelled, fabric, now),
            Status::InProgress if is_late => self.kill(Status::ExecutionTimedOut, fabric, now),
            _ => {}
        }
    }

    /// Starts the script, if the host runs.
    fn begin(&mut self, script: &str, fabric: &mut Fabric, now: Timestamp) {
        let argv = ["sh", "-c", script].map(str::to_owned);
        if let Ok(exec) = fabric.exec(HostName::Instance(self.instance), &argv) {
            self.exec = Some(exec);
            self.status = Status::InProgress;
            self.started = Some(now);
        }
    }

    /// Takes what the script has printed, and its end.
    fn listen(&mut self, fabric: &mut Fabric, now: Timestamp) {
        let Some(exec) = self.exec else { return };
        let Some(output) = fabric.poll(exec) else { return self.end(Status::Failed, KILLED, now) };
        append(&mut self.stdout, &plain(&output.stdout));
        append(&mut self.stderr, &plain(&output.stderr));
        match output.exit_code {
            None => {}
            Some(0) => self.end(Status::Success, 0, now),
            Some(code) => self.end(Status::Failed, code, now),
        }
    }

    fn kill(&mut self, status: Status, fabric: &mut Fabric, now: Timestamp) {
        self.exec.and_then(|exec| fabric.kill(exec));
        self.end(status, KILLED, now);
    }

    fn end(&mut self, status: Status, code: i32, now: Timestamp) {
        // The agent's own words, as it appends them to what the script complained of.
        if code > 0 {
            append(&mut self.stderr, &format!("failed to run commands: exit status {code}"));
        }
        (self.status, self.code, self.exec, self.ended) = (status, code, None, Some(now));
    }
}

fn append(to: &mut String, text: &str) {
    if to.len() + text.len() <= STREAM_BYTES_MAX {
        to.push_str(text);
    }
}
