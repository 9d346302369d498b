//! The bytes of an object as the body of an answer.

use bytes::Bytes;
use futures::Stream;
use s3s::StdError;
use s3s::dto::StreamingBlob;
use s3s::stream::{ByteStream, RemainingLength};
use std::io::Read;
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll};
use weir_buckets::Reader;

/// How much is read at a time.
const READ_BYTES: usize = 256 << 10;

/// Reads as the client takes. Reading blocks for as long as the disk does.
struct Outgoing(Mutex<Reader>);

/// The body that a reader gives.
pub(crate) fn body(reader: Reader) -> StreamingBlob {
    StreamingBlob::new(Outgoing(Mutex::new(reader)))
}

impl Outgoing {
    fn remaining(&self) -> u64 {
        self.0.lock().map_or(0, |reader| reader.remaining())
    }
}

impl Stream for Outgoing {
    type Item = Result<Bytes, StdError>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let wanted = usize::try_from(self.remaining()).unwrap_or(usize::MAX).min(READ_BYTES);
        if wanted == 0 {
            return Poll::Ready(None);
        }
        let mut bytes = vec![0; wanted];
        let read = match self.get_mut().0.get_mut() {
            Ok(reader) => reader.read_exact(&mut bytes),
            Err(_) => Err(std::io::ErrorKind::Other.into()),
        };
        Poll::Ready(Some(read.map(|()| bytes.into()).map_err(Into::into)))
    }
}

impl ByteStream for Outgoing {
    fn remaining_length(&self) -> RemainingLength {
        RemainingLength::new_exact(usize::try_from(self.remaining()).unwrap_or(usize::MAX))
    }
}
