//! The services that Weir answers for, and how each is spoken to.
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

    /// The service of forms that is signed for as `scope`.
    pub fn of_scope(scope: &str) -> Option<Service> {
        ROWS.iter().find(|row| row.has_forms() && row.scope == scope).map(|row| row.service)
    }

    /// The service of forms whose API version this is.
    pub fn of_version(version: &str) -> Option<Service> {
        ROWS.iter().find(|row| row.has_forms() && row.address == version).map(|row| row.service)
    }

    /// How it is spoken to.
    pub fn protocol(self) -> Protocol {
        self.row().protocol
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
        let Row { scope, address, .. } = self.row();
        match self {
            Service::Ec2 => format!("http://{scope}.amazonaws.com/doc/{address}/"),
            _ => format!("https://{scope}.amazonaws.com/doc/{address}/"),
        }
    }

    /// Its error code for a member that breaks a constraint.
    pub fn validation_code(self) -> &'static str {
        self.row().validation
    }

    /// The member of its JSON errors that holds the sentence: `message` or `Message`, as its error shapes spell it.
    pub fn message_member(self) -> &'static str {
        self.row().message
    }

    fn row(self) -> &'static Row {
        ROWS.iter().find(|row| row.service == self).expect("every service has a row")
    }
}

impl Row {
    fn has_forms(&self) -> bool {
        matches!(self.protocol, Protocol::Ec2 | Protocol::Query)
    }
}

impl Protocol {
    /// Whether requests and answers are JSON.
    pub fn is_json(self) -> bool {
        matches!(self, Protocol::Json10 | Protocol::Json11)
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
