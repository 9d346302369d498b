//! Weir's own endpoints, below `/_weir/`, and the health page of LocalStack that test tools look for.
//!
//! JSON in, JSON out; an error is `{"error": "a sentence"}`. Bucket names cannot begin with `_`, so these paths are
//! nobody else's.
//!
//! ```text
//! GET  /_weir/health                    is anything there?
//! GET  /_weir/status                    what it holds, and what was asked for that Weir does not have
//! POST /_weir/exec                      {"instance", "command": […]} → {"id"}: runs a command on a host; with "has_input": true
//!                                       it reads what it is fed, else nothing
//! POST /_weir/exec/input?id=…           bytes → {"taken"}: feeds it, as far as there is room; with last=true nothing follows, once
//!                                       all are taken. While a session is being opened there is no room
//! GET  /_weir/exec/follow?id=…          stays open while it runs; once its client has closed the connection, or is gone with it,
//!                                       the command is ended as when a terminal hangs up
//! GET  /_weir/exec?id=…                 {"output", "errors", "exit_code"}: what it has printed so far, the parts of it, as
//!                                       [from, to] in bytes, that went to standard error, and its code once it has ended;
//!                                       with from=N the output from byte N on: what was before it is forgotten. A byte that
//!                                       is no UTF-8 is the character of U+10FF00 and it, by which places are counted, too
//! POST /_weir/exec/interrupt            {"id"}: Ctrl-C
//! POST /_weir/connect                   {"instance", "command": […]} → {"id"}: the same, over EC2 Instance Connect
//! GET  /_weir/traffic?host=…            {"sent", "received"}: packets and bytes of a host since it started
//! POST /_weir/explain                   {"from", "to", "protocol", "port"} → {"delivered", "verdict", "trace"}
//! ```
//!
//! A host is an instance by id, by Name tag, or by an address of its own, or a host on the internet: an address, or `internet`.

mod explain;
mod host;
mod shell;

pub use shell::{Shells, look_at_all};

use crate::cloud::Cloud;
use crate::table;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use weir_fabric::ExecError;
use weir_model::Timestamp;
use weir_wire::{Request, Response};

/// Largest body of a request for one of these paths.
const BODY_BYTES_MAX: usize = 1 << 20;

/// Whether a path is one of these, known or not.
pub fn is_local(path: &str) -> bool {
    path.starts_with("/_weir/") || path.starts_with("/_localstack/")
}

/// Why one of these requests fails: an HTTP status and a sentence.
#[derive(Debug)]
pub struct Failure(u16, String);

impl Failure {
    fn not_found(message: impl Into<String>) -> Failure {
        Failure(404, message.into())
    }

    fn wrong(message: impl Into<String>) -> Failure {
        Failure(400, message.into())
    }
}

impl From<ExecError> for Failure {
    fn from(error: ExecError) -> Failure {
        let status = if matches!(error, ExecError::NotRunning(_)) { 404 } else { 400 };
        Failure(status, error.to_string())
    }
}

/// Answers a request for one of these paths.
pub fn answer(cloud: &mut Cloud, request: &Request, now: Timestamp) -> Response {
    let (status, body) = match route(cloud, request, now) {
        Ok(body) => (200, body),
        Err(Failure(status, message)) => (status, json!({ "error": message })),
    };
    Response {
        status,
        content_type: "application/json",
        headers: vec![],
        body: body.to_string().into_bytes(),
    }
}

fn route(cloud: &mut Cloud, request: &Request, now: Timestamp) -> Result<Value, Failure> {
    match (request.method.as_str(), request.path.as_str()) {
        ("GET" | "HEAD", "/_weir/health" | "/_localstack/health") => Ok(health()),
        ("GET", "/_weir/status") => Ok(status(cloud)),
        ("POST", "/_weir/exec") => {
            cloud.catch_up(now.into());
            shell::exec(cloud, &body(request)?)
        }
        ("POST", "/_weir/connect") => {
            cloud.catch_up(now.into());
            shell::connect(cloud, body(request)?)
        }
        ("GET", "/_weir/exec") => {
            cloud.catch_up(now.into());
            let from = optional(request, "from")?.map(|from| {
                from.parse()
                    .map_err(|_| Failure::wrong(format!("from must be a number of bytes, not {from}")))
            });
            shell::poll(cloud, &parameter(request, "id")?, from.transpose()?)
        }
        ("POST", "/_weir/exec/input") => {
            cloud.catch_up(now.into());
            let are_last = optional(request, "last")?.is_some_and(|last| last == "true");
            shell::feed(cloud, &parameter(request, "id")?, &request.body, are_last)
        }
        ("GET", "/_weir/exec/follow") => shell::follow(cloud, &parameter(request, "id")?),
        ("POST", "/_weir/exec/interrupt") => {
            cloud.catch_up(now.into());
            shell::interrupt(cloud, &body(request)?)
        }
        ("GET", "/_weir/traffic") => {
            cloud.catch_up(now.into());
            host::traffic(cloud, &parameter(request, "host")?)
        }
        ("POST", "/_weir/explain") => {
            cloud.catch_up(now.into());
            explain::explain(cloud, &body(request)?)
        }
        (method, path) => Err(Failure::not_found(format!("there is nothing at {method} {path}"))),
    }
}

fn body<T: DeserializeOwned>(request: &Request) -> Result<T, Failure> {
    if request.body.len() > BODY_BYTES_MAX {
        return Err(Failure(413, format!("the body must not exceed {BODY_BYTES_MAX} bytes")));
    }
    serde_json::from_slice(&request.body).map_err(|error| Failure::wrong(error.to_string()))
}

fn parameter(request: &Request, name: &str) -> Result<String, Failure> {
    optional(request, name)?.ok_or_else(|| Failure::wrong(format!("the parameter {name} is missing")))
}

fn optional(request: &Request, name: &str) -> Result<Option<String>, Failure> {
    let pairs =
        weir_wire::query_pairs(request.query.as_bytes()).map_err(|error| Failure::wrong(error.message))?;
    Ok(pairs.into_iter().find(|(key, _)| key == name).map(|(_, value)| value))
}

/// What test tools wait for: every service is running as soon as anything answers.
fn health() -> Value {
    let services: BTreeMap<&str, &str> = table::all().map(|row| (row.service.scope(), "running")).collect();
    json!({ "services": services, "edition": "weir", "version": env!("CARGO_PKG_VERSION") })
}

fn status(cloud: &Cloud) -> Value {
    let losses: BTreeMap<String, u64> =
        cloud.plane.fabric.losses().iter().map(|(loss, count)| (loss.to_string(), *count)).collect();
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "requests": cloud.counts.requests,
        "not_implemented": cloud.counts.not_implemented,
        "packets_lost": losses,
        "resources": {
            "vpcs": cloud.network.vpcs.len(),
            "subnets": cloud.network.subnets.len(),
            "network_interfaces": cloud.network.interfaces.len(),
            "instances": cloud.network.instances.len(),
            "vpc_peering_connections": cloud.network.peerings.len(),
            "flow_logs": cloud.network.flow_logs.len(),
        },
    })
}
