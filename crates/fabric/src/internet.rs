//! The routers between internet gateways and hosts on the internet: they lower the TTL, and most say so when it runs out.
//!
//! The same number on every path, each at an equal share of the way's time. Those next to the gateway keep silent, as in the
//! tracepath of the EC2 User Guide, "Network MTU", where the first three hops give no reply (the gateway is the first).
//! Assumption: their number is what is left of 64 in the TTLs that hosts on AWS commonly see; their addresses are from the
//! ranges for measurements and documentation (RFC 2544, RFC 3849), since they are no one's.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How many routers are on a path.
pub const ROUTERS: u8 = 13;

/// How many of them, next to the gateway, never answer.
const SILENT: u8 = 2;

/// The time to a router as a share of the time to the far end: the routers and the host divide it evenly.
pub(crate) const SHARES: u64 = ROUTERS as u64 + 1;

/// The TTL that routers give their own packets.
pub(crate) const ROUTER_TTL: u8 = 255;

/// The address of a router, counted from the gateway, of the family of `like`; `None` if it keeps silent.
pub(crate) fn router(number: u8, like: IpAddr) -> Option<IpAddr> {
    let answers = number > SILENT && number <= ROUTERS;
    answers.then(|| match like {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::new(198, 18, number, 1)),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0xffff, number.into(), 0, 0, 0, 1)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_routers_keep_silent() {
        let like = IpAddr::from([8, 8, 8, 8]);
        let answering: Vec<u8> = (0..=255).filter(|number| router(*number, like).is_some()).collect();
        assert_eq!(answering, (3..=13).collect::<Vec<u8>>());
    }
}
