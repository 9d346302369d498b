//! Scripts of the shell on hosts, in the tables `scripts/*.txt`: what each prints, and how it ends.
//!
//! A script begins behind a line `--- NOTE`; behind `=>` stands what it prints, complaints after the rest, and its exit code.
//! Those of `scripts/input.txt` stand on standard input instead of behind `-c`.
//! What is marked `dash` is what dash 0.5.12 printed with the tools of Debian 12, as recorded; `bash` the same of bash 5.2.

use crate::bed::{Bed, SECOND};
use crate::input::fed;
use weir_fabric::{HostName, Output};

const TABLES: [&str; 5] = [
    include_str!("scripts/shell.txt"),
    include_str!("scripts/conditions.txt"),
    include_str!("scripts/language.txt"),
    include_str!("scripts/filters.txt"),
    include_str!("scripts/programs.txt"),
];
const FED: &str = include_str!("scripts/input.txt");

/// A bed with a host, and two services on another one: 10.1.0.5.
fn bed() -> (Bed, HostName) {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    bed.allow(&site, crate::bed::tcp(7));
    bed.allow(&site, crate::bed::tcp(80));
    let host = bed.instance(&site).name();
    bed.instance_with(&site, Some("#weir listen tcp/7 echo\n#weir listen tcp/80 http Hello\n"));
    (bed, host)
}

fn shown(output: &Output) -> String {
    let text = format!("{}{}", output.stdout, output.stderr);
    let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    format!("{text}{end}exit {}", output.exit_code.unwrap_or(-1))
}

/// Compares what the scripts of tables print with what is told.
fn check(tables: &[&str], mut run: impl FnMut(&str) -> Output) {
    let mut wrong = String::new();
    for row in tables.iter().flat_map(|table| table.split("\n--- ").skip(1)) {
        let (note, row) = row.split_once('\n').expect("a note, then a script");
        let (script, expected) =
            row.split_once("\n=>\n").unwrap_or_else(|| panic!("{note}: a script, then =>"));
        let output = shown(&run(script));
        if output != expected.trim_end() {
            wrong += &format!("--- {note}\n{script}\n=>\n{}\n=> and not\n{output}\n", expected.trim_end());
        }
    }
    assert_eq!(wrong, "");
}

#[test]
fn scripts_print_and_end_as_told() {
    let (mut bed, host) = bed();
    check(&TABLES, |script| bed.run_words(host, &["sh", "-c", script]));
}

#[test]
fn scripts_on_standard_input_run_as_they_come() {
    let (mut bed, host) = bed();
    check(&[FED], |script| fed(&mut bed, host, &["sh"], format!("{script}\n").as_bytes()));
    let argv = ["sh", "-s", "a", "b"].map(str::to_owned);
    let id = bed.fabric.exec_fed(host, &argv).expect("it starts");
    bed.fabric.feed(id, b"echo $2 $#\nech", false);
    assert_eq!(bed.fabric.poll(id).map(|output| shown(&output)), Some("b 2\nexit -1".to_owned()));
    bed.fabric.feed(id, b"o end", true);
    assert_eq!(bed.fabric.poll(id).map(|output| shown(&output)), Some("end\nexit 0".to_owned()));
    let long = fed(&mut bed, host, &["sh"], format!("echo '{}", "x".repeat(200_000)).as_bytes());
    assert_eq!(shown(&long), "bash: a command is too long\nexit 2");
    let functions: String = (0..3000).map(|number| format!("f{number}() {{ :; }}\n")).collect();
    let bounded = fed(&mut bed, host, &["sh"], functions.as_bytes());
    assert_eq!(shown(&bounded), "bash: xrealloc: cannot allocate 139 bytes\nexit 2");
    let lines = format!("if true\nthen :\n{}fi\n", "X=1\n".repeat(10_000));
    let many = fed(&mut bed, host, &["sh"], lines.as_bytes());
    assert_eq!(shown(&many), "exit 0");
}

/// Runs a script for so many seconds, and gives what it has printed by then; it must not have ended.
fn begun(bed: &mut Bed, host: HostName, script: &str, seconds: u64) -> (weir_fabric::ExecId, String) {
    let argv = ["sh", "-c", script].map(str::to_owned);
    let id = bed.fabric.exec(host, &argv).expect("it starts");
    bed.pass(seconds);
    let output = bed.fabric.poll(id).expect("it is known");
    assert_eq!(output.exit_code, None, "{script}: {output:?}");
    (id, output.stdout)
}

