use super::managed::PolicySpec;
use super::role::RoleSpec;
use super::*;
use crate::Tags;
use evaluate::Context;

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"vpc-flow-logs.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
const WRITE: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"logs:PutLogEvents","Resource":"*"}]}"#;

fn account() -> AccountId {
    "123456789012".parse().expect("an account")
}

fn with_role(identities: &mut Identities, name: &str) -> Result<Role, IamRefused> {
    let mut ids = Ids::new(1);
    let mut cx = IamCx { account: account(), now: Timestamp(0), ids: &mut ids };
    let spec = RoleSpec {
        name: name.into(),
        path: None,
        trust: TRUST.into(),
        description: None,
        session_max_s: None,
        boundary: None,
        tags: Tags::new(),
    };
    identities.create_role(&mut cx, spec)
}

fn with_policy(identities: &mut Identities, name: &str, document: &str) -> Result<Policy, IamRefused> {
    let mut ids = Ids::new(2);
    let mut cx = IamCx { account: account(), now: Timestamp(0), ids: &mut ids };
    let spec = PolicySpec {
        name: name.into(),
        path: None,
        document: document.into(),
        description: None,
        tags: Tags::new(),
    };
    identities.create_policy(&mut cx, spec)
}

#[test]
fn a_role_has_an_arn_and_an_id_of_iam() {
    let mut identities = Identities::default();
    let role = with_role(&mut identities, "flow-logs").expect("a role");
    assert_eq!(role.arn(), "arn:aws:iam::123456789012:role/flow-logs");
    assert_eq!((role.unique_id.len(), &role.unique_id[..4]), (21, "AROA"));
    assert_eq!(identities.role_by_arn(&role.arn()), Some(&role));
    assert_eq!(identities.role_by_arn("arn:aws:iam::123456789012:role/x/flow-logs"), None);
}

#[test]
fn role_names_are_unique_without_regard_to_case() {
    let mut identities = Identities::default();
    with_role(&mut identities, "Flow").expect("a role");
    let again = with_role(&mut identities, "flow").expect_err("a second one");
    assert_eq!(again, IamRefused::AlreadyExists { kind: "Role", name: "flow".into() });
}

#[test]
fn only_the_trusted_service_may_assume_the_role() {
    let mut identities = Identities::default();
    let role = with_role(&mut identities, "flow").expect("a role");
    let may =
        |service: &str| identities.may_assume(&role, &Principal::Service(service.into()), &Context::new());
    assert!(may("vpc-flow-logs.amazonaws.com"));
    assert!(!may("ec2.amazonaws.com"));
}

#[test]
fn permissions_come_from_inline_and_attached_policies() {
    let mut identities = Identities::default();
    with_role(&mut identities, "flow").expect("a role");
    let decide = |identities: &Identities| {
        let role = identities.role(account(), "flow").expect("the role");
        identities.decide(
            role,
            "logs:PutLogEvents",
            "arn:aws:logs:us-east-1:123456789012:log-group:g",
            &Context::new(),
        )
    };
    assert_eq!(decide(&identities), Decision::ImplicitDeny);
    identities.put_role_policy(account(), "flow", "write", WRITE).expect("an inline policy");
    assert_eq!(decide(&identities), Decision::Allowed);
    identities.delete_role_policy(account(), "flow", "write").expect("deleted");
    let policy = with_policy(&mut identities, "write", WRITE).expect("a policy");
    identities.attach_role_policy(account(), "flow", &policy.arn()).expect("attached");
    assert_eq!(decide(&identities), Decision::Allowed);
    identities.detach_role_policy(account(), "flow", &policy.arn()).expect("detached");
    identities
        .attach_role_policy(account(), "flow", "arn:aws:iam::aws:policy/CloudWatchLogsFullAccess")
        .expect("AWS's");
    assert_eq!(decide(&identities), Decision::Allowed);
}

/// IAM User Guide, "Permissions boundaries for IAM entities": a boundary gives nothing, and takes what it does not allow.
#[test]
fn a_boundary_limits_what_policies_allow() {
    const READ_ONLY: &str = "arn:aws:iam::aws:policy/CloudWatchLogsReadOnlyAccess";
    const FULL: &str = "arn:aws:iam::aws:policy/CloudWatchLogsFullAccess";
    let mut identities = Identities::default();
    with_role(&mut identities, "flow").expect("a role");
    let decide = |identities: &Identities, action: &str| {
        let role = identities.role(account(), "flow").expect("the role");
        identities.decide(role, action, "*", &Context::new())
    };
    identities.set_boundary(account(), "flow", FULL).expect("a boundary");
    assert_eq!(decide(&identities, "logs:PutLogEvents"), Decision::ImplicitDeny);
    identities.attach_role_policy(account(), "flow", FULL).expect("attached");
    assert_eq!(decide(&identities, "logs:PutLogEvents"), Decision::Allowed);
    identities.set_boundary(account(), "flow", READ_ONLY).expect("a boundary");
    assert_eq!(decide(&identities, "logs:PutLogEvents"), Decision::ImplicitDeny);
    assert_eq!(decide(&identities, "logs:GetLogEvents"), Decision::Allowed);
    identities.delete_boundary(account(), "flow").expect("deleted");
    assert_eq!(decide(&identities, "logs:PutLogEvents"), Decision::Allowed);
}

