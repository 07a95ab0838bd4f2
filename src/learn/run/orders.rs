//! The commands that a lesson gives: those of its lines, each when what it names is there.

use std::collections::VecDeque;
use std::time::{Duration, Instant};
use stickylb::api::{Command, Snapshot};

use crate::learn::lesson::Line;
use crate::words::{Meant, command, word};

/// How long a backend that a command names may take to be there.
const PATIENCE: Duration = Duration::from_secs(10);

/// The fault that was drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Drawn {
    pub(super) backend: String,
    pub(super) kind: String,
    /// All of it, as it was written behind `chaos`.
    pub(super) line: String,
}

/// Commands that wait to be given.
#[derive(Clone, Debug, Default)]
pub(super) struct Orders {
    waiting: VecDeque<String>,
    /// Since when the first one waits for what it names.
    since: Option<Instant>,
}

impl Orders {
    /// Adds lines; draws one of several by the seed, and returns the fault that was drawn.
    pub(super) fn add(&mut self, lines: &[Line], seed: &mut u64) -> Option<Drawn> {
        let mut drawn = None;
        for line in lines {
            let line = match line {
                Line::Command(line) => line,
                Line::Draw(of) => {
                    let count = u64::try_from(of.len()).unwrap_or(1).max(1);
                    let at = usize::try_from(draw(seed) % count).unwrap_or_default();
                    let line = &of[at];
                    let mut words = line.split_whitespace();
                    if let (Some("chaos"), Some(backend), Some(kind)) = (words.next(), words.next(), words.next()) {
                        let line = line.trim_start_matches("chaos").trim().to_owned();
                        drawn = Some(Drawn { backend: backend.to_owned(), kind: kind.to_owned(), line });
                    }
                    line
                }
            };
            self.waiting.push_back(line.clone());
        }
        drawn
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Forgets what was not given yet.
    pub(super) fn clear(&mut self) {
        *self = Orders::default();
    }

    /// The commands that can be given now. The error is a sentence about one that cannot, which is left out.
    pub(super) fn due(&mut self, now: Instant, snapshot: &Snapshot) -> (Vec<Command>, Option<String>) {
        let (mut commands, mut trouble) = (Vec::new(), None);
        while let Some(line) = self.waiting.front() {
            match meant(line, snapshot) {
                Ok(command) => commands.push(command),
                Err(why) => {
                    let since = *self.since.get_or_insert(now);
                    if now.saturating_duration_since(since) < PATIENCE {
                        break;
                    }
                    trouble = Some(format!("'{line}' could not be done: {why}"));
                }
            }
            self.since = None;
            self.waiting.pop_front();
        }
        (commands, trouble)
    }
}

fn meant(line: &str, snapshot: &Snapshot) -> Result<Command, String> {
    let mut words = line.split_whitespace();
    let name = words.next().unwrap_or_default();
    let word = word(name).ok_or_else(|| format!("'{name}' is no command"))?;
    command(word, &words.collect::<Vec<_>>(), snapshot, &Meant::default())
}

/// The next number of a seed (splitmix64).
pub(super) fn draw(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut drawn = *seed;
    drawn = (drawn ^ (drawn >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    drawn = (drawn ^ (drawn >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    drawn ^ (drawn >> 31)
}
