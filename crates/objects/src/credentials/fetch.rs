//! Having credentials from whoever gives them, until they end.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Write};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use super::{Credentials, Provider};
use crate::Error;
use crate::answer::{assumed, refusal, told};
use crate::http::{Answer, Http};
use crate::settings::{Endpoint, Settings};
use crate::sign::{Pairs, Request, Scope};

/// How long before their end credentials are had anew (botocore's measure for those it must renew).
const SPARE_MS: i64 = 10 * 60 * 1000;
/// Longer than any answer with credentials.
const ANSWER_MAX: u64 = 1 << 20;
/// How long a token for an instance's metadata holds: the longest.
const TOKEN_SECONDS: &str = "21600";

/// Has credentials when they are needed, and keeps them.
#[derive(Debug)]
pub struct Fetch {
    kept: Mutex<Option<Credentials>>,
    near: Http,
}

impl Fetch {
    pub fn new() -> Fetch {
        Fetch { kept: Mutex::default(), near: Http::near() }
    }

    /// The credentials of the settings' provider at this time; `None` if requests are not signed.
    ///
    /// # Errors
    /// There are none to be had.
    pub fn at(&self, now_ms: i64, settings: &Settings, http: &Http) -> Result<Option<Credentials>, Error> {
        if settings.provider == Provider::Anonymous {
            return Ok(None);
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let is_good = |credentials: &&Credentials| {
            credentials.expires_ms.is_none_or(|expires_ms| now_ms + SPARE_MS < expires_ms)
        };
        if let Some(credentials) = kept.as_ref().filter(is_good) {
            return Ok(Some(credentials.clone()));
        }
        let asking = Asking { settings, http, near: &self.near, now_ms };
        let credentials = asking.of(&settings.provider)?;
        *kept = Some(credentials.clone());
        Ok(Some(credentials))
    }
}

struct Asking<'a> {
    settings: &'a Settings,
    http: &'a Http,
    near: &'a Http,
    now_ms: i64,
}

impl Asking<'_> {
    fn of(&self, provider: &Provider) -> Result<Credentials, Error> {
        match provider {
            Provider::Static(credentials) => Ok(credentials.clone()),
            Provider::Process(command) => of_process(command),
            Provider::WebIdentity { role_arn, token_file, session_name } => {
                let token = secret(token_file)?;
                self.assume("AssumeRoleWithWebIdentity", None, |add| {
                    add("RoleArn", role_arn);
                    add("RoleSessionName", session_name);
                    add("WebIdentityToken", &token);
                })
            }
            Provider::SignIn(sign_in) => sign_in.credentials(self.http, self.now_ms),
            Provider::Role { source, role_arn, session_name, external_id, mfa_serial } => {
                let credentials = self.of(source)?;
                let code = mfa_serial.as_deref().map(code_of).transpose()?;
                self.assume("AssumeRole", Some(&credentials), |add| {
                    add("RoleArn", role_arn);
                    add("RoleSessionName", session_name);
                    if let Some(external_id) = external_id {
                        add("ExternalId", external_id);
                    }
                    if let (Some(serial), Some(code)) = (mfa_serial, &code) {
                        add("SerialNumber", serial);
                        add("TokenCode", code);
                    }
                })
            }
            Provider::Container { url, token, token_file } => {
                let token = match token_file {
                    Some(file) => Some(secret(file)?),
                    None => token.clone(),
                };
                let headers = token.map(|token| ("authorization", token)).into_iter().collect();
                let answer = self.near("GET", url, headers)?;
                told(&answer.body).ok_or_else(|| Error::Credentials(format!("{url} tells none")))
            }
            Provider::Instance { endpoint } => self.of_instance(endpoint),
            Provider::Anonymous | Provider::Nobody => Err(nowhere()),
        }
    }

    fn of_instance(&self, endpoint: &str) -> Result<Credentials, Error> {
        let at = |path: &str| format!("{endpoint}/latest/{path}");
        let lifetime = vec![("x-aws-ec2-metadata-token-ttl-seconds", TOKEN_SECONDS.to_owned())];
        // On any machine that is no instance nobody answers: then there is nobody left to ask.
        let token = self.near("PUT", &at("api/token"), lifetime).map_err(|_| nowhere())?;
        let token = String::from_utf8_lossy(&token.body).into_owned();
        let header = || vec![("x-aws-ec2-metadata-token", token.clone())];
        let folder = at("meta-data/iam/security-credentials/");
        let role = self.near("GET", &folder, header()).map_err(|_| nowhere())?;
        let role = String::from_utf8_lossy(&role.body).trim().to_owned();
        let answer = self.near("GET", &format!("{folder}{role}"), header())?;
        told(&answer.body).ok_or_else(|| Error::Credentials(format!("{folder}{role} tells none")))
    }

    /// Asks a service of the machine.
    fn near(&self, method: &'static str, url: &str, headers: Pairs) -> Result<Answer, Error> {
        let failed = |why: String| Error::Credentials(format!("{url}: {why}"));
        let (url_path, query) = url.split_once('?').unwrap_or((url, ""));
        let Endpoint { scheme, host, path } = Endpoint::parse(url_path)?;
        let slash = if url_path.ends_with('/') && !path.is_empty() { "/" } else { "" };
        let path = if path.is_empty() { "/".to_owned() } else { path + slash };
        if !query.is_empty() {
            return Err(failed("an address with a query is not supported".into()));
        }
        let request = Request { method, scheme, host, path, headers, ..Request::default() };
        let answer = self.near.send(|| request.clone(), ANSWER_MAX).map_err(&failed)?;
        match answer.status {
            200 => Ok(answer),
            status => Err(failed(format!("HTTP status {status}"))),
        }
    }

    fn assume(
        &self,
        action: &str,
        signer: Option<&Credentials>,
        fill: impl Fn(&mut dyn FnMut(&str, &str)),
    ) -> Result<Credentials, Error> {
        let mut body = format!("Action={action}&Version=2011-06-15");
        fill(&mut |name, value| {
            let value = percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC);
            body += &format!("&{name}={value}");
        });
        let content = vec![("content-type", "application/x-www-form-urlencoded".to_owned())];
        let request = Request { headers: content, body, ..self.settings.sts().request("POST", "/") };
        let signed = || {
            let mut request = request.clone();
            if let Some(credentials) = signer {
                let scope = Scope { region: &self.settings.region, service: "sts", now_ms: self.now_ms };
                request.sign(credentials, scope);
            }
            request
        };
        let answer = self.http.send(signed, ANSWER_MAX);
        let answer =
            answer.map_err(|why| Error::Credentials(format!("{action}: {}: {why}", request.host)))?;
        if answer.status != 200 {
            let refusal = refusal(&answer.body);
            let why = format!("{action}: {}: {}", refusal.code, refusal.message);
            return Err(Error::Credentials(why));
        }
        assumed(&answer.body).ok_or_else(|| Error::Credentials(format!("{action} tells none")))
    }
}

