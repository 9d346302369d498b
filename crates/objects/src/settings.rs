//! What is asked of whom: endpoint, Region, and whose credentials, as the aws CLI finds them.
//!
//! Source: AWS CLI User Guide, "Configuration and credential precedence": options, environment, then the profile's files
//! (read 2026-11).

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::Error;
use crate::credentials::Provider;
use crate::profile::{DEFAULT, Profiles};
use crate::sign::Request;

/// Where a bucket is looked for if nothing says where it is; S3 then tells.
pub const REGION: &str = "us-east-1";

/// What the command line says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// The address of another S3 than AWS's.
    pub endpoint_url: Option<String>,
    /// The bucket's Region.
    pub region: Option<String>,
    /// The profile whose settings count.
    pub profile: Option<String>,
    /// Whether requests are not signed, as for public buckets.
    pub is_unsigned: bool,
}

/// What is around the process: its variables, and the files of profiles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// The variables.
    pub variables: BTreeMap<String, String>,
    /// The profiles of both files.
    pub(crate) profiles: Profiles,
}

impl Environment {
    /// The variables, and the files that they or the custom name. A file that is not there has no profiles.
    ///
    /// # Errors
    /// A file that is there and cannot be read.
    pub fn read(variables: BTreeMap<String, String>) -> Result<Environment, Error> {
        let read = |variable: &str, name: &str| {
            let home = home(&variables);
            let usual = || home.map(|home| PathBuf::from(home).join(".aws").join(name));
            let Some(path) = variables.get(variable).map(PathBuf::from).or_else(usual) else {
                return Ok(String::new());
            };
            match std::fs::read_to_string(&path) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
                read => read.map_err(|error| Error::Settings(format!("{}: {error}", path.display()))),
            }
        };
        let config = read("AWS_CONFIG_FILE", "config")?;
        let credentials = read("AWS_SHARED_CREDENTIALS_FILE", "credentials")?;
        Ok(Environment { profiles: Profiles::parse(&config, &credentials), variables })
    }

    /// A variable that is not empty.
    pub(crate) fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The folder of whoever runs the process.
    pub(crate) fn home(&self) -> Option<&str> {
        home(&self.variables)
    }

    fn is_set(&self, name: &str) -> bool {
        self.variable(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    pub(crate) fn is_metadata_disabled(&self) -> bool {
        self.is_set("AWS_EC2_METADATA_DISABLED")
    }

    /// The endpoint of a service that variables or the profile name.
    pub(crate) fn endpoint_url(&self, profile: &str, (service, variable): (&str, &str)) -> Option<&str> {
        if self.is_set("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") {
            return None;
        }
        let of_variables = || self.variable(variable).or_else(|| self.variable("AWS_ENDPOINT_URL"));
        of_variables().or_else(|| self.profiles.endpoint_url(profile, service))
    }
}

fn home(variables: &BTreeMap<String, String>) -> Option<&str> {
    variables.get("HOME").or_else(|| variables.get("USERPROFILE")).map(String::as_str)
}

/// An address without query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// `http` or `https`.
    pub scheme: String,
    /// The host, with its port unless it is the scheme's own.
    pub host: String,
    /// What stands before every path; empty, or from its slash on.
    pub path: String,
}

impl Endpoint {
    /// Reads `https://host:port/path`.
    ///
    /// # Errors
    /// Another scheme, or no host.
    pub fn parse(text: &str) -> Result<Endpoint, Error> {
        let invalid =
            || Error::Settings(format!("{text}: no endpoint; http://HOST:PORT or https://HOST is one"));
        let (scheme, rest) = text.split_once("://").ok_or_else(invalid)?;
        let usual = match scheme {
            "http" => ":80",
            "https" => ":443",
            _ => return Err(invalid()),
        };
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        if host.is_empty() || host.contains(['@', '?', '#', ' ']) || path.contains(['?', '#']) {
            return Err(invalid());
        }
        let path = path.trim_end_matches('/');
        Ok(Endpoint {
            scheme: scheme.to_owned(),
            host: host.strip_suffix(usual).unwrap_or(host).to_owned(),
            path: if path.is_empty() { String::new() } else { format!("/{path}") },
        })
    }

