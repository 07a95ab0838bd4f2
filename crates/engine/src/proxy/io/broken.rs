//! How a client's body broke off.

/// How a client's body broke off, which is no backend's fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// The client left.
    Gone,
    /// Its framing is no good.
    BadFraming,
    /// It is larger than it may be.
    TooLarge,
    /// The rest of it did not come in time.
    TooSlow,
}

impl Broken {
    /// What the client is told, and the log.
    pub(crate) const fn why(self) -> &'static str {
        match self {
            Broken::Gone => "The client left.",
            Broken::BadFraming => "The body's framing is no good.",
            Broken::TooLarge => "The body is larger than this balancer lets pass.",
            Broken::TooSlow => "The rest of the body did not come in time.",
        }
    }
}
