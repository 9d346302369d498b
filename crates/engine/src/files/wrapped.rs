//! Records within something else: the JSON of CloudWatch Logs and Firehose, and what `aws logs tail` prints.
//!
//! The beginning of a file decides, once; such a file is then read as the plain lines within it, and files of plain lines
//! are not looked at any further.
//! Source: VPC User Guide, "Publish flow logs to Amazon Data Firehose" (`message`); CloudWatch Logs User Guide,
//! "Subscription filters" (`DATA_MESSAGE`, `CONTROL_MESSAGE`); CloudWatch Logs API Reference, FilterLogEvents,
//! GetLogEvents and GetQueryResults (`{"field": "@message", "value": …}`); AWS CLI, `logs tail --format`.

use std::io::{self, BufRead, Error, ErrorKind, Read};
use std::sync::Arc;

use memchr::memchr;
use weir_flowlog::{Format, Record};

use super::json::{self, Json};
use super::lines::{BUFFER_BYTES, LINE_BYTES_MAX, decompressed};
use super::storage::Opened;

/// What is around the records of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrap {
    /// JSON of any layout, in which the records are the strings called `message` or `@message`, and those called `value`
    /// where the `field` is `@message`; or the objects whose names are fields.
    Json,
    /// So many words before each record, the first of them a time.
    Words(usize),
}

impl Wrap {
    /// What is around a record of the format on a line that is none itself; `None` if there is no such record.
    pub fn of_line(line: &str, format: &Arc<Format>) -> Option<Wrap> {
        let (_, behind_time) = line.split_once(' ').filter(|_| begins_with_time(line.as_bytes()))?;
        let is_record = |line: &str| Record::parse(format, line).is_ok();
        match behind_time.split_once(' ') {
            _ if is_record(behind_time) => Some(Wrap::Words(1)),
            Some((_, behind_stream)) if is_record(behind_stream) => Some(Wrap::Words(2)),
            None if is_head(line.as_bytes()) => Some(Wrap::Json),
            _ => None,
        }
    }

    /// The line of the file that a line within stands for which is no record, if it is not a line of the file itself.
    pub fn told_line(self, line: &str) -> Option<u64> {
        match self {
            Wrap::Json => json::told_line(line),
            Wrap::Words(_) => None,
        }
    }

    /// The lines within an open file, whose length is that of the file.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn open(self, opened: Opened) -> io::Result<Opened> {
        let bytes = opened.bytes;
        let from = decompressed(opened, BUFFER_BYTES)?;
        let reader = Unwrapped { from, wrap: self, json: Json::default(), lines: vec![], at: 0 };
        Ok(Opened { reader: Box::new(reader), bytes })
    }
}

/// Whether a line begins as `2024-01-01T00:00:00`.
fn begins_with_time(line: &[u8]) -> bool {
    const SHAPE: &[u8] = b"0000-00-00T00:00:00";
    let is_alike =
        |(byte, shape): (&u8, &u8)| if *shape == b'0' { byte.is_ascii_digit() } else { byte == shape };
    line.len() > SHAPE.len() && line.iter().zip(SHAPE).all(is_alike)
}

/// Whether a line is what `aws logs tail --format json` prints above a message in JSON: a time and a stream.
pub fn is_head(line: &[u8]) -> bool {
    begins_with_time(line) && line.trim_ascii_end().split(|byte| *byte == b' ').count() == 2
}

/// A line without its first words; as it is if it does not begin with a time.
fn without_words(line: &[u8], count: usize) -> &[u8] {
    if !begins_with_time(line) {
        return line;
    }
    let next = |rest: &[u8]| memchr(b' ', rest).map(|blank| blank + 1);
    (0..count).fold(line, |rest, _| next(rest).map_or(rest, |start| &rest[start..]))
}

/// Reads the lines within a file.
struct Unwrapped {
    from: Box<dyn BufRead + Send>,
    wrap: Wrap,
    json: Json,
    /// Lines that were found, and how far they have been handed out.
    lines: Vec<u8>,
    at: usize,
}

impl Read for Unwrapped {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.lines.len() {
            self.lines.clear();
            self.at = 0;
            if !self.find()? {
                return Ok(0);
            }
        }
        let read = (&self.lines[self.at..]).read(buffer)?;
        self.at += read;
        Ok(read)
    }
}

