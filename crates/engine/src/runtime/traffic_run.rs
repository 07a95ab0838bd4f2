//! The run of traffic that is under way, and what it is told.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

use crate::api::TrafficOptions;
use crate::state::TrafficFigures;
use crate::traffic::{Order, Run};

/// The run that is under way, or the last one.
#[derive(Default)]
pub(super) struct TrafficRun(Mutex<Option<UnderWay>>);

struct UnderWay {
    /// Nobody listens once it has ended.
    orders: watch::Sender<Order>,
    options: TrafficOptions,
    figures: Arc<TrafficFigures>,
}

/// What began.
pub(super) enum Begun {
    /// The run that was under way goes on in another way.
    GoesOn,
    /// A run that is to be driven, and what the one before came to, where that was on.
    Anew { run: Box<Run>, orders: watch::Receiver<Order>, ended: Option<String> },
}

impl TrafficRun {
    /// Goes on in this way where only numbers differ, or makes a run in place of the one before.
    pub(super) fn begin(
        &self,
        options: &TrafficOptions,
        run: impl FnOnce() -> Result<Run, String>,
    ) -> Result<Begun, String> {
        let mut last = self.last();
        if let Some(now) = last.as_mut().filter(|now| now.is_on() && differs_in_number(&now.options, options)) {
            now.options = options.clone();
            now.figures.goes_on(options.clone());
            now.orders.send_replace(Order::Send(options.clone()));
            return Ok(Begun::GoesOn);
        }
        let run = Box::new(run()?);
        let ended = last.as_ref().and_then(UnderWay::replaced);
        let (tell, orders) = watch::channel(Order::Send(options.clone()));
        *last = Some(UnderWay { orders: tell, options: options.clone(), figures: run.figures() });
        Ok(Begun::Anew { run, orders, ended })
    }

    /// Ends the run that is under way; how many of its requests are in flight. `None` where none begin anyway.
    pub(super) fn off(&self) -> Option<u32> {
        let last = self.last();
        let run = last.as_ref().filter(|run| run.is_on())?;
        run.figures.off();
        run.orders.send_replace(Order::Off);
        Some(run.figures.in_flight())
    }

    fn last(&self) -> MutexGuard<'_, Option<UnderWay>> {
        // Ignoring poison is safe: it is assigned whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl UnderWay {
    /// Whether requests begin.
    fn is_on(&self) -> bool {
        !self.orders.is_closed() && self.figures.view().on
    }

    /// Ends it for another one; what it came to, if it was on.
    fn replaced(&self) -> Option<String> {
        let was_on = self.is_on();
        self.figures.off();
        self.orders.send_replace(Order::Replaced);
        was_on.then(|| self.figures.view().ended())
    }
}

/// Whether these are the same but for the rate and the number of clients.
fn differs_in_number(now: &TrafficOptions, then: &TrafficOptions) -> bool {
    let same = TrafficOptions { rate: now.rate, clients: now.clients, ..then.clone() };
    same == *now
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Spacing;

    #[test]
    fn only_the_rate_and_the_number_of_clients_change_under_way() {
        let now = TrafficOptions::default();
        assert!(differs_in_number(&now, &TrafficOptions { rate: 100, clients: 3, ..now.clone() }));
        assert!(!differs_in_number(&now, &TrafficOptions { spacing: Spacing::Poisson, ..now.clone() }));
        assert!(!differs_in_number(&now, &TrafficOptions { rate: 100, seed: 8, ..now.clone() }));
    }
}
