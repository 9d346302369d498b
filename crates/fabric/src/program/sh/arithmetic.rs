//! What an expression comes to: `$((…))`, `((…))`, `let`, and numbers that `[[` compares. Integers have 64 bits and wrap around.
//!
//! The value of a variable is an expression itself. Arrays are not simulated, and refused by name.
//! Source: bash(1) 5.2, ARITHMETIC EVALUATION, with C for the operators; messages are bash's, and name the rest of the text that
//! begins with the last token.

/// How deep parentheses, assignments, conditions and the values of variables may stand in each other.
const DEPTH_MAX: usize = 64;

/// How many variables one expression may read, those in their values included.
const READS_MAX: usize = 10_000;

/// Operators between two values: those of a row bind alike, and less than those of later rows.
const BINARY: [&[&str]; 10] = [
    &["||"],
    &["&&"],
    &["|"],
    &["^"],
    &["&"],
    &["==", "!="],
    &["<=", ">=", "<", ">"],
    &["<<", ">>"],
    &["+", "-"],
    &["*", "/", "%"],
];

/// What assigns; before the equals sign stands what is done to the value before.
const ASSIGNING: [&str; 11] = ["=", "*=", "/=", "%=", "+=", "-=", "<<=", ">>=", "&=", "^=", "|="];

/// All signs, those before their beginnings.
const SIGNS: [&str; 39] = [
    "<<=", ">>=", "||", "&&", "==", "!=", "<=", ">=", "<<", ">>", "**", "++", "--", "*=", "/=", "%=", "+=",
    "-=", "&=", "^=", "|=", "|", "^", "&", "<", ">", "+", "-", "*", "/", "%", "=", "!", "~", "?", ":", ",",
    "(", ")",
];

/// The variables of an expression.
pub(super) trait Names {
    /// The value of a variable.
    ///
    /// # Errors
    /// It has none and has to have one, or it is not simulated: the message.
    fn value(&mut self, name: &str) -> Result<String, String>;

    /// Sets a variable.
    ///
    /// # Errors
    /// There is no room for it: the message.
    fn set(&mut self, name: &str, value: i64) -> Result<(), String>;
}

/// The value of an expression; nothing is 0.
///
/// # Errors
/// It is no expression, or comes to nothing; with bash's message.
pub(super) fn evaluate(text: &str, names: &mut dyn Names) -> Result<i64, String> {
    Sum::new(text, &mut Reading { names, left: READS_MAX }, 0).whole()
}

/// Variables, and how many may still be read.
struct Reading<'a> {
    names: &'a mut dyn Names,
    left: usize,
}

/// What an expression consists of.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    End,
    Number(i64),
    Name(String),
    Sign(&'static str),
}

struct Sum<'a, 'b> {
    text: &'a str,
    /// Behind the token that comes next, and where that begins; at the end, where the last one does.
    at: usize,
    begin: usize,
    token: Token,
    depth: usize,
    /// Whether the value is not needed: it is the second one of `0 && x` or `1 || x`, or the one of `?` that is not chosen.
    is_skipped: bool,
    reading: &'a mut Reading<'b>,
}

impl<'a, 'b> Sum<'a, 'b> {
    fn new(text: &'a str, reading: &'a mut Reading<'b>, depth: usize) -> Sum<'a, 'b> {
        Sum { text, at: 0, begin: 0, token: Token::End, depth, is_skipped: false, reading }
    }

    fn whole(mut self) -> Result<i64, String> {
        self.next()?;
        if self.token == Token::End {
            return Ok(0);
        }
        let value = self.list()?;
        match self.token {
            Token::End => Ok(value),
            Token::Sign(sign) if ASSIGNING.contains(&sign) => {
                Err(self.error("attempted assignment to non-variable"))
            }
            _ => Err(self.error("syntax error in expression")),
        }
    }

    fn error(&self, message: &str) -> String {
        let token = &self.text[self.begin..];
        format!("{}: {message} (error token is \"{token}\")", self.text.trim_start())
    }

