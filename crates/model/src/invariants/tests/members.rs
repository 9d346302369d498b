//! Random commands about what lives in subnets, among commands that take subnets and VPCs away.

use super::{NOWHERE, furnished, pick};
use crate::address::AddressTarget;
use crate::group::{Direction, NewGroup, NewPeer, NewRule};
use crate::image::CATALOGUE;
use crate::instance::{HostNameChange, InstanceSettings, Launch, LaunchInterface, LaunchSource};
use crate::interface::{AddressChoice, InterfaceChange, Ipv6Choice, NewInterface};
use crate::peering::PeeringRequest;
use crate::protocol::Traffic;
use crate::route::{Destination, Target};
use crate::{Cidr, Cidr4, Cx, Ids, Network, Refused, Tags};
use proptest::prelude::*;

/// A command with places instead of ids, as in the parent module.
#[derive(Clone, Debug)]
enum Command {
    Launch(usize, u32, Option<bool>),
    LaunchWith(usize),
    Start(usize),
    Stop(usize),
    Terminate(usize),
    CreateInterface(usize, usize),
    DeleteInterface(usize),
    Attach(usize, usize, u16),
    Detach(usize),
    Assign(usize, usize),
    Unassign(usize, usize),
    SetGroups(usize, usize),
    Allocate,
    Associate(usize, usize, bool),
    AssociateInstance(usize, usize),
    Disassociate(usize),
    Release(usize),
    CreateGroup(usize, u8),
    Refer(usize, usize),
    DeleteGroup(usize),
    Peer(usize, usize),
    Accept(usize),
    EndPeering(usize),
    RouteToInterface(usize, usize),
    AddBlock(usize, u8),
    DeleteSubnet(usize),
    DeleteVpc(usize),
    DetachGateway(usize, usize),
}

fn apply(network: &mut Network, cx: &mut Cx, command: Command) -> Result<(), Refused> {
    use Command::*;
    let new = |groups, secondary_count| NewInterface {
        addresses: AddressChoice { secondary_count, ..AddressChoice::default() },
        ipv6: Ipv6Choice::BySubnet,
        groups,
        ..NewInterface::default()
    };
    match command {
        Launch(subnet, max, public) => {
            let subnet = Some(pick(&network.subnets, subnet));
            let source = LaunchSource::New { subnet, new: new(vec![], 0), public };
            network.run_instances(cx, launch(cx, max, source)).map(drop)
        }
        LaunchWith(interface) => {
            let source = LaunchSource::Existing(pick(&network.interfaces, interface));
            network.run_instances(cx, launch(cx, 1, source)).map(drop)
        }
        Start(place) => network.start_instances(cx, &[pick(&network.instances, place)]).map(drop),
        Stop(place) => network.stop_instances(cx, &[pick(&network.instances, place)]).map(drop),
        Terminate(place) => network.terminate_instances(cx, &[pick(&network.instances, place)]).map(drop),
        CreateInterface(subnet, group) => {
            let groups = vec![pick(&network.groups, group)];
            network.create_interface(cx, pick(&network.subnets, subnet), new(groups, group % 3)).map(drop)
        }
        DeleteInterface(place) => network.delete_interface(cx, pick(&network.interfaces, place)),
        Attach(interface, instance, index) => {
            let (interface, instance) =
                (pick(&network.interfaces, interface), pick(&network.instances, instance));
            network.attach_interface(cx, interface, instance, index).map(drop)
        }
        Detach(place) => {
            let interface = network.interfaces.get(&pick(&network.interfaces, place));
            let held = interface.and_then(|interface| interface.attachment.as_ref()).map(|held| held.id);
            network.detach_interface(cx, held.unwrap_or_else(|| Ids::new(999).fresh()))
        }
        Assign(place, secondary_count) => {
            let choice = AddressChoice { secondary_count, ..AddressChoice::default() };
            network.assign_addresses(cx, pick(&network.interfaces, place), choice, false).map(drop)
        }
        Unassign(place, address) => {
            let id = pick(&network.interfaces, place);
            let held = network.interfaces.get(&id).and_then(|interface| interface.addresses.get(address));
            let address = held.map_or([10, 0, 0, 9].into(), |held| held.private);
            network.unassign_addresses(cx, id, &[address])
        }
        SetGroups(place, group) => {
            let change = InterfaceChange::Groups(vec![pick(&network.groups, group)]);
            network.modify_interface(cx, pick(&network.interfaces, place), change)
        }
        Allocate => network.allocate_address(cx, None, Tags::new()).map(drop),
        Associate(address, interface, may_move) => {
            let target = (AddressTarget::Interface(pick(&network.interfaces, interface)), None);
            network.associate_address(cx, pick(&network.addresses, address), target, may_move).map(drop)
        }
        AssociateInstance(address, instance) => {
            let target = (AddressTarget::Instance(pick(&network.instances, instance)), None);
            network.associate_address(cx, pick(&network.addresses, address), target, true).map(drop)
        }
        Disassociate(place) => {
            let address = network.addresses.get(&pick(&network.addresses, place));
            let held = address.and_then(|address| address.association.as_ref()).map(|held| held.id);
            network.disassociate_address(cx, held.unwrap_or_else(|| Ids::new(999).fresh()))
        }
        Release(place) => network.release_address(cx, pick(&network.addresses, place)),
        CreateGroup(vpc, name) => {
            let (vpc, name) = (pick(&network.vpcs, vpc), format!("group {name}"));
            let new = NewGroup { vpc, name, description: "a group".to_owned(), tags: Tags::new() };
            network.create_group(cx, new).map(drop)
        }
        Refer(group, other) => {
            let peer = NewPeer::Group { group: pick(&network.groups, other), account: None };
            let rule = NewRule { traffic: Traffic::All, peer, description: None };
            let rules = (Direction::Ingress, vec![rule]);
            network.authorize_rules(cx, pick(&network.groups, group), rules, Tags::new()).map(drop)
        }
        DeleteGroup(place) => network.delete_group(cx, pick(&network.groups, place)),
        Peer(one, other) => {
            let (vpc, peer_vpc) = (pick(&network.vpcs, one), pick(&network.vpcs, other));
            let request = PeeringRequest { vpc, peer_vpc, peer: cx.scope, tags: Tags::new() };
            network.request_peering(cx, request).map(drop)
        }
        Accept(place) => network.accept_peering(cx, pick(&network.peerings, place)),
        EndPeering(place) => network.delete_peering(cx, pick(&network.peerings, place)),
        RouteToInterface(table, interface) => {
            let to = Destination::Cidr(Cidr::V4(Cidr4::ALL));
            let target = Target::Interface(pick(&network.interfaces, interface));
            network.create_route(cx, pick(&network.route_tables, table), to, target)
        }
        AddBlock(vpc, third) => {
            let cidr = Cidr4::new([10, third, 0, 0].into(), 16).expect("a /16");
            network.add_vpc_block(cx, pick(&network.vpcs, vpc), cidr).map(drop)
        }
        DeleteSubnet(place) => network.delete_subnet(cx, pick(&network.subnets, place)),
        DeleteVpc(place) => network.delete_vpc(cx, pick(&network.vpcs, place)),
        DetachGateway(gateway, vpc) => {
            let (gateway, vpc) = (pick(&network.internet_gateways, gateway), pick(&network.vpcs, vpc));
            network.detach_internet_gateway(cx, gateway, vpc)
        }
    }
}

