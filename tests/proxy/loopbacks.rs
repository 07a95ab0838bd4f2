//! Both loopback addresses: a browser looks for `localhost` at `::1` first.

use std::net::{TcpListener, TcpStream};

use serde_json::json;

use crate::support::left_out::left_out;
use crate::support::program::free_port;
use crate::support::{Backend, Balancer, Client, Config, request, until};

/// A client that comes to `::1`.
fn over_six(balancer: &Balancer) -> Client {
    Client::plain(TcpStream::connect(("::1", balancer.port)).unwrap())
}

/// Whether this machine has no IPv6, which leaves the test out.
#[track_caller]
fn is_without_six() -> bool {
    let is_without = TcpListener::bind("[::1]:0").is_err();
    if is_without {
        left_out("this machine has no IPv6");
    }
    is_without
}

fn is_open(address: &str, port: u16) -> bool {
    TcpStream::connect((address, port)).is_ok()
}

#[test]
fn a_client_is_served_at_either_address_and_each_is_told_as_it_is() {
    if is_without_six() {
        return;
    }
    let backend = Backend::echoing();
    let balancer = Config::new(&[&backend]).set("/sticky", json!({"by": "ip"})).start();
    assert_eq!(balancer.get("/four").status, 200);
    let mut six = over_six(&balancer);
    assert_eq!(six.exchange(&request("GET", "/six", &[])).status, 200);
    assert_eq!(six.exchange(&request("GET", "/_lb/health", &[])).status, 200);
    let forwarded = |path: &str| {
        let seen = backend.requests().into_iter().find(|seen| seen.target == path).unwrap();
        seen.get("x-forwarded-for").unwrap()
    };
    assert_eq!((forwarded("/four").as_str(), forwarded("/six").as_str()), ("127.0.0.1", "::1"));
    balancer.line("::1 GET /six 200");
    assert_eq!(balancer.lines().iter().filter(|line| line.contains("listening on")).count(), 1);
}

