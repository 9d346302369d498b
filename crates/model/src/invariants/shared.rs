//! What is true of prefix lists, of what refers to them, and of endpoints.

use super::{Broken, hold};
use crate::Network;
use crate::group::Peer;
use crate::interface::InterfaceKind;
use crate::prefix_list::{ENTRIES_MAX, Family, VERSIONS_MAX};
use crate::route::Destination;
use std::collections::BTreeSet;

impl Network {
    pub(super) fn check_shared(&self) -> Result<(), Broken> {
        self.check_lists()?;
        self.check_list_references()?;
        self.check_endpoints()
    }

    fn check_lists(&self) -> Result<(), Broken> {
        for list in self.prefix_lists.iter() {
            let id = list.id;
            let kept = list.versions.len();
            hold("N-40", (1..=VERSIONS_MAX).contains(&kept), || format!("{id} keeps {kept} versions"))?;
            let size = list.max_entries;
            let count = list.entries().len();
            hold("N-40", size <= ENTRIES_MAX && count <= size, || format!("{id} has {count} of {size}"))?;
            for entries in list.versions.values() {
                let blocks: BTreeSet<_> = entries.iter().map(|entry| entry.cidr).collect();
                hold("N-40", blocks.len() == entries.len(), || format!("{id} has a block twice"))?;
                let is_pure = blocks.iter().all(|block| Family::of(*block) == list.family);
                hold("N-40", is_pure, || format!("{id} mixes families"))?;
            }
        }
        Ok(())
    }

    fn check_endpoints(&self) -> Result<(), Broken> {
        for endpoint in self.endpoints.iter() {
            let id = endpoint.id;
            hold("N-42", self.vpcs.has(&endpoint.vpc), || format!("{id} is of no VPC"))?;
            let Some(own) = endpoint.interface_endpoint() else { continue };
            let mut subnets = BTreeSet::new();
            for interface in &own.interfaces {
                let found = self.interfaces.get(interface).filter(|found| found.vpc == endpoint.vpc);
                let is_right = found.is_some_and(|found| {
                    found.kind == InterfaceKind::VpcEndpoint
                        && found.groups == own.groups
                        && subnets.insert(found.subnet)
                });
                hold("N-42", is_right, || format!("{id} has {interface}, which is not its own"))?;
            }
        }
        Ok(())
    }

    /// Networks read from another cloud's answers may refer to lists that were not read.
    fn check_list_references(&self) -> Result<(), Broken> {
        for table in self.route_tables.iter() {
            for route in &table.routes {
                let Destination::PrefixList(list) = route.destination else { continue };
                let is_known = self.prefix_list(table.scope.region, list).is_some();
                hold("N-41", is_known, || format!("{} routes to {list}, which is not there", table.id))?;
            }
        }
        for table in self.transit_tables.iter() {
            for held in &table.references {
                let (id, list) = (table.id, held.list);
                let is_known = self.prefix_list(table.scope.region, list).is_some();
                hold("N-41", is_known, || format!("{id} refers to {list}, which is not there"))?;
            }
        }
        for group in self.groups.iter() {
            for rule in &group.rules {
                let Peer::PrefixList(list) = rule.peer else { continue };
                let is_known = self.prefix_list(group.scope.region, list).is_some();
                hold("N-41", is_known, || format!("{} names {list}, which is not there", rule.id))?;
            }
        }
        Ok(())
    }
}
