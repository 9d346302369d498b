//! Instances: launched, started, stopped, terminated, described.
//!
//! Answers of commands show the states that AWS passes through (`pending`, `stopping`, `shutting-down`); whoever looks next
//! sees what follows.
//! Source: EC2 API Reference, RunInstances and its kin; EC2 User Guide, "Instance lifecycle".

mod attribute;
mod device;
mod metadata;
mod options;
mod profile;
mod run;
mod status;
mod view;

pub use attribute::{DescribeInstanceAttribute, ModifyInstanceAttribute};
pub use metadata::ModifyInstanceMetadataOptions;
pub use options::{
    DescribeInstanceCreditSpecifications, GetConsoleOutput, ModifyInstanceCreditSpecification,
    ModifyInstanceMaintenanceOptions, ModifyPrivateDnsNameOptions, MonitorInstances, UnmonitorInstances,
};
pub use profile::{
    AssociateIamInstanceProfile, DescribeIamInstanceProfileAssociations, DisassociateIamInstanceProfile,
    ReplaceIamInstanceProfileAssociation,
};
pub use run::RunInstances;
pub use status::DescribeInstanceStatus;

use crate::operation::{Context, Error, Operation};
use crate::select::{BOUNDS, Selection};
use std::collections::BTreeMap;
use view::{FILTERS, InstanceView, ReservationView, StateView};
use weir_model::instance::{Instance, StateChange};
use weir_model::{InstanceId, ReservationId};
use weir_wire::{Accepted, Param, Return, Token, Xml};

/// Lists instances by reservation, all or by id.
#[derive(Param)]
pub struct DescribeInstances {
    instance_ids: Vec<InstanceId>,
    #[expect(dead_code, reason = "accepted without effect")]
    include_managed_resources: Accepted<bool>,
    #[wire(flatten)]
    selection: Selection,
}

/// The instances found.
#[derive(Xml)]
pub struct DescribeInstancesResponse {
    next_token: Option<Token>,
    reservations: Vec<ReservationView>,
}

impl Operation for DescribeInstances {
    type Response = DescribeInstancesResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        self.selection.page.check_without_ids("instancesSet", self.instance_ids.len())?;
        let seen = cx.seen();
        seen.network.check_instances(seen.scope, &self.instance_ids)?;
        let rows = seen.rows(&seen.network.instances, &self.instance_ids)?;
        let views = rows.into_iter().map(|instance| InstanceView::of(seen, instance));
        let (views, next_token) = self.selection.narrow(views, &FILTERS, BOUNDS, InstanceView::id)?;
        let mut reservations: BTreeMap<ReservationId, ReservationView> = BTreeMap::new();
        for view in views {
            let empty = || ReservationView::new(view.reservation(), seen.scope.account);
            reservations.entry(view.reservation()).or_insert_with(empty).push(view);
        }
        Ok(DescribeInstancesResponse { next_token, reservations: reservations.into_values().collect() })
    }
}

/// What has become of instances.
#[derive(Xml)]
pub struct StateChanges {
    #[wire(response = "instancesSet")]
    instances: Vec<StateChangeView>,
}

#[derive(Xml)]
struct StateChangeView {
    instance_id: InstanceId,
    current_state: StateView,
    previous_state: StateView,
}

impl StateChanges {
    fn of(changes: Vec<StateChange>) -> StateChanges {
        let view = |change: StateChange| StateChangeView {
            instance_id: change.instance,
            current_state: match change.previous == change.current {
                true => StateView::of(change.current),
                false => StateView::on_the_way_to(change.current),
            },
            previous_state: StateView::of(change.previous),
        };
        StateChanges { instances: changes.into_iter().map(view).collect() }
    }
}

/// Starts stopped instances.
#[derive(Param)]
pub struct StartInstances {
    #[wire(required)]
    instance_ids: Vec<InstanceId>,
    #[expect(dead_code, reason = "accepted without effect")]
    additional_info: Accepted<String>,
}

impl Operation for StartInstances {
    type Response = StateChanges;

    fn run(self, cx: &mut Context<'_>) -> Result<StateChanges, Error> {
        cx.command(|network, cx| network.start_instances(cx, &self.instance_ids)).map(StateChanges::of)
    }
}

/// Stops running instances.
#[derive(Param)]
pub struct StopInstances {
    #[wire(required)]
    instance_ids: Vec<InstanceId>,
    hibernate: Option<bool>,
    #[expect(dead_code, reason = "accepted without effect")]
    skip_os_shutdown: Accepted<bool>,
    #[expect(dead_code, reason = "accepted without effect")]
    force: Accepted<bool>,
}

impl Operation for StopInstances {
    type Response = StateChanges;

    fn run(self, cx: &mut Context<'_>) -> Result<StateChanges, Error> {
        if self.hibernate.unwrap_or(false) {
            cx.network.check_hibernation(cx.scope, &self.instance_ids)?;
        }
        cx.command(|network, cx| network.stop_instances(cx, &self.instance_ids)).map(StateChanges::of)
    }
}

/// Reboots instances: nothing that the network sees.
#[derive(Param)]
pub struct RebootInstances {
    #[wire(required)]
    instance_ids: Vec<InstanceId>,
}

impl Operation for RebootInstances {
    type Response = Return;

    fn run(self, cx: &mut Context<'_>) -> Result<Return, Error> {
        cx.network.reboot_instances(cx.scope, &self.instance_ids)?;
        Ok(Return)
    }
}

/// Terminates instances.
#[derive(Param)]
pub struct TerminateInstances {
    #[wire(required)]
    instance_ids: Vec<InstanceId>,
    #[expect(dead_code, reason = "accepted without effect")]
    force: Accepted<bool>,
    #[expect(dead_code, reason = "accepted without effect")]
    skip_os_shutdown: Accepted<bool>,
}

impl Operation for TerminateInstances {
    type Response = StateChanges;

    fn run(self, cx: &mut Context<'_>) -> Result<StateChanges, Error> {
        cx.command(|network, cx| network.terminate_instances(cx, &self.instance_ids)).map(StateChanges::of)
    }
}

/// The instance that a request names, whoever asks.
fn found(cx: &Context<'_>, id: InstanceId) -> Result<Instance, Error> {
    cx.network.check_instances(cx.scope, &[id])?;
    Ok(cx.network.instances.find(cx.scope, &id)?.clone())
}
