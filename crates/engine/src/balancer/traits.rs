//! What a client that lost its backend sends that is its own, so that it can be told from others at its address.
//!
//! Read only for such a client: all the others go where their cookie says, or by strategy, and need none of it.

#[cfg(test)]
mod tests;

use smallvec::SmallVec;
use std::net::IpAddr;
use std::sync::Arc;
use stickylb_http1::{FieldKind, RequestHead};

use super::cookie::CookieSticky;
use super::rendezvous::Fingerprint;
use crate::api::{BackendId, Text, ToldApart};

/// Cookies that are compared: the first ones. A browser sends those first that are for fewer paths.
const COOKIES: usize = 8;

/// What is compared beside the cookies. A page and its scripts differ in other fields.
const BESIDE_COOKIES: [&str; 1] = ["User-Agent"];

/// What is compared where there are none.
const WITHOUT_COOKIES: [&str; 3] = ["Authorization", "User-Agent", "Accept-Language"];

/// What a client sent, hashed, and the names of it.
#[derive(Clone)]
pub(crate) struct Traits {
    /// Its cookies one by one, for not every path gets all of them; a single one of all it has where it has no cookie.
    pub(super) marks: Arc<[Mark]>,
    pub(super) told: ToldApart,
    /// Whether a person sends a request of it again, which goes where the client's own would and moves nobody.
    pub(crate) is_replay: bool,
}

/// One thing that a client is known by.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    name: u64,
    /// The hash of the name and the value, and of the address, the lost backend and the fields that were compared.
    pub(super) whole: u64,
}

impl Mark {
    fn new(name: &[u8], whole: Fingerprint) -> Self {
        Mark { name: Fingerprint::of(name).bits(), whole: whole.bits() }
    }

    /// Whether two requests with a mark in common may be one client's: they may not where they have another value under the
    /// same name. So clients that share `theme=dark` are told apart by their sessions.
    pub(super) fn are_of_one_client(one: &[Mark], other: &[Mark]) -> bool {
        let is_in_both = |name: u64| other.iter().any(|mark| mark.name == name);
        // Cookies for several paths may have the same name.
        let agree = |name: u64| one.iter().any(|mark| mark.name == name && other.contains(mark));
        one.iter().all(|mark| !is_in_both(mark.name) || agree(mark.name))
    }
}

impl Traits {
    /// A client of whom only the address is known; `lost` is the backend that it lost.
    pub(crate) fn of_address(ip: IpAddr, lost: BackendId) -> Self {
        let marks = Arc::new([Mark::new(b"", of_address(ip, lost))]);
        Traits { marks, told: ToldApart::by_address(ip.to_canonical()), is_replay: false }
    }

    /// A client that is known by this and nothing else; `lost` is the backend that it lost.
    pub(crate) fn of_mark(mark: u64, lost: BackendId) -> Self {
        let whole = Fingerprint::of(&mark.to_be_bytes()).with(&lost.get().to_be_bytes());
        let told = ToldApart::by_address(IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED));
        Traits { marks: Arc::new([Mark::new(b"", whole)]), told, is_replay: false }
    }

    /// A client by its request. `ours` are the names of the balancer's own cookies.
    pub(crate) fn read(head: &RequestHead, ip: IpAddr, lost: BackendId, ours: &[Arc<str>]) -> Self {
        let mut told = ToldApart::by_address(ip.to_canonical());
        let cookies = head.values(FieldKind::Cookie).flat_map(|line| CookieSticky::others(ours, line));
        let cookies: SmallVec<[&[u8]; COOKIES]> = cookies.take(COOKIES).collect();
        let fields = if cookies.is_empty() { &WITHOUT_COOKIES[..] } else { &BESIDE_COOKIES };
        let fields = fields.iter().fold(of_address(ip, lost), |hash, name| with_field(hash, head, name, &mut told));
        let mark = |cookie: &&[u8]| {
            let name = name_of(cookie);
            told.has_cookie(name);
            Mark::new(name, fields.with(cookie))
        };
        let mut marks: SmallVec<[Mark; COOKIES]> = cookies.iter().map(mark).collect();
        if marks.is_empty() {
            marks.push(Mark::new(b"", fields));
        }
        Traits { marks: marks.as_slice().into(), told, is_replay: false }
    }
}

fn of_address(ip: IpAddr, lost: BackendId) -> Fingerprint {
    Fingerprint::of_ip(ip).with(&lost.get().to_be_bytes())
}

/// Extends the hash by a field, and notes its name where it is there.
fn with_field(hash: Fingerprint, head: &RequestHead, name: &'static str, told: &mut ToldApart) -> Fingerprint {
    // Without one, the next must not be taken for it.
    let mut hash = hash.with(b"\n");
    for value in head.named(name.as_bytes()) {
        hash = hash.with(value);
        if told.fields.last().is_none_or(|last| **last != *name) {
            told.fields.push(Text::from_static(name));
        }
    }
    hash
}

/// A cookie's name. One without `=` is all value.
fn name_of(cookie: &[u8]) -> &[u8] {
    cookie.iter().position(|byte| *byte == b'=').map_or(b"", |at| cookie[..at].trim_ascii_end())
}
