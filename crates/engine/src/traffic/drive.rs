//! A run of traffic from its beginning to the end of its last request.

use tokio::sync::watch;

use super::run::{End, Order, Run};
use super::{closed, open};
use crate::api::{Level, TrafficModel};
use crate::state::Phase;

/// Sends until it ends, waits for what is in flight, and says what it came to.
pub(crate) async fn drive(mut run: Run, mut orders: watch::Receiver<Order>) {
    let mut phase = run.road.phase.clone();
    let end = tokio::select! {
        biased;
        // An engine that is gone has finished. It is not to wait for answers that nobody wants.
        _ = phase.wait_for(|phase| *phase >= Phase::Finishing) => End::Stopping,
        end = send(&mut run, &mut orders) => end,
    };
    run.tasks.shutdown().await;
    let view = run.figures.end();
    if *orders.borrow() == Order::Replaced {
        return;
    }
    let why = match end {
        End::Over | End::Off => "",
        End::NoListener => ": there is no HTTP listener any more",
        End::Stopping => ": the balancer stops",
    };
    run.road.shared.telemetry.notice(Level::Info, format!("{}{why}", view.ended()));
}

async fn send(run: &mut Run, orders: &mut watch::Receiver<Order>) -> End {
    let end = match run.options.model {
        TrafficModel::Open => open::send(run, orders).await,
        TrafficModel::Closed => closed::send(run, orders).await,
    };
    run.figures.off();
    // Each of them has a time limit.
    while run.tasks.join_next().await.is_some() {}
    end
}
