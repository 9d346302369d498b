//! Standard input of commands on hosts, and what becomes of one whose follower has gone.

use crate::bed::{Bed, SECOND, tcp};
use weir_fabric::{ExecId, HostName, Output, PIPE_BYTES, bytes_of};
use weir_model::protocol::{PortRange, Protocol, Traffic};

/// A bed with a host, and a service that sends back what it receives on another one: 10.1.0.5.
fn bed() -> (Bed, HostName) {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    bed.allow(&site, crate::bed::tcp(7));
    let host = bed.instance(&site).name();
    bed.instance_with(&site, Some("#weir listen tcp/7 echo\n"));
    (bed, host)
}

fn begin(bed: &mut Bed, host: HostName, argv: &[&str]) -> ExecId {
    let argv: Vec<String> = argv.iter().map(|word| (*word).to_owned()).collect();
    bed.fabric.exec_fed(host, &argv).expect("it starts")
}

/// Feeds a command all of `input` as it has room, then its end, and gives what it printed until it ended.
pub fn fed(bed: &mut Bed, host: HostName, argv: &[&str], input: &[u8]) -> Output {
    let id = begin(bed, host, argv);
    let (mut rest, mut all, mut is_told) = (input, Output::default(), false);
    let give_up = bed.fabric.now().plus(60 * SECOND);
    loop {
        if !is_told {
            rest = &rest[bed.fabric.feed(id, rest, true)..];
            is_told = rest.is_empty();
        }
        let part = bed.fabric.poll(id).expect("it is known");
        all.stdout.push_str(&part.stdout);
        all.stderr.push_str(&part.stderr);
        all.exit_code = part.exit_code;
        assert!(bed.fabric.now() < give_up, "{argv:?} does not end: {all:?}");
        if all.exit_code.is_some() {
            return all;
        }
        match bed.fabric.next_event() {
            Some(next) => bed.fabric.step(next),
            None => assert!(!is_told, "it waits for nothing"),
        }
    }
}

#[track_caller]
fn check(argv: &[&str], input: &str, expected: &str) {
    let (mut bed, host) = bed();
    let output = fed(&mut bed, host, argv, input.as_bytes());
    let code = output.exit_code.unwrap_or(-1);
    assert_eq!(format!("{}{}exit {code}", output.stdout, output.stderr), expected, "{argv:?}");
}

#[test]
fn programs_read_what_they_are_fed() {
    check(&["cat"], "one\ntwo", "one\ntwoexit 0");
    check(&["cat"], "", "exit 0");
    check(&["grep", "-c", "o"], "one\ntwo\nthree\n", "2\nexit 0");
    check(&["sh", "-c", "read X; echo \"<$X>\"; cat"], "one\ntwo\n", "<one>\ntwo\nexit 0");
    check(&["sh", "-c", "cat | wc -l; cat </dev/null"], "one\ntwo\n", "2\nexit 0");
    check(&["nc", "10.1.0.5", "7"], "hi\n", "hi\nexit 0");
    check(&["echo", "a"], "no one reads it", "a\nexit 0");
}

#[test]
fn a_long_input_is_taken_as_there_is_room() {
    let (mut bed, host) = bed();
    let text = "0123456789abcde\n".repeat(1 << 16);
    let output = fed(&mut bed, host, &["wc", "-c"], text.as_bytes());
    assert_eq!((output.stdout.as_str(), output.exit_code), ("1048576\n", Some(0)));
    let output = fed(&mut bed, host, &["nc", "10.1.0.5", "7"], &text.as_bytes()[..300_000]);
    assert!(output.stdout == text[..300_000], "{} bytes came back", output.stdout.len());
    // pipe(7): one that reads nothing takes 65,536 bytes.
    let id = begin(&mut bed, host, &["sleep", "5"]);
    assert_eq!(bed.fabric.feed(id, text.as_bytes(), true), PIPE_BYTES);
    assert_eq!(bed.fabric.feed(id, b"more", true), 0);
    bed.pass(6);
    assert_eq!(bed.fabric.feed(id, b"more", true), 4, "it has ended: all is lost");
}

