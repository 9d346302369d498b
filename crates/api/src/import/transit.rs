//! Transit gateways from answers.
//!
//! Tables' propagations and static routes come as `get-transit-gateway-route-table-propagations` and
//! `search-transit-gateway-routes` give them, below the table's id: `TransitGatewayPropagations` and
//! `TransitGatewayStaticRoutes`. What is on its way to or from being there is left out, as nothing passes it.
//! An attachment may be of another account's VPC: that is what sharing a gateway leads to.

use super::answers::Tag;
use super::convert::{Convert, Outcome, tags};
use serde::Deserialize;
use weir_model::interface::InterfaceKind;
use weir_model::transit_gateway::attachment::{TransitDoor, door_description};
use weir_model::transit_gateway::{
    DEFAULT_ASN, TransitAttachment, TransitAttachmentOptions, TransitGateway, TransitHop, TransitOptions,
    TransitPeering, TransitReference, TransitRoute, TransitSide, TransitState, TransitTable,
};
use weir_model::{Scope, SubnetId, Tags, Timestamp, TransitAttachmentId, TransitTableId};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Gateway {
    transit_gateway_id: String,
    owner_id: Option<String>,
    state: String,
    #[serde(default)]
    description: String,
    creation_time: Option<String>,
    options: GatewayOptions,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GatewayOptions {
    amazon_side_asn: Option<u64>,
    association_default_route_table_id: Option<String>,
    propagation_default_route_table_id: Option<String>,
    auto_accept_shared_attachments: Option<String>,
    dns_support: Option<String>,
    vpn_ecmp_support: Option<String>,
    security_group_referencing_support: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct VpcAttachment {
    transit_gateway_attachment_id: String,
    transit_gateway_id: String,
    vpc_id: String,
    vpc_owner_id: Option<String>,
    state: String,
    #[serde(default)]
    subnet_ids: Vec<String>,
    creation_time: Option<String>,
    #[serde(default)]
    options: AttachmentOptions,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AttachmentOptions {
    dns_support: Option<String>,
    ipv6_support: Option<String>,
    appliance_mode_support: Option<String>,
    security_group_referencing_support: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PeeringAttachment {
    transit_gateway_attachment_id: String,
    accepter_transit_gateway_attachment_id: Option<String>,
    requester_tgw_info: SideInfo,
    accepter_tgw_info: SideInfo,
    state: String,
    creation_time: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SideInfo {
    transit_gateway_id: String,
    owner_id: String,
    region: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Attachment {
    transit_gateway_attachment_id: String,
    association: Option<Association>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Association {
    transit_gateway_route_table_id: String,
    state: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RouteTable {
    transit_gateway_route_table_id: String,
    transit_gateway_id: String,
    state: String,
    creation_time: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Propagations {
    transit_gateway_route_table_id: String,
    transit_gateway_route_table_propagations: Vec<Propagation>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Propagation {
    transit_gateway_attachment_id: String,
    state: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct StaticRoutes {
    transit_gateway_route_table_id: String,
    routes: Vec<Route>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Route {
    destination_cidr_block: Option<String>,
    prefix_list_id: Option<String>,
    #[serde(default)]
    transit_gateway_attachments: Vec<RouteAttachment>,
    r#type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RouteAttachment {
    transit_gateway_attachment_id: String,
}

/// The answers about transit gateways of one region.
pub(super) struct Transit {
    pub gateways: Vec<Gateway>,
    pub tables: Vec<RouteTable>,
    pub vpc_attachments: Vec<VpcAttachment>,
    pub peerings: Vec<PeeringAttachment>,
    pub attachments: Vec<Attachment>,
    pub propagations: Vec<Propagations>,
    pub routes: Vec<StaticRoutes>,
}

fn is_on(word: Option<&str>, default: bool) -> bool {
    word.map_or(default, |word| word == "enable")
}

impl Convert<'_> {
    /// Converts everything about transit gateways. Interfaces are there already.
    pub(super) fn transit(&mut self, answers: Transit) -> Outcome {
        answers.gateways.into_iter().try_for_each(|gateway| self.transit_gateway(gateway))?;
        answers.tables.into_iter().try_for_each(|table| self.transit_table(table))?;
        answers.vpc_attachments.into_iter().try_for_each(|attachment| self.transit_attachment(attachment))?;
        answers.peerings.into_iter().try_for_each(|peering| self.transit_peering(peering))?;
        answers.attachments.into_iter().try_for_each(|attachment| self.transit_association(&attachment))?;
        answers.propagations.into_iter().try_for_each(|told| self.transit_propagations(told))?;
        answers.routes.into_iter().try_for_each(|routes| self.transit_routes(routes))
    }

    /// Whether a resource in `state` is there; one that is not is counted as left out under `name`.
    fn is_there(&mut self, state: &str, name: &str) -> bool {
        let is_there = matches!(state, "available" | "modifying");
        if !is_there {
            *self.imported.left_out.entry(name.to_owned()).or_default() += 1;
        }
        is_there
    }

    fn transit_gateway(&mut self, gateway: Gateway) -> Outcome {
        if !self.is_there(&gateway.state, "TransitGateways") {
            return Ok(());
        }
        let options = &gateway.options;
        let table = |id: &Option<String>| id.as_deref().map(|id| self.read::<TransitTableId>(id)).transpose();
        let converted = TransitGateway {
            id: self.read(&gateway.transit_gateway_id)?,
            scope: self.scope(gateway.owner_id.as_deref())?,
            description: gateway.description,
            options: TransitOptions {
                asn: options.amazon_side_asn.unwrap_or(DEFAULT_ASN),
                cidrs: Vec::new(),
                accepts_shared: is_on(options.auto_accept_shared_attachments.as_deref(), false),
                association_table: table(&options.association_default_route_table_id)?,
                propagation_table: table(&options.propagation_default_route_table_id)?,
                dns_support: is_on(options.dns_support.as_deref(), true),
                vpn_ecmp: is_on(options.vpn_ecmp_support.as_deref(), true),
                group_references: is_on(options.security_group_referencing_support.as_deref(), false),
            },
            created: time(gateway.creation_time.as_deref()),
            deleted: None,
            tags: tags(gateway.tags),
        };
        self.imported.network.transit_gateways.insert(converted);
        Ok(())
    }

    fn transit_table(&mut self, table: RouteTable) -> Outcome {
        if !self.is_there(&table.state, "TransitGatewayRouteTables") {
            return Ok(());
        }
        let gateway = self.read(&table.transit_gateway_id)?;
        let owner = self.imported.network.transit_gateways.get(&gateway).map(|gateway| gateway.scope);
        let converted = TransitTable {
            id: self.read(&table.transit_gateway_route_table_id)?,
            scope: owner.map_or_else(|| self.scope(None), Ok)?,
            gateway,
            routes: Vec::new(),
            references: Vec::new(),
            propagations: Vec::new(),
            created: time(table.creation_time.as_deref()),
            deleted: None,
            tags: tags(table.tags),
        };
        self.imported.network.transit_tables.insert(converted);
        Ok(())
    }

    fn transit_attachment(&mut self, attachment: VpcAttachment) -> Outcome {
        if !self.is_there(&attachment.state, "TransitGatewayVpcAttachments") {
            return Ok(());
        }
        let id = self.read(&attachment.transit_gateway_attachment_id)?;
        let (options, default) = (&attachment.options, TransitAttachmentOptions::default());
        let subnets =
            attachment.subnet_ids.iter().map(|subnet| self.read(subnet)).collect::<Outcome<Vec<_>>>()?;
        let created = time(attachment.creation_time.as_deref());
        let known = self.imported.network.transit_attachments.get(&id);
        let converted = TransitAttachment {
            id,
            scope: self.scope(attachment.vpc_owner_id.as_deref())?,
            gateway: self.read(&attachment.transit_gateway_id)?,
            vpc: self.read(&attachment.vpc_id)?,
            doors: subnets.iter().filter_map(|subnet| self.transit_door(id, *subnet)).collect(),
            subnets,
            options: TransitAttachmentOptions {
                dns_support: is_on(options.dns_support.as_deref(), default.dns_support),
                ipv6_support: is_on(options.ipv6_support.as_deref(), default.ipv6_support),
                appliance_mode: is_on(options.appliance_mode_support.as_deref(), default.appliance_mode),
                group_references: is_on(
                    options.security_group_referencing_support.as_deref(),
                    default.group_references,
                ),
            },
            state: TransitState::Available,
            state_since: created,
            created,
            association: known.and_then(|known| known.association),
            tags: tags(attachment.tags),
        };
        self.imported.network.transit_attachments.insert(converted);
        Ok(())
    }

    /// The gateway's interface for an attachment in a subnet: answers tell it by its description.
    fn transit_door(&self, id: TransitAttachmentId, subnet: SubnetId) -> Option<TransitDoor> {
        let description = door_description(id);
        let found = self.imported.network.interfaces_in(subnet).find(|interface| {
            interface.kind == InterfaceKind::TransitGateway && interface.description == description
        })?;
        Some(TransitDoor { subnet, interface: found.id })
    }

    /// A peering; both sides' answers show it, each with its own tags.
    fn transit_peering(&mut self, peering: PeeringAttachment) -> Outcome {
        if !self.is_there(&peering.state, "TransitGatewayPeeringAttachments") {
            return Ok(());
        }
        let id: TransitAttachmentId = self.read(&peering.transit_gateway_attachment_id)?;
        let far = peering.accepter_transit_gateway_attachment_id.as_deref();
        let far = far.map(|far| self.read(far)).transpose()?.unwrap_or(id);
        let created = time(peering.creation_time.as_deref());
        let mut converted = TransitPeering {
            requester: self.transit_side(&peering.requester_tgw_info, id)?,
            accepter: self.transit_side(&peering.accepter_tgw_info, far)?,
            state: TransitState::Available,
            state_since: created,
            created,
        };
        let known = self.imported.network.transit_peerings.get(&id);
        let sides = [
            (&mut converted.requester, known.map(|known| &known.requester)),
            (&mut converted.accepter, known.map(|known| &known.accepter)),
        ];
        for (side, known) in sides {
            let is_own = side.scope.region == self.place.region
                && self.place.account.is_none_or(|account| account == side.scope.account);
            side.association = known.and_then(|known| known.association);
            side.tags = match is_own {
                true => peering.tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect(),
                false => known.map(|known| known.tags.clone()).unwrap_or_default(),
            };
        }
        self.imported.network.transit_peerings.insert(converted);
        Ok(())
    }

    fn transit_side(&self, side: &SideInfo, attachment: TransitAttachmentId) -> Outcome<TransitSide> {
        Ok(TransitSide {
            scope: Scope { account: self.read(&side.owner_id)?, region: self.read(&side.region)? },
            gateway: self.read(&side.transit_gateway_id)?,
            attachment,
            association: None,
            tags: Tags::new(),
        })
    }

    /// Which table decides for an attachment, of whichever kind.
    fn transit_association(&mut self, attachment: &Attachment) -> Outcome {
        let held = attachment.association.as_ref().filter(|held| held.state == "associated");
        let Some(association) = held else { return Ok(()) };
        let id: TransitAttachmentId = self.read(&attachment.transit_gateway_attachment_id)?;
        let table: TransitTableId = self.read(&association.transit_gateway_route_table_id)?;
        let network = &mut self.imported.network;
        let Some(gateway) = network.transit_tables.get(&table).map(|table| table.gateway) else {
            return Ok(());
        };
        if let Some(found) = network.transit_attachments.get_mut(&id) {
            found.association = Some(table);
            return Ok(());
        }
        let is_it = |side: &TransitSide| side.gateway == gateway && side.attachment == id;
        let peering = network
            .transit_peerings
            .iter()
            .find(|peering| is_it(&peering.requester) || is_it(&peering.accepter))
            .map(TransitPeering::id);
        if let Some(peering) = peering.and_then(|id| network.transit_peerings.get_mut(&id)) {
            let requester = is_it(&peering.requester);
            let side = if requester { &mut peering.requester } else { &mut peering.accepter };
            side.association = Some(table);
        }
        Ok(())
    }

    fn transit_propagations(&mut self, told: Propagations) -> Outcome {
        let table: TransitTableId = self.read(&told.transit_gateway_route_table_id)?;
        let enabled = told.transit_gateway_route_table_propagations.iter();
        let enabled = enabled.filter(|propagation| propagation.state == "enabled");
        let ids = enabled
            .map(|propagation| self.read(&propagation.transit_gateway_attachment_id))
            .collect::<Outcome<Vec<TransitAttachmentId>>>()?;
        let network = &mut self.imported.network;
        let known: Vec<_> = ids.into_iter().filter(|id| network.transit_attachments.has(id)).collect();
        if let Some(table) = network.transit_tables.get_mut(&table) {
            table.propagations.extend(known);
        }
        Ok(())
    }

    fn transit_routes(&mut self, given: StaticRoutes) -> Outcome {
        let table: TransitTableId = self.read(&given.transit_gateway_route_table_id)?;
        let (mut routes, mut references) = (Vec::new(), Vec::new());
        for route in given.routes.iter().filter(|route| route.r#type == "static") {
            let hop = match route.transit_gateway_attachments.first() {
                Some(attachment) => {
                    TransitHop::Attachment(self.read(&attachment.transit_gateway_attachment_id)?)
                }
                None => TransitHop::Blackhole,
            };
            match (&route.prefix_list_id, &route.destination_cidr_block) {
                // Each block of a list is a route; all are of one reference.
                (Some(list), _) => {
                    let reference = TransitReference { list: self.read(list)?, hop };
                    if !references.iter().any(|held: &TransitReference| held.list == reference.list) {
                        references.push(reference);
                    }
                }
                (None, Some(destination)) => {
                    routes.push(TransitRoute { destination: self.read(destination)?, hop });
                }
                (None, None) => {}
            }
        }
        if let Some(table) = self.imported.network.transit_tables.get_mut(&table) {
            table.routes.extend(routes);
            table.references.extend(references);
        }
        Ok(())
    }
}

/// A time as clients print it; the beginning of time where it cannot be read, or is not there.
pub(super) fn time(text: Option<&str>) -> Timestamp {
    text.and_then(weir_wire::parse_iso).map_or(Timestamp(0), Timestamp)
}
