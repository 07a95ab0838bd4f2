mod moved;

use super::*;

use crate::api::{Intent, StickyBy, Strategy};
use crate::balancer::backend::Active;
use crate::balancer::state::Verdict;
use crate::balancer::sticky::Sticky;
use crate::config::{Address, BackendConfig, BackendLimits, StickyConfig};

fn backends(weights: &[u32]) -> Vec<Arc<Backend>> {
    let backend = |(index, weight): (usize, &u32)| {
        let id = u32::try_from(index).expect("few");
        let config = BackendConfig::new(id, format!("b{id}"), Address::local(5000));
        let backend = Backend::new(&BackendConfig { weight: *weight, ..config }, None);
        backend.status.set_verdict(Verdict::Healthy);
        Arc::new(backend)
    };
    weights.iter().enumerate().map(backend).collect()
}

fn backups(backups: &[bool]) -> Vec<Arc<Backend>> {
    let backend = |(id, backup): (u32, &bool)| {
        let config = BackendConfig::new(id, format!("b{id}"), Address::local(5000));
        let backend = Backend::new(&BackendConfig { backup: *backup, ..config }, None);
        backend.status.set_verdict(Verdict::Healthy);
        Arc::new(backend)
    };
    (0..).zip(backups).map(backend).collect()
}

fn pool(backends: Vec<Arc<Backend>>, strategy: Strategy) -> Pool {
    Pool::new(backends, strategy, Sticky::new(&StickyConfig::default(), &StickyBy::Cookie, None), Arc::default())
}

fn choose(pool: &Pool, key: Option<u32>, tried: &[u32]) -> Result<(u32, Decision), NoBackend> {
    let tried: Vec<BackendId> = tried.iter().copied().map(BackendId::new).collect();
    let mut decision = Decision::new(pool.strategy);
    let mut random = fastrand::Rng::with_seed(7);
    let own = key.map_or(Affinity::Nobody, |id| Affinity::Id(id.into()));
    let client = Bound { own, fingerprint: Fingerprint::of(b"nine"), ..Bound::default() };
    pool.choose(&client, &tried, &mut random, &mut decision, Instant::now()).map(|c| (c.backend.id().get(), decision))
}

fn series(pool: &Pool, n: usize) -> Vec<u32> {
    (0..n).map(|_| choose(pool, None, &[]).expect("a backend").0).collect()
}

#[test]
fn round_robin_runs_a_a_b_for_weights_2_and_1() {
    let pool = pool(backends(&[2, 1]), Strategy::RoundRobin);
    assert_eq!(series(&pool, 6), [0, 0, 1, 0, 0, 1]);
}

#[test]
fn smooth_round_robin_mixes_evenly() {
    let five = pool(backends(&[5, 1, 1]), Strategy::SmoothRoundRobin);
    assert_eq!(series(&five, 8), [0, 0, 1, 0, 2, 0, 0, 0]);
    assert_eq!(series(&pool(backends(&[2, 1]), Strategy::SmoothRoundRobin), 6), [0, 1, 0, 0, 1, 0]);
    assert_eq!(series(&pool(backends(&[1, 1, 1]), Strategy::SmoothRoundRobin), 4), [0, 1, 2, 0]);
}

#[test]
fn power_of_two_takes_the_less_busy_and_says_which_were_drawn() {
    let pool = pool(backends(&[1, 1]), Strategy::PowerOfTwo);
    let busy: Vec<Active> = (0..3).map(|_| Active::new(Arc::clone(&pool.backends[0]), Instant::now())).collect();
    let mut random = fastrand::Rng::with_seed(3);
    let mut counts = [0; 2];
    for _ in 0..400 {
        let mut decision = Decision::new(pool.strategy);
        let choice =
            pool.choose(&Bound::default(), &[], &mut random, &mut decision, Instant::now()).expect("a backend");
        counts[choice.backend.id().get() as usize] += 1;
        if let Rule::Strategy { place, against: Some(other), .. } = decision.rule {
            assert_eq!((place, other), (2, 1), "drawn together, the idle one has it");
        }
    }
    assert!((60..140).contains(&counts[0]), "the busy one only where it was drawn twice: {counts:?}");
    drop(busy);
}

#[test]
fn least_latency_goes_where_the_wait_is_shortest() {
    let pool = pool(backends(&[1, 1, 1]), Strategy::LeastLatency);
    let mut first = series(&pool, 3);
    first.sort_unstable();
    assert_eq!(first, [0, 1, 2], "those not known yet are tried in turn");
    let now = std::time::Instant::now();
    for (backend, millis) in pool.backends.iter().zip([40, 10, 15]) {
        backend.counters.ewma.record(std::time::Duration::from_millis(millis), now);
    }
    assert_eq!(series(&pool, 3), [1, 1, 1]);
    let _one = Active::new(Arc::clone(&pool.backends[1]), Instant::now());
    assert_eq!(series(&pool, 3), [2, 2, 2], "2 × 10 ms is more than 15 ms");
}

