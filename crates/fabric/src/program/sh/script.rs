//! The text of a script: commands, in lists and in each other, made of words.
//!
//! Source: POSIX.1-2017, Shell Command Language, sections 2.4 (reserved words), 2.9 (commands) and 2.10
//! (grammar). Background commands are not simulated, and refused by name.

use super::case::Case;
use super::conditional::Condition;
use super::document::Expected;
use super::expand::is_assignment;
use super::function::{Function, is_name};
use super::redirect::Redirect;
use super::word::{Part, Word};
use std::sync::Arc;

/// Commands in their order, shared by all that run them.
pub(super) type List = Arc<[Command]>;

/// When a command runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// In any case.
    Always,
    /// After one that succeeded: `&&`.
    Succeeded,
    /// After one that failed: `||`.
    Failed,
}

/// A command of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Command {
    pub(super) when: When,
    /// Whether `!` stands before it: it succeeds if it fails.
    pub(super) is_negated: bool,
    pub(super) body: Body,
    /// In their order.
    pub(super) redirects: Vec<Redirect>,
    /// The line it is on, from 1; the last one of a simple command, the first one of others.
    pub(super) line: usize,
}

/// What a command does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// Assignments, a name and arguments, before anything is expanded; empty if it has redirections alone.
    Simple(Vec<Word>),
    /// `a | b`: two or more, all at a time.
    Pipeline(List),
    /// `{ …; }`.
    Group(List),
    /// `( … )`.
    Subshell(List),
    If(Arc<If>),
    For(Arc<For>),
    Loop(Arc<Loop>),
    Case(Arc<Case>),
    /// `[[ … ]]`.
    Condition(Arc<Condition>),
    /// `((…))`: it succeeds if that is not 0.
    Sum(Word),
    /// Makes a function known.
    Function(Arc<Function>),
}

/// `if` with its conditions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct If {
    /// The conditions, and what is done if one is the first that holds.
    pub(super) branches: Vec<(List, List)>,
    /// What is done if none does; may be empty.
    pub(super) otherwise: List,
}

/// `for NAME in WORDS`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct For {
    pub(super) name: String,
    /// Without `in`: the parameters.
    pub(super) words: Vec<Word>,
    /// Its beginning, as `set -x` shows it.
    pub(super) shown: String,
    pub(super) body: List,
}

/// `while` and `until`, and `for` with expressions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Loop {
    pub(super) is_until: bool,
    pub(super) condition: List,
    /// Whether the condition is that of `for`: its first command begins the loop, its second one every further round.
    has_steps: bool,
    pub(super) body: List,
}

/// Why a text is no script, as bash says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SyntaxError {
    pub(super) line: usize,
    pub(super) message: String,
    /// Whether it ends too early: with more behind it, it may be one.
    pub(super) end: End,
}

/// How a text ends that is no script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// What is wrong stays wrong, whatever follows.
    Wrong,
    /// Anything that follows may end the last command.
    Open,
    /// Only what has one of [`CLOSERS`] may.
    Within,
}

/// What ends commands that others are in.
pub(super) const CLOSERS: [&str; 6] = ["fi", "done", "esac", "}", ")", "]]"];

/// How deep commands and substitutions may stand in each other.
const DEPTH_MAX: usize = 16;

/// How often parentheses in each other may turn out to be no expression.
const RETRIES_MAX: u32 = 100;

/// Words that end a list where a command may begin.
const ENDING: [&str; 8] = ["then", "elif", "else", "fi", "do", "done", "esac", "}"];

/// Words that begin what is not simulated, where a command may begin (2.4, Reserved Words), with bash's own.
const NOT_SIMULATED: [&str; 3] = ["coproc", "select", "time"];

/// What ends a word when it is not in quotes.
pub(super) const ENDS: &str = " \t\r\n;&|<>()";

/// The commands of a text that begins on a line of this number, in order.
pub(super) fn parse(text: &str, line: usize) -> Result<List, SyntaxError> {
    Reader::new(text, line, 0).all()
}

