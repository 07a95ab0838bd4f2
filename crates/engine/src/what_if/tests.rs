use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use super::*;
use crate::api::{BackendId, Decision, Rule, State, StickyBy};
use crate::balancer::{Active, Affinity, Asker, Backend, Bound, Fingerprint, NoBackend, Slot, Sticky, Verdict};
use crate::config::{Address, BackendConfig, BackendLimits, StickyConfig};

/// A pool with a client in front of it, watched from the beginning.
struct Served {
    pool: Arc<Pool>,
    random: fastrand::Rng,
    flying: Vec<(Active, Option<Slot>)>,
    /// Where each request went.
    went: Vec<BackendId>,
}

impl Served {
    fn new(strategy: Strategy, by: &StickyBy, seed: u64, most: u32) -> Self {
        let backend = |(id, weight): (u32, u32)| {
            let limits = BackendLimits { max_connections: most, max_queue: 99, ..BackendLimits::default() };
            let config =
                BackendConfig { weight, limits, ..BackendConfig::new(id, format!("b{id}"), Address::local(5000)) };
            let backend = Backend::new(&config, None);
            backend.status.set_verdict(Verdict::Healthy);
            Arc::new(backend)
        };
        let sticky = Sticky::new(&StickyConfig::default(), by, None);
        let backends = [(4, 3), (7, 1), (9, 2)].into_iter().map(backend).collect();
        let pool = Arc::new(Pool::new(backends, strategy, sticky, Arc::default()));
        pool.watch(true);
        Served { pool, random: fastrand::Rng::with_seed(seed), flying: Vec::new(), went: Vec::new() }
    }

    /// A client from its own address, bound or not.
    fn client(&self, number: u32, own: Affinity) -> Bound {
        let address = Fingerprint::of_ip(IpAddr::V4(Ipv4Addr::from(0x0a00_0000 + number)));
        let asker = self.pool.is_watched().then(|| Box::new(Asker { address, who: address }));
        Bound { own, fingerprint: address, asker, ..self.pool.sticky.read_connection(Ipv4Addr::LOCALHOST.into(), None) }
    }

    fn ask(&mut self, bound: &Bound) -> Result<BackendId, NoBackend> {
        let mut decision = Decision::new(self.pool.strategy);
        let now = Instant::now();
        let choice = self.pool.choose_noted(bound, &[], &mut self.random, &mut decision, now)?;
        let id = choice.backend.id();
        self.flying.push((Active::chosen(choice.backend, now, choice.ticket), choice.slot));
        self.went.push(id);
        Ok(id)
    }

    /// One of those in flight is answered after so long, and ends.
    fn end(&mut self, index: usize, took: Duration) {
        if self.flying.is_empty() {
            return;
        }
        let (active, _slot) = self.flying.swap_remove(index % self.flying.len());
        active.took(took, Instant::now(), self.pool.strategy == Strategy::LeastLatency);
        active.end(Instant::now());
    }

    /// So many requests of twenty clients, with some in flight at each time.
    fn serve(&mut self, requests: usize) {
        let mut chance = fastrand::Rng::with_seed(99);
        for _ in 0..requests {
            let client = self.client(chance.u32(..20), Affinity::Nobody);
            while self.ask(&client) == Err(NoBackend::Full) {
                self.end(chance.usize(..), Duration::from_millis(chance.u64(1..90)));
            }
            while self.flying.len() > chance.usize(1..9) {
                self.end(chance.usize(..), Duration::from_millis(chance.u64(1..90)));
            }
        }
    }

    fn told(&self, options: &WhatIfOptions) -> WhatIf {
        what_if(&self.pool, &"default".into(), self.pool.recorded(), options)
    }

    fn counts(&self, last: usize) -> Vec<f64> {
        let went = &self.went[self.went.len() - last..];
        self.pool.backends.iter().map(|b| went.iter().filter(|id| **id == b.id()).count() as f64).collect()
    }
}

fn current(told: &WhatIf) -> &WhatIfRow {
    told.rows.iter().find(|row| row.current).expect("one is in use")
}

fn of(told: &WhatIf, strategy: Strategy) -> &WhatIfRow {
    told.rows.iter().find(|row| row.strategy == strategy).expect("every one has a row")
}

fn medians(row: &WhatIfRow) -> Vec<f64> {
    row.picks.iter().map(|picks| picks.median).collect()
}

