//! Flow logs of VPCs, subnets, interfaces and regional NAT gateways.
//!
//! CreateFlowLogs makes one for each resource it names; what goes wrong for one is told in `unsuccessful`, with HTTP 200. What
//! is wrong for all, such as the role, refuses the call. Delivery to S3 and Firehose is refused by name.
//! Source: EC2 API Reference, CreateFlowLogs, DescribeFlowLogs, DeleteFlowLogs; VPC User Guide, "Flow logs" (troubleshooting).

use crate::delivery;
use crate::operation::{Context, Error, Operation};
use crate::select::Selection;
use weir_flowlog::{Format, FormatError};
use weir_model::flow_log::{DeliveryStatus, FlowLog, LogDestination, Monitored, NewFlowLog, TrafficType};
use weir_model::{FlowLogId, Id, InterfaceId, NatGatewayId, SubnetId, Tags, Timestamp, VpcId};
use weir_wire::{Bounds, FilterTable, Param, TagSpecification, Token, Xml, specified_tags};

/// Most resources that one call may name.
const RESOURCES_MAX: usize = 300;
/// Most flow logs that DescribeFlowLogs and DeleteFlowLogs may name.
const IDS_MAX: usize = 1000;
/// The aggregation intervals in seconds, the default last.
const INTERVALS_S: [u32; 2] = [60, 600];
/// `MaxResults` has no documented bounds but the page itself.
const BOUNDS: Bounds = 1..=1000;

/// Makes a flow log of each resource named.
#[derive(Param)]
pub struct CreateFlowLogs {
    client_token: Option<String>,
    #[wire(required)]
    resource_ids: Vec<String>,
    resource_type: ResourceType,
    traffic_type: Option<Traffic>,
    log_destination_type: Option<DestinationType>,
    log_destination: Option<String>,
    log_group_name: Option<String>,
    deliver_logs_permission_arn: Option<String>,
    log_format: Option<String>,
    max_aggregation_interval: Option<u32>,
    tag_specifications: Vec<TagSpecification>,
}

/// The kinds of resources that have flow logs; those outside a VPC are refused.
#[derive(Clone, Copy, Debug, PartialEq, Param)]
enum ResourceType {
    #[wire(name = "VPC")]
    Vpc,
    #[wire(name = "Subnet")]
    Subnet,
    #[wire(name = "NetworkInterface")]
    NetworkInterface,
    #[wire(name = "TransitGateway")]
    TransitGateway,
    #[wire(name = "TransitGatewayAttachment")]
    TransitGatewayAttachment,
    #[wire(name = "RegionalNatGateway")]
    RegionalNatGateway,
    #[wire(name = "CoreNetwork")]
    CoreNetwork,
    #[wire(name = "CoreNetworkEdge")]
    CoreNetworkEdge,
    #[wire(name = "CoreNetworkAttachment")]
    CoreNetworkAttachment,
}

#[derive(Clone, Copy, Debug, PartialEq, Param, Xml)]
enum Traffic {
    #[wire(name = "ACCEPT")]
    Accept,
    #[wire(name = "REJECT")]
    Reject,
    #[wire(name = "ALL")]
    All,
}

#[derive(Clone, Copy, Debug, PartialEq, Param, Xml)]
enum DestinationType {
    CloudWatchLogs,
    S3,
    KinesisDataFirehose,
}

/// What was made, and what was not.
#[derive(Xml)]
pub struct CreateFlowLogsResponse {
    client_token: String,
    flow_log_ids: Vec<FlowLogId>,
    #[wire(response = "unsuccessful")]
    unsuccessful: Vec<UnsuccessfulItem>,
}

/// A resource for which a call has failed.
#[derive(Xml)]
pub struct UnsuccessfulItem {
    error: UnsuccessfulError,
    resource_id: String,
}

#[derive(Xml)]
struct UnsuccessfulError {
    code: &'static str,
    message: String,
}

