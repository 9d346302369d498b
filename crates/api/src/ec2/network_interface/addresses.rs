//! Addresses of interfaces, added and taken off. These operations have no dry run.
//!
//! Source: EC2 API Reference, AssignPrivateIpAddresses, UnassignPrivateIpAddresses, AssignIpv6Addresses,
//! UnassignIpv6Addresses.

use crate::operation::{Context, Error, Operation};
use std::net::{Ipv4Addr, Ipv6Addr};
use weir_model::InterfaceId;
use weir_model::interface::{AddressChoice, Ipv6Choice};
use weir_wire::{Param, Return, Xml};

/// Adds secondary private addresses.
#[derive(Param)]
pub struct AssignPrivateIpAddresses {
    network_interface_id: InterfaceId,
    private_ip_addresses: Vec<Ipv4Addr>,
    secondary_private_ip_address_count: Option<usize>,
    allow_reassignment: Option<bool>,
}

/// The addresses added.
#[derive(Xml)]
pub struct AssignPrivateIpAddressesResponse {
    network_interface_id: InterfaceId,
    #[wire(response = "assignedPrivateIpAddressesSet")]
    assigned_private_ip_addresses: Vec<AssignedView>,
}

#[derive(Xml)]
struct AssignedView {
    private_ip_address: String,
}

impl Operation for AssignPrivateIpAddresses {
    type Response = AssignPrivateIpAddressesResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let (id, secondary_count) =
            (self.network_interface_id, self.secondary_private_ip_address_count.unwrap_or(0));
        let choice = match (self.private_ip_addresses.is_empty(), secondary_count) {
            (true, 0) => return Err(missing("privateIpAddress or secondaryPrivateIpAddressCount")),
            (false, 1..) => return Err(both("privateIpAddresses", "secondaryPrivateIpAddressCount")),
            _ => AddressChoice { primary: None, secondary: self.private_ip_addresses, secondary_count },
        };
        let reassign = self.allow_reassignment.unwrap_or(false);
        let added = cx.command(|network, cx| network.assign_addresses(cx, id, choice, reassign))?;
        let view = |address: &std::net::IpAddr| AssignedView { private_ip_address: address.to_string() };
        let assigned_private_ip_addresses = added.0.iter().map(view).collect();
        Ok(AssignPrivateIpAddressesResponse { network_interface_id: id, assigned_private_ip_addresses })
    }
}

fn missing(name: &str) -> Error {
    Error::new("MissingParameter", format!("The request must contain the parameter {name}"))
}

fn both(one: &str, other: &str) -> Error {
    let message = format!("The parameters {one} and {other} cannot be used together.");
    Error::new("InvalidParameterCombination", message)
}

/// Takes secondary private addresses off.
#[derive(Param)]
pub struct UnassignPrivateIpAddresses {
    network_interface_id: InterfaceId,
    private_ip_addresses: Vec<Ipv4Addr>,
}

impl Operation for UnassignPrivateIpAddresses {
    type Response = Return;

    fn run(self, cx: &mut Context<'_>) -> Result<Return, Error> {
        if self.private_ip_addresses.is_empty() {
            return Err(missing("privateIpAddress"));
        }
        let id = self.network_interface_id;
        cx.command(|network, cx| network.unassign_addresses(cx, id, &self.private_ip_addresses))?;
        Ok(Return)
    }
}

/// Adds IPv6 addresses.
#[derive(Param)]
pub struct AssignIpv6Addresses {
    network_interface_id: InterfaceId,
    #[wire(request = "Ipv6Addresses")]
    ipv6_addresses: Vec<Ipv6Addr>,
    ipv6_address_count: Option<usize>,
}

/// The addresses added.
#[derive(Xml)]
pub struct AssignIpv6AddressesResponse {
    #[wire(response = "assignedIpv6Addresses")]
    assigned_ipv6_addresses: Vec<String>,
    network_interface_id: InterfaceId,
}

impl Operation for AssignIpv6Addresses {
    type Response = AssignIpv6AddressesResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let id = self.network_interface_id;
        let choice = match (self.ipv6_addresses.is_empty(), self.ipv6_address_count) {
            (true, None) => return Err(missing("ipv6Addresses or ipv6AddressCount")),
            (true, Some(count)) => Ipv6Choice::Count(count),
            (false, None) => Ipv6Choice::These(self.ipv6_addresses),
            (false, Some(_)) => return Err(both("ipv6Addresses", "ipv6AddressCount")),
        };
        let added = cx.command(|network, cx| network.assign_ipv6(cx, id, choice))?;
        let assigned_ipv6_addresses = added.0.iter().map(ToString::to_string).collect();
        Ok(AssignIpv6AddressesResponse { assigned_ipv6_addresses, network_interface_id: id })
    }
}

/// Takes IPv6 addresses off.
#[derive(Param)]
pub struct UnassignIpv6Addresses {
    network_interface_id: InterfaceId,
    #[wire(request = "Ipv6Addresses", required)]
    ipv6_addresses: Vec<Ipv6Addr>,
}

/// The addresses taken off.
#[derive(Xml)]
pub struct UnassignIpv6AddressesResponse {
    network_interface_id: InterfaceId,
    #[wire(response = "unassignedIpv6Addresses")]
    unassigned_ipv6_addresses: Vec<String>,
}

impl Operation for UnassignIpv6Addresses {
    type Response = UnassignIpv6AddressesResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let id = self.network_interface_id;
        cx.command(|network, cx| network.unassign_ipv6(cx, id, &self.ipv6_addresses))?;
        let unassigned_ipv6_addresses = self.ipv6_addresses.iter().map(ToString::to_string).collect();
        Ok(UnassignIpv6AddressesResponse { network_interface_id: id, unassigned_ipv6_addresses })
    }
}
