//! Flow logs: subscriptions of a VPC, subnet, interface or regional NAT gateway.
//!
//! A flow log never changes but for its tags; it is deleted and made anew. It outlives the resource it watches.
//! Source: Amazon VPC User Guide, "Logging IP traffic using VPC Flow Logs"; EC2 API Reference, CreateFlowLogs.

use crate::table::Resource;
use crate::tags;
use crate::time::Timestamp;
use crate::{
    Cx, FlowLogId, InterfaceId, Limit, Missing, NatGatewayId, Network, Refused, Scope, SubnetId, Tags, VpcId,
};
use serde::{Deserialize, Serialize};

/// A flow log; immutable but for its tags and delivery status.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FlowLog {
    /// Its id.
    pub id: FlowLogId,
    /// Owner and region.
    pub scope: Scope,
    /// What it watches.
    pub resource: Monitored,
    /// Which verdicts it records.
    pub traffic: TrafficType,
    /// Where records go.
    pub destination: LogDestination,
    /// The format as text: `${version} ${account-id} …`.
    pub format: String,
    /// The length of the aggregation window in seconds: 60 or 600.
    pub interval_s: u32,
    /// When it was made.
    pub created: Timestamp,
    /// How the last delivery went.
    pub delivery: DeliveryStatus,
    /// Its tags.
    pub tags: Tags,
}

/// What a flow log watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Monitored {
    /// Every interface in a VPC.
    Vpc(VpcId),
    /// Every interface in a subnet.
    Subnet(SubnetId),
    /// One interface.
    Interface(InterfaceId),
    /// One regional NAT gateway, in all its zones.
    RegionalNatGateway(NatGatewayId),
}

/// Which verdicts a flow log records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TrafficType {
    /// Accepted packets.
    Accept,
    /// Rejected packets.
    Reject,
    /// Both.
    All,
}

/// Where a flow log's records go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LogDestination {
    /// A CloudWatch Logs group, written as a role.
    CloudWatchLogs {
        /// The name of the log group.
        log_group: String,
        /// The ARN of the role that delivery assumes.
        role_arn: String,
    },
}

/// How the last delivery went (`deliverLogsStatus` and `deliverLogsErrorMessage`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeliveryStatus {
    /// `SUCCESS`.
    Success,
    /// `FAILED`, "Access error": the role may not write, or may not be assumed.
    AccessError,
    /// `FAILED`, "Rate limited".
    RateLimited,
    /// `FAILED`, "Unknown error".
    UnknownError,
}

/// Why a command about a flow log is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FlowLogRefusal {
    /// The resource has a flow log of the same traffic to the same destination: this one.
    AlreadyExists(FlowLogId),
    /// None of these exist.
    NoSuch(Vec<FlowLogId>),
}

/// What CreateFlowLogs asks for, for one resource.
#[derive(Clone, Debug)]
pub struct NewFlowLog {
    /// What to watch.
    pub resource: Monitored,
    /// Which verdicts to record.
    pub traffic: TrafficType,
    /// Where records go.
    pub destination: LogDestination,
    /// The format as text.
    pub format: String,
    /// The length of the aggregation window in seconds: 60 or 600.
    pub interval_s: u32,
    /// Its tags.
    pub tags: Tags,
}

impl LogDestination {
    /// Whether records of both end in the same place; who writes them does not count.
    fn is_same_place(&self, other: &LogDestination) -> bool {
        let LogDestination::CloudWatchLogs { log_group: one, .. } = self;
        let LogDestination::CloudWatchLogs { log_group: other, .. } = other;
        one == other
    }
}

impl Network {
    /// Makes a flow log of one resource.
    ///
    /// Assumption: two flow logs are the same if resource, traffic type and destination are; format and interval do not count.
    /// A zonal NAT gateway, which is watched by its interface, is none to a flow log of regional ones.
    ///
    /// # Errors
    /// The resource is unknown; [`FlowLogRefusal::AlreadyExists`]; [`Limit::FlowLogs`]; a tag breaks a rule.
    pub fn create_flow_log(&mut self, cx: &mut Cx, new: NewFlowLog) -> Result<FlowLogId, Refused> {
        tags::check(&new.tags)?;
        match new.resource {
            Monitored::Vpc(id) => drop(self.vpcs.find(cx.scope, &id)?),
            Monitored::Subnet(id) => drop(self.subnets.find(cx.scope, &id)?),
            Monitored::Interface(id) => drop(self.interfaces.find(cx.scope, &id)?),
            Monitored::RegionalNatGateway(id) => {
                let nat = self.nat_gateways.find(cx.scope, &id)?;
                nat.regional().ok_or(Missing::NatGateway(id))?;
            }
        }
        let present: Vec<&FlowLog> =
            self.flow_logs.of(cx.scope).filter(|log| log.resource == new.resource).collect();
        let is_same =
            |log: &&&FlowLog| log.traffic == new.traffic && log.destination.is_same_place(&new.destination);
        if let Some(same) = present.iter().find(is_same) {
            return Err(FlowLogRefusal::AlreadyExists(same.id).into());
        }
        if present.len() >= self.limits.flow_logs_per_resource {
            return Err(Limit::FlowLogs.into());
        }
        let NewFlowLog { resource, traffic, destination, format, interval_s, tags } = new;
        let (id, scope, created, delivery) = (cx.ids.fresh(), cx.scope, cx.now, DeliveryStatus::Success);
        let log = FlowLog {
            id,
            scope,
            resource,
            traffic,
            destination,
            format,
            interval_s,
            created,
            delivery,
            tags,
        };
        self.flow_logs.insert(log);
        Ok(id)
    }

    /// Checks that every one of `ids` is a flow log of `scope`.
    ///
    /// # Errors
    /// [`FlowLogRefusal::NoSuch`] with all that are not.
    pub fn check_flow_logs(&self, scope: Scope, ids: &[FlowLogId]) -> Result<(), Refused> {
        let unknown = ids.iter().filter(|id| self.flow_logs.find(scope, id).is_err());
        let unknown: Vec<FlowLogId> = unknown.copied().collect();
        if unknown.is_empty() { Ok(()) } else { Err(FlowLogRefusal::NoSuch(unknown).into()) }
    }

    /// Deletes flow logs; what they delivered stays.
    ///
    /// # Errors
    /// One is unknown; then none is deleted.
    pub fn delete_flow_logs(&mut self, cx: &Cx, ids: &[FlowLogId]) -> Result<(), Refused> {
        self.check_flow_logs(cx.scope, ids)?;
        for id in ids {
            self.flow_logs.remove(id);
        }
        Ok(())
    }

    /// Notes how the last delivery of a flow log went; nothing changes if that is known already.
    pub fn note_delivery(&mut self, id: FlowLogId, status: DeliveryStatus) {
        if self.flow_logs.get(&id).is_some_and(|log| log.delivery != status) {
            self.flow_logs.get_mut(&id).into_iter().for_each(|log| log.delivery = status);
        }
    }
}

impl Resource for FlowLog {
    type Key = FlowLogId;
    const KIND: &'static str = "flow-log";
    fn key(&self) -> FlowLogId {
        self.id
    }
}

#[cfg(test)]
mod tests;
