//! Conversions to untrusted text, and comparisons with other text.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::text::Untrusted;

impl<T> From<T> for Untrusted<T> {
    fn from(text: T) -> Self {
        Untrusted::new(text)
    }
}

impl From<&str> for Untrusted<String> {
    fn from(text: &str) -> Self {
        Untrusted::new(text.to_owned())
    }
}

impl From<&str> for Untrusted<Arc<str>> {
    fn from(text: &str) -> Self {
        Untrusted::new(text.into())
    }
}

impl<'a> From<&'a String> for Untrusted<&'a str> {
    fn from(text: &'a String) -> Self {
        Untrusted::new(text)
    }
}

impl<'a, T: AsRef<str>> From<&'a Untrusted<T>> for Untrusted<&'a str> {
    fn from(text: &'a Untrusted<T>) -> Self {
        text.borrowed()
    }
}

impl<'a> From<&'a Cow<'_, str>> for Untrusted<&'a str> {
    fn from(text: &'a Cow<'_, str>) -> Self {
        Untrusted::new(text)
    }
}

impl<T: AsRef<str>, U: AsRef<str>> PartialEq<Untrusted<U>> for Untrusted<T> {
    fn eq(&self, other: &Untrusted<U>) -> bool {
        self.raw() == other.raw()
    }
}

impl<T: AsRef<str>> Eq for Untrusted<T> {}

impl<T: AsRef<str>> PartialOrd for Untrusted<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T: AsRef<str>> Ord for Untrusted<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.raw().cmp(other.raw())
    }
}

impl<T: AsRef<str>> Hash for Untrusted<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.raw().hash(state);
    }
}

impl<T: AsRef<str>> PartialEq<str> for Untrusted<T> {
    fn eq(&self, other: &str) -> bool {
        self.raw() == other
    }
}

impl<T: AsRef<str>> PartialEq<&str> for Untrusted<T> {
    fn eq(&self, other: &&str) -> bool {
        self.raw() == *other
    }
}

impl<T: AsRef<str>> PartialEq<String> for Untrusted<T> {
    fn eq(&self, other: &String) -> bool {
        self.raw() == other
    }
}
