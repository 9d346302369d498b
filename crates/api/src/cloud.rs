//! The cloud: all accounts and regions, everything that changes.
//!
//! One request or one step of time at a time; whoever holds a `Cloud` decides on threads and clocks.

use crate::delivery::Courier;
use crate::dispatch::{self, Operations};
use crate::local::{self, Shells};
use crate::logs::live_tail::Update;
use crate::logs::queries::{Queries, RunQuery};
use crate::logs::state::LogState;
use crate::operation::{Context, Stream};
use crate::plane::Plane;
use crate::relay::{AnswerS3, Via};
use crate::ssm::command::Commands;
use crate::token::Tokens;
use std::collections::BTreeMap;
use weir_buckets::Buckets;
use weir_fabric::{Fabric, Outside};
use weir_model::iam::Identities;
use weir_model::{AccountId, Change, Cx, Ids, Nanos, Network, RegionName, Scope, Timestamp};
use weir_store::{Store, Ticket};
use weir_wire::{Credential, Incoming, Refusal, Request, Response, Service, WireError};

/// Most operations without code that are counted by name.
const MISSES_MAX: usize = 1000;

/// How long flow-log records wait if nobody says otherwise.
const DELIVERY_DELAY_MS: u64 = 5_000;

/// What is decided before a cloud begins.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The seed of ids: another one for each start, so that ids never repeat.
    pub seed: u64,
    /// The account of callers whose access key names none.
    pub account: AccountId,
    /// The region of callers that do not sign.
    pub region: RegionName,
    /// How long flow-log records wait after their window has closed, in ms. Here seconds; in AWS about five minutes.
    pub delivery_delay_ms: u64,
}

impl Default for Settings {
    fn default() -> Settings {
        let region = "us-east-1".parse().expect("a well-formed region name");
        Settings { seed: 0, account: AccountId::DEFAULT, region, delivery_delay_ms: DELIVERY_DELAY_MS }
    }
}

/// The answer to a request, and what must be on disk before it is sent.
#[derive(Debug)]
pub struct Reply {
    /// What the caller is told.
    pub response: Response,
    /// What has changed.
    pub changes: Vec<Change>,
    /// What the log store still has to make durable.
    pub ticket: Ticket,
    /// The Live Tail session whose updates follow the response ([`Cloud::tail`]), until it is ended.
    pub session: Option<String>,
    /// Whether events are to be counted once the ticket says that they are durable ([`Cloud::count_durable`]): the caller
    /// waits for that, too, so that nothing acknowledged is forgotten.
    pub is_counted_later: bool,
}

/// Everything that changes, of all accounts and regions.
pub struct Cloud {
    pub(crate) settings: Settings,
    pub(crate) network: Network,
    pub(crate) identities: Identities,
    pub(crate) counts: Counts,
    pub(crate) logs: Store,
    pub(crate) queries: Queries,
    log_state: LogState,
    pub(crate) plane: Plane,
    pub(crate) shells: Shells,
    commands: Commands,
    runner: Box<dyn RunQuery>,
    buckets: Option<Buckets>,
    pub(crate) s3: Option<Box<dyn AnswerS3>>,
    ids: Ids,
    tokens: Tokens,
    pub(crate) operations: Operations,
}

/// What has been asked since the start.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Requests of any kind.
    pub requests: u64,
    /// Requests for what Weir does not have, by operation: `ec2:CreateVpnGateway`.
    pub not_implemented: BTreeMap<String, u64>,
}

impl Cloud {
    /// A cloud without resources, whose logs are in `logs` and whose queries `runner` runs.
    pub fn new(settings: Settings, logs: Store, runner: Box<dyn RunQuery>) -> Cloud {
        let plane = Plane::new(settings.seed, settings.delivery_delay_ms);
        Cloud {
            ids: Ids::new(settings.seed),
            settings,
            network: Network::default(),
            plane,
            shells: Shells::default(),
            commands: Commands::default(),
            identities: Identities::default(),
            counts: Counts::default(),
            tokens: Tokens::default(),
            operations: Operations::default(),
            logs,
            queries: Queries::default(),
            log_state: LogState::default(),
            runner,
            buckets: None,
            s3: None,
        }
    }

    /// Puts back a resource read from disk. `Ok(false)` if nothing here is of this kind.
    ///
    /// # Errors
    /// The text is not a resource of that kind.
    pub fn restore(&mut self, kind: &str, body: &str) -> Result<bool, serde_json::Error> {
        Ok(self.network.restore(kind, body)?
            || self.identities.restore(kind, body)?
            || self.tokens.restore(kind, body)?
            || self.log_state.restore(kind, body)?)
    }

    /// Answers a request.
    pub fn handle(&mut self, request: Request, now: Timestamp) -> Reply {
        let reply = self.respond(request, None, now);
        let is_counted_later = self.log_state.next_count().is_some();
        Reply { changes: self.take_changes(), is_counted_later, ..reply }
    }

