//! From the words of a command to its arguments.
//!
//! What words become depends on the outputs of the commands in them. They are gathered one by one: an expansion stops at the
//! first that is not known, and is made again once it is.
//! Source: POSIX.1-2017, Shell Command Language, sections 2.6.2 (parameters), 2.6.4 (arithmetic), 2.6.5 (field splitting),
//! 2.6.7 (quote removal) and 2.9.1 (simple commands).
//! Patterns of path names stand for themselves, as they do where no file is like them: nobody can make one. Those of folders in which
//! images bring files are refused by name.

use super::super::plain::OF_IMAGES;
use super::arithmetic;
use super::bounds::WORD_BYTES;
use super::braces::{each_word, has_braces};
use super::change::Change;
use super::fields::Fields;
use super::glob::{Replacement, escaped};
use super::script::{List, name};
use super::separators::Separators;
use super::variables::{SECONDS, Variables, is_not_simulated};
use super::word::{Part, Word};
use std::borrow::Cow;
use std::cell::Cell;

/// Most bytes of the words of a command together. Linux has room for twice as many (execve(2), a quarter of the stack).
pub(super) const WORDS_BYTES_MAX: usize = 1 << 20;

/// What makes a pattern.
const PATTERN: [char; 3] = ['*', '?', '['];

/// How many more bytes each of the words counts that braces stand for.
const BRACES_BYTES: usize = 16;

/// What means something in a regular expression (POSIX.1-2017, Base Definitions, 9.4.3).
const SPECIAL: &str = r".[]\()*+?{}|^$";

/// A command that is ready to run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Expanded {
    /// Names and values, in order.
    pub(super) assignments: Vec<(String, String)>,
    /// The same as `set -x` shows them: the name with its sign, and what stands behind it.
    pub(super) traced: Vec<(String, String)>,
    /// The name of the command and its arguments; empty if there are assignments alone.
    pub(super) words: Vec<String>,
    /// What `${NAME=WORD}` has set, in order.
    pub(super) defaults: Vec<(String, String)>,
    /// The exit code of the last command whose output it has, if it has one.
    pub(super) code: Option<i32>,
}

/// Why a command cannot be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// With `set -u`: a variable of this name is not set.
    Unset(String),
    /// `${NAME?WORD}`: the message.
    Wrong(String),
    /// `$((…))` comes to nothing: the message.
    NoSum(String),
    /// The arguments of the command of this name are too long.
    TooLong(String),
    /// So many bytes do not fit beside what the shell keeps.
    NoMemory(usize),
    /// There are too many shells.
    NoShell,
    /// What the command is to read is not there: the message.
    NoInput(String),
}

/// Why an expansion ends before it is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The output of these commands is needed; what they see is set already.
    Output(List, Vec<(String, String)>),
    Failure(Failure),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Stop {
        Stop::Failure(failure)
    }
}

/// What a command in a word has printed, and how it ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Printed {
    pub(super) text: String,
    pub(super) code: i32,
}

/// The parameters of a shell: its name, which is the one of number 0, and the others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Parameters {
    pub(super) name: String,
    pub(super) rest: Vec<String>,
}

/// What words are expanded with.
#[derive(Clone, Copy)]
pub(super) struct Values<'a> {
    pub(super) variables: &'a Variables,
    pub(super) parameters: &'a Parameters,
    /// The exit code of the command before.
    pub(super) code: i32,
    /// Whether a variable that is not set is a failure: `set -u`.
    pub(super) is_strict: bool,
    /// For how many seconds the shell has run.
    pub(super) seconds: i64,
    /// The outputs that are known.
    pub(super) outputs: &'a [Printed],
    /// How many bytes have been looked at or made, even if nothing comes of it.
    pub(super) spent: &'a Cell<usize>,
}

