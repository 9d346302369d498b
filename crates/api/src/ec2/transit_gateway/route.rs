//! Routes of transit gateways' tables.
//!
//! Source: EC2 API Reference, CreateTransitGatewayRoute, ReplaceTransitGatewayRoute, DeleteTransitGatewayRoute,
//! SearchTransitGatewayRoutes.

use super::texts;
use crate::operation::{Context, Error, Operation, Seen};
use weir_model::transit_gateway::{ListedTransitRoute, TransitHop, TransitRoute, TransitTable};
use weir_model::{Cidr, PrefixListId, TransitAttachmentId, TransitTableId};
use weir_wire::{Bounds, Filter, FilterTable, Given, Page, Param, Token, Xml};

/// The bounds of `MaxResults` of SearchTransitGatewayRoutes.
const BOUNDS: Bounds = 5..=1000;

/// Adds a static route.
#[derive(Param)]
pub struct CreateTransitGatewayRoute {
    destination_cidr_block: Cidr,
    transit_gateway_route_table_id: TransitTableId,
    transit_gateway_attachment_id: Given<TransitAttachmentId>,
    blackhole: Option<bool>,
}

/// One route.
#[derive(Xml)]
pub struct OneTransitRoute {
    route: TransitRouteView,
}

/// The target that a request names: an attachment, or nowhere.
pub(super) fn hop(
    attachment: Option<TransitAttachmentId>,
    blackhole: Option<bool>,
) -> Result<TransitHop, Error> {
    match (attachment, blackhole.unwrap_or(false)) {
        (Some(attachment), false) => Ok(TransitHop::Attachment(attachment)),
        (None, true) => Ok(TransitHop::Blackhole),
        (None, false) => {
            let message =
                "The request must contain exactly one of transitGatewayAttachmentId, blackhole".to_owned();
            Err(Error::new("MissingParameter", message))
        }
        (Some(_), true) => {
            let message = "The parameters transitGatewayAttachmentId and blackhole cannot be used together";
            Err(Error::new("InvalidParameterCombination", message))
        }
    }
}

fn one(seen: Seen<'_>, table: TransitTableId, destination: Cidr) -> Result<OneTransitRoute, Error> {
    let table = seen.network.transit_table(seen.scope, table)?;
    let listed = seen.network.transit_routes(table);
    let route = listed.iter().find(|route| route.destination == destination);
    let view = route.map(|route| TransitRouteView::of(seen, table, route));
    let gone = || weir_model::transit_gateway::TransitRefusal::NoRoute(table.id, destination);
    Ok(OneTransitRoute { route: view.ok_or_else(|| weir_model::Refused::from(gone()))? })
}

impl Operation for CreateTransitGatewayRoute {
    type Response = OneTransitRoute;

    fn run(self, cx: &mut Context<'_>) -> Result<OneTransitRoute, Error> {
        let (table, destination) = (self.transit_gateway_route_table_id, self.destination_cidr_block);
        let route =
            TransitRoute { destination, hop: hop(self.transit_gateway_attachment_id.0, self.blackhole)? };
        cx.command(|network, cx| network.create_transit_route(cx, table, route))?;
        one(cx.seen(), table, destination)
    }
}

/// Gives a static route another target.
#[derive(Param)]
pub struct ReplaceTransitGatewayRoute {
    destination_cidr_block: Cidr,
    transit_gateway_route_table_id: TransitTableId,
    transit_gateway_attachment_id: Option<TransitAttachmentId>,
    blackhole: Option<bool>,
}

impl Operation for ReplaceTransitGatewayRoute {
    type Response = OneTransitRoute;

    fn run(self, cx: &mut Context<'_>) -> Result<OneTransitRoute, Error> {
        let (table, destination) = (self.transit_gateway_route_table_id, self.destination_cidr_block);
        let route =
            TransitRoute { destination, hop: hop(self.transit_gateway_attachment_id, self.blackhole)? };
        cx.command(|network, cx| network.replace_transit_route(cx, table, route))?;
        one(cx.seen(), table, destination)
    }
}

/// Removes a static route.
#[derive(Param)]
pub struct DeleteTransitGatewayRoute {
    transit_gateway_route_table_id: TransitTableId,
    destination_cidr_block: Cidr,
}

impl Operation for DeleteTransitGatewayRoute {
    type Response = OneTransitRoute;

    fn run(self, cx: &mut Context<'_>) -> Result<OneTransitRoute, Error> {
        let (id, destination) = (self.transit_gateway_route_table_id, self.destination_cidr_block);
        let was = cx.command(|network, cx| network.delete_transit_route(cx, id, destination))?;
        let table = cx.network.transit_table(cx.scope, id)?;
        let to = was.hop.attachment();
        let route = ListedTransitRoute { destination, to, list: None, is_static: true, is_active: false };
        let view = TransitRouteView::of(cx.seen(), table, &route);
        Ok(OneTransitRoute { route: TransitRouteView { state: "deleted", ..view } })
    }
}

/// A route of a table.
#[derive(Xml)]
struct TransitRouteView {
    destination_cidr_block: Cidr,
    prefix_list_id: Option<PrefixListId>,
    #[wire(response = "transitGatewayAttachments")]
    transit_gateway_attachments: Option<Vec<HopView>>,
    r#type: &'static str,
    state: &'static str,
}

/// An attachment that a route leads to.
#[derive(Xml)]
pub(super) struct HopView {
    pub(super) resource_id: String,
    pub(super) transit_gateway_attachment_id: TransitAttachmentId,
    pub(super) resource_type: &'static str,
}

