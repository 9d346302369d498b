//! A gzip member inflated at once: by ISA-L where the build has it (`--features isal`), else by libdeflate.
//!
//! ISA-L takes five sixths of the time, and an assembler, autotools and make to build. Its state of 85 KiB is made anew for each
//! member, which pays for whole files, and not for the pages of Parquet.

#[cfg(feature = "isal")]
use isal::{Codec, decompress_into};
#[cfg(not(feature = "isal"))]
use libdeflater::Decompressor;

/// Inflates members one after the other.
pub struct Inflater {
    #[cfg(not(feature = "isal"))]
    decompressor: Decompressor,
}

impl Inflater {
    pub fn new() -> Inflater {
        Inflater {
            #[cfg(not(feature = "isal"))]
            decompressor: Decompressor::new(),
        }
    }

    /// Fills `whole` with what the member is that `gzip` begins with. False if it is no sound member, or shorter or longer; of
    /// what follows it nothing is said.
    pub fn fill(&mut self, gzip: &[u8], whole: &mut [u8]) -> bool {
        #[cfg(feature = "isal")]
        let inflated = decompress_into(gzip, whole, Codec::Gzip).ok();
        #[cfg(not(feature = "isal"))]
        let inflated = self.decompressor.gzip_decompress(gzip, whole).ok();
        inflated == Some(whole.len())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    use super::*;

    fn gzip(text: &[u8], level: u32) -> Vec<u8> {
        let mut encoder = GzEncoder::new(vec![], Compression::new(level));
        encoder.write_all(text).expect("memory");
        encoder.finish().expect("memory")
    }

    /// Into memory of so many bytes.
    fn inflated(gzip: &[u8], len: usize) -> Option<Vec<u8>> {
        let mut whole = vec![0; len];
        Inflater::new().fill(gzip, &mut whole).then_some(whole)
    }

    proptest! {
        #[test]
        fn members_are_inflated_whole_or_not_at_all(
            text in prop::collection::vec(prop_oneof![Just(b'1'), Just(b' '), any::<u8>()], 0..2000),
            level in 0_u32..10,
            (more, cut, flipped, bit) in (1_usize..20, any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..8),
        ) {
            let member = gzip(&text, level);
            prop_assert_eq!(inflated(&member, text.len()), Some(text.clone()));
            let behind = [&member[..], b"anything"].concat();
            prop_assert_eq!(inflated(&behind, text.len()), Some(text.clone()));
            prop_assert_eq!(inflated(&member, text.len() + more), None);
            prop_assert_eq!(text.len().checked_sub(more).and_then(|len| inflated(&member, len)), None);
            prop_assert_eq!(inflated(&member[..cut.index(member.len())], text.len()), None);
            // What a broken header says of the text, of its time or its name, may be passed over; what the text is, never.
            let mut broken = member.clone();
            broken[flipped.index(member.len())] ^= 1_u8 << bit;
            prop_assert!(inflated(&broken, text.len()).is_none_or(|found| found == text));
            for at in member.len() - 8..member.len() {
                let mut broken = member.clone();
                broken[at] ^= 1_u8 << bit;
                prop_assert_eq!(inflated(&broken, text.len()), None);
            }
        }
    }
}
