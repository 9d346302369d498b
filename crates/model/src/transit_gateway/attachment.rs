//! Attachments of VPCs to transit gateways.
//!
//! An attachment has one subnet in each zone that it serves, and in each an interface that AWS manages: the door through
//! which packets go. A VPC has at most one attachment to a gateway.
//! Source: Amazon VPC Transit Gateways guide, "VPC attachments"; EC2 API Reference, CreateTransitGatewayVpcAttachment.

use super::{TransitRefusal, TransitState};
use crate::interface::{AddressChoice, Attachment, Interface, InterfaceKind, Ipv6Choice, NewInterface};
use crate::subnet::Subnet;
use crate::table::Resource;
use crate::time::Timestamp;
use crate::{
    Cx, InterfaceId, Missing, Network, Refused, Scope, SubnetId, Tags, TransitAttachmentId, TransitGatewayId,
    TransitTableId, VpcId, ZoneName, tags,
};
use serde::{Deserialize, Serialize};

/// The device index of a gateway's interfaces, as answers show it.
const DEVICE_INDEX: u16 = 1;

/// The attachment of a VPC to a transit gateway.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TransitAttachment {
    /// Its id.
    pub id: TransitAttachmentId,
    /// The owner of the VPC, and the region.
    pub scope: Scope,
    /// The gateway.
    pub gateway: TransitGatewayId,
    /// The VPC.
    pub vpc: VpcId,
    /// Its doors in the order they were asked for, one a zone; none once it is deleted.
    pub doors: Vec<TransitDoor>,
    /// The subnets it had, to be shown after it is deleted.
    pub subnets: Vec<SubnetId>,
    /// What it does.
    pub options: TransitAttachmentOptions,
    /// Where it stands.
    pub state: TransitState,
    /// Since when it stands there.
    pub state_since: Timestamp,
    /// When it was made.
    pub created: Timestamp,
    /// The table that decides about packets from the VPC, if any.
    pub association: Option<TransitTableId>,
    /// Its tags.
    pub tags: Tags,
}

/// A subnet of an attachment, and the gateway's interface in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransitDoor {
    /// The subnet.
    pub subnet: SubnetId,
    /// The interface.
    pub interface: InterfaceId,
}

/// What an attachment does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransitAttachmentOptions {
    /// Whether the VPC resolves others' public host names to private addresses.
    pub dns_support: bool,
    /// Whether its interfaces have IPv6 addresses, and its IPv6 blocks propagate. It does not filter packets.
    pub ipv6_support: bool,
    /// Whether both directions of a flow pass the same zone.
    pub appliance_mode: bool,
    /// Whether its groups may be referred to from other VPCs, and refer to theirs.
    pub group_references: bool,
}

impl Default for TransitAttachmentOptions {
    fn default() -> TransitAttachmentOptions {
        TransitAttachmentOptions {
            dns_support: true,
            ipv6_support: false,
            appliance_mode: false,
            group_references: true,
        }
    }
}

/// What ModifyTransitGatewayVpcAttachment changes; `None` is left as it is.
#[derive(Clone, Debug, Default)]
pub struct TransitAttachmentChange {
    /// Further subnets.
    pub add_subnets: Vec<SubnetId>,
    /// Subnets to leave.
    pub remove_subnets: Vec<SubnetId>,
    /// Whether the VPC resolves others' host names.
    pub dns_support: Option<bool>,
    /// Whether IPv6 blocks propagate.
    pub ipv6_support: Option<bool>,
    /// Whether both directions of a flow pass the same zone.
    pub appliance_mode: Option<bool>,
    /// Whether groups may refer across.
    pub group_references: Option<bool>,
}

/// What CreateTransitGatewayVpcAttachment asks for.
#[derive(Clone, Debug)]
pub struct NewTransitAttachment {
    /// The gateway.
    pub gateway: TransitGatewayId,
    /// The VPC.
    pub vpc: VpcId,
    /// One subnet a zone.
    pub subnets: Vec<SubnetId>,
    /// What it does.
    pub options: TransitAttachmentOptions,
    /// Its tags.
    pub tags: Tags,
}

/// The description of the interfaces of an attachment.
pub fn door_description(id: TransitAttachmentId) -> String {
    format!("Network Interface for Transit Gateway Attachment {id}")
}

