//! Peering attachments: two transit gateways, of any accounts and regions, joined.
//!
//! The owner of the other gateway has to accept. Nothing propagates over a peering: routes to it are static.
//! Across regions both sides know the attachment by one id. Assumption: inside a region each side has an id of its own,
//! for AWS's answer has a member for the accepter's.
//! Source: Amazon VPC Transit Gateways guide, "Transit gateway peering attachments"; EC2 API Reference,
//! CreateTransitGatewayPeeringAttachment.

use super::{TransitRefusal, TransitState};
use crate::table::Resource;
use crate::time::Timestamp;
use crate::{
    Cx, Missing, Network, Refused, Scope, Tags, TransitAttachmentId, TransitGatewayId, TransitTableId, tags,
};
use serde::{Deserialize, Serialize};

/// Two transit gateways, joined or about to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TransitPeering {
    /// The side that asked; its attachment's id is that of the whole.
    pub requester: TransitSide,
    /// The side that was asked.
    pub accepter: TransitSide,
    /// Where it stands.
    pub state: TransitState,
    /// Since when it stands there.
    pub state_since: Timestamp,
    /// When it was made.
    pub created: Timestamp,
}

/// One side of a peering attachment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TransitSide {
    /// The gateway's owner and region.
    pub scope: Scope,
    /// The gateway; on the accepter's side it may not exist.
    pub gateway: TransitGatewayId,
    /// By what id this side knows the attachment.
    pub attachment: TransitAttachmentId,
    /// The table that decides about packets from the other side, if any.
    pub association: Option<TransitTableId>,
    /// The tags this side has put on it.
    pub tags: Tags,
}

/// What CreateTransitGatewayPeeringAttachment asks for.
#[derive(Clone, Debug)]
pub struct NewTransitPeering {
    /// The caller's gateway.
    pub gateway: TransitGatewayId,
    /// The other gateway.
    pub peer_gateway: TransitGatewayId,
    /// Its owner and region.
    pub peer: Scope,
    /// The requester's tags.
    pub tags: Tags,
}

impl TransitPeering {
    /// The id of the whole: the requester's.
    pub fn id(&self) -> TransitAttachmentId {
        self.requester.attachment
    }

    /// The side that is not `side`.
    pub fn far_side(&self, side: &TransitSide) -> &TransitSide {
        if side.gateway == self.requester.gateway { &self.accepter } else { &self.requester }
    }

    /// The side of `scope` that knows the attachment as `id`.
    pub fn side_of(&self, scope: Scope, id: TransitAttachmentId) -> Option<&TransitSide> {
        [&self.requester, &self.accepter]
            .into_iter()
            .find(|side| side.scope == scope && side.attachment == id)
    }

    pub(crate) fn side_of_mut(&mut self, scope: Scope, id: TransitAttachmentId) -> Option<&mut TransitSide> {
        [&mut self.requester, &mut self.accepter]
            .into_iter()
            .find(|side| side.scope == scope && side.attachment == id)
    }

    /// Whether both gateways are of one region.
    pub fn is_same_region(&self) -> bool {
        self.requester.scope.region == self.accepter.scope.region
    }

    fn joins(&self, one: TransitGatewayId, other: TransitGatewayId) -> bool {
        let pair = (self.requester.gateway, self.accepter.gateway);
        pair == (one, other) || pair == (other, one)
    }
}

impl Network {
    /// Asks to peer two gateways.
    ///
    /// Assumption: a gateway that does not exist, or is not of the account and region named, is no error: the attachment
    /// stands at `failed`, so that nobody learns of others' gateways.
    ///
    /// # Errors
    /// The caller's gateway is unknown; [`TransitRefusal::WithItself`], [`TransitRefusal::AlreadyPeered`]; a tag breaks a rule.
    pub fn request_transit_peering(
        &mut self,
        cx: &mut Cx,
        new: NewTransitPeering,
    ) -> Result<TransitAttachmentId, Refused> {
        tags::check(&new.tags)?;
        self.transit_gateway(cx.scope, new.gateway)?;
        if new.gateway == new.peer_gateway {
            return Err(TransitRefusal::WithItself(new.gateway).into());
        }
        let is_same = |peering: &TransitPeering| {
            peering.state.is_open() && peering.joins(new.gateway, new.peer_gateway)
        };
        if self.transit_peerings.iter().any(is_same) {
            return Err(TransitRefusal::AlreadyPeered(new.gateway).into());
        }
        let exists = self.transit_gateway(new.peer, new.peer_gateway).is_ok();
        let id = cx.ids.fresh();
        let far_id = if new.peer.region == cx.scope.region { cx.ids.fresh() } else { id };
        let side = |scope, gateway, attachment, tags| TransitSide {
            scope,
            gateway,
            attachment,
            association: None,
            tags,
        };
        self.transit_peerings.insert(TransitPeering {
            requester: side(cx.scope, new.gateway, id, new.tags),
            accepter: side(new.peer, new.peer_gateway, far_id, Tags::new()),
            state: if exists { TransitState::PendingAcceptance } else { TransitState::Failed },
            state_since: cx.now,
            created: cx.now,
        });
        Ok(id)
    }

