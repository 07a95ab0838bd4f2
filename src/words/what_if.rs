//! `whatif`: what is to be different, and what each strategy would have done, as text.

use std::time::Duration;

use stickylb::api::{BackendId, MAX_WEIGHT, Snapshot, Spread, WhatIf, WhatIfOptions, WhatIfRow};
use stickylb::program::nearest;
use stickylb::untrusted::Untrusted;

use super::name::named;
use super::parse::weight;
use super::text_table::aligned;

/// How it is written.
pub(crate) const USAGE: &str = "whatif [without=BACKEND] [weight=BACKEND:N] [sticky=off] [pool=POOL]";

const KEYS: [&str; 4] = ["without", "weight", "sticky", "pool"];

/// What is to be different: `without=bravo weight=alpha:3 sticky=off pool=web`. Without a backend or a pool, `pool` is meant.
///
/// # Errors
/// A word is none of these, stands twice, or names what there is not; as one sentence.
pub(crate) fn what_if_options(given: &[&str], now: &Snapshot, pool: Option<&str>) -> Result<WhatIfOptions, String> {
    let mut options = WhatIfOptions::default();
    let mut seen = Vec::new();
    for word in given {
        let shown = Untrusted::new(*word);
        let (key, value) = word.split_once('=').ok_or_else(|| format!("'{shown}' is no setting: {USAGE}"))?;
        if seen.contains(&key) {
            return Err(format!("{key}= stands twice: what-if changes one at a time"));
        }
        seen.push(key);
        match key {
            "without" => options.without = Some(named(now, value)?.id),
            "weight" => options.weight = Some(weighed(now, value)?),
            "sticky" if value == "off" => options.sticky_off = true,
            "sticky" => return Err(format!("'{shown}' cannot be told: what-if knows sticky=off alone")),
            "pool" if now.pool(value).is_some() => options.pool = Some(value.to_owned()),
            "pool" => {
                let known: Vec<String> = now.pools.iter().map(|pool| pool.name.to_string()).collect();
                return Err(format!("there is no pool '{}': there is {}", Untrusted::new(value), known.join(", ")));
            }
            _ => return Err(format!("'{shown}' is no setting{}: {USAGE}", nearest(key, KEYS.into_iter()))),
        }
    }
    let backend = options.without.or(options.weight.map(|(id, _)| id));
    let of_backend = || now.backends.iter().find(|one| Some(one.id) == backend).map(|one| one.pool.raw().to_owned());
    options.pool = options.pool.or_else(of_backend).or_else(|| pool.map(str::to_owned));
    Ok(options)
}

fn weighed(now: &Snapshot, value: &str) -> Result<(BackendId, u32), String> {
    let (backend, number) = value.rsplit_once(':').ok_or_else(|| {
        format!(
            "'{}' is no backend with a weight: write weight=BACKEND:N, N from 0 to {MAX_WEIGHT}",
            Untrusted::new(value)
        )
    })?;
    Ok((named(now, backend)?.id, weight(number)?))
}

/// The text of `whatif`: how good the model is, then a row for each strategy.
pub(crate) fn what_if(told: &WhatIf, several: bool) -> String {
    let pool = if several { format!(" of {}", told.pool) } else { String::new() };
    let doubt = told.doubt.as_ref().map(ToString::to_string).unwrap_or_default();
    if told.rows.is_empty() {
        return format!("model{pool}: none yet: {doubt}\n");
    }
    let seconds = Duration::from_micros(told.micros).as_secs_f64();
    let head = format!("model{pool}: {}, {} requests in {seconds:.1} s\n", as_real(told.as_real), told.requests);
    let doubt = if doubt.is_empty() { doubt } else { format!("doubt: {doubt}\n") };
    let not_told = told.not_told.iter().map(|sentence| format!("not told: {sentence}\n"));
    head + &doubt + &table(told) + &not_told.collect::<String>()
}

fn table(told: &WhatIf) -> String {
    let mut rows = vec![titles(told)];
    rows.extend(told.rows.iter().map(cells));
    let current = told.rows.iter().find(|row| row.current);
    let really: Vec<String> = told.backends.iter().map(|backend| backend.real.to_string()).collect();
    // Where the row in use is what really happened, that says it.
    if current.is_some_and(|row| row.picks.iter().map(|picks| whole(*picks)).ne(really.iter().cloned())) {
        rows.push(["", "(really)"].map(str::to_owned).into_iter().chain(really).collect());
    }
    aligned(&rows)
}

fn titles(told: &WhatIf) -> Vec<String> {
    let names = told.backends.iter().map(|backend| backend.name.to_string());
    let figures = ["FAIRNESS", "MOST", "MEAN", "AS REAL", "MOVED"].map(str::to_owned);
    ["", "STRATEGY"].map(str::to_owned).into_iter().chain(names).chain(figures).collect()
}

fn cells(row: &WhatIfRow) -> Vec<String> {
    let mark = if row.current { "*" } else { "" };
    let figures = what_if_figures(row);
    let picks = row.picks.iter().map(|picks| whole(*picks));
    [mark, row.strategy.name()].map(str::to_owned).into_iter().chain(picks).chain(figures).collect()
}

