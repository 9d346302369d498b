//! From the words of a command to its arguments.
//!
//! Source: POSIX.1-2017, Shell Command Language, sections 2.6.2 (parameters), 2.6.5 (field splitting), 2.6.7 (quote removal).
//! Assumption: fields are split at blanks whatever IFS says, and patterns of path names stand for themselves.

use super::script::{Command, Part, Word, name};
use super::variables::Variables;

/// Most bytes of the words of a command together. Linux has room for twice as many (execve(2), a quarter of the stack).
pub(super) const WORDS_BYTES_MAX: usize = 1 << 20;

/// A command that is ready to run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Expanded {
    /// Names and values, in order.
    pub(super) assignments: Vec<(String, String)>,
    /// The name of the command and its arguments; empty if there are assignments alone.
    pub(super) words: Vec<String>,
}

/// Why a command cannot be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// With `set -u`: a variable of this name is not set.
    Unset(String),
    /// The arguments of the command of this name are too long.
    TooLong(String),
    /// So many bytes do not fit beside what the shell keeps.
    NoMemory(usize),
}

/// What words are expanded with.
#[derive(Clone, Copy)]
pub(super) struct Values<'a> {
    pub(super) variables: &'a Variables,
    /// The exit code of the command before.
    pub(super) code: i32,
    /// Whether a variable that is not set is a failure: `set -u`.
    pub(super) is_strict: bool,
}

/// Whether a command has a substitution whose output is not known yet.
pub(super) fn has_output(command: &Command) -> bool {
    command.words.iter().flatten().any(is_output)
}

/// The first substitution of a command whose output is not known yet.
pub(super) fn next_output(command: &mut Command) -> Option<&mut Part> {
    command.words.iter_mut().flatten().find(|part| is_output(part))
}

/// The variables as the first substitution of a command sees them: those assigned before it are, if there is no command.
///
/// # Errors
/// As [`expand`]; and the outputs that are known already are too long.
pub(super) fn variables_of_output(command: &Command, values: Values) -> Result<Variables, Failure> {
    let known: usize = command.words.iter().flatten().map(|part| text(part).len()).sum();
    if known > WORDS_BYTES_MAX {
        return Err(too_long(command.words.iter().find(|word| !is_assignment(word)), known));
    }
    let mut variables = values.variables.clone();
    if command.words.iter().all(is_assignment) {
        let before = command.words.iter().take_while(|word| !word.iter().any(is_output));
        let mut room = WORDS_BYTES_MAX;
        assign(before, values, &mut room, &mut variables)?;
    }
    Ok(variables)
}

/// Expands a command all of whose outputs are known.
///
/// Its words are expanded first, and with the variables as before: the assignments are for the command alone, and each
/// knows those before it (2.9.1, Simple Commands).
///
/// # Errors
/// A variable is not set and has to be; there is no room for what the words become.
pub(super) fn expand(command: &Command, values: Values) -> Result<Expanded, Failure> {
    let count = command.words.iter().take_while(|word| is_assignment(word)).count();
    let (assigning, rest) = command.words.split_at(count);
    let (mut room, mut words) = (WORDS_BYTES_MAX, Vec::new());
    for word in rest {
        let word =
            with_values(word, values, &mut room).map_err(|failure| match (failure, words.first()) {
                (Failure::NoMemory(_), Some(name)) => Failure::TooLong(String::clone(name)),
                (failure, _) => failure,
            })?;
        // bash does not split what `export` assigns.
        if words.first().is_some_and(|name| name == "export") && is_assignment(&word) {
            words.push(word.iter().map(text).collect());
        } else {
            words.extend(fields(&word));
        }
    }
    let assignments = match assigning {
        [] => Vec::new(),
        assigning => assign(assigning.iter(), values, &mut room, &mut values.variables.clone())?,
    };
    Ok(Expanded { assignments, words })
}

/// Expands assignments one after another and makes them in `variables`.
fn assign<'a>(
    words: impl Iterator<Item = &'a Word>,
    values: Values,
    room: &mut usize,
    variables: &mut Variables,
) -> Result<Vec<(String, String)>, Failure> {
    let mut assignments = Vec::new();
    for word in words {
        let word = with_values(word, Values { variables, ..values }, room)?;
        let (name, value) = assigned(&word).unwrap_or_default();
        variables.set(&name, &value)?;
        assignments.push((name, value));
    }
    Ok(assignments)
}

