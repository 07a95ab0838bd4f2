//! How a fault begins and ends, and what may not have one.

use serde_json::{Value, json};

use crate::support::raw;
use crate::support::{Backend, Balancer, Config, request, until};

fn alone() -> (Backend, Balancer) {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    (backend, balancer)
}

#[test]
fn a_second_fault_takes_the_place_of_the_first_and_outlives_its_fuse() {
    let (_backend, balancer) = alone();
    balancer.chaos(&["b0", "error", "500", "for=4s"]);
    assert_eq!(balancer.get("/").status, 500);
    let said = balancer.chaos(&["b0", "error", "503", "for=60s", "checks=spare"]);
    assert!(said.contains("chaos on b0: error 503, checks are spared, in place of error 500, ends in 1 min"), "{said}");
    std::thread::sleep(std::time::Duration::from_millis(4200));
    assert_eq!(balancer.get("/").status, 503);
    assert!(!balancer.lines().iter().any(|line| line.contains("is over")), "the first one's time ends nothing");
}

#[test]
fn undo_ends_a_fault_and_brings_none_back() {
    let (_backend, balancer) = alone();
    balancer.chaos(&["b0", "error", "500", "for=60s"]);
    balancer.chaos(&["b0", "error", "503", "for=60s"]);
    let said = balancer.said(&["ctl", "undo"]);
    assert!(said.contains("undone: b0 has no fault any more"), "{said}");
    balancer.line("chaos on b0 is over: it was switched off");
    assert_eq!(balancer.get("/").status, 200);
    balancer.chaos(&["b0", "hang", "for=60s"]);
    balancer.chaos(&["off"]);
    assert!(balancer.refused(&["ctl", "undo"]).contains("nothing"), "what was switched off does not begin again");
    assert!(balancer.fault(0).is_null());
}

#[test]
fn off_ends_one_or_all_and_says_which() {
    let backends = [Backend::echoing(), Backend::echoing()];
    let balancer = Balancer::over(&backends.each_ref());
    assert!(balancer.chaos(&["off"]).contains("no backend has a fault"));
    for name in ["b0", "b1"] {
        balancer.chaos(&[name, "hang", "for=60s", "checks=spare"]);
    }
    assert!(balancer.chaos(&["b1", "off"]).contains("chaos is off: b1"));
    assert!(balancer.chaos(&["b1", "off"]).contains("b1 has no fault"));
    assert_eq!((balancer.fault(0).is_null(), balancer.fault(1).is_null()), (false, true));
    assert!(balancer.chaos(&["off"]).contains("chaos is off: b0"));
    assert!((0..4).all(|_| balancer.get("/").status == 200));
}

#[test]
fn what_is_in_flight_ends_as_it_began() {
    let (backend, balancer) = alone();
    balancer.chaos(&["b0", "latency", "1500ms", "for=60s"]);
    let mut client = balancer.client();
    let began = std::time::Instant::now();
    client.send(&request("GET", "/begun", &[]));
    backend.wait_for_requests(1);
    balancer.chaos(&["off"]);
    assert_eq!(client.response().status, 200);
    assert!(began.elapsed() >= std::time::Duration::from_millis(1500));
}

#[test]
fn a_reload_keeps_the_fault_of_a_backend_that_it_leaves_alone_and_ends_that_of_one_that_goes() {
    let backends = [Backend::echoing(), Backend::echoing()];
    let config = Config::new(&backends.each_ref());
    let balancer = config.start();
    for name in ["b0", "b1"] {
        balancer.chaos(&[name, "error", "503", "for=60s", "checks=spare"]);
    }
    balancer.rewrite(&Config::new(&[&backends[0]]).set("/backends/0/weight", json!(5)));
    balancer.line("chaos on b1 is over: the backend is gone, or another one in its place");
    balancer.line("configuration reloaded");
    assert_eq!(balancer.fault(0)["words"], "error 503");
    assert_eq!(balancer.get("/").status, 503);
    balancer.rewrite(&config);
    balancer.line("b1 added");
    assert!(balancer.fault(1).is_null(), "it comes without the one it had");
    balancer.rewrite(&config.clone().set("/backends/0/maxConnections", json!(7)));
    balancer.line("chaos on b0 is over: the backend is gone");
    until("nothing burns", || balancer.fault(0).is_null());
}

#[test]
fn with_the_network_at_a_listener_there_are_no_faults_unless_the_file_says_so() {
    let backend = Backend::echoing();
    let of = |listeners: Value| {
        let url = format!("http://localhost:{}", backend.port);
        let web = json!({"backends": [{"id": 0, "name": "b0", "url": url}], "health": {"path": "/health"}});
        Config::of(json!({"listeners": listeners, "pools": {"web": web}}))
    };
    let here = json!({"port": 0, "pool": "web"});
    let balancer = of(json!([here])).start();
    balancer.chaos(&["b0", "error", "503", "for=60s"]);
    let open = of(json!([here, {"port": 0, "host": "0.0.0.0", "pool": "web"}]));
    balancer.rewrite(&open);
    balancer.line("chaos on b0 is over: the listener on 0.0.0.0:");
    assert_eq!(balancer.get("/").status, 200);
    let refused = balancer.refused(&["ctl", "chaos", "b0", "hang"]);
    assert!(refused.contains("can be reached from other machines: set \"chaos\": true"), "{refused}");
    balancer.rewrite(&open.set("/chaos", json!(true)));
    balancer.line("faults are allowed everywhere");
    balancer.chaos(&["b0", "error", "503"]);
    assert_eq!(balancer.get("/").status, 503);
}

#[test]
fn raw_connections_have_no_status_and_no_path() {
    let balancer = raw::config(&[raw::echo("a")]).start();
    let refused = balancer.refused(&["ctl", "chaos", "t0", "error", "503"]);
    assert!(refused.contains("t0 gets raw connections, which have no status: use refuse, hang or reset"), "{refused}");
    let refused = balancer.refused(&["ctl", "chaos", "t0", "hang", "match=path=/x"]);
    assert!(refused.contains("neither path nor method"), "{refused}");
    assert_eq!(raw::ask(&balancer, "x"), "ax");
}

#[test]
fn a_backend_that_dies_under_a_fault_is_down_as_ever_and_the_fault_ends_in_its_time() {
    let (mut backend, balancer) = alone();
    balancer.chaos(&["b0", "latency", "50ms", "for=2s"]);
    backend.stop();
    assert!(balancer.get("/").status >= 502);
    until("it is down", || balancer.backend(0)["state"] == "DOWN");
    balancer.line("chaos on b0 is over: its time is up");
}
