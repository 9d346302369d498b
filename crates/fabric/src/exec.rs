//! Commands on hosts, and sessions through EC2 Instance Connect.
//!
//! Source: EC2 User Guide, "Connect using EC2 Instance Connect" (the service connects to port 22 of the public address
//! from a range of its own).

use crate::fabric::Fabric;
use crate::host::HostName;
use crate::hosts::HostKey;
use crate::program::{self, Connect, ExecId, HUNG_UP, Heard, Input, NOT_RUN, Output, Started, Terminal};
use crate::shell::{Kind, MESSAGE_BYTES_MAX, Message};
use crate::task::Task;
use crate::text::text_of;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use weir_flowlog::services;
use weir_model::{InstanceId, RegionName};

/// Most commands and sessions kept at one time. Beyond, the oldest that has ended goes, though nobody took its output.
pub const EXECS_MAX: usize = 4096;

/// The exit code of a command whose session has gone (ssh's own failures).
const NO_SESSION: i32 = 255;

/// The port of sshd.
const SSH_PORT: u16 = 22;

/// A program that runs in an instance outside.
pub trait Running: Send {
    /// What it has printed since the last call, and its exit code once it has ended. Does not wait.
    fn poll(&mut self) -> Output;

    /// Interrupts it as Ctrl-C does.
    fn interrupt(&mut self);

    /// Tells it that its terminal has gone (SIGHUP), which ends it unless it has decided otherwise.
    fn hang_up(&mut self);

    /// Gives it what comes on its standard input: how many of the bytes it has room for. After the last nothing more comes; there
    /// it has to be told until all are taken. Of a program that reads none all are taken.
    fn feed(&mut self, bytes: &[u8], is_last: bool) -> usize;
}

/// Where a command is.
pub(crate) enum Place {
    /// On a host.
    Host(HostKey),
    /// In a session, which is a command itself.
    Session(ExecId),
    /// In an instance outside.
    Outside(Box<dyn Running>),
    /// Its host has stopped; this is what it printed last.
    Gone(Terminal),
}

/// A session through EC2 Instance Connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SessionId {
    exec: ExecId,
    instance: InstanceId,
}

/// How a session stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Session {
    /// The connection is being made.
    Connecting,
    /// It is open.
    Open,
    /// It failed or has ended; with ssh's message.
    Closed(String),
}

/// Why a command or session could not be started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExecError {
    /// No such host runs.
    NotRunning(HostName),
    /// [`EXECS_MAX`] run.
    TooMany,
    /// The instance has no public address that EC2 Instance Connect could connect to.
    NoPublicAddress(InstanceId),
    /// The region has no EC2 Instance Connect.
    NoInstanceConnect(RegionName),
    /// The session is not open.
    NotOpen,
    /// The instance should run outside, and it does not, or the program could not be started; with the reason.
    Outside(HostName, String),
}

impl fmt::Display for ExecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExecError::NotRunning(host) => write!(f, "{host} is not running"),
            ExecError::TooMany => write!(f, "more than {EXECS_MAX} commands"),
            ExecError::NoPublicAddress(instance) => write!(f, "{instance} has no public IPv4 address"),
            ExecError::NoInstanceConnect(region) => write!(f, "{region} has no EC2 Instance Connect"),
            ExecError::NotOpen => f.write_str("the session is not open"),
            ExecError::Outside(host, why) => write!(f, "{host}: {why}"),
        }
    }
}

impl std::error::Error for ExecError {}

/// What bash says of a command whose words do not fit.
fn too_long(argv: &[String]) -> Output {
    let name = argv.first().map_or("", String::as_str);
    let stderr = format!("bash: {name}: Argument list too long\n");
    Output { stderr, exit_code: Some(NOT_RUN), ..Output::default() }
}

impl Fabric {
    /// Starts a command on a host: an instance, or an address on the internet, which then is a host. Its standard input is empty.
    ///
    /// # Errors
    /// The host does not run, or too many commands are kept.
    pub fn exec(&mut self, host: HostName, argv: &[String]) -> Result<ExecId, ExecError> {
        self.begin(host, argv, false)
    }

