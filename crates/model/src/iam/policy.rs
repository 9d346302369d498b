//! Policy documents: JSON read once into statements; malformed ones are refused when they are stored.
//!
//! Source: IAM User Guide, "Grammar of the IAM JSON policy language".

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A policy document: its text as given, and what it means.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyDocument {
    text: String,
    pub(super) statements: Vec<Statement>,
}

/// One statement of a policy.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Statement {
    pub allow: bool,
    pub principals: Option<Principals>,
    pub actions: Patterns,
    pub resources: Option<Patterns>,
    pub conditions: Vec<Condition>,
}

/// Patterns that are meant, or everything but them.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Patterns {
    pub patterns: Vec<String>,
    pub inverted: bool,
}

/// The principals that a statement names.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Principals {
    pub anyone: bool,
    pub aws: Vec<String>,
    pub services: Vec<String>,
    pub inverted: bool,
}

/// One operator with one key and its values.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Condition {
    pub operator: String,
    pub key: String,
    pub values: Vec<String>,
}

/// Why a text is not a policy document.
pub type Malformed = String;

impl PolicyDocument {
    /// Reads a policy document.
    ///
    /// # Errors
    /// It is not JSON, or not the grammar of policies; the message is AWS's where one is known.
    pub fn parse(text: &str) -> Result<PolicyDocument, Malformed> {
        let root: Value = serde_json::from_str(text).map_err(|_| "Syntax errors in policy.".to_owned())?;
        let root = root.as_object().ok_or("Syntax errors in policy.")?;
        check_members(root, &["Version", "Id", "Statement"])?;
        match root.get("Version").map(Value::as_str) {
            None | Some(Some("2012-10-17" | "2008-10-17")) => {}
            Some(_) => return Err("Policy document must be version 2012-10-17 or greater.".into()),
        }
        let statements = match root.get("Statement").ok_or("Missing required field Statement")? {
            Value::Array(list) => list.iter().map(statement).collect::<Result<Vec<_>, _>>()?,
            one => vec![statement(one)?],
        };
        if statements.is_empty() {
            return Err("Missing required field Statement cannot be empty!".into());
        }
        Ok(PolicyDocument { text: text.to_owned(), statements })
    }

    /// The document as it was given.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Refuses what an identity policy may not have: a principal, or a statement without resource.
    ///
    /// # Errors
    /// The reason, in AWS's words.
    pub fn check_identity(&self) -> Result<(), Malformed> {
        if self.statements.iter().any(|statement| statement.principals.is_some()) {
            return Err("Policy document should not specify a principal.".into());
        }
        if self.statements.iter().any(|statement| statement.resources.is_none()) {
            return Err("Policy statement must contain resources.".into());
        }
        Ok(())
    }

    /// Refuses what the policy of a resource may not have: a statement without principal.
    ///
    /// # Errors
    /// The reason, in AWS's words.
    pub fn check_resource(&self) -> Result<(), Malformed> {
        match self.statements.iter().all(|statement| statement.principals.is_some()) {
            true => Ok(()),
            false => Err("Missing required field Principal".into()),
        }
    }

    /// The keys that its conditions ask for, as they are written.
    pub fn condition_keys(&self) -> impl Iterator<Item = &str> {
        let conditions = self.statements.iter().flat_map(|statement| &statement.conditions);
        conditions.map(|condition| condition.key.as_str())
    }

    /// Whether every resource that it names satisfies `is_one`; a statement that names none does not.
    pub fn resources_are(&self, is_one: impl Fn(&str) -> bool) -> bool {
        let mut resources = self.statements.iter().map(|statement| statement.resources.as_ref());
        resources.all(|resources| {
            resources.is_some_and(|resources| resources.patterns.iter().all(|one| is_one(one)))
        })
    }

    /// Whether it lets the public in: a statement allows anyone, and no condition holds that to fixed values of who or where.
    ///
    /// Source: Amazon S3 User Guide, "Blocking public access to your Amazon S3 storage", "The meaning of "public"".
    pub fn is_public(&self) -> bool {
        let is_open =
            |principals: &Principals| principals.anyone != principals.inverted || principals.inverted;
        let mut allowing = self.statements.iter().filter(|statement| statement.allow);
        allowing.any(|statement| {
            statement.principals.as_ref().is_some_and(is_open)
                && !statement.conditions.iter().any(Condition::is_fixed)
        })
    }

