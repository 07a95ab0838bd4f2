//! Trailer fields on their way through.

use httparse::{EMPTY_HEADER, Status};

use super::kind::Kind;

/// Trailer fields of one body.
const FIELDS: usize = 64;

/// Writes a trailer section without the fields that may not stand there, and with the empty line that ends it; `None`
/// where it is no good.
pub(super) fn write_clean(section: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let mut fields = [EMPTY_HEADER; FIELDS];
    let Ok(Status::Complete((length, fields))) = httparse::parse_headers(section, &mut fields) else { return None };
    if length != section.len() {
        // What is behind an empty line belongs to no trailer section.
        return None;
    }
    for field in fields {
        if Kind::of(field.name.as_bytes()).may_trail() {
            for part in [field.name.as_bytes(), b": ", field.value, b"\r\n"] {
                out.extend_from_slice(part);
            }
        }
    }
    out.extend_from_slice(b"\r\n");
    Some(())
}
