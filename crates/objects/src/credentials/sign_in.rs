//! Signing in by IAM Identity Center: the token that `aws sso login` keeps, and what it gives for a role.
//!
//! A token that is about to end is had anew if the sign-in allows it, and kept where it was, as the aws CLI does.
//! Source: AWS SDKs and Tools Reference Guide, "IAM Identity Center credential provider"; IAM Identity Center Portal API
//! Reference, GetRoleCredentials; IAM Identity Center OIDC API Reference, CreateToken (read 2026-11).

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use chrono::DateTime;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use serde_json::{Value, json};

use super::Credentials;
use crate::Error;
use crate::answer::moment_ms;
use crate::http::{Answer, Http};
use crate::settings::{Endpoint, Environment};
use crate::sign::Request;

/// How long before its end a token is had anew (botocore's measure).
const SPARE_MS: i64 = 15 * 60 * 1000;
/// Longer than any answer.
const ANSWER_MAX: u64 = 1 << 20;

/// A role of a profile that signs in by IAM Identity Center.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignIn {
    profile: String,
    token_file: PathBuf,
    account_id: String,
    role_name: String,
    /// Who gives credentials for a token.
    portal: Endpoint,
    /// Who gives a token anew.
    oidc: Endpoint,
}

impl SignIn {
    /// What a profile says of it; `None` if it signs in by nothing of the kind.
    ///
    /// # Errors
    /// Some of what is needed is missing.
    pub fn find(profile: &str, environment: &Environment) -> Result<Option<SignIn>, Error> {
        let own = |setting: &str| environment.profiles.get(profile, setting).map(str::to_owned);
        let (account_id, role_name) = (own("sso_account_id"), own("sso_role_name"));
        if account_id.is_none() && role_name.is_none() {
            return Ok(None);
        }
        let session = own("sso_session");
        let of = |setting: &str| match &session {
            Some(session) => environment.profiles.of_session(session, setting).map(str::to_owned),
            None => own(setting),
        };
        let needed = |setting: &str, value: Option<String>| {
            let missing =
                || format!("profile {profile} signs in by IAM Identity Center and has no {setting}");
            value.ok_or_else(|| Error::Credentials(missing()))
        };
        let region = needed("sso_region", of("sso_region"))?;
        let start_url = needed("sso_start_url", of("sso_start_url"))?;
        let endpoint = |service, variable, host| match environment.endpoint_url(profile, (service, variable))
        {
            Some(url) => Endpoint::parse(url),
            None => Ok(Endpoint::of_aws(host, &region)),
        };
        let home = needed("HOME", environment.home().map(str::to_owned))?;
        // A session's token is kept under its name, another's under the address where it began.
        let name = format!("{}.json", sha1(session.as_deref().unwrap_or(&start_url)));
        Ok(Some(SignIn {
            profile: profile.to_owned(),
            token_file: Path::new(&home).join(".aws/sso/cache").join(name),
            account_id: needed("sso_account_id", account_id)?,
            role_name: needed("sso_role_name", role_name)?,
            portal: endpoint("sso", "AWS_ENDPOINT_URL_SSO", "portal.sso")?,
            oidc: endpoint("sso_oidc", "AWS_ENDPOINT_URL_SSO_OIDC", "oidc")?,
        }))
    }

    /// The role's credentials.
    ///
    /// # Errors
    /// Nobody has signed in, or the sign-in has ended; the role is none of whoever has.
    pub fn credentials(&self, http: &Http, now_ms: i64) -> Result<Credentials, Error> {
        let token = self.token(http, now_ms)?;
        let request = Request {
            query: vec![("account_id", self.account_id.clone()), ("role_name", self.role_name.clone())],
            headers: vec![("x-amz-sso_bearer_token", token)],
            ..self.portal.request("GET", "/federation/credentials")
        };
        let Answer { status, body, .. } = self.send(http, &request)?;
        if status == 401 {
            return Err(self.ended());
        }
        let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
        given(&answer).ok_or_else(|| {
            let why = answer["message"].as_str().unwrap_or("no credentials in the answer");
            self.failed(&format!("GetRoleCredentials: {}: HTTP status {status}: {why}", request.host))
        })
    }

