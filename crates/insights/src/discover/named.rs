//! Fields of some names in JSON, without what lies beside them.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value as Json;

use super::{JSON_DEPTH_MAX, JSON_FIELDS_MAX, scalar};
use crate::value::Value;

/// The values that [`super::discover`] would find last under these names; `None` if only it can tell: some keys say the same
/// name, there are too many fields, or they lie too deep.
pub(super) fn named(message: &str, names: &[String]) -> Option<Vec<Option<Value>>> {
    // Of names such as `a..b` it is not clear what is whose key.
    let is_plain = |name: &String| name.split('.').all(|key| !key.is_empty());
    if names.len() > u64::BITS as usize || !names.iter().all(is_plain) {
        return None;
    }
    let mut search = Search { found: vec![None; names.len()], fields: 0, has_given_up: false };
    let below = names.iter().map(String::as_str).enumerate().collect();
    let mut json = serde_json::Deserializer::from_str(message);
    let read = Node { search: &mut search, below, depth: JSON_DEPTH_MAX }.deserialize(&mut json);
    match read.and_then(|()| json.end()) {
        _ if search.has_given_up => None,
        Ok(()) => Some(search.found),
        // What is no JSON has no fields.
        Err(_) => Some(vec![None; names.len()]),
    }
}

struct Search {
    found: Vec<Option<Value>>,
    /// How many fields there were.
    fields: usize,
    /// Whether this is not the way to find them.
    has_given_up: bool,
}

impl Search {
    fn give_up<E: Error>(&mut self) -> E {
        self.has_given_up = true;
        E::custom("")
    }
}

/// A part of the JSON, the names whose fields may lie in it, and what is left of these names; nothing of one that is its own.
struct Node<'s, 'n> {
    search: &'s mut Search,
    below: Vec<(usize, &'n str)>,
    depth: usize,
}

impl<'n> Node<'_, 'n> {
    /// What lies under a key; the names that may were under no other one.
    fn under<E: Error>(&mut self, below: Vec<(usize, &'n str)>, seen: &mut u64) -> Result<Node<'_, 'n>, E> {
        let names = below.iter().fold(0, |names, (at, _)| names | 1 << at);
        if *seen & names != 0 {
            return Err(self.search.give_up());
        }
        *seen |= names;
        Ok(Node { search: self.search, below, depth: self.depth - 1 })
    }

    fn check_depth<E: Error>(&mut self) -> Result<(), E> {
        if self.depth == 0 { Err(self.search.give_up()) } else { Ok(()) }
    }

    fn leaf<E: Error>(self, value: impl FnOnce() -> Value) -> Result<(), E> {
        self.search.fields += 1;
        if self.search.fields > JSON_FIELDS_MAX {
            return Err(self.search.give_up());
        }
        if let Some((at, _)) = self.below.iter().find(|(_, rest)| rest.is_empty()) {
            self.search.found[*at] = Some(value());
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(self, is_true: bool) -> Result<(), E> {
        self.leaf(|| scalar(&Json::from(is_true)))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        self.leaf(|| scalar(&Json::from(number)))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        self.leaf(|| scalar(&Json::from(number)))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        self.leaf(|| scalar(&Json::from(number)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.leaf(|| Value::text(text))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        self.check_depth()?;
        let mut seen = 0;
        while let Some(below) = map.next_key_seed(Key(&self.below))? {
            let node = match below {
                Some(below) => self.under(below, &mut seen)?,
                None => return Err(self.search.give_up()),
            };
            map.next_value_seed(node)?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        self.check_depth()?;
        let is_wanted = self.below.iter().any(|(_, rest)| !rest.is_empty());
        let mut seen = 0;
        for index in 0_usize.. {
            let below = if is_wanted { under(&self.below, &index.to_string()) } else { vec![] };
            let node = self.under(below, &mut seen)?;
            if list.next_element_seed(node)?.is_none() {
                break;
            }
        }
        Ok(())
    }
}

/// A key, and the names that may lie under it; `None` for one that is empty, and so begins no name.
struct Key<'k, 'n>(&'k [(usize, &'n str)]);

impl<'de, 'n> DeserializeSeed<'de> for Key<'_, 'n> {
    type Value = Option<Vec<(usize, &'n str)>>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_str(self)
    }
}

impl<'n> Visitor<'_> for Key<'_, 'n> {
    type Value = Option<Vec<(usize, &'n str)>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Self::Value, E> {
        Ok((!key.is_empty()).then(|| under(self.0, key)))
    }
}

/// The names that may lie under a key, and what is left of them.
fn under<'n>(below: &[(usize, &'n str)], key: &str) -> Vec<(usize, &'n str)> {
    let rest = |name: &'n str| {
        let rest = name.strip_prefix(key)?;
        if rest.is_empty() { Some(rest) } else { rest.strip_prefix('.') }
    };
    below.iter().filter_map(|(at, name)| Some((*at, rest(name)?))).collect()
}
