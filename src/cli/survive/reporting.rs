//! Waits for a report, tells how far it is, and prints it.

#[cfg(unix)]
use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use crate::cli::layers::UsageError;
use crate::signals::Signals;
use crate::survive_report::{Form, fails, progress};
use stickylb::Balancer;
use stickylb::api::{Command, Snapshot, SurviveReport, SurviveStage, SurviveView};

/// How often the engine is asked how far it is.
const LOOK: Duration = Duration::from_millis(200);

/// How long a stage may go on without a line about it.
const QUIET: Duration = Duration::from_secs(5);

/// How long a run that is told to stop may take to put its report together.
const STOPPING: Duration = Duration::from_secs(10);

/// A balancer that tries an app: in this process, or one that runs elsewhere.
pub(in crate::cli) trait Trying {
    /// Carries out a command; returns what it says.
    async fn command(&self, command: Command) -> Result<String, UsageError>;
    /// How the balancer stands.
    async fn stands(&self) -> Result<Snapshot, UsageError>;
    /// How far it is; `None` where there is no run.
    async fn view(&self) -> Result<Option<SurviveView>, UsageError> {
        self.stands().await.map(|snapshot| snapshot.survive)
    }
    /// What the last run has found.
    async fn report(&self) -> Result<Option<Box<SurviveReport>>, UsageError>;
}

impl Trying for Balancer {
    async fn command(&self, command: Command) -> Result<String, UsageError> {
        let done = Balancer::command(self, command).await.map_err(|error| UsageError::Failed(error.to_string()))?;
        Ok(done.said.to_string())
    }

    async fn stands(&self) -> Result<Snapshot, UsageError> {
        Ok(self.snapshot())
    }

    async fn report(&self) -> Result<Option<Box<SurviveReport>>, UsageError> {
        Ok(self.survive_report())
    }
}

/// Waits until the report is there; a signal stops the run where it is. `tell` gets a line about each stage.
pub(in crate::cli) async fn finished(
    engine: &impl Trying,
    signals: &mut Signals,
    tell: &impl Fn(String),
) -> Result<Box<SurviveReport>, UsageError> {
    let mut teller = Teller::default();
    let mut stopping: Option<Instant> = None;
    loop {
        let view = engine.view().await?.ok_or_else(lost)?;
        if view.stage == SurviveStage::Ended || stopping.is_some_and(|since| since.elapsed() >= STOPPING) {
            break;
        }
        teller.look(&view, tell);
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = signals.next() => {
                if stopping.replace(Instant::now()).is_some() {
                    break;
                }
                tell("survive: stopping; what was found so far is reported".to_owned());
                // An error means that it has just come to its end.
                let _ = engine.command(Command::SurviveStop).await;
            }
        }
    }
    let report = engine.report().await?;
    // Without a report, it did not stop in time.
    report
        .or_else(|| stopping.map(|_| Box::new(partial("it was stopped before it had found anything"))))
        .ok_or_else(lost)
}

/// Ends the watch. It may have ended by itself, because a copy died: then its report says so.
pub(super) async fn end_watch(engine: &impl Trying) -> Result<(), UsageError> {
    let Err(error) = engine.command(Command::SurviveReport).await else { return Ok(()) };
    let ended = engine.view().await?.is_some_and(|view| view.stage != SurviveStage::Watching);
    if ended { Ok(()) } else { Err(error) }
}

fn lost() -> UsageError {
    UsageError::Failed("survive ended without a report: start it again".to_owned())
}

/// A report that says no more than why there is none.
pub(in crate::cli) fn partial(why: &str) -> SurviveReport {
    let mut report = SurviveReport::default();
    report.partial = Some(why.to_owned().into());
    report
}

/// Prints a report with `say`, which writes to standard output.
///
/// # Errors
/// It cannot be written; or nothing more is to be said, and the program fails because of what it says.
pub(in crate::cli) fn print(
    form: Form,
    report: &SurviveReport,
    say: impl FnOnce(&str) -> Result<(), UsageError>,
) -> Result<(), UsageError> {
    say(&form.write(report, columns()).map_err(UsageError::Failed)?)?;
    if fails(report) { Err(UsageError::Told) } else { Ok(()) }
}

/// The width of the terminal that standard output is.
#[cfg(unix)]
fn columns() -> Option<usize> {
    let stdout = std::io::stdout();
    let size = stdout.is_terminal().then(|| rustix::termios::tcgetwinsize(&stdout).ok())??;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

#[cfg(not(unix))]
fn columns() -> Option<usize> {
    None
}

/// Says how far it is, at each new stage and now and then within one, and what was found meanwhile.
#[derive(Default)]
struct Teller {
    last: Option<(SurviveStage, Instant, String)>,
    /// Findings told.
    told: u64,
}

impl Teller {
    fn look(&mut self, view: &SurviveView, tell: &impl Fn(String)) {
        if view.stage == SurviveStage::Watching {
            // It ends in a moment: it has been told to.
            return;
        }
        let news = usize::try_from(view.findings.saturating_sub(self.told)).unwrap_or(usize::MAX);
        self.told = view.findings;
        // Of very many at once, the last are enough: all are in the report.
        view.found
            .iter()
            .skip(view.found.len().saturating_sub(news))
            .for_each(|found| tell(format!("survive: {found}")));
        let now = if view.now.raw().is_empty() { String::new() } else { format!(" · {}", view.now) };
        let line = format!("survive: {}{now}", progress(view));
        let is_due = self
            .last
            .as_ref()
            .is_none_or(|(stage, since, told)| *stage != view.stage || (since.elapsed() >= QUIET && *told != line));
        if is_due {
            tell(line.clone());
            self.last = Some((view.stage, Instant::now(), line));
        }
    }
}
