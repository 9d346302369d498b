//! Packets through the API: commands on hosts, explanations, and what only Weir's own pages tell.

use crate::world::World;
use expect_test::{Expect, expect};
use serde_json::{Value, json};
use weir_model::Nanos;
use weir_wire::{Request, Service};

/// Most virtual time that a command of a test takes.
const COMMAND_NS_MAX: u64 = 120_000_000_000;

impl World {
    /// Asks one of Weir's own pages; an error is `STATUS sentence`.
    pub fn own(&mut self, method: &str, path: &str, body: &Value) -> Result<Value, String> {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let request = Request {
            method: method.into(),
            path: path.into(),
            query: query.into(),
            headers: vec![],
            body: body.to_string().into_bytes(),
        };
        let response = self.send(request);
        let told: Value = serde_json::from_slice(&response.body).expect("JSON");
        match response.status {
            200 => Ok(told),
            status => Err(format!("{status} {}", told["error"].as_str().expect("a sentence"))),
        }
    }

    /// Lets time pass up to the next thing that is due, or to `until`.
    pub fn pass(&mut self, until: Nanos) {
        let due = self.cloud.next_deadline().unwrap_or(until).min(until);
        let now = due.max(Nanos::from(self.now));
        self.cloud.step(now);
        self.now = now.into();
    }

    /// Runs a command on a host to its end: its output, and its exit code.
    pub fn shell(&mut self, path: &str, host: &str, command: &str) -> String {
        let words: Vec<&str> = command.split(' ').collect();
        let started = match self.own("POST", path, &json!({ "instance": host, "command": words })) {
            Ok(started) => started,
            Err(error) => return error,
        };
        let id = started["id"].as_str().expect("an id").to_owned();
        let until = Nanos::from(self.now).plus(COMMAND_NS_MAX);
        loop {
            let state = self.own("GET", &format!("/_weir/exec?id={id}"), &Value::Null).expect("a state");
            if let Some(code) = state["exit_code"].as_i64() {
                return format!("{}exit {code}\n", state["output"].as_str().expect("text"));
            }
            assert!(Nanos::from(self.now) < until, "{command} does not end: {state}");
            // Milliseconds are the clock's grain: always move on by one at least.
            self.now = self.now.plus_ms(1);
            self.pass(until);
        }
    }
}

#[track_caller]
fn check(world: &mut World, method: &str, path: &str, body: Value, expected: Expect) {
    let shown = match world.own(method, path, &body) {
        Ok(told) => serde_json::to_string_pretty(&told).expect("JSON"),
        Err(error) => error,
    };
    expected.assert_eq(&shown);
}

