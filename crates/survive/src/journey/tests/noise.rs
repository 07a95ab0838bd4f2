//! What varies in any app, and what it must not be taken for.

use super::super::LossKind;
use super::{App, Browser, Copy, Script, World, answer, apps, cookie};
use crate::{Answer, Request};

/// The same with a cookie that each answer sets anew, a copy's own name, and the session's cookie set again each time.
fn noisy(app: App, copy: &mut Copy, request: &Request) -> Answer {
    let mut answer = app(copy, request);
    let seen = format!("last_seen={}; Path=/", copy.random.id());
    answer.fields.0.insert(0, ("Set-Cookie".to_owned(), seen.into_bytes()));
    answer.fields.0.push(("X-Served-By".to_owned(), format!("copy-{:08}", copy.secret).into_bytes()));
    if let Some(sid) = cookie(request, "sid").filter(|sid| copy.get(sid).is_some()) {
        answer.fields.0.push(("Set-Cookie".to_owned(), format!("sid={sid}; Path=/").into_bytes()));
    }
    answer
}

fn noisy_session(copy: &mut Copy, request: &Request) -> Answer {
    noisy(apps::session, copy, request)
}

fn noisy_notes(copy: &mut Copy, request: &Request) -> Answer {
    noisy(apps::notes, copy, request)
}

/// Says which copy it is, in each answer.
fn names_itself(copy: &mut Copy, _: &Request) -> Answer {
    answer(200, &[("Content-Type", "application/json")], &format!("{{\"host\":\"web-{:08}\"}}", copy.secret))
}

fn looks(browser: &mut Browser<'_>) {
    browser.get("/");
    browser.get("/about");
}

#[test]
fn a_cookie_that_each_answer_sets_anew_is_no_session() {
    for seed in 1..=20 {
        let mut world = World::new(noisy_session, false, seed);
        let journey = world.record(apps::logs_in);
        let (losses, binding, learn) = world.examine(&journey);
        let told: Vec<_> = losses.iter().map(|loss| (loss.kind, loss.words.as_str())).collect();
        assert!(told.iter().all(|told| *told == (LossKind::Session, "session lost (302 /login)")), "{told:?}");
        assert!(losses.iter().any(|loss| loss.step == 2) && losses.iter().any(|loss| loss.step == 3), "{losses:?}");
        assert_eq!((binding, learn.map(|learn| learn.0).as_deref()), (Some(1), Some("cookie:sid")));

        let mut world = World::new(noisy_notes, false, seed);
        let journey = world.record(apps::writes_notes);
        let (losses, _, learn) = world.examine(&journey);
        assert_eq!(
            losses.first().map(|loss| loss.kind),
            Some(LossKind::Answer),
            "no session that was lost: {losses:?}"
        );
        assert_eq!(learn, None);

        let mended: [(App, Script); 2] = [(noisy_session, apps::logs_in), (noisy_notes, apps::writes_notes)];
        for (app, script) in mended {
            let mut world = World::new(app, true, seed);
            let journey = world.record(script);
            assert_eq!(world.examine(&journey).0, []);
        }
    }
}

#[test]
fn a_copy_that_names_itself_loses_nothing_once_a_control_was_on_the_other() {
    let mut world = World::new(names_itself, false, 1);
    let journey = world.record(looks);
    assert_eq!(world.examine(&journey).0, []);
    let controls = [0, 0].map(|copy| world.run(&journey, |_| Some(copy)));
    let moved = [world.run(&journey, |step| Some(step % 2))];
    assert!(journey.losses(&controls, &moved).iter().all(|loss| !loss.sure), "before that, it is not sure");
}

#[test]
fn a_redirect_elsewhere_may_be_drawn_and_one_to_a_login_is_sure() {
    let mut world = World::new(apps::session, true, 1);
    let journey = world.record(apps::logs_in);
    let controls = [0, 0].map(|copy| world.run(&journey, |_| Some(copy)));
    for (to, sure) in [("/offers", false), ("/login", true)] {
        let mut moved = controls[0].clone();
        moved[1] = Some(answer(302, &[("Location", to)], ""));
        let losses = journey.losses(&controls, &[moved]);
        assert_eq!(losses.iter().map(|loss| (loss.step, loss.sure)).collect::<Vec<_>>(), [(1, sure)], "{to}");
    }
}

#[test]
fn a_limit_on_requests_is_no_loss_and_ends_what_can_be_told() {
    let mut world = World::new(apps::session, false, 1);
    let journey = world.record(apps::logs_in);
    let controls = [0, 0].map(|copy| world.run(&journey, |_| Some(copy)));
    let mut moved = world.run(&journey, |step| Some(step % 2));
    moved[1] = Some(answer(429, &[], "Too many requests"));
    assert_eq!(journey.losses(&controls, std::slice::from_ref(&moved)), []);
    let why = journey.inconclusive(&controls, &[moved]);
    assert_eq!(why.as_deref(), Some("POST /login had 429 in the moved run alone"));
}

#[test]
fn a_poll_that_is_held_in_one_run_and_answered_in_the_next_is_noise_and_one_refused_is_lost() {
    let mut world = World::new(apps::socket_io, false, 1);
    let journey = world.record(apps::polls);
    let mut controls = [0, 0].map(|copy| world.run(&journey, |_| Some(copy)));
    controls[1][2] = Some(Answer { status: 0, end: crate::End::Held, ..Answer::default() });
    let mut moved = world.run(&journey, |_| Some(0));
    assert_eq!(journey.losses(&controls, std::slice::from_ref(&moved)), []);
    moved[2] = world.run(&journey, |step| Some(usize::from(step == 2)))[2].clone();
    let losses = journey.losses(&controls, std::slice::from_ref(&moved));
    assert_eq!(
        losses.iter().map(|loss| (loss.step, loss.words.as_str())).collect::<Vec<_>>(),
        [(2, "400 Session ID unknown")]
    );

    let upgraded = 3;
    moved[2].clone_from(&controls[0][2]);
    moved[upgraded] = Some(Answer { end: crate::End::Cut, ..Answer::default() });
    let losses = journey.losses(&controls, &[moved]);
    assert_eq!(losses.iter().map(|loss| (loss.step, loss.kind)).collect::<Vec<_>>(), [(upgraded, LossKind::WebSocket)]);
}
