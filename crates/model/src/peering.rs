//! VPC peering connections.
//!
//! A request waits seven days for the accepter, then lapses. Overlapping blocks, an unknown VPC or a wrong account are no
//! error: the connection is made and stands at `failed`. What ended stays visible for hours or days, differently long for
//! the two sides. One connection of a pair of VPCs can be active.
//! Source: VPC Peering Guide, "VPC peering connection lifecycle" and "limitations"; EC2 API Reference.

use crate::table::Resource;
use crate::tags;
use crate::time::Timestamp;
use crate::{
    AccountId, Cidr4, Cidr6, Cx, Limit, Missing, Network, PeeringId, Refused, RegionName, Scope, Tags, VpcId,
};
use serde::{Deserialize, Serialize};

/// How long a request waits for its answer: 168 hours.
pub const REQUEST_MS: i64 = 7 * 24 * HOUR_MS;
/// How long the side that ended a connection still sees it, and both sides if they are one account.
const SEEN_SHORT_MS: i64 = 2 * HOUR_MS;
/// How long the other side still sees it.
const SEEN_LONG_MS: i64 = 2 * 24 * HOUR_MS;
const HOUR_MS: i64 = 3_600_000;

/// A VPC peering connection, seen by both sides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Peering {
    /// Its id.
    pub id: PeeringId,
    /// The side that asked.
    pub requester: Side,
    /// The side that was asked.
    pub accepter: Side,
    /// Where it stands.
    pub status: PeeringStatus,
    /// Since when it stands there.
    pub status_since: Timestamp,
}

/// One side of a peering connection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Side {
    /// Owner and region.
    pub scope: Scope,
    /// The VPC, as named in the request; on the accepter's side it may not exist.
    pub vpc: VpcId,
    /// The VPC's IPv4 blocks, kept so that they can still be shown after the VPC has gone.
    pub cidrs: Vec<Cidr4>,
    /// The VPC's IPv6 blocks, likewise.
    pub ipv6_cidrs: Vec<Cidr6>,
    /// Whether this side lets the other resolve its public host names to private addresses.
    pub dns_resolution: bool,
    /// The tags this side has put on it; one common set if both sides are of one account and region (the requester's).
    pub tags: Tags,
}

/// The status of a peering connection (`status.code`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PeeringStatus {
    /// Waits for the accepter; expires at the time given.
    PendingAcceptance {
        /// When the request lapses.
        expires: Timestamp,
    },
    /// Accepted: packets may pass.
    Active,
    /// Refused by the accepter.
    Rejected,
    /// Never possible: wrong VPC or account, or overlapping blocks.
    Failed,
    /// Seven days passed without an answer.
    Expired,
    /// Deleted by this account.
    Deleted {
        /// Who deleted it.
        by: AccountId,
    },
}

impl PeeringStatus {
    /// AWS's word for it.
    pub fn code(self) -> &'static str {
        match self {
            PeeringStatus::PendingAcceptance { .. } => "pending-acceptance",
            PeeringStatus::Active => "active",
            PeeringStatus::Rejected => "rejected",
            PeeringStatus::Failed => "failed",
            PeeringStatus::Expired => "expired",
            PeeringStatus::Deleted { .. } => "deleted",
        }
    }

    /// Whether packets pass or may yet: pending or active.
    pub fn is_open(self) -> bool {
        matches!(self, PeeringStatus::PendingAcceptance { .. } | PeeringStatus::Active)
    }
}

/// Why a command about a peering connection is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PeeringRefusal {
    /// A VPC cannot be peered with itself.
    WithItself(VpcId),
    /// Another connection of the same two VPCs is active: this one.
    AlreadyExists(PeeringId),
    /// The caller is the wrong one of the two owners.
    NotForAccount {
        /// The connection.
        peering: PeeringId,
        /// The caller.
        account: AccountId,
        /// What was tried: `accept`, `reject`, `delete` or `modify`.
        verb: &'static str,
    },
    /// The accepter called in another region than its VPC's.
    WrongRegion {
        /// The connection.
        peering: PeeringId,
        /// The region of the call.
        given: RegionName,
        /// The region of the accepter's VPC.
        wanted: RegionName,
        /// What can be done there: `accepted` or `accepted or rejected`.
        verb: &'static str,
    },
    /// The status does not allow it.
    Transition {
        /// The connection.
        peering: PeeringId,
        /// Where it stands.
        from: PeeringStatus,
        /// Where the command would have brought it.
        to: &'static str,
    },
    /// Options can be set only while the connection is active.
    NotActive(PeeringId),
    /// The DNS option needs DNS support and host names in this VPC.
    DnsHostnamesDisabled(VpcId),
}

