//! Plays a lab: sends requests, lets virtual time pass, tells what it does, keeps count of what was expected.

use crate::clock::VIRTUAL_START;
use crate::lab::answer::Answer;
use crate::lab::aws;
use serde_json::{Value, json};
use std::time::Duration;
use weir_api::logs::queries::RunNaively;
use weir_api::{Cloud, Settings};
use weir_model::Nanos;
use weir_store::Store;
use weir_wire::{Request, Response};

/// How far the clock moves with every API call.
const CALL_NS: u64 = 100_000_000;
/// Longest virtual time a command in an instance may take.
const COMMAND_MAX_NS: u64 = 300_000_000_000;
/// How far one step of the clock goes.
const SLICE_NS: u64 = 1_000_000_000;
const REGION: &str = "us-east-1";
const ACCOUNT: &str = "000000000000";
/// A fixed seed, so that every run tells the same story with the same ids.
const SEED: u64 = 7;

/// The first expectation that did not hold, in words.
#[derive(Debug)]
pub struct Failed(pub String);

/// What a step of a lab comes to.
pub type Told<T = ()> = Result<T, Failed>;

/// One act of a lab, for the summary.
struct Act {
    title: String,
    calls: usize,
    held: usize,
}

/// What a command in an instance came to.
pub struct Ran {
    /// What it printed.
    pub output: String,
    /// Its exit code.
    pub code: u64,
}

/// A cloud, a clock and a voice.
pub struct Player {
    cloud: Cloud,
    now: Nanos,
    quiet: bool,
    acts: Vec<Act>,
}

impl Player {
    /// An empty cloud at the beginning of virtual time.
    pub fn new(quiet: bool) -> Player {
        let settings = Settings { seed: SEED, ..Settings::default() };
        let cloud = Cloud::new(settings, Store::in_memory(), Box::new(RunNaively));
        Player { cloud, now: VIRTUAL_START, quiet, acts: vec![] }
    }

    /// Begins an act.
    pub fn act(&mut self, title: &str) {
        self.say(&format!("\n{}. {title}", self.acts.len() + 1));
        self.acts.push(Act { title: title.to_owned(), calls: 0, held: 0 });
    }

    /// Says a line.
    pub fn say(&self, line: &str) {
        if !self.quiet {
            println!("{line}");
        }
    }

    /// Gives an `aws` command that must succeed.
    pub fn aws(&mut self, line: &str) -> Told<Answer> {
        let answer = self.call(line)?;
        if answer.is_ok() {
            return Ok(answer);
        }
        let code = answer.code().unwrap_or_default();
        Err(Failed(format!("aws {line}\n  {code}: {}", answer.message().unwrap_or_default())))
    }

    /// Gives an `aws` command and shows a member of the answer, which must be there.
    pub fn aws_for(&mut self, line: &str, member: &str) -> Told<String> {
        let answer = self.aws(line)?;
        let value =
            answer.text(member).ok_or_else(|| Failed(format!("aws {line}\n  the answer has no {member}")))?;
        self.say(&format!("      {member}: {value}"));
        Ok(value)
    }

    /// Gives an `aws` command that must be refused with `code`.
    pub fn refused(&mut self, line: &str, code: &str) -> Told {
        let answer = self.call(line)?;
        let given = answer.code().unwrap_or_else(|| "success".into());
        self.say(&format!("      {given}: {}", answer.message().unwrap_or_default()));
        self.expect(&format!("it is refused with {code}"), given == code)
    }

    /// Gives an `aws` command, whatever comes of it.
    pub fn call(&mut self, line: &str) -> Told<Answer> {
        self.say(&format!("   $ aws {line}"));
        let request = aws::request(line, REGION, ACCOUNT).map_err(Failed)?;
        Ok(Answer::of(&self.send(request)))
    }

    fn send(&mut self, request: Request) -> Response {
        if let Some(act) = self.acts.last_mut() {
            act.calls += 1;
        }
        self.pass(CALL_NS);
        self.cloud.handle(request, self.now.into()).response
    }

