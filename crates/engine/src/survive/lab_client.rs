//! The lab's listeners for single copies, and the client that asks there.

use std::time::Duration;
use stickylb_survive::{Answer, End, Request};

use super::client::{Client, OwnCookie, Patience};
use super::copies::Copies;
use super::lab::Lab;

/// How long a copy that does not answer is waited for to be known as gone.
const GONE: Duration = Duration::from_millis(1500);

/// Asks single copies.
pub(crate) struct LabClient<'r> {
    pub(crate) copies: &'r Copies,
    pub(crate) lab: &'r Lab,
    pub(crate) client: &'r Client,
}

impl LabClient<'_> {
    /// What this copy answers.
    pub(crate) async fn send(&self, copy: usize, request: &Request, patience: Patience) -> Answer {
        self.client.send(self.lab.copies[copy], request, patience, None).await.answer
    }

    /// What one of the copies answers, as the stickiness that is tried has it.
    pub(crate) async fn send_balanced(&self, request: &Request, patience: Patience, cookie: &mut OwnCookie) -> Answer {
        let reply = self.client.send(self.lab.balanced, request, patience, Some(cookie)).await;
        if reply.own_cookie.is_some() {
            cookie.value = reply.own_cookie;
        }
        reply.answer
    }

    /// Finds out whether a copy has died, where one of these answers is none.
    ///
    /// # Errors
    /// One has; which, as one sentence.
    pub(crate) async fn are_alive<'a>(&self, mut answers: impl Iterator<Item = &'a Answer>) -> Result<(), String> {
        if !answers.any(|answer| answer.status == 0 && answer.end == End::Cut) {
            return Ok(());
        }
        for backend in &self.copies.each {
            backend.signals.check_now.notify_one();
        }
        tokio::time::sleep(GONE).await;
        self.copies.trouble().map_or(Ok(()), Err)
    }
}