/// The same of lines that more may follow; an error says whether those may make the last command whole.
pub(super) fn parse_begun(text: &str, line: usize) -> Result<List, SyntaxError> {
    let mut reader = Reader::new(text, line, 0);
    let list = reader.all()?;
    if reader.continued_at == reader.letters.len() {
        return Err(SyntaxError { end: End::Open, ..reader.unexpected_here() });
    }
    Ok(list)
}

/// The name of a variable that `text` begins with; empty if it begins with none.
pub(super) fn name(text: &str) -> &str {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let end = text.find(|letter| !is_letter(letter)).unwrap_or(text.len());
    if text.starts_with(|letter: char| letter.is_ascii_digit()) { "" } else { &text[..end] }
}

/// A text that is being read.
pub(super) struct Reader {
    pub(super) letters: Vec<char>,
    pub(super) at: usize,
    pub(super) line: usize,
    /// How many commands and substitutions it is in.
    pub(super) depth: usize,
    /// Behind the last line end that a backslash has taken away; 0 if none.
    pub(super) continued_at: usize,
    /// The here-documents that stand behind the line.
    pub(super) expected: Vec<Expected>,
    /// How often what began as an expression was read again as commands.
    retries: u32,
}

impl Loop {
    /// What of the condition is done before the loop, and what is looked at first.
    pub(super) fn begin(&self) -> [std::ops::Range<usize>; 2] {
        let count = self.condition.len();
        if self.has_steps { [0..1, count - 1..count] } else { [0..0, 0..count] }
    }

    /// Those that begin a further round.
    pub(super) fn round(&self) -> std::ops::Range<usize> {
        usize::from(self.has_steps)..self.condition.len()
    }
}

impl Reader {
    pub(super) fn new(text: &str, line: usize, depth: usize) -> Reader {
        Reader {
            letters: text.chars().collect(),
            at: 0,
            line,
            depth,
            continued_at: 0,
            expected: Vec::new(),
            retries: 0,
        }
    }

    /// All commands that there are.
    fn all(&mut self) -> Result<List, SyntaxError> {
        let list = self.list()?;
        match (self.peek(), self.unended_document()) {
            (Some(_), _) => Err(self.unexpected_here()),
            (None, Some(error)) => Err(error),
            (None, None) => Ok(list),
        }
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.letters.get(self.at).copied()
    }

    pub(super) fn second(&self) -> Option<char> {
        self.letters.get(self.at + 1).copied()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let letter = self.peek()?;
        self.at += 1;
        self.line += usize::from(letter == '\n');
        Some(letter)
    }

    pub(super) fn next_if(&mut self, wanted: char) -> bool {
        let is_it = self.peek() == Some(wanted);
        if is_it {
            self.next();
        }
        is_it
    }

    /// Goes on to what is no blank and no comment.
    pub(super) fn skip_blanks(&mut self) {
        loop {
            match self.peek() {
                Some(' ' | '\t' | '\r') => self.at += 1,
                Some('\\') if self.second() == Some('\n') => {
                    self.at += 1;
                    self.next();
                    self.continued_at = self.at;
                }
                Some('#') => {
                    while self.peek().is_some_and(|letter| letter != '\n') {
                        self.at += 1;
                    }
                }
                _ => return,
            }
        }
    }

    /// The same over line ends, and over the here-documents behind them.
    pub(super) fn skip_lines(&mut self) -> Result<(), SyntaxError> {
        self.skip_blanks();
        while self.next_if('\n') {
            self.documents()?;
            self.skip_blanks();
        }
        Ok(())
    }

    /// The word that comes, if it has no quotes and nothing to be expanded; else it is empty.
    pub(super) fn plain(&self) -> String {
        let rest = &self.letters[self.at..];
        let plain: String = rest.iter().take_while(|letter| !ENDS.contains(**letter)).collect();
        if plain.contains(['\'', '"', '\\', '$', '`']) { String::new() } else { plain }
    }