/// What CreateVpcPeeringConnection asks for.
#[derive(Clone, Debug)]
pub struct PeeringRequest {
    /// The caller's VPC.
    pub vpc: VpcId,
    /// The VPC to peer with.
    pub peer_vpc: VpcId,
    /// Its owner and region.
    pub peer: Scope,
    /// The requester's tags.
    pub tags: Tags,
}

/// The DNS option of each side, where it is to be set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PeeringDns {
    /// For the requester's side.
    pub requester: Option<bool>,
    /// For the accepter's side.
    pub accepter: Option<bool>,
}

impl Peering {
    /// Where it stands at `now`: a request whose time has passed has lapsed, whether or not anyone noticed.
    pub fn status_at(&self, now: Timestamp) -> PeeringStatus {
        match self.status {
            PeeringStatus::PendingAcceptance { expires } if now >= expires => PeeringStatus::Expired,
            status => status,
        }
    }

    /// The side of `scope`, the requester's if both are; `None` for everyone else.
    pub fn side_of(&self, scope: Scope) -> Option<&Side> {
        [&self.requester, &self.accepter].into_iter().find(|side| side.scope == scope)
    }

    /// As [`Peering::side_of`], to be changed.
    pub fn side_of_mut(&mut self, scope: Scope) -> Option<&mut Side> {
        [&mut self.requester, &mut self.accepter].into_iter().find(|side| side.scope == scope)
    }

    /// The side that is not `vpc`'s, or `None` if `vpc` is on neither.
    pub fn far_side(&self, vpc: VpcId) -> Option<&Side> {
        match () {
            () if self.requester.vpc == vpc => Some(&self.accepter),
            () if self.accepter.vpc == vpc => Some(&self.requester),
            () => None,
        }
    }

    /// Whether both VPCs are of one region: only then groups can refer across, and packets keep the full MTU.
    pub fn is_same_region(&self) -> bool {
        self.requester.scope.region == self.accepter.scope.region
    }

    fn is_same_account(&self) -> bool {
        self.requester.scope.account == self.accepter.scope.account
    }

    fn joins(&self, one: VpcId, other: VpcId) -> bool {
        self.far_side(one).is_some_and(|side| side.vpc == other)
    }

    /// Whether `account` still sees it at `now`; see the module's header.
    fn is_seen_by(&self, account: AccountId, now: Timestamp) -> bool {
        let is_requester = account == self.requester.scope.account;
        if !is_requester && account != self.accepter.scope.account {
            return false;
        }
        let (status, since) = match self.status {
            PeeringStatus::PendingAcceptance { expires } if now >= expires => {
                (PeeringStatus::Expired, expires)
            }
            status => (status, self.status_since),
        };
        let seen_ms = match status {
            PeeringStatus::PendingAcceptance { .. } | PeeringStatus::Active => return true,
            PeeringStatus::Failed if is_requester => SEEN_SHORT_MS,
            PeeringStatus::Failed => return false,
            PeeringStatus::Expired => SEEN_LONG_MS,
            _ if self.is_same_account() => SEEN_SHORT_MS,
            PeeringStatus::Rejected if is_requester => SEEN_LONG_MS,
            PeeringStatus::Deleted { by } if by != account => SEEN_LONG_MS,
            PeeringStatus::Rejected | PeeringStatus::Deleted { .. } => SEEN_SHORT_MS,
        };
        now < since.plus_ms(seen_ms)
    }
}

impl Network {
    /// The peering connections that `scope` sees at `now`, by id: its own side's, until their visibility ends.
    pub fn peerings_of(&self, scope: Scope, now: Timestamp) -> impl Iterator<Item = &Peering> {
        let is_seen = move |peering: &&Peering| {
            peering.side_of(scope).is_some() && peering.is_seen_by(scope.account, now)
        };
        self.peerings.iter().filter(is_seen)
    }

