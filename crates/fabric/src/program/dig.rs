//! dig, as BIND prints it.
//!
//! Source: BIND 9.18 (the version of Amazon Linux 2023), dig(1) and its output.

use super::ask::{Asked, Asker, TIMEOUT_NS};
use super::lookup::{self, Family};
use super::{Cx, INTERRUPTED, Output, Program, Started, Step};
use crate::calendar::Moment;
use crate::dns::{self, Response, Row};
use crate::host::Machine;
use simple_dns::{QTYPE, TYPE};
use std::fmt::Write;
use std::net::{IpAddr, SocketAddr};
use weir_model::Nanos;
use weir_model::dns::name;

const SECOND: u64 = 1_000_000_000;
const MILLISECOND: u64 = 1_000_000;
const VERSION: &str = "9.18.33";
/// dig's exit code when no server answers.
const UNREACHABLE: i32 = 9;

const USAGE: &str = "\
Usage:  dig [@global-server] [domain] [q-type] [q-class] {q-opt}
            {global-d-opt} host [@local-server] {local-d-opt}
            [ host [@local-server] {local-d-opt} [...]]

Use \"dig -h\" (or \"dig -h | more\") for complete list of options
";

/// What the command line asks for.
#[derive(Clone, Debug)]
struct Wanted {
    line: String,
    server: Option<String>,
    port: u16,
    name: String,
    kind: QTYPE,
    tries: usize,
    timeout_ns: u64,
    is_short: bool,
    over_tcp: bool,
    /// Whether all but the sections asked for is left out (`+noall`).
    is_bare: bool,
    has_answer: bool,
}

/// Starts dig.
pub(super) fn start(args: &[String], machine: &mut Machine, now: Nanos) -> Started {
    let wanted = match Wanted::parse(args) {
        Ok(wanted) => wanted,
        Err(output) => return Started::Done(output),
    };
    let Some(server) = wanted.server.clone() else {
        let port = wanted.port;
        let servers = &machine.identity.resolvers;
        let servers = servers.iter().map(|server| SocketAddr::new(*server, port)).collect();
        return begin(wanted, servers);
    };
    lookup::resolved(&server.clone(), Family::Any, machine, now, move |found, _, _| match found {
        Ok(address) => {
            let servers = vec![SocketAddr::new(address, wanted.port)];
            begin(wanted, servers)
        }
        Err(_) => Started::failed(format!("dig: couldn't get address for '{server}': not found\n"), 1),
    })
}

fn begin(wanted: Wanted, servers: Vec<SocketAddr>) -> Started {
    if servers.is_empty() {
        // As with an empty resolv.conf: the host itself is asked, and refuses.
        let local = SocketAddr::new(IpAddr::from([127, 0, 0, 1]), wanted.port);
        return begin(wanted, vec![local]);
    }
    let asker = Asker::new(servers, wanted.tries, wanted.timeout_ns).over_tcp(wanted.over_tcp);
    Started::Running(Box::new(Dig { wanted, asker, is_interrupted: false }))
}

impl Wanted {
    fn parse(args: &[String]) -> Result<Wanted, Output> {
        let mut wanted = Wanted {
            line: args.join(" "),
            server: None,
            port: dns::PORT,
            name: String::new(),
            kind: QTYPE::TYPE(TYPE::A),
            tries: 3,
            timeout_ns: TIMEOUT_NS,
            is_short: false,
            over_tcp: false,
            is_bare: false,
            has_answer: true,
        };
        let mut rest = args.iter().map(String::as_str);
        // Without all the rest, parts that are left out make no difference.
        let mut partly = None;
        while let Some(arg) = rest.next() {
            if let Some(server) = arg.strip_prefix('@') {
                wanted.server = Some(server.to_owned());
            } else if OTHERS.contains(&arg) {
                return Err(not_simulated(arg));
            } else if let Some(option) = arg.strip_prefix('+') {
                wanted.set(option).ok_or_else(|| invalid(arg))?;
                partly = partly.or(Some(arg).filter(|_| PARTS.contains(&option)));
            } else if arg.starts_with('-') {
                wanted.take(arg, &mut rest).ok_or_else(|| invalid(arg))?;
            } else if let Some(kind) = dns::type_of(arg) {
                wanted.kind = kind;
            } else if !arg.eq_ignore_ascii_case("IN") {
                wanted.name = arg.trim_end_matches('.').to_owned();
            }
        }
        match partly.filter(|_| !wanted.is_bare && !wanted.is_short) {
            Some(arg) => Err(not_simulated(arg)),
            None => Ok(wanted),
        }
    }

