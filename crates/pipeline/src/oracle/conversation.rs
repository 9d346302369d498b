//! What security groups say of a packet, and the conversations that they remember.

use super::gates::quoting;
use super::{Oracle, Sent, all_ports, is_for_all, rule_matches};
use crate::packet::{ACK, FIN, RST, SYN};
use std::net::IpAddr;
use weir_model::group::{Direction, Group, GroupRule};
use weir_model::interface::{Interface, InterfaceKind, TrackingTimeouts};
use weir_model::{Nanos, Network, Protocol};

/// The two ends of a conversation, seen from an interface.
pub(super) type Ends = (IpAddr, IpAddr, u8, u16, u16, u16);

#[derive(Clone, Debug)]
pub(super) struct Conversation {
    last: Nanos,
    last_direction: Direction,
    turns: u32,
    fins: Vec<Direction>,
    closed: bool,
    /// The time-outs of the interface when its last packet passed.
    set: TrackingTimeouts,
}

/// What the groups of an interface said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// Yes, and from now on the connection is tracked.
    YesTracked,
    /// Yes, and the connection is not tracked.
    Yes,
    /// Yes, because the connection is tracked.
    Known,
    /// No: the tracked connection has closed.
    Closed,
    /// No rule says yes.
    No,
}

impl Oracle {
    pub(super) fn groups(
        &self,
        network: &Network,
        interface: &Interface,
        sent: Sent,
        direction: Direction,
    ) -> Said {
        if interface.groups.is_empty() {
            return Said::Yes;
        }
        let ends = if direction == Direction::Egress { leaving_ends(sent) } else { arriving_ends(sent) };
        let opens = sent.packet.protocol == Protocol::TCP && sent.packet.tcp_flags & (SYN | ACK) == SYN;
        if let Some(conversation) = self.conversation(interface, ends, sent) {
            if !conversation.closed {
                return Said::Known;
            }
            if !opens {
                return Said::Closed;
            }
        }
        if self.quotes_known(interface, sent, direction) {
            return Said::Known;
        }
        let groups: Vec<&Group> = interface.groups.iter().filter_map(|id| network.groups.get(id)).collect();
        let rules = || groups.iter().flat_map(|group| group.rules.iter().map(move |rule| (*group, rule)));
        let matching: Vec<(&Group, &GroupRule)> = rules()
            .filter(|(group, rule)| rule.direction == direction && rule_matches(network, group, rule, sent))
            .collect();
        if matching.is_empty() {
            return Said::No;
        }
        let answers_open = rules().any(|(group, rule)| {
            rule.direction != direction
                && is_for_all(network, group, rule, sent)
                && all_ports(rule.traffic, sent.packet.protocol)
        });
        let untracked = sent.packet.protocol.has_ports()
            && answers_open
            && matching.iter().any(|(group, rule)| is_for_all(network, group, rule, sent));
        let is_endpoint = direction == Direction::Ingress && interface.kind == InterfaceKind::VpcEndpoint;
        let cannot_begin = match sent.packet.protocol {
            Protocol::TCP => !opens,
            Protocol::UDP => self.is_aside(interface, ends, sent),
            _ => false,
        };
        if untracked && !sent.tracks && !is_endpoint || cannot_begin { Said::Yes } else { Said::YesTracked }
    }

    fn is_aside(&self, interface: &Interface, ends: Ends, sent: Sent) -> bool {
        self.asides.get(&(interface.id, ends)).is_some_and(|until| sent.now <= *until)
    }

    /// Every UDP packet that no conversation claims, allowed or not, puts off the end of an aside; one that was allowed
    /// begins it.
    fn go_aside(&mut self, (interface, ends): (&Interface, Ends), said: Said, sent: Sent) {
        let stays = said == Said::Yes || said == Said::No && self.is_aside(interface, ends, sent);
        let at = (interface.id, ends);
        if stays && sent.packet.protocol == Protocol::UDP && !interface.groups.is_empty() {
            let idle_s = interface.tracking.udp_s.map_or(30, u64::from);
            self.asides.insert(at, Nanos(sent.now.0 + idle_s * 1_000_000_000));
        } else {
            self.asides.remove(&at);
        }
    }

    /// Whether an ICMP error is about a packet of a conversation that is known here. Of ICMP, only echo requests are
    /// answered with errors.
    fn quotes_known(&self, interface: &Interface, sent: Sent, direction: Direction) -> bool {
        let Some(quoted) = sent.quoted else { return false };
        let packet = quoting(quoted);
        let about = Sent {
            packet: &packet,
            source: quoted.source,
            destination: quoted.destination,
            quoted: None,
            ..sent
        };
        let ends = if direction == Direction::Egress { arriving_ends(about) } else { leaving_ends(about) };
        self.conversation(interface, ends, about).is_some_and(|conversation| !conversation.closed)
    }

