//! What a backend's state follows from: a person, its checks, its traffic, and its own word.

use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

use crate::api::{Intent, State};
use crate::balancer::ejection::Ejection;
use crate::balancer::state::{AgentWord, Known, Verdict, combined};

/// What a backend's state follows from.
#[derive(Default)]
pub(crate) struct Status {
    intent: AtomicU8,
    verdict: AtomicU8,
    agent: AtomicU8,
    /// Outlier ejection, by its traffic.
    pub(crate) ejection: Ejection,
}

impl Status {
    /// What it is doing.
    pub(crate) fn state(&self) -> State {
        combined(Known {
            intent: self.intent(),
            agent: self.agent(),
            verdict: self.verdict(),
            ejected: self.ejection.is_out(),
        })
    }

    /// What a person wants of it.
    pub(crate) fn intent(&self) -> Intent {
        match self.intent.load(Relaxed) {
            1 => Intent::Drain,
            2 => Intent::Maint,
            _ => Intent::InService,
        }
    }

    pub(crate) fn set_intent(&self, intent: Intent) {
        self.intent.store(intent as u8, Relaxed);
    }

    /// What checks and traffic say of it.
    pub(crate) fn verdict(&self) -> Verdict {
        match self.verdict.load(Relaxed) {
            1 => Verdict::Healthy,
            2 => Verdict::Unhealthy,
            _ => Verdict::Unknown,
        }
    }

    pub(crate) fn set_verdict(&self, verdict: Verdict) {
        self.verdict.store(verdict as u8, Relaxed);
    }

    /// What it says of itself.
    pub(crate) fn agent(&self) -> AgentWord {
        match self.agent.load(Relaxed) {
            1 => AgentWord::Drain,
            2 => AgentWord::Maint,
            _ => AgentWord::Ready,
        }
    }

    pub(crate) fn set_agent(&self, word: AgentWord) {
        self.agent.store(word as u8, Relaxed);
    }
}
