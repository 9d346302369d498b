//! What a record says of the interface it was seen at, prepared once for all records of the interface.
//!
//! Source: Amazon VPC User Guide, "Flow log records" (available fields).

use crate::field::Field;
use crate::record::Value;
use std::net::IpAddr;
use std::sync::Arc;
use weir_model::Network;
use weir_model::interface::{Interface, InterfaceKind};

/// An interface with the facts that go into its records.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Place {
    /// Own addresses; of each family the primary one first.
    own: Vec<IpAddr>,
    account: Arc<str>,
    name: Arc<str>,
    vpc: Arc<str>,
    subnet: Arc<str>,
    instance: Option<Arc<str>>,
    region: Arc<str>,
    zone: Option<Arc<str>>,
    kind: Option<&'static str>,
}

impl Place {
    /// The facts about `interface` as `network` has them.
    pub(crate) fn new(network: &Network, interface: &Interface) -> Place {
        let ipv4 = interface.addresses.iter().map(|address| IpAddr::V4(address.private));
        let ipv6 = interface.ipv6_addresses.iter().copied().map(IpAddr::V6);
        let instance = interface.attachment.as_ref().and_then(|attachment| attachment.instance);
        let zone = network.subnets.get(&interface.subnet).map(|subnet| subnet.zone.zone_id());
        Place {
            own: ipv4.chain(ipv6).collect(),
            account: interface.scope.account.to_string().into(),
            name: interface.id.to_string().into(),
            vpc: interface.vpc.to_string().into(),
            subnet: interface.subnet.to_string().into(),
            instance: instance.map(|id| id.to_string().into()),
            region: interface.scope.region.as_str().into(),
            zone: zone.map(Arc::from),
            kind: interface_type(interface.kind),
        }
    }

    /// The value of a field that depends on the interface alone; `None` for fields of the flow.
    pub(crate) fn value(&self, field: Field) -> Option<Value> {
        let known = |text: &Arc<str>| Value::Text(Arc::clone(text));
        Some(match field {
            Field::AccountId => known(&self.account),
            Field::InterfaceId => known(&self.name),
            Field::VpcId => known(&self.vpc),
            Field::SubnetId => known(&self.subnet),
            Field::InstanceId => Value::text(self.instance.clone()),
            Field::Region => known(&self.region),
            Field::AzId => Value::text(self.zone.clone()),
            Field::InterfaceType => Value::text(self.kind),
            _ => return None,
        })
    }

    /// What a record writes for the near end of a packet: the interface's primary address of the same family, whichever
    /// of its addresses the packet had, and also if the packet is only passing through.
    ///
    /// "If the traffic is to a secondary address, the flow log displays the primary private IPv4 address in `dstaddr`";
    /// the same holds for intermediate interfaces. Assumption: of IPv6 addresses, an own one stays as it is.
    pub(crate) fn near_end(&self, address: IpAddr) -> IpAddr {
        if address.is_ipv6() && self.own.contains(&address) {
            return address;
        }
        let same_family = |own: &&IpAddr| own.is_ipv4() == address.is_ipv4();
        self.own.iter().find(same_family).copied().unwrap_or(address)
    }
}

fn interface_type(kind: InterfaceKind) -> Option<&'static str> {
    match kind {
        InterfaceKind::NatGateway => Some("nat_gateway"),
        InterfaceKind::VpcEndpoint => Some("vpc_endpoint"),
        InterfaceKind::TransitGateway => Some("transit_gateway"),
        InterfaceKind::Interface | InterfaceKind::Managed => None,
    }
}
