//! Who has which address, where routes lead, and what the platform keeps for itself.

use super::rules::list_blocks;
use super::{Fate, Sent, transit};
use crate::packet::Packet;
use crate::verdict::{Reason, Service};
use std::net::{IpAddr, Ipv4Addr};
use weir_model::instance::InstanceState;
use weir_model::interface::Interface;
use weir_model::peering::PeeringStatus;
use weir_model::route::{Associated, Destination, Origin, Route, Target};
use weir_model::subnet::Subnet;
use weir_model::{Cidr, Network, Protocol, VpcId};

/// Which of several routes for one block wins: the greater number. Routes for prefix lists have numbers from 0 down.
const STATIC: i32 = 2;
const LOCAL: i32 = 1;
const PROPAGATED: i32 = i32::MIN;

pub(super) fn is_far(network: &Network, id: weir_model::PeeringId) -> bool {
    let Some(peering) = network.peerings.get(&id) else { return false };
    peering.requester.scope.region != peering.accepter.scope.region
}

pub(super) fn in_subnet(subnet: &Subnet, address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => subnet.cidr.is_some_and(|cidr| cidr.contains(address)),
        IpAddr::V6(address) => subnet.ipv6_cidr.as_ref().is_some_and(|block| block.cidr.contains(address)),
    }
}

pub(super) fn in_vpc(network: &Network, vpc: VpcId, address: IpAddr) -> bool {
    let Some(vpc) = network.vpcs.get(&vpc) else { return false };
    match address {
        IpAddr::V4(address) => vpc.cidrs.iter().any(|block| block.cidr.contains(address)),
        IpAddr::V6(address) => vpc.ipv6_cidrs.iter().any(|block| block.cidr.contains(address)),
    }
}

pub(super) fn owner(network: &Network, vpc: VpcId, address: IpAddr) -> Option<&Interface> {
    network.interfaces.iter().find(|interface| interface.vpc == vpc && interface.owns(address))
}

pub(super) fn is_running(network: &Network, interface: &Interface) -> bool {
    match interface.attachment.as_ref().map(|attachment| attachment.instance) {
        None => false,
        Some(None) => true,
        Some(Some(id)) => {
            network.instances.get(&id).is_some_and(|instance| instance.state == InstanceState::Running)
        }
    }
}

pub(super) fn public_of(network: &Network, vpc: VpcId, private: IpAddr) -> Option<IpAddr> {
    let interface = owner(network, vpc, private)?;
    match private {
        IpAddr::V6(_) => is_global(private).then_some(private),
        IpAddr::V4(private) => {
            let address = interface.addresses.iter().find(|address| address.private == private)?;
            address.public.as_ref().map(|public| public.address().into())
        }
    }
}

pub(super) fn private_of(network: &Network, public: IpAddr) -> Option<(&Interface, IpAddr)> {
    for interface in network.interfaces.iter() {
        if public.is_ipv6() && is_global(public) && interface.owns(public) {
            return Some((interface, public));
        }
        for address in &interface.addresses {
            if address.public.as_ref().is_some_and(|found| IpAddr::V4(found.address()) == public) {
                return Some((interface, address.private.into()));
            }
        }
    }
    None
}

pub(super) fn far_vpc(network: &Network, vpc: VpcId, id: weir_model::PeeringId) -> Option<VpcId> {
    let peering = network.peerings.get(&id).filter(|found| found.status == PeeringStatus::Active)?;
    let sides = [peering.requester.vpc, peering.accepter.vpc];
    let far = if sides[0] == vpc { sides[1] } else { sides[0] };
    (sides.contains(&vpc) && network.vpcs.has(&far)).then_some(far)
}

/// Who gets a packet for `private` of `receiver` that has come in through the VPC's internet gateway: a middlebox if the
/// gateway's own table says so.
pub(super) fn through_gateway<'a>(
    network: &'a Network,
    receiver: &'a Interface,
    private: IpAddr,
) -> Result<&'a Interface, Fate> {
    let gateway = network.internet_gateways.iter().find(|gateway| gateway.vpc == Some(receiver.vpc));
    let with = gateway.map(|gateway| Associated::InternetGateway(gateway.id));
    let table = network
        .route_tables
        .iter()
        .find(|table| table.associations.iter().any(|found| Some(found.with) == with));
    let Some(table) = table else { return Ok(receiver) };
    let covers =
        |route: &&Route| matches!(route.destination, Destination::Cidr(cidr) if cidr.contains(private));
    let length = |route: &&Route| match route.destination {
        Destination::Cidr(cidr) => cidr.prefix(),
        Destination::PrefixList(_) => 0,
    };
    let Some(route) = table.routes.iter().filter(covers).max_by_key(length) else { return Ok(receiver) };
    match route.target {
        Target::Interface(id) | Target::Instance(_, id) => {
            let found = network.interfaces.get(&id).filter(|found| found.attachment.is_some());
            let by_instance = matches!(route.target, Target::Instance(..));
            let found = found.filter(|found| !by_instance || is_running(network, found));
            found.filter(|found| found.vpc == receiver.vpc).ok_or(Fate::Drop(Reason::Blackhole))
        }
        _ => Err(Fate::Drop(Reason::Blackhole)),
    }
}

