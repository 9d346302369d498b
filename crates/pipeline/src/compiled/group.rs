//! Security groups, united for each set of groups that some interface carries.
//!
//! A policy lists what its groups allow, rules to everywhere first: only those can leave a connection untracked.
//! A rule that names a prefix list stands for one rule for each of its entries. One that names a group stands for the
//! private addresses of the interfaces that carry it, in the same VPC or over an active peering connection in the same
//! region; as a source, not for what an appliance forwards.
//! Source: VPC User Guide, "Security group rules"; EC2 User Guide, "Security group connection tracking"; VPC Peering
//! Guide, "Reference peer security groups".

use super::conditions::Conditions;
use super::selector::{Selected, Selector};
use crate::address::Address;
use std::collections::{BTreeMap, BTreeSet};
use weir_model::group::{Direction, Group, GroupRule, Peer};
use weir_model::peering::PeeringStatus;
use weir_model::{Cidr, GroupId, GroupRuleId, Network, Protocol, VpcId};

/// What a set of groups allows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Policy {
    /// Whether there is no group at all: nothing is filtered.
    pub no_groups: bool,
    /// For IPv4 packets.
    pub v4: Rules<u32>,
    /// For IPv6 packets.
    pub v6: Rules<u128>,
}

/// The rules of a policy for one family.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules<A: Address> {
    ingress: Side<A>,
    egress: Side<A>,
}

#[derive(Clone, Debug, Default)]
struct Side<A: Address> {
    rules: Vec<Rule<A>>,
    /// What the rules ask for, members apart; complete when finished.
    conditions: Conditions<A>,
    names: Vec<(GroupId, GroupRuleId)>,
    /// Whether TCP, or UDP, is allowed with every address and port.
    open: [bool; 2],
}

#[derive(Clone, Copy, Debug)]
struct Rule<A> {
    selector: Selector,
    /// Index of the members the peer must be one of, or [`ANYONE`].
    members: u32,
    network: A,
    mask: A,
}

const ANYONE: u32 = u32::MAX;

/// A rule that lets a packet pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Allowed {
    pub group: GroupId,
    pub rule: GroupRuleId,
    /// Whether the connection is tracked.
    pub tracked: bool,
}

impl<A: Address> Rules<A> {
    /// The rule that lets a packet with `selected` pass from or to `peer`, if there is one. Without `members` rules that
    /// name groups stand for nobody.
    pub fn find(
        &self,
        direction: Direction,
        peer: A,
        selected: Selected,
        members: Option<&[Members]>,
    ) -> Option<Allowed> {
        let (side, other) = match direction {
            Direction::Ingress => (&self.ingress, &self.egress),
            Direction::Egress => (&self.egress, &self.ingress),
        };
        let place =
            side.conditions.find(selected, peer, |place| side.rules[place].has_member(peer, members))?;
        let (group, rule) = side.names[place];
        let untracked = side.rules[place].mask == A::default()
            && side.rules[place].members == ANYONE
            && transport(Protocol(selected.protocol)).is_some_and(|index| other.open[index]);
        Some(Allowed { group, rule, tracked: !untracked })
    }
}

/// The place of a protocol with ports in [`Side::open`].
fn transport(protocol: Protocol) -> Option<usize> {
    match protocol {
        Protocol::TCP => Some(0),
        Protocol::UDP => Some(1),
        _ => None,
    }
}

impl<A: Address> Rule<A> {
    fn has_member(&self, peer: A, members: Option<&[Members]>) -> bool {
        self.members == ANYONE
            || members.is_some_and(|members| {
                A::members(&members[self.members as usize]).binary_search(&peer).is_ok()
            })
    }

    fn is_wide(&self) -> bool {
        self.members == ANYONE && self.mask == A::default()
    }
}

impl<A: Address> Side<A> {
    fn add(&mut self, rule: Rule<A>, name: (GroupId, GroupRuleId)) {
        self.rules.push(rule);
        self.names.push(name);
    }

    /// Puts rules to everywhere first and notes what is open.
    fn finish(&mut self) {
        let mut both: Vec<_> = self.rules.drain(..).zip(self.names.drain(..)).collect();
        both.sort_by_key(|(rule, _)| !rule.is_wide());
        (self.rules, self.names) = both.into_iter().unzip();
        let asked: Vec<_> =
            self.rules.iter().map(|rule| (rule.selector, (rule.network, rule.mask))).collect();
        self.conditions = Conditions::new(&asked);
        self.open = [Protocol::TCP, Protocol::UDP]
            .map(|protocol| self.rules.iter().any(|rule| rule.is_wide() && rule.selector.covers(protocol)));
    }
}

/// The private addresses of the interfaces that carry a group, sorted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Members {
    pub v4: Vec<u32>,
    pub v6: Vec<u128>,
}

