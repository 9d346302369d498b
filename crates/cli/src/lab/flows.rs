//! Flow-log records as a lab reads them, and sums over them.

use crate::lab::answer::Answer;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// One record of the default format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The interface.
    pub interface: String,
    /// The source as the interface saw it.
    pub source: String,
    /// The destination as the interface saw it.
    pub destination: String,
    /// The destination port.
    pub destination_port: String,
    /// The protocol number.
    pub protocol: String,
    /// Packets.
    pub packets: u64,
    /// Bytes at the IP layer.
    pub bytes: u64,
    /// `ACCEPT` or `REJECT`.
    pub action: String,
}

/// Packets and bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// Packets.
    pub packets: u64,
    /// Bytes.
    pub bytes: u64,
}

/// The records among the events of an answer; lines without traffic are left out.
pub fn records(answer: &Answer) -> Vec<Record> {
    answer.all("message").iter().filter_map(|line| record(line)).collect()
}

/// A line of the default format: 14 fields (VPC User Guide, "Flow log record examples").
fn record(line: &str) -> Option<Record> {
    let fields: Vec<&str> = line.split(' ').collect();
    let field = |index: usize| fields.get(index).map(|field| (*field).to_owned());
    if fields.len() != 14 || fields[13] != "OK" {
        return None;
    }
    Some(Record {
        interface: field(2)?,
        source: field(3)?,
        destination: field(4)?,
        destination_port: field(6)?,
        protocol: field(7)?,
        packets: field(8)?.parse().ok()?,
        bytes: field(9)?.parse().ok()?,
        action: field(12)?,
    })
}

/// What left and entered an interface with these own addresses, by the records.
pub fn sums(records: &[Record], own: &str) -> (Sum, Sum) {
    let (mut sent, mut received) = (Sum::default(), Sum::default());
    for record in records {
        let sum = if record.source == own { &mut sent } else { &mut received };
        // What was refused on the way in never reached the host.
        if record.source == own || record.action == "ACCEPT" {
            sum.packets += record.packets;
            sum.bytes += record.bytes;
        }
    }
    (sent, received)
}

/// How many records there are of each action.
pub fn by_action(records: &[Record]) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    records.iter().for_each(|record| *counts.entry(record.action.as_str()).or_default() += 1);
    counts
}

/// Whether an address lies in a block such as `18.206.107.24/29`.
pub fn is_in(address: &str, block: &str) -> bool {
    let block = block.parse::<weir_model::Cidr>();
    let address = address.parse::<IpAddr>();
    block.is_ok_and(|block| address.is_ok_and(|address| block.contains(address)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: [&str; 3] = [
        "2 123456789010 eni-1 203.0.113.12 172.31.16.139 0 0 1 4 336 1432917027 1432917142 ACCEPT OK",
        "2 123456789010 eni-1 172.31.16.139 203.0.113.12 0 0 1 4 336 1432917094 1432917142 REJECT OK",
        "2 123456789010 eni-1 - - - - - - - 1431280876 1431280934 - NODATA",
    ];

    #[test]
    fn lines_without_traffic_are_no_records() {
        let records: Vec<Record> = LINES.iter().filter_map(|line| record(line)).collect();
        assert_eq!(records.len(), 2);
        assert_eq!(by_action(&records), BTreeMap::from([("ACCEPT", 1), ("REJECT", 1)]));
    }

    #[test]
    fn refused_packets_left_the_host_but_never_reached_one() {
        let records: Vec<Record> = LINES.iter().filter_map(|line| record(line)).collect();
        let four = Sum { packets: 4, bytes: 336 };
        assert_eq!(sums(&records, "172.31.16.139"), (four, four));
        assert_eq!(sums(&records[1..], "203.0.113.12"), (Sum::default(), Sum::default()));
    }

    #[test]
    fn addresses_are_found_in_blocks() {
        assert!(is_in("18.206.107.27", "18.206.107.24/29") && !is_in("18.206.107.32", "18.206.107.24/29"));
        assert!(!is_in("-", "18.206.107.24/29"));
    }
}