    /// The same, with what [`Fabric::feed`] gives as its standard input.
    ///
    /// # Errors
    /// As [`Fabric::exec`].
    pub fn exec_fed(&mut self, host: HostName, argv: &[String]) -> Result<ExecId, ExecError> {
        self.begin(host, argv, true)
    }

    fn begin(&mut self, host: HostName, argv: &[String], is_fed: bool) -> Result<ExecId, ExecError> {
        let key = match host {
            HostName::Internet(address) => self.internet_host(address),
            HostName::Instance(_) | HostName::Endpoint(_) | HostName::Service(..) => self.hosts.named(host),
        };
        let key = key.ok_or(ExecError::NotRunning(host))?;
        let id = self.fresh_exec()?;
        let now = self.now;
        if let HostName::Instance(instance) = host
            && self.hosts.card(key).is_some_and(|card| card.is_outside)
        {
            let running = self.exec_outside(instance, argv, is_fed);
            let running = running.map_err(|why| ExecError::Outside(host, why))?;
            self.execs.insert(id, Place::Outside(running));
            return Ok(id);
        }
        let running = self.hosts.get_mut(key).ok_or(ExecError::NotRunning(host))?;
        let argv: Vec<String> = argv.iter().map(|word| text_of(word.as_bytes())).collect();
        let started = program::start(&argv, &mut running.machine, now);
        let input = if is_fed { Input::open() } else { Input::absent() };
        running.start(Task::with_input(id.0, started, input));
        self.execs.insert(id, Place::Host(key));
        self.run(key);
        Ok(id)
    }

    /// Gives a command what comes on its standard input: how many of the bytes there is room for. The rest is to be given again
    /// later. With the last byte taken the input ends, if they `are_last`. Of a command that has ended, or takes no input, all
    /// are taken and lost. In a session the bytes travel in its packets.
    pub fn feed(&mut self, id: ExecId, bytes: &[u8], are_last: bool) -> usize {
        match self.execs.get_mut(&id) {
            Some(Place::Outside(running)) => running.feed(bytes, are_last),
            Some(Place::Host(key)) => {
                let key = *key;
                let task = self.hosts.get_mut(key).and_then(|host| host.task_mut(id.0));
                let taken = task.map_or(bytes.len(), |task| task.feed(bytes, are_last));
                self.run(key);
                taken
            }
            Some(Place::Session(session)) => {
                let session = *session;
                self.feed_in(session, id, bytes, are_last)
            }
            Some(Place::Gone(_)) | None => bytes.len(),
        }
    }

    /// The same for a command in a session.
    fn feed_in(&mut self, session: ExecId, id: ExecId, bytes: &[u8], are_last: bool) -> usize {
        let terminal = self.terminal_mut(session);
        let Some(heard) = terminal.and_then(|terminal| terminal.channels.get_mut(&id.0)) else {
            return bytes.len();
        };
        let Some(taken) = heard.take_room(bytes.len()) else { return bytes.len() };
        let is_end = are_last && taken == bytes.len();
        if is_end {
            heard.end_input();
        }
        for part in bytes[..taken].chunks(MESSAGE_BYTES_MAX) {
            self.tell(session, Message { channel: id.0, kind: Kind::In, bytes: part.to_vec() });
        }
        if is_end {
            self.tell(session, Message::sign(id.0, Kind::Eof));
        }
        taken
    }

    fn fresh_exec(&mut self) -> Result<ExecId, ExecError> {
        if self.execs.len() >= EXECS_MAX {
            let ended = self.oldest_ended().ok_or(ExecError::TooMany)?;
            self.forget(ended);
        }
        self.exec_count += 1;
        Ok(ExecId(self.exec_count))
    }

    /// The command that ended, has been kept longest, and whose output nobody has taken.
    fn oldest_ended(&mut self) -> Option<ExecId> {
        let ids: Vec<ExecId> = self.execs.keys().copied().collect();
        ids.into_iter()
            .find(|id| self.terminal_mut(*id).is_some_and(|terminal| terminal.output.exit_code.is_some()))
    }

