//! Patterns of the shell: `*`, `?` and brackets; a backslash takes a letter's meaning away.
//!
//! Source: POSIX.1-2017, Shell Command Language, section 2.13 (Pattern Matching Notation). Collating symbols and equivalence
//! classes (`[.`, `[=`) stand for their letters.

use super::super::filter::CLASSES;
use super::change::Place;

/// How often letters may be compared with parts of patterns, and with what brackets hold, for one command: some milliseconds.
const COMPARED_MAX: usize = 1 << 22;

/// How much is left to compare.
pub(super) struct Effort {
    left: usize,
}

impl Effort {
    /// All that a command may.
    pub(super) fn all() -> Effort {
        Effort { left: COMPARED_MAX }
    }

    /// How many comparisons there were.
    pub(super) fn spent(&self) -> usize {
        COMPARED_MAX - self.left
    }

    /// Takes so many comparisons; `None` if they are not left.
    fn take(&mut self, count: usize) -> Option<()> {
        let left = self.left.checked_sub(count);
        self.left = left.unwrap_or(0);
        left.map(drop)
    }
}

/// A part of a pattern.
enum Piece {
    /// `*`
    Any,
    /// `?`
    One,
    Letter(char),
    Bracket {
        is_not: bool,
        items: Vec<Item>,
    },
}

/// What a bracket holds.
enum Item {
    Range(char, char),
    Class(fn(&char) -> bool),
}

impl Piece {
    /// Whether it stands for a letter; `None` if that is too much to compare.
    fn holds(&self, letter: char, effort: &mut Effort) -> Option<bool> {
        effort.take(1)?;
        Some(match self {
            Piece::Any => false,
            Piece::One => true,
            Piece::Letter(own) => *own == letter,
            Piece::Bracket { is_not, items } => {
                effort.take(items.len())?;
                let is_in = items.iter().any(|item| match item {
                    Item::Range(first, last) => (*first..=*last).contains(&letter),
                    Item::Class(class) => class(&letter),
                });
                is_in != *is_not
            }
        })
    }
}

/// A pattern.
pub(super) struct Glob {
    pieces: Vec<Piece>,
}

/// What stands for a match: texts, and the match itself between them.
pub(super) type Replacement = Vec<Option<String>>;

impl Glob {
    /// Reads a pattern; any text is one.
    pub(super) fn new(pattern: &str) -> Glob {
        Glob { pieces: pieces(pattern) }
    }

    /// A value without what the pattern stands for at its beginning; `None` if that is too much to compare.
    pub(super) fn without_beginning(
        &self,
        value: &str,
        is_longest: bool,
        effort: &mut Effort,
    ) -> Option<String> {
        let count = self.length(value.chars(), is_longest, effort)?.unwrap_or(0);
        Some(value.chars().skip(count).collect())
    }

    /// The same at its end.
    pub(super) fn without_end(&self, value: &str, is_longest: bool, effort: &mut Effort) -> Option<String> {
        let count = self.length_back(value, is_longest, effort)?.unwrap_or(0);
        let length = value.chars().count();
        Some(value.chars().take(length - count).collect())
    }

    /// A value with other text in some places, each the longest that the pattern stands for; `None` if that is too much to compare. It
    /// ends early if it has more than `most` bytes.
    pub(super) fn replaced(
        &self,
        value: &str,
        place: Place,
        with: &Replacement,
        most: usize,
        effort: &mut Effort,
    ) -> Option<String> {
        let letters: Vec<char> = value.chars().collect();
        let text = |range: std::ops::Range<usize>| letters[range].iter().collect::<String>();
        let write = |found: &str, made: &mut String| {
            with.iter().for_each(|part| made.push_str(part.as_deref().unwrap_or(found)));
        };
        let mut made = String::new();
        if place == Place::End {
            let Some(count) = self.length_back(value, true, effort)? else { return Some(value.to_owned()) };
            made = text(0..letters.len() - count);
            write(&text(letters.len() - count..letters.len()), &mut made);
            return Some(made);
        }
        let mut at = 0;
        while made.len() <= most {
            let found = self.length(letters[at..].iter().copied(), true, effort)?;
            // Nothing is found in the middle of a value, and in one that has nothing else.
            let found = found.filter(|count| *count > 0 || place == Place::Beginning || letters.is_empty());
            if let Some(count) = found {
                write(&text(at..at + count), &mut made);
                at += count;
            }
            if at == letters.len() || place == Place::Beginning || found.is_some() && place == Place::First {
                made.push_str(&text(at..letters.len()));
                return Some(made);
            }
            if found.is_none() {
                made.push(letters[at]);
                at += 1;
            }
        }
        Some(made)
    }

