//! What iperf3 prints of a test.
//!
//! Source: iperf 3.12, `iperf_locale.c` and `units.c`.

use std::fmt::Write;

const NS: f64 = 1e9;
const RULE: &str = "- - - - - - - - - - - - - - - - - - - - - - - - -\n";

/// What was sent or received from one time to another, in nanoseconds since the beginning.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) bytes: u64,
    pub(super) packets: u64,
}

/// What both ends saw of a stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ends {
    pub(super) sent: Line,
    pub(super) received: Line,
    pub(super) lost: u64,
    pub(super) jitter_ms: f64,
}

/// The number of a stream, as iperf3 takes its socket's.
pub(super) fn id(place: usize) -> usize {
    5 + 2 * place
}

/// The heading of the intervals.
pub(super) fn head(is_udp: bool) -> &'static str {
    match is_udp {
        true => "[ ID] Interval           Transfer     Bitrate         Total Datagrams\n",
        false => "[ ID] Interval           Transfer     Bitrate         Retr  Cwnd\n",
    }
}

/// The same where the server sends: nothing is known of its retransmissions and window.
pub(super) const HEAD_REVERSE: &str = "[ ID] Interval           Transfer     Bitrate\n";

/// The lines of an interval, and their sum if there are several. Without a `window` they tell no more than what has come.
pub(super) fn interval(lines: &[Line], is_udp: bool, window: Option<usize>) -> String {
    const NOTHING: &str = "                 ";
    let mut text = String::new();
    for (place, line) in lines.iter().enumerate() {
        let window = window.map(|window| format!("{:>4}   {}Bytes       ", 0, unit(window as f64, 1024.0)));
        let window = window.unwrap_or_else(|| NOTHING.to_owned());
        let end = if is_udp { format!(" {}  ", line.packets) } else { window };
        let _ = writeln!(text, "[{:3}] {} {end}", id(place), line.text());
    }
    if lines.len() > 1 {
        let total = sum(lines);
        let window = window.map_or(NOTHING.to_owned(), |_| format!("{:>4}             ", 0));
        let end = if is_udp { format!(" {}  ", total.packets) } else { window };
        let _ = writeln!(text, "[SUM] {} {end}", total.text());
    }
    text
}

/// The end of the report: what was sent and what came.
pub(super) fn summary(ends: &[Ends], is_udp: bool) -> String {
    let mut text = RULE.to_owned();
    text.push_str(match is_udp {
        true => "[ ID] Interval           Transfer     Bitrate         Jitter    Lost/Total Datagrams\n",
        false => "[ ID] Interval           Transfer     Bitrate         Retr\n",
    });
    for (place, end) in ends.iter().enumerate() {
        text.push_str(&both(&format!("{:3}", id(place)), end, is_udp));
    }
    if ends.len() > 1 {
        let sent: Vec<Line> = ends.iter().map(|end| end.sent).collect();
        let received: Vec<Line> = ends.iter().map(|end| end.received).collect();
        let total = Ends {
            sent: sum(&sent),
            received: sum(&received),
            lost: ends.iter().map(|end| end.lost).sum(),
            jitter_ms: ends.iter().map(|end| end.jitter_ms).sum::<f64>() / ends.len() as f64,
        };
        text.push_str(&both("SUM", &total, is_udp));
    }
    text + "\niperf Done.\n"
}

fn both(id: &str, ends: &Ends, is_udp: bool) -> String {
    let Ends { sent, received, lost, jitter_ms } = ends;
    if !is_udp {
        return format!(
            "[{id}] {} {:>4}             sender\n[{id}] {}                  receiver\n",
            sent.text(),
            0,
            received.text()
        );
    }
    let share = 100.0 * *lost as f64 / (received.packets.max(1)) as f64;
    let (all, came) = (sent.packets, received.packets);
    format!(
        "[{id}] {}  0.000 ms  0/{all} (0%)  sender\n[{id}] {}  {jitter_ms:.3} ms  {lost}/{came} ({})  receiver\n",
        sent.text(),
        received.text(),
        percent(share)
    )
}

/// As printf's %.2g prints it.
fn percent(share: f64) -> String {
    if share == 0.0 {
        return "0%".to_owned();
    }
    let digits = (1 - share.log10().floor() as i32).max(0) as usize;
    let text = format!("{share:.digits$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text}%")
}

fn sum(lines: &[Line]) -> Line {
    Line {
        from: lines.iter().map(|line| line.from).min().unwrap_or(0),
        to: lines.iter().map(|line| line.to).max().unwrap_or(0),
        bytes: lines.iter().map(|line| line.bytes).sum(),
        packets: lines.iter().map(|line| line.packets).sum(),
    }
}

impl Line {
    /// Interval, transfer and bit rate.
    fn text(&self) -> String {
        let seconds = (self.to - self.from) as f64 / NS;
        let rate = if seconds > 0.0 { self.bytes as f64 * 8.0 / seconds } else { 0.0 };
        let (from, to) = (self.from as f64 / NS, self.to as f64 / NS);
        let interval = format!("{from:6.2}-{to:<6.2}");
        format!("{interval} sec  {}Bytes  {}bits/sec", unit(self.bytes as f64, 1024.0), unit(rate, 1000.0))
    }
}

/// A number with the greatest unit that leaves it at least 1, in four places: `9.99 M`, `99.9 M`, ` 999 M`.
fn unit(mut value: f64, step: f64) -> String {
    const UNITS: [&str; 5] = ["", "K", "M", "G", "T"];
    let mut place = 0;
    while value >= step && place + 1 < UNITS.len() {
        value /= step;
        place += 1;
    }
    let digits = if value < 9.995 {
        format!("{value:4.2}")
    } else if value < 99.95 {
        format!("{value:4.1}")
    } else {
        format!("{value:4.0}")
    };
    format!("{digits} {}", UNITS[place])
}

#[cfg(test)]
mod tests {
    use super::*;

    // As iperf 3.12 prints them.
    #[test]
    fn lines_are_as_iperf3_prints_them() {
        let line = Line { from: 0, to: 1_000_000_000, bytes: 39_321_600, packets: 0 };
        assert_eq!(line.text(), "  0.00-1.00   sec  37.5 MBytes   315 Mbits/sec");
        let line = Line { from: 1_000_000_000, to: 2_000_000_000, bytes: 1_279_262, packets: 0 };
        assert_eq!(line.text(), "  1.00-2.00   sec  1.22 MBytes  10.2 Mbits/sec");
    }

    #[test]
    fn shares_have_two_digits() {
        for (share, text) in
            [(0.0, "0%"), (2.6, "2.6%"), (2.0, "2%"), (33.3, "33%"), (0.123, "0.12%"), (100.0, "100%")]
        {
            assert_eq!(percent(share), text);
        }
    }
}
