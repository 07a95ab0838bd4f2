//! Whose requests are taken for one client's.

use std::time::Duration;

use super::super::journeys;
use super::answer;
use super::replay::request;
use crate::{Answer, Exchange};

/// An exchange on a connection of its own, of the first copy.
fn exchange(at: u64, connection: u64, target: &str, cookie: &str, answer: Answer) -> Exchange {
    let fields = if cookie.is_empty() { Vec::new() } else { vec![("Cookie", cookie)] };
    Exchange {
        number: at,
        connection,
        copy: Some(0),
        waited: Duration::ZERO,
        at: Duration::from_millis(at),
        request: request("GET", target, &fields, ""),
        answer,
    }
}

/// The numbers of each journey's exchanges.
fn sorted(exchanges: &[Exchange]) -> Vec<Vec<u64>> {
    journeys(exchanges).kept.iter().map(|journey| journey.steps.iter().map(|step| step.number).collect()).collect()
}

fn set(cookie: &str) -> Answer {
    answer(200, &[("Set-Cookie", cookie)], "")
}

fn plain() -> Answer {
    answer(200, &[], "")
}

#[test]
fn a_connection_a_cookie_and_an_id_tell_a_client() {
    let exchanges = [
        exchange(1, 1, "/one", "", set("sid=alice-0123")),
        exchange(2, 2, "/two", "", set("sid=bobby-0123")),
        exchange(3, 3, "/three", "sid=alice-0123", plain()),
        exchange(4, 4, "/four", "sid=bobby-0123", plain()),
        exchange(5, 2, "/five", "", plain()),
        exchange(6, 6, "/six", "", answer(200, &[("Content-Type", "application/json")], r#"{"id":"job-98765"}"#)),
        exchange(7, 7, "/jobs/job-98765", "", plain()),
        exchange(8, 8, "/eight", "", plain()),
    ];
    assert_eq!(sorted(&exchanges), [vec![1, 3], vec![2, 4, 5], vec![6, 7], vec![8]]);
}

#[test]
fn what_is_given_to_several_clients_tells_none() {
    let products = || answer(200, &[("Content-Type", "application/json")], r#"["product-0001","product-0002"]"#);
    let exchanges = [
        exchange(1, 1, "/a", "", set("lang=en-GB-oed")),
        exchange(2, 2, "/b", "", set("lang=en-GB-oed")),
        exchange(3, 1, "/products", "lang=en-GB-oed", products()),
        exchange(4, 2, "/products", "lang=en-GB-oed", products()),
        exchange(5, 1, "/products/product-0001", "lang=en-GB-oed", plain()),
        exchange(6, 2, "/products/product-0001/x", "lang=en-GB-oed", plain()),
    ];
    assert_eq!(sorted(&exchanges), [vec![1, 3, 5], vec![2, 4, 6]]);
}

#[test]
fn requests_are_in_the_order_of_time_and_a_har_file_is_one_client() {
    let mut exchanges =
        [exchange(3, 1, "/c", "", plain()), exchange(1, 2, "/a", "", plain()), exchange(2, 3, "/b", "", plain())];
    assert_eq!(sorted(&exchanges), [vec![1], vec![2], vec![3]]);
    for exchange in &mut exchanges {
        exchange.copy = None;
    }
    assert_eq!(sorted(&exchanges), [vec![1, 2, 3]]);
    assert!(sorted(&[]).is_empty());
}

#[test]
fn journeys_that_are_alike_are_kept_once_and_what_is_left_out_is_told() {
    let mut exchanges = Vec::new();
    for client in 0..20 {
        let path = if client == 7 { "/other/7".to_owned() } else { format!("/items/{client}") };
        exchanges.push(exchange(2 * client, client, "/start", "", plain()));
        exchanges.push(exchange(2 * client + 1, client, &path, "", plain()));
    }
    let found = journeys(&exchanges);
    assert_eq!(found.kept.iter().map(|journey| journey.alike).collect::<Vec<_>>(), [18, 0]);

    let many: Vec<Exchange> = (0..60)
        .flat_map(|client| (0..=client).map(move |step| exchange(100 * client + step, client, "/x", "", plain())))
        .collect();
    let found = journeys(&many);
    assert_eq!((found.kept.len(), found.kept[0].steps.len()), (50, 11));
    assert_eq!(found.left_out, ["10 journeys of clients are left out: the 50 longest are sent again"]);

    let letter = |at: u64| char::from(b'a' + u8::try_from(at % 26).expect("a letter"));
    let path =
        |at| if (1..700).contains(&at) { "/poll".to_owned() } else { format!("/{}/{}", letter(at), letter(at / 26)) };
    let long: Vec<Exchange> = (0..1000).map(|at| exchange(at, 1, &path(at), "", plain())).collect();
    let found = journeys(&long);
    assert_eq!(found.kept[0].steps.len(), 200);
    assert_eq!(found.kept[0].steps.iter().filter(|step| step.request.target == "/poll").count(), 4);
    let told = "of the 1000 requests of the journey that begins with GET /a/a, 200 are sent again";
    assert_eq!(found.left_out, [told]);
}

#[test]
fn a_journey_is_at_home_where_most_of_it_was_answered() {
    let mut exchanges =
        [exchange(1, 1, "/a", "", plain()), exchange(2, 1, "/b", "", plain()), exchange(3, 1, "/c", "", plain())];
    exchanges[1].copy = Some(1);
    exchanges[2].copy = Some(1);
    assert_eq!(journeys(&exchanges).kept[0].home(), Some(1));
    for exchange in &mut exchanges {
        exchange.copy = None;
    }
    assert_eq!(journeys(&exchanges).kept[0].home(), None);
}
