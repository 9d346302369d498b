//! Instances, as far as the network sees them.
//!
//! Launching, starting, stopping and terminating take no time. A stopped instance keeps its interfaces and private addresses
//! and gives a lent public address back; a terminated one has no interfaces and is described for an hour more.
//! Source: EC2 User Guide, "Instance lifecycle", "Public IPv4 addresses" and "Termination protection".

use crate::address;
use crate::instance_type::InstanceType;
use crate::interface::{InterfaceChange, PrivateAddress, PublicAddress};
use crate::subnet::HostNames;
use crate::table::Resource;
use crate::time::Timestamp;
use crate::volume::BadDevice;
use crate::{
    Cx, GroupId, ImageId, InstanceId, InterfaceId, Network, ProfileAssociationId, Refused, ReservationId,
    Scope, SubnetId, Tags, VolumeId, ZoneName,
};
use serde::{Deserialize, Serialize};

mod key_pair;
mod launch;
mod metadata;
mod options;

pub use key_pair::{KeyPair, NewKeyPair};
pub use launch::{Launch, LaunchInterface, LaunchSource, USER_DATA_BYTES_MAX};
pub use metadata::{MetadataChange, MetadataOptions};
pub use options::{
    CpuOptions, Credits, HostNameChange, Maintenance, ProfileAssociation, ProfileLink, Tenancy,
};

/// How long a terminated instance is still described: about an hour.
const TERMINATED_SEEN_MS: i64 = 3_600_000;

/// An instance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Instance {
    /// Its id.
    pub id: InstanceId,
    /// Owner and region.
    pub scope: Scope,
    /// The RunInstances call that made it.
    pub reservation: ReservationId,
    /// Its place in that call, from 0.
    pub launch_index: u32,
    /// The image it was launched from.
    pub image: ImageId,
    /// The type, such as `t2.micro`.
    pub instance_type: String,
    /// The availability zone it runs in.
    pub zone: ZoneName,
    /// The name of its key pair, if any.
    pub key_name: Option<String>,
    /// User data as given, decoded from base64.
    pub user_data: Option<Vec<u8>>,
    /// Its interfaces by device index, the primary first; empty once terminated.
    pub interfaces: Vec<InterfaceId>,
    /// What it is doing.
    pub state: InstanceState,
    /// Since when it is in that state.
    pub state_since: Timestamp,
    /// When it was last started.
    pub launched: Timestamp,
    /// Whether TerminateInstances is refused (disableApiTermination).
    pub termination_protected: bool,
    /// The name or ARN of the instance profile, if any.
    pub instance_profile: Option<String>,
    /// What else it was launched with.
    #[serde(default)]
    pub settings: InstanceSettings,
    /// Its tags.
    pub tags: Tags,
}

/// Settings of an instance beyond its place in the network.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct InstanceSettings {
    /// The client token of the RunInstances call.
    pub client_token: Option<String>,
    /// Whether its primary interface is lent a public address while it runs.
    pub lends_public: bool,
    /// Whether StopInstances is refused (disableApiStop).
    pub stop_protected: bool,
    /// Whether a shutdown from inside terminates it instead of stopping it.
    pub terminates_on_shutdown: bool,
    /// Whether detailed monitoring is on.
    pub is_monitored: bool,
    /// Whether it is optimised for EBS.
    pub is_ebs_optimized: bool,
    /// How it may ask for metadata.
    pub metadata: MetadataOptions,
    /// Its volumes, the root first; none of an instance that an earlier version launched.
    pub volumes: Vec<VolumeId>,
    /// Whether its root volume was detached.
    pub lacks_root: bool,
    /// How it may use its processor, if that was said.
    pub credits: Option<Credits>,
    /// Its processor cores, if they were said.
    pub cpu: Option<CpuOptions>,
    /// How it is named; `None` if an earlier version launched it.
    pub host_names: Option<HostNames>,
    /// Whether its hardware is shared.
    pub tenancy: Tenancy,
    /// Its instance profile.
    pub profile: Option<ProfileAssociation>,
    /// Whether Nitro enclaves are on.
    pub has_enclaves: bool,
    /// Whether it may hibernate.
    pub may_hibernate: bool,
    /// What maintenance of its host does to it.
    pub maintenance: Maintenance,
}