    /// A request to it, for a path that begins with a slash.
    pub(crate) fn request(&self, method: &'static str, path: &str) -> Request {
        let Endpoint { scheme, host, path: before } = self.clone();
        Request { method, scheme, host, path: before + path, ..Request::default() }
    }

    /// AWS's endpoint of a service in a Region.
    pub fn of_aws(service: &str, region: &str) -> Endpoint {
        let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        let host = format!("{service}.{region}.{suffix}");
        Endpoint { scheme: "https".to_owned(), host, path: String::new() }
    }
}

/// What is asked of whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Another S3 than AWS's.
    pub(crate) endpoint: Option<Endpoint>,
    /// Another STS than AWS's.
    pub(crate) sts: Option<Endpoint>,
    /// The Region where buckets are looked for first.
    pub(crate) region: String,
    /// Whose credentials count.
    pub(crate) provider: Provider,
    /// A file of certificates that are trusted instead of Mozilla's.
    pub(crate) ca_bundle: Option<String>,
}

impl Settings {
    /// What the command line, the environment and the profile say, in this order.
    ///
    /// # Errors
    /// A profile that is in no file, an endpoint that is none, or a way to credentials that is not supported.
    pub fn find(given: &Given, environment: &Environment) -> Result<Settings, Error> {
        let of_environment =
            || environment.variable("AWS_PROFILE").or_else(|| environment.variable("AWS_DEFAULT_PROFILE"));
        let named = given.profile.as_deref().or_else(of_environment);
        if let Some(profile) = named.filter(|profile| !environment.profiles.has(profile)) {
            return Err(Error::Settings(format!("The config profile ({profile}) could not be found")));
        }
        let profile = named.unwrap_or(DEFAULT);
        let own = given.endpoint_url.as_deref();
        let endpoint = own.or_else(|| environment.endpoint_url(profile, ("s3", "AWS_ENDPOINT_URL_S3")));
        let sts = environment.endpoint_url(profile, ("sts", "AWS_ENDPOINT_URL_STS"));
        let region = given.region.as_deref().or_else(|| {
            let variable = |name| environment.variable(name);
            variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION"))
        });
        let region = region.or_else(|| environment.profiles.get(profile, "region")).unwrap_or(REGION);
        let provider = match given.is_unsigned {
            true => Provider::Anonymous,
            false => Provider::find(given.profile.as_deref(), profile, environment)?,
        };
        let ca_bundle = environment.variable("AWS_CA_BUNDLE");
        Ok(Settings {
            endpoint: endpoint.map(Endpoint::parse).transpose()?,
            sts: sts.map(Endpoint::parse).transpose()?,
            region: region.to_owned(),
            provider,
            ca_bundle: ca_bundle
                .or_else(|| environment.profiles.get(profile, "ca_bundle"))
                .map(str::to_owned),
        })
    }

    /// Where and under which path a bucket is asked for.
    ///
    /// AWS's by its name in the host, unless a dot in it would not fit the certificate; another S3's in the path, as the
    /// aws CLI does with `--endpoint-url`.
    pub(crate) fn address_of(&self, bucket: &str, region: &str) -> Endpoint {
        if let Some(endpoint) = &self.endpoint {
            return Endpoint { path: format!("{}/{bucket}", endpoint.path), ..endpoint.clone() };
        }
        let Endpoint { scheme, host, .. } = Endpoint::of_aws("s3", region);
        match bucket.contains('.') {
            true => Endpoint { scheme, host, path: format!("/{bucket}") },
            false => Endpoint { scheme, host: format!("{bucket}.{host}"), path: String::new() },
        }
    }

