//! Headers of pages of Parquet: what lies behind one, and the header of the same page when it is not compressed.
//!
//! Source: Parquet format, `parquet.thrift` (`PageHeader`); Thrift compact protocol (numbers of types, fields, varints).

/// The kinds of `PageType`.
const INDEX_PAGE: i64 = 1;
/// Fields of `PageHeader`.
const TYPE: i16 = 1;
const UNCOMPRESSED_SIZE: i16 = 2;
const COMPRESSED_SIZE: i16 = 3;
const CRC: i16 = 4;
const DATA_PAGE_V2: i16 = 8;
/// Fields of `DataPageHeaderV2`.
const DEFINITION_BYTES: i16 = 5;
const REPETITION_BYTES: i16 = 6;
const IS_COMPRESSED: i16 = 7;

/// Numbers of types in the compact protocol.
const TRUE: u8 = 1;
const FALSE: u8 = 2;
const I32: u8 = 5;
const STRUCT: u8 = 12;

/// How deep structures lie in each other: those of a header do three deep.
const DEPTH_MAX: usize = 8;

/// What the header of a page says.
#[derive(Debug, PartialEq, Eq)]
pub struct Header {
    /// Its own length.
    pub len: usize,
    /// Bytes of the page as stored.
    pub compressed: usize,
    /// Bytes of the page.
    pub uncompressed: usize,
    /// Bytes at the start of the page that are never compressed: the levels of a page of version 2.
    pub plain: usize,
    /// False if a page of version 2 says that it is stored as it is.
    pub is_compressed: bool,
    /// The header of the page when it is stored as it is, without a checksum.
    pub inflated: Vec<u8>,
}

impl Header {
    /// The header at the start of these bytes; `None` if it is not whole, or none of a data or dictionary page.
    pub fn parse(bytes: &[u8]) -> Option<Header> {
        let mut reader = Reader { bytes, at: 0 };
        let (mut compressed, mut uncompressed) = (None, None);
        let (mut plain, mut is_compressed) = (0, true);
        let mut written = Written::default();
        let mut last = 0;
        while let Some((id, kind)) = reader.field(last)? {
            last = id;
            let start = reader.at;
            match (id, kind) {
                (TYPE, I32) if reader.clone().number()? == INDEX_PAGE => return None,
                (UNCOMPRESSED_SIZE, I32) => uncompressed = Some(reader.clone().len()?),
                (COMPRESSED_SIZE, I32) => compressed = Some(reader.clone().len()?),
                (DATA_PAGE_V2, STRUCT) => (plain, is_compressed) = levels(reader.clone())?,
                _ => (),
            }
            reader.skip(kind, 0)?;
            match id {
                CRC => (),
                COMPRESSED_SIZE => {
                    written.field(id, kind)?;
                    written.number(uncompressed?);
                }
                _ => {
                    written.field(id, kind)?;
                    written.bytes.extend_from_slice(&bytes[start..reader.at]);
                }
            }
        }
        written.bytes.push(0);
        let (compressed, uncompressed) = (compressed?, uncompressed?);
        let is_sound = plain <= compressed.min(uncompressed) && (is_compressed || compressed == uncompressed);
        let header = Header {
            len: reader.at,
            compressed,
            uncompressed,
            plain,
            is_compressed,
            inflated: written.bytes,
        };
        is_sound.then_some(header)
    }
}

/// The bytes of the levels of a page of version 2, and whether the rest is compressed.
fn levels(mut reader: Reader<'_>) -> Option<(usize, bool)> {
    let (mut plain, mut is_compressed) = (0usize, true);
    let mut last = 0;
    while let Some((id, kind)) = reader.field(last)? {
        last = id;
        match (id, kind) {
            (DEFINITION_BYTES | REPETITION_BYTES, I32) => plain = plain.checked_add(reader.clone().len()?)?,
            (IS_COMPRESSED, TRUE | FALSE) => is_compressed = kind == TRUE,
            _ => (),
        }
        reader.skip(kind, 1)?;
    }
    Some((plain, is_compressed))
}

/// Fields of one structure as they are written.
#[derive(Default)]
struct Written {
    bytes: Vec<u8>,
    last: i16,
}

impl Written {
    /// `None` if the id is too far from that before to fit in a byte with the type.
    fn field(&mut self, id: i16, kind: u8) -> Option<()> {
        let delta = u8::try_from(id - self.last).ok().filter(|delta| *delta < 16)?;
        self.bytes.push(delta << 4 | kind);
        self.last = id;
        Some(())
    }

