//! Delivery of flow-log records to CloudWatch Logs.
//!
//! Records wait for a while after their window has closed. Then the flow log's role is assumed, and with its permissions the
//! group and the stream are made if they are missing and the records are written, one event each, at the time of the
//! record's start. How it went is the flow log's `deliverLogsStatus`. What waits is not kept over a restart.
//! Source: Amazon VPC User Guide, "Publish flow logs to CloudWatch Logs" and "IAM role for publishing flow logs".

use crate::logs::name;
use crate::logs::state::{LogState, Taken};
use std::collections::VecDeque;
use weir_flowlog::Delivery;
use weir_model::flow_log::{DeliveryStatus, FlowLog, LogDestination};
use weir_model::iam::evaluate::Context as Conditions;
use weir_model::iam::role::Role;
use weir_model::iam::{Decision, Identities, Principal};
use weir_model::{Nanos, Network, Scope, Timestamp};
use weir_store::{GroupKey, NewGroup, Refused, Store, Ticket};

/// The service that assumes the role.
pub const SERVICE: &str = "vpc-flow-logs.amazonaws.com";
/// Most events written at a time.
const BATCH_EVENTS_MAX: usize = 10_000;
/// Most deliveries that wait; what is more goes out at once.
const WAITING_MAX: usize = 100_000;

/// Deliveries that wait, the first that is due in front.
#[derive(Debug, Default)]
pub struct Outbox {
    waiting: VecDeque<(Nanos, Delivery)>,
}

impl Outbox {
    /// Keeps deliveries until `due`, which is not before that of those already waiting.
    pub fn put(&mut self, due: Nanos, deliveries: Vec<Delivery>) {
        self.waiting.extend(deliveries.into_iter().map(|delivery| (due, delivery)));
    }

    /// When the next one is due.
    pub fn next_due(&self) -> Option<Nanos> {
        self.waiting.front().map(|(due, _)| *due)
    }

    /// Takes out the next one that is due by `now`.
    pub fn take(&mut self, now: Nanos) -> Option<Delivery> {
        let is_due = self.next_due().is_some_and(|due| due <= now) || self.waiting.len() > WAITING_MAX;
        if is_due { self.waiting.pop_front().map(|(_, delivery)| delivery) } else { None }
    }
}

/// Who brings records where they belong.
pub struct Courier<'a> {
    /// Whose flow logs.
    pub network: &'a mut Network,
    /// Whose roles.
    pub identities: &'a Identities,
    /// Where to.
    pub logs: &'a Store,
    /// What else is made of them there.
    pub log_state: &'a mut LogState,
    /// What has to become durable.
    pub ticket: &'a mut Ticket,
    /// When.
    pub now: Timestamp,
}

impl Courier<'_> {
    /// Delivers the records, unless their flow log has been deleted meanwhile, and notes how it went.
    pub fn deliver(&mut self, delivery: &Delivery) {
        let Some(flow_log) = self.network.flow_logs.get(&delivery.flow_log) else { return };
        let status = match self.write(flow_log, delivery) {
            Ok(written) => {
                let witness = written.ticket.witness();
                self.ticket.join(written.ticket);
                let lines: Vec<(i64, &str)> =
                    written.lines.iter().map(|(time, line)| (*time, line.as_str())).collect();
                let (scope, group, stream) = (flow_log.scope, &written.log_group, &delivery.stream);
                self.log_state.note(&Taken { scope, group, stream, events: &lines, witness }, self.now);
                DeliveryStatus::Success
            }
            Err(status) => status,
        };
        if let (false, Some(flow_log)) =
            (flow_log.delivery == status, self.network.flow_logs.get_mut(&delivery.flow_log))
        {
            flow_log.delivery = status;
        }
    }

    fn write(&self, flow_log: &FlowLog, delivery: &Delivery) -> Result<Written, DeliveryStatus> {
        let LogDestination::CloudWatchLogs { log_group, role_arn } = &flow_log.destination;
        let key = name::key(flow_log.scope, log_group);
        let writer = self.assume(flow_log, role_arn, &key, &delivery.stream)?;
        let mut ticket = Ticket::done();
        if self.logs.group(&key).is_none() {
            writer.check("logs:CreateLogGroup")?;
            ticket.join(self.logs.add_group(&key, NewGroup::default(), self.now.0).map_err(failed)?);
        }
        if self.logs.stream(&key, &delivery.stream).is_none() {
            writer.check("logs:CreateLogStream")?;
            ticket.join(self.logs.add_stream(&key, &delivery.stream, self.now.0).map_err(failed)?);
        }
        writer.check("logs:PutLogEvents")?;
        let lines: Vec<(i64, String)> =
            delivery.events.iter().map(|event| (event.timestamp.0, event.record.to_string())).collect();
        for lines in lines.chunks(BATCH_EVENTS_MAX) {
            let lines = lines.iter().map(|(time, line)| (*time, line.as_str()));
            ticket.join(self.logs.append(&key, &delivery.stream, lines, self.now.0).map_err(failed)?);
        }
        Ok(Written { ticket, log_group: key.name, lines })
    }

    /// The role of a flow log, assumed by the service; its trust policy must say that it may.
    fn assume<'a>(
        &'a self,
        flow_log: &FlowLog,
        role_arn: &str,
        key: &GroupKey,
        stream: &str,
    ) -> Result<Writer<'a>, DeliveryStatus> {
        let scope = flow_log.scope;
        let own = |role: &&Role| role.account == scope.account;
        let role = self.identities.role_by_arn(role_arn).filter(own).ok_or(DeliveryStatus::AccessError)?;
        let conditions = conditions(scope, &flow_log.id.to_string());
        let service = Principal::Service(SERVICE.to_owned());
        match self.identities.may_assume(role, &service, &conditions) {
            true => {
                let resource = format!("{}:log-stream:{stream}", name::arn(key));
                Ok(Writer { identities: self.identities, role, resource, conditions })
            }
            false => Err(DeliveryStatus::AccessError),
        }
    }
}

