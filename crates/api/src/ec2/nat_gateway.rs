//! NAT gateways.
//!
//! A gateway is made at once, or has failed at once; the answer of its creation still says `pending`, as AWS's does.
//!
//! Source: EC2 API Reference, CreateNatGateway, DescribeNatGateways, DeleteNatGateway, AssociateNatGatewayAddress,
//! DisassociateNatGatewayAddress, AssignPrivateNatGatewayAddress, UnassignPrivateNatGatewayAddress.

mod addresses;

pub use addresses::{
    AssignPrivateNatGatewayAddress, AssociateNatGatewayAddress, DisassociateNatGatewayAddress,
    UnassignPrivateNatGatewayAddress,
};

use super::subnet::zone_of;
use crate::operation::{Context, Error, Operation, Seen};
use crate::select::{BOUNDS, Selection};
use crate::token::ClientToken;
use std::net::Ipv4Addr;
use weir_model::nat_gateway::{
    Connectivity, GateState, NatAddress, NatFailure, NatGateway, NatState, NewNatGateway,
    NewRegionalNatGateway, SecondaryChoice, ZoneAddresses,
};
use weir_model::{
    AddressAssociationId, AllocationId, InterfaceId, NatGatewayId, RouteTableId, SubnetId, Tags, Timestamp,
    VpcId, ZoneName,
};
use weir_wire::{FilterTable, Param, TagSpecification, Token, Xml, specified_tags};

/// Makes a NAT gateway.
#[derive(Param)]
pub struct CreateNatGateway {
    availability_mode: Option<AvailabilityMode>,
    allocation_id: Option<AllocationId>,
    client_token: ClientToken,
    subnet_id: Option<SubnetId>,
    vpc_id: Option<VpcId>,
    #[wire(request = "AvailabilityZoneAddress")]
    availability_zone_addresses: Vec<AvailabilityZoneAddress>,
    tag_specifications: Vec<TagSpecification>,
    connectivity_type: Option<ConnectivityType>,
    private_ip_address: Option<Ipv4Addr>,
    secondary_allocation_ids: Vec<AllocationId>,
    #[wire(request = "SecondaryPrivateIpAddress")]
    secondary_private_ip_addresses: Vec<Ipv4Addr>,
    secondary_private_ip_address_count: Option<usize>,
}

/// The elastic IP addresses for a zone of a regional gateway.
#[derive(Param)]
struct AvailabilityZoneAddress {
    availability_zone: Option<String>,
    availability_zone_id: Option<String>,
    allocation_ids: Vec<AllocationId>,
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
    /// Assumption: AWS's sentence where a subnet is missing is not documented.
    fn zonal(&self) -> Result<NewNatGateway, Error> {
        refuse(
            "zonal",
            &[
                ("VpcId", self.vpc_id.is_some()),
                ("AvailabilityZoneAddresses", !self.availability_zone_addresses.is_empty()),
            ],
        )?;
        let subnet = self.subnet_id.ok_or_else(|| missing("SubnetId"))?;
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
                zone: None,
                allocations: self.secondary_allocation_ids.clone(),
                private: self.secondary_private_ip_addresses.clone(),
                count: self.secondary_private_ip_address_count.unwrap_or(0),
            },
            tags: specified_tags(&self.tag_specifications, "natgateway")?,
        })
    }

    /// What a regional gateway cannot have is refused by name.
    ///
    /// Assumption: the codes and sentences are not documented; that there is no private regional gateway, no subnet, and that
    /// elastic IP addresses are given by zone, is (AWS provider for Terraform, `aws_nat_gateway`).
    fn regional(&self, cx: &Context<'_>) -> Result<NewRegionalNatGateway, Error> {
        refuse(
            "regional",
            &[
                ("SubnetId", self.subnet_id.is_some()),
                ("AllocationId", self.allocation_id.is_some()),
                ("PrivateIpAddress", self.private_ip_address.is_some()),
                ("SecondaryAllocationIds", !self.secondary_allocation_ids.is_empty()),
                ("SecondaryPrivateIpAddresses", !self.secondary_private_ip_addresses.is_empty()),
                ("SecondaryPrivateIpAddressCount", self.secondary_private_ip_address_count.is_some()),
            ],
        )?;
        if self.connectivity_type == Some(ConnectivityType::Private) {
            let message = "A NAT gateway with availability mode regional must have connectivity type public";
            return Err(Error::new("InvalidParameter", message));
        }
        let zones = self.availability_zone_addresses.iter().map(|named| named.meaning(cx));
        Ok(NewRegionalNatGateway {
            vpc: self.vpc_id.ok_or_else(|| missing("VpcId"))?,
            zones: zones.collect::<Result<_, _>>()?,
            tags: specified_tags(&self.tag_specifications, "natgateway")?,
        })
    }
}

impl AvailabilityZoneAddress {
    fn meaning(&self, cx: &Context<'_>) -> Result<ZoneAddresses, Error> {
        let named = (self.availability_zone.as_deref(), self.availability_zone_id.as_deref());
        let zone = zone_of(cx, named, "NAT gateways")?.ok_or_else(|| missing("AvailabilityZone"))?;
        Ok(ZoneAddresses { zone, allocations: self.allocation_ids.clone() })
    }
}

fn missing(parameter: &str) -> Error {
    Error::new("MissingParameter", format!("The request must contain the parameter {parameter}"))
}