impl Unwrapped {
    /// Looks for lines in what comes next; false at the end of the file.
    fn find(&mut self) -> io::Result<bool> {
        match self.wrap {
            Wrap::Words(count) => {
                let mut line = vec![];
                self.from.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line)?;
                self.lines.extend_from_slice(without_words(&line, count));
                Ok(!line.is_empty())
            }
            Wrap::Json => {
                let read = self.from.fill_buf()?;
                read.iter().for_each(|byte| self.json.read(*byte, &mut self.lines));
                let len = read.len();
                self.from.consume(len);
                match len {
                    0 if self.json.is_in_line => {
                        self.json.end_line(&mut self.lines);
                        Ok(true)
                    }
                    0 if self.json.is_open() => {
                        Err(Error::new(ErrorKind::UnexpectedEof, "its JSON is cut off"))
                    }
                    _ => Ok(len > 0),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// The lines within a text, however it is cut.
    fn within(wrap: Wrap, text: &str) -> Result<String, String> {
        let reader = Box::new(Cursor::new(text.to_owned().into_bytes()));
        let opened = Opened { reader, bytes: text.len() as u64 };
        let mut lines = String::new();
        let read = wrap.open(opened).and_then(|mut opened| opened.reader.read_to_string(&mut lines));
        read.map(|_| lines).map_err(|error| error.to_string())
    }

    #[test]
    fn records_are_found_in_json_of_every_layout() {
        let cases = [
            ("{\"message\":\"2 a\"}\n{\"message\": \"2 b\"}\n", "2 a\n2 b\n"),
            ("\u{feff}{\"message\":\"2 a\"}{\"message\":\"2 b\\n\"}", "2 a\n2 b\n"),
            ("[{\"id\": 1, \"message\": \"2 \\u0061\"}, {\"message\": \"2 b\"}]", "2 a\n2 b\n"),
            ("[\"2 a\",\n\"2 b\"]", "2 a\n2 b\n"),
            ("{\n  \"events\": [\n    {\"message\": \"2 a\",\n \"logStreamName\": \"message\"}]}", "2 a\n"),
            ("{\"events\": [], \"searchedLogStreams\": []}", ""),
            // What queries of Logs Insights give.
            (
                "{\"results\": [[{\"field\": \"@timestamp\", \"value\": \"2 x\"}, {\"field\": \"@message\", \"value\": \"2 a\"},
                {\"field\": \"@ptr\", \"value\": \"2 x\"}], [{\"field\": \"@message\", \"value\": \"2 b\"}]], \"status\": \"Complete\"}",
                "2 a\n2 b\n",
            ),
            ("{\"results\": [], \"status\": \"Running\"}", ""),
            ("[{\"@timestamp\": \"2024\", \"@message\": \"2 a\"}]", "2 a\n"),
            ("{\"logEvents\":[{\"id\":\"\",\"message\":\"CWL CONTROL MESSAGE: Checking health\"}]}", ""),
            // What `aws logs tail --format json` prints of messages that are JSON.
            (
                "2024-01-01T00:00:00+00:00 eni-1-all \n{\n    \"message\": \"2 a\"\n}\n\
                2024-01-01T00:00:01+00:00 s \n{\"message\": \"2 b\"}\n",
                "2 a\n2 b\n",
            ),
            // What is no record is told as the line that it is.
            ("{\"a\": \"message\"}\nplain\n{\"message\": 7}\nend", "{} 1\nplain\n{} 3\nend\n"),
            ("{\"message\": \"2 a\n{\"message\": \"2 b\"}\n", "{} 1\n2 b\n"),
            // Where JSON breaks off, reading goes on with the next line that begins something.
            ("{\"message\": \"2 a\"}\n{bad json\n{\"message\": \"2 b\"}\n", "2 a\n{} 2\n2 b\n"),
            ("{\"id\": 1, \n{\"message\": \"2 a\"}\n", "{} 1\n2 a\n"),
            ("[{\"message\": \"2 a\"},\n  {\"message\" x\n  \"message\": \"2 b\"}\n]\n{\"message\": \"2 c\"}", "2 a\n{} 2\n2 c\n"),
            // Objects of fields, one beside the other or deep in something.
            (
                "[{\"version\": 2, \"srcaddr\": \"10.0.0.1\", \"srcport\": \"-\", \"id\": 7},\n \
                {\"version\":3,\"srcaddr\":null,\"srcport\":443}]",
                "version srcaddr srcport\n2 10.0.0.1 -\n3 - 443\n",
            ),
            (
                "{\"Records\": [{\"account_id\": \"1\", \"tags\": {\"a\": [1, \"x\"]}, \"bytes\": 7 }, \
                {\"bytes\": 8, \"end\": 9}]}\n{\"bytes\": 7}\n",
                "account-id bytes\n1 7\nbytes end\n8 9\n{} 2\n",
            ),
            ("{\"version\": 2, \"region\": \"x\", \"message\": \"2 a\"}", "2 a\n"),
        ];
        for (text, expected) in cases {
            assert_eq!(within(Wrap::Json, text).as_deref(), Ok(expected), "{text}");
        }
        assert_eq!(within(Wrap::Json, "{\"message\": \"2 a\""), Err("its JSON is cut off".to_owned()));
        let long = format!("{{\"message\": \"{}\"}}", "a".repeat(2 * LINE_BYTES_MAX as usize));
        assert_eq!(within(Wrap::Json, &long).map(|line| line.len() as u64), Ok(LINE_BYTES_MAX + 1));
    }

    #[test]
    fn words_before_records_are_left_out() {
        let record = "2 1 eni-1 10.0.0.1 10.0.1.1 1 443 6 1 1 1439387263 1439387264 ACCEPT OK";
        let cases = [
            (format!("2024-01-01T00:00:00 {record}"), Some(Wrap::Words(1))),
            (format!("2024-01-01T00:00:00+00:00 eni-1-all {record}"), Some(Wrap::Words(2))),
            (format!("2024-01-01T00:00:00.123000+00:00 eni-1-all {record}"), Some(Wrap::Words(2))),
            (format!("2024-01-01T00:00:00+00:00 eni-1-all {record} 7"), None),
            (format!("yesterday {record}"), None),
            ("2024-01-01T00:00:00+00:00 eni-1-all".to_owned(), Some(Wrap::Json)),
            ("2024-01-01T00:00:00".to_owned(), None),
        ];
        for (line, expected) in cases {
            let wrap = Wrap::of_line(&line, &Arc::default());
            assert_eq!(wrap, expected, "{line}");
            let Some(wrap @ Wrap::Words(_)) = wrap else { continue };
            let text = format!("{line}\nanother line\n{line}\n");
            assert_eq!(within(wrap, &text), Ok(format!("{record}\nanother line\n{record}\n")));
        }
    }
}
