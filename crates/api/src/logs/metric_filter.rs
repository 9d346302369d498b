//! Metric filters: they make metrics of the events that come into a group.
//!
//! A value is counted in the minute of the event's time. An event that does not match counts as the default value, if there is
//! one, in a minute in which no event matches.
//!
//! Assumptions: an event counts at its own time, not at that of its arrival; one whose value is no number, or that lacks
//! a dimension or has only blanks there, does not count; a filter that is replaced keeps its creation time.
//! Source: CloudWatch Logs API Reference, PutMetricFilter, DescribeMetricFilters, DeleteMetricFilter, TestMetricFilter;
//! User Guide, "Creating metrics from log events using filters"; CloudWatch API Reference, Dimension: a value has at least one
//! character that is no blank.

use crate::logs::check::{constraint, invalid, length, number};
use crate::logs::class;
use crate::logs::group::{last_of, token_after};
use crate::logs::name;
use crate::logs::pattern::{self, Found, Number, Pattern};
use crate::logs::state::Events;
use crate::monitoring::metric::{Dimensions, Measured, Metric, UNITS};
use crate::operation::{Context, Error, Operation};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use weir_model::table::{Resource, Table};
use weir_model::{Change, Scope, Timestamp};

/// Most metric filters of a group.
pub const FILTERS_MAX: usize = 100;
/// Most filters of a group that have regular expressions.
pub const EXPRESSION_FILTERS_MAX: usize = 5;
const DIMENSIONS_MAX: usize = 3;
const NAME_CHARS_MAX: usize = 255;
const VALUE_CHARS_MAX: usize = 100;
const MESSAGES_MAX: usize = 50;
const PAGE: i64 = 50;

/// A metric filter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricFilter {
    scope: Scope,
    log_group: String,
    name: String,
    pattern: String,
    transformation: MetricTransformation,
    is_for_transformed: bool,
    created: Timestamp,
}

/// What a filter makes of an event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct MetricTransformation {
    metric_name: String,
    metric_namespace: String,
    metric_value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_value: Option<f64>,
    #[serde(default, skip_serializing_if = "Dimensions::is_empty")]
    dimensions: Dimensions,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
}

impl Resource for MetricFilter {
    type Key = String;
    const KIND: &'static str = "metric-filter";
    fn key(&self) -> String {
        key(self.scope, &self.log_group, &self.name)
    }
}

/// Neither regions nor names of groups and filters have a colon.
fn key(scope: Scope, log_group: &str, name: &str) -> String {
    format!("{}:{}:{log_group}:{name}", scope.account, scope.region)
}

/// All metric filters.
#[derive(Default)]
pub struct MetricFilters {
    table: Table<MetricFilter>,
    /// The filters of each group that has taken events since the table was as it is, ready for use.
    ready: BTreeMap<(Scope, String), Vec<Ready>>,
    /// The state of the table that `ready` was made of.
    version: u64,
}

/// A filter ready for use.
struct Ready {
    pattern: Pattern,
    transformation: MetricTransformation,
}

impl MetricFilters {
    /// The filters of a group by name.
    pub fn of<'a>(&'a self, scope: Scope, log_group: &'a str) -> impl Iterator<Item = &'a MetricFilter> {
        self.table.iter().filter(move |filter| filter.scope == scope && filter.log_group == log_group)
    }

    /// What the filters of a group make of events.
    pub fn measure(&mut self, scope: Scope, log_group: &str, events: Events<'_>) -> Vec<Measured> {
        if self.table.is_empty() {
            return vec![];
        }
        if self.version != self.table.version() {
            self.ready.clear();
            self.version = self.table.version();
        }
        let group = (scope, log_group.to_owned());
        if !self.ready.contains_key(&group) {
            let ready = self.of(scope, log_group).filter_map(MetricFilter::ready).collect();
            self.ready.insert(group.clone(), ready);
        }
        let filters = self.ready.get(&group).into_iter().flatten();
        filters.flat_map(|filter| events.iter().filter_map(|event| filter.measure(event))).collect()
    }

