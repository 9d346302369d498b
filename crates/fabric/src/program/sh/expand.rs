//! From the words of a command to its arguments.
//!
//! Source: POSIX.1-2017, Shell Command Language, sections 2.6.2 (parameters), 2.6.5 (field splitting), 2.6.7 (quote removal).
//! Assumption: fields are split at blanks whatever IFS says, and patterns of path names stand for themselves.

use super::script::{Command, Part, Word, name};
use std::collections::BTreeMap;

/// The variables of a shell.
pub(super) type Variables = BTreeMap<String, String>;

/// A command that is ready to run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Expanded {
    /// Names and values, in order.
    pub(super) assignments: Vec<(String, String)>,
    /// The name of the command and its arguments; empty if there are assignments alone.
    pub(super) words: Vec<String>,
}

/// The first substitution of a command whose output is not known yet.
pub(super) fn next_output(command: &mut Command) -> Option<&mut Part> {
    command.words.iter_mut().flatten().find(|part| matches!(part, Part::Output { .. }))
}

/// Expands a command all of whose outputs are known. `code` is the exit code of the one before.
///
/// # Errors
/// With `is_strict` (`set -u`) the name of a variable that is not set.
pub(super) fn expand(
    command: &Command,
    variables: &Variables,
    (code, is_strict): (i32, bool),
) -> Result<Expanded, String> {
    let mut expanded = Expanded::default();
    // What is assigned before it is known to what follows.
    let mut variables = variables.clone();
    for word in &command.words {
        let word = with_values(word, &variables, (code, is_strict))?;
        match assigned(&word).filter(|_| expanded.words.is_empty()) {
            Some((name, value)) => {
                variables.insert(name.clone(), value.clone());
                expanded.assignments.push((name, value));
            }
            None => expanded.words.extend(fields(&word)),
        }
    }
    Ok(expanded)
}

/// The word with values instead of variables.
fn with_values(word: &Word, variables: &Variables, (code, is_strict): (i32, bool)) -> Result<Word, String> {
    let value = |part: &Part| match part {
        Part::Variable { name, is_quoted } => {
            let text = if name == "?" { Some(code.to_string()) } else { variables.get(name).cloned() };
            if text.is_none() && is_strict {
                return Err(name.clone());
            }
            Ok(Part::Value { text: text.unwrap_or_default(), is_quoted: *is_quoted })
        }
        part => Ok(part.clone()),
    };
    word.iter().map(value).collect()
}

fn text(part: &Part) -> &str {
    match part {
        Part::Text(text) | Part::Quoted(text) | Part::Value { text, .. } => text,
        Part::Variable { .. } | Part::Output { .. } => "",
    }
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
                for letter in text.chars() {
                    if letter.is_ascii_whitespace() {
                        fields.extend(field.take());
                    } else {
                        field.get_or_insert_default().push(letter);
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

    #[track_caller]
    fn check(line: &str, expected: &str) {
        let variables =
            [("A", "one two"), ("E", "")].map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let commands = parse(line).unwrap_or_else(|error| panic!("{}", error.message));
        let shown = match expand(&commands[0], &variables, (7, line.contains("strict"))) {
            Ok(Expanded { assignments, words }) => {
                let assigned = assignments.iter().map(|(name, value)| format!("{name}:={value}"));
                assigned.chain(words).collect::<Vec<_>>().join("|")
            }
            Err(name) => format!("unset {name}"),
        };
        assert_eq!(shown, expected, "{line}");
    }

    #[test]
    fn values_are_split_out_of_quotes_only() {
        check("echo $A x$A \"$A\" \"x${A}y\"", "echo|one|two|xone|two|one two|xone twoy");
        check("echo $E a \"$E\" $E$E", "echo|a|");
        check("echo $? $B", "echo|7");
        check("$E", "");
    }

    #[test]
    fn assignments_come_before_the_command() {
        check("B=$A C=\"x $B\"", "B:=one two|C:=x one two");
        check("B=1 echo C=2 $B", "B:=1|echo|C=2|1");
        check("'B=1'", "B=1");
        check("1B=2", "1B=2");
    }

    #[test]
    fn unset_variables_fail_where_told() {
        check("echo strict $B", "unset B");
        check("echo strict $A", "echo|strict|one|two");
    }
}
