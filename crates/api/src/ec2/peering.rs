//! VPC peering connections.
//!
//! Both owners see a connection, each with its own tags and options. CreateVpcPeeringConnection answers
//! `initiating-request` and AcceptVpcPeeringConnection `provisioning`, as in AWS; whoever looks next sees what follows.
//! Source: EC2 API Reference, CreateVpcPeeringConnection and its kin; VPC Peering Guide, "Lifecycle".

use super::region::is_enabled;
use crate::operation::{Context, Error, Operation, Seen};
use crate::select::{BOUNDS, Selection, check_all_there};
use weir_model::peering::{Peering, PeeringDns, PeeringRequest, PeeringStatus, Side};
use weir_model::{AccountId, Cidr4, Cidr6, PeeringId, RegionName, Scope, Tags, Timestamp, VpcId};
use weir_wire::{Accepted, FilterTable, Param, Return, TagSpecification, Token, Xml, specified_tags};

/// Asks to peer two VPCs; a repeated request is answered with the first.
#[derive(Param)]
pub struct CreateVpcPeeringConnection {
    vpc_id: VpcId,
    peer_vpc_id: VpcId,
    peer_owner_id: Option<AccountId>,
    peer_region: Option<RegionName>,
    tag_specifications: Vec<TagSpecification>,
}

/// One connection.
#[derive(Xml)]
pub struct OnePeering {
    vpc_peering_connection: PeeringView,
}

impl Operation for CreateVpcPeeringConnection {
    type Response = OnePeering;

    fn run(self, cx: &mut Context<'_>) -> Result<OnePeering, Error> {
        let peer = Scope {
            account: self.peer_owner_id.unwrap_or(cx.scope.account),
            region: self.peer_region.unwrap_or(cx.scope.region),
        };
        // Any region can be used here, but in one that no account has by itself something has to be.
        let is_there = |region| cx.network.vpcs.iter().any(|vpc| vpc.scope.region == region);
        if !is_enabled(peer.region) && !is_there(peer.region) {
            let message = format!(
                "Value ({}) for parameter PeerRegion is invalid. The region does not exist.",
                peer.region
            );
            return Err(Error::new("InvalidParameterValue", message));
        }
        let tags = specified_tags(&self.tag_specifications, "vpc-peering-connection")?;
        let request = PeeringRequest { vpc: self.vpc_id, peer_vpc: self.peer_vpc_id, peer, tags };
        let count = cx.network.peerings.len();
        let id = cx.command(|network, cx| network.request_peering(cx, request))?;
        let is_new = cx.network.peerings.len() > count;
        OnePeering::of(cx.seen(), id, is_new.then_some("initiating-request"))
    }
}

/// Accepts a request.
#[derive(Param)]
pub struct AcceptVpcPeeringConnection {
    vpc_peering_connection_id: PeeringId,
}

impl Operation for AcceptVpcPeeringConnection {
    type Response = OnePeering;

    fn run(self, cx: &mut Context<'_>) -> Result<OnePeering, Error> {
        let id = self.vpc_peering_connection_id;
        cx.command(|network, cx| network.accept_peering(cx, id))?;
        OnePeering::of(cx.seen(), id, Some("provisioning"))
    }
}

/// Refuses a request for good.
#[derive(Param)]
pub struct RejectVpcPeeringConnection {
    vpc_peering_connection_id: PeeringId,
}

impl Operation for RejectVpcPeeringConnection {
    type Response = Return;

    fn run(self, cx: &mut Context<'_>) -> Result<Return, Error> {
        cx.command(|network, cx| network.reject_peering(cx, self.vpc_peering_connection_id))?;
        Ok(Return)
    }
}

/// Ends a connection, or takes a request back.
#[derive(Param)]
pub struct DeleteVpcPeeringConnection {
    vpc_peering_connection_id: PeeringId,
}

impl Operation for DeleteVpcPeeringConnection {
    type Response = Return;

    fn run(self, cx: &mut Context<'_>) -> Result<Return, Error> {
        cx.command(|network, cx| network.delete_peering(cx, self.vpc_peering_connection_id))?;
        Ok(Return)
    }
}

/// Sets what each side lets the other do; only the DNS option has a meaning.
#[derive(Param)]
pub struct ModifyVpcPeeringConnectionOptions {
    vpc_peering_connection_id: PeeringId,
    requester_peering_connection_options: Option<OptionsRequest>,
    accepter_peering_connection_options: Option<OptionsRequest>,
}

/// The options of one side as a request says them; those about ClassicLink are retired.
#[derive(Param)]
struct OptionsRequest {
    allow_dns_resolution_from_remote_vpc: Option<bool>,
    #[expect(dead_code, reason = "accepted without effect")]
    allow_egress_from_local_classic_link_to_remote_vpc: Accepted<bool>,
    #[expect(dead_code, reason = "accepted without effect")]
    allow_egress_from_local_vpc_to_remote_classic_link: Accepted<bool>,
}

