//! NAT gateways and egress-only internet gateways from answers.

use super::answers;
use super::convert::{Convert, Outcome, tags};
use super::transit::time;
use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use weir_model::address::AddressAssociation;
use weir_model::egress_only::EgressOnlyGateway;
use weir_model::nat_gateway::{
    Availability, Connectivity, Gate, GateState, NatAddress, NatGateway, NatState, Regional,
};
use weir_model::{AddressAssociationId, AllocationId, ZoneName};

impl Convert<'_> {
    /// A NAT gateway; one that is on its way to or from being one is left out, as it forwards nothing.
    pub(super) fn nat_gateway(&mut self, gateway: answers::NatGateway) -> Outcome {
        if gateway.state != "available" {
            *self.imported.left_out.entry("NatGateways".into()).or_default() += 1;
            return Ok(());
        }
        let is_private = gateway.connectivity_type.as_deref() == Some("private");
        let mut given: Vec<&answers::NatAddress> = gateway.nat_gateway_addresses.iter().collect();
        given.sort_by_key(|address| !address.is_primary);
        let availability = match &gateway.subnet_id {
            Some(subnet) => {
                let interface = given.first().and_then(|address| address.network_interface_id.as_deref());
                let interface = interface.map(|id| self.read(id)).transpose()?;
                Availability::Zonal { subnet: self.read(subnet)?, interface }
            }
            None => Availability::Regional(self.regional(&gateway, &given)?),
        };
        let created = time(gateway.create_time.as_deref());
        let converted = NatGateway {
            id: self.read(&gateway.nat_gateway_id)?,
            scope: self.scope_in(None, self.read(&gateway.vpc_id)?)?,
            vpc: self.read(&gateway.vpc_id)?,
            availability,
            connectivity: if is_private { Connectivity::Private } else { Connectivity::Public },
            state: NatState::Available,
            state_since: created,
            created,
            addresses: given.into_iter().map(|address| self.nat_address(address)).collect::<Outcome<_>>()?,
            tags: tags(gateway.tags),
        };
        self.put(|network| &mut network.nat_gateways, converted);
        Ok(())
    }

    /// A gateway without a subnet has a gate in each zone of its addresses; answers do not say by which interface.
    fn regional(
        &mut self,
        gateway: &answers::NatGateway,
        addresses: &[&answers::NatAddress],
    ) -> Outcome<Regional> {
        let zones = addresses.iter().filter_map(|address| address.availability_zone.as_deref());
        let zones: BTreeSet<ZoneName> = zones.map(|zone| self.read(zone)).collect::<Outcome<_>>()?;
        let gate = |zone| Gate { zone, interface: self.ids.fresh(), state: GateState::Open };
        let gates = zones.into_iter().map(gate).collect();
        let route_table = gateway.route_table_id.as_deref().map(|id| self.read(id)).transpose()?;
        let is_automatic = gateway.auto_provision_zones.as_deref() == Some("enabled");
        Ok(Regional { route_table, is_automatic, gates })
    }

    /// The association with a regional gateway, if one has this elastic IP address.
    pub(super) fn at_regional_nat(
        &self,
        id: AddressAssociationId,
        allocation: AllocationId,
    ) -> Option<AddressAssociation> {
        self.imported.network.nat_gateways.iter().find_map(|nat| {
            let is_it = |own: &&NatAddress| own.elastic.is_some_and(|(_, held)| held == allocation);
            let own = nat.addresses.iter().find(is_it)?;
            let interface = nat.regional()?.gate(own.zone?)?.interface;
            Some(AddressAssociation { id, interface, private: own.own()? })
        })
    }

    fn nat_address(&self, address: &answers::NatAddress) -> Outcome<NatAddress> {
        let private =
            address.private_ip.as_deref().map(|address| self.read::<Ipv4Addr>(address)).transpose()?;
        let public =
            address.public_ip.as_deref().map(|address| self.read::<Ipv4Addr>(address)).transpose()?;
        let allocation =
            address.allocation_id.as_deref().map(|id| self.read::<AllocationId>(id)).transpose()?;
        let zone = address.availability_zone.as_deref().map(|zone| self.read(zone)).transpose()?;
        let zone = zone.filter(|_| private.is_none());
        Ok(NatAddress { zone, private, elastic: public.zip(allocation), ..NatAddress::default() })
    }

    pub(super) fn egress_only_gateway(&mut self, gateway: answers::EgressOnlyGateway) -> Outcome {
        let Some(attachment) = gateway.attachments.first() else { return Ok(()) };
        let converted = EgressOnlyGateway {
            id: self.read(&gateway.egress_only_internet_gateway_id)?,
            scope: self.scope_in(None, self.read(&attachment.vpc_id)?)?,
            vpc: self.read(&attachment.vpc_id)?,
            tags: tags(gateway.tags),
        };
        self.put(|network| &mut network.egress_only_gateways, converted);
        Ok(())
    }
}
