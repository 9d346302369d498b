//! NAT gateways.
//!
//! Source: EC2 API Reference, CreateNatGateway, DescribeNatGateways, DeleteNatGateway, AssociateNatGatewayAddress,
//! DisassociateNatGatewayAddress, AssignPrivateNatGatewayAddress, UnassignPrivateNatGatewayAddress.

mod addresses;

pub use addresses::{
    AssignPrivateNatGatewayAddress, AssociateNatGatewayAddress, DisassociateNatGatewayAddress,
    UnassignPrivateNatGatewayAddress,
};

use crate::operation::{Context, Error, Operation, Seen};
use crate::select::{BOUNDS, Selection};
use crate::token::ClientToken;
use std::net::Ipv4Addr;
use weir_model::nat_gateway::{
    Connectivity, NatAddress, NatFailure, NatGateway, NatState, NewNatGateway, SecondaryChoice,
};
use weir_model::{
    AddressAssociationId, AllocationId, InterfaceId, NatGatewayId, SubnetId, Tags, Timestamp, VpcId,
};
use weir_wire::{FilterTable, Param, TagSpecification, Token, Xml, specified_tags};

/// Makes a NAT gateway.
#[derive(Param)]
pub struct CreateNatGateway {
    availability_mode: Option<AvailabilityMode>,
    allocation_id: Option<AllocationId>,
    client_token: ClientToken,
    subnet_id: Option<SubnetId>,
    tag_specifications: Vec<TagSpecification>,
    connectivity_type: Option<ConnectivityType>,
    private_ip_address: Option<Ipv4Addr>,
    secondary_allocation_ids: Vec<AllocationId>,
    #[wire(request = "SecondaryPrivateIpAddress")]
    secondary_private_ip_addresses: Vec<Ipv4Addr>,
    secondary_private_ip_address_count: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Param)]
enum AvailabilityMode {
    Zonal,
    Regional,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Param)]
enum ConnectivityType {
    Private,
    Public,
}

/// The gateway that was made.
#[derive(Xml)]
pub struct CreateNatGatewayResponse {
    client_token: ClientToken,
    nat_gateway: NatGatewayView,
}

impl CreateNatGateway {
    /// Assumption: AWS's sentence where a subnet is missing is not documented. Regional gateways are not there.
    fn meaning(&self) -> Result<NewNatGateway, Error> {
        if self.availability_mode == Some(AvailabilityMode::Regional) {
            let message = "Regional NAT gateways are not supported: not implemented by weir";
            return Err(Error::new("UnsupportedOperation", message));
        }
        let subnet = self.subnet_id.ok_or_else(|| {
            Error::new("MissingParameter", "The request must contain the parameter SubnetId")
        })?;
        let connectivity = match self.connectivity_type {
            Some(ConnectivityType::Private) => Connectivity::Private,
            Some(ConnectivityType::Public) | None => Connectivity::Public,
        };
        Ok(NewNatGateway {
            subnet,
            connectivity,
            allocation: self.allocation_id,
            private: self.private_ip_address,
            secondary: SecondaryChoice {
                allocations: self.secondary_allocation_ids.clone(),
                private: self.secondary_private_ip_addresses.clone(),
                count: self.secondary_private_ip_address_count.unwrap_or(0),
            },
            tags: specified_tags(&self.tag_specifications, "natgateway")?,
        })
    }
}

impl Operation for CreateNatGateway {
    type Response = CreateNatGatewayResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let new = self.meaning()?;
        let id = cx.command(|network, cx| network.create_nat_gateway(cx, new))?;
        let seen = cx.seen();
        let nat_gateway = NatGatewayView::of(seen, seen.network.nat_gateways.find(seen.scope, &id)?);
        Ok(CreateNatGatewayResponse { client_token: self.client_token, nat_gateway })
    }
}

/// Deletes a NAT gateway.
#[derive(Param)]
pub struct DeleteNatGateway {
    nat_gateway_id: NatGatewayId,
}

/// The gateway that is going.
#[derive(Xml)]
pub struct DeleteNatGatewayResponse {
    nat_gateway_id: NatGatewayId,
}

impl Operation for DeleteNatGateway {
    type Response = DeleteNatGatewayResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let nat_gateway_id = self.nat_gateway_id;
        cx.command(|network, cx| network.delete_nat_gateway(cx, nat_gateway_id))?;
        Ok(DeleteNatGatewayResponse { nat_gateway_id })
    }
}

/// Lists gateways, all or by id, narrowed by filters.
#[derive(Param)]
pub struct DescribeNatGateways {
    nat_gateway_ids: Vec<NatGatewayId>,
    #[wire(flatten)]
    selection: Selection,
}