#[test]
fn a_loop_without_end_holds_nobody_and_can_be_interrupted() {
    let (mut bed, host) = bed();
    for script in [
        "while true; do :; done",
        "until false; do X=$((X + 1)); done",
        "while true; do while true; do break; done; done",
        "while continue; do :; done",
        "while :; do (:); done",
        "while :; do : | :; done",
        "while :; do X=$(echo a); done",
        "while :; do sh -c :; done 2>/dev/null",
        "while :; do echo a; done | while :; do :; done",
        "while :; do grep x /etc/hosts; done",
        "while true; do true; done | cat",
        "while true; do echo y; done | sleep 1000",
        "while read -r line || true; do :; done",
        "while :; do set -- \"$@\" '' a; done",
        "while :; do I=$((I + 1)); export X$I; done",
    ] {
        let (id, printed) = begun(&mut bed, host, script, 1);
        assert!(printed.len() < 100, "{script}: {printed}");
        bed.fabric.interrupt(id);
        let output = bed.fabric.poll(id).expect("it is known");
        assert_eq!(output.exit_code, Some(130), "{script}: {output:?}");
    }
    // Others go on meanwhile.
    let (looping, _) = begun(&mut bed, host, "while true; do :; done", 1);
    assert_eq!(bed.run(host, "ping -c 1 -q 10.1.0.5").exit_code, Some(0));
    bed.fabric.interrupt(looping);
    assert_eq!(bed.fabric.poll(looping).and_then(|output| output.exit_code), Some(130));
    bed.pass(1);
    assert_eq!(bed.fabric.next_event(), None, "nothing runs any more");
}

#[test]
fn a_loop_without_end_does_so_much_in_a_second() {
    let (mut bed, host) = bed();
    let (id, printed) = begun(&mut bed, host, "while :; do echo; done", 1);
    // 2000 steps in 20 ms, of which a round of this loop is six.
    assert!((10_000..20_000).contains(&printed.len()), "{}", printed.len());
    bed.fabric.kill(id);
    // The start of a shell counts as twenty.
    let (id, printed) = begun(&mut bed, host, "while :; do (:); echo; done", 1);
    assert!((2000..4000).contains(&printed.len()), "{}", printed.len());
    bed.fabric.kill(id);
}

#[test]
fn a_command_that_never_rests_leaves_time_to_those_behind_it() {
    let (mut bed, host) = bed();
    let rows = [
        ("while :; do :; done | { sleep 1; echo behind; }", "behind\n"),
        ("{ sleep 1; echo before >&2; } | while :; do :; done", "before\n"),
    ];
    for (script, expected) in rows {
        let argv = ["sh", "-c", script].map(str::to_owned);
        let id = bed.fabric.exec(host, &argv).expect("it starts");
        bed.pass(3);
        let output = bed.fabric.poll(id).expect("it is known");
        assert_eq!(output.stdout + &output.stderr, expected, "{script}");
        bed.fabric.kill(id);
    }
}

#[test]
fn a_long_word_takes_as_long_as_many_short_ones() {
    let (mut bed, host) = bed();
    let long = format!("A=xxxxxxxxxxxxxxxx; {}", "A=$A$A$A$A; ".repeat(7));
    let script = format!("{long} while :; do B=$A; echo; done");
    let (id, printed) = begun(&mut bed, host, &script, 1);
    assert!((100..2000).contains(&printed.len()), "{}", printed.len());
    bed.fabric.kill(id);
}

#[test]
fn words_that_come_to_nothing_take_as_long() {
    let (mut bed, host) = bed();
    let long = format!("A=xxxxxxxxxxxxxxxx; {}", "A=$A$A$A$A; ".repeat(7));
    let lengths = "${#A}".repeat(4);
    for words in ["$A$A$A$A$A 2>/dev/null", "$A$(:)$(:)$(:)", lengths.as_str(), "${A:+}${A:+}${A:+}${A:+}"] {
        let script = format!("{long} while :; do : {words}; echo; done");
        let (id, printed) = begun(&mut bed, host, &script, 1);
        assert!((10..200).contains(&printed.len()), "{words}: {}", printed.len());
        bed.fabric.kill(id);
    }
}

