//! Functions of numbers. Where Spark gives a value that is no number, the result is absent.

use std::cmp::Ordering;

use super::{ARGUMENTS_MAX, BYTES_MAX, Call, Function, bounded, or_null, takes, text_of, whole_of};
use crate::order::natural_key;
use crate::plan::Type;
use crate::value::{Number, Value};

/// A row for a function of one number.
macro_rules! number {
    ($name:literal, $aliases:expr, $summary:literal, $examples:expr, $function:expr) => {
        Function {
            name: $name,
            aliases: $aliases,
            parameters: takes(1, 1, "a number"),
            result: Type::Float,
            summary: $summary,
            examples: $examples,
            call: Call::Values(|a| of_float(a, $function)),
        }
    };
}

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "sql greatest",
        aliases: &[],
        parameters: takes(1, ARGUMENTS_MAX, "values"),
        result: Type::Any,
        summary: "The value that sorts last; absent ones are passed over.",
        examples: &[
            ("greatest(1, 3, 2)", Some("3")),
            ("greatest('pear', 'apple', null)", Some("pear")),
            ("greatest(null)", None),
        ],
        call: Call::Values(|a| extreme(a, Ordering::Greater)),
    },
    Function {
        name: "sql least",
        aliases: &[],
        parameters: takes(1, ARGUMENTS_MAX, "values"),
        result: Type::Any,
        summary: "The value that sorts first; absent ones are passed over.",
        examples: &[("least(10, 9, null)", Some("9")), ("least('pear', 'apple')", Some("apple"))],
        call: Call::Values(|a| extreme(a, Ordering::Less)),
    },
    number!("sql acos", &[], "The inverse cosine.", &[("acos(1)", Some("0")), ("acos(2)", None)], f64::acos),
    number!(
        "sql acosh",
        &[],
        "The inverse hyperbolic cosine.",
        &[("acosh(1)", Some("0")), ("acosh(0)", None)],
        f64::acosh
    ),
    number!("sql asin", &[], "The inverse sine.", &[("asin(0)", Some("0")), ("asin(2)", None)], f64::asin),
    number!("sql asinh", &[], "The inverse hyperbolic sine.", &[("asinh(0)", Some("0"))], f64::asinh),
    number!("sql atan", &[], "The inverse tangent.", &[("atan(0)", Some("0"))], f64::atan),
    number!(
        "sql atanh",
        &[],
        "The inverse hyperbolic tangent.",
        &[("atanh(0)", Some("0")), ("atanh(2)", None)],
        f64::atanh
    ),
    number!("sql cbrt", &[], "The cube root.", &[("cbrt(27.0)", Some("3"))], f64::cbrt),
    number!("sql cos", &[], "The cosine.", &[("cos(0)", Some("1"))], f64::cos),
    number!("sql cosh", &[], "The hyperbolic cosine.", &[("cosh(0)", Some("1"))], f64::cosh),
    number!("sql cot", &[], "The cotangent.", &[("cot(1)", Some("0.6421"))], |x| 1.0 / x.tan()),
    number!("sql csc", &[], "The cosecant.", &[("csc(1)", Some("1.1884"))], |x| 1.0 / x.sin()),
    number!(
        "sql degrees",
        &[],
        "Radians as degrees.",
        &[("degrees(3.141592653589793)", Some("180"))],
        f64::to_degrees
    ),
    number!("sql exp", &[], "e to the power of the number.", &[("exp(0)", Some("1"))], f64::exp),
    number!("sql expm1", &[], "`exp` less 1.", &[("expm1(0)", Some("0"))], f64::exp_m1),
    number!(
        "sql log10",
        &[],
        "The logarithm to the base 10.",
        &[("log10(10)", Some("1")), ("log10(0)", None)],
        f64::log10
    ),
    number!(
        "sql log1p",
        &[],
        "The natural logarithm of the number and 1.",
        &[("log1p(0)", Some("0"))],
        f64::ln_1p
    ),
    number!("sql log2", &[], "The logarithm to the base 2.", &[("log2(2)", Some("1"))], f64::log2),
    number!("sql positive", &[], "The number.", &[("positive(1)", Some("1"))], |x| x),
    number!("sql negative", &[], "The number with its sign turned.", &[("negative(1)", Some("-1"))], |x| -x),
    number!("sql radians", &[], "Degrees as radians.", &[("radians(180)", Some("3.1416"))], f64::to_radians),
    number!(
        "sql rint",
        &[],
        "The nearest whole number; of two the even one.",
        &[("rint(12.3456)", Some("12")), ("rint(2.5)", Some("2"))],
        f64::round_ties_even
    ),
    number!("sql sec", &[], "The secant.", &[("sec(0)", Some("1"))], |x| 1.0 / x.cos()),
    number!(
        "sql sign",
        &["signum"],
        "-1, 0 or 1 for a negative number, 0 or a positive one.",
        &[("sign(40)", Some("1")), ("signum(-0.5)", Some("-1")), ("sign(0)", Some("0"))],
        sign
    ),
    number!("sql sin", &[], "The sine.", &[("sin(0)", Some("0"))], f64::sin),
    number!("sql sinh", &[], "The hyperbolic sine.", &[("sinh(0)", Some("0"))], f64::sinh),
    number!("sql tan", &[], "The tangent.", &[("tan(0)", Some("0"))], f64::tan),
    number!("sql tanh", &[], "The hyperbolic tangent.", &[("tanh(0)", Some("0"))], f64::tanh),
    Function {
        name: "sql ceil",
        aliases: &["ceiling"],
        parameters: takes(2, 2, "a number and a number of decimals"),
        result: Type::Float,
        summary: "The smallest number with so many decimals that is not less.",
        examples: &[
            ("ceil(3.1411, 3)", Some("3.142")),
            ("ceil(3.1411, -3)", Some("1000")),
            ("ceil(-0.1)", Some("0")),
        ],
        call: Call::Values(|a| to_scale(a, f64::ceil)),
    },
    Function {
        name: "sql floor",
        aliases: &[],
        parameters: takes(2, 2, "a number and a number of decimals"),
        result: Type::Float,
        summary: "The greatest number with so many decimals that is not greater.",
        examples: &[
            ("floor(3.1411, 3)", Some("3.141")),
            ("floor(3.1411, -3)", Some("0")),
            ("floor(-0.1)", Some("-1")),
        ],
        call: Call::Values(|a| to_scale(a, f64::floor)),
    },
    Function {
        name: "sql bround",
        aliases: &[],
        parameters: takes(2, 2, "a number and a number of decimals"),
        result: Type::Float,
        summary: "The nearest number with so many decimals; of two the even one.",
        examples: &[
            ("bround(2.5, 0)", Some("2")),
            ("bround(25, -1)", Some("20")),
            ("bround(3.5, 0)", Some("4")),
        ],
        call: Call::Values(|a| to_scale(a, f64::round_ties_even)),
    },
    Function {
        name: "sql atan2",
        aliases: &[],
        parameters: takes(2, 2, "y and x"),
        result: Type::Float,
        summary: "The angle of the point, in radians.",
        examples: &[("atan2(0, 0)", Some("0")), ("atan2(1, 0)", Some("1.5708"))],
        call: Call::Values(|a| of_two(a, f64::atan2)),
    },
    Function {
        name: "sql hypot",
        aliases: &[],
        parameters: takes(2, 2, "two numbers"),
        result: Type::Float,
        summary: "The square root of the sum of their squares.",
        examples: &[("hypot(3, 4)", Some("5"))],
        call: Call::Values(|a| of_two(a, f64::hypot)),
    },
    Function {
        name: "sql log",
        aliases: &[],
        parameters: takes(2, 2, "a base and a number"),
        result: Type::Float,
        summary: "The logarithm of the number to the base.",
        examples: &[("log(10, 100)", Some("2")), ("log(1, 100)", None), ("log(10, 0)", None)],
        call: Call::Values(|a| of_two(a, |base, number| number.ln() / base.ln())),
    },
    Function {
        name: "sql pmod",
        aliases: &[],
        parameters: takes(2, 2, "two numbers"),
        result: Type::Float,
        summary: "The remainder that is not negative.",
        examples: &[("pmod(10, 3)", Some("1")), ("pmod(-10, 3)", Some("2")), ("pmod(1, 0)", None)],
        call: Call::Values(|a| of_two(a, |left, right| ((left % right) + right) % right)),
    },
    Function {
        name: "sql div",
        aliases: &[],
        parameters: takes(2, 2, "two numbers"),
        result: Type::Int,
        summary: "How often the second is in the first; `a div b` is the same.",
        examples: &[("3 div 2", Some("1")), ("-7 div 2", Some("-3")), ("3 div 0", None)],
        call: Call::Values(|a| match (a[0].number(), a[1].number()) {
            (Some(Number::Int(left)), Some(Number::Int(right))) => {
                or_null(left.checked_div(right).map(Value::Int))
            }
            (Some(left), Some(right)) => whole(left.as_f64() / right.as_f64()),
            _ => Value::Null,
        }),
    },
    Function {
        name: "sql e",
        aliases: &[],
        parameters: takes(0, 0, "nothing"),
        result: Type::Float,
        summary: "The base of the natural logarithm.",
        examples: &[("e()", Some("2.7183"))],
        call: Call::Values(|_| Value::Float(std::f64::consts::E)),
    },
    Function {
        name: "sql pi",
        aliases: &[],
        parameters: takes(0, 0, "nothing"),
        result: Type::Float,
        summary: "The circumference of a circle over its diameter.",
        examples: &[("pi()", Some("3.1416"))],
        call: Call::Values(|_| Value::Float(std::f64::consts::PI)),
    },
    Function {
        name: "sql factorial",
        aliases: &[],
        parameters: takes(1, 1, "a whole number from 0 to 20"),
        result: Type::Int,
        summary: "The product of the numbers up to it.",
        examples: &[("factorial(5)", Some("120")), ("factorial(0)", Some("1")), ("factorial(21)", None)],
        call: Call::Values(|a| match whole_of(a, 0) {
            Some(number @ 0..=20) => Value::Int((1..=number).product()),
            _ => Value::Null,
        }),
    },
    Function {
        name: "sql bin",
        aliases: &[],
        parameters: takes(1, 1, "a whole number"),
        result: Type::Text,
        summary: "Its binary digits; of a negative number those of its two's complement.",
        examples: &[("bin(13)", Some("1101")), ("bin(13.3)", Some("1101")), ("length(bin(-13))", Some("64"))],
        call: Call::Values(|a| {
            whole_of(a, 0).map_or(Value::Null, |number| Value::Text(format!("{number:b}")))
        }),
    },
    Function {
        name: "sql hex",
        aliases: &[],
        parameters: takes(1, 1, "a whole number or a text"),
        result: Type::Text,
        summary: "Hexadecimal digits of the number, or of the text's bytes.",
        examples: &[
            ("hex(17)", Some("11")),
            ("hex('SQL')", Some("53514C")),
            ("hex(-1)", Some("FFFFFFFFFFFFFFFF")),
        ],
        call: Call::Values(|a| match (a.first().and_then(Value::number), text_of(a, 0)) {
            (Some(_), _) => whole_of(a, 0).map_or(Value::Null, |number| Value::Text(format!("{number:X}"))),
            (None, Some(text)) if text.len() <= BYTES_MAX / 2 => {
                or_null(bounded(text.bytes().map(|byte| format!("{byte:02X}")).collect()))
            }
            _ => Value::Null,
        }),
    },
    Function {
        name: "sql conv",
        aliases: &[],
        parameters: takes(3, 3, "digits, their base and another, from 2 to 36"),
        result: Type::Text,
        summary: "The number in the other base, with a sign if that is negative; digits end where none of the base follows.",
        examples: &[
            ("conv('100', 2, 10)", Some("4")),
            ("conv(-10, 16, -10)", Some("-16")),
            ("conv('ff', 16, 10)", Some("255")),
            ("conv('1', 1, 10)", None),
        ],
        call: Call::Values(|a| or_null(conv(a))),
    },
    Function {
        name: "sql shiftleft",
        aliases: &[],
        parameters: takes(2, 2, "a whole number and a number of bits"),
        result: Type::Int,
        summary: "The number with its bits moved left.",
        examples: &[("shiftleft(2, 1)", Some("4"))],
        call: Call::Values(|a| {
            let both = whole_of(a, 0).zip(whole_of(a, 1));
            both.map_or(Value::Null, |(number, bits)| Value::Int(number.wrapping_shl((bits & 63) as u32)))
        }),
    },
    Function {
        name: "sql width_bucket",
        aliases: &[],
        parameters: takes(4, 4, "a number, a first and a last border, a number of parts"),
        result: Type::Int,
        summary: "The equal part between the borders in which the number is, from 1; 0 before the first, one more behind the last.",
        examples: &[
            ("width_bucket(5.3, 0.2, 10.6, 5)", Some("3")),
            ("width_bucket(-2.1, 1.3, 3.4, 3)", Some("0")),
            ("width_bucket(8.1, 0.0, 5.7, 4)", Some("5")),
            ("width_bucket(-0.9, 5.2, 0.5, 2)", Some("3")),
            ("width_bucket(1, 2, 2, 3)", None),
        ],
        call: Call::Values(|a| or_null(width_bucket(a))),
    },
];

