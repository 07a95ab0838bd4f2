//! When each request of open traffic is due, whose it is and what it asks for. Pure: it looks at no clock.

use std::time::Duration;

use super::mix::{Mix, Weights, exponential, random};
use crate::api::{Spacing, TrafficOptions};

/// How much more often than the others a heavy client asks.
pub(super) const HEAVY: u32 = 10;

/// One request that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Due {
    /// Since the beginning of the traffic.
    pub(super) after: Duration,
    /// The client, from 1.
    pub(super) client: u32,
    /// The number of the mix's part.
    pub(super) part: usize,
}

/// The requests of open traffic, one after the other. Each moment follows from the rate and not from the one before, so that
/// they do not drift.
pub(super) struct Schedule {
    spacing: Spacing,
    rate: u32,
    mix: Mix,
    clients: Weights,
    /// Of their own, so that another rate sends the same requests at other moments.
    moments: fastrand::Rng,
    picks: fastrand::Rng,
    /// Since when requests have come at this rate, and how many have been due since then.
    base: Duration,
    count: u32,
    next: Due,
}

impl Schedule {
    pub(super) fn new(options: &TrafficOptions, mix: Mix) -> Self {
        let mut schedule = Schedule {
            spacing: options.spacing,
            rate: options.rate,
            mix,
            clients: clients(options),
            moments: random(options.seed, 1),
            picks: random(options.seed, 2),
            base: Duration::ZERO,
            count: 0,
            next: Due { after: Duration::ZERO, client: 1, part: 0 },
        };
        if schedule.spacing == Spacing::Poisson {
            schedule.next.after = schedule.pause();
        }
        schedule.pick();
        schedule
    }

    /// The next request.
    pub(super) fn next(&self) -> Due {
        self.next
    }

    /// It has had its turn.
    pub(super) fn advance(&mut self) {
        self.next.after = match self.spacing {
            Spacing::Poisson => self.next.after + self.pause(),
            Spacing::Even => {
                self.count += 1;
                self.base + even(self.count, self.rate)
            }
        };
        self.pick();
    }

    /// Goes on at another rate, or with more or fewer clients, from now on. What comes next is what would have come next.
    pub(super) fn change(&mut self, options: &TrafficOptions, now: Duration) {
        if options.rate != self.rate {
            let before = self.next.after.saturating_sub(even(1, self.rate));
            self.rate = options.rate;
            let pause = if self.spacing == Spacing::Even { even(1, self.rate) } else { self.pause() };
            // As far behind the last one as those after it, unless that is over.
            (self.base, self.count) = ((before + pause).max(now), 0);
            self.next.after = self.base;
        }
        self.clients = clients(options);
        if self.next.client > options.clients {
            self.pick();
        }
    }

    fn pick(&mut self) {
        // Fewer than 300.
        self.next.client = u32::try_from(self.clients.draw(&mut self.picks) + 1).unwrap_or(1);
        self.next.part = self.mix.draw(&mut self.picks);
    }

    fn pause(&mut self) -> Duration {
        Duration::from_secs_f64(exponential(&mut self.moments, 1.0 / f64::from(self.rate)))
    }
}

fn clients(options: &TrafficOptions) -> Weights {
    Weights::new((1..=options.clients).map(|client| if client <= options.heavy { HEAVY } else { 1 }))
}

/// The time of so many requests at an even rate.
fn even(count: u32, rate: u32) -> Duration {
    Duration::from_nanos(u64::from(count) * 1_000_000_000 / u64::from(rate))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(line: &str) -> TrafficOptions {
        line.parse().expect(line)
    }

    fn schedule(line: &str) -> Schedule {
        let options = options(line);
        Schedule::new(&options, Mix::new(&options.mix).expect("can be sent"))
    }

    fn first(count: usize, line: &str) -> Vec<Due> {
        let mut schedule = schedule(line);
        let step = |_| {
            let due = schedule.next();
            schedule.advance();
            due
        };
        (0..count).map(step).collect()
    }

    #[test]
    fn even_requests_do_not_drift_however_many_there_are() {
        let due = first(24 * 60 + 1, "open rate=24");
        assert_eq!(due[0].after, Duration::ZERO);
        assert_eq!(due[1].after, Duration::from_nanos(41_666_666));
        assert_eq!(due[24].after, Duration::from_secs(1));
        assert_eq!(due[24 * 60].after, Duration::from_mins(1));
    }

    #[test]
    fn poisson_requests_come_at_the_rate_and_are_not_even() {
        let due = first(20_001, "open rate=100 spacing=poisson");
        let time = due[20_000].after.as_secs_f64();
        assert!((190.0..210.0).contains(&time), "{time}");
        // Of pauses that are independent of each other, one in e is longer than the mean.
        let long = due.windows(2).filter(|pair| pair[1].after > pair[0].after + Duration::from_millis(10)).count();
        assert!((7_000..7_700).contains(&long), "{long}");
    }

    #[test]
    fn the_same_seed_sends_the_same_requests_at_the_same_moments_and_another_one_others() {
        for spacing in ["even", "poisson"] {
            let line = |seed| format!("open spacing={spacing} seed={seed} mix=\"50% GET /a, 50% GET /b\"");
            assert_eq!(first(500, &line(7)), first(500, &line(7)));
            assert_ne!(first(500, &line(7)), first(500, &line(8)));
        }
    }

    #[test]
    fn another_rate_sends_the_same_requests_at_other_moments() {
        let picks = |line: &str| first(200, line).into_iter().map(|due| (due.client, due.part)).collect::<Vec<_>>();
        let even = picks("open rate=10 mix=\"50% GET /a, 50% GET /b\"");
        assert_eq!(picks("open rate=50 mix=\"50% GET /a, 50% GET /b\""), even);
        assert_eq!(picks("open rate=50 spacing=poisson mix=\"50% GET /a, 50% GET /b\""), even);
    }

    #[test]
    fn heavy_clients_ask_ten_times_as_often() {
        let due = first(28_000, "open clients=10 heavy=2");
        let of = |client| due.iter().filter(|due| due.client == client).count();
        for client in 1..=2 {
            assert!((9_500..10_500).contains(&of(client)), "{client}: {}", of(client));
        }
        for client in 3..=10 {
            assert!((850..1150).contains(&of(client)), "{client}: {}", of(client));
        }
    }

    #[test]
    fn a_changed_rate_goes_on_without_a_burst_or_a_gap() {
        let mut schedule = schedule("open rate=10");
        for _ in 0..10 {
            schedule.advance();
        }
        // The last one was due at 900 ms.
        let now = Duration::from_millis(905);
        let coming = schedule.next();
        schedule.change(&options("open rate=100"), now);
        assert_eq!(schedule.next(), Due { after: Duration::from_millis(910), ..coming });
        schedule.advance();
        assert_eq!(schedule.next().after, Duration::from_millis(920));
        schedule.change(&options("open rate=1"), Duration::from_millis(915));
        assert_eq!(schedule.next().after, Duration::from_millis(1910));
        schedule.change(&options("open rate=500"), Duration::from_millis(1500));
        assert_eq!(schedule.next().after, Duration::from_millis(1500));
    }

    #[test]
    fn with_fewer_clients_none_of_those_who_left_asks_again() {
        let mut schedule = schedule("open clients=12");
        let fewer = options("open clients=3");
        schedule.change(&fewer, Duration::ZERO);
        for _ in 0..500 {
            assert!((1..=3).contains(&schedule.next().client));
            schedule.advance();
        }
        assert_eq!(schedule.next().after, even(500, 24));
    }
}