    /// The peering connection `id`, if `scope` sees it at `now`.
    ///
    /// # Errors
    /// [`Missing::Peering`] for an unknown one, one of others, and one whose visibility has ended.
    pub fn peering_of(&self, scope: Scope, id: PeeringId, now: Timestamp) -> Result<&Peering, Refused> {
        let found = self.peerings.get(&id).filter(|peering| {
            let regions = [peering.requester.scope.region, peering.accepter.scope.region];
            peering.is_seen_by(scope.account, now) && regions.contains(&scope.region)
        });
        found.ok_or(Refused::NotFound(Missing::Peering(id)))
    }

    /// Asks to peer two VPCs. A request that is repeated while the first is pending or active gives the first's id.
    ///
    /// The answer is an id even where nothing can come of it: an overlap, a VPC that does not exist or is not of the account
    /// named makes the connection [`PeeringStatus::Failed`], so that nobody learns of others' VPCs.
    /// Assumption: peering a VPC with itself is refused.
    ///
    /// # Errors
    /// The caller's VPC is unknown; [`PeeringRefusal::WithItself`]; [`Limit::PeeringRequests`]; a tag breaks a rule.
    pub fn request_peering(&mut self, cx: &mut Cx, request: PeeringRequest) -> Result<PeeringId, Refused> {
        tags::check(&request.tags)?;
        self.vpcs.find(cx.scope, &request.vpc)?;
        if request.vpc == request.peer_vpc {
            return Err(PeeringRefusal::WithItself(request.vpc).into());
        }
        if let Some(id) = self.same_request(&request, cx.now) {
            return Ok(id);
        }
        self.check_requests(cx)?;
        let id = cx.ids.fresh();
        let requester = Side { tags: request.tags, ..self.new_side(cx.scope, request.vpc) };
        let accepter = self.new_side(request.peer, request.peer_vpc);
        let status = match self.can_join(&requester, &accepter) {
            true => PeeringStatus::PendingAcceptance { expires: cx.now.plus_ms(REQUEST_MS) },
            false => PeeringStatus::Failed,
        };
        self.peerings.insert(Peering { id, requester, accepter, status, status_since: cx.now });
        Ok(id)
    }

    fn same_request(&self, request: &PeeringRequest, now: Timestamp) -> Option<PeeringId> {
        let is_same = |peering: &&Peering| {
            peering.requester.vpc == request.vpc
                && peering.accepter.vpc == request.peer_vpc
                && peering.accepter.scope == request.peer
                && peering.status_at(now).is_open()
        };
        self.peerings.iter().find(is_same).map(|peering| peering.id)
    }

    fn check_requests(&self, cx: &Cx) -> Result<(), Refused> {
        let is_waiting = |peering: &&Peering| {
            peering.requester.scope == cx.scope
                && matches!(peering.status_at(cx.now), PeeringStatus::PendingAcceptance { .. })
        };
        if self.peerings.iter().filter(is_waiting).count() >= self.limits.peering_requests {
            return Err(Limit::PeeringRequests.into());
        }
        Ok(())
    }

    fn new_side(&self, scope: Scope, vpc: VpcId) -> Side {
        let found = self.vpcs.find(scope, &vpc).ok();
        Side {
            scope,
            vpc,
            cidrs: found.map(|vpc| vpc.cidrs.iter().map(|block| block.cidr).collect()).unwrap_or_default(),
            ipv6_cidrs: found
                .map(|vpc| vpc.ipv6_cidrs.iter().map(|block| block.cidr).collect())
                .unwrap_or_default(),
            dns_resolution: false,
            tags: Tags::new(),
        }
    }

    /// The IPv4 and IPv6 blocks of a side as they are, or as they last were if the VPC has gone.
    pub fn blocks_of(&self, side: &Side) -> (Vec<Cidr4>, Vec<Cidr6>) {
        match self.vpcs.find(side.scope, &side.vpc) {
            Ok(vpc) => (
                vpc.cidrs.iter().map(|block| block.cidr).collect(),
                vpc.ipv6_cidrs.iter().map(|block| block.cidr).collect(),
            ),
            Err(_) => (side.cidrs.clone(), side.ipv6_cidrs.clone()),
        }
    }