/// Makes the policies of a network, each set of groups once.
pub(crate) struct Policies<'a> {
    network: &'a Network,
    peers: BTreeSet<(VpcId, VpcId)>,
    member_index: BTreeMap<GroupId, u32>,
    index: BTreeMap<Vec<GroupId>, u32>,
    /// The policies so far.
    pub policies: Vec<Policy>,
    /// The members of every group.
    pub members: Vec<Members>,
}

impl<'a> Policies<'a> {
    /// Gathers the members of all groups of `network`.
    pub fn new(network: &'a Network) -> Policies<'a> {
        let member_index: BTreeMap<GroupId, u32> =
            network.groups.iter().map(|group| group.id).zip(0..).collect();
        let mut members = vec![Members::default(); member_index.len()];
        for interface in network.interfaces.iter() {
            for group in &interface.groups {
                let Some(index) = member_index.get(group) else { continue };
                let members = &mut members[*index as usize];
                members.v4.extend(interface.addresses.iter().map(|address| u32::from(address.private)));
                members.v6.extend(interface.ipv6_addresses.iter().map(|address| u128::from(*address)));
            }
        }
        for members in &mut members {
            members.v4.sort_unstable();
            members.v6.sort_unstable();
        }
        let (index, policies) = (BTreeMap::new(), Vec::new());
        Policies { network, peers: peers(network), member_index, index, policies, members }
    }

    /// The index of the policy that unites `groups`.
    pub fn of(&mut self, groups: &[GroupId]) -> u32 {
        if let Some(index) = self.index.get(groups) {
            return *index;
        }
        let mut policy = Policy { no_groups: groups.is_empty(), ..Policy::default() };
        for group in groups.iter().filter_map(|group| self.network.groups.get(group)) {
            for rule in &group.rules {
                self.add(&mut policy, group, rule);
            }
        }
        policy.v4.ingress.finish();
        policy.v4.egress.finish();
        policy.v6.ingress.finish();
        policy.v6.egress.finish();
        let index = self.policies.len() as u32;
        self.policies.push(policy);
        self.index.insert(groups.to_vec(), index);
        index
    }

    fn add(&self, policy: &mut Policy, group: &Group, rule: &GroupRule) {
        let name = (group.id, rule.id);
        let selector = Selector::new(rule.traffic);
        let v4 = policy.v4.side(rule.direction);
        let v6 = policy.v6.side(rule.direction);
        match rule.peer {
            Peer::Cidr(cidr @ Cidr::V4(_)) => v4.add_block(selector, cidr, name),
            Peer::Cidr(cidr @ Cidr::V6(_)) => v6.add_block(selector, cidr, name),
            Peer::Group { group: peer, .. } => {
                let Some(members) = self.reachable_members((group.vpc, rule.direction), peer) else { return };
                v4.add(Rule { selector, members, network: 0, mask: 0 }, name);
                v6.add(Rule { selector, members, network: 0, mask: 0 }, name);
            }
            Peer::PrefixList(id) => {
                let list = self.network.prefix_list(group.scope.region, id);
                for cidr in list.map(|list| list.cidrs()).unwrap_or_default() {
                    v4.add_block(selector, cidr, name);
                    v6.add_block(selector, cidr, name);
                }
            }
        }
    }

    /// The members of `group` if a rule in `vpc` may name it.
    ///
    /// Any active peering connection between the two VPCs will do: stale rules become valid again when a new one is
    /// made (VPC Peering Guide, "Identify stale security group rules"). By way of a transit gateway only rules of ingress
    /// name groups (Amazon VPC Transit Gateways guide, "Security group referencing").
    fn reachable_members(&self, (vpc, direction): (VpcId, Direction), group: GroupId) -> Option<u32> {
        let other = self.network.groups.get(&group)?.vpc;
        let by_transit = direction == Direction::Ingress && self.network.transit_joins(vpc, other);
        let reachable = vpc == other || self.peers.contains(&(vpc, other)) || by_transit;
        self.member_index.get(&group).copied().filter(|_| reachable)
    }
}

impl<A: Address> Side<A> {
    fn add_block(&mut self, selector: Selector, cidr: Cidr, name: (GroupId, GroupRuleId)) {
        if let Some((network, mask)) = A::block(cidr) {
            self.add(Rule { selector, members: ANYONE, network, mask }, name);
        }
    }
}

impl<A: Address> Rules<A> {
    fn side(&mut self, direction: Direction) -> &mut Side<A> {
        match direction {
            Direction::Ingress => &mut self.ingress,
            Direction::Egress => &mut self.egress,
        }
    }
}

/// The pairs of VPCs, both ways round, with an active peering connection in one region.
fn peers(network: &Network) -> BTreeSet<(VpcId, VpcId)> {
    let mut peers = BTreeSet::new();
    for peering in network.peerings.iter() {
        let (one, other) = (&peering.requester, &peering.accepter);
        if peering.status == PeeringStatus::Active && one.scope.region == other.scope.region {
            peers.extend([(one.vpc, other.vpc), (other.vpc, one.vpc)]);
        }
    }
    peers
}
