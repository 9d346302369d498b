//! The services of a host: what it does on a TCP or UDP port.
//!
//! A Linux image runs sshd on port 22. User data declares more, one a line, wherever in it:
//!
//! ```text
//! #weir listen tcp/7 echo              sends back what it receives
//! #weir listen tcp/80 http Hello       answers each request with 200 and the rest of the line
//! #weir listen tcp/81 http status=503 delay=1.5s Busy
//! #weir listen tcp/82 http status=302 location=http://10.0.0.5/
//! #weir listen tcp/9 discard           accepts and reads
//! #weir listen tcp/5201 iperf3         iperf3's server, over TCP and UDP
//! #weir listen udp/7 echo              sends each datagram back
//! #weir listen udp/9 discard           reads
//! ```
//!
//! To cloud-init and to a shell these lines are comments, so the same user data runs on AWS.

use crate::http::{Parsed, REQUEST_BYTES_MAX, Request, Response};
use crate::iperf::{self, Session};
use crate::relay::{Carried, ServiceAnswer};
use crate::stack;
use smoltcp::socket::tcp;
use weir_model::{Nanos, Protocol};

/// Most services that user data may declare.
pub const SERVICES_MAX: usize = 64;

/// Most bytes of a service's answer.
pub const BODY_BYTES_MAX: usize = 4096;

/// What sshd says first: the version that Amazon Linux 2023 has.
pub const SSH_BANNER: &str = "SSH-2.0-OpenSSH_8.7\r\n";

/// Longest delay of an answer, in seconds.
const DELAY_S_MAX: f64 = 3600.0;

/// A port that accepts connections or datagrams.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// TCP or UDP.
    pub protocol: Protocol,
    /// The port.
    pub port: u16,
    /// What it does with a connection.
    pub kind: Kind,
}

/// What a service does with a connection, or a datagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Sends its banner and runs what the session asks for.
    Ssh,
    /// Sends back what it receives (RFC 862).
    Echo,
    /// Reads and says nothing (RFC 863).
    Discard,
    /// Answers a request with a page, then closes.
    Http(Page),
    /// Receives what iperf3 sends, or sends to it.
    Iperf3,
    /// Reads a request that is answered elsewhere ([`crate::relay`]).
    Relay,
}

/// What a web server answers each request with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The status, 200 to 599.
    pub status: u16,
    /// Where it sends who asks: its `Location`.
    pub location: Option<String>,
    /// How long the answer takes, in nanoseconds.
    pub delay_ns: u64,
    /// The body.
    pub body: String,
}

impl Page {
    /// A page that is there at once.
    fn new(body: &str) -> Page {
        Page { status: 200, location: None, delay_ns: 0, body: format!("{body}\n") }
    }

    /// Reads `status=`, `location=` and `delay=` and the body after them; `None` if one has no such value.
    fn parse(text: &str) -> Option<Page> {
        let mut page = Page::new("");
        let mut rest = text.trim();
        loop {
            let (word, after) = rest.split_once(' ').unwrap_or((rest, ""));
            if let Some(status) = word.strip_prefix("status=") {
                page.status = status.parse().ok().filter(|status| (200..600).contains(status))?;
            } else if let Some(location) = word.strip_prefix("location=") {
                page.location = Some(location.to_owned());
            } else if let Some(delay) = word.strip_prefix("delay=") {
                page.delay_ns = duration(delay)?;
            } else {
                page.body = format!("{rest}\n");
                return (rest.len() <= BODY_BYTES_MAX).then_some(page);
            }
            rest = after.trim_start();
        }
    }
}

/// What the log of the first boot says of user data that would be run.
const NOT_RUN: &str = "weir: the user data is not run on a simulated host, of which only lines with #weir count; with the tag \
                       weir:host=netns the instance is a network namespace, and runs it";

/// Whether cloud-init would run a user data, or do what it says: it is a script with commands, or a configuration.
fn is_for_cloud_init(text: &str) -> bool {
    let is_command = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    let begins = |beginning: &str| text.trim_start().starts_with(beginning);
    (begins("#!") || begins("#cloud-config") || begins("Content-Type: multipart/"))
        && text.lines().any(is_command)
}

/// A time such as `250ms` or `1.5s`, in nanoseconds.
fn duration(text: &str) -> Option<u64> {
    let (number, unit) = match text.strip_suffix("ms") {
        Some(number) => (number, 1e6),
        None => (text.strip_suffix('s')?, 1e9),
    };
    let ns = number.parse::<f64>().ok()? * unit;
    (0.0..=DELAY_S_MAX * 1e9).contains(&ns).then_some(ns as u64)
}

