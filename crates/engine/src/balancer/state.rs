//! The words for what a backend is doing, the same on the screen, in the log and in the API.

use crate::api::{Intent, State};

/// What checks and traffic say of a backend.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing yet.
    #[default]
    Unknown,
    /// It answers.
    Healthy,
    /// It does not.
    Unhealthy,
}

/// What a backend says of itself, where it is asked (`health.agent`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum AgentWord {
    /// It takes requests; so does one that says nothing.
    #[default]
    Ready,
    /// It wants no new clients.
    Drain,
    /// It wants none at all.
    Maint,
}

/// All that a backend's state follows from.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Known {
    pub(crate) intent: Intent,
    pub(crate) agent: AgentWord,
    pub(crate) verdict: Verdict,
    /// Whether its traffic failed so often that it is left alone for a while.
    pub(crate) ejected: bool,
}

/// The state that follows.
///
/// A draining backend that fails is DOWN: its clients must move. One a person has taken out stays MAINT
/// whatever the checks say. One that fails its checks is DOWN, ejected or not.
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
