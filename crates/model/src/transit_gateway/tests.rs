//! Transit gateways in small networks. Expectations: Amazon VPC Transit Gateways guide.

use super::attachment::{NewTransitAttachment, TransitAttachmentChange};
use super::peering::NewTransitPeering;
use super::{
    NewTransitGateway, SEEN_MS, TransitAttachmentOptions, TransitHop, TransitReference, TransitRefusal,
    TransitRoute, TransitState,
};
use crate::interface::InterfaceKind;
use crate::prefix_list::{Entry, Family, NewPrefixList, PrefixListChange, PrefixListState, Referrer};
use crate::route::{Destination, RouteState, Target};
use crate::subnet::NewSubnet;
use crate::testing::{World, scope};
use crate::*;

/// A network with a transit gateway.
struct Hub {
    world: World,
    gateway: TransitGatewayId,
}

fn hub() -> Hub {
    let mut world = World::new();
    let gateway = gateway(&mut world);
    Hub { world, gateway }
}

fn gateway(world: &mut World) -> TransitGatewayId {
    let new = NewTransitGateway::default();
    world.run(|network, cx| network.create_transit_gateway(cx, new)).expect("a gateway")
}

impl Hub {
    fn default_table(&self) -> TransitTableId {
        let gateway = self.world.network.transit_gateways.get(&self.gateway).expect("a gateway");
        gateway.options.association_table.expect("a default table")
    }

    /// A VPC with a subnet in the zone with this letter.
    fn spoke(&mut self, cidr: &str, letter: char) -> (VpcId, SubnetId) {
        let vpc = self.world.vpc(cidr);
        let zone = ZoneName::new(self.world.scope.region, letter);
        let cidr = Some(cidr.replace("/16", "/24").parse().expect("a block"));
        let new = NewSubnet { vpc, zone, cidr, ipv6_cidr: None, tags: Tags::new() };
        (vpc, self.world.run(|network, cx| network.create_subnet(cx, new)).expect("a subnet"))
    }

    fn try_attach(&mut self, vpc: VpcId, subnets: &[SubnetId]) -> Result<TransitAttachmentId, Refused> {
        let new = NewTransitAttachment {
            gateway: self.gateway,
            vpc,
            subnets: subnets.to_vec(),
            options: TransitAttachmentOptions::default(),
            tags: Tags::new(),
        };
        self.world.run(|network, cx| network.create_transit_attachment(cx, new))
    }

    /// A list of these blocks that may have three.
    fn list(&mut self, blocks: &[&str]) -> PrefixListId {
        let entry = |block: &&str| Entry { cidr: block.parse().expect("a block"), description: None };
        let new = NewPrefixList {
            name: "list".to_owned(),
            family: Family::V4,
            max_entries: 3,
            entries: blocks.iter().map(entry).collect(),
            tags: Tags::new(),
        };
        self.world.run(|network, cx| network.create_prefix_list(cx, new)).expect("a list")
    }

    fn refer(&mut self, list: PrefixListId, hop: TransitHop) -> Result<(), Refused> {
        let table = self.default_table();
        let reference = TransitReference { list, hop };
        self.world.run(|network, cx| network.create_transit_reference(cx, table, reference))
    }

    fn attach(&mut self, (vpc, subnet): (VpcId, SubnetId)) -> TransitAttachmentId {
        self.try_attach(vpc, &[subnet]).expect("an attachment")
    }

    /// The blocks of a table, with `!` before those that lead nowhere.
    fn routes(&self, table: TransitTableId) -> Vec<String> {
        let table = self.world.network.transit_tables.get(&table).expect("a table");
        let text = |route: &super::ListedTransitRoute| match route.is_active {
            true => route.destination.to_string(),
            false => format!("!{}", route.destination),
        };
        self.world.network.transit_routes(table).iter().map(text).collect()
    }
}

#[test]
fn an_attachment_opens_a_door_in_each_subnet() {
    let mut hub = hub();
    let (vpc, subnet) = hub.spoke("10.1.0.0/16", 'a');
    let id = hub.attach((vpc, subnet));
    let network = &hub.world.network;
    let attachment = network.transit_attachments.get(&id).expect("an attachment");
    assert_eq!(attachment.doors.len(), 1);
    let door = network.interfaces.get(&attachment.doors[0].interface).expect("an interface");
    assert_eq!((door.subnet, door.kind), (subnet, InterfaceKind::TransitGateway));
    assert!(door.groups.is_empty() && !door.source_dest_check && door.attachment.is_some());
    assert_eq!(attachment.association, Some(hub.default_table()));
    assert_eq!(hub.routes(hub.default_table()), ["10.1.0.0/16"]);
}