impl Network {
    /// Attaches a VPC to a gateway: an interface in each subnet, and association and propagation as the gateway says.
    ///
    /// # Errors
    /// The gateway, the VPC or a subnet is unknown; [`TransitRefusal`]: the VPC is attached, a subnet does not fit; a subnet is
    /// full; a tag breaks a rule.
    pub fn create_transit_attachment(
        &mut self,
        cx: &mut Cx,
        new: NewTransitAttachment,
    ) -> Result<TransitAttachmentId, Refused> {
        tags::check(&new.tags)?;
        let defaults = self.transit_gateway(cx.scope, new.gateway)?.options.clone();
        self.vpcs.find(cx.scope, &new.vpc)?;
        if self.transit_attachment_of(new.vpc, new.gateway).is_some() {
            return Err(TransitRefusal::AlreadyAttached(new.gateway).into());
        }
        let subnets = self.transit_subnets(cx.scope, new.vpc, &[], &new.subnets)?;
        let id = cx.ids.fresh();
        let interfaces = self.plan_doors(cx, id, &subnets, new.options.ipv6_support)?;
        let doors = self.open_doors(interfaces);
        self.transit_attachments.insert(TransitAttachment {
            id,
            scope: cx.scope,
            gateway: new.gateway,
            vpc: new.vpc,
            doors,
            subnets: new.subnets,
            options: new.options,
            state: TransitState::Available,
            state_since: cx.now,
            created: cx.now,
            association: defaults.association_table,
            tags: new.tags,
        });
        if let Some(table) = defaults.propagation_table.and_then(|table| self.transit_tables.get_mut(&table))
        {
            table.propagations.push(id);
        }
        Ok(id)
    }

    /// The attachment of a VPC to a gateway that packets can use.
    pub fn transit_attachment_of(&self, vpc: VpcId, gateway: TransitGatewayId) -> Option<&TransitAttachment> {
        self.transit_attachments.iter().find(|attachment| {
            attachment.vpc == vpc && attachment.gateway == gateway && attachment.state.is_open()
        })
    }

    /// The subnets with these ids, if they are of `vpc`, have IPv4, and are in zones of their own, none of `held`'s.
    fn transit_subnets(
        &self,
        scope: Scope,
        vpc: VpcId,
        held: &[SubnetId],
        ids: &[SubnetId],
    ) -> Result<Vec<Subnet>, Refused> {
        let zone = |id: &SubnetId| self.subnets.get(id).map(|subnet| subnet.zone);
        let mut zones: Vec<ZoneName> = held.iter().filter_map(zone).collect();
        let mut found = Vec::new();
        for id in ids {
            let subnet = self.subnets.find(scope, id)?;
            match () {
                () if subnet.vpc != vpc => return Err(TransitRefusal::OtherVpc(*id, vpc).into()),
                () if subnet.cidr.is_none() => return Err(TransitRefusal::Ipv6Only(*id).into()),
                () if zones.contains(&subnet.zone) => return Err(TransitRefusal::SameZone.into()),
                () => zones.push(subnet.zone),
            }
            found.push(subnet.clone());
        }
        Ok(found)
    }

    fn plan_doors(
        &self,
        cx: &mut Cx,
        id: TransitAttachmentId,
        subnets: &[Subnet],
        ipv6: bool,
    ) -> Result<Vec<Interface>, Refused> {
        self.check_interface_count(cx.scope, subnets.len())?;
        let mut planned = Vec::new();
        for subnet in subnets {
            let new = NewInterface {
                addresses: AddressChoice::default(),
                ipv6: Ipv6Choice::Count(usize::from(ipv6)),
                description: door_description(id),
                ..NewInterface::default()
            };
            let mut taken = self.taken_in(subnet);
            let interface = self.plan_interface(cx, subnet, new, &mut taken)?;
            planned.push(Interface {
                groups: Vec::new(),
                source_dest_check: false,
                kind: InterfaceKind::TransitGateway,
                attachment: Some(Attachment {
                    id: cx.ids.fresh(),
                    instance: None,
                    device_index: DEVICE_INDEX,
                    since: cx.now,
                    delete_on_termination: false,
                }),
                ..interface
            });
        }
        Ok(planned)
    }

    fn open_doors(&mut self, planned: Vec<Interface>) -> Vec<TransitDoor> {
        let open = |interface: Interface| {
            let door = TransitDoor { subnet: interface.subnet, interface: interface.id };
            self.interfaces.insert(interface);
            door
        };
        planned.into_iter().map(open).collect()
    }

    /// Whether `scope` sees an attachment: as owner of its VPC or of its gateway.
    pub(super) fn sees_transit_attachment(&self, scope: Scope, attachment: &TransitAttachment) -> bool {
        let gateway = self.transit_gateways.get(&attachment.gateway);
        attachment.scope == scope || gateway.is_some_and(|gateway| gateway.scope == scope)
    }

