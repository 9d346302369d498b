//! The format of a flow log: which fields, in which order.
//!
//! Source: Amazon VPC User Guide, "Flow log records" (default and custom format); EC2 API, CreateFlowLogs.

use crate::field::{Field, TRANSIT_GATEWAY_VERSION};
use std::fmt;

/// A column of a line: a field, or one that this version of the table does not know (only in files).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Column {
    /// A field of the table.
    Known(Field),
    /// A name found in a file's header; its values are kept as text.
    Unknown(String),
}

impl Column {
    /// The name, with hyphens.
    pub fn name(&self) -> &str {
        match self {
            Column::Known(field) => field.name(),
            Column::Unknown(name) => name,
        }
    }
}

/// The columns of a line, in order; at least one, none twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Format {
    columns: Vec<Column>,
}

/// Why a text is not a format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormatError {
    /// No field at all.
    Empty,
    /// A token that is not of the form `${field}`.
    Malformed(String),
    /// Names that are no fields of a VPC flow log, in the order given.
    Unknown(Vec<String>),
    /// A field given twice.
    Duplicate(String),
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FormatError::Empty => f.write_str("no fields provided"),
            FormatError::Malformed(token) => write!(f, "not of the form ${{field}}: {token}"),
            FormatError::Unknown(names) => write!(f, "unknown fields provided: {}", names.join(", ")),
            FormatError::Duplicate(name) => write!(f, "field provided twice: {name}"),
        }
    }
}

impl std::error::Error for FormatError {}

/// The number of fields of the default format: all of version 2.
const DEFAULT_FIELDS: usize = 14;

impl Default for Format {
    /// `${version} ${account-id} … ${log-status}`: the fields of version 2.
    fn default() -> Format {
        Format { columns: Field::ALL[..DEFAULT_FIELDS].iter().copied().map(Column::Known).collect() }
    }
}

impl Format {
    /// The format that CreateFlowLogs was given: `${field}` tokens separated by blanks.
    ///
    /// # Errors
    /// No field, a token of another form, a name that is no field of a VPC flow log, a field twice.
    /// Assumption: AWS refuses a field given twice; the guide does not say.
    pub fn parse(text: &str) -> Result<Format, FormatError> {
        let name = |token: &str| match token.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')) {
            Some(name) => Ok(name.to_owned()),
            None => Err(FormatError::Malformed(token.to_owned())),
        };
        let names = text.split_whitespace().map(name).collect::<Result<Vec<_>, _>>()?;
        let of_vpcs = |name: &str| {
            Field::named(name).is_some_and(|field| field.version() != TRANSIT_GATEWAY_VERSION)
                && !name.contains('_')
        };
        let unknown: Vec<String> = names.iter().filter(|name| !of_vpcs(name)).cloned().collect();
        if !unknown.is_empty() {
            return Err(FormatError::Unknown(unknown));
        }
        Format::of_names(names.iter().map(String::as_str))
    }

    /// The format that a file's header or a user names: bare names with hyphens or underscores, or `${field}` tokens,
    /// separated by blanks or commas. Names that are no fields become [`Column::Unknown`].
    ///
    /// # Errors
    /// No name, or a name twice.
    pub fn of_header(text: &str) -> Result<Format, FormatError> {
        let bare = |token: &'_ str| -> String {
            let name = token.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).unwrap_or(token);
            name.trim_start_matches('\u{feff}').replace('_', "-")
        };
        let tokens = text.split([' ', '\t', ',', '\r', '\n']).filter(|token| !token.is_empty());
        let names: Vec<String> = tokens.map(bare).collect();
        Format::of_names(names.iter().map(String::as_str))
    }

    fn of_names<'a>(names: impl Iterator<Item = &'a str>) -> Result<Format, FormatError> {
        let mut columns: Vec<Column> = Vec::new();
        for name in names {
            let column = Field::named(name).map_or_else(|| Column::Unknown(name.to_owned()), Column::Known);
            if columns.contains(&column) {
                return Err(FormatError::Duplicate(name.to_owned()));
            }
            columns.push(column);
        }
        if columns.is_empty() { Err(FormatError::Empty) } else { Ok(Format { columns }) }
    }

    /// The format of `fields`, in this order; `None` if there is none or one comes twice.
    pub fn of_fields(fields: &[Field]) -> Option<Format> {
        Format::of_names(fields.iter().map(|field| field.name())).ok()
    }

    /// The columns in order.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The names of its columns that are no fields.
    pub fn unknown(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().filter_map(|column| match column {
            Column::Known(_) => None,
            Column::Unknown(name) => Some(name.as_str()),
        })
    }

    /// Where `field` stands in a line, from 0.
    pub fn position(&self, field: Field) -> Option<usize> {
        self.columns.iter().position(|column| *column == Column::Known(field))
    }

    /// What the `version` field says: the highest version among the fields.
    pub fn version(&self) -> u8 {
        let version = |column: &Column| match column {
            Column::Known(field) => field.version(),
            Column::Unknown(_) => 0,
        };
        self.columns.iter().map(version).max().unwrap_or(0).max(2)
    }

    /// The header line of a text file: the bare names.
    pub fn header(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(Column::name).collect();
        names.join(" ")
    }
}

impl fmt::Display for Format {
    /// `${field}` tokens separated by single blanks, as DescribeFlowLogs answers.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, column) in self.columns.iter().enumerate() {
            let blank = if index == 0 { "" } else { " " };
            write!(f, "{blank}${{{}}}", column.name())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_format_is_the_one_the_guide_gives() {
        let text = "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} \
                    ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status}";
        assert_eq!(Format::default().to_string(), text);
        assert_eq!(Format::parse(text), Ok(Format::default()));
        assert_eq!(Format::default().version(), 2);
    }

    #[test]
    fn the_version_is_the_highest_among_the_fields() {
        let rows = [("${version}", 2), ("${bytes} ${vpc-id}", 3), ("${traffic-path} ${region}", 5)];
        for (text, version) in rows {
            assert_eq!(Format::parse(text).map(|format| format.version()), Ok(version), "{text}");
        }
    }

    #[test]
    fn formats_that_aws_has_no_fields_for_are_refused_with_every_name() {
        let unknown = |names: &[&str]| FormatError::Unknown(names.iter().map(|n| n.to_string()).collect());
        let rows = [
            ("", FormatError::Empty),
            ("  ", FormatError::Empty),
            ("${version} srcaddr", FormatError::Malformed("srcaddr".to_owned())),
            ("${version", FormatError::Malformed("${version".to_owned())),
            ("${versio} ${srcaddr} ${pkt_srcaddr}", unknown(&["versio", "pkt_srcaddr"])),
            ("${tgw-id}", unknown(&["tgw-id"])),
            ("${}", unknown(&[""])),
            ("${bytes} ${bytes}", FormatError::Duplicate("bytes".to_owned())),
        ];
        for (text, error) in rows {
            assert_eq!(Format::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn headers_may_use_hyphens_underscores_commas_or_dollars() {
        let expected = Format::of_fields(&[Field::AccountId, Field::PktSrcAddr, Field::End]);
        for text in [
            "account-id pkt-srcaddr end",
            "account_id,pkt_srcaddr,end",
            "${account-id} ${pkt-srcaddr} ${end}",
        ] {
            assert_eq!(Format::of_header(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn unknown_names_in_a_header_keep_their_column() {
        let format = Format::of_header("version not-a-field end").expect("a header");
        assert_eq!(format.header(), "version not-a-field end");
        assert_eq!(format.position(Field::End), Some(2));
    }
}
