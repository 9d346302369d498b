//! What is shown inflated reads as what the reader of Parquet inflates by itself.

use std::path::Path;

use datafusion::arrow::array::{
    ArrayRef, BooleanArray, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray,
};
use datafusion::parquet::arrow::arrow_reader::{RowSelection, RowSelector};
use datafusion::parquet::arrow::{ArrowWriter, ParquetRecordBatchStreamBuilder};
use datafusion::parquet::basic::{Encoding, GzipLevel};
use datafusion::parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use futures::TryStreamExt;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::files::local::LocalFile;
use crate::tests::Directory;

/// How a file is written: as AWS does, or as other writers may.
#[derive(Clone, Debug)]
struct Written {
    version: WriterVersion,
    /// Of each column; dictionaries if there is none.
    encodings: Vec<Option<Encoding>>,
    statistics: EnabledStatistics,
    page_rows: usize,
    group_rows: usize,
    dictionary_bytes: usize,
    /// Whether only some columns are compressed.
    is_mixed: bool,
    /// Bits of which values are missing, and the values.
    rows: Vec<(u8, i64)>,
}

fn written() -> impl Strategy<Value = Written> {
    let numbers = || select(vec![None, Some(Encoding::PLAIN), Some(Encoding::DELTA_BINARY_PACKED)]);
    let texts = select(vec![
        None,
        Some(Encoding::PLAIN),
        Some(Encoding::DELTA_LENGTH_BYTE_ARRAY),
        Some(Encoding::DELTA_BYTE_ARRAY),
    ]);
    let floats = select(vec![None, Some(Encoding::PLAIN), Some(Encoding::BYTE_STREAM_SPLIT)]);
    let encodings = (numbers(), numbers(), texts, floats).prop_map(|(a, b, c, d)| vec![a, b, c, d, None]);
    let version = select(vec![WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0]);
    let statistics = select(vec![EnabledStatistics::None, EnabledStatistics::Chunk, EnabledStatistics::Page]);
    let value = prop_oneof![3 => 0i64..4, 1 => any::<i64>()];
    let rows = prop::collection::vec((prop_oneof![Just(0u8), any::<u8>()], value), 1..300);
    let shape = (1usize..100, 20usize..200, select(vec![64usize, 1 << 20]), any::<bool>());
    (version, encodings, statistics, shape, rows).prop_map(
        |(version, encodings, statistics, (page_rows, group_rows, dictionary_bytes, is_mixed), rows)| {
            Written {
                version,
                encodings,
                statistics,
                page_rows,
                group_rows,
                dictionary_bytes,
                is_mixed,
                rows,
            }
        },
    )
}

const NAMES: [&str; 5] = ["port", "bytes", "srcaddr", "ratio", "is"];

fn batch(rows: &[(u8, i64)]) -> RecordBatch {
    let some = |at: u8| move |(missing, value): &(u8, i64)| (missing >> at & 1 == 0).then_some(*value);
    let values = |at: u8| rows.iter().map(some(at));
    let columns: [ArrayRef; 5] = [
        Arc::new(values(0).map(|value| value.map(|value| value as i32)).collect::<Int32Array>()),
        Arc::new(values(1).collect::<Int64Array>()),
        Arc::new(values(2).map(|value| value.map(|value| format!("10.0.{value}"))).collect::<StringArray>()),
        Arc::new(values(3).map(|value| value.map(|value| value as f64 / 8.0)).collect::<Float64Array>()),
        Arc::new(values(4).map(|value| value.map(|value| value & 1 == 1)).collect::<BooleanArray>()),
    ];
    RecordBatch::try_from_iter_with_nullable(
        NAMES.into_iter().zip(columns).map(|(name, it)| (name, it, true)),
    )
    .expect("columns of one length")
}

