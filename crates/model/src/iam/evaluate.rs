//! Policy evaluation: an explicit deny wins, then an allow, otherwise it is implicitly denied.
//!
//! Actions compare without regard to case, resources with; both take `*` and `?`. Conditions: all operators and keys must
//! hold, one value of each suffices. A key that is missing fails a positive operator and satisfies a negated one and `…IfExists`.
//! Source: IAM User Guide, "Policy evaluation logic" and "IAM JSON policy elements: Condition operators".

use super::policy::{Condition, Patterns, PolicyDocument, Principals, Statement};
use crate::Cidr;
use std::collections::BTreeMap;

/// Condition keys of a request, in lower case, with their values.
pub type Context = BTreeMap<String, Vec<String>>;

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// An AWS service, such as `vpc-flow-logs.amazonaws.com`.
    Service(String),
    /// An account's root, user, role or session, by ARN.
    Aws(String),
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Who asks.
    pub principal: &'a Principal,
    /// The action, such as `logs:PutLogEvents`.
    pub action: &'a str,
    /// The ARN of the resource, or `*`.
    pub resource: &'a str,
    /// Condition keys and values.
    pub context: &'a Context,
}

/// The outcome of evaluation (`EvalDecision`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// A statement allows it and none denies it.
    Allowed,
    /// A statement denies it.
    ExplicitDeny,
    /// No statement speaks of it.
    ImplicitDeny,
}

impl Decision {
    /// Whether a role may do what its own policies decide so, its permissions boundary so, and the policy of the resource so:
    /// either policy allows it within an account ([`PolicyDocument::decide_within_account`]), across accounts it takes both; what
    /// the boundary does not allow no policy does; a denial holds.
    ///
    /// Source: IAM User Guide, "Policy evaluation logic": what a resource's policy grants to a role's ARN is limited by the role's
    /// boundary; "Cross-account policy evaluation logic".
    pub fn allows_with(self, boundary: Decision, of_resource: Decision, is_same_account: bool) -> bool {
        let both = [self, of_resource];
        let allowing = both.iter().filter(|decision| **decision == Decision::Allowed).count();
        let wanted = if is_same_account { 1 } else { 2 };
        boundary == Decision::Allowed && allowing >= wanted && !both.contains(&Decision::ExplicitDeny)
    }
}

/// What identity policies together say.
pub fn decide(policies: impl Iterator<Item = PolicyDocument>, request: &Request<'_>) -> Decision {
    policies.map(|policy| policy.decide(request)).fold(Decision::ImplicitDeny, stronger)
}

impl PolicyDocument {
    /// What an identity policy says: its principal is whoever it is attached to.
    pub fn decide(&self, request: &Request<'_>) -> Decision {
        let applies = |statement: &&Statement| statement.applies(request);
        self.statements.iter().filter(applies).map(Statement::effect).fold(Decision::ImplicitDeny, stronger)
    }

    /// What a trust or resource policy says: the statement must name the principal.
    pub fn decide_for_principal(&self, request: &Request<'_>) -> Decision {
        let names = |statement: &&Statement| {
            statement.principals.as_ref().is_some_and(|principals| principals.name(request.principal))
        };
        let named = self.statements.iter().filter(names).filter(|statement| statement.applies(request));
        named.map(Statement::effect).fold(Decision::ImplicitDeny, stronger)
    }

    /// What the policy of a resource says to a principal of the same account. An account that a statement allows only lets the
    /// principal's own policies decide; one that it denies is denied with all that are of it.
    ///
    /// Source: IAM User Guide, "AWS JSON policy elements: Principal", "AWS account principals".
    pub fn decide_within_account(&self, request: &Request<'_>) -> Decision {
        let names_itself = |statement: &&Statement| {
            statement.principals.as_ref().is_some_and(|principals| principals.name_itself(request.principal))
        };
        let mut naming = self.statements.iter().filter(|statement| statement.allow).filter(names_itself);
        match self.decide_for_principal(request) {
            Decision::Allowed if !naming.any(|statement| statement.applies(request)) => {
                Decision::ImplicitDeny
            }
            decision => decision,
        }
    }
}

fn stronger(one: Decision, other: Decision) -> Decision {
    match (one, other) {
        (Decision::ExplicitDeny, _) | (_, Decision::ExplicitDeny) => Decision::ExplicitDeny,
        (Decision::Allowed, _) | (_, Decision::Allowed) => Decision::Allowed,
        _ => Decision::ImplicitDeny,
    }
}

