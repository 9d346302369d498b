//! Transit gateways as packets meet them: attachments with their doors, and route tables flattened.
//!
//! Only what packets can use is here: an attachment that is not available leaves routes to it blackholes.
//! Source: Amazon VPC Transit Gateways guide, "How transit gateways work" (Availability Zones, routing) and "Route tables".

use super::CompiledInterface;
use super::route::Ranges;
use crate::address::Address;
use crate::packet::{InterfaceIdx, Tuple};
use std::collections::BTreeMap;
use weir_model::transit_gateway::{TransitAttachment, TransitSide, TransitState, TransitTable};
use weir_model::{Cidr, Network, TransitAttachmentId, TransitGatewayId, TransitTableId, VpcId, ZoneName};

/// The transit gateways of a network.
#[derive(Clone, Debug, Default)]
pub(crate) struct Transit {
    ends: Vec<End>,
    tables: Vec<TransitRoutes>,
    /// By VPC and gateway, the end that a route of the VPC leads to.
    by_vpc: BTreeMap<(VpcId, TransitGatewayId), u32>,
}

/// An attachment, from the side of one gateway.
#[derive(Clone, Debug)]
pub(crate) struct End {
    /// The gateway.
    pub gateway: TransitGatewayId,
    /// The index of the table that decides about packets from here.
    pub table: Option<u32>,
    /// What is attached.
    pub beyond: Beyond,
}

/// What is at the far side of an attachment.
#[derive(Clone, Debug)]
pub(crate) enum Beyond {
    /// A VPC, behind its doors.
    Vpc(Doors),
    /// Another gateway: the index of its end of the same attachment.
    Gateway {
        /// The index.
        end: u32,
        /// Whether both gateways are of one region.
        same_region: bool,
    },
}

/// The gateway's interfaces in an attached VPC.
#[derive(Clone, Debug)]
pub(crate) struct Doors {
    /// The index of the VPC.
    pub vpc: u32,
    /// Whether both directions of a flow pass one door.
    pub appliance_mode: bool,
    /// Whether groups of this VPC may refer to others', and be referred to.
    pub group_references: bool,
    doors: Vec<(ZoneName, InterfaceIdx)>,
}

impl Doors {
    /// The door in a zone.
    pub fn in_zone(&self, zone: ZoneName) -> Option<InterfaceIdx> {
        self.doors.iter().find(|(held, _)| *held == zone).map(|(_, door)| *door)
    }

    /// The door that packets of `tuple` leave by, if they entered the gateway in `zone`; `None` if there is none at all.
    ///
    /// It is the one in the same zone if there is one. Else, and always in appliance mode, a hash of the flow chooses, the
    /// same for both directions.
    pub fn out(&self, zone: ZoneName, tuple: Tuple) -> Option<InterfaceIdx> {
        let near = self.in_zone(zone).filter(|_| !self.appliance_mode);
        near.or_else(|| {
            let place = tuple.shared_digest().checked_rem(self.doors.len() as u64)?;
            self.doors.get(place as usize).map(|(_, door)| *door)
        })
    }
}

/// A route table, ready for look-ups.
#[derive(Clone, Debug)]
pub(crate) struct TransitRoutes {
    /// Its id.
    pub id: TransitTableId,
    /// The IPv4 address space.
    pub v4: Ranges<u32>,
    /// The IPv6 address space.
    pub v6: Ranges<u128>,
    routes: Vec<CompiledTransitRoute>,
}

/// A route, and the end it leads to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CompiledTransitRoute {
    /// Which packets it is for.
    pub destination: Cidr,
    /// The attachment it leads to; `None` for a blackhole made by hand.
    pub to: Option<TransitAttachmentId>,
    /// The index of that attachment's end; `None` if packets cannot take it.
    pub end: Option<u32>,
}

impl TransitRoutes {
    /// The route for packets to `destination`.
    pub fn find<A: Address>(&self, destination: A) -> Option<&CompiledTransitRoute> {
        self.routes.get(A::transit_ranges(self).find(destination) as usize)
    }
}

impl Transit {
    /// The end with this index.
    pub fn end(&self, index: u32) -> &End {
        &self.ends[index as usize]
    }

    /// The table of an end.
    pub fn table(&self, end: &End) -> Option<&TransitRoutes> {
        end.table.map(|index| &self.tables[index as usize])
    }

    /// The index of the end by which `vpc` is attached to `gateway`.
    pub fn end_of(&self, vpc: VpcId, gateway: TransitGatewayId) -> Option<u32> {
        self.by_vpc.get(&(vpc, gateway)).copied()
    }
}

/// What is known while transit gateways are compiled.
pub(super) struct Gateways<'a> {
    pub network: &'a Network,
    pub interfaces: &'a [CompiledInterface],
    pub vpc_idx: &'a BTreeMap<VpcId, u32>,
}

/// By what an end is found: an id across regions stands for both ends.
type EndKey = (TransitGatewayId, TransitAttachmentId);

