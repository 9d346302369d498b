//! A cloud to be asked, on a clock that only the test moves.

use crate::shown;
use expect_test::Expect;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use weir_api::logs::queries::RunNaively;
use weir_api::{Cloud, Settings};
use weir_model::{Change, Timestamp};
use weir_store::Store;
use weir_wire::{Request, Response, Service};

/// The time at which every test begins: 2024-01-02T03:04:05.000Z.
pub const START: Timestamp = Timestamp(1_704_164_645_000);
const SEED: u64 = 1;

/// A cloud and who calls it. The same calls give the same ids.
pub struct World {
    pub cloud: Cloud,
    pub now: Timestamp,
    /// The caller's access key: twelve digits name the account.
    pub access_key: &'static str,
    pub region: &'static str,
    /// What the last call changed.
    pub changes: Vec<Change>,
    /// The Live Tail session that the last call opened.
    pub session: Option<String>,
    /// What would be on disk: the text of each resource by kind and key.
    pub disk: BTreeMap<(&'static str, String), String>,
    pub logs: Store,
}

fn cloud(seed: u64, logs: &Store) -> Cloud {
    Cloud::new(Settings { seed, ..Settings::default() }, logs.clone(), Box::new(RunNaively))
}

#[allow(dead_code, reason = "the tests of a service use what they need")]
impl World {
    /// An empty cloud; the caller is account 000000000000 in us-east-1.
    pub fn new() -> World {
        World::with_store(Store::in_memory())
    }

    /// The same, whose log events are in `logs`.
    pub fn with_store(logs: Store) -> World {
        World {
            cloud: cloud(SEED, &logs),
            now: START,
            access_key: "test",
            region: "us-east-1",
            changes: vec![],
            session: None,
            disk: BTreeMap::new(),
            logs,
        }
    }

    /// The same world after a restart: only what is on disk is still there, and ids begin anew.
    pub fn restarted(self) -> World {
        let mut restarted = cloud(SEED + 1, &self.logs);
        for ((kind, _), body) in &self.disk {
            assert!(
                restarted.restore(kind, body).expect("what was written can be read"),
                "{kind} is unknown"
            );
        }
        World { cloud: restarted, ..self }
    }

    /// Sends a request as it is.
    pub fn send(&mut self, request: Request) -> Response {
        let reply = self.cloud.handle(request, self.now);
        for Change { kind, key, body } in &reply.changes {
            match body {
                Some(body) => self.disk.insert((kind, key.clone()), body.clone()),
                None => self.disk.remove(&(*kind, key.clone())),
            };
        }
        self.changes = reply.changes;
        self.session = reply.session;
        reply.response
    }

    /// Calls an operation of EC2. `params` is a form without `Action` and `Version`; its values are not encoded.
    pub fn ec2(&mut self, action: &str, params: &str) -> String {
        self.form(Service::Ec2, action, params)
    }

    /// Calls an operation of EC2 and compares the answer.
    #[track_caller]
    pub fn check(&mut self, action: &str, params: &str, expected: Expect) {
        expected.assert_eq(&self.ec2(action, params));
    }

    /// Calls an operation of EC2 and compares the answer with its ids numbered in the order they come: `vpc-1`, `acl-2`.
    #[track_caller]
    pub fn shows(&mut self, action: &str, params: &str, expected: Expect) {
        expected.assert_eq(&shown::named(&self.ec2(action, params)));
    }

    /// Calls an operation of EC2 that must be refused, and compares the refusal.
    #[track_caller]
    pub fn refuses(&mut self, action: &str, params: &str, refusal: &str) {
        assert_eq!(self.ec2(action, params), format!("400 {refusal}"), "{action} {params}");
    }

    /// Calls an operation of EC2 that must succeed and has nothing to tell.
    #[track_caller]
    pub fn returns(&mut self, action: &str, params: &str) {
        assert_eq!(self.ec2(action, params), "<return>true</return>\n", "{action} {params}");
    }

    /// Calls an operation of EC2 that must succeed.
    #[track_caller]
    pub fn does(&mut self, action: &str, params: &str) -> String {
        let answer = self.ec2(action, params);
        assert!(answer.starts_with('<'), "{action} {params}: {answer}");
        answer
    }

    /// The texts of all elements of that name in the answer to an operation of EC2, in order.
    #[track_caller]
    pub fn all(&mut self, action: &str, params: &str, element: &str) -> Vec<String> {
        let answer = self.does(action, params);
        let open = format!("<{element}>");
        answer
            .lines()
            .filter_map(|line| Some(line.trim().strip_prefix(&open)?.split('<').next()?.to_owned()))
            .collect()
    }

    /// Calls an operation of EC2 that must succeed; gives the text of the first element of that name.
    #[track_caller]
    pub fn id(&mut self, action: &str, params: &str, element: &str) -> String {
        let answer = self.ec2(action, params);
        shown::between(&answer, element).unwrap_or_else(|| panic!("no {element}: {answer}")).to_owned()
    }

    /// Calls an operation in a form.
    pub fn form(&mut self, service: Service, action: &str, params: &str) -> String {
        let version = service.version().expect("a service of forms");
        let mut body = format!("Action={action}&Version={version}");
        for pair in params.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').expect("name=value");
            write!(body, "&{name}={}", weir_wire::percent_encode(value)).expect("a string takes anything");
        }
        let mut request = self.signed(service, body.as_bytes());
        request.headers.push(("content-type".into(), "application/x-www-form-urlencoded".into()));
        shown::xml(&self.send(request))
    }

    /// Calls an operation of a JSON service.
    pub fn json(&mut self, service: Service, action: &str, body: &str) -> String {
        let mut request = self.signed(service, body.as_bytes());
        request.headers.push(("x-amz-target".into(), format!("{}.{action}", service.address())));
        request.headers.push(("content-type".into(), "application/x-amz-json-1.1".into()));
        shown::json(&self.send(request))
    }

    /// A request signed by the caller for `service`.
    pub fn signed(&self, service: Service, body: &[u8]) -> Request {
        let scope = format!("{}/20240102/{}/{}/aws4_request", self.access_key, self.region, service.scope());
        let signature = format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=00");
        Request {
            method: "POST".into(),
            path: "/".into(),
            headers: vec![("authorization".into(), signature)],
            body: body.to_vec(),
            ..Request::default()
        }
    }
}