#[test]
fn bytes_that_are_no_text_come_out_as_they_went_in() {
    let (mut bed, host) = bed();
    let mut all: Vec<u8> = (0..=255).chain((0..=255).rev()).collect();
    all.extend("\u{10ff80}é\u{10ffff}".bytes());
    let rows = [
        &["cat"][..],
        &["head", "-c", "1000"],
        &["nc", "10.1.0.5", "7"],
        &["sh", "-c", "cat | nc 10.1.0.5 7 | tail -n 1000"],
        &["sh", "-c", "{ cat; } | { cat | cat; }"],
    ];
    for argv in rows {
        let output = fed(&mut bed, host, argv, &all);
        assert_eq!(bytes_of(&output.stdout), &all[..], "{argv:?}");
    }
    assert_eq!(fed(&mut bed, host, &["wc", "-c"], &all).stdout, "522\n");
    assert_eq!(bytes_of(&fed(&mut bed, host, &["head", "-c", "200"], &all).stdout), &all[..200]);
    assert_eq!(bytes_of(&fed(&mut bed, host, &["cut", "-c", "2"], "é".as_bytes()).stdout), &b"\xa9\n"[..]);
    assert_eq!(fed(&mut bed, host, &["tr", "-c", "a", "x"], b"a\xff\xc3\xa9").stdout, "axxx");
    let output = fed(&mut bed, host, &["sh", "-c", "X=$(cat); printf %s ${#X}\"$X\""], b"a\xff\0\xc3\xa9");
    assert_eq!(bytes_of(&output.stdout), &b"3a\xff\xc3\xa9"[..]);
    assert_eq!(output.stderr, "bash: warning: command substitution: ignored null byte in input\n");
}

#[test]
fn characters_arrive_whole_whatever_the_pieces() {
    let (mut bed, host) = bed();
    let id = begin(&mut bed, host, &["cat"]);
    for byte in "aé€".bytes() {
        assert_eq!(bed.fabric.feed(id, &[byte], false), 1);
    }
    assert_eq!(bed.fabric.poll(id).map(|output| output.stdout), Some("aé€".to_owned()));
    assert_eq!(bed.fabric.feed(id, b"", true), 0);
    assert_eq!(bed.fabric.poll(id).and_then(|output| output.exit_code), Some(0));
}

/// Two hosts that let in each other's packets to port 4000; the second one also sends back what comes to port 7 of UDP.
fn two_hosts() -> (Bed, HostName, HostName) {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    bed.allow(&site, tcp(4000));
    for port in [7, 4000] {
        let range = PortRange::new(port, port).expect("a range");
        bed.allow(&site, Traffic::Ports(Protocol::UDP, range));
    }
    let one = bed.instance(&site).name();
    let other = bed.instance_with(&site, Some("#weir listen udp/7 echo\n")).name();
    (bed, one, other)
}

/// What a command has printed, and its exit code.
fn looked_at(bed: &mut Bed, id: ExecId) -> (String, Option<i32>) {
    let output = bed.fabric.poll(id).expect("it is known");
    (output.stdout + &output.stderr, output.exit_code)
}

fn told(text: &str, code: Option<i32>) -> (String, Option<i32>) {
    (text.to_owned(), code)
}

// Ncat 7.93 sends what it reads once somebody has connected, says at its end that no more comes, and ends with the far side.
#[test]
fn a_listener_sends_what_it_reads_and_prints_what_comes() {
    let (mut bed, one, other) = two_hosts();
    let listener = begin(&mut bed, other, &["nc", "-lv", "4000"]);
    bed.fabric.feed(listener, b"welcome\n", false);
    bed.pass(1);
    let client = begin(&mut bed, one, &["nc", "10.1.0.5", "4000"]);
    bed.pass(1);
    assert_eq!(looked_at(&mut bed, client), told("welcome\n", None));
    bed.fabric.feed(client, b"a\xff\n", false);
    bed.fabric.feed(listener, b"bye\n", true);
    bed.pass(1);
    assert_eq!(looked_at(&mut bed, client), told("bye\n", None), "it may still send");
    bed.fabric.feed(client, b"late\n", true);
    bed.pass(1);
    assert_eq!(looked_at(&mut bed, client), told("", Some(0)));
    let (printed, code) = looked_at(&mut bed, listener);
    let expected = "a\u{10ffff}\nlate\nNcat: Version 7.93 ( https://nmap.org/ncat )\nNcat: Listening on :::4000\n\
                    Ncat: Listening on 0.0.0.0:4000\nNcat: Connection from 10.1.0.4.\nNcat: Connection from 10.1.0.4:";
    assert_eq!((printed.starts_with(expected), code), (true, Some(0)), "{printed}");
}

