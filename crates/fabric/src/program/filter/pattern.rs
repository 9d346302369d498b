//! Regular expressions of POSIX, basic and extended, with the additions of GNU (`\+`, `\?`, `\|`, `\w`, `\b` and the like).
//!
//! A pattern is rewritten for the crates that match it. Where it matches is the leftmost place, and there the longest text:
//! the one crate finds the place, the other the length. References back are not simulated, and refused by name.
//! Source: POSIX.1-2017, Base Definitions, chapter 9.

use super::SLOW_BYTES;
use regex::{Regex, RegexBuilder};
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::nfa::thompson;
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input, MatchKind};
use std::iter::Peekable;
use std::ops::Range;
use std::str::Chars;

/// The longest line that is matched, and the most memory for a pattern: together they bound how long a match takes.
const LINE_BYTES_MAX: usize = 16 * 1024;
const PATTERN_BYTES_MAX: usize = 16 * 1024;
/// The longest text of a pattern, and how many a filter has.
const TEXT_BYTES_MAX: usize = 2 * 1024;
pub(super) const PATTERNS_MAX: usize = 16;
/// Memory for what a pattern has met in lines.
const CACHE_BYTES: usize = 256 * 1024;
/// How deep parentheses may stand in each other.
const DEPTH_MAX: u32 = 50;

/// How a pattern is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Syntax {
    Basic,
    Extended,
    /// All letters stand for themselves.
    Fixed,
}

/// A pattern.
pub(in super::super) struct Pattern {
    regex: Regex,
    /// The pattern as all of a text.
    whole: Regex,
    longest: DFA,
    cache: Cache,
    searched: usize,
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// It is none, too long, or not simulated: GNU's message.
    pub(in super::super) fn new(text: &str, syntax: Syntax, ignores_case: bool) -> Result<Pattern, String> {
        let too_big = || "Regular expression too big".to_owned();
        if text.len() > TEXT_BYTES_MAX {
            return Err(too_big());
        }
        let text = match syntax {
            Syntax::Fixed => regex::escape(text),
            syntax => rewritten(text, syntax == Syntax::Extended)?,
        };
        let build = |text: &str| {
            let mut builder = RegexBuilder::new(text);
            builder.case_insensitive(ignores_case).size_limit(PATTERN_BYTES_MAX).dfa_size_limit(CACHE_BYTES);
            builder.build().map_err(|_| too_big())
        };
        let config = DFA::config().match_kind(MatchKind::All).cache_capacity(CACHE_BYTES);
        let thompson = thompson::Config::new().nfa_size_limit(Some(PATTERN_BYTES_MAX));
        let longest = DFA::builder()
            .configure(config.skip_cache_capacity_check(true))
            .thompson(thompson)
            .syntax(syntax::Config::new().case_insensitive(ignores_case))
            .build(&text)
            .map_err(|_| too_big())?;
        let cache = longest.create_cache();
        Ok(Pattern {
            regex: build(&text)?,
            whole: build(&format!(r"\A(?:{text})\z"))?,
            longest,
            cache,
            searched: 0,
        })
    }

    /// Whether a line has a match, or is one if `is_whole`.
    ///
    /// # Errors
    /// The line is too long.
    pub(super) fn is_in(&mut self, line: &str, is_whole: bool) -> Result<bool, String> {
        fits(line)?;
        self.searched += line.len() + 1;
        let regex = if is_whole { &self.whole } else { &self.regex };
        Ok(regex.is_match(line))
    }

    /// Where the first match from `from` on is.
    ///
    /// # Errors
    /// The line is too long.
    pub(in super::super) fn find(&mut self, line: &str, from: usize) -> Result<Option<Range<usize>>, String> {
        fits(line)?;
        self.searched += line.len() + 1 - from.min(line.len());
        let Some(found) = self.regex.find_at(line, from) else { return Ok(None) };
        let input = Input::new(line).range(found.start()..).anchored(Anchored::Yes);
        let end = self.longest.try_search_fwd(&mut self.cache, &input).ok().flatten();
        Ok(Some(found.start()..end.map_or(found.end(), |end| end.offset())))
    }

    /// The groups of a match, the whole one first.
    pub(in super::super) fn groups<'a>(&mut self, line: &'a str, found: &Range<usize>) -> Vec<&'a str> {
        self.searched += found.len();
        let captures = self.whole.captures(&line[found.clone()]);
        let captures = captures.or_else(|| {
            self.searched += line.len() - found.start;
            self.regex.captures_at(line, found.start)
        });
        let groups = captures.iter().flat_map(|captures| captures.iter());
        groups.map(|group| group.map_or("", |group| group.as_str())).collect()
    }

    /// How many bytes have been searched for it since that was asked last, at the most.
    pub(super) fn searched(&mut self) -> usize {
        std::mem::take(&mut self.searched)
    }

    /// How many groups it has, the whole match counted.
    pub(super) fn group_count(&self) -> usize {
        self.regex.captures_len()
    }
}

