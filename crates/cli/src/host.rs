//! What holds the cloud while it serves: one lock, one clock, the disk, and a thread that lets time pass.
//!
//! A request is answered under the lock and sent after what it changed is on disk. The driver thread runs packets and
//! timers whenever one is due. A panic in an answer is a fault of ours: it is logged and answered with 500.

use crate::clock::Clock;
use crate::complaint::complain;
use crate::server::plain;
use crate::state::{Committed, State};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use weir_api::logs::live_tail::{UPDATE_MS, Update};
use weir_api::{Cloud, Reply};
use weir_fabric::Fabric;
use weir_model::{Change, Nanos};
use weir_wire::{Request, Response};

/// Longest sleep of the driver when nothing is due.
const SLEEP_MAX: Duration = Duration::from_secs(1);
/// How far one step of a virtual clock goes before other requests get their turn.
const VIRTUAL_SLICE_NS: u64 = 1_000_000_000;

/// How long after the connection of one who follows a command has gone the command is ended: it may be ending by itself.
const HANG_UP_AFTER: Duration = Duration::from_secs(1);
/// How often such a connection is sent something, so that a machine that has vanished is noticed in the end.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);

/// How often it is looked whether a scheduled query has ended for which a virtual clock waits.
const LOOK_AT_QUERIES: Duration = Duration::from_millis(1);
/// How far a look at a running command moves a virtual clock.
const VIRTUAL_LOOK_NS: u64 = 100_000_000;

/// What follows a response: further parts of its body.
pub type Tail = tokio::sync::mpsc::Receiver<hyper::body::Bytes>;

/// An answer, which may go on.
pub struct Answer {
    /// Its beginning, or all of it.
    pub response: Response,
    /// What follows, if it goes on.
    pub tail: Option<Tail>,
}

/// The cloud and what it runs on.
pub struct Host {
    cloud: Mutex<Cloud>,
    /// The clock.
    pub clock: Clock,
    state: Option<State>,
    due: Mutex<Nanos>,
    woken: Condvar,
    sleeping_until: AtomicU64,
    stopping: AtomicBool,
    stop: Notify,
}

impl Host {
    /// A host for `cloud`; without a state nothing is kept.
    pub fn new(cloud: Cloud, clock: Clock, state: Option<State>) -> Arc<Host> {
        Arc::new(Host {
            cloud: Mutex::new(cloud),
            clock,
            state,
            due: Mutex::new(Nanos(u64::MAX)),
            woken: Condvar::new(),
            sleeping_until: AtomicU64::new(0),
            stopping: AtomicBool::new(false),
            stop: Notify::new(),
        })
    }

    /// Answers a request, once what it changed is on disk.
    pub async fn answer(self: &Arc<Host>, request: Request) -> Answer {
        match (request.method.as_str(), request.path.as_str()) {
            ("POST", "/_weir/shutdown") => return self.shut_down().into(),
            ("POST", "/_weir/clock/advance") => return self.advance(&request).into(),
            ("GET", "/_weir/clock") => return self.show_clock().into(),
            ("GET", "/_weir/exec") => self.let_commands_run(),
            ("GET", "/_weir/exec/follow") => return self.follow(request).await,
            ("POST", "/") if looks_at_commands(&request) => self.let_commands_run(),
            _ => {}
        }
        match self.handle(request) {
            Ok((mut reply, committed)) => {
                let tail = reply.session.take().map(|session| self.tail(session));
                Answer { response: self.settle(reply, committed).await, tail }
            }
            Err(fault) => fault.into(),
        }
    }

    /// Waits until what a reply changed is on disk, and what metric filters then count.
    async fn settle(&self, reply: Reply, committed: Option<Committed>) -> Response {
        let changed = written(committed).await;
        let logged = reply.ticket.await.map_err(|error| error.to_string());
        let counted = match reply.is_counted_later && logged.is_ok() {
            true => written(self.count_durable()).await,
            false => Ok(()),
        };
        match changed.and(logged).and(counted) {
            Ok(()) => reply.response,
            Err(error) => {
                complain(format_args!("not written: {error}"));
                reply.response.unwritten()
            }
        }
    }

    fn count_durable(&self) -> Option<Committed> {
        let mut cloud = self.lock();
        let changes = cloud.count_durable(self.clock.timestamp());
        self.commit(changes)
    }