    /// What a command has printed since the last call. With the exit code the command is forgotten: the next call gives
    /// `None`, as for one that never was.
    pub fn poll(&mut self, id: ExecId) -> Option<Output> {
        let output = match self.execs.get_mut(&id)? {
            Place::Outside(running) => running.poll(),
            Place::Session(session) => {
                let session = *session;
                let terminal = self.terminal_mut(session);
                let output = terminal.and_then(|terminal| terminal.channels.get_mut(&id.0));
                // A session that was forgotten has taken its commands with it.
                let lost = Output { exit_code: Some(NO_SESSION), ..Output::default() };
                output.map(|heard| std::mem::take(&mut heard.output)).unwrap_or(lost)
            }
            Place::Host(_) | Place::Gone(_) => std::mem::take(&mut self.terminal_mut(id)?.output),
        };
        if output.exit_code.is_some() {
            self.forget(id);
        }
        Some(output)
    }

    /// Ends a command without asking: what it has printed since the last call, or `None` if there is no such command.
    pub fn kill(&mut self, id: ExecId) -> Option<Output> {
        let output = self.poll(id)?;
        self.forget(id);
        Some(output)
    }

    /// Where a command that is in no session writes to.
    fn terminal_mut(&mut self, id: ExecId) -> Option<&mut Terminal> {
        match self.execs.get_mut(&id)? {
            Place::Host(key) => Some(&mut self.hosts.get_mut(*key)?.task_mut(id.0)?.terminal),
            Place::Gone(terminal) => Some(terminal),
            Place::Session(_) | Place::Outside(_) => None,
        }
    }

    fn forget(&mut self, id: ExecId) {
        match self.execs.remove(&id) {
            Some(Place::Host(key)) => {
                if let Some(host) = self.hosts.get_mut(key) {
                    host.forget(id.0, self.now, &mut self.outbox);
                }
                self.run(key);
            }
            Some(Place::Session(session)) => {
                self.terminal_mut(session).map(|terminal| terminal.channels.remove(&id.0));
            }
            Some(Place::Outside(_) | Place::Gone(_)) | None => {}
        }
    }

    /// Ends a command as Ctrl-C does: ping prints its statistics, others just stop. It may still have output.
    pub fn interrupt(&mut self, id: ExecId) {
        match self.execs.get_mut(&id) {
            Some(Place::Outside(running)) => running.interrupt(),
            Some(Place::Session(session)) => {
                let session = *session;
                self.tell(session, Message::sign(id.0, Kind::Interrupt));
            }
            Some(Place::Host(key)) => {
                let key = *key;
                if let Some(task) = self.hosts.get_mut(key).and_then(|host| host.task_mut(id.0)) {
                    task.interrupt();
                }
                self.run(key);
            }
            Some(Place::Gone(_)) | None => {}
        }
    }

    /// Tells a command that whoever followed it has gone, as when a terminal hangs up. It may still have output.
    ///
    /// On a simulated host it ends at once; outside it gets SIGHUP, and may go on (nohup). One in a session ends with the session
    /// ([`Fabric::disconnect`]), and not by this.
    pub fn hang_up(&mut self, id: ExecId) {
        match self.execs.get_mut(&id) {
            Some(Place::Outside(running)) => running.hang_up(),
            Some(Place::Host(key)) => {
                let key = *key;
                if let Some(host) = self.hosts.get_mut(key) {
                    host.kill(id.0, HUNG_UP, self.now, &mut self.outbox);
                }
                self.run(key);
            }
            Some(Place::Session(_) | Place::Gone(_)) | None => {}
        }
    }

