//! Listing the keys of a bucket, in the order of their UTF-8.
//!
//! Source: Amazon S3 User Guide, "Listing object keys programmatically" and "Organizing objects using prefixes".

use crate::buckets::Buckets;
use crate::catalog::Catalog;
use crate::object::Object;
use crate::refused::Refused;

/// Rows fetched at a time.
const BATCH: usize = 256;

/// Which keys are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Select {
    /// Keys begin with it.
    pub prefix: String,
    /// Keys that have it after the prefix are listed once, as what they have in common up to it. Empty: none are.
    pub delimiter: String,
    /// Keys and common prefixes come after it. What [`Listing::next`] said goes on where that listing ended.
    pub after: String,
    /// Most keys and common prefixes together.
    pub limit: usize,
}

/// A page of a listing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The objects.
    pub objects: Vec<Object>,
    /// What keys have in common, each once.
    pub common_prefixes: Vec<String>,
    /// What to go on after, if there is more.
    pub next: Option<String>,
}

impl Buckets {
    /// Lists a page of a bucket's keys.
    ///
    /// # Errors
    /// No such bucket.
    pub fn list(&self, bucket: &str, select: &Select) -> Result<Listing, Refused> {
        self.look(|catalog| {
            catalog.bucket(bucket)?.ok_or(Refused::NoSuchBucket)?;
            list(catalog, bucket, select)
        })
    }
}

fn list(catalog: &Catalog<'_>, bucket: &str, select: &Select) -> Result<Listing, Refused> {
    let mut listing = Listing::default();
    let mut last = None;
    let mut from = select.first();
    loop {
        let batch = catalog.objects_from(bucket, &from, BATCH.min(select.limit.saturating_add(1)))?;
        let Some(end) = batch.last().map(|object| after(object.key.as_bytes())) else { return Ok(listing) };
        from = end;
        for object in batch {
            if !object.key.starts_with(&select.prefix) {
                return Ok(listing);
            }
            if listing.objects.len() + listing.common_prefixes.len() >= select.limit {
                listing.next = last;
                return Ok(listing);
            }
            match select.common(&object.key).map(str::to_owned) {
                Some(common) => {
                    from = beyond(common.as_bytes());
                    last = Some(common.clone());
                    listing.common_prefixes.push(common);
                    // What else begins like this is left out at once.
                    break;
                }
                None => {
                    last = Some(object.key.clone());
                    listing.objects.push(object);
                }
            }
        }
    }
}

impl Select {
    /// The least key that may be listed.
    fn first(&self) -> Vec<u8> {
        let is_common = self.common(&self.after).is_some_and(|common| common == self.after);
        let start = match (self.after.is_empty(), is_common) {
            (true, _) => vec![],
            (false, true) => beyond(self.after.as_bytes()),
            (false, false) => after(self.after.as_bytes()),
        };
        start.max(self.prefix.clone().into_bytes())
    }

    /// What a key is listed as, if not as itself.
    fn common<'a>(&self, key: &'a str) -> Option<&'a str> {
        let rest = key.strip_prefix(&self.prefix).filter(|_| !self.delimiter.is_empty())?;
        let at = rest.find(&self.delimiter)?;
        Some(&key[..self.prefix.len() + at + self.delimiter.len()])
    }
}

/// The least text after `key`.
fn after(key: &[u8]) -> Vec<u8> {
    [key, &[0]].concat()
}

/// What is after everything that begins with `prefix`: no byte of UTF-8 is 0xFF.
fn beyond(prefix: &[u8]) -> Vec<u8> {
    [prefix, &[0xFF]].concat()
}
