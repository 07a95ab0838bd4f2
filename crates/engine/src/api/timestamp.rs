//! Times in what the engine tells, as RFC 3339 writes them.

use serde::{Deserialize as _, Deserializer, Serializer};
use std::time::SystemTime;

/// A time as RFC 3339 writes it, in UTC with milliseconds: `2026-11-20T12:04:31.220Z`. A time that no calendar has is the
/// beginning of 1970.
pub fn rfc3339(time: SystemTime) -> String {
    let stamp = jiff::Timestamp::try_from(time).unwrap_or_default();
    format!("{stamp:.3}")
}

pub(crate) fn serialize<S: Serializer>(time: &SystemTime, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&rfc3339(*time))
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<SystemTime, D::Error> {
    let text = String::deserialize(from)?;
    let stamp: jiff::Timestamp = text.parse().map_err(serde::de::Error::custom)?;
    Ok(stamp.into())
}