    /// Takes a word that [`Reader::plain`] has found, if it is this one.
    pub(super) fn take_word(&mut self, wanted: &str) -> bool {
        let is_it = self.plain() == wanted;
        self.at += if is_it { wanted.len() } else { 0 };
        is_it
    }

    /// The commands up to the end of the text, a closing parenthesis, `;;`, or a reserved word that ends them.
    pub(super) fn list(&mut self) -> Result<List, SyntaxError> {
        let (mut commands, mut when) = (Vec::new(), When::Always);
        loop {
            self.skip_lines()?;
            let is_end =
                matches!((self.peek(), self.second()), (None | Some(')'), _) | (Some(';'), Some(';')))
                    || ENDING.contains(&&*self.plain());
            if is_end && when == When::Always {
                return Ok(commands.into());
            }
            if is_end {
                return Err(self.unexpected_here());
            }
            let when_due = std::mem::replace(&mut when, When::Always);
            commands.push(Command { when: when_due, ..self.pipeline()? });
            self.skip_blanks();
            when = match (self.peek(), self.second()) {
                (Some('&'), Some('&')) => When::Succeeded,
                (Some('|'), Some('|')) => When::Failed,
                (Some('&'), _) => return Err(self.not_simulated("&")),
                (Some(';'), Some('&')) => return Err(self.not_simulated(";&")),
                (Some(';'), Some(';')) => continue,
                (Some(';'), _) => {
                    self.at += 1;
                    continue;
                }
                (None | Some('\n' | ')'), _) => continue,
                _ => return Err(self.unexpected_here()),
            };
            self.at += 2;
        }
    }

    /// A list that has to have a command.
    fn commands(&mut self) -> Result<List, SyntaxError> {
        let list = self.nested(Reader::list)?;
        if list.is_empty() { Err(self.unexpected_within()) } else { Ok(list) }
    }

    fn pipeline(&mut self) -> Result<Command, SyntaxError> {
        let mut is_negated = false;
        while self.take_word("!") {
            is_negated = !is_negated;
            self.skip_blanks();
        }
        let first = self.command()?;
        self.skip_blanks();
        let line = first.line;
        let mut commands = vec![first];
        while self.peek() == Some('|') && self.second() != Some('|') {
            self.at += 1;
            if self.peek() == Some('&') {
                return Err(self.not_simulated("|&"));
            }
            self.skip_lines()?;
            commands.push(self.command()?);
            self.skip_blanks();
        }
        match <[Command; 1]>::try_from(commands) {
            Ok([command]) => Ok(Command { is_negated, ..command }),
            Err(commands) => {
                let body = Body::Pipeline(commands.into());
                Ok(Command { when: When::Always, is_negated, body, redirects: Vec::new(), line })
            }
        }
    }

    pub(super) fn command(&mut self) -> Result<Command, SyntaxError> {
        let (line, plain) = (self.line, self.plain());
        let body = match plain.as_str() {
            "if" => self.branches()?,
            "for" => self.for_words()?,
            "case" => self.case()?,
            "[[" => self.condition()?,
            "function" => return self.function_word(),
            "while" | "until" => {
                self.at += plain.len();
                let condition = self.commands()?;
                let body = self.body()?;
                Body::Loop(Arc::new(Loop { is_until: plain == "until", condition, has_steps: false, body }))
            }
            "{" => {
                self.at += 1;
                let list = self.commands()?;
                self.expect("}")?;
                Body::Group(list)
            }
            word if NOT_SIMULATED.contains(&word) => return Err(self.not_simulated(word)),
            word if ENDING.contains(&word) || word == "!" => return Err(self.unexpected_here()),
            _ if self.peek() == Some('(') => match self.sum_command()? {
                Some(body) => body,
                None => self.subshell()?,
            },
            _ => return self.simple(),
        };
        let mut redirects = Vec::new();
        self.skip_blanks();
        while self.is_redirect() {
            self.redirect(&mut redirects)?;
            self.skip_blanks();
        }
        Ok(Command { when: When::Always, is_negated: false, body, redirects, line })
    }

