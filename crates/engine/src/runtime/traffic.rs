//! Traffic that the balancer sends to itself.

use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;

use super::start::Balancer;
use crate::api::{CommandError, TrafficOptions};
use crate::state::TrafficFigures;
use crate::traffic::{Order, Run, drive};

/// The run of traffic that is under way, or the last one.
#[derive(Default)]
pub(super) struct TrafficRun(Mutex<Option<UnderWay>>);

struct UnderWay {
    /// Nobody listens once it has ended.
    orders: watch::Sender<Order>,
    options: TrafficOptions,
    figures: Arc<TrafficFigures>,
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

impl Balancer {
    /// Begins to send traffic, or changes the way it is sent; says so.
    pub(super) fn traffic(&self, options: TrafficOptions) -> Result<String, CommandError> {
        let cannot = |reason: String| CommandError::CannotSendTraffic { reason: reason.into() };
        // Options come as data as well, for which the same limits hold as for what is written.
        let options: TrafficOptions = options.to_string().parse().map_err(cannot)?;
        // Ignoring poison is safe: it is assigned whole.
        let mut runs = self.traffic_run.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(run) = runs.as_mut().filter(|run| run.is_on() && differs_in_number(&run.options, &options)) {
            run.options = options.clone();
            run.figures.goes_on(options.clone());
            run.orders.send_replace(Order::Send(options.clone()));
            let said = format!("traffic goes on: {options}");
            self.notice(said.clone());
            return Ok(said);
        }
        let run = Run::new(&self.shared, self.phase.subscribe(), options.clone()).map_err(cannot)?;
        let ended = runs.as_ref().and_then(UnderWay::replaced);
        let anew = if ended.is_some() { " anew" } else { "" };
        ended.into_iter().for_each(|ended| self.notice(ended));
        let said = format!("traffic begins{anew}: {options}");
        self.notice(said.clone());
        let (orders, told) = watch::channel(Order::Send(options.clone()));
        *runs = Some(UnderWay { orders, options, figures: run.figures() });
        self.spawn(drive(run, told));
        Ok(said)
    }

    /// Ends the traffic; says so.
    pub(super) fn traffic_off(&self) -> Result<String, CommandError> {
        let runs = self.traffic_run.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(run) = runs.as_ref().filter(|run| run.is_on()) else {
            let reason = "no traffic is sent: begin with traffic open rate=24".to_owned();
            return Err(CommandError::CannotSendTraffic { reason: reason.into() });
        };
        run.figures.off();
        run.orders.send_replace(Order::Off);
        Ok(match run.figures.in_flight() {
            0 => "traffic ends".to_owned(),
            1 => "traffic ends when the request in flight has ended".to_owned(),
            in_flight => format!("traffic ends when the {in_flight} requests in flight have ended"),
        })
    }
}

/// Whether these are the same but for the rate and the number of clients.
fn differs_in_number(now: &TrafficOptions, then: &TrafficOptions) -> bool {
    let same = TrafficOptions { rate: now.rate, clients: now.clients, ..then.clone() };
    same == *now
}