    /// How many of the last letters of a value it stands for.
    fn length_back(&self, value: &str, is_longest: bool, effort: &mut Effort) -> Option<Option<usize>> {
        let back: Vec<&Piece> = self.pieces.iter().rev().collect();
        length(&back, value.chars().rev(), is_longest, effort)
    }

    /// How many of the first letters it stands for.
    fn length(
        &self,
        letters: impl Iterator<Item = char>,
        is_longest: bool,
        effort: &mut Effort,
    ) -> Option<Option<usize>> {
        length(&self.pieces.iter().collect::<Vec<_>>(), letters, is_longest, effort)
    }
}

/// How many of the first letters pieces stand for together, the most or the least; `None` within if they stand for none that begin so,
/// and around it if that is too much to compare. Each letter is compared with those pieces that may come next.
fn length(
    pieces: &[&Piece],
    letters: impl Iterator<Item = char>,
    is_longest: bool,
    effort: &mut Effort,
) -> Option<Option<usize>> {
    effort.take(pieces.len())?;
    let (mut next, mut after) = (Places::new(pieces.len()), Places::new(pieces.len()));
    next.add(0, pieces);
    let mut found = next.has_end().then_some(0);
    for (count, letter) in (1..).zip(letters) {
        if next.list.is_empty() || found.is_some() && !is_longest {
            break;
        }
        for place in &next.list {
            match pieces.get(*place) {
                Some(Piece::Any) => {
                    effort.take(1)?;
                    after.add(*place, pieces);
                }
                Some(piece) if piece.holds(letter, effort)? => after.add(place + 1, pieces),
                _ => {}
            }
        }
        std::mem::swap(&mut next, &mut after);
        after.clear();
        found = if next.has_end() { Some(count) } else { found };
    }
    Some(found)
}

/// Which pieces may come next; the number behind the last is the end.
struct Places {
    list: Vec<usize>,
    are_in: Vec<bool>,
}

impl Places {
    fn new(count: usize) -> Places {
        Places { list: Vec::new(), are_in: vec![false; count + 1] }
    }

    /// Adds a place, and those behind it that nothing need stand before.
    fn add(&mut self, mut place: usize, pieces: &[&Piece]) {
        while !self.are_in[place] {
            self.are_in[place] = true;
            self.list.push(place);
            if !matches!(pieces.get(place), Some(Piece::Any)) {
                return;
            }
            place += 1;
        }
    }

    fn has_end(&self) -> bool {
        self.are_in.last() == Some(&true)
    }

    fn clear(&mut self) {
        self.list.drain(..).for_each(|place| self.are_in[place] = false);
    }
}

/// A text as a pattern that stands for it alone.
pub(super) fn escaped(text: &str) -> String {
    text.chars().flat_map(|letter| ['\\', letter]).collect()
}

/// Whether a pattern stands for the whole of a text; `None` if that is too much to compare.
pub(super) fn matches(pattern: &str, text: &str, effort: &mut Effort) -> Option<bool> {
    let pieces = pieces(pattern);
    let letters: Vec<char> = text.chars().collect();
    let (mut piece, mut at) = (0, 0);
    // The last `*`, and where what it stands for ends.
    let mut star: Option<(usize, usize)> = None;
    while at < letters.len() {
        match pieces.get(piece) {
            Some(Piece::Any) => {
                star = Some((piece, at));
                piece += 1;
            }
            Some(own) if own.holds(letters[at], effort)? => (piece, at) = (piece + 1, at + 1),
            _ => match &mut star {
                Some((place, end)) => {
                    *end += 1;
                    (piece, at) = (*place + 1, *end);
                }
                None => return Some(false),
            },
        }
    }
    Some(pieces[piece..].iter().all(|piece| matches!(piece, Piece::Any)))
}

