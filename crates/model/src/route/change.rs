//! Making and deleting route tables and routes.
//!
//! A route must lead somewhere in its table's VPC, may not shadow what AWS keeps for itself, and may cut into the VPC's
//! own blocks only for a whole subnet and towards an interface (or instance).
//! Source: Amazon VPC User Guide, "Route tables" (concepts, gateway route tables, middlebox routing).

use super::{Destination, Origin, Route, RouteTable, Target};
use crate::endpoint::EndpointRefusal;
use crate::instance::InstanceState;
use crate::peering::Side;
use crate::prefix_list::{Family, PrefixList};
use crate::refused::Stranger;
use crate::{
    Cidr, Cidr4, Cidr6, Cx, Held, InstanceId, InterfaceId, Limit, Missing, Network, PeeringId, PrefixListId,
    Refused, RouteTableId, Scope, Tags, VpcId, tags,
};
use std::net::{Ipv4Addr, Ipv6Addr};

/// Whether AWS keeps `cidr` for its own services: equal to or inside 169.254.168.0/22 or fd00:ec2::/32.
fn is_kept_by_aws(cidr: Cidr) -> bool {
    let ipv4 = Cidr4::new(Ipv4Addr::new(169, 254, 168, 0), 22).map(Cidr::V4);
    let ipv6 = Cidr6::new(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0), 32).map(Cidr::V6);
    [ipv4, ipv6].into_iter().flatten().any(|kept| kept.covers(cidr))
}

/// Whether packets of the family of `cidr` can pass `target`: egress-only internet gateways are for IPv6 alone. NAT gateways
/// are for IPv4, and for IPv6 to the addresses that stand for IPv4 ones (NAT64, RFC 6052).
fn carries(target: Target, cidr: Cidr) -> bool {
    match (target, cidr) {
        (Target::EgressOnlyGateway(_), Cidr::V4(_)) => false,
        (Target::NatGateway(_), Cidr::V6(cidr)) => {
            cidr.network().segments()[..6] == [0x64, 0xff9b, 0, 0, 0, 0]
        }
        _ => true,
    }
}

/// Whether the route for `destination` is not a gateway endpoint's, which only the endpoint changes.
fn check_not_endpoint(table: &RouteTable, destination: Destination) -> Result<(), Refused> {
    let route = table.route(destination);
    match (destination, route.map(|route| route.target)) {
        (Destination::PrefixList(list), Some(Target::VpcEndpoint(_))) => {
            Err(EndpointRefusal::OwnRoute(table.id, list).into())
        }
        _ => Ok(()),
    }
}

fn is_interface(target: Target) -> bool {
    matches!(target, Target::Interface(_) | Target::Instance(..))
}

impl Network {
    /// Makes a route table with only the local routes.
    ///
    /// # Errors
    /// No such VPC; [`Limit::RouteTablesPerVpc`].
    pub fn create_route_table(
        &mut self,
        cx: &mut Cx,
        vpc: VpcId,
        tags: Tags,
    ) -> Result<RouteTableId, Refused> {
        tags::check(&tags)?;
        self.vpcs.find(cx.scope, &vpc)?;
        let held = self.route_tables.iter().filter(|table| table.vpc == vpc).count();
        if held >= self.limits.route_tables_per_vpc {
            return Err(Limit::RouteTablesPerVpc.into());
        }
        let table = RouteTable {
            id: cx.ids.fresh(),
            scope: cx.scope,
            vpc,
            routes: Vec::new(),
            main: None,
            associations: Vec::new(),
            tags,
        };
        let id = table.id;
        self.route_tables.insert(table);
        Ok(id)
    }

    /// Deletes a route table.
    ///
    /// # Errors
    /// No such table; [`Held::RouteTable`] if it is the main one, that of a regional NAT gateway, or has associations.
    pub fn delete_route_table(&mut self, cx: &Cx, id: RouteTableId) -> Result<(), Refused> {
        let table = self.route_tables.find(cx.scope, &id)?;
        let is_of_nat = self.nat_gateway_of_table(id).is_some();
        if table.main.is_some() || is_of_nat || !table.associations.is_empty() {
            return Err(Held::RouteTable(id).into());
        }
        self.route_tables.remove(&id);
        Ok(())
    }

