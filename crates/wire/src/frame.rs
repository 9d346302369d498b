//! Answers: what stands around the content in each protocol, for successes and for errors.
//!
//! Source: EC2 API Reference, "Query requests" (structure of a response, of an error response); IAM API Reference,
//! "Making query requests" (IAM response); Smithy 2.0, "AWS JSON 1.1 protocol" and "Smithy RPC v2 CBOR
//! protocol" (error serialization).

use crate::dialect::Tag;
use crate::request::SMITHY_PROTOCOL;
use crate::{Kind, Member, Name, Protocol, Refusal, Service, WireError, Writer, Xml, cbor, query};
use serde::Serialize;
use serde_json::{Value, json};

const REQUEST_ID: &str = "x-amzn-RequestId";
const QUERY: &str = "text/xml";
const CBOR: &str = "application/cbor";
const JSON_10: &str = "application/x-amz-json-1.0";
const JSON_11: &str = "application/x-amz-json-1.1";

/// Operations of IAM and STS whose result has no member and is there all the same; clients fail without it.
const EMPTY_RESULTS: [&str; 1] = ["UpdateRole"];

/// An HTTP answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The `Content-Type`.
    pub content_type: &'static str,
    /// Further headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// The answer in its place if what it tells of could not be written: a fault of the service, in the same protocol.
    pub fn unwritten(&self) -> Response {
        const SENTENCE: &str = "The disk does not take what was changed.";
        let error = match self.content_type {
            CBOR | JSON_10 | JSON_11 => WireError::new("ServiceUnavailableException", SENTENCE),
            _ => WireError::new("InternalError", SENTENCE),
        };
        let protocol = match self.content_type {
            CBOR => Protocol::Cbor,
            JSON_10 => Protocol::Json10,
            JSON_11 => Protocol::Json11,
            QUERY => Protocol::Query,
            _ => Protocol::Ec2,
        };
        Frame { protocol, service: None, request_id: self.request_id() }.error(&error)
    }

    fn request_id(&self) -> &str {
        let found = self.headers.iter().find(|(name, _)| *name == REQUEST_ID);
        found.map_or("", |(_, id)| id)
    }
}

/// What all answers to one request share.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// The protocol of the request.
    pub protocol: Protocol,
    /// The service, if it could be told.
    pub service: Option<Service>,
    /// The id of this request, a UUID.
    pub request_id: &'a str,
}