/// Whether the delivery service may assume the role, asked before the flow log has an id.
///
/// Assumption: a trust policy that names one flow log, which cannot exist yet, refuses.
pub fn is_assumable(identities: &Identities, scope: Scope, role_arn: &str) -> bool {
    let role = identities.role_by_arn(role_arn).filter(|role| role.account == scope.account);
    let service = Principal::Service(SERVICE.to_owned());
    role.is_some_and(|role| identities.may_assume(role, &service, &conditions(scope, "fl-")))
}

/// What the service says of whom it works for, against the confused deputy.
fn conditions(scope: Scope, flow_log: &str) -> Conditions {
    let source = format!("arn:aws:ec2:{}:{}:vpc-flow-log/{flow_log}", scope.region, scope.account);
    Conditions::from([
        ("aws:sourceaccount".to_owned(), vec![scope.account.to_string()]),
        ("aws:sourcearn".to_owned(), vec![source]),
    ])
}

/// What has been written.
struct Written {
    ticket: Ticket,
    log_group: String,
    /// The events, each a time in ms and a record.
    lines: Vec<(i64, String)>,
}

/// A role at work on one stream.
struct Writer<'a> {
    identities: &'a Identities,
    role: &'a Role,
    resource: String,
    conditions: Conditions,
}

impl Writer<'_> {
    fn check(&self, action: &str) -> Result<(), DeliveryStatus> {
        match self.identities.decide(self.role, action, &self.resource, &self.conditions) {
            Decision::Allowed => Ok(()),
            Decision::ExplicitDeny | Decision::ImplicitDeny => Err(DeliveryStatus::AccessError),
        }
    }
}

