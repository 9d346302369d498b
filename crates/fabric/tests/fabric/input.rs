//! Standard input of commands on hosts, and what becomes of one whose follower has gone.

use crate::bed::{Bed, SECOND};
use weir_fabric::{ExecId, HostName, Output, PIPE_BYTES, bytes_of};

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
