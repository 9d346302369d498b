//! Names to addresses, as glibc does it: /etc/hosts, then the resolvers that DHCP named, over the network.
//!
//! A name with a dot is asked for as it is, then with the domains of the search list; one without, the other way round. Each
//! server is given five seconds, twice. Only families are asked for of which the host has an address.
//! Source: resolv.conf(5), nss-myhostname(8), getaddrinfo(3) (AI_ADDRCONFIG).

use super::udp::UdpClient;
use super::{Cx, INTERRUPTED, News, Program, Started, Step};
use crate::dns::{self, Response};
use crate::host::Machine;
use crate::shell::Message;
use simple_dns::{QTYPE, TYPE};
use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use weir_model::Nanos;
use weir_model::dns::name;

const TIMEOUT_NS: u64 = 5_000_000_000;
const ATTEMPTS: usize = 2;
/// Most name servers that are asked (MAXNS).
const SERVERS_MAX: usize = 3;

/// Which families of addresses are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    /// Any.
    Any,
    /// IPv4 only.
    V4,
    /// IPv6 only.
    V6,
}

impl Family {
    /// Whether an address is of it.
    pub(crate) fn has(self, address: IpAddr) -> bool {
        match self {
            Family::Any => true,
            Family::V4 => address.is_ipv4(),
            Family::V6 => address.is_ipv6(),
        }
    }
}

/// Why a name has no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// There is no such name.
    Unknown,
    /// The name has no address of the families wanted.
    WithoutAddress,
    /// No resolver has answered.
    Unanswered,
}

impl Failure {
    /// What glibc says.
    pub(crate) fn message(self) -> &'static str {
        match self {
            Failure::Unknown => "Name or service not known",
            Failure::WithoutAddress => "No address associated with hostname",
            Failure::Unanswered => "Temporary failure in name resolution",
        }
    }
}

/// What a look-up has found.
pub(crate) type Found = Result<IpAddr, Failure>;

/// A look-up under way.
pub(crate) struct Lookup {
    /// Names and types still to be asked for, the next first.
    questions: VecDeque<(String, QTYPE)>,
    servers: Vec<IpAddr>,
    asked: Option<Asked>,
    /// How often the present question was sent.
    sent: usize,
    has_name: bool,
}

struct Asked {
    client: UdpClient,
    id: u16,
    give_up_at: Nanos,
}

/// How far a look-up is.
pub(crate) enum Progress {
    /// Waits for an answer until then.
    Waiting(Nanos),
    /// The answer.
    Done(Result<Response, Failure>),
}

/// The address that `text` is, or that /etc/hosts and the host's own name give it.
pub(crate) fn known(text: &str, family: Family, machine: &Machine) -> Option<IpAddr> {
    if let Ok(address) = text.parse() {
        return Some(address);
    }
    let text = text.trim_end_matches('.').to_ascii_lowercase();
    if matches!(text.as_str(), "localhost" | "localhost.localdomain" | "localhost4" | "localhost6") {
        let is_ipv6 = family == Family::V6 || text.ends_with('6');
        return Some(if is_ipv6 {
            IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1])
        } else {
            IpAddr::from([127, 0, 0, 1])
        });
    }
    let identity = &machine.identity;
    let short = identity.hostname.split('.').next().unwrap_or_default();
    let own = text == identity.hostname || text == short;
    let mut addresses = identity.addresses.iter().map(|(address, _)| *address);
    addresses.find(|address| own && family.has(*address))
}

impl Lookup {
    /// Looks up the addresses of a name.
    pub(crate) fn new(text: &str, family: Family, machine: &Machine) -> Lookup {
        let is_useful = |kind: &(QTYPE, bool)| {
            let wanted = if kind.1 { Family::V6 } else { Family::V4 };
            let has = machine.identity.addresses.iter().any(|(address, _)| wanted.has(*address));
            has && (family == Family::Any || family == wanted)
        };
        // IPv6 first, where there is any (RFC 6724).
        let kinds = [(QTYPE::TYPE(TYPE::AAAA), true), (QTYPE::TYPE(TYPE::A), false)];
        let kinds: Vec<QTYPE> = kinds.iter().filter(|kind| is_useful(kind)).map(|(kind, _)| *kind).collect();
        let names = names(text, &machine.identity.search);
        let each = |name: String| kinds.iter().map(move |kind| (name.clone(), *kind)).collect::<Vec<_>>();
        Lookup::ask(names.into_iter().flat_map(each).collect(), machine)
    }

