//! From an HTTP request to an operation: which service, which action, who signed, with what parameters.
//!
//! Order: `Smithy-Protocol` says that the path names the operation and the body is CBOR; else `X-Amz-Target` names a JSON
//! operation; else an `Action` in the form body or query string names one of EC2, IAM, STS or CloudWatch, told apart by the
//! signature's scope and, unsigned, by the API version. Anything else is refused in the words of the protocol it seems to
//! speak, never with a 5xx status, which clients would retry for minutes. What says an operation of JSON otherwise is
//! translated here, so that each operation reads one form.

use crate::credential::Credential;
use crate::service::{Protocol, Service};
use crate::{Dialect, Params, WireError, cbor, form, query};
use flate2::read::MultiGzDecoder;
use std::io::Read;

/// Largest form. The largest parameter, an IAM policy document, has 131,072 characters, each at most 9 bytes encoded.
pub const FORM_BYTES_MAX: usize = 2 << 20;
/// Largest JSON body. A batch of PutLogEvents has at most 1,048,576 bytes of messages (CloudWatch Logs API Reference),
/// of which JSON may make six times as much.
pub const JSON_BYTES_MAX: usize = 8 << 20;
/// Largest CBOR body, that of PutMetricData (CloudWatch User Guide, "Service quotas"). One byte may be a value of its own,
/// which takes fifty times as much in memory.
pub const CBOR_BYTES_MAX: usize = 1 << 20;

/// The header that says which protocol of Smithy is spoken, and its value (Smithy 2.0, "Smithy RPC v2 CBOR protocol").
pub(crate) const SMITHY_PROTOCOL: (&str, &str) = ("smithy-protocol", "rpc-v2-cbor");

/// An HTTP request, as the server or a test has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// `GET` or `POST`.
    pub method: String,
    /// The path, still encoded, without the query.
    pub path: String,
    /// The query string, still encoded, without `?`.
    pub query: String,
    /// The headers in the order given. Names are compared without case.
    pub headers: Vec<(String, String)>,
    /// The body, whole.
    pub body: Vec<u8>,
}

/// A request whose operation is known.
#[derive(Debug)]
pub struct Incoming {
    /// The service.
    pub service: Service,
    /// How it was spoken to.
    pub protocol: Protocol,
    /// The operation: `DescribeVpcs`.
    pub action: String,
    /// What it says.
    pub payload: Payload,
    /// Who says to have signed it; `None` if it is not signed.
    pub credential: Option<Credential>,
    /// The caller's `User-Agent`.
    pub user_agent: Option<String>,
}

/// What a request says.
#[derive(Debug)]
pub enum Payload {
    /// Named parameters (EC2, IAM, STS).
    Form(Params),
    /// A JSON text, not yet read, whatever protocol said it.
    Json(Vec<u8>),
}

/// A request that cannot be an operation, and the protocol to say so in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The protocol that the caller seems to speak.
    pub protocol: Protocol,
    /// The service, if it could be told.
    pub service: Option<Service>,
    /// Why.
    pub error: WireError,
}

impl Request {
    /// The value of header `name`, in whatever case it was sent.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// What operation this is.
    ///
    /// # Errors
    /// A [`Refusal`] for: a body beyond its bound, one that is encoded otherwise than with gzip, a broken form, no action,
    /// a broken signature, a service that Weir does not have.
    pub fn into_incoming(self) -> Result<Incoming, Refusal> {
        if let Some(name) = self.header(SMITHY_PROTOCOL.0).map(str::to_owned) {
            return self.into_cbor(&name);
        }
        match self.header("x-amz-target").map(str::to_owned) {
            Some(target) => self.into_json(&target),
            None => self.into_form(),
        }
    }

    fn into_cbor(mut self, name: &str) -> Result<Incoming, Refusal> {
        let protocol = Protocol::Cbor;
        let (service, action) = operation_of(&self.path).unzip();
        let service = service.and_then(Service::of_cbor);
        let refuse = |error| Refusal { protocol, service, error };
        let (Some(known), Some(action), true) = (service, action, name == SMITHY_PROTOCOL.1) else {
            let what = format!("{} {} over {name}", self.method, self.path);
            return Err(refuse(WireError::not_implemented(protocol, &what)));
        };
        let action = action.to_owned();
        self.inflate(protocol, CBOR_BYTES_MAX).map_err(refuse)?;
        Ok(Incoming {
            service: known,
            protocol,
            credential: self.credential(&[]).map_err(|error| refuse(error.into_exception()))?,
            user_agent: self.header("user-agent").map(str::to_owned),
            payload: Payload::Json(cbor::body(known, &action, &self.body).map_err(refuse)?),
            action,
        })
    }

    /// Takes a body out of gzip, as CloudWatch's agent sends PutLogEvents and SDKs what is large.
    fn inflate(&mut self, protocol: Protocol, bytes_max: usize) -> Result<(), WireError> {
        let too_large = || WireError::too_large(protocol, bytes_max);
        if self.body.len() > bytes_max {
            return Err(too_large());
        }
        match self.header("content-encoding").map(str::to_ascii_lowercase).as_deref() {
            None | Some("" | "identity") => return Ok(()),
            Some("gzip") => {}
            Some(other) => return Err(WireError::encoding(protocol, other)),
        }
        let mut body = vec![];
        let is_sound = MultiGzDecoder::new(&*self.body).take(bytes_max as u64 + 1).read_to_end(&mut body);
        is_sound.map_err(|error| WireError::encoding(protocol, &format!("gzip, {error}")))?;
        if body.len() > bytes_max {
            return Err(too_large());
        }
        self.body = body;
        Ok(())
    }

