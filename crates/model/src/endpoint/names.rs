//! The names that endpoints give, and the addresses they lead to; the resolver ([`crate::dns`]) answers them.
//!
//! Names of an endpoint and of each of its zones can be asked for from anywhere, and lead to private addresses. The
//! service's own name leads there only inside the VPC, and only with private DNS; elsewhere, and for services reached by
//! gateway, it leads to a public address.
//! Source: AWS PrivateLink Guide, "Access an AWS service using an interface VPC endpoint" (DNS).

use super::{InterfaceEndpoint, VpcEndpoint, service};
use crate::interface::Interface;
use crate::prefix_list::aws;
use crate::{Network, RegionName};
use std::net::{IpAddr, Ipv4Addr};

/// The region that S3's names without a region lead to.
const S3_GLOBAL_REGION: &str = "us-east-1";

/// A name, and where it leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointName {
    /// The name, without a dot at its end; with `*.` at its beginning it stands for all names below.
    pub name: String,
    /// The addresses, in the order of the endpoint's subnets.
    pub addresses: Vec<IpAddr>,
    /// Whether only the endpoint's VPC knows it.
    pub is_private: bool,
}

impl Network {
    /// The names that an endpoint gives: its own, that of each zone, and with private DNS the service's. Gateway endpoints, and
    /// endpoints without interfaces, give none.
    pub fn endpoint_names(&self, endpoint: &VpcEndpoint) -> Vec<EndpointName> {
        let found = endpoint.interface_endpoint().zip(endpoint.endpoint_service());
        let Some((own, service)) = found else { return Vec::new() };
        let region = endpoint.scope.region;
        let base = service.base_name(region);
        let mut zones = Vec::new();
        for interface in own.interfaces.iter().filter_map(|id| self.interfaces.get(id)) {
            let zone = self.subnets.get(&interface.subnet).map(|subnet| subnet.zone);
            zones.extend(zone.map(|zone| (zone, own.recorded(interface))));
        }
        if zones.is_empty() {
            return Vec::new();
        }
        let all: Vec<IpAddr> = zones.iter().flat_map(|(_, addresses)| addresses.iter().copied()).collect();
        let public = |name, addresses| EndpointName { name, addresses, is_private: false };
        let start = if service.names_buckets() { "*." } else { "" };
        let start = format!("{start}{}-{}", endpoint.id, own.label);
        let mut names = vec![public(format!("{start}.{base}"), all.clone())];
        names.extend(
            zones.into_iter().map(|(zone, addresses)| public(format!("{start}-{zone}.{base}"), addresses)),
        );
        if own.private_dns {
            let private = |name| EndpointName { name, addresses: all.clone(), is_private: true };
            names.extend(service.private_names(region).into_iter().map(private));
        }
        names
    }
}

impl InterfaceEndpoint {
    /// The addresses of one of its interfaces that names lead to.
    fn recorded(&self, interface: &Interface) -> Vec<IpAddr> {
        let records = self.dns_record_ip_type;
        let ipv4 = interface.primary().filter(|_| records.has_ipv4()).map(IpAddr::V4);
        let ipv6 = interface.ipv6_addresses.first().filter(|_| records.has_ipv6());
        ipv4.into_iter().chain(ipv6.copied().map(IpAddr::V6)).collect()
    }
}

/// A public address of a service that is reached by gateway, from its name `s3.us-east-1.amazonaws.com`, of S3 also with a
/// bucket before it, over both families (`s3.dualstack.us-east-1`), in the older spelling (`s3-us-east-1`), and without a
/// region, which is that of us-east-1.
///
/// Assumption: always the same address, 40 places into the service's first block; a bucket of another region without the
/// region in its name leads to us-east-1, too.
/// Source: Amazon S3 User Guide, "Virtual hosting of general purpose buckets" (legacy global endpoint, s3-Region),
/// "Using Amazon S3 dual-stack endpoints".
pub fn public_address(name: &str) -> Option<Ipv4Addr> {
    const PLACE: u32 = 40;
    let name = name.to_ascii_lowercase();
    let mut labels = name.strip_suffix(".amazonaws.com")?.rsplit('.');
    let (host, region) = match (labels.next()?, labels.next()) {
        ("s3", _) => ("s3", S3_GLOBAL_REGION),
        (legacy, _) if legacy.starts_with("s3-") => ("s3", legacy.trim_start_matches("s3-")),
        (region, Some("dualstack")) => (labels.next().filter(|host| *host == "s3")?, region),
        (region, host) => (host?, region),
    };
    let region: RegionName = region.parse().ok()?;
    let service = service::named(host, service::GATEWAY)?;
    aws::of_service(region, service.name)?.cidrs.first()?.nth(PLACE)
}
