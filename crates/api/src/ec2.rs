//! Amazon EC2, as far as it is VPC: one module for each kind of resource.
//!
//! Source: Amazon EC2 API Reference.

pub mod account;
pub mod address;
pub mod block_public_access;
pub mod cidr_reservation;
pub mod dhcp;
pub mod egress_only_internet_gateway;
pub mod flow_log;
pub mod image;
pub mod instance;
pub mod internet_gateway;
pub mod key_pair;
pub mod nat_gateway;
pub mod network_acl;
pub mod network_interface;
pub mod peering;
pub mod prefix_list;
pub mod region;
pub mod route;
pub mod route_table;
pub mod security_group;
pub mod subnet;
pub mod tags;
pub mod transit_gateway;
pub mod volume;
pub mod vpc;
pub mod vpc_endpoint;
pub mod vpc_endpoint_service;
pub mod vpn_gateway;

use weir_wire::{Kind, Param, Params, WireError};

/// A switch for what is not here: it can only be said to be off, as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Off;

impl Param for Off {
    const KIND: Kind = Kind::Boolean;

    fn read(params: &Params, at: &str) -> Result<Off, WireError> {
        match bool::read(params, at)? {
            false => Ok(Off),
            true => Err(params.invalid(at, "true", "false")),
        }
    }
}