#[test]
fn hosts_on_the_internet_run_commands() {
    let mut world = World::new();
    let output = world.shell("/_weir/exec", "internet", "ping -c 2 198.51.100.1");
    expect![[r#"
        PING 198.51.100.1 (198.51.100.1) 56(84) bytes of data.

        --- 198.51.100.1 ping statistics ---
        2 packets transmitted, 0 received, 100% packet loss, time 1000ms

        exit 1
    "#]]
    .assert_eq(&output);
}

#[test]
fn one_who_follows_a_command_is_told_each_byte_once() {
    let mut world = World::new();
    let command = json!({ "instance": "internet", "command": ["sh", "-c", "echo one; nope; echo three"] });
    let started = world.own("POST", "/_weir/exec", &command).expect("it starts");
    let id = started["id"].as_str().expect("an id");
    let mut look = |from: &str| {
        let path = format!("/_weir/exec?id={id}{from}");
        let state = world.own("GET", &path, &Value::Null).expect("a state");
        (state["output"].as_str().expect("text").to_owned(), state["errors"].to_string())
    };
    let (output, errors) = look("");
    // What is printed in one go is told by its kind: first the output, then the errors.
    let at = "one\nthree\n".len();
    assert!(output.starts_with("one\nthree\nbash: line 1: nope: "), "{output}");
    assert_eq!(errors, format!("[[{at},{}]]", output.len()));
    assert_eq!(
        look("&from=4"),
        (output[4..].to_owned(), errors.clone()),
        "what is forgotten is still counted"
    );
    assert_eq!(look(""), (output[4..].to_owned(), errors.clone()), "it stays forgotten");
    assert_eq!(look("&from=2").0, output[4..], "what is forgotten does not come back");
    assert_eq!(look(&format!("&from={}", output.len())), (String::new(), "[]".to_owned()));
    assert_eq!(look("&from=99999"), (String::new(), "[]".to_owned()));
}

#[test]
fn a_command_is_fed_and_told_the_end() {
    let mut world = World::new();
    let command = json!({ "instance": "internet", "command": ["cat"], "has_input": true });
    let started = world.own("POST", "/_weir/exec", &command).expect("it starts");
    let id = started["id"].as_str().expect("an id").to_owned();
    let mut feed = |last: &str, text: &str| {
        let request = Request {
            method: "POST".into(),
            path: "/_weir/exec/input".into(),
            query: format!("id={id}{last}"),
            headers: vec![],
            body: text.into(),
        };
        let response = world.send(request);
        let look = world.own("GET", &format!("/_weir/exec?id={id}"), &Value::Null).expect("a state");
        format!("{} {} {}", String::from_utf8_lossy(&response.body), look["output"], look["exit_code"])
    };
    assert_eq!(feed("", "one\n"), r#"{"taken":4} "one\n" null"#);
    assert_eq!(feed("&last=true", "two"), r#"{"taken":3} "one\ntwo" 0"#);
    assert_eq!(feed("", "nobody reads it"), r#"{"taken":15} "one\ntwo" 0"#);
}

/// How a command stands after what happened to it.
fn code(world: &mut World, id: &str) -> Value {
    world.own("GET", &format!("/_weir/exec?id={id}"), &Value::Null).expect("a state")["exit_code"].take()
}

// sshd(8) ends a session with its connection; SIGHUP makes 129, a connection that has gone 255 (ssh(1)).
#[test]
fn a_command_whose_follower_has_gone_is_ended() {
    let mut world = World::new();
    world.site(1);
    for (page, host, expected) in [("exec", "internet", 129), ("connect", "web-1", 255)] {
        let asked = json!({ "instance": host, "command": ["sleep", "1000"] });
        let started = world.own("POST", &format!("/_weir/{page}"), &asked).expect("it starts");
        let id = started["id"].as_str().expect("an id").to_owned();
        for ms in [0, 500, 100_000] {
            world.now = world.now.plus_ms(ms);
            world.pass(world.now.into());
            assert!(world.cloud.runs_command(&id, world.now.into()), "nobody looks, and it runs on");
        }
        assert_eq!(code(&mut world, &id), Value::Null);
        world.cloud.hang_up(&id, world.now.into());
        assert!(!world.cloud.runs_command(&id, world.now.into()), "{page}");
        assert_eq!(code(&mut world, &id), expected, "{page}");
    }
    let path = "/_weir/exec/follow";
    assert_eq!(world.own("GET", &format!("{path}?id=1"), &Value::Null), Ok(json!({})));
    assert_eq!(
        world.own("GET", &format!("{path}?id=9"), &Value::Null),
        Err("404 no command has the id 9".into())
    );
}

#[test]
fn own_pages_say_what_is_wrong() {
    let mut world = World::new();
    check(
        &mut world,
        "GET",
        "/_weir/nothing",
        Value::Null,
        expect!["404 there is nothing at GET /_weir/nothing"],
    );
    check(
        &mut world,
        "POST",
        "/_weir/exec",
        json!({ "instance": "web" }),
        expect!["400 missing field `command` at line 1 column 18"],
    );
    check(
        &mut world,
        "POST",
        "/_weir/exec",
        json!({ "instance": "web", "command": ["ping"] }),
        expect!["404 no instance is called web"],
    );
    check(
        &mut world,
        "POST",
        "/_weir/exec",
        json!({ "instance": "i-1a2b3c4d", "command": ["ping"] }),
        expect!["404 no instance has the id i-1a2b3c4d"],
    );
    check(
        &mut world,
        "POST",
        "/_weir/connect",
        json!({ "instance": "8.8.8.8", "command": ["ping"] }),
        expect!["404 no instance is called 8.8.8.8"],
    );
    check(&mut world, "GET", "/_weir/exec?id=7", Value::Null, expect!["404 no command has the id 7"]);
    check(&mut world, "GET", "/_weir/exec", Value::Null, expect!["400 the parameter id is missing"]);
    check(
        &mut world,
        "GET",
        "/_weir/exec?id=7&from=-1",
        Value::Null,
        expect!["400 from must be a number of bytes, not -1"],
    );
    check(
        &mut world,
        "GET",
        "/_weir/traffic?host=nobody",
        Value::Null,
        expect!["404 no instance is called nobody"],
    );
    check(
        &mut world,
        "POST",
        "/_weir/explain",
        json!({ "from": "internet", "to": "nobody" }),
        expect!["404 no instance is called nobody"],
    );
    check(
        &mut world,
        "POST",
        "/_weir/explain",
        json!({ "from": "internet", "to": "10.0.0.1", "protocol": "tcp" }),
        expect!["400 tcp and udp need a port"],
    );
    check(
        &mut world,
        "POST",
        "/_weir/explain",
        json!({ "from": "internet", "to": "10.0.0.1", "port": 22 }),
        expect![[r#"
        {
          "delivered": false,
          "packet": "tcp 203.0.113.9:49152 > 10.0.0.1:22",
          "trace": [],
          "verdict": "dropped: the internet gateway drops packets to private addresses"
        }"#]],
    );
}

#[test]
fn a_key_is_pushed_to_a_running_instance() {
    let mut world = World::new();
    let key = format!("ssh-ed25519 {}", "A".repeat(68));
    let body = |instance: &str, user: &str, key: &str| {
        json!({ "InstanceId": instance, "InstanceOSUser": user, "SSHPublicKey": key }).to_string()
    };
    let mut check = |body: &str, expected: Expect| {
        expected.assert_eq(&world.json(Service::InstanceConnect, "SendSSHPublicKey", body));
    };
    check(
        &body("i-1a2b3c4d", "ec2-user", &key),
        expect!["400 EC2InstanceNotFoundException: Instance not found"],
    );
    check(
        &body("web", "ec2-user", &key),
        expect!["400 InvalidArgsException: The value of instanceId is not valid."],
    );
    check(
        &body("i-1a2b3c4d", "ec2 user", &key),
        expect!["400 InvalidArgsException: The value of instanceOSUser is not valid."],
    );
    check(
        &body("i-1a2b3c4d", "ec2-user", "ssh-dss AAAA"),
        expect!["400 InvalidArgsException: The value of sSHPublicKey is not valid."],
    );
    check(
        "{}",
        expect![
            "400 ValidationException: 1 validation error detected: Value null at 'instanceId' failed to satisfy constraint: Member must not be null"
        ],
    );
}
