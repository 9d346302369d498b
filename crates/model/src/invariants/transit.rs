//! What is true of transit gateways, their attachments and tables.

use super::{Broken, hold};
use crate::transit_gateway::{TransitAttachment, TransitState, TransitTable};
use crate::{Network, TransitGatewayId, TransitTableId, ZoneName};
use std::collections::BTreeSet;

impl Network {
    pub(super) fn check_transit_gateways(&self) -> Result<(), Broken> {
        self.transit_attachments
            .iter()
            .try_for_each(|attachment| self.check_transit_attachment(attachment))?;
        self.transit_tables.iter().try_for_each(|table| self.check_transit_table(table))?;
        for peering in self.transit_peerings.iter() {
            let sides = [&peering.requester, &peering.accepter];
            let are_right =
                sides.iter().all(|side| self.is_transit_association(side.gateway, side.association));
            hold("N-33", are_right, || {
                format!("{} is associated with no table of its gateway", peering.id())
            })?;
        }
        Ok(())
    }

    fn is_transit_association(&self, gateway: TransitGatewayId, table: Option<TransitTableId>) -> bool {
        table.is_none_or(|id| {
            let table = self.transit_tables.get(&id);
            table.is_some_and(|table| table.gateway == gateway && table.deleted.is_none())
        })
    }

    fn check_transit_attachment(&self, attachment: &TransitAttachment) -> Result<(), Broken> {
        let id = attachment.id;
        let zones: BTreeSet<ZoneName> = attachment
            .doors
            .iter()
            .filter_map(|door| self.subnets.get(&door.subnet))
            .filter(|subnet| subnet.vpc == attachment.vpc)
            .map(|subnet| subnet.zone)
            .collect();
        hold("N-30", zones.len() == attachment.doors.len(), || {
            format!("{id} has doors in one zone or another VPC")
        })?;
        let are_open = attachment.doors.iter().all(|door| {
            self.interfaces.get(&door.interface).is_some_and(|interface| interface.subnet == door.subnet)
        });
        hold("N-30", are_open, || format!("{id} has a door without an interface"))?;
        let is_live = attachment.state != TransitState::Deleted;
        hold("N-31", is_live || attachment.doors.is_empty(), || format!("{id} is deleted and has doors"))?;
        let same = |other: &&TransitAttachment| {
            other.state.is_open() && (other.gateway, other.vpc) == (attachment.gateway, attachment.vpc)
        };
        let count = self.transit_attachments.iter().filter(same).count();
        hold("N-31", count <= 1, || {
            format!("{} is attached twice to {}", attachment.vpc, attachment.gateway)
        })?;
        let is_right = self.is_transit_association(attachment.gateway, attachment.association);
        hold("N-32", is_right, || format!("{id} is associated with no table of its gateway"))
    }

    fn check_transit_table(&self, table: &TransitTable) -> Result<(), Broken> {
        let id = table.id;
        let destinations: BTreeSet<_> = table.routes.iter().map(|route| route.destination).collect();
        hold("N-34", destinations.len() == table.routes.len(), || format!("{id} has a destination twice"))?;
        let lists: BTreeSet<_> = table.references.iter().map(|held| held.list).collect();
        hold("N-34", lists.len() == table.references.len(), || format!("{id} refers twice to a list"))?;
        let are_own = table.propagations.iter().all(|attachment| {
            self.transit_attachments.get(attachment).is_some_and(|found| found.gateway == table.gateway)
        });
        hold("N-34", are_own, || format!("{id} is told by attachments of other gateways"))
    }
}