/// The options as they are after the change, of the sides that the request named.
#[derive(Xml)]
pub struct ModifyVpcPeeringConnectionOptionsResponse {
    accepter_peering_connection_options: Option<OptionsView>,
    requester_peering_connection_options: Option<OptionsView>,
}

impl Operation for ModifyVpcPeeringConnectionOptions {
    type Response = ModifyVpcPeeringConnectionOptionsResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let id = self.vpc_peering_connection_id;
        let (requester, accepter) =
            (&self.requester_peering_connection_options, &self.accepter_peering_connection_options);
        if requester.is_none() && accepter.is_none() {
            let message = "The request must contain the parameter RequesterPeeringConnectionOptions or \
                           AccepterPeeringConnectionOptions";
            return Err(Error::new("MissingParameter", message));
        }
        let dns = |side: &Option<OptionsRequest>| {
            side.as_ref().and_then(|options| options.allow_dns_resolution_from_remote_vpc)
        };
        let dns = PeeringDns { requester: dns(requester), accepter: dns(accepter) };
        cx.command(|network, cx| network.set_peering_dns(cx, id, dns))?;
        let peering = cx.network.peering_of(cx.scope, id, cx.now)?;
        Ok(ModifyVpcPeeringConnectionOptionsResponse {
            accepter_peering_connection_options: accepter
                .is_some()
                .then(|| OptionsView::of(&peering.accepter)),
            requester_peering_connection_options: requester
                .is_some()
                .then(|| OptionsView::of(&peering.requester)),
        })
    }
}

/// Lists the connections that the caller sees.
#[derive(Param)]
pub struct DescribeVpcPeeringConnections {
    vpc_peering_connection_ids: Vec<PeeringId>,
    #[wire(flatten)]
    selection: Selection,
}

/// The connections found.
#[derive(Xml)]
pub struct DescribeVpcPeeringConnectionsResponse {
    vpc_peering_connections: Vec<PeeringView>,
    next_token: Option<Token>,
}

impl Operation for DescribeVpcPeeringConnections {
    type Response = DescribeVpcPeeringConnectionsResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let (seen, ids) = (cx.seen(), &self.vpc_peering_connection_ids);
        let all: Vec<&Peering> = seen.network.peerings_of(seen.scope, seen.now).collect();
        check_all_there(ids, |id| all.iter().any(|peering| peering.id == *id))?;
        let named = all.into_iter().filter(|peering| ids.is_empty() || ids.contains(&peering.id));
        let views = named.map(|peering| PeeringView::of(seen, peering, None));
        let (vpc_peering_connections, next_token) =
            self.selection.narrow(views, &FILTERS, BOUNDS, |view| view.vpc_peering_connection_id)?;
        Ok(DescribeVpcPeeringConnectionsResponse { vpc_peering_connections, next_token })
    }
}

/// A connection as one of its owners sees it.
#[derive(Xml)]
struct PeeringView {
    accepter_vpc_info: SideView,
    expiration_time: Option<Timestamp>,
    requester_vpc_info: SideView,
    status: StatusView,
    tags: Tags,
    vpc_peering_connection_id: PeeringId,
}

#[derive(Xml)]
struct SideView {
    cidr_block: Option<Cidr4>,
    ipv6_cidr_block_set: Option<Vec<Ipv6CidrBlock>>,
    cidr_block_set: Option<Vec<CidrBlock>>,
    owner_id: AccountId,
    peering_options: Option<OptionsView>,
    vpc_id: VpcId,
    region: RegionName,
}

#[derive(Xml)]
struct CidrBlock {
    cidr_block: Cidr4,
}

#[derive(Xml)]
struct Ipv6CidrBlock {
    ipv6_cidr_block: Cidr6,
}

#[derive(Xml)]
struct OptionsView {
    allow_dns_resolution_from_remote_vpc: bool,
    allow_egress_from_local_classic_link_to_remote_vpc: bool,
    allow_egress_from_local_vpc_to_remote_classic_link: bool,
}

#[derive(Xml)]
struct StatusView {
    code: &'static str,
    message: String,
}

impl OnePeering {
    fn of(seen: Seen<'_>, id: PeeringId, shown: Option<&'static str>) -> Result<OnePeering, Error> {
        let peering = seen.network.peering_of(seen.scope, id, seen.now)?;
        Ok(OnePeering { vpc_peering_connection: PeeringView::of(seen, peering, shown) })
    }
}

