//! Lookup tables: rows of text under named columns, that `lookup` and `cidrlookup` read.
//!
//! The language takes a table by its name from whoever runs the query ([`Tables`]).
//! Source: CloudWatch Logs User Guide, "lookup" and "cidrlookup"; API Reference, CreateLookupTable (read 2026-11);
//! RFC 4180. Assumptions, where they are silent: of several rows that match the first counts; of several ranges the
//! most specific; cells and names are taken as they are, without trimming blanks.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use serde_json::{Value as Json, json};

use crate::value::Value;

/// Bytes of a table's CSV.
pub const TABLE_BYTES_MAX: usize = 10 << 20;

/// A lookup table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// Why a text is no lookup table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TableError {
    /// More than [`TABLE_BYTES_MAX`].
    TooLarge,
    /// There is no header row.
    NoHeader,
    /// A column without a name, or two of one name.
    BadColumn(String),
    /// A line, counted from 1, with more or fewer cells than the header.
    BadRow(usize),
    /// A quoted cell without its end.
    Unterminated,
}

impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TableError::TooLarge => write!(f, "the table has more than {TABLE_BYTES_MAX} bytes"),
            TableError::NoHeader => write!(f, "the table has no header row"),
            TableError::BadColumn(name) => write!(f, "the column name {name:?} is empty or given twice"),
            TableError::BadRow(line) => write!(f, "line {line} has another number of cells than the header"),
            TableError::Unterminated => write!(f, "a quoted cell has no end"),
        }
    }
}

impl std::error::Error for TableError {}

impl Table {
    /// Reads CSV with a header row.
    ///
    /// # Errors
    /// See [`TableError`].
    pub fn of_csv(text: &str) -> Result<Table, TableError> {
        if text.len() > TABLE_BYTES_MAX {
            return Err(TableError::TooLarge);
        }
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut records = records(text)?.into_iter();
        let Some((_, columns)) = records.next() else { return Err(TableError::NoHeader) };
        for (at, name) in columns.iter().enumerate() {
            if name.is_empty() || columns[..at].contains(name) {
                return Err(TableError::BadColumn(name.clone()));
            }
        }
        let mut rows = vec![];
        for (line, row) in records {
            if row.len() != columns.len() {
                return Err(TableError::BadRow(line));
            }
            rows.push(row);
        }
        Ok(Table { columns, rows })
    }

    /// The table of AWS's address ranges, from the text of its `ip-ranges.json`: `cidr`, `region`, `service` and
    /// `network_border_group`. The ranges of a single service come before those of all, `AMAZON`.
    ///
    /// Source: AWS General Reference, "AWS IP address ranges" (read 2026-11).
    ///
    /// # Errors
    /// [`TableError::NoHeader`] if the text is no such file.
    pub fn of_ip_ranges(json: &str) -> Result<Table, TableError> {
        let file: serde_json::Value = serde_json::from_str(json).map_err(|_| TableError::NoHeader)?;
        let mut rows = vec![];
        for (list, range) in [("prefixes", "ip_prefix"), ("ipv6_prefixes", "ipv6_prefix")] {
            for prefix in file[list].as_array().ok_or(TableError::NoHeader)? {
                let text = |name: &str| prefix[name].as_str().unwrap_or_default().to_owned();
                rows.push(vec![text(range), text("region"), text("service"), text("network_border_group")]);
            }
        }
        rows.sort_by_key(|row| row[2] == "AMAZON");
        let columns = ["cidr", "region", "service", "network_border_group"].map(String::from).to_vec();
        Ok(Table { columns, rows })
    }

    /// The names of the columns.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The rows, each with as many cells as there are columns.
    pub fn rows(&self) -> &[Vec<String>] {
        &self.rows
    }

    pub(crate) fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }
}

/// The records of a CSV text with the line each begins on; empty lines are none.
fn records(text: &str) -> Result<Vec<(usize, Vec<String>)>, TableError> {
    let (mut records, mut record, mut cell) = (vec![], vec![], String::new());
    let (mut line, mut begun, mut is_quoted) = (1, 1, false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        line += usize::from(c == '\n');
        match (is_quoted, c) {
            (true, '"') if chars.peek() == Some(&'"') => cell.extend(chars.next()),
            (true, '"') => is_quoted = false,
            (true, c) => cell.push(c),
            (false, '"') if cell.is_empty() => is_quoted = true,
            (false, ',') => record.push(std::mem::take(&mut cell)),
            (false, '\r') if chars.peek() == Some(&'\n') => {}
            (false, '\n') => {
                finish_record(&mut records, (begun, &mut record), &mut cell);
                begun = line;
            }
            (false, c) => cell.push(c),
        }
    }
    if is_quoted {
        return Err(TableError::Unterminated);
    }
    finish_record(&mut records, (begun, &mut record), &mut cell);
    Ok(records)
}

