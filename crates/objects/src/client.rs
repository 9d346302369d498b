//! Lists buckets and fetches objects.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use crate::answer::{Page, page, refusal};
use crate::credentials::Fetch;
use crate::http::{Answer, Http};
use crate::settings::{Endpoint, Settings};
use crate::sign::{Pairs, Request, Scope};
use crate::{Error, Uri};

/// Longer than any page of a listing: a thousand keys of 1024 bytes, each of them encoded.
const PAGE_MAX: u64 = 16 << 20;
/// What an error may say beyond the bytes that are asked for.
const ERROR_MAX: u64 = 64 << 10;

/// Lists and fetches. Any number of threads may share one.
#[derive(Debug)]
pub struct Client {
    settings: Settings,
    http: Http,
    credentials: Fetch,
    /// Where buckets are that are not where they were looked for.
    regions: Mutex<BTreeMap<String, String>>,
    /// Milliseconds since 1970.
    clock: fn() -> i64,
}

/// An object of a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Its key.
    pub key: String,
    /// Its length in bytes.
    pub bytes: u64,
}

/// What is below a prefix.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The objects, in the order of keys.
    pub objects: Vec<Object>,
    /// Prefixes that go on to a slash; none in a deep listing.
    pub folders: Vec<String>,
}

impl Client {
    /// A client that looks at this clock, of milliseconds since 1970.
    ///
    /// # Errors
    /// The file of certificates cannot be read.
    pub fn new(settings: Settings, clock: fn() -> i64) -> Result<Client, Error> {
        let http = Http::new(settings.ca_bundle.as_deref())?;
        Ok(Client { settings, http, credentials: Fetch::new(), regions: Mutex::default(), clock })
    }

    /// What is below the prefix: all objects if `is_deep`, else those before the next slash, and folders.
    ///
    /// # Errors
    /// AWS refuses, or cannot be reached.
    pub fn list(&self, prefix: &Uri, is_deep: bool) -> Result<Listing, Error> {
        let mut listing = Listing::default();
        let mut token = None;
        loop {
            let mut query = vec![
                ("encoding-type", "url".to_owned()),
                ("list-type", "2".to_owned()),
                ("prefix", prefix.key.clone()),
            ];
            if !is_deep {
                query.push(("delimiter", "/".to_owned()));
            }
            query.extend(token.map(|token| ("continuation-token", token)));
            let bucket = Uri { key: String::new(), ..prefix.clone() };
            let answer = self.ask(&bucket, (prefix, query, vec![]), PAGE_MAX)?;
            let no_answer = |why| Error::NoAnswer { what: prefix.to_string(), why };
            let Page { objects, folders, next } = page(&answer.body).map_err(no_answer)?;
            listing.objects.extend(objects.into_iter().map(|(key, bytes)| Object { key, bytes }));
            listing.folders.extend(folders);
            token = next;
            if token.is_none() {
                return Ok(listing);
            }
        }
    }

    /// Bytes of an object; fewer than asked for at its end.
    ///
    /// # Errors
    /// AWS refuses, or cannot be reached.
    pub fn get(&self, object: &Uri, range: Range<u64>) -> Result<Vec<u8>, Error> {
        if range.is_empty() {
            return Ok(vec![]);
        }
        let bytes = format!("bytes={}-{}", range.start, range.end - 1);
        let limit = (range.end - range.start).saturating_add(ERROR_MAX);
        let answer = self.ask(object, (object, vec![], vec![("range", bytes)]), limit)?;
        match answer.status {
            206 => Ok(answer.body),
            // Who does not know ranges answers with all.
            _ => {
                let at = |place: u64| usize::try_from(place).unwrap_or(usize::MAX).min(answer.body.len());
                Ok(answer.body[at(range.start)..at(range.end)].to_vec())
            }
        }
    }

    /// Asks for an object or a bucket, where it is.
    fn ask(
        &self,
        at: &Uri,
        (what, query, headers): (&Uri, Pairs, Pairs),
        body_max: u64,
    ) -> Result<Answer, Error> {
        let region = self.region_of(&at.bucket);
        let answer = self.ask_in(&region, at, (what, &query, &headers), body_max)?;
        if matches!(answer.status, 200 | 206) {
            return Ok(answer);
        }
        let told = refusal(&answer.body);
        let elsewhere =
            answer.region.clone().or_else(|| told.region.clone()).filter(|other| *other != region);
        let is_elsewhere = matches!(answer.status, 301 | 307 | 400 | 403);
        if let Some(other) = elsewhere.filter(|_| is_elsewhere) {
            self.regions
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(at.bucket.clone(), other.clone());
            let answer = self.ask_in(&other, at, (what, &query, &headers), body_max)?;
            return accepted(what, answer);
        }
        accepted(what, answer)
    }

    fn ask_in(
        &self,
        region: &str,
        at: &Uri,
        (what, query, headers): (&Uri, &Pairs, &Pairs),
        body_max: u64,
    ) -> Result<Answer, Error> {
        let Endpoint { scheme, host, path } = self.settings.address_of(&at.bucket, region);
        let credentials = self.credentials.at((self.clock)(), &self.settings, &self.http)?;
        let path = match at.key.is_empty() && !path.is_empty() {
            true => path,
            false => format!("{path}/{}", at.key),
        };
        let request = Request {
            method: "GET",
            scheme,
            host,
            path,
            query: query.clone(),
            headers: headers.clone(),
            body: String::new(),
        };
        let signed = || {
            let mut request = request.clone();
            if let Some(credentials) = &credentials {
                request.sign(credentials, Scope { region, service: "s3", now_ms: (self.clock)() });
            }
            request
        };
        let no_answer =
            |why| Error::NoAnswer { what: what.to_string(), why: format!("{}: {why}", request.host) };
        self.http.send(signed, body_max).map_err(no_answer)
    }

    fn region_of(&self, bucket: &str) -> String {
        let regions = self.regions.lock().unwrap_or_else(PoisonError::into_inner);
        regions.get(bucket).unwrap_or(&self.settings.region).clone()
    }
}

fn accepted(what: &Uri, answer: Answer) -> Result<Answer, Error> {
    match answer.status {
        200 | 206 => Ok(answer),
        status => {
            let refusal = refusal(&answer.body);
            Err(Error::Refused {
                what: what.to_string(),
                status,
                code: refusal.code,
                message: refusal.message,
            })
        }
    }
}

#[cfg(test)]
mod tests;
