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
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            vpcs: 2_000,
            internet_gateways: 2_000,
            cidrs_per_vpc: 5,
            ipv6_cidrs_per_vpc: 5,
            subnets_per_vpc: 200,
            route_tables_per_vpc: 200,
            routes_per_table: 500,
            acls_per_vpc: 200,
            entries_per_acl: 20,
        }
    }
}