impl Service {
    /// The services of an instance: sshd, and what its user data declares; and a sentence about what is in it for cloud-init, which
    /// hosts do not have, and about each line that begins as a declaration and is none, or comes too late.
    pub fn of_user_data(user_data: Option<&[u8]>) -> (Vec<Service>, Vec<String>) {
        let text = String::from_utf8_lossy(user_data.unwrap_or_default());
        let mut services = vec![Service::tcp(22, Kind::Ssh)];
        let mut complaints: Vec<String> =
            is_for_cloud_init(&text).then(|| NOT_RUN.to_owned()).into_iter().collect();
        let lines = (1..).zip(text.lines().map(str::trim));
        let mut declared = 0;
        for (number, line) in lines.filter(|(_, line)| line.split_whitespace().next() == Some("#weir")) {
            let added = match Service::of_line(line) {
                Some(_) if declared == SERVICES_MAX => Err("there are too many before it"),
                Some(service) => service.add_to(&mut services),
                None => Err("it is none of the declarations that are known"),
            };
            declared += usize::from(added.is_ok());
            if let Err(reason) = added {
                complaints
                    .push(format!("weir: line {number} of the user data has no effect, {reason}: {line}"));
            }
        }
        (services, complaints)
    }

    /// Adds it, over UDP too if it is on both. If its port is taken, be it on one of them, nothing is added.
    fn add_to(self, services: &mut Vec<Service>) -> Result<(), &'static str> {
        let over_udp = Service { protocol: Protocol::UDP, ..self.clone() };
        let both = (self.kind == Kind::Iperf3).then_some(over_udp);
        let wanted: Vec<Service> = std::iter::once(self).chain(both).collect();
        for service in &wanted {
            if services.iter().any(|known| known.serves(service.protocol, service.port)) {
                let is_udp = service.protocol == Protocol::UDP;
                return Err(if is_udp { "its port is taken over UDP" } else { "its port is taken" });
            }
        }
        services.extend(wanted);
        Ok(())
    }

    /// The services of a host on the internet: 80 and 443 accept connections. Port 53 is answered by the resolver there.
    pub fn of_internet() -> Vec<Service> {
        let page = Kind::Http(Page::new("Hello from the internet"));
        vec![Service::tcp(80, page), Service::tcp(443, Kind::Discard)]
    }

    /// A service on a TCP port.
    pub(crate) fn tcp(port: u16, kind: Kind) -> Service {
        Service { protocol: Protocol::TCP, port, kind }
    }

    /// Whether it is on this port.
    pub(crate) fn serves(&self, protocol: Protocol, port: u16) -> bool {
        self.protocol == protocol && self.port == port
    }

    fn of_line(line: &str) -> Option<Service> {
        let rest = line.trim().strip_prefix("#weir listen ")?;
        let (protocol, rest) = rest.split_once('/')?;
        let (port, rest) = rest.split_once(' ')?;
        let port = port.parse().ok().filter(|port| *port > 0)?;
        let rest = rest.trim();
        let (protocol, kind) = match (protocol, rest.split_once(' ').unwrap_or((rest, ""))) {
            ("tcp", ("echo", "")) => (Protocol::TCP, Kind::Echo),
            ("tcp", ("discard", "")) => (Protocol::TCP, Kind::Discard),
            ("tcp", ("http", page)) => (Protocol::TCP, Kind::Http(Page::parse(page)?)),
            ("tcp", ("iperf3", "")) => (Protocol::TCP, Kind::Iperf3),
            ("udp", ("echo", "")) => (Protocol::UDP, Kind::Echo),
            ("udp", ("discard", "")) => (Protocol::UDP, Kind::Discard),
            _ => return None,
        };
        Some(Service { protocol, port, kind })
    }
}

/// A connection to a service.
#[derive(Debug)]
pub(crate) struct Connection {
    kind: Kind,
    /// What has come of an HTTP request.
    received: Vec<u8>,
    /// The answer to it, and when it is due.
    answer: Option<(Nanos, Vec<u8>)>,
    has_answered: bool,
    session: Session,
    relayed: Option<Box<Carried>>,
}

impl Connection {
    pub(crate) fn new(kind: Kind) -> Connection {
        let relayed = (kind == Kind::Relay).then(Box::default);
        Connection {
            kind,
            received: Vec::new(),
            answer: None,
            has_answered: false,
            session: Session::default(),
            relayed,
        }
    }

    /// Takes the answer to what was asked elsewhere.
    pub(crate) fn take(&mut self, answer: &ServiceAnswer) {
        if let Some(relayed) = &mut self.relayed {
            relayed.answer(answer);
        }
    }

