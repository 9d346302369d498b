//! The pages of instance metadata by path.
//!
//! A path that others go on from is a directory: its page lists what is in it, directories with a slash.
//! Assumption: a directory is listed with or without a slash at the end. The signatures of the identity document are left out,
//! as nobody could check them.
//! Source: EC2 User Guide, "Instance metadata categories", "Instance identity documents".

use super::facts::{Facts, InterfaceFacts};
use crate::calendar::Moment;
use std::collections::BTreeMap;
use std::fmt::Display;
use weir_model::Nanos;
use weir_model::dns::name;
use weir_pipeline::is_nitro;

/// The versions that AWS lists; all show the same here.
const VERSIONS: [&str; 29] = [
    "1.0",
    "2007-01-19",
    "2007-03-01",
    "2007-08-29",
    "2007-10-10",
    "2007-12-15",
    "2008-02-01",
    "2008-09-01",
    "2009-04-04",
    "2011-01-01",
    "2011-05-01",
    "2012-01-12",
    "2014-02-25",
    "2014-11-05",
    "2015-10-20",
    "2016-04-19",
    "2016-06-30",
    "2016-09-02",
    "2018-03-28",
    "2018-08-17",
    "2018-09-24",
    "2019-10-01",
    "2020-10-27",
    "2021-01-03",
    "2021-03-23",
    "2021-07-15",
    "2022-09-24",
    "2024-04-11",
    "latest",
];

/// How long credentials last, and how often they are made anew, in seconds.
const CREDENTIALS_S: u64 = 6 * 3600;
const RENEWED_S: u64 = 3600;

/// What `metrics/vhostmd` holds by now: "no longer available".
const NO_METRICS: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";

/// The page at `path`, or `None` where there is none.
pub(super) fn page(facts: &Facts, hostname: &str, now: Nanos, path: &str) -> Option<Vec<u8>> {
    let is_directory = path.ends_with('/');
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let Some((version, rest)) = parts.split_first() else { return Some(VERSIONS.join("\n").into_bytes()) };
    if !VERSIONS.contains(version) {
        return None;
    }
    if rest == ["user-data"] {
        return facts.user_data.as_ref().map(|data| data.to_vec());
    }
    let leaves = leaves(facts, hostname, now);
    let wanted = rest.join("/");
    match leaves.get(&wanted) {
        Some(value) => (!is_directory).then(|| value.clone().into_bytes()),
        None => listing(&leaves, &wanted, facts),
    }
}

/// The names under a directory, one a line; `None` if it is none.
fn listing(leaves: &BTreeMap<String, String>, directory: &str, facts: &Facts) -> Option<Vec<u8>> {
    let prefix = if directory.is_empty() { String::new() } else { format!("{directory}/") };
    let mut names: Vec<String> = Vec::new();
    for path in leaves.keys().filter_map(|path| path.strip_prefix(&prefix)) {
        let name = match path.split_once('/') {
            // Keys are listed with their names.
            Some((number, _)) if directory == "meta-data/public-keys" => {
                let name = facts.key.as_ref().map_or("", |(name, _)| name);
                format!("{number}={name}")
            }
            // The top of the tree is listed without slashes.
            Some((first, _)) if directory.is_empty() => first.to_owned(),
            Some((first, _)) => format!("{first}/"),
            None => path.to_owned(),
        };
        if names.last() != Some(&name) {
            names.push(name);
        }
    }
    if directory.is_empty() && facts.user_data.is_some() {
        names.push("user-data".to_owned());
    }
    (!names.is_empty()).then(|| names.join("\n").into_bytes())
}