    /// Sets what follows a plus sign; `None` for what dig does not know.
    fn set(&mut self, option: &str) -> Option<()> {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        match name {
            "short" => self.is_short = true,
            "tcp" | "vc" => self.over_tcp = true,
            "notcp" | "novc" => self.over_tcp = false,
            "noall" => (self.is_bare, self.has_answer) = (true, false),
            "all" => (self.is_bare, self.has_answer) = (false, true),
            "answer" => self.has_answer = true,
            "noanswer" => self.has_answer = false,
            "tries" => self.tries = value.parse::<usize>().ok()?.clamp(1, 100),
            "retry" => self.tries = value.parse::<usize>().ok()?.min(99) + 1,
            "time" | "timeout" => self.timeout_ns = value.parse::<u64>().ok()?.clamp(1, 300) * SECOND,
            name if PARTS.contains(&name) => {}
            "recurse" | "cmd" | "comments" | "stats" | "question" | "authority" | "additional" | "search" => {
            }
            _ => return None,
        }
        Some(())
    }

    /// Takes an option with a dash, and its value.
    fn take<'a>(&mut self, arg: &str, rest: &mut impl Iterator<Item = &'a str>) -> Option<()> {
        match arg {
            "-4" => {}
            "-t" => self.kind = dns::type_of(rest.next()?)?,
            "-q" => self.name = rest.next()?.trim_end_matches('.').to_owned(),
            "-p" => self.port = rest.next()?.parse().ok()?,
            "-x" => {
                self.name = name::reverse(rest.next()?.parse().ok()?);
                self.kind = QTYPE::TYPE(TYPE::PTR);
            }
            _ => return None,
        }
        Some(())
    }
}

/// Parts of the answer that can be left out.
const PARTS: [&str; 6] = ["nocmd", "nocomments", "nostats", "noquestion", "noauthority", "noadditional"];

/// Options of dig that are not simulated, where a wrong one would be told of otherwise.
const OTHERS: [&str; 22] = [
    "-6",
    "-b",
    "-c",
    "-f",
    "-h",
    "-i",
    "-k",
    "-m",
    "-r",
    "-u",
    "-v",
    "-y",
    "+trace",
    "+dnssec",
    "+norecurse",
    "+multiline",
    "+nosearch",
    "+ttlunits",
    "+nocookie",
    "+noedns",
    "+identify",
    "+yaml",
];

fn not_simulated(arg: &str) -> Output {
    let stderr = format!("dig: {arg}: not simulated by weir\n");
    Output { stderr, exit_code: Some(1), ..Output::default() }
}

fn invalid(arg: &str) -> Output {
    Output { stderr: format!("Invalid option: {arg}\n{USAGE}"), exit_code: Some(1), ..Output::default() }
}

/// A running dig.
struct Dig {
    wanted: Wanted,
    asker: Asker,
    is_interrupted: bool,
}

impl Dig {
    fn banner(&self) -> String {
        let mut text = format!("\n; <<>> DiG {VERSION} <<>> {}\n", self.wanted.line);
        if self.wanted.server.is_some() {
            text.push_str("; (1 server found)\n");
        }
        text + ";; global options: +cmd\n"
    }

    fn show(&self, response: &Response, bytes: usize, now: Nanos) -> String {
        if self.wanted.is_short {
            return response.answers.iter().map(|row| format!("{}\n", row.data)).collect();
        }
        if self.wanted.is_bare {
            let answers = if self.wanted.has_answer { &response.answers[..] } else { &[] };
            return answers.iter().map(shown).collect();
        }
        let mut text = self.banner() + &head(response);
        let kind = dns::name_of(self.wanted.kind);
        let name = if self.wanted.name.is_empty() { "." } else { &format!("{}.", self.wanted.name) };
        text += &format!(
            ";; QUESTION SECTION:\n{}\n",
            columns(&[(&format!(";{name}"), 32), ("IN", 40), (&kind, 0)])
        );
        for (title, rows) in [("ANSWER", &response.answers), ("AUTHORITY", &response.authority)] {
            if !rows.is_empty() && (title != "ANSWER" || self.wanted.has_answer) {
                let _ = write!(text, "\n;; {title} SECTION:\n{}", rows.iter().map(shown).collect::<String>());
            }
        }
        text + &self.foot(bytes, now)
    }