/// Expands the words of a command.
///
/// Its words are expanded first, and with the variables as before: the assignments are for the command alone, and each
/// knows those before it (2.9.1, Simple Commands).
///
/// # Errors
/// An output is not known; a variable is not set and has to be; there is no room for what the words become.
pub(super) fn expand(words: &[Word], values: Values) -> Result<Expanded, Stop> {
    let count = words.iter().take_while(|word| is_assignment(word)).count();
    let (assigning, rest) = words.split_at(count);
    let mut walk = Walk::new(values);
    let words = walk.fields(rest)?;
    // Which of what is set on the way are assignments.
    let (mut own, mut traced) = (Vec::new(), Vec::new());
    for word in assigning {
        let (name, sign, rest) = walk.assigned(word)?;
        let mut value = rest.clone();
        if sign == "+=" {
            let before = walk.value(&name).unwrap_or_default();
            walk.take(before.len())?;
            value.insert_str(0, &before);
        }
        traced.push((format!("{name}{sign}"), rest));
        own.push(walk.set.len());
        walk.set.push((name, value));
    }
    if words.is_empty() {
        let assignments = std::mem::take(&mut walk.set);
        return Ok(Expanded { assignments, traced, ..walk.end(words) });
    }
    let (mut assignments, mut defaults) = (Vec::new(), Vec::new());
    for (place, set) in std::mem::take(&mut walk.set).into_iter().enumerate() {
        let list = if own.binary_search(&place).is_ok() { &mut assignments } else { &mut defaults };
        list.push(set);
    }
    walk.set = defaults;
    Ok(Expanded { assignments, traced, ..walk.end(words) })
}

/// Expands the words of `for`.
///
/// # Errors
/// As [`expand`].
pub(super) fn expand_list(words: &[Word], values: Values) -> Result<Expanded, Stop> {
    let mut walk = Walk::new(values);
    let words = walk.fields(words)?;
    Ok(walk.end(words))
}

/// Whether a word sets a variable, or adds to it.
pub(super) fn is_assignment(word: &Word) -> bool {
    let Some(Part::Text(first)) = word.first() else { return false };
    let name = name(first);
    !name.is_empty() && (first[name.len()..].starts_with('=') || first[name.len()..].starts_with("+="))
}

/// An expansion as far as it has got.
pub(super) struct Walk<'a> {
    values: Values<'a>,
    /// The outputs that have not been used.
    left: &'a [Printed],
    /// Whether one has been.
    outputs: bool,
    /// What `$?` is here.
    code: i32,
    /// What has been set on the way.
    set: Vec<(String, String)>,
    /// How many bytes there is room for.
    room: usize,
}

