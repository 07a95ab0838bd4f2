//! Small HTTP backends that make a sticky-session load balancer visible.
//!
//! Each backend serves a page that says, large and in its own colour, who
//! answered; and one address for each thing a balancer must carry well: slow
//! answers, streams, server-sent events, WebSockets, errors, failing health
//! checks. Start several with different names and put a balancer before them.
//!
//! | Address | Answer |
//! |---|---|
//! | `/` | the page |
//! | `/whoami` | this backend as JSON |
//! | `/echo`, `/echo/…` | the request as JSON, for any method |
//! | `/slow?ms=2000` | the same as `/whoami`, after a wait of at most 30 s |
//! | `/status/NNN` | that status code, 200 to 599 |
//! | `/bytes/N` | `N` bytes, at most 1 GiB, with a content length |
//! | `/chunks?n=10&ms=100` | `n` chunks, `ms` apart |
//! | `/events` | one server-sent event each second |
//! | `/ws` | WebSocket echo |
//! | `/chat?name=ann` | WebSocket room; with `&hello` its first message says who answered |
//! | `/health` | 200, or 503 while failing |
//! | `POST /health/fail` | fail from now on, or with `?for=20` for 20 seconds |
//! | `POST /health/ok` | heal |
//!
//! ```no_run
//! # async fn run() -> std::io::Result<()> {
//! use std::net::{IpAddr, Ipv4Addr};
//!
//! let options = demo_backends::Options {
//!     name: "alpha".to_owned(),
//!     host: IpAddr::V4(Ipv4Addr::LOCALHOST),
//!     port: 0,
//!     color: 0,
//! };
//! let forever = std::future::pending();
//! demo_backends::serve(options, |address| println!("http://{address}/"), forever).await
//! # }
//! ```

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod backend;
mod chat;
mod echo;
mod events;
mod health;
mod page;
mod palette;
mod query;
mod reply;
mod route;
mod server;
mod shapes;
mod socket;

use std::net::IpAddr;

pub use server::serve;

/// Who a backend is and where it listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The name shown on the page and sent as `x-served-by`, such as `alpha`.
    pub name: String,
    /// The address to listen on.
    pub host: IpAddr,
    /// The port to listen on; 0 takes any free one.
    pub port: u16,
    /// Which colour of the palette to wear; past its end it begins again.
    pub color: usize,
}
