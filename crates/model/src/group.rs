//! Security groups: stateful allow-lists on an interface. Rules are a union; their order never matters.
//!
//! A group allows nothing in and everything out when it is made; the VPC's own `default` group also allows its members in.
//! Source: Amazon VPC User Guide, "Security groups" and "Security group rules"; EC2 API Reference, CreateSecurityGroup.

use crate::endpoint::VpcEndpoint;
use crate::protocol::Traffic;
use crate::table::Resource;
use crate::tags;
use crate::vpc::defaults::DEFAULT_GROUP;
use crate::{
    AccountId, Cidr, Cidr4, Cidr6, Cx, GroupId, GroupRuleId, Held, Limit, Network, PeeringId, PrefixListId,
    Refused, Scope, Tags, VpcId,
};
use serde::{Deserialize, Serialize};

mod references;
mod rules;

pub use references::{Link, Reference, StaleGroup};
pub use rules::{NewPeer, NewRule, RevokedRules, RuleMatch};

/// A security group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// Its id.
    pub id: GroupId,
    /// Owner and region.
    pub scope: Scope,
    /// The VPC it is of.
    pub vpc: VpcId,
    /// Its name, unique in the VPC; `default` for the VPC's own.
    pub name: String,
    /// Its description.
    pub description: String,
    /// Its rules, in the order they were made.
    pub rules: Vec<GroupRule>,
    /// Its tags.
    pub tags: Tags,
}

/// One rule of a group: one protocol and port range, one peer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupRule {
    /// Its id.
    pub id: GroupRuleId,
    /// Which packets, by direction relative to the interface.
    pub direction: Direction,
    /// Which protocol and ports.
    pub traffic: Traffic,
    /// The source of ingress, the destination of egress.
    pub peer: Peer,
    /// The description given, if any.
    pub description: Option<String>,
    /// Its tags.
    pub tags: Tags,
}

/// Into or out of an interface or subnet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Direction {
    /// Arriving.
    Ingress,
    /// Leaving.
    Egress,
}

/// The far side that a group rule names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Peer {
    /// Addresses of a CIDR block.
    Cidr(Cidr),
    /// Private addresses of interfaces that carry a group, in the same VPC or across a peering.
    Group {
        /// The group.
        group: GroupId,
        /// Its owner.
        account: AccountId,
        /// The peering connection it is reached over, if it is of another VPC.
        peering: Option<PeeringId>,
    },
    /// Addresses of a prefix list.
    PrefixList(PrefixListId),
}

/// What a name may not begin with.
const ID_PREFIX: &str = "sg-";
/// Longest name and description in characters.
pub const TEXT_CHARS_MAX: usize = 255;
/// What names and descriptions may hold besides ASCII letters and digits.
const TEXT_MARKS: &str = " ._-:/()#,@[]+=&;{}!$*";

/// Why a command about a security group is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupRefusal {
    /// A name or description is empty, too long or holds a character that is not allowed.
    Text {
        /// What it is of.
        member: GroupText,
        /// What was given.
        given: String,
    },
    /// The name is kept for AWS: `default`, or `sg-…`.
    Reserved(String),
    /// The VPC has a group of this name.
    Duplicate {
        /// The name.
        name: String,
        /// The VPC.
        vpc: VpcId,
    },
    /// No group of this name in the VPC, or in the default VPC if that is `None`.
    NoSuchName {
        /// The name.
        name: String,
        /// The VPC.
        vpc: Option<VpcId>,
    },
    /// The group that came with a VPC cannot be deleted.
    IsDefault(GroupId),
    /// The referenced group is neither in the same VPC nor across an active peering in the same region.
    NotReachable(GroupId),
    /// The group has a rule like this one already.
    DuplicateRule(Box<GroupRule>),
    /// The call names the same rule twice.
    RepeatedRule,
    /// The group has no such rule.
    NoSuchRule(GroupId),
    /// The rule is of the other direction.
    WrongDirection(GroupRuleId),
}

/// A text that a group or a rule has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupText {
    /// The name of a group.
    Name,
    /// The description of a group.
    Description,
    /// The description of a rule.
    RuleDescription,
}

/// What CreateSecurityGroup asks for.
#[derive(Clone, Debug)]
pub struct NewGroup {
    /// The VPC.
    pub vpc: VpcId,
    /// The name; spaces at its end are cut.
    pub name: String,
    /// The description.
    pub description: String,
    /// Its tags.
    pub tags: Tags,
}

impl Group {
    /// Whether it is the one that came with its VPC.
    pub fn is_default(&self) -> bool {
        self.name == DEFAULT_GROUP
    }

    /// Its rules of one direction.
    pub fn rules_of(&self, direction: Direction) -> impl Iterator<Item = &GroupRule> {
        self.rules.iter().filter(move |rule| rule.direction == direction)
    }
}

impl Peer {
    /// The group it names, if it names one.
    pub fn group(&self) -> Option<GroupId> {
        match self {
            Peer::Group { group, .. } => Some(*group),
            Peer::Cidr(_) | Peer::PrefixList(_) => None,
        }
    }
}