#[test]
fn a_route_needs_an_attachment_of_its_vpc() {
    let mut hub = hub();
    let (vpc, subnet) = hub.spoke("10.1.0.0/16", 'a');
    let table = hub.world.network.main_table(vpc).expect("a main table").id;
    let (to, via) = (Destination::Cidr("10.0.0.0/8".parse().unwrap()), Target::TransitGateway(hub.gateway));
    let route = |hub: &mut Hub| hub.world.run(|network, cx| network.create_route(cx, table, to, via));
    assert_eq!(route(&mut hub), Err(Refused::NoSuchTarget(via)));
    let id = hub.attach((vpc, subnet));
    assert_eq!(route(&mut hub), Ok(()));
    let state = |hub: &Hub| {
        let route = hub.world.network.route_tables.get(&table).unwrap().route(to).unwrap().clone();
        hub.world.network.route_state(vpc, &route)
    };
    assert_eq!(state(&hub), RouteState::Active);
    assert_eq!(hub.world.run(|network, cx| network.delete_transit_attachment(cx, id)), Ok(()));
    assert_eq!(state(&hub), RouteState::Blackhole);
}

#[test]
fn static_routes_hide_propagated_ones() {
    let mut hub = hub();
    let spoke = hub.spoke("10.1.0.0/16", 'a');
    hub.attach(spoke);
    let table = hub.default_table();
    let destination = "10.1.0.0/16".parse().unwrap();
    let route = TransitRoute { destination, hop: TransitHop::Blackhole };
    assert_eq!(hub.world.run(|network, cx| network.create_transit_route(cx, table, route)), Ok(()));
    assert_eq!(hub.routes(table), ["!10.1.0.0/16"]);
    let again = hub.world.run(|network, cx| network.create_transit_route(cx, table, route));
    assert_eq!(again, Err(TransitRefusal::RouteExists(destination).into()));
    let removed = hub.world.run(|network, cx| network.delete_transit_route(cx, table, destination));
    assert_eq!(removed, Ok(route));
    assert_eq!(hub.routes(table), ["10.1.0.0/16"]);
}

#[test]
fn so_many_routes_and_no_more() {
    let mut hub = hub();
    hub.world.network.limits.transit_routes = 0;
    let table = hub.default_table();
    let route = TransitRoute { destination: "10.1.0.0/16".parse().unwrap(), hop: TransitHop::Blackhole };
    let outcome = hub.world.run(|network, cx| network.create_transit_route(cx, table, route));
    assert_eq!(outcome, Err(Limit::TransitRoutes.into()));
}

#[test]
fn ipv6_blocks_propagate_with_ipv6_support_only() {
    let mut hub = hub();
    let new = crate::vpc::NewVpc {
        cidr: "10.1.0.0/16".parse().unwrap(),
        ipv6: true,
        tenancy: "default".to_owned(),
        tags: Tags::new(),
    };
    let vpc = hub.world.run(|network, cx| network.create_vpc(cx, new)).unwrap();
    let block = hub.world.network.vpcs.get(&vpc).unwrap().ipv6_cidrs[0].cidr;
    let ipv6_cidr = Cidr6::new(block.nth(0).unwrap(), 64);
    let cidr = Some("10.1.0.0/24".parse().unwrap());
    let new = NewSubnet { vpc, zone: None, cidr, ipv6_cidr, tags: Tags::new() };
    let subnet = hub.world.run(|network, cx| network.create_subnet(cx, new)).unwrap();
    let id = hub.attach((vpc, subnet));
    assert_eq!(hub.routes(hub.default_table()), ["10.1.0.0/16"]);
    let change = TransitAttachmentChange { ipv6_support: Some(true), ..Default::default() };
    assert_eq!(hub.world.run(|network, cx| network.modify_transit_attachment(cx, id, change)), Ok(()));
    assert_eq!(hub.routes(hub.default_table()), ["10.1.0.0/16".to_owned(), block.to_string()]);
}

#[test]
fn what_was_deleted_is_forgotten_after_a_while() {
    let mut hub = hub();
    let spoke = hub.spoke("10.1.0.0/16", 'a');
    let id = hub.attach(spoke);
    assert_eq!(hub.world.run(|network, cx| network.delete_transit_attachment(cx, id)), Ok(()));
    let gateway = hub.gateway;
    assert_eq!(hub.world.run(|network, cx| network.delete_transit_gateway(cx, gateway)), Ok(()));
    let network = &mut hub.world.network;
    network.step(Timestamp(SEEN_MS - 1));
    assert_eq!(network.transit_attachments.get(&id).map(|found| found.state), Some(TransitState::Deleted));
    network.step(Timestamp(SEEN_MS));
    assert!(network.transit_attachments.is_empty() && network.transit_gateways.is_empty());
    assert!(network.transit_tables.is_empty());
}

