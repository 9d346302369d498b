//! test, and `[` which is the same with `]` at its end: strings and integers.
//!
//! Source: POSIX.1-2017, `test`, whose rules go by the number of arguments; messages are those of bash 5.2. Files, `-a`, `-o`
//! and parentheses are not simulated, and refused by name.

use super::{Output, Started};

/// The exit code of a condition that is none.
const NONE: i32 = 2;

/// Starts test.
pub(super) fn start(name: &str, args: &[String]) -> Started {
    let mut words: Vec<&str> = args.iter().map(String::as_str).collect();
    let result = match (name, words.pop()) {
        ("[", Some("]")) => holds(&words),
        ("[", _) => Err("missing `]'".to_owned()),
        (_, last) => {
            words.extend(last);
            holds(&words)
        }
    };
    match result {
        Ok(holds) => Started::Done(Output { exit_code: Some(i32::from(!holds)), ..Output::default() }),
        Err(message) => Started::failed(format!("bash: {name}: {message}\n"), NONE),
    }
}

/// Whether a condition holds.
///
/// # Errors
/// It is no condition: bash's message.
fn holds(words: &[&str]) -> Result<bool, String> {
    match *words {
        [] => Ok(false),
        [word] => Ok(!word.is_empty()),
        [left, sign, right] if is_binary(sign) => compare(left, sign, right),
        ["!", ref rest @ ..] if rest.len() <= 3 => holds(rest).map(|holds| !holds),
        ["-n", word] => Ok(!word.is_empty()),
        ["-z", word] => Ok(word.is_empty()),
        [sign, _] => Err(refused(&[sign]).unwrap_or(format!("{sign}: unary operator expected"))),
        [first, sign, _] => {
            Err(refused(&[first, sign]).unwrap_or(format!("{sign}: binary operator expected")))
        }
        _ => Err(refused(words).unwrap_or("too many arguments".to_owned())),
    }
}

const BINARY: [&str; 8] = ["=", "!=", "-eq", "-ne", "-lt", "-le", "-gt", "-ge"];

fn is_binary(sign: &str) -> bool {
    sign == "==" || BINARY.contains(&sign)
}

fn compare(left: &str, sign: &str, right: &str) -> Result<bool, String> {
    match sign {
        "=" | "==" => return Ok(left == right),
        "!=" => return Ok(left != right),
        _ => {}
    }
    let order = integer(left)?.cmp(&integer(right)?);
    Ok(match sign {
        "-eq" => order.is_eq(),
        "-ne" => order.is_ne(),
        "-lt" => order.is_lt(),
        "-le" => order.is_le(),
        "-gt" => order.is_gt(),
        _ => order.is_ge(),
    })
}

fn integer(text: &str) -> Result<i64, String> {
    text.trim().parse().map_err(|_| format!("{text}: integer expression expected"))
}

/// The message of an operator that is known and not simulated, if there is one.
fn refused(words: &[&str]) -> Option<String> {
    let is_file_sign = |word: &str| {
        let letter = word.strip_prefix('-').filter(|letters| letters.len() == 1);
        letter.is_some_and(|letter| "abcdefghkoprstuvwxGLNORS".contains(letter))
    };
    let is_known =
        |word: &str| matches!(word, "(" | ")" | "<" | ">" | "-nt" | "-ot" | "-ef") || is_file_sign(word);
    let found = words.iter().find(|word| is_known(word))?;
    Some(format!("{found}: not simulated by weir"))
}
