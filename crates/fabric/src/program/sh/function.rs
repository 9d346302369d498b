//! Functions: `NAME() COMMAND`, what they are called with, `local` and `return`.
//!
//! Source: POSIX.1-2017, Shell Command Language, section 2.9.5; bash 5.2 for `function NAME`, `local` and the messages.

use super::super::{Cx, Input};
use super::expand::{Expanded, Failure, Parameters};
use super::run::{Frame, Place};
use super::script::{Body, Command, ENDS, List, Reader, SyntaxError, When};
use super::variables::Aside;
use super::{SYNTAX_ERROR, Sh, Streams};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How many calls may be in each other. bash has no bound unless FUNCNEST sets one, and ends by a fault.
const CALLS_MAX: usize = 1000;

/// Most bytes of the text of a shell's functions.
const FUNCTIONS_BYTES_MAX: usize = 256 * 1024;

/// As how many bytes a function counts beside its text.
const FUNCTION_BYTES: usize = 128;

/// What no function takes the name of: special built-in utilities come before functions (2.9.1, Command Search and Execution).
const SPECIAL: [&str; 9] = [":", "break", "continue", "exit", "export", "return", "set", "shift", "unset"];

/// Functions by their names.
pub(super) type Functions = BTreeMap<String, Arc<Function>>;

/// A function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Function {
    pub(super) name: String,
    /// Its one compound command.
    pub(super) body: List,
    /// How long its text is.
    bytes: usize,
}

/// What a call has put aside: how the parameters were before, and the variables.
pub(super) struct Call {
    parameters: Arc<Parameters>,
    /// How many bytes of the words that it was called with are counted with the variables.
    held: usize,
    variables: Vec<Aside>,
}

impl Reader {
    /// Whether `()` comes here, behind the name of a function, which is read over.
    pub(super) fn parentheses(&mut self) -> bool {
        let rest = &self.letters[self.at..];
        let blanks = rest.iter().skip(1).take_while(|letter| matches!(letter, ' ' | '\t')).count();
        let are_there = rest.first() == Some(&'(') && rest.get(1 + blanks) == Some(&')');
        self.at += if are_there { 2 + blanks } else { 0 };
        are_there
    }

    /// `function NAME`, which comes next, perhaps with `()`.
    pub(super) fn function_word(&mut self) -> Result<Command, SyntaxError> {
        let line = self.line;
        self.expect("function")?;
        self.skip_blanks();
        let name = self.plain();
        self.at += name.chars().count();
        self.skip_blanks();
        self.parentheses();
        if is_name(&name) { self.function(name, line) } else { Err(self.unexpected_here()) }
    }

    /// What a function of this name does; that comes next.
    pub(super) fn function(&mut self, name: String, line: usize) -> Result<Command, SyntaxError> {
        self.skip_lines()?;
        let plain = self.plain();
        let is_compound = matches!(plain.as_str(), "{" | "if" | "for" | "while" | "until" | "case");
        if !is_compound && self.peek() != Some('(') {
            return Err(self.unexpected_here());
        }
        let start = self.at;
        let body = List::from([self.nested(Reader::command)?]);
        let function = Function { name, body, bytes: self.at - start };
        let body = Body::Function(Arc::new(function));
        Ok(Command { when: When::Always, is_negated: false, body, redirects: Vec::new(), line })
    }
}

/// Whether a word may be the name of a function.
pub(super) fn is_name(word: &str) -> bool {
    let is_special = |letter: char| ENDS.contains(letter) || "'\"\\$`=*?[]{}~!#".contains(letter);
    !word.is_empty() && !word.contains(is_special)
}

impl Sh {
    /// Makes a function known, in place of one that has the name.
    ///
    /// # Errors
    /// There is no room for it.
    pub(super) fn define(&mut self, function: &Arc<Function>) -> Result<(), Failure> {
        self.life.work_on_words(self.functions.len());
        let size = |function: &Function| function.name.len() + function.bytes + FUNCTION_BYTES;
        let others = self.functions.values().filter(|other| other.name != function.name);
        let bytes: usize = others.map(|other| size(other)).sum();
        if bytes + size(function) > FUNCTIONS_BYTES_MAX {
            return Err(Failure::NoMemory(size(function)));
        }
        Arc::make_mut(&mut self.functions).insert(function.name.clone(), Arc::clone(function));
        Ok(())
    }

    /// The function that a word calls.
    pub(super) fn function(&self, name: &str) -> Option<Arc<Function>> {
        self.functions.get(name).filter(|_| !SPECIAL.contains(&name)).map(Arc::clone)
    }

