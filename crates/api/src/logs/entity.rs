//! Entities: the resource or service that a batch of events is of.
//!
//! An entity that is wrong is rejected and its events are stored without it: nothing about it makes the call fail.
//! Assumption: that holds for the bounds of the API's model too. AWS lists the types of errors of PutLogEvents without a word on
//! each; those that PutMetricData has as well are taken to mean the same here.
//! Source: CloudWatch Logs API Reference, Entity and RejectedEntityInfo; CloudWatch API Reference, PutMetricData,
//! StrictEntityValidation; CloudWatch User Guide, "How to add related information to custom telemetry" (read 2026-11).

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use weir_insights::entity_text;
use weir_store::Class;

/// Most attributes that an entity is known by, and most others.
const KEY_ATTRIBUTES_MAX: usize = 4;
const ATTRIBUTES_MAX: usize = 10;
/// Characters of the names of other attributes, and of the values of all. Names of key attributes are those of [`KEYS`].
const NAME_CHARS: RangeInclusive<usize> = 1..=256;
const VALUE_CHARS: RangeInclusive<usize> = 1..=512;
/// The attributes that an entity may be known by.
const KEYS: [&str; 5] = ["Type", "ResourceType", "Identifier", "Name", "Environment"];
/// The types of entities, and what each is known by beside its type.
const TYPES: [(&str, &[&str]); 5] = [
    ("AWS::Resource", &["ResourceType", "Identifier"]),
    ("AWS::Service", &["Name"]),
    ("Service", &["Name", "Environment"]),
    ("Resource", &["ResourceType", "Identifier"]),
    ("RemoteService", &["Name"]),
];

/// The entity of a batch as it is sent.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Entity {
    #[serde(default)]
    key_attributes: BTreeMap<String, String>,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
}

/// Why an entity was rejected.
#[derive(Serialize, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub(super) struct RejectedEntityInfo {
    error_type: Rejection,
}

/// The types of errors of an entity, as AWS spells them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
enum Rejection {
    /// It is known by nothing.
    InvalidEntity,
    /// There is no such type.
    InvalidTypeValue,
    /// It is known by something else than it may be, or by a text of another length.
    InvalidKeyAttributes,
    /// Another attribute has a name or value of another length.
    InvalidAttributes,
    /// It has more attributes than it may have.
    EntitySizeTooLarge,
    /// Events of the log group have no entities. Assumption: those of any class but Standard.
    UnsupportedLogGroupType,
    /// It lacks its type, or what entities of its type are known by.
    MissingRequiredFields,
}

impl Entity {
    /// The text that is stored with the events of a group of this class.
    ///
    /// # Errors
    /// Why it is rejected; the first reason counts.
    pub(super) fn accepted(&self, class: Class) -> Result<String, RejectedEntityInfo> {
        match self.rejection(class) {
            None => Ok(entity_text(&self.key_attributes, &self.attributes)),
            Some(error_type) => Err(RejectedEntityInfo { error_type }),
        }
    }

