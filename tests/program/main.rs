//! The program without its screen: command line, configuration files, processes, and the documents about them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

#[cfg(unix)]
mod alerts;
mod architecture;
#[cfg(unix)]
mod authority;
#[cfg(unix)]
mod cli;
mod configs;
#[cfg(unix)]
mod control;
mod documents;
#[cfg(target_os = "linux")] // which lists each thread's capabilities in /proc
mod downgrade;
#[cfg(unix)]
mod ending;
#[cfg(unix)]
mod explain;
#[cfg(unix)]
mod export_cli;
mod export_page;
#[cfg(unix)]
mod headless;
#[cfg(unix)]
mod https_said;
#[cfg(unix)]
mod import;
#[cfg(all(unix, feature = "tui"))]
mod learn_cli;
#[cfg(target_os = "linux")] // elsewhere a process group is all that is ended
mod left_behind;
mod mail;
mod mail_server;
#[cfg(unix)]
mod man;
mod markdown;
#[cfg(unix)]
mod names_cli;
#[cfg(all(unix, feature = "tui"))]
mod only_watching;
#[cfg(all(unix, feature = "tui"))]
mod plain;
mod promises;

mod reload;
#[cfg(unix)]
mod run;
#[path = "../support/mod.rs"]
mod support;
#[cfg(unix)]
mod survive_cli;
#[cfg(unix)]
mod traffic_and_faults;
#[cfg(target_os = "linux")] // whose anchors it is about, and setsid
mod trust;
#[cfg(target_os = "linux")]
mod trusting;
mod untrusted;
#[cfg(all(unix, feature = "tui"))]
mod user_file;
#[cfg(unix)]
mod watching;
