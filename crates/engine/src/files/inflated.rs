//! Parquet that is compressed with gzip, shown to its reader as if it were not.
//!
//! The reader inflates a page as a stream; libdeflate, which wants the whole page and its length, takes half the time. So the
//! metadata that the reader is given places the chunks of the columns it reads behind the end of the file, as they would be if
//! they were stored as they are. What is asked for from there is read from where it is, inflated and handed out. A chunk of
//! which anything is unusual stays where it is, and the reader judges it. Pages are then not ruled out one by one: their index
//! tells of other places.
//! Source: Parquet format, "Data Pages" and `parquet.thrift`; RFC 1952.

use std::io::Read;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use datafusion::parquet::basic::Compression;
use datafusion::parquet::errors::{ParquetError, Result as Decoded};
use datafusion::parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};
use flate2::bufread::MultiGzDecoder;
use libdeflater::Decompressor;

use super::blocks::RATIO_MAX;
use super::buffers::Buffers;
use super::header::Header;
use super::local::Stored;

/// What the chunks of a row group may be together when they are inflated: the reader has them all in memory. Those of more
/// stay where they are, to be inflated page by page.
const GROUP_BYTES_MAX: u64 = 64 << 20;
/// Where the header of a page is looked for; statistics of long texts do not fit, but those of addresses do.
const HEADER_BYTES: usize = 1 << 10;

/// A file as its reader sees it.
pub struct Inflated {
    /// What the file says of itself, with the chunks behind its end.
    pub metadata: Arc<ParquetMetaData>,
    chunks: Vec<Chunk>,
    decompressor: Decompressor,
    buffers: Buffers,
}

/// The chunk of a column.
struct Chunk {
    /// Where the reader sees it.
    shown: Range<u64>,
    pages: Vec<Page>,
}

struct Page {
    header: Header,
    /// Where the page is that follows its header.
    place: Range<u64>,
}

impl Inflated {
    /// The file with the chunks of the columns shown that `is_wanted` tells, by number or metadata, inflated into `buffers`;
    /// `None` if there is none to show.
    pub fn new(
        metadata: &ParquetMetaData,
        (file, buffers): (&Stored, &Buffers),
        is_wanted: impl Fn(usize, &ColumnChunkMetaData) -> bool,
    ) -> Option<Inflated> {
        let mut chunks = vec![];
        let mut builder = metadata.clone().into_builder();
        let mut end = file.bytes;
        let mut groups = vec![];
        for group in builder.take_row_groups() {
            let limit = end + GROUP_BYTES_MAX;
            let mut shown = vec![];
            for (at, column) in group.columns().iter().enumerate() {
                let chunk = is_wanted(at, column).then(|| Chunk::find(column, file, end..limit)).flatten();
                end = chunk.as_ref().map_or(end, |chunk| chunk.shown.end);
                shown.push(chunk);
            }
            groups.push(moved(group, &shown)?);
            chunks.extend(shown.into_iter().flatten());
        }
        let metadata = Arc::new(builder.set_row_groups(groups).build());
        let shown =
            Inflated { metadata, chunks, decompressor: Decompressor::new(), buffers: buffers.clone() };
        (!shown.chunks.is_empty()).then_some(shown)
    }

    /// Where the chunk that is shown at a place ends in the file.
    pub fn stored_end(&self, at: u64) -> Option<u64> {
        let chunk = self.chunks.iter().find(|chunk| chunk.shown.contains(&at))?;
        chunk.pages.last().map(|page| page.place.end)
    }

    /// Bytes of a chunk; `None` if the range begins in none.
    ///
    /// # Errors
    /// The file cannot be read, or a page is not what its header says.
    pub fn read(&mut self, range: &Range<u64>, file: &Stored) -> Option<Decoded<Bytes>> {
        let chunk = self.chunks.iter().find(|chunk| chunk.shown.contains(&range.start))?;
        let bytes = chunk.bytes((file, &self.buffers), &mut self.decompressor);
        Some(bytes.and_then(|bytes| {
            let (start, end) = (range.start - chunk.shown.start, range.end - chunk.shown.start);
            match end <= bytes.len() as u64 {
                true => Ok(bytes.slice(start as usize..end as usize)),
                false => Err(ParquetError::EOF("behind the end of a column".into())),
            }
        }))
    }
}

