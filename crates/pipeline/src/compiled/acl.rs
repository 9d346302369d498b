//! The entries of a network ACL by direction and family, in the order they are looked at.
//!
//! Source: VPC User Guide, "Network ACL rules": ascending numbers, the first match decides, no match is denied.

use super::selector::{Selected, Selector};
use crate::address::Address;
use weir_model::NetworkAclId;
use weir_model::acl::NetworkAcl;
use weir_model::group::Direction;

/// A network ACL.
#[derive(Clone, Debug)]
pub(crate) struct CompiledAcl {
    /// Its id.
    pub id: NetworkAclId,
    /// For IPv4 packets.
    pub v4: AclEntries<u32>,
    /// For IPv6 packets.
    pub v6: AclEntries<u128>,
}

/// The entries of an ACL for one family.
#[derive(Clone, Debug)]
pub(crate) struct AclEntries<A> {
    ingress: Vec<Entry<A>>,
    egress: Vec<Entry<A>>,
}

#[derive(Clone, Copy, Debug)]
struct Entry<A> {
    selector: Selector,
    network: A,
    mask: A,
    number: u16,
    allow: bool,
}

impl CompiledAcl {
    /// The ACL with `id` and no entries: it denies everything.
    pub fn empty(id: NetworkAclId) -> CompiledAcl {
        CompiledAcl { id, v4: AclEntries::new(None), v6: AclEntries::new(None) }
    }

    /// `acl`, compiled.
    pub fn new(acl: &NetworkAcl) -> CompiledAcl {
        CompiledAcl { id: acl.id, v4: AclEntries::new(Some(acl)), v6: AclEntries::new(Some(acl)) }
    }
}

impl<A: Address> AclEntries<A> {
    fn new(acl: Option<&NetworkAcl>) -> AclEntries<A> {
        let mut entries = AclEntries { ingress: Vec::new(), egress: Vec::new() };
        for entry in acl.iter().flat_map(|acl| &acl.entries) {
            let Some((network, mask)) = A::block(entry.cidr) else { continue };
            let (number, allow) = (entry.number, entry.allow);
            let compiled = Entry { selector: Selector::new(entry.traffic), network, mask, number, allow };
            match entry.direction {
                Direction::Ingress => entries.ingress.push(compiled),
                Direction::Egress => entries.egress.push(compiled),
            }
        }
        entries.ingress.sort_by_key(|entry| entry.number);
        entries.egress.sort_by_key(|entry| entry.number);
        entries
    }

    /// The number of the first entry that matches a packet with `selected` from or to `peer` and whether it allows;
    /// `(None, false)`, the final deny, if none does.
    pub fn find(&self, direction: Direction, peer: A, selected: Selected) -> (Option<u16>, bool) {
        let entries = match direction {
            Direction::Ingress => &self.ingress,
            Direction::Egress => &self.egress,
        };
        entries
            .iter()
            .find(|entry| entry.selector.matches(selected) && peer.and(entry.mask) == entry.network)
            .map_or((None, false), |entry| (Some(entry.number), entry.allow))
    }
}