    /// Goes on to the next token.
    fn next(&mut self) -> Result<(), String> {
        let is_blank = |letter: char| letter.is_ascii_whitespace() || letter == '"';
        let rest = self.text[self.at..].trim_start_matches(is_blank);
        let Some(first) = rest.chars().next() else {
            self.at = self.text.len();
            self.token = Token::End;
            return Ok(());
        };
        self.begin = self.text.len() - rest.len();
        let is_of_word = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '#' | '@');
        let length = rest.find(|letter| !is_of_word(letter)).unwrap_or(rest.len());
        let was_name = matches!(self.token, Token::Name(_));
        (self.token, self.at) = match first {
            '0'..='9' => {
                let number = number_of(&rest[..length]).map_err(|message| self.error(message))?;
                (Token::Number(number), self.begin + length)
            }
            'a'..='z' | 'A'..='Z' | '_' => {
                let name = super::script::name(rest);
                if rest[name.len()..].starts_with('[') {
                    return Err(format!("{}: `{name}[' is not simulated by weir", self.text.trim_start()));
                }
                (Token::Name(name.to_owned()), self.begin + name.len())
            }
            _ => {
                let sign = self.sign(rest, was_name)?;
                (Token::Sign(sign), self.begin + sign.len())
            }
        };
        Ok(())
    }

    /// The sign that comes. Two signs are one where a variable stands before or behind them.
    fn sign(&self, rest: &str, was_name: bool) -> Result<&'static str, String> {
        match SIGNS.into_iter().find(|sign| rest.starts_with(*sign)) {
            Some(double @ ("++" | "--")) => {
                let behind = rest[2..].trim_start();
                let is_before_name =
                    behind.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_');
                let single = if double == "++" { "+" } else { "-" };
                Ok(if was_name || is_before_name { double } else { single })
            }
            Some(sign) => Ok(sign),
            None if matches!(self.token, Token::Sign(_) | Token::End) => {
                Err(self.error("syntax error: operand expected"))
            }
            None => Err(self.error("syntax error: invalid arithmetic operator")),
        }
    }

    /// Takes a sign if it comes.
    fn take(&mut self, sign: &str) -> Result<bool, String> {
        let is_it = matches!(self.token, Token::Sign(known) if known == sign);
        if is_it {
            self.next()?;
        }
        Ok(is_it)
    }

    /// Reads what stands within.
    fn nested(&mut self, read: impl FnOnce(&mut Self) -> Result<i64, String>) -> Result<i64, String> {
        if self.depth >= DEPTH_MAX {
            return Err(self.error("expression recursion level exceeded"));
        }
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    /// Expressions with commas between; the value is that of the last.
    fn list(&mut self) -> Result<i64, String> {
        let mut value = self.assignment()?;
        while self.take(",")? {
            value = self.assignment()?;
        }
        Ok(value)
    }

    fn assignment(&mut self) -> Result<i64, String> {
        let Token::Name(name) = self.token.clone() else { return self.condition() };
        let before = (self.at, self.begin, self.token.clone());
        self.next()?;
        let Token::Sign(sign) = self.token else { return self.again(before) };
        if !ASSIGNING.contains(&sign) {
            return self.again(before);
        }
        self.next()?;
        let right = self.nested(Sum::assignment)?;
        let sign = &sign[..sign.len() - 1];
        let value = match sign {
            "" => right,
            sign => {
                let left = self.value(&name)?;
                self.applied(sign, left, right)?
            }
        };
        self.set(&name, value)?;
        Ok(value)
    }

    /// Reads a token again, which was none that assigns.
    fn again(&mut self, before: (usize, usize, Token)) -> Result<i64, String> {
        (self.at, self.begin, self.token) = before;
        self.condition()
    }

    /// `A ? B : C`.
    fn condition(&mut self) -> Result<i64, String> {
        let holds = self.binary(0)?;
        if !self.take("?")? {
            return Ok(holds);
        }
        if matches!(self.token, Token::End | Token::Sign(":")) {
            return Err(self.error("expression expected"));
        }
        let was_skipped = self.is_skipped;
        self.is_skipped = was_skipped || holds == 0;
        let first = self.nested(Sum::list)?;
        if !self.take(":")? {
            return Err(self.error("`:' expected for conditional expression"));
        }
        if self.token == Token::End {
            return Err(self.error("expression expected"));
        }
        self.is_skipped = was_skipped || holds != 0;
        let second = self.nested(Sum::condition)?;
        self.is_skipped = was_skipped;
        Ok(if holds != 0 { first } else { second })
    }

    fn binary(&mut self, level: usize) -> Result<i64, String> {
        let Some(row) = BINARY.get(level) else { return self.power() };
        let mut left = self.binary(level + 1)?;
        while let Token::Sign(sign) = self.token
            && row.contains(&sign)
        {
            self.next()?;
            let was_skipped = self.is_skipped;
            self.is_skipped |= matches!((sign, left), ("&&", 0)) || sign == "||" && left != 0;
            let right = self.binary(level + 1)?;
            left = self.applied(sign, left, right)?;
            self.is_skipped = was_skipped;
        }
        Ok(left)
    }

    fn applied(&self, sign: &str, left: i64, right: i64) -> Result<i64, String> {
        if matches!(sign, "/" | "%") && right == 0 {
            return if self.is_skipped { Ok(0) } else { Err(self.error("division by 0")) };
        }
        Ok(match sign {
            "+" => left.wrapping_add(right),
            "-" => left.wrapping_sub(right),
            "*" => left.wrapping_mul(right),
            "/" => left.wrapping_div(right),
            "%" => left.wrapping_rem(right),
            "<<" => left.wrapping_shl(right as u32),
            ">>" => left.wrapping_shr(right as u32),
            "&" => left & right,
            "^" => left ^ right,
            "|" => left | right,
            "<" => i64::from(left < right),
            "<=" => i64::from(left <= right),
            ">" => i64::from(left > right),
            ">=" => i64::from(left >= right),
            "==" => i64::from(left == right),
            "!=" => i64::from(left != right),
            "&&" => i64::from(left != 0 && right != 0),
            _ => i64::from(left != 0 || right != 0),
        })
    }

    /// `A ** B ** C`, of which the last binds first.
    fn power(&mut self) -> Result<i64, String> {
        let mut values = vec![self.unary()?];
        while self.take("**")? {
            values.push(self.unary()?);
        }
        let mut power = values.pop().unwrap_or(0);
        for base in values.into_iter().rev() {
            if power < 0 && !self.is_skipped {
                return Err(self.error("exponent less than 0"));
            }
            power = raised(base, power.max(0) as u64);
        }
        Ok(power)
    }

    /// A value with the signs before it.
    fn unary(&mut self) -> Result<i64, String> {
        let mut signs = Vec::new();
        while let Token::Sign(sign @ ("+" | "-" | "!" | "~")) = self.token {
            signs.push(sign);
            self.next()?;
        }
        let value = self.primary()?;
        Ok(signs.iter().rev().fold(value, |value, sign| match *sign {
            "-" => value.wrapping_neg(),
            "!" => i64::from(value == 0),
            "~" => !value,
            _ => value,
        }))
    }

    fn primary(&mut self) -> Result<i64, String> {
        match self.token.clone() {
            Token::Number(value) => {
                self.next()?;
                Ok(value)
            }
            Token::Name(name) => {
                let value = self.value(&name)?;
                self.next()?;
                if let Token::Sign(sign @ ("++" | "--")) = self.token {
                    self.next()?;
                    self.set(&name, stepped(sign, value))?;
                }
                Ok(value)
            }
            Token::Sign(sign @ ("++" | "--")) => {
                self.next()?;
                let Token::Name(name) = self.token.clone() else {
                    return Err(self.error("syntax error: operand expected"));
                };
                self.next()?;
                let value = stepped(sign, self.value(&name)?);
                self.set(&name, value)?;
                Ok(value)
            }
            Token::Sign("(") => {
                self.next()?;
                let value = self.nested(Sum::list)?;
                if self.take(")")? { Ok(value) } else { Err(self.error("missing `)'")) }
            }
            Token::Sign(_) | Token::End => Err(self.error("syntax error: operand expected")),
        }
    }

    /// The value of a variable: that of the expression that it holds.
    fn value(&mut self, name: &str) -> Result<i64, String> {
        if self.is_skipped {
            return Ok(0);
        }
        let left = self.reading.left.checked_sub(1);
        let (Some(left), true) = (left, self.depth < DEPTH_MAX) else {
            return Err(self.error("expression recursion level exceeded"));
        };
        self.reading.left = left;
        let text = self.reading.names.value(name)?;
        Sum::new(&text, self.reading, self.depth + 1).whole()
    }

    fn set(&mut self, name: &str, value: i64) -> Result<(), String> {
        if self.is_skipped { Ok(()) } else { self.reading.names.set(name, value) }
    }
}

