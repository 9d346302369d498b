//! What hosts do: commands, and datagrams of their own.
//!
//! Source: RFC 791 and RFC 768 for the headers of a datagram.

use crate::world::{STRANGERS, World};
use std::net::{IpAddr, Ipv4Addr};
use weir_fabric::{HostName, frame};
use weir_model::Protocol;

/// Bytes of the two headers of a datagram.
const HEADERS: usize = 28;

/// A random command line, and where to run it.
pub fn command(world: &mut World) -> (HostName, String) {
    let from = world.any_instance();
    let host = match world.chance(20) {
        true => HostName::Internet(STRANGERS[0]),
        false => HostName::Instance(from),
    };
    let to = target(world, host);
    let (count, port) = (1 + world.below(8), world.pick(&[7, 22, 23, 80, 443]));
    let line = match world.below(4) {
        0 => format!("ping -q -c {count} -i 0.2 -W 2 {to}"),
        1 => format!("ping -q -c {count} -s {} -W 2 {to}", 100 * count),
        2 => format!("nc -z -w 3 {to} {port}"),
        _ if to.is_ipv6() => format!("curl -s -m 5 http://[{to}]:{port}/"),
        _ => format!("curl -s -m 5 http://{to}:{port}/"),
    };
    (host, line)
}

/// An address that is none of `host` itself.
fn target(world: &mut World, host: HostName) -> IpAddr {
    let to = world.any_instance();
    let among = world.addresses(to);
    if host == HostName::Instance(to) || among.is_empty() || world.chance(10) {
        return STRANGERS[1];
    }
    let six = matches!(host, HostName::Internet(_));
    let among: Vec<IpAddr> = among.into_iter().filter(|address| !six || address.is_ipv4()).collect();
    world.pick(&among)
}

/// A datagram between two hosts: who sends it, and its bytes.
pub type Datagram = (HostName, Vec<u8>);

/// A random datagram, and the one that would answer it.
pub fn datagrams(world: &mut World) -> Option<[Datagram; 2]> {
    let (from, to) = (world.any_instance(), world.any_instance());
    let v4 = |address: &IpAddr| match address {
        IpAddr::V4(address) => Some(*address),
        IpAddr::V6(_) => None,
    };
    let source = world.addresses(from).first().and_then(v4)?;
    let destination = world.addresses(to).first().and_then(v4)?;
    let (from_port, to_port) = (world.pick(&[5000, 5001]), world.pick(&[5000, 5001, 9]));
    let length = 1 + world.below(500);
    (from != to).then(|| {
        let (near, far) = ((source, from_port), (destination, to_port));
        [
            (HostName::Instance(from), datagram(near, far, length)),
            (HostName::Instance(to), datagram(far, near, length)),
        ]
    })
}

/// The bytes of a datagram with `length` bytes of payload.
fn datagram(from: (Ipv4Addr, u16), to: (Ipv4Addr, u16), length: usize) -> Vec<u8> {
    let mut bytes = vec![0; HEADERS + length];
    let [total, udp] = [HEADERS + length, length + 8].map(|length| (length as u16).to_be_bytes());
    (bytes[0], bytes[8], bytes[9]) = (0x45, 64, Protocol::UDP.0);
    bytes[2..4].copy_from_slice(&total);
    bytes[12..16].copy_from_slice(&from.0.octets());
    bytes[16..20].copy_from_slice(&to.0.octets());
    bytes[20..22].copy_from_slice(&from.1.to_be_bytes());
    bytes[22..24].copy_from_slice(&to.1.to_be_bytes());
    bytes[24..26].copy_from_slice(&udp);
    frame::fill_checksums(&mut bytes);
    bytes
}
