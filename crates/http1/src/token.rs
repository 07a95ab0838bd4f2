//! The bytes of names.

/// Whether it may stand in a token (RFC 9110 5.6.2): a method, a field's name.
pub(crate) fn is_token(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b)
}
