//! Blanks between a field's name and its colon, which a proxy removes from a response (RFC 9112 5.1).

use memchr::memchr;

/// These lines of fields without such blanks. What stands behind the empty line that ends them is left as it is.
pub(crate) fn without_blanks(lines: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(lines.len());
    let mut is_field = true;
    for line in lines.split_inclusive(|b| *b == b'\n') {
        is_field &= !matches!(line, b"\n" | b"\r\n");
        let name = memchr(b':', line).filter(|_| is_field).map_or(b"".as_slice(), |colon| &line[..colon]);
        let kept = name.trim_ascii_end();
        // A line that begins with a blank is no field, but the rest of one (folded).
        let is_name = kept.first().is_some_and(|first| !first.is_ascii_whitespace());
        out.extend_from_slice(if is_name { kept } else { name });
        out.extend_from_slice(&line[name.len()..]);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::without_blanks;

    #[test]
    fn only_what_stands_before_a_fields_colon_is_removed() {
        for (lines, cleaned) in [
            ("A : 1\r\nB\t \t: 2 : 3\r\nC: 4\r\n", "A: 1\r\nB: 2 : 3\r\nC: 4\r\n"),
            ("A: 1\r\n\r\nbody : x\r\n", "A: 1\r\n\r\nbody : x\r\n"),
            ("A\n : 1\n", "A\n : 1\n"),
            ("X Y : 1\r\n", "X Y: 1\r\n"),
            (" : 1", " : 1"),
            ("A ", "A "),
        ] {
            assert_eq!(without_blanks(lines.as_bytes()), cleaned.as_bytes(), "{lines:?}");
        }
    }
}
