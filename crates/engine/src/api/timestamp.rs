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

/// The same of a time that there may be.
pub(crate) mod optional {
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};
    use std::time::SystemTime;

    #[expect(clippy::ref_option, reason = "serde calls it so")]
    pub(crate) fn serialize<S: Serializer>(time: &Option<SystemTime>, to: S) -> Result<S::Ok, S::Error> {
        time.map(super::rfc3339).serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<SystemTime>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        let stamp = text.map(|text| text.parse::<jiff::Timestamp>().map_err(serde::de::Error::custom)).transpose()?;
        Ok(stamp.map(Into::into))
    }
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<SystemTime, D::Error> {
    let text = String::deserialize(from)?;
    let stamp: jiff::Timestamp = text.parse().map_err(serde::de::Error::custom)?;
    Ok(stamp.into())
}
