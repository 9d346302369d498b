//! IAM and STS: roles, policies, and who is calling.

use crate::world::World;
use expect_test::{Expect, expect};
use weir_wire::Service;

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"vpc-flow-logs.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
const WRITE: &str = r#"{"Statement":{"Effect":"Allow","Action":"logs:PutLogEvents","Resource":"*"}}"#;
const ARN: &str = "arn:aws:iam::000000000000:policy/write";

#[track_caller]
fn check(world: &mut World, action: &str, params: &str, expected: Expect) {
    expected.assert_eq(&result(&world.form(Service::Iam, action, params)));
}

/// An answer without the metadata behind its result; a void result leaves nothing.
fn result(answer: &str) -> String {
    answer.split("<ResponseMetadata>").next().unwrap_or_default().to_owned()
}

/// What an operation that succeeds says.
#[track_caller]
fn says(world: &mut World, action: &str, params: &str) -> String {
    let said = result(&world.form(Service::Iam, action, params));
    assert!(!said.starts_with('4'), "{action} {params}: {said}");
    said
}

/// An operation fails like this: status, code and message.
#[track_caller]
fn refuses(world: &mut World, action: &str, params: &str, refusal: &str) {
    assert_eq!(world.form(Service::Iam, action, params), refusal, "{action} {params}");
}

/// A world with role `flow`.
fn with_role() -> World {
    let mut world = World::new();
    world.form(Service::Iam, "CreateRole", &format!("RoleName=flow&AssumeRolePolicyDocument={TRUST}"));
    world
}

/// A world with role `flow` and policy `write`.
fn with_policy() -> World {
    let mut world = with_role();
    world.form(Service::Iam, "CreatePolicy", &format!("PolicyName=write&PolicyDocument={WRITE}"));
    world
}

