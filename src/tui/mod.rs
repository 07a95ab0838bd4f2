//! The screen.
//!
//! A loop around two functions without side effects: [`update`] turns what happened into a new [`State`] and
//! into effects, [`view`] draws a state. The loop owns everything else: the terminal, the input, the time.
//! It draws at most 30 times a second, and only when something changed.

mod action;
mod clipboard;
mod control;
mod format;
mod glyphs;
mod input;
mod message;
mod notify;
mod palette;
mod pane;
mod state;
mod svg;
mod terminal;
mod theme;
mod update;
mod view;

pub use action::keys_table;
pub use glyphs::Glyphs;
pub use message::{Effect, Message};
pub use notify::Notify;
pub(crate) use pane::install as install_log;
pub use state::State;
pub use svg::svg;
pub use theme::{Colors, Theme};
pub use update::update;
pub use view::view;

use std::io;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossterm::event::{Event as Input, EventStream, KeyEventKind};
use futures_util::StreamExt as _;
use tokio::sync::mpsc;

use crate::cli::Signals;
use crate::engine::{Engine, EventReader};
use crate::headless::LogFile;
use terminal::Terminal;

/// The shortest time between two frames.
const FRAME: Duration = Duration::from_millis(33);

/// How the screen is wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    pub(crate) theme: Theme,
    pub(crate) notify: Notify,
}

/// Runs the screen until the user quits or a signal ends the program. The terminal is whole again afterwards.
pub(crate) async fn run(
    engine: &Arc<Engine>,
    mut signals: Signals,
    log: LogFile,
    warnings: Vec<String>,
    options: Options,
) -> io::Result<ExitCode> {
    let events = engine.events();
    let log = log.start(engine)?;
    engine.announce(&warnings);
    let mut terminal = Terminal::enter()?;
    let mut state = State::new(options.theme);
    state.notify = options.notify;
    state.size = terminal.size()?;
    state.refresh(engine.snapshot());
    let shown = show(engine, &mut terminal, &mut state, events, &mut signals).await;
    drop(terminal);
    let finished = match shown {
        Ok(()) => finish(engine, &mut signals).await,
        Err(error) => Err(error),
    };
    if let Some(log) = log {
        log.finish();
    }
    finished.map(|()| ExitCode::SUCCESS)
}

/// The loop itself.
async fn show(
    engine: &Arc<Engine>,
    terminal: &mut Terminal,
    state: &mut State,
    mut events: EventReader,
    signals: &mut Signals,
) -> io::Result<()> {
    let mut input = EventStream::new();
    let (tell, mut told) = mpsc::unbounded_channel();
    let mut seconds = engine.seconds();
    let mut drawn = Instant::now().checked_sub(FRAME).unwrap_or_else(Instant::now);
    // Events that came since the last frame; they are taken together, just before the next one.
    let mut waiting = false;
    loop {
        if (state.changed || waiting) && drawn.elapsed() >= FRAME {
            if std::mem::take(&mut waiting) {
                let mut batch = Vec::new();
                let missed = events.take(&mut batch);
                apply(engine, terminal, state, Message::Events(batch, missed), &tell);
                apply(engine, terminal, state, Message::Snapshot(Box::new(engine.snapshot())), &tell);
            }
            pane::collect();
            terminal.draw(|frame| view(state, frame))?;
            state.changed = false;
            drawn = Instant::now();
        }
        let message = tokio::select! {
            input = input.next() => match input {
                Some(Ok(Input::Key(key))) if key.kind != KeyEventKind::Release => Message::Key(key),
                Some(Ok(Input::Resize(columns, rows))) => Message::Resized(columns, rows),
                Some(Ok(Input::Paste(text))) => Message::Paste(text),
                Some(Ok(_)) => continue,
                // The terminal is gone.
                Some(Err(_)) | None => return Ok(()),
            },
            () = events.wait(), if !waiting => {
                waiting = true;
                continue;
            }
            () = tokio::time::sleep_until((drawn + FRAME).into()), if state.changed || waiting => continue,
            Ok(()) = seconds.changed() => Message::Snapshot(Box::new(engine.snapshot())),
            Some(result) = told.recv() => Message::Done(result),
            () = signals.next() => return Ok(()),
        };
        #[cfg(debug_assertions)]
        panic_if_asked(&message);
        if apply(engine, terminal, state, message, &tell) {
            return Ok(());
        }
    }
}

/// Debug builds panic on F12 where the environment asks for it, so that a test can see the terminal survive one.
#[cfg(debug_assertions)]
fn panic_if_asked(message: &Message) {
    let f12 = matches!(message, Message::Key(key) if key.code == crossterm::event::KeyCode::F(12));
    assert!(!f12 || std::env::var_os("STICKYLB_PANIC_KEY").is_none(), "the panic that STICKYLB_PANIC_KEY asks for");
}

/// What a command's task sends back.
type Told = mpsc::UnboundedSender<Result<(), crate::engine::CommandError>>;

/// Takes a message into the state and does what follows from it; says whether to quit.
fn apply(engine: &Arc<Engine>, terminal: &mut Terminal, state: &mut State, message: Message, tell: &Told) -> bool {
    let mut quit = false;
    for effect in update(state, message) {
        match effect {
            Effect::Command(command) => {
                let (engine, tell) = (Arc::clone(engine), tell.clone());
                tokio::spawn(async move {
                    // The screen may be gone before the command is done.
                    let _ = tell.send(engine.command(command).await);
                });
            }
            Effect::Copy(text) => match terminal.copy(&text) {
                Ok(1) => state.say("copied 1 character"),
                Ok(count) => state.say(format!("copied {count} characters")),
                Err(error) => state.complain(error.to_string()),
            },
            Effect::Notify(how, text) => terminal.notify(how, &text),
            Effect::Quit => quit = true,
        }
    }
    quit
}

/// Lets requests in flight finish, on the ordinary screen again, where a signal cuts it short.
async fn finish(engine: &Arc<Engine>, signals: &mut Signals) -> io::Result<()> {
    let mut stopping = std::pin::pin!(engine.stop());
    let patience = tokio::time::sleep(Duration::from_millis(300));
    tokio::select! {
        () = &mut stopping => return Ok(()),
        () = patience => {}
    }
    let totals = engine.snapshot().totals;
    let plural = if totals.connections == 1 { "" } else { "s" };
    eprintln!("waiting for {} connection{plural} to finish; Ctrl-C ends the wait", totals.connections);
    tokio::select! {
        () = &mut stopping => {}
        () = signals.next() => engine.end_now(),
    }
    Ok(())
}
