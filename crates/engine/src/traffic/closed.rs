//! Closed traffic: each client asks, waits for the answer, thinks and asks again.

use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::{sleep, sleep_until};

use super::mix::{Mix, exponential};
use super::pace::Pace;
use super::person::Person;
use super::road::Road;
use super::run::{End, News, Order, Run};
use super::schedule::HEAVY;
use crate::api::Think;
use crate::state::TrafficFigures;

/// Has clients ask until it ends; each then still waits for its answer.
pub(super) async fn send(run: &mut Run, orders: &mut watch::Receiver<Order>) -> End {
    let (_, until) = run.figures.time();
    // Those with higher numbers leave, and all do when this is gone.
    let clients = watch::Sender::new(run.options.clients);
    let turns = Arc::new(Pace::new());
    let mut asking: Vec<AbortHandle> = Vec::new();
    loop {
        for number in 1..=run.options.clients {
            let place = asking.get_mut(number as usize - 1);
            // One that was to leave and has not left yet stays.
            if place.as_ref().is_some_and(|task| !task.is_finished()) {
                continue;
            }
            let asker = asker(run, number, &turns);
            let task = run.tasks.spawn(asker.ask(clients.subscribe()));
            match place {
                Some(place) => *place = task,
                None => asking.push(task),
            }
        }
        tokio::select! {
            biased;
            news = run.news(orders) => match news {
                News::End(end) => return end,
                News::Options(options) => {
                    run.goes_on(options);
                    clients.send_replace(run.options.clients);
                }
            },
            () = sleep_until(until.into()) => return End::Over,
        }
    }
}

fn asker(run: &mut Run, number: u32, turns: &Arc<Pace>) -> Asker {
    let Think { millis, exponential } = run.options.think;
    let millis = if number <= run.options.heavy { millis as f64 / f64::from(HEAVY) } else { millis as f64 };
    Asker {
        person: run.person(number),
        road: Arc::clone(&run.road),
        mix: run.mix.clone(),
        figures: Arc::clone(&run.figures),
        turns: Arc::clone(turns),
        think: millis / 1000.0,
        is_exponential: exponential,
    }
}

/// One client that asks again and again.
struct Asker {
    person: Arc<Person>,
    road: Arc<Road>,
    mix: Mix,
    figures: Arc<TrafficFigures>,
    turns: Arc<Pace>,
    /// How long it thinks, in seconds.
    think: f64,
    is_exponential: bool,
}

impl Asker {
    async fn ask(self, mut clients: watch::Receiver<u32>) {
        // They do not all begin at once: each somewhere within the time it thinks.
        let mut pause = self.by_chance(|random| random.f64() * self.think);
        loop {
            let its_turn = async {
                sleep(Duration::from_secs_f64(pause)).await;
                self.turns.next().await;
            };
            tokio::select! {
                biased;
                // An error is that there is no more traffic.
                _ = clients.wait_for(|clients| *clients < self.person.number) => return,
                () = its_turn => {}
            }
            let part = self.by_chance(|random| self.mix.draw(random));
            // Nothing is due before: a wait for one's turn is no fault of the backends.
            let on_the_way = self.figures.begin(Instant::now());
            if let Some(status) = self.person.ask(&self.road, self.mix.part(part)).await {
                on_the_way.answered(status);
            }
            pause =
                if self.is_exponential { self.by_chance(|random| exponential(random, self.think)) } else { self.think };
        }
    }

    fn by_chance<T>(&self, draw: impl FnOnce(&mut fastrand::Rng) -> T) -> T {
        draw(&mut self.person.random.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
