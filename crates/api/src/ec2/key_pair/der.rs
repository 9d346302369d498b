//! RSA keys in DER.
//!
//! Source: RFC 8017 appendix A.1 (PKCS #1), RFC 5280 section 4.1 (SubjectPublicKeyInfo), RFC 5208 section 5 (PKCS #8).

/// `rsaEncryption` without parameters, as AlgorithmIdentifier.
const RSA_ENCRYPTION: &[u8] =
    &[0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const SEQUENCE: u8 = 0x30;

/// An RSA public key as SubjectPublicKeyInfo; exponent and modulus are big-endian with sign.
pub fn rsa_public(exponent: &[u8], modulus: &[u8]) -> Vec<u8> {
    let key = element(SEQUENCE, &[element(INTEGER, modulus), element(INTEGER, exponent)].concat());
    let bits = element(BIT_STRING, &[&[0], key.as_slice()].concat());
    element(SEQUENCE, &[RSA_ENCRYPTION, &bits].concat())
}

/// An RSA private key as RSAPrivateKey of two primes; the numbers, from modulus to coefficient, are big-endian with sign.
pub fn rsa_private(numbers: &[Vec<u8>]) -> Vec<u8> {
    let version = element(INTEGER, &[0]);
    let members = numbers.iter().flat_map(|number| element(INTEGER, number));
    element(SEQUENCE, &version.into_iter().chain(members).collect::<Vec<u8>>())
}

/// An RSAPrivateKey as PrivateKeyInfo.
pub fn private_key_info(rsa_private: &[u8]) -> Vec<u8> {
    let version = element(INTEGER, &[0]);
    element(SEQUENCE, &[&version, RSA_ENCRYPTION, &element(OCTET_STRING, rsa_private)].concat())
}

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let significant = &length[length.iter().position(|byte| *byte != 0).unwrap_or(length.len() - 1)..];
    let mut out = vec![tag];
    if content.len() >= 0x80 {
        out.push(0x80 | significant.len() as u8);
    }
    out.extend_from_slice(significant);
    out.extend_from_slice(content);
    out
}
