//! Refusals as they go over the wire: a code, a sentence, an HTTP status.
//!
//! Source: EC2 API Reference, "Error codes for the Amazon EC2 API"; IAM API Reference, "Common errors".

use crate::{Dialect, Protocol};
use std::fmt;

/// An error answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WireError {
    /// AWS's code, such as `InvalidVpcID.NotFound`.
    pub code: &'static str,
    /// The sentence for people.
    pub message: String,
    /// The HTTP status.
    pub status: u16,
}

impl WireError {
    /// An error whose status follows from its code.
    pub fn new(code: &'static str, message: impl Into<String>) -> WireError {
        WireError { code, message: message.into(), status: status(code) }
    }

    /// A required parameter that is not there.
    ///
    /// IAM and STS call this a validation error and name the member in lower camel case.
    pub fn missing(dialect: Dialect, key: &str) -> WireError {
        match dialect {
            Dialect::Ec2 => {
                WireError::new("MissingParameter", format!("The request must contain the parameter {key}"))
            }
            Dialect::Query => WireError::constraint("null", key, "Member must not be null"),
        }
    }

    /// A parameter that the operation does not have.
    pub fn unknown(key: &str) -> WireError {
        WireError::new("UnknownParameter", format!("The parameter {} is not recognized", excerpt(key)))
    }

    /// A parameter that the operation has in AWS and not in Weir.
    pub fn parameter_not_implemented(key: &str) -> WireError {
        let message = format!("The parameter {} is not recognized: not implemented by weir", excerpt(key));
        WireError::new("UnknownParameter", message)
    }

    /// A parameter whose value is not what it should be; `expecting` completes "Expecting …".
    ///
    /// Assumption: AWS's sentence for a number out of bounds serves every value of the wrong form.
    pub fn invalid_value(dialect: Dialect, key: &str, value: &str, expecting: &str) -> WireError {
        let value = excerpt(value);
        match dialect {
            Dialect::Ec2 => WireError::new(
                "InvalidParameterValue",
                format!(
                    "Value ( {value} ) for parameter {} is invalid. Expecting {expecting}.",
                    lower_first(key)
                ),
            ),
            Dialect::Query => {
                WireError::constraint(&format!("'{value}'"), key, &format!("Member must be {expecting}"))
            }
        }
    }

    /// A form that is not `name=value&name=value` in percent-encoded UTF-8.
    pub fn malformed_query() -> WireError {
        WireError::new("MalformedQueryString", "The query string contains a syntax error")
    }

    /// The validation error of IAM, STS and most JSON services' text.
    pub fn constraint(value: &str, key: &str, rule: &str) -> WireError {
        WireError::new(
            "ValidationError",
            format!(
                "1 validation error detected: Value {value} at '{}' failed to satisfy constraint: {rule}",
                lower_first(key)
            ),
        )
    }

    /// An operation, or a whole service, that Weir does not have. Status 400 in every protocol: clients give up at once,
    /// where a 5xx status makes them try for minutes.
    pub fn not_implemented(protocol: Protocol, what: &str) -> WireError {
        let what = excerpt(what);
        match protocol {
            Protocol::Ec2 | Protocol::Query => WireError::new(
                "InvalidAction",
                format!("The action {what} is not valid for this web service: not implemented by weir."),
            ),
            Protocol::Json10 | Protocol::Json11 | Protocol::Cbor => {
                WireError::new("UnknownOperationException", format!("{what} is not implemented by weir."))
            }
            Protocol::RestXml => {
                WireError::new("NotImplemented", format!("{what} is not implemented by weir."))
            }
        }
    }

    /// A body of more than `bytes_max` bytes.
    ///
    /// Assumption: AWS documents no code for it; the names follow each protocol's habit.
    pub fn too_large(protocol: Protocol, bytes_max: usize) -> WireError {
        let code = match protocol.names_exceptions() {
            true => "RequestEntityTooLargeException",
            false => "RequestEntityTooLarge",
        };
        WireError::new(code, format!("The request body must not exceed {bytes_max} bytes."))
    }

    /// A body whose `Content-Encoding` is not understood, or is not what the body is in.
    ///
    /// Assumption: AWS documents no code for it; those of bodies that cannot be read serve.
    pub fn encoding(protocol: Protocol, encoding: &str) -> WireError {
        let code =
            if protocol.names_exceptions() { "SerializationException" } else { "MalformedQueryString" };
        let message = format!("A request body in the encoding {} cannot be read.", excerpt(encoding));
        WireError::new(code, message)
    }

