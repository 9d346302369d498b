//! Flow logs as Parquet, the same for the same number, with the columns that AWS gives them.
//!
//! Source: VPC User Guide, "Flow log files" (Parquet: names and types of columns).

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Int32Array, Int64Array, RecordBatch, StringArray};
use datafusion::parquet::arrow::ArrowWriter;

/// 2026-01-01.
const FIRST_SECOND: i64 = 1_767_225_600;
const PORTS: [i32; 7] = [443, 443, 80, 53, 22, 3389, 5432];

/// Writes so many files of so many records; every third is of a format with more fields.
pub fn write(folder: &Path, files: usize, records: usize) -> Vec<PathBuf> {
    (0..files).map(|index| write_file(folder, index, records)).collect()
}

fn write_file(folder: &Path, index: usize, records: usize) -> PathBuf {
    let path = folder.join(format!("flows-{index:03}.parquet"));
    let mut seed = 0x9e37_79b9_7f4a_7c15u64.wrapping_mul(index as u64 + 1);
    let mut below = |limit: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % limit
    };
    let draw = |_| std::array::from_fn(|_| below(1 << 20));
    let draws: Vec<[u64; 10]> = (0..records).map(draw).collect();
    let batch = RecordBatch::try_from_iter(columns(index, &draws)).expect("columns of one length");
    let file = File::create(&path).expect("room on the disk");
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).expect("a writer");
    writer.write(&batch).expect("room on the disk");
    writer.close().expect("room on the disk");
    path
}

/// One record in 50 tells of no data.
fn has_data(draw: &[u64; 10]) -> bool {
    !draw[0].is_multiple_of(50)
}

fn columns(index: usize, draws: &[[u64; 10]]) -> Vec<(&'static str, ArrayRef)> {
    let text = |value: &dyn Fn(&[u64; 10]) -> Option<String>| {
        Arc::new(draws.iter().map(value).collect::<StringArray>()) as ArrayRef
    };
    let small = |value: &dyn Fn(&[u64; 10]) -> i32| {
        Arc::new(draws.iter().map(|it| has_data(it).then(|| value(it))).collect::<Int32Array>()) as ArrayRef
    };
    let large = |value: &dyn Fn(&[u64; 10]) -> i64| {
        Arc::new(draws.iter().map(|it| has_data(it).then(|| value(it))).collect::<Int64Array>()) as ArrayRef
    };
    let address = |draw: u64| match draw % 40 {
        0 => format!("2001:db8::{:x}", draw % 7),
        _ => format!("10.{}.{}.{}", draw % 2, draw / 2 % 9, draw / 32 % 11),
    };
    let start = |it: &[u64; 10]| FIRST_SECOND + 300 * index as i64 + (it[1] % 300) as i64;
    let always = |value: &dyn Fn(&[u64; 10]) -> i64| {
        Arc::new(draws.iter().map(|it| Some(value(it))).collect::<Int64Array>()) as ArrayRef
    };
    let mut columns = vec![
        ("version", Arc::new(Int32Array::from(vec![5; draws.len()])) as ArrayRef),
        ("account_id", text(&|_| Some("000000000012".to_owned()))),
        ("interface_id", text(&|it| Some(format!("eni-{:017x}", it[2] % 5)))),
        ("srcaddr", text(&|it| has_data(it).then(|| address(it[3])))),
        ("dstaddr", text(&|it| has_data(it).then(|| address(it[4])))),
        ("srcport", small(&|it| (it[5] % 65_536) as i32)),
        ("dstport", small(&|it| PORTS[it[6] as usize % PORTS.len()])),
        ("protocol", small(&|it| if it[6] % 7 == 3 { 17 } else { 6 })),
        ("packets", large(&|it| 1 + (it[7] % 40) as i64)),
        ("bytes", large(&|it| (1 + (it[7] % 40) as i64) * (40 + (it[8] % 1460) as i64))),
        ("start", always(&start)),
        ("end", always(&|it| start(it) + 60)),
        (
            "action",
            text(&|it| {
                has_data(it).then(|| if it[9].is_multiple_of(5) { "REJECT" } else { "ACCEPT" }.to_owned())
            }),
        ),
        ("log_status", text(&|it| Some(if has_data(it) { "OK" } else { "NODATA" }.to_owned()))),
    ];
    if index % 3 == 2 {
        columns.push((
            "vpc_id",
            text(&|it| Some(format!("vpc-{}", if it[9].is_multiple_of(2) { "a" } else { "b" }))),
        ));
        let way = |it: &[u64; 10]| if it[1].is_multiple_of(2) { "ingress" } else { "egress" }.to_owned();
        columns.push(("flow_direction", text(&|it| has_data(it).then(|| way(it)))));
    }
    columns
}
