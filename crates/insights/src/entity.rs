//! The entity of an event: the resource or service that it is of, as a text in JSON.
//!
//! The text is what AWS shows as an entity: `{"Attributes": {…}, "KeyAttributes": {"Type": …}}`. Its members are fields of the
//! event by their place in it: `@entity.KeyAttributes.Type`; names of attributes may have dots.
//! Source: CloudWatch Logs User Guide, "Supported logs and discovered fields" (read 2026-11).

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

/// What the names of an entity's fields begin with.
const PREFIX: &str = "@entity.";
/// The attributes that an entity is known by.
const KEY_ATTRIBUTES: &str = "KeyAttributes";
/// The others.
const ATTRIBUTES: &str = "Attributes";

/// The text of an entity. Attributes that there are none of are left out.
pub fn entity_text(
    key_attributes: &BTreeMap<String, String>,
    attributes: &BTreeMap<String, String>,
) -> String {
    let parts = [(KEY_ATTRIBUTES, key_attributes), (ATTRIBUTES, attributes)].into_iter();
    let parts = parts.filter(|(_, part)| !part.is_empty()).map(|(name, part)| (name.to_owned(), json!(part)));
    Json::Object(parts.collect::<Map<_, _>>()).to_string()
}

/// Whether a query means a field of entities by this name.
pub fn is_entity_field(name: &str) -> bool {
    name.starts_with(PREFIX)
}

/// The value of the field of this name, `None` if the entity has none.
pub fn entity_field(entity: &str, name: &str) -> Option<String> {
    let (part, key) = name.strip_prefix(PREFIX)?.split_once('.')?;
    let entity: Json = serde_json::from_str(entity).ok()?;
    entity.get(part)?.get(key)?.as_str().map(str::to_owned)
}

/// The names and values of all fields of an entity.
pub fn entity_fields(entity: &str) -> Vec<(String, String)> {
    let entity: Json = serde_json::from_str(entity).unwrap_or_default();
    let parts = entity.as_object().into_iter().flatten();
    let members = parts.flat_map(|(part, members)| {
        let members = members.as_object().into_iter().flatten();
        members.filter_map(move |(key, value)| {
            Some((format!("{PREFIX}{part}.{key}"), value.as_str()?.to_owned()))
        })
    });
    members.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The entity of the page and the fields that it names.
    #[test]
    fn members_are_fields_by_their_place() {
        let map = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect::<BTreeMap<_, _>>()
        };
        let keys = map(&[("Type", "Service"), ("Name", "PetClinic")]);
        let attributes = map(&[("PlatformType", "AWS::EC2"), ("EC2.InstanceId", "i-1234567890123")]);
        let text = entity_text(&keys, &attributes);
        let fields = [
            ("@entity.KeyAttributes.Type", "Service"),
            ("@entity.KeyAttributes.Name", "PetClinic"),
            ("@entity.Attributes.PlatformType", "AWS::EC2"),
            ("@entity.Attributes.EC2.InstanceId", "i-1234567890123"),
        ];
        let expected: BTreeMap<_, _> =
            fields.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        assert_eq!(entity_fields(&text).into_iter().collect::<BTreeMap<_, _>>(), expected);
        for (name, value) in fields {
            assert_eq!(entity_field(&text, name).as_deref(), Some(value), "{name}");
        }
        for name in ["@entity", "@entity.KeyAttributes", "@entity.Attributes.EC2", "@entity.Name", "Type"] {
            assert_eq!(entity_field(&text, name), None, "{name}");
        }
        assert_eq!(
            entity_text(&keys, &map(&[])),
            r#"{"KeyAttributes":{"Name":"PetClinic","Type":"Service"}}"#
        );
        assert_eq!((entity_fields("no JSON"), entity_field("{", "@entity.a.b")), (vec![], None));
    }
}
