//! What endpoints for resources and service networks are associated with. There are no such endpoints here, and those for
//! services have no associations.
//!
//! Source: EC2 API Reference, DescribeVpcEndpointAssociations.

use crate::operation::{Context, Error, Operation};
use crate::select::Selection;
use weir_model::{Tags, VpcEndpointId};
use weir_wire::{Bounds, FilterTable, Param, Token, Xml};

/// Lists the associations of endpoints.
#[derive(Param)]
pub struct DescribeVpcEndpointAssociations {
    vpc_endpoint_ids: Vec<VpcEndpointId>,
    #[wire(flatten)]
    selection: Selection,
}

/// The associations found: none.
#[derive(Xml)]
pub struct DescribeVpcEndpointAssociationsResponse {
    vpc_endpoint_associations: Vec<EndpointAssociation>,
    next_token: Option<Token>,
}

/// An association of an endpoint.
#[derive(Xml)]
struct EndpointAssociation {
    id: String,
    tags: Tags,
}

const BOUNDS: Bounds = 1..=100;

impl Operation for DescribeVpcEndpointAssociations {
    type Response = DescribeVpcEndpointAssociationsResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        cx.seen().rows(&cx.network.endpoints, &self.vpc_endpoint_ids)?;
        let key = |found: &EndpointAssociation| found.id.clone();
        let (vpc_endpoint_associations, next_token) =
            self.selection.narrow(std::iter::empty(), &FILTERS, BOUNDS, key)?;
        Ok(DescribeVpcEndpointAssociationsResponse { vpc_endpoint_associations, next_token })
    }
}

const FILTERS: FilterTable<EndpointAssociation> = FilterTable {
    rows: &[
        ("vpc-endpoint-id", |_| vec![]),
        ("associated-resource-accessibility", |_| vec![]),
        ("association-id", |_| vec![]),
        ("associated-resource-id", |_| vec![]),
        ("service-network-arn", |_| vec![]),
        ("resource-configuration-group-arn", |_| vec![]),
    ],
    tags: Some(|view| &view.tags),
};
