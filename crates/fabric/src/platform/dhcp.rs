//! DHCP, as an instance's interface is told its address and the VPC's DHCP options.
//!
//! One interface has one address for life, so there is nothing to negotiate: DISCOVER is offered it, REQUEST for it is
//! acknowledged and for another one refused, INFORM is told the options. The parts of RFC 2131 that a client of one server
//! needs are 240 bytes of fixed fields and a list of options; a crate for them would bring a DNS library with it.
//! Source: RFC 2131, sections 2 and 4.3; RFC 2132 (options); Amazon VPC User Guide, "DHCP option sets in Amazon VPC".

use crate::host::Lease;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The ports of server and client.
pub(super) const SERVER_PORT: u16 = 67;
const CLIENT_PORT: u16 = 68;

/// How long an address is lent, in seconds; it is renewed after half of it.
pub(crate) const LEASE_S: u32 = 3600;
/// The MTU of every interface.
const MTU: u16 = 9001;

const FIXED: usize = 240;
const MAGIC: [u8; 4] = [99, 130, 83, 99];
const BOOT_REQUEST: u8 = 1;
const BOOT_REPLY: u8 = 2;

const DISCOVER: u8 = 1;
const OFFER: u8 = 2;
const REQUEST: u8 = 3;
const ACK: u8 = 5;
const NAK: u8 = 6;
const INFORM: u8 = 8;

const OPTION_REQUESTED: u8 = 50;
const OPTION_LEASE: u8 = 51;
const OPTION_TYPE: u8 = 53;
const OPTION_SERVER: u8 = 54;
const OPTION_PAD: u8 = 0;
const OPTION_END: u8 = 255;

/// The answer and where it goes; `None` for what asks nothing that the server of these leases answers.
pub(super) fn answer(request: &[u8], leases: &[Lease]) -> Option<(SocketAddr, Vec<u8>)> {
    if request.len() < FIXED || request[0] != BOOT_REQUEST || request[FIXED - 4..FIXED] != MAGIC {
        return None;
    }
    let lease = leases.iter().find(|lease| request[28..34] == lease.mac)?;
    let options = &request[FIXED..];
    let current = Ipv4Addr::new(request[12], request[13], request[14], request[15]);
    let asked = *option(options, OPTION_TYPE)?.first()?;
    let kind = match asked {
        DISCOVER => OFFER,
        INFORM => ACK,
        REQUEST => {
            let server = option(options, OPTION_SERVER);
            if server.is_some_and(|server| server != lease.router.octets()) {
                return None;
            }
            let requested = option(options, OPTION_REQUESTED).unwrap_or(&request[12..16]);
            if requested == lease.address.octets() { ACK } else { NAK }
        }
        _ => return None,
    };
    let to = if current.is_unspecified() { lease.address } else { current };
    Some((SocketAddr::new(IpAddr::V4(to), CLIENT_PORT), reply(request, (kind, asked != INFORM), lease)))
}

/// Who is only told the options gets neither an address nor a lease of one (RFC 2131, 4.3.5).
fn reply(request: &[u8], (kind, is_leased): (u8, bool), lease: &Lease) -> Vec<u8> {
    let mut reply = vec![0; FIXED];
    reply[0] = BOOT_REPLY;
    // Hardware type and length, transaction, flags and hardware address are the client's.
    reply[1..3].copy_from_slice(&request[1..3]);
    reply[4..8].copy_from_slice(&request[4..8]);
    reply[10..16].copy_from_slice(&request[10..16]);
    reply[28..44].copy_from_slice(&request[28..44]);
    if kind != NAK && is_leased {
        reply[16..20].copy_from_slice(&lease.address.octets());
    }
    reply[FIXED - 4..].copy_from_slice(&MAGIC);
    put(&mut reply, OPTION_TYPE, &[kind]);
    put(&mut reply, OPTION_SERVER, &lease.router.octets());
    if kind != NAK && is_leased {
        put(&mut reply, OPTION_LEASE, &LEASE_S.to_be_bytes());
    }
    if kind != NAK {
        put_settings(&mut reply, lease);
    }
    reply.push(OPTION_END);
    reply
}

/// The options of an address, and those of the VPC's set, by their numbers in RFC 2132.
fn put_settings(reply: &mut Vec<u8>, lease: &Lease) {
    let mask = u32::MAX.checked_shl(32 - u32::from(lease.prefix)).unwrap_or(0);
    put(reply, 1, &mask.to_be_bytes());
    put(reply, 3, &lease.router.octets());
    put(reply, 6, &octets(&lease.resolvers));
    put(reply, 12, lease.hostname.as_bytes());
    put(reply, 15, lease.domain.as_bytes());
    put(reply, 26, &MTU.to_be_bytes());
    put(reply, 42, &octets(&lease.time_servers));
    put(reply, 44, &octets(&lease.netbios_servers));
    put(reply, 46, lease.netbios_node.as_slice());
}