/// Fairness, most and mean in flight, as real, and moved, of one row.
pub(crate) fn what_if_figures(row: &WhatIfRow) -> [String; 5] {
    [
        ranged(row.jain, |value| format!("{value:.3}"), ""),
        whole(row.most_in_flight),
        ranged(row.mean_in_flight, |value| format!("{value:.1}"), ""),
        ranged(row.as_real, percent, " %"),
        whole(row.moved),
    ]
}

/// A whole number, with its range where it has one.
pub(crate) fn whole(spread: Spread) -> String {
    ranged(spread, |value| format!("{value:.0}"), "")
}

/// `12`, or `12 (9–15)` where it is drawn; with its unit.
fn ranged(spread: Spread, of: fn(f64) -> String, unit: &str) -> String {
    let [low, median, high] = [spread.low, spread.median, spread.high].map(of);
    if low == high { format!("{median}{unit}") } else { format!("{median}{unit} ({low}–{high}{unit})") }
}

/// Never rounded up, so that 100 is all of them.
fn percent(share: f64) -> String {
    format!("{:.0}", (share * 100.0).floor())
}

/// `100 % as real`.
pub(crate) fn as_real(share: f64) -> String {
    format!("{} % as real", percent(share))
}

#[cfg(test)]
mod tests {
    use super::*;
    use stickylb::api::{BackendView, PoolView, Strategy, WhatIfBackend};

    fn snapshot() -> Snapshot {
        let mut snapshot = Snapshot::default();
        for (id, name, pool) in [(1, "alpha", "web"), (7, "bravo", "api")] {
            let mut backend = BackendView::default();
            (backend.id, backend.name, backend.pool) = (BackendId::new(id), name.into(), pool.into());
            snapshot.backends.push(backend);
            let mut view = PoolView::default();
            view.name = pool.into();
            snapshot.pools.push(view);
        }
        snapshot
    }

    fn options(line: &str) -> Result<WhatIfOptions, String> {
        what_if_options(&line.split_whitespace().collect::<Vec<_>>(), &snapshot(), None)
    }

    #[test]
    fn what_is_different_is_said_in_any_order_and_names_its_pool() {
        let told = options("sticky=off weight=7:3 without=web/alpha pool=web").expect("all of it is known");
        assert_eq!((told.sticky_off, told.weight, told.without), (true, Some((7.into(), 3)), Some(1.into())));
        assert_eq!(told.pool.as_deref(), Some("web"));
        assert_eq!(options("without=bravo").expect("a backend").pool.as_deref(), Some("api"));
        assert_eq!(options(""), Ok(WhatIfOptions::default()));
    }

    #[test]
    fn a_mistake_is_said_in_one_sentence() {
        for (line, trouble) in [
            ("without=9", "there is no backend '9': there is web/alpha (1), api/bravo (7)"),
            ("weight=alpha:1001", "'1001' is no weight: it is a whole number from 0 to 1000"),
            ("weight=alpha", "'alpha' is no backend with a weight: write weight=BACKEND:N, N from 0 to 1000"),
            ("sticky=ip", "'sticky=ip' cannot be told: what-if knows sticky=off alone"),
            ("pool=db", "there is no pool 'db': there is web, api"),
            ("without=1 without=7", "without= stands twice: what-if changes one at a time"),
        ] {
            assert_eq!(options(line), Err(trouble.to_owned()), "{line}");
        }
        assert!(
            options("witout=1").expect_err("a typo").starts_with("'witout=1' is no setting, did you mean 'without'?")
        );
        assert_eq!(options("hash"), Err(format!("'hash' is no setting: {USAGE}")));
    }

    #[test]
    fn ranges_stand_behind_what_is_drawn_and_a_star_before_what_is_in_use() {
        let spread = |low, median, high| {
            let mut spread = Spread::default();
            (spread.low, spread.median, spread.high) = (low, median, high);
            spread
        };
        let same = |value| spread(value, value, value);
        let mut told = WhatIf::default();
        (told.requests, told.micros, told.as_real) = (60, 2_500_000, 0.999);
        let mut alpha = WhatIfBackend::default();
        (alpha.name, alpha.real) = ("alpha".into(), 12);
        told.backends = vec![alpha];
        let mut row = WhatIfRow::default();
        (row.strategy, row.current, row.picks) = (Strategy::Random, false, vec![spread(9.0, 12.0, 15.0)]);
        (row.jain, row.as_real, row.moved) = (spread(0.9, 0.95, 1.0), same(0.5), same(3.0));
        let mut used = row.clone();
        (used.strategy, used.current, used.picks) = (Strategy::First, true, vec![same(12.0)]);
        (used.jain, used.as_real) = (same(1.0), same(0.999));
        told.rows = vec![used, row];
        told.not_told = vec!["latency".into()];
        let text = what_if(&told, false);
        let expected = "model: 99 % as real, 60 requests in 2.5 s\n\
                        \x20  STRATEGY  alpha      FAIRNESS             MOST  MEAN  AS REAL  MOVED\n\
                        *  first     12         1.000                0     0.0   99 %     3\n\
                        \x20  random    12 (9–15)  0.950 (0.900–1.000)  0     0.0   50 %     3\n\
                        not told: latency\n";
        assert_eq!(text, expected);
    }
}
