//! Parameters that are read and checked but change nothing.

use crate::{Kind, Member, Param, Params, WireError};

/// An optional parameter that Weir accepts without effect: its form is checked, its value kept for whoever wants to show
/// it. The type makes the limit visible in the structure, in `MEMBERS` and so in the documentation of the operation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accepted<T>(pub Option<T>);

impl<T: Param> Param for Accepted<T> {
    const LIST: bool = T::LIST;
    const REQUIRED: bool = false;
    const ACCEPTED: bool = true;
    const KIND: Kind = T::KIND;
    const MEMBERS: &'static [Member] = T::MEMBERS;

    fn read(params: &Params, at: &str) -> Result<Self, WireError> {
        Option::<T>::read(params, at).map(Accepted)
    }
}
