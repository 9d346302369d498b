//! Fields of some names, without what lies beside them.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value as Json};

use super::{JSON_DEPTH_MAX, JSON_FIELDS_MAX, discover, is_json, scalar};

/// Names whose fields are looked for in messages.
#[derive(Debug)]
pub struct Named<'n> {
    names: &'n [String],
    /// Whether JSON can be searched for them: of names such as `a..b` it is not clear what is whose key.
    is_plain: bool,
}

impl<'n> Named<'n> {
    /// These names.
    pub fn new(names: &'n [String]) -> Named<'n> {
        let has_keys = |name: &String| name.split('.').all(|key| !key.is_empty());
        Named { names, is_plain: names.len() <= u64::BITS as usize && names.iter().all(has_keys) }
    }

    /// The text of each field; of several of one name the last.
    ///
    /// The same as to look for them in [`discover`], sooner.
    pub fn texts<'m>(&self, message: &'m str, texts: &mut Vec<Option<Cow<'m, str>>>) {
        texts.clear();
        texts.resize(self.names.len(), None);
        if is_json(message) && self.is_plain && self.search(message, texts) {
            return;
        }
        let fields = discover(message);
        for (name, text) in self.names.iter().zip(texts) {
            let last = fields.iter().rev().find(|(found, _)| found == name);
            *text = last.and_then(|(_, value)| value.print()).map(|text| Cow::Owned(text.into_owned()));
        }
    }

    /// Searches JSON. False if that is not the way: some keys say the same name, there are too many fields, or they lie
    /// too deep.
    fn search<'m>(&self, message: &'m str, texts: &mut [Option<Cow<'m, str>>]) -> bool {
        let mut json = serde_json::Deserializer::from_str(message);
        let mut search = Search { names: self.names, texts, fields: 0, has_given_up: false };
        let all = u64::MAX.checked_shr(u64::BITS - self.names.len() as u32).unwrap_or(0);
        let top = Node { search: &mut search, below: Below { names: all, at: 0 }, depth: JSON_DEPTH_MAX };
        let read = top.deserialize(&mut json).and_then(|()| json.end());
        if read.is_err() {
            // What is no JSON has no fields.
            search.texts.fill(None);
        }
        !search.has_given_up
    }
}

struct Search<'s, 'n, 'm> {
    names: &'n [String],
    texts: &'s mut [Option<Cow<'m, str>>],
    /// How many fields there were.
    fields: usize,
    has_given_up: bool,
}

impl Search<'_, '_, '_> {
    fn give_up<E: Error>(&mut self) -> E {
        self.has_given_up = true;
        E::custom("")
    }
}

/// The names whose fields may lie in a part of the JSON, a bit for each, and where in them its own keys begin: behind the
/// end of a name that is the part's own.
#[derive(Clone, Copy)]
struct Below {
    names: u64,
    at: usize,
}

impl Below {
    fn under(self, names: &[String], key: &str) -> Below {
        let end = self.at + key.len();
        let mut below = Below { names: 0, at: end + 1 };
        if self.names == 0 {
            return below;
        }
        for (bit, name) in names.iter().enumerate() {
            let name = name.as_bytes();
            let is_so = || {
                name.get(self.at..end) == Some(key.as_bytes())
                    && name.get(end).is_none_or(|next| *next == b'.')
            };
            if self.names >> bit & 1 == 1 && is_so() {
                below.names |= 1 << bit;
            }
        }
        below
    }

    /// The place of the name that is the part's own.
    fn own(self, names: &[String]) -> Option<usize> {
        let is_own = |(bit, name): &(usize, &String)| self.names >> bit & 1 == 1 && name.len() + 1 == self.at;
        if self.names == 0 { None } else { names.iter().enumerate().find(is_own).map(|(bit, _)| bit) }
    }
}

/// A part of the JSON.
struct Node<'s, 't, 'n, 'm> {
    search: &'s mut Search<'t, 'n, 'm>,
    below: Below,
    depth: usize,
}

impl<'t, 'n, 'm> Node<'_, 't, 'n, 'm> {
    /// What lies under a key; the names that may were under no other one.
    fn under<E: Error>(&mut self, below: Below, seen: &mut u64) -> Result<Node<'_, 't, 'n, 'm>, E> {
        if *seen & below.names != 0 {
            return Err(self.search.give_up());
        }
        *seen |= below.names;
        Ok(Node { search: self.search, below, depth: self.depth - 1 })
    }

    fn check_depth<E: Error>(&mut self) -> Result<(), E> {
        if self.depth == 0 { Err(self.search.give_up()) } else { Ok(()) }
    }

    fn leaf<E: Error>(self, text: impl FnOnce() -> Cow<'m, str>) -> Result<(), E> {
        self.search.fields += 1;
        if self.search.fields > JSON_FIELDS_MAX {
            return Err(self.search.give_up());
        }
        if let Some(own) = self.below.own(self.search.names) {
            self.search.texts[own] = Some(text());
        }
        Ok(())
    }

    fn number<E: Error>(self, number: impl Into<Json>) -> Result<(), E> {
        self.leaf(|| Cow::Owned(scalar(&number.into()).print().unwrap_or_default().into_owned()))
    }
}

impl<'m> DeserializeSeed<'m> for Node<'_, '_, '_, 'm> {
    type Value = ();

    fn deserialize<D: Deserializer<'m>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'m> Visitor<'m> for Node<'_, '_, '_, 'm> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(self, is_true: bool) -> Result<(), E> {
        self.number(is_true)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        self.number(number)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        self.number(number)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        self.number(Number::from_f64(number))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'m str) -> Result<(), E> {
        self.leaf(|| Cow::Borrowed(text))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.leaf(|| Cow::Owned(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'m>>(mut self, mut map: A) -> Result<(), A::Error> {
        self.check_depth()?;
        let mut seen = 0;
        while let Some(below) = map.next_key_seed(Key(self.search.names, self.below))? {
            let node = match below {
                Some(below) => self.under(below, &mut seen)?,
                None => return Err(self.search.give_up()),
            };
            map.next_value_seed(node)?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'m>>(mut self, mut list: A) -> Result<(), A::Error> {
        self.check_depth()?;
        let (mut seen, names) = (0, self.search.names);
        for index in 0_usize.. {
            let below = match self.below.names {
                0 => self.below,
                _ => self.below.under(names, &index.to_string()),
            };
            let node = self.under(below, &mut seen)?;
            if list.next_element_seed(node)?.is_none() {
                break;
            }
        }
        Ok(())
    }
}

/// A key of a part, as what may lie under it; `None` for one that is empty, and so begins no name.
struct Key<'n>(&'n [String], Below);

impl<'m> DeserializeSeed<'m> for Key<'_> {
    type Value = Option<Below>;

    fn deserialize<D: Deserializer<'m>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Option<Below>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Self::Value, E> {
        Ok((!key.is_empty()).then(|| self.1.under(self.0, key)))
    }
}
