//! The services that Weir answers for, and how each is spoken to. A service of JSON may be spoken to otherwise, too.
//!
//! Source: AWS General Reference, "Service endpoints"; target prefixes, versions and error shapes from the public API
//! models of each service.

use crate::Dialect;

/// A service with operations in Weir.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    /// Amazon EC2, with VPC.
    Ec2,
    /// AWS Identity and Access Management.
    Iam,
    /// AWS Security Token Service.
    Sts,
    /// Amazon CloudWatch Logs.
    Logs,
    /// AWS CloudTrail.
    CloudTrail,
    /// Amazon Data Firehose.
    Firehose,
    /// AWS Systems Manager.
    Ssm,
    /// EC2 Instance Connect.
    InstanceConnect,
    /// Amazon CloudWatch.
    Monitoring,
}

/// How a service is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Parameters as EC2 has them, XML answers.
    Ec2,
    /// Parameters as IAM and STS have them, XML answers.
    Query,
    /// `X-Amz-Target` and JSON bodies, media type `application/x-amz-json-1.0`.
    Json10,
    /// `X-Amz-Target` and JSON bodies, media type `application/x-amz-json-1.1`.
    Json11,
    /// `/service/NAME/operation/OPERATION` and CBOR bodies (Smithy's `rpc-v2-cbor`).
    Cbor,
    /// Paths and methods, XML answers (S3): only so that a refusal can be read.
    RestXml,
}

struct Row {
    service: Service,
    protocol: Protocol,
    /// The name in a signature's scope, and before `.amazonaws.com` in CloudTrail's eventSource.
    scope: &'static str,
    /// What comes before `.Operation` in `X-Amz-Target`, or the API version of a form.
    address: &'static str,
    /// The error code for a member that breaks a constraint.
    validation: &'static str,
    /// The member of an error that holds the sentence.
    message: &'static str,
}

#[rustfmt::skip]
const ROWS: &[Row] = &[
    row(Service::Ec2,             Protocol::Ec2,    "ec2",                  "2016-11-15",                  "InvalidParameterValue",     ""),
    row(Service::Iam,             Protocol::Query,  "iam",                  "2010-05-08",                  "ValidationError",           ""),
    row(Service::Sts,             Protocol::Query,  "sts",                  "2011-06-15",                  "ValidationError",           ""),
    row(Service::Logs,            Protocol::Json11, "logs",                 "Logs_20140328",               "InvalidParameterException", "message"),
    row(Service::CloudTrail,      Protocol::Json11, "cloudtrail",           "CloudTrail_20131101",         "ValidationException",       "Message"),
    row(Service::Firehose,        Protocol::Json11, "firehose",             "Firehose_20150804",           "ValidationException",       "message"),
    row(Service::Ssm,             Protocol::Json11, "ssm",                  "AmazonSSM",                   "ValidationException",       "Message"),
    row(Service::InstanceConnect, Protocol::Json11, "ec2-instance-connect", "AWSEC2InstanceConnectService", "ValidationException",      "Message"),
    row(Service::Monitoring,      Protocol::Json10, "monitoring",           "GraniteServiceVersion20100801", "MissingRequiredParameterException", "message"),
];

/// JSON services that are spoken to otherwise, too: the API version of their forms, and the namespace of their shapes in CBOR.
const OTHERWISE: &[(Service, &str, &str)] =
    &[(Service::Monitoring, "2010-08-01", "com.amazonaws.cloudwatch")];

const fn row(
    service: Service,
    protocol: Protocol,
    scope: &'static str,
    address: &'static str,
    validation: &'static str,
    message: &'static str,
) -> Row {
    Row { service, protocol, scope, address, validation, message }
}

impl Service {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Service> {
        ROWS.iter().map(|row| row.service)
    }

    /// The service that `X-Amz-Target` names before the last dot. CloudTrail's prefix has its package before it.
    pub fn of_target(prefix: &str) -> Option<Service> {
        let name = prefix.rsplit('.').next()?;
        ROWS.iter().find(|row| row.protocol.is_json() && row.address == name).map(|row| row.service)
    }