/// Appends an option; one without a value, or too long for its length, is left out.
fn put(reply: &mut Vec<u8>, kind: u8, value: &[u8]) {
    if let Ok(length @ 1..) = u8::try_from(value.len()) {
        reply.extend([kind, length]);
        reply.extend(value);
    }
}

fn octets(addresses: &[IpAddr]) -> Vec<u8> {
    let ipv4 = addresses.iter().filter_map(|address| match address {
        IpAddr::V4(address) => Some(address.octets()),
        IpAddr::V6(_) => None,
    });
    ipv4.flatten().collect()
}

/// The value of an option.
fn option(mut options: &[u8], wanted: u8) -> Option<&[u8]> {
    loop {
        match options {
            [OPTION_PAD, rest @ ..] => options = rest,
            [OPTION_END, ..] | [] | [_] => return None,
            [kind, length, rest @ ..] => {
                let value = rest.get(..usize::from(*length))?;
                if *kind == wanted {
                    return Some(value);
                }
                options = &rest[value.len()..];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lease() -> Lease {
        let address = |text: &str| text.parse().expect("an address");
        Lease {
            mac: [2, 0, 0, 0, 0, 1],
            address: Ipv4Addr::new(10, 0, 0, 5),
            prefix: 24,
            router: Ipv4Addr::new(10, 0, 0, 1),
            resolvers: vec![address("10.0.0.2"), address("fd00::1")],
            hostname: "ip-10-0-0-5".to_owned(),
            domain: "ec2.internal".to_owned(),
            time_servers: Vec::new(),
            netbios_servers: Vec::new(),
            netbios_node: None,
        }
    }

    fn request(kind: u8, requested: Option<[u8; 4]>) -> Vec<u8> {
        let mut request = vec![0; FIXED];
        request[..3].copy_from_slice(&[BOOT_REQUEST, 1, 6]);
        request[28..34].copy_from_slice(&lease().mac);
        request[FIXED - 4..].copy_from_slice(&MAGIC);
        put(&mut request, OPTION_TYPE, &[kind]);
        put(&mut request, OPTION_REQUESTED, &requested.unwrap_or_default()[..]);
        request.push(OPTION_END);
        request
    }

    fn answered(request: &[u8]) -> Option<(SocketAddr, Vec<u8>)> {
        answer(request, &[lease()])
    }

    #[test]
    fn discover_is_offered_the_address_and_the_options() {
        let (to, offer) = answered(&request(DISCOVER, None)).expect("an answer");
        assert_eq!(to.to_string(), "10.0.0.5:68");
        assert_eq!(offer[16..20], [10, 0, 0, 5]);
        let expected: [(u8, &[u8]); 9] = [
            (OPTION_TYPE, &[OFFER]),
            (OPTION_SERVER, &[10, 0, 0, 1]),
            (OPTION_LEASE, &[0, 0, 14, 16]),
            (1, &[255, 255, 255, 0]),
            (3, &[10, 0, 0, 1]),
            (6, &[10, 0, 0, 2]),
            (12, b"ip-10-0-0-5"),
            (15, b"ec2.internal"),
            (26, &[35, 41]),
        ];
        for (kind, value) in expected {
            assert_eq!(option(&offer[FIXED..], kind), Some(value), "option {kind}");
        }
        assert_eq!(option(&offer[FIXED..], 42), None);
    }

    #[test]
    fn inform_is_told_the_options_and_given_no_lease() {
        let (_, reply) = answered(&request(INFORM, None)).expect("an answer");
        assert_eq!((&reply[16..20], option(&reply[FIXED..], OPTION_LEASE)), (&[0; 4][..], None));
        assert_eq!(option(&reply[FIXED..], OPTION_TYPE), Some(&[ACK][..]));
        assert_eq!(option(&reply[FIXED..], 6), Some(&[10, 0, 0, 2][..]));
    }

    #[test]
    fn a_request_for_the_address_is_acknowledged_and_for_another_refused() {
        for (requested, kind) in [([10, 0, 0, 5], ACK), ([10, 0, 0, 6], NAK)] {
            let (_, reply) = answered(&request(REQUEST, Some(requested))).expect("an answer");
            assert_eq!(option(&reply[FIXED..], OPTION_TYPE), Some(&[kind][..]));
        }
    }

    #[test]
    fn another_interface_and_hostile_bytes_get_no_answer() {
        let mut other = request(DISCOVER, None);
        other[33] = 9;
        let mut endless = request(DISCOVER, None);
        endless.truncate(FIXED);
        endless.extend([OPTION_TYPE, 200, 1]);
        for bytes in [&other[..], &endless, &other[..FIXED - 1], &[], &[0xff; 300]] {
            assert_eq!(answered(bytes), None);
        }
    }
}
