//! What people see when they run commands on hosts.

use crate::bed::{Bed, Instance, internet, tcp};
use expect_test::{Expect, expect};
use weir_fabric::Output;
use weir_model::route::Target;

/// Output and exit code as a terminal would show them.
fn shown(output: &Output) -> String {
    let text = format!("{}{}exit {}", output.stdout, output.stderr, output.exit_code.unwrap_or(-1));
    text.replace('\r', "")
}

#[track_caller]
fn check(output: &Output, expected: Expect) {
    expected.assert_eq(&shown(output));
}

#[test]
fn ping_inside_a_subnet_answers() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    let (one, other) = (bed.instance(&site), bed.instance(&site));
    let output = bed.run(one.name(), &format!("ping -c 3 {}", other.private));
    check(
        &output,
        expect![[r#"
        PING 10.1.0.5 (10.1.0.5) 56(84) bytes of data.
        64 bytes from 10.1.0.5: icmp_seq=1 ttl=255 time=0.197 ms
        64 bytes from 10.1.0.5: icmp_seq=2 ttl=255 time=0.212 ms
        64 bytes from 10.1.0.5: icmp_seq=3 ttl=255 time=0.196 ms

        --- 10.1.0.5 ping statistics ---
        3 packets transmitted, 3 received, 0% packet loss, time 2000ms
        rtt min/avg/max/mdev = 0.196/0.201/0.212/0.007 ms
        exit 0"#]],
    );
}

#[test]
fn ping_across_a_peering_takes_half_a_millisecond() {
    let mut bed = Bed::new(1);
    let (left, right) = (bed.site("10.1.0.0/24"), bed.site("10.2.0.0/24"));
    let (one, other) = (bed.instance(&left), bed.instance(&right));
    let peering = bed.peer(&left, &right);
    bed.route_to(left.table, "10.2.0.0/24", Target::Peering(peering));
    let line = format!("ping -q -c 2 {}", other.private);
    check(
        &bed.run(one.name(), &line),
        expect![[r#"
        PING 10.2.0.4 (10.2.0.4) 56(84) bytes of data.

        --- 10.2.0.4 ping statistics ---
        2 packets transmitted, 0 received, 100% packet loss, time 1000ms

        exit 1"#]],
    );
    bed.route_to(right.table, "10.1.0.0/24", Target::Peering(peering));
    check(
        &bed.run(one.name(), &format!("ping -c 5 {}", other.private)),
        expect![[r#"
        PING 10.2.0.4 (10.2.0.4) 56(84) bytes of data.
        64 bytes from 10.2.0.4: icmp_seq=1 ttl=255 time=0.512 ms
        64 bytes from 10.2.0.4: icmp_seq=2 ttl=255 time=0.496 ms
        64 bytes from 10.2.0.4: icmp_seq=3 ttl=255 time=0.503 ms
        64 bytes from 10.2.0.4: icmp_seq=4 ttl=255 time=0.501 ms
        64 bytes from 10.2.0.4: icmp_seq=5 ttl=255 time=0.499 ms

        --- 10.2.0.4 ping statistics ---
        5 packets transmitted, 5 received, 0% packet loss, time 4000ms
        rtt min/avg/max/mdev = 0.496/0.502/0.512/0.005 ms
        exit 0"#]],
    );
}

#[test]
fn ping_to_a_public_address_goes_through_both_gateways_and_to_a_private_one_nowhere() {
    let mut bed = Bed::new(1);
    let (left, right) = (bed.site("10.1.0.0/24"), bed.site("10.2.0.0/24"));
    let (one, other) = (bed.instance(&left), bed.instance(&right));
    check(
        &bed.run(one.name(), &format!("ping -c 2 {}", other.public())),
        expect![[r#"
        PING 54.209.188.224 (54.209.188.224) 56(84) bytes of data.
        64 bytes from 54.209.188.224: icmp_seq=1 ttl=254 time=0.544 ms
        64 bytes from 54.209.188.224: icmp_seq=2 ttl=254 time=0.582 ms

        --- 54.209.188.224 ping statistics ---
        2 packets transmitted, 2 received, 0% packet loss, time 1000ms
        rtt min/avg/max/mdev = 0.544/0.563/0.582/0.019 ms
        exit 0"#]],
    );
    check(
        &bed.run(one.name(), &format!("ping -c 2 {}", other.private)),
        expect![[r#"
        PING 10.2.0.4 (10.2.0.4) 56(84) bytes of data.

        --- 10.2.0.4 ping statistics ---
        2 packets transmitted, 0 received, 100% packet loss, time 1000ms

        exit 1"#]],
    );
    expect![[r#"
        2 the internet gateway drops packets to private addresses
    "#]]
    .assert_eq(&bed.losses());
}

#[test]
fn a_host_on_the_internet_reaches_public_addresses_only() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    let instance = bed.instance(&site);
    let outside = internet("203.0.113.9");
    check(
        &bed.run(outside, &format!("ping -c 2 {}", instance.public())),
        expect![[r#"
        PING 54.208.41.176 (54.208.41.176) 56(84) bytes of data.
        64 bytes from 54.208.41.176: icmp_seq=1 ttl=241 time=150 ms
        64 bytes from 54.208.41.176: icmp_seq=2 ttl=241 time=151 ms

        --- 54.208.41.176 ping statistics ---
        2 packets transmitted, 2 received, 0% packet loss, time 1000ms
        rtt min/avg/max/mdev = 149.888/150.264/150.640/0.376 ms
        exit 0"#]],
    );
    check(
        &bed.run(outside, &format!("ping -c 1 -W 1 {}", instance.private)),
        expect![[r#"
        PING 10.1.0.4 (10.1.0.4) 56(84) bytes of data.

        --- 10.1.0.4 ping statistics ---
        1 packets transmitted, 0 received, 100% packet loss, time 0ms

        exit 1"#]],
    );
    check(
        &bed.run(instance.name(), "ping -c 1 8.8.8.8"),
        expect![[r#"
        PING 8.8.8.8 (8.8.8.8) 56(84) bytes of data.
        64 bytes from 8.8.8.8: icmp_seq=1 ttl=51 time=150 ms

        --- 8.8.8.8 ping statistics ---
        1 packets transmitted, 1 received, 0% packet loss, time 0ms
        rtt min/avg/max/mdev = 150.079/150.079/150.079/0.000 ms
        exit 0"#]],
    );
    expect![[r#"
        1 the internet gateway drops packets to private addresses
    "#]]
    .assert_eq(&bed.losses());
}

#[test]
fn ncat_gives_the_connection_to_head() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    bed.allow(&site, tcp(9));
    let sender = bed.instance(&site);
    let receiver = bed.instance_with(&site, Some("#weir listen tcp/9 discard"));
    let to = receiver.private.to_string();
    let output = bed.run_words(sender.name(), &["nc", "-c", "head -c 1MB /dev/zero", &to, "9"]);
    check(&output, expect!["exit 0"]);
    bed.pass(10);
    let received = bed.fabric.traffic(receiver.name()).expect("it runs").received;
    let headers = received.bytes - 1_000_000;
    assert!((received.packets * 40..received.packets * 60).contains(&headers), "{received:?}");
    check(
        &bed.run_words(sender.name(), &["nc", "-c", "tail -f /var/log/messages", &to, "9"]),
        expect![[r#"
            Ncat: weir runs no 'tail -f /var/log/messages', only 'head -c BYTES /dev/zero'. QUITTING.
            exit 2"#]],
    );
}

/// Without that there is an acknowledgement for every second segment.
#[test]
fn segments_of_one_instant_are_acknowledged_together() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    bed.allow(&site, tcp(9));
    let sender = bed.instance(&site);
    let receiver = bed.instance_with(&site, Some("#weir listen tcp/9 discard"));
    let to = receiver.public().to_string();
    bed.run_words(sender.name(), &["nc", "-c", "head -c 1MB /dev/zero", &to, "9"]);
    bed.pass(10);
    let received =
        |instance: &Instance| bed.fabric.traffic(instance.name()).expect("it runs").received.packets;
    let (segments, acknowledgements) = (received(&receiver), received(&sender));
    assert!(segments > 650 && acknowledgements * 3 < segments, "{acknowledgements} for {segments}");
}

#[test]
fn scans_are_open_refused_or_silent() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    bed.allow(&site, tcp(81));
    let instance = bed.instance(&site);
    let outside = internet("203.0.113.9");
    check(
        &bed.run(outside, &format!("nc -zv {} 22", instance.public())),
        expect![[r#"
        Ncat: Version 7.93 ( https://nmap.org/ncat )
        Ncat: Connected to 54.208.253.227:22.
        Ncat: 0 bytes sent, 0 bytes received in 0.14 seconds.
        exit 0"#]],
    );
    check(
        &bed.run(outside, &format!("nc -zv {} 81", instance.public())),
        expect![[r#"
        Ncat: Version 7.93 ( https://nmap.org/ncat )
        Ncat: Connection refused.
        exit 1"#]],
    );
    check(
        &bed.run(outside, &format!("nc -zv -w 3 {} 23", instance.public())),
        expect![[r#"
        Ncat: Version 7.93 ( https://nmap.org/ncat )
        Ncat: TIMEOUT.
        exit 1"#]],
    );
    check(&bed.run(outside, &format!("nc -z -w 3 {} 23", instance.public())), expect!["exit 1"]);
    check(
        &bed.run(outside, &format!("nc {} 22", instance.public())),
        expect![[r#"
            SSH-2.0-OpenSSH_8.7
            exit 0"#]],
    );
    expect![[r#"
        6 no group of the destination has an ingress rule for it
    "#]]
    .assert_eq(&bed.losses());
}

#[test]
fn services_of_user_data_answer() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    bed.allow(&site, tcp(80));
    let user_data = "#!/bin/bash\n#weir listen tcp/80 http Hello from the lab\n";
    let (server, client) = (bed.instance_with(&site, Some(user_data)), bed.instance(&site));
    check(
        &bed.run(client.name(), &format!("curl -s http://{}/index.html", server.private)),
        expect![[r#"
        Hello from the lab
        exit 0"#]],
    );
    check(
        &bed.run(server.name(), &format!("curl {}", client.private)),
        expect![[r#"
        curl: (7) Failed to connect to 10.1.0.5 port 80 after 0 ms: Couldn't connect to server
        exit 7"#]],
    );
    check(
        &bed.run(server.name(), &format!("curl -m 2 {}:8080", client.private)),
        expect![[r#"
        curl: (28) Failed to connect to 10.1.0.5 port 8080 after 2000 ms: Timeout was reached
        exit 28"#]],
    );
    check(
        &bed.run(server.name(), "curl http://93.184.215.14"),
        expect![[r#"
        Hello from the internet
        exit 0"#]],
    );
    check(
        &bed.run(server.name(), "curl https://example.com"),
        expect![[r#"
        curl: (1) Protocol "https" not supported or disabled in libcurl
        exit 1"#]],
    );
    check(
        &bed.run(server.name(), "curl http://example.com"),
        expect![[r#"
        Hello from the internet
        exit 0"#]],
    );
    check(
        &bed.run(server.name(), "curl http://www.example"),
        expect![[r#"
        curl: (6) Could not resolve host: www.example
        exit 6"#]],
    );
}

// As iproute2 prints them on an instance of Amazon Linux 2023.
#[test]
fn ip_shows_addresses_and_routes() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/20");
    let instance = bed.instance(&site);
    let run = |bed: &mut Bed, line: &str| bed.run(instance.name(), line);
    let address = run(&mut bed, "ip -4 addr show ens5").stdout;
    let mac = address.split_once("link/ether ").and_then(|(_, rest)| rest.split(' ').next());
    let address = address.replace(mac.expect("a MAC address"), "MAC");
    expect![[r#"
        2: ens5: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 9001 qdisc mq state UP group default qlen 1000
            link/ether MAC brd ff:ff:ff:ff:ff:ff
            inet 10.1.0.4/20 metric 512 brd 10.1.15.255 scope global dynamic ens5
               valid_lft 3600sec preferred_lft 3600sec
    "#]]
    .assert_eq(&address);
    check(
        &run(&mut bed, "ip route"),
        expect![[r#"
            default via 10.1.0.1 dev ens5 proto dhcp src 10.1.0.4 metric 512 
            10.1.0.0/20 dev ens5 proto kernel scope link src 10.1.0.4 metric 512 
            10.1.0.1 dev ens5 proto dhcp scope link src 10.1.0.4 metric 512 
            10.1.0.2 dev ens5 proto dhcp scope link src 10.1.0.4 metric 512 
            exit 0"#]],
    );
    for (to, expected) in [
        ("8.8.8.8", "8.8.8.8 via 10.1.0.1 dev ens5 src 10.1.0.4 uid 1000 \n    cache \n"),
        ("10.1.1.5", "10.1.1.5 dev ens5 src 10.1.0.4 uid 1000 \n    cache \n"),
        ("10.1.16.5", "10.1.16.5 via 10.1.0.1 dev ens5 src 10.1.0.4 uid 1000 \n    cache \n"),
        ("10.1.0.4", "local 10.1.0.4 dev lo src 10.1.0.4 uid 1000 \n    cache <local> \n"),
    ] {
        assert_eq!(run(&mut bed, &format!("ip route get {to}")).stdout, expected);
    }
    for (line, said, code) in [
        ("ip route get x", "Error: any valid prefix is expected rather than \"x\".\n", 1),
        ("ip addr show eth9", "Device \"eth9\" does not exist.\n", 1),
        ("ip -q route", "Option \"-q\" is unknown, try \"ip -help\".\n", 255),
    ] {
        let output = run(&mut bed, line);
        assert_eq!((output.stderr.as_str(), output.exit_code), (said, Some(code)), "{line}");
    }
    let whole = run(&mut bed, "ip a").stdout;
    assert!(whole.starts_with("1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536"), "{whole}");
    assert!(whole.contains("    inet6 ::1/128 scope host noprefixroute \n"), "{whole}");
    assert!(whole.contains("/64 scope link proto kernel_ll \n"), "{whole}");
}

#[test]
fn commands_about_the_host_itself() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    let instance = bed.instance(&site);
    check(
        &bed.run(instance.name(), "hostname"),
        expect![[r#"
        ip-10-1-0-4.ec2.internal
        exit 0"#]],
    );
    check(
        &bed.run(instance.name(), "ip -br address"),
        expect![[r#"
        lo               UNKNOWN        127.0.0.1/8 ::1/128 
        ens5             UP             10.1.0.4/24 
        exit 0"#]],
    );
    check(
        &bed.run(instance.name(), "ping -c 1 localhost"),
        expect![[r#"
        PING localhost (127.0.0.1) 56(84) bytes of data.
        64 bytes from localhost (127.0.0.1): icmp_seq=1 ttl=255 time=0.020 ms

        --- localhost ping statistics ---
        1 packets transmitted, 1 received, 0% packet loss, time 0ms
        rtt min/avg/max/mdev = 0.020/0.020/0.020/0.000 ms
        exit 0"#]],
    );
    check(
        &bed.run(instance.name(), "ping -c 1 ip-10-1-0-4"),
        expect![[r#"
        PING ip-10-1-0-4 (10.1.0.4) 56(84) bytes of data.
        64 bytes from ip-10-1-0-4.ec2.internal (10.1.0.4): icmp_seq=1 ttl=255 time=0.020 ms

        --- ip-10-1-0-4 ping statistics ---
        1 packets transmitted, 1 received, 0% packet loss, time 0ms
        rtt min/avg/max/mdev = 0.020/0.020/0.020/0.000 ms
        exit 0"#]],
    );
    check(
        &bed.run(instance.name(), "nc -zv localhost 22"),
        expect![[r#"
        Ncat: Version 7.93 ( https://nmap.org/ncat )
        Ncat: Connected to 127.0.0.1:22.
        Ncat: 0 bytes sent, 0 bytes received in 0.00 seconds.
        exit 0"#]],
    );
    assert_eq!(bed.fabric.traffic(instance.name()).map(|traffic| traffic.sent.packets), Some(0));
}

#[test]
fn mistakes_on_the_command_line_are_told() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    let host = bed.instance(&site).name();
    let rows = [
        ("foo --bar", "bash: foo: command not found\nexit 127"),
        ("awk x", "bash: awk: not simulated by weir\nexit 127"),
        ("sleep", "sleep: missing operand\nTry 'sleep --help' for more information.\nexit 1"),
        ("sleep 1x", "sleep: invalid time interval '1x'\nTry 'sleep --help' for more information.\nexit 1"),
        ("ping", "ping: usage error: Destination address required\nexit 1"),
        ("ping nowhere.example", "ping: nowhere.example: Name or service not known\nexit 2"),
        ("ping -c x 10.1.0.4", "ping: invalid argument: 'x'\nexit 1"),
        (
            "ping -c 0 10.1.0.4",
            "ping: invalid argument: '0': out of range: 1 <= value <= 9223372036854775807\nexit 1",
        ),
        ("ping -i x 10.1.0.4", "ping: bad timing interval: x\nexit 1"),
        ("ping ::1:2", "ping: connect: Network is unreachable\nexit 2"),
        ("nc", "Ncat: You must specify a host to connect to. QUITTING.\nexit 2"),
        ("nc 10.1.0.4 x", "Ncat: Invalid port number \"x\". QUITTING.\nexit 2"),
        ("nc -q 10.1.0.4 22", "nc: invalid option -- 'q'\nNcat: Unrecognised option. QUITTING.\nexit 2"),
    ];
    for (line, expected) in rows {
        assert_eq!(shown(&bed.run(host, line)), expected, "{line}");
    }
    let usage = bed.run(host, "ping -z 10.1.0.4");
    assert!(usage.stderr.starts_with("ping: invalid option -- 'z'\n\nUsage\n  ping [options]"), "{usage:?}");
    assert_eq!(usage.exit_code, Some(2));
}

#[test]
fn echo_reads_its_options_as_bash_does() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    let host = bed.instance(&site).name();
    let rows: [(&[&str], &str); 7] = [
        (&["-n", "a", "b"], "a b"),
        (&["-e", r"a\nb\tc\\d"], "a\nb\tc\\d\n"),
        (&["-ne", r"a\n"], "a\n"),
        (&["-e", r"a\cb"], "a"),
        (&["-E", "-e", "-E", r"a\n"], "a\\n\n"),
        (&["-x", "-n"], "-x -n\n"),
        (&["-"], "-\n"),
    ];
    for (args, expected) in rows {
        let argv: Vec<&str> = [&["echo"], args].concat();
        assert_eq!(bed.run_words(host, &argv).stdout, expected, "{args:?}");
    }
}

#[test]
fn what_of_user_data_has_no_effect_is_in_the_boot_log() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    let host = bed.instance_with(&site, Some("#weir listen tcp/80 http x\n#weir listn tcp/1 echo\n")).name();
    let log = bed.run(host, "cat /var/log/cloud-init-output.log").stdout;
    assert!(log.starts_with("weir: line 2 of the user data has no effect"), "{log}");
    assert!(log.ends_with("#weir listn tcp/1 echo\n"), "{log}");
}

#[test]
fn a_shell_runs_commands_one_after_another() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    let host = bed.instance(&site).name();
    let rows = [
        ("echo one; echo 'two  three'", "one\ntwo  three\nexit 0"),
        ("false\necho after", "after\nexit 0"),
        ("echo before\nfalse", "before\nexit 1"),
        ("false && echo no || echo yes", "yes\nexit 0"),
        ("set -e\nfalse || true\nfalse\necho no", "exit 1"),
        ("echo a\nexit 3\necho b", "a\nexit 3"),
        ("true\n\nfoo", "bash: line 3: foo: command not found\nexit 127"),
        ("echo a > b", "bash: line 1: syntax error: `> b' is not simulated by weir\nexit 2"),
        ("ping -c 1 -q 10.1.0.4 && nc -z 10.1.0.4 22 && bash -c 'exit 4'", "exit 4"),
        ("", "exit 0"),
        ("X=1; Y=\"$X 2\" && echo $Y-${X} \"[$Z]\" $HOSTNAME", "1 2-1 [] ip-10-1-0-4.ec2.internal\nexit 0"),
        ("export X=5; echo $X; unset X; echo $X", "5\n\nexit 0"),
        ("X='a b'; export Y=$X Z; echo \"$Y\"", "a b\nexit 0"),
        ("X=1; X=2 echo $X; X=3 true; echo $X", "1\n1\nexit 0"),
        ("X=1 Y=$X; echo $Y; X=5 Y=$(echo $X); echo $Y", "1\n5\nexit 0"),
        (
            "X=1; Y=2; export Z=3 Y; W=4 Z=5 sh -c 'echo $W $X $Y $Z $USER'; echo $Z",
            "4 2 5 ec2-user\n3\nexit 0",
        ),
        ("set -o errexit -o pipefail; false; echo no", "exit 1"),
        ("set -eo pipefail +e; false; echo on", "on\nexit 0"),
        ("set -- -e; false; echo on", "on\nexit 0"),
        ("set -o nounset; set +o nounset; echo a$X", "a\nexit 0"),
        ("set -euo pipefail; echo on; X=$(false); echo no", "on\nexit 1"),
        ("set -euo pipefail; echo $X; echo no", "bash: line 1: X: unbound variable\nexit 1"),
        ("false; echo $?", "1\nexit 0"),
        ("echo \"a $(echo b; echo c)\" `hostname -s`", "a b\nc ip-10-1-0-4\nexit 0"),
        ("X=$(false) || echo failed; X=`echo $(whoami)`; echo $X", "failed\nec2-user\nexit 0"),
        ("set -e; X=$(false); echo no", "exit 1"),
        ("set -u; echo $X; echo no", "bash: line 1: X: unbound variable\nexit 127"),
        ("X='a b'; set -x; echo \"$X\" c", "a b c\n+ echo 'a b' c\nexit 0"),
        ("set -x; X=1 Y=2 true; Y=3", "+ X=1\n+ Y=2\n+ true\n+ Y=3\nexit 0"),
        (
            "echo out; echo err >&2; echo no > /dev/null; foo 2>/dev/null; foo >/dev/null 2>&1",
            "out\nerr\nexit 127",
        ),
        ("X=$(ping -c 1 -q 10.1.0.4 2>&1) && sleep 2 && echo over", "over\nexit 0"),
        ("echo a$(exit 3)b; echo $?; X=$(exit 3); echo $?", "ab\n0\n3\nexit 0"),
        ("cd /tmp", "bash: line 1: cd: not simulated by weir\nexit 127"),
        (
            "true\nselect x in a; do echo yes; done",
            "bash: line 2: syntax error: `select' is not simulated by weir\nexit 2",
        ),
    ];
    for (text, expected) in rows {
        let output = shown(&bed.run_words(host, &["sh", "-c", text]));
        assert!(output.ends_with(expected), "{text}: {output}");
        assert!(!output.contains("\nno\n") && !output.starts_with("no\n"), "{text}: {output}");
    }
    assert!(bed.run(host, "sh script.sh").stderr.starts_with("bash: only -c and scripts on standard input"));
}

/// A word of 1024 letters, doubled again and again.
const LONG: &str = "A=xxxxxxxxxxxxxxxx; A=$A$A$A$A$A$A$A$A; A=$A$A$A$A$A$A$A$A; ";

// bash 5.2 says the same of a program's argument, and of memory where it has no more.
#[test]
fn what_a_script_keeps_and_says_is_bounded() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    let host = bed.instance(&site).name();
    let (eighth, half) = ("A=$A$A; ".repeat(7), "A=$A$A; ".repeat(9));
    let hundreds = "\"$A\"$(echo a)".repeat(5);
    let rows = [
        (format!("{eighth} ping $A; echo $?"), "126\nbash: line 1: ping: Argument list too long\nexit 0"),
        (format!("{eighth} X=$(echo $A) && X=$X$A && echo long"), "long\nexit 0"),
        (format!("{half} B=$A && echo no"), "bash: xrealloc: cannot allocate 524289 bytes\nexit 2"),
        (format!("{half} A=$A$A; echo no"), "bash: xrealloc: cannot allocate 524288 bytes\nexit 2"),
        (format!("{half} export B=$A; echo no"), "bash: xrealloc: cannot allocate 524289 bytes\nexit 2"),
        (
            format!("{half} echo $A $A $A; echo over"),
            "over\nbash: line 1: echo: Argument list too long\nexit 0",
        ),
        (
            format!("{half} echo $(echo $A)$(echo $A)$(echo $A)$(echo no >&2)"),
            "bash: line 1: echo: Argument list too long\nexit 126",
        ),
        (format!("{half} echo {hundreds}"), "bash: line 1: echo: Argument list too long\nexit 126"),
    ];
    for (text, expected) in rows {
        let output = shown(&bed.run_words(host, &["sh", "-c", &format!("{LONG}{text}")]));
        assert!(output.ends_with(expected), "{text}: {}", &output[output.len().saturating_sub(200)..]);
        assert!(!output.contains("\nno\n") && !output.starts_with("no\n"), "{text}");
    }
}

#[test]
fn shells_that_begin_shells_come_to_an_end() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    let host = bed.instance(&site).name();
    let no_more = "bash: line 1: fork: Resource temporarily unavailable\n";
    for text in [
        "export X='sh -c \"$X\"'; sh -c \"$X\"",
        "export X='sh -c \"$X\"; sh -c \"$X\"'; sh -c \"$X\"",
        "export X='echo $(sh -c \"$X\")'; sh -c \"$X\"",
    ] {
        let output = bed.run_words(host, &["sh", "-c", text]);
        assert!(output.stderr.starts_with(no_more), "{text}: {output:?}");
        assert!(output.exit_code.is_some(), "{text}");
    }
}

#[test]
fn an_interrupt_ends_every_transfer() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    bed.allow(&site, tcp(9));
    bed.allow(&site, tcp(80));
    let host = bed.instance(&site).name();
    let services = "#weir listen tcp/9 discard\n#weir listen tcp/80 http delay=1h Late\n";
    bed.instance_with(&site, Some(services));
    let lines: [&[&str]; 7] = [
        &["nc", "-c", "head -c 1000GB /dev/zero", "10.1.0.5", "9"],
        &["nc", "-w", "100", "10.1.0.77", "9"],
        &["nc", "-u", "-z", "10.1.0.5", "9"],
        &["nc", "-l", "4000"],
        &["curl", "10.1.0.77"],
        &["curl", "--retry", "3", "--retry-connrefused", "10.1.0.4"],
        &["curl", "10.1.0.5", "10.1.0.77"],
    ];
    for words in lines {
        let argv: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let id = bed.fabric.exec(host, &argv).expect("it starts");
        bed.fabric.step(bed.fabric.now().plus(10_000_000));
        assert_eq!(bed.fabric.poll(id).expect("it is known").exit_code, None, "{words:?}");
        bed.fabric.interrupt(id);
        let output = bed.fabric.poll(id).expect("it is known");
        assert_eq!(output.exit_code, Some(130), "{words:?}: {output:?}");
    }
}

#[test]
fn a_trace_of_a_path_that_is_silent_ends_with_the_last_hop() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    let host = bed.instance(&site).name();
    let argv = ["tracepath", "-m", "255", "10.1.0.77"].map(str::to_owned);
    let id = bed.fabric.exec(host, &argv).expect("it starts");
    bed.pass(800);
    let output = bed.fabric.poll(id).expect("it is known").stdout;
    assert!(output.contains("\n255:  no reply\n     Too many hops"), "{output}");
}

#[test]
fn an_interrupt_ends_a_shell_and_a_kill_gives_what_was_printed() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    let host = bed.instance(&site).name();
    let argv = ["sh", "-c", "echo begun; ping 10.1.0.4; echo over"].map(str::to_owned);
    let interrupted = bed.fabric.exec(host, &argv).expect("it starts");
    let killed = bed.fabric.exec(host, &argv).expect("it starts");
    bed.pass(2);
    bed.fabric.interrupt(interrupted);
    let output = bed.fabric.poll(interrupted).expect("it is known");
    assert_eq!(output.exit_code, Some(130));
    assert!(output.stdout.contains("3 packets transmitted") && !output.stdout.contains("over"), "{output:?}");
    let output = bed.fabric.kill(killed).expect("it is known");
    assert!(output.stdout.starts_with("begun\nPING") && output.exit_code.is_none(), "{output:?}");
    assert_eq!(bed.fabric.kill(killed), None);
    bed.pass(5);
    assert_eq!(bed.fabric.next_event(), None, "nothing pings any more");
}
