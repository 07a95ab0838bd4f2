//! The screen.
//!
//! A loop around two functions without side effects: [`update`] turns what happened into a new [`State`] and
//! into effects, [`view`] draws a state. The loop owns everything else: the terminal, the input, the time.
//! It draws at most 30 times a second, and only when something changed.

mod action;
mod changes;
mod clipboard;
mod control;
mod curl;
mod export;
pub(crate) mod filter;
mod format;
mod freeze;
mod glyphs;
mod head;
mod input;
mod inspect;
mod lately;
mod log;
mod message;
mod notify;
mod palette;
mod pane;
mod recent;
mod state;
mod suspend;
mod svg;
mod table;
mod terminal;
mod theme;
mod update;
mod view;

pub use action::keys_table;
pub use export::Export;
pub use glyphs::Glyphs;
pub use message::{Effect, Message};
pub use notify::Notify;
pub use state::{Leaving, State};
pub(crate) use suspend::in_foreground;
pub use svg::{film, svg};
pub use theme::{Colors, Theme};
pub use update::update;
pub use view::view;

use std::io;
use std::time::{Duration, Instant, SystemTime};

use crossterm::event::{Event as Input, EventStream, KeyEventKind};
use futures_util::StreamExt as _;
use tokio::sync::mpsc;

use crate::cli::Signals;
use pane::Pane;
use stickylb::api::{Door, News};
use suspend::Continued;
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
    let (tell, told) = mpsc::unbounded_channel();
    let mut terminal = Terminal::new(&tell)?;
    let mut state = State::new(options.theme).with_leaving(leaving);
    state.notify = options.notify;
    state.size = terminal.size()?;
    state.second(SystemTime::now(), door.snapshot());
    show(door, &mut terminal, &mut state, Told { tell, told }, signals).await
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
    mut later: Told,
    signals: &mut Signals,
) -> io::Result<Left> {
    let mut continued = Continued::new()?;
    let mut next = if in_foreground() { Next::GoOn } else { Next::LeaveTerminal };
    let mut input = None;
    let mut pane = Pane::default();
    let mut drawn = Instant::now().checked_sub(FRAME).unwrap_or_else(Instant::now);
    // Events that came since the last frame; they are taken together, just before the next one.
    let mut waiting = false;
    loop {
        if next != Next::GoOn {
            // It owns a thread that reads the terminal.
            input = None;
        }
        match next {
            Next::Leave(left) => return Ok(left),
            Next::Suspend => {
                Terminal::leave();
                eprintln!("stopped: fg brings the screen back, bg lets the proxy serve on without it");
                if !continued.stop().await {
                    state.complain("there is no shell to go back to: q quits");
                }
            }
            Next::LeaveTerminal => Terminal::lost(),
            Next::GoOn => {}
        }
        if input.is_none() {
            if !in_background(door, state, signals).await {
                return Ok(Left::Ended);
            }
            terminal.enter()?;
            if state.mouse {
                terminal.mouse(true)?;
            }
            (state.size, state.changed) = (terminal.size()?, true);
        }
        next = Next::GoOn;
        let keys = input.get_or_insert_with(EventStream::new);
        if (state.changed || waiting) && drawn.elapsed() >= FRAME {
            if std::mem::take(&mut waiting) {
                let mut batch = Vec::new();
                let missed = door.take(&mut batch);
                apply(door, terminal, state, Message::Events(batch, missed), &later.tell);
                apply(door, terminal, state, Message::Snapshot(Box::new(door.snapshot())), &later.tell);
            }
            pane.follow(&state.log.lately.news, &state.zone);
            terminal.draw(|frame| view(state, frame))?;
            state.changed = false;
            drawn = Instant::now();
        }
        let message = tokio::select! {
            key = keys.next() => match key {
                Some(Ok(Input::Key(key))) if key.kind != KeyEventKind::Release => Message::Key(key),
                Some(Ok(Input::Resize(columns, rows))) => Message::Resized(columns, rows),
                Some(Ok(Input::Mouse(event))) => Message::Mouse(event),
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
                News::Figures => Message::Second(SystemTime::now(), Box::new(door.snapshot())),
                News::Ended(why) => Message::Ended(why),
            },
            () = tokio::time::sleep_until((drawn + FRAME).into()), if state.changed || waiting => continue,
            Some(message) = later.told.recv() => message,
            () = continued.next() => {
                // Stopped by somebody else, with the screen as it was; a shell has had the terminal since.
                next = Next::LeaveTerminal;
                continue;
            }
            () = signals.next() => return Ok(Left::Ended),
        };
        #[cfg(debug_assertions)]
        panic_if_asked(&message);
        next = apply(door, terminal, state, message, &later.tell);
    }
}

