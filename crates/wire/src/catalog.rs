//! What AWS publishes of the members of operations: to tell a parameter that Weir lacks from one that nobody has, to
//! document what is missing, and to find spelling errors in our own structures.
//!
//! The lists in `catalog/` hold names and types only, for the operations that Weir has or may get; their heads say the
//! source and the form.

use crate::params::index;
use crate::{Dialect, Kind, Member, Service};
use std::collections::BTreeSet;

const EC2: &str = include_str!("../catalog/ec2.txt");
const MONITORING: &str = include_str!("../catalog/monitoring.txt");
const IAM: &str = include_str!("../catalog/iam.txt");
const STS: &str = include_str!("../catalog/sts.txt");

/// The published members of one service. The default has none.
#[derive(Clone, Copy, Debug, Default)]
pub struct Catalog {
    text: &'static str,
    dialect: Dialect,
}

/// Requests or responses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Request,
    Response,
}

/// A member as published: `ResourceId*:[]s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Published {
    pub name: &'static str,
    required: bool,
    /// `[]` for each level of lists, then the type.
    form: &'static str,
}

/// What a published member holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Text,
    Integer,
    Float,
    Boolean,
    Time,
    /// A list of what this says.
    List(&'static str),
    /// A structure with a line of its own.
    Structure(&'static str),
}

impl Form {
    /// What `form` says.
    pub fn of(form: &'static str) -> Form {
        match form.strip_prefix("[]") {
            Some(element) => Form::List(element),
            None => match form {
                "i" => Form::Integer,
                "f" => Form::Float,
                "b" => Form::Boolean,
                "t" => Form::Time,
                name if name.starts_with(|first: char| first.is_ascii_uppercase()) => Form::Structure(name),
                _ => Form::Text,
            },
        }
    }

    /// What a list holds.
    pub fn element(self) -> Option<Form> {
        if let Form::List(element) = self { Some(Form::of(element)) } else { None }
    }

    /// The name of a structure.
    pub fn name(self) -> Option<&'static str> {
        if let Form::Structure(name) = self { Some(name) } else { None }
    }
}

impl Published {
    /// What it holds.
    pub fn form(self) -> Form {
        Form::of(self.form)
    }
}

impl Catalog {
    /// The list for `service`; services that are spoken to in JSON alone have none.
    pub fn of(service: Service) -> Option<Catalog> {
        let text = match service {
            Service::Ec2 => EC2,
            Service::Iam => IAM,
            Service::Sts => STS,
            Service::Monitoring => MONITORING,
            _ => return None,
        };
        Some(Catalog { text, dialect: service.dialect() })
    }

    /// Whether it lists operation `action`.
    pub fn has(&self, action: &str) -> bool {
        self.line(action, Side::Request).is_some()
    }