    /// What follows the opening of a Live Tail session, a message a second, until it ends or its client has gone.
    fn tail(self: &Arc<Host>, session: String) -> Tail {
        let (sender, tail) = tokio::sync::mpsc::channel(1);
        let host = self.clone();
        tokio::spawn(async move {
            let mut seconds = tokio::time::interval(Duration::from_millis(UPDATE_MS));
            // The first tick comes at once.
            seconds.tick().await;
            while !host.stopping.load(Ordering::SeqCst) {
                tokio::select! {
                    _ = seconds.tick() => {}
                    () = sender.closed() => break,
                }
                let (message, is_last) = match host.lock().tail(&session, host.clock.timestamp()) {
                    Some(Update::More(message)) => (message, false),
                    Some(Update::Last(message)) => (message, true),
                    None => break,
                };
                if sender.send(message.into()).await.is_err() || is_last {
                    break;
                }
            }
            host.lock().end_tail(&session);
        });
        tail
    }

    /// Answers one who follows a command with a body that goes on while the command runs. It is the connection that counts, as it
    /// does for sshd: who is stopped or shows nothing for an hour still has it, and the kernel closes that of one who is killed.
    async fn follow(self: &Arc<Host>, request: Request) -> Answer {
        let pairs = weir_wire::query_pairs(request.query.as_bytes()).unwrap_or_default();
        let id = pairs.into_iter().find(|(name, _)| name == "id").map(|(_, id)| id);
        let response = match self.handle(request) {
            Ok((reply, committed)) => self.settle(reply, committed).await,
            Err(fault) => fault,
        };
        let tail = id.filter(|_| response.status == 200).map(|id| self.leash(id));
        Answer { response, tail }
    }

    /// Hangs a command up once nobody follows it.
    fn leash(self: &Arc<Host>, id: String) -> Tail {
        let (sender, tail) = tokio::sync::mpsc::channel(1);
        let host = self.clone();
        tokio::spawn(async move {
            let mut signs = tokio::time::interval(SIGN_OF_LIFE);
            while !host.stopping.load(Ordering::SeqCst) {
                tokio::select! {
                    _ = signs.tick() => {}
                    () = sender.closed() => {
                        tokio::time::sleep(HANG_UP_AFTER).await;
                        return host.hang_up(&id);
                    }
                }
                if !host.lock().runs_command(&id, host.clock.now()) {
                    break;
                }
                // Who takes nothing is stopped, and not gone.
                let _ = sender.try_send("\n".into());
            }
        });
        tail
    }

    fn hang_up(&self, id: &str) {
        let mut cloud = self.lock();
        cloud.hang_up(id, self.clock.now());
        let due = cloud.next_deadline().unwrap_or(Nanos(u64::MAX));
        drop(cloud);
        self.wake(due);
    }

    /// Answers under the lock, where what changed is also handed to the disk: it is written in the order of the calls.
    /// A panic is caught here and nowhere else.
    fn handle(&self, request: Request) -> Result<(Reply, Option<Committed>), Response> {
        let what = request.header("x-amz-target").map_or_else(|| request.path.clone(), str::to_owned);
        let mut cloud = self.lock();
        let answer = catch_unwind(AssertUnwindSafe(|| cloud.handle(request, self.clock.timestamp())));
        let answer = answer.map(|mut reply| {
            let committed = self.commit(std::mem::take(&mut reply.changes));
            (reply, committed)
        });
        let due = cloud.next_deadline().unwrap_or(Nanos(u64::MAX));
        drop(cloud);
        self.wake(due);
        answer.map_err(|_| {
            complain(format_args!("fault while answering {what}"));
            plain(500, "InternalFailure: a fault of weir; its log says more")
        })
    }

    /// Counts what S3 was asked for and does not have.
    pub fn count_missing(&self, what: &str) {
        self.lock().count_missing(what);
    }

    /// Lets `judge` give the fabric packets of hosts outside, at the present time.
    pub fn with_fabric(&self, judge: &mut dyn FnMut(&mut Fabric, Nanos)) {
        let mut cloud = self.lock();
        // The time is read under the lock: whoever held it before may have let more time pass.
        cloud.with_fabric(self.clock.now(), judge);
        let due = cloud.next_deadline().unwrap_or(Nanos(u64::MAX));
        drop(cloud);
        self.wake(due);
    }

    /// Hands changes to the disk, if there is one and there are any. To be called with the cloud locked.
    fn commit(&self, changes: Vec<Change>) -> Option<Committed> {
        self.state.as_ref().filter(|_| !changes.is_empty()).map(|state| state.commit(changes))
    }

    /// Lets time pass until the host stops: runs what is due, then sleeps until the next thing is.
    pub fn drive(&self) {
        while !self.stopping.load(Ordering::SeqCst) {
            if !self.clock.is_virtual() {
                self.step(self.clock.now());
            }
            // From here on whoever makes something due earlier says so, even before the sleep begins.
            self.sleeping_until.store(u64::MAX, Ordering::SeqCst);
            let due = self.lock().next_deadline().unwrap_or(Nanos(u64::MAX));
            self.sleep_until(due);
        }
    }