    /// Lets time pass, with everything that happens in it.
    pub fn pass(&mut self, span_ns: u64) {
        let target = self.now.plus(span_ns);
        while self.now < target {
            let due = self.cloud.next_deadline().unwrap_or(target);
            let slice = self.now.plus(SLICE_NS);
            self.now = Nanos(due.0.max(self.now.0 + 1).min(slice.0).min(target.0));
            self.cloud.step(self.now);
        }
    }

    /// Moves the clock, and says so.
    pub fn advance(&mut self, seconds: u64) {
        self.say(&format!("   $ weir clock advance {seconds}s"));
        self.pass(seconds * 1_000_000_000);
    }

    /// The time in milliseconds since the epoch.
    pub fn now_ms(&self) -> i64 {
        weir_model::Timestamp::from(self.now).0
    }

    /// Runs a command in an instance, or on the internet.
    pub fn exec(&mut self, instance: &str, command: &str) -> Told<Ran> {
        self.say(&format!("   $ weir exec {instance} -- {command}"));
        let words: Vec<&str> = command.split_whitespace().collect();
        self.follow("/_weir/exec", &json!({ "instance": instance, "command": words }))
    }

    /// Opens a shell over EC2 Instance Connect and runs a command in it.
    pub fn connect(&mut self, instance: &str, command: &str) -> Told<Ran> {
        self.say(&format!("   $ weir connect {instance} -- {command}"));
        let words: Vec<&str> = command.split_whitespace().collect();
        self.follow("/_weir/connect", &json!({ "instance": instance, "command": words }))
    }

    fn follow(&mut self, path: &str, asked: &Value) -> Told<Ran> {
        let started = self.own("POST", path, "", asked)?;
        let id = started.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
        let begun = self.now;
        loop {
            let state = self.own("GET", "/_weir/exec", &format!("id={id}"), &Value::Null)?;
            if let Some(code) = state.get("exit_code").and_then(Value::as_u64) {
                let output = state.get("output").and_then(Value::as_str).unwrap_or_default().to_owned();
                output.lines().for_each(|line| self.say(&format!("      {line}")));
                return Ok(Ran { output, code });
            }
            if self.now.0 - begun.0 > COMMAND_MAX_NS {
                return Err(Failed(format!("{asked}: it does not end")));
            }
            self.pass(SLICE_NS);
        }
    }

    /// Asks one of weir's own pages.
    pub fn own(&mut self, method: &str, path: &str, query: &str, body: &Value) -> Told<Value> {
        let request = Request {
            method: method.into(),
            path: path.into(),
            query: query.into(),
            headers: vec![],
            body: body.to_string().into_bytes(),
        };
        let response = self.cloud.handle(request, self.now.into()).response;
        let told: Value = serde_json::from_slice(&response.body).unwrap_or(Value::Null);
        match response.status {
            200 => Ok(told),
            _ => Err(Failed(format!("{path}: {told}"))),
        }
    }

    /// Demands that something holds; the first that does not ends the lab.
    pub fn expect(&mut self, what: &str, holds: bool) -> Told {
        if !holds {
            println!("   ✗ {what}");
            return Err(Failed(format!("expected that {what}")));
        }
        self.say(&format!("   ✓ {what}"));
        if let Some(act) = self.acts.last_mut() {
            act.held += 1;
        }
        Ok(())
    }

    /// How many expectations have held.
    #[cfg(test)]
    pub fn held(&self) -> usize {
        self.acts.iter().map(|act| act.held).sum()
    }

    /// Prints what was done and what held.
    pub fn summary(&self, wall: Duration) {
        let virtual_s = (self.now.0 - VIRTUAL_START.0) / 1_000_000_000;
        println!("\n{:<82} {:>5} {:>7}", "act", "calls", "checks");
        for (index, act) in self.acts.iter().enumerate() {
            println!("{:<82} {:>5} {:>7}", format!("{}. {}", index + 1, act.title), act.calls, act.held);
        }
        let (calls, held): (usize, usize) =
            self.acts.iter().fold((0, 0), |sum, act| (sum.0 + act.calls, sum.1 + act.held));
        println!("{:<82} {calls:>5} {held:>7}", "all");
        println!("{virtual_s} virtual seconds in {:.1} real ones", wall.as_secs_f64());
    }
}
