//! The structure of log messages: what varies becomes a token, what stays is the pattern.
//!
//! Source: CloudWatch Logs User Guide, "pattern" and "Pattern analysis" (read 2026-11): `<Time-1>`, `<ID-2>`, and
//! `<Token-3>` for what has no known type. AWS finds patterns by learning. Assumption: here a text's pattern is found by
//! rules that give the same pattern for the same texts: times, addresses, UUIDs, numbers, and words with many digits are
//! tokens; then patterns that differ in one word only, in at least [`VARIANTS_MIN`] ways, are one ([`merge`]).

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Value as Json, json};

use crate::value::parse_number;

/// In how many ways a word differs at least before it is a token.
pub const VARIANTS_MIN: usize = 4;
/// Different values of a token that are told apart.
const DISTINCT_MAX: usize = 1000;
/// Digits that make a word with letters an id.
const ID_DIGITS_MIN: usize = 4;
/// Stands at both ends of a token's type in a text's skeleton.
const MARK: char = '\u{1}';
/// What has no known type.
const TOKEN: &str = "Token";

/// Times with a date, times alone, and words.
static PARTS: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"(?x)
        (?<time> \d{4}-\d\d-\d\d (?: [T\x20]\d\d:\d\d(?: :\d\d(?: [.,]\d+ )? )? (?: Z|[+-]\d\d:?\d\d )? )?
               | \d{1,2}/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d (?: \x20[+-]\d{4} )?
               | \d\d:\d\d:\d\d(?: [.,]\d+ )? )
      | [A-Za-z0-9_] [A-Za-z0-9_.:-]*";
    Regex::new(pattern).expect("the pattern is a constant, and tested")
});

/// A text with the types of its tokens in their places.
pub fn skeleton(text: &str) -> String {
    take_apart(text).0
}

/// The tokens of a text, in order.
pub fn tokens(text: &str) -> Vec<String> {
    take_apart(text).1
}

fn take_apart(text: &str) -> (String, Vec<String>) {
    let text = text.replace(MARK, " ");
    let (mut skeleton, mut tokens, mut end) = (String::new(), vec![], 0);
    for found in PARTS.captures_iter(&text) {
        let Some(whole) = found.get(0) else { continue };
        skeleton.push_str(&text[end..whole.start()]);
        end = whole.end();
        match found.name("time") {
            Some(_) => push_token(&mut skeleton, &mut tokens, ("Time", whole.as_str())),
            None => push_word(&mut skeleton, &mut tokens, whole.as_str()),
        }
    }
    skeleton.push_str(&text[end..]);
    (skeleton, tokens)
}

fn push_token(skeleton: &mut String, tokens: &mut Vec<String>, (kind, token): (&str, &str)) {
    skeleton.push(MARK);
    skeleton.push_str(kind);
    skeleton.push(MARK);
    tokens.push(token.to_owned());
}

/// A word, or several with colons between them, and the punctuation at its end.
fn push_word(skeleton: &mut String, tokens: &mut Vec<String>, word: &str) {
    let trimmed = word.trim_end_matches(['.', ':', '-']);
    if let Some((kind, size)) = kind_of(trimmed) {
        push_token(skeleton, tokens, (kind, &trimmed[..size]));
        skeleton.push_str(&word[size..]);
        return;
    }
    for (at, part) in word.split(':').enumerate() {
        if at > 0 {
            skeleton.push(':');
        }
        match kind_of(part).filter(|_| part.len() < word.len()) {
            Some((kind, size)) => {
                push_token(skeleton, tokens, (kind, &part[..size]));
                skeleton.push_str(&part[size..]);
            }
            None => skeleton.push_str(part),
        }
    }
}

/// The type of a word, and how many bytes of it are the token: `327ms` is a number and a unit.
fn kind_of(word: &str) -> Option<(&'static str, usize)> {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    if word.contains([':', '.']) && word.parse::<IpAddr>().is_ok() {
        return Some(("IP", word.len()));
    }
    if digits == 0 || word.contains(':') {
        return is_uuid(word).then_some(("UUID", word.len()));
    }
    if parse_number(word).is_some() {
        return Some(("Number", word.len()));
    }
    let unit = word.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    if (1..=3).contains(&unit.len()) && unit.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        let size = word.len() - unit.len();
        return parse_number(&word[..size]).map(|_| ("Number", size));
    }
    let is_hex = word.len() >= 8 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    match () {
        () if is_uuid(word) => Some(("UUID", word.len())),
        () if digits >= ID_DIGITS_MIN || is_hex => Some(("ID", word.len())),
        () => None,
    }
}

fn is_uuid(word: &str) -> bool {
    let parts: Vec<&str> = word.split('-').collect();
    let is_hex = |part: &&str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12]) && parts.iter().all(is_hex)
}

/// The pattern as it is shown: tokens are numbered by their place.
pub fn shown(skeleton: &str) -> String {
    let mut text = String::new();
    for (at, part) in skeleton.split(MARK).enumerate() {
        match at % 2 {
            0 => text.push_str(part),
            _ => text.push_str(&format!("<{part}-{}>", at / 2 + 1)),
        }
    }
    text
}

