//! What is true of every network between two commands, each fact with an id.
//!
//! Called in tests, simulation and debug builds. Networks read from another cloud's answers may break N-14, N-20 to N-24,
//! N-30 to N-34, N-41 and N-42 only.

mod members;
mod shared;
#[cfg(test)]
mod tests;
mod transit;

use crate::route::{Associated, Target};
use crate::vpc::Vpc;
use crate::{Cidr, Network, Scope, VpcId};
use std::collections::BTreeSet;
use std::fmt;

/// An invariant that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The id of the invariant, such as `N-1`.
    pub invariant: &'static str,
    /// The fact that contradicts it.
    pub fact: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.invariant, self.fact)
    }
}

fn hold(invariant: &'static str, holds: bool, fact: impl FnOnce() -> String) -> Result<(), Broken> {
    if holds { Ok(()) } else { Err(Broken { invariant, fact: fact() }) }
}

/// Whether no two blocks share an address. Blocks nest or are disjoint, so neighbours in order tell.
fn are_disjoint(mut blocks: Vec<Cidr>) -> bool {
    blocks.sort();
    blocks.windows(2).all(|pair| !pair[0].overlaps(pair[1]))
}

impl Network {
    /// Checks every invariant and gives the first that is broken.
    ///
    /// # Errors
    /// The invariant and the fact that contradicts it.
    pub fn check_invariants(&self) -> Result<(), Broken> {
        self.vpcs.iter().try_for_each(|vpc| self.check_vpc(vpc))?;
        self.check_subnets()?;
        self.check_tables()?;
        self.check_gateways()?;
        self.check_acls()?;
        self.check_regions()?;
        self.check_members()?;
        self.check_transit_gateways()?;
        self.check_shared()
    }

    fn check_vpc(&self, vpc: &Vpc) -> Result<(), Broken> {
        let id = vpc.id;
        let blocks: Vec<Cidr> = self.subnets_of(id).filter_map(|subnet| subnet.cidr.map(Cidr::V4)).collect();
        let ipv6: Vec<Cidr> = self
            .subnets_of(id)
            .filter_map(|subnet| subnet.ipv6_cidr.as_ref().map(|held| Cidr::V6(held.cidr)))
            .collect();
        hold("N-1", are_disjoint(blocks) && are_disjoint(ipv6), || format!("subnets of {id} overlap"))?;
        let own = self.blocks(id);
        hold("N-2", are_disjoint(own), || format!("blocks of {id} overlap"))?;
        hold("N-2", !vpc.cidrs.is_empty(), || format!("{id} has no primary block"))?;
        let main = self.route_tables.iter().filter(|table| table.vpc == id && table.main.is_some()).count();
        hold("N-3", main == 1, || format!("{id} has {main} main tables"))?;
        let acls = self.acls.iter().filter(|acl| acl.vpc == id && acl.is_default).count();
        hold("N-3", acls == 1, || format!("{id} has {acls} default ACLs"))?;
        hold("N-3", self.default_group(id).is_some(), || format!("{id} has no default group"))?;
        let options =
            vpc.dhcp_options.is_none_or(|options| self.dhcp_options.find(vpc.scope, &options).is_ok());
        hold("N-4", options, || format!("{id} uses DHCP options that are not there"))?;
        let count = vpc.cidrs.len();
        hold("N-14", count <= self.limits.cidrs_per_vpc, || format!("{id} has {count} blocks"))
    }

    fn is_home(&self, scope: Scope, vpc: VpcId) -> bool {
        self.vpcs.find(scope, &vpc).is_ok()
    }

    fn check_subnets(&self) -> Result<(), Broken> {
        for subnet in self.subnets.iter() {
            let id = subnet.id;
            hold("N-5", self.is_home(subnet.scope, subnet.vpc), || {
                format!("{id} is in no VPC of its owner")
            })?;
            hold("N-5", subnet.zone.region == subnet.scope.region, || format!("{id} is in a foreign zone"))?;
            let blocks = self.blocks(subnet.vpc);
            let own = subnet.cidr.map(Cidr::V4).into_iter();
            let own: Vec<Cidr> =
                own.chain(subnet.ipv6_cidr.as_ref().map(|held| Cidr::V6(held.cidr))).collect();
            let is_inside = |cidr: &Cidr| blocks.iter().any(|block| block.covers(*cidr));
            hold("N-6", own.iter().all(is_inside), || format!("{id} leaves its VPC"))?;
            hold("N-6", !own.is_empty(), || format!("{id} has no block"))?;
            let acl = self.acls.find(subnet.scope, &subnet.acl).is_ok_and(|acl| acl.vpc == subnet.vpc);
            hold("N-7", acl, || format!("{id} has no ACL of its VPC"))?;
        }
        let associations: BTreeSet<_> = self.subnets.iter().map(|subnet| subnet.acl_association).collect();
        hold("N-7", associations.len() == self.subnets.len(), || "ACL associations share an id".to_owned())
    }