fn finish_record(
    records: &mut Vec<(usize, Vec<String>)>,
    (line, record): (usize, &mut Vec<String>),
    cell: &mut String,
) {
    if !record.is_empty() || !cell.is_empty() {
        record.push(std::mem::take(cell));
        records.push((line, std::mem::take(record)));
    }
}

/// The lookup tables that a query may name.
pub trait Tables {
    /// The table of this name, if there is one.
    fn table(&self, name: &str) -> Option<Arc<Table>>;
}

impl Tables for BTreeMap<String, Arc<Table>> {
    fn table(&self, name: &str) -> Option<Arc<Table>> {
        self.get(name).cloned()
    }
}

/// How a query uses a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lookup {
    /// The table's name.
    pub table: String,
    /// How a row is found.
    pub by: LookupBy,
    /// The column that is wanted of it.
    pub column: String,
}

/// How a row of a table is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LookupBy {
    /// By the texts in these columns, exactly.
    Columns(Vec<String>),
    /// By an address in the range in this column, by default the column `cidr`, or else the first (Assumption).
    Range(Option<String>),
}

/// One column of a table, ready to be looked up.
#[derive(Debug)]
pub struct Index {
    table: Arc<Table>,
    column: usize,
    rows: Found,
}

#[derive(Debug)]
enum Found {
    Exact(BTreeMap<Vec<String>, usize>),
    Ranges(Ranges),
}

impl Index {
    /// Prepares what a query needs of a table.
    ///
    /// # Errors
    /// The column that the table has not.
    pub fn new(table: Arc<Table>, lookup: &Lookup) -> Result<Index, String> {
        let named = |name: &String| table.column(name).ok_or_else(|| name.clone());
        let column = named(&lookup.column)?;
        let rows = match &lookup.by {
            LookupBy::Columns(names) => {
                let keys = names.iter().map(named).collect::<Result<Vec<_>, _>>()?;
                let mut exact = BTreeMap::new();
                for (at, row) in table.rows.iter().enumerate() {
                    let key = keys.iter().map(|key| row[*key].clone()).collect();
                    exact.entry(key).or_insert(at);
                }
                Found::Exact(exact)
            }
            LookupBy::Range(name) => {
                let range = name.as_ref().map(named).transpose()?;
                let range = range.or_else(|| table.column("cidr")).unwrap_or(0);
                Found::Ranges(Ranges::new(table.rows.iter().map(|row| row[range].as_str())))
            }
        };
        Ok(Index { table, column, rows })
    }

    /// The cell in the column of the row that the values find; null if they find none.
    pub fn get(&self, values: &[Value]) -> Value {
        let texts: Option<Vec<String>> =
            values.iter().map(|value| value.print().map(|text| text.into_owned())).collect();
        let Some(texts) = texts else { return Value::Null };
        let row = match &self.rows {
            Found::Exact(exact) => exact.get(&texts).copied(),
            Found::Ranges(ranges) => {
                texts.first().and_then(|text| text.parse().ok()).and_then(|address| ranges.get(address))
            }
        };
        row.map_or(Value::Null, |row| Value::text(self.table.rows[row][self.column].as_str()))
    }
}

/// The index in another process: each key, and the cell that it leads to.
impl Index {
    /// What [`Index::get`] needs, as JSON.
    pub(crate) fn to_json(&self) -> Json {
        let cell = |row: &usize| &self.table.rows[*row][self.column];
        match &self.rows {
            Found::Exact(exact) => {
                let rows = exact.iter().map(|(key, row)| json!([key, cell(row)]));
                json!(["exact", rows.collect::<Vec<_>>()])
            }
            Found::Ranges(Ranges(ranges)) => {
                let networks =
                    ranges.iter().flat_map(|(key, networks)| networks.iter().map(move |it| (key, it)));
                // JSON has no number that is as long as an address.
                let row = |((is_four, bits), (network, row)): (&(bool, u8), (&u128, &usize))| {
                    json!([is_four, bits, network.to_string(), cell(row)])
                };
                json!(["ranges", networks.map(row).collect::<Vec<_>>()])
            }
        }
    }

    /// What [`Index::to_json`] has written.
    pub(crate) fn of_json(json: &Json) -> Option<Index> {
        let (mut exact, mut ranges, mut cells) = (BTreeMap::new(), Ranges::default(), vec![]);
        let is_exact = json[0] == "exact";
        for row in json[1].as_array()? {
            let [.., Json::String(cell)] = &row.as_array()?[..] else { return None };
            match is_exact {
                true => drop(exact.insert(texts(&row[0])?, cells.len())),
                false => {
                    let (is_four, bits) = (row[0].as_bool()?, u8::try_from(row[1].as_u64()?).ok()?);
                    let network = row[2].as_str()?.parse().ok()?;
                    ranges.0.entry((is_four, bits)).or_default().insert(network, cells.len());
                }
            }
            cells.push(vec![cell.clone()]);
        }
        let table = Arc::new(Table { columns: vec![], rows: cells });
        let rows = if is_exact { Found::Exact(exact) } else { Found::Ranges(ranges) };
        Some(Index { table, column: 0, rows })
    }
}