    /// When it has something to do by itself.
    pub(crate) fn wake_at(&self) -> Option<Nanos> {
        self.answer.as_ref().map(|(at, _)| *at)
    }

    /// Its socket has closed.
    pub(crate) fn end(&self, iperf: &mut iperf::Server) {
        self.session.end(iperf);
    }

    /// Reads and writes as far as the socket goes; gives a request that is to be answered elsewhere.
    pub(crate) fn serve(
        &mut self,
        socket: &mut tcp::Socket<'static>,
        iperf: &mut iperf::Server,
        now: Nanos,
    ) -> Option<Request> {
        match &self.kind {
            // A shell serves these: it needs more than the socket.
            Kind::Ssh => return None,
            Kind::Relay => return self.relayed.as_mut().and_then(|relayed| relayed.serve(socket)),
            Kind::Discard => discard(socket),
            Kind::Echo => echo(socket),
            Kind::Iperf3 => self.session.serve(socket, iperf, now),
            Kind::Http(page) => {
                stack::drain(socket, &mut self.received, REQUEST_BYTES_MAX);
                if self.answer.is_none() && !self.has_answered {
                    self.answer = answer(page, &self.received, now);
                }
                if let Some((_, bytes)) = self.answer.take_if(|(at, _)| *at <= now) {
                    self.has_answered = socket.send_slice(&bytes).is_ok();
                    socket.close();
                }
            }
        }
        let is_waiting = self.answer.is_some();
        if !socket.may_recv() && socket.state() == tcp::State::CloseWait && !is_waiting {
            socket.close();
        }
        None
    }
}

impl Session {
    /// Reads, lets the test go on, and writes.
    fn serve(&mut self, socket: &mut tcp::Socket<'static>, iperf: &mut iperf::Server, now: Nanos) {
        let mut is_heard = false;
        while socket.can_recv() {
            is_heard = true;
            let taken = socket.recv(|bytes| {
                self.hear(bytes, iperf, now);
                (bytes.len(), ())
            });
            if taken.is_err() {
                break;
            }
        }
        if !is_heard {
            self.hear(&[], iperf, now);
        }
        let sent = socket.send_slice(&self.pending).unwrap_or(0);
        self.pending.drain(..sent);
        self.fill(iperf, || stack::send_zeros(socket, u64::MAX));
        if self.is_over && self.pending.is_empty() {
            socket.close();
        }
    }
}

/// The answer to the request that `received` is, once it is whole, and when it is due.
fn answer(page: &Page, received: &[u8], now: Nanos) -> Option<(Nanos, Vec<u8>)> {
    match Request::parse(received) {
        Parsed::Partial => None,
        Parsed::Bad => Some((now, Response::new(400, "text/plain", "Bad Request\n").bytes(false))),
        Parsed::Whole(request, _) => {
            let mut response = Response::new(page.status, "text/plain", page.body.as_str());
            response.headers.extend(page.location.iter().map(|location| ("Location", location.clone())));
            Some((now.plus(page.delay_ns), response.bytes(request.method == "HEAD")))
        }
    }
}

fn discard(socket: &mut tcp::Socket<'static>) {
    while socket.can_recv() {
        if socket.recv(|bytes| (bytes.len(), ())).is_err() {
            return;
        }
    }
}

