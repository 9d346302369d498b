//! Groups and ACLs, rule by rule.

use super::{Sent, transit};
use std::net::IpAddr;
use weir_model::group::{Direction, Group, GroupRule, Peer};
use weir_model::peering::PeeringStatus;
use weir_model::protocol::Traffic;
use weir_model::subnet::Subnet;
use weir_model::{Cidr, Network, PortRange, PrefixListId, Protocol, RegionName, VpcId};

pub(super) fn peer_address(sent: Sent, direction: Direction) -> IpAddr {
    if direction == Direction::Egress { sent.destination } else { sent.source }
}

pub(super) fn rule_matches(network: &Network, group: &Group, rule: &GroupRule, sent: Sent) -> bool {
    let (packet, address) = (sent.packet, peer_address(sent, rule.direction));
    if !rule.traffic.matches(packet.protocol, packet.destination_port, packet.icmp) {
        return false;
    }
    match rule.peer {
        Peer::Cidr(cidr) => cidr.contains(address),
        Peer::Group { group: wanted, .. } => {
            let Some(other) = network.groups.get(&wanted) else { return false };
            let by_transit =
                rule.direction == Direction::Ingress && transit::may_refer(network, group.vpc, other.vpc);
            let reachable = other.vpc == group.vpc || are_peers(network, group.vpc, other.vpc) || by_transit;
            reachable
                && !sent.hides_groups
                && !(sent.forwarded && rule.direction == Direction::Ingress)
                && network
                    .interfaces
                    .iter()
                    .any(|interface| interface.groups.contains(&wanted) && interface.owns(address))
        }
        Peer::PrefixList(list) => {
            list_blocks(network, group.scope.region, list).iter().any(|cidr| cidr.contains(address))
        }
    }
}

pub(super) fn list_blocks(network: &Network, region: RegionName, id: PrefixListId) -> Vec<Cidr> {
    if let Some(list) = network.prefix_lists.get(&id) {
        let newest = list.versions.iter().max_by_key(|(number, _)| **number);
        let entries = newest.filter(|_| list.scope.region == region).map(|(_, entries)| entries);
        return entries.into_iter().flatten().map(|entry| entry.cidr).collect();
    }
    let of_aws = weir_model::prefix_list::aws::lists(region).into_iter().find(|list| list.id == id);
    of_aws.into_iter().flat_map(|list| list.cidrs).map(Cidr::V4).collect()
}

pub(super) fn are_peers(network: &Network, one: VpcId, other: VpcId) -> bool {
    network.peerings.iter().any(|peering| {
        let sides = (peering.requester.vpc, peering.accepter.vpc);
        peering.status == PeeringStatus::Active
            && peering.requester.scope.region == peering.accepter.scope.region
            && (sides == (one, other) || sides == (other, one))
    })
}

pub(super) fn is_for_all(network: &Network, group: &Group, rule: &GroupRule, sent: Sent) -> bool {
    let is_all = |cidr: Cidr| match cidr {
        Cidr::V4(cidr) => cidr.prefix() == 0 && sent.source.is_ipv4(),
        Cidr::V6(cidr) => cidr.prefix() == 0 && sent.source.is_ipv6(),
    };
    match rule.peer {
        Peer::Cidr(cidr) => is_all(cidr),
        Peer::PrefixList(list) => list_blocks(network, group.scope.region, list).into_iter().any(is_all),
        Peer::Group { .. } => false,
    }
}

pub(super) fn all_ports(traffic: Traffic, protocol: Protocol) -> bool {
    match traffic {
        Traffic::All => true,
        Traffic::Ports(wanted, ports) => wanted == protocol && ports == PortRange::ALL,
        Traffic::Protocol(wanted) => wanted == protocol,
        Traffic::Icmp { .. } => false,
    }
}

pub(super) fn acl_allows(network: &Network, subnet: &Subnet, sent: Sent, direction: Direction) -> bool {
    let Some(acl) = network.acls.get(&subnet.acl) else { return false };
    let (packet, address) = (sent.packet, peer_address(sent, direction));
    let first = acl
        .entries
        .iter()
        .filter(|entry| entry.direction == direction)
        .filter(|entry| entry.traffic.matches(packet.protocol, packet.destination_port, packet.icmp))
        .filter(|entry| entry.cidr.contains(address))
        .min_by_key(|entry| entry.number);
    first.is_some_and(|entry| entry.allow)
}
