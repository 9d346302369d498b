//! Reservations of parts of a subnet: nobody can make any here, so no subnet has one.
//!
//! Source: EC2 API Reference, GetSubnetCidrReservations.

use crate::operation::{Context, Error, Operation};
use crate::select::{BOUNDS, Selection};
use weir_model::{SubnetId, Tags};
use weir_wire::{FilterTable, Param, Token, Xml};

/// Lists the reservations of a subnet.
#[derive(Param)]
pub struct GetSubnetCidrReservations {
    subnet_id: SubnetId,
    #[wire(flatten)]
    selection: Selection,
}

/// The reservations found: none.
#[derive(Xml)]
pub struct GetSubnetCidrReservationsResponse {
    subnet_ipv4_cidr_reservations: Vec<Reservation>,
    subnet_ipv6_cidr_reservations: Vec<Reservation>,
    next_token: Option<Token>,
}

/// A reservation.
#[derive(Xml)]
struct Reservation {
    subnet_cidr_reservation_id: String,
    tags: Tags,
}

impl Operation for GetSubnetCidrReservations {
    type Response = GetSubnetCidrReservationsResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        cx.network.subnets.find(cx.scope, &self.subnet_id)?;
        let key = |found: &Reservation| found.subnet_cidr_reservation_id.clone();
        let (subnet_ipv4_cidr_reservations, next_token) =
            self.selection.narrow(std::iter::empty(), &FILTERS, BOUNDS, key)?;
        Ok(GetSubnetCidrReservationsResponse {
            subnet_ipv4_cidr_reservations,
            subnet_ipv6_cidr_reservations: Vec::new(),
            next_token,
        })
    }
}

const FILTERS: FilterTable<Reservation> = FilterTable {
    rows: &[("reservationType", |_| vec![]), ("subnet-id", |_| vec![])],
    tags: Some(|view| &view.tags),
};