    /// The peering attachments that `scope` has a side of, by id.
    pub fn transit_peerings_in(&self, scope: Scope) -> impl Iterator<Item = &TransitPeering> {
        self.transit_peerings.iter().filter(move |peering| {
            [&peering.requester, &peering.accepter].iter().any(|side| side.scope == scope)
        })
    }

    /// The peering attachment that `scope` knows by `id`, the requester's or its own.
    ///
    /// # Errors
    /// [`Missing::TransitAttachment`], also for a deleted one.
    pub fn transit_peering(&self, scope: Scope, id: TransitAttachmentId) -> Result<&TransitPeering, Refused> {
        let is_it = |peering: &&TransitPeering| {
            [&peering.requester, &peering.accepter].iter().any(|side| side.attachment == id)
                && peering.state != TransitState::Deleted
        };
        Ok(self.transit_peerings_in(scope).find(is_it).ok_or(Missing::TransitAttachment(id))?)
    }

    /// Accepts a peering that waits. Both sides are associated with the default tables of their gateways.
    ///
    /// # Errors
    /// No such attachment; [`TransitRefusal::NotAccepter`]; [`TransitRefusal::WrongState`]: it does not wait.
    pub fn accept_transit_peering(&mut self, cx: &Cx, id: TransitAttachmentId) -> Result<(), Refused> {
        let peering = self.transit_peering_to_answer(cx, id)?;
        let default = |side: &TransitSide| {
            self.transit_gateways.get(&side.gateway).and_then(|gateway| gateway.options.association_table)
        };
        let tables = (default(&peering.requester), default(&peering.accepter));
        let id = peering.id();
        self.set_transit_peering_state(id, TransitState::Available, cx.now);
        if let Some(peering) = self.transit_peerings.get_mut(&id) {
            (peering.requester.association, peering.accepter.association) = tables;
        }
        Ok(())
    }

    /// Refuses a peering that waits, for good.
    ///
    /// # Errors
    /// As [`Network::accept_transit_peering`].
    pub fn reject_transit_peering(&mut self, cx: &Cx, id: TransitAttachmentId) -> Result<(), Refused> {
        let id = self.transit_peering_to_answer(cx, id)?.id();
        self.set_transit_peering_state(id, TransitState::Rejected, cx.now);
        Ok(())
    }

    fn transit_peering_to_answer(
        &self,
        cx: &Cx,
        id: TransitAttachmentId,
    ) -> Result<&TransitPeering, Refused> {
        let peering = self.transit_peering(cx.scope, id)?;
        match peering.state {
            _ if peering.accepter.scope != cx.scope => Err(TransitRefusal::NotAccepter(id).into()),
            TransitState::PendingAcceptance => Ok(peering),
            _ => Err(TransitRefusal::WrongState(id).into()),
        }
    }

    /// Ends a peering, or takes a request back; either side may. Routes to it become blackholes.
    ///
    /// # Errors
    /// No such attachment; [`TransitRefusal::WrongState`]: it was rejected or has failed.
    pub fn delete_transit_peering(&mut self, cx: &Cx, id: TransitAttachmentId) -> Result<(), Refused> {
        let peering = self.transit_peering(cx.scope, id)?;
        if !peering.state.is_open() {
            return Err(TransitRefusal::WrongState(id).into());
        }
        let id = peering.id();
        self.set_transit_peering_state(id, TransitState::Deleted, cx.now);
        if let Some(peering) = self.transit_peerings.get_mut(&id) {
            (peering.requester.association, peering.accepter.association) = (None, None);
        }
        Ok(())
    }

    fn set_transit_peering_state(&mut self, id: TransitAttachmentId, state: TransitState, now: Timestamp) {
        if let Some(peering) = self.transit_peerings.get_mut(&id) {
            (peering.state, peering.state_since) = (state, now);
        }
    }

    pub(super) fn step_transit_peerings(&mut self, is_due: impl Fn(Timestamp) -> bool) {
        let due = |peering: &&TransitPeering| !peering.state.is_open() && is_due(peering.state_since);
        let due: Vec<TransitAttachmentId> =
            self.transit_peerings.iter().filter(due).map(TransitPeering::id).collect();
        for id in due {
            self.transit_peerings.remove(&id);
        }
    }
}

impl Resource for TransitPeering {
    type Key = TransitAttachmentId;
    const KIND: &'static str = "transit-gateway-peering-attachment";
    fn key(&self) -> TransitAttachmentId {
        self.id()
    }
}
