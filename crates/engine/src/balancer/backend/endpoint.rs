//! Where a backend is, and what requests and responses say of it.

use http::HeaderValue;

use crate::config::{Address, BackendConfig, BackendTls, ProxyProtocol};

/// Where a backend is, and what requests and responses say of it. Never changes: a backend at another address is another
/// backend.
pub(crate) struct Endpoint {
    /// Its address.
    pub(crate) address: Address,
    /// How its certificate is verified.
    pub(crate) tls: BackendTls,
    /// The PROXY protocol header that each connection to it begins with.
    pub(crate) proxy_protocol: Option<ProxyProtocol>,
    /// Whether its name is one of this machine's.
    pub(crate) is_local: bool,
    /// The `Host` of requests that carry the backend's own name.
    pub(crate) host_header: HeaderValue,
    /// The value of `x-backend` in responses.
    pub(crate) url_header: HeaderValue,
    /// The value of `x-backend-id` in responses.
    pub(crate) id_header: HeaderValue,
}

impl Endpoint {
    pub(super) fn new(config: &BackendConfig) -> Self {
        // Addresses are checked when they are read and hold visible ASCII only, so that a fallback is never used;
        // a Unix socket's path may hold anything.
        let header = |text: &str| HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("unix"));
        Endpoint {
            url_header: header(&config.address.to_string()),
            id_header: HeaderValue::from(config.id.get()),
            host_header: header(&config.address.authority()),
            is_local: config.address.is_local(),
            address: config.address.clone(),
            tls: config.tls.clone(),
            proxy_protocol: config.proxy_protocol,
        }
    }
}