#[test]
fn the_row_in_use_is_what_really_happened_whatever_the_strategy_and_however_much_is_in_flight() {
    for strategy in Strategy::ALL {
        for (seed, requests) in [(1, 60), (2, 333), (3, 1700)] {
            let mut served = Served::new(strategy, &StickyBy::Off, seed, 0);
            served.serve(requests);
            let window = Window::new(&served.pool, served.pool.recorded());
            let row = row(&served.pool, &window, strategy, &WhatIfOptions::default());
            let last = requests.min(500);
            assert_eq!((window.requests.len(), row.as_real.median), (last, 1.0), "{strategy} {seed}");
            assert_eq!((row.strategy, row.current, row.seeds, row.moved.median), (strategy, true, 1, 0.0));
            assert_eq!(medians(&row), served.counts(last), "{strategy} {seed}");
        }
    }
}

#[test]
fn it_proves_itself_beside_what_really_went_to_each() {
    let mut served = Served::new(Strategy::PowerOfTwo, &StickyBy::Off, 1, 0);
    served.serve(600);
    let told = served.told(&WhatIfOptions::default());
    assert_eq!((told.requests, told.as_real, &told.doubt, told.rows.len()), (500, 1.0, &None, 8));
    assert!(told.micros > 0 && told.not_told[0].raw().starts_with("latency: "));
    let real: Vec<f64> = told.backends.iter().map(|backend| backend.real as f64).collect();
    assert_eq!((&real, real.clone()), (&medians(current(&told)), served.counts(500)));
}

#[test]
fn with_few_places_the_row_in_use_is_what_really_happened_too() {
    for strategy in Strategy::ALL {
        let mut served = Served::new(strategy, &StickyBy::Off, 4, 2);
        served.serve(400);
        let window = Window::new(&served.pool, served.pool.recorded());
        let row = row(&served.pool, &window, strategy, &WhatIfOptions::default());
        assert!(row.as_real.median >= 0.95, "{strategy}: {row:?}");
    }
}

#[test]
fn another_strategy_does_what_it_does_in_reality_with_the_same_requests() {
    // One after the other, so that no load matters but the strategy's own state.
    for strategy in [Strategy::SmoothRoundRobin, Strategy::LeastConnections, Strategy::Hash, Strategy::First] {
        let [mut one, mut other] =
            [Strategy::Random, strategy].map(|strategy| Served::new(strategy, &StickyBy::Off, 5, 0));
        for number in 0..120 {
            for served in [&mut one, &mut other] {
                let client = served.client(number % 17, Affinity::Nobody);
                served.ask(&client).expect("a backend");
                served.end(0, Duration::from_millis(1));
            }
        }
        let told = one.told(&WhatIfOptions::default());
        assert_eq!(medians(of(&told, strategy)), other.counts(120), "{strategy}");
    }
}

#[test]
fn what_is_drawn_has_a_range_of_two_hundred_seeds() {
    let mut served = Served::new(Strategy::RoundRobin, &StickyBy::Off, 1, 0);
    served.serve(300);
    let told = served.told(&WhatIfOptions::default());
    for row in &told.rows {
        let is_drawn = matches!(row.strategy, Strategy::Random | Strategy::PowerOfTwo);
        assert_eq!(row.seeds == 200, is_drawn, "{}", row.strategy);
        assert_eq!(row.picks[0].low < row.picks[0].high, is_drawn, "{}", row.strategy);
    }
    // Half of them by weight.
    let random = of(&told, Strategy::Random).picks[0];
    assert!(random.low < 150.0 && random.high > 150.0, "{random:?}");
}

#[test]
fn without_a_backend_a_hash_moves_its_keys_alone_and_where_they_go_when_it_is_really_out() {
    let mut before = Served::new(Strategy::Hash, &StickyBy::Off, 1, 0);
    let ask = |served: &mut Served| {
        for number in 0..100 {
            let client = served.client(number, Affinity::Nobody);
            served.ask(&client).expect("a backend");
            served.end(0, Duration::from_millis(1));
        }
    };
    ask(&mut before);
    let options = WhatIfOptions { without: Some(BackendId::new(9)), ..WhatIfOptions::default() };
    let told = before.told(&options);
    let mut after = Served::new(Strategy::Hash, &StickyBy::Off, 1, 0);
    after.pool.backends[2].status.set_verdict(Verdict::Unhealthy);
    assert_eq!(after.pool.backends[2].state(), State::Down);
    after.pool = Arc::new(after.pool.refreshed());
    ask(&mut after);
    let row = current(&told);
    assert_eq!(medians(row), after.counts(100));
    assert_eq!((row.moved.median, told.as_real), (told.backends[2].real as f64, 1.0));
    let same: Vec<bool> = before.went.iter().zip(&after.went).map(|(before, after)| before == after).collect();
    assert_eq!(vec![row.as_real.median], [same.iter().filter(|same| **same).count() as f64 / 100.0]);
}

