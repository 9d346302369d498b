//! Secondary addresses of NAT gateways, and the addresses of regional ones by zone, added and taken off.
//!
//! Source: EC2 API Reference, AssociateNatGatewayAddress, DisassociateNatGatewayAddress, AssignPrivateNatGatewayAddress,
//! UnassignPrivateNatGatewayAddress.

use super::NatAddressView;
use crate::ec2::subnet::zone_of;
use crate::operation::{Context, Error, Operation};
use std::net::Ipv4Addr;
use weir_model::nat_gateway::{DRAIN_S, SecondaryChoice};
use weir_model::{AddressAssociationId, AllocationId, NatGatewayId};
use weir_wire::{Param, Xml};

/// The bounds of `MaxDrainDurationSeconds`.
const DRAIN_BOUNDS_S: std::ops::RangeInclusive<u32> = 1..=4000;

/// The addresses of the gateway afterwards.
#[derive(Xml)]
pub struct NatGatewayAddresses {
    nat_gateway_id: NatGatewayId,
    #[wire(response = "natGatewayAddressSet")]
    nat_gateway_addresses: Vec<NatAddressView>,
}

impl NatGatewayAddresses {
    fn of(cx: &Context<'_>, id: NatGatewayId) -> Result<NatGatewayAddresses, Error> {
        let seen = cx.seen();
        let nat = seen.network.nat_gateways.find(seen.scope, &id)?;
        Ok(NatGatewayAddresses { nat_gateway_id: id, nat_gateway_addresses: NatAddressView::all(seen, nat) })
    }
}

/// Adds elastic IP addresses to a public gateway, to a regional one for a zone.
#[derive(Param)]
pub struct AssociateNatGatewayAddress {
    nat_gateway_id: NatGatewayId,
    #[wire(required)]
    allocation_ids: Vec<AllocationId>,
    #[wire(request = "PrivateIpAddress")]
    private_ip_addresses: Vec<Ipv4Addr>,
    availability_zone: Option<String>,
    availability_zone_id: Option<String>,
}

impl Operation for AssociateNatGatewayAddress {
    type Response = NatGatewayAddresses;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let id = self.nat_gateway_id;
        let named = (self.availability_zone.as_deref(), self.availability_zone_id.as_deref());
        let choice = SecondaryChoice {
            zone: zone_of(cx, named, "NAT gateways")?,
            allocations: self.allocation_ids,
            private: self.private_ip_addresses,
            count: 0,
        };
        cx.command(|network, cx| network.associate_nat_addresses(cx, id, choice))?;
        NatGatewayAddresses::of(cx, id)
    }
}

/// Takes elastic IP addresses off a public gateway.
#[derive(Param)]
pub struct DisassociateNatGatewayAddress {
    nat_gateway_id: NatGatewayId,
    #[wire(required)]
    association_ids: Vec<AddressAssociationId>,
    max_drain_duration_seconds: Option<u32>,
}

impl Operation for DisassociateNatGatewayAddress {
    type Response = NatGatewayAddresses;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let (id, drain_s) = (self.nat_gateway_id, drain(self.max_drain_duration_seconds)?);
        let associations = self.association_ids;
        cx.command(|network, cx| network.disassociate_nat_addresses(cx, id, &associations, drain_s))?;
        NatGatewayAddresses::of(cx, id)
    }
}

fn drain(given: Option<u32>) -> Result<u32, Error> {
    match given {
        None => Ok(DRAIN_S),
        Some(seconds) if DRAIN_BOUNDS_S.contains(&seconds) => Ok(seconds),
        Some(seconds) => {
            let (least, most) = DRAIN_BOUNDS_S.into_inner();
            let message = format!(
                "Value ({seconds}) for parameter maxDrainDurationSeconds is invalid. \
                 Valid values are from {least} to {most}."
            );
            Err(Error::new("InvalidParameterValue", message))
        }
    }
}

/// Adds private addresses to a private gateway.
#[derive(Param)]
pub struct AssignPrivateNatGatewayAddress {
    nat_gateway_id: NatGatewayId,
    #[wire(request = "PrivateIpAddress")]
    private_ip_addresses: Vec<Ipv4Addr>,
    private_ip_address_count: Option<usize>,
}

impl Operation for AssignPrivateNatGatewayAddress {
    type Response = NatGatewayAddresses;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let (id, count) = (self.nat_gateway_id, self.private_ip_address_count.unwrap_or(0));
        if self.private_ip_addresses.is_empty() && count == 0 {
            let message =
                "The request must contain the parameter PrivateIpAddresses or PrivateIpAddressCount";
            return Err(Error::new("MissingParameter", message));
        }
        let private = self.private_ip_addresses;
        let choice = SecondaryChoice { private, count, ..SecondaryChoice::default() };
        cx.command(|network, cx| network.assign_nat_addresses(cx, id, choice))?;
        NatGatewayAddresses::of(cx, id)
    }
}

/// Takes private addresses off a private gateway.
#[derive(Param)]
pub struct UnassignPrivateNatGatewayAddress {
    nat_gateway_id: NatGatewayId,
    #[wire(request = "PrivateIpAddress", required)]
    private_ip_addresses: Vec<Ipv4Addr>,
    max_drain_duration_seconds: Option<u32>,
}

impl Operation for UnassignPrivateNatGatewayAddress {
    type Response = NatGatewayAddresses;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let (id, drain_s) = (self.nat_gateway_id, drain(self.max_drain_duration_seconds)?);
        let private = self.private_ip_addresses;
        cx.command(|network, cx| network.unassign_nat_addresses(cx, id, &private, drain_s))?;
        NatGatewayAddresses::of(cx, id)
    }
}
