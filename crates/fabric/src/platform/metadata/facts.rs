//! What the metadata of an instance is made from, as the network says it.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use weir_model::image::Image;
use weir_model::instance::{Instance, InstanceState, MetadataOptions};
use weir_model::interface::Interface;
use weir_model::{
    AccountId, Cidr4, Cidr6, GroupId, ImageId, InstanceId, InterfaceId, Nanos, Network, ReservationId,
    SubnetId, Tags, VpcId, ZoneName,
};

/// What is told of one instance.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Facts {
    pub(super) id: InstanceId,
    pub(super) account: AccountId,
    pub(super) zone: ZoneName,
    pub(super) reservation: ReservationId,
    pub(super) launch_index: u32,
    pub(super) image: ImageId,
    pub(super) architecture: &'static str,
    pub(super) instance_type: String,
    pub(super) launched: Nanos,
    /// Whether detailed monitoring is on.
    pub(super) is_monitored: bool,
    /// The name of the key pair, and the public key.
    pub(super) key: Option<(String, String)>,
    /// The ARN of the instance profile.
    pub(super) profile: Option<String>,
    pub(crate) options: MetadataOptions,
    pub(super) tags: Tags,
    /// Shared with the facts before, as it is long and seldom changes.
    pub(super) user_data: Option<Arc<[u8]>>,
    /// The primary one first.
    pub(super) interfaces: Vec<InterfaceFacts>,
}

/// What is told of one interface.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct InterfaceFacts {
    pub(super) id: InterfaceId,
    pub(super) mac: [u8; 6],
    pub(super) device_index: u16,
    /// Private addresses, each with its public one.
    pub(super) addresses: Vec<(Ipv4Addr, Option<Ipv4Addr>)>,
    pub(super) ipv6_addresses: Vec<Ipv6Addr>,
    pub(super) groups: Vec<(GroupId, String)>,
    pub(super) subnet: SubnetId,
    pub(super) subnet_cidr: Option<Cidr4>,
    pub(super) subnet_ipv6_cidr: Option<Cidr6>,
    pub(super) vpc: VpcId,
    pub(super) vpc_cidrs: Vec<Cidr4>,
    pub(super) vpc_ipv6_cidrs: Vec<Cidr6>,
    /// Whether the VPC gives host names.
    pub(super) is_named: bool,
}

impl Facts {
    /// What tokens are made from: another for each run of an instance.
    pub(crate) fn secret(&self) -> u64 {
        let text = format!("{} {}", self.id, self.launched.0);
        text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        })
    }

    /// The facts of every running instance; `before` are the last ones.
    pub(crate) fn of(network: &Network, before: &BTreeMap<InstanceId, Facts>) -> BTreeMap<InstanceId, Facts> {
        let running = |instance: &&Instance| instance.state == InstanceState::Running;
        let instances = network.instances.iter().filter(running);
        let facts = instances.map(|instance| (instance.id, of_instance(network, instance, before)));
        facts.collect()
    }
}

fn of_instance(network: &Network, instance: &Instance, before: &BTreeMap<InstanceId, Facts>) -> Facts {
    let interfaces = instance.interfaces.iter().filter_map(|id| network.interfaces.get(id));
    let image = Image::find(instance.scope.region, instance.image);
    let same = |name: &&String| {
        network
            .key_pairs
            .of(instance.scope)
            .find(|pair| pair.name == **name)
            .map(|pair| pair.public_key.clone())
    };
    Facts {
        id: instance.id,
        account: instance.scope.account,
        zone: instance.zone,
        reservation: instance.reservation,
        launch_index: instance.launch_index,
        image: instance.image,
        architecture: image.map_or("x86_64", |image| image.architecture.as_str()),
        instance_type: instance.instance_type.clone(),
        launched: instance.launched.into(),
        is_monitored: instance.settings.is_monitored,
        key: instance.key_name.as_ref().map(|name| (name.clone(), same(&name).unwrap_or_default())),
        profile: instance.instance_profile.as_ref().map(|name| match name.starts_with("arn:") {
            true => name.clone(),
            false => format!("arn:aws:iam::{}:instance-profile/{name}", instance.scope.account),
        }),
        options: instance.settings.metadata,
        tags: instance.tags.clone(),
        user_data: user_data(instance, before.get(&instance.id)),
        interfaces: interfaces.map(|interface| of_interface(network, interface)).collect(),
    }
}

fn user_data(instance: &Instance, before: Option<&Facts>) -> Option<Arc<[u8]>> {
    let data = instance.user_data.as_deref()?;
    let known = before.and_then(|facts| facts.user_data.clone()).filter(|known| **known == *data);
    Some(known.unwrap_or_else(|| data.into()))
}

fn of_interface(network: &Network, interface: &Interface) -> InterfaceFacts {
    let subnet = network.subnets.get(&interface.subnet);
    let vpc = network.vpcs.get(&interface.vpc);
    let group = |id: &GroupId| network.groups.get(id).map(|group| (*id, group.name.clone()));
    let attachment = interface.attachment.as_ref();
    let addresses = interface.addresses.iter();
    InterfaceFacts {
        id: interface.id,
        mac: interface.mac,
        device_index: attachment.map_or(0, |attachment| attachment.device_index),
        addresses: addresses
            .map(|own| (own.private, own.public.as_ref().map(|public| public.address())))
            .collect(),
        ipv6_addresses: interface.ipv6_addresses.clone(),
        groups: interface.groups.iter().filter_map(group).collect(),
        subnet: interface.subnet,
        subnet_cidr: subnet.and_then(|subnet| subnet.cidr),
        subnet_ipv6_cidr: subnet.and_then(|subnet| subnet.ipv6_cidr.as_ref()).map(|held| held.cidr),
        vpc: interface.vpc,
        vpc_cidrs: vpc.map(|vpc| vpc.cidrs.iter().map(|held| held.cidr).collect()).unwrap_or_default(),
        vpc_ipv6_cidrs: vpc
            .map(|vpc| vpc.ipv6_cidrs.iter().map(|held| held.cidr).collect())
            .unwrap_or_default(),
        is_named: vpc.is_some_and(|vpc| vpc.dns_support && vpc.dns_hostnames),
    }
}
