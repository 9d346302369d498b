//! Records of a made-up network, the same for the same number, written as AWS delivers them.
//!
//! Source: VPC User Guide, "Flow log files" (layout, names, gzip, types of Parquet columns).

use std::fmt::Write;
use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::{ArrayRef, Int32Array, Int64Array, RecordBatch, StringArray};
use chrono::DateTime;
use libdeflater::{CompressionLvl, Compressor};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, GzipLevel};
use parquet::file::properties::WriterProperties;

use crate::Failure;
use crate::scan::threads;

/// Records of five minutes, which one file holds.
const FILE_RECORDS: usize = 40_000;
const FILE_SECONDS: i64 = 300;
/// 2026-01-01.
const FIRST_SECOND: i64 = 1_767_225_600;
const HOSTS: u64 = 2_000;
const STRANGERS: u64 = 1 << 20;
const PORTS: [u16; 8] = [443, 443, 443, 80, 53, 22, 5432, 6379];

/// Writes the files below `folder/gz` and `folder/parquet`, unless a run before this one has.
///
/// # Errors
/// The disk is full, or the folder cannot be written to.
pub fn write(folder: &Path, records: usize) -> Result<(), Failure> {
    let done = folder.join("done");
    if done.exists() {
        return Ok(());
    }
    let next = AtomicUsize::new(0);
    let files = records.div_ceil(FILE_RECORDS);
    threads(|| {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= files {
                return Ok(());
            }
            write_file(folder, index, FILE_RECORDS.min(records - index * FILE_RECORDS))?;
        }
    })?;
    Ok(fs::write(done, "")?)
}

fn write_file(folder: &Path, index: usize, count: usize) -> Result<(), Failure> {
    let flows = flows(index, count);
    let text = text(&flows)?;
    let mut compressor = Compressor::new(CompressionLvl::default());
    let mut gzip = vec![0; compressor.gzip_compress_bound(text.len())];
    let len = compressor.gzip_compress(text.as_bytes(), &mut gzip)?;
    fs::write(path(folder, "gz", index)?, &gzip[..len])?;
    let batch = batch(&flows)?;
    let file = fs::File::create(path(folder, "parquet", index)?)?;
    // As the guide says: Parquet with gzip.
    let properties =
        WriterProperties::builder().set_compression(Compression::GZIP(GzipLevel::default())).build();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties))?;
    writer.write(&batch)?;
    writer.close()?;
    Ok(())
}

fn path(folder: &Path, kind: &str, index: usize) -> Result<PathBuf, Failure> {
    let time = DateTime::from_timestamp(FIRST_SECOND + FILE_SECONDS * index as i64, 0);
    let time = time.ok_or("more records than there is time for")?;
    let day = time.format("%Y/%m/%d");
    let folder = folder.join(kind).join(format!("AWSLogs/123456789012/vpcflowlogs/us-east-1/{day}"));
    fs::create_dir_all(&folder)?;
    let time = time.format("%Y%m%dT%H%MZ");
    let name =
        format!("123456789012_vpcflowlogs_us-east-1_fl-0a1b2c3d4e5f60718_{time}_{index:08x}.log.{kind}");
    Ok(folder.join(name))
}

/// What one record says beside its constants; `None` where there was no data.
struct Record {
    interface: u64,
    start: i64,
    end: i64,
    flow: Option<Flow>,
}

struct Flow {
    addresses: [Ipv4Addr; 2],
    ports: [u16; 2],
    protocol: u8,
    packets: i64,
    bytes: i64,
    is_accepted: bool,
}

/// A generator of few lines (xorshift64*), for what need not be random but must be the same everywhere.
struct Draw(u64);

impl Draw {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % end
    }
}

fn flows(index: usize, count: usize) -> Vec<Record> {
    let mut draw = Draw(0x9E37_79B9_7F4A_7C15 ^ (index as u64 + 1).wrapping_mul(0xD1B5_4A32_D192_ED03));
    (0..count).map(|_| record(&mut draw, FIRST_SECOND + FILE_SECONDS * index as i64)).collect()
}

fn record(draw: &mut Draw, opened: i64) -> Record {
    let start = opened + draw.below(FILE_SECONDS as u64 - 60) as i64;
    let host = draw.below(HOSTS);
    let flow = (draw.below(200) != 0).then(|| flow(draw, host));
    Record { interface: host, start, end: start + 59, flow }
}

