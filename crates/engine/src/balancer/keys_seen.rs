//! How many different keys were hashed lately: where all clients have one key, a hash sends them all to one backend, and no
//! weight changes that.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

use super::rendezvous::Fingerprint;

/// Words of one generation: 4096 keys, so that a hundred are hardly ever taken for fewer.
const WORDS: usize = 64;

/// More are not counted.
const MOST: u32 = 100;

/// Turns after which what was seen before the last one is forgotten.
const TURNS: usize = 30;

/// The keys seen in the present generation and the one before, each as one bit.
#[derive(Default)]
pub(crate) struct KeysSeen {
    generations: [Generation; 2],
    ticks: AtomicUsize,
}

struct Generation([AtomicU64; WORDS]);

impl Default for Generation {
    fn default() -> Self {
        Generation([const { AtomicU64::new(0) }; WORDS])
    }
}

impl KeysSeen {
    /// A key was hashed.
    pub(super) fn note(&self, key: Fingerprint) {
        let bits = key.bits();
        let word = &self.present().0[usize::try_from(bits >> 6).unwrap_or(usize::MAX) % WORDS];
        let bit = 1 << (bits % 64);
        // Most keys are there already, and reading a shared cache line is cheaper than writing it.
        if word.load(Relaxed) & bit == 0 {
            word.fetch_or(bit, Relaxed);
        }
    }

    /// How many were, at most a hundred.
    pub(super) fn count(&self) -> u32 {
        let [one, other] = &self.generations;
        let words = one.0.iter().zip(&other.0).map(|(one, other)| one.load(Relaxed) | other.load(Relaxed));
        words.map(u64::count_ones).sum::<u32>().min(MOST)
    }

    /// To be called once a second.
    pub(crate) fn tick(&self) {
        let ticks = self.ticks.fetch_add(1, Relaxed) + 1;
        if ticks.is_multiple_of(TURNS) {
            for word in &self.present().0 {
                word.store(0, Relaxed);
            }
        }
    }

    fn present(&self) -> &Generation {
        &self.generations[self.ticks.load(Relaxed) / TURNS % 2]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_counted_once_each_up_to_a_hundred_and_forgotten_when_they_do_not_come_again() {
        let keys = KeysSeen::default();
        let key = |n: u32| Fingerprint::of(&n.to_be_bytes());
        for n in [1, 1, 2, 1, 3] {
            keys.note(key(n));
        }
        assert_eq!(keys.count(), 3);
        let half_a_minute = || {
            for _ in 0..TURNS {
                keys.tick();
            }
        };
        half_a_minute();
        keys.note(key(1));
        assert_eq!(keys.count(), 3);
        half_a_minute();
        assert_eq!(keys.count(), 1);
        (0..1000).for_each(|n| keys.note(key(n)));
        assert_eq!(keys.count(), MOST);
    }
}
