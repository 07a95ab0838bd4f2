//! One run of traffic: what it sends, by whom, and what it is told meanwhile.

use std::sync::Arc;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::mix::Mix;
use super::person::Person;
use super::road::Road;
use crate::api::TrafficOptions;
use crate::state::{Phase, Shared, TrafficFigures};

/// What a run is told.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Order {
    /// To send this; of a run under way only the rate and the number of clients change.
    Send(TrafficOptions),
    /// To begin no more requests.
    Off,
    /// The same, and to say nothing at its end: another one goes on in its place.
    Replaced,
}

/// One run of traffic.
pub(crate) struct Run {
    pub(super) options: TrafficOptions,
    pub(super) mix: Mix,
    pub(super) road: Arc<Road>,
    pub(super) figures: Arc<TrafficFigures>,
    /// Its requests, or its clients.
    pub(super) tasks: JoinSet<()>,
    people: Vec<Arc<Person>>,
    topology: watch::Receiver<()>,
}

/// Why no more requests begin.
#[derive(Clone, Copy)]
pub(super) enum End {
    /// Its time is over.
    Over,
    /// A person ended it.
    Off,
    /// There is no listener any more that it could go to.
    NoListener,
    /// The balancer stops.
    Stopping,
}

/// What a run is to take notice of.
pub(super) enum News {
    Options(TrafficOptions),
    End(End),
}

impl Run {
    /// A run that is to begin now; the figures of the one before are replaced.
    ///
    /// # Errors
    /// Why it cannot be, in one sentence. Nothing has changed then.
    pub(crate) fn new(
        shared: &Arc<Shared>,
        phase: watch::Receiver<Phase>,
        options: TrafficOptions,
    ) -> Result<Self, String> {
        let road = Arc::new(Road::new(shared, phase)?);
        let mix = Mix::new(&options.mix)?;
        Ok(Run {
            mix,
            road,
            figures: shared.traffic.begin(options.clone()),
            tasks: JoinSet::new(),
            people: Vec::new(),
            topology: shared.topology.changes(),
            options,
        })
    }

    /// Its figures, as they come to be.
    pub(crate) fn figures(&self) -> Arc<TrafficFigures> {
        Arc::clone(&self.figures)
    }

    /// Waits for what is to be taken notice of.
    pub(super) async fn news(&mut self, orders: &mut watch::Receiver<Order>) -> News {
        loop {
            tokio::select! {
                biased;
                changed = orders.changed() => match &*orders.borrow_and_update() {
                    Order::Send(options) if changed.is_ok() => return News::Options(options.clone()),
                    _ => return News::End(End::Off),
                },
                Ok(()) = self.topology.changed() => {
                    if !self.road.follow() {
                        return News::End(End::NoListener);
                    }
                }
            }
        }
    }

    /// Goes on with another rate or another number of clients.
    pub(super) fn goes_on(&mut self, options: TrafficOptions) {
        // Who leaves closes its connections.
        self.people.truncate(options.clients as usize);
        self.options = options;
    }

    /// The client with this number, who is new if it has not been there before.
    pub(super) fn person(&mut self, number: u32) -> Arc<Person> {
        while self.people.len() < number as usize {
            let next = u32::try_from(self.people.len() + 1).unwrap_or(number);
            self.people.push(Person::new(next, &self.options));
        }
        Arc::clone(&self.people[number as usize - 1])
    }
}
