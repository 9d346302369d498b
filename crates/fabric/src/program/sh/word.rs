//! The words of a script: quotes, and what is to be expanded.
//!
//! Source: POSIX.1-2017, Shell Command Language, sections 2.2 (quoting), 2.3 (tokens), 2.5 (parameters), 2.6.2 (parameter
//! expansion), 2.6.3 (command substitution) and 2.6.4 (arithmetic expansion); bash(1) 5.2 for `$'…'`. Patterns of file names, `~`
//! and the shell's other parameters are not simulated: `~` stands for itself.

use super::super::print::of_c;
use super::braces::{Groups, Steps};
use super::change::Change;
use super::conditional::MATCH;
use super::script::{ENDS, End, List, Reader, SyntaxError, name};
use super::variables::is_not_simulated;
use crate::text::{joined, letter_of};

/// A word, in parts.
pub(super) type Word = Vec<Part>;

/// A part of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// What stands for itself.
    Text(String),
    /// What was written in quotes, or after a backslash: it stands for itself, and is there even if it is empty.
    Quoted(String),
    /// `$NAME`, or a parameter: a number, `@`, `*`, `#` or `?`.
    Variable { name: String, is_quoted: bool, change: Option<Change> },
    /// `$(…)` or backquotes: the output of these commands.
    Output { commands: List, is_quoted: bool },
    /// `$((…))`.
    Sum { word: Word, is_quoted: bool },
    /// `{A,B}`: a word for each.
    Braces(Vec<Word>),
    /// `{1..5}`: a word for each step.
    Steps(Steps),
}

impl Part {
    /// Whether it was written in quotes.
    pub(super) fn is_quoted(&self) -> bool {
        match self {
            Part::Text(_) | Part::Braces(_) | Part::Steps(_) => false,
            Part::Quoted(_) => true,
            Part::Variable { is_quoted, .. }
            | Part::Output { is_quoted, .. }
            | Part::Sum { is_quoted, .. } => *is_quoted,
        }
    }

    /// `"$@"`.
    pub(super) fn parameters() -> Part {
        Part::Variable { name: "@".to_owned(), is_quoted: true, change: None }
    }
}

impl Reader {
    /// A word: letters, parts in quotes, and what is to be expanded.
    pub(super) fn word(&mut self) -> Result<Word, SyntaxError> {
        self.any_word(Meaning::Word)
    }

    /// The same where braces are nothing special.
    pub(super) fn pattern(&mut self) -> Result<Word, SyntaxError> {
        self.any_word(Meaning::Pattern)
    }

    /// The same where a regular expression stands: `|` is a part of it, and so is what is in parentheses.
    pub(super) fn regular_expression(&mut self) -> Result<Word, SyntaxError> {
        self.any_word(Meaning::Regex { depth: 0 })
    }

    fn any_word(&mut self, mut meaning: Meaning) -> Result<Word, SyntaxError> {
        let (mut word, mut groups) = (Word::new(), Groups::default());
        let is_pattern = meaning != Meaning::Word;
        while let Some(letter) = self.peek().filter(|letter| meaning.takes(*letter)) {
            self.next();
            match letter {
                '\'' => {
                    let text = self.in_quotes()?;
                    word.push(Part::Quoted(text));
                }
                '"' => self.in_double_quotes(&mut word)?,
                '\\' => match self.next() {
                    Some('\n') => self.continued_at = self.at,
                    letter => word.push(Part::Quoted(letter.map(String::from).unwrap_or_default())),
                },
                '$' => self.dollar(&mut word, false)?,
                '`' => self.backquotes(&mut word, false)?,
                '{' if !is_pattern && groups.are_too_deep() => return Err(self.nested_too_deep()),
                letter if !is_pattern && groups.take(letter, &mut word) => {}
                letter => push(&mut word, letter),
            }
        }
        groups.end(&mut word);
        Ok(word)
    }

    /// What stands between single quotes, of which the first has been read.
    fn in_quotes(&mut self) -> Result<String, SyntaxError> {
        let (begin, mut text) = (self.line, String::new());
        loop {
            match self.next() {
                Some('\'') => return Ok(text),
                Some(letter) => text.push(letter),
                None => return Err(unclosed(begin, '\'')),
            }
        }
    }