/// The state of an instance. Transitions take no time here: pending and stopping exist only in answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum InstanceState {
    /// It sends and receives.
    Running,
    /// It keeps its interfaces, without a public address from Amazon's pool.
    Stopped,
    /// It is gone; still described for about an hour.
    Terminated,
}

/// Why a command about an instance or key pair is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InstanceRefusal {
    /// None of these exist.
    NoSuch(Vec<InstanceId>),
    /// The instance is terminated.
    NotUsable(InstanceId),
    /// The instance cannot be brought into that state from where it is.
    WrongState {
        /// The instance.
        instance: InstanceId,
        /// `started`, `stopped` or `rebooted`.
        verb: &'static str,
    },
    /// The attribute can be changed only while the instance is stopped.
    NotStopped(InstanceId),
    /// The instance is protected against being `terminated` or `stopped`.
    Protected {
        /// The instance.
        instance: InstanceId,
        /// `terminated` or `stopped`.
        verb: &'static str,
        /// The attribute that protects it.
        attribute: &'static str,
    },
    /// The instance has several interfaces; the call must name one.
    SeveralInterfaces(InstanceId),
    /// No such instance type.
    NoSuchType(String),
    /// The type is none of a burstable family; of this instance, if it exists.
    NoCredits(Option<InstanceId>),
    /// The type has no such number of cores and threads.
    CpuOptions(CpuOptions, &'static str),
    /// An instance without an IPv4 address cannot be named by it.
    NamedByNoAddress,
    /// The zone that a launch names is not the one of its subnet.
    OtherZone {
        /// The zone named.
        zone: ZoneName,
        /// The subnet.
        subnet: SubnetId,
        /// The subnet's zone.
        own: ZoneName,
    },
    /// A block device does not fit.
    Device(BadDevice),
    /// The instance has no volume at this device.
    NoSuchDevice(String),
    /// The instance may not hibernate.
    NoHibernation(InstanceId),
    /// The instance has an instance profile.
    HasProfile(InstanceId),
    /// No such association with an instance profile.
    NoSuchAssociation(ProfileAssociationId),
    /// Image and type have different architectures.
    Architecture {
        /// The image's.
        image: &'static str,
        /// The type's.
        instance_type: &'static str,
    },
    /// A number of interfaces that the type cannot have.
    TooManyInterfaces {
        /// How many there would be.
        count: usize,
        /// The type.
        instance_type: &'static str,
    },
    /// More private addresses on an interface than the type can have.
    TooManyAddresses(&'static str),
    /// User data is longer than [`USER_DATA_BYTES_MAX`].
    UserDataLength,
    /// No default VPC, and no subnet named.
    NoDefaultVpc,
    /// The default VPC has no default subnet, or none in the zone.
    NoDefaultSubnet(crate::VpcId),
    /// The interfaces named do not make an instance.
    Interfaces(BadInterfaces),
    /// No key pair of this name.
    NoSuchKeyPair(String),
    /// The name is taken.
    DuplicateKeyPair(String),
    /// The name of a key pair is empty, too long or not ASCII.
    KeyPairName(String),
}

/// What is wrong with the interfaces that a launch names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadInterfaces {
    /// None has device index 0.
    NoPrimary,
    /// Two have this device index.
    SameIndex(u16),
    /// They are in different zones.
    SeveralZones,
    /// An interface or address is named, but several instances are to be launched.
    NamedForSeveral,
    /// A public address is asked for, but there are several interfaces.
    PublicForSeveral,
}

/// A state before and after a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateChange {
    /// The instance.
    pub instance: InstanceId,
    /// Its state before.
    pub previous: InstanceState,
    /// Its state after; the same if the command had nothing to do.
    pub current: InstanceState,
}