#[test]
fn what_is_in_use_is_not_deleted() {
    let mut identities = Identities::default();
    with_role(&mut identities, "flow").expect("a role");
    let policy = with_policy(&mut identities, "write", WRITE).expect("a policy");
    identities.attach_role_policy(account(), "flow", &policy.arn()).expect("attached");
    assert_eq!(identities.delete_policy(&policy.arn()), Err(IamRefused::PolicyAttached));
    assert_eq!(identities.delete_role(account(), "flow"), Err(IamRefused::HasAttachedPolicies));
    identities.detach_role_policy(account(), "flow", &policy.arn()).expect("detached");
    identities.put_role_policy(account(), "flow", "inline", WRITE).expect("an inline policy");
    assert_eq!(identities.delete_role(account(), "flow"), Err(IamRefused::HasInlinePolicies));
    identities.delete_role_policy(account(), "flow", "inline").expect("deleted");
    assert_eq!(identities.delete_role(account(), "flow"), Ok(()));
    assert_eq!(identities.delete_policy(&policy.arn()), Ok(()));
    assert_eq!(identities.delete_role(account(), "flow"), Err(IamRefused::NoSuchRole("flow".into())));
}

#[test]
fn a_new_version_takes_force_when_it_is_the_default() {
    let mut identities = Identities::default();
    let arn = with_policy(&mut identities, "write", WRITE).expect("a policy").arn();
    identities.create_policy_version(&arn, &WRITE.replace("Put", "Get"), false, Timestamp(1)).expect("v2");
    assert_eq!(identities.policy(&arn).map(|policy| policy.default_version), Ok(1));
    identities.create_policy_version(&arn, WRITE, true, Timestamp(2)).expect("v3");
    assert_eq!(
        identities.policy(&arn).map(|policy| (policy.default_version, policy.updated)),
        Ok((3, Timestamp(2)))
    );
}

#[test]
fn malformed_names_and_documents_are_refused() {
    let mut identities = Identities::default();
    for name in ["", "a b", "ä", &"x".repeat(65)] {
        assert!(
            matches!(with_role(&mut identities, name), Err(IamRefused::Invalid { member: "roleName", .. })),
            "{name}"
        );
    }
    assert!(matches!(with_policy(&mut identities, "p", "{"), Err(IamRefused::MalformedPolicyDocument(_))));
    assert!(matches!(with_policy(&mut identities, "p", TRUST), Err(IamRefused::MalformedPolicyDocument(_))));
    assert_eq!(identities.generation(), 0);
}

#[test]
fn entities_come_back_from_disk_as_they_were() {
    let mut identities = Identities::default();
    with_role(&mut identities, "flow").expect("a role");
    with_policy(&mut identities, "write", WRITE).expect("a policy");
    identities.put_role_policy(account(), "flow", "inline", WRITE).expect("an inline policy");
    let mut changes = vec![];
    identities.drain_changes(&mut changes);
    let mut again = Identities::default();
    for change in changes {
        assert!(again.restore(change.kind, &change.body.expect("not removed")).expect("its own text"));
    }
    assert_eq!(again.role(account(), "flow"), identities.role(account(), "flow"));
    assert_eq!(again.policies.iter().collect::<Vec<_>>(), identities.policies.iter().collect::<Vec<_>>());
}

/// The examples of the S3 User Guide, "The meaning of "public"", and their neighbours.
#[test]
fn a_policy_is_public_unless_a_fixed_value_holds_it() {
    let rows = [
        (r#""Principal":"*""#, true),
        (r#""Principal":{"AWS":"*"}"#, true),
        (r#""Principal":{"AWS":"arn:aws:iam::111122223333:root"}"#, false),
        (r#""Principal":{"Service":"logs.us-east-1.amazonaws.com"}"#, false),
        (r#""Principal":"*","Condition":{"StringEquals":{"aws:SourceVpc":"vpc-91237329"}}"#, false),
        (r#""Principal":"*","Condition":{"StringLike":{"aws:SourceVpc":"vpc-*"}}"#, true),
        (r#""Principal":"*","Condition":{"StringNotEquals":{"aws:SourceVpc":"vpc-91237329"}}"#, true),
        (r#""Principal":"*","Condition":{"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}}"#, false),
        (r#""Principal":"*","Condition":{"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}}"#, true),
        (r#""Principal":"*","Condition":{"StringEquals":{"s3:prefix":"x"}}"#, true),
    ];
    for (what, is_public) in rows {
        let text = format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"s3:*","Resource":"*",{what}}}]}}"#
        );
        let policy = PolicyDocument::parse(&text).expect("a policy");
        assert_eq!(policy.is_public(), is_public, "{what}");
    }
}