    /// Looks up the name of an address.
    pub(crate) fn reverse(address: IpAddr, machine: &Machine) -> Lookup {
        Lookup::ask([(name::reverse(address), QTYPE::TYPE(TYPE::PTR))].into(), machine)
    }

    fn ask(questions: VecDeque<(String, QTYPE)>, machine: &Machine) -> Lookup {
        Lookup {
            questions,
            servers: machine.identity.resolvers.iter().copied().take(SERVERS_MAX).collect(),
            asked: None,
            sent: 0,
            has_name: false,
        }
    }

    /// Reads what has come, and asks what is to be asked next.
    pub(crate) fn wake(&mut self, cx: &mut Cx) -> Progress {
        if let Some(asked) = self.asked.take() {
            match self.hear(&asked, cx) {
                Heard::Nothing => {
                    let until = asked.give_up_at;
                    self.asked = Some(asked);
                    return Progress::Waiting(until);
                }
                Heard::Silence => asked.client.leave(cx),
                Heard::Response(response) => {
                    asked.client.leave(cx);
                    if !response.answers.is_empty() {
                        return Progress::Done(Ok(response));
                    }
                    self.has_name |= response.status == "NOERROR";
                    self.questions.pop_front();
                    self.sent = 0;
                }
            }
        }
        self.next(cx)
    }

    fn hear(&self, asked: &Asked, cx: &mut Cx) -> Heard {
        while let Some(bytes) = asked.client.receive(cx) {
            match Response::parse(&bytes).filter(|response| response.id == asked.id) {
                Some(response) if matches!(response.status, "NOERROR" | "NXDOMAIN") => {
                    return Heard::Response(response);
                }
                Some(_) => return Heard::Silence,
                None => {}
            }
        }
        let is_over = asked.client.is_refused(cx) || cx.now >= asked.give_up_at;
        if is_over { Heard::Silence } else { Heard::Nothing }
    }

    /// Sends the present question to the next server.
    fn next(&mut self, cx: &mut Cx) -> Progress {
        while let Some((name, kind)) = self.questions.front().cloned() {
            if self.sent >= ATTEMPTS * self.servers.len() {
                return Progress::Done(Err(Failure::Unanswered));
            }
            let server = self.servers[self.sent % self.servers.len()];
            self.sent += 1;
            let id = cx.machine.fresh_ident();
            let Some(query) = dns::query(id, &name, kind) else {
                return Progress::Done(Err(Failure::Unknown));
            };
            let Some(client) = UdpClient::open(cx, SocketAddr::new(server, dns::PORT)) else { continue };
            client.send(&query, cx);
            let give_up_at = cx.now.plus(TIMEOUT_NS);
            self.asked = Some(Asked { client, id, give_up_at });
            return Progress::Waiting(give_up_at);
        }
        Progress::Done(Err(if self.has_name { Failure::WithoutAddress } else { Failure::Unknown }))
    }

    /// Gives up.
    pub(crate) fn leave(&mut self, cx: &mut Cx) {
        if let Some(asked) = self.asked.take() {
            asked.client.leave(cx);
        }
    }
}

enum Heard {
    Nothing,
    Silence,
    Response(Response),
}

/// The names to ask for, in order.
pub(super) fn names(text: &str, search: &[String]) -> Vec<String> {
    let absolute = text.trim_end_matches('.').to_owned();
    if text.ends_with('.') {
        return vec![absolute];
    }
    let searched = search.iter().map(|domain| format!("{text}.{domain}"));
    match text.contains('.') {
        true => std::iter::once(absolute).chain(searched).collect(),
        false => searched.chain(std::iter::once(absolute)).collect(),
    }
}

/// What to start once the address is known.
type Then = Box<dyn FnOnce(Result<Response, Failure>, &mut Machine, Nanos) -> Started + Send>;

