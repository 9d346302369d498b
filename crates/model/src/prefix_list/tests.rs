//! Prefix lists: versions, sizes, references.

use super::*;
use crate::group::{Direction, NewPeer, NewRule};
use crate::protocol::Traffic;
use crate::route::{Destination, Target};
use crate::testing::World;
use crate::{GroupId, Held, RouteTableId, VpcId};

fn entry(cidr: &str) -> Entry {
    Entry { cidr: cidr.parse().expect("a block"), description: None }
}

fn new(max_entries: usize, cidrs: &[&str]) -> NewPrefixList {
    NewPrefixList {
        name: "offices".to_owned(),
        family: Family::V4,
        max_entries,
        entries: cidrs.iter().map(|cidr| entry(cidr)).collect(),
        tags: Tags::new(),
    }
}

/// A VPC with a table and a group, and a list of two entries with room for three.
struct Lab {
    world: World,
    list: PrefixListId,
    table: RouteTableId,
    group: GroupId,
    vpc: VpcId,
}

fn lab() -> Lab {
    let mut world = World::new();
    let vpc = world.vpc("10.0.0.0/16");
    let new = new(3, &["198.51.100.0/24", "203.0.113.0/24"]);
    let list = world.run(|network, cx| network.create_prefix_list(cx, new)).expect("a list");
    let table = world.run(|network, cx| network.create_route_table(cx, vpc, Tags::new())).expect("a table");
    let group = world.network.default_group(vpc).expect("a default group").id;
    Lab { world, list, table, group, vpc }
}

impl Lab {
    #[track_caller]
    fn modify(&mut self, change: PrefixListChange) -> Result<(), Refused> {
        let list = self.list;
        self.world.run(|network, cx| network.modify_prefix_list(cx, list, change))
    }

    fn change(&self, added: &[&str], removed: &[&str]) -> PrefixListChange {
        PrefixListChange {
            current_version: Some(self.own().version()),
            added: added.iter().map(|cidr| entry(cidr)).collect(),
            removed: removed.iter().map(|cidr| cidr.parse().expect("a block")).collect(),
            ..PrefixListChange::default()
        }
    }

    fn own(&self) -> &PrefixList {
        self.world.network.prefix_lists.get(&self.list).expect("the list")
    }

    fn blocks(&self) -> String {
        let blocks: Vec<String> = self.own().entries().iter().map(|entry| entry.cidr.to_string()).collect();
        format!("{}: {}", self.own().version(), blocks.join(" "))
    }

    fn authorize(&mut self, list: PrefixListId) -> Result<(), Refused> {
        let rule = NewRule { traffic: Traffic::All, peer: NewPeer::PrefixList(list), description: None };
        let group = self.group;
        let authorize = |network: &mut Network, cx: &mut Cx| {
            network.authorize_rules(cx, group, (Direction::Ingress, vec![rule]), Tags::new())
        };
        self.world.run(authorize).map(|_| ())
    }

    fn gateway(&mut self) -> Target {
        let vpc = self.vpc;
        let id = self.world.run(|network, cx| network.create_internet_gateway(cx, Tags::new())).expect("one");
        self.world.run(|network, cx| network.attach_internet_gateway(cx, id, vpc)).expect("it attaches");
        Target::InternetGateway(id)
    }

    fn route(&mut self, list: PrefixListId, target: Target) -> Result<(), Refused> {
        let (table, to) = (self.table, Destination::PrefixList(list));
        self.world.run(|network, cx| network.create_route(cx, table, to, target))
    }
}

#[test]
fn a_list_is_made_only_in_bounds() {
    let mut world = World::new();
    let rows = [
        (new(1, &[]), None),
        (new(0, &[]), Some(PrefixListRefusal::Size(0))),
        (new(1_001, &[]), Some(PrefixListRefusal::Size(1_001))),
        (new(1, &["10.0.0.0/8", "11.0.0.0/8"]), Some(PrefixListRefusal::TooManyEntries)),
        (new(2, &["::/0"]), Some(PrefixListRefusal::OtherFamily(entry("::/0").cidr))),
        (new(2, &["10.0.0.0/8", "10.9.9.9/8"]), Some(PrefixListRefusal::Repeated(entry("10.0.0.0/8").cidr))),
        (NewPrefixList { name: String::new(), ..new(1, &[]) }, Some(PrefixListRefusal::Name(String::new()))),
        (
            NewPrefixList { name: "com.amazonaws.x".to_owned(), ..new(1, &[]) },
            Some(PrefixListRefusal::Name("com.amazonaws.x".to_owned())),
        ),
    ];
    for (new, refusal) in rows {
        let outcome = world.run(|network, cx| network.create_prefix_list(cx, new.clone()));
        assert_eq!(outcome.err(), refusal.map(Refused::from), "{new:?}");
    }
    world.network.limits.prefix_lists = 1;
    let outcome = world.run(|network, cx| network.create_prefix_list(cx, new(1, &[])));
    assert_eq!(outcome, Err(Limit::PrefixLists.into()));
}

