//! Grok: regular expressions put together of named patterns, `%{NAME}` or `%{NAME:column}`.
//!
//! Source: OpenSearch Service Developer Guide, "Supported PPL commands", grok (read 2026-11): a pattern without a column makes one
//! of its own name, and those within `COMMONAPACHELOG` have columns such as `timestamp`, `response` and `bytes`. The names of patterns
//! are those that grok has everywhere. Assumption: each matches what its name says; what else it may match elsewhere is not
//! told. A name that comes again makes no second column.

use crate::error::QueryErrorKind;

/// Patterns that one command may name: each stands for hundreds of characters.
const PATTERNS_MAX: usize = 100;

/// What the names of groups begin with that patterns make.
const GROUP: &str = "__grok_";

/// Names, and what they stand for.
const PATTERNS: &[(&str, &str)] = &[
    // Words and numbers.
    ("WORD", r"\b[A-Za-z0-9_]+\b"),
    ("NOTSPACE", r"\S+"),
    ("SPACE", r"\s*"),
    ("DATA", r".*?"),
    ("GREEDYDATA", r".*"),
    ("INT", r"[+-]?[0-9]+"),
    ("NUMBER", r"[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)"),
    ("BASE10NUM", r"[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)"),
    ("BASE16NUM", r"[+-]?(?:0x)?[0-9A-Fa-f]+"),
    ("POSINT", r"\b[1-9][0-9]*\b"),
    ("NONNEGINT", r"\b[0-9]+\b"),
    ("QUOTEDSTRING", r#""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'"#),
    ("QS", "%{QUOTEDSTRING}"),
    ("UUID", r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"),
    // Users, hosts, addresses.
    ("USERNAME", r"[A-Za-z0-9._-]+"),
    ("USER", "%{USERNAME}"),
    ("EMAILADDRESS", r"[A-Za-z0-9._%+-]+@%{HOSTNAME}"),
    ("MAC", r"(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}|(?:[0-9A-Fa-f]{4}\.){2}[0-9A-Fa-f]{4}"),
    ("BYTE", r"25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9]"),
    ("IPV4", r"\b(?:%{BYTE}\.){3}%{BYTE}\b"),
    ("HEXTETS", r"[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{1,4}){0,6}"),
    ("IPV6", r"(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}|%{HEXTETS}?::(?:(?:ffff:)?%{IPV4}|%{HEXTETS})?"),
    ("IP", "%{IPV6}|%{IPV4}"),
    ("HOSTNAME", r"\b[0-9A-Za-z][0-9A-Za-z-]*(?:\.[0-9A-Za-z][0-9A-Za-z-]*)*\b"),
    ("HOST", "%{HOSTNAME}"),
    ("IPORHOST", "%{IP}|%{HOSTNAME}"),
    ("HOSTPORT", "%{IPORHOST}:%{POSINT}"),
    // Paths and addresses of resources.
    ("UNIXPATH", r"(?:/[A-Za-z0-9_%!$@:.,+~=-]*)+"),
    ("WINPATH", r"(?:[A-Za-z]:|\\)(?:\\[^\\?*\s]*)+"),
    ("PATH", "%{UNIXPATH}|%{WINPATH}"),
    ("URIPROTO", r"[A-Za-z][A-Za-z0-9+.-]*"),
    ("URIHOST", r"%{IPORHOST}(?::%{POSINT})?"),
    ("URIPATH", r"(?:/[A-Za-z0-9$.+!*'(){},~:;=@#%&_-]*)+"),
    ("URIPARAM", r"\?[A-Za-z0-9$.+!*'|(){},~@#%&/=:;_?<>\[\]-]*"),
    ("URIPATHPARAM", "%{URIPATH}%{URIPARAM}?"),
    ("URI", "%{URIPROTO}://(?:[^\\s@/]+@)?%{URIHOST}%{URIPATHPARAM}?"),
    // Dates and times.
    (
        "MONTH",
        concat!(
            r"\b(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|",
            r"Sep(?:tember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\b",
        ),
    ),
    ("MONTHNUM", r"1[0-2]|0?[1-9]"),
    ("MONTHDAY", r"3[01]|[12][0-9]|0?[1-9]"),
    ("DAY", r"(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?"),
    ("YEAR", r"[0-9]{4}|[0-9]{2}"),
    ("HOUR", r"2[0-3]|[01]?[0-9]"),
    ("MINUTE", r"[0-5][0-9]"),
    ("SECOND", r"(?:60|[0-5]?[0-9])(?:[:.,][0-9]+)?"),
    ("TIME", r"%{HOUR}:%{MINUTE}(?::%{SECOND})?"),
    ("DATE_US", "%{MONTHNUM}[/-]%{MONTHDAY}[/-]%{YEAR}"),
    ("DATE_EU", "%{MONTHDAY}[./-]%{MONTHNUM}[./-]%{YEAR}"),
    ("DATE", "%{DATE_US}|%{DATE_EU}"),
    ("ISO8601_TIMEZONE", r"Z|[+-]%{HOUR}(?::?%{MINUTE})?"),
    (
        "TIMESTAMP_ISO8601",
        r"%{YEAR}-%{MONTHNUM}-%{MONTHDAY}[T ]%{HOUR}:?%{MINUTE}(?::?%{SECOND})?%{ISO8601_TIMEZONE}?",
    ),
    ("HTTPDATE", "%{MONTHDAY}/%{MONTH}/%{YEAR}:%{TIME} %{INT}"),
    ("SYSLOGTIMESTAMP", "%{MONTH} +%{MONTHDAY} %{TIME}"),
    // Lines of logs.
    (
        "LOGLEVEL",
        r"(?i:trace|debug|notice|info(?:rmation)?|warn(?:ing)?|err(?:or)?|crit(?:ical)?|fatal|severe|alert|emerg(?:ency)?)",
    ),
    ("PROG", r"[!-Z^-~]+"),
    ("SYSLOGPROG", r"%{PROG:program}(?:\[%{POSINT:pid}\])?"),
    ("SYSLOGHOST", "%{IPORHOST}"),
    (
        "COMMONAPACHELOG",
        concat!(
            r"%{IPORHOST:clientip} %{NOTSPACE:ident} %{NOTSPACE:auth} \[%{HTTPDATE:timestamp}\] ",
            r#""(?:%{WORD:verb} %{NOTSPACE:request}(?: HTTP/%{NUMBER:httpversion})?|%{DATA:rawrequest})" "#,
            r"%{NUMBER:response} (?:%{NUMBER:bytes}|-)",
        ),
    ),
    ("COMBINEDAPACHELOG", "%{COMMONAPACHELOG} %{QS:referrer} %{QS:agent}"),
];

/// What is made of a pattern so far.
#[derive(Default)]
struct Expansion {
    /// The columns of groups, by their numbers.
    columns: Vec<String>,
    patterns: usize,
}

/// The regular expression that a pattern stands for, and the columns of its groups by their numbers.
///
/// # Errors
/// A pattern that is not known, one with a type, or too many.
pub(super) fn regex(pattern: &str) -> Result<(String, Vec<String>), QueryErrorKind> {
    let mut expansion = Expansion::default();
    let regex = expansion.expand(pattern, true)?;
    Ok((regex, expansion.columns))
}

/// The number of a group that a pattern has made, by its name.
pub(super) fn number_of(group: &str) -> Option<usize> {
    group.strip_prefix(GROUP)?.parse().ok()
}

impl Expansion {
    /// Puts what they stand for in the place of `%{...}`; on the top those without a column have one too.
    fn expand(&mut self, pattern: &str, is_top: bool) -> Result<String, QueryErrorKind> {
        let mut parts = pattern.split("%{");
        let mut regex = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let expected = |found: &str| QueryErrorKind::Expected {
                wanted: "%{PATTERN} or %{PATTERN:column}",
                found: format!("%{{{found}"),
            };
            let (inside, rest) = part.split_once('}').ok_or_else(|| expected(part))?;
            let (name, column) = match inside.split_once(':') {
                Some((name, column)) if !column.is_empty() && !column.contains(':') => (name, Some(column)),
                Some(_) => return Err(expected(&format!("{inside}}}"))),
                None => (inside, is_top.then_some(inside)),
            };
            regex.push_str(&self.group(name, column)?);
            regex.push_str(rest);
        }
        Ok(regex)
    }

    fn group(&mut self, name: &str, column: Option<&str>) -> Result<String, QueryErrorKind> {
        self.patterns += 1;
        if self.patterns > PATTERNS_MAX {
            return Err(QueryErrorKind::TooMany { command: "grok", max: PATTERNS_MAX });
        }
        let Some((_, pattern)) = PATTERNS.iter().find(|(known, _)| *known == name) else {
            return Err(QueryErrorKind::Expected { wanted: "a pattern of grok", found: name.to_owned() });
        };
        let new = column.filter(|column| !self.columns.iter().any(|known| known == column));
        let start = match new {
            Some(column) => {
                self.columns.push(column.to_owned());
                format!("(?<{GROUP}{}>", self.columns.len() - 1)
            }
            None => "(?:".to_owned(),
        };
        Ok(format!("{start}{})", self.expand(pattern, false)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Pattern;

    #[test]
    fn every_pattern_is_known_and_fits() {
        for (name, _) in PATTERNS {
            let (regex, _) = regex(&format!("%{{{name}}}")).unwrap();
            Pattern::new(&regex).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }

    #[test]
    fn patterns_match_what_they_say() {
        let whole = |name: &str, text: &str| {
            let (regex, _) = regex(&format!("%{{{name}}}")).unwrap();
            Pattern::new(&format!("^(?:{regex})$")).unwrap().0.is_match(text)
        };
        let cases = [
            ("WORD", "abc_1", "a b"),
            ("NUMBER", "-1.5", "1."),
            ("INT", "+12", "1.2"),
            ("BASE16NUM", "0x1F", "0xG"),
            ("POSINT", "10", "01"),
            ("QUOTEDSTRING", r#""a \" b""#, r#""a" b""#),
            ("UUID", "123e4567-e89b-12d3-a456-426614174000", "123e4567"),
            ("EMAILADDRESS", "amberduke@pyrami.com", "amberduke"),
            ("MAC", "00:1A:2b:3c:4d:5e", "00:1A:2b:3c:4d"),
            ("IPV4", "203.0.113.255", "203.0.113.256"),
            ("IPV6", "2001:db8::1", "10:11:12"),
            ("IPV6", "::ffff:192.0.2.1", ":1"),
            ("IP", "192.0.2.1", "192.0.2"),
            ("HOSTNAME", "a-1.example.com", "-a"),
            ("HOSTPORT", "example.com:443", "example.com"),
            ("UNIXPATH", "/var/log/messages", "var"),
            ("WINPATH", r"C:\a\b.txt", "C:a"),
            ("URI", "https://user@example.com:8443/a/b?c=d", "example.com/a"),
            ("MONTH", "Sep", "Sept"),
            ("DAY", "Tuesday", "Tu"),
            ("DATE_US", "12/31/2024", "31/12/2024"),
            ("DATE_EU", "31.12.2024", "12.31.2024"),
            ("TIMESTAMP_ISO8601", "2024-10-01T12:34:56.789+02:00", "2024-10-01"),
            ("HTTPDATE", "28/Sep/2022:10:15:57 -0700", "28/Sep/2022"),
            ("SYSLOGTIMESTAMP", "Oct  1 12:34:56", "Oct 1"),
            ("LOGLEVEL", "Warning", "loud"),
            ("SYSLOGPROG", "sshd[123]", "sshd[x]"),
            (
                "COMMONAPACHELOG",
                r#"192.0.2.1 - joe [28/Sep/2022:10:15:57 -0700] "GET /a HTTP/1.0" 404 -"#,
                "192.0.2.1",
            ),
        ];
        for (name, matching, other) in cases {
            assert!(whole(name, matching), "{name} {matching}");
            assert!(!whole(name, other), "{name} {other}");
        }
    }

    #[test]
    fn references_are_read() {
        let (made, columns) = regex("%{WORD:a} %{WORD} %{WORD} (?<b>.)").unwrap();
        assert_eq!(columns, ["a", "WORD"]);
        let word = r"\b[A-Za-z0-9_]+\b";
        assert_eq!(made, format!("(?<__grok_0>{word}) (?<__grok_1>{word}) (?:{word}) (?<b>.)"));
        assert_eq!((number_of("__grok_12"), number_of("b")), (Some(12), None));
        for wrong in ["%{WORD", "%{WORD:}", "%{WORD:a:int}", "%{NONE}", "%{}", &"%{INT}".repeat(101)] {
            regex(wrong).unwrap_err();
        }
    }
}
