//! What binds a client to its backend: the `sticky` section.

use std::time::Duration;

use super::cookie::CookieConfig;
use super::keys::Keys;
use super::written::Named;
use crate::api::StickyBy;

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
        let by = "cookie, ip, header:NAME, query:NAME, learn:FROM or off; ip is the default in TCP mode";
        let says_by = keys.set("by", by, &mut self.by, |n| {
            n.hint("pattern", "^(cookie|ip|off|header:.+|query:.+)$").parsed(str::parse)
        });
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
        says_by
    }
}
