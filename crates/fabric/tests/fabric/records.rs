//! Flow-log records beside what the hosts sent and received.

use crate::bed::{Bed, SECOND, START, internet};
use expect_test::expect;
use std::collections::BTreeMap;
use weir_fabric::{Count, Traffic};
use weir_flowlog::{Delivery, Field, Recorder};
use weir_model::flow_log::{Monitored, TrafficType};
use weir_model::route::Target;
use weir_model::{InterfaceId, Nanos};
use weir_pipeline::Action;

/// A format with the direction, which the default format lacks.
pub const FORMAT: &str = "${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} ${bytes} \
     ${action} ${flow-direction} ${traffic-path} ${log-status}";

/// Lets `minutes` pass, closing a window at the end of each, and gives what was delivered.
pub fn record(bed: &mut Bed, recorder: &mut Recorder, minutes: u64) -> Vec<Delivery> {
    let mut delivered = Vec::new();
    for _ in 0..minutes {
        let minute = bed.fabric.now().0 / (60 * SECOND) + 1;
        let end = Nanos(minute * 60 * SECOND);
        bed.fabric.step(end);
        let (mut sightings, mut skipped) = (Vec::new(), Vec::new());
        bed.fabric.close_window(&mut sightings, &mut skipped);
        recorder.collect(&sightings);
        recorder.skip(&skipped);
        delivered.extend(recorder.close(end));
    }
    delivered
}

/// What records say each interface sent and received: all of egress, and what was accepted of ingress.
pub fn totals(deliveries: &[Delivery]) -> BTreeMap<InterfaceId, Traffic> {
    let mut totals: BTreeMap<InterfaceId, Traffic> = BTreeMap::new();
    for delivery in deliveries {
        for event in &delivery.events {
            let record = &event.record;
            let count = Count {
                packets: record.number(Field::Packets).unwrap_or(0),
                bytes: record.number(Field::Bytes).unwrap_or(0),
            };
            let total = totals.entry(delivery.interface).or_default();
            match (record.text(Field::FlowDirection), record.action()) {
                (Some("egress"), _) => add(&mut total.sent, count),
                (Some("ingress"), Some(Action::Accept)) => add(&mut total.received, count),
                _ => {}
            }
        }
    }
    totals
}

fn add(sum: &mut Count, count: Count) {
    sum.packets += count.packets;
    sum.bytes += count.bytes;
}

fn lines(deliveries: &[Delivery]) -> String {
    let mut lines: Vec<String> = Vec::new();
    for delivery in deliveries {
        lines.extend(delivery.events.iter().map(|event| format!("{}\n", event.record)));
    }
    lines.concat()
}

#[test]
fn records_tell_what_happened_at_each_interface() {
    let mut bed = Bed::new(1);
    let (left, right) = (bed.site("10.1.0.0/24"), bed.site("10.2.0.0/24"));
    let (one, other) = (bed.instance(&left), bed.instance(&right));
    let format = FORMAT.replace("${interface-id} ", "");
    bed.flow_log(Monitored::Vpc(left.vpc), TrafficType::All, &format);
    let mut recorder = Recorder::new();
    recorder.update(&bed.network, START);

    // No route to the private address but the one to the gateway: accepted here, lost there.
    bed.run(one.name(), &format!("ping -c 4 -W 1 {}", other.private));
    bed.run(internet("203.0.113.9"), &format!("nc -z -w 1 {} 23", one.public()));
    let peering = bed.peer(&left, &right);
    bed.route_to(left.table, "10.2.0.0/24", Target::Peering(peering));
    bed.route_to(right.table, "10.1.0.0/24", Target::Peering(peering));
    bed.run(one.name(), &format!("ping -c 5 {}", other.private));
    let delivered = record(&mut bed, &mut recorder, 2);
    expect![[r#"
        10.1.0.4 10.2.0.4 0 0 1 9 756 ACCEPT egress 4 OK
        203.0.113.9 10.1.0.4 36636 23 6 2 104 REJECT ingress - OK
        10.2.0.4 10.1.0.4 0 0 1 5 420 ACCEPT ingress - OK
        - - - - - - - - - - NODATA
    "#]]
    .assert_eq(&lines(&delivered));
}

#[test]
fn records_conserve_what_the_hosts_sent_and_received() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    let (one, other) = (bed.instance(&site), bed.instance(&site));
    bed.flow_log(Monitored::Vpc(site.vpc), TrafficType::All, FORMAT);
    let mut recorder = Recorder::new();
    recorder.update(&bed.network, START);
    bed.run(one.name(), &format!("ping -c 7 {}", other.private));
    bed.run(one.name(), &format!("nc -zv {} 22", other.private));
    bed.run(one.name(), "curl -s 93.184.215.14");
    bed.run(internet("203.0.113.9"), &format!("ping -c 3 {}", other.public()));
    let totals = totals(&record(&mut bed, &mut recorder, 3));
    for instance in [one, other] {
        assert_eq!(totals.get(&instance.interface).copied(), bed.fabric.traffic(instance.name()));
    }
    assert_eq!(bed.fabric.traffic(one.name()).map(|traffic| traffic.sent.packets > 12), Some(true));
}
