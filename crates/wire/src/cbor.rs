//! CBOR bodies of operations that read and answer JSON: the same members, times as tag 1.
//!
//! Lists and structures lie within one another to a bound. What a body says beyond the published members is kept, for the
//! operation to refuse. Fractions are written in 64 bits, as AWS writes them, though fewer would do.
//! Source: Smithy 2.0, "Smithy RPC v2 CBOR protocol" (shape serialization, timestamps); RFC 8949.

use crate::catalog::{Catalog, Form, Side};
use crate::error::excerpt;
use crate::{Service, WireError};
use minicbor::data::{Tag, Type};
use minicbor::{Decoder, Encoder};
use serde_json::{Map, Number, Value};

/// How deep values may lie in one another. The deepest of CloudWatch's, a dimension's name in GetMetricData, lies at 7.
const DEPTH_MAX: usize = 32;
/// The tag of a time in seconds since the epoch (RFC 8949 section 3.4.2).
const EPOCH: Tag = Tag::new(1);

/// What `body` says, as the JSON text that `action` reads. An empty body is an empty structure.
///
/// # Errors
/// `SerializationException` for what is not one CBOR structure, names a member twice, lies too deep, holds what JSON has not,
/// or has a tag where no time belongs.
pub(crate) fn body(service: Service, action: &str, body: &[u8]) -> Result<Vec<u8>, WireError> {
    if body.is_empty() {
        return Ok(b"{}".to_vec());
    }
    let catalog = Catalog::of(service).unwrap_or_default();
    let members = Reader { catalog, decoder: Decoder::new(body) }.whole(action);
    let members = members.map_err(|Wrong(why)| {
        WireError::new("SerializationException", format!("The CBOR cannot be read: {why}."))
    })?;
    Ok(Value::Object(members).to_string().into_bytes())
}

/// The CBOR of the answer to `action`.
pub(crate) fn answer(service: Service, action: &str, answer: &Value) -> Vec<u8> {
    let catalog = Catalog::of(service).unwrap_or_default();
    let mut writer = Writer { catalog, encoder: Encoder::new(Vec::new()) };
    // Writing into memory never fails.
    let _ = writer.value(catalog.answer(action).map(Form::Structure), answer);
    writer.encoder.into_writer()
}

/// The CBOR of an error.
pub(crate) fn error(members: &Value) -> Vec<u8> {
    let mut writer = Writer { catalog: Catalog::default(), encoder: Encoder::new(Vec::new()) };
    let _ = writer.value(None, members);
    writer.encoder.into_writer()
}

/// Why a body cannot be read, after the place.
struct Wrong(String);

impl Wrong {
    fn new(why: &str) -> Wrong {
        Wrong(why.to_owned())
    }

    fn at(self, member: &str) -> Wrong {
        Wrong(format!("{}: {}", excerpt(member), self.0))
    }
}

impl From<minicbor::decode::Error> for Wrong {
    fn from(error: minicbor::decode::Error) -> Wrong {
        Wrong(error.to_string())
    }
}

/// Reads values by what is published of them. A form that is `None` is that of a member that nobody published.
struct Reader<'b> {
    catalog: Catalog,
    decoder: Decoder<'b>,
}

