//! Weir's own endpoints, below `/_weir/`, and the health page of LocalStack that test tools look for.
//!
//! JSON in, JSON out. Bucket names cannot begin with `_`, so these paths are nobody else's.

use crate::cloud::Cloud;
use crate::table;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use weir_wire::{Request, Response};

/// Whether a path is one of these, known or not.
pub fn is_local(path: &str) -> bool {
    path.starts_with("/_weir/") || path.starts_with("/_localstack/")
}

/// Answers a request for one of these paths.
pub fn answer(cloud: &mut Cloud, request: &Request) -> Response {
    match request.path.as_str() {
        "/_weir/health" | "/_localstack/health" => ok(&health()),
        "/_weir/status" => ok(&status(cloud)),
        path => refused(404, &format!("there is nothing at {path}")),
    }
}

/// What test tools wait for: every service is running as soon as anything answers.
fn health() -> Value {
    let services: BTreeMap<&str, &str> = table::all().map(|row| (row.service.scope(), "running")).collect();
    json!({ "services": services, "edition": "weir", "version": env!("CARGO_PKG_VERSION") })
}

fn status(cloud: &Cloud) -> Value {
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "requests": cloud.counts.requests,
        "not_implemented": cloud.counts.not_implemented,
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

fn ok(body: &Value) -> Response {
    json_response(200, body)
}

fn refused(status: u16, message: &str) -> Response {
    json_response(status, &json!({ "error": message }))
}

fn json_response(status: u16, body: &Value) -> Response {
    Response {
        status,
        content_type: "application/json",
        headers: vec![],
        body: body.to_string().into_bytes(),
    }
}
