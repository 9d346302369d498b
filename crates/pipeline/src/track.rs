//! Connection tracking: what makes security groups stateful.
//!
//! Each interface keeps a state for each connection that a narrow enough rule admitted; packets of a tracked connection
//! pass whatever the rules say by then. A pure state machine: out of or into the interface, flags, and what comes of it.
//!
//! Source: EC2 User Guide, "Security group connection tracking" (idle timeouts; ICMP is always tracked; other protocols
//! for 600 seconds). Assumption: AWS gives no timeouts for ICMP and for TCP connections that open or close; those here
//! are in the range that Linux uses. A TCP connection begins with its SYN and with nothing else; a UDP flow that was admitted
//! untracked remains so until none of its packets has come, passed or refused, for the UDP timeout. Without sequence numbers, a connection counts as closed with the first RST, or with
//! the packet that answers the second FIN.

use crate::packet::{ACK, FIN, Packet, RST, SYN};
use crate::walk::Standing;
use weir_model::Protocol;
use weir_model::group::Direction;
use weir_model::interface::TrackingTimeouts;

/// Seconds that an open TCP connection may be idle.
pub const TCP_ESTABLISHED_IDLE_S: u32 = 432_000;
/// Seconds that a TCP connection may take over each step of its opening.
pub const TCP_OPENING_IDLE_S: u32 = 60;
/// Seconds that a TCP connection may be idle after the first FIN.
pub const TCP_CLOSING_IDLE_S: u32 = 120;
/// Seconds that packets of a closed TCP connection are refused for, after the last of them.
pub const TCP_CLOSED_IDLE_S: u32 = 60;
/// Seconds that a UDP flow may be idle before there has been more than one exchange.
pub const UDP_IDLE_S: u32 = 30;
/// Seconds that a UDP flow with more than one exchange may be idle.
pub const UDP_STREAM_IDLE_S: u32 = 180;
/// Seconds that an ICMP request waits for its answer.
pub const ICMP_IDLE_S: u32 = 30;
/// Seconds that packets of other protocols are answered within.
pub const OTHER_IDLE_S: u32 = 600;

/// How often UDP packets must change direction for a stream: request, answer, request, answer.
const STREAM_TURNS: u8 = 3;
/// How often TCP packets must change direction for an open connection: SYN, SYN-ACK, ACK.
const OPEN_TURNS: u8 = 2;

/// How long connections that are open may be idle at an interface, in seconds.
///
/// Source: EC2 User Guide, "Idle connection tracking timeout".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Timeouts {
    tcp_established_s: u32,
    udp_s: u32,
    udp_stream_s: u32,
}

impl Timeouts {
    /// Those set at an interface, AWS's defaults where none is.
    pub fn of(set: TrackingTimeouts) -> Timeouts {
        Timeouts {
            tcp_established_s: set.tcp_established_s.unwrap_or(TCP_ESTABLISHED_IDLE_S),
            udp_s: set.udp_s.unwrap_or(UDP_IDLE_S),
            udp_stream_s: set.udp_stream_s.unwrap_or(UDP_STREAM_IDLE_S),
        }
    }
}

/// A connection as an interface keeps it: its state, and how long it may be idle there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tracked {
    pub connection: Connection,
    idle_s: u32,
}

impl Tracked {
    /// `connection` at an interface with these time-outs.
    pub fn new(connection: Connection, timeouts: Timeouts) -> Tracked {
        Tracked { connection, idle_s: connection.idle_s(timeouts).unwrap_or(0) }
    }

    /// Seconds it is remembered after its last packet; `None` if there is nothing to remember.
    pub fn idle_s(self) -> Option<u32> {
        (self.connection != Connection::Untracked).then_some(self.idle_s)
    }
}

/// The state of a connection at an interface.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Connection {
    /// Not tracked: the rules decide.
    #[default]
    Untracked,
    /// ICMP.
    Icmp,
    /// A protocol without ports.
    Other,
    /// UDP that passed untracked a moment ago: what answers it is not tracked either.
    UdpUntracked,
    /// UDP that is no stream yet.
    Udp { opener: Direction, turns: u8 },
    /// UDP with more than one exchange.
    UdpStream,
    /// TCP before the handshake is through.
    TcpOpening { opener: Direction, turns: u8 },
    /// TCP that is open.
    TcpOpen,
    /// TCP with one FIN seen.
    TcpClosing { from: Direction },
    /// TCP with both FINs seen, the last one not answered.
    TcpLastAck { from: Direction },
    /// TCP that has closed.
    TcpClosed,
}

