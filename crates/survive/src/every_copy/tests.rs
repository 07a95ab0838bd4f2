//! Outputs of several copies, with timers in each of them and with what looks like it.

use std::time::Duration;

use proptest::prelude::*;

use super::*;

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Copies that were all ready at once.
fn copies(count: usize) -> EveryCopy {
    let mut every = EveryCopy::default();
    for copy in 0..count {
        every.started(copy, ms(0));
    }
    every
}

/// Lines by copy and time, with nothing to do for a long time before each.
fn quiet(count: usize, lines: &[(usize, u64, &str)]) -> Vec<OwnDoing> {
    let mut every = copies(count);
    for (copy, at, line) in lines {
        every.line(*copy, ms(*at), ms(5000), line);
    }
    every.found()
}

#[test]
fn a_timer_in_each_copy_is_told_with_its_times() {
    let mut every = copies(2);
    for round in 0..3 {
        for copy in 0..2 {
            let at = 4000 + 1000 * round + 130 * copy;
            let line = format!("[2026-11-29T17:00:{round:02}.000Z] (pid {}) cron: sending {round} mails", 4000 + copy);
            every.line(usize::try_from(copy).expect("a copy"), ms(at), ms(900), &line);
        }
    }
    let line = "[2026-11-29T17:00:00.000Z] (pid 4000) cron: sending 0 mails".to_owned();
    let kind = "(pid #) cron: sending # mails".to_owned();
    assert_eq!(every.found(), [OwnDoing { line, kind, times: vec![(0, 3), (1, 3)], repeated: true }]);
}

#[test]
fn a_job_that_is_due_once_a_minute_is_told_and_said_to_be_so() {
    let found =
        quiet(3, &[(0, 60_010, "report written"), (2, 60_020, "report written"), (1, 60_040, "report written")]);
    let times = vec![(0, 1), (1, 1), (2, 1)];
    let line = "report written".to_owned();
    assert_eq!(found, [OwnDoing { kind: line.clone(), line, times, repeated: false }]);
}

#[test]
fn what_is_put_off_at_the_start_is_not() {
    assert_eq!(quiet(2, &[(0, 100, "cache filled"), (1, 120, "cache filled")]), []);
    assert_eq!(quiet(2, &[(0, 5000, "cache filled"), (1, 5100, "cache filled")]), []);
    // Once more, as both are started anew.
    let mut every = copies(2);
    for copy in 0..2 {
        every.line(copy, ms(100), ms(5000), "cache filled");
        every.started(copy, ms(20_000));
        every.line(copy, ms(20_100), ms(5000), "cache filled");
    }
    assert_eq!(every.found(), []);
}

#[test]
fn a_copy_whose_start_was_not_told_started_with_its_first_line() {
    let mut every = EveryCopy::default();
    for copy in 0..2 {
        for round in 0..4 {
            every.line(copy, ms(60_000 + 1500 * round), ms(1000), "sync done");
        }
    }
    assert_eq!(every.found()[0].times, [(0, 2), (1, 2)]);
}

#[test]
fn the_work_of_one_leader_is_not_told() {
    let mut lines = Vec::new();
    for round in 0..5 {
        lines.push((0, 4000 + 1000 * round, "cron: sending mails"));
        lines.push((1, 4001 + 1000 * round, "cron: not the leader, skipping"));
        lines.push((2, 4001 + 1000 * round, "cron: not the leader, skipping"));
    }
    assert_eq!(quiet(3, &lines), []);
}

#[test]
fn a_lock_that_another_copy_gets_each_time_is_not_told() {
    let winners = [0, 1, 1, 0, 1, 0, 0, 0, 1, 0];
    let at = |round: usize| 4000 + 1000 * u64::try_from(round).expect("a few");
    let lines: Vec<_> =
        winners.iter().enumerate().map(|(round, copy)| (*copy, at(round), "cron: sending mails")).collect();
    assert_eq!(quiet(2, &lines), []);
}

#[test]
fn what_comes_with_requests_is_not_told() {
    let mut every = copies(2);
    for round in 0..6 {
        every.line(round % 2, ms(4000 + 1000 * u64::try_from(round).expect("a few")), ms(3), "order saved");
    }
    assert_eq!(every.found(), []);
    let access = "127.0.0.1 - - [29/Nov/2026:17:00:01 +0000] \"GET / HTTP/1.1\" 200 2";
    let lines: Vec<_> =
        (0..8).map(|round| (round % 2, 4000 + 500 * u64::try_from(round).expect("a few"), access)).collect();
    assert_eq!(quiet(2, &lines), []);
}

