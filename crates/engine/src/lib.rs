//! A sticky-session load balancer for the machine you develop on, as a library.
//!
//! This is the engine behind the `stickylb-tui` program, without its screen and its command line. It takes HTTP/1 requests,
//! WebSockets and other upgrades, or raw TCP connections, and gives each to one of several backends: a client stays with the
//! backend it has, backends are checked, and a request that failed is tried on another where that is safe (RFC 9110 9.2.2).
//!
//! A [`Balancer`] is built setting by setting ([`Balancer::builder`]), or from a [`Config`](config::Config) such as a file's
//! ([`config::parse`]). From then on everything goes through three plain types: [`Command`](api::Command) in,
//! [`Snapshot`](api::Snapshot) and [`Event`](api::Event) out.
//!
//! # Start, see, change, stop
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
//!     // A check, and a rule for who may come in, of this program's own.
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
//! # What there is
//!
//! | | |
//! |---|---|
//! | [`Balancer`], [`Builder`], [`Options`] | start it, ask it, change it, stop it |
//! | [`api`] | what goes in and out while it runs |
//! | [`config`] | what it is told at the start and by a reload, and how a file is read |
//! | [`EventReader`] | what happens, read in order; a slow reader misses events and holds up nobody |
//! | [`CheckFunction`], [`KeyFunction`], [`Admission`] | functions of your own in place of a configured check, sticky key and access rule |
//! | [`Copies`] | processes of a program that it starts, each on a port of its own |
//! | [`LocalHandle`] | what a screen knows an engine by |
//! | [`untrusted`] | text from outside, which is safe to print |
//!
//! # Threads
//!
//! Checks, commands and mail run on the tokio runtime that the balancer was started on, which must go on running and must
//! have its I/O and time drivers enabled. Clients are served by threads of the balancer's own, one for each processor unless
//! [`workers`](Builder::workers) says otherwise; a client stays with its thread. [`KeyFunction`]s and [`Admission`]s are called
//! on those threads and must not block; neither must a [`CheckFunction`].
//!
//! # Errors
//!
//! Whatever is wrong with a configuration is told together, and then nothing was started or changed:
//! [`StartError`] from [`Builder::start`], [`Balancer::start`] and [`Balancer::reload`], [`ConfigError`](config::ConfigError)
//! from a file. A command that is not carried out changes nothing and says why
//! ([`CommandError`](api::CommandError)). Each is one plain sentence, or one for each problem. What goes wrong while it runs
//! is an [`Event`](api::Event), and a [`Warning`](api::Warning) in the snapshot for as long as it is so.
//!
//! # Limits
//!
//! It speaks HTTP/1.0 and HTTP/1.1 (RFC 9110, RFC 9112) and the PROXY protocol, and no TLS to clients. What clients may use is
//! bounded ([`Limits`](config::Limits), [`AccessConfig`](config::AccessConfig)), and so are backends, where it is asked for
//! ([`BackendLimits`](config::BackendLimits)). Events are kept in a bounded history. Starting processes needs the
//! `stickylb-tui` program ([`Options::program`]).
//!
//! Most public enums and structs are `#[non_exhaustive]`: those that programs build have a `new`, or a `Default` whose fields
//! are set one by one.
//!
//! # Where it comes from
//!
//! It takes the place of four balancers, whose behaviour it keeps where its documentation names them:
//! smart-stick-loadbalancer, sticky-session-custom, LoadBalancer.js and WebsocketReverseProxy. `docs/migrating/` says what
//! each of them becomes.

// What is public may grow: whoever uses it is told so by the compiler, or why it does not.
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
pub mod untrusted;
mod upstream;

pub use access::Admission;
pub use balancer::{Asking, KeyFunction};
pub use listener::ListenError;
pub use process::Copies;
pub use runtime::{Balancer, Builder, LocalHandle, Options, Source, StartError};
#[doc(hidden)]
pub use state::{Behind, HeadWatch};
pub use state::{CheckFunction, Checks, EventReader};

/// The examples of docs/library.md, which are compiled and run as documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/library.md")]
pub struct LibraryPage;
