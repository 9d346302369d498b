//! Security groups and rules. Expectations: EC2 API Reference and VPC User Guide, "Security groups".

use crate::shown::named;
use crate::world::World;
use expect_test::expect;

fn vpc_and_group() -> (World, String, String) {
    let mut world = World::new();
    let vpc = world.id("CreateVpc", "CidrBlock=10.0.0.0/16", "vpcId");
    let params = format!("GroupName=web&GroupDescription=web servers&VpcId={vpc}");
    let group = world.id("CreateSecurityGroup", &params, "groupId");
    (world, vpc, group)
}

const SSH: &str = "IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=22&IpPermissions.1.ToPort=22\
                   &IpPermissions.1.IpRanges.1.CidrIp=0.0.0.0/0&IpPermissions.1.IpRanges.1.Description=SSH";

#[test]
fn a_group_is_made_with_tags_and_described() {
    let mut world = World::new();
    let vpc = world.id("CreateVpc", "CidrBlock=10.0.0.0/16", "vpcId");
    let params = format!(
        "GroupName=web&GroupDescription=web servers&VpcId={vpc}&TagSpecification.1.ResourceType=security-group\
         &TagSpecification.1.Tag.1.Key=Name&TagSpecification.1.Tag.1.Value=web"
    );
    world.shows(
        "CreateSecurityGroup",
        &params,
        expect![[r#"
        <groupId>sg-1</groupId>
        <tagSet>
          <item>
            <key>Name</key>
            <value>web</value>
          </item>
        </tagSet>
        <securityGroupArn>arn:aws:ec2:us-east-1:000000000000:security-group/sg-1</securityGroupArn>
    "#]],
    );
    world.shows(
        "DescribeSecurityGroups",
        "Filter.1.Name=group-name&Filter.1.Value.1=web&Filter.2.Name=tag:Name&Filter.2.Value.1=w*",
        expect![[r#"
            <securityGroupInfo>
              <item>
                <groupId>sg-1</groupId>
                <ipPermissionsEgress>
                  <item>
                    <ipProtocol>-1</ipProtocol>
                    <groups/>
                    <ipRanges>
                      <item>
                        <cidrIp>0.0.0.0/0</cidrIp>
                      </item>
                    </ipRanges>
                    <ipv6Ranges/>
                    <prefixListIds/>
                  </item>
                </ipPermissionsEgress>
                <tagSet>
                  <item>
                    <key>Name</key>
                    <value>web</value>
                  </item>
                </tagSet>
                <vpcId>vpc-2</vpcId>
                <securityGroupArn>arn:aws:ec2:us-east-1:000000000000:security-group/sg-1</securityGroupArn>
                <ownerId>000000000000</ownerId>
                <groupName>web</groupName>
                <groupDescription>web servers</groupDescription>
                <ipPermissions/>
              </item>
            </securityGroupInfo>
        "#]],
    );
}

#[test]
fn groups_are_refused_in_aws_words() {
    let (mut world, vpc, group) = vpc_and_group();
    let mut create = |name: &str| {
        named(&world.ec2("CreateSecurityGroup", &format!("GroupName={name}&GroupDescription=d&VpcId={vpc}")))
    };
    expect!["400 InvalidGroup.Duplicate: The security group 'web' already exists for VPC 'vpc-1'"]
        .assert_eq(&create("web"));
    expect!["400 InvalidGroup.Reserved: The security group 'default' is reserved"]
        .assert_eq(&create("default"));
    expect!["400 InvalidParameterValue: Value (sg-web) for parameter GroupName is invalid. Group names may not be in the format sg-*."].assert_eq(&create("sg-web"));
    expect!["400 InvalidParameterValue: Value (wéb) for parameter GroupName is invalid. Character sets beyond ASCII are not supported."].assert_eq(&create("wéb"));
    let set = "strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&amp;;{}!$*";
    let name =
        format!("400 InvalidParameterValue: Invalid security group name. Valid names are non-empty {set}");
    for bad in ["it's", "a".repeat(256).as_str(), ""] {
        assert_eq!(create(bad), name);
    }
    let mut said = |action: &str, params: &str| named(&world.ec2(action, params));
    let description = |text: &str| format!("GroupName=a&VpcId={vpc}&GroupDescription={text}");
    assert_eq!(
        said("CreateSecurityGroup", &description("it's")),
        format!(
            "400 InvalidParameterValue: Invalid security group description. Valid descriptions are {set}"
        )
    );
    expect!["400 InvalidParameterValue: Value (é) for parameter GroupDescription is invalid. Character sets beyond ASCII are not supported."].assert_eq(&said("CreateSecurityGroup", &description("é")));
    let rule = format!("400 InvalidParameterValue: Invalid rule description. Valid descriptions are {set}");
    let one =
        format!("GroupId={group}&IpPermissions.1.IpProtocol=-1&IpPermissions.1.IpRanges.1.CidrIp=1.0.0.0/8");
    for bad in ["it's", "é"] {
        let params = format!("{one}&IpPermissions.1.IpRanges.1.Description={bad}");
        assert_eq!(said("AuthorizeSecurityGroupIngress", &params), rule);
    }
    let both = "400 InvalidParameterCombination: The parameter ipPermissions may not be used in combination with ipProtocol, fromPort, toPort or cidrIp";
    for flat in ["CidrIp=2.0.0.0/8", "IpProtocol=tcp", "FromPort=1", "ToPort=1"] {
        assert_eq!(said("AuthorizeSecurityGroupIngress", &format!("{one}&{flat}")), both);
    }
    world.shows(
        "CreateSecurityGroup",
        "GroupName=a&VpcId=vpc-1",
        expect!["400 MissingParameter: The request must contain the parameter GroupDescription"],
    );
    world.shows(
        "CreateSecurityGroup",
        "GroupName=a&GroupDescription=b",
        expect![[r#"
        <groupId>sg-1</groupId>
        <tagSet/>
        <securityGroupArn>arn:aws:ec2:us-east-1:000000000000:security-group/sg-1</securityGroupArn>
    "#]],
    );
    world.shows(
        "DeleteSecurityGroup",
        "",
        expect!["400 MissingParameter: The request must contain the parameter groupName or groupId"],
    );
    world.shows(
        "DeleteSecurityGroup",
        "GroupId=sg-00000000",
        expect!["400 InvalidGroup.NotFound: The security group 'sg-00000000' does not exist"],
    );
    world.shows(
        "DeleteSecurityGroup",
        "GroupName=web",
        expect!["400 InvalidGroup.NotFound: The security group 'web' does not exist in default VPC 'vpc-1'"],
    );
    let default =
        world.id("DescribeSecurityGroups", "Filter.1.Name=group-name&Filter.1.Value.1=default", "groupId");
    world.shows("DeleteSecurityGroup", &format!("GroupId={default}"), expect!["400 CannotDelete: the specified group: &quot;sg-1&quot; name: &quot;default&quot; cannot be deleted by a user"]);
    world.shows(
        "DeleteSecurityGroup",
        &format!("GroupId={group}"),
        expect![[r#"
        <return>true</return>
        <groupId>sg-1</groupId>
    "#]],
    );
    world.shows(
        "DescribeSecurityGroups",
        &format!("GroupId.1={group}"),
        expect!["400 InvalidGroup.NotFound: The security group 'sg-1' does not exist"],
    );
}

#[test]
fn rules_are_authorized_and_bundled_by_protocol_and_ports() {
    let (mut world, _, group) = vpc_and_group();
    let params = format!(
        "GroupId={group}&{SSH}&IpPermissions.1.IpRanges.2.CidrIp=10.0.0.7/8\
         &TagSpecification.1.ResourceType=security-group-rule&TagSpecification.1.Tag.1.Key=a&TagSpecification.1.Tag.1.Value=b"
    );
    world.shows("AuthorizeSecurityGroupIngress", &params, expect![[r#"
        <return>true</return>
        <securityGroupRuleSet>
          <item>
            <securityGroupRuleId>sgr-1</securityGroupRuleId>
            <groupId>sg-2</groupId>
            <groupOwnerId>000000000000</groupOwnerId>
            <isEgress>false</isEgress>
            <ipProtocol>tcp</ipProtocol>
            <fromPort>22</fromPort>
            <toPort>22</toPort>
            <cidrIpv4>0.0.0.0/0</cidrIpv4>
            <description>SSH</description>
            <tagSet>
              <item>
                <key>a</key>
                <value>b</value>
              </item>
            </tagSet>
            <securityGroupRuleArn>arn:aws:ec2:us-east-1:000000000000:security-group-rule/sgr-1</securityGroupRuleArn>
          </item>
          <item>
            <securityGroupRuleId>sgr-3</securityGroupRuleId>
            <groupId>sg-2</groupId>
            <groupOwnerId>000000000000</groupOwnerId>
            <isEgress>false</isEgress>
            <ipProtocol>tcp</ipProtocol>
            <fromPort>22</fromPort>
            <toPort>22</toPort>
            <cidrIpv4>10.0.0.0/8</cidrIpv4>
            <tagSet>
              <item>
                <key>a</key>
                <value>b</value>
              </item>
            </tagSet>
            <securityGroupRuleArn>arn:aws:ec2:us-east-1:000000000000:security-group-rule/sgr-3</securityGroupRuleArn>
          </item>
        </securityGroupRuleSet>
    "#]]);
    let icmp = format!(
        "GroupId={group}&IpPermissions.1.IpProtocol=1&IpPermissions.1.FromPort=-1&IpPermissions.1.ToPort=-1\
         &IpPermissions.1.Groups.1.GroupId={group}&IpPermissions.1.Ipv6Ranges.1.CidrIpv6=::/0"
    );
    world.ec2("AuthorizeSecurityGroupIngress", &icmp);
    world.shows(
        "DescribeSecurityGroups",
        &format!("GroupId.1={group}"),
        expect![[r#"
        <securityGroupInfo>
          <item>
            <groupId>sg-1</groupId>
            <ipPermissionsEgress>
              <item>
                <ipProtocol>-1</ipProtocol>
                <groups/>
                <ipRanges>
                  <item>
                    <cidrIp>0.0.0.0/0</cidrIp>
                  </item>
                </ipRanges>
                <ipv6Ranges/>
                <prefixListIds/>
              </item>
            </ipPermissionsEgress>
            <tagSet/>
            <vpcId>vpc-2</vpcId>
            <securityGroupArn>arn:aws:ec2:us-east-1:000000000000:security-group/sg-1</securityGroupArn>
            <ownerId>000000000000</ownerId>
            <groupName>web</groupName>
            <groupDescription>web servers</groupDescription>
            <ipPermissions>
              <item>
                <ipProtocol>tcp</ipProtocol>
                <fromPort>22</fromPort>
                <toPort>22</toPort>
                <groups/>
                <ipRanges>
                  <item>
                    <description>SSH</description>
                    <cidrIp>0.0.0.0/0</cidrIp>
                  </item>
                  <item>
                    <cidrIp>10.0.0.0/8</cidrIp>
                  </item>
                </ipRanges>
                <ipv6Ranges/>
                <prefixListIds/>
              </item>
              <item>
                <ipProtocol>icmp</ipProtocol>
                <fromPort>-1</fromPort>
                <toPort>-1</toPort>
                <groups>
                  <item>
                    <userId>000000000000</userId>
                    <groupId>sg-1</groupId>
                  </item>
                </groups>
                <ipRanges/>
                <ipv6Ranges>
                  <item>
                    <cidrIpv6>::/0</cidrIpv6>
                  </item>
                </ipv6Ranges>
                <prefixListIds/>
              </item>
            </ipPermissions>
          </item>
        </securityGroupInfo>
    "#]],
    );
    world.shows("AuthorizeSecurityGroupIngress", &format!("GroupId={group}&{SSH}"), expect!["400 InvalidPermission.Duplicate: the specified rule &quot;peer: 0.0.0.0/0, TCP, from port: 22, to port: 22, ALLOW&quot; already exists"]);
    let found =
        world.ec2("DescribeSecurityGroups", "Filter.1.Name=ip-permission.from-port&Filter.1.Value.1=22");
    assert_eq!(found.matches("<groupName>").count(), 1, "{found}");
}

#[test]
fn rules_are_refused_in_aws_words() {
    let (mut world, _, group) = vpc_and_group();
    let mut allow = |permission: &str| {
        let end = if permission.is_empty() { String::new() } else { format!("&{permission}") };
        named(&world.ec2("AuthorizeSecurityGroupIngress", &format!("GroupId={group}{end}")))
    };
    let rule = |protocol: &str, rest: &str| format!("IpPermissions.1.IpProtocol={protocol}&{rest}");
    let range = "IpPermissions.1.IpRanges.1.CidrIp=10.0.0.0/8";
    expect!["400 MissingParameter: The request must contain the parameter ipPermissions"]
        .assert_eq(&allow(""));
    expect!["400 InvalidParameterValue: Invalid value 'null' for protocol. VPC security group rules must specify protocols explicitly."].assert_eq(&allow(range));
    expect!["400 InvalidParameterValue: Invalid value 'gopher' for IP protocol. Unknown protocol."]
        .assert_eq(&allow(&rule("gopher", range)));
    expect!["400 InvalidParameterValue: Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange."].assert_eq(&allow(&rule("tcp", range)));
    let ports = |from: i64, to: i64| format!("IpPermissions.1.FromPort={from}&IpPermissions.1.ToPort={to}");
    expect!["400 InvalidParameterValue: Invalid TCP/UDP port range (80:22)"]
        .assert_eq(&allow(&rule("tcp", &format!("{}&{range}", ports(80, 22)))));
    expect!["400 InvalidParameterValue: TCP/UDP port (65536) out of range"]
        .assert_eq(&allow(&rule("udp", &format!("{}&{range}", ports(0, 65536)))));
    expect!["400 InvalidParameterValue: ICMP code (0) needs an ICMP type"]
        .assert_eq(&allow(&rule("icmp", &format!("{}&{range}", ports(-1, 0)))));
    expect!["400 InvalidParameterValue: CIDR block 10.0.0.0/33 is malformed"]
        .assert_eq(&allow(&rule("-1", "IpPermissions.1.IpRanges.1.CidrIp=10.0.0.0/33")));
    expect!["400 InvalidGroup.NotFound: The security group 'sg-00000000' does not exist"]
        .assert_eq(&allow(&rule("-1", "IpPermissions.1.Groups.1.GroupId=sg-00000000")));
    expect!["400 InvalidPrefixListID.NotFound: The prefix list ID 'pl-00000000' does not exist"]
        .assert_eq(&allow(&rule("-1", "IpPermissions.1.PrefixListIds.1.PrefixListId=pl-00000000")));
    expect!["400 InvalidParameterValue: The same permission must not appear multiple times"]
        .assert_eq(&allow(&rule("-1", &format!("{range}&IpPermissions.1.IpRanges.2.CidrIp=10.9.9.9/8"))));
    expect!["400 UnknownParameter: The parameter SourceSecurityGroupName is not recognized: not implemented by weir"].assert_eq(&allow("SourceSecurityGroupName=web"));
}

#[test]
fn rules_are_revoked_by_id_and_by_what_they_say() {
    let (mut world, _, group) = vpc_and_group();
    let allow = format!("GroupId={group}&{SSH}");
    let rule = world.id("AuthorizeSecurityGroupIngress", &allow, "securityGroupRuleId");
    world.shows(
        "RevokeSecurityGroupIngress",
        &allow,
        expect![[r#"
        <return>true</return>
        <revokedSecurityGroupRuleSet>
          <item>
            <securityGroupRuleId>sgr-1</securityGroupRuleId>
            <groupId>sg-2</groupId>
            <isEgress>false</isEgress>
            <ipProtocol>tcp</ipProtocol>
            <fromPort>22</fromPort>
            <toPort>22</toPort>
            <cidrIpv4>0.0.0.0/0</cidrIpv4>
            <description>SSH</description>
          </item>
        </revokedSecurityGroupRuleSet>
    "#]],
    );
    world.shows(
        "RevokeSecurityGroupIngress",
        &allow,
        expect!["400 InvalidPermission.NotFound: The specified rule does not exist in this security group."],
    );
    world.shows(
        "RevokeSecurityGroupIngress",
        &format!("GroupId={group}"),
        expect!["400 MissingParameter: Either 'ipPermissions' or 'securityGroupRuleIds' should be provided."],
    );
    let by_id = format!("GroupId={group}&SecurityGroupRuleId.1={rule}");
    world.shows(
        "RevokeSecurityGroupIngress",
        &by_id,
        expect!["400 InvalidSecurityGroupRuleId.NotFound: The security group rule ID 'sgr-1' does not exist"],
    );
    let rule = world.id("AuthorizeSecurityGroupIngress", &allow, "securityGroupRuleId");
    let by_id = format!("GroupId={group}&SecurityGroupRuleId.1={rule}");
    world.shows("RevokeSecurityGroupEgress", &by_id, expect!["400 InvalidSecurityGroupRuleId.NotFound: The security group rule ID 'sgr-1' is of the other direction"]);
    let revoked = world.ec2("RevokeSecurityGroupIngress", &by_id);
    assert!(revoked.contains(&format!("<securityGroupRuleId>{rule}<")), "{revoked}");
}

#[test]
fn a_default_vpc_answers_unknown_permissions() {
    let mut world = World::new();
    let group = world.id("CreateSecurityGroup", "GroupName=web&GroupDescription=web", "groupId");
    world.shows(
        "RevokeSecurityGroupIngress",
        &format!("GroupName=web&{SSH}"),
        expect![[r#"
        <return>true</return>
        <unknownIpPermissionSet>
          <item>
            <ipProtocol>tcp</ipProtocol>
            <fromPort>22</fromPort>
            <toPort>22</toPort>
            <groups/>
            <ipRanges>
              <item>
                <cidrIp>0.0.0.0/0</cidrIp>
              </item>
            </ipRanges>
            <ipv6Ranges/>
            <prefixListIds/>
          </item>
        </unknownIpPermissionSet>
        <revokedSecurityGroupRuleSet/>
    "#]],
    );
    world.shows(
        "DeleteSecurityGroup",
        "GroupName=web",
        expect![[r#"
        <return>true</return>
        <groupId>sg-1</groupId>
    "#]],
    );
    assert!(group.starts_with("sg-"));
}

#[test]
fn egress_rules_and_the_short_form_work_alike() {
    let (mut world, _, group) = vpc_and_group();
    let short = format!("GroupId={group}&IpProtocol=udp&FromPort=53&ToPort=53&CidrIp=10.0.0.2/32");
    world.shows("AuthorizeSecurityGroupEgress", &short, expect![[r#"
        <return>true</return>
        <securityGroupRuleSet>
          <item>
            <securityGroupRuleId>sgr-1</securityGroupRuleId>
            <groupId>sg-2</groupId>
            <groupOwnerId>000000000000</groupOwnerId>
            <isEgress>true</isEgress>
            <ipProtocol>udp</ipProtocol>
            <fromPort>53</fromPort>
            <toPort>53</toPort>
            <cidrIpv4>10.0.0.2/32</cidrIpv4>
            <tagSet/>
            <securityGroupRuleArn>arn:aws:ec2:us-east-1:000000000000:security-group-rule/sgr-1</securityGroupRuleArn>
          </item>
        </securityGroupRuleSet>
    "#]]);
    let answer = world.ec2("RevokeSecurityGroupEgress", &short);
    assert!(answer.contains("<isEgress>true<"), "{answer}");
}

#[test]
fn rules_are_described_modified_and_explained() {
    let (mut world, _, group) = vpc_and_group();
    let rule =
        world.id("AuthorizeSecurityGroupIngress", &format!("GroupId={group}&{SSH}"), "securityGroupRuleId");
    let update = format!(
        "GroupId={group}&SecurityGroupRule.1.SecurityGroupRuleId={rule}\
         &SecurityGroupRule.1.SecurityGroupRule.IpProtocol=tcp&SecurityGroupRule.1.SecurityGroupRule.FromPort=443\
         &SecurityGroupRule.1.SecurityGroupRule.ToPort=443&SecurityGroupRule.1.SecurityGroupRule.CidrIpv4=10.0.0.0/8"
    );
    world.shows(
        "ModifySecurityGroupRules",
        &update,
        expect![[r#"
        <return>true</return>
    "#]],
    );
    let two_peers = format!("{update}&SecurityGroupRule.1.SecurityGroupRule.ReferencedGroupId={group}");
    world.shows("ModifySecurityGroupRules", &two_peers, expect!["400 InvalidParameterCombination: A security group rule must specify exactly one of cidrIpv4, cidrIpv6, prefixListId and referencedGroupId"]);
    let explain = format!(
        "GroupId={group}&SecurityGroupRuleDescription.1.SecurityGroupRuleId={rule}\
         &SecurityGroupRuleDescription.1.Description=TLS"
    );
    world.shows(
        "UpdateSecurityGroupRuleDescriptionsIngress",
        &explain,
        expect![[r#"
        <return>true</return>
    "#]],
    );
    world.shows(
        "UpdateSecurityGroupRuleDescriptionsEgress",
        &explain,
        expect!["400 InvalidSecurityGroupRuleId.NotFound: The security group rule ID 'sgr-1' does not exist"],
    );
    world.shows("DescribeSecurityGroupRules", &format!("SecurityGroupRuleId.1={rule}"), expect![[r#"
        <securityGroupRuleSet>
          <item>
            <securityGroupRuleId>sgr-1</securityGroupRuleId>
            <groupId>sg-2</groupId>
            <groupOwnerId>000000000000</groupOwnerId>
            <isEgress>false</isEgress>
            <ipProtocol>tcp</ipProtocol>
            <fromPort>443</fromPort>
            <toPort>443</toPort>
            <cidrIpv4>10.0.0.0/8</cidrIpv4>
            <description>TLS</description>
            <tagSet/>
            <securityGroupRuleArn>arn:aws:ec2:us-east-1:000000000000:security-group-rule/sgr-1</securityGroupRuleArn>
          </item>
        </securityGroupRuleSet>
    "#]]);
    world.shows("DescribeSecurityGroupRules", "SecurityGroupRuleId.1=sgr-00000000", expect!["400 InvalidSecurityGroupRuleId.NotFound: The security group rule ID 'sgr-00000000' does not exist"]);
    world.shows(
        "DescribeSecurityGroupRules",
        "Filter.1.Name=group-id&Filter.1.Value.1=sg",
        expect!["400 InvalidGroupId.Malformed: Invalid id: &quot;sg&quot; (expecting &quot;sg-...&quot;)"],
    );
    let own =
        world.ec2("DescribeSecurityGroupRules", &format!("Filter.1.Name=group-id&Filter.1.Value.1={group}"));
    assert_eq!(own.matches("<securityGroupRuleId>").count(), 2, "{own}");
}

#[test]
fn references_across_a_peering_are_told_and_go_stale() {
    let mut world = World::new();
    let one = world.id("CreateVpc", "CidrBlock=10.1.0.0/16", "vpcId");
    let other = world.id("CreateVpc", "CidrBlock=10.2.0.0/16", "vpcId");
    let make = |world: &mut World, vpc: &str| {
        world.id("CreateSecurityGroup", &format!("GroupName=g&GroupDescription=g&VpcId={vpc}"), "groupId")
    };
    let (web, db) = (make(&mut world, &one), make(&mut world, &other));
    let allow = format!("GroupId={db}&IpPermissions.1.IpProtocol=-1&IpPermissions.1.Groups.1.GroupId={web}");
    world.shows(
        "AuthorizeSecurityGroupIngress",
        &allow,
        expect![
            "400 InvalidGroup.NotFound: You have specified two resources that belong to different networks."
        ],
    );
    let params = format!("VpcId={one}&PeerVpcId={other}");
    let pcx = world.id("CreateVpcPeeringConnection", &params, "vpcPeeringConnectionId");
    world.ec2("AcceptVpcPeeringConnection", &format!("VpcPeeringConnectionId={pcx}"));
    world.shows("AuthorizeSecurityGroupIngress", &allow, expect![[r#"
        <return>true</return>
        <securityGroupRuleSet>
          <item>
            <securityGroupRuleId>sgr-1</securityGroupRuleId>
            <groupId>sg-2</groupId>
            <groupOwnerId>000000000000</groupOwnerId>
            <isEgress>false</isEgress>
            <ipProtocol>-1</ipProtocol>
            <fromPort>-1</fromPort>
            <toPort>-1</toPort>
            <referencedGroupInfo>
              <groupId>sg-3</groupId>
              <peeringStatus>active</peeringStatus>
              <userId>000000000000</userId>
              <vpcId>vpc-4</vpcId>
              <vpcPeeringConnectionId>pcx-5</vpcPeeringConnectionId>
            </referencedGroupInfo>
            <tagSet/>
            <securityGroupRuleArn>arn:aws:ec2:us-east-1:000000000000:security-group-rule/sgr-1</securityGroupRuleArn>
          </item>
        </securityGroupRuleSet>
    "#]]);
    world.shows(
        "DescribeSecurityGroupReferences",
        &format!("GroupId.1={web}"),
        expect![[r#"
        <securityGroupReferenceSet>
          <item>
            <groupId>sg-1</groupId>
            <referencingVpcId>vpc-2</referencingVpcId>
            <vpcPeeringConnectionId>pcx-3</vpcPeeringConnectionId>
          </item>
        </securityGroupReferenceSet>
    "#]],
    );
    world.shows(
        "DescribeStaleSecurityGroups",
        &format!("VpcId={other}"),
        expect![[r#"
        <staleSecurityGroupSet/>
    "#]],
    );
    world.ec2("DeleteVpcPeeringConnection", &format!("VpcPeeringConnectionId={pcx}"));
    world.shows(
        "DescribeStaleSecurityGroups",
        &format!("VpcId={other}"),
        expect![[r#"
        <staleSecurityGroupSet>
          <item>
            <description>g</description>
            <groupId>sg-1</groupId>
            <groupName>g</groupName>
            <staleIpPermissions>
              <item>
                <ipProtocol>-1</ipProtocol>
                <ipRanges/>
                <prefixListIds/>
                <groups>
                  <item>
                    <userId>000000000000</userId>
                    <groupId>sg-2</groupId>
                    <vpcId>vpc-3</vpcId>
                    <vpcPeeringConnectionId>pcx-4</vpcPeeringConnectionId>
                    <peeringStatus>deleted</peeringStatus>
                  </item>
                </groups>
              </item>
            </staleIpPermissions>
            <staleIpPermissionsEgress/>
            <vpcId>vpc-5</vpcId>
          </item>
        </staleSecurityGroupSet>
    "#]],
    );
}

/// GetSecurityGroupsForVpc.
#[test]
fn a_vpc_can_use_its_own_groups() {
    let (mut world, vpc, group) = vpc_and_group();
    let of = format!("VpcId={vpc}");
    world.shows(
        "GetSecurityGroupsForVpc",
        &format!("{of}&Filter.1.Name=group-name&Filter.1.Value.1=web"),
        expect![[r#"
            <securityGroupForVpcSet>
              <item>
                <description>web servers</description>
                <groupName>web</groupName>
                <ownerId>000000000000</ownerId>
                <groupId>sg-1</groupId>
                <tagSet/>
                <primaryVpcId>vpc-2</primaryVpcId>
              </item>
            </securityGroupForVpcSet>
        "#]],
    );
    assert_eq!(world.all("GetSecurityGroupsForVpc", &of, "groupId").len(), 2);
    let rows = [
        ("group-id", group.as_str(), 1),
        ("description", "default VPC security group", 1),
        ("owner-id", "000000000000", 2),
        ("primary-vpc-id", vpc.as_str(), 2),
        ("primary-vpc-id", "vpc-12345678", 0),
    ];
    for (name, value, count) in rows {
        let params = format!("{of}&Filter.1.Name={name}&Filter.1.Value.1={value}");
        assert_eq!(world.all("GetSecurityGroupsForVpc", &params, "groupId").len(), count, "{name}={value}");
    }
    world.refuses(
        "GetSecurityGroupsForVpc",
        "VpcId=vpc-12345678",
        "InvalidVpcID.NotFound: The vpc ID 'vpc-12345678' does not exist",
    );
}

/// DescribeSecurityGroupVpcAssociations, its filters.
#[test]
fn groups_are_associated_with_no_further_vpc() {
    let mut world = World::new();
    let documented = ["group-id", "group-owner-id", "state", "vpc-id", "vpc-owner-id"];
    for name in documented {
        let found = world.does(
            "DescribeSecurityGroupVpcAssociations",
            &format!("Filter.1.Name={name}&Filter.1.Value.1=*"),
        );
        assert!(!found.contains("<item>"), "{name}: {found}");
    }
}
