//! curl, for http:// only.
//!
//! One transfer after another: each looks its host up, connects, sends its request and shows the response. A redirect that is
//! to be followed, and a failure that is to be tried again, begin the transfer anew.
//! Source: curl 8.5 (the version of Amazon Linux 2023), curl(1): options, exit codes and messages.

mod options;
mod response;
mod url;

use super::lookup::{self, Lookup};
use super::socket::{Client, Progress};
use super::{Cx, INTERRUPTED, Program, Started, Step};
use options::{Line, Wanted};
use response::Response;
use std::collections::VecDeque;
use std::fmt::Write;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use url::Url;
use weir_model::Nanos;

const SECOND: u64 = 1_000_000_000;
const MILLISECOND: u64 = 1_000_000;
/// Most redirects that are followed (`--max-redirs`).
const REDIRECTS_MAX: u32 = 50;
/// How long it waits before it tries again the first time; each time twice as long as before, up to the most.
const RETRY_FIRST_NS: u64 = SECOND;
const RETRY_MOST_NS: u64 = 600 * SECOND;

/// curl's exit codes.
mod code {
    pub(super) const UNSUPPORTED: i32 = 1;
    pub(super) const USAGE: i32 = 2;
    pub(super) const MALFORMED_URL: i32 = 3;
    pub(super) const UNRESOLVED: i32 = 6;
    pub(super) const UNCONNECTED: i32 = 7;
    pub(super) const PARTIAL: i32 = 18;
    pub(super) const HTTP_ERROR: i32 = 22;
    pub(super) const TIMED_OUT: i32 = 28;
    pub(super) const INTERFACE: i32 = 45;
    pub(super) const TOO_MANY_REDIRECTS: i32 = 47;
    pub(super) const EMPTY_REPLY: i32 = 52;
    pub(super) const UNREADABLE: i32 = 56;
}

/// Why curl fails before it has connected: its exit code and message.
type Failure = (i32, String);

/// Starts curl.
pub(super) fn start(args: &[String]) -> Started {
    let mut wanted = Wanted::default();
    match wanted.read(args) {
        Ok(Line::Print(text)) => Started::printed(text),
        Ok(Line::Fetch(urls)) => Started::Running(Box::new(Curl {
            wanted: Arc::new(wanted),
            waiting: urls.into(),
            begun: 0,
            transfer: None,
            code: 0,
            is_interrupted: false,
        })),
        // Of a wrong command line it tells even with `-s`.
        Err((code, message)) => Started::failed(format!("curl: {message}\n"), code),
    }
}

fn complaint(wanted: &Wanted, message: &str) -> String {
    if wanted.is_quiet() { String::new() } else { format!("curl: {message}\n") }
}

/// A running curl.
struct Curl {
    wanted: Arc<Wanted>,
    /// The URLs whose turn is still to come.
    waiting: VecDeque<String>,
    /// How many transfers have begun.
    begun: usize,
    transfer: Option<Transfer>,
    /// The exit code of the last transfer.
    code: i32,
    is_interrupted: bool,
}

impl Curl {
    /// Begins the next transfer, or says why it cannot.
    fn begin(&mut self, text: &str, cx: &mut Cx) {
        let has_output = self.wanted.outputs.get(self.begun).is_some_and(|output| output != "-");
        self.begun += 1;
        match Url::parse(text) {
            Ok(mut url) => {
                let wanted = Arc::clone(&self.wanted);
                // Here and not with the request: a redirect that is followed does not get them again.
                if let Some(data) = wanted.query() {
                    url.ask(data);
                }
                self.transfer = Some(Transfer::new(wanted, url, has_output, cx.now));
            }
            Err((code, message)) => {
                cx.terminal.complain(&complaint(&self.wanted, &message));
                self.code = code;
            }
        }
    }
}

