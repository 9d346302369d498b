//! `SOURCE`: which log groups a query reads, told to whoever knows them.
//!
//! Source: CloudWatch Logs User Guide, "SOURCE" and "logcompare" (read 2026-11).

use crate::execute::TimeRange;

/// Groups that a query may read; more are refused (User Guide, "SOURCE").
pub const SELECTED_MAX: usize = 10_000;

/// What `SOURCE` says.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Selection {
    /// Names or ARNs, as `SOURCE '/group'` gives them; in PPL with data sources beside them those that hold these. Empty: what
    /// `logGroups(...)` and `dataSource(...)` select.
    pub names: Vec<String>,
    /// `namePrefix`; any name if there is none.
    pub prefixes: Vec<String>,
    /// `accountIdentifiers`; any account if there is none.
    pub accounts: Vec<String>,
    /// `class`, by default the standard one.
    pub is_infrequent: bool,
    /// `dataSource`, such as `amazon_vpc.flow`; any group if there is none.
    pub data_sources: Vec<String>,
    /// `start` and `end` in milliseconds before now, if they are given. Assumption: one without the other is the
    /// query's own.
    pub before_now_ms: (Option<i64>, Option<i64>),
}

/// What a selection asks of a log group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate<'a> {
    /// The account's number.
    pub account: &'a str,
    /// The group's name.
    pub name: &'a str,
    /// Whether its class is Infrequent Access.
    pub is_infrequent: bool,
    /// What it holds, such as `amazon_vpc.flow`, if that is known.
    pub data_source: Option<&'a str>,
}

impl Selection {
    /// Whether `logGroups(...)` and `dataSource(...)` select the group. A selection by names is for the caller to look up.
    pub fn selects(&self, group: Candidate<'_>) -> bool {
        let Selection { names, prefixes, accounts, is_infrequent, data_sources, .. } = self;
        let is_any =
            |list: &[String], is_so: &dyn Fn(&String) -> bool| list.is_empty() || list.iter().any(is_so);
        names.is_empty()
            && group.is_infrequent == *is_infrequent
            && is_any(prefixes, &|prefix| group.name.starts_with(prefix.as_str()))
            && is_any(accounts, &|account| account == group.account)
            && is_any(data_sources, &|source| Some(source.as_str()) == group.data_source)
    }

    /// The window of a query that is given another by its caller.
    pub fn window(&self, given: TimeRange, now_ms: i64) -> TimeRange {
        let at =
            |before: Option<i64>, given: i64| before.map_or(given, |before| now_ms.saturating_sub(before));
        let (start, end) = self.before_now_ms;
        TimeRange { start_ms: at(start, given.start_ms), end_ms: at(end, given.end_ms) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_selected_by_all_that_is_said() {
        let group = Candidate {
            account: "111122223333",
            name: "/vpc/a",
            is_infrequent: false,
            data_source: Some("amazon_vpc.flow"),
        };
        let list = |texts: &[&str]| texts.iter().map(|text| text.to_string()).collect::<Vec<_>>();
        assert!(Selection::default().selects(group));
        assert!(Selection { prefixes: list(&["/x", "/vpc/"]), ..Selection::default() }.selects(group));
        assert!(
            Selection { data_sources: list(&["amazon_vpc.flow"]), ..Selection::default() }.selects(group)
        );
        let refusing = [
            Selection { prefixes: list(&["/x"]), ..Selection::default() },
            Selection { accounts: list(&["444455556666"]), ..Selection::default() },
            Selection { is_infrequent: true, ..Selection::default() },
            Selection { data_sources: list(&["aws_waf.access"]), ..Selection::default() },
            Selection { names: list(&["/vpc/a"]), ..Selection::default() },
        ];
        refusing.iter().for_each(|selection| assert!(!selection.selects(group), "{selection:?}"));
    }

    #[test]
    fn a_window_may_be_told_from_now() {
        let given = TimeRange { start_ms: 1, end_ms: 2 };
        let day = Selection { before_now_ms: (Some(1000), Some(0)), ..Selection::default() };
        assert_eq!(day.window(given, 5000), TimeRange { start_ms: 4000, end_ms: 5000 });
        assert_eq!(Selection::default().window(given, 5000), given);
    }
}
