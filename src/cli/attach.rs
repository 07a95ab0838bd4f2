//! `attach`: the screen of a balancer that runs in another process.

use std::io::{self, IsTerminal as _};
use std::process::ExitCode;

use super::args::Args;
use super::front::is_dumb;
use super::layers::UsageError;
use super::screen::{self, Shown};
use super::threads::{self, MainThread};
use crate::control::{Instance, Remote};
use crate::screen::{Leaving, Left};
use crate::signals::Signals;

/// Shows the screen until the user leaves, a signal comes, or the balancer ends.
pub(super) fn attach(args: &Args, port: Option<u16>, plain: bool, watch: bool) -> Result<ExitCode, UsageError> {
    let is_plain = plain || args.options.plain;
    let look = screen::look(!is_plain, &args.options)?;
    let what = look.map_or(Shown::Plain, |look| Shown::Screen(Box::new(look)));
    threads::run(move |main| shown(main, port, what, watch))
}

async fn shown(main: MainThread, port: Option<u16>, what: Shown, watch: bool) -> Result<(), UsageError> {
    let instance = Instance::find(port).await?;
    if matches!(what, Shown::Screen(_)) && (!io::stdout().is_terminal() || is_dumb()) {
        let needs = if is_dumb() { "a terminal that is not dumb (TERM)" } else { "a terminal" };
        let instead =
            format!("attach shows a screen, which needs {needs}: try attach --plain, or stickylb-tui ctl status");
        return Err(UsageError::Words(vec![instead.into()]));
    }
    let failed = what.failure();
    let url = instance.hello.url.clone();
    let remote = Remote::attach(if watch { instance.only_watched() } else { instance }).await?;
    let mut signals = Signals::new().map_err(failed)?;
    let (left, remote) = screen::show(&main, remote, Leaving::GoesOn, &mut signals, what).await;
    let left = left.map_err(failed)?;
    match remote.and_then(|remote| remote.ended()) {
        Some(why) => main.complain(why.to_string()),
        None if left == Left::Quit && watch => main.complain(format!("{url} goes on")),
        None if left == Left::Quit => main.complain(format!("{url} goes on; stickylb-tui stop ends it")),
        None => {}
    }
    Ok(())
}
