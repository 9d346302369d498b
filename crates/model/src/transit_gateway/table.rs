//! Route tables of transit gateways: which attachments they decide for, and which tell them their blocks.
//!
//! An attachment is associated with at most one table, and may propagate to any number of them.
//! Source: Amazon VPC Transit Gateways guide, "Transit gateway route tables"; EC2 API Reference,
//! CreateTransitGatewayRouteTable and its kin.

use super::{TransitEnd, TransitReference, TransitRefusal, TransitRoute, TransitState};
use crate::table::Resource;
use crate::time::Timestamp;
use crate::{
    Cx, Limit, Missing, Network, Refused, Scope, Tags, TransitAttachmentId, TransitGatewayId, TransitTableId,
    tags,
};
use serde::{Deserialize, Serialize};

/// A route table of a transit gateway.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TransitTable {
    /// Its id.
    pub id: TransitTableId,
    /// The gateway's owner and region.
    pub scope: Scope,
    /// The gateway.
    pub gateway: TransitGatewayId,
    /// Static routes in the order they were made, one for each block.
    pub routes: Vec<TransitRoute>,
    /// References to prefix lists in the order they were made, one to each list.
    #[serde(default)]
    pub references: Vec<TransitReference>,
    /// The attachments that tell it their blocks.
    pub propagations: Vec<TransitAttachmentId>,
    /// When it was made.
    pub created: Timestamp,
    /// When it was deleted, if it was.
    pub deleted: Option<Timestamp>,
    /// Its tags.
    pub tags: Tags,
}

impl Network {
    /// Makes an empty table.
    ///
    /// # Errors
    /// No such gateway; [`Limit::TransitTables`]; a tag breaks a rule.
    pub fn create_transit_table(
        &mut self,
        cx: &mut Cx,
        gateway: TransitGatewayId,
        tags: Tags,
    ) -> Result<TransitTableId, Refused> {
        tags::check(&tags)?;
        self.transit_gateway(cx.scope, gateway)?;
        if self.transit_tables_of(gateway).count() >= self.limits.transit_tables {
            return Err(Limit::TransitTables.into());
        }
        Ok(self.add_transit_table(cx, gateway, tags))
    }

    pub(super) fn add_transit_table(
        &mut self,
        cx: &mut Cx,
        gateway: TransitGatewayId,
        tags: Tags,
    ) -> TransitTableId {
        let id = cx.ids.fresh();
        self.transit_tables.insert(TransitTable {
            id,
            scope: cx.scope,
            gateway,
            routes: Vec::new(),
            references: Vec::new(),
            propagations: Vec::new(),
            created: cx.now,
            deleted: None,
            tags,
        });
        id
    }

    /// The tables of a gateway that are not deleted, by id.
    pub fn transit_tables_of(&self, gateway: TransitGatewayId) -> impl Iterator<Item = &TransitTable> {
        self.transit_tables.iter().filter(move |table| table.gateway == gateway && table.deleted.is_none())
    }

    /// The table with this id, if it is of `scope` and not deleted.
    ///
    /// # Errors
    /// [`Missing::TransitTable`].
    pub fn transit_table(&self, scope: Scope, id: TransitTableId) -> Result<&TransitTable, Refused> {
        let found = self.transit_tables.find(scope, &id)?;
        if found.deleted.is_some() { Err(Missing::TransitTable(id).into()) } else { Ok(found) }
    }

    /// Deletes a table without associations; what propagated to it does so no more.
    ///
    /// # Errors
    /// No such table; [`TransitRefusal::DefaultTable`], [`TransitRefusal::TableAssociated`].
    pub fn delete_transit_table(&mut self, cx: &Cx, id: TransitTableId) -> Result<(), Refused> {
        let gateway = self.transit_table(cx.scope, id)?.gateway;
        let options = self.transit_gateways.get(&gateway).map(|gateway| &gateway.options);
        let is_default = options.is_some_and(|options| {
            [options.association_table, options.propagation_table].contains(&Some(id))
        });
        if is_default {
            return Err(TransitRefusal::DefaultTable(id).into());
        }
        if self.transit_ends_of(gateway).iter().any(|end| end.association() == Some(id)) {
            return Err(TransitRefusal::TableAssociated(id).into());
        }
        self.end_transit_table(id, cx.now);
        Ok(())
    }

    pub(super) fn end_transit_table(&mut self, id: TransitTableId, now: Timestamp) {
        if let Some(table) = self.transit_tables.get_mut(&id) {
            table.propagations.clear();
            table.routes.clear();
            table.references.clear();
            table.deleted = Some(now);
        }
    }

