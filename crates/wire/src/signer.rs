//! Requests as a client makes them, signed: for whoever speaks to Weir, or to AWS, from inside the program.

use crate::{Credential, Iso, Request, Service, percent_encode};
use weir_model::{RegionName, Timestamp};

const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";
const JSON: &str = "application/x-amz-json-1.1";

/// A caller: its key pair and the region it calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer {
    /// The access key id. Twelve digits are that account in Weir.
    pub access_key: String,
    /// The secret access key.
    pub secret: String,
    /// The region.
    pub region: RegionName,
}

impl Signer {
    /// `action` of EC2, IAM or STS with `parameters`, signed at `now`.
    pub fn form(
        &self,
        service: Service,
        action: &str,
        parameters: &[(&str, &str)],
        now: Timestamp,
    ) -> Request {
        let envelope = [("Action", action), ("Version", service.address())];
        let pairs = envelope.iter().chain(parameters);
        let body: Vec<String> = pairs
            .map(|(name, value)| format!("{}={}", percent_encode(name), percent_encode(value)))
            .collect();
        self.signed(service, vec![("content-type", FORM.to_owned())], body.join("&").into_bytes(), now)
    }

    /// `action` of a JSON service with `body`, signed at `now`.
    pub fn json(&self, service: Service, action: &str, body: Vec<u8>, now: Timestamp) -> Request {
        let target = format!("{}.{action}", service.address());
        self.signed(service, vec![("content-type", JSON.to_owned()), ("x-amz-target", target)], body, now)
    }

    fn signed(
        &self,
        service: Service,
        mut headers: Vec<(&'static str, String)>,
        body: Vec<u8>,
        now: Timestamp,
    ) -> Request {
        let time = basic(now);
        headers.push(("host", format!("{}.{}.amazonaws.com", service.scope(), self.region)));
        headers.push(("x-amz-date", time.clone()));
        headers.sort();
        let names = headers.iter().map(|(name, _)| (*name).to_owned()).collect();
        let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let mut request =
            Request { method: "POST".to_owned(), path: "/".to_owned(), query: String::new(), headers, body };
        let mut credential = Credential {
            access_key: self.access_key.clone(),
            date: time[..8].to_owned(),
            region: self.region,
            service: service.scope().to_owned(),
            signed_headers: names,
            signature: String::new(),
        };
        credential.signature = credential.signature(&request, &self.secret, &time);
        request.headers.push(("authorization".to_owned(), credential.to_header()));
        request
    }
}

/// A time in ISO 8601 basic format: `20240102T030405Z`.
fn basic(time: Timestamp) -> String {
    let seconds = Iso(time.0 - time.0.rem_euclid(1000)).to_string();
    seconds.replace(".000Z", "Z").replace(['-', ':'], "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_in_basic_format() {
        assert_eq!(basic(Timestamp(1_704_164_645_999)), "20240102T030405Z");
    }

    #[test]
    fn requests_are_what_they_say() {
        let region = "us-east-1".parse().expect("a region");
        let signer = Signer { access_key: "test".into(), secret: "test".into(), region };
        let request = signer.form(Service::Sts, "GetCallerIdentity", &[("A b", "c&d")], Timestamp(0));
        assert_eq!(request.body, b"Action=GetCallerIdentity&Version=2011-06-15&A%20b=c%26d");
        let incoming = request.into_incoming().expect("an operation");
        assert_eq!((incoming.service, incoming.action.as_str()), (Service::Sts, "GetCallerIdentity"));
        let request = signer.json(Service::CloudTrail, "LookupEvents", b"{}".to_vec(), Timestamp(0));
        let incoming = request.into_incoming().expect("an operation");
        assert_eq!((incoming.service, incoming.action.as_str()), (Service::CloudTrail, "LookupEvents"));
    }
}