    fn number(&mut self, number: usize) {
        let mut rest = (number as u64) << 1;
        while rest > 0x7F {
            self.bytes.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        self.bytes.push(rest as u8);
    }
}

/// Reads the compact protocol; `None` where the bytes end too early or say what cannot be.
#[derive(Clone)]
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    fn number(&mut self) -> Option<i64> {
        let number = self.varint()?;
        Some((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    /// A number of 32 bits that is a length.
    fn len(&mut self) -> Option<usize> {
        let number = i32::try_from(self.number()?).ok()?;
        usize::try_from(number).ok()
    }

    /// The next field's id and type behind the one with the id `last`; nothing at the end of the structure. The ids of a
    /// header rise and are less than 15 apart.
    fn field(&mut self, last: i16) -> Option<Option<(i16, u8)>> {
        let byte = self.byte()?;
        match (byte >> 4, byte & 0xF) {
            (0, 0) => Some(None),
            (0, _) => None,
            (delta, kind) => Some(Some((last.checked_add(i16::from(delta))?, kind))),
        }
    }

    fn skip(&mut self, kind: u8, depth: usize) -> Option<()> {
        if depth > DEPTH_MAX {
            return None;
        }
        match kind {
            TRUE | FALSE => (),
            3 => self.pass(1)?,
            4..=6 => self.varint().map(|_| ())?,
            7 => self.pass(8)?,
            8 => {
                let len = self.varint()?;
                self.pass(usize::try_from(len).ok()?)?;
            }
            STRUCT => {
                let mut last = 0;
                while let Some((id, kind)) = self.field(last)? {
                    last = id;
                    self.skip(kind, depth + 1)?;
                }
            }
            // Lists and maps: no header has any.
            _ => return None,
        }
        Some(())
    }

    fn pass(&mut self, len: usize) -> Option<()> {
        let end = self.at.checked_add(len).filter(|end| *end <= self.bytes.len())?;
        self.at = end;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Type, 300 bytes of 200 as stored.
    fn sizes(kind: u8) -> Vec<u8> {
        vec![0x15, kind << 1, 0x15, 0xD8, 0x04, 0x15, 0x90, 0x03]
    }

    /// The same, as they are when nothing is compressed.
    fn equal_sizes(kind: u8) -> Vec<u8> {
        vec![0x15, kind << 1, 0x15, 0xD8, 0x04, 0x15, 0xD8, 0x04]
    }

    /// `DataPageHeader` with statistics of one text.
    const DATA: [u8; 14] =
        [0x15, 0x02, 0x15, 0x10, 0x15, 0x06, 0x15, 0x06, 0x1C, 0x18, 0x01, b'x', 0x00, 0x00];
    /// `DataPageHeaderV2` with levels of 3 and 4 bytes, without its end.
    const DATA_V2: [u8; 12] = [0x15, 0x02, 0x15, 0x00, 0x15, 0x02, 0x15, 0x10, 0x15, 0x06, 0x15, 0x08];

    fn parse(parts: &[&[u8]]) -> Option<Header> {
        Header::parse(&parts.concat())
    }

    #[test]
    fn only_the_size_and_the_checksum_change() {
        let header = parse(&[&sizes(0), &[0x15, 0x01, 0x1C], &DATA, &[0, 0xFF]]).expect("a header");
        assert_eq!((header.len, header.compressed, header.uncompressed, header.plain), (26, 200, 300, 0));
        assert_eq!(header.inflated, [&equal_sizes(0)[..], &[0x2C], &DATA, &[0]].concat());
    }

    #[test]
    fn levels_of_version_2_are_not_compressed() {
        let is_compressed = parse(&[&sizes(3), &[0x5C], &DATA_V2, &[0, 0]]).expect("a header");
        assert_eq!((is_compressed.plain, is_compressed.is_compressed), (7, true));
        let parts: [&[u8]; 4] = [&equal_sizes(3), &[0x5C], &DATA_V2, &[0x12, 0, 0]];
        let is_plain = parse(&parts).expect("a header");
        assert_eq!((is_plain.plain, is_plain.is_compressed), (7, false));
        assert_eq!(is_plain.inflated, parts.concat());
    }

    #[test]
    fn what_is_no_header_of_a_page_is_none() {
        let whole = [&sizes(0)[..], &[0x2C], &DATA, &[0]].concat();
        assert!(Header::parse(&whole).is_some());
        for len in 0..whole.len() {
            assert_eq!(Header::parse(&whole[..len]), None, "{len} bytes");
        }
        let cases: [(&str, Vec<u8>); 6] = [
            ("an index", [sizes(1), vec![0]].concat()),
            ("no sizes", vec![0x15, 0x00, 0]),
            ("less than nothing", vec![0x15, 0x00, 0x15, 0x01, 0x15, 0x02, 0]),
            ("a list", [sizes(0), vec![0x29, 0x00, 0]].concat()),
            ("not compressed, of another size", [&sizes(3)[..], &[0x5C], &DATA_V2, &[0x12, 0, 0]].concat()),
            ("levels larger than the page", [&sizes(3)[..], &[0x5C, 0x55, 0x92, 0x03, 0, 0]].concat()),
        ];
        for (what, bytes) in cases {
            assert_eq!(Header::parse(&bytes), None, "{what}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_to_an_end(bytes in prop::collection::vec(any::<u8>(), 0..200), deep in 0usize..40) {
            Header::parse(&bytes);
            Header::parse(&[vec![0x1C; deep], bytes].concat());
        }
    }
}
