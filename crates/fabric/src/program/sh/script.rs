//! The text of a script: commands between `;`, line ends, `&&` and `||`, made of words.
//!
//! Source: POSIX.1-2017, Shell Command Language, sections 2.2 (quoting), 2.3 (tokens), 2.5 (parameters), 2.6.3 (command
//! substitution), 2.7 (redirection) and 2.9.3 (lists). Pipes, files but for /dev/null, control structures, groups and
//! background commands are not simulated, and refused by name.

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
    /// Assignments, its name and arguments, before anything is expanded; empty if it has redirections alone.
    pub(super) words: Vec<Word>,
    /// In their order.
    pub(super) redirects: Vec<Redirect>,
    /// The line it begins on, from 1.
    pub(super) line: usize,
}

/// A word, in parts.
pub(super) type Word = Vec<Part>;

/// A part of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// What stands for itself.
    Text(String),
    /// What was written in quotes, or after a backslash: it stands for itself, and is there even if it is empty.
    Quoted(String),
    /// What an expansion has become: in quotes it is one word.
    Value { text: String, is_quoted: bool },
    /// `$NAME`.
    Variable { name: String, is_quoted: bool },
    /// `$(…)` or backquotes: the output of these commands.
    Output { commands: Vec<Command>, is_quoted: bool },
}

/// Where what goes to standard output (1) or standard error (2) is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Redirect {
    pub(super) from: u8,
    pub(super) to: Sink,
}

/// Where output goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sink {
    /// Nowhere: /dev/null.
    Null,
    /// Where standard output goes at that point.
    Out,
    /// Where standard error goes at that point.
    Err,
}

/// Why a text is no script, as bash says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SyntaxError {
    pub(super) line: usize,
    pub(super) message: String,
}

/// How deep substitutions may stand in each other.
const DEPTH_MAX: usize = 16;

/// Words that mean something where a command may begin (2.4, Reserved Words), with bash's own.
const RESERVED: [&str; 21] = [
    "!", "{", "}", "[[", "case", "coproc", "do", "done", "elif", "else", "esac", "fi", "for", "function",
    "if", "in", "select", "then", "time", "until", "while",
];

/// What ends a word when it is not in quotes.
const ENDS: &str = " \t\r\n;&|<>()";

/// The commands of a text, in order.
pub(super) fn parse(text: &str) -> Result<Vec<Command>, SyntaxError> {
    let mut reader = Reader { letters: text.chars().collect(), at: 0, line: 1, depth: 0 };
    let commands = reader.list()?;
    match reader.peek() {
        Some(letter) => Err(reader.unexpected(&letter.to_string())),
        None => Ok(commands),
    }
}

/// The name of a variable that `text` begins with; empty if it begins with none.
pub(super) fn name(text: &str) -> &str {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let end = text.find(|letter| !is_letter(letter)).unwrap_or(text.len());
    if text.starts_with(|letter: char| letter.is_ascii_digit()) { "" } else { &text[..end] }
}

struct Reader {
    letters: Vec<char>,
    at: usize,
    line: usize,
    /// How many substitutions it is in.
    depth: usize,
}

/// A command as far as it has been read.
#[derive(Default)]
struct Begun {
    words: Vec<Word>,
    redirects: Vec<Redirect>,
    /// What joins it to the one before, if there was such a sign.
    when: Option<When>,
}

