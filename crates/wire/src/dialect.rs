//! Naming: how a protocol spells a member in requests and in responses.
//!
//! A field of a structure carries AWS's member name (`VpcIds`); the dialect makes the wire name of it. What departs from
//! the rule is an override at the field, never a special case here.
//!
//! Source: Smithy 2.0, "AWS EC2 query protocol" and "AWS query protocol"; the rules were counted against the public API
//! models: 22 exceptions among 833 request members of EC2, 46 among 1059 response members, none in IAM and STS.

/// A protocol family with named parameters and XML answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// EC2: `VpcId.1` in requests, `<vpcSet><item>` in responses.
    Ec2,
    /// IAM, STS, CloudWatch: `ActionNames.member.1` in requests, `<Roles><member>` in responses.
    #[default]
    Query,
}

/// The name of a member: AWS's member name, and what overrides the dialect's rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name {
    /// The member name, upper camel case: `VpcIds`.
    pub member: &'static str,
    /// The name in requests, if not by rule. EC2 writes its first letter upper case.
    pub request: Option<&'static str>,
    /// The name in responses, if not by rule. EC2 writes its first letter lower case.
    pub response: Option<&'static str>,
    /// The element of each item of a list, if not by rule.
    pub item: Option<&'static str>,
}

/// An element name in parts, so that writing it allocates nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag<'a> {
    /// Whether the first letter is written in lower case.
    pub lower: bool,
    /// The beginning.
    pub stem: &'a str,
    /// The end, such as `ySet`.
    pub end: &'static str,
}

impl Dialect {
    /// The parameter that carries member `name`: `VpcId` for the list `VpcIds` in EC2, else the member itself.
    pub fn key(self, name: &Name, list: bool) -> String {
        match (self, name.request) {
            (Dialect::Ec2, Some(exact)) => upper_first(exact),
            (Dialect::Query, Some(exact)) => exact.to_owned(),
            (Dialect::Ec2, None) if list => {
                let (stem, end) = singular(name.member);
                format!("{stem}{end}")
            }
            _ => name.member.to_owned(),
        }
    }

    /// What comes before the index of a list at `key`: `Filter.` in EC2, `Tags.member.` in Query.
    pub fn list_prefix(self, key: &str) -> String {
        match self {
            Dialect::Ec2 => format!("{key}."),
            Dialect::Query => format!("{key}.member."),
        }
    }

    /// The element that carries member `name`: `vpcSet` for the list `Vpcs` in EC2, else `vpcId`; Query keeps the member.
    ///
    /// A list member that AWS itself calls `…Set` (`CidrBlockAssociationSet`) gets no second `Set`.
    pub fn tag<'a>(self, name: &Name, list: bool) -> Tag<'a> {
        let lower = self == Dialect::Ec2;
        match name.response {
            Some(exact) => Tag { lower, stem: exact, end: "" },
            None if lower && list && !name.member.ends_with("Set") => {
                let (stem, end) = singular(name.member);
                Tag { lower, stem, end: if end.is_empty() { "Set" } else { "ySet" } }
            }
            None => Tag { lower, stem: name.member, end: "" },
        }
    }

    /// The element of each item of a list.
    pub fn item(self) -> &'static str {
        match self {
            Dialect::Ec2 => "item",
            Dialect::Query => "member",
        }
    }
}

/// A member name in the singular, as a stem and the letter that replaces what was cut (`y` or nothing).
///
/// Three endings: `…ies` becomes `…y` (`Entries`), `…sses` and `…xes` lose `es` (`Addresses`, `Prefixes`), any other
/// single `s` goes (`VpcIds`). `…ss` is singular already.
fn singular(member: &'static str) -> (&'static str, &'static str) {
    if let Some(stem) = member.strip_suffix("ies") {
        return (stem, "y");
    }
    if member.ends_with("sses") || member.ends_with("xes") {
        return (&member[..member.len() - "es".len()], "");
    }
    match member.strip_suffix('s') {
        Some(stem) if !stem.ends_with('s') => (stem, ""),
        _ => (member, ""),
    }
}

