//! What a request is promised: a backend is chosen or waited for, and where one fails the next is tried, if that is safe.

use std::time::Instant;

use super::route::Destination;
use super::tries::{Stop, Tries};
use crate::balancer::Choice;
use crate::proxy::connection::{After, Client};
use crate::proxy::exchange::{Exchange, Request};
use crate::state::Routing;

/// Sends a request to the backend the balancer chooses, or to the next where that one fails.
pub(crate) async fn forward<'c>(
    client: &mut Client<'c>,
    (routing, destination): (&Routing, Destination<'_>),
    exchange: &mut Exchange<'c>,
    request: &mut Request,
    now: Instant,
) -> After {
    let mut tries = Tries::new(client, (routing, destination), exchange, request, now);
    let stop = loop {
        let Choice { backend, slot, set_cookie, ticket } = match tries.choose_or_wait().await {
            Ok(choice) => choice,
            Err(stop) => break stop,
        };
        match tries.attempt(&backend, slot, ticket).await {
            Ok(mut answered) => match tries.after_answer(&backend, &answered) {
                Ok(Some(since)) => {
                    let delivered = tries.deliver(&mut answered, &backend, set_cookie.as_ref(), since).await;
                    return tries.conclude(&delivered, answered.upstream, &backend);
                }
                Ok(None) => {}
                Err(stop) => break stop,
            },
            Err(failure) => {
                if let Err(stop) = tries.after_failure(&backend, failure) {
                    break stop;
                }
            }
        }
    };
    match stop {
        Stop::Disconnected => tries.disconnected(),
        Stop::Reply(answer) => tries.reply(answer).await,
    }
}