    /// Where STS is asked.
    pub(crate) fn sts(&self) -> Endpoint {
        self.sts.clone().unwrap_or_else(|| Endpoint::of_aws("sts", &self.region))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// An environment of `NAME=value` words and files.
    pub fn environment(variables: &str, config: &str, credentials: &str) -> Environment {
        let pair = |word: &str| {
            let (name, value) = word.split_once('=').expect("NAME=value");
            (name.to_owned(), value.to_owned())
        };
        Environment {
            variables: variables.split_whitespace().map(pair).collect(),
            profiles: Profiles::parse(config, credentials),
        }
    }

    const CONFIG: &str = "\
[default]
region = eu-west-1
[profile p]
region = eu-west-2
endpoint_url = http://of-profile
";

    #[test]
    fn options_come_before_variables_and_these_before_profiles() {
        let given = |endpoint: Option<&str>, region: Option<&str>, profile: Option<&str>| Given {
            endpoint_url: endpoint.map(str::to_owned),
            region: region.map(str::to_owned),
            profile: profile.map(str::to_owned),
            is_unsigned: true,
        };
        for (given, variables, expected) in [
            (given(None, None, None), "", "https://b.s3.eu-west-1.amazonaws.com/"),
            (given(None, None, Some("p")), "", "http://of-profile/b eu-west-2"),
            (given(None, None, None), "AWS_PROFILE=p", "http://of-profile/b eu-west-2"),
            (
                given(None, None, None),
                "AWS_PROFILE=p AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true",
                "https://b.s3.eu-west-2.amazonaws.com/",
            ),
            (
                given(None, None, None),
                "AWS_DEFAULT_REGION=cn-north-1",
                "https://b.s3.cn-north-1.amazonaws.com.cn/",
            ),
            (given(None, None, None), "AWS_REGION=a AWS_DEFAULT_REGION=b", "https://b.s3.a.amazonaws.com/"),
            (given(None, Some("c"), None), "AWS_REGION=a", "https://b.s3.c.amazonaws.com/"),
            (given(None, None, None), "AWS_ENDPOINT_URL=http://all:80", "http://all/b eu-west-1"),
            (
                given(None, None, None),
                "AWS_ENDPOINT_URL=http://all AWS_ENDPOINT_URL_S3=https://x:443/y/",
                "https://x/y/b eu-west-1",
            ),
            (
                given(Some("http://127.0.0.1:9000"), None, None),
                "AWS_ENDPOINT_URL=http://all",
                "http://127.0.0.1:9000/b eu-west-1",
            ),
            (given(None, None, None), "AWS_PROFILE=none", "The config profile (none) could not be found"),
            (
                given(Some("ftp://x"), None, None),
                "",
                "ftp://x: no endpoint; http://HOST:PORT or https://HOST is one",
            ),
        ] {
            let settings = Settings::find(&given, &environment(variables, CONFIG, ""));
            let found = match settings {
                Err(error) => error.to_string(),
                Ok(settings) => {
                    let Endpoint { scheme, host, path } = settings.address_of("b", &settings.region);
                    let region = settings.endpoint.as_ref().map(|_| format!(" {}", settings.region));
                    let path = if path.is_empty() { "/".to_owned() } else { path };
                    format!("{scheme}://{host}{path}{}", region.unwrap_or_default())
                }
            };
            assert_eq!(found, expected, "{given:?} {variables}");
        }
    }

    #[test]
    fn a_bucket_with_a_dot_is_in_the_path() {
        let given = Given { is_unsigned: true, ..Given::default() };
        let settings = Settings::find(&given, &environment("", "", "")).expect("settings");
        let address = settings.address_of("logs.example.com", "eu-west-1");
        assert_eq!((&*address.host, &*address.path), ("s3.eu-west-1.amazonaws.com", "/logs.example.com"));
        assert_eq!(settings.region, REGION);
    }
}
