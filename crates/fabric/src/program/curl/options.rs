//! The command line of curl, and the request that it asks for.

use super::url::Url;
use super::{Failure, REDIRECTS_MAX, SECOND, code};
use crate::program::lookup::Family;
use std::fmt::Write;

/// How long Linux tries to connect (tcp_syn_retries 6).
const SYN_NS: u64 = 131 * SECOND;
const AGENT: &str = "curl/8.5.0";
const HELP: &str = "try 'curl --help' or 'curl --manual' for more information";

const VERSION: &str = "curl 8.5.0 (x86_64-amazon-linux-gnu) libcurl/8.5.0\n\
Release-Date: 2023-12-06\nProtocols: http\nFeatures: IPv6\n";
const USAGE: &str = "Usage: curl [options...] <url>\n";

/// An option: its long name, the letter it is known by here, and whether it takes a value. Letters from U+0001 are those that
/// curl does not have.
type Row = (&'static str, char, bool);

const CONNECT_TIMEOUT: char = '\u{1}';
const URL: char = '\u{2}';
const RETRY: char = '\u{3}';
const RETRY_DELAY: char = '\u{4}';
const RETRY_CONNREFUSED: char = '\u{5}';
const INTERFACE: char = '\u{6}';
/// What changes nothing here: there is no TLS, no proxy and no other encoding, and HTTP/1.1 is spoken anyway; with a value, too.
const NO_EFFECT: char = '\u{7}';
const NO_EFFECT_VALUE: char = '\u{8}';
const DATA_RAW: char = '\u{9}';
const MAX_REDIRECTS: char = '\u{a}';
const RETRY_MAX_TIME: char = '\u{b}';
/// The last of them.
const LAST: char = RETRY_MAX_TIME;

const OPTIONS: [Row; 48] = [
    ("--silent", 's', false),
    ("--show-error", 'S', false),
    ("--verbose", 'v', false),
    ("--fail", 'f', false),
    ("--head", 'I', false),
    ("--include", 'i', false),
    ("--ipv4", '4', false),
    ("--ipv6", '6', false),
    ("--location", 'L', false),
    ("--get", 'G', false),
    ("--insecure", 'k', false),
    ("--no-buffer", 'N', false),
    ("--progress-bar", '#', false),
    ("--http1.1", NO_EFFECT, false),
    ("--version", 'V', false),
    ("--help", 'h', false),
    ("--retry-connrefused", RETRY_CONNREFUSED, false),
    ("--max-time", 'm', true),
    ("--output", 'o', true),
    ("--write-out", 'w', true),
    ("--request", 'X', true),
    ("--header", 'H', true),
    ("--data", 'd', true),
    ("--user-agent", 'A', true),
    ("--connect-timeout", CONNECT_TIMEOUT, true),
    ("--url", URL, true),
    ("--retry", RETRY, true),
    ("--retry-delay", RETRY_DELAY, true),
    ("--interface", INTERFACE, true),
    ("--compressed", NO_EFFECT, false),
    ("--globoff", 'g', false),
    ("--no-progress-meter", NO_EFFECT, false),
    ("--no-keepalive", NO_EFFECT, false),
    ("--tcp-nodelay", NO_EFFECT, false),
    ("--tlsv1", '1', false),
    ("--tlsv1.2", NO_EFFECT, false),
    ("--tlsv1.3", NO_EFFECT, false),
    ("--cacert", NO_EFFECT_VALUE, true),
    ("--capath", NO_EFFECT_VALUE, true),
    ("--keepalive-time", NO_EFFECT_VALUE, true),
    ("--noproxy", NO_EFFECT_VALUE, true),
    ("--data-ascii", 'd', true),
    ("--data-binary", 'd', true),
    ("--data-raw", DATA_RAW, true),
    ("--referer", 'e', true),
    ("--cookie", 'b', true),
    ("--max-redirs", MAX_REDIRECTS, true),
    ("--retry-max-time", RETRY_MAX_TIME, true),
];

/// Options of curl that are not simulated, by their letters, and the most usual of those without.
const OTHER_LETTERS: &str = "0236aBcCDEFjJKlMnOpPqQrRtTuUxyYzZ:";
const OTHERS: [&str; 41] = [
    "--anyauth",
    "--append",
    "--aws-sigv4",
    "--basic",
    "--cert",
    "--config",
    "--connect-to",
    "--continue-at",
    "--cookie-jar",
    "--create-dirs",
    "--data-urlencode",
    "--digest",
    "--dump-header",
    "--fail-early",
    "--fail-with-body",
    "--form",
    "--http1.0",
    "--http2",
    "--http3",
    "--json",
    "--key",
    "--limit-rate",
    "--local-port",
    "--location-trusted",
    "--netrc",
    "--oauth2-bearer",
    "--output-dir",
    "--parallel",
    "--path-as-is",
    "--proto",
    "--proxy",
    "--range",
    "--remote-name",
    "--remote-time",
    "--resolve",
    "--retry-all-errors",
    "--trace-ascii",
    "--unix-socket",
    "--upload-file",
    "--url-query",
    "--user",
];

/// Most times that a transfer is tried again.
const RETRIES_MAX: u32 = 1000;

/// What a command line means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Only this is printed.
    Print(String),
    /// These are fetched.
    Fetch(Vec<String>),
}

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
    /// Where bodies go, by their number: `-` for standard output, else nowhere.
    pub(super) outputs: Vec<String>,
    /// How many redirects are followed.
    pub(super) redirects_max: u32,
    /// For how long failures are tried again.
    pub(super) retry_max_ns: Option<u64>,
    /// Whether redirects are followed.
    pub(super) follows: bool,
    /// The own address or device to connect from.
    pub(super) interface: Option<String>,
    /// How often a failure that may pass is tried again.
    pub(super) retries: u32,
    /// How long it waits before that; `None` for longer each time.
    pub(super) retry_ns: Option<u64>,
    /// Whether a refused connection is such a failure.
    pub(super) retries_refused: bool,
    pub(super) write_out: Option<String>,
    data: Option<String>,
    /// Whether the data go into the URL: `-G`.
    is_get: bool,
    prints: Option<&'static str>,
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
            outputs: Vec::new(),
            redirects_max: REDIRECTS_MAX,
            retry_max_ns: None,
            follows: false,
            interface: None,
            retries: 0,
            retry_ns: None,
            retries_refused: false,
            write_out: None,
            data: None,
            is_get: false,
            prints: None,
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

    /// Reads the command line.
    ///
    /// # Errors
    /// An option or value that curl refuses; no URL.
    pub(super) fn read(&mut self, args: &[String]) -> Result<Line, Failure> {
        let mut urls = Vec::new();
        let mut rest = args.iter();
        let mut are_over = false;
        while let Some(arg) = rest.next() {
            match arg.strip_prefix('-').filter(|letters| !are_over && !letters.is_empty()) {
                None => urls.push(arg.clone()),
                Some("-") => are_over = true,
                Some(name) if name.starts_with('-') => {
                    let row = OPTIONS.iter().find(|(long, ..)| long == arg);
                    let row = row.ok_or_else(|| unknown(arg, OTHERS.contains(&arg.as_str())))?;
                    self.option(*row, arg, (None, &mut rest), &mut urls)?;
                }
                Some(letters) => self.letters(arg, letters, &mut rest, &mut urls)?,
            }
        }
        if let Some(text) = self.prints {
            return Ok(Line::Print(text.to_owned()));
        }
        if urls.is_empty() {
            return Err((code::USAGE, format!("(2) no URL specified\ncurl: {HELP}")));
        }
        Ok(Line::Fetch(urls))
    }

    /// Options of one letter, joined; the last may hold its value.
    fn letters(
        &mut self,
        arg: &str,
        letters: &str,
        rest: &mut std::slice::Iter<String>,
        urls: &mut Vec<String>,
    ) -> Result<(), Failure> {
        for (at, letter) in letters.char_indices() {
            let is_it = |(_, known, _): &&Row| *known == letter && letter > LAST;
            let row = OPTIONS.iter().find(is_it);
            let row = row.ok_or_else(|| unknown(arg, OTHER_LETTERS.contains(letter)))?;
            let joined = &letters[at + letter.len_utf8()..];
            self.option(*row, arg, (Some(joined).filter(|joined| !joined.is_empty()), rest), urls)?;
            if row.2 {
                break;
            }
        }
        Ok(())
    }

    fn option(
        &mut self,
        (_, letter, has_value): Row,
        arg: &str,
        (joined, rest): (Option<&str>, &mut std::slice::Iter<String>),
        urls: &mut Vec<String>,
    ) -> Result<(), Failure> {
        if !has_value {
            self.set(letter);
            return Ok(());
        }
        let value = joined.or_else(|| rest.next().map(String::as_str));
        let none = || (code::USAGE, format!("option {arg}: requires parameter\ncurl: {HELP}"));
        match (letter, value.ok_or_else(none)?) {
            (URL, text) => urls.push(text.to_owned()),
            (letter, text) => self.take(letter, arg, text)?,
        }
        Ok(())
    }

    fn set(&mut self, letter: char) {
        match letter {
            's' => self.is_silent = true,
            'S' => self.shows_errors = true,
            'v' => self.is_verbose = true,
            'f' => self.fails_on_error = true,
            'I' => self.is_head = true,
            'i' => self.includes_head = true,
            'L' => self.follows = true,
            'G' => self.is_get = true,
            'V' => self.prints = Some(VERSION),
            'h' => self.prints = Some(USAGE),
            RETRY_CONNREFUSED => self.retries_refused = true,
            '4' => self.family = Family::V4,
            '6' => self.family = Family::V6,
            _ => {}
        }
    }

    fn take(&mut self, letter: char, arg: &str, text: &str) -> Result<(), Failure> {
        match letter {
            // None at all is as if it were not given.
            'm' => self.total_ns = Some(time(arg, text)?).filter(|ns| *ns > 0),
            CONNECT_TIMEOUT => {
                self.connect_ns = Some(time(arg, text)?).filter(|ns| *ns > 0).unwrap_or(SYN_NS)
            }
            RETRY => {
                let times = text.parse().ok().filter(|times| *times <= RETRIES_MAX);
                self.retries = times.ok_or_else(|| not_a_number(arg))?;
            }
            // Without a delay it is longer each time.
            RETRY_DELAY => self.retry_ns = Some(time(arg, text)?).filter(|ns| *ns > 0),
            INTERFACE => self.interface = Some(text.to_owned()),
            // Nobody can make a file.
            'o' if !matches!(text, "/dev/null" | "-") => {
                return Err((code::UNSUPPORTED, format!("option {arg}: {text}: not simulated by weir")));
            }
            'o' => self.outputs.push(text.to_owned()),
            'e' => self.headers.push(format!("Referer: {text}")),
            'b' if !text.contains('=') => {
                return Err((code::UNSUPPORTED, format!("option {arg}: {text}: not simulated by weir")));
            }
            'b' => self.headers.push(format!("Cookie: {text}")),
            MAX_REDIRECTS => self.redirects_max = text.parse().map_err(|_| not_a_number(arg))?,
            RETRY_MAX_TIME => self.retry_max_ns = Some(time(arg, text)?).filter(|ns| *ns > 0),
            'w' => self.write_out = Some(text.to_owned()),
            'X' => self.method = Some(text.to_owned()),
            'H' => self.headers.push(text.to_owned()),
            'A' => self.agent = text.to_owned(),
            // Several are joined, as fields of a form.
            'd' if text.starts_with('@') => {
                return Err((code::UNSUPPORTED, format!("option {arg}: {text}: not simulated by weir")));
            }
            'd' | DATA_RAW => {
                let before = self.data.take().map(|data| data + "&").unwrap_or_default();
                self.data = Some(before + text);
            }
            _ => {}
        }
        Ok(())
    }

    /// The data that follow the head of the request.
    pub(super) fn body(&self) -> Option<&str> {
        self.data.as_deref().filter(|_| !self.is_get)
    }

    /// The data that go into each URL.
    pub(super) fn query(&self) -> Option<&str> {
        self.data.as_deref().filter(|_| self.is_get)
    }

    fn method(&self, is_plain: bool) -> &str {
        match (&self.method, self.is_head, self.body()) {
            (Some(method), ..) => method,
            (None, true, _) => "HEAD",
            (None, false, Some(_)) if !is_plain => "POST",
            (None, false, _) => "GET",
        }
    }

    /// The head of the request; without data if it `is_plain`.
    pub(super) fn request(&self, url: &Url, is_plain: bool) -> String {
        let mut text = format!("{} {} HTTP/1.1\r\n", self.method(is_plain), url.path);
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
        if let Some(data) = self.body().filter(|_| !is_plain) {
            let _ = write!(text, "Content-Length: {}\r\n", data.len());
            if !given("Content-Type") {
                text.push_str("Content-Type: application/x-www-form-urlencoded\r\n");
            }
        }
        text + "\r\n"
    }
}

