//! What a backend is started with.

use std::net::IpAddr;

/// Who a backend is and where it listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The name shown on the page and sent as `x-served-by`, such as `alpha`.
    pub name: String,
    /// The address to listen on.
    pub host: IpAddr,
    /// The port to listen on; 0 takes any free one.
    pub port: u16,
    /// The letter that stands for it where there is no room for its name.
    pub letter: char,
    /// Its colour, as `#rrggbb`.
    pub color: String,
}
