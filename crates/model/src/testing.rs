//! A network to try commands on: each is followed by a check of all invariants, and a refusal must change nothing.

use crate::subnet::NewSubnet;
use crate::vpc::NewVpc;
use crate::{Cx, Ids, Network, Refused, Scope, SubnetId, Tags, Timestamp, VpcId};

/// A network, one account in one region, and a clock that stands.
pub(crate) struct World {
    pub(crate) network: Network,
    pub(crate) scope: Scope,
    pub(crate) now: Timestamp,
    ids: Ids,
}

impl World {
    pub(crate) fn new() -> World {
        World {
            network: Network::default(),
            scope: scope("111111111111"),
            now: Timestamp(0),
            ids: Ids::new(1),
        }
    }

    /// Runs a command.
    #[track_caller]
    pub(crate) fn run<T>(
        &mut self,
        command: impl FnOnce(&mut Network, &mut Cx) -> Result<T, Refused>,
    ) -> Result<T, Refused> {
        let before = self.network.clone();
        let mut cx = Cx { scope: self.scope, now: self.now, ids: &mut self.ids };
        let outcome = command(&mut self.network, &mut cx);
        if outcome.is_err() {
            assert!(
                before == self.network,
                "a refused command has changed {before:#?}\nto {:#?}",
                self.network
            );
        }
        if let Err(broken) = self.network.check_invariants() {
            panic!("{broken}\n{:#?}", self.network);
        }
        outcome
    }

    pub(crate) fn open_region(&mut self) {
        let opened = self.run(|network, cx| {
            network.open_region(cx);
            Ok(())
        });
        assert_eq!(opened, Ok(()));
    }

    #[track_caller]
    pub(crate) fn vpc(&mut self, cidr: &str) -> VpcId {
        let new = NewVpc {
            cidr: cidr.parse().expect("a block"),
            ipv6: false,
            tenancy: "default".to_owned(),
            tags: Tags::new(),
        };
        self.run(|network, cx| network.create_vpc(cx, new)).expect("the VPC can be made")
    }

    /// Tries to make a subnet in the first zone.
    #[track_caller]
    pub(crate) fn try_subnet(&mut self, vpc: VpcId, cidr: &str) -> Result<SubnetId, Refused> {
        let cidr = Some(cidr.parse().expect("a block"));
        let new = NewSubnet { vpc, zone: None, cidr, ipv6_cidr: None, tags: Tags::new() };
        self.run(|network, cx| network.create_subnet(cx, new))
    }

    #[track_caller]
    pub(crate) fn subnet(&mut self, vpc: VpcId, cidr: &str) -> SubnetId {
        self.try_subnet(vpc, cidr).expect("the subnet can be made")
    }
}

/// The scope of an account in us-east-1.
pub(crate) fn scope(account: &str) -> Scope {
    Scope { account: account.parse().expect("an account"), region: "us-east-1".parse().expect("a region") }
}
