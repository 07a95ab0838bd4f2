//! What each strategy would have done with the last requests of a pool: they are given to each strategy's own code again.
//!
//! What was chosen, and from what, is recorded in the pool (`balancer/recorder`). A [`Window`] is what of it can be chosen
//! again; a [`Model`] chooses again by one strategy, in the order in which it happened, over copies of the pool's backends.

mod clients;
mod load;
mod model;
mod told;
mod window;

use std::sync::Arc;

use model::{Draws, Model, Outcome};
use window::Window;

use crate::api::{Spread, Strategy, WhatIf, WhatIfBackend, WhatIfOptions, WhatIfRow};
use crate::balancer::{Pool, Recorded};
use crate::untrusted::Untrusted;

/// Requests without which nothing is told.
const LEAST: usize = 50;

/// Seeds that a strategy is tried with which draws.
const SEEDS: u32 = 200;

/// What each strategy would have done with what was recorded of this pool.
pub(crate) fn what_if(
    pool: &Arc<Pool>,
    name: &Untrusted<String>,
    recorded: Recorded,
    options: &WhatIfOptions,
) -> WhatIf {
    let window = Window::new(pool, recorded);
    let real = |id| window.requests.iter().filter(|request| request.to == id).count() as u64;
    let weight = |id, weight| options.weight.filter(|(of, _)| *of == id).map_or(weight, |(_, weight)| weight);
    let backends = pool.backends.iter().map(|backend| WhatIfBackend {
        id: backend.id(),
        name: backend.name().clone(),
        weight: weight(backend.id(), backend.weight.get()),
        real: real(backend.id()),
    });
    let told = WhatIf {
        pool: name.clone(),
        requests: window.requests.len() as u64,
        micros: window.micros(),
        backends: backends.collect(),
        not_told: told::not_told(&window, options),
        ..WhatIf::default()
    };
    if window.requests.len() < LEAST {
        return WhatIf { doubt: Some(told::too_few(&window, LEAST).into()), ..told };
    }
    let as_it_was = Model::new(pool, &window, pool.strategy, &WhatIfOptions::default()).run(&Draws::Recorded);
    let as_real = as_it_was.same(&window);
    let row = |strategy: &Strategy| row(pool, &window, *strategy, options);
    WhatIf {
        as_real,
        doubt: told::doubt(as_real, &window).map(Untrusted::new),
        rows: Strategy::ALL.iter().map(row).collect(),
        ..told
    }
}

fn row(pool: &Arc<Pool>, window: &Window, strategy: Strategy, options: &WhatIfOptions) -> WhatIfRow {
    let current = strategy == pool.strategy;
    let seeds = if !current && matches!(strategy, Strategy::Random | Strategy::PowerOfTwo) { SEEDS } else { 1 };
    let as_it_was = WhatIfOptions { pool: options.pool.clone(), ..WhatIfOptions::default() } == *options;
    let draws = |seed: u32| match (current, as_it_was) {
        (true, true) => Draws::Recorded,
        (true, false) => Draws::FromFirst,
        (false, _) => Draws::Seeded(u64::from(seed)),
    };
    let mut model = Model::new(pool, window, strategy, options);
    let outcomes: Vec<Outcome> = (1..=seeds).map(|seed| model.run(&draws(seed))).collect();
    let spread = |of: &dyn Fn(&Outcome) -> f64| spread(outcomes.iter().map(of).collect());
    WhatIfRow {
        strategy,
        current,
        seeds,
        picks: (0..pool.backends.len()).map(|index| spread(&|outcome| outcome.picks[index] as f64)).collect(),
        jain: spread(&|outcome| outcome.jain),
        most_in_flight: spread(&|outcome| f64::from(outcome.most)),
        mean_in_flight: spread(&|outcome| outcome.mean),
        as_real: spread(&|outcome| outcome.same(window)),
        moved: spread(&|outcome| outcome.moved as f64),
    }
}

/// Median, 5th and 95th percentile, by the nearest rank.
fn spread(mut values: Vec<f64>) -> Spread {
    values.sort_by(f64::total_cmp);
    let at = |percent: usize| {
        let rank = (values.len() * percent).div_ceil(100).max(1);
        values.get(rank - 1).copied().unwrap_or_default()
    };
    Spread { low: at(5), median: at(50), high: at(95) }
}

#[cfg(test)]
mod tests;
