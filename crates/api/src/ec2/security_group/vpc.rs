//! Which groups a VPC can use: its own, as groups cannot be associated with further VPCs here.
//!
//! Source: EC2 API Reference, GetSecurityGroupsForVpc, DescribeSecurityGroupVpcAssociations.

use crate::operation::{Context, Error, Operation};
use crate::select::{BOUNDS, Selection};
use weir_model::{AccountId, GroupId, Tags, VpcId};
use weir_wire::{FilterTable, Param, Token, Xml};

/// Lists the groups that interfaces of a VPC can carry.
#[derive(Param)]
pub struct GetSecurityGroupsForVpc {
    vpc_id: VpcId,
    #[wire(flatten)]
    selection: Selection,
}

/// The groups found.
#[derive(Xml)]
pub struct GetSecurityGroupsForVpcResponse {
    next_token: Option<Token>,
    security_group_for_vpcs: Vec<GroupForVpc>,
}

/// A group, and the VPC it was made in.
#[derive(Xml)]
struct GroupForVpc {
    description: String,
    group_name: String,
    owner_id: AccountId,
    group_id: GroupId,
    tags: Tags,
    primary_vpc_id: VpcId,
}

impl Operation for GetSecurityGroupsForVpc {
    type Response = GetSecurityGroupsForVpcResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        cx.network.vpcs.find(cx.scope, &self.vpc_id)?;
        let own = cx.network.groups.of(cx.scope).filter(|group| group.vpc == self.vpc_id);
        let views = own.map(|group| GroupForVpc {
            description: group.description.clone(),
            group_name: group.name.clone(),
            owner_id: group.scope.account,
            group_id: group.id,
            tags: group.tags.clone(),
            primary_vpc_id: group.vpc,
        });
        let (security_group_for_vpcs, next_token) =
            self.selection.narrow(views, &GROUPS, BOUNDS, |view| view.group_id)?;
        Ok(GetSecurityGroupsForVpcResponse { next_token, security_group_for_vpcs })
    }
}

const GROUPS: FilterTable<GroupForVpc> = FilterTable {
    rows: &[
        ("group-id", |view| vec![view.group_id.to_string()]),
        ("description", |view| vec![view.description.clone()]),
        ("group-name", |view| vec![view.group_name.clone()]),
        ("owner-id", |view| vec![view.owner_id.to_string()]),
        ("primary-vpc-id", |view| vec![view.primary_vpc_id.to_string()]),
    ],
    tags: None,
};

/// Lists the associations of groups with further VPCs.
#[derive(Param)]
pub struct DescribeSecurityGroupVpcAssociations {
    #[wire(flatten)]
    selection: Selection,
}

/// The associations found: none.
#[derive(Xml)]
pub struct DescribeSecurityGroupVpcAssociationsResponse {
    security_group_vpc_associations: Vec<GroupAssociation>,
    next_token: Option<Token>,
}

/// An association of a group with a further VPC.
#[derive(Xml)]
struct GroupAssociation {
    group_id: GroupId,
}

impl Operation for DescribeSecurityGroupVpcAssociations {
    type Response = DescribeSecurityGroupVpcAssociationsResponse;

    fn run(self, _: &mut Context<'_>) -> Result<Self::Response, Error> {
        let key = |found: &GroupAssociation| found.group_id;
        let (security_group_vpc_associations, next_token) =
            self.selection.narrow(std::iter::empty(), &ASSOCIATIONS, BOUNDS, key)?;
        Ok(DescribeSecurityGroupVpcAssociationsResponse { security_group_vpc_associations, next_token })
    }
}

const ASSOCIATIONS: FilterTable<GroupAssociation> = FilterTable {
    rows: &[
        ("group-id", |_| vec![]),
        ("group-owner-id", |_| vec![]),
        ("state", |_| vec![]),
        ("vpc-id", |_| vec![]),
        ("vpc-owner-id", |_| vec![]),
    ],
    tags: None,
};
