//! Transit gateways: routers of a region between the VPCs attached to them, and between each other.
//!
//! VPCs are attached in [`attachment`], other gateways in [`peering`]; where packets go is said by route tables in [`table`]
//! and [`route`], also by prefix lists ([`reference`]). Making, changing and deleting take no time here, and what was deleted is still described for a while.
//!
//! A gateway serves the VPCs of its own account: sharing it with others is a matter of AWS RAM, which Weir does not have.
//! Networks read from another cloud's answers may hold attachments of other accounts' VPCs.
//! Source: Amazon VPC Transit Gateways guide, "Transit gateways"; EC2 API Reference, CreateTransitGateway and its kin.

pub mod attachment;
pub mod peering;
pub mod reference;
pub mod route;
pub mod table;
#[cfg(test)]
mod tests;

pub use attachment::{TransitAttachment, TransitAttachmentOptions};
pub use peering::{TransitPeering, TransitSide};
pub use reference::TransitReference;
pub use route::{ListedTransitRoute, TransitHop, TransitRoute};
pub use table::TransitTable;

use crate::table::Resource;
use crate::time::Timestamp;
use crate::{
    AccountId, Cidr, Cx, Limit, Missing, Network, PrefixListId, Refused, Scope, SubnetId, Tags,
    TransitAttachmentId, TransitGatewayId, TransitTableId, VpcId, tags,
};
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// The private 16-bit and 32-bit numbers that the Amazon side of a BGP session may have.
const ASNS: [RangeInclusive<u64>; 2] = [64_512..=65_534, 4_200_000_000..=4_294_967_294];
/// The number it has if none is asked for.
pub const DEFAULT_ASN: u64 = 64_512;
/// The longest prefixes of a gateway's own blocks, IPv4 and IPv6.
const BLOCK_PREFIXES: (u8, u8) = (24, 64);

/// How long what was deleted or rejected is still described.
///
/// Assumption: two hours, as long as a deleted VPC peering connection; the guide says only that it stays for some time.
pub(crate) const SEEN_MS: i64 = 2 * 3_600_000;

/// A transit gateway.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TransitGateway {
    /// Its id.
    pub id: TransitGatewayId,
    /// Owner and region.
    pub scope: Scope,
    /// The description given at creation.
    pub description: String,
    /// What it does.
    pub options: TransitOptions,
    /// When it was made.
    pub created: Timestamp,
    /// When it was deleted, if it was.
    pub deleted: Option<Timestamp>,
    /// Its tags.
    pub tags: Tags,
}

/// What a transit gateway does for its attachments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TransitOptions {
    /// The autonomous system number of its side of BGP sessions.
    pub asn: u64,
    /// Its own blocks, for Connect attachments; without effect.
    pub cidrs: Vec<Cidr>,
    /// Whether attachments from other accounts need no acceptance; without effect, as nothing is shared.
    pub accepts_shared: bool,
    /// The table that new attachments are associated with, if any.
    pub association_table: Option<TransitTableId>,
    /// The table that new attachments propagate to, if any.
    pub propagation_table: Option<TransitTableId>,
    /// Whether attached VPCs resolve each other's public host names to private addresses.
    pub dns_support: bool,
    /// Whether VPN tunnels share the load; without effect.
    pub vpn_ecmp: bool,
    /// Whether security groups may refer to groups of other attached VPCs.
    pub group_references: bool,
}

/// Where an attachment stands. Transitions take no time: pending and deleting exist only in answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TransitState {
    /// The other side has to accept it.
    PendingAcceptance,
    /// Packets may pass.
    Available,
    /// The other side has refused it.
    Rejected,
    /// Never possible: there is no such peer.
    Failed,
    /// It is gone; still described for a while.
    Deleted,
}

impl TransitState {
    /// AWS's word for it.
    pub fn code(self) -> &'static str {
        match self {
            TransitState::PendingAcceptance => "pendingAcceptance",
            TransitState::Available => "available",
            TransitState::Rejected => "rejected",
            TransitState::Failed => "failed",
            TransitState::Deleted => "deleted",
        }
    }

    /// Whether packets pass or may yet.
    pub fn is_open(self) -> bool {
        matches!(self, TransitState::PendingAcceptance | TransitState::Available)
    }
}