/// The gateways found.
#[derive(Xml)]
pub struct DescribeNatGatewaysResponse {
    #[wire(response = "natGatewaySet")]
    nat_gateways: Vec<NatGatewayView>,
    next_token: Option<Token>,
}

impl Operation for DescribeNatGateways {
    type Response = DescribeNatGatewaysResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let seen = cx.seen();
        let rows = seen.rows(&seen.network.nat_gateways, &self.nat_gateway_ids)?;
        let views = rows.into_iter().map(|nat| NatGatewayView::of(seen, nat));
        let (nat_gateways, next_token) =
            self.selection.narrow(views, &FILTERS, BOUNDS, |view| view.nat_gateway_id)?;
        Ok(DescribeNatGatewaysResponse { nat_gateways, next_token })
    }
}

/// A NAT gateway.
#[derive(Xml)]
pub struct NatGatewayView {
    create_time: Timestamp,
    delete_time: Option<Timestamp>,
    failure_code: Option<&'static str>,
    failure_message: Option<String>,
    #[wire(response = "natGatewayAddressSet")]
    nat_gateway_addresses: Vec<NatAddressView>,
    nat_gateway_id: NatGatewayId,
    state: &'static str,
    subnet_id: SubnetId,
    vpc_id: VpcId,
    tags: Tags,
    connectivity_type: &'static str,
    availability_mode: &'static str,
}

/// An address of a NAT gateway.
#[derive(Xml)]
pub struct NatAddressView {
    allocation_id: Option<AllocationId>,
    network_interface_id: Option<InterfaceId>,
    private_ip: Option<Ipv4Addr>,
    public_ip: Option<Ipv4Addr>,
    association_id: Option<AddressAssociationId>,
    is_primary: bool,
    status: &'static str,
}

impl NatGatewayView {
    fn of(seen: Seen<'_>, nat: &NatGateway) -> NatGatewayView {
        let failure = failure(nat.state);
        let is_gone = matches!(nat.state, NatState::Deleting | NatState::Deleted);
        NatGatewayView {
            create_time: nat.created,
            delete_time: is_gone.then_some(nat.state_since),
            failure_code: failure.map(NatFailure::code),
            failure_message: failure.map(|failure| failure.to_string()),
            nat_gateway_addresses: NatAddressView::all(seen, nat),
            nat_gateway_id: nat.id,
            state: nat.state.word(),
            subnet_id: nat.subnet,
            vpc_id: nat.vpc,
            tags: nat.tags.clone(),
            connectivity_type: match nat.connectivity {
                Connectivity::Public => "public",
                Connectivity::Private => "private",
            },
            availability_mode: "zonal",
        }
    }
}

fn failure(state: NatState) -> Option<NatFailure> {
    match state {
        NatState::Failed(failure) => Some(failure),
        _ => None,
    }
}

impl NatAddressView {
    /// The addresses of `nat`, the primary one first.
    pub fn all(seen: Seen<'_>, nat: &NatGateway) -> Vec<NatAddressView> {
        let of = |(place, own): (usize, &NatAddress)| {
            let allocation = own.elastic.map(|(_, id)| id);
            let address = allocation.and_then(|id| seen.network.addresses.get(&id));
            let association = address.and_then(|address| address.association.as_ref());
            let is_its = |at: &&weir_model::address::AddressAssociation| Some(at.interface) == nat.interface;
            NatAddressView {
                allocation_id: allocation.or(own.wanted),
                network_interface_id: nat.interface,
                private_ip: own.private,
                public_ip: own.elastic.map(|(public, _)| public),
                association_id: association.filter(is_its).map(|at| at.id),
                is_primary: place == 0,
                status: status(nat, own),
            }
        };
        nat.addresses.iter().enumerate().map(of).collect()
    }
}

fn status(nat: &NatGateway, own: &NatAddress) -> &'static str {
    match (nat.state, nat.connectivity) {
        (NatState::Failed(_), _) => "failed",
        (NatState::Pending(_), Connectivity::Public) => "associating",
        (NatState::Pending(_), Connectivity::Private) => "assigning",
        (_, Connectivity::Public) if own.draining_until.is_some() => "disassociating",
        (_, Connectivity::Private) if own.draining_until.is_some() => "unassigning",
        _ => "succeeded",
    }
}

const FILTERS: FilterTable<NatGatewayView> = FilterTable {
    rows: &[
        ("nat-gateway-id", |view| vec![view.nat_gateway_id.to_string()]),
        ("state", |view| vec![view.state.to_owned()]),
        ("subnet-id", |view| vec![view.subnet_id.to_string()]),
        ("vpc-id", |view| vec![view.vpc_id.to_string()]),
    ],
    tags: Some(|view| &view.tags),
};
