//! Short text without an allocation.

use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::Deref;

use crate::untrusted::Untrusted;

/// Text that is kept in place up to 24 bytes (12 where pointers have 32 bits), so that a request's method, most paths and a
/// backend's name cost no allocation; longer text is on the heap. It is read as a `&str`.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Text(CompactString);

impl Text {
    /// Text that the program itself holds.
    pub const fn from_static(text: &'static str) -> Self {
        Text(CompactString::const_new(text))
    }

    /// Text from bytes, those that are no UTF-8 replaced by U+FFFD.
    pub fn from_utf8_lossy(bytes: &[u8]) -> Self {
        Text(CompactString::from_utf8_lossy(bytes))
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.0.as_str(), f)
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Text(text.into())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Text(text.into())
    }
}

impl From<&str> for Untrusted<Text> {
    fn from(text: &str) -> Self {
        Untrusted::new(text.into())
    }
}

impl From<String> for Untrusted<Text> {
    fn from(text: String) -> Self {
        Untrusted::new(text.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_decision_and_an_event_hold_is_as_small_as_before() {
        assert_eq!(size_of::<Text>(), size_of::<String>());
        assert_eq!(size_of::<Option<Untrusted<Text>>>(), size_of::<String>());
    }
}
