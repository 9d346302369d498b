//! Lines about regional NAT gateways.

use super::{Net, Words, id};
use weir_model::nat_gateway::{
    Availability, Connectivity, Gate, GateState, NatAddress, NatGateway, NatState, Regional,
};
use weir_model::{InterfaceId, NatGatewayId, Timestamp, ZoneName};

impl Net {
    pub(super) fn add_regional_nat(&mut self, mut words: Words) {
        let (name, (scope, vpc), table) = (words.next(), self.vpc(words.next()), words.next());
        let mut regional = Regional { route_table: Some(id(table)), is_automatic: false, gates: Vec::new() };
        let (mut addresses, mut state) = (Vec::new(), NatState::Available);
        while let Some(word) = words.option() {
            match word {
                "automatic" => regional.is_automatic = true,
                "pending" => state = NatState::Pending(None),
                "opening" => {
                    let gate = regional.gates.last_mut().expect("a zone");
                    gate.state = GateState::Opening(Timestamp(0));
                }
                "draining" => {
                    let address: &mut NatAddress = addresses.last_mut().expect("an address");
                    address.draining_until = Some(Timestamp(0));
                }
                "zone" | "and" => {
                    if word == "zone" {
                        let letter: char = words.parse();
                        let zone = ZoneName::new(scope.region, letter).expect("a zone");
                        let gate = format!("{name}-{letter}");
                        self.call(id::<InterfaceId>(&gate), &gate);
                        regional.gates.push(Gate { zone, interface: id(&gate), state: GateState::Open });
                    }
                    let (zone, public) = (regional.gates.last().expect("a zone").zone, words.next());
                    let elastic = Some((public.parse().expect("an address"), id(public)));
                    addresses.push(NatAddress { zone: Some(zone), elastic, ..NatAddress::default() });
                }
                other => panic!("not of a regional NAT gateway: {other}"),
            }
        }
        self.network.nat_gateways.insert(NatGateway {
            id: id(name),
            scope,
            vpc,
            availability: Availability::Regional(regional),
            connectivity: Connectivity::Public,
            state,
            state_since: Timestamp(0),
            created: Timestamp(0),
            addresses,
            tags: Default::default(),
        });
        self.call(id::<NatGatewayId>(name), &format!("nat:{name}"));
    }
}