/// Refuses the first of `parameters` that is given, as one that a gateway of this mode does not have.
fn refuse(mode: &str, parameters: &[(&str, bool)]) -> Result<(), Error> {
    match parameters.iter().find(|(_, is_given)| *is_given) {
        None => Ok(()),
        Some((name, _)) => Err(Error::new(
            "InvalidParameterCombination",
            format!("The parameter {name} cannot be used with availability mode {mode}"),
        )),
    }
}

impl Operation for CreateNatGateway {
    type Response = CreateNatGatewayResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let id = match self.availability_mode {
            Some(AvailabilityMode::Regional) => {
                let new = self.regional(cx)?;
                cx.command(|network, cx| network.create_regional_nat_gateway(cx, new))?
            }
            Some(AvailabilityMode::Zonal) | None => {
                let new = self.zonal()?;
                cx.command(|network, cx| network.create_nat_gateway(cx, new))?
            }
        };
        let seen = cx.seen();
        let mut made = seen.network.nat_gateways.find(seen.scope, &id)?.clone();
        made.state = NatState::Pending(failure(made.state));
        let nat_gateway = NatGatewayView::of(seen, &made);
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
    subnet_id: Option<SubnetId>,
    vpc_id: VpcId,
    tags: Tags,
    connectivity_type: &'static str,
    availability_mode: &'static str,
    auto_scaling_ips: Option<&'static str>,
    auto_provision_zones: Option<&'static str>,
    route_table_id: Option<RouteTableId>,
}

/// An address of a NAT gateway. Those of a regional one are in a zone.
///
/// Assumption: AWS tells neither an interface nor a primary address of a regional gateway: flow logs have no interface for it
/// (VPC User Guide, "Flow log records", interface-id).
#[derive(Xml)]
pub struct NatAddressView {
    allocation_id: Option<AllocationId>,
    network_interface_id: Option<InterfaceId>,
    private_ip: Option<Ipv4Addr>,
    public_ip: Option<Ipv4Addr>,
    association_id: Option<AddressAssociationId>,
    is_primary: Option<bool>,
    status: &'static str,
    availability_zone: Option<ZoneName>,
    availability_zone_id: Option<String>,
}

impl NatGatewayView {
    fn of(seen: Seen<'_>, nat: &NatGateway) -> NatGatewayView {
        let failure = failure(nat.state);
        let is_gone = matches!(nat.state, NatState::Deleting | NatState::Deleted);
        let automatic = nat.regional().map(|own| if own.is_automatic { "enabled" } else { "disabled" });
        NatGatewayView {
            create_time: nat.created,
            delete_time: is_gone.then_some(nat.state_since),
            failure_code: failure.map(NatFailure::code),
            failure_message: failure.map(|failure| failure.to_string()),
            nat_gateway_addresses: NatAddressView::all(seen, nat),
            nat_gateway_id: nat.id,
            state: nat.state.word(),
            subnet_id: nat.subnet(),
            vpc_id: nat.vpc,
            tags: nat.tags.clone(),
            connectivity_type: match nat.connectivity {
                Connectivity::Public => "public",
                Connectivity::Private => "private",
            },
            availability_mode: if nat.regional().is_some() { "regional" } else { "zonal" },
            auto_scaling_ips: automatic,
            auto_provision_zones: automatic,
            route_table_id: nat.regional().and_then(|regional| regional.route_table),
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
            let is_its = |at: &&weir_model::address::AddressAssociation| {
                seen.network.nat_gateway_at(at.interface).is_some_and(|found| found.id == nat.id)
            };
            NatAddressView {
                allocation_id: allocation.or(own.wanted),
                network_interface_id: nat.interface(),
                private_ip: own.private,
                public_ip: own.elastic.map(|(public, _)| public),
                association_id: association.filter(is_its).map(|at| at.id),
                is_primary: own.zone.is_none().then_some(place == 0),
                status: status(nat, own),
                availability_zone: own.zone,
                availability_zone_id: own.zone.map(|zone| zone.zone_id()),
            }
        };
        nat.addresses.iter().enumerate().map(of).collect()
    }
}

fn status(nat: &NatGateway, own: &NatAddress) -> &'static str {
    let gate = own.zone.and_then(|zone| nat.regional()?.gate(zone));
    let is_opening = gate.is_some_and(|gate| gate.state != GateState::Open);
    match (nat.state, nat.connectivity) {
        (NatState::Failed(_), _) => "failed",
        (NatState::Pending(_), Connectivity::Public) => "associating",
        (NatState::Pending(_), Connectivity::Private) => "assigning",
        (_, Connectivity::Public) if own.draining_until.is_some() => "disassociating",
        (_, Connectivity::Private) if own.draining_until.is_some() => "unassigning",
        _ if is_opening => "associating",
        _ => "succeeded",
    }
}

const FILTERS: FilterTable<NatGatewayView> = FilterTable {
    rows: &[
        ("nat-gateway-id", |view| vec![view.nat_gateway_id.to_string()]),
        ("state", |view| vec![view.state.to_owned()]),
        ("subnet-id", |view| view.subnet_id.iter().map(SubnetId::to_string).collect()),
        ("vpc-id", |view| vec![view.vpc_id.to_string()]),
    ],
    tags: Some(|view| &view.tags),
};
