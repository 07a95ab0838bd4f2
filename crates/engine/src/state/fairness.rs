//! A pool's figures of fairness, since a baseline and in the time before it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::label::{in_words, joined_with};
use super::picks::Picks;
use super::standing::Standing;
use crate::api::{BackendFairness, Change, Fairness};
use crate::balancer::{Backend, Integral, KeyCache, Pool};

/// A change so shortly after another is part of that, so that what flaps, or comes in several steps, takes away no figures
/// that are worth keeping.
const SHORTEST: Duration = Duration::from_secs(2);

/// The figures that are being counted, and those of the time before.
pub(crate) struct FairnessRecord {
    standing: Standing,
    /// What set the baseline.
    changes: Vec<Change>,
    /// When the last of them came.
    changed: Instant,
    since: SystemTime,
    began: Instant,
    /// The last tick, or the baseline if that was later.
    ticked: Instant,
    /// For how long it was counted until then: without the seconds in which the pool had nothing in flight.
    busy: Duration,
    moved: u64,
    lost: u64,
    /// By the backend's number.
    backends: HashMap<u64, Since>,
    before: Option<Box<Fairness>>,
}

/// A backend's weight, and its counters at the baseline.
struct Since {
    weight: u32,
    requests: u64,
    retries: u64,
    /// Request-microseconds from then until the last tick, and the integral at that.
    busy: i64,
    integral: Integral,
}

impl Since {
    fn now(backend: &Backend, now: Instant) -> Self {
        Since {
            weight: backend.weight.get(),
            requests: backend.counters.requests(),
            retries: backend.counters.counts().retries,
            busy: 0,
            integral: backend.counters.in_flight.integral(now),
        }
    }

    fn busy(&self, backend: &Backend, now: Instant) -> i64 {
        self.busy + backend.counters.in_flight.integral(now).since(self.integral)
    }
}

impl FairnessRecord {
    pub(super) fn new(pool: &Pool, picks: &Picks, now: Instant) -> Self {
        let mut record = FairnessRecord {
            standing: Standing::of(pool),
            changes: vec![Change::Start],
            changed: now,
            since: SystemTime::now(),
            began: now,
            ticked: now,
            busy: Duration::ZERO,
            moved: 0,
            lost: 0,
            backends: HashMap::new(),
            before: None,
        };
        record.begin(pool, picks, now);
        record
    }

    /// Takes in that another pool is about to take the place of the old one; returns what changes.
    pub(super) fn follow(&mut self, old: &Pool, new: &Pool, picks: &Picks, now: Instant) -> Vec<Change> {
        let standing = Standing::of(new);
        let changes = self.standing.changes_to(&standing);
        if !changes.is_empty() {
            self.set_baseline([old, new], picks, changes.clone(), now);
        }
        self.standing = standing;
        changes
    }

    /// Counts anew from now on, because of these changes. Where they only follow others shortly, figures are thrown away for a
    /// setting that is another now, and go on for a state: what it cost belongs to them.
    pub(super) fn set_baseline(&mut self, [old, new]: [&Pool; 2], picks: &Picks, changes: Vec<Change>, now: Instant) {
        let figures = self.figures(old, picks, now);
        let is_part = now.saturating_duration_since(self.changed) < SHORTEST;
        let only_states = changes.iter().all(|change| matches!(change, Change::State { .. }));
        let is_empty = figures.is_empty();
        self.changed = now;
        if is_part || is_empty {
            self.changes = joined_with(std::mem::take(&mut self.changes), changes);
        } else {
            self.changes = changes;
            self.before = Some(Box::new(figures));
        }
        if is_empty || !(is_part && only_states) {
            self.begin(new, picks, now);
        }
    }

    fn begin(&mut self, pool: &Pool, picks: &Picks, now: Instant) {
        (self.since, self.began, self.ticked, self.busy) = (SystemTime::now(), now, now, Duration::ZERO);
        (self.moved, self.lost) = (all_moved(pool, picks), picks.all_lost());
        picks.forget_run();
        pool.memory.recorder.forget_clients();
        self.backends.clear();
        for backend in pool.backends.iter() {
            backend.counters.in_flight.forget_most();
            self.backends.insert(backend.number, Since::now(backend, now));
        }
    }

