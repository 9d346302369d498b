//! Groups that name groups across a peering: who refers to mine, and which of my rules lead nowhere.
//!
//! A rule across a peering stays when the peering or the group at its far end goes: it is stale until a new peering of the
//! same VPCs is made. Source: VPC Peering Guide, "Update your security groups to reference peer security groups".

use super::{Direction, Group, GroupRule, Peer};
use crate::peering::PeeringStatus;
use crate::{GroupId, Network, PeeringId, Refused, Scope, VpcId};

/// A VPC that refers to a group over a peering.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// The group that is named.
    pub group: GroupId,
    /// The VPC whose group names it.
    pub vpc: VpcId,
    /// The peering connection between them.
    pub peering: PeeringId,
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
    /// The VPCs at the far ends of active peerings whose groups name one of `groups`, each once.
    ///
    /// # Errors
    /// One of the groups is not of `scope`.
    pub fn group_references(&self, scope: Scope, groups: &[GroupId]) -> Result<Vec<Reference>, Refused> {
        let mut found = Vec::new();
        for id in groups {
            let wanted = self.groups.find(scope, id)?;
            for other in self.groups.iter().filter(|other| other.vpc != wanted.vpc) {
                let names_it = other.rules.iter().any(|rule| rule.peer.group() == Some(*id));
                if let Some(peering) = self.active_peering(wanted.vpc, other.vpc).filter(|_| names_it) {
                    found.push(Reference { group: *id, vpc: other.vpc, peering: peering.id });
                }
            }
        }
        found.sort();
        found.dedup();
        Ok(found)
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

    /// Whether `rule` of `group` names a group across a peering that has ended, or one that is gone.
    pub fn is_stale(&self, group: &Group, rule: &GroupRule) -> bool {
        match rule.peer {
            Peer::Group { group: id, peering: Some(_), .. } => {
                self.groups.get(&id).is_none_or(|other| self.active_peering(group.vpc, other.vpc).is_none())
            }
            _ => false,
        }
    }

    /// The VPC of the group that a rule of `group` names over `peering`, and how that peering stands; `None` once forgotten.
    pub fn referenced_vpc(&self, group: &Group, peering: PeeringId) -> Option<(VpcId, PeeringStatus)> {
        let peering = self.peerings.get(&peering)?;
        peering.far_side(group.vpc).map(|side| (side.vpc, peering.status))
    }
}
