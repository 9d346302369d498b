//! Network interfaces: made, attached, changed, deleted.
//!
//! Source: EC2 API Reference, CreateNetworkInterface and its kin.

mod addresses;
mod tracking;
mod view;

pub use addresses::{
    AssignIpv6Addresses, AssignPrivateIpAddresses, UnassignIpv6Addresses, UnassignPrivateIpAddresses,
};
pub use tracking::{TrackingRequest, TrackingView};
pub use view::{AssociationView, InterfaceView, mac_text};

use crate::ec2::Off;
use crate::operation::{Context, Error, Operation};
use crate::select::{BOUNDS, Selection};
use crate::token::ClientToken;
use std::net::{Ipv4Addr, Ipv6Addr};
use view::{AttachmentView, FILTERS};
use weir_model::interface::{AddressChoice, InterfaceChange, Ipv6Choice, NewInterface};
use weir_model::{AttachmentId, GroupId, InstanceId, InterfaceId, SubnetId};
use weir_wire::{
    Accepted, AttributeValue, Kind, Param, Params, Return, TagSpecification, Token, WireError, Xml,
    specified_tags,
};

/// Makes a free interface in a subnet.
#[derive(Param)]
pub struct CreateNetworkInterface {
    client_token: ClientToken,
    subnet_id: SubnetId,
    description: Option<String>,
    #[wire(request = "SecurityGroupId")]
    groups: Vec<GroupId>,
    #[wire(flatten)]
    addresses: AddressRequest,
    connection_tracking_specification: Option<TrackingRequest>,
    tag_specifications: Vec<TagSpecification>,
    #[expect(dead_code, reason = "accepted without effect")]
    interface_type: Accepted<OrdinaryType>,
    #[expect(dead_code, reason = "accepted without effect")]
    enable_primary_ipv6: Accepted<Off>,
}

/// The type that an interface has if nothing is said, `interface`; others are not here.
#[derive(Clone, Debug, PartialEq, Eq)]
struct OrdinaryType;

impl Param for OrdinaryType {
    // AWS documents the word and does not model it.
    const KIND: Kind = Kind::Text;

    fn read(params: &Params, at: &str) -> Result<OrdinaryType, WireError> {
        match params.text(at)? {
            "interface" => Ok(OrdinaryType),
            other => Err(params.not_a_word(at, other, &["interface"])),
        }
    }
}

/// The private addresses that a new interface is to have, in the words of CreateNetworkInterface and RunInstances.
#[derive(Clone, Debug, Default, Param)]
pub struct AddressRequest {
    private_ip_address: Option<Ipv4Addr>,
    #[wire(request = "PrivateIpAddresses")]
    private_ip_addresses: Vec<PrivateAddressRequest>,
    secondary_private_ip_address_count: Option<usize>,
    #[wire(request = "Ipv6Addresses")]
    ipv6_addresses: Vec<Ipv6AddressRequest>,
    ipv6_address_count: Option<usize>,
}

#[derive(Clone, Debug, Param)]
struct PrivateAddressRequest {
    primary: Option<bool>,
    private_ip_address: Ipv4Addr,
}

#[derive(Clone, Debug, Param)]
struct Ipv6AddressRequest {
    ipv6_address: Ipv6Addr,
    #[expect(dead_code, reason = "accepted without effect")]
    is_primary_ipv6: Accepted<bool>,
}

