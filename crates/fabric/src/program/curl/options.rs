//! The command line of curl, and the request that it asks for.

use super::url::Url;
use super::{Failure, SECOND, code};
use crate::program::lookup::Family;
use crate::program::options::{self, Arg};
use std::fmt::Write;

/// How long Linux tries to connect (tcp_syn_retries 6).
const SYN_NS: u64 = 131 * SECOND;
const AGENT: &str = "curl/8.5.0";
const HELP: &str = "try 'curl --help' or 'curl --manual' for more information";

/// Long options and the letters they stand for. Letters from U+0001 are those that curl does not have.
const LONG: [(&str, &str); 17] = [
    ("--silent", "-s"),
    ("--show-error", "-S"),
    ("--verbose", "-v"),
    ("--fail", "-f"),
    ("--head", "-I"),
    ("--include", "-i"),
    ("--ipv4", "-4"),
    ("--ipv6", "-6"),
    ("--max-time", "-m"),
    ("--output", "-o"),
    ("--write-out", "-w"),
    ("--request", "-X"),
    ("--header", "-H"),
    ("--data", "-d"),
    ("--user-agent", "-A"),
    ("--connect-timeout", "-\u{1}"),
    ("--url", "-\u{2}"),
];
const SHORT: &str = "sSvfIi46m:o:w:X:H:d:A:\u{1}:\u{2}:";

/// What the command line asks for.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) is_silent: bool,
    pub(super) shows_errors: bool,
    pub(super) is_verbose: bool,
    pub(super) fails_on_error: bool,
    pub(super) is_head: bool,
    pub(super) includes_head: bool,
    pub(super) family: Family,
    pub(super) connect_ns: u64,
    pub(super) total_ns: Option<u64>,
    pub(super) output: Option<String>,
    pub(super) write_out: Option<String>,
    pub(super) data: Option<String>,
    method: Option<String>,
    headers: Vec<String>,
    agent: String,
}

impl Default for Wanted {
    fn default() -> Wanted {
        Wanted {
            is_silent: false,
            shows_errors: false,
            is_verbose: false,
            fails_on_error: false,
            is_head: false,
            includes_head: false,
            family: Family::Any,
            connect_ns: SYN_NS,
            total_ns: None,
            output: None,
            write_out: None,
            data: None,
            method: None,
            headers: Vec::new(),
            agent: AGENT.to_owned(),
        }
    }
}

impl Wanted {
    /// Whether errors are kept back.
    pub(super) fn is_quiet(&self) -> bool {
        self.is_silent && !self.shows_errors
    }

    /// Reads the command line and gives the URL.
    ///
    /// # Errors
    /// An option or value that curl refuses; no URL, or one that is malformed.
    pub(super) fn read(&mut self, args: &[String]) -> Result<Url, Failure> {
        let short = |arg: &String| {
            let long = LONG.iter().find(|(long, _)| long == arg);
            long.map_or_else(|| arg.clone(), |(_, short)| (*short).to_owned())
        };
        let args: Vec<String> = args.iter().map(short).collect();
        let unknown = |_| (code::USAGE, format!("option {}: is unknown\ncurl: {HELP}", args.join(" ")));
        let mut url = None;
        for arg in options::parse(&args, SHORT).map_err(unknown)? {
            match arg {
                Arg::Flag(letter) => self.set(letter),
                Arg::Value('\u{2}', text) | Arg::Operand(text) => url = Some(text),
                Arg::Value(letter, text) => self.take(letter, text)?,
            }
        }
        let none = || (code::USAGE, format!("(2) no URL specified\ncurl: {HELP}"));
        Url::parse(url.ok_or_else(none)?)
    }

    fn set(&mut self, letter: char) {
        match letter {
            's' => self.is_silent = true,
            'S' => self.shows_errors = true,
            'v' => self.is_verbose = true,
            'f' => self.fails_on_error = true,
            'I' => self.is_head = true,
            'i' => self.includes_head = true,
            '4' => self.family = Family::V4,
            '6' => self.family = Family::V6,
            _ => {}
        }
    }