impl Program for Curl {
    fn wake(&mut self, cx: &mut Cx) -> Step {
        if self.is_interrupted {
            return Step::Exit(INTERRUPTED);
        }
        loop {
            let Some(mut transfer) = self.transfer.take() else {
                match self.waiting.pop_front() {
                    Some(text) => self.begin(&text, cx),
                    None => return Step::Exit(self.code),
                }
                continue;
            };
            match transfer.wake(cx) {
                Next::Wait(at) => {
                    self.transfer = Some(transfer);
                    return Step::Wait(at);
                }
                Next::Again => self.transfer = Some(transfer),
                Next::Over(code) => {
                    transfer.leave(cx);
                    self.code = code;
                }
            }
        }
    }

    fn interrupt(&mut self) {
        self.is_interrupted = true;
    }

    fn leave(&mut self, cx: &mut Cx) {
        if let Some(transfer) = &mut self.transfer {
            transfer.leave(cx);
        }
    }
}

/// How a transfer goes on.
enum Next {
    Wait(Option<Nanos>),
    /// It begins anew, at once.
    Again,
    Over(i32),
}

/// What becomes of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Body {
    /// It is printed as it comes.
    Printed,
    /// It is left out.
    Ignored,
    /// It is left out, and then this URL is asked.
    Followed(String),
}

/// One URL on its way.
struct Transfer {
    wanted: Arc<Wanted>,
    url: Url,
    has_output: bool,
    stage: Stage,
    /// The address, once it is known.
    to: SocketAddr,
    /// Whether a redirect has made it a GET without data.
    is_plain: bool,
    redirects: u32,
    /// How often it has failed and been tried again.
    retries: u32,
    /// What is still to be sent.
    pending: Vec<u8>,
    started: Nanos,
    /// When it began the first time.
    begun: Nanos,
    /// When it began with this URL: after a redirect later than the transfer.
    hop: Nanos,
    resolved: Option<Nanos>,
    connected: Option<Nanos>,
    /// How many connections it has had.
    connections: u32,
    /// Its own end, since it began to connect.
    from: Option<SocketAddr>,
    response: Response,
    /// What becomes of the body, once the head is known.
    body: Option<Body>,
    /// How far `-v` has told of it: 0 nothing, 1 the attempt, 2 the request.
    shown: u8,
}

enum Stage {
    /// Before the host has been looked up.
    New,
    Asking(Lookup),
    Talking(Client),
    /// Waits before it tries again.
    Resting(Nanos),
}

impl Transfer {
    fn new(wanted: Arc<Wanted>, url: Url, has_output: bool, now: Nanos) -> Transfer {
        let to = SocketAddr::from(([0, 0, 0, 0], url.port));
        Transfer {
            wanted,
            url,
            has_output,
            stage: Stage::New,
            to,
            is_plain: false,
            redirects: 0,
            retries: 0,
            pending: Vec::new(),
            started: now,
            begun: now,
            hop: now,
            resolved: None,
            connected: None,
            connections: 0,
            from: None,
            response: Response::default(),
            body: None,
            shown: 0,
        }
    }

    fn wake(&mut self, cx: &mut Cx) -> Next {
        match std::mem::replace(&mut self.stage, Stage::New) {
            Stage::New => self.look_up(cx),
            Stage::Asking(lookup) => self.ask(lookup, cx),
            Stage::Talking(client) => self.go_on(client, cx),
            Stage::Resting(until) if cx.now < until => {
                self.stage = Stage::Resting(until);
                Next::Wait(Some(until))
            }
            Stage::Resting(_) => {
                self.started = cx.now;
                self.look_up(cx)
            }
        }
    }

    fn leave(&mut self, cx: &mut Cx) {
        match &mut self.stage {
            Stage::Asking(lookup) => lookup.leave(cx),
            Stage::Talking(client) => client.leave(cx),
            Stage::New | Stage::Resting(_) => {}
        }
    }

