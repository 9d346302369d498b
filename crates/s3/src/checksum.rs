//! Checksums: what a client says that its bytes have, and what they have.
//!
//! Source: Amazon S3 User Guide, "Checking object integrity for data uploads in Amazon S3".

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use s3s::crypto::{Checksum as _, Crc32, Crc32c, Crc64Nvme, Sha1, Sha256};
use s3s::{S3Error, S3Result, s3_error};
use std::collections::BTreeMap;

/// An algorithm that S3 computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Algorithm {
    Crc32,
    Crc32c,
    Crc64Nvme,
    Sha1,
    Sha256,
}

/// Algorithms, their names as S3 writes them, their headers and the lengths of what they give in bytes.
const ALGORITHMS: [(Algorithm, &str, &str, usize); 5] = [
    (Algorithm::Crc32, "CRC32", "x-amz-checksum-crc32", 4),
    (Algorithm::Crc32c, "CRC32C", "x-amz-checksum-crc32c", 4),
    (Algorithm::Crc64Nvme, "CRC64NVME", "x-amz-checksum-crc64nvme", 8),
    (Algorithm::Sha1, "SHA1", "x-amz-checksum-sha1", 20),
    (Algorithm::Sha256, "SHA256", "x-amz-checksum-sha256", 32),
];

impl Algorithm {
    /// The algorithm of this name.
    pub fn named(name: &str) -> Option<Algorithm> {
        ALGORITHMS.iter().find(|row| row.1.eq_ignore_ascii_case(name)).map(|row| row.0)
    }

    fn row(self) -> &'static (Algorithm, &'static str, &'static str, usize) {
        ALGORITHMS.iter().find(|row| row.0 == self).unwrap_or(&ALGORITHMS[0])
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// Its header.
    pub fn header(self) -> &'static str {
        self.row().2
    }

    /// Whether parts may have one of the whole object by their order alone.
    pub fn is_full_object_only(self) -> bool {
        self == Algorithm::Crc64Nvme
    }
}

/// The checksums that headers state, by algorithm.
///
/// # Errors
/// One is no base64 of the right length.
pub(crate) fn stated(headers: &HeaderMap) -> S3Result<BTreeMap<Algorithm, String>> {
    let mut stated = BTreeMap::new();
    for (algorithm, _, header, len) in ALGORITHMS {
        let Some(value) = headers.get(header).and_then(|value| value.to_str().ok()) else { continue };
        // Of an object made of parts: the checksum of checksums, and how many they are.
        let digest = value.split('-').next().unwrap_or_default();
        if STANDARD.decode(digest).is_ok_and(|bytes| bytes.len() == len) {
            stated.insert(algorithm, value.to_owned());
        } else {
            return Err(s3_error!(InvalidRequest, "Value for {header} header is invalid."));
        }
    }
    Ok(stated)
}

/// The algorithm that a request wants, if it says so without a checksum or announces one in a trailer.
pub(crate) fn wanted(headers: &HeaderMap) -> S3Result<Option<Algorithm>> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(name) = text("x-amz-sdk-checksum-algorithm").or_else(|| text("x-amz-checksum-algorithm")) {
        let unknown = || {
            s3_error!(
                InvalidRequest,
                "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]"
            )
        };
        return Algorithm::named(name).map(Some).ok_or_else(unknown);
    }
    let trailer = text("x-amz-trailer").map(str::trim);
    Ok(trailer
        .and_then(|trailer| ALGORITHMS.iter().find(|row| row.2.eq_ignore_ascii_case(trailer)))
        .map(|row| row.0))
}

/// Computes checksums while bytes go by.
#[derive(Default)]
pub(crate) struct Summing {
    sums: BTreeMap<Algorithm, Sum>,
}

enum Sum {
    Crc32(Crc32),
    Crc32c(Crc32c),
    Crc64Nvme(Crc64Nvme),
    Sha1(Sha1),
    Sha256(Sha256),
}