    /// A request that is not signed, for an operation that needs a caller.
    pub fn unsigned(protocol: Protocol) -> WireError {
        let error = WireError::new("MissingAuthenticationToken", "Request is missing Authentication Token");
        if protocol.names_exceptions() { error.into_exception() } else { error }
    }

    /// What `DryRun=true` answers when the call would have succeeded.
    pub fn dry_run() -> WireError {
        WireError::new("DryRunOperation", "Request would have succeeded, but DryRun flag is set.")
    }

    /// What EC2 answers when policies do not allow the call.
    pub fn unauthorized() -> WireError {
        WireError::new("UnauthorizedOperation", "You are not authorized to perform this operation.")
    }

    /// The same error as JSON services name it, where they differ: with `Exception` at the end, and status 400.
    pub fn into_exception(self) -> WireError {
        let code = match self.code {
            "IncompleteSignature" => "IncompleteSignatureException",
            "MissingAuthenticationToken" => "MissingAuthenticationTokenException",
            "SignatureDoesNotMatch" => "InvalidSignatureException",
            "InvalidClientTokenId" => "UnrecognizedClientException",
            "AccessDenied" => "AccessDeniedException",
            other => return WireError { code: other, ..self },
        };
        WireError { code, status: 400, ..self }
    }

    /// Whether the fault is the caller's.
    pub fn is_sender_fault(&self) -> bool {
        self.status < 500
    }
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for WireError {}

/// Longest part of a wrong value that an error repeats, in characters.
pub const EXCERPT_CHARS_MAX: usize = 200;

/// As much of `value` as an error should repeat.
pub(crate) fn excerpt(value: &str) -> String {
    value.chars().take(EXCERPT_CHARS_MAX).collect()
}

pub(crate) fn lower_first(text: &str) -> String {
    let mut name = text.to_owned();
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    name
}

/// The HTTP status of `code`: 400 but for the few that say who you are, what may not be, and whose fault it is.
fn status(code: &str) -> u16 {
    match code {
        "AuthFailure" => 401,
        "AccessDenied"
        | "InvalidClientTokenId"
        | "MissingAuthenticationToken"
        | "SignatureDoesNotMatch"
        | "UnauthorizedOperation" => 403,
        "NoSuchEntity" => 404,
        "EntityAlreadyExists" | "DeleteConflict" | "LimitExceeded" | "ConcurrentModification" => 409,
        "DryRunOperation" => 412,
        "RequestEntityTooLarge" | "RequestEntityTooLargeException" => 413,
        "InternalError" | "InternalFailure" | "ServiceFailure" => 500,
        "InsufficientInstanceCapacity" | "InsufficientAddressCapacity" => 500,
        "Unavailable" | "ServiceUnavailable" | "ServiceUnavailableException" | "RequestLimitExceeded" => 503,
        _ => 400,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // EC2 API Reference, "Error codes"; IAM API Reference, errors of CreateRole, GetRole, DeleteRole.
    #[test]
    fn the_status_follows_from_the_code() {
        let rows = [
            ("InvalidVpcID.NotFound", 400),
            ("UnauthorizedOperation", 403),
            ("DryRunOperation", 412),
            ("NoSuchEntity", 404),
            ("EntityAlreadyExists", 409),
            ("RequestLimitExceeded", 503),
            ("InternalError", 500),
            ("AccessDeniedException", 400),
        ];
        rows.iter().for_each(|(code, status)| assert_eq!(WireError::new(code, "").status, *status, "{code}"));
    }

    #[test]
    fn each_dialect_says_missing_in_its_own_words() {
        let ec2 = WireError::missing(Dialect::Ec2, "VpcId").to_string();
        assert_eq!(ec2, "MissingParameter: The request must contain the parameter VpcId");
        let iam = WireError::missing(Dialect::Query, "RoleName").to_string();
        let said = "Value null at 'roleName' failed to satisfy constraint: Member must not be null";
        assert_eq!(iam, format!("ValidationError: 1 validation error detected: {said}"));
    }

    #[test]
    fn long_values_are_repeated_in_part() {
        let error = WireError::invalid_value(Dialect::Ec2, "MaxResults", &"é".repeat(10_000), "a number");
        assert!(error.message.len() < 3 * EXCERPT_CHARS_MAX, "{}", error.message.len());
    }
}