    fn look_up(&mut self, cx: &mut Cx) -> Next {
        self.hop = cx.now;
        let family = self.wanted.family;
        match lookup::known(&self.url.host, family, cx.machine) {
            Some(address) => self.connect(address, cx),
            None => self.ask(Lookup::new(&self.url.host, family, cx.machine), cx),
        }
    }

    fn ask(&mut self, mut lookup: Lookup, cx: &mut Cx) -> Next {
        let give_up_at = self.give_up_at(true);
        match lookup.wake(cx) {
            lookup::Progress::Waiting(_) if give_up_at.is_some_and(|at| cx.now >= at) => {
                lookup.leave(cx);
                let ms = self.elapsed_ms(cx.now);
                self.fail(code::TIMED_OUT, &format!("Resolving timed out after {ms} milliseconds"), cx)
            }
            lookup::Progress::Waiting(until) => {
                self.stage = Stage::Asking(lookup);
                Next::Wait(Some(give_up_at.map_or(until, |at| at.min(until))))
            }
            lookup::Progress::Done(answer) => {
                match answer.ok().and_then(|answer| answer.addresses().next()) {
                    Some(address) => self.connect(address, cx),
                    None => {
                        let text = format!("Could not resolve host: {}", self.url.host);
                        self.fail(code::UNRESOLVED, &text, cx)
                    }
                }
            }
        }
    }

    fn connect(&mut self, address: IpAddr, cx: &mut Cx) -> Next {
        self.resolved = Some(cx.now);
        self.to = SocketAddr::new(address, self.url.port);
        if !self.wanted.family.has(address) {
            return self.unconnected(code::UNCONNECTED, "Couldn't connect to server", cx);
        }
        let source = match &self.wanted.interface {
            None => None,
            Some(name) => match cx.machine.own_address(name, address.is_ipv6()) {
                Some(source) => Some(source),
                None => return self.fail(code::INTERFACE, &format!("Couldn't bind to '{name}'"), cx),
            },
        };
        let data = if self.is_plain { None } else { self.wanted.body() };
        self.pending = self.wanted.request(&self.url, self.is_plain).into_bytes();
        self.pending.extend(data.unwrap_or_default().as_bytes());
        self.tell(1, cx);
        match Client::open_from(cx, source, self.to) {
            Some(client) => self.go_on(client, cx),
            None => self.unconnected(code::UNCONNECTED, "Couldn't connect to server", cx),
        }
    }

    fn go_on(&mut self, mut client: Client, cx: &mut Cx) -> Next {
        let progress = client.progress(cx);
        let give_up_at = self.give_up_at(progress == Progress::Connecting);
        let is_late = give_up_at.is_some_and(|at| cx.now >= at);
        let next = match progress {
            Progress::Connecting if is_late => self.unconnected(code::TIMED_OUT, "Timeout was reached", cx),
            Progress::Connecting => {
                self.from.get_or_insert(client.local(cx));
                Next::Wait(give_up_at)
            }
            Progress::Refused => self.refused(cx),
            Progress::Open | Progress::Closed => match self.talk(&client, cx) {
                Some(next) => next,
                None if progress == Progress::Closed => self.ended(cx),
                None if is_late => {
                    let (ms, bytes) = (self.elapsed_ms(cx.now), self.response.received());
                    let length = self.response.content_length();
                    let of = length.map(|length| format!(" out of {length}")).unwrap_or_default();
                    let text = format!(
                        "Operation timed out after {ms} milliseconds with {bytes}{of} bytes received"
                    );
                    self.fail(code::TIMED_OUT, &text, cx)
                }
                None => Next::Wait(give_up_at),
            },
        };
        match next {
            Next::Wait(_) => self.stage = Stage::Talking(client),
            Next::Again | Next::Over(_) => client.leave(cx),
        }
        next
    }

