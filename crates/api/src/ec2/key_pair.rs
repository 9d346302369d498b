//! Key pairs: public keys, imported or made here.
//!
//! The fingerprint of an imported RSA key is the MD5 of its DER form, that of an ED25519 key the SHA-256 of its OpenSSH form.
//! Source: EC2 API Reference, ImportKeyPair, DescribeKeyPairs, DeleteKeyPair; EC2 User Guide, "Verify the fingerprint of your
//! key pair"; RFC 4253 section 6.6, RFC 8709 section 4 (OpenSSH form); RFC 8017 appendix A.1 and RFC 5280 section 4.1 (DER).

mod create;
mod der;
mod private;
mod rsa;

pub use create::CreateKeyPair;

use crate::operation::{Context, Error, Operation};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use sha2::Sha256;
use weir_model::instance::{InstanceRefusal, KeyPair, NewKeyPair};
use weir_model::{KeyPairId, Refused, Tags, Timestamp};
use weir_wire::{Filter, FilterTable, Param, TagSpecification, Xml, specified_tags};

/// Longest public key material in bytes; an RSA key of 16,384 bits has about 2,800.
const MATERIAL_BYTES_MAX: usize = 16_384;

/// Keeps a public key under a name.
#[derive(Param)]
pub struct ImportKeyPair {
    key_name: String,
    public_key_material: String,
    tag_specifications: Vec<TagSpecification>,
}

/// The key pair kept.
#[derive(Xml)]
pub struct ImportKeyPairResponse {
    key_fingerprint: String,
    key_name: String,
    key_pair_id: KeyPairId,
    tags: Tags,
}

impl Operation for ImportKeyPair {
    type Response = ImportKeyPairResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let key = PublicKey::read(&self.public_key_material).ok_or_else(|| {
            Error::new("InvalidKey.Format", "Key is not in valid OpenSSH public key format")
        })?;
        let tags = specified_tags(&self.tag_specifications, "key-pair")?;
        let fingerprint = key.fingerprint();
        let new = NewKeyPair {
            name: self.key_name.clone(),
            fingerprint: fingerprint.clone(),
            key_type: key.key_type().to_owned(),
            public_key: key.text,
            tags: tags.clone(),
        };
        let key_pair_id = cx.command(|network, cx| network.add_key_pair(cx, new))?;
        Ok(ImportKeyPairResponse { key_fingerprint: fingerprint, key_name: self.key_name, key_pair_id, tags })
    }
}

/// A public key in OpenSSH's form.
struct PublicKey {
    /// `ssh-rsa AAAA… comment`.
    text: String,
    /// What the base64 holds.
    blob: Vec<u8>,
    kind: Kind,
}

enum Kind {
    /// Exponent and modulus, big-endian with sign.
    Rsa(Vec<u8>, Vec<u8>),
    Ed25519,
}

impl PublicKey {
    /// Reads the material, whose text is base64 itself, as clients send a blob.
    fn read(material: &str) -> Option<PublicKey> {
        if material.len() > MATERIAL_BYTES_MAX {
            return None;
        }
        let packed: String = material.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        let text = String::from_utf8(STANDARD.decode(packed).ok()?).ok()?.trim().to_owned();
        let mut words = text.split_ascii_whitespace();
        let (name, blob) = (words.next()?, STANDARD.decode(words.next()?).ok()?);
        let mut parts = Parts(&blob);
        let kind = match (parts.next()?, name) {
            (b"ssh-rsa", "ssh-rsa") => Kind::Rsa(parts.next()?.to_vec(), parts.next()?.to_vec()),
            (b"ssh-ed25519", "ssh-ed25519") if parts.next()?.len() == 32 => Kind::Ed25519,
            _ => return None,
        };
        parts.0.is_empty().then_some(())?;
        Some(PublicKey { text, blob, kind })
    }

