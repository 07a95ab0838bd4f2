//! Real programs that talk to the built one over TLS: curl, OpenSSL, GnuTLS, Node.js, Python, Java, Chromium, and the
//! scanners testssl.sh and sslyze.
//!
//! Each is given the certificate of the authority that the balancer made in a home of its own; the machine's own trust
//! stores are neither read for it nor written.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

#[cfg(unix)]
mod chromium;
#[cfg(unix)]
mod curl;
#[cfg(unix)]
mod gnutls;
#[cfg(unix)]
mod openssl;
#[cfg(unix)]
mod runtimes;
#[cfg(unix)]
mod scanners;
#[cfg(unix)]
mod site;
#[path = "../support/mod.rs"]
mod support;
#[cfg(unix)]
mod tool;
#[cfg(unix)]
mod vite;
