//! Faults of a balancer that is embedded in another program.

use stickylb::Balancer;
use stickylb::api::{Chaos, ChaosKind, Command, CommandError};

use crate::support::{Backend, Client, request};

async fn status(port: u16) -> u16 {
    let asked = move || Client::connect(port).exchange(&request("GET", "/", &[])).status;
    tokio::task::spawn_blocking(asked).await.unwrap()
}

#[tokio::test]
async fn a_program_lets_its_backend_have_a_fault_and_ends_it() {
    let backend = Backend::echoing();
    let balancer = Balancer::builder().backend(format!("{},id=7", backend.port)).workers(1).start().await.unwrap();
    let port = balancer.address().port();
    let fault: Chaos = "error 503 for=60s checks=spare".parse().unwrap();
    let said = balancer.command(Command::SetChaos { id: 7.into(), chaos: fault.clone() }).await.unwrap().said;
    assert!(said.raw().contains(": error 503, checks are spared, ends in 1 min"), "{said}");
    assert_eq!(status(port).await, 503);
    let view = balancer.snapshot().backends[0].chaos.clone().unwrap();
    assert_eq!((&view.fault, view.touched), (&fault, 1));
    assert!((1..=60_000).contains(&view.left_millis));
    balancer.command(Command::ChaosOff { id: Some(7.into()) }).await.unwrap();
    assert_eq!((status(port).await, balancer.snapshot().backends[0].chaos.is_none()), (200, true));
}

#[tokio::test]
async fn a_fault_that_no_line_could_say_is_refused_as_a_line_would_be() {
    let balancer = Balancer::builder().backend("9,id=7".to_owned()).workers(1).start().await.unwrap();
    let mut share = Chaos::new(ChaosKind::Hang);
    share.share = 200;
    for (id, fault) in [(7, share), (7, Chaos::new(ChaosKind::Error { status: 200 }))] {
        let error = balancer.command(Command::SetChaos { id: id.into(), chaos: fault }).await.unwrap_err();
        assert!(matches!(error, CommandError::CannotHaveChaos { .. }), "{error}");
    }
    let unknown = Command::SetChaos { id: 8.into(), chaos: Chaos::new(ChaosKind::Hang) };
    assert_eq!(balancer.command(unknown).await.unwrap_err(), CommandError::UnknownBackend { id: 8.into() });
    assert!(balancer.snapshot().backends[0].chaos.is_none());
}
