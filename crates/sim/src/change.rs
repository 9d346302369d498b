//! What happens to the network while packets fly: one random command after another.

use crate::world::{SITES, Site, World, block};
use std::fmt::Debug;
use weir_model::acl::AclEntry;
use weir_model::group::{Direction, NewPeer, NewRule, RuleMatch};
use weir_model::interface::InterfaceChange;
use weir_model::protocol::{PortRange, Protocol, Traffic};
use weir_model::route::{Destination, Target};
use weir_model::{Cidr, Nanos, Refused, Tags};

/// Gives a random command to the network, and says which and what came of it.
///
/// # Errors
/// The network has lost an invariant, or a refused command has changed it.
pub fn change(world: &mut World, now: Nanos) -> Result<String, String> {
    let before = world.network.clone();
    let (what, outcome) = choose(world, now);
    if outcome.is_err() && before != world.network {
        return Err(format!("{what} was refused and has changed the network"));
    }
    world.network.check_invariants().map_err(|broken| format!("{what}: {broken}"))?;
    Ok(match outcome {
        Ok(()) => what,
        Err(refused) => format!("{what} (refused: {refused})"),
    })
}

type Outcome = (String, Result<(), Refused>);

fn choose(world: &mut World, now: Nanos) -> Outcome {
    match world.below(14) {
        0 | 1 => authorize(world, now),
        2 | 3 => revoke(world, now),
        4 => add_entry(world, now),
        5 => delete_entry(world, now),
        6 => delete_route(world, now),
        7 => create_route(world, now),
        8 => end_peering(world, now),
        9 => peer(world, now),
        10 => stop_or_start(world, now),
        11 => gateway(world, now),
        12 => delete_nat(world, now),
        _ => modify_interface(world, now),
    }
}

fn shown(value: impl Debug) -> String {
    format!("{value:?}")
}

fn traffic(world: &mut World) -> Traffic {
    let port = world.pick(&[7, 22, 80, 5000, 5001]);
    let ports = PortRange::new(port, port).expect("one port");
    world.pick(&[
        Traffic::All,
        Traffic::Ports(Protocol::TCP, ports),
        Traffic::Ports(Protocol::TCP, PortRange::ALL),
        Traffic::Ports(Protocol::UDP, ports),
        Traffic::Ports(Protocol::UDP, PortRange::ALL),
        Traffic::Icmp { protocol: Protocol::ICMP, kind: None, code: None },
        Traffic::Icmp { protocol: Protocol::ICMPV6, kind: None, code: None },
    ])
}

fn cidr(world: &mut World) -> Cidr {
    let site = world.below(SITES);
    let inside = format!("10.{site}.0.0/16");
    let subnet = format!("10.{site}.{}.0/24", world.below(2));
    block(&world.pick(&[
        "0.0.0.0/0".to_owned(),
        "::/0".to_owned(),
        inside,
        subnet,
        "203.0.113.0/24".to_owned(),
    ]))
}

fn direction(world: &mut World) -> Direction {
    world.pick(&[Direction::Ingress, Direction::Egress])
}

fn authorize(world: &mut World, now: Nanos) -> Outcome {
    let (site, other) = (world.below(SITES), world.below(SITES));
    let groups = world.sites[site].groups;
    let group = world.pick(&groups);
    let named = world.sites[other].groups[0];
    let peer = match world.chance(25) {
        true => NewPeer::Group { group: named, account: None },
        false => NewPeer::Cidr(cidr(world)),
    };
    let (direction, traffic) = (direction(world), traffic(world));
    let rules = vec![NewRule { traffic, peer, description: None }];
    let outcome = world.command(now, |network, cx| {
        network.authorize_rules(cx, group, (direction, rules), Tags::new()).map(drop)
    });
    (format!("authorize {group} {direction:?} {traffic:?} {peer:?}"), outcome)
}

fn revoke(world: &mut World, now: Nanos) -> Outcome {
    let site = world.below(SITES);
    let groups = world.sites[site].groups;
    let group = world.pick(&groups);
    let rules = world.network.groups.get(&group).map(|group| group.rules.clone()).unwrap_or_default();
    if rules.is_empty() {
        return (format!("revoke nothing of {group}"), Ok(()));
    }
    let rule = world.pick(&rules);
    let what = format!("revoke {group} {:?} {:?} {:?}", rule.direction, rule.traffic, rule.peer);
    let matches = vec![RuleMatch::Id(rule.id)];
    let outcome =
        world.command(now, |network, cx| network.revoke_rules(cx, group, rule.direction, matches).map(drop));
    (what, outcome)
}

fn add_entry(world: &mut World, now: Nanos) -> Outcome {
    let site = world.below(SITES);
    let acl = world.sites[site].acl;
    let entry = AclEntry {
        number: 1 + world.below(5) as u16,
        direction: direction(world),
        traffic: traffic(world),
        cidr: cidr(world),
        allow: world.chance(30),
    };
    let what = format!("entry {acl} {}", shown(&entry));
    (what, world.command(now, |network, cx| network.create_acl_entry(cx, acl, entry)))
}

