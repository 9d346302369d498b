//! From why a command is refused to what the caller is told: total, one arm for each refusal, in the order of `refused.rs`.
//!
//! The status follows from the code (`WireError::new`).
//! Source: EC2 API Reference, "Error codes for the Amazon EC2 API"; IAM API Reference, "Errors" of each action. AWS does not
//! document the sentences: they are as clients have reported them.

use weir_model::Refused;
use weir_model::iam::IamRefused;
use weir_model::refused::{Held, Limit, Missing};
use weir_wire::WireError;

/// What EC2 says of a refusal.
pub fn of_network(refused: &Refused) -> WireError {
    match refused {
        Refused::NotFound(missing) => not_found(missing),
        Refused::HasDependents(held) => has_dependents(held),
        Refused::OverLimit(limit) => over_limit(limit),
    }
}

#[rustfmt::skip]
fn not_found(missing: &Missing) -> WireError {
    let (code, message) = match missing {
        Missing::Vpc(id) => ("InvalidVpcID.NotFound", absent("vpc ID", id)),
        Missing::VpcCidr(id) => ("InvalidVpcCidrBlockAssociationID.NotFound", absent("vpc CIDR block association ID", id)),
        Missing::DhcpOptions(id) => ("InvalidDhcpOptionsID.NotFound", absent("dhcpOption ID", id)),
        Missing::Subnet(id) => ("InvalidSubnetID.NotFound", absent("subnet ID", id)),
        Missing::SubnetCidr(id) => ("InvalidSubnetCidrBlockAssociationID.NotFound", absent("subnet CIDR block association ID", id)),
        Missing::RouteTable(id) => ("InvalidRouteTableID.NotFound", absent("routeTable ID", id)),
        Missing::RouteAssociation(id) => ("InvalidAssociationID.NotFound", absent("association ID", id)),
        Missing::InternetGateway(id) => ("InvalidInternetGatewayID.NotFound", absent("internetGateway ID", id)),
        Missing::NatGateway(id) => ("NatGatewayNotFound", format!("NAT gateway {id} was not found")),
        Missing::VpnGateway(id) => ("InvalidVpnGatewayID.NotFound", absent("vpnGateway ID", id)),
        Missing::TransitGateway(id) => ("InvalidTransitGatewayID.NotFound", absent("transitGateway ID", id)),
        Missing::VpcEndpoint(id) => ("InvalidVpcEndpointId.NotFound", absent("Vpc Endpoint Id", id)),
        Missing::PrefixList(id) => ("InvalidPrefixListID.NotFound", absent("prefix list ID", id)),
        Missing::NetworkAcl(id) => ("InvalidNetworkAclID.NotFound", absent("networkAcl ID", id)),
        Missing::AclAssociation(id) => ("InvalidAssociationID.NotFound", absent("association ID", id)),
        Missing::Group(id) => ("InvalidGroup.NotFound", absent("security group", id)),
        Missing::GroupRule(id) => ("InvalidSecurityGroupRuleId.NotFound", absent("security group rule ID", id)),
        Missing::Interface(id) => ("InvalidNetworkInterfaceID.NotFound", absent("networkInterface ID", id)),
        Missing::Attachment(id) => ("InvalidAttachmentID.NotFound", absent("network interface attachment ID", id)),
        Missing::Address(id) => ("InvalidAllocationID.NotFound", absent("allocation ID", id)),
        Missing::AddressAssociation(id) => ("InvalidAssociationID.NotFound", absent("association ID", id)),
        Missing::Instance(id) => ("InvalidInstanceID.NotFound", absent("instance ID", id)),
        Missing::Image(id) => ("InvalidAMIID.NotFound", format!("The image id '[{id}]' does not exist")),
        Missing::KeyPair(id) => ("InvalidKeyPair.NotFound", absent("key pair", id)),
        Missing::Peering(id) => ("InvalidVpcPeeringConnectionID.NotFound", absent("vpcPeeringConnection ID", id)),
        Missing::FlowLog(id) => ("InvalidFlowLogId.NotFound", absent("flowLog ID", id)),
        Missing::Volume(id) => ("InvalidVolume.NotFound", absent("volume", id)),
    };
    WireError::new(code, message)
}