fn pieces(pattern: &str) -> Vec<Piece> {
    let (mut pieces, letters) = (Vec::new(), pattern.chars().collect::<Vec<char>>());
    let mut at = 0;
    while let Some(letter) = letters.get(at) {
        at += 1;
        pieces.push(match letter {
            '*' => Piece::Any,
            '?' => Piece::One,
            '\\' => {
                at += 1;
                Piece::Letter(letters.get(at - 1).copied().unwrap_or('\\'))
            }
            '[' => match bracket(&letters[at..]) {
                Some((bracket, length)) => {
                    at += length;
                    bracket
                }
                None => Piece::Letter('['),
            },
            letter => Piece::Letter(*letter),
        });
    }
    pieces
}

/// What a bracket that has been read holds, and how many letters that takes; `None` if it does not end.
fn bracket(letters: &[char]) -> Option<(Piece, usize)> {
    let is_not = matches!(letters.first(), Some('!' | '^'));
    let first = usize::from(is_not);
    let (mut items, mut at) = (Vec::new(), first);
    loop {
        match *letters.get(at)? {
            ']' if at > first => return Some((Piece::Bracket { is_not, items }, at + 1)),
            '[' if letters.get(at + 1) == Some(&':') => {
                let length = letters[at..].windows(2).position(|pair| pair == [':', ']'])? + 2;
                let name: String = letters[at..at + length].iter().collect();
                let class = CLASSES.iter().find(|(known, _)| *known == name);
                items.extend(class.map(|(_, class)| Item::Class(*class)));
                at += length;
            }
            _ => {
                let (begin, behind) = letter(letters, at)?;
                let has_end = letters.get(behind) == Some(&'-') && letters.get(behind + 1) != Some(&']');
                let (end, behind) = if has_end { letter(letters, behind + 1)? } else { (begin, behind) };
                items.push(Item::Range(begin, end));
                at = behind;
            }
        }
    }
}