/// Every page that is no directory, by its path under the version.
fn leaves(facts: &Facts, hostname: &str, now: Nanos) -> BTreeMap<String, String> {
    let mut leaves = Leaves(BTreeMap::new());
    leaves.put("meta-data/ami-id", facts.image);
    leaves.put("meta-data/ami-launch-index", facts.launch_index);
    leaves.put("meta-data/ami-manifest-path", "(unknown)");
    leaves.put("meta-data/block-device-mapping/ami", "/dev/xvda");
    leaves.put("meta-data/block-device-mapping/root", "/dev/xvda");
    leaves.put("meta-data/events/maintenance/history", "[]");
    leaves.put("meta-data/events/maintenance/scheduled", "[]");
    leaves.put("meta-data/hostname", hostname);
    leaves.put("meta-data/instance-action", "none");
    leaves.put("meta-data/instance-id", facts.id);
    leaves.put("meta-data/instance-life-cycle", "on-demand");
    leaves.put("meta-data/instance-type", &facts.instance_type);
    leaves.put("meta-data/local-hostname", hostname);
    leaves.put("meta-data/metrics/vhostmd", NO_METRICS);
    leaves.put("meta-data/placement/availability-zone", facts.zone);
    leaves.put("meta-data/placement/availability-zone-id", facts.zone.zone_id());
    leaves.put("meta-data/placement/region", facts.zone.region);
    leaves.put("meta-data/profile", "default-hvm");
    leaves.put("meta-data/reservation-id", facts.reservation);
    leaves.put("meta-data/services/domain", "amazonaws.com");
    leaves.put("meta-data/services/partition", "aws");
    leaves.put("meta-data/system", if is_nitro(&facts.instance_type) { "nitro" } else { "xen" });
    if let Some((_, key)) = &facts.key {
        leaves.put("meta-data/public-keys/0/openssh-key", key);
    }
    if facts.options.has_tags {
        for (key, value) in facts.tags.iter() {
            leaves.put(&format!("meta-data/tags/instance/{key}"), value);
        }
    }
    leaves.put_primary(facts);
    for interface in &facts.interfaces {
        leaves.put_interface(facts, interface);
    }
    leaves.put_credentials(facts, now);
    leaves.put("dynamic/fws/instance-monitoring", if facts.is_monitored { "enabled" } else { "disabled" });
    leaves.put("dynamic/instance-identity/document", document(facts));
    leaves.0
}

struct Leaves(BTreeMap<String, String>);

impl Leaves {
    fn put(&mut self, path: &str, value: impl Display) {
        self.0.insert(path.to_owned(), value.to_string());
    }

    /// Puts a list, one a line; an empty one is not there.
    fn put_all<T: ToString>(&mut self, path: &str, values: impl IntoIterator<Item = T>) {
        let values: Vec<String> = values.into_iter().map(|value| value.to_string()).collect();
        if !values.is_empty() {
            self.put(path, values.join("\n"));
        }
    }

    /// What is told of the primary interface at the top.
    fn put_primary(&mut self, facts: &Facts) {
        let Some(primary) = facts.interfaces.first() else { return };
        self.put("meta-data/mac", mac(primary));
        self.put_all("meta-data/security-groups", primary.groups.iter().map(|(_, name)| name));
        self.put_all("meta-data/ipv6", primary.ipv6_addresses.first());
        let Some((private, public)) = primary.addresses.first() else { return };
        self.put("meta-data/local-ipv4", private);
        if let Some(public) = public {
            self.put("meta-data/public-ipv4", public);
            if primary.is_named {
                self.put("meta-data/public-hostname", name::public(facts.zone.region, *public));
            }
        }
    }

    fn put_interface(&mut self, facts: &Facts, interface: &InterfaceFacts) {
        let region = facts.zone.region;
        let base = format!("meta-data/network/interfaces/macs/{}", mac(interface));
        let at = |name: &str| format!("{base}/{name}");
        let public =
            || interface.addresses.iter().filter_map(|(private, public)| Some((private, (*public)?)));
        self.put(&at("device-number"), interface.device_index);
        self.put(&at("interface-id"), interface.id);
        for (private, public) in public() {
            self.put(&at(&format!("ipv4-associations/{public}")), private);
        }
        self.put_all(&at("ipv6s"), &interface.ipv6_addresses);
        let private = interface.addresses.first().map(|(private, _)| name::private(region, *private));
        self.put_all(&at("local-hostname"), private);
        self.put_all(&at("local-ipv4s"), interface.addresses.iter().map(|(private, _)| private));
        self.put(&at("mac"), mac(interface));
        self.put(&at("network-card"), 0);
        self.put(&at("owner-id"), facts.account);
        let named = public().next().filter(|_| interface.is_named);
        self.put_all(&at("public-hostname"), named.map(|(_, public)| name::public(region, public)));
        self.put_all(&at("public-ipv4s"), public().map(|(_, public)| public));
        self.put_all(&at("security-group-ids"), interface.groups.iter().map(|(id, _)| id));
        self.put_all(&at("security-groups"), interface.groups.iter().map(|(_, name)| name));
        self.put(&at("subnet-id"), interface.subnet);
        self.put_all(&at("subnet-ipv4-cidr-block"), interface.subnet_cidr);
        self.put_all(&at("subnet-ipv6-cidr-blocks"), interface.subnet_ipv6_cidr);
        self.put(&at("vpc-id"), interface.vpc);
        self.put_all(&at("vpc-ipv4-cidr-block"), interface.vpc_cidrs.first());
        self.put_all(&at("vpc-ipv4-cidr-blocks"), &interface.vpc_cidrs);
        self.put_all(&at("vpc-ipv6-cidr-blocks"), &interface.vpc_ipv6_cidrs);
    }