impl Summing {
    /// Computes these.
    pub fn of(algorithms: impl IntoIterator<Item = Algorithm>) -> Summing {
        let sum = |algorithm| match algorithm {
            Algorithm::Crc32 => Sum::Crc32(Crc32::new()),
            Algorithm::Crc32c => Sum::Crc32c(Crc32c::new()),
            Algorithm::Crc64Nvme => Sum::Crc64Nvme(Crc64Nvme::new()),
            Algorithm::Sha1 => Sum::Sha1(Sha1::new()),
            Algorithm::Sha256 => Sum::Sha256(Sha256::new()),
        };
        Summing { sums: algorithms.into_iter().map(|algorithm| (algorithm, sum(algorithm))).collect() }
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        for sum in self.sums.values_mut() {
            match sum {
                Sum::Crc32(sum) => sum.update(bytes),
                Sum::Crc32c(sum) => sum.update(bytes),
                Sum::Crc64Nvme(sum) => sum.update(bytes),
                Sum::Sha1(sum) => sum.update(bytes),
                Sum::Sha256(sum) => sum.update(bytes),
            }
        }
    }

    /// What they are, in base64.
    pub fn finish(self) -> BTreeMap<Algorithm, String> {
        let text = |sum| match sum {
            Sum::Crc32(sum) => STANDARD.encode(sum.finalize()),
            Sum::Crc32c(sum) => STANDARD.encode(sum.finalize()),
            Sum::Crc64Nvme(sum) => STANDARD.encode(sum.finalize()),
            Sum::Sha1(sum) => STANDARD.encode(sum.finalize()),
            Sum::Sha256(sum) => STANDARD.encode(sum.finalize()),
        };
        self.sums.into_iter().map(|(algorithm, sum)| (algorithm, text(sum))).collect()
    }
}

/// Refuses bytes that do not have what was stated of them.
pub(crate) fn check(
    stated: &BTreeMap<Algorithm, String>,
    computed: &BTreeMap<Algorithm, String>,
) -> S3Result<()> {
    let differs = |(algorithm, sum): &(&Algorithm, &String)| computed.get(algorithm) != Some(sum);
    match stated.iter().find(differs) {
        Some((algorithm, _)) => Err(mismatch(*algorithm)),
        None => Ok(()),
    }
}

fn mismatch(algorithm: Algorithm) -> S3Error {
    s3_error!(BadDigest, "The {} you specified did not match the calculated checksum.", algorithm.name())
}

/// Checksums by S3's names, to be kept.
pub(crate) fn by_name(sums: BTreeMap<Algorithm, String>) -> BTreeMap<String, String> {
    sums.into_iter().map(|(algorithm, sum)| (algorithm.name().to_owned(), sum)).collect()
}

/// The checksum of an object made of parts: that of the parts' own, one after the other, and how many they are.
pub(crate) fn composite(algorithm: Algorithm, parts: &[&str]) -> Option<String> {
    let mut summing = Summing::of([algorithm]);
    for part in parts {
        summing.update(&STANDARD.decode(part).ok()?);
    }
    summing.finish().remove(&algorithm).map(|sum| format!("{sum}-{}", parts.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `123456789` and its CRCs: the check values of the catalogue of parametrised CRC algorithms (CRC-32/ISO-HDLC
    /// cbf43926, CRC-32/ISCSI e3069283, CRC-64/NVME ae8b14860a799888); SHA-1 and SHA-256 of `abc`: FIPS 180-4's examples.
    #[test]
    fn checksums_are_those_of_their_standards() {
        let sum = |algorithm, bytes: &[u8]| {
            let mut summing = Summing::of([algorithm]);
            bytes.chunks(2).for_each(|bytes| summing.update(bytes));
            let sum = summing.finish().remove(&algorithm).expect("computed");
            STANDARD.decode(sum).expect("base64").iter().map(|byte| format!("{byte:02x}")).collect::<String>()
        };
        let digits = b"123456789";
        assert_eq!(sum(Algorithm::Crc32, digits), "cbf43926");
        assert_eq!(sum(Algorithm::Crc32c, digits), "e3069283");
        assert_eq!(sum(Algorithm::Crc64Nvme, digits), "ae8b14860a799888");
        assert_eq!(sum(Algorithm::Sha1, b"abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert!(sum(Algorithm::Sha256, b"abc").starts_with("ba7816bf8f01cfea"));
    }
}