fn of_float(arguments: &[Value], function: fn(f64) -> f64) -> Value {
    let number = arguments.first().and_then(Value::as_f64);
    number.map_or(Value::Null, |number| Value::number_or_null(function(number)))
}

fn of_two(arguments: &[Value], function: fn(f64, f64) -> f64) -> Value {
    match (arguments[0].as_f64(), arguments[1].as_f64()) {
        (Some(left), Some(right)) => Value::number_or_null(function(left, right)),
        _ => Value::Null,
    }
}

fn whole(number: f64) -> Value {
    if number.abs() < i64::MAX as f64 { Value::Int(number as i64) } else { Value::Null }
}

fn sign(number: f64) -> f64 {
    if number == 0.0 { 0.0 } else { number.signum() }
}

fn to_scale(arguments: &[Value], round: fn(f64) -> f64) -> Value {
    let (Some(number), Some(decimals)) = (arguments[0].as_f64(), whole_of(arguments, 1)) else {
        return Value::Null;
    };
    let scale = 10f64.powi(decimals.clamp(-15, 15) as i32);
    let scaled = number * scale;
    Value::number_or_null(if scaled.is_finite() { round(scaled) / scale } else { number })
}

fn conv(arguments: &[Value]) -> Option<Value> {
    let (digits, from, to) = (text_of(arguments, 0)?, whole_of(arguments, 1)?, whole_of(arguments, 2)?);
    let base = |base: i64| u32::try_from(base).ok().filter(|base| (2..=36).contains(base));
    let (from, to_base) = (base(from)?, base(to.checked_abs()?)?);
    let (is_negative, digits) = match digits.trim().strip_prefix('-') {
        Some(rest) => (true, rest.to_owned()),
        None => (false, digits.trim().to_owned()),
    };
    // What is too large for 64 bits is the largest such number, as in Hive.
    let add =
        |sum: u64, digit: u32| sum.checked_mul(from.into()).and_then(|sum| sum.checked_add(digit.into()));
    let found = digits.chars().map_while(|c| c.to_digit(from));
    let number = found.fold(0u64, |sum, digit| add(sum, digit).unwrap_or(u64::MAX));
    let number = if is_negative { number.wrapping_neg() } else { number };
    let (sign, number) = match to < 0 && (number as i64) < 0 {
        true => ("-", (number as i64).unsigned_abs()),
        false => ("", number),
    };
    Some(Value::Text(format!("{sign}{}", in_base(number, to_base))))
}

