//! Options of an instance with operations of their own: processor credits, names, monitoring, maintenance, the console.
//!
//! Source: EC2 API Reference, the operations by their names.

use crate::ec2::subnet::HostnameType;
use crate::operation::{Context, Error, Operation};
use crate::select::{BOUNDS, Selection};
use crate::token::ClientToken;
use weir_model::instance::{Credits, HostNameChange, InstanceState, Maintenance};
use weir_model::subnet::HostNames;
use weir_model::{InstanceId, Timestamp};
use weir_wire::{Accepted, FilterTable, Param, Return, Token, Xml};

/// Processor credits by their word.
pub fn credits(word: &str) -> Result<Credits, Error> {
    match word {
        "standard" => Ok(Credits::Standard),
        "unlimited" => Ok(Credits::Unlimited),
        _ => {
            let shown: String = word.chars().take(100).collect();
            let message = format!(
                "Value ({shown}) for parameter cpuCredits is invalid. Valid values: standard, unlimited."
            );
            Err(Error::new("InvalidParameterValue", message))
        }
    }
}

/// AWS's word for processor credits.
fn credits_word(credits: Credits) -> &'static str {
    match credits {
        Credits::Standard => "standard",
        Credits::Unlimited => "unlimited",
    }
}

/// Tells the processor credits of burstable instances: those named, or all with unlimited credits.
#[derive(Param)]
pub struct DescribeInstanceCreditSpecifications {
    instance_ids: Vec<InstanceId>,
    #[wire(flatten)]
    selection: Selection,
}

/// The credits found.
#[derive(Xml)]
pub struct DescribeInstanceCreditSpecificationsResponse {
    #[wire(response = "instanceCreditSpecificationSet")]
    instance_credit_specifications: Vec<CreditView>,
    next_token: Option<Token>,
}

#[derive(Xml)]
struct CreditView {
    instance_id: InstanceId,
    cpu_credits: &'static str,
}

impl Operation for DescribeInstanceCreditSpecifications {
    type Response = DescribeInstanceCreditSpecificationsResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        self.selection.page.check_without_ids("instancesSet", self.instance_ids.len())?;
        let seen = cx.seen();
        seen.network.check_instances(seen.scope, &self.instance_ids)?;
        let rows = seen.rows(&seen.network.instances, &self.instance_ids)?;
        let mut views = Vec::new();
        for instance in rows.into_iter().filter(|instance| instance.state != InstanceState::Terminated) {
            match instance.credits() {
                None if self.instance_ids.is_empty() => {}
                None => return Err(weir_model::Refused::from(no_credits(instance.id)).into()),
                Some(Credits::Standard) if self.instance_ids.is_empty() => {}
                Some(own) => {
                    views.push(CreditView { instance_id: instance.id, cpu_credits: credits_word(own) })
                }
            }
        }
        let (instance_credit_specifications, next_token) =
            self.selection.narrow(views.into_iter(), &CREDITS, BOUNDS, |view| view.instance_id)?;
        Ok(DescribeInstanceCreditSpecificationsResponse { instance_credit_specifications, next_token })
    }
}

fn no_credits(id: InstanceId) -> weir_model::instance::InstanceRefusal {
    weir_model::instance::InstanceRefusal::NoCredits(Some(id))
}

const CREDITS: FilterTable<CreditView> =
    FilterTable { rows: &[("instance-id", |view| vec![view.instance_id.to_string()])], tags: None };

/// Changes the processor credits of instances, each for itself.
#[derive(Param)]
pub struct ModifyInstanceCreditSpecification {
    #[expect(dead_code, reason = "the dispatcher reads it")]
    client_token: ClientToken,
    #[wire(required, request = "InstanceCreditSpecification")]
    instance_credit_specifications: Vec<CreditRequest>,
}

#[derive(Param)]
struct CreditRequest {
    instance_id: InstanceId,
    cpu_credits: Option<String>,
}

/// Which have changed and which have not.
#[derive(Default, Xml)]
pub struct ModifyInstanceCreditSpecificationResponse {
    #[wire(response = "successfulInstanceCreditSpecificationSet")]
    successful: Vec<Successful>,
    #[wire(response = "unsuccessfulInstanceCreditSpecificationSet")]
    unsuccessful: Vec<Unsuccessful>,
}

