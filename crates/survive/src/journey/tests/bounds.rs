//! Large recordings and hostile ones: what is followed is bounded, and the rest stays as it is.

use std::fmt::Write;

use super::super::journeys;
use super::replay::{journey, request};
use super::{Random, answer};
use crate::{Answer, End, Exchange};

#[test]
fn ten_thousand_pages_full_of_ids_are_sorted() {
    let mut random = Random(1);
    let mut last = String::new();
    let mut exchanges = Vec::new();
    for at in 0..10_000_u64 {
        let (id, client) = (random.id(), at % 100);
        let mut page = format!("<form><input name=_csrf value={id}></form>");
        for _ in 0..20 {
            let _ = writeln!(page, "<a href=\"/items/{}?x=1\">item</a>", random.id());
        }
        let cookie = format!("sid=client-{client:08}; last={last}");
        exchanges.push(Exchange {
            number: at,
            connection: at,
            copy: Some(0),
            request: request("POST", &format!("/items/{last}"), &[("Cookie", &cookie)], &format!("_csrf={last}&a=1")),
            answer: answer(200, &[("Content-Type", "text/html")], &page),
            ..Exchange::default()
        });
        last = id;
    }
    let found = journeys(&exchanges);
    assert_eq!((found.kept.len(), found.kept[0].steps.len()), (1, 200), "each page's id leads to the next");
    assert_eq!(found.left_out.len(), 1);
}

#[test]
fn two_hundred_cookies_that_each_answer_sets_anew_are_followed() {
    let all = |run: &str, step: usize| -> Vec<String> {
        (0..200).map(|at| format!("name{at}=value-{run}-{at}-{step}")).collect()
    };
    let sets = |run: &str, step: usize| {
        let cookies = all(run, step);
        let fields: Vec<(&str, &str)> = cookies.iter().map(|cookie| ("Set-Cookie", cookie.as_str())).collect();
        answer(200, &fields, "")
    };
    let asks = |step: usize| request("GET", "/", &[("Cookie", &all("old", step).join("; "))], "");
    let journey = journey((0..20).map(|step| (asks(step), sets("old", step + 1))).collect());
    let mut so_far: Vec<Option<Answer>> = Vec::new();
    for step in 0..20 {
        let sent = journey.request(step, &so_far);
        let expected = if step == 0 { all("old", 0) } else { all("new", step) };
        assert_eq!(sent.fields.text("cookie"), Some(expected.join("; ").as_str()));
        so_far.push(Some(sets("new", step + 1)));
    }
    let runs = vec![so_far; 2];
    assert_eq!(journey.losses(&runs, &runs), []);
}

#[test]
fn a_body_of_a_megabyte_is_sent_whole_with_no_more_than_a_few_ids_replaced() {
    let mut random = Random(1);
    let ids: Vec<String> = (0..50_000).map(|_| random.id()).collect();
    let body = serde_json::json!(ids).to_string();
    let recorded = Answer { end: End::Longer, ..answer(200, &[], &body[..16 * 1024]) };
    let journey = journey(vec![
        (request("GET", "/", &[], ""), recorded),
        (request("POST", "/", &[], &body), answer(200, &[], "")),
    ]);
    let others: Vec<String> = (0..50_000).map(|_| random.id()).collect();
    let sent = journey.request(1, &[Some(answer(200, &[], &serde_json::json!(others).to_string()))]);
    let sent: Vec<String> = serde_json::from_slice(&sent.body).expect("still JSON");
    let changed = sent.iter().zip(&ids).filter(|(sent, recorded)| sent != recorded).count();
    assert_eq!((sent.len(), changed), (50_000, 64));
    assert_eq!(sent[..64], others[..64]);
}