fn write(path: &Path, written: &Written) {
    let mut properties = WriterProperties::builder()
        .set_writer_version(written.version)
        .set_compression(Compression::GZIP(GzipLevel::default()))
        .set_statistics_enabled(written.statistics)
        .set_write_page_header_statistics(written.page_rows.is_multiple_of(2))
        .set_data_page_row_count_limit(written.page_rows)
        .set_write_batch_size(written.page_rows)
        .set_max_row_group_row_count(Some(written.group_rows))
        .set_dictionary_page_size_limit(written.dictionary_bytes);
    for (name, encoding) in NAMES.into_iter().zip(&written.encodings) {
        if let Some(encoding) = encoding {
            properties = properties.set_column_dictionary_enabled(name.into(), false);
            properties = properties.set_column_encoding(name.into(), *encoding);
        }
    }
    if written.is_mixed {
        properties = properties.set_column_compression("bytes".into(), Compression::UNCOMPRESSED);
        properties = properties.set_column_compression("ratio".into(), Compression::SNAPPY);
    }
    let batch = batch(&written.rows);
    let file = std::fs::File::create(path).expect("a file");
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties.build())).expect("a writer");
    writer.write(&batch).expect("rows");
    writer.close().expect("a footer");
}

/// The rows of a file, or of a part of them; the reader's panic is an error.
fn rows(file: LocalFile, selection: Option<&RowSelection>) -> Result<Vec<RecordBatch>, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let read = async {
        let mut builder = ParquetRecordBatchStreamBuilder::new(file).await?.with_batch_size(50);
        if let Some(selection) = selection {
            builder = builder.with_row_selection(selection.clone());
        }
        builder.build()?.try_collect().await
    };
    let read = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| runtime.block_on(read)));
    read.map_err(|_| "a panic".to_owned())?.map_err(|error: ParquetError| error.to_string())
}

fn plain(path: &Path) -> LocalFile {
    LocalFile::open(path, None, &Buffers::default(), |_, _| false).expect("Parquet")
}

fn inflated(path: &Path, wanted: &[bool]) -> LocalFile {
    LocalFile::open(path, None, &Buffers::default(), |at, _| wanted[at]).expect("Parquet")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_inflated_reads_as_what_is_not(
        written in written(),
        wanted in prop::collection::vec(any::<bool>(), 5),
        selected in prop::collection::vec(1usize..40, 0..20),
    ) {
        let directory = Directory::new("inflated");
        let path = directory.path().join("a.parquet");
        write(&path, &written);
        let shown = inflated(&path, &wanted);
        let groups = written.rows.len().div_ceil(written.group_rows);
        let compressed = if written.is_mixed { vec![0, 2, 4] } else { vec![0, 1, 2, 3, 4] };
        let expected = compressed.iter().filter(|at| wanted[**at]).count() * groups;
        prop_assert_eq!(shown.inflated.as_ref().map_or(0, |inflated| inflated.chunks.len()), expected);
        prop_assert_eq!(rows(shown, None), rows(plain(&path), None));
        let selectors = selected.iter().enumerate().map(|(at, count)| match at % 2 {
            0 => RowSelector::skip(*count),
            _ => RowSelector::select(*count),
        });
        let mut left = written.rows.len();
        let selectors = selectors.map(|mut selector| {
            selector.row_count = selector.row_count.min(left);
            left -= selector.row_count;
            selector
        });
        let selection = RowSelection::from(selectors.collect::<Vec<_>>());
        prop_assert_eq!(rows(inflated(&path, &wanted), Some(&selection)), rows(plain(&path), Some(&selection)));
    }

    #[test]
    fn what_is_damaged_is_an_error_where_it_is_one_for_the_reader(
        written in written(),
        (at, bits) in (any::<prop::sample::Index>(), 1u8..),
    ) {
        let directory = Directory::new("damaged");
        let path = directory.path().join("a.parquet");
        write(&path, &written);
        let metadata = plain(&path).metadata();
        let columns = metadata.row_groups().iter().flat_map(|group| group.columns());
        let end = columns.map(|column| column.byte_range()).map(|(start, len)| start + len).max();
        let mut bytes = std::fs::read(&path).expect("a file");
        bytes[4 + at.index(end.expect("columns") as usize - 4)] ^= bits;
        std::fs::write(&path, bytes).expect("room");
        let of_reader = rows(plain(&path), None);
        match rows(inflated(&path, &[true; 5]), None) {
            Ok(rows) => prop_assert_eq!(Ok(rows), of_reader),
            Err(why) => prop_assert!(of_reader.is_err(), "{}", why),
        }
    }
}

