//! Quotas: how many of each resource an account, region or VPC may have.
//!
//! The numbers are AWS's defaults, except where those would hinder a test lab: such rows say so. All are adjustable.
//! Source: Amazon VPC User Guide, "Amazon VPC quotas".

/// The quotas in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// VPCs per account and region. Here 2,000; in AWS 5, on request hundreds.
    pub vpcs: usize,
    /// Internet gateways per account and region. Here 2,000: in AWS it follows the number of VPCs.
    pub internet_gateways: usize,
    /// Egress-only internet gateways per account and region.
    pub egress_only_gateways: usize,
    /// NAT gateways per availability zone and account, those that are deleted or have failed left out.
    pub nat_gateways_per_zone: usize,
    /// Addresses per NAT gateway, the primary one included; in AWS 2 for public ones, up to 8 on request.
    pub addresses_per_nat_gateway: usize,
    /// IPv4 blocks per VPC, the primary one included; in AWS up to 50 on request.
    pub cidrs_per_vpc: usize,
    /// IPv6 blocks per VPC.
    pub ipv6_cidrs_per_vpc: usize,
    /// Subnets per VPC.
    pub subnets_per_vpc: usize,
    /// Route tables per VPC, the main one included.
    pub route_tables_per_vpc: usize,
    /// Routes per table and family, local ones left out.
    pub routes_per_table: usize,
    /// Network ACLs per VPC, the default one included.
    pub acls_per_vpc: usize,
    /// Entries per ACL, direction and family, the final deny included.
    pub entries_per_acl: usize,
    /// Active peering connections per VPC; in AWS up to 125 on request.
    pub active_peerings_per_vpc: usize,
    /// Peering requests of an account and region that wait for an answer.
    pub peering_requests: usize,
    /// Security groups per account and region.
    pub groups: usize,
    /// Rules per group, direction and family.
    pub rules_per_group: usize,
    /// Security groups per interface.
    pub groups_per_interface: usize,
    /// Network interfaces per account and region.
    pub interfaces: usize,
    /// Addresses of one family per free interface; attached to an instance, its type decides.
    pub addresses_per_interface: usize,
    /// Elastic IP addresses per account and region.
    pub addresses: usize,
    /// Instances per account and region, terminated ones left out. Here 5,000, one an interface; in AWS by virtual CPUs.
    pub instances: usize,
    /// Key pairs per account and region.
    pub key_pairs: usize,
    /// Transit gateways per account and region.
    pub transit_gateways: usize,
    /// Route tables per transit gateway.
    pub transit_tables: usize,
    /// Static routes per table of a transit gateway. In AWS 10,000 for all tables of a gateway together.
    pub transit_routes: usize,
    /// Customer-managed prefix lists per account and region.
    pub prefix_lists: usize,
    /// Gateway endpoints per account and region.
    pub gateway_endpoints: usize,
    /// Interface endpoints per VPC.
    pub interface_endpoints_per_vpc: usize,
    /// Flow logs per resource.
    pub flow_logs_per_resource: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            vpcs: 2_000,
            internet_gateways: 2_000,
            egress_only_gateways: 5,
            nat_gateways_per_zone: 5,
            addresses_per_nat_gateway: 8,
            cidrs_per_vpc: 5,
            ipv6_cidrs_per_vpc: 5,
            subnets_per_vpc: 200,
            route_tables_per_vpc: 200,
            routes_per_table: 500,
            acls_per_vpc: 200,
            entries_per_acl: 20,
            active_peerings_per_vpc: 50,
            peering_requests: 25,
            groups: 2_500,
            rules_per_group: 60,
            groups_per_interface: 5,
            interfaces: 5_000,
            addresses_per_interface: 50,
            addresses: 5,
            instances: 5_000,
            key_pairs: 5_000,
            transit_gateways: 5,
            transit_tables: 20,
            transit_routes: 10_000,
            prefix_lists: 100,
            gateway_endpoints: 20,
            interface_endpoints_per_vpc: 50,
            flow_logs_per_resource: 250,
        }
    }
}
