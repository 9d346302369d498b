//! Names: what the resolver of a VPC answers, and what programs make of it.

use crate::bed::{Bed, Instance, SECOND, Site, internet, tcp};
use expect_test::{Expect, expect};
use weir_fabric::Output;
use weir_model::flow_log::{Monitored, TrafficType};
use weir_model::peering::PeeringDns;
use weir_model::protocol::{PortRange, Protocol, Traffic};
use weir_model::vpc::VpcAttribute;

/// Output and exit code as a terminal would show them, without what differs from run to run.
#[track_caller]
fn check(output: &Output, expected: Expect) {
    let text = format!("{}{}exit {}", output.stdout, output.stderr, output.exit_code.unwrap_or(-1));
    expected.assert_eq(&text.replace('\t', " "));
}

/// A site whose instances have names.
fn named(bed: &mut Bed, cidr: &str) -> Site {
    let site = bed.site(cidr);
    bed.command(|network, cx| network.modify_vpc(cx, site.vpc, VpcAttribute::DnsHostnames(true)));
    site
}

fn public_name(instance: &Instance) -> String {
    format!("ec2-{}.compute-1.amazonaws.com", instance.public().to_string().replace('.', "-"))
}

#[test]
fn dig_shows_the_answer_as_bind_does() {
    let mut bed = Bed::new(1);
    let site = named(&mut bed, "10.1.0.0/24");
    let instance = bed.instance(&site);
    check(
        &bed.run(instance.name(), "dig ip-10-1-0-4.ec2.internal"),
        expect![[r#"

            ; <<>> DiG 9.18.33 <<>> ip-10-1-0-4.ec2.internal
            ;; global options: +cmd
            ;; Got answer:
            ;; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 36258
            ;; flags: qr rd ra; QUERY: 1, ANSWER: 1, AUTHORITY: 0, ADDITIONAL: 1

            ;; OPT PSEUDOSECTION:
            ; EDNS: version: 0, flags:; udp: 4096
            ;; QUESTION SECTION:
            ;ip-10-1-0-4.ec2.internal. IN A

            ;; ANSWER SECTION:
            ip-10-1-0-4.ec2.internal. 60 IN A 10.1.0.4

            ;; Query time: 0 msec
            ;; SERVER: 10.1.0.2#53(10.1.0.2) (UDP)
            ;; WHEN: Thu Jan 01 00:00:00 UTC 2026
            ;; MSG SIZE  rcvd: 69

            exit 0"#]],
    );
    check(
        &bed.run(instance.name(), "dig @169.254.169.253 nothing.ec2.internal aaaa"),
        expect![[r#"

            ; <<>> DiG 9.18.33 <<>> @169.254.169.253 nothing.ec2.internal aaaa
            ; (1 server found)
            ;; global options: +cmd
            ;; Got answer:
            ;; ->>HEADER<<- opcode: QUERY, status: NXDOMAIN, id: 36259
            ;; flags: qr rd ra; QUERY: 1, ANSWER: 0, AUTHORITY: 1, ADDITIONAL: 1

            ;; OPT PSEUDOSECTION:
            ; EDNS: version: 0, flags:; udp: 4096
            ;; QUESTION SECTION:
            ;nothing.ec2.internal.  IN AAAA

            ;; AUTHORITY SECTION:
            ec2.internal.  60 IN SOA ns0.ec2.internal. hostmaster.amazon.com. 2012103100 3600 3600 3600 60

            ;; Query time: 0 msec
            ;; SERVER: 169.254.169.253#53(169.254.169.253) (UDP)
            ;; WHEN: Thu Jan 01 00:00:00 UTC 2026
            ;; MSG SIZE  rcvd: 110

            exit 0"#]],
    );
    check(
        &bed.run(instance.name(), "dig +short -x 10.1.0.4"),
        expect![[r#"
            ip-10-1-0-4.ec2.internal.
            exit 0"#]],
    );
    check(
        &bed.run(instance.name(), "dig +noall +answer ip-10-1-0-4.ec2.internal"),
        expect![[r#"
            ip-10-1-0-4.ec2.internal. 60 IN A 10.1.0.4
            exit 0"#]],
    );
}

// As BIND 9.18 prints them.
#[test]
fn host_and_nslookup_tell_names_and_addresses() {
    let mut bed = Bed::new(1);
    let site = named(&mut bed, "10.1.0.0/24");
    let (instance, other) = (bed.instance(&site), bed.instance(&site));
    let mut ask = |line: &str, expected: Expect| check(&bed.run(instance.name(), line), expected);
    ask(
        "host ip-10-1-0-4",
        expect![[r#"
        ip-10-1-0-4.ec2.internal has address 10.1.0.4
        exit 0"#]],
    );
    ask(
        "host 10.1.0.4",
        expect![[r#"
        4.0.1.10.in-addr.arpa domain name pointer ip-10-1-0-4.ec2.internal.
        exit 0"#]],
    );
    ask(
        "host nothing",
        expect![[r#"
        Host nothing not found: 3(NXDOMAIN)
        exit 1"#]],
    );
    ask(
        "host 10.1.0.77",
        expect![[r#"
        Host 77.0.1.10.in-addr.arpa. not found: 3(NXDOMAIN)
        exit 1"#]],
    );
    ask(
        "host -t aaaa ip-10-1-0-4.ec2.internal 169.254.169.253",
        expect![[r#"
        Using domain server:
        Name: 169.254.169.253
        Address: 169.254.169.253#53
        Aliases: 

        ip-10-1-0-4.ec2.internal has no AAAA record
        exit 0"#]],
    );
    ask(
        "host -t what ip-10-1-0-4",
        expect![[r#"
        host: invalid type: what

        exit 2"#]],
    );
    ask(
        "nslookup -type=what -q=a -timeout=2 10.1.0.4",
        expect![[r#"
        Usage: nslookup [-type=type] host [server]
        exit 1"#]],
    );
    ask(
        "nslookup -query=what 10.1.0.4",
        expect![[r#"
        unknown query type: what
        4.0.1.10.in-addr.arpa name = ip-10-1-0-4.ec2.internal.

        Authoritative answers can be found from:

        exit 0"#]],
    );
    ask(
        "nslookup ip-10-1-0-4",
        expect![[r#"
        Server:  10.1.0.2
        Address: 10.1.0.2#53

        Non-authoritative answer:
        Name: ip-10-1-0-4.ec2.internal
        Address: 10.1.0.4

        exit 0"#]],
    );
    ask(
        "nslookup 10.1.0.4",
        expect![[r#"
        4.0.1.10.in-addr.arpa name = ip-10-1-0-4.ec2.internal.

        Authoritative answers can be found from:

        exit 0"#]],
    );
    ask(
        "nslookup nothing.ec2.internal 169.254.169.253",
        expect![[r#"
        Server:  169.254.169.253
        Address: 169.254.169.253#53

        ** server can't find nothing.ec2.internal.ec2.internal: NXDOMAIN

        exit 1"#]],
    );
    ask(
        "nslookup -type=aaaa ip-10-1-0-4.ec2.internal",
        expect![[r#"
        Server:  10.1.0.2
        Address: 10.1.0.2#53

        Non-authoritative answer:
        *** Can't find ip-10-1-0-4.ec2.internal: No answer

        exit 0"#]],
    );
    ask(
        &format!("host example.com {}", other.private),
        expect![[r#"
        Using domain server:
        Name: 10.1.0.5
        Address: 10.1.0.5#53
        Aliases: 

        ;; communications error to 10.1.0.5#53: timed out
        ;; communications error to 10.1.0.5#53: timed out
        ;; no servers could be reached
        exit 1"#]],
    );
    ask(
        &format!("nslookup example.com {}", other.private),
        expect![[r#"
        ;; communications error to 10.1.0.5#53: timed out
        ;; communications error to 10.1.0.5#53: timed out
        ;; communications error to 10.1.0.5#53: timed out
        ;; no servers could be reached

        exit 1"#]],
    );
}

#[test]
fn a_server_that_is_not_there_times_out_and_a_closed_port_refuses() {
    let mut bed = Bed::new(1);
    let site = named(&mut bed, "10.1.0.0/24");
    let (one, other) = (bed.instance(&site), bed.instance(&site));
    let dead = format!("dig @{} +tries=2 +time=1 example.com", other.private);
    check(
        &bed.run(one.name(), &dead),
        expect![[r#"
            ;; communications error to 10.1.0.5#53: timed out
            ;; communications error to 10.1.0.5#53: timed out

            ; <<>> DiG 9.18.33 <<>> @10.1.0.5 +tries=2 +time=1 example.com
            ; (1 server found)
            ;; global options: +cmd
            ;; no servers could be reached
            exit 9"#]],
    );
    bed.allow(&site, Traffic::All);
    check(
        &bed.run(one.name(), &format!("dig +short @{} +tries=1 example.com", other.private)),
        expect![[r#"
            ;; communications error to 10.1.0.5#53: connection refused
            ;; no servers could be reached
            exit 9"#]],
    );
}

#[test]
fn without_dns_support_no_name_is_known() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    let instance = bed.instance(&site);
    bed.command(|network, cx| network.modify_vpc(cx, site.vpc, VpcAttribute::DnsSupport(false)));
    let before = bed.fabric.now();
    check(
        &bed.run(instance.name(), "ping example.com"),
        expect![[r#"
            ping: example.com: Temporary failure in name resolution
            exit 2"#]],
    );
    assert_eq!((bed.fabric.now().0 - before.0) / SECOND, 10);
}

#[test]
fn a_public_name_leads_to_the_private_address_inside_and_to_the_public_one_outside() {
    let mut bed = Bed::new(1);
    let site = named(&mut bed, "10.1.0.0/24");
    let (one, other) = (bed.instance(&site), bed.instance(&site));
    let line = format!("dig +short {}", public_name(&other));
    assert_eq!(bed.run(one.name(), &line).stdout, format!("{}\n", other.private));
    let outside = bed.run(internet("203.0.113.9"), &line);
    assert_eq!(outside.stdout, format!("{}\n", other.public()));
    // A resolver on the internet knows nothing of VPCs.
    let line = format!("dig +short @8.8.8.8 {}", public_name(&other));
    assert_eq!(bed.run(one.name(), &line).stdout, format!("{}\n", other.public()));
}

#[test]
fn over_a_peering_the_option_of_the_other_side_counts() {
    let mut bed = Bed::new(1);
    let (left, right) = (named(&mut bed, "10.1.0.0/24"), named(&mut bed, "10.2.0.0/24"));
    let (one, other) = (bed.instance(&left), bed.instance(&right));
    let peering = bed.peer(&left, &right);
    let line = format!("dig +short {}", public_name(&other));
    assert_eq!(bed.run(one.name(), &line).stdout, format!("{}\n", other.public()));
    let dns = PeeringDns { requester: None, accepter: Some(true) };
    bed.command(|network, cx| network.set_peering_dns(cx, peering, dns));
    assert_eq!(bed.run(one.name(), &line).stdout, format!("{}\n", other.private));
}

#[test]
fn programs_take_names() {
    let mut bed = Bed::new(1);
    let site = named(&mut bed, "10.1.0.0/24");
    bed.allow(&site, tcp(80));
    let one = bed.instance(&site);
    bed.instance_with(&site, Some("#weir listen tcp/80 http Hello"));
    check(
        &bed.run(one.name(), "ping -c 1 ip-10-1-0-5"),
        expect![[r#"
            PING ip-10-1-0-5 (10.1.0.5) 56(84) bytes of data.
            64 bytes from ip-10-1-0-5.ec2.internal (10.1.0.5): icmp_seq=1 ttl=255 time=0.197 ms

            --- ip-10-1-0-5 ping statistics ---
            1 packets transmitted, 1 received, 0% packet loss, time 0ms
            rtt min/avg/max/mdev = 0.197/0.197/0.197/0.000 ms
            exit 0"#]],
    );
    check(
        &bed.run(one.name(), "curl -s ip-10-1-0-5.ec2.internal"),
        expect![[r#"
            Hello
            exit 0"#]],
    );
    check(&bed.run(one.name(), "nc -z ip-10-1-0-5.ec2.internal 22"), expect!["exit 0"]);
    check(
        &bed.run(one.name(), "nc -z ip-10-1-0-77.ec2.internal 22"),
        expect![[r#"
            Ncat: Could not resolve hostname "ip-10-1-0-77.ec2.internal": Name or service not known. QUITTING.
            exit 2"#]],
    );
    check(
        &bed.run(one.name(), "ping -c 1 -n example.com"),
        expect![[r#"
            PING example.com (203.0.113.179) 56(84) bytes of data.
            64 bytes from 203.0.113.179: icmp_seq=1 ttl=51 time=150 ms

            --- example.com ping statistics ---
            1 packets transmitted, 1 received, 0% packet loss, time 0ms
            rtt min/avg/max/mdev = 149.965/149.965/149.965/0.000 ms
            exit 0"#]],
    );
}

#[test]
fn the_resolver_is_not_logged_and_a_resolver_of_ones_own_is() {
    let mut bed = Bed::new(1);
    let site = named(&mut bed, "10.1.0.0/24");
    let instance = bed.instance(&site);
    bed.flow_log(Monitored::Vpc(site.vpc), TrafficType::All, "${srcaddr} ${dstaddr}");
    bed.run(instance.name(), "dig example.com");
    let sightings = |bed: &mut Bed| {
        let mut sightings = Vec::new();
        bed.fabric.close_window(&mut sightings, &mut Vec::new());
        sightings.len()
    };
    assert_eq!(sightings(&mut bed), 0);
    let options = vec![("domain-name-servers".to_owned(), vec!["9.9.9.9".to_owned()])];
    let options = bed.quietly(|network, cx| network.create_dhcp_options(cx, options, Default::default()));
    bed.command(|network, cx| network.associate_dhcp_options(cx, site.vpc, Some(options)));
    check(
        &bed.run(instance.name(), "cat /etc/resolv.conf"),
        expect![[r#"
            nameserver 9.9.9.9
            exit 0"#]],
    );
    assert_eq!(bed.run(instance.name(), "ping -c 1 -q example.com").exit_code, Some(0));
    assert!(sightings(&mut bed) > 0);
}

/// As BIND's tools do, after the time-out of a server (resolv.conf(5)): the one that has answered is named.
#[test]
fn the_next_server_is_asked_when_one_is_silent() {
    let mut bed = Bed::new(1);
    let site = named(&mut bed, "10.1.0.0/24");
    let instance = bed.instance(&site);
    let servers = ["10.1.0.99", "10.1.0.2"].map(str::to_owned).to_vec();
    let options = vec![("domain-name-servers".to_owned(), servers)];
    let options = bed.quietly(|network, cx| network.create_dhcp_options(cx, options, Default::default()));
    bed.command(|network, cx| network.associate_dhcp_options(cx, site.vpc, Some(options)));
    check(
        &bed.run(instance.name(), "nslookup -type=a ip-10-1-0-4.ec2.internal"),
        expect![[r#"
            ;; communications error to 10.1.0.99#53: timed out
            Server:  10.1.0.2
            Address: 10.1.0.2#53

            Non-authoritative answer:
            Name: ip-10-1-0-4.ec2.internal
            Address: 10.1.0.4

            exit 0"#]],
    );
    let dug = bed.run(instance.name(), "dig +time=2 ip-10-1-0-4.ec2.internal").stdout;
    assert!(dug.starts_with(";; communications error to 10.1.0.99#53: timed out\n"), "{dug}");
    assert!(dug.contains(";; SERVER: 10.1.0.2#53(10.1.0.2) (UDP)\n"), "{dug}");
}

/// RFC 7766: what answers over UDP answers over TCP.
#[test]
fn questions_go_over_tcp_too() {
    let mut bed = Bed::new(1);
    let site = named(&mut bed, "10.1.0.0/24");
    let (one, other) = (bed.instance(&site), bed.instance(&site));
    bed.flow_log(Monitored::Vpc(site.vpc), TrafficType::All, "${srcaddr} ${dstaddr}");
    let dug = bed.run(one.name(), "dig +tcp ip-10-1-0-4.ec2.internal").stdout;
    assert!(dug.contains(";; SERVER: 10.1.0.2#53(10.1.0.2) (TCP)\n"), "{dug}");
    assert!(dug.contains(";; MSG SIZE  rcvd: 69\n"), "{dug}");
    for line in [
        "dig +short +tcp ip-10-1-0-4.ec2.internal",
        "dig +short +vc @169.254.169.253 ip-10-1-0-4.ec2.internal",
        "host -T ip-10-1-0-4",
        "nslookup -vc ip-10-1-0-4",
    ] {
        let said = bed.run(one.name(), line);
        assert!(said.stdout.contains("10.1.0.4") && said.exit_code == Some(0), "{line}: {said:?}");
    }
    let mut sightings = Vec::new();
    bed.fabric.close_window(&mut sightings, &mut Vec::new());
    assert_eq!(sightings, [], "traffic with the resolver is not logged");
    let public = format!("dig +short +tcp @8.8.8.8 {}", public_name(&other));
    assert_eq!(bed.run(one.name(), &public).stdout, format!("{}\n", other.public()));
    bed.fabric.close_window(&mut sightings, &mut Vec::new());
    let sent = sightings.iter().find(|sighting| sighting.destination_port == 53).expect("a record");
    assert_eq!(sent.protocol, Protocol::TCP);
    check(
        &bed.run(one.name(), &format!("dig +tcp +short +tries=2 +time=1 @{} example.com", other.private)),
        expect![[r#"
            ;; Connection to 10.1.0.5#53(10.1.0.5) for example.com failed: timed out.
            ;; Connection to 10.1.0.5#53(10.1.0.5) for example.com failed: timed out.
            ;; no servers could be reached
            exit 9"#]],
    );
    bed.allow(&site, Traffic::All);
    check(
        &bed.run(one.name(), &format!("dig +tcp +short +tries=1 @{} example.com", other.private)),
        expect![[r#"
            ;; Connection to 10.1.0.5#53(10.1.0.5) for example.com failed: connection refused.
            ;; no servers could be reached
            exit 9"#]],
    );
    bed.command(|network, cx| network.modify_vpc(cx, site.vpc, VpcAttribute::DnsSupport(false)));
    assert_eq!(bed.run(one.name(), "dig +tcp +short +tries=1 ip-10-1-0-4.ec2.internal").exit_code, Some(9));
}

#[test]
fn etc_has_what_resolves_names() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    let instance = bed.instance(&site);
    check(
        &bed.run(instance.name(), "cat /etc/resolv.conf /etc/hosts /etc/shadow"),
        expect![[r#"
            nameserver 10.1.0.2
            search ec2.internal
            127.0.0.1   localhost localhost.localdomain localhost4 localhost4.localdomain4
            ::1         localhost6 localhost6.localdomain6
            cat: /etc/shadow: not simulated by weir
            exit 1"#]],
    );
}

#[test]
fn udp_echo_answers_datagrams() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    let ports = PortRange::new(7, 7).expect("a range");
    bed.allow(&site, Traffic::Ports(Protocol::UDP, ports));
    let (client, server) = (bed.instance(&site), bed.instance_with(&site, Some("#weir listen udp/7 echo")));
    // An echo of the question is no response, so dig waits in vain; but packets came back.
    bed.run(client.name(), &format!("dig @{} -p 7 +tries=1 +time=1 example.com", server.private));
    let traffic = bed.fabric.traffic(client.name()).expect("it runs");
    assert_eq!((traffic.sent.packets, traffic.received.packets), (1, 1));
    assert_eq!(traffic.sent.bytes, traffic.received.bytes);
}
