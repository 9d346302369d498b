//! Attributes of an instance, one at a time.
//!
//! Source: EC2 API Reference, ModifyInstanceAttribute, DescribeInstanceAttribute.

use super::device::{DeviceChange, DeviceView};
use super::{found, run::user_data};
use crate::ec2::security_group::GroupIdentifier;
use crate::operation::{Context, Error, Operation};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use weir_model::image::Image;
use weir_model::instance::InstanceChange;
use weir_model::{GroupId, InstanceId};
use weir_wire::{AttributeValue, Param, Return, Xml};

/// An attribute by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Param)]
enum Attribute {
    #[wire(name = "instanceType")]
    InstanceType,
    Kernel,
    Ramdisk,
    #[wire(name = "userData")]
    UserData,
    #[wire(name = "disableApiTermination")]
    DisableApiTermination,
    #[wire(name = "instanceInitiatedShutdownBehavior")]
    ShutdownBehavior,
    #[wire(name = "rootDeviceName")]
    RootDeviceName,
    #[wire(name = "blockDeviceMapping")]
    BlockDeviceMapping,
    #[wire(name = "productCodes")]
    ProductCodes,
    #[wire(name = "sourceDestCheck")]
    SourceDestCheck,
    #[wire(name = "groupSet")]
    GroupSet,
    #[wire(name = "ebsOptimized")]
    EbsOptimized,
    #[wire(name = "sriovNetSupport")]
    SriovNetSupport,
    #[wire(name = "enaSupport")]
    EnaSupport,
    #[wire(name = "enclaveOptions")]
    EnclaveOptions,
    #[wire(name = "disableApiStop")]
    DisableApiStop,
}

/// What a shutdown from inside does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Param, Xml)]
pub enum ShutdownBehavior {
    /// It stops.
    Stop,
    /// It is terminated.
    Terminate,
}

/// Changes one attribute, named by `Attribute` and `Value` or by a member of its own.
#[derive(Param)]
pub struct ModifyInstanceAttribute {
    instance_id: InstanceId,
    attribute: Option<Attribute>,
    value: Option<String>,
    source_dest_check: Option<AttributeValue<bool>>,
    disable_api_termination: Option<AttributeValue<bool>>,
    disable_api_stop: Option<AttributeValue<bool>>,
    instance_type: Option<AttributeValue<String>>,
    user_data: Option<AttributeValue<String>>,
    instance_initiated_shutdown_behavior: Option<AttributeValue<ShutdownBehavior>>,
    #[wire(request = "GroupId")]
    groups: Vec<GroupId>,
    ebs_optimized: Option<AttributeValue<bool>>,
    #[wire(request = "BlockDeviceMapping")]
    block_device_mappings: Vec<DeviceChange>,
}

impl Operation for ModifyInstanceAttribute {
    type Response = Return;

    fn run(self, cx: &mut Context<'_>) -> Result<Return, Error> {
        let id = self.instance_id;
        let mut changes = self.changes()?;
        let change = changes
            .pop()
            .ok_or_else(|| Error::new("InvalidParameterCombination", "No attributes specified."))?;
        if !changes.is_empty() {
            return Err(Error::new(
                "InvalidParameterCombination",
                "Fields for multiple attribute types specified",
            ));
        }
        cx.command(|network, cx| network.modify_instance(cx, id, change))?;
        Ok(Return)
    }
}

impl ModifyInstanceAttribute {
    fn changes(self) -> Result<Vec<InstanceChange>, Error> {
        let mut changes = Vec::new();
        if let Some(attribute) = self.attribute {
            let value = self.value.as_deref().ok_or_else(|| {
                Error::new("MissingParameter", "The request must contain the parameter Value")
            })?;
            changes.push(named(attribute, value)?);
        }
        changes.extend(self.source_dest_check.map(|on| InstanceChange::SourceDestCheck(on.value)));
        changes
            .extend(self.disable_api_termination.map(|on| InstanceChange::TerminationProtection(on.value)));
        changes.extend(self.disable_api_stop.map(|on| InstanceChange::StopProtection(on.value)));
        changes.extend(self.instance_type.map(|name| InstanceChange::Type(name.value)));
        changes.extend(self.ebs_optimized.map(|on| InstanceChange::EbsOptimized(on.value)));
        changes.extend(self.instance_initiated_shutdown_behavior.map(|behavior| {
            InstanceChange::TerminatesOnShutdown(behavior.value == ShutdownBehavior::Terminate)
        }));
        if let Some(text) = self.user_data {
            changes.push(InstanceChange::UserData(user_data(&text.value)?));
        }
        let devices = self.block_device_mappings.into_iter().map(DeviceChange::change);
        let devices: Vec<(String, bool)> = devices.collect::<Result<_, _>>()?;
        changes.extend((!devices.is_empty()).then_some(InstanceChange::DeleteOnTermination(devices)));
        changes.extend((!self.groups.is_empty()).then_some(InstanceChange::Groups(self.groups)));
        Ok(changes)
    }
}