impl Connection {
    /// The state after a rule has admitted `packet`, the first one seen: of TCP, a SYN.
    pub fn open(opener: Direction, packet: &Packet) -> Connection {
        match packet.protocol {
            Protocol::TCP => Connection::TcpOpening { opener, turns: 0 },
            Protocol::UDP => Connection::Udp { opener, turns: 0 },
            Protocol::ICMP | Protocol::ICMPV6 => Connection::Icmp,
            _ => Connection::Other,
        }
    }

    /// The state after a rule has admitted `packet` without tracking it.
    pub fn untracked(packet: &Packet) -> Connection {
        if packet.protocol == Protocol::UDP { Connection::UdpUntracked } else { Connection::Untracked }
    }

    /// The state after `packet` has passed in `direction`.
    pub fn next(self, direction: Direction, packet: &Packet) -> Connection {
        match self {
            Connection::Udp { opener, turns } => udp(opener, turns_after(opener, turns, direction)),
            Connection::Untracked
            | Connection::UdpUntracked
            | Connection::Icmp
            | Connection::Other
            | Connection::UdpStream
            | Connection::TcpClosed => self,
            _ if packet.tcp_flags & RST != 0 => Connection::TcpClosed,
            _ if packet.tcp_flags & FIN != 0 => self.after_fin(direction),
            _ => self.after_plain(direction),
        }
    }

    fn after_fin(self, direction: Direction) -> Connection {
        match self {
            Connection::TcpClosing { from } if from != direction => {
                Connection::TcpLastAck { from: direction }
            }
            Connection::TcpClosing { .. } | Connection::TcpLastAck { .. } => self,
            _ => Connection::TcpClosing { from: direction },
        }
    }

    fn after_plain(self, direction: Direction) -> Connection {
        match self {
            Connection::TcpOpening { opener, turns } => {
                let turns = turns_after(opener, turns, direction);
                let open = turns >= OPEN_TURNS;
                if open { Connection::TcpOpen } else { Connection::TcpOpening { opener, turns } }
            }
            Connection::TcpLastAck { from } if from != direction => Connection::TcpClosed,
            _ => self,
        }
    }

    /// Whether a packet in `direction` without SYN, FIN or RST would change the state.
    pub fn is_moved_by(self, direction: Direction) -> bool {
        match self {
            Connection::Udp { opener, turns } | Connection::TcpOpening { opener, turns } => {
                turns_after(opener, turns, direction) != turns
            }
            Connection::TcpLastAck { from } => from != direction,
            _ => false,
        }
    }

    /// Whether SYN, FIN or RST may change the state.
    pub fn heeds_flags(self) -> bool {
        !matches!(
            self,
            Connection::Untracked
                | Connection::UdpUntracked
                | Connection::Icmp
                | Connection::Other
                | Connection::Udp { .. }
                | Connection::UdpStream
        )
    }

    /// Seconds it is remembered after its last packet; `None` if there is nothing to remember.
    pub fn idle_s(self, timeouts: Timeouts) -> Option<u32> {
        match self {
            Connection::Untracked => None,
            Connection::Icmp => Some(ICMP_IDLE_S),
            Connection::Other => Some(OTHER_IDLE_S),
            Connection::Udp { .. } | Connection::UdpUntracked => Some(timeouts.udp_s),
            Connection::UdpStream => Some(timeouts.udp_stream_s),
            Connection::TcpOpening { .. } => Some(TCP_OPENING_IDLE_S),
            Connection::TcpOpen => Some(timeouts.tcp_established_s),
            Connection::TcpClosing { .. } | Connection::TcpLastAck { .. } => Some(TCP_CLOSING_IDLE_S),
            Connection::TcpClosed => Some(TCP_CLOSED_IDLE_S),
        }
    }

    /// What it means for the next packet.
    pub fn standing(self) -> Standing {
        match self {
            Connection::Untracked => Standing::Unknown,
            Connection::UdpUntracked => Standing::Untracked,
            Connection::TcpClosed => Standing::Closed,
            _ => Standing::Tracked,
        }
    }
}

fn udp(opener: Direction, turns: u8) -> Connection {
    if turns >= STREAM_TURNS { Connection::UdpStream } else { Connection::Udp { opener, turns } }
}

/// One more turn, if `direction` is not that of the packets since the last one.
fn turns_after(opener: Direction, turns: u8, direction: Direction) -> u8 {
    let same_as_opener = turns.is_multiple_of(2);
    if same_as_opener == (direction == opener) { turns } else { turns + 1 }
}

