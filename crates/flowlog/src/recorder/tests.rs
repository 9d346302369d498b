//! A VPC with two interfaces in one subnet, and what flow logs on them write.

mod nat;
mod transit;

use super::*;
use proptest::prelude::*;
use std::net::IpAddr;
use weir_model::flow_log::DeliveryStatus;
use weir_model::group::Direction;
use weir_model::instance::Instance;
use weir_model::interface::{Attachment, InterfaceKind, PrivateAddress};
use weir_model::subnet::Subnet;
use weir_model::{Id, Ids, InstanceId, Protocol, Scope, Tags, VpcId};

const WEB: &str = "eni-0000000000000aaaa";
const DB: &str = "eni-0000000000000bbbb";
const VPC: &str = "vpc-00000000000000001";
const SUBNET: &str = "subnet-00000000000000001";
const DEFAULT: &str = "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} \
     ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status}";

fn id<T: Id>(text: &str) -> T {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

fn scope() -> Scope {
    Scope {
        account: "123456789012".parse().expect("an account"),
        region: "us-east-1".parse().expect("a region"),
    }
}

fn interface(name: &str, instance: &str, addresses: &[&str]) -> Interface {
    let private = |text: &&str| PrivateAddress { private: text.parse().expect("an address"), public: None };
    Interface {
        id: id(name),
        scope: scope(),
        vpc: id(VPC),
        subnet: id(SUBNET),
        addresses: addresses.iter().map(private).collect(),
        ipv6_addresses: Vec::new(),
        groups: Vec::new(),
        source_dest_check: true,
        tracking: Default::default(),
        attachment: Some(Attachment {
            id: id("eni-attach-00000001"),
            instance: Some(id(instance)),
            device_index: 0,
            since: Timestamp(0),
            delete_on_termination: true,
        }),
        kind: InterfaceKind::Interface,
        description: String::new(),
        mac: [2, 0, 0, 0, 0, 1],
        tags: Tags::new(),
    }
}

fn instance(name: &str, interface: &str) -> Instance {
    Instance {
        id: id(name),
        scope: scope(),
        reservation: id("r-00000001"),
        launch_index: 0,
        image: id("ami-00000001"),
        instance_type: "t2.micro".to_owned(),
        zone: "us-east-1a".parse().unwrap(),
        key_name: None,
        user_data: None,
        interfaces: vec![id(interface)],
        state: InstanceState::Running,
        state_since: Timestamp(0),
        launched: Timestamp(0),
        termination_protected: false,
        instance_profile: None,
        settings: Default::default(),
        tags: Tags::new(),
    }
}

fn network() -> Network {
    let mut network = Network::default();
    network.subnets.insert(Subnet {
        id: id(SUBNET),
        scope: scope(),
        vpc: id(VPC),
        zone: "us-east-1b".parse().expect("a zone"),
        cidr: "10.0.0.0/24".parse().ok(),
        ipv6_cidr: None,
        acl: id("acl-00000001"),
        acl_association: id("aclassoc-00000001"),
        is_default: false,
        map_public_ip: false,
        assign_ipv6: false,
        dns64: false,
        host_names: Default::default(),
        tags: Tags::new(),
    });
    network.interfaces.insert(interface(WEB, "i-0000000a", &["10.0.0.10", "10.0.0.11"]));
    network.interfaces.insert(interface(DB, "i-0000000b", &["10.0.0.20"]));
    network.instances.insert(instance("i-0000000a", WEB));
    network.instances.insert(instance("i-0000000b", DB));
    network
}

fn flow_log(name: &str, resource: Monitored, traffic: TrafficType, interval_s: u32, format: &str) -> FlowLog {
    FlowLog {
        id: id(name),
        scope: scope(),
        resource,
        traffic,
        destination: LogDestination::CloudWatchLogs {
            log_group: "flows".to_owned(),
            role_arn: "arn:aws:iam::123456789012:role/flows".to_owned(),
        },
        format: format.to_owned(),
        interval_s,
        created: Timestamp(0),
        delivery: DeliveryStatus::Success,
        tags: Tags::new(),
    }
}

fn vpc() -> Monitored {
    Monitored::Vpc(id::<VpcId>(VPC))
}

fn sighting(at: &str, direction: Direction, text: (&str, &str), counts: (u64, u64, u64)) -> Sighting {
    let (packets, first_s, last_s) = counts;
    Sighting {
        interface: id(at),
        direction,
        source: text.0.parse().expect("an address"),
        destination: text.1.parse().expect("an address"),
        source_port: 40000,
        destination_port: 443,
        protocol: Protocol::TCP,
        action: Action::Accept,
        packets,
        bytes: packets * 100,
        first: Nanos(first_s * NANOS_PER_SECOND),
        last: Nanos(last_s * NANOS_PER_SECOND),
        tcp_flags: 0,
        traffic_path: None,
    }
}

fn seconds(seconds: u64) -> Nanos {
    Nanos(seconds * NANOS_PER_SECOND)
}

/// The lines that a flow log delivers, each after its stream.
fn lines(deliveries: &[Delivery]) -> Vec<String> {
    let of = |delivery: &Delivery| -> Vec<String> {
        delivery.events.iter().map(|event| format!("{}: {}", delivery.stream, event.record)).collect()
    };
    deliveries.iter().flat_map(of).collect()
}

/// The lines after `sightings` in the first minute, of one flow log of `format` on the VPC.
#[track_caller]
fn check(format: &str, sightings: &[Sighting], expected: &[&str]) {
    let mut network = network();
    network.flow_logs.insert(flow_log("fl-00000001", vpc(), TrafficType::All, 60, format));
    let mut recorder = Recorder::new();
    recorder.update(&network, seconds(0));
    recorder.collect(sightings);
    assert_eq!(lines(&recorder.close(seconds(60))), expected);
}

#[test]
fn a_flow_is_one_record_of_the_default_format() {
    check(
        DEFAULT,
        &[sighting(WEB, Direction::Egress, ("10.0.0.10", "10.0.0.20"), (4, 5, 30))],
        &[
            "eni-0000000000000aaaa-all: 2 123456789012 eni-0000000000000aaaa 10.0.0.10 10.0.0.20 40000 443 6 4 400 5 30 ACCEPT OK",
        ],
    );
}

#[test]
fn sightings_of_one_flow_and_verdict_add_up() {
    let one = sighting(WEB, Direction::Egress, ("10.0.0.10", "10.0.0.20"), (4, 5, 30));
    let more =
        Sighting { tcp_flags: 1, ..sighting(WEB, Direction::Egress, ("10.0.0.10", "10.0.0.20"), (1, 2, 3)) };
    let refused = Sighting { action: Action::Reject, ..one };
    check(
        "${packets} ${bytes} ${start} ${end} ${action} ${tcp-flags}",
        &[one, more, refused],
        &["eni-0000000000000aaaa-all: 5 500 2 30 ACCEPT 1", "eni-0000000000000aaaa-all: 4 400 5 30 REJECT 0"],
    );
}

#[test]
fn secondary_and_foreign_addresses_show_in_the_packet_fields_only() {
    let format = "${srcaddr} ${dstaddr} ${pkt-srcaddr} ${pkt-dstaddr} ${flow-direction}";
    let rows = [
        (Direction::Egress, ("10.0.0.11", "8.8.8.8"), "10.0.0.10 8.8.8.8 10.0.0.11 8.8.8.8 egress"),
        (Direction::Ingress, ("8.8.8.8", "10.0.0.11"), "8.8.8.8 10.0.0.10 8.8.8.8 10.0.0.11 ingress"),
        (Direction::Ingress, ("10.0.1.5", "203.0.113.5"), "10.0.1.5 10.0.0.10 10.0.1.5 203.0.113.5 ingress"),
        (Direction::Egress, ("203.0.113.5", "10.0.1.5"), "10.0.0.10 10.0.1.5 203.0.113.5 10.0.1.5 egress"),
        (Direction::Egress, ("10.0.0.10", "8.8.8.8"), "10.0.0.10 8.8.8.8 10.0.0.10 8.8.8.8 egress"),
    ];
    for (direction, addresses, expected) in rows {
        let line = format!("{WEB}-all: {expected}");
        check(format, &[sighting(WEB, direction, addresses, (1, 1, 1))], &[&line]);
    }
}

#[test]
fn custom_fields_tell_the_interface_and_the_way() {
    let flow = Sighting {
        traffic_path: Some(4),
        ..sighting(WEB, Direction::Egress, ("10.0.0.10", "18.206.107.25"), (1, 1, 1))
    };
    let format = "${version} ${vpc-id} ${subnet-id} ${instance-id} ${type} ${region} ${az-id} ${sublocation-id} \
                  ${pkt-src-aws-service} ${pkt-dst-aws-service} ${traffic-path} ${reject-reason}";
    let line = "8 vpc-00000000000000001 subnet-00000000000000001 i-0000000a IPv4 us-east-1 use1-az2 - - \
                EC2_INSTANCE_CONNECT 4 -";
    check(format, &[flow], &[&format!("{WEB}-all: {line}")]);
}

#[test]
fn tcp_flags_count_acknowledgements_with_syn_only() {
    // VPC User Guide, "Available fields": FIN 1, SYN 2, RST 4, SYN-ACK 18; 0 if no packet had one of them.
    let rows = [(2, "2"), (18, "18"), (16, "0"), (17, "1"), (19, "19"), (3, "3"), (8, "0"), (0x82, "-")];
    for (flags, text) in rows {
        let flow = sighting(WEB, Direction::Egress, ("10.0.0.10", "10.0.0.20"), (1, 1, 1));
        let line = format!("{WEB}-all: {text}");
        check("${tcp-flags}", &[Sighting { tcp_flags: flags, ..flow }], &[&line]);
    }
    let ping = Sighting {
        protocol: Protocol::ICMP,
        tcp_flags: 0,
        ..sighting(WEB, Direction::Egress, ("10.0.0.10", "10.0.0.20"), (1, 1, 1))
    };
    check("${tcp-flags} ${protocol}", &[ping], &[&format!("{WEB}-all: 0 1")]);
}

#[test]
fn ingress_has_no_traffic_path() {
    let flow = Sighting {
        traffic_path: Some(8),
        ..sighting(WEB, Direction::Ingress, ("8.8.8.8", "10.0.0.10"), (1, 1, 1))
    };
    check("${traffic-path}", &[flow], &[&format!("{WEB}-all: -")]);
}

#[test]
fn an_interface_without_traffic_yet_is_silent_and_then_says_nodata() {
    let mut network = network();
    network.flow_logs.insert(flow_log("fl-00000001", vpc(), TrafficType::All, 60, DEFAULT));
    let mut recorder = Recorder::new();
    recorder.update(&network, seconds(0));
    assert_eq!(recorder.close(seconds(60)), []);
    recorder.collect(&[sighting(WEB, Direction::Egress, ("10.0.0.10", "10.0.0.20"), (1, 70, 70))]);
    assert_eq!(recorder.close(seconds(120)).len(), 1);
    assert_eq!(
        lines(&recorder.close(seconds(180))),
        ["eni-0000000000000aaaa-all: 2 123456789012 eni-0000000000000aaaa - - - - - - - 120 179 - NODATA"]
    );
    network.instances.get_mut(&id::<InstanceId>("i-0000000a")).expect("web").state = InstanceState::Stopped;
    recorder.update(&network, seconds(181));
    assert_eq!(recorder.close(seconds(240)), []);
}

#[test]
fn flow_logs_of_one_verdict_say_nodata_of_the_other() {
    let mut network = network();
    let web = Monitored::Interface(id(WEB));
    network.flow_logs.insert(flow_log("fl-00000001", web, TrafficType::Reject, 60, "${log-status}"));
    let mut recorder = Recorder::new();
    recorder.update(&network, seconds(0));
    recorder.collect(&[sighting(WEB, Direction::Egress, ("10.0.0.10", "10.0.0.20"), (1, 5, 5))]);
    assert_eq!(lines(&recorder.close(seconds(60))), ["eni-0000000000000aaaa-reject: NODATA"]);
}

#[test]
fn ten_minute_windows_take_in_ten_collections() {
    let mut network = network();
    let subnet = Monitored::Subnet(id(SUBNET));
    let format = "${packets} ${start} ${end}";
    network.flow_logs.insert(flow_log("fl-00000001", subnet, TrafficType::All, 600, format));
    let mut recorder = Recorder::new();
    recorder.update(&network, seconds(30));
    for minute in 1..=10 {
        let at = 60 * minute - 1;
        recorder.collect(&[sighting(WEB, Direction::Egress, ("10.0.0.10", "10.0.0.20"), (2, at, at))]);
        assert_eq!(recorder.next_close(), Some(seconds(600)));
        let closed = recorder.close(seconds(60 * minute));
        let expected: &[&str] = if minute < 10 { &[] } else { &["eni-0000000000000aaaa-all: 20 59 599"] };
        assert_eq!(lines(&closed), expected, "minute {minute}");
    }
}

// "When a network interface is attached to a Nitro-based instance, the aggregation interval is always 1 minute or less,
// regardless of the specified maximum aggregation interval" (VPC User Guide, "Flow log basics").
#[test]
fn ten_minute_windows_are_of_one_minute_on_nitro() {
    let mut network = network();
    network.flow_logs.insert(flow_log("fl-00000001", vpc(), TrafficType::All, 600, "${start} ${end}"));
    let web = id::<InstanceId>("i-0000000a");
    network.instances.get_mut(&web).expect("web").instance_type = "m5.large".to_owned();
    let mut recorder = Recorder::new();
    recorder.update(&network, seconds(0));
    for at in [WEB, DB] {
        recorder.collect(&[sighting(at, Direction::Egress, ("10.0.0.10", "10.0.0.20"), (2, 5, 55))]);
    }
    assert_eq!(lines(&recorder.close(seconds(60))), ["eni-0000000000000aaaa-all: 5 55"]);
    network.instances.get_mut(&web).expect("web").instance_type = "t2.micro".to_owned();
    recorder.update(&network, seconds(60));
    recorder.collect(&[sighting(WEB, Direction::Egress, ("10.0.0.10", "10.0.0.20"), (2, 65, 90))]);
    assert_eq!(lines(&recorder.close(seconds(120))), [""; 0]);
    let both = ["eni-0000000000000aaaa-all: 65 90", "eni-0000000000000bbbb-all: 5 55"];
    assert_eq!(lines(&recorder.close(seconds(600))), both);
}

#[test]
fn flow_logs_that_share_a_stream_say_nodata_once_and_not_beside_records() {
    let mut network = network();
    let web = Monitored::Interface(id(WEB));
    for (name, traffic) in [("fl-00000001", TrafficType::Accept), ("fl-00000002", TrafficType::Reject)] {
        network.flow_logs.insert(flow_log(name, web, traffic, 60, "${start} ${log-status}"));
    }
    let apart = FlowLog {
        destination: LogDestination::CloudWatchLogs {
            log_group: "apart".to_owned(),
            role_arn: String::new(),
        },
        ..flow_log("fl-00000003", web, TrafficType::Reject, 60, "${start} ${log-status}")
    };
    network.flow_logs.insert(apart);
    let mut recorder = Recorder::new();
    recorder.update(&network, seconds(0));
    recorder.collect(&[sighting(WEB, Direction::Egress, ("10.0.0.10", "10.0.0.20"), (1, 5, 5))]);
    let (all, reject) = ("eni-0000000000000aaaa-all", "eni-0000000000000aaaa-reject");
    let expected = [format!("{all}: 5 OK"), format!("{reject}: 0 NODATA")];
    assert_eq!(lines(&recorder.close(seconds(60))), expected);
    let expected = [format!("{all}: 60 NODATA"), format!("{reject}: 60 NODATA")];
    assert_eq!(lines(&recorder.close(seconds(120))), expected);
}

#[test]
fn several_flow_logs_each_record_what_they_ask_for() {
    let mut network = network();
    let web = Monitored::Interface(id(WEB));
    network.flow_logs.insert(flow_log("fl-00000001", web, TrafficType::Accept, 60, "${action}"));
    network.flow_logs.insert(flow_log("fl-00000002", vpc(), TrafficType::Reject, 60, "${action} ${packets}"));
    let mut recorder = Recorder::new();
    recorder.update(&network, seconds(0));
    let accepted = sighting(WEB, Direction::Egress, ("10.0.0.10", "10.0.0.20"), (1, 5, 5));
    recorder.collect(&[accepted, Sighting { action: Action::Reject, packets: 7, ..accepted }]);
    assert_eq!(
        lines(&recorder.close(seconds(60))),
        ["eni-0000000000000aaaa-all: ACCEPT", "eni-0000000000000aaaa-all: REJECT 7"]
    );
}

#[test]
fn lost_sightings_leave_a_skipdata_record() {
    let mut network = network();
    network.flow_logs.insert(flow_log("fl-00000001", vpc(), TrafficType::All, 60, DEFAULT));
    let mut recorder = Recorder::new();
    recorder.update(&network, seconds(0));
    recorder.skip(&[Skipped { interface: id(DB), packets: 3, bytes: 120 }]);
    assert_eq!(
        lines(&recorder.close(seconds(60))),
        ["eni-0000000000000bbbb-all: 2 123456789012 eni-0000000000000bbbb - - - - - - - 0 59 - SKIPDATA"]
    );
}

#[test]
fn a_deleted_interface_still_delivers_what_it_saw_and_a_deleted_flow_log_does_not() {
    let mut network = network();
    network.flow_logs.insert(flow_log(
        "fl-00000001",
        vpc(),
        TrafficType::All,
        60,
        "${interface-id} ${packets}",
    ));
    network.flow_logs.insert(flow_log("fl-00000002", vpc(), TrafficType::All, 60, "${packets}"));
    let mut recorder = Recorder::new();
    recorder.update(&network, seconds(0));
    recorder.collect(&[sighting(WEB, Direction::Egress, ("10.0.0.10", "10.0.0.20"), (9, 5, 5))]);
    network.interfaces.remove(&id(WEB));
    network.flow_logs.remove(&id("fl-00000002"));
    recorder.update(&network, seconds(10));
    assert_eq!(lines(&recorder.close(seconds(60))), ["eni-0000000000000aaaa-all: eni-0000000000000aaaa 9"]);
    assert_eq!(recorder.close(seconds(120)), []);
}

#[test]
fn a_flow_log_takes_no_part_in_what_was_collected_before_it() {
    let mut network = network();
    let mut recorder = Recorder::new();
    recorder.update(&network, seconds(0));
    recorder.collect(&[sighting(WEB, Direction::Egress, ("10.0.0.10", "10.0.0.20"), (9, 5, 5))]);
    network.flow_logs.insert(flow_log("fl-00000001", vpc(), TrafficType::All, 60, "${packets}"));
    recorder.update(&network, seconds(10));
    recorder.collect(&[sighting(WEB, Direction::Egress, ("10.0.0.10", "10.0.0.20"), (1, 11, 11))]);
    assert_eq!(lines(&recorder.close(seconds(60))), ["eni-0000000000000aaaa-all: 1"]);
}

#[test]
fn events_are_stamped_with_the_first_second_and_sorted() {
    let mut network = network();
    network.flow_logs.insert(flow_log("fl-00000001", vpc(), TrafficType::All, 60, "${packets}"));
    let mut recorder = Recorder::new();
    recorder.update(&network, seconds(0));
    recorder.collect(&[
        sighting(WEB, Direction::Egress, ("10.0.0.10", "10.0.0.20"), (1, 40, 50)),
        sighting(WEB, Direction::Egress, ("10.0.0.10", "10.0.0.21"), (2, 7, 50)),
    ]);
    let closed = recorder.close(seconds(60));
    let times: Vec<i64> = closed[0].events.iter().map(|event| event.timestamp.0).collect();
    assert_eq!(times, [7_000, 40_000]);
}

fn any_sighting() -> impl Strategy<Value = Sighting> {
    let ends = (0u8..3, 0u8..3).prop_map(|(a, b)| {
        let end = |n: u8| IpAddr::from([10, 0, 0, 10 + n]);
        (end(a), end(b))
    });
    (any::<bool>(), any::<bool>(), any::<bool>(), ends, 1u64..1000, 0u64..600, 0u64..60).prop_map(
        |(at_web, egress, accept, (source, destination), packets, first, lasting)| Sighting {
            source,
            destination,
            action: if accept { Action::Accept } else { Action::Reject },
            ..sighting(
                if at_web { WEB } else { DB },
                if egress { Direction::Egress } else { Direction::Ingress },
                ("10.0.0.10", "10.0.0.20"),
                (packets, first, first + lasting),
            )
        },
    )
}

/// Packets and bytes per flow log in all records.
fn totals(deliveries: &[Delivery]) -> BTreeMap<FlowLogId, (u64, u64)> {
    let mut sums = BTreeMap::new();
    for delivery in deliveries {
        for event in &delivery.events {
            let number = |field| event.record.number(field).unwrap_or(0);
            let sum: &mut (u64, u64) = sums.entry(delivery.flow_log).or_default();
            *sum = (sum.0 + number(crate::Field::Packets), sum.1 + number(crate::Field::Bytes));
        }
    }
    sums
}

proptest! {
    #[test]
    fn records_conserve_packets_and_bytes(batches in prop::collection::vec(prop::collection::vec(any_sighting(), 0..40), 1..12)) {
        let mut network = network();
        let mut ids = Ids::new(1);
        let wanted = [TrafficType::All, TrafficType::Accept, TrafficType::Reject];
        let mut logs = Vec::new();
        for traffic in wanted {
            for interval in [60, 600] {
                let name: FlowLogId = ids.fresh();
                network.flow_logs.insert(flow_log(&name.to_string(), vpc(), traffic, interval, DEFAULT));
                logs.push((name, traffic));
            }
        }
        let mut recorder = Recorder::new();
        recorder.update(&network, seconds(0));
        let mut delivered = Vec::new();
        for (minute, batch) in batches.iter().enumerate() {
            recorder.collect(batch);
            delivered.extend(recorder.close(seconds(60 * (minute as u64 + 1))));
        }
        delivered.extend(recorder.close(seconds(6000)));
        let sums = totals(&delivered);
        for (name, traffic) in logs {
            let matching = batches.iter().flatten().filter(|sighting| records(traffic, sighting.action));
            let seen = matching.fold((0, 0), |sum, sighting| (sum.0 + sighting.packets, sum.1 + sighting.bytes));
            prop_assert_eq!(sums.get(&name).copied().unwrap_or_default(), seen);
        }
        for event in delivered.iter().flat_map(|delivery| &delivery.events) {
            let format = Arc::new(Format::default());
            let line = event.record.to_string();
            prop_assert_eq!(Record::parse(&format, &line).map(|record| record.to_string()), Ok(line));
        }
    }
}
