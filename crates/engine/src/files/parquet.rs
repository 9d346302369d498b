//! Flow logs as Parquet: a column a field, named as in a format, mostly with `_` for `-`.
//!
//! Files with the same columns are one table. What a file's statistics rule out is not read.
//! Source: VPC User Guide, "Flow log files" (Parquet).

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{Error, ErrorKind, Read};
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use datafusion::arrow::datatypes::{DataType, Field as ArrowField, FieldRef, Schema, SchemaRef, TimeUnit};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::config::TableParquetOptions;
use datafusion::common::{DFSchema, Result};
use datafusion::datasource::file_format::parquet::transform_schema_to_view;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{
    Expr as Lowered, TableProviderFilterPushDown, TableType, cast, col, lit, try_cast,
};
use datafusion::object_store::ObjectMeta;
use datafusion::object_store::path::Path as StorePath;
use datafusion::parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use datafusion::parquet::file::metadata::ParquetMetaData;
use datafusion::parquet::file::statistics::Statistics;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::SessionContext;
use datafusion::scalar::ScalarValue;
use weir_flowlog::Field;
use weir_flowlog::field::Kind as FieldKind;
use weir_insights::{FLOW_FIELDS, FlowField, FlowType, Plan, Run, TimeRange};

use super::buffers::Buffers;
use super::find::FILE_ENDINGS;
use super::local::{LocalFiles, Looked, METADATA_MAX, Stored};
use super::passed::rows_end;
use super::place::with_partitions;
use super::pruned::{has_bloom_filter, has_page_index, pruned};
use super::read::Totals;
use super::remote::{Footed, Remote, URL};
use super::source::Options;
use super::storage::{FIRST_BYTES, Storage};
use super::table::nothing;
use crate::events::{GROUP, INGESTION, MESSAGE, Part, SEQUENCE, STREAM, Shape, TIMESTAMP, names_read};
use crate::kind::Kind;
use crate::narrow::Narrow;
use crate::scalar::{Op, call};
use crate::scope::column_of;

const SECONDS_OF_DAY: i64 = 86_400;

/// What the footer of a file tells of its columns, by their names.
#[derive(Debug, PartialEq)]
struct Known {
    /// Those of addresses.
    addresses: Vec<String>,
    /// Those of texts that are never null: what is null is a dash.
    whole: Vec<String>,
    /// Those of milliseconds that should be of seconds.
    millis: Vec<String>,
}

/// Files with the same columns.
#[derive(Debug)]
struct Alike {
    /// Those columns that are fields of flow logs.
    schema: SchemaRef,
    known: Known,
    /// Whether they are objects.
    is_remote: bool,
    files: Vec<PartitionedFile>,
}

impl Alike {
    /// What files have in common.
    fn key(&self) -> (&SchemaRef, &Known, bool) {
        (&self.schema, &self.known, self.is_remote)
    }

    /// Adds a file, which shares what it knows of its columns with the one before if that is the same.
    fn add(&mut self, mut file: PartitionedFile) {
        let before = self.files.last().map(|last| &last.arrow_schema);
        if let Some(before) = before.filter(|before| **before == file.arrow_schema) {
            file.arrow_schema.clone_from(before);
        }
        self.files.push(file);
    }
}

/// What the footer of a file says.
struct Footer {
    schema: SchemaRef,
    known: Known,
    records: u64,
    file: PartitionedFile,
    /// Where its rows end.
    rows_end: u64,
}

