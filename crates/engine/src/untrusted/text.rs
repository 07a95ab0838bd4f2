//! The type for untrusted text.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

use super::hidden::{is_plain, write_out};

/// Untrusted text. [`Display`](fmt::Display) and [`Debug`] escape control characters (`\x1b`, `\u{202e}`), including
/// newlines, so the output is one line. Serde passes the text unchanged.
///
/// Escaped are C0, DEL and C1, and characters that change the reading order, have no width, or differ in width between
/// terminals: all that can make text look like something else.
///
/// ```
/// use stickylb::untrusted::Untrusted;
///
/// let name = Untrusted::new("shop\x1b[2J");
/// assert_eq!(name.to_string(), r"shop\x1b[2J");
/// assert_eq!(name.raw(), "shop\x1b[2J");
/// ```
#[derive(Clone, Copy, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Untrusted<T>(T);

impl<T> Untrusted<T> {
    /// Wraps untrusted text.
    pub const fn new(text: T) -> Self {
        Untrusted(text)
    }

    /// The unescaped text, for storing or parsing. It must not be shown.
    pub fn into_raw(self) -> T {
        self.0
    }
}

impl<T: AsRef<str>> Untrusted<T> {
    /// The unescaped text, for comparing, measuring or forwarding. It must not be shown.
    pub fn raw(&self) -> &str {
        self.0.as_ref()
    }

    /// The same text, borrowed.
    pub fn borrowed(&self) -> Untrusted<&str> {
        Untrusted(self.raw())
    }

    /// The escaped text, for counting, truncating or further escaping. Borrows if nothing has to be escaped.
    pub fn shown(&self) -> Cow<'_, str> {
        let text = self.raw();
        if is_plain(text) {
            return Cow::Borrowed(text);
        }
        let mut out = String::with_capacity(text.len() + 8);
        // Writing to a string cannot fail.
        let _ = write_out(text, &mut out);
        Cow::Owned(out)
    }

    /// Whether nothing has to be escaped.
    pub fn is_plain(&self) -> bool {
        is_plain(self.raw())
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.raw().is_empty()
    }
}

impl<T: AsRef<str>> fmt::Display for Untrusted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.width().is_some() || f.precision().is_some() {
            return f.pad(&self.shown());
        }
        match self.raw() {
            text if is_plain(text) => f.write_str(text),
            text => write_out(text, f),
        }
    }
}

impl<T: AsRef<str>> fmt::Debug for Untrusted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.shown(), f)
    }
}

/// Joins the escaped texts, separated by `between`.
pub(crate) fn joined<T: AsRef<str>>(texts: &[Untrusted<T>], between: &str) -> String {
    texts.iter().map(Untrusted::shown).collect::<Vec<_>>().join(between)
}
