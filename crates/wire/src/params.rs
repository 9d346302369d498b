//! The parameters of a request: read by name, and remembered as read, so that what nobody read can be refused.
//!
//! Kept sorted by name, so that everything below `Filter.1.` is one range.

use crate::{Catalog, Dialect, Member, Param, Service, WireError, form};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::ops::Range;

/// Highest index of a list: `InstanceId.1000` is the largest that AWS documents, tags and rules stay far below.
pub const INDEX_MAX: u32 = 10_000;

/// Parameters that belong to the request itself, not to its operation.
const ENVELOPE: &[&str] = &[
    "AWSAccessKeyId",
    "Action",
    "Expires",
    "SecurityToken",
    "Signature",
    "SignatureMethod",
    "SignatureVersion",
    "Timestamp",
    "Version",
];

/// The named parameters of one request.
#[derive(Debug)]
pub struct Params {
    dialect: Dialect,
    pairs: Vec<Pair>,
}

#[derive(Debug)]
struct Pair {
    key: String,
    value: String,
    is_read: Cell<bool>,
}

impl Params {
    /// The parameters in a query string or form body.
    ///
    /// # Errors
    /// `MalformedQueryString` for a syntax error or a parameter given twice (Assumption: AWS names no code for it).
    pub fn parse(dialect: Dialect, form: &[u8]) -> Result<Params, WireError> {
        Params::of(dialect, form::pairs(form)?)
    }

    /// The parameters in decoded `pairs`.
    ///
    /// # Errors
    /// `MalformedQueryString` for a parameter given twice.
    pub fn of(dialect: Dialect, pairs: Vec<(String, String)>) -> Result<Params, WireError> {
        let pair =
            |(key, value): (String, String)| Pair { is_read: Cell::new(is_envelope(&key)), key, value };
        let mut pairs: Vec<Pair> = pairs.into_iter().map(pair).collect();
        pairs.sort_by(|one, other| one.key.cmp(&other.key));
        match pairs.windows(2).all(|two| two[0].key != two[1].key) {
            true => Ok(Params { dialect, pairs }),
            false => Err(WireError::malformed_query()),
        }
    }

    /// Reads the whole request as a `T`, refusing first what is missing, then what is malformed.
    ///
    /// # Errors
    /// Those of [`WireError::missing`] and of the types of the members.
    pub fn read<T: Param>(&self) -> Result<T, WireError> {
        self.check_present(T::MEMBERS)?;
        T::read(self, "")
    }

    /// Refuses the first parameter that nothing has read.
    ///
    /// # Errors
    /// `UnknownParameter` "The parameter X is not recognized".
    pub fn check_all_read(&self) -> Result<(), WireError> {
        self.unread().map_or(Ok(()), |key| Err(WireError::unknown(key)))
    }

    /// Refuses the first parameter that nothing has read, and says whether it is only Weir that does not know it.
    ///
    /// # Errors
    /// `UnknownParameter`.
    pub fn check_all_read_by(&self, service: Service, action: &str) -> Result<(), WireError> {
        let is_published = |key: &str| Catalog::of(service).is_some_and(|catalog| catalog.takes(action, key));
        let refusal = |key: &str| match is_published(key) {
            true => WireError::parameter_not_implemented(key),
            false => WireError::unknown(key),
        };
        self.unread().map_or(Ok(()), |key| Err(refusal(key)))
    }

    fn unread(&self) -> Option<&str> {
        self.pairs.iter().find(|pair| !pair.is_read.get()).map(|pair| pair.key.as_str())
    }

    /// The names and values that the operation has to read, by name: all but those of the envelope. Reads none of them.
    pub fn members(&self) -> impl Iterator<Item = (&str, &str)> {
        let members = self.pairs.iter().filter(|pair| !is_envelope(&pair.key));
        members.map(|pair| (pair.key.as_str(), pair.value.as_str()))
    }

    /// The naming in force.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The value of `key`, if given.
    pub fn get(&self, key: &str) -> Option<&str> {
        let pair = &self.pairs[self.position(key).ok()?];
        pair.is_read.set(true);
        Some(&pair.value)
    }

