//! Fields of some names, without what lies beside them.

use std::borrow::Cow;

use super::walk::{Leaf, Walk, walk};
use super::{JSON_DEPTH_MAX, JSON_FIELDS_MAX, default_record, is_json, printed};

/// Names whose fields are looked for in messages.
#[derive(Debug)]
pub struct Named<'n> {
    names: &'n [String],
    /// The bits of all names, some words of them.
    words: usize,
}

impl<'n> Named<'n> {
    /// These names.
    pub fn new(names: &'n [String]) -> Named<'n> {
        Named { names, words: names.len().div_ceil(u64::BITS as usize) }
    }

    /// The text of each field; of several of one name the last. A name that is no field's but that of a list or map of
    /// JSON has its text.
    ///
    /// The same as to look for them in [`discover`](super::discover) and [`wholes`](super::wholes), sooner.
    pub fn texts<'m>(&self, message: &'m str, texts: &mut Vec<Option<Cow<'m, str>>>) {
        texts.clear();
        texts.resize(self.names.len(), None);
        if is_json(message) {
            for word in 0..self.words {
                let from = word * u64::BITS as usize;
                let to = self.names.len().min(from + u64::BITS as usize);
                search(&self.names[from..to], message, &mut texts[from..to]);
            }
            return;
        }
        let fields = default_record(message).unwrap_or_default();
        for (name, text) in self.names.iter().zip(texts) {
            let found = fields.iter().find(|(found, _)| found == name);
            *text = found.and_then(|(_, value)| value.print()).map(|text| Cow::Owned(text.into_owned()));
        }
    }
}

/// Searches JSON for at most 64 names.
fn search<'m>(names: &[String], message: &'m str, texts: &mut [Option<Cow<'m, str>>]) {
    let all = u64::MAX.checked_shr(u64::BITS - names.len() as u32).unwrap_or(0);
    let mut search = Search { names, texts, fields: 0, leaves: 0 };
    if walk(message, JSON_DEPTH_MAX, Below { names: all, at: 0 }, &mut search).is_none() {
        // What is no JSON has no fields.
        texts.fill(None);
    }
}

struct Search<'s, 'm> {
    names: &'s [String],
    texts: &'s mut [Option<Cow<'m, str>>],
    /// How many fields there were.
    fields: usize,
    /// The names that are fields' own, which a list or map does not take from them.
    leaves: u64,
}

/// The names whose fields may lie in a part of the JSON, a bit for each, and where in them its own keys begin: behind the
/// end of a name that is the part's own.
#[derive(Clone, Copy)]
struct Below {
    names: u64,
    at: usize,
}

impl Below {
    /// An empty name before it is none: what lies under an empty key at the top has its own keys for a name.
    fn under(self, names: &[String], key: &str) -> Below {
        let end = self.at + key.len();
        let mut below = Below { names: 0, at: if end == 0 { 0 } else { end + 1 } };
        if self.names == 0 {
            return below;
        }
        for (bit, name) in names.iter().enumerate() {
            let name = name.as_bytes();
            let is_so = || {
                name.get(self.at..end) == Some(key.as_bytes())
                    && (end == 0 || name.get(end).is_none_or(|next| *next == b'.'))
            };
            if self.names >> bit & 1 == 1 && is_so() {
                below.names |= 1 << bit;
            }
        }
        below
    }

    /// The place of the name that is the part's own.
    fn own(self, names: &[String]) -> Option<usize> {
        let len = self.at.saturating_sub(1);
        let is_own = |(bit, name): &(usize, &String)| self.names >> bit & 1 == 1 && name.len() == len;
        if self.names == 0 { None } else { names.iter().enumerate().find(is_own).map(|(bit, _)| bit) }
    }
}

impl<'m> Walk<'m> for Search<'_, 'm> {
    type Place = Below;

    fn member(&mut self, of: &Below, key: &str) -> Below {
        of.under(self.names, key)
    }

    fn element(&mut self, of: &Below, index: usize) -> Below {
        if of.names == 0 { *of } else { of.under(self.names, &index.to_string()) }
    }

    fn is_wanted(&mut self, at: &Below) -> bool {
        self.fields < JSON_FIELDS_MAX && at.at > 0 && at.own(self.names).is_some()
    }

    fn whole(&mut self, at: Below, text: &'m str) {
        if let Some(own) = at.own(self.names).filter(|own| self.leaves >> own & 1 == 0) {
            self.texts[own] = Some(Cow::Borrowed(text));
        }
    }

    fn leaf(&mut self, at: Below, leaf: Leaf<'m>) {
        if self.fields == JSON_FIELDS_MAX {
            return;
        }
        self.fields += 1;
        if let Some(own) = at.own(self.names) {
            self.texts[own] = Some(printed(leaf));
            self.leaves |= 1 << own;
        }
    }
}