/// The parts that such files make up, one for all with the same columns; those that cannot be read go to the totals.
///
/// The records of a file have no order but that of time, and one place. Addresses are numbers if they are narrow.
pub fn parts(
    context: &SessionContext,
    plan: &Plan,
    (files, options): (&[PathBuf], &Options),
    (run, narrow): (Run<'_>, Option<&Narrow>),
    totals: &mut Totals,
) -> Result<Vec<Part>> {
    let (mut alike, storage): (Vec<Alike>, _) = (vec![], &options.storage);
    let mut ends = BTreeMap::new();
    let footers = storage.look(files, |index, path| {
        // The reader trusts what lengths a file claims, and panics where they cannot be.
        std::panic::catch_unwind(AssertUnwindSafe(|| footer(index, path, storage)))
    });
    for (index, (path, read)) in files.iter().zip(footers).enumerate() {
        let is_remote = storage.object(path).is_some();
        match read.unwrap_or_else(|_| Err(BAD_LENGTH.into())) {
            Ok(Footer { schema, known, records, file, rows_end }) => {
                if is_remote {
                    ends.insert(index, rows_end);
                }
                totals.records += records;
                totals.bytes += file.object_meta.size;
                match alike.iter_mut().find(|alike| alike.key() == (&schema, &known, is_remote)) {
                    Some(alike) => alike.add(file),
                    None => alike.push(Alike { schema, known, is_remote, files: vec![file] }),
                }
            }
            Err(why) => totals.wrong.add_file(path, why),
        }
    }
    if alike.iter().any(|alike| alike.is_remote) {
        let url = ObjectStoreUrl::parse(URL)?;
        let remote = Remote::new(storage.clone(), files.to_vec(), (&options.read_bytes, &ends));
        context.register_object_store(url.as_ref(), Arc::new(remote));
    }
    alike.into_iter().map(|alike| part((context, plan), (files, options), alike, (run, narrow))).collect()
}

fn footer(index: usize, path: &Path, storage: &Arc<Storage>) -> Result<Footer, String> {
    let text = |error: datafusion::parquet::errors::ParquetError| error.to_string();
    let told = |error: Error| error.to_string();
    let options = ArrowReaderOptions::new();
    let (size, read) = match storage.object(path) {
        None => {
            let file = Stored::new(File::open(path).map_err(told)?).map_err(told)?;
            check_stored_footer(&file).map_err(told)?;
            (file.bytes, ArrowReaderMetadata::load(&file, options))
        }
        Some(_) => {
            let size = check_footer(storage, path).map_err(told)?;
            let object = Footed::new(storage.clone(), path).map_err(told)?;
            (size, ArrowReaderMetadata::load(&object, options))
        }
    };
    let read = read.map_err(text)?;
    let mut fields: Vec<FieldRef> = vec![];
    for field in read.schema().fields() {
        let Some((known, _)) = flow_field(field.name()) else { continue };
        let is_first =
            fields.iter().all(|before| flow_field(before.name()).is_none_or(|(field, _)| field != known));
        if is_first {
            fields.push(field.clone());
        }
    }
    if fields.is_empty() {
        return Err("no flow log: none of its columns is called as a field".into());
    }
    if let Some(odd) = fields.iter().find(|field| !is_plain(field.data_type())) {
        return Err(format!("no flow log: its column {} is of type {}", odd.name(), odd.data_type()));
    }
    let schema = Arc::new(transform_schema_to_view(&Schema::new(fields)));
    // As the table has its columns, so that no reader finds out what they are in the file first.
    let of_file = Arc::new(transform_schema_to_view(read.schema()));
    let location = match storage.object(path) {
        None => absolute(path)
            .map_err(told)
            .and_then(|path| StorePath::from_absolute_path(path).map_err(|error| error.to_string()))?,
        Some(_) => Remote::location(index),
    };
    let last_modified = Default::default();
    let meta = ObjectMeta { location, last_modified, size, e_tag: None, version: None };
    let utf8 = |text: String| ScalarValue::Utf8View(Some(text));
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let place =
        vec![ScalarValue::Int64(Some(index as i64)), utf8(path.to_string_lossy().into_owned()), utf8(name)];
    let metadata = (index < METADATA_MAX).then(|| read.metadata().clone());
    let looked = Looked { path: path.to_path_buf(), metadata };
    let whole = whole_texts(&schema, read.metadata());
    Ok(Footer {
        known: Known { addresses: addresses(&schema), whole, millis: of_millis(&schema, read.metadata()) },
        records: read.metadata().file_metadata().num_rows().max(0) as u64,
        rows_end: rows_end(read.metadata()),
        file: PartitionedFile::new_from_meta(meta)
            .with_partition_values(place)
            .with_arrow_schema(of_file)
            .with_extension(looked),
        schema,
    })
}

/// The path from the root, for whoever else opens it. To resolve links would take a call for each folder.
fn absolute(path: &Path) -> std::io::Result<PathBuf> {
    match path.components().any(|part| part == std::path::Component::ParentDir) {
        true => path.canonicalize(),
        false => std::path::absolute(path),
    }
}

/// The flow-log field that a column is: called as in a format, where `_` may stand for `-`, or as a query names it, which is how
/// answers name their columns.
pub fn flow_field(column: &str) -> Option<(Field, &'static FlowField)> {
    let is_called = |name: &str| {
        let alike = |(of_name, own): (u8, u8)| own == of_name || of_name == b'-' && own == b'_';
        name.len() == column.len() && name.bytes().zip(column.bytes()).all(alike)
    };
    let known = FLOW_FIELDS.iter().find(|known| is_called(known.name) || known.field == column)?;
    Some((Field::named(known.name)?, known))
}

/// Whether a query that names these fields reads the column: the record's start is read in any case.
pub fn is_read(column: &str, names: &BTreeSet<String>) -> bool {
    flow_field(column).is_some_and(|(field, known)| {
        field == Field::Start || names.contains(MESSAGE) || names.contains(known.field)
    })
}

/// The column that is a field.
fn column_of_field(schema: &Schema, field: Field) -> Option<&FieldRef> {
    schema.fields().iter().find(|column| flow_field(column.name()).is_some_and(|(known, _)| known == field))
}

/// Whether a column can be of a flow log: numbers, times or text.
fn is_plain(data_type: &DataType) -> bool {
    use DataType::{Boolean, Date32, Date64, Dictionary, Null, Timestamp};
    match data_type {
        Dictionary(_, value) => is_plain(value),
        Null | Boolean | Date32 | Date64 | Timestamp(..) => true,
        other => other.is_numeric() || other.is_string(),
    }
}

/// A column of whole numbers; of times, or of milliseconds, where the field is of seconds.
fn whole_numbers(column: &FieldRef, field: Field, millis: &[String]) -> Lowered {
    let number = cast(quoted(column.name()), DataType::Int64);
    let per_second = match column.data_type() {
        _ if field.kind() != FieldKind::Seconds => 1,
        DataType::Date32 => return number * lit(SECONDS_OF_DAY),
        DataType::Date64 | DataType::Timestamp(TimeUnit::Millisecond, _) => 1_000,
        DataType::Timestamp(TimeUnit::Microsecond, _) => 1_000_000,
        DataType::Timestamp(TimeUnit::Nanosecond, _) => 1_000_000_000,
        _ if millis.contains(column.name()) => 1_000,
        _ => 1,
    };
    // As a plain column, its statistics count.
    if per_second == 1 { number } else { number / lit(per_second as i64) }
}

/// The columns of seconds that are of milliseconds, as old records have them: no second that is met is above 2^31.
fn of_millis(schema: &Schema, metadata: &ParquetMetaData) -> Vec<String> {
    let is_of_seconds = |column: &&FieldRef| {
        *column.data_type() == DataType::Int64
            && flow_field(column.name()).is_some_and(|(field, _)| field.kind() == FieldKind::Seconds)
    };
    let has_more = |name: &str| {
        let groups = metadata.row_groups().iter();
        let mut columns = groups.flat_map(|group| group.columns());
        columns.any(|column| {
            column.column_path().string() == name
                && matches!(column.statistics(), Some(Statistics::Int64(known))
                    if known.max_opt().is_some_and(|max| *max > i64::from(i32::MAX)))
        })
    };
    let columns = schema.fields().iter().filter(is_of_seconds).map(|column| column.name().clone());
    columns.filter(|name| has_more(name)).collect()
}

/// The columns of addresses.
fn addresses(schema: &Schema) -> Vec<String> {
    let is_address = |field: &&FieldRef| {
        let is_text = *field.data_type() == DataType::Utf8View;
        is_text && flow_field(field.name()).is_some_and(|(field, _)| field.kind() == FieldKind::Address)
    };
    schema.fields().iter().filter(is_address).map(|field| field.name().clone()).collect()
}

/// The columns of text that have a value in every row.
fn whole_texts(schema: &Schema, metadata: &ParquetMetaData) -> Vec<String> {
    let is_whole = |name: &str| {
        metadata.row_groups().iter().all(|group| {
            let column = group.columns().iter().find(|column| column.column_path().string() == name);
            column.and_then(|column| column.statistics()?.null_count_opt()) == Some(0)
        })
    };
    let texts = schema.fields().iter().filter(|field| field.data_type().is_string());
    texts.map(|field| field.name().clone()).filter(|name| is_whole(name)).collect()
}

fn part(
    (context, plan): (&SessionContext, &Plan),
    (paths, options): (&[PathBuf], &Options),
    Alike { schema, known: columns_known, is_remote, files }: Alike,
    (run, narrow): (Run<'_>, Option<&Narrow>),
) -> Result<Part> {
    let table = ParquetTable::new(schema.clone(), files, is_remote, options.read_bytes.clone());
    let mut frame = context.read_table(Arc::new(table))?;
    let seconds = match column_of_field(&schema, Field::Start) {
        // Text may be no number.
        Some(start) if start.data_type().is_string() => try_cast(quoted(start.name()), DataType::Int64),
        Some(start) => whole_numbers(start, Field::Start, &columns_known.millis),
        None => lit(ScalarValue::Int64(None)),
    };
    let mut columns = vec![
        (seconds.clone() * lit(1000i64)).alias(TIMESTAMP),
        column_of(SEQUENCE),
        lit(ScalarValue::Int64(None)).alias(INGESTION),
        column_of(GROUP),
        column_of(STREAM),
    ];
    let names = names_read(plan);
    let mut fields = vec![];
    for known in FLOW_FIELDS {
        let is_read = names.contains(known.field) || names.contains(MESSAGE);
        let field = Field::named(known.name).filter(|_| is_read);
        let Some((field, column)) = field.and_then(|field| Some((field, column_of_field(&schema, field)?)))
        else {
            continue;
        };
        let own = format!("record_{}", fields.len());
        let is_whole = columns_known.whole.contains(column.name());
        let text_kind = if is_whole { Kind::Text } else { Kind::DashText };
        let (kind, expr) = match (known.kind, narrow) {
            (FlowType::Int, _) if !column.data_type().is_string() => {
                (Kind::DashInt, whole_numbers(column, field, &columns_known.millis))
            }
            (_, Some(narrow)) if columns_known.addresses.contains(column.name()) => {
                let text = vec![(quoted(column.name()), text_kind)];
                (Kind::DashAddress, call(Op::Address(narrow.clone()), Kind::DashAddress, text))
            }
            _ => (text_kind, cast(quoted(column.name()), DataType::Utf8View)),
        };
        columns.push(expr.alias(&own));
        fields.push((known.field.to_owned(), own, kind));
    }
    if run.window != TimeRange::ALL {
        // On the column itself, so that its statistics count.
        let TimeRange { start_ms, end_ms } = run.window;
        // A second lies within if its first millisecond does.
        let first = start_ms.div_euclid(1000) + i64::from(start_ms.rem_euclid(1000) > 0);
        let last = end_ms.div_euclid(1000);
        let is_inside = seconds.clone().gt_eq(lit(first)).and(seconds.clone().lt_eq(lit(last)));
        frame = frame.filter(is_inside.or(seconds.is_null()))?;
    }
    let (frame, partitions) = with_partitions(frame.select(columns)?, &names, paths)?;
    let shape = Shape::Records { fields, message: None };
    Ok(Part { frame, log: column_of(GROUP), fixed: vec![], has_entities: false, shape, partitions })
}

/// Files with the same columns as a table of DataFusion, with the place of each file behind them.
#[derive(Debug)]
struct ParquetTable {
    schema: TableSchema,
    files: Vec<PartitionedFile>,
    is_remote: bool,
    read_bytes: Arc<AtomicU64>,
}

impl ParquetTable {
    fn new(
        schema: SchemaRef,
        files: Vec<PartitionedFile>,
        is_remote: bool,
        read_bytes: Arc<AtomicU64>,
    ) -> ParquetTable {
        let place = [(SEQUENCE, DataType::Int64), (GROUP, DataType::Utf8View), (STREAM, DataType::Utf8View)];
        let place = place.map(|(name, data_type)| Arc::new(ArrowField::new(name, data_type, false)));
        ParquetTable {
            schema: TableSchema::builder(schema).with_table_partition_cols(place.to_vec()).build(),
            files,
            is_remote,
            read_bytes,
        }
    }

    /// The columns that are given or filtered by.
    fn names_read(&self, projection: Option<&Vec<usize>>, filters: &[Lowered]) -> BTreeSet<String> {
        let schema = self.schema();
        let given = match projection {
            Some(indexes) => indexes.iter().map(|index| schema.field(*index).name().clone()).collect(),
            None => schema.fields().iter().map(|field| field.name().clone()).collect::<BTreeSet<_>>(),
        };
        let filtered = filters.iter().flat_map(|filter| filter.column_refs());
        given.into_iter().chain(filtered.map(|column| column.name.clone())).collect()
    }
}

#[async_trait]
impl TableProvider for ParquetTable {
    fn schema(&self) -> SchemaRef {
        self.schema.table_schema().clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Lowered]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Lowered],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mut options = TableParquetOptions::default();
        // What the filters look at is read first, and of the other columns only the rows that pass.
        options.global.pushdown_filters = true;
        let mut files = self.files.clone();
        if let Some(filter) = conjunction(filters.to_vec()) {
            // The filters stay above the source and are pushed into it as the plan is optimized. Given to it here as well, each
            // would be evaluated twice.
            let schema = DFSchema::try_from(self.schema())?;
            let predicate = session.create_physical_expr(filter, &schema)?;
            if let Some(pruned) = pruned(&self.files, &self.schema, &predicate) {
                files = pruned.files;
                options.global.pruning = !pruned.are_whole;
                if !self.is_remote {
                    // Reading is behind them already.
                    self.read_bytes.fetch_add(stored(&self.files) - stored(&files), Ordering::Relaxed);
                }
            }
            // What no file has is not looked for in each.
            options.global.bloom_filter_on_read = has_bloom_filter(&files);
            options.global.enable_page_index = has_page_index(&files, self.is_remote);
        }
        if files.is_empty() {
            return nothing(&self.schema(), projection);
        }
        let mut source = ParquetSource::new(self.schema.clone()).with_table_parquet_options(options);
        let mut url = ObjectStoreUrl::local_filesystem();
        if self.is_remote {
            // As much as the first look has fetched.
            (source, url) =
                (source.with_metadata_size_hint(FIRST_BYTES as usize), ObjectStoreUrl::parse(URL)?);
        } else {
            let reader = LocalFiles {
                columns: self.names_read(projection, filters),
                buffers: Buffers::default(),
                read_bytes: self.read_bytes.clone(),
            };
            source = source.with_parquet_file_reader_factory(Arc::new(reader));
        }
        let source = Arc::new(source);
        let shares = FileGroup::new(files).split_files(session.config().target_partitions());
        let config = FileScanConfigBuilder::new(url, source)
            .with_file_groups(shares)
            .with_limit(limit.filter(|_| filters.is_empty()))
            .with_projection_indices(projection.cloned())?
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }
}

