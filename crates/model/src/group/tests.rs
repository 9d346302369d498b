use super::*;
use crate::peering::PeeringRequest;
use crate::testing::World;
use crate::{Missing, PortRange, Protocol};

fn new_group(vpc: VpcId, name: &str) -> NewGroup {
    NewGroup { vpc, name: name.to_owned(), description: "a group".to_owned(), tags: Tags::new() }
}

#[track_caller]
fn group(world: &mut World, vpc: VpcId, name: &str) -> GroupId {
    world.run(|network, cx| network.create_group(cx, new_group(vpc, name))).expect("the group can be made")
}

fn tcp(port: u16) -> Traffic {
    Traffic::Ports(Protocol::TCP, PortRange::new(port, port).expect("a range"))
}

fn from(peer: NewPeer) -> NewRule {
    NewRule { traffic: tcp(22), peer, description: None }
}

fn anyone() -> NewPeer {
    NewPeer::Cidr(Cidr::V4(Cidr4::ALL))
}

fn member(group: GroupId) -> NewPeer {
    NewPeer::Group { group, account: None }
}

fn allow(world: &mut World, group: GroupId, peer: NewPeer) -> Result<Vec<GroupRule>, Refused> {
    let rules = (Direction::Ingress, vec![from(peer)]);
    world.run(|network, cx| network.authorize_rules(cx, group, rules, Tags::new()))
}

fn revoke(world: &mut World, group: GroupId, rule: RuleMatch) -> Result<RevokedRules, Refused> {
    world.run(|network, cx| network.revoke_rules(cx, group, Direction::Ingress, vec![rule]))
}

// VPC User Guide, "Security groups": a new group has no inbound rules and one outbound rule that allows all.
#[test]
fn a_new_group_allows_nothing_in_and_everything_out() {
    let mut world = World::new();
    let vpc = world.vpc("10.0.0.0/16");
    let id = group(&mut world, vpc, "web  ");
    let group = world.network.groups.get(&id).expect("the group");
    assert_eq!((group.name.as_str(), group.rules_of(Direction::Ingress).count()), ("web", 0));
    let egress: Vec<_> = group.rules_of(Direction::Egress).map(|rule| (rule.traffic, rule.peer)).collect();
    assert_eq!(egress, [(Traffic::All, Peer::Cidr(Cidr::V4(Cidr4::ALL)))]);
}

#[test]
fn names_follow_the_rules() {
    let mut world = World::new();
    let vpc = world.vpc("10.0.0.0/16");
    group(&mut world, vpc, "web");
    let refused = |world: &mut World, name: &str| {
        world.run(|network, cx| network.create_group(cx, new_group(vpc, name))).expect_err(name)
    };
    let text = |given: &str| GroupRefusal::Text { member: GroupText::Name, given: given.to_owned() }.into();
    assert_eq!(refused(&mut world, "default"), GroupRefusal::Reserved("default".to_owned()).into());
    assert_eq!(refused(&mut world, "sg-web"), GroupRefusal::Reserved("sg-web".to_owned()).into());
    assert_eq!(refused(&mut world, "web"), GroupRefusal::Duplicate { name: "web".to_owned(), vpc }.into());
    assert_eq!(refused(&mut world, " "), text(""));
    assert_eq!(refused(&mut world, "wéb"), text("wéb"));
    let other = world.vpc("10.1.0.0/16");
    group(&mut world, other, "web");
}

#[test]
fn a_rule_that_is_there_refuses_the_whole_call() {
    let mut world = World::new();
    let vpc = world.vpc("10.0.0.0/16");
    let web = group(&mut world, vpc, "web");
    let first = allow(&mut world, web, anyone()).expect("a first rule").remove(0);
    let second = world.run(|network, cx| {
        let rules = vec![from(member(web)), NewRule { description: Some("x".to_owned()), ..from(anyone()) }];
        network.authorize_rules(cx, web, (Direction::Ingress, rules), Tags::new())
    });
    assert!(matches!(second, Err(Refused::Group(GroupRefusal::DuplicateRule(_)))), "{second:?}");
    let twice = world.run(|network, cx| {
        let rules = vec![from(member(web)), from(member(web))];
        network.authorize_rules(cx, web, (Direction::Ingress, rules), Tags::new())
    });
    assert_eq!(twice, Err(GroupRefusal::RepeatedRule.into()));
    assert_eq!(revoke(&mut world, web, RuleMatch::Id(first.id)).map(|done| done.revoked), Ok(vec![first]));
}

#[test]
fn revoking_what_is_not_there_is_refused_but_in_a_default_vpc() {
    let mut world = World::new();
    let vpc = world.vpc("10.0.0.0/16");
    let web = group(&mut world, vpc, "web");
    let wanted = RuleMatch::Rule(tcp(22), anyone());
    assert_eq!(revoke(&mut world, web, wanted.clone()), Err(GroupRefusal::NoSuchRule(web).into()));
    let egress = world.network.groups.get(&web).expect("the group").rules[0].id;
    assert_eq!(
        revoke(&mut world, web, RuleMatch::Id(egress)),
        Err(GroupRefusal::WrongDirection(egress).into())
    );
    let default = world.run(|network, cx| network.create_default_vpc(cx)).expect("a default VPC");
    let lax = group(&mut world, default, "lax");
    let answer = revoke(&mut world, lax, wanted.clone()).expect("no error in a default VPC");
    assert_eq!((answer.revoked, answer.unknown), (vec![], vec![wanted]));
}

