//! What the VPC's router says to the sender of a packet that is too big: "fragmentation needed", or "packet too big".
//!
//! The answer enters the sender's subnet like any packet: its ACL has to let it in; groups do, whatever their rules, as an
//! answer to what went out; the interface counts it. Errors about errors, about later fragments and to impossible sources are
//! never sent (RFC 1122, section 3.2.2; RFC 4443, section 2.4).
//!
//! Source: EC2 User Guide, "Network MTU", Path MTU Discovery (what is answered, that groups let it in; in its tracepath the
//! first address of the subnet names the path's MTU); VPC User Guide, "Path MTU Discovery" (ACLs have to allow it).
//! A TTL that runs out at a gateway is not answered: in the same example the first hops give no reply.
//! Assumption: the answer quotes as much of the packet as the RFCs allow (more than 64 bits, or that tracepath could show
//! no time); over IPv6 it comes from the first address of the subnet.

use crate::address::Address;
use crate::flow::Flow;
use crate::packet::{Fragment, InterfaceIdx, Packet, Port};
use crate::pipeline::Pipeline;
use crate::table::Table;
use crate::verdict::Reason;
use crate::walk::{NoConnections, Stop, Walk};
use std::net::IpAddr;
use weir_model::Nanos;

/// ICMP "fragmentation needed and DF set" (RFC 792, RFC 1191).
const FRAGMENTATION_NEEDED: (u8, u8) = (3, 4);
/// ICMPv6 "packet too big" (RFC 4443, section 3.2).
const PACKET_TOO_BIG: (u8, u8) = (2, 0);
/// The most bytes of an IPv4 error (RFC 1812, section 4.3.2.3).
const BYTES_MAX: u32 = 576;
/// Bytes of an IPv4 error before what it quotes.
const HEADERS: u32 = 28;
/// The most bytes of an IPv6 error: the least MTU (RFC 4443, section 2.4).
const BYTES_V6_MAX: u32 = 1280;
/// Bytes of an IPv6 error before what it quotes.
const HEADERS_V6: u32 = 48;

/// An ICMP error on its way back to the sender of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Who says so.
    pub source: IpAddr,
    /// To whom: the packet's source.
    pub destination: IpAddr,
    /// What it says.
    pub message: Message,
    /// Its bytes with IP header; what is left after the headers quotes the packet.
    pub bytes: u32,
}

/// What an ICMP error says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// The packet is larger than the path takes.
    TooBig {
        /// The largest packet that it takes, in bytes.
        mtu: u16,
    },
}

impl Pipeline {
    /// What the network answers to `packet`, which has just been dropped as [`Reason::TooBig`], and the interface that sent
    /// it lets in. The answer is counted there, let in or not.
    pub fn answer(&mut self, from: Port, packet: &Packet, now: Nanos) -> Option<Answer> {
        let Port::Interface(index) = from else { return None };
        if let Some(flow) = Flow::<u32>::of(packet) {
            let mtu = self.refused_above(&self.flows4, (index, flow), packet, now)?;
            self.deliver::<u32>((index, mtu), packet, now)
        } else {
            let flow = Flow::<u128>::of(packet)?;
            let mtu = self.refused_above(&self.flows6, (index, flow), packet, now)?;
            self.deliver::<u128>((index, mtu), packet, now)
        }
    }

    /// The MTU that `packet` exceeds, if it is dropped for that and may be answered.
    fn refused_above<A: Address>(
        &self,
        table: &Table<A>,
        (index, flow): (InterfaceIdx, Flow<A>),
        packet: &Packet,
        now: Nanos,
    ) -> Option<u16> {
        let decision = table.decision(&self.world, (Port::Interface(index), flow), packet, now);
        let is_too_big = matches!(decision.verdict, Err(Stop::Drop(Reason::TooBig)));
        let is_later = matches!(packet.fragment, Fragment::Later { .. });
        let may_be_answered = !is_later && !packet.is_icmp_error() && flow.source.is_of_a_host();
        (is_too_big && may_be_answered).then_some(decision.mtu)
    }

    /// Lets the answer in at the interface, or not.
    fn deliver<A: Address>(
        &mut self,
        (index, mtu): (InterfaceIdx, u16),
        packet: &Packet,
        now: Nanos,
    ) -> Option<Answer> {
        let source = self.router(index, packet.source)?;
        let reply = reply(source, packet);
        let walk = (&reply, Flow::<A>::of(&reply)?);
        let decision =
            Walk::new(&self.world.compiled, &NoConnections, &mut (), walk).enter_from_router(index);
        let count = (1, u64::from(reply.bytes));
        let seen = decision.arrival.and_then(|arrival| arrival.sighting(&self.world.compiled, count, now));
        seen.into_iter().for_each(|sighting| self.pending.add(sighting));
        let answer = Answer {
            source,
            destination: packet.source,
            message: Message::TooBig { mtu },
            bytes: reply.bytes,
        };
        decision.verdict.is_ok().then_some(answer)
    }

    /// The router's address in the subnet of an interface, of the family of `address`.
    fn router(&self, index: InterfaceIdx, address: IpAddr) -> Option<IpAddr> {
        let subnet = self.world.compiled.subnet(self.world.compiled.get(index)?);
        match address {
            IpAddr::V4(_) => subnet.router.map(IpAddr::V4),
            IpAddr::V6(_) => subnet.ipv6_cidr.and_then(|cidr| cidr.nth(1)).map(IpAddr::V6),
        }
    }
}

/// The router's message about `packet`.
fn reply(source: IpAddr, packet: &Packet) -> Packet {
    let (icmp, bytes) = match source {
        IpAddr::V4(_) => (FRAGMENTATION_NEEDED, (HEADERS + packet.bytes).min(BYTES_MAX)),
        IpAddr::V6(_) => (PACKET_TOO_BIG, (HEADERS_V6 + packet.bytes).min(BYTES_V6_MAX)),
    };
    Packet { quoted: Some(packet.tuple()), ..Packet::icmp(source, packet.source, icmp, bytes) }
}