    fn take(&mut self, letter: char, text: &str) -> Result<(), Failure> {
        match letter {
            'm' => self.total_ns = Some(time(text)?),
            '\u{1}' => self.connect_ns = time(text)?,
            'o' => self.output = Some(text.to_owned()),
            'w' => self.write_out = Some(text.to_owned()),
            'X' => self.method = Some(text.to_owned()),
            'H' => self.headers.push(text.to_owned()),
            'A' => self.agent = text.to_owned(),
            // Several are joined, as fields of a form.
            'd' => {
                let before = self.data.take().map(|data| data + "&").unwrap_or_default();
                self.data = Some(before + text);
            }
            _ => {}
        }
        Ok(())
    }

    fn method(&self) -> &str {
        match (&self.method, self.is_head, &self.data) {
            (Some(method), ..) => method,
            (None, true, _) => "HEAD",
            (None, false, Some(_)) => "POST",
            (None, false, None) => "GET",
        }
    }

    /// The head of the request.
    pub(super) fn request(&self, url: &Url) -> String {
        let mut text = format!("{} {} HTTP/1.1\r\n", self.method(), url.path);
        let given = |name: &str| {
            let is_it = |header: &&String| {
                header.split([':', ';']).next().is_some_and(|given| given.eq_ignore_ascii_case(name))
            };
            self.headers.iter().any(|header| is_it(&header))
        };
        let defaults =
            [("Host", url.authority()), ("User-Agent", self.agent.clone()), ("Accept", "*/*".to_owned())];
        for (name, value) in defaults.iter().filter(|(name, _)| !given(name)) {
            let _ = write!(text, "{name}: {value}\r\n");
        }
        // A name without a value takes the header away.
        for header in self.headers.iter().filter(|header| !header.trim_end().ends_with(':')) {
            let _ = write!(text, "{header}\r\n");
        }
        if let Some(data) = &self.data {
            let _ = write!(text, "Content-Length: {}\r\n", data.len());
            if !given("Content-Type") {
                text.push_str("Content-Type: application/x-www-form-urlencoded\r\n");
            }
        }
        text + "\r\n"
    }
}

/// Seconds with a fraction, in nanoseconds; at most a day.
fn time(text: &str) -> Result<u64, Failure> {
    const DAY_S: f64 = 86_400.0;
    let seconds = text.parse::<f64>().ok().filter(|seconds| (0.0..=DAY_S).contains(seconds));
    let bad = || (code::USAGE, format!("option: expected a proper numerical parameter: {text}"));
    seconds.map(|seconds| (seconds * SECOND as f64) as u64).ok_or_else(bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(line: &str) -> String {
        let args: Vec<String> = line.split(' ').map(|word| word.replace('_', " ")).collect();
        let mut wanted = Wanted::default();
        let url = wanted.read(&args).expect("a command line");
        wanted.request(&url).replace("\r\n", "|")
    }

    // As curl 8.5 sends them.
    #[test]
    fn requests_have_the_headers_that_curl_sends() {
        assert_eq!(request("web/x"), "GET /x HTTP/1.1|Host: web|User-Agent: curl/8.5.0|Accept: */*||");
        assert_eq!(
            request("-d a=b -d c=d web"),
            "POST / HTTP/1.1|Host: web|User-Agent: curl/8.5.0|Accept: */*|Content-Length: 7|\
             Content-Type: application/x-www-form-urlencoded||"
        );
        assert_eq!(
            request("-X PUT -H Host:_me -H Accept: -A x web"),
            "PUT / HTTP/1.1|User-Agent: x|Host: me||"
        );
        assert_eq!(request("-I web:81"), "HEAD / HTTP/1.1|Host: web:81|User-Agent: curl/8.5.0|Accept: */*||");
    }
}
