//! The resolver as a function of a message: reads a question, asks the network's names, writes the answer.
//!
//! Over TCP a connection carries as many questions as the client likes, each answer follows its question, and the client closes.
//! Source: RFC 1035, section 4 (messages); RFC 2308 (negative answers); RFC 6891 (EDNS); RFC 7766 (TCP).

use super::server::Said;
pub(super) use crate::dns::PORT;
use crate::dns::framed;
use simple_dns::rdata::{A, AAAA, OPT, PTR, RData, SOA};
use simple_dns::{
    CLASS, Name, OPCODE, Packet, PacketFlag, QCLASS, QTYPE, Question, RCODE, ResourceRecord, TYPE,
};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use weir_model::dns::{self, Answer, Asker, Kind, Names, Record, internet};

/// The link-local addresses of the resolver; it has another in every VPC.
pub(super) const ADDRESSES: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, 253)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x253)),
];

/// The longest answer that the resolver says it takes over UDP.
const UDP_BYTES: u16 = 4096;

/// What is said to the messages that a connection has brought: the answers, each with its length before it (RFC 1035, section
/// 4.2.2). What cannot be answered ends the connection.
pub(super) fn hear(received: &mut Vec<u8>, names: &Names, asker: Asker) -> Said {
    let mut said = Said::default();
    while let Some((message, after)) = framed(received) {
        let reply = answer(message, names, asker);
        let reply = reply.and_then(|reply| Some((u16::try_from(reply.len()).ok()?, reply)));
        let Some((length, reply)) = reply else {
            said.is_last = true;
            return said;
        };
        said.bytes.extend(length.to_be_bytes());
        said.bytes.extend(reply);
        received.drain(..after);
    }
    said
}

/// The answer to a message; `None` for what is no question, or cannot be read.
pub(super) fn answer(message: &[u8], names: &Names, asker: Asker) -> Option<Vec<u8>> {
    let asked = Packet::parse(message).ok()?;
    if asked.has_flags(PacketFlag::RESPONSE) {
        return None;
    }
    let mut reply = Packet::new_reply(asked.id());
    reply.set_flags(PacketFlag::RECURSION_AVAILABLE);
    if asked.has_flags(PacketFlag::RECURSION_DESIRED) {
        reply.set_flags(PacketFlag::RECURSION_DESIRED);
    }
    if asked.opt().is_some() {
        *reply.opt_mut() = Some(OPT { opt_codes: Vec::new(), udp_packet_size: UDP_BYTES, version: 0 });
    }
    reply.questions = asked.questions.clone();
    match (asked.opcode(), &asked.questions[..]) {
        (OPCODE::StandardQuery, [question]) => fill(&mut reply, question, names, asker),
        (OPCODE::StandardQuery, _) => *reply.rcode_mut() = RCODE::FormatError,
        _ => *reply.rcode_mut() = RCODE::NotImplemented,
    }
    reply.build_bytes_vec_compressed().ok()
}

fn fill(reply: &mut Packet, question: &Question, names: &Names, asker: Asker) {
    if !matches!(question.qclass, QCLASS::CLASS(CLASS::IN) | QCLASS::ANY) {
        *reply.rcode_mut() = RCODE::Refused;
        return;
    }
    let name = question.qname.to_string().to_ascii_lowercase();
    let records = match names.answer(asker, &name, kind(question.qtype)) {
        Answer::Records(records) => records,
        Answer::NoName => {
            *reply.rcode_mut() = RCODE::NameError;
            Vec::new()
        }
    };
    let ttl = if Names::domain_of(&name).is_some() { dns::TTL_S } else { internet::TTL_S };
    for record in &records {
        let data = match record {
            Record::Address(IpAddr::V4(address)) => RData::A(A { address: (*address).into() }),
            Record::Address(IpAddr::V6(address)) => RData::AAAA(AAAA { address: (*address).into() }),
            Record::Name(name) => RData::PTR(PTR(Name::new_unchecked(name).into_owned())),
        };
        let name = question.qname.clone().into_owned();
        reply.answers.push(ResourceRecord::new(name, CLASS::IN, ttl, data));
    }
    if records.is_empty()
        && let Some(domain) = Names::domain_of(&name)
    {
        reply.name_servers.push(authority(domain));
    }
}

/// Where a negative answer about a private name comes from.
fn authority(domain: &str) -> ResourceRecord<'static> {
    let name = |text: &str| Name::new_unchecked(text).into_owned();
    let soa = SOA {
        mname: name(&format!("ns0.{domain}")),
        rname: name("hostmaster.amazon.com"),
        serial: 2_012_103_100,
        refresh: 3600,
        retry: 3600,
        expire: 3600,
        minimum: dns::TTL_S,
    };
    ResourceRecord::new(name(domain), CLASS::IN, dns::TTL_S, RData::SOA(soa))
}

fn kind(kind: QTYPE) -> Kind {
    match kind {
        QTYPE::TYPE(TYPE::A) => Kind::A,
        QTYPE::TYPE(TYPE::AAAA) => Kind::Aaaa,
        QTYPE::TYPE(TYPE::PTR) => Kind::Ptr,
        QTYPE::ANY => Kind::Any,
        _ => Kind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::Response;
    use proptest::prelude::*;

    #[test]
    fn a_question_with_edns_is_answered_with_edns() {
        let query = crate::dns::query(7, "example.com", TYPE::A.into()).expect("a question");
        let bytes = answer(&query, &Names::default(), Asker::Internet).expect("an answer");
        let response = Response::parse(&bytes).expect("a response");
        assert_eq!((response.id, response.status, response.answers.len()), (7, "NOERROR", 1));
        assert_eq!(response.udp_bytes, Some(UDP_BYTES));
    }

    #[test]
    fn two_questions_are_an_error_and_a_response_is_no_question() {
        let mut query = Packet::new_query(1);
        let question = Question::new(Name::new_unchecked("a.com"), TYPE::A.into(), CLASS::IN.into(), false);
        query.questions = vec![question.clone(), question];
        let bytes = query.build_bytes_vec().expect("a message");
        let reply = answer(&bytes, &Names::default(), Asker::Internet).expect("an answer");
        assert_eq!(Response::parse(&reply).map(|response| response.status), Some("FORMERR"));
        assert_eq!(answer(&reply, &Names::default(), Asker::Internet), None);
    }

    proptest! {
        #[test]
        fn hostile_bytes_are_no_danger(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = answer(&bytes, &Names::default(), Asker::Internet);
            let _ = Response::parse(&bytes);
        }

        #[test]
        fn a_spoilt_question_is_no_danger(at in 0usize..40, byte in any::<u8>()) {
            let mut query = crate::dns::query(7, "www.example.com", TYPE::A.into()).expect("a question");
            let at = at % query.len();
            query[at] = byte;
            if let Some(reply) = answer(&query, &Names::default(), Asker::Internet) {
                let _ = Response::parse(&reply);
            }
        }
    }
}