impl<'a> Frame<'a> {
    /// The frame for requests to `service`.
    pub fn new(service: Service, protocol: Protocol, request_id: &'a str) -> Frame<'a> {
        Frame { protocol, service: Some(service), request_id }
    }

    /// The answer of a successful `action` of EC2, IAM or STS.
    pub fn xml<T: Xml>(&self, action: &str, content: &T) -> Response {
        self.enveloped(action, |out| match self.protocol {
            Protocol::Ec2 => content.write(out),
            _ if T::MEMBERS.is_empty() && !EMPTY_RESULTS.contains(&action) => {}
            _ => wrap(out, &format!("{action}Result"), |out| content.write(out)),
        })
    }

    fn enveloped(&self, action: &str, content: impl FnOnce(&mut Writer)) -> Response {
        let mut out = self.writer();
        self.open(&mut out, action);
        content(&mut out);
        if self.protocol != Protocol::Ec2 {
            self.metadata(&mut out);
        }
        out.raw("</");
        out.raw(action);
        out.raw("Response>");
        self.response(200, out.into_bytes())
    }

    /// The answer of a successful `action` of a JSON service, in whatever protocol it was asked.
    pub fn json(&self, action: &str, content: &impl Serialize) -> Response {
        let body = match (self.service, self.protocol) {
            (Some(service), Protocol::Cbor) => {
                serde_json::to_value(content).map(|content| cbor::answer(service, action, &content))
            }
            (Some(service), Protocol::Query) => match serde_json::to_value(content) {
                Ok(content) => return self.result(service, action, &content),
                Err(error) => Err(error),
            },
            _ => serde_json::to_vec(content),
        };
        match body {
            Ok(body) => self.response(200, body),
            Err(_) => self.error(&WireError::new("InternalFailure", "The answer has no JSON form.")),
        }
    }

    fn result(&self, service: Service, action: &str, content: &Value) -> Response {
        self.enveloped(action, |out| {
            wrap(out, &format!("{action}Result"), |out| query::write(out, service, action, content));
        })
    }

    /// A successful answer whose body is known.
    pub fn known(&self, body: Vec<u8>) -> Response {
        self.response(200, body)
    }

    /// The answer of an `action` of a JSON service that returns nothing.
    pub fn empty(&self, action: &str) -> Response {
        match self.protocol {
            Protocol::Query => self.enveloped(action, |_| {}),
            _ => self.response(200, Vec::new()),
        }
    }

    /// The answer that refuses a request.
    pub fn error(&self, error: &WireError) -> Response {
        if self.protocol.is_json() {
            return self.json_error(error);
        }
        let mut out = self.writer();
        match self.protocol {
            Protocol::Ec2 => self.ec2_error(&mut out, error),
            Protocol::RestXml => self.rest_error(&mut out, error),
            Protocol::Cbor => return self.cbor_error(error),
            _ => self.query_error(&mut out, error),
        }
        self.response(error.status, out.into_bytes())
    }

    /// An answer that goes on after its body (event streams).
    pub fn stream(&self, opening: Vec<u8>) -> Response {
        Response { content_type: crate::event_stream::CONTENT_TYPE, ..self.response(200, opening) }
    }

    fn open(&self, out: &mut Writer, action: &str) {
        out.raw("<");
        out.raw(action);
        out.raw("Response xmlns=\"");
        out.text(&self.service.map_or_else(String::new, Service::namespace));
        out.raw("\">");
        if self.protocol == Protocol::Ec2 {
            leaf(out, "requestId", self.request_id);
        }
    }

    fn metadata(&self, out: &mut Writer) {
        wrap(out, "ResponseMetadata", |out| leaf(out, "RequestId", self.request_id));
    }

    fn ec2_error(&self, out: &mut Writer, error: &WireError) {
        wrap(out, "Response", |out| {
            wrap(out, "Errors", |out| wrap(out, "Error", |out| code_and_message(out, error)));
            leaf(out, "RequestID", self.request_id);
        });
    }

    fn query_error(&self, out: &mut Writer, error: &WireError) {
        out.raw("<ErrorResponse");
        if let Some(service) = self.service {
            out.raw(" xmlns=\"");
            out.text(&service.namespace());
            out.raw("\"");
        }
        out.raw(">");
        wrap(out, "Error", |out| {
            leaf(out, "Type", whose_fault(error));
            leaf(out, "Code", self.query_code(error));
            leaf(out, "Message", &error.message);
        });
        leaf(out, "RequestId", self.request_id);
        out.raw("</ErrorResponse>");
    }

    fn rest_error(&self, out: &mut Writer, error: &WireError) {
        wrap(out, "Error", |out| {
            code_and_message(out, error);
            leaf(out, "RequestId", self.request_id);
        });
    }

    fn json_error(&self, error: &WireError) -> Response {
        let member = self.service.map_or("message", Service::message_member);
        let body = json!({ "__type": error.code, member: error.message });
        let mut response = self.response(error.status, body.to_string().into_bytes());
        response.headers.push(("x-amzn-ErrorType", error.code.to_owned()));
        self.add_query_error(&mut response, error);
        response
    }

    fn cbor_error(&self, error: &WireError) -> Response {
        let shape =
            self.service.map_or_else(|| error.code.to_owned(), |service| service.shape_id(error.code));
        let body = cbor::error(&json!({ "__type": shape, "message": error.message }));
        let mut response = self.response(error.status, body);
        self.add_query_error(&mut response, error);
        response
    }

    /// Says the code that clients of the Query protocol know an error by (Smithy 2.0, `awsQueryCompatible`).
    fn add_query_error(&self, response: &mut Response, error: &WireError) {
        if self.service == Some(Service::Monitoring) {
            let value = format!("{};{}", self.query_code(error), whose_fault(error));
            response.headers.push(("x-amzn-query-error", value));
        }
    }

    /// The code of an error in the Query protocol (Smithy 2.0, `awsQueryError`): services of JSON name shapes.
    fn query_code<'e>(&self, error: &'e WireError) -> &'e str {
        match error.code {
            "MissingRequiredParameterException" => "MissingParameter",
            code if self.service.is_some_and(|service| service.protocol().is_json()) => {
                code.strip_suffix("Exception").unwrap_or(code)
            }
            code => code,
        }
    }

    /// A writer with the XML declaration, which IAM and STS leave out.
    fn writer(&self) -> Writer {
        let mut out = Writer::new(self.service.map_or(crate::Dialect::Ec2, Service::dialect));
        if self.protocol != Protocol::Query {
            out.raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        }
        out
    }

    fn response(&self, status: u16, body: Vec<u8>) -> Response {
        let content_type = match self.protocol {
            Protocol::Ec2 => "text/xml;charset=UTF-8",
            Protocol::Query => QUERY,
            Protocol::RestXml => "application/xml",
            Protocol::Cbor => CBOR,
            Protocol::Json10 => JSON_10,
            Protocol::Json11 => JSON_11,
        };
        let mut headers = vec![(REQUEST_ID, self.request_id.to_owned())];
        if self.protocol == Protocol::Cbor {
            headers.push((SMITHY_PROTOCOL.0, SMITHY_PROTOCOL.1.to_owned()));
        }
        Response { status, content_type, headers, body }
    }
}

impl Refusal {
    /// The answer, for a request with this id.
    pub fn response(&self, request_id: &str) -> Response {
        Frame { protocol: self.protocol, service: self.service, request_id }.error(&self.error)
    }
}

/// What operations of EC2 answer that have nothing to say: `<return>true</return>`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Return;

impl Xml for Return {
    const KIND: Kind = Kind::Structure(Self::MEMBERS);
    const MEMBERS: &'static [Member] = &[Member::in_response::<bool>("return", RETURN, false)];

    fn write(&self, out: &mut Writer) {
        out.member(&RETURN, &true);
    }
}

const RETURN: Name = Name { member: "Return", request: None, response: None, item: None };

/// What operations of IAM and STS answer that have nothing to say.
impl Xml for () {
    const KIND: Kind = Kind::Structure(&[]);

    fn write(&self, _: &mut Writer) {}
}

pub(crate) fn wrap(out: &mut Writer, name: &str, content: impl FnOnce(&mut Writer)) {
    out.element(Tag { lower: false, stem: name, end: "" }, content);
}

fn leaf(out: &mut Writer, name: &str, text: &str) {
    wrap(out, name, |out| out.text(text));
}

fn whose_fault(error: &WireError) -> &'static str {
    if error.is_sender_fault() { "Sender" } else { "Receiver" }
}

fn code_and_message(out: &mut Writer, error: &WireError) {
    leaf(out, "Code", error.code);
    leaf(out, "Message", &error.message);
}

#[cfg(test)]
mod tests;
