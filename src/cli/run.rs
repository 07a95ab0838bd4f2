//! Starts the engine and the front end that was asked for.

use std::io::IsTerminal;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

#[cfg(not(feature = "tui"))]
use super::args::THEMES;
use super::args::{Args, Run, Settings};
#[cfg(unix)]
use super::background;
use super::certificates::CertificateFollower;
use super::control::Control;
use super::front::Front;
use super::layers::{self, UsageError};
use super::reload::{Followed, Follower};
use super::survive::watch::Watch;
use super::threads::{self, MainThread, cannot_start};
use super::trusted::TrustWatch;
use super::warnings;
use crate::headless::{self, Log, LogFile};
use crate::signals::Signals;
use stickylb::api::Ending;
use stickylb::config::Config;
use stickylb::{Balancer, Copies, Options};

/// Backends that this program starts itself, besides those of the configuration.
pub(super) struct Backends {
    demos: usize,
    copies: Option<Copies>,
    /// The configuration file, if it is to be followed.
    file: Option<Followed>,
}

impl Backends {
    pub(super) fn of(args: &Args) -> Self {
        Backends { demos: args.demo.map_or(0, usize::from), copies: None, file: Followed::of(args) }
    }

    /// Those of `survive`.
    pub(super) fn watched(copies: Option<Copies>, file: Option<Followed>) -> Self {
        Backends { demos: 0, copies, file }
    }
}

/// Runs copies of a program, balanced, until told to stop.
pub(super) fn copies(args: &Args, asked: &Run) -> Result<ExitCode, UsageError> {
    #[cfg(unix)]
    let (before, settings) = {
        let background = args.options.background;
        (Settings { background: false, ..args.options.clone() }, Settings { background, ..asked.options.clone() })
    };
    #[cfg(not(unix))]
    let (before, settings) = (args.options.clone(), asked.options.clone());
    if before != Settings::default() || args.demo.is_some() || !args.backends.is_empty() {
        let order = "write what belongs to 'run' behind it: stickylb-tui run [OPTIONS] -- CMD";
        return Err(UsageError::Words(vec![order.into()]));
    }
    let file = Followed::beside_copies(&settings);
    let config = layers::beside_copies(&settings, None)?;
    let (program, arguments) = asked.command.split_first().expect("clap asks for at least one word");
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    let mut copies = Copies::new(program.clone(), arguments.to_vec(), asked.copies.map_or_else(cores, usize::from));
    copies.environment = super::trust::for_copies(&config);
    run(&settings, config, Backends { demos: 0, copies: Some(copies), file }, None)
}

/// Runs until told to stop. What is to be watched is reported then.
pub(super) fn run(
    args: &Settings,
    config: Config,
    backends: Backends,
    watch: Option<Watch>,
) -> Result<ExitCode, UsageError> {
    let front = Front::of(args);
    let none = config.backends().next().is_none() && backends.demos == 0 && backends.copies.is_none();
    if front.needs_backends() && none {
        return Err(UsageError::NothingToBalance);
    }
    #[cfg(unix)]
    if front == Front::Background {
        background::begin()?;
    }
    let look = look(front, args)?;
    stickylb::program::raise_descriptor_limit();
    let args = args.clone();
    threads::run(move |main| serve(main, args, config, backends, Shown { front, look, watch }))
}

/// Opens the log file, if there is to be one, before anything else starts, so that a wrong path starts nothing. `None`
/// where a signal came first.
pub(super) async fn opened_log(args: &Settings, signals: &mut Signals) -> Result<Option<Option<LogFile>>, UsageError> {
    let Some(path) = &args.log_file else { return Ok(Some(None)) };
    tokio::select! {
        file = LogFile::open(path, args.log_format) => {
            file.map(|file| Some(Some(file))).map_err(|error| UsageError::Failed(format!("cannot write the log file: {error}")))
        }
        () = signals.next() => Ok(None),
    }
}

/// What the user sees of a run.
struct Shown {
    front: Front,
    look: Option<Look>,
    /// What is reported at its end.
    watch: Option<Watch>,
}

