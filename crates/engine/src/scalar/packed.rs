//! Keys of groups as one number, where they are few bits together: to group by it is to look once, not once for each key.
//!
//! From the highest bits to the lowest the keys stand in their order. In its bits, null is 0, a number one more than it is,
//! and a word its place, counted from 1.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int64Array, StringViewArray, UInt32Array,
};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::datatypes::{Int64Type, UInt32Type};
use datafusion::common::Result;
use weir_flowlog::Field;

use crate::files::words;
use crate::kind::Kind;
use crate::narrow::Narrow;

/// All bits of a number.
const BITS_MAX: u32 = i64::BITS;
/// More than the words that any field says, with the dash.
const SLOTS: usize = 32;
/// The code of a value that is too wide for any key.
const TOO_WIDE: u64 = 1 << 63;

/// A key among others.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    kind: Kind,
    coding: Coding,
}

#[derive(Clone, Copy, Debug)]
enum Coding {
    /// A number of so many bits, with null.
    Bits(u32),
    /// One of these words.
    Words(&'static [&'static str]),
}

impl Key {
    /// The key that values of a kind make, which are those of a field if it is given; `None` if they take many bits.
    ///
    /// A value that does not fit, which other tools may have written, is found as it is [packed](pack).
    pub fn new(kind: Kind, field: Option<Field>) -> Option<Key> {
        let coding = match (kind, field) {
            (Kind::Bool, _) => Coding::Bits(2),
            // Milliseconds until the year 2527.
            (Kind::Time, _) => Coding::Bits(44),
            // All but 255.255.255.255, from and to which nothing is sent in a VPC.
            (Kind::DashAddress, _) => Coding::Bits(32),
            (Kind::Int | Kind::DashInt, Some(field)) => Coding::Bits(match field {
                Field::SrcPort | Field::DstPort => 17,
                Field::Protocol | Field::TcpFlags | Field::TrafficPath => 9,
                _ => return None,
            }),
            (Kind::Text | Kind::DashText, Some(field)) => Coding::Words(match field {
                Field::FlowDirection => &["ingress", "egress"],
                Field::Type => &["IPv4", "IPv6", "EFA"],
                field => Some(words(field.kind())).filter(|words| !words.is_empty())?,
            }),
            _ => return None,
        };
        Some(Key { kind, coding })
    }

    fn bits(self) -> u32 {
        match self.coding {
            Coding::Bits(bits) => bits,
            Coding::Words(_) => 3,
        }
    }
}

/// Whether keys are worth packing, and fit into one number.
pub fn is_packed(keys: &[Key]) -> bool {
    keys.len() > 1 && keys.iter().map(|key| key.bits()).sum::<u32>() <= BITS_MAX
}

/// The bits below each of the keys.
pub fn shifts(keys: &[Key]) -> Vec<u32> {
    (1..=keys.len()).map(|next| keys[next..].iter().map(|key| key.bits()).sum()).collect()
}

/// Columns of keys that are [packed](is_packed) as one.
///
/// # Errors
/// A value is too wide for its key.
pub fn pack(keys: &[Key], columns: &[ArrayRef], rows: usize, narrow: &Narrow) -> Result<ArrayRef> {
    let (mut packed, mut do_fit) = (vec![0; rows], true);
    for (key, column) in keys.iter().zip(columns) {
        let bits = key.bits();
        do_fit &= match (key.coding, key.kind) {
            (Coding::Words(words), _) => {
                let (places, views) = (Places::of(words), column.as_string_view().views());
                push(&mut packed, bits, views.iter().map(|view| places.code(*view)), column.nulls())
            }
            (_, Kind::Bool) => {
                let values = column.as_boolean().values();
                push(&mut packed, bits, values.iter().map(|value| 1 + u64::from(value)), column.nulls())
            }
            (_, Kind::DashAddress) => {
                let numbers = column.as_primitive::<UInt32Type>().values();
                push(&mut packed, bits, numbers.iter().map(|number| 1 + u64::from(*number)), column.nulls())
            }
            _ => {
                let numbers = column.as_primitive::<Int64Type>().values();
                push(&mut packed, bits, numbers.iter().map(|number| code(*number)), column.nulls())
            }
        };
    }
    match do_fit {
        true => Ok(Arc::new(Int64Array::from(packed))),
        false => Err(narrow.fail()),
    }
}

/// Adds codes of so many bits below those before, 0 for nulls, and tells whether all fit.
fn push(keys: &mut [i64], bits: u32, codes: impl Iterator<Item = u64>, nulls: Option<&NullBuffer>) -> bool {
    let mut all = 0;
    let mut push = |key: &mut i64, code: u64| {
        all |= code;
        *key = *key << bits | code.cast_signed();
    };
    match nulls.filter(|nulls| nulls.null_count() > 0) {
        None => keys.iter_mut().zip(codes).for_each(|(key, code)| push(key, code)),
        Some(nulls) => {
            let codes = codes.zip(nulls).map(|(code, is_valid)| if is_valid { code } else { 0 });
            keys.iter_mut().zip(codes).for_each(|(key, code)| push(key, code));
        }
    }
    all >> bits == 0
}