    /// Begins a session: EC2 Instance Connect of `region` opens a TCP connection to port 22 of the instance's public
    /// address, through the internet gateway, groups and ACLs, and gives up after `timeout_s` seconds without an answer.
    ///
    /// # Errors
    /// The instance does not run or has no public address, the region lacks the service, or too many commands are kept.
    pub fn connect(
        &mut self,
        instance: InstanceId,
        region: RegionName,
        timeout_s: u32,
    ) -> Result<SessionId, ExecError> {
        let name = HostName::Instance(instance);
        self.hosts.named(name).ok_or(ExecError::NotRunning(name))?;
        let public = self.public.get(&instance).ok_or(ExecError::NoPublicAddress(instance))?;
        let to = SocketAddr::new(IpAddr::V4(*public), SSH_PORT);
        let from = self.service_address(region).ok_or(ExecError::NoInstanceConnect(region))?;
        let name = HostName::Internet(IpAddr::V4(from));
        let key = self.internet_host(IpAddr::V4(from)).ok_or(ExecError::NotRunning(name))?;
        let exec = self.fresh_exec()?;
        let host = self.hosts.get_mut(key).ok_or(ExecError::NotRunning(name))?;
        let program = Box::new(Connect::new(to, u64::from(timeout_s) * 1_000_000_000));
        host.start(Task::new(exec.0, Started::Running(program)));
        self.execs.insert(exec, Place::Host(key));
        self.run(key);
        Ok(SessionId { exec, instance })
    }

    /// One of the addresses that the service connects from.
    fn service_address(&mut self, region: RegionName) -> Option<Ipv4Addr> {
        let range = services::instance_connect(region)?.block()?;
        let size = 1u64 << (32 - u32::from(range.prefix()));
        range.nth(self.random.below(size) as u32)
    }

    /// How a session stands. One that has closed is told once, and is then forgotten.
    pub fn session(&mut self, id: SessionId) -> Session {
        let Some(terminal) = self.terminal_mut(id.exec) else { return Session::Closed(String::new()) };
        match (terminal.output.exit_code, terminal.is_open) {
            (None, true) => Session::Open,
            (None, false) => Session::Connecting,
            (Some(_), _) => {
                let message = std::mem::take(&mut terminal.output.stderr);
                self.forget(id.exec);
                Session::Closed(message)
            }
        }
    }

    /// Starts a command in the shell of a session. The command line and what it prints travel in the session's packets: if
    /// the network no longer carries them, nothing comes back. One that is too long for a message ends at once. Its standard input
    /// is empty.
    ///
    /// # Errors
    /// The session is not open, or too many commands are kept.
    pub fn exec_in(&mut self, id: SessionId, argv: &[String]) -> Result<ExecId, ExecError> {
        self.begin_in(id, argv, false)
    }

    /// The same, with what [`Fabric::feed`] gives as its standard input.
    ///
    /// # Errors
    /// As [`Fabric::exec_in`].
    pub fn exec_in_fed(&mut self, id: SessionId, argv: &[String]) -> Result<ExecId, ExecError> {
        self.begin_in(id, argv, true)
    }

    fn begin_in(&mut self, id: SessionId, argv: &[String], is_fed: bool) -> Result<ExecId, ExecError> {
        let exec = self.fresh_exec()?;
        let terminal = self.terminal_mut(id.exec).filter(|terminal| terminal.is_open);
        let message = Message::run(exec.0, argv, is_fed);
        let is_long = message.bytes.len() > MESSAGE_BYTES_MAX;
        let mut heard = Heard::nothing(is_fed);
        if is_long {
            heard.output = too_long(argv);
        }
        terminal.ok_or(ExecError::NotOpen)?.channels.insert(exec.0, heard);
        self.execs.insert(exec, Place::Session(id.exec));
        if !is_long {
            self.tell(id.exec, message);
        }
        Ok(exec)
    }

    /// Gives a session a message for its host.
    fn tell(&mut self, session: ExecId, message: Message) {
        let Some(Place::Host(key)) = self.execs.get(&session) else { return };
        let key = *key;
        if let Some(task) = self.hosts.get_mut(key).and_then(|host| host.task_mut(session.0)) {
            task.tell(message);
        }
        self.run(key);
    }

    /// Closes a session.
    pub fn disconnect(&mut self, id: SessionId) {
        self.forget(id.exec);
    }
}
