//! What-if gives the requests that came to every strategy again, and comes to what really happened.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier};

use serde_json::{Value, json};

use crate::support::{Backend, Balancer, Config, request, until};

const STRATEGIES: [&str; 8] = [
    "round-robin",
    "smooth-round-robin",
    "least-connections",
    "random",
    "power-of-two",
    "least-latency",
    "hash",
    "first",
];

fn what_if(balancer: &Balancer, words: &[&str]) -> Value {
    serde_json::from_str(&balancer.said(&[&["ctl", "whatif", "--json"], words].concat())).unwrap()
}

/// From the first time that it is asked, it watches.
fn watch(balancer: &Balancer) {
    let told = what_if(balancer, &[]);
    assert!(told["doubt"].as_str().unwrap().starts_with("nobody has watched until now"), "{told}");
    assert_eq!(told["rows"], json!([]));
}

fn row<'t>(told: &'t Value, strategy: &str) -> &'t Value {
    told["rows"].as_array().unwrap().iter().find(|row| row["strategy"] == strategy).unwrap()
}

/// The requests of each backend, as the counts are.
fn medians(row: &Value) -> Vec<u64> {
    let median = |picks: &Value| picks["median"].to_string().strip_suffix(".0").unwrap().parse().unwrap();
    row["picks"].as_array().unwrap().iter().map(median).collect()
}

/// What each backend recorded.
fn counts(backends: &[Backend]) -> Vec<u64> {
    backends.iter().map(|backend| backend.requests().len() as u64).collect()
}

/// Requests by several clients at once, each one after the other on connections of their own.
fn crowd(balancer: &Balancer, clients: usize, each: usize) {
    let (port, start) = (balancer.port, Arc::new(Barrier::new(clients)));
    let clients: Vec<_> = (0..clients)
        .map(|client| {
            let start = Arc::clone(&start);
            std::thread::spawn(move || {
                start.wait();
                for n in 0..each {
                    let bytes = request("GET", &format!("/{client}/{n}"), &[]);
                    assert_eq!(crate::support::Client::connect(port).exchange(&bytes).status, 200);
                }
            })
        })
        .collect();
    for client in clients {
        client.join().unwrap();
    }
}

#[test]
fn the_row_of_the_strategy_in_use_is_the_backends_own_log_for_each_strategy() {
    for strategy in STRATEGIES {
        let slow = |millis: u64| {
            Backend::start(move |call| {
                std::thread::sleep(std::time::Duration::from_millis(millis));
                crate::support::backend::echo(call)
            })
        };
        let backends = [slow(1), slow(7), slow(2)];
        let config = Config::new(&backends.each_ref()).set("/sticky", json!({"by": "off"}));
        let balancer = config.set("/strategy", json!(strategy)).set("/backends/0/weight", json!(2)).start();
        watch(&balancer);
        crowd(&balancer, 6, 15);
        let told = what_if(&balancer, &[]);
        assert_eq!(
            (&told["requests"], &told["asReal"], &told["doubt"]),
            (&json!(90), &json!(1.0), &json!(null)),
            "{strategy}"
        );
        let own = row(&told, strategy);
        assert_eq!((&own["current"], &own["seeds"], &own["moved"]["median"]), (&json!(true), &json!(1), &json!(0.0)));
        assert_eq!(medians(own), counts(&backends), "{strategy}");
        let real: Vec<u64> = told["backends"].as_array().unwrap().iter().map(|b| b["real"].as_u64().unwrap()).collect();
        assert_eq!(real, counts(&backends));
        assert!(own["mostInFlight"]["median"].as_f64().unwrap() <= 6.0, "there were six clients: {own}");
        assert_eq!(told["rows"].as_array().unwrap().len(), 8);
    }
}

#[test]
fn without_a_backend_under_hash_is_what_a_real_end_of_it_comes_to() {
    let backends = [Backend::echoing(), Backend::echoing(), Backend::echoing()];
    let config = Config::new(&backends.each_ref()).set("/sticky", json!({"by": "header:X-User"}));
    let balancer = config.set("/strategy", json!("hash")).start();
    watch(&balancer);
    let all = || {
        for user in 0..80 {
            balancer.exchange(&request("GET", &format!("/{user}"), &[&format!("X-User: u{user}")]));
        }
    };
    all();
    let before = counts(&backends);
    let told = what_if(&balancer, &["without=b1"]);
    let hash = row(&told, "hash");
    assert_eq!((&told["asReal"], &hash["moved"]["median"]), (&json!(1.0), &json!(before[1] as f64)));
    balancer.ctl(&["down", "b1"]);
    until("it is out", || balancer.backend(1)["state"] == "MAINT");
    all();
    let after: Vec<u64> = counts(&backends).iter().zip(&before).map(|(all, before)| all - before).collect();
    assert_eq!(medians(hash), after);
    assert_eq!(after[1], 0);
    // The same keys: all that stayed are where they were.
    assert!(before[0] <= after[0] && before[2] <= after[2] && after.iter().sum::<u64>() == 80);
}