impl HopView {
    /// The attachment `to` of a table's gateway, if it is there.
    pub(super) fn of(
        seen: Seen<'_>,
        table: &TransitTable,
        to: Option<TransitAttachmentId>,
    ) -> Option<HopView> {
        let ends = seen.network.transit_ends_of(table.gateway);
        ends.iter().find(|end| Some(end.id()) == to).map(|end| HopView {
            resource_id: end.resource_id(),
            transit_gateway_attachment_id: end.id(),
            resource_type: end.resource_type(),
        })
    }
}

impl TransitRouteView {
    fn of(seen: Seen<'_>, table: &TransitTable, route: &ListedTransitRoute) -> TransitRouteView {
        TransitRouteView {
            destination_cidr_block: route.destination,
            prefix_list_id: route.list,
            transit_gateway_attachments: HopView::of(seen, table, route.to).map(|hop| vec![hop]),
            r#type: if route.is_static { "static" } else { "propagated" },
            state: if route.is_active { "active" } else { "blackhole" },
        }
    }

    fn hops(&self) -> impl Iterator<Item = &HopView> {
        self.transit_gateway_attachments.iter().flatten()
    }
}

/// Finds routes of a table by filters.
#[derive(Param)]
pub struct SearchTransitGatewayRoutes {
    transit_gateway_route_table_id: TransitTableId,
    #[wire(required)]
    filters: Vec<Filter>,
    #[wire(flatten)]
    page: Page,
}

/// The routes found.
#[derive(Xml)]
pub struct SearchTransitGatewayRoutesResponse {
    routes: Vec<TransitRouteView>,
    additional_routes_available: bool,
    next_token: Option<Token>,
}

impl Operation for SearchTransitGatewayRoutes {
    type Response = SearchTransitGatewayRoutesResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let table = cx.network.transit_table(cx.scope, self.transit_gateway_route_table_id)?;
        let (searches, others): (Vec<Filter>, Vec<Filter>) =
            self.filters.into_iter().partition(|filter| filter.name.starts_with(SEARCH));
        let searches = searches.iter().map(Search::read).collect::<Result<Vec<Search>, Error>>()?;
        FILTERS.check(&others)?;
        let all = cx.network.transit_routes(table);
        let found = all.iter().filter(|route| searches.iter().all(|search| search.finds(route, &all)));
        let views = found.map(|route| TransitRouteView::of(cx.seen(), table, route));
        let kept = views.filter(|view| FILTERS.keeps(&others, view));
        let (routes, next_token) = self.page.cut(BOUNDS, kept, |view| view.destination_cidr_block)?;
        Ok(SearchTransitGatewayRoutesResponse {
            routes,
            additional_routes_available: next_token.is_some(),
            next_token,
        })
    }
}

const SEARCH: &str = "route-search.";

/// A filter that compares blocks.
struct Search {
    relation: Relation,
    /// Any of these will do.
    blocks: Vec<Cidr>,
}

#[derive(Clone, Copy)]
enum Relation {
    /// The route is for the block itself.
    Exact,
    /// The route is the most specific one for the block.
    Longest,
    /// The route is for a part of the block, or all of it.
    Subnet,
    /// The route is for the block and more, or just the block.
    Supernet,
}

const RELATIONS: &[(&str, Relation)] = &[
    ("route-search.exact-match", Relation::Exact),
    ("route-search.longest-prefix-match", Relation::Longest),
    ("route-search.subnet-of-match", Relation::Subnet),
    ("route-search.supernet-of-match", Relation::Supernet),
];

impl Search {
    fn read(filter: &Filter) -> Result<Search, Error> {
        let invalid = |message: String| Error::new("InvalidParameterValue", message);
        let row = RELATIONS.iter().find(|(name, _)| *name == filter.name);
        let shown: String = filter.name.chars().take(100).collect();
        let (_, relation) = row.ok_or_else(|| invalid(format!("The filter '{shown}' is invalid")))?;
        let block = |text: &String| {
            // An address alone stands for itself.
            let whole = || if text.contains(':') { format!("{text}/128") } else { format!("{text}/32") };
            let block = text.parse().or_else(|_| whole().parse());
            let shown: String = text.chars().take(100).collect();
            block.map_err(|_| invalid(format!("Value ({shown}) for filter {} is invalid.", filter.name)))
        };
        let blocks = filter.values.iter().map(block).collect::<Result<Vec<Cidr>, Error>>()?;
        Ok(Search { relation: *relation, blocks })
    }

    fn finds(&self, route: &ListedTransitRoute, all: &[ListedTransitRoute]) -> bool {
        let own = route.destination;
        self.blocks.iter().any(|block| match self.relation {
            Relation::Exact => own == *block,
            Relation::Subnet => block.covers(own),
            Relation::Supernet => own.covers(*block),
            Relation::Longest => {
                let is_longer = |other: &ListedTransitRoute| {
                    other.destination.covers(*block)
                        && own.covers(other.destination)
                        && other.destination != own
                };
                own.covers(*block) && !all.iter().any(is_longer)
            }
        })
    }
}

const FILTERS: FilterTable<TransitRouteView> = FilterTable {
    rows: &[
        ("attachment.transit-gateway-attachment-id", |view| {
            texts(view.hops().map(|hop| hop.transit_gateway_attachment_id))
        }),
        ("attachment.resource-id", |view| texts(view.hops().map(|hop| &hop.resource_id))),
        ("attachment.resource-type", |view| texts(view.hops().map(|hop| hop.resource_type))),
        ("prefix-list-id", |view| texts(view.prefix_list_id)),
        ("state", |view| texts([view.state])),
        ("type", |view| texts([view.r#type])),
    ],
    tags: None,
};