#[test]
fn rules_are_modified_in_place() {
    let mut world = World::new();
    let vpc = world.vpc("10.0.0.0/16");
    let web = group(&mut world, vpc, "web");
    let first = allow(&mut world, web, anyone()).expect("a rule").remove(0);
    let second = allow(&mut world, web, member(web)).expect("a rule").remove(0);
    let change = |world: &mut World, rule: &GroupRule, peer| {
        world.run(|network, cx| network.modify_rules(cx, web, vec![(rule.id, from(peer))]))
    };
    let private = NewPeer::Cidr("10.0.0.0/8".parse().expect("a block"));
    assert_eq!(change(&mut world, &first, private), Ok(()));
    let rule = world.network.rule_in(world.scope, first.id).expect("the rule").1;
    assert_eq!((rule.id, rule.peer), (first.id, Peer::Cidr("10.0.0.0/8".parse().expect("a block"))));
    let same = change(&mut world, &second, private);
    assert!(matches!(same, Err(Refused::Group(GroupRefusal::DuplicateRule(_)))), "{same:?}");
}

#[test]
fn descriptions_are_set_and_taken_away() {
    let mut world = World::new();
    let vpc = world.vpc("10.0.0.0/16");
    let web = group(&mut world, vpc, "web");
    let rule = allow(&mut world, web, anyone()).expect("a rule").remove(0);
    let mut describe = |wanted: RuleMatch, text: Option<&str>| {
        let descriptions = vec![(wanted, text.map(str::to_owned))];
        world.run(|network, cx| network.describe_rules(cx, web, Direction::Ingress, descriptions))?;
        Ok(world.network.rule_in(world.scope, rule.id).expect("the rule").1.description.clone())
    };
    assert_eq!(describe(RuleMatch::Id(rule.id), Some("SSH")), Ok(Some("SSH".to_owned())));
    assert_eq!(describe(RuleMatch::Rule(tcp(22), anyone()), Some("")), Ok(None));
    let unknown = RuleMatch::Rule(tcp(23), anyone());
    assert_eq!(describe(unknown, None), Err::<Option<String>, Refused>(GroupRefusal::NoSuchRule(web).into()));
}

#[test]
fn a_group_in_use_cannot_be_deleted() {
    let mut world = World::new();
    let vpc = world.vpc("10.0.0.0/16");
    let (web, db) = (group(&mut world, vpc, "web"), group(&mut world, vpc, "db"));
    allow(&mut world, web, member(web)).expect("a rule about itself");
    let rule = allow(&mut world, db, member(web)).expect("a rule").remove(0);
    let delete = |world: &mut World, id| world.run(|network, cx| network.delete_group(cx, id));
    assert_eq!(delete(&mut world, web), Err(Held::Group(web).into()));
    revoke(&mut world, db, RuleMatch::Id(rule.id)).expect("the rule is there");
    assert_eq!(delete(&mut world, web), Ok(()));
    assert_eq!(delete(&mut world, web), Err(Missing::Group(web).into()));
    let default = world.network.default_group(vpc).expect("a default group").id;
    assert_eq!(delete(&mut world, default), Err(GroupRefusal::IsDefault(default).into()));
}

#[test]
fn the_rules_of_a_group_are_limited_by_family() {
    let mut world = World::new();
    let vpc = world.vpc("10.0.0.0/16");
    let web = group(&mut world, vpc, "web");
    world.network.limits.rules_per_group = 1;
    allow(&mut world, web, anyone()).expect("one IPv4 rule");
    allow(&mut world, web, NewPeer::Cidr(Cidr::V6(Cidr6::ALL))).expect("one IPv6 rule");
    assert_eq!(allow(&mut world, web, member(web)), Err(Limit::RulesPerGroup.into()));
}

// VPC Peering Guide, "Update your security groups to reference peer security groups".
#[test]
fn a_group_is_named_across_an_active_peering_until_that_ends() {
    let mut world = World::new();
    let (one, other) = (world.vpc("10.1.0.0/16"), world.vpc("10.2.0.0/16"));
    let (web, db) = (group(&mut world, one, "web"), group(&mut world, other, "db"));
    assert_eq!(allow(&mut world, db, member(web)), Err(GroupRefusal::NotReachable(web).into()));
    let request = PeeringRequest { vpc: one, peer_vpc: other, peer: world.scope, tags: Tags::new() };
    let pcx = world.run(|network, cx| network.request_peering(cx, request)).expect("a request");
    assert_eq!(allow(&mut world, db, member(web)), Err(GroupRefusal::NotReachable(web).into()));
    world.run(|network, cx| network.accept_peering(cx, pcx)).expect("a pending request");
    let rule = allow(&mut world, db, member(web)).expect("the peering is active").remove(0);
    let account = world.scope.account;
    assert_eq!(rule.peer, Peer::Group { group: web, account, peering: Some(pcx) });
    let references = world.network.group_references(world.scope, &[web]);
    assert_eq!(references, Ok(vec![Reference { group: web, vpc: other, link: Link::Peering(pcx) }]));
    let stale = |world: &World| world.network.stale_groups(world.scope, other).expect("a VPC").len();
    assert_eq!(stale(&world), 0);
    world.run(|network, cx| network.delete_peering(cx, pcx)).expect("an active peering");
    assert_eq!(stale(&world), 1);
    world
        .run(|network, cx| network.delete_group(cx, web))
        .expect("a reference across a peering holds nothing");
}
