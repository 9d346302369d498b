//! Rules of a group: added, taken away and changed as a whole or not at all.
//!
//! Two rules are the same if direction, traffic and peer are; descriptions and tags do not count.
//! Source: EC2 API Reference, AuthorizeSecurityGroupIngress, RevokeSecurityGroupIngress, ModifySecurityGroupRules and
//! UpdateSecurityGroupRuleDescriptionsIngress.

use super::{Direction, Group, GroupRefusal, GroupRule, GroupText, Peer, check_marks};
use crate::prefix_list::{Family, PrefixList};
use crate::protocol::Traffic;
use crate::tags;
use crate::{
    AccountId, Cidr, Cx, GroupId, GroupRuleId, Limit, Missing, Network, PrefixListId, Refused, Tags,
};

/// A rule as a caller says it.
#[derive(Clone, Debug, PartialEq)]
pub struct NewRule {
    /// Which protocol and ports.
    pub traffic: Traffic,
    /// The far side.
    pub peer: NewPeer,
    /// The description; empty is none.
    pub description: Option<String>,
}

/// The far side as a caller names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewPeer {
    /// A CIDR block.
    Cidr(Cidr),
    /// A group of the same VPC, or of a peered VPC in the same region.
    Group {
        /// The group.
        group: GroupId,
        /// Its owner, if the caller says so.
        account: Option<AccountId>,
    },
    /// A prefix list.
    PrefixList(PrefixListId),
}

/// Which rules to take away or to describe.
#[derive(Clone, Debug, PartialEq)]
pub enum RuleMatch {
    /// By id.
    Id(GroupRuleId),
    /// By what they say.
    Rule(Traffic, NewPeer),
}

/// What became of a RevokeSecurityGroup call.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RevokedRules {
    /// The rules that are gone.
    pub revoked: Vec<GroupRule>,
    /// What the call named and the group of a default VPC did not have.
    pub unknown: Vec<RuleMatch>,
}

impl NewPeer {
    /// Whether `peer` is what the caller names; who owns a group does not count.
    fn names(&self, peer: &Peer) -> bool {
        match (self, peer) {
            (NewPeer::Cidr(one), Peer::Cidr(other)) => one == other,
            (NewPeer::Group { group, .. }, Peer::Group { group: other, .. }) => group == other,
            (NewPeer::PrefixList(one), Peer::PrefixList(other)) => one == other,
            _ => false,
        }
    }
}

impl RuleMatch {
    fn is(&self, rule: &GroupRule, direction: Direction) -> bool {
        match self {
            RuleMatch::Id(id) => rule.id == *id,
            RuleMatch::Rule(traffic, peer) => {
                rule.direction == direction && rule.traffic == *traffic && peer.names(&rule.peer)
            }
        }
    }
}

impl Network {
    /// Adds rules to a group, all or none, and answers them as they are. Every new rule carries `tags`.
    ///
    /// # Errors
    /// The group is unknown; a rule refers to a group that is unknown or out of reach, or to an unknown prefix list; the call
    /// says the same rule twice, or the group has it; [`Limit::RulesPerGroup`]; a description or tag breaks a rule.
    pub fn authorize_rules(
        &mut self,
        cx: &mut Cx,
        id: GroupId,
        (direction, rules): (Direction, Vec<NewRule>),
        tags: Tags,
    ) -> Result<Vec<GroupRule>, Refused> {
        tags::check(&tags)?;
        let group = self.groups.find(cx.scope, &id)?;
        let mut added: Vec<GroupRule> = Vec::new();
        for rule in rules {
            let rule = GroupRule { tags: tags.clone(), ..self.resolve_rule(cx, group, direction, rule)? };
            if added.iter().any(|other| is_same(other, &rule)) {
                return Err(GroupRefusal::RepeatedRule.into());
            }
            if group.rules.iter().any(|other| is_same(other, &rule)) {
                return Err(GroupRefusal::DuplicateRule(Box::new(rule)).into());
            }
            added.push(rule);
        }
        self.check_rule_count(group, direction, &added)?;
        if let Some(group) = self.groups.get_mut(&id) {
            group.rules.extend(added.clone());
        }
        Ok(added)
    }