impl Statement {
    fn effect(&self) -> Decision {
        if self.allow { Decision::Allowed } else { Decision::ExplicitDeny }
    }

    fn applies(&self, request: &Request<'_>) -> bool {
        let action = request.action.to_ascii_lowercase();
        let resource = |pattern: &str| wild(&expand(pattern, request.context), request.resource);
        self.actions.match_any(|pattern| wild(&pattern.to_ascii_lowercase(), &action))
            && self.resources.as_ref().is_none_or(|resources| resources.match_any(resource))
            && self.conditions.iter().all(|condition| condition.holds(request.context))
    }
}

impl Patterns {
    fn match_any(&self, matches: impl Fn(&str) -> bool) -> bool {
        self.patterns.iter().any(|pattern| matches(pattern)) != self.inverted
    }
}

impl Principals {
    fn name(&self, principal: &Principal) -> bool {
        let named = self.anyone
            || match principal {
                Principal::Service(name) => self.services.contains(name),
                Principal::Aws(arn) => self.aws.iter().any(|named| names_arn(named, arn)),
            };
        named != self.inverted
    }

    /// Whether it names the principal itself, or anyone, and not only the principal's account.
    fn name_itself(&self, principal: &Principal) -> bool {
        match principal {
            Principal::Aws(arn) if !self.inverted => self.anyone || self.aws.contains(arn),
            _ => self.name(principal),
        }
    }
}

/// Whether `named` (an ARN, an account's root ARN or a bare account number) stands for `arn`.
fn names_arn(named: &str, arn: &str) -> bool {
    let account = arn.split(':').nth(4).unwrap_or_default();
    let root = named.strip_prefix("arn:aws:iam::").and_then(|rest| rest.strip_suffix(":root"));
    named == arn || root == Some(account) || named == account
}

/// What an operator does with a value of the policy and one of the request.
type Test = fn(&str, &str) -> bool;

const OPERATORS: &[(&str, Test, bool)] = &[
    ("StringEquals", |wanted, given| wanted == given, false),
    ("StringNotEquals", |wanted, given| wanted == given, true),
    ("StringEqualsIgnoreCase", |wanted, given| wanted.eq_ignore_ascii_case(given), false),
    ("StringNotEqualsIgnoreCase", |wanted, given| wanted.eq_ignore_ascii_case(given), true),
    ("StringLike", wild, false),
    ("StringNotLike", wild, true),
    ("ArnEquals", arn_like, false),
    ("ArnNotEquals", arn_like, true),
    ("ArnLike", arn_like, false),
    ("ArnNotLike", arn_like, true),
    ("Bool", |wanted, given| wanted.eq_ignore_ascii_case(given), false),
    ("NumericEquals", |wanted, given| number(wanted, given, |w, g| g == w), false),
    ("NumericNotEquals", |wanted, given| number(wanted, given, |w, g| g == w), true),
    ("NumericLessThan", |wanted, given| number(wanted, given, |w, g| g < w), false),
    ("NumericLessThanEquals", |wanted, given| number(wanted, given, |w, g| g <= w), false),
    ("NumericGreaterThan", |wanted, given| number(wanted, given, |w, g| g > w), false),
    ("NumericGreaterThanEquals", |wanted, given| number(wanted, given, |w, g| g >= w), false),
    ("DateEquals", |wanted, given| wanted == given, false),
    ("DateNotEquals", |wanted, given| wanted == given, true),
    ("DateLessThan", |wanted, given| given < wanted, false),
    ("DateLessThanEquals", |wanted, given| given <= wanted, false),
    ("DateGreaterThan", |wanted, given| given > wanted, false),
    ("DateGreaterThanEquals", |wanted, given| given >= wanted, false),
    ("IpAddress", in_block, false),
    ("NotIpAddress", in_block, true),
];

/// Whether `name` is a condition operator, with or without its quantifier and `IfExists`.
pub(super) fn is_operator(name: &str) -> bool {
    let (_, base, _) = parts(name);
    base == "Null" || OPERATORS.iter().any(|(operator, ..)| *operator == base)
}