/// The severity that the first word of severity in a pattern tells.
pub fn severity(skeleton: &str) -> Option<&'static str> {
    let words = skeleton.split(|c: char| !c.is_ascii_alphabetic());
    words.map(str::to_ascii_lowercase).find_map(|word| severity_of(&word))
}

fn severity_of(word: &str) -> Option<&'static str> {
    Some(match word {
        "fatal" | "critical" | "error" | "err" | "severe" => "Error",
        "warn" | "warning" => "Warning",
        "info" | "notice" => "Info",
        "debug" | "trace" => "Debug",
        _ => return None,
    })
}

/// What is known of one token over many texts.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct TokenStats {
    /// Different values.
    pub distinct: u64,
    /// Values that are numbers.
    pub numbers: u64,
    /// Their sum.
    pub sum: f64,
    /// Values from 400 to 599.
    pub http_errors: u64,
}

impl TokenStats {
    /// As JSON, and back by [`TokenStats::of_json`].
    pub fn to_json(self) -> Json {
        json!([self.distinct, self.numbers, self.sum, self.http_errors])
    }

    /// One for each token of a pattern, from what [`gathered`] gave.
    pub fn of_json(json: &Json) -> Vec<TokenStats> {
        let one = |stats: &Json| TokenStats {
            distinct: stats[0].as_u64().unwrap_or(0),
            numbers: stats[1].as_u64().unwrap_or(0),
            sum: stats[2].as_f64().unwrap_or(0.0),
            http_errors: stats[3].as_u64().unwrap_or(0),
        };
        json.as_array().map(|all| all.iter().map(one).collect()).unwrap_or_default()
    }

    fn and(self, other: TokenStats) -> TokenStats {
        TokenStats {
            distinct: self.distinct + other.distinct,
            numbers: self.numbers + other.numbers,
            sum: self.sum + other.sum,
            http_errors: self.http_errors + other.http_errors,
        }
    }
}

/// The statistics of each token of texts of one skeleton, a list in JSON, from the lists of their tokens.
pub fn gathered(lists: &[Json]) -> Json {
    let mut all: Vec<(BTreeSet<&str>, TokenStats)> = vec![];
    for tokens in lists.iter().filter_map(Json::as_array) {
        if all.len() < tokens.len() {
            all.resize_with(tokens.len(), Default::default);
        }
        for ((values, stats), token) in all.iter_mut().zip(tokens) {
            let token = token.as_str().unwrap_or_default();
            if values.len() < DISTINCT_MAX {
                values.insert(token);
            }
            if let Some(number) = parse_number(token) {
                stats.numbers += 1;
                stats.sum += number.as_f64();
                stats.http_errors += u64::from((400.0..600.0).contains(&number.as_f64()));
            }
        }
    }
    let one = |(values, stats): (BTreeSet<&str>, TokenStats)| {
        TokenStats { distinct: values.len() as u64, ..stats }.to_json()
    };
    all.into_iter().map(one).collect()
}

/// A pattern and how often it came in each of two times.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    words: Vec<Word>,
    /// Events in the time asked for, and in the one it is compared with.
    pub counts: [u64; 2],
}

/// What stands between two blanks, with the statistics of its tokens in both times.
#[derive(Clone, Debug, PartialEq)]
struct Word {
    text: String,
    tokens: Vec<[TokenStats; 2]>,
}

impl Found {
    /// A pattern of one time, 0 or 1.
    pub fn new(skeleton: &str, time: usize, count: u64, tokens: &[TokenStats]) -> Found {
        let mut tokens = tokens.iter();
        let words = skeleton.split(' ').map(|text| {
            let marks = text.matches(MARK).count() / 2;
            let stats = (0..marks).map(|_| {
                let mut both = [TokenStats::default(); 2];
                both[time] = tokens.next().copied().unwrap_or_default();
                both
            });
            Word { text: text.to_owned(), tokens: stats.collect() }
        });
        let words = words.collect();
        let mut counts = [0; 2];
        counts[time] = count;
        Found { words, counts }
    }

    /// The words with the types of tokens.
    pub fn skeleton(&self) -> String {
        self.words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ")
    }

    /// The statistics of each token, in order and in both times.
    pub fn tokens(&self) -> impl Iterator<Item = [TokenStats; 2]> + '_ {
        self.words.iter().flat_map(|word| word.tokens.iter().copied())
    }

    /// Takes in another with as many words, of which that at `varied` may differ.
    fn take_in(&mut self, other: &Found, varied: Option<usize>) {
        for (at, (word, more)) in self.words.iter_mut().zip(&other.words).enumerate() {
            if Some(at) != varied {
                for (stats, more) in word.tokens.iter_mut().zip(&more.tokens) {
                    *stats = [stats[0].and(more[0]), stats[1].and(more[1])];
                }
            }
        }
        self.counts = [self.counts[0] + other.counts[0], self.counts[1] + other.counts[1]];
    }
}