fn upper_first(text: &str) -> String {
    let mut name = text.to_owned();
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn name(member: &'static str) -> Name {
        Name { member, request: None, response: None, item: None }
    }

    fn tag(dialect: Dialect, name: &Name, list: bool) -> String {
        let mut out = crate::Writer::new(dialect);
        out.tag(dialect.tag(name, list));
        String::from_utf8(out.into_bytes()).expect("UTF-8")
    }

    // EC2 API Reference: request parameters of the operation in the comment.
    #[test]
    fn ec2_lists_are_singular_in_requests() {
        let rows = [
            ("VpcIds", "VpcId"),                                      // DescribeVpcs
            ("Filters", "Filter"),                                    // DescribeVpcs
            ("ResourceIds", "ResourceId"),                            // CreateFlowLogs
            ("TagSpecifications", "TagSpecification"),                // CreateVpc
            ("DhcpOptionsIds", "DhcpOptionsId"),                      // DescribeDhcpOptions
            ("Entries", "Entry"),                                     // CreateManagedPrefixList
            ("AddEntries", "AddEntry"),                               // ModifyManagedPrefixList
            ("Ipv4Prefixes", "Ipv4Prefix"),                           // AssignPrivateIpAddresses
            ("AvailabilityZoneAddresses", "AvailabilityZoneAddress"), // CreateNatGateway
            ("PrivateIpAddresses", "PrivateIpAddress"),               // AssignPrivateIpAddresses
            ("TagFieldSpecifications", "TagFieldSpecification"),      // CreateFlowLogs
            ("PublicIps", "PublicIp"),                                // DescribeAddresses
            ("SecurityGroupRules", "SecurityGroupRule"),              // ModifySecurityGroupRules
        ];
        rows.iter().for_each(|(member, key)| assert_eq!(Dialect::Ec2.key(&name(member), true), *key));
        assert_eq!(Dialect::Ec2.key(&name("PrivateDnsNameOptions"), false), "PrivateDnsNameOptions");
    }

    // EC2 API Reference: response elements.
    #[test]
    fn ec2_lists_are_sets_in_responses() {
        let rows = [
            ("Vpcs", "vpcSet"),
            ("Subnets", "subnetSet"),
            ("Tags", "tagSet"),
            ("NetworkAcls", "networkAclSet"),
            ("FlowLogs", "flowLogSet"),
            ("CidrBlockAssociationSet", "cidrBlockAssociationSet"),
            ("VpcPeeringConnections", "vpcPeeringConnectionSet"),
            ("Entries", "entrySet"),
            ("NatGatewayAddresses", "natGatewayAddressSet"),
            ("Ipv4Prefixes", "ipv4PrefixSet"),
        ];
        rows.iter()
            .for_each(|(member, element)| assert_eq!(tag(Dialect::Ec2, &name(member), true), *element));
        assert_eq!(tag(Dialect::Ec2, &name("CidrBlock"), false), "cidrBlock");
    }

    #[test]
    fn query_keeps_the_member_name() {
        assert_eq!(Dialect::Query.key(&name("ActionNames"), true), "ActionNames");
        assert_eq!(Dialect::Query.list_prefix("ActionNames"), "ActionNames.member.");
        assert_eq!(tag(Dialect::Query, &name("AttachedPolicies"), true), "AttachedPolicies");
    }

    #[test]
    fn an_override_is_taken_as_given_but_for_its_first_letter() {
        let exact = Name { request: Some("ipRanges"), response: Some("IpRanges"), ..name("Ranges") };
        assert_eq!(Dialect::Ec2.key(&exact, true), "IpRanges");
        assert_eq!(tag(Dialect::Ec2, &exact, true), "ipRanges");
        assert_eq!(tag(Dialect::Query, &exact, true), "IpRanges");
    }
}
