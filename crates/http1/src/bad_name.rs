//! The name of a field that is malformed, for messages.

use super::token::is_token;

/// Most bytes that are kept of it.
const KEPT: usize = 40;

/// The beginning of the name of a malformed field, as it came: it may hold any bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct BadName {
    bytes: [u8; KEPT],
    length: u8,
}

impl BadName {
    fn new(name: &[u8]) -> Self {
        let mut bytes = [0; KEPT];
        let length = name.len().min(KEPT);
        bytes[..length].copy_from_slice(&name[..length]);
        // At most `KEPT`.
        BadName { bytes, length: u8::try_from(length).unwrap_or_default() }
    }

    /// That of the first malformed field among these lines.
    pub(crate) fn first_in(fields: &[u8]) -> Self {
        let bad = fields.split(|b| *b == b'\n').find_map(|line| {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let colon = memchr::memchr(b':', line).unwrap_or(line.len());
            let (name, value) = line.split_at(colon);
            let good_name = !name.is_empty() && name.iter().all(|b| is_token(*b)) && !value.is_empty();
            let good_value = value.iter().all(|b| *b == b'\t' || *b >= b' ' && *b != 0x7f);
            // No further than it is good, so that it is the same whether what follows has come yet or not.
            let end = name.iter().position(|b| !is_token(*b)).unwrap_or(name.len());
            (!good_name || !good_value).then_some(&name[..end])
        });
        BadName::new(bad.unwrap_or_default())
    }

    /// The bytes of it that are kept.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }
}

impl std::fmt::Debug for BadName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", String::from_utf8_lossy(self.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_malformed_field_is_named() {
        for (fields, name) in [
            ("A: b\r\nX Y: a\r\n", "X"),
            ("A: b\r\n folded\r\n", ""),
            ("A : b\r\nB: \u{1}\r\n", "A"),
            ("A: b\r\nB: \u{1}\r\nC: \u{2}", "B"),
            (": b\r\n", ""),
            ("no colon\r\n", "no"),
        ] {
            assert_eq!(BadName::first_in(fields.as_bytes()).as_bytes(), name.as_bytes(), "{fields:?}");
        }
        assert_eq!(BadName::first_in(&[b'x'; 100]).as_bytes().len(), KEPT);
    }
}
