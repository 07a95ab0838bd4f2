//! What can be told of how many answers, and what cannot be told at all.

use std::time::Duration;

use super::noise::Draws;
use super::{answer, copies, html, json, samples, with};
use crate::judge::{Difference, Judgement, Sample, differing, facts, judge};
use crate::{Answer, End};

fn judged(rounds: usize, app: &super::App<'_>) -> Judgement {
    judge(&samples(rounds, app), &copies())
}

#[test]
fn a_difference_needs_more_answers_than_a_run_of_luck_gives() {
    let differs = |copy, _, _| json(format!(r#"{{"a":"x{copy}y"}}"#));
    assert!(judged(1, &differs).inconclusive.is_some());
    assert!(judged(2, &differs).needs_more);
    assert!(judged(3, &differs).needs_more);
    assert!(!judged(6, &differs).needs_more);
}

#[test]
fn what_is_equal_needs_no_more() {
    let judgement = judged(1, &|_, _, _| json("{}"));
    assert!(judgement.inconclusive.is_none() && !judgement.needs_more);
}

#[test]
fn a_number_that_stood_still_for_less_than_a_second_needs_more() {
    let at_once: Vec<Sample> = samples(6, &|copy, _, _| json(format!(r#"{{"alive":{}}}"#, 17 + copy)))
        .into_iter()
        .map(|sample| Sample { at: sample.at / 10, ..sample })
        .collect();
    assert!(judge(&at_once, &copies()).needs_more);
}

#[test]
fn a_copy_that_answers_in_different_ways_tells_nothing() {
    let flaky = judged(3, &|_, own, _| Answer { status: if own == 2 { 500 } else { 200 }, ..json("{}") });
    assert_eq!(flaky.inconclusive.as_deref(), Some("alpha answered 200 and 500 in turn."));
    let kinds = judged(3, &|_, own, _| if own == 2 { html("<p>x") } else { json("{}") });
    assert_eq!(kinds.inconclusive.as_deref(), Some("alpha answered JSON and HTML in turn."));
}

#[test]
fn a_limit_of_requests_tells_nothing_unless_each_copy_counts_by_itself() {
    let limited = |remaining: usize| {
        let answer = Answer { status: if remaining == 0 { 429 } else { 200 }, ..json("{}") };
        with(answer, "X-RateLimit-Remaining", &remaining.to_string())
    };
    let shared = judged(3, &|_, _, all| limited(10_usize.saturating_sub(all)));
    assert_eq!(shared.inconclusive.as_deref(), Some("beta answered 200 and 429 in turn."));
    assert!(shared.counters.is_empty() && shared.differences.is_empty());
    let own = judged(3, &|_, own, _| limited(5_usize.saturating_sub(own)));
    assert_eq!(own.counters.len(), 1);
    assert!(own.inconclusive.is_none());
}

#[test]
fn a_limit_of_each_copy_is_found_where_one_is_used_up_and_another_is_not() {
    let of = |status: u16| Answer { status, ..json("{}") };
    let order = [0, 0, 1, 1, 0, 0].repeat(4);
    let asked = |app: &dyn Fn(usize, usize) -> u16| {
        let sample = |(nth, copy): (usize, &usize)| Sample {
            copy: *copy,
            at: Duration::from_millis(30 * nth as u64),
            answer: of(app(*copy, nth)),
        };
        judge(&order.iter().enumerate().map(sample).collect::<Vec<_>>(), &copies())
    };
    let own = asked(&|copy, nth| if copy == 0 || nth > 18 { 429 } else { 200 });
    assert_eq!(own.counters[0].values, ["429", "200"], "{own:#?}");
    assert!(own.inconclusive.is_none());
    // One that all share lets in one now and then, or none; others refuse by chance.
    for app in [|_, _| 429, |_, nth| if nth % 3 == 0 { 200 } else { 429 }, |_, nth| if nth < 6 { 200 } else { 429 }] {
        let shared = asked(&app);
        assert!(shared.inconclusive.is_some() && shared.counters.is_empty(), "{shared:#?}");
    }
    for seed in 0..500 {
        let mut draws = Draws(seed);
        let draws: Vec<u16> = order.iter().map(|_| if draws.below(10) < 7 { 429 } else { 200 }).collect();
        assert!(asked(&|_, nth| draws[nth]).counters.is_empty(), "seed {seed}");
    }
}

#[test]
fn a_counter_is_found_although_a_health_check_was_counted_too() {
    let counter = judged(6, &|copy, own, _| json(format!(r#"{{"n":{}}}"#, own + usize::from(own > 4 + copy))));
    assert_eq!(counter.counters.len(), 1, "{counter:#?}");
    let shared = judged(6, &|_, own, all| json(format!(r#"{{"n":{}}}"#, all + usize::from(own > 4))));
    assert!(shared.counters.is_empty(), "{shared:#?}");
}

#[test]
fn a_clock_that_steps_with_every_request_is_no_counter_and_asks_for_a_pause() {
    let mut ticking = samples(3, &|_, _, _| json("{}"));
    for (nth, sample) in ticking.iter_mut().enumerate() {
        sample.at = Duration::from_millis(500 * nth as u64);
        sample.answer = json(format!(r#"{{"alive":{}}}"#, 3 + sample.at.as_secs()));
    }
    let judgement = judge(&ticking, &copies());
    assert!(judgement.counters.is_empty() && judgement.differences.is_empty(), "{judgement:#?}");
    assert!(judgement.needs_more, "{judgement:#?}");
}

#[test]
fn values_are_shortened_and_secrets_masked() {
    let secret = "s3cr3tS3cr3tS3cr3tS3cr3t";
    let shown = judged(6, &|copy, _, _| {
        let body = format!(r#"{{"token":"{secret}{copy}","text":"{}"}}"#, format!("word{copy} ").repeat(100));
        with(json(body), "Set-Cookie", &format!("sid={secret}{copy}"))
    });
    let values: Vec<&String> = shown.differences.iter().flat_map(|one: &Difference| &one.values).collect();
    assert_eq!(shown.differences.len(), 3, "{shown:#?}");
    assert!(values.iter().all(|value| !value.contains("tS3cr3t") && value.chars().count() <= 80), "{values:#?}");
}

#[test]
fn where_long_values_differ_further_on_the_difference_is_shown() {
    let long = judged(6, &|copy, _, _| html(format!("<p>{} in {} stock", "word ".repeat(200), ["good", "bad"][copy])));
    let values = &long.differences[0].values;
    assert!(values[0].contains("good") && values[1].contains("bad"), "{values:?}");
    let kinds = judged(6, &|copy, _, _| html(["<p>in stock", ""][copy]));
    assert_eq!(kinds.differences[0].values, ["HTML", "no body"]);
}

#[test]
fn a_step_differs_from_its_controls_apart_from_what_varies_and_from_clocks() {
    let page = |name: &str, nonce: u32, second: u32| {
        let port = 5000 + nonce / 3;
        facts(&html(format!("<p>Hello {name}</p><i>{nonce}</i><small>10:31:{second}</small> from {port}")))
    };
    let controls = [page("Ada", 1, 22), page("Ada", 2, 22)];
    assert_eq!(differing(&controls, &page("Ada", 3, 23)), Vec::new());
    let places: Vec<String> = differing(&controls, &page("stranger", 3, 23)).into_iter().map(|one| one.place).collect();
    assert_eq!(places, ["p"]);
    let recommended = |items: &str| facts(&json(format!(r#"{{"cart":["tea"],"recommended":{items}}}"#)));
    let controls = [recommended(r#"["a"]"#), recommended(r#"["b"]"#)];
    assert_eq!(differing(&controls, &recommended(r#"["a","b"]"#)), Vec::new());
    let gone = facts(&Answer { status: 404, ..html("") });
    assert_eq!(differing(&controls, &gone)[0].place, "status");
}

#[test]
fn a_compressed_body_is_compared_by_what_is_in_it() {
    use std::io::Write;
    let packed = |copy: usize, own: usize| {
        let mut gzip =
            flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(u32::try_from(own % 9).unwrap()));
        gzip.write_all(format!(r#"{{"text":"{}","who":"x{copy}y"}}"#, "a ".repeat(2000)).as_bytes()).unwrap();
        let mut answer = with(Answer { body: gzip.finish().unwrap(), ..json("") }, "Content-Encoding", "gzip");
        answer.unpack();
        answer
    };
    let judgement = judged(6, &|copy, own, _| packed(copy, own));
    assert_eq!(judgement.differences.iter().map(|one| one.place.as_str()).collect::<Vec<_>>(), ["/who"]);
}

#[test]
fn a_bomb_is_unpacked_to_a_megabyte() {
    use std::io::Write;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(&vec![b'a'; 8 << 20]).unwrap();
    let mut answer =
        with(Answer { body: gzip.finish().unwrap(), ..answer("text/plain", "") }, "Content-Encoding", "gzip");
    answer.unpack();
    assert_eq!((answer.body.len(), answer.end), (1 << 20, End::Longer));
}

#[test]
fn a_copys_own_name_is_found_in_a_page_and_a_table() {
    for (nth, body) in [
        "<p>a<p>Served by worker a7f{}",
        "<ul><li>Instance: <b>a7f{}</b></ul>",
        "<table><tr><td>Port<td>{port}</table>",
        "<p>x<p>I am app on port {port}.",
        "<p>worker{}",
        "<p>Hello from copy {}",
        "<dl><dt>Hostname<dd>box-{}</dl>",
    ]
    .iter()
    .enumerate()
    {
        let judgement = judged(6, &|copy, _, _| {
            html(body.replace("{port}", &(5001 + copy).to_string()).replace("{}", &copy.to_string()))
        });
        assert_eq!((judgement.names_itself.len(), judgement.differences.len()), (1, 0), "{nth}: {judgement:#?}");
    }
}