    /// The name of the structure that operation `action` answers with.
    pub(crate) fn answer(&self, action: &str) -> Option<&'static str> {
        let line = self
            .text
            .lines()
            .find(|line| line.strip_prefix(action).is_some_and(|rest| rest.starts_with('=')));
        line?.split('=').next()
    }

    /// What member `name` of a structure holds.
    pub(crate) fn form(&self, structure: &str, side: Side, name: &str) -> Option<Form> {
        self.member(structure, side, name).map(Published::form)
    }

    /// Whether the parameter `key`, such as `IpPermissions.1.IpRanges.1.CidrIp`, is one of operation `action`: lists have an
    /// index from 1, and only they.
    pub fn takes(&self, action: &str, key: &str) -> bool {
        let mut structure = action;
        let mut parts = key.split('.').filter(|part| *part != "member").peekable();
        while let Some(part) = parts.next() {
            let Some(member) = self.member(structure, Side::Request, part) else { return false };
            structure = member.form;
            while let Some(element) = structure.strip_prefix("[]") {
                if parts.next().is_none_or(|part| index(part).is_none()) {
                    return false;
                }
                structure = element;
            }
            if parts.peek().is_none() {
                return true;
            }
        }
        false
    }

    /// The parameters of `action` that `request` does not have, by their wire names; those of structures are not listed
    /// when the structure itself is missing. `DryRun` is every request's own and never missing.
    pub fn missing(&self, action: &str, request: &[Member]) -> Vec<String> {
        let mut missing = Vec::new();
        self.missing_below(action, request, "", &mut missing);
        missing.retain(|name| name != "DryRun");
        missing
    }

    /// Where `request` and `response` of `action` differ from what is published: names that AWS does not have, other
    /// types, words that AWS does not use, required parameters that may be left out. Empty if all is well.
    pub fn differences(&self, action: &str, request: &[Member], response: &[Member]) -> Vec<String> {
        let mut found = Vec::new();
        if !self.has(action) {
            return vec![format!("{action}: not in the catalog")];
        }
        self.compare(action, Side::Request, request, &mut found);
        let is_void = self.members(action, Side::Response).next().is_none();
        // Operations without a modelled answer say `<return>true</return>`, which the model does not mention.
        if !(is_void && response.iter().all(|member| member.rust == "return")) {
            self.compare(action, Side::Response, response, &mut found);
        }
        found
    }

    fn missing_below(&self, structure: &str, ours: &[Member], at: &str, missing: &mut Vec<String>) {
        let ours = flattened(ours);
        for published in self.members(structure, Side::Request) {
            let own = ours.iter().find(|member| member.request_name(self.dialect) == published.name);
            match own.map(|member| element(member.kind)) {
                None => missing.push(format!("{at}{}", published.name)),
                Some(Kind::Structure(members)) => {
                    let below = format!("{at}{}.", published.name);
                    self.missing_below(published.form.trim_start_matches("[]"), members, &below, missing);
                }
                Some(_) => {}
            }
        }
    }

    fn compare(&self, structure: &str, side: Side, ours: &[Member], found: &mut Vec<String>) {
        let ours = flattened(ours);
        let name_of = |member: &Member| match side {
            Side::Request => member.request_name(self.dialect),
            Side::Response => member.response_name(self.dialect),
        };
        let names: BTreeSet<String> = ours.iter().map(|member| name_of(member)).collect();
        for member in &ours {
            let at = format!("{structure}{} {}", side.mark(), name_of(member));
            match self.member(structure, side, &name_of(member)) {
                Some(published) => self.compare_member(&at, side, member, published, found),
                None => found.push(format!("{at}: AWS has no such member")),
            }
        }
        let left_out = self
            .members(structure, side)
            .filter(|published| published.required && !names.contains(published.name));
        found.extend(
            left_out.map(|published| format!("{structure}{} {}: is required", side.mark(), published.name)),
        );
    }

    fn compare_member(
        &self,
        at: &str,
        side: Side,
        member: &Member,
        published: Published,
        found: &mut Vec<String>,
    ) {
        if published.required && !member.required && !member.accepted {
            found.push(format!("{at}: is required"));
        }
        let (mut kind, mut form) = (member.kind, published.form);
        while let (Kind::List(inner), Some(rest)) = (kind, form.strip_prefix("[]")) {
            (kind, form) = (*inner, rest);
        }
        match (kind, form) {
            (Kind::Structure(members), name)
                if name.starts_with(|first: char| first.is_ascii_uppercase()) =>
            {
                self.compare(name, side, members, found);
            }
            (Kind::Word(words), _) if form.starts_with("s{") => {
                let published: BTreeSet<&str> = form[2..form.len() - 1].split('|').collect();
                let unknown = words.iter().filter(|word| !published.contains(*word));
                found.extend(unknown.map(|word| format!("{at}: AWS has no word '{word}'")));
            }
            (Kind::Text | Kind::Word(_), _) if form == "s" || form.starts_with("s{") => {}
            (Kind::Integer, "i") | (Kind::Boolean, "b") | (Kind::Timestamp, "t") | (Kind::Float, "f") => {}
            _ => found.push(format!("{at}: is {kind:?}, AWS has {}", published.form)),
        }
    }

    fn member(&self, structure: &str, side: Side, name: &str) -> Option<Published> {
        self.members(structure, side).find(|member| member.name == name)
    }

    pub(crate) fn members(&self, structure: &str, side: Side) -> impl Iterator<Item = Published> + use<> {
        let members = self.line(structure, side).unwrap_or_default().split_ascii_whitespace();
        members.filter_map(|member| {
            let (name, form) = member.split_once(':')?;
            Some(Published { name: name.trim_end_matches('*'), required: name.ends_with('*'), form })
        })
    }

    fn line(&self, structure: &str, side: Side) -> Option<&'static str> {
        self.text.lines().find_map(|line| line.strip_prefix(structure)?.strip_prefix(side.mark()))
    }
}

impl Side {
    fn mark(self) -> char {
        match self {
            Side::Request => '?',
            Side::Response => '=',
        }
    }
}

/// What a list is a list of; any other kind as it is.
fn element(kind: Kind) -> Kind {
    match kind {
        Kind::List(inner) => element(*inner),
        other => other,
    }
}

