//! A run that watches what passes until the user leaves, and then reports.

use super::reporting::{finished, print};
use crate::cli::layers::UsageError;
use crate::cli::say::say;
use crate::cli::threads::MainThread;
use crate::signals::Signals;
use crate::survive_report::Form;
use stickylb::Balancer;
use stickylb::api::{Command, SurviveOptions, SurviveStage};

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

    /// Begins to record.
    pub(in crate::cli) async fn begin(&self, engine: &Balancer) -> Result<(), UsageError> {
        engine
            .command(Command::Survive(self.options.clone()))
            .await
            .map(drop)
            .map_err(|error| UsageError::Failed(error.to_string()))
    }

    /// Says where to go, to a user who sees no screen.
    pub(in crate::cli) fn invite(main: &MainThread, engine: &Balancer) {
        let url = engine.snapshot().url().to_string();
        main.complain(format!("survive: watching what passes through {url}; Ctrl-C ends that, and makes the report"));
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
            engine.command(Command::SurviveReport).await.map_err(|error| UsageError::Failed(error.to_string()))?;
            main.complain(
                "survive: trying what was seen; Ctrl-C stops, with a report of what was found so far".to_owned(),
            );
        }
        let report = finished(engine, signals, &|line| main.complain(line)).await?;
        let form = self.form;
        let printed = main.run(move || print(form, &report, say)).await;
        printed.unwrap_or_else(|_| {
            Err(UsageError::Failed("the report was not printed: standard output is stuck".to_owned()))
        })
    }
}
