//! Attributes: values that EC2 wraps in a structure of their own.
//!
//! Source: EC2 API Reference, AttributeBooleanValue, AttributeValue.

use crate::{Param, Xml};

/// An attribute: `EnableDnsSupport.Value=true` in requests, `<enableDnsSupport><value>true</value></enableDnsSupport>` in
/// responses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Param, Xml)]
pub struct AttributeValue<T> {
    /// What it is set to.
    pub value: T,
}

impl<T> From<T> for AttributeValue<T> {
    fn from(value: T) -> AttributeValue<T> {
        AttributeValue { value }
    }
}