impl Network {
    /// Makes a group that allows nothing in and everything out.
    ///
    /// # Errors
    /// The VPC is unknown; a name or description breaks a rule or is taken ([`GroupRefusal`]); [`Limit::Groups`]; tags.
    pub fn create_group(&mut self, cx: &mut Cx, new: NewGroup) -> Result<GroupId, Refused> {
        let name = new.name.trim_end().to_owned();
        check_text(GroupText::Name, &name)?;
        check_text(GroupText::Description, &new.description)?;
        if name == DEFAULT_GROUP || name.starts_with(ID_PREFIX) {
            return Err(GroupRefusal::Reserved(name).into());
        }
        tags::check(&new.tags)?;
        self.vpcs.find(cx.scope, &new.vpc)?;
        if self.group_named(new.vpc, &name).is_some() {
            return Err(GroupRefusal::Duplicate { name, vpc: new.vpc }.into());
        }
        if self.groups.of(cx.scope).count() >= self.limits.groups {
            return Err(Limit::Groups.into());
        }
        let id = cx.ids.fresh();
        let mut rules = vec![egress_rule(cx, Cidr4::ALL.into())];
        if self.vpcs.get(&new.vpc).is_some_and(|vpc| !vpc.ipv6_cidrs.is_empty()) {
            rules.push(egress_rule(cx, Cidr6::ALL.into()));
        }
        let NewGroup { vpc, description, tags, .. } = new;
        self.groups.insert(Group { id, scope: cx.scope, vpc, name, description, rules, tags });
        Ok(id)
    }

    /// The group of this name in a VPC.
    pub fn group_named(&self, vpc: VpcId, name: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.vpc == vpc && group.name == name)
    }

    /// The group of this name in the default VPC of `scope`: groups elsewhere have to be named by id.
    ///
    /// # Errors
    /// [`GroupRefusal::NoSuchName`].
    pub fn group_in_default_vpc(&self, scope: Scope, name: &str) -> Result<&Group, Refused> {
        let vpc = self.default_vpc(scope).map(|vpc| vpc.id);
        let found = vpc.and_then(|vpc| self.group_named(vpc, name));
        found.ok_or_else(|| GroupRefusal::NoSuchName { name: name.to_owned(), vpc }.into())
    }

    /// Deletes a group that no interface carries and no rule of another group of its VPC names.
    ///
    /// A rule across a peering does not hold it back: that rule becomes stale.
    ///
    /// # Errors
    /// The group is unknown, the default one ([`GroupRefusal::IsDefault`]), or in use ([`Held::Group`]).
    pub fn delete_group(&mut self, cx: &Cx, id: GroupId) -> Result<(), Refused> {
        let group = self.groups.find(cx.scope, &id)?;
        if group.is_default() {
            return Err(GroupRefusal::IsDefault(id).into());
        }
        if self.is_group_used(group) {
            return Err(Held::Group(id).into());
        }
        self.groups.remove(&id);
        Ok(())
    }

    fn is_group_used(&self, group: &Group) -> bool {
        let names_it = |other: &Group| other.rules.iter().any(|rule| rule.peer.group() == Some(group.id));
        let carries = |endpoint: &VpcEndpoint| {
            endpoint.interface_endpoint().is_some_and(|own| own.groups.contains(&group.id))
        };
        self.interfaces.iter().any(|interface| interface.groups.contains(&group.id))
            || self.endpoints.iter().any(carries)
            || self
                .groups
                .iter()
                .any(|other| other.vpc == group.vpc && other.id != group.id && names_it(other))
    }

    /// The rule `id` with its group, if it is of `scope`.
    pub fn rule_in(&self, scope: Scope, id: GroupRuleId) -> Option<(&Group, &GroupRule)> {
        self.groups.of(scope).find_map(|group| Some((group, group.rules.iter().find(|rule| rule.id == id)?)))
    }
}

fn egress_rule(cx: &mut Cx, cidr: Cidr) -> GroupRule {
    let (direction, traffic, peer) = (Direction::Egress, Traffic::All, Peer::Cidr(cidr));
    GroupRule { id: cx.ids.fresh(), direction, traffic, peer, description: None, tags: Tags::new() }
}

/// Checks a name or description: 1 to [`TEXT_CHARS_MAX`] characters of a fixed set.
fn check_text(member: GroupText, text: &str) -> Result<(), GroupRefusal> {
    if text.is_empty() {
        Err(GroupRefusal::Text { member, given: String::new() })
    } else {
        check_marks(member, text)
    }
}

fn check_marks(member: GroupText, text: &str) -> Result<(), GroupRefusal> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || TEXT_MARKS.contains(c);
    match text.chars().count() <= TEXT_CHARS_MAX && text.chars().all(allowed) {
        true => Ok(()),
        false => Err(GroupRefusal::Text { member, given: text.to_owned() }),
    }
}

impl Resource for Group {
    type Key = GroupId;
    const KIND: &'static str = "security-group";
    fn key(&self) -> GroupId {
        self.id
    }
}

#[cfg(test)]
mod tests;
