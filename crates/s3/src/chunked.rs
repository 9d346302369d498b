//! `aws-chunked`: a body in chunks, each with its size before it, and headers after the last.
//!
//! Signatures of chunks are read over: nobody verifies them.
//! Source: Amazon S3 API Reference, "Signature Calculations for the Authorization Header: Transferring Payload in Multiple
//! Chunks (Chunked Upload)" and "… Including Trailing Headers".

use http::HeaderMap;
use http::header::{HeaderName, HeaderValue};

/// Longest line before a chunk or among the trailers, in bytes.
const LINE_BYTES_MAX: usize = 4096;
/// Most trailers.
const TRAILERS_MAX: usize = 16;

/// The body is not in chunks as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Broken;

/// Takes chunks apart, in whatever pieces they come.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    state: State,
    line: Vec<u8>,
    trailers: HeaderMap,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Before a chunk: its size.
    #[default]
    Size,
    /// In a chunk: what is left of it.
    Data(u64),
    /// After a chunk: an empty line.
    End,
    /// After the last chunk.
    Trailers,
    Done,
}

impl Decoder {
    /// Takes the next bytes; gives the data in them, piece by piece, to `sink`.
    pub fn take<E>(
        &mut self,
        mut bytes: &[u8],
        sink: &mut dyn FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<Result<(), Broken>, E> {
        while !bytes.is_empty() && self.state != State::Done {
            if let State::Data(left) = self.state {
                let count = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
                sink(&bytes[..count])?;
                bytes = &bytes[count..];
                let left = left - count as u64;
                self.state = if left == 0 { State::End } else { State::Data(left) };
                continue;
            }
            let end = bytes.iter().position(|byte| *byte == b'\n');
            let count = end.map_or(bytes.len(), |end| end + 1);
            self.line.extend_from_slice(&bytes[..count]);
            bytes = &bytes[count..];
            if self.line.len() > LINE_BYTES_MAX {
                return Ok(Err(Broken));
            }
            if end.is_some() {
                let line = std::mem::take(&mut self.line);
                if let Err(broken) = self.line(line.trim_ascii_end()) {
                    return Ok(Err(broken));
                }
            }
        }
        Ok(Ok(()))
    }

    /// The headers after the last chunk, once all bytes have been taken.
    pub fn finish(mut self) -> Result<HeaderMap, Broken> {
        // The last line may have lost its end.
        if self.state == State::Trailers && !self.line.is_empty() {
            let line = std::mem::take(&mut self.line);
            self.line(line.trim_ascii_end())?;
        }
        match self.state {
            State::Done | State::Trailers => Ok(self.trailers),
            _ => Err(Broken),
        }
    }

    fn line(&mut self, line: &[u8]) -> Result<(), Broken> {
        let text = std::str::from_utf8(line).map_err(|_| Broken)?;
        self.state = match self.state {
            State::Size => {
                let size = text.split(';').next().unwrap_or_default();
                match u64::from_str_radix(size, 16).map_err(|_| Broken)? {
                    0 => State::Trailers,
                    size => State::Data(size),
                }
            }
            State::End if text.is_empty() => State::Size,
            State::Trailers if text.is_empty() => State::Done,
            State::Trailers => {
                let (name, value) = text.split_once(':').ok_or(Broken)?;
                let name = HeaderName::try_from(name.trim()).map_err(|_| Broken)?;
                let value = HeaderValue::from_str(value.trim()).map_err(|_| Broken)?;
                if self.trailers.len() >= TRAILERS_MAX {
                    return Err(Broken);
                }
                self.trailers.insert(name, value);
                State::Trailers
            }
            _ => return Err(Broken),
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Decoded = (Vec<u8>, Vec<(String, String)>);

    fn decode(body: &[u8], step: usize) -> Result<Decoded, Broken> {
        let (mut decoder, mut data) = (Decoder::default(), vec![]);
        for bytes in body.chunks(step) {
            let mut sink = |bytes: &[u8]| -> Result<(), ()> {
                data.extend_from_slice(bytes);
                Ok(())
            };
            decoder.take(bytes, &mut sink).expect("the sink takes all")?;
        }
        let trailers = decoder.finish()?;
        let text = |value: &HeaderValue| value.to_str().expect("text").to_owned();
        Ok((data, trailers.iter().map(|(name, value)| (name.to_string(), text(value))).collect()))
    }

    /// The signed example has the form of the API Reference's, the one with a trailer that of its STREAMING-UNSIGNED example.
    #[test]
    fn chunks_are_taken_apart_however_they_come() {
        let signed = b"5;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\nhello\r\n\
                       6;chunk-signature=0055\r\n world\r\n0;chunk-signature=b6c6\r\n\r\n";
        let unsigned = b"b\r\nhello world\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n";
        let trailer = vec![("x-amz-checksum-crc32".to_owned(), "DUoRhQ==".to_owned())];
        for step in 1..80 {
            assert_eq!(decode(signed, step), Ok((b"hello world".to_vec(), vec![])), "{step}");
            assert_eq!(decode(unsigned, step), Ok((b"hello world".to_vec(), trailer.clone())), "{step}");
        }
        assert_eq!(decode(b"0\r\n\r\n", 1), Ok((vec![], vec![])));
    }

    #[test]
    fn broken_chunks_are_refused() {
        let long = [b"5;".to_vec(), vec![b'a'; 5000]].concat();
        let broken: [&[u8]; 7] =
            [b"", b"5\r\nhel", b"5\r\nhelloX\r\n0\r\n\r\n", b"z\r\n", b"-1\r\n", b"5\r\nhello\r\n", &long];
        for body in broken {
            assert_eq!(decode(body, 3), Err(Broken), "{:?}", String::from_utf8_lossy(body));
        }
    }
}
