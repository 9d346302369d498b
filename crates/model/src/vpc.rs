//! VPCs and their CIDR blocks.
//!
//! Source: Amazon VPC User Guide, "VPC CIDR blocks".

use crate::table::Resource;
use crate::{Cidr4, Cidr6, DhcpOptionsId, Scope, Tags, VpcCidrAssociationId, VpcId};
use serde::{Deserialize, Serialize};

/// A virtual private cloud.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Vpc {
    /// Its id.
    pub id: VpcId,
    /// Owner and region.
    pub scope: Scope,
    /// IPv4 blocks; the first is the primary one and is never removed.
    pub cidrs: Vec<CidrAssociation<Cidr4>>,
    /// IPv6 blocks.
    pub ipv6_cidrs: Vec<CidrAssociation<Cidr6>>,
    /// The DHCP options set, or `None` for `default`: no options.
    pub dhcp_options: Option<DhcpOptionsId>,
    /// Whether it is the region's default VPC.
    pub is_default: bool,
    /// Whether the Amazon resolver answers (enableDnsSupport).
    pub dns_support: bool,
    /// Whether instances get DNS host names (enableDnsHostnames).
    pub dns_hostnames: bool,
    /// Whether address usage metrics are kept (enableNetworkAddressUsageMetrics); without effect.
    pub usage_metrics: bool,
    /// Tenancy as given: `default` or `dedicated`.
    pub tenancy: String,
    /// Its tags.
    pub tags: Tags,
}

impl Vpc {
    /// The primary IPv4 block.
    pub fn cidr(&self) -> Cidr4 {
        self.cidrs[0].cidr
    }
}

/// A CIDR block associated with a VPC or subnet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CidrAssociation<C, I = VpcCidrAssociationId> {
    /// The id of the association.
    pub id: I,
    /// The block.
    pub cidr: C,
}

/// A DHCP options set: immutable lists of values by option name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DhcpOptions {
    /// Its id.
    pub id: DhcpOptionsId,
    /// Owner and region.
    pub scope: Scope,
    /// Option names in the order given, each with its values.
    pub options: Vec<(String, Vec<String>)>,
    /// Whether it is the one that every new VPC of the region gets.
    pub is_default: bool,
    /// Its tags.
    pub tags: Tags,
}

impl Resource for Vpc {
    type Key = VpcId;
    const KIND: &'static str = "vpc";
    fn key(&self) -> VpcId {
        self.id
    }
}

impl Resource for DhcpOptions {
    type Key = DhcpOptionsId;
    const KIND: &'static str = "dhcp-options";
    fn key(&self) -> DhcpOptionsId {
        self.id
    }
}
