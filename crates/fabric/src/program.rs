//! Commands that run on hosts: small state machines, woken by packets and timers.
//!
//! What they print and how they exit follows the programs of the same name on Amazon Linux 2023.

use crate::echo::Reply;
use crate::host::Machine;
use crate::shell::{Channel, Message};
use crate::stack::Outbox;
use crate::trouble::Trouble;
use std::collections::BTreeMap;
use weir_model::{Nanos, Protocol};
use weir_pipeline::Packet;
use weir_pipeline::packet::{ACK, RST, SYN};

mod ask;
mod condition;
mod connect;
mod curl;
mod date;
mod dig;
mod filter;
mod ip;
mod iperf3;
mod lookup;
mod names;
mod nc;
mod options;
mod ping;
mod plain;
mod print;
mod sh;
mod sleep;
mod socket;
mod timeout;
mod tracepath;
mod traceroute;
mod udp;

pub(crate) use connect::{Connect, Heard};
pub(crate) use plain::Link;

/// Most bytes of output kept for a command until they are taken; what comes on top is lost.
pub const OUTPUT_BYTES_MAX: usize = 1 << 20;

/// How many bytes a pipe has room for (pipe(7)).
pub const PIPE_BYTES: usize = 65_536;

/// The exit code of a shell for a command that could not be run.
pub(crate) const NOT_RUN: i32 = 126;

/// The exit code of a shell that does not find a command.
const NOT_FOUND: i32 = 127;

/// The exit code of a program that Ctrl-C ended (128 and SIGINT).
const INTERRUPTED: i32 = 130;

/// The exit code of a command whose terminal has gone (128 and SIGHUP).
pub(crate) const HUNG_UP: i32 = 129;

/// The exit code of a program whose output nobody takes any more (128 and SIGPIPE).
pub(crate) const BROKEN_PIPE: i32 = 141;

/// What people expect of a Linux and hosts here do not have: bash's keywords and own commands, and usual programs, of the image or
/// installed. What only a script has (`if`, `export`) is none of them.
#[rustfmt::skip]
const NOT_SIMULATED: &[&str] = &[
    ".", "[[", "alias", "amazon-linux-extras", "apt", "apt-get", "arp", "arping", "awk", "aws", "base64",
    "basename", "bc", "bg", "builtin", "bzip2", "case", "cd", "chkconfig", "chmod", "chown", "cloud-init",
    "comm", "cp", "crontab", "dd", "declare", "df", "diff", "dirname", "disown", "dmesg", "dnf", "docker",
    "du", "env", "envsubst", "ethtool", "eval", "exec", "expr", "fallocate", "fg",
    "file", "find", "free", "function", "gcc", "getent", "getopts", "git", "gpg", "groupadd", "groups",
    "gunzip", "gzip", "hash", "help", "history", "hostnamectl", "htop", "httpd", "ifconfig", "insmod",
    "iptables", "jobs", "journalctl", "jq", "kill", "kubectl", "ldconfig", "less", "ln", "local", "logger",
    "ls", "lsblk", "lscpu", "lsmod", "lsof", "make", "man", "md5sum", "mkdir", "mkfs", "mktemp",
    "modprobe", "more", "mount", "mtr", "mv", "nano", "nethogs", "netstat", "nft", "nginx", "nice", "nmap",
    "node", "nohup", "npm", "nproc", "openssl", "passwd", "paste", "perl", "pgrep", "php", "pip", "pip3", "pkill",
    "popd", "poweroff", "ps", "pushd", "python", "python3", "readlink", "readonly", "realpath", "reboot",
    "resolvectl", "rev", "rm", "rmdir", "route", "rpm", "rsync", "ruby", "scp", "screen", "select",
    "service", "sestatus", "sha1sum", "sha256sum", "shopt", "shuf", "shutdown", "socat", "source", "ss",
    "ssh", "ssh-keygen", "stat", "strace", "su", "sudo", "sync", "sysctl", "systemctl", "tac", "tar",
    "tcpdump", "telnet", "time", "tmux", "top", "touch", "trap", "typeset", "ulimit", "umask", "unalias",
    "uname", "unzip", "update-alternatives", "uptime", "useradd", "usermod", "vi", "vim", "visudo",
    "watch", "wget", "xargs", "xxd", "yes", "yum", "zcat", "zip",
];