    /// What stands between `$'` and a single quote, of which the first two have been read, with the escapes of C.
    fn in_c_quotes(&mut self) -> Result<String, SyntaxError> {
        let (begin, mut text) = (self.line, String::new());
        loop {
            match self.next() {
                Some('\'') => return Ok(joined(text)),
                Some('\\') => text.push_str(&self.escaped()),
                Some(letter) => text.push(letter),
                None => return Err(unclosed(begin, '\'')),
            }
        }
    }

    /// What a backslash, which has been read, and the letters behind it stand for (bash(1), QUOTING).
    fn escaped(&mut self) -> String {
        let Some(letter) = self.next() else { return "\\".to_owned() };
        let number = match letter {
            'x' => self.number(16, 2),
            'u' => self.number(16, 4),
            'U' => self.number(16, 8),
            '0'..='7' => {
                self.at -= 1;
                self.number(8, 3)
            }
            _ => None,
        };
        match (letter, number) {
            ('u' | 'U', Some(code)) => char::from_u32(code).map(String::from).unwrap_or_default(),
            (_, Some(code)) => letter_of((code & 0xff) as u8).to_string(),
            ('e' | 'E', None) => "\u{1b}".to_owned(),
            ('\'' | '"' | '?', None) => letter.to_string(),
            (letter, None) => of_c(letter).map_or_else(|| format!("\\{letter}"), String::from),
        }
    }

    /// A number that comes, in so many digits at the most.
    fn number(&mut self, base: u32, most: usize) -> Option<u32> {
        let rest = self.letters[self.at..].iter();
        let digits: String = rest.take(most).take_while(|letter| letter.is_digit(base)).collect();
        self.at += digits.len();
        u32::from_str_radix(&digits, base).ok()
    }

    /// What stands between double quotes. A backslash stays, except before the letters that mean something there.
    fn in_double_quotes(&mut self, word: &mut Word) -> Result<(), SyntaxError> {
        let (begin, place) = (self.line, word.len());
        word.push(Part::Quoted(String::new()));
        loop {
            match self.next() {
                Some('"') => {
                    // What else stands there is a field by itself, but for `"$@"` without parameters.
                    if word.len() > place + 1 && word[place] == Part::Quoted(String::new()) {
                        word.remove(place);
                    }
                    return Ok(());
                }
                Some(letter) => self.quoted(letter, "$`\"\\", word)?,
                None => return Err(unclosed(begin, '"')),
            }
        }
    }

    /// A letter in double quotes, which has been read; a backslash before one of `special` takes its meaning away.
    pub(super) fn quoted(&mut self, letter: char, special: &str, word: &mut Word) -> Result<(), SyntaxError> {
        match (letter, self.peek()) {
            ('\\', Some('\n')) => {
                self.next();
            }
            ('\\', Some(letter)) if special.contains(letter) => {
                self.at += 1;
                push_quoted(word, letter);
            }
            ('$', _) => self.dollar(word, true)?,
            ('`', _) => self.backquotes(word, true)?,
            (letter, _) => push_quoted(word, letter),
        }
        Ok(())
    }

    /// What a dollar sign, which has been read, begins.
    fn dollar(&mut self, word: &mut Word, is_quoted: bool) -> Result<(), SyntaxError> {
        let part = match self.peek() {
            Some('(') => self.sum_or_output(is_quoted)?,
            Some('{') => self.nested(|reader| reader.braces(is_quoted))?,
            Some(letter @ ('?' | '#' | '@' | '*' | '0'..='9')) => {
                self.at += 1;
                Part::Variable { name: letter.to_string(), is_quoted, change: None }
            }
            Some(letter @ ('$' | '!' | '-')) => return Err(self.not_simulated(&format!("${letter}"))),
            Some('\'') if !is_quoted => {
                self.at += 1;
                Part::Quoted(self.in_c_quotes()?)
            }
            // What is in quotes has no other language here.
            Some('"') if !is_quoted => return Ok(()),
            _ => {
                let mut name = self.name();
                name += &self.group(&name, false);
                if name.is_empty() {
                    if is_quoted {
                        push_quoted(word, '$')
                    } else {
                        push(word, '$')
                    }
                    return Ok(());
                }
                self.check_simulated(&name)?;
                Part::Variable { name, is_quoted, change: None }
            }
        };
        word.push(part);
        Ok(())
    }

    /// Refuses a variable that would be empty here, and in bash is not.
    fn check_simulated(&self, name: &str) -> Result<(), SyntaxError> {
        if is_not_simulated(name) { Err(self.not_simulated(&format!("${name}"))) } else { Ok(()) }
    }

