//! Functions of numbers.

use super::{ARGUMENTS_MAX, Call, Function, number_of, takes};
use crate::plan::Type;
use crate::value::{Number, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "abs",
        aliases: &[],
        parameters: takes(1, 1, "a number"),
        result: Type::Float,
        summary: "The absolute value.",
        examples: &[("abs(-7)", Some("7")), ("abs(\"x\")", None)],
        call: Call::Values(|a| float(a, f64::abs)),
    },
    Function {
        name: "ceil",
        aliases: &[],
        parameters: takes(1, 1, "a number"),
        result: Type::Float,
        summary: "The smallest whole number that is not less.",
        examples: &[("ceil(1.2)", Some("2")), ("ceil(-1.2)", Some("-1"))],
        call: Call::Values(|a| float(a, f64::ceil)),
    },
    Function {
        name: "floor",
        aliases: &[],
        parameters: takes(1, 1, "a number"),
        result: Type::Float,
        summary: "The greatest whole number that is not greater.",
        examples: &[("floor(1.8)", Some("1")), ("floor(-1.2)", Some("-2"))],
        call: Call::Values(|a| float(a, f64::floor)),
    },
    Function {
        name: "round",
        aliases: &[],
        parameters: takes(1, 2, "a number and perhaps a number of decimals"),
        result: Type::Float,
        summary: "The nearest number with so many decimals, by default none; halves away from zero.",
        examples: &[
            ("round(2.5)", Some("3")),
            ("round(1234.567, 1)", Some("1234.6")),
            ("round(1234, -2)", Some("1200")),
        ],
        call: Call::Values(round),
    },
    Function {
        name: "sqrt",
        aliases: &[],
        parameters: takes(1, 1, "a number"),
        result: Type::Float,
        summary: "The square root; absent for a negative number.",
        examples: &[("sqrt(9)", Some("3")), ("sqrt(-1)", None)],
        call: Call::Values(|a| float(a, f64::sqrt)),
    },
    Function {
        name: "log",
        aliases: &["ln"],
        parameters: takes(1, 1, "a number"),
        result: Type::Float,
        summary: "The natural logarithm; absent for a number that is not positive.",
        examples: &[("log(1)", Some("0")), ("log(0)", None)],
        call: Call::Values(|a| float(a, f64::ln)),
    },
    Function {
        name: "greatest",
        aliases: &[],
        parameters: takes(1, ARGUMENTS_MAX, "numbers"),
        result: Type::Float,
        summary: "The greatest of the arguments that are numbers.",
        examples: &[("greatest(1, 3, 2)", Some("3")), ("greatest(1, \"-\")", Some("1"))],
        call: Call::Values(|a| fold(a, f64::max)),
    },
    Function {
        name: "least",
        aliases: &[],
        parameters: takes(1, ARGUMENTS_MAX, "numbers"),
        result: Type::Float,
        summary: "The least of the arguments that are numbers.",
        examples: &[("least(1, 3, 2)", Some("1"))],
        call: Call::Values(|a| fold(a, f64::min)),
    },
    Function {
        name: "haversine",
        aliases: &[],
        parameters: takes(4, 4, "latitude, longitude, latitude, longitude in degrees"),
        result: Type::Float,
        summary: "The distance of two places on the earth in kilometres. Assumption: a sphere of radius 6371 km.",
        examples: &[("round(haversine(0, 0, 0, 180))", Some("20015"))],
        call: Call::Values(haversine),
    },
    Function {
        name: "toNumber",
        aliases: &["toDouble"],
        parameters: takes(1, 1, "a value"),
        result: Type::Float,
        summary: "The number that the text shows, absent if it shows none.",
        examples: &[("toNumber(\"12.5\")", Some("12.5")), ("toNumber(\"12 apples\")", None)],
        call: Call::Values(|a| float(a, |number| number)),
    },
    Function {
        name: "toInt",
        aliases: &["toLong"],
        parameters: takes(1, 1, "a value"),
        result: Type::Int,
        summary: "The number without its decimals.",
        examples: &[("toInt(\"12.9\")", Some("12")), ("toInt(-0.5)", Some("0")), ("toInt(\"x\")", None)],
        call: Call::Values(whole),
    },
    Function {
        name: "hexToDec",
        aliases: &[],
        parameters: takes(1, 1, "hexadecimal digits"),
        result: Type::Int,
        summary: "The number that hexadecimal digits show, with or without 0x.",
        examples: &[
            ("hexToDec(\"ff\")", Some("255")),
            ("hexToDec(\"0x10\")", Some("16")),
            ("hexToDec(\"xyz\")", None),
        ],
        call: Call::Values(hex_to_dec),
    },
    Function {
        name: "decToHex",
        aliases: &[],
        parameters: takes(1, 1, "a whole number"),
        result: Type::Text,
        summary: "The hexadecimal digits of a whole number that is not negative.",
        examples: &[("decToHex(255)", Some("ff")), ("decToHex(-1)", None)],
        call: Call::Values(dec_to_hex),
    },
];

/// Degrees to the earth's radius in kilometres.
const EARTH_RADIUS_KM: f64 = 6371.0;
/// More decimals than a float has.
const DECIMALS_MAX: f64 = 15.0;

fn float(arguments: &[Value], function: fn(f64) -> f64) -> Value {
    number_of(arguments, 0).map_or(Value::Null, |number| Value::number_or_null(function(number)))
}

fn fold(arguments: &[Value], choose: fn(f64, f64) -> f64) -> Value {
    arguments.iter().filter_map(Value::as_f64).reduce(choose).map_or(Value::Null, Value::number_or_null)
}

fn round(arguments: &[Value]) -> Value {
    let decimals = if arguments.len() > 1 { number_of(arguments, 1) } else { Some(0.0) };
    let (Some(number), Some(decimals)) = (number_of(arguments, 0), decimals) else { return Value::Null };
    let scale = 10f64.powi(decimals.clamp(-DECIMALS_MAX, DECIMALS_MAX) as i32);
    let scaled = number * scale;
    Value::number_or_null(if scaled.is_finite() { scaled.round() / scale } else { number })
}

fn haversine(arguments: &[Value]) -> Value {
    let radians = |index| number_of(arguments, index).map(f64::to_radians);
    let (Some(lat1), Some(lon1), Some(lat2), Some(lon2)) = (radians(0), radians(1), radians(2), radians(3))
    else {
        return Value::Null;
    };
    let half = |from: f64, to: f64| ((to - from) / 2.0).sin().powi(2);
    let chord = half(lat1, lat2) + lat1.cos() * lat2.cos() * half(lon1, lon2);
    Value::number_or_null(2.0 * EARTH_RADIUS_KM * chord.clamp(0.0, 1.0).sqrt().asin())
}

fn whole(arguments: &[Value]) -> Value {
    match arguments.first().and_then(Value::number) {
        Some(Number::Int(number)) => Value::Int(number),
        Some(Number::Float(number)) if number.abs() < i64::MAX as f64 => Value::Int(number as i64),
        _ => Value::Null,
    }
}

fn hex_to_dec(arguments: &[Value]) -> Value {
    let Some(text) = super::text_of(arguments, 0) else { return Value::Null };
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(&text);
    if digits.starts_with(['+', '-']) {
        return Value::Null;
    }
    i64::from_str_radix(digits, 16).map_or(Value::Null, Value::Int)
}

fn dec_to_hex(arguments: &[Value]) -> Value {
    match arguments.first().and_then(Value::number) {
        Some(Number::Int(number)) if number >= 0 => Value::Text(format!("{number:x}")),
        _ => Value::Null,
    }
}