/// The programs that there are, which a shell runs as it does those of /usr/bin.
#[rustfmt::skip]
const PROGRAMS: &[&str] = &[
    "[", "bash", "cat", "curl", "cut", "date", "dig", "echo", "egrep", "false", "fgrep", "grep", "head", "host", "hostname", "id",
    "ip", "iperf3", "nc", "ncat", "nslookup", "ping", "ping6", "printf", "pwd", "sed", "seq", "sh", "sleep", "sort", "tail", "tee",
    "test", "timeout", "tr", "tracepath", "tracepath6", "traceroute", "traceroute6", "true", "uniq", "wc", "which", "whoami",
];

/// A command that was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExecId(pub(crate) u64);

/// What a command has printed since it was last asked, and its exit code once it has ended. A byte that is no UTF-8 is a letter of
/// its own in it: [`bytes_of`](crate::bytes_of) has the bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// The exit code, or `None` while it runs.
    pub exit_code: Option<i32>,
}

/// What a command writes to.
#[derive(Debug, Default)]
pub(crate) struct Terminal {
    /// What nobody has taken yet.
    pub(crate) output: Output,
    /// Whether the session is open, if the command is a [`Connect`].
    pub(crate) is_open: bool,
    /// What the commands of the session have printed.
    pub(crate) channels: BTreeMap<Channel, Heard>,
    /// Whether it is inside a shell, which takes what is there before it lets the command print more.
    pub(crate) is_inner: bool,
}

impl Terminal {
    /// That of a command in a shell.
    pub(crate) fn inner() -> Terminal {
        Terminal { is_inner: true, ..Terminal::default() }
    }

    /// Prints to standard output.
    pub(crate) fn print(&mut self, text: &str) {
        let room = self.room();
        append(&mut self.output.stdout, text, room);
    }

    /// Prints to standard error.
    pub(crate) fn complain(&mut self, text: &str) {
        let room = self.room();
        append(&mut self.output.stderr, text, room);
    }

    /// Inside a shell there is room for the longest that a command prints at once on top of what a pipe has not taken.
    fn room(&self) -> usize {
        if self.is_inner { 2 * OUTPUT_BYTES_MAX } else { OUTPUT_BYTES_MAX }
    }

    /// Notes that the command has ended; if it was a session, what ran in it has ended with it.
    pub(crate) fn end(&mut self, exit_code: i32) {
        self.output.exit_code = Some(exit_code);
        self.is_open = false;
        for heard in self.channels.values_mut() {
            heard.output.exit_code.get_or_insert(exit_code);
        }
    }
}

fn append(to: &mut String, text: &str, room: usize) {
    if to.len() + text.len() <= room {
        to.push_str(text);
    }
}

/// What a command reads, as far as it has come: standard input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Input {
    /// What nobody has read yet.
    pub(crate) text: String,
    /// Whether no more will come.
    pub(crate) is_over: bool,
    /// Whether nobody has said where it comes from: a program that can do nothing without it says so.
    pub(crate) is_absent: bool,
}

impl Default for Input {
    /// /dev/null.
    fn default() -> Input {
        Input { text: String::new(), is_over: true, is_absent: false }
    }
}

impl Input {
    /// That of a command that was given none.
    pub(crate) fn absent() -> Input {
        Input { is_absent: true, ..Input::default() }
    }

    /// That of a command that is fed, of which nothing has come yet.
    pub(crate) fn open() -> Input {
        Input { is_over: false, ..Input::default() }
    }

    /// How many bytes there is room for.
    pub(crate) fn room(&self) -> usize {
        PIPE_BYTES.saturating_sub(self.text.len())
    }
}

/// What a program sees and uses while it is awake.
pub(crate) struct Cx<'a> {
    pub(crate) now: Nanos,
    pub(crate) machine: &'a mut Machine,
    pub(crate) outbox: &'a mut Outbox,
    pub(crate) terminal: &'a mut Terminal,
    pub(crate) input: &'a mut Input,
}

/// What a program does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Waits for its host to have news, or for this time.
    Wait(Option<Nanos>),
    /// Ends with an exit code.
    Exit(i32),
}

/// A packet that no socket is for, which a program may have asked for.
pub(crate) enum News<'a> {
    /// An echo reply.
    Reply(Reply),
    /// An ICMP error.
    Trouble(Trouble),
    /// An answer to a TCP SYN: SYN with ACK, or RST.
    Segment(&'a Packet),
}