/// The store refuses what has just been seen to be possible: nobody else could have changed it.
fn failed(_: Refused) -> DeliveryStatus {
    DeliveryStatus::UnknownError
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use weir_flowlog::{Event, Format, Record};
    use weir_model::flow_log::{Monitored, NewFlowLog, TrafficType};
    use weir_model::iam::IamCx;
    use weir_model::iam::role::RoleSpec;
    use weir_model::{Cx, Ids, InterfaceId, Scope, Tags};

    const LINE: &str =
        "2 000000000000 eni-1a2b3c4d 10.0.0.1 10.0.0.2 0 0 1 1 84 1704164645 1704164646 ACCEPT OK";
    const TRUSTED: &str = r#"{"Effect":"Allow","Principal":{"Service":"vpc-flow-logs.amazonaws.com"},"Action":"sts:AssumeRole"}"#;
    const GENEROUS: &str = r#"{"Effect":"Allow","Action":"logs:*","Resource":"*"}"#;

    fn document(statement: &str) -> String {
        format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#)
    }

    fn new_flow_log(network: &Network, scope: Scope) -> NewFlowLog {
        let vpc = network.default_vpc(scope).expect("an opened region has a default VPC").id;
        let role_arn = "arn:aws:iam::000000000000:role/logger".to_owned();
        NewFlowLog {
            resource: Monitored::Vpc(vpc),
            traffic: TrafficType::All,
            destination: LogDestination::CloudWatchLogs { log_group: "flows".into(), role_arn },
            format: Format::default().to_string(),
            interval_s: 60,
            tags: Tags::new(),
        }
    }

    /// Delivers one record for a role with this trust and permission; shows the status and what is in the log group.
    #[track_caller]
    fn check(trust: &str, permission: &str, expected: &str) {
        let (mut network, mut identities, mut ids) = (Network::default(), Identities::default(), Ids::new(1));
        let scope =
            Scope { account: "000000000000".parse().expect("ok"), region: "us-east-1".parse().expect("ok") };
        let now = Timestamp(1_704_164_700_000);
        let mut iam = IamCx { account: scope.account, now, ids: &mut ids };
        let trust = document(trust);
        let spec = RoleSpec {
            name: "logger".into(),
            path: None,
            trust,
            description: None,
            session_max_s: None,
            boundary: None,
            tags: Tags::new(),
        };
        identities.create_role(&mut iam, spec).expect("a role");
        identities
            .put_role_policy(scope.account, "logger", "write", &document(permission))
            .expect("a policy");
        let mut cx = Cx { scope, now, ids: &mut ids };
        network.open_region(&mut cx);
        let new = new_flow_log(&network, scope);
        let flow_log = network.create_flow_log(&mut cx, new).expect("a flow log");

        let interface: InterfaceId = "eni-1a2b3c4d".parse().expect("an id");
        let record = Record::parse(&Arc::new(Format::default()), LINE).expect("a record");
        let events = vec![Event { timestamp: Timestamp(1_704_164_645_000), record }];
        let delivery = Delivery { flow_log, interface, stream: "eni-1a2b3c4d-all".into(), events };
        let logs = Store::in_memory();
        let mut ticket = Ticket::done();
        let mut courier = Courier {
            network: &mut network,
            identities: &identities,
            logs: &logs,
            log_state: &mut LogState::default(),
            ticket: &mut ticket,
            now,
        };
        courier.deliver(&delivery);
        let key = name::key(scope, "flows");
        let lines = logs.page(&key, Default::default(), 10, 1 << 20).unwrap_or_default();
        let lines: Vec<String> =
            lines.into_iter().map(|row| format!(" {}={}", row.stream, row.message)).collect();
        let status = network.flow_logs.get(&flow_log).expect("the flow log").delivery;
        assert_eq!(format!("{status:?}{}", lines.concat()), expected);
    }

    #[test]
    fn records_are_written_under_the_role() {
        check(TRUSTED, GENEROUS, &format!("Success eni-1a2b3c4d-all={LINE}"));
        let own = r#"{"Effect":"Allow","Action":["logs:CreateLogGroup","logs:CreateLogStream","logs:PutLogEvents"],
                     "Resource":"arn:aws:logs:us-east-1:000000000000:log-group:flows:*"}"#;
        check(TRUSTED, own, &format!("Success eni-1a2b3c4d-all={LINE}"));
        let guarded = r#"{"Effect":"Allow","Principal":{"Service":"vpc-flow-logs.amazonaws.com"},"Action":"sts:AssumeRole",
            "Condition":{"StringEquals":{"aws:SourceAccount":"000000000000"},
                         "ArnLike":{"aws:SourceArn":"arn:aws:ec2:us-east-1:000000000000:vpc-flow-log/*"}}}"#;
        check(guarded, GENEROUS, &format!("Success eni-1a2b3c4d-all={LINE}"));
    }

    #[test]
    fn without_trust_or_permission_nothing_is_written() {
        check(&TRUSTED.replace("vpc-flow-logs", "ec2"), GENEROUS, "AccessError");
        check(TRUSTED, &GENEROUS.replace("logs:*", "logs:CreateLog*"), "AccessError");
        check(TRUSTED, &GENEROUS.replace("logs:*", "logs:PutLogEvents"), "AccessError");
        check(
            TRUSTED,
            &format!(r#"{GENEROUS},{{"Effect":"Deny","Action":"logs:PutLogEvents","Resource":"*"}}"#),
            "AccessError",
        );
        let foreign = r#"{"Effect":"Allow","Principal":{"Service":"vpc-flow-logs.amazonaws.com"},"Action":"sts:AssumeRole",
            "Condition":{"StringEquals":{"aws:SourceAccount":"111111111111"}}}"#;
        check(foreign, GENEROUS, "AccessError");
    }
}
