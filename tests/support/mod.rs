//! What the test programs share: the program itself, scripted backends, and a client that sees every byte.

#![allow(dead_code, reason = "each test program uses its own part of it")]

pub(crate) mod backend;
pub(crate) mod balancer;
pub(crate) mod browser;
pub(crate) mod client;
#[cfg(unix)]
pub(crate) mod home;
pub(crate) mod https;
pub(crate) mod installed;
pub(crate) mod left_out;
pub(crate) mod one_answer;
pub(crate) mod patience;
#[cfg(unix)]
pub(crate) mod program;
pub(crate) mod raw;
pub(crate) mod socket;
pub(crate) mod survive;
pub(crate) mod tls;
pub(crate) mod wire;

use std::sync::{Condvar, Mutex};

pub(crate) use backend::{After, Backend, Call};
pub(crate) use balancer::{Balancer, Config};
pub(crate) use client::{Client, Response};
pub(crate) use patience::{PATIENCE, until_some};

/// Waits for a condition.
#[track_caller]
pub(crate) fn until(what: &str, mut condition: impl FnMut() -> bool) {
    until_some(what, || condition().then_some(()));
}

/// Blocks threads until it is opened.
#[derive(Default)]
pub(crate) struct Gate {
    open: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    pub(crate) fn open(&self) {
        *self.open.lock().unwrap() = true;
        self.opened.notify_all();
    }

    pub(crate) fn pass(&self) {
        let open = self.open.lock().unwrap();
        let (_open, limit) = self.opened.wait_timeout_while(open, PATIENCE, |open| !*open).unwrap();
        assert!(!limit.timed_out(), "a gate was never opened");
    }
}

/// A request of this method for this target, with `Host: localhost` and these further header lines.
pub(crate) fn request(method: &str, target: &str, lines: &[&str]) -> Vec<u8> {
    let mut text = format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\n");
    for line in lines {
        text.push_str(line);
        text.push_str("\r\n");
    }
    text.push_str("\r\n");
    text.into_bytes()
}

/// A response with this status and body, framed by its length.
pub(crate) fn response(status: &str, lines: &[&str], body: &str) -> Vec<u8> {
    let mut text = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n", body.len());
    for line in lines {
        text.push_str(line);
        text.push_str("\r\n");
    }
    text.push_str("\r\n");
    text.push_str(body);
    text.into_bytes()
}