/// One more than the number; one below zero is too wide.
fn code(number: i64) -> u64 {
    let number = number.cast_unsigned();
    number.wrapping_add(1) | number & TOO_WIDE
}

/// The places of words and of the dash, counted from 1.
struct Places {
    /// Each word as a column of views has it, and its place, where [`Places::slot`] looks.
    slots: [(u128, u64); SLOTS],
    shift: u32,
}

impl Places {
    fn of(words: &[&str]) -> Places {
        let views = words.iter().copied().chain([DASH]).map(view);
        let mut places = Places { slots: [(0, TOO_WIDE); SLOTS], shift: 0 };
        // The words of no field need more than a few shifts until each has a slot of its own.
        places.shift = (0..u64::BITS)
            .find(|shift| {
                let slots: HashSet<usize> = views.clone().map(|view| slot(view, *shift)).collect();
                slots.len() > words.len()
            })
            .unwrap_or_default();
        for (place, view) in (1..).zip(views) {
            places.slots[slot(view, places.shift)] = (view, place);
        }
        places
    }

    /// The place of a word, without a branch that would have to be guessed; too wide if it is none of them.
    fn code(&self, view: u128) -> u64 {
        let (word, place) = self.slots[slot(view, self.shift)];
        let differ = view ^ word;
        let differ = differ as u64 | (differ >> 64) as u64;
        place | (u64::from(differ != 0) << 63)
    }
}

/// Some bits of the first letters.
fn slot(view: u128, shift: u32) -> usize {
    (view as u64 >> shift) as usize % SLOTS
}

/// A short text as a column of views has it: the length in 32 bits, the bytes above them, the first the lowest.
fn view(word: &str) -> u128 {
    let bytes = word.bytes().rev().fold(0, |bytes, byte| bytes << 8 | u128::from(byte));
    bytes << 32 | word.len() as u128
}

const DASH: &str = "-";

