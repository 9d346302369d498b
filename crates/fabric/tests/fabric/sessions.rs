//! Sessions through EC2 Instance Connect.

use crate::bed::{Bed, SECOND, START, tcp};
use weir_fabric::{ExecError, Output, PIPE_BYTES, Session, SessionId, bytes_of};
use weir_flowlog::services;
use weir_model::instance::InstanceState;

const TIMEOUT_S: u32 = 10;

/// Waits until the session is not connecting any more.
fn settled(bed: &mut Bed, session: SessionId) -> Session {
    loop {
        match bed.fabric.session(session) {
            Session::Connecting => {
                let next = bed.fabric.next_event().expect("a connection attempt ends");
                bed.fabric.step(next);
            }
            other => return other,
        }
    }
}

/// Runs a command in a session until it ends; between two blanks is an empty word.
fn shell(bed: &mut Bed, session: SessionId, line: &str) -> Output {
    let argv: Vec<String> = line.split(' ').map(str::to_owned).collect();
    let exec = bed.fabric.exec_in(session, &argv).expect("the session is open");
    let mut all = Output::default();
    loop {
        let part = bed.fabric.poll(exec).expect("the command is known");
        all.stdout.push_str(&part.stdout);
        all.stderr.push_str(&part.stderr);
        all.exit_code = part.exit_code;
        if all.exit_code.is_some() {
            return all;
        }
        let next = bed.fabric.next_event().expect("the command ends");
        bed.fabric.step(next);
    }
}

/// Feeds a command of a session all of `input` and its end, and gives what it printed until it ended.
fn fed(bed: &mut Bed, session: SessionId, argv: &[&str], input: &[u8]) -> Output {
    let argv: Vec<String> = argv.iter().map(|word| (*word).to_owned()).collect();
    let exec = bed.fabric.exec_in_fed(session, &argv).expect("the session is open");
    let (mut rest, mut is_told, mut all) = (input, false, Output::default());
    loop {
        if !is_told {
            rest = &rest[bed.fabric.feed(exec, rest, true)..];
            is_told = rest.is_empty();
        }
        let part = bed.fabric.poll(exec).expect("the command is known");
        all.stdout.push_str(&part.stdout);
        all.stderr.push_str(&part.stderr);
        if part.exit_code.is_some() {
            return Output { exit_code: part.exit_code, ..all };
        }
        let next = bed.fabric.next_event().expect("the command ends");
        bed.fabric.step(next);
    }
}

#[test]
fn a_command_of_a_session_reads_what_it_is_fed() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    let instance = bed.instance(&site);
    let session = bed.fabric.connect(instance.id, bed.scope.region, TIMEOUT_S).expect("a session");
    assert_eq!(settled(&mut bed, session), Session::Open);
    let mut shown = |argv: &[&str], input: &[u8]| {
        let output = fed(&mut bed, session, argv, input);
        (output.stdout + &output.stderr, output.exit_code)
    };
    assert_eq!(shown(&["cat"], "aé\n".as_bytes()), ("aé\n".to_owned(), Some(0)));
    assert_eq!(shown(&["cat"], b""), (String::new(), Some(0)));
    assert_eq!(shown(&["sh"], b"read X\nb c\necho \"<$X>\"; exit 3\n"), ("<b c>\n".to_owned(), Some(3)));
    assert_eq!(shown(&["hostname", "-s"], b"lost"), ("ip-10-1-0-4\n".to_owned(), Some(0)));
    let long = vec![0xff; 300_000];
    assert_eq!(shown(&["wc", "-c"], &long), ("300000\n".to_owned(), Some(0)));
    let (text, code) = shown(&["cat"], &long);
    assert_eq!((bytes_of(&text) == long, code), (true, Some(0)));
}

// RFC 4254, section 5.2: no more is sent than the window has room for, so that others get through.
#[test]
fn a_command_that_reads_nothing_is_interrupted_all_the_same() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    let instance = bed.instance(&site);
    let session = bed.fabric.connect(instance.id, bed.scope.region, TIMEOUT_S).expect("a session");
    assert_eq!(settled(&mut bed, session), Session::Open);
    let exec = bed.fabric.exec_in_fed(session, &["sleep".to_owned(), "60".to_owned()]).expect("a shell");
    let (long, mut taken) = (vec![b'x'; 1 << 20], 0);
    for _ in 0..10 {
        taken += bed.fabric.feed(exec, &long, true);
        bed.pass(1);
    }
    assert_eq!(taken, 2 * PIPE_BYTES, "what the pipe and the window hold");
    bed.fabric.interrupt(exec);
    bed.pass(1);
    assert_eq!(bed.fabric.poll(exec).and_then(|output| output.exit_code), Some(130));
    assert_eq!(bed.fabric.feed(exec, &long, true), long.len(), "nobody reads it any more");
}

