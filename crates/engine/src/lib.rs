//! A sticky-session load balancer for the machine you develop on.
//!
//! This is the engine behind the `stickylb-tui` program, without its screen and its command line, to be embedded. A [`Balancer`]
//! is built setting by setting, or from a [`Config`](config::Config) such as a file's; from then on everything goes
//! through three plain types: [`Command`](api::Command) in, [`Snapshot`](api::Snapshot) and
//! [`Event`](api::Event) out.
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
//! balancer.command(Command::SetIntent { id: 1, intent: Intent::Drain }).await?;
//! for backend in balancer.snapshot().backends {
//!     println!("{} is {} and has had {} requests", backend.name, backend.state, backend.requests);
//! }
//! balancer.stop().await; // lets requests finish; `end_now` does not
//! # Ok(())
//! # })
//! # }
//! ```
//!
//! Several listeners and pools:
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
//! The folders of `src/` are the picture of the system; `ARCHITECTURE.md` shows how they fit together.

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
