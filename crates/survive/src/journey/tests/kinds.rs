//! Each kind of loss is found with its name, its binding step and what to learn; and in mended apps nothing is.

use super::super::LossKind;
use super::{App, Script, World, apps};

const APPS: [(&str, App, Script); 12] = [
    ("session", apps::session, apps::logs_in),
    ("signed", apps::signed, apps::signs_in),
    ("token", apps::token, apps::carries_a_token),
    ("refresh", apps::refresh, apps::refreshes),
    ("csrf", apps::csrf, apps::sends_the_form),
    ("upload", apps::upload, apps::uploads),
    ("socket.io", apps::socket_io, apps::polls),
    ("mcp", apps::mcp, apps::calls_tools),
    ("signalr", apps::negotiated, apps::negotiates),
    ("job", apps::negotiated, apps::starts_a_job),
    ("cart", apps::cart, apps::shops),
    ("notes", apps::notes, apps::writes_notes),
];

/// Kind, words, binding step and what to learn of the first loss.
fn first(name: &str, seed: u64) -> (LossKind, String, Option<usize>, Option<String>) {
    let (_, app, script) = APPS.into_iter().find(|(one, ..)| *one == name).expect("an app");
    let mut world = World::new(app, false, seed);
    let journey = world.record(script);
    let (losses, binding, learn) = world.examine(&journey);
    let first = losses.first().unwrap_or_else(|| panic!("{name} with {seed} loses nothing"));
    (first.kind, first.words.clone(), binding, learn.map(|learn| learn.0))
}

#[test]
fn every_kind_is_found_with_the_step_that_binds_and_what_to_learn() {
    let session = "session lost (302 /login)";
    for seed in 1..=20 {
        for (name, kind, words, binding, learn) in [
            ("session", LossKind::Session, session, 1, Some("cookie:sid")),
            ("signed", LossKind::Secret, "session lost (401)", 0, Some("cookie:session")),
            ("token", LossKind::Secret, "session lost (401)", 0, None),
            ("refresh", LossKind::UnknownId, "400 invalid_grant", 0, None),
            ("csrf", LossKind::Csrf, "403 invalid csrf token", 0, Some("cookie:sid")),
            ("upload", LossKind::Upload, "upload gone (404)", 0, None),
            ("socket.io", LossKind::UnknownId, "400 Session ID unknown", 0, Some("socket.io")),
            ("mcp", LossKind::UnknownId, "404 Session not found", 0, Some("mcp")),
            ("signalr", LossKind::UnknownId, "404 No Connection with that ID", 0, Some("signalr")),
            ("job", LossKind::UnknownId, "404 No Connection with that ID", 0, Some("json:/job=query:id")),
            ("cart", LossKind::CookieAnew, "session begun anew (cookie sid)", 0, Some("cookie:sid")),
            ("notes", LossKind::Answer, "other answer: /note", 2, None),
        ] {
            let expected = (kind, words.to_owned(), Some(binding), learn.map(str::to_owned));
            assert_eq!(first(name, seed), expected, "{name} with {seed}");
        }
    }
}

#[test]
fn an_app_that_shares_what_it_keeps_loses_nothing() {
    for seed in 1..=20 {
        for (name, app, script) in APPS {
            let mut world = World::new(app, true, seed);
            let journey = world.record(script);
            let (losses, ..) = world.examine(&journey);
            assert_eq!(losses, [], "{name} with {seed}");
        }
    }
}

#[test]
fn what_follows_from_a_loss_is_no_loss_of_its_own() {
    let mut world = World::new(apps::upload, false, 1);
    let journey = world.record(|browser| {
        apps::uploads(browser);
        apps::uploads(browser);
    });
    let controls = [0, 0, 1].map(|copy| world.run(&journey, |_| Some(copy)));
    let moved = [world.run(&journey, |step| Some(step % 2))];
    let lost: Vec<usize> = journey.losses(&controls, &moved).iter().map(|loss| loss.step).collect();
    assert_eq!(lost, [1, 3], "each upload is lost by itself");

    let mut world = World::new(apps::csrf, false, 1);
    let journey = world.record(apps::sends_the_form);
    let controls = [0, 0].map(|copy| world.run(&journey, |_| Some(copy)));
    let moved = [world.run(&journey, |step| Some(step % 2))];
    assert_eq!(journey.losses(&controls, &moved).len(), 1);
    assert_eq!(journey.losses(&controls[..1], &moved), [], "one control is none");
}

#[test]
fn what_depends_on_a_step_that_was_left_out_is_told_with_that_step() {
    let mut world = World::new(apps::session, false, 1);
    let journey = world.record(apps::logs_in);
    let run = world.run(&journey, |step| (step != 1).then_some(1));
    let told: Vec<_> =
        (0..4).map(|step| (journey.reproduced(step, &run), journey.needs_left_out(step, &run))).collect();
    assert_eq!(told, [(true, None), (false, None), (false, Some(1)), (false, Some(1))]);
    assert_eq!(journey.losses(&[run.clone(), run.clone()], &[run]), [], "nothing is told of what was not reproduced");
}
