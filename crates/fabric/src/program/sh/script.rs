//! The text of a script: commands between `;`, line ends, `&&` and `||`, made of words with quotes.
//!
//! Source: POSIX.1-2017, Shell Command Language, sections 2.2 (quoting), 2.3 (tokens) and 2.9.3 (lists). Pipes,
//! redirections, variables, groups and background commands are not simulated, and refused by name.

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
    /// Its name and arguments; never empty.
    pub(super) words: Vec<String>,
    /// The line it begins on, from 1.
    pub(super) line: usize,
}

/// Why a text is no script, as bash says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SyntaxError {
    pub(super) line: usize,
    pub(super) message: String,
}

/// The commands of a text, in order.
pub(super) fn parse(text: &str) -> Result<Vec<Command>, SyntaxError> {
    let mut reader = Reader { rest: text.chars().peekable(), line: 1, commands: Vec::new(), next: None };
    reader.read()?;
    Ok(reader.commands)
}

struct Reader<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    line: usize,
    commands: Vec<Command>,
    /// What joins the next command to the one before, if there was such a sign.
    next: Option<When>,
}

impl Reader<'_> {
    fn read(&mut self) -> Result<(), SyntaxError> {
        let mut words = Vec::new();
        while let Some(letter) = self.rest.peek().copied() {
            match letter {
                '\n' => {
                    self.rest.next();
                    self.end(&mut words);
                    self.line += 1;
                }
                ' ' | '\t' | '\r' => {
                    self.rest.next();
                }
                '#' => while self.rest.next_if(|letter| *letter != '\n').is_some() {},
                ';' | '&' | '|' => self.operator(letter, &mut words)?,
                _ => words.push(self.word()?),
            }
        }
        self.end(&mut words);
        match self.next {
            Some(_) => Err(self.error("syntax error: unexpected end of file")),
            None => Ok(()),
        }
    }

    /// Ends a command, if there is one.
    fn end(&mut self, words: &mut Vec<String>) {
        if !words.is_empty() {
            let when = self.next.take().unwrap_or(When::Always);
            self.commands.push(Command { when, words: std::mem::take(words), line: self.line });
        }
    }

    fn operator(&mut self, first: char, words: &mut Vec<String>) -> Result<(), SyntaxError> {
        self.rest.next();
        let is_double = self.rest.next_if_eq(&first).is_some();
        let when = match (first, is_double) {
            (';', false) => None,
            ('&', true) => Some(When::Succeeded),
            ('|', true) => Some(When::Failed),
            (sign, false) => return Err(self.not_simulated(sign)),
            (sign, true) => return Err(self.unexpected(&format!("{sign}{sign}"))),
        };
        if words.is_empty() {
            let sign: String = std::iter::repeat_n(first, 1 + usize::from(is_double)).collect();
            return Err(self.unexpected(&sign));
        }
        self.end(words);
        self.next = when;
        Ok(())
    }

    /// A word: letters, and parts in quotes.
    fn word(&mut self) -> Result<String, SyntaxError> {
        let mut word = String::new();
        while let Some(letter) =
            self.rest.next_if(|letter| !letter.is_whitespace() && !";&|".contains(*letter))
        {
            match letter {
                '\'' => self.quoted('\'', &mut word)?,
                '"' => self.quoted('"', &mut word)?,
                '\\' => self.escaped(&mut word),
                '$' | '`' | '<' | '>' | '(' | ')' | '*' => return Err(self.not_simulated(letter)),
                letter => word.push(letter),
            }
        }
        Ok(word)
    }

    fn quoted(&mut self, quote: char, word: &mut String) -> Result<(), SyntaxError> {
        let begin = self.line;
        loop {
            match self.rest.next() {
                Some(letter) if letter == quote => return Ok(()),
                Some('\\') if quote == '"' => self.escaped_in_quotes(word),
                Some(letter @ ('$' | '`')) if quote == '"' => return Err(self.not_simulated(letter)),
                Some(letter) => {
                    self.line += usize::from(letter == '\n');
                    word.push(letter);
                }
                None => {
                    let message = format!("unexpected EOF while looking for matching `{quote}'");
                    return Err(SyntaxError { line: begin, message });
                }
            }
        }
    }

    /// A backslash keeps the next letter; with the end of a line it is gone.
    fn escaped(&mut self, word: &mut String) {
        match self.rest.next() {
            Some('\n') => self.line += 1,
            letter => word.extend(letter),
        }
    }

    /// In double quotes a backslash stays, except before the letters that mean something there.
    fn escaped_in_quotes(&mut self, word: &mut String) {
        let letter = self.rest.peek().copied();
        if !letter.is_some_and(|letter| "$`\"\\\n".contains(letter)) {
            return word.push('\\');
        }
        self.escaped(word);
    }

    fn not_simulated(&self, sign: char) -> SyntaxError {
        self.error(&format!("syntax error: `{sign}' is not simulated by weir"))
    }

    fn unexpected(&self, sign: &str) -> SyntaxError {
        self.error(&format!("syntax error near unexpected token `{sign}'"))
    }

    fn error(&self, message: &str) -> SyntaxError {
        SyntaxError { line: self.line, message: message.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let shown = match parse(text) {
            Ok(commands) => {
                let shown = commands.iter().map(|command| {
                    let sign = match command.when {
                        When::Always => "",
                        When::Succeeded => "&& ",
                        When::Failed => "|| ",
                    };
                    format!("{} {sign}{}", command.line, command.words.join("|"))
                });
                shown.collect::<Vec<_>>().join("; ")
            }
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
    fn what_is_not_simulated_is_named() {
        check("hostname | wc", "line 1: syntax error: `|' is not simulated by weir");
        check("hostname\nping a > b", "line 2: syntax error: `>' is not simulated by weir");
        check("echo \"$HOME\"", "line 1: syntax error: `$' is not simulated by weir");
        check("ping a &", "line 1: syntax error: `&' is not simulated by weir");
        check("&& a", "line 1: syntax error near unexpected token `&&'");
        check("a ;; b", "line 1: syntax error near unexpected token `;;'");
        check("a &&", "line 1: syntax error: unexpected end of file");
        check("echo 'a", "line 1: unexpected EOF while looking for matching `''");
    }
}
