//! Whatever is answered, it is judged in bounded time.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::{answer, copies, samples};
use crate::judge::{Sample, facts, judge};
use crate::{Answer, End, Fields};

const MEGABYTE: usize = 1 << 20;

fn bodies() -> Vec<(&'static str, &'static str, String)> {
    let numbered = |what: &dyn Fn(usize) -> String, count| (0..count).map(what).collect::<String>();
    vec![
        ("open lists", "application/json", "[".repeat(MEGABYTE)),
        ("open objects", "application/json", "{\"a\":".repeat(MEGABYTE / 5)),
        ("commas", "application/json", format!("[{}", "1,".repeat(MEGABYTE / 2))),
        ("a long list", "application/json", format!("[{}1]", "1,".repeat(MEGABYTE / 2))),
        ("keys", "application/json", format!("{{{}\"a\":1}}", numbered(&|n| format!("\"k{n}\":{n},"), 60_000))),
        ("quotes", "application/json", "\"\\".repeat(MEGABYTE / 2)),
        ("less than", "text/html", "<".repeat(MEGABYTE)),
        ("open elements", "text/html", "<b>".repeat(MEGABYTE / 3)),
        ("other elements", "text/html", numbered(&|n| format!("<x{n}>"), 100_000)),
        ("elements that end nothing", "text/html", format!("{}{}", "<b>".repeat(1000), "</i>".repeat(MEGABYTE / 4))),
        ("attributes", "text/html", format!("<a {}>", numbered(&|n| format!("a{n}=1 "), 100_000))),
        ("an open comment", "text/html", format!("<!--{}", "-".repeat(MEGABYTE))),
        ("references", "text/html", "&amp".repeat(MEGABYTE / 4)),
        ("an open script", "text/html", format!("<script>{}", "<!--".repeat(MEGABYTE / 4))),
        ("a list of items", "text/html", "<li>a".repeat(MEGABYTE / 5)),
        ("lines", "text/plain", "a\n".repeat(MEGABYTE / 2)),
        ("a line", "text/plain", "a ".repeat(MEGABYTE / 2)),
    ]
}

#[test]
fn a_megabyte_of_anything_is_judged_in_seconds() {
    for (name, media, body) in bodies() {
        let began = Instant::now();
        facts(&answer(media, body.clone()));
        let beginning = &body[..body.len() / 64];
        for end in [End::Whole, End::Longer] {
            let answers = |copy, own, _| Answer { end, ..answer(media, format!("{beginning}{copy}{own}")) };
            judge(&samples(3, &answers), &copies());
        }
        assert!(began.elapsed() < Duration::from_mins(1), "{name}: {:?}", began.elapsed());
    }
}

fn any_answer() -> impl Strategy<Value = Answer> {
    let media = prop::sample::select(vec![
        "",
        "application/json",
        "text/html",
        "text/plain",
        "application/x-ndjson",
        "a/b; charset=",
    ]);
    let body = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200),
        "[\\[\\]{}\",:0-9a-z\\\\ ]{0,80}".prop_map(String::into_bytes),
        "(<[a-z/!]{0,4}[ a-z=\"']{0,8}>?|[a-z0-9 ]{0,6}){0,12}".prop_map(String::into_bytes),
    ];
    let names = prop::sample::select(vec!["Location", "Set-Cookie", "X-A", "x-a", "Content-Encoding", ""]);
    let fields = prop::collection::vec((names, prop::collection::vec(any::<u8>(), 0..30)), 0..4);
    let ends = prop::sample::select(vec![End::Whole, End::Longer, End::Held, End::Cut]);
    (media, body, fields, ends, prop::sample::select(vec![0, 200, 200, 200, 404])).prop_map(
        |(media, body, fields, end, status)| {
            let mut all = vec![("Content-Type".to_owned(), media.as_bytes().to_vec())];
            all.extend(fields.into_iter().map(|(name, value)| (name.to_owned(), value)));
            Answer { status, fields: Fields(all), body, end }
        },
    )
}

proptest! {
    #[test]
    fn nothing_that_is_answered_is_too_much(answers in prop::collection::vec((0..3_usize, any_answer()), 0..12)) {
        let samples: Vec<Sample> = answers
            .into_iter()
            .map(|(copy, mut answer)| {
                answer.unpack();
                Sample { copy, at: Duration::ZERO, answer }
            })
            .collect();
        judge(&samples, &copies());
    }

    #[test]
    fn copies_that_answer_the_same_do_not_differ(answers in prop::collection::vec(any_answer(), 1..4)) {
        let judged = judge(&samples(3, &|_, own, _| answers[(own / 2) % answers.len()].clone()), &copies());
        prop_assert!(judged.counters.is_empty());
    }

    #[test]
    fn one_answer_in_every_sample_is_no_difference(answer in any_answer()) {
        let judged = judge(&samples(3, &|_, _, _| answer.clone()), &copies());
        prop_assert!(judged.differences.is_empty() && judged.names_itself.is_empty() && judged.noise == 0, "{judged:#?}");
    }
}
