//! Traffic that the balancer sends to itself.

use super::start::Balancer;
use super::traffic_run::Begun;
use crate::api::{CommandError, TrafficOptions};
use crate::traffic::{Run, drive};

impl Balancer {
    /// Begins to send traffic, or changes the way it is sent; says so.
    pub(super) fn traffic(&self, options: &TrafficOptions) -> Result<String, CommandError> {
        let cannot = |reason: String| CommandError::CannotSendTraffic { reason: reason.into() };
        // Options come as data as well, for which the same limits hold as for what is written.
        let options: TrafficOptions = options.to_string().parse().map_err(cannot)?;
        let run = || Run::new(&self.shared, self.phase.subscribe(), options.clone());
        let begun = self.traffic_run.begin(&options, run).map_err(cannot)?;
        let Begun::Anew { run, orders, ended } = begun else {
            let said = format!("traffic goes on: {options}");
            self.notice(said.clone());
            return Ok(said);
        };
        let said = format!("traffic begins{}: {options}", if ended.is_some() { " anew" } else { "" });
        for told in ended.into_iter().chain([said.clone()]) {
            self.notice(told);
        }
        self.spawn(drive(*run, orders));
        Ok(said)
    }

    /// Ends the traffic; says so.
    pub(super) fn traffic_off(&self) -> Result<String, CommandError> {
        let reason = "no traffic is sent: begin with traffic open rate=24".to_owned();
        let none = CommandError::CannotSendTraffic { reason: reason.into() };
        Ok(match self.traffic_run.off().ok_or(none)? {
            0 => "traffic ends".to_owned(),
            1 => "traffic ends when the request in flight has ended".to_owned(),
            in_flight => format!("traffic ends when the {in_flight} requests in flight have ended"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Options;
    use crate::api::Command;
    use crate::config::{BackendConfig, Config};

    #[tokio::test]
    async fn options_that_come_as_data_have_the_limits_of_those_that_are_written() {
        let address = "http://localhost:9".parse().expect("a URL");
        let mut config = Config::new(vec![BackendConfig::new(1, "alpha".to_owned(), address)]);
        config.listeners[0].port = 0;
        let options = Options { workers: Some(1), ..Options::default() };
        let engine = Balancer::start(config, options).await.expect("starts");
        let good = TrafficOptions::default;
        let mut split = good();
        split.mix[0].path = "/ HTTP/1.1\r\nX: ".to_owned();
        for (said, options) in [
            ("a rate is from 1 to 500", TrafficOptions { rate: 0, ..good() }),
            ("there are from 1 to 250 clients", TrafficOptions { clients: 0, ..good() }),
            ("is no part of a mix", TrafficOptions { mix: Vec::new(), ..good() }),
            ("is no part of a mix", split),
        ] {
            let refused = engine.command(Command::Traffic(options)).await.expect_err(said).to_string();
            assert!(refused.contains(said), "{refused}");
        }
        assert_eq!(engine.snapshot().traffic, None);
        engine.command(Command::Traffic(good())).await.expect("it can be sent");
        assert!(engine.snapshot().traffic.is_some_and(|view| view.on));
        engine.end_now();
        let refused = engine.command(Command::Traffic(TrafficOptions { seed: 8, ..good() })).await;
        assert_eq!(refused.expect_err("it stops").to_string(), "no traffic can be sent: the balancer stops");
    }
}
