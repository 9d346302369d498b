//! Attachments: an interface on an instance, at a device index.
//!
//! An attachment that has ended stays known for an hour as `detached`, so that whoever waits for that can see it.
//! Source: EC2 API Reference, AttachNetworkInterface and DetachNetworkInterface.

use super::{Interface, InterfaceRefusal};
use crate::instance::{Instance, InstanceRefusal, InstanceState};
use crate::instance_type::InstanceType;
use crate::table::Resource;
use crate::time::Timestamp;
use crate::{AttachmentId, Cx, InstanceId, InterfaceId, Missing, Network, Refused, Scope};
use serde::{Deserialize, Serialize};

/// How long a detachment stays known. Assumption: as long as a terminated instance.
const DETACHMENT_SEEN_MS: i64 = 3_600_000;

/// The attachment of an interface to an instance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attachment {
    /// The id of the attachment.
    pub id: AttachmentId,
    /// The instance, or `None` for one that AWS manages.
    pub instance: Option<InstanceId>,
    /// 0 for the primary interface.
    pub device_index: u16,
    /// Since when.
    pub since: Timestamp,
    /// Whether the interface goes with the instance.
    pub delete_on_termination: bool,
}

/// An attachment that has ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Detachment {
    /// The id the attachment had.
    pub id: AttachmentId,
    /// Owner and region.
    pub scope: Scope,
    /// The interface.
    pub interface: InterfaceId,
    /// The attachment as it was.
    pub was: Attachment,
    /// When it ended.
    pub at: Timestamp,
}

impl Network {
    /// Attaches a free interface to an instance of its zone, running or stopped. It will not go with the instance.
    ///
    /// # Errors
    /// The interface or instance is unknown; AWS manages the interface, or it is attached; the instance is terminated, in
    /// another zone, has an interface at that index, or is of a type that cannot have so many interfaces or addresses.
    pub fn attach_interface(
        &mut self,
        cx: &mut Cx,
        id: InterfaceId,
        instance_id: InstanceId,
        device_index: u16,
    ) -> Result<AttachmentId, Refused> {
        let interface = self.user_interface(cx.scope, id)?;
        let instance = self.instances.find(cx.scope, &instance_id)?;
        if interface.attachment.is_some() {
            return Err(InterfaceRefusal::InUse(id).into());
        }
        if instance.state == InstanceState::Terminated {
            return Err(InstanceRefusal::NotUsable(instance_id).into());
        }
        let zone = |interface: &Interface| self.subnets.get(&interface.subnet).map(|subnet| subnet.zone);
        let present = || instance.interfaces.iter().filter_map(|id| self.interfaces.get(id));
        if present().any(|other| zone(other) != zone(interface)) {
            return Err(InterfaceRefusal::OtherZone(id, instance_id).into());
        }
        let index_of =
            |other: &Interface| other.attachment.as_ref().map(|attachment| attachment.device_index);
        if present().any(|other| index_of(other) == Some(device_index)) {
            return Err(InterfaceRefusal::DeviceIndexInUse(instance_id, device_index).into());
        }
        self.check_fit(interface, instance)?;
        let place = present().filter(|other| index_of(other) < Some(device_index)).count();
        let attachment = Attachment {
            id: cx.ids.fresh(),
            instance: Some(instance_id),
            device_index,
            since: cx.now,
            delete_on_termination: false,
        };
        let attachment_id = attachment.id;
        if let (Some(interface), Some(instance)) =
            (self.interfaces.get_mut(&id), self.instances.get_mut(&instance_id))
        {
            interface.attachment = Some(attachment);
            instance.interfaces.insert(place, id);
        }
        Ok(attachment_id)
    }

    /// Checks that the instance's type allows one interface more, with that many addresses.
    fn check_fit(&self, interface: &Interface, instance: &Instance) -> Result<(), InstanceRefusal> {
        let Some(row) = InstanceType::find(&instance.instance_type) else { return Ok(()) };
        let count = instance.interfaces.len() + 1;
        match () {
            () if count > row.interfaces_max => {
                Err(InstanceRefusal::TooManyInterfaces { count, instance_type: &row.name })
            }
            () if interface.addresses.len() > row.addresses_max => {
                Err(InstanceRefusal::TooManyAddresses(&row.name))
            }
            () => Ok(()),
        }
    }

    /// Takes an interface off its instance; it stays, with its addresses.
    ///
    /// # Errors
    /// No such attachment; AWS manages the interface; it is the primary one ([`InterfaceRefusal::IsPrimary`]).
    pub fn detach_interface(&mut self, cx: &Cx, id: AttachmentId) -> Result<(), Refused> {
        let is_it =
            |interface: &&Interface| interface.attachment.as_ref().is_some_and(|present| present.id == id);
        let interface = self.interfaces.of(cx.scope).find(is_it).ok_or(Missing::Attachment(id))?.id;
        let attachment = self.user_interface(cx.scope, interface)?.attachment.clone();
        if attachment.is_some_and(|attachment| attachment.device_index == 0) {
            return Err(InterfaceRefusal::IsPrimary(id).into());
        }
        self.release_interface(interface, cx.now);
        Ok(())
    }

    /// Makes an interface free, and remembers what it was attached to.
    pub(crate) fn release_interface(&mut self, id: InterfaceId, now: Timestamp) {
        let Some(interface) = self.interfaces.get_mut(&id) else { return };
        let Some(was) = interface.attachment.take() else { return };
        let scope = interface.scope;
        if let Some(instance) = was.instance.and_then(|instance| self.instances.get_mut(&instance)) {
            instance.interfaces.retain(|other| *other != id);
        }
        self.detachments.insert(Detachment { id: was.id, scope, interface: id, was, at: now });
    }

    pub(crate) fn step_detachments(&mut self, now: Timestamp) {
        let is_due = |ended: &&Detachment| {
            now >= ended.at.plus_ms(DETACHMENT_SEEN_MS) || !self.interfaces.has(&ended.interface)
        };
        let due: Vec<AttachmentId> = self.detachments.iter().filter(is_due).map(|ended| ended.id).collect();
        for id in due {
            self.detachments.remove(&id);
        }
    }
}

impl Resource for Detachment {
    type Key = AttachmentId;
    const KIND: &'static str = "interface-detachment";
    fn key(&self) -> AttachmentId {
        self.id
    }
}
