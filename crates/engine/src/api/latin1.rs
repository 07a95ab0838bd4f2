//! Bytes as a JSON string of as many characters, each byte the character of that number.

use serde::{Deserialize as _, Deserializer, Serializer};

pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&bytes.iter().map(|byte| char::from(*byte)).collect::<String>())
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(from)?;
    let byte = |c: char| u8::try_from(c).map_err(|_| serde::de::Error::custom(format!("'{c}' is no byte")));
    text.chars().map(byte).collect()
}
