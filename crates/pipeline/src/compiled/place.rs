//! Who has which address: private ones inside a VPC, public ones on the internet.

use crate::address::{Address, Kind};
use crate::packet::InterfaceIdx;
use foldhash::fast::FixedState;
use hashbrown::HashMap;

/// The interface that has an address, and the public address that stands for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place<A> {
    /// The interface.
    pub interface: InterfaceIdx,
    /// Its public address; in IPv6 the address itself.
    pub public: Option<A>,
}

/// All addresses of one family.
#[derive(Clone, Debug)]
pub(crate) struct Places<A> {
    private: HashMap<(u32, A), Place<A>, FixedState>,
    public: HashMap<A, (InterfaceIdx, A), FixedState>,
}

/// Fixed, so that one network always compiles to the same tables.
const SEED: u64 = 0x5745_4952;

impl<A: Address> Places<A> {
    /// No address, with room for `count`.
    pub fn with_capacity(count: usize) -> Places<A> {
        Places {
            private: HashMap::with_capacity_and_hasher(count, FixedState::with_seed(SEED)),
            public: HashMap::with_hasher(FixedState::with_seed(SEED)),
        }
    }

    /// Adds `address` in the VPC with index `vpc`. A private address never stands for itself on the internet.
    pub fn add(&mut self, vpc: u32, address: A, place: Place<A>) {
        let public = place.public.filter(|public| public.kind() == Kind::Global);
        self.private.insert((vpc, address), Place { public, ..place });
        if let Some(public) = public {
            self.public.insert(public, (place.interface, address));
        }
    }

    /// Who has `address` in the VPC with index `vpc`.
    pub fn private(&self, vpc: u32, address: A) -> Option<Place<A>> {
        self.private.get(&(vpc, address)).copied()
    }

    /// Who has `address` on the internet, and the address inside the VPC that it stands for.
    pub fn public(&self, address: A) -> Option<(InterfaceIdx, A)> {
        self.public.get(&address).copied()
    }
}