    fn branches(&mut self) -> Result<Body, SyntaxError> {
        let (mut branches, mut otherwise) = (Vec::new(), List::from([]));
        self.expect("if")?;
        loop {
            let condition = self.commands()?;
            self.expect("then")?;
            branches.push((condition, self.commands()?));
            if self.take_word("else") {
                otherwise = self.commands()?;
            } else if self.take_word("elif") {
                continue;
            }
            self.expect("fi")?;
            return Ok(Body::If(Arc::new(If { branches, otherwise })));
        }
    }

    fn for_words(&mut self) -> Result<Body, SyntaxError> {
        self.expect("for")?;
        self.skip_blanks();
        if self.peek() == Some('(') {
            return self.for_steps();
        }
        let variable = self.plain();
        if variable.is_empty() || name(&variable) != variable {
            let word: String =
                self.letters[self.at..].iter().take_while(|letter| !ENDS.contains(**letter)).collect();
            return Err(self.error(&format!("`{word}': not a valid identifier")));
        }
        self.at += variable.len();
        self.skip_lines()?;
        let mut words = vec![vec![Part::parameters()]];
        let mut shown = vec!["\"$@\"".to_owned()];
        if self.take_word("in") {
            (words, shown) = (Vec::new(), Vec::new());
            self.skip_blanks();
            while self.peek().is_some_and(|letter| !ENDS.contains(letter)) {
                let start = self.at;
                words.push(self.word()?);
                shown.push(self.letters[start..self.at].iter().collect());
                self.skip_blanks();
            }
            if !matches!(self.peek(), None | Some(';' | '\n')) {
                return Err(self.unexpected_here());
            }
        }
        self.next_if(';');
        self.skip_lines()?;
        let body = self.body()?;
        let shown = format!("for {variable} in {}", shown.join(" "));
        Ok(Body::For(Arc::new(For { name: variable, words, shown, body })))
    }

    /// What a loop does.
    fn body(&mut self) -> Result<List, SyntaxError> {
        self.expect("do")?;
        let body = self.commands()?;
        self.expect("done")?;
        Ok(body)
    }

    /// `((…))`, if that is what comes: else there are subshells in each other.
    fn sum_command(&mut self) -> Result<Option<Body>, SyntaxError> {
        if self.second() != Some('(') {
            return Ok(None);
        }
        let (at, line) = (self.at, self.line);
        let word = self.sum()?;
        if word.is_none() {
            self.retry((at, line))?;
        }
        Ok(word.map(Body::Sum))
    }

    /// Goes back to read commands where no expression is.
    pub(super) fn retry(&mut self, (at, line): (usize, usize)) -> Result<(), SyntaxError> {
        (self.at, self.line) = (at, line);
        self.retries += 1;
        // In each other they are read twice as often with each.
        if self.retries > RETRIES_MAX { Err(self.not_simulated("((")) } else { Ok(()) }
    }

    /// `for ((BEGIN; CONDITION; STEP))`, whose parentheses come next.
    fn for_steps(&mut self) -> Result<Body, SyntaxError> {
        let line = self.line;
        let mut sums = self.steps()?;
        let command = |word: Word| {
            let body = Body::Sum(word);
            Command { when: When::Always, is_negated: false, body, redirects: Vec::new(), line }
        };
        // Without a condition it goes on for ever.
        if sums[1].iter().all(|part| matches!(part, Part::Quoted(text) if text.trim().is_empty())) {
            sums[1] = vec![Part::Quoted("1".to_owned())];
        }
        let [begin, condition, step] = sums;
        let condition = List::from([command(begin), command(step), command(condition)]);
        self.skip_blanks();
        self.next_if(';');
        self.skip_lines()?;
        let body = self.body()?;
        Ok(Body::Loop(Arc::new(Loop { is_until: false, condition, has_steps: true, body })))
    }

    /// Whether an assignment comes.
    fn is_assignment(&self) -> bool {
        let rest: String =
            self.letters[self.at..].iter().take_while(|letter| !ENDS.contains(**letter)).collect();
        is_assignment(&vec![Part::Text(rest)])
    }

