//! Elastic IP addresses.
//!
//! Source: EC2 API Reference, AllocateAddress, AssociateAddress, DisassociateAddress, ReleaseAddress, DescribeAddresses.

use crate::operation::{Context, Error, Operation, Seen};
use std::net::Ipv4Addr;
use weir_model::address::{Address, AddressTarget};
use weir_model::{
    AccountId, AddressAssociationId, AllocationId, InstanceId, InterfaceId, RegionName, Scope, SubnetId, Tags,
};
use weir_wire::{Accepted, Filter, FilterTable, Param, Return, TagSpecification, Token, Xml, specified_tags};

/// The pool that all addresses come from.
const POOL: &str = "amazon";

/// Allocates an address.
#[derive(Param)]
pub struct AllocateAddress {
    #[expect(dead_code, reason = "accepted without effect")]
    domain: Accepted<Domain>,
    address: Option<Ipv4Addr>,
    public_ipv4_pool: Option<String>,
    network_border_group: Option<String>,
    tag_specifications: Vec<TagSpecification>,
}

/// Where an address can be used; `standard` is EC2-Classic, which is gone.
#[derive(Clone, Debug, PartialEq, Eq, Param)]
enum Domain {
    Vpc,
    Standard,
}

/// The address allocated.
#[derive(Xml)]
pub struct AllocateAddressResponse {
    allocation_id: AllocationId,
    public_ipv4_pool: &'static str,
    network_border_group: RegionName,
    domain: &'static str,
    public_ip: Ipv4Addr,
}

impl Operation for AllocateAddress {
    type Response = AllocateAddressResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        if let Some(pool) = self.public_ipv4_pool.filter(|pool| pool != POOL) {
            return Err(Error::new(
                "InvalidPublicIpv4PoolID.NotFound",
                format!("The publicIpv4Pool ID '{pool}' does not exist"),
            ));
        }
        border_group(cx.scope, self.network_border_group.as_deref())?;
        let tags = specified_tags(&self.tag_specifications, "elastic-ip")?;
        let id = cx.command(|network, cx| network.allocate_address(cx, self.address, tags))?;
        let address = cx.network.addresses.find(cx.scope, &id)?;
        Ok(AllocateAddressResponse {
            allocation_id: id,
            public_ipv4_pool: POOL,
            network_border_group: cx.scope.region,
            domain: "vpc",
            public_ip: address.public,
        })
    }
}

/// Refuses another border group than the region's own.
fn border_group(scope: Scope, given: Option<&str>) -> Result<(), Error> {
    match given {
        Some(group) if group != scope.region.as_str() => {
            let message = format!("Value ({group}) for parameter networkBorderGroup is invalid.");
            Err(Error::new("InvalidParameterValue", message))
        }
        _ => Ok(()),
    }
}

/// Lets an address stand for a private one.
#[derive(Param)]
pub struct AssociateAddress {
    allocation_id: Option<AllocationId>,
    public_ip: Option<Ipv4Addr>,
    instance_id: Option<InstanceId>,
    network_interface_id: Option<InterfaceId>,
    private_ip_address: Option<Ipv4Addr>,
    allow_reassociation: Option<bool>,
}

/// The association made.
#[derive(Xml)]
pub struct AssociateAddressResponse {
    association_id: AddressAssociationId,
}

impl Operation for AssociateAddress {
    type Response = AssociateAddressResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let target = match (self.network_interface_id, self.instance_id) {
            (Some(_), Some(_)) => {
                let message = "The parameter instanceId cannot be used with the parameter networkInterfaceId";
                return Err(Error::new("InvalidParameterCombination", message));
            }
            (Some(id), None) => AddressTarget::Interface(id),
            (None, Some(id)) => AddressTarget::Instance(id),
            (None, None) => return Err(either("InstanceId", "NetworkInterfaceId")),
        };
        let id = allocation(cx.seen(), self.allocation_id, self.public_ip)?;
        let may_move = self.allow_reassociation.unwrap_or(true);
        let target = (target, self.private_ip_address);
        let association_id = cx.command(|network, cx| network.associate_address(cx, id, target, may_move))?;
        Ok(AssociateAddressResponse { association_id })
    }
}

fn either(one: &str, other: &str) -> Error {
    Error::new("MissingParameter", format!("Either {one} or {other} must be specified"))
}

fn allocation(
    seen: Seen<'_>,
    id: Option<AllocationId>,
    public: Option<Ipv4Addr>,
) -> Result<AllocationId, Error> {
    match (id, public) {
        (Some(_), Some(_)) => {
            let message = "You may specify public IP or allocation id, but not both in the same call";
            Err(Error::new("InvalidParameterCombination", message))
        }
        (Some(id), None) => Ok(id),
        (None, Some(public)) => Ok(seen.network.address_at(seen.scope, public)?.id),
        (None, None) => Err(either("PublicIp", "AllocationId")),
    }
}

/// Frees an address from what it stands for.
#[derive(Param)]
pub struct DisassociateAddress {
    association_id: Option<AddressAssociationId>,
    public_ip: Option<Ipv4Addr>,
}

impl Operation for DisassociateAddress {
    type Response = Return;

    fn run(self, cx: &mut Context<'_>) -> Result<Return, Error> {
        let id = match (self.association_id, self.public_ip) {
            (Some(id), _) => Some(id),
            (None, Some(public)) => {
                let address = cx.network.address_at(cx.scope, public)?;
                address.association.as_ref().map(|present| present.id)
            }
            (None, None) => return Err(either("PublicIp", "AssociationId")),
        };
        // By its public address, one that stands for nothing is left as it is.
        if let Some(id) = id {
            cx.command(|network, cx| network.disassociate_address(cx, id))?;
        }
        Ok(Return)
    }
}