/// Why a command about a transit gateway is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransitRefusal {
    /// The number is not a private autonomous system number.
    Asn(u64),
    /// The block is too small for a gateway, or not one of its blocks.
    Block(Cidr),
    /// The gateway has attachments: of this kind, these.
    HasAttachments(TransitGatewayId, &'static str, Vec<TransitAttachmentId>),
    /// The gateway has route tables that were made by hand.
    HasTables(TransitGatewayId, Vec<TransitTableId>),
    /// The VPC is attached to the gateway.
    AlreadyAttached(TransitGatewayId),
    /// Several of the subnets are in one zone.
    SameZone,
    /// The subnet is in another VPC.
    OtherVpc(SubnetId, VpcId),
    /// The subnet has no IPv4 block.
    Ipv6Only(SubnetId),
    /// The subnet is one of the attachment's.
    HasSubnet(TransitAttachmentId, SubnetId),
    /// The subnet is none of the attachment's.
    NotOfAttachment(TransitAttachmentId, SubnetId),
    /// The attachment would have no subnet left.
    LastSubnet(TransitAttachmentId),
    /// The attachment's state does not allow it.
    WrongState(TransitAttachmentId),
    /// A gateway cannot be peered with itself.
    WithItself(TransitGatewayId),
    /// The two gateways are peered, or one waits for the other to accept.
    AlreadyPeered(TransitGatewayId),
    /// Only the other side may do this.
    NotAccepter(TransitAttachmentId),
    /// The table has associations.
    TableAssociated(TransitTableId),
    /// The table is a default one of its gateway.
    DefaultTable(TransitTableId),
    /// Table and attachment are of different gateways.
    OtherGateway(TransitTableId, TransitAttachmentId),
    /// The attachment has an association.
    AlreadyAssociated(TransitAttachmentId),
    /// The attachment is not associated with this table.
    NotAssociated(TransitTableId, TransitAttachmentId),
    /// The attachment propagates to this table.
    AlreadyPropagates(TransitTableId, TransitAttachmentId),
    /// The attachment does not propagate to this table.
    NotPropagated(TransitTableId, TransitAttachmentId),
    /// Peering attachments propagate nothing.
    CannotPropagate(TransitAttachmentId),
    /// The table has a static route for this block.
    RouteExists(Cidr),
    /// The table has no static route for this block.
    NoRoute(TransitTableId, Cidr),
    /// The table refers to this list.
    ReferenceExists(TransitTableId, PrefixListId),
    /// The table does not refer to this list.
    NoReference(TransitTableId, PrefixListId),
}

/// What CreateTransitGateway asks for.
#[derive(Clone, Debug)]
pub struct NewTransitGateway {
    /// The description.
    pub description: String,
    /// The autonomous system number.
    pub asn: u64,
    /// Its own blocks.
    pub cidrs: Vec<Cidr>,
    /// Whether attachments from other accounts need no acceptance.
    pub accepts_shared: bool,
    /// Whether new attachments are associated with a default table.
    pub associates: bool,
    /// Whether new attachments propagate to a default table.
    pub propagates: bool,
    /// Whether host names are resolved across.
    pub dns_support: bool,
    /// Whether VPN tunnels share the load.
    pub vpn_ecmp: bool,
    /// Whether groups may refer across.
    pub group_references: bool,
    /// Its tags.
    pub tags: Tags,
}

impl Default for NewTransitGateway {
    /// As AWS has it: one default table for associations and propagations, DNS and VPN load sharing on.
    fn default() -> NewTransitGateway {
        NewTransitGateway {
            description: String::new(),
            asn: DEFAULT_ASN,
            cidrs: Vec::new(),
            accepts_shared: false,
            associates: true,
            propagates: true,
            dns_support: true,
            vpn_ecmp: true,
            group_references: false,
            tags: Tags::new(),
        }
    }
}

/// What ModifyTransitGateway changes; `None` is left as it is.
#[derive(Clone, Debug, Default)]
pub struct TransitChange {
    /// Another description.
    pub description: Option<String>,
    /// Another autonomous system number.
    pub asn: Option<u64>,
    /// Further blocks.
    pub add_cidrs: Vec<Cidr>,
    /// Blocks to take away.
    pub remove_cidrs: Vec<Cidr>,
    /// Whether attachments from other accounts need no acceptance.
    pub accepts_shared: Option<bool>,
    /// The table that new attachments are associated with, or that they are with none.
    pub association_table: Option<Option<TransitTableId>>,
    /// The table that new attachments propagate to, or that they do to none.
    pub propagation_table: Option<Option<TransitTableId>>,
    /// Whether host names are resolved across.
    pub dns_support: Option<bool>,
    /// Whether VPN tunnels share the load.
    pub vpn_ecmp: Option<bool>,
    /// Whether groups may refer across.
    pub group_references: Option<bool>,
}

