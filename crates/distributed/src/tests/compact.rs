//! Rows change hands with their own bytes.

use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, BinaryViewArray, DictionaryArray, Int32Array, ListArray, RecordBatch, StringViewArray,
    StructArray,
};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::arrow::ipc::writer::StreamWriter;
use weir_engine::files::FilesAnswer;
use weir_engine::{Engine, Options};
use weir_insights::TimeRange;

use super::{Machines, ask, flows};
use crate::compact::compact;

/// Bytes of two texts of 100, and what IPC writes around them.
const WRITTEN_MAX: usize = 1_500;

fn written(batch: &RecordBatch) -> usize {
    let mut bytes = vec![];
    let mut writer = StreamWriter::try_new(&mut bytes, &batch.schema()).expect("a schema");
    writer.write(batch).and_then(|()| writer.finish()).expect("memory");
    bytes.len()
}

#[test]
fn a_slice_is_written_without_the_texts_of_others() {
    let text = |n: usize| format!("{n:0100}");
    let texts: ArrayRef = Arc::new((0..1_000).map(|n| Some(text(n))).collect::<StringViewArray>());
    let bytes = (0..1_000).map(|n| Some(text(n).into_bytes())).collect::<BinaryViewArray>();
    let field = Arc::new(Field::new("text", DataType::Utf8View, true));
    let structure = StructArray::from(vec![(field.clone(), texts.clone())]);
    let list = ListArray::new(field, OffsetBuffer::from_lengths([1; 1_000]), texts.clone(), None);
    let keys = Int32Array::from_iter_values((0..1_000).map(|n| n % 2));
    let dictionary = DictionaryArray::new(keys, texts.slice(40, 2));
    let arrays: [ArrayRef; 5] =
        [texts, Arc::new(bytes), Arc::new(structure), Arc::new(list), Arc::new(dictionary)];
    for array in arrays {
        let batch = RecordBatch::try_from_iter([("a", array.slice(500, 2))]).expect("a column");
        assert!(written(&batch) > 50 * 1_000, "{}", array.data_type());
        let compacted = compact(&batch).expect("the same types");
        assert_eq!(compacted, batch);
        assert!(written(&compacted) < WRITTEN_MAX, "{}: {}", array.data_type(), written(&compacted));
    }
}

#[test]
fn rows_that_share_a_text_do_not_grow() {
    let one = StringViewArray::from_iter_values(["x".repeat(100)]);
    let views = std::iter::repeat_n(one.views()[0], 1_000).collect();
    let shared: ArrayRef = Arc::new(StringViewArray::new(views, one.data_buffers().to_vec(), None));
    let batch = RecordBatch::try_from_iter([("a", shared)]).expect("a column");
    assert_eq!(written(&compact(&batch).expect("the same types")), written(&batch));
}

fn bytes_below(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry"));
    let bytes = |entry: std::fs::DirEntry| match entry.metadata().expect("it is there") {
        file if file.is_file() => file.len(),
        _ => bytes_below(&entry.path()),
    };
    entries.map(bytes).sum()
}

/// Each row changes hands twice: sorted in a piece, and merged.
#[test]
fn sorted_rows_are_written_with_their_own_texts() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = flows::write(folder.path(), 2, 25_000);
    let query = "fields @message | sort bytes desc, @message | limit 50000";
    let embedded = Engine::new(Options::default()).expect("threads");
    let expected = ask(&embedded, &files, query, TimeRange::ALL).expect("readable files");
    let machines = Machines::start(2, 1);
    let answer = ask(&machines.engine(4), &files, query, TimeRange::ALL).expect("readable files");
    // Records that are the same but for their places are in any order.
    let values = |answer: FilesAnswer| answer.result.rows.into_iter().map(|row| row.values).collect();
    let (answer, expected): (Vec<_>, Vec<_>) = (values(answer), values(expected));
    assert!(answer == expected && answer.len() == 50_000);
    let texts = expected.iter().flat_map(|values| values[0].as_ref());
    let texts: usize = texts.map(String::len).sum();
    let held: u64 = machines.workers.iter().map(|worker| bytes_below(worker.folder())).sum();
    // Written twice, and compressed: 2.4 MB of 5.3. With the texts of others it is 13.9 MB.
    assert!(held < texts as u64, "{held} bytes for {texts} of texts");
}
