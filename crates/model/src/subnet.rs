//! Subnets: a part of a VPC's addresses in one availability zone.
//!
//! Blocks of a VPC's subnets never overlap and lie in the VPC's blocks. Five IPv4 addresses of each are AWS's own.
//! Source: Amazon VPC User Guide, "Subnet sizing", "Subnet CIDR blocks" and "Modify your subnet".

#[cfg(test)]
mod tests;

use crate::interface::Interface;
use crate::table::Resource;
use crate::vpc::CidrAssociation;
use crate::vpc::blocks::PREFIXES;
use crate::{
    AclAssociationId, Cidr, Cidr4, Cidr6, Cx, Held, Limit, Missing, Network, NetworkAclId, Refused, Scope,
    SubnetCidrAssociationId, SubnetId, Tags, VpcId, ZoneName, tags,
};
use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;

/// The length of prefix of a subnet's IPv6 block.
pub const IPV6_PREFIX: u8 = 64;
/// The first addresses of a subnet that AWS keeps: network, router, resolver and one for the future.
pub const RESERVED_FIRST: u32 = 4;
/// All addresses of a subnet that AWS keeps: those and the last, broadcast.
pub const RESERVED: u32 = RESERVED_FIRST + 1;

/// A subnet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Subnet {
    /// Its id.
    pub id: SubnetId,
    /// Owner and region.
    pub scope: Scope,
    /// The VPC it is in.
    pub vpc: VpcId,
    /// The availability zone it is in.
    pub zone: ZoneName,
    /// The IPv4 block; `None` in an IPv6-only subnet.
    pub cidr: Option<Cidr4>,
    /// The IPv6 block, if any.
    pub ipv6_cidr: Option<CidrAssociation<Cidr6, SubnetCidrAssociationId>>,
    /// The network ACL; every subnet has exactly one.
    pub acl: NetworkAclId,
    /// The id of the association with the ACL.
    pub acl_association: AclAssociationId,
    /// Whether it is the zone's default subnet.
    pub is_default: bool,
    /// Whether instances launched here get a public IPv4 address.
    pub map_public_ip: bool,
    /// Whether interfaces made here get an IPv6 address.
    pub assign_ipv6: bool,
    /// Whether the resolver makes IPv6 answers for IPv4-only names (enableDns64).
    pub dns64: bool,
    /// How instances launched here are named.
    pub host_names: HostNames,
    /// Its tags.
    pub tags: Tags,
}

/// How the private host names of instances are made (privateDnsNameOptionsOnLaunch).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostNames {
    /// Whether they are made from the instance id (`resource-name`) and not from the IPv4 address (`ip-name`).
    pub by_resource: bool,
    /// Whether an instance id is answered with an IPv4 address.
    pub a_record: bool,
    /// Whether an instance id is answered with an IPv6 address.
    pub aaaa_record: bool,
}

impl Subnet {
    /// Whether one of the subnet's blocks lies in `cidr`.
    pub fn lies_in(&self, cidr: Cidr) -> bool {
        let ipv6 = self.ipv6_cidr.as_ref().map(|held| Cidr::V6(held.cidr));
        self.cidr.map(Cidr::V4).into_iter().chain(ipv6).any(|own| cidr.covers(own))
    }

    /// Whether AWS keeps `address` for itself: the first four and the last of the IPv4 block.
    pub fn reserves(&self, address: Ipv4Addr) -> bool {
        self.cidr.is_some_and(|cidr| {
            let is_first = (0..RESERVED_FIRST).any(|offset| cidr.nth(offset) == Some(address));
            is_first || cidr.last() == address
        })
    }
}

/// What CreateSubnet asks for.
#[derive(Clone, Debug)]
pub struct NewSubnet {
    /// The VPC it is to be in.
    pub vpc: VpcId,
    /// The zone it is to be in; Weir takes the region's first if none is named.
    pub zone: Option<ZoneName>,
    /// The IPv4 block, /16 to /28; `None` for an IPv6-only subnet.
    pub cidr: Option<Cidr4>,
    /// The IPv6 block, a /64.
    pub ipv6_cidr: Option<Cidr6>,
    /// Its tags.
    pub tags: Tags,
}

/// One attribute of a subnet and its new value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubnetAttribute {
    /// mapPublicIpOnLaunch.
    MapPublicIp(bool),
    /// assignIpv6AddressOnCreation.
    AssignIpv6(bool),
    /// enableDns64.
    Dns64(bool),
    /// privateDnsNameOptionsOnLaunch.hostnameType: `true` for `resource-name`.
    NamedByResource(bool),
    /// privateDnsNameOptionsOnLaunch.enableResourceNameDnsARecord.
    ARecord(bool),
    /// privateDnsNameOptionsOnLaunch.enableResourceNameDnsAAAARecord.
    AaaaRecord(bool),
}

