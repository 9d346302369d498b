//! Associating route tables: with subnets, with gateways (edge association), and as a VPC's main table.
//!
//! A subnet or gateway has at most one explicit association; a subnet without one uses the main table.
//! Source: Amazon VPC User Guide, "Subnet route tables" and "Gateway route tables".

use super::{Associated, Destination, Route, RouteAssociation, RouteTable, Target};
use crate::refused::Stranger;
use crate::{Cx, Missing, Network, Refused, RouteAssociationId, RouteTableId, Scope, SubnetId};

impl Network {
    /// Associates a table with a subnet or gateway of its VPC. What is so associated already keeps its association's id.
    ///
    /// # Errors
    /// No such table, subnet or gateway; [`Refused::DifferentNetworks`]; [`Refused::TableAssociated`] if another table is;
    /// [`Refused::NotForGatewayTable`] if a route of the table may not stand in a gateway's.
    pub fn associate_route_table(
        &mut self,
        cx: &mut Cx,
        table: RouteTableId,
        with: Associated,
    ) -> Result<RouteAssociationId, Refused> {
        let found = self.route_tables.find(cx.scope, &table)?;
        self.check_association(cx.scope, found, with)?;
        match self.association_with(with) {
            Some((held, association)) if held.id == table => return Ok(association.id),
            Some((_, association)) => return Err(Refused::TableAssociated(table, association.id)),
            None => {}
        }
        let id = cx.ids.fresh();
        let found = self.route_tables.get_mut(&table).expect("the table was just found");
        found.associations.push(RouteAssociation { id, with });
        Ok(id)
    }

    /// Ends an explicit association.
    ///
    /// # Errors
    /// No such association; [`Refused::MainAssociation`].
    pub fn disassociate_route_table(&mut self, cx: &Cx, id: RouteAssociationId) -> Result<(), Refused> {
        let table = self.table_associated(cx.scope, id)?;
        if table.main == Some(id) {
            return Err(Refused::MainAssociation(id));
        }
        let table = table.id;
        self.forget_association(table, id);
        Ok(())
    }

    /// Gives what an association is about (a subnet, a gateway, or being main) to another table; gives the new id.
    ///
    /// # Errors
    /// No such association or table; [`Refused::DifferentNetworks`]; [`Refused::NotForGatewayTable`].
    pub fn replace_route_table_association(
        &mut self,
        cx: &mut Cx,
        id: RouteAssociationId,
        table: RouteTableId,
    ) -> Result<RouteAssociationId, Refused> {
        let held = self.table_associated(cx.scope, id)?;
        let found = self.route_tables.find(cx.scope, &table)?;
        if held.vpc != found.vpc {
            return Err(Refused::DifferentNetworks(table, Stranger::RouteTable(held.id)));
        }
        let with = held.associations.iter().find(|association| association.id == id).map(|found| found.with);
        with.map(|with| self.check_association(cx.scope, found, with)).transpose()?;
        let (held, fresh) = (held.id, cx.ids.fresh());
        self.forget_association(held, id);
        let found = self.route_tables.get_mut(&table).expect("the table was just found");
        match with {
            Some(with) => found.associations.push(RouteAssociation { id: fresh, with }),
            None => found.main = Some(fresh),
        }
        Ok(fresh)
    }

    fn table_associated(&self, scope: Scope, id: RouteAssociationId) -> Result<&RouteTable, Refused> {
        let has = |table: &&RouteTable| {
            table.main == Some(id) || table.associations.iter().any(|association| association.id == id)
        };
        self.route_tables.of(scope).find(has).ok_or(Missing::RouteAssociation(id).into())
    }

    fn forget_association(&mut self, table: RouteTableId, id: RouteAssociationId) {
        let table = self.route_tables.get_mut(&table).expect("the caller has found the table");
        table.main = table.main.filter(|main| *main != id);
        table.associations.retain(|association| association.id != id);
    }

    /// Ends the explicit association of a subnet that is being deleted.
    pub(crate) fn forget_associations(&mut self, subnet: SubnetId) {
        let held = self.association_with(Associated::Subnet(subnet));
        if let Some((table, id)) = held.map(|(table, association)| (table.id, association.id)) {
            self.forget_association(table, id);
        }
    }

    fn check_association(&self, scope: Scope, table: &RouteTable, with: Associated) -> Result<(), Refused> {
        match with {
            Associated::Subnet(id) => match self.subnets.find(scope, &id)?.vpc == table.vpc {
                true => Ok(()),
                false => Err(Refused::DifferentNetworks(table.id, Stranger::Subnet(id))),
            },
            Associated::InternetGateway(id) => {
                if self.internet_gateways.find(scope, &id)?.vpc != Some(table.vpc) {
                    return Err(Refused::DifferentNetworks(table.id, Stranger::InternetGateway(id)));
                }
                table.routes.iter().try_for_each(|route| self.check_gateway_route(table, route))
            }
            Associated::VpnGateway(id) => Err(Missing::VpnGateway(id).into()),
        }
    }

    /// A gateway's table leads a whole VPC or subnet block to an interface, and nothing else anywhere.
    fn check_gateway_route(&self, table: &RouteTable, route: &Route) -> Result<(), Refused> {
        let cidr = match route.destination {
            Destination::Cidr(cidr) => cidr,
            Destination::PrefixList(id) => return Err(Refused::ListInGatewayTable(table.id, id)),
        };
        let is_whole = self.blocks(table.vpc).contains(&cidr) || self.is_subnet_block(table.vpc, cidr);
        match is_whole && matches!(route.target, Target::Interface(_) | Target::Instance(..)) {
            true => Ok(()),
            false => Err(Refused::NotForGatewayTable(table.id, cidr)),
        }
    }
}
