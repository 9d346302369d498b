//! Records in JSON: strings called `message`, or objects whose names are fields.
//!
//! It knows strings, brackets and where a value may stand: enough to tell where JSON breaks off. What has broken is told as
//! one line that is no record; reading goes on with the next line that does not look like the rest of it.

use std::borrow::Cow;

use memchr::memchr;
use weir_flowlog::Field;

use super::lines::LINE_BYTES_MAX;
use super::wrapped::is_head;

/// What CloudWatch Logs sends to see whether a destination is there: no record of anybody's.
const CONTROL: &[u8] = b"CWL CONTROL MESSAGE";
/// What stands for JSON without records, before the line of the file: a line that is no record, and so is told.
const NO_RECORD: &str = "{} ";
/// How deep objects and lists may lie in each other: as deep as serde_json reads them.
const DEPTH_MAX: usize = 128;
/// Values that are kept of objects that are open: more names than those of fields, and as many others, make no record.
const CELLS_MAX: usize = 2 * Field::ALL.len();

/// The line of the file in which JSON without records ends, if this line within stands for it.
pub fn told_line(line: &str) -> Option<u64> {
    line.strip_prefix(NO_RECORD)?.parse().ok()
}

/// What the last key means.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Key {
    /// Its value is a record.
    Message,
    /// Its value names a field.
    Field,
    /// Its value is that of the field.
    Value,
    /// Its value is that of a field of records.
    Column(Field),
    #[default]
    Other,
}

impl Key {
    fn of(name: &[u8]) -> Key {
        match name {
            b"message" | b"@message" => Key::Message,
            b"field" => Key::Field,
            b"value" => Key::Value,
            _ => std::str::from_utf8(name).ok().and_then(Field::named).map_or(Key::Other, Key::Column),
        }
    }
}

/// What stands before the next byte.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Last {
    /// A bracket that opens, or a comma.
    #[default]
    Begin,
    Colon,
    /// A number or a word that may go on.
    Word,
    /// The end of a key or a value.
    End,
}

/// A value of an object whose names may be fields.
struct Cell {
    /// How deep the object lies.
    depth: usize,
    /// `None` if its name is no field.
    field: Option<Field>,
    text: Vec<u8>,
}

/// Finds records in JSON: one object or many, with or without lines between them, or lists of them.
///
/// What stands outside of JSON is a line as it is, but what `aws logs tail` prints above JSON is none.
#[derive(Default)]
pub struct Json {
    /// The brackets that are open.
    open: Vec<u8>,
    last: Last,
    /// What has been read of a string, of a word, or of a line outside of JSON.
    string: Vec<u8>,
    is_in_string: bool,
    is_escaped: bool,
    key: Key,
    /// The object is a field of a query's result, and this field is the message.
    is_of_message: bool,
    /// The outermost object has a record, or a list for records.
    has_records: bool,
    /// The outermost object has a record that is a string: names of fields mean nothing.
    has_messages: bool,
    cells: Vec<Cell>,
    /// The fields in the order that the last header has told.
    header: Vec<Field>,
    /// Within a line outside of JSON.
    pub is_in_line: bool,
    /// Something is broken: what may be the rest of it is passed over.
    is_skipping: bool,
    /// The lines of the file that have ended.
    passed: u64,
    is_inside_line: bool,
}

impl Json {
    /// Whether something has begun that has not ended.
    pub fn is_open(&self) -> bool {
        !self.open.is_empty() || self.is_in_string
    }

    /// Reads the next byte, and adds the lines that end with it.
    pub fn read(&mut self, byte: u8, lines: &mut Vec<u8>) {
        let is_first = !std::mem::replace(&mut self.is_inside_line, byte != b'\n');
        self.passed += u64::from(byte == b'\n');
        self.take(byte, is_first, lines);
    }