#[test]
fn a_caller_is_its_accounts_root() {
    let mut world = World { access_key: "111122223333", ..World::new() };
    expect![[r#"
        <GetCallerIdentityResult>
          <UserId>111122223333</UserId>
          <Account>111122223333</Account>
          <Arn>arn:aws:iam::111122223333:root</Arn>
        </GetCallerIdentityResult>
    "#]]
    .assert_eq(&result(&world.form(Service::Sts, "GetCallerIdentity", "")));
}

#[test]
fn a_role_is_made_shown_listed_and_deleted() {
    let mut world = World::new();
    let create =
        format!("RoleName=flow&AssumeRolePolicyDocument={TRUST}&Tags.member.1.Key=a&Tags.member.1.Value=b");
    check(
        &mut world,
        "CreateRole",
        &create,
        expect![[r#"
            <CreateRoleResult>
              <Role>
                <Path>/</Path>
                <RoleName>flow</RoleName>
                <RoleId>AROA7OOY4QJZMTOQNFU2V</RoleId>
                <Arn>arn:aws:iam::000000000000:role/flow</Arn>
                <CreateDate>2024-01-02T03:04:05.000Z</CreateDate>
                <AssumeRolePolicyDocument>%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Principal%22%3A%7B%22Service%22%3A%22vpc-flow-logs.amazonaws.com%22%7D%2C%22Action%22%3A%22sts%3AAssumeRole%22%7D%5D%7D</AssumeRolePolicyDocument>
                <MaxSessionDuration>3600</MaxSessionDuration>
                <Tags>
                  <member>
                    <Key>a</Key>
                    <Value>b</Value>
                  </member>
                </Tags>
              </Role>
            </CreateRoleResult>
        "#]],
    );
    check(
        &mut world,
        "CreateRole",
        &create,
        expect!["409 EntityAlreadyExists: Role with name flow already exists."],
    );
    check(
        &mut world,
        "GetRole",
        "RoleName=flow",
        expect![[r#"
            <GetRoleResult>
              <Role>
                <Path>/</Path>
                <RoleName>flow</RoleName>
                <RoleId>AROA7OOY4QJZMTOQNFU2V</RoleId>
                <Arn>arn:aws:iam::000000000000:role/flow</Arn>
                <CreateDate>2024-01-02T03:04:05.000Z</CreateDate>
                <AssumeRolePolicyDocument>%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Principal%22%3A%7B%22Service%22%3A%22vpc-flow-logs.amazonaws.com%22%7D%2C%22Action%22%3A%22sts%3AAssumeRole%22%7D%5D%7D</AssumeRolePolicyDocument>
                <MaxSessionDuration>3600</MaxSessionDuration>
                <Tags>
                  <member>
                    <Key>a</Key>
                    <Value>b</Value>
                  </member>
                </Tags>
              </Role>
            </GetRoleResult>
        "#]],
    );
    check(
        &mut world,
        "ListRoles",
        "MaxItems=1",
        expect![[r#"
            <ListRolesResult>
              <Roles>
                <member>
                  <Path>/</Path>
                  <RoleName>flow</RoleName>
                  <RoleId>AROA7OOY4QJZMTOQNFU2V</RoleId>
                  <Arn>arn:aws:iam::000000000000:role/flow</Arn>
                  <CreateDate>2024-01-02T03:04:05.000Z</CreateDate>
                  <AssumeRolePolicyDocument>%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Principal%22%3A%7B%22Service%22%3A%22vpc-flow-logs.amazonaws.com%22%7D%2C%22Action%22%3A%22sts%3AAssumeRole%22%7D%5D%7D</AssumeRolePolicyDocument>
                  <MaxSessionDuration>3600</MaxSessionDuration>
                </member>
              </Roles>
              <IsTruncated>false</IsTruncated>
            </ListRolesResult>
        "#]],
    );
    check(
        &mut world,
        "ListRoles",
        "MaxItems=0",
        expect![
            "400 ValidationError: 1 validation error detected: Value '0' at 'maxItems' failed to satisfy constraint: Member must have value between 1 and 1000"
        ],
    );
    check(&mut world, "DeleteRole", "RoleName=flow", expect![""]);
    check(
        &mut world,
        "GetRole",
        "RoleName=flow",
        expect!["404 NoSuchEntity: The role with name flow cannot be found."],
    );
}

#[test]
fn roles_are_paged_by_name() {
    let mut world = World::new();
    for name in ["b", "a", "c"] {
        world.form(Service::Iam, "CreateRole", &format!("RoleName={name}&AssumeRolePolicyDocument={TRUST}"));
    }
    let first = world.form(Service::Iam, "ListRoles", "MaxItems=2");
    assert!(
        first.contains("<Marker>b</Marker>") && first.contains("<IsTruncated>true</IsTruncated>"),
        "{first}"
    );
    let rest = world.form(Service::Iam, "ListRoles", "MaxItems=2&Marker=b");
    assert!(rest.contains("<RoleName>c</RoleName>") && !rest.contains("<RoleName>a</RoleName>"), "{rest}");
    assert!(rest.contains("<IsTruncated>false</IsTruncated>"), "{rest}");
}

#[test]
fn a_role_of_another_account_is_not_found() {
    let mut world = World { access_key: "111122223333", ..with_role() };
    check(
        &mut world,
        "GetRole",
        "RoleName=flow",
        expect!["404 NoSuchEntity: The role with name flow cannot be found."],
    );
}

#[test]
fn malformed_roles_are_refused() {
    let mut world = World::new();
    check(
        &mut world,
        "CreateRole",
        "RoleName=flow",
        expect![
            "400 ValidationError: 1 validation error detected: Value null at 'assumeRolePolicyDocument' failed to satisfy constraint: Member must not be null"
        ],
    );
    check(
        &mut world,
        "CreateRole",
        "RoleName=flow&AssumeRolePolicyDocument={",
        expect!["400 MalformedPolicyDocument: Syntax errors in policy."],
    );
    check(
        &mut world,
        "CreateRole",
        &format!("RoleName=a b&AssumeRolePolicyDocument={TRUST}"),
        expect![[
            r#"400 ValidationError: 1 validation error detected: Value at 'roleName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]+"#
        ]],
    );
    check(
        &mut world,
        "CreateRole",
        &format!("RoleName=a&Path=x&AssumeRolePolicyDocument={TRUST}"),
        expect![
            "400 ValidationError: 1 validation error detected: Value at 'path' failed to satisfy constraint: The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters."
        ],
    );
    check(
        &mut world,
        "CreateRole",
        &format!("RoleName=a&MaxSessionDuration=1&AssumeRolePolicyDocument={TRUST}"),
        expect![
            "400 ValidationError: 1 validation error detected: Value at 'maxSessionDuration' failed to satisfy constraint: Member must have value between 3600 and 43200"
        ],
    );
    check(
        &mut world,
        "CreateRole",
        &format!("RoleName=a&Nonsense=1&AssumeRolePolicyDocument={TRUST}"),
        expect!["400 UnknownParameter: The parameter Nonsense is not recognized"],
    );
    check(
        &mut world,
        "ListRoles",
        "",
        expect![[r#"
            <ListRolesResult>
              <Roles/>
              <IsTruncated>false</IsTruncated>
            </ListRolesResult>
        "#]],
    );
}

#[test]
fn a_role_changes() {
    let mut world = with_role();
    check(
        &mut world,
        "UpdateRole",
        "RoleName=flow&Description=d&MaxSessionDuration=7200",
        expect![[r#"
        <UpdateRoleResult/>
    "#]],
    );
    check(
        &mut world,
        "UpdateAssumeRolePolicy",
        &format!("RoleName=flow&PolicyDocument={WRITE}"),
        expect!["400 MalformedPolicyDocument: Missing required field Principal"],
    );
    let trust = TRUST.replace("vpc-flow-logs", "ec2");
    check(
        &mut world,
        "UpdateAssumeRolePolicy",
        &format!("RoleName=flow&PolicyDocument={trust}"),
        expect![""],
    );
    // IAM API Reference, UpdateRoleDescription: the answer shows the role.
    let said = says(&mut world, "UpdateRoleDescription", "RoleName=flow&Description=e");
    assert!(said.starts_with("<UpdateRoleDescriptionResult>\n  <Role>"), "{said}");
    assert!(said.contains("<Description>e<") && said.contains("<MaxSessionDuration>7200<"), "{said}");
    check(&mut world, "TagRole", "RoleName=flow&Tags.member.1.Key=k&Tags.member.1.Value=v", expect![""]);
    check(
        &mut world,
        "ListRoleTags",
        "RoleName=flow",
        expect![[r#"
            <ListRoleTagsResult>
              <Tags>
                <member>
                  <Key>k</Key>
                  <Value>v</Value>
                </member>
              </Tags>
              <IsTruncated>false</IsTruncated>
            </ListRoleTagsResult>
        "#]],
    );
    check(&mut world, "UntagRole", "RoleName=flow&TagKeys.member.1=k", expect![""]);
    check(
        &mut world,
        "ListRoleTags",
        "RoleName=flow",
        expect![[r#"
            <ListRoleTagsResult>
              <Tags/>
              <IsTruncated>false</IsTruncated>
            </ListRoleTagsResult>
        "#]],
    );
    check(
        &mut world,
        "ListInstanceProfilesForRole",
        "RoleName=flow",
        expect![[r#"
            <ListInstanceProfilesForRoleResult>
              <InstanceProfiles/>
              <IsTruncated>false</IsTruncated>
            </ListInstanceProfilesForRoleResult>
        "#]],
    );
    check(
        &mut world,
        "GetRole",
        "RoleName=flow",
        expect![[r#"
            <GetRoleResult>
              <Role>
                <Path>/</Path>
                <RoleName>flow</RoleName>
                <RoleId>AROA7OOY4QJZMTOQNFU2V</RoleId>
                <Arn>arn:aws:iam::000000000000:role/flow</Arn>
                <CreateDate>2024-01-02T03:04:05.000Z</CreateDate>
                <AssumeRolePolicyDocument>%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Principal%22%3A%7B%22Service%22%3A%22ec2.amazonaws.com%22%7D%2C%22Action%22%3A%22sts%3AAssumeRole%22%7D%5D%7D</AssumeRolePolicyDocument>
                <Description>e</Description>
                <MaxSessionDuration>7200</MaxSessionDuration>
              </Role>
            </GetRoleResult>
        "#]],
    );
}

#[test]
fn inline_policies_come_back_encoded() {
    let mut world = with_role();
    check(
        &mut world,
        "PutRolePolicy",
        &format!("RoleName=flow&PolicyName=p&PolicyDocument={WRITE}"),
        expect![""],
    );
    check(
        &mut world,
        "GetRolePolicy",
        "RoleName=flow&PolicyName=p",
        expect![[r#"
            <GetRolePolicyResult>
              <RoleName>flow</RoleName>
              <PolicyName>p</PolicyName>
              <PolicyDocument>%7B%22Statement%22%3A%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22logs%3APutLogEvents%22%2C%22Resource%22%3A%22%2A%22%7D%7D</PolicyDocument>
            </GetRolePolicyResult>
        "#]],
    );
    check(
        &mut world,
        "ListRolePolicies",
        "RoleName=flow",
        expect![[r#"
            <ListRolePoliciesResult>
              <PolicyNames>
                <member>p</member>
              </PolicyNames>
              <IsTruncated>false</IsTruncated>
            </ListRolePoliciesResult>
        "#]],
    );
    check(
        &mut world,
        "DeleteRole",
        "RoleName=flow",
        expect!["409 DeleteConflict: Cannot delete entity, must delete policies first."],
    );
    check(&mut world, "DeleteRolePolicy", "RoleName=flow&PolicyName=p", expect![""]);
    check(
        &mut world,
        "DeleteRolePolicy",
        "RoleName=flow&PolicyName=p",
        expect!["404 NoSuchEntity: The role policy with name p cannot be found."],
    );
    check(
        &mut world,
        "GetRolePolicy",
        "RoleName=flow&PolicyName=p",
        expect!["404 NoSuchEntity: The role policy with name p cannot be found."],
    );
}

#[test]
fn managed_policies_are_attached_and_detached() {
    let mut world = with_policy();
    check(&mut world, "AttachRolePolicy", &format!("RoleName=flow&PolicyArn={ARN}"), expect![""]);
    check(
        &mut world,
        "AttachRolePolicy",
        "RoleName=flow&PolicyArn=arn:aws:iam::aws:policy/ReadOnlyAccess",
        expect![""],
    );
    check(
        &mut world,
        "AttachRolePolicy",
        "RoleName=flow&PolicyArn=arn:aws:iam::aws:policy/Nothing",
        expect![
            "404 NoSuchEntity: Policy arn:aws:iam::aws:policy/Nothing does not exist or is not attachable."
        ],
    );
    check(
        &mut world,
        "ListAttachedRolePolicies",
        "RoleName=flow",
        expect![[r#"
            <ListAttachedRolePoliciesResult>
              <AttachedPolicies>
                <member>
                  <PolicyName>write</PolicyName>
                  <PolicyArn>arn:aws:iam::000000000000:policy/write</PolicyArn>
                </member>
                <member>
                  <PolicyName>ReadOnlyAccess</PolicyName>
                  <PolicyArn>arn:aws:iam::aws:policy/ReadOnlyAccess</PolicyArn>
                </member>
              </AttachedPolicies>
              <IsTruncated>false</IsTruncated>
            </ListAttachedRolePoliciesResult>
        "#]],
    );
    check(
        &mut world,
        "DeletePolicy",
        &format!("PolicyArn={ARN}"),
        expect!["409 DeleteConflict: Cannot delete a policy attached to entities."],
    );
    check(
        &mut world,
        "DeleteRole",
        "RoleName=flow",
        expect!["409 DeleteConflict: Cannot delete entity, must detach all policies first."],
    );
    check(&mut world, "DetachRolePolicy", &format!("RoleName=flow&PolicyArn={ARN}"), expect![""]);
    check(
        &mut world,
        "DetachRolePolicy",
        &format!("RoleName=flow&PolicyArn={ARN}"),
        expect![
            "404 NoSuchEntity: Policy arn:aws:iam::000000000000:policy/write does not exist or is not attachable."
        ],
    );
    check(&mut world, "DeletePolicy", &format!("PolicyArn={ARN}"), expect![""]);
}

#[test]
fn a_policy_has_versions() {
    let mut world = with_policy();
    let next = WRITE.replace("Put", "Get");
    check(
        &mut world,
        "GetPolicy",
        &format!("PolicyArn={ARN}"),
        expect![[r#"
            <GetPolicyResult>
              <Policy>
                <PolicyName>write</PolicyName>
                <PolicyId>ANPACPDJBQWB7TSMOIQRX</PolicyId>
                <Arn>arn:aws:iam::000000000000:policy/write</Arn>
                <Path>/</Path>
                <DefaultVersionId>v1</DefaultVersionId>
                <AttachmentCount>0</AttachmentCount>
                <PermissionsBoundaryUsageCount>0</PermissionsBoundaryUsageCount>
                <IsAttachable>true</IsAttachable>
                <CreateDate>2024-01-02T03:04:05.000Z</CreateDate>
                <UpdateDate>2024-01-02T03:04:05.000Z</UpdateDate>
              </Policy>
            </GetPolicyResult>
        "#]],
    );
    check(
        &mut world,
        "CreatePolicyVersion",
        &format!("PolicyArn={ARN}&PolicyDocument={next}&SetAsDefault=true"),
        expect![[r#"
            <CreatePolicyVersionResult>
              <PolicyVersion>
                <VersionId>v2</VersionId>
                <IsDefaultVersion>true</IsDefaultVersion>
                <CreateDate>2024-01-02T03:04:05.000Z</CreateDate>
              </PolicyVersion>
            </CreatePolicyVersionResult>
        "#]],
    );
    check(
        &mut world,
        "ListPolicyVersions",
        &format!("PolicyArn={ARN}"),
        expect![[r#"
            <ListPolicyVersionsResult>
              <Versions>
                <member>
                  <VersionId>v2</VersionId>
                  <IsDefaultVersion>true</IsDefaultVersion>
                  <CreateDate>2024-01-02T03:04:05.000Z</CreateDate>
                </member>
                <member>
                  <VersionId>v1</VersionId>
                  <IsDefaultVersion>false</IsDefaultVersion>
                  <CreateDate>2024-01-02T03:04:05.000Z</CreateDate>
                </member>
              </Versions>
              <IsTruncated>false</IsTruncated>
            </ListPolicyVersionsResult>
        "#]],
    );
    check(
        &mut world,
        "GetPolicyVersion",
        &format!("PolicyArn={ARN}&VersionId=v2"),
        expect![[r#"
            <GetPolicyVersionResult>
              <PolicyVersion>
                <Document>%7B%22Statement%22%3A%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22logs%3AGetLogEvents%22%2C%22Resource%22%3A%22%2A%22%7D%7D</Document>
                <VersionId>v2</VersionId>
                <IsDefaultVersion>true</IsDefaultVersion>
                <CreateDate>2024-01-02T03:04:05.000Z</CreateDate>
              </PolicyVersion>
            </GetPolicyVersionResult>
        "#]],
    );
    check(
        &mut world,
        "GetPolicyVersion",
        &format!("PolicyArn={ARN}&VersionId=v9"),
        expect!["404 NoSuchEntity: Policy version v9 does not exist."],
    );
    check(
        &mut world,
        "ListPolicies",
        "Scope=Local",
        expect![[r#"
            <ListPoliciesResult>
              <Policies>
                <member>
                  <PolicyName>write</PolicyName>
                  <PolicyId>ANPACPDJBQWB7TSMOIQRX</PolicyId>
                  <Arn>arn:aws:iam::000000000000:policy/write</Arn>
                  <Path>/</Path>
                  <DefaultVersionId>v2</DefaultVersionId>
                  <AttachmentCount>0</AttachmentCount>
                  <PermissionsBoundaryUsageCount>0</PermissionsBoundaryUsageCount>
                  <IsAttachable>true</IsAttachable>
                  <CreateDate>2024-01-02T03:04:05.000Z</CreateDate>
                  <UpdateDate>2024-01-02T03:04:05.000Z</UpdateDate>
                </member>
              </Policies>
              <IsTruncated>false</IsTruncated>
            </ListPoliciesResult>
        "#]],
    );
    check(
        &mut world,
        "ListPolicies",
        "Scope=Mine",
        expect![
            "400 ValidationError: 1 validation error detected: Value 'Mine' at 'scope' failed to satisfy constraint: Member must satisfy enum value set: [AWS, Local, All]"
        ],
    );
}

/// IAM API Reference, SetDefaultPolicyVersion, DeletePolicyVersion; IAM User Guide, "Versioning IAM policies": ids of deleted
/// versions are not used again.
#[test]
fn versions_are_put_in_force_and_deleted() {
    let mut world = with_policy();
    let of = |rest: &str| format!("PolicyArn={ARN}{rest}");
    for _ in 2..=5 {
        says(&mut world, "CreatePolicyVersion", &of(&format!("&PolicyDocument={WRITE}&SetAsDefault=true")));
    }
    refuses(
        &mut world,
        "CreatePolicyVersion",
        &of(&format!("&PolicyDocument={WRITE}")),
        "409 LimitExceeded: Cannot exceed quota for VersionsPerPolicy: 5",
    );
    refuses(
        &mut world,
        "DeletePolicyVersion",
        &of("&VersionId=v5"),
        "409 DeleteConflict: Cannot delete the default version of a policy.",
    );
    check(&mut world, "SetDefaultPolicyVersion", &of("&VersionId=v2"), expect![""]);
    assert!(says(&mut world, "GetPolicy", &of("")).contains("<DefaultVersionId>v2<"));
    check(&mut world, "DeletePolicyVersion", &of("&VersionId=v5"), expect![""]);
    let gone = "404 NoSuchEntity: Policy version v5 does not exist.";
    refuses(&mut world, "DeletePolicyVersion", &of("&VersionId=v5"), gone);
    refuses(&mut world, "SetDefaultPolicyVersion", &of("&VersionId=v5"), gone);
    let next = says(&mut world, "CreatePolicyVersion", &of(&format!("&PolicyDocument={WRITE}")));
    assert!(next.contains("<VersionId>v6<"), "{next}");
    refuses(
        &mut world,
        "DeletePolicy",
        &of(""),
        "409 DeleteConflict: This policy has more than one version. Before you delete a policy, you must delete the policy's versions. \
         The default version is deleted with the policy.",
    );
    for version in ["v1", "v3", "v4", "v6"] {
        says(&mut world, "DeletePolicyVersion", &of(&format!("&VersionId={version}")));
    }
    says(&mut world, "DeletePolicy", &of(""));
}

/// IAM API Reference, TagPolicy, UntagPolicy, ListPolicyTags.
#[test]
fn policies_have_tags() {
    let mut world = with_policy();
    let of = |rest: &str| format!("PolicyArn={ARN}{rest}");
    let two = "&Tags.member.1.Key=k&Tags.member.1.Value=v&Tags.member.2.Key=l&Tags.member.2.Value=w";
    check(&mut world, "TagPolicy", &of(two), expect![""]);
    check(&mut world, "UntagPolicy", &of("&TagKeys.member.1=l"), expect![""]);
    check(
        &mut world,
        "ListPolicyTags",
        &of(""),
        expect![[r#"
        <ListPolicyTagsResult>
          <Tags>
            <member>
              <Key>k</Key>
              <Value>v</Value>
            </member>
          </Tags>
          <IsTruncated>false</IsTruncated>
        </ListPolicyTagsResult>
    "#]],
    );
    assert!(says(&mut world, "GetPolicy", &of("")).contains("<Key>k</Key>"));
    let other = ARN.replace("write", "other");
    refuses(
        &mut world,
        "TagPolicy",
        &format!("PolicyArn={other}{two}"),
        &format!("404 NoSuchEntity: Policy {other} does not exist or is not attachable."),
    );
}

/// IAM API Reference, PutRolePermissionsBoundary, DeleteRolePermissionsBoundary; a policy that is one cannot be deleted.
#[test]
fn a_role_has_a_boundary() {
    let mut world = with_policy();
    let made = format!("RoleName=held&AssumeRolePolicyDocument={TRUST}&PermissionsBoundary=");
    let other = ARN.replace("write", "other");
    let absent = format!("404 NoSuchEntity: Scope ARN: {other} does not exist or is not attachable.");
    refuses(&mut world, "CreateRole", &format!("{made}{other}"), &absent);
    says(&mut world, "CreateRole", &format!("{made}{ARN}"));
    let shown = format!("<PermissionsBoundaryArn>{ARN}</PermissionsBoundaryArn>");
    assert!(says(&mut world, "GetRole", "RoleName=held").contains(&shown));
    assert!(!says(&mut world, "ListRoles", "").contains(&shown), "ListRoles does not show it");
    let policy = format!("PolicyArn={ARN}");
    assert!(says(&mut world, "GetPolicy", &policy).contains("<PermissionsBoundaryUsageCount>1<"));
    refuses(
        &mut world,
        "DeletePolicy",
        &policy,
        "409 DeleteConflict: Cannot delete a policy attached to entities.",
    );
    check(&mut world, "DeleteRolePermissionsBoundary", "RoleName=held", expect![""]);
    assert!(!says(&mut world, "GetRole", "RoleName=held").contains("PermissionsBoundary"));
    refuses(
        &mut world,
        "DeleteRolePermissionsBoundary",
        "RoleName=held",
        "404 NoSuchEntity: The role with name held has no permissions boundary.",
    );
    refuses(
        &mut world,
        "PutRolePermissionsBoundary",
        &format!("RoleName=held&PermissionsBoundary={other}"),
        &absent,
    );
    let aws = "arn:aws:iam::aws:policy/ReadOnlyAccess";
    check(
        &mut world,
        "PutRolePermissionsBoundary",
        &format!("RoleName=held&PermissionsBoundary={aws}"),
        expect![""],
    );
    assert!(says(&mut world, "GetRole", "RoleName=held").contains(aws));
    says(&mut world, "DeletePolicy", &policy);
}

#[test]
fn policies_of_aws_are_there() {
    let mut world = World::new();
    let get = "PolicyArn=arn:aws:iam::aws:policy/CloudWatchLogsFullAccess";
    check(
        &mut world,
        "GetPolicy",
        get,
        expect![[r#"
            <GetPolicyResult>
              <Policy>
                <PolicyName>CloudWatchLogsFullAccess</PolicyName>
                <PolicyId>ANPACLOUDWATCHLOGSFUL</PolicyId>
                <Arn>arn:aws:iam::aws:policy/CloudWatchLogsFullAccess</Arn>
                <Path>/</Path>
                <DefaultVersionId>v1</DefaultVersionId>
                <AttachmentCount>0</AttachmentCount>
                <PermissionsBoundaryUsageCount>0</PermissionsBoundaryUsageCount>
                <IsAttachable>true</IsAttachable>
                <CreateDate>1970-01-01T00:00:00.000Z</CreateDate>
                <UpdateDate>1970-01-01T00:00:00.000Z</UpdateDate>
              </Policy>
            </GetPolicyResult>
        "#]],
    );
    check(
        &mut world,
        "GetPolicyVersion",
        &format!("{get}&VersionId=v1"),
        expect![[r#"
            <GetPolicyVersionResult>
              <PolicyVersion>
                <Document>%7B%22Statement%22%3A%5B%7B%22Action%22%3A%5B%22logs%3A%2A%22%5D%2C%22Effect%22%3A%22Allow%22%2C%22Resource%22%3A%22%2A%22%7D%5D%2C%22Version%22%3A%222012-10-17%22%7D</Document>
                <VersionId>v1</VersionId>
                <IsDefaultVersion>true</IsDefaultVersion>
                <CreateDate>1970-01-01T00:00:00.000Z</CreateDate>
              </PolicyVersion>
            </GetPolicyVersionResult>
        "#]],
    );
    let listed = world.form(Service::Iam, "ListPolicies", "Scope=AWS");
    assert!(listed.contains("<PolicyName>AdministratorAccess</PolicyName>"), "{listed}");
}
