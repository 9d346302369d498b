//! The Query protocol of operations that read and answer JSON: forms become JSON texts, JSON answers XML elements.
//!
//! Source: Smithy 2.0, "AWS query protocol"; Amazon CloudWatch API Reference, "Making API requests".

use crate::catalog::{Catalog, Form, Side};
use crate::frame::wrap;
use crate::{Dialect, Iso, Param, Params, Service, WireError, Writer};
use serde_json::{Map, Number, Value};

/// What a form says, as the JSON text that `action` reads. An action that nobody published says nothing: it is refused by
/// its name.
///
/// # Errors
/// That of each value that is not of its form; `UnknownParameter` for what is not published.
pub(crate) fn body(service: Service, action: &str, params: &Params) -> Result<Vec<u8>, WireError> {
    let Some(catalog) = Catalog::of(service).filter(|catalog| catalog.has(action)) else {
        return Ok(b"{}".to_vec());
    };
    let members = Reader { catalog, params }.structure(action, "")?;
    params.check_all_read_by(service, action)?;
    Ok(Value::Object(members).to_string().into_bytes())
}

/// Writes the members of the answer to `action`.
pub(crate) fn write(out: &mut Writer, service: Service, action: &str, answer: &Value) {
    let catalog = Catalog::of(service).unwrap_or_default();
    if let Some(name) = catalog.answer(action) {
        write_value(out, catalog, Form::Structure(name), answer);
    }
}

struct Reader<'a> {
    catalog: Catalog,
    params: &'a Params,
}

impl Reader<'_> {
    /// The structure at `at`, the full name of the parameter; `""` is the request itself.
    fn structure(&self, name: &str, at: &str) -> Result<Map<String, Value>, WireError> {
        let mut members = Map::new();
        for member in self.catalog.members(name, Side::Request) {
            let key = if at.is_empty() { member.name.to_owned() } else { format!("{at}.{}", member.name) };
            if self.params.has(&key) {
                members.insert(member.name.to_owned(), self.value(member.form(), &key)?);
            }
        }
        Ok(members)
    }

    fn value(&self, form: Form, at: &str) -> Result<Value, WireError> {
        match form {
            Form::Text => String::read(self.params, at).map(Value::from),
            Form::Integer => i64::read(self.params, at).map(Value::from),
            Form::Boolean => bool::read(self.params, at).map(Value::from),
            Form::Float => self.float(at),
            Form::Time => Iso::read(self.params, at).map(|time| Value::from(time.0 as f64 / 1000.0)),
            Form::List(element) => {
                let items = self.params.items(at);
                items.iter().map(|item| self.value(Form::of(element), item)).collect()
            }
            Form::Structure(name) => self.structure(name, at).map(Value::Object),
        }
    }

    /// JSON has no number that is none, and none that is infinite.
    fn float(&self, at: &str) -> Result<Value, WireError> {
        let number = f64::read(self.params, at)?;
        let refusal = || self.params.invalid(at, &number.to_string(), "a number");
        Number::from_f64(number).map(Value::Number).ok_or_else(refusal)
    }
}

fn write_value(out: &mut Writer, catalog: Catalog, form: Form, value: &Value) {
    match (form, value) {
        (Form::Structure(name), Value::Object(given)) => {
            for member in catalog.members(name, Side::Response) {
                if let Some(value) = given.get(member.name) {
                    wrap(out, member.name, |out| write_value(out, catalog, member.form(), value));
                }
            }
        }
        (Form::List(of), Value::Array(items)) => {
            items.iter().for_each(|item| {
                wrap(out, Dialect::Query.item(), |out| write_value(out, catalog, Form::of(of), item));
            });
        }
        (Form::Time, Value::Number(seconds)) => out.text(&time(seconds)),
        (_, Value::String(text)) => out.text(text),
        (_, Value::Null) => {}
        (_, scalar) => out.display(scalar),
    }
}

/// A time in whole seconds has no fraction in CloudWatch's answers.
fn time(seconds: &Number) -> String {
    let ms = (seconds.as_f64().unwrap_or_default() * 1000.0).round() as i64;
    Iso(ms).to_string().replace(".000Z", "Z")
}