    fn conversation(&self, interface: &Interface, ends: Ends, sent: Sent) -> Option<&Conversation> {
        let conversation = self.conversations.get(&(interface.id, ends))?;
        let idle_s = conversation.idle_s(sent.packet.protocol);
        let idle_ns = sent.now.0.saturating_sub(conversation.last.0);
        (idle_ns <= idle_s * 1_000_000_000).then_some(conversation)
    }

    /// What has been idle for too long is gone: what lets an ICMP error pass does not begin it again.
    pub(super) fn forget_idle(&mut self, interface: &Interface, ends: Ends, sent: Sent) {
        if self.conversation(interface, ends, sent).is_none() {
            self.conversations.remove(&(interface.id, ends));
        }
    }

    pub(super) fn remember(
        &mut self,
        (interface, ends): (&Interface, Ends),
        said: Said,
        sent: Sent,
        direction: Direction,
    ) {
        let (at, set) = ((interface.id, ends), interface.tracking);
        self.go_aside((interface, ends), said, sent);
        match said {
            Said::YesTracked => {
                self.conversations.insert(at, Conversation::begin(sent, direction, set));
            }
            Said::Known => {
                if let Some(conversation) = self.conversations.get_mut(&at) {
                    conversation.go_on(sent, direction);
                    conversation.set = set;
                }
            }
            Said::Closed => {
                if let Some(conversation) = self.conversations.get_mut(&at) {
                    (conversation.last, conversation.set) = (sent.now, set);
                }
            }
            Said::Yes | Said::No => {
                self.conversations.remove(&at);
            }
        }
    }
}

impl Conversation {
    fn begin(sent: Sent, direction: Direction, set: TrackingTimeouts) -> Conversation {
        let (last, last_direction) = (sent.now, direction);
        Conversation { last, last_direction, turns: 0, fins: Vec::new(), closed: false, set }
    }

    fn go_on(&mut self, sent: Sent, direction: Direction) {
        self.last = sent.now;
        if direction != self.last_direction {
            self.turns += 1;
            self.last_direction = direction;
        }
        if sent.packet.protocol != Protocol::TCP {
            return;
        }
        let flags = sent.packet.tcp_flags;
        if flags & RST != 0 {
            self.closed = true;
        } else if flags & FIN != 0 {
            if !self.fins.contains(&direction) {
                self.fins.push(direction);
            }
        } else if self.fins.len() == 2 && self.fins[1] != direction {
            self.closed = true;
        }
    }

    fn idle_s(&self, protocol: Protocol) -> u64 {
        let set = self.set;
        let or = |set: Option<u32>, default| set.map_or(default, u64::from);
        match protocol {
            Protocol::TCP if self.closed => 60,
            Protocol::TCP if !self.fins.is_empty() => 120,
            Protocol::TCP if self.turns < 2 => 60,
            Protocol::TCP => or(set.tcp_established_s, 432_000),
            Protocol::UDP if self.turns < 3 => or(set.udp_s, 30),
            Protocol::UDP => or(set.udp_stream_s, 180),
            Protocol::ICMP | Protocol::ICMPV6 => 30,
            _ => 600,
        }
    }
}

/// The ends of a packet as it leaves; with the identifier of ICMP queries.
pub(super) fn leaving_ends(sent: Sent) -> Ends {
    let (packet, (kind, code)) = (sent.packet, sent.packet.icmp);
    let (source, destination, protocol) = (sent.source, sent.destination, packet.protocol.0);
    match packet.protocol.is_icmp() {
        true => (source, destination, protocol, kind.into(), code.into(), packet.identifier),
        false => (source, destination, protocol, packet.source_port, packet.destination_port, 0),
    }
}

/// The ends of an arriving packet are those of the packet that would answer it.
pub(super) fn arriving_ends(sent: Sent) -> Ends {
    const NO_ANSWER: u16 = 1000;
    let packet = sent.packet;
    let answer = |kind: u8| match (packet.protocol, kind) {
        (Protocol::ICMP, 8) => 0,
        (Protocol::ICMP, 0) => 8,
        (Protocol::ICMP, 13 | 15 | 17) | (Protocol::ICMPV6, 128) => u16::from(kind) + 1,
        (Protocol::ICMP, 14 | 16 | 18) | (Protocol::ICMPV6, 129) => u16::from(kind) - 1,
        (Protocol::ICMP, 10) => 9,
        (Protocol::ICMP, 9) => 10,
        _ => NO_ANSWER + u16::from(kind),
    };
    let (local, remote, protocol) = (sent.destination, sent.source, packet.protocol.0);
    match packet.protocol.is_icmp() {
        true => (local, remote, protocol, answer(packet.icmp.0), packet.icmp.1.into(), packet.identifier),
        false => (local, remote, protocol, packet.destination_port, packet.source_port, 0),
    }
}