/// Starts a program that needs the address of `text`: at once if that is known, else when a resolver has answered.
pub(crate) fn resolved(
    text: &str,
    family: Family,
    machine: &mut Machine,
    now: Nanos,
    then: impl FnOnce(Found, &mut Machine, Nanos) -> Started + Send + 'static,
) -> Started {
    if let Some(address) = known(text, family, machine) {
        return then(Ok(address), machine, now);
    }
    let lookup = Lookup::new(text, family, machine);
    let address = |response: Response| response.addresses().next().ok_or(Failure::WithoutAddress);
    let then: Then = Box::new(move |answer, machine, now| then(answer.and_then(address), machine, now));
    Started::Running(Box::new(Resolving { stage: Stage::Asking(lookup, then), is_interrupted: false }))
}

/// Starts a program that shows the name of `address`, if it has one.
pub(crate) fn named(
    address: IpAddr,
    machine: &mut Machine,
    now: Nanos,
    then: impl FnOnce(Option<String>, &mut Machine, Nanos) -> Started + Send + 'static,
) -> Started {
    if machine.owns(address) {
        let own = machine.identity.hostname.clone();
        let name = if address.is_loopback() { "localhost".to_owned() } else { own };
        return then(Some(name), machine, now);
    }
    let lookup = Lookup::reverse(address, machine);
    let name = |response: Response| {
        let row = response.answers.into_iter().find(|row| row.kind == "PTR");
        row.map(|row| row.data.trim_end_matches('.').to_owned())
    };
    let then: Then = Box::new(move |answer, machine, now| then(answer.ok().and_then(name), machine, now));
    Started::Running(Box::new(Resolving { stage: Stage::Asking(lookup, then), is_interrupted: false }))
}

/// A program that waits for an address, and then becomes another.
struct Resolving {
    stage: Stage,
    is_interrupted: bool,
}

enum Stage {
    Asking(Lookup, Then),
    Running(Box<dyn Program>),
    Over,
}

impl Resolving {
    fn proceed(&mut self, found: Result<Response, Failure>, then: Then, cx: &mut Cx) -> Step {
        match then(found, cx.machine, cx.now) {
            Started::Done(output) => {
                cx.terminal.print(&output.stdout);
                cx.terminal.complain(&output.stderr);
                Step::Exit(output.exit_code.unwrap_or(0))
            }
            Started::Running(mut program) => {
                let step = program.wake(cx);
                self.stage = Stage::Running(program);
                step
            }
        }
    }
}

impl Program for Resolving {
    fn wake(&mut self, cx: &mut Cx) -> Step {
        match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Over => Step::Exit(INTERRUPTED),
            Stage::Running(mut program) => {
                let step = program.wake(cx);
                self.stage = Stage::Running(program);
                step
            }
            Stage::Asking(mut lookup, _) if self.is_interrupted => {
                lookup.leave(cx);
                Step::Exit(INTERRUPTED)
            }
            Stage::Asking(mut lookup, then) => match lookup.wake(cx) {
                Progress::Waiting(until) => {
                    self.stage = Stage::Asking(lookup, then);
                    Step::Wait(Some(until))
                }
                Progress::Done(answer) => self.proceed(answer, then, cx),
            },
        }
    }

    fn hear(&mut self, news: &News, cx: &mut Cx) -> bool {
        match &mut self.stage {
            Stage::Running(program) => program.hear(news, cx),
            _ => false,
        }
    }

    fn interrupt(&mut self) {
        self.is_interrupted = true;
        if let Stage::Running(program) = &mut self.stage {
            program.interrupt();
        }
    }

    fn tell(&mut self, message: Message) {
        if let Stage::Running(program) = &mut self.stage {
            program.tell(message);
        }
    }

    fn leave(&mut self, cx: &mut Cx) {
        match &mut self.stage {
            Stage::Asking(lookup, _) => lookup.leave(cx),
            Stage::Running(program) => program.leave(cx),
            Stage::Over => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_search_list_comes_first_for_names_without_a_dot() {
        let search = ["ec2.internal".to_owned()];
        assert_eq!(names("web", &search), ["web.ec2.internal", "web"]);
        assert_eq!(names("web.example.com", &search), ["web.example.com", "web.example.com.ec2.internal"]);
        assert_eq!(names("web.", &search), ["web"]);
    }
}