    /// The name of a variable that comes here; empty if none does.
    fn name(&mut self) -> String {
        let is_of_name = |letter: &&char| letter.is_ascii_alphanumeric() || **letter == '_';
        let rest: String = self.letters[self.at..].iter().take_while(is_of_name).collect();
        let name = name(&rest).to_owned();
        self.at += name.len();
        name
    }

    /// `{NAME…}`, whose brace comes next.
    fn braces(&mut self, is_quoted: bool) -> Result<Part, SyntaxError> {
        let (begin, start) = (self.line, self.at);
        self.at += 1;
        let has_length = self.peek() == Some('#') && self.second() != Some('}');
        self.at += usize::from(has_length);
        let mut name = self.name();
        if name.is_empty() {
            let is_digit = |letter: &&char| letter.is_ascii_digit();
            name = self.letters[self.at..].iter().take_while(is_digit).collect();
            if let (true, Some(letter @ ('?' | '#' | '@' | '*'))) = (name.is_empty(), self.peek()) {
                name.push(letter);
            }
            self.at += name.len();
        }
        self.check_simulated(&name)?;
        name += &self.group(&name, true);
        let is_list = matches!(name.as_str(), "@" | "*");
        let change = match self.peek() {
            _ if name.is_empty() => None,
            Some('}') if has_length && !is_list => Some(Change::Length),
            Some('}') if !has_length => {
                self.at += 1;
                return Ok(Part::Variable { name, is_quoted, change: None });
            }
            _ if has_length => None,
            _ => self.change(begin, is_quoted)?,
        };
        let is_known = |change: &Change| !is_list || matches!(change, Change::Instead { .. });
        match change.filter(is_known) {
            Some(change) if self.next_if('}') => Ok(Part::Variable { name, is_quoted, change: Some(change) }),
            _ => Err(self.unknown_braces(begin, start)),
        }
    }

    /// The number of a group of the last match, in brackets, which may stand behind its name in braces; without it all of the match is
    /// meant. Empty behind other names.
    fn group(&mut self, name: &str, is_in_braces: bool) -> String {
        let rest = &self.letters[self.at..];
        let digits = rest.iter().skip(1).take_while(|letter| letter.is_ascii_digit()).count();
        let is_one = digits > 0 && rest.first() == Some(&'[') && rest.get(1 + digits) == Some(&']');
        match (name == MATCH, is_one && is_in_braces) {
            (false, _) => String::new(),
            (true, false) => "[0]".to_owned(),
            (true, true) => {
                self.at += digits + 2;
                self.letters[self.at - digits - 2..self.at].iter().collect()
            }
        }
    }

    /// The error of braces that began at `start` and are none of those that are known.
    fn unknown_braces(&self, begin: usize, start: usize) -> SyntaxError {
        let mut text: String = self.letters[start..].iter().take_while(|letter| **letter != '}').collect();
        if self.letters.get(start + text.chars().count()).is_none() {
            return unclosed(begin, '}');
        }
        text.push('}');
        self.not_simulated(&format!("${text}"))
    }

    /// The word up to the closing brace, or one of the `stops`, which stays.
    pub(super) fn in_braces(
        &mut self,
        begin: usize,
        is_quoted: bool,
        stops: &str,
    ) -> Result<Word, SyntaxError> {
        let mut word = Word::new();
        loop {
            match self.peek() {
                Some(letter) if letter == '}' || stops.contains(letter) => return Ok(word),
                None => return Err(unclosed(begin, '}')),
                Some(_) => {}
            }
            match (self.next(), is_quoted) {
                (Some('"'), _) => self.in_double_quotes(&mut word)?,
                (Some('\''), false) => {
                    let text = self.in_quotes()?;
                    word.push(Part::Quoted(text));
                }
                (Some('\\'), false) => {
                    word.push(Part::Quoted(self.next().map(String::from).unwrap_or_default()))
                }
                (Some('$'), false) => self.dollar(&mut word, false)?,
                (Some('`'), false) => self.backquotes(&mut word, false)?,
                (Some(letter), false) => push(&mut word, letter),
                (Some(letter), true) => self.quoted(letter, "$`\"\\}", &mut word)?,
                (None, _) => {}
            }
        }
    }

