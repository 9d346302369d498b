//! VPCs: made with a main route table, a default ACL and a default group; deleted when only those are left.
//!
//! Their blocks are in [`blocks`], what comes with them and the default VPC in [`defaults`].
//! Source: Amazon VPC User Guide, "VPC CIDR blocks", "DNS attributes for your VPC", "Delete your VPC".

pub mod blocks;
pub mod defaults;
#[cfg(test)]
mod tests;

use crate::peering::{Peering, PeeringStatus};
use crate::table::Resource;
use crate::{
    Cidr4, Cidr6, Cx, DhcpOptionsId, Held, Limit, Network, PeeringId, Refused, Scope, Tags,
    VpcCidrAssociationId, VpcId, tags,
};
use defaults::DEFAULT_GROUP;
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

impl Resource for Vpc {
    type Key = VpcId;
    const KIND: &'static str = "vpc";
    fn key(&self) -> VpcId {
        self.id
    }
}

/// What CreateVpc asks for.
#[derive(Clone, Debug)]
pub struct NewVpc {
    /// The primary IPv4 block, /16 to /28.
    pub cidr: Cidr4,
    /// Whether to give it an IPv6 block from Amazon's pool.
    pub ipv6: bool,
    /// Tenancy: `default` or `dedicated`.
    pub tenancy: String,
    /// Its tags.
    pub tags: Tags,
}

/// One attribute of a VPC and its new value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VpcAttribute {
    /// enableDnsSupport.
    DnsSupport(bool),
    /// enableDnsHostnames.
    DnsHostnames(bool),
    /// enableNetworkAddressUsageMetrics.
    UsageMetrics(bool),
}

impl Network {
    /// Makes a VPC with its main route table, default ACL and default group, and the region's default DHCP options.
    ///
    /// # Errors
    /// [`Refused::VpcRange`] for a block that a VPC cannot have, [`Limit::Vpcs`].
    pub fn create_vpc(&mut self, cx: &mut Cx, new: NewVpc) -> Result<VpcId, Refused> {
        tags::check(&new.tags)?;
        blocks::check_block(new.cidr)?;
        self.check_vpc_quota(cx.scope)?;
        Ok(self.add_vpc(cx, new, false))
    }

    /// Whether the scope may have one VPC more.
    pub(crate) fn check_vpc_quota(&self, scope: Scope) -> Result<(), Refused> {
        match self.vpcs.of(scope).count() < self.limits.vpcs {
            true => Ok(()),
            false => Err(Limit::Vpcs.into()),
        }
    }

    pub(crate) fn add_vpc(&mut self, cx: &mut Cx, new: NewVpc, is_default: bool) -> VpcId {
        let ipv6 = new.ipv6.then(|| CidrAssociation { id: cx.ids.fresh(), cidr: self.fresh_ipv6_block(cx) });
        let vpc = Vpc {
            id: cx.ids.fresh(),
            scope: cx.scope,
            cidrs: vec![CidrAssociation { id: cx.ids.fresh(), cidr: new.cidr }],
            ipv6_cidrs: ipv6.into_iter().collect(),
            dhcp_options: Some(self.default_dhcp_options(cx)),
            is_default,
            dns_support: true,
            dns_hostnames: is_default,
            usage_metrics: false,
            tenancy: new.tenancy,
            tags: new.tags,
        };
        self.furnish(cx, &vpc);
        let id = vpc.id;
        self.vpcs.insert(vpc);
        id
    }

    /// Sets one attribute of a VPC.
    ///
    /// Assumption: DNS support may be switched off while host names are on; names are then not answered.
    ///
    /// # Errors
    /// No such VPC; [`Refused::HostnamesNeedDnsSupport`].
    pub fn modify_vpc(&mut self, cx: &Cx, id: VpcId, attribute: VpcAttribute) -> Result<(), Refused> {
        let vpc = self.vpcs.find(cx.scope, &id)?;
        if attribute == VpcAttribute::DnsHostnames(true) && !vpc.dns_support {
            return Err(Refused::HostnamesNeedDnsSupport(id));
        }
        let vpc = self.vpcs.get_mut(&id).expect("the VPC was just found");
        match attribute {
            VpcAttribute::DnsSupport(on) => vpc.dns_support = on,
            VpcAttribute::DnsHostnames(on) => vpc.dns_hostnames = on,
            VpcAttribute::UsageMetrics(on) => vpc.usage_metrics = on,
        }
        Ok(())
    }

    /// Deletes a VPC that holds nothing but what came with it, and that with it.
    ///
    /// Its active peerings and those it asked for end as deleted.
    /// Assumption: the API does so as the console does ("Delete your VPC"); no source says otherwise.
    ///
    /// # Errors
    /// No such VPC; [`Held::Vpc`] while it has subnets, an attached gateway, interfaces, further groups, ACLs or route
    /// tables, endpoints, or another account's peering request that waits for an answer.
    pub fn delete_vpc(&mut self, cx: &Cx, id: VpcId) -> Result<(), Refused> {
        self.vpcs.find(cx.scope, &id)?;
        if self.vpc_is_in_use(cx, id) {
            return Err(Held::Vpc(id).into());
        }
        self.end_peerings(cx, id);
        self.remove_furniture(id);
        self.vpcs.remove(&id);
        Ok(())
    }

    fn vpc_is_in_use(&self, cx: &Cx, id: VpcId) -> bool {
        let unanswered = self.peerings.iter().any(|peering| {
            let waits = matches!(peering.status_at(cx.now), PeeringStatus::PendingAcceptance { .. });
            waits && peering.accepter.vpc == id && peering.requester.scope.account != cx.scope.account
        });
        unanswered
            || self.subnets.iter().any(|subnet| subnet.vpc == id)
            || self.internet_gateways.iter().any(|gateway| gateway.vpc == Some(id))
            || self.egress_only_gateways.iter().any(|gateway| gateway.vpc == id)
            || self.interfaces.iter().any(|interface| interface.vpc == id)
            || self.endpoints.iter().any(|endpoint| endpoint.vpc == id)
            || self.groups.iter().any(|group| group.vpc == id && group.name != DEFAULT_GROUP)
            || self.acls.iter().any(|acl| acl.vpc == id && !acl.is_default)
            || self.route_tables.iter().any(|table| table.vpc == id && table.main.is_none())
    }

    fn end_peerings(&mut self, cx: &Cx, vpc: VpcId) {
        let ends =
            |peering: &&Peering| peering.status_at(cx.now).is_open() && peering.far_side(vpc).is_some();
        let ended: Vec<PeeringId> = self.peerings.iter().filter(ends).map(|peering| peering.id).collect();
        for id in ended {
            self.set_peering_status(id, PeeringStatus::Deleted { by: cx.scope.account }, cx.now);
        }
    }
}
