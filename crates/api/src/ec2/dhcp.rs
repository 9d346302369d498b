//! DHCP options sets.
//!
//! Source: EC2 API Reference, CreateDhcpOptions, DescribeDhcpOptions, AssociateDhcpOptions, DeleteDhcpOptions.

use crate::operation::{Context, Error, Operation};
use crate::select::{BOUNDS, Selection};
use weir_model::{AccountId, DhcpOptionsId, Tags, VpcId};
use weir_wire::{
    AttributeValue, FilterTable, Kind, Param, Params, Return, TagSpecification, Token, WireError, Xml,
    specified_tags,
};

/// One option, as it is asked for.
#[derive(Param)]
pub struct NewDhcpConfiguration {
    key: String,
    values: Vec<String>,
}

/// Makes a DHCP options set.
#[derive(Param)]
pub struct CreateDhcpOptions {
    #[wire(required)]
    dhcp_configurations: Vec<NewDhcpConfiguration>,
    tag_specifications: Vec<TagSpecification>,
}

/// The set that was made.
#[derive(Xml)]
pub struct CreateDhcpOptionsResponse {
    dhcp_options: DhcpOptions,
}

impl Operation for CreateDhcpOptions {
    type Response = CreateDhcpOptionsResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let tags = specified_tags(&self.tag_specifications, "dhcp-options")?;
        let options =
            self.dhcp_configurations.into_iter().map(|option| (option.key, option.values)).collect();
        let id = cx.command(|network, cx| network.create_dhcp_options(cx, options, tags))?;
        let made = cx.network.dhcp_options.find(cx.scope, &id)?;
        Ok(CreateDhcpOptionsResponse { dhcp_options: DhcpOptions::of(made) })
    }
}

/// A DHCP options set, or `default` for none.
pub struct OptionsId(Option<DhcpOptionsId>);

impl Param for OptionsId {
    const KIND: Kind = Kind::Text;

    fn read(params: &Params, at: &str) -> Result<OptionsId, WireError> {
        match params.text(at)? {
            "default" => Ok(OptionsId(None)),
            _ => DhcpOptionsId::read(params, at).map(|id| OptionsId(Some(id))),
        }
    }
}

/// Gives a VPC other DHCP options.
#[derive(Param)]
pub struct AssociateDhcpOptions {
    dhcp_options_id: OptionsId,
    vpc_id: VpcId,
}

impl Operation for AssociateDhcpOptions {
    type Response = Return;

    fn run(self, cx: &mut Context<'_>) -> Result<Return, Error> {
        let options = self.dhcp_options_id.0;
        cx.command(|network, cx| network.associate_dhcp_options(cx, self.vpc_id, options))?;
        Ok(Return)
    }
}

/// Deletes a DHCP options set that no VPC uses.
#[derive(Param)]
pub struct DeleteDhcpOptions {
    dhcp_options_id: DhcpOptionsId,
}

impl Operation for DeleteDhcpOptions {
    type Response = Return;

    fn run(self, cx: &mut Context<'_>) -> Result<Return, Error> {
        cx.command(|network, cx| network.delete_dhcp_options(cx, self.dhcp_options_id))?;
        Ok(Return)
    }
}

/// Lists DHCP options sets, all or by id, narrowed by filters.
#[derive(Param)]
pub struct DescribeDhcpOptions {
    dhcp_options_ids: Vec<DhcpOptionsId>,
    #[wire(flatten)]
    selection: Selection,
}

/// The sets found.
#[derive(Xml)]
pub struct DescribeDhcpOptionsResponse {
    #[wire(response = "dhcpOptionsSet")]
    dhcp_options: Vec<DhcpOptions>,
    next_token: Option<Token>,
}

impl Operation for DescribeDhcpOptions {
    type Response = DescribeDhcpOptionsResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let rows = cx.seen().rows(&cx.network.dhcp_options, &self.dhcp_options_ids)?;
        let views = rows.into_iter().map(DhcpOptions::of);
        let (dhcp_options, next_token) =
            self.selection.narrow(views, &FILTERS, BOUNDS, |options| options.dhcp_options_id)?;
        Ok(DescribeDhcpOptionsResponse { dhcp_options, next_token })
    }
}

/// A DHCP options set.
#[derive(Xml)]
pub struct DhcpOptions {
    dhcp_options_id: DhcpOptionsId,
    owner_id: AccountId,
    dhcp_configurations: Vec<DhcpConfiguration>,
    tags: Tags,
}

/// One option.
#[derive(Xml)]
struct DhcpConfiguration {
    key: String,
    values: Vec<AttributeValue<String>>,
}

impl DhcpOptions {
    fn of(options: &weir_model::dhcp::DhcpOptions) -> DhcpOptions {
        let value = |value: &String| AttributeValue { value: value.clone() };
        let option = |(key, values): &(String, Vec<String>)| DhcpConfiguration {
            key: key.clone(),
            values: values.iter().map(value).collect(),
        };
        DhcpOptions {
            dhcp_options_id: options.id,
            owner_id: options.scope.account,
            dhcp_configurations: options.options.iter().map(option).collect(),
            tags: options.tags.clone(),
        }
    }
}

const FILTERS: FilterTable<DhcpOptions> = FilterTable {
    rows: &[
        ("dhcp-options-id", |options| vec![options.dhcp_options_id.to_string()]),
        ("key", |options| options.dhcp_configurations.iter().map(|option| option.key.clone()).collect()),
        ("value", |options| {
            let values = options.dhcp_configurations.iter().flat_map(|option| &option.values);
            values.map(|value| value.value.clone()).collect()
        }),
        ("owner-id", |options| vec![options.owner_id.to_string()]),
    ],
    tags: Some(|options| &options.tags),
};
