//! How this balancer names itself in `Via` (RFC 9110 7.6.3): by a pseudonym that no other balancer has.

use http::HeaderValue;
use stickylb_http1::Version;

/// How this balancer names itself in `Via`.
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

    /// The field's value for a message that was received in this version.
    pub(crate) fn value(&self, received: Version) -> &[u8] {
        match received {
            Version::Http10 => self.received_1_0.as_bytes(),
            Version::Http11 => self.received_1_1.as_bytes(),
        }
    }

    /// The pseudonym alone: the version before it is that of each leg.
    pub(crate) fn pseudonym(&self) -> &[u8] {
        &self.received_1_1.as_bytes()["1.1 ".len()..]
    }
}
