//! What a query reads: its log groups, those of the queries within it, and its lookup tables.
//!
//! Source: CloudWatch Logs User Guide, "SOURCE" and "filterIndex"; API Reference, StartQuery (read 2026-11).

use crate::logs::check::invalid;
use crate::logs::index_policy::has_index;
use crate::logs::name;
use crate::logs::queries::QueriedGroup;
use crate::operation::{Context, Error};
use std::collections::BTreeMap;
use std::sync::Arc;
use weir_insights::{
    Candidate, DEFAULT_INDEXES, FLOW_INDEXES, Origin, Plan, QueryError, QueryErrorKind, SELECTED_MAX,
    Selection, Table, TableUse, TimeRange,
};
use weir_model::flow_log::LogDestination;
use weir_store::{Class, Group, GroupKey, NamePage};

/// What holds the records of flow logs, as `dataSource` names it.
pub(super) const FLOW_SOURCE: &str = "amazon_vpc.flow";

impl Context<'_> {
    /// The groups that `SOURCE` names; with data sources beside names only those that hold them.
    ///
    /// # Errors
    /// A named group that does not exist, or more groups than a query reads.
    pub(super) fn selected_groups(&self, selection: &Selection) -> Result<Vec<Group>, Error> {
        if !selection.names.is_empty() {
            let group = |name: &String| self.identified_group(name, "logGroupIdentifiers");
            let groups = selection.names.iter().map(group).collect::<Result<Vec<Group>, _>>()?;
            let sources = &selection.data_sources;
            let is_wanted = |group: &Group| {
                sources.is_empty()
                    || sources.iter().any(|source| source == FLOW_SOURCE)
                        && self.has_flow_logs(&group.key.name)
            };
            return Ok(groups.into_iter().filter(is_wanted).collect());
        }
        let account = self.scope.account.to_string();
        // What no query reads is not selected.
        let is_wanted = |group: &Group| {
            group.class != Class::Delivery
                && selection.selects(Candidate {
                    account: &account,
                    name: &group.key.name,
                    is_infrequent: matches!(group.class, Class::InfrequentAccess),
                    data_source: self.data_source(&group.key.name),
                })
        };
        let region = self.scope.region.to_string();
        let groups = self.logs.groups(&account, &region, NamePage::default(), is_wanted);
        match groups.len() {
            0..=SELECTED_MAX => Ok(groups),
            count => Err(invalid(format!(
                "The query selects {count} log groups; select at most {SELECTED_MAX} by another SOURCE."
            ))),
        }
    }

    /// Only the groups with an index of each of the fields, which is what `filterIndex` reads.
    ///
    /// Assumption: events from before the index was made are found too.
    pub(super) fn indexed_groups(&self, mut groups: Vec<Group>, fields: &[String]) -> Vec<Group> {
        groups.retain(|group| {
            let is_flow = !fields.is_empty() && self.has_flow_logs(&group.key.name);
            let has_index = |field: &String| {
                DEFAULT_INDEXES.contains(&field.as_str())
                    || is_flow && FLOW_INDEXES.contains(&field.as_str())
                    || has_index(self, &group.key.name, field)
            };
            fields.iter().all(has_index)
        });
        groups
    }

    /// Whether a flow log delivers to the caller's group of this name.
    fn has_flow_logs(&self, name: &str) -> bool {
        let mut logs = self.network.flow_logs.of(self.scope);
        logs.any(|log| {
            let LogDestination::CloudWatchLogs { log_group, .. } = &log.destination;
            log_group == name
        })
    }

    /// The data source that writes to the caller's group of this name.
    ///
    /// Assumption: AWS notes it with each event; here all events of a group have it, as long as there is a flow log.
    fn data_source(&self, name: &str) -> Option<&'static str> {
        self.has_flow_logs(name).then_some(FLOW_SOURCE)
    }

    /// What the caller's group of this key tells of its events.
    pub(super) fn origin(&self, key: &GroupKey) -> Origin {
        Origin {
            log: name::log(key),
            region: Some(key.region.clone()),
            data_source: self.data_source(&key.name),
        }
    }

    /// The groups with what they hold in the window.
    ///
    /// # Errors
    /// A group that is gone.
    pub(super) fn scanned(&self, groups: &[Group], window: TimeRange) -> Result<Vec<QueriedGroup>, Error> {
        let scan = |group: &Group| {
            let key = group.key.clone();
            let scan = self.logs.scan(&key, window.start_ms, window.end_ms.saturating_add(1))?;
            Ok(QueriedGroup { origin: self.origin(&key), key, scan })
        };
        groups.iter().map(scan).collect()
    }

    /// The groups of each query within the query, in their order: those that it names, or the query's `own`.
    ///
    /// # Errors
    /// As [`Context::selected_groups`].
    pub(super) fn input_groups(&self, plan: &Plan, own: &[Group]) -> Result<Vec<Vec<Group>>, Error> {
        let selections = plan.inputs.iter().map(|input| input.selection.as_ref());
        let groups = selections.map(|selection| match selection {
            Some(selection) => self.selected_groups(selection),
            None => Ok(own.to_vec()),
        });
        groups.collect()
    }

    /// What each query within the query reads of its groups.
    ///
    /// # Errors
    /// As [`Context::scanned`].
    pub(super) fn inputs(
        &self,
        plan: &Plan,
        groups: Vec<Vec<Group>>,
        window: TimeRange,
    ) -> Result<Vec<Vec<QueriedGroup>>, Error> {
        let mut inputs = vec![];
        for (input, groups) in plan.inputs.iter().zip(groups) {
            let groups = self.indexed_groups(groups, &input.plan.indexed_fields);
            inputs.push(self.scanned(&groups, input.window(window, self.now.0))?);
        }
        Ok(inputs)
    }

    /// The lookup tables that a query names.
    ///
    /// # Errors
    /// One that does not exist, with its place.
    pub(super) fn lookup_tables(&self, plan: &Plan) -> Result<BTreeMap<String, Arc<Table>>, QueryError> {
        let table = |used: &TableUse| match self.lookup_table(&used.name) {
            Some(table) => used.check(&table).map(|()| (used.name.clone(), table)),
            None => Err(QueryError { span: used.span, kind: QueryErrorKind::NoTable(used.name.clone()) }),
        };
        plan.tables.iter().map(table).collect()
    }
}
