//! host and nslookup, as BIND prints them.
//!
//! Both ask for a name as it is given and with the domains of the search list, first for IPv4 addresses and then for more;
//! for an address they ask for its name.
//! Source: BIND 9.18 (the version of Amazon Linux 2023): host(1), nslookup(1), and what they print; resolv.conf(5).

use super::ask::{Asked, Asker, TIMEOUT_NS};
use super::lookup::{self, Family};
use super::{Cx, INTERRUPTED, Program, Started, Step};
use crate::dns::{self, Response, Row};
use crate::host::Machine;
use simple_dns::{QTYPE, TYPE};
use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use weir_model::Nanos;
use weir_model::dns::name;

const A: QTYPE = QTYPE::TYPE(TYPE::A);
/// What host says to a command line that it cannot read, in short.
const HOST_USAGE: &str = "Usage: host [-t type] hostname [server]\n";
const NSLOOKUP_USAGE: &str = "Usage: nslookup [-type=type] host [server]\n";

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tool {
    Host,
    Nslookup,
}

impl Tool {
    fn name(self) -> &'static str {
        if self == Tool::Host { "host" } else { "nslookup" }
    }

    fn usage(self) -> &'static str {
        if self == Tool::Host { HOST_USAGE } else { NSLOOKUP_USAGE }
    }
}

/// What the command line asks for.
#[derive(Clone, Debug)]
struct Wanted {
    tool: Tool,
    /// What is said first.
    warning: String,
    /// The name or address, as it is asked for.
    text: String,
    kind: Option<QTYPE>,
    server: Option<String>,
    over_tcp: bool,
}

/// Starts host.
pub(super) fn host(args: &[String], machine: &mut Machine, now: Nanos) -> Started {
    let mut rest = args.iter().map(String::as_str);
    let (mut kind, mut words, mut over_tcp) = (None, Vec::new(), false);
    while let Some(arg) = rest.next() {
        match arg {
            "-t" => match rest.next().map(dns::type_of) {
                Some(Some(given)) => kind = Some(given),
                Some(None) => {
                    let given = args.iter().skip_while(|arg| *arg != "-t").nth(1);
                    let given = given.map_or("", String::as_str);
                    return Started::failed(format!("host: invalid type: {given}\n\n"), 2);
                }
                None => return Started::failed(HOST_USAGE.to_owned(), 1),
            },
            "-4" => {}
            "-T" => over_tcp = true,
            "-U" => over_tcp = false,
            "-6" | "-a" | "-C" | "-c" | "-d" | "-i" | "-l" | "-m" | "-N" | "-p" | "-R" | "-r" | "-s"
            | "-v" | "-V" | "-w" | "-W" => {
                return Started::failed(format!("host: {arg}: not simulated by weir\n"), 1);
            }
            option if option.starts_with('-') => return Started::failed(HOST_USAGE.to_owned(), 1),
            word => words.push(word),
        }
    }
    begin((Tool::Host, String::new(), over_tcp), (kind, &words), machine, now)
}

/// Starts nslookup. It has no interactive mode here.
pub(super) fn nslookup(args: &[String], machine: &mut Machine, now: Nanos) -> Started {
    let (mut kind, mut words, mut warning, mut over_tcp) = (None, Vec::new(), String::new(), false);
    for arg in args {
        let option = arg.strip_prefix('-').map(|option| option.split_once('=').unwrap_or((option, "")));
        match option {
            Some(("type" | "query" | "querytype", given)) => match dns::type_of(given) {
                Some(given) => kind = Some(given),
                None => warning += &format!("unknown query type: {given}\n"),
            },
            Some((option @ ("vc" | "novc"), "")) => over_tcp = option == "vc",
            Some(_) => return Started::failed(NSLOOKUP_USAGE.to_owned(), 1),
            None => words.push(arg.as_str()),
        }
    }
    begin((Tool::Nslookup, warning, over_tcp), (kind, &words), machine, now)
}