fn delete_entry(world: &mut World, now: Nanos) -> Outcome {
    let site = world.below(SITES);
    let acl = world.sites[site].acl;
    let entries = world.network.acls.get(&acl).map(|acl| acl.entries.clone()).unwrap_or_default();
    // The entries that allow everything stay mostly: without them nothing would happen.
    let entries: Vec<AclEntry> = entries.into_iter().filter(|entry| entry.number < 100).collect();
    if entries.is_empty() {
        return (format!("delete no entry of {acl}"), Ok(()));
    }
    let AclEntry { number, direction, .. } = world.pick(&entries);
    let outcome = world.command(now, |network, cx| network.delete_acl_entry(cx, acl, direction, number));
    (format!("delete entry {acl} {direction:?} {number}"), outcome)
}

fn delete_route(world: &mut World, now: Nanos) -> Outcome {
    let site = world.below(SITES);
    let tables = [world.sites[site].table, world.sites[site].private];
    let table = world.pick(&tables);
    let routes = world.network.route_tables.get(&table).map(|table| table.routes.clone()).unwrap_or_default();
    if routes.is_empty() {
        return (format!("delete no route of {table}"), Ok(()));
    }
    let destination = world.pick(&routes).destination;
    let outcome = world.command(now, |network, cx| network.delete_route(cx, table, destination));
    (format!("delete route {table} {destination:?}"), outcome)
}

fn create_route(world: &mut World, now: Nanos) -> Outcome {
    let site = world.below(SITES);
    let Site { table, private, gateway, nat, egress_only, .. } = world.sites[site];
    let table = world.pick(&[table, private]);
    let peerings: Vec<_> = world.network.peerings.iter().map(|peering| peering.id).collect();
    let neighbour = world.sites[site].instances[0];
    let mut targets = vec![Target::InternetGateway(gateway), Target::InternetGateway(gateway)];
    targets.extend([Target::NatGateway(nat), Target::EgressOnlyGateway(egress_only)]);
    targets.extend(peerings.into_iter().map(Target::Peering));
    targets.extend(world.interface(neighbour).map(Target::Interface));
    let target = world.pick(&targets);
    let wide = world.pick(&["0.0.0.0/0", "::/0"]);
    let cidr = if world.chance(60) { block(wide) } else { cidr(world) };
    let destination = Destination::Cidr(cidr);
    let outcome = world.command(now, |network, cx| network.create_route(cx, table, destination, target));
    (format!("route {table} {cidr} {target:?}"), outcome)
}

fn end_peering(world: &mut World, now: Nanos) -> Outcome {
    let peerings: Vec<_> = world.network.peerings.iter().map(|peering| peering.id).collect();
    if peerings.is_empty() {
        return ("end no peering".to_owned(), Ok(()));
    }
    let id = world.pick(&peerings);
    (format!("end {id}"), world.command(now, |network, cx| network.delete_peering(cx, id)))
}

fn peer(world: &mut World, now: Nanos) -> Outcome {
    let (one, other) = world.pick(&[(0, 1), (1, 2), (0, 2)]);
    // Several commands: what the last refuses, the first may have done.
    let outcome = world.peer(one, other, now);
    let told = outcome.map_or_else(|refused| format!("not: {refused}"), |id| id.to_string());
    (format!("peer {one} {other}: {told}"), Ok(()))
}

fn stop_or_start(world: &mut World, now: Nanos) -> Outcome {
    let id = world.any_instance();
    match world.is_running(id) {
        true => {
            let stopped = world.command(now, |network, cx| network.stop_instances(cx, &[id]).map(drop));
            (format!("stop {id}"), stopped)
        }
        false => {
            let started = world.command(now, |network, cx| network.start_instances(cx, &[id]).map(drop));
            (format!("start {id}"), started)
        }
    }
}

fn gateway(world: &mut World, now: Nanos) -> Outcome {
    let site = world.below(SITES);
    let (vpc, id) = (world.sites[site].vpc, world.sites[site].gateway);
    let attached = world.network.internet_gateways.get(&id).is_some_and(|gateway| gateway.vpc.is_some());
    match attached {
        true => {
            let outcome = world.command(now, |network, cx| network.detach_internet_gateway(cx, id, vpc));
            (format!("detach {id}"), outcome)
        }
        false => {
            let outcome = world.command(now, |network, cx| network.attach_internet_gateway(cx, id, vpc));
            (format!("attach {id}"), outcome)
        }
    }
}

/// Now and then: nothing makes another one.
fn delete_nat(world: &mut World, now: Nanos) -> Outcome {
    let site = world.below(SITES);
    let nat = world.sites[site].nat;
    if world.chance(80) {
        return (format!("{nat} stays"), Ok(()));
    }
    (format!("delete {nat}"), world.command(now, |network, cx| network.delete_nat_gateway(cx, nat)))
}

fn modify_interface(world: &mut World, now: Nanos) -> Outcome {
    let site = world.below(SITES);
    let (instances, groups) = (world.sites[site].instances.clone(), world.sites[site].groups);
    let instance = world.pick(&instances);
    let Some(id) = world.interface(instance) else { return ("no interface".to_owned(), Ok(())) };
    let change = match world.below(3) {
        0 => InterfaceChange::Groups(vec![groups[0]]),
        1 => InterfaceChange::Groups(groups.to_vec()),
        _ => InterfaceChange::SourceDestCheck(world.chance(50)),
    };
    let what = format!("modify {id} {}", shown(&change));
    (what, world.command(now, |network, cx| network.modify_interface(cx, id, change)))
}