#[test]
fn other_entries_are_another_version_and_an_earlier_one_can_be_restored() {
    let mut lab = lab();
    assert_eq!(lab.blocks(), "1: 198.51.100.0/24 203.0.113.0/24");
    let change = lab.change(&["192.0.2.0/24"], &["203.0.113.0/24"]);
    assert_eq!(lab.modify(change), Ok(()));
    assert_eq!(lab.blocks(), "2: 198.51.100.0/24 192.0.2.0/24");
    let rename = PrefixListChange { name: Some("sites".to_owned()), ..PrefixListChange::default() };
    assert_eq!(lab.modify(rename), Ok(()));
    assert_eq!((lab.own().version(), lab.own().name.as_str()), (2, "sites"));
    let list = lab.list;
    let mut restore = |versions| lab.world.run(|network, cx| network.restore_prefix_list(cx, list, versions));
    assert_eq!(restore((1, 1)), Err(PrefixListRefusal::VersionMismatch(list).into()));
    assert_eq!(restore((7, 2)), Err(PrefixListRefusal::NoVersion(list, 7).into()));
    assert_eq!(restore((1, 2)), Ok(()));
    assert_eq!(lab.blocks(), "3: 198.51.100.0/24 203.0.113.0/24");
}

#[test]
fn a_wrong_change_is_refused() {
    let mut lab = lab();
    let list = lab.list;
    let (held, free) = ("198.51.100.0/24", "192.0.2.0/24");
    let cidr = |text: &str| entry(text).cidr;
    let stale = PrefixListChange { current_version: Some(9), ..lab.change(&[free], &[]) };
    let unversioned = PrefixListChange { current_version: None, ..lab.change(&[free], &[]) };
    let both = PrefixListChange { max_entries: Some(5), ..lab.change(&[free], &[]) };
    let small = PrefixListChange { max_entries: Some(1), ..PrefixListChange::default() };
    let rows = [
        (stale, PrefixListRefusal::VersionMismatch(list)),
        (unversioned, PrefixListRefusal::VersionMissing),
        (both, PrefixListRefusal::SizeWithEntries),
        (small, PrefixListRefusal::Size(1)),
        (lab.change(&[held], &[held]), PrefixListRefusal::AddedAndRemoved(cidr(held))),
        (lab.change(&[held], &[]), PrefixListRefusal::Repeated(cidr(held))),
        (lab.change(&[], &[free]), PrefixListRefusal::NoEntry(cidr(free))),
        (lab.change(&[free, "192.0.3.0/24"], &[]), PrefixListRefusal::Full(list)),
        (lab.change(&["2600::/16"], &[]), PrefixListRefusal::OtherFamily(cidr("2600::/16"))),
    ];
    for (change, refusal) in rows {
        assert_eq!(lab.modify(change.clone()), Err(refusal.into()), "{change:?}");
    }
    lab.list = aws::of_service(lab.world.scope.region, "s3").expect("the list of S3").id;
    let refused = Err(PrefixListRefusal::IsAws(lab.list).into());
    assert_eq!(lab.modify(PrefixListChange::default()), refused);
}

#[test]
fn the_oldest_version_goes_when_there_are_a_thousand() {
    let mut lab = lab();
    for turn in 0..VERSIONS_MAX {
        let change = match turn % 2 {
            0 => lab.change(&[], &["203.0.113.0/24"]),
            _ => lab.change(&["203.0.113.0/24"], &[]),
        };
        let (list, scope, now) = (lab.list, lab.world.scope, lab.world.now);
        let cx = Cx { scope, now, ids: &mut crate::Ids::new(1) };
        assert_eq!(lab.world.network.modify_prefix_list(&cx, list, change), Ok(()));
    }
    assert_eq!(lab.own().versions.len(), VERSIONS_MAX);
    assert_eq!((lab.own().entries_at(1), lab.own().version()), (None, 1_001));
}

