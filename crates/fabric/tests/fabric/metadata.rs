//! Instance metadata, as programs on an instance ask for it.

use crate::bed::{Bed, Instance, Site};
use weir_model::flow_log::{Monitored, TrafficType};
use weir_model::instance::MetadataChange;

const BASE: &str = "http://169.254.169.254/latest";

fn change(bed: &mut Bed, instance: &Instance, change: MetadataChange) {
    bed.command(|network, cx| network.modify_metadata(cx, instance.id, change));
}

/// A site with an instance that needs no token.
fn open(bed: &mut Bed) -> (Site, Instance) {
    let site = bed.site("10.1.0.0/24");
    let instance = bed.instance(&site);
    change(bed, &instance, MetadataChange { needs_token: Some(false), ..MetadataChange::default() });
    (site, instance)
}

#[test]
fn an_instance_learns_who_it_is() {
    let mut bed = Bed::new(1);
    let (_, instance) = open(&mut bed);
    let ask = |bed: &mut Bed, path: &str| {
        bed.run(instance.name(), &format!("curl -s {BASE}/meta-data/{path}")).stdout
    };
    assert_eq!(ask(&mut bed, "instance-id"), instance.id.to_string());
    assert_eq!(ask(&mut bed, "local-ipv4"), instance.private.to_string());
    assert_eq!(ask(&mut bed, "public-ipv4"), instance.public().to_string());
    assert_eq!(ask(&mut bed, "hostname"), "ip-10-1-0-4.ec2.internal");
    assert_eq!(ask(&mut bed, "security-groups"), "lab");
}

#[test]
fn the_second_version_needs_a_token() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    let name = bed.instance(&site).name();
    let ask = |bed: &mut Bed, options: &str| {
        let line = format!("curl -s -o /dev/null -w %{{http_code}} {options} {BASE}/meta-data/");
        bed.run(name, &line).stdout
    };
    assert_eq!(ask(&mut bed, ""), "401");
    let put = format!("curl -s -X PUT -H X-aws-ec2-metadata-token-ttl-seconds:60 {BASE}/api/token");
    let token = bed.run(name, &put).stdout;
    let header = format!("-H X-aws-ec2-metadata-token:{token}");
    assert_eq!(ask(&mut bed, &header), "200");
    bed.pass(60);
    assert_eq!(ask(&mut bed, &header), "401");
}

#[test]
fn groups_do_not_hold_metadata_back_and_flow_logs_do_not_see_it() {
    let mut bed = Bed::new(1);
    let (site, instance) = open(&mut bed);
    bed.flow_log(Monitored::Vpc(site.vpc), TrafficType::All, "${srcaddr} ${dstaddr}");
    bed.close(&site);
    assert_eq!(bed.run(instance.name(), &format!("curl -sf {BASE}/")).exit_code, Some(0));
    let mut sightings = Vec::new();
    bed.fabric.close_window(&mut sightings, &mut Vec::new());
    assert_eq!(sightings, []);
}

#[test]
fn equal_addresses_in_two_vpcs_are_told_apart() {
    let mut bed = Bed::new(1);
    let (_, one) = open(&mut bed);
    let (_, other) = open(&mut bed);
    assert_eq!(one.private, other.private);
    for instance in [one, other] {
        let output = bed.run(instance.name(), &format!("curl -s {BASE}/meta-data/instance-id"));
        assert_eq!(output.stdout, instance.id.to_string());
    }
}

#[test]
fn user_data_comes_whole() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    let text = "#!/bin/sh\n".to_owned() + &"x".repeat(15_000);
    let instance = bed.instance_with(&site, Some(&text));
    change(&mut bed, &instance, MetadataChange { needs_token: Some(false), ..MetadataChange::default() });
    let output = bed.run(instance.name(), &format!("curl -s {BASE}/user-data"));
    assert_eq!(output.stdout, text);
}

#[test]
fn options_take_effect_while_an_instance_runs() {
    let mut bed = Bed::new(1);
    let (_, instance) = open(&mut bed);
    let code = |bed: &mut Bed| {
        bed.run(instance.name(), &format!("curl -s -o /dev/null -w %{{http_code}} {BASE}/meta-data/")).stdout
    };
    assert_eq!(code(&mut bed), "200");
    change(&mut bed, &instance, MetadataChange { is_enabled: Some(false), ..MetadataChange::default() });
    assert_eq!(code(&mut bed), "403");
}

#[test]
fn the_ipv6_endpoint_has_to_be_switched_on() {
    let mut bed = Bed::new(1);
    let site = bed.ipv6_site("10.1.0.0/24");
    let instance = bed.instance(&site);
    let line = "curl -s -m 1 -o /dev/null -w %{http_code} http://[fd00:ec2::254]/latest/";
    assert_eq!(bed.run(instance.name(), line).exit_code, Some(28));
    let on = MetadataChange { needs_token: Some(false), is_ipv6: Some(true), ..MetadataChange::default() };
    change(&mut bed, &instance, on);
    assert_eq!(bed.run(instance.name(), line).stdout, "200");
}

// EC2 User Guide, "Use the Instance Metadata Service to access instance metadata" (IMDSv2).
#[test]
fn the_snippet_of_the_documentation_works() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    let host = bed.instance(&site).name();
    let put = "curl -X PUT \"http://169.254.169.254/latest/api/token\" -H \"X-aws-ec2-metadata-token-ttl-seconds: 21600\"";
    let get = "curl -H \"X-aws-ec2-metadata-token: $TOKEN\" http://169.254.169.254/latest/meta-data/";
    for token in [format!("`{put}`"), format!("$({put})")] {
        let script = format!("TOKEN={token} && {get}");
        let output = bed.run_words(host, &["bash", "-c", &script]);
        assert!(output.stdout.starts_with("ami-id\nami-launch-index\n"), "{output:?}");
        assert_eq!(output.exit_code, Some(0));
    }
}
