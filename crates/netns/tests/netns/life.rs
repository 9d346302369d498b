//! From the first boot to the end of an instance.

use crate::Test;
use crate::world::World;
use std::time::Duration;
use weir_fabric::ExecId;
use weir_model::interface::NewInterface;
use weir_model::{InstanceId, Timestamp};

pub const TESTS: &[Test] = &[
    ("programs run with their output and exit code", programs),
    ("an instance has what DHCP would give it", dhcp),
    ("TCP is Linux's own whatever the machine's is", congestion_control),
    ("a script as user data runs once and its output is kept", user_data),
    ("user data that cannot be started leaves the instance usable and says so", unstartable_user_data),
    ("programs do not inherit where weir was started", environment),
    ("what runs in an instance ends with it", end_of_an_instance),
    ("an interrupt ends a program as Ctrl-C does", interrupt),
    ("a program reads what it is fed, and its end", input),
    ("a program ends when who followed it has gone, unless it has decided otherwise", follower_gone),
    ("addresses come and go while it runs", addresses),
    ("an interface is attached and detached while it runs", interfaces),
    ("of a terminated instance nothing is left", terminated),
];

fn programs(world: &mut World) {
    let site = world.bed().site("10.0.0.0/24");
    let host = world.host(&site);
    let output = world.script(host.name(), "echo out; echo err >&2; exit 3");
    assert_eq!(
        (output.stdout.as_str(), output.stderr.as_str(), output.exit_code),
        ("out\n", "err\n", Some(3))
    );
    let output = world.run(host.name(), "no-such-program");
    assert_eq!(output.exit_code, Some(127));
    assert_eq!(output.stderr, "bash: no-such-program: command not found\n");
    let output = world.script(host.name(), "kill -9 $$");
    assert_eq!(output.exit_code, Some(137));
}

fn dhcp(world: &mut World) {
    let site = world.bed().site("10.0.0.0/24");
    let host = world.host(&site);
    let script = "hostname; cat /etc/resolv.conf; grep ip- /etc/hosts; cat /sys/class/net/ens5/mtu 2>/dev/null; ip -4 -o addr show ens5; ip route";
    let output = world.script(host.name(), script);
    let name = format!("ip-{}", host.private.to_string().replace('.', "-"));
    let wanted = [
        format!("{name}.ec2.internal\n"),
        "search ec2.internal".to_owned(),
        "nameserver 10.0.0.2".to_owned(),
        format!("{} {name}.ec2.internal {name}", host.private),
        format!("inet {}/24", host.private),
        "default via 10.0.0.1 dev ens5".to_owned(),
    ];
    for wanted in wanted {
        assert!(output.stdout.contains(&wanted), "{wanted}: {output:?}");
    }
    let link = world.run(host.name(), "ip link show ens5").stdout;
    let mac = world.bed().network.interfaces.get(&host.interface).expect("the interface").mac;
    let mac = mac.map(|byte| format!("{byte:02x}")).join(":");
    assert!(link.contains("mtu 9001") && link.contains(&mac), "{mac}: {link}");
}

/// Without its own, the host would have the machine's, as a new namespace does.
fn congestion_control(world: &mut World) {
    let site = world.bed().site("10.0.0.0/24");
    let host = world.host(&site);
    let control = world.run(host.name(), "cat /proc/sys/net/ipv4/tcp_congestion_control").stdout;
    assert!(["cubic\n", "reno\n"].contains(&control.as_str()), "{control}");
}

fn user_data(world: &mut World) {
    let site = world.bed().site("10.0.0.0/24");
    let script = "#!/bin/sh\necho begun; hostname; echo wrong >&2\n";
    let host = world.bed().instance_with(&site, Some(script));
    world.check_runs(&host);
    let kept = || world.run(host.name(), "cat /var/log/cloud-init-output.log").stdout;
    world.wait_until("the script has run", |_| kept().contains("wrong"));
    assert!(kept().starts_with("begun\nip-10-0-0-"), "{}", kept());
    restart(world, host.id);
    world.check_runs(&host);
    assert_eq!(kept().matches("begun").count(), 1, "{}", kept());
}

