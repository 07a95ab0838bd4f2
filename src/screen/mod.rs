//! The terminal screen.
//!
//! An event loop around two functions without side effects: [`update`](update()) applies a message to the [`State`] and returns
//! effects, [`view`](view()) draws the state. The loop owns the terminal, the input and the time. It draws at most 30 frames a
//! second, at most 10 of the flow, and only if something changed.

mod action;
mod arrangement;
mod body;
mod changes;
mod chaos;
mod clipboard;
mod columns;
mod completion;
mod control;
mod curl;
mod dialog;
mod digest;
mod draft;
mod edit;
mod editor;
mod effects;
mod event_pane;
mod export;
mod failed;
mod fault_choice;
pub(crate) mod filter;
mod flow;
mod format;
mod freeze;
mod frozen;
mod fuzzy;
mod glyphs;
mod head;
mod hidden_faults;
mod inks;
mod input;
mod inspect;
mod inspected;
mod keeping;
mod lent;
mod lesson;
mod lesson_pane;
mod lesson_shown;
mod log;
mod message;
mod notify;
mod options;
mod orders;
mod output;
mod palette;
mod palette_line;
mod per_backend;
mod picks;
mod presenter;
mod pressed;
mod rehearsal;
mod rights;
mod secrets;
mod side;
mod state;
mod survive;
mod suspend;
mod svg;
mod symbols;
mod table;
mod terminal;
mod theme;
mod themes;
mod traffic;
mod update;
mod view;
mod watching;
mod what_if;
mod what_if_choice;

use crossterm::event::{Event as Input, EventStream, KeyEventKind};
use futures_util::StreamExt as _;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use stickylb::api::{EngineHandle, News};
use tokio::sync::mpsc;

pub use action::keys_table;
pub(crate) use action::{ACTIONS, Action, Key, Keymap};
pub(crate) use arrangement::Arrangement;
use editor::Edited;
pub(crate) use effects::Left;
use effects::{Loop, apply};
use event_pane::EventPane;
pub use export::Export;
pub(crate) use export::{WrittenConfiguration, write_configuration};
pub(crate) use flow::Motion;
pub use glyphs::Glyphs;
use keeping::Keeper;
pub(crate) use keeping::{Keep, Record};
pub(crate) use lesson::typeable;
pub use message::{Effect, Message};
pub use notify::Notify;
pub(crate) use options::{LessonOptions, Options};
pub(crate) use orders::Orders;
pub(crate) use rehearsal::Rehearsal;
use rights::Rights;
pub(crate) use state::{Focus, Side};
pub use state::{Leaving, State};
use suspend::Continued;
pub(crate) use suspend::{ASK, in_foreground};
pub use svg::{film, svg};
pub(crate) use table::Column;
use terminal::Terminal;
pub(crate) use terminal::give_back;
pub(crate) use theme::Role;
pub use theme::{Colors, OwnColors, Theme};
pub(crate) use themes::Themes;
pub use update::update;
pub use view::view;
pub(crate) use view::why_as_text;

/// The shortest time between two frames, but for those of the flow.
const FRAME: Duration = Duration::from_millis(33);

/// Runs the screen on this thread until the user or a signal ends it. Restores the terminal afterwards.
///
/// # Errors
/// The terminal cannot be opened, read or written. A terminal that is gone is not an error: [`Left::Ended`].
pub(crate) fn run(
    engine: &mut impl EngineHandle,
    leaving: Leaving,
    orders: Orders,
    options: Options,
) -> io::Result<Left> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let left = runtime.block_on(async {
        let (tell, told) = mpsc::unbounded_channel();
        let mut terminal = Terminal::new(&tell)?;
        // A class that watches may do so as one user: none of them changes how that user's own screen begins.
        let keep = options.keep.clone().filter(|_| !engine.only_watches());
        let mut keeper = Keeper::new(keep, tell.clone());
        let mut options = options;
        if let Some(lesson) = &mut options.lesson {
            keeper.record = lesson.record.take();
            options::pass_on(lesson.reads.take(), tell.clone());
        }
        let mut state = options.state(leaving);
        state.rights = Rights::of(engine);
        state.size = terminal.size()?;
        state.second(SystemTime::now(), engine.snapshot());
        let left = show(engine, &mut terminal, &mut state, &mut keeper, Told { tell, told }, orders).await;
        drop(terminal);
        keeper.finish();
        left
    });
    // Do not wait for an export that hangs in a blocking write.
    runtime.shutdown_background();
    left.or_else(|error| if is_gone(&error) { Ok(Left::Ended) } else { Err(error) })
}

/// Whether this is the error of a terminal that is gone.
pub(crate) fn is_gone(error: &io::Error) -> bool {
    #[cfg(unix)]
    {
        let gone = [rustix::io::Errno::IO, rustix::io::Errno::NXIO].map(|errno| Some(errno.raw_os_error()));
        gone.contains(&error.raw_os_error())
    }
    #[cfg(not(unix))]
    {
        let _ = error;
        false
    }
}

