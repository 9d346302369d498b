//! Line formats: messages of a known shape are kept as typed columns instead of text.
//!
//! A format is a list of columns; a line of it is one token per column with one space between. `-` is null. A line
//! belongs to a format only if printing its cells gives back every byte, so that nothing is lost by not keeping it:
//! [`LineFormat::parse`] then [`print`] is the identity. Lines that do not fit stay text.
//! Source: VPC User Guide, "Flow log records" (default format, Parquet data types of the fields).

/// What a column of a line format holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// A decimal integer of 32 bits.
    Int32,
    /// A decimal integer of 64 bits.
    Int64,
    /// Any token.
    Text,
    /// One of these tokens and never `-`: what tells the format from other lines of as many tokens.
    OneOf(&'static [&'static str]),
}

/// One column of a line format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// The column's name in Parquet.
    pub name: String,
    /// What it holds.
    pub kind: ColumnKind,
}

/// A shape of messages that is stored as columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineFormat {
    /// The name that segments of this format carry; never reused for another list of columns.
    pub id: String,
    /// The columns, in the order of the line's tokens.
    pub columns: Vec<Column>,
}

/// The id of the default format of VPC flow logs.
pub const FLOW_LOG_DEFAULT: &str = "vpc-flow-log-default";

const LOG_STATUS: ColumnKind = ColumnKind::OneOf(&["OK", "NODATA", "SKIPDATA"]);

impl LineFormat {
    /// The default format of VPC flow logs: version 2, fourteen fields.
    pub fn flow_log_default() -> Self {
        use ColumnKind::{Int32, Int64, Text};
        let columns = [
            ("version", Int32),
            ("account_id", Text),
            ("interface_id", Text),
            ("srcaddr", Text),
            ("dstaddr", Text),
            ("srcport", Int32),
            ("dstport", Int32),
            ("protocol", Int32),
            ("packets", Int64),
            ("bytes", Int64),
            ("start", Int64),
            ("end", Int64),
            ("action", Text),
            ("log_status", LOG_STATUS),
        ];
        let columns = columns.map(|(name, kind)| Column { name: name.to_owned(), kind }).to_vec();
        LineFormat { id: FLOW_LOG_DEFAULT.to_owned(), columns }
    }

    /// Puts the cells of `line` into `cells` and answers whether the line is of this format.
    ///
    /// If it is not, `cells` holds nothing of use.
    pub fn parse<'a>(&self, line: &'a str, cells: &mut Vec<Cell<'a>>) -> bool {
        cells.clear();
        let mut rest = Some(line);
        for column in &self.columns {
            let Some((token, behind)) = rest.map(split_token) else { return false };
            match cell(&column.kind, token) {
                Some(cell) => cells.push(cell),
                None => return false,
            }
            rest = behind;
        }
        rest.is_none()
    }
}

/// One token of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell<'a> {
    /// `-`.
    Null,
    /// A token of an [`ColumnKind::Int32`] column.
    Int32(i32),
    /// A token of an [`ColumnKind::Int64`] column.
    Int64(i64),
    /// Any other token.
    Text(&'a str),
}

fn cell<'a>(kind: &ColumnKind, token: &'a str) -> Option<Cell<'a>> {
    match kind {
        ColumnKind::OneOf(words) => words.contains(&token).then_some(Cell::Text(token)),
        _ if token == "-" => Some(Cell::Null),
        ColumnKind::Text => (!token.is_empty()).then_some(Cell::Text(token)),
        ColumnKind::Int32 => integer(token).and_then(|number| number.try_into().ok()).map(Cell::Int32),
        ColumnKind::Int64 => integer(token).map(Cell::Int64),
    }
}

/// The text up to the first space, and the text behind it if there is one. Tokens are so short that looking at byte
/// after byte beats the library's search.
fn split_token(text: &str) -> (&str, Option<&str>) {
    match text.bytes().position(|byte| byte == b' ') {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    }
}

