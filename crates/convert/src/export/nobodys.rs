//! What no engine does, whatever the configuration is.

use stickylb::api::ResolvedConfig;

use super::engine::Engine;
use super::feature::Feature;
use super::writer::Writer;

/// Says it at the end of the file, since it has no place in any.
pub(super) fn say(config: &ResolvedConfig, engine: Engine, to: &mut Writer) {
    let name = engine.name();
    if config.sends_mail {
        to.cannot(Feature::Mail, format!("email: {name} sends no mail, nobody is told when a backend is DOWN"));
    }
    if config.alerts > 0 {
        to.cannot(Feature::Alerts, format!("alerts: {name} watches no thresholds, another program has to"));
    }
}
