//! DNS messages as a client writes and reads them.
//!
//! Source: RFC 1035, section 4; RFC 6891 (EDNS); RFC 7766 (TCP).

use simple_dns::rdata::{OPT, RData};
use simple_dns::{CLASS, Name, Packet, PacketFlag, QTYPE, Question, RCODE, ResourceRecord, TYPE};
use std::net::IpAddr;

/// The port of DNS.
pub(crate) const PORT: u16 = 53;

/// The longest answer that clients say they take over UDP.
const UDP_BYTES: u16 = 1232;

/// The types that programs ask for by name.
const TYPES: [(&str, QTYPE); 10] = [
    ("A", QTYPE::TYPE(TYPE::A)),
    ("AAAA", QTYPE::TYPE(TYPE::AAAA)),
    ("ANY", QTYPE::ANY),
    ("CNAME", QTYPE::TYPE(TYPE::CNAME)),
    ("MX", QTYPE::TYPE(TYPE::MX)),
    ("NS", QTYPE::TYPE(TYPE::NS)),
    ("PTR", QTYPE::TYPE(TYPE::PTR)),
    ("SOA", QTYPE::TYPE(TYPE::SOA)),
    ("SRV", QTYPE::TYPE(TYPE::SRV)),
    ("TXT", QTYPE::TYPE(TYPE::TXT)),
];

/// The type of a name, in any case.
pub(crate) fn type_of(text: &str) -> Option<QTYPE> {
    TYPES.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)).map(|(_, kind)| *kind)
}

/// The name of a type.
pub(crate) fn name_of(kind: QTYPE) -> String {
    let known = TYPES.iter().find(|(_, known)| *known == kind);
    known.map_or_else(|| format!("TYPE{}", u16::from(kind)), |(name, _)| (*name).to_owned())
}

/// A recursive question; `None` for what cannot be a name.
pub(crate) fn query(id: u16, name: &str, kind: QTYPE) -> Option<Vec<u8>> {
    let mut query = Packet::new_query(id);
    query.set_flags(PacketFlag::RECURSION_DESIRED);
    let name = Name::new(name.trim_end_matches('.')).ok()?;
    query.questions.push(Question::new(name, kind, CLASS::IN.into(), false));
    *query.opt_mut() = Some(OPT { opt_codes: Vec::new(), udp_packet_size: UDP_BYTES, version: 0 });
    query.build_bytes_vec().ok()
}

/// The first message of a stream of TCP, and where the next begins; `None` if it is not whole yet (RFC 1035, section 4.2.2).
pub(crate) fn framed(stream: &[u8]) -> Option<(&[u8], usize)> {
    let (length, rest) = stream.split_first_chunk::<2>()?;
    let length = usize::from(u16::from_be_bytes(*length));
    Some((rest.get(..length)?, length + 2))
}

/// A record, as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// The name, with a dot at the end.
    pub(crate) name: String,
    pub(crate) ttl: u32,
    pub(crate) kind: &'static str,
    pub(crate) data: String,
    pub(crate) address: Option<IpAddr>,
}

/// A response, as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Response {
    pub(crate) id: u16,
    pub(crate) status: &'static str,
    /// The flags in the order and words of dig.
    pub(crate) flags: String,
    pub(crate) answers: Vec<Row>,
    pub(crate) authority: Vec<Row>,
    /// What the EDNS option says; `None` without one.
    pub(crate) udp_bytes: Option<u16>,
}

impl Response {
    /// Reads a response; `None` if it is none.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Response> {
        let packet = Packet::parse(bytes).ok().filter(|packet| packet.has_flags(PacketFlag::RESPONSE))?;
        Some(Response {
            id: packet.id(),
            status: status(packet.rcode()),
            flags: flags(&packet),
            answers: packet.answers.iter().map(row).collect(),
            authority: packet.name_servers.iter().map(row).collect(),
            udp_bytes: packet.opt().map(|opt| opt.udp_packet_size),
        })
    }

    /// The addresses among the answers.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.answers.iter().filter_map(|row| row.address)
    }
}

/// The codes of responses (RFC 1035, section 4.1.1), by name.
const CODES: [(RCODE, &str, u8); 6] = [
    (RCODE::NoError, "NOERROR", 0),
    (RCODE::FormatError, "FORMERR", 1),
    (RCODE::ServerFailure, "SERVFAIL", 2),
    (RCODE::NameError, "NXDOMAIN", 3),
    (RCODE::NotImplemented, "NOTIMP", 4),
    (RCODE::Refused, "REFUSED", 5),
];

fn status(code: RCODE) -> &'static str {
    CODES.iter().find(|(known, ..)| *known == code).map_or("RESERVED", |(_, name, _)| name)
}

/// The number of a status.
pub(crate) fn code_of(status: &str) -> u8 {
    CODES.iter().find(|(_, name, _)| *name == status).map_or(15, |(.., number)| *number)
}

fn flags(packet: &Packet) -> String {
    const FLAGS: [(PacketFlag, &str); 7] = [
        (PacketFlag::RESPONSE, "qr"),
        (PacketFlag::AUTHORITATIVE_ANSWER, "aa"),
        (PacketFlag::TRUNCATION, "tc"),
        (PacketFlag::RECURSION_DESIRED, "rd"),
        (PacketFlag::RECURSION_AVAILABLE, "ra"),
        (PacketFlag::AUTHENTIC_DATA, "ad"),
        (PacketFlag::CHECKING_DISABLED, "cd"),
    ];
    let set: Vec<&str> =
        FLAGS.iter().filter(|(flag, _)| packet.has_flags(*flag)).map(|(_, name)| *name).collect();
    set.join(" ")
}

fn row(record: &ResourceRecord) -> Row {
    let (kind, data, address) = match &record.rdata {
        RData::A(a) => address_row("A", IpAddr::V4(a.address.into())),
        RData::AAAA(aaaa) => address_row("AAAA", IpAddr::V6(aaaa.address.into())),
        RData::PTR(name) => ("PTR", format!("{}.", name.0), None),
        RData::CNAME(name) => ("CNAME", format!("{}.", name.0), None),
        RData::SOA(soa) => {
            let times = format!("{} {} {} {}", soa.refresh, soa.retry, soa.expire, soa.minimum);
            ("SOA", format!("{}. {}. {} {times}", soa.mname, soa.rname, soa.serial), None)
        }
        _ => ("TYPE", String::new(), None),
    };
    Row { name: format!("{}.", record.name), ttl: record.ttl, kind, data, address }
}

fn address_row(kind: &'static str, address: IpAddr) -> (&'static str, String, Option<IpAddr>) {
    (kind, address.to_string(), Some(address))
}
