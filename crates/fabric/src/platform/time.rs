//! The Amazon Time Sync Service: NTP at 169.254.169.123 and fd00:ec2::123, answered from the fabric's clock.
//!
//! Source: EC2 User Guide, "Set the time reference on your EC2 instance to use the local Amazon Time Sync Service";
//! RFC 5905, section 7.3 (packet header) and RFC 4330, section 5 (server operations).

use weir_model::Nanos;

/// The port of NTP.
pub(super) const PORT: u16 = 123;

/// The length of a packet without extensions.
const HEADER: usize = 48;
const MODE_CLIENT: u8 = 3;
const MODE_SERVER: u8 = 4;
/// What chrony shows of the service on an instance.
const STRATUM: u8 = 3;
/// About a microsecond, as a power of two.
const PRECISION: i8 = -20;
/// Assumption: the address of the server that this one follows; AWS does not document it.
const REFERENCE: [u8; 4] = [169, 254, 169, 122];
/// From 1900, where NTP begins, to 1970, in seconds.
const ERA_S: u64 = 2_208_988_800;
/// How often the server itself is set, in seconds.
const SET_EVERY_S: u64 = 16;

/// The answer to a client's request at `now`; `None` for what is no request.
pub(super) fn answer(request: &[u8], now: Nanos) -> Option<Vec<u8>> {
    let request = request.get(..HEADER)?;
    let version = (request[0] >> 3) & 7;
    if request[0] & 7 != MODE_CLIENT || !(1..=4).contains(&version) {
        return None;
    }
    let mut answer = vec![0; HEADER];
    answer[0] = version << 3 | MODE_SERVER;
    answer[1] = STRATUM;
    answer[2] = request[2];
    answer[3] = PRECISION as u8;
    // Root delay and dispersion: some 0.2 ms, in units of 2^-16 seconds.
    answer[7] = 15;
    answer[11] = 15;
    answer[12..16].copy_from_slice(&REFERENCE);
    let set = Nanos(now.seconds() / SET_EVERY_S * SET_EVERY_S * 1_000_000_000);
    answer[16..24].copy_from_slice(&stamp(set));
    answer[24..32].copy_from_slice(&request[40..48]);
    answer[32..40].copy_from_slice(&stamp(now));
    answer[40..48].copy_from_slice(&stamp(now));
    Some(answer)
}

/// A time in NTP's form: seconds of the era and a binary fraction.
fn stamp(time: Nanos) -> [u8; 8] {
    let seconds = (time.seconds() + ERA_S) as u32;
    let fraction = ((time.0 % 1_000_000_000) << 32) / 1_000_000_000;
    (u64::from(seconds) << 32 | fraction).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-01-01T00:00:00.5Z.
    const NOW: Nanos = Nanos(1_767_225_600_500_000_000);

    fn request() -> [u8; HEADER] {
        let mut request = [0; HEADER];
        request[0] = 4 << 3 | MODE_CLIENT;
        request[40..48].copy_from_slice(b"earlier!");
        request
    }

    #[test]
    fn the_answer_has_the_clock_and_the_clients_own_time() {
        let answer = answer(&request(), NOW).expect("an answer");
        assert_eq!(answer[..2], [0x24, STRATUM]);
        assert_eq!(answer[24..32], *b"earlier!");
        // 1767225600 + 2208988800 = 3976214400 = 0xed003780, and a half.
        assert_eq!(answer[32..40], [0xed, 0x00, 0x37, 0x80, 0x80, 0, 0, 0]);
        assert_eq!(answer[32..40], answer[40..48]);
    }

    #[test]
    fn what_is_no_request_has_no_answer() {
        let mut server = request();
        server[0] = 4 << 3 | MODE_SERVER;
        assert_eq!(answer(&server, NOW), None);
        assert_eq!(answer(&request()[..47], NOW), None);
        assert_eq!(answer(&[], NOW), None);
    }
}
