//! Client tokens: a call repeated with the same token and parameters has no further effect and gets the first answer.
//!
//! A token belongs to the caller's account and region and to one operation. The first answer is kept with the state, so it
//! survives a restart; a call that failed leaves no trace. A token is forgotten after [`KEPT_MS`], or when
//! [`TOKENS_MAX`] newer ones have come.
//! Source: EC2 API Reference, "Ensuring idempotency in Amazon EC2 API requests".

use crate::operation::Error;
use serde::{Deserialize, Serialize};
use weir_model::table::{Change, Resource, Table};
use weir_model::{Scope, Timestamp};
use weir_wire::{Kind, Param, Params, WireError, Xml};

/// How long a token is remembered in milliseconds: 24 hours.
///
/// Assumption: AWS documents no general duration.
pub const KEPT_MS: i64 = 24 * 60 * 60 * 1000;
/// Most tokens remembered at a time.
pub const TOKENS_MAX: usize = 10_000;
/// Longest token in characters.
pub const CHARS_MAX: usize = 64;

/// The `ClientToken` member of a request: declares that the dispatcher keeps the call idempotent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientToken(pub Option<String>);

impl Param for ClientToken {
    const REQUIRED: bool = false;
    const KIND: Kind = Kind::Text;

    fn read(params: &Params, at: &str) -> Result<ClientToken, WireError> {
        let Some(text) = params.get(at) else { return Ok(ClientToken(None)) };
        match text.len() <= CHARS_MAX && text.is_ascii() {
            true => Ok(ClientToken(Some(text.to_owned()).filter(|text| !text.is_empty()))),
            false => Err(params.invalid(at, text, "at most 64 ASCII characters")),
        }
    }
}

impl Xml for ClientToken {
    const KIND: Kind = Kind::Text;

    fn write(&self, out: &mut weir_wire::Writer) {
        self.0.write(out);
    }

    fn is_absent(&self) -> bool {
        self.0.is_none()
    }
}

/// A call that was made with a token.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Issued {
    key: String,
    at: Timestamp,
    /// What tells its parameters from others.
    fingerprint: String,
    request_id: String,
    answer: String,
}

impl Resource for Issued {
    type Key = String;
    const KIND: &'static str = "client-token";
    fn key(&self) -> String {
        self.key.clone()
    }
}

/// One use of a token.
pub struct Use<'a> {
    /// Who uses it, where.
    pub scope: Scope,
    /// For which operation.
    pub action: &'a str,
    /// The token.
    pub token: &'a str,
    /// With which parameters.
    pub params: &'a Params,
}

/// The calls that were made with a token.
#[derive(Debug, Default)]
pub struct Tokens {
    issued: Table<Issued>,
}

impl Tokens {
    /// The first answer to this call, as the answer to `request_id`; `None` if it is the first.
    ///
    /// # Errors
    /// `IdempotentParameterMismatch` if the token came with other parameters.
    pub fn answer(&self, call: &Use<'_>, request_id: &str, now: Timestamp) -> Result<Option<String>, Error> {
        let first = self.issued.get(&call.key()).filter(|first| first.at.plus_ms(KEPT_MS) > now);
        match first {
            Some(first) if first.fingerprint == call.fingerprint() => {
                Ok(Some(first.answer.replacen(&first.request_id, request_id, 1)))
            }
            Some(_) => Err(Error::new(
                "IdempotentParameterMismatch",
                "The request uses the same client token as a previous, but non-identical request.",
            )),
            None => Ok(None),
        }
    }

    /// Remembers the answer to the first call with a token.
    pub fn remember(&mut self, call: &Use<'_>, request_id: &str, now: Timestamp, answer: &[u8]) {
        if self.issued.len() >= TOKENS_MAX {
            self.forget(now);
        }
        self.issued.insert(Issued {
            key: call.key(),
            at: now,
            fingerprint: call.fingerprint(),
            request_id: request_id.to_owned(),
            answer: String::from_utf8_lossy(answer).into_owned(),
        });
    }

    /// Moves what changed since the last call to `out`.
    pub fn drain_changes(&mut self, out: &mut Vec<Change>) {
        self.issued.drain_changes(out);
    }

    /// Puts back a token read from disk. `Ok(false)` if `kind` is not that of tokens.
    ///
    /// # Errors
    /// The text is not a token.
    pub fn restore(&mut self, kind: &str, body: &str) -> Result<bool, serde_json::Error> {
        if kind == Issued::KIND {
            self.issued.restore(body)?;
        }
        Ok(kind == Issued::KIND)
    }

    /// Makes room: forgets what is too old, or else the oldest half.
    fn forget(&mut self, now: Timestamp) {
        let mut times: Vec<Timestamp> = self.issued.iter().map(|issued| issued.at).collect();
        times.sort_unstable();
        let cut = times[times.len() / 2].max(now.plus_ms(-KEPT_MS));
        let old: Vec<String> =
            self.issued.iter().filter(|issued| issued.at <= cut).map(Resource::key).collect();
        for key in old {
            self.issued.remove(&key);
        }
    }
}

impl Use<'_> {
    fn key(&self) -> String {
        format!("{}/{}/{}/{}", self.scope.account, self.scope.region, self.action, self.token)
    }

    /// FNV-1a of 128 bits over all parameters: tells honest requests apart.
    fn fingerprint(&self) -> String {
        const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
        const PRIME: u128 = 0x0100_0000_0000_0000_0000_013b;
        let step = |hash: u128, byte: u8| (hash ^ u128::from(byte)).wrapping_mul(PRIME);
        // Neither 0xff nor 0xfe is part of UTF-8, so no two lists of parameters read the same.
        let bytes = self
            .params
            .members()
            .flat_map(|(key, value)| key.bytes().chain([0xfe]).chain(value.bytes()).chain([0xff]));
        format!("{:032x}", bytes.fold(OFFSET, step))
    }
}
