//! Security groups and their rules.
//!
//! A rule is one protocol, one range and one peer, with an id; a permission bundles the peers of rules that share the rest.
//! Source: EC2 API Reference, CreateSecurityGroup and its kin.

mod permission;
mod reference;
mod rule;
mod vpc;

pub use reference::{DescribeSecurityGroupReferences, DescribeStaleSecurityGroups};
pub use rule::{
    AuthorizeSecurityGroupEgress, AuthorizeSecurityGroupIngress, DescribeSecurityGroupRules,
    ModifySecurityGroupRules, RevokeSecurityGroupEgress, RevokeSecurityGroupIngress,
    UpdateSecurityGroupRuleDescriptionsEgress, UpdateSecurityGroupRuleDescriptionsIngress,
};
pub use vpc::{DescribeSecurityGroupVpcAssociations, GetSecurityGroupsForVpc};

use crate::operation::{Context, Error, Operation, Seen};
use crate::select::{BOUNDS, Selection};
use permission::PermissionView;
use weir_model::group::{Direction, Group, NewGroup, Peer};
use weir_model::instance::InstanceRefusal;
use weir_model::{AccountId, Cidr, GroupId, Tags, VpcId};
use weir_wire::{FilterTable, Param, TagSpecification, Token, Xml, specified_tags};

/// A group by id and name.
#[derive(Clone, Debug, PartialEq, Xml)]
pub struct GroupIdentifier {
    /// Its id.
    pub group_id: GroupId,
    /// Its name.
    pub group_name: String,
}

impl GroupIdentifier {
    /// The groups of these ids.
    pub fn all(seen: Seen<'_>, ids: &[GroupId]) -> Vec<GroupIdentifier> {
        let groups = ids.iter().filter_map(|id| seen.network.groups.get(id));
        groups.map(|group| GroupIdentifier { group_id: group.id, group_name: group.name.clone() }).collect()
    }
}

/// Makes a group in a VPC, by default the default one.
#[derive(Param)]
pub struct CreateSecurityGroup {
    #[wire(request = "GroupDescription")]
    description: String,
    group_name: String,
    vpc_id: Option<VpcId>,
    tag_specifications: Vec<TagSpecification>,
}

/// The group made.
#[derive(Xml)]
pub struct CreateSecurityGroupResponse {
    group_id: GroupId,
    tags: Tags,
    security_group_arn: String,
}

impl Operation for CreateSecurityGroup {
    type Response = CreateSecurityGroupResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let tags = specified_tags(&self.tag_specifications, "security-group")?;
        let default = || cx.network.default_vpc(cx.scope).map(|vpc| vpc.id);
        let vpc =
            self.vpc_id.or_else(default).ok_or(weir_model::Refused::from(InstanceRefusal::NoDefaultVpc))?;
        let new = NewGroup { vpc, name: self.group_name, description: self.description, tags: tags.clone() };
        let group_id = cx.command(|network, cx| network.create_group(cx, new))?;
        Ok(CreateSecurityGroupResponse {
            group_id,
            tags,
            security_group_arn: arn(cx.seen(), "security-group", group_id),
        })
    }
}

/// The ARN of a resource of EC2 of the caller.
fn arn(seen: Seen<'_>, kind: &str, id: impl std::fmt::Display) -> String {
    format!("arn:aws:ec2:{}:{}:{kind}/{id}", seen.scope.region, seen.scope.account)
}

/// Deletes a group that nothing uses; by name only in the default VPC.
#[derive(Param)]
pub struct DeleteSecurityGroup {
    group_id: Option<GroupId>,
    group_name: Option<String>,
}

/// The group deleted.
#[derive(Xml)]
pub struct DeleteSecurityGroupResponse {
    r#return: bool,
    group_id: GroupId,
}

impl Operation for DeleteSecurityGroup {
    type Response = DeleteSecurityGroupResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let group_id = group_named(cx.seen(), self.group_id, self.group_name.as_deref())?;
        cx.command(|network, cx| network.delete_group(cx, group_id))?;
        Ok(DeleteSecurityGroupResponse { r#return: true, group_id })
    }
}

/// The group that a request names, by id or by its name in the default VPC.
fn group_named(seen: Seen<'_>, id: Option<GroupId>, name: Option<&str>) -> Result<GroupId, Error> {
    match (id, name) {
        (Some(id), _) => Ok(id),
        (None, Some(name)) => Ok(seen.network.group_in_default_vpc(seen.scope, name)?.id),
        (None, None) => {
            Err(Error::new("MissingParameter", "The request must contain the parameter groupName or groupId"))
        }
    }
}

/// Lists groups: all, those of these ids, those of these names in the default VPC.
#[derive(Param)]
pub struct DescribeSecurityGroups {
    group_ids: Vec<GroupId>,
    group_names: Vec<String>,
    #[wire(flatten)]
    selection: Selection,
}

/// The groups found.
#[derive(Xml)]
pub struct DescribeSecurityGroupsResponse {
    next_token: Option<Token>,
    #[wire(response = "securityGroupInfo")]
    security_groups: Vec<GroupView>,
}

impl Operation for DescribeSecurityGroups {
    type Response = DescribeSecurityGroupsResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let seen = cx.seen();
        let mut ids = self.group_ids;
        for name in &self.group_names {
            ids.push(seen.network.group_in_default_vpc(seen.scope, name)?.id);
        }
        let views = seen.rows(&seen.network.groups, &ids)?;
        let views = views.into_iter().map(|group| GroupView::of(seen, group));
        let (security_groups, next_token) =
            self.selection.narrow(views, &FILTERS, BOUNDS, |view| view.group_id)?;
        Ok(DescribeSecurityGroupsResponse { next_token, security_groups })
    }
}

