//! A backend's address, and the header values derived from it.

use http::HeaderValue;

use crate::config::{Address, BackendConfig, BackendTls, ProxyProtocol};

/// A backend's address, and the header values derived from it. Immutable: a backend with another address is a new one.
#[derive(Clone)]
pub(crate) struct Endpoint {
    pub(crate) address: Address,
    /// How its certificate is verified.
    pub(crate) tls: BackendTls,
    /// The version of the PROXY protocol header that each connection to it begins with, if any.
    pub(crate) proxy_protocol: Option<ProxyProtocol>,
    /// Whether its host is a name or address of this machine.
    pub(crate) is_local: bool,
    /// The `Host` value for requests that name the backend instead of the client's host.
    pub(crate) host_header: HeaderValue,
    /// The value of `x-backend` in responses.
    pub(crate) url_header: HeaderValue,
    /// The value of `x-backend-id` in responses.
    pub(crate) id_header: HeaderValue,
}

impl Endpoint {
    pub(super) fn new(config: &BackendConfig) -> Self {
        // The fallback is for the path of a Unix socket, which may contain anything; the configuration restricts all
        // other addresses to visible ASCII.
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