    /// The value of `key`.
    ///
    /// # Errors
    /// [`WireError::missing`].
    pub fn text(&self, key: &str) -> Result<&str, WireError> {
        self.get(key).ok_or_else(|| WireError::missing(self.dialect, key))
    }

    /// Whether there is a parameter `key` or one below it.
    pub fn has(&self, key: &str) -> bool {
        self.position(key).is_ok() || !self.below(&format!("{key}.")).is_empty()
    }

    /// Reads member `member` of the structure at `at`.
    ///
    /// # Errors
    /// Those of `T`, and [`WireError::missing`] for a required list without items.
    pub fn field<T: Param>(&self, at: &str, member: &Member) -> Result<T, WireError> {
        let key = self.key(at, member);
        if T::LIST && member.required && !self.has(&key) {
            return Err(WireError::missing(self.dialect, &key));
        }
        T::read(self, &key)
    }

    /// Refuses a structure at `at` of which no member is given; the request itself (`""`) may be empty.
    ///
    /// # Errors
    /// [`WireError::missing`].
    pub fn enter(&self, at: &str) -> Result<(), WireError> {
        match at.is_empty() || !self.below(&format!("{at}.")).is_empty() {
            true => Ok(()),
            false => Err(WireError::missing(self.dialect, at)),
        }
    }

    /// The keys of the items of the list at `key`, by index. Indexes start at 1 and may have gaps.
    ///
    /// `X=` is how the Query protocol writes an empty list. What is no index from 1 to [`INDEX_MAX`] is no item, stays
    /// unread and is refused as unknown.
    pub fn items(&self, key: &str) -> Vec<String> {
        if self.dialect == Dialect::Query
            && self.position(key).is_ok_and(|at| self.pairs[at].value.is_empty())
        {
            self.get(key);
        }
        let prefix = self.dialect.list_prefix(key);
        let indexes: BTreeSet<u32> = self.pairs[self.below(&prefix)]
            .iter()
            .filter_map(|pair| index(&pair.key[prefix.len()..]))
            .collect();
        indexes.into_iter().map(|index| format!("{prefix}{index}")).collect()
    }

    /// The refusal of `value` at `key`, which should be one of `words`.
    pub fn not_a_word(&self, key: &str, value: &str, words: &[&str]) -> WireError {
        WireError::invalid_value(self.dialect, key, value, &format!("one of {}", words.join(", ")))
    }

    /// The refusal of `value` at `key`; `expecting` completes "Expecting …".
    pub fn invalid(&self, key: &str, value: &str, expecting: &str) -> WireError {
        WireError::invalid_value(self.dialect, key, value, expecting)
    }

    fn check_present(&self, members: &[Member]) -> Result<(), WireError> {
        let missing = members.iter().filter(|member| member.required).map(|member| self.key("", member));
        missing
            .into_iter()
            .find(|key| !self.has(key))
            .map_or(Ok(()), |key| Err(WireError::missing(self.dialect, &key)))
    }

    fn key(&self, at: &str, member: &Member) -> String {
        let name = self.dialect.key(&member.name, member.is_list());
        if at.is_empty() { name } else { format!("{at}.{name}") }
    }

    fn position(&self, key: &str) -> Result<usize, usize> {
        self.pairs.binary_search_by(|pair| pair.key.as_str().cmp(key))
    }

    fn below(&self, prefix: &str) -> Range<usize> {
        let start = self.pairs.partition_point(|pair| pair.key.as_str() < prefix);
        let count = self.pairs[start..].partition_point(|pair| pair.key.starts_with(prefix));
        start..start + count
    }
}

fn is_envelope(key: &str) -> bool {
    ENVELOPE.contains(&key) || key.starts_with("X-Amz-")
}

/// The index that `rest` of a key begins with, if it is written as AWS's clients do: no sign, no leading zero.
pub(crate) fn index(rest: &str) -> Option<u32> {
    let digits = rest.split('.').next()?;
    let canonical = digits.starts_with(|first: char| ('1'..='9').contains(&first));
    digits.parse().ok().filter(|index| canonical && *index <= INDEX_MAX)
}