#[test]
fn a_client_with_a_cookie_stays_where_the_model_put_it_first_and_without_stickiness_it_does_not() {
    let mut served = Served::new(Strategy::RoundRobin, &StickyBy::Cookie, 1, 0);
    let mut own = [Affinity::Nobody; 12];
    for number in 0..120 {
        let client = served.client(number % 12, own[number as usize % 12]);
        own[number as usize % 12] = Affinity::Id(served.ask(&client).expect("a backend"));
        served.end(0, Duration::from_millis(1));
    }
    let told = served.told(&WhatIfOptions::default());
    assert_eq!((told.as_real, medians(current(&told))), (1.0, served.counts(120)));
    // All twelve go to the first one, and stay there with all their ten requests.
    let first = of(&told, Strategy::First);
    assert_eq!(medians(first), [120.0, 0.0, 0.0]);
    let elsewhere = own.iter().filter(|own| **own != Affinity::Id(4.into())).count();
    assert_eq!(vec![first.moved.median], [elsewhere as f64]);
    assert!(medians(of(&told, Strategy::LeastConnections)).iter().all(|picks| picks % 10.0 == 0.0));
    let options = WhatIfOptions { sticky_off: true, ..WhatIfOptions::default() };
    assert_eq!(medians(current(&served.told(&options))), [60.0, 20.0, 40.0]);
}

#[test]
fn a_weight_is_another_in_the_model_and_nowhere_else() {
    let mut served = Served::new(Strategy::SmoothRoundRobin, &StickyBy::Off, 1, 0);
    served.serve(120);
    let options = WhatIfOptions { weight: Some((BackendId::new(7), 5)), ..WhatIfOptions::default() };
    let told = served.told(&options);
    assert_eq!(medians(current(&told)), [36.0, 60.0, 24.0]);
    assert_eq!((told.as_real, told.backends[1].weight, served.pool.backends[1].weight.get()), (1.0, 5, 1));
    let fair = current(&served.told(&WhatIfOptions::default())).jain.median;
    assert!((fair - 1.0).abs() < 1e-9, "{fair}");
}

#[test]
fn most_and_mean_in_flight_are_those_of_the_requests_that_were() {
    let mut served = Served::new(Strategy::First, &StickyBy::Off, 1, 0);
    for _ in 0..30 {
        let client = served.client(1, Affinity::Nobody);
        for _ in 0..4 {
            served.ask(&client).expect("a backend");
        }
        for _ in 0..4 {
            served.end(0, Duration::from_millis(1));
        }
    }
    let told = served.told(&WhatIfOptions::default());
    assert_eq!(vec![current(&told).most_in_flight.median], [4.0]);
    let mean = current(&told).mean_in_flight.median;
    assert!(mean > 1.0 && mean < 4.0, "{mean}");
    assert_eq!(vec![of(&told, Strategy::LeastConnections).most_in_flight.median], [2.0]);
}

#[test]
fn a_full_backend_is_left_out_by_every_strategy_and_one_that_finds_all_full_waits() {
    let mut served = Served::new(Strategy::RoundRobin, &StickyBy::Off, 4, 2);
    served.serve(400);
    for row in served.told(&WhatIfOptions::default()).rows {
        assert!(row.most_in_flight.high <= 2.0, "{row:?}");
        assert!(medians(&row).iter().sum::<f64>() >= 380.0, "{row:?}");
    }
}

#[test]
fn with_too_few_requests_or_right_after_a_change_it_says_why_it_says_nothing() {
    let mut served = Served::new(Strategy::RoundRobin, &StickyBy::Off, 1, 0);
    served.serve(49);
    let told = served.told(&WhatIfOptions::default());
    assert_eq!(told.doubt.expect("too few"), "49 requests were seen: what-if needs 50 under the same conditions");
    assert!(told.rows.is_empty() && told.backends.len() == 3);
    served.serve(100);
    assert!(served.told(&WhatIfOptions::default()).doubt.is_none());
    served.pool.memory.recorder.changed("strategy round-robin → hash".to_owned());
    served.pool = Arc::new(served.pool.with_strategy(Strategy::Hash));
    let told = served.told(&WhatIfOptions::default());
    let why = "no request was seen since the last change (strategy round-robin → hash): what-if needs 50 under the same \
               conditions";
    assert_eq!(told.doubt.expect("none since"), why);
    served.serve(60);
    let told = served.told(&WhatIfOptions::default());
    assert_eq!((told.requests, told.as_real), (60, 1.0));
}

