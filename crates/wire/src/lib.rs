//! AWS's wire protocols: what bytes mean, and which bytes say it. Only this crate knows XML, forms and signatures.
//!
//! One operation may be spoken to in several protocols (CloudWatch): forms and CBOR become the JSON that it reads.
//!
//! A request goes [`Request`] → [`Incoming`] (service, action, who signed) → a structure that derives [`Param`], or JSON
//! through [`json`]. An answer goes structure that derives [`Xml`] (or serde) → [`Frame`] → [`Response`]. Naming is one
//! [`Dialect`] per protocol, so that a structure needs an override only where AWS itself departs from its rule.
//! Everything here is pure: request ids and times are arguments, no input panics, every bound is a named constant.
//!
//! Source: EC2 API Reference, "Query requests" and "Error codes"; IAM API Reference, "Making query requests" and "Common
//! errors"; AWS JSON 1.1 protocol and Smithy RPC v2 CBOR protocol (Smithy 2.0); Signature Version 4 (AWS General Reference).

extern crate self as weir_wire;

mod accepted;
mod attribute;
mod catalog;
mod cbor;
mod credential;
mod dialect;
mod error;
pub mod event_stream;
mod filter;
mod form;
mod frame;
mod given;
pub mod json;
mod member;
mod model_types;
mod page;
mod param;
mod params;
mod query;
mod request;
mod service;
mod signature;
mod signer;
mod tag;
mod text;
mod time;
mod wildcard;
mod xml;

pub use accepted::Accepted;
pub use attribute::AttributeValue;
pub use catalog::Catalog;
pub use credential::Credential;
pub use dialect::{Dialect, Name};
pub use error::WireError;
pub use filter::{Filter, FilterRow, FilterTable, VALUES_MAX};
pub use form::{pairs as query_pairs, percent_encode};
pub use frame::{Frame, Response, Return};
pub use given::Given;
pub use member::{Kind, Member};
pub use page::{Bounds, PAGE_MAX, Page, Token};
pub use param::Param;
pub use params::Params;
pub use request::{CBOR_BYTES_MAX, FORM_BYTES_MAX, Incoming, JSON_BYTES_MAX, Payload, Refusal, Request};
pub use service::{Protocol, Service};
pub use signature::{BadSignature, CLOCK_SKEW_MAX_MS, hex};
pub use signer::Signer;
pub use tag::{Tag, TagSpecification, specified_tags};
pub use time::{Iso, parse_basic, parse_iso};
pub use weir_wire_derive::{Param, Xml};
pub use wildcard::matches;
pub use xml::{Writer, Xml};
