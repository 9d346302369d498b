//! How an instance may ask for its metadata.
//!
//! Source: EC2 API Reference, InstanceMetadataOptionsRequest, InstanceMetadataOptionsResponse, ModifyInstanceMetadataOptions.

use crate::operation::{Context, Error, Operation};
use weir_model::InstanceId;
use weir_model::instance::{MetadataChange, MetadataOptions};
use weir_wire::{Param, Xml};

/// Options asked for; what is not given stays as it is.
#[derive(Param)]
pub struct MetadataRequest {
    http_tokens: Option<Tokens>,
    http_put_response_hop_limit: Option<u8>,
    http_endpoint: Option<Switch>,
    http_protocol_ipv6: Option<Switch>,
    instance_metadata_tags: Option<Switch>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Param)]
enum Tokens {
    Optional,
    Required,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Param)]
enum Switch {
    Disabled,
    Enabled,
}

impl MetadataRequest {
    /// The change that is asked for.
    pub fn change(&self) -> Result<MetadataChange, Error> {
        let is_on = |switch: Option<Switch>| switch.map(|switch| switch == Switch::Enabled);
        if let Some(hop_limit) = self.http_put_response_hop_limit.filter(|limit| !(1..=64).contains(limit)) {
            let message = format!(
                "Value ({hop_limit}) for parameter HttpPutResponseHopLimit is invalid. Expecting 1 to 64."
            );
            return Err(Error::new("InvalidParameterValue", message));
        }
        Ok(MetadataChange {
            needs_token: self.http_tokens.map(|tokens| tokens == Tokens::Required),
            hop_limit: self.http_put_response_hop_limit,
            is_enabled: is_on(self.http_endpoint),
            is_ipv6: is_on(self.http_protocol_ipv6),
            has_tags: is_on(self.instance_metadata_tags),
        })
    }
}

/// The options as answers show them.
#[derive(Xml)]
pub struct MetadataView {
    /// `applied`, or `pending` right after a change.
    pub state: &'static str,
    /// `required` or `optional`.
    pub http_tokens: &'static str,
    /// Most hops of an answer with a token.
    pub http_put_response_hop_limit: u8,
    /// Whether metadata is answered.
    pub http_endpoint: &'static str,
    /// Whether metadata is answered over IPv6.
    pub http_protocol_ipv6: &'static str,
    /// Whether tags are part of it.
    pub instance_metadata_tags: &'static str,
}

impl MetadataView {
    /// The options, in force.
    pub fn of(options: &MetadataOptions) -> MetadataView {
        let switch = |on: bool| if on { "enabled" } else { "disabled" };
        MetadataView {
            state: "applied",
            http_tokens: if options.needs_token { "required" } else { "optional" },
            http_put_response_hop_limit: options.hop_limit,
            http_endpoint: switch(options.is_enabled),
            http_protocol_ipv6: switch(options.is_ipv6),
            instance_metadata_tags: switch(options.has_tags),
        }
    }
}

/// Changes the options of an instance, running or stopped.
#[derive(Param)]
pub struct ModifyInstanceMetadataOptions {
    instance_id: InstanceId,
    #[wire(flatten)]
    options: MetadataRequest,
}

/// The options as they will be.
#[derive(Xml)]
pub struct ModifyInstanceMetadataOptionsResponse {
    instance_id: InstanceId,
    instance_metadata_options: MetadataView,
}

impl Operation for ModifyInstanceMetadataOptions {
    type Response = ModifyInstanceMetadataOptionsResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let (id, change) = (self.instance_id, self.options.change()?);
        let options = cx.command(|network, cx| network.modify_metadata(cx, id, change))?;
        // They are in force at once; AWS says `pending` here.
        let instance_metadata_options = MetadataView { state: "pending", ..MetadataView::of(&options) };
        Ok(ModifyInstanceMetadataOptionsResponse { instance_id: id, instance_metadata_options })
    }
}