#[test]
fn command_lines_of_a_session_arrive_as_they_are_or_are_too_long() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    let instance = bed.instance(&site);
    let session = bed.fabric.connect(instance.id, bed.scope.region, TIMEOUT_S).expect("a session");
    assert_eq!(settled(&mut bed, session), Session::Open);
    assert_eq!(shell(&mut bed, session, "echo a  b ").stdout, "a  b \n");
    let empty = shell(&mut bed, session, "sh -c ");
    assert_eq!((empty.stderr.as_str(), empty.exit_code), ("", Some(0)));
    // A line of 64 KiB is the longest.
    let word = "x".repeat((64 << 10) - "echo ".len());
    assert_eq!(shell(&mut bed, session, &format!("echo {word}")).stdout, format!("{word}\n"));
    let long = shell(&mut bed, session, &format!("echo {word}x"));
    assert_eq!((long.stderr.as_str(), long.exit_code), ("bash: echo: Argument list too long\n", Some(126)));
    assert_eq!(shell(&mut bed, session, "hostname").exit_code, Some(0));
}

#[test]
fn a_session_opens_from_the_services_range_and_runs_commands() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    let instance = bed.instance(&site);
    let session = bed.fabric.connect(instance.id, bed.scope.region, TIMEOUT_S).expect("a session");
    assert_eq!(bed.fabric.session(session), Session::Connecting);
    assert_eq!(settled(&mut bed, session), Session::Open);

    let output = shell(&mut bed, session, "hostname");
    assert_eq!((output.stdout.as_str(), output.exit_code), ("ip-10-1-0-4.ec2.internal\n", Some(0)));
    let output = shell(&mut bed, session, "ping -c 2 8.8.8.8");
    assert!(output.stdout.contains("2 packets transmitted, 2 received"), "{output:?}");
    let output = shell(&mut bed, session, "dance");
    assert_eq!((output.stderr.as_str(), output.exit_code), ("bash: dance: command not found\n", Some(127)));

    let (mut sightings, mut skipped) = (Vec::new(), Vec::new());
    bed.fabric.close_window(&mut sightings, &mut skipped);
    let seen = sightings.iter().find(|sighting| sighting.destination_port == 22).expect("it was seen");
    assert_eq!(services::service_of(seen.source), Some(services::EC2_INSTANCE_CONNECT));

    bed.fabric.disconnect(session);
    assert_eq!(bed.fabric.exec_in(session, &["hostname".to_owned()]), Err(ExecError::NotOpen));
}

#[test]
fn a_session_times_out_if_the_group_closes_port_22() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    let instance = bed.instance(&site);
    bed.close(&site);
    let session = bed.fabric.connect(instance.id, bed.scope.region, TIMEOUT_S).expect("a session");
    let public = instance.public();
    let message = format!("ssh: connect to host {public} port 22: Connection timed out\n");
    assert_eq!(settled(&mut bed, session), Session::Closed(message));
    assert_eq!(bed.fabric.now(), START.plus(u64::from(TIMEOUT_S) * SECOND));
}

// EC2 User Guide, "Security group connection tracking": SSH that a narrow rule let in was tracked and goes on; SSH that a rule
// to everywhere let in, with a group open for answers, was not, and is dropped with its rule.
#[test]
fn an_open_session_outlives_a_narrow_rule_and_no_rule_to_everywhere() {
    for (peers, code) in [(&["0.0.0.0/1", "128.0.0.0/1"][..], Some(0)), (&["0.0.0.0/0"], Some(255))] {
        let mut bed = Bed::new(1);
        let site = bed.site("10.1.0.0/24");
        bed.close(&site);
        for peer in peers {
            bed.allow_from(&site, peer, tcp(22));
        }
        let instance = bed.instance(&site);
        let session = bed.fabric.connect(instance.id, bed.scope.region, TIMEOUT_S).expect("a session");
        assert_eq!(settled(&mut bed, session), Session::Open);
        bed.close(&site);
        bed.pass(5);
        assert_eq!(bed.fabric.session(session), Session::Open);
        assert_eq!(shell(&mut bed, session, "hostname").exit_code, code, "{peers:?}");
    }
}