    /// `is_first`: the byte is the first of its line.
    fn take(&mut self, byte: u8, is_first: bool, lines: &mut Vec<u8>) {
        if self.is_skipping {
            if !is_first || matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b'}' | b']' | b',') {
                return;
            }
            self.is_skipping = false;
        }
        match byte {
            b'\n' if self.is_in_line => self.end_line(lines),
            _ if self.is_in_line => self.push(byte),
            _ if self.is_in_string => self.read_in_string(byte, lines),
            // Beside blanks, a byte-order mark.
            b' ' | b'\t' | b'\r' | b'\n' | 0xEF | 0xBB | 0xBF => self.end_word(),
            b'"' if self.awaits_value() || self.awaits_key() => {
                self.is_in_string = true;
                self.string.clear();
            }
            b'{' | b'[' if self.awaits_value() && self.open.len() < DEPTH_MAX => self.begin(byte),
            b'}' if self.open.last() == Some(&b'{') => self.end_object(lines),
            b']' if self.open.last() == Some(&b'[') => self.end(),
            b']' | b',' | b':' if self.open.is_empty() => {}
            b',' | b':' => {
                self.end_word();
                self.last = if byte == b':' { Last::Colon } else { Last::Begin };
            }
            _ if self.open.is_empty() => {
                self.string.clear();
                self.push(byte);
                self.is_in_line = true;
            }
            _ if self.last == Last::Word => self.push(byte),
            _ if self.is_in_object() && self.awaits_value() => {
                self.string.clear();
                self.push(byte);
                self.last = Last::Word;
            }
            _ => {
                self.break_off(self.passed + u64::from(!is_first), lines);
                // What begins a line may begin something whole.
                if is_first {
                    self.take(byte, true, lines);
                }
            }
        }
    }

    fn awaits_value(&self) -> bool {
        match self.open.last() {
            None => true,
            Some(b'[') => self.last == Last::Begin,
            Some(_) => self.last == Last::Colon,
        }
    }

    fn awaits_key(&self) -> bool {
        self.open.last() == Some(&b'{') && self.last == Last::Begin
    }

    fn is_in_object(&self) -> bool {
        self.open.contains(&b'{')
    }

    fn begin(&mut self, bracket: u8) {
        if bracket == b'{' {
            let is_inside = self.is_in_object();
            self.has_records &= is_inside;
            self.has_messages &= is_inside;
            self.is_of_message = false;
        }
        self.open.push(bracket);
        self.last = Last::Begin;
    }

    fn end(&mut self) {
        self.end_word();
        self.open.pop();
        self.last = Last::End;
    }

    fn end_object(&mut self, lines: &mut Vec<u8>) {
        self.end_word();
        self.push_cells(lines);
        self.end();
        if !self.is_in_object() && !self.has_records {
            push_no_record(self.passed + 1, lines);
        }
    }

    /// What has begun is broken on a line of the file.
    fn break_off(&mut self, line: u64, lines: &mut Vec<u8>) {
        push_no_record(line, lines);
        *self = Json {
            is_skipping: true,
            passed: self.passed,
            is_inside_line: self.is_inside_line,
            header: std::mem::take(&mut self.header),
            ..Json::default()
        };
    }

    fn read_in_string(&mut self, byte: u8, lines: &mut Vec<u8>) {
        match byte {
            // No string goes over a line's end: what is cut off ends here, and the next line is whole again.
            b'\n' => self.break_off(self.passed, lines),
            b'"' if !self.is_escaped => self.end_string(lines),
            _ => {
                self.is_escaped = byte == b'\\' && !self.is_escaped;
                self.push(byte);
            }
        }
    }

    fn push(&mut self, byte: u8) {
        if (self.string.len() as u64) < LINE_BYTES_MAX {
            self.string.push(byte);
        }
    }

    /// Ends a line outside of JSON.
    pub fn end_line(&mut self, lines: &mut Vec<u8>) {
        self.is_in_line = false;
        if !is_head(&self.string) {
            lines.extend_from_slice(&self.string);
            lines.push(b'\n');
        }
    }

    fn end_word(&mut self) {
        if self.last == Last::Word {
            if self.string == b"null" {
                self.string.clear();
            }
            self.end_value();
            self.last = Last::End;
        }
    }

    fn end_string(&mut self, lines: &mut Vec<u8>) {
        let (is_key, is_value) = (self.awaits_key(), self.last == Last::Colon);
        let is_record = match self.key {
            _ if !self.is_in_object() => true,
            Key::Message => is_value,
            Key::Value => is_value && self.is_of_message,
            Key::Field | Key::Column(_) | Key::Other => false,
        };
        if is_record {
            push_record(&self.string, lines);
        } else if is_key {
            self.key = Key::of(&self.string);
        } else if is_value {
            if self.key == Key::Field {
                self.is_of_message = self.string == b"@message";
            }
            self.end_value();
        }
        let is_list = is_key && matches!(&self.string[..], b"events" | b"logEvents" | b"results");
        self.has_messages |= is_record;
        self.has_records |= is_record || is_list;
        (self.is_in_string, self.last) = (false, Last::End);
    }

    /// Keeps the value of a key.
    fn end_value(&mut self) {
        let field = match self.key {
            Key::Column(field) => Some(field),
            _ => None,
        };
        if self.open.last() == Some(&b'{') && !self.has_messages && self.cells.len() < CELLS_MAX {
            let text = if field.is_some() { std::mem::take(&mut self.string) } else { vec![] };
            self.cells.push(Cell { depth: self.open.len(), field, text });
        }
    }

    /// Adds the record that an object is, if more of its names are fields than not: a header as in a file of lines, if that
    /// before told of others, and a line.
    fn push_cells(&mut self, lines: &mut Vec<u8>) {
        let start = self.cells.iter().rposition(|cell| cell.depth < self.open.len()).map_or(0, |at| at + 1);
        let cells = self.cells.split_off(start);
        let fields: Vec<Field> = cells.iter().filter_map(|cell| cell.field).collect();
        if self.has_messages || fields.len() < 2 || fields.len() * 2 <= cells.len() {
            return;
        }
        self.has_records = true;
        if self.header != fields {
            let names: Vec<&str> = fields.iter().map(|field| field.name()).collect();
            lines.extend_from_slice(names.join(" ").as_bytes());
            lines.push(b'\n');
            self.header = fields;
        }
        for (at, cell) in cells.iter().filter(|cell| cell.field.is_some()).enumerate() {
            lines.extend_from_slice(if at == 0 { b"" } else { b" " });
            lines.extend_from_slice(if cell.text.is_empty() { b"-" } else { &cell.text });
        }
        lines.push(b'\n');
    }
}

fn push_no_record(line: u64, lines: &mut Vec<u8>) {
    lines.extend_from_slice(format!("{NO_RECORD}{line}\n").as_bytes());
}

/// Adds the record that a string of JSON holds.
fn push_record(string: &[u8], lines: &mut Vec<u8>) {
    let mut text = Cow::Borrowed(string);
    if memchr(b'\\', string).is_some() {
        let quoted = [b"\"", string, b"\""].concat();
        // What is cut off for its length stays as it is: no record is so long.
        if let Ok(read) = serde_json::from_slice::<String>(&quoted) {
            text = Cow::Owned(read.into_bytes());
        }
    }
    if !text.starts_with(CONTROL) {
        lines.extend_from_slice(text.trim_ascii_end());
        lines.push(b'\n');
    }
}
