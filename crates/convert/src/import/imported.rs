//! What was read of another program's file, and what its readers share.

use serde_json::Value;

/// Said where the other program listens on every address.
pub(super) const OTHERS: &str =
    "it listens on 127.0.0.1, for this machine alone: add \"host\": \"0.0.0.0\" to let others in";

/// Said of settings about TLS: neither program ends it, so that what they mean in such a file only its author knows.
pub(super) const TLS: &str =
    "to speak TLS with clients add \"tls\": {\"certificates\": [{\"cert\": \"FILE\", \"key\": \"FILE\"}]} to it";

/// Whether a setting is about TLS, by its name.
pub(super) fn is_of_tls(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    ["tls", "ssl", "cert", "https"].iter().any(|part| key.contains(part))
}

/// A file's settings as our configuration.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Imported {
    /// Which program's file it was: `a LoadBalancer.js configuration`.
    pub kind: &'static str,
    /// Our configuration, as JSON. The file's values may be invalid: it is to be parsed before it is used.
    pub config: Value,
    /// Settings without a counterpart here, one sentence each.
    pub left_out: Vec<String>,
}

/// The host as a URL needs it: IPv6 in brackets.
pub(super) fn bracketed(host: &str) -> String {
    if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.to_owned() }
}

/// The value as a number, otherwise as text, which the configuration parser then rejects with a message.
pub(super) fn number(value: &str) -> Value {
    value.parse::<u64>().map_or_else(|_| value.into(), Value::from)
}