fn flow(draw: &mut Draw, host: u64) -> Flow {
    let own = Ipv4Addr::from(0x0A00_0000 + (host / 250 * 256 + host % 250 + 4) as u32);
    let other = match draw.below(3) {
        0 => {
            let stranger = draw.below(STRANGERS) as u32;
            Ipv4Addr::from(0x2C00_0000_u32.wrapping_add(stranger.wrapping_mul(2_654_435_761) >> 2))
        }
        _ => {
            let host = draw.below(HOSTS);
            Ipv4Addr::from(0x0A00_0000 + (host / 250 * 256 + host % 250 + 4) as u32)
        }
    };
    let service = PORTS[draw.below(PORTS.len() as u64) as usize];
    let client = 32_768 + draw.below(28_000) as u16;
    let is_in = draw.below(2) == 0;
    let packets = 1 + draw.below(60) as i64;
    Flow {
        addresses: if is_in { [other, own] } else { [own, other] },
        ports: if is_in { [client, service] } else { [service, client] },
        protocol: if service == 53 { 17 } else { 6 },
        packets,
        bytes: packets * (40 + draw.below(1_400) as i64),
        is_accepted: draw.below(20) != 0,
    }
}

fn interface(host: u64) -> String {
    format!("eni-{:017x}", host.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 4)
}

fn text(records: &[Record]) -> Result<String, Failure> {
    let mut text = String::from(
        "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status\n",
    );
    for Record { interface: host, start, end, flow } in records {
        write!(text, "2 123456789012 {} ", interface(*host))?;
        match flow {
            None => writeln!(text, "- - - - - - - {start} {end} - NODATA"),
            Some(Flow {
                addresses: [from, to],
                ports: [out, into],
                protocol,
                packets,
                bytes,
                is_accepted,
            }) => {
                let action = action(*is_accepted);
                writeln!(
                    text,
                    "{from} {to} {out} {into} {protocol} {packets} {bytes} {start} {end} {action} OK"
                )
            }
        }?;
    }
    Ok(text)
}

fn action(is_accepted: bool) -> &'static str {
    if is_accepted { "ACCEPT" } else { "REJECT" }
}

fn batch(records: &[Record]) -> Result<RecordBatch, Failure> {
    let texts = |text: &dyn Fn(&Record) -> String| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(records.iter().map(text)))
    };
    let ints = |number: &dyn Fn(&Flow) -> i32| -> ArrayRef {
        Arc::new(records.iter().map(|record| record.flow.as_ref().map(number)).collect::<Int32Array>())
    };
    let longs = |number: &dyn Fn(&Record) -> Option<i64>| -> ArrayRef {
        Arc::new(records.iter().map(number).collect::<Int64Array>())
    };
    let address = |at: usize| {
        texts(&move |record| record.flow.as_ref().map_or("-".into(), |flow| flow.addresses[at].to_string()))
    };
    let flow_text = |text: &dyn Fn(&Flow) -> &'static str, none: &'static str| {
        texts(&|record| record.flow.as_ref().map_or(none, text).to_owned())
    };
    let columns: [(&str, ArrayRef); 14] = [
        ("version", Arc::new(Int32Array::from(vec![2; records.len()]))),
        ("account_id", texts(&|_| "123456789012".into())),
        ("interface_id", texts(&|record| interface(record.interface))),
        ("srcaddr", address(0)),
        ("dstaddr", address(1)),
        ("srcport", ints(&|flow| flow.ports[0].into())),
        ("dstport", ints(&|flow| flow.ports[1].into())),
        ("protocol", ints(&|flow| flow.protocol.into())),
        ("packets", longs(&|record| Some(record.flow.as_ref()?.packets))),
        ("bytes", longs(&|record| Some(record.flow.as_ref()?.bytes))),
        ("start", longs(&|record| Some(record.start))),
        ("end", longs(&|record| Some(record.end))),
        ("action", flow_text(&|flow| action(flow.is_accepted), "-")),
        ("log_status", flow_text(&|_| "OK", "NODATA")),
    ];
    let columns = columns.into_iter().map(|(name, column)| (name, column, true));
    Ok(RecordBatch::try_from_iter_with_nullable(columns)?)
}