fn unknown(arg: &str, is_of_curl: bool) -> Failure {
    match is_of_curl {
        true => (code::USAGE, format!("option {arg}: not simulated by weir")),
        false => (code::USAGE, format!("option {arg}: is unknown\ncurl: {HELP}")),
    }
}

fn not_a_number(arg: &str) -> Failure {
    (code::USAGE, format!("option {arg}: expected a proper numerical parameter\ncurl: {HELP}"))
}

/// Seconds with a fraction, in nanoseconds; at most a day.
fn time(arg: &str, text: &str) -> Result<u64, Failure> {
    const DAY_S: f64 = 86_400.0;
    let seconds = text.parse::<f64>().ok().filter(|seconds| (0.0..=DAY_S).contains(seconds));
    seconds.map(|seconds| (seconds * SECOND as f64) as u64).ok_or_else(|| not_a_number(arg))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(line: &str) -> String {
        let args: Vec<String> = line.split(' ').map(|word| word.replace('_', " ")).collect();
        let mut wanted = Wanted::default();
        let Ok(Line::Fetch(urls)) = wanted.read(&args) else { panic!("{line}") };
        let mut url = Url::parse(&urls[0]).expect("a URL");
        if let Some(data) = wanted.query() {
            url.ask(data);
        }
        wanted.request(&url, false).replace("\r\n", "|")
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
        assert_eq!(
            request("-e here -b a=b --data-raw @x --compressed --noproxy * web"),
            "POST / HTTP/1.1|Host: web|User-Agent: curl/8.5.0|Accept: */*|Referer: here|Cookie: a=b|\
             Content-Length: 2|Content-Type: application/x-www-form-urlencoded||"
        );
        assert_eq!(request("-I web:81"), "HEAD / HTTP/1.1|Host: web:81|User-Agent: curl/8.5.0|Accept: */*||");
    }

    #[test]
    fn data_go_into_the_url_if_wanted() {
        assert!(request("-G -d a=b -d c=d web").starts_with("GET /?a=b&c=d HTTP/1.1|Host: web|"));
        assert!(request("-Gd a=b web/x?y").starts_with("GET /x?y&a=b HTTP/1.1|"));
    }

    // As curl 8.5 says it.
    #[test]
    fn a_command_line_that_is_wrong_is_refused_by_name() {
        let rows = [
            ("-9 web", "option -9: is unknown"),
            ("web --no-such", "option --no-such: is unknown"),
            ("-s9 web", "option -s9: is unknown"),
            ("web -m", "option -m: requires parameter"),
            ("--max-time x web", "option --max-time: expected a proper numerical parameter"),
            ("-s", "(2) no URL specified"),
        ];
        for (line, expected) in rows {
            let args: Vec<String> = line.split(' ').map(str::to_owned).collect();
            let expected = (code::USAGE, format!("{expected}\ncurl: {HELP}"));
            assert_eq!(Wanted::default().read(&args), Err(expected), "{line}");
        }
    }

    #[test]
    fn options_that_curl_has_and_hosts_have_not_are_refused_by_name() {
        for option in ["-u", "--user", "-O", "-T", "--json", "-fsSLO"] {
            let args: Vec<String> = ["-s", option, "x", "web"].map(str::to_owned).into();
            let expected = (code::USAGE, format!("option {option}: not simulated by weir"));
            assert_eq!(Wanted::default().read(&args), Err(expected), "{option}");
        }
        for (option, value) in [("-o", "page.html"), ("-b", "cookies.txt")] {
            let args: Vec<String> = [option, value, "web"].map(str::to_owned).into();
            let expected = (code::UNSUPPORTED, format!("option {option}: {value}: not simulated by weir"));
            assert_eq!(Wanted::default().read(&args), Err(expected), "{option}");
        }
    }

    #[test]
    fn data_are_read_from_no_file() {
        let args: Vec<String> = ["-d", "@-", "a"].map(str::to_owned).into();
        let refused = (code::UNSUPPORTED, "option -d: @-: not simulated by weir".to_owned());
        assert_eq!(Wanted::default().read(&args), Err(refused));
    }

    #[test]
    fn several_urls_are_fetched_and_options_may_hold_their_value() {
        let args: Vec<String> =
            ["-m2", "a", "-sko", "/dev/null", "--url", "b", "--", "-c"].map(str::to_owned).into();
        let mut wanted = Wanted::default();
        let urls = ["a", "b", "-c"].map(str::to_owned).to_vec();
        assert_eq!(wanted.read(&args), Ok(Line::Fetch(urls)));
        assert_eq!((wanted.total_ns, wanted.outputs.len()), (Some(2 * SECOND), 1));
    }

    // curl(1): zero is the default.
    #[test]
    fn no_time_is_no_limit() {
        let args: Vec<String> = ["-m", "0", "--connect-timeout", "0", "a"].map(str::to_owned).into();
        let mut wanted = Wanted::default();
        assert!(wanted.read(&args).is_ok());
        assert_eq!((wanted.total_ns, wanted.connect_ns), (None, SYN_NS));
    }
}
