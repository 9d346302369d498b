//! Why a command is refused: facts, not words. The API turns each into AWS's code and message.
//!
//! Variants are grouped by resource; those that several resources share come first.
//! Source: EC2 API Reference, "Error codes for the Amazon EC2 API".

use crate::*;
use std::fmt;

/// Why a command was refused. Nothing has changed when one is returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// No such resource in the caller's account and region.
    NotFound(Missing),
    /// The resource cannot be deleted or detached: others depend on it.
    HasDependents(Held),
    /// A quota of the account, region or resource is used up.
    OverLimit(Limit),
}

macro_rules! missing {
    ($($(#[$doc:meta])* $kind:ident($id:ty),)*) => {
        /// A resource that does not exist, by its kind and id.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Missing {
            $($(#[$doc])* $kind($id),)*
        }

        $(impl From<$id> for Missing {
            fn from(id: $id) -> Missing { Missing::$kind(id) }
        })*
    };
}

missing! {
    /// A VPC.
    Vpc(VpcId),
    /// A block of a VPC, by its association.
    VpcCidr(VpcCidrAssociationId),
    /// A DHCP options set.
    DhcpOptions(DhcpOptionsId),
    /// A subnet.
    Subnet(SubnetId),
    /// A block of a subnet, by its association.
    SubnetCidr(SubnetCidrAssociationId),
    /// A route table.
    RouteTable(RouteTableId),
    /// The association of a route table.
    RouteAssociation(RouteAssociationId),
    /// An internet gateway.
    InternetGateway(InternetGatewayId),
    /// A NAT gateway.
    NatGateway(NatGatewayId),
    /// A virtual private gateway.
    VpnGateway(VpnGatewayId),
    /// A transit gateway.
    TransitGateway(TransitGatewayId),
    /// A VPC endpoint.
    VpcEndpoint(VpcEndpointId),
    /// A prefix list.
    PrefixList(PrefixListId),
    /// A network ACL.
    NetworkAcl(NetworkAclId),
    /// The association of a network ACL with a subnet.
    AclAssociation(AclAssociationId),
    /// A security group.
    Group(GroupId),
    /// A rule of a security group.
    GroupRule(GroupRuleId),
    /// A network interface.
    Interface(InterfaceId),
    /// The attachment of a network interface.
    Attachment(AttachmentId),
    /// The allocation of an elastic IP address.
    Address(AllocationId),
    /// The association of an elastic IP address.
    AddressAssociation(AddressAssociationId),
    /// An instance.
    Instance(InstanceId),
    /// A machine image.
    Image(ImageId),
    /// A key pair.
    KeyPair(KeyPairId),
    /// A VPC peering connection.
    Peering(PeeringId),
    /// A flow log.
    FlowLog(FlowLogId),
    /// A volume.
    Volume(VolumeId),
}

/// What cannot go because others depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// The VPC still holds something that did not come with it.
    Vpc(VpcId),
    /// A subnet lies in this block of the VPC.
    VpcCidr(VpcId),
    /// The subnet holds an interface.
    Subnet(SubnetId),
    /// An interface has an address of the subnet's IPv6 block.
    SubnetCidr(SubnetCidrAssociationId),
    /// A VPC uses the options.
    DhcpOptions(DhcpOptionsId),
    /// The table is the main one or has associations.
    RouteTable(RouteTableId),
    /// The gateway is attached.
    InternetGateway(InternetGatewayId),
    /// Interfaces of the VPC have public addresses, so its gateway cannot be detached.
    PublicAddresses(VpcId),
    /// The ACL has associations.
    NetworkAcl(NetworkAclId),
    /// The group is on an interface or named by a rule of another group.
    Group(GroupId),
}

/// A quota that is used up. The numbers are in [`crate::limits::Limits`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// VPCs of a region.
    Vpcs,
    /// Blocks of one family of a VPC; with the quota.
    CidrsPerVpc(VpcId, usize),
    /// Subnets of a VPC.
    SubnetsPerVpc,
    /// Route tables of a VPC.
    RouteTablesPerVpc,
    /// Routes of one family in a table.
    RoutesPerTable,
    /// Internet gateways of a region.
    InternetGateways,
    /// Network ACLs of a VPC.
    NetworkAclsPerVpc,
    /// Entries of one direction and family in an ACL.
    EntriesPerAcl,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl std::error::Error for Refused {}

impl From<Missing> for Refused {
    fn from(missing: Missing) -> Refused {
        Refused::NotFound(missing)
    }
}

impl From<Held> for Refused {
    fn from(held: Held) -> Refused {
        Refused::HasDependents(held)
    }
}

impl From<Limit> for Refused {
    fn from(limit: Limit) -> Refused {
        Refused::OverLimit(limit)
    }
}