/// Gives an address back.
#[derive(Param)]
pub struct ReleaseAddress {
    allocation_id: Option<AllocationId>,
    public_ip: Option<Ipv4Addr>,
    network_border_group: Option<String>,
}

impl Operation for ReleaseAddress {
    type Response = Return;

    fn run(self, cx: &mut Context<'_>) -> Result<Return, Error> {
        border_group(cx.scope, self.network_border_group.as_deref())?;
        let id = allocation(cx.seen(), self.allocation_id, self.public_ip)?;
        cx.command(|network, cx| network.release_address(cx, id))?;
        Ok(Return)
    }
}

/// Lists addresses: all, those of these allocations, those of these public addresses.
#[derive(Param)]
pub struct DescribeAddresses {
    public_ips: Vec<Ipv4Addr>,
    allocation_ids: Vec<AllocationId>,
    filters: Vec<Filter>,
}

/// The addresses found.
#[derive(Xml)]
pub struct DescribeAddressesResponse {
    #[wire(response = "addressesSet")]
    addresses: Vec<AddressView>,
}

impl Operation for DescribeAddresses {
    type Response = DescribeAddressesResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let seen = cx.seen();
        let mut ids = self.allocation_ids;
        for public in self.public_ips {
            ids.push(seen.network.address_at(seen.scope, public)?.id);
        }
        let rows = seen.rows(&seen.network.addresses, &ids)?;
        let views = rows.into_iter().map(|address| AddressView::of(seen, address));
        Ok(DescribeAddressesResponse { addresses: FILTERS.narrow(views, &self.filters)? })
    }
}

/// An address.
#[derive(Xml)]
struct AddressView {
    allocation_id: AllocationId,
    association_id: Option<AddressAssociationId>,
    domain: &'static str,
    network_interface_id: Option<InterfaceId>,
    network_interface_owner_id: Option<AccountId>,
    private_ip_address: Option<Ipv4Addr>,
    tags: Tags,
    public_ipv4_pool: &'static str,
    network_border_group: RegionName,
    subnet_id: Option<SubnetId>,
    service_managed: Option<&'static str>,
    instance_id: Option<InstanceId>,
    public_ip: Ipv4Addr,
}

impl AddressView {
    fn of(seen: Seen<'_>, address: &Address) -> AddressView {
        let association = address.association.as_ref();
        let interface = association.and_then(|present| seen.network.interfaces.get(&present.interface));
        AddressView {
            allocation_id: address.id,
            association_id: association.map(|present| present.id),
            domain: "vpc",
            network_interface_id: interface.map(|interface| interface.id),
            network_interface_owner_id: interface.map(|interface| interface.scope.account),
            // A regional NAT gateway has none.
            private_ip_address: association.map(|present| present.private).filter(|_| interface.is_some()),
            tags: address.tags.clone(),
            public_ipv4_pool: POOL,
            network_border_group: address.scope.region,
            subnet_id: interface.map(|interface| interface.subnet),
            service_managed: address.is_managed.then_some("rnat"),
            instance_id: interface.and_then(|interface| interface.attachment.as_ref()?.instance),
            public_ip: address.public,
        }
    }
}

fn texts<T: ToString>(values: impl IntoIterator<Item = T>) -> Vec<String> {
    values.into_iter().map(|value| value.to_string()).collect()
}

const FILTERS: FilterTable<AddressView> = FilterTable {
    rows: &[
        ("allocation-id", |view| texts([view.allocation_id])),
        ("association-id", |view| texts(view.association_id)),
        ("instance-id", |view| texts(view.instance_id)),
        ("network-border-group", |view| texts([view.network_border_group])),
        ("network-interface-id", |view| texts(view.network_interface_id)),
        ("network-interface-owner-id", |view| texts(view.network_interface_owner_id)),
        ("private-ip-address", |view| texts(view.private_ip_address)),
        ("public-ip", |view| texts([view.public_ip])),
    ],
    tags: Some(|view| &view.tags),
};

/// Lists the reverse DNS names that were set for addresses: none, since they cannot be set here.
#[derive(Param)]
pub struct DescribeAddressesAttribute {
    allocation_ids: Vec<AllocationId>,
    #[expect(dead_code, reason = "accepted without effect")]
    attribute: Accepted<AddressAttributeName>,
    #[expect(dead_code, reason = "accepted without effect")]
    max_results: Accepted<u32>,
    #[expect(dead_code, reason = "accepted without effect")]
    next_token: Accepted<Token>,
}

#[derive(Clone, Debug, PartialEq, Eq, Param)]
enum AddressAttributeName {
    DomainName,
}

/// The attributes found.
#[derive(Xml)]
pub struct DescribeAddressesAttributeResponse {
    addresses: Vec<AddressAttribute>,
}

#[derive(Xml)]
struct AddressAttribute {
    public_ip: Ipv4Addr,
    allocation_id: AllocationId,
}

impl Operation for DescribeAddressesAttribute {
    type Response = DescribeAddressesAttributeResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let seen = cx.seen();
        let rows = seen.rows(&seen.network.addresses, &self.allocation_ids)?;
        let view =
            |address: &Address| AddressAttribute { public_ip: address.public, allocation_id: address.id };
        Ok(DescribeAddressesAttributeResponse { addresses: rows.into_iter().map(view).collect() })
    }
}