fn stored(files: &[PartitionedFile]) -> u64 {
    files.iter().map(|file| file.object_meta.size).sum()
}

/// A column by its name as it is, whatever letters it has.
fn quoted(name: &str) -> Lowered {
    col(datafusion::common::Column::from_name(name))
}

/// Why a file is no Parquet whose reader has panicked.
pub const BAD_LENGTH: &str = "no Parquet: a length in it cannot be";

/// What a Parquet file begins and ends with.
const MAGIC: [u8; 4] = *b"PAR1";
/// The length of the metadata, and [`MAGIC`].
const FOOTER: u64 = 8;

/// Whether a file is Parquet: known by its name or by its first bytes. An object that is called as text is not looked at.
pub fn is_parquet(storage: &Storage, path: &Path) -> bool {
    let name = path.to_string_lossy();
    let mut endings = FILE_ENDINGS.iter().filter(|ending| name.ends_with(**ending));
    let is_text = match endings.next() {
        Some(ending) if *ending == super::PARQUET_ENDING => return true,
        ending => ending.is_some(),
    };
    let mut first = [0; MAGIC.len()];
    match storage.object(path) {
        Some(_) if is_text => false,
        Some(object) => storage.read(object, 0..MAGIC.len() as u64).is_ok_and(|first| first == MAGIC),
        None => File::open(path).and_then(|mut file| file.read_exact(&mut first)).is_ok() && first == MAGIC,
    }
}