    /// Answers a request, which may have come through an endpoint; what it changed is left to be taken.
    pub(crate) fn respond(&mut self, request: Request, via: Option<&Via>, now: Timestamp) -> Reply {
        self.counts.requests += 1;
        self.network.step_nat_gateways(now);
        self.network.step_endpoints();
        self.log_state.count_durable(now);
        let request_id = self.ids.uuid();
        let (mut ticket, mut stream) = (Ticket::done(), None);
        let response = match local::is_local(&request.path) {
            true => local::answer(self, &request, now),
            false => match request.into_incoming() {
                Ok(incoming) => match self.check_passage(&incoming, via, now) {
                    Ok(()) => self.operate(&incoming, &request_id, now, (&mut ticket, &mut stream)),
                    Err(refusal) => refusal.response(&request_id),
                },
                Err(refusal) => self.refuse(&refusal, &request_id),
            },
        };
        self.network.expand_nat_gateways(&mut self.ids);
        self.plane.note_change(&self.network, now);
        let session = stream.map(|stream: Stream| stream.session);
        Reply { response, changes: vec![], ticket, session, is_counted_later: false }
    }

    /// Lets metric filters count the events that have become durable; gives what that changed.
    pub fn count_durable(&mut self, now: Timestamp) -> Vec<Change> {
        self.log_state.count_durable(now);
        self.take_changes()
    }

    /// Counts what S3, beside the cloud, was asked for and does not have.
    pub fn count_missing(&mut self, what: &str) {
        self.counts.miss(&format!("s3:{what}"));
    }

    /// What the client of a Live Tail session is to be sent next, a second after the last; `None` if it has ended.
    pub fn tail(&mut self, session: &str, now: Timestamp) -> Option<Update> {
        self.log_state.tails.update(session, now)
    }

    /// Ends a Live Tail session whose client has gone.
    pub fn end_tail(&mut self, session: &str) {
        self.log_state.tails.end(session);
    }

    /// Whether a command of Weir's own pages runs.
    pub fn runs_command(&mut self, id: &str, now: Nanos) -> bool {
        self.catch_up(now);
        self.shells.is_running(id)
    }

    /// Ends a command of Weir's own pages as when its terminal hangs up: who followed it has gone.
    pub fn hang_up(&mut self, id: &str, now: Nanos) {
        self.catch_up(now);
        self.shells.hang_up(id, &mut self.plane.fabric);
    }

    /// Lets time pass: packets travel, windows close, records are delivered, requests lapse. What it changed is there to take
    /// afterwards ([`Cloud::take_changes`]).
    pub fn step(&mut self, now: Nanos) {
        self.network.step(now.into());
        self.log_state.count_durable(now.into());
        self.plane.note_change(&self.network, now.into());
        // Nanoseconds, not the API's milliseconds: what is due within this millisecond must not stay due.
        self.catch_up(now);
        let mut ticket = Ticket::done();
        while let Some(delivery) = self.plane.outbox.take(now) {
            let mut courier = Courier {
                network: &mut self.network,
                identities: &self.identities,
                logs: &self.logs,
                log_state: &mut self.log_state,
                ticket: &mut ticket,
                now: now.into(),
            };
            courier.deliver(&delivery);
        }
        self.plane.note_change(&self.network, now.into());
        self.log_state.exports.step(&self.logs, self.buckets.as_ref(), now.into());
        self.run_scheduled_queries(now.into());
        self.logs.tick(Timestamp::from(now).0);
    }

    /// When there is something to do next, or `None` if nothing will happen unless someone asks.
    pub fn next_deadline(&self) -> Option<Nanos> {
        let step = self.network.next_step().map(Nanos::from);
        let count = self.log_state.next_count().map(Nanos::from);
        let export = self.log_state.exports.next_step().map(Nanos::from);
        let scheduled = self.log_state.scheduled.next_step().map(Nanos::from);
        [self.plane.next_deadline(), self.commands.next_deadline(), step, count, export, scheduled]
            .into_iter()
            .flatten()
            .min()
    }

    /// Runs the scheduled queries that are due, and delivers what those have found that have ended.
    fn run_scheduled_queries(&mut self, now: Timestamp) {
        for (query, due) in self.log_state.scheduled.take_due(now) {
            self.act(query.scope, now, |cx| cx.run_scheduled(&query, due));
        }
        for (scope, run) in self.log_state.scheduled.look(now) {
            self.act(scope, now, |cx| cx.settle_scheduled(&run));
        }
    }

    /// Whether a scheduled query is being run.
    pub fn runs_scheduled_query(&self) -> bool {
        self.log_state.scheduled.is_running()
    }

