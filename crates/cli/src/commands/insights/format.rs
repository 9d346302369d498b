//! The format that is asked for, and names that no field has.

use crate::Failure;
use weir_flowlog::{Field, Format};

/// The format of `--format`: as in CreateFlowLogs, or as a header has it.
///
/// # Errors
/// No format, or names that are no fields.
pub fn format(text: Option<&str>) -> Result<Format, Failure> {
    let Some(text) = text else { return Ok(Format::default()) };
    let refused = |why: String| Failure::new(2, format!("--format: {why}"));
    let format = Format::parse(text).or_else(|error| Format::of_header(text).map_err(|_| error));
    let format = format.map_err(|error| refused(error.to_string()))?;
    let unknown: Vec<&str> = format.unknown().collect();
    if unknown.is_empty() { Ok(format) } else { Err(refused(no_fields(unknown))) }
}

/// What is said of names that no field has, with those that may have been meant.
pub fn no_fields<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let told = |name| match Field::near(name) {
        Some(field) => format!("{name} (meant is {field}?)"),
        None => name.to_owned(),
    };
    let names: Vec<String> = names.into_iter().map(told).collect();
    format!("no field of flow logs: {}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_no_fields_are_refused() {
        for (text, expected) in [
            ("${version} ${srcaddr}", None),
            ("version pkt_srcaddr pkt-dstaddr", None),
            ("version srcAddr bytes", Some("srcAddr (meant is srcaddr?)")),
            ("${src_addr} ${bytes}", Some("src-addr (meant is srcaddr?)")),
            ("VERSION BYTES", Some("VERSION (meant is version?), BYTES (meant is bytes?)")),
            ("$version $srcaddr", Some("$version (meant is version?), $srcaddr (meant is srcaddr?)")),
            ("version shoe-size dstprt", Some("shoe-size, dstprt (meant is dstport?)")),
        ] {
            let found = format(Some(text)).err().map(|failure| failure.message);
            let expected = expected.map(|names| format!("--format: no field of flow logs: {names}"));
            assert_eq!(found, expected, "{text}");
        }
        assert!(format(None).is_ok_and(|format| format == Format::default()));
        assert!(format(Some("")).is_err());
    }
}