fn absent(what: &str, id: impl std::fmt::Display) -> String {
    format!("The {what} '{id}' does not exist")
}

fn has_dependents(held: &Held) -> WireError {
    let message = match held {
        Held::Vpc(id) => depended_on("vpc", id),
        Held::VpcCidr(id) => {
            format!("The vpc {id} has subnets in the CIDR block, which cannot be disassociated.")
        }
        Held::Subnet(id) => depended_on("subnet", id),
        Held::SubnetCidr(id) => depended_on("subnet CIDR block association", id),
        Held::DhcpOptions(id) => depended_on("dhcpOptions", id),
        Held::RouteTable(id) => depended_on("routeTable", id),
        Held::InternetGateway(id) => depended_on("internetGateway", id),
        Held::PublicAddresses(id) => format!(
            "Network {id} has some mapped public address(es). \
             Please unmap those public address(es) before detaching the gateway."
        ),
        Held::NetworkAcl(id) => depended_on("networkAcl", id),
        Held::Group(id) => format!("resource {id} has a dependent object"),
    };
    WireError::new("DependencyViolation", message)
}

fn depended_on(what: &str, id: impl std::fmt::Display) -> String {
    format!("The {what} '{id}' has dependencies and cannot be deleted.")
}

fn over_limit(limit: &Limit) -> WireError {
    let reached = |what: &str| format!("The maximum number of {what} has been reached.");
    let (code, message) = match limit {
        Limit::Vpcs => ("VpcLimitExceeded", reached("VPCs")),
        Limit::CidrsPerVpc(vpc, count) => (
            "CidrLimitExceeded",
            format!("This network {vpc} has met its maximum number of allowed CIDRs: {count}"),
        ),
        Limit::SubnetsPerVpc => ("SubnetLimitExceeded", reached("subnets")),
        Limit::RouteTablesPerVpc => ("RouteTableLimitExceeded", reached("route tables")),
        Limit::RoutesPerTable => ("RouteLimitExceeded", reached("routes")),
        Limit::InternetGateways => ("InternetGatewayLimitExceeded", reached("internet gateways")),
        Limit::NetworkAclsPerVpc => ("NetworkAclLimitExceeded", reached("network ACLs")),
        Limit::EntriesPerAcl => ("NetworkAclEntryLimitExceeded", reached("network ACL entries")),
    };
    WireError::new(code, message)
}

/// What IAM says of a refusal.
pub fn of_iam(refused: &IamRefused) -> WireError {
    let (code, message) = match refused {
        IamRefused::NoSuchRole(name) => {
            ("NoSuchEntity", format!("The role with name {name} cannot be found."))
        }
        IamRefused::NoSuchRolePolicy(name) => {
            ("NoSuchEntity", format!("The role policy with name {name} cannot be found."))
        }
        IamRefused::NoSuchPolicy(arn) => {
            ("NoSuchEntity", format!("Policy {arn} does not exist or is not attachable."))
        }
        IamRefused::NoSuchPolicyVersion(version) => {
            ("NoSuchEntity", format!("Policy version {version} does not exist."))
        }
        IamRefused::AlreadyExists { kind, name } => {
            ("EntityAlreadyExists", format!("{kind} with name {name} already exists."))
        }
        IamRefused::HasInlinePolicies => {
            ("DeleteConflict", "Cannot delete entity, must delete policies first.".to_owned())
        }
        IamRefused::HasAttachedPolicies => {
            ("DeleteConflict", "Cannot delete entity, must detach all policies first.".to_owned())
        }
        IamRefused::PolicyAttached => {
            ("DeleteConflict", "Cannot delete a policy attached to entities.".to_owned())
        }
        IamRefused::MalformedPolicyDocument(reason) => ("MalformedPolicyDocument", reason.clone()),
        IamRefused::LimitExceeded(quota, count) => {
            ("LimitExceeded", format!("Cannot exceed quota for {quota}: {count}"))
        }
        IamRefused::Invalid { member, constraint } => (
            "ValidationError",
            format!(
                "1 validation error detected: Value at '{member}' failed to satisfy constraint: {constraint}"
            ),
        ),
    };
    WireError::new(code, message)
}