/// The members with those of flattened structures in their place.
fn flattened(members: &[Member]) -> Vec<&Member> {
    members
        .iter()
        .flat_map(|member| match member.kind {
            Kind::Structure(inner) if member.flatten => flattened(inner),
            _ => vec![member],
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Accepted, Filter, Page, Param, Return, Token, Xml};
    use expect_test::expect;
    use weir_model::{VpcId, ids::DhcpOptionsId};

    fn ec2() -> Catalog {
        Catalog::of(Service::Ec2).expect("EC2 has a list")
    }

    #[derive(Param)]
    #[expect(dead_code, reason = "only its members count")]
    struct DescribeVpcs {
        vpc_ids: Vec<VpcId>,
        filters: Vec<Filter>,
        #[wire(flatten)]
        page: Page,
    }

    #[derive(Xml)]
    struct DescribeVpcsResponse {
        vpcs: Vec<Vpc>,
        next_token: Option<Token>,
    }

    #[derive(Xml)]
    struct Vpc {
        vpc_id: VpcId,
        dhcp_options_id: DhcpOptionsId,
        is_default: bool,
        tags: weir_model::Tags,
    }

    #[test]
    fn structures_that_agree_have_no_differences() {
        let found = ec2().differences("DescribeVpcs", DescribeVpcs::MEMBERS, DescribeVpcsResponse::MEMBERS);
        assert_eq!(found, Vec::<String>::new());
        assert_eq!(ec2().missing("DescribeVpcs", DescribeVpcs::MEMBERS), Vec::<String>::new());
    }

    #[derive(Param)]
    #[expect(dead_code, reason = "only its members count")]
    struct CreateFlowLogs {
        #[wire(name = "ResourceId")]
        resources: Vec<String>,
        resource_type: Option<String>,
        max_aggregation_interval: Option<String>,
        log_formats: Accepted<Vec<String>>,
        traffic_type: Option<TrafficType>,
    }

    #[derive(Param)]
    enum TrafficType {
        #[wire(name = "ACCEPT")]
        Accept,
        Refuse,
    }

    #[test]
    fn every_kind_of_difference_is_found() {
        let found = ec2().differences("CreateFlowLogs", CreateFlowLogs::MEMBERS, Return::MEMBERS);
        expect![[r#"
            CreateFlowLogs? ResourceId: is required
            CreateFlowLogs? ResourceType: is required
            CreateFlowLogs? MaxAggregationInterval: is Text, AWS has i
            CreateFlowLogs? LogFormat: is List(Text), AWS has s
            CreateFlowLogs? TrafficType: AWS has no word 'refuse'
            CreateFlowLogs= return: AWS has no such member"#]]
        .assert_eq(&found.join("\n"));
        assert_eq!(ec2().differences("DeleteVpc", &[], Return::MEMBERS), ["DeleteVpc? VpcId: is required"]);
        assert_eq!(ec2().differences("Dance", &[], &[]), ["Dance: not in the catalog"]);
    }

    #[test]
    fn missing_parameters_are_named() {
        let missing = ec2().missing("CreateFlowLogs", CreateFlowLogs::MEMBERS);
        assert!(
            missing.contains(&"LogGroupName".to_owned())
                && missing.contains(&"DestinationOptions".to_owned())
        );
        assert!(!missing.contains(&"TrafficType".to_owned()));
    }

    #[test]
    fn parameters_are_known_by_their_path() {
        let rows = [
            ("DescribeVpcs", "Filter.1.Value.2", true),
            ("AuthorizeSecurityGroupIngress", "IpPermissions.1.IpRanges.1.CidrIp", true),
            ("AuthorizeSecurityGroupIngress", "IpPermission.1.IpRanges.1.CidrIp", false),
            ("CreateVpc", "Ipv6Pool", true),
            ("CreateVpc", "Ipv6Pool.Deeper", false),
            ("CreateVpc", "Ipv6Pool.1", false),
            ("DescribeVpcs", "VpcId.1", true),
            ("DescribeVpcs", "VpcId", false),
            ("DescribeVpcs", "VpcId.0", false),
            ("DescribeVpcs", "VpcId.1.1", false),
            ("CreateVpc", "", false),
            ("CreateVpc", "1", false),
            ("Dance", "VpcId", false),
        ];
        rows.iter()
            .for_each(|(action, key, takes)| assert_eq!(ec2().takes(action, key), *takes, "{action} {key}"));
        let iam = Catalog::of(Service::Iam).expect("IAM has a list");
        assert!(iam.takes("CreateRole", "Tags.member.1.Key") && !iam.takes("CreateRole", "Tag.member.1.Key"));
    }

    #[test]
    fn every_structure_that_a_list_names_has_a_line() {
        for service in Service::all() {
            let Some(catalog) = Catalog::of(service) else { continue };
            for line in catalog.text.lines().filter(|line| !line.starts_with('#')) {
                let (structure, _) = line.split_once(['?', '=']).expect("a line names a structure");
                let side =
                    if line[structure.len()..].starts_with('?') { Side::Request } else { Side::Response };
                for member in catalog.members(structure, side) {
                    let name = member.form.trim_start_matches("[]");
                    let is_structure = name.starts_with(|first: char| first.is_ascii_uppercase());
                    assert!(!is_structure || catalog.line(name, side).is_some(), "{structure} {member:?}");
                }
            }
        }
    }
}
