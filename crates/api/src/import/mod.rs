//! A network that really existed, from the answers of `aws ec2 describe-*`.
//!
//! The layout is `[accounts/<account>/]<region>/*.json`, as `aws ec2 describe-vpcs > us-east-1/vpcs.json` leaves it.
//! What Weir has no model of is left out and counted, never guessed. Nothing is checked against AWS's rules: it existed.
//! Source: EC2 API Reference, the Describe operations.

mod answers;
mod convert;
mod nat;
#[cfg(test)]
mod tests;
mod transit;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use weir_model::{AccountId, Ids, Network, RegionName};

/// One file of answers: where it stands below the folder, and its text.
#[derive(Clone, Debug)]
pub struct File {
    /// The path below the folder, with `/`.
    pub path: String,
    /// The JSON.
    pub text: String,
}

/// A network read from answers, and what of it was left out.
#[derive(Debug, Default)]
pub struct Imported {
    /// The network.
    pub network: Network,
    /// How many resources of each kind were left out, by the name of their answer.
    pub left_out: BTreeMap<String, usize>,
}

/// Why answers cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImportError {
    /// No file stands below a folder that is named like a region.
    NoRegion,
    /// The file is not what its name says.
    Malformed {
        /// Its path.
        path: String,
        /// What is wrong.
        reason: String,
    },
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ImportError::NoRegion => {
                f.write_str("no answers found: expected [accounts/<account>/]<region>/*.json")
            }
            ImportError::Malformed { path, reason } => write!(f, "{path}: {reason}"),
        }
    }
}

impl std::error::Error for ImportError {}

/// Reads a network from files of answers. `ids` names what answers do not: rules of groups, for one.
///
/// # Errors
/// [`ImportError`]; the first file that is wrong.
pub fn import(files: &[File], ids: &mut Ids) -> Result<Imported, ImportError> {
    let mut imported = Imported::default();
    let mut regions = 0;
    for (place, files) in by_place(files) {
        let read = answers::Answers::read(&files)?;
        convert::Convert { place, owner: read.owner(), ids, imported: &mut imported }.all(read)?;
        regions += 1;
    }
    if regions == 0 { Err(ImportError::NoRegion) } else { Ok(imported) }
}

/// The account (if the path names one) and region that a folder of answers is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    account: Option<AccountId>,
    region: RegionName,
}

/// The files of each region's folder.
fn by_place(files: &[File]) -> BTreeMap<Place, Vec<&File>> {
    let mut places: BTreeMap<Place, Vec<&File>> = BTreeMap::new();
    for file in files {
        if let Some(place) = place_of(&file.path) {
            places.entry(place).or_default().push(file);
        }
    }
    places
}

fn place_of(path: &str) -> Option<Place> {
    let path = Path::new(path);
    if path.extension()? != "json" {
        return None;
    }
    let mut folders = path.parent()?.iter().rev().filter_map(|folder| folder.to_str());
    let region = folders.next()?.parse().ok()?;
    let account = folders.next().and_then(|folder| folder.parse().ok());
    Some(Place { account, region })
}