/// The quantifier, the operator and whether `IfExists` follows.
fn parts(name: &str) -> (Option<&str>, &str, bool) {
    let (quantifier, rest) = match name.split_once(':') {
        Some((quantifier @ ("ForAllValues" | "ForAnyValue"), rest)) => (Some(quantifier), rest),
        _ => (None, name),
    };
    match rest.strip_suffix("IfExists") {
        Some(base) => (quantifier, base, true),
        None => (quantifier, rest, false),
    }
}

impl Condition {
    fn holds(&self, context: &Context) -> bool {
        let (quantifier, base, if_exists) = parts(&self.operator);
        let given = context.get(&self.key.to_ascii_lowercase()).map(Vec::as_slice).unwrap_or_default();
        if base == "Null" {
            return self.values.iter().any(|value| value == if given.is_empty() { "true" } else { "false" });
        }
        let Some((_, test, negated)) = OPERATORS.iter().find(|(operator, ..)| *operator == base) else {
            return false;
        };
        if given.is_empty() {
            return if_exists || *negated || quantifier == Some("ForAllValues");
        }
        let one = |given: &String| {
            self.values.iter().any(|wanted| test(&expand(wanted, context), given)) != *negated
        };
        match (quantifier, negated) {
            (Some("ForAllValues"), _) | (None, true) => given.iter().all(one),
            _ => given.iter().any(one),
        }
    }
}

/// Replaces `${key}` by the request's value of the key; `${*}`, `${?}` and `${$}` are those characters.
///
/// A variable without a value leaves its text, which then matches nothing an ARN or name can hold.
fn expand(pattern: &str, context: &Context) -> String {
    let mut expanded = String::with_capacity(pattern.len());
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, tail)) = after.split_once('}') else { break };
        expanded.push_str(before);
        match context.get(&name.to_ascii_lowercase()).and_then(|values| values.first()) {
            Some(value) => expanded.push_str(value),
            None if matches!(name, "*" | "?" | "$") => expanded.push_str(name),
            None => expanded.extend(["${", name, "}"]),
        }
        rest = tail;
    }
    expanded + rest
}

fn number(wanted: &str, given: &str, compare: fn(f64, f64) -> bool) -> bool {
    match (wanted.parse(), given.parse()) {
        (Ok(wanted), Ok(given)) => compare(wanted, given),
        _ => false,
    }
}

fn in_block(wanted: &str, given: &str) -> bool {
    let block = wanted.parse::<Cidr>().or_else(|_| wanted.parse().map(Cidr::host));
    match (block, given.parse()) {
        (Ok(block), Ok(address)) => block.contains(address),
        _ => false,
    }
}

/// ARNs match part by part, so that a `*` does not run over a colon; the last part is the rest.
fn arn_like(wanted: &str, given: &str) -> bool {
    let (mut wanted, mut given) = (wanted.splitn(6, ':'), given.splitn(6, ':'));
    loop {
        match (wanted.next(), given.next()) {
            (Some(wanted), Some(given)) if wild(wanted, given) => {}
            (None, None) => return true,
            _ => return false,
        }
    }
}

