//! Groups that name groups of other VPCs: who refers to mine, and which of my rules lead nowhere.
//!
//! A rule across a peering, or by way of a transit gateway, stays when its way or the group at the far end goes: it is stale
//! until there is a way between the same VPCs again.
//! Source: VPC Peering Guide, "Update your security groups to reference peer security groups"; Amazon VPC Transit Gateways
//! guide, "Security group referencing"; EC2 API Reference, DescribeSecurityGroupReferences, DescribeStaleSecurityGroups (a
//! rule is stale too if the transit gateway has been deleted or its security group referencing been disabled).

use super::{Direction, Group, GroupRule, Peer};
use crate::peering::PeeringStatus;
use crate::{GroupId, Network, PeeringId, Refused, Scope, TransitGatewayId, VpcId};

/// A VPC that refers to a group of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// The group that is named.
    pub group: GroupId,
    /// The VPC whose group names it.
    pub vpc: VpcId,
    /// The way between them.
    pub link: Link,
}

/// A way between two VPCs over which the rules of one may name groups of the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Link {
    /// A peering connection that is active.
    Peering(PeeringId),
    /// A transit gateway that both are attached to, for rules of ingress.
    TransitGateway(TransitGatewayId),
}

/// A group with rules that lead nowhere.
#[derive(Clone, Debug, PartialEq)]
pub struct StaleGroup<'a> {
    /// The group.
    pub group: &'a Group,
    /// Its stale rules.
    pub rules: Vec<&'a GroupRule>,
}

impl StaleGroup<'_> {
    /// Its stale rules of one direction.
    pub fn rules_of(&self, direction: Direction) -> impl Iterator<Item = &GroupRule> {
        self.rules.iter().copied().filter(move |rule| rule.direction == direction)
    }
}

impl Network {
    /// The VPCs at the far ends of active peerings and transit gateways whose groups name one of `groups`, each once for each
    /// way.
    ///
    /// # Errors
    /// One of the groups is not of `scope`.
    pub fn group_references(&self, scope: Scope, groups: &[GroupId]) -> Result<Vec<Reference>, Refused> {
        let mut found = Vec::new();
        for id in groups {
            let wanted = self.groups.find(scope, id)?;
            for other in self.groups.iter().filter(|other| other.vpc != wanted.vpc) {
                let naming = other.rules.iter().filter(|rule| rule.peer.group() == Some(*id));
                let links = naming.flat_map(|rule| self.links((wanted.vpc, other.vpc), rule.direction));
                found.extend(links.map(|link| Reference { group: *id, vpc: other.vpc, link }));
            }
        }
        found.sort();
        found.dedup();
        Ok(found)
    }

    /// The ways over which a rule of this direction in one of two VPCs reaches the groups of the other.
    fn links(&self, (one, other): (VpcId, VpcId), direction: Direction) -> impl Iterator<Item = Link> {
        let peering = self.active_peering(one, other).map(|peering| Link::Peering(peering.id));
        let transit = self.transit_links(one, other).filter(move |_| direction == Direction::Ingress);
        peering.into_iter().chain(transit.map(Link::TransitGateway))
    }

    /// The groups of a VPC with stale rules.
    ///
    /// # Errors
    /// The VPC is not of `scope`.
    pub fn stale_groups(&self, scope: Scope, vpc: VpcId) -> Result<Vec<StaleGroup<'_>>, Refused> {
        self.vpcs.find(scope, &vpc)?;
        let stale = |group| StaleGroup { group, rules: self.stale_rules(group) };
        let all = self.groups.of(scope).filter(|group| group.vpc == vpc).map(stale);
        Ok(all.filter(|stale| !stale.rules.is_empty()).collect())
    }

    fn stale_rules<'a>(&self, group: &'a Group) -> Vec<&'a GroupRule> {
        group.rules.iter().filter(|rule| self.is_stale(group, rule)).collect()
    }

    /// Whether `rule` of `group` names a group of another VPC that no way leads to any more, or that is gone.
    pub fn is_stale(&self, group: &Group, rule: &GroupRule) -> bool {
        let Peer::Group { group: id, .. } = rule.peer else { return false };
        // A group that rules of its own VPC name is held by them.
        self.groups.get(&id).is_none_or(|other| {
            other.vpc != group.vpc && self.links((group.vpc, other.vpc), rule.direction).next().is_none()
        })
    }

    /// The VPC of the group that a rule of `group` names over `peering`, and how that peering stands; `None` once forgotten.
    pub fn referenced_vpc(&self, group: &Group, peering: PeeringId) -> Option<(VpcId, PeeringStatus)> {
        let peering = self.peerings.get(&peering)?;
        peering.far_side(group.vpc).map(|side| (side.vpc, peering.status))
    }
}
