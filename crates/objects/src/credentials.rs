//! Whose credentials count, and how they are had.
//!
//! Source: AWS CLI User Guide, "Configuration and credential precedence", "Using an IAM role"; AWS SDKs and Tools Reference
//! Guide, "Assume role", "Process", "Container" and "IMDS credential provider" (read 2026-11).

mod fetch;
mod sign_in;

use std::fmt;

use crate::Error;
use crate::profile::Profiles;
use crate::settings::Environment;
use sign_in::SignIn;

pub(crate) use fetch::Fetch;

/// How many profiles may lead from one to the next.
const PROFILES_MAX: usize = 8;

/// What signs requests.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Credentials {
    pub access_key_id: String,
    pub secret_access_key: String,
    pub session_token: Option<String>,
    /// When they end, in milliseconds since 1970; never if `None`.
    pub expires_ms: Option<i64>,
}

impl fmt::Debug for Credentials {
    /// Without what is secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}

/// Who gives credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Provider {
    /// Nobody: requests are not signed.
    Anonymous,
    /// The environment or a profile has them.
    Static(Credentials),
    /// A program prints them.
    Process(String),
    /// STS, for whoever holds the token in a file.
    WebIdentity { role_arn: String, token_file: String, session_name: String },
    /// STS, for whoever may assume the role.
    Role {
        source: Box<Provider>,
        role_arn: String,
        session_name: String,
        external_id: Option<String>,
        /// The device whose code is asked for.
        mfa_serial: Option<String>,
    },
    /// IAM Identity Center, for whoever has signed in there.
    SignIn(Box<SignIn>),
    /// The host of a container.
    Container {
        url: String,
        /// What it wants to see, and the file that holds it.
        token: Option<String>,
        token_file: Option<String>,
    },
    /// The metadata service of an instance.
    Instance { endpoint: String },
    /// Nobody can be asked.
    Nobody,
}

/// The name of a session where none is given.
const SESSION: &str = "weir";
/// Where the host of a container answers (Amazon ECS Developer Guide, "Task IAM role").
const CONTAINER_HOST: &str = "http://169.254.170.2";
/// Hosts that may be asked for a container's credentials without TLS: those of ECS and EKS, and the machine itself.
const CONTAINER_HOSTS: [&str; 6] =
    ["169.254.170.2", "169.254.170.23", "[fd00:ec2::23]", "127.0.0.1", "localhost", "[::1]"];
/// Where the metadata service answers.
const INSTANCE: &str = "http://169.254.169.254";

impl Provider {
    /// Who gives credentials: a profile that is named by option; else the environment, the profile, the container's host,
    /// the instance's metadata service, the first of them that has or may have some.
    ///
    /// # Errors
    /// The profile has them by a way that is not supported, or half of what is needed.
    pub fn find(option: Option<&str>, profile: &str, environment: &Environment) -> Result<Provider, Error> {
        if option.is_none()
            && let Some(provider) = of_environment(environment)?
        {
            return Ok(provider);
        }
        if let Some(provider) = of_profile(profile, environment, PROFILES_MAX)? {
            return Ok(provider);
        }
        if let Some(provider) = of_container(environment)? {
            return Ok(provider);
        }
        Ok(of_instance(environment))
    }
}

fn of_environment(environment: &Environment) -> Result<Option<Provider>, Error> {
    let of = |name: &str| environment.variable(name).map(str::to_owned);
    let names = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];
    if let Some(keys) = keys(names.map(of), "AWS_ACCESS_KEY_ID is set, AWS_SECRET_ACCESS_KEY is not")? {
        return Ok(Some(Provider::Static(keys)));
    }
    let web_identity = of("AWS_ROLE_ARN").zip(of("AWS_WEB_IDENTITY_TOKEN_FILE"));
    Ok(web_identity.map(|(role_arn, token_file)| {
        let session_name = of("AWS_ROLE_SESSION_NAME").unwrap_or_else(|| SESSION.to_owned());
        Provider::WebIdentity { role_arn, token_file, session_name }
    }))
}

/// What a profile has: a role, a sign-in, keys, or a program, in this order.
fn of_profile(profile: &str, environment: &Environment, left: usize) -> Result<Option<Provider>, Error> {
    let profiles = &environment.profiles;
    let of = |setting: &str| profiles.get(profile, setting).map(str::to_owned);
    if let Some(role_arn) = of("role_arn") {
        return of_role(profile, role_arn, environment, left).map(Some);
    }
    if let Some(sign_in) = SignIn::find(profile, environment)? {
        return Ok(Some(Provider::SignIn(Box::new(sign_in))));
    }
    if let Some(keys) = keys_of_profile(profile, profiles)? {
        return Ok(Some(Provider::Static(keys)));
    }
    Ok(of("credential_process").map(Provider::Process))
}