    fn subshell(&mut self) -> Result<Body, SyntaxError> {
        self.at += 1;
        let list = self.commands()?;
        if self.next_if(')') { Ok(Body::Subshell(list)) } else { Err(self.unexpected_within()) }
    }

    fn simple(&mut self) -> Result<Command, SyntaxError> {
        let (mut words, mut redirects) = (Vec::<Word>::new(), Vec::new());
        let mut assigns = true;
        loop {
            self.skip_blanks();
            match self.peek() {
                _ if self.is_redirect() => self.redirect(&mut redirects)?,
                Some('(') => {
                    let line = self.line;
                    return match (words.as_slice(), redirects.is_empty()) {
                        ([word], true) => match word.as_slice() {
                            [Part::Text(name)] if is_name(name) && self.parentheses() => {
                                self.function(name.clone(), line)
                            }
                            _ => Err(self.not_simulated("(")),
                        },
                        _ => Err(self.not_simulated("(")),
                    };
                }
                None | Some('\n' | ';' | '&' | '|' | ')') => break,
                Some(_) => {
                    assigns = assigns && self.is_assignment();
                    // Braces and patterns of files mean nothing in what is assigned.
                    words.push(if assigns { self.pattern()? } else { self.word()? });
                }
            }
        }
        if words.is_empty() && redirects.is_empty() {
            return Err(self.unexpected_here());
        }
        let body = Body::Simple(words);
        Ok(Command { when: When::Always, is_negated: false, body, redirects, line: self.line })
    }

    pub(super) fn nested<T>(
        &mut self,
        read: impl FnOnce(&mut Reader) -> Result<T, SyntaxError>,
    ) -> Result<T, SyntaxError> {
        if self.depth >= DEPTH_MAX {
            return Err(self.nested_too_deep());
        }
        self.depth += 1;
        let read = read(self);
        self.depth -= 1;
        read
    }

    pub(super) fn nested_too_deep(&self) -> SyntaxError {
        self.error("syntax error: commands are nested too deep")
    }

    /// Takes a reserved word that has to come here.
    pub(super) fn expect(&mut self, word: &str) -> Result<(), SyntaxError> {
        if self.take_word(word) { Ok(()) } else { Err(self.unexpected_within()) }
    }

    pub(super) fn not_simulated(&self, sign: &str) -> SyntaxError {
        self.error(&format!("syntax error: `{sign}' is not simulated by weir"))
    }

    /// What comes here does not belong here.
    pub(super) fn unexpected_here(&self) -> SyntaxError {
        if self.peek().is_none() {
            let error = self.error("syntax error: unexpected end of file");
            return SyntaxError { end: End::Open, ..error };
        }
        self.error(&format!("syntax error near unexpected token `{}'", self.token()))
    }

    /// What comes here, as bash names it; empty at the end.
    pub(super) fn token(&self) -> String {
        match self.peek() {
            None => String::new(),
            Some('\n') => "newline".to_owned(),
            Some(letter) if ENDS.contains(letter) => {
                let is_double = self.second() == Some(letter) && ";&|".contains(letter);
                std::iter::repeat_n(letter, 1 + usize::from(is_double)).collect()
            }
            Some(_) => self.letters[self.at..].iter().take_while(|letter| !ENDS.contains(**letter)).collect(),
        }
    }

    /// A command that others are in, or what stands between brackets, has no end.
    pub(super) fn unclosed(&self, message: &str) -> SyntaxError {
        SyntaxError { end: End::Within, ..self.error(message) }
    }

    /// The same in a command that others are in.
    fn unexpected_within(&self) -> SyntaxError {
        let error = self.unexpected_here();
        SyntaxError { end: if error.end == End::Open { End::Within } else { error.end }, ..error }
    }

    pub(super) fn error(&self, message: &str) -> SyntaxError {
        SyntaxError { line: self.line, message: message.to_owned(), end: End::Wrong }
    }
}

#[cfg(test)]
mod tests;
