//! What happens to packets on the wire that do not simply arrive: too big, in parts, or out of time.
//!
//! Source: RFC 791 and 8200 (fragments), RFC 1191 and 8201 (path MTU), RFC 792 and 4443 (errors).

use crate::fabric::{Event, Fabric};
use crate::fragment::{self, Incomplete};
use crate::frame;
use crate::hosts::HostKey;
use crate::internet::{self, ROUTER_TTL, ROUTERS, SHARES};
use crate::latency;
use crate::loss::Loss;
use crate::trouble::{self, Complaint};
use std::net::IpAddr;
use weir_model::Protocol;
use weir_pipeline::packet::TTL;
use weir_pipeline::{Answer, Message, Packet, Port, Verdict, Way};

/// How long the answer of a subnet's router takes, in nanoseconds: about what the tracepath of the EC2 User Guide, "Network
/// MTU", shows.
const ROUTER_NS: u64 = 180_000;

/// The most bytes of an error from a router (RFC 1812, section 4.3.2.3).
const ERROR_BYTES_MAX: usize = 576;
/// The same over IPv6 (RFC 4443, section 2.4).
const ERROR_BYTES_MAX_V6: usize = 1280;

impl Fabric {
    /// Has the subnet's router tell the host at `from` that a packet was too big, if the network does so. A simulated host
    /// keeps a TCP packet for that.
    pub(crate) fn refuse_size(&mut self, from: HostKey, port: Port, packet: &Packet, bytes: &[u8]) {
        let Some(answer) = self.pipeline.answer(port, packet, self.now) else { return };
        if packet.protocol == Protocol::TCP
            && self.hosts.card(from).is_some_and(|card| !card.is_outside)
            && let Some(host) = self.hosts.get_mut(from)
        {
            host.machine.keep_refused(packet.destination, bytes.to_vec());
        }
        let Answer { source, destination, message: Message::TooBig { mtu }, bytes: length } = answer;
        let complaint = Complaint::TooBig { mtu };
        let error = trouble::write(complaint, (source, destination), TTL, (bytes, length as usize));
        self.push(ROUTER_NS, Event::Arrive(from, error.into()));
    }

    /// Splits a packet that is too big for its way and may be split.
    pub(crate) fn parts(&mut self, bytes: &[u8], mtu: u16) -> Option<Vec<Vec<u8>>> {
        // An identification of 0 means none.
        let id = self.random.below(u64::from(u16::MAX)) as u32 + 1;
        fragment::split(bytes, mtu.into(), id)
    }

    /// Takes in a part of a packet; the host gets the packet once it is whole.
    pub(crate) fn collect(&mut self, key: HostKey, bytes: Vec<u8>) {
        let Some(host) = self.hosts.get_mut(key) else { return self.lose(Loss::HostGone, bytes) };
        let expired = host.reassembly.expire(self.now);
        let whole = host.reassembly.add(&bytes, self.now);
        for _ in 0..expired {
            self.lose(Loss::Incomplete(Incomplete::TimedOut), Vec::new());
        }
        match whole {
            Ok(Some(whole)) => match frame::parse_checked(&whole) {
                Ok(packet) => self.hand_over(key, &packet, whole),
                Err(malformed) => self.lose(Loss::Malformed(malformed), whole),
            },
            Ok(None) => self.outbox.recycle(bytes),
            Err(incomplete) => self.lose(Loss::Incomplete(incomplete), bytes),
        }
    }

    /// Lets a packet pass the routers between a host on the internet and the gateway; false if its TTL runs out there, which
    /// the router tells the host.
    pub(crate) fn cross_inward(&mut self, from: HostKey, packet: &mut Packet, bytes: &mut [u8]) -> bool {
        if packet.ttl > ROUTERS {
            packet.ttl -= ROUTERS;
            frame::set_ttl(bytes, packet.ttl);
            return true;
        }
        let hops = packet.ttl.max(1);
        if let Some(error) = router_error(ROUTERS + 1 - hops, hops, packet, bytes) {
            let one_way = latency::path_of(Way::InternetGateway).base_ns;
            self.push(2 * one_way * u64::from(hops) / SHARES, Event::Arrive(from, error.into()));
        }
        false
    }

    /// Lets a packet pass the routers between the gateway and a host on the internet; false if its TTL runs out there, which
    /// the router tells the sender: its error comes in through the gateway as any packet does.
    pub(crate) fn cross_outward(&mut self, bytes: &mut [u8]) -> bool {
        let ttl = frame::ttl(bytes);
        if ttl > ROUTERS {
            frame::set_ttl(bytes, ttl - ROUTERS);
            return true;
        }
        let Ok(packet) = frame::parse(bytes) else { return false };
        if let Some(error) = router_error(ttl, ttl, &packet, bytes) {
            let one_way = latency::path_of(Way::InternetGateway).base_ns;
            let share = u64::from(ttl);
            self.push(one_way * share / SHARES, Event::Enter(share, error));
        }
        false
    }

    /// A router's packet comes to the gateway from a `share` of the way away.
    pub(crate) fn enter(&mut self, share: u64, bytes: Vec<u8>) {
        let Ok(packet) = frame::parse(&bytes) else { return };
        let verdict = self.pipeline.forward(Port::Internet, &packet, self.now);
        self.note_sent(Port::Internet, &packet, &verdict);
        match verdict {
            Verdict::Deliver(delivery) => self.deliver(share, &packet, &delivery, bytes.into()),
            Verdict::Service(service) => self.lose(Loss::Service(service), bytes),
            Verdict::Drop(reason) => self.lose(Loss::Dropped(reason), bytes),
        }
    }
}

/// What router `number`, this many hops from the packet's sender, says of a packet whose TTL has run out; nothing about other
/// errors and later fragments (RFC 1122, section 3.2.2), and nothing at all if it is a silent one.
fn router_error(number: u8, hops: u8, packet: &Packet, bytes: &[u8]) -> Option<Vec<u8>> {
    let is_later = matches!(packet.fragment, weir_pipeline::Fragment::Later { .. });
    if is_later || packet.is_icmp_error() {
        return None;
    }
    let router = internet::router(number, packet.source)?;
    let most = match router {
        IpAddr::V4(_) => ERROR_BYTES_MAX,
        IpAddr::V6(_) => ERROR_BYTES_MAX_V6,
    };
    let ttl = ROUTER_TTL - (hops - 1);
    Some(trouble::write(Complaint::TimeExceeded, (router, packet.source), ttl, (bytes, most)))
}