/// Whether so much has been searched for patterns that others have their turn.
pub(super) fn are_spent<'a>(patterns: impl IntoIterator<Item = &'a Pattern>) -> bool {
    patterns.into_iter().map(|pattern| pattern.searched).sum::<usize>() >= SLOW_BYTES
}

fn fits(line: &str) -> Result<(), String> {
    match line.len() {
        ..=LINE_BYTES_MAX => Ok(()),
        _ => Err(format!("a line of more than {LINE_BYTES_MAX} bytes: not simulated by weir")),
    }
}

/// A pattern in the syntax of the crates.
fn rewritten(text: &str, is_extended: bool) -> Result<String, String> {
    let mut rewriter = Rewriter {
        letters: text.chars().peekable(),
        is_extended,
        out: String::new(),
        groups: Vec::new(),
        atom: None,
    };
    while let Some(letter) = rewriter.letters.next() {
        rewriter.letter(letter)?;
    }
    if rewriter.groups.is_empty() { Ok(rewriter.out) } else { Err(UNMATCHED_OPEN.to_owned()) }
}

const UNMATCHED_OPEN: &str = r"Unmatched ( or \(";
const UNMATCHED_CLOSE: &str = r"Unmatched ) or \)";
const UNMATCHED_BRACKET: &str = "Unmatched [, [^, [:, [., or [=";

struct Rewriter<'a> {
    letters: Peekable<Chars<'a>>,
    is_extended: bool,
    out: String,
    /// Where the groups begin that have not ended.
    groups: Vec<usize>,
    /// Where in `out` what a repetition repeats begins, if there is something, and whether it is repeated already.
    atom: Option<(usize, bool)>,
}