impl AddressRequest {
    /// The choice that the request makes.
    ///
    /// # Errors
    /// `InvalidParameterCombination`: two primary addresses, or addresses and a count.
    pub fn choice(&self) -> Result<(AddressChoice, Ipv6Choice), Error> {
        let combination = |message: &str| Error::new("InvalidParameterCombination", message);
        let is_primary = |listed: &&PrivateAddressRequest| listed.primary == Some(true);
        let listed = self.private_ip_addresses.iter().filter(is_primary);
        let mut primaries =
            self.private_ip_address.into_iter().chain(listed.map(|listed| listed.private_ip_address));
        let primary = primaries.next();
        if primaries.next().is_some() {
            return Err(combination("Only one primary private IP address can be specified."));
        }
        let others = self.private_ip_addresses.iter().filter(|listed| !is_primary(listed));
        let secondary: Vec<Ipv4Addr> = others.map(|listed| listed.private_ip_address).collect();
        if !self.private_ip_addresses.is_empty() && self.secondary_private_ip_address_count.is_some() {
            return Err(combination(
                "The parameters privateIpAddresses and secondaryPrivateIpAddressCount cannot be used together.",
            ));
        }
        let secondary_count = self.secondary_private_ip_address_count.unwrap_or(0);
        let ipv6 = match (self.ipv6_addresses.as_slice(), self.ipv6_address_count) {
            ([], None) => Ipv6Choice::BySubnet,
            ([], Some(count)) => Ipv6Choice::Count(count),
            (listed, None) => Ipv6Choice::These(listed.iter().map(|listed| listed.ipv6_address).collect()),
            _ => {
                return Err(combination(
                    "The parameters ipv6Addresses and ipv6AddressCount cannot be used together.",
                ));
            }
        };
        Ok((AddressChoice { primary, secondary, secondary_count }, ipv6))
    }

    /// Only a primary private address.
    pub fn of_primary(private_ip_address: Option<Ipv4Addr>) -> AddressRequest {
        AddressRequest { private_ip_address, ..AddressRequest::default() }
    }

    /// Any IPv6 addresses besides.
    pub fn with_ipv6(self, ipv6_address_count: Option<usize>) -> AddressRequest {
        AddressRequest { ipv6_address_count, ..self }
    }
}

/// The interface made.
#[derive(Xml)]
pub struct CreateNetworkInterfaceResponse {
    network_interface: InterfaceView,
    client_token: ClientToken,
}

impl Operation for CreateNetworkInterface {
    type Response = CreateNetworkInterfaceResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let tags = specified_tags(&self.tag_specifications, "network-interface")?;
        let (addresses, ipv6) = self.addresses.choice()?;
        let tracking = self.connection_tracking_specification.unwrap_or_default().timeouts();
        let description = self.description.unwrap_or_default();
        let new = NewInterface { addresses, ipv6, groups: self.groups, tracking, description, tags };
        let id = cx.command(|network, cx| network.create_interface(cx, self.subnet_id, new))?;
        let seen = cx.seen();
        let network_interface = InterfaceView::of(seen, seen.network.interfaces.find(seen.scope, &id)?);
        Ok(CreateNetworkInterfaceResponse { network_interface, client_token: self.client_token })
    }
}

/// Deletes a free interface.
#[derive(Param)]
pub struct DeleteNetworkInterface {
    network_interface_id: InterfaceId,
}

impl Operation for DeleteNetworkInterface {
    type Response = Return;

    fn run(self, cx: &mut Context<'_>) -> Result<Return, Error> {
        cx.command(|network, cx| network.delete_interface(cx, self.network_interface_id))?;
        Ok(Return)
    }
}

/// Lists interfaces, all or by id.
#[derive(Param)]
pub struct DescribeNetworkInterfaces {
    network_interface_ids: Vec<InterfaceId>,
    #[expect(dead_code, reason = "accepted without effect")]
    include_managed_resources: Accepted<bool>,
    #[wire(flatten)]
    selection: Selection,
}

/// The interfaces found.
#[derive(Xml)]
pub struct DescribeNetworkInterfacesResponse {
    #[wire(response = "networkInterfaceSet")]
    network_interfaces: Vec<InterfaceView>,
    next_token: Option<Token>,
}

impl Operation for DescribeNetworkInterfaces {
    type Response = DescribeNetworkInterfacesResponse;