fn unstartable_user_data(world: &mut World) {
    let site = world.bed().site("10.0.0.0/24");
    for script in ["#!/bin/bash\r\necho begun\r\n", "#!/no/such/interpreter\necho begun\n"] {
        let host = world.bed().instance_with(&site, Some(script));
        world.check_runs(&host);
        let log = world.run(host.name(), "cat /var/log/cloud-init-output.log").stdout;
        assert!(log.starts_with("Failed to run ") && log.contains("No such file or directory"), "{log}");
    }
    let host = world.bed().instance_with(&site, Some("#cloud-config\nruncmd: [date]\n"));
    world.check_runs(&host);
    let log = world.run(host.name(), "cat /var/log/cloud-init-output.log").stdout;
    assert_eq!(log, "weir: this user data was not run: it does not begin with #!\n");
}

fn environment(world: &mut World) {
    let site = world.bed().site("10.0.0.0/24");
    let host = world.host(&site);
    let name = format!("ip-{}.ec2.internal", host.private.to_string().replace('.', "-"));
    let printed = world.run(host.name(), "env").stdout;
    let names: Vec<&str> =
        printed.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name).collect();
    let known = ["PATH", "HOME", "LANG", "HOSTNAME", "TERM", "WEIR_INSTANCE", "WEIR_PID"];
    assert!(names.iter().all(|name| known.contains(name)), "{printed}");
    assert!(printed.contains(&format!("HOSTNAME={name}\n")), "{printed}");
}

fn stop(world: &World, id: InstanceId) {
    let mut bed = world.bed();
    let now = Timestamp::from(bed.fabric.now());
    bed.command(|network, cx| network.stop_instances(cx, &[id]));
    // Stopping takes a while in the API; the network is told the time.
    bed.network.step(Timestamp(now.0 + 3_600_000));
    let bed = &mut *bed;
    bed.fabric.update(&bed.network);
}

fn restart(world: &World, id: InstanceId) {
    stop(world, id);
    let mut bed = world.bed();
    bed.command(|network, cx| network.start_instances(cx, &[id]));
    let now = Timestamp::from(bed.fabric.now());
    bed.network.step(Timestamp(now.0 + 7_200_000));
    let bed = &mut *bed;
    bed.fabric.update(&bed.network);
}

/// Whether a process with this in its command line runs on the machine.
fn runs(mark: &str) -> bool {
    let processes = std::fs::read_dir("/proc").expect("/proc").flatten();
    processes.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok()).any(|line| {
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        line.contains(mark) && line.starts_with("sleep")
    })
}

fn end_of_an_instance(world: &mut World) {
    let site = world.bed().site("10.0.0.0/24");
    let host = world.host(&site);
    let span = format!("9{}", std::process::id());
    // A process that has left its session, its group and its parent.
    let output = world.script(host.name(), &format!("setsid sleep {span} >/dev/null 2>&1 & exit 0"));
    assert_eq!(output.exit_code, Some(0), "{output:?}");
    world.wait_until("it sleeps", |_| runs(&span));
    stop(world, host.id);
    world.wait_until("it has ended", |_| !runs(&span));
    let error = world.bed().fabric.exec(host.name(), &["true".to_owned()]).expect_err("it is stopped");
    assert_eq!(error.to_string(), format!("{} is not running", host.id));
}

fn interrupt(world: &mut World) {
    let site = world.bed().site("10.0.0.0/24");
    let host = world.host(&site);
    let argv = ["ping", "-i", "0.05", "127.0.0.1"].map(str::to_owned);
    let id = world.bed().fabric.exec(host.name(), &argv).expect("it starts");
    let mut printed = String::new();
    world.wait_until("it prints", |world| {
        printed += &world.bed().fabric.poll(id).expect("it runs").stdout;
        printed.contains("icmp_seq=2")
    });
    world.bed().fabric.interrupt(id);
    let (rest, code) = end(world, id);
    printed += &rest;
    assert_eq!(code, Some(0));
    assert!(printed.contains("packet loss"), "{printed}");
}

/// Waits for the end of a command: what it has printed, and its exit code.
fn end(world: &World, id: ExecId) -> (String, Option<i32>) {
    let (mut printed, mut code) = (String::new(), None);
    world.wait_until("it ends", |world| {
        let output = world.bed().fabric.poll(id).expect("it is known");
        printed += &output.stdout;
        code = output.exit_code;
        code.is_some()
    });
    (printed, code)
}