impl<'a> News<'a> {
    /// What there is to hear in a packet that parsed as `packet`.
    pub(crate) fn of(packet: &'a Packet, bytes: &[u8]) -> Option<News<'a>> {
        match packet.protocol {
            Protocol::ICMP | Protocol::ICMPV6 => {
                let reply = Reply::read(packet, bytes).map(News::Reply);
                reply.or_else(|| Trouble::read(packet, bytes).map(News::Trouble))
            }
            Protocol::TCP if packet.tcp_flags & RST != 0 || packet.tcp_flags & (SYN | ACK) == SYN | ACK => {
                Some(News::Segment(packet))
            }
            _ => None,
        }
    }
}

/// A command at work.
pub(crate) trait Program: Send {
    /// Does what can be done now. Called at the start, at the time it asked for, and when its host has news.
    fn wake(&mut self, cx: &mut Cx) -> Step;

    /// Hears of a packet that may answer it, or another. True if it has to be woken now.
    fn hear(&mut self, _: &News, _: &mut Cx) -> bool {
        false
    }

    /// Learns that its user wants it to end; it is woken next.
    fn interrupt(&mut self);

    /// Takes a message for the far side of its session.
    fn tell(&mut self, _: Message) {}

    /// Gives back its sockets at the end.
    fn leave(&mut self, _: &mut Cx) {}
}

/// What became of a command line.
pub(crate) enum Started {
    /// It runs.
    Running(Box<dyn Program>),
    /// It ended at once.
    Done(Output),
}

impl Started {
    /// A command that printed this and succeeded.
    fn printed(stdout: String) -> Started {
        Started::Done(Output { stdout, exit_code: Some(0), ..Output::default() })
    }

    /// A command that complained and failed.
    fn failed(stderr: String, exit_code: i32) -> Started {
        Started::Done(Output { stderr, exit_code: Some(exit_code), ..Output::default() })
    }
}

/// Starts a command on a machine. An empty command line succeeds, as in a shell.
pub(crate) fn start(argv: &[String], machine: &mut Machine, now: Nanos) -> Started {
    let Some((name, args)) = argv.split_first() else { return Started::printed(String::new()) };
    match name.as_str() {
        "ping" | "ping6" => ping::start(name, args, machine, now),
        "traceroute" | "traceroute6" => traceroute::start(name, args, machine, now),
        "tracepath" | "tracepath6" => tracepath::start(name, args, machine, now),
        "nc" | "ncat" => nc::start(args, machine, now),
        "curl" => curl::start(args),
        "sh" | "bash" => sh::start(name, args, &machine.identity.hostname),
        "sleep" => sleep::start(args, now),
        "timeout" => match timeout::Limit::parse(args) {
            Ok((limit, command)) => limit.over(start(command, machine, now), now),
            Err(started) => started,
        },
        "date" => date::date(args, now),
        "id" => plain::id(args),
        "which" => plain::which(args),
        "hostname" => plain::hostname(args, machine),
        "ip" => ip::ip(args, machine),
        "[" | "test" => condition::start(name, args, machine),
        "cat" | "cut" | "grep" | "head" | "sed" | "sort" | "tail" | "tee" | "tr" | "uniq" | "wc" => {
            filter::start(name, args, machine)
        }
        "egrep" | "fgrep" => {
            let option = if name == "egrep" { "-E" } else { "-F" };
            let args: Vec<String> = std::iter::once(option.to_owned()).chain(args.iter().cloned()).collect();
            filter::start("grep", &args, machine)
        }
        "pwd" => Started::printed(format!("{}\n", plain::HOME)),
        "dig" => dig::start(args, machine, now),
        "host" => names::host(args, machine, now),
        "nslookup" => names::nslookup(args, machine, now),
        "iperf3" => iperf3::start(args, machine, now),
        "echo" => Started::printed(print::echo(args)),
        "printf" => print::printf(args),
        "seq" => print::seq(args),
        "true" => Started::printed(String::new()),
        "false" => Started::failed(String::new(), 1),
        "whoami" => Started::printed("ec2-user\n".to_owned()),
        known if NOT_SIMULATED.contains(&known) => {
            Started::failed(format!("bash: {known}: not simulated by weir\n"), NOT_FOUND)
        }
        unknown => Started::failed(format!("bash: {unknown}: command not found\n"), NOT_FOUND),
    }
}
