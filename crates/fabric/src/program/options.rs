//! Command-line options in the manner of getopt(3).

/// An option or an operand of a command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Arg<'a> {
    /// An option without a value.
    Flag(char),
    /// An option with its value.
    Value(char, &'a str),
    /// Anything else.
    Operand(&'a str),
}

/// Why a command line does not parse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadOption {
    /// No such option.
    Unknown(char),
    /// The option needs a value.
    NoValue(char),
}

impl BadOption {
    /// What is said of an option that the real program has and this one has not: one of the letters of `others`, or any long one;
    /// `None` of all else.
    pub(crate) fn not_simulated(self, program: &str, args: &[String], others: &str) -> Option<String> {
        let option = match self {
            BadOption::Unknown('-') => args.iter().find(|arg| arg.starts_with("--"))?.clone(),
            BadOption::Unknown(letter) if others.contains(letter) => format!("-{letter}"),
            BadOption::Unknown(_) | BadOption::NoValue(_) => return None,
        };
        Some(format!("{program}: {option}: not simulated by weir\n"))
    }

    /// What getopt prints.
    pub(crate) fn message(self, program: &str) -> String {
        match self {
            BadOption::Unknown(option) => format!("{program}: invalid option -- '{option}'\n"),
            BadOption::NoValue(option) => format!("{program}: option requires an argument -- '{option}'\n"),
        }
    }
}

/// Splits `args` by `known`: letters of options, those that take a value followed by a colon. Options may be joined
/// (`-zv`) and may hold their value (`-c5`); after `--` everything is an operand.
pub(crate) fn parse<'a>(args: &'a [String], known: &str) -> Result<Vec<Arg<'a>>, BadOption> {
    let mut found = Vec::new();
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        if arg == "--" {
            found.extend(rest.map(|operand| Arg::Operand(operand)));
            return Ok(found);
        }
        let Some(letters) = arg.strip_prefix('-').filter(|letters| !letters.is_empty()) else {
            found.push(Arg::Operand(arg));
            continue;
        };
        for (at, letter) in letters.char_indices() {
            let place = known.find(letter).filter(|_| letter != ':').ok_or(BadOption::Unknown(letter))?;
            if !known[place + letter.len_utf8()..].starts_with(':') {
                found.push(Arg::Flag(letter));
                continue;
            }
            let joined = &arg[1 + at + letter.len_utf8()..];
            let value = if joined.is_empty() { rest.next().map(String::as_str) } else { Some(joined) };
            found.push(Arg::Value(letter, value.ok_or(BadOption::NoValue(letter))?));
            break;
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: Result<Vec<Arg>, BadOption>) {
        let args: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        assert_eq!(
            parse(&args, "c:vz").map(|args| format!("{args:?}")),
            expected.map(|args| format!("{args:?}"))
        );
    }

    #[test]
    fn options_may_be_joined_and_hold_their_value() {
        use Arg::{Flag, Operand, Value};
        check("-zv host", Ok(vec![Flag('z'), Flag('v'), Operand("host")]));
        check("-c5 host", Ok(vec![Value('c', "5"), Operand("host")]));
        check("host -vc 5", Ok(vec![Operand("host"), Flag('v'), Value('c', "5")]));
        check("-- -v", Ok(vec![Operand("-v")]));
        check("-", Ok(vec![Operand("-")]));
    }

    #[test]
    fn what_getopt_refuses_is_refused() {
        check("-x", Err(BadOption::Unknown('x')));
        check("-:", Err(BadOption::Unknown(':')));
        check("-c", Err(BadOption::NoValue('c')));
    }
}
