//! Hosts that reach each other, and those that do not.

use crate::Test;
use crate::bed::{Site, tcp};
use crate::world::World;
use weir_model::route::Target;

pub const TESTS: &[Test] = &[
    ("two namespaces ping each other over a peering connection", over_a_peering),
    ("without a route nothing arrives", without_a_route),
    ("a namespace and a simulated host ping each other", mixed),
    ("a namespace reads a page of a simulated host", page_of_a_simulated_host),
    ("a simulated host reads a page of a namespace", page_of_a_namespace),
    ("two namespaces ping each other over IPv6", over_ipv6),
    ("two namespaces of one subnet ping each other", in_a_subnet),
    ("a namespace asks the metadata service and the resolver", platform),
];

/// Two sites with a peering connection and routes over it.
pub fn peered(world: &World) -> (Site, Site) {
    let mut bed = world.bed();
    let (one, other) = (bed.site("10.0.0.0/24"), bed.site("10.1.0.0/24"));
    let peering = bed.peer(&one, &other);
    bed.route_to(one.table, "10.1.0.0/16", Target::Peering(peering));
    bed.route_to(other.table, "10.0.0.0/16", Target::Peering(peering));
    (one, other)
}

fn over_a_peering(world: &mut World) {
    let (one, other) = peered(world);
    let (a, b) = (world.host(&one), world.host(&other));
    let output = world.run(a.name(), &format!("ping -c 3 -i 0.01 -W 2 {}", b.private));
    assert_eq!(output.exit_code, Some(0), "{output:?}");
    assert!(output.stdout.contains("3 packets transmitted, 3 received, 0% packet loss"), "{output:?}");
}

fn without_a_route(world: &mut World) {
    let (one, other) = {
        let mut bed = world.bed();
        (bed.site("10.0.0.0/24"), bed.site("10.1.0.0/24"))
    };
    let (a, b) = (world.host(&one), world.host(&other));
    let output = world.run(a.name(), &format!("ping -c 1 -W 0.2 {}", b.private));
    assert_eq!(output.exit_code, Some(1), "{output:?}");
    assert!(output.stdout.contains("1 packets transmitted, 0 received"), "{output:?}");
}

fn in_a_subnet(world: &mut World) {
    let site = world.bed().site("10.0.0.0/24");
    let (a, b) = (world.host(&site), world.host(&site));
    let output = world.run(a.name(), &format!("ping -c 2 -i 0.01 -W 2 {}", b.private));
    assert_eq!(output.exit_code, Some(0), "{output:?}");
}

fn mixed(world: &mut World) {
    let (one, other) = peered(world);
    let (a, b) = (world.host(&one), world.simulated(&other, None));
    for (from, to) in [(a, b), (b, a)] {
        let output = world.run(from.name(), &format!("ping -c 2 -W 2 {}", to.private));
        assert_eq!(output.exit_code, Some(0), "{output:?}");
        assert!(output.stdout.contains("2 packets transmitted, 2 received, 0% packet loss"), "{output:?}");
    }
}

/// A page over TCP: handshake, segments of several packets, and the end, on both stacks.
fn page_of_a_simulated_host(world: &mut World) {
    let (one, other) = peered(world);
    world.bed().allow(&other, tcp(80));
    let (a, b) = (world.host(&one), world.simulated(&other, Some("#weir listen tcp/80 http Hello")));
    let output = world.run(a.name(), &format!("curl -sS -m 5 http://{}/", b.private));
    assert_eq!(output.exit_code, Some(0), "{output:?}");
    assert!(output.stdout.contains("Hello"), "{output:?}");
}

const PAGE_BYTES: usize = 300_000;

fn page_of_a_namespace(world: &mut World) {
    let (one, other) = peered(world);
    world.bed().allow(&other, tcp(80));
    let (a, b) = (world.simulated(&one, None), world.host(&other));
    world.serve_page(&b, PAGE_BYTES);
    let output = world.run(a.name(), &format!("curl -s http://{}/page", b.private));
    assert_eq!((output.exit_code, output.stdout.len()), (Some(0), PAGE_BYTES), "{}", output.stderr);
}

fn over_ipv6(world: &mut World) {
    let site = world.bed().ipv6_site("10.0.0.0/24");
    let (a, b) = (world.host(&site), world.host(&site));
    let to = b.ipv6.expect("an IPv6 address");
    let output = world.run(a.name(), &format!("ping -6 -c 2 -i 0.01 -W 2 {to}"));
    assert_eq!(output.exit_code, Some(0), "{output:?}");
}

/// The services of the platform answer a namespace as they do a simulated host.
fn platform(world: &mut World) {
    let site = world.bed().site("10.0.0.0/24");
    let host = world.host(&site);
    let token = "$(curl -sS -m 5 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' http://169.254.169.254/latest/api/token)";
    let asked = format!(
        "curl -sS -m 5 -H \"X-aws-ec2-metadata-token: {token}\" http://169.254.169.254/latest/meta-data/instance-id"
    );
    let output = world.script(host.name(), &asked);
    assert_eq!(output.stdout, host.id.to_string(), "{output:?}");
    // Names outside the VPC are hosts of the simulated internet, which has the addresses of RFC 5737.
    let output = world.script(host.name(), "getent ahostsv4 www.example.org");
    let is_known =
        ["192.0.2.", "198.51.100.", "203.0.113."].iter().any(|block| output.stdout.starts_with(block));
    assert!(output.exit_code == Some(0) && is_known, "{output:?}");
}