impl Begun {
    fn is_empty(&self) -> bool {
        self.words.is_empty() && self.redirects.is_empty()
    }
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.letters.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let letter = self.peek()?;
        self.at += 1;
        Some(letter)
    }

    fn next_if(&mut self, wanted: char) -> bool {
        let is_it = self.peek() == Some(wanted);
        self.at += usize::from(is_it);
        is_it
    }

    /// The commands up to the end of the text, or to a closing parenthesis.
    fn list(&mut self) -> Result<Vec<Command>, SyntaxError> {
        let (mut commands, mut begun) = (Vec::new(), Begun::default());
        while let Some(letter) = self.peek() {
            match letter {
                '\n' => {
                    self.at += 1;
                    self.end(&mut begun, &mut commands);
                    self.line += 1;
                }
                ' ' | '\t' | '\r' => self.at += 1,
                '#' => {
                    while self.peek().is_some_and(|letter| letter != '\n') {
                        self.at += 1;
                    }
                }
                ')' if self.depth > 0 => break,
                ';' | '&' | '|' if !self.is_redirect() => self.operator(letter, &mut begun, &mut commands)?,
                _ if self.is_redirect() => self.redirect(&mut begun)?,
                '(' | ')' => return Err(self.not_simulated(&letter.to_string())),
                _ => {
                    let word = self.word()?;
                    self.check_reserved(&word, &begun)?;
                    begun.words.push(word);
                }
            }
        }
        self.end(&mut begun, &mut commands);
        match begun.when {
            Some(_) => Err(self.error("syntax error: unexpected end of file")),
            None => Ok(commands),
        }
    }

    /// Ends a command, if there is one.
    fn end(&mut self, begun: &mut Begun, commands: &mut Vec<Command>) {
        if !begun.is_empty() {
            let Begun { words, redirects, when } = std::mem::take(begun);
            let when = when.unwrap_or(When::Always);
            commands.push(Command { when, words, redirects, line: self.line });
        }
    }

    fn operator(
        &mut self,
        first: char,
        begun: &mut Begun,
        commands: &mut Vec<Command>,
    ) -> Result<(), SyntaxError> {
        self.at += 1;
        let is_double = self.next_if(first);
        let when = match (first, is_double) {
            (';', false) => None,
            ('&', true) => Some(When::Succeeded),
            ('|', true) => Some(When::Failed),
            (sign, false) => return Err(self.not_simulated(&sign.to_string())),
            (sign, true) => return Err(self.unexpected(&format!("{sign}{sign}"))),
        };
        if begun.is_empty() {
            let sign: String = std::iter::repeat_n(first, 1 + usize::from(is_double)).collect();
            return Err(self.unexpected(&sign));
        }
        self.end(begun, commands);
        begun.when = when;
        Ok(())
    }

    /// Reserved words begin what is not simulated, where a command may begin.
    fn check_reserved(&self, word: &Word, begun: &Begun) -> Result<(), SyntaxError> {
        match &word[..] {
            [Part::Text(text)] if begun.words.is_empty() && RESERVED.contains(&text.as_str()) => {
                Err(self.not_simulated(text))
            }
            _ => Ok(()),
        }
    }

    /// Whether a redirection begins here: perhaps a digit or `&`, then `<` or `>`.
    fn is_redirect(&self) -> bool {
        let after = self.letters.get(self.at + 1).copied();
        match self.peek() {
            Some('<' | '>') => true,
            Some('&') => after == Some('>'),
            Some(digit) => digit.is_ascii_digit() && matches!(after, Some('<' | '>')),
            None => false,
        }
    }

    fn redirect(&mut self, begun: &mut Begun) -> Result<(), SyntaxError> {
        let (start, prefix) = (self.at, self.peek().filter(|letter| !"<>".contains(*letter)));
        self.at += usize::from(prefix.is_some());
        let is_input = self.next() == Some('<');
        let is_plain = !self.next_if(if is_input { '<' } else { '>' }) || !is_input;
        let is_copy = self.next_if('&');
        while matches!(self.peek(), Some(' ' | '\t')) {
            self.at += 1;
        }
        let target = match &self.word()?[..] {
            [Part::Text(text)] => text.clone(),
            _ => String::new(),
        };
        let to = match (is_copy, target.as_str()) {
            (false, "/dev/null") => Some(Sink::Null),
            (true, "1") => Some(Sink::Out),
            (true, "2") => Some(Sink::Err),
            _ => None,
        };
        let from: Option<&[u8]> = match (is_input, prefix) {
            (true, None | Some('0')) if is_plain && to == Some(Sink::Null) => Some(&[]),
            (false, None | Some('1')) => Some(&[1]),
            (false, Some('2')) => Some(&[2]),
            (false, Some('&')) if !is_copy => Some(&[1, 2]),
            _ => None,
        };
        let text = || self.letters[start..self.at].iter().collect::<String>();
        let (Some(from), Some(to)) = (from, to) else { return Err(self.not_simulated(text().trim_end())) };
        begun.redirects.extend(from.iter().map(|from| Redirect { from: *from, to }));
        Ok(())
    }

    /// A word: letters, parts in quotes, and what is to be expanded.
    fn word(&mut self) -> Result<Word, SyntaxError> {
        let mut word = Word::new();
        while let Some(letter) = self.peek().filter(|letter| !ENDS.contains(*letter)) {
            self.at += 1;
            match letter {
                '\'' => {
                    let text = self.in_quotes()?;
                    word.push(Part::Quoted(text));
                }
                '"' => self.in_double_quotes(&mut word)?,
                '\\' => match self.next() {
                    Some('\n') => self.line += 1,
                    letter => word.push(Part::Quoted(letter.map(String::from).unwrap_or_default())),
                },
                '$' => self.dollar(&mut word, false)?,
                '`' => self.backquotes(&mut word, false)?,
                '*' => return Err(self.not_simulated("*")),
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
                Some(letter) => {
                    self.line += usize::from(letter == '\n');
                    text.push(letter);
                }
                None => return Err(unclosed(begin, '\'')),
            }
        }
    }

    /// What stands between double quotes. A backslash stays, except before the letters that mean something there.
    fn in_double_quotes(&mut self, word: &mut Word) -> Result<(), SyntaxError> {
        let (begin, mut text) = (self.line, String::new());
        word.push(Part::Quoted(String::new()));
        loop {
            match self.next() {
                Some('"') => {
                    word.push(Part::Quoted(text));
                    return Ok(());
                }
                Some('\\') => match self.peek() {
                    Some('\n') => {
                        self.at += 1;
                        self.line += 1;
                    }
                    Some(letter @ ('$' | '`' | '"' | '\\')) => {
                        self.at += 1;
                        text.push(letter);
                    }
                    _ => text.push('\\'),
                },
                Some('$') => {
                    word.push(Part::Quoted(std::mem::take(&mut text)));
                    self.dollar(word, true)?;
                }
                Some('`') => {
                    word.push(Part::Quoted(std::mem::take(&mut text)));
                    self.backquotes(word, true)?;
                }
                Some(letter) => {
                    self.line += usize::from(letter == '\n');
                    text.push(letter);
                }
                None => return Err(unclosed(begin, '"')),
            }
        }
    }

    /// What a dollar sign, which has been read, begins.
    fn dollar(&mut self, word: &mut Word, is_quoted: bool) -> Result<(), SyntaxError> {
        match self.peek() {
            Some('(') if self.letters.get(self.at + 1) == Some(&'(') => Err(self.not_simulated("$((")),
            Some('(') => {
                self.at += 1;
                let begin = self.line;
                let commands = self.nested(Reader::list)?;
                if !self.next_if(')') {
                    return Err(unclosed(begin, ')'));
                }
                word.push(Part::Output { commands, is_quoted });
                Ok(())
            }
            Some('{') => {
                let rest: String =
                    self.letters[self.at + 1..].iter().take_while(|letter| **letter != '}').collect();
                let end = self.at + 1 + rest.chars().count();
                if self.letters.get(end) != Some(&'}') {
                    return Err(unclosed(self.line, '}'));
                }
                if rest != "?" && (rest.is_empty() || name(&rest) != rest) {
                    return Err(self.not_simulated(&format!("${{{rest}}}")));
                }
                self.at = end + 1;
                word.push(Part::Variable { name: rest, is_quoted });
                Ok(())
            }
            Some('?') => {
                self.at += 1;
                word.push(Part::Variable { name: "?".to_owned(), is_quoted });
                Ok(())
            }
            Some(letter @ ('\'' | '@' | '*' | '#' | '$' | '!' | '-' | '0'..='9')) => {
                Err(self.not_simulated(&format!("${letter}")))
            }
            _ => {
                let is_of_name = |letter: &&char| letter.is_ascii_alphanumeric() || **letter == '_';
                let rest: String = self.letters[self.at..].iter().take_while(is_of_name).collect();
                let name = name(&rest).to_owned();
                self.at += name.len();
                match (name.is_empty(), is_quoted) {
                    (true, false) => push(word, '$'),
                    (true, true) => word.push(Part::Quoted("$".to_owned())),
                    (false, _) => word.push(Part::Variable { name, is_quoted }),
                }
                Ok(())
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
                Some(letter) => {
                    self.line += usize::from(letter == '\n');
                    text.push(letter);
                }
                None => return Err(unclosed(begin, '`')),
            }
        }
        let mut inner = Reader { letters: text.chars().collect(), at: 0, line: begin, depth: self.depth };
        let commands = inner.nested(Reader::list)?;
        match inner.peek() {
            Some(letter) => Err(inner.unexpected(&letter.to_string())),
            None => {
                word.push(Part::Output { commands, is_quoted });
                Ok(())
            }
        }
    }

    fn nested<T>(
        &mut self,
        read: impl FnOnce(&mut Reader) -> Result<T, SyntaxError>,
    ) -> Result<T, SyntaxError> {
        if self.depth >= DEPTH_MAX {
            return Err(self.error("syntax error: substitutions are nested too deep"));
        }
        self.depth += 1;
        let read = read(self);
        self.depth -= 1;
        read
    }

    fn not_simulated(&self, sign: &str) -> SyntaxError {
        self.error(&format!("syntax error: `{sign}' is not simulated by weir"))
    }

    fn unexpected(&self, sign: &str) -> SyntaxError {
        self.error(&format!("syntax error near unexpected token `{sign}'"))
    }

    fn error(&self, message: &str) -> SyntaxError {
        SyntaxError { line: self.line, message: message.to_owned() }
    }
}

