//! What an answer comes to, its data aside.

use super::limits::SHORTEST;
use super::url::Part;
use crate::who::is_login;
use crate::{Answer, End};

/// What an answer comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// 2xx, or 304.
    Fine,
    /// An upgrade.
    Upgraded,
    /// Nothing more came in the time there was.
    Held,
    /// A redirect, with the shape of the path it leads to.
    Redirect(String),
    /// 4xx or 5xx.
    Refused(u16),
    /// The connection ended early.
    Cut,
}

impl Class {
    pub(super) fn of(answer: &Answer) -> Self {
        match (answer.status, answer.end) {
            (101, _) => Class::Upgraded,
            (_, End::Cut) => Class::Cut,
            (status, _) if status >= 400 => Class::Refused(status),
            (_, End::Held) => Class::Held,
            (304, _) => Class::Fine,
            (300..=399, _) => answer.fields.text("location").map_or(Class::Fine, |to| Class::Redirect(shape(to))),
            _ => Class::Fine,
        }
    }

    /// Whether two answers come to the same. A long poll may be held in one run and answered in the next.
    pub(super) fn like(&self, other: &Class) -> bool {
        self == other || matches!((self, other), (Class::Fine, Class::Held) | (Class::Held, Class::Fine))
    }

    /// Whether the request did what it was for.
    pub(super) fn is_good(&self) -> bool {
        matches!(self, Class::Fine | Class::Upgraded | Class::Held | Class::Redirect(_)) && !self.is_to_login()
    }

    /// Whether it leads to a page where one logs in.
    pub(super) fn is_to_login(&self) -> bool {
        matches!(self, Class::Redirect(to) if is_login(to))
    }
}

/// A path or URL without its query, and with `*` for what may be an id.
pub(super) fn shape(url: &str) -> String {
    let path = Part::Path.of(url).or_else(|| Part::Target.of(url)).unwrap_or_else(|| url.to_owned());
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let segments: Vec<&str> = path.split('/').map(|segment| if may_be_id(segment) { "*" } else { segment }).collect();
    segments.join("/")
}

fn may_be_id(segment: &str) -> bool {
    let has = |kind: fn(&u8) -> bool| segment.bytes().any(|byte| kind(&byte));
    let mixed = segment.len() >= SHORTEST && has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase);
    segment.len() > 24 || mixed || has(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_has_no_host_query_or_id() {
        assert_eq!(shape("http://localhost:3000/items/17/edit?x=1"), "/items/*/edit");
        assert_eq!(shape("/login?next=/a"), "/login");
        assert_eq!(shape("login"), "login");
        assert_eq!(shape("/files/VxKdPqRsTuVwXyZaBcDeF"), "/files/*");
    }
}