    fn into_json(mut self, target: &str) -> Result<Incoming, Refusal> {
        let media_type = self.header("content-type").unwrap_or_default();
        let is_old = media_type.starts_with("application/x-amz-json-1.0");
        let protocol = if is_old { Protocol::Json10 } else { Protocol::Json11 };
        let (prefix, action) = target.rsplit_once('.').unwrap_or((target, ""));
        let service = Service::of_target(prefix);
        let refuse = |error| Refusal { protocol, service, error };
        let (Some(known), false) = (service, action.is_empty()) else {
            return Err(refuse(WireError::not_implemented(protocol, target)));
        };
        self.inflate(protocol, JSON_BYTES_MAX).map_err(refuse)?;
        Ok(Incoming {
            service: known,
            protocol,
            action: action.to_owned(),
            credential: self.credential(&[]).map_err(|error| refuse(error.into_exception()))?,
            user_agent: self.header("user-agent").map(str::to_owned),
            payload: Payload::Json(self.body),
        })
    }

    fn into_form(mut self) -> Result<Incoming, Refusal> {
        let hint = self.header("authorization").and_then(|header| Credential::of_header(header).ok());
        let hinted = hint.as_ref().and_then(|credential| Service::of_scope(&credential.service));
        let protocol = match (hinted, &hint) {
            (Some(service), _) => service.form_protocol(),
            (None, Some(credential)) if credential.service == "s3" => Protocol::RestXml,
            (None, Some(_)) => Protocol::Query,
            (None, None) => Protocol::Ec2,
        };
        let scope = hint.map(|credential| credential.service);
        let refuse = |error| Refusal { protocol, service: hinted, error };
        let pairs = self.form_pairs().map_err(refuse)?;
        let credential = self.credential(&pairs).map_err(refuse)?;
        let find = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        let (action, version) = (find("Action").filter(|action| !action.is_empty()), find("Version"));
        let Some(action) = action else { return Err(refuse(self.no_action(protocol))) };
        let version = version.ok_or_else(|| refuse(WireError::missing(Dialect::Ec2, "Version")))?;
        let service = service_of(credential.as_ref(), &version);
        let Some(service) = service else {
            let json = Service::all().find(|service| Some(service.scope()) == scope.as_deref());
            let what = json.map(|service| format!("{action} of {} over the Query protocol", service.scope()));
            return Err(refuse(WireError::not_implemented(protocol, &what.unwrap_or(action))));
        };
        let protocol = service.form_protocol();
        let refuse = |error| Refusal { protocol, service: Some(service), error };
        let params = Params::of(service.dialect(), pairs).map_err(refuse)?;
        let payload = match service.protocol().is_json() {
            true => Payload::Json(query::body(service, &action, &params).map_err(refuse)?),
            false => Payload::Form(params),
        };
        let user_agent = self.header("user-agent").map(str::to_owned);
        Ok(Incoming { service, protocol, action, credential, user_agent, payload })
    }

    /// The parameters of the query string, and of the body if it is a form.
    fn form_pairs(&mut self) -> Result<Vec<(String, String)>, WireError> {
        let mut pairs = form::pairs(self.query.as_bytes())?;
        let media_type = self.header("content-type").unwrap_or("application/x-www-form-urlencoded");
        if media_type.to_ascii_lowercase().starts_with("application/x-www-form-urlencoded") {
            self.inflate(Protocol::Query, FORM_BYTES_MAX)?;
            pairs.extend(form::pairs(&self.body)?);
        }
        Ok(pairs)
    }

    fn credential(&self, pairs: &[(String, String)]) -> Result<Option<Credential>, WireError> {
        match self.header("authorization") {
            Some(header) => Credential::of_header(header).map(Some),
            None => Credential::of_query(pairs).transpose(),
        }
    }

    /// The refusal of a request without action: forms miss it, everything else is a service that Weir does not have.
    fn no_action(&self, protocol: Protocol) -> WireError {
        match protocol {
            Protocol::RestXml => {
                WireError::not_implemented(protocol, &format!("{} {}", self.method, self.path))
            }
            _ => WireError::new("MissingAction", "The request is missing an action or a required parameter."),
        }
    }
}

/// The service and the operation that end a path: `/service/NAME/operation/OPERATION`.
fn operation_of(path: &str) -> Option<(&str, &str)> {
    let mut parts = path.rsplit('/');
    let (action, verb, service, noun) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    (noun == "service" && verb == "operation" && !action.is_empty()).then_some((service, action))
}

/// The service a form is for: as signed; unsigned, by its API version.
fn service_of(credential: Option<&Credential>, version: &str) -> Option<Service> {
    match credential {
        Some(credential) => Service::of_scope(&credential.service),
        None => Service::of_version(version),
    }
}

#[cfg(test)]
mod tests;