/// A change of one attribute of an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InstanceChange {
    /// Another type; only while it is stopped.
    Type(String),
    /// Other user data; only while it is stopped.
    UserData(Vec<u8>),
    /// Optimised for EBS or not; only while it is stopped.
    EbsOptimized(bool),
    /// Protected against termination or not.
    TerminationProtection(bool),
    /// Protected against stopping or not.
    StopProtection(bool),
    /// Whether a shutdown from inside terminates it.
    TerminatesOnShutdown(bool),
    /// Source/destination check of its one interface.
    SourceDestCheck(bool),
    /// Groups of its one interface.
    Groups(Vec<GroupId>),
    /// Of devices, whether the volumes there go with it.
    DeleteOnTermination(Vec<(String, bool)>),
}

impl Instance {
    /// The primary interface, none once terminated.
    pub fn primary(&self) -> Option<InterfaceId> {
        self.interfaces.first().copied()
    }
}

impl Network {
    /// Checks that every one of `ids` is an instance of `scope`.
    ///
    /// # Errors
    /// [`InstanceRefusal::NoSuch`] with all that are not.
    pub fn check_instances(&self, scope: Scope, ids: &[InstanceId]) -> Result<(), Refused> {
        let unknown = ids.iter().filter(|id| self.instances.find(scope, id).is_err());
        let unknown: Vec<InstanceId> = unknown.copied().collect();
        if unknown.is_empty() { Ok(()) } else { Err(InstanceRefusal::NoSuch(unknown).into()) }
    }

    /// Starts stopped instances; one whose launch said so is lent another public address.
    ///
    /// # Errors
    /// One is unknown, terminated or without its root volume; no public address is left. Then none has started.
    pub fn start_instances(&mut self, cx: &mut Cx, ids: &[InstanceId]) -> Result<Vec<StateChange>, Refused> {
        self.check_instances(cx.scope, ids)?;
        self.check_alive(ids, "started")?;
        self.check_roots(ids)?;
        let mut used = self.public_in_use();
        let mut lent = Vec::new();
        for id in ids {
            let waits = |instance: &&crate::instance::Instance| {
                instance.state == InstanceState::Stopped && instance.settings.lends_public
            };
            if let Some(interface) = self.instances.get(id).filter(waits).and_then(Instance::primary) {
                let public = address::draw(cx.ids, &used).ok_or(address::AddressRefusal::PoolEmpty)?;
                used.insert(public);
                lent.push((interface, public));
            }
        }
        lent.into_iter().for_each(|(interface, public)| self.lend(interface, public));
        let changes = ids.iter().map(|id| self.set_state(*id, InstanceState::Running, cx.now)).collect();
        Ok(changes)
    }

    /// Gives the primary address of an interface a public one, unless it has one.
    fn lend(&mut self, interface: InterfaceId, public: std::net::Ipv4Addr) {
        let first = self.interfaces.get_mut(&interface).and_then(|interface| interface.addresses.first_mut());
        if let Some(own) = first.filter(|own| own.public.is_none()) {
            own.public = Some(PublicAddress::AutoAssigned(public));
        }
    }

    /// Lends the only interface of a running instance an address again, after it has lost an elastic one; none if the pool is
    /// empty. Source: EC2 User Guide, "Public IPv4 addresses".
    pub(crate) fn lend_again(&mut self, cx: &mut Cx, interface: InterfaceId) {
        let attachment = self.interfaces.get(&interface).and_then(|interface| interface.attachment.as_ref());
        let instance = attachment.and_then(|attachment| self.instances.get(&attachment.instance?));
        let waits = |instance: &&Instance| {
            let is_lent = instance.settings.lends_public && instance.state == InstanceState::Running;
            is_lent && instance.interfaces == [interface]
        };
        if instance.filter(waits).is_some()
            && let Some(public) = address::draw(cx.ids, &self.public_in_use())
        {
            self.lend(interface, public);
        }
    }

    fn check_alive(&self, ids: &[InstanceId], verb: &'static str) -> Result<(), Refused> {
        let is_dead = |id: &&InstanceId| {
            self.instances.get(id).is_some_and(|instance| instance.state == InstanceState::Terminated)
        };
        match ids.iter().find(is_dead) {
            Some(instance) => Err(InstanceRefusal::WrongState { instance: *instance, verb }.into()),
            None => Ok(()),
        }
    }

