//! What a record says of the interface it was seen at, prepared once for all records of the interface.
//!
//! A regional NAT gateway has no interface that could be told: a record names the gateway, as its resource, and the zone.
//! Assumption: such a record has the gateway's VPC and no subnet, and the public address in use stands for the gateway.
//! Source: Amazon VPC User Guide, "Flow log records" (available fields).

use crate::field::Field;
use crate::record::Value;
use std::net::IpAddr;
use std::sync::Arc;
use weir_model::Network;
use weir_model::interface::{Interface, InterfaceKind};
use weir_model::nat_gateway::{Gate, NatAddress, NatGateway};

/// An interface with the facts that go into its records.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Place {
    /// Own addresses; of each family the primary one first.
    own: Vec<IpAddr>,
    account: Arc<str>,
    /// The id of the interface, or of the regional NAT gateway.
    name: Arc<str>,
    is_regional: bool,
    vpc: Arc<str>,
    subnet: Option<Arc<str>>,
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
            is_regional: false,
            vpc: interface.vpc.to_string().into(),
            subnet: Some(interface.subnet.to_string().into()),
            instance: instance.map(|id| id.to_string().into()),
            region: interface.scope.region.as_str().into(),
            zone: zone.map(Arc::from),
            kind: interface_type(interface.kind),
        }
    }

    /// The facts about a regional NAT gateway in one zone.
    pub(crate) fn of_gate(nat: &NatGateway, gate: &Gate) -> Place {
        let own = nat.addresses.iter().filter(|own| own.zone == Some(gate.zone));
        Place {
            own: own.filter_map(NatAddress::own).map(IpAddr::V4).collect(),
            account: nat.scope.account.to_string().into(),
            name: nat.id.to_string().into(),
            is_regional: true,
            vpc: nat.vpc.to_string().into(),
            subnet: None,
            instance: None,
            region: nat.scope.region.as_str().into(),
            zone: Some(gate.zone.zone_id().into()),
            kind: Some("regional_nat_gateway"),
        }
    }

    /// The id of what the records are about: an interface, or a regional NAT gateway.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The value of a field that depends on the interface alone; `None` for fields of the flow.
    pub(crate) fn value(&self, field: Field) -> Option<Value> {
        let known = |text: &Arc<str>| Value::Text(Arc::clone(text));
        Some(match field {
            Field::AccountId => known(&self.account),
            Field::InterfaceId if self.is_regional => Value::Absent,
            Field::InterfaceId => known(&self.name),
            Field::ResourceId if self.is_regional => known(&self.name),
            Field::VpcId => known(&self.vpc),
            Field::SubnetId => Value::text(self.subnet.clone()),
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
        if (address.is_ipv6() || self.is_regional) && self.own.contains(&address) {
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
