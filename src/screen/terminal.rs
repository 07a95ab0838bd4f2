//! Sets up the terminal for the screen, and restores it however the program ends.

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
use ratatui::layout::{Rect, Size};
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

/// Printed after a panic of the screen's thread.
const BUG: &str = "stickylb-tui met a bug of its own and ended. The lines above say where: please report them with what you \
                   did. With --log-file FILE the next time, the requests before it can be read there.\n";

/// Whether the terminal is set up for the screen. Static because the panic hook needs it.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Held while the terminal is restored.
static GIVING_BACK: Mutex<()> = Mutex::new(());

/// How long [`give_back`] waits for another thread that is restoring the terminal.
const PATIENCE: Duration = Duration::from_secs(1);

/// The terminal, which shows the screen between [`enter`](Terminal::enter) and [`leave`](Terminal::leave). Restored
/// when left or dropped, or when the screen's thread panics.
pub(crate) struct Terminal {
    inner: ratatui::Terminal<CrosstermBackend<Output>>,
    output: Output,
    /// The last frame drawn.
    shown: Buffer,
    route: Route,
}

impl Terminal {
    /// Does not change the terminal yet. Installs the panic hook, which reports panics of other threads to `tell`.
    pub(crate) fn new(tell: &mpsc::UnboundedSender<Message>) -> io::Result<Self> {
        install_panic_hook(tell.clone());
        // The theme handles NO_COLOR itself; crossterm would also drop bold and reverse.
        crossterm::style::force_color_output(true);
        let output = Output::new()?;
        let inner = ratatui::Terminal::new(CrosstermBackend::new(output.clone()))?;
        Ok(Terminal { inner, output, shown: Buffer::default(), route: Route::from_environment() })
    }

    /// Sets the terminal up; the next frame is drawn completely.
    pub(crate) fn enter(&mut self) -> io::Result<()> {
        // Reset crossterm's saved mode, which may be from before a shell used the terminal.
        disable_raw_mode()?;
        enable_raw_mode()?;
        TAKEN.store(true, Ordering::SeqCst);
        execute!(self.output, EnterAlternateScreen, Hide, EnableBracketedPaste)?;
        self.inner = ratatui::Terminal::new(CrosstermBackend::new(self.output.clone()))?;
        self.shown = Buffer::default();
        Ok(())
    }

    /// Turns mouse capture on or off.
    pub(crate) fn mouse(&mut self, on: bool) -> io::Result<()> {
        if on { execute!(self.output, EnableMouseCapture) } else { execute!(self.output, DisableMouseCapture) }
    }

    /// Restores the terminal; `enter` sets it up again.
    pub(crate) fn leave(&mut self) {
        restore(Some(&self.output.take()));
    }

    /// Prints text on the restored terminal, if it accepts output.
    pub(crate) fn say(text: &str) {
        output::finish(Some(&[]), text.as_bytes());
    }

    /// Another job may own the terminal: restores it only if this job is in the foreground.
    pub(crate) fn lost(&mut self) {
        if in_foreground() {
            self.leave();
        } else {
            self.output.take();
            TAKEN.store(false, Ordering::SeqCst);
        }
    }

    /// Draws a frame as a synchronized update (mode 2026), so that supporting terminals show it at once. Writes nothing
    /// if the frame equals the last one; ratatui would write control sequences even then.
    pub(crate) fn draw(&mut self, render: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        self.fit()?;
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
    /// Whether the terminal has accepted all output; no new frame is drawn before.
    pub(crate) fn is_idle(&self) -> bool {
        self.output.is_idle()
    }

    /// Waits until the next retry is due, then writes what the terminal accepts of the queue. Cancel safe.
    pub(crate) async fn write_later(&self) -> io::Result<()> {
        self.output.send_later().await
    }

    /// Columns and rows. A terminal that does not know its own, as on a serial line, has those of `COLUMNS` and `LINES`, or
    /// 80 and 24.
    pub(crate) fn size(&self) -> io::Result<(u16, u16)> {
        let Size { width, height } = self.inner.size()?;
        let or = |known: u16, variable: &str, usual: u16| {
            let told = || std::env::var(variable).ok()?.parse().ok().filter(|told: &u16| *told > 0);
            if known > 0 { known } else { told().unwrap_or(usual) }
        };
        Ok((or(width, "COLUMNS", 80), or(height, "LINES", 24)))
    }

    /// Makes the frame as large as the terminal.
    fn fit(&mut self) -> io::Result<()> {
        let (width, height) = self.size()?;
        let area = Rect::new(0, 0, width, height);
        if self.inner.get_frame().area() == area { Ok(()) } else { self.inner.resize(area) }
    }

    /// Sends a notification; skipped while the terminal accepts no output, because it would be late.
    pub(crate) fn notify(&mut self, how: Notify, text: &str) {
        if self.is_idle() {
            // A write error shows up again when the next frame is drawn.
            let _ = notify::send(how, text, self.route, &mut self.output);
        }
    }

    /// Copies text to the clipboard; returns the number of characters.
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

/// Restores the terminal from another thread, while the screen's thread is blocked on a terminal that accepts nothing.
/// Only writes that cannot block are made.
pub(crate) fn give_back() {
    if !in_foreground() {
        return;
    }
    // The screen's thread may be restoring it at the moment.
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

/// The only teardown. Resets everything that may have been set, whether it was or not; only the first call acts.
fn restore(waiting: Option<&[u8]>) {
    // Do not block: the lock may be held by this very thread, which panicked while restoring.
    let Ok(_alone) = GIVING_BACK.try_lock() else { return };
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    output::finish(waiting, &reset());
    let _ = disable_raw_mode();
}

/// What resets everything that may have been set.
pub(super) fn reset() -> Vec<u8> {
    let mut last = Vec::new();
    // Writing to memory cannot fail.
    let _ = queue!(last, DisableMouseCapture, DisableBracketedPaste, ResetColor, LeaveAlternateScreen, Show);
    last
}

/// A panic of the screen itself restores the terminal before it is reported. A panic of a worker thread or a task must
/// not: the screen runs on, and the report goes to its log and its event pane.
fn install_panic_hook(tell: mpsc::UnboundedSender<Message>) {
    let screen = std::thread::current().id();
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        // Tasks run on that thread too, but a panic ends only the task.
        if std::thread::current().id() == screen && tokio::task::try_id().is_none() {
            restore(None);
            report(info);
            // Ignore write errors: a second panic here would abort the program.
            if let Ok(mut stderr) = writable::stderr() {
                let _ = writable::write_all(&mut stderr, BUG.as_bytes());
            }
        } else if TAKEN.load(Ordering::SeqCst) {
            let text = format!("a bug of stickylb-tui itself ended one part of its work; please report it: {info}");
            log::error!("{text}");
            let notice = Notice::new(SystemTime::now(), Level::Warning, text);
            // If the screen is gone, sending fails, but the text was logged above.
            let _ = tell.send(Message::Events(vec![Arc::new(Event::Notice(notice))], 0));
        } else {
            report(info);
        }
    }));
}
