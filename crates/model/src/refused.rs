//! Why a command is refused: facts, not words. The API turns each into AWS's code and message.
//!
//! Variants are grouped by resource; those that several resources share come first.
//! Source: EC2 API Reference, "Error codes for the Amazon EC2 API".

use crate::address::AddressRefusal;
use crate::dhcp::BadOption;
use crate::endpoint::EndpointRefusal;
use crate::flow_log::FlowLogRefusal;
use crate::group::GroupRefusal;
use crate::instance::InstanceRefusal;
use crate::interface::InterfaceRefusal;
use crate::nat_gateway::NatRefusal;
use crate::peering::PeeringRefusal;
use crate::prefix_list::PrefixListRefusal;
use crate::route::{Destination, Target};
use crate::tags::TagRefusal;
use crate::transit_gateway::TransitRefusal;
use crate::volume::VolumeRefusal;
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

    /// A VPC cannot have this block: not /16 to /28, or a range with another use.
    VpcRange(Cidr4),
    /// The VPC cannot have this block beside those it has: another private range.
    RestrictedRange(Cidr4),
    /// The block overlaps one of the VPC or of an active peer, or holds the destination of a route.
    BlockInUse(Cidr4),
    /// The VPC has asked for a peering, and gets no further block until it is answered.
    RequestPending(PeeringId),
    /// The primary block of a VPC stays.
    PrimaryBlock(VpcId, VpcCidrAssociationId),
    /// DNS host names need DNS support.
    HostnamesNeedDnsSupport(VpcId),
    /// The region has a default VPC.
    DefaultVpcExists,
    /// The region has no default VPC.
    DefaultVpcMissing,
    /// The zone has a default subnet.
    DefaultSubnetExists(SubnetId, ZoneName),
    /// The default VPC has no room for another default subnet.
    NoFreeBlock(VpcId),
    /// The option cannot be in a DHCP options set.
    DhcpOption(BadOption),

    /// The region has no such zone.
    NoSuchZone(ZoneName),
    /// A subnet needs a block.
    SubnetWithoutBlock,
    /// The block is not /16 to /28 (IPv6: /64), or lies outside the VPC.
    SubnetRange(Cidr),
    /// The block overlaps another subnet.
    SubnetConflict(Cidr),
    /// The subnet has no IPv6 block, so nothing in it can have an IPv6 address.
    SubnetWithoutIpv6(SubnetId),
    /// The subnet has an IPv6 block, and cannot have two.
    SubnetHasIpv6(SubnetId),
    /// The block is the only one of an IPv6-only subnet.
    OnlyBlock(SubnetId),

    /// The table has a route for this destination.
    RouteExists(Destination),
    /// The table has no route for this destination.
    NoRoute(RouteTableId, Destination),
    /// The table has no route for this destination whose target could be replaced.
    NoRouteToReplace(Destination),
    /// The local route cannot be removed.
    LocalRoute(RouteTableId, Destination),
    /// Only a route for a whole block of the VPC can be made local.
    LocalTarget(Destination),
    /// The destination is AWS's own.
    KeptDestination(Cidr),
    /// The destination is in a block of the VPC: it must be a whole subnet's and lead to an interface.
    InsideLocalRoute(Cidr),
    /// A gateway's table cannot lead the blocks of a prefix list anywhere.
    ListInGatewayTable(RouteTableId, PrefixListId),
    /// A gateway's table may only lead whole blocks of the VPC or a subnet to an interface.
    NotForGatewayTable(RouteTableId, Cidr),
    /// The gateway carries packets of the other family only.
    WrongFamily(Target, Cidr),
    /// Nothing that a route could lead to has this id.
    NoSuchTarget(Target),
    /// The table and the other resource are of different VPCs.
    DifferentNetworks(RouteTableId, Stranger),
    /// A route can lead to an instance only if it has exactly one interface.
    SeveralInterfaces(InstanceId),
    /// What the table should be associated with has an association with another table.
    TableAssociated(RouteTableId, RouteAssociationId),
    /// A VPC always has a main table.
    MainAssociation(RouteAssociationId),

    /// The gateway is attached to a VPC.
    GatewayAttached(InternetGatewayId, VpcId),
    /// The VPC has an internet gateway.
    VpcHasGateway(VpcId),
    /// The gateway is not attached to this VPC.
    GatewayNotAttached(InternetGatewayId, VpcId),

    /// The VPC has an egress-only internet gateway.
    VpcHasEgressOnlyGateway(VpcId),

    /// The default ACL of a VPC stays.
    DefaultAcl(NetworkAclId),
    /// The number of an entry is 1 to 32766.
    EntryNumber(u16),
    /// The ACL has an entry with this number and direction.
    EntryExists(u16),
    /// The ACL has no entry with this number and direction.
    NoEntry(NetworkAclId, u16),
    /// The ACL and the subnet are of different VPCs.
    AclOfOtherNetwork(NetworkAclId, SubnetId),

    /// A rule of tags.
    Tag(TagRefusal),
    /// A rule of VPC peering connections.
    Peering(PeeringRefusal),
    /// A rule of security groups.
    Group(GroupRefusal),
    /// A rule of network interfaces.
    Interface(InterfaceRefusal),
    /// A rule of elastic IP addresses.
    Address(AddressRefusal),
    /// A rule of NAT gateways.
    Nat(NatRefusal),
    /// A rule of instances and key pairs.
    Instance(InstanceRefusal),
    /// A rule of volumes.
    Volume(VolumeRefusal),
    /// A rule of transit gateways.
    Transit(TransitRefusal),
    /// A rule of prefix lists.
    PrefixList(PrefixListRefusal),
    /// A rule of VPC endpoints.
    Endpoint(EndpointRefusal),
    /// A rule of flow logs.
    FlowLog(FlowLogRefusal),
}

