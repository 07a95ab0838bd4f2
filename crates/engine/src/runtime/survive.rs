//! Finds out whether the app behind a pool survives more than one copy.

use std::sync::Arc;

use super::options::Options;
use super::start::Balancer;
use crate::api::{BackendId, CommandError, StickyBy, Strategy, SurviveOptions, SurviveReport};
use crate::balancer::Backend;
use crate::config::{AccessConfig, BackendConfig, Config, ListenerConfig, PoolConfig};
use crate::state::{CheckFunction, Checks};
use crate::survive::{Copies, Exclude, Lab, OpenLab, Opening, Order, Run};

impl Balancer {
    /// Begins to record, or to test what a HAR file holds; says so.
    pub(super) fn survive(&self, options: SurviveOptions) -> Result<String, CommandError> {
        let cannot = |reason: String| CommandError::CannotSurvive { reason: reason.into() };
        let copies = Arc::new(Copies::of(&self.shared, options.pool.as_deref()).map_err(cannot)?);
        let exclude = Exclude::new(&options.exclude).map_err(cannot)?;
        let orders = self.survive_run.begin()?;
        self.shared.survive.begin();
        let said = match &options.har {
            Some(_) => "survive reads the HAR file and tests what it holds",
            None => "survive records what passes until it is asked for its report",
        };
        let lab = Box::new(Beside { copies: Arc::clone(&copies), config: self.shared.topology.config() });
        let run = Run::new(copies, options, exclude, lab);
        self.spawn(run.run(orders, self.phase.subscribe()));
        Ok(said.to_owned())
    }

    /// Ends the recording and begins the tests; says so.
    pub(super) fn survive_test(&self) -> Result<String, CommandError> {
        self.survive_run.tell(Order::Test)?;
        Ok("survive tests what was recorded".to_owned())
    }

    /// Stops a run; says so.
    pub(super) fn survive_stop(&self) -> Result<String, CommandError> {
        self.survive_run.tell(Order::Stop)?;
        Ok("survive is stopped".to_owned())
    }

    /// What the last run has found.
    #[doc(hidden)]
    pub fn survive_report(&self) -> Option<Box<SurviveReport>> {
        self.shared.survive.report().map(Box::new)
    }
}

/// Opens balancers beside the user's own, over the same backends: what is sent through them passes all that a request passes,
/// and is in none of the user's figures, logs and sessions.
struct Beside {
    copies: Arc<Copies>,
    config: Arc<Config>,
}

impl OpenLab for Beside {
    fn open(&self, sticky: StickyBy, strategy: Strategy) -> Opening<'_> {
        Box::pin(async move {
            let config = self.config(sticky, strategy);
            let checks = Checks { all: Some(CheckFunction::new(|_| async { Ok(String::new()) })), ..Checks::default() };
            let options = Options { workers: Some(1), checks, quiet: true, ..Options::default() };
            let cannot = |error: &dyn std::fmt::Display| format!("no balancer for the tests can be started: {error}");
            let balancer = Balancer::start(config, options).await.map_err(|error| cannot(&error))?;
            balancer.serving().await;
            let mut addresses = balancer.addresses();
            let all = addresses.pop().ok_or_else(|| cannot(&"it has no listener"))?;
            Ok(Lab { copies: addresses, balanced: all, _serving: Box::new(balancer) })
        })
    }
}

impl Beside {
    /// A listener for each copy, and one for all of them.
    fn config(&self, sticky: StickyBy, strategy: Strategy) -> Config {
        let mut config = Config::clone(&self.config);
        let count = self.copies.each.len();
        let single = (0..count).map(|copy| PoolConfig {
            sticky: crate::config::StickyConfig { by: StickyBy::Off, ..Default::default() },
            ..PoolConfig::new(format!("copy-{copy}"), self.backends(copy..=copy, 0))
        });
        let mut sticky_config = self.copies.pool.config.load().sticky.clone();
        sticky_config.by = sticky;
        let balanced = PoolConfig {
            sticky: sticky_config,
            strategy,
            ..PoolConfig::new("balanced", self.backends(0..=count - 1, count))
        };
        config.pools = single.chain([balanced]).collect();
        // Apps do not send a cookie that is for https alone, or lead on to https, where they are told http.
        let stands_for_tls = self.copies.are_behind_tls();
        let listener =
            |pool: &PoolConfig| ListenerConfig { port: 0, stands_for_tls, ..ListenerConfig::new(&*pool.name) };
        config.listeners = config.pools.iter().map(listener).collect();
        // What a client is refused for is not what is tried, and a copy's answer is wanted from that copy alone.
        config.access = AccessConfig::default();
        (config.email, config.alerts, config.downgrade_to_user) = (None, Vec::new(), None);
        (config.retry.attempts, config.retry.statuses) = (1, Vec::new());
        config.hold = std::time::Duration::ZERO;
        config
    }

    /// Backends like these copies. Ids are one space over all pools: `first` is where these begin.
    fn backends(&self, copies: std::ops::RangeInclusive<usize>, first: usize) -> Vec<BackendConfig> {
        let backend = |(place, backend): (usize, &Arc<Backend>)| {
            let id = u32::try_from(first + place).unwrap_or(u32::MAX);
            let endpoint = &backend.endpoint;
            let name = backend.name().raw().to_owned();
            let mut config = BackendConfig::new(BackendId::new(id), name, endpoint.address.clone());
            config.tls = endpoint.tls.clone();
            config.proxy_protocol = endpoint.proxy_protocol;
            config.health.passive.failures = 0;
            config
        };
        let chosen = self.copies.each[copies.clone()].iter().enumerate();
        chosen.map(|(offset, one)| backend((copies.start() + offset, one))).collect()
    }
}
