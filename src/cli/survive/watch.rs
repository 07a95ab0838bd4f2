//! A run that watches what passes until the user leaves, and then reports.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;

use super::ready::ready;
use super::reporting::{end_watch, finished, partial, print};
use crate::cli::layers::UsageError;
use crate::cli::say::say;
use crate::cli::threads::MainThread;
use crate::signals::Signals;
use crate::survive_report::Form;
use stickylb::Balancer;
use stickylb::api::{Command, State, SurviveOptions, SurviveStage};

/// How long all copies are waited for before those that serve are recorded alone.
const LATE: Duration = Duration::from_secs(10);

/// How often they are looked at.
const LOOK: Duration = Duration::from_millis(100);

/// What is to be tried of what passes.
pub(in crate::cli) struct Watch {
    pub(in crate::cli) options: SurviveOptions,
    pub(in crate::cli) form: Form,
}

impl Watch {
    /// Whether standard output is kept for the report alone.
    pub(in crate::cli) fn has_stdout(&self) -> bool {
        self.form != Form::Text
    }

    /// For a user who sees no screen: begins to record once every copy serves, says where to go, and waits for ever.
    ///
    /// # Errors
    /// A copy does not come to serve.
    pub(in crate::cli) async fn serve(&self, main: &MainThread, engine: &Balancer) -> Result<Infallible, UsageError> {
        ready(engine, &|line| main.complain(line)).await?;
        let begin = Command::Survive(self.options.clone());
        engine.command(begin).await.map_err(|error| UsageError::Failed(error.to_string()))?;
        let url = engine.snapshot().url().to_string();
        main.complain(format!("survive: watching what passes through {url}; Ctrl-C ends that, and makes the report"));
        std::future::pending().await
    }

    /// For a user who sees how the copies start: begins to record as soon as there is something to compare. A copy that does
    /// not come to serve is theirs to mend meanwhile.
    pub(in crate::cli) fn beside(&self, engine: &Arc<Balancer>) -> Beside {
        let (engine, options) = (Arc::clone(engine), self.options.clone());
        Beside(tokio::spawn(async move {
            let began = Instant::now();
            loop {
                let backends = engine.snapshot().backends;
                let all = backends.iter().all(|backend| backend.state == State::Up);
                // An error means that there are not enough yet.
                if (all || began.elapsed() >= LATE) && engine.command(Command::Survive(options.clone())).await.is_ok() {
                    return;
                }
                tokio::time::sleep(LOOK).await;
            }
        }))
    }

    /// Ends the recording, waits for the report and prints it.
    pub(in crate::cli) async fn report(
        self,
        main: &MainThread,
        engine: &Balancer,
        signals: &mut Signals,
    ) -> Result<(), UsageError> {
        // On the screen, the user may have asked for the report already.
        let stage = engine.snapshot().survive.map(|view| view.stage);
        if stage == Some(SurviveStage::Watching) {
            end_watch(engine).await?;
            main.complain(
                "survive: trying what was seen; Ctrl-C stops, with a report of what was found so far".to_owned(),
            );
        }
        let report = match stage {
            None => Box::new(partial("it was stopped before the copies served")),
            Some(_) => finished(engine, signals, &|line| main.complain(line)).await?,
        };
        let form = self.form;
        let printed = main.run(move || print(form, &report, say)).await;
        printed.unwrap_or_else(|_| {
            Err(UsageError::Failed("the report was not printed: standard output is stuck".to_owned()))
        })
    }
}

/// A recording that begins beside a screen; it no longer does once this is dropped.
pub(in crate::cli) struct Beside(JoinHandle<()>);

impl Drop for Beside {
    fn drop(&mut self) {
        self.0.abort();
    }
}
