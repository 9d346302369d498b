//! The members of a gzip file, one after the other.
//!
//! Zeros behind the last one are padding, as gzip takes them.
//! Source: RFC 1952, 2.2; GNU gzip, "trailing garbage ignored".

use std::io::{self, BufRead, Error, ErrorKind, Read};

use flate2::bufread::GzDecoder;

use super::lines::GZIP_MAGIC;

/// Inflates members as they come.
pub struct Members<R> {
    member: Option<GzDecoder<R>>,
}

impl<R: BufRead> Members<R> {
    /// The members that are read from here on.
    pub fn new(reader: R) -> Members<R> {
        Members { member: Some(GzDecoder::new(reader)) }
    }
}

impl<R: BufRead> Read for Members<R> {
    /// # Errors
    /// A member is damaged or cut off, or what follows the last one is no member.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.member {
            let read = member.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            if let Some(member) = self.member.take() {
                self.member = next(member.into_inner())?;
            }
        }
        Ok(0)
    }
}

/// The member that comes next, if any does.
fn next<R: BufRead>(mut reader: R) -> io::Result<Option<GzDecoder<R>>> {
    loop {
        let rest = reader.fill_buf()?;
        let zeros = rest.iter().take_while(|byte| **byte == 0).count();
        match rest.get(zeros) {
            Some(first) if *first == GZIP_MAGIC[0] => {
                reader.consume(zeros);
                return Ok(Some(GzDecoder::new(reader)));
            }
            Some(_) => {
                return Err(Error::new(ErrorKind::InvalidData, "bytes behind the end of its gzip data"));
            }
            None if zeros == 0 => return Ok(None),
            None => reader.consume(zeros),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    #[test]
    fn what_follows_the_members_is_told() {
        let mut encoder = GzEncoder::new(vec![], Compression::fast());
        encoder.write_all(b"2 a\n").expect("memory");
        let gzip = encoder.finish().expect("memory");
        let behind = Err("bytes behind the end of its gzip data".to_owned());
        let cases = [
            (gzip.clone(), 1, Ok(())),
            ([&gzip[..], &gzip].concat(), 2, Ok(())),
            ([&gzip[..], &[0; 600]].concat(), 1, Ok(())),
            ([&gzip[..], &[0; 3], &gzip].concat(), 2, Ok(())),
            ([&gzip[..], b"x"].concat(), 1, behind.clone()),
            ([&gzip[..], &gzip, &b"trailing garbage".repeat(9)].concat(), 2, behind),
            ([&gzip[..], &gzip[..gzip.len() - 1]].concat(), 2, Err("unexpected end of file".to_owned())),
        ];
        for (bytes, count, expected) in cases {
            let mut text = vec![];
            let read = Members::new(&bytes[..]).read_to_end(&mut text);
            assert_eq!(read.map(drop).map_err(|error| error.to_string()), expected, "{bytes:?}");
            assert_eq!(text, b"2 a\n".repeat(count), "{bytes:?}");
        }
    }
}
