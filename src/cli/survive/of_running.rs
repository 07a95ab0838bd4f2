//! `ctl survive`: the same of a balancer that runs.

use std::io::BufRead as _;

use tokio::sync::oneshot;

use super::alone::tested;
use super::reporting::{Trying, end_watch, finished, print};
use super::test_command::Asked;
use super::wanted::{Step, Wanted};
use crate::cli::layers::UsageError;
use crate::cli::say::{complain, say};
use crate::cli::threads::cannot_start;
use crate::control::{ControlError, Instance, Reply, Request};
use crate::signals::Signals;
use stickylb::api::{Command, Snapshot, SurviveReport, SurviveStage};

impl Trying for Instance {
    async fn command(&self, command: Command) -> Result<String, UsageError> {
        match ask(self, Request::Do(command)).await? {
            Reply::Done(done) => Ok(done.said.to_string()),
            Reply::Failed(error) => Err(UsageError::Failed(error.to_string())),
            _ => Err(other(self)),
        }
    }

    async fn stands(&self) -> Result<Snapshot, UsageError> {
        match ask(self, Request::Snapshot).await? {
            Reply::Snapshot(snapshot) => Ok(*snapshot),
            _ => Err(other(self)),
        }
    }

    async fn report(&self) -> Result<Option<Box<SurviveReport>>, UsageError> {
        match ask(self, Request::SurviveReport).await? {
            Reply::Survived { report } => Ok(report),
            _ => Err(other(self)),
        }
    }
}

async fn ask(instance: &Instance, request: Request) -> Result<Reply, UsageError> {
    instance.ask(&request).await.map_err(|error: ControlError| UsageError::Failed(error.to_string()))
}

fn other(instance: &Instance) -> UsageError {
    UsageError::Failed(format!("the balancer on port {} gave another answer", instance.port()))
}

/// Carries out a step, and prints what comes of it.
pub(in crate::cli) async fn of_running(instance: &Instance, step: Step, wanted: &Wanted) -> Result<(), UsageError> {
    let tell = |line: String| complain(&line);
    let mut signals = Signals::new().map_err(cannot_start)?;
    let report = match step {
        Step::Stop => return say(&instance.command(Command::SurviveStop).await?),
        Step::Report => {
            match instance.view().await?.map(|view| view.stage) {
                // The engine says that there is none.
                None | Some(SurviveStage::Watching) => drop(instance.command(Command::SurviveReport).await?),
                Some(_) => {}
            }
            finished(instance, &mut signals, &tell).await?
        }
        Step::Whole => {
            let options = wanted.options().map_err(|why| UsageError::Words(vec![why]))?;
            instance.command(Command::Survive(options)).await?;
            if let Some(test) = &wanted.test {
                let asked = Asked::of(&instance.stands().await?, instance.port());
                tested(instance, test, &asked, &mut signals, &tell).await?
            } else {
                if wanted.har.is_none() {
                    watched(instance, &mut signals).await?;
                }
                finished(instance, &mut signals, &tell).await?
            }
        }
    };
    print(wanted.form(), &report, say)
}

/// Waits until the user has seen enough, then has what was seen tried.
async fn watched(instance: &Instance, signals: &mut Signals) -> Result<(), UsageError> {
    complain(&format!(
        "survive: watching what passes through {}; Enter or Ctrl-C ends that, and makes the report",
        instance.hello.url
    ));
    tokio::select! {
        () = entered() => {}
        () = signals.next() => {}
    }
    end_watch(instance).await
}

/// Waits for a line on standard input. Its end is none: there may never have been anybody who could type.
async fn entered() {
    let (tell, told) = oneshot::channel();
    // It blocks, and ends with the program.
    std::thread::spawn(move || {
        if std::io::stdin().lock().read_line(&mut String::new()).is_ok_and(|read| read > 0) {
            // Nobody may wait any more.
            let _ = tell.send(());
        }
    });
    if told.await.is_err() {
        std::future::pending::<()>().await;
    }
}