/// The event loop.
async fn show(
    engine: &mut impl EngineHandle,
    terminal: &mut Terminal,
    state: &mut State,
    keeper: &mut Keeper,
    mut later: Told,
    mut orders: Orders,
) -> io::Result<Left> {
    let mut continued = Continued(Arc::clone(&orders.continued));
    let mut next = if in_foreground() { Loop::GoOn } else { Loop::LeaveTerminal };
    let mut input = None;
    let mut pane = EventPane::default();
    let mut looked = Instant::now().checked_sub(FRAME).unwrap_or_else(Instant::now);
    // Whether events came since the last frame. They are taken in one batch just before the next one.
    let mut waiting = false;
    loop {
        if next != Loop::GoOn {
            // Drop the stream: its thread reads the terminal.
            input = None;
        }
        match std::mem::replace(&mut next, Loop::GoOn) {
            Loop::Leave(left) => return Ok(left),
            Loop::Suspend => {
                terminal.leave();
                Terminal::say("stopped: fg brings the screen back, bg lets the proxy serve on without it\n");
                if !continued.stop().await {
                    state.complain(format!("there is no shell to go back to: {} quits", state.key(Action::Quit)));
                }
            }
            Loop::Edit(draft) => {
                terminal.leave();
                let text = draft.text.clone();
                match editor::edit(engine, state, &mut orders, &mut continued, text).await {
                    Edited::Back(result) => drop(later.tell.send(Message::Edited(draft, result))),
                    Edited::MustLeave => return Ok(Left::Ended),
                }
            }
            Loop::LeaveTerminal => terminal.lost(),
            Loop::GoOn => {}
        }
        if input.is_none() {
            if !in_background(engine, state, &mut orders).await {
                return Ok(Left::Ended);
            }
            terminal.enter()?;
            if state.mouse {
                terminal.mouse(true)?;
            }
            (state.size, state.changed) = (terminal.size()?, true);
        }
        let keys = input.get_or_insert_with(EventStream::new);
        let frame_time = flow::frame_time(state, FRAME);
        if (state.changed || waiting || flow::moves(state)) && looked.elapsed() >= frame_time {
            if std::mem::take(&mut waiting) {
                let mut batch = Vec::new();
                let missed = engine.take(&mut batch);
                apply(engine, terminal, state, Message::Events(batch, missed), keeper, &later.tell);
                apply(engine, terminal, state, Message::Snapshot(Box::new(engine.snapshot())), keeper, &later.tell);
            }
            if flow::moves(state) {
                apply(engine, terminal, state, Message::Tick(SystemTime::now()), keeper, &later.tell);
            }
            pane.follow(&state.log.digest.notices, &state.zone);
            // Backpressure: finish writing the last frame before drawing the next, which has all changes since.
            if state.changed && terminal.is_idle() {
                terminal.draw(|frame| view(state, frame))?;
                state.changed = false;
            }
            looked = Instant::now();
        }
        let due = waiting || ((state.changed || flow::moves(state)) && terminal.is_idle());
        let message = tokio::select! {
            key = keys.next() => match key {
                Some(Ok(Input::Key(key))) if key.kind != KeyEventKind::Release => Message::Key(key),
                // The event's numbers are zeros on a terminal that does not know its size.
                Some(Ok(Input::Resize(..))) => {
                    let (columns, rows) = terminal.size()?;
                    Message::Resized(columns, rows)
                }
                Some(Ok(Input::Mouse(event))) => Message::Mouse(event),
                Some(Ok(Input::Paste(text))) => Message::Paste(text),
                Some(Ok(_)) => continue,
                // The terminal is gone.
                Some(Err(_)) | None => return Ok(Left::Ended),
            },
            news = engine.news(!waiting) => match news {
                News::Events => {
                    waiting = true;
                    continue;
                }
                News::Figures => Message::Second(SystemTime::now(), Box::new(engine.snapshot())),
                News::Ended(why) => Message::Ended(why),
            },
            () = tokio::time::sleep_until((looked + frame_time).into()), if due => continue,
            written = terminal.write_later(), if !terminal.is_idle() => {
                written?;
                continue;
            }
            Some(message) = later.told.recv() => message,
            () = continued.next() => {
                // Stopped by another process without restoring the terminal, which the shell has used since.
                next = Loop::LeaveTerminal;
                continue;
            }
            () = orders.leave() => return Ok(Left::Ended),
        };
        #[cfg(debug_assertions)]
        panic_if_asked(&message);
        next = apply(engine, terminal, state, message, keeper, &later.tell);
    }
}

/// Keeps the state up to date without touching the terminal until this job is in the foreground; `false` if the screen
/// must leave.
async fn in_background(engine: &mut impl EngineHandle, state: &mut State, orders: &mut Orders) -> bool {
    while !in_foreground() {
        tokio::select! {
            () = tokio::time::sleep(suspend::ASK) => {}
            news = engine.news(false) => {
                let message = match news {
                    News::Ended(why) => Message::Ended(why),
                    _ => Message::Second(SystemTime::now(), Box::new(engine.snapshot())),
                };
                // The effects are dropped, because the screen is not visible.
                update(state, message);
            }
            () = orders.leave() => return false,
        }
        let mut batch = Vec::new();
        let missed = engine.take(&mut batch);
        state.append(batch, missed);
    }
    state.refresh(engine.snapshot());
    true
}

/// Debug builds with `STICKYLB_PANIC_KEY` set panic on F12, and on F11 in a task and a thread, so that a test can check
/// that the terminal is restored.
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

/// The channel for messages from tasks that finish later.
struct Told {
    tell: mpsc::UnboundedSender<Message>,
    told: mpsc::UnboundedReceiver<Message>,
}
