//! Patterns of the shell: `*`, `?` and brackets; a backslash takes a letter's meaning away.
//!
//! Source: POSIX.1-2017, Shell Command Language, section 2.13 (Pattern Matching Notation). Collating symbols and equivalence
//! classes (`[.`, `[=`) stand for their letters.

use super::super::filter::CLASSES;

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

    proptest::proptest! {
        #[test]
        fn no_pattern_panics(pattern in "([*?a!^\\[\\]\\\\:-]|\\[:alpha:\\]){0,12}", text in "[a*\\[\\]-]{0,6}") {
            let _ = check(&pattern, &text);
        }
    }
}
