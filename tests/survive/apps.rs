//! The apps, and what is wrong with each in its broken form.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use stickylb::api::SurviveKind;

use crate::app::{Form, From, Run};
use crate::at_once;
use crate::ground::missing;
use crate::support::left_out::left_out;
use crate::table;

/// How many tests this file has: the last to end prints the table.
const TESTS: usize = 14;

/// Counts a test that ends, however it does.
struct Ends;

impl Drop for Ends {
    fn drop(&mut self) {
        static ENDED: AtomicUsize = AtomicUsize::new(0);
        if ENDED.fetch_add(1, SeqCst) + 1 == TESTS {
            table::print();
        }
    }
}

/// One app, and what is wrong with its broken form.
struct App {
    name: &'static str,
    from: From,
    /// The seeds begin with this one, so that a single round of all apps has many mixtures of noise.
    first: u64,
    kind: SurviveKind,
}

const fn app(name: &'static str, from: From, first: u64, kind: SurviveKind) -> App {
    App { name, from, first, kind }
}

/// All of them, in the order in which they are begun: those that take long first, so that none is alone at the end.
const APPS: [App; TESTS] = [
    app("socketio", From::Test, 7, SurviveKind::UnknownId),
    app("signalr", From::Test, 9, SurviveKind::UnknownId),
    app("socketio-redis", From::Test, 8, SurviveKind::UnknownId),
    app("sessions", From::Test, 1, SurviveKind::SessionLost),
    app("secret", From::Test, 2, SurviveKind::SecretPerCopy),
    app("csrf", From::Test, 3, SurviveKind::CsrfRefused),
    app("rate-limit", From::Test, 4, SurviveKind::CounterPerCopy),
    app("upload", From::Test, 5, SurviveKind::UploadGone),
    app("cache", From::Test, 6, SurviveKind::StatePerCopy),
    app("mcp", From::Test, 10, SurviveKind::UnknownId),
    app("cron", From::Test, 11, SurviveKind::TimerPerCopy),
    app("counter", From::Test, 12, SurviveKind::CounterPerCopy),
    app("sessions", From::Har, 13, SurviveKind::SessionLost),
    app("upload", From::Har, 14, SurviveKind::UploadGone),
];

/// How many seeds each app is run with.
fn seeds() -> u64 {
    let Ok(number) = std::env::var("STICKYLB_SURVIVE_SEEDS") else { return 1 };
    number.parse().expect("STICKYLB_SURVIVE_SEEDS is a whole number")
}

/// All runs of an app: each seed in both forms.
fn runs(app: &App) -> Vec<Run> {
    let of = |seed| [Form::Broken, Form::Mended].map(|form| Run { app: app.name, form, seed, from: app.from });
    (app.first..app.first + seeds()).flat_map(of).collect()
}

/// Runs an app in both forms.
fn told_apart(name: &str, from: From) {
    if let Some(why) = missing() {
        return left_out(&format!("{name}: {why}"));
    }
    let _ends = Ends;
    let app = APPS.iter().find(|app| app.name == name && app.from == from).expect("an app of APPS");
    let mut problems = Vec::new();
    for (run, survived) in at_once::ended(runs(app), || APPS.iter().flat_map(runs).collect()) {
        let problem = if run.form == Form::Broken { survived.misses(app.kind) } else { survived.alarms() };
        let row = if from == From::Har { format!("{name} (HAR)") } else { name.to_owned() };
        table::add(&row, run.form, &survived, problem.is_none());
        problems.extend(problem.map(|problem| format!("{row}, {:?}, seed {}: {problem}", run.form, run.seed)));
    }
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
}

#[test]
fn sessions_in_memory_are_lost_and_sessions_in_redis_are_not() {
    told_apart("sessions", From::Test);
}

#[test]
fn a_random_secret_per_process_is_found_and_a_shared_one_is_fine() {
    told_apart("secret", From::Test);
}

#[test]
fn a_csrf_token_of_one_copy_is_refused_by_another_unless_they_share_a_secret() {
    told_apart("csrf", From::Test);
}

#[test]
fn a_rate_limit_per_copy_is_found_and_one_in_redis_is_fine() {
    told_apart("rate-limit", From::Test);
}

#[test]
fn an_upload_to_the_copys_own_disk_is_gone_and_one_to_a_shared_disk_is_there() {
    told_apart("upload", From::Test);
}

#[test]
fn a_cache_in_each_process_is_found_and_one_in_redis_is_fine() {
    told_apart("cache", From::Test);
}

#[test]
fn a_socket_io_session_is_unknown_to_other_copies_unless_it_is_one_websocket() {
    told_apart("socketio", From::Test);
}

#[test]
fn a_socket_io_adapter_alone_is_not_enough_for_long_polling() {
    told_apart("socketio-redis", From::Test);
}

#[test]
fn a_signalr_connection_is_unknown_to_other_copies_unless_it_skips_negotiation() {
    told_apart("signalr", From::Test);
}

#[test]
fn an_mcp_session_is_unknown_to_other_copies_and_a_server_without_sessions_is_fine() {
    told_apart("mcp", From::Test);
}

#[test]
fn a_timer_in_every_copy_is_found_and_one_behind_a_lock_is_fine() {
    told_apart("cron", From::Test);
}

#[test]
fn a_counter_in_each_copy_is_found_and_one_in_redis_is_fine() {
    told_apart("counter", From::Test);
}

#[test]
fn a_saved_browser_session_tells_sessions_in_memory_and_in_redis_apart() {
    told_apart("sessions", From::Har);
}

#[test]
fn a_saved_browser_session_tells_an_own_disk_and_a_shared_one_apart() {
    told_apart("upload", From::Har);
}