/// Whether `zone` is a zone of the region that the caller acts in.
///
/// # Errors
/// [`Refused::NoSuchZone`].
pub fn check_zone(scope: Scope, zone: ZoneName) -> Result<(), Refused> {
    let known = |letter| ZoneName::new(scope.region, letter) == Some(zone);
    match ZoneName::LETTERS.into_iter().any(known) {
        true => Ok(()),
        false => Err(Refused::NoSuchZone(zone)),
    }
}

impl Network {
    /// The subnets of a VPC.
    pub fn subnets_of(&self, vpc: VpcId) -> impl Iterator<Item = &Subnet> {
        self.subnets.iter().filter(move |subnet| subnet.vpc == vpc)
    }

    /// The interfaces in a subnet.
    pub fn interfaces_in(&self, subnet: SubnetId) -> impl Iterator<Item = &Interface> {
        self.interfaces.iter().filter(move |interface| interface.subnet == subnet)
    }

    /// The number of IPv4 addresses of a subnet that are free: neither AWS's nor on an interface.
    pub fn available_addresses(&self, subnet: &Subnet) -> u32 {
        let Some(cidr) = subnet.cidr else { return 0 };
        let held: usize = self.interfaces_in(subnet.id).map(|interface| interface.addresses.len()).sum();
        let all = 1u32 << (32 - u32::from(cidr.prefix()));
        all.saturating_sub(RESERVED).saturating_sub(u32::try_from(held).unwrap_or(u32::MAX))
    }

    /// Makes a subnet, associated with the VPC's default ACL and, silently, its main route table.
    ///
    /// # Errors
    /// No such VPC; [`Refused::SubnetWithoutBlock`], [`Refused::SubnetRange`], [`Refused::SubnetConflict`],
    /// [`Refused::NoSuchZone`], [`Limit::SubnetsPerVpc`].
    pub fn create_subnet(&mut self, cx: &mut Cx, new: NewSubnet) -> Result<SubnetId, Refused> {
        tags::check(&new.tags)?;
        self.vpcs.find(cx.scope, &new.vpc)?;
        if let Some(zone) = new.zone {
            check_zone(cx.scope, zone)?;
        }
        if new.cidr.is_none() && new.ipv6_cidr.is_none() {
            return Err(Refused::SubnetWithoutBlock);
        }
        new.cidr.map(|cidr| self.check_subnet_block(new.vpc, cidr)).transpose()?;
        new.ipv6_cidr.map(|cidr| self.check_subnet_ipv6_block(new.vpc, cidr)).transpose()?;
        self.check_subnet_quota(new.vpc)?;
        Ok(self.add_subnet(cx, new))
    }

    pub(crate) fn check_subnet_quota(&self, vpc: VpcId) -> Result<(), Refused> {
        match self.subnets_of(vpc).count() < self.limits.subnets_per_vpc {
            true => Ok(()),
            false => Err(Limit::SubnetsPerVpc.into()),
        }
    }

    fn check_subnet_block(&self, vpc: VpcId, cidr: Cidr4) -> Result<(), Refused> {
        let blocks = self.vpcs.get(&vpc).map(|vpc| &vpc.cidrs);
        let is_inside = blocks.is_some_and(|blocks| blocks.iter().any(|block| block.cidr.covers(cidr)));
        if !PREFIXES.contains(&cidr.prefix()) || !is_inside {
            return Err(Refused::SubnetRange(cidr.into()));
        }
        match self.subnets_of(vpc).any(|subnet| subnet.cidr.is_some_and(|held| held.overlaps(cidr))) {
            true => Err(Refused::SubnetConflict(cidr.into())),
            false => Ok(()),
        }
    }

    fn check_subnet_ipv6_block(&self, vpc: VpcId, cidr: Cidr6) -> Result<(), Refused> {
        let blocks = self.vpcs.get(&vpc).map(|vpc| &vpc.ipv6_cidrs);
        let is_inside = blocks.is_some_and(|blocks| blocks.iter().any(|block| block.cidr.covers(cidr)));
        if cidr.prefix() != IPV6_PREFIX || !is_inside {
            return Err(Refused::SubnetRange(cidr.into()));
        }
        let overlaps = |held: &CidrAssociation<Cidr6, SubnetCidrAssociationId>| held.cidr.overlaps(cidr);
        match self.subnets_of(vpc).any(|subnet| subnet.ipv6_cidr.as_ref().is_some_and(overlaps)) {
            true => Err(Refused::SubnetConflict(cidr.into())),
            false => Ok(()),
        }
    }