impl<'a> Walk<'a> {
    pub(super) fn new(values: Values<'a>) -> Walk<'a> {
        let (left, code) = (values.outputs, values.code);
        Walk { values, left, outputs: false, code, set: Vec::new(), room: WORDS_BYTES_MAX }
    }

    /// The fields that words become.
    fn fields(&mut self, words: &[Word]) -> Result<Vec<String>, Stop> {
        let mut fields = Fields::new(self.separators(), false);
        for word in words {
            let known = fields.done.len();
            let added = match has_braces(word) {
                false => self.add_fields(word, &mut fields),
                true => each_word(word, &mut |word| {
                    self.spend(WORD_BYTES);
                    self.take(BRACES_BYTES)?;
                    self.add_fields(word, &mut fields)
                }),
            };
            added.map_err(|stop| match (stop, fields.done.first()) {
                (Stop::Failure(Failure::NoMemory(_)), Some(name)) if known > 0 => {
                    Failure::TooLong(name.clone()).into()
                }
                (stop, _) => stop,
            })?;
        }
        Ok(fields.done)
    }

    /// Adds the fields that a word becomes.
    fn add_fields(&mut self, word: &Word, fields: &mut Fields) -> Result<(), Stop> {
        let known = fields.done.len();
        // bash does not split what `export` and `local` assign.
        let assigns = fields.done.first().is_some_and(|name| name == "export" || name == "local");
        fields.is_whole = assigns && is_assignment(word);
        let added = self.word(word, fields).and_then(|()| {
            fields.cut();
            // Each has a byte for its end, as Linux counts.
            self.take(fields.done.len() - known)
        });
        self.spend((fields.done.len() - known).saturating_mul(WORD_BYTES));
        if std::mem::take(&mut fields.may_be_pattern)
            && let Some(path) = fields.done[known..].iter().find(|field| is_pattern_of_image(field))
        {
            return Err(Failure::NoInput(format!("{path}: not simulated by weir")).into());
        }
        added
    }

    /// The name of an assignment, its sign, and what stands behind it.
    fn assigned(&mut self, word: &Word) -> Result<(String, &'static str, String), Stop> {
        let text = self.text(word)?;
        let name = name(&text).to_owned();
        let rest = &text[name.len()..];
        let sign = if rest.starts_with("+=") { "+=" } else { "=" };
        let value = rest[sign.len()..].to_owned();
        Ok((name, sign, value))
    }

    pub(super) fn end(self, words: Vec<String>) -> Expanded {
        let code = self.outputs.then_some(self.code);
        Expanded { words, defaults: self.set, code, ..Expanded::default() }
    }

    /// What a word becomes where it is not split.
    pub(super) fn text(&mut self, word: &[Part]) -> Result<String, Stop> {
        let mut fields = Fields::new(self.separators(), true);
        self.word(word, &mut fields)?;
        Ok(fields.open.unwrap_or_default())
    }

    /// The pattern that a word becomes: what was in quotes stands for itself.
    pub(super) fn pattern(&mut self, word: &Word) -> Result<String, Stop> {
        self.patterned(word, escaped)
    }

    fn patterned(&mut self, word: &Word, escaped: impl Fn(&str) -> String) -> Result<String, Stop> {
        let mut pattern = String::new();
        for part in word {
            let mut fields = Fields::new(self.separators(), true);
            self.expanded(part, &mut fields)?;
            let text = fields.open.unwrap_or_default();
            pattern += if part.is_quoted() { escaped(&text) } else { text }.as_str();
        }
        Ok(pattern)
    }

    /// The regular expression that a word becomes: what was in quotes stands for itself.
    pub(super) fn regular_expression(&mut self, word: &Word) -> Result<String, Stop> {
        self.patterned(word, |text| {
            let mut escaped = String::new();
            for letter in text.chars() {
                escaped.extend(SPECIAL.contains(letter).then_some('\\'));
                escaped.push(letter);
            }
            escaped
        })
    }

    /// What stands for matches that are replaced: `&` out of quotes is the match, and behind a backslash itself.
    pub(super) fn replacement(&mut self, word: &Word) -> Result<Replacement, Stop> {
        let mut replacement = Replacement::new();
        for part in word {
            let mut fields = Fields::new(self.separators(), true);
            self.expanded(part, &mut fields)?;
            let text = fields.open.unwrap_or_default();
            if part.is_quoted() {
                replacement.push(Some(text));
                continue;
            }
            for (place, piece) in text.replace("\\&", "\0").split('&').enumerate() {
                replacement.extend((place > 0).then_some(None));
                replacement.push(Some(piece.replace('\0', "&")));
            }
        }
        Ok(replacement)
    }

    /// How many bytes there is room for.
    pub(super) fn room(&self) -> usize {
        self.room
    }

    /// How many of the outputs have been used.
    pub(super) fn used(&self) -> usize {
        self.values.outputs.len() - self.left.len()
    }

    fn word(&mut self, word: &[Part], fields: &mut Fields) -> Result<(), Stop> {
        for part in word {
            match part {
                Part::Text(text) | Part::Quoted(text) => {
                    fields.may_be_pattern |= !part.is_quoted() && text.contains(PATTERN);
                    self.add(text, true, fields)?;
                }
                part => self.expanded(part, fields)?,
            }
        }
        Ok(())
    }

    fn expanded(&mut self, part: &Part, fields: &mut Fields) -> Result<(), Stop> {
        match part {
            Part::Text(text) => self.add(text, false, fields)?,
            Part::Quoted(text) => self.add(text, true, fields)?,
            Part::Output { commands, is_quoted } => {
                let Some((printed, left)) = self.left.split_first() else {
                    return Err(Stop::Output(List::clone(commands), std::mem::take(&mut self.set)));
                };
                (self.left, self.code, self.outputs) = (left, printed.code, true);
                self.add(printed.text.trim_end_matches('\n'), *is_quoted, fields)?;
            }
            Part::Sum { word, is_quoted } => {
                let text = self.text(word)?;
                let sum = self.sum(&text)?;
                self.add(&sum.to_string(), *is_quoted, fields)?;
            }
            Part::Variable { name, is_quoted, change: None } if is_list(name, *is_quoted, fields) => {
                for (place, parameter) in self.values.parameters.rest.iter().enumerate() {
                    if place > 0 {
                        fields.next();
                    }
                    self.add(parameter, *is_quoted, fields)?;
                }
            }
            Part::Variable { name, is_quoted, change: None } => match self.value(name) {
                Some(value) => self.add(&value, *is_quoted, fields)?,
                None if self.values.is_strict => return Err(self.unset(name).into()),
                None => self.add("", *is_quoted, fields)?,
            },
            // Words with braces have become several before.
            Part::Braces(_) | Part::Steps(_) => {}
            Part::Variable { name, is_quoted, change: Some(Change::Instead { sign, has_colon, word }) } => {
                let value = self.value(name).filter(|value| !value.is_empty() || !has_colon);
                match (sign, value) {
                    ('+', None) => self.add("", *is_quoted, fields)?,
                    ('+', Some(_)) | ('-', None) => self.instead(word, *is_quoted, fields)?,
                    ('=', None) => {
                        let text = self.text(word)?;
                        self.set.push((name.clone(), text.clone()));
                        self.add(&text, *is_quoted, fields)?;
                    }
                    (_, Some(value)) => self.add(&value, *is_quoted, fields)?,
                    (_, None) => {
                        let text = self.text(word)?;
                        let absent =
                            if *has_colon { "parameter null or not set" } else { "parameter not set" };
                        let text = if text.is_empty() { absent } else { &text };
                        return Err(Failure::Wrong(format!("{name}: {text}")).into());
                    }
                }
            }
            Part::Variable { name, is_quoted, change: Some(change) } => {
                let value = self.value(name);
                if value.is_none() && self.values.is_strict {
                    return Err(self.unset(name).into());
                }
                let made = self.changed(name, &value.unwrap_or_default(), change)?;
                self.add(&made, *is_quoted, fields)?;
            }
        }
        Ok(())
    }

    /// What an expression comes to.
    ///
    /// # Errors
    /// It comes to nothing, or a variable in it is not set and has to be.
    pub(super) fn sum(&mut self, text: &str) -> Result<i64, Stop> {
        let mut known = Known { walk: self, stop: None };
        let sum = arithmetic::evaluate(text, &mut known);
        match known.stop.take() {
            Some(stop) => Err(stop),
            None => Ok(sum.map_err(Failure::NoSum)?),
        }
    }

    /// Sets a variable to what has been found on the way.
    ///
    /// # Errors
    /// There is no room for it.
    pub(super) fn set(&mut self, name: &str, value: &str) -> Result<(), Stop> {
        self.take(name.len() + value.len())?;
        self.set.push((name.to_owned(), value.to_owned()));
        Ok(())
    }

    /// Whether a variable or parameter is set.
    pub(super) fn is_set(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// The word of `${NAME-WORD}`; out of quotes it is split where it has none itself.
    fn instead(&mut self, word: &Word, is_quoted: bool, fields: &mut Fields) -> Result<(), Stop> {
        if is_quoted {
            self.add("", true, fields)?;
            return self.word(word, fields);
        }
        word.iter().try_for_each(|part| self.expanded(part, fields))
    }

    /// bash shows the dollar sign of a parameter alone.
    fn unset(&self, name: &str) -> Failure {
        let is_parameter = name.starts_with(|first: char| first.is_ascii_digit());
        Failure::Unset(if is_parameter { format!("${name}") } else { name.to_owned() })
    }

    fn separators(&self) -> Separators<'a> {
        Separators::of(self.values.variables, &[])
    }

    /// The value of a variable or parameter, if it is set.
    fn value(&self, name: &str) -> Option<Cow<'a, str>> {
        let (variables, parameters) = (self.values.variables, self.values.parameters);
        let value: Cow<str> = match name {
            "?" => self.code.to_string().into(),
            "#" => parameters.rest.len().to_string().into(),
            "@" => parameters.rest.join(" ").into(),
            "*" => parameters.rest.join(self.separators().joint()).into(),
            "0" => parameters.name.as_str().into(),
            name => match name.parse::<usize>() {
                Ok(number) => parameters.rest.get(number.checked_sub(1)?)?.as_str().into(),
                Err(_) => match self.set.iter().rev().find(|(known, _)| known == name) {
                    Some((_, value)) => value.clone().into(),
                    None if name == SECONDS => self.values.seconds.to_string().into(),
                    None => variables.get(name)?.into(),
                },
            },
        };
        // What has been set is looked through, too.
        self.spend(value.len() + self.set.len() * size_of::<(String, String)>());
        Some(value)
    }

