//! All randomness of a run, and the two hashes that name its content.
//!
//! One 64-bit [`Seed`] yields four [`Seeds`] through ChaCha, one stream per purpose. From there on draws
//! are *stateless keyed hashes*: a [`Die`] is a seed with words folded into it (who, when, the how-many-eth),
//! and its value depends on those words alone. So no draw moves another: that is what lets a fault be taken
//! out of a failing run while everybody else's dice stay as they lay.

mod ratio;

use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::time::Span;
pub use ratio::Ratio;

// Odd constants with about as many ones as zeroes (the first is 2^64/φ), so that a product spreads every bit.
const SPREAD: [u64; 4] = [0x9e37_79b9_7f4a_7c15, 0xa076_1d64_78bd_642f, 0xe703_7ed1_a0b4_28db, 0x8ebc_6af0_9c88_c6e3];

/// Folded multiplication, the step of wyhash: the two halves of the 128-bit product, xored.
#[inline(always)]
const fn fold(a: u64, b: u64) -> u64 {
    let product = (a as u128) * (b as u128);
    (product as u64) ^ ((product >> 64) as u64)
}

/// A 64-bit seed. In files and on the command line decimal or `0x…`; JSON holds it as a string.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seed(pub u64);

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Seed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = match text.strip_prefix("0x") {
            Some(hex) => u64::from_str_radix(hex, 16),
            None => text.parse(),
        };
        parsed.map(Self).map_err(|_| format!("{text:?} is not a seed: expected a 64-bit number, such as 42 or 0x2a"))
    }
}

impl Serialize for Seed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Seed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

impl JsonSchema for Seed {
    fn schema_name() -> Cow<'static, str> {
        "Seed".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A 64-bit seed as a string, decimal or 0x….",
            "type": "string",
            "pattern": "^([0-9]{1,20}|0x[0-9a-fA-F]{1,16})$",
        })
    }
}

/// The four seeds of a run; any of them can be replaced while the others stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Seeds {
    /// Decides the fault plan: which entries, when, whom, for how long; and the settings that a scenario leaves open.
    pub plan: Seed,
    /// Decides the fate of every message.
    pub network: Seed,
    /// Decides the draws that nodes make, and the latencies of their disks.
    pub node: Seed,
    /// Decides what clients ask, and when.
    pub workload: Seed,
}

impl Seeds {
    /// The four seeds that `seed` stands for: one ChaCha stream each.
    #[must_use]
    pub fn derive(seed: Seed) -> Self {
        let mut key = [0u8; 32];
        key[..8].copy_from_slice(&seed.0.to_le_bytes());
        key[8..17].copy_from_slice(b"seedstorm");
        let stream = |number| {
            let mut rng = ChaCha8Rng::from_seed(key);
            rng.set_stream(number);
            Seed(rng.next_u64())
        };
        Self { plan: stream(1), network: stream(2), node: stream(3), workload: stream(4) }
    }
}

/// A seed with words folded into it. [`roll`](Die::roll) is a pure function of those words, in their order.
#[derive(Clone, Copy, Debug)]
pub struct Die(u64);

impl Die {
    /// A die for one purpose of one seed.
    #[inline]
    #[must_use]
    pub const fn new(seed: Seed) -> Self {
        Self(fold(seed.0 ^ SPREAD[0], SPREAD[1]) ^ seed.0)
    }

    /// The die further specified by one word.
    #[inline]
    #[must_use]
    pub const fn with(self, word: u64) -> Self {
        Self(fold(self.0 ^ SPREAD[2], word ^ SPREAD[3]) ^ self.0.rotate_left(23) ^ word)
    }

    /// The die further specified by four words at once; the two products overlap, which matters once a message.
    #[inline(always)]
    #[must_use]
    pub const fn with4(self, words: [u64; 4]) -> Self {
        let left = fold(words[0] ^ self.0, words[1] ^ SPREAD[1]);
        let right = fold(words[2] ^ self.0.rotate_left(32), words[3] ^ SPREAD[3]);
        Self(fold(left ^ SPREAD[0], right ^ SPREAD[2]) ^ left)
    }

    /// The die further specified by a text, such as the name of a setting.
    #[must_use]
    pub fn with_str(self, text: &str) -> Self {
        self.with(content_hash(text))
    }

    /// Its value: 64 uniform bits.
    #[inline(always)]
    #[must_use]
    pub const fn roll(self) -> u64 {
        fold(self.0 ^ SPREAD[1], SPREAD[0])
    }

    /// Endless numbered rolls of this die, for code that makes several draws in a row.
    #[must_use]
    pub const fn stream(self) -> Stream {
        Stream { die: self, drawn: 0 }
    }
}

/// A source of draws. What it draws is decided by where it comes from, never by what was drawn elsewhere.
pub trait Dice {
    /// 64 uniform bits.
    fn next(&mut self) -> u64;

    /// A uniform number below `n`; 0 if `n` is 0.
    fn below(&mut self, n: u64) -> u64 {
        scale(self.next(), n)
    }

    /// A uniform duration from `low` to `high`, both included.
    fn between(&mut self, low: Span, high: Span) -> Span {
        low + Span(self.below((high - low).0.saturating_add(1)))
    }

    /// True with probability `ratio`.
    fn chance(&mut self, ratio: Ratio) -> bool {
        ratio.hit(self.next())
    }
}

/// `bits` (uniform) scaled down to below `n`; the bias is at most n/2^64.
#[inline(always)]
#[must_use]
pub const fn scale(bits: u64, n: u64) -> u64 {
    ((bits as u128 * n as u128) >> 64) as u64
}

