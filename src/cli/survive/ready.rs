//! Waits until every copy serves.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::cli::layers::UsageError;
use stickylb::Balancer;
use stickylb::api::{BackendId, BackendView, Event, Spawned, State};

/// How long copies may take until they serve: some build themselves first.
const STARTING: Duration = Duration::from_mins(2);

/// How long a server may take that was not started here, and so should serve already.
const THERE: Duration = Duration::from_secs(15);

/// After how long it is said who is waited for.
const SAYING: Duration = Duration::from_secs(5);

/// How often they are looked at.
const LOOK: Duration = Duration::from_millis(100);

/// Waits until all backends serve; where that takes long, `tell` gets a line about it. Cancel-safe.
///
/// # Errors
/// One of them does not, or its process ends; which, why, and what it said last.
pub(super) async fn ready(engine: &Balancer, tell: &impl Fn(String)) -> Result<(), UsageError> {
    let began = Instant::now();
    let mut has_said = false;
    let mut events = engine.events();
    let mut heard: HashMap<BackendId, Heard> = HashMap::new();
    let mut batch = Vec::new();
    loop {
        events.take(&mut batch);
        for event in batch.drain(..) {
            match &*event {
                Event::Output(output) => {
                    heard.entry(output.backend.id).or_default().line = Some(output.line.to_string());
                }
                Event::Update(update) if update.to == State::Down => {
                    heard.entry(update.backend.id).or_default().reason = update.reason.to_string();
                }
                _ => {}
            }
        }
        let backends = engine.snapshot().backends;
        let late = backends.iter().find(|backend| backend.state != State::Up && is_late(backend, began.elapsed()));
        let ended = |backend: &&BackendView| matches!(backend.spawned, Some(Spawned { pid: None, .. }));
        if let Some(backend) = backends.iter().find(ended).or(late) {
            let heard = heard.remove(&backend.id).unwrap_or_default();
            return Err(UsageError::Failed(heard.why(backend, began.elapsed())));
        }
        if backends.iter().all(|backend| backend.state == State::Up) {
            return Ok(());
        }
        if !has_said && began.elapsed() >= SAYING {
            has_said = true;
            backends.iter().filter(|backend| backend.state != State::Up).for_each(|backend| tell(waiting(backend)));
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Who is waited for, and what may be the matter.
fn waiting(backend: &BackendView) -> String {
    let check = backend.checks.last().map(|check| format!(" ({})", check.reason)).unwrap_or_default();
    let hint = match backend.spawned {
        Some(_) => ": does it listen on $PORT, or does it need {port} in an argument?",
        None => "",
    };
    format!("survive: waiting for {}: it is {}{check}{hint}", backend.name, backend.state)
}

fn is_late(backend: &BackendView, waited: Duration) -> bool {
    waited >= if backend.spawned.is_some() { STARTING } else { THERE }
}

/// What was last heard of a backend.
#[derive(Default)]
struct Heard {
    /// Its process's last line of output.
    line: Option<String>,
    /// Why it went DOWN.
    reason: String,
}

impl Heard {
    /// Why it does not serve, in one sentence.
    fn why(&self, backend: &BackendView, waited: Duration) -> String {
        let name = &backend.name;
        // It is not started again here.
        let reason = self.reason.split("; ").next().unwrap_or_default();
        let said = self.line.as_deref().filter(|line| !reason.contains(line));
        let said = said.map(|line| format!("; its last line is: {line}")).unwrap_or_default();
        if matches!(backend.spawned, Some(Spawned { pid: None, .. })) {
            let how = if reason.is_empty() { "its process ended" } else { reason };
            return format!("{name} did not come to serve: {how}{said}");
        }
        let check = backend.checks.last().map(|check| format!(" ({})", check.reason)).unwrap_or_default();
        let seconds = waited.as_secs();
        format!("{name} did not come to serve in {seconds} s: it is {}{check}{said}", backend.state)
    }
}
