//! The widths of the log's columns: each as wide as what is to be read in it.

use std::net::IpAddr;
use stickylb::api::{Event, RequestEvent};
use unicode_width::UnicodeWidthStr as _;

use super::words::{path, reason};
use crate::screen::format::short_name;
use crate::screen::state::State;

/// The longest reason and path that are shown whole, and the longest method and name.
const REASON: usize = 60;
const PATH: usize = 60;
const METHOD: usize = 8;
const NAME: usize = 24;

/// What a reason may at least have beside a long path: the columns of `round-robin 1 of 3; new cookie`.
const USUAL: usize = 30;

/// A path's column grows in steps, so that the columns seldom move while lines come and go.
const STEP: usize = 8;

/// Minimum width for milliseconds in the time, and for the client's address.
const MILLIS: usize = 90;
const CLIENT: usize = 100;

/// The widths of a request's columns. Status and duration have always the same.
pub(super) struct Columns {
    /// All columns together.
    pub(super) all: usize,
    /// Whether the time has milliseconds.
    pub(super) millis: bool,
    /// 0 without a column for the client.
    pub(super) client: usize,
    pub(super) method: usize,
    pub(super) path: usize,
    /// The backend's name, without its letter.
    pub(super) name: usize,
    pub(super) reason: usize,
}

impl Columns {
    /// The widths for these lines in a pane that is `all` columns wide.
    pub(super) fn of<'e>(state: &State, events: impl Iterator<Item = &'e Event>, all: usize) -> Self {
        let requests =
            events.filter_map(|event| if let Event::Request(request) = event { Some(request) } else { None });
        let requests: Vec<&RequestEvent> = requests.collect();
        let millis = all >= MILLIS;
        let client = if all >= CLIENT { client(&requests) } else { 0 };
        let method = requests.iter().map(|request| request.method.shown().width()).max().unwrap_or(0).clamp(3, METHOD);
        // Of all backends, so that the column's width is the same for each of them.
        let names = state.snapshot.backends.iter().map(|backend| short_name(&backend.name, 0).shown().width());
        let name = names.max().unwrap_or(0).clamp(5, NAME).min((all / 8).max(8));
        let time = if millis { 12 } else { 8 };
        // With a space behind each; the name has its letter before it.
        let fixed =
            [time, client, method, 3, 6, name + 2].iter().filter(|width| **width > 0).map(|width| width + 1).sum();
        let rest = all.saturating_sub(fixed);
        let longest = requests.iter().map(|request| path(request).width()).max().unwrap_or(0);
        let wanted = longest.next_multiple_of(STEP).clamp(STEP, PATH);
        let reasons = requests.iter().map(|request| reason(request).width());
        let reason = reasons.max().unwrap_or(0).clamp(USUAL, REASON);
        // Two fifths at least, and all that the reasons leave.
        let room = rest.saturating_sub(reason + 1).max(rest * 2 / 5);
        let path = wanted.min(room);
        Columns { all, millis, client, method, path, name, reason: rest.saturating_sub(path + 1) }
    }
}

/// The client's column, if there is more to learn from it than that everything came from this machine.
fn client(requests: &[&RequestEvent]) -> usize {
    let clients = requests.iter().map(|request| request.ip.to_canonical());
    let is_news = |ip: &IpAddr| !ip.is_loopback();
    if !clients.clone().any(|ip| is_news(&ip)) {
        return 0;
    }
    clients.map(|ip| ip.to_string().len()).max().unwrap_or(0)
}
