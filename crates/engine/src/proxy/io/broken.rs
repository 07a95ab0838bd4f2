//! Why a request body did not arrive, or not as it should.

/// Why a request body did not arrive whole: the client's doing, and no backend's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// The client disconnected.
    Gone,
    /// Its framing is malformed.
    BadFraming,
    /// It exceeds `limits.bodyBytes`.
    TooLarge,
    /// Its rest did not come within `timeouts.response`.
    TooSlow,
}

impl Broken {
    /// What the client is told, and the log.
    pub(crate) const fn why(self) -> &'static str {
        match self {
            Broken::Gone => "The client left.",
            Broken::BadFraming => "The body's framing is malformed.",
            Broken::TooLarge => "The body is larger than this balancer lets pass.",
            Broken::TooSlow => "The rest of the body did not come in time.",
        }
    }
}
