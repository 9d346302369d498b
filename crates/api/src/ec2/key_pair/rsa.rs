//! Making RSA keys of 2048 bits, as EC2 makes them.
//!
//! Source: FIPS 186-5 appendix A.1.3 (probable primes, shortened to what a lab needs) and B.3 (Miller and Rabin's test);
//! RFC 8017 section 3.2 (the numbers of a private key).

use num_bigint::BigUint;

/// 64-bit words of each of the two primes.
const PRIME_WORDS: usize = 16;
/// Candidates are divided by what is below this before they are tested.
const TRIAL_MAX: u32 = 2_000;
/// Rounds of the test; FIPS 186-5 table B.1 asks for 4 at this size.
const ROUNDS: usize = 5;
const EXPONENT: u32 = 65_537;

/// An RSA key of two primes.
pub struct RsaKey {
    modulus: BigUint,
    private_exponent: BigUint,
    primes: [BigUint; 2],
    exponents: [BigUint; 2],
    coefficient: BigUint,
}

impl RsaKey {
    /// A key that is a function of the random words drawn.
    pub fn generate(words: &mut dyn FnMut() -> u64) -> RsaKey {
        loop {
            let (p, q) = (prime(words), prime(words));
            if let Some(key) = RsaKey::of(p, q) {
                return key;
            }
        }
    }

    /// The key of two primes, unless they are the same.
    fn of(p: BigUint, q: BigUint) -> Option<RsaKey> {
        let (p, q) = if p > q { (p, q) } else { (q, p) };
        let (p1, q1) = (&p - 1u32, &q - 1u32);
        let private_exponent = BigUint::from(EXPONENT).modinv(&(&p1 * &q1))?;
        Some(RsaKey {
            modulus: &p * &q,
            exponents: [&private_exponent % p1, &private_exponent % q1],
            coefficient: q.modinv(&p)?,
            private_exponent,
            primes: [p, q],
        })
    }

    /// Exponent and modulus, big-endian with sign.
    pub fn public(&self) -> [Vec<u8>; 2] {
        [signed(&BigUint::from(EXPONENT)), signed(&self.modulus)]
    }

    /// The numbers of RSAPrivateKey after the version, big-endian with sign: n, e, d, p, q, d mod p-1, d mod q-1, 1/q mod p.
    pub fn numbers(&self) -> [Vec<u8>; 8] {
        let ([p, q], [dp, dq]) = (&self.primes, &self.exponents);
        let exponent = BigUint::from(EXPONENT);
        [&self.modulus, &exponent, &self.private_exponent, p, q, dp, dq, &self.coefficient].map(signed)
    }
}

/// A number big-endian, with a zero in front if its first bit is set.
fn signed(number: &BigUint) -> Vec<u8> {
    let mut bytes = number.to_bytes_be();
    if bytes.first().is_some_and(|first| first & 0x80 != 0) {
        bytes.insert(0, 0);
    }
    bytes
}

/// A prime with its two highest bits set, so that the product of two has 2048 bits, and fit for the exponent.
fn prime(words: &mut dyn FnMut() -> u64) -> BigUint {
    let small: Vec<u32> = (3..TRIAL_MAX).step_by(2).filter(|odd| is_small_prime(*odd)).collect();
    loop {
        let candidate = drawn(words) | BigUint::from(3u32) << (64 * PRIME_WORDS - 2) | BigUint::from(1u32);
        let divides = |small: &u32| &candidate % small == BigUint::ZERO;
        let fits = &candidate % EXPONENT != BigUint::from(1u32);
        if fits && !small.iter().any(divides) && is_prime(&candidate, words) {
            return candidate;
        }
    }
}

fn drawn(words: &mut dyn FnMut() -> u64) -> BigUint {
    let bytes: Vec<u8> = (0..PRIME_WORDS).flat_map(|_| words().to_be_bytes()).collect();
    BigUint::from_bytes_be(&bytes)
}

fn is_small_prime(odd: u32) -> bool {
    (3..).step_by(2).take_while(|factor| factor * factor <= odd).all(|factor| !odd.is_multiple_of(factor))
}

/// Miller and Rabin's test, of an odd number.
fn is_prime(number: &BigUint, words: &mut dyn FnMut() -> u64) -> bool {
    let (one, most) = (BigUint::from(1u32), number - 1u32);
    let twos = most.trailing_zeros().unwrap_or(0);
    let odd = &most >> twos;
    (0..ROUNDS).all(|_| {
        let base = drawn(words) % (&most - 2u32) + 2u32;
        let mut power = base.modpow(&odd, number);
        let mut is_strong = power == one || power == most;
        for _ in 1..twos {
            power = &power * &power % number;
            is_strong |= power == most;
        }
        is_strong
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn primes_are_told_from_other_numbers() {
        let mut words = 0u64..;
        let mut draw = || words.next().unwrap_or(0).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        // 2^127 - 1 is prime; 561 and 2^67 - 1 are not, though the first passes Fermat's test.
        let mersenne = |bits: u32| (BigUint::from(1u32) << bits) - 1u32;
        assert!(is_prime(&mersenne(127), &mut draw));
        assert!(!is_prime(&mersenne(67), &mut draw) && !is_prime(&BigUint::from(561u32), &mut draw));
    }
}
