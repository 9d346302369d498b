//! tr: letters for letters.
//!
//! Sets have letters of ASCII, ranges, classes and the escapes `\n`, `\t`, `\r` and `\\`.

use super::super::options::Arg;
use super::{Filter, Next, Wanted, Wrong, has, operands};
use crate::text::width;

/// tr(1): `-d` deletes, `-s` leaves one of those that follow each other, `-c` takes all that are not in the first set.
pub(super) fn tr<'a>(args: &[Arg<'a>]) -> Result<Wanted<'a>, Wrong> {
    let (deletes, squeezes) = (has(args, 'd'), has(args, 's'));
    let is_complement = has(args, 'c') || has(args, 'C');
    let sets = operands(args);
    let (first, second) = match (sets.as_slice(), deletes, squeezes) {
        ([], _, _) => return Err("missing operand".to_owned()),
        ([first], true, false) | ([first], false, true) => (*first, None),
        ([first, second], false, _) | ([first, second], true, true) => (*first, Some(*second)),
        ([first], ..) => {
            return Err(format!(
                "missing operand after '{first}'\nTwo strings must be given when translating."
            ));
        }
        ([_, second, ..], ..) => {
            let extra = sets.get(2).unwrap_or(second);
            return Err(format!("extra operand '{extra}'"));
        }
    };
    let (first, second) = (set(first)?, second.map(set).transpose()?);
    if !deletes && second.as_ref().is_some_and(Vec::is_empty) {
        return Err("when not truncating set1, string2 must be non-empty".to_owned());
    }
    if is_complement && !deletes && second.as_ref().is_some_and(|second| second.len() > 1) {
        return Err("-c with more than one letter to translate to: not simulated by weir".to_owned());
    }
    let first = Letters::new(&first, is_complement);
    let squeezed = match (&second, squeezes) {
        (_, false) => Letters::default(),
        (Some(second), true) => Letters::new(second, false),
        (None, true) => first.clone(),
    };
    let second = second.filter(|_| !deletes);
    Ok((Box::new(Tr { first, second, deletes, squeezed, last: None }), Vec::new()))
}

/// A class of letters by its name.
type Class = (&'static str, fn(&char) -> bool);

/// The classes of ASCII letters that sets and the shell's patterns name.
pub(in super::super) const CLASSES: [Class; 8] = [
    ("[:alnum:]", char::is_ascii_alphanumeric),
    ("[:alpha:]", char::is_ascii_alphabetic),
    ("[:blank:]", |letter| matches!(letter, ' ' | '\t')),
    ("[:digit:]", char::is_ascii_digit),
    ("[:lower:]", char::is_ascii_lowercase),
    ("[:punct:]", char::is_ascii_punctuation),
    ("[:space:]", |letter| matches!(letter, '\t'..='\r' | ' ')),
    ("[:upper:]", char::is_ascii_uppercase),
];

/// The letters of a set, in order.
fn set(text: &str) -> Result<Vec<char>, Wrong> {
    let (mut letters, mut rest) = (Vec::new(), text);
    while let Some(first) = letter(&mut rest, &mut letters)? {
        let mut after = rest.strip_prefix('-').filter(|after| !after.is_empty()).unwrap_or_default();
        if after.is_empty() {
            letters.push(first);
            continue;
        }
        let Some(last) = letter(&mut after, &mut Vec::new())? else { continue };
        if first > last {
            return Err(format!(
                "range-endpoints of '{first}-{last}' are in reverse collating sequence order"
            ));
        }
        letters.extend(first..=last);
        rest = after;
    }
    Ok(letters)
}

/// The next letter of a set; classes before it go into `letters`.
fn letter(rest: &mut &str, letters: &mut Vec<char>) -> Result<Option<char>, Wrong> {
    while let Some((class, holds)) = CLASSES.iter().find(|(class, _)| rest.starts_with(class)) {
        letters.extend(('\0'..='\x7f').filter(holds));
        *rest = &rest[class.len()..];
    }
    if let Some(end) = rest.find(":]").filter(|_| rest.starts_with("[:")) {
        return Err(format!("invalid character class '{}'", &rest[2..end]));
    }
    let mut read = rest.chars();
    let letter = match (read.next(), read.clone().next()) {
        (Some('\\'), Some(escaped)) => {
            read.next();
            match escaped {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                '\\' => '\\',
                other => return Err(format!("\\{other}: not simulated by weir")),
            }
        }
        (Some(letter), _) if letter.is_ascii() => letter,
        (Some(letter), _) => return Err(format!("{letter}: not simulated by weir")),
        (None, _) => return Ok(None),
    };
    *rest = read.as_str();
    Ok(Some(letter))
}

/// The letters of a set with their places, the last if one is there twice.
#[derive(Clone)]
struct Letters {
    places: [Option<usize>; 128],
    /// That of letters which are not of ASCII: in a complement they have one.
    other: Option<usize>,
}

impl Default for Letters {
    /// No letters.
    fn default() -> Letters {
        Letters { places: [None; 128], other: None }
    }
}

impl Letters {
    fn new(set: &[char], is_complement: bool) -> Letters {
        // What a complement is translated to is one letter: the places do not differ.
        let all = is_complement.then_some(0);
        let mut letters = Letters { places: [all; 128], other: all };
        for (place, letter) in set.iter().enumerate() {
            if let Some(known) = letters.places.get_mut(*letter as usize) {
                *known = if is_complement { None } else { Some(place) };
            }
        }
        letters
    }

    fn place(&self, letter: char) -> Option<usize> {
        self.places.get(letter as usize).copied().unwrap_or(self.other)
    }
}

struct Tr {
    first: Letters,
    /// What the first set is translated to.
    second: Option<Vec<char>>,
    deletes: bool,
    /// Of which of those that follow each other one is left.
    squeezed: Letters,
    /// The letter that was printed last.
    last: Option<char>,
}

impl Tr {
    /// What a letter becomes; nothing if it is deleted.
    fn becomes(&self, letter: char) -> Option<char> {
        match (self.first.place(letter), &self.second) {
            (Some(_), _) if self.deletes => None,
            (Some(place), Some(second)) => second.get(place).or(second.last()).copied(),
            _ => Some(letter),
        }
    }
}

impl Filter for Tr {
    fn take(&mut self, text: &str, out: &mut String) -> Next {
        for letter in text.chars() {
            let Some(becomes) = self.becomes(letter) else { continue };
            // tr takes bytes: of a letter with several each becomes one.
            let count = if becomes == letter { 1 } else { width(letter) };
            for _ in 0..count {
                if self.last != Some(becomes) || self.squeezed.place(becomes).is_none() {
                    out.push(becomes);
                }
                self.last = Some(becomes);
            }
        }
        Next::More
    }

    fn end(&mut self, _: &mut String) -> Next {
        Next::Exit(0)
    }

    fn takes_pieces(&self) -> bool {
        true
    }
}