impl UnsuccessfulItem {
    /// Items spell `…Id` what the same error of a whole call spells `…ID`.
    pub(super) fn new(resource_id: String, error: Error) -> UnsuccessfulItem {
        let error = error.into_wire();
        let code = match error.code {
            "InvalidVpcID.NotFound" => "InvalidVpcId.NotFound",
            "InvalidSubnetID.NotFound" => "InvalidSubnetId.NotFound",
            "InvalidNetworkInterfaceID.NotFound" => "InvalidNetworkInterfaceId.NotFound",
            code => code,
        };
        UnsuccessfulItem { error: UnsuccessfulError { code, message: error.message }, resource_id }
    }
}

impl Operation for CreateFlowLogs {
    type Response = CreateFlowLogsResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let monitored = self.monitored()?;
        let traffic = self.traffic()?;
        let tags = specified_tags(&self.tag_specifications, "vpc-flow-log")?;
        let interval_s = interval(self.max_aggregation_interval)?;
        let format = format(self.log_format.as_deref())?;
        let destination = self.destination(cx)?;
        let (mut flow_log_ids, mut unsuccessful) = (Vec::new(), Vec::new());
        for resource in monitored {
            let new = NewFlowLog {
                resource,
                traffic,
                destination: destination.clone(),
                format: format.clone(),
                interval_s,
                tags: tags.clone(),
            };
            match cx.command(|network, cx| network.create_flow_log(cx, new)) {
                Ok(id) => flow_log_ids.push(id),
                Err(error) => unsuccessful.push(UnsuccessfulItem::new(resource_id(resource), error)),
            }
        }
        let client_token = self.client_token.unwrap_or_else(|| cx.ids.uuid());
        Ok(CreateFlowLogsResponse { client_token, flow_log_ids, unsuccessful })
    }
}

impl CreateFlowLogs {
    /// The resources named: ids of the kind that `ResourceType` says.
    fn monitored(&self) -> Result<Vec<Monitored>, Error> {
        if self.resource_ids.len() > RESOURCES_MAX {
            return Err(invalid(format!("The number of resource ids may not exceed {RESOURCES_MAX}")));
        }
        self.resource_ids.iter().map(|id| self.monitored_one(id)).collect()
    }

    fn monitored_one(&self, id: &str) -> Result<Monitored, Error> {
        match self.resource_type {
            ResourceType::Vpc => parse::<VpcId>(id, "InvalidVpcID.Malformed").map(Monitored::Vpc),
            ResourceType::Subnet => parse::<SubnetId>(id, "InvalidSubnetID.Malformed").map(Monitored::Subnet),
            ResourceType::NetworkInterface => {
                parse::<InterfaceId>(id, "InvalidNetworkInterfaceId.Malformed").map(Monitored::Interface)
            }
            ResourceType::RegionalNatGateway => {
                parse::<NatGatewayId>(id, "NatGatewayMalformed").map(Monitored::RegionalNatGateway)
            }
            other => Err(Error::new(
                "InvalidParameter",
                format!("Flow logs of resource type {other:?} are not implemented by weir."),
            )),
        }
    }

    fn traffic(&self) -> Result<TrafficType, Error> {
        match self.traffic_type {
            Some(Traffic::Accept) => Ok(TrafficType::Accept),
            Some(Traffic::Reject) => Ok(TrafficType::Reject),
            Some(Traffic::All) => Ok(TrafficType::All),
            None => Err(Error::new("MissingParameter", "The request must contain the parameter TrafficType")),
        }
    }

