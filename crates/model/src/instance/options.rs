//! Options of an instance that are told and changed by operations of their own.
//!
//! Source: EC2 User Guide, "Burstable performance instances", "CPU options", "EC2 instance hostnames and domains", "Automatic
//! instance recovery"; EC2 API Reference, the operations named at each.

use super::{Instance, InstanceRefusal, InstanceState};
use crate::dns::name;
use crate::instance_type::InstanceType;
use crate::interface::Interface;
use crate::subnet::{HostNames, Subnet};
use crate::{Cx, InstanceId, Network, ProfileAssociationId, Refused, Timestamp};
use serde::{Deserialize, Serialize};

/// How a burstable instance may use its processor (`cpuCredits`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Credits {
    /// As far as its credits reach.
    Standard,
    /// Beyond them.
    Unlimited,
}

/// Whether the hardware is shared with other accounts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tenancy {
    /// It is.
    #[default]
    Default,
    /// It is not.
    Dedicated,
}

/// Processor cores that are not the type's usual number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CpuOptions {
    /// Cores.
    pub cores: u32,
    /// Threads on each.
    pub threads_per_core: u32,
}

/// What happens to an instance whose host is maintained.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Maintenance {
    /// Whether it is not recovered by itself.
    pub recovery_disabled: bool,
    /// Whether it is not moved when it reboots.
    pub migration_disabled: bool,
}

/// A change of how an instance is named; what is `None` stays as it is, or is as the subnet says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HostNameChange {
    /// By its id (`resource-name`) and not by its IPv4 address (`ip-name`).
    pub by_resource: Option<bool>,
    /// Whether its id is answered with an IPv4 address.
    pub a_record: Option<bool>,
    /// Whether its id is answered with an IPv6 address.
    pub aaaa_record: Option<bool>,
}

/// An instance profile as part of an instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileAssociation {
    /// The id of the association.
    pub id: ProfileAssociationId,
    /// The profile's ARN.
    pub arn: String,
    /// The profile's unique id.
    pub profile_id: String,
    /// Since when.
    pub since: Timestamp,
}

/// An instance profile, as IAM knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileLink {
    /// Its ARN.
    pub arn: String,
    /// Its unique id.
    pub profile_id: String,
}

impl ProfileLink {
    /// The association of an instance with it.
    pub(crate) fn associated(self, cx: &mut Cx) -> ProfileAssociation {
        ProfileAssociation { id: cx.ids.fresh(), arn: self.arn, profile_id: self.profile_id, since: cx.now }
    }
}

impl HostNameChange {
    /// How an instance launched in `subnet` is named for good. In an IPv6-only subnet it has no address to be named by.
    ///
    /// Assumption: a launch there that asks for a name by address is refused.
    pub(crate) fn at_launch(self, subnet: &Subnet) -> Result<HostNames, InstanceRefusal> {
        if subnet.cidr.is_none() && self.by_resource == Some(false) {
            return Err(InstanceRefusal::NamedByNoAddress);
        }
        let names = self.applied(subnet.host_names);
        Ok(HostNames { by_resource: names.by_resource || subnet.cidr.is_none(), ..names })
    }

    fn applied(self, names: HostNames) -> HostNames {
        HostNames {
            by_resource: self.by_resource.unwrap_or(names.by_resource),
            a_record: self.a_record.unwrap_or(names.a_record),
            aaaa_record: self.aaaa_record.unwrap_or(names.aaaa_record),
        }
    }
}

/// The credits of an instance, if its type is burstable: as said, else unlimited but for T2.
pub(super) fn credits(instance_type: &str, said: Option<Credits>) -> Option<Credits> {
    let row = InstanceType::find(instance_type).filter(|row| row.is_burstable())?;
    let usual = if row.family() == "t2" { Credits::Standard } else { Credits::Unlimited };
    Some(said.unwrap_or(usual))
}