    /// To be called once a second.
    pub(super) fn tick(&mut self, pool: &Pool, now: Instant) {
        self.busy += self.busy_since_tick(pool, now);
        self.ticked = now;
        for backend in pool.backends.iter() {
            if let Some(since) = self.backends.get_mut(&backend.number) {
                let integral = backend.counters.in_flight.integral(now);
                since.busy += integral.since(since.integral);
                since.integral = integral;
            }
        }
    }

    /// The time since the last tick, if anything was in flight in it: a mean over idle time would say how long nobody asked.
    fn busy_since_tick(&self, pool: &Pool, now: Instant) -> Duration {
        let was_busy = pool.backends.iter().any(|backend| {
            let since = self.backends.get(&backend.number);
            since.is_some_and(|since| backend.counters.in_flight.integral(now).since(since.integral) > 0)
        });
        if was_busy { now.saturating_duration_since(self.ticked) } else { Duration::ZERO }
    }

    /// The figures now, with those of the time before.
    pub(super) fn view(&self, pool: &Pool, picks: &Picks, now: Instant) -> Fairness {
        Fairness { before: self.before.clone(), ..self.figures(pool, picks, now) }
    }

    fn figures(&self, pool: &Pool, picks: &Picks, now: Instant) -> Fairness {
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let busy_micros = micros(self.busy + self.busy_since_tick(pool, now));
        let known = pool.backends.iter().filter_map(|backend| Some((backend, self.backends.get(&backend.number)?)));
        let eligible = pool.eligible.iter().map(|one| one.backend(&pool.backends).number);
        let eligible: HashSet<u64> = eligible.collect();
        let retried = known.clone().map(|(backend, since)| backend.counters.counts().retries - since.retries).sum();
        let one = |(backend, since): (&Arc<Backend>, &Since)| BackendFairness {
            id: backend.id(),
            name: backend.name().clone(),
            weight: since.weight,
            counts: eligible.contains(&backend.number),
            requests: backend.counters.requests() - since.requests,
            most_in_flight: backend.counters.in_flight.most(),
            mean_in_flight: since.busy(backend, now).max(0) as f64 / busy_micros.max(1) as f64,
        };
        let backends: Vec<BackendFairness> = known.map(one).collect();
        let fair = backends.iter().filter(|one| one.counts);
        let shares: Vec<f64> = fair.map(|one| one.requests as f64 / f64::from(one.weight.max(1))).collect();
        Fairness {
            since: self.since,
            micros: micros(now.saturating_duration_since(self.began)),
            busy_micros,
            label: in_words(&self.changes).into(),
            requests: backends.iter().map(|one| one.requests).sum(),
            jain: Fairness::index(&shares),
            longest_run: picks.longest_run(),
            backends_per_client: pool.memory.recorder.backends_per_client(),
            moved: all_moved(pool, picks).saturating_sub(self.moved),
            retried,
            lost: picks.all_lost() - self.lost,
            backends,
            before: None,
        }
    }
}