    /// Runs what is due at `now`, and hands what it changed to the disk.
    fn step(&self, now: Nanos) {
        let mut cloud = self.lock();
        if catch_unwind(AssertUnwindSafe(|| cloud.step(now))).is_err() {
            complain("fault while letting time pass");
        }
        let changes = cloud.take_changes();
        // Nobody waits for what time changes; a failed write is reported by the writer and tried again.
        drop(self.commit(changes));
    }

    fn sleep_until(&self, due: Nanos) {
        let mut wanted = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        let until = Nanos(due.0.min(wanted.0));
        *wanted = Nanos(u64::MAX);
        let span = if self.clock.is_virtual() { SLEEP_MAX } else { self.until(until) };
        if span.is_zero() {
            return;
        }
        self.sleeping_until.store(until.0, Ordering::SeqCst);
        drop(self.woken.wait_timeout(wanted, span).unwrap_or_else(PoisonError::into_inner));
    }

    fn until(&self, due: Nanos) -> Duration {
        Duration::from_nanos(due.0.saturating_sub(self.clock.now().0)).min(SLEEP_MAX)
    }

    /// Wakes the driver if something is due before it would wake by itself.
    fn wake(&self, due: Nanos) {
        if due.0 >= self.sleeping_until.load(Ordering::SeqCst) {
            return;
        }
        let mut wanted = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        *wanted = Nanos(wanted.0.min(due.0));
        self.woken.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Cloud> {
        // A panic was caught while the lock was held; the model changes state only after all checks.
        self.cloud.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn show_clock(&self) -> Response {
        let kind = if self.clock.is_virtual() { "virtual" } else { "real" };
        json(200, &serde_json::json!({ "kind": kind, "now_ms": self.clock.timestamp().0 }))
    }

    fn advance(&self, request: &Request) -> Response {
        let span_ms = serde_json::from_slice::<serde_json::Value>(&request.body).ok();
        let span_ms = span_ms.and_then(|body| body.get("ms").and_then(serde_json::Value::as_u64));
        match span_ms.and_then(|span_ms| span_ms.checked_mul(1_000_000)) {
            _ if !self.clock.is_virtual() => json(
                400,
                &serde_json::json!({ "error": "the clock is real; start with --clock virtual to move it" }),
            ),
            None => json(400, &serde_json::json!({ "error": "expected {\"ms\": MILLISECONDS}" })),
            Some(span) => {
                self.move_by(span);
                self.show_clock()
            }
        }
    }

    /// Whoever looks at a running command lets a virtual clock go on a little: else the command would never end.
    fn let_commands_run(&self) {
        if self.clock.is_virtual() {
            self.move_by(VIRTUAL_LOOK_NS);
        }
    }

    /// Moves a virtual clock forward, letting everything happen on the way.
    pub fn move_by(&self, span_ns: u64) {
        let target = self.clock.now().plus(span_ns);
        while self.clock.now() < target {
            let next = Nanos(self.clock.now().plus(VIRTUAL_SLICE_NS).0.min(target.0));
            self.clock.move_to(next);
            self.step(next);
            self.await_scheduled_queries(next);
        }
    }

    /// A virtual clock stands still while scheduled queries run, so that they end and are delivered at the time at which they begin.
    fn await_scheduled_queries(&self, now: Nanos) {
        while self.lock().runs_scheduled_query() && !self.stopping.load(Ordering::SeqCst) {
            std::thread::sleep(LOOK_AT_QUERIES);
            self.step(now);
        }
    }

    fn shut_down(&self) -> Response {
        self.stop();
        json(200, &serde_json::json!({ "stopping": true }))
    }

    /// Tells everything to end.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        self.stop.notify_waiters();
        self.stop.notify_one();
        self.woken.notify_all();
    }

    /// Ends when the host is told to stop.
    pub async fn stopped(&self) {
        while !self.stopping.load(Ordering::SeqCst) {
            self.stop.notified().await;
        }
    }
}

impl From<Response> for Answer {
    fn from(response: Response) -> Answer {
        Answer { response, tail: None }
    }
}

/// Whether a request asks Run Command how a command stands.
fn looks_at_commands(request: &Request) -> bool {
    let looks = ["GetCommandInvocation", "ListCommandInvocations", "ListCommands"];
    let operation = request.header("x-amz-target").and_then(|target| target.strip_prefix("AmazonSSM."));
    operation.is_some_and(|operation| looks.contains(&operation))
}

async fn written(committed: Option<Committed>) -> Result<(), String> {
    match committed {
        Some(committed) => committed.await.unwrap_or_else(|_| Err("the writer has gone".into())),
        None => Ok(()),
    }
}

fn json(status: u16, body: &serde_json::Value) -> Response {
    let body = body.to_string().into_bytes();
    Response { status, content_type: "application/json", headers: vec![], body }
}