/// The word with values instead of variables; takes what they need from the `room`.
fn with_values(word: &Word, values: Values, room: &mut usize) -> Result<Word, Failure> {
    let mut read = Word::new();
    for part in word {
        let part = match part {
            Part::Variable { name, is_quoted } => {
                Part::Value { text: value(name, values)?, is_quoted: *is_quoted }
            }
            part => part.clone(),
        };
        let needed = text(&part).len();
        *room = room.checked_sub(needed).ok_or(Failure::NoMemory(needed))?;
        read.push(part);
    }
    Ok(read)
}

fn value(name: &str, values: Values) -> Result<String, Failure> {
    match (name, values.variables.get(name)) {
        ("?", _) => Ok(values.code.to_string()),
        (_, Some(value)) => Ok(value.to_owned()),
        (_, None) if values.is_strict => Err(Failure::Unset(name.to_owned())),
        (_, None) => Ok(String::new()),
    }
}

/// The failure of a command whose words have so many bytes; `first` is its name, if it has one.
fn too_long(first: Option<&Word>, bytes: usize) -> Failure {
    match first.map(|word| word.iter().map(text).collect::<String>()) {
        Some(name) if !name.is_empty() => Failure::TooLong(name),
        _ => Failure::NoMemory(bytes),
    }
}

fn text(part: &Part) -> &str {
    match part {
        Part::Text(text) | Part::Quoted(text) | Part::Value { text, .. } => text,
        Part::Variable { .. } | Part::Output { .. } => "",
    }
}

fn is_output(part: &Part) -> bool {
    matches!(part, Part::Output { .. })
}

fn is_assignment(word: &Word) -> bool {
    let Some(Part::Text(first)) = word.first() else { return false };
    let name = name(first);
    !name.is_empty() && first[name.len()..].starts_with('=')
}

/// Name and value, if the word is an assignment.
fn assigned(word: &Word) -> Option<(String, String)> {
    let (Some(Part::Text(first)), rest) = (word.first(), word.get(1..).unwrap_or_default()) else {
        return None;
    };
    let name = name(first);
    let begin = first[name.len()..].strip_prefix('=').filter(|_| !name.is_empty())?;
    Some((name.to_owned(), begin.to_owned() + &rest.iter().map(text).collect::<String>()))
}

/// The fields of a word: values out of quotes are split at blanks.
fn fields(word: &Word) -> Vec<String> {
    let (mut fields, mut field) = (Vec::new(), None::<String>);
    for part in word {
        match part {
            Part::Value { text, is_quoted: false } => {
                for (place, piece) in text.split(|letter: char| letter.is_ascii_whitespace()).enumerate() {
                    if place > 0 {
                        fields.extend(field.take());
                    }
                    if !piece.is_empty() {
                        field.get_or_insert_default().push_str(piece);
                    }
                }
            }
            part => field.get_or_insert_default().push_str(text(part)),
        }
    }
    fields.extend(field);
    fields
}

#[cfg(test)]
mod tests {
    use super::super::script::parse;
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

    fn expanded(line: &str) -> Result<Expanded, Failure> {
        let commands = parse(line).unwrap_or_else(|error| panic!("{}", error.message));
        let is_strict = line.contains("strict");
        expand(&commands[0], Values { variables: &variables(), code: 7, is_strict })
    }

    #[track_caller]
    fn check(line: &str, expected: &str) {
        let shown = match expanded(line) {
            Ok(Expanded { assignments, words }) => {
                let assigned = assignments.iter().map(|(name, value)| format!("{name}:={value}"));
                assigned.chain(words).collect::<Vec<_>>().join("|")
            }
            Err(failure) => format!("{failure:?}"),
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
    }

    #[test]
    fn words_have_room_for_so_much() {
        let (fits, one_more) = ("$K".repeat(1023), "$K".repeat(1025));
        assert!(expanded(&format!("echo \"{fits}\"")).is_ok());
        check(&format!("echo {one_more}"), "TooLong(\"echo\")");
        check(&one_more, "NoMemory(1024)");
        check(&format!("X={one_more}"), "NoMemory(1024)");
        check(&format!("X={one_more} echo"), "NoMemory(1024)");
        check(&format!("X={fits}"), "NoMemory(1047553)");
    }
}