impl Rewriter<'_> {
    fn letter(&mut self, letter: char) -> Result<(), String> {
        match letter {
            '\\' => self.escaped(),
            '[' => self.bracket(),
            '.' => self.push_atom("."),
            '^' if self.is_extended || self.atom.is_none() && self.is_begin() => self.anchor("^"),
            '$' if self.is_extended || self.is_before_end() => self.anchor("$"),
            '*' if self.atom.is_some() => self.repeat("*"),
            '(' | ')' | '{' | '+' | '?' | '|' if self.is_extended => self.sign(letter),
            letter => self.push_atom(&regex::escape(&letter.to_string())),
        }
    }

    /// Whether a branch begins here.
    fn is_begin(&self) -> bool {
        self.out.is_empty()
            || self.out.ends_with('(') && !self.out.ends_with(r"\(")
            || self.out.ends_with('|') && !self.out.ends_with(r"\|")
    }

    /// Whether a branch of a basic pattern ends here.
    fn is_before_end(&self) -> bool {
        let mut rest = self.letters.clone();
        match (rest.next(), rest.next()) {
            (None, _) => true,
            (Some('\\'), Some(letter)) => matches!(letter, ')' | '|'),
            _ => false,
        }
    }

    /// What is special without a backslash in an extended pattern, and with one in a basic pattern.
    fn sign(&mut self, sign: char) -> Result<(), String> {
        match sign {
            '(' if self.groups.len() >= DEPTH_MAX as usize => {
                return Err("Regular expression too big".to_owned());
            }
            '(' => {
                self.groups.push(self.out.len());
                self.out.push('(');
                self.atom = None;
            }
            ')' => {
                let begin = self.groups.pop().ok_or(UNMATCHED_CLOSE)?;
                self.out.push(')');
                self.atom = Some((begin, false));
            }
            '|' => {
                self.out.push('|');
                self.atom = None;
            }
            '{' => return self.interval(),
            // GNU takes a repetition of nothing for a letter.
            sign if self.atom.is_none() => return self.push_atom(&regex::escape(&sign.to_string())),
            sign => return self.repeat(&sign.to_string()),
        }
        Ok(())
    }

    fn escaped(&mut self) -> Result<(), String> {
        let Some(letter) = self.letters.next() else { return Err("Trailing backslash".to_owned()) };
        match letter {
            '(' | ')' | '{' | '+' | '?' | '|' if !self.is_extended => self.sign(letter),
            '1'..='9' => Err(format!("\\{letter}: not simulated by weir")),
            'w' => self.push_atom("[A-Za-z0-9_]"),
            'W' => self.push_atom("[^A-Za-z0-9_]"),
            's' => self.push_atom(r"[ \t\n\r\x0B\x0C]"),
            'S' => self.push_atom(r"[^ \t\n\r\x0B\x0C]"),
            'b' => self.anchor(r"(?-u:\b)"),
            'B' => self.anchor(r"(?-u:\B)"),
            '<' => self.anchor(r"(?-u:\b{start})"),
            '>' => self.anchor(r"(?-u:\b{end})"),
            letter => self.push_atom(&regex::escape(&letter.to_string())),
        }
    }

    fn push_atom(&mut self, text: &str) -> Result<(), String> {
        self.atom = Some((self.out.len(), false));
        self.out.push_str(text);
        Ok(())
    }

    fn anchor(&mut self, text: &str) -> Result<(), String> {
        self.out.push_str(text);
        self.atom = None;
        Ok(())
    }

    /// Repeats what is there; what is repeated already becomes a group, as a second sign would mean something else.
    fn repeat(&mut self, sign: &str) -> Result<(), String> {
        let Some((begin, is_repeated)) = self.atom else { return Ok(()) };
        if is_repeated {
            self.out.insert_str(begin, "(?:");
            self.out.push(')');
        }
        self.out.push_str(sign);
        self.atom = Some((begin, true));
        Ok(())
    }

    /// `{N}`, `{N,}` or `{N,M}`, whose brace has been read.
    fn interval(&mut self) -> Result<(), String> {
        let mut rest = self.letters.clone();
        let inside: String = rest.by_ref().take_while(|letter| *letter != '}').collect();
        let is_closed = self.letters.clone().any(|letter| letter == '}');
        let counts = if self.is_extended { Some(inside.as_str()) } else { inside.strip_suffix('\\') };
        let (least, most) = counts.map_or(("", None), |counts| match counts.split_once(',') {
            Some((least, most)) => (least, Some(most)),
            None => (counts, None),
        });
        let number = |digits: &str| digits.parse::<u32>().ok();
        let is_number =
            number(least).is_some() && most.is_none_or(|most| most.is_empty() || number(most).is_some());
        match (is_closed && is_number, self.atom.is_some()) {
            (true, true) => {}
            // GNU takes a brace that begins no interval for a letter.
            _ if self.is_extended => return self.push_atom(r"\{"),
            (false, _) => return Err(r"Invalid content of \{\}".to_owned()),
            (true, false) => return Err("Invalid preceding regular expression".to_owned()),
        }
        if most.and_then(number).is_some_and(|most| number(least).is_some_and(|least| least > most)) {
            return Err(r"Invalid content of \{\}".to_owned());
        }
        self.letters = rest;
        let counts = counts.unwrap_or_default().to_owned();
        self.repeat(&format!("{{{counts}}}"))
    }

    /// A bracket expression, whose bracket has been read. A backslash in it stands for itself.
    fn bracket(&mut self) -> Result<(), String> {
        let mut class = String::from(if self.letters.next_if_eq(&'^').is_some() { "[^" } else { "[" });
        let mut is_first = true;
        loop {
            let letter = self.letters.next().ok_or(UNMATCHED_BRACKET)?;
            match (letter, self.letters.peek()) {
                (']', _) if !is_first => break,
                ('[', Some(':')) => {
                    self.letters.next();
                    let name: String =
                        std::iter::from_fn(|| self.letters.next_if(char::is_ascii_alphabetic)).collect();
                    let is_end = self.letters.next() == Some(':') && self.letters.next() == Some(']');
                    if !is_end {
                        return Err(UNMATCHED_BRACKET.to_owned());
                    }
                    if !CLASSES.contains(&name.as_str()) {
                        return Err("Invalid character class name".to_owned());
                    }
                    class += &format!("[:{name}:]");
                }
                ('[', Some(sign @ ('.' | '='))) => return Err(format!("[{sign}: not simulated by weir")),
                (first, Some('-')) => {
                    self.letters.next();
                    match self.letters.next_if(|last| *last != ']') {
                        None => class += &format!("{}\\-", in_class(first)),
                        Some(last) if first > last => return Err("Invalid range end".to_owned()),
                        Some(last) => class += &format!("{}-{}", in_class(first), in_class(last)),
                    }
                }
                (letter, _) => class += &in_class(letter),
            }
            is_first = false;
        }
        class.push(']');
        self.push_atom(&class)
    }
}

/// The classes that POSIX names.
const CLASSES: [&str; 12] = [
    "alnum", "alpha", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper",
    "xdigit",
];

