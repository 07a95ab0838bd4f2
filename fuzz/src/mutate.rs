//! Makes inputs out of others.
//!
//! Half of the changes only exchange words, list members and whole brackets, in any format: changed byte by byte, an
//! input seldom gets past the first check.

use fastrand::Rng;
use std::ops::Range;

/// The longest input, in bytes.
const LONGEST: usize = 32 * 1024;

/// Bytes with a meaning in text formats.
const BYTES: &[u8] = b"\0\t\n\r \"#%'()*+,-./0:;<=>?[\\]_{}\x7f\x80\xc3\xff";

/// What separates the members of a list, or precedes them.
const SEPARATORS: &[u8] = b",,{{\n; ";

/// How many kinds of changes there are; those from `OF_WORDS` on keep the structure.
const CHANGES: u32 = 24;

const OF_WORDS: u32 = 12;

/// Figures that tend to overflow or to have a special meaning.
const FIGURES: [&str; 18] = [
    "0",
    "00",
    "-0",
    "-1",
    "+1",
    "0x10",
    "1.5",
    "1e3",
    "1e999",
    "255",
    "256",
    "65535",
    "65536",
    "4294967296",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
];

/// One of the inputs, changed in some places; the same seed gives the same result. `tokens` are those of the format.
pub fn mutated(seed: u64, inputs: &[Vec<u8>], tokens: &[&str]) -> Vec<u8> {
    let mut random = Rng::with_seed(seed);
    let mut input = random.choice(inputs).cloned().unwrap_or_default();
    let kinds = if random.bool() { 0..CHANGES } else { OF_WORDS..CHANGES };
    // Mostly few changes: much of a format is reached only if what comes before is valid.
    for _ in 0..=random.u32(0..3) * random.u32(0..3) {
        let other = random.choice(inputs).map_or(&[][..], Vec::as_slice);
        let token = random.choice(tokens).map_or("", |token| *token);
        let kind = random.u32(kinds.clone());
        change(&mut input, kind, &mut random, other, token.as_bytes());
        input.truncate(LONGEST);
    }
    input
}

/// Changes one place, with something of another input or a token.
fn change(input: &mut Vec<u8>, kind: u32, random: &mut Rng, other: &[u8], token: &[u8]) {
    let place = random.usize(..=input.len());
    let separator = SEPARATORS[random.usize(..SEPARATORS.len())];
    match kind {
        0 if place < input.len() => input[place] ^= 1 << random.u32(..8),
        1 if place < input.len() => input[place] = random.u8(..),
        2 if place < input.len() => input[place] = BYTES[random.usize(..BYTES.len())],
        3 => input.insert(place, BYTES[random.usize(..BYTES.len())]),
        4 => put(input, place..place, token),
        5 => put(input, part(input, random), token),
        6 => put(input, part(input, random), b""),
        7 => {
            let copied = input[part(input, random)].to_vec();
            put(input, place..place, &copied);
        }
        8 => {
            let part = part(input, random);
            let times = if random.u32(..20) == 0 { 1000 } else { random.usize(2..20) };
            let repeated = input[part.clone()].repeat(times.min(LONGEST / part.len().max(1)));
            put(input, part, &repeated);
        }
        9 => input.truncate(place),
        10 => {
            input.truncate(place);
            input.extend_from_slice(&other[random.usize(..=other.len())..]);
        }
        11 => put(input, place..place, &other[part(other, random)]),
        12 | 13 => {
            let number = word(input, place, u8::is_ascii_digit);
            put(input, number, FIGURES[random.usize(..FIGURES.len())].as_bytes());
        }
        14 | 15 => {
            let place = next(input, place, |byte| *byte == separator).map_or(0, |at| at + 1);
            put(input, place..place, token);
        }
        16 => {
            // Removes or repeats a member of a list.
            let member = member(input, place, separator);
            let copied = if random.bool() { input[member.clone()].repeat(2) } else { Vec::new() };
            put(input, member, &copied);
        }
        17 => {
            let place = next(input, place, |byte| *byte == separator).unwrap_or(0);
            put(input, place..place, &other[member(other, random.usize(..=other.len()), separator)]);
        }
        18 | 19 => {
            let of_other = bracket(other, random.usize(..=other.len()));
            put(input, bracket(input, place), &other[of_other]);
        }
        20 | 21 => put(input, string(input, place), &other[string(other, random.usize(..=other.len()))]),
        _ => {
            let of_other = word(other, random.usize(..=other.len()), is_of_a_word);
            put(input, word(input, place, is_of_a_word), &other[of_other]);
        }
    }
}

fn put(input: &mut Vec<u8>, place: Range<usize>, bytes: &[u8]) {
    input.splice(place, bytes.iter().copied());
}

/// A random part of the bytes, more often a short one.
fn part(bytes: &[u8], random: &mut Rng) -> Range<usize> {
    let start = random.usize(..=bytes.len());
    let longest = (bytes.len() - start).min(1 << random.u32(..12));
    start..start + random.usize(..=longest)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape of a predicate over a slice")]
fn is_of_a_word(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.') || *byte >= 0x80
}

/// The first matching byte from this position on; otherwise the first of all.
fn next(bytes: &[u8], place: usize, is_it: impl Fn(&u8) -> bool) -> Option<usize> {
    let behind = bytes[place..].iter().position(&is_it).map(|at| place + at);
    behind.or_else(|| bytes.iter().position(&is_it))
}

/// The next word made of such bytes.
fn word(bytes: &[u8], place: usize, is_of_it: impl Fn(&u8) -> bool) -> Range<usize> {
    let start = next(bytes, place, &is_of_it).unwrap_or(bytes.len());
    start..start + bytes[start..].iter().take_while(|byte| is_of_it(byte)).count()
}

/// From the next separator to the one after it.
fn member(bytes: &[u8], place: usize, separator: u8) -> Range<usize> {
    let start = next(bytes, place, |byte| *byte == separator).unwrap_or(bytes.len());
    let behind = bytes.iter().skip(start + 1).position(|byte| *byte == separator);
    start..behind.map_or(bytes.len(), |at| start + 1 + at)
}

/// The content of the next pair of quotation marks.
fn string(bytes: &[u8], place: usize) -> Range<usize> {
    let is_quote = |byte: &u8| *byte == b'"';
    let inside = bytes[..place].iter().filter(|byte| is_quote(byte)).count() % 2 == 1;
    let from = if inside { next(bytes, place, is_quote).map_or(place, |end| end + 1) } else { place };
    let start = next(bytes, from, is_quote).map_or(bytes.len(), |start| start + 1);
    start..start + bytes[start..].iter().take_while(|byte| !is_quote(byte)).count()
}

/// The next bracket with its content.
fn bracket(bytes: &[u8], place: usize) -> Range<usize> {
    let start = next(bytes, place, |byte| b"[{(".contains(byte)).unwrap_or(bytes.len());
    let mut depth = 0;
    let end = bytes[start..].iter().position(|byte| {
        depth += i32::from(b"[{(".contains(byte)) - i32::from(b"]})".contains(byte));
        depth == 0
    });
    start..end.map_or(bytes.len(), |at| start + at + 1)
}
