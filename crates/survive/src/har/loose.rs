//! Values of JSON whose type differs from program to program that writes HAR files.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The most members of a list that are kept: no head has more fields, and no form is sent again that has.
const MOST: usize = 512;

/// Text, or a number as text; `None` for anything else.
#[derive(Debug, Default)]
pub(super) struct Text(pub(super) Option<String>);

impl Text {
    /// It, or nothing.
    pub(super) fn as_str(&self) -> &str {
        self.0.as_deref().unwrap_or_default()
    }

    /// A number, as which it may also be written.
    pub(super) fn number(&self) -> Option<i64> {
        let text = self.as_str().trim();
        // A whole number is written with a fraction by those that know no others.
        text.split_once('.').map_or(text, |(whole, _)| whole).parse().ok()
    }
}

/// A list, or nothing.
#[derive(Debug)]
pub(super) struct List<T>(pub(super) Vec<T>);

impl<T> Default for List<T> {
    fn default() -> Self {
        List(Vec::new())
    }
}

/// An object, or nothing.
#[derive(Debug)]
pub(super) struct Object<T>(pub(super) Option<T>);

impl<T> Default for Object<T> {
    fn default() -> Self {
        Object(None)
    }
}

/// What is there of each kind of value.
trait Loose<'de>: Sized + Default {
    const EXPECTED: &'static str;

    fn text(_: String) -> Self {
        Self::default()
    }

    fn list<A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Self::default())
    }

    fn object<A: MapAccess<'de>>(mut object: A) -> Result<Self, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Self::default())
    }
}

impl Loose<'_> for Text {
    const EXPECTED: &'static str = "text";

    fn text(text: String) -> Self {
        Text(Some(text))
    }
}

impl<'de, T: Deserialize<'de>> Loose<'de> for List<T> {
    const EXPECTED: &'static str = "a list";

    fn list<A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        let mut kept = Vec::new();
        while kept.len() < MOST {
            match list.next_element()? {
                Some(member) => kept.push(member),
                None => return Ok(List(kept)),
            }
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(List(kept))
    }
}

impl<'de, T: Deserialize<'de>> Loose<'de> for Object<T> {
    const EXPECTED: &'static str = "an object";

    fn object<A: MapAccess<'de>>(object: A) -> Result<Self, A::Error> {
        T::deserialize(MapAccessDeserializer::new(object)).map(|object| Object(Some(object)))
    }
}

struct AnyValue<T>(PhantomData<T>);

impl<'de, T: Loose<'de>> Visitor<'de> for AnyValue<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_str<E>(self, text: &str) -> Result<T, E> {
        Ok(T::text(text.to_owned()))
    }

    fn visit_bool<E>(self, value: bool) -> Result<T, E> {
        Ok(T::text(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<T, E> {
        Ok(T::text(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<T, E> {
        Ok(T::text(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<T, E> {
        Ok(T::text(value.to_string()))
    }

    fn visit_unit<E>(self) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<T, A::Error> {
        T::list(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<T, A::Error> {
        T::object(object)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(AnyValue(PhantomData))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(AnyValue(PhantomData))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(AnyValue(PhantomData))
    }
}