/// A group.
#[derive(Xml)]
struct GroupView {
    group_id: GroupId,
    #[wire(response = "ipPermissionsEgress")]
    ip_permissions_egress: Vec<PermissionView>,
    tags: Tags,
    vpc_id: VpcId,
    security_group_arn: String,
    owner_id: AccountId,
    group_name: String,
    #[wire(response = "groupDescription")]
    description: String,
    #[wire(response = "ipPermissions")]
    ip_permissions: Vec<PermissionView>,
}

impl GroupView {
    fn of(seen: Seen<'_>, group: &Group) -> GroupView {
        GroupView {
            group_id: group.id,
            ip_permissions_egress: PermissionView::all(seen, group, group.rules_of(Direction::Egress)),
            tags: group.tags.clone(),
            vpc_id: group.vpc,
            security_group_arn: arn(seen, "security-group", group.id),
            owner_id: group.scope.account,
            group_name: group.name.clone(),
            description: group.description.clone(),
            ip_permissions: PermissionView::all(seen, group, group.rules_of(Direction::Ingress)),
        }
    }
}

/// The rows that look at the permissions of one direction.
macro_rules! filters {
    ($($name:literal $side:ident $texts:expr,)*) => {
        const FILTERS: FilterTable<GroupView> = FilterTable {
            rows: &[
                ("description", |view| vec![view.description.clone()]),
                ("group-id", |view| vec![view.group_id.to_string()]),
                ("group-name", |view| vec![view.group_name.clone()]),
                ("owner-id", |view| vec![view.owner_id.to_string()]),
                ("vpc-id", |view| vec![view.vpc_id.to_string()]),
                $(($name, |view| view.$side.iter().flat_map($texts).collect()),)*
            ],
            tags: Some(|view| &view.tags),
        };
    };
}

filters! {
    "ip-permission.cidr" ip_permissions PermissionView::cidrs,
    "ip-permission.from-port" ip_permissions PermissionView::first_ports,
    "ip-permission.group-id" ip_permissions PermissionView::group_ids,
    "ip-permission.group-name" ip_permissions PermissionView::group_names,
    "ip-permission.ipv6-cidr" ip_permissions PermissionView::ipv6_cidrs,
    "ip-permission.prefix-list-id" ip_permissions PermissionView::prefix_lists,
    "ip-permission.protocol" ip_permissions PermissionView::protocols,
    "ip-permission.to-port" ip_permissions PermissionView::last_ports,
    "ip-permission.user-id" ip_permissions PermissionView::user_ids,
    "egress.ip-permission.cidr" ip_permissions_egress PermissionView::cidrs,
    "egress.ip-permission.from-port" ip_permissions_egress PermissionView::first_ports,
    "egress.ip-permission.group-id" ip_permissions_egress PermissionView::group_ids,
    "egress.ip-permission.group-name" ip_permissions_egress PermissionView::group_names,
    "egress.ip-permission.ipv6-cidr" ip_permissions_egress PermissionView::ipv6_cidrs,
    "egress.ip-permission.prefix-list-id" ip_permissions_egress PermissionView::prefix_lists,
    "egress.ip-permission.protocol" ip_permissions_egress PermissionView::protocols,
    "egress.ip-permission.to-port" ip_permissions_egress PermissionView::last_ports,
    "egress.ip-permission.user-id" ip_permissions_egress PermissionView::user_ids,
}

/// The far side of a rule in the members that name it.
#[derive(Default)]
struct PeerMembers {
    cidr_ipv4: Option<weir_model::Cidr4>,
    cidr_ipv6: Option<weir_model::Cidr6>,
    prefix_list: Option<weir_model::PrefixListId>,
    group: Option<(GroupId, AccountId, Option<weir_model::PeeringId>)>,
}

impl PeerMembers {
    fn of(peer: &Peer) -> PeerMembers {
        let none = PeerMembers::default();
        match *peer {
            Peer::Cidr(Cidr::V4(cidr)) => PeerMembers { cidr_ipv4: Some(cidr), ..none },
            Peer::Cidr(Cidr::V6(cidr)) => PeerMembers { cidr_ipv6: Some(cidr), ..none },
            Peer::PrefixList(list) => PeerMembers { prefix_list: Some(list), ..none },
            Peer::Group { group, account, peering } => {
                PeerMembers { group: Some((group, account, peering)), ..none }
            }
        }
    }
}