/// Whether `text` matches `pattern`, where `*` is any run of characters and `?` any one. Linear in memory, never exponential.
fn wild(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(&c) if c == '?' || c == text[t] => (p, t) = (p + 1, t + 1),
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    (p, t) = (at + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|&c| c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn within_an_account_either_policy_allows_and_across_accounts_both() {
        use Decision::{Allowed, ExplicitDeny, ImplicitDeny};
        for (own, boundary, of_resource, same, cross) in [
            (Allowed, Allowed, Allowed, true, true),
            (Allowed, Allowed, ImplicitDeny, true, false),
            (ImplicitDeny, Allowed, Allowed, true, false),
            (ImplicitDeny, Allowed, ImplicitDeny, false, false),
            (Allowed, Allowed, ExplicitDeny, false, false),
            (ExplicitDeny, Allowed, Allowed, false, false),
            (Allowed, ImplicitDeny, Allowed, false, false),
            (ImplicitDeny, ImplicitDeny, Allowed, false, false),
            (Allowed, ExplicitDeny, Allowed, false, false),
        ] {
            let found = [true, false].map(|is_same| own.allows_with(boundary, of_resource, is_same));
            assert_eq!(found, [same, cross], "{own:?} {boundary:?} {of_resource:?}");
        }
    }

    /// What the policy of a resource says to a role of another account and of its own.
    #[test]
    fn an_account_that_is_allowed_is_not_the_role_itself() {
        use Decision::{Allowed, ExplicitDeny, ImplicitDeny};
        const ROLE: &str = "arn:aws:iam::123456789012:role/r";
        let root = r#"{"AWS":"arn:aws:iam::123456789012:root"}"#;
        let itself = format!(r#"{{"AWS":["arn:aws:iam::123456789012:root","{ROLE}"]}}"#);
        for (effect, principal, decided, within_account) in [
            ("Allow", itself.as_str(), Allowed, Allowed),
            ("Allow", r#""*""#, Allowed, Allowed),
            ("Allow", root, Allowed, ImplicitDeny),
            ("Allow", r#"{"AWS":"123456789012"}"#, Allowed, ImplicitDeny),
            ("Allow", r#"{"AWS":"arn:aws:iam::123456789012:role/other"}"#, ImplicitDeny, ImplicitDeny),
            ("Deny", root, ExplicitDeny, ExplicitDeny),
        ] {
            let text = format!(
                r#"{{"Statement":{{"Effect":"{effect}","Principal":{principal},"Action":"s3:PutObject","Resource":"*"}}}}"#
            );
            let policy = PolicyDocument::parse(&text).expect("a policy");
            let (principal, context) = (Principal::Aws(ROLE.to_owned()), Context::new());
            let (action, resource) = ("s3:PutObject", "arn:aws:s3:::b/k");
            let request = Request { principal: &principal, action, resource, context: &context };
            let found = (policy.decide_for_principal(&request), policy.decide_within_account(&request));
            assert_eq!(found, (decided, within_account), "{text}");
        }
    }

    fn context(pairs: &[(&str, &str)]) -> Context {
        pairs.iter().map(|(key, value)| (key.to_ascii_lowercase(), vec![(*value).to_owned()])).collect()
    }

    #[track_caller]
    fn check(statements: &str, action: &str, resource: &str, keys: &[(&str, &str)], expected: Decision) {
        let policy = PolicyDocument::parse(&format!(r#"{{"Statement":[{statements}]}}"#)).expect(statements);
        let principal = Principal::Service("vpc-flow-logs.amazonaws.com".into());
        let request = Request { principal: &principal, action, resource, context: &context(keys) };
        assert_eq!(policy.decide(&request), expected, "{statements}");
    }

    const LOGS: &str =
        r#"{"Effect":"Allow","Action":["logs:Put*","logs:CreateLogStream"],"Resource":"arn:aws:logs:*:*:*"}"#;
    const GROUP: &str = "arn:aws:logs:us-east-1:123456789012:log-group:flows:log-stream:eni-1-all";

    #[test]
    fn an_allow_allows_and_the_rest_is_implicitly_denied() {
        check(LOGS, "logs:PutLogEvents", GROUP, &[], Decision::Allowed);
        check(LOGS, "LOGS:putlogevents", GROUP, &[], Decision::Allowed);
        check(LOGS, "logs:DeleteLogGroup", GROUP, &[], Decision::ImplicitDeny);
        check(LOGS, "logs:PutLogEvents", "arn:aws:s3:::bucket", &[], Decision::ImplicitDeny);
    }

    #[test]
    fn an_explicit_deny_wins_wherever_it_stands() {
        let deny = r#"{"Effect":"Deny","Action":"logs:*","Resource":"*"}"#;
        check(&format!("{LOGS},{deny}"), "logs:PutLogEvents", GROUP, &[], Decision::ExplicitDeny);
        check(&format!("{deny},{LOGS}"), "logs:PutLogEvents", GROUP, &[], Decision::ExplicitDeny);
    }

    #[test]
    fn not_action_and_not_resource_mean_everything_else() {
        let statement = r#"{"Effect":"Allow","NotAction":"iam:*","NotResource":"arn:aws:s3:::secret"}"#;
        check(statement, "s3:GetObject", "arn:aws:s3:::open", &[], Decision::Allowed);
        check(statement, "iam:CreateRole", "arn:aws:s3:::open", &[], Decision::ImplicitDeny);
        check(statement, "s3:GetObject", "arn:aws:s3:::secret", &[], Decision::ImplicitDeny);
    }

    #[track_caller]
    fn check_condition(condition: &str, keys: &[(&str, &str)], holds: bool) {
        let statement =
            format!(r#"{{"Effect":"Allow","Action":"*","Resource":"*","Condition":{condition}}}"#);
        let expected = if holds { Decision::Allowed } else { Decision::ImplicitDeny };
        check(&statement, "ec2:CreateVpc", "*", keys, expected);
    }

    #[test]
    fn conditions_need_every_operator_and_one_value_of_each_key() {
        let both = r#"{"StringEquals":{"aws:SourceAccount":["1","2"]},"ArnLike":{"aws:SourceArn":"arn:aws:ec2:*:2:vpc-flow-log/*"}}"#;
        let arn = ("aws:SourceArn", "arn:aws:ec2:us-east-1:2:vpc-flow-log/fl-1");
        check_condition(both, &[("aws:SourceAccount", "2"), arn], true);
        check_condition(both, &[("aws:SourceAccount", "3"), arn], false);
        check_condition(both, &[("aws:SourceAccount", "2")], false);
    }

    #[test]
    fn a_missing_key_fails_positive_and_satisfies_negated_operators() {
        check_condition(r#"{"StringEquals":{"k:a":"x"}}"#, &[], false);
        check_condition(r#"{"StringNotEquals":{"k:a":"x"}}"#, &[], true);
        check_condition(r#"{"StringEqualsIfExists":{"k:a":"x"}}"#, &[], true);
        check_condition(r#"{"StringEqualsIfExists":{"k:a":"x"}}"#, &[("k:a", "y")], false);
        check_condition(r#"{"Null":{"k:a":"true"}}"#, &[], true);
        check_condition(r#"{"Null":{"k:a":"true"}}"#, &[("k:a", "y")], false);
    }

    #[test]
    fn operators_compare_as_their_kind_demands() {
        check_condition(r#"{"NumericLessThan":{"k:n":"10"}}"#, &[("k:n", "9")], true);
        check_condition(r#"{"NumericLessThan":{"k:n":10}}"#, &[("k:n", "10")], false);
        check_condition(
            r#"{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}"#,
            &[("aws:SourceIp", "203.0.113.9")],
            true,
        );
        check_condition(
            r#"{"NotIpAddress":{"aws:SourceIp":"203.0.113.9"}}"#,
            &[("aws:SourceIp", "203.0.113.9")],
            false,
        );
        check_condition(
            r#"{"Bool":{"aws:SecureTransport":"true"}}"#,
            &[("aws:SecureTransport", "True")],
            true,
        );
        check_condition(
            r#"{"ArnLike":{"k:a":"arn:aws:ec2:*:vpc/*"}}"#,
            &[("k:a", "arn:aws:ec2:r:1:vpc/v")],
            false,
        );
        check_condition(r#"{"StringLike":{"k:a":"${k:b}-*"}}"#, &[("k:a", "x-1"), ("k:b", "x")], true);
    }

    #[test]
    fn wildcards_match_runs_and_single_characters() {
        let rows = [
            ("*", "", true),
            ("a*b*c", "axxbc", true),
            ("a?c", "ac", false),
            ("a?c", "abc", true),
            ("ab", "abc", false),
        ];
        for (pattern, text, expected) in rows {
            assert_eq!(wild(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn trust_needs_the_principal_by_name() {
        let trust = r#"{"Statement":{"Effect":"Allow","Principal":{"Service":"vpc-flow-logs.amazonaws.com","AWS":"123456789012"},"Action":"sts:AssumeRole"}}"#;
        let trust = PolicyDocument::parse(trust).expect("a trust policy");
        let decide = |principal: Principal| {
            let context = Context::new();
            trust.decide_for_principal(&Request {
                principal: &principal,
                action: "sts:AssumeRole",
                resource: "*",
                context: &context,
            })
        };
        assert_eq!(decide(Principal::Service("vpc-flow-logs.amazonaws.com".into())), Decision::Allowed);
        assert_eq!(decide(Principal::Service("ec2.amazonaws.com".into())), Decision::ImplicitDeny);
        assert_eq!(decide(Principal::Aws("arn:aws:iam::123456789012:user/a".into())), Decision::Allowed);
        assert_eq!(decide(Principal::Aws("arn:aws:iam::210987654321:user/a".into())), Decision::ImplicitDeny);
    }
}