#[test]
fn a_slow_filter_rests_although_more_is_there() {
    let (mut bed, host) = bed();
    let line = "x".repeat(1023);
    let script = format!("for I in $(seq 128); do echo {line}; done | grep -c x");
    let started = bed.fabric.now();
    assert_eq!(shown(&bed.run_words(host, &["sh", "-c", &script])), "128\nexit 0");
    let ms = (bed.fabric.now().0 - started.0) / 1_000_000;
    assert!(ms >= 7, "16 KiB in a millisecond: {ms}");
    // Each of these searches goes on to the end of the line: together they look at 2 MiB.
    let script = r#"X=$(printf '%2048s'); echo "$X" | sed 's/ *x\| /y/g' | tr -s y"#;
    let started = bed.fabric.now();
    assert_eq!(shown(&bed.run_words(host, &["sh", "-c", script])), "y\nexit 0");
    let ms = (bed.fabric.now().0 - started.0) / 1_000_000;
    assert!((100..200).contains(&ms), "a line of many matches: {ms}");
}

#[test]
fn a_line_of_many_matches_is_gone_through_in_many_steps() {
    let (mut bed, host) = bed();
    // Each search goes on to the end of the line.
    let rows = [
        (r"sed 's/ *x\| /y/g' | wc -c", "2049\nexit 0"),
        (r"sed -n 's/ *x\| /y/gp; s/y*x\|y/z/gp' | wc -c", "4098\nexit 0"),
        (r"grep -o ' *x\| ' | wc -l", "2048\nexit 0"),
        (r"grep -m 1 -no ' *x\| ' | tail -n 1", "1: \nexit 0"),
    ];
    for (filter, expected) in rows {
        let script = format!("X=$(printf '%2048s'); {{ echo \"$X\"; }} | {filter}");
        let argv = ["sh", "-c", &script].map(str::to_owned);
        let id = bed.fabric.exec(host, &argv).expect("it starts");
        let (mut output, mut steps) = (bed.fabric.poll(id).expect("it is known"), 0);
        while output.exit_code.is_none() {
            let next = bed.fabric.next_event().expect("it ends");
            bed.fabric.step(next);
            steps += 1;
            let part = bed.fabric.poll(id).expect("it is known");
            output =
                Output { stdout: output.stdout + &part.stdout, stderr: output.stderr + &part.stderr, ..part };
        }
        assert_eq!(shown(&output), expected, "{filter}");
        assert!(steps > 50, "{filter}: {steps} steps");
    }
    let script = "printf 'aXbX\\nX\\nbc' | grep -no 'X*'; printf 'a b\\nc d' | sed 's/ /-/;s/-/+/g'";
    assert_eq!(shown(&bed.run_words(host, &["sh", "-c", script])), "1:X\n1:X\n2:X\na+b\nc+d\nexit 0");
}

// pipe(7): 65,536 bytes; signal(7): SIGPIPE.
#[test]
fn a_pipe_holds_its_writer_back_and_a_reader_that_has_enough_ends_it() {
    let (mut bed, host) = bed();
    let text = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde";
    let held = format!("(for I in $(seq 10000); do echo {text}; done; echo written >&2) | sleep 5");
    let started = bed.fabric.now();
    let output = bed.run_words(host, &["sh", "-c", &held]);
    assert_eq!(shown(&output), "exit 0", "{held}");
    assert_eq!((bed.fabric.now().0 - started.0) / SECOND, 5, "it waits for the reader, and then is ended");
    let all = format!("(for I in $(seq 10000); do echo {text}; done; echo written >&2) | (sleep 1; wc -c)");
    let output = bed.run_words(host, &["sh", "-c", &all]);
    assert_eq!(shown(&output), "640000\nwritten\nexit 0", "{all}");
    let started = bed.fabric.now();
    let output = bed.run_words(host, &["sh", "-c", "set -o pipefail; ping 10.1.0.5 | head -n 3 | tail -n 1"]);
    assert!(output.stdout.contains("icmp_seq=2"), "{output:?}");
    assert_eq!(output.exit_code, Some(141));
    assert_eq!((bed.fabric.now().0 - started.0) / SECOND, 2, "with its next line");
    bed.pass(2);
    assert_eq!(bed.fabric.next_event(), None, "nothing pings any more");
}

