//! The sticky cookie: `sticky.cookie`.

use super::keys::Keys;
use super::node::Node;
use super::token::{TOKEN, is_token};
use super::written::Named as _;
use crate::api::SameSite;

/// Bytes that a cookie's name may have.
const LONGEST_NAME: usize = 64;

/// The sticky cookie.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct CookieConfig {
    /// `X-Backend-ID` unless set.
    pub name: String,
    /// Seconds the browser keeps it; without it, until the browser ends.
    pub max_age: Option<u64>,
    /// `SameSite` attribute.
    pub same_site: SameSite,
    /// `Secure` attribute; `None` is `"auto"`: where every listener that leads to the pool speaks TLS.
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
    pub(crate) fn read(&mut self, keys: &mut Keys<'_, '_>) {
        keys.set("name", "In one of several pools X-Backend-ID-POOL unless set", &mut self.name, |n| {
            n.hint("minLength", 1)
                .hint("maxLength", LONGEST_NAME)
                .hint("pattern", TOKEN)
                .parsed(|name| cookie_name(name).map(|()| name.to_owned()))
        });
        self.max_age = keys.get("maxAge", "How long browsers keep it, in seconds; until they end unless set", |n| {
            n.integer(0, u64::from(u32::MAX))
        });
        keys.set("sameSite", "Its SameSite attribute", &mut self.same_site, |n| n.one_of(SameSite::NAMES));
        self.secure = keys
            .get(
                "secure",
                "Its Secure attribute; auto is where every listener that leads to the pool speaks TLS",
                |n| {
                    let set = |n: Node<'_, '_>| n.boolean().map(Some);
                    n.hint("default", "auto").either(n.is_string(), |n| n.one_of(&[("auto", None)]), set)
                },
            )
            .flatten();
        if self.same_site == SameSite::None && self.secure != Some(true) {
            keys.wrong::<()>("browsers drop a cookie with sameSite None that is not secure: set 'secure' to true");
        }
        keys.set("path", "Its Path attribute", &mut self.path, attribute);
        self.domain = keys.get("domain", "Its Domain attribute", attribute);
    }

    /// What cannot stand in a `Set-Cookie` line.
    pub(crate) fn problems(&self) -> Vec<String> {
        let attributes = std::iter::once(&self.path).chain(&self.domain);
        let attributes = attributes.filter_map(|value| cookie_attribute(value).err());
        cookie_name(&self.name).err().into_iter().chain(attributes).collect()
    }
}

/// An attribute's value.
fn attribute(n: Node<'_, '_>) -> Option<String> {
    n.hint("minLength", 1).parsed(|value| cookie_attribute(value).map(|()| value.to_owned()))
}

/// RFC 6265 4.1.1: a cookie name is a token, as a header name is.
fn cookie_name(name: &str) -> Result<(), String> {
    if is_token(name) && name.len() <= LONGEST_NAME {
        Ok(())
    } else {
        Err(format!("'{name}' is not a cookie name: write letters, digits, - and _, at most {LONGEST_NAME}"))
    }
}

/// RFC 6265 4.1.1: an attribute's value ends at a semicolon.
fn cookie_attribute(value: &str) -> Result<(), String> {
    if !value.is_empty() && value.bytes().all(|b| (0x21..0x7f).contains(&b) && b != b';' && b != b',') {
        Ok(())
    } else {
        Err(format!("'{value}' cannot stand in a cookie: no spaces, ';' or ','"))
    }
}
