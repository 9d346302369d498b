//! The profiles of `~/.aws/config` and `~/.aws/credentials`.
//!
//! What the credentials file says of a profile counts before what the configuration says.
//! Source: AWS SDKs and Tools Reference Guide, "Shared config and credentials files" (read 2026-11).

use std::collections::BTreeMap;

/// The name of the profile that counts where none is named.
pub const DEFAULT: &str = "default";

/// The profiles of both files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profiles {
    profiles: BTreeMap<String, Section>,
    /// The sections `[services …]`.
    services: BTreeMap<String, Section>,
    /// The sections `[sso-session …]`.
    sessions: BTreeMap<String, Section>,
}

/// Names and values; a value below a name is under `name.below`.
type Section = BTreeMap<String, String>;

impl Profiles {
    /// The profiles of a configuration file and a credentials file.
    ///
    /// A line that is neither a section, nor a name with a value, nor below one, counts for nothing, as with the SDKs.
    pub fn parse(config: &str, credentials: &str) -> Profiles {
        let mut read = Profiles::default();
        for (name, section) in sections(config) {
            let mut words = name.split_whitespace();
            match (words.next(), words.next()) {
                (Some(DEFAULT), None) => read.add(DEFAULT, section),
                (Some("profile"), Some(profile)) => read.add(profile, section),
                (Some("services"), Some(service)) => {
                    read.services.insert(service.to_owned(), section);
                }
                (Some("sso-session"), Some(session)) => {
                    read.sessions.insert(session.to_owned(), section);
                }
                // Profiles without the word, which this file must have.
                _ => {}
            }
        }
        for (name, section) in sections(credentials) {
            read.add(&name, section);
        }
        read
    }

    fn add(&mut self, profile: &str, section: Section) {
        self.profiles.entry(profile.to_owned()).or_default().extend(section);
    }

    /// Whether a file has the profile.
    pub fn has(&self, profile: &str) -> bool {
        self.profiles.contains_key(profile)
    }

    /// What a profile says of a setting.
    pub fn get(&self, profile: &str, setting: &str) -> Option<&str> {
        self.profiles.get(profile)?.get(setting).map(String::as_str)
    }

    /// What a session of IAM Identity Center says of a setting.
    pub fn of_session(&self, session: &str, setting: &str) -> Option<&str> {
        self.sessions.get(session)?.get(setting).map(String::as_str)
    }

    /// The endpoint of a service: of the profile's `services`, or of the profile.
    pub fn endpoint_url(&self, profile: &str, service: &str) -> Option<&str> {
        let of_service = self.get(profile, "services").and_then(|services| {
            self.services.get(services)?.get(&format!("{service}.endpoint_url")).map(String::as_str)
        });
        of_service.or_else(|| self.get(profile, "endpoint_url"))
    }
}

fn sections(text: &str) -> Vec<(String, Section)> {
    let mut sections: Vec<(String, Section)> = vec![];
    let mut above = String::new();
    for line in text.lines() {
        let is_below = line.starts_with([' ', '\t']) && !above.is_empty();
        let line = without_comment(line).trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = line.strip_prefix('[') {
            sections.push((name.split(']').next().unwrap_or_default().trim().to_owned(), Section::new()));
            above.clear();
        } else if let (Some((name, value)), Some((_, section))) = (line.split_once('='), sections.last_mut())
        {
            let (name, value) = (name.trim().to_lowercase(), value.trim().to_owned());
            if is_below {
                section.insert(format!("{above}.{name}"), value);
            } else {
                above = if value.is_empty() { name.clone() } else { String::new() };
                section.insert(name, value);
            }
        }
    }
    sections
}

/// A comment behind a value begins with a blank.
fn without_comment(line: &str) -> &str {
    let ends = [" #", " ;", "\t#", "\t;"].iter().filter_map(|mark| line.find(mark));
    &line[..ends.min().unwrap_or(line.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = "\
# a comment
[default]
region = eu-central-1
aws_access_key_id = FROMCONFIG
[profile dev]
Region=us-west-2 ; there
s3 =
    addressing_style = path
    max_concurrent_requests = 20
services = here
role_arn = arn:aws:iam::1:role/a=b
nonsense
[services here]
s3 =
  endpoint_url = http://127.0.0.1:9000
ec2 =
  endpoint_url = http://127.0.0.1:9001
[profile other]
endpoint_url = http://other
[dev2]
region = nowhere
";
    const CREDENTIALS: &str =
        "[default]\naws_access_key_id=FROMCREDENTIALS\n[dev3]\naws_secret_access_key = a/b+c#d\n";

    #[test]
    fn files_say_what_profiles_are() {
        let profiles = Profiles::parse(CONFIG, CREDENTIALS);
        for (profile, setting, expected) in [
            ("default", "region", Some("eu-central-1")),
            ("default", "aws_access_key_id", Some("FROMCREDENTIALS")),
            ("dev", "region", Some("us-west-2")),
            ("dev", "s3.addressing_style", Some("path")),
            ("dev", "role_arn", Some("arn:aws:iam::1:role/a=b")),
            ("dev3", "aws_secret_access_key", Some("a/b+c#d")),
            ("dev2", "region", None),
            ("dev", "nonsense", None),
        ] {
            assert_eq!(profiles.get(profile, setting), expected, "{profile} {setting}");
        }
        assert_eq!((profiles.has("dev3"), profiles.has("dev2")), (true, false));
        assert_eq!(profiles.endpoint_url("dev", "s3"), Some("http://127.0.0.1:9000"));
        assert_eq!(profiles.endpoint_url("dev", "sts"), None);
        assert_eq!(profiles.endpoint_url("other", "s3"), Some("http://other"));
    }
}
