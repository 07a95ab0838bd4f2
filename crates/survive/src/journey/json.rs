//! JSON read as far as it goes: a body that is kept may be cut off in the middle.

use std::borrow::Cow;
use std::ops::{ControlFlow, Range};

/// No deeper than this, and no pointer longer than [`LONGEST_POINTER`]: what is beyond holds no id.
const DEEPEST: usize = 64;
const LONGEST_POINTER: usize = 1024;

/// A string or a number.
pub(super) struct Scalar<'b> {
    /// Where it is, as a JSON pointer (RFC 6901).
    pub(super) pointer: &'b str,
    /// Its bytes, a string's without its quotes.
    pub(super) span: Range<usize>,
    /// It as text, out of its escapes.
    pub(super) text: Cow<'b, str>,
    /// Whether it is a number.
    pub(super) is_number: bool,
}

/// Hands each string and number to `each`, in their order, until one is damaged or `each` has enough.
pub(super) fn scalars(body: &[u8], mut each: impl FnMut(Scalar<'_>) -> ControlFlow<()>) {
    Scanner { body, at: 0, pointer: String::new(), within: Vec::new() }.run(&mut each);
}

/// Where the packet's JSON begins: behind the digits of an engine.io or socket.io packet.
pub(super) fn begin(body: &[u8]) -> Option<usize> {
    let digits = body.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let blanks = body[digits..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let bare = digits == 0 || (digits <= 4 && blanks == 0);
    (bare && matches!(body.get(digits + blanks), Some(b'{' | b'['))).then_some(digits + blanks)
}

/// An object or an array that is open.
struct Open {
    /// How long the pointer was before it.
    pointer: usize,
    /// The place of the present value; `None` in an object.
    index: Option<usize>,
}

struct Scanner<'b> {
    body: &'b [u8],
    at: usize,
    pointer: String,
    within: Vec<Open>,
}

impl Scanner<'_> {
    fn run(&mut self, each: &mut impl FnMut(Scalar<'_>) -> ControlFlow<()>) -> Option<()> {
        loop {
            if self.value(each)? {
                continue;
            }
            while !self.next_in_open()? {}
        }
    }

    fn peek(&mut self) -> Option<u8> {
        while self.body.get(self.at)?.is_ascii_whitespace() {
            self.at += 1;
        }
        self.body.get(self.at).copied()
    }

    /// Reads a value, or the beginning of an object or array, which is told by `true`.
    fn value(&mut self, each: &mut impl FnMut(Scalar<'_>) -> ControlFlow<()>) -> Option<bool> {
        match self.peek()? {
            open @ (b'{' | b'[') => {
                self.at += 1;
                let is_array = open == b'[';
                if self.within.len() == DEEPEST || self.pointer.len() > LONGEST_POINTER {
                    return None;
                }
                self.within.push(Open { pointer: self.pointer.len(), index: is_array.then_some(0) });
                if matches!(self.peek()?, b'}' | b']') {
                    return Some(false);
                }
                if is_array {
                    self.pointer.push_str("/0");
                } else {
                    self.key()?;
                }
                Some(true)
            }
            b'"' => {
                let span = self.string()?;
                if let Some(text) = unescaped(self.body, &span) {
                    self.hand(each, span, text, false)?;
                }
                Some(false)
            }
            b'-' | b'0'..=b'9' => {
                let rest = &self.body[self.at..];
                let length = rest.iter().take_while(|b| b.is_ascii_digit() || b"+-.eE".contains(b)).count();
                if length == rest.len() && !self.within.is_empty() {
                    return None;
                }
                let span = self.at..self.at + length;
                self.at = span.end;
                let text = String::from_utf8_lossy(&self.body[span.clone()]);
                self.hand(each, span, text, true)?;
                Some(false)
            }
            byte if byte.is_ascii_alphabetic() => {
                self.at += self.body[self.at..].iter().take_while(|b| b.is_ascii_alphabetic()).count();
                Some(false)
            }
            _ => None,
        }
    }

    fn hand(
        &self,
        each: &mut impl FnMut(Scalar<'_>) -> ControlFlow<()>,
        span: Range<usize>,
        text: Cow<'_, str>,
        is_number: bool,
    ) -> Option<()> {
        each(Scalar { pointer: &self.pointer, span, text, is_number }).is_continue().then_some(())
    }

    /// Goes to the next value of what is open; `false` where that was closed.
    fn next_in_open(&mut self) -> Option<bool> {
        let next = self.peek()?;
        let open = self.within.last_mut()?;
        self.pointer.truncate(open.pointer);
        self.at += 1;
        match next {
            b',' => {
                if let Some(index) = &mut open.index {
                    *index += 1;
                    self.pointer.push('/');
                    self.pointer.push_str(&index.to_string());
                } else {
                    self.key()?;
                }
                Some(true)
            }
            b'}' | b']' => {
                self.within.pop();
                Some(false)
            }
            _ => None,
        }
    }

    /// Reads a key and its colon.
    fn key(&mut self) -> Option<()> {
        if self.peek()? != b'"' {
            return None;
        }
        let span = self.string()?;
        let key = unescaped(self.body, &span).unwrap_or_default();
        self.pointer.push('/');
        for c in key.chars().take(LONGEST_POINTER) {
            match c {
                '~' => self.pointer.push_str("~0"),
                '/' => self.pointer.push_str("~1"),
                c => self.pointer.push(c),
            }
        }
        (self.peek()? == b':').then(|| self.at += 1)
    }

    /// Reads a string, and tells where it is without its quotes.
    fn string(&mut self) -> Option<Range<usize>> {
        let start = self.at + 1;
        let mut at = start;
        loop {
            match self.body.get(at)? {
                b'"' => break,
                b'\\' => at += 2,
                _ => at += 1,
            }
        }
        self.at = at + 1;
        Some(start..at)
    }
}

fn unescaped<'b>(body: &'b [u8], span: &Range<usize>) -> Option<Cow<'b, str>> {
    let raw = &body[span.clone()];
    if raw.contains(&b'\\') {
        serde_json::from_slice(&body[span.start - 1..=span.end]).ok().map(Cow::Owned)
    } else {
        std::str::from_utf8(raw).ok().map(Cow::Borrowed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(body: &str) -> Vec<(String, String)> {
        let mut found = Vec::new();
        scalars(body.as_bytes(), |scalar| {
            found.push((scalar.pointer.to_owned(), scalar.text.into_owned()));
            ControlFlow::Continue(())
        });
        found
    }

    #[test]
    fn every_string_and_number_has_its_pointer() {
        let found =
            all(r#" {"a": "x", "b/~": [1, {"c": -2.5e3}, [], {}, "y\n"], "d": {"e": null, "f": true, "g": ""}} "#);
        let expected = [("/a", "x"), ("/b~1~0/0", "1"), ("/b~1~0/1/c", "-2.5e3"), ("/b~1~0/4", "y\n"), ("/d/g", "")];
        assert_eq!(found, expected.map(|(pointer, text)| (pointer.to_owned(), text.to_owned())));
        assert_eq!(all(r#""alone""#), [(String::new(), "alone".to_owned())]);
    }

    #[test]
    fn what_is_cut_off_or_damaged_ends_it_and_what_was_before_counts() {
        let whole = r#"{"a": "first", "b": {"c": "sec\"ond", "n": 12345}, "d": ["third"]}"#;
        let complete = all(whole);
        for end in 0..whole.len() {
            let found = all(&whole[..end]);
            assert_eq!(found, complete[..found.len()], "{}", &whole[..end]);
        }
        for damaged in [
            "{",
            "[",
            "{]",
            "[}",
            "{\"a\"",
            "{\"a\":",
            "{,}",
            "[1 2]",
            "\"\\",
            "}",
            "",
            "nul",
            "[[[[",
            "{\"a\":\"\\ud800\"}",
        ] {
            assert!(all(damaged).len() <= 1, "{damaged}");
        }
        assert!(all(&"[".repeat(100_000)).is_empty(), "depth is bounded");
    }
}
