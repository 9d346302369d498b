use super::*;
use crate::testing::{World, scope};
use PeeringRefusal::*;

const US: &str = "111111111111";
const THEM: &str = "222222222222";

struct Pair {
    world: World,
    ours: VpcId,
    theirs: VpcId,
}

fn pair(account: &str, region: &str) -> Pair {
    let mut world = World::new();
    let ours = world.vpc("10.1.0.0/16");
    let peer = Scope { region: region.parse().expect("a region"), ..scope(account) };
    let home = std::mem::replace(&mut world.scope, peer);
    let theirs = world.vpc("10.2.0.0/16");
    world.scope = home;
    Pair { world, ours, theirs }
}

impl Pair {
    fn peer(&self) -> Scope {
        self.world.network.vpcs.get(&self.theirs).expect("their VPC").scope
    }

    fn request(&mut self) -> PeeringId {
        let request =
            PeeringRequest { vpc: self.ours, peer_vpc: self.theirs, peer: self.peer(), tags: Tags::new() };
        self.world
            .run(|network, cx| network.request_peering(cx, request))
            .expect("a request is never refused for its peer")
    }

    /// Runs a command as the accepter.
    fn as_peer<T>(
        &mut self,
        command: impl FnOnce(&mut Network, &mut Cx) -> Result<T, Refused>,
    ) -> Result<T, Refused> {
        let peer = self.peer();
        let home = std::mem::replace(&mut self.world.scope, peer);
        let outcome = self.world.run(command);
        self.world.scope = home;
        outcome
    }

    fn accept(&mut self, id: PeeringId) -> Result<(), Refused> {
        self.as_peer(|network, cx| network.accept_peering(cx, id))
    }

    fn status(&self, id: PeeringId) -> &'static str {
        let peering = self.world.network.peerings.get(&id).expect("a peering");
        peering.status_at(self.world.now).code()
    }

    /// Whether (we, they) see it after so many hours.
    fn seen_after(&self, id: PeeringId, hours: i64) -> (bool, bool) {
        let now = self.world.now.plus_ms(hours * HOUR_MS);
        let sees = |scope| self.world.network.peerings_of(scope, now).any(|peering| peering.id == id);
        (sees(self.world.scope), sees(self.peer()))
    }
}

// VPC Peering Guide, "VPC peering connection lifecycle".
#[test]
fn a_request_is_accepted_by_the_accepter_in_its_region() {
    let mut pair = pair(THEM, "eu-west-1");
    let id = pair.request();
    assert_eq!(pair.status(id), "pending-acceptance");
    let account = pair.world.scope.account;
    let own = pair.world.run(|network, cx| network.accept_peering(cx, id));
    assert_eq!(own, Err(NotForAccount { peering: id, account, verb: "accept" }.into()));
    assert_eq!(pair.accept(id), Ok(()));
    assert_eq!(pair.status(id), "active");
}

#[test]
fn one_account_must_accept_in_the_accepters_region() {
    let mut pair = pair(US, "eu-west-1");
    let id = pair.request();
    let (given, wanted) = (pair.world.scope.region, pair.peer().region);
    let here = pair.world.run(|network, cx| network.accept_peering(cx, id));
    assert_eq!(here, Err(WrongRegion { peering: id, given, wanted, verb: "accepted" }.into()));
    assert_eq!(pair.accept(id), Ok(()));
}

#[test]
fn overlap_and_unknown_vpcs_fail_without_an_error() {
    let mut overlapping = pair(THEM, "us-east-1");
    overlapping.theirs = overlapping
        .as_peer(|network, cx| {
            let new = crate::vpc::NewVpc {
                cidr: "10.1.128.0/20".parse().expect("a block"),
                ipv6: false,
                tenancy: "default".to_owned(),
                tags: Tags::new(),
            };
            network.create_vpc(cx, new)
        })
        .expect("a VPC");
    let id = overlapping.request();
    assert_eq!(overlapping.status(id), "failed");
    assert_eq!(overlapping.seen_after(id, 1), (true, false));
    assert_eq!(overlapping.seen_after(id, 2), (false, false));
    let deleted = overlapping.world.run(|network, cx| network.delete_peering(cx, id));
    let from = PeeringStatus::Failed;
    assert_eq!(deleted, Err(Transition { peering: id, from, to: "deleting" }.into()));

    let mut unknown = pair(THEM, "us-east-1");
    let peer = scope("333333333333");
    let request = PeeringRequest { vpc: unknown.ours, peer_vpc: unknown.theirs, peer, tags: Tags::new() };
    let id = unknown.world.run(|network, cx| network.request_peering(cx, request)).expect("an id");
    assert_eq!(unknown.status(id), "failed");
}

#[test]
fn repeating_a_request_gives_its_id_and_the_reverse_a_new_one() {
    let mut pair = pair(THEM, "us-east-1");
    let id = pair.request();
    assert_eq!(pair.request(), id);
    let request =
        PeeringRequest { vpc: pair.theirs, peer_vpc: pair.ours, peer: pair.world.scope, tags: Tags::new() };
    let reverse = pair.as_peer(|network, cx| network.request_peering(cx, request)).expect("an id");
    assert_ne!(reverse, id);
    assert_eq!(pair.accept(id), Ok(()));
    let second = pair.world.run(|network, cx| network.accept_peering(cx, reverse));
    assert_eq!(second, Err(AlreadyExists(id).into()));
}

