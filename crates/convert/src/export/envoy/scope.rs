//! What the parts of a listener need to know.

use stickylb::api::{Mode, ResolvedConfig, ResolvedListener, ResolvedPool};

use super::block::Anchors;

/// A listener, which number it is, and the configuration around it.
#[derive(Clone, Copy)]
pub(super) struct Listener<'c> {
    pub(super) config: &'c ResolvedConfig,
    pub(super) ours: &'c ResolvedListener,
    pub(super) number: usize,
    /// What was written for this one and those before it.
    pub(super) anchors: &'c Anchors,
}

impl<'c> Listener<'c> {
    /// The HTTP pools that it leads to.
    pub(super) fn pools(&self) -> impl Iterator<Item = &'c ResolvedPool> + use<'c> {
        let config: &'c ResolvedConfig = self.config;
        let routes = self.ours.routes.iter().map(|route| route.pool.as_str());
        let names = routes.chain(self.ours.pool.as_deref());
        names.filter_map(|name| super::pool(config, name)).filter(|pool| pool.mode == Mode::Http)
    }
}