    /// Adds a subnet that has passed all checks.
    pub(crate) fn add_subnet(&mut self, cx: &mut Cx, new: NewSubnet) -> SubnetId {
        let first_zone = ZoneName::new(cx.scope.region, ZoneName::LETTERS[0]);
        let subnet = Subnet {
            id: cx.ids.fresh(),
            scope: cx.scope,
            vpc: new.vpc,
            zone: new.zone.or(first_zone).expect("zones have lower-case letters"),
            cidr: new.cidr,
            ipv6_cidr: new.ipv6_cidr.map(|cidr| CidrAssociation { id: cx.ids.fresh(), cidr }),
            acl: self.default_acl(new.vpc).expect("every VPC has a default ACL").id,
            acl_association: cx.ids.fresh(),
            is_default: false,
            map_public_ip: false,
            // Interfaces in an IPv6-only subnet would have no address otherwise.
            assign_ipv6: new.cidr.is_none(),
            dns64: false,
            host_names: HostNames { by_resource: new.cidr.is_none(), ..HostNames::default() },
            tags: new.tags,
        };
        let id = subnet.id;
        self.subnets.insert(subnet);
        id
    }

    /// Deletes a subnet and its associations with a route table and ACL.
    ///
    /// # Errors
    /// No such subnet; [`Held::Subnet`] while an interface is in it.
    pub fn delete_subnet(&mut self, cx: &Cx, id: SubnetId) -> Result<(), Refused> {
        self.subnets.find(cx.scope, &id)?;
        if self.interfaces_in(id).next().is_some() {
            return Err(Held::Subnet(id).into());
        }
        self.forget_associations(id);
        self.subnets.remove(&id);
        Ok(())
    }

    /// Sets one attribute of a subnet.
    ///
    /// # Errors
    /// No such subnet; [`Refused::SubnetWithoutIpv6`] for IPv6 addresses in a subnet that has no IPv6 block.
    pub fn modify_subnet(
        &mut self,
        cx: &Cx,
        id: SubnetId,
        attribute: SubnetAttribute,
    ) -> Result<(), Refused> {
        let subnet = self.subnets.find(cx.scope, &id)?;
        if attribute == SubnetAttribute::AssignIpv6(true) && subnet.ipv6_cidr.is_none() {
            return Err(Refused::SubnetWithoutIpv6(id));
        }
        let subnet = self.subnets.get_mut(&id).expect("the subnet was just found");
        match attribute {
            SubnetAttribute::MapPublicIp(on) => subnet.map_public_ip = on,
            SubnetAttribute::AssignIpv6(on) => subnet.assign_ipv6 = on,
            SubnetAttribute::Dns64(on) => subnet.dns64 = on,
            SubnetAttribute::NamedByResource(on) => subnet.host_names.by_resource = on,
            SubnetAttribute::ARecord(on) => subnet.host_names.a_record = on,
            SubnetAttribute::AaaaRecord(on) => subnet.host_names.aaaa_record = on,
        }
        Ok(())
    }

    /// Gives a subnet an IPv6 block of its VPC.
    ///
    /// # Errors
    /// No such subnet; [`Refused::SubnetHasIpv6`], [`Refused::SubnetRange`], [`Refused::SubnetConflict`].
    pub fn add_subnet_block(
        &mut self,
        cx: &mut Cx,
        id: SubnetId,
        cidr: Cidr6,
    ) -> Result<SubnetCidrAssociationId, Refused> {
        let subnet = self.subnets.find(cx.scope, &id)?;
        if subnet.ipv6_cidr.is_some() {
            return Err(Refused::SubnetHasIpv6(id));
        }
        self.check_subnet_ipv6_block(subnet.vpc, cidr)?;
        let association = cx.ids.fresh();
        let subnet = self.subnets.get_mut(&id).expect("the subnet was just found");
        subnet.ipv6_cidr = Some(CidrAssociation { id: association, cidr });
        Ok(association)
    }

    /// Takes the IPv6 block, found by its association, from its subnet; gives the subnet and the block.
    ///
    /// # Errors
    /// No such association; [`Held::SubnetCidr`] while an interface has an address of it;
    /// [`Refused::OnlyBlock`] in an IPv6-only subnet.
    pub fn remove_subnet_block(
        &mut self,
        cx: &Cx,
        id: SubnetCidrAssociationId,
    ) -> Result<(SubnetId, Cidr6), Refused> {
        let held = |subnet: &&Subnet| subnet.ipv6_cidr.as_ref().is_some_and(|held| held.id == id);
        let subnet = self.subnets.of(cx.scope).find(held).ok_or(Missing::SubnetCidr(id))?;
        let block = subnet.ipv6_cidr.as_ref().ok_or(Missing::SubnetCidr(id))?.cidr;
        if subnet.cidr.is_none() {
            return Err(Refused::OnlyBlock(subnet.id));
        }
        let is_used =
            |interface: &Interface| interface.ipv6_addresses.iter().any(|address| block.contains(*address));
        if self.interfaces_in(subnet.id).any(is_used) {
            return Err(Held::SubnetCidr(id).into());
        }
        let found = subnet.id;
        let subnet = self.subnets.get_mut(&found).expect("the subnet was just found");
        subnet.ipv6_cidr = None;
        subnet.assign_ipv6 = false;
        Ok((found, block))
    }
}

impl Resource for Subnet {
    type Key = SubnetId;
    const KIND: &'static str = "subnet";
    fn key(&self) -> SubnetId {
        self.id
    }
}