/// Keeps the state true without touching the terminal, until it is this job's again; `false` if the program is to end.
async fn in_background(door: &mut impl Door, state: &mut State, signals: &mut Signals) -> bool {
    while !in_foreground() {
        tokio::select! {
            () = tokio::time::sleep(suspend::ASK) => {}
            news = door.news(false) => {
                let message = match news {
                    News::Ended(why) => Message::Ended(why),
                    _ => Message::Second(SystemTime::now(), Box::new(door.snapshot())),
                };
                // Nobody looks: no effect of it is for now.
                update(state, message);
            }
            () = signals.next() => return false,
        }
        let mut batch = Vec::new();
        let missed = door.take(&mut batch);
        state.append(batch, missed);
    }
    state.refresh(door.snapshot());
    true
}

/// Debug builds panic on F12, and in a task and a thread on F11, where the environment asks for it, so that a test can
/// see the terminal survive.
#[cfg(debug_assertions)]
fn panic_if_asked(message: &Message) {
    use crossterm::event::KeyCode;
    let Message::Key(key) = message else { return };
    if std::env::var_os("STICKYLB_PANIC_KEY").is_none() {
        return;
    }
    assert!(key.code != KeyCode::F(12), "the panic that STICKYLB_PANIC_KEY asks for");
    if key.code == KeyCode::F(11) {
        tokio::spawn(async { panic!("a task's panic") });
        std::thread::spawn(|| panic!("a thread's panic"));
    }
}

/// What is told later, by those who hold `tell`.
struct Told {
    tell: mpsc::UnboundedSender<Message>,
    told: mpsc::UnboundedReceiver<Message>,
}

/// How the loop goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    GoOn,
    /// Stop the job, and come back when it is continued.
    Suspend,
    /// The terminal may be somebody else's: come back when it is ours.
    LeaveTerminal,
    Leave(Left),
}

/// Takes a message into the state and does what follows from it.
fn apply(
    door: &impl Door,
    terminal: &mut Terminal,
    state: &mut State,
    message: Message,
    tell: &mpsc::UnboundedSender<Message>,
) -> Next {
    let mut next = Next::GoOn;
    for effect in update(state, message) {
        match effect {
            Effect::Command(command) => {
                let (done, tell) = (door.command(command), tell.clone());
                tokio::spawn(async move {
                    // The screen may be gone before the command is done.
                    let _ = tell.send(Message::Done(done.await));
                });
            }
            Effect::Copy(text, note) => match terminal.copy(&text) {
                Ok(1) => state.say(format!("copied 1 character{note}")),
                Ok(count) => state.say(format!("copied {count} characters{note}")),
                Err(error) => state.complain(error.to_string()),
            },
            Effect::Heads(number) => {
                let (heads, tell) = (door.heads(number), tell.clone());
                tokio::spawn(async move {
                    // The screen may be gone before they are there, here and below.
                    let _ = tell.send(Message::Heads(number, heads.await));
                });
            }
            Effect::Replay(number, to) => {
                let (replayed, tell) = (door.replay(number, to), tell.clone());
                tokio::spawn(async move {
                    let _ = tell.send(Message::Replayed(replayed.await));
                });
            }
            // One that cannot be written to is noticed with the next frame.
            Effect::Mouse(on) => drop(terminal.mouse(on)),
            Effect::Export(what) => {
                let (make, tell, zone) = (export::contents(state, what), tell.clone(), state.zone.clone());
                tokio::task::spawn_blocking(move || {
                    let done = std::env::current_dir()
                        .map_err(|error| format!("the current directory is gone: {error}"))
                        .and_then(|folder| export::save(&folder, what, SystemTime::now(), &zone, &make()));
                    // The screen may be gone before the file is written.
                    let _ = tell.send(Message::Exported(done));
                });
            }
            Effect::Notify(how, text) => terminal.notify(how, &text),
            Effect::Suspend => next = Next::Suspend,
            Effect::Detach => next = Next::Leave(Left::Detached),
            Effect::Quit => next = Next::Leave(Left::Quit),
        }
    }
    next
}