fn in_base(mut number: u64, base: u32) -> String {
    let mut digits = vec![];
    loop {
        let digit = char::from_digit((number % u64::from(base)) as u32, base).unwrap_or('0');
        digits.push(digit.to_ascii_uppercase());
        number /= u64::from(base);
        if number == 0 {
            return digits.into_iter().rev().collect();
        }
    }
}

fn width_bucket(arguments: &[Value]) -> Option<Value> {
    let number = |index: usize| arguments.get(index)?.as_f64();
    let (value, first, last, parts) = (number(0)?, number(1)?, number(2)?, whole_of(arguments, 3)?);
    if first == last || parts <= 0 || parts == i64::MAX {
        return None;
    }
    let share = (value - first) / (last - first);
    Some(Value::Int(match share {
        share if share < 0.0 => 0,
        share if share >= 1.0 => parts + 1,
        share => (share * parts as f64) as i64 + 1,
    }))
}

/// The present value that sorts first or last of all; of equal ones the first.
fn extreme(arguments: &[Value], wanted: Ordering) -> Value {
    let mut best: Option<(Vec<u8>, &Value)> = None;
    for value in arguments.iter().filter(|value| !value.is_null()) {
        let key = natural_key(value);
        if best.as_ref().is_none_or(|(known, _)| key.cmp(known) == wanted) {
            best = Some((key, value));
        }
    }
    best.map_or(Value::Null, |(_, value)| value.clone())
}