    /// `$((…))` or `$(…)`, whose first parenthesis comes next.
    fn sum_or_output(&mut self, is_quoted: bool) -> Result<Part, SyntaxError> {
        let (begin, start) = (self.line, self.at);
        if self.second() == Some('(')
            && let Some(word) = self.nested(Reader::sum)?
        {
            return Ok(Part::Sum { word, is_quoted });
        }
        if self.at > start {
            self.retry((start, begin))?;
        }
        self.at += 1;
        let commands = self.nested(Reader::list)?;
        match self.peek() {
            Some(')') => self.at += 1,
            Some(_) => return Err(self.unexpected_here()),
            None => return Err(unclosed(begin, ')')),
        }
        Ok(Part::Output { commands, is_quoted })
    }

    /// `((…))`, whose first parenthesis comes next: it is expanded as in double quotes. `None` if the parentheses do not end
    /// together, so that there are commands in them.
    pub(super) fn sum(&mut self) -> Result<Option<Word>, SyntaxError> {
        self.at += 2;
        let word = self.sum_up_to("")?;
        Ok(self.next_if(')').then_some(word))
    }

    /// `((…; …; …))`, whose first parenthesis comes next.
    pub(super) fn steps(&mut self) -> Result<[Word; 3], SyntaxError> {
        if self.second() != Some('(') {
            return Err(self.unexpected_here());
        }
        self.at += 2;
        let sums = [self.sum_up_to(";")?, self.sum_up_to(";")?, self.sum_up_to("")?];
        if self.next_if(')') { Ok(sums) } else { Err(self.unexpected_here()) }
    }

    /// An expression up to the parenthesis that ends it, or one of the `stops`, which is read over.
    fn sum_up_to(&mut self, stops: &str) -> Result<Word, SyntaxError> {
        let (begin, mut word, mut depth) = (self.line, Word::new(), 0);
        loop {
            match self.next() {
                Some(')') if depth == 0 && !stops.is_empty() => return Err(self.unexpected_here()),
                Some(')') if depth == 0 => return Ok(word),
                Some(letter) if depth == 0 && stops.contains(letter) => return Ok(word),
                Some(letter) => {
                    depth += i32::from(letter == '(') - i32::from(letter == ')');
                    self.quoted(letter, "$`\\", &mut word)?;
                }
                None => return Err(unclosed(begin, ')')),
            }
        }
    }

    /// Commands between backquotes, of which the first has been read: a script of their own.
    fn backquotes(&mut self, word: &mut Word, is_quoted: bool) -> Result<(), SyntaxError> {
        let (begin, mut text) = (self.line, String::new());
        loop {
            match self.next() {
                Some('`') => break,
                Some('\\') if matches!(self.peek(), Some('$' | '`' | '\\')) => text.extend(self.next()),
                Some(letter) => text.push(letter),
                None => return Err(unclosed(begin, '`')),
            }
        }
        let mut inner = Reader::new(&text, begin, self.depth);
        // What is behind the backquotes does not make them whole.
        let commands =
            inner.nested(Reader::list).map_err(|error| SyntaxError { end: End::Wrong, ..error })?;
        if inner.peek().is_some() {
            return Err(inner.unexpected_here());
        }
        word.push(Part::Output { commands, is_quoted });
        Ok(())
    }
}

/// What a word is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    Word,
    Pattern,
    /// A regular expression in so many parentheses.
    Regex {
        depth: usize,
    },
}

impl Meaning {
    /// Whether a letter out of quotes is a part of the word.
    fn takes(&mut self, letter: char) -> bool {
        let Meaning::Regex { depth } = self else { return !ENDS.contains(letter) };
        match letter {
            '(' => *depth += 1,
            ')' if *depth == 0 => return false,
            ')' => *depth -= 1,
            letter => return *depth > 0 || letter == '|' || !ENDS.contains(letter),
        }
        true
    }
}

/// Adds a letter that stands for itself to a word.
pub(super) fn push(word: &mut Word, letter: char) {
    match word.last_mut() {
        Some(Part::Text(text)) => text.push(letter),
        _ => word.push(Part::Text(letter.to_string())),
    }
}

/// The same in quotes.
fn push_quoted(word: &mut Word, letter: char) {
    match word.last_mut() {
        Some(Part::Quoted(text)) => text.push(letter),
        _ => word.push(Part::Quoted(letter.to_string())),
    }
}

fn unclosed(begin: usize, sign: char) -> SyntaxError {
    let message = format!("unexpected EOF while looking for matching `{sign}'");
    SyntaxError { line: begin, message, end: End::Open }
}
