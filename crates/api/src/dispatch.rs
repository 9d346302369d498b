//! From a request to its operation and back: everything that is the same for all operations happens here, once.
//!
//! Order: what operation → parameters present, then well formed, then known → DryRun → client token → run. Nothing
//! changes before the last step, and nothing at all if it fails.
//! Source: EC2 API Reference, "Common query parameters" and "Ensuring idempotency"; the order is Amazon's as observed.

use crate::operation::{Context, Error};
use crate::table::{self, Read, Ready, Row};
use crate::token::{Tokens, Use};
use serde_json::Value;
use std::collections::BTreeMap;
use weir_wire::{Frame, Incoming, Param, Params, Payload, Response, Service, WireError};

/// Every operation by service and name.
#[derive(Clone)]
pub struct Operations {
    rows: BTreeMap<Service, BTreeMap<&'static str, &'static Row>>,
}

impl Default for Operations {
    fn default() -> Operations {
        let mut rows = BTreeMap::<Service, BTreeMap<&str, &Row>>::new();
        for row in table::all() {
            rows.entry(row.service).or_default().insert(row.name, row);
        }
        Operations { rows }
    }
}

impl Operations {
    /// The operation of this name.
    pub fn find(&self, service: Service, action: &str) -> Option<&'static Row> {
        self.rows.get(&service)?.get(action).copied()
    }
}

/// Runs one request.
pub(crate) fn answer(
    row: &Row,
    incoming: &Incoming,
    request_id: &str,
    cx: &mut Context<'_>,
    tokens: &mut Tokens,
) -> Response {
    let frame = Frame::new(incoming.service, incoming.protocol, request_id);
    let answer = match (&row.read, &incoming.payload) {
        (Read::Form(read), Payload::Form(params)) => {
            form(row, *read, params).and_then(|ready| once(row, params, ready, &frame, cx, tokens))
        }
        (Read::Json(read), Payload::Json(body)) => {
            read(row.service, body).and_then(|ready| ready(cx, &frame, row.name))
        }
        _ => Err(WireError::not_implemented(incoming.protocol, row.name).into()),
    };
    answer.unwrap_or_else(|error| refused(&frame, error))
}

/// The answer that says what is wrong.
fn refused(frame: &Frame<'_>, error: Error) -> Response {
    let Error::Detailed(error, detail) = error else { return frame.error(&error.into_wire()) };
    let mut response = frame.error(&error);
    let members = serde_json::from_slice::<Value>(&response.body);
    if let (Ok(Value::Object(mut members)), Value::Object(detail)) = (members, detail) {
        members.extend(detail);
        response.body = Value::Object(members).to_string().into_bytes();
    }
    response
}

/// Reads a form, and leaves it at that if it is a dry run.
fn form(row: &Row, read: fn(&Params) -> Result<Ready, Error>, params: &Params) -> Result<Ready, Error> {
    let ready = read(params)?;
    let is_dry =
        row.service == Service::Ec2 && <Option<bool> as Param>::read(params, "DryRun")?.unwrap_or(false);
    params.check_all_read_by(row.service, row.name)?;
    if is_dry { Err(WireError::dry_run().into()) } else { Ok(ready) }
}

/// Runs an operation, unless a client token says that it has been run.
fn once(
    row: &Row,
    params: &Params,
    ready: Ready,
    frame: &Frame<'_>,
    cx: &mut Context<'_>,
    tokens: &mut Tokens,
) -> Result<Response, Error> {
    let token = params.get("ClientToken").filter(|token| row.is_idempotent() && !token.is_empty());
    let Some(token) = token else { return ready(cx, frame, row.name) };
    let call = Use { scope: cx.scope, action: row.name, token, params };
    if let Some(first) = tokens.answer(&call, frame.request_id, cx.now)? {
        return Ok(frame.known(first.into_bytes()));
    }
    let response = ready(cx, frame, row.name)?;
    tokens.remember(&call, frame.request_id, cx.now, &response.body);
    Ok(response)
}