    /// Credentials of the instance's role.
    ///
    /// Assumption: the role is called as the profile, as the console makes them. The access key is the account's number,
    /// which is how callers say their account here; no secret is checked.
    fn put_credentials(&mut self, facts: &Facts, now: Nanos) {
        let Some(arn) = &facts.profile else { return };
        let role = arn.rsplit('/').next().unwrap_or_default();
        let made = Nanos(now.seconds() / RENEWED_S * RENEWED_S * 1_000_000_000);
        let updated = Moment::of(made).iso();
        let expires = Moment::of(made.plus(CREDENTIALS_S * 1_000_000_000)).iso();
        let (id, account) = (facts.id.to_string(), facts.account);
        let digits = id.trim_start_matches("i-").to_ascii_uppercase();
        self.put(
            "meta-data/iam/info",
            object(&[
                ("Code", Some("Success")),
                ("LastUpdated", Some(&updated)),
                ("InstanceProfileArn", Some(arn)),
                ("InstanceProfileId", Some(&format!("AIPA{digits}"))),
            ]),
        );
        self.put(
            &format!("meta-data/iam/security-credentials/{role}"),
            object(&[
                ("Code", Some("Success")),
                ("LastUpdated", Some(&updated)),
                ("Type", Some("AWS-HMAC")),
                ("AccessKeyId", Some(&account.to_string())),
                ("SecretAccessKey", Some("weir")),
                ("Token", Some(&format!("{id}/{role}"))),
                ("Expiration", Some(&expires)),
            ]),
        );
    }
}

/// The instance identity document.
fn document(facts: &Facts) -> String {
    let primary = facts.interfaces.first().and_then(|interface| interface.addresses.first());
    let private = primary.map(|(private, _)| private.to_string());
    let (zone, region) = (facts.zone.to_string(), facts.zone.region.to_string());
    object(&[
        ("accountId", Some(&facts.account.to_string())),
        ("architecture", Some(facts.architecture)),
        ("availabilityZone", Some(&zone)),
        ("billingProducts", None),
        ("devpayProductCodes", None),
        ("marketplaceProductCodes", None),
        ("imageId", Some(&facts.image.to_string())),
        ("instanceId", Some(&facts.id.to_string())),
        ("instanceType", Some(&facts.instance_type)),
        ("kernelId", None),
        ("pendingTime", Some(&Moment::of(facts.launched).iso())),
        ("privateIp", private.as_deref()),
        ("ramdiskId", None),
        ("region", Some(&region)),
        ("version", Some("2017-09-30")),
    ])
}

/// A JSON object in the manner of the service: a member a line, spaces around the colon.
fn object(members: &[(&str, Option<&str>)]) -> String {
    let member = |(name, value): &(&str, Option<&str>)| match value {
        Some(value) => format!("  \"{name}\" : \"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")),
        None => format!("  \"{name}\" : null"),
    };
    let members: Vec<String> = members.iter().map(member).collect();
    format!("{{\n{}\n}}", members.join(",\n"))
}

fn mac(interface: &InterfaceFacts) -> String {
    interface.mac.map(|octet| format!("{octet:02x}")).join(":")
}