fn keys_of_profile(profile: &str, profiles: &Profiles) -> Result<Option<Credentials>, Error> {
    let names = ["aws_access_key_id", "aws_secret_access_key", "aws_session_token"];
    let values = names.map(|setting| profiles.get(profile, setting).map(str::to_owned));
    keys(values, &format!("profile {profile} has aws_access_key_id and no aws_secret_access_key"))
}

/// Keys without end: an access key's id, its secret, and the token of a session.
fn keys([id, secret, token]: [Option<String>; 3], half: &str) -> Result<Option<Credentials>, Error> {
    let Some(access_key_id) = id else { return Ok(None) };
    let secret_access_key = secret.ok_or_else(|| Error::Credentials(half.to_owned()))?;
    Ok(Some(Credentials { access_key_id, secret_access_key, session_token: token, expires_ms: None }))
}

fn of_role(
    profile: &str,
    role_arn: String,
    environment: &Environment,
    left: usize,
) -> Result<Provider, Error> {
    let of = |setting: &str| environment.profiles.get(profile, setting).map(str::to_owned);
    let refused = |why: &str| Err(Error::Credentials(format!("profile {profile}: {why}")));
    let session_name = of("role_session_name").unwrap_or_else(|| SESSION.to_owned());
    if let Some(token_file) = of("web_identity_token_file") {
        return Ok(Provider::WebIdentity { role_arn, token_file, session_name });
    }
    let source = match (of("source_profile"), of("credential_source").as_deref()) {
        (Some(_), _) if left == 0 => return refused("its source_profile leads in a circle"),
        // A profile that names itself means its own keys (AWS CLI User Guide, "Using an IAM role").
        (Some(source), _) if source == profile => {
            keys_of_profile(profile, &environment.profiles)?.map(Provider::Static)
        }
        (Some(source), _) if !environment.profiles.has(&source) => {
            return refused(&format!("its source_profile {source} could not be found"));
        }
        (Some(source), _) => of_profile(&source, environment, left - 1)?,
        (None, Some("Environment")) => of_environment(environment)?,
        (None, Some("EcsContainer")) => of_container(environment)?,
        (None, Some("Ec2InstanceMetadata")) => Some(of_instance(environment)),
        (None, Some(other)) => return refused(&format!("credential_source {other} is unknown")),
        (None, None) => return refused("role_arn needs source_profile or credential_source"),
    };
    let Some(source) = source else { return refused("what its role_arn is assumed with has no credentials") };
    let (source, external_id, mfa_serial) = (Box::new(source), of("external_id"), of("mfa_serial"));
    Ok(Provider::Role { source, role_arn, session_name, external_id, mfa_serial })
}

fn of_container(environment: &Environment) -> Result<Option<Provider>, Error> {
    let of = |name: &str| environment.variable(name).map(str::to_owned);
    let relative = of("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI").map(|path| format!("{CONTAINER_HOST}{path}"));
    let Some(url) = relative.or_else(|| of("AWS_CONTAINER_CREDENTIALS_FULL_URI")) else { return Ok(None) };
    let is_near = |host: &str| {
        CONTAINER_HOSTS.iter().any(|known| {
            let rest = host.strip_prefix(known);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/', '?']))
        })
    };
    if !url.starts_with("https://") && !url.strip_prefix("http://").is_some_and(is_near) {
        let why = format!("AWS_CONTAINER_CREDENTIALS_FULL_URI {url} is neither https nor a container's host");
        return Err(Error::Credentials(why));
    }
    let (token, token_file) =
        (of("AWS_CONTAINER_AUTHORIZATION_TOKEN"), of("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"));
    Ok(Some(Provider::Container { url, token, token_file }))
}

