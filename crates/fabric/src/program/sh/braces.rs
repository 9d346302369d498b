//! Words with braces, which stand for several: `{a,b}` and `{1..5}`.
//!
//! Source: bash(1) 5.2, Brace Expansion.

use super::expand::Stop;
use super::word::{Part, Word, push};

/// How deep braces may stand in each other, and how many a word may have.
const DEPTH_MAX: usize = 16;
const GROUPS_MAX: usize = 64;

/// Numbers, or letters, from one to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Steps {
    from: i64,
    to: i64,
    /// More than 0.
    by: u64,
    /// How wide numbers are, with zeros before them.
    width: usize,
    are_letters: bool,
}

impl Steps {
    /// The steps that `FROM..TO` or `FROM..TO..BY` means, if it means some.
    fn of(text: &str) -> Option<Steps> {
        let mut parts = text.split("..");
        let (from, to) = (parts.next()?, parts.next()?);
        let by = parts.next().map_or(Some(1), |by| by.parse::<i64>().ok())?;
        if parts.next().is_some() {
            return None;
        }
        let by = by.unsigned_abs().max(1);
        if let (Ok(first), Ok(last)) = (from.parse(), to.parse()) {
            let is_padded = |text: &str| {
                let digits = text.trim_start_matches(['-', '+']);
                digits.len() > 1 && digits.starts_with('0')
            };
            let width = if is_padded(from) || is_padded(to) { from.len().max(to.len()) } else { 0 };
            return Some(Steps { from: first, to: last, by, width, are_letters: false });
        }
        let letter = |text: &str| match text.as_bytes() {
            [letter] if letter.is_ascii_alphabetic() => Some(i64::from(*letter)),
            _ => None,
        };
        Some(Steps { from: letter(from)?, to: letter(to)?, by, width: 0, are_letters: true })
    }

    /// Each step, in order.
    fn texts(&self) -> impl Iterator<Item = String> {
        let is_up = self.from <= self.to;
        let mut next = Some(self.from);
        std::iter::from_fn(move || {
            let value = next.filter(|value| if is_up { *value <= self.to } else { *value >= self.to })?;
            next =
                if is_up { value.checked_add_unsigned(self.by) } else { value.checked_sub_unsigned(self.by) };
            Some(match u8::try_from(value) {
                Ok(letter) if self.are_letters => char::from(letter).to_string(),
                _ => format!("{value:0width$}", width = self.width),
            })
        })
    }
}

/// The braces of a word that have not been closed, the innermost last.
#[derive(Default)]
pub(super) struct Groups {
    open: Vec<Group>,
    /// How many there have been.
    count: usize,
}

/// What stands before a brace, and between it and the commas behind it.
struct Group {
    before: Word,
    items: Vec<Word>,
}

impl Groups {
    /// Whether one more would be one too many.
    pub(super) fn are_too_deep(&self) -> bool {
        self.open.len() >= DEPTH_MAX || self.count >= GROUPS_MAX
    }

    /// Takes the next letter of `word`, if it is one that means something; `word` goes on behind it.
    pub(super) fn take(&mut self, letter: char, word: &mut Word) -> bool {
        match letter {
            '{' => {
                self.count += 1;
                self.open.push(Group { before: std::mem::take(word), items: Vec::new() });
            }
            ',' => match self.open.last_mut() {
                Some(group) => group.items.push(std::mem::take(word)),
                None => return false,
            },
            '}' => match self.open.pop() {
                Some(group) => *word = group.closed(std::mem::take(word)),
                None => return false,
            },
            _ => return false,
        }
        true
    }

    /// Ends the word: braces that are not closed stand for themselves.
    pub(super) fn end(mut self, word: &mut Word) {
        while let Some(group) = self.open.pop() {
            *word = group.literal(std::mem::take(word));
        }
    }
}

impl Group {
    /// What it is with its last item.
    fn closed(mut self, last: Word) -> Word {
        let steps = match last.as_slice() {
            [Part::Text(text)] if self.items.is_empty() => Steps::of(text),
            _ => None,
        };
        if self.items.is_empty() && steps.is_none() {
            let mut word = self.literal(last);
            push(&mut word, '}');
            return word;
        }
        self.items.push(last);
        self.before.push(steps.map_or(Part::Braces(self.items), Part::Steps));
        self.before
    }

    /// What it is if its brace stands for itself.
    fn literal(self, last: Word) -> Word {
        let mut word = self.before;
        push(&mut word, '{');
        for item in self.items {
            join(&mut word, item);
            push(&mut word, ',');
        }
        join(&mut word, last);
        word
    }
}

