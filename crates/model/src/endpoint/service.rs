//! The services that endpoints lead to: two by gateway, and by interface those that Weir speaks.
//!
//! Assumption: ids of services are drawn from their names; AWS's differ by region in no documented way.
//! Source: AWS PrivateLink Guide, "AWS services that integrate with AWS PrivateLink"; answers of
//! DescribeVpcEndpointServices recorded in 2020 (batfish lab-validation).

use crate::RegionName;
use crate::service_range::name_hash;

/// The type of gateway endpoints.
pub const GATEWAY: &str = "Gateway";
/// The type of interface endpoints.
pub const INTERFACE: &str = "Interface";

/// A service that endpoints lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndpointService {
    /// How its name ends: `kinesis-firehose`.
    pub name: &'static str,
    /// How its host names begin: `firehose`.
    pub host: &'static str,
    /// The type of its endpoints.
    pub kind: &'static str,
    /// Whether its endpoints have policies.
    pub has_policy: bool,
}

const fn by_interface(name: &'static str, host: &'static str, has_policy: bool) -> EndpointService {
    EndpointService { name, host, kind: INTERFACE, has_policy }
}

const fn by_gateway(name: &'static str) -> EndpointService {
    EndpointService { name, host: name, kind: GATEWAY, has_policy: true }
}

/// The services, by name.
pub const SERVICES: &[EndpointService] = &[
    by_interface("cloudtrail", "cloudtrail", true),
    by_gateway("dynamodb"),
    by_interface("ec2", "ec2", true),
    by_interface("kinesis-firehose", "firehose", true),
    by_interface("logs", "logs", true),
    by_interface("monitoring", "monitoring", true),
    by_gateway("s3"),
    by_interface("ssm", "ssm", true),
    by_interface("sts", "sts", true),
];

/// The service whose name ends in `name`.
pub fn named(name: &str) -> Option<EndpointService> {
    SERVICES.iter().find(|service| service.name == name).copied()
}

/// The service of this whole name in `region`.
pub fn find(region: RegionName, full_name: &str) -> Option<EndpointService> {
    SERVICES.iter().find(|service| self::full_name(region, service.name) == full_name).copied()
}

/// The whole name of a service: `com.amazonaws.us-east-1.s3`.
pub fn full_name(region: RegionName, name: &str) -> String {
    format!("com.amazonaws.{region}.{name}")
}

/// The name that a service has everywhere: `ec2.us-east-1.amazonaws.com`.
pub fn private_name(region: RegionName, name: &str) -> String {
    let host = named(name).map_or(name, |service| service.host);
    format!("{host}.{region}.amazonaws.com")
}

/// What the names of a service's endpoints end in: `ec2.us-east-1.vpce.amazonaws.com`.
pub fn base_name(region: RegionName, name: &str) -> String {
    let host = named(name).map_or(name, |service| service.host);
    format!("{host}.{region}.vpce.amazonaws.com")
}

/// The id of a service: `vpce-svc-…`.
pub fn service_id(region: RegionName, name: &str) -> String {
    format!("vpce-svc-0{:016x}", name_hash(&full_name(region, name)))
}
