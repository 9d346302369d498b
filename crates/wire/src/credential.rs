//! Who says to have signed a request: the credential scope of Signature Version 4, from the `Authorization` header or a
//! presigned query string.
//!
//! Source: AWS General Reference, "Signature Version 4 signing process", "Adding the signature to the request".

use crate::WireError;
use weir_model::{AccountId, RegionName};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const TERMINATOR: &str = "aws4_request";

/// The scope and signature of a signed request. Nothing here is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// The access key id.
    pub access_key: String,
    /// The day of the signature, `YYYYMMDD`.
    pub date: String,
    /// The region signed for. IAM and STS are signed for the caller's region when the endpoint is overridden.
    pub region: RegionName,
    /// The service signed for, in its scope form: `ec2`.
    pub service: String,
    /// The names of the signed headers, lower case.
    pub signed_headers: Vec<String>,
    /// The signature, hexadecimal.
    pub signature: String,
}

impl Credential {
    /// Reads the value of an `Authorization` header.
    ///
    /// # Errors
    /// `IncompleteSignature` for another algorithm or a missing part, `SignatureDoesNotMatch` for a scope that names no
    /// region.
    pub fn of_header(value: &str) -> Result<Credential, WireError> {
        let parts = value.strip_prefix(ALGORITHM).filter(|rest| rest.starts_with(' '));
        let parts = parts.ok_or_else(|| incomplete("AWS4-HMAC-SHA256"))?;
        let part = |name: &str| {
            let find = |part: &str| part.trim().strip_prefix(name)?.strip_prefix('=').map(str::to_owned);
            parts.split(',').find_map(find).ok_or_else(|| incomplete(name))
        };
        Credential::of_parts(&part("Credential")?, &part("SignedHeaders")?, part("Signature")?)
    }

    /// Reads the `X-Amz-…` parameters of a presigned request, or `None` if there are none.
    ///
    /// # Errors
    /// Those of [`Credential::of_header`].
    pub fn of_query(pairs: &[(String, String)]) -> Option<Result<Credential, WireError>> {
        let part = |name: &str| {
            let found = pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
            found.ok_or_else(|| incomplete(name))
        };
        let scope = part("X-Amz-Credential").ok()?;
        let parts = part("X-Amz-SignedHeaders").and_then(|headers| Ok((headers, part("X-Amz-Signature")?)));
        Some(parts.and_then(|(headers, signature)| Credential::of_parts(&scope, &headers, signature)))
    }

    /// The account that the access key stands for by itself: a key of twelve digits is that account.
    pub fn account(&self) -> Option<AccountId> {
        self.access_key.parse().ok()
    }

    /// The scope without the access key: `20240102/us-east-1/ec2/aws4_request`.
    pub fn scope(&self) -> String {
        format!("{}/{}/{}/{TERMINATOR}", self.date, self.region, self.service)
    }

    /// The value of the `Authorization` header.
    pub fn to_header(&self) -> String {
        let Credential { access_key, signature, .. } = self;
        let (scope, headers) = (self.scope(), self.signed_headers.join(";"));
        format!("{ALGORITHM} Credential={access_key}/{scope}, SignedHeaders={headers}, Signature={signature}")
    }

    fn of_parts(scope: &str, headers: &str, signature: String) -> Result<Credential, WireError> {
        // An access key id may hold slashes, the four parts after it may not.
        let mut parts = scope.rsplitn(5, '/');
        let mut next =
            || parts.next().filter(|part| !part.is_empty()).ok_or_else(|| incomplete("Credential"));
        let (terminator, service, region) = (next()?, next()?, next()?);
        let (date, access_key) = (next()?, next()?);
        if terminator != TERMINATOR {
            return Err(wrong_scope("terminator"));
        }
        Ok(Credential {
            access_key: access_key.to_owned(),
            date: date.to_owned(),
            region: region.parse().map_err(|_| wrong_scope("region"))?,
            service: service.to_owned(),
            signed_headers: headers.split(';').map(str::to_owned).collect(),
            signature,
        })
    }
}

fn incomplete(part: &str) -> WireError {
    let message = match part {
        ALGORITHM => format!("Authorization header requires the algorithm '{part}'."),
        _ => format!("Authorization header requires '{part}' parameter."),
    };
    WireError::new("IncompleteSignature", message)
}

fn wrong_scope(part: &str) -> WireError {
    WireError::new("SignatureDoesNotMatch", format!("Credential should be scoped to a valid {part}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, \
        SignedHeaders=content-type;host;x-amz-date, \
        Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7";

    fn refused(header: &str) -> String {
        Credential::of_header(header).expect_err(header).to_string()
    }

    // The example of AWS General Reference, "Add the signature to the request".
    #[test]
    fn the_scope_is_read_from_the_header() {
        let credential = Credential::of_header(HEADER).expect("complete");
        assert_eq!(credential.access_key, "AKIDEXAMPLE");
        assert_eq!(credential.scope(), "20150830/us-east-1/iam/aws4_request");
        assert_eq!(credential.signed_headers, ["content-type", "host", "x-amz-date"]);
        assert!(credential.signature.starts_with("5d672d79"));
        assert_eq!(credential.account(), None);
        assert_eq!(credential.to_header(), HEADER);
    }

    #[test]
    fn commas_without_spaces_are_read_too() {
        assert!(Credential::of_header(&HEADER.replace(", ", ",")).is_ok());
    }

    #[test]
    fn a_key_of_twelve_digits_is_its_account() {
        let credential =
            Credential::of_header(&HEADER.replace("AKIDEXAMPLE", "111122223333")).expect("complete");
        assert_eq!(credential.account().map(|account| account.to_string()).as_deref(), Some("111122223333"));
    }

    #[test]
    fn incomplete_headers_are_refused() {
        for part in ["Credential", "SignedHeaders", "Signature"] {
            let said = format!("IncompleteSignature: Authorization header requires '{part}' parameter.");
            assert_eq!(refused(&HEADER.replace(&format!("{part}="), "X=")), said);
        }
        for header in ["", "Basic dXNlcjpwYXNz", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256Credential=a/b/c/d/e"] {
            assert!(refused(header).starts_with("IncompleteSignature: "), "{header}");
        }
        assert!(refused(&HEADER.replace("20150830/", "")).starts_with("IncompleteSignature: "));
        let said = "SignatureDoesNotMatch: Credential should be scoped to a valid region.";
        assert_eq!(refused(&HEADER.replace("us-east-1", "nowhere")), said);
    }

    #[test]
    fn presigned_requests_carry_it_in_the_query() {
        let pairs = |names: &[&str]| -> Vec<(String, String)> {
            let scope = "AKIDEXAMPLE/20150830/us-east-1/sts/aws4_request".to_owned();
            names.iter().map(|name| ((*name).to_owned(), scope.clone())).collect()
        };
        assert_eq!(Credential::of_query(&[]), None);
        let whole = pairs(&["X-Amz-Credential", "X-Amz-SignedHeaders", "X-Amz-Signature"]);
        assert!(matches!(Credential::of_query(&whole), Some(Ok(credential)) if credential.service == "sts"));
        assert!(matches!(Credential::of_query(&whole[..2]), Some(Err(_))));
    }
}
