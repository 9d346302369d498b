//! How operations use the derives: structures as the API has them, against parameters and XML as AWS documents them.
//!
//! Source: EC2 API Reference, DescribeVpcs, AuthorizeSecurityGroupIngress, CreateNetworkAclEntry, ModifyVpcAttribute; IAM
//! API Reference, SimulatePrincipalPolicy, ListAttachedRolePolicies.

#![expect(dead_code, reason = "members that are only shown")]

use expect_test::{Expect, expect};
use proptest::prelude::*;
use std::fmt::Debug;
use weir_wire::{
    Accepted, AttributeValue, Dialect, Filter, Iso, Kind, Member, Page, Param, Params, Service, Writer, Xml,
    percent_encode,
};

/// Reads a `T` and refuses what it did not read; shows the value, or the error.
#[track_caller]
fn check_read<T: Param + Debug>(dialect: Dialect, form: &str, expected: Expect) {
    let read = Params::parse(dialect, form.as_bytes()).and_then(|params| {
        let value = params.read::<T>()?;
        params.check_all_read().map(|()| value)
    });
    expected.assert_eq(&read.map_or_else(|error| error.to_string(), |value| format!("{value:?}")));
}

#[track_caller]
fn check_written(dialect: Dialect, value: &impl Xml, expected: Expect) {
    let mut out = Writer::new(dialect);
    value.write(&mut out);
    expected.assert_eq(&String::from_utf8(out.into_bytes()).expect("UTF-8").replace("><", ">\n<"));
}

#[derive(Debug, Param)]
struct DescribeVpcs {
    vpc_ids: Vec<String>,
    filters: Vec<Filter>,
    #[wire(flatten)]
    page: Page,
}

#[test]
fn ec2_lists_are_flattened_and_singular() {
    check_read::<DescribeVpcs>(
        Dialect::Ec2,
        "Action=DescribeVpcs&Version=2016-11-15&VpcId.1=vpc-1&VpcId.2=vpc-2\
         &Filter.1.Name=state&Filter.1.Value.1=available&Filter.1.Value.2=pending&MaxResults=5",
        expect![[
            r#"DescribeVpcs { vpc_ids: ["vpc-1", "vpc-2"], filters: [Filter { name: "state", values: ["available", "pending"] }], page: Page { max_results: Some(5), next_token: None } }"#
        ]],
    );
}

#[test]
fn indexes_count_as_numbers_and_may_have_gaps() {
    check_read::<DescribeVpcs>(
        Dialect::Ec2,
        "VpcId.10=c&VpcId.2=b&VpcId.1=a",
        expect![[
            r#"DescribeVpcs { vpc_ids: ["a", "b", "c"], filters: [], page: Page { max_results: None, next_token: None } }"#
        ]],
    );
}

#[test]
fn what_no_member_reads_is_refused() {
    let rows = ["Color=red", "VpcIds.1=a", "VpcId=a", "vpcId.1=a", "Filter.1.Name=a&Filter.1.Colour=b"];
    let odd_indexes =
        ["VpcId.0=a", "VpcId.01=a", "VpcId.x=a", "VpcId.-1=a", "VpcId.99999999999=a", "VpcId.1.1=a"];
    for form in rows.into_iter().chain(odd_indexes) {
        let params = Params::parse(Dialect::Ec2, form.as_bytes()).expect(form);
        let refused = params.read::<DescribeVpcs>().and_then(|_| params.check_all_read()).expect_err(form);
        assert!(matches!(refused.code, "UnknownParameter" | "MissingParameter"), "{form}: {refused}");
    }
    check_read::<DescribeVpcs>(
        Dialect::Ec2,
        "ImageType=machine",
        expect!["UnknownParameter: The parameter ImageType is not recognized"],
    );
}

#[test]
fn what_only_weir_does_not_know_says_so() {
    let params = Params::parse(Dialect::Ec2, b"Ipv6Pool=p").expect("well-formed");
    let said = |action| params.check_all_read_by(Service::Ec2, action).expect_err("nothing was read").message;
    assert_eq!(said("CreateVpc"), "The parameter Ipv6Pool is not recognized: not implemented by weir");
    assert_eq!(said("DeleteVpc"), "The parameter Ipv6Pool is not recognized");
}

