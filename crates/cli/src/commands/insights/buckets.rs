//! Buckets of S3 as the engine reads them.

use crate::Failure;
use crate::arguments::Insights;
use crate::clock::Clock;
use std::io;
use std::ops::Range;
use weir_engine::files::{Listing, Objects, Storage};
use weir_insights::Plan;
use weir_objects::{Client, Environment, Error, Given, Settings, Uri};

/// Where files are: on disk; and in buckets, if one is named on the command line or in the query.
///
/// # Errors
/// A bucket is named, and settings or a file of profiles cannot be read.
pub fn storage(arguments: &Insights, named: &[String], plan: &Plan) -> Result<Storage, Failure> {
    let inputs = plan.inputs.iter().filter_map(|input| input.selection.as_ref());
    let selected = plan.selection.iter().chain(inputs).flat_map(|selection| &selection.names);
    if !named.iter().chain(selected).any(|name| is_bucket(name)) {
        return Ok(Storage::default());
    }
    let client = client(arguments).map_err(|error| Failure::new(2, error.to_string()))?;
    Ok(Storage::with(Box::new(Buckets { client })))
}

/// Whether a path is one of a bucket.
pub fn is_bucket(path: &str) -> bool {
    path.starts_with(Uri::SCHEME)
}

fn client(arguments: &Insights) -> Result<Client, Error> {
    // What is no text is no setting.
    let variables = std::env::vars_os();
    let texts =
        variables.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let environment = Environment::read(texts.collect())?;
    let given = Given {
        endpoint_url: arguments.endpoint_url.clone(),
        region: arguments.region.clone(),
        profile: arguments.profile.clone(),
        is_unsigned: arguments.no_sign_request,
    };
    Client::new(Settings::find(&given, &environment)?, || Clock::real().timestamp().0)
}

#[derive(Debug)]
struct Buckets {
    client: Client,
}

impl Objects for Buckets {
    fn scheme(&self) -> &'static str {
        Uri::SCHEME
    }

    fn list(&self, prefix: &str, is_deep: bool) -> io::Result<Listing> {
        let uri = uri(prefix)?;
        let listing = self.client.list(&uri, is_deep)?;
        let path = |key: String| Uri { key, ..uri.clone() }.to_string();
        Ok(Listing {
            objects: listing.objects.into_iter().map(|object| (path(object.key), object.bytes)).collect(),
            folders: listing.folders.into_iter().map(path).collect(),
        })
    }

    fn read(&self, path: &str, range: Range<u64>) -> io::Result<Vec<u8>> {
        Ok(self.client.get(&uri(path)?, range)?)
    }
}

fn uri(path: &str) -> io::Result<Uri> {
    let invalid = || io::Error::new(io::ErrorKind::InvalidInput, format!("{path}: no s3://BUCKET/KEY"));
    Uri::parse(path).ok_or_else(invalid)
}