    fn foot(&self, bytes: usize, now: Nanos) -> String {
        let server = self.asker.server().map_or(String::new(), |server| {
            let (address, port) = (server.ip(), server.port());
            format!(";; SERVER: {address}#{port}({address}) ({})\n", self.asker.protocol())
        });
        let ms = (now.0 - self.asker.sent_at().0) / MILLISECOND;
        let when = Moment::of(now).date();
        format!("\n;; Query time: {ms} msec\n{server};; WHEN: {when}\n;; MSG SIZE  rcvd: {bytes}\n\n")
    }
}

fn head(response: &Response) -> String {
    let Response { id, status, flags, answers, authority, udp_bytes } = response;
    let (answers, authority, more) = (answers.len(), authority.len(), usize::from(udp_bytes.is_some()));
    let mut text = format!(
        ";; Got answer:\n;; ->>HEADER<<- opcode: QUERY, status: {status}, id: {id}\n;; flags: {flags}; QUERY: 1, \
         ANSWER: {answers}, AUTHORITY: {authority}, ADDITIONAL: {more}\n\n"
    );
    if let Some(udp_bytes) = udp_bytes {
        let _ = writeln!(text, ";; OPT PSEUDOSECTION:\n; EDNS: version: 0, flags:; udp: {udp_bytes}");
    }
    text
}

fn shown(row: &Row) -> String {
    let ttl = row.ttl.to_string();
    columns(&[(&row.name, 24), (&ttl, 32), ("IN", 40), (row.kind, 48), (&row.data, 0)]) + "\n"
}

/// Texts, each followed by tabs to the column given, or by a space if it is beyond.
fn columns(parts: &[(&str, usize)]) -> String {
    let (mut line, mut at) = (String::new(), 0);
    for (place, (text, end)) in parts.iter().enumerate() {
        line.push_str(text);
        at += text.chars().count();
        if place + 1 == parts.len() {
            break;
        }
        if at >= *end {
            line.push(' ');
            at += 1;
        }
        while at < *end {
            line.push('\t');
            at = (at / 8 + 1) * 8;
        }
    }
    line
}

impl Program for Dig {
    fn wake(&mut self, cx: &mut Cx) -> Step {
        if self.is_interrupted {
            return Step::Exit(INTERRUPTED);
        }
        match self.asker.ask((&self.wanted.name, self.wanted.kind), cx) {
            Asked::Waiting(until) => Step::Wait(Some(until)),
            Asked::Answer(response, bytes) => {
                let text = self.show(&response, bytes, cx.now);
                cx.terminal.print(&text);
                Step::Exit(0)
            }
            Asked::Silence => {
                let banner = if self.wanted.is_short { String::new() } else { self.banner() };
                cx.terminal.print(&format!("{banner};; no servers could be reached\n"));
                Step::Exit(UNREACHABLE)
            }
            Asked::NoName => {
                let name = &self.wanted.name;
                cx.terminal.complain(&format!("dig: '{name}' is not a legal name (label too long)\n"));
                Step::Exit(10)
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

#[cfg(test)]
mod tests {
    use super::*;

    // As BIND 9.18 prints them.
    #[test]
    fn columns_are_as_wide_as_bind_makes_them() {
        let row = |name: &str, kind, data: &str| Row {
            name: name.to_owned(),
            ttl: 60,
            kind,
            data: data.to_owned(),
            address: None,
        };
        assert_eq!(shown(&row("a.b.", "AAAA", "::1")), "a.b.\t\t\t60\tIN\tAAAA\t::1\n");
        assert_eq!(
            shown(&row("ip-10-0-0-5.ec2.internal.", "A", "10.0.0.5")),
            "ip-10-0-0-5.ec2.internal. 60\tIN\tA\t10.0.0.5\n"
        );
        assert_eq!(columns(&[(";nx.ec2.internal.", 32), ("IN", 40), ("A", 0)]), ";nx.ec2.internal.\t\tIN\tA");
    }
}
