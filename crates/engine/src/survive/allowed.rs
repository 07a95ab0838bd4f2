//! What may be sent again.

use stickylb_survive::Request;

use super::exclude::Exclude;

/// What may be sent again.
pub(crate) struct Allowed<'r> {
    /// Whether requests that may change something may.
    pub(crate) unsafe_methods: bool,
    /// What may not.
    pub(crate) exclude: &'r Exclude,
}

impl Allowed<'_> {
    /// Why a request may not be sent again; `None` where it may.
    pub(crate) fn why_not(&self, request: &Request) -> Option<&'static str> {
        if self.exclude.has(request) {
            Some("excluded")
        } else if !request.whole {
            Some("its body was not kept whole")
        } else if !request.is_safe() && !self.unsafe_methods {
            Some("unsafe: --unsafe")
        } else {
            None
        }
    }
}
