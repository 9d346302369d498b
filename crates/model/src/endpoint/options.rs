//! What is said of an endpoint's addresses and names: their families, and who its service's own name is for.
//!
//! Source: EC2 API Reference, CreateVpcEndpoint (IpAddressType), DnsOptionsSpecification; AWS PrivateLink Guide, "IP address
//! types" and "DNS record IP type".

use super::{EndpointRefusal, service};
use serde::{Deserialize, Serialize};

/// The families of an interface endpoint's addresses (`ipAddressType`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum IpAddressType {
    /// IPv4.
    #[default]
    Ipv4,
    /// Both.
    Dualstack,
    /// IPv6.
    Ipv6,
}

/// The families of addresses that an endpoint's names lead to (`dnsRecordIpType`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum DnsRecordIpType {
    /// IPv4.
    #[default]
    Ipv4,
    /// Both.
    Dualstack,
    /// IPv6.
    Ipv6,
    /// What the service has: all addresses of the endpoint.
    ServiceDefined,
}

impl IpAddressType {
    pub(super) fn has_ipv4(self) -> bool {
        self != IpAddressType::Ipv6
    }

    pub(super) fn has_ipv6(self) -> bool {
        self != IpAddressType::Ipv4
    }

    /// The records that there are if none are asked for.
    pub(super) fn records(self) -> DnsRecordIpType {
        match self {
            IpAddressType::Ipv4 => DnsRecordIpType::Ipv4,
            IpAddressType::Dualstack => DnsRecordIpType::Dualstack,
            IpAddressType::Ipv6 => DnsRecordIpType::Ipv6,
        }
    }

    /// AWS's word for it.
    pub fn word(self) -> &'static str {
        self.records().word()
    }

    /// What this word of AWS says; IPv4 if there is none.
    pub fn named(word: Option<&str>) -> IpAddressType {
        let all = [IpAddressType::Dualstack, IpAddressType::Ipv6];
        all.into_iter().find(|kind| Some(kind.word()) == word).unwrap_or_default()
    }
}

impl DnsRecordIpType {
    pub(super) fn has_ipv4(self) -> bool {
        self != DnsRecordIpType::Ipv6
    }

    pub(super) fn has_ipv6(self) -> bool {
        self != DnsRecordIpType::Ipv4
    }

    /// Whether the names of an endpoint with these addresses can have such records.
    pub(super) fn fits(self, addresses: IpAddressType) -> bool {
        let has = (addresses.has_ipv4(), addresses.has_ipv6());
        match self {
            DnsRecordIpType::Ipv4 => has.0,
            DnsRecordIpType::Dualstack => has == (true, true),
            DnsRecordIpType::Ipv6 => has.1,
            DnsRecordIpType::ServiceDefined => true,
        }
    }

    /// What this word of AWS says; IPv4 if there is none.
    pub fn named(word: Option<&str>) -> DnsRecordIpType {
        let all = [DnsRecordIpType::Dualstack, DnsRecordIpType::Ipv6, DnsRecordIpType::ServiceDefined];
        all.into_iter().find(|kind| Some(kind.word()) == word).unwrap_or_default()
    }

    /// AWS's word for it.
    pub fn word(self) -> &'static str {
        match self {
            DnsRecordIpType::Ipv4 => "ipv4",
            DnsRecordIpType::Dualstack => "dualstack",
            DnsRecordIpType::Ipv6 => "ipv6",
            DnsRecordIpType::ServiceDefined => "service-defined",
        }
    }
}

/// What is asked for of an endpoint's addresses and names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AddressOptions {
    /// The families of its addresses.
    pub ip_address_type: Option<IpAddressType>,
    /// The families of addresses that its names lead to.
    pub dns_record_ip_type: Option<DnsRecordIpType>,
    /// Whether the service's own name leads to it inside the VPC.
    pub private_dns: Option<bool>,
    /// Whether it does so for those outside only. Of services with gateway endpoints this is so unless it is denied.
    pub private_dns_only_for_inbound: Option<bool>,
}

impl AddressOptions {
    /// Refuses what gateway endpoints do not have.
    ///
    /// # Errors
    /// [`EndpointRefusal::OnlyForInbound`], [`EndpointRefusal::NotOfType`].
    pub fn check_for_gateway(self) -> Result<(), EndpointRefusal> {
        let foreign = |member| Err(EndpointRefusal::NotOfType { member, given: service::GATEWAY });
        let records = self.dns_record_ip_type.unwrap_or(DnsRecordIpType::Ipv4);
        if self.private_dns == Some(true) {
            return foreign("PrivateDnsEnabled");
        }
        if self.private_dns_only_for_inbound.is_some() {
            return Err(EndpointRefusal::OnlyForInbound);
        }
        if self.ip_address_type.is_some_and(IpAddressType::has_ipv6) {
            return foreign("IpAddressType");
        }
        match records {
            DnsRecordIpType::Ipv4 => Ok(()),
            _ => foreign("DnsOptions"),
        }
    }
}