impl Gateways<'_> {
    /// All of the network's.
    pub fn build(&self) -> Transit {
        let tables: Vec<&TransitTable> =
            self.network.transit_tables.iter().filter(|table| table.deleted.is_none()).collect();
        let table_idx: BTreeMap<TransitTableId, u32> = tables.iter().map(|table| table.id).zip(0..).collect();
        let mut transit = Transit::default();
        let mut index: BTreeMap<EndKey, u32> = BTreeMap::new();
        for attachment in self.network.transit_attachments.iter() {
            let Some(end) = self.vpc_end(attachment, &table_idx) else { continue };
            let place = transit.ends.len() as u32;
            index.insert((attachment.gateway, attachment.id), place);
            transit.by_vpc.insert((attachment.vpc, attachment.gateway), place);
            transit.ends.push(end);
        }
        for peering in self.network.transit_peerings.iter() {
            if peering.state != TransitState::Available {
                continue;
            }
            let place = transit.ends.len() as u32;
            let same_region = peering.is_same_region();
            for (side, here, far) in
                [(&peering.requester, place, place + 1), (&peering.accepter, place + 1, place)]
            {
                index.insert((side.gateway, side.attachment), here);
                transit.ends.push(gateway_end(side, &table_idx, Beyond::Gateway { end: far, same_region }));
            }
        }
        transit.tables = tables.into_iter().map(|table| self.table(table, &index)).collect();
        transit
    }

    fn vpc_end(
        &self,
        attachment: &TransitAttachment,
        table_idx: &BTreeMap<TransitTableId, u32>,
    ) -> Option<End> {
        if attachment.state != TransitState::Available {
            return None;
        }
        let gateway = self.network.transit_gateways.get(&attachment.gateway);
        let door = |door: &weir_model::transit_gateway::attachment::TransitDoor| {
            let place = self.interfaces.binary_search_by_key(&door.interface, |found| found.id).ok()?;
            Some((self.interfaces[place].zone, InterfaceIdx(place as u32)))
        };
        Some(End {
            gateway: attachment.gateway,
            table: attachment.association.and_then(|table| table_idx.get(&table)).copied(),
            beyond: Beyond::Vpc(Doors {
                vpc: *self.vpc_idx.get(&attachment.vpc)?,
                appliance_mode: attachment.options.appliance_mode,
                group_references: attachment.options.group_references
                    && gateway.is_some_and(|gateway| gateway.options.group_references),
                doors: attachment.doors.iter().filter_map(door).collect(),
            }),
        })
    }

    fn table(&self, table: &TransitTable, index: &BTreeMap<EndKey, u32>) -> TransitRoutes {
        let routes: Vec<CompiledTransitRoute> = self
            .network
            .transit_routes(table)
            .into_iter()
            .map(|route| CompiledTransitRoute {
                destination: route.destination,
                to: route.to,
                end: route.to.and_then(|id| index.get(&(table.gateway, id))).copied(),
            })
            .collect();
        let blocks = || routes.iter().map(|route| route.destination);
        TransitRoutes {
            id: table.id,
            v4: Ranges::of_blocks(blocks()),
            v6: Ranges::of_blocks(blocks()),
            routes,
        }
    }
}

fn gateway_end(side: &TransitSide, table_idx: &BTreeMap<TransitTableId, u32>, beyond: Beyond) -> End {
    let table = side.association.and_then(|table| table_idx.get(&table)).copied();
    End { gateway: side.gateway, table, beyond }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_model::Protocol;

    fn zone(letter: char) -> ZoneName {
        ZoneName::new("us-east-1".parse().expect("a region"), letter).expect("a zone")
    }

    fn doors(appliance_mode: bool) -> Doors {
        let doors = vec![(zone('a'), InterfaceIdx(1)), (zone('b'), InterfaceIdx(2))];
        Doors { vpc: 0, appliance_mode, group_references: true, doors }
    }

    fn tuples() -> impl Iterator<Item = Tuple> {
        (0..100).map(|port| Tuple {
            source: [10, 1, 0, 1].into(),
            destination: [10, 2, 0, 1].into(),
            protocol: Protocol::TCP,
            source_port: 40_000 + port,
            destination_port: 443,
        })
    }

    #[test]
    fn packets_stay_in_their_zone() {
        for tuple in tuples() {
            assert_eq!(doors(false).out(zone('a'), tuple), Some(InterfaceIdx(1)));
            assert_eq!(doors(false).out(zone('b'), tuple), Some(InterfaceIdx(2)));
        }
    }

    // "Appliance mode": a flow hash chooses one door for the life of the flow, and the same for the return traffic.
    #[test]
    fn in_appliance_mode_both_directions_pass_one_door() {
        let chosen: Vec<_> = tuples().map(|tuple| doors(true).out(zone('a'), tuple)).collect();
        let returning: Vec<_> = tuples().map(|tuple| doors(true).out(zone('b'), tuple.reversed())).collect();
        assert_eq!(chosen, returning);
        assert!([1, 2].iter().all(|door| chosen.contains(&Some(InterfaceIdx(*door)))), "{chosen:?}");
    }

    #[test]
    fn from_a_zone_without_a_door_there_some_door_is_taken() {
        let chosen: Vec<_> = tuples().map(|tuple| doors(false).out(zone('c'), tuple)).collect();
        assert!([1, 2].iter().all(|door| chosen.contains(&Some(InterfaceIdx(*door)))), "{chosen:?}");
    }
}
