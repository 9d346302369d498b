//! What `$((…))` comes to: integers of 64 bits that wrap around.
//!
//! Source: POSIX.1-2017, Shell Command Language, section 2.6.4, and C for the operators. Bits, `?:` and assignments are not
//! simulated, and refused by name; messages are bash's.

/// How deep parentheses may stand in each other.
const DEPTH_MAX: usize = 64;

/// Operators between two values: those of a row bind alike, and less than those of later rows.
const BINARY: [&[&str]; 6] =
    [&["||"], &["&&"], &["==", "!="], &["<=", ">=", "<", ">"], &["+", "-"], &["*", "/", "%"]];

/// Operators that C has and this has not, longest first.
const NOT_SIMULATED: [&str; 24] = [
    "<<=", ">>=", "<<", ">>", "++", "--", "**", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "&&=", "||=",
    "?", ":", "=", "&", "|", "^", "~",
];

/// The value of an expression in which names stand for what `value` gives, by its name.
///
/// # Errors
/// It is no expression, divides by zero, or a variable is no integer; with bash's message.
pub(super) fn evaluate(text: &str, value: &mut dyn FnMut(&str) -> String) -> Result<i64, String> {
    let mut sum = Sum { text, rest: text, depth: 0, is_skipped: false, value };
    if sum.rest.trim_start().is_empty() {
        return Ok(0);
    }
    let result = sum.binary(0)?;
    if sum.token().is_empty() { Ok(result) } else { Err(sum.error("syntax error in expression")) }
}

struct Sum<'a> {
    text: &'a str,
    rest: &'a str,
    depth: usize,
    /// Whether the value is not needed: it is the second one of `0 && x` or `1 || x`.
    is_skipped: bool,
    value: &'a mut dyn FnMut(&str) -> String,
}

impl<'a> Sum<'a> {
    /// What has not been read.
    fn token(&mut self) -> &'a str {
        self.rest = self.rest.trim_start();
        self.rest
    }

    /// Takes an operator of the row that comes next, if one does.
    fn operator(&mut self, row: &[&'static str]) -> Result<Option<&'static str>, String> {
        let rest = self.token();
        let refused = NOT_SIMULATED.iter().find(|sign| rest.starts_with(**sign));
        let known = BINARY.iter().copied().flatten().filter(|sign| rest.starts_with(**sign));
        let known = known.max_by_key(|sign| sign.len());
        if let Some(refused) = refused.filter(|sign| known.is_none_or(|known| sign.len() > known.len())) {
            return Err(format!("{}: `{refused}' is not simulated by weir", self.text));
        }
        let Some(sign) = known.filter(|sign| row.contains(sign)) else { return Ok(None) };
        self.rest = &self.rest[sign.len()..];
        Ok(Some(sign))
    }

    fn binary(&mut self, level: usize) -> Result<i64, String> {
        let Some(row) = BINARY.get(level) else { return self.unary() };
        let mut left = self.binary(level + 1)?;
        while let Some(sign) = self.operator(row)? {
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
            let error = || Err(self.error("division by 0"));
            return if self.is_skipped { Ok(0) } else { error() };
        }
        Ok(match sign {
            "+" => left.wrapping_add(right),
            "-" => left.wrapping_sub(right),
            "*" => left.wrapping_mul(right),
            "/" => left.wrapping_div(right),
            "%" => left.wrapping_rem(right),
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

    /// A value with the signs before it.
    fn unary(&mut self) -> Result<i64, String> {
        let mut signs = Vec::new();
        loop {
            let rest = self.token();
            if rest.starts_with("++") || rest.starts_with("--") {
                return Err(format!("{}: `{}' is not simulated by weir", self.text, &rest[..2]));
            }
            let Some(sign @ ('+' | '-' | '!')) = rest.chars().next() else { break };
            signs.push(sign);
            self.rest = &self.rest[1..];
        }
        let value = self.primary()?;
        Ok(signs.iter().rev().fold(value, |value, sign| match sign {
            '-' => value.wrapping_neg(),
            '!' => i64::from(value == 0),
            _ => value,
        }))
    }

    fn primary(&mut self) -> Result<i64, String> {
        let rest = self.token();
        if rest.starts_with('(') {
            return self.parentheses();
        }
        let is_of_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        let end = rest.find(|letter| !is_of_word(letter)).unwrap_or(rest.len());
        let word = rest[..end].to_owned();
        self.rest = &self.rest[end..];
        if word.is_empty() {
            return Err(self.error("syntax error: operand expected"));
        }
        if word.starts_with(|letter: char| letter.is_ascii_digit()) {
            return number(&word).ok_or_else(|| self.error("value too great for base"));
        }
        let value = (self.value)(&word);
        let (sign, digits) = match value.trim().strip_prefix('-') {
            Some(digits) => (-1, digits),
            None => (1, value.trim().strip_prefix('+').unwrap_or(value.trim())),
        };
        match (digits, number(digits)) {
            ("", _) => Ok(0),
            (_, Some(value)) => Ok(value.wrapping_mul(sign)),
            (_, None) => Err(self.error(&format!("{word} is no number: `{value}'"))),
        }
    }

    fn parentheses(&mut self) -> Result<i64, String> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.error("expression recursion level exceeded"));
        }
        self.rest = &self.rest[1..];
        let value = self.binary(0)?;
        if !self.token().starts_with(')') {
            return Err(self.error("missing `)'"));
        }
        self.rest = &self.rest[1..];
        self.depth -= 1;
        Ok(value)
    }

    fn error(&self, message: &str) -> String {
        format!("{}: {message}", self.text.trim_start())
    }
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
    use super::evaluate;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let mut value = |name: &str| match name {
            "X" => "7".to_owned(),
            "M" => " -010 ".to_owned(),
            "T" => "abc".to_owned(),
            _ => String::new(),
        };
        let shown = evaluate(text, &mut value).map_or_else(|error| error, |value| value.to_string());
        assert_eq!(shown, expected, "{text}");
    }

    // C, and `dash -c 'echo $((…))'`, 0.5.12, for those that it knows.
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
        check("0x1f + 010", "39");
        check("X*2 + M + UNSET", "6");
        check("", "0");
        check("9223372036854775807 + 1", "-9223372036854775808");
        check("(-9223372036854775807 - 1) / -1", "-9223372036854775808");
        check("0 && 1/0", "0");
        check("1 || 1/0", "1");
    }

    #[test]
    fn what_is_no_expression_is_refused() {
        check("1/0", "1/0: division by 0");
        check("1 +", "1 +: syntax error: operand expected");
        check("1 2", "1 2: syntax error in expression");
        check("(1", "(1: missing `)'");
        check("08", "08: value too great for base");
        check("T", "T: T is no number: `abc'");
        check("X = 1", "X = 1: `=' is not simulated by weir");
        check("1 ? 2 : 3", "1 ? 2 : 3: `?' is not simulated by weir");
        check("X++", "X++: `++' is not simulated by weir");
        check("--X", "--X: `--' is not simulated by weir");
        check("1 << 2", "1 << 2: `<<' is not simulated by weir");
        check("1 & 2", "1 & 2: `&' is not simulated by weir");
        check("~1", "~1: syntax error: operand expected");
        check(&"(".repeat(65), &format!("{}: expression recursion level exceeded", "(".repeat(65)));
    }
}