    /// Stops running instances; lent public addresses go back, elastic ones stay.
    ///
    /// # Errors
    /// One is unknown, terminated or protected. Then none has stopped.
    pub fn stop_instances(&mut self, cx: &Cx, ids: &[InstanceId]) -> Result<Vec<StateChange>, Refused> {
        self.check_instances(cx.scope, ids)?;
        self.check_alive(ids, "stopped")?;
        let protects = |instance: &Instance| instance.settings.stop_protected;
        self.check_protection(ids, protects, ("stopped", "disableApiStop"))?;
        for id in ids {
            let interfaces =
                self.instances.get(id).map(|instance| instance.interfaces.clone()).unwrap_or_default();
            interfaces.into_iter().for_each(|interface| self.take_back(interface));
        }
        Ok(ids.iter().map(|id| self.set_state(*id, InstanceState::Stopped, cx.now)).collect())
    }

    /// Checks that instances could hibernate, which is the same as stopping here.
    ///
    /// # Errors
    /// One is unknown or was launched without hibernation.
    pub fn check_hibernation(&self, scope: Scope, ids: &[InstanceId]) -> Result<(), Refused> {
        self.check_instances(scope, ids)?;
        let may = |id: &&InstanceId| self.instances.get(id).is_some_and(|one| one.settings.may_hibernate);
        match ids.iter().find(|id| !may(id)) {
            Some(id) => Err(InstanceRefusal::NoHibernation(*id).into()),
            None => Ok(()),
        }
    }

    /// Takes lent public addresses back from an interface.
    fn take_back(&mut self, interface: InterfaceId) {
        let is_lent = |own: &&mut PrivateAddress| matches!(own.public, Some(PublicAddress::AutoAssigned(_)));
        if let Some(interface) = self.interfaces.get_mut(&interface) {
            interface.addresses.iter_mut().filter(is_lent).for_each(|own| own.public = None);
        }
    }

    fn check_protection(
        &self,
        ids: &[InstanceId],
        protects: impl Fn(&Instance) -> bool,
        (verb, attribute): (&'static str, &'static str),
    ) -> Result<(), Refused> {
        match ids.iter().find(|id| self.instances.get(id).is_some_and(&protects)) {
            Some(instance) => Err(InstanceRefusal::Protected { instance: *instance, verb, attribute }.into()),
            None => Ok(()),
        }
    }

    /// Checks that instances could be rebooted; a reboot changes nothing that the network sees.
    ///
    /// # Errors
    /// One is unknown or terminated.
    pub fn reboot_instances(&self, scope: Scope, ids: &[InstanceId]) -> Result<(), Refused> {
        self.check_instances(scope, ids)?;
        self.check_alive(ids, "rebooted")
    }

    /// Terminates instances: interfaces that go with them are deleted, others become free. Repeating it is no error.
    ///
    /// Assumption: a protected instance refuses the whole call; AWS terminates those in other zones nevertheless.
    ///
    /// # Errors
    /// One is unknown or protected. Then none is terminated.
    pub fn terminate_instances(&mut self, cx: &Cx, ids: &[InstanceId]) -> Result<Vec<StateChange>, Refused> {
        self.check_instances(cx.scope, ids)?;
        let protects = |instance: &Instance| {
            instance.termination_protected && instance.state != InstanceState::Terminated
        };
        self.check_protection(ids, protects, ("terminated", "disableApiTermination"))?;
        for id in ids {
            let interfaces =
                self.instances.get(id).map(|instance| instance.interfaces.clone()).unwrap_or_default();
            for interface in interfaces {
                self.take_back(interface);
                let attachment =
                    self.interfaces.get(&interface).and_then(|interface| interface.attachment.as_ref());
                match attachment.is_some_and(|attachment| attachment.delete_on_termination) {
                    true => self.remove_interface(interface),
                    false => self.release_interface(interface, cx.now),
                }
            }
            let volumes = self.instances.get_mut(id).map(|instance| {
                instance.interfaces.clear();
                std::mem::take(&mut instance.settings.volumes)
            });
            self.release_volumes(&volumes.unwrap_or_default());
        }
        Ok(ids.iter().map(|id| self.set_state(*id, InstanceState::Terminated, cx.now)).collect())
    }