/// The numbered rolls of one [`Die`].
#[derive(Clone, Debug)]
pub struct Stream {
    die: Die,
    drawn: u64,
}

impl Dice for Stream {
    fn next(&mut self) -> u64 {
        self.drawn += 1;
        self.die.with(self.drawn).roll()
    }
}

/// The hash of a value's content: what a message's fate and the digest know of it.
#[inline(always)]
#[must_use]
pub fn content_hash<T: Hash + ?Sized>(value: &T) -> u64 {
    let mut hasher = ContentHasher(SPREAD[0]);
    value.hash(&mut hasher);
    hasher.0
}

struct ContentHasher(u64);

impl ContentHasher {
    #[inline(always)]
    fn word(&mut self, word: u64) {
        self.0 = fold(self.0 ^ word, SPREAD[1]) ^ word.rotate_left(29);
    }
}

impl Hasher for ContentHasher {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            // The length tells a short chunk from one that ends in zeroes.
            self.word(u64::from_le_bytes(word) ^ (chunk.len() as u64) << 60);
        }
    }
    #[inline]
    fn write_u8(&mut self, n: u8) {
        self.word(n.into());
    }
    #[inline]
    fn write_u16(&mut self, n: u16) {
        self.word(n.into());
    }
    #[inline]
    fn write_u32(&mut self, n: u32) {
        self.word(n.into());
    }
    #[inline]
    fn write_u64(&mut self, n: u64) {
        self.word(n);
    }
    #[inline]
    fn write_usize(&mut self, n: usize) {
        self.word(n as u64);
    }
    #[inline]
    fn write_isize(&mut self, n: isize) {
        self.word(n as u64);
    }
    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}

/// A running 128-bit digest of everything that happened.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest {
    a: u64,
    b: u64,
}

impl Default for Digest {
    fn default() -> Self {
        Self { a: SPREAD[2], b: SPREAD[3] }
    }
}

impl Digest {
    /// Folds in one record: two independent products bring its words together, and a third, all of whose 128 bits
    /// are kept, chains it to what was before.
    #[inline(always)]
    pub const fn record(&mut self, words: [u64; 4]) {
        let left = fold(words[0] ^ SPREAD[0], words[1] ^ SPREAD[1]);
        let right = fold(words[2] ^ SPREAD[2], words[3] ^ SPREAD[3]);
        let product = ((self.a ^ left) as u128) * ((self.b ^ right) as u128);
        // Adding what went in keeps a product with zero from forgetting everything.
        self.a = (product as u64).wrapping_add(right) ^ self.b.rotate_left(32);
        self.b = ((product >> 64) as u64).wrapping_add(left) ^ self.a.rotate_left(17);
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}{:016x}", self.a, self.b)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not a digest: expected 32 hexadecimal digits");
        if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        let half = |range| u64::from_str_radix(&text[range], 16).map_err(|_| wrong());
        Ok(Self { a: half(0..16)?, b: half(16..32)? })
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

impl JsonSchema for Digest {
    fn schema_name() -> Cow<'static, str> {
        "Digest".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "description": "128 bits in hexadecimal.", "type": "string", "pattern": "^[0-9a-f]{32}$" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_four_seeds_are_pinned() {
        let seeds = Seeds::derive(Seed(42));
        assert_eq!(seeds, Seeds::derive(Seed(42)));
        let all = [seeds.plan.0, seeds.network.0, seeds.node.0, seeds.workload.0];
        assert_eq!(all, PINNED, "{all:#x?}");
    }

    const PINNED: [u64; 4] =
        [13_616_765_124_317_463_104, 3_416_059_043_453_148_280, 2_302_915_046_802_991_842, 2_675_338_359_626_961_848];

    #[test]
    fn a_die_depends_on_every_word_and_their_order() {
        let die = Die::new(Seed(1));
        assert_ne!(die.with(1).with(2).roll(), die.with(2).with(1).roll());
        assert_ne!(die.with4([1, 2, 3, 4]).roll(), die.with4([1, 2, 4, 3]).roll());
        assert_ne!(die.with4([1, 2, 3, 4]).roll(), die.with4([3, 4, 1, 2]).roll());
        assert_eq!(die.with(7).roll(), Die::new(Seed(1)).with(7).roll());
    }

    #[test]
    fn rolls_are_evenly_spread() {
        // Chi-squared over 256 cells for consecutive words, the worst case in use: 255 degrees of freedom, 0.1 % at
        // 330.
        for shift in [0, 8, 28, 56] {
            let mut cells = [0u32; 256];
            for word in 0..65_536u64 {
                cells[(Die::new(Seed(9)).with4([word, 3, 5, 0]).roll() >> shift & 255) as usize] += 1;
            }
            let chi: f64 = cells.iter().map(|&n| (f64::from(n) - 256.0).powi(2) / 256.0).sum();
            assert!(chi < 330.0, "shift {shift}: {chi}");
        }
    }

    #[test]
    fn a_digest_survives_being_written() {
        let mut digest = Digest::default();
        digest.record([1, 2, 3, 4]);
        assert_eq!(digest.to_string().parse(), Ok(digest));
        assert!("xyz".parse::<Digest>().is_err());
    }

    #[test]
    fn content_tells_lengths_apart() {
        assert_ne!(content_hash(&(vec![1u8, 2], vec![3u8])), content_hash(&(vec![1u8], vec![2u8, 3])));
        assert_ne!(content_hash("a"), content_hash("a\0"));
    }
}