/// The length of a file, whose metadata fits into it (Parquet format, "File format").
///
/// # Errors
/// It cannot be read, or is no Parquet.
pub fn check_footer(storage: &Storage, path: &Path) -> std::io::Result<u64> {
    let Some(object) = storage.object(path) else {
        let file = Stored::new(File::open(path)?)?;
        check_stored_footer(&file)?;
        return Ok(file.bytes);
    };
    let bytes = storage.bytes(path)?;
    let mut footer = [0; FOOTER as usize];
    if bytes >= FOOTER {
        footer.copy_from_slice(&storage.read(object, bytes - FOOTER..bytes)?);
    }
    check(footer, bytes)?;
    Ok(bytes)
}

fn check_stored_footer(file: &Stored) -> std::io::Result<()> {
    let mut footer = [0; FOOTER as usize];
    if file.bytes >= FOOTER {
        file.read_into(file.bytes - FOOTER, &mut footer)?;
    }
    check(footer, file.bytes)
}

fn check([a, b, c, d, magic @ ..]: [u8; FOOTER as usize], bytes: u64) -> std::io::Result<()> {
    let whole = u64::from(u32::from_le_bytes([a, b, c, d])) + FOOTER + MAGIC.len() as u64;
    match magic == MAGIC && whole <= bytes {
        true => Ok(()),
        false => Err(Error::new(ErrorKind::InvalidData, "no Parquet: its footer is missing or cut off")),
    }
}

