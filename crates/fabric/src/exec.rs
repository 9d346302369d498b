//! Commands on hosts, and sessions through EC2 Instance Connect.
//!
//! Source: EC2 User Guide, "Connect using EC2 Instance Connect" (the service connects to port 22 of the public address
//! from a range of its own).

use crate::fabric::Fabric;
use crate::host::HostName;
use crate::hosts::HostKey;
use crate::program::{self, Connect, ExecId, Output, Started, Terminal};
use crate::shell::{Channel, Kind, Message};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use weir_flowlog::services;
use weir_model::{InstanceId, RegionName};

/// Most commands and sessions kept at one time, finished ones whose output nobody took included.
pub const EXECS_MAX: usize = 4096;

/// The exit code of a command whose session has gone (ssh's own failures).
const HUNG_UP: i32 = 255;

/// The port of sshd.
const SSH_PORT: u16 = 22;

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
    /// More than [`EXECS_MAX`] are kept.
    TooMany,
    /// The instance has no public address that EC2 Instance Connect could connect to.
    NoPublicAddress(InstanceId),
    /// The region has no EC2 Instance Connect.
    NoInstanceConnect(RegionName),
    /// The session is not open.
    NotOpen,
}

impl fmt::Display for ExecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExecError::NotRunning(host) => write!(f, "{host} is not running"),
            ExecError::TooMany => write!(f, "more than {EXECS_MAX} commands"),
            ExecError::NoPublicAddress(instance) => write!(f, "{instance} has no public IPv4 address"),
            ExecError::NoInstanceConnect(region) => write!(f, "{region} has no EC2 Instance Connect"),
            ExecError::NotOpen => f.write_str("the session is not open"),
        }
    }
}

impl std::error::Error for ExecError {}

impl Fabric {
    /// Starts a command on a host: an instance, or an address on the internet, which then is a host.
    ///
    /// # Errors
    /// The host does not run, or too many commands are kept.
    pub fn exec(&mut self, host: HostName, argv: &[String]) -> Result<ExecId, ExecError> {
        let key = match host {
            HostName::Internet(address) => self.internet_host(address),
            HostName::Instance(_) => self.hosts.named(host),
        };
        let key = key.ok_or(ExecError::NotRunning(host))?;
        let id = self.fresh_exec()?;
        let now = self.now;
        let running = self.hosts.get_mut(key).ok_or(ExecError::NotRunning(host))?;
        match program::start(argv, &mut running.machine, now) {
            Started::Running(program) => {
                running.start(id, program);
                self.terminals.insert(id, Terminal::default());
                self.run(key);
            }
            Started::Done(output) => {
                self.terminals.insert(id, Terminal { output, ..Terminal::default() });
            }
        }
        Ok(id)
    }

    fn fresh_exec(&mut self) -> Result<ExecId, ExecError> {
        if self.terminals.len() + self.channels.len() >= EXECS_MAX {
            return Err(ExecError::TooMany);
        }
        self.exec_count += 1;
        Ok(ExecId(self.exec_count))
    }

    /// What a command has printed since the last call. With the exit code the command is forgotten: the next call gives
    /// `None`, as for one that never was.
    pub fn poll(&mut self, id: ExecId) -> Option<Output> {
        if let Some((session, channel)) = self.channels.get(&id).copied() {
            return self.poll_channel(id, session, channel);
        }
        let terminal = self.terminals.get_mut(&id)?;
        let output = std::mem::take(&mut terminal.output);
        if output.exit_code.is_some() {
            self.terminals.remove(&id);
        }
        Some(output)
    }

    fn poll_channel(&mut self, id: ExecId, session: ExecId, channel: Channel) -> Option<Output> {
        let terminal = self.terminals.get_mut(&session);
        let output = terminal.and_then(|terminal| terminal.channels.get_mut(&channel)).map(std::mem::take);
        // A session that was closed and forgotten has taken its commands with it.
        let output = output.unwrap_or(Output { exit_code: Some(HUNG_UP), ..Output::default() });
        if output.exit_code.is_some() {
            self.channels.remove(&id);
            self.terminals.get_mut(&session).map(|terminal| terminal.channels.remove(&channel));
        }
        Some(output)
    }

    /// Ends a command as Ctrl-C does: ping prints its statistics, others just stop. It may still have output.
    pub fn interrupt(&mut self, id: ExecId) {
        if let Some((session, channel)) = self.channels.get(&id).copied() {
            return self.tell(session, Message { channel, kind: Kind::Interrupt, bytes: Vec::new() });
        }
        if let Some(key) = self.host_of(id) {
            if let Some(host) = self.hosts.get_mut(key) {
                host.interrupt(id);
            }
            self.run(key);
        }
    }

    fn host_of(&self, id: ExecId) -> Option<HostKey> {
        self.hosts.all().find(|(_, host)| host.running().any(|running| running == id)).map(|(key, _)| key)
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
        host.start(exec, Box::new(Connect::new(to, u64::from(timeout_s) * 1_000_000_000)));
        self.terminals.insert(exec, Terminal::default());
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
        let Some(terminal) = self.terminals.get(&id.exec) else { return Session::Closed(String::new()) };
        match (terminal.output.exit_code, terminal.is_open) {
            (None, true) => Session::Open,
            (None, false) => Session::Connecting,
            (Some(_), _) => {
                let terminal = self.terminals.remove(&id.exec).unwrap_or_default();
                Session::Closed(terminal.output.stderr)
            }
        }
    }

    /// Starts a command in the shell of a session. The command line and what it prints travel in the session's packets: if
    /// the network no longer carries them, nothing comes back.
    ///
    /// # Errors
    /// The session is not open, or too many commands are kept.
    pub fn exec_in(&mut self, id: SessionId, argv: &[String]) -> Result<ExecId, ExecError> {
        let exec = self.fresh_exec()?;
        let channel = exec.0;
        let terminal = self.terminals.get_mut(&id.exec).filter(|terminal| terminal.is_open);
        terminal.ok_or(ExecError::NotOpen)?.channels.insert(channel, Output::default());
        self.channels.insert(exec, (id.exec, channel));
        self.tell(id.exec, Message::run(channel, argv));
        Ok(exec)
    }

    fn tell(&mut self, session: ExecId, message: Message) {
        let Some(key) = self.host_of(session) else { return };
        if let Some(host) = self.hosts.get_mut(key) {
            host.tell(session, message);
        }
        self.run(key);
    }

    /// Closes a session.
    pub fn disconnect(&mut self, id: SessionId) {
        self.interrupt(id.exec);
        self.terminals.remove(&id.exec);
    }
}