#[test]
fn nobody_watched_is_said_once_and_from_then_on_it_watches_for_good() {
    let mut served = Served::new(Strategy::RoundRobin, &StickyBy::Off, 1, 0);
    served.pool.watch(false);
    served.serve(60);
    let told = served.told(&WhatIfOptions::default());
    assert!(told.doubt.expect("nothing was seen").raw().starts_with("nobody has watched until now"));
    served.pool.watch(false);
    served.serve(60);
    assert_eq!(served.told(&WhatIfOptions::default()).requests, 60);
}

#[test]
fn a_model_that_does_not_come_to_what_happened_says_so_and_why() {
    let mut served = Served::new(Strategy::RoundRobin, &StickyBy::Off, 1, 0);
    served.serve(30);
    // A weight that is changed behind the pool's back.
    served.serve(30);
    let mut recorded = served.pool.recorded();
    for record in recorded.records.iter_mut().take(6) {
        record.to = 7.into();
    }
    let told = what_if(&served.pool, &"default".into(), recorded, &WhatIfOptions::default());
    let doubt = told.doubt.expect("it is off").to_string();
    assert!(told.as_real < 0.95 && doubt.starts_with("the strategy in use comes to only 9"), "{doubt}");
    assert!(!told.rows.is_empty());
}

#[test]
fn what_another_strategy_had_sent_before_a_change_counts_for_least_latency_as_it_really_did() {
    let mut served = Served::new(Strategy::RoundRobin, &StickyBy::Off, 1, 0);
    let client = served.client(1, Affinity::Nobody);
    for _ in 0..12 {
        served.ask(&client).expect("a backend");
    }
    let before = std::mem::take(&mut served.flying);
    served.pool = Arc::new(served.pool.with_strategy(Strategy::LeastLatency));
    served.ask(&client).expect("a backend");
    // Their answers, late ones, come now: no average follows them.
    for (active, _) in before {
        active.took(Duration::from_secs(9), Instant::now(), false);
        active.end(Instant::now());
    }
    served.serve(80);
    let told = served.told(&WhatIfOptions::default());
    assert_eq!((told.as_real, medians(current(&told))), (1.0, served.counts(81)));
}

#[test]
fn an_attempt_that_led_nowhere_is_no_request_and_its_load_counts() {
    let mut served = Served::new(Strategy::LeastConnections, &StickyBy::Off, 1, 0);
    served.serve(40);
    for _ in 0..20 {
        let client = served.client(3, Affinity::Nobody);
        let failed = served.ask(&client).expect("a backend");
        served.flying.last().expect("it is in flight").0.give_up();
        let (active, _) = served.flying.pop().expect("it is");
        drop(active);
        let mut decision = Decision::new(served.pool.strategy);
        let now = Instant::now();
        let tried = [failed];
        let choice =
            served.pool.choose_noted(&client, &tried, &mut served.random, &mut decision, now).expect("another");
        assert!(matches!(decision.rule, Rule::Strategy { .. }) && choice.backend.id() != failed);
        served.flying.push((Active::chosen(choice.backend, now, choice.ticket), None));
    }
    let told = served.told(&WhatIfOptions::default());
    assert_eq!((told.requests, told.as_real), (60, 1.0));
    let said =
        told.not_told.iter().any(|one| one.to_string().starts_with("failures: 20 attempts failed, and stay where"));
    assert!(said, "{:?}", told.not_told);
}

#[test]
fn a_tunnel_is_in_flight_as_long_as_it_lasts_and_not_only_until_it_begins() {
    let mut served = Served::new(Strategy::First, &StickyBy::Off, 1, 0);
    let client = served.client(1, Affinity::Nobody);
    served.ask(&client).expect("a backend");
    let (request, _) = served.flying.pop().expect("it is in flight");
    let tunnel = Active::in_place(Arc::clone(request.backend()), Instant::now(), request.ticket());
    request.end(Instant::now());
    for _ in 0..60 {
        served.ask(&client).expect("a backend");
        served.end(0, Duration::from_millis(1));
    }
    let most = |served: &Served, strategy| of(&served.told(&WhatIfOptions::default()), strategy).most_in_flight.median;
    assert_eq!(vec![most(&served, Strategy::First), most(&served, Strategy::LeastConnections)], [2.0, 1.0]);
    drop(tunnel);
    // Its end is seen too: the last 500 requests came after it.
    for _ in 0..600 {
        served.ask(&client).expect("a backend");
        served.end(0, Duration::from_millis(1));
    }
    assert_eq!(vec![most(&served, Strategy::First)], [1.0]);
}