#[derive(Xml)]
struct Successful {
    instance_id: InstanceId,
}

#[derive(Xml)]
struct Unsuccessful {
    instance_id: InstanceId,
    error: Why,
}

#[derive(Xml)]
struct Why {
    code: &'static str,
    message: String,
}

impl Operation for ModifyInstanceCreditSpecification {
    type Response = ModifyInstanceCreditSpecificationResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let mut answer = ModifyInstanceCreditSpecificationResponse::default();
        let mut meant = Vec::new();
        for CreditRequest { instance_id, cpu_credits } in self.instance_credit_specifications {
            let word = cpu_credits.ok_or_else(|| {
                Error::new("MissingParameter", "The request must contain the parameter cpuCredits")
            })?;
            meant.push((instance_id, credits(&word)?));
        }
        for (instance_id, credits) in meant {
            match cx.command(|network, cx| network.modify_credits(cx, instance_id, credits)) {
                Ok(()) => answer.successful.push(Successful { instance_id }),
                Err(refused) => {
                    let error = refused.into_wire();
                    let error = Why { code: error.code, message: error.message };
                    answer.unsuccessful.push(Unsuccessful { instance_id, error });
                }
            }
        }
        Ok(answer)
    }
}

/// How instances of a launch are named.
#[derive(Param)]
pub struct HostNameRequest {
    hostname_type: Option<HostnameType>,
    enable_resource_name_dns_a_record: Option<bool>,
    #[wire(request = "EnableResourceNameDnsAAAARecord")]
    enable_resource_name_dns_aaaa_record: Option<bool>,
}

impl HostNameRequest {
    /// The change that is asked for.
    pub fn change(&self) -> HostNameChange {
        HostNameChange {
            by_resource: self.hostname_type.map(|kind| kind == HostnameType::ResourceName),
            a_record: self.enable_resource_name_dns_a_record,
            aaaa_record: self.enable_resource_name_dns_aaaa_record,
        }
    }
}

/// How an instance is named, as answers show it.
#[derive(Xml)]
pub struct HostNameView {
    /// `ip-name` or `resource-name`.
    pub hostname_type: &'static str,
    /// Whether its id is answered with an IPv4 address.
    pub enable_resource_name_dns_a_record: bool,
    /// Whether its id is answered with an IPv6 address.
    #[wire(response = "enableResourceNameDnsAAAARecord")]
    pub enable_resource_name_dns_aaaa_record: bool,
}

impl HostNameView {
    /// The options.
    pub fn of(names: HostNames) -> HostNameView {
        HostNameView {
            hostname_type: if names.by_resource { "resource-name" } else { "ip-name" },
            enable_resource_name_dns_a_record: names.a_record,
            enable_resource_name_dns_aaaa_record: names.aaaa_record,
        }
    }
}

/// Changes how an instance is named.
#[derive(Param)]
pub struct ModifyPrivateDnsNameOptions {
    instance_id: InstanceId,
    private_dns_hostname_type: Option<HostnameType>,
    enable_resource_name_dns_a_record: Option<bool>,
    #[wire(request = "EnableResourceNameDnsAAAARecord")]
    enable_resource_name_dns_aaaa_record: Option<bool>,
}

impl Operation for ModifyPrivateDnsNameOptions {
    type Response = Return;

    fn run(self, cx: &mut Context<'_>) -> Result<Return, Error> {
        let asked = HostNameRequest {
            hostname_type: self.private_dns_hostname_type,
            enable_resource_name_dns_a_record: self.enable_resource_name_dns_a_record,
            enable_resource_name_dns_aaaa_record: self.enable_resource_name_dns_aaaa_record,
        };
        cx.command(|network, cx| network.modify_host_names(cx, self.instance_id, asked.change()))?;
        Ok(Return)
    }
}

/// Switches detailed monitoring on.
#[derive(Param)]
pub struct MonitorInstances {
    #[wire(required)]
    instance_ids: Vec<InstanceId>,
}