fn stepped(sign: &str, value: i64) -> i64 {
    if sign == "++" { value.wrapping_add(1) } else { value.wrapping_sub(1) }
}

/// A power that wraps around.
fn raised(mut base: i64, mut exponent: u64) -> i64 {
    let mut value: i64 = 1;
    while exponent > 0 {
        if exponent & 1 == 1 {
            value = value.wrapping_mul(base);
        }
        (base, exponent) = (base.wrapping_mul(base), exponent >> 1);
    }
    value
}

/// A number of an expression: as in C, or `BASE#DIGITS`; one that is too great wraps around.
fn number_of(text: &str) -> Result<i64, &'static str> {
    let (base, digits) = match text.split_once('#') {
        Some((base, digits)) => {
            let base = base.parse().ok().filter(|base| (2..=64).contains(base));
            (base.ok_or("invalid arithmetic base")?, digits)
        }
        None => match (text.strip_prefix("0x").or(text.strip_prefix("0X")), text.strip_prefix('0')) {
            (Some(digits), _) => (16, digits),
            (None, Some(digits)) => (8, digits),
            (None, None) => (10, text),
        },
    };
    let mut value: i64 = 0;
    for letter in digits.chars() {
        let digit = digit_of(letter, base).filter(|digit| *digit < base);
        value = value.wrapping_mul(base).wrapping_add(digit.ok_or("value too great for base")?);
    }
    Ok(value)
}