impl Chunk {
    /// The chunk of a column, shown at the start of a range; `None` if it is not compressed with gzip, does not fit there or is
    /// in any way unusual.
    fn find(column: &ColumnChunkMetaData, file: &Stored, space: Range<u64>) -> Option<Chunk> {
        if !matches!(column.compression(), Compression::GZIP(_)) || column.file_path().is_some() {
            return None;
        }
        let Range { start, end } = place(column)?;
        if end > file.bytes {
            return None;
        }
        let mut chunk = Chunk { shown: space.start..space.start, pages: vec![] };
        let (mut at, mut bytes) = (start, [0; HEADER_BYTES]);
        while at < end {
            let bytes = &mut bytes[..HEADER_BYTES.min((end - at) as usize)];
            file.read_into(at, bytes).ok()?;
            let header = Header::parse(bytes)?;
            let place = at + header.len as u64..at + (header.len + header.compressed) as u64;
            chunk.shown.end += (header.inflated.len() + header.uncompressed) as u64;
            // A page that claims more than can be in it gets no memory.
            let is_possible = header.uncompressed as u64 <= RATIO_MAX * (header.compressed as u64 + 1);
            if place.end > end || chunk.shown.end > space.end || !is_possible {
                return None;
            }
            at = place.end;
            chunk.pages.push(Page { header, place });
        }
        (!chunk.pages.is_empty()).then_some(chunk)
    }

    /// The chunk as it would be if it were not compressed.
    fn bytes(&self, (file, buffers): (&Stored, &Buffers), decompressor: &mut Decompressor) -> Decoded<Bytes> {
        let (Some(first), Some(last)) = (self.pages.first(), self.pages.last()) else {
            return Ok(Bytes::new());
        };
        // They lie within the chunk, which lies within the file.
        let mut stored = buffers.take((last.place.end - first.place.start) as usize);
        file.read_into(first.place.start, stored.as_mut())?;
        let (stored, mut bytes) =
            (stored.as_ref(), buffers.take((self.shown.end - self.shown.start) as usize));
        let mut rest = bytes.as_mut();
        for Page { header, place } in &self.pages {
            let start = (place.start - first.place.start) as usize;
            let (before, page) = rest.split_at_mut(header.inflated.len());
            let (page, behind) = page.split_at_mut(header.uncompressed);
            before.copy_from_slice(&header.inflated);
            inflate(header, &stored[start..start + header.compressed], page, decompressor)?;
            rest = behind;
        }
        Ok(Bytes::from_owner(bytes))
    }
}

/// Where a column is in its file; `None` if no file has such a place, which a reader would panic at.
pub fn place(column: &ColumnChunkMetaData) -> Option<Range<u64>> {
    let start = column.dictionary_page_offset().unwrap_or(column.data_page_offset());
    let start = u64::try_from(start).ok()?;
    Some(start..start.checked_add(u64::try_from(column.compressed_size()).ok()?)?)
}

/// The row group with its chunks where they are shown.
fn moved(group: RowGroupMetaData, shown: &[Option<Chunk>]) -> Option<RowGroupMetaData> {
    if shown.iter().all(Option::is_none) {
        return Some(group);
    }
    let mut builder = group.into_builder();
    let columns = builder.take_columns();
    let mut moved = vec![];
    for (column, chunk) in columns.into_iter().zip(shown) {
        let dictionary = column.dictionary_page_offset();
        // The index of pages tells where they are stored.
        let mut column = column.into_builder().set_offset_index_offset(None).set_offset_index_length(None);
        column = column.set_column_index_offset(None).set_column_index_length(None);
        if let Some(Chunk { shown, pages }) = chunk {
            let start = shown.start as i64;
            let first = pages.first().map_or(0, |page| page.header.inflated.len() + page.header.uncompressed);
            column = column
                .set_compression(Compression::UNCOMPRESSED)
                .set_total_compressed_size((shown.end - shown.start) as i64)
                .set_dictionary_page_offset(dictionary.map(|_| start))
                .set_data_page_offset(dictionary.map_or(start, |_| start + first as i64));
        }
        moved.push(column.build().ok()?);
    }
    builder.set_column_metadata(moved).build().ok()
}

/// Fills a page with what is stored of it.
fn inflate(header: &Header, stored: &[u8], page: &mut [u8], decompressor: &mut Decompressor) -> Decoded<()> {
    let plain = if header.is_compressed { header.plain } else { stored.len() };
    page[..plain].copy_from_slice(&stored[..plain]);
    let (stored, page) = (&stored[plain..], &mut page[plain..]);
    // Of a second member the decompressor does not tell; only the last says its length at the end.
    let is_one = stored.last_chunk() == Some(&(page.len() as u32).to_le_bytes());
    if page.is_empty() || is_one && decompressor.gzip_decompress(stored, page) == Ok(page.len()) {
        return Ok(());
    }
    let mut stream = MultiGzDecoder::new(stored);
    stream.read_exact(page)?;
    match stream.read(&mut [0])? {
        0 => Ok(()),
        _ => Err(ParquetError::General("a page is longer than its header says".into())),
    }
}

#[cfg(test)]
mod tests;