/// Checks what a launch says of the processor against its type.
///
/// Assumption: credits of a type without are refused as ModifyInstanceCreditSpecification refuses them; any number of cores up to
/// the type's will do, where AWS lists numbers for each type.
pub(super) fn check_processor(
    row: &'static InstanceType,
    said: Option<Credits>,
    cpu: Option<CpuOptions>,
) -> Result<(), InstanceRefusal> {
    if said.is_some() && !row.is_burstable() {
        return Err(InstanceRefusal::NoCredits(None));
    }
    let threads = row.threads_per_core;
    let fits = |cpu: &CpuOptions| {
        (1..=row.cores()).contains(&cpu.cores) && (1..=threads).contains(&cpu.threads_per_core)
    };
    match cpu.filter(|cpu| !fits(cpu)) {
        Some(cpu) => Err(InstanceRefusal::CpuOptions(cpu, &row.name)),
        None => Ok(()),
    }
}

impl Instance {
    /// Its credits, if its type is burstable.
    pub fn credits(&self) -> Option<Credits> {
        credits(&self.instance_type, self.settings.credits)
    }
}

impl Network {
    /// How an instance is named: as it was launched, or as its subnet says if it comes from an earlier version.
    pub fn host_names_of(&self, instance: &Instance) -> HostNames {
        let interface = instance.primary().and_then(|id| self.interfaces.get(&id));
        let subnet = interface.and_then(|interface| self.subnets.get(&interface.subnet));
        let of_subnet = subnet.map(|subnet| subnet.host_names);
        instance.settings.host_names.or(of_subnet).unwrap_or_default()
    }

    /// The private name of an interface by its instance, if it is the primary one of an instance that is named so.
    pub fn resource_name_of(&self, interface: &Interface) -> Option<String> {
        let id = interface.attachment.as_ref().filter(|attachment| attachment.device_index == 0)?.instance?;
        let instance = self.instances.get(&id)?;
        let is_so = self.host_names_of(instance).by_resource;
        is_so.then(|| name::resource(instance.scope.region, id))
    }

    /// The instance, to be changed.
    ///
    /// # Errors
    /// It is unknown or terminated.
    fn alive(&mut self, cx: &Cx, id: InstanceId) -> Result<&mut Instance, Refused> {
        self.check_instances(cx.scope, &[id])?;
        if self.instances.get(&id).is_some_and(|instance| instance.state == InstanceState::Terminated) {
            return Err(InstanceRefusal::NotUsable(id).into());
        }
        self.instances.get_mut(&id).ok_or_else(|| InstanceRefusal::NoSuch(vec![id]).into())
    }

    /// Changes how an instance is named (ModifyPrivateDnsNameOptions).
    ///
    /// # Errors
    /// It is unknown or terminated; it has no IPv4 address to be named by; the kind of name changes while it is not stopped.
    pub fn modify_host_names(
        &mut self,
        cx: &Cx,
        id: InstanceId,
        change: HostNameChange,
    ) -> Result<(), Refused> {
        self.check_instances(cx.scope, &[id])?;
        let Some(instance) = self.instances.get(&id) else {
            return Err(InstanceRefusal::NoSuch(vec![id]).into());
        };
        let names = self.host_names_of(instance);
        let changed = change.applied(names);
        let primary = instance.primary().and_then(|id| self.interfaces.get(&id));
        if !changed.by_resource && primary.is_some_and(|interface| interface.primary().is_none()) {
            return Err(InstanceRefusal::NamedByNoAddress.into());
        }
        let is_running = instance.state == InstanceState::Running;
        if names.by_resource != changed.by_resource && is_running {
            return Err(InstanceRefusal::NotStopped(id).into());
        }
        self.alive(cx, id)?.settings.host_names = Some(changed);
        Ok(())
    }

    /// Changes how a burstable instance may use its processor (ModifyInstanceCreditSpecification).
    ///
    /// # Errors
    /// It is unknown, terminated or not burstable.
    pub fn modify_credits(&mut self, cx: &Cx, id: InstanceId, credits: Credits) -> Result<(), Refused> {
        self.check_instances(cx.scope, &[id])?;
        if self.instances.get(&id).is_some_and(|instance| instance.credits().is_none()) {
            return Err(InstanceRefusal::NoCredits(Some(id)).into());
        }
        self.alive(cx, id)?.settings.credits = Some(credits);
        Ok(())
    }