fn echo(socket: &mut tcp::Socket<'static>) {
    while socket.can_recv() && socket.can_send() {
        let room = socket.send_capacity() - socket.send_queue();
        let taken = socket.recv(|bytes| {
            let length = bytes.len().min(room);
            (length, bytes[..length].to_vec())
        });
        let sent = taken.ok().and_then(|bytes| socket.send_slice(&bytes).ok());
        if sent.is_none_or(|sent| sent == 0) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(user_data: &str, expected: &[(u16, Kind)]) {
        let expected = expected.iter().map(|(port, kind)| Service::tcp(*port, kind.clone()));
        check_all(user_data, &expected.collect::<Vec<_>>());
    }

    #[track_caller]
    fn check_all(user_data: &str, expected: &[Service]) {
        let (services, _) = Service::of_user_data(Some(user_data.as_bytes()));
        assert_eq!(services[0], Service::tcp(22, Kind::Ssh));
        assert_eq!(services[1..], *expected, "{user_data}");
    }

    fn page(status: u16, delay_ns: u64, body: &str) -> Kind {
        Kind::Http(Page { status, location: None, delay_ns, body: body.to_owned() })
    }

    #[test]
    fn user_data_declares_services() {
        check("#!/bin/bash\n#weir listen tcp/7 echo\n", &[(7, Kind::Echo)]);
        check("  #weir listen tcp/80 http Hello, you\r\n", &[(80, page(200, 0, "Hello, you\n"))]);
        let slow = "#weir listen tcp/81 http status=503 delay=1.5s Busy";
        check(slow, &[(81, page(503, 1_500_000_000, "Busy\n"))]);
        check("#weir listen tcp/81 http delay=20ms", &[(81, page(200, 20_000_000, "\n"))]);
        check("#weir listen tcp/9 discard\n#weir listen tcp/9 echo", &[(9, Kind::Discard)]);
    }

    #[test]
    fn a_declaration_without_effect_is_told_of_by_its_line() {
        let declared =
            "#!/bin/sh\n#weir listen tcp/7 echo\n\n  #weir listen tcp/7 discard\n#weir listen tcp/8 eco\n";
        let expected = [
            "weir: line 4 of the user data has no effect, its port is taken: #weir listen tcp/7 discard",
            "weir: line 5 of the user data has no effect, it is none of the declarations that are known: #weir listen tcp/8 eco",
        ];
        assert_eq!(Service::of_user_data(Some(declared.as_bytes())).1, expected);
        let many: String =
            (1..=SERVICES_MAX + 1).map(|port| format!("#weir listen tcp/{} echo\n", 1000 + port)).collect();
        let (services, complaints) = Service::of_user_data(Some(many.as_bytes()));
        assert_eq!((services.len(), complaints.len()), (1 + SERVICES_MAX, 1));
    }

    // cloud-init, User-Data Formats.
    #[test]
    fn what_cloud_init_would_run_is_told_not_to_be_run() {
        let told = |text: &str| Service::of_user_data(Some(text.as_bytes())).1;
        for text in ["#!/bin/bash\nyum install -y httpd\n", "#cloud-config\npackages: [httpd]\n"] {
            assert_eq!(told(text), [NOT_RUN], "{text}");
        }
        for text in ["#!/bin/bash\n\n# nothing\n#weir listen tcp/7 echo\n", "hello", ""] {
            assert_eq!(told(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn a_port_may_serve_both_protocols() {
        let udp = Service { protocol: Protocol::UDP, port: 7, kind: Kind::Echo };
        let tcp = Service::tcp(7, Kind::Echo);
        check_all(
            "#weir listen tcp/7 echo\n#weir listen udp/7 echo\n#weir listen udp/7 discard",
            &[tcp, udp],
        );
    }

    #[test]
    fn iperf3_has_both_ports_or_none() {
        let iperf3 = "#weir listen tcp/5201 iperf3";
        let over = |protocol| Service { protocol, port: 5201, kind: Kind::Iperf3 };
        check_all(iperf3, &[over(Protocol::TCP), over(Protocol::UDP)]);
        let echo = |protocol| Service { protocol, port: 5201, kind: Kind::Echo };
        for (name, protocol, taken) in
            [("tcp", Protocol::TCP, "taken"), ("udp", Protocol::UDP, "taken over UDP")]
        {
            let declared = format!("#weir listen {name}/5201 echo\n{iperf3}");
            check_all(&declared, &[echo(protocol)]);
            let complaints = Service::of_user_data(Some(declared.as_bytes())).1;
            let expected =
                format!("weir: line 2 of the user data has no effect, its port is {taken}: {iperf3}");
            assert_eq!(complaints, [expected]);
        }
    }

    #[test]
    fn other_lines_declare_nothing() {
        for line in ["", "yum install -y httpd", "#weirdly", "# weir listen tcp/7 echo"] {
            check(line, &[]);
            assert_eq!(Service::of_user_data(Some(line.as_bytes())).1, [""; 0], "{line}");
        }
        for line in [
            "#weir",
            "#weir listn tcp/7 echo",
            "#weir listen tcp/0 echo",
            "#weir listen tcp/99999 echo",
            "#weir listen udp/7 http x",
            "#weir listen sctp/7 echo",
            "#weir listen tcp/80 http status=99 x",
            "#weir listen tcp/80 http delay=soon x",
            "#weir listen tcp/7 dance",
            "#weir listen tcp/7",
            "#weir listen tcp/22 echo",
        ] {
            check(line, &[]);
            let complaints = Service::of_user_data(Some(line.as_bytes())).1;
            assert!(complaints.len() == 1 && complaints[0].ends_with(line), "{complaints:?}");
        }
        assert_eq!(Service::of_user_data(Some(&[0xff, 0xfe, 0])).0.len(), 1);
    }
}
