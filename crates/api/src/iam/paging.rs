//! Paging as IAM does it: a marker and a number of items, and whether there is more.
//!
//! Source: IAM API Reference, ListRoles (Marker, MaxItems, IsTruncated).

use crate::operation::Error;
use weir_wire::{Param, WireError};

/// Items on a page when none are asked for.
const ITEMS_DEFAULT: usize = 100;
const ITEMS_MAX: usize = 1000;

/// Which page is asked for.
#[derive(Param)]
pub struct Paging {
    marker: Option<String>,
    max_items: Option<i32>,
}

/// A page of items, and the marker of the next one.
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page begins, if there is one.
    pub marker: Option<String>,
}

impl<T> Page<T> {
    /// Whether there is more.
    pub fn is_truncated(&self) -> bool {
        self.marker.is_some()
    }
}

impl Paging {
    /// The page of `items`, which come in ascending order of `name`; the marker is the last name of the page before.
    ///
    /// # Errors
    /// `ValidationError` for a number of items out of 1 to 1000.
    pub fn page<T>(
        &self,
        items: impl Iterator<Item = T>,
        name: impl Fn(&T) -> String,
    ) -> Result<Page<T>, Error> {
        let max = match self.max_items {
            None => ITEMS_DEFAULT,
            Some(given) => usize::try_from(given)
                .ok()
                .filter(|given| (1..=ITEMS_MAX).contains(given))
                .ok_or_else(|| {
                    let rule = format!("Member must have value between 1 and {ITEMS_MAX}");
                    WireError::constraint(&format!("'{given}'"), "maxItems", &rule)
                })?,
        };
        let after = |item: &T| self.marker.as_ref().is_none_or(|marker| name(item) > *marker);
        let mut items: Vec<T> = items.filter(after).take(max + 1).collect();
        let is_truncated = items.len() > max;
        items.truncate(max);
        let marker = items.last().filter(|_| is_truncated).map(name);
        Ok(Page { items, marker })
    }
}