impl Reader<'_> {
    fn whole(mut self, action: &str) -> Result<Map<String, Value>, Wrong> {
        if !matches!(self.decoder.datatype()?, Type::Map | Type::MapIndef) {
            return Err(Wrong::new("it is no structure"));
        }
        let members = self.structure(Some(action), DEPTH_MAX)?;
        match self.decoder.position() == self.decoder.input().len() {
            true => Ok(members),
            false => Err(Wrong::new("there is more after its end")),
        }
    }

    fn structure(&mut self, name: Option<&str>, depth: usize) -> Result<Map<String, Value>, Wrong> {
        let mut left = self.decoder.map()?;
        let mut members = Map::new();
        while self.has_next(&mut left)? {
            let key = self.text()?;
            let form = name.and_then(|name| self.catalog.form(name, Side::Request, &key));
            let value = self.value(form, depth).map_err(|wrong| wrong.at(&key))?;
            if members.contains_key(&key) {
                return Err(Wrong::new("there are two of it").at(&key));
            }
            members.insert(key, value);
        }
        Ok(members)
    }

    fn list(&mut self, element: Option<Form>, depth: usize) -> Result<Vec<Value>, Wrong> {
        let mut left = self.decoder.array()?;
        let mut items = Vec::new();
        while self.has_next(&mut left)? {
            items.push(self.value(element, depth)?);
        }
        Ok(items)
    }

    /// Whether a list or structure goes on, of which so many are left to come, or as many as there are before its end.
    fn has_next(&mut self, left: &mut Option<u64>) -> Result<bool, Wrong> {
        match left {
            Some(0) => Ok(false),
            Some(left) => {
                *left -= 1;
                Ok(true)
            }
            None if self.decoder.datatype()? == Type::Break => {
                self.decoder.skip()?;
                Ok(false)
            }
            None => Ok(true),
        }
    }

    fn value(&mut self, form: Option<Form>, depth: usize) -> Result<Value, Wrong> {
        let depth = depth.checked_sub(1).ok_or_else(|| Wrong::new("it lies too deep"))?;
        match self.decoder.datatype()? {
            Type::Null => Ok(self.decoder.null().map(|()| Value::Null)?),
            Type::Undefined => Ok(self.decoder.undefined().map(|()| Value::Null)?),
            Type::Tag if form == Some(Form::Time) && self.decoder.tag()? == EPOCH => self.number(),
            _ if form == Some(Form::Time) => Err(Wrong::new("a time is a number of seconds with tag 1")),
            Type::Bool => Ok(self.decoder.bool()?.into()),
            Type::String | Type::StringIndef => Ok(self.text()?.into()),
            Type::Array | Type::ArrayIndef => {
                self.list(form.and_then(Form::element), depth).map(Value::Array)
            }
            Type::Map | Type::MapIndef => self.structure(form.and_then(Form::name), depth).map(Value::Object),
            _ => self.number(),
        }
    }

    fn text(&mut self) -> Result<String, Wrong> {
        if !matches!(self.decoder.datatype()?, Type::String | Type::StringIndef) {
            return Err(Wrong::new("the name of a member is no text"));
        }
        Ok(self.decoder.str_iter()?.collect::<Result<String, _>>()?)
    }

    fn number(&mut self) -> Result<Value, Wrong> {
        let number = match self.decoder.datatype()? {
            Type::F16 | Type::F32 | Type::F64 => Number::from_f64(self.decoder.f64()?),
            Type::U8 | Type::U16 | Type::U32 | Type::U64 => Some(self.decoder.u64()?.into()),
            Type::I8 | Type::I16 | Type::I32 | Type::I64 => Some(self.decoder.i64()?.into()),
            _ => None,
        };
        number.map(Value::Number).ok_or_else(|| Wrong::new("no such value belongs here"))
    }
}

/// Writes values by what is published of them.
struct Writer {
    catalog: Catalog,
    encoder: Encoder<Vec<u8>>,
}

type Written = Result<(), minicbor::encode::Error<std::convert::Infallible>>;

impl Writer {
    fn value(&mut self, form: Option<Form>, value: &Value) -> Written {
        let encoder = &mut self.encoder;
        match value {
            Value::Null => encoder.null().map(|_| ()),
            Value::Bool(value) => encoder.bool(*value).map(|_| ()),
            Value::String(text) => encoder.str(text).map(|_| ()),
            Value::Number(number) => match (form, number.as_i64()) {
                (Some(Form::Time), _) => encoder.tag(EPOCH)?.f64(fraction(number)).map(|_| ()),
                (Some(Form::Float), _) | (_, None) => encoder.f64(fraction(number)).map(|_| ()),
                (_, Some(number)) => encoder.i64(number).map(|_| ()),
            },
            Value::Array(items) => {
                encoder.array(items.len() as u64)?;
                items.iter().try_for_each(|item| self.value(form.and_then(Form::element), item))
            }
            Value::Object(members) => {
                encoder.map(members.len() as u64)?;
                members.iter().try_for_each(|(key, value)| self.member(form.and_then(Form::name), key, value))
            }
        }
    }

    fn member(&mut self, structure: Option<&str>, key: &str, value: &Value) -> Written {
        self.encoder.str(key)?;
        let form = structure.and_then(|structure| self.catalog.form(structure, Side::Response, key));
        self.value(form, value)
    }
}

fn fraction(number: &Number) -> f64 {
    number.as_f64().unwrap_or_default()
}

#[cfg(test)]
mod tests;