/// Whether a packet that leaves `subnet` is led into a transit gateway.
pub(super) fn leads_to_transit(network: &Network, subnet: &Subnet, sent: Sent) -> bool {
    match best_target(network, subnet, sent.destination) {
        Some(Target::TransitGateway(id)) => transit::attachment(network, subnet.vpc, id).is_some(),
        _ => false,
    }
}

/// The target of the most specific route for `address`.
pub(super) fn best_target(network: &Network, subnet: &Subnet, address: IpAddr) -> Option<Target> {
    let of_vpc = || network.route_tables.iter().filter(|table| table.vpc == subnet.vpc);
    let is_explicit = |with: &Associated| *with == Associated::Subnet(subnet.id);
    let explicit = of_vpc().find(|table| table.associations.iter().any(|found| is_explicit(&found.with)));
    let table = explicit.or_else(|| of_vpc().find(|table| table.main.is_some()));
    let vpc = network.vpcs.get(&subnet.vpc)?;
    let mut candidates: Vec<(u8, i32, Target)> = Vec::new();
    let local4 = vpc.cidrs.iter().map(|block| Cidr::V4(block.cidr));
    for cidr in local4.chain(vpc.ipv6_cidrs.iter().map(|block| Cidr::V6(block.cidr))) {
        if cidr.contains(address) {
            candidates.push((cidr.prefix(), LOCAL, Target::Local));
        }
    }
    let routes = table.iter().flat_map(|table| &table.routes);
    for (route, place) in routes.zip(0..) {
        let (cidrs, rank) = match route.destination {
            Destination::Cidr(cidr) => (vec![cidr], STATIC),
            // Of several lists the one whose route was made first.
            Destination::PrefixList(list) => (list_blocks(network, vpc.scope.region, list), -place),
        };
        let rank = if route.origin == Origin::EnableVgwRoutePropagation { PROPAGATED } else { rank };
        for cidr in cidrs.into_iter().filter(|cidr| cidr.contains(address)) {
            candidates.push((cidr.prefix(), rank, route.target));
        }
    }
    candidates.sort_by_key(|(prefix, rank, _)| (*prefix, *rank));
    candidates.last().map(|(.., target)| *target)
}

pub(super) fn is_dhcp(subnet: &Subnet, packet: &Packet) -> bool {
    let router = subnet.cidr.and_then(|cidr| cidr.nth(1)).map(IpAddr::V4);
    let to_server =
        packet.destination == IpAddr::V4(Ipv4Addr::BROADCAST) || Some(packet.destination) == router;
    packet.protocol == Protocol::UDP && packet.destination_port == 67 && to_server
}

pub(super) fn services(network: &Network, subnet: &Subnet, packet: &Packet) -> Result<(), Fate> {
    if is_dhcp(subnet, packet) {
        return Err(Fate::Service(Service::Dhcp));
    }
    let vpc = network.vpcs.get(&subnet.vpc).ok_or(Fate::Drop(Reason::UnknownPort))?;
    let resolver = vpc.cidr().nth(2).map(IpAddr::V4);
    let router = subnet.cidr.and_then(|cidr| cidr.nth(1)).map(IpAddr::V4);
    let is_dns =
        ["169.254.169.253", "fd00:ec2::253"].iter().any(|text| *text == packet.destination.to_string());
    if is_dns || Some(packet.destination) == resolver {
        let on = vpc.dns_support;
        return Err(if on { Fate::Service(Service::Dns) } else { Fate::Drop(Reason::ResolverOff) });
    }
    if Some(packet.destination) == router {
        return Err(Fate::Drop(Reason::Router));
    }
    match packet.destination.to_string().as_str() {
        "169.254.169.254" | "fd00:ec2::254" => Err(Fate::Service(Service::Metadata)),
        "169.254.169.123" | "fd00:ec2::123" => Err(Fate::Service(Service::Time)),
        _ => Ok(()),
    }
}

/// fd00:ec2::/32, which routes other than local ones do not forward.
pub(super) fn is_platform(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(address) if address.segments()[0] == 0xfd00 && address.segments()[1] == 0xec2)
}

/// An address that is never one host's.
pub(super) fn is_nobody(address: IpAddr) -> bool {
    let reserved = match address {
        IpAddr::V4(address) => address.octets()[0] == 0 || address.octets()[0] >= 240,
        IpAddr::V6(address) => address.is_unspecified(),
    };
    reserved || address.is_loopback() || address.is_multicast()
}

pub(super) fn is_global(address: IpAddr) -> bool {
    match address {
        IpAddr::V6(address) => address.segments()[0] & 0xe000 == 0x2000,
        IpAddr::V4(address) => {
            let [a, b, ..] = address.octets();
            let shared = a == 100 && (64..128).contains(&b);
            !(address.is_private() || shared || address.is_link_local() || matches!(a, 0 | 127) || a >= 224)
        }
    }
}
