//! The screen on a real pseudo-terminal, and actions from there.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod background;
mod band;
mod bodies;
mod chaos_screen;
mod commands;
mod copies;
mod editing;
mod export;
mod flow;
mod har;
mod hostile_text;
mod https_screen;
mod inspector;
mod keys;
mod learn_screen;
mod learned;
mod log_file;
mod named_pipes;
mod navigation;
mod outputs;
mod presenter;
mod prompt;
mod routing_log;
mod server;
mod stalled_terminal;
#[path = "../support/mod.rs"]
mod support;
mod survive_screen;
mod suspend;
mod terminal;
mod traffic_screen;
mod trouble;
mod user_screen;
mod watched;
mod what_if_screen;
mod whole;
