//! Answers that want a client to log in.

use crate::Answer;
use crate::who::is_login;

/// Where the answer redirects to, in case that is a login: its path has a word such as `login`, `signin` or `auth`.
pub(super) fn login(answer: &Answer) -> Option<&str> {
    if !matches!(answer.status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = answer.fields.text("location")?.trim();
    let behind_host = match location.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("", |slash| &rest[slash..]),
        None => location,
    };
    let path = behind_host.split(['?', '#']).next().unwrap_or_default();
    is_login(path).then_some(path)
}
