//! What was measured, told again under a debrief.

use super::runner::Runner;
use crate::learn::lesson::{Show, StepKind};

/// How many picks are shown.
const PICKS: usize = 48;

impl Runner {
    /// A line for each thing that the debrief shows.
    pub(super) fn retold(&self) -> Vec<String> {
        let StepKind::Debrief(show) = &self.current().kind else { return Vec::new() };
        show.iter().flat_map(|show| self.shown(*show)).collect()
    }

    fn shown(&self, show: Show) -> Vec<String> {
        let Some(sample) = &self.ledger.last else { return Vec::new() };
        match show {
            Show::Picks => {
                let letter = |name: &str| sample.backend(name).map_or('?', |one| one.letter);
                let served = self.ledger.endings.iter().rev().filter(|one| !one.is_tunnel);
                let picks: Vec<char> =
                    served.filter_map(|one| one.backend.as_deref()).map(letter).take(PICKS).collect();
                vec![format!("the last picks: {}", picks.into_iter().rev().collect::<String>())]
            }
            Show::Fairness => {
                let told =
                    |of: &Option<(String, f64)>| of.as_ref().map(|(label, jain)| format!("{jain:.2} since {label}"));
                let [before, now] = &sample.fairness;
                let all: Vec<String> = [told(before), told(now)].into_iter().flatten().collect();
                if all.is_empty() { Vec::new() } else { vec![format!("fairness: {}", all.join(", then "))] }
            }
            Show::Requests => {
                let count = |name: &str| {
                    let of = self.ledger.endings.iter().filter(|one| !one.is_tunnel);
                    of.filter(|one| one.backend.as_deref() == Some(name)).count()
                };
                let each: Vec<String> =
                    sample.backends.iter().map(|one| format!("{} {}", one.name, count(&one.name))).collect();
                vec![format!("requests: {}", each.join(", "))]
            }
            Show::WhatIf => vec!["S shows what each strategy would have done with these requests".to_owned()],
            Show::Fault => self.drawn.iter().map(|drawn| format!("the fault was: {}", drawn.line)).collect(),
        }
    }
}