    /// Counts what is looked at or made.
    pub(super) fn spend(&self, bytes: usize) {
        self.values.spent.set(self.values.spent.get().saturating_add(bytes));
    }

    /// Makes sure that a text has room.
    ///
    /// # Errors
    /// It has none.
    pub(super) fn check_room(&self, text: &str) -> Result<(), Stop> {
        self.spend(text.len());
        if text.len() > self.room { Err(Failure::NoMemory(text.len()).into()) } else { Ok(()) }
    }

    /// Takes so many bytes of the room.
    fn take(&mut self, bytes: usize) -> Result<(), Stop> {
        self.spend(bytes);
        self.room = self.room.checked_sub(bytes).ok_or(Failure::NoMemory(bytes))?;
        Ok(())
    }

    /// Adds what there has to be room for.
    fn add(&mut self, text: &str, is_quoted: bool, fields: &mut Fields) -> Result<(), Stop> {
        self.take(text.len())?;
        if is_quoted || fields.is_whole {
            fields.add(text)
        } else {
            fields.may_be_pattern |= text.contains(PATTERN);
            fields.split(text)
        }
        Ok(())
    }
}

/// The variables of an expression, and why it is not gone on with.
struct Known<'a, 'b> {
    walk: &'a mut Walk<'b>,
    stop: Option<Stop>,
}

