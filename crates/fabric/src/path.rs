//! What a host has learned of the largest packets that its paths take.
//!
//! Source: RFC 1191, section 6.3, and RFC 8201, section 5 (entries go stale after ten minutes); the least that is believed:
//! Linux, ip_rt_min_pmtu, and RFC 8200, section 5.

use std::collections::BTreeMap;
use std::net::IpAddr;
use weir_model::Nanos;

/// Most destinations that a host remembers; the one that goes stale first makes room.
const PATHS_MAX: usize = 256;
/// How long a host believes what it was told (Linux: mtu_expires).
const STALE_NS: u64 = 600_000_000_000;
/// The least MTU of an IPv4 path that a host believes, and so the least of all.
pub(crate) const LEAST: u16 = 552;
/// The least MTU of every IPv6 path.
const LEAST_V6: u16 = 1280;

/// The path MTUs of a host.
#[derive(Debug)]
pub(crate) struct Paths {
    own: u16,
    learned: BTreeMap<IpAddr, (u16, Nanos)>,
    least: u16,
}

impl Paths {
    /// Nothing learned yet: all paths take what the interface takes.
    pub(crate) fn new(own: u16) -> Paths {
        Paths { own, learned: BTreeMap::new(), least: own }
    }

    /// The largest packet that the host's interface takes.
    pub(crate) fn own(&self) -> u16 {
        self.own
    }

    /// A size up to which packets fit every path: what is not larger need not ask.
    pub(crate) fn least(&self) -> u16 {
        self.least
    }

    /// The largest packet that is known to fit the path to `destination`.
    pub(crate) fn to(&self, destination: IpAddr, now: Nanos) -> u16 {
        match self.learned.get(&destination) {
            Some((mtu, until)) if *until > now => *mtu,
            _ => self.own,
        }
    }

    /// Believes that the path to `destination` takes no more than `mtu`; it never makes a path larger. Whether that is news.
    pub(crate) fn learn(&mut self, destination: IpAddr, mtu: u16, now: Nanos) -> bool {
        let mtu = mtu.max(if destination.is_ipv4() { LEAST } else { LEAST_V6 });
        if mtu >= self.to(destination, now) {
            return false;
        }
        self.learned.retain(|_, (_, until)| *until > now);
        if self.learned.len() >= PATHS_MAX {
            let first = self.learned.iter().min_by_key(|(_, (_, until))| *until).map(|(known, _)| *known);
            first.map(|known| self.learned.remove(&known));
        }
        self.learned.insert(destination, (mtu, now.plus(STALE_NS)));
        self.least = self.learned.values().map(|(mtu, _)| *mtu).fold(self.own, u16::min);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_learned_is_believed_for_ten_minutes() {
        let mut paths = Paths::new(9001);
        let (near, far) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([8, 8, 8, 8]));
        assert!(paths.learn(far, 1500, Nanos(0)));
        assert!(!paths.learn(far, 4000, Nanos(0)));
        assert_eq!((paths.to(far, Nanos(1)), paths.to(near, Nanos(1)), paths.least()), (1500, 9001, 1500));
        assert_eq!(paths.to(far, Nanos(STALE_NS)), 9001);
    }

    #[test]
    fn tiny_paths_are_not_believed() {
        let mut paths = Paths::new(9001);
        paths.learn([8, 8, 8, 8].into(), 68, Nanos(0));
        paths.learn(IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1u16]), 68, Nanos(0));
        assert_eq!(paths.to([8, 8, 8, 8].into(), Nanos(0)), 552);
        assert_eq!(paths.to(IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1u16]), Nanos(0)), 1280);
    }

    #[test]
    fn the_list_is_bounded() {
        let mut paths = Paths::new(9001);
        for number in 0..1000u32 {
            paths.learn(IpAddr::V4(number.into()), 1500, Nanos(u64::from(number)));
        }
        assert_eq!(paths.learned.len(), PATHS_MAX);
        assert_eq!(paths.to(IpAddr::V4(999.into()), Nanos(1000)), 1500);
    }
}