    /// The attachments of VPCs that `scope` sees, by id.
    pub fn transit_attachments_in(&self, scope: Scope) -> impl Iterator<Item = &TransitAttachment> {
        self.transit_attachments
            .iter()
            .filter(move |attachment| self.sees_transit_attachment(scope, attachment))
    }

    /// The attachment of a VPC with this id that `scope` sees, to be changed or deleted.
    fn transit_attachment_to_change(
        &self,
        scope: Scope,
        id: TransitAttachmentId,
    ) -> Result<&TransitAttachment, Refused> {
        let found = self.transit_attachments_in(scope).find(|attachment| attachment.id == id);
        let found = found.filter(|attachment| attachment.state != TransitState::Deleted);
        Ok(found.ok_or(Missing::TransitVpcAttachment(id))?)
    }

    /// Changes an attachment: its subnets and what it does.
    ///
    /// # Errors
    /// No such attachment or subnet; it is not available; [`TransitRefusal`]: a subnet does not fit, is there or is not there,
    /// or none would be left.
    pub fn modify_transit_attachment(
        &mut self,
        cx: &mut Cx,
        id: TransitAttachmentId,
        change: TransitAttachmentChange,
    ) -> Result<(), Refused> {
        let mut changed = self.transit_attachment_to_change(cx.scope, id)?.clone();
        if changed.state != TransitState::Available {
            return Err(TransitRefusal::WrongState(id).into());
        }
        let options = &mut changed.options;
        options.dns_support = change.dns_support.unwrap_or(options.dns_support);
        options.ipv6_support = change.ipv6_support.unwrap_or(options.ipv6_support);
        options.appliance_mode = change.appliance_mode.unwrap_or(options.appliance_mode);
        options.group_references = change.group_references.unwrap_or(options.group_references);
        let is_held = |subnet: &&SubnetId| changed.subnets.contains(subnet);
        if let Some(held) = change.add_subnets.iter().find(is_held) {
            return Err(TransitRefusal::HasSubnet(id, *held).into());
        }
        if let Some(other) = change.remove_subnets.iter().find(|subnet| !is_held(subnet)) {
            return Err(TransitRefusal::NotOfAttachment(id, *other).into());
        }
        let is_left = |subnet: &SubnetId| !change.remove_subnets.contains(subnet);
        let mut kept = changed.subnets.clone();
        kept.retain(is_left);
        let added = self.transit_subnets(cx.scope, changed.vpc, &kept, &change.add_subnets)?;
        if kept.is_empty() && added.is_empty() {
            return Err(TransitRefusal::LastSubnet(id).into());
        }
        let planned = self.plan_doors(cx, id, &added, changed.options.ipv6_support)?;
        let (stay, go): (Vec<TransitDoor>, Vec<TransitDoor>) =
            changed.doors.iter().partition(|door| is_left(&door.subnet));
        go.into_iter().for_each(|door| self.remove_interface(door.interface));
        changed.doors = stay.into_iter().chain(self.open_doors(planned)).collect();
        changed.subnets = kept.into_iter().chain(change.add_subnets).collect();
        self.transit_attachments.insert(changed);
        Ok(())
    }

    /// Deletes an attachment, with its interfaces, association and propagations. Routes to it become blackholes.
    ///
    /// # Errors
    /// No such attachment.
    pub fn delete_transit_attachment(&mut self, cx: &Cx, id: TransitAttachmentId) -> Result<(), Refused> {
        let doors = self.transit_attachment_to_change(cx.scope, id)?.doors.clone();
        doors.into_iter().for_each(|door| self.remove_interface(door.interface));
        self.forget_transit_propagations(id);
        let attachment = self.transit_attachments.get_mut(&id).expect("the attachment was just found");
        attachment.doors.clear();
        attachment.association = None;
        (attachment.state, attachment.state_since) = (TransitState::Deleted, cx.now);
        Ok(())
    }

    pub(super) fn step_transit_attachments(&mut self, is_due: impl Fn(Timestamp) -> bool) {
        let due =
            |attachment: &&TransitAttachment| !attachment.state.is_open() && is_due(attachment.state_since);
        let due: Vec<TransitAttachmentId> =
            self.transit_attachments.iter().filter(due).map(|attachment| attachment.id).collect();
        for id in due {
            self.transit_attachments.remove(&id);
        }
    }
}

impl Resource for TransitAttachment {
    type Key = TransitAttachmentId;
    const KIND: &'static str = "transit-gateway-attachment";
    fn key(&self) -> TransitAttachmentId {
        self.id
    }
}
