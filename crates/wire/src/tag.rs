//! Tags in requests and answers.
//!
//! Source: EC2 API Reference, Tag, TagSpecification; IAM API Reference, Tag.

use crate::{Kind, Member, Name, Param, WireError, Writer, Xml};
use weir_model::Tags;

/// A tag as a request says it.
#[derive(Clone, Debug, PartialEq, Eq, Param)]
pub struct Tag {
    /// The key.
    pub key: String,
    /// The value. Left out it is the empty string, but in DeleteTags any value.
    pub value: Option<String>,
}

/// The tags for one type of the resources that a call creates.
#[derive(Clone, Debug, PartialEq, Eq, Param)]
pub struct TagSpecification {
    /// The type: `vpc`, `vpc-flow-log`, `natgateway`.
    pub resource_type: String,
    /// Its tags.
    pub tags: Vec<Tag>,
}

/// The tags that `specifications` give to resources of `resource_type`, the only one that the call creates.
///
/// # Errors
/// `InvalidParameterValue` for another type, a specification without tags, or a key given twice.
pub fn specified_tags(specifications: &[TagSpecification], resource_type: &str) -> Result<Tags, WireError> {
    let refused = |message: String| Err(WireError::new("InvalidParameterValue", message));
    let mut tags = Tags::new();
    for specification in specifications {
        if specification.resource_type != resource_type {
            let given = crate::error::excerpt(&specification.resource_type);
            return refused(format!("'{given}' is not a valid taggable resource type for this operation."));
        }
        if specification.tags.is_empty() {
            return refused("Tag specification must have at least one tag".to_owned());
        }
        for Tag { key, value } in &specification.tags {
            if tags.insert(key.clone(), value.clone().unwrap_or_default()).is_some() {
                return refused(format!("Duplicate tag key '{}' specified.", crate::error::excerpt(key)));
            }
        }
    }
    Ok(tags)
}

/// Tags of a resource in an answer: a list of key and value, by key.
impl Xml for Tags {
    const LIST: bool = true;
    const KIND: Kind = Kind::List(&Kind::Structure(TAG));

    fn write(&self, out: &mut Writer) {
        let pairs: Vec<Pair<'_>> = self.iter().map(|(key, value)| Pair { key, value }).collect();
        out.items(&pairs);
    }
}

const TAG: &[Member] =
    &[Member::in_response::<String>("key", KEY, false), Member::in_response::<String>("value", VALUE, false)];
const KEY: Name = Name { member: "Key", request: None, response: None, item: None };
const VALUE: Name = Name { member: "Value", request: None, response: None, item: None };

struct Pair<'a> {
    key: &'a str,
    value: &'a str,
}

impl Xml for Pair<'_> {
    const KIND: Kind = Kind::Structure(TAG);
    const MEMBERS: &'static [Member] = TAG;

    fn write(&self, out: &mut Writer) {
        out.member(&KEY, self.key);
        out.member(&VALUE, self.value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Dialect, Params};

    #[track_caller]
    fn check(form: &str, expected: &str) {
        let params = Params::parse(Dialect::Ec2, form.as_bytes()).expect("well-formed");
        let tags = Vec::read(&params, "TagSpecification").and_then(|tags| specified_tags(&tags, "vpc"));
        assert_eq!(tags.map_or_else(|error| error.to_string(), |tags| format!("{tags:?}")), expected);
    }

    #[test]
    fn tags_come_from_specifications_of_the_type() {
        check("", "{}");
        check(
            "TagSpecification.1.ResourceType=vpc&TagSpecification.1.Tag.1.Key=b&TagSpecification.1.Tag.1.Value=1\
             &TagSpecification.1.Tag.2.Key=a",
            r#"{"a": "", "b": "1"}"#,
        );
    }

    #[test]
    fn wrong_specifications_are_refused() {
        check(
            "TagSpecification.1.ResourceType=subnet&TagSpecification.1.Tag.1.Key=b",
            "InvalidParameterValue: 'subnet' is not a valid taggable resource type for this operation.",
        );
        check(
            "TagSpecification.1.ResourceType=vpc",
            "InvalidParameterValue: Tag specification must have at least one tag",
        );
        check(
            "TagSpecification.1.ResourceType=vpc&TagSpecification.1.Tag.1.Key=b&TagSpecification.1.Tag.2.Key=b",
            "InvalidParameterValue: Duplicate tag key 'b' specified.",
        );
    }

    #[test]
    fn tags_are_written_as_items() {
        let tags = Tags::from([("Name".to_owned(), "a&b".to_owned()), ("empty".to_owned(), String::new())]);
        let mut out = Writer::new(Dialect::Ec2);
        tags.write(&mut out);
        let said = "<item><key>Name</key><value>a&amp;b</value></item><item><key>empty</key><value/></item>";
        assert_eq!(String::from_utf8(out.into_bytes()).expect("UTF-8"), said);
    }
}
