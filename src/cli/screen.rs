//! Runs the screen on the main thread, with options from the command line and the environment.

use std::io;

use tokio::sync::watch;

use super::args::{self, NotifyHow, Settings, ThemeName};
use super::threads::MainThread;
use crate::screen::{self, Colors, Glyphs, Leaving, Left, Notify, Options, Orders, Theme};
use crate::signals::Signals;
use stickylb::api::EngineHandle;

/// Shows the screen until the user leaves or a signal ends the program. If the terminal blocks, gives up waiting, and
/// does not return the handle.
pub(super) async fn show<D: EngineHandle + Send + 'static>(
    main: &MainThread,
    mut engine: D,
    leaving: Leaving,
    signals: &mut Signals,
    options: Options,
) -> (io::Result<Left>, Option<D>) {
    let continued = match Signals::continued() {
        Ok(continued) => continued,
        Err(error) => return (Err(error), Some(engine)),
    };
    let (leave, told) = watch::channel(false);
    let orders = Orders { leave: told, continued };
    let mut shown = main.run(move || (screen::run(&mut engine, leaving, orders, options), engine));
    let shown = tokio::select! {
        shown = &mut shown => shown.ok(),
        () = signals.next() => {
            leave.send_replace(true);
            main.finish(&mut shown).await
        }
    };
    shown.map_or((Ok(Left::Ended), None), |(left, engine)| (left, Some(engine)))
}

/// An explicit `--theme` wins over `NO_COLOR`.
pub(super) fn options(args: &Settings) -> Options {
    let glyphs = match args.glyphs {
        args::Glyphs::Auto => Glyphs::from_locale(),
        args::Glyphs::Unicode => Glyphs::Unicode,
        args::Glyphs::Ascii => Glyphs::Ascii,
    };
    let colors = match args.theme {
        ThemeName::Auto => Colors::from_environment(),
        ThemeName::Dark => Colors::Dark,
        ThemeName::Light => Colors::Light,
        ThemeName::HighContrast => Colors::HighContrast,
        ThemeName::ColorBlind => Colors::ColorBlind,
        ThemeName::Mono => Colors::Mono,
    };
    let notify = match args.notify {
        NotifyHow::Off => Notify::Off,
        NotifyHow::Bell => Notify::Bell,
        NotifyHow::Desktop => Notify::Desktop,
    };
    Options { theme: Theme { glyphs, colors }, notify }
}
