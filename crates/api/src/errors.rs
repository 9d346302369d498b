//! From why a command is refused to what the caller is told: total, one arm for each refusal, in the order of `refused.rs`.
//!
//! The status follows from the code (`WireError::new`).
//! Source: EC2 API Reference, "Error codes for the Amazon EC2 API"; IAM API Reference, "Errors" of each action. AWS does not
//! document the sentences: they are as clients have reported them.

mod resources;

use weir_model::dhcp::BadOption;
use weir_model::iam::IamRefused;
use weir_model::refused::{Held, Limit, Missing, Stranger};
use weir_model::route::{Destination, Target};
use weir_model::{Cidr, Refused, ZoneName};
use weir_wire::WireError;

/// What EC2 says of a refusal.
#[rustfmt::skip]
pub fn of_network(refused: &Refused) -> WireError {
    let (code, message) = match refused {
        Refused::NotFound(missing) => return not_found(missing),
        Refused::HasDependents(held) => return has_dependents(held),
        Refused::OverLimit(limit) => return over_limit(limit),

        Refused::VpcRange(cidr) => ("InvalidVpc.Range", format!("The CIDR '{cidr}' is invalid.")),
        Refused::RestrictedRange(cidr) => ("InvalidVpc.Range", format!("The CIDR '{cidr}' is restricted. Use a CIDR from the same private address range as the current VPC CIDR, or use a publicly-routable CIDR.")),
        Refused::BlockInUse(cidr) => ("InvalidVpc.Range", format!("The CIDR '{cidr}' conflicts with one of the CIDRs or routes of the network or its peers.")),
        Refused::RequestPending(peering) => ("OperationNotPermitted", format!("The vpc has the pending VPC peering connection {peering}, so no CIDR block can be associated with it.")),
        Refused::PrimaryBlock(_, association) => ("OperationNotPermitted", format!("The vpc CIDR block with association ID {association} may not be disassociated. It is the primary IPv4 CIDR block of the VPC")),
        Refused::HostnamesNeedDnsSupport(vpc) => ("InvalidParameterCombination", format!("To enable DNS hostnames for {vpc}, DNS support must be enabled.")),
        Refused::DefaultVpcExists => ("DefaultVpcAlreadyExists", "A Default VPC already exists for this account in this region.".to_owned()),
        Refused::DefaultVpcMissing => ("DefaultVpcDoesNotExist", "No default VPC exists for this account in this region.".to_owned()),
        Refused::DefaultSubnetExists(subnet, zone) => ("DefaultSubnetAlreadyExistsInAvailabilityZone", format!("'{subnet}' is already the default subnet in {zone}.")),
        Refused::NoFreeBlock(vpc) => ("InsufficientFreeCidrBlock", format!("There is no available CIDR block in {vpc} for another default subnet.")),
        Refused::DhcpOption(BadOption::Name(name)) => invalid(format!("Value ({name}) for parameter key is invalid. Unknown DHCP option")),
        Refused::DhcpOption(BadOption::Twice(name)) => invalid(format!("Duplicate DHCP option {name}.")),
        Refused::DhcpOption(BadOption::Count(name)) => invalid(format!("The number of values for DHCP option {name} is invalid.")),
        Refused::DhcpOption(BadOption::Value(name, value)) => invalid(format!("Value ({value}) for parameter {name} is invalid.")),

        Refused::NoSuchZone(zone) => invalid(format!("Value ({zone}) for parameter availabilityZone is invalid. Subnets can currently only be created in the following availability zones: {}.", zones(zone))),
        Refused::SubnetWithoutBlock => ("MissingParameter", "Either 'cidrBlock' or 'ipv6CidrBlock' should be provided.".to_owned()),
        Refused::SubnetRange(cidr) => ("InvalidSubnet.Range", format!("The CIDR '{cidr}' is invalid.")),
        Refused::SubnetConflict(cidr) => ("InvalidSubnet.Conflict", format!("The CIDR '{cidr}' conflicts with another subnet")),
        Refused::SubnetWithoutIpv6(subnet) => invalid(format!("Subnet {subnet} does not have an IPv6 CIDR block associated with it.")),
        Refused::SubnetHasIpv6(subnet) => ("InvalidSubnet.Conflict", format!("Subnet {subnet} is already associated with an IPv6 CIDR block.")),
        Refused::OnlyBlock(subnet) => ("OperationNotPermitted", format!("The IPv6 CIDR block is the only one of the IPv6-only subnet {subnet} and may not be disassociated.")),

        Refused::RouteExists(to) => ("RouteAlreadyExists", format!("The route identified by {} already exists.", destination(to))),
        Refused::NoRoute(table, to) => ("InvalidRoute.NotFound", format!("no route with {} {} in route table {table}", destination_kind(to), destination(to))),
        Refused::NoRouteToReplace(to) => invalid(format!("There is no route defined for '{}' in the route table. Use CreateRoute instead.", destination(to))),
        Refused::LocalRoute(table, to) => invalid(format!("cannot remove local route {} in route table {table}", destination(to))),
        Refused::LocalTarget(to) => invalid(format!("The destination {} is not a CIDR block of the VPC and cannot have the target local.", destination(to))),
        Refused::KeptDestination(cidr) => invalid(format!("The destination CIDR block {cidr} is reserved for AWS services.")),
        Refused::InsideLocalRoute(cidr) => invalid(format!("The destination CIDR block {cidr} is equal to or more specific than one of this VPC's CIDR blocks. This route can target only an interface or an instance.")),
        Refused::ListInGatewayTable(table, list) => invalid(format!("Route table {table} contains an unsupported route destination for a gateway: {list}.")),
        Refused::NotForGatewayTable(table, cidr) => invalid(format!("Route table {table} contains an unsupported route destination for a gateway: {cidr}.")),
        Refused::WrongFamily(target, cidr) => invalid(format!("The destination {cidr} is not valid for a route with the target {}.", target_name(target))),
        Refused::NoSuchTarget(target) => return no_such_target(target),
        Refused::DifferentNetworks(table, other) => invalid(format!("route table {table} and {} belong to different networks", stranger(other))),
        Refused::SeveralInterfaces(instance) => ("InvalidInstanceID", format!("There are multiple interfaces attached to instance '{instance}'. Please specify an interface ID for the operation instead.")),
        Refused::TableAssociated(table, association) => ("Resource.AlreadyAssociated", format!("the specified association for route table {table} conflicts with an existing association {association}")),
        Refused::MainAssociation(association) => invalid(format!("cannot disassociate the main route table association {association}")),

        Refused::GatewayAttached(gateway, vpc) => ("Resource.AlreadyAssociated", format!("resource {gateway} is already attached to network {vpc}")),
        Refused::VpcHasGateway(vpc) => invalid(format!("Network {vpc} already has an internet gateway attached")),
        Refused::GatewayNotAttached(gateway, vpc) => ("Gateway.NotAttached", format!("resource {gateway} is not attached to network {vpc}")),

        Refused::VpcHasEgressOnlyGateway(vpc) => invalid(format!("Network {vpc} already has an egress only internet gateway attached")),

        Refused::DefaultAcl(acl) => invalid(format!("cannot delete default network ACL {acl}")),
        Refused::EntryNumber(number) => invalid(format!("Value ({number}) for parameter ruleNumber is invalid. Rule number must be between 1 and 32766.")),
        Refused::EntryExists(number) => ("NetworkAclEntryAlreadyExists", format!("The network acl entry identified by {number} already exists.")),
        Refused::NoEntry(acl, number) => ("InvalidNetworkAclEntry.NotFound", format!("The network acl entry identified by {number} in network acl {acl} does not exist")),
        Refused::AclOfOtherNetwork(acl, subnet) => invalid(format!("network ACL {acl} and subnet {subnet} belong to different networks")),

        Refused::Tag(refusal) => resources::tag(refusal),
        Refused::Peering(refusal) => resources::peering(refusal),
        Refused::Group(refusal) => resources::group(refusal),
        Refused::Interface(refusal) => resources::interface(refusal),
        Refused::Address(refusal) => resources::address(refusal),
        Refused::Nat(refusal) => resources::nat(refusal),
        Refused::Instance(refusal) => resources::instance(refusal),
        Refused::Volume(refusal) => resources::volume(refusal),
        Refused::Transit(refusal) => resources::transit(refusal),
        Refused::PrefixList(refusal) => resources::prefix_list(refusal),
        Refused::Endpoint(refusal) => resources::endpoint(refusal),
        Refused::FlowLog(refusal) => resources::flow_log(refusal),
    };
    WireError::new(code, message)
}