    /// An interface that was detached lately is shown with that attachment, as `detached`, to whoever filters by its id: who
    /// waits for the end of an attachment looks for just that.
    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let seen = cx.seen();
        let rows = seen.rows(&seen.network.interfaces, &self.network_interface_ids)?;
        let names = |filter: &weir_wire::Filter| filter.name == "attachment.attachment-id";
        let asked: Vec<&String> = self
            .selection
            .filters
            .iter()
            .filter(|filter| names(filter))
            .flat_map(|filter| &filter.values)
            .collect();
        let views = rows.into_iter().map(|interface| {
            let ended = seen
                .network
                .detachments
                .iter()
                .find(|ended| ended.interface == interface.id && asked.contains(&&ended.id.to_string()));
            let view = InterfaceView::of(seen, interface);
            match ended {
                Some(ended) => view.with(AttachmentView::of_ended(ended)),
                None => view,
            }
        });
        let (network_interfaces, next_token) =
            self.selection.narrow(views, &FILTERS, BOUNDS, InterfaceView::id)?;
        Ok(DescribeNetworkInterfacesResponse { network_interfaces, next_token })
    }
}

/// Attaches a free interface to an instance.
#[derive(Param)]
pub struct AttachNetworkInterface {
    network_interface_id: InterfaceId,
    instance_id: InstanceId,
    device_index: u16,
    network_card_index: Option<u16>,
}

/// The attachment made.
#[derive(Xml)]
pub struct AttachNetworkInterfaceResponse {
    attachment_id: AttachmentId,
    network_card_index: u16,
}

impl Operation for AttachNetworkInterface {
    type Response = AttachNetworkInterfaceResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        only_card(self.network_card_index)?;
        let (interface, instance, index) = (self.network_interface_id, self.instance_id, self.device_index);
        let attachment_id =
            cx.command(|network, cx| network.attach_interface(cx, interface, instance, index))?;
        Ok(AttachNetworkInterfaceResponse { attachment_id, network_card_index: 0 })
    }
}

/// Refuses another network card than the first, the only one that the instance types here have.
pub fn only_card(index: Option<u16>) -> Result<(), Error> {
    match index {
        None | Some(0) => Ok(()),
        Some(index) => {
            let message = format!("Network card index {index} exceeds the limit for the instance type.");
            Err(Error::new("InvalidParameterValue", message))
        }
    }
}

/// Takes an interface off its instance.
#[derive(Param)]
pub struct DetachNetworkInterface {
    attachment_id: AttachmentId,
    #[expect(dead_code, reason = "accepted without effect")]
    force: Accepted<bool>,
}

impl Operation for DetachNetworkInterface {
    type Response = Return;

    fn run(self, cx: &mut Context<'_>) -> Result<Return, Error> {
        cx.command(|network, cx| network.detach_interface(cx, self.attachment_id))?;
        Ok(Return)
    }
}

/// Changes one attribute.
#[derive(Param)]
pub struct ModifyNetworkInterfaceAttribute {
    network_interface_id: InterfaceId,
    description: Option<AttributeValue<String>>,
    source_dest_check: Option<AttributeValue<bool>>,
    #[wire(request = "SecurityGroupId")]
    groups: Vec<GroupId>,
    attachment: Option<AttachmentChange>,
    connection_tracking_specification: Option<TrackingRequest>,
}

#[derive(Clone, Debug, Param)]
struct AttachmentChange {
    attachment_id: Option<AttachmentId>,
    delete_on_termination: Option<bool>,
}

