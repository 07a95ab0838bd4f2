//! Runs the screen or the prompt on the main thread, with options from the user's file, the command line and the environment.

use std::io;

use tokio::sync::watch;

use super::args::{NotifyHow, Settings, THEMES};
use super::glyphs;
use super::layers::UsageError;
use super::threads::MainThread;
use crate::plain;
use crate::screen::{self, Colors, Glyphs, Leaving, Left, Notify, Options, Orders, Theme};
use crate::signals::Signals;
use crate::user::{self, Kept, UserConfig};
use stickylb::api::EngineHandle;

/// What is shown to the user.
pub(super) enum Shown {
    Screen(Box<Options>),
    /// A prompt.
    Plain,
}

impl Shown {
    /// What is said of it where it fails.
    pub(super) fn failure(&self) -> impl Fn(io::Error) -> UsageError + Copy + use<> {
        let what = if matches!(self, Shown::Plain) { "the prompt" } else { "the screen" };
        move |error| UsageError::Failed(format!("{what} failed: {error}"))
    }
}

/// Shows it until the user leaves or a signal ends the program. If the terminal blocks, gives up waiting, and does not
/// return the handle.
pub(super) async fn show<D: EngineHandle + Send + 'static>(
    main: &MainThread,
    mut engine: D,
    leaving: Leaving,
    signals: &mut Signals,
    what: Shown,
) -> (io::Result<Left>, Option<D>) {
    let continued = match Signals::continued() {
        Ok(continued) => continued,
        Err(error) => return (Err(error), Some(engine)),
    };
    let (leave, told) = watch::channel(false);
    let orders = Orders { leave: told, continued, lent: signals.lent() };
    let mut shown = main.run(move || {
        let left = match what {
            Shown::Screen(options) => screen::run(&mut engine, leaving, orders, *options),
            Shown::Plain => plain::run(&mut engine, leaving, orders),
        };
        (left, engine)
    });
    let shown = tokio::select! {
        shown = &mut shown => shown.ok(),
        () = signals.next() => {
            leave.send_replace(true);
            main.finish(&mut shown).await
        }
    };
    shown.map_or((Ok(Left::Ended), None), |(left, engine)| (left, Some(engine)))
}

/// The look of the screen, if there is one. A theme of the user's own is looked up in any case, so that a wrong name is told
/// where there is no screen, too.
pub(super) fn look(is_screen: bool, args: &Settings) -> Result<Option<Options>, UsageError> {
    let is_own = args.theme.as_deref().is_some_and(|name| !THEMES.contains(&name));
    let options = (is_screen || is_own).then(|| options(args)).transpose()?;
    Ok(options.filter(|_| is_screen))
}

/// Built-in values, then the user's file, then the command line. `NO_COLOR` wins over the file; a theme that the command
/// line names wins over both.
fn options(args: &Settings) -> Result<Options, UsageError> {
    let Kept { arrangement, keep, trouble } = user::kept();
    let user = user::load(arrangement)?;
    let glyphs = match args.glyphs {
        None => user.glyphs,
        Some(glyphs::Glyphs::Auto) => None,
        Some(glyphs::Glyphs::Unicode) => Some(Glyphs::Unicode),
        Some(glyphs::Glyphs::Ascii) => Some(Glyphs::Ascii),
    };
    let colors = match args.theme.as_deref() {
        None if Colors::are_unwanted() => None,
        None => user.theme,
        Some("auto") => None,
        Some(name) => Some(user.themes.named(name).map_err(|error| UsageError::Words(vec![error.into()]))?),
    };
    let notify = match args.notify {
        None => user.notify,
        Some(NotifyHow::Off) => Notify::Off,
        Some(NotifyHow::Bell) => Notify::Bell,
        Some(NotifyHow::Desktop) => Notify::Desktop,
    };
    let theme = Theme {
        glyphs: glyphs.unwrap_or_else(Glyphs::from_locale),
        colors: colors.unwrap_or_else(Colors::from_environment),
    };
    let UserConfig { themes, keys, arrangement, mouse, motion, presenter, .. } = user;
    Ok(Options { theme, themes, notify, keys, arrangement, mouse, motion, presenter, keep, lesson: None, trouble })
}
