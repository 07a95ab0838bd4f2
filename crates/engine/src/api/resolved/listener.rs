//! Where clients connect.

use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr};

use crate::api::mode::Mode;
use crate::api::upgrade_match::UpgradeMatch;

/// Where clients connect.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ResolvedListener {
    /// The address to listen on.
    pub host: IpAddr,
    /// Whether it is on `::1` as well, beside 127.0.0.1.
    pub both_loopbacks: bool,
    /// The port; 0 is any free one, which only a configuration has that does not run.
    pub port: u16,
    /// What is spoken with clients.
    pub mode: Mode,
    /// Requests that go to a pool of their own, the first that matches counts: the listener's routes, then the names of pools.
    pub routes: Vec<ResolvedRoute>,
    /// The pool of all others; `None` where they are answered 404.
    pub pool: Option<String>,
    /// Whether pools have names here: then a host that no route has is answered 404, but `localhost` and addresses, which go to
    /// the pool.
    pub refuses_unknown_hosts: bool,
    /// Whether connections begin with a PROXY protocol header.
    pub proxy_protocol: bool,
    /// How it speaks TLS, if it does.
    pub tls: Option<ResolvedTls>,
}

impl Default for ResolvedListener {
    fn default() -> Self {
        ResolvedListener {
            host: Ipv4Addr::LOCALHOST.into(),
            both_loopbacks: false,
            port: 0,
            mode: Mode::default(),
            routes: Vec::new(),
            pool: None,
            refuses_unknown_hosts: false,
            proxy_protocol: false,
            tls: None,
        }
    }
}

/// Requests that go to a pool of their own. What is `None` matches everything; what is not must all match.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ResolvedRoute {
    /// Whether the request asks for another protocol.
    pub upgrade: Option<UpgradeMatch>,
    /// Whole segments that its path begins with: `/api` matches `/api` and `/api/cart`, not `/apiary`.
    pub path_prefix: Option<String>,
    /// The host it asks for, in lower case and without port; `*.` at its beginning stands for any name before the rest.
    pub host: Option<String>,
    /// The pool it goes to.
    pub pool: String,
}

/// How a listener speaks TLS.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ResolvedTls {
    /// The user's own certificates; none where they are made here, which no other program can do.
    pub certificates: Vec<ResolvedCertificate>,
    /// Whether TLS 1.3 is the oldest version that is spoken, and not 1.2.
    pub only_1_3: bool,
    /// Whether plain HTTP on this port is closed, and not sent to https.
    pub refuses_plain: bool,
}

/// A certificate and its private key, each the path of a PEM file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ResolvedCertificate {
    /// The certificate of the server, and behind it those that lead to a root.
    pub cert: String,
    /// Its private key.
    pub key: String,
}