/// What a letter stands for among the digits of a base; up to 36 small and great letters are the same.
fn digit_of(letter: char, base: i64) -> Option<i64> {
    let place = |first: char, value: i64| i64::from(u32::from(letter) - u32::from(first)) + value;
    Some(match letter {
        '0'..='9' => place('0', 0),
        'a'..='z' => place('a', 10),
        'A'..='Z' if base <= 36 => place('A', 10),
        'A'..='Z' => place('A', 36),
        '@' => 62,
        '_' => 63,
        _ => return None,
    })
}

/// A number of C: decimal, `0x` and octal; 2^63 is the least one, as what wraps around.
pub(in super::super) fn number(text: &str) -> Option<i64> {
    let hexadecimal = text.strip_prefix("0x").or(text.strip_prefix("0X"));
    let octal = text.strip_prefix('0').filter(|digits| !digits.is_empty());
    let (digits, base) = match (hexadecimal, octal) {
        (Some(digits), _) => (digits, 16),
        (None, Some(digits)) => (digits, 8),
        (None, None) => (text, 10),
    };
    let is_plain = digits.bytes().all(|digit| digit.is_ascii_alphanumeric());
    let value = is_plain.then(|| u64::from_str_radix(digits, base).ok()).flatten()?;
    (value <= 1 << 63).then_some(value as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    impl Names for BTreeMap<String, String> {
        fn value(&mut self, name: &str) -> Result<String, String> {
            Ok(self.get(name).cloned().unwrap_or_default())
        }

        fn set(&mut self, name: &str, value: i64) -> Result<(), String> {
            self.insert(name.to_owned(), value.to_string());
            Ok(())
        }
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let known =
            [("X", "7"), ("M", " -010 "), ("T", "abc"), ("R", "1+2"), ("Q", "1+"), ("S", "S"), ("D", "D+D")];
        let mut names: BTreeMap<String, String> =
            known.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let shown = evaluate(text, &mut names).map_or_else(|error| error, |value| value.to_string());
        assert_eq!(shown, expected, "{text}");
    }

    // As bash 5.2 has them.
    #[test]
    fn operators_bind_as_in_c() {
        check("1 + 2*3 - 4/2", "5");
        check("(1+2) * 3 % 5", "4");
        check("10 - 2 - 3", "5");
        check("-7 / 2", "-3");
        check("-7 % 3", "-1");
        check("- - 3 + +4", "7");
        check("1 < 2 == 1 && 3 >= 4 || !0", "1");
        check("2 > 1 != 0 && !5", "0");
        check("1<<4|1", "17");
        check("6&3^1", "3");
        check("8>>1>=4", "1");
        check("1 << 65", "2");
        check("~5", "-6");
        check("2**3**2", "512");
        check("-2**2", "4");
        check("1 ? 2 : 0 ? 3 : 4", "2");
        check("1,2,3", "3");
        check("", "0");
        check(" ", "0");
        check("9223372036854775807 + 1", "-9223372036854775808");
        check("(-9223372036854775807 - 1) / -1", "-9223372036854775808");
        check("\"5\" + 1", "6");
    }

    // As bash 5.2 has them.
    #[test]
    fn variables_are_expressions_and_may_be_set() {
        check("X*2 + M + UNSET", "6");
        check("R*2", "6");
        check("T", "0");
        check("Y=3,Y+1", "4");
        check("a=b=4, a+b", "8");
        check("Y++ + Y", "1");
        check("++Y", "1");
        check("Y-- + --Y", "-2");
        check("X*=2, X<<=1, X-=1, X", "27");
        check("X%=4, X|=8, X^=1, X&=14, X", "10");
        check("5--3", "8");
        check("5- -3", "8");
        check("--3", "3");
        check("X+++X", "15");
        check("Y = X > 3 ? 1 : 2", "1");
    }

    #[test]
    fn what_is_not_needed_is_not_done() {
        check("0 && 1/0", "0");
        check("1 || 1/0", "1");
        check("0?1/0:3", "3");
        check("(0 && (Y=9)) + Y", "0");
        check("(1 ? 0 : Y++) + Y", "0");
        check("0 && Q", "0");
    }

    // As bash 5.2 has them.
    #[test]
    fn numbers_have_bases() {
        check("0x1f + 010 + 0X1F", "70");
        check("16#ff + 2#101 + 10#08 + 36#z + 64#_", "366");
        check("9223372036854775808", "-9223372036854775808");
        check("99999999999999999999", "7766279631452241919");
        check("08", "08: value too great for base (error token is \"08\")");
        check("0xg", "0xg: value too great for base (error token is \"0xg\")");
        check("2#3", "2#3: value too great for base (error token is \"2#3\")");
        check("65#1", "65#1: invalid arithmetic base (error token is \"65#1\")");
    }

    // Messages of bash 5.2.
    #[test]
    fn what_is_no_expression_is_refused() {
        check("1/0", "1/0: division by 0 (error token is \"0\")");
        check("1 +", "1 +: syntax error: operand expected (error token is \"+\")");
        check("1 2", "1 2: syntax error in expression (error token is \"2\")");
        check("(1", "(1: missing `)' (error token is \"1\")");
        check("1=2", "1=2: attempted assignment to non-variable (error token is \"=2\")");
        check("X=", "X=: syntax error: operand expected (error token is \"=\")");
        check("*2", "*2: syntax error: operand expected (error token is \"*2\")");
        check("2** -1", "2** -1: exponent less than 0 (error token is \"1\")");
        check("x.y", "x.y: syntax error: invalid arithmetic operator (error token is \".y\")");
        check("1 + ;", "1 + ;: syntax error: operand expected (error token is \";\")");
        check("1?2", "1?2: `:' expected for conditional expression (error token is \"2\")");
        check("1?:2", "1?:2: expression expected (error token is \":2\")");
        check("Q", "1+: syntax error: operand expected (error token is \"+\")");
        check("S", "S: expression recursion level exceeded (error token is \"S\")");
        check("D", "D+D: expression recursion level exceeded (error token is \"D+D\")");
        check("X[0]", "X[0]: `X[' is not simulated by weir");
        for deep in ["(", "X=", "1?", "0?1:"].map(|begin| begin.repeat(100)) {
            let mut names = BTreeMap::new();
            assert!(
                evaluate(&deep, &mut names).is_err_and(|error| error.contains("recursion level")),
                "{deep}"
            );
        }
        check(&format!("1{}", "**1".repeat(100_000)), "1");
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "([-+*/%<>=!~&|^?:,() \"]|0x|[0-9#@_]|[XRS]|\\+\\+|é){0,30}") {
            let mut names: BTreeMap<String, String> = BTreeMap::from([("R".to_owned(), "1+X".to_owned())]);
            let _ = evaluate(&text, &mut names);
        }
    }
}