/// The texts of a list of them.
pub(crate) fn texts(json: &Json) -> Option<Vec<String>> {
    json.as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect()
}

/// Networks by family and length of prefix, and the row of each.
#[derive(Debug, Default)]
struct Ranges(BTreeMap<(bool, u8), BTreeMap<u128, usize>>);

impl Ranges {
    /// What reads as no range is never found.
    fn new<'a>(texts: impl Iterator<Item = &'a str>) -> Ranges {
        let mut ranges = Ranges::default();
        for (at, text) in texts.enumerate() {
            let (address, bits) = text.split_once('/').unwrap_or((text, ""));
            let Ok(address) = address.trim().parse::<IpAddr>() else { continue };
            let width = if address.is_ipv4() { 32 } else { 128 };
            let bits = if bits.is_empty() { Some(width) } else { bits.trim().parse().ok() };
            if let Some(bits) = bits.filter(|bits| *bits <= width) {
                let network = network(address, bits);
                ranges.0.entry((address.is_ipv4(), bits)).or_default().entry(network).or_insert(at);
            }
        }
        ranges
    }

    /// The row of the most specific range with the address.
    fn get(&self, address: IpAddr) -> Option<usize> {
        let is_family = |key: &(bool, u8)| key.0 == address.is_ipv4();
        let mut lengths = self.0.iter().rev().filter(|(key, _)| is_family(key));
        lengths.find_map(|((_, bits), networks)| networks.get(&network(address, *bits)).copied())
    }
}

/// The address without all but its first bits.
fn network(address: IpAddr, bits: u8) -> u128 {
    let (number, width) = match address {
        IpAddr::V4(address) => (u128::from(u32::from(address)), 32),
        IpAddr::V6(address) => (u128::from(address), 128),
    };
    number.checked_shr(width - u32::from(bits)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_is_read_with_quotes_and_any_line_ends() {
        let table = Table::of_csv("\u{feff}id,name\r\n1,\"a, \"\"b\"\"\nc\"\r\n\n2,\n").expect("a table");
        assert_eq!(table.columns(), ["id", "name"]);
        assert_eq!(table.rows(), [["1", "a, \"b\"\nc"], ["2", ""]]);
    }

    #[test]
    fn what_is_no_table_is_refused() {
        let rows = [
            ("", TableError::NoHeader),
            ("a,a\n", TableError::BadColumn("a".into())),
            ("a,\n", TableError::BadColumn("".into())),
            ("a,b\n1,2\n3\n", TableError::BadRow(3)),
            ("a\n\"x", TableError::Unterminated),
            (&"x".repeat(TABLE_BYTES_MAX + 1), TableError::TooLarge),
        ];
        for (text, expected) in rows {
            assert_eq!(Table::of_csv(text), Err(expected));
        }
    }

    #[test]
    fn the_ranges_of_aws_are_a_table() {
        let json = r#"{"syncToken": "1", "createDate": "x", "prefixes": [
            {"ip_prefix": "3.5.140.0/22", "region": "ap-northeast-2", "service": "AMAZON", "network_border_group": "ap-northeast-2"},
            {"ip_prefix": "3.5.140.0/22", "region": "ap-northeast-2", "service": "S3", "network_border_group": "ap-northeast-2"}
        ], "ipv6_prefixes": [
            {"ipv6_prefix": "2600:1f00::/40", "region": "us-east-1", "service": "EC2", "network_border_group": "us-east-1"}
        ]}"#;
        let table = Arc::new(Table::of_ip_ranges(json).expect("a table"));
        let lookup = Lookup { table: "t".into(), by: LookupBy::Range(None), column: "service".into() };
        let index = Index::new(table, &lookup).expect("its columns");
        assert_eq!(index.get(&[Value::text("3.5.141.7")]), Value::text("S3"));
        assert_eq!(index.get(&[Value::text("2600:1f00::9")]), Value::text("EC2"));
        assert_eq!(Table::of_ip_ranges("{}"), Err(TableError::NoHeader));
    }

    #[test]
    fn the_most_specific_range_is_found() {
        let csv = "cidr,owner\n10.0.0.0/8,all\n10.1.0.0/16,one\n0.0.0.0/0,rest\n2001:db8::/32,six\nx,none\n";
        let table = Arc::new(Table::of_csv(csv).expect("a table"));
        let lookup = Lookup { table: "t".into(), by: LookupBy::Range(None), column: "owner".into() };
        let index = Index::new(table, &lookup).expect("its columns");
        let carried = Index::of_json(&index.to_json()).expect("as written");
        let rows = [
            ("10.1.2.3", Some("one")),
            ("10.2.0.1", Some("all")),
            ("8.8.8.8", Some("rest")),
            ("2001:db8::1", Some("six")),
            ("fe80::1", None),
            ("-", None),
        ];
        for (address, owner) in rows {
            for index in [&index, &carried] {
                assert_eq!(index.get(&[Value::text(address)]).print().as_deref(), owner, "{address}");
            }
        }
    }
}