fn of_instance(environment: &Environment) -> Provider {
    if environment.is_metadata_disabled() {
        return Provider::Nobody;
    }
    let endpoint = environment.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT").unwrap_or(INSTANCE);
    Provider::Instance { endpoint: endpoint.trim_end_matches('/').to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::tests::environment;

    const CONFIG: &str = "\
[profile keys]
aws_access_key_id = AKIDKEYS
aws_secret_access_key = s
[profile half]
aws_access_key_id = AKIDHALF
[profile role]
role_arn = arn:role
source_profile = keys
external_id = x
[profile role2]
role_arn = arn:role2
source_profile = role
[profile self]
role_arn = arn:self
source_profile = self
aws_access_key_id = AKIDSELF
aws_secret_access_key = s
[profile circle]
role_arn = arn:circle
source_profile = circle2
[profile circle2]
role_arn = arn:circle2
source_profile = circle
[profile env]
role_arn = arn:env
credential_source = Environment
[profile web]
role_arn = arn:web
web_identity_token_file = /token
[profile mfa]
role_arn = arn:mfa
source_profile = keys
mfa_serial = arn:device
[profile sso]
sso_session = s
sso_account_id = 123456789012
sso_role_name = reading
[profile sso-half]
sso_start_url = https://x.awsapps.com/start
sso_account_id = 123456789012
sso_role_name = reading
[profile sso-role]
role_arn = arn:sso
source_profile = sso
[sso-session s]
sso_region = eu-west-1
sso_start_url = https://x.awsapps.com/start
[profile process]
credential_process = /bin/tool --x
[profile lost]
role_arn = arn:lost
source_profile = nobody
[default]
";

    /// The provider in a few words.
    fn shown(provider: &Provider) -> String {
        match provider {
            Provider::Static(keys) => keys.access_key_id.clone(),
            Provider::Process(command) => format!("process {command}"),
            Provider::WebIdentity { role_arn, token_file, session_name } => {
                format!("{role_arn} by {token_file} as {session_name}")
            }
            Provider::Role { source, role_arn, external_id, mfa_serial, .. } => {
                let code = mfa_serial.as_ref().map(|serial| format!(" and a code of {serial}"));
                let (external_id, code) = (external_id.clone().unwrap_or_default(), code.unwrap_or_default());
                format!("{role_arn} with {}{external_id}{code}", shown(source))
            }
            Provider::SignIn(_) => "SignIn".to_owned(),
            Provider::Container { url, token, .. } => format!("{url} {}", token.clone().unwrap_or_default()),
            Provider::Instance { endpoint } => endpoint.clone(),
            Provider::Anonymous | Provider::Nobody => format!("{provider:?}"),
        }
    }

    #[test]
    fn the_first_that_has_credentials_gives_them() {
        let keys = "AWS_ACCESS_KEY_ID=AKIDENV AWS_SECRET_ACCESS_KEY=s";
        let web = "AWS_ROLE_ARN=arn:r AWS_WEB_IDENTITY_TOKEN_FILE=/t";
        let near =
            "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://localhost:99/x AWS_CONTAINER_AUTHORIZATION_TOKEN=t";
        for (option, profile, variables, expected) in [
            (None, "keys", keys, "AKIDENV"),
            (
                None,
                "keys",
                "AWS_ACCESS_KEY_ID=AKID",
                "no AWS credentials: AWS_ACCESS_KEY_ID is set, AWS_SECRET_ACCESS_KEY is not",
            ),
            (Some("keys"), "keys", keys, "AKIDKEYS"),
            (None, "keys", web, "arn:r by /t as weir"),
            (None, "keys", near, "AKIDKEYS"),
            (
                None,
                "half",
                "",
                "no AWS credentials: profile half has aws_access_key_id and no aws_secret_access_key",
            ),
            (None, "role", "", "arn:role with AKIDKEYSx"),
            (None, "role2", "", "arn:role2 with arn:role with AKIDKEYSx"),
            (None, "self", "", "arn:self with AKIDSELF"),
            (None, "circle", "", "no AWS credentials: profile circle: its source_profile leads in a circle"),
            (Some("env"), "env", keys, "arn:env with AKIDENV"),
            (
                Some("env"),
                "env",
                "",
                "no AWS credentials: profile env: what its role_arn is assumed with has no credentials",
            ),
            (None, "web", "", "arn:web by /token as weir"),
            (None, "mfa", "", "arn:mfa with AKIDKEYS and a code of arn:device"),
            (None, "sso", "HOME=/h", "SignIn"),
            (
                None,
                "sso",
                "",
                "no AWS credentials: profile sso signs in by IAM Identity Center and has no HOME",
            ),
            (
                None,
                "sso-half",
                "HOME=/h",
                "no AWS credentials: profile sso-half signs in by IAM Identity Center and has no sso_region",
            ),
            (None, "sso-role", "HOME=/h", "arn:sso with SignIn"),
            (
                None,
                "lost",
                "",
                "no AWS credentials: profile lost: its source_profile nobody could not be found",
            ),
            (None, "process", "", "process /bin/tool --x"),
            (None, "default", near, "http://localhost:99/x t"),
            (None, "default", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/v2/x", "http://169.254.170.2/v2/x "),
            (
                None,
                "default",
                "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://localhost.evil/",
                "no AWS credentials: AWS_CONTAINER_CREDENTIALS_FULL_URI http://localhost.evil/ is neither https nor a container's host",
            ),
            (None, "default", "", "http://169.254.169.254"),
            (
                None,
                "default",
                "AWS_EC2_METADATA_SERVICE_ENDPOINT=http://[fd00:ec2::254]/",
                "http://[fd00:ec2::254]",
            ),
            (None, "default", "AWS_EC2_METADATA_DISABLED=true", "Nobody"),
        ] {
            let found = Provider::find(option, profile, &environment(variables, CONFIG, ""));
            let found = found.map_or_else(|error| error.to_string(), |provider| shown(&provider));
            assert_eq!(found, expected, "{profile} {variables}");
        }
    }

    #[test]
    fn what_is_secret_is_not_printed() {
        let credentials = Credentials { secret_access_key: "hush".into(), ..Credentials::default() };
        assert!(!format!("{:?}", Provider::Static(credentials)).contains("hush"));
    }
}