    /// Does something for `scope` that nobody waits for.
    fn act(&mut self, scope: Scope, now: Timestamp, act: impl FnOnce(&mut Context<'_>)) {
        let (mut ticket, mut stream) = (Ticket::done(), None);
        let (mut cx, _) = self.context((scope, now), "", (&mut ticket, &mut stream));
        act(&mut cx);
    }

    /// Has exports and results of logs go to `buckets`.
    pub fn set_buckets(&mut self, buckets: Buckets) {
        self.buckets = Some(buckets);
    }

    /// Has `runner` run the instances that are not to be simulated.
    pub fn set_outside(&mut self, runner: Box<dyn Outside>) {
        self.plane.fabric.set_outside(runner);
    }

    /// Brings everything up to `now`, and lets `judge` give the fabric packets of hosts outside.
    pub fn with_fabric(&mut self, now: Nanos, judge: &mut dyn FnMut(&mut Fabric, Nanos)) {
        self.catch_up(now);
        judge(&mut self.plane.fabric, now);
        self.scale_nat_gateways(now);
    }

    /// Has NAT gateways that ran out of ports get further addresses, if AWS would give them some.
    fn scale_nat_gateways(&mut self, now: Nanos) {
        for gate in self.plane.fabric.take_exhausted() {
            self.network.scale_nat_gateway(gate, &mut self.ids);
        }
        self.plane.note_change(&self.network, now.into());
    }

    /// What has changed since this was last asked, for the disk.
    pub fn take_changes(&mut self) -> Vec<Change> {
        let mut changes = Vec::new();
        self.network.drain_changes(&mut changes);
        self.identities.drain_changes(&mut changes);
        self.tokens.drain_changes(&mut changes);
        self.log_state.drain_changes(&mut changes);
        changes
    }

    /// Brings packets and commands up to `now`.
    pub(crate) fn catch_up(&mut self, now: Nanos) {
        self.plane.step(&self.network, now);
        self.scale_nat_gateways(now);
        self.serve_endpoints(now.into());
        local::look_at_all(&mut self.shells, &mut self.plane.fabric);
        self.commands.look(&mut self.plane.fabric, now.into());
    }

    /// The account and region that a caller acts in.
    pub fn scope_of(&self, credential: Option<&Credential>) -> Scope {
        let account = credential.and_then(Credential::account).unwrap_or(self.settings.account);
        Scope { account, region: credential.map_or(self.settings.region, |credential| credential.region) }
    }

    fn operate(
        &mut self,
        incoming: &Incoming,
        request_id: &str,
        now: Timestamp,
        (ticket, stream): (&mut Ticket, &mut Option<Stream>),
    ) -> Response {
        let Some(row) = self.operations.find(incoming.service, &incoming.action) else {
            let error = WireError::not_implemented(incoming.protocol, &incoming.action);
            let (protocol, service) = (incoming.protocol, Some(incoming.service));
            self.counts.miss(&format!("{}:{}", incoming.service.iam_prefix(), incoming.action));
            return Refusal { protocol, service, error }.response(request_id);
        };
        let scope = self.scope_of(incoming.credential.as_ref());
        if incoming.service == Service::Ssm {
            self.catch_up(now.into());
        }
        if incoming.service == Service::Ec2 {
            self.network.open_region(&mut Cx { scope, now, ids: &mut self.ids });
        }
        let (mut cx, tokens) = self.context((scope, now), request_id, (ticket, stream));
        let answer = dispatch::answer(row, incoming, request_id, &mut cx, tokens);
        if incoming.service == Service::Ssm {
            self.commands.look(&mut self.plane.fabric, now);
        }
        answer
    }

    /// What an operation works on, and the client tokens of such operations.
    fn context<'a>(
        &'a mut self,
        (scope, now): (Scope, Timestamp),
        request_id: &'a str,
        (ticket, stream): (&'a mut Ticket, &'a mut Option<Stream>),
    ) -> (Context<'a>, &'a mut Tokens) {
        let cx = Context {
            network: &mut self.network,
            identities: &mut self.identities,
            logs: &self.logs,
            buckets: self.buckets.as_ref(),
            log_state: &mut self.log_state,
            queries: &mut self.queries,
            commands: &mut self.commands,
            runner: self.runner.as_ref(),
            ids: &mut self.ids,
            ticket,
            stream,
            scope,
            request_id,
            now,
        };
        (cx, &mut self.tokens)
    }

    fn refuse(&mut self, refusal: &Refusal, request_id: &str) -> Response {
        if matches!(refusal.error.code, "InvalidAction" | "UnknownOperationException" | "NotImplemented") {
            self.counts.miss(&refusal.error.message);
        }
        refusal.response(request_id)
    }
}

impl Counts {
    fn miss(&mut self, what: &str) {
        let what: String = what.chars().take(100).collect();
        if self.not_implemented.len() < MISSES_MAX || self.not_implemented.contains_key(&what) {
            *self.not_implemented.entry(what).or_default() += 1;
        }
    }
}
