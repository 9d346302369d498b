//! Network ACLs: stateless ordered lists at a subnet's border. First match wins; what matches nothing is denied.
//!
//! The final deny (32767 for IPv4, 32768 for IPv6) is implied, not stored.
//! Source: Amazon VPC User Guide, "Network ACLs" (basics and rules).

#[cfg(test)]
mod tests;

use crate::group::Direction;
use crate::protocol::Traffic;
use crate::table::Resource;
use crate::{
    AclAssociationId, Cidr, Cx, Held, Limit, Missing, Network, NetworkAclId, Refused, Scope, Tags, VpcId,
    tags,
};
use serde::{Deserialize, Serialize};

/// A network ACL. Which subnets it is associated with is in [`crate::subnet::Subnet::acl`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NetworkAcl {
    /// Its id.
    pub id: NetworkAclId,
    /// Owner and region.
    pub scope: Scope,
    /// The VPC it is of.
    pub vpc: VpcId,
    /// Whether it is the one that came with the VPC.
    pub is_default: bool,
    /// Entries in ascending order of (direction, number), each pair once.
    pub entries: Vec<AclEntry>,
    /// Its tags.
    pub tags: Tags,
}

/// One entry of an ACL.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AclEntry {
    /// The rule number, 1 to 32766; lower ones are looked at first.
    pub number: u16,
    /// Into or out of the subnet.
    pub direction: Direction,
    /// Which protocol and ports.
    pub traffic: Traffic,
    /// The source of ingress, the destination of egress.
    pub cidr: Cidr,
    /// Whether to allow or deny.
    pub allow: bool,
}

/// The highest rule number a user may give.
pub const RULE_NUMBER_MAX: u16 = 32766;

impl Resource for NetworkAcl {
    type Key = NetworkAclId;
    const KIND: &'static str = "network-acl";
    fn key(&self) -> NetworkAclId {
        self.id
    }
}

impl NetworkAcl {
    fn place(&self, direction: Direction, number: u16) -> Result<usize, usize> {
        self.entries.binary_search_by_key(&(direction, number), |entry| (entry.direction, entry.number))
    }

    /// The entry with this number.
    pub fn entry(&self, direction: Direction, number: u16) -> Option<&AclEntry> {
        self.place(direction, number).ok().map(|place| &self.entries[place])
    }
}

impl Network {
    /// Makes an ACL that denies everything.
    ///
    /// # Errors
    /// No such VPC; [`Limit::NetworkAclsPerVpc`].
    pub fn create_acl(&mut self, cx: &mut Cx, vpc: VpcId, tags: Tags) -> Result<NetworkAclId, Refused> {
        tags::check(&tags)?;
        self.vpcs.find(cx.scope, &vpc)?;
        if self.acls.iter().filter(|acl| acl.vpc == vpc).count() >= self.limits.acls_per_vpc {
            return Err(Limit::NetworkAclsPerVpc.into());
        }
        let id = cx.ids.fresh();
        self.acls.insert(NetworkAcl {
            id,
            scope: cx.scope,
            vpc,
            is_default: false,
            entries: Vec::new(),
            tags,
        });
        Ok(id)
    }

    /// Deletes an ACL.
    ///
    /// # Errors
    /// No such ACL; [`Refused::DefaultAcl`]; [`Held::NetworkAcl`] while a subnet is associated with it.
    pub fn delete_acl(&mut self, cx: &Cx, id: NetworkAclId) -> Result<(), Refused> {
        if self.acls.find(cx.scope, &id)?.is_default {
            return Err(Refused::DefaultAcl(id));
        }
        if self.subnets.iter().any(|subnet| subnet.acl == id) {
            return Err(Held::NetworkAcl(id).into());
        }
        self.acls.remove(&id);
        Ok(())
    }