#[test]
fn a_request_lapses_after_seven_days() {
    let mut pair = pair(THEM, "us-east-1");
    let id = pair.request();
    pair.world.now = pair.world.now.plus_ms(REQUEST_MS - 1);
    assert_eq!(pair.status(id), "pending-acceptance");
    pair.world.now = pair.world.now.plus_ms(1);
    assert_eq!(pair.status(id), "expired");
    let from = PeeringStatus::Expired;
    assert_eq!(pair.accept(id), Err(Transition { peering: id, from, to: "provisioning" }.into()));
    pair.world.network.step(pair.world.now);
    assert_eq!((pair.seen_after(id, 47), pair.seen_after(id, 48)), ((true, true), (false, false)));
    pair.world.network.step(pair.world.now.plus_ms(SEEN_LONG_MS));
    assert!(!pair.world.network.peerings.has(&id));
}

#[test]
fn who_ended_it_sees_it_shorter() {
    let mut rejected = pair(THEM, "us-east-1");
    let id = rejected.request();
    assert_eq!(rejected.as_peer(|network, cx| network.reject_peering(cx, id)), Ok(()));
    assert_eq!((rejected.status(id), rejected.seen_after(id, 2)), ("rejected", (true, false)));
    assert_eq!(rejected.seen_after(id, 48), (false, false));

    let mut deleted = pair(THEM, "us-east-1");
    let id = deleted.request();
    assert_eq!(deleted.accept(id), Ok(()));
    assert_eq!(deleted.world.run(|network, cx| network.delete_peering(cx, id)), Ok(()));
    assert_eq!((deleted.status(id), deleted.seen_after(id, 2)), ("deleted", (false, true)));

    let mut own = pair(US, "us-east-1");
    let id = own.request();
    assert_eq!(own.as_peer(|network, cx| network.reject_peering(cx, id)), Ok(()));
    assert_eq!((own.seen_after(id, 1), own.seen_after(id, 2)), ((true, true), (false, false)));
}

#[test]
fn only_the_requester_takes_a_request_back() {
    let mut pair = pair(THEM, "us-east-1");
    let id = pair.request();
    let account = pair.peer().account;
    let theirs = pair.as_peer(|network, cx| network.delete_peering(cx, id));
    assert_eq!(theirs, Err(NotForAccount { peering: id, account, verb: "delete" }.into()));
    assert_eq!(pair.world.run(|network, cx| network.delete_peering(cx, id)), Ok(()));
    assert_eq!(pair.status(id), "deleted");
}

#[test]
fn a_stranger_sees_nothing_of_it() {
    let mut pair = pair(THEM, "us-east-1");
    let id = pair.request();
    pair.world.scope = scope("333333333333");
    let outcome = pair.world.run(|network, cx| network.delete_peering(cx, id));
    assert_eq!(outcome, Err(Missing::Peering(id).into()));
}

#[test]
fn each_owner_sets_the_dns_option_of_its_side() {
    let mut pair = pair(THEM, "us-east-1");
    let id = pair.request();
    let ours = PeeringDns { requester: Some(true), accepter: None };
    let set = |pair: &mut Pair, dns| pair.world.run(|network, cx| network.set_peering_dns(cx, id, dns));
    assert_eq!(set(&mut pair, ours), Err(NotActive(id).into()));
    assert_eq!(pair.accept(id), Ok(()));
    assert_eq!(set(&mut pair, ours), Err(DnsHostnamesDisabled(pair.ours).into()));
    for vpc in [pair.ours, pair.theirs] {
        pair.world.network.vpcs.get_mut(&vpc).expect("a VPC").dns_hostnames = true;
    }
    assert_eq!(set(&mut pair, ours), Ok(()));
    let account = pair.world.scope.account;
    let both = PeeringDns { requester: None, accepter: Some(true) };
    assert_eq!(set(&mut pair, both), Err(NotForAccount { peering: id, account, verb: "modify" }.into()));
    let peering = pair.world.network.peerings.get(&id).expect("a peering");
    assert_eq!((peering.requester.dns_resolution, peering.accepter.dns_resolution), (true, false));
}

#[test]
fn requests_and_active_connections_are_limited() {
    let mut pair = pair(THEM, "us-east-1");
    pair.world.network.limits.peering_requests = 0;
    let request =
        PeeringRequest { vpc: pair.ours, peer_vpc: pair.theirs, peer: pair.peer(), tags: Tags::new() };
    let outcome = pair.world.run(|network, cx| network.request_peering(cx, request));
    assert_eq!(outcome, Err(Limit::PeeringRequests.into()));
    pair.world.network.limits.peering_requests = 1;
    let id = pair.request();
    pair.world.network.limits.active_peerings_per_vpc = 0;
    assert_eq!(pair.accept(id), Err(Limit::ActivePeerings(pair.ours).into()));
}

#[test]
fn a_vpc_is_not_peered_with_itself() {
    let mut pair = pair(THEM, "us-east-1");
    let peer = pair.world.scope;
    let request = PeeringRequest { vpc: pair.ours, peer_vpc: pair.ours, peer, tags: Tags::new() };
    let outcome = pair.world.run(|network, cx| network.request_peering(cx, request));
    assert_eq!(outcome, Err(WithItself(pair.ours).into()));
}
