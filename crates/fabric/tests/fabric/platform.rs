//! Services of the platform: who asks gets an answer, and no flow log sees it.

use crate::bed::{Bed, Instance, SECOND, START};
use std::net::Ipv4Addr;
use weir_fabric::{Count, LINK_LOCAL_PACKETS_PER_S_MAX, Loss, frame};
use weir_model::flow_log::{Monitored, TrafficType};

const TIME: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 123);

/// A UDP packet from port 40000 of an instance.
fn udp(from: Ipv4Addr, to: Ipv4Addr, port: u16, payload: &[u8]) -> Vec<u8> {
    let length = (28 + payload.len()) as u16;
    let mut bytes = vec![0x45, 0];
    bytes.extend(length.to_be_bytes());
    bytes.extend([0, 0, 0, 0, 64, 17, 0, 0]);
    bytes.extend(from.octets());
    bytes.extend(to.octets());
    bytes.extend(40_000u16.to_be_bytes());
    bytes.extend(port.to_be_bytes());
    bytes.extend((length - 20).to_be_bytes());
    bytes.extend([0, 0]);
    bytes.extend(payload);
    frame::fill_checksums(&mut bytes);
    bytes
}

fn ntp_request() -> [u8; 48] {
    let mut request = [0; 48];
    request[0] = 0x23;
    request
}

fn received(bed: &Bed, instance: &Instance) -> Count {
    bed.fabric.traffic(instance.name()).expect("it runs").received
}

#[test]
fn the_time_service_answers_whatever_groups_and_routes_say() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    let instance = bed.instance(&site);
    bed.close(&site);
    bed.flow_log(Monitored::Vpc(site.vpc), TrafficType::All, "${srcaddr} ${dstaddr}");
    assert!(bed.fabric.inject(instance.name(), &udp(instance.private, TIME, 123, &ntp_request())));
    bed.pass(1);
    assert_eq!(received(&bed, &instance), Count { packets: 1, bytes: 76 });
    let mut sightings = Vec::new();
    bed.fabric.close_window(&mut sightings, &mut Vec::new());
    assert_eq!(sightings, []);
}

#[test]
fn what_a_service_does_not_understand_is_lost() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    let instance = bed.instance(&site);
    for (port, payload) in [(123, &[0; 48][..]), (123, &[]), (7, &[0x23; 48])] {
        bed.fabric.inject(instance.name(), &udp(instance.private, TIME, port, payload));
    }
    bed.pass(1);
    assert_eq!(bed.losses(), "3 the time service has no answer\n");
}

#[test]
fn an_interface_can_send_1024_packets_a_second_to_the_platform() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    let (instance, other) = (bed.instance(&site), bed.instance(&site));
    let request = |instance: &Instance| udp(instance.private, TIME, 123, &ntp_request());
    for _ in 0..LINK_LOCAL_PACKETS_PER_S_MAX + 10 {
        bed.fabric.inject(instance.name(), &request(&instance));
    }
    bed.fabric.inject(other.name(), &request(&other));
    bed.fabric.step(START.plus(SECOND));
    bed.fabric.inject(instance.name(), &request(&instance));
    bed.pass(1);
    assert!(bed.fabric.losses().contains_key(&Loss::Allowance));
    assert_eq!(received(&bed, &instance).packets, u64::from(LINK_LOCAL_PACKETS_PER_S_MAX) + 1);
    assert_eq!(received(&bed, &other).packets, 1);
}

#[test]
fn dhcp_offers_an_interface_its_address() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    let instance = bed.instance(&site);
    let mac = bed.network.interfaces.get(&instance.interface).expect("the interface").mac;
    let mut discover = vec![1, 1, 6];
    discover.resize(28, 0);
    discover.extend(mac);
    discover.resize(236, 0);
    discover.extend([99, 130, 83, 99, 53, 1, 1, 255]);
    let nowhere = Ipv4Addr::UNSPECIFIED;
    assert!(bed.fabric.inject(instance.name(), &udp(nowhere, Ipv4Addr::BROADCAST, 67, &discover)));
    bed.pass(1);
    assert_eq!(received(&bed, &instance).packets, 1);
}
