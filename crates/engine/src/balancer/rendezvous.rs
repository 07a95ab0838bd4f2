//! Weighted rendezvous hashing, which sends the same key to the same backend.
//!
//! A backend's score depends only on the key, its id and its weight, and the highest score wins. So removing a backend
//! moves only its own keys, and adding one moves only the keys it gets. A restart, a new build or another order in the
//! configuration moves none.

use std::cmp::Ordering;
use std::net::IpAddr;

use crate::api::BackendId;

/// The hash of a sticky key (an address, a header's value, …), with a fixed seed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fingerprint(u64);

impl Fingerprint {
    /// Hashes these bytes (FNV-1a, then mixed).
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Fingerprint::default().with(bytes)
    }

    /// Hashes an address; an IPv4-mapped IPv6 address hashes like its IPv4 address.
    pub(crate) fn of_ip(ip: IpAddr) -> Self {
        match ip.to_canonical() {
            IpAddr::V4(v4) => Fingerprint::of(&v4.octets()),
            IpAddr::V6(v6) => Fingerprint::of(&v6.octets()),
        }
    }

    /// Extends the hash by these bytes.
    #[must_use]
    pub(crate) fn with(self, bytes: &[u8]) -> Self {
        const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
        const PRIME: u64 = 0x0100_0000_01b3;
        let hash = bytes.iter().fold(self.0 ^ OFFSET, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(PRIME));
        Fingerprint(mixed(hash))
    }

    pub(crate) fn bits(self) -> u64 {
        self.0
    }

    /// A backend's score for this key.
    pub(crate) fn score(self, id: BackendId, weight: u32) -> Score {
        /// Spreads small numbers over all bits: 2^64 divided by the golden ratio.
        const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
        Score { hash: mixed(self.0 ^ (u64::from(id.get()) + 1).wrapping_mul(GOLDEN)), weight }
    }
}

/// The finalizer of SplitMix64: every bit of the result depends on every bit of `n`.
fn mixed(n: u64) -> u64 {
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

/// A backend's score for a key; the backend with the highest score gets the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Score {
    hash: u64,
    weight: u32,
}

impl Score {
    /// `u` to the power of 1 / weight, where `u` is the hash scaled to 0..1: each backend has the highest such number
    /// with a probability proportional to its weight.
    pub(crate) fn value(self) -> f64 {
        (self.log() / f64::from(self.weight.max(1))).exp()
    }

    fn log(self) -> f64 {
        // From 2^-53 to 1, because an f64 has 53 significant bits; zero has no logarithm.
        (((self.hash >> 11) + 1) as f64 / (1_u64 << 53) as f64).ln()
    }
}

impl PartialOrd for Score {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Score {
    /// Equal weights, the usual case, need no logarithm: the hashes decide.
    fn cmp(&self, other: &Self) -> Ordering {
        if self.weight == other.weight {
            return self.hash.cmp(&other.hash);
        }
        let by_weight = |score: &Score| score.log() / f64::from(score.weight.max(1));
        by_weight(self).total_cmp(&by_weight(other)).then(self.hash.cmp(&other.hash))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn winner(key: u64, backends: &[(u32, u32)]) -> u32 {
        let key = Fingerprint::of(&key.to_be_bytes());
        backends.iter().max_by_key(|(id, weight)| key.score((*id).into(), *weight)).expect("some").0
    }

    #[test]
    fn keys_are_spread_by_weight() {
        let backends = [(0, 100), (1, 200), (2, 100)];
        let mut counts = [0; 3];
        for key in 0..8000 {
            counts[winner(key, &backends) as usize] += 1;
        }
        assert!((3800..4200).contains(&counts[1]) && (1850..2150).contains(&counts[0]), "{counts:?}");
    }

    #[test]
    fn a_backend_that_leaves_moves_its_own_keys_only_and_the_order_moves_none() {
        let all = [(7, 100), (3, 300), (11, 100), (4, 150)];
        let without = [(4, 150), (11, 100), (7, 100)];
        for key in 0..2000 {
            let before = winner(key, &all);
            if before != 3 {
                assert_eq!(winner(key, &without), before, "{key}");
            }
        }
    }

    #[test]
    fn the_mapping_is_the_same_in_every_build() {
        let backends: Vec<(u32, u32)> = (0..5).map(|id| (id, 100)).collect();
        let ids: Vec<u32> = (0..12).map(|key| winner(key, &backends)).collect();
        assert_eq!(ids, [4, 2, 2, 2, 0, 2, 0, 2, 4, 0, 1, 4], "another result moves every client of every user");
    }
}
