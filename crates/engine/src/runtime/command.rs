//! Carries out commands, and says what each did.

use std::sync::Arc;

use super::history::{in_words, step};
use super::start::Balancer;
use crate::api::{About, BackendId, Command, CommandError, Done, Intent};
use crate::config::MAX_WEIGHT;
use crate::state::LivePool;

impl Balancer {
    /// Runs a command, and says what it did. Checks and rolling restarts continue after it has returned.
    ///
    /// # Errors
    /// See [`CommandError`]; nothing has changed then.
    pub async fn command(&self, command: Command) -> Result<Done, CommandError> {
        if command == Command::Undo {
            return self.undo().await;
        }
        let before = self.snapshot();
        let said = self.carry_out(command.clone()).await?;
        // What a rolling restart wants of a backend is not what a person wanted before.
        if !(self.processes.is_rolling() && matches!(command, Command::SetIntent { .. })) {
            self.history.note(step(&before, &self.snapshot(), &command));
        }
        Ok(Done::new(said))
    }

    async fn carry_out(&self, command: Command) -> Result<String, CommandError> {
        match command {
            Command::SetIntent { id, intent } => self.set_intent(id, intent),
            Command::SetWeight { weight, .. } if weight > MAX_WEIGHT => Err(CommandError::BadWeight),
            Command::SetWeight { id, weight } => self.set_weight(id, weight),
            Command::SetStrategy { pool, strategy } => {
                let pools = self.pools(pool.as_deref())?;
                for pool in &pools {
                    self.shared.registry.change_pool(pool, |value| value.with_strategy(strategy));
                }
                Ok(format!("the strategy{} is {strategy}", of_pools(&pools)))
            }
            Command::SetSticky { pool, by } => {
                let mut pools = self.pools(pool.as_deref())?;
                pools.retain(|pool| pool.can_stick_by(&by));
                if pools.is_empty() {
                    return Err(CommandError::CannotStick { by });
                }
                for pool in &pools {
                    self.shared.registry.change_pool(pool, |value| value.with_sticky(pool.sticky_by(&by)));
                }
                self.shared.telemetry.is_well(About::Sticky);
                Ok(format!("stickiness{} is {}", of_pools(&pools), by.in_words()))
            }
            Command::Baseline => {
                self.shared.registry.set_baseline();
                let said = "fairness is counted from now on".to_owned();
                self.notice(said.clone());
                Ok(said)
            }
            Command::CheckNow { id } => {
                let backend = self.backend(id)?;
                backend.signals.check_now.notify_one();
                Ok(format!("{} is being checked", backend.name().raw()))
            }
            Command::SpawnDemo => {
                let added = self.processes.add_demo().await?;
                let (name, address) = (added.0.name().raw(), added.0.endpoint.address.short());
                let said = format!("demo backend {name} is started: {address}");
                drop(self.keep(added));
                Ok(said)
            }
            Command::Restart { id } => self.restart(id).await,
            Command::Kill { id } => {
                let backend = self.backend(id)?;
                self.processes.kill(&backend).await?;
                Ok(format!("{} is killed; restart starts it again", backend.name().raw()))
            }
            Command::RestartAll => {
                self.roll(None)?;
                Ok("the rolling restart has begun: the log says how it goes".to_owned())
            }
            Command::Reload => self.reload_from_source().await.map(str::to_owned),
            Command::SetAlert { when } => self.set_alert(when.as_deref()),
            Command::KeepBodies { on } => self.keep_bodies(on),
            Command::Survive(options) => self.survive(options),
            Command::SurviveReport => self.survive_test(),
            Command::SurviveStop => self.survive_stop(),
            Command::Traffic(options) => self.traffic(&options),
            Command::TrafficOff => self.traffic_off(),
            Command::SetChaos { id, chaos } => self.set_chaos(id, chaos),
            Command::ChaosOff { id } => self.chaos_off(id),
            Command::Undo => Err(CommandError::NothingToUndo),
        }
    }

    fn set_intent(&self, id: BackendId, intent: Intent) -> Result<String, CommandError> {
        let backend = self.backend(id)?;
        self.shared.registry.set_intent(&backend, intent);
        let what = match intent {
            Intent::InService => "in service",
            Intent::Drain => "draining",
            Intent::Maint => "taken out",
        };
        Ok(format!("{} is {what}", backend.name().raw()))
    }

    fn set_weight(&self, id: BackendId, weight: u32) -> Result<String, CommandError> {
        let (pool, backend) = self.shared.topology.load().find(id).ok_or(CommandError::UnknownBackend { id })?;
        self.shared.registry.change_pool(&pool, |value| {
            backend.weight.set(weight);
            value.refreshed()
        });
        Ok(format!("{} has the weight {weight}", backend.name().raw()))
    }

    /// Starts a process that has ended; one that runs is restarted when its clients have moved.
    async fn restart(&self, id: BackendId) -> Result<String, CommandError> {
        let backend = self.backend(id)?;
        let name = backend.name().raw();
        match self.processes.start_again(&backend).await {
            Ok(()) => Ok(format!("{name} is started again")),
            Err(CommandError::Running { .. }) => {
                self.roll(Some(id))?;
                Ok(format!("{name} is restarted when its clients have moved: the log says how it goes"))
            }
            Err(error) => Err(error),
        }
    }

    /// Begins a rolling restart, of this backend's process alone or of all. It runs as a task, so that it finishes even if
    /// the caller goes away and leaves no backend taken out.
    fn roll(&self, only: Option<BackendId>) -> Result<(), CommandError> {
        let mut ids = self.processes.begin_rolling()?;
        ids.retain(|id| only.is_none_or(|only| *id == only));
        let processes = Arc::clone(&self.processes);
        self.spawn(async move { processes.restart_all(ids).await });
        Ok(())
    }

    async fn undo(&self) -> Result<Done, CommandError> {
        let now = self.snapshot();
        let (step, more) = self.history.take(&now).ok_or(CommandError::NothingToUndo)?;
        let mut done = Done::new(format!("undone: {}", in_words(&step, &now)));
        done.more = Some(more);
        for changed in step {
            self.carry_out(changed.back).await?;
        }
        Ok(done)
    }
}

/// ` of web, api`; empty if there is only one pool.
fn of_pools(pools: &[Arc<LivePool>]) -> String {
    let names: Vec<String> = pools.iter().filter_map(|pool| Some(pool.label.as_ref()?.to_string())).collect();
    if names.is_empty() { String::new() } else { format!(" of {}", names.join(", ")) }
}
