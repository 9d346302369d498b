//! Rules of a group, one by one, each with its id.
//!
//! Source: EC2 API Reference, AuthorizeSecurityGroupIngress, RevokeSecurityGroupIngress, ModifySecurityGroupRules,
//! UpdateSecurityGroupRuleDescriptionsIngress, DescribeSecurityGroupRules.

use super::permission::{PermissionView, Permissions, Range, block, far_side, malformed_block, traffic};
use super::{PeerMembers, arn, group_named};
use crate::operation::{Context, Error, Operation, Seen};
use crate::select::{BOUNDS, Selection, check_all_there};
use weir_model::group::{Direction, Group, GroupRule, NewPeer, NewRule, RevokedRules, RuleMatch};
use weir_model::{AccountId, Cidr, Cidr4, Cidr6, GroupId, GroupRuleId, PeeringId, PrefixListId, Tags, VpcId};
use weir_wire::{Filter, FilterTable, Param, Return, TagSpecification, Token, Xml, specified_tags};

/// Adds rules for arriving packets.
#[derive(Param)]
pub struct AuthorizeSecurityGroupIngress {
    group_id: Option<GroupId>,
    group_name: Option<String>,
    #[wire(flatten)]
    permissions: Permissions,
    tag_specifications: Vec<TagSpecification>,
}

/// Adds rules for leaving packets.
#[derive(Param)]
pub struct AuthorizeSecurityGroupEgress {
    group_id: GroupId,
    #[wire(flatten)]
    permissions: Permissions,
    tag_specifications: Vec<TagSpecification>,
}

/// The rules added.
#[derive(Xml)]
pub struct AuthorizedRules {
    r#return: bool,
    security_group_rules: Vec<RuleView>,
}

impl Operation for AuthorizeSecurityGroupIngress {
    type Response = AuthorizedRules;

    fn run(self, cx: &mut Context<'_>) -> Result<AuthorizedRules, Error> {
        let group = group_named(cx.seen(), self.group_id, self.group_name.as_deref())?;
        authorize(cx, group, Direction::Ingress, (self.permissions, self.tag_specifications))
    }
}

impl Operation for AuthorizeSecurityGroupEgress {
    type Response = AuthorizedRules;

    fn run(self, cx: &mut Context<'_>) -> Result<AuthorizedRules, Error> {
        authorize(cx, self.group_id, Direction::Egress, (self.permissions, self.tag_specifications))
    }
}