fn input(world: &mut World) {
    let site = world.bed().site("10.0.0.0/24");
    let host = world.host(&site);
    let begin = |world: &World, script: &str| {
        let argv = ["sh", "-c", script].map(str::to_owned);
        world.bed().fabric.exec_fed(host.name(), &argv).expect("it starts")
    };
    let id = begin(world, "read X; echo \"<$X>\"; wc -c");
    let text = format!("one\n{}", "x".repeat(300_000));
    let mut rest = text.as_bytes();
    world.wait_until("all is taken", |world| {
        rest = &rest[world.bed().fabric.feed(id, rest, true)..];
        rest.is_empty()
    });
    assert_eq!(end(world, id), ("<one>\n300000\n".to_owned(), Some(0)));
    // pipe(7): one that reads nothing takes 65,536 bytes, and holds nobody.
    let id = begin(world, "exec sleep 1000");
    assert_eq!(world.bed().fabric.feed(id, text.as_bytes(), true), 65_536);
    assert_eq!(world.bed().fabric.feed(id, text.as_bytes(), true), 0);
    world.bed().fabric.kill(id);
    let id = begin(world, "exec <&-; sleep 0.2; echo on");
    world.wait_until("nobody reads", |world| world.bed().fabric.feed(id, b"x\n", false) == 2);
    assert_eq!(end(world, id), ("on\n".to_owned(), Some(0)));
}

fn follower_gone(world: &mut World) {
    let site = world.bed().site("10.0.0.0/24");
    let host = world.host(&site);
    let span = format!("8{}", std::process::id());
    for (script, expected) in
        [(format!("sleep {span}; echo no"), 129), ("trap '' HUP; sleep 1; exit 3".to_owned(), 3)]
    {
        let argv = ["sh", "-c", &script].map(str::to_owned);
        let id = world.bed().fabric.exec(host.name(), &argv).expect("it starts");
        std::thread::sleep(Duration::from_millis(200));
        world.bed().fabric.hang_up(id);
        assert_eq!(end(world, id), (String::new(), Some(expected)), "{script}");
    }
    assert!(!runs(&span), "what it has started has ended, too");
}

fn addresses(world: &mut World) {
    let site = world.bed().site("10.0.0.0/24");
    let (host, other) = (world.host(&site), world.host(&site));
    let address = "10.0.0.200".parse().expect("an address");
    let mut interface = world.bed().network.interfaces.get(&host.interface).expect("it").clone();
    let before = interface.clone();
    interface.addresses.push(weir_model::interface::PrivateAddress { private: address, public: None });
    for (interface, code) in [(interface, Some(0)), (before, Some(1))] {
        {
            let mut bed = world.bed();
            bed.network.interfaces.insert(interface);
            let bed = &mut *bed;
            bed.fabric.update(&bed.network);
        }
        let output = world.run(other.name(), "ping -c 1 -W 0.3 10.0.0.200");
        assert_eq!(output.exit_code, code, "{output:?}");
    }
}

fn interfaces(world: &mut World) {
    let site = world.bed().site("10.0.0.0/24");
    let (host, other) = (world.host(&site), world.host(&site));
    let (address, attachment) = {
        let mut bed = world.bed();
        let new = NewInterface { groups: vec![site.group], ..NewInterface::default() };
        let id = bed.command(|network, cx| network.create_interface(cx, site.subnet, new));
        let attachment = bed.command(|network, cx| network.attach_interface(cx, id, host.id, 1));
        let interface = bed.network.interfaces.get(&id).expect("the interface");
        (interface.primary().expect("an address"), attachment)
    };
    world.check_runs(&host);
    let link = world.run(host.name(), "ip -4 -o address show dev ens6").stdout;
    assert!(link.contains(&address.to_string()), "{link}");
    // Both interfaces are in one subnet: the answer must leave by the one that was asked.
    let output = world.run(other.name(), &format!("ping -c 1 -W 1 {address}"));
    assert_eq!(output.exit_code, Some(0), "{output:?}");
    world.bed().command(|network, cx| network.detach_interface(cx, attachment));
    assert_eq!(world.run(host.name(), "ip link show dev ens6").exit_code, Some(1));
    let output = world.run(other.name(), &format!("ping -c 1 -W 0.3 {address}"));
    assert_eq!(output.exit_code, Some(1), "{output:?}");
}

fn terminated(world: &mut World) {
    let site = world.bed().site("10.0.0.0/24");
    let host = world.host(&site);
    assert!(world.folder_of(&host).exists());
    let id = host.id;
    let mut bed = world.bed();
    bed.command(|network, cx| network.terminate_instances(cx, &[id]));
    let now = Timestamp::from(bed.fabric.now());
    bed.network.step(Timestamp(now.0 + 3_600_000));
    let bed = &mut *bed;
    bed.fabric.update(&bed.network);
    assert!(!world.folder_of(&host).exists());
}
