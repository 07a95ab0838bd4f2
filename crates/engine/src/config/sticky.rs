//! What binds a client to its backend: the `sticky` section.

use jsonc_parser::ast::Value;
use std::time::Duration;

use super::cookie::CookieConfig;
use super::keys::Keys;
use super::node::Node;
use super::written::Named;
use crate::api::{LearnFrom, StickyBy};

/// Where a request goes that has no key, by header or query.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum MissingKey {
    /// Wherever the strategy sends it.
    #[default]
    Balance,
    /// All of them to one backend.
    Fixed,
}

impl Named for MissingKey {
    const NAMES: &'static [(&'static str, Self)] = &[("balance", MissingKey::Balance), ("fixed", MissingKey::Fixed)];
}

/// What happens to a request whose own backend cannot take it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnFailure {
    /// It goes to another one, and stays there.
    #[default]
    Switch,
    /// It is answered 503 until its own is back.
    Fail,
}

impl Named for OnFailure {
    const NAMES: &'static [(&'static str, Self)] = &[("switch", OnFailure::Switch), ("fail", OnFailure::Fail)];
}

/// Stickiness as a whole.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct StickyConfig {
    /// What binds a client to its backend.
    pub by: StickyBy,
    /// Whether a person wrote [`by`](StickyConfig::by), so that it is no default.
    pub is_written: bool,
    /// The cookie of [`StickyBy::Cookie`].
    pub cookie: CookieConfig,
    /// What happens to requests without a key.
    pub missing: MissingKey,
    /// What happens to clients whose backend is out.
    pub on_failure: OnFailure,
    /// How long an address is remembered after its last connection has closed, in TCP mode.
    pub expiry: Duration,
}

impl Default for StickyConfig {
    fn default() -> Self {
        StickyConfig {
            by: StickyBy::default(),
            is_written: false,
            cookie: CookieConfig::default(),
            missing: MissingKey::default(),
            on_failure: OnFailure::default(),
            expiry: Duration::from_secs(30),
        }
    }
}

impl StickyConfig {
    /// Reads the section; tells whether it says what binds a client.
    pub(crate) fn read(&mut self, keys: &mut Keys<'_, '_>) -> bool {
        let by = "cookie, ip, header:NAME, query:NAME, learn with from, or off; ip is the default in TCP mode";
        let mut learns = false;
        let says_by = keys.set("by", by, &mut self.by, |n| {
            let n = n.hint("pattern", "^(cookie|ip|off|header:.+|query:.+|learn|learn:.+)$");
            learns = matches!(n.value, Value::StringLit(word) if word.value == "learn");
            if learns { None } else { n.parsed(str::parse) }
        });
        let from = "Where learn finds the ids that backends give out: mcp, socket.io, signalr, streamlit, gradio, header:NAME, \
                    cookie:NAME, json:/pointer=query:NAME, or a list of them";
        let sources =
            keys.get("from", from, |n| n.either(n.is_array(), all_sources, |n| source(n).map(|source| vec![source])));
        match (learns, keys.has("from"), sources) {
            (true, false, _) => {
                keys.wrong_at("by", "learn needs to be told from what: write \"from\": \"mcp\" beside it".to_owned());
            }
            (false, true, _) => keys.wrong_at("from", "is for \"by\": \"learn\" alone: leave it out".to_owned()),
            (true, true, Some(sources)) => match StickyBy::learn(sources) {
                Ok(by) => self.by = by,
                Err(message) => keys.wrong_at("from", message),
            },
            _ => {}
        }
        keys.set(
            "expiry",
            "In TCP mode, how long an address is remembered after its last connection has closed",
            &mut self.expiry,
            |n| n.millis(0),
        );
        keys.section("cookie", "The cookie of by: cookie", &mut self.cookie, CookieConfig::read);
        keys.set(
            "missing",
            "A request without the header or parameter goes where the strategy says, or all of them to one backend",
            &mut self.missing,
            |n| n.one_of(MissingKey::NAMES),
        );
        keys.set(
            "onFailure",
            "A client whose backend is out goes to another, or is answered 503 until it is back",
            &mut self.on_failure,
            |n| n.one_of(OnFailure::NAMES),
        );
        self.is_written |= says_by || learns;
        says_by || learns
    }
}

/// A list of sources; `None` where one is wrong.
fn all_sources(n: Node<'_, '_>) -> Option<Vec<LearnFrom>> {
    let mut sources = Vec::new();
    let count = n.each(|n| sources.extend(source(n)))?;
    (sources.len() == count).then_some(sources)
}

/// One source of learned stickiness: a word, or an object that says where the backend writes the id and where the client
/// brings it.
fn source(n: Node<'_, '_>) -> Option<LearnFrom> {
    n.either(
        n.is_string(),
        |n| {
            let words = "^(mcp|socket\\.io|signalr|streamlit|gradio|header:.+|cookie:.+|.+=.+)$";
            n.hint("pattern", words).parsed(str::parse)
        },
        |n| {
            if n.schema.is_none() && !matches!(n.value, Value::Object(_)) {
                return n.expected("a source such as \"mcp\", or an object");
            }
            n.object(|keys| {
                let response = keys.get(
                    "response",
                    "Where the backend writes the id: header:NAME, cookie:NAME or json:/pointer",
                    |n| n.hint("pattern", "^(header|cookie|json):.+$").parsed(str::parse),
                );
                let request =
                    keys.get("request", "Where the client brings it: header:NAME, cookie:NAME or query:NAME", |n| {
                        n.hint("pattern", "^(header|cookie|query):.+$").parsed(str::parse)
                    });
                keys.require("response", "needs 'response', where the backend writes the id: json:/connectionToken");
                keys.require("request", "needs 'request', where the client brings the id: query:id");
                Some(LearnFrom::Id { response: response?, request: request? })
            })?
        },
    )
}