    fn key_type(&self) -> &'static str {
        match self.kind {
            Kind::Rsa(..) => "rsa",
            Kind::Ed25519 => "ed25519",
        }
    }

    fn fingerprint(&self) -> String {
        match &self.kind {
            Kind::Rsa(exponent, modulus) => {
                let digest = Md5::digest(der::rsa_public(exponent, modulus));
                colons(&digest)
            }
            Kind::Ed25519 => STANDARD.encode(Sha256::digest(&self.blob)),
        }
    }
}

/// The length-prefixed strings of an OpenSSH key.
struct Parts<'a>(&'a [u8]);

impl<'a> Parts<'a> {
    fn next(&mut self) -> Option<&'a [u8]> {
        let (length, rest) = self.0.split_first_chunk::<4>()?;
        let (part, rest) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        self.0 = rest;
        Some(part)
    }
}

/// A digest in hexadecimal, a colon between bytes.
fn colons(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
}

/// Lists key pairs, all, by name or by id.
#[derive(Param)]
pub struct DescribeKeyPairs {
    key_names: Vec<String>,
    key_pair_ids: Vec<KeyPairId>,
    include_public_key: Option<bool>,
    filters: Vec<Filter>,
}

/// The key pairs found.
#[derive(Xml)]
pub struct DescribeKeyPairsResponse {
    #[wire(response = "keySet")]
    key_pairs: Vec<KeyPairView>,
}

#[derive(Xml)]
struct KeyPairView {
    key_pair_id: KeyPairId,
    key_type: String,
    tags: Tags,
    public_key: Option<String>,
    create_time: Timestamp,
    key_name: String,
    key_fingerprint: String,
}

impl Operation for DescribeKeyPairs {
    type Response = DescribeKeyPairsResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let seen = cx.seen();
        let mut ids = self.key_pair_ids;
        for name in self.key_names {
            let found = seen.network.key_pair_named(seen.scope, &name);
            ids.push(found.ok_or(Refused::from(InstanceRefusal::NoSuchKeyPair(name)))?.id);
        }
        let shows_key = self.include_public_key.unwrap_or(false);
        let rows = seen.rows(&seen.network.key_pairs, &ids)?;
        let views = rows.into_iter().map(|pair| KeyPairView::of(pair, shows_key));
        Ok(DescribeKeyPairsResponse { key_pairs: FILTERS.narrow(views, &self.filters)? })
    }
}

impl KeyPairView {
    fn of(pair: &KeyPair, shows_key: bool) -> KeyPairView {
        KeyPairView {
            key_pair_id: pair.id,
            key_type: pair.key_type.clone(),
            tags: pair.tags.clone(),
            public_key: shows_key.then(|| pair.public_key.clone()),
            create_time: pair.created,
            key_name: pair.name.clone(),
            key_fingerprint: pair.fingerprint.clone(),
        }
    }
}

const FILTERS: FilterTable<KeyPairView> = FilterTable {
    rows: &[
        ("key-pair-id", |view| vec![view.key_pair_id.to_string()]),
        ("fingerprint", |view| vec![view.key_fingerprint.clone()]),
        ("key-name", |view| vec![view.key_name.clone()]),
    ],
    tags: Some(|view| &view.tags),
};

/// Deletes a key pair; one that is not there is deleted already.
#[derive(Param)]
pub struct DeleteKeyPair {
    key_name: Option<String>,
    key_pair_id: Option<KeyPairId>,
}

/// The key pair deleted.
#[derive(Xml)]
pub struct DeleteKeyPairResponse {
    r#return: bool,
    key_pair_id: Option<KeyPairId>,
}

impl Operation for DeleteKeyPair {
    type Response = DeleteKeyPairResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let id = match (self.key_pair_id, self.key_name) {
            (Some(id), _) => Some(id),
            (None, Some(name)) => cx.network.key_pair_named(cx.scope, &name).map(|pair| pair.id),
            (None, None) => {
                let message = "The request must contain the parameter KeyName or KeyPairId";
                return Err(Error::new("MissingParameter", message));
            }
        };
        if let Some(id) = id {
            cx.command(|network, cx| {
                network.delete_key_pair(cx, id);
                Ok(())
            })?;
        }
        Ok(DeleteKeyPairResponse { r#return: true, key_pair_id: id })
    }
}