crate::table::operations! { Ec2 form:
    region { DescribeAvailabilityZones List DescribeRegions List }
    account { DescribeAccountAttributes List }
    vpc {
        CreateVpc Write CreateDefaultVpc Write DescribeVpcs List DescribeVpcAttribute Read ModifyVpcAttribute Write
        AssociateVpcCidrBlock Write DisassociateVpcCidrBlock Write DeleteVpc Write
    }
    subnet {
        CreateSubnet Write CreateDefaultSubnet Write DescribeSubnets List ModifySubnetAttribute Write
        AssociateSubnetCidrBlock Write DisassociateSubnetCidrBlock Write DeleteSubnet Write
    }
    cidr_reservation { GetSubnetCidrReservations List }
    block_public_access { DescribeVpcBlockPublicAccessOptions List }
    vpn_gateway { DescribeVpnGateways List }
    dhcp { CreateDhcpOptions Write DescribeDhcpOptions List AssociateDhcpOptions Write DeleteDhcpOptions Write }
    internet_gateway {
        CreateInternetGateway Write AttachInternetGateway Write DescribeInternetGateways List
        DetachInternetGateway Write DeleteInternetGateway Write
    }
    egress_only_internet_gateway {
        CreateEgressOnlyInternetGateway Write DescribeEgressOnlyInternetGateways List
        DeleteEgressOnlyInternetGateway Write
    }
    nat_gateway {
        CreateNatGateway Write DescribeNatGateways List DeleteNatGateway Write
        AssociateNatGatewayAddress Write DisassociateNatGatewayAddress Write
        AssignPrivateNatGatewayAddress Write UnassignPrivateNatGatewayAddress Write
    }
    route_table {
        CreateRouteTable Write DescribeRouteTables List AssociateRouteTable Write DisassociateRouteTable Write
        ReplaceRouteTableAssociation Write DeleteRouteTable Write
    }
    route { CreateRoute Write ReplaceRoute Write DeleteRoute Write }
    network_acl {
        CreateNetworkAcl Write CreateNetworkAclEntry Write ReplaceNetworkAclEntry Write DeleteNetworkAclEntry Write
        ReplaceNetworkAclAssociation Write DescribeNetworkAcls List DeleteNetworkAcl Write
    }
    security_group {
        CreateSecurityGroup Write DeleteSecurityGroup Write DescribeSecurityGroups List
        AuthorizeSecurityGroupIngress Write AuthorizeSecurityGroupEgress Write
        RevokeSecurityGroupIngress Write RevokeSecurityGroupEgress Write
        ModifySecurityGroupRules Write DescribeSecurityGroupRules List
        UpdateSecurityGroupRuleDescriptionsIngress Write UpdateSecurityGroupRuleDescriptionsEgress Write
        DescribeSecurityGroupReferences List DescribeStaleSecurityGroups List
        GetSecurityGroupsForVpc List DescribeSecurityGroupVpcAssociations List
    }
    network_interface {
        CreateNetworkInterface Write DeleteNetworkInterface Write DescribeNetworkInterfaces List
        AttachNetworkInterface Write DetachNetworkInterface Write
        ModifyNetworkInterfaceAttribute Write DescribeNetworkInterfaceAttribute List
        ResetNetworkInterfaceAttribute Write
        AssignPrivateIpAddresses Write UnassignPrivateIpAddresses Write
        AssignIpv6Addresses Write UnassignIpv6Addresses Write
    }
    address {
        AllocateAddress Write ReleaseAddress Write AssociateAddress Write DisassociateAddress Write
        DescribeAddresses List DescribeAddressesAttribute List
    }
    instance {
        RunInstances Write DescribeInstances List StartInstances Write StopInstances Write RebootInstances Write
        TerminateInstances Write DescribeInstanceStatus List
        ModifyInstanceAttribute Write DescribeInstanceAttribute List ModifyInstanceMetadataOptions Write
        DescribeInstanceCreditSpecifications List ModifyInstanceCreditSpecification Write
        ModifyPrivateDnsNameOptions Write MonitorInstances Write UnmonitorInstances Write
        ModifyInstanceMaintenanceOptions Write GetConsoleOutput Read
        AssociateIamInstanceProfile Write DescribeIamInstanceProfileAssociations List
        DisassociateIamInstanceProfile Write ReplaceIamInstanceProfileAssociation Write
    }
    volume {
        CreateVolume Write DescribeVolumes List AttachVolume Write DetachVolume Write DeleteVolume Write
        ModifyVolume Write DescribeVolumesModifications List
    }
    image { DescribeImages List DescribeInstanceTypes List DescribeInstanceTypeOfferings List }
    key_pair { CreateKeyPair Write ImportKeyPair Write DescribeKeyPairs List DeleteKeyPair Write }
    peering {
        CreateVpcPeeringConnection Write AcceptVpcPeeringConnection Write RejectVpcPeeringConnection Write
        DeleteVpcPeeringConnection Write DescribeVpcPeeringConnections List
        ModifyVpcPeeringConnectionOptions Write
    }
    transit_gateway {
        CreateTransitGateway Write DescribeTransitGateways List ModifyTransitGateway Write DeleteTransitGateway Write
        CreateTransitGatewayVpcAttachment Write DescribeTransitGatewayVpcAttachments List
        ModifyTransitGatewayVpcAttachment Write DeleteTransitGatewayVpcAttachment Write
        DescribeTransitGatewayAttachments List GetTransitGatewayAttachmentPropagations List
        CreateTransitGatewayPeeringAttachment Write AcceptTransitGatewayPeeringAttachment Write
        RejectTransitGatewayPeeringAttachment Write DeleteTransitGatewayPeeringAttachment Write
        DescribeTransitGatewayPeeringAttachments List
        CreateTransitGatewayRouteTable Write DescribeTransitGatewayRouteTables List
        DeleteTransitGatewayRouteTable Write
        AssociateTransitGatewayRouteTable Write DisassociateTransitGatewayRouteTable Write
        GetTransitGatewayRouteTableAssociations List
        EnableTransitGatewayRouteTablePropagation Write DisableTransitGatewayRouteTablePropagation Write
        GetTransitGatewayRouteTablePropagations List
        CreateTransitGatewayRoute Write ReplaceTransitGatewayRoute Write DeleteTransitGatewayRoute Write
        SearchTransitGatewayRoutes List
        CreateTransitGatewayPrefixListReference Write ModifyTransitGatewayPrefixListReference Write
        DeleteTransitGatewayPrefixListReference Write GetTransitGatewayPrefixListReferences List
    }
    prefix_list {
        CreateManagedPrefixList Write DescribeManagedPrefixLists List GetManagedPrefixListEntries List
        GetManagedPrefixListAssociations List ModifyManagedPrefixList Write RestoreManagedPrefixListVersion Write
        DeleteManagedPrefixList Write DescribePrefixLists List
    }
    vpc_endpoint { CreateVpcEndpoint Write ModifyVpcEndpoint Write DeleteVpcEndpoints Write DescribeVpcEndpoints List DescribeVpcEndpointAssociations List }
    vpc_endpoint_service { DescribeVpcEndpointServices List }
    flow_log { CreateFlowLogs Write DescribeFlowLogs List DeleteFlowLogs Write }
    tags { CreateTags Tagging DeleteTags Tagging DescribeTags List }
}