#[cfg(test)]
mod tests {
    use datafusion::physical_plan::displayable;

    use super::*;
    use crate::tests::Directory;
    use crate::tests::files::as_parquet;

    /// The plan that reads the records of a sample whose destination port is this.
    async fn plan_of_port(name: &str, port: i32) -> Arc<dyn ExecutionPlan> {
        let directory = Directory::new(name);
        let path = directory.path().join("a.parquet");
        as_parquet("v2_records.log", &path);
        let Footer { schema, file, .. } = footer(0, &path, &Arc::default()).expect("a flow log");
        let table = ParquetTable::new(schema, vec![file], false, Arc::default());
        let frame = SessionContext::new().read_table(Arc::new(table)).expect("a table");
        let frame =
            frame.filter(col("dstport").eq(lit(port))).and_then(|frame| frame.select(vec![col("bytes")]));
        frame.expect("columns").create_physical_plan().await.expect("a plan")
    }

    /// The source of a plan that has one.
    fn source(plan: &Arc<dyn ExecutionPlan>) -> ParquetSource {
        match plan.downcast_ref::<DataSourceExec>() {
            Some(scan) => scan.downcast_to_file_source::<ParquetSource>().expect("Parquet").1.clone(),
            None => source(plan.children()[0]),
        }
    }

