//! Names of the simulated internet: each stands for one address of each family, which depends on the name alone.
//!
//! Assumption: there is no internet to ask, so names that could exist do. Their addresses are of the ranges kept for
//! documentation (RFC 5737: 192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24; RFC 3849: 2001:db8::/32), which are nobody's.

use super::{Answer, Kind, addresses};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How long answers about the internet may be kept, in seconds.
pub const TTL_S: u32 = 300;

/// Top-level domains without names (RFC 6761, 6762, 7686, 8375, 9476, and ICANN's `internal`).
const EMPTY: [&str; 9] =
    ["alt", "arpa", "example", "internal", "invalid", "local", "localhost", "onion", "test"];

/// What a name of the internet stands for.
pub fn answer(name: &str, kind: Kind) -> Answer {
    if !exists(name) {
        return Answer::NoName;
    }
    let hash = hash(name);
    addresses([ipv4(hash), ipv6(hash)], kind)
}

/// Whether it looks like a host name under a top-level domain.
fn exists(name: &str) -> bool {
    let Some((rest, top)) = name.rsplit_once('.') else { return false };
    let is_label = |label: &str| {
        let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        !label.is_empty() && label.bytes().all(is_letter)
    };
    let is_top = top.len() >= 2 && top.bytes().all(|byte| byte.is_ascii_alphabetic());
    is_top && !EMPTY.contains(&top) && rest.split('.').all(is_label)
}

fn ipv4(hash: u64) -> IpAddr {
    const NETWORKS: [[u8; 3]; 3] = [[192, 0, 2], [198, 51, 100], [203, 0, 113]];
    let [a, b, c] = NETWORKS[(hash % 3) as usize];
    IpAddr::V4(Ipv4Addr::new(a, b, c, (hash / 3 % 254) as u8 + 1))
}

fn ipv6(hash: u64) -> IpAddr {
    IpAddr::V6(Ipv6Addr::from(0x2001_0db8u128 << 96 | u128::from(hash)))
}

/// FNV-1a.
fn hash(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
