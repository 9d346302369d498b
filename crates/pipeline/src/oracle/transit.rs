//! Transit gateways once more, as plainly as they can be said.
//!
//! Source: Amazon VPC Transit Gateways guide, "How transit gateways work", "VPC attachments", "Network ACLs".

use super::rules::list_blocks;
use super::{Fate, Oracle, Sent, TRANSIT, acl_allows, fits, in_subnet, in_vpc, owner};
use crate::legs::LEGS_MAX;
use crate::packet::Tuple;
use crate::verdict::Reason;
use weir_model::group::Direction;
use weir_model::interface::{Interface, InterfaceKind};
use weir_model::subnet::Subnet;
use weir_model::transit_gateway::{
    TransitAttachment, TransitPeering, TransitSide, TransitState, TransitTable,
};
use weir_model::{Cidr, Network, TransitAttachmentId, TransitGatewayId, TransitTableId, VpcId};

/// A packet in a gateway: where it came in, and by which attachment it leaves.
enum Leads<'a> {
    Vpc(&'a TransitAttachment),
    Gateway(&'a TransitPeering, &'a TransitSide),
}

/// The attachment that packets of a VPC to a gateway take.
pub(super) fn attachment(
    network: &Network,
    vpc: VpcId,
    gateway: TransitGatewayId,
) -> Option<&TransitAttachment> {
    network.transit_attachments.iter().find(|attachment| {
        let is_open = attachment.state == TransitState::Available;
        is_open && attachment.vpc == vpc && attachment.gateway == gateway
    })
}

/// Whether an interface is a gateway's.
pub(super) fn is_door(interface: &Interface) -> bool {
    interface.kind == InterfaceKind::TransitGateway
}

impl Oracle {
    pub(super) fn transit(
        &mut self,
        network: &Network,
        (_, subnet): (&Interface, &Subnet),
        (near, sent): (&TransitAttachment, Sent),
    ) -> Result<Fate, Fate> {
        let entrance = doors(network, near).find(|(_, place)| place.zone == subnet.zone);
        let (entrance, place) = entrance.ok_or(Fate::Drop(Reason::TransitZone))?;
        fits(sent)?;
        if sent.packet.ttl <= sent.hops {
            return Err(Fate::Drop(Reason::TtlExpired));
        }
        if sent.legs >= LEGS_MAX {
            return Err(Fate::Drop(Reason::TtlExpired));
        }
        let let_in = acl_allows(network, place, sent, Direction::Ingress);
        self.account(entrance.id, sent, Direction::Ingress, let_in);
        if !let_in {
            return Err(Fate::Drop(Reason::AclIngress));
        }
        let mut sent = Sent { legs: sent.legs + 1, ..sent };
        let far = cross(network, near, &mut sent)?;
        let tuple = Tuple { source: sent.source, destination: sent.destination, ..sent.packet.tuple() };
        let tuple = match sent.packet.protocol.is_icmp() {
            true => Tuple { source_port: 0, destination_port: 0, ..tuple },
            false => tuple,
        };
        let all: Vec<(&Interface, &Subnet)> = doors(network, far).collect();
        let beside = all.iter().find(|(_, place)| place.zone == subnet.zone && !far.options.appliance_mode);
        let by_hash = || all.get((tuple.shared_digest() % all.len().max(1) as u64) as usize);
        let (exit, place) = *beside.or_else(by_hash).ok_or(Fate::Drop(Reason::TransitBlackhole))?;
        sent.hides_groups =
            !(refers(network, near) && refers(network, far) && in_vpc(network, near.vpc, sent.source));
        self.on_from(network, (exit, place), sent)
    }

    /// On from a door: to a neighbour without any ACL, or past the ACL of the door's subnet by its route table.
    fn on_from(
        &mut self,
        network: &Network,
        (door, place): (&Interface, &Subnet),
        sent: Sent,
    ) -> Result<Fate, Fate> {
        let stays = in_subnet(place, sent.destination);
        let neighbour = owner(network, door.vpc, sent.destination);
        if stays && neighbour.is_none() {
            return Err(Fate::Drop(Reason::NoNeighbour));
        }
        let let_out = stays || acl_allows(network, place, sent, Direction::Egress);
        self.account(door.id, sent, Direction::Egress, let_out);
        if !let_out {
            return Err(Fate::Drop(Reason::AclEgress));
        }
        let sent = Sent { legs: sent.legs + 1, ..sent };
        match stays {
            true => self.arrive(network, neighbour, sent, None, Reason::NoNeighbour),
            false => self.route(network, (door, place), sent),
        }
    }
}

