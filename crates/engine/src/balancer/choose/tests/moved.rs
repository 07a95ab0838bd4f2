//! Clients that lose their backend.

use super::*;
use std::time::Duration;

/// A client of the first backend, told from others by its address.
fn client_of_the_first(number: u8) -> Bound {
    let traits = Traits::of_address([192, 0, 2, number].into(), 0.into());
    Bound { own: Affinity::Id(0.into()), traits: Some(Box::new(traits)), ..Bound::default() }
}

/// Where a request goes that comes at this moment, however long the test takes.
fn moved(pool: &Pool, client: &Bound, tried: &[BackendId], now: Instant) -> (u32, Decision) {
    let mut decision = Decision::new(pool.strategy);
    let choice = pool.choose(client, tried, &mut fastrand::Rng::new(), &mut decision, now).expect("moved");
    (choice.backend.id().get(), decision)
}

#[test]
fn the_clients_of_a_lost_backend_are_spread_by_strategy_and_the_requests_of_each_move_together() {
    let now = Instant::now();
    let all = backends(&[1, 2, 1, 1]);
    all[0].status.set_intent(Intent::Maint);
    let pool = pool(all, Strategy::RoundRobin);
    let mut counts = [0; 4];
    for client in (0..200).map(client_of_the_first) {
        let (first, decision) = moved(&pool, &client, &[], now);
        assert!(matches!(decision.rule, Rule::Strategy { .. }), "{decision}");
        for _ in 0..2 {
            let (place, decision) = moved(&pool, &client, &[], now);
            assert_eq!((place, decision.rule), (first, Rule::Together));
        }
        counts[first as usize] += 1;
    }
    assert_eq!(counts, [0, 100, 50, 50]);
}

#[test]
fn what_follows_goes_where_the_last_one_went_that_was_not_refused() {
    let now = Instant::now();
    let all = backends(&[1, 1, 1]);
    all[0].status.set_intent(Intent::Maint);
    let pool = pool(all.clone(), Strategy::RoundRobin);
    let client = client_of_the_first(1);
    let first = moved(&pool, &client, &[], now).0;
    let second = moved(&pool, &client, &[first.into()], now).0;
    assert_ne!(first, second);
    assert_eq!(moved(&pool, &client, &[], now).0, second);
    all[second as usize].status.set_verdict(Verdict::Unhealthy);
    let refreshed = pool.refreshed();
    assert_eq!(moved(&refreshed, &client, &[], now).0, first);
    assert_eq!(moved(&refreshed, &client, &[], now).1.rule, Rule::Together);
}

#[test]
fn a_preview_of_a_move_says_what_would_happen_and_binds_nobody() {
    let now = Instant::now();
    let all = backends(&[1, 1, 1]);
    all[0].status.set_intent(Intent::Maint);
    let pool = pool(all, Strategy::RoundRobin);
    let client = client_of_the_first(1);
    let preview = || {
        let mut decision = Decision::new(pool.strategy);
        let choice = pool.preview(&client, &mut decision, now).expect("a backend");
        (choice.backend.id().get(), decision.rule)
    };
    let foreseen = preview();
    assert_eq!(foreseen, preview());
    let (place, decision) = moved(&pool, &client, &[], now);
    assert_eq!((place, decision.rule), foreseen);
    assert_eq!(preview(), (place, Rule::Together));
}

#[test]
fn a_client_that_has_its_backend_again_is_told_nothing_of_a_move() {
    let all = backends(&[1, 1]);
    all[0].status.set_intent(Intent::Maint);
    let pool = pool(all.clone(), Strategy::RoundRobin);
    let (client, start) = (client_of_the_first(1), Instant::now());
    for millis in [0, 1_000, 1_900] {
        moved(&pool, &client, &[], start + Duration::from_millis(millis));
    }
    let late = start + Duration::from_millis(2_500);
    let (_, mut decision) = moved(&pool, &client, &[], late);
    assert!(decision.reason().contains("by strategy after 2 s"), "{decision}");
    all[0].status.set_intent(Intent::InService);
    let choice = pool.refreshed().choose(&client, &[], &mut fastrand::Rng::new(), &mut decision, late);
    assert_eq!(choice.expect("its own").backend.id().get(), 0);
    decision.key = None;
    assert_eq!(decision.reason(), "sticky");
}

#[test]
fn a_replay_goes_where_its_client_would_and_moves_nobody() {
    let now = Instant::now();
    let all = backends(&[1, 1, 1]);
    all[0].status.set_intent(Intent::Maint);
    let pool = pool(all, Strategy::RoundRobin);
    let client = client_of_the_first(1);
    let mut replay = client.clone();
    replay.traits.as_mut().expect("it lost its backend").is_replay = true;
    moved(&pool, &replay, &[], now);
    let (place, decision) = moved(&pool, &client, &[], now);
    assert!(matches!(decision.rule, Rule::Strategy { .. }), "{decision}");
    let (followed, decision) = moved(&pool, &replay, &[], now);
    assert_eq!((followed, decision.rule), (place, Rule::Together));
}
