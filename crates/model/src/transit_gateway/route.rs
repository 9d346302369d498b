//! Routes of a transit gateway's tables.
//!
//! Static routes are stored; others follow from the blocks of prefix lists that the table refers to, and of the VPCs that
//! propagate. Of routes for one block a static one counts before one of a list, and that before a propagated one. Whether a route is active follows from its attachment.
//! Source: Amazon VPC Transit Gateways guide, "Route tables and routes", "Route evaluation order" and "VPC attachments".

use super::{TransitAttachment, TransitEnd, TransitRefusal, TransitState, TransitTable};
use crate::{Cidr, Cx, Limit, Network, PrefixListId, Refused, TransitAttachmentId, TransitTableId, VpcId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A static route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransitRoute {
    /// Which packets it is for.
    pub destination: Cidr,
    /// Where they go.
    pub hop: TransitHop,
}

/// Where a static route leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TransitHop {
    /// Out through an attachment.
    Attachment(TransitAttachmentId),
    /// Nowhere.
    Blackhole,
}

impl TransitHop {
    /// The attachment; `None` for a blackhole.
    pub fn attachment(self) -> Option<TransitAttachmentId> {
        match self {
            TransitHop::Attachment(attachment) => Some(attachment),
            TransitHop::Blackhole => None,
        }
    }
}

/// A route as a table has it at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListedTransitRoute {
    /// Which packets it is for.
    pub destination: Cidr,
    /// The attachment it leads to; `None` for a blackhole made by hand.
    pub to: Option<TransitAttachmentId>,
    /// The prefix list that the block is of, if the table refers to one.
    pub list: Option<PrefixListId>,
    /// Whether it was made by hand, itself or for a list, and not propagated.
    pub is_static: bool,
    /// Whether packets can take it; else they are dropped.
    pub is_active: bool,
}

impl Network {
    /// Adds a static route.
    ///
    /// # Errors
    /// No such table or attachment, or they are of different gateways; the attachment is not available;
    /// [`TransitRefusal::RouteExists`]; [`Limit::TransitRoutes`].
    pub fn create_transit_route(
        &mut self,
        cx: &Cx,
        table: TransitTableId,
        route: TransitRoute,
    ) -> Result<(), Refused> {
        let found = self.transit_table_for(cx, table, route.hop)?;
        if found.routes.iter().any(|held| held.destination == route.destination) {
            return Err(TransitRefusal::RouteExists(route.destination).into());
        }
        if self.transit_weight(found, None) >= self.limits.transit_routes {
            return Err(Limit::TransitRoutes.into());
        }
        self.transit_tables.get_mut(&table).expect("the table was just found").routes.push(route);
        Ok(())
    }

    /// Gives a static route another target.
    ///
    /// # Errors
    /// As [`Network::create_transit_route`]; [`TransitRefusal::NoRoute`].
    pub fn replace_transit_route(
        &mut self,
        cx: &Cx,
        table: TransitTableId,
        route: TransitRoute,
    ) -> Result<(), Refused> {
        let found = self.transit_table_for(cx, table, route.hop)?;
        let place = static_place(found, route.destination)?;
        self.transit_tables.get_mut(&table).expect("the table was just found").routes[place] = route;
        Ok(())
    }

    /// Removes a static route, and gives it back.
    ///
    /// # Errors
    /// No such table; [`TransitRefusal::NoRoute`], also where the route is propagated.
    pub fn delete_transit_route(
        &mut self,
        cx: &Cx,
        table: TransitTableId,
        destination: Cidr,
    ) -> Result<TransitRoute, Refused> {
        let place = static_place(self.transit_table(cx.scope, table)?, destination)?;
        Ok(self.transit_tables.get_mut(&table).expect("the table was just found").routes.remove(place))
    }

    pub(super) fn transit_table_for(
        &self,
        cx: &Cx,
        table: TransitTableId,
        hop: TransitHop,
    ) -> Result<&TransitTable, Refused> {
        match hop {
            TransitHop::Attachment(attachment) => Ok(self.transit_pair(cx.scope, table, attachment)?.0),
            TransitHop::Blackhole => self.transit_table(cx.scope, table),
        }
    }

    /// The routes of a table by destination, IPv4 first: static ones, those of prefix lists for other blocks, and propagated
    /// ones for others still.
    pub fn transit_routes(&self, table: &TransitTable) -> Vec<ListedTransitRoute> {
        let ends = self.transit_ends_of(table.gateway).into_iter();
        let usable: BTreeSet<TransitAttachmentId> =
            ends.filter(|end| end.state() == TransitState::Available).map(TransitEnd::id).collect();
        let is_active = |to: Option<TransitAttachmentId>| to.is_some_and(|id| usable.contains(&id));
        let mut routes: BTreeMap<Cidr, ListedTransitRoute> = BTreeMap::new();
        let by_hand = table.routes.iter().map(|route| (route.destination, route.hop.attachment(), None));
        let of_lists = self.referred(table);
        let of_lists = of_lists.map(|(cidr, held)| (cidr, held.hop.attachment(), Some(held.list)));
        for (destination, to, list) in by_hand.chain(of_lists) {
            let is_active = is_active(to);
            let listed = ListedTransitRoute { destination, to, list, is_static: true, is_active };
            routes.entry(destination).or_insert(listed);
        }
        for (destination, attachment) in self.propagated(table) {
            let (to, is_active) = (Some(attachment), is_active(Some(attachment)));
            let listed = ListedTransitRoute { destination, to, list: None, is_static: false, is_active };
            routes.entry(destination).or_insert(listed);
        }
        routes.into_values().collect()
    }

    /// The blocks that attached VPCs tell a table. A block that overlaps one of a VPC attached before stays untold.
    fn propagated(&self, table: &TransitTable) -> Vec<(Cidr, TransitAttachmentId)> {
        let sources = table.propagations.iter().filter_map(|id| self.transit_attachments.get(id));
        sources
            .flat_map(|source| self.told_blocks(source).into_iter().map(|cidr| (cidr, source.id)))
            .collect()
    }

    fn told_blocks(&self, source: &TransitAttachment) -> Vec<Cidr> {
        let is_earlier = |other: &&TransitAttachment| {
            other.gateway == source.gateway
                && other.state == TransitState::Available
                && (other.created, other.id) < (source.created, source.id)
        };
        let earlier: Vec<VpcId> =
            self.transit_attachments.iter().filter(is_earlier).map(|other| other.vpc).collect();
        let is_taken = |cidr: &Cidr| {
            earlier.iter().any(|vpc| self.blocks(*vpc).iter().any(|other| other.overlaps(*cidr)))
        };
        let mut blocks = self.blocks(source.vpc);
        blocks.retain(|cidr| source.options.ipv6_support || matches!(cidr, Cidr::V4(_)));
        blocks.retain(|cidr| !is_taken(cidr));
        blocks
    }
}

fn static_place(table: &TransitTable, destination: Cidr) -> Result<usize, TransitRefusal> {
    let place = table.routes.iter().position(|route| route.destination == destination);
    place.ok_or(TransitRefusal::NoRoute(table.id, destination))
}