    fn rejection(&self, class: Class) -> Option<Rejection> {
        let Entity { key_attributes: keys, attributes } = self;
        let is_known = |key: &String| KEYS.contains(&key.as_str());
        let is_value = |value: &String| VALUE_CHARS.contains(&value.chars().count());
        let is_name = |name: &String| NAME_CHARS.contains(&name.chars().count());
        let of_type =
            |kind: &String| TYPES.iter().find(|(name, _)| name == kind).map(|(_, required)| *required);
        let required = keys.get("Type").map(of_type);
        match required {
            _ if class != Class::Standard => Some(Rejection::UnsupportedLogGroupType),
            _ if keys.is_empty() => Some(Rejection::InvalidEntity),
            _ if keys.len() > KEY_ATTRIBUTES_MAX || attributes.len() > ATTRIBUTES_MAX => {
                Some(Rejection::EntitySizeTooLarge)
            }
            _ if !keys.iter().all(|(key, value)| is_known(key) && is_value(value)) => {
                Some(Rejection::InvalidKeyAttributes)
            }
            _ if !attributes.iter().all(|(name, value)| is_name(name) && is_value(value)) => {
                Some(Rejection::InvalidAttributes)
            }
            Some(None) => Some(Rejection::InvalidTypeValue),
            Some(Some(required)) if required.iter().all(|key| keys.contains_key(*key)) => None,
            _ => Some(Rejection::MissingRequiredFields),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `Type=Service Name=x | attribute=value`
    fn entity(text: &str) -> Entity {
        let (keys, attributes) = text.split_once('|').unwrap_or((text, ""));
        let map = |text: &str| {
            let pairs = text.split_whitespace().filter_map(|pair| pair.split_once('='));
            pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
        };
        Entity { key_attributes: map(keys), attributes: map(attributes) }
    }

    #[track_caller]
    fn check(text: &str, expected: Option<Rejection>) {
        assert_eq!(entity(text).rejection(Class::Standard), expected, "{text}");
    }

    /// CloudWatch User Guide, "How to add related information": what each type must have.
    #[test]
    fn each_type_has_what_it_is_known_by() {
        use Rejection::{InvalidTypeValue, MissingRequiredFields};
        check("Type=AWS::Resource ResourceType=AWS::EC2::Instance Identifier=i-1", None);
        check("Type=AWS::Resource Identifier=i-1", Some(MissingRequiredFields));
        check("Type=AWS::Service Name=AWS::DynamoDB", None);
        check("Type=AWS::Service Identifier=x", Some(MissingRequiredFields));
        check("Type=Service Name=shop Environment=prod", None);
        check("Type=Service Name=shop", Some(MissingRequiredFields));
        check("Type=Resource ResourceType=K8s::Pod Identifier=Cluster-Pod", None);
        check("Type=Resource ResourceType=K8s::Pod", Some(MissingRequiredFields));
        check("Type=RemoteService Name=api.test Environment=prod", None);
        check("Type=RemoteService", Some(MissingRequiredFields));
        check("Name=shop Environment=prod", Some(MissingRequiredFields));
        check("Type=service Name=shop Environment=prod", Some(InvalidTypeValue));
    }

    /// CloudWatch Logs API Reference, Entity: how many and how long.
    #[test]
    fn attributes_are_few_and_short() {
        use Rejection::{EntitySizeTooLarge, InvalidAttributes, InvalidEntity, InvalidKeyAttributes};
        let service = "Type=Service Name=shop Environment=prod";
        let many = |count: usize| (0..count).map(|at| format!(" a{at}=1")).collect::<String>();
        let long = |chars: usize| "é".repeat(chars);
        check("", Some(InvalidEntity));
        check("| a=1", Some(InvalidEntity));
        check(&format!("{service} | {}", many(10)), None);
        check(&format!("{service} | {}", many(11)), Some(EntitySizeTooLarge));
        check(&format!("{service} ResourceType=a"), None);
        check(&format!("{service} ResourceType=a Identifier=b"), Some(EntitySizeTooLarge));
        check(&format!("{service} Owner=a"), Some(InvalidKeyAttributes));
        check(&format!("Type=Service Environment=prod Name={}", long(512)), None);
        check(&format!("Type=Service Environment=prod Name={}", long(513)), Some(InvalidKeyAttributes));
        check("Type=Service Environment=prod Name=", Some(InvalidKeyAttributes));
        check(&format!("{service} | {}={}", long(256), long(512)), None);
        check(&format!("{service} | {}=a", long(257)), Some(InvalidAttributes));
        check(&format!("{service} | a={}", long(513)), Some(InvalidAttributes));
        check(&format!("{service} | a="), Some(InvalidAttributes));
        check(&format!("{service} | =a"), Some(InvalidAttributes));
    }

    #[test]
    fn only_standard_groups_have_entities() {
        let service = entity("Type=Service Name=shop Environment=prod");
        assert!(service.accepted(Class::Standard).is_ok());
        for class in [Class::InfrequentAccess, Class::Delivery] {
            let rejected = RejectedEntityInfo { error_type: Rejection::UnsupportedLogGroupType };
            assert_eq!(service.accepted(class), Err(rejected));
        }
    }
}
