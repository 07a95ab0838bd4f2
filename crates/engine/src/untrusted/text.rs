//! Text from outside, as a type.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

use super::hidden::{is_plain, write_out};

/// Text from outside. [`Display`](fmt::Display) and [`Debug`] write control characters out, `\x1b`, `\u{202e}`, and so
/// newlines too: it is one line. Serde passes the text as it is.
///
/// Written out are C0, DEL and C1, what changes the reading order, what has no width, and what terminals draw in
/// different widths: whatever lets text look like something it is not.
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
    /// Text that is not to be relied on.
    pub const fn new(text: T) -> Self {
        Untrusted(text)
    }

    /// The text as it came, to be kept or parsed. It must not be shown.
    pub fn into_raw(self) -> T {
        self.0
    }
}

impl<T: AsRef<str>> Untrusted<T> {
    /// The text as it came, to be compared, measured or sent on. It must not be shown.
    pub fn raw(&self) -> &str {
        self.0.as_ref()
    }

    /// The same text, borrowed.
    pub fn borrowed(&self) -> Untrusted<&str> {
        Untrusted(self.raw())
    }

    /// The text as it is shown, where its characters are to be counted, cut or escaped once more. Plain text is borrowed.
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

    /// Whether the text is shown as it came.
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

/// Several of them as they are shown, with this between them.
pub(crate) fn joined<T: AsRef<str>>(texts: &[Untrusted<T>], between: &str) -> String {
    texts.iter().map(Untrusted::shown).collect::<Vec<_>>().join(between)
}
