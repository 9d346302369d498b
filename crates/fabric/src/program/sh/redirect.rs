//! Redirections: where a command reads and where its output goes.
//!
//! Source: POSIX.1-2017, Shell Command Language, section 2.7. Files but for /dev/null are not simulated, and refused by name.

use super::document::Document;
use super::script::{Reader, SyntaxError};
use super::word::{Part, Word};

/// A redirection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Redirect {
    /// Standard input is /dev/null.
    Input,
    /// Standard input is this text.
    Text(Document),
    /// Standard input is the file of this name.
    File(Word),
    /// What goes to standard output (1) or standard error (2) is sent there.
    Output { from: u8, to: Sink },
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

impl Reader {
    /// Whether a redirection begins here: perhaps a digit or `&`, then `<` or `>`.
    pub(super) fn is_redirect(&self) -> bool {
        match self.peek() {
            Some('<' | '>') => true,
            Some('&') => self.second() == Some('>'),
            Some(digit) => digit.is_ascii_digit() && matches!(self.second(), Some('<' | '>')),
            None => false,
        }
    }

    pub(super) fn redirect(&mut self, redirects: &mut Vec<Redirect>) -> Result<(), SyntaxError> {
        let (start, prefix) = (self.at, self.peek().filter(|letter| !"<>".contains(*letter)));
        self.at += usize::from(prefix.is_some());
        let is_input = self.next() == Some('<');
        if self.peek() == Some('(') {
            return Err(self.not_simulated(if is_input { "<(" } else { ">(" }));
        }
        if is_input && self.next_if('<') {
            return self.text_redirect(prefix, redirects);
        }
        self.next_if(if is_input { '<' } else { '>' });
        let is_copy = self.next_if('&');
        while matches!(self.peek(), Some(' ' | '\t')) {
            self.at += 1;
        }
        if let Some(sign @ ('<' | '>')) = self.peek().filter(|_| self.second() == Some('(')) {
            return Err(self.not_simulated(&format!("{sign}(")));
        }
        let target = self.word()?;
        let text = self.letters[start..self.at].iter().collect::<String>();
        let refused = || {
            let error = self.not_simulated(text.trim_end());
            SyntaxError { message: error.message + hint(&text), ..error }
        };
        let plain = match target.as_slice() {
            [Part::Text(text)] => text.as_str(),
            _ => "",
        };
        if is_input {
            let is_known = !is_copy && matches!(prefix, None | Some('0')) && !target.is_empty();
            let redirect = match plain {
                _ if !is_known || plain.starts_with("/dev/tcp/") || plain.starts_with("/dev/udp/") => {
                    return Err(refused());
                }
                "/dev/null" => Redirect::Input,
                _ => Redirect::File(target),
            };
            redirects.push(redirect);
            return Ok(());
        }
        let to = match (is_copy, plain) {
            (false, "/dev/null") => Some(Sink::Null),
            (true, "1") | (false, "/dev/stdout") => Some(Sink::Out),
            (true, "2") | (false, "/dev/stderr") => Some(Sink::Err),
            _ => None,
        };
        let from: Option<&[u8]> = match prefix {
            None | Some('1') => Some(&[1]),
            Some('2') => Some(&[2]),
            Some('&') if !is_copy => Some(&[1, 2]),
            _ => None,
        };
        let (Some(from), Some(to)) = (from, to) else { return Err(refused()) };
        redirects.extend(from.iter().map(|from| Redirect::Output { from: *from, to }));
        Ok(())
    }

    /// A here-document or a here-string, behind its `<<`.
    fn text_redirect(
        &mut self,
        prefix: Option<char>,
        redirects: &mut Vec<Redirect>,
    ) -> Result<(), SyntaxError> {
        if !matches!(prefix, None | Some('0')) {
            return Err(self.not_simulated("<<"));
        }
        let document = match self.next_if('<') {
            false => self.document()?,
            true => {
                self.skip_blanks();
                let word = self.pattern()?;
                if word.is_empty() {
                    return Err(self.unexpected_here());
                }
                Document::of_string(word)
            }
        };
        redirects.push(Redirect::Text(document));
        Ok(())
    }
}

/// What may help where a redirection is not simulated.
fn hint(redirect: &str) -> &'static str {
    match redirect.contains("/dev/tcp/") || redirect.contains("/dev/udp/") {
        true => "; nc -z HOST PORT asks whether a port is open",
        false => "",
    }
}
