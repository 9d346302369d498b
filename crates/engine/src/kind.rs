//! How a value of the language is kept in a column of Arrow, and back.

use std::net::Ipv4Addr;
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanBuilder, Float64Builder, Int64Builder, StringViewBuilder, UInt32Array,
};
use datafusion::arrow::datatypes::{DataType, Float64Type, Int64Type, UInt32Type};
use datafusion::scalar::ScalarValue;
use weir_insights::{Type, Value};

use crate::files::address;

/// What a column holds. In all but the last three a null is an absent value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// True or false.
    Bool,
    /// A whole number.
    Int,
    /// A number.
    Float,
    /// Milliseconds since the epoch.
    Time,
    /// Text, which may read as a number.
    Text,
    /// A list or map, or a part of one, in JSON.
    Json,
    /// A whole number, or `-` where the column is null: a numeric field of flow logs.
    DashInt,
    /// Text, or `-` where the column is null: a field of stored flow logs.
    DashText,
    /// An IPv4 address as a number, or `-` where the column is null.
    DashAddress,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 9] = [
        Kind::Bool,
        Kind::Int,
        Kind::Float,
        Kind::Time,
        Kind::Text,
        Kind::Json,
        Kind::DashInt,
        Kind::DashText,
        Kind::DashAddress,
    ];

    /// The type of the column.
    pub fn data_type(self) -> DataType {
        match self {
            Kind::Bool => DataType::Boolean,
            Kind::Int | Kind::Time | Kind::DashInt => DataType::Int64,
            Kind::Float => DataType::Float64,
            Kind::DashAddress => DataType::UInt32,
            Kind::Text | Kind::DashText | Kind::Json => DataType::Utf8View,
        }
    }

    /// True if a null of the column stands for `-`.
    pub fn is_dash(self) -> bool {
        matches!(self, Kind::DashInt | Kind::DashText | Kind::DashAddress)
    }

    /// The kind that holds values of a type.
    pub fn of_type(kind: Type) -> Kind {
        match kind {
            Type::Bool => Kind::Bool,
            Type::Int => Kind::Int,
            Type::Float => Kind::Float,
            Type::Time => Kind::Time,
            Type::Text | Type::Any => Kind::Text,
            Type::Json | Type::Part => Kind::Json,
        }
    }

    /// The kind that holds a value as it is. Null has that of text.
    pub fn of_value(value: &Value) -> Kind {
        match value {
            Value::Bool(_) => Kind::Bool,
            Value::Int(_) => Kind::Int,
            Value::Float(_) => Kind::Float,
            Value::Time(_) => Kind::Time,
            Value::Null | Value::Text(_) => Kind::Text,
            Value::Json(_) => Kind::Json,
        }
    }

    /// The value as a constant of this kind; the value's kind must be this one.
    pub fn scalar(value: &Value) -> ScalarValue {
        match value {
            Value::Null => ScalarValue::Utf8View(None),
            Value::Bool(is_true) => ScalarValue::Boolean(Some(*is_true)),
            Value::Int(number) | Value::Time(number) => ScalarValue::Int64(Some(*number)),
            Value::Float(number) => ScalarValue::Float64(Some(*number)),
            Value::Text(text) => ScalarValue::Utf8View(Some(text.clone())),
            Value::Json(json) => ScalarValue::Utf8View(Some(json.to_string())),
        }
    }

    /// The value in one row. The array must have this kind's type.
    pub fn value(self, array: &dyn Array, row: usize) -> Value {
        if array.is_null(row) {
            return if self.is_dash() { Value::text("-") } else { Value::Null };
        }
        match self {
            Kind::Bool => Value::Bool(array.as_boolean().value(row)),
            Kind::Int | Kind::DashInt => Value::Int(array.as_primitive::<Int64Type>().value(row)),
            Kind::Time => Value::Time(array.as_primitive::<Int64Type>().value(row)),
            Kind::Float => Value::number_or_null(array.as_primitive::<Float64Type>().value(row)),
            Kind::Text | Kind::DashText => Value::text(array.as_string_view().value(row)),
            Kind::Json => Value::of_json_text(array.as_string_view().value(row)),
            Kind::DashAddress => {
                let address = array.as_primitive::<UInt32Type>().value(row);
                Value::Text(Ipv4Addr::from(address).to_string())
            }
        }
    }

    /// The values as a column; a value that is not of this kind becomes one by its view, or null.
    pub fn collect(self, values: impl Iterator<Item = Value>) -> ArrayRef {
        match self {
            Kind::Bool => {
                let mut builder = BooleanBuilder::new();
                values.for_each(|value| builder.append_option((!value.is_null()).then(|| value.is_true())));
                Arc::new(builder.finish())
            }
            Kind::Int | Kind::Time | Kind::DashInt => {
                let mut builder = Int64Builder::new();
                values.for_each(|value| builder.append_option(whole(&value)));
                Arc::new(builder.finish())
            }
            Kind::Float => {
                let mut builder = Float64Builder::new();
                values.for_each(|value| builder.append_option(value.as_f64()));
                Arc::new(builder.finish())
            }
            Kind::Json => {
                let mut builder = StringViewBuilder::new();
                let json = |value: Value| (!value.is_null()).then(|| value.to_json().to_string());
                values.for_each(|value| builder.append_option(json(value)));
                Arc::new(builder.finish())
            }
            Kind::DashAddress => {
                let number = |value: Value| value.print().as_deref().and_then(address);
                Arc::new(values.map(number).collect::<UInt32Array>())
            }
            Kind::Text | Kind::DashText => {
                let mut builder = StringViewBuilder::new();
                values.for_each(|value| builder.append_option(value.print()));
                Arc::new(builder.finish())
            }
        }
    }
}

/// The value as a whole number: milliseconds, counts.
pub fn whole(value: &Value) -> Option<i64> {
    match value.number()? {
        weir_insights::Number::Int(number) => Some(number),
        weir_insights::Number::Float(number) => (number.abs() < i64::MAX as f64).then_some(number as i64),
    }
}
