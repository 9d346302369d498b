//! What commands are given to read within a script: here-documents (`<<`), here-strings (`<<<`), and the files that hosts have.
//!
//! Source: POSIX.1-2017, Shell Command Language, section 2.7.4; bash(1) 5.2, Here Strings. A document that its delimiter does not end is
//! no script, where bash warns.

use super::super::{Cx, Input, plain};
use super::Sh;
use super::expand::{Failure, Printed, Stop, Walk};
use super::redirect::Redirect;
use super::script::{Command, End, Reader, SyntaxError};
use super::word::{Part, Word};
use std::sync::{Arc, OnceLock};

/// A text to be read. That of a here-document stands behind the line on which it is asked for, and is known from there on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Document(Arc<OnceLock<Word>>);

impl Document {
    /// A here-string: the word, and a line end.
    pub(super) fn of_string(mut word: Word) -> Document {
        word.push(Part::Quoted("\n".to_owned()));
        let document = Document::default();
        document.set(word);
        document
    }

    fn set(&self, word: Word) {
        // Each is read once.
        let _ = self.0.set(word);
    }

    /// What it is before anything in it is expanded.
    pub(super) fn word(&self) -> &[Part] {
        self.0.get().map_or(&[], |word| word)
    }
}

/// A here-document that has been asked for and not been read.
pub(super) struct Expected {
    document: Document,
    delimiter: String,
    /// Whether the delimiter was in quotes: nothing in the text is expanded.
    is_quoted: bool,
    /// Whether tabs at the beginnings of lines are none of it: `<<-`.
    strips_tabs: bool,
    line: usize,
}

impl Reader {
    /// A here-document behind its `<<`: the delimiter.
    pub(super) fn document(&mut self) -> Result<Document, SyntaxError> {
        let strips_tabs = self.next_if('-');
        let (line, start) = (self.line, self.at);
        self.skip_blanks();
        let mut delimiter = String::new();
        let mut is_quoted = false;
        for part in self.pattern()? {
            is_quoted |= part.is_quoted();
            match part {
                Part::Text(text) | Part::Quoted(text) => delimiter.push_str(&text),
                _ => {
                    let text: String = self.letters[start..self.at].iter().collect();
                    return Err(self.not_simulated(&format!("<<{text}")));
                }
            }
        }
        if delimiter.is_empty() && !is_quoted {
            return Err(self.unexpected_here());
        }
        let document = Document::default();
        let expected = Expected { document: document.clone(), delimiter, is_quoted, strips_tabs, line };
        self.expected.push(expected);
        Ok(document)
    }

    /// Reads the here-documents that the line asks for whose end has just been read.
    pub(super) fn documents(&mut self) -> Result<(), SyntaxError> {
        for expected in std::mem::take(&mut self.expected) {
            let (begin, mut text) = (self.line, String::new());
            loop {
                let Some(line) = self.whole_line() else { return Err(unended(&expected)) };
                let line = if expected.strips_tabs { line.trim_start_matches('\t') } else { &line };
                if line.trim_end_matches('\n') == expected.delimiter {
                    break;
                }
                text.push_str(line);
            }
            expected.document.set(match expected.is_quoted {
                true => vec![Part::Quoted(text)],
                false => Reader::new(&text, begin, self.depth).document_word()?,
            });
        }
        Ok(())
    }

    /// The error of a text that ends before its here-documents.
    pub(super) fn unended_document(&self) -> Option<SyntaxError> {
        self.expected.first().map(unended)
    }

    /// The next line with its end; `None` behind the last one.
    fn whole_line(&mut self) -> Option<String> {
        let mut line = String::new();
        while let Some(letter) = self.next() {
            line.push(letter);
            if letter == '\n' {
                break;
            }
        }
        (!line.is_empty()).then_some(line)
    }

    /// All of a here-document, in which things are expanded as in double quotes.
    fn document_word(mut self) -> Result<Word, SyntaxError> {
        let mut word = vec![Part::Quoted(String::new())];
        while let Some(letter) = self.next() {
            self.quoted(letter, "$`\\", &mut word)?;
        }
        Ok(word)
    }
}

fn unended(Expected { delimiter, line, .. }: &Expected) -> SyntaxError {
    let message = format!("here-document delimited by end-of-file (wanted `{delimiter}')");
    SyntaxError { line: *line, message, end: End::Open }
}

impl Sh {
    /// What a command is given to read by its redirections, if that is a text; and how many of the outputs are in it.
    ///
    /// # Errors
    /// As those of words; the file is not there.
    pub(super) fn given_input(
        &mut self,
        command: &Command,
        outputs: &[Printed],
        cx: &Cx,
    ) -> Result<(Option<Input>, usize), Stop> {
        let is_input = |redirect: &&Redirect| !matches!(redirect, Redirect::Output { .. });
        let (parts, is_file) = match command.redirects.iter().rev().find(is_input) {
            Some(Redirect::Text(document)) => (document.word(), false),
            Some(Redirect::File(word)) => (word.as_slice(), true),
            _ => return Ok((None, 0)),
        };
        let (mut text, used, expanded) = self.expanded(outputs, |values| {
            let mut walk = Walk::new(values);
            let text = walk.text(parts)?;
            let used = walk.used();
            Ok((text, used, walk.end(Vec::new())))
        })?;
        self.set_all(&expanded.defaults)?;
        if is_file {
            text = file(&text, cx)?;
        }
        Ok((Some(Input { text, ..Input::default() }), used))
    }
}

fn file(path: &str, cx: &Cx) -> Result<String, Failure> {
    let reason = match plain::kind(path, cx.machine) {
        Ok(plain::Kind::Null) => return Ok(String::new()),
        Ok(plain::Kind::File) => return Ok(plain::file(path, cx.machine).unwrap_or_default()),
        Ok(plain::Kind::Folder) => "Is a directory",
        Ok(plain::Kind::Absent) => "No such file or directory",
        Err(_) => "not simulated by weir",
    };
    Err(Failure::NoInput(format!("{path}: {reason}")))
}
