//! What told a client that lost its backend from other clients.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::IpAddr;

use super::text::Text;
use crate::untrusted::Untrusted;

/// Cookie names that are kept; of others only the number is.
const NAMED: usize = 4;

/// What told a client that lost its backend from other clients: names, never values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ToldApart {
    /// Its address, as far as trusted proxies are believed.
    pub address: IpAddr,
    /// The names of its cookies, those of the balancer left out: the first four.
    pub cookies: Vec<Untrusted<Text>>,
    /// How many more were compared. One without a name is only counted: all of it is a value.
    pub more_cookies: u32,
    /// The names of the header fields that were compared beside.
    pub fields: Vec<Text>,
    /// Requests that could not be told from this one's client had moved together before, and still come with the cookie of
    /// the lost backend: now the strategy decides for each.
    pub by_strategy: bool,
}

impl ToldApart {
    /// A client of whom nothing is known but its address.
    pub(crate) fn by_address(address: IpAddr) -> Self {
        ToldApart { address, cookies: Vec::new(), more_cookies: 0, fields: Vec::new(), by_strategy: false }
    }

    /// Notes one more cookie, whose name may be empty.
    pub(crate) fn has_cookie(&mut self, name: &[u8]) {
        if self.cookies.len() < NAMED && !name.is_empty() {
            self.cookies.push(Text::from_utf8_lossy(&name[..name.len().min(64)]).into());
        } else {
            self.more_cookies += 1;
        }
    }

    /// Whether it sent anything that is its own, and not the same for all who use this browser on this machine.
    pub fn is_personal(&self) -> bool {
        !self.cookies.is_empty() || self.more_cookies > 0 || self.fields.iter().any(|field| **field == *"Authorization")
    }
}

/// The names: `cookie "session", User-Agent, address`.
impl fmt::Display for ToldApart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, name) in self.cookies.iter().enumerate() {
            f.write_str(match (n, self.cookies.len()) {
                (0, 1) => "cookie ",
                (0, _) => "cookies ",
                _ => ", ",
            })?;
            write!(f, "\"{name}\"")?;
        }
        match (self.cookies.is_empty(), self.more_cookies) {
            (true, 0) => {}
            (false, 0) => f.write_str(", ")?,
            (false, more) => write!(f, " and {more} more, ")?,
            (true, 1) => f.write_str("1 cookie without a name, ")?,
            (true, more) => write!(f, "{more} cookies without a name, ")?,
        }
        for field in &self.fields {
            write!(f, "{field}, ")?;
        }
        f.write_str("address")
    }
}
