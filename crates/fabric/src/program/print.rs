//! Commands that print what they are told: echo, printf and seq.
//!
//! Source: bash 5.2 for echo, POSIX.1-2017 for printf, coreutils 8.32 for seq and the messages.

use super::{OUTPUT_BYTES_MAX, Output, Started, sh};
use crate::text::{joined, letter_of};
use std::iter::Peekable;
use std::str::Chars;

/// echo, as bash has it: `-n` without a line end, `-e` with escapes, `-E` without.
pub(super) fn echo(args: &[String]) -> String {
    let is_option = |arg: &&String| {
        arg.strip_prefix('-').is_some_and(|letters| {
            !letters.is_empty() && letters.chars().all(|letter| "neE".contains(letter))
        })
    };
    let options = args.iter().take_while(is_option).count();
    let (mut has_end, mut has_escapes) = (true, false);
    for letter in args[..options].iter().flat_map(|arg| arg[1..].chars()) {
        match letter {
            'n' => has_end = false,
            'e' => has_escapes = true,
            _ => has_escapes = false,
        }
    }
    let text = args[options..].join(" ");
    let (text, is_cut) = if has_escapes { unescaped(&text) } else { (text, false) };
    let text = joined(text);
    if has_end && !is_cut { text + "\n" } else { text }
}

/// The text with its escapes read, and whether `\c` has cut it off.
fn unescaped(text: &str) -> (String, bool) {
    let (mut read, mut letters) = (String::new(), text.chars().peekable());
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            read.push(letter);
            continue;
        }
        let Some(sign) = letters.next() else { return (read + "\\", false) };
        let coded = match sign {
            '0' => coded(&mut letters, 8, 3).unwrap_or('\0'),
            'x' => match coded(&mut letters, 16, 2) {
                Some(letter) => letter,
                None => {
                    read.push_str("\\x");
                    continue;
                }
            },
            'c' => return (read, true),
            'e' | 'E' => '\u{1b}',
            sign => match of_c(sign) {
                Some(letter) => letter,
                None => {
                    read.push('\\');
                    sign
                }
            },
        };
        read.push(coded);
    }
    (read, false)
}

/// The letter that a letter behind a backslash means in C, but for quotes and numbers.
pub(super) fn of_c(letter: char) -> Option<char> {
    Some(match letter {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'v' => '\u{b}',
        '\\' => '\\',
        _ => return None,
    })
}

/// The byte whose number comes, in so many digits at the most; `None` if none does.
fn coded(letters: &mut Peekable<Chars>, base: u32, most: usize) -> Option<char> {
    let mut digits = String::new();
    while digits.len() < most
        && let Some(digit) = letters.next_if(|letter| letter.is_digit(base))
    {
        digits.push(digit);
    }
    let code = u32::from_str_radix(&digits, base).ok()? & 0xff;
    Some(letter_of(code as u8))
}

/// printf(1): `%s`, `%c`, `%d`, `%i`, `%u`, `%x` and `%%` with a width, and escapes. The format is used again until all
/// arguments are.
pub(super) fn printf(args: &[String]) -> Started {
    if let Some(option) = args.first().filter(|arg| arg.len() > 1 && arg.starts_with('-') && *arg != "--") {
        return Started::failed(format!("bash: printf: {option}: not simulated by weir\n"), 2);
    }
    let args = args.strip_prefix(&["--".to_owned()]).unwrap_or(args);
    let Some((format, rest)) = args.split_first() else {
        return Started::failed("bash: printf: usage: printf format [arguments]\n".to_owned(), 2);
    };
    let mut printed = Printed { out: String::new(), complaints: String::new(), rest };
    loop {
        let before = printed.rest.len();
        if let Err(message) = printed.once(format) {
            let stderr = format!("{}bash: printf: {message}: not simulated by weir\n", printed.complaints);
            return Started::Done(Output { stdout: joined(printed.out), stderr, exit_code: Some(1) });
        }
        if printed.rest.is_empty() || printed.rest.len() == before {
            let code = i32::from(!printed.complaints.is_empty());
            return Started::Done(Output {
                stdout: joined(printed.out),
                stderr: printed.complaints,
                exit_code: Some(code),
            });
        }
    }
}

/// What printf has printed.
struct Printed<'a> {
    out: String,
    complaints: String,
    /// The arguments that are left.
    rest: &'a [String],
}

