//! The health of instances: what runs is well.
//!
//! Source: EC2 API Reference, DescribeInstanceStatus, InstanceStatus.

use super::view::StateView;
use crate::operation::{Context, Error, Operation};
use crate::select::{BOUNDS, Selection};
use weir_model::instance::{Instance, InstanceState};
use weir_model::{InstanceId, ZoneName};
use weir_wire::{Accepted, FilterTable, Param, Token, Xml};

/// Tells the health of running instances, or of all.
#[derive(Param)]
pub struct DescribeInstanceStatus {
    instance_ids: Vec<InstanceId>,
    include_all_instances: Option<bool>,
    #[expect(dead_code, reason = "accepted without effect")]
    include_managed_resources: Accepted<bool>,
    #[wire(flatten)]
    selection: Selection,
}

/// The instances found.
#[derive(Xml)]
pub struct DescribeInstanceStatusResponse {
    #[wire(response = "instanceStatusSet")]
    instance_statuses: Vec<StatusView>,
    next_token: Option<Token>,
}

#[derive(Xml)]
struct StatusView {
    availability_zone: ZoneName,
    availability_zone_id: String,
    instance_id: InstanceId,
    #[wire(response = "instanceState")]
    instance_state: StateView,
    instance_status: Summary,
    system_status: Summary,
    attached_ebs_status: Summary,
}

#[derive(Xml)]
struct Summary {
    #[wire(response = "details")]
    details: Option<Vec<Detail>>,
    status: &'static str,
}

#[derive(Xml)]
struct Detail {
    name: &'static str,
    status: &'static str,
}

impl Operation for DescribeInstanceStatus {
    type Response = DescribeInstanceStatusResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        self.selection.page.check_without_ids("instancesSet", self.instance_ids.len())?;
        let seen = cx.seen();
        seen.network.check_instances(seen.scope, &self.instance_ids)?;
        let rows = seen.rows(&seen.network.instances, &self.instance_ids)?;
        let all = self.include_all_instances.unwrap_or(false);
        let shown = rows.into_iter().filter(|instance| all || instance.state == InstanceState::Running);
        let (instance_statuses, next_token) =
            self.selection.narrow(shown.map(StatusView::of), &FILTERS, BOUNDS, |view| view.instance_id)?;
        Ok(DescribeInstanceStatusResponse { instance_statuses, next_token })
    }
}

impl StatusView {
    fn of(instance: &Instance) -> StatusView {
        StatusView {
            availability_zone: instance.zone,
            availability_zone_id: instance.zone.zone_id(),
            instance_id: instance.id,
            instance_state: StateView::of(instance.state),
            instance_status: Summary::of(instance.state),
            system_status: Summary::of(instance.state),
            attached_ebs_status: Summary::of(instance.state),
        }
    }
}

impl Summary {
    fn of(state: InstanceState) -> Summary {
        match state {
            InstanceState::Running => Summary {
                details: Some(vec![Detail { name: "reachability", status: "passed" }]),
                status: "ok",
            },
            InstanceState::Stopped | InstanceState::Terminated => {
                Summary { details: None, status: "not-applicable" }
            }
        }
    }

    fn reachability(&self) -> Vec<String> {
        self.details.iter().flatten().map(|detail| detail.status.to_owned()).collect()
    }
}

const FILTERS: FilterTable<StatusView> = FilterTable {
    rows: &[
        ("application-status.status", |_| vec![]),
        ("attached-ebs-status.status", |view| vec![view.attached_ebs_status.status.to_owned()]),
        ("availability-zone", |view| vec![view.availability_zone.to_string()]),
        ("availability-zone-id", |view| vec![view.availability_zone_id.clone()]),
        // Nothing is planned for an instance here.
        ("event.code", |_| vec![]),
        ("event.description", |_| vec![]),
        ("event.instance-event-id", |_| vec![]),
        ("event.not-after", |_| vec![]),
        ("event.not-before", |_| vec![]),
        ("event.not-before-deadline", |_| vec![]),
        ("instance-state-code", |view| vec![view.instance_state.code.to_string()]),
        ("instance-state-name", |view| vec![view.instance_state.name.to_owned()]),
        ("instance-status.reachability", |view| view.instance_status.reachability()),
        ("instance-status.status", |view| vec![view.instance_status.status.to_owned()]),
        ("operator.managed", |_| vec!["false".to_owned()]),
        ("operator.principal", |_| vec![]),
        ("system-status.reachability", |view| view.system_status.reachability()),
        ("system-status.status", |view| vec![view.system_status.status.to_owned()]),
    ],
    tags: None,
};