    /// The target that an instance is: the instance with its only interface.
    ///
    /// # Errors
    /// No such instance, or it is terminated; [`Refused::SeveralInterfaces`].
    pub fn instance_target(&self, scope: Scope, id: InstanceId) -> Result<Target, Refused> {
        let instance = self.instances.find(scope, &id)?;
        match instance.interfaces[..] {
            _ if instance.state == InstanceState::Terminated => Err(Missing::Instance(id).into()),
            [interface] => Ok(Target::Instance(id, interface)),
            _ => Err(Refused::SeveralInterfaces(id)),
        }
    }

    /// Adds a route to a table.
    ///
    /// # Errors
    /// No such table or target; [`Refused::RouteExists`] also for the very same route;
    /// [`Refused::DifferentNetworks`] for a target outside the VPC; [`Refused::KeptDestination`],
    /// [`Refused::InsideLocalRoute`], [`Refused::NotForGatewayTable`]; [`Limit::RoutesPerTable`].
    pub fn create_route(
        &mut self,
        cx: &Cx,
        table: RouteTableId,
        destination: Destination,
        target: Target,
    ) -> Result<(), Refused> {
        let found = self.route_tables.find(cx.scope, &table)?;
        self.check_target(cx, found, target)?;
        self.check_destination(found, destination, target)?;
        if found.route(destination).is_some() || self.is_local(found.vpc, destination) {
            return Err(Refused::RouteExists(destination));
        }
        self.check_room_for(found, destination)?;
        let found = self.route_tables.get_mut(&table).expect("the table was just found");
        found.routes.push(Route { destination, target, origin: Origin::CreateRoute });
        Ok(())
    }

    /// Gives the route for `destination` another target. A local route may be led to an interface and, with
    /// [`Target::Local`], be made local again.
    ///
    /// # Errors
    /// As [`Network::create_route`]; [`Refused::NoRouteToReplace`]; [`Refused::LocalTarget`] for another route.
    pub fn replace_route(
        &mut self,
        cx: &Cx,
        table: RouteTableId,
        destination: Destination,
        target: Target,
    ) -> Result<(), Refused> {
        let found = self.route_tables.find(cx.scope, &table)?;
        check_not_endpoint(found, destination)?;
        let is_local = self.is_local(found.vpc, destination);
        if !is_local && found.route(destination).is_none() {
            return Err(Refused::NoRouteToReplace(destination));
        }
        if target == Target::Local {
            return match is_local {
                true => self.make_local(table, destination),
                false => Err(Refused::LocalTarget(destination)),
            };
        }
        self.check_target(cx, found, target)?;
        self.check_destination(found, destination, target)?;
        let found = self.route_tables.get_mut(&table).expect("the table was just found");
        match found.routes.iter_mut().find(|route| route.destination == destination) {
            Some(route) => route.target = target,
            None => found.routes.push(Route { destination, target, origin: Origin::CreateRouteTable }),
        }
        Ok(())
    }

    fn make_local(&mut self, table: RouteTableId, destination: Destination) -> Result<(), Refused> {
        let found = self.route_tables.get_mut(&table).expect("the caller has found the table");
        found.routes.retain(|route| route.destination != destination);
        Ok(())
    }

    /// Removes the route for exactly `destination`.
    ///
    /// # Errors
    /// No such table; [`Refused::NoRoute`]; [`Refused::LocalRoute`]; [`EndpointRefusal::OwnRoute`].
    pub fn delete_route(
        &mut self,
        cx: &Cx,
        table: RouteTableId,
        destination: Destination,
    ) -> Result<(), Refused> {
        let found = self.route_tables.find(cx.scope, &table)?;
        if self.is_local(found.vpc, destination) {
            return Err(Refused::LocalRoute(table, destination));
        }
        if found.route(destination).is_none() {
            return Err(Refused::NoRoute(table, destination));
        }
        check_not_endpoint(found, destination)?;
        let found = self.route_tables.get_mut(&table).expect("the table was just found");
        found.routes.retain(|route| route.destination != destination);
        Ok(())
    }

