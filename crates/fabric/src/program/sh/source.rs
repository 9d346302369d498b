//! A script that is read from standard input as it is run: line by line, up to the end of a command, so that its commands can read
//! what stands behind them.
//!
//! Source: POSIX.1-2017, `sh`, section STDIN.

use super::super::{Cx, Output};
use super::bounds::STEP;
use super::run::Frame;
use super::script::{CLOSERS, End};
use super::{SYNTAX_ERROR, Sh, USAGE, complaint, pass_on, script};

/// The longest command, in bytes: as long as one that `-c` is given (Linux, MAX_ARG_STRLEN).
const COMMAND_BYTES_MAX: usize = 128 * 1024;

/// How many bytes of a command count as a step each time that they are looked at.
const STEP_BYTES: usize = 64;

/// What has been read of a script and not been run.
pub(super) struct Source {
    /// Lines that make no whole command.
    begun: String,
    /// The number of the first of them.
    line: usize,
    /// Whether only a line that ends what is around a command can make them whole.
    is_within: bool,
}

impl Default for Source {
    fn default() -> Source {
        Source { begun: String::new(), line: 1, is_within: false }
    }
}

/// What there is of a script.
pub(super) enum More {
    /// Something, perhaps: the shell is to go on.
    Commands,
    /// Nothing until more input comes.
    Later,
    /// Nothing.
    Nothing,
}

impl Sh {
    /// Reads a line of the script, and has the commands run that end with it.
    pub(super) fn read_script(&mut self, cx: &mut Cx) -> More {
        let Some(source) = &mut self.source else { return More::Nothing };
        if cx.input.is_absent {
            return self.refuse_script(USAGE.to_owned(), cx);
        }
        let end = cx.input.text.find('\n');
        let length = end.map_or(cx.input.text.len(), |end| end + 1);
        source.begun.extend(cx.input.text.drain(..length));
        let is_last = cx.input.is_over && cx.input.text.is_empty();
        if source.begun.len() > COMMAND_BYTES_MAX {
            return self.refuse_script("bash: a command is too long\n".to_owned(), cx);
        }
        if end.is_none() && !is_last {
            return More::Later;
        }
        if source.begun.is_empty() {
            return More::Nothing;
        }
        let line = source.begun.trim_end_matches('\n').rsplit('\n').next().unwrap_or_default();
        if source.is_within && !is_last && !CLOSERS.iter().any(|closer| line.contains(closer)) {
            return More::Commands;
        }
        self.life.work(STEP + (source.begun.len() / STEP_BYTES) as u32);
        let parse = if is_last { script::parse } else { script::parse_begun };
        match parse(&source.begun, source.line) {
            Ok(list) => {
                source.line += source.begun.matches('\n').count();
                source.begun.clear();
                source.is_within = false;
                self.frames.push(Frame::all(&list));
            }
            Err(error) if is_last || error.end == End::Wrong => {
                return self.refuse_script(complaint(&error), cx);
            }
            Err(error) => source.is_within = error.end == End::Within,
        }
        More::Commands
    }

    fn refuse_script(&mut self, stderr: String, cx: &mut Cx) -> More {
        pass_on(Output { stderr, ..Output::default() }, self.streams, cx);
        self.code = SYNTAX_ERROR;
        self.end_script();
        More::Nothing
    }
}
