//! Schemas in DDL, as `from_json` takes and `schema_of_json` gives them.
//!
//! Source: Apache Spark SQL 3.5, "Data Types". A name may hold a dash, as in the example of the OpenSearch Service
//! Developer Guide.

use serde_json::{Map, Value as Json};

use super::super::json::list;
use super::convert;
use crate::value::Value;

/// How deep types may be one inside the other. Assumption: Spark names no number; this bounds the parser.
const DEPTH_MAX: usize = 32;

/// A type of JSON.
#[derive(Debug, PartialEq)]
pub(crate) enum Schema {
    /// Members of a map.
    Struct(Vec<(String, Schema)>),
    /// A list of such elements.
    Array(Box<Schema>),
    /// A map of any names to such values.
    Map(Box<Schema>),
    /// A value of a type that CAST has.
    Plain(convert::Plain),
}

impl Schema {
    /// The schema: a type, or the members of a map without `STRUCT<>`.
    ///
    /// # Errors
    /// What is wrong, or the type that is not there.
    pub(crate) fn parse(text: &str) -> Result<Schema, String> {
        let mut reader = Reader { rest: text };
        let is_type = reader.clone().a_type(0).is_ok_and(|(_, rest)| rest.is_empty());
        let schema = match is_type {
            true => reader.a_type(0)?.0,
            false => Schema::Struct(reader.members(0)?),
        };
        Ok(schema)
    }

    /// The value as one of this type; null if it is none.
    pub(super) fn cast(&self, json: Json) -> Json {
        match (self, json) {
            (Schema::Struct(members), Json::Object(mut found)) => {
                let member = |(name, schema): &(String, Schema)| {
                    (name.clone(), found.remove(name).map_or(Json::Null, |inner| schema.cast(inner)))
                };
                Json::Object(members.iter().map(member).collect())
            }
            (Schema::Array(schema), Json::Array(elements)) => {
                Json::Array(elements.into_iter().map(|element| schema.cast(element)).collect())
            }
            (Schema::Map(schema), Json::Object(found)) => {
                let cast: Map<_, _> =
                    found.into_iter().map(|(name, inner)| (name, schema.cast(inner))).collect();
                Json::Object(cast)
            }
            (Schema::Plain(plain), json) => plain.cast_json(json),
            _ => Json::Null,
        }
    }
}

#[derive(Clone)]
struct Reader<'t> {
    rest: &'t str,
}

impl<'t> Reader<'t> {
    /// The type, and what stands behind it.
    fn a_type(&mut self, depth: usize) -> Result<(Schema, &'t str), String> {
        if depth == DEPTH_MAX {
            return Err("the schema is nested too deeply".into());
        }
        let name = self.name()?;
        let schema = match name.to_ascii_lowercase().as_str() {
            "array" => Schema::Array(Box::new(self.inner(depth)?)),
            "map" => {
                self.need('<')?;
                self.a_type(depth + 1)?;
                self.need(',')?;
                let (value, _) = self.a_type(depth + 1)?;
                self.need('>')?;
                Schema::Map(Box::new(value))
            }
            "struct" => {
                self.need('<')?;
                let members = if self.take('>') { vec![] } else { self.members_until(depth + 1)? };
                Schema::Struct(members)
            }
            _ => {
                let size = self.size()?;
                let plain = convert::Plain::named(&name, size.as_deref());
                Schema::Plain(plain.ok_or_else(|| format!("the type {name} is not there"))?)
            }
        };
        self.skip();
        Ok((schema, self.rest))
    }

    fn inner(&mut self, depth: usize) -> Result<Schema, String> {
        self.need('<')?;
        let (inner, _) = self.a_type(depth + 1)?;
        self.need('>')?;
        Ok(inner)
    }

    fn members_until(&mut self, depth: usize) -> Result<Vec<(String, Schema)>, String> {
        let members = self.members_within(depth)?;
        self.need('>')?;
        Ok(members)
    }

    /// All members up to the end of the text.
    fn members(&mut self, depth: usize) -> Result<Vec<(String, Schema)>, String> {
        let members = self.members_within(depth)?;
        if self.rest.is_empty() {
            Ok(members)
        } else {
            Err(format!("{:?} is no part of a schema", self.rest))
        }
    }

    fn members_within(&mut self, depth: usize) -> Result<Vec<(String, Schema)>, String> {
        let mut members = vec![];
        loop {
            let name = self.name()?;
            self.take(':');
            members.push((name, self.a_type(depth)?.0));
            if !self.take(',') {
                return Ok(members);
            }
        }
    }