    /// Ends with a failure; what `-w` asks for is printed even so.
    fn fail(&mut self, code: i32, message: &str, cx: &mut Cx) -> Next {
        if self.wanted.is_verbose {
            cx.terminal.complain(&format!("* {message}\n* Closing connection\n"));
        }
        cx.terminal.complain(&complaint(&self.wanted, &format!("({code}) {message}")));
        self.finish(code, cx)
    }

    /// Ends, or tries again where that is wanted and may help.
    fn finish(&mut self, code: i32, cx: &mut Cx) -> Next {
        let left = self.wanted.retries.saturating_sub(self.retries);
        let is_late = self.wanted.retry_max_ns.is_some_and(|ns| cx.now >= self.begun.plus(ns));
        let problem = self.problem(code).filter(|_| left > 0 && !is_late);
        let Some(problem) = problem else {
            self.write_out(code, cx);
            return Next::Over(code);
        };
        let wait_ns = self
            .wanted
            .retry_ns
            .unwrap_or_else(|| RETRY_FIRST_NS.saturating_mul(1 << self.retries.min(10)).min(RETRY_MOST_NS));
        let seconds = wait_ns / SECOND;
        if !self.wanted.is_silent {
            let (s, y) = (if seconds == 1 { "" } else { "s" }, if left == 1 { "y" } else { "ies" });
            let again = format!("Will retry in {seconds} second{s}. {left} retr{y} left.");
            cx.terminal.complain(&format!("Warning: Problem: {problem}. {again}\n"));
        }
        self.retries += 1;
        self.begin_anew();
        self.stage = Stage::Resting(cx.now.plus(wait_ns));
        Next::Again
    }

