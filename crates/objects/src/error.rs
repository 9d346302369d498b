//! Why something could not be had.

use std::fmt;

/// Why something could not be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// AWS refuses.
    Refused {
        /// What was asked for, as `s3://bucket/key` or a service's name.
        what: String,
        /// HTTP's status.
        status: u16,
        /// AWS's code; empty if the answer has none.
        code: String,
        /// AWS's words.
        message: String,
    },
    /// There is no answer, or none that can be read.
    NoAnswer {
        /// What was asked for.
        what: String,
        /// What the network, or the reader of the answer, says.
        why: String,
    },
    /// No credentials can be had.
    Credentials(String),
    /// A setting that cannot be.
    Settings(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Refused { what, status, code, .. } if code.is_empty() => {
                write!(f, "{what}: HTTP status {status}")
            }
            Error::Refused { what, code, message, .. } => write!(f, "{what}: {code}: {message}"),
            Error::NoAnswer { what, why } => write!(f, "{what}: {why}"),
            Error::Credentials(why) => write!(f, "no AWS credentials: {why}"),
            Error::Settings(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for Error {}

impl From<Error> for std::io::Error {
    fn from(error: Error) -> std::io::Error {
        let kind = match &error {
            Error::Refused { status: 404, .. } => std::io::ErrorKind::NotFound,
            Error::Refused { .. } | Error::Credentials(_) => std::io::ErrorKind::PermissionDenied,
            Error::NoAnswer { .. } => std::io::ErrorKind::Other,
            Error::Settings(_) => std::io::ErrorKind::InvalidInput,
        };
        std::io::Error::new(kind, error)
    }
}