fn begin(
    (tool, warning, over_tcp): (Tool, String, bool),
    (kind, words): (Option<QTYPE>, &[&str]),
    machine: &mut Machine,
    now: Nanos,
) -> Started {
    let (text, server) = match words {
        [text] => (*text, None),
        [text, server] => (*text, Some((*server).to_owned())),
        _ => return Started::failed(tool.usage().to_owned(), 1),
    };
    let wanted = Wanted { tool, warning, text: text.to_owned(), kind, server, over_tcp };
    let Some(server) = wanted.server.clone() else {
        let servers = machine.identity.resolvers.iter();
        let servers = servers.map(|server| SocketAddr::new(*server, dns::PORT)).collect();
        return run(wanted, servers, machine);
    };
    lookup::resolved(&server.clone(), Family::Any, machine, now, move |found, machine, _| match found {
        Ok(address) => run(wanted, vec![SocketAddr::new(address, dns::PORT)], machine),
        Err(_) => {
            let tool = tool.name();
            Started::failed(format!("{tool}: couldn't get address for '{server}': not found\n"), 1)
        }
    })
}

fn run(mut wanted: Wanted, servers: Vec<SocketAddr>, machine: &Machine) -> Started {
    let mut names = VecDeque::new();
    match wanted.text.parse::<IpAddr>() {
        Ok(address) => {
            // host says it with the dot, as it asks for it.
            wanted.text = name::reverse(address);
            if wanted.tool == Tool::Host {
                wanted.text.push('.');
            }
            wanted.kind = Some(QTYPE::TYPE(TYPE::PTR));
            names.push_back(wanted.text.clone());
            return start(wanted, servers, (names, true));
        }
        Err(_) => names.extend(lookup::names(&wanted.text, &machine.identity.search)),
    }
    start(wanted, servers, (names, false))
}

fn start(wanted: Wanted, servers: Vec<SocketAddr>, (names, is_reverse): (VecDeque<String>, bool)) -> Started {
    let more: &[TYPE] = match wanted.tool {
        Tool::Host => &[TYPE::AAAA, TYPE::MX],
        Tool::Nslookup => &[TYPE::AAAA],
    };
    let kinds = match wanted.kind {
        Some(kind) => [kind].into(),
        None => [A].into_iter().chain(more.iter().copied().map(QTYPE::TYPE)).collect(),
    };
    let tries = if wanted.tool == Tool::Host { 2 } else { 3 };
    let asker = Asker::new(servers, tries, TIMEOUT_NS).over_tcp(wanted.over_tcp);
    Started::Running(Box::new(Names {
        wanted,
        names,
        kinds,
        asker,
        is_reverse,
        has_answer: false,
        has_begun: false,
        is_interrupted: false,
    }))
}

/// A running host or nslookup.
struct Names {
    wanted: Wanted,
    /// The names that may be meant, the one in question first.
    names: VecDeque<String>,
    /// The types still to be asked for.
    kinds: VecDeque<QTYPE>,
    asker: Asker,
    is_reverse: bool,
    has_answer: bool,
    has_begun: bool,
    is_interrupted: bool,
}

impl Names {
    /// Takes in an answer; `Some` with the exit code if it was the last.
    fn take(&mut self, kind: QTYPE, response: &Response, cx: &mut Cx) -> Option<i32> {
        let is_unknown = response.status == "NXDOMAIN";
        if is_unknown && self.names.len() > 1 && !self.has_begun {
            self.names.pop_front();
            return None;
        }
        let text = match self.wanted.tool {
            Tool::Host => self.host(kind, response),
            Tool::Nslookup => self.nslookup(kind, response),
        };
        cx.terminal.print(&text);
        if response.status != "NOERROR" {
            self.end(cx);
            return Some(1);
        }
        (self.has_begun, self.has_answer) = (true, self.has_answer || !response.answers.is_empty());
        self.kinds.pop_front();
        if !self.kinds.is_empty() {
            return None;
        }
        self.end(cx);
        Some(0)
    }

    /// What follows the last answer.
    fn end(&self, cx: &mut Cx) {
        if self.wanted.tool == Tool::Nslookup {
            let is_empty = self.has_begun && !self.has_answer && self.wanted.kind.is_none();
            let none = format!("*** Can't find {}: No answer\n", self.wanted.text);
            cx.terminal.print(&format!("{}\n", if is_empty { &none } else { "" }));
        }
    }

    fn host(&self, kind: QTYPE, response: &Response) -> String {
        if response.status != "NOERROR" {
            let code = dns::code_of(response.status);
            return format!("Host {} not found: {code}({})\n", self.wanted.text, response.status);
        }
        if response.answers.is_empty() && self.wanted.kind.is_some() {
            let name = self.names.front().map_or("", String::as_str).trim_end_matches('.');
            return format!("{name} has no {} record\n", dns::name_of(kind));
        }
        response.answers.iter().map(said).collect()
    }