/// A resource of another VPC than a route table's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stranger {
    /// An internet gateway, or one that is attached to no VPC.
    InternetGateway(InternetGatewayId),
    /// A NAT gateway.
    NatGateway(NatGatewayId),
    /// An egress-only internet gateway.
    EgressOnlyGateway(EgressOnlyGatewayId),
    /// A network interface.
    Interface(InterfaceId),
    /// A subnet.
    Subnet(SubnetId),
    /// Another route table.
    RouteTable(RouteTableId),
}

macro_rules! missing {
    ($($(#[$doc:meta])* $kind:ident($id:ty),)*) => {
        /// A resource that does not exist, by its kind and id.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Missing {
            $($(#[$doc])* $kind($id),)*
            /// The attachment of a VPC to a transit gateway, where no other kind of attachment will do.
            TransitVpcAttachment(TransitAttachmentId),
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
    /// An egress-only internet gateway.
    EgressOnlyGateway(EgressOnlyGatewayId),
    /// A NAT gateway.
    NatGateway(NatGatewayId),
    /// A virtual private gateway.
    VpnGateway(VpnGatewayId),
    /// A transit gateway.
    TransitGateway(TransitGatewayId),
    /// A route table of a transit gateway.
    TransitTable(TransitTableId),
    /// An attachment to a transit gateway.
    TransitAttachment(TransitAttachmentId),
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
    /// The table is the main one, a NAT gateway's own, or has associations.
    RouteTable(RouteTableId),
    /// The gateway is attached.
    InternetGateway(InternetGatewayId),
    /// Interfaces or NAT gateways of the VPC have public addresses, so its gateway cannot be detached.
    PublicAddresses(VpcId),
    /// The ACL has associations.
    NetworkAcl(NetworkAclId),
    /// A route or rule refers to the prefix list.
    PrefixList(PrefixListId),
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
    /// Egress-only internet gateways of a region.
    EgressOnlyGateways,
    /// NAT gateways of an availability zone.
    NatGateways,
    /// Addresses of a NAT gateway.
    NatAddresses,
    /// Network ACLs of a VPC.
    NetworkAclsPerVpc,
    /// Entries of one direction and family in an ACL.
    EntriesPerAcl,
    /// Active peering connections of this VPC.
    ActivePeerings(VpcId),
    /// Peering requests of an account and region that wait for an answer.
    PeeringRequests,
    /// Security groups of a region.
    Groups,
    /// Rules of one direction and family in a group.
    RulesPerGroup,
    /// Security groups on an interface.
    GroupsPerInterface,
    /// Network interfaces of a region.
    Interfaces,
    /// Addresses of one family on an interface.
    AddressesPerInterface,
    /// Elastic IP addresses of a region.
    Addresses,
    /// Instances of a region that are not terminated; how many would be there, and the quota.
    Instances(usize, usize),
    /// Key pairs of a region.
    KeyPairs,
    /// Transit gateways of a region.
    TransitGateways,
    /// Route tables of a transit gateway.
    TransitTables,
    /// Static routes of a table of a transit gateway.
    TransitRoutes,
    /// Customer-managed prefix lists of a region.
    PrefixLists,
    /// Gateway endpoints of a region.
    GatewayEndpoints,
    /// Interface endpoints of a VPC.
    InterfaceEndpoints,
    /// Flow logs of one resource.
    FlowLogs,
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

macro_rules! rules {
    ($($kind:ident($refusal:ty))*) => {$(
        impl From<$refusal> for Refused {
            fn from(refusal: $refusal) -> Refused { Refused::$kind(refusal) }
        }
    )*};
}

rules! {
    Tag(TagRefusal) Peering(PeeringRefusal) Group(GroupRefusal) Interface(InterfaceRefusal) Address(AddressRefusal)
    Nat(NatRefusal) Instance(InstanceRefusal) Volume(VolumeRefusal) Transit(TransitRefusal) PrefixList(PrefixListRefusal)
    Endpoint(EndpointRefusal)
    FlowLog(FlowLogRefusal)
}
