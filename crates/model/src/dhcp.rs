//! DHCP options sets: what instances of a VPC learn about names and time.
//!
//! A set never changes. Each region has a default one that new VPCs get; a VPC may also have none (`default`).
//! Source: Amazon VPC User Guide, "DHCP option sets in Amazon VPC".

use crate::dns::name;
use crate::table::Resource;
use crate::{Cx, DhcpOptionsId, Held, Network, Refused, Scope, Tags, VpcId, tags};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// A DHCP options set: immutable lists of values by option name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DhcpOptions {
    /// Its id.
    pub id: DhcpOptionsId,
    /// Owner and region.
    pub scope: Scope,
    /// Option names in the order given, each with its values.
    pub options: Vec<(String, Vec<String>)>,
    /// Whether it is the one that every new VPC of the region gets.
    pub is_default: bool,
    /// Its tags.
    pub tags: Tags,
}

impl Resource for DhcpOptions {
    type Key = DhcpOptionsId;
    const KIND: &'static str = "dhcp-options";
    fn key(&self) -> DhcpOptionsId {
        self.id
    }
}

/// The value of `domain-name-servers` that stands for the VPC's own resolver.
pub const AMAZON_PROVIDED_DNS: &str = "AmazonProvidedDNS";
/// Most servers that one option may name.
pub const SERVERS_MAX: usize = 4;

/// What is wrong with an option of a DHCP options set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadOption {
    /// No option has this name.
    Name(String),
    /// The option is given twice.
    Twice(String),
    /// The option has no value, or too many.
    Count(String),
    /// The value is not one that the option can have.
    Value(String, String),
}

impl Network {
    /// Makes a DHCP options set of `options` (name and values each).
    ///
    /// # Errors
    /// [`Refused::DhcpOption`] for an option that cannot be.
    pub fn create_dhcp_options(
        &mut self,
        cx: &mut Cx,
        options: Vec<(String, Vec<String>)>,
        tags: Tags,
    ) -> Result<DhcpOptionsId, Refused> {
        tags::check(&tags)?;
        check_options(&options).map_err(Refused::DhcpOption)?;
        Ok(self.add_dhcp_options(cx, options, tags, false))
    }

    fn add_dhcp_options(
        &mut self,
        cx: &mut Cx,
        options: Vec<(String, Vec<String>)>,
        tags: Tags,
        is_default: bool,
    ) -> DhcpOptionsId {
        let id = cx.ids.fresh();
        self.dhcp_options.insert(DhcpOptions { id, scope: cx.scope, options, is_default, tags });
        id
    }

    /// The default set of the caller's region, made if it is not there yet.
    pub(crate) fn default_dhcp_options(&mut self, cx: &mut Cx) -> DhcpOptionsId {
        if let Some(options) = self.dhcp_options.of(cx.scope).find(|options| options.is_default) {
            return options.id;
        }
        let options = vec![
            ("domain-name".to_owned(), vec![name::internal_domain(cx.scope.region)]),
            ("domain-name-servers".to_owned(), vec![AMAZON_PROVIDED_DNS.to_owned()]),
        ];
        self.add_dhcp_options(cx, options, Tags::new(), true)
    }

    /// Gives a VPC other options; `None` takes all away.
    ///
    /// # Errors
    /// No such VPC or options set.
    pub fn associate_dhcp_options(
        &mut self,
        cx: &Cx,
        vpc: VpcId,
        options: Option<DhcpOptionsId>,
    ) -> Result<(), Refused> {
        self.vpcs.find(cx.scope, &vpc)?;
        options.map(|id| self.dhcp_options.find(cx.scope, &id)).transpose()?;
        self.vpcs.get_mut(&vpc).expect("the VPC was just found").dhcp_options = options;
        Ok(())
    }

    /// Deletes a DHCP options set.
    ///
    /// Assumption: the region's default set stays, as new VPCs need it; AWS says nothing of its deletion.
    ///
    /// # Errors
    /// No such set; [`Held::DhcpOptions`] while a VPC uses it, and for the default set.
    pub fn delete_dhcp_options(&mut self, cx: &Cx, id: DhcpOptionsId) -> Result<(), Refused> {
        let options = self.dhcp_options.find(cx.scope, &id)?;
        if options.is_default || self.vpcs.iter().any(|vpc| vpc.dhcp_options == Some(id)) {
            return Err(Held::DhcpOptions(id).into());
        }
        self.dhcp_options.remove(&id);
        Ok(())
    }
}

fn check_options(options: &[(String, Vec<String>)]) -> Result<(), BadOption> {
    for (place, (name, values)) in options.iter().enumerate() {
        if options[..place].iter().any(|(earlier, _)| earlier == name) {
            return Err(BadOption::Twice(name.clone()));
        }
        check_option(name, values)?;
    }
    Ok(())
}

fn check_option(name: &str, values: &[String]) -> Result<(), BadOption> {
    let (count_max, is_valid): (usize, fn(&str) -> bool) = match name {
        // Some systems accept several domain names, given as one value with spaces.
        "domain-name" => (1, |value| !value.is_empty()),
        "domain-name-servers" => (SERVERS_MAX, |value| value == AMAZON_PROVIDED_DNS || is_address(value)),
        "ntp-servers" | "netbios-name-servers" => (SERVERS_MAX, is_address),
        "netbios-node-type" => (1, |value| matches!(value, "1" | "2" | "4" | "8")),
        "ipv6-address-preferred-lease-time" => {
            (1, |value| value.parse::<u32>().is_ok_and(|seconds| (140..=2_147_483_647).contains(&seconds)))
        }
        _ => return Err(BadOption::Name(name.to_owned())),
    };
    if values.is_empty() || values.len() > count_max {
        return Err(BadOption::Count(name.to_owned()));
    }
    match values.iter().find(|value| !is_valid(value)) {
        Some(value) => Err(BadOption::Value(name.to_owned(), value.clone())),
        None => Ok(()),
    }
}

fn is_address(text: &str) -> bool {
    text.parse::<IpAddr>().is_ok()
}