    fn check_tables(&self) -> Result<(), Broken> {
        let mut associated = BTreeSet::new();
        for table in self.route_tables.iter() {
            let id = table.id;
            hold("N-8", self.is_home(table.scope, table.vpc), || format!("{id} is of no VPC of its owner"))?;
            for association in &table.associations {
                let with = association.with;
                let fact = || format!("{id} and {with:?}");
                hold("N-9", associated.insert(format!("{with:?}")), fact)?;
                hold("N-9", self.is_of_vpc(with, table.vpc), fact)?;
            }
            let destinations: BTreeSet<_> = table.routes.iter().map(|route| route.destination).collect();
            hold("N-10", destinations.len() == table.routes.len(), || {
                format!("{id} has a destination twice")
            })?;
            let local = table.routes.iter().any(|route| route.target == Target::Local);
            hold("N-10", !local, || format!("{id} stores a local route"))?;
        }
        Ok(())
    }

    fn is_of_vpc(&self, with: Associated, vpc: VpcId) -> bool {
        match with {
            Associated::Subnet(id) => self.subnets.get(&id).is_some_and(|subnet| subnet.vpc == vpc),
            Associated::InternetGateway(id) => {
                self.internet_gateways.get(&id).is_some_and(|gateway| gateway.vpc == Some(vpc))
            }
            // Virtual private gateways are not modelled; such an association can only come from another cloud's answers.
            Associated::VpnGateway(_) => true,
        }
    }

    fn check_gateways(&self) -> Result<(), Broken> {
        let mut attached = BTreeSet::new();
        for gateway in self.internet_gateways.iter() {
            let Some(vpc) = gateway.vpc else { continue };
            let id = gateway.id;
            hold("N-11", self.is_home(gateway.scope, vpc), || {
                format!("{id} is attached to no VPC of its owner")
            })?;
            hold("N-11", attached.insert(vpc), || format!("{vpc} has two internet gateways"))?;
        }
        Ok(())
    }

    fn check_acls(&self) -> Result<(), Broken> {
        for acl in self.acls.iter() {
            let id = acl.id;
            hold("N-12", self.is_home(acl.scope, acl.vpc), || format!("{id} is of no VPC of its owner"))?;
            let places: Vec<_> = acl.entries.iter().map(|entry| (entry.direction, entry.number)).collect();
            hold("N-12", places.is_sorted_by(|a, b| a < b), || format!("{id} is out of order: {places:?}"))?;
            let numbers = places.iter().all(|(_, number)| (1..=crate::acl::RULE_NUMBER_MAX).contains(number));
            hold("N-12", numbers, || format!("{id} has a reserved number"))?;
        }
        Ok(())
    }

    fn check_regions(&self) -> Result<(), Broken> {
        let mut default_vpcs = BTreeSet::new();
        for vpc in self.vpcs.iter().filter(|vpc| vpc.is_default) {
            hold("N-13", default_vpcs.insert(vpc.scope), || format!("{} is a second default VPC", vpc.id))?;
        }
        let mut zones = BTreeSet::new();
        for subnet in self.subnets.iter().filter(|subnet| subnet.is_default) {
            let is_first = zones.insert((subnet.scope, subnet.zone));
            hold("N-13", is_first, || format!("{} is a second default subnet", subnet.id))?;
        }
        let ipv6 = self.vpcs.iter().flat_map(|vpc| vpc.ipv6_cidrs.iter().map(|held| Cidr::V6(held.cidr)));
        hold("N-15", are_disjoint(ipv6.collect()), || "two VPCs share an IPv6 block".to_owned())
    }
}