#[test]
fn without_a_route_back_a_session_hangs_and_then_goes_on() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    let instance = bed.instance(&site);
    let session = bed.fabric.connect(instance.id, bed.scope.region, TIMEOUT_S).expect("a session");
    assert_eq!(settled(&mut bed, session), Session::Open);
    let table = bed.network.route_tables.get_mut(&site.table).expect("the table");
    let routes = std::mem::take(&mut table.routes);
    bed.fabric.update(&bed.network);
    let exec = bed.fabric.exec_in(session, &["hostname".to_owned()]).expect("the session is open");
    bed.pass(30);
    assert_eq!(bed.fabric.poll(exec), Some(Output::default()));
    bed.network.route_tables.get_mut(&site.table).expect("the table").routes = routes;
    bed.fabric.update(&bed.network);
    bed.pass(60);
    assert_eq!(bed.fabric.poll(exec).and_then(|output| output.exit_code), Some(0));
}

#[test]
fn an_idle_session_stays_open_and_one_nobody_answers_ends() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    let instance = bed.instance(&site);
    let session = bed.fabric.connect(instance.id, bed.scope.region, TIMEOUT_S).expect("a session");
    assert_eq!(settled(&mut bed, session), Session::Open);
    // Shorter than a security group tracks an idle connection (350 s), many times over.
    for _ in 0..12 {
        bed.pass(300);
        assert_eq!(shell(&mut bed, session, "hostname").exit_code, Some(0));
    }
    bed.pass(1000);
    assert_eq!(bed.fabric.session(session), Session::Open);
    bed.command(|network, cx| network.stop_instances(cx, &[instance.id]));
    let exec = bed.fabric.exec_in(session, &["hostname".to_owned()]).expect("ssh has not noticed");
    bed.pass(900);
    assert_eq!(bed.fabric.poll(exec), Some(Output::default()));
    bed.pass(100);
    assert_eq!(bed.fabric.poll(exec).and_then(|output| output.exit_code), Some(255));
}

#[test]
fn an_interrupted_command_of_a_session_prints_its_last_words() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    let instance = bed.instance(&site);
    let session = bed.fabric.connect(instance.id, bed.scope.region, TIMEOUT_S).expect("a session");
    assert_eq!(settled(&mut bed, session), Session::Open);
    let exec = bed.fabric.exec_in(session, &["ping".to_owned(), "8.8.8.8".to_owned()]).expect("a shell");
    bed.pass(3);
    bed.fabric.interrupt(exec);
    bed.pass(1);
    let output = bed.fabric.poll(exec).expect("the command is known");
    assert!(output.stdout.contains("3 packets transmitted, 3 received"), "{output:?}");
    assert_eq!(output.exit_code, Some(0));
}

#[test]
fn a_session_hangs_when_its_instance_stops() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    let instance = bed.instance(&site);
    let session = bed.fabric.connect(instance.id, bed.scope.region, TIMEOUT_S).expect("a session");
    assert_eq!(settled(&mut bed, session), Session::Open);
    let exec = bed.fabric.exec_in(session, &["ping".to_owned(), "8.8.8.8".to_owned()]).expect("a shell");
    bed.pass(2);
    bed.command(|network, cx| network.stop_instances(cx, &[instance.id]));
    bed.pass(60);
    assert!(bed.fabric.poll(exec).is_some_and(|output| output.exit_code.is_none()), "ssh notices nothing");
    bed.fabric.disconnect(session);
    assert_eq!(bed.fabric.poll(exec).and_then(|output| output.exit_code), Some(255));
    assert_eq!(bed.fabric.poll(exec), None);
    let again = bed.fabric.connect(instance.id, bed.scope.region, TIMEOUT_S);
    assert_eq!(again, Err(ExecError::NotRunning(instance.name())));
}

#[test]
fn an_instance_without_public_address_has_no_sessions() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    let instance = bed.instance(&site);
    let interface = bed.network.interfaces.get_mut(&instance.interface).expect("the interface");
    interface.addresses[0].public = None;
    bed.fabric.update(&bed.network);
    let refused = bed.fabric.connect(instance.id, bed.scope.region, TIMEOUT_S);
    assert_eq!(refused, Err(ExecError::NoPublicAddress(instance.id)));
    assert_eq!(
        bed.network.instances.get(&instance.id).map(|found| found.state),
        Some(InstanceState::Running)
    );
}
