//! The screen.
//!
//! A loop around two functions without side effects: [`update`] turns what happened into a new [`State`] and
//! into effects, [`view`] draws a state. The loop owns everything else: the terminal, the input, the time.
//! It draws at most 30 times a second, and only when something changed.

mod action;
mod changes;
mod clipboard;
mod control;
mod filter;
mod format;
mod glyphs;
mod input;
mod log;
mod message;
mod notify;
mod palette;
mod pane;
mod state;
mod svg;
mod table;
mod terminal;
mod theme;
mod update;
mod view;

pub use action::keys_table;
pub use glyphs::Glyphs;
pub use message::{Effect, Message};
pub use notify::Notify;
pub(crate) use pane::install as install_log;
pub use state::{Leaving, State};
pub use svg::svg;
pub use theme::{Colors, Theme};
pub use update::update;
pub use view::view;

use std::io;
use std::time::{Duration, Instant};

use crossterm::event::{Event as Input, EventStream, KeyEventKind};
use futures_util::StreamExt as _;
use tokio::sync::mpsc;

use crate::cli::Signals;
use crate::engine::{Door, News};
use terminal::Terminal;

/// The shortest time between two frames.
const FRAME: Duration = Duration::from_millis(33);

/// How the screen is wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    pub(crate) theme: Theme,
    pub(crate) notify: Notify,
}

/// Shows what is behind the door until the user leaves or a signal ends the program. The terminal is whole again
/// afterwards.
pub(crate) async fn run(
    door: &mut impl Door,
    leaving: Leaving,
    signals: &mut Signals,
    options: Options,
) -> io::Result<Left> {
    let mut terminal = Terminal::enter()?;
    let mut state = State::new(options.theme).with_leaving(leaving);
    state.notify = options.notify;
    state.size = terminal.size()?;
    state.refresh(door.snapshot());
    show(door, &mut terminal, &mut state, signals).await
}

/// How the screen was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Left {
    /// By the user.
    Quit,
    /// By the user, who wants the engine to go on.
    Detached,
    /// By a signal, or because the terminal is gone.
    Ended,
}

/// The loop itself.
async fn show(
    door: &mut impl Door,
    terminal: &mut Terminal,
    state: &mut State,
    signals: &mut Signals,
) -> io::Result<Left> {
    let mut input = EventStream::new();
    let (tell, mut told) = mpsc::unbounded_channel();
    let mut drawn = Instant::now().checked_sub(FRAME).unwrap_or_else(Instant::now);
    // Events that came since the last frame; they are taken together, just before the next one.
    let mut waiting = false;
    loop {
        if (state.changed || waiting) && drawn.elapsed() >= FRAME {
            if std::mem::take(&mut waiting) {
                let mut batch = Vec::new();
                let missed = door.take(&mut batch);
                apply(door, terminal, state, Message::Events(batch, missed), &tell);
                apply(door, terminal, state, Message::Snapshot(Box::new(door.snapshot())), &tell);
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
                Some(Err(_)) | None => return Ok(Left::Ended),
            },
            news = door.news(!waiting) => match news {
                News::Events => {
                    waiting = true;
                    continue;
                }
                News::Figures => Message::Snapshot(Box::new(door.snapshot())),
                News::Ended(why) => Message::Ended(why),
            },
            () = tokio::time::sleep_until((drawn + FRAME).into()), if state.changed || waiting => continue,
            Some(result) = told.recv() => Message::Done(result),
            () = signals.next() => return Ok(Left::Ended),
        };
        #[cfg(debug_assertions)]
        panic_if_asked(&message);
        if let Some(left) = apply(door, terminal, state, message, &tell) {
            return Ok(left);
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

/// Takes a message into the state and does what follows from it; says whether to leave.
fn apply(door: &impl Door, terminal: &mut Terminal, state: &mut State, message: Message, tell: &Told) -> Option<Left> {
    let mut left = None;
    for effect in update(state, message) {
        match effect {
            Effect::Command(command) => {
                let (done, tell) = (door.command(command), tell.clone());
                tokio::spawn(async move {
                    // The screen may be gone before the command is done.
                    let _ = tell.send(done.await);
                });
            }
            Effect::Copy(text) => match terminal.copy(&text) {
                Ok(1) => state.say("copied 1 character"),
                Ok(count) => state.say(format!("copied {count} characters")),
                Err(error) => state.complain(error.to_string()),
            },
            Effect::Notify(how, text) => terminal.notify(how, &text),
            Effect::Detach => left = Some(Left::Detached),
            Effect::Quit => left = Some(Left::Quit),
        }
    }
    left
}
