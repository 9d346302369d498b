//! Parameters that clients also send empty.

use crate::{Kind, Member, Param, Params, WireError};

/// An optional parameter whose empty value says that there is none.
///
/// The AWS provider for Terraform sends `Placement.AvailabilityZone=` and `TransitGatewayAttachmentId=` where its user has
/// named none. Only parameters that are known to be sent so are read like this: most empty ids are refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given<T>(pub Option<T>);

impl<T: Param> Param for Given<T> {
    const LIST: bool = T::LIST;
    const REQUIRED: bool = false;
    const KIND: Kind = T::KIND;
    const MEMBERS: &'static [Member] = T::MEMBERS;

    fn read(params: &Params, at: &str) -> Result<Self, WireError> {
        match params.get(at) {
            Some("") => Ok(Given(None)),
            _ => Option::<T>::read(params, at).map(Given),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Dialect;

    #[test]
    fn empty_is_not_given() {
        let check = |form: &str, expected: Result<Option<u8>, ()>| {
            let params = Params::parse(Dialect::Ec2, form.as_bytes()).expect("well-formed");
            let read = Given::<u8>::read(&params, "X").map(|given| given.0).map_err(|_| ());
            assert_eq!(read, expected, "{form}");
            assert!(params.check_all_read().is_ok(), "{form}");
        };
        check("", Ok(None));
        check("X=", Ok(None));
        check("X=7", Ok(Some(7)));
        check("X=seven", Err(()));
    }
}
