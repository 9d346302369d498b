//! Names and ARNs of groups and streams.
//!
//! A group is named by its name, or, where a member is called an identifier, also by its ARN without `:*` at the end.
//! Source: CloudWatch Logs API Reference, `logGroupName`, `logGroupIdentifier`, `logStreamName`.

use crate::logs::check::{constraint, invalid, length};
use crate::operation::{Context, Error};
use weir_model::Scope;
use weir_store::{Group, GroupKey};

/// Longest name of a group or stream in characters.
pub const NAME_CHARS_MAX: usize = 512;
const IDENTIFIER_CHARS_MAX: usize = 2048;

/// A group's name that is well formed.
///
/// # Errors
/// `InvalidParameterException`.
pub fn group<'a>(name: &'a str, member: &str) -> Result<&'a str, Error> {
    check_length(name, member)?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._-/#".contains(c);
    if !name.chars().all(allowed) {
        return Err(constraint(name, member, r"satisfy regular expression pattern: [\.\-_/#A-Za-z0-9]+"));
    }
    Ok(name)
}

/// A stream's name that is well formed.
///
/// # Errors
/// `InvalidParameterException`.
pub fn stream<'a>(name: &'a str, member: &str) -> Result<&'a str, Error> {
    check_length(name, member)?;
    if name.contains([':', '*']) {
        return Err(constraint(name, member, "satisfy regular expression pattern: [^:*]*"));
    }
    Ok(name)
}

/// The sentence for what is too long is the one that CreateLogGroup and DeleteMetricFilter give.
fn check_length(name: &str, member: &str) -> Result<(), Error> {
    if name.chars().count() > NAME_CHARS_MAX {
        return Err(invalid(format!(
            "Invalid LogGroup or LogStream, both must have length less than or equal to {NAME_CHARS_MAX}."
        )));
    }
    length(name, member, 1..=NAME_CHARS_MAX)
}

/// The key of the caller's group of that name.
pub fn key(scope: Scope, name: &str) -> GroupKey {
    GroupKey::new(scope.account.to_string(), scope.region.to_string(), name)
}

/// A group's ARN without `:*`.
pub fn arn(key: &GroupKey) -> String {
    format!("arn:aws:logs:{}:{}:log-group:{}", key.region, key.account, key.name)
}

/// What `@log` of a group's events says: `123456789012:/vpc/flow-logs`.
pub fn log(key: &GroupKey) -> String {
    format!("{}:{}", key.account, key.name)
}

impl Context<'_> {
    /// The caller's group of that name.
    ///
    /// # Errors
    /// A name that is malformed, or that no group has.
    pub fn log_group(&self, given: &str, member: &str) -> Result<Group, Error> {
        let key = key(self.scope, group(given, member)?);
        self.logs.group(&key).ok_or_else(|| weir_store::Refused::NoGroup.into())
    }

    /// The caller's group that exactly one of `logGroupName` and `logGroupIdentifier` names.
    ///
    /// # Errors
    /// Both or none given, a malformed one, or one that no group has.
    pub fn log_group_by(&self, name: Option<&str>, identifier: Option<&str>) -> Result<Group, Error> {
        match (name, identifier) {
            (Some(name), None) => self.log_group(name, "logGroupName"),
            (None, Some(identifier)) => self.identified_group(identifier, "logGroupIdentifier"),
            // As DescribeLogStreams answers.
            (Some(_), Some(_)) => Err(Error::new(
                "ValidationException",
                "LogGroup name and LogGroup ARN are mutually exclusive parameters.",
            )),
            (None, None) => Err(invalid("Either logGroupName or logGroupIdentifier must be specified.")),
        }
    }

    /// The caller's group with that name or ARN.
    ///
    /// # Errors
    /// A malformed identifier, or one that no group has.
    pub fn identified_group(&self, identifier: &str, member: &str) -> Result<Group, Error> {
        length(identifier, member, 1..=IDENTIFIER_CHARS_MAX)?;
        let Some(rest) = identifier.strip_prefix("arn:") else { return self.log_group(identifier, member) };
        let allowed = |c: char| c.is_ascii_alphanumeric() || "_#+=/:,.@-".contains(c);
        if !identifier.chars().all(allowed) {
            return Err(constraint(
                identifier,
                member,
                r"satisfy regular expression pattern: [\w#+=/:,.@-]*",
            ));
        }
        let parts: Vec<&str> = rest.splitn(6, ':').collect();
        let [_, "logs", region, account, "log-group", name] = parts[..] else {
            return Err(invalid("The specified log group identifier is not the ARN of a log group."));
        };
        let key = key(self.scope, group(name, member)?);
        let group = self.logs.group(&key).filter(|_| key.region == region && key.account == account);
        group.ok_or_else(|| weir_store::Refused::NoGroup.into())
    }
}
