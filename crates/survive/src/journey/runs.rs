//! Runs of characters that ids are made of: a quick look at what a body may hold, before it is read in earnest.

use std::collections::HashSet;

use super::limits::SEARCHED;
use crate::Answer;

/// Whether ids are made of such bytes.
pub(super) const fn of_id(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~')
}

/// Hands the length and hash of each run to `each`. Percent-encoded bytes are between runs.
fn each_run(bytes: &[u8], mut each: impl FnMut(usize, u64)) {
    const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    let (mut length, mut hash, mut at) = (0, BASIS, 0);
    while at < bytes.len() {
        let byte = bytes[at];
        if of_id(byte) {
            length += 1;
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        } else {
            if length > 0 {
                each(length, hash);
                (length, hash) = (0, BASIS);
            }
            let encoded = byte == b'%' && bytes[at + 1..].iter().take(2).filter(|b| b.is_ascii_hexdigit()).count() == 2;
            at += if encoded { 2 } else { 0 };
        }
        at += 1;
    }
    if length > 0 {
        each(length, hash);
    }
}

/// The length and hash of a value's longest run.
pub(super) fn longest(value: &str) -> Option<(usize, u64)> {
    let mut longest = None;
    each_run(value.as_bytes(), |length, hash| {
        if longest.is_none_or(|(other, _)| length > other) {
            longest = Some((length, hash));
        }
    });
    longest
}

/// Hands each run in the head and body of an answer, as far as it is searched, to `each`.
pub(super) fn of_answer(answer: &Answer, mut each: impl FnMut(u64)) {
    for (_, value) in &answer.fields.0 {
        each_run(value, |_, hash| each(hash));
    }
    each_run(&answer.body[..answer.body.len().min(SEARCHED)], |_, hash| each(hash));
}

/// Values that are looked for in answers.
pub(super) struct Wanted<'v> {
    values: HashSet<&'v str>,
    runs: HashSet<u64>,
}

impl<'v> Wanted<'v> {
    pub(super) fn new(values: impl Iterator<Item = &'v str>) -> Self {
        let values: HashSet<&str> = values.collect();
        let runs = values.iter().filter_map(|value| longest(value)).map(|(_, hash)| hash).collect();
        Wanted { values, runs }
    }

    pub(super) fn has(&self, value: &str) -> bool {
        self.values.contains(value)
    }

    /// Whether an answer may give one of them: where it does not, there is no need to read it.
    pub(super) fn may_be_in(&self, answer: &Answer) -> bool {
        let mut found = false;
        of_answer(answer, |hash| found = found || self.runs.contains(&hash));
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_seen_in_whatever_it_is_written_in() {
        let wanted = Wanted::new(["abcd-1234", "a b&efgh5678/"].into_iter());
        for (body, seen) in [
            ("<input value='abcd-1234'>", true),
            ("/x?y=abcd-1234&z", true),
            ("a%20b%26efgh5678%2F", true),
            ("a b&amp;efgh5678/", true),
            ("abcd-12345", false),
            ("100% abcd 1234 %", false),
        ] {
            let answer = Answer { body: body.as_bytes().to_vec(), ..Answer::default() };
            assert_eq!(wanted.may_be_in(&answer), seen, "{body}");
        }
        assert_eq!(longest("é"), None);
    }
}
