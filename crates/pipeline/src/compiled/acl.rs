//! The entries of a network ACL by direction and family, in the order they are looked at.
//!
//! Source: VPC User Guide, "Network ACL rules": ascending numbers, the first match decides, no match is denied.

use super::conditions::Conditions;
use super::selector::{Selected, Selector};
use crate::address::Address;
use weir_model::NetworkAclId;
use weir_model::acl::{AclEntry, NetworkAcl};
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
pub(crate) struct AclEntries<A: Address> {
    ingress: Side<A>,
    egress: Side<A>,
}

#[derive(Clone, Debug)]
struct Side<A: Address> {
    conditions: Conditions<A>,
    /// The number of each entry, and whether it allows.
    entries: Vec<(u16, bool)>,
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
        let mut sorted: Vec<&AclEntry> = acl.iter().flat_map(|acl| &acl.entries).collect();
        sorted.sort_by_key(|entry| entry.number);
        let side = |direction| Side::new(sorted.iter().filter(|entry| entry.direction == direction));
        AclEntries { ingress: side(Direction::Ingress), egress: side(Direction::Egress) }
    }

    /// The number of the first entry that matches a packet with `selected` from or to `peer` and whether it allows;
    /// `(None, false)`, the final deny, if none does.
    pub fn find(&self, direction: Direction, peer: A, selected: Selected) -> (Option<u16>, bool) {
        let side = match direction {
            Direction::Ingress => &self.ingress,
            Direction::Egress => &self.egress,
        };
        let place = side.conditions.find(selected, peer, |_| true);
        place
            .and_then(|place| side.entries.get(place))
            .map_or((None, false), |(number, allow)| (Some(*number), *allow))
    }
}

impl<A: Address> Side<A> {
    /// Those of `entries`, in their order, that are about addresses of this family.
    fn new<'a>(entries: impl Iterator<Item = &'a &'a AclEntry>) -> Side<A> {
        let mut side = Side { conditions: Conditions::default(), entries: Vec::new() };
        let mut asked = Vec::new();
        for entry in entries {
            let Some(block) = A::block(entry.cidr) else { continue };
            asked.push((Selector::new(entry.traffic), block));
            side.entries.push((entry.number, entry.allow));
        }
        side.conditions = Conditions::new(&asked);
        side
    }
}