    /// Adds an entry to an ACL, in its place by number.
    ///
    /// # Errors
    /// No such ACL; [`Refused::EntryNumber`] outside 1 to 32766; [`Refused::EntryExists`]; [`Limit::EntriesPerAcl`].
    pub fn create_acl_entry(&mut self, cx: &Cx, id: NetworkAclId, entry: AclEntry) -> Result<(), Refused> {
        let acl = self.acls.find(cx.scope, &id)?;
        check_number(entry.number)?;
        let place = match acl.place(entry.direction, entry.number) {
            Ok(_) => return Err(Refused::EntryExists(entry.number)),
            Err(place) => place,
        };
        self.check_entry_quota(acl, &entry, None)?;
        self.acls.get_mut(&id).expect("the ACL was just found").entries.insert(place, entry);
        Ok(())
    }

    /// Puts an entry in place of the one with its direction and number.
    ///
    /// # Errors
    /// No such ACL; [`Refused::NoEntry`]; [`Limit::EntriesPerAcl`] if the entry changes its family.
    pub fn replace_acl_entry(&mut self, cx: &Cx, id: NetworkAclId, entry: AclEntry) -> Result<(), Refused> {
        let acl = self.acls.find(cx.scope, &id)?;
        check_number(entry.number)?;
        let place =
            acl.place(entry.direction, entry.number).map_err(|_| Refused::NoEntry(id, entry.number))?;
        self.check_entry_quota(acl, &entry, Some(place))?;
        self.acls.get_mut(&id).expect("the ACL was just found").entries[place] = entry;
        Ok(())
    }

    /// Removes the entry with this direction and number.
    ///
    /// # Errors
    /// No such ACL; [`Refused::NoEntry`].
    pub fn delete_acl_entry(
        &mut self,
        cx: &Cx,
        id: NetworkAclId,
        direction: Direction,
        number: u16,
    ) -> Result<(), Refused> {
        let acl = self.acls.find(cx.scope, &id)?;
        let place = acl.place(direction, number).map_err(|_| Refused::NoEntry(id, number))?;
        self.acls.get_mut(&id).expect("the ACL was just found").entries.remove(place);
        Ok(())
    }

    /// The quota counts entries of one direction and family, with the final deny.
    fn check_entry_quota(
        &self,
        acl: &NetworkAcl,
        entry: &AclEntry,
        but: Option<usize>,
    ) -> Result<(), Refused> {
        let is_ipv6 = |entry: &AclEntry| matches!(entry.cidr, Cidr::V6(_));
        let counts = |(place, held): &(usize, &AclEntry)| {
            Some(*place) != but && held.direction == entry.direction && is_ipv6(held) == is_ipv6(entry)
        };
        let held = acl.entries.iter().enumerate().filter(counts).count();
        match held + 1 < self.limits.entries_per_acl {
            true => Ok(()),
            false => Err(Limit::EntriesPerAcl.into()),
        }
    }

    /// Gives the subnet of an association another ACL of its VPC; gives the new association's id.
    ///
    /// # Errors
    /// No such association or ACL; [`Refused::AclOfOtherNetwork`].
    pub fn replace_acl_association(
        &mut self,
        cx: &mut Cx,
        association: AclAssociationId,
        id: NetworkAclId,
    ) -> Result<AclAssociationId, Refused> {
        let subnet = self.subnets.of(cx.scope).find(|subnet| subnet.acl_association == association);
        let subnet = subnet.ok_or(Missing::AclAssociation(association))?;
        let acl = self.acls.find(cx.scope, &id)?;
        if acl.vpc != subnet.vpc {
            return Err(Refused::AclOfOtherNetwork(id, subnet.id));
        }
        let found = subnet.id;
        let subnet = self.subnets.get_mut(&found).expect("the subnet was just found");
        subnet.acl = id;
        subnet.acl_association = cx.ids.fresh();
        Ok(subnet.acl_association)
    }
}

fn check_number(number: u16) -> Result<(), Refused> {
    match (1..=RULE_NUMBER_MAX).contains(&number) {
        true => Ok(()),
        false => Err(Refused::EntryNumber(number)),
    }
}
