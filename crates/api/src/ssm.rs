//! AWS Systems Manager, as far as one needs it to find an image: the public parameters that name images.
//!
//! Source: AWS Systems Manager API Reference, GetParameter, GetParameters, GetParametersByPath; User Guide, "Calling AMI
//! public parameters".

pub mod parameter;

crate::table::operations! { Ssm json:
    parameter { GetParameter Read GetParameters Read GetParametersByPath Read }
}
