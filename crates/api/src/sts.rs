//! STS: who is calling.
//!
//! Source: AWS STS API Reference.

pub mod caller;

crate::table::operations! { Sts form:
    caller { GetCallerIdentity Read }
}
