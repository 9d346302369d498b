//! Files that no wanted row can be in, going by the statistics in the footers of all at once.
//!
//! DataFusion asks each file as it is opened, and makes the question anew each time: for small files, which are one row group,
//! that takes longer than reading them. Where some row groups of a file are wanted and others not, it does so still.
//! Source: Parquet format, "Statistics" and `parquet.thrift`.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, BooleanArray, UInt64Array};
use datafusion::arrow::compute::concat;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::{Column, ScalarValue};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::parquet::arrow::arrow_reader::statistics::StatisticsConverter;
use datafusion::parquet::basic::Compression;
use datafusion::parquet::errors::Result as Decoded;
use datafusion::parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;

use super::local::Looked;

/// Files, and what is known of their row groups.
#[derive(Debug)]
pub struct Pruned {
    /// The files in which a row may pass.
    pub files: Vec<PartitionedFile>,
    /// Whether that is so of all their row groups, so that there is nothing to ask a file as it is opened.
    pub are_whole: bool,
}

/// The files in which a row may pass; `None` if a footer was not kept, or if they do not tell.
///
/// The predicate may look at columns of the table that are not of the files, of which nothing is known.
pub fn pruned(
    files: &[PartitionedFile],
    schema: &TableSchema,
    predicate: &Arc<dyn PhysicalExpr>,
) -> Option<Pruned> {
    let footers = footers(files)?;
    let predicate = PruningPredicateBuilder::new()
        .with_file_schema(schema.table_schema().clone())
        .try_build(predicate.clone())
        .ok()?;
    let known = Known { footers: &footers, schema: schema.file_schema() };
    let mut may_pass = predicate.prune(&known).ok()?.into_iter();
    let mut left = Pruned { files: vec![], are_whole: true };
    for (file, footer) in files.iter().zip(&footers) {
        let groups: Vec<bool> = may_pass.by_ref().take(footer.num_row_groups()).collect();
        if groups.is_empty() || groups.contains(&true) {
            left.are_whole &= !groups.contains(&false);
            left.files.push(file.clone());
        }
    }
    Some(left)
}

/// Whether a file has a filter of the values of a column, or may have one.
pub fn has_bloom_filter(files: &[PartitionedFile]) -> bool {
    has_column(files, |column| column.bloom_filter_offset().is_some())
}

/// Whether a file has an index of the pages of a column, or may have one. Without use is that of a column on disk that is shown
/// [inflated](super::inflated).
pub fn has_page_index(files: &[PartitionedFile], are_remote: bool) -> bool {
    has_column(files, |column| {
        let is_inflated = !are_remote && matches!(column.compression(), Compression::GZIP(_));
        column.column_index_offset().is_some() && !is_inflated
    })
}

fn has_column(files: &[PartitionedFile], is_so: impl Fn(&ColumnChunkMetaData) -> bool) -> bool {
    let has =
        |footer: &ParquetMetaData| footer.row_groups().iter().any(|group| group.columns().iter().any(&is_so));
    footers(files).is_none_or(|footers| footers.into_iter().any(has))
}

/// What the files say of themselves, if it was kept of all.
fn footers(files: &[PartitionedFile]) -> Option<Vec<&ParquetMetaData>> {
    files.iter().map(|file| file.extension::<Looked>()?.metadata.as_deref()).collect()
}

/// The statistics of the row groups of all files, one after the other.
struct Known<'a> {
    footers: &'a [&'a ParquetMetaData],
    schema: &'a SchemaRef,
}

impl Known<'_> {
    /// What each file's row groups say of a column, together; `None` if it is no column of a file.
    fn of_column<A: Array>(
        &self,
        column: &Column,
        say: impl Fn(&StatisticsConverter<'_>, &ParquetMetaData) -> Decoded<A>,
    ) -> Option<ArrayRef> {
        let of_file = |footer: &&ParquetMetaData| {
            let parquet = footer.file_metadata().schema_descr();
            say(&StatisticsConverter::try_new(&column.name, self.schema, parquet)?, footer)
        };
        let told: Vec<A> = self.footers.iter().map(of_file).collect::<Decoded<_>>().ok()?;
        let told: Vec<&dyn Array> = told.iter().map(|told| told as &dyn Array).collect();
        concat(&told).ok()
    }
}

