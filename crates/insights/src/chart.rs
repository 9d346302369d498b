//! A result of `stats ... by bin(...)` as bars for a terminal.

use crate::execute::{QueryResult, ResultRow};
use crate::value::parse_number;

/// A bar's last character shows eighths.
const EIGHTHS: [char; 8] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
/// The narrowest bar of full length.
const BAR_MIN: usize = 10;

/// One line for each row: its labels, a bar as long as its first number, the number.
///
/// `width` is the terminal's, in columns. `None` if there are no rows, no number follows a label, or a number is
/// negative: then a table says more.
pub fn bar_chart(result: &QueryResult, width: usize) -> Option<String> {
    let column = (1..result.columns.len())
        .find(|column| result.rows.iter().all(|row| size(row, *column).is_some()))?;
    let rows: Vec<_> =
        result.rows.iter().filter_map(|row| Some((label(row, column), size(row, column)?))).collect();
    let label_width = rows.iter().map(|(label, _)| label.chars().count()).max()?;
    let number_width =
        result.rows.iter().filter_map(|row| row.values[column].as_ref()).map(String::len).max()?;
    let bar_max = width.saturating_sub(label_width + number_width + 4).max(BAR_MIN);
    let greatest = rows.iter().map(|(_, size)| *size).fold(0.0, f64::max);
    let mut chart = String::new();
    for ((label, size), row) in rows.iter().zip(&result.rows) {
        let bar = bar(*size, greatest, bar_max);
        let padding = label_width - label.chars().count();
        let number = row.values[column].as_deref().unwrap_or_default();
        chart.push_str(&format!("{label}{:padding$}  {bar} {number}\n", ""));
    }
    Some(chart)
}

/// The columns before the number, times without milliseconds that are zero.
fn label(row: &ResultRow, columns: usize) -> String {
    let texts = row.values[..columns].iter().map(|value| value.as_deref().unwrap_or("-"));
    let texts: Vec<_> = texts.map(|text| text.strip_suffix(".000").unwrap_or(text)).collect();
    texts.join("  ")
}

fn size(row: &ResultRow, column: usize) -> Option<f64> {
    let number = parse_number(row.values.get(column)?.as_deref()?)?.as_f64();
    (number >= 0.0).then_some(number)
}

fn bar(size: f64, greatest: f64, bar_max: usize) -> String {
    let eighths = if greatest > 0.0 { (size / greatest * bar_max as f64 * 8.0).round() as usize } else { 0 };
    let mut bar = "█".repeat(eighths / 8);
    match eighths % 8 {
        // What is there but too small to draw is still seen.
        0 if eighths == 0 && size > 0.0 => bar.push(EIGHTHS[1]),
        0 => {}
        rest => bar.push(EIGHTHS[rest]),
    }
    bar
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    fn result(columns: &[&str], rows: &[&[&str]]) -> QueryResult {
        let row = |values: &&[&str]| ResultRow {
            values: values.iter().map(|v| Some(v.to_string())).collect(),
            ptr: None,
        };
        QueryResult {
            columns: columns.iter().map(|name| name.to_string()).collect(),
            rows: rows.iter().map(row).collect(),
            ..QueryResult::default()
        }
    }

    #[test]
    fn counts_per_minute_are_bars() {
        let result = result(
            &["bin(1m)", "count(*)"],
            &[
                &["2026-11-02 10:00:00.000", "40"],
                &["2026-11-02 10:01:00.000", "15"],
                &["2026-11-02 10:02:00.000", "0"],
                &["2026-11-02 10:03:00.000", "1000"],
            ],
        );
        let chart = bar_chart(&result, 60).expect("numbers behind labels");
        expect![[r#"
            2026-11-02 10:00:00  █▍ 40
            2026-11-02 10:01:00  ▌ 15
            2026-11-02 10:02:00   0
            2026-11-02 10:03:00  █████████████████████████████████ 1000
        "#]]
        .assert_eq(&chart);
    }

    #[test]
    fn what_has_no_number_behind_a_label_is_no_chart() {
        assert_eq!(bar_chart(&result(&["a", "b"], &[&["x", "y"]]), 80), None);
        assert_eq!(bar_chart(&result(&["a", "b"], &[&["x", "-1"]]), 80), None);
        assert_eq!(bar_chart(&result(&["a", "b"], &[]), 80), None);
    }
}