#[test]
fn a_client_with_a_cookie_stays_where_the_model_put_it_first() {
    let backends = [Backend::echoing(), Backend::echoing()];
    let balancer = Balancer::over(&backends.each_ref());
    watch(&balancer);
    // Six clients, each with its own User-Agent and the cookie it gets, and ten requests.
    for client in 0..6 {
        let agent = format!("User-Agent: client-{client}");
        let first = balancer.exchange(&request("GET", "/", &[&agent]));
        let id = first.get("x-backend-id").unwrap();
        let cookie = format!("Cookie: X-Backend-ID={id}");
        for _ in 1..10 {
            assert_eq!(balancer.exchange(&request("GET", "/", &[&agent, &cookie])).status, 200);
        }
    }
    let told = what_if(&balancer, &[]);
    assert_eq!((&told["asReal"], medians(row(&told, "round-robin"))), (&json!(1.0), counts(&backends)));
    let first = row(&told, "first");
    assert_eq!((medians(first), &first["moved"]["median"]), (vec![60, 0], &json!(3.0)));
    let random = row(&told, "random");
    let whole = |at: &str| random["picks"][0][at].as_f64().unwrap() % 10.0 == 0.0;
    assert!(whole("low") && whole("median") && whole("high"), "a client's ten requests stay together: {random}");
    // Without stickiness each request is a choice.
    let off = what_if(&balancer, &["sticky=off"]);
    assert_eq!(medians(row(&off, "round-robin")), [30, 30]);
    let heavier = what_if(&balancer, &["weight=b0:3", "sticky=off"]);
    assert_eq!((medians(row(&heavier, "round-robin")), &heavier["backends"][0]["weight"]), (vec![45, 15], &json!(3)));
    // Nothing of it is so in reality.
    assert_eq!(
        (balancer.health()["strategy"].as_str(), balancer.backend(0)["weight"].as_u64()),
        (Some("round-robin"), Some(1))
    );
}

#[test]
fn right_after_a_change_it_declines_until_there_are_fifty_requests_again() {
    let backends = [Backend::echoing(), Backend::echoing()];
    let config = Config::new(&backends.each_ref()).set("/sticky", json!({"by": "off"}));
    let balancer = config.start();
    watch(&balancer);
    let requests = |n: usize| (0..n).for_each(|_| drop(balancer.get("/")));
    requests(49);
    let said = balancer.said(&["ctl", "whatif"]);
    assert!(
        said.starts_with("model: none yet: 49 requests were seen: what-if needs 50 under the same conditions\n"),
        "{said}"
    );
    requests(1);
    assert_eq!(what_if(&balancer, &[])["requests"], 50);
    let changes: [(&[&str], &str); 4] = [
        (&["weight", "b1", "3"], "weight b1 1 → 3"),
        (&["strategy", "random"], "strategy round-robin → random"),
        (&["drain", "b0"], "b0 DRAIN"),
        (&["sticky", "ip"], "sticky off → ip"),
    ];
    for (command, change) in changes {
        balancer.ctl(command);
        let doubt = what_if(&balancer, &[])["doubt"].as_str().unwrap().to_owned();
        assert!(doubt.contains(&format!("since the last change ({change})")), "{doubt}");
    }
    requests(60);
    let told = what_if(&balancer, &[]);
    assert_eq!((&told["requests"], &told["asReal"]), (&json!(60), &json!(1.0)));
}

#[test]
fn what_waits_without_an_answer_counts_as_in_flight() {
    // The first one never answers.
    let asked = Arc::new(AtomicUsize::new(0));
    let hangs = Arc::clone(&asked);
    let backends = [
        Backend::start(move |call| {
            hangs.fetch_add(1, SeqCst);
            call.wait_for_close();
            crate::support::After::Close
        }),
        Backend::echoing(),
    ];
    let config = Config::new(&backends.each_ref()).set("/sticky", json!({"by": "off"}));
    let balancer = config.set("/strategy", json!("least-connections")).start();
    watch(&balancer);
    let mut held = balancer.client();
    held.send(&request("GET", "/", &[]));
    until("it has arrived", || asked.load(SeqCst) == 1);
    for _ in 0..60 {
        let client = balancer.exchange(&request("GET", "/", &[]));
        assert_eq!(client.status, 200);
    }
    let told = what_if(&balancer, &[]);
    assert_eq!((&told["asReal"], medians(row(&told, "least-connections"))), (&json!(1.0), counts(&backends)));
    let round_robin = row(&told, "round-robin");
    assert_eq!((medians(round_robin), &told["backends"][0]["real"]), (vec![31, 30], &json!(1)));
}

#[test]
fn what_cannot_be_asked_is_said_in_one_sentence() {
    let backends = [Backend::echoing(), Backend::echoing()];
    let balancer = Balancer::over(&backends.each_ref());
    for (words, why) in [
        (["without=b9", ""], "there is no backend 'b9': there is b0 (0), b1 (1)"),
        (["weight=b0:1001", ""], "'1001' is no weight: it is a whole number from 0 to 1000"),
        (["weight=b0", ""], "'b0' is no backend with a weight"),
        (["sticky=ip", ""], "what-if knows sticky=off alone"),
        (["pool=db", ""], "there is no pool 'db': there is default"),
        (["witout=b0", ""], "'witout=b0' is no setting, did you mean 'without'?"),
        (["sticky=off", "sticky=off"], "sticky= stands twice"),
    ] {
        let words: Vec<&str> = ["ctl", "whatif"].into_iter().chain(words).filter(|word| !word.is_empty()).collect();
        let (status, said) = balancer.refused_with_status(&words);
        assert!(status == 2 && said.contains(why), "{words:?}: {status} {said}");
    }
}