    /// Whether both VPCs exist and no block of one overlaps a block of the other.
    fn can_join(&self, one: &Side, other: &Side) -> bool {
        let exist = [one, other].iter().all(|side| self.vpcs.find(side.scope, &side.vpc).is_ok());
        let ((ours, ours6), (theirs, theirs6)) = (self.blocks_of(one), self.blocks_of(other));
        let overlap = ours.iter().any(|cidr| theirs.iter().any(|other| cidr.overlaps(*other)))
            || ours6.iter().any(|cidr| theirs6.iter().any(|other| cidr.overlaps(*other)));
        exist && !overlap
    }

    /// Makes a pending connection active.
    ///
    /// # Errors
    /// The caller does not see it, is not the accepter, or calls in another region; it is not pending; the VPCs have another
    /// active connection; a VPC has [`Limit::ActivePeerings`].
    pub fn accept_peering(&mut self, cx: &Cx, id: PeeringId) -> Result<(), Refused> {
        let peering = self.peering_to_answer(cx, id, "accept")?;
        let vpcs = [peering.requester.vpc, peering.accepter.vpc];
        check_pending(peering, cx.now, "provisioning")?;
        if !self.can_join(&peering.requester, &peering.accepter) {
            let from = PeeringStatus::Failed;
            return Err(PeeringRefusal::Transition { peering: id, from, to: "provisioning" }.into());
        }
        if let Some(active) = self.active_peering(vpcs[0], vpcs[1]) {
            return Err(PeeringRefusal::AlreadyExists(active.id).into());
        }
        vpcs.iter().try_for_each(|vpc| self.check_active_peerings(*vpc))?;
        self.set_peering_status(id, PeeringStatus::Active, cx.now);
        Ok(())
    }

    /// The active peering connection of two VPCs, if there is one.
    pub fn active_peering(&self, one: VpcId, other: VpcId) -> Option<&Peering> {
        self.peerings
            .iter()
            .find(|peering| peering.status == PeeringStatus::Active && peering.joins(one, other))
    }

    fn check_active_peerings(&self, vpc: VpcId) -> Result<(), Refused> {
        let is_active =
            |peering: &&Peering| peering.status == PeeringStatus::Active && peering.far_side(vpc).is_some();
        if self.peerings.iter().filter(is_active).count() >= self.limits.active_peerings_per_vpc {
            return Err(Limit::ActivePeerings(vpc).into());
        }
        Ok(())
    }

    /// Refuses a pending connection for good.
    ///
    /// # Errors
    /// The caller does not see it, is not the accepter, or calls in another region; it is not pending.
    pub fn reject_peering(&mut self, cx: &Cx, id: PeeringId) -> Result<(), Refused> {
        let peering = self.peering_to_answer(cx, id, "reject")?;
        check_pending(peering, cx.now, "rejected")?;
        self.set_peering_status(id, PeeringStatus::Rejected, cx.now);
        Ok(())
    }

    fn peering_to_answer(&self, cx: &Cx, id: PeeringId, verb: &'static str) -> Result<&Peering, Refused> {
        let peering = self.peering_of(cx.scope, id, cx.now)?;
        let accepter = peering.accepter.scope;
        if accepter.account != cx.scope.account {
            return Err(PeeringRefusal::NotForAccount { peering: id, account: cx.scope.account, verb }.into());
        }
        if accepter.region != cx.scope.region {
            let verb = if verb == "accept" { "accepted" } else { "accepted or rejected" };
            let (given, wanted) = (cx.scope.region, accepter.region);
            return Err(PeeringRefusal::WrongRegion { peering: id, given, wanted, verb }.into());
        }
        Ok(peering)
    }

    /// Ends an active connection (either owner) or takes a pending request back (the requester). Routes to it become
    /// blackholes: that follows from its status.
    ///
    /// # Errors
    /// The caller does not see it; the accepter wants to delete a request that is pending; it has ended already.
    pub fn delete_peering(&mut self, cx: &Cx, id: PeeringId) -> Result<(), Refused> {
        let peering = self.peering_of(cx.scope, id, cx.now)?;
        let account = cx.scope.account;
        match peering.status_at(cx.now) {
            PeeringStatus::Active => {}
            PeeringStatus::PendingAcceptance { .. } if peering.requester.scope.account == account => {}
            PeeringStatus::PendingAcceptance { .. } => {
                return Err(PeeringRefusal::NotForAccount { peering: id, account, verb: "delete" }.into());
            }
            from => return Err(PeeringRefusal::Transition { peering: id, from, to: "deleting" }.into()),
        }
        self.set_peering_status(id, PeeringStatus::Deleted { by: account }, cx.now);
        Ok(())
    }

