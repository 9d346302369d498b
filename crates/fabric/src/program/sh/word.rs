//! The words of a script: quotes, and what is to be expanded.
//!
//! Source: POSIX.1-2017, Shell Command Language, sections 2.2 (quoting), 2.3 (tokens), 2.5 (parameters), 2.6.2 (parameter
//! expansion), 2.6.3 (command substitution) and 2.6.4 (arithmetic expansion). Patterns of file names, `~` and the shell's
//! other parameters are not simulated: `*` and braces are refused by name, `?`, `[` and `~` stand for themselves.

use super::conditional::MATCH;
use super::script::{ENDS, End, List, Reader, SyntaxError, name};
use super::variables::is_not_simulated;

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
}

/// What `${NAME…}` makes of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// `${#NAME}`: its length.
    Length,
    /// `${NAME-WORD}`, or with `=`, `+` or `?`; with a colon what is empty is as if it were not set.
    Instead { sign: char, has_colon: bool, word: Word },
}

impl Part {
    /// Whether it was written in quotes.
    pub(super) fn is_quoted(&self) -> bool {
        match self {
            Part::Text(_) => false,
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

    /// The same where a pattern may stand, which `*` and braces are a part of.
    pub(super) fn pattern(&mut self) -> Result<Word, SyntaxError> {
        self.any_word(Meaning::Pattern)
    }

    /// The same where a regular expression stands: `|` is a part of it, and so is what is in parentheses.
    pub(super) fn regular_expression(&mut self) -> Result<Word, SyntaxError> {
        self.any_word(Meaning::Regex { depth: 0 })
    }

    fn any_word(&mut self, mut meaning: Meaning) -> Result<Word, SyntaxError> {
        let (mut word, mut braces) = (Word::new(), Braces::default());
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
                '*' if !is_pattern => return Err(self.not_simulated("*")),
                letter if !is_pattern && braces.expand(letter, self.peek()) => {
                    return Err(self.not_simulated("{…}"));
                }
                letter => push(&mut word, letter),
            }
        }
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
    fn quoted(&mut self, letter: char, special: &str, word: &mut Word) -> Result<(), SyntaxError> {
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
            Some('(') if self.second() == Some('(') => {
                Part::Sum { word: self.nested(Reader::sum)?, is_quoted }
            }
            Some('(') => {
                self.at += 1;
                let begin = self.line;
                let commands = self.nested(Reader::list)?;
                match self.peek() {
                    Some(')') => self.at += 1,
                    Some(_) => return Err(self.unexpected_here()),
                    None => return Err(unclosed(begin, ')')),
                }
                Part::Output { commands, is_quoted }
            }
            Some('{') => self.nested(|reader| reader.braces(is_quoted))?,
            Some(letter @ ('?' | '#' | '@' | '*' | '0'..='9')) => {
                self.at += 1;
                Part::Variable { name: letter.to_string(), is_quoted, change: None }
            }
            Some(letter @ ('$' | '!' | '-')) => return Err(self.not_simulated(&format!("${letter}"))),
            Some('\'') if !is_quoted => return Err(self.not_simulated("$'")),
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
        let has_colon = !has_length && self.next_if(':');
        let change = match self.peek() {
            _ if name.is_empty() => return Err(self.unknown_braces(begin, start)),
            Some('}') if has_length && !matches!(name.as_str(), "@" | "*") => Some(Change::Length),
            Some('}') if !has_colon && !has_length => None,
            Some(sign @ ('-' | '=' | '+' | '?')) if !has_length => {
                self.at += 1;
                Some(Change::Instead { sign, has_colon, word: self.in_braces(begin, is_quoted)? })
            }
            _ => return Err(self.unknown_braces(begin, start)),
        };
        self.at += 1;
        Ok(Part::Variable { name, is_quoted, change })
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

    /// The word up to the closing brace, which stays.
    fn in_braces(&mut self, begin: usize, is_quoted: bool) -> Result<Word, SyntaxError> {
        let mut word = Word::new();
        loop {
            match self.peek() {
                Some('}') => return Ok(word),
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

    /// `((…))`, whose first parenthesis comes next: it is expanded as in double quotes.
    fn sum(&mut self) -> Result<Word, SyntaxError> {
        let (begin, mut word, mut depth) = (self.line, Word::new(), 0);
        self.at += 2;
        loop {
            match self.next() {
                Some(')') if depth == 0 && self.next_if(')') => return Ok(word),
                Some(')') if depth == 0 => return Err(self.not_simulated("$((")),
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

/// How far a word has got towards braces that bash expands: `{a,b}` and `{1..9}`.
#[derive(Default)]
struct Braces {
    is_open: bool,
    has_items: bool,
}

impl Braces {
    /// Takes the next letter; true if it closes such braces.
    fn expand(&mut self, letter: char, after: Option<char>) -> bool {
        match letter {
            '{' => *self = Braces { is_open: true, has_items: false },
            ',' => self.has_items |= self.is_open,
            '.' => self.has_items |= self.is_open && after == Some('.'),
            '}' => return self.has_items,
            _ => {}
        }
        false
    }
}

/// Adds a letter that stands for itself to a word.
fn push(word: &mut Word, letter: char) {
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
