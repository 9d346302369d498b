//! NAT gateways and egress-only internet gateways from answers.

use super::answers;
use super::convert::{Convert, Outcome, tags};
use std::net::Ipv4Addr;
use weir_model::egress_only::EgressOnlyGateway;
use weir_model::nat_gateway::{Connectivity, NatAddress, NatGateway, NatState};
use weir_model::{AllocationId, Timestamp};

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
        let interface = given.first().and_then(|address| address.network_interface_id.as_deref());
        let converted = NatGateway {
            id: self.read(&gateway.nat_gateway_id)?,
            scope: self.scope(None)?,
            vpc: self.read(&gateway.vpc_id)?,
            subnet: self.read(&gateway.subnet_id)?,
            connectivity: if is_private { Connectivity::Private } else { Connectivity::Public },
            state: NatState::Available,
            state_since: Timestamp(0),
            created: Timestamp(0),
            interface: interface.map(|id| self.read(id)).transpose()?,
            addresses: given.into_iter().map(|address| self.nat_address(address)).collect::<Outcome<_>>()?,
            tags: tags(gateway.tags),
        };
        self.put(|network| &mut network.nat_gateways, converted);
        Ok(())
    }

    fn nat_address(&self, address: &answers::NatAddress) -> Outcome<NatAddress> {
        let private =
            address.private_ip.as_deref().map(|address| self.read::<Ipv4Addr>(address)).transpose()?;
        let public =
            address.public_ip.as_deref().map(|address| self.read::<Ipv4Addr>(address)).transpose()?;
        let allocation =
            address.allocation_id.as_deref().map(|id| self.read::<AllocationId>(id)).transpose()?;
        Ok(NatAddress { private, elastic: public.zip(allocation), wanted: None, draining_until: None })
    }

    pub(super) fn egress_only_gateway(&mut self, gateway: answers::EgressOnlyGateway) -> Outcome {
        let Some(attachment) = gateway.attachments.first() else { return Ok(()) };
        let converted = EgressOnlyGateway {
            id: self.read(&gateway.egress_only_internet_gateway_id)?,
            scope: self.scope(None)?,
            vpc: self.read(&attachment.vpc_id)?,
            tags: tags(gateway.tags),
        };
        self.put(|network| &mut network.egress_only_gateways, converted);
        Ok(())
    }
}
