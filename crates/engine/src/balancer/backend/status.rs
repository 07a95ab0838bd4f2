//! The inputs of a backend's state: a person, its checks, its traffic and its agent.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering::Relaxed};

use crate::api::{Intent, State};
use crate::balancer::ejection::Ejection;
use crate::balancer::state::{AgentWord, Known, Verdict, combined};

/// The inputs of a backend's state.
#[derive(Default)]
pub(crate) struct Status {
    intent: AtomicU8,
    verdict: AtomicU8,
    agent: AtomicU8,
    /// 0 while no process of it runs.
    supervisor: AtomicU32,
    /// Whether a person had its process killed, until it runs again.
    killed: AtomicBool,
    /// Outlier ejection, based on its traffic.
    pub(crate) ejection: Ejection,
}

impl Status {
    /// The resulting state.
    pub(crate) fn state(&self) -> State {
        combined(Known {
            intent: self.intent(),
            agent: self.agent(),
            verdict: self.verdict(),
            ejected: self.ejection.is_out(),
        })
    }

    /// Inputs that result in a state which takes and keeps the same clients as this one.
    pub(super) fn alike(&self) -> Self {
        let state = self.state();
        let alike = Status::default();
        let keeps = state.keeps_its_clients();
        alike.set_verdict(if keeps { Verdict::Healthy } else { Verdict::Unhealthy });
        alike.set_intent(if state == State::Drain { Intent::Drain } else { Intent::InService });
        alike
    }

    /// What a person has set: in service, drain or maintenance.
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

    /// The result of its checks.
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

    /// The supervisor of its process, if one was started here and runs.
    pub(crate) fn supervisor(&self) -> Option<u32> {
        Some(self.supervisor.load(Relaxed)).filter(|pid| *pid > 0)
    }

    pub(crate) fn set_supervisor(&self, pid: Option<u32>) {
        self.supervisor.store(pid.unwrap_or(0), Relaxed);
        if pid.is_some() {
            self.set_killed(false);
        }
    }

    /// Whether a person had its process killed: a check that fails then finds nothing else.
    pub(crate) fn was_killed(&self) -> bool {
        self.killed.load(Relaxed)
    }

    pub(crate) fn set_killed(&self, killed: bool) {
        self.killed.store(killed, Relaxed);
    }

    /// What its agent asks for.
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
