//! Round trips and connections, measured by this program run in a host.

use std::io::Read;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

/// Serves both measurements.
pub const SERVE: &str = "--serve";
/// Measures the median round trip of a small datagram, in microseconds.
pub const ROUND_TRIP: &str = "--round-trip";
/// Measures new connections a second, one after the other.
pub const CONNECT: &str = "--connect";

/// The port of both.
pub const PORT: u16 = 7;

const ROUND_TRIPS: usize = 20_000;
const SPAN: Duration = Duration::from_secs(1);

/// Does what the arguments ask for; false if they ask for nothing here.
pub fn run(argv: &[String]) -> bool {
    match argv.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [_, SERVE] => serve(),
        [_, ROUND_TRIP, to] => println!("{}", round_trip_us(to)),
        [_, CONNECT, to] => println!("{}", connections_per_s(to)),
        _ => return false,
    }
    true
}

fn serve() {
    let echo = UdpSocket::bind(("0.0.0.0", PORT)).expect("a port");
    let listener = TcpListener::bind(("0.0.0.0", PORT)).expect("a port");
    std::thread::spawn(move || {
        let mut buffer = [0; 64];
        while let Ok((length, from)) = echo.recv_from(&mut buffer) {
            let _ = echo.send_to(&buffer[..length], from);
        }
    });
    // Who closes first keeps the port for a minute: better the server, whose port is the same anyway.
    listener.incoming().for_each(drop);
}

fn round_trip_us(to: &str) -> f64 {
    let socket = UdpSocket::bind("0.0.0.0:0").expect("a port");
    socket.connect((to, PORT)).expect("a way");
    socket.set_read_timeout(Some(Duration::from_secs(1))).expect("a time-out");
    let mut times: Vec<f64> = (0..ROUND_TRIPS)
        .filter_map(|_| {
            let begun = Instant::now();
            socket.send(&[0; 22]).ok()?;
            socket.recv(&mut [0; 64]).ok()?;
            Some(begun.elapsed().as_secs_f64() * 1e6)
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn connections_per_s(to: &str) -> f64 {
    let (begun, mut count) = (Instant::now(), 0u32);
    while begun.elapsed() < SPAN {
        let mut connection = TcpStream::connect((to, PORT)).expect("a connection");
        // Its end is the server's.
        let _ = connection.read(&mut [0; 8]);
        count += 1;
    }
    f64::from(count) / begun.elapsed().as_secs_f64()
}