    /// Takes out the filters of a group that is gone.
    pub fn remove_group(&mut self, scope: Scope, log_group: &str) {
        let keys: Vec<String> = self.of(scope, log_group).map(MetricFilter::key).collect();
        keys.iter().for_each(|key| drop(self.table.remove(key)));
    }

    /// Puts back a filter read from disk. `Ok(false)` if it is of another kind.
    ///
    /// # Errors
    /// The text is not a filter.
    pub fn restore(&mut self, kind: &str, body: &str) -> Result<bool, serde_json::Error> {
        let is_one = kind == MetricFilter::KIND;
        if is_one {
            self.table.restore(body)?;
        }
        Ok(is_one)
    }

    /// Moves what changed since the last call to `out`.
    pub fn drain_changes(&mut self, out: &mut Vec<Change>) {
        self.table.drain_changes(out);
    }
}

impl MetricFilter {
    /// `None` if the pattern, which was read when the filter was put, is none any more.
    fn ready(&self) -> Option<Ready> {
        let pattern = Pattern::parse(&self.pattern).ok()?;
        Some(Ready { pattern, transformation: self.transformation.clone() })
    }

    fn has_expression(&self) -> bool {
        Pattern::parse(&self.pattern).is_ok_and(|pattern| pattern.has_expression())
    }
}

impl Ready {
    fn measure(&self, (time_ms, message): &(i64, &str)) -> Option<Measured> {
        let transformation = &self.transformation;
        let (value, dimensions, is_default) = match self.pattern.find(message) {
            Some(found) => {
                let value = value_of(&transformation.metric_value, &found)?;
                (value, dimensions_of(&transformation.dimensions, &found)?, false)
            }
            None => (transformation.default_value?, Dimensions::new(), true),
        };
        let metric = Metric {
            namespace: transformation.metric_namespace.clone(),
            name: transformation.metric_name.clone(),
            dimensions,
        };
        let unit = transformation.unit.clone().unwrap_or_else(|| "None".to_owned());
        Some(Measured { metric, time_ms: *time_ms, value, is_default, unit })
    }
}

fn value_of(metric_value: &str, found: &Found) -> Option<f64> {
    match metric_value.starts_with('$') {
        true => Number::parse(&found.value(metric_value)?).map(Number::real),
        false => Number::parse(metric_value).map(Number::real),
    }
}

fn dimensions_of(selectors: &Dimensions, found: &Found) -> Option<Dimensions> {
    let value = |selector| found.value(selector).filter(|value| !value.trim().is_empty());
    selectors.iter().map(|(name, selector)| Some((name.clone(), value(selector)?))).collect()
}

/// Makes a metric filter, or replaces the one of that name.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PutMetricFilter {
    log_group_name: String,
    filter_name: String,
    filter_pattern: String,
    metric_transformations: Vec<MetricTransformation>,
    /// Shown, and without effect: no group has a transformer.
    apply_on_transformed_logs: Option<bool>,
}

impl Operation for PutMetricFilter {
    type Response = ();
    const WITHOUT_EFFECT: &'static [&'static str] = &["applyOnTransformedLogs"];

    fn run(self, cx: &mut Context<'_>) -> Result<(), Error> {
        name::stream(&self.filter_name, "filterName")?;
        let pattern = parse(&self.filter_pattern)?;
        let transformation = self.transformation()?;
        transformation.check(&pattern)?;
        let group = cx.log_group(&self.log_group_name, "logGroupName")?;
        class::check_filtered(&group)?;
        let filters = &mut cx.log_state.filters;
        let key = key(cx.scope, &self.log_group_name, &self.filter_name);
        let others =
            || filters.of(cx.scope, &self.log_group_name).filter(|other| other.name != self.filter_name);
        let is_one_too_many = others().count() >= FILTERS_MAX
            || (pattern.has_expression()
                && others().filter(|other| other.has_expression()).count() >= EXPRESSION_FILTERS_MAX);
        if is_one_too_many {
            return Err(Error::new("LimitExceededException", "Resource limit exceeded."));
        }
        let created = filters.table.get(&key).map_or(cx.now, |known| known.created);
        filters.table.insert(MetricFilter {
            scope: cx.scope,
            log_group: self.log_group_name,
            name: self.filter_name,
            pattern: self.filter_pattern,
            transformation,
            is_for_transformed: self.apply_on_transformed_logs.unwrap_or(false),
            created,
        });
        Ok(())
    }
}

