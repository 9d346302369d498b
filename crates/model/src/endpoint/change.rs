//! Changing endpoints: their tables, subnets, groups, policy and private name.
//!
//! Source: EC2 API Reference, ModifyVpcEndpoint.

use super::{EndpointKind, EndpointRefusal, InterfaceEndpoint, VpcEndpoint, check_policy, service};
use crate::{Cx, GroupId, InterfaceId, Network, Refused, RouteTableId, SubnetId, VpcEndpointId, ZoneName};
use std::net::Ipv4Addr;

/// What ModifyVpcEndpoint asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndpointChange {
    /// Another policy; `Some(None)` allows everything again.
    pub policy: Option<Option<String>>,
    /// Tables to put the route into.
    pub added_tables: Vec<RouteTableId>,
    /// Tables to take it from.
    pub removed_tables: Vec<RouteTableId>,
    /// Subnets to have an interface in, with the address wanted.
    pub added_subnets: Vec<(SubnetId, Option<Ipv4Addr>)>,
    /// Subnets to have none in.
    pub removed_subnets: Vec<SubnetId>,
    /// Groups to add to all interfaces.
    pub added_groups: Vec<GroupId>,
    /// Groups to take off.
    pub removed_groups: Vec<GroupId>,
    /// Whether the service's own name is to lead here.
    pub private_dns: Option<bool>,
}

impl EndpointChange {
    /// The first member that endpoints of the other kind do not have.
    fn foreign_member(&self, kind: &EndpointKind) -> Option<&'static str> {
        let of_gateway = [
            ("AddRouteTableIds", !self.added_tables.is_empty()),
            ("RemoveRouteTableIds", !self.removed_tables.is_empty()),
        ];
        let of_interface = [
            ("AddSubnetIds", !self.added_subnets.is_empty()),
            ("RemoveSubnetIds", !self.removed_subnets.is_empty()),
            ("AddSecurityGroupIds", !self.added_groups.is_empty()),
            ("RemoveSecurityGroupIds", !self.removed_groups.is_empty()),
            ("PrivateDnsEnabled", self.private_dns.is_some()),
        ];
        let foreign: &[(&'static str, bool)] = match kind {
            EndpointKind::Gateway => &of_interface,
            EndpointKind::Interface(_) => &of_gateway,
        };
        foreign.iter().find(|(_, is_there)| *is_there).map(|(member, _)| *member)
    }
}

impl Network {
    /// Changes an endpoint, in everything that is asked or not at all.
    ///
    /// # Errors
    /// No such endpoint, table, subnet or group; [`EndpointRefusal`]; what refuses an interface.
    pub fn modify_endpoint(
        &mut self,
        cx: &mut Cx,
        id: VpcEndpointId,
        change: EndpointChange,
    ) -> Result<(), Refused> {
        let endpoint = self.endpoints.find(cx.scope, &id)?.clone();
        if endpoint.deleted.is_some() {
            return Err(EndpointRefusal::Deleting(id).into());
        }
        if let Some(member) = change.foreign_member(&endpoint.kind) {
            let given = match endpoint.kind {
                EndpointKind::Gateway => service::GATEWAY,
                EndpointKind::Interface(_) => service::INTERFACE,
            };
            return Err(EndpointRefusal::NotOfType { member, given }.into());
        }
        check_policy(change.policy.as_ref().and_then(|policy| policy.as_deref()))?;
        let mut changed = endpoint.clone();
        if let Some(policy) = &change.policy {
            changed.policy.clone_from(policy);
        }
        match &endpoint.kind {
            EndpointKind::Gateway => self.change_tables(&endpoint, &change)?,
            EndpointKind::Interface(own) => {
                changed.kind = EndpointKind::Interface(self.change_interfaces(cx, &endpoint, own, &change)?);
            }
        }
        self.endpoints.insert(changed);
        Ok(())
    }

    fn change_tables(&mut self, endpoint: &VpcEndpoint, change: &EndpointChange) -> Result<(), Refused> {
        for table in &change.removed_tables {
            self.route_tables.find(endpoint.scope, table)?;
            if !self.endpoint_tables(endpoint.id).any(|held| held == *table) {
                return Err(EndpointRefusal::NotInTable(endpoint.id, *table).into());
            }
        }
        self.check_tables_for(endpoint, &change.added_tables)?;
        change.removed_tables.iter().for_each(|table| self.remove_endpoint_routes(endpoint.id, *table));
        change.added_tables.iter().for_each(|table| self.put_endpoint_route(endpoint, *table));
        Ok(())
    }

    fn change_interfaces(
        &mut self,
        cx: &mut Cx,
        endpoint: &VpcEndpoint,
        own: &InterfaceEndpoint,
        change: &EndpointChange,
    ) -> Result<InterfaceEndpoint, Refused> {
        if change.private_dns == Some(true) {
            self.check_private_dns(endpoint, Some(endpoint.id))?;
        }
        let groups = self.changed_groups(endpoint, own, change)?;
        let gone = self.interfaces_to_remove(endpoint, own, change)?;
        let mut kept = own.interfaces.clone();
        kept.retain(|id| !gone.contains(id));
        let zones = self.zones_of(&kept);
        let made = self.plan_endpoint_interfaces(cx, endpoint, (&change.added_subnets, &groups), &zones)?;
        for interface in &kept {
            if let Some(interface) = self.interfaces.get_mut(interface) {
                interface.groups.clone_from(&groups);
            }
        }
        gone.iter().for_each(|interface| self.remove_interface(*interface));
        kept.extend(made.iter().map(|interface| interface.id));
        made.into_iter().for_each(|interface| self.interfaces.insert(interface));
        let private_dns = change.private_dns.unwrap_or(own.private_dns);
        Ok(InterfaceEndpoint { interfaces: kept, groups, private_dns, label: own.label.clone() })
    }

    fn changed_groups(
        &self,
        endpoint: &VpcEndpoint,
        own: &InterfaceEndpoint,
        change: &EndpointChange,
    ) -> Result<Vec<GroupId>, Refused> {
        let unknown = change.removed_groups.iter().find(|group| !own.groups.contains(group));
        if let Some(group) = unknown {
            return Err(EndpointRefusal::WithoutGroup(endpoint.id, *group).into());
        }
        let kept = own.groups.iter().filter(|group| !change.removed_groups.contains(group));
        self.endpoint_groups(endpoint, kept.chain(&change.added_groups).copied().collect())
    }

    fn interfaces_to_remove(
        &self,
        endpoint: &VpcEndpoint,
        own: &InterfaceEndpoint,
        change: &EndpointChange,
    ) -> Result<Vec<InterfaceId>, Refused> {
        let in_subnet = |subnet: &SubnetId| {
            let found = own
                .interfaces
                .iter()
                .find(|id| self.interfaces.get(id).is_some_and(|interface| interface.subnet == *subnet));
            found.copied().ok_or_else(|| EndpointRefusal::NotInSubnet(endpoint.id, *subnet).into())
        };
        change.removed_subnets.iter().map(in_subnet).collect()
    }

    fn zones_of(&self, interfaces: &[InterfaceId]) -> Vec<ZoneName> {
        let found = interfaces.iter().filter_map(|id| self.interfaces.get(id));
        found.filter_map(|interface| self.subnets.get(&interface.subnet)).map(|subnet| subnet.zone).collect()
    }
}
