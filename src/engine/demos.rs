//! Demo backends, as the engine keeps them.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use super::command::CommandError;
use super::start::Engine;
use crate::balancer::{Backend, Verdict};
use crate::config::{Address, BackendConfig, Mode};
use crate::process::{self, DemoProcess};

/// A demo backend, running or not.
pub(super) struct Demo {
    number: usize,
    process: DemoProcess,
}

impl Engine {
    /// Starts one more; the receiver learns of its first check.
    pub(super) async fn spawn_demo(&self) -> Result<oneshot::Receiver<()>, CommandError> {
        let failed = |reason: String| CommandError::SpawnFailed { reason };
        let Some(program) = &self.demo_program else {
            return Err(failed("this program was embedded without one".to_owned()));
        };
        let _alone = self.starting.lock().await;
        // The first name and number that no backend has.
        let live = self.shared.pools.iter().find(|pool| pool.mode == Mode::Http);
        let live =
            live.ok_or_else(|| failed("demo backends speak HTTP, and every pool is behind a tcp listener".to_owned()))?;
        let backends = self.shared.backends();
        let taken = |name: &str| backends.iter().any(|b| b.name() == name);
        let number = (0..=backends.len()).find(|n| !taken(&process::name_of(*n))).unwrap_or(0);
        let name = process::name_of(number);
        let started = process::spawn(program, &name, number, 0).await.map_err(|e| failed(e.to_string()))?;
        let mut health = live.config.health.clone();
        "/health".clone_into(&mut health.path);
        // A workshop watches: what fails is seen, and back, within a second.
        health.interval = health.interval.min(Duration::from_secs(1));
        let id = (1..=u32::MAX).find(|id| backends.iter().all(|b| b.id() != *id)).unwrap_or(u32::MAX);
        let config = BackendConfig { health, ..BackendConfig::new(id, name, Address::local(started.port)) };
        let backend = Arc::new(Backend::new(&config, live.label.clone()));
        self.shared.add(live, Arc::clone(&backend));
        self.keep(&backend, number, started);
        Ok(self.watch(backend))
    }

    /// Starts one that is not running, on its old port.
    pub(super) async fn restart_demo(&self, id: u32) -> Result<(), CommandError> {
        let _alone = self.starting.lock().await;
        let backend = self.backend(id)?;
        let (number, port) = {
            let demos = self.demos();
            let Some(demo) = demos.get(&id) else {
                return Err(CommandError::NotSpawned { name: backend.name().to_owned() });
            };
            if self.shared.control().spawned.get(&id).is_some_and(Option::is_some) {
                return Err(CommandError::Running { name: backend.name().to_owned() });
            }
            (demo.number, demo.process.port)
        };
        let Some(program) = &self.demo_program else { return Ok(()) };
        let started = process::spawn(program, backend.name(), number, port)
            .await
            .map_err(|error| CommandError::SpawnFailed { reason: error.to_string() })?;
        self.keep(&backend, number, started);
        backend.recheck.notify_one();
        Ok(())
    }

    /// Kills one's process.
    pub(super) fn kill_demo(&self, id: u32) -> Result<(), CommandError> {
        let name = self.backend(id)?.name().to_owned();
        let killed = self.demos().get_mut(&id).map(|demo| demo.process.kill());
        match killed {
            None => Err(CommandError::NotSpawned { name }),
            Some(true) => Ok(()),
            Some(false) => Err(CommandError::NotRunning { name }),
        }
    }

    /// Notes a running process and watches for its end.
    fn keep(&self, backend: &Arc<Backend>, number: usize, mut process: DemoProcess) {
        self.shared.control().spawned.insert(backend.id(), Some(process.pid));
        let ended = process.ended.take();
        self.demos().insert(backend.id(), Demo { number, process });
        let (shared, backend) = (Arc::clone(&self.shared), Arc::clone(backend));
        self.spawn(async move {
            let Some(ended) = ended else { return };
            let how = ended.await.unwrap_or_else(|_| "its process was lost".to_owned());
            shared.control().spawned.insert(backend.id(), None);
            shared.set_verdict(&backend, Verdict::Unhealthy, &how);
        });
    }
}
