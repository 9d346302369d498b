//! Filters of Describe calls: all filters must hold, each by any of its values.
//!
//! Source: EC2 User Guide, "List and filter using the CLI and API"; the filter names of each call are in its API page.

use crate::{Param, WireError, matches};
use std::collections::BTreeSet;
use weir_model::Tags;

/// Most values of all filters of a request together.
pub const VALUES_MAX: usize = 200;

/// One filter: a name and the values that satisfy it.
#[derive(Clone, Debug, PartialEq, Eq, Param)]
pub struct Filter {
    /// A name such as `vpc-id`, `tag:Name` or `tag-key`.
    pub name: String,
    /// The values, with wildcards.
    pub values: Vec<String>,
}

/// A filter name, and what an item has for it: one text, several, or none.
pub type FilterRow<T> = (&'static str, fn(&T) -> Vec<String>);

/// The filters that a Describe call knows.
#[derive(Debug)]
pub struct FilterTable<T: 'static> {
    /// The rows.
    pub rows: &'static [FilterRow<T>],
    /// The tags of an item, for `tag:<key>` and `tag-key`; `None` if the call does not know these.
    pub tags: Option<fn(&T) -> &Tags>,
}

impl<T> FilterTable<T> {
    /// Refuses filters that the call does not know.
    ///
    /// # Errors
    /// `InvalidParameterValue` for an unknown name, `FilterLimitExceeded` for more than [`VALUES_MAX`] values.
    pub fn check(&self, filters: &[Filter]) -> Result<(), WireError> {
        if filters.iter().map(|filter| filter.values.len()).sum::<usize>() > VALUES_MAX {
            let message =
                format!("The maximum number of filter values specified on a single call is {VALUES_MAX}");
            return Err(WireError::new("FilterLimitExceeded", message));
        }
        let unknown = filters.iter().find(|filter| !self.knows(&filter.name));
        unknown.map_or(Ok(()), |filter| {
            let name = crate::error::excerpt(&filter.name);
            Err(WireError::new("InvalidParameterValue", format!("The filter '{name}' is invalid")))
        })
    }

    /// Whether `item` passes every one of `filters`, which have been checked.
    pub fn keeps(&self, filters: &[Filter], item: &T) -> bool {
        filters.iter().all(|filter| {
            let texts = self.texts(&filter.name, item);
            filter.values.iter().any(|pattern| texts.iter().any(|text| matches(pattern, text)))
        })
    }

    /// Those of `items` that pass every one of `filters`, in order.
    ///
    /// # Errors
    /// Those of [`FilterTable::check`].
    pub fn narrow(
        &self,
        items: impl IntoIterator<Item = T>,
        filters: &[Filter],
    ) -> Result<Vec<T>, WireError> {
        self.check(filters)?;
        Ok(items.into_iter().filter(|item| self.keeps(filters, item)).collect())
    }

    /// The names it knows, for documentation; `tag` stands for `tag:<key>`.
    pub fn names(&self) -> BTreeSet<&'static str> {
        let tags: &[&str] = if self.tags.is_some() { &["tag", "tag-key"] } else { &[] };
        self.rows.iter().map(|(name, _)| *name).chain(tags.iter().copied()).collect()
    }

    fn knows(&self, name: &str) -> bool {
        let is_tag = name == "tag-key" || name.starts_with("tag:");
        self.rows.iter().any(|(row, _)| *row == name) || (is_tag && self.tags.is_some())
    }

    fn texts(&self, name: &str, item: &T) -> Vec<String> {
        if let Some((_, texts)) = self.rows.iter().find(|(row, _)| *row == name) {
            return texts(item);
        }
        let Some(tags) = self.tags.map(|tags| tags(item)) else { return Vec::new() };
        match name.strip_prefix("tag:") {
            Some(key) => tags.get(key).cloned().into_iter().collect(),
            None => tags.keys().cloned().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Debug)]
    struct Thing {
        id: &'static str,
        blocks: Vec<&'static str>,
        tags: Tags,
    }

    const TABLE: FilterTable<Thing> = FilterTable {
        rows: &[
            ("thing-id", |thing| vec![thing.id.to_owned()]),
            ("cidr", |thing| thing.blocks.iter().map(|block| (*block).to_owned()).collect()),
        ],
        tags: Some(|thing| &thing.tags),
    };

    /// Filters written `name=value|value; name=value` against two things.
    #[track_caller]
    fn check(filters: &str, expected: &str) {
        let tags = |text: &str| -> Tags {
            text.split_terminator(',')
                .filter_map(|tag| tag.split_once('='))
                .map(|(k, v)| (k.into(), v.into()))
                .collect()
        };
        let things = [
            Thing { id: "t-1", blocks: vec!["10.0.0.0/16", "10.1.0.0/16"], tags: tags("Name=web,env=prod") },
            Thing { id: "t-2", blocks: vec![], tags: tags("Name=db,empty=") },
        ];
        let parse = |filter: &str| {
            let (name, values) = filter.trim().split_once('=').expect("name=values");
            Filter { name: name.to_owned(), values: values.split('|').map(str::to_owned).collect() }
        };
        let filters: Vec<Filter> = filters.split_terminator(';').map(parse).collect();
        let kept = TABLE
            .narrow(things, &filters)
            .map(|kept| kept.iter().map(|thing| thing.id).collect::<Vec<_>>().join(" "));
        assert_eq!(kept.unwrap_or_else(|error| error.to_string()), expected);
    }

    #[test]
    fn values_are_alternatives_and_filters_add_up() {
        check("", "t-1 t-2");
        check("thing-id=t-1|t-9", "t-1");
        check("thing-id=t-*; cidr=10.1.*", "t-1");
        check("thing-id=t-2; cidr=*", "");
    }

    #[test]
    fn tags_are_filtered_by_key_and_value() {
        check("tag:Name=web|db", "t-1 t-2");
        check("tag:Name=Web", "");
        check("tag:empty=", "t-2");
        check("tag-key=e*", "t-1 t-2");
        check("tag-key=env", "t-1");
    }

    #[test]
    fn unknown_names_are_refused() {
        check("colour=red", "InvalidParameterValue: The filter 'colour' is invalid");
        check("tag=red", "InvalidParameterValue: The filter 'tag' is invalid");
        let many = format!("thing-id={}", vec!["t"; VALUES_MAX + 1].join("|"));
        check(
            &many,
            "FilterLimitExceeded: The maximum number of filter values specified on a single call is 200",
        );
    }

    #[test]
    fn a_filter_without_values_keeps_nothing() {
        let filter = Filter { name: "thing-id".into(), values: vec![] };
        let thing = Thing { id: "t-1", blocks: vec![], tags: Tags::new() };
        assert!(!TABLE.keeps(&[filter], &thing));
    }
}