#[test]
fn hash_sends_a_client_to_one_place_and_a_lost_backend_moves_only_its_own() {
    let all = backends(&[1, 1, 2, 1]);
    let whole = pool(all.clone(), Strategy::Hash);
    let of = |pool: &Pool, client: u32| {
        let bound = Bound { fingerprint: Fingerprint::of(&client.to_be_bytes()), ..Bound::default() };
        let mut decision = Decision::new(pool.strategy);
        let choice = pool.choose(&bound, &[], &mut fastrand::Rng::new(), &mut decision, Instant::now());
        choice.expect("a backend").backend.id().get()
    };
    let before: Vec<u32> = (0..1000).map(|client| of(&whole, client)).collect();
    let mut reordered = all.clone();
    reordered.reverse();
    let reordered = pool(reordered, Strategy::Hash);
    all[1].status.set_verdict(Verdict::Unhealthy);
    let without = whole.refreshed();
    for (client, before) in (0..1000).zip(before) {
        assert_eq!(of(&reordered, client), before, "an order moves none");
        if before != 1 {
            assert_eq!(of(&without, client), before);
        }
    }
}

#[test]
fn first_is_the_first_that_is_up() {
    let all = backends(&[1, 1, 1]);
    let pool = pool(all.clone(), Strategy::First);
    assert_eq!(series(&pool, 3), [0, 0, 0]);
    assert_eq!(choose(&pool, None, &[0]).expect("the next").0, 1);
    assert!((pool.expected_shares()[0] - 1.0).abs() < 1e-9);
    all[0].status.set_intent(Intent::Drain);
    assert_eq!(series(&pool.refreshed(), 3), [1, 1, 1]);
}

#[test]
fn a_backup_takes_clients_only_while_nobody_else_does() {
    let all = backups(&[false, false, true]);
    let first = pool(all.clone(), Strategy::RoundRobin);
    assert_eq!(series(&first, 4), [0, 1, 0, 1]);
    let (id, decision) = choose(&first, None, &[0, 1]).expect("the backup, where the others failed");
    assert_eq!((id, decision.reason().as_str()), (2, "backup"));
    let (id, decision) = choose(&first, Some(2), &[]).expect("moved back");
    assert_ne!(id, 2);
    assert!(decision.reason().starts_with("b2 is a backup, and others are up, moved"), "{decision}");
    all[0].status.set_verdict(Verdict::Unhealthy);
    all[1].status.set_intent(Intent::Drain);
    let left = first.refreshed();
    assert_eq!(series(&left, 3), [2, 2, 2]);
    assert_eq!(choose(&left, Some(2), &[]).expect("kept").0, 2);
}

#[test]
fn a_backend_that_starts_slowly_gets_its_part() {
    let all = backends(&[1, 1]);
    all[1].weight.set_growth(20);
    let pool = pool(all, Strategy::SmoothRoundRobin);
    assert_eq!(series(&pool, 6).iter().filter(|id| **id == 1).count(), 1);
}

#[test]
fn round_robin_by_parts_of_weights_sends_no_long_row_to_one() {
    let all = backends(&[1, 1]);
    assert!(all[1].weight.set_wanted(37));
    all[1].weight.set_growth(50);
    assert_eq!(all[1].weight.percent(), 18, "both count");
    let pool = pool(all, Strategy::RoundRobin);
    let ids = series(&pool, 118);
    assert_eq!(ids.iter().filter(|id| **id == 1).count(), 18);
    assert!(ids.chunk_by(|a, b| a == b).all(|row| row.len() <= 6), "{ids:?}");
}

#[test]
fn parts_of_the_largest_weights_are_bounded_and_nobody_falls_out() {
    let all = backends(&[1000, 1000, 1]);
    all[0].weight.set_wanted(99);
    let pool = pool(all, Strategy::RoundRobin);
    let ids = series(&pool, 5000);
    let count = |id: u32| ids.iter().filter(|one| **one == id).count();
    assert!(count(0).abs_diff(count(1)) < 100 && count(2) > 0, "{} {} {}", count(0), count(1), count(2));
    assert!(pool.smooth.len() <= 4200);
}

#[test]
fn random_follows_the_weights() {
    let pool = pool(backends(&[3, 1, 0]), Strategy::Random);
    let mut random = fastrand::Rng::with_seed(1);
    let mut counts = [0; 3];
    for _ in 0..4000 {
        let mut decision = Decision::new(pool.strategy);
        let choice =
            pool.choose(&Bound::default(), &[], &mut random, &mut decision, Instant::now()).expect("a backend");
        counts[choice.backend.id().get() as usize] += 1;
    }
    assert!((2800..3200).contains(&counts[0]), "{counts:?}");
    assert_eq!(counts[2], 0, "weight 0 gets nobody");
}

