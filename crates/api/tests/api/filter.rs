//! Filters: every name that AWS documents for a call is one that the call knows.
//!
//! Source: EC2 API Reference, the `Filter.N` of each call. Filters of tags are tested with each resource.

use crate::world::World;

#[rustfmt::skip]
const DOCUMENTED: &[(&str, &str)] = &[
    ("DescribeAddresses", "allocation-id association-id instance-id network-border-group network-interface-id network-interface-owner-id private-ip-address public-ip"),
    ("DescribeAvailabilityZones", "group-long-name group-name message opt-in-status parent-zone-id parent-zone-name region-name state zone-id zone-name zone-type"),
    ("DescribeDhcpOptions", "dhcp-options-id key value owner-id"),
    ("DescribeFlowLogs", "deliver-log-status log-destination-type flow-log-id log-group-name resource-id traffic-type"),
    ("DescribeInternetGateways", "attachment.state attachment.vpc-id internet-gateway-id owner-id"),
    ("DescribeManagedPrefixLists", "owner-id prefix-list-id prefix-list-name"),
    ("DescribeNatGateways", "nat-gateway-id state subnet-id vpc-id"),
    ("DescribeNetworkAcls", "association.association-id association.network-acl-id association.subnet-id default entry.cidr entry.icmp.code entry.icmp.type entry.ipv6-cidr entry.port-range.from entry.port-range.to entry.protocol entry.rule-action entry.egress entry.rule-number network-acl-id owner-id vpc-id"),
    ("DescribeNetworkInterfaces", "association.allocation-id association.association-id addresses.association.owner-id addresses.association.public-ip addresses.primary addresses.private-ip-address association.ip-owner-id association.public-ip association.public-dns-name attachment.attach-time attachment.attachment-id attachment.delete-on-termination attachment.device-index attachment.instance-id attachment.instance-owner-id attachment.status availability-zone availability-zone-id description group-id ipv6-addresses.ipv6-address interface-type mac-address network-interface-id operator.managed operator.principal owner-id private-dns-name private-ip-address requester-id requester-managed source-dest-check status subnet-id vpc-id"),
    ("DescribePrefixLists", "prefix-list-id prefix-list-name"),
    ("DescribeRegions", "endpoint opt-in-status region-name"),
    ("DescribeRouteTables", "association.gateway-id association.route-table-association-id association.route-table-id association.subnet-id association.main owner-id route-table-id route.destination-cidr-block route.destination-ipv6-cidr-block route.destination-prefix-list-id route.egress-only-internet-gateway-id route.gateway-id route.instance-id route.nat-gateway-id route.transit-gateway-id route.origin route.state route.vpc-peering-connection-id vpc-id"),
    ("DescribeSecurityGroupRules", "group-id security-group-rule-id"),
    ("DescribeSecurityGroups", "description egress.ip-permission.cidr egress.ip-permission.from-port egress.ip-permission.group-id egress.ip-permission.group-name egress.ip-permission.ipv6-cidr egress.ip-permission.prefix-list-id egress.ip-permission.protocol egress.ip-permission.to-port egress.ip-permission.user-id group-id group-name ip-permission.cidr ip-permission.from-port ip-permission.group-id ip-permission.group-name ip-permission.ipv6-cidr ip-permission.prefix-list-id ip-permission.protocol ip-permission.to-port ip-permission.user-id owner-id vpc-id"),
    ("DescribeSubnets", "availability-zone availability-zone-id available-ip-address-count cidr-block customer-owned-ipv4-pool default-for-az enable-dns64 enable-lni-at-device-index ipv6-cidr-block-association.ipv6-cidr-block ipv6-cidr-block-association.association-id ipv6-cidr-block-association.state ipv6-native map-customer-owned-ip-on-launch map-public-ip-on-launch outpost-arn owner-id private-dns-name-options-on-launch.hostname-type private-dns-name-options-on-launch.enable-resource-name-dns-a-record private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record state subnet-arn subnet-id vpc-id"),
    ("DescribeTags", "key resource-id resource-type value"),
    ("DescribeTransitGatewayAttachments", "association.state association.transit-gateway-route-table-id resource-id resource-owner-id resource-type state transit-gateway-attachment-id transit-gateway-id transit-gateway-owner-id"),
    ("DescribeTransitGatewayPeeringAttachments", "transit-gateway-attachment-id local-owner-id remote-owner-id state transit-gateway-id"),
    ("DescribeTransitGatewayRouteTables", "default-association-route-table default-propagation-route-table state transit-gateway-id transit-gateway-route-table-id"),
    ("DescribeTransitGatewayVpcAttachments", "state transit-gateway-attachment-id transit-gateway-id vpc-id"),
    ("DescribeTransitGateways", "options.propagation-default-route-table-id options.amazon-side-asn options.association-default-route-table-id options.auto-accept-shared-attachments options.default-route-table-association options.default-route-table-propagation options.dns-support options.vpn-ecmp-support owner-id state transit-gateway-id"),
    ("DescribeVpcEndpointServices", "owner service-name service-region service-type supported-ip-address-types"),
    ("DescribeVpcEndpoints", "ip-address-type service-name service-region vpc-id vpc-endpoint-id vpc-endpoint-state vpc-endpoint-type"),
    ("DescribeVpcPeeringConnections", "accepter-vpc-info.cidr-block accepter-vpc-info.owner-id accepter-vpc-info.vpc-id expiration-time requester-vpc-info.cidr-block requester-vpc-info.owner-id requester-vpc-info.vpc-id status-code status-message vpc-peering-connection-id"),
    ("DescribeVpcs", "cidr cidr-block-association.cidr-block cidr-block-association.association-id cidr-block-association.state dhcp-options-id ipv6-cidr-block-association.ipv6-cidr-block ipv6-cidr-block-association.ipv6-pool ipv6-cidr-block-association.association-id ipv6-cidr-block-association.state is-default owner-id state vpc-id"),
];

#[test]
fn documented_filters_are_known() {
    let mut world = World::new();
    for (call, names) in DOCUMENTED {
        for name in names.split(' ') {
            let answer = world.ec2(call, &format!("Filter.1.Name={name}&Filter.1.Value.1=x"));
            assert!(!answer.contains("is invalid"), "{call} {name}: {answer}");
        }
        let unknown = "InvalidParameterValue: The filter 'colour' is invalid";
        world.refuses(call, "Filter.1.Name=colour&Filter.1.Value.1=x", unknown);
    }
}
