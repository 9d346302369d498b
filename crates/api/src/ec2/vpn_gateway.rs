//! Virtual private gateways: there are none here, so whoever looks for some finds none.
//!
//! Source: EC2 API Reference, DescribeVpnGateways.

use crate::operation::{Context, Error, Operation};
use crate::select::check_all_there;
use weir_model::{Tags, VpnGatewayId};
use weir_wire::{Filter, FilterTable, Param, Xml};

/// Lists virtual private gateways.
#[derive(Param)]
pub struct DescribeVpnGateways {
    filters: Vec<Filter>,
    vpn_gateway_ids: Vec<VpnGatewayId>,
}

/// The gateways found: none.
#[derive(Xml)]
pub struct DescribeVpnGatewaysResponse {
    vpn_gateways: Vec<VpnGateway>,
}

/// A virtual private gateway.
#[derive(Xml)]
struct VpnGateway {
    tags: Tags,
    vpn_gateway_id: VpnGatewayId,
}

impl Operation for DescribeVpnGateways {
    type Response = DescribeVpnGatewaysResponse;

    fn run(self, _: &mut Context<'_>) -> Result<Self::Response, Error> {
        FILTERS.check(&self.filters)?;
        check_all_there(&self.vpn_gateway_ids, |_| false)?;
        Ok(DescribeVpnGatewaysResponse { vpn_gateways: Vec::new() })
    }
}

const FILTERS: FilterTable<VpnGateway> = FilterTable {
    rows: &[
        ("amazon-side-asn", |_| vec![]),
        ("attachment.state", |_| vec![]),
        ("attachment.vpc-id", |_| vec![]),
        ("availability-zone", |_| vec![]),
        ("state", |_| vec![]),
        ("type", |_| vec![]),
        ("vpn-gateway-id", |_| vec![]),
    ],
    tags: Some(|view| &view.tags),
};
