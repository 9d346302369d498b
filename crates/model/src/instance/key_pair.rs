//! Key pairs: the public half, under a name.
//!
//! Source: EC2 User Guide, "Amazon EC2 key pairs"; EC2 API Reference, ImportKeyPair, CreateKeyPair and DeleteKeyPair.

use super::InstanceRefusal;
use crate::table::Resource;
use crate::tags;
use crate::time::Timestamp;
use crate::{Cx, KeyPairId, Limit, Network, Refused, Scope, Tags};
use serde::{Deserialize, Serialize};

/// Longest name in characters.
const NAME_CHARS_MAX: usize = 255;

/// A key pair's public half.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeyPair {
    /// Its id.
    pub id: KeyPairId,
    /// Owner and region.
    pub scope: Scope,
    /// Its name, unique in the scope.
    pub name: String,
    /// The fingerprint.
    pub fingerprint: String,
    /// The key's type: `rsa` or `ed25519`.
    pub key_type: String,
    /// The public key in OpenSSH's form.
    #[serde(default)]
    pub public_key: String,
    /// When it was made.
    pub created: Timestamp,
    /// Its tags.
    pub tags: Tags,
}

/// What ImportKeyPair or CreateKeyPair asks for.
#[derive(Clone, Debug)]
pub struct NewKeyPair {
    /// The name.
    pub name: String,
    /// The fingerprint.
    pub fingerprint: String,
    /// The key's type: `rsa` or `ed25519`.
    pub key_type: String,
    /// The public key in OpenSSH's form.
    pub public_key: String,
    /// Its tags.
    pub tags: Tags,
}

impl Network {
    /// Keeps a key pair under its name.
    ///
    /// # Errors
    /// The name breaks a rule or is taken; [`Limit::KeyPairs`]; a tag breaks a rule.
    pub fn add_key_pair(&mut self, cx: &mut Cx, new: NewKeyPair) -> Result<KeyPairId, Refused> {
        self.check_new_key(cx.scope, &new.name, &new.tags)?;
        let id = cx.ids.fresh();
        let NewKeyPair { name, fingerprint, key_type, public_key, tags } = new;
        let (scope, created) = (cx.scope, cx.now);
        self.key_pairs.insert(KeyPair { id, scope, name, fingerprint, key_type, public_key, created, tags });
        Ok(id)
    }

    /// Checks that a key pair could be kept, before a key is made for it.
    ///
    /// # Errors
    /// As [`Network::add_key_pair`].
    pub fn check_new_key(&self, scope: Scope, name: &str, tags: &Tags) -> Result<(), Refused> {
        tags::check(tags)?;
        let is_printable = name.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        if name.is_empty() || name.len() > NAME_CHARS_MAX || !is_printable {
            return Err(InstanceRefusal::KeyPairName(name.to_owned()).into());
        }
        if self.key_pair_named(scope, name).is_some() {
            return Err(InstanceRefusal::DuplicateKeyPair(name.to_owned()).into());
        }
        match self.key_pairs.of(scope).count() >= self.limits.key_pairs {
            true => Err(Limit::KeyPairs.into()),
            false => Ok(()),
        }
    }

    /// The key pair of this name.
    pub fn key_pair_named(&self, scope: Scope, name: &str) -> Option<&KeyPair> {
        self.key_pairs.of(scope).find(|pair| pair.name == name)
    }

    /// Deletes the key pair, if it is there; instances that name it keep the name.
    pub fn delete_key_pair(&mut self, cx: &Cx, id: KeyPairId) {
        if self.key_pairs.find(cx.scope, &id).is_ok() {
            self.key_pairs.remove(&id);
        }
    }
}

impl Resource for KeyPair {
    type Key = KeyPairId;
    const KIND: &'static str = "key-pair";
    fn key(&self) -> KeyPairId {
        self.id
    }
}
