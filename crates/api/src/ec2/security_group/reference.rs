//! Who refers to a group across a peering or a transit gateway, and which rules lead nowhere since one of them or the group
//! has gone.
//!
//! Source: EC2 API Reference, DescribeSecurityGroupReferences, DescribeStaleSecurityGroups.

use super::PeerMembers;
use super::permission::{PairView, Range, far_side};
use crate::operation::{Context, Error, Operation, Seen};
use weir_model::group::{Direction, Group, GroupRule, Link, Reference, StaleGroup};
use weir_model::{GroupId, PeeringId, TransitGatewayId, VpcId};
use weir_wire::{Bounds, Page, Param, Token, Xml};

/// The bounds of `MaxResults` of DescribeStaleSecurityGroups.
const STALE_BOUNDS: Bounds = 5..=255;

/// Lists the VPCs at the far ends of peerings and transit gateways that refer to groups.
#[derive(Param)]
pub struct DescribeSecurityGroupReferences {
    #[wire(request = "GroupId", required)]
    group_id: Vec<GroupId>,
}

/// The references found.
#[derive(Xml)]
pub struct DescribeSecurityGroupReferencesResponse {
    security_group_reference_set: Vec<ReferenceView>,
}

#[derive(Xml)]
struct ReferenceView {
    group_id: GroupId,
    referencing_vpc_id: VpcId,
    vpc_peering_connection_id: Option<PeeringId>,
    transit_gateway_id: Option<TransitGatewayId>,
}

impl Operation for DescribeSecurityGroupReferences {
    type Response = DescribeSecurityGroupReferencesResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let references = cx.network.group_references(cx.scope, &self.group_id)?;
        let view = |reference: &Reference| {
            let (peering, gateway) = match reference.link {
                Link::Peering(id) => (Some(id), None),
                Link::TransitGateway(id) => (None, Some(id)),
            };
            ReferenceView {
                group_id: reference.group,
                referencing_vpc_id: reference.vpc,
                vpc_peering_connection_id: peering,
                transit_gateway_id: gateway,
            }
        };
        let security_group_reference_set = references.iter().map(view).collect();
        Ok(DescribeSecurityGroupReferencesResponse { security_group_reference_set })
    }
}

/// Lists the groups of a VPC with rules that lead nowhere.
#[derive(Param)]
pub struct DescribeStaleSecurityGroups {
    vpc_id: VpcId,
    #[wire(flatten)]
    page: Page,
}

/// The groups found.
#[derive(Xml)]
pub struct DescribeStaleSecurityGroupsResponse {
    next_token: Option<Token>,
    stale_security_group_set: Vec<StaleView>,
}

#[derive(Xml)]
struct StaleView {
    description: String,
    group_id: GroupId,
    group_name: String,
    #[wire(response = "staleIpPermissions")]
    stale_ip_permissions: Vec<StalePermission>,
    #[wire(response = "staleIpPermissionsEgress")]
    stale_ip_permissions_egress: Vec<StalePermission>,
    vpc_id: VpcId,
}

#[derive(Xml)]
struct StalePermission {
    from_port: Option<i32>,
    ip_protocol: String,
    #[wire(response = "ipRanges")]
    ip_ranges: Vec<String>,
    #[wire(response = "prefixListIds")]
    prefix_list_ids: Vec<String>,
    to_port: Option<i32>,
    #[wire(response = "groups")]
    user_id_group_pairs: Vec<PairView>,
}

impl Operation for DescribeStaleSecurityGroups {
    type Response = DescribeStaleSecurityGroupsResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let seen = cx.seen();
        let stale = seen.network.stale_groups(seen.scope, self.vpc_id)?;
        let views = stale.iter().map(|stale| StaleView::of(seen, stale));
        let (stale_security_group_set, next_token) =
            self.page.cut(STALE_BOUNDS, views, |view| view.group_id)?;
        Ok(DescribeStaleSecurityGroupsResponse { next_token, stale_security_group_set })
    }
}

impl StaleView {
    fn of(seen: Seen<'_>, stale: &StaleGroup<'_>) -> StaleView {
        let permissions = |direction| {
            stale.rules_of(direction).map(|rule| StalePermission::of(seen, stale.group, rule)).collect()
        };
        StaleView {
            description: stale.group.description.clone(),
            group_id: stale.group.id,
            group_name: stale.group.name.clone(),
            stale_ip_permissions: permissions(Direction::Ingress),
            stale_ip_permissions_egress: permissions(Direction::Egress),
            vpc_id: stale.group.vpc,
        }
    }
}

impl StalePermission {
    fn of(seen: Seen<'_>, group: &Group, rule: &GroupRule) -> StalePermission {
        let Range { protocol, from, to } = Range::of(rule.traffic);
        let pair = PeerMembers::of(&rule.peer).group.map(|(id, account, peering)| {
            let far = peering.map(|peering| far_side(seen, group, peering));
            PairView::new(id, account).across(peering, far)
        });
        StalePermission {
            from_port: from,
            ip_protocol: protocol,
            ip_ranges: Vec::new(),
            prefix_list_ids: Vec::new(),
            to_port: to,
            user_id_group_pairs: pair.into_iter().collect(),
        }
    }
}
