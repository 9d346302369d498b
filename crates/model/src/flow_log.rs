//! Flow logs: subscriptions of a VPC, subnet or interface.
//!
//! Source: Amazon VPC User Guide, "Logging IP traffic using VPC Flow Logs".

use crate::table::Resource;
use crate::time::Timestamp;
use crate::{FlowLogId, InterfaceId, Scope, SubnetId, Tags, VpcId};
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

impl Resource for FlowLog {
    type Key = FlowLogId;
    const KIND: &'static str = "flow-log";
    fn key(&self) -> FlowLogId {
        self.id
    }
}