/// One end of an attachment: what a gateway's tables are associated with and lead to.
#[derive(Clone, Copy, Debug)]
pub enum TransitEnd<'a> {
    /// A VPC.
    Vpc(&'a TransitAttachment),
    /// Another gateway; the side is this one's.
    Peering(&'a TransitPeering, &'a TransitSide),
}

impl<'a> TransitEnd<'a> {
    /// The attachment's id at this end.
    pub fn id(self) -> TransitAttachmentId {
        match self {
            TransitEnd::Vpc(attachment) => attachment.id,
            TransitEnd::Peering(_, side) => side.attachment,
        }
    }

    /// The gateway it is attached to.
    pub fn gateway(self) -> TransitGatewayId {
        match self {
            TransitEnd::Vpc(attachment) => attachment.gateway,
            TransitEnd::Peering(_, side) => side.gateway,
        }
    }

    /// Where it stands.
    pub fn state(self) -> TransitState {
        match self {
            TransitEnd::Vpc(attachment) => attachment.state,
            TransitEnd::Peering(peering, _) => peering.state,
        }
    }

    /// The table that decides about packets from this end.
    pub fn association(self) -> Option<TransitTableId> {
        match self {
            TransitEnd::Vpc(attachment) => attachment.association,
            TransitEnd::Peering(_, side) => side.association,
        }
    }

    /// AWS's word for what is attached.
    pub fn resource_type(self) -> &'static str {
        match self {
            TransitEnd::Vpc(_) => "vpc",
            TransitEnd::Peering(..) => "peering",
        }
    }

    /// The id of what is attached: the VPC, or the other gateway.
    pub fn resource_id(self) -> String {
        match self {
            TransitEnd::Vpc(attachment) => attachment.vpc.to_string(),
            TransitEnd::Peering(peering, side) => peering.far_side(side).gateway.to_string(),
        }
    }

    /// The owner of what is attached.
    pub fn resource_owner(self) -> AccountId {
        match self {
            TransitEnd::Vpc(attachment) => attachment.scope.account,
            TransitEnd::Peering(peering, side) => peering.far_side(side).scope.account,
        }
    }

    /// When it was made.
    pub fn created(self) -> Timestamp {
        match self {
            TransitEnd::Vpc(attachment) => attachment.created,
            TransitEnd::Peering(peering, _) => peering.created,
        }
    }

    /// The tags at this end.
    pub fn tags(self) -> &'a Tags {
        match self {
            TransitEnd::Vpc(attachment) => &attachment.tags,
            TransitEnd::Peering(_, side) => &side.tags,
        }
    }
}

impl TransitGateway {
    /// Whether `asn` and `cidrs` are such as a gateway may have.
    fn check(asn: u64, cidrs: &[Cidr]) -> Result<(), TransitRefusal> {
        if !ASNS.iter().any(|range| range.contains(&asn)) {
            return Err(TransitRefusal::Asn(asn));
        }
        let is_small = |cidr: &&Cidr| match cidr {
            Cidr::V4(cidr) => cidr.prefix() > BLOCK_PREFIXES.0,
            Cidr::V6(cidr) => cidr.prefix() > BLOCK_PREFIXES.1,
        };
        cidrs.iter().find(is_small).map_or(Ok(()), |cidr| Err(TransitRefusal::Block(*cidr)))
    }
}

impl Network {
    /// Makes a transit gateway; with a default table if new attachments are to be associated or to propagate by themselves.
    ///
    /// # Errors
    /// [`TransitRefusal::Asn`], [`TransitRefusal::Block`]; [`Limit::TransitGateways`]; a tag breaks a rule.
    pub fn create_transit_gateway(
        &mut self,
        cx: &mut Cx,
        new: NewTransitGateway,
    ) -> Result<TransitGatewayId, Refused> {
        tags::check(&new.tags)?;
        TransitGateway::check(new.asn, &new.cidrs)?;
        let live = self.transit_gateways.of(cx.scope).filter(|gateway| gateway.deleted.is_none()).count();
        if live >= self.limits.transit_gateways {
            return Err(Limit::TransitGateways.into());
        }
        let id = cx.ids.fresh();
        let table = (new.associates || new.propagates).then(|| self.add_transit_table(cx, id, Tags::new()));
        let options = TransitOptions {
            asn: new.asn,
            cidrs: new.cidrs,
            accepts_shared: new.accepts_shared,
            association_table: table.filter(|_| new.associates),
            propagation_table: table.filter(|_| new.propagates),
            dns_support: new.dns_support,
            vpn_ecmp: new.vpn_ecmp,
            group_references: new.group_references,
        };
        self.transit_gateways.insert(TransitGateway {
            id,
            scope: cx.scope,
            description: new.description,
            options,
            created: cx.now,
            deleted: None,
            tags: new.tags,
        });
        Ok(id)
    }

