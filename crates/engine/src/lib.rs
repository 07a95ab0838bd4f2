//! A sticky-session load balancer for the machine you develop on, as a library.
//!
//! This is the engine of the `stickylb-tui` program, without its screen and command line. It accepts HTTP/1 requests,
//! WebSockets and other upgrades, or raw TCP connections, and forwards each to one of several backends. A client stays
//! with its backend, backends are health-checked, and a failed request is retried on another backend if that is safe
//! (RFC 9110 9.2.2).
//!
//! Create a [`Balancer`] with a builder ([`Balancer::builder`]), or from a [`Config`](config::Config) such as a file's
//! ([`config::parse`]). While it runs, it is used through three plain types: [`Command`](api::Command) as input,
//! [`Snapshot`](api::Snapshot) and [`Event`](api::Event) as output.
//!
//! # Start, observe, change, stop
//!
//! ```
//! use stickylb::Balancer;
//! use stickylb::api::{Command, Intent};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! let balancer = Balancer::builder()
//!     .backend("5000,weight=2")
//!     .backend("5001,name=spare")
//!     // Your own health check and access rule.
//!     .check(|backend| async move { Ok(format!("{} is as good as any", backend.name)) })
//!     .admission(|peer| if peer.ip().is_loopback() { Ok(()) } else { Err(format!("{peer} is a stranger")) })
//!     .start()
//!     .await?;
//! println!("open http://{}", balancer.address());
//!
//! balancer.command(Command::SetIntent { id: 1.into(), intent: Intent::Drain }).await?;
//! for backend in balancer.snapshot().backends {
//!     println!("{} is {} and has had {} requests", backend.name, backend.state, backend.requests);
//! }
//! balancer.stop().await; // lets requests finish; `end_now` does not
//! # Ok(())
//! # })
//! # }
//! ```
//!
//! # Several listeners and pools
//!
//! ```
//! use stickylb::Balancer;
//! use stickylb::config::{BackendConfig, ListenerConfig, PoolConfig, RouteConfig};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! let api = BackendConfig::new(7, "api".to_owned(), "http://localhost:5007".parse()?);
//! let web = BackendConfig::new(8, "web".to_owned(), "http://localhost:5008".parse()?);
//! let mut listener = ListenerConfig::new("web");
//! listener.port = 0; // any free one
//! let mut route = RouteConfig::new("api");
//! route.path_prefix = Some("/api".to_owned());
//! listener.routes.push(route);
//! let balancer = Balancer::builder()
//!     .listener(listener)
//!     .pool(PoolConfig::new("web", vec![web]))
//!     .pool(PoolConfig::new("api", vec![api]))
//!     .start()
//!     .await?;
//! assert_eq!(balancer.snapshot().pools.len(), 2);
//! balancer.end_now();
//! # Ok(())
//! # })
//! # }
//! ```
//!
//! # Overview
//!
//! | | |
//! |---|---|
//! | [`Balancer`], [`Builder`], [`Options`] | start, query, change and stop a balancer |
//! | [`api`] | its input and output while it runs |
//! | [`config`] | the configuration for start and reload, and its file format |
//! | [`EventReader`] | reads events in order; a slow reader misses events, but blocks nobody |
//! | [`CheckFunction`], [`KeyFunction`], [`Admission`] | your own functions for health checks, sticky keys and access |
//! | [`Copies`] | copies of a program to start, each on its own port |
//! | [`LocalAuthority`] | the authority that signs certificates made here, for programs that are to trust it |
//! | [`LocalHandle`] | a front end's handle to an engine in the same process |
//! | [`untrusted`] | text from outside, escaped when printed |
//!
//! # Threads
//!
//! Checks, commands and mail run on the tokio runtime that the balancer was started on, which must keep running and
//! must have its I/O and time drivers enabled. The balancer's own threads serve clients: one per processor, unless
//! [`workers`](Builder::workers) sets another number. A client connection stays on one thread. [`KeyFunction`]s and
//! [`Admission`]s are called on these threads and must not block; a [`CheckFunction`] must not block, either.
//!
//! # Errors
//!
//! All problems of a configuration are reported together, and nothing is started or changed then:
//! [`StartError`] from [`Builder::start`], [`Balancer::start`] and [`Balancer::reload`],
//! [`ConfigError`](config::ConfigError) from a file. A command that fails changes nothing and returns a
//! [`CommandError`](api::CommandError). Each message is one plain sentence, or one per problem. Trouble at run time is
//! reported as an [`Event`](api::Event), and as a [`Warning`](api::Warning) in the snapshot while it lasts.
//!
//! # Limits
//!
//! Protocols: HTTP/1.0 and HTTP/1.1 (RFC 9110, RFC 9112) and the PROXY protocol, over TLS 1.2 and 1.3 where a listener
//! has it. The resources of clients are limited ([`Limits`](config::Limits), [`AccessConfig`](config::AccessConfig)),
//! and optionally those of backends ([`BackendLimits`](config::BackendLimits)). Events are kept in a bounded history.
//! Starting processes requires the `stickylb-tui` program ([`Options::program`]).
//!
//! Most public enums and structs are `#[non_exhaustive]`. Structs for programs to build have a `new`, or a `Default`
//! whose fields can be set one by one.
//!
//! # Replaces
//!
//! Four balancers: smart-stick-loadbalancer, sticky-session-custom, LoadBalancer.js and WebsocketReverseProxy. Their
//! behaviour is kept where the documentation says so. See `docs/migrating/`.

// Public types may gain fields and variants: they must be `non_exhaustive`, or give a reason why not.
#![warn(clippy::exhaustive_enums, clippy::exhaustive_structs)]

mod access;
mod alert;
pub mod api;
mod balancer;
#[doc(hidden)]
pub mod bench;
pub mod config;
#[doc(hidden)]
pub mod fuzzing;
mod health;
mod listener;
mod process;
#[doc(hidden)]
pub mod program;
mod proxy;
mod proxy_protocol;
mod runtime;
mod state;
mod survive;
mod tls;
mod traffic;
pub mod untrusted;
mod upstream;
mod what_if;

pub use access::Admission;
pub use balancer::{Asking, KeyFunction};
pub use listener::ListenError;
pub use process::Copies;
pub use runtime::{Balancer, Builder, LocalHandle, Options, Source, StartError};
#[doc(hidden)]
pub use state::{Behind, HeadWatch};
pub use state::{CheckFunction, Checks, EventReader};
pub use tls::{LocalAuthority, TlsError};

/// The examples of docs/library.md, which are compiled and run as documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/library.md")]
pub struct LibraryPage;