/// The letter at a place of a bracket, perhaps behind a backslash, and the place behind it.
fn letter(letters: &[char], at: usize) -> Option<(char, usize)> {
    match letters.get(at)? {
        '\\' => Some((*letters.get(at + 1)?, at + 2)),
        letter => Some((*letter, at + 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, text: &str) -> Option<bool> {
        matches(pattern, text, &mut Effort::all())
    }

    // Each row is what bash 5.2 says in `case`; dash 0.5.12 the same, but that é is two letters to it.
    #[test]
    fn patterns_stand_for_whole_texts() {
        let rows = [
            ("", "", true),
            ("", "a", false),
            ("a*", "abc", true),
            ("*c", "abc", true),
            ("a*c*e", "abcde", true),
            ("a*c", "abcd", false),
            ("*b*b", "abab", true),
            ("**", "", true),
            ("a?c", "abc", true),
            ("?", "", false),
            ("?", "é", true),
            ("[abc]", "b", true),
            ("[!abc]", "b", false),
            ("[^abc]", "d", true),
            ("[a-c]x", "bx", true),
            ("[a-]", "-", true),
            ("[]a]", "]", true),
            ("[!]a]", "b", true),
            ("[[:digit:]]", "7", true),
            ("[![:space:]]", " ", false),
            ("[[:alpha:]_]", "_", true),
            ("[a", "[a", true),
            ("[", "[", true),
            ("\\*", "*", true),
            ("\\*", "a", false),
            ("[\\]]", "]", true),
            ("[b-a]", "a", false),
        ];
        for (pattern, text, expected) in rows {
            assert_eq!(check(pattern, text), Some(expected), "{pattern} and {text}");
            assert_eq!(check(&escaped(text), text), Some(true), "{text}");
        }
    }

    #[test]
    fn what_is_compared_is_bounded() {
        assert_eq!(check(&"*a".repeat(1 << 15), &"a".repeat(1 << 16)), Some(true));
        let long = "a".repeat(1 << 16);
        assert_eq!(check(&escaped(&long), &long), Some(true));
        assert_eq!(
            check(&format!("*{}b", "a".repeat(1 << 10)), &long),
            None,
            "each place of the text is tried"
        );
        assert_eq!(check(&format!("*[{long}]b"), &long), None, "each item of the bracket is looked at");
    }

    // As bash 5.2 has them.
    #[test]
    fn values_lose_what_patterns_stand_for() {
        let rows = [
            ("a*", "abab", "bab", ""),
            ("*b", "abab", "ab", ""),
            ("b*", "abab", "abab", "abab"),
            ("", "ab", "ab", "ab"),
            ("?", "é€", "€", "€"),
            ("*", "ab", "ab", ""),
            ("a*b*", "aabb", "b", ""),
        ];
        for (pattern, value, shortest, longest) in rows {
            let cut =
                |is_longest| Glob::new(pattern).without_beginning(value, is_longest, &mut Effort::all());
            assert_eq!(
                (cut(false).as_deref(), cut(true).as_deref()),
                (Some(shortest), Some(longest)),
                "{pattern}"
            );
        }
        let back = |pattern: &str, is_longest| {
            Glob::new(pattern).without_end("a.b.c", is_longest, &mut Effort::all())
        };
        assert_eq!(back(".*", false).as_deref(), Some("a.b"));
        assert_eq!(back(".*", true).as_deref(), Some("a"));
        assert_eq!(back("[a-b]", true).as_deref(), Some("a.b.c"));
        let long = "a".repeat(1 << 14);
        assert_eq!(Glob::new(&"*?".repeat(1 << 10)).without_end(&long, true, &mut Effort::all()), None);
    }

    // As bash 5.2 has them.
    #[test]
    fn values_have_other_text_in_places() {
        let check = |pattern: &str, value: &str, place, expected: &str| {
            let with = vec![Some("<".to_owned()), None, Some(">".to_owned())];
            let made = Glob::new(pattern).replaced(value, place, &with, usize::MAX, &mut Effort::all());
            assert_eq!(made.as_deref(), Some(expected), "{pattern} in {value}");
        };
        check("b", "abab", Place::First, "a<b>ab");
        check("b", "abab", Place::All, "a<b>a<b>");
        check("b*", "abab", Place::All, "a<bab>");
        check("[ab]", "abc", Place::All, "<a><b>c");
        check("x", "abab", Place::All, "abab");
        check("", "ab", Place::All, "ab");
        check("*", "", Place::All, "<>");
        check("a", "aba", Place::Beginning, "<a>ba");
        check("b", "aba", Place::Beginning, "aba");
        check("", "ab", Place::Beginning, "<>ab");
        check("a", "aba", Place::End, "ab<a>");
        check("", "ab", Place::End, "ab<>");
        check("*", "é", Place::First, "<é>");
        let twice = vec![None, None];
        let made = Glob::new("a").replaced(&"a".repeat(100), Place::All, &twice, 50, &mut Effort::all());
        assert_eq!(made.map(|made| made.len()), Some(52));
    }

    proptest::proptest! {
        #[test]
        fn a_pattern_stands_for_what_it_leaves_nothing_of(pattern in "[*?ab]{0,6}", text in "[ab]{0,6}") {
            let left = Glob::new(&pattern).without_beginning(&text, true, &mut Effort::all());
            let back = Glob::new(&pattern).without_end(&text, true, &mut Effort::all());
            let is_all = check(&pattern, &text) == Some(true);
            assert_eq!(left.as_deref() == Some(""), is_all || text.is_empty());
            assert_eq!(back.as_deref() == Some(""), is_all || text.is_empty());
        }

        #[test]
        fn no_pattern_panics(pattern in "([*?a!^\\[\\]\\\\:-]|\\[:alpha:\\]){0,12}", text in "[a*\\[\\]-]{0,6}") {
            let _ = check(&pattern, &text);
        }
    }
}