    /// The gateway with this id, if it is of `scope` and not deleted.
    ///
    /// # Errors
    /// [`Missing::TransitGateway`].
    pub fn transit_gateway(&self, scope: Scope, id: TransitGatewayId) -> Result<&TransitGateway, Refused> {
        let found = self.transit_gateways.find(scope, &id)?;
        if found.deleted.is_some() { Err(Missing::TransitGateway(id).into()) } else { Ok(found) }
    }

    /// Changes a gateway.
    ///
    /// # Errors
    /// No such gateway, or table of it; [`TransitRefusal::Asn`]; [`TransitRefusal::Block`] for a block that is too small or,
    /// to be taken away, not there.
    pub fn modify_transit_gateway(
        &mut self,
        cx: &Cx,
        id: TransitGatewayId,
        change: TransitChange,
    ) -> Result<(), Refused> {
        let mut changed = self.transit_gateway(cx.scope, id)?.clone();
        for table in [change.association_table, change.propagation_table].into_iter().flatten().flatten() {
            if self.transit_table(cx.scope, table)?.gateway != id {
                return Err(Missing::TransitTable(table).into());
            }
        }
        let options = &mut changed.options;
        options.asn = change.asn.unwrap_or(options.asn);
        if let Some(absent) = change.remove_cidrs.iter().find(|cidr| !options.cidrs.contains(cidr)) {
            return Err(TransitRefusal::Block(*absent).into());
        }
        options.cidrs.retain(|cidr| !change.remove_cidrs.contains(cidr));
        options.cidrs.extend(change.add_cidrs);
        TransitGateway::check(options.asn, &options.cidrs)?;
        options.accepts_shared = change.accepts_shared.unwrap_or(options.accepts_shared);
        options.association_table = change.association_table.unwrap_or(options.association_table);
        options.propagation_table = change.propagation_table.unwrap_or(options.propagation_table);
        options.dns_support = change.dns_support.unwrap_or(options.dns_support);
        options.vpn_ecmp = change.vpn_ecmp.unwrap_or(options.vpn_ecmp);
        options.group_references = change.group_references.unwrap_or(options.group_references);
        changed.description = change.description.unwrap_or(changed.description);
        self.transit_gateways.insert(changed);
        Ok(())
    }

    /// Deletes a gateway without attachments, and its default tables with it.
    ///
    /// Assumption: tables that were made by hand have to be deleted before; no source says what becomes of them.
    ///
    /// # Errors
    /// No such gateway; [`TransitRefusal::HasAttachments`], [`TransitRefusal::HasTables`].
    pub fn delete_transit_gateway(&mut self, cx: &Cx, id: TransitGatewayId) -> Result<(), Refused> {
        let gateway = self.transit_gateway(cx.scope, id)?;
        for (kind, name) in [("vpc", "VPC"), ("peering", "Transit Gateway Cross Region Peering")] {
            let ends = self.transit_ends_of(id).into_iter();
            let open = ends.filter(|end| end.state().is_open() && end.resource_type() == kind);
            let open: Vec<TransitAttachmentId> = open.map(TransitEnd::id).collect();
            if !open.is_empty() {
                return Err(TransitRefusal::HasAttachments(id, name, open).into());
            }
        }
        let defaults = [gateway.options.association_table, gateway.options.propagation_table];
        let (own, by_hand): (Vec<_>, Vec<_>) = self
            .transit_tables_of(id)
            .map(|table| table.id)
            .partition(|table| defaults.contains(&Some(*table)));
        if !by_hand.is_empty() {
            return Err(TransitRefusal::HasTables(id, by_hand).into());
        }
        own.into_iter().for_each(|table| self.end_transit_table(table, cx.now));
        self.transit_gateways.get_mut(&id).expect("the gateway was just found").deleted = Some(cx.now);
        Ok(())
    }

