//! Subnets: a part of a VPC's addresses in one availability zone.
//!
//! Source: Amazon VPC User Guide, "Subnet sizing" and "Subnet CIDR blocks".

use crate::table::Resource;
use crate::vpc::CidrAssociation;
use crate::{
    AclAssociationId, Cidr4, Cidr6, NetworkAclId, Scope, SubnetCidrAssociationId, SubnetId, Tags, VpcId,
    ZoneName,
};
use serde::{Deserialize, Serialize};

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

impl Resource for Subnet {
    type Key = SubnetId;
    const KIND: &'static str = "subnet";
    fn key(&self) -> SubnetId {
        self.id
    }
}