    fn resolve_rule(
        &self,
        cx: &mut Cx,
        group: &Group,
        direction: Direction,
        rule: NewRule,
    ) -> Result<GroupRule, Refused> {
        let description = rule.description.filter(|text| !text.is_empty());
        check_marks(GroupText::RuleDescription, description.as_deref().unwrap_or_default())?;
        let peer = self.resolve_peer((group, direction), rule.peer)?;
        Ok(GroupRule {
            id: cx.ids.fresh(),
            direction,
            traffic: rule.traffic,
            peer,
            description,
            tags: Tags::new(),
        })
    }

    /// A group of another VPC can be named over a peering or, in rules of ingress, by way of a transit gateway.
    fn resolve_peer(&self, (group, direction): (&Group, Direction), peer: NewPeer) -> Result<Peer, Refused> {
        match peer {
            NewPeer::Cidr(cidr) => Ok(Peer::Cidr(cidr)),
            NewPeer::PrefixList(id) => self.any_list(group.scope, id).map(|_| Peer::PrefixList(id)),
            NewPeer::Group { group: id, account } => {
                let is_meant = |other: &&Group| account.is_none_or(|account| other.scope.account == account);
                let other = self.groups.get(&id).filter(is_meant).ok_or(Missing::Group(id))?;
                let by_transit = direction == Direction::Ingress && self.transit_joins(group.vpc, other.vpc);
                let peering = match self.peering_between(group, other) {
                    _ if other.vpc == group.vpc => None,
                    Ok(peering) => Some(peering),
                    Err(_) if by_transit => None,
                    Err(refused) => return Err(refused),
                };
                Ok(Peer::Group { group: id, account: other.scope.account, peering })
            }
        }
    }

    /// The active peering in one region that lets a rule of `group` name `other`.
    fn peering_between(&self, group: &Group, other: &Group) -> Result<crate::PeeringId, Refused> {
        let found = self.active_peering(group.vpc, other.vpc).filter(|peering| peering.is_same_region());
        match found {
            Some(peering) => Ok(peering.id),
            None if other.scope == group.scope => Err(GroupRefusal::NotReachable(other.id).into()),
            None => Err(Missing::Group(other.id).into()),
        }
    }

    /// Counts IPv4 and IPv6 apart; a rule that names a group counts for both, one that names a prefix list for as many as the
    /// list may have entries.
    fn check_rule_count(
        &self,
        group: &Group,
        direction: Direction,
        added: &[GroupRule],
    ) -> Result<(), Refused> {
        match self.has_room(group, group.rules_of(direction).chain(added), None) {
            true => Ok(()),
            false => Err(Limit::RulesPerGroup.into()),
        }
    }

    /// Whether a group would still have room if a list were as `changed` says.
    pub(crate) fn has_room_for_rules(&self, group: &Group, changed: &PrefixList) -> bool {
        [Direction::Ingress, Direction::Egress]
            .into_iter()
            .all(|direction| self.has_room(group, group.rules_of(direction), Some(changed)))
    }

