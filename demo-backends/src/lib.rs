//! Small HTTP backends that make a sticky-session load balancer visible.
//!
//! Each backend serves a page that says, large and in its own colour, which
//! backend answered, and one path for each thing that a balancer has to handle
//! well: slow responses, streams, server-sent events, WebSockets, sessions in
//! memory, errors, failing health checks. Start several with different names, and a balancer in front.
//!
//! `server` accepts connections, `router` finds the handler of a path, `handlers`
//! answer, `state` is what they share. Each uses only what comes after it.
//!
//! | Path | Response |
//! |---|---|
//! | `/` | the page |
//! | `/whoami` | this backend as JSON |
//! | `/echo`, `/echo/…` | the request as JSON, for any method |
//! | `/slow?ms=2000` | the same as `/whoami` after that time, at most 30 s |
//! | `/session` | how often this browser has been here, by a cookie that this backend alone knows |
//! | `/status/NNN` | that status code, 200 to 599 |
//! | `/bytes/N` | `N` bytes, at most 1 GiB, with a content length |
//! | `/chunks?n=10&ms=100` | `n` chunks, `ms` apart |
//! | `/events` | one server-sent event each second |
//! | `/ws` | WebSocket echo |
//! | `/chat?name=ann` | WebSocket chat room; with `&hello` its first message says which backend it is on |
//! | `/health` | 200, or 503 while failing |
//! | `POST /health/fail` | fail from now on, or with `?for=20` for 20 seconds |
//! | `POST /health/ok` | pass again |
//!
//! ```no_run
//! # async fn run() -> std::io::Result<()> {
//! use std::net::{IpAddr, Ipv4Addr};
//!
//! let options = demo_backends::Options {
//!     name: "alpha".to_owned(),
//!     host: IpAddr::V4(Ipv4Addr::LOCALHOST),
//!     port: 0,
//!     letter: 'A',
//!     color: "#0072b2".to_owned(),
//! };
//! let forever = std::future::pending();
//! demo_backends::serve(options, |address| println!("http://{address}/"), forever).await
//! # }
//! ```

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod handlers;
mod ink;
mod options;
mod query;
mod response;
mod router;
mod server;
mod state;

pub use options::Options;
pub use server::serve;