fn invalid(message: String) -> (&'static str, String) {
    ("InvalidParameterValue", message)
}

fn zones(unknown: &ZoneName) -> String {
    ZoneName::LETTERS.map(|letter| format!("{}{letter}", unknown.region)).join(", ")
}

fn destination(to: &Destination) -> String {
    match to {
        Destination::Cidr(cidr) => cidr.to_string(),
        Destination::PrefixList(list) => list.to_string(),
    }
}

fn destination_kind(to: &Destination) -> &'static str {
    match to {
        Destination::Cidr(Cidr::V4(_)) => "destination-cidr-block",
        Destination::Cidr(Cidr::V6(_)) => "destination-ipv6-cidr-block",
        Destination::PrefixList(_) => "destination-prefix-list-id",
    }
}

fn target_name(target: &Target) -> String {
    match target {
        Target::EgressOnlyGateway(id) => id.to_string(),
        Target::NatGateway(id) => id.to_string(),
        other => format!("{other:?}"),
    }
}

fn stranger(other: &Stranger) -> String {
    match other {
        Stranger::InternetGateway(id) => format!("network gateway {id}"),
        Stranger::NatGateway(id) => format!("NAT gateway {id}"),
        Stranger::EgressOnlyGateway(id) => format!("egress only internet gateway {id}"),
        Stranger::Interface(id) => format!("interface {id}"),
        Stranger::Subnet(id) => format!("subnet {id}"),
        Stranger::RouteTable(id) => format!("route table {id}"),
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
        Missing::EgressOnlyGateway(id) => ("InvalidGatewayID.NotFound", format!("The eigw ID '{id}' does not exist")),
        Missing::NatGateway(id) => ("NatGatewayNotFound", format!("NAT gateway {id} was not found")),
        Missing::VpnGateway(id) => ("InvalidVpnGatewayID.NotFound", absent("vpnGateway ID", id)),
        Missing::TransitGateway(id) => ("InvalidTransitGatewayID.NotFound", format!("Transit Gateway {id} was deleted or does not exist.")),
        Missing::TransitTable(id) => ("InvalidRouteTableID.NotFound", format!("Transit Gateway Route Table {id} was deleted or does not exist.")),
        Missing::TransitAttachment(id) => ("InvalidTransitGatewayAttachmentID.NotFound", format!("Transit Gateway Attachment {id} was deleted or does not exist.")),
        Missing::TransitVpcAttachment(id) => ("InvalidTransitGatewayAttachmentID.NotFound", format!("Transit Gateway VPC Attachment {id} was deleted or does not exist.")),
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
        Missing::Volume(id) => ("InvalidVolume.NotFound", format!("The volume '{id}' does not exist.")),
    };
    WireError::new(code, message)
}

