//! What binds a client to its backend.

use std::time::Duration;

use crate::api::StickyBy;

/// Where a request goes that brings no key, by header or query.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissingKey {
    /// Wherever the strategy sends it.
    #[default]
    Balance,
    /// All of them to one backend.
    Fixed,
}

/// What becomes of a request whose own backend cannot have it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnFailure {
    /// It goes to another one, and stays there.
    #[default]
    Switch,
    /// It is answered 503 until its own is back.
    Fail,
}

/// `SameSite` of the sticky cookie (RFC 6265bis 4.1.2.7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SameSite {
    /// Sent on top-level navigation from other sites.
    #[default]
    Lax,
    /// Never sent from other sites.
    Strict,
    /// Sent from everywhere; browsers ask for `Secure` beside it.
    None,
}

/// The sticky cookie.
#[derive(Clone, Debug, PartialEq)]
pub struct CookieConfig {
    /// `X-Backend-ID` unless set.
    pub name: String,
    /// Seconds the browser keeps it; without it, until the browser ends.
    pub max_age: Option<u64>,
    /// `SameSite` attribute.
    pub same_site: SameSite,
    /// `Secure` attribute; `None` is `"auto"`: only under TLS.
    pub secure: Option<bool>,
    /// `Path` attribute.
    pub path: String,
    /// `Domain` attribute.
    pub domain: Option<String>,
}

impl Default for CookieConfig {
    fn default() -> Self {
        CookieConfig {
            name: "X-Backend-ID".to_owned(),
            max_age: None,
            same_site: SameSite::Lax,
            secure: None,
            path: "/".to_owned(),
            domain: None,
        }
    }
}

impl CookieConfig {
    /// What cannot stand in a `Set-Cookie` line.
    pub(crate) fn problems(&self) -> Vec<String> {
        let attributes = std::iter::once(&self.path).chain(&self.domain);
        let attributes = attributes.filter_map(|value| cookie_attribute(value).err());
        cookie_name(&self.name).err().into_iter().chain(attributes).collect()
    }
}

/// RFC 6265 4.1.1: a cookie name is a token, as a header name is.
pub(crate) fn cookie_name(name: &str) -> Result<(), String> {
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    if !name.is_empty() && name.len() <= 64 && name.bytes().all(token) {
        Ok(())
    } else {
        Err(format!("'{name}' is not a cookie name: write letters, digits, - and _, at most 64"))
    }
}

/// RFC 6265 4.1.1: an attribute's value ends at a semicolon.
pub(crate) fn cookie_attribute(value: &str) -> Result<(), String> {
    if !value.is_empty() && value.bytes().all(|b| (0x21..0x7f).contains(&b) && b != b';' && b != b',') {
        Ok(())
    } else {
        Err(format!("'{value}' cannot stand in a cookie: no spaces, ';' or ','"))
    }
}

/// Stickiness as a whole.
#[derive(Clone, Debug, PartialEq)]
pub struct StickyConfig {
    /// What binds a client to its backend.
    pub by: StickyBy,
    /// The cookie of [`StickyBy::Cookie`].
    pub cookie: CookieConfig,
    /// What becomes of requests without a key.
    pub missing: MissingKey,
    /// What becomes of clients whose backend is out.
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