    /// The service that a path names for CBOR, by what is the prefix of its targets.
    pub fn of_cbor(name: &str) -> Option<Service> {
        Service::of_target(name).filter(|service| service.otherwise().is_some())
    }

    /// The service of forms that is signed for as `scope`.
    pub fn of_scope(scope: &str) -> Option<Service> {
        ROWS.iter().find(|row| row.scope == scope && row.service.version().is_some()).map(|row| row.service)
    }

    /// The service of forms whose API version this is.
    pub fn of_version(version: &str) -> Option<Service> {
        Service::all().find(|service| service.version() == Some(version))
    }

    /// How it is spoken to first of all.
    pub fn protocol(self) -> Protocol {
        self.row().protocol
    }

    /// How it is spoken to in forms.
    pub fn form_protocol(self) -> Protocol {
        if self == Service::Ec2 { Protocol::Ec2 } else { Protocol::Query }
    }

    /// The API version of its forms, if it takes any.
    pub fn version(self) -> Option<&'static str> {
        let Row { protocol, address, .. } = self.row();
        match protocol.is_json() {
            true => self.otherwise().map(|(version, _)| version),
            false => Some(address),
        }
    }

    /// The id of one of its shapes, as errors in CBOR name it: `com.amazonaws.cloudwatch#InvalidNextToken`.
    pub fn shape_id(self, shape: &str) -> String {
        match self.otherwise() {
            Some((_, namespace)) => format!("{namespace}#{shape}"),
            None => shape.to_owned(),
        }
    }

    /// The naming of its parameters and answers; JSON services have no use for it.
    pub fn dialect(self) -> Dialect {
        if self == Service::Ec2 { Dialect::Ec2 } else { Dialect::Query }
    }

    /// Its name in the scope of a signature: `ec2`.
    pub fn scope(self) -> &'static str {
        self.row().scope
    }

    /// What comes before the operation in the name of an IAM action: `ec2`. CloudWatch signs for another name.
    pub fn iam_prefix(self) -> &'static str {
        if self == Service::Monitoring { "cloudwatch" } else { self.scope() }
    }

    /// The API version of a form service, or the target prefix of a JSON service.
    pub fn address(self) -> &'static str {
        self.row().address
    }

    /// The XML namespace of its answers.
    pub fn namespace(self) -> String {
        let (scope, version) = (self.scope(), self.version().unwrap_or_default());
        let scheme = if matches!(self, Service::Ec2 | Service::Monitoring) { "http" } else { "https" };
        format!("{scheme}://{scope}.amazonaws.com/doc/{version}/")
    }

    /// Its error code for a member that breaks a constraint.
    pub fn validation_code(self) -> &'static str {
        self.row().validation
    }

    /// The member of its JSON errors that holds the sentence: `message` or `Message`, as its error shapes spell it.
    pub fn message_member(self) -> &'static str {
        self.row().message
    }

    fn otherwise(self) -> Option<(&'static str, &'static str)> {
        let found = OTHERWISE.iter().find(|(service, ..)| *service == self);
        found.map(|(_, version, namespace)| (*version, *namespace))
    }

    fn row(self) -> &'static Row {
        ROWS.iter().find(|row| row.service == self).expect("every service has a row")
    }
}

impl Protocol {
    /// Whether requests and answers are JSON.
    pub fn is_json(self) -> bool {
        matches!(self, Protocol::Json10 | Protocol::Json11)
    }

    /// Whether codes of errors are names of shapes, most of which end in `Exception`.
    pub fn names_exceptions(self) -> bool {
        self.is_json() || self == Protocol::Cbor
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_service_has_a_row_of_its_own() {
        for service in Service::all() {
            assert_eq!(service.row().service, service);
            let addressed = match service.protocol().is_json() {
                true => Service::of_target(service.address()),
                false => Service::of_version(service.address()),
            };
            assert_eq!(addressed, Some(service));
        }
    }

    #[test]
    fn targets_are_known_by_their_last_part() {
        let target = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101";
        assert_eq!(Service::of_target(target), Some(Service::CloudTrail));
        assert_eq!(Service::of_target("DynamoDB_20120810"), None);
        assert_eq!(Service::of_target("2016-11-15"), None);
    }
}