#[test]
fn inside_a_region_each_side_of_a_peering_has_an_id() {
    let mut hub = hub();
    let other = gateway(&mut hub.world);
    let new = NewTransitPeering {
        gateway: hub.gateway,
        peer_gateway: other,
        peer: hub.world.scope,
        tags: Tags::new(),
    };
    let id = hub.world.run(|network, cx| network.request_transit_peering(cx, new)).expect("an id");
    let peering = hub.world.network.transit_peerings.get(&id).expect("a peering").clone();
    assert_ne!(peering.requester.attachment, peering.accepter.attachment);
    let far = peering.accepter.attachment;
    assert_eq!(hub.world.run(|network, cx| network.accept_transit_peering(cx, far)), Ok(()));
    let ends = hub.world.network.transit_ends_in(hub.world.scope);
    let seen: Vec<_> = ends.iter().map(|end| (end.gateway(), end.resource_id())).collect();
    assert_eq!(seen.len(), 2);
    assert!(
        seen.contains(&(hub.gateway, other.to_string())) && seen.contains(&(other, hub.gateway.to_string()))
    );
}

#[test]
fn a_stranger_sees_nothing_of_it() {
    let mut hub = hub();
    let spoke = hub.spoke("10.1.0.0/16", 'a');
    let id = hub.attach(spoke);
    hub.world.scope = scope("333333333333");
    assert!(hub.world.network.transit_ends_in(hub.world.scope).is_empty());
    let outcome = hub.world.run(|network, cx| network.delete_transit_attachment(cx, id));
    assert_eq!(outcome, Err(Missing::TransitVpcAttachment(id).into()));
}

#[test]
fn two_subnets_of_a_zone_are_refused() {
    let mut hub = hub();
    let (vpc, subnet) = hub.spoke("10.1.0.0/16", 'a');
    let beside = hub.world.subnet(vpc, "10.1.1.0/24");
    assert_eq!(hub.try_attach(vpc, &[subnet, beside]), Err(TransitRefusal::SameZone.into()));
    assert_eq!(hub.try_attach(vpc, &[subnet, subnet]), Err(TransitRefusal::SameZone.into()));
}

// "Route evaluation order": static routes, then prefix list referenced routes, then VPC-propagated routes.
#[test]
fn a_static_route_comes_before_a_list_and_that_before_a_propagated_one() {
    let mut hub = hub();
    let spoke = hub.spoke("10.1.0.0/16", 'a');
    let attachment = hub.attach(spoke);
    let (first, second) =
        (hub.list(&["10.1.0.0/16", "10.2.0.0/16", "10.3.0.0/16"]), hub.list(&["10.2.0.0/16"]));
    assert_eq!(hub.refer(first, TransitHop::Blackhole), Ok(()));
    assert_eq!(hub.refer(second, TransitHop::Attachment(attachment)), Ok(()));
    let table = hub.default_table();
    let route = TransitRoute {
        destination: "10.3.0.0/16".parse().expect("a block"),
        hop: TransitHop::Attachment(attachment),
    };
    assert_eq!(hub.world.run(|network, cx| network.create_transit_route(cx, table, route)), Ok(()));
    let network = &hub.world.network;
    let routes = network.transit_routes(network.transit_tables.get(&table).expect("a table"));
    let shown: Vec<_> =
        routes.iter().map(|route| (route.destination.to_string(), route.list, route.to)).collect();
    let expected = [
        ("10.1.0.0/16", Some(first), None),
        ("10.2.0.0/16", Some(first), None),
        ("10.3.0.0/16", None, Some(attachment)),
    ];
    assert_eq!(shown, expected.map(|(block, list, to)| (block.to_owned(), list, to)));
}

// "Managed prefix lists": the greatest number of entries counts against the quota of the resource that refers to the list.
#[test]
fn a_reference_counts_as_the_entries_that_its_list_may_have_and_holds_it() {
    let mut hub = hub();
    let (list, other) = (hub.list(&["10.1.0.0/16"]), hub.list(&[]));
    let table = hub.default_table();
    hub.world.network.limits.transit_routes = 5;
    assert_eq!(hub.refer(list, TransitHop::Blackhole), Ok(()));
    assert_eq!(
        hub.refer(list, TransitHop::Blackhole),
        Err(TransitRefusal::ReferenceExists(table, list).into())
    );
    assert_eq!(hub.refer(other, TransitHop::Blackhole), Err(Limit::TransitRoutes.into()));
    let grow = |size| PrefixListChange { max_entries: Some(size), ..PrefixListChange::default() };
    assert_eq!(hub.world.run(|network, cx| network.modify_prefix_list(cx, list, grow(6))), Ok(()));
    let state = hub.world.network.prefix_lists.get(&list).expect("a list").state.clone();
    assert_eq!(state, PrefixListState::ModifyFailed(vec![Referrer::TransitTable(table)]));
    let delete = |network: &mut Network, cx: &mut Cx| network.delete_prefix_list(cx, list).map(|_| ());
    assert_eq!(hub.world.run(delete), Err(Held::PrefixList(list).into()));
    let gone = hub.world.run(|network, cx| network.delete_transit_reference(cx, table, list).map(|_| ()));
    assert_eq!((gone, hub.world.run(delete)), (Ok(()), Ok(())));
    let again = hub.world.run(|network, cx| network.delete_transit_reference(cx, table, list).map(|_| ()));
    assert_eq!(again, Err(TransitRefusal::NoReference(table, list).into()));
}
