//! Private keys as files: what OpenSSH reads (`pem`) and what PuTTY reads (`ppk`).
//!
//! Source: RFC 7468 (PEM); OpenSSH, PROTOCOL.key; PuTTY User Manual, appendix C "PPK file format" (version 2, which every
//! PuTTY reads); RFC 4253 section 6.6 and RFC 8709 section 4 (public keys).

use super::rsa::RsaKey;
use super::{colons, der};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use sha1::{Digest as _, Sha1};
use sha2::Sha256;

/// Characters on a line of a key file, and of an OpenSSH one.
const LINE_CHARS: usize = 64;
const OPENSSH_LINE_CHARS: usize = 70;
/// What the private part of an OpenSSH file is padded to if it is not encrypted.
const OPENSSH_BLOCK_BYTES: usize = 8;

/// A key with both halves.
pub enum PrivateKey {
    /// RSA of 2048 bits.
    Rsa(RsaKey),
    /// ED25519: the seed and the public half.
    Ed25519([u8; 32], [u8; 32]),
}

impl PrivateKey {
    /// An ED25519 key from 32 random bytes.
    pub fn ed25519(words: &mut dyn FnMut() -> u64) -> PrivateKey {
        let mut seed = [0; 32];
        seed.chunks_exact_mut(8).for_each(|chunk| chunk.copy_from_slice(&words().to_be_bytes()));
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).expect("any 32 bytes are a seed");
        let public = pair.public_key().as_ref().try_into().expect("public keys have 32 bytes");
        PrivateKey::Ed25519(seed, public)
    }

    /// EC2's word for its type.
    pub fn key_type(&self) -> &'static str {
        match self {
            PrivateKey::Rsa(_) => "rsa",
            PrivateKey::Ed25519(..) => "ed25519",
        }
    }

    fn algorithm(&self) -> &'static str {
        match self {
            PrivateKey::Rsa(_) => "ssh-rsa",
            PrivateKey::Ed25519(..) => "ssh-ed25519",
        }
    }

    /// The public half as SSH sends it.
    fn public_blob(&self) -> Vec<u8> {
        let name = string(self.algorithm().as_bytes());
        let rest = match self {
            PrivateKey::Rsa(key) => key.public().iter().flat_map(|number| string(number)).collect(),
            PrivateKey::Ed25519(_, public) => string(public),
        };
        [name, rest].concat()
    }

    /// The public half as a line of `authorized_keys`.
    pub fn public_text(&self, comment: &str) -> String {
        format!("{} {} {comment}", self.algorithm(), STANDARD.encode(self.public_blob()))
    }

    /// The fingerprint of a key that EC2 made: the SHA-1 of the private half in PKCS #8 for RSA, the SHA-256 of the public
    /// half for ED25519.
    pub fn fingerprint(&self) -> String {
        match self {
            PrivateKey::Rsa(key) => {
                let info = der::private_key_info(&der::rsa_private(&key.numbers()));
                colons(&Sha1::digest(info))
            }
            PrivateKey::Ed25519(..) => STANDARD.encode(Sha256::digest(self.public_blob())),
        }
    }

    /// The file that OpenSSH reads: PKCS #1 for RSA, OpenSSH's own form for ED25519. `check` is a random word.
    pub fn pem(&self, check: u32) -> String {
        match self {
            PrivateKey::Rsa(key) => armored("RSA PRIVATE KEY", &der::rsa_private(&key.numbers()), LINE_CHARS),
            PrivateKey::Ed25519(seed, public) => {
                let both = [seed.as_slice(), public].concat();
                let private = [string(public), string(&both)].concat();
                armored("OPENSSH PRIVATE KEY", &self.openssh(check, private), OPENSSH_LINE_CHARS)
            }
        }
    }

    fn openssh(&self, check: u32, private: Vec<u8>) -> Vec<u8> {
        let name = string(self.algorithm().as_bytes());
        let check = check.to_be_bytes();
        let mut secret = [&check, check.as_slice(), &name, &private, &string(b"")].concat();
        let padding = secret.len().next_multiple_of(OPENSSH_BLOCK_BYTES) - secret.len();
        secret.extend((1..=padding).map(|place| place as u8));
        let (none, count) = (string(b"none"), 1u32.to_be_bytes());
        let public = string(&self.public_blob());
        [b"openssh-key-v1\0".as_slice(), &none, &none, &string(b""), &count, &public, &string(&secret)]
            .concat()
    }

    /// The file that PuTTY reads.
    pub fn ppk(&self, comment: &str) -> String {
        let private: Vec<u8> = match self {
            PrivateKey::Rsa(key) => {
                let [_, _, exponent, p, q, _, _, coefficient] = key.numbers();
                [exponent, p, q, coefficient].iter().flat_map(|number| string(number)).collect()
            }
            PrivateKey::Ed25519(seed, _) => string(seed),
        };
        let (algorithm, public) = (self.algorithm(), self.public_blob());
        let signed = [algorithm.as_bytes(), b"none", comment.as_bytes(), &public, &private].map(string);
        let key = Sha1::digest(b"putty-private-key-file-mac-key");
        let mut mac = Hmac::<Sha1>::new_from_slice(&key).expect("HMAC takes keys of any length");
        mac.update(&signed.concat());
        let mac = mac.finalize().into_bytes();
        let mac: String = mac.iter().map(|byte| format!("{byte:02x}")).collect();
        let (public, private) = (lines(&public, LINE_CHARS), lines(&private, LINE_CHARS));
        format!(
            "PuTTY-User-Key-File-2: {algorithm}\nEncryption: none\nComment: {comment}\nPublic-Lines: {}\n{}\n\
             Private-Lines: {}\n{}\nPrivate-MAC: {mac}",
            public.len(),
            public.join("\n"),
            private.len(),
            private.join("\n"),
        )
    }
}

/// A string of SSH: its length and itself (RFC 4251 section 5).
fn string(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u32).to_be_bytes(), bytes].concat()
}

fn armored(label: &str, bytes: &[u8], chars: usize) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----", lines(bytes, chars).join("\n"))
}

/// Base64 in lines of `chars`.
fn lines(bytes: &[u8], chars: usize) -> Vec<String> {
    let packed = STANDARD.encode(bytes);
    packed.as_bytes().chunks(chars).map(|line| String::from_utf8_lossy(line).into_owned()).collect()
}
