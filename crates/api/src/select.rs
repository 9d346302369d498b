//! Describe operations: from a table to the views that the caller asked for.
//!
//! Order: the caller's own rows or those named, as views, narrowed by filters, one page of them. Views are built one by one
//! as they are wanted, so a page costs what it shows.

use crate::errors;
use crate::operation::{Error, Seen};
use std::collections::BTreeSet;
use std::fmt::Display;
use std::str::FromStr;
use weir_model::Missing;
use weir_model::table::{Owned, Table};
use weir_wire::{Bounds, Filter, FilterTable, Page, Param, Token};

/// The usual bounds of `MaxResults`.
pub const BOUNDS: Bounds = 5..=1000;

/// The members that narrow a list, the same in nearly every Describe operation.
#[derive(Clone, Debug, Param)]
pub struct Selection {
    /// Which of them.
    pub filters: Vec<Filter>,
    /// How many of those.
    #[wire(flatten)]
    pub page: Page,
}

impl Selection {
    /// The views that pass the filters, one page of them, and the token of the next page. `views` come in the order of `key`.
    ///
    /// # Errors
    /// An unknown filter, `MaxResults` out of bounds, a token that is not ours.
    pub fn narrow<T, K: Ord + Display + FromStr>(
        &self,
        views: impl Iterator<Item = T>,
        filters: &FilterTable<T>,
        bounds: Bounds,
        key: impl Fn(&T) -> K,
    ) -> Result<(Vec<T>, Option<Token>), Error> {
        filters.check(&self.filters)?;
        let kept = views.filter(|view| filters.keeps(&self.filters, view));
        Ok(self.page.cut(bounds, kept, key)?)
    }
}

/// Refuses ids of which the caller sees nothing, all of them in one sentence.
///
/// # Errors
/// `Refused::NotFound`.
pub fn check_all_there<I: Clone + Into<Missing>>(
    ids: &[I],
    is_there: impl Fn(&I) -> bool,
) -> Result<(), Error> {
    let mut absent: Vec<Missing> = Vec::new();
    for id in ids.iter().filter(|id| !is_there(id)) {
        let missing: Missing = id.clone().into();
        if !absent.contains(&missing) {
            absent.push(missing);
        }
    }
    match absent.split_first() {
        Some((first, others)) => Err(errors::all_not_found(first, others).into()),
        None => Ok(()),
    }
}

impl<'a> Seen<'a> {
    /// The caller's rows of `table` in key order: those named by `ids`, or all if none is.
    ///
    /// # Errors
    /// All of `ids` that the caller does not own, in one sentence.
    pub fn rows<R: Owned>(self, table: &'a Table<R>, ids: &[R::Key]) -> Result<Vec<&'a R>, Error> {
        if ids.is_empty() {
            return Ok(table.of(self.scope).collect());
        }
        check_all_there(ids, |id| table.find(self.scope, id).is_ok())?;
        let named: BTreeSet<&R::Key> = ids.iter().collect();
        Ok(named.into_iter().map(|id| table.find(self.scope, id)).collect::<Result<_, _>>()?)
    }
}