impl arithmetic::Names for Known<'_, '_> {
    fn value(&mut self, name: &str) -> Result<String, String> {
        match self.walk.value(name) {
            Some(value) => Ok(value.into_owned()),
            None if is_not_simulated(name) => Err(format!("{name}: not simulated by weir")),
            None if self.walk.values.is_strict => {
                self.stop = Some(Failure::Unset(name.to_owned()).into());
                Err(String::new())
            }
            None => Ok(String::new()),
        }
    }

    fn set(&mut self, name: &str, value: i64) -> Result<(), String> {
        self.walk.set(name, &value.to_string()).map_err(|stop| {
            self.stop = Some(stop);
            String::new()
        })
    }
}

/// Whether a word is a pattern of path names that may be like some of an image.
fn is_pattern_of_image(word: &str) -> bool {
    let Some(path) = word.strip_prefix('/').filter(|path| path.contains(PATTERN)) else { return false };
    let first = path.split('/').next().unwrap_or_default();
    first.contains(PATTERN) || OF_IMAGES.contains(&first)
}

/// Whether a parameter stands for all of them, each a field or several.
fn is_list(name: &str, is_quoted: bool, fields: &Fields) -> bool {
    match (name, is_quoted) {
        ("@", true) => true,
        ("@" | "*", false) => !fields.is_whole,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::script::{Body, parse};
    use super::*;

    /// `K` is 1024 bytes long.
    fn variables() -> Variables {
        let mut variables = Variables::default();
        for (name, value) in [("A", "one two"), ("E", ""), ("S", " y\t\n "), ("K", "k".repeat(1024).as_str())]
        {
            variables.set(name, value).expect("there is room");
        }
        variables
    }

    /// What a line becomes, with the outputs that there are.
    fn expanded(line: &str, outputs: &[Printed]) -> Result<Expanded, Stop> {
        let commands = parse(line, 1).unwrap_or_else(|error| panic!("{}", error.message));
        let Body::Simple(words) = &commands[0].body else { panic!("{line}") };
        let parameters = Parameters { name: "sh".to_owned(), rest: ["a", "b c"].map(str::to_owned).to_vec() };
        let is_strict = line.contains("strict");
        let variables = variables();
        let (code, spent) = (7, Cell::default());
        let values = Values {
            variables: &variables,
            parameters: &parameters,
            code,
            is_strict,
            seconds: 0,
            outputs,
            spent: &spent,
        };
        expand(words, values)
    }

    #[track_caller]
    fn check(line: &str, expected: &str) {
        let outputs = [("o p\n\n", 3), ("", 4)];
        let outputs = outputs.map(|(text, code)| Printed { text: text.to_owned(), code });
        let shown = match expanded(line, &outputs) {
            Ok(Expanded { assignments, words, .. }) => {
                let assigned = assignments.iter().map(|(name, value)| format!("{name}:={value}"));
                assigned.chain(words).collect::<Vec<_>>().join("|")
            }
            Err(Stop::Failure(failure)) => format!("{failure:?}"),
            Err(Stop::Output(..)) => "an output".to_owned(),
        };
        assert_eq!(shown, expected, "{line}");
    }

    #[test]
    fn values_are_split_out_of_quotes_only() {
        check("echo $A x$A \"$A\" \"x${A}y\"", "echo|one|two|xone|two|one two|xone twoy");
        check("echo $E a \"$E\" $E$E", "echo|a|");
        check("echo $? $B", "echo|7");
        check("$E", "");
        check("echo x$S$S\"\"$S", "echo|x|y|y||y");
        check("export X=$A $A", "export|X=one two|one|two");
    }

    // bash 5.2 has `$?` follow the outputs within a command.
    #[test]
    fn outputs_are_taken_in_their_order() {
        check("echo $? $(a)x \"$(b)\" $?", "echo|7|o|px||4");
        check("X=$(a) echo \"$(b)\"", "X:=|echo|o p");
        check("echo $(a) $(b) $(c)", "an output");
        check("echo ${A:-$(a)} ${B:-$(a)}", "echo|one|two|o|p");
        let failed = expanded("X=1 Y=$X$(a)", &[]);
        let Err(Stop::Output(_, set)) = failed else { panic!("{failed:?}") };
        assert_eq!(set, [("X".to_owned(), "1".to_owned())]);
    }

    // POSIX.1-2017, Shell Command Language, 2.5.2 and 2.6.2; bash 5.2 and dash 0.5.12 do the same.
    #[test]
    fn parameters_and_what_stands_for_them() {
        check("echo $0 $1 $2 $3 $#", "echo|sh|a|b|c|2");
        check("echo \"$@\" $@ \"$*\" x\"$@\"y", "echo|a|b c|a|b|c|a b c|xa|b cy");
        check("X=\"$@\" echo ${1}0 ${10}", "X:=a b c|echo|a0");
        check("echo ${A:-x} ${B:-x y} \"${B:-x y}\" ${E:-z} ${E-z}.", "echo|one|two|x|y|x y|z|.");
        check("echo ${B:-'x  y'} \"${B:-\"$1\"}\" ${B:-}", "echo|x  y|a");
        check("echo ${A:+x} ${E:+x} ${E+x} \"${B+x}\"", "echo|x|x|");
        check("echo ${B:=x y} $B", "echo|x|y|x|y");
        check("echo ${#A} ${#B} ${#}", "echo|7|0|2");
        check("echo ${B:?not there}", "Wrong(\"B: not there\")");
        check("echo ${E:?}", "Wrong(\"E: parameter null or not set\")");
        check("echo ${A:?} ${B?}", "Wrong(\"B: parameter not set\")");
        check("echo $((1 + ${#A}*2)) \"$(( $# ))\"", "echo|15|2");
        check("echo $((A))", "NoSum(\"one two: syntax error in expression (error token is \\\"two\\\")\")");
    }

    // POSIX.1-2017, Shell Command Language, 2.9.1; bash 5.2 and dash 0.5.12 do the same.
    #[test]
    fn assignments_come_before_the_command() {
        check("B=$A C=\"x $B\"", "B:=one two|C:=x one two");
        check("B=1 echo C=2 $B", "B:=1|echo|C=2");
        check("A=1 B=$A echo $A", "A:=1|B:=1|echo|one|two");
        check("B=1 $E", "B:=1");
        check("$E B=1", "B=1");
        check("'B=1'", "B=1");
        check("1B=2", "1B=2");
    }

    #[test]
    fn unset_variables_fail_where_told() {
        check("echo strict $B", "Unset(\"B\")");
        check("echo strict $A", "echo|strict|one|two");
        check("echo strict $3", "Unset(\"$3\")");
        check("echo strict $((B + 1))", "Unset(\"B\")");
        check("echo strict ${#B}", "Unset(\"B\")");
        check("echo strict ${B-x} $@", "echo|strict|x|a|b|c");
    }

    #[test]
    fn words_have_room_for_so_much() {
        let (fits, one_more) = ("$K".repeat(1023), "$K".repeat(1025));
        assert!(expanded(&format!("echo \"{fits}\""), &[]).is_ok());
        check(&format!("echo {one_more}"), "TooLong(\"echo\")");
        check(&one_more, "NoMemory(1024)");
        check(&format!("X={one_more}"), "NoMemory(1024)");
        check(&format!("X={one_more} echo"), "NoMemory(1024)");
        check(&format!("echo {}", "\"\" ".repeat(WORDS_BYTES_MAX)), "TooLong(\"echo\")");
        check(&format!("X={fits} Y=$X"), "NoMemory(1047552)");
    }
}