impl Printed<'_> {
    /// Prints the format once.
    fn once(&mut self, format: &str) -> Result<(), String> {
        let mut letters = format.chars().peekable();
        while let Some(letter) = letters.next() {
            if self.out.len() > OUTPUT_BYTES_MAX {
                return Err("more than a MiB".to_owned());
            }
            match letter {
                '\\' => self.escape(&mut letters)?,
                '%' => self.conversion(&mut letters)?,
                letter => self.out.push(letter),
            }
        }
        Ok(())
    }

    fn escape(&mut self, letters: &mut Peekable<Chars>) -> Result<(), String> {
        let escaped = match letters.next() {
            None => '\\',
            Some(letter @ ('"' | '\'')) => letter,
            Some(first @ '0'..='7') => {
                let mut digits = String::from(first);
                while digits.len() < 3
                    && let Some(digit) = letters.next_if(|letter| ('0'..='7').contains(letter))
                {
                    digits.push(digit);
                }
                let code = u32::from_str_radix(&digits, 8).map_err(|_| format!("\\{digits}"))?;
                letter_of((code & 0xff) as u8)
            }
            Some(other) => of_c(other).ok_or_else(|| format!("\\{other}"))?,
        };
        self.out.push(escaped);
        Ok(())
    }

    fn conversion(&mut self, letters: &mut Peekable<Chars>) -> Result<(), String> {
        let flags: String =
            std::iter::from_fn(|| letters.next_if(|letter| matches!(letter, '-' | '0'))).collect();
        let width: String = std::iter::from_fn(|| letters.next_if(char::is_ascii_digit)).collect();
        let sign = letters.next().map(String::from).unwrap_or_default();
        let whole = format!("%{flags}{width}{sign}");
        let width = if width.is_empty() { 0 } else { width.parse().unwrap_or(usize::MAX) };
        if width > OUTPUT_BYTES_MAX {
            return Err(whole);
        }
        let is_number = matches!(sign.as_str(), "d" | "i" | "u" | "x");
        let text = match sign.as_str() {
            "%" => "%".to_owned(),
            "s" => self.argument().to_owned(),
            "c" => self.argument().chars().take(1).collect(),
            "d" | "i" => self.number().to_string(),
            "u" => (self.number() as u64).to_string(),
            "x" => format!("{:x}", self.number()),
            _ => return Err(whole),
        };
        // Rust's own formatting has room for a width of 16 bits.
        let missing = width.saturating_sub(text.chars().count());
        self.out += &match (flags.contains('-'), flags.contains('0') && is_number) {
            (true, _) => text + &" ".repeat(missing),
            (false, false) => " ".repeat(missing) + &text,
            (false, true) => {
                let (minus, digits) =
                    text.strip_prefix('-').map_or(("", text.as_str()), |digits| ("-", digits));
                format!("{minus}{}{digits}", "0".repeat(missing))
            }
        };
        Ok(())
    }

    /// The next argument; empty if there is none.
    fn argument(&mut self) -> &str {
        let Some((first, rest)) = self.rest.split_first() else { return "" };
        self.rest = rest;
        first
    }

    fn number(&mut self) -> i64 {
        let text = self.argument().to_owned();
        if text.is_empty() {
            return 0;
        }
        integer(text.trim_start()).unwrap_or_else(|| {
            self.complaints += &format!("bash: printf: {text}: invalid number\n");
            0
        })
    }
}

/// An integer of C, or behind a quote the number of a letter (POSIX.1-2017, `printf`).
fn integer(text: &str) -> Option<i64> {
    if let Some(quoted) = text.strip_prefix(['\'', '"']) {
        return Some(quoted.chars().next().map_or(0, |letter| i64::from(u32::from(letter))));
    }
    match text.strip_prefix('-') {
        Some(digits) => sh::number(digits).map(i64::wrapping_neg),
        None => sh::number(text.strip_prefix('+').unwrap_or(text)).filter(|number| *number >= 0),
    }
}

/// seq(1), of integers: from 1 or FIRST by INCREMENT to LAST.
pub(super) fn seq(args: &[String]) -> Started {
    const HELP: &str = "Try 'seq --help' for more information.\n";
    let mut numbers = Vec::new();
    for arg in args {
        match arg.parse::<i64>() {
            Ok(number) => numbers.push(number),
            Err(_) if arg.parse::<f64>().is_ok_and(f64::is_finite) || arg.starts_with('-') => {
                return Started::failed(format!("seq: {arg}: not simulated by weir\n"), 1);
            }
            Err(_) => {
                return Started::failed(format!("seq: invalid floating point argument: '{arg}'\n{HELP}"), 1);
            }
        }
    }
    let (first, step, last) = match *numbers {
        [] => return Started::failed(format!("seq: missing operand\n{HELP}"), 1),
        [last] => (1, 1, last),
        [first, last] => (first, 1, last),
        [_, 0, _] => {
            return Started::failed(format!("seq: invalid Zero increment value: '{}'\n{HELP}", args[1]), 1);
        }
        [first, step, last] => (first, step, last),
        [..] => return Started::failed(format!("seq: extra operand '{}'\n{HELP}", args[3]), 1),
    };
    let (mut text, mut next) = (String::new(), Some(first));
    while let Some(number) = next.filter(|number| if step > 0 { *number <= last } else { *number >= last }) {
        if text.len() > SEQUENCE_BYTES_MAX {
            let stderr = "seq: a longer sequence is not simulated by weir\n".to_owned();
            return Started::Done(Output { stdout: text, stderr, exit_code: Some(1) });
        }
        text += &format!("{number}\n");
        next = number.checked_add(step);
    }
    Started::printed(text)
}

/// About the most that seq prints.
const SEQUENCE_BYTES_MAX: usize = 256 * 1024;
