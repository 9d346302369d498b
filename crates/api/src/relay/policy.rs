//! Whether the policy of an endpoint lets a call pass.
//!
//! Every resource that a call names has to be allowed: of EC2 the ids in its parameters, of the others the log group, role or
//! policy. What only lists or reads in EC2 has no resources, and is about `*`, as AWS has it.
//!
//! Assumption: a call that names no resource that is there (one that makes something) is about `*`, too. Access keys name an
//! account, so its root calls; who has not signed calls as the account of unsigned requests.
//! Source: AWS PrivateLink Guide, "Control access to VPC endpoints using endpoint policies"; IAM User Guide, "Troubleshoot
//! access denied error messages" (the texts); EC2 API Reference, "Error codes" (UnauthorizedOperation); Service Authorization
//! Reference, "Actions, resources, and condition keys for Amazon EC2".

use crate::cloud::Cloud;
use serde_json::Value;
use std::net::IpAddr;
use weir_fabric::ServiceRequest;
use weir_model::endpoint::VpcEndpoint;
use weir_model::iam::evaluate::Context;
use weir_model::iam::{Decision, Principal, Request};
use weir_model::tags::Tagged;
use weir_model::{Scope, Timestamp, VpcEndpointId};
use weir_wire::{Incoming, Iso, Params, Payload, Refusal, Service, WireError};

/// How a request came.
pub(crate) struct Via {
    /// The endpoint that it came through.
    pub endpoint: VpcEndpointId,
    /// The address that it came from.
    pub source: Option<IpAddr>,
    /// Whether it came to the port for TLS.
    pub is_secure: bool,
}

impl Via {
    /// How a request of an instance came.
    pub fn of(asked: &ServiceRequest) -> Via {
        Via { endpoint: asked.endpoint, source: asked.source, is_secure: asked.is_secure }
    }

    /// The condition keys that say so.
    pub fn keys(&self, endpoint: &VpcEndpoint) -> Context {
        let mut context = Context::new();
        let mut add = |key: &str, value: String| context.insert(key.to_owned(), vec![value]);
        add("aws:securetransport", self.is_secure.to_string());
        add("aws:sourcevpc", endpoint.vpc.to_string());
        add("aws:sourcevpce", self.endpoint.to_string());
        if let Some(source) = self.source {
            add("aws:vpcsourceip", source.to_string());
        }
        context
    }
}

impl Cloud {
    /// Refuses a call that came through an endpoint whose policy does not allow it.
    pub(crate) fn check_passage(
        &self,
        incoming: &Incoming,
        via: Option<&Via>,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let Some(via) = via else { return Ok(()) };
        let Some(endpoint) = self.network.endpoints.get(&via.endpoint) else { return Ok(()) };
        let scope = self.scope_of(incoming.credential.as_ref());
        let arn = format!("arn:aws:iam::{}:root", scope.account);
        let mut context = via.keys(endpoint);
        add_caller(&mut context, scope, now);
        let action = format!("{}:{}", incoming.service.iam_prefix(), incoming.action);
        let principal = Principal::Aws(arn.clone());
        for resource in self.resources(incoming, scope) {
            let request =
                Request { principal: &principal, action: &action, resource: &resource, context: &context };
            let because = match endpoint.decide(&request) {
                Decision::Allowed => continue,
                Decision::ExplicitDeny => "with an explicit deny in a VPC endpoint policy".to_owned(),
                Decision::ImplicitDeny => {
                    format!("because no VPC endpoint policy allows the {action} action")
                }
            };
            let on = if resource == "*" { String::new() } else { format!(" on resource: {resource}") };
            let message = format!("User: {arn} is not authorized to perform: {action}{on} {because}");
            return Err(refusal(incoming, message));
        }
        Ok(())
    }

    /// The ARNs of what a call is about, or `*`.
    fn resources(&self, incoming: &Incoming, scope: Scope) -> Vec<String> {
        let found = match (&incoming.payload, incoming.service) {
            (Payload::Form(params), Service::Ec2) if !self.reads_only(incoming) => ec2(params, scope),
            (Payload::Form(params), Service::Iam) => iam(params, scope),
            (Payload::Json(body), Service::Logs) => logs(body, scope),
            _ => Vec::new(),
        };
        if found.is_empty() { vec!["*".to_owned()] } else { found }
    }

    fn reads_only(&self, incoming: &Incoming) -> bool {
        let row = self.operations.find(incoming.service, &incoming.action);
        row.is_none_or(|row| row.is_read_only())
    }
}

/// Adds the condition keys of a call that do not depend on the endpoint.
fn add_caller(context: &mut Context, scope: Scope, now: Timestamp) {
    let mut add = |key: &str, value: String| context.insert(key.to_owned(), vec![value]);
    add("aws:currenttime", Iso(now.0).to_string());
    add("aws:epochtime", (now.0 / 1000).to_string());
    add("aws:principalaccount", scope.account.to_string());
    add("aws:principalarn", format!("arn:aws:iam::{}:root", scope.account));
    add("aws:principaltype", "Account".to_owned());
    add("aws:requestedregion", scope.region.to_string());
}

/// The refusal in the form of the service: EC2 has a code and a beginning of its own.
fn refusal(incoming: &Incoming, message: String) -> Refusal {
    let error = match incoming.service {
        Service::Ec2 => {
            let general = WireError::unauthorized();
            WireError { message: format!("{} {message}", general.message), ..general }
        }
        _ if incoming.protocol.names_exceptions() => WireError::new("AccessDenied", message).into_exception(),
        _ => WireError::new("AccessDenied", message),
    };
    Refusal { protocol: incoming.protocol, service: Some(incoming.service), error }
}

/// The resources whose ids are values of members that are called so.
fn ec2(params: &Params, scope: Scope) -> Vec<String> {
    let is_id = |name: &str| name.split('.').any(|part| part.ends_with("Id") || part.ends_with("Ids"));
    let ids = params.members().filter(|(name, _)| is_id(name));
    let tagged = ids.filter_map(|(_, value)| Tagged::parse(value));
    let arn = |resource: Tagged| {
        format!("arn:aws:ec2:{}:{}:{}/{resource}", scope.region, scope.account, resource.resource_type())
    };
    tagged.map(arn).collect()
}

fn iam(params: &Params, scope: Scope) -> Vec<String> {
    let arn = |(name, value): (&str, &str)| match name {
        "RoleName" => Some(format!("arn:aws:iam::{}:role/{value}", scope.account)),
        "PolicyArn" => Some(value.to_owned()),
        _ => None,
    };
    params.members().filter_map(arn).collect()
}

/// The log groups that a call names, by name or ARN.
fn logs(body: &[u8], scope: Scope) -> Vec<String> {
    const MEMBERS: [&str; 6] = [
        "logGroupName",
        "logGroupIdentifier",
        "logGroupNames",
        "logGroupIdentifiers",
        "resourceArn",
        "logGroupArn",
    ];
    let Ok(Value::Object(members)) = serde_json::from_slice(body) else { return Vec::new() };
    let values = MEMBERS.iter().filter_map(|name| members.get(*name)).flat_map(|value| match value {
        Value::Array(list) => list.clone(),
        one => vec![one.clone()],
    });
    let arn = |value: Value| {
        let text = value.as_str()?.trim_end_matches(":*");
        let own = format!("arn:aws:logs:{}:{}:log-group:{text}", scope.region, scope.account);
        Some(if text.starts_with("arn:") { text.to_owned() } else { own })
    };
    values.filter_map(arn).map(|arn| format!("{arn}:*")).collect()
}
