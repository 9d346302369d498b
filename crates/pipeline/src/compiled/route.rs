//! Route tables, flattened: the whole address space cut into ranges, each with the one route that wins there.
//!
//! Source: VPC User Guide, "Route priority": longest prefix first; among equal destinations a static route before one for
//! a prefix list, and that before a propagated one. Of several prefix lists with one block "we randomly choose which route
//! takes priority; thereafter, the same route always takes priority": here the one that was made first.

use super::search::Starts;
use crate::address::Address;
use crate::packet::{EndpointIdx, InterfaceIdx};
use std::cmp::Reverse;
use weir_model::route::{Destination, Origin, Target};
use weir_model::{Cidr, RouteTableId};

/// A route table, ready for look-ups.
#[derive(Clone, Debug)]
pub(crate) struct RoutingTable {
    /// Its id; `None` if the VPC has no main table.
    pub id: Option<RouteTableId>,
    /// The IPv4 address space.
    pub v4: Ranges<u32>,
    /// The IPv6 address space.
    pub v6: Ranges<u128>,
    routes: Vec<CompiledRoute>,
}

/// A route, and what its target means.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CompiledRoute {
    /// Which packets it is for.
    pub destination: Destination,
    /// Where it leads.
    pub target: Target,
    /// What to do with them.
    pub next: Next,
    /// How it came into its table.
    pub origin: Origin,
}

/// What to do with a packet that a route is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Hand it to the interface in the VPC that has the destination address.
    Local,
    /// Hand it to the VPC's internet gateway.
    InternetGateway,
    /// Hand it to the interface in the peer VPC that has the destination address.
    Peer {
        /// The peer VPC's index.
        vpc: u32,
        /// Whether it is in the same region.
        same_region: bool,
    },
    /// Hand it to the NAT gateway with this index.
    NatGateway(u32),
    /// Hand it to the gate that the regional NAT gateway with this index has for the sender's zone.
    RegionalNat(u32),
    /// Hand it to the VPC's egress-only internet gateway.
    EgressOnlyGateway,
    /// Hand it to the service that the gateway endpoint leads to.
    Endpoint(EndpointIdx),
    /// Hand it to an interface, whatever its destination.
    Interface(InterfaceIdx),
    /// Hand it to a transit gateway, by the VPC's attachment with this index.
    Transit(u32),
    /// Drop it.
    Blackhole,
}

impl RoutingTable {
    /// The table of `routes`, local ones included, each with the blocks that it is for.
    pub fn new(id: Option<RouteTableId>, routes: Vec<(CompiledRoute, Vec<Cidr>)>) -> RoutingTable {
        let (v4, v6) = (Ranges::new(&routes), Ranges::new(&routes));
        RoutingTable { id, v4, v6, routes: routes.into_iter().map(|(route, _)| route).collect() }
    }

    /// The route for packets to `destination`.
    pub fn find<A: Address>(&self, destination: A) -> Option<&CompiledRoute> {
        self.routes.get(A::ranges(self).find(destination) as usize)
    }
}

/// Where each range begins, and the index of its route. The first begins at 0.
#[derive(Clone, Debug)]
pub(crate) struct Ranges<A: Address> {
    starts: Starts<A>,
    routes: Vec<u32>,
}

/// Ranges that are not complete yet: where each begins, and its route.
struct Cut<A> {
    starts: Vec<A>,
    routes: Vec<u32>,
}

const NO_ROUTE: u32 = u32::MAX;

#[derive(Clone, Copy)]
struct Block<A> {
    first: A,
    last: A,
    route: u32,
}

impl<A: Address> Ranges<A> {
    fn new(routes: &[(CompiledRoute, Vec<Cidr>)]) -> Ranges<A> {
        Ranges::cut(sorted_blocks(routes))
    }

    /// The ranges of `cidrs`, each with its place among them; of nested ones the narrowest wins. No two are the same.
    pub fn of_blocks(cidrs: impl Iterator<Item = Cidr>) -> Ranges<A> {
        let block = |(cidr, route)| {
            let (first, mask) = A::block(cidr)?;
            Some(Block { first, last: first.or_not(mask), route })
        };
        let mut blocks: Vec<Block<A>> = cidrs.zip(0..).filter_map(block).collect();
        blocks.sort_by_key(|block| (block.first, Reverse(block.last)));
        Ranges::cut(blocks)
    }

    fn cut(blocks: Vec<Block<A>>) -> Ranges<A> {
        let mut ranges = Cut { starts: vec![A::default()], routes: vec![NO_ROUTE] };
        let mut around: Vec<Block<A>> = Vec::new();
        for block in blocks {
            ranges.leave(&mut around, Some(block.first));
            ranges.begin(block.first, block.route);
            around.push(block);
        }
        ranges.leave(&mut around, None);
        Ranges { starts: Starts::new(&ranges.starts), routes: ranges.routes }
    }

    /// The number of the range that `address` is in; of no use as an index if it is in none.
    #[inline]
    pub fn find(&self, address: A) -> u32 {
        self.routes[self.starts.find(address)]
    }
}

impl<A: Address> Cut<A> {
    /// Closes the blocks of `around` that end before `until`: after each, the one around it goes on.
    fn leave(&mut self, around: &mut Vec<Block<A>>, until: Option<A>) {
        while let Some(block) = around.pop_if(|block| until.is_none_or(|until| block.last < until)) {
            if let Some(after) = block.last.next() {
                self.begin(after, around.last().map_or(NO_ROUTE, |block| block.route));
            }
        }
    }

    fn begin(&mut self, start: A, route: u32) {
        if self.starts.last() == Some(&start) {
            self.starts.pop();
            self.routes.pop();
        }
        self.starts.push(start);
        self.routes.push(route);
    }
}

/// The blocks of one family, wider ones before those inside them, one for each destination.
fn sorted_blocks<A: Address>(routes: &[(CompiledRoute, Vec<Cidr>)]) -> Vec<Block<A>> {
    let mut blocks: Vec<(Block<A>, Priority)> = Vec::new();
    for ((route, cidrs), index) in routes.iter().zip(0..) {
        for cidr in cidrs {
            let Some((first, mask)) = A::block(*cidr) else { continue };
            blocks.push((Block { first, last: first.or_not(mask), route: index }, priority(route)));
        }
    }
    blocks.sort_by_key(|(block, priority)| (block.first, Reverse(block.last), *priority));
    blocks.dedup_by_key(|(block, _)| (block.first, block.last));
    blocks.into_iter().map(|(block, _)| block).collect()
}

/// Which of several routes to one destination wins: lower first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Priority {
    /// A static route; to a block of the VPC it stands in place of the local one (ReplaceRoute, EC2 API Reference).
    Static,
    Local,
    PrefixList,
    Propagated,
}

fn priority(route: &CompiledRoute) -> Priority {
    match (route.target, route.origin) {
        (Target::Local, _) => Priority::Local,
        (_, Origin::EnableVgwRoutePropagation) => Priority::Propagated,
        _ if matches!(route.destination, Destination::PrefixList(_)) => Priority::PrefixList,
        _ => Priority::Static,
    }
}

/// The local route for a block of the VPC.
pub(crate) fn local(cidr: Cidr) -> (CompiledRoute, Vec<Cidr>) {
    let route = CompiledRoute {
        destination: Destination::Cidr(cidr),
        target: Target::Local,
        next: Next::Local,
        origin: Origin::CreateRouteTable,
    };
    (route, vec![cidr])
}
