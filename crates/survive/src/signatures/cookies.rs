//! Cookies in requests and answers.

use super::login::login;
use crate::who::{is_logout, is_session_cookie, may_log_in};
use crate::{Answer, Exchange, Request};

/// The cookies of a request, in their order.
pub(super) fn sent(request: &Request) -> Vec<(&str, &str)> {
    let fields = request.fields.named("cookie").filter_map(|value| std::str::from_utf8(value).ok());
    fields.flat_map(|value| value.split(';')).filter_map(|one| one.trim().split_once('=')).collect()
}

/// The cookies that an answer sets, by name and value; one that it deletes has none.
pub(super) fn set(answer: &Answer) -> Vec<(&str, &str)> {
    let fields = answer.fields.named("set-cookie").filter_map(|value| std::str::from_utf8(value).ok());
    fields.filter_map(|value| value.split(';').next()?.trim().split_once('=')).collect()
}

/// What scripts of statistics set, which changes as time passes and means nothing to the server.
fn is_of_statistics(name: &str) -> bool {
    const BEGINNINGS: [&str; 12] =
        ["_ga", "_gid", "_gat", "_gcl", "_fbp", "_hj", "_pk_", "_ym", "ajs_", "amp_", "amplitude", "mp_"];
    BEGINNINGS.iter().any(|beginning| name.starts_with(beginning))
}

/// What says to the server who a client is: its cookies in the order of their names, and its credentials.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Who {
    cookies: Vec<(String, String)>,
    authorization: Vec<u8>,
}

impl Who {
    pub(super) fn of(request: &Request) -> Self {
        let cookies = sent(request).into_iter().filter(|(name, _)| !is_of_statistics(name));
        let mut cookies: Vec<(String, String)> =
            cookies.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        cookies.sort();
        let authorization = request.fields.named("authorization").next().unwrap_or_default().to_vec();
        Who { cookies, authorization }
    }

    /// Who it is after this answer.
    pub(super) fn after(mut self, answer: &Answer) -> Self {
        for (name, value) in set(answer).into_iter().filter(|(name, _)| !is_of_statistics(name)) {
            self.cookies.retain(|(one, _)| one != name);
            if !value.is_empty() {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        self.cookies.sort();
        self
    }

    /// Whether the server cannot tell it from any other.
    pub(super) fn is_nobody(&self) -> bool {
        self.cookies.is_empty() && self.authorization.is_empty()
    }

    /// Whether a cookie or the credentials are the same.
    pub(super) fn shares(&self, other: &Who) -> bool {
        !self.authorization.is_empty() && self.authorization == other.authorization
            || self.cookies.iter().any(|cookie| other.cookies.contains(cookie))
    }

    /// Whether a request, sent by `other`, can have changed who this is to a server: one of its own, or of somebody without
    /// cookies, who can be the same person. A redirect that leads on from a login is its end.
    pub(super) fn may_change_by(&self, exchange: &Exchange, other: &Who) -> bool {
        let Exchange { request, answer, .. } = exchange;
        let is_login = may_log_in(request.path()) && (300..400).contains(&answer.status) && login(answer).is_none();
        let changes = !request.is_safe() || is_logout(request.path()) || is_login;
        changes && (other.shares(self) || other.is_nobody())
    }

    /// Whether it has this cookie.
    pub(super) fn has(&self, name: &str, value: &str) -> bool {
        self.cookies.iter().any(|(one, other)| one == name && other == value)
    }

    /// The cookie that is the session's: the one that looks like it, or the only one.
    pub(super) fn session(&self) -> Option<&str> {
        let likely = self.cookies.iter().map(|(name, _)| name.as_str()).find(|name| is_session_cookie(name));
        let only = match self.cookies.as_slice() {
            [(name, _)] => Some(name.as_str()),
            _ => None,
        };
        likely.or(only)
    }
}