    /// Removes the routes that stood in place of the local one for a block that the VPC has lost.
    pub(crate) fn drop_overrides(&mut self, vpc: VpcId, block: Cidr) {
        let destination = Destination::Cidr(block);
        let tables = self.route_tables.iter().filter(|table| table.vpc == vpc);
        let overridden = tables.filter(|table| table.route(destination).is_some()).map(|table| table.id);
        for id in overridden.collect::<Vec<_>>() {
            let table = self.route_tables.get_mut(&id).expect("its id was just listed");
            table.routes.retain(|route| route.destination != destination);
        }
    }

    fn is_local(&self, vpc: VpcId, destination: Destination) -> bool {
        matches!(destination, Destination::Cidr(cidr) if self.blocks(vpc).contains(&cidr))
    }

    fn check_target(&self, cx: &Cx, table: &RouteTable, target: Target) -> Result<(), Refused> {
        let scope = cx.scope;
        match target {
            Target::Local => Ok(()),
            Target::InternetGateway(id) => {
                match self.internet_gateways.get(&id).filter(|igw| igw.scope == scope) {
                    None => Err(Refused::NoSuchTarget(target)),
                    Some(igw) if igw.vpc != Some(table.vpc) => {
                        Err(Refused::DifferentNetworks(table.id, Stranger::InternetGateway(id)))
                    }
                    Some(_) => Ok(()),
                }
            }
            Target::Peering(id) => self.check_peering_target(cx, table.vpc, id),
            Target::Interface(id) | Target::Instance(_, id) => self.check_interface_target(scope, table, id),
            Target::EgressOnlyGateway(id) => match self.egress_only_gateways.find(scope, &id) {
                Err(_) => Err(Refused::NoSuchTarget(target)),
                Ok(gateway) if gateway.vpc != table.vpc => {
                    Err(Refused::DifferentNetworks(table.id, Stranger::EgressOnlyGateway(id)))
                }
                Ok(_) => Ok(()),
            },
            Target::NatGateway(id) => match self.nat_gateways.find(scope, &id) {
                Ok(nat) if nat.state.is_open() && nat.vpc == table.vpc => Ok(()),
                Ok(nat) if nat.state.is_open() => {
                    Err(Refused::DifferentNetworks(table.id, Stranger::NatGateway(id)))
                }
                _ => Err(Refused::NoSuchTarget(target)),
            },
            // A gateway that the VPC is not attached to is as good as none.
            Target::TransitGateway(id) => match self.transit_attachment_of(table.vpc, id) {
                Some(_) => Ok(()),
                None => Err(Refused::NoSuchTarget(target)),
            },
            // Gateway endpoints put their routes in themselves, and no route leads to an interface endpoint.
            Target::VpcEndpoint(id) => match self.endpoints.find(scope, &id) {
                Ok(_) => Err(EndpointRefusal::NotATarget(id).into()),
                Err(_) => Err(Refused::NoSuchTarget(target)),
            },
            // Weir has none of these.
            Target::VpnGateway(_) => Err(Refused::NoSuchTarget(target)),
        }
    }

    /// A route may lead to a peering connection that waits or is active, if the VPC is one of its sides.
    fn check_peering_target(&self, cx: &Cx, vpc: VpcId, id: PeeringId) -> Result<(), Refused> {
        let peering = self.peerings.get(&id).ok_or(Missing::Peering(id))?;
        let is_side = |side: &Side| side.scope == cx.scope && side.vpc == vpc;
        let is_joined = is_side(&peering.requester) || is_side(&peering.accepter);
        match is_joined && peering.status_at(cx.now).is_open() {
            true => Ok(()),
            false => Err(Missing::Peering(id).into()),
        }
    }

