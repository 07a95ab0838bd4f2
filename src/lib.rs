//! A sticky-session load balancer for the machine you develop on.
//!
//! This is the library behind the `stickylb-tui` program: the engine without its screen, to be embedded.
//! [`Engine::start`](engine::Engine::start) takes a [`Config`](config::Config); from then on everything goes
//! through three plain types: [`Command`](engine::Command) in, [`Snapshot`](engine::Snapshot) and
//! [`Event`](engine::Event) out.
//!
//! ```
//! use stickylb_tui::balancer::Intent;
//! use stickylb_tui::config::Config;
//! use stickylb_tui::engine::{Command, Engine, Options};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! let mut config = Config::from_specs(&["5000,weight=2".parse()?, "5001,name=spare".parse()?]);
//! config.listeners[0].port = 0; // any free one
//!
//! let engine = Engine::start(config, Options::default()).await?;
//! println!("open http://{}", engine.address());
//!
//! engine.command(Command::SetIntent { id: 1, intent: Intent::Drain }).await?;
//! for backend in engine.snapshot().backends {
//!     println!("{} is {} and has had {} requests", backend.name, backend.state, backend.requests);
//! }
//! engine.stop().await;
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
#[cfg(feature = "tui")]
pub mod tui;
mod upstream;
pub mod visible;
