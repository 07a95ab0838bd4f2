//! Where the model's clients are bound: where the model put them first, not where they were bound in reality.

use std::collections::HashMap;

use super::window::Request;
use crate::api::BackendId;
use crate::balancer::{Affinity, Bound, Traits};

/// Whom a request comes from, as far as can be told: clients that are not surely one are told apart by the backend that they
/// were bound to.
type Client = (u64, Option<BackendId>);

/// The clients of one run.
pub(super) struct Clients {
    /// Nobody is bound to anything.
    sticky_off: bool,
    /// The backend that each is bound to in the model.
    bound: HashMap<Client, BackendId>,
    /// Whether the first request of each went where it really went.
    stayed: HashMap<Client, bool>,
}

impl Clients {
    pub(super) fn new(sticky_off: bool) -> Self {
        Clients { sticky_off, bound: HashMap::new(), stayed: HashMap::new() }
    }

    /// What binds a request's client in the model.
    pub(super) fn bound(&self, request: &Request) -> Bound {
        let asked = &request.asked;
        if self.sticky_off {
            return Bound { fingerprint: asked.address, ..Bound::default() };
        }
        let model = |id: BackendId| self.bound.get(&of(request, id)).copied().unwrap_or(id);
        let own = match asked.own {
            Affinity::Id(id) => Affinity::Id(model(id)),
            Affinity::Learned(id) => Affinity::Learned(model(id)),
            own @ (Affinity::Nobody | Affinity::Suited) => own,
        };
        let traits = match (own, &asked.traits) {
            (Affinity::Id(id), None) => Some(Box::new(Traits::of_mark(asked.client.hash, id))),
            (_, traits) => traits.clone(),
        };
        Bound { own, fingerprint: asked.fingerprint, traits, ..Bound::default() }
    }

    /// A request went there in the model, or nowhere.
    pub(super) fn went(&mut self, request: &Request, to: Option<BackendId>) {
        let asked = &request.asked;
        let was = match asked.own {
            Affinity::Id(id) | Affinity::Learned(id) => id,
            Affinity::Nobody | Affinity::Suited => request.to,
        };
        let is_by_key = self.sticky_off || asked.own == Affinity::Suited;
        let client = if is_by_key { (asked.client.hash, None) } else { of(request, was) };
        self.stayed.entry(client).or_insert(to == Some(request.to));
        let (Some(to), false) = (to, is_by_key) else { return };
        if asked.client.is_sure || asked.own != Affinity::Nobody {
            self.bound.insert(client, to);
        }
        // By the cookie that it really got it comes again.
        self.bound.entry(of(request, request.to)).or_insert(to);
    }

    /// Clients whose first request went elsewhere than it really went.
    pub(super) fn moved(&self) -> u64 {
        self.stayed.values().filter(|stayed| !**stayed).count() as u64
    }
}

/// The client of a request that is bound to this backend in reality.
fn of(request: &Request, id: BackendId) -> Client {
    let client = request.asked.client;
    (client.hash, Some(id).filter(|_| !client.is_sure))
}