/// Appends parts to a word; text goes on in the text before it.
fn join(word: &mut Word, parts: Word) {
    for part in parts {
        match part {
            Part::Text(text) => text.chars().for_each(|letter| push(word, letter)),
            part => word.push(part),
        }
    }
}

/// Whether a word stands for several.
pub(super) fn has_braces(word: &Word) -> bool {
    word.iter().any(|part| matches!(part, Part::Braces(_) | Part::Steps(_)))
}

/// Gives each of the words that a word stands for to `each`, in order.
///
/// # Errors
/// What `each` refuses.
pub(super) fn each_word(word: &Word, each: &mut dyn FnMut(&Word) -> Result<(), Stop>) -> Result<(), Stop> {
    each_with(&mut Word::new(), &[word], each)
}

/// The same of parts that stand behind some that are known, and of those behind them.
fn each_with(
    known: &mut Word,
    rest: &[&[Part]],
    each: &mut dyn FnMut(&Word) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let length = known.len();
    let Some((first, behind)) = rest.split_first() else { return each(known) };
    let plain = first.iter().take_while(|part| !matches!(part, Part::Braces(_) | Part::Steps(_))).count();
    known.extend_from_slice(&first[..plain]);
    match first.get(plain) {
        None => each_with(known, behind, each)?,
        Some(Part::Steps(steps)) => {
            for text in steps.texts() {
                known.push(Part::Text(text));
                each_with(known, &[&[&first[plain + 1..]], behind].concat(), each)?;
                known.pop();
            }
        }
        Some(Part::Braces(words)) => {
            for word in words {
                each_with(known, &[&[word, &first[plain + 1..]], behind].concat(), each)?;
                known.truncate(length + plain);
            }
        }
        Some(_) => {}
    }
    known.truncate(length);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::script::{Body, parse};
    use super::*;

    /// The words that the arguments of a command stand for, with bars between.
    fn shown(line: &str) -> String {
        let commands = parse(line, 1).unwrap_or_else(|error| panic!("{}", error.message));
        let Body::Simple(words) = &commands[0].body else { panic!("{line}") };
        let mut found = Vec::new();
        for word in &words[1..] {
            let taken = each_word(word, &mut |word| {
                let text = |part: &Part| match part {
                    Part::Text(text) | Part::Quoted(text) => text.clone(),
                    Part::Variable { name, .. } => format!("<{name}>"),
                    other => format!("{other:?}"),
                };
                found.push(word.iter().map(text).collect::<String>());
                Ok(())
            });
            assert_eq!(taken, Ok(()));
        }
        found.join("|")
    }

    // As bash 5.2 has them.
    #[test]
    fn braces_stand_for_words_in_their_order() {
        let rows = [
            ("{a,b}{1,2} x{,y}z", "a1|a2|b1|b2|xz|xyz"),
            ("{1..5} {5..1..2} {-1..1} {1..10..-4}", "1|2|3|4|5|5|3|1|-1|0|1|1|5|9"),
            ("{01..10..4} {1..03} {-01..1}", "01|05|09|01|02|03|-01|000|001"),
            ("{a..e} {e..a..2} {Y..b..4}", "a|b|c|d|e|e|c|a|Y|]|a"),
            ("{a,{b,c}d}e", "ae|bde|cde"),
            ("{a,b {} {a} {1..} {1..b} {1..2..3..4} a,b}", "{a,b|{}|{a}|{1..}|{1..b}|{1..2..3..4}|a,b}"),
            ("\"{a,b}\" {\"a b\",c} {a\\,b,c} \\{a,b}", "{a,b}|a b|c|a,b|c|{a,b}"),
            ("{a,{b,c} {a,b}} {{a,b}", "{a,b|{a,c|a}|b}|{a|{b"),
            ("${X}{1,2} {$X,y} pre{x}post{1,2}", "<X>1|<X>2|<X>|y|pre{x}post1|pre{x}post2"),
            ("{1..3}{a,b}", "1a|1b|2a|2b|3a|3b"),
            ("{9223372036854775806..9223372036854775807}", "9223372036854775806|9223372036854775807"),
        ];
        for (words, expected) in rows {
            assert_eq!(shown(&format!("echo {words}")), expected, "{words}");
        }
    }

    #[test]
    fn so_many_braces_stand_in_a_word() {
        let deep = |count: usize| parse(&format!("echo {}a{}", "{".repeat(count), ",b}".repeat(count)), 1);
        let many = |count: usize| parse(&format!("echo {}", "{a,b}".repeat(count)), 1);
        assert!(deep(16).is_ok() && many(64).is_ok());
        for refused in [deep(17), many(65)] {
            assert!(refused.is_err_and(|error| error.message.contains("too deep")));
        }
    }
}
