//! Lines of a flow-log file: headers choose the format, records follow; anything else is told apart, never guessed.
//!
//! A header may come again in mid-file (concatenated objects) and then chooses the format anew. Without a header the
//! format must be known: two layouts may have equally many fields, so the number of tokens says nothing.
//! Source: Amazon VPC User Guide, "Flow log files" (header line); CloudWatch Logs, exported events (leading time).

use crate::format::{Column, Format};
use crate::record::{LineError, Record};
use std::borrow::Cow;
use std::sync::Arc;

/// Reads the lines of one file.
#[derive(Clone, Debug)]
pub struct Lines {
    format: Arc<Format>,
}

impl Lines {
    /// A reader that takes lines to be of `format` until a header says otherwise.
    pub fn new(format: Format) -> Lines {
        Lines { format: Arc::new(format) }
    }

    /// The format in force.
    pub fn format(&self) -> &Arc<Format> {
        &self.format
    }

    /// Whether `line` is a header, which then chooses the format; faster than [`Lines::read`] if no record is wanted.
    pub fn read_header(&mut self, line: &str) -> bool {
        match header(&without_commas(line.trim_start_matches('\u{feff}').trim())) {
            Some(format) => {
                self.format = Arc::new(format);
                true
            }
            None => false,
        }
    }

    /// The record on `line`; `None` for a header, a comment (`#`) or a blank line.
    ///
    /// A byte-order mark and the leading time of an exported CloudWatch event are left out; values may be separated by
    /// commas (RFC 4180), where one that is empty is a dash.
    ///
    /// # Errors
    /// The line is not a record of the format in force.
    pub fn read(&mut self, line: &str) -> Result<Option<Record>, LineError> {
        let line = &*without_commas(line.trim_start_matches('\u{feff}').trim());
        if line.is_empty() || line.starts_with('#') {
            return Ok(None);
        }
        if self.read_header(line) {
            return Ok(None);
        }
        Record::parse(&self.format, without_event_time(line)).map(Some)
    }
}

/// The format of a header line, or `None` if the line is no header.
///
/// A header consists of names alone, more of them known than not; no record does, since its addresses, times and
/// statuses are not names.
fn header(line: &str) -> Option<Format> {
    let name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_, ${}".contains(&byte);
    let starts_with_name = line.starts_with(|first: char| first.is_ascii_lowercase() || first == '$');
    if !starts_with_name || !line.bytes().all(name) {
        return None;
    }
    let format = Format::of_header(line).ok()?;
    let known = |column: &&Column| matches!(column, Column::Known(_));
    let known = format.columns().iter().filter(known).count();
    (known * 2 > format.columns().len()).then_some(format)
}

/// A line of values separated by commas, with or without quotes, as one with blanks between them.
fn without_commas(line: &str) -> Cow<'_, str> {
    if !line.contains(',') || line.contains([' ', '\t']) {
        return Cow::Borrowed(line);
    }
    let value = |cell: &str| match cell.trim_matches('"') {
        "" => "-".to_owned(),
        value => value.to_owned(),
    };
    Cow::Owned(line.split(',').map(value).collect::<Vec<_>>().join(" "))
}

/// The line without a leading RFC 3339 time, which exports of CloudWatch Logs put before each message.
fn without_event_time(line: &str) -> &str {
    match line.split_once(' ') {
        Some((time, rest)) if is_event_time(time) => rest,
        _ => line,
    }
}

fn is_event_time(token: &str) -> bool {
    let bytes = token.as_bytes();
    let digits = |from: usize, to: usize| bytes[from..to].iter().all(u8::is_ascii_digit);
    bytes.len() >= "2018-09-22T20:28:14Z".len()
        && token.is_ascii()
        && token.ends_with('Z')
        && digits(0, 4)
        && bytes[4] == b'-'
        && digits(5, 7)
        && bytes[10] == b'T'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(file: &str, expected: &[&str]) {
        let mut lines = Lines::new(Format::default());
        let read = |line| match lines.read(line) {
            Ok(record) => record.map(|record| record.to_string()),
            Err(error) => Some(format!("error: {error}")),
        };
        let found: Vec<String> = file.lines().filter_map(read).collect();
        assert_eq!(found, expected);
    }

    const RECORD: &str = "2 633112549318 eni-d68830d4 209.141.42.153 10.155.108.192 54252 8088 6 1 40 1537648094 1537648129 ACCEPT OK";

    #[test]
    fn without_a_header_the_given_format_holds() {
        check(RECORD, &[RECORD]);
    }

    #[test]
    fn a_header_selects_the_columns_and_is_no_record() {
        check("srcaddr end version\n10.0.0.1 1568300425 3", &["10.0.0.1 1568300425 3"]);
    }

    #[test]
    fn a_header_in_mid_file_selects_anew() {
        check(
            "srcaddr bytes\n10.0.0.1 7\nbytes srcaddr\n8 10.0.0.2\nbytes srcaddr\n9 10.0.0.3",
            &["10.0.0.1 7", "8 10.0.0.2", "9 10.0.0.3"],
        );
    }

    #[test]
    fn values_may_be_separated_by_commas() {
        let file = "version,account_id,srcaddr\n2,1,10.0.0.1\n\"2\",\"1\",\"\"\n2,1\n2 1 10.0.0.2";
        let expected = ["2 1 10.0.0.1", "2 1 -", "error: 2 fields, the format has 3", "2 1 10.0.0.2"];
        check(file, &expected);
    }

    #[test]
    fn an_unknown_name_in_the_header_keeps_its_values() {
        check("version srcaddr shoe-size\n3 10.0.0.1 44", &["3 10.0.0.1 44"]);
    }

    #[test]
    fn event_times_byte_order_marks_comments_and_blank_lines_are_left_out() {
        let exported = format!("2018-09-22T20:28:14.000Z {RECORD}");
        check(&exported, &[RECORD]);
        check(&format!("\u{feff}{RECORD}\n\n# comment\n  \n"), &[RECORD]);
    }

    #[test]
    fn rubbish_is_an_error_and_reading_goes_on() {
        let file = format!("Phony unsupported log format.\n{RECORD}\n{RECORD} extra");
        check(&file, &["error: not a value of version", RECORD, "error: more fields than the format's 14"]);
    }
}
