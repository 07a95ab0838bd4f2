//! Texts that can be cut, or be bytes in base64.

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

use super::loose::Text;
use super::shorten::CUT;

/// What ends in base64 without its padding, as after being cut, is decoded all the same.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Base64 decoded, as far as it is.
pub(super) fn decoded(text: &str) -> Vec<u8> {
    let mut bytes: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    // One letter beyond fours carries no whole byte.
    if bytes.len() % 4 == 1 {
        bytes.pop();
    }
    BASE64.decode(&bytes).unwrap_or_default()
}

/// What a text that may be cut has, and whether it is all of it.
pub(super) fn whole(text: &Text) -> (&str, bool) {
    match text.as_str().strip_suffix(CUT) {
        Some(beginning) => (beginning, false),
        None => (text.as_str(), true),
    }
}
