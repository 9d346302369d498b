//! Who refers to a prefix list: route tables, those of transit gateways, and security groups.
//!
//! Source: EC2 API Reference, GetManagedPrefixListAssociations.

use crate::group::{Group, Peer};
use crate::route::{Destination, RouteTable};
use crate::transit_gateway::TransitTable;
use crate::{AccountId, GroupId, Network, PrefixListId, RegionName, RouteTableId, TransitTableId};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A resource that refers to a prefix list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Referrer {
    /// A route table with a route for it.
    RouteTable(RouteTableId),
    /// A transit gateway's route table that refers to it.
    TransitTable(TransitTableId),
    /// A security group with a rule that names it.
    Group(GroupId),
}

impl fmt::Display for Referrer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Referrer::RouteTable(id) => id.fmt(f),
            Referrer::TransitTable(id) => id.fmt(f),
            Referrer::Group(id) => id.fmt(f),
        }
    }
}

impl Network {
    /// The resources of `region` that refer to list `id`: route tables, those of transit gateways, groups.
    pub fn referrers(&self, region: RegionName, id: PrefixListId) -> Vec<Referrer> {
        let routes_to = |table: &RouteTable| {
            table.routes.iter().any(|route| route.destination == Destination::PrefixList(id))
        };
        let names = |group: &Group| group.rules.iter().any(|rule| rule.peer == Peer::PrefixList(id));
        let tables =
            self.route_tables.iter().filter(|table| table.scope.region == region && routes_to(table));
        let refers = |table: &TransitTable| table.references.iter().any(|held| held.list == id);
        let transit =
            self.transit_tables.iter().filter(|table| table.scope.region == region && refers(table));
        let groups = self.groups.iter().filter(|group| group.scope.region == region && names(group));
        tables
            .map(|table| Referrer::RouteTable(table.id))
            .chain(transit.map(|table| Referrer::TransitTable(table.id)))
            .chain(groups.map(|group| Referrer::Group(group.id)))
            .collect()
    }

    /// Who owns a referrer.
    pub fn owner_of(&self, referrer: Referrer) -> Option<AccountId> {
        match referrer {
            Referrer::RouteTable(id) => self.route_tables.get(&id).map(|table| table.scope.account),
            Referrer::TransitTable(id) => self.transit_tables.get(&id).map(|table| table.scope.account),
            Referrer::Group(id) => self.groups.get(&id).map(|group| group.scope.account),
        }
    }
}
