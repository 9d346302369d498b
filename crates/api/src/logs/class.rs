//! Log classes: what a group of each can do.
//!
//! Assumptions: groups of class DELIVERY are read as little as those of class INFREQUENT_ACCESS, and by no query, keep their
//! events for one day, and nothing changes that; only those of class STANDARD have metric filters and Live Tail.
//! Source: CloudWatch Logs API Reference, `logGroupClass`; the sentences are as clients have reported them for
//! FilterLogEvents and DescribeSubscriptionFilters.

use crate::logs::check::{constraint, invalid};
use crate::logs::queries::Language;
use crate::operation::Error;
use weir_insights::{Plan, QueryError, QueryErrorKind, Span};
use weir_store::{Class, Group};

/// For how many days groups of class DELIVERY keep events.
pub const DELIVERY_DAYS: u32 = 1;

/// All of a query's text.
const WHOLE: Span = Span { start: 0, end: usize::MAX };

const CLASSES: [(Class, &str); 4] = [
    (Class::Standard, "STANDARD"),
    (Class::InfrequentAccess, "INFREQUENT_ACCESS"),
    (Class::Delivery, "DELIVERY"),
    (Class::Essentials, "ESSENTIALS"),
];

/// The class of that name.
///
/// # Errors
/// `InvalidParameterException`.
pub fn parse(given: &str) -> Result<Class, Error> {
    let found = CLASSES.iter().find(|(_, name)| *name == given).map(|(class, _)| *class);
    let names = CLASSES.map(|(_, name)| name).join(", ");
    found.ok_or_else(|| constraint(given, "logGroupClass", &format!("satisfy enum value set: [{names}]")))
}

/// What AWS calls a class.
pub fn name(class: Class) -> &'static str {
    CLASSES.iter().find(|(known, _)| *known == class).map_or("STANDARD", |(_, name)| name)
}

/// Refuses a group whose events `operation` does not read.
///
/// # Errors
/// `InvalidOperationException`.
pub fn check_readable(group: &Group, operation: &str) -> Result<(), Error> {
    match group.class {
        Class::Standard | Class::Essentials => Ok(()),
        Class::InfrequentAccess | Class::Delivery => Err(unsupported(group, operation)),
    }
}

/// Refuses a group that has no Live Tail.
///
/// # Errors
/// `InvalidOperationException`.
pub fn check_tailed(group: &Group, operation: &str) -> Result<(), Error> {
    if group.class == Class::Standard { Ok(()) } else { Err(unsupported(group, operation)) }
}

/// Refuses a group that has no filters.
///
/// # Errors
/// `ValidationException`.
pub fn check_filtered(group: &Group) -> Result<(), Error> {
    let message = "This operation is only supported on the Standard log class.";
    if group.class == Class::Standard { Ok(()) } else { Err(Error::new("ValidationException", message)) }
}

/// Refuses a query over a group of class DELIVERY.
///
/// Source: CloudWatch Logs API Reference, CreateLogGroup, `logGroupClass`; the sentence is as for other operations.
///
/// # Errors
/// `InvalidOperationException`.
pub fn check_queried<'a>(groups: impl IntoIterator<Item = &'a Group>) -> Result<(), Error> {
    match groups.into_iter().find(|group| group.class == Class::Delivery) {
        Some(group) => Err(unsupported(group, "StartQuery")),
        None => Ok(()),
    }
}

/// Refuses a query in a language that only groups of class STANDARD have, over any other.
///
/// Assumption: the refusal is a malformed query's, over the whole text.
/// Source: CloudWatch Logs User Guide, "OpenSearch Piped Processing Language (PPL)" and "OpenSearch Structured Query Language
/// (SQL)" (read 2026-11).
pub fn check_language<'a>(
    language: Language,
    groups: impl IntoIterator<Item = &'a Group>,
) -> Result<(), QueryError> {
    if language == Language::Insights || groups.into_iter().all(|group| group.class == Class::Standard) {
        return Ok(());
    }
    let rule = "is supported for log groups of class STANDARD only";
    let kind = QueryErrorKind::Misplaced { command: language.name(), rule };
    Err(QueryError { span: WHOLE, kind })
}

/// Most `stats` of a query over groups of class INFREQUENT_ACCESS: an assumption.
const INFREQUENT_STATS_MAX: usize = 2;

/// Refuses a query with commands that groups of class INFREQUENT_ACCESS do not have, if it reads one; each query within it
/// by the groups that it reads itself, `inputs`.
///
/// Assumptions: the refusal is a malformed query's, where the command is; groups of class ESSENTIALS, which newer pages call
/// the former INFREQUENT_ACCESS, and of class DELIVERY have no more commands.
/// Source: CloudWatch Logs User Guide, "Logs Insights QL commands supported in log classes": all but `pattern`, `diff`,
/// `filterIndex` and `unmask`; for `anomaly`, the table of commands in AWS's agent toolkit (read 2026-11).
pub fn check_query(plan: &Plan, groups: &[Group], inputs: &[Vec<Group>]) -> Result<(), QueryError> {
    let within = plan.inputs.iter().map(|input| &input.plan).zip(inputs.iter().map(Vec::as_slice));
    for (plan, groups) in std::iter::once((plan, groups)).chain(within) {
        let Some(group) = groups.iter().find(|group| group.class != Class::Standard) else { continue };
        let (stats, missing): (Vec<_>, Vec<_>) =
            plan.limited.iter().partition(|(command, _)| *command == "stats");
        if let Some((command, span)) = missing.first() {
            let kind = QueryErrorKind::NotOfClass { command, class: name(group.class) };
            return Err(QueryError { span: *span, kind });
        }
        if let Some((command, span)) = stats.get(INFREQUENT_STATS_MAX) {
            let kind = QueryErrorKind::TooMany { command, max: INFREQUENT_STATS_MAX };
            return Err(QueryError { span: *span, kind });
        }
    }
    Ok(())
}

/// Refuses a group whose retention is its class's.
///
/// # Errors
/// `InvalidParameterException`.
pub fn check_retention(group: &Group) -> Result<(), Error> {
    match group.class {
        Class::Delivery => Err(invalid("The retention of log groups of class DELIVERY cannot be changed.")),
        _ => Ok(()),
    }
}

fn unsupported(group: &Group, operation: &str) -> Error {
    let (group, class) = (&group.key.name, name(group.class));
    let message = format!(
        "The log group {group} is of log-group-class {class}. {operation} is not supported for this log class."
    );
    Error::new("InvalidOperationException", message)
}