fn parse(text: &str) -> Result<Pattern, Error> {
    length(text, "filterPattern", 0..=pattern::CHARS_MAX)?;
    Ok(Pattern::parse(text)?)
}

impl PutMetricFilter {
    fn transformation(&self) -> Result<MetricTransformation, Error> {
        match &self.metric_transformations[..] {
            [one] => Ok(one.clone()),
            given => {
                let given = format!("[{} transformations]", given.len());
                Err(constraint(given, "metricTransformations", "have length equal to 1"))
            }
        }
    }
}

impl MetricTransformation {
    fn check(&self, pattern: &Pattern) -> Result<(), Error> {
        for (text, member) in [(&self.metric_name, "metricName"), (&self.metric_namespace, "metricNamespace")]
        {
            let member = format!("metricTransformations.1.member.{member}");
            length(text, &member, 1..=NAME_CHARS_MAX)?;
            if text.contains([':', '*', '$']) {
                return Err(constraint(text, &member, "satisfy regular expression pattern: [^:*$]*"));
            }
        }
        length(&self.metric_value, "metricTransformations.1.member.metricValue", 1..=VALUE_CHARS_MAX)?;
        let is_value = match self.metric_value.starts_with('$') {
            true => pattern.can_select(&self.metric_value),
            false => Number::parse(&self.metric_value).is_some(),
        };
        if !is_value {
            return Err(transformation(
                "the metric value must be a number, or begin with $ and name a field of the filter pattern",
            ));
        }
        if let Some(unit) = self.unit.as_deref().filter(|unit| !UNITS.contains(unit)) {
            let rule = format!("satisfy enum value set: [{}]", UNITS.join(", "));
            return Err(constraint(unit, "metricTransformations.1.member.unit", &rule));
        }
        if self.dimensions.is_empty() { Ok(()) } else { self.check_dimensions(pattern) }
    }

    fn check_dimensions(&self, pattern: &Pattern) -> Result<(), Error> {
        if !pattern.has_values() {
            return Err(invalid("The specified filter pattern does not support dimensions"));
        }
        if self.default_value.is_some() {
            return Err(transformation("dimensions and default value are mutually exclusive properties"));
        }
        if self.dimensions.len() > DIMENSIONS_MAX {
            return Err(transformation("a metric can have no more than 3 dimensions"));
        }
        for (name, selector) in &self.dimensions {
            length(name, "metricTransformations.1.member.dimensions", 1..=NAME_CHARS_MAX)?;
            if !pattern.can_select(selector) {
                return Err(transformation(
                    "the value of a dimension must begin with $ and name a field of the filter pattern",
                ));
            }
        }
        Ok(())
    }
}

/// The beginning is AWS's, as reported for dimensions beside a default value.
fn transformation(wrong: &str) -> Error {
    invalid(format!("Invalid metric transformation: {wrong}"))
}

/// Deletes a metric filter. What it has counted stays.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeleteMetricFilter {
    log_group_name: String,
    filter_name: String,
}

impl Operation for DeleteMetricFilter {
    type Response = ();

    fn run(self, cx: &mut Context<'_>) -> Result<(), Error> {
        name::stream(&self.filter_name, "filterName")?;
        let group = cx.log_group(&self.log_group_name, "logGroupName")?;
        let removed = cx.log_state.filters.table.remove(&key(cx.scope, &group.key.name, &self.filter_name));
        let missing =
            || Error::new("ResourceNotFoundException", "The specified metric filter does not exist.");
        removed.map(drop).ok_or_else(missing)
    }
}

/// Lists metric filters by name, those of a group, of a metric, or whose name begins so.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DescribeMetricFilters {
    log_group_name: Option<String>,
    filter_name_prefix: Option<String>,
    next_token: Option<String>,
    limit: Option<i64>,
    metric_name: Option<String>,
    metric_namespace: Option<String>,
}

/// A page of metric filters.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeMetricFiltersResponse {
    metric_filters: Vec<MetricFilterView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MetricFilterView {
    filter_name: String,
    filter_pattern: String,
    metric_transformations: [MetricTransformation; 1],
    creation_time: i64,
    log_group_name: String,
    apply_on_transformed_logs: bool,
}

