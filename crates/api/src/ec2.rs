//! Amazon EC2, as far as it is VPC: one module for each kind of resource.
//!
//! Source: Amazon EC2 API Reference.

pub mod peering;
pub mod region;
pub mod security_group;
pub mod tags;

crate::table::operations! { Ec2 form:
    region { DescribeAvailabilityZones List DescribeRegions List }
    security_group {
        CreateSecurityGroup Write DeleteSecurityGroup Write DescribeSecurityGroups List
        AuthorizeSecurityGroupIngress Write AuthorizeSecurityGroupEgress Write
        RevokeSecurityGroupIngress Write RevokeSecurityGroupEgress Write
        ModifySecurityGroupRules Write DescribeSecurityGroupRules List
        UpdateSecurityGroupRuleDescriptionsIngress Write UpdateSecurityGroupRuleDescriptionsEgress Write
        DescribeSecurityGroupReferences List DescribeStaleSecurityGroups List
    }
    peering {
        CreateVpcPeeringConnection Write AcceptVpcPeeringConnection Write RejectVpcPeeringConnection Write
        DeleteVpcPeeringConnection Write DescribeVpcPeeringConnections List
        ModifyVpcPeeringConnectionOptions Write
    }
    tags { CreateTags Tagging DeleteTags Tagging DescribeTags List }
}