/// The flags of `packet` that flow logs count: FIN, SYN, RST, and ACK together with SYN.
///
/// Source: VPC User Guide, "Flow log records", tcp-flags.
pub(crate) fn logged_flags(packet: &Packet) -> u8 {
    let flags = packet.tcp_flags;
    if packet.protocol != Protocol::TCP || flags & (SYN | FIN | RST) == 0 {
        return 0;
    }
    match flags & SYN {
        0 => flags & (FIN | RST),
        _ if flags & (FIN | RST) != 0 => flags & (SYN | FIN | RST | ACK) | crate::sighting::INVALID_FLAGS,
        _ => flags & (SYN | ACK),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::{PSH, Tuple};
    use Direction::{Egress as Out, Ingress as In};

    fn packet(protocol: Protocol, tcp_flags: u8) -> Packet {
        let tuple = Tuple {
            source: [10, 0, 0, 1].into(),
            destination: [10, 0, 0, 2].into(),
            protocol,
            source_port: 1,
            destination_port: 2,
        };
        Packet { tcp_flags, ..Packet::new(tuple, 40) }
    }

    #[track_caller]
    fn check(protocol: Protocol, story: &[(Direction, u8, Connection)]) {
        let (opener, flags, first) = story[0];
        let mut connection = Connection::open(opener, &packet(protocol, flags));
        assert_eq!(connection, first);
        for (step, (direction, flags, expected)) in story.iter().enumerate().skip(1) {
            let before = connection;
            connection = connection.next(*direction, &packet(protocol, *flags));
            assert_eq!(connection, *expected, "step {step}");
            if flags & (SYN | FIN | RST) == 0 {
                assert_eq!(before != connection, before.is_moved_by(*direction), "step {step}");
            } else if protocol == Protocol::TCP {
                assert!(before.heeds_flags(), "step {step}");
            }
        }
    }

    fn opening(turns: u8) -> Connection {
        Connection::TcpOpening { opener: Out, turns }
    }

    #[test]
    fn a_tcp_connection_opens_in_three_steps_and_closes_with_the_last_ack() {
        check(
            Protocol::TCP,
            &[
                (Out, SYN, opening(0)),
                (Out, SYN, opening(0)),
                (In, SYN | ACK, opening(1)),
                (In, SYN | ACK, opening(1)),
                (Out, ACK, Connection::TcpOpen),
                (In, ACK | PSH, Connection::TcpOpen),
                (Out, FIN | ACK, Connection::TcpClosing { from: Out }),
                (In, ACK, Connection::TcpClosing { from: Out }),
                (Out, FIN | ACK, Connection::TcpClosing { from: Out }),
                (In, FIN | ACK, Connection::TcpLastAck { from: In }),
                (In, FIN | ACK, Connection::TcpLastAck { from: In }),
                (Out, ACK, Connection::TcpClosed),
                (In, FIN | ACK, Connection::TcpClosed),
            ],
        );
    }

    #[test]
    fn a_reset_closes_at_once() {
        check(Protocol::TCP, &[(Out, SYN, opening(0)), (In, RST | ACK, Connection::TcpClosed)]);
        let open = Connection::TcpOpen;
        assert_eq!(open.next(Out, &packet(Protocol::TCP, RST)), Connection::TcpClosed);
    }

    #[test]
    fn udp_is_a_stream_after_two_exchanges() {
        let udp = |turns| Connection::Udp { opener: In, turns };
        check(
            Protocol::UDP,
            &[
                (In, 0, udp(0)),
                (In, 0, udp(0)),
                (Out, 0, udp(1)),
                (Out, 0, udp(1)),
                (In, 0, udp(2)),
                (Out, 0, Connection::UdpStream),
                (In, 0, Connection::UdpStream),
            ],
        );
    }

    #[test]
    fn other_protocols_have_one_state() {
        check(Protocol::ICMP, &[(Out, 0, Connection::Icmp), (In, 0, Connection::Icmp)]);
        check(Protocol(47), &[(In, 0, Connection::Other), (Out, 0, Connection::Other)]);
    }

    #[test]
    fn idle_timeouts_are_those_of_the_documentation() {
        let rows = [
            (Connection::TcpOpen, Some(432_000)),
            (Connection::Udp { opener: In, turns: 0 }, Some(30)),
            (Connection::UdpStream, Some(180)),
            (Connection::UdpUntracked, Some(30)),
            (Connection::Other, Some(600)),
            (Connection::Untracked, None),
        ];
        for (connection, idle_s) in rows {
            assert_eq!(connection.idle_s(Timeouts::of(Default::default())), idle_s, "{connection:?}");
        }
    }

    #[test]
    fn flow_logs_count_ack_only_with_syn() {
        let rows = [
            (SYN, 2),
            (SYN | ACK, 18),
            (ACK, 0),
            (PSH | ACK, 0),
            (FIN | ACK, 1),
            (RST | ACK, 4),
            (SYN | FIN, 0x83),
            (SYN | 0x40, 2),
        ];
        for (flags, expected) in rows {
            assert_eq!(logged_flags(&packet(Protocol::TCP, flags)), expected, "{flags:#x}");
        }
        assert_eq!(logged_flags(&packet(Protocol::UDP, SYN)), 0);
    }
}