fn doors<'a>(
    network: &'a Network,
    attachment: &'a TransitAttachment,
) -> impl Iterator<Item = (&'a Interface, &'a Subnet)> {
    attachment.doors.iter().filter_map(|door| {
        let interface = network.interfaces.get(&door.interface)?;
        Some((interface, network.subnets.get(&interface.subnet)?))
    })
}

fn refers(network: &Network, attachment: &TransitAttachment) -> bool {
    let gateway = network.transit_gateways.get(&attachment.gateway);
    attachment.options.group_references && gateway.is_some_and(|gateway| gateway.options.group_references)
}

fn cross<'a>(
    network: &'a Network,
    near: &'a TransitAttachment,
    sent: &mut Sent,
) -> Result<&'a TransitAttachment, Fate> {
    let (mut gateway, mut table) = (near.gateway, near.association);
    *sent = sent.within(TRANSIT);
    fits(*sent)?;
    for _ in 0..16 {
        sent.hops += 1;
        if sent.packet.ttl <= sent.hops {
            return Err(Fate::Drop(Reason::TtlExpired));
        }
        match leads(network, (gateway, table), sent)? {
            Leads::Vpc(attachment) => return Ok(attachment),
            Leads::Gateway(peering, side) => {
                let far = peering.far_side(side);
                (gateway, table) = (far.gateway, far.association);
            }
        }
    }
    Err(Fate::Drop(Reason::TtlExpired))
}

fn leads<'a>(
    network: &'a Network,
    (gateway, table): (TransitGatewayId, Option<TransitTableId>),
    sent: &Sent,
) -> Result<Leads<'a>, Fate> {
    let table = table.and_then(|id| network.transit_tables.get(&id)).filter(|table| table.deleted.is_none());
    let table = table.ok_or(Fate::Drop(Reason::TransitNoTable))?;
    let id = best_hop(network, table, sent).ok_or(Fate::Drop(Reason::TransitNoRoute))?;
    let found = id.and_then(|id| end(network, gateway, id));
    found.ok_or(Fate::Drop(Reason::TransitBlackhole))
}

/// Where the most specific route leads. Of those for one block, a static one comes before those of lists, of which the
/// reference that was made first counts, and a propagated one comes last.
fn best_hop(network: &Network, table: &TransitTable, sent: &Sent) -> Option<Option<TransitAttachmentId>> {
    const STATIC: i32 = 1;
    let mut candidates: Vec<(u8, i32, Option<TransitAttachmentId>)> = Vec::new();
    let mut add = |cidr: Cidr, rank: i32, to| {
        if cidr.contains(sent.destination) {
            candidates.push((cidr.prefix(), rank, to));
        }
    };
    table.routes.iter().for_each(|route| add(route.destination, STATIC, route.hop.attachment()));
    for (held, place) in table.references.iter().zip(0..) {
        let blocks = list_blocks(network, table.scope.region, held.list);
        blocks.into_iter().for_each(|cidr| add(cidr, -place, held.hop.attachment()));
    }
    let propagated = network.transit_routes(table).into_iter().filter(|route| !route.is_static);
    propagated.for_each(|route| add(route.destination, i32::MIN, route.to));
    candidates.into_iter().max_by_key(|(prefix, rank, _)| (*prefix, *rank)).map(|(.., to)| to)
}

fn end(network: &Network, gateway: TransitGatewayId, id: TransitAttachmentId) -> Option<Leads<'_>> {
    let vpc = network.transit_attachments.get(&id).filter(|found| found.gateway == gateway);
    if let Some(vpc) = vpc.filter(|found| found.state == TransitState::Available) {
        return Some(Leads::Vpc(vpc));
    }
    network.transit_peerings.iter().filter(|peering| peering.state == TransitState::Available).find_map(
        |peering| {
            let sides = [&peering.requester, &peering.accepter];
            let side = sides.into_iter().find(|side| side.gateway == gateway && side.attachment == id)?;
            Some(Leads::Gateway(peering, side))
        },
    )
}

/// Whether a rule of ingress in one VPC may name a group of the other by way of a gateway.
pub(super) fn may_refer(network: &Network, one: VpcId, other: VpcId) -> bool {
    network.transit_gateways.iter().any(|gateway| {
        let both = [one, other].map(|vpc| attachment(network, vpc, gateway.id));
        both.iter().all(|found| found.is_some_and(|found| refers(network, found)))
    })
}