    /// Where the records go. The role must exist and let the service assume it; what it permits shows when records arrive.
    fn destination(&self, cx: &Context<'_>) -> Result<LogDestination, Error> {
        let kind = self.log_destination_type.unwrap_or(DestinationType::CloudWatchLogs);
        if self.log_group_name.is_some() && kind != DestinationType::CloudWatchLogs {
            return Err(parameter(
                "LogDestination type must be cloud-watch-logs if LogGroupName is provided.",
            ));
        }
        if kind == DestinationType::S3 && self.deliver_logs_permission_arn.is_some() {
            return Err(parameter("DeliverLogsPermissionArn is not applicable for s3 delivery"));
        }
        match kind {
            DestinationType::CloudWatchLogs => {}
            DestinationType::S3 => return Err(parameter("Delivery to s3 is not implemented by weir.")),
            DestinationType::KinesisDataFirehose => {
                return Err(parameter("Delivery to kinesis-data-firehose is not implemented by weir."));
            }
        }
        let log_group = self.log_group(cx)?;
        let role_arn =
            self.deliver_logs_permission_arn.clone().filter(|arn| !arn.is_empty()).ok_or_else(|| {
                parameter(
                    "DeliverLogsPermissionArn can't be empty if LogDestinationType is cloud-watch-logs.",
                )
            })?;
        match delivery::is_assumable(cx.identities, cx.scope, &role_arn) {
            true => Ok(LogDestination::CloudWatchLogs { log_group, role_arn }),
            false => Err(parameter("Unable to assume given IAM role")),
        }
    }

    /// The log group, by name or by the ARN of one in the caller's account and region.
    fn log_group(&self, cx: &Context<'_>) -> Result<String, Error> {
        let (name, arn) = (self.log_group_name.as_ref(), self.log_destination.as_ref());
        match (name.filter(|name| !name.is_empty()), arn.filter(|arn| !arn.is_empty())) {
            (Some(_), Some(_)) => {
                Err(parameter("Please only provide LogGroupName or only provide LogDestination."))
            }
            (Some(name), None) => Ok(name.clone()),
            (None, Some(arn)) => {
                let prefix = format!("arn:aws:logs:{}:{}:log-group:", cx.scope.region, cx.scope.account);
                let group = arn.strip_prefix(&prefix).map(|rest| rest.strip_suffix(":*").unwrap_or(rest));
                let group = group.filter(|group| !group.is_empty() && !group.contains(':'));
                group
                    .map(str::to_owned)
                    .ok_or_else(|| parameter("LogDestination is not a valid log group ARN."))
            }
            (None, None) => Err(parameter("LogDestination can't be empty if LogGroupName is not provided.")),
        }
    }
}

fn parse<I: Id>(id: &str, code: &'static str) -> Result<I, Error> {
    id.parse::<I>().map_err(|malformed| Error::new(code, malformed.to_string()))
}

fn parameter(message: impl Into<String>) -> Error {
    Error::new("InvalidParameter", message)
}

fn invalid(message: String) -> Error {
    Error::new("InvalidParameterValue", message)
}

fn interval(given: Option<u32>) -> Result<u32, Error> {
    let [_, default] = INTERVALS_S;
    match given.unwrap_or(default) {
        interval if INTERVALS_S.contains(&interval) => Ok(interval),
        _ => Err(parameter("Invalid Flow Log Max Aggregation Interval")),
    }
}

/// The format spelled out, the default one too.
fn format(text: Option<&str>) -> Result<String, Error> {
    let format = text.filter(|text| !text.is_empty()).map_or(Ok(Format::default()), Format::parse);
    format.map(|format| format.to_string()).map_err(|error| match error {
        FormatError::Unknown(names) => parameter(format!("Unknown fields provided: {}", names.join(", "))),
        other => parameter(format!("Invalid log format: {other}")),
    })
}

fn resource_id(resource: Monitored) -> String {
    match resource {
        Monitored::Vpc(id) => id.to_string(),
        Monitored::Subnet(id) => id.to_string(),
        Monitored::Interface(id) => id.to_string(),
        Monitored::RegionalNatGateway(id) => id.to_string(),
    }
}

/// Lists flow logs, all or by id.
#[derive(Param)]
pub struct DescribeFlowLogs {
    flow_log_ids: Vec<FlowLogId>,
    #[wire(flatten)]
    selection: Selection,
}

/// The flow logs found.
#[derive(Xml)]
pub struct DescribeFlowLogsResponse {
    flow_logs: Vec<FlowLogView>,
    next_token: Option<Token>,
}

