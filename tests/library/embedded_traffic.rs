//! Traffic of a balancer that is embedded in another program.

use stickylb::Balancer;
use stickylb::api::{Command, CommandError, MAX_TRAFFIC_RATE, TrafficOptions};

use crate::embedding::wait_for;
use crate::support::Backend;

#[tokio::test]
async fn a_program_sends_traffic_to_its_balancer_and_ends_it() {
    let backend = Backend::echoing();
    // No check asks the backend, so that all that it has is traffic.
    let builder = Balancer::builder().backend(backend.port.to_string()).workers(1);
    let balancer = builder.check(|_| async { Ok("taken on trust".to_owned()) }).start().await.unwrap();
    let sent = |balancer: &Balancer| balancer.snapshot().traffic.as_ref().map_or(0, |view| view.sent);
    let options: TrafficOptions = r#"open rate=100 clients=3 mix="GET /made""#.parse().unwrap();
    let said = balancer.command(Command::Traffic(options.clone())).await.unwrap().said;
    assert!(said.raw().starts_with("traffic begins: open rate=100 "), "{said}");
    wait_for("some was sent", &balancer, |balancer| sent(balancer) >= 10).await;
    assert_eq!(balancer.snapshot().traffic.as_ref().unwrap().options, options);
    balancer.command(Command::TrafficOff).await.unwrap();
    let ended =
        |balancer: &Balancer| balancer.snapshot().traffic.as_ref().is_some_and(|it| !it.on && it.in_flight == 0);
    wait_for("it has ended", &balancer, ended).await;
    let requests = backend.requests();
    assert_eq!(requests.len() as u64, sent(&balancer));
    assert!(requests.iter().all(|request| request.target == "/made" && request.get("x-user").is_some()));
    let none = balancer.command(Command::TrafficOff).await.unwrap_err();
    assert!(matches!(none, CommandError::CannotSendTraffic { .. }), "{none}");
    balancer.stop().await;
}

#[tokio::test]
async fn traffic_that_no_line_could_say_is_refused_as_a_line_would_be() {
    let balancer = Balancer::builder().backend("9".to_owned()).workers(1).start().await.unwrap();
    let mut options = TrafficOptions::default();
    options.rate = MAX_TRAFFIC_RATE + 1;
    let error = balancer.command(Command::Traffic(options)).await.unwrap_err();
    assert!(matches!(error, CommandError::CannotSendTraffic { .. }), "{error}");
    assert!(balancer.snapshot().traffic.is_none());
}