#[test]
fn what_a_copy_tells_the_others_of_its_request_is_not_told() {
    let mut every = copies(3);
    for round in 0..12 {
        let at = 4000 + 1000 * round;
        for copy in 0..3 {
            let idle = if round % 3 == copy { 5 } else { 1000 };
            let copy = usize::try_from(copy).expect("a copy");
            every.line(copy, ms(at + 20), ms(idle), "cache: product 17 is out of date");
        }
    }
    assert_eq!(every.found(), []);
}

#[test]
fn a_timer_that_ticks_all_the_time_is_told() {
    let lines: Vec<_> =
        (0..100).map(|tick| (tick % 2, 3000 + 50 * u64::try_from(tick).expect("a few"), "tick")).collect();
    assert_eq!(quiet(2, &lines).len(), 1);
}

#[test]
fn the_output_of_a_crash_loop_is_not_told() {
    let mut every = EveryCopy::default();
    for round in 0..6 {
        for copy in 0..2 {
            let at = 5000 * round;
            every.started(copy, ms(at));
            every.line(copy, ms(at + 3000), ms(3000), "loading 17 modules");
        }
    }
    assert_eq!(every.found(), []);
}

#[test]
fn several_lines_of_one_run_are_one_time() {
    let mut lines = Vec::new();
    for round in 0..3 {
        for copy in 0..2 {
            for user in 0..5 {
                lines.push((copy, 4000 + 2000 * round + 10 * user, "mail sent to user 7"));
            }
        }
    }
    assert_eq!(quiet(2, &lines)[0].times, [(0, 3), (1, 3)]);
}

#[test]
fn a_long_line_is_cut_between_characters() {
    let long = format!("tick {}", "é".repeat(5000));
    let mut every = copies(2);
    for round in 0..3 {
        for copy in 0..2 {
            every.line(copy, ms(4000 + 1000 * round), ms(800), &long);
        }
    }
    let line = &every.found()[0].line;
    assert!(line.len() <= LONGEST && long.starts_with(line.as_str()), "{}", line.len());
}

proptest! {
    #[test]
    fn a_lock_is_not_told_whichever_copy_gets_it(winners in proptest::collection::vec(0..3usize, 4..40), period in 600..5000u64) {
        let mut every = copies(3);
        let mut at = 3000;
        for copy in &winners {
            every.line(*copy, ms(at), ms(700), "cron: sending mails");
            at += period;
        }
        let turns = |copies: usize| winners.windows(copies + 1).all(|some| some[0] == some[copies]);
        prop_assume!(!turns(2) && !turns(3));
        prop_assert_eq!(every.found(), []);
    }

    #[test]
    fn any_output_is_judged_and_bounded(lines in proptest::collection::vec((0..4usize, 0..9000u64, 0..2000u64, ".{0,60}"), 0..60)) {
        let mut every = EveryCopy::default();
        let mut at = 0;
        for (copy, pause, idle, line) in &lines {
            at += pause;
            every.line(*copy, ms(at), ms(*idle), line);
        }
        for doing in every.found() {
            prop_assert!(doing.times.len() >= 2);
            prop_assert!(lines.iter().any(|(_, _, _, line)| line.trim_end() == doing.line));
        }
    }

    #[test]
    fn a_template_is_its_own_template(line in ".{0,80}") {
        let once = template::template(&line);
        prop_assert_eq!(template::template(&once), once);
    }

    #[test]
    fn timers_are_told_whatever_their_phase(period in 600..5000u64, phase in 0..5000u64, jitter in proptest::collection::vec(0..60u64, 12)) {
        let mut every = copies(2);
        let mut lines: Vec<(u64, usize)> = (0..6).flat_map(|round| {
            let at = |copy: usize, late: u64| (3000 + period * round + late, copy);
            let round = usize::try_from(round).expect("a few");
            [at(0, jitter[2 * round]), at(1, phase % period + jitter[2 * round + 1])]
        }).collect();
        lines.sort_unstable();
        for (at, copy) in lines {
            every.line(copy, ms(at), ms(700), "cron: sending mails");
        }
        prop_assert_eq!(every.found().len(), 1);
    }
}

#[test]
fn no_more_kinds_and_times_are_kept_than_there_is_room_for() {
    let mut every = copies(1);
    let word =
        |number: u64| -> String { number.to_string().bytes().map(|digit| char::from(b'a' + digit - b'0')).collect() };
    for number in 0..10_000 {
        every.line(0, ms(3000 + number), ms(800), &format!("job {}", word(number)));
        every.line(0, ms(3000 + 300 * number), ms(800), "job");
    }
    assert_eq!(every.kinds.len(), KINDS);
    assert!(every.kinds.values().all(|kind| kind.copies.values().all(|written| written.times.len() <= TIMES)));
}
