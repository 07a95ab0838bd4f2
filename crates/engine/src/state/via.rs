//! The `Via` field (RFC 9110 7.6.3), with a random pseudonym per process, so that a loop through it can be detected.

use http::HeaderValue;
use stickylb_http1::Version;

/// This balancer's `Via` values.
pub(crate) struct Via {
    received_1_1: HeaderValue,
    received_1_0: HeaderValue,
}

impl Via {
    pub(super) fn new() -> Self {
        let pseudonym = fastrand::u32(..);
        let value = |version: &str| {
            HeaderValue::try_from(format!("{version} stickylb-tui-{pseudonym:08x}"))
                .expect("digits, letters and dashes are a valid field value")
        };
        Via { received_1_1: value("1.1"), received_1_0: value("1.0") }
    }

    /// The value for a message received in this HTTP version.
    pub(crate) fn value(&self, received: Version) -> &[u8] {
        match received {
            Version::Http10 => self.received_1_0.as_bytes(),
            Version::Http11 => self.received_1_1.as_bytes(),
        }
    }

    /// The pseudonym without the version, which differs per hop.
    pub(crate) fn pseudonym(&self) -> &[u8] {
        &self.received_1_1.as_bytes()["1.1 ".len()..]
    }
}