impl ModifyNetworkInterfaceAttribute {
    fn change(self) -> Result<InterfaceChange, Error> {
        let mut changes = Vec::new();
        changes.extend(self.description.map(|attribute| InterfaceChange::Description(attribute.value)));
        changes.extend(
            self.source_dest_check.map(|attribute| InterfaceChange::SourceDestCheck(attribute.value)),
        );
        changes.extend((!self.groups.is_empty()).then_some(InterfaceChange::Groups(self.groups)));
        let tracking = self.connection_tracking_specification;
        changes.extend(tracking.map(|request| InterfaceChange::Tracking(request.timeouts())));
        if let Some(AttachmentChange { attachment_id, delete_on_termination }) = self.attachment {
            let missing = |name: &str| {
                Error::new("MissingParameter", format!("The request must contain the parameter {name}"))
            };
            changes.push(InterfaceChange::DeleteOnTermination(
                attachment_id.ok_or_else(|| missing("attachment.attachmentId"))?,
                delete_on_termination.ok_or_else(|| missing("attachment.deleteOnTermination"))?,
            ));
        }
        let last = changes.pop();
        match (last, changes.is_empty()) {
            (Some(change), true) => Ok(change),
            (None, _) => Err(Error::new("InvalidParameterCombination", "No attributes specified.")),
            _ => {
                let message = "Fields for multiple attribute types specified: only one attribute can be modified at a time";
                Err(Error::new("InvalidParameterCombination", message))
            }
        }
    }
}

impl Operation for ModifyNetworkInterfaceAttribute {
    type Response = Return;

    fn run(self, cx: &mut Context<'_>) -> Result<Return, Error> {
        let id = self.network_interface_id;
        let change = self.change()?;
        cx.command(|network, cx| network.modify_interface(cx, id, change))?;
        Ok(Return)
    }
}

/// Sets an attribute to what it is on a new interface.
#[derive(Param)]
pub struct ResetNetworkInterfaceAttribute {
    network_interface_id: InterfaceId,
    source_dest_check: Option<String>,
}

impl Operation for ResetNetworkInterfaceAttribute {
    type Response = Return;

    /// Whatever is said of the attribute, it becomes true: naming it is enough.
    fn run(self, cx: &mut Context<'_>) -> Result<Return, Error> {
        if self.source_dest_check.is_none() {
            return Err(Error::new("InvalidParameterCombination", "No attributes specified."));
        }
        let (id, change) = (self.network_interface_id, InterfaceChange::SourceDestCheck(true));
        cx.command(|network, cx| network.modify_interface(cx, id, change))?;
        Ok(Return)
    }
}

/// Tells one attribute.
#[derive(Param)]
pub struct DescribeNetworkInterfaceAttribute {
    network_interface_id: InterfaceId,
    attribute: Option<Attribute>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Param)]
enum Attribute {
    Description,
    #[wire(name = "groupSet")]
    GroupSet,
    #[wire(name = "sourceDestCheck")]
    SourceDestCheck,
    Attachment,
    #[wire(name = "associatePublicIpAddress")]
    AssociatePublicIpAddress,
}

/// The attribute.
#[derive(Xml)]
pub struct DescribeNetworkInterfaceAttributeResponse {
    attachment: Option<AttachmentView>,
    description: Option<AttributeValue<String>>,
    #[wire(response = "groupSet")]
    groups: Option<Vec<super::security_group::GroupIdentifier>>,
    network_interface_id: InterfaceId,
    source_dest_check: Option<AttributeValue<bool>>,
    associate_public_ip_address: Option<bool>,
}

impl Operation for DescribeNetworkInterfaceAttribute {
    type Response = DescribeNetworkInterfaceAttributeResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let (seen, id) = (cx.seen(), self.network_interface_id);
        let view = InterfaceView::of(seen, seen.network.interfaces.find(seen.scope, &id)?);
        let asked = self.attribute.ok_or_else(|| {
            Error::new("MissingParameter", "The request must contain the parameter attribute")
        })?;
        let is = |attribute: Attribute| asked == attribute;
        Ok(DescribeNetworkInterfaceAttributeResponse {
            associate_public_ip_address: is(Attribute::AssociatePublicIpAddress)
                .then(|| view.is_lent_public()),
            network_interface_id: id,
            description: is(Attribute::Description).then(|| view.description.clone().into()),
            source_dest_check: is(Attribute::SourceDestCheck).then(|| view.source_dest_check.into()),
            groups: is(Attribute::GroupSet).then(|| view.groups.clone()),
            attachment: view.attachment.filter(|_| is(Attribute::Attachment)),
        })
    }
}