/// Adds a letter that stands for itself to a word.
fn push(word: &mut Word, letter: char) {
    match word.last_mut() {
        Some(Part::Text(text)) => text.push(letter),
        _ => word.push(Part::Text(letter.to_string())),
    }
}

fn unclosed(line: usize, sign: char) -> SyntaxError {
    SyntaxError { line, message: format!("unexpected EOF while looking for matching `{sign}'") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(commands: &[Command]) -> String {
        let one = |command: &Command| {
            let sign = match command.when {
                When::Always => "",
                When::Succeeded => "&& ",
                When::Failed => "|| ",
            };
            let words: Vec<String> =
                command.words.iter().map(|word| word.iter().map(part).collect()).collect();
            let redirects: String = command
                .redirects
                .iter()
                .map(|redirect| format!(" {}>{:?}", redirect.from, redirect.to))
                .collect();
            format!("{} {sign}{}{redirects}", command.line, words.join("|"))
        };
        commands.iter().map(one).collect::<Vec<_>>().join("; ")
    }

    fn part(part: &Part) -> String {
        match part {
            Part::Text(text) | Part::Quoted(text) | Part::Value { text, .. } => text.clone(),
            Part::Variable { name, is_quoted } => {
                format!("<{name}{}>", if *is_quoted { " quoted" } else { "" })
            }
            Part::Output { commands, .. } => format!("<{}>", shown(commands)),
        }
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let shown = match parse(text) {
            Ok(commands) => shown(&commands),
            Err(error) => format!("line {}: {}", error.line, error.message),
        };
        assert_eq!(shown, expected, "{text}");
    }

    #[test]
    fn commands_are_separated_by_lines_and_signs() {
        check("ping -c 1 a\n\n  curl b ; hostname", "1 ping|-c|1|a; 3 curl|b; 3 hostname");
        check("ping a && curl b || echo no", "1 ping|a; 1 && curl|b; 1 || echo|no");
        check("ping a &&\n curl b", "1 ping|a; 2 && curl|b");
        check("#!/bin/sh\nhostname # its name\n", "2 hostname");
        check(" \n\t\n", "");
    }

    #[test]
    fn quotes_join_and_backslashes_keep() {
        check(r#"echo 'a  b' "c;d"'e' f\ g"#, "1 echo|a  b|c;de|f g");
        check(r#"echo "a\"b\n" '\n' '#'  a#b"#, r#"1 echo|a"b\n|\n|#|a#b"#);
        check("echo a\\\nb 'c\nd'\nhostname", "3 echo|ab|c\nd; 4 hostname");
    }

    #[test]
    fn expansions_are_found_in_and_out_of_quotes() {
        check("echo $A-${B} \"$C d\" '$E' \\$F $ 5$", "1 echo|<A>-<B>|<C quoted> d|$E|$F|$|5$");
        check(
            "X=`hostname -s` && Y=\"$(echo a; echo $(whoami))\"",
            "1 X=<1 hostname|-s>; 1 && Y=<1 echo|a; 1 echo|<1 whoami>>",
        );
        check("echo `echo \\`whoami\\``", "1 echo|<1 echo|<1 whoami>>");
        check("echo $(\nwhoami\n)\nhostname", "3 echo|<2 whoami>; 4 hostname");
    }

    #[test]
    fn output_may_be_redirected() {
        check("ping a > /dev/null 2>&1", "1 ping|a 1>Null 2>Out");
        check("ping a 2>/dev/null && echo b >&2", "1 ping|a 2>Null; 1 && echo|b 1>Err");
        check("ping a &>/dev/null </dev/null; echo 2 >>/dev/null", "1 ping|a 1>Null 2>Null; 1 echo|2 1>Null");
        check("echo a2>/dev/null", "1 echo|a2 1>Null");
    }

    #[test]
    fn what_is_not_simulated_is_named() {
        check("hostname | wc", "line 1: syntax error: `|' is not simulated by weir");
        check("hostname\nping a > b", "line 2: syntax error: `> b' is not simulated by weir");
        check("cat << EOF", "line 1: syntax error: `<< EOF' is not simulated by weir");
        check("echo $((1 + 2))", "line 1: syntax error: `$((' is not simulated by weir");
        check("echo \"${A:-b}\" $1", "line 1: syntax error: `${A:-b}' is not simulated by weir");
        check("echo $1", "line 1: syntax error: `$1' is not simulated by weir");
        check("ping a &", "line 1: syntax error: `&' is not simulated by weir");
        check("(hostname)", "line 1: syntax error: `(' is not simulated by weir");
        check("echo if; if true; then echo x; fi", "line 1: syntax error: `if' is not simulated by weir");
        check("true\nfor x in a b; do echo; done", "line 2: syntax error: `for' is not simulated by weir");
        check("true && ! false", "line 1: syntax error: `!' is not simulated by weir");
        check("'if' x", "1 if|x");
    }

    #[test]
    fn what_is_no_script_is_refused() {
        check("&& a", "line 1: syntax error near unexpected token `&&'");
        check("a ;; b", "line 1: syntax error near unexpected token `;;'");
        check("a &&", "line 1: syntax error: unexpected end of file");
        check("echo 'a", "line 1: unexpected EOF while looking for matching `''");
        check("echo $(a", "line 1: unexpected EOF while looking for matching `)'");
        check("echo `a", "line 1: unexpected EOF while looking for matching ``'");
        check("echo ${a", "line 1: unexpected EOF while looking for matching `}'");
        let deep = "$(echo ".repeat(40);
        check(&deep, "line 1: syntax error: substitutions are nested too deep");
    }
}