#[test]
fn an_interrupt_ends_all_of_a_pipe() {
    let (mut bed, host) = bed();
    let (id, printed) = begun(&mut bed, host, "ping 10.1.0.5 | grep -c bytes; echo no", 3);
    assert_eq!(printed, "");
    bed.fabric.interrupt(id);
    let output = bed.fabric.poll(id).expect("it is known");
    assert_eq!((output.stdout.as_str(), output.exit_code), ("", Some(130)));
    bed.pass(1);
    assert_eq!(bed.fabric.next_event(), None, "nothing pings any more");
}

#[test]
fn shells_at_one_time_are_bounded() {
    let (mut bed, host) = bed();
    let script = format!("{}:; echo $?", ": | ".repeat(70));
    let output = shown(&bed.run_words(host, &["sh", "-c", &script]));
    assert_eq!(output, "254\nbash: line 1: fork: Resource temporarily unavailable\nexit 0");
    let script = format!("{}:; echo $?", ": | ".repeat(60));
    assert_eq!(shown(&bed.run_words(host, &["sh", "-c", &script])), "0\nexit 0");
}

#[test]
fn what_filters_keep_is_bounded() {
    let (mut bed, host) = bed();
    let double =
        "X=0123456789abcdef; X=$X$X$X$X; X=$X$X$X$X; X=$X$X$X$X; X=$X$X$X$X; X=$X$X$X$X; X=$X$X$X$X$X";
    let many = "for I in $(seq 14); do echo $X; done";
    let rows = [
        ("sort", "sort: memory exhausted\nexit 2"),
        ("tail -n 20", "tail: memory exhausted\nexit 1"),
        ("tr -d '\\n' | sort", "sort: memory exhausted\nexit 2"),
        ("sed s/x/y/", "sed: a line of more than 16384 bytes: not simulated by weir\nexit 2"),
        ("grep a", "grep: a line of more than 16384 bytes: not simulated by weir\nexit 2"),
        ("wc -c", "1146894\nexit 0"),
    ];
    for (filter, expected) in rows {
        let script = format!("{double}; ({many}) | {filter}");
        let shown = shown(&bed.run_words(host, &["sh", "-c", &script]));
        assert!(shown == expected, "{filter}: {}", &shown[shown.len().saturating_sub(200)..]);
    }
    // Nothing is lost of the longest word that is printed on top of what a pipe has not taken.
    let script = r#"X=$(seq 43000); X=$X$X$X$X; { seq 12600; echo "$X"; } | wc -c"#;
    assert_eq!(shown(&bed.run_words(host, &["sh", "-c", script])), "1052067\nexit 0");
    let script = "X=0123456789abcdef; X=$X$X$X$X; X=$X$X$X$X; X=$X$X$X$X; echo $X$X | sed \"s/./$X/g\"";
    assert_eq!(shown(&bed.run_words(host, &["sh", "-c", script])), "sed: memory exhausted\nexit 2");
}

#[test]
fn shells_take_options_and_parameters() {
    let (mut bed, host) = bed();
    const USAGE: &str = "bash: only -c and scripts on standard input are simulated by weir\n\
                         Usage:\tbash -c 'COMMANDS'\n\techo 'COMMANDS' | bash\nexit 2";
    let rows: [(&[&str], &str); 11] = [
        (&["sh", "-ec", "false; echo no"], "exit 1"),
        (&["sh", "-uc", "echo $X; echo no"], "bash: line 1: X: unbound variable\nexit 127"),
        (&["sh", "-euc", "echo $X; echo no"], "bash: line 1: X: unbound variable\nexit 1"),
        (&["bash", "-euo", "pipefail", "-c", "false | true; echo no"], "exit 1"),
        (&["bash", "-eu", "+e", "-c", "false; echo on"], "on\nexit 0"),
        (&["sh", "-c", "echo $0 $# \"$2\"", "me", "a", "b c"], "me 2 b c\nexit 0"),
        (&["sh", "-c", "--", "echo $0"], "sh\nexit 0"),
        (&["sh", "-xc", "echo a"], "a\n+ echo a\nexit 0"),
        (&["sh", "-e"], USAGE),
        (&["sh", "script"], USAGE),
        (&["sh", "-lc", "echo a"], "bash: -lc: not simulated by weir\nexit 2"),
    ];
    for (argv, expected) in rows {
        assert_eq!(shown(&bed.run_words(host, argv)), expected, "{argv:?}");
    }
}