#[test]
fn a_parameter_given_twice_is_refused() {
    check_read::<DescribeVpcs>(
        Dialect::Ec2,
        "VpcId.1=a&VpcId.1=b",
        expect!["MalformedQueryString: The query string contains a syntax error"],
    );
}

#[derive(Debug, Param)]
struct AuthorizeSecurityGroupIngress {
    group_id: Option<String>,
    #[wire(name = "IpPermissions")]
    ip_permissions: Vec<IpPermission>,
    tag_specifications: Accepted<Vec<Filter>>,
}

#[derive(Debug, Default, Param, Xml)]
struct IpPermission {
    ip_protocol: Option<String>,
    from_port: Option<i32>,
    to_port: Option<i32>,
    #[wire(name = "IpRanges")]
    ip_ranges: Vec<IpRange>,
}

#[derive(Debug, Default, Param, Xml)]
struct IpRange {
    cidr_ip: String,
    description: Option<String>,
}

#[test]
fn an_override_keeps_the_plural() {
    check_read::<AuthorizeSecurityGroupIngress>(
        Dialect::Ec2,
        "GroupId=sg-1&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=22&IpPermissions.1.ToPort=22\
         &IpPermissions.1.IpRanges.1.CidrIp=10.0.0.0%2F8&IpPermissions.1.IpRanges.1.Description=inside",
        expect![[
            r#"AuthorizeSecurityGroupIngress { group_id: Some("sg-1"), ip_permissions: [IpPermission { ip_protocol: Some("tcp"), from_port: Some(22), to_port: Some(22), ip_ranges: [IpRange { cidr_ip: "10.0.0.0/8", description: Some("inside") }] }], tag_specifications: Accepted(None) }"#
        ]],
    );
    let permission = IpPermission {
        from_port: Some(-1),
        ip_ranges: vec![IpRange { cidr_ip: "::<&".into(), description: None }],
        ..IpPermission::default()
    };
    check_written(
        Dialect::Ec2,
        &permission,
        expect![[r#"
            <fromPort>-1</fromPort>
            <ipRanges>
            <item>
            <cidrIp>::&lt;&amp;</cidrIp>
            </item>
            </ipRanges>"#]],
    );
}

#[derive(Debug, PartialEq, Param, Xml)]
enum RuleAction {
    Allow,
    Deny,
}

#[derive(Debug, Param)]
struct CreateNetworkAclEntry {
    network_acl_id: String,
    rule_number: u32,
    rule_action: RuleAction,
    egress: bool,
    #[wire(request = "Icmp")]
    icmp_type_code: Option<IcmpTypeCode>,
}

#[derive(Debug, Param)]
struct IcmpTypeCode {
    code: i32,
    r#type: i32,
}

#[test]
fn missing_parameters_come_before_malformed_ones() {
    let check =
        |form: &str, expected: Expect| check_read::<CreateNetworkAclEntry>(Dialect::Ec2, form, expected);
    check(
        "NetworkAclId=acl-1&RuleNumber=x&RuleAction=allow",
        expect!["MissingParameter: The request must contain the parameter Egress"],
    );
    check(
        "NetworkAclId=acl-1&RuleNumber=x&RuleAction=allow&Egress=true",
        expect![
            "InvalidParameterValue: Value ( x ) for parameter ruleNumber is invalid. Expecting an integer."
        ],
    );
    check(
        "NetworkAclId=acl-1&RuleNumber=1&RuleAction=drop&Egress=true",
        expect![
            "InvalidParameterValue: Value ( drop ) for parameter ruleAction is invalid. Expecting one of allow, deny."
        ],
    );
    check(
        "NetworkAclId=acl-1&RuleNumber=1&RuleAction=deny&Egress=maybe",
        expect![
            "InvalidParameterValue: Value ( maybe ) for parameter egress is invalid. Expecting true or false."
        ],
    );
    check(
        "NetworkAclId=acl-1&RuleNumber=1&RuleAction=deny&Egress=True&Icmp.Code=3",
        expect!["MissingParameter: The request must contain the parameter Icmp.Type"],
    );
    check(
        "NetworkAclId=acl-1&RuleNumber=1&RuleAction=deny&Egress=false&Icmp.Code=3&Icmp.Type=-1",
        expect![[
            r#"CreateNetworkAclEntry { network_acl_id: "acl-1", rule_number: 1, rule_action: Deny, egress: false, icmp_type_code: Some(IcmpTypeCode { code: 3, type: -1 }) }"#
        ]],
    );
}

#[derive(Debug, Param, Xml)]
struct VpcAttributes {
    enable_dns_support: Option<AttributeValue<bool>>,
    enable_dns_hostnames: Option<AttributeValue<bool>>,
}

#[test]
fn attributes_have_a_value_of_their_own() {
    check_read::<VpcAttributes>(
        Dialect::Ec2,
        "EnableDnsSupport.Value=true",
        expect![
            "VpcAttributes { enable_dns_support: Some(AttributeValue { value: true }), enable_dns_hostnames: None }"
        ],
    );
    check_read::<VpcAttributes>(
        Dialect::Ec2,
        "EnableDnsSupport=true",
        expect!["MissingParameter: The request must contain the parameter EnableDnsSupport"],
    );
    let attributes = VpcAttributes { enable_dns_support: Some(true.into()), enable_dns_hostnames: None };
    check_written(
        Dialect::Ec2,
        &attributes,
        expect![[r#"
            <enableDnsSupport>
            <value>true</value>
            </enableDnsSupport>"#]],
    );
}

#[derive(Debug, Param)]
struct CreateTags {
    #[wire(required)]
    resource_ids: Vec<String>,
}

#[test]
fn a_required_list_needs_an_item() {
    check_read::<CreateTags>(
        Dialect::Ec2,
        "",
        expect!["MissingParameter: The request must contain the parameter ResourceId"],
    );
}

#[derive(Debug, Param)]
struct SimulatePrincipalPolicy {
    policy_source_arn: String,
    action_names: Vec<String>,
    resource_arns: Vec<String>,
}

#[test]
fn query_lists_have_members() {
    check_read::<SimulatePrincipalPolicy>(
        Dialect::Query,
        "Action=SimulatePrincipalPolicy&Version=2010-05-08&PolicySourceArn=arn&ActionNames.member.1=a\
         &ActionNames.member.2=b&ResourceArns=",
        expect![[
            r#"SimulatePrincipalPolicy { policy_source_arn: "arn", action_names: ["a", "b"], resource_arns: [] }"#
        ]],
    );
    check_read::<SimulatePrincipalPolicy>(
        Dialect::Query,
        "ActionNames.member.1=a",
        expect![
            "ValidationError: 1 validation error detected: Value null at 'policySourceArn' failed to satisfy constraint: Member must not be null"
        ],
    );
}

#[derive(Xml)]
struct DescribeVpcsResponse<'a> {
    vpcs: Vec<Vpc<'a>>,
    next_token: Option<String>,
}

#[derive(Default, Xml)]
struct Vpc<'a> {
    vpc_id: &'a str,
    is_default: bool,
    cidr_block_association_set: Vec<String>,
    tags: &'a [String],
    #[wire(response = "groupSet")]
    security_groups: Vec<String>,
    #[wire(item = "entry")]
    entries: Vec<u32>,
    create_time: Option<Iso>,
}

#[test]
fn ec2_responses_are_lower_camel_with_sets_of_items() {
    let tags = ["a".to_owned()];
    let vpc = Vpc {
        vpc_id: "vpc-1",
        tags: &tags,
        entries: vec![1],
        create_time: Some(Iso(1_704_164_645_000)),
        ..Vpc::default()
    };
    check_written(
        Dialect::Ec2,
        &DescribeVpcsResponse { vpcs: vec![vpc], next_token: None },
        expect![[r#"
            <vpcSet>
            <item>
            <vpcId>vpc-1</vpcId>
            <isDefault>false</isDefault>
            <cidrBlockAssociationSet/>
            <tagSet>
            <item>a</item>
            </tagSet>
            <groupSet/>
            <entrySet>
            <entry>1</entry>
            </entrySet>
            <createTime>2024-01-02T03:04:05.000Z</createTime>
            </item>
            </vpcSet>"#]],
    );
}

#[derive(Xml)]
struct ListAttachedRolePolicies {
    attached_policies: Vec<AttachedPolicy>,
    is_truncated: bool,
}

#[derive(Xml)]
struct AttachedPolicy {
    policy_name: String,
    policy_arn: String,
}

#[test]
fn query_responses_keep_member_names() {
    let policy = AttachedPolicy { policy_name: "p".into(), policy_arn: "arn:p".into() };
    check_written(
        Dialect::Query,
        &ListAttachedRolePolicies { attached_policies: vec![policy], is_truncated: false },
        expect![[r#"
            <AttachedPolicies>
            <member>
            <PolicyName>p</PolicyName>
            <PolicyArn>arn:p</PolicyArn>
            </member>
            </AttachedPolicies>
            <IsTruncated>false</IsTruncated>"#]],
    );
}

#[test]
fn members_say_what_the_request_takes() {
    let row = |member: &Member| {
        let name = member.request_name(Dialect::Ec2);
        format!("{} {name} required={} accepted={}", member.rust, member.required, member.accepted)
    };
    let rows: Vec<String> = AuthorizeSecurityGroupIngress::MEMBERS.iter().map(row).collect();
    expect![[r#"
        group_id GroupId required=false accepted=false
        ip_permissions IpPermissions required=false accepted=false
        tag_specifications TagSpecification required=false accepted=true"#]]
    .assert_eq(&rows.join("\n"));
    assert_eq!(<RuleAction as Param>::KIND, Kind::Word(&["allow", "deny"]));
}

/// Everything a reader can meet: scalars, lists, structures, nesting, words, accepted parameters.
#[derive(Debug, Param)]
struct Everything {
    a: Option<String>,
    b: Vec<i32>,
    c: Vec<Nested>,
    d: Option<Nested>,
    e: Accepted<bool>,
    f: Option<RuleAction>,
    #[wire(flatten)]
    page: Page,
}

#[derive(Debug, Param)]
struct Nested {
    a: String,
    b: Vec<IpRange>,
    c: Option<Iso>,
}

fn form() -> impl Strategy<Value = String> {
    let key = "[A-F](\\.(member\\.)?[0-9]{1,3}|\\.[A-D]|\\.CidrIp){0,6}";
    let value = "[a-z0-9%+-]{0,6}|true|allow|2024-01-02";
    prop::collection::vec((key, value), 0..20).prop_map(|pairs| {
        pairs.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join("&")
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_form_panics_a_reader(form in form(), bytes: Vec<u8>) {
        for form in [form.as_bytes(), &bytes] {
            for dialect in [Dialect::Ec2, Dialect::Query] {
                if let Ok(params) = Params::parse(dialect, form) {
                    let _ = params.read::<Everything>().map(|_| params.check_all_read());
                }
            }
        }
    }

    #[test]
    fn what_is_printed_is_what_is_read(names: Vec<String>, values: Vec<String>) {
        let pairs = names.iter().zip(&values).enumerate().flat_map(|(index, (name, value))| {
            let (at, name) = (format!("Filter.{}", index + 1), percent_encode(name));
            [format!("{at}.Name={name}"), format!("{at}.Value.1={}", percent_encode(value))]
        });
        let form = pairs.collect::<Vec<_>>().join("&");
        let params = Params::parse(Dialect::Ec2, form.as_bytes()).expect("well-formed");
        let read: DescribeVpcs = params.read().expect("only filters");
        prop_assert_eq!(params.check_all_read(), Ok(()));
        let back: Vec<_> = read.filters.iter().map(|filter| (filter.name.clone(), filter.values.clone())).collect();
        let given: Vec<_> = names.into_iter().zip(values).map(|(name, value)| (name, vec![value])).collect();
        prop_assert_eq!(back, given);
    }
}