    /// Switches detailed monitoring (MonitorInstances, UnmonitorInstances).
    ///
    /// # Errors
    /// One is unknown or terminated. Then none has changed.
    pub fn monitor_instances(&mut self, cx: &Cx, ids: &[InstanceId], on: bool) -> Result<(), Refused> {
        self.check_instances(cx.scope, ids)?;
        let is_dead = |id: &&InstanceId| {
            self.instances.get(id).is_some_and(|instance| instance.state == InstanceState::Terminated)
        };
        if let Some(dead) = ids.iter().find(is_dead) {
            return Err(InstanceRefusal::NotUsable(*dead).into());
        }
        for id in ids {
            if let Some(instance) = self.instances.get_mut(id) {
                instance.settings.is_monitored = on;
            }
        }
        Ok(())
    }

    /// Changes what maintenance does to an instance (ModifyInstanceMaintenanceOptions), and gives the options as they are then.
    ///
    /// # Errors
    /// It is unknown or terminated.
    pub fn modify_maintenance(
        &mut self,
        cx: &Cx,
        id: InstanceId,
        (recovery_disabled, migration_disabled): (Option<bool>, Option<bool>),
    ) -> Result<Maintenance, Refused> {
        let maintenance = &mut self.alive(cx, id)?.settings.maintenance;
        maintenance.recovery_disabled = recovery_disabled.unwrap_or(maintenance.recovery_disabled);
        maintenance.migration_disabled = migration_disabled.unwrap_or(maintenance.migration_disabled);
        Ok(*maintenance)
    }

    /// Gives an instance a profile (AssociateIamInstanceProfile).
    ///
    /// # Errors
    /// It is unknown or terminated, or has a profile.
    pub fn associate_profile(
        &mut self,
        cx: &mut Cx,
        id: InstanceId,
        link: ProfileLink,
    ) -> Result<ProfileAssociation, Refused> {
        let instance = self.alive(cx, id)?;
        // One that an earlier version left without an association is replaced: nothing else could take it away.
        if instance.settings.profile.is_some() {
            return Err(InstanceRefusal::HasProfile(id).into());
        }
        let association = link.associated(cx);
        instance.set_profile(Some(association.clone()));
        Ok(association)
    }

    /// The instance with this association.
    ///
    /// # Errors
    /// There is none of the caller's.
    fn associated(&self, cx: &Cx, id: ProfileAssociationId) -> Result<InstanceId, Refused> {
        let holds = |instance: &&Instance| {
            instance.settings.profile.as_ref().is_some_and(|association| association.id == id)
        };
        let found = self.instances.of(cx.scope).find(holds);
        Ok(found.ok_or(InstanceRefusal::NoSuchAssociation(id))?.id)
    }

    /// Takes the profile from its instance (DisassociateIamInstanceProfile), and gives both.
    ///
    /// # Errors
    /// No such association.
    pub fn disassociate_profile(
        &mut self,
        cx: &Cx,
        id: ProfileAssociationId,
    ) -> Result<(InstanceId, ProfileAssociation), Refused> {
        let holder = self.associated(cx, id)?;
        let instance = self.alive(cx, holder)?;
        let association = instance.settings.profile.take().ok_or(InstanceRefusal::NoSuchAssociation(id))?;
        instance.set_profile(None);
        Ok((holder, association))
    }

    /// Gives an instance another profile (ReplaceIamInstanceProfileAssociation): the association is another one then.
    ///
    /// # Errors
    /// No such association.
    pub fn replace_profile(
        &mut self,
        cx: &mut Cx,
        id: ProfileAssociationId,
        link: ProfileLink,
    ) -> Result<(InstanceId, ProfileAssociation), Refused> {
        let holder = self.associated(cx, id)?;
        let instance = self.alive(cx, holder)?;
        let association = link.associated(cx);
        instance.set_profile(Some(association.clone()));
        Ok((holder, association))
    }
}

impl Instance {
    fn set_profile(&mut self, association: Option<ProfileAssociation>) {
        self.instance_profile = association.as_ref().map(|association| association.arn.clone());
        self.settings.profile = association;
    }
}