/// The number that prints as `token`: no plus, no leading zero, no `-0`.
fn integer(token: &str) -> Option<i64> {
    let (is_negative, digits) = match token.as_bytes() {
        [b'0'] => return Some(0),
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    if !matches!(digits.first(), Some(b'1'..=b'9')) {
        return None;
    }
    digits.iter().try_fold(0i64, |number, byte| {
        let digit = i64::from(byte.checked_sub(b'0').filter(|digit| *digit <= 9)?);
        let digit = if is_negative { -digit } else { digit };
        number.checked_mul(10)?.checked_add(digit)
    })
}

/// Appends the line of these cells to `out`.
pub fn print<'a>(cells: impl IntoIterator<Item = Cell<'a>>, out: &mut String) {
    let mut digits = itoa::Buffer::new();
    for (at, cell) in cells.into_iter().enumerate() {
        if at > 0 {
            out.push(' ');
        }
        out.push_str(match cell {
            Cell::Null => "-",
            Cell::Int32(number) => digits.format(number),
            Cell::Int64(number) => digits.format(number),
            Cell::Text(text) => text,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(line: &str, is_of_format: bool) {
        let format = LineFormat::flow_log_default();
        let mut cells = Vec::new();
        assert_eq!(format.parse(line, &mut cells), is_of_format, "{line:?}");
        if is_of_format {
            let mut printed = String::new();
            print(cells, &mut printed);
            assert_eq!(printed, line);
        }
    }

    // The first three lines are AWS's own examples (VPC User Guide, "Flow log record examples").
    #[test]
    fn default_format_lines_round_trip_and_others_stay_text() {
        check(
            "2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK",
            true,
        );
        check("2 123456789010 eni-1235b8ca123456789 - - - - - - - 1431280876 1431280934 - NODATA", true);
        check("2 123456789010 eni-11111111aaaaaaaaa - - - - - - - 1431280876 1431280934 - SKIPDATA", true);
        check(
            "2 unknown eni-1 2001:db8::1 2001:db8::2 34892 53 6 54 8855 1477913708 1477913820 ACCEPT OK",
            true,
        );
        check("-7 a e a b -2147483648 2147483647 0 -9223372036854775808 9223372036854775807 1 2 x OK", true);
        check("2 a e a b -2147483649 1 0 1 1 1 2 x OK", false);
        check("", false);
        check("2 a eni-1 10.0.0.1 10.0.0.2 1 2 6 20 4249 1 2 ACCEPT", false);
        check("2 a eni-1 10.0.0.1 10.0.0.2 1 2 6 20 4249 1 2 ACCEPT OK ", false);
        check("2 a eni-1 10.0.0.1 10.0.0.2 1 2 6 20 4249 1 2 ACCEPT OK extra", false);
        check("2 a eni-1 10.0.0.1  10.0.0.2 1 2 6 20 4249 1 2 ACCEPT OK", false);
        check("2 a eni-1 10.0.0.1 10.0.0.2 01 2 6 20 4249 1 2 ACCEPT OK", false);
        check("2 a eni-1 10.0.0.1 10.0.0.2 +1 2 6 20 4249 1 2 ACCEPT OK", false);
        check("2 a eni-1 10.0.0.1 10.0.0.2 -0 2 6 20 4249 1 2 ACCEPT OK", false);
        check("2 a eni-1 10.0.0.1 10.0.0.2 1 2 4294967296 20 4249 1 2 ACCEPT OK", false);
        check("2 a eni-1 10.0.0.1 10.0.0.2 1 2 6 20 9223372036854775808 1 2 ACCEPT OK", false);
        check("2 a eni-1 10.0.0.1 10.0.0.2 1 2 6 20 4249 1 2 ACCEPT ok", false);
        check("2 a eni-1 10.0.0.1 10.0.0.2 1 2 6 20 4249 1 2 ACCEPT OK\n", false);
    }

    proptest! {
        #[test]
        fn a_parsed_line_prints_to_itself(line in "((-|0|-?[0-9]{1,20}|[a-zé.:]{0,4}) ){13}(OK|NODATA|-|x)") {
            let format = LineFormat::flow_log_default();
            let mut cells = Vec::new();
            if format.parse(&line, &mut cells) {
                let mut printed = String::new();
                print(cells, &mut printed);
                prop_assert_eq!(printed, line);
            }
        }

        #[test]
        fn records_of_the_default_format_are_always_recognised(
            ports in (0u16.., 0u16.., 0u8..), counts in (0i64.., 0i64..), times in (0i64.., 0i64..),
            text in ("[0-9]{12}", "eni-[0-9a-f]{17}", "[0-9.]{7,15}", "[0-9a-f:]{3,39}", "ACCEPT|REJECT"),
        ) {
            let line = format!(
                "2 {} {} {} {} {} {} {} {} {} {} {} {} OK",
                text.0, text.1, text.2, text.3, ports.0, ports.1, ports.2, counts.0, counts.1, times.0, times.1, text.4,
            );
            prop_assert!(LineFormat::flow_log_default().parse(&line, &mut Vec::new()));
        }
    }
}