    /// `(10, 2)` behind a type.
    fn size(&mut self) -> Result<Option<String>, String> {
        if !self.take('(') {
            return Ok(None);
        }
        let end = self.rest.find(')').ok_or("a parenthesis without its end")?;
        let size = self.rest[..end].to_owned();
        self.rest = &self.rest[end + 1..];
        Ok(Some(size))
    }

    fn name(&mut self) -> Result<String, String> {
        self.skip();
        if let Some(quoted) = self.rest.strip_prefix('`') {
            let end = quoted.find('`').ok_or("a back-quoted name without its end")?;
            self.rest = &quoted[end + 1..];
            return Ok(quoted[..end].to_owned());
        }
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '@' | '$' | '.');
        let end = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
        if end == 0 {
            return Err(match self.rest.chars().next() {
                Some(c) => format!("a name or a type was expected, not {c:?}"),
                None => "a name or a type is missing at the end of the schema".into(),
            });
        }
        let name = self.rest[..end].to_owned();
        self.rest = &self.rest[end..];
        Ok(name)
    }

    fn need(&mut self, wanted: char) -> Result<(), String> {
        if self.take(wanted) { Ok(()) } else { Err(format!("{wanted:?} is missing in the schema")) }
    }

    fn take(&mut self, wanted: char) -> bool {
        self.skip();
        let behind = self.rest.strip_prefix(wanted);
        if let Some(behind) = behind {
            self.rest = behind;
        }
        self.skip();
        behind.is_some()
    }

    fn skip(&mut self) {
        self.rest = self.rest.trim_start();
    }
}

/// The schema of a value. Lists of numbers with and without decimals are of the latter; other mixtures are of texts.
pub(super) fn ddl_of(json: &Json) -> String {
    match json {
        Json::Null | Json::String(_) => "STRING".into(),
        Json::Bool(_) => "BOOLEAN".into(),
        Json::Number(number) => {
            if number.is_i64() {
                "BIGINT".into()
            } else {
                "DOUBLE".into()
            }
        }
        Json::Array(_) => {
            let elements = list(&Value::Json(Box::new(json.clone()))).unwrap_or_default();
            format!("ARRAY<{}>", ddl_of_all(&elements))
        }
        Json::Object(members) => {
            let member = |(name, inner): (&String, &Json)| format!("{name}: {}", ddl_of(inner));
            format!("STRUCT<{}>", members.iter().map(member).collect::<Vec<_>>().join(", "))
        }
    }
}

fn ddl_of_all(elements: &[Json]) -> String {
    if !elements.is_empty() && elements.iter().all(Json::is_object) {
        return ddl_of(&Json::Object(merged(elements)));
    }
    let mut kinds: Vec<String> = elements.iter().filter(|one| !one.is_null()).map(ddl_of).collect();
    kinds.sort();
    kinds.dedup();
    match &kinds[..] {
        [kind] => kind.clone(),
        [one, other] if one == "BIGINT" && other == "DOUBLE" => other.clone(),
        _ => "STRING".into(),
    }
}

/// The members of all maps; a value that is there stands for one that is absent.
fn merged(maps: &[Json]) -> Map<String, Json> {
    let mut all = Map::new();
    for (name, inner) in maps.iter().filter_map(Json::as_object).flatten() {
        if all.get(name).is_none_or(Json::is_null) {
            all.insert(name.clone(), inner.clone());
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_schema_is_told() {
        let why = |text: &str| Schema::parse(text).expect_err(text);
        assert_eq!(why(""), "a name or a type is missing at the end of the schema");
        assert_eq!(why("a BLOB"), "the type BLOB is not there");
        assert_eq!(why("ARRAY<INT"), "a name or a type was expected, not '<'");
        assert_eq!(why("a STRUCT<b: INT"), "'>' is missing in the schema");
        assert!(Schema::parse(&format!("a {}INT{}", "ARRAY<".repeat(99), ">".repeat(99))).is_err());
    }

    #[test]
    fn a_schema_is_a_type_or_the_members_of_a_map() {
        let same = |one: &str, other: &str| assert_eq!(Schema::parse(one), Schema::parse(other), "{one}");
        same("a INT, b ARRAY<STRING>", "STRUCT<a: INT, b: ARRAY<STRING>>");
        same("`a b` int", "struct<`a b`:INT>");
        same("a DECIMAL(10, 2)", "STRUCT<a DECIMAL(10,2)>");
    }
}