/// The column of a key that has so many bits below it.
pub fn unpack(key: Key, packed: &ArrayRef, shift: u32) -> ArrayRef {
    let packed = packed.as_primitive::<Int64Type>().values().iter();
    let codes = packed.map(|packed| (packed >> shift).cast_unsigned() & !(u64::MAX << key.bits()));
    let values = codes.map(|code| code.checked_sub(1));
    match (key.coding, key.kind) {
        (Coding::Words(words), _) => {
            let word = |place: u64| words.get(place as usize).copied().unwrap_or(DASH);
            Arc::new(values.map(|value| value.map(word)).collect::<StringViewArray>())
        }
        (_, Kind::Bool) => {
            Arc::new(values.map(|value| value.map(|value| value == 1)).collect::<BooleanArray>())
        }
        (_, Kind::DashAddress) => {
            Arc::new(values.map(|value| value.map(|value| value as u32)).collect::<UInt32Array>())
        }
        _ => Arc::new(values.map(|value| value.map(u64::cast_signed)).collect::<Int64Array>()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::{option, sample::select};
    use weir_insights::Value;

    use super::*;

    fn time() -> Key {
        Key::new(Kind::Time, None).expect("a key")
    }

    fn key(kind: Kind, field: Field) -> Key {
        Key::new(kind, Some(field)).expect("a key")
    }

    #[test]
    fn keys_are_packed_where_two_or_more_fit() {
        let action = key(Kind::Text, Field::Action);
        let port = key(Kind::DashInt, Field::DstPort);
        let address = key(Kind::DashAddress, Field::SrcAddr);
        for (keys, is) in [
            (&[][..], false),
            (&[time()], false),
            (&[time(), action], true),
            (&[time(), port], true),
            (&[time(), port, action], true),
            (&[address, address], true),
            (&[address, port, action], true),
            (&[address, address, action], false),
            (&[port, port, port, action, action, action], true),
        ] {
            assert_eq!(is_packed(keys), is, "{keys:?}");
        }
        for (kind, field) in [
            (Kind::Float, Some(Field::DstPort)),
            (Kind::Text, Some(Field::DstPort)),
            (Kind::Int, None),
            (Kind::Text, Some(Field::VpcId)),
            (Kind::DashInt, Some(Field::Bytes)),
            (Kind::Text, Some(Field::SrcAddr)),
        ] {
            assert!(Key::new(kind, field).is_none(), "{kind:?} {field:?}");
        }
    }

    #[test]
    fn what_is_too_wide_ends_the_query() {
        let is_wide = |key: Key, value: Value| {
            let (columns, narrow) = ([key.kind.collect([value].into_iter())], Narrow::default());
            let packed = pack(&[key], &columns, 1, &narrow);
            assert_eq!(packed.is_err(), narrow.has_failed());
            packed.is_err()
        };
        let port = key(Kind::Int, Field::SrcPort);
        let wide = [131_071, 1 << 40, i64::MAX, -1, i64::MIN];
        assert!(wide.into_iter().all(|number| is_wide(port, Value::Int(number))));
        assert!([0, 65_535].into_iter().all(|number| !is_wide(port, Value::Int(number))));
        assert!(is_wide(time(), Value::Time((1 << 44) - 1)));
        assert!(!is_wide(time(), Value::Time((1 << 44) - 2)));
        let address = key(Kind::DashAddress, Field::SrcAddr);
        assert!(is_wide(address, Value::text("255.255.255.255")));
        let addresses = ["-", "0.0.0.0", "255.255.255.254"];
        assert!(addresses.into_iter().all(|text| !is_wide(address, Value::text(text))));
        let action = key(Kind::Text, Field::Action);
        for text in ["", "accept", "ACCEPT ", "OK", "REJECTREJECTREJECT", "é"] {
            assert!(is_wide(action, Value::text(text)), "{text}");
        }
        assert!(["ACCEPT", "REJECT", "-"].into_iter().all(|text| !is_wide(action, Value::text(text))));
    }

    #[test]
    fn each_word_is_told_from_the_others() {
        for field in [Field::Action, Field::LogStatus, Field::FlowDirection, Field::Type] {
            let key = key(Kind::Text, field);
            let Coding::Words(words) = key.coding else { unreachable!("{field:?} says words") };
            let column = key.kind.collect(words.iter().chain([&DASH]).copied().map(Value::text));
            let packed = pack(&[key], std::slice::from_ref(&column), column.len(), &Narrow::default());
            assert_eq!(&unpack(key, &packed.expect("words"), 0), &column);
        }
    }

    proptest! {
        #[test]
        fn pairs_of_addresses_come_back_as_they_were(rows in prop::collection::vec(pair(), 0..20)) {
            let keys = [key(Kind::DashAddress, Field::SrcAddr), key(Kind::DashAddress, Field::DstAddr)];
            check_back(&keys, &rows)?;
        }

        #[test]
        fn values_come_back_as_they_were(rows in prop::collection::vec(row(), 0..20)) {
            let keys = [
                key(Kind::DashInt, Field::Protocol),
                Key::new(Kind::Bool, None).expect("a key"),
                key(Kind::Text, Field::LogStatus),
                key(Kind::DashText, Field::FlowDirection),
                time(),
            ];
            check_back(&keys, &rows)?;
        }
    }

    /// Packed and taken apart again, the values are the same.
    fn check_back<const COUNT: usize>(
        keys: &[Key; COUNT],
        rows: &[[Value; COUNT]],
    ) -> Result<(), TestCaseError> {
        let column = |at: usize| keys[at].kind.collect(rows.iter().map(|row| row[at].clone()));
        let columns: Vec<ArrayRef> = (0..COUNT).map(column).collect();
        prop_assert!(is_packed(keys));
        let packed = pack(keys, &columns, rows.len(), &Narrow::default()).expect("narrow values");
        let apart = keys.iter().zip(shifts(keys)).map(|(key, shift)| unpack(*key, &packed, shift));
        prop_assert_eq!(apart.collect::<Vec<_>>(), columns);
        Ok(())
    }

    fn pair() -> impl Strategy<Value = [Value; 2]> {
        let address = option::of(prop_oneof![Just(0), Just(u32::MAX - 1), 0..u32::MAX]).prop_map(|address| {
            Value::text(address.map_or("-".into(), |address| std::net::Ipv4Addr::from(address).to_string()))
        });
        [address.clone(), address]
    }

    fn row() -> impl Strategy<Value = [Value; 5]> {
        let number = option::of(0..256_i64).prop_map(|it| it.map_or(Value::text("-"), Value::Int));
        let is = option::of(any::<bool>()).prop_map(|it| it.map_or(Value::Null, Value::Bool));
        let status = select(vec![None, Some("OK"), Some("NODATA"), Some("SKIPDATA"), Some("-")]);
        let direction = select(vec![None, Some("ingress"), Some("egress")]);
        let text = |it: Option<&'static str>| it.map_or(Value::Null, Value::text);
        let time = option::of(prop_oneof![Just(0), 0..(1_i64 << 44) - 1]);
        let time = time.prop_map(|it| it.map_or(Value::Null, Value::Time));
        (number, is, status.prop_map(text), direction.prop_map(text), time).prop_map(|row| row.into())
    }
}