/// A letter as it stands in a class.
fn in_class(letter: char) -> String {
    format!("\\x{{{:x}}}", u32::from(letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first match in `line`, or what is wrong with the pattern.
    #[track_caller]
    fn check(text: &str, syntax: Syntax, line: &str, expected: &str) {
        let found = Pattern::new(text, syntax, false).and_then(|mut pattern| pattern.find(line, 0));
        let shown = match found {
            Ok(Some(found)) => line[found].to_owned(),
            Ok(None) => "none".to_owned(),
            Err(message) => message,
        };
        assert_eq!(shown, expected, "{text} in {line}");
    }

    // POSIX.1-2017, Base Definitions, 9.3; `grep -o` of GNU grep 3.8 prints the same.
    #[test]
    fn basic_patterns_have_their_signs_behind_backslashes() {
        let basic = |text, line, expected| check(text, Syntax::Basic, line, expected);
        basic("a.c", "xabc", "abc");
        basic("a*b", "caaab", "aaab");
        basic("*a", "b*a", "*a");
        basic("a+b?", "aab a+b?", "a+b?");
        basic(r"a\+b\?", "aab", "aab");
        basic(r"\(ab\)\{2\}", "abababx", "abab");
        basic(r"a\{1,\}", "xaaa", "aaa");
        basic("^a$", "a", "a");
        basic("a^b$c", "a^b$c", "a^b$c");
        basic(r"\(^a\)", "a", "a");
        basic(r"\(a$\)", "ba", "a");
        basic(r"x\|yz", "ayz", "yz");
        basic(r"\.", "a.b", ".");
        basic("[]a]*", "]a]b", "]a]");
        basic("[^]]", "]x", "x");
        basic(r"[\.]*", r"\.\x", r"\.\");
        basic("[[:digit:]a-c-]*", "1b-x", "1b-");
        basic(r"\<b\w*", "ab bc", "bc");
        basic("a**", "aa", "aa");
        basic("(a)", "(a)", "(a)");
    }

    #[test]
    fn extended_patterns_have_them_without() {
        let extended = |text, line, expected| check(text, Syntax::Extended, line, expected);
        extended("(ab)+c?", "xababc", "ababc");
        extended("a{2}", "aaa", "aa");
        extended("a{,x}", "a{,x}", "a{,x}");
        extended("[0-9]+(\\.[0-9]+){3}", "at 10.1.0.4:", "10.1.0.4");
        extended("(^| )a", "b a", " a");
        extended("a+?", "aa", "aa");
        extended("\\(x\\)", "(x)", "(x)");
        check("a.c*", Syntax::Fixed, "abc a.c*", "a.c*");
    }

    // POSIX.1-2017, Base Definitions, 9.1: "the longest of the leftmost matches".
    #[test]
    fn the_leftmost_longest_match_is_found() {
        let extended = |text, line, expected| check(text, Syntax::Extended, line, expected);
        extended("ab|abcd", "xabcd", "abcd");
        extended("(a|ab)(c|bcd)(d*)", "abcd", "abcd");
        extended("a?(ab)?", "ab", "ab");
        extended("b|a", "ab", "a");
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        let basic = |text, expected| check(text, Syntax::Basic, "", expected);
        basic(r"\(a", r"Unmatched ( or \(");
        basic(r"a\)", r"Unmatched ) or \)");
        basic("[a", "Unmatched [, [^, [:, [., or [=");
        basic("[[:foo:]]", "Invalid character class name");
        basic("[b-a]", "Invalid range end");
        basic("a\\", "Trailing backslash");
        basic(r"a\{x\}", r"Invalid content of \{\}");
        basic(r"a\{2,1\}", r"Invalid content of \{\}");
        basic(r"\(a\)\1", r"\1: not simulated by weir");
        basic("[[.a.]]", "[.: not simulated by weir");
        let nested = r"\(\(\(a\{9\}\)\{9\}\)\{9\}\)\{99\}";
        basic(nested, "Regular expression too big");
        for long in [r"\(".repeat(51), "a".repeat(2049)] {
            check(&long, Syntax::Basic, "", "Regular expression too big");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_pattern_panics(text in "([\\]ab^$.*+?|(){},1-9\\\\\\[:-]|\\[:alpha:\\]|é){0,20}", line in "[ab1é]{0,8}") {
            for syntax in [Syntax::Basic, Syntax::Extended, Syntax::Fixed] {
                if let Ok(mut pattern) = Pattern::new(&text, syntax, true)
                    && let Ok(Some(found)) = pattern.find(&line, 0)
                {
                    pattern.groups(&line, &found);
                }
            }
        }
    }
}