impl Operation for DescribeMetricFilters {
    type Response = DescribeMetricFiltersResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let limit = number(self.limit, "limit", 1..=PAGE, PAGE as usize)?;
        if let Some(prefix) = &self.filter_name_prefix {
            name::stream(prefix, "filterNamePrefix")?;
        }
        if self.metric_name.is_some() != self.metric_namespace.is_some() {
            return Err(invalid("metricName and metricNamespace must be specified together."));
        }
        if let Some(group) = &self.log_group_name {
            class::check_filtered(&cx.log_group(group, "logGroupName")?)?;
        }
        let after = self.next_token.as_deref().map(|token| last_of(token, cx.now)).transpose()?;
        let own = cx.log_state.filters.table.iter().filter(|filter| filter.scope == cx.scope);
        let mut found: Vec<&MetricFilter> = own.filter(|filter| self.wants(filter)).collect();
        found.sort_by_key(|filter| filter.place());
        found.retain(|filter| after.as_ref().is_none_or(|after| filter.place() > *after));
        let has_more = found.len() > limit;
        found.truncate(limit);
        let next_token = found.last().filter(|_| has_more).map(|last| token_after(&last.place(), cx.now));
        Ok(DescribeMetricFiltersResponse {
            metric_filters: found.into_iter().cloned().map(MetricFilterView::of).collect(),
            next_token,
        })
    }
}

impl DescribeMetricFilters {
    fn wants(&self, filter: &MetricFilter) -> bool {
        let is = |wanted: &Option<String>, known: &str| wanted.as_ref().is_none_or(|wanted| wanted == known);
        let prefix = self.filter_name_prefix.as_deref().unwrap_or_default();
        is(&self.log_group_name, &filter.log_group)
            && is(&self.metric_name, &filter.transformation.metric_name)
            && is(&self.metric_namespace, &filter.transformation.metric_namespace)
            && filter.name.starts_with(prefix)
    }
}

impl MetricFilter {
    /// Where it stands in lists: by its name, then by its group's.
    fn place(&self) -> String {
        format!("{}:{}", self.name, self.log_group)
    }
}

impl MetricFilterView {
    fn of(filter: MetricFilter) -> MetricFilterView {
        MetricFilterView {
            filter_name: filter.name,
            filter_pattern: filter.pattern,
            metric_transformations: [filter.transformation],
            creation_time: filter.created.0,
            log_group_name: filter.log_group,
            apply_on_transformed_logs: filter.is_for_transformed,
        }
    }
}

/// Tries a pattern on messages.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TestMetricFilter {
    filter_pattern: String,
    log_event_messages: Vec<String>,
}

/// The messages that match.
#[derive(Serialize)]
pub struct TestMetricFilterResponse {
    matches: Vec<MetricFilterMatchRecord>,
}

/// A message that matches, by its number from 1, and the fields found in it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MetricFilterMatchRecord {
    event_number: usize,
    event_message: String,
    extracted_values: BTreeMap<String, String>,
}

impl Operation for TestMetricFilter {
    type Response = TestMetricFilterResponse;

    fn run(self, _: &mut Context<'_>) -> Result<Self::Response, Error> {
        let pattern = parse(&self.filter_pattern)?;
        if self.log_event_messages.is_empty() || self.log_event_messages.len() > MESSAGES_MAX {
            let given = format!("[{} messages]", self.log_event_messages.len());
            let rule = format!("have length between 1 and {MESSAGES_MAX}");
            return Err(constraint(given, "logEventMessages", &rule));
        }
        if self.log_event_messages.iter().any(String::is_empty) {
            return Err(constraint("", "logEventMessages", "have length greater than or equal to 1"));
        }
        let matches = (1..).zip(self.log_event_messages).filter_map(|(event_number, event_message)| {
            let extracted_values = pattern.find(&event_message)?.extracted();
            Some(MetricFilterMatchRecord { event_number, event_message, extracted_values })
        });
        Ok(TestMetricFilterResponse { matches: matches.collect() })
    }
}