/// Patterns that are the same as one, and those that differ in one word in at least [`VARIANTS_MIN`] ways as one with a
/// token there. A word of severity is never such a word.
pub fn merge(all: Vec<Found>) -> Vec<Found> {
    let mut patterns: BTreeMap<Vec<String>, Found> = BTreeMap::new();
    for found in all {
        add(&mut patterns, found);
    }
    let longest = patterns.keys().map(Vec::len).max().unwrap_or(0);
    for at in 0..longest {
        let mut alike: BTreeMap<Vec<String>, Vec<Vec<String>>> = BTreeMap::new();
        for words in patterns.keys().filter(|words| at < words.len() && may_vary(&words[at])) {
            let mut others = words.clone();
            others[at].clear();
            alike.entry(others).or_default().push(words.clone());
        }
        for variants in alike.into_values().filter(|variants| variants.len() >= VARIANTS_MIN) {
            let merged = variants.iter().filter_map(|words| patterns.remove(words));
            if let Some(one) = varied(merged.collect(), at) {
                add(&mut patterns, one);
            }
        }
    }
    patterns.into_values().collect()
}

fn add(patterns: &mut BTreeMap<Vec<String>, Found>, found: Found) {
    let words: Vec<String> = found.words.iter().map(|word| word.text.clone()).collect();
    match patterns.get_mut(&words) {
        Some(known) => known.take_in(&found, None),
        None => {
            patterns.insert(words, found);
        }
    }
}

fn may_vary(word: &str) -> bool {
    severity(word).is_none() && word != format!("{MARK}{TOKEN}{MARK}")
}

/// One pattern for several, with a token in the place of the word `at`.
fn varied(variants: Vec<Found>, at: usize) -> Option<Found> {
    let distinct = |time: usize| variants.iter().filter(|found| found.counts[time] > 0).count() as u64;
    let stats = |time: usize| TokenStats { distinct: distinct(time), ..TokenStats::default() };
    let word = Word { text: format!("{MARK}{TOKEN}{MARK}"), tokens: vec![[stats(0), stats(1)]] };
    let mut variants = variants.into_iter();
    let mut one = variants.next()?;
    variants.for_each(|other| one.take_in(&other, Some(at)));
    one.words[at] = word;
    Some(one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, pattern: &str) {
        assert_eq!(shown(&skeleton(text)), pattern);
    }

    /// The first three are the example of the user guide's "Pattern analysis".
    #[test]
    fn texts_of_one_structure_have_one_pattern() {
        for id in ["12342342k124-12345", "324892398123-12345", "3ff231242342-12345"] {
            check(
                &format!("2023-01-01 19:00:01 [INFO] Calling DynamoDB to store for resource id {id}"),
                "<Time-1> [INFO] Calling DynamoDB to store for resource id <ID-2>",
            );
        }
        check("[INFO] Request time: 327 ms", "[INFO] Request time: <Number-1> ms");
        check("took 327ms, then 1.5s.", "took <Number-1>ms, then <Number-2>s.");
        check("10.0.0.1:443 fe80::1 up", "<IP-1>:<Number-2> <IP-3> up");
        check("id=6f9619ff-8b86-d011-b42d-00cf4fc964ff", "id=<UUID-1>");
        check("eni-0a1b2c3d4e5f67890 in us-east-1: v2", "<ID-1> in us-east-1: v2");
        check("[10/May/2015:20:01:16 +0200] GET /a/7", "[<Time-1>] GET /a/<Number-2>");
        check("at 12:00:01,5 it is \u{1} x", "at <Time-1> it is   x");
    }

    #[test]
    fn words_that_vary_are_tokens_unless_they_tell_severity() {
        let found = |text: &str| Found::new(&skeleton(text), 0, 1, &[TokenStats::default()]);
        let users = ["ann", "bob", "eve", "joe"].map(|user| found(&format!("user {user} took 7 s")));
        let levels = ["ERROR", "WARN", "INFO", "DEBUG"].map(|level| found(&format!("{level} x")));
        let merged = merge(users.into_iter().chain(levels).collect());
        let texts: Vec<_> = merged.iter().map(|found| (shown(&found.skeleton()), found.counts[0])).collect();
        let one = |text: &str, count| (text.to_owned(), count);
        let expected = [one("DEBUG x", 1), one("ERROR x", 1), one("INFO x", 1), one("WARN x", 1)];
        assert_eq!(texts[..4], expected);
        assert_eq!(texts[4..], [one("user <Token-1> took <Number-2> s", 4)]);
        assert_eq!(merged[4].tokens().next().map(|stats| stats[0].distinct), Some(4));
    }

    #[test]
    fn severity_is_told_by_the_first_word_of_it() {
        assert_eq!(severity("[ERROR] no info"), Some("Error"));
        assert_eq!(severity("warning: x"), Some("Warning"));
        assert_eq!(severity("terrors"), None);
    }
}