fn authorize(
    cx: &mut Context<'_>,
    id: GroupId,
    direction: Direction,
    (permissions, tags): (Permissions, Vec<TagSpecification>),
) -> Result<AuthorizedRules, Error> {
    let tags = specified_tags(&tags, "security-group-rule")?;
    let rules = permissions.rules(cx.seen())?;
    let added = cx.command(|network, cx| network.authorize_rules(cx, id, (direction, rules), tags))?;
    let seen = cx.seen();
    let group = seen.network.groups.find(seen.scope, &id)?;
    let security_group_rules = added.iter().map(|rule| RuleView::of(seen, group, rule)).collect();
    Ok(AuthorizedRules { r#return: true, security_group_rules })
}

/// Takes rules for arriving packets away, by id or by what they say.
#[derive(Param)]
pub struct RevokeSecurityGroupIngress {
    group_id: Option<GroupId>,
    group_name: Option<String>,
    #[wire(flatten)]
    permissions: Permissions,
    security_group_rule_ids: Vec<GroupRuleId>,
}

/// Takes rules for leaving packets away, by id or by what they say.
#[derive(Param)]
pub struct RevokeSecurityGroupEgress {
    group_id: GroupId,
    #[wire(flatten)]
    permissions: Permissions,
    security_group_rule_ids: Vec<GroupRuleId>,
}

/// The rules taken away, and the permissions that a group of a default VPC did not have.
#[derive(Xml)]
pub struct RevokedResponse {
    r#return: bool,
    unknown_ip_permission_set: Option<Vec<PermissionView>>,
    revoked_security_group_rules: Vec<RevokedView>,
}

#[derive(Xml)]
struct RevokedView {
    security_group_rule_id: GroupRuleId,
    group_id: GroupId,
    is_egress: bool,
    ip_protocol: String,
    from_port: i32,
    to_port: i32,
    cidr_ipv4: Option<Cidr4>,
    cidr_ipv6: Option<Cidr6>,
    prefix_list_id: Option<PrefixListId>,
    referenced_group_id: Option<GroupId>,
    description: Option<String>,
}

impl Operation for RevokeSecurityGroupIngress {
    type Response = RevokedResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<RevokedResponse, Error> {
        let group = group_named(cx.seen(), self.group_id, self.group_name.as_deref())?;
        revoke(cx, group, Direction::Ingress, (self.permissions, self.security_group_rule_ids))
    }
}

impl Operation for RevokeSecurityGroupEgress {
    type Response = RevokedResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<RevokedResponse, Error> {
        revoke(cx, self.group_id, Direction::Egress, (self.permissions, self.security_group_rule_ids))
    }
}

fn revoke(
    cx: &mut Context<'_>,
    id: GroupId,
    direction: Direction,
    (permissions, ids): (Permissions, Vec<GroupRuleId>),
) -> Result<RevokedResponse, Error> {
    let mut matches: Vec<RuleMatch> = ids.into_iter().map(RuleMatch::Id).collect();
    if !permissions.is_empty() {
        let rules = permissions.rules(cx.seen())?;
        matches.extend(rules.into_iter().map(|rule| RuleMatch::Rule(rule.traffic, rule.peer)));
    }
    if matches.is_empty() {
        let message = "Either 'ipPermissions' or 'securityGroupRuleIds' should be provided.";
        return Err(Error::new("MissingParameter", message));
    }
    let RevokedRules { revoked, unknown } =
        cx.command(|network, cx| network.revoke_rules(cx, id, direction, matches))?;
    let account = cx.scope.account;
    let unknown: Vec<PermissionView> = unknown
        .into_iter()
        .filter_map(|wanted| match wanted {
            RuleMatch::Rule(traffic, peer) => Some(PermissionView::unknown(traffic, peer, account)),
            RuleMatch::Id(_) => None,
        })
        .collect();
    Ok(RevokedResponse {
        r#return: true,
        unknown_ip_permission_set: Some(unknown).filter(|unknown| !unknown.is_empty()),
        revoked_security_group_rules: revoked.iter().map(|rule| RevokedView::of(id, rule)).collect(),
    })
}

impl RevokedView {
    fn of(group_id: GroupId, rule: &GroupRule) -> RevokedView {
        let (Range { protocol, from, to }, peer) = (Range::of(rule.traffic), PeerMembers::of(&rule.peer));
        RevokedView {
            security_group_rule_id: rule.id,
            group_id,
            is_egress: rule.direction == Direction::Egress,
            ip_protocol: protocol,
            from_port: from.unwrap_or(-1),
            to_port: to.unwrap_or(-1),
            cidr_ipv4: peer.cidr_ipv4,
            cidr_ipv6: peer.cidr_ipv6,
            prefix_list_id: peer.prefix_list,
            referenced_group_id: peer.group.map(|(group, ..)| group),
            description: rule.description.clone(),
        }
    }
}

/// Changes rules in place.
#[derive(Param)]
pub struct ModifySecurityGroupRules {
    group_id: GroupId,
    #[wire(required)]
    security_group_rules: Vec<RuleUpdate>,
}

#[derive(Param)]
struct RuleUpdate {
    security_group_rule_id: GroupRuleId,
    security_group_rule: RuleRequest,
}

#[derive(Param)]
struct RuleRequest {
    ip_protocol: Option<String>,
    from_port: Option<i64>,
    to_port: Option<i64>,
    cidr_ipv4: Option<String>,
    cidr_ipv6: Option<String>,
    prefix_list_id: Option<PrefixListId>,
    referenced_group_id: Option<GroupId>,
    description: Option<String>,
}

impl RuleRequest {
    fn rule(self) -> Result<NewRule, Error> {
        let traffic = traffic(self.ip_protocol.as_deref(), self.from_port, self.to_port)?;
        let v4 = |cidr: &Cidr| matches!(cidr, Cidr::V4(_));
        let peer = match (self.cidr_ipv4, self.cidr_ipv6, self.prefix_list_id, self.referenced_group_id) {
            (Some(text), None, None, None) => {
                NewPeer::Cidr(block(&text).filter(v4).ok_or_else(|| malformed_block(&text))?)
            }
            (None, Some(text), None, None) => {
                NewPeer::Cidr(block(&text).filter(|cidr| !v4(cidr)).ok_or_else(|| malformed_block(&text))?)
            }
            (None, None, Some(list), None) => NewPeer::PrefixList(list),
            (None, None, None, Some(group)) => NewPeer::Group { group, account: None },
            _ => {
                let message = "A security group rule must specify exactly one of cidrIpv4, cidrIpv6, prefixListId and \
                               referencedGroupId";
                return Err(Error::new("InvalidParameterCombination", message));
            }
        };
        Ok(NewRule { traffic, peer, description: self.description })
    }
}

impl Operation for ModifySecurityGroupRules {
    type Response = Return;

    fn run(self, cx: &mut Context<'_>) -> Result<Return, Error> {
        let mut changes = Vec::new();
        for update in self.security_group_rules {
            changes.push((update.security_group_rule_id, update.security_group_rule.rule()?));
        }
        cx.command(|network, cx| network.modify_rules(cx, self.group_id, changes))?;
        Ok(Return)
    }
}

/// Sets the descriptions of rules for arriving packets.
#[derive(Param)]
pub struct UpdateSecurityGroupRuleDescriptionsIngress {
    #[wire(flatten)]
    update: DescriptionUpdate,
}

/// Sets the descriptions of rules for leaving packets.
#[derive(Param)]
pub struct UpdateSecurityGroupRuleDescriptionsEgress {
    #[wire(flatten)]
    update: DescriptionUpdate,
}

#[derive(Param)]
struct DescriptionUpdate {
    group_id: Option<GroupId>,
    group_name: Option<String>,
    #[wire(request = "IpPermissions")]
    ip_permissions: Vec<super::permission::Permission>,
    security_group_rule_descriptions: Vec<RuleDescription>,
}

#[derive(Param)]
struct RuleDescription {
    security_group_rule_id: Option<GroupRuleId>,
    description: Option<String>,
}

impl Operation for UpdateSecurityGroupRuleDescriptionsIngress {
    type Response = Return;

    fn run(self, cx: &mut Context<'_>) -> Result<Return, Error> {
        self.update.apply(cx, Direction::Ingress)
    }
}

impl Operation for UpdateSecurityGroupRuleDescriptionsEgress {
    type Response = Return;

    fn run(self, cx: &mut Context<'_>) -> Result<Return, Error> {
        self.update.apply(cx, Direction::Egress)
    }
}

impl DescriptionUpdate {
    fn apply(self, cx: &mut Context<'_>, direction: Direction) -> Result<Return, Error> {
        let group = group_named(cx.seen(), self.group_id, self.group_name.as_deref())?;
        let mut descriptions = Vec::new();
        for permission in self.ip_permissions {
            let rules = permission.rules(cx.seen())?;
            descriptions.extend(
                rules.into_iter().map(|rule| (RuleMatch::Rule(rule.traffic, rule.peer), rule.description)),
            );
        }
        for named in self.security_group_rule_descriptions {
            let id = named.security_group_rule_id.ok_or_else(|| {
                Error::new("MissingParameter", "The request must contain the parameter securityGroupRuleId")
            })?;
            descriptions.push((RuleMatch::Id(id), named.description));
        }
        if descriptions.is_empty() {
            let message = "Either 'ipPermissions' or 'securityGroupRuleDescriptions' should be provided.";
            return Err(Error::new("MissingParameter", message));
        }
        cx.command(|network, cx| network.describe_rules(cx, group, direction, descriptions))?;
        Ok(Return)
    }
}

/// Lists rules, all or by id.
#[derive(Param)]
pub struct DescribeSecurityGroupRules {
    security_group_rule_ids: Vec<GroupRuleId>,
    #[wire(flatten)]
    selection: Selection,
}

/// The rules found.
#[derive(Xml)]
pub struct DescribeSecurityGroupRulesResponse {
    security_group_rules: Vec<RuleView>,
    next_token: Option<Token>,
}

impl Operation for DescribeSecurityGroupRules {
    type Response = DescribeSecurityGroupRulesResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        check_group_ids(&self.selection.filters)?;
        let (seen, ids) = (cx.seen(), &self.security_group_rule_ids);
        check_all_there(ids, |id| seen.network.rule_in(seen.scope, *id).is_some())?;
        let all = seen
            .network
            .groups
            .of(seen.scope)
            .flat_map(|group| group.rules.iter().map(move |rule| (group, rule)));
        let mut named: Vec<(&Group, &GroupRule)> =
            all.filter(|(_, rule)| ids.is_empty() || ids.contains(&rule.id)).collect();
        named.sort_by_key(|(_, rule)| rule.id);
        let views = named.into_iter().map(|(group, rule)| RuleView::of(seen, group, rule));
        let (security_group_rules, next_token) =
            self.selection.narrow(views, &FILTERS, BOUNDS, |view| view.security_group_rule_id)?;
        Ok(DescribeSecurityGroupRulesResponse { security_group_rules, next_token })
    }
}

/// AWS refuses a malformed group id in this call's filter, while other calls merely find nothing.
fn check_group_ids(filters: &[Filter]) -> Result<(), Error> {
    let values = filters.iter().filter(|filter| filter.name == "group-id").flat_map(|filter| &filter.values);
    for value in values.filter(|value| !value.contains(['*', '?'])) {
        if let Err(malformed) = value.parse::<GroupId>() {
            return Err(Error::new("InvalidGroupId.Malformed", malformed.to_string()));
        }
    }
    Ok(())
}

/// A rule.
#[derive(Xml)]
struct RuleView {
    security_group_rule_id: GroupRuleId,
    group_id: GroupId,
    group_owner_id: AccountId,
    is_egress: bool,
    ip_protocol: String,
    from_port: i32,
    to_port: i32,
    cidr_ipv4: Option<Cidr4>,
    cidr_ipv6: Option<Cidr6>,
    prefix_list_id: Option<PrefixListId>,
    referenced_group_info: Option<ReferencedGroup>,
    description: Option<String>,
    tags: Tags,
    security_group_rule_arn: String,
}

#[derive(Xml)]
struct ReferencedGroup {
    group_id: GroupId,
    peering_status: Option<&'static str>,
    user_id: AccountId,
    vpc_id: Option<VpcId>,
    vpc_peering_connection_id: Option<PeeringId>,
}

impl RuleView {
    fn of(seen: Seen<'_>, group: &Group, rule: &GroupRule) -> RuleView {
        let (Range { protocol, from, to }, peer) = (Range::of(rule.traffic), PeerMembers::of(&rule.peer));
        let referenced = peer.group.map(|(group_id, user_id, peering)| {
            let far = peering.map(|peering| far_side(seen, group, peering));
            ReferencedGroup {
                group_id,
                peering_status: far.as_ref().map(|far| far.status),
                user_id,
                vpc_id: far.and_then(|far| far.vpc),
                vpc_peering_connection_id: peering,
            }
        });
        RuleView {
            security_group_rule_id: rule.id,
            group_id: group.id,
            group_owner_id: group.scope.account,
            is_egress: rule.direction == Direction::Egress,
            ip_protocol: protocol,
            from_port: from.unwrap_or(-1),
            to_port: to.unwrap_or(-1),
            cidr_ipv4: peer.cidr_ipv4,
            cidr_ipv6: peer.cidr_ipv6,
            prefix_list_id: peer.prefix_list,
            referenced_group_info: referenced,
            description: rule.description.clone(),
            tags: rule.tags.clone(),
            security_group_rule_arn: arn(seen, "security-group-rule", rule.id),
        }
    }
}

const FILTERS: FilterTable<RuleView> = FilterTable {
    rows: &[
        ("group-id", |view| vec![view.group_id.to_string()]),
        ("security-group-rule-id", |view| vec![view.security_group_rule_id.to_string()]),
    ],
    tags: Some(|view| &view.tags),
};