#[test]
fn a_list_counts_for_as_many_as_it_may_hold() {
    let mut lab = lab();
    let gateway = lab.gateway();
    lab.world.network.limits.rules_per_group = 4;
    lab.world.network.limits.routes_per_table = 2;
    assert_eq!(lab.authorize(lab.list), Ok(())); // beside the rule for the group itself
    assert_eq!(lab.route(lab.list, gateway), Err(Limit::RoutesPerTable.into()));
    lab.world.network.limits.routes_per_table = 3;
    assert_eq!(lab.route(lab.list, gateway), Ok(()));
    let s3 = aws::of_service(lab.world.scope.region, "s3").expect("the list of S3").id;
    assert_eq!(lab.authorize(s3), Err(Limit::RulesPerGroup.into()));
    assert_eq!(lab.route(s3, gateway), Err(Limit::RoutesPerTable.into()));
}

#[test]
fn a_size_that_a_referrer_cannot_bear_fails_without_a_refusal() {
    let mut lab = lab();
    let gateway = lab.gateway();
    assert_eq!(lab.authorize(lab.list), Ok(()));
    assert_eq!(lab.route(lab.list, gateway), Ok(()));
    let grow = |size| PrefixListChange { max_entries: Some(size), ..PrefixListChange::default() };
    assert_eq!(lab.modify(grow(59)), Ok(()));
    assert_eq!((lab.own().max_entries, &lab.own().state), (59, &PrefixListState::Modified));
    assert_eq!(lab.modify(grow(60)), Ok(()));
    let crowded = PrefixListState::ModifyFailed(vec![Referrer::Group(lab.group)]);
    assert_eq!((lab.own().max_entries, &lab.own().state), (59, &crowded));
    assert_eq!(lab.modify(grow(501)), Ok(()));
    let both = vec![Referrer::RouteTable(lab.table), Referrer::Group(lab.group)];
    assert_eq!(lab.own().state, PrefixListState::ModifyFailed(both));
}

#[test]
fn references_hold_a_list() {
    let mut lab = lab();
    let (gateway, list, scope) = (lab.gateway(), lab.list, lab.world.scope);
    assert_eq!(lab.route(list, gateway), Ok(()));
    assert_eq!(lab.authorize(list), Ok(()));
    let both = vec![Referrer::RouteTable(lab.table), Referrer::Group(lab.group)];
    assert_eq!(lab.world.network.referrers(scope.region, list), both);
    let delete = |network: &mut Network, cx: &mut Cx| network.delete_prefix_list(cx, list).map(|_| ());
    assert_eq!(lab.world.run(delete), Err(Held::PrefixList(list).into()));
    let table = lab.table;
    let to = Destination::PrefixList(list);
    assert_eq!(lab.world.run(|network, cx| network.delete_route(cx, table, to)), Ok(()));
    assert_eq!(lab.world.run(delete), Err(Held::PrefixList(list).into()));
    let rule = lab.world.network.groups.get(&lab.group).expect("the group").rules.last().expect("a rule").id;
    let group = lab.group;
    let matches = vec![crate::group::RuleMatch::Id(rule)];
    let revoke = |network: &mut Network, cx: &mut Cx| {
        network.revoke_rules(cx, group, Direction::Ingress, matches).map(|_| ())
    };
    assert_eq!(lab.world.run(revoke), Ok(()));
    assert_eq!(lab.world.run(delete), Ok(()));
    assert_eq!(lab.world.run(delete), Err(Missing::PrefixList(list).into()));
}

#[test]
fn a_gateway_table_routes_no_lists() {
    let mut lab = lab();
    let Target::InternetGateway(igw) = lab.gateway() else { unreachable!("it is one") };
    let (table, list) = (lab.table, lab.list);
    let with = crate::route::Associated::InternetGateway(igw);
    assert_eq!(lab.route(list, Target::InternetGateway(igw)), Ok(()));
    let associate = |network: &mut Network, cx: &mut Cx| network.associate_route_table(cx, table, with);
    assert_eq!(lab.world.run(associate), Err(Refused::ListInGatewayTable(table, list)));
    let to = Destination::PrefixList(list);
    assert_eq!(lab.world.run(|network, cx| network.delete_route(cx, table, to)), Ok(()));
    assert!(lab.world.run(associate).is_ok());
    assert_eq!(lab.route(list, Target::InternetGateway(igw)), Err(Refused::ListInGatewayTable(table, list)));
}

#[test]
fn a_list_of_another_account_or_region_is_unknown() {
    let mut lab = lab();
    lab.world.scope = crate::testing::scope("222222222222");
    let vpc = lab.world.vpc("10.9.0.0/16");
    lab.group = lab.world.network.default_group(vpc).expect("a default group").id;
    assert_eq!(lab.authorize(lab.list), Err(Missing::PrefixList(lab.list).into()));
    let elsewhere = aws::of_service("eu-west-1".parse().expect("a region"), "s3").expect("one").id;
    assert_eq!(lab.authorize(elsewhere), Err(Missing::PrefixList(elsewhere).into()));
}