fn launch(cx: &Cx, max: u32, source: LaunchSource) -> Launch {
    Launch {
        min: 1,
        max,
        image: CATALOGUE[0].id(cx.scope.region),
        instance_type: "t2.micro".to_owned(),
        zone: None,
        interfaces: vec![LaunchInterface { device_index: 0, delete_on_termination: None, source }],
        key_name: None,
        user_data: None,
        termination_protected: false,
        instance_profile: None,
        host_names: HostNameChange::default(),
        devices: Vec::new(),
        volume_tags: Tags::new(),
        settings: InstanceSettings::default(),
        tags: Tags::new(),
    }
}

fn command() -> impl Strategy<Value = Command> {
    use Command::*;
    let at = || 0..=NOWHERE;
    let instances = prop_oneof![
        3 => (at(), 1u32..4, any::<Option<bool>>()).prop_map(|(subnet, max, public)| Launch(subnet, max, public)),
        1 => at().prop_map(LaunchWith),
        1 => at().prop_map(Start),
        1 => at().prop_map(Stop),
        1 => at().prop_map(Terminate),
    ];
    let interfaces = prop_oneof![
        3 => (at(), at()).prop_map(|(subnet, group)| CreateInterface(subnet, group)),
        1 => at().prop_map(DeleteInterface),
        3 => (at(), at(), 0u16..3).prop_map(|(interface, instance, index)| Attach(interface, instance, index)),
        1 => at().prop_map(Detach),
        1 => (at(), 0usize..3).prop_map(|(interface, count)| Assign(interface, count)),
        1 => (at(), 0usize..3).prop_map(|(interface, address)| Unassign(interface, address)),
        1 => (at(), at()).prop_map(|(interface, group)| SetGroups(interface, group)),
    ];
    let addresses = prop_oneof![
        2 => Just(Allocate),
        3 => (at(), at(), any::<bool>()).prop_map(|(address, to, may_move)| Associate(address, to, may_move)),
        2 => (at(), at()).prop_map(|(address, instance)| AssociateInstance(address, instance)),
        1 => at().prop_map(Disassociate),
        1 => at().prop_map(Release),
    ];
    let groups = prop_oneof![
        2 => (at(), 0u8..3).prop_map(|(vpc, name)| CreateGroup(vpc, name)),
        2 => (at(), at()).prop_map(|(group, other)| Refer(group, other)),
        1 => at().prop_map(DeleteGroup),
    ];
    let peerings = prop_oneof![
        2 => (at(), at()).prop_map(|(one, other)| Peer(one, other)),
        2 => at().prop_map(Accept),
        1 => at().prop_map(EndPeering),
        1 => (at(), 0u8..3).prop_map(|(vpc, third)| AddBlock(vpc, third)),
    ];
    let network = prop_oneof![
        (at(), at()).prop_map(|(table, interface)| RouteToInterface(table, interface)),
        at().prop_map(DeleteSubnet),
        at().prop_map(DeleteVpc),
        (at(), at()).prop_map(|(gateway, vpc)| DetachGateway(gateway, vpc)),
    ];
    prop_oneof![4 => instances, 4 => interfaces, 3 => addresses, 2 => groups, 2 => peerings, 1 => network]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn random_commands_on_members_keep_invariants(commands in prop::collection::vec(command(), 1..80)) {
        let mut world = furnished();
        for command in commands {
            let _ = world.run(|network, cx| apply(network, cx, command));
        }
    }
}
