//! Internet gateways.
//!
//! Source: Amazon VPC User Guide, "Connect to the internet using an internet gateway".

use crate::interface::Interface;
use crate::nat_gateway::NatGateway;
use crate::route::Associated;
use crate::table::Resource;
use crate::{Cx, Held, InternetGatewayId, Limit, Network, Refused, Scope, Tags, VpcId, tags};
use serde::{Deserialize, Serialize};

/// An internet gateway: attached to at most one VPC, and a VPC has at most one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InternetGateway {
    /// Its id.
    pub id: InternetGatewayId,
    /// Owner and region.
    pub scope: Scope,
    /// The VPC it is attached to.
    pub vpc: Option<VpcId>,
    /// Its tags.
    pub tags: Tags,
}

impl Resource for InternetGateway {
    type Key = InternetGatewayId;
    const KIND: &'static str = "internet-gateway";
    fn key(&self) -> InternetGatewayId {
        self.id
    }
}

impl Network {
    /// Makes an internet gateway, attached to nothing.
    ///
    /// # Errors
    /// [`Limit::InternetGateways`].
    pub fn create_internet_gateway(&mut self, cx: &mut Cx, tags: Tags) -> Result<InternetGatewayId, Refused> {
        tags::check(&tags)?;
        if self.internet_gateways.of(cx.scope).count() >= self.limits.internet_gateways {
            return Err(Limit::InternetGateways.into());
        }
        let id = cx.ids.fresh();
        self.internet_gateways.insert(InternetGateway { id, scope: cx.scope, vpc: None, tags });
        Ok(id)
    }

    /// Attaches a gateway to a VPC.
    ///
    /// # Errors
    /// No such gateway or VPC; [`Refused::GatewayAttached`] if it is attached, to this VPC or another;
    /// [`Refused::VpcHasGateway`] if the VPC has a gateway.
    pub fn attach_internet_gateway(
        &mut self,
        cx: &Cx,
        id: InternetGatewayId,
        vpc: VpcId,
    ) -> Result<(), Refused> {
        let gateway = self.internet_gateways.find(cx.scope, &id)?;
        self.vpcs.find(cx.scope, &vpc)?;
        if let Some(held) = gateway.vpc {
            return Err(Refused::GatewayAttached(id, held));
        }
        if self.internet_gateway_of(vpc).is_some() {
            return Err(Refused::VpcHasGateway(vpc));
        }
        self.internet_gateways.get_mut(&id).expect("the gateway was just found").vpc = Some(vpc);
        Ok(())
    }

    /// The gateway attached to a VPC.
    pub fn internet_gateway_of(&self, vpc: VpcId) -> Option<&InternetGateway> {
        self.internet_gateways.iter().find(|gateway| gateway.vpc == Some(vpc))
    }

    /// Detaches a gateway from its VPC. Routes to it become blackholes.
    ///
    /// # Errors
    /// No such gateway or VPC; [`Refused::GatewayNotAttached`]; [`Held::PublicAddresses`] while an interface or a regional NAT
    /// gateway of the VPC has a public address; [`Held::InternetGateway`] while a route table is associated with it.
    pub fn detach_internet_gateway(
        &mut self,
        cx: &Cx,
        id: InternetGatewayId,
        vpc: VpcId,
    ) -> Result<(), Refused> {
        let gateway = self.internet_gateways.find(cx.scope, &id)?;
        self.vpcs.find(cx.scope, &vpc)?;
        if gateway.vpc != Some(vpc) {
            return Err(Refused::GatewayNotAttached(id, vpc));
        }
        let is_public =
            |interface: &Interface| interface.addresses.iter().any(|address| address.public.is_some());
        let has_gates =
            |nat: &NatGateway| nat.vpc == vpc && nat.regional().is_some_and(|own| !own.gates.is_empty());
        if self.interfaces.iter().any(|interface| interface.vpc == vpc && is_public(interface))
            || self.nat_gateways.iter().any(has_gates)
        {
            return Err(Held::PublicAddresses(vpc).into());
        }
        if self.association_with(Associated::InternetGateway(id)).is_some() {
            return Err(Held::InternetGateway(id).into());
        }
        self.internet_gateways.get_mut(&id).expect("the gateway was just found").vpc = None;
        Ok(())
    }

    /// Deletes a gateway.
    ///
    /// # Errors
    /// No such gateway; [`Held::InternetGateway`] while it is attached.
    pub fn delete_internet_gateway(&mut self, cx: &Cx, id: InternetGatewayId) -> Result<(), Refused> {
        if self.internet_gateways.find(cx.scope, &id)?.vpc.is_some() {
            return Err(Held::InternetGateway(id).into());
        }
        self.internet_gateways.remove(&id);
        Ok(())
    }
}
