//! Transit gateways in the language for networks.

use super::{Net, Words, id, scope};
use weir_model::interface::{Attachment, Interface, InterfaceKind, PrivateAddress};
use weir_model::transit_gateway::attachment::TransitDoor;
use weir_model::transit_gateway::{
    TransitAttachment, TransitAttachmentOptions, TransitGateway, TransitHop, TransitOptions, TransitPeering,
    TransitReference, TransitRoute, TransitSide, TransitState, TransitTable,
};
use weir_model::{Timestamp, TransitAttachmentId, TransitGatewayId, TransitTableId};

impl Net {
    pub(super) fn add_tgw(&mut self, mut words: Words) {
        let name = words.next();
        let mut gateway = TransitGateway {
            id: id(name),
            scope: scope("1", "us-east-1"),
            description: String::new(),
            options: TransitOptions {
                asn: 64_512,
                cidrs: Vec::new(),
                accepts_shared: false,
                association_table: None,
                propagation_table: None,
                dns_support: true,
                vpn_ecmp: true,
                group_references: false,
            },
            created: Timestamp(0),
            deleted: None,
            tags: Default::default(),
        };
        while let Some(word) = words.option() {
            match word {
                "region" => gateway.scope.region = words.parse(),
                "references" => gateway.options.group_references = true,
                other => panic!("not of a transit gateway: {other}"),
            }
        }
        self.call(gateway.id, name);
        self.network.transit_gateways.insert(gateway);
    }

    pub(super) fn add_attach(&mut self, mut words: Words) {
        let (name, gateway) = (words.next(), id::<TransitGatewayId>(words.next()));
        let ((scope, vpc), doors) = (self.vpc(words.next()), words.next());
        let doors: Vec<TransitDoor> = doors.split(',').map(|door| self.add_door(name, door)).collect();
        let mut attachment = TransitAttachment {
            id: id(name),
            scope,
            gateway,
            vpc,
            subnets: doors.iter().map(|door| door.subnet).collect(),
            doors,
            options: TransitAttachmentOptions::default(),
            state: TransitState::Available,
            state_since: Timestamp(0),
            created: Timestamp(0),
            association: None,
            tags: Default::default(),
        };
        while let Some(word) = words.option() {
            match word {
                "in" => attachment.association = Some(id(words.next())),
                "appliance" => attachment.options.appliance_mode = true,
                "no-references" => attachment.options.group_references = false,
                "deleted" => attachment.state = TransitState::Deleted,
                other => panic!("not of an attachment: {other}"),
            }
        }
        self.call(attachment.id, name);
        self.network.transit_attachments.insert(attachment);
    }

    /// `SUBNET=ADDRESS`; the interface is called `ATTACHMENT@SUBNET`.
    fn add_door(&mut self, attachment: &str, text: &str) -> TransitDoor {
        let (subnet, address) = text.split_once('=').expect("SUBNET=ADDRESS");
        let name = format!("{attachment}@{subnet}");
        let subnet = self.network.subnets.get(&id(subnet)).expect("the subnet");
        let interface = Interface {
            id: id(&name),
            scope: subnet.scope,
            vpc: subnet.vpc,
            subnet: subnet.id,
            addresses: vec![PrivateAddress { private: address.parse().expect("an address"), public: None }],
            ipv6_addresses: Vec::new(),
            groups: Vec::new(),
            source_dest_check: false,
            tracking: Default::default(),
            attachment: Some(Attachment {
                id: id(&name),
                instance: None,
                device_index: 1,
                since: Timestamp(0),
                delete_on_termination: false,
            }),
            kind: InterfaceKind::TransitGateway,
            description: String::new(),
            mac: [2, 0, 0, 0, 0, 2],
            tags: Default::default(),
        };
        let door = TransitDoor { subnet: subnet.id, interface: interface.id };
        self.call(interface.id, &name);
        self.network.interfaces.insert(interface);
        door
    }

    pub(super) fn add_transit_table(&mut self, mut words: Words) {
        let (name, gateway) = (words.next(), id::<TransitGatewayId>(words.next()));
        let scope = self.network.transit_gateways.get(&gateway).expect("the transit gateway").scope;
        self.call(id::<TransitTableId>(name), name);
        self.network.transit_tables.insert(TransitTable {
            id: id(name),
            scope,
            gateway,
            routes: Vec::new(),
            references: Vec::new(),
            propagations: Vec::new(),
            created: Timestamp(0),
            deleted: None,
            tags: Default::default(),
        });
    }

    /// `CIDR ATTACHMENT`, `list:NAME ATTACHMENT`, either with `blackhole` for the attachment, or `from ATTACHMENT` for a propagation.
    pub(super) fn add_transit_route(&mut self, table: &str, mut words: Words) {
        let (first, second) = (words.next(), words.next());
        let table = self.network.transit_tables.get_mut(&id(table)).expect("the table");
        if first == "from" {
            return table.propagations.push(id::<TransitAttachmentId>(second));
        }
        let hop = match second {
            "blackhole" => TransitHop::Blackhole,
            attachment => TransitHop::Attachment(id(attachment)),
        };
        if let Some(list) = first.strip_prefix("list:") {
            let list = id(list);
            table.references.retain(|held| held.list != list);
            return table.references.push(TransitReference { list, hop });
        }
        let destination = first.parse().expect("a block");
        table.routes.retain(|route| route.destination != destination);
        table.routes.push(TransitRoute { destination, hop });
    }

    pub(super) fn add_tgw_peering(&mut self, mut words: Words) {
        let (name, one, other) = (words.next(), words.next(), words.next());
        let state = match words.next() {
            "available" => TransitState::Available,
            "pending" => TransitState::PendingAcceptance,
            "deleted" => TransitState::Deleted,
            other => panic!("no state: {other}"),
        };
        let mut table = || words.option().map(id);
        let mut side = |gateway: &str| TransitSide {
            scope: self.network.transit_gateways.get(&id(gateway)).expect("the transit gateway").scope,
            gateway: id(gateway),
            attachment: id(name),
            association: table(),
            tags: Default::default(),
        };
        let (requester, accepter) = (side(one), side(other));
        let (state_since, created) = (Timestamp(0), Timestamp(0));
        let peering = TransitPeering { requester, accepter, state, state_since, created };
        self.network.transit_peerings.insert(peering);
        self.call(id::<TransitAttachmentId>(name), name);
    }
}
