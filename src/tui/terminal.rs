//! The terminal: taken over, and given back whole however the program ends.

use std::io::{self, Stdout, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::cursor::{Hide, Show};
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::execute;
use crossterm::style::ResetColor;
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use ratatui::Frame;
use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::Buffer;

use super::clipboard::{self, CopyError, Route};
use super::notify::{self, Notify};

/// Whether the screen is ours; the panic hook asks.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The terminal while it shows the screen. Given back when left, dropped, or when the screen's thread panics.
pub(super) struct Terminal {
    inner: ratatui::Terminal<CrosstermBackend<Stdout>>,
    /// What is on the screen.
    shown: Buffer,
    route: Route,
}

impl Terminal {
    pub(super) fn enter() -> io::Result<Self> {
        install_panic_hook();
        // The theme decides about colours, NO_COLOR included; crossterm would take bold and reverse away with them.
        crossterm::style::force_color_output(true);
        enable_raw_mode()?;
        TAKEN.store(true, Ordering::SeqCst);
        let entered = execute!(io::stdout(), EnterAlternateScreen, Hide, EnableBracketedPaste)
            .and_then(|()| ratatui::Terminal::new(CrosstermBackend::new(io::stdout())));
        match entered {
            Ok(inner) => Ok(Terminal { inner, shown: Buffer::default(), route: Route::from_environment() }),
            Err(error) => {
                restore();
                Err(error)
            }
        }
    }

    /// Draws a frame. One that looks like the last writes nothing at all, not even what ratatui writes around an empty
    /// difference.
    pub(super) fn draw(&mut self, render: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        self.inner.autoresize()?;
        render(&mut self.inner.get_frame());
        let drawn = self.inner.current_buffer_mut();
        if *drawn == self.shown {
            drawn.reset();
            return Ok(());
        }
        self.shown.clone_from(drawn);
        self.inner.flush()?;
        self.inner.swap_buffers();
        Backend::flush(self.inner.backend_mut())
    }
}

impl Terminal {
    /// Columns and lines.
    pub(super) fn size(&self) -> io::Result<(u16, u16)> {
        self.inner.size().map(|size| (size.width, size.height))
    }

    /// Tells whoever is not looking; a terminal that cannot be written to will be noticed with the next frame.
    pub(super) fn notify(&self, how: Notify, text: &str) {
        let _ = notify::send(how, text, self.route, &mut io::stdout());
    }

    /// Puts text into the clipboard; returns how many characters that were.
    pub(super) fn copy(&mut self, text: &str) -> Result<usize, CopyError> {
        clipboard::copy(text, self.route, &mut io::stdout())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        restore();
    }
}

/// The one teardown. Undoes everything that could have been set, whether it was or not; only the first call acts.
fn restore() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    // A terminal that is gone cannot be helped, and nobody can be told.
    let mut out = io::stdout();
    let _ = execute!(out, DisableBracketedPaste, ResetColor, LeaveAlternateScreen, Show);
    let _ = out.flush();
    let _ = disable_raw_mode();
}

/// A panic of the screen's own thread gives the terminal back before it is reported. One of a worker must not:
/// the screen goes on, and the report goes to its event pane.
fn install_panic_hook() {
    let screen = std::thread::current().id();
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !TAKEN.load(Ordering::SeqCst) {
            report(info);
        } else if std::thread::current().id() == screen {
            restore();
            report(info);
            eprintln!("stickylb-tui met a bug of its own and ended; the lines above say where.");
        } else {
            log::error!("a bug in the proxy ended one connection: {info}");
        }
    }));
}
