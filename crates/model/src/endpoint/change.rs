//! Changing endpoints: their tables, subnets, groups, policy and private name.
//!
//! Source: EC2 API Reference, ModifyVpcEndpoint.

use super::{AddressOptions, EndpointKind, EndpointRefusal, InterfaceEndpoint, VpcEndpoint, check_policy};
use crate::interface::{Interface, Ipv6Choice};
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
    /// Its addresses and names.
    pub options: AddressOptions,
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
        if let Some(member) = change.foreign_member(&endpoint.kind) {
            return Err(EndpointRefusal::NotOfType { member, given: endpoint.type_name() }.into());
        }
        if endpoint.kind == EndpointKind::Gateway {
            change.options.check_for_gateway()?;
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
        let mut changed = own.clone();
        changed.groups = self.changed_groups(endpoint, own, change)?;
        match endpoint.endpoint_service() {
            Some(service) => self.set_address_options(endpoint, service, &mut changed, change.options)?,
            None if change.options == AddressOptions::default() => {}
            None => return Err(EndpointRefusal::NoSuchService(endpoint.service_name()).into()),
        }
        let gone = self.interfaces_to_remove(endpoint, own, change)?;
        let mut kept = own.interfaces.clone();
        kept.retain(|id| !gone.contains(id));
        let zones = self.zones_of(&kept);
        let made = self.plan_endpoint_interfaces(cx, endpoint, (&change.added_subnets, &changed), &zones)?;
        let readdressed = self.readdressed(&kept, &changed)?;
        readdressed.into_iter().for_each(|interface| self.interfaces.insert(interface));
        for interface in &kept {
            if let Some(interface) = self.interfaces.get_mut(interface) {
                interface.groups.clone_from(&changed.groups);
            }
        }
        gone.iter().for_each(|interface| self.remove_interface(*interface));
        kept.extend(made.iter().map(|interface| interface.id));
        made.into_iter().for_each(|interface| self.interfaces.insert(interface));
        changed.interfaces = kept;
        Ok(changed)
    }

    /// The interfaces of `kept` that get an IPv6 address, or lose theirs, as the endpoint is to have it.
    fn readdressed(
        &self,
        kept: &[InterfaceId],
        changed: &InterfaceEndpoint,
    ) -> Result<Vec<Interface>, Refused> {
        let mut readdressed = Vec::new();
        for interface in kept.iter().filter_map(|id| self.interfaces.get(id)) {
            let subnet = self.subnets.find(interface.scope, &interface.subnet)?;
            changed.check_subnet(subnet)?;
            let wants = changed.ip_address_type.has_ipv6();
            if wants != interface.ipv6_addresses.is_empty() {
                continue;
            }
            let count = Ipv6Choice::Count(usize::from(wants));
            let ipv6_addresses = self.choose_ipv6(subnet, &count, &mut self.taken_in(subnet))?;
            readdressed.push(Interface { ipv6_addresses, ..interface.clone() });
        }
        Ok(readdressed)
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
        let groups: Vec<GroupId> = kept.chain(&change.added_groups).copied().collect();
        if groups.is_empty() && !own.groups.is_empty() {
            return Err(EndpointRefusal::LastGroup(endpoint.id).into());
        }
        self.endpoint_groups(endpoint, groups)
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
