//! test, and `[` which is the same with `]` at its end; what is tested and compared is the same between `[[` and `]]`.
//!
//! Of the files that an image brings, hosts have only a few: of others there it is not said that they are not there, but that they are
//! not simulated. Where an image brings none, there are none.
//! Source: POSIX.1-2017, `test`, whose rules go by the number of arguments; for more than four of them, and for messages, bash 5.2.

use super::{Output, Started, plain};
use crate::host::Machine;

/// The exit code of a condition that is none.
const NONE: i32 = 2;

/// How deep parentheses may stand in each other.
const DEPTH_MAX: usize = 64;

/// Starts test.
pub(super) fn start(name: &str, args: &[String], machine: &Machine) -> Started {
    let mut words: Vec<&str> = args.iter().map(String::as_str).collect();
    let result = match (name, words.pop()) {
        ("[", Some("]")) => holds(&words, machine),
        ("[", _) => Err("missing `]'".to_owned()),
        (_, last) => {
            words.extend(last);
            holds(&words, machine)
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
fn holds(words: &[&str], machine: &Machine) -> Result<bool, String> {
    match *words {
        [] => Ok(false),
        [word] => Ok(!word.is_empty()),
        [left, sign, right] if is_binary(sign) || is_joint(sign) => compare(left, sign, right),
        ["!", ref rest @ ..] if rest.len() <= 3 => holds(rest, machine).map(|holds| !holds),
        ["(", word, ")"] => Ok(!word.is_empty()),
        ["(", ref within @ .., ")"] if within.len() == 2 => holds(within, machine),
        [sign, word] if is_unary(sign) => test(sign, word, machine),
        [sign, _] => Err(format!("{sign}: unary operator expected")),
        [_, sign, _] => Err(format!("{sign}: binary operator expected")),
        _ => Expression { words, depth: 0, machine }.all(),
    }
}

/// What more than four words mean: `!` before `-a` before `-o`, and parentheses.
struct Expression<'a> {
    /// Those that have not been read.
    words: &'a [&'a str],
    depth: usize,
    machine: &'a Machine,
}

impl Expression<'_> {
    fn all(mut self) -> Result<bool, String> {
        let holds = self.any_of()?;
        if self.words.is_empty() { Ok(holds) } else { Err("too many arguments".to_owned()) }
    }

    fn take(&mut self, word: &str) -> bool {
        let is_it = self.words.first() == Some(&word);
        self.words = &self.words[usize::from(is_it)..];
        is_it
    }

    fn any_of(&mut self) -> Result<bool, String> {
        let mut holds = self.all_of()?;
        while self.take("-o") {
            holds |= self.all_of()?;
        }
        Ok(holds)
    }

    fn all_of(&mut self) -> Result<bool, String> {
        let mut holds = self.term()?;
        while self.take("-a") {
            holds &= self.term()?;
        }
        Ok(holds)
    }

    fn term(&mut self) -> Result<bool, String> {
        let mut is_not = false;
        while self.take("!") {
            is_not = !is_not;
        }
        if self.take("(") {
            self.depth += 1;
            let holds =
                if self.depth > DEPTH_MAX { Err("too many arguments".to_owned()) } else { self.any_of() }?;
            self.depth -= 1;
            return if self.take(")") { Ok(holds != is_not) } else { Err("`)' expected".to_owned()) };
        }
        let (length, holds) = match *self.words {
            [left, sign, right, ..] if is_binary(sign) => (3, compare(left, sign, right)?),
            [sign, word, ..] if is_unary(sign) => (2, test(sign, word, self.machine)?),
            [word, ..] => (1, !word.is_empty()),
            [] => return Err("argument expected".to_owned()),
        };
        self.words = &self.words[length..];
        Ok(holds != is_not)
    }
}

/// Signs before one word: of strings, files, terminals, variables and options.
const UNARY: &str = "abcdefghknoprstuvwxzGLNORS";

/// Whether a word is the sign of a test of one word.
pub(super) fn is_unary(word: &str) -> bool {
    word.strip_prefix('-').is_some_and(|letter| letter.len() == 1 && UNARY.contains(letter))
}

const BINARY: [&str; 14] =
    ["=", "==", "!=", "<", ">", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef"];

/// Whether a word is the sign of a comparison.
pub(super) fn is_binary(sign: &str) -> bool {
    BINARY.contains(&sign)
}

fn is_joint(sign: &str) -> bool {
    matches!(sign, "-a" | "-o")
}

fn compare(left: &str, sign: &str, right: &str) -> Result<bool, String> {
    match sign {
        "=" | "==" => return Ok(left == right),
        "!=" => return Ok(left != right),
        "<" => return Ok(left < right),
        ">" => return Ok(left > right),
        "-a" => return Ok(!left.is_empty() && !right.is_empty()),
        "-o" => return Ok(!left.is_empty() || !right.is_empty()),
        "-nt" | "-ot" | "-ef" => return Err(format!("{sign}: not simulated by weir")),
        _ => {}
    }
    let (left, right) = (integer(left)?, integer(right)?);
    compares(&left, sign, &right).ok_or_else(|| format!("{sign}: not simulated by weir"))
}

/// Whether numbers are to each other as a sign says; `None` if it is none for numbers.
pub(super) fn compares(left: &i64, sign: &str, right: &i64) -> Option<bool> {
    let order = left.cmp(right);
    Some(match sign {
        "-eq" => order.is_eq(),
        "-ne" => order.is_ne(),
        "-lt" => order.is_lt(),
        "-le" => order.is_le(),
        "-gt" => order.is_gt(),
        "-ge" => order.is_ge(),
        _ => return None,
    })
}

fn integer(text: &str) -> Result<i64, String> {
    text.trim().parse().map_err(|_| format!("{text}: integer expression expected"))
}

fn test(sign: &str, word: &str, machine: &Machine) -> Result<bool, String> {
    tests(sign, word, machine).map_err(|Unknown| format!("{sign} {word}: not simulated by weir"))
}

/// What is asked is not simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unknown;

/// Whether one word is as a sign says.
///
/// # Errors
/// It is a file that hosts do not have, and machines do; or a variable or an option, which only a shell knows.
pub(super) fn tests(sign: &str, word: &str, machine: &Machine) -> Result<bool, Unknown> {
    match sign {
        "-n" => Ok(!word.is_empty()),
        "-z" => Ok(word.is_empty()),
        "-t" => Ok(false),
        "-o" | "-v" | "-R" => Err(Unknown),
        sign => plain::kind(word, machine).map(|kind| is_so(sign, word, &kind, machine)),
    }
}

fn is_so(sign: &str, path: &str, kind: &plain::Kind, machine: &Machine) -> bool {
    let size = || plain::file(path, machine).map_or(0, |text| text.len());
    match (sign, kind) {
        (_, plain::Kind::Absent) => false,
        ("-a" | "-e" | "-r", _) => true,
        ("-f", plain::Kind::File) | ("-d" | "-x", plain::Kind::Folder) | ("-c" | "-w", plain::Kind::Null) => {
            true
        }
        ("-s", plain::Kind::File) => size() > 0,
        ("-s", plain::Kind::Folder) => true,
        // Files belong to root, and commands run as ec2-user.
        _ => false,
    }
}
