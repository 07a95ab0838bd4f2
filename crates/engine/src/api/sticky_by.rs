//! What binds a client to its backend.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

use super::learn_from::{IdInRequest, IdInResponse, LearnFrom, LearnPreset, is_parameter};
use crate::untrusted::Untrusted;

/// What binds a client to its backend. It is parsed from and displayed as the word that files and the command line have for
/// it: `cookie`, `ip`, `header:NAME`, `query:NAME`, `learn:FROM[,FROM…]`, `off`; the strings are also its JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[non_exhaustive]
pub enum StickyBy {
    /// A cookie whose value is the backend's id (RFC 6265).
    #[default]
    Cookie,
    /// The client's address, as far as trusted proxies are believed.
    Ip,
    /// A header field of this name, in any case.
    Header(Arc<str>),
    /// The first parameter of this name in the query, in this case.
    Query(Arc<str>),
    /// An id that a backend gives out, learned from its responses: at least one source, each once.
    Learn(Arc<[LearnFrom]>),
    /// What a [function](crate::KeyFunction) of an embedding program makes of the request; no file and no command line has it.
    Custom,
    /// Nothing: every request is balanced anew.
    Off,
}

impl StickyBy {
    /// Learned stickiness from these sources, at least one.
    ///
    /// # Errors
    /// There is none, or one twice; as one sentence.
    pub fn learn(sources: Vec<LearnFrom>) -> Result<Self, String> {
        if sources.is_empty() {
            return Err("nothing to learn from is named: write \"mcp\" or \"cookie:JSESSIONID\"".to_owned());
        }
        let twice = sources.iter().enumerate().find(|(n, source)| sources[..*n].contains(source));
        if let Some((_, source)) = twice {
            return Err(format!("'{source}' is written twice: leave one"));
        }
        Ok(StickyBy::Learn(sources.into()))
    }

    /// What learns the id that this hashes, where backends may make it.
    pub fn learned(&self) -> Option<StickyBy> {
        let source = match self {
            StickyBy::Header(name) if name.eq_ignore_ascii_case("Mcp-Session-Id") => {
                LearnFrom::Preset(LearnPreset::Mcp)
            }
            StickyBy::Header(name) => {
                let (response, request) =
                    (IdInResponse::Header(Arc::clone(name)), IdInRequest::Header(Arc::clone(name)));
                LearnFrom::Id { response, request }
            }
            StickyBy::Query(name) if **name == *"sid" => LearnFrom::Preset(LearnPreset::SocketIo),
            StickyBy::Query(name) if **name == *"id" => LearnFrom::Preset(LearnPreset::SignalR),
            _ => return None,
        };
        Some(StickyBy::Learn([source].into()))
    }

    /// What is wrong with this where backends make the id that it hashes, as one sentence with what to write.
    pub fn hashes_what_backends_make(&self) -> Option<String> {
        let learned = self.learned()?;
        let from = learned.to_string();
        let from = from.strip_prefix("learn:").unwrap_or(&from);
        Some(format!(
            "sticky {self}: this id comes from the backend: use learn, --sticky learn:{from} or \
             \"sticky\": {{\"by\": \"learn\", \"from\": \"{from}\"}}"
        ))
    }

    /// The same where that is known of the name alone.
    pub fn is_known_to_come_from_backends(&self) -> Option<String> {
        let known = match self {
            StickyBy::Header(name) => name.eq_ignore_ascii_case("Mcp-Session-Id"),
            StickyBy::Query(name) => **name == *"sid",
            _ => false,
        };
        known.then(|| self.hashes_what_backends_make())?
    }

    /// What stickiness is, in words behind `is`: `by ip`, `off`.
    pub fn in_words(&self) -> String {
        if *self == StickyBy::Off { self.to_string() } else { format!("by {self}") }
    }
}

impl fmt::Display for StickyBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StickyBy::Cookie => f.write_str("cookie"),
            StickyBy::Ip => f.write_str("ip"),
            StickyBy::Header(name) => write!(f, "header:{}", Untrusted::new(name)),
            StickyBy::Query(name) => write!(f, "query:{}", Untrusted::new(name)),
            StickyBy::Learn(sources) => {
                for (n, source) in sources.iter().enumerate() {
                    write!(f, "{}{source}", if n == 0 { "learn:" } else { "," })?;
                }
                Ok(())
            }
            StickyBy::Custom => f.write_str("a key of its own"),
            StickyBy::Off => f.write_str("off"),
        }
    }
}

impl std::str::FromStr for StickyBy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match (text, text.split_once(':')) {
            ("cookie", _) => Ok(StickyBy::Cookie),
            ("ip", _) => Ok(StickyBy::Ip),
            ("off", _) => Ok(StickyBy::Off),
            (_, Some(("header", name))) if name.parse::<http::HeaderName>().is_ok() => {
                Ok(StickyBy::Header(name.into()))
            }
            (_, Some(("header", name))) => {
                Err(format!("'{}' is not a header name: write header:X-User", Untrusted::new(name)))
            }
            (_, Some(("query", name))) if is_parameter(name) => Ok(StickyBy::Query(name.into())),
            (_, Some(("query", name))) => {
                Err(format!("'{}' is not a parameter's name: write query:user", Untrusted::new(name)))
            }
            (_, Some(("learn", from))) => {
                StickyBy::learn(from.split(',').map(str::parse).collect::<Result<Vec<LearnFrom>, String>>()?)
            }
            ("learn", _) => {
                Err("learn needs to be told from what: write learn:mcp or learn:cookie:JSESSIONID".to_owned())
            }
            _ => {
                let text = Untrusted::new(text);
                let modes = "cookie, ip, header:NAME, query:NAME, learn:FROM or off";
                Err(format!("unknown sticky mode '{text}': write {modes}"))
            }
        }
    }
}

impl TryFrom<String> for StickyBy {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<StickyBy> for String {
    fn from(by: StickyBy) -> String {
        by.to_string()
    }
}
