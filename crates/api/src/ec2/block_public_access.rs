//! VPC Block Public Access: off in every account and region, as it is where nobody has switched it on.
//!
//! Source: EC2 API Reference, DescribeVpcBlockPublicAccessOptions, VpcBlockPublicAccessOptions.

use crate::operation::{Context, Error, Operation};
use weir_model::{AccountId, RegionName};
use weir_wire::{Param, Xml};

/// Tells whether access from and to the internet is blocked.
#[derive(Param)]
pub struct DescribeVpcBlockPublicAccessOptions {}

/// The options.
#[derive(Xml)]
pub struct DescribeVpcBlockPublicAccessOptionsResponse {
    vpc_block_public_access_options: Options,
}

#[derive(Xml)]
struct Options {
    aws_account_id: AccountId,
    aws_region: RegionName,
    state: &'static str,
    internet_gateway_block_mode: &'static str,
    managed_by: &'static str,
    exclusions_allowed: &'static str,
}

impl Operation for DescribeVpcBlockPublicAccessOptions {
    type Response = DescribeVpcBlockPublicAccessOptionsResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let vpc_block_public_access_options = Options {
            aws_account_id: cx.scope.account,
            aws_region: cx.scope.region,
            state: "default-state",
            internet_gateway_block_mode: "off",
            managed_by: "account",
            exclusions_allowed: "allowed",
        };
        Ok(DescribeVpcBlockPublicAccessOptionsResponse { vpc_block_public_access_options })
    }
}