#[test]
fn least_connections_weighs_and_rotates_ties() {
    let pool = pool(backends(&[1, 1, 1]), Strategy::LeastConnections);
    let mut seen = series(&pool, 3);
    seen.sort_unstable();
    assert_eq!(seen, [0, 1, 2], "idle ties rotate");
    let held: Vec<Active> = pool.backends[..2].iter().map(|b| Active::new(Arc::clone(b), Instant::now())).collect();
    assert_eq!(series(&pool, 2), [2, 2]);
    drop(held);
    let pool = self::pool(backends(&[2, 1]), Strategy::LeastConnections);
    let one_each: Vec<Active> = pool.backends.iter().map(|b| Active::new(Arc::clone(b), Instant::now())).collect();
    assert_eq!(series(&pool, 2), [0, 0], "1 of 2 is less than 1 of 1");
    drop(one_each);
}

#[test]
fn stickiness_comes_before_strategy() {
    let pool = pool(backends(&[1, 1, 1]), Strategy::RoundRobin);
    for _ in 0..5 {
        let (id, decision) = choose(&pool, Some(2), &[]).expect("a backend");
        assert_eq!((id, decision.rule), (2, Rule::Sticky));
    }
    assert!(choose(&pool, Some(9), &[]).expect("unknown id").1.key.is_none());
}

#[test]
fn a_draining_backend_keeps_its_clients_and_gets_no_new_ones() {
    let all = backends(&[1, 1]);
    all[0].status.set_intent(Intent::Drain);
    let pool = pool(all, Strategy::RoundRobin);
    assert_eq!(series(&pool, 3), [1, 1, 1]);
    let (id, decision) = choose(&pool, Some(0), &[]).expect("kept");
    assert_eq!((id, decision.reason().as_str()), (0, "kept: b0 drains, and this client is one of its own"));
    assert!(decision.rule.is_sticky());
}

#[test]
fn clients_of_a_backend_taken_out_move_and_the_reason_names_its_state() {
    let all = backends(&[1, 1]);
    all[0].status.set_intent(Intent::Maint);
    let pool = pool(all, Strategy::RoundRobin);
    let (id, decision) = choose(&pool, Some(0), &[]).expect("moved");
    assert_eq!(id, 1);
    assert!(decision.reason().starts_with("b0 is MAINT, moved"), "{decision}");
}

#[test]
fn those_already_tried_are_left_out() {
    let pool = pool(backends(&[5, 1, 1]), Strategy::RoundRobin);
    for _ in 0..7 {
        assert_eq!(choose(&pool, Some(0), &[0, 1]).expect("the third").0, 2);
    }
    assert_eq!(choose(&pool, None, &[0, 1, 2]).err(), Some(NoBackend::Nobody));
}

#[test]
fn with_nobody_up_nobody_is_chosen() {
    let all = backends(&[1]);
    all[0].status.set_verdict(Verdict::Unhealthy);
    assert!(choose(&pool(all, Strategy::LeastConnections), None, &[]).is_err());
    assert!(choose(&pool(Vec::new(), Strategy::RoundRobin), None, &[]).is_err());
}

fn by_ip(backends: Vec<Arc<Backend>>, config: &StickyConfig) -> Pool {
    Pool::new(backends, Strategy::RoundRobin, Sticky::new(config, &StickyBy::Ip, None), Arc::default())
}

fn of_ip(pool: &Pool, last: u8) -> Result<(u32, Decision), NoBackend> {
    let mut decision = Decision::new(pool.strategy);
    let client = Bound::by_ip([192, 0, 2, last].into());
    let choice = pool.choose(&client, &[], &mut fastrand::Rng::new(), &mut decision, Instant::now())?;
    pool.note(&client, choice.backend.id());
    Ok((choice.backend.id().get(), decision))
}

#[test]
fn an_address_has_its_backend_and_only_those_of_a_lost_one_move_until_it_is_back() {
    let all = backends(&[1, 1, 1]);
    let pool = by_ip(all.clone(), &StickyConfig::default());
    let before: Vec<u32> = (0..200).map(|ip| of_ip(&pool, ip).expect("a backend").0).collect();
    for id in 0..3 {
        assert!(before.iter().filter(|of| **of == id).count() > 40, "{before:?}");
    }
    assert_eq!(of_ip(&pool, 7).expect("a backend").1.reason(), "sticky ip 192.0.2.7");
    all[1].status.set_verdict(Verdict::Unhealthy);
    let without = pool.refreshed();
    for (ip, before) in (0..200).zip(&before) {
        let (now, decision) = of_ip(&without, ip).expect("a backend");
        assert_eq!(now == *before, *before != 1, "{decision}");
    }
    all[1].status.set_verdict(Verdict::Healthy);
    let back = without.refreshed();
    assert!((0..200).zip(&before).all(|(ip, before)| of_ip(&back, ip).expect("a backend").0 == *before));
}