    /// Goes into a function. What is assigned before its name holds for it, and for the commands in it.
    ///
    /// # Errors
    /// Too many calls are in each other, or there is no room for their words.
    pub(super) fn call(
        &mut self,
        place: &Place,
        function: &Function,
        expanded: Expanded,
        input: Option<Input>,
    ) -> Result<(), Failure> {
        let calls = self.frames.iter().filter(|frame| matches!(frame, Frame::Call(_))).count();
        if calls >= CALLS_MAX {
            let name = &function.name;
            return Err(Failure::NoSum(format!(
                "{name}: maximum function nesting level exceeded ({CALLS_MAX})"
            )));
        }
        self.life.work_on_words(calls + expanded.words.len());
        let rest: Vec<String> = expanded.words.into_iter().skip(1).collect();
        let held = rest.iter().map(|word| word.len() + FUNCTION_BYTES).sum();
        Arc::make_mut(&mut self.variables).hold(held)?;
        let parameters = Arc::new(Parameters { name: self.parameters.name.clone(), rest });
        let parameters = std::mem::replace(&mut self.parameters, parameters);
        self.enter(place, input, Frame::Call(Call { parameters, held, variables: Vec::new() }));
        for (name, value) in &expanded.assignments {
            self.put_aside(name)?;
            let variables = Arc::make_mut(&mut self.variables);
            variables.set(name, value)?;
            variables.export(name)?;
        }
        self.frames.push(Frame::all(&function.body));
        Ok(())
    }

    /// Puts back what a call has put aside.
    pub(super) fn leave_call(&mut self, call: Call) {
        self.parameters = call.parameters;
        let variables = Arc::make_mut(&mut self.variables);
        variables.release(call.held);
        call.variables.into_iter().for_each(|aside| variables.put_back(aside));
    }

    /// The call that the shell is in, if it is in one.
    fn innermost(&mut self) -> Option<&mut Call> {
        self.frames.iter_mut().rev().find_map(|frame| match frame {
            Frame::Call(call) => Some(call),
            _ => None,
        })
    }

    /// Has a variable be the innermost call's own, without value; false if it was already. Out of calls nothing is done.
    fn put_aside(&mut self, name: &str) -> Result<bool, Failure> {
        let is_own = |call: &Call| call.variables.iter().any(|aside| aside.name() == name);
        if self.innermost().is_none_or(|call| is_own(call)) {
            return Ok(false);
        }
        let aside = Arc::make_mut(&mut self.variables).put_aside(name)?;
        if let Some(call) = self.innermost() {
            call.variables.push(aside);
        }
        Ok(true)
    }

    /// `local`.
    ///
    /// # Errors
    /// There is no room for a variable.
    pub(super) fn local(&mut self, words: &[&str], streams: Streams, cx: &mut Cx) -> Result<i32, Failure> {
        if self.innermost().is_none() {
            return Ok(self.complain("local: can only be used in a function", 1, streams, cx));
        }
        let mut code = 0;
        for word in words {
            let (known, value) =
                word.split_once('=').map_or((*word, None), |(name, value)| (name, Some(value)));
            if known.starts_with('-') {
                return Ok(self.complain(
                    &format!("local: {known}: not simulated by weir"),
                    SYNTAX_ERROR,
                    streams,
                    cx,
                ));
            }
            if known.is_empty() || super::script::name(known) != known {
                code = self.complain(&format!("local: `{word}': not a valid identifier"), 1, streams, cx);
                continue;
            }
            let count = self.innermost().map_or(0, |call| call.variables.len());
            self.life.work_on_words(count);
            let is_exported = self.variables.is_exported(known);
            if self.put_aside(known)? && is_exported {
                Arc::make_mut(&mut self.variables).export(known)?;
            }
            if let Some(value) = value {
                Arc::make_mut(&mut self.variables).set(known, value)?;
            }
        }
        Ok(code)
    }

    /// `return`: ends the function, or the subshell that is in one; with the code of the command before, or its own.
    pub(super) fn return_from(&mut self, words: &[&str], streams: Streams, cx: &mut Cx) -> bool {
        let code = match words {
            [] => self.code,
            [word] => match word.parse::<i64>() {
                Ok(code) => (code & 0xff) as i32,
                Err(_) => {
                    let text = format!("return: {word}: numeric argument required");
                    self.complain(&text, SYNTAX_ERROR, streams, cx)
                }
            },
            _ => {
                self.code = self.complain("return: too many arguments", 1, streams, cx);
                self.end_script();
                return true;
            }
        };
        if self.innermost().is_none() && !self.is_in_function {
            return false;
        }
        self.code = code;
        if self.innermost().is_none() {
            self.end_script();
        }
        while self.frames.last().is_some_and(|frame| !matches!(frame, Frame::Call(_))) {
            self.drop_frame();
        }
        true
    }

    /// Whether the shell, or the one that it is a part of, is in a function.
    pub(super) fn is_within_function(&self) -> bool {
        self.is_in_function || self.frames.iter().any(|frame| matches!(frame, Frame::Call(_)))
    }

    /// Has a function be known no more; whether it was.
    pub(super) fn forget_function(&mut self, name: &str) -> bool {
        self.functions.contains_key(name) && Arc::make_mut(&mut self.functions).remove(name).is_some()
    }
}