    /// The token that is kept, or one in its place.
    fn token(&self, http: &Http, now_ms: i64) -> Result<String, Error> {
        let kept = std::fs::read(&self.token_file).map_err(|_| self.ended())?;
        let mut kept: Value = serde_json::from_slice(&kept).map_err(|_| self.ended())?;
        let ends_ms = ends_ms(&kept, "expiresAt").unwrap_or(i64::MIN);
        if ends_ms <= now_ms.saturating_add(SPARE_MS)
            && let Some(anew) = self.anew(&kept, http, now_ms)
        {
            kept = anew;
            // Where it cannot be kept, whoever comes next has to sign in: no reason to fail here.
            let _ = keep(&self.token_file, &kept);
        } else if ends_ms <= now_ms {
            return Err(self.ended());
        }
        kept["accessToken"].as_str().map(str::to_owned).ok_or_else(|| self.ended())
    }

    /// What is to be kept in the place of a token that ends; `None` if there is nothing to be had.
    fn anew(&self, kept: &Value, http: &Http, now_ms: i64) -> Option<Value> {
        if ends_ms(kept, "registrationExpiresAt")? <= now_ms {
            return None;
        }
        let of = |name: &str| kept[name].as_str();
        let asked = json!({
            "grantType": "refresh_token",
            "clientId": of("clientId")?,
            "clientSecret": of("clientSecret")?,
            "refreshToken": of("refreshToken")?,
        });
        let request = Request {
            headers: vec![("content-type", "application/json".to_owned())],
            body: asked.to_string(),
            ..self.oidc.request("POST", "/token")
        };
        let answer = self.send(http, &request).ok().filter(|answer| answer.status == 200)?;
        let answer: Value = serde_json::from_slice(&answer.body).ok()?;
        let ends_ms = now_ms.saturating_add(answer["expiresIn"].as_i64()?.saturating_mul(1000));
        let ends = DateTime::from_timestamp_millis(ends_ms)?.format("%Y-%m-%dT%H:%M:%SZ").to_string();
        let mut anew = kept.clone();
        anew["accessToken"] = answer["accessToken"].as_str()?.into();
        anew["expiresAt"] = ends.into();
        if let Some(refresh) = answer["refreshToken"].as_str() {
            anew["refreshToken"] = refresh.into();
        }
        Some(anew)
    }

    fn send(&self, http: &Http, request: &Request) -> Result<Answer, Error> {
        let sent = http.send(|| request.clone(), ANSWER_MAX);
        sent.map_err(|why| self.failed(&format!("{}: {why}", request.host)))
    }

    fn ended(&self) -> Error {
        self.failed(&format!("nobody is signed in any more: aws sso login --profile {}", self.profile))
    }

    fn failed(&self, why: &str) -> Error {
        Error::Credentials(format!("profile {}: {why}", self.profile))
    }
}

/// The credentials in an answer of GetRoleCredentials.
fn given(answer: &Value) -> Option<Credentials> {
    let of = |name: &str| answer["roleCredentials"][name].as_str().map(str::to_owned);
    Some(Credentials {
        access_key_id: of("accessKeyId")?,
        secret_access_key: of("secretAccessKey")?,
        session_token: of("sessionToken"),
        expires_ms: answer["roleCredentials"]["expiration"].as_i64(),
    })
}

/// A moment in a kept token; older versions of the aws CLI write `UTC` where others write `Z`.
fn ends_ms(kept: &Value, name: &str) -> Option<i64> {
    moment_ms(&kept[name].as_str()?.replace("UTC", "Z"))
}

/// Writes a token as a whole, for its owner only.
fn keep(path: &Path, token: &Value) -> io::Result<()> {
    let anew = path.with_extension(format!("json.{}", std::process::id()));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&anew).and_then(|mut file| file.write_all(token.to_string().as_bytes()));
    let kept = written.and_then(|()| std::fs::rename(&anew, path));
    if kept.is_err() {
        let _ = std::fs::remove_file(&anew);
    }
    kept
}

fn sha1(text: &str) -> String {
    digest(&SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes()).as_ref().iter().fold(
        String::new(),
        |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 3174, section 7.3.
    #[test]
    fn tokens_are_kept_under_a_digest() {
        assert_eq!(sha1("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
    }

    #[test]
    fn moments_are_those_of_old_and_new_clis() {
        for text in ["2026-11-28T00:00:00Z", "2026-11-28T00:00:00UTC", "2026-11-28T01:00:00+01:00"] {
            assert_eq!(ends_ms(&json!({"expiresAt": text}), "expiresAt"), Some(1_795_824_000_000), "{text}");
        }
        assert_eq!(ends_ms(&json!({"expiresAt": "soon"}), "expiresAt"), None);
    }
}
