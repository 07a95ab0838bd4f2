//! Slow start: raises a recovered backend's weight step by step, so that it does not get its full load at once.

use std::collections::HashMap;
use std::time::Instant;

use crate::api::{BackendId, State};
use crate::balancer::{Backend, Pool};

/// The initial percentage of the weight, and the step by which it grows.
const STEP: u32 = 10;

/// The backends in slow start, and since when.
#[derive(Default)]
pub(crate) struct SlowStarts(HashMap<BackendId, Instant>);

impl SlowStarts {
    /// Starts or cancels a backend's slow start after a change of its state.
    pub(crate) fn follow(&mut self, backend: &Backend, from: State, to: State, now: Instant) {
        let recovered = to == State::Up && matches!(from, State::Down | State::Ejected | State::Maint);
        if recovered && !backend.settings.slow_start.is_zero() {
            self.0.insert(backend.id(), now);
            backend.weight.set_growth(STEP);
        } else if to != State::Up && self.0.remove(&backend.id()).is_some() {
            backend.weight.set_growth(100);
        }
    }

    /// Advances the slow starts of a pool's backends; returns whether a weight changed.
    pub(crate) fn grow(&mut self, pool: &Pool, now: Instant) -> bool {
        let mut grown = false;
        self.0.retain(|id, since| {
            let Some(backend) = pool.get(*id) else { return true };
            let share = now.saturating_duration_since(*since).as_secs_f64() / backend.settings.slow_start.as_secs_f64();
            let percent = percent_of(share);
            grown |= percent != backend.weight.growth();
            backend.weight.set_growth(percent);
            percent < 100
        });
        grown
    }
}

/// Rounds a share of the slow start (0 to 1) down to whole steps; at least one step.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 1 to 10")]
fn percent_of(share: f64) -> u32 {
    (share * f64::from(100 / STEP)).clamp(1.0, f64::from(100 / STEP)) as u32 * STEP
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::api::{StickyBy, Strategy};
    use crate::balancer::Sticky;
    use crate::config::{Address, BackendConfig, StickyConfig};

    #[test]
    fn a_weight_grows_in_steps_after_a_recovery_and_not_at_the_start() {
        let config = BackendConfig::new(1, "b".to_owned(), Address::local(5000));
        let backend = Arc::new(Backend::new(&BackendConfig { slow_start: Duration::from_secs(10), ..config }, None));
        let sticky = Sticky::new(&StickyConfig::default(), &StickyBy::Off, None);
        let pool = Pool::new(vec![Arc::clone(&backend)], Strategy::Random, sticky, Arc::default());
        let (mut starts, now) = (SlowStarts::default(), Instant::now());
        starts.follow(&backend, State::Starting, State::Up, now);
        assert_eq!(backend.weight.percent(), 100);
        starts.follow(&backend, State::Down, State::Up, now);
        let mut after = |seconds| {
            let grown = starts.grow(&pool, now + Duration::from_secs(seconds));
            (grown, backend.weight.percent())
        };
        assert_eq!([after(0), after(1), after(3), after(4)], [(false, 10), (false, 10), (true, 30), (true, 40)]);
        assert_eq!([after(99), after(100)], [(true, 100), (false, 100)]);
        starts.follow(&backend, State::Maint, State::Up, now);
        starts.follow(&backend, State::Up, State::Down, now);
        assert_eq!(backend.weight.percent(), 100, "what is down starts anew");
    }
}
