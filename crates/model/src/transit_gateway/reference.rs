//! References to prefix lists in a transit gateway's tables: a route for each block of a list.
//!
//! The routes follow the list. A static route for the same block comes before them, a propagated one after. Against the quota
//! a reference counts as the entries that its list may have.
//!
//! Assumption: of several lists with the same block the one that was referred to first counts, and AWS's own lists may be
//! referred to as a caller's may. A second reference to a list is refused as a second route for a block is.
//! Source: Amazon VPC Transit Gateways guide, "Prefix list references", "Route evaluation order"; Amazon VPC User Guide,
//! "Managed prefix lists"; EC2 API Reference, CreateTransitGatewayPrefixListReference and its kin.

use super::{TransitHop, TransitRefusal, TransitTable};
use crate::prefix_list::PrefixList;
use crate::{Cidr, Cx, Limit, Network, PrefixListId, Refused, TransitTableId};
use serde::{Deserialize, Serialize};

/// A reference to a prefix list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransitReference {
    /// The list whose blocks the packets are for.
    pub list: PrefixListId,
    /// Where they go.
    pub hop: TransitHop,
}

impl Network {
    /// Adds a reference to a list.
    ///
    /// # Errors
    /// No such table, list or attachment, or table and attachment are of different gateways; the attachment is not available;
    /// [`TransitRefusal::ReferenceExists`]; [`Limit::TransitRoutes`].
    pub fn create_transit_reference(
        &mut self,
        cx: &Cx,
        table: TransitTableId,
        reference: TransitReference,
    ) -> Result<(), Refused> {
        let found = self.transit_table_for(cx, table, reference.hop)?;
        let weight = self.any_list(cx.scope, reference.list)?.weight();
        if found.references.iter().any(|held| held.list == reference.list) {
            return Err(TransitRefusal::ReferenceExists(table, reference.list).into());
        }
        if self.transit_weight(found, None) + weight > self.limits.transit_routes {
            return Err(Limit::TransitRoutes.into());
        }
        self.transit_tables.get_mut(&table).expect("the table was just found").references.push(reference);
        Ok(())
    }

    /// Gives a reference another target.
    ///
    /// # Errors
    /// As [`Network::create_transit_reference`]; [`TransitRefusal::NoReference`].
    pub fn modify_transit_reference(
        &mut self,
        cx: &Cx,
        table: TransitTableId,
        reference: TransitReference,
    ) -> Result<(), Refused> {
        let found = self.transit_table_for(cx, table, reference.hop)?;
        let place = reference_place(found, reference.list)?;
        self.transit_tables.get_mut(&table).expect("the table was just found").references[place] = reference;
        Ok(())
    }

    /// Removes a reference, and gives it back.
    ///
    /// # Errors
    /// No such table; [`TransitRefusal::NoReference`].
    pub fn delete_transit_reference(
        &mut self,
        cx: &Cx,
        table: TransitTableId,
        list: PrefixListId,
    ) -> Result<TransitReference, Refused> {
        let place = reference_place(self.transit_table(cx.scope, table)?, list)?;
        let table = self.transit_tables.get_mut(&table).expect("the table was just found");
        Ok(table.references.remove(place))
    }

    /// The blocks that a table refers to, and the references they come from, in the order those were made.
    pub(super) fn referred<'a>(
        &'a self,
        table: &'a TransitTable,
    ) -> impl Iterator<Item = (Cidr, TransitReference)> + 'a {
        table.references.iter().flat_map(|reference| {
            let list = self.prefix_list(table.scope.region, reference.list);
            let blocks = list.map(|list| list.cidrs()).unwrap_or_default();
            blocks.into_iter().map(|cidr| (cidr, *reference))
        })
    }

    /// How many routes a table counts for, if a list were as `changed` says.
    pub(super) fn transit_weight(&self, table: &TransitTable, changed: Option<&PrefixList>) -> usize {
        let lists =
            table.references.iter().filter_map(|held| self.prefix_list(table.scope.region, held.list));
        table.routes.len() + lists.map(|list| self.weight_of(&list, changed)).sum::<usize>()
    }

    /// Whether a table would still have room if a list were as `changed` says.
    pub(crate) fn has_room_for_transit_routes(&self, table: &TransitTable, changed: &PrefixList) -> bool {
        self.transit_weight(table, Some(changed)) <= self.limits.transit_routes
    }
}

fn reference_place(table: &TransitTable, list: PrefixListId) -> Result<usize, TransitRefusal> {
    let place = table.references.iter().position(|held| held.list == list);
    place.ok_or(TransitRefusal::NoReference(table.id, list))
}