    /// Filters are evaluated by the source, each once, and a file is asked for nothing that its footer has told.
    #[tokio::test]
    async fn the_source_is_given_each_filter_once() {
        let plan = plan_of_port("filtered-once", 443).await;
        let shown = displayable(plan.as_ref()).one_line().to_string();
        assert_eq!(shown.matches("dstport@6 = 443").count(), 1, "{shown}");
        assert!(!shown.contains("FilterExec"), "{shown}");
        let source = source(&plan);
        let read = &source.table_parquet_options().global;
        assert!(!read.pruning && !read.bloom_filter_on_read && !read.enable_page_index);
    }

    #[tokio::test]
    async fn files_that_statistics_rule_out_are_no_part_of_the_plan() {
        let files = |plan: &Arc<dyn ExecutionPlan>| {
            displayable(plan.as_ref()).one_line().to_string().matches("a.parquet").count()
        };
        let [some, none] = [plan_of_port("with-rows", 443).await, plan_of_port("without-rows", 22).await];
        assert_eq!((files(&some), files(&none)), (1, 0));
    }

    #[test]
    fn paths_begin_at_the_root_and_never_go_back() {
        let here = std::env::current_dir().expect("a folder");
        assert_eq!(absolute(Path::new("./a/b.parquet")).expect("a path"), here.join("a/b.parquet"));
        assert_eq!(absolute(Path::new("src/../src")).expect("a path"), here.join("src"));
    }
}