impl PruningStatistics for Known<'_> {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        self.of_column(column, |of, footer| of.row_group_mins(footer.row_groups()))
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        self.of_column(column, |of, footer| of.row_group_maxes(footer.row_groups()))
    }

    fn null_counts(&self, column: &Column) -> Option<ArrayRef> {
        self.of_column(column, |of, footer| of.row_group_null_counts(footer.row_groups()))
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        let groups = self.footers.iter().flat_map(|footer| footer.row_groups());
        let rows = groups.map(|group| u64::try_from(group.num_rows()).ok());
        Some(Arc::new(rows.collect::<UInt64Array>()))
    }

    fn num_containers(&self) -> usize {
        self.footers.iter().map(|footer| footer.num_row_groups()).sum()
    }

    fn contained(&self, _: &Column, _: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        None
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use datafusion::arrow::array::{AsArray, Int64Array, RecordBatch, StringViewArray};
    use datafusion::arrow::datatypes::DataType;
    use datafusion::common::DFSchema;
    use datafusion::logical_expr::{Expr, cast, col, lit};
    use datafusion::parquet::arrow::ArrowWriter;
    use datafusion::parquet::basic::GzipLevel;
    use datafusion::parquet::file::metadata::ParquetMetaDataReader;
    use datafusion::parquet::file::properties::{EnabledStatistics, WriterProperties};
    use datafusion::prelude::SessionContext;
    use proptest::prelude::*;

    use super::*;

    /// A port and an action.
    type Row = (Option<i64>, Option<&'static str>);

    fn batch(rows: &[Row]) -> RecordBatch {
        let ports = rows.iter().map(|(port, _)| *port).collect::<Int64Array>();
        let actions = rows.iter().map(|(_, action)| *action).collect::<StringViewArray>();
        let columns: [(&str, ArrayRef, bool); 2] =
            [("dstport", Arc::new(ports), true), ("action", Arc::new(actions), true)];
        RecordBatch::try_from_iter_with_nullable(columns).expect("columns of one length")
    }

    /// A file with such row groups, which was looked at.
    fn file(groups: &[Vec<Row>], properties: WriterProperties) -> PartitionedFile {
        let mut bytes = vec![];
        let mut writer =
            ArrowWriter::try_new(&mut bytes, batch(&[]).schema(), Some(properties)).expect("a writer");
        for group in groups {
            writer.write(&batch(group)).expect("room");
            writer.flush().expect("room");
        }
        writer.close().expect("room");
        let metadata = ParquetMetaDataReader::new().parse_and_finish(&Bytes::from(bytes)).expect("Parquet");
        let looked = Looked { path: "a.parquet".into(), metadata: Some(Arc::new(metadata)) };
        PartitionedFile::new("a.parquet", 1).with_extension(looked)
    }

    /// The table of such files: a place stands behind their columns.
    fn table() -> TableSchema {
        let place = Arc::new(datafusion::arrow::datatypes::Field::new("place", DataType::Int64, false));
        TableSchema::builder(batch(&[]).schema()).with_table_partition_cols(vec![place]).build()
    }

    fn physical(filter: Expr) -> Arc<dyn PhysicalExpr> {
        let schema = DFSchema::try_from(table().table_schema().clone()).expect("names that differ");
        SessionContext::new().create_physical_expr(filter, &schema).expect("a filter")
    }

    /// The places of the files that are left, and whether all their row groups are wanted.
    fn left(files: &[PartitionedFile], filter: Expr) -> Option<(Vec<usize>, bool)> {
        let Pruned { files: left, are_whole } = pruned(files, &table(), &physical(filter))?;
        Some((left.iter().filter_map(|file| place(files, file)).collect(), are_whole))
    }

    /// The place of a file among others.
    fn place(files: &[PartitionedFile], file: &PartitionedFile) -> Option<usize> {
        let footer = |file: &PartitionedFile| file.extension::<Looked>()?.metadata.clone();
        let own = footer(file)?;
        files.iter().position(|file| footer(file).is_some_and(|footer| Arc::ptr_eq(&footer, &own)))
    }

    #[test]
    fn files_without_such_rows_are_left_out() {
        let ports =
            |ports: &[i64]| ports.iter().map(|port| (Some(*port), Some("ACCEPT"))).collect::<Vec<Row>>();
        let of = |groups: &[&[i64]]| {
            let groups: Vec<_> = groups.iter().map(|group| ports(group)).collect();
            file(&groups, WriterProperties::default())
        };
        let files = [of(&[&[22, 80]]), of(&[&[443, 500], &[20, 21], &[25, 443]]), of(&[&[8080]])];
        let port = || col("dstport");
        for (filter, expected) in [
            (port().eq(lit(22i64)), (vec![0], true)),
            (port().eq(lit(443i64)), (vec![1], false)),
            (port().gt(lit(0i64)), (vec![0, 1, 2], true)),
            (port().gt(lit(24i64)), (vec![0, 1, 2], false)),
            (cast(port(), DataType::Int32).gt(lit(8000i32)), (vec![2], true)),
            (port().gt(lit(100i64)).and(col("action").eq(lit("REJECT"))), (vec![], true)),
            (port().is_null(), (vec![], true)),
            // Of these nothing is known.
            ((port() + lit(1i64)).eq(lit(1i64)), (vec![0, 1, 2], true)),
            (col("place").eq(lit(7i64)), (vec![0, 1, 2], true)),
        ] {
            assert_eq!(left(&files, filter.clone()), Some(expected), "{filter}");
        }
    }

    #[test]
    fn files_of_which_nothing_is_known_are_read() {
        let rows = vec![vec![(Some(22), Some("ACCEPT"))]];
        let untold = WriterProperties::builder().set_statistics_enabled(EnabledStatistics::None).build();
        let filter = || col("dstport").eq(lit(23i64));
        let known = file(&rows, WriterProperties::default());
        assert_eq!(left(&[known.clone(), file(&rows, untold)], filter()), Some((vec![1], true)));
        let unkept = known.clone().with_extension(Looked { path: "a.parquet".into(), metadata: None });
        assert!(pruned(&[known, unkept], &table(), &physical(filter())).is_none());
    }

    #[test]
    fn indexes_are_looked_for_where_a_file_has_one() {
        let rows = vec![vec![(Some(22), Some("ACCEPT"))]];
        let of = |properties: WriterProperties| file(&rows, properties);
        let plain = || WriterProperties::builder().set_statistics_enabled(EnabledStatistics::Chunk);
        let gzip = Compression::GZIP(GzipLevel::default());
        let none = || of(plain().set_offset_index_disabled(true).build());
        let filtered = of(plain().set_bloom_filter_enabled(true).build());
        let indexed = of(WriterProperties::default());
        let inflated = of(WriterProperties::builder().set_compression(gzip).build());
        assert!(!has_bloom_filter(&[none()]) && has_bloom_filter(&[none(), filtered]));
        assert!(!has_page_index(&[none()], false) && has_page_index(&[none(), indexed], false));
        assert!(!has_page_index(std::slice::from_ref(&inflated), false) && has_page_index(&[inflated], true));
        let unkept = none().with_extension(Looked { path: "a.parquet".into(), metadata: None });
        assert!(has_bloom_filter(std::slice::from_ref(&unkept)) && has_page_index(&[unkept], false));
    }

    proptest! {
        #[test]
        fn no_row_that_passes_is_left_out(
            files in prop::collection::vec(prop::collection::vec(prop::collection::vec(row(), 1..4), 1..4), 1..4),
            filter in filter(),
        ) {
            let predicate = physical(filter.clone());
            let passes = |group: &Vec<Row>| {
                let place: ArrayRef = Arc::new(Int64Array::from(vec![7; group.len()]));
                let mut columns = batch(group).columns().to_vec();
                columns.push(place);
                let rows = RecordBatch::try_new(table().table_schema().clone(), columns).expect("columns");
                let passed = predicate.evaluate(&rows).and_then(|it| it.into_array(group.len()));
                passed.expect("a truth value").as_boolean().iter().any(|passed| passed == Some(true))
            };
            let stored: Vec<_> = files.iter().map(|groups| file(groups, WriterProperties::default())).collect();
            let left = pruned(&stored, &table(), &predicate).expect("footers that were kept");
            let places: Vec<usize> = left.files.iter().filter_map(|file| place(&stored, file)).collect();
            for (at, groups) in files.iter().enumerate() {
                let is_left = places.contains(&at);
                prop_assert!(is_left || !groups.iter().any(passes), "{filter} {groups:?}");
            }
        }
    }

    fn row() -> impl Strategy<Value = Row> {
        let action = prop::sample::select(vec![None, Some("ACCEPT"), Some("REJECT"), Some("-")]);
        (prop::option::of(0..5_i64), action)
    }

    fn filter() -> impl Strategy<Value = Expr> {
        let port = (0..6_i64, 0..6_usize).prop_map(|(number, operator)| {
            let (port, number) = (col("dstport"), lit(number));
            match operator {
                0 => port.eq(number),
                1 => port.not_eq(number),
                2 => port.lt(number),
                3 => port.gt_eq(number),
                4 => port.is_null(),
                _ => cast(port, DataType::Float64).gt(cast(number, DataType::Float64)),
            }
        });
        let action = prop::sample::select(vec!["ACCEPT", "REJECT", "OK"])
            .prop_map(|action| col("action").eq(lit(action)));
        let place = Just(col("place").gt(lit(3i64)));
        prop_oneof![4 => port, 2 => action, 1 => place].prop_recursive(3, 8, 2, |inner| {
            (inner.clone(), inner, 0..3_usize).prop_map(|(left, right, operator)| match operator {
                0 => left.and(right),
                1 => left.or(right),
                _ => !left,
            })
        })
    }
}
