//! How a backend is chosen.

use serde::{Deserialize, Serialize};

use crate::untrusted::Untrusted;

/// How a backend is chosen for a request that is not bound to one by its sticky key. It is parsed from and displayed as its
/// [name](Strategy::name).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Strategy {
    /// Each backend as often in a row as its weight says: A A B for weights 2 and 1, as smart-stick-loadbalancer does it.
    #[default]
    RoundRobin,
    /// In proportion to the weights and evenly mixed: A B A for weights 2 and 1, as nginx does it.
    SmoothRoundRobin,
    /// The fewest requests and tunnels for its weight; those that are equal take turns.
    LeastConnections,
    /// By chance, in proportion to the weights.
    Random,
    /// The less busy of two that are drawn in proportion to the weights.
    PowerOfTwo,
    /// The shortest expected wait: its recent response times (peak EWMA) times the requests it has, for its weight.
    LeastLatency,
    /// The same backend for the same sticky key, or client address where there is none (rendezvous hashing).
    Hash,
    /// The first one in the configuration's order that has room.
    First,
}

impl Strategy {
    /// All strategies, in the order `s` steps through them on the screen.
    pub const ALL: [Strategy; 8] = [
        Strategy::RoundRobin,
        Strategy::SmoothRoundRobin,
        Strategy::LeastConnections,
        Strategy::Random,
        Strategy::PowerOfTwo,
        Strategy::LeastLatency,
        Strategy::Hash,
        Strategy::First,
    ];

    /// The name used in files, on the command line, on the screen and in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Strategy::RoundRobin => "round-robin",
            Strategy::SmoothRoundRobin => "smooth-round-robin",
            Strategy::LeastConnections => "least-connections",
            Strategy::Random => "random",
            Strategy::PowerOfTwo => "power-of-two",
            Strategy::LeastLatency => "least-latency",
            Strategy::Hash => "hash",
            Strategy::First => "first",
        }
    }

    /// The strategy after this one, round and round.
    #[must_use]
    pub fn next(self) -> Strategy {
        let at = Strategy::ALL.iter().position(|s| *s == self).unwrap_or(0);
        Strategy::ALL[(at + 1) % Strategy::ALL.len()]
    }
}

impl std::str::FromStr for Strategy {
    type Err = String;

    /// # Errors
    /// The strategy is unknown, in the words of smart-stick-loadbalancer.
    fn from_str(name: &str) -> Result<Self, String> {
        Strategy::ALL.into_iter().find(|s| s.name() == name).ok_or_else(|| {
            let names: Vec<&str> = Strategy::ALL.iter().map(|s| s.name()).collect();
            format!("Unknown strategy '{}'. Valid options: {}", Untrusted::new(name), names.join(", "))
        })
    }
}

impl std::fmt::Display for Strategy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
