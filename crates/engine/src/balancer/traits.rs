//! What a client that lost its backend sends that is its own, so that it can be told from others at its address.
//!
//! Read only for such a client: all the others go where their cookie says, or by strategy, and need none of it.

use std::net::IpAddr;
use std::sync::Arc;
use stickylb_http1::{FieldKind, RequestHead};

use super::cookie::CookieSticky;
use super::rendezvous::Fingerprint;
use crate::api::{BackendId, Text, ToldApart};

/// What a client sent, hashed, and the names of it.
#[derive(Clone)]
pub(crate) struct Traits {
    /// The same for all requests of a client, as far as can be seen.
    pub(crate) fingerprint: Fingerprint,
    pub(crate) told: ToldApart,
}

impl Traits {
    /// A client of whom only the address is known; `lost` is the backend that it lost.
    pub(crate) fn of_address(ip: IpAddr, lost: BackendId) -> Self {
        let ip = ip.to_canonical();
        Traits { fingerprint: Fingerprint::of_ip(ip).with(&lost.get().to_be_bytes()), told: ToldApart::by_address(ip) }
    }

    /// A client by its request. `ours` are the names of the balancer's own cookies.
    pub(crate) fn read(head: &RequestHead, ip: IpAddr, lost: BackendId, ours: &[Arc<str>]) -> Self {
        let mut traits = Traits::of_address(ip, lost);
        // Summed up, because the order of cookies says nothing of their client.
        let mut sum: u64 = 0;
        for pair in head.values(FieldKind::Cookie).flat_map(|line| CookieSticky::others(ours, line)) {
            sum = sum.wrapping_add(Fingerprint::of(pair).bits());
            traits.told.has_cookie(pair.split(|byte| *byte == b'=').next().unwrap_or_default());
        }
        traits.fingerprint = traits.fingerprint.with(&sum.to_be_bytes());
        for name in ["Authorization", "User-Agent", "Accept-Language"] {
            // Without one, the next must not be taken for it.
            traits.fingerprint = traits.fingerprint.with(b"\n");
            for value in head.named(name.as_bytes()) {
                traits.fingerprint = traits.fingerprint.with(value);
                if traits.told.fields.last().is_none_or(|last| **last != *name) {
                    traits.told.fields.push(Text::from_static(name));
                }
            }
        }
        traits
    }
}