    /// The table and the attachment, if both are of one gateway of the caller's, and the attachment can be used.
    pub(super) fn transit_pair(
        &self,
        scope: Scope,
        table: TransitTableId,
        attachment: TransitAttachmentId,
    ) -> Result<(&TransitTable, TransitEnd<'_>), Refused> {
        let found = self.transit_table(scope, table)?;
        let end = self.transit_end(scope, attachment)?;
        match () {
            () if end.gateway() != found.gateway => {
                Err(TransitRefusal::OtherGateway(table, attachment).into())
            }
            () if end.state() != TransitState::Available => {
                Err(TransitRefusal::WrongState(attachment).into())
            }
            () => Ok((found, end)),
        }
    }

    /// Lets a table decide about packets from an attachment.
    ///
    /// # Errors
    /// No such table or attachment, or they are of different gateways; the attachment is not available;
    /// [`TransitRefusal::AlreadyAssociated`], with this table or another.
    pub fn associate_transit_table(
        &mut self,
        cx: &Cx,
        table: TransitTableId,
        attachment: TransitAttachmentId,
    ) -> Result<(), Refused> {
        let (_, end) = self.transit_pair(cx.scope, table, attachment)?;
        if end.association().is_some() {
            return Err(TransitRefusal::AlreadyAssociated(attachment).into());
        }
        self.set_transit_association(cx.scope, attachment, Some(table));
        Ok(())
    }

    /// Ends an association: packets from the attachment are dropped until it has another.
    ///
    /// # Errors
    /// No such table or attachment; [`TransitRefusal::NotAssociated`].
    pub fn disassociate_transit_table(
        &mut self,
        cx: &Cx,
        table: TransitTableId,
        attachment: TransitAttachmentId,
    ) -> Result<(), Refused> {
        let (_, end) = self.transit_pair(cx.scope, table, attachment)?;
        if end.association() != Some(table) {
            return Err(TransitRefusal::NotAssociated(table, attachment).into());
        }
        self.set_transit_association(cx.scope, attachment, None);
        Ok(())
    }

    fn set_transit_association(
        &mut self,
        scope: Scope,
        id: TransitAttachmentId,
        table: Option<TransitTableId>,
    ) {
        if let Some(attachment) = self.transit_attachments.get_mut(&id) {
            attachment.association = table;
            return;
        }
        let peering = self.transit_peering(scope, id).map(|peering| peering.id());
        let peering = peering.ok().and_then(|id| self.transit_peerings.get_mut(&id));
        if let Some(side) = peering.and_then(|peering| peering.side_of_mut(scope, id)) {
            side.association = table;
        }
    }

    /// Lets the blocks of an attached VPC be routes of a table.
    ///
    /// # Errors
    /// No such table or attachment, or they are of different gateways; [`TransitRefusal::CannotPropagate`] for a peering;
    /// [`TransitRefusal::AlreadyPropagates`].
    pub fn enable_transit_propagation(
        &mut self,
        cx: &Cx,
        table: TransitTableId,
        attachment: TransitAttachmentId,
    ) -> Result<(), Refused> {
        let (found, end) = self.transit_pair(cx.scope, table, attachment)?;
        if matches!(end, TransitEnd::Peering(..)) {
            return Err(TransitRefusal::CannotPropagate(attachment).into());
        }
        if found.propagations.contains(&attachment) {
            return Err(TransitRefusal::AlreadyPropagates(table, attachment).into());
        }
        self.transit_tables.get_mut(&table).expect("the table was just found").propagations.push(attachment);
        Ok(())
    }

    /// Takes the blocks of an attached VPC out of a table.
    ///
    /// # Errors
    /// No such table or attachment; [`TransitRefusal::NotPropagated`].
    pub fn disable_transit_propagation(
        &mut self,
        cx: &Cx,
        table: TransitTableId,
        attachment: TransitAttachmentId,
    ) -> Result<(), Refused> {
        let (found, _) = self.transit_pair(cx.scope, table, attachment)?;
        if !found.propagations.contains(&attachment) {
            return Err(TransitRefusal::NotPropagated(table, attachment).into());
        }
        let found = self.transit_tables.get_mut(&table).expect("the table was just found");
        found.propagations.retain(|held| *held != attachment);
        Ok(())
    }

    pub(super) fn forget_transit_propagations(&mut self, attachment: TransitAttachmentId) {
        let held = |table: &&TransitTable| table.propagations.contains(&attachment);
        let tables: Vec<TransitTableId> =
            self.transit_tables.iter().filter(held).map(|table| table.id).collect();
        for id in tables {
            let table = self.transit_tables.get_mut(&id).expect("its id was just listed");
            table.propagations.retain(|held| *held != attachment);
        }
    }

    pub(super) fn step_transit_tables(&mut self, is_due: impl Fn(Timestamp) -> bool) {
        let due = |table: &&TransitTable| table.deleted.is_some_and(&is_due);
        let due: Vec<TransitTableId> = self.transit_tables.iter().filter(due).map(|table| table.id).collect();
        for id in due {
            self.transit_tables.remove(&id);
        }
    }
}

impl Resource for TransitTable {
    type Key = TransitTableId;
    const KIND: &'static str = "transit-gateway-route-table";
    fn key(&self) -> TransitTableId {
        self.id
    }
}