/// A file of one column, its metadata, and where the only page of data lies behind its header.
fn one_page(directory: &Directory) -> (std::path::PathBuf, Vec<u8>, Range<usize>) {
    let path = directory.path().join("a.parquet");
    let written = Written {
        version: WriterVersion::PARQUET_1_0,
        encodings: vec![Some(Encoding::PLAIN); 4],
        statistics: EnabledStatistics::None,
        page_rows: 1000,
        group_rows: 1000,
        dictionary_bytes: 1 << 20,
        is_mixed: false,
        rows: (0..200).map(|value| (0, value)).collect(),
    };
    write(&path, &written);
    let stored = Stored::new(std::fs::File::open(&path).expect("a file")).expect("a length");
    let shown = Inflated::new(&plain(&path).metadata(), (&stored, &Buffers::default()), |at, _| at == 0)
        .expect("a column");
    let place = shown.chunks[0].pages[0].place.clone();
    let bytes = std::fs::read(&path).expect("a file");
    (path, bytes, place.start as usize..place.end as usize)
}

#[test]
fn a_page_that_is_cut_or_wrong_is_an_error() {
    let directory = Directory::new("cut");
    let (path, bytes, place) = one_page(&directory);
    assert!(rows(inflated(&path, &[true; 5]), None).is_ok());
    for at in [place.start, (place.start + place.end) / 2, place.end - 1, place.end - 5] {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x55;
        std::fs::write(&path, damaged).expect("room");
        assert!(rows(inflated(&path, &[true; 5]), None).is_err(), "byte {at} of {place:?}");
    }
    // The file ends in the middle of a page that was there at the first look.
    std::fs::write(&path, &bytes).expect("room");
    let file = inflated(&path, &[true; 5]);
    std::fs::write(&path, &bytes[..place.end - 3]).expect("room");
    assert!(rows(file, None).is_err());
}

#[test]
fn a_page_of_several_members_is_inflated() {
    let gzip = |bytes: &[u8]| {
        let mut compressor = libdeflater::Compressor::new(libdeflater::CompressionLvl::default());
        let mut gzip = vec![0; compressor.gzip_compress_bound(bytes.len())];
        let len = compressor.gzip_compress(bytes, &mut gzip).expect("room");
        gzip.truncate(len);
        gzip
    };
    let header = |plain, stored: &[u8], uncompressed| Header {
        len: 0,
        compressed: stored.len(),
        uncompressed,
        plain,
        is_compressed: true,
        inflated: vec![],
    };
    let whole = Some(&b"abcdef"[..]);
    let cases = [
        ("one", 0, gzip(b"abcdef"), whole),
        ("two", 0, [gzip(b"abc"), gzip(b"def")].concat(), whole),
        ("behind levels", 2, [b"ab".to_vec(), gzip(b"cdef")].concat(), whole),
        ("too few", 0, gzip(b"abcde"), None),
        ("too many", 0, gzip(b"abcdefg"), None),
        ("too many in two", 0, [gzip(b"abcdef"), gzip(b"g")].concat(), None),
    ];
    for (what, plain, stored, expected) in cases {
        let mut page = [0; 6];
        let read = inflate(&header(plain, &stored, 6), &stored, &mut page, &mut Decompressor::new());
        assert_eq!(read.ok().map(|()| &page[..]), expected, "{what}");
    }
}
