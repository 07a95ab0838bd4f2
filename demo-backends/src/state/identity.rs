//! Who a backend is.

use std::net::SocketAddr;

use hyper::header::HeaderValue;
use serde::Serialize;

use crate::options::Options;

/// What does not change while a backend runs.
#[derive(Serialize)]
pub(crate) struct Identity {
    pub(crate) name: String,
    pub(crate) port: u16,
    pub(crate) pid: u32,
    pub(crate) letter: char,
    pub(crate) color: String,
    /// The colour as a header field can carry it.
    #[serde(skip)]
    pub(crate) served_color: HeaderValue,
    /// The name as a header field can carry it.
    #[serde(skip)]
    pub(crate) served_by: HeaderValue,
}

impl Identity {
    pub(crate) fn new(options: Options, address: SocketAddr) -> Self {
        Self {
            served_by: header_value(&options.name),
            name: options.name,
            port: address.port(),
            pid: std::process::id(),
            letter: options.letter,
            served_color: header_value(&options.color),
            color: options.color,
        }
    }
}

/// A header value may hold no control characters, and browsers read anything but
/// ASCII in it as Latin-1. The page and the JSON show the name unchanged.
fn header_value(name: &str) -> HeaderValue {
    let safe: String = name.chars().map(|c| if matches!(c, ' '..='~') { c } else { '?' }).collect();
    HeaderValue::from_str(safe.trim()).expect("only printable ASCII is left, and a header may hold all of it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_fit_a_header() {
        assert_eq!(header_value("a\r\nx: y\u{e9}"), "a??x: y?");
    }
}