/// What EC2 says of several resources that are not there; of a kind whose sentence has no plural, of the first.
///
/// Assumption: the plural is as that of instances and groups, "The vpc IDs 'vpc-…, vpc-…' do not exist", for all kinds.
pub fn all_not_found(first: &Missing, others: &[Missing]) -> WireError {
    let said: Vec<WireError> = std::iter::once(first).chain(others).map(not_found).collect();
    let parts = |error: &WireError| {
        let text = error.message.strip_suffix("' does not exist")?;
        text.rsplit_once(" '").map(|(what, id)| (what.to_owned(), id.to_owned()))
    };
    let named: Option<Vec<(String, String)>> = said.iter().map(parts).collect();
    match named.as_deref() {
        Some([(what, _), _, ..]) => {
            let ids: Vec<&str> = named.iter().flatten().map(|(_, id)| id.as_str()).collect();
            WireError::new(not_found(first).code, format!("{what}s '{}' do not exist", ids.join(", ")))
        }
        _ => not_found(first),
    }
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
        Held::PrefixList(id) => depended_on("prefixList", id),
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
        Limit::EgressOnlyGateways => {
            ("EgressOnlyInternetGatewayLimitExceeded", reached("egress only internet gateways"))
        }
        Limit::NatGateways => ("NatGatewayLimitExceeded", reached("NAT gateways")),
        Limit::NatAddresses => ("PrivateIpAddressLimitExceeded", reached("addresses of a NAT gateway")),
        Limit::NetworkAclsPerVpc => ("NetworkAclLimitExceeded", reached("network ACLs")),
        Limit::EntriesPerAcl => ("NetworkAclEntryLimitExceeded", reached("network ACL entries")),
        Limit::ActivePeerings(vpc) => (
            "ActiveVpcPeeringConnectionPerVpcLimitExceeded",
            format!("The maximum number of active VPC peering connections has been reached for {vpc}."),
        ),
        Limit::PeeringRequests => (
            "OutstandingVpcPeeringConnectionLimitExceeded",
            reached("outstanding VPC peering connection requests"),
        ),
        Limit::Groups => ("SecurityGroupLimitExceeded", reached("security groups")),
        Limit::RulesPerGroup => ("RulesPerSecurityGroupLimitExceeded", reached("rules per security group")),
        Limit::GroupsPerInterface => {
            ("SecurityGroupsPerInterfaceLimitExceeded", reached("security groups per interface"))
        }
        Limit::Interfaces => ("NetworkInterfaceLimitExceeded", reached("network interfaces")),
        Limit::AddressesPerInterface => {
            ("PrivateIpAddressLimitExceeded", "Number of private addresses will exceed limit.".to_owned())
        }
        Limit::Addresses => ("AddressLimitExceeded", reached("addresses")),
        Limit::Instances(wanted, most) => (
            "InstanceLimitExceeded",
            format!(
                "You have requested more instances ({wanted}) than your current instance limit of {most} allows \
                 for the specified instance type."
            ),
        ),
        Limit::KeyPairs => ("KeyPairLimitExceeded", reached("key pairs")),
        Limit::TransitGateways => ("TransitGatewayLimitExceeded", reached("transit gateways")),
        Limit::TransitTables => {
            ("TransitGatewayRouteTableLimitExceeded", reached("transit gateway route tables"))
        }
        Limit::TransitRoutes => ("RouteLimitExceeded", reached("transit gateway routes")),
        Limit::PrefixLists => ("PrefixListLimitExceeded", reached("prefix lists")),
        Limit::GatewayEndpoints | Limit::InterfaceEndpoints => {
            ("VpcEndpointLimitExceeded", reached("VPC endpoints"))
        }
        Limit::FlowLogs => ("FlowLogsLimitExceeded", reached("flow logs")),
    };
    WireError::new(code, message)
}