/// The change that an attribute's name and a text ask for.
fn named(attribute: Attribute, value: &str) -> Result<InstanceChange, Error> {
    let shown: String = value.chars().take(100).collect();
    let invalid =
        || Error::new("InvalidParameterValue", format!("Invalid value '{shown}' for the attribute."));
    let on = || value.to_ascii_lowercase().parse::<bool>().map_err(|_| invalid());
    Ok(match attribute {
        Attribute::InstanceType => InstanceChange::Type(value.to_owned()),
        Attribute::UserData => InstanceChange::UserData(user_data(value)?),
        Attribute::DisableApiTermination => InstanceChange::TerminationProtection(on()?),
        Attribute::DisableApiStop => InstanceChange::StopProtection(on()?),
        Attribute::SourceDestCheck => InstanceChange::SourceDestCheck(on()?),
        Attribute::EbsOptimized => InstanceChange::EbsOptimized(on()?),
        Attribute::ShutdownBehavior => match value {
            "stop" => InstanceChange::TerminatesOnShutdown(false),
            "terminate" => InstanceChange::TerminatesOnShutdown(true),
            _ => return Err(invalid()),
        },
        other => {
            let message = format!("Changing the attribute {other:?} is not implemented by weir.");
            return Err(Error::new("UnsupportedOperation", message));
        }
    })
}

/// Tells one attribute.
#[derive(Param)]
pub struct DescribeInstanceAttribute {
    instance_id: InstanceId,
    attribute: Attribute,
}

/// The attribute; one that has no value is left out.
#[derive(Default, Xml)]
pub struct DescribeInstanceAttributeResponse {
    #[wire(response = "blockDeviceMapping")]
    block_device_mappings: Option<Vec<DeviceView>>,
    disable_api_termination: Option<AttributeValue<bool>>,
    ena_support: Option<AttributeValue<bool>>,
    enclave_options: Option<Enclave>,
    ebs_optimized: Option<AttributeValue<bool>>,
    instance_id: Option<InstanceId>,
    instance_initiated_shutdown_behavior: Option<AttributeValue<&'static str>>,
    instance_type: Option<AttributeValue<String>>,
    root_device_name: Option<AttributeValue<&'static str>>,
    source_dest_check: Option<AttributeValue<bool>>,
    user_data: Option<Data>,
    disable_api_stop: Option<AttributeValue<bool>>,
    #[wire(response = "groupSet")]
    groups: Option<Vec<GroupIdentifier>>,
}

#[derive(Xml)]
struct Enclave {
    enabled: bool,
}

#[derive(Xml)]
struct Data {
    value: Option<String>,
}

impl Operation for DescribeInstanceAttribute {
    type Response = DescribeInstanceAttributeResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let instance = found(cx, self.instance_id)?;
        let primary = instance.primary().and_then(|id| cx.network.interfaces.get(&id));
        let settings = &instance.settings;
        let mut answer = DescribeInstanceAttributeResponse {
            instance_id: Some(instance.id),
            ..DescribeInstanceAttributeResponse::default()
        };
        match self.attribute {
            Attribute::InstanceType => answer.instance_type = Some(instance.instance_type.clone().into()),
            Attribute::UserData => {
                let value = instance.user_data.as_ref().map(|data| STANDARD.encode(data));
                answer.user_data = Some(Data { value });
            }
            Attribute::DisableApiTermination => {
                answer.disable_api_termination = Some(instance.termination_protected.into());
            }
            Attribute::ShutdownBehavior => {
                let word = if settings.terminates_on_shutdown { "terminate" } else { "stop" };
                answer.instance_initiated_shutdown_behavior = Some(word.into());
            }
            Attribute::RootDeviceName => {
                let image = Image::find(instance.scope.region, instance.image);
                answer.root_device_name = image.map(|image| image.root_device.into());
            }
            Attribute::SourceDestCheck => {
                answer.source_dest_check = primary.map(|interface| interface.source_dest_check.into());
            }
            Attribute::GroupSet => {
                let groups = primary.map(|interface| GroupIdentifier::all(cx.seen(), &interface.groups));
                answer.groups = Some(groups.unwrap_or_default());
            }
            Attribute::BlockDeviceMapping => {
                answer.block_device_mappings = Some(DeviceView::all(cx.seen(), &instance));
            }
            Attribute::EbsOptimized => answer.ebs_optimized = Some(settings.is_ebs_optimized.into()),
            Attribute::EnaSupport => answer.ena_support = Some(true.into()),
            Attribute::EnclaveOptions => {
                answer.enclave_options = Some(Enclave { enabled: settings.has_enclaves })
            }
            Attribute::DisableApiStop => answer.disable_api_stop = Some(settings.stop_protected.into()),
            // Nothing here has these.
            Attribute::Kernel | Attribute::Ramdisk | Attribute::ProductCodes | Attribute::SriovNetSupport => {
            }
        }
        Ok(answer)
    }
}