#[test]
fn a_port_that_another_program_has_at_the_other_address_is_named_with_it_and_nothing_starts() {
    if is_without_six() {
        return;
    }
    let taken = TcpListener::bind("[::1]:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let backend = Backend::echoing();
    let said = Config::new(&[&backend]).set("/port", json!(port)).refused();
    let expected = format!("port {port} is in use on [::1]");
    assert!(said.contains(&expected) && said.contains("where browsers look for localhost first"), "{said}");
    if cfg!(target_os = "linux") {
        assert!(said.contains(&format!("(pid {})", std::process::id())), "{said}");
    }
    assert!(!is_open("127.0.0.1", port));
}

#[test]
fn a_listener_that_moves_leaves_both_addresses_and_its_clients_stay() {
    if is_without_six() {
        return;
    }
    let backend = Backend::echoing();
    let balancer = Config::new(&[&backend]).start();
    let mut kept = over_six(&balancer);
    assert_eq!(kept.exchange(&request("GET", "/", &[])).status, 200);
    let port = free_port();
    balancer.rewrite(&Config::new(&[&backend]).set("/port", json!(port)));
    balancer.line(&format!("listening on http://localhost:{port}"));
    until("the old port to be closed at both", || {
        ["127.0.0.1", "::1"].iter().all(|address| !is_open(address, balancer.port))
    });
    assert!(is_open("127.0.0.1", port) && is_open("::1", port));
    assert_eq!(kept.exchange(&request("GET", "/", &[])).status, 200);
}

#[test]
fn a_listener_that_moves_to_another_address_of_the_same_url_says_which() {
    let backend = Backend::echoing();
    let port = free_port();
    let at = |host: &str| Config::new(&[&backend]).set("/port", json!(port)).set("/host", json!(host));
    let balancer = at("127.0.0.1").start();
    balancer.rewrite(&at("0.0.0.0"));
    let said = balancer.line("configuration reloaded");
    let expected = format!("http://localhost:{port} listens on 0.0.0.0 in place of 127.0.0.1");
    assert!(said.contains(&expected) && !said.contains("closed"), "{said}");
    assert_eq!(balancer.get("/").status, 200);
}

#[test]
fn another_listener_may_have_the_other_address_at_once_or_by_a_changed_file() {
    if is_without_six() {
        return;
    }
    let backends = [Backend::echoing(), Backend::echoing()];
    let port = free_port();
    let pool = |n: usize| json!({"backends": [{"url": format!("http://localhost:{}", backends[n].port)}]});
    let pools = json!({"four": pool(0), "six": pool(1)});
    let four = json!({"port": port, "pool": "four"});
    let listeners = |with_six: bool| {
        let (host, other) = if with_six { ("::1", port) } else { ("127.0.0.1", 0) };
        Config::of(json!({"listeners": [four, {"port": other, "host": host, "pool": "six"}], "pools": pools}))
    };
    let balancer = listeners(false).start();
    let led = || (balancer.get("/").backend(), over_six(&balancer).exchange(&request("GET", "/", &[])).backend());
    assert_eq!(led(), (Some(0), Some(0)));
    balancer.rewrite(&listeners(true));
    balancer.line("configuration reloaded");
    until("each to lead to its own pool", || led() == (Some(0), Some(1)));
    drop(balancer);
    let balancer = listeners(true).start_without_health();
    assert_eq!(over_six(&balancer).exchange(&request("GET", "/", &[])).backend(), Some(1));
}

#[test]
fn any_other_address_is_listened_on_alone() {
    let backend = Backend::echoing();
    let balancer = Config::new(&[&backend]).set("/host", json!("0.0.0.0")).start();
    assert!(is_open("127.0.0.1", balancer.port) && !is_open("::1", balancer.port));
    drop(balancer);
    if !is_without_six() {
        // Its address is no IPv4 one, so that nobody is reached at those.
        let port = free_port();
        let balancer = Config::new(&[&backend]).set("/host", json!("::1")).set("/port", json!(port));
        let _balancer = balancer.start_without_health();
        assert!(is_open("::1", port) && !is_open("127.0.0.1", port));
    }
}

#[test]
fn a_backend_at_the_other_address_is_the_balancer_itself() {
    let port = free_port();
    let file = json!({"port": port, "backends": [{"url": format!("http://[::1]:{port}")}]});
    let said = Config::of(file).refused();
    assert!(said.contains("is this balancer itself"), "{said}");
}

#[test]
fn what_is_in_flight_at_either_address_ends_and_both_close_with_the_balancer() {
    if is_without_six() {
        return;
    }
    let backend = Backend::echoing();
    let mut balancer = Balancer::over(&[&backend]);
    assert_eq!(over_six(&balancer).exchange(&request("GET", "/", &[])).status, 200);
    balancer.terminate();
    until("it has ended", || !balancer.is_running());
    assert!(!is_open("::1", balancer.port) && !is_open("127.0.0.1", balancer.port));
}

/// In a network of its own without IPv6, where the system lets anybody make one.
#[cfg(target_os = "linux")]
#[test]
fn a_machine_without_ipv6_is_no_error() {
    let network = "ip link set lo up && echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6 && exec \"$@\"";
    let command = |words: &[&str]| {
        let mut command = std::process::Command::new("unshare");
        command.args(["-Urn", "sh", "-c", network, "sh"]).args(words);
        command
    };
    if !command(&["true"]).output().is_ok_and(|output| output.status.success()) {
        return left_out("no network of one's own can be made here");
    }
    let program = env!("CARGO_BIN_EXE_stickylb-tui");
    let mut balancer =
        crate::support::program::Headless::from(command(&[program, "--demo=1", "--headless", "--port", "0"]));
    balancer.line_with("listening on http://localhost:");
    balancer.line_with("alpha: STARTING -> UP");
    assert!(!balancer.seen.iter().any(|line| line.contains("::1")), "{:?}", balancer.seen);
}
