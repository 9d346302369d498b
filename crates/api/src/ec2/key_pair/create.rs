//! CreateKeyPair: a key is made, its private half told once, its public half kept.
//!
//! Keys come from the generator that ids come from, so whoever sees ids could compute them: they open hosts of this machine and
//! are not to be used anywhere else.
//! Source: EC2 API Reference, CreateKeyPair; EC2 User Guide, "Create a key pair for your Amazon EC2 instance".

use super::private::PrivateKey;
use super::rsa::RsaKey;
use crate::operation::{Context, Error, Operation};
use weir_model::instance::NewKeyPair;
use weir_model::{KeyPairId, Tags};
use weir_wire::{Param, TagSpecification, Xml, specified_tags};

/// Makes a key pair.
#[derive(Param)]
pub struct CreateKeyPair {
    key_name: String,
    key_type: Option<KeyType>,
    key_format: Option<KeyFormat>,
    tag_specifications: Vec<TagSpecification>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Param)]
enum KeyType {
    Rsa,
    Ed25519,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Param)]
enum KeyFormat {
    Pem,
    Ppk,
}

/// The key pair, with the private half.
#[derive(Xml)]
pub struct CreateKeyPairResponse {
    key_fingerprint: String,
    key_material: String,
    key_name: String,
    key_pair_id: KeyPairId,
    tags: Tags,
}

impl Operation for CreateKeyPair {
    type Response = CreateKeyPairResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let tags = specified_tags(&self.tag_specifications, "key-pair")?;
        cx.network.check_new_key(cx.scope, &self.key_name, &tags)?;
        let key = match self.key_type.unwrap_or(KeyType::Rsa) {
            KeyType::Rsa => PrivateKey::Rsa(RsaKey::generate(&mut || cx.ids.bits())),
            KeyType::Ed25519 => PrivateKey::ed25519(&mut || cx.ids.bits()),
        };
        let key_material = match self.key_format.unwrap_or(KeyFormat::Pem) {
            KeyFormat::Pem => key.pem(cx.ids.bits() as u32),
            KeyFormat::Ppk => key.ppk(&self.key_name),
        };
        let new = NewKeyPair {
            name: self.key_name.clone(),
            fingerprint: key.fingerprint(),
            key_type: key.key_type().to_owned(),
            public_key: key.public_text(&self.key_name),
            tags: tags.clone(),
        };
        let key_fingerprint = new.fingerprint.clone();
        let key_pair_id = cx.command(|network, cx| network.add_key_pair(cx, new))?;
        Ok(CreateKeyPairResponse {
            key_fingerprint,
            key_material,
            key_name: self.key_name,
            key_pair_id,
            tags,
        })
    }
}
