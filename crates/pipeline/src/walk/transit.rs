//! Through a transit gateway: in by the door in the sender's zone, on by the gateway's tables, out by a door of another VPC.
//!
//! An instance reaches a gateway only through a door in its own zone. At that door the ACL of the door's subnet is asked
//! about packets going in, even if the sender is in the same subnet. On the way out it is asked only if the packet leaves
//! the door's subnet. The gateway keeps packets in their zone where it can. From the door on, the route table of the door's
//! subnet decides, as for anything that is sent there.
//! Source: Amazon VPC Transit Gateways guide, "How transit gateways work", "VPC attachments", "Network ACLs",
//! "Transit gateway peering attachments".

use super::{Connections, Landing, Stop, Walk, pass_if, way};
use crate::address::Address;
use crate::compiled::CompiledInterface;
use crate::compiled::transit::{Beyond, Doors};
use crate::explain::{Step, Trace};
use crate::verdict::{Reason, Way};

/// The most gateways that a packet passes from one VPC to the next; routes that lead further lead in a circle.
const GATEWAYS_MAX: u8 = 16;

/// By how much the TTL goes down at a transit gateway.
///
/// Measured on AWS in 2020 (batfish lab-validation): 254 between VPCs that are attached to one gateway.
const TRANSIT_HOPS: u8 = 1;

impl<'a, A: Address, C: Connections<A>, T: Trace> Walk<'a, A, C, T> {
    /// From `sender` into a gateway by the attachment with index `from`, through it and others, and on.
    pub(super) fn transit(&mut self, sender: &'a CompiledInterface, from: u32) -> Result<Landing<A>, Stop> {
        let compiled = self.compiled;
        let Beyond::Vpc(near) = &compiled.transit.end(from).beyond else {
            return Err(Stop::Drop(Reason::Blackhole));
        };
        let entrance = near.in_zone(sender.zone).ok_or(Stop::Drop(Reason::TransitZone))?;
        let entrance = self.at(entrance);
        self.pass_in(entrance, true, way(sender, entrance.interface))?;
        let far = self.cross(from)?;
        let exit = far.out(sender.zone, self.flow.tuple()).ok_or(Stop::Drop(Reason::TransitBlackhole))?;
        let is_own = compiled.vpc(near.vpc).has(self.flow.source.ip());
        self.groups_are_hidden = !(is_own && near.group_references && far.group_references);
        self.go_on(self.at(exit))
    }

    /// From gateway to gateway until a route leads to a VPC; its doors.
    fn cross(&mut self, from: u32) -> Result<&'a Doors, Stop> {
        let compiled = self.compiled;
        let (mut end, mut same_region) = (from, true);
        self.check_size(Way::Transit { same_region })?;
        for _ in 0..GATEWAYS_MAX {
            self.hops += TRANSIT_HOPS;
            self.check_ttl()?;
            match &compiled.transit.end(self.next_end(end)?).beyond {
                Beyond::Vpc(doors) => {
                    self.note_crossing(same_region);
                    return Ok(doors);
                }
                Beyond::Gateway { end: far, same_region: stays } => {
                    (end, same_region) = (*far, same_region && *stays);
                }
            }
        }
        Err(Stop::Drop(Reason::TtlExpired))
    }

    /// What lies beyond an internet gateway is further than any other gateway; another region is further than the same.
    fn note_crossing(&mut self, same_region: bool) {
        self.crossed = Some(match self.crossed {
            Some(Way::Transit { same_region: before }) => Way::Transit { same_region: same_region && before },
            Some(way) => way,
            None => Way::Transit { same_region },
        });
    }

    /// Where the table associated with an end leads.
    fn next_end(&mut self, from: u32) -> Result<u32, Stop> {
        let end = self.compiled.transit.end(from);
        let table = self.compiled.transit.table(end);
        let route = table.and_then(|table| table.find(self.flow.destination)).copied();
        self.trace.step(|| Step::Transit {
            gateway: end.gateway,
            table: table.map(|table| table.id),
            route: route.map(|route| (route.destination, route.to)),
        });
        pass_if(table.is_some(), Reason::TransitNoTable)?;
        let route = route.ok_or(Stop::Drop(Reason::TransitNoRoute))?;
        route.end.ok_or(Stop::Drop(Reason::TransitBlackhole))
    }
}