    fn set_state(&mut self, id: InstanceId, state: InstanceState, now: Timestamp) -> StateChange {
        let previous = self.instances.get(&id).map_or(state, |instance| instance.state);
        if let Some(instance) = self.instances.get_mut(&id).filter(|instance| instance.state != state) {
            (instance.state, instance.state_since) = (state, now);
            if state == InstanceState::Running {
                instance.launched = now;
            }
        }
        StateChange { instance: id, previous, current: state }
    }

    /// Changes one attribute.
    ///
    /// # Errors
    /// The instance is unknown, terminated, or not stopped where it must be; the type is unknown or of another architecture;
    /// user data is too long; the attribute is of an interface and there are several.
    pub fn modify_instance(
        &mut self,
        cx: &Cx,
        id: InstanceId,
        change: InstanceChange,
    ) -> Result<(), Refused> {
        self.check_instances(cx.scope, &[id])?;
        let Some(mut changed) = self.instances.get(&id).cloned() else {
            return Err(InstanceRefusal::NoSuch(vec![id]).into());
        };
        if changed.state == InstanceState::Terminated {
            return Err(InstanceRefusal::NotUsable(id).into());
        }
        let needs_stop = matches!(
            change,
            InstanceChange::Type(_) | InstanceChange::UserData(_) | InstanceChange::EbsOptimized(_)
        );
        if needs_stop && changed.state != InstanceState::Stopped {
            return Err(InstanceRefusal::NotStopped(id).into());
        }
        match change {
            InstanceChange::Type(name) => {
                launch::check_type(cx.scope.region, changed.image, &name)?;
                // Assumption: cores that were chosen of one type are not those of another.
                changed.settings.cpu = None;
                changed.instance_type = name;
            }
            InstanceChange::UserData(data) => {
                launch::check_user_data(&data)?;
                changed.user_data = Some(data);
            }
            InstanceChange::EbsOptimized(on) => changed.settings.is_ebs_optimized = on,
            InstanceChange::TerminationProtection(on) => changed.termination_protected = on,
            InstanceChange::StopProtection(on) => changed.settings.stop_protected = on,
            InstanceChange::TerminatesOnShutdown(on) => changed.settings.terminates_on_shutdown = on,
            InstanceChange::SourceDestCheck(on) => {
                let interface = only_interface(&changed)?;
                return self.modify_interface(cx, interface, InterfaceChange::SourceDestCheck(on));
            }
            InstanceChange::Groups(groups) => {
                let interface = only_interface(&changed)?;
                return self.modify_interface(cx, interface, InterfaceChange::Groups(groups));
            }
            InstanceChange::DeleteOnTermination(devices) => {
                return self.set_delete_on_termination(&changed.settings.volumes, devices);
            }
        }
        self.instances.insert(changed);
        Ok(())
    }

    pub(crate) fn step_instances(&mut self, now: Timestamp) {
        let is_due = |instance: &&Instance| {
            instance.state == InstanceState::Terminated
                && now >= instance.state_since.plus_ms(TERMINATED_SEEN_MS)
        };
        let due: Vec<InstanceId> = self.instances.iter().filter(is_due).map(|instance| instance.id).collect();
        for id in due {
            self.instances.remove(&id);
        }
    }

    /// The type of the instance that an interface is attached to.
    pub(crate) fn type_of(&self, instance: InstanceId) -> Option<&'static InstanceType> {
        self.instances.get(&instance).and_then(|instance| InstanceType::find(&instance.instance_type))
    }
}

fn only_interface(instance: &Instance) -> Result<InterfaceId, InstanceRefusal> {
    match instance.interfaces.as_slice() {
        [interface] => Ok(*interface),
        _ => Err(InstanceRefusal::SeveralInterfaces(instance.id)),
    }
}

impl Resource for Instance {
    type Key = InstanceId;
    const KIND: &'static str = "instance";
    fn key(&self) -> InstanceId {
        self.id
    }
}

#[cfg(test)]
mod tests;
