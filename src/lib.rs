//! A sticky-session load balancer for the machine you develop on.
//!
//! This is the library behind the `stickylb-tui` program: the engine without its screen, to be embedded. A [`Balancer`]
//! is built setting by setting, or from a [`Config`](config::Config) such as a file's; from then on everything goes
//! through three plain types: [`Command`](engine::Command) in, [`Snapshot`](engine::Snapshot) and
//! [`Event`](engine::Event) out.
//!
//! ```
//! use stickylb_tui::Balancer;
//! use stickylb_tui::balancer::Intent;
//! use stickylb_tui::engine::Command;
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
//! use stickylb_tui::Balancer;
//! use stickylb_tui::config::{BackendConfig, ListenerConfig, PoolConfig, RouteConfig};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! let api = BackendConfig::new(7, "api".to_owned(), "http://localhost:5007".parse()?);
//! let web = BackendConfig::new(8, "web".to_owned(), "http://localhost:5008".parse()?);
//! let mut listener = ListenerConfig::new("web");
//! listener.port = 0; // any free one
//! listener.routes.push(RouteConfig {
//!     path_prefix: Some("/api".to_owned()),
//!     pool: "api".to_owned(),
//!     ..RouteConfig::default()
//! });
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

mod access;
mod alert;
pub mod balancer;
#[doc(hidden)]
pub mod bench;
#[doc(hidden)]
pub mod cli;
pub mod config;
#[cfg(unix)]
mod control;
pub mod engine;
mod headless;
mod health;
mod http1;
pub mod listener;
mod process;
mod proxy;
mod proxy_protocol;
mod signals;
#[cfg(feature = "tui")]
pub mod tui;
mod upstream;
pub mod visible;
mod writable;

pub use engine::Balancer;