    fn nslookup(&self, kind: QTYPE, response: &Response) -> String {
        let is_first = !self.is_reverse && !self.has_begun;
        let mut text = String::new();
        if let Some(server) = self.asker.server().filter(|_| is_first) {
            let (address, port) = (server.ip(), server.port());
            let named = self.wanted.server.clone().unwrap_or_else(|| address.to_string());
            text += &format!("Server:\t\t{named}\nAddress:\t{address}#{port}\n\n");
        }
        if response.status != "NOERROR" {
            let name = self.names.front().map_or("", String::as_str).trim_end_matches('.');
            return text + &format!("** server can't find {name}: {}\n", response.status);
        }
        if is_first {
            text += "Non-authoritative answer:\n";
        }
        if response.answers.is_empty() && self.wanted.kind.is_some() {
            text += &format!("*** Can't find {}: No answer\n", self.wanted.text);
        }
        text.extend(response.answers.iter().map(listed));
        if kind != A && kind != QTYPE::TYPE(TYPE::AAAA) {
            text += "\nAuthoritative answers can be found from:\n";
            text.extend(response.authority.iter().map(listed));
        }
        text
    }
}

/// A record in the words of host.
fn said(row: &Row) -> String {
    let (name, data) = (row.name.trim_end_matches('.'), &row.data);
    match row.kind {
        "A" => format!("{name} has address {data}\n"),
        "AAAA" => format!("{name} has IPv6 address {data}\n"),
        "PTR" => format!("{name} domain name pointer {data}\n"),
        "CNAME" => format!("{name} is an alias for {data}\n"),
        kind => format!("{name} has {kind} record {data}\n"),
    }
}

/// A record as nslookup lists it.
fn listed(row: &Row) -> String {
    let (name, data) = (row.name.trim_end_matches('.'), &row.data);
    match row.kind {
        "A" | "AAAA" => format!("Name:\t{name}\nAddress: {data}\n"),
        "PTR" => format!("{name}\tname = {data}\n"),
        "CNAME" => format!("{name}\tcanonical name = {data}\n"),
        "SOA" => soa(name, data),
        kind => format!("{name}\trdata_{kind} = {data}\n"),
    }
}

fn soa(name: &str, data: &str) -> String {
    const MEMBERS: [&str; 7] = ["origin", "mail addr", "serial", "refresh", "retry", "expire", "minimum"];
    let values = data.split(' ').map(|value| value.trim_end_matches('.'));
    let lines = MEMBERS.iter().zip(values).map(|(member, value)| format!("\t{member} = {value}\n"));
    format!("{name}\n{}", lines.collect::<String>())
}

impl Program for Names {
    fn wake(&mut self, cx: &mut Cx) -> Step {
        if self.is_interrupted {
            return Step::Exit(INTERRUPTED);
        }
        cx.terminal.print(&std::mem::take(&mut self.wanted.warning));
        if let Some(server) = self.asker.server().filter(|_| self.wanted.tool == Tool::Host)
            && let Some(named) = self.wanted.server.take()
        {
            let (address, port) = (server.ip(), server.port());
            let text =
                format!("Using domain server:\nName: {named}\nAddress: {address}#{port}\nAliases: \n\n");
            cx.terminal.print(&text);
        }
        loop {
            let (Some(name), Some(kind)) = (self.names.front().cloned(), self.kinds.front().copied()) else {
                return Step::Exit(1);
            };
            match self.asker.ask((&name, kind), cx) {
                Asked::Waiting(until) => return Step::Wait(Some(until)),
                Asked::Answer(response, _) => {
                    if let Some(code) = self.take(kind, &response, cx) {
                        return Step::Exit(code);
                    }
                }
                Asked::Silence => {
                    cx.terminal.print(";; no servers could be reached\n");
                    self.end(cx);
                    return Step::Exit(1);
                }
                Asked::NoName => {
                    let tool = self.wanted.tool.name();
                    cx.terminal.complain(&format!("{tool}: '{name}' is not a legal name (label too long)\n"));
                    return Step::Exit(1);
                }
            }
        }
    }

    fn interrupt(&mut self) {
        self.is_interrupted = true;
    }

    fn leave(&mut self, cx: &mut Cx) {
        self.asker.leave(cx);
    }
}
