//! All state of the VPC control plane: every account and region.

use crate::acl::NetworkAcl;
use crate::address::Address;
use crate::dhcp::DhcpOptions;
use crate::egress_only::EgressOnlyGateway;
use crate::endpoint::VpcEndpoint;
use crate::flow_log::FlowLog;
use crate::gateway::InternetGateway;
use crate::group::Group;
use crate::instance::{Instance, KeyPair};
use crate::interface::{Detachment, Interface};
use crate::nat_gateway::NatGateway;
use crate::peering::Peering;
use crate::prefix_list::PrefixList;
use crate::route::RouteTable;
use crate::subnet::Subnet;
use crate::table::{Change, Owned, Resource, Table};
use crate::time::Timestamp;
use crate::transit_gateway::{TransitAttachment, TransitGateway, TransitPeering, TransitTable};
use crate::volume::Volume;
use crate::vpc::Vpc;
use crate::{Ids, Limits, Scope};

/// What a command knows of its caller and the moment.
pub struct Cx<'a> {
    /// The account and region the caller acts in.
    pub scope: Scope,
    /// The time.
    pub now: Timestamp,
    /// Where fresh ids come from.
    pub ids: &'a mut Ids,
}

macro_rules! network {
    ($($(#[$doc:meta])* $field:ident: $resource:ty,)*) => {
        /// All resources of all accounts and regions. Ids are unique over all of them; each resource says its scope.
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct Network {
            $($(#[$doc])* pub $field: Table<$resource>,)*
            /// The quotas in force.
            pub limits: Limits,
        }

        impl Network {
            /// A number that grows with every change; what was compiled under another number is out of date.
            pub fn generation(&self) -> u64 {
                [$(self.$field.version()),*].iter().sum()
            }

            /// Moves what changed since the last call to `out`.
            pub fn drain_changes(&mut self, out: &mut Vec<Change>) {
                $(self.$field.drain_changes(out);)*
            }

            /// Puts back a resource read from disk. `Ok(false)` if `kind` is none of this network's tables.
            ///
            /// # Errors
            /// The text is not a resource of that kind.
            pub fn restore(&mut self, kind: &str, body: &str) -> Result<bool, serde_json::Error> {
                match kind {
                    $(<$resource as Resource>::KIND => self.$field.restore(body)?,)*
                    _ => return Ok(false),
                }
                Ok(true)
            }
        }
    };
}

network! {
    /// VPCs.
    vpcs: Vpc,
    /// DHCP options sets.
    dhcp_options: DhcpOptions,
    /// Subnets.
    subnets: Subnet,
    /// Internet gateways.
    internet_gateways: InternetGateway,
    /// Egress-only internet gateways.
    egress_only_gateways: EgressOnlyGateway,
    /// NAT gateways.
    nat_gateways: NatGateway,
    /// Route tables.
    route_tables: RouteTable,
    /// Network ACLs.
    acls: NetworkAcl,
    /// Security groups.
    groups: Group,
    /// Network interfaces.
    interfaces: Interface,
    /// Attachments of interfaces that ended lately.
    detachments: Detachment,
    /// Elastic IP addresses.
    addresses: Address,
    /// Instances.
    instances: Instance,
    /// Key pairs.
    key_pairs: KeyPair,
    /// EBS volumes.
    volumes: Volume,
    /// Customer-managed prefix lists.
    prefix_lists: PrefixList,
    /// VPC endpoints.
    endpoints: VpcEndpoint,
    /// VPC peering connections.
    peerings: Peering,
    /// Transit gateways.
    transit_gateways: TransitGateway,
    /// Attachments of VPCs to transit gateways.
    transit_attachments: TransitAttachment,
    /// Peering attachments of transit gateways.
    transit_peerings: TransitPeering,
    /// Route tables of transit gateways.
    transit_tables: TransitTable,
    /// Flow logs.
    flow_logs: FlowLog,
}

macro_rules! owned {
    ($($resource:ty)*) => {$(
        impl Owned for $resource {
            fn scope(&self) -> Scope { self.scope }
        }
    )*};
}

// Peerings have two owners, as have attachments to transit gateways, so they are not here.
owned! {
    Vpc DhcpOptions Subnet InternetGateway EgressOnlyGateway NatGateway RouteTable NetworkAcl Group Interface Detachment
    Address Instance KeyPair Volume PrefixList VpcEndpoint FlowLog TransitGateway TransitTable
}

impl Network {
    /// Brings the network to `now`: requests lapse, what was kept only to be seen is forgotten. Nothing changes if nothing is due.
    pub fn step(&mut self, now: Timestamp) {
        self.step_peerings(now);
        self.step_instances(now);
        self.step_detachments(now);
        self.step_nat_gateways(now);
        self.step_transit_gateways(now);
        self.step_endpoints();
    }

    /// When [`Network::step`] has something to do next that packets depend on, or `None` if nothing will be due.
    pub fn next_step(&self) -> Option<Timestamp> {
        self.nat_gateways.iter().filter_map(NatGateway::next_step).min()
    }
}
