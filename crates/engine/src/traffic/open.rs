//! Open traffic: requests begin when they are due, whatever becomes of those before them.

use std::sync::Arc;
use std::time::Instant;
use tokio::sync::watch;
use tokio::time::sleep_until;

use super::run::{End, News, Order, Run};
use super::schedule::{Due, Schedule};
use crate::api::MAX_TRAFFIC_IN_FLIGHT;

/// Begins requests until it ends.
pub(super) async fn send(run: &mut Run, orders: &mut watch::Receiver<Order>) -> End {
    let (began, until) = run.figures.time();
    let mut schedule = Schedule::new(&run.options, run.mix.clone());
    loop {
        let due = schedule.next();
        let at = began + due.after;
        tokio::select! {
            biased;
            news = run.news(orders) => match news {
                News::End(end) => return end,
                News::Options(options) => {
                    run.goes_on(options);
                    schedule.change(&run.options, began.elapsed());
                }
            },
            () = sleep_until(at.min(until).into()) => {
                if at >= until {
                    return End::Over;
                }
                schedule.advance();
                begin(run, due, at);
                // Those that are late are begun one after the other, and do not all wait for the last of them.
                tokio::task::yield_now().await;
            }
        }
    }
}

fn begin(run: &mut Run, due: Due, at: Instant) {
    while run.tasks.try_join_next().is_some() {}
    if run.figures.in_flight() >= MAX_TRAFFIC_IN_FLIGHT {
        return run.figures.dropped();
    }
    let on_the_way = run.figures.begin(at);
    let (person, road, mix) = (run.person(due.client), Arc::clone(&run.road), run.mix.clone());
    run.tasks.spawn(async move {
        if let Some(status) = person.ask(&road, mix.part(due.part)).await {
            on_the_way.answered(status);
        }
    });
}
