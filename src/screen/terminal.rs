//! The terminal: taken over, and given back whole however the program ends.

use crossterm::cursor::{Hide, Show};
use crossterm::event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture};
use crossterm::style::ResetColor;
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode,
};
use crossterm::{execute, queue};
use ratatui::Frame;
use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::Buffer;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};
use stickylb::api::{Event, Level, Notice};
use tokio::sync::mpsc;

use super::clipboard::{CopyError, Route};
use super::message::Message;
use super::notify::Notify;
use super::output::Output;
use super::suspend::in_foreground;
use super::{clipboard, notify, output};
use crate::writable;

/// What is said beside a panic of the screen.
const BUG: &str = "stickylb-tui met a bug of its own and ended. The lines above say where: please report them with what you \
                   did. With --log-file FILE the next time, the requests before it can be read there.\n";

/// Whether the screen is ours; the panic hook asks.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Held while the terminal is given back.
static GIVING_BACK: Mutex<()> = Mutex::new(());

/// How long that may take.
const PATIENCE: Duration = Duration::from_secs(1);

/// The terminal, which shows the screen between [`enter`](Terminal::enter) and [`leave`](Terminal::leave). Given back when
/// left, dropped, or when the screen's thread panics.
pub(crate) struct Terminal {
    inner: ratatui::Terminal<CrosstermBackend<Output>>,
    output: Output,
    /// What is on the screen.
    shown: Buffer,
    route: Route,
}

impl Terminal {
    /// Changes nothing yet. Panics of other threads are told from now on.
    pub(crate) fn new(tell: &mpsc::UnboundedSender<Message>) -> io::Result<Self> {
        install_panic_hook(tell.clone());
        // The theme decides about colours, NO_COLOR included; crossterm would take bold and reverse away with them.
        crossterm::style::force_color_output(true);
        let output = Output::new()?;
        let inner = ratatui::Terminal::new(CrosstermBackend::new(output.clone()))?;
        Ok(Terminal { inner, output, shown: Buffer::default(), route: Route::from_environment() })
    }

    /// Takes the terminal over; the next frame is drawn whole.
    pub(crate) fn enter(&mut self) -> io::Result<()> {
        // What crossterm believes of the terminal may be from before a shell had it.
        disable_raw_mode()?;
        enable_raw_mode()?;
        TAKEN.store(true, Ordering::SeqCst);
        execute!(self.output, EnterAlternateScreen, Hide, EnableBracketedPaste)?;
        self.inner = ratatui::Terminal::new(CrosstermBackend::new(self.output.clone()))?;
        self.shown = Buffer::default();
        Ok(())
    }

    /// Has the mouse tell what it does, or leaves it to the terminal.
    pub(crate) fn mouse(&mut self, on: bool) -> io::Result<()> {
        if on { execute!(self.output, EnableMouseCapture) } else { execute!(self.output, DisableMouseCapture) }
    }

    /// Gives the terminal back, until it is entered again.
    pub(crate) fn leave(&mut self) {
        restore(Some(&self.output.take()));
    }

    /// Says something on the terminal that was given back, where it takes it.
    pub(crate) fn say(text: &str) {
        output::finish(Some(&[]), text.as_bytes());
    }

    /// Notes that the terminal may be somebody else's: it is not touched, unless it is still ours.
    pub(crate) fn lost(&mut self) {
        if in_foreground() {
            self.leave();
        } else {
            self.output.take();
            TAKEN.store(false, Ordering::SeqCst);
        }
    }

    /// Draws a frame, which terminals that know of synchronized output (mode 2026) show at once and whole. One that looks
    /// like the last writes nothing at all, not even what ratatui writes around an empty difference.
    pub(crate) fn draw(&mut self, render: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        self.inner.autoresize()?;
        render(&mut self.inner.get_frame());
        let drawn = self.inner.current_buffer_mut();
        if *drawn == self.shown {
            drawn.reset();
            return Ok(());
        }
        self.shown.clone_from(drawn);
        queue!(self.inner.backend_mut(), BeginSynchronizedUpdate)?;
        self.inner.flush()?;
        self.inner.swap_buffers();
        queue!(self.inner.backend_mut(), EndSynchronizedUpdate)?;
        Backend::flush(self.inner.backend_mut())
    }
}

impl Terminal {
    /// Whether it has taken all that was written; until then nothing new is drawn.
    pub(crate) fn is_idle(&self) -> bool {
        self.output.is_idle()
    }

    /// Waits for a while, and writes what it takes then of what is left. Safe to drop and call again.
    pub(crate) async fn write_later(&self) -> io::Result<()> {
        self.output.send_later().await
    }

    /// Columns and lines.
    pub(crate) fn size(&self) -> io::Result<(u16, u16)> {
        self.inner.size().map(|size| (size.width, size.height))
    }

    /// Tells whoever is not looking. One that takes nothing now would tell it too late.
    pub(crate) fn notify(&mut self, how: Notify, text: &str) {
        if self.is_idle() {
            // One that cannot be written to will be noticed with the next frame.
            let _ = notify::send(how, text, self.route, &mut self.output);
        }
    }

    /// Puts text into the clipboard; returns how many characters that were.
    pub(crate) fn copy(&mut self, text: &str) -> Result<usize, CopyError> {
        if !self.is_idle() {
            return Err(CopyError::Busy);
        }
        clipboard::copy(text, self.route, &mut self.output)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.leave();
    }
}

/// Gives the terminal back where the screen's thread cannot: it stands before a terminal that takes nothing. What cannot be
/// written without waiting is not.
pub(crate) fn give_back() {
    if !in_foreground() {
        return;
    }
    // It may be about to do so itself.
    let begun = Instant::now();
    while GIVING_BACK.try_lock().is_err() && begun.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(5));
    }
    if output::never_waits() {
        restore(None);
    } else if TAKEN.swap(false, Ordering::SeqCst) {
        let _ = disable_raw_mode();
    }
}

/// The one teardown. Undoes everything that could have been set, whether it was or not; only the first call acts.
fn restore(waiting: Option<&[u8]>) {
    // Whoever is at it already may be this very thread, which panicked there.
    let Ok(_alone) = GIVING_BACK.try_lock() else { return };
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut last = Vec::new();
    // Writing to memory cannot fail.
    let _ = queue!(last, DisableMouseCapture, DisableBracketedPaste, ResetColor, LeaveAlternateScreen, Show);
    output::finish(waiting, &last);
    let _ = disable_raw_mode();
}

/// A panic of the screen itself gives the terminal back before it is reported. One of a worker or a task must not:
/// the screen goes on, and the report goes to its log and its event pane.
fn install_panic_hook(tell: mpsc::UnboundedSender<Message>) {
    let screen = std::thread::current().id();
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        // What else runs on that thread are tasks, whose panics end nothing but themselves.
        if std::thread::current().id() == screen && tokio::task::try_id().is_none() {
            restore(None);
            report(info);
            // A second panic here would be the last anyone hears.
            if let Ok(mut stderr) = writable::stderr() {
                let _ = writable::write_all(&mut stderr, BUG.as_bytes());
            }
        } else if TAKEN.load(Ordering::SeqCst) {
            let text = format!("a bug of stickylb-tui itself ended one part of its work; please report it: {info}");
            log::error!("{text}");
            let notice = Notice::new(SystemTime::now(), Level::Warning, text);
            // Where the screen is gone already, the event pane's source has it.
            let _ = tell.send(Message::Events(vec![Arc::new(Event::Notice(notice))], 0));
        } else {
            report(info);
        }
    }));
}