impl Operation for DescribeFlowLogs {
    type Response = DescribeFlowLogsResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        check_ids(&self.flow_log_ids)?;
        let seen = cx.seen();
        seen.network.check_flow_logs(seen.scope, &self.flow_log_ids)?;
        let rows = seen.rows(&seen.network.flow_logs, &self.flow_log_ids)?;
        let (flow_logs, next_token) =
            self.selection
                .narrow(rows.into_iter().map(FlowLogView::of), &FILTERS, BOUNDS, |view| view.flow_log_id)?;
        Ok(DescribeFlowLogsResponse { flow_logs, next_token })
    }
}

fn check_ids(ids: &[FlowLogId]) -> Result<(), Error> {
    match ids.len() > IDS_MAX {
        true => Err(invalid(format!("The number of flow log ids may not exceed {IDS_MAX}"))),
        false => Ok(()),
    }
}

/// A flow log.
#[derive(Xml)]
struct FlowLogView {
    creation_time: Timestamp,
    deliver_logs_error_message: Option<&'static str>,
    deliver_logs_permission_arn: String,
    deliver_logs_status: &'static str,
    flow_log_id: FlowLogId,
    flow_log_status: &'static str,
    log_group_name: String,
    resource_id: String,
    traffic_type: Traffic,
    log_destination_type: DestinationType,
    log_destination: String,
    log_format: String,
    tags: Tags,
    max_aggregation_interval: u32,
}

impl FlowLogView {
    fn of(log: &FlowLog) -> FlowLogView {
        let LogDestination::CloudWatchLogs { log_group, role_arn } = &log.destination;
        let error = match log.delivery {
            DeliveryStatus::Success => None,
            DeliveryStatus::AccessError => Some("Access error"),
            DeliveryStatus::RateLimited => Some("Rate limited"),
            DeliveryStatus::UnknownError => Some("Unknown error"),
        };
        FlowLogView {
            creation_time: log.created,
            deliver_logs_error_message: error,
            deliver_logs_permission_arn: role_arn.clone(),
            deliver_logs_status: if error.is_none() { "SUCCESS" } else { "FAILED" },
            flow_log_id: log.id,
            flow_log_status: "ACTIVE",
            log_group_name: log_group.clone(),
            resource_id: resource_id(log.resource),
            traffic_type: match log.traffic {
                TrafficType::Accept => Traffic::Accept,
                TrafficType::Reject => Traffic::Reject,
                TrafficType::All => Traffic::All,
            },
            log_destination_type: DestinationType::CloudWatchLogs,
            log_destination: format!(
                "arn:aws:logs:{}:{}:log-group:{log_group}",
                log.scope.region, log.scope.account
            ),
            log_format: log.format.clone(),
            tags: log.tags.clone(),
            max_aggregation_interval: log.interval_s,
        }
    }
}

const FILTERS: FilterTable<FlowLogView> = FilterTable {
    rows: &[
        ("deliver-log-status", |view| vec![view.deliver_logs_status.to_owned()]),
        ("log-destination-type", |_| vec!["cloud-watch-logs".to_owned()]),
        ("flow-log-id", |view| vec![view.flow_log_id.to_string()]),
        ("log-group-name", |view| vec![view.log_group_name.clone()]),
        ("resource-id", |view| vec![view.resource_id.clone()]),
        ("traffic-type", |view| vec![format!("{:?}", view.traffic_type).to_uppercase()]),
    ],
    tags: Some(|view| &view.tags),
};

/// Deletes flow logs; what they delivered stays.
#[derive(Param)]
pub struct DeleteFlowLogs {
    #[wire(required)]
    flow_log_ids: Vec<FlowLogId>,
}

/// What was not deleted: nothing, since an unknown id refuses the call.
#[derive(Xml)]
pub struct DeleteFlowLogsResponse {
    #[wire(response = "unsuccessful")]
    unsuccessful: Vec<UnsuccessfulItem>,
}

impl Operation for DeleteFlowLogs {
    type Response = DeleteFlowLogsResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        check_ids(&self.flow_log_ids)?;
        cx.command(|network, cx| network.delete_flow_logs(cx, &self.flow_log_ids))?;
        Ok(DeleteFlowLogsResponse { unsuccessful: Vec::new() })
    }
}
