//! The CIDR blocks of a VPC: which it may have, and adding and removing secondary ones.
//!
//! Source: Amazon VPC User Guide, "VPC CIDR blocks" (IPv4 CIDR block association restrictions).

use super::{CidrAssociation, Vpc};
use crate::peering::{PeeringStatus, Side};
use crate::route::Destination;
use crate::{Cidr, Cidr4, Cidr6, Cx, Held, Limit, Missing, Network, Refused, VpcCidrAssociationId, VpcId};
use std::collections::BTreeSet;
use std::net::{Ipv4Addr, Ipv6Addr};

/// The lengths of prefix that an IPv4 block of a VPC or subnet may have.
pub const PREFIXES: std::ops::RangeInclusive<u8> = 16..=28;
/// The length of prefix of an IPv6 block from Amazon's pool.
pub const IPV6_PREFIX: u8 = 56;

/// The block that Weir's "Amazon-provided" IPv6 blocks are cut from.
/// Assumption: one /32 for all regions; AWS has one for each.
const IPV6_POOL: Ipv6Addr = Ipv6Addr::new(0x2600, 0x1f18, 0, 0, 0, 0, 0, 0);
const IPV6_POOL_BLOCKS: u64 = 1 << (IPV6_PREFIX - 32);

/// Blocks that no VPC may touch: this host, loopback, link-local, multicast and above.
const UNUSABLE: [(Ipv4Addr, u8); 4] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(224, 0, 0, 0), 3),
];

/// Private ranges: a VPC in one of them takes no block of another.
const FAMILIES: [(Ipv4Addr, u8); 4] = [
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 19, 0, 0), 16),
];

const TEN_FIFTEEN: (Ipv4Addr, u8) = (Ipv4Addr::new(10, 0, 0, 0), 15);
const TEN_SIXTEEN: (Ipv4Addr, u8) = (Ipv4Addr::new(10, 0, 0, 0), 16);
const DEFAULT_VPC: (Ipv4Addr, u8) = (Ipv4Addr::new(172, 31, 0, 0), 16);

fn block((address, prefix): (Ipv4Addr, u8)) -> Cidr4 {
    Cidr4::new(address, prefix).expect("the prefixes in this file are at most 32")
}

/// Whether a VPC may have this block at all.
pub(super) fn check_block(cidr: Cidr4) -> Result<(), Refused> {
    let is_unusable = UNUSABLE.iter().any(|range| cidr.overlaps(block(*range)));
    match PREFIXES.contains(&cidr.prefix()) && !is_unusable {
        true => Ok(()),
        false => Err(Refused::VpcRange(cidr)),
    }
}

/// The private range a block is of, by its place in the table; `None` for publicly routable and 100.64.0.0/10.
fn family(cidr: Cidr4) -> Option<usize> {
    FAMILIES.iter().position(|range| cidr.overlaps(block(*range)))
}

/// Whether the rule on ranges lets `vpc` take `cidr` too.
///
/// Assumption: of 10.0.0.0/16 only the whole block is refused to a VPC in 10.0.0.0/15, as its parts are in common use.
fn is_restricted(vpc: &Vpc, cidr: Cidr4) -> bool {
    let is_foreign = family(cidr).is_some_and(|own| Some(own) != family(vpc.cidr()));
    let in_fifteen = vpc.cidrs.iter().any(|held| block(TEN_FIFTEEN).covers(held.cidr));
    let default_range = block(DEFAULT_VPC).overlaps(cidr);
    is_foreign || (in_fifteen && cidr == block(TEN_SIXTEEN)) || default_range
}

/// A block that was taken from a VPC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemovedBlock {
    /// The VPC it was of.
    pub vpc: VpcId,
    /// The block.
    pub cidr: Cidr,
}

impl Network {
    /// Adds an IPv4 block to a VPC; every route table gets a local route for it.
    ///
    /// A peering request that waits for this VPC's answer fails if the block overlaps the requester's.
    ///
    /// # Errors
    /// No such VPC; [`Refused::VpcRange`], [`Refused::RestrictedRange`], [`Refused::BlockInUse`] for an overlap with the
    /// VPC, an active peer or a route; [`Refused::RequestPending`]; [`Limit::CidrsPerVpc`].
    pub fn add_vpc_block(
        &mut self,
        cx: &mut Cx,
        id: VpcId,
        cidr: Cidr4,
    ) -> Result<VpcCidrAssociationId, Refused> {
        let vpc = self.vpcs.find(cx.scope, &id)?;
        check_block(cidr)?;
        if vpc.cidrs.iter().any(|held| held.cidr.overlaps(cidr)) {
            return Err(Refused::BlockInUse(cidr));
        }
        if is_restricted(vpc, cidr) {
            return Err(Refused::RestrictedRange(cidr));
        }
        if self.is_routed(id, cidr) {
            return Err(Refused::BlockInUse(cidr));
        }
        self.check_peers(cx, id, cidr)?;
        if vpc.cidrs.len() >= self.limits.cidrs_per_vpc {
            return Err(Limit::CidrsPerVpc(id, self.limits.cidrs_per_vpc).into());
        }
        self.fail_overlapping_requests(cx, id, cidr);
        let association = CidrAssociation { id: cx.ids.fresh(), cidr };
        let vpc = self.vpcs.get_mut(&id).expect("the VPC was just found");
        vpc.cidrs.push(association);
        Ok(vpc.cidrs[vpc.cidrs.len() - 1].id)
    }