    /// Sets the DNS option of the caller's own side, or of both if both are the caller's.
    ///
    /// # Errors
    /// The caller does not see the connection or names the other owner's side; it is not active; a VPC has no DNS host names.
    pub fn set_peering_dns(&mut self, cx: &Cx, id: PeeringId, dns: PeeringDns) -> Result<(), Refused> {
        let peering = self.peering_of(cx.scope, id, cx.now)?;
        if peering.status_at(cx.now) != PeeringStatus::Active {
            return Err(PeeringRefusal::NotActive(id).into());
        }
        let account = cx.scope.account;
        for (side, wanted) in [(&peering.requester, dns.requester), (&peering.accepter, dns.accepter)] {
            if wanted.is_some() && side.scope.account != account {
                return Err(PeeringRefusal::NotForAccount { peering: id, account, verb: "modify" }.into());
            }
        }
        if dns.requester == Some(true) || dns.accepter == Some(true) {
            self.check_dns(&peering.requester).and_then(|()| self.check_dns(&peering.accepter))?;
        }
        if let Some(peering) = self.peerings.get_mut(&id) {
            peering.requester.dns_resolution = dns.requester.unwrap_or(peering.requester.dns_resolution);
            peering.accepter.dns_resolution = dns.accepter.unwrap_or(peering.accepter.dns_resolution);
        }
        Ok(())
    }

    fn check_dns(&self, side: &Side) -> Result<(), Refused> {
        let vpc = self.vpcs.find(side.scope, &side.vpc)?;
        match vpc.dns_support && vpc.dns_hostnames {
            true => Ok(()),
            false => Err(PeeringRefusal::DnsHostnamesDisabled(vpc.id).into()),
        }
    }

    pub(crate) fn set_peering_status(&mut self, id: PeeringId, status: PeeringStatus, now: Timestamp) {
        let Some(peering) = self.peerings.get(&id) else { return };
        let (requester, accepter) = (self.blocks_of(&peering.requester), self.blocks_of(&peering.accepter));
        let Some(peering) = self.peerings.get_mut(&id) else { return };
        (peering.requester.cidrs, peering.requester.ipv6_cidrs) = requester;
        (peering.accepter.cidrs, peering.accepter.ipv6_cidrs) = accepter;
        (peering.status, peering.status_since) = (status, now);
    }

    /// Lets requests lapse and fail, and forgets the connections that neither side sees any more.
    pub(crate) fn step_peerings(&mut self, now: Timestamp) {
        let mut due = Vec::new();
        for peering in self.peerings.iter() {
            let accounts = [peering.requester.scope.account, peering.accepter.scope.account];
            let is_seen = accounts.iter().any(|account| peering.is_seen_by(*account, now));
            match peering.status {
                _ if !is_seen => due.push((peering.id, None)),
                PeeringStatus::PendingAcceptance { expires } if now >= expires => {
                    due.push((peering.id, Some((PeeringStatus::Expired, expires))));
                }
                PeeringStatus::PendingAcceptance { .. }
                    if !self.can_join(&peering.requester, &peering.accepter) =>
                {
                    due.push((peering.id, Some((PeeringStatus::Failed, now))));
                }
                _ => {}
            }
        }
        for (id, change) in due {
            match change {
                Some((status, since)) => self.set_peering_status(id, status, since),
                None => {
                    self.peerings.remove(&id);
                }
            }
        }
    }
}

fn check_pending(peering: &Peering, now: Timestamp, to: &'static str) -> Result<(), Refused> {
    match peering.status_at(now) {
        PeeringStatus::PendingAcceptance { .. } => Ok(()),
        from => Err(PeeringRefusal::Transition { peering: peering.id, from, to }.into()),
    }
}

impl Resource for Peering {
    type Key = PeeringId;
    const KIND: &'static str = "vpc-peering-connection";
    fn key(&self) -> PeeringId {
        self.id
    }
}

#[cfg(test)]
mod tests;
