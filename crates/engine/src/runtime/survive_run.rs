//! The run of `survive` that is under way, and what it is told.

use std::sync::{Mutex, PoisonError};
use tokio::sync::watch;

use crate::api::CommandError;
use crate::survive::Order;

/// The run that is under way, or the last one.
#[derive(Default)]
pub(super) struct SurviveRun {
    /// What it is told; `None` where there was none. Nobody listens once it has ended.
    orders: Mutex<Option<watch::Sender<Order>>>,
}

impl SurviveRun {
    /// Begins a run; what it is told comes out of the receiver.
    pub(super) fn begin(&self) -> Result<watch::Receiver<Order>, CommandError> {
        let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        if orders.as_ref().is_some_and(|orders| !orders.is_closed()) {
            return Err(CommandError::SurviveUnderWay);
        }
        let (tell, told) = watch::channel(Order::Watch);
        *orders = Some(tell);
        Ok(told)
    }

    /// Tells a run that is under way.
    pub(super) fn tell(&self, order: Order) -> Result<(), CommandError> {
        let orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        let told = orders.as_ref().is_some_and(|orders| !orders.is_closed());
        if let Some(orders) = orders.as_ref().filter(|_| told) {
            orders.send_modify(|now| *now = (*now).max(order));
            return Ok(());
        }
        Err(CommandError::SurviveNotUnderWay)
    }
}