#[test]
fn a_listener_answers_one_who_has_said_all_at_once() {
    let (mut bed, one, other) = two_hosts();
    let listener = begin(&mut bed, other, &["nc", "-l", "4000"]);
    bed.fabric.feed(listener, b"answer\n", true);
    assert_eq!(fed(&mut bed, one, &["nc", "10.1.0.5", "4000"], b"question\n").stdout, "answer\n");
    bed.pass(1);
    assert_eq!(looked_at(&mut bed, listener), told("question\n", Some(0)));
    // Who is killed while the other sends leaves it a connection that is none.
    let listener = begin(&mut bed, other, &["nc", "-l", "4000"]);
    let client = begin(&mut bed, one, &["nc", "10.1.0.5", "4000"]);
    bed.pass(1);
    bed.fabric.interrupt(listener);
    bed.pass(1);
    assert_eq!(looked_at(&mut bed, client), told("", None));
    for _ in 0..3 {
        bed.fabric.feed(client, b"more\n", false);
        bed.pass(60);
    }
    assert_eq!(looked_at(&mut bed, client), told("Ncat: Connection reset by peer.\n", Some(1)));
}

// Ncat 7.93 ends with its input over UDP, whether or not an answer is on its way.
#[test]
fn datagrams_are_what_is_read_at_a_time() {
    let (mut bed, one, other) = two_hosts();
    assert_eq!(fed(&mut bed, one, &["nc", "-u", "10.1.0.5", "7"], b"hi\n").stdout, "");
    let waits = ["sh", "-c", "{ echo hi; sleep 1; echo so; sleep 1; } | nc -u 10.1.0.5 7"];
    assert_eq!(bed.run_words(one, &waits).stdout, "hi\nso\n");
    let refused = ["sh", "-c", "{ echo hi; sleep 1; } | nc -u 10.1.0.5 4000"];
    let output = bed.run_words(one, &refused);
    assert_eq!((output.stderr.as_str(), output.exit_code), ("Ncat: Connection refused.\n", Some(1)));
    let listener = begin(&mut bed, other, &["nc", "-lu", "4000"]);
    let client = begin(&mut bed, one, &["nc", "-uv", "10.1.0.5", "4000"]);
    bed.fabric.feed(client, &[b'x'; 10_000], false);
    bed.fabric.feed(listener, b"answer\n", false);
    bed.pass(1);
    let (printed, code) = looked_at(&mut bed, listener);
    assert_eq!((printed.len(), code), (10_000, None));
    // It is connected to the one who was first.
    let other_client =
        fed(&mut bed, one, &["sh", "-c", "{ cat; sleep 1; } | nc -u 10.1.0.5 4000"], b"me too\n");
    assert_eq!(other_client.stderr, "Ncat: Connection refused.\n");
    bed.fabric.feed(client, b"\xff", true);
    bed.pass(1);
    let (printed, code) = looked_at(&mut bed, client);
    let expected = "answer\nNcat: Version 7.93 ( https://nmap.org/ncat )\nNcat: Connected to 10.1.0.5:4000.\n\
                    Ncat: 10001 bytes sent, 7 bytes received in 2.00 seconds.\n";
    assert_eq!((printed.as_str(), code), (expected, Some(0)));
    bed.fabric.feed(listener, b"", true);
    assert_eq!(looked_at(&mut bed, listener), told("\u{10ffff}", Some(0)));
}

// signal(7): SIGHUP ends a program; a shell makes 129 of it.
#[test]
fn a_command_whose_follower_has_gone_ends() {
    let (mut bed, host) = bed();
    for argv in
        [&["ping", "10.1.0.5"][..], &["nc", "10.1.0.5", "7"], &["sh", "-c", "while :; do sleep 1; done"]]
    {
        let id = begin(&mut bed, host, argv);
        bed.pass(3);
        assert_eq!(bed.fabric.poll(id).and_then(|output| output.exit_code), None, "{argv:?}");
        bed.fabric.hang_up(id);
        assert_eq!(bed.fabric.poll(id).and_then(|output| output.exit_code), Some(129), "{argv:?}");
    }
    bed.pass(120);
    assert_eq!(bed.fabric.next_event(), None, "nothing runs any more");
}
