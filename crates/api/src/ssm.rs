//! AWS Systems Manager, as far as one needs it to find an image and to reach hosts: the public parameters that name images,
//! and Run Command with `AWS-RunShellScript`.
//!
//! Assumption: every instance is a managed node as long as it is not terminated, though no role allows it and whatever its
//! way to the service's endpoint. In AWS the agent must run, an instance profile or Default Host Management must let it, and
//! it must reach the endpoint.
//! Source: AWS Systems Manager API Reference; User Guide, "Calling AMI public parameters", "Run Command", "Understanding
//! command statuses".

mod check;
pub mod command;
pub mod managed;
pub mod parameter;

crate::table::operations! { Ssm json:
    parameter { GetParameter Read GetParameters Read GetParametersByPath Read }
    command {
        SendCommand Write CancelCommand Write ListCommands Read ListCommandInvocations Read GetCommandInvocation Read
    }
    managed { DescribeInstanceInformation Read }
}
