//! Egress-only internet gateways: IPv6 connections leave a VPC through them, and none comes in.
//!
//! One is made for a VPC, stays with it, and a VPC has at most one.
//! Source: VPC User Guide, "Enable outbound IPv6 traffic using an egress-only internet gateway"; EC2 API Reference,
//! CreateEgressOnlyInternetGateway.

use crate::table::Resource;
use crate::{Cx, EgressOnlyGatewayId, Limit, Network, Refused, Scope, Tags, VpcId, tags};
use serde::{Deserialize, Serialize};

/// An egress-only internet gateway.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EgressOnlyGateway {
    /// Its id.
    pub id: EgressOnlyGatewayId,
    /// Owner and region.
    pub scope: Scope,
    /// The VPC it is attached to.
    pub vpc: VpcId,
    /// Its tags.
    pub tags: Tags,
}

impl Resource for EgressOnlyGateway {
    type Key = EgressOnlyGatewayId;
    const KIND: &'static str = "egress-only-internet-gateway";
    fn key(&self) -> EgressOnlyGatewayId {
        self.id
    }
}

impl Network {
    /// Makes an egress-only internet gateway, attached to `vpc`.
    ///
    /// # Errors
    /// No such VPC; [`Refused::VpcHasEgressOnlyGateway`]; [`Limit::EgressOnlyGateways`]; a tag breaks a rule.
    pub fn create_egress_only_gateway(
        &mut self,
        cx: &mut Cx,
        vpc: VpcId,
        tags: Tags,
    ) -> Result<EgressOnlyGatewayId, Refused> {
        tags::check(&tags)?;
        self.vpcs.find(cx.scope, &vpc)?;
        if self.egress_only_gateways.iter().any(|gateway| gateway.vpc == vpc) {
            return Err(Refused::VpcHasEgressOnlyGateway(vpc));
        }
        if self.egress_only_gateways.of(cx.scope).count() >= self.limits.egress_only_gateways {
            return Err(Limit::EgressOnlyGateways.into());
        }
        let id = cx.ids.fresh();
        self.egress_only_gateways.insert(EgressOnlyGateway { id, scope: cx.scope, vpc, tags });
        Ok(id)
    }

    /// Deletes an egress-only internet gateway. Routes to it become blackholes.
    ///
    /// # Errors
    /// No such gateway.
    pub fn delete_egress_only_gateway(&mut self, cx: &Cx, id: EgressOnlyGatewayId) -> Result<(), Refused> {
        self.egress_only_gateways.find(cx.scope, &id)?;
        self.egress_only_gateways.remove(&id);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Held;
    use crate::testing::World;

    #[test]
    fn a_vpc_has_at_most_one_and_is_held_by_it() {
        let mut world = World::new();
        let vpc = world.vpc("10.0.0.0/16");
        let make =
            |network: &mut Network, cx: &mut Cx| network.create_egress_only_gateway(cx, vpc, Tags::new());
        let id = world.run(make).expect("the first can be made");
        assert_eq!(world.run(make), Err(Refused::VpcHasEgressOnlyGateway(vpc)));
        let delete_vpc = |network: &mut Network, cx: &mut Cx| network.delete_vpc(cx, vpc);
        assert_eq!(world.run(delete_vpc), Err(Held::Vpc(vpc).into()));
        assert_eq!(world.run(|network, cx| network.delete_egress_only_gateway(cx, id)), Ok(()));
        assert_eq!(
            world.run(|network, cx| network.delete_egress_only_gateway(cx, id)),
            Err(crate::Missing::EgressOnlyGateway(id).into())
        );
        assert_eq!(world.run(delete_vpc), Ok(()));
    }

    #[test]
    fn they_are_counted() {
        let mut world = World::new();
        world.network.limits.egress_only_gateways = 1;
        let (one, other) = (world.vpc("10.0.0.0/16"), world.vpc("10.1.0.0/16"));
        let mut make =
            |vpc| world.run(|network, cx| network.create_egress_only_gateway(cx, vpc, Tags::new()));
        assert!(make(one).is_ok());
        assert_eq!(make(other), Err(Limit::EgressOnlyGateways.into()));
    }
}
