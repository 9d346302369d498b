//! Account attributes.
//!
//! Source: EC2 API Reference, DescribeAccountAttributes.

use crate::operation::{Context, Error, Operation};
use weir_wire::{Param, Xml};

/// Tells attributes of the account in the caller's region, all or by name.
#[derive(Param)]
pub struct DescribeAccountAttributes {
    attribute_names: Vec<String>,
}

/// The attributes found.
#[derive(Xml)]
pub struct DescribeAccountAttributesResponse {
    account_attributes: Vec<AccountAttribute>,
}

/// An attribute of the account.
#[derive(Xml)]
struct AccountAttribute {
    attribute_name: &'static str,
    attribute_values: Vec<AccountAttributeValue>,
}

/// One of its values.
#[derive(Xml)]
struct AccountAttributeValue {
    attribute_value: String,
}

impl Operation for DescribeAccountAttributes {
    type Response = DescribeAccountAttributesResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let attributes = attributes(cx);
        let known = |name: &&String| attributes.iter().any(|(own, _)| own == *name);
        if let Some(unknown) = self.attribute_names.iter().find(|name| !known(name)) {
            let given: String = unknown.chars().take(weir_model::tags::VALUE_CHARS_MAX).collect();
            let message = format!("Value ({given}) for parameter attributeName is invalid.");
            return Err(Error::new("InvalidParameterValue", message));
        }
        let named = |name: &str| {
            self.attribute_names.is_empty() || self.attribute_names.iter().any(|own| own == name)
        };
        let named = attributes.into_iter().filter(|(name, _)| named(name));
        Ok(DescribeAccountAttributesResponse {
            account_attributes: named.map(AccountAttribute::of).collect(),
        })
    }
}

/// The quotas are AWS's, shown for clients that look; they bind nobody here.
fn attributes(cx: &Context<'_>) -> [(&'static str, String); 6] {
    let default_vpc = cx.network.default_vpc(cx.scope).map(|vpc| vpc.id.to_string());
    [
        ("supported-platforms", "VPC".to_owned()),
        ("default-vpc", default_vpc.unwrap_or_else(|| "none".to_owned())),
        ("max-instances", "20".to_owned()),
        ("vpc-max-security-groups-per-interface", "5".to_owned()),
        ("max-elastic-ips", "5".to_owned()),
        ("vpc-max-elastic-ips", "5".to_owned()),
    ]
}

impl AccountAttribute {
    fn of((attribute_name, value): (&'static str, String)) -> AccountAttribute {
        AccountAttribute {
            attribute_name,
            attribute_values: vec![AccountAttributeValue { attribute_value: value }],
        }
    }
}