    /// Refuses what a trust policy may not have: a statement without principal, or with a resource.
    ///
    /// # Errors
    /// The reason, in AWS's words.
    pub fn check_trust(&self) -> Result<(), Malformed> {
        if self.statements.iter().any(|statement| statement.principals.is_none()) {
            return Err("Missing required field Principal".into());
        }
        if self.statements.iter().any(|statement| statement.resources.is_some()) {
            return Err("Has prohibited field Resource".into());
        }
        Ok(())
    }
}

impl Condition {
    /// Whether it holds a statement to fixed values of who asks or from where: a positive operator, no wildcard and no
    /// variable, and no block of addresses that is nearly all of them.
    fn is_fixed(&self) -> bool {
        const KEYS: [&str; 14] = [
            "aws:sourcearn",
            "aws:sourcevpc",
            "aws:sourcevpce",
            "aws:sourceaccount",
            "aws:sourceorgid",
            "aws:sourceowner",
            "aws:sourceip",
            "aws:userid",
            "aws:principalaccount",
            "aws:principalarn",
            "aws:principalorgid",
            "aws:principalorgpaths",
            "s3:dataaccesspointarn",
            "s3:dataaccesspointaccount",
        ];
        let is_positive = !self.operator.contains("Not") && !self.operator.ends_with("IfExists");
        let is_wide =
            |value: &String| value.contains(['*', '?']) && !value.starts_with("arn:") || value.contains("${");
        let is_everywhere = |value: &String| {
            let bits = value.rsplit_once('/').and_then(|(_, bits)| bits.parse::<u8>().ok());
            self.key.eq_ignore_ascii_case("aws:sourceip") && bits.is_some_and(|bits| bits < 8)
        };
        is_positive
            && KEYS.iter().any(|key| self.key.eq_ignore_ascii_case(key))
            && !self.values.iter().any(|value| is_wide(value) || is_everywhere(value))
    }
}