/// What the aws CLI says then, and what helps.
fn nowhere() -> Error {
    let why = "Unable to locate credentials; aws configure sets them, --no-sign-request goes without";
    Error::Credentials(why.into())
}

/// Where a code is asked for, whatever the streams of the process are.
const TERMINAL: &str = "/dev/tty";

/// The code that a device shows at the moment, asked for as the aws CLI does.
fn code_of(serial: &str) -> Result<String, Error> {
    let ask = || {
        let mut terminal = OpenOptions::new().read(true).write(true).open(TERMINAL)?;
        write!(terminal, "Enter MFA code for {serial}: ")?;
        let mut code = String::new();
        BufReader::new(terminal).read_line(&mut code)?;
        Ok(code.trim().to_owned())
    };
    ask().map_err(|error: std::io::Error| {
        let why = format!("the code of {serial} is asked for on a terminal, and there is none: {error}");
        Error::Credentials(why)
    })
}

/// A file with one secret.
fn secret(path: &str) -> Result<String, Error> {
    let text = std::fs::read_to_string(path);
    Ok(text.map_err(|error| Error::Credentials(format!("{path}: {error}")))?.trim().to_owned())
}

fn of_process(command: &str) -> Result<Credentials, Error> {
    let failed = |why: String| Error::Credentials(format!("credential_process {command}: {why}"));
    let words = words(command);
    let (program, arguments) = words.split_first().ok_or_else(|| failed("nothing to run".into()))?;
    let ran = Command::new(program).args(arguments).output().map_err(|error| failed(error.to_string()))?;
    if !ran.status.success() {
        return Err(failed(format!("{}; {}", ran.status, String::from_utf8_lossy(&ran.stderr).trim())));
    }
    told(&ran.stdout).ok_or_else(|| failed("it prints no credentials".into()))
}

/// The words of a command line; quotes hold a word together, and no shell looks at it.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (vec![], None::<String>, None);
    for letter in command.chars() {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None, _) if letter.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hold_words_together() {
        let cases = [
            ("/bin/tool --a b", vec!["/bin/tool", "--a", "b"]),
            ("'/opt/my tool' \"x y\"z ''", vec!["/opt/my tool", "x yz", ""]),
            ("  ", vec![]),
        ];
        for (command, expected) in cases {
            assert_eq!(words(command), expected, "{command}");
        }
    }

    #[test]
    fn a_process_prints_credentials() {
        let json = r#"{"Version":1,"AccessKeyId":"AKID","SecretAccessKey":"s","SessionToken":"t","Expiration":"2026-11-28T00:00:00Z"}"#;
        let credentials = of_process(&format!("printf %s '{json}'")).expect("credentials");
        assert_eq!((&*credentials.access_key_id, credentials.session_token.as_deref()), ("AKID", Some("t")));
        assert_eq!(credentials.expires_ms, Some(1_795_824_000_000));
        for (command, expected) in [
            ("false", "credential_process false: exit status: 1; "),
            ("echo nothing", "credential_process echo nothing: it prints no credentials"),
            ("", "credential_process : nothing to run"),
        ] {
            let error = of_process(command).expect_err("no credentials");
            assert_eq!(error, Error::Credentials(expected.to_owned()));
        }
    }
}