impl PeeringView {
    /// The connection as `seen`; `shown` is the status to show instead, one that passes by itself.
    fn of(seen: Seen<'_>, peering: &Peering, shown: Option<&'static str>) -> PeeringView {
        let status = peering.status_at(seen.now);
        let is_active = status == PeeringStatus::Active;
        let expires = match peering.status {
            PeeringStatus::PendingAcceptance { expires } => Some(expires),
            // A request that has failed already is answered like any other.
            _ if shown == Some("initiating-request") => {
                Some(peering.status_since.plus_ms(weir_model::peering::REQUEST_MS))
            }
            _ => None,
        };
        let is_requested = expires.is_some() && status != PeeringStatus::Expired;
        let own = |side: &Side| is_active && shown.is_none() && side.scope == seen.scope;
        PeeringView {
            accepter_vpc_info: SideView::of(seen, &peering.accepter, is_active, own(&peering.accepter)),
            expiration_time: expires.filter(|_| is_requested),
            requester_vpc_info: SideView::of(
                seen,
                &peering.requester,
                is_active || is_requested,
                own(&peering.requester),
            ),
            status: StatusView::of(peering, shown.unwrap_or(status.code())),
            tags: peering.side_of(seen.scope).map(|side| side.tags.clone()).unwrap_or_default(),
            vpc_peering_connection_id: peering.id,
        }
    }
}

impl SideView {
    fn of(seen: Seen<'_>, side: &Side, shows_blocks: bool, shows_options: bool) -> SideView {
        let (cidrs, ipv6) = match shows_blocks {
            true => seen.network.blocks_of(side),
            false => Default::default(),
        };
        let ipv6: Vec<_> =
            ipv6.into_iter().map(|ipv6_cidr_block| Ipv6CidrBlock { ipv6_cidr_block }).collect();
        let blocks: Vec<_> = cidrs.iter().map(|cidr_block| CidrBlock { cidr_block: *cidr_block }).collect();
        SideView {
            cidr_block: cidrs.first().copied(),
            ipv6_cidr_block_set: Some(ipv6).filter(|blocks| !blocks.is_empty()),
            cidr_block_set: Some(blocks).filter(|blocks| !blocks.is_empty()),
            owner_id: side.scope.account,
            peering_options: shows_options.then(|| OptionsView::of(side)),
            vpc_id: side.vpc,
            region: side.scope.region,
        }
    }
}

impl OptionsView {
    fn of(side: &Side) -> OptionsView {
        OptionsView {
            allow_dns_resolution_from_remote_vpc: side.dns_resolution,
            allow_egress_from_local_classic_link_to_remote_vpc: false,
            allow_egress_from_local_vpc_to_remote_classic_link: false,
        }
    }
}

impl StatusView {
    fn of(peering: &Peering, code: &'static str) -> StatusView {
        let accepter = peering.accepter.scope.account;
        let message = match (code, peering.status) {
            ("initiating-request", _) => format!("Initiating Request to {accepter}"),
            ("pending-acceptance", _) => format!("Pending Acceptance by {accepter}"),
            ("provisioning", _) => "Provisioning".to_owned(),
            ("active", _) => "Active".to_owned(),
            ("failed", _) => {
                "Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range".to_owned()
            }
            ("rejected", _) => "Inactive".to_owned(),
            (_, PeeringStatus::Deleted { by }) => format!("Deleted by {by}"),
            _ => "Expired".to_owned(),
        };
        StatusView { code, message }
    }
}

const FILTERS: FilterTable<PeeringView> = FilterTable {
    rows: &[
        ("accepter-vpc-info.cidr-block", |view| blocks(&view.accepter_vpc_info)),
        ("accepter-vpc-info.owner-id", |view| vec![view.accepter_vpc_info.owner_id.to_string()]),
        ("accepter-vpc-info.vpc-id", |view| vec![view.accepter_vpc_info.vpc_id.to_string()]),
        ("expiration-time", |view| {
            view.expiration_time.iter().map(|time| weir_wire::Iso(time.0).to_string()).collect()
        }),
        ("requester-vpc-info.cidr-block", |view| blocks(&view.requester_vpc_info)),
        ("requester-vpc-info.owner-id", |view| vec![view.requester_vpc_info.owner_id.to_string()]),
        ("requester-vpc-info.vpc-id", |view| vec![view.requester_vpc_info.vpc_id.to_string()]),
        ("status-code", |view| vec![view.status.code.to_owned()]),
        ("status-message", |view| vec![view.status.message.clone()]),
        ("vpc-peering-connection-id", |view| vec![view.vpc_peering_connection_id.to_string()]),
    ],
    tags: Some(|view| &view.tags),
};

fn blocks(side: &SideView) -> Vec<String> {
    side.cidr_block_set.iter().flatten().map(|block| block.cidr_block.to_string()).collect()
}
