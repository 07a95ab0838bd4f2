//! stickylb_tui
pub mod balancer;
#[doc(hidden)]
pub mod cli;
pub mod config;
pub mod engine;
mod headless;
mod health;
pub mod listener;
mod process;
mod proxy;
#[cfg(feature = "tui")]
pub mod tui;
mod upstream;
pub mod visible;
