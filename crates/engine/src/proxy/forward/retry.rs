//! Whether a request that failed on one backend may go to another.

use crate::api::{Decision, Stopped};
use crate::proxy::connection::Client;
use crate::proxy::exchange::Request;

/// Whether a request that was tried `made` times may be tried once more, and if not, why not. `wanted` is what `retry.on`
/// says of it.
///
/// Asked last of all where it would go on: whatever may have reached a backend takes one from the retry budget.
pub(super) fn may_retry(client: &Client<'_>, request: &Request, made: usize, wanted: bool) -> Result<(), Stopped> {
    request.may_be_sent()?;
    if client.replay.as_ref().is_some_and(|replay| replay.to.is_some()) {
        return Err(Stopped::Asked);
    }
    let retry = &client.config.retry;
    if made >= retry.attempts as usize {
        return Err(Stopped::Attempts);
    }
    if !wanted {
        return Err(Stopped::Unwanted);
    }
    if request.sent && !client.proxy.shared.spend_retry(retry.budget_percent) {
        return Err(Stopped::Budget);
    }
    Ok(())
}

/// The tries that count towards `retry.attempts`: of those that are booked, each that reached its backend, and `tried`
/// backends in all.
pub(super) fn tries_made(client: &Client<'_>, decision: &Decision, unbooked: usize, tried: usize) -> usize {
    let asked = decision.attempts.iter().filter(|attempt| attempt.outcome.is_a_try()).count() + unbooked;
    // A request that is held when all are gone is tried on all of them before: those alone count that took it.
    if client.config.hold.is_zero() { tried.max(asked) } else { asked }
}
