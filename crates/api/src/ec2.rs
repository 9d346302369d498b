//! Amazon EC2, as far as it is VPC: one module for each kind of resource.
//!
//! Source: Amazon EC2 API Reference.

pub mod region;

crate::table::operations! { Ec2 form:
    region { DescribeAvailabilityZones List DescribeRegions List }
}
