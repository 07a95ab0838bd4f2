//! Derives a backend's state from what a person, its checks, its traffic and its agent say.

use crate::api::{Intent, State};

/// The result of a backend's health checks; the end of its process also makes it unhealthy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Not checked yet.
    #[default]
    Unknown,
    /// The checks pass.
    Healthy,
    /// The checks fail.
    Unhealthy,
}

/// What a backend's agent asks for (`health.agent`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum AgentWord {
    /// It takes requests. Also the default for a backend without an agent.
    #[default]
    Ready,
    /// It wants no new clients.
    Drain,
    /// It wants no requests at all.
    Maint,
}

/// The inputs of a backend's state.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Known {
    pub(crate) intent: Intent,
    pub(crate) agent: AgentWord,
    pub(crate) verdict: Verdict,
    /// Whether outlier ejection has taken it out.
    pub(crate) ejected: bool,
}

/// The resulting state.
///
/// A draining backend that fails its checks is DOWN, because its clients must move. One that was taken out stays MAINT
/// whatever the checks say. DOWN takes precedence over EJECTED.
pub(crate) fn combined(known: Known) -> State {
    use {AgentWord as Agent, Verdict as V};
    match known {
        Known { intent: Intent::Maint, .. } | Known { agent: Agent::Maint, .. } => State::Maint,
        Known { verdict: V::Unhealthy, .. } => State::Down,
        Known { verdict: V::Unknown, .. } => State::Starting,
        Known { ejected: true, .. } => State::Ejected,
        Known { intent: Intent::Drain, .. } | Known { agent: Agent::Drain, .. } => State::Drain,
        Known { intent: Intent::InService, agent: Agent::Ready, verdict: V::Healthy, ejected: false } => State::Up,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UP: Known =
        Known { intent: Intent::InService, agent: AgentWord::Ready, verdict: Verdict::Healthy, ejected: false };

    #[test]
    fn a_persons_word_wins_over_a_check() {
        for verdict in [Verdict::Unknown, Verdict::Healthy, Verdict::Unhealthy] {
            for ejected in [true, false] {
                assert_eq!(combined(Known { intent: Intent::Maint, verdict, ejected, ..UP }), State::Maint);
            }
        }
        assert_eq!(combined(Known { intent: Intent::Drain, ..UP }), State::Drain);
    }

    #[test]
    fn a_draining_backend_that_fails_is_down() {
        assert_eq!(combined(Known { intent: Intent::Drain, verdict: Verdict::Unhealthy, ..UP }), State::Down);
        assert_eq!(combined(Known { intent: Intent::Drain, ejected: true, ..UP }), State::Ejected);
    }

    #[test]
    fn a_failed_check_says_more_than_failing_traffic() {
        assert_eq!(combined(Known { ejected: true, ..UP }), State::Ejected);
        assert_eq!(combined(Known { ejected: true, verdict: Verdict::Unhealthy, ..UP }), State::Down);
    }

    #[test]
    fn a_backend_may_take_itself_out_but_is_not_in_for_its_word_alone() {
        assert_eq!(combined(UP), State::Up);
        assert_eq!(combined(Known { agent: AgentWord::Drain, ..UP }), State::Drain);
        assert_eq!(combined(Known { agent: AgentWord::Maint, ..UP }), State::Maint);
        assert_eq!(combined(Known { verdict: Verdict::Unhealthy, ..UP }), State::Down);
    }
}