/// Switches detailed monitoring off.
#[derive(Param)]
pub struct UnmonitorInstances {
    #[wire(required)]
    instance_ids: Vec<InstanceId>,
}

/// How instances are monitored.
#[derive(Xml)]
pub struct MonitoringResponse {
    #[wire(response = "instancesSet")]
    instance_monitorings: Vec<MonitoredView>,
}

#[derive(Xml)]
struct MonitoredView {
    instance_id: InstanceId,
    monitoring: StateWord,
}

#[derive(Xml)]
struct StateWord {
    state: &'static str,
}

/// Switches monitoring and tells the state that AWS passes through.
fn monitor(
    cx: &mut Context<'_>,
    ids: &[InstanceId],
    (on, state): (bool, &'static str),
) -> Result<MonitoringResponse, Error> {
    cx.command(|network, cx| network.monitor_instances(cx, ids, on))?;
    let view = |id: &InstanceId| MonitoredView { instance_id: *id, monitoring: StateWord { state } };
    Ok(MonitoringResponse { instance_monitorings: ids.iter().map(view).collect() })
}

impl Operation for MonitorInstances {
    type Response = MonitoringResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<MonitoringResponse, Error> {
        monitor(cx, &self.instance_ids, (true, "pending"))
    }
}

impl Operation for UnmonitorInstances {
    type Response = MonitoringResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<MonitoringResponse, Error> {
        monitor(cx, &self.instance_ids, (false, "disabling"))
    }
}

/// Whether something happens by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Param)]
pub enum Automatic {
    /// It does not.
    Disabled,
    /// It does, if the type can.
    Default,
}

/// What maintenance does to an instance, as answers show it.
#[derive(Xml)]
pub struct MaintenanceView {
    /// Whether it is recovered by itself: `default` or `disabled`.
    pub auto_recovery: &'static str,
    reboot_migration: &'static str,
}

impl MaintenanceView {
    /// The options.
    pub fn of(maintenance: Maintenance) -> MaintenanceView {
        let word = |disabled: bool| if disabled { "disabled" } else { "default" };
        MaintenanceView {
            auto_recovery: word(maintenance.recovery_disabled),
            reboot_migration: word(maintenance.migration_disabled),
        }
    }
}

/// Changes what maintenance does to an instance.
#[derive(Param)]
pub struct ModifyInstanceMaintenanceOptions {
    instance_id: InstanceId,
    auto_recovery: Option<Automatic>,
    reboot_migration: Option<Automatic>,
}

/// The options as they are then.
#[derive(Xml)]
pub struct ModifyInstanceMaintenanceOptionsResponse {
    instance_id: InstanceId,
    #[wire(flatten)]
    options: MaintenanceView,
}

impl Operation for ModifyInstanceMaintenanceOptions {
    type Response = ModifyInstanceMaintenanceOptionsResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let is_off = |asked: Option<Automatic>| asked.map(|asked| asked == Automatic::Disabled);
        let change = (is_off(self.auto_recovery), is_off(self.reboot_migration));
        let options = cx.command(|network, cx| network.modify_maintenance(cx, self.instance_id, change))?;
        let options = MaintenanceView::of(options);
        Ok(ModifyInstanceMaintenanceOptionsResponse { instance_id: self.instance_id, options })
    }
}

/// Tells what an instance has written to its console: hosts have none, so nothing.
///
/// Assumption: the time is that of the launch, when AWS would have looked first.
#[derive(Param)]
pub struct GetConsoleOutput {
    instance_id: InstanceId,
    #[expect(dead_code, reason = "accepted without effect")]
    latest: Accepted<bool>,
}

/// The output, as base64.
#[derive(Xml)]
pub struct GetConsoleOutputResponse {
    instance_id: InstanceId,
    timestamp: Timestamp,
    output: String,
}

impl Operation for GetConsoleOutput {
    type Response = GetConsoleOutputResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let instance = super::found(cx, self.instance_id)?;
        let timestamp = instance.launched;
        Ok(GetConsoleOutputResponse { instance_id: instance.id, timestamp, output: String::new() })
    }
}
