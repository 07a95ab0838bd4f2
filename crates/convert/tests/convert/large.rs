//! Files that are far larger than any that a person writes are read in time that grows with them, and not with their square:
//! then these tests would last for hours.

use std::fmt::Write as _;

use stickylb_convert::import;

/// How many of each there are.
const MANY: usize = 30_000;

/// This many times what is written for a number, which stands for an address and a name of its own.
fn many(line: impl Fn(usize, &str) -> String) -> String {
    (0..MANY).fold(String::new(), |mut text, number| {
        let address = format!("10.{}.{}.{}", number >> 16, number >> 8 & 255, number & 255);
        let _ = writeln!(text, "{}", line(number, &address));
        text
    })
}

/// How many listeners, pools and routes a file comes to.
#[track_caller]
fn counts(text: &str) -> (usize, usize, usize) {
    let config = import(text).unwrap().config;
    let listeners = config["listeners"].as_array().unwrap();
    let routes = listeners.iter().filter_map(|listener| listener["routes"].as_array()).map(Vec::len).sum();
    (listeners.len(), config["pools"].as_object().unwrap().len(), routes)
}

#[test]
fn a_large_file_of_haproxy_is_read() {
    let servers = many(|number, address| format!(" server s{number} {address}:80 check cookie {number}"));
    assert_eq!(counts(&format!("listen a\n mode http\n bind :80\n cookie c insert\n{servers}")), (1, 1, 0));
    let uses =
        many(|number, _| format!(" acl a{number} hdr(host) h{number}.test\n use_backend b{number} if a{number}"));
    let backends =
        many(|number, address| format!("backend b{number}\n mode http\n server s {address}:80 check track b0/s"));
    let text = format!("defaults\n timeout connect 1s\nfrontend f\n mode http\n bind :80\n{uses}{backends}");
    assert_eq!(counts(&text), (1, MANY, MANY));
    let binds = many(|number, _| format!(" bind :{}\n odd{number}", number + 1));
    assert_eq!(counts(&format!("listen a\n mode http\n{binds} server s 10.0.0.1:80\n")), (MANY, 1, 0));
}

#[test]
fn a_large_file_of_nginx_is_read() {
    let passes = |to: &str| format!("location / {{ proxy_pass http://{to}; }}");
    let servers = many(|number, address| format!("server {{ server_name h{number}.test; {} }}", passes(address)));
    assert_eq!(counts(&servers), (1, MANY, MANY - 1));
    let servers = many(|number, _| format!("server {{ listen {}; {} }}", number + 1, passes("10.0.0.1")));
    assert_eq!(counts(&servers), (MANY, 1, 0));
    let locations = many(|number, _| format!("location /a{number}/ {{ proxy_pass http://u{number}; }}"));
    let upstreams = many(|number, address| format!("upstream u{number} {{ server {address}; }}"));
    assert_eq!(counts(&format!("{upstreams} server {{ {locations} }}")), (1, MANY, MANY));
    let map = many(|number, address| format!("h{number}.test http://{address};"));
    let text =
        format!("map $host $to {{ {map} default http://10.9.0.1; }} server {{ location / {{ proxy_pass $to; }} }}");
    assert_eq!(counts(&text), (1, MANY + 1, MANY));
}
