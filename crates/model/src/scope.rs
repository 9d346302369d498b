//! Accounts, regions and availability zones: whose resources, and where.
//!
//! Source: AWS General Reference, "Service endpoints"; EC2 User Guide, "Regions and Zones".

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A text that is not a name of the expected kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MalformedName;

impl fmt::Display for MalformedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("malformed name")
    }
}

impl std::error::Error for MalformedName {}

/// A 12-digit AWS account number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(u64);

impl AccountId {
    /// The account that unknown access keys belong to: 000000000000.
    pub const DEFAULT: AccountId = AccountId(0);
    const DIGITS: usize = 12;
}

impl FromStr for AccountId {
    type Err = MalformedName;

    fn from_str(text: &str) -> Result<AccountId, MalformedName> {
        let well_formed = text.len() == AccountId::DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|_| well_formed).map(AccountId).ok_or(MalformedName)
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:012}", self.0)
    }
}

/// A region name such as `us-east-1`. Any name of that shape is accepted: Weir has no list that could fall behind.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegionName {
    bytes: [u8; RegionName::LEN_MAX],
    len: u8,
}

impl RegionName {
    const LEN_MAX: usize = 23;

    /// The name.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..usize::from(self.len)])
            .expect("region names are ASCII by construction")
    }
}

impl FromStr for RegionName {
    type Err = MalformedName;

    /// Reads lower-case letters, digits and hyphens, at most 23, beginning with a letter and ending in a digit.
    fn from_str(text: &str) -> Result<RegionName, MalformedName> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let ends = text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.ends_with(|c: char| c.is_ascii_digit());
        if text.len() > RegionName::LEN_MAX || !ends || !text.bytes().all(allowed) {
            return Err(MalformedName);
        }
        let mut bytes = [0; RegionName::LEN_MAX];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        Ok(RegionName { bytes, len: text.len() as u8 })
    }
}

impl fmt::Display for RegionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An availability zone: a region and a letter, such as `us-east-1a`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ZoneName {
    /// The region the zone is in.
    pub region: RegionName,
    letter: u8,
}

impl ZoneName {
    /// The zones each region has; every region of Weir has the same number.
    pub const LETTERS: [char; 3] = ['a', 'b', 'c'];

    /// The zone of `region` with `letter`, a lower-case ASCII letter.
    pub fn new(region: RegionName, letter: char) -> Option<ZoneName> {
        letter.is_ascii_lowercase().then_some(ZoneName { region, letter: letter as u8 })
    }

    /// The zone id such as `use1-az1`, which names the same place in every account.
    ///
    /// Assumption: zone `a` is `az1` in every account; AWS shuffles the letters per account.
    pub fn zone_id(&self) -> String {
        let region: Vec<&str> = self.region.as_str().split('-').collect();
        let short = |part: &&str| match *part {
            "northeast" => "ne".to_owned(),
            "northwest" => "nw".to_owned(),
            "southeast" => "se".to_owned(),
            "southwest" => "sw".to_owned(),
            "gov" => "g".to_owned(),
            other => other.chars().take(if other.len() == 2 { 2 } else { 1 }).collect(),
        };
        let prefix: String = region.iter().map(short).collect();
        format!("{prefix}-az{}", self.letter - b'a' + 1)
    }
}

impl FromStr for ZoneName {
    type Err = MalformedName;

    fn from_str(text: &str) -> Result<ZoneName, MalformedName> {
        let letter = text.chars().next_back().ok_or(MalformedName)?;
        let region = text[..text.len() - letter.len_utf8()].parse()?;
        ZoneName::new(region, letter).ok_or(MalformedName)
    }
}

impl fmt::Display for ZoneName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.region, char::from(self.letter))
    }
}

macro_rules! text_form {
    ($($name:ident)*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { fmt::Display::fmt(self, f) }
        }
        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> { serializer.collect_str(self) }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

text_form!(AccountId RegionName ZoneName);

/// An account in a region: what a request is signed for, and where a resource lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Scope {
    /// The owner.
    pub account: AccountId,
    /// The region.
    pub region: RegionName,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_survive_print_and_parse() {
        for text in ["us-east-1", "ap-southeast-2", "us-gov-west-1", "eu-central-1"] {
            assert_eq!(text.parse::<RegionName>().map(|name| name.to_string()).as_deref(), Ok(text));
        }
        assert_eq!(
            "000000000012".parse::<AccountId>().map(|id| id.to_string()).as_deref(),
            Ok("000000000012")
        );
        assert_eq!(
            "us-east-1b".parse::<ZoneName>().map(|zone| zone.to_string()).as_deref(),
            Ok("us-east-1b")
        );
    }

    #[test]
    fn malformed_names_are_refused() {
        for text in ["", "us", "US-EAST-1", "us-east-1/../", "-1", "a-region-name-far-too-long-1"] {
            assert!(text.parse::<RegionName>().is_err(), "{text}");
        }
        assert!(["12", "12345678901a", "+12345678901"].iter().all(|text| text.parse::<AccountId>().is_err()));
        assert!("us-east-1é".parse::<ZoneName>().is_err());
    }

    #[test]
    fn zone_ids_abbreviate_the_region() {
        let rows =
            [("us-east-1a", "use1-az1"), ("ap-southeast-2c", "apse2-az3"), ("eu-central-1b", "euc1-az2")];
        for (zone, id) in rows {
            assert_eq!(zone.parse::<ZoneName>().map(|zone| zone.zone_id()).as_deref(), Ok(id));
        }
    }
}