    /// Why it is worth trying again (curl(1), `--retry`).
    fn problem(&self, code: i32) -> Option<&'static str> {
        match (code, self.response.status()) {
            (code::TIMED_OUT | code::UNRESOLVED, _) => Some("timeout"),
            (code::UNCONNECTED, _) if self.wanted.retries_refused => Some("connection refused"),
            (0 | code::HTTP_ERROR, 408 | 429 | 500 | 502 | 503 | 504) => Some("HTTP error"),
            _ => None,
        }
    }

    /// Forgets the connection that it has had.
    fn begin_anew(&mut self) {
        (self.stage, self.response, self.body, self.shown) = (Stage::New, Response::default(), None, 0);
        (self.connected, self.from, self.resolved) = (None, None, None);
    }

    fn unconnected(&mut self, code: i32, reason: &str, cx: &mut Cx) -> Next {
        let (ms, port) = (self.elapsed_ms(cx.now), self.to.port());
        let text = format!("Failed to connect to {} port {port} after {ms} ms: {reason}", self.url.host);
        self.fail(code, &text, cx)
    }

    /// Assumption: this version names its own end, as later ones do.
    fn refused(&mut self, cx: &mut Cx) -> Next {
        if let Some(from) = self.from.filter(|_| self.wanted.is_verbose) {
            let ends = [self.to, from].map(|end| format!("{} port {}", end.ip(), end.port())).join(" from ");
            cx.terminal.complain(&format!("* connect to {ends} failed: Connection refused\n"));
        }
        self.unconnected(code::UNCONNECTED, "Couldn't connect to server", cx)
    }

    /// What messages tell: since it began with this URL.
    fn elapsed_ms(&self, now: Nanos) -> u64 {
        (now.0 - self.hop.0) / MILLISECOND
    }

    /// `--connect-timeout` counts anew for each URL of a chain of redirects, `--max-time` does not (libcurl, Curl_timeleft).
    fn give_up_at(&self, is_connecting: bool) -> Option<Nanos> {
        let connect = is_connecting.then(|| self.hop.plus(self.wanted.connect_ns));
        let total = self.wanted.total_ns.map(|ns| self.started.plus(ns));
        [connect, total].into_iter().flatten().min()
    }

    /// Tells what `-v` tells of, each once.
    fn tell(&mut self, stage: u8, cx: &mut Cx) {
        if !self.wanted.is_verbose || self.shown >= stage {
            return;
        }
        self.shown = stage;
        let (host, address, port) = (&self.url.host, self.to.ip(), self.to.port());
        if stage == 1 {
            let shown = if address.is_ipv6() { format!("[{address}]") } else { address.to_string() };
            return cx.terminal.complain(&format!("*   Trying {shown}:{port}...\n"));
        }
        let mut text = format!("* Connected to {host} ({address}) port {port}\n");
        for line in self.wanted.request(&self.url, self.is_plain).split_terminator("\r\n") {
            let _ = writeln!(text, "> {line}");
        }
        cx.terminal.complain(&text);
    }

    /// Sends the request and gathers the response; ends when all of it is there, or when it is none.
    fn talk(&mut self, client: &Client, cx: &mut Cx) -> Option<Next> {
        if self.connected.is_none() {
            (self.connected, self.connections) = (Some(cx.now), self.connections + 1);
            self.from.get_or_insert(client.local(cx));
        }
        self.tell(2, cx);
        let sent = client.write(&self.pending, cx);
        self.pending.drain(..sent);
        self.response.receive(&client.read(cx));
        if !self.response.may_be_http() {
            return Some(self.fail(code::UNSUPPORTED, "Received HTTP/0.9 when not allowed", cx));
        }
        if self.response.is_too_large() {
            let text = format!("Too large response headers: more than {}", response::HEAD_BYTES_MAX);
            return Some(self.fail(code::UNREADABLE, &text, cx));
        }
        if !self.response.has_head() {
            return None;
        }
        if self.body.is_none()
            && let Err(next) = self.begin_body(cx)
        {
            return Some(next);
        }
        self.print_body(false, cx);
        let length = if self.wanted.is_head { 0 } else { self.response.content_length()? };
        (self.response.received() >= length).then(|| self.succeed(cx))
    }

    /// Shows the head, which is complete, and decides what becomes of the body; or ends.
    fn begin_body(&mut self, cx: &mut Cx) -> Result<(), Next> {
        let head = self.response.head();
        if self.wanted.is_verbose {
            let lines = head.split("\r\n").map(|line| format!("< {line}\n"));
            cx.terminal.complain(&(lines.collect::<String>() + "< \n"));
        }
        let status = self.response.status();
        if self.wanted.fails_on_error && status >= 400 {
            let text = format!("The requested URL returned error: {status}");
            return Err(self.fail(code::HTTP_ERROR, &text, cx));
        }
        if self.wanted.is_head || self.wanted.includes_head {
            cx.terminal.print(&format!("{head}\r\n\r\n"));
        }
        let target = self.response.location().map(|location| self.url.join(&location));
        self.body = Some(match target.filter(|_| self.wanted.follows) {
            Some(target) => Body::Followed(target),
            None if self.has_output || self.wanted.is_head => Body::Ignored,
            None => Body::Printed,
        });
        Ok(())
    }

    /// Prints what has come of the body, if it is printed.
    fn print_body(&mut self, is_over: bool, cx: &mut Cx) {
        let text = self.response.take_text(is_over);
        if self.body == Some(Body::Printed) {
            cx.terminal.print(&text);
        }
    }

    /// Ends with the body, or goes where the response sends.
    fn succeed(&mut self, cx: &mut Cx) -> Next {
        self.print_body(true, cx);
        if let Some(Body::Followed(target)) = self.body.take() {
            return self.follow(&target, self.response.status(), cx);
        }
        if self.wanted.is_verbose {
            cx.terminal.complain("* Closing connection\n");
        }
        self.finish(0, cx)
    }

    /// Begins anew at `target`. After 303, and after 301 and 302 of a POST, as a GET, unless `-X` says otherwise.
    fn follow(&mut self, target: &str, status: u16, cx: &mut Cx) -> Next {
        self.redirects += 1;
        let most = self.wanted.redirects_max;
        if self.redirects > most {
            let text = format!("Maximum ({most}) redirects followed");
            return self.fail(code::TOO_MANY_REDIRECTS, &text, cx);
        }
        if self.wanted.is_verbose {
            let text = format!("* Closing connection\n* Issue another request to this URL: '{target}'\n");
            cx.terminal.complain(&text);
        }
        self.is_plain |= matches!(status, 301..=303);
        match Url::parse(target) {
            Ok(url) => self.url = url,
            Err((code, message)) => {
                cx.terminal.complain(&complaint(&self.wanted, &message));
                return self.finish(code, cx);
            }
        }
        self.begin_anew();
        Next::Again
    }

    /// The far side has closed.
    fn ended(&mut self, cx: &mut Cx) -> Next {
        let left = self.response.content_length().map_or(0, |length| length - self.response.received());
        match self.response.has_head() {
            true if !self.wanted.is_head && left > 0 => {
                self.print_body(true, cx);
                self.fail(code::PARTIAL, &format!("transfer closed with {left} bytes remaining to read"), cx)
            }
            true => self.succeed(cx),
            false if self.response.is_empty() => self.fail(code::EMPTY_REPLY, "Empty reply from server", cx),
            false => self.fail(code::UNSUPPORTED, "Received HTTP/0.9 when not allowed", cx),
        }
    }

    /// Prints what `-w` asks for.
    fn write_out(&self, code: i32, cx: &mut Cx) {
        let Some(format) = &self.wanted.write_out else { return };
        let mut text = String::new();
        let format = format.replace("\\n", "\n").replace("\\t", "\t").replace("\\r", "\r");
        let mut rest = format.as_str();
        while let Some((before, after)) = rest.split_once('%') {
            text.push_str(before);
            let braced = after.strip_prefix('{').and_then(|after| after.split_once('}'));
            let Some((name, behind)) = braced else {
                text.push('%');
                rest = after.strip_prefix('%').unwrap_or(after);
                continue;
            };
            match self.variable(name, code, cx.now) {
                Some(value) => text.push_str(&value),
                None => cx.terminal.complain(&unknown_variable(name)),
            }
            rest = behind;
        }
        cx.terminal.print(&(text + rest));
    }

    /// The value of a variable of `-w`, if there is one of this name.
    fn variable(&self, name: &str, code: i32, now: Nanos) -> Option<String> {
        let seconds = |at: Option<Nanos>| {
            let us = at.map_or(0, |at| at.0.saturating_sub(self.started.0) / 1000);
            format!("{}.{:06}", us / 1_000_000, us % 1_000_000)
        };
        let from = self.from.filter(|_| self.connected.is_some());
        Some(match name {
            "http_code" | "response_code" => format!("{:03}", self.response.status()),
            "time_total" | "time_starttransfer" => seconds(Some(now)),
            "time_namelookup" => seconds(self.resolved),
            "time_connect" => seconds(self.connected),
            "remote_ip" => self.connected.map(|_| self.to.ip().to_string()).unwrap_or_default(),
            "remote_port" => self.connected.map_or(0, |_| self.to.port()).to_string(),
            "local_ip" => from.map(|from| from.ip().to_string()).unwrap_or_default(),
            "local_port" => from.map_or(0, |from| from.port()).to_string(),
            "size_download" => self.response.received().to_string(),
            "content_type" => self.response.header("content-type").unwrap_or_default(),
            "exitcode" => code.to_string(),
            "url_effective" | "url" => self.url.text.clone(),
            "num_connects" => self.connections.to_string(),
            "num_redirects" => self.redirects.to_string(),
            "redirect_url" => {
                self.response.location().map(|location| self.url.join(&location)).unwrap_or_default()
            }
            _ => return None,
        })
    }
}

fn unknown_variable(name: &str) -> String {
    format!("curl: unknown --write-out variable: '{name}'\n")
}
