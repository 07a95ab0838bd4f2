//! How a backend is chosen.

use serde::{Deserialize, Serialize};

/// How a backend is chosen for a request that is not bound to one by its sticky key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// Each backend's weight in a row: A A B for weights 2 and 1.
    #[default]
    RoundRobin,
    /// The fewest active requests for its weight; ties rotate.
    LeastConnections,
    /// By chance, in proportion to the weights.
    Random,
}

impl Strategy {
    /// All strategies, in the order `s` steps through them on the screen.
    pub const ALL: [Strategy; 3] = [Strategy::RoundRobin, Strategy::LeastConnections, Strategy::Random];

    /// The name used in files, on the command line, on the screen and in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Strategy::RoundRobin => "round-robin",
            Strategy::LeastConnections => "least-connections",
            Strategy::Random => "random",
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

    /// The wording of the error is the direct predecessor's.
    fn from_str(name: &str) -> Result<Self, String> {
        Strategy::ALL.into_iter().find(|s| s.name() == name).ok_or_else(|| {
            let names: Vec<&str> = Strategy::ALL.iter().map(|s| s.name()).collect();
            format!("Unknown strategy '{name}'. Valid options: {}", names.join(", "))
        })
    }
}

impl std::fmt::Display for Strategy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