/// Gateways that are missing as targets have other codes than those that are asked for by themselves.
fn no_such_target(target: &Target) -> WireError {
    let (code, message) = match target {
        Target::Local => ("InvalidGatewayID.NotFound", absent("gateway ID", "local")),
        Target::InternetGateway(id) => ("InvalidGatewayID.NotFound", absent("gateway ID", id)),
        Target::VpnGateway(id) => ("InvalidGatewayID.NotFound", absent("gateway ID", id)),
        Target::EgressOnlyGateway(id) => ("InvalidGatewayID.NotFound", absent("eigw ID", id)),
        Target::NatGateway(id) => ("InvalidNatGatewayID.NotFound", absent("natGateway ID", id)),
        Target::Peering(id) => return not_found(&Missing::Peering(*id)),
        Target::Interface(id) => return not_found(&Missing::Interface(*id)),
        Target::Instance(id, _) => return not_found(&Missing::Instance(*id)),
        Target::VpcEndpoint(id) => return not_found(&Missing::VpcEndpoint(*id)),
        Target::TransitGateway(id) => ("InvalidTransitGatewayID.NotFound", absent("transitGateway ID", id)),
    };
    WireError::new(code, message)
}

/// What IAM says of a refusal.
pub fn of_iam(refused: &IamRefused) -> WireError {
    let (code, message) = match refused {
        IamRefused::NoSuchRole(name) => {
            ("NoSuchEntity", format!("The role with name {name} cannot be found."))
        }
        IamRefused::NoSuchProfile(name) => {
            ("NoSuchEntity", format!("Instance Profile {name} cannot be found."))
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
        IamRefused::InProfile => (
            "DeleteConflict",
            "Cannot delete entity, must remove roles from instance profile first.".to_owned(),
        ),
        IamRefused::NoSuchScope(arn) => {
            ("NoSuchEntity", format!("Scope ARN: {arn} does not exist or is not attachable."))
        }
        IamRefused::NoSuchBoundary(name) => {
            ("NoSuchEntity", format!("The role with name {name} has no permissions boundary."))
        }
        IamRefused::VersionInForce => {
            ("DeleteConflict", "Cannot delete the default version of a policy.".to_owned())
        }
        IamRefused::HasVersions => (
            "DeleteConflict",
            "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy."
                .to_owned(),
        ),
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
