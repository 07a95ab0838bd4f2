//! One value of a JSON text that may not be there to its end.

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// A JSON pointer (RFC 6901), taken apart.
#[derive(Clone, Debug)]
pub(super) struct Pointer(Box<[String]>);

impl Pointer {
    /// The pointer that is written like this: `/a/0`.
    pub(super) fn new(text: &str) -> Self {
        let unescaped = |token: &str| token.replace("~1", "/").replace("~0", "~");
        Pointer(text.split('/').skip(1).map(unescaped).collect())
    }

    /// The string or whole number there, as far as the text goes. What stands behind it may be missing or malformed.
    pub(super) fn find(&self, text: &[u8]) -> Option<String> {
        let mut found = None;
        let mut reader = serde_json::Deserializer::from_slice(text);
        let _ = Seek { path: &self.0, found: &mut found }.deserialize(&mut reader);
        match found? {
            Found::Text(text) => Some(text),
            // Its next digit may not be there yet.
            Found::Number(number) => Some(number.to_string()).filter(|digits| !text.ends_with(digits.as_bytes())),
        }
    }
}

enum Found {
    Text(String),
    Number(u64),
}

/// Goes down to the value, and notes it as it is seen.
struct Seek<'p> {
    path: &'p [String],
    found: &'p mut Option<Found>,
}

impl<'de> DeserializeSeed<'de> for Seek<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seek<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Some((key, path)) = self.path.split_first() else { return Err(over()) };
        while let Some(name) = map.next_key::<String>()? {
            if name == *key {
                map.next_value_seed(Seek { path, found: self.found })?;
                // What follows is of no interest, and may be malformed.
                return Err(over());
            }
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Some((place, path)) = self.path.split_first() else { return Err(over()) };
        let Ok(place) = place.parse::<usize>() else { return Err(over()) };
        for _ in 0..place {
            if list.next_element::<IgnoredAny>()?.is_none() {
                return Ok(());
            }
        }
        list.next_element_seed(Seek { path, found: self.found })?;
        Err(over())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        if self.path.is_empty() {
            *self.found = Some(Found::Text(text.to_owned()));
        }
        Ok(())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        if self.path.is_empty() {
            *self.found = Some(Found::Number(number));
        }
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }
}

/// Ends the reading; it is seen by nobody.
fn over<E: Error>() -> E {
    E::custom("nothing more is looked for")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn find(pointer: &str, text: &str) -> Option<String> {
        Pointer::new(pointer).find(text.as_bytes())
    }

    #[test]
    fn a_value_is_found_where_the_text_breaks_off_behind_it() {
        let text = r#"{"a":{"b":[1,{"id":"x\u0041\"y"}]},"rest":["#;
        assert_eq!(find("/a/b/1/id", text).as_deref(), Some("xA\"y"));
        assert_eq!(find("/a/b/0", text).as_deref(), Some("1"));
        for missing in ["/a/b/2", "/a/id", "/rest/0", "/a", "/a/b/x", "/a/b/1/id/c"] {
            assert_eq!(find(missing, text), None, "{missing}");
        }
        assert_eq!(find("/a~1b/~0", r#"{"a/b":{"~":"z"}}"#).as_deref(), Some("z"));
    }

    #[test]
    fn a_value_that_breaks_off_itself_is_not_found() {
        for text in [r#"{"id":"ab"#, r#"{"id":12"#, r#"{"id":"#, r#"{"id"#, r#"{"id":"a\"#] {
            assert_eq!(find("/id", text), None, "{text}");
        }
        assert_eq!(find("/id", r#"{"id":12,"#).as_deref(), Some("12"));
        assert_eq!(find("/id", r#"{"id":"","x":1}"#).as_deref(), Some(""));
    }

    #[test]
    fn what_is_no_id_is_not_found() {
        for value in ["null", "true", "1.5", "-3", "{}", "[]", "99999999999999999999"] {
            assert_eq!(find("/id", &format!(r#"{{"id":{value}}}"#)), None, "{value}");
        }
    }

    #[test]
    fn deep_nesting_harms_nothing_and_hides_nothing_that_comes_before() {
        let deep = |n: usize| format!(r#"{{"id":"x","deep":{}"#, "[".repeat(n));
        assert_eq!(find("/id", &deep(4096)).as_deref(), Some("x"));
        assert_eq!(find("/id", &"[".repeat(4096)), None);
        assert_eq!(find(&"/a".repeat(2000), &r#"{"a":"#.repeat(800)), None);
        let behind = format!(r#"{{"deep":{}{},"id":"x"}}"#, "[".repeat(100), "]".repeat(100));
        assert_eq!(find("/id", &behind).as_deref(), Some("x"));
    }

    proptest! {
        #[test]
        fn a_prefix_of_a_text_gives_the_same_value_or_none(id in "[a-zé\"\\\\]{0,12}", at in 0_usize..200) {
            let text = serde_json::json!({ "first": [1, {"id": 5}], "id": id, "last": null }).to_string();
            let cut = &text.as_bytes()[..at.min(text.len())];
            let found = Pointer::new("/id").find(cut);
            prop_assert!(found.is_none() || found == Some(id));
        }

        #[test]
        fn hostile_bytes_crash_nothing(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Pointer::new("/id").find(&bytes);
        }
    }
}