    fn has_room<'a>(
        &self,
        group: &Group,
        rules: impl Iterator<Item = &'a GroupRule>,
        changed: Option<&PrefixList>,
    ) -> bool {
        let (mut v4, mut v6) = (0, 0);
        for rule in rules {
            let (added4, added6) = self.rule_weight(group, rule, changed);
            (v4, v6) = (v4 + added4, v6 + added6);
        }
        v4.max(v6) <= self.limits.rules_per_group
    }

    /// For how many IPv4 and IPv6 rules a rule counts.
    fn rule_weight(&self, group: &Group, rule: &GroupRule, changed: Option<&PrefixList>) -> (usize, usize) {
        match rule.peer {
            Peer::Cidr(Cidr::V4(_)) => (1, 0),
            Peer::Cidr(Cidr::V6(_)) => (0, 1),
            Peer::Group { .. } => (1, 1),
            Peer::PrefixList(id) => match self.prefix_list(group.scope.region, id) {
                Some(list) if list.family() == Family::V4 => (self.weight_of(&list, changed), 0),
                Some(list) => (0, self.weight_of(&list, changed)),
                None => (1, 1),
            },
        }
    }

    /// Takes rules away. What the group does not have refuses the call, except that in a default VPC rules named by what they
    /// say are answered as unknown instead.
    ///
    /// # Errors
    /// The group is unknown; [`Missing::GroupRule`] for an id that is none of its rules, [`GroupRefusal::WrongDirection`] for
    /// one of the other direction; [`GroupRefusal::NoSuchRule`].
    pub fn revoke_rules(
        &mut self,
        cx: &Cx,
        id: GroupId,
        direction: Direction,
        matches: Vec<RuleMatch>,
    ) -> Result<RevokedRules, Refused> {
        let group = self.groups.find(cx.scope, &id)?;
        let is_lenient = self.vpcs.get(&group.vpc).is_some_and(|vpc| vpc.is_default);
        let mut answer = RevokedRules::default();
        for wanted in matches {
            match group.rules.iter().find(|rule| wanted.is(rule, direction)) {
                Some(rule) if rule.direction != direction => {
                    return Err(GroupRefusal::WrongDirection(rule.id).into());
                }
                Some(rule) if answer.revoked.iter().any(|revoked| revoked.id == rule.id) => {}
                Some(rule) => answer.revoked.push(rule.clone()),
                None => match wanted {
                    RuleMatch::Id(rule) => return Err(Missing::GroupRule(rule).into()),
                    RuleMatch::Rule(..) if is_lenient => answer.unknown.push(wanted),
                    RuleMatch::Rule(..) => return Err(GroupRefusal::NoSuchRule(id).into()),
                },
            }
        }
        if let Some(group) = self.groups.get_mut(&id) {
            group.rules.retain(|rule| !answer.revoked.iter().any(|revoked| revoked.id == rule.id));
        }
        Ok(answer)
    }

    /// Changes rules in place: they keep their ids, directions and tags.
    ///
    /// # Errors
    /// The group or a rule is unknown; as [`Network::authorize_rules`], except that a rule may stay as it is.
    pub fn modify_rules(
        &mut self,
        cx: &mut Cx,
        id: GroupId,
        changes: Vec<(GroupRuleId, NewRule)>,
    ) -> Result<(), Refused> {
        let group = self.groups.find(cx.scope, &id)?;
        let mut changed = group.clone();
        for (rule_id, new) in changes {
            let place = changed.rules.iter().position(|rule| rule.id == rule_id);
            let place = place.ok_or(Missing::GroupRule(rule_id))?;
            let (direction, tags) = (changed.rules[place].direction, changed.rules[place].tags.clone());
            let new = GroupRule { id: rule_id, tags, ..self.resolve_rule(cx, group, direction, new)? };
            changed.rules[place] = new;
        }
        for (place, rule) in changed.rules.iter().enumerate() {
            if changed.rules[..place].iter().any(|other| is_same(other, rule)) {
                return Err(GroupRefusal::DuplicateRule(Box::new(rule.clone())).into());
            }
        }
        for direction in [Direction::Ingress, Direction::Egress] {
            self.check_rule_count(&changed, direction, &[])?;
        }
        self.groups.insert(changed);
        Ok(())
    }

    /// Sets the descriptions of rules; an empty one takes it away.
    ///
    /// # Errors
    /// The group is unknown, or a rule is none of its own of that direction; a description breaks a rule.
    pub fn describe_rules(
        &mut self,
        cx: &Cx,
        id: GroupId,
        direction: Direction,
        descriptions: Vec<(RuleMatch, Option<String>)>,
    ) -> Result<(), Refused> {
        let mut changed = self.groups.find(cx.scope, &id)?.clone();
        for (wanted, description) in descriptions {
            let description = description.filter(|text| !text.is_empty());
            check_marks(GroupText::RuleDescription, description.as_deref().unwrap_or_default())?;
            match changed
                .rules
                .iter_mut()
                .find(|rule| rule.direction == direction && wanted.is(rule, direction))
            {
                Some(rule) => rule.description = description,
                None => match wanted {
                    RuleMatch::Id(rule) => return Err(Missing::GroupRule(rule).into()),
                    RuleMatch::Rule(..) => return Err(GroupRefusal::NoSuchRule(id).into()),
                },
            }
        }
        self.groups.insert(changed);
        Ok(())
    }
}

fn is_same(one: &GroupRule, other: &GroupRule) -> bool {
    let same_peer = match (&one.peer, &other.peer) {
        (Peer::Group { group, .. }, Peer::Group { group: other, .. }) => group == other,
        (one, other) => one == other,
    };
    one.direction == other.direction && one.traffic == other.traffic && same_peer
}
