use super::*;
use crate::balancer::moves::{Moves, Way};
use std::time::Instant;
use stickylb_http1::{HeadLimits, ReadBuffer};

const LOST: BackendId = BackendId::new(0);
const TO: BackendId = BackendId::new(1);

fn client(lines: &[&str]) -> Traits {
    let mut read_buffer = ReadBuffer::default();
    read_buffer.add(format!("GET / HTTP/1.1\r\n{}\r\n\r\n", lines.join("\r\n")).as_bytes());
    let head = read_buffer.head(&HeadLimits { bytes: 4096, fields: 16 }).expect("a good head").expect("a whole head");
    Traits::read(&head, [127, 0, 0, 1].into(), LOST, &["lb".into()])
}

/// Whether a request follows one that moved a moment ago.
fn follows(first: &[&str], second: &[&str]) -> bool {
    let (moves, now) = (Moves::default(), Instant::now());
    moves.note(&client(first), TO, now);
    moves.way(&client(second), now) == Way::After(TO)
}

#[test]
fn requests_that_share_a_cookie_are_one_clients_whatever_else_each_of_them_has() {
    let page = ["Cookie: lb=0; sid=1", "User-Agent: one"];
    for of_the_same_page in [
        vec!["Cookie: lb=0; sid=1; csrf=2", "User-Agent: one"],
        vec!["Cookie: csrf=2; sid=1; lb=0", "User-Agent: one", "Accept-Language: de"],
        vec!["Cookie: lb=0", "Cookie: sid=1", "Authorization: Bearer hunter2", "User-Agent: one"],
    ] {
        assert!(follows(&page, &of_the_same_page), "{of_the_same_page:?}");
        assert!(follows(&of_the_same_page, &page), "{of_the_same_page:?}");
    }
}

#[test]
fn clients_with_another_session_are_told_apart_though_they_share_a_cookie() {
    let one = ["Cookie: lb=0; theme=dark; sid=1", "User-Agent: one"];
    for another in [
        ["Cookie: lb=0; theme=dark; sid=2", "User-Agent: one"],
        ["Cookie: lb=0; sid=2", "User-Agent: one"],
        ["Cookie: lb=0; theme=dark; sid=1", "User-Agent: another"],
        ["Cookie: lb=0", "User-Agent: one"],
        ["Cookie: lb=0; nameless", "User-Agent: one"],
    ] {
        assert!(!follows(&one, &another), "{another:?}");
    }
    assert!(follows(&["Cookie: sid=1; sid=2"], &["Cookie: sid=2"]), "one name, two paths");
}

#[test]
fn without_cookies_clients_are_told_apart_by_their_fields() {
    let one = ["Cookie: lb=0", "Authorization: Bearer hunter2"];
    assert!(follows(&one, &one));
    assert!(!follows(&one, &["Cookie: lb=0", "Authorization: Bearer hunter3"]));
    assert!(!follows(&one, &["Cookie: lb=0", "Accept-Language: Bearer hunter2"]));
}

#[test]
fn of_a_cookie_without_a_name_nothing_is_told_but_that_it_is_there() {
    let told = |cookies: &str| client(&[cookies]).told;
    let nameless = told("Cookie: hunter2");
    assert_eq!((nameless.to_string().as_str(), nameless.is_personal()), ("1 cookie without a name, address", true));
    assert_eq!(told("Cookie: =hunter2; hunter3").to_string(), "2 cookies without a name, address");
    assert_eq!(told("Cookie: hunter2; sid=1").to_string(), "cookie \"sid\" and 1 more, address");
    assert!(!format!("{:?}", told("Cookie: hunter2; sid=1")).contains("hunter"));
}
