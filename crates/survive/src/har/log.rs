//! The way to a file's entries, which are handed on one by one.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::entry::Entry;
use super::loose::Object;

/// Who takes the entries.
pub(super) trait Entries {
    /// The next entry; `None` where what stands there is no object.
    fn entry(&mut self, entry: Option<Entry>);

    /// The list of entries was reached.
    fn begun(&mut self);
}

/// A place on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The whole file, an object with a `log`.
    File,
    /// The `log`, an object with `entries`.
    Log,
    /// The `entries`, a list.
    Entries,
}

impl Place {
    /// Its member that leads on, and where.
    fn way(self) -> (&'static str, Place) {
        if self == Place::File { ("log", Place::Log) } else { ("entries", Place::Entries) }
    }
}

/// Reads what stands at a place.
pub(super) struct Reader<'t, T>(pub(super) Place, pub(super) &'t mut T);

impl<'de, T: Entries> DeserializeSeed<'de> for Reader<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de, T: Entries> Visitor<'de> for Reader<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Place::File => "an object with a \"log\"",
            Place::Log => "a \"log\" with \"entries\"",
            Place::Entries => "a list of entries",
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        if self.0 == Place::Entries {
            return Err(serde::de::Error::invalid_type(serde::de::Unexpected::Map, &self));
        }
        let (member, place) = self.0.way();
        while let Some(name) = object.next_key::<String>()? {
            if name == member {
                object.next_value_seed(Reader(place, &mut *self.1))?;
            } else {
                object.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        if self.0 != Place::Entries {
            return Err(serde::de::Error::invalid_type(serde::de::Unexpected::Seq, &self));
        }
        self.1.begun();
        while let Some(Object(entry)) = list.next_element::<Object<Entry>>()? {
            self.1.entry(entry);
        }
        Ok(())
    }
}
