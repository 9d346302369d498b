//! What EC2 says of refusals that belong to one kind of resource.

use super::invalid;
use weir_model::address::AddressRefusal;
use weir_model::endpoint::EndpointRefusal;
use weir_model::flow_log::FlowLogRefusal;
use weir_model::group::{GroupRefusal, GroupRule, GroupText, Peer};
use weir_model::instance::{BadInterfaces, InstanceRefusal, USER_DATA_BYTES_MAX};
use weir_model::instance_type::InstanceType;
use weir_model::interface::InterfaceRefusal;
use weir_model::nat_gateway::{Connectivity, NatRefusal};
use weir_model::peering::PeeringRefusal;
use weir_model::prefix_list::{ENTRIES_MAX, PrefixListRefusal};
use weir_model::protocol::Traffic;
use weir_model::tags::{KEY_CHARS_MAX, TagRefusal, VALUE_CHARS_MAX};
use weir_model::transit_gateway::TransitRefusal;
use weir_model::volume::{BadDevice, VOLUMES_MAX, VolumeRefusal};

type Said = (&'static str, String);

#[rustfmt::skip]
pub(super) fn tag(refusal: &TagRefusal) -> Said {
    match refusal {
        TagRefusal::KeyLength(key) if key.is_empty() => invalid("Tag key cannot be null or empty.".to_owned()),
        TagRefusal::KeyLength(_) => invalid(format!("Tag key exceeds the maximum length of {KEY_CHARS_MAX} characters")),
        TagRefusal::ValueLength(_) => invalid(format!("Tag value exceeds the maximum length of {VALUE_CHARS_MAX} characters")),
        TagRefusal::ReservedKey(_) => invalid("Tag keys starting with 'aws:' are reserved for internal use".to_owned()),
        TagRefusal::TooMany => ("TagLimitExceeded", "The maximum number of Tags for a resource has been reached.".to_owned()),
    }
}

#[rustfmt::skip]
pub(super) fn peering(refusal: &PeeringRefusal) -> Said {
    match refusal {
        PeeringRefusal::WithItself(vpc) => invalid(format!("The requester and accepter VPC {vpc} must be different.")),
        PeeringRefusal::AlreadyExists(id) => ("VpcPeeringConnectionAlreadyExists", format!("The vpc peering connection identified by {id} already exists.")),
        PeeringRefusal::NotForAccount { peering, account, verb } => ("OperationNotPermitted", format!("User ({account}) cannot {verb} peering {peering}")),
        PeeringRefusal::WrongRegion { peering, given, wanted, verb } => ("OperationNotPermitted", format!("Incorrect region ({given}) specified for this request. VPC peering connection {peering} must be {verb} in region {wanted}")),
        PeeringRefusal::Transition { peering, from, to } => ("InvalidStateTransition", format!("Invalid state transition for {peering}, attempted to transition from {} to {to}", from.code())),
        PeeringRefusal::NotActive(id) => ("OperationNotPermitted", format!("Peering {id} is not active. Peering options can be added only to active peerings.")),
        PeeringRefusal::DnsHostnamesDisabled(vpc) => ("InvalidVpcPeeringConnectionState.DnsHostnamesDisabled", format!("DNS hostname support must be enabled for {vpc} to enable DNS resolution over the VPC peering connection.")),
    }
}

/// What names and descriptions of groups are made of, with the two spaces that AWS's sentence has.
const STRINGS: &str =
    "strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*";

#[rustfmt::skip]
pub(super) fn group(refusal: &GroupRefusal) -> Said {
    match refusal {
        GroupRefusal::Text { member: GroupText::Description, given } if given.is_empty() => invalid("Value () for parameter GroupDescription is invalid. Value must be non-empty.".to_owned()),
        GroupRefusal::Text { member: GroupText::Name, given } if !given.is_ascii() => invalid(format!("Value ({given}) for parameter GroupName is invalid. Character sets beyond ASCII are not supported.")),
        GroupRefusal::Text { member: GroupText::Description, given } if !given.is_ascii() => invalid(format!("Value ({given}) for parameter GroupDescription is invalid. Character sets beyond ASCII are not supported.")),
        GroupRefusal::Text { member: GroupText::Name, .. } => invalid(format!("Invalid security group name. Valid names are non-empty {STRINGS}")),
        GroupRefusal::Text { member: GroupText::Description, .. } => invalid(format!("Invalid security group description. Valid descriptions are {STRINGS}")),
        GroupRefusal::Text { member: GroupText::RuleDescription, .. } => invalid(format!("Invalid rule description. Valid descriptions are {STRINGS}")),
        GroupRefusal::Reserved(name) if name == "default" => ("InvalidGroup.Reserved", "The security group 'default' is reserved".to_owned()),
        GroupRefusal::Reserved(name) => invalid(format!("Value ({name}) for parameter GroupName is invalid. Group names may not be in the format sg-*.")),
        GroupRefusal::Duplicate { name, vpc } => ("InvalidGroup.Duplicate", format!("The security group '{name}' already exists for VPC '{vpc}'")),
        GroupRefusal::NoSuchName { name, vpc: Some(vpc) } => ("InvalidGroup.NotFound", format!("The security group '{name}' does not exist in default VPC '{vpc}'")),
        GroupRefusal::NoSuchName { name, vpc: None } => ("InvalidGroup.NotFound", format!("The security group '{name}' does not exist")),
        GroupRefusal::IsDefault(id) => ("CannotDelete", format!("the specified group: \"{id}\" name: \"default\" cannot be deleted by a user")),
        GroupRefusal::NotReachable(_) => ("InvalidGroup.NotFound", "You have specified two resources that belong to different networks.".to_owned()),
        GroupRefusal::DuplicateRule(rule) => ("InvalidPermission.Duplicate", format!("the specified rule \"{}\" already exists", rule_text(rule))),
        GroupRefusal::RepeatedRule => invalid("The same permission must not appear multiple times".to_owned()),
        GroupRefusal::NoSuchRule(_) => ("InvalidPermission.NotFound", "The specified rule does not exist in this security group.".to_owned()),
        GroupRefusal::WrongDirection(rule) => ("InvalidSecurityGroupRuleId.NotFound", format!("The security group rule ID '{rule}' is of the other direction")),
    }
}

/// A rule as errors show it: `peer: 0.0.0.0/0, TCP, from port: 22, to port: 22, ALLOW`.
fn rule_text(rule: &GroupRule) -> String {
    let peer = match rule.peer {
        Peer::Cidr(cidr) => cidr.to_string(),
        Peer::Group { group, .. } => group.to_string(),
        Peer::PrefixList(list) => list.to_string(),
    };
    let any = |number: Option<u8>| number.map_or(-1, i32::from);
    let name = |protocol: weir_model::Protocol| protocol.name().to_uppercase();
    let traffic = match rule.traffic {
        Traffic::All => "ALL, ALLOW".to_owned(),
        Traffic::Ports(protocol, ports) => {
            format!("{}, from port: {}, to port: {}, ALLOW", name(protocol), ports.first(), ports.last())
        }
        Traffic::Icmp { protocol, kind, code } => {
            format!("{}, type: {}, code: {}, ALLOW", name(protocol), any(kind), any(code))
        }
        Traffic::Protocol(protocol) => format!("{}, ALLOW", name(protocol)),
    };
    format!("peer: {peer}, {traffic}")
}

#[rustfmt::skip]
pub(super) fn interface(refusal: &InterfaceRefusal) -> Said {
    match refusal {
        InterfaceRefusal::OutsideSubnet(address) => invalid(format!("Address {address} does not fall within the subnet's address range")),
        InterfaceRefusal::ReservedAddress(address) => invalid(format!("Address {address} is in subnet's reserved address range")),
        InterfaceRefusal::AddressInUse(address) => ("InvalidIPAddress.InUse", format!("Address {address} is in use.")),
        InterfaceRefusal::SubnetFull(subnet) => ("InsufficientFreeAddressesInSubnet", format!("The specified subnet {subnet} does not have enough free addresses to satisfy the request.")),
        InterfaceRefusal::NoBlock { subnet, ipv6: true } => invalid(format!("The subnet {subnet} does not have an IPv6 CIDR block associated with it.")),
        InterfaceRefusal::NoBlock { subnet, ipv6: false } => invalid(format!("The subnet {subnet} does not have an IPv4 CIDR block.")),
        InterfaceRefusal::OtherNetwork { group, subnet } => ("InvalidParameter", format!("Security group {group} and subnet {subnet} belong to different networks.")),
        InterfaceRefusal::InUse(id) => ("InvalidNetworkInterface.InUse", format!("Network interface '{id}' is currently in use.")),
        InterfaceRefusal::Managed(id) => ("OperationNotPermitted", format!("You do not have permission to manage the network interface '{id}': it is managed by AWS.")),
        InterfaceRefusal::IsPrimary(_) => ("OperationNotPermitted", "The network interface at device index 0 and networkCard index 0 cannot be detached.".to_owned()),
        InterfaceRefusal::OtherZone(..) => ("InvalidParameterCombination", "You may not attach a network interface to an instance if they are not in the same availability zone".to_owned()),
        InterfaceRefusal::DeviceIndexInUse(instance, index) => invalid(format!("Instance '{instance}' already has an interface attached at device index '{index}'.")),
        InterfaceRefusal::OtherAttachment(interface, attachment) => ("InvalidAttachmentID.NotFound", format!("The attachment '{attachment}' is not an attachment of the network interface '{interface}'")),
        InterfaceRefusal::IsPrimaryAddress(address) => invalid(format!("The primary private IP address {address} of an interface cannot be unassigned")),
        InterfaceRefusal::TrackingTimeout { member, given, least, most } => invalid(format!("Value ({given}) for parameter {member} is invalid. Value must be between {least} and {most}.")),
        InterfaceRefusal::NotAssigned(interface, address) => invalid(format!("The address {address} is not assigned to interface {interface}")),
    }
}

#[rustfmt::skip]
pub(super) fn address(refusal: &AddressRefusal) -> Said {
    match refusal {
        AddressRefusal::NoSuchPublic(address) => ("InvalidAddress.NotFound", format!("Address '{address}' not found.")),
        AddressRefusal::NotAvailable(address) => ("InvalidAddress.NotFound", format!("Address '{address}' is not available.")),
        AddressRefusal::PoolEmpty => ("InsufficientAddressCapacity", "Insufficient capacity to allocate an address.".to_owned()),
        AddressRefusal::NoGateway(vpc) => ("Gateway.NotAttached", format!("Network {vpc} is not attached to any internet gateway")),
        AddressRefusal::AlreadyAssociated(id) => ("Resource.AlreadyAssociated", format!("resource {id} is already associated with another resource")),
        AddressRefusal::InUse(address) => ("InvalidIPAddress.InUse", format!("Address {address} is in use.")),
    }
}

#[rustfmt::skip]
pub(super) fn instance(refusal: &InstanceRefusal) -> Said {
    match refusal {
        InstanceRefusal::NoSuch(ids) => match ids.as_slice() {
            [id] => ("InvalidInstanceID.NotFound", format!("The instance ID '{id}' does not exist")),
            ids => ("InvalidInstanceID.NotFound", format!("The instance IDs '{}' do not exist", list(ids))),
        },
        InstanceRefusal::NotUsable(id) => ("IncorrectInstanceState", format!("The instance '{id}' is terminated.")),
        InstanceRefusal::WrongState { instance, verb } => ("IncorrectInstanceState", format!("The instance '{instance}' is not in a state from which it can be {verb}.")),
        InstanceRefusal::NotStopped(id) => ("IncorrectInstanceState", format!("The instance '{id}' is not in the 'stopped' state.")),
        InstanceRefusal::Protected { instance, verb, attribute } => ("OperationNotPermitted", format!("The instance '{instance}' may not be {verb}. Modify its '{attribute}' instance attribute and try again.")),
        InstanceRefusal::SeveralInterfaces(id) => ("InvalidInstanceID", format!("There are multiple interfaces attached to instance '{id}'. Please specify an interface ID for the operation instead.")),
        InstanceRefusal::NoSuchType(name) if InstanceType::is_name(name) => ("UnsupportedOperation", format!("The instance type '{name}' is not implemented by weir.")),
        InstanceRefusal::NoSuchType(name) => invalid(format!("Invalid value '{name}' for InstanceType.")),
        InstanceRefusal::NoCredits(Some(id)) => ("InstanceCreditSpecification.NotSupported", format!("The instance '{id}' does not use CPU credits for CPU usage.")),
        InstanceRefusal::NoCredits(None) => ("InstanceCreditSpecification.NotSupported", "The specified instance type does not use CPU credits for CPU usage.".to_owned()),
        InstanceRefusal::CpuOptions(cpu, name) => invalid(format!("CpuOptions: {} cores with {} threads each are not supported by the instance type {name}.", cpu.cores, cpu.threads_per_core)),
        InstanceRefusal::NamedByNoAddress => invalid("The hostname type ip-name requires an IPv4 address; in an IPv6-only subnet it must be resource-name.".to_owned()),
        InstanceRefusal::OtherZone { zone, subnet, own } => invalid(format!("Value ({zone}) for parameter availabilityZone is invalid. Subnet '{subnet}' is in the availability zone {own}")),
        InstanceRefusal::Device(bad) => device(bad),
        InstanceRefusal::NoSuchDevice(name) => ("InvalidInstanceAttributeValue", format!("No device is currently mapped at {name}")),
        InstanceRefusal::NoHibernation(id) => ("UnsupportedHibernationConfiguration", format!("The instance '{id}' is not configured for hibernation.")),
        InstanceRefusal::HasProfile(id) => ("IncorrectState", format!("There is an existing association for instance {id}")),
        InstanceRefusal::NoSuchAssociation(id) => ("NoSuchAssociation", format!("An invalid association-id of '{id}' was given")),
        InstanceRefusal::Architecture { image, instance_type } => invalid(format!("The architecture '{instance_type}' of the specified instance type does not match the architecture '{image}' of the specified AMI. Specify an instance type and an AMI that have matching architectures, and try again.")),
        InstanceRefusal::TooManyInterfaces { count, instance_type } => ("AttachmentLimitExceeded", format!("Interface count {count} exceeds the limit for {instance_type}")),
        InstanceRefusal::TooManyAddresses(_) => ("PrivateIpAddressLimitExceeded", "Number of private addresses will exceed limit.".to_owned()),
        InstanceRefusal::UserDataLength => invalid(format!("User data is limited to {USER_DATA_BYTES_MAX} bytes")),
        InstanceRefusal::NoDefaultVpc => ("VPCIdNotSpecified", "No default VPC for this user".to_owned()),
        InstanceRefusal::NoDefaultSubnet(vpc) => ("MissingInput", format!("No subnets found for the default VPC '{vpc}'. Please specify a subnet.")),
        InstanceRefusal::Interfaces(bad) => interfaces(*bad),
        InstanceRefusal::NoSuchKeyPair(name) => ("InvalidKeyPair.NotFound", format!("The key pair '{name}' does not exist")),
        InstanceRefusal::DuplicateKeyPair(name) => ("InvalidKeyPair.Duplicate", format!("The key pair '{name}' already exists.")),
        InstanceRefusal::KeyPairName(name) => invalid(format!("Value ({name}) for parameter KeyName is invalid. Up to 255 ASCII characters are allowed.")),
    }
}

#[rustfmt::skip]
fn interfaces(bad: BadInterfaces) -> Said {
    let combination = |message: &str| ("InvalidParameterCombination", message.to_owned());
    match bad {
        BadInterfaces::NoPrimary => invalid("When specifying network interfaces, you must include a device at index 0.".to_owned()),
        BadInterfaces::SameIndex(index) => invalid(format!("Duplicate device index '{index}' in network interfaces.")),
        BadInterfaces::SeveralZones => combination("All network interfaces must be in the same availability zone."),
        BadInterfaces::NamedForSeveral => combination("Network interfaces and IP addresses may not be specified when launching more than one instance."),
        BadInterfaces::PublicForSeveral => combination("The associatePublicIPAddress parameter cannot be specified when launching with multiple network interfaces."),
    }
}

/// Assumption: AWS documents the codes in general only, and none of these sentences.
#[rustfmt::skip]
pub(super) fn nat(refusal: &NatRefusal) -> Said {
    match refusal {
        NatRefusal::NoAllocation => ("MissingParameter", "The request must contain the parameter AllocationId".to_owned()),
        NatRefusal::AllocationForPrivate => ("InvalidParameter", "AllocationId can only be specified for a NAT gateway with connectivity type public".to_owned()),
        NatRefusal::WrongConnectivity(id, Connectivity::Public) => ("InvalidParameter", format!("NAT gateway {id} has connectivity type public")),
        NatRefusal::WrongConnectivity(id, Connectivity::Private) => ("InvalidParameter", format!("NAT gateway {id} has connectivity type private")),
        NatRefusal::NotAvailable(id, state) => ("InvalidParameter", format!("NAT gateway {id} is in state {}, not available", state.word())),
        NatRefusal::AlreadyAssociated(id) => ("Resource.AlreadyAssociated", format!("Elastic IP address {id} is already associated")),
        NatRefusal::Primary(address) => ("InvalidParameter", format!("The primary address {address} of a NAT gateway cannot be removed")),
        NatRefusal::NotAssigned(id, address) => invalid(format!("The address {address} is not assigned to NAT gateway {id}")),
        NatRefusal::UnevenAddresses => ("InvalidParameterCombination", "The number of secondary private IP addresses must match the number of secondary allocation IDs".to_owned()),
        NatRefusal::PrivateForRegional => ("InvalidParameterCombination", "The parameter PrivateIpAddresses cannot be used with availability mode regional".to_owned()),
        NatRefusal::ZoneWithoutAddress(zone) => ("MissingParameter", format!("The request must contain the parameter AllocationIds for the availability zone {zone}")),
        NatRefusal::ZoneTwice(zone) => invalid(format!("The availability zone {zone} is specified more than once")),
        NatRefusal::NoZone(_) => ("MissingParameter", "The request must contain the parameter AvailabilityZone or AvailabilityZoneId".to_owned()),
        NatRefusal::ZoneForZonal(id) => ("InvalidParameter", format!("NAT gateway {id} has availability mode zonal")),
        NatRefusal::Automatic(id) => ("InvalidParameter", format!("The addresses of NAT gateway {id} are managed automatically")),
    }
}

/// Assumption: of these sentences only those of duplicates, wrong states and attachments that are left have been reported.
#[rustfmt::skip]
pub(super) fn transit(refusal: &TransitRefusal) -> Said {
    match refusal {
        TransitRefusal::Asn(asn) => invalid(format!("Value ({asn}) for parameter AmazonSideAsn is invalid. It must be in the range 64512-65534 or 4200000000-4294967294.")),
        TransitRefusal::Block(cidr) => invalid(format!("Value ({cidr}) for parameter TransitGatewayCidrBlocks is invalid.")),
        TransitRefusal::HasAttachments(gateway, kind, ids) => ("IncorrectState", format!("{gateway} has non-deleted {kind} Attachments: {}.", list(ids))),
        TransitRefusal::HasTables(gateway, ids) => ("IncorrectState", format!("{gateway} has non-deleted Transit Gateway Route Tables: {}.", list(ids))),
        TransitRefusal::AlreadyAttached(gateway) => ("DuplicateTransitGatewayAttachment", format!("{gateway} has non-deleted Transit Gateway Attachments with same VPC ID.")),
        TransitRefusal::SameZone => ("DuplicateSubnetsInSameZone", "Duplicate Subnets for same AZ".to_owned()),
        TransitRefusal::OtherVpc(subnet, vpc) => invalid(format!("The subnet '{subnet}' is not in the VPC '{vpc}'.")),
        TransitRefusal::Ipv6Only(subnet) => invalid(format!("The subnet '{subnet}' is IPv6-only. A transit gateway attachment needs subnets with IPv4 addresses.")),
        TransitRefusal::HasSubnet(attachment, subnet) => invalid(format!("The subnet '{subnet}' is already part of {attachment}.")),
        TransitRefusal::NotOfAttachment(attachment, subnet) => invalid(format!("The subnet '{subnet}' is not part of {attachment}.")),
        TransitRefusal::LastSubnet(attachment) => invalid(format!("{attachment} must have at least one subnet.")),
        TransitRefusal::WrongState(attachment) => ("IncorrectState", format!("{attachment} is in invalid state")),
        TransitRefusal::WithItself(gateway) => invalid(format!("{gateway} cannot be peered with itself.")),
        TransitRefusal::AlreadyPeered(gateway) => ("DuplicateTransitGatewayAttachment", format!("{gateway} has non-deleted Transit Gateway Peering Attachments with same peer.")),
        TransitRefusal::NotAccepter(attachment) => ("OperationNotPermitted", format!("Only the owner of the accepter transit gateway can accept or reject {attachment}, in its region.")),
        TransitRefusal::TableAssociated(table) => ("IncorrectState", format!("{table} has non-deleted associations.")),
        TransitRefusal::DefaultTable(table) => ("IncorrectState", format!("{table} is a default route table of its transit gateway and cannot be deleted.")),
        TransitRefusal::OtherGateway(table, attachment) => invalid(format!("{table} and {attachment} belong to different transit gateways.")),
        TransitRefusal::AlreadyAssociated(attachment) => ("Resource.AlreadyAssociated", format!("Transit Gateway Attachment {attachment} is already associated to a route table.")),
        TransitRefusal::NotAssociated(table, attachment) => ("InvalidAssociation.NotFound", format!("{attachment} is not associated with {table}.")),
        TransitRefusal::AlreadyPropagates(table, attachment) => ("TransitGatewayRouteTablePropagation.Duplicate", format!("Propagation from {attachment} to {table} already exists.")),
        TransitRefusal::NotPropagated(table, attachment) => ("TransitGatewayRouteTablePropagation.NotFound", format!("Propagation from {attachment} to {table} does not exist.")),
        TransitRefusal::CannotPropagate(attachment) => ("UnsupportedOperation", format!("{attachment} is a peering attachment, over which no routes are propagated.")),
        TransitRefusal::RouteExists(cidr) => ("RouteAlreadyExists", format!("Route {cidr} already exists in Transit Gateway Route Table.")),
        TransitRefusal::ReferenceExists(table, list) => ("RouteAlreadyExists", format!("Prefix List Reference {list} already exists in Transit Gateway Route Table {table}.")),
        TransitRefusal::NoReference(table, list) => ("InvalidRoute.NotFound", format!("no route with destination-prefix-list-id {list} in route table {table}")),
        TransitRefusal::NoRoute(table, cidr) => ("InvalidRoute.NotFound", format!("no route with destination-cidr-block {cidr} in route table {table}")),
    }
}

/// Codes and sentences of versions, full lists and repeated blocks are as clients have met them.
/// Assumption: the others; AWS documents none for prefix lists.
#[rustfmt::skip]
pub(super) fn prefix_list(refusal: &PrefixListRefusal) -> Said {
    match refusal {
        PrefixListRefusal::Name(name) => invalid(format!("Value ({name}) for parameter prefixListName is invalid. A name has 1 to 255 characters and does not begin with com.amazonaws.")),
        PrefixListRefusal::Description(text) => invalid(format!("Value ({text}) for parameter description is invalid. A description has at most 255 characters.")),
        PrefixListRefusal::Size(size) => invalid(format!("Value ({size}) for parameter maxEntries is invalid. It must be between the number of entries, or 1, and {ENTRIES_MAX}.")),
        PrefixListRefusal::Full(_) | PrefixListRefusal::TooManyEntries => ("PrefixListMaxEntriesExceeded", "You've reached the maximum number of entries for the prefix list.".to_owned()),
        PrefixListRefusal::OtherFamily(cidr) => invalid(format!("The CIDR '{cidr}' is not of the address family of the prefix list.")),
        PrefixListRefusal::Repeated(_) => ("InvalidRequest", "The request received was invalid.".to_owned()),
        PrefixListRefusal::AddedAndRemoved(cidr) => invalid(format!("Request cannot contain Cidr {cidr} in both AddPrefixListEntries and RemovePrefixListEntries")),
        PrefixListRefusal::NoEntry(cidr) => invalid(format!("The prefix list has no entry for the CIDR '{cidr}'.")),
        PrefixListRefusal::VersionMismatch(id) => ("PrefixListVersionMismatch", format!("The prefix list {id} has the incorrect version number")),
        PrefixListRefusal::VersionMissing => ("MissingParameter", "The request must contain the parameter CurrentVersion".to_owned()),
        PrefixListRefusal::NoVersion(id, version) => invalid(format!("The version {version} of the prefix list {id} does not exist.")),
        PrefixListRefusal::SizeWithEntries => ("InvalidParameterCombination", "You cannot modify the entries of a prefix list and modify the size of a prefix list at the same time.".to_owned()),
        PrefixListRefusal::IsAws(id) => ("OperationNotPermitted", format!("The prefix list {id} is managed by AWS.")),
    }
}

/// Codes and sentences of services, types, routes, zones, private names and inbound resolvers are as clients have met them.
/// Assumption: those of members, tables, subnets, families of addresses and groups that do not fit.
#[rustfmt::skip]
pub(super) fn endpoint(refusal: &EndpointRefusal) -> Said {
    let parameter = |message: String| ("InvalidParameter", message);
    match refusal {
        EndpointRefusal::NoSuchService(name) => ("InvalidServiceName", format!("The Vpc Endpoint Service '{}' does not exist", name.chars().take(KEY_CHARS_MAX).collect::<String>())),
        EndpointRefusal::WrongType { given, available } => parameter(format!("Endpoint type ({given}) does not match available service types ([{}]).", available.join(", "))),
        EndpointRefusal::NotOfType { member, given } => parameter(format!("The parameter {member} is not supported for endpoints of type {given}.")),
        EndpointRefusal::TableHasRoute(table, list) => ("RouteAlreadyExists", format!("route table {table} already has a route with destination-prefix-list-id {list}")),
        EndpointRefusal::NotInTable(id, table) => parameter(format!("The route table {table} is not associated with the VPC endpoint {id}.")),
        EndpointRefusal::OtherNetwork { vpc, resource } => parameter(format!("The resource {resource} does not belong to the VPC {vpc}.")),
        EndpointRefusal::SameZone(subnet) => ("DuplicateSubnetsInSameZone", format!("Found another VPC endpoint subnet in the availability zone of {subnet}.")),
        EndpointRefusal::NotInSubnet(id, subnet) => parameter(format!("The VPC endpoint {id} is not in the subnet {subnet}.")),
        EndpointRefusal::WithoutGroup(id, group) => parameter(format!("The security group {group} is not associated with the VPC endpoint {id}.")),
        EndpointRefusal::PrivateDnsNeedsAttributes(vpc) => parameter(format!("Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true for {vpc}")),
        EndpointRefusal::PrivateDnsTaken { vpc, name } => parameter(format!("private-dns-enabled cannot be set because there is already a conflicting DNS domain for {name} in the VPC {vpc}")),
        EndpointRefusal::NoPrivateName(service) => parameter(format!("Private DNS can't be enabled because the service {service} does not provide a private DNS name.")),
        EndpointRefusal::NeedsGatewayEndpoint(vpc) => parameter(format!("To set PrivateDnsOnlyForInboundResolverEndpoint to true, the VPC {vpc} must have a Gateway endpoint for the service.")),
        EndpointRefusal::NameLeftToGateway(id) => parameter(format!("Gateway endpoint cannot be deleted while Interface endpoint {id} for the service has PrivateDnsOnlyForInboundResolverEndpoint set to true.")),
        EndpointRefusal::OnlyForInbound => parameter("DnsOptions PrivateDnsOnlyForInboundResolverEndpoint is applicable only to Interface VPC Endpoints.".to_owned()),
        EndpointRefusal::WithoutGatewayType(service) => parameter(format!("PrivateDnsOnlyForInboundResolverEndpoint is not supported for the service {service}, which does not have Gateway endpoints.")),
        EndpointRefusal::RecordsWithoutAddresses(records, addresses) => parameter(format!("The DNS record IP type {} is not compatible with the IP address type {}.", records.word(), addresses.word())),
        EndpointRefusal::SubnetAddressType(subnet, addresses) => parameter(format!("The subnet {subnet} does not support the IP address type {}.", addresses.word())),
        EndpointRefusal::LastGroup(id) => parameter(format!("The VPC endpoint {id} must have at least one security group.")),
        EndpointRefusal::Policy => ("InvalidPolicyDocument", "The specified policy document is not a valid JSON policy document.".to_owned()),
        EndpointRefusal::PolicyGrammar(reason) => ("InvalidPolicyDocument", reason.clone()),
        EndpointRefusal::PolicyKey(key) => ("InvalidPolicyDocument", format!("The condition key {} is not implemented by weir.", key.chars().take(100).collect::<String>())),
        EndpointRefusal::NotATarget(id) => invalid(format!("The VPC endpoint {id} cannot be the target of a route.")),
        EndpointRefusal::OwnRoute(table, list) => invalid(format!("cannot remove VPC endpoint route {list} in route table {table}")),
    }
}

#[rustfmt::skip]
pub(super) fn flow_log(refusal: &FlowLogRefusal) -> Said {
    match refusal {
        FlowLogRefusal::AlreadyExists(_) => ("FlowLogAlreadyExists", "Error. There is an existing Flow Log with the same configuration and log destination.".to_owned()),
        FlowLogRefusal::NoSuch(ids) => ("InvalidFlowLogId.NotFound", format!("These flow log ids in the input list are not found: [TotalCount: {}] {}", ids.len(), list(ids))),
    }
}

fn list(ids: &[impl std::fmt::Display]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Assumption: the words for a change that asks for nothing; AWS's are not documented.
#[rustfmt::skip]
pub(super) fn volume(refusal: &VolumeRefusal) -> Said {
    match refusal {
        VolumeRefusal::InUse(volume, instance) => ("VolumeInUse", format!("Volume {volume} is currently attached to {instance}")),
        VolumeRefusal::Smaller => invalid("New size cannot be smaller than existing size".to_owned()),
        VolumeRefusal::NoChange => ("MissingParameter", "The request must contain the parameter size, volumeType, iops or throughput".to_owned()),
        VolumeRefusal::Form(BadDevice::NoSize) => ("MissingParameter", "The request must contain the parameter size/snapshot".to_owned()),
        VolumeRefusal::Form(bad) => device(bad),
        VolumeRefusal::Attached(volume) => ("VolumeInUse", format!("{volume} is already attached to an instance")),
        VolumeRefusal::DeviceName(name) => invalid(format!("Value ({name}) for parameter device is invalid. {name} is not a valid EBS device name.")),
        VolumeRefusal::DeviceInUse(name) => invalid(format!("Invalid value '{name}' for unixDevice. Attachment point {name} is already in use")),
        VolumeRefusal::NotRunning(instance) => ("IncorrectState", format!("Instance '{instance}' is not 'running'.")),
        VolumeRefusal::OtherZone(volume, instance) => ("InvalidVolume.ZoneMismatch", format!("The volume '{volume}' is not in the same availability zone as instance '{instance}'")),
        VolumeRefusal::NotAttached(volume) => ("IncorrectState", format!("Volume '{volume}' is in the 'available' state.")),
        VolumeRefusal::NotThere { volume, instance, device } => ("InvalidAttachment.NotFound", format!("The volume {volume} is not attached to instance {instance} as device {device}")),
        VolumeRefusal::RootInUse(volume, instance) => ("IncorrectState", format!("Unable to detach root volume '{volume}' from instance '{instance}'")),
        VolumeRefusal::NoRoot(instance, device) => invalid(format!("Invalid value '{instance}' for instanceId. Instance does not have a volume attached at root ({device})")),
    }
}

#[rustfmt::skip]
fn device(bad: &BadDevice) -> Said {
    let mapping = |message: String| ("InvalidBlockDeviceMapping", message);
    match bad {
        BadDevice::Twice(name) => mapping(format!("The device '{name}' is used in more than one block-device mapping")),
        BadDevice::RootSuppressed(name) => mapping(format!("The root device '{name}' cannot be suppressed.")),
        BadDevice::TooMany(count) => ("AttachmentLimitExceeded", format!("Volume count {count} exceeds the limit of {VOLUMES_MAX} for an instance")),
        BadDevice::NoSize => ("MissingParameter", "The request must contain the parameter size or snapshotId".to_owned()),
        BadDevice::NoSuchSnapshot(snapshot) => ("InvalidSnapshot.NotFound", format!("The snapshot '{snapshot}' does not exist.")),
        BadDevice::BelowSnapshot { size_gib, snapshot, least_gib } => mapping(format!("Volume of size {size_gib}GB is smaller than snapshot '{snapshot}', expect size >= {least_gib}GB")),
        BadDevice::Size { size_gib, volume_type, least, .. } if size_gib < least => invalid(format!("Volume of {size_gib}GiB is too small for volume type {}; minimum is {least}GiB.", volume_type.as_str())),
        BadDevice::Size { size_gib, volume_type, most, .. } => invalid(format!("Volume of {size_gib}GiB is too large for volume type {}; maximum is {most}GiB.", volume_type.as_str())),
        BadDevice::NeedsIops(volume_type) => ("MissingParameter", format!("The parameter iops must be specified for {} volumes.", volume_type.as_str())),
        BadDevice::NotSupported(member, volume_type) => ("InvalidParameterCombination", format!("The parameter {member} is not supported for {} volumes.", volume_type.as_str())),
        BadDevice::Rate { member, given, least, .. } if given < least => invalid(format!("Volume {member} of {given} is too low; minimum is {least}.")),
        BadDevice::Rate { member, given, most, .. } => invalid(format!("Volume {member} of {given} is too high; maximum is {most}.")),
    }
}
