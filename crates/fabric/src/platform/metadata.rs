//! Instance metadata, version 1 and 2: a web server that tells an instance what it is.
//!
//! Version 2 asks for a token first: PUT /latest/api/token, with the seconds it is to live; requests then carry it. The
//! options of the instance say whether a token is needed, how far the answer to the PUT may travel, and whether there is an
//! answer at all.
//! Source: EC2 User Guide, "Use the Instance Metadata Service to access instance metadata" and "Instance metadata
//! categories".

mod facts;
mod tree;

pub(crate) use facts::Facts;

use super::server::Said;
use crate::calendar::Moment;
use crate::http::{Parsed, Request, Response, reason};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use weir_model::Nanos;

/// The port.
pub(super) const PORT: u16 = 80;
/// The addresses.
pub(super) const ADDRESSES: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
];

/// The longest that a token may live, in seconds.
const TOKEN_S_MAX: u64 = 21_600;
const TOKEN_PATH: &str = "/latest/api/token";
const TOKEN: &str = "x-aws-ec2-metadata-token";
const TOKEN_TTL: &str = "x-aws-ec2-metadata-token-ttl-seconds";

/// What the server of one instance answers with.
pub(super) struct Server<'a> {
    pub(super) facts: &'a Facts,
    /// The name that the instance has by DHCP.
    pub(super) hostname: &'a str,
    /// What tokens are made from: another for each run of an instance.
    pub(super) secret: u64,
    pub(super) now: Nanos,
}

impl Server<'_> {
    /// What is said to what a connection has brought: it carries one request.
    pub(super) fn hear(&self, received: &mut Vec<u8>) -> Said {
        let (response, is_head) = match Request::parse(received) {
            Parsed::Partial => return Said::default(),
            Parsed::Whole(request, _) => (self.answer(&request), request.method == "HEAD"),
            Parsed::Bad => (Response::new(400, "text/plain", ""), false),
        };
        received.clear();
        Said { bytes: response.bytes(is_head), is_last: true, ttl: response.ttl }
    }

    /// The answer to a request.
    fn answer(&self, request: &Request) -> Response {
        let mut response = match self.look_up(request) {
            Ok(response) => response,
            Err(status) => refusal(status),
        };
        let common = [
            ("Accept-Ranges", "none".to_owned()),
            ("Last-Modified", Moment::of(self.facts.launched).http()),
            ("Date", Moment::of(self.now).http()),
            ("Server", "EC2ws".to_owned()),
        ];
        response.headers.extend(common);
        response
    }

    /// The page asked for, or the status of the refusal.
    fn look_up(&self, request: &Request) -> Result<Response, u16> {
        if !self.facts.options.is_enabled {
            return Err(403);
        }
        let path = request.path.split('?').next().unwrap_or_default();
        if path.trim_end_matches('/') == TOKEN_PATH {
            return self.token(request);
        }
        match (request.header(TOKEN), self.facts.options.needs_token) {
            (Some(token), _) if !self.is_valid(token) => return Err(401),
            (None, true) => return Err(401),
            _ => {}
        }
        if !matches!(request.method.as_str(), "GET" | "HEAD") {
            return Err(405);
        }
        let text = tree::page(self.facts, self.hostname, self.now, path).ok_or(404u16)?;
        Ok(Response::new(200, "text/plain", text))
    }

    /// A token for a PUT. Its packets get no further than the hop limit.
    fn token(&self, request: &Request) -> Result<Response, u16> {
        if request.method != "PUT" {
            return Err(405);
        }
        // A request that came through a proxy could be somebody else's.
        if request.header("x-forwarded-for").is_some() {
            return Err(403);
        }
        let ttl = request.header(TOKEN_TTL).and_then(|text| text.parse::<u64>().ok());
        let ttl = ttl.filter(|ttl| (1..=TOKEN_S_MAX).contains(ttl)).ok_or(400u16)?;
        let mut response = Response::new(200, "text/plain", self.token_until(self.now.seconds() + ttl));
        response.headers.push(("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", ttl.to_string()));
        response.ttl = Some(self.facts.options.hop_limit.max(1));
        Ok(response)
    }

    /// A token says when it ends, and proves that it was made here; it need not be kept.
    fn token_until(&self, end_s: u64) -> String {
        format!("{end_s:012x}{:016x}", scramble(self.secret ^ scramble(end_s)))
    }

    fn is_valid(&self, token: &str) -> bool {
        let end_s = token.get(..12).and_then(|digits| u64::from_str_radix(digits, 16).ok());
        end_s.is_some_and(|end_s| token == self.token_until(end_s) && self.now.seconds() < end_s)
    }
}

/// The finaliser of MurmurHash3: tokens only have to be hard to hit by chance.
fn scramble(mut value: u64) -> u64 {
    for factor in [0xff51_afd7_ed55_8ccd, 0xc4ce_b9fe_1a85_ec53] {
        value = (value ^ value >> 33).wrapping_mul(factor);
    }
    value ^ value >> 33
}

/// The page that refuses a request.
fn refusal(status: u16) -> Response {
    let title = format!("{status} - {}", reason(status));
    let page = format!(
        "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>\n\
         <!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Transitional//EN\"\n\
         \t\"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd\">\n\
         <html xmlns=\"http://www.w3.org/1999/xhtml\" xml:lang=\"en\" lang=\"en\">\n \
         <head>\n  <title>{title}</title>\n </head>\n <body>\n  <h1>{title}</h1>\n </body>\n</html>\n"
    );
    Response::new(status, "text/html", page)
}

#[cfg(test)]
mod tests;
