//! Flows of a window: sightings of one tuple, direction and verdict, added up; and their records.
//!
//! Source: Amazon VPC User Guide, "Flow log records".

use crate::field::Field;
use crate::format::Format;
use crate::place::Place;
use crate::record::{LogStatus, Record, Value};
use crate::services;
use std::net::IpAddr;
use std::sync::Arc;
use weir_model::Protocol;
use weir_model::group::Direction;
use weir_pipeline::packet::{ACK, FIN, RST, SYN};
use weir_pipeline::sighting::INVALID_FLAGS;
use weir_pipeline::{Action, Sighting, Tuple};

/// What makes two sightings parts of one record.
pub(crate) fn key(sighting: &Sighting) -> (Direction, Action, Tuple) {
    let tuple = Tuple {
        source: sighting.source,
        destination: sighting.destination,
        protocol: sighting.protocol,
        source_port: sighting.source_port,
        destination_port: sighting.destination_port,
    };
    (sighting.direction, sighting.action, tuple)
}

/// Adds up sightings with the same key; what remains is in key order.
pub(crate) fn merge(flows: &mut Vec<Sighting>) {
    flows.sort_by_key(key);
    flows.dedup_by(|next, sum| {
        let same = key(next) == key(sum);
        if same {
            add(sum, next);
        }
        same
    });
}

/// Adds `next` to `sum`. The latest known path is the record's path.
fn add(sum: &mut Sighting, next: &Sighting) {
    sum.packets = sum.packets.saturating_add(next.packets);
    sum.bytes = sum.bytes.saturating_add(next.bytes);
    sum.tcp_flags |= next.tcp_flags;
    if next.last >= sum.last {
        sum.traffic_path = next.traffic_path.or(sum.traffic_path);
    }
    sum.first = sum.first.min(next.first);
    sum.last = sum.last.max(next.last);
}

/// The record of a flow.
pub(crate) fn record(format: &Arc<Format>, place: &Place, flow: &Sighting) -> Record {
    Record::new(format, |field| place.value(field).unwrap_or_else(|| value(format, place, flow, field)))
}

/// A record without a flow: NODATA or SKIPDATA between two times in Unix seconds.
///
/// Assumption: of a custom format the fields of the interface are filled in, as those of the default format are.
pub(crate) fn empty(format: &Arc<Format>, place: &Place, status: LogStatus, times: (u64, u64)) -> Record {
    let value = |field| match field {
        Field::Version => Value::Number(format.version().into()),
        Field::Start => Value::Number(times.0),
        Field::End => Value::Number(times.1),
        Field::LogStatus => Value::Status(status),
        _ => Value::Absent,
    };
    Record::new(format, |field| place.value(field).unwrap_or_else(|| value(field)))
}

fn value(format: &Format, place: &Place, flow: &Sighting, field: Field) -> Value {
    let egress = flow.direction == Direction::Egress;
    match field {
        Field::Version => Value::Number(format.version().into()),
        Field::SrcAddr if egress => Value::Address(place.near_end(flow.source)),
        Field::DstAddr if !egress => Value::Address(place.near_end(flow.destination)),
        Field::SrcAddr | Field::PktSrcAddr => Value::Address(flow.source),
        Field::DstAddr | Field::PktDstAddr => Value::Address(flow.destination),
        Field::SrcPort => Value::Number(flow.source_port.into()),
        Field::DstPort => Value::Number(flow.destination_port.into()),
        Field::Protocol => Value::Number(flow.protocol.0.into()),
        Field::Packets => Value::Number(flow.packets),
        Field::Bytes => Value::Number(flow.bytes),
        Field::Start => Value::Number(flow.first.seconds()),
        Field::End => Value::Number(flow.last.seconds()),
        Field::Action => Value::Action(flow.action),
        Field::LogStatus => Value::Status(LogStatus::Ok),
        Field::TcpFlags => tcp_flags(flow),
        Field::Type => Value::text(Some(if flow.source.is_ipv4() { "IPv4" } else { "IPv6" })),
        Field::PktSrcAwsService => service(flow.source),
        Field::PktDstAwsService => service(flow.destination),
        Field::FlowDirection => Value::text(Some(if egress { "egress" } else { "ingress" })),
        Field::TrafficPath if egress => {
            flow.traffic_path.map_or(Value::Absent, |path| Value::Number(path.into()))
        }
        _ => Value::Absent,
    }
}

/// FIN, SYN, RST, and ACK together with SYN only; 0 for other protocols; absent after an illegal combination.
fn tcp_flags(flow: &Sighting) -> Value {
    if flow.protocol != Protocol::TCP {
        return Value::Number(0);
    }
    if flow.tcp_flags & INVALID_FLAGS != 0 {
        return Value::Absent;
    }
    let counted = if flow.tcp_flags & SYN == 0 { FIN | RST } else { FIN | SYN | RST | ACK };
    Value::Number((flow.tcp_flags & counted).into())
}

fn service(address: IpAddr) -> Value {
    Value::text(services::service_of(address))
}