    fn check_interface_target(
        &self,
        scope: Scope,
        table: &RouteTable,
        id: InterfaceId,
    ) -> Result<(), Refused> {
        match self.interfaces.find(scope, &id)?.vpc == table.vpc {
            true => Ok(()),
            false => Err(Refused::DifferentNetworks(table.id, Stranger::Interface(id))),
        }
    }

    fn check_destination(
        &self,
        table: &RouteTable,
        destination: Destination,
        target: Target,
    ) -> Result<(), Refused> {
        let cidr = match destination {
            Destination::Cidr(cidr) => cidr,
            Destination::PrefixList(id) => return self.check_list_destination(table, id),
        };
        if is_kept_by_aws(cidr) {
            return Err(Refused::KeptDestination(cidr));
        }
        if !carries(target, cidr) {
            return Err(Refused::WrongFamily(target, cidr));
        }
        let blocks = self.blocks(table.vpc);
        let is_inside = blocks.iter().any(|block| block.covers(cidr));
        let is_whole = blocks.contains(&cidr) || self.is_subnet_block(table.vpc, cidr);
        let is_stop = is_interface(target) || matches!(target, Target::NatGateway(_));
        if is_inside && !(is_whole && is_stop) {
            return Err(Refused::InsideLocalRoute(cidr));
        }
        match table.is_of_gateway() && !(is_whole && is_interface(target)) {
            true => Err(Refused::NotForGatewayTable(table.id, cidr)),
            false => Ok(()),
        }
    }

    fn check_list_destination(&self, table: &RouteTable, id: PrefixListId) -> Result<(), Refused> {
        self.any_list(table.scope, id)?;
        match table.is_of_gateway() {
            true => Err(Refused::ListInGatewayTable(table.id, id)),
            false => Ok(()),
        }
    }

    /// Checks that a table may have one more route.
    pub(crate) fn check_room_for(&self, table: &RouteTable, destination: Destination) -> Result<(), Refused> {
        let all = table.routes.iter().map(|route| route.destination).chain([destination]);
        match self.has_room_for(table, all, None) {
            true => Ok(()),
            false => Err(Limit::RoutesPerTable.into()),
        }
    }

    /// Whether a table would still have room if a list were as `changed` says.
    pub(crate) fn has_room_for_routes(&self, table: &RouteTable, changed: &PrefixList) -> bool {
        self.has_room_for(table, table.routes.iter().map(|route| route.destination), Some(changed))
    }

    /// Whether a table may have routes for these destinations. IPv4 and IPv6 count apart, a prefix list for as many as it may
    /// have entries.
    fn has_room_for(
        &self,
        table: &RouteTable,
        destinations: impl Iterator<Item = Destination>,
        changed: Option<&PrefixList>,
    ) -> bool {
        let (mut v4, mut v6) = (0, 0);
        for destination in destinations {
            let (family, weight) = match destination {
                Destination::Cidr(cidr) => (Family::of(cidr), 1),
                Destination::PrefixList(id) => match self.prefix_list(table.scope.region, id) {
                    Some(list) => (list.family(), self.weight_of(&list, changed)),
                    None => (Family::V4, 1),
                },
            };
            match family {
                Family::V4 => v4 += weight,
                Family::V6 => v6 += weight,
            }
        }
        v4.max(v6) <= self.limits.routes_per_table
    }

    /// Whether `cidr` is exactly a block of one of the VPC's subnets.
    pub(super) fn is_subnet_block(&self, vpc: VpcId, cidr: Cidr) -> bool {
        self.subnets_of(vpc).any(|subnet| {
            let ipv6 = subnet.ipv6_cidr.as_ref().map(|held| Cidr::V6(held.cidr));
            subnet.cidr.map(Cidr::V4) == Some(cidr) || ipv6 == Some(cidr)
        })
    }
}