    /// Every attachment of a gateway, also those that have ended, by id.
    pub fn transit_ends_of(&self, gateway: TransitGatewayId) -> Vec<TransitEnd<'_>> {
        self.transit_ends().into_iter().filter(|end| end.gateway() == gateway).collect()
    }

    /// The attachments that `scope` sees, by id: of its VPCs, and to its gateways.
    pub fn transit_ends_in(&self, scope: Scope) -> Vec<TransitEnd<'_>> {
        let is_seen = |end: &TransitEnd<'_>| match end {
            TransitEnd::Vpc(attachment) => self.sees_transit_attachment(scope, attachment),
            TransitEnd::Peering(_, side) => side.scope == scope,
        };
        self.transit_ends().into_iter().filter(is_seen).collect()
    }

    fn transit_ends(&self) -> Vec<TransitEnd<'_>> {
        let vpcs = self.transit_attachments.iter().map(TransitEnd::Vpc);
        let sides = self.transit_peerings.iter().flat_map(|peering| {
            [&peering.requester, &peering.accepter].map(|side| TransitEnd::Peering(peering, side))
        });
        let mut ends: Vec<TransitEnd<'_>> = vpcs.chain(sides).collect();
        ends.sort_by_key(|end| end.id());
        ends
    }

    /// The attachment with this id that `scope` sees.
    ///
    /// # Errors
    /// [`Missing::TransitAttachment`], also for a deleted one.
    pub fn transit_end(&self, scope: Scope, id: TransitAttachmentId) -> Result<TransitEnd<'_>, Refused> {
        let is_it = |end: &TransitEnd<'_>| end.id() == id && end.state() != TransitState::Deleted;
        Ok(self.transit_ends_in(scope).into_iter().find(is_it).ok_or(Missing::TransitAttachment(id))?)
    }

    /// Whether rules of ingress in one of two VPCs may name groups of the other: both are attached to one gateway, and it and
    /// both attachments allow it.
    ///
    /// Source: Amazon VPC Transit Gateways guide, "Security group referencing".
    pub fn transit_joins(&self, one: VpcId, other: VpcId) -> bool {
        self.transit_links(one, other).next().is_some()
    }

    /// The gateways by way of which that is so, by id.
    pub fn transit_links(&self, one: VpcId, other: VpcId) -> impl Iterator<Item = TransitGatewayId> {
        let allows = move |vpc: VpcId, gateway: TransitGatewayId| {
            let found = self.transit_attachment_of(vpc, gateway);
            found
                .is_some_and(|found| found.state == TransitState::Available && found.options.group_references)
        };
        let gateways = self.transit_gateways.iter().filter(|gateway| gateway.options.group_references);
        gateways.map(|gateway| gateway.id).filter(move |id| allows(one, *id) && allows(other, *id))
    }

    /// The tags of an attachment as `scope` sees them. Those of a VPC's are of the VPC's owner alone.
    pub(crate) fn transit_tags(&self, scope: Scope, id: TransitAttachmentId) -> Option<&Tags> {
        let own = self.transit_attachments.get(&id).filter(|attachment| attachment.scope == scope);
        let side = || self.transit_peerings.iter().find_map(|peering| peering.side_of(scope, id));
        own.map(|attachment| &attachment.tags).or_else(|| side().map(|side| &side.tags))
    }

    pub(crate) fn transit_tags_mut(&mut self, scope: Scope, id: TransitAttachmentId) -> Option<&mut Tags> {
        if self.transit_attachments.has(&id) {
            return self.transit_attachments.get_mut(&id).map(|attachment| &mut attachment.tags);
        }
        let peering = self.transit_peerings.iter().find(|peering| peering.side_of(scope, id).is_some())?.id();
        self.transit_peerings.get_mut(&peering)?.side_of_mut(scope, id).map(|side| &mut side.tags)
    }

    /// Forgets what was deleted long ago.
    pub(crate) fn step_transit_gateways(&mut self, now: Timestamp) {
        let is_due = |since: Timestamp| now >= since.plus_ms(SEEN_MS);
        self.step_transit_attachments(is_due);
        self.step_transit_peerings(is_due);
        self.step_transit_tables(is_due);
        let due = |gateway: &&TransitGateway| gateway.deleted.is_some_and(is_due);
        let due: Vec<TransitGatewayId> =
            self.transit_gateways.iter().filter(due).map(|gateway| gateway.id).collect();
        for id in due {
            self.transit_gateways.remove(&id);
        }
    }
}

impl Resource for TransitGateway {
    type Key = TransitGatewayId;
    const KIND: &'static str = "transit-gateway";
    fn key(&self) -> TransitGatewayId {
        self.id
    }
}