impl Serialize for PolicyDocument {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for PolicyDocument {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        PolicyDocument::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

fn check_members(object: &Map<String, Value>, known: &[&str]) -> Result<(), Malformed> {
    match object.keys().find(|key| !known.contains(&key.as_str())) {
        Some(_) => Err("Syntax errors in policy.".into()),
        None => Ok(()),
    }
}

fn statement(value: &Value) -> Result<Statement, Malformed> {
    const MEMBERS: [&str; 9] = [
        "Sid",
        "Effect",
        "Principal",
        "NotPrincipal",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
    ];
    let object = value.as_object().ok_or("Syntax errors in policy.")?;
    check_members(object, &MEMBERS)?;
    let allow = match object.get("Effect").and_then(Value::as_str) {
        Some("Allow") => true,
        Some("Deny") => false,
        Some(other) => return Err(format!("Invalid effect: {other}")),
        None => return Err("Missing required field Effect".into()),
    };
    let actions = patterns(object, "Action", "NotAction")?.ok_or("Missing required field Action")?;
    check_actions(&actions)?;
    Ok(Statement {
        allow,
        principals: principals(object)?,
        actions,
        resources: patterns(object, "Resource", "NotResource")?,
        conditions: conditions(object.get("Condition"))?,
    })
}

fn check_actions(actions: &Patterns) -> Result<(), Malformed> {
    match actions.patterns.iter().find(|action| *action != "*" && !action.contains(':')) {
        Some(_) => Err("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.".into()),
        None => Ok(()),
    }
}

fn patterns(object: &Map<String, Value>, plain: &str, not: &str) -> Result<Option<Patterns>, Malformed> {
    let (value, inverted) = match (object.get(plain), object.get(not)) {
        (Some(_), Some(_)) => return Err(format!("Statement/policy already has instance of {plain}")),
        (Some(value), None) => (value, false),
        (None, Some(value)) => (value, true),
        (None, None) => return Ok(None),
    };
    let patterns = strings(value)?;
    if patterns.is_empty() {
        return Err(format!("Policy statement must contain {}s.", plain.to_lowercase()));
    }
    Ok(Some(Patterns { patterns, inverted }))
}

fn principals(object: &Map<String, Value>) -> Result<Option<Principals>, Malformed> {
    let (value, inverted) = match (object.get("Principal"), object.get("NotPrincipal")) {
        (Some(value), None) => (value, false),
        (None, Some(value)) => (value, true),
        (None, None) => return Ok(None),
        (Some(_), Some(_)) => return Err("Statement/policy already has instance of Principal".into()),
    };
    let mut principals = Principals { anyone: false, aws: vec![], services: vec![], inverted };
    match value {
        Value::String(star) if star == "*" => principals.anyone = true,
        Value::Object(kinds) => {
            for (kind, value) in kinds {
                let names = strings(value)?;
                match kind.as_str() {
                    "AWS" => principals.aws.extend(names),
                    "Service" => principals.services.extend(names),
                    "Federated" | "CanonicalUser" => {}
                    _ => return Err(format!("Unknown principal type: {kind}")),
                }
            }
        }
        _ => return Err("Invalid principal in policy".into()),
    }
    principals.anyone |= principals.aws.iter().any(|name| name == "*");
    Ok(Some(principals))
}

fn conditions(value: Option<&Value>) -> Result<Vec<Condition>, Malformed> {
    let Some(value) = value else { return Ok(vec![]) };
    let mut conditions = vec![];
    for (operator, keys) in value.as_object().ok_or("Syntax errors in policy.")? {
        if !super::evaluate::is_operator(operator) {
            return Err(format!("Invalid Condition type : {operator}"));
        }
        for (key, values) in keys.as_object().ok_or("Syntax errors in policy.")? {
            conditions.push(Condition {
                operator: operator.clone(),
                key: key.clone(),
                values: strings(values)?,
            });
        }
    }
    Ok(conditions)
}

/// One string, or a list of them; numbers and booleans count as their text.
fn strings(value: &Value) -> Result<Vec<String>, Malformed> {
    let one = |value: &Value| match value {
        Value::String(text) => Ok(text.clone()),
        Value::Bool(_) | Value::Number(_) => Ok(value.to_string()),
        _ => Err("Syntax errors in policy.".to_owned()),
    };
    match value {
        Value::Array(list) => list.iter().map(one).collect(),
        value => Ok(vec![one(value)?]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, malformed: Option<&str>) {
        assert_eq!(PolicyDocument::parse(text).err().as_deref(), malformed, "{text}");
    }

    #[test]
    fn what_is_not_a_policy_is_refused() {
        check("", Some("Syntax errors in policy."));
        check("[]", Some("Syntax errors in policy."));
        check(r#"{"Statement":[]}"#, Some("Missing required field Statement cannot be empty!"));
        check(r#"{"Version":"2012-10-17"}"#, Some("Missing required field Statement"));
        check(r#"{"Statement":{"Effect":"Allow"}}"#, Some("Missing required field Action"));
        check(r#"{"Statement":{"Effect":"Perhaps","Action":"*"}}"#, Some("Invalid effect: Perhaps"));
        check(r#"{"Statement":{"Effect":"Allow","Action":"*","Extra":1}}"#, Some("Syntax errors in policy."));
        check(
            r#"{"Statement":{"Effect":"Allow","Action":"PutLogEvents","Resource":"*"}}"#,
            Some("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."),
        );
        check(
            r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Equals":{"a":"b"}}}}"#,
            Some("Invalid Condition type : Equals"),
        );
    }

    #[test]
    fn trust_and_identity_policies_differ_in_principal_and_resource() {
        let trust = r#"{"Statement":{"Effect":"Allow","Principal":{"Service":"a.amazonaws.com"},"Action":"sts:AssumeRole"}}"#;
        let trust = PolicyDocument::parse(trust).expect("a trust policy");
        assert_eq!(trust.check_trust(), Ok(()));
        assert_eq!(
            trust.check_identity().err().as_deref(),
            Some("Policy document should not specify a principal.")
        );
        let identity =
            PolicyDocument::parse(r#"{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}"#);
        let identity = identity.expect("an identity policy");
        assert_eq!(identity.check_identity(), Ok(()));
        assert_eq!(identity.check_trust().err().as_deref(), Some("Missing required field Principal"));
    }

    #[test]
    fn the_text_comes_back_as_given() {
        let text = "{ \"Statement\" : {\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"} }";
        let document = PolicyDocument::parse(text).expect("a policy");
        let stored = serde_json::to_string(&document).expect("plain data");
        assert_eq!(serde_json::from_str::<PolicyDocument>(&stored).expect("a policy").text(), text);
    }
}
