//! What the black-box tests share: the program itself, scripted backends, and a client that sees every byte.

#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    unused_imports,
    reason = "each test program uses its own part of it"
)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

pub mod backend;
pub mod balancer;
pub mod client;
#[path = "../support/left_out.rs"]
pub mod left_out;
pub mod mail;
#[path = "../patience/mod.rs"]
pub mod patience;
pub mod raw;
pub mod silent;
pub mod socket;
pub mod tls;
pub mod wire;

use std::sync::{Condvar, Mutex};

pub use backend::{After, Backend, Call, Recorded};
pub use balancer::{Balancer, Config};
pub use client::{Client, Response};
pub use patience::{PATIENCE, until_some};
pub use silent::Silent;

/// Waits for a condition.
#[track_caller]
pub fn until(what: &str, mut condition: impl FnMut() -> bool) {
    until_some(what, || condition().then_some(()));
}

/// Holds threads back until it is opened.
#[derive(Default)]
pub struct Gate {
    open: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    pub fn open(&self) {
        *self.open.lock().unwrap() = true;
        self.opened.notify_all();
    }

    pub fn pass(&self) {
        let open = self.open.lock().unwrap();
        let (_open, limit) = self.opened.wait_timeout_while(open, PATIENCE, |open| !*open).unwrap();
        assert!(!limit.timed_out(), "a gate was never opened");
    }
}

/// A request of this method for this target, with `Host: localhost` and these further header lines.
pub fn request(method: &str, target: &str, lines: &[&str]) -> Vec<u8> {
    let mut text = format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\n");
    for line in lines {
        text.push_str(line);
        text.push_str("\r\n");
    }
    text.push_str("\r\n");
    text.into_bytes()
}

/// A response with this status and body, by length.
pub fn response(status: &str, lines: &[&str], body: &str) -> Vec<u8> {
    let mut text = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n", body.len());
    for line in lines {
        text.push_str(line);
        text.push_str("\r\n");
    }
    text.push_str("\r\n");
    text.push_str(body);
    text.into_bytes()
}