#[test]
fn a_draining_backend_keeps_the_keys_it_has_and_gets_no_new_ones() {
    let all = backends(&[1, 1]);
    let pool = by_ip(all.clone(), &StickyConfig::default());
    let known: Vec<u8> = (0..100).filter(|ip| of_ip(&pool, *ip).expect("a backend").0 == 0).collect();
    all[0].status.set_intent(Intent::Drain);
    let draining = pool.refreshed();
    assert!(known.iter().all(|ip| of_ip(&draining, *ip).expect("kept").0 == 0));
    assert!((100..200).all(|ip| of_ip(&draining, ip).expect("elsewhere").0 == 1));
}

#[test]
fn a_key_that_moves_is_counted_once_however_many_backends_were_tried_for_each_of_its_requests() {
    let pool = by_ip(backends(&[1, 1]), &StickyConfig::default());
    let moved = || pool.sticky.key_cache().expect("bound by address").moved();
    let own = of_ip(&pool, 7).expect("a backend").0;
    let client = Bound::by_ip([192, 0, 2, 7].into());
    for _ in 0..3 {
        let choose = |tried: &[BackendId]| {
            let mut decision = Decision::new(pool.strategy);
            pool.choose(&client, tried, &mut fastrand::Rng::new(), &mut decision, Instant::now()).expect("a backend")
        };
        let refuses = choose(&[]).backend.id();
        assert_eq!(refuses.get(), own);
        pool.note(&client, choose(&[refuses]).backend.id());
    }
    assert_eq!(moved(), 1);
}

#[test]
fn a_client_may_be_kept_from_any_other_backend_than_its_own() {
    let all = backends(&[1, 1]);
    let config = StickyConfig { on_failure: OnFailure::Fail, ..StickyConfig::default() };
    let pool = by_ip(all.clone(), &config);
    let ip = (0..100).find(|ip| of_ip(&pool, *ip).expect("a backend").0 == 0).expect("one of its own");
    all[0].status.set_verdict(Verdict::Unhealthy);
    let mut decision = Decision::new(pool.strategy);
    let client = Bound::by_ip([192, 0, 2, ip].into());
    let chosen = pool.refreshed().choose(&client, &[], &mut fastrand::Rng::new(), &mut decision, Instant::now());
    assert_eq!(chosen.err(), Some(NoBackend::Kept));
    assert_eq!(decision.reason(), "b0 is DOWN; sticky.onFailure is fail");
}

#[test]
fn a_changed_pool_goes_on_where_the_last_one_stood() {
    let first = pool(backends(&[1, 1, 1]), Strategy::RoundRobin);
    assert_eq!(series(&first, 2), [0, 1]);
    assert_eq!(series(&first.refreshed(), 2), [2, 0]);
}

#[test]
fn a_backend_that_a_person_asks_for_is_chosen_whatever_its_state_and_where_it_is_gone_nobody_is() {
    let backends = backends(&[1, 1]);
    backends[1].status.set_intent(Intent::Maint);
    let pool = pool(backends, Strategy::RoundRobin);
    let mut decision = Decision::new(Strategy::First);
    let choice = pool.choose_asked(1.into(), &mut decision).expect("it is there");
    assert_eq!((choice.backend.id().get(), decision.strategy), (1, Strategy::RoundRobin));
    assert_eq!(decision.rule, Rule::Asked { backend: "b1".into() });
    assert_eq!(pool.choose_asked(9.into(), &mut decision).err(), Some(NoBackend::Nobody));
}

#[test]
fn a_backend_that_a_person_asks_for_and_that_is_full_is_no_reason_to_take_another() {
    let config = BackendConfig::new(0, "b0".to_owned(), Address::local(5000));
    let limits = BackendLimits { max_connections: 1, ..config.limits.clone() };
    let narrow = Arc::new(Backend::new(&BackendConfig { limits, ..config }, None));
    narrow.status.set_verdict(Verdict::Healthy);
    let pool = pool(vec![narrow, backends(&[1, 1]).remove(1)], Strategy::RoundRobin);
    let mut decision = Decision::new(pool.strategy);
    let _taken = pool.choose_asked(0.into(), &mut decision).expect("it has a place");
    assert_eq!(pool.choose_asked(0.into(), &mut decision).err(), Some(NoBackend::Kept));
    decision.replayed = Some(3.into());
    assert_eq!(decision.reason(), "replayed from #3 to b0; b0 is full");
}