    /// Whether a route of the VPC leads somewhere inside `cidr` or to all of it.
    fn is_routed(&self, vpc: VpcId, cidr: Cidr4) -> bool {
        let tables = self.route_tables.iter().filter(|table| table.vpc == vpc);
        tables.flat_map(|table| &table.routes).any(|route| match route.destination {
            Destination::Cidr(Cidr::V4(destination)) => cidr.covers(destination),
            _ => false,
        })
    }

    fn check_peers(&self, cx: &Cx, vpc: VpcId, cidr: Cidr4) -> Result<(), Refused> {
        for peering in self.peerings.iter() {
            let Some(other) = peering.far_side(vpc) else { continue };
            match peering.status_at(cx.now) {
                PeeringStatus::Active if self.overlaps_side(other, cidr) => {
                    return Err(Refused::BlockInUse(cidr));
                }
                PeeringStatus::PendingAcceptance { .. } if peering.requester.vpc == vpc => {
                    return Err(Refused::RequestPending(peering.id));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn overlaps_side(&self, side: &Side, cidr: Cidr4) -> bool {
        self.blocks_of(side).0.iter().any(|held| held.overlaps(cidr))
    }

    fn fail_overlapping_requests(&mut self, cx: &Cx, vpc: VpcId, cidr: Cidr4) {
        let fails = self.peerings.iter().filter(|peering| {
            let waits = matches!(peering.status_at(cx.now), PeeringStatus::PendingAcceptance { .. });
            waits && peering.accepter.vpc == vpc && self.overlaps_side(&peering.requester, cidr)
        });
        for id in fails.map(|peering| peering.id).collect::<Vec<_>>() {
            self.set_peering_status(id, PeeringStatus::Failed, cx.now);
        }
    }

    /// Adds an IPv6 block from Amazon's pool to a VPC. The default group and ACL let IPv6 pass like IPv4, unless edited.
    ///
    /// # Errors
    /// No such VPC; [`Limit::CidrsPerVpc`].
    pub fn add_vpc_ipv6_block(&mut self, cx: &mut Cx, id: VpcId) -> Result<VpcCidrAssociationId, Refused> {
        let vpc = self.vpcs.find(cx.scope, &id)?;
        if vpc.ipv6_cidrs.len() >= self.limits.ipv6_cidrs_per_vpc {
            return Err(Limit::CidrsPerVpc(id, self.limits.ipv6_cidrs_per_vpc).into());
        }
        let association = CidrAssociation { id: cx.ids.fresh(), cidr: self.fresh_ipv6_block(cx) };
        self.let_ipv6_pass(cx, id);
        let vpc = self.vpcs.get_mut(&id).expect("the VPC was just found");
        vpc.ipv6_cidrs.push(association);
        Ok(vpc.ipv6_cidrs[vpc.ipv6_cidrs.len() - 1].id)
    }

    /// A block of the pool that no VPC has: the first free one from a place that the ids choose.
    pub(super) fn fresh_ipv6_block(&self, cx: &mut Cx) -> Cidr6 {
        let held: BTreeSet<Cidr6> =
            self.vpcs.iter().flat_map(|vpc| vpc.ipv6_cidrs.iter().map(|held| held.cidr)).collect();
        let start = cx.ids.below(IPV6_POOL_BLOCKS);
        let nth = |place: u64| {
            let offset = u128::from(place % IPV6_POOL_BLOCKS) << (128 - IPV6_PREFIX);
            Cidr6::new((u128::from(IPV6_POOL) + offset).into(), IPV6_PREFIX).expect("56 is a prefix")
        };
        let mut blocks = (start..start + IPV6_POOL_BLOCKS).map(nth);
        blocks.find(|block| !held.contains(block)).expect("the pool has more blocks than VPCs can hold")
    }

    /// Takes a block, found by its association, from its VPC.
    ///
    /// # Errors
    /// No such association; [`Refused::PrimaryBlock`]; [`Held::VpcCidr`] while a subnet lies in it.
    pub fn remove_vpc_block(&mut self, cx: &Cx, id: VpcCidrAssociationId) -> Result<RemovedBlock, Refused> {
        let blocks = |vpc: &Vpc| {
            let ipv4 = vpc.cidrs.iter().map(|held| (held.id, Cidr::V4(held.cidr)));
            let ipv6 = vpc.ipv6_cidrs.iter().map(|held| (held.id, Cidr::V6(held.cidr)));
            ipv4.chain(ipv6).find(|(association, _)| *association == id).map(|(_, cidr)| (vpc.id, cidr))
        };
        let (vpc, cidr) = self.vpcs.of(cx.scope).find_map(blocks).ok_or(Missing::VpcCidr(id))?;
        if self.vpcs.get(&vpc).is_some_and(|vpc| vpc.cidrs[0].id == id) {
            return Err(Refused::PrimaryBlock(vpc, id));
        }
        if self.subnets.iter().any(|subnet| subnet.vpc == vpc && subnet.lies_in(cidr)) {
            return Err(Held::VpcCidr(vpc).into());
        }
        let found = self.vpcs.get_mut(&vpc).expect("the VPC was just found");
        found.cidrs.retain(|held| held.id != id);
        found.ipv6_cidrs.retain(|held| held.id != id);
        self.drop_overrides(vpc, cidr);
        Ok(RemovedBlock { vpc, cidr })
    }
}
