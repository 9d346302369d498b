//! Internet gateways.
//!
//! Source: Amazon VPC User Guide, "Connect to the internet using an internet gateway".

use crate::table::Resource;
use crate::{InternetGatewayId, Scope, Tags, VpcId};
use serde::{Deserialize, Serialize};

/// An internet gateway: attached to at most one VPC, and a VPC has at most one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InternetGateway {
    /// Its id.
    pub id: InternetGatewayId,
    /// Owner and region.
    pub scope: Scope,
    /// The VPC it is attached to.
    pub vpc: Option<VpcId>,
    /// Its tags.
    pub tags: Tags,
}

impl Resource for InternetGateway {
    type Key = InternetGatewayId;
    const KIND: &'static str = "internet-gateway";
    fn key(&self) -> InternetGatewayId {
        self.id
    }
}