/// Clients that moved: by cookie or address, and those whose key did.
fn all_moved(pool: &Pool, picks: &Picks) -> u64 {
    picks.all_moved() + pool.sticky.key_cache().map_or(0, KeyCache::moved)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{State, StickyBy, Strategy};
    use crate::balancer::{Active, Sticky, Verdict};
    use crate::config::{Address, BackendConfig, StickyConfig};

    const SECOND: Duration = Duration::from_secs(1);

    fn pool() -> Pool {
        let backend = |id: u32| {
            let backend = Backend::new(&BackendConfig::new(id, format!("b{id}"), Address::local(5000)), None);
            backend.status.set_verdict(Verdict::Healthy);
            Arc::new(backend)
        };
        let sticky = Sticky::new(&StickyConfig::default(), &StickyBy::Off, None);
        Pool::new((0..2).map(backend).collect(), Strategy::RoundRobin, sticky, Arc::default())
    }

    fn serve(pool: &Pool, index: usize, requests: usize) {
        for _ in 0..requests {
            pool.backends[index].counters.count_request(200);
        }
    }

    #[test]
    fn every_change_counts_anew_and_keeps_the_figures_of_the_time_before() {
        let (old, picks, start) = (pool(), Picks::default(), Instant::now());
        let mut record = FairnessRecord::new(&old, &picks, start);
        serve(&old, 0, 30);
        serve(&old, 1, 10);
        let new = old.with_strategy(Strategy::Random);
        let changes = record.follow(&old, &new, &picks, start + 10 * SECOND);
        assert_eq!(changes, [Change::Strategy { from: Strategy::RoundRobin, to: Strategy::Random }]);
        serve(&new, 1, 5);
        let figures = record.view(&new, &picks, start + 14 * SECOND);
        assert_eq!((figures.requests, figures.micros, figures.jain), (5, 4_000_000, Some(0.5)));
        assert_eq!(figures.label, "strategy round-robin → random");
        let before = figures.before.expect("ten seconds with requests");
        assert_eq!((before.requests, before.micros, before.jain), (40, 10_000_000, Some(0.8)));
        assert_eq!(before.label, "start");
        assert_eq!(before.backends[0].requests, 30);
    }

    #[test]
    fn what_flaps_takes_away_no_figures_that_a_person_compares() {
        let (old, picks, start) = (pool(), Picks::default(), Instant::now());
        let mut record = FairnessRecord::new(&old, &picks, start);
        serve(&old, 0, 7);
        let random = old.with_strategy(Strategy::Random);
        record.follow(&old, &random, &picks, start + 5 * SECOND);
        serve(&random, 0, 1);
        random.backends[1].status.set_verdict(Verdict::Unhealthy);
        let down = random.refreshed();
        record.follow(&random, &down, &picks, start + 6 * SECOND);
        let figures = record.view(&down, &picks, start + 7 * SECOND);
        assert_eq!(figures.label, "strategy round-robin → random, b1 DOWN");
        assert_eq!((figures.requests, figures.before.expect("kept").requests), (1, 7));
        record.follow(&down, &down.with_strategy(Strategy::First), &picks, start + 7 * SECOND);
        let figures = record.view(&down, &picks, start + 8 * SECOND);
        assert_eq!((figures.requests, figures.before.expect("kept").requests), (0, 7));
        // A pause without a request is nothing to compare with either.
        record.set_baseline([&down, &down], &picks, vec![Change::Baseline], start + 60 * SECOND);
        assert_eq!(record.view(&down, &picks, start + 61 * SECOND).before.expect("kept").requests, 7);
    }

    #[test]
    fn what_is_in_flight_is_a_time_integral_and_a_backend_that_is_out_does_not_count() {
        let (pool, picks, start) = (pool(), Picks::default(), Instant::now());
        let mut record = FairnessRecord::new(&pool, &picks, start);
        let one = Active::new(Arc::clone(&pool.backends[0]), start + SECOND);
        let other = Active::new(Arc::clone(&pool.backends[0]), start + SECOND);
        record.tick(&pool, start + 2 * SECOND);
        other.end(start + 3 * SECOND);
        serve(&pool, 0, 1);
        let figures = record.view(&pool, &picks, start + 4 * SECOND);
        let busy = &figures.backends[0];
        // Two for two seconds and one for one, in four seconds.
        assert!((busy.mean_in_flight - 1.25).abs() < 1e-6, "{busy:?}");
        assert_eq!(busy.most_in_flight, 2);
        one.end(start + 4 * SECOND);
        pool.backends[1].status.set_verdict(Verdict::Unhealthy);
        let left = pool.refreshed();
        record.follow(&pool, &left, &picks, start + 4 * SECOND);
        serve(&left, 0, 9);
        let figures = record.view(&left, &picks, start + 9 * SECOND);
        assert_eq!((figures.jain, figures.backends[1].counts), (Some(1.0), false));
        assert_eq!(figures.label, "b1 DOWN");
        let down = Change::State { backend: "b1".into(), from: State::Up, to: State::Down };
        assert_eq!(record.changes, [down]);
    }
}
