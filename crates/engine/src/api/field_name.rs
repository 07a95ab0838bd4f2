//! The name of a header field that is malformed.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

use crate::untrusted::Untrusted;

/// Most bytes that are kept.
const KEPT: usize = 40;

/// The beginning of a malformed field's name, for messages: at most 40 bytes of it, as they came.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct FieldName {
    bytes: [u8; KEPT],
    length: u8,
}

impl FieldName {
    /// The beginning of this name.
    pub fn new(name: &[u8]) -> Self {
        let mut bytes = [0; KEPT];
        let length = name.len().min(KEPT);
        bytes[..length].copy_from_slice(&name[..length]);
        // At most `KEPT`.
        FieldName { bytes, length: u8::try_from(length).unwrap_or_default() }
    }

    fn text(&self) -> Untrusted<String> {
        Untrusted::new(String::from_utf8_lossy(&self.bytes[..usize::from(self.length)]).into_owned())
    }
}

/// The name, harmless to a terminal, in quotes; `one without a name` where there is none.
impl fmt::Display for FieldName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.length == 0 { f.write_str("one without a name") } else { write!(f, "'{}'", self.text()) }
    }
}

impl fmt::Debug for FieldName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for FieldName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.text().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for FieldName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = Untrusted::<String>::deserialize(deserializer)?;
        Ok(FieldName::new(name.raw().as_bytes()))
    }
}
