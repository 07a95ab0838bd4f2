//! Cookies as a client and a server write them (RFC 6265).

use std::ops::Range;

use crate::{Answer, Request};

/// A cookie that an answer sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Set<'a> {
    pub(super) name: &'a str,
    pub(super) value: &'a str,
    /// Whether it is deleted by that.
    pub(super) deleted: bool,
}

/// The cookies that an answer sets, in their order.
pub(super) fn set(answer: &Answer) -> impl Iterator<Item = Set<'_>> {
    answer.fields.named("set-cookie").filter_map(|field| {
        let mut parts = std::str::from_utf8(field).ok()?.split(';');
        let (name, value) = parts.next()?.split_once('=')?;
        let (name, value) = (name.trim(), value.trim());
        let over = |attribute: &str| {
            let (key, value) = attribute.split_once('=').unwrap_or((attribute, ""));
            let value = value.trim();
            match key.trim() {
                key if key.eq_ignore_ascii_case("max-age") => value.starts_with('-') || value == "0",
                key if key.eq_ignore_ascii_case("expires") => value.contains("1970") || value.contains("1969"),
                _ => false,
            }
        };
        let deleted = parts.any(over) || matches!(value, "" | "\"\"" | "deleted");
        (!name.is_empty()).then_some(Set { name, value, deleted })
    })
}

/// A cookie that a request carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Carried<'a> {
    /// The field it is in, by its place.
    pub(super) field: usize,
    pub(super) name: &'a str,
    pub(super) value: &'a str,
    /// Where its value is in the field.
    pub(super) span: Range<usize>,
}

/// The cookies that a request carries, in their order.
pub(super) fn carried(request: &Request) -> Vec<Carried<'_>> {
    let mut found = Vec::new();
    for (field, (name, value)) in request.fields.0.iter().enumerate() {
        let Ok(text) = std::str::from_utf8(value) else { continue };
        if !name.eq_ignore_ascii_case("cookie") {
            continue;
        }
        let mut at = 0;
        for pair in text.split(';') {
            if let Some((name, value)) = pair.split_once('=') {
                let start = at + name.len() + 1 + (value.len() - value.trim_start().len());
                let (name, value) = (name.trim(), value.trim());
                if !name.is_empty() {
                    found.push(Carried { field, name, value, span: start..start + value.len() });
                }
            }
            at += pair.len() + 1;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Fields;

    #[test]
    fn cookies_are_read_as_they_are_set_and_carried() {
        let fields = [
            "sid=abc; Path=/; HttpOnly",
            "old=; Max-Age=0",
            "gone=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
            "bad",
            "=x",
        ];
        let fields = Fields(fields.map(|value| ("Set-Cookie".to_owned(), value.as_bytes().to_vec())).to_vec());
        let answer = Answer { fields, ..Answer::default() };
        let found: Vec<_> = set(&answer).map(|set| (set.name, set.value, set.deleted)).collect();
        assert_eq!(found, [("sid", "abc", false), ("old", "", true), ("gone", "x", true)]);
        let cookie = " a=1;b = two ; c; d=x=y";
        let fields = Fields(vec![("cookie".to_owned(), cookie.as_bytes().to_vec())]);
        let request = Request { fields, ..Request::default() };
        let found: Vec<_> = carried(&request).into_iter().map(|one| (one.name, one.value, &cookie[one.span])).collect();
        assert_eq!(found, [("a", "1", "1"), ("b", "two", "two"), ("d", "x=y", "x=y")]);
    }
}