/// All of a run, on the control thread.
async fn serve(
    main: MainThread,
    args: Settings,
    config: Config,
    backends: Backends,
    shown: Shown,
) -> Result<(), UsageError> {
    let Shown { front, look, watch } = shown;
    let mut signals = Signals::new().map_err(cannot_start)?;
    let Some(file) = opened_log(&args, &mut signals).await? else { return Ok(()) };
    let mut warnings = warnings::warnings(&config);
    #[cfg(unix)]
    warnings.extend(warnings::lead_root(&config));
    let mut options = Options::default();
    options.program = std::env::current_exe().ok();
    options.demo_backends = backends.demos;
    options.copies = backends.copies;
    options.source = backends.file.as_ref().map(Followed::source);
    let engine = Arc::new(Balancer::start(config, options).await?);
    let control = Control::open(&engine, &signals, front.needs_control(), &mut warnings)?;
    #[cfg(unix)]
    warnings.extend(crate::control::shared_cookies(&engine.cookies()).await);
    // With a screen, SIGHUP means that its terminal is gone.
    let mut on_hangup = || if front == Front::Screen { Arc::default() } else { signals.on_hangup() };
    let shows_certificates = !engine.certificate_files().is_empty();
    // Where there is a configuration file, it and the certificates are read again together.
    let asked = if backends.file.is_none() && shows_certificates { on_hangup() } else { Arc::default() };
    let follows = backends.file.is_some() || shows_certificates;
    let _certificates = follows.then(|| CertificateFollower::new(&engine, asked));
    let _follower = backends.file.map(|file| Follower::new(file, &engine, on_hangup()));
    let _trusted = TrustWatch::new(&engine);
    let cannot_log = |error| UsageError::Failed(format!("cannot write the log: {error}"));
    let file = file.map(|file| file.start(&engine, on_hangup())).transpose().map_err(cannot_log)?;
    let mut lines = None;
    let beside = watch.as_ref().filter(|_| front != Front::Lines).map(|watch| watch.beside(&engine));
    // Without a control socket nobody could attach to the balancer after a detach.
    let leaving = match &watch {
        Some(_) => Leaves::Reports,
        None if control.is_open() => Leaves::EndsOrGoesOn,
        None => Leaves::Ends,
    };
    // Whether there is somebody who could read a report.
    let shown = match front {
        Front::Screen => {
            engine.announce(&warnings);
            let left = screen(&main, look, &engine, &mut signals, leaving).await;
            // Where the terminal is gone, nobody could read a report.
            left.map(|()| std::io::stdout().is_terminal())
        }
        #[cfg(feature = "tui")]
        Front::Plain => {
            engine.announce(&warnings);
            screen(&main, None, &engine, &mut signals, leaving).await.map(|()| true)
        }
        Front::Lines => {
            if !watch.as_ref().is_some_and(Watch::has_stdout) {
                lines = Some(Log::stdout(&engine, args.log_format).map_err(cannot_log)?);
            }
            engine.announce(&warnings);
            let watching = async {
                match &watch {
                    Some(watch) => watch.serve(&main, &engine).await,
                    None => std::future::pending().await,
                }
            };
            let closed = async {
                match &mut lines {
                    Some(lines) => lines.closed().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = signals.next() => Ok(true),
                // The reader of stdout has closed it, as `head` does: no failure, and nobody who could read a report.
                () = closed => Ok(false),
                never = watching => never.map(|never| match never {}),
            }
        }
        #[cfg(unix)]
        Front::Background => {
            engine.announce(&warnings);
            let unheard = |error| UsageError::Failed(format!("nobody waits for it to start any more: {error}"));
            background::serve(&main, &engine, &mut signals).await.map(|()| false).map_err(unheard)
        }
    };
    drop(beside);
    let shown = match (shown, watch) {
        (Ok(true), Some(watch)) => {
            // The log's last lines come before the report.
            headless::finish(lines.take()).await;
            watch.report(&main, &engine, &mut signals).await
        }
        (shown, _) => shown.map(drop),
    };
    let ending = end(&main, &engine, &mut signals, front.is_seen()).await;
    control.close(ending).await;
    headless::finish([lines, file].into_iter().flatten()).await;
    shown
}

/// How the screen looks.
#[cfg(feature = "tui")]
type Look = crate::screen::Options;
#[cfg(not(feature = "tui"))]
type Look = ();

/// The look of the screen, if there is one.
#[cfg(feature = "tui")]
fn look(front: Front, args: &Settings) -> Result<Option<Look>, UsageError> {
    super::screen::look(front == Front::Screen, args)
}

#[cfg(not(feature = "tui"))]
fn look(_: Front, args: &Settings) -> Result<Option<Look>, UsageError> {
    match args.theme.as_deref() {
        Some(name) if !THEMES.contains(&name) => {
            Err(UsageError::Words(vec![format!("there is no theme '{name}': {}", THEMES.join(", ")).into()]))
        }
        _ => Ok(None),
    }
}

/// What leaving the screen does.
#[cfg(feature = "tui")]
type Leaves = crate::screen::Leaving;

/// The same where there is no screen.
#[cfg(not(feature = "tui"))]
enum Leaves {
    Ends,
    EndsOrGoesOn,
    Reports,
}

/// Shows the screen or the prompt until it is left for good.
#[cfg(feature = "tui")]
async fn screen(
    main: &MainThread,
    look: Option<Look>,
    engine: &Arc<Balancer>,
    signals: &mut Signals,
    leaving: Leaves,
) -> Result<(), UsageError> {
    use super::screen::{self, Shown};
    use crate::screen::Left;
    let what = look.map_or(Shown::Plain, |look| Shown::Screen(Box::new(look)));
    let failed = what.failure();
    let (left, handle) = screen::show(main, stickylb::LocalHandle::new(engine), leaving, signals, what).await;
    let left = left.map_err(failed)?;
    // The engine keeps request heads as long as this handle lives.
    drop(handle);
    #[cfg(unix)]
    if left == Left::Detached {
        background::detached(main, engine, signals).await.map_err(failed)?;
    }
    Ok(())
}

/// Never called: without the `tui` feature every run is headless.
#[cfg(not(feature = "tui"))]
async fn screen(
    _: &MainThread,
    _: Option<Look>,
    _: &Arc<Balancer>,
    signals: &mut Signals,
    _: Leaves,
) -> Result<(), UsageError> {
    signals.next().await;
    Ok(())
}

/// Lets requests in flight finish, until a signal cuts that short. If `seen`, says what it is waiting for.
pub(super) async fn end(main: &MainThread, engine: &Arc<Balancer>, signals: &mut Signals, seen: bool) -> Ending {
    let mut stopping = std::pin::pin!(engine.stop());
    if seen {
        let patience = tokio::time::sleep(Duration::from_millis(300));
        tokio::select! {
            ending = &mut stopping => return ending,
            () = patience => {}
        }
        let what = match engine.snapshot().totals.connections {
            0 => "the processes to end".to_owned(),
            1 => "1 connection to finish".to_owned(),
            n => format!("{n} connections to finish"),
        };
        main.complain(format!("waiting for {what}; Ctrl-C ends the wait"));
    }
    tokio::select! {
        ending = &mut stopping => ending,
        // A second signal cuts the connections that are left.
        () = signals.next() => engine.end_now(),
    }
}
