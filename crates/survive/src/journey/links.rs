//! Which values of a request were given by which earlier answers.

use std::collections::{HashMap, HashSet};

use super::cookies;
use super::index::Index;
use super::limits::SHORTEST;
use super::origin::Origin;
use super::runs::Wanted;
use super::sealed::may_be_sealed;
use super::short_ids;
use super::slot::{self, Carried, Slot};
use super::url::Codec;
use crate::Exchange;
use crate::who::is_session_cookie;

/// A value that a request carries and an earlier answer gave.
#[derive(Clone, Debug)]
pub(super) struct Link {
    /// Where it is carried.
    pub(super) at: Carried,
    /// Where it was given: steps and places, in their order.
    pub(super) from: Vec<(usize, Origin)>,
}

/// A cookie that a request carries.
#[derive(Clone, Debug)]
pub(super) struct CookieLink {
    pub(super) name: String,
    pub(super) value: String,
    /// The latest step whose answer set it to this value; `None` where the client had it before.
    pub(super) from: Option<usize>,
    /// Whether most answers give it another value, so that it can be no session: the time of the last visit.
    pub(super) is_fleeting: bool,
}

/// What one step carries.
#[derive(Clone, Debug, Default)]
pub(super) struct Links {
    /// Ids, of which none is within another.
    pub(super) ids: Vec<Link>,
    /// Cookies, in their order.
    pub(super) cookies: Vec<CookieLink>,
    /// Cookies that its answer sets, the last of each name; `None` where it deletes one.
    pub(super) set: HashMap<String, Option<String>>,
}

impl Links {
    /// The steps whose answers gave what is carried.
    pub(super) fn steps(&self) -> impl Iterator<Item = usize> {
        let ids = self.ids.iter().flat_map(|link| link.from.iter().map(|(step, _)| *step));
        ids.chain(self.cookies.iter().filter(|cookie| !cookie.is_fleeting).filter_map(|cookie| cookie.from))
    }
}

/// No more ids of one request are followed.
const MOST: usize = 64;

/// The links of each step.
pub(super) fn links(steps: &[Exchange]) -> Vec<Links> {
    let carried: Vec<Vec<Carried>> = steps.iter().map(carried).collect();
    let wanted = Wanted::new(carried.iter().flatten().map(|one| one.value.as_str()));
    let (mut given, mut set) = (Index::default(), HashMap::<(String, String), usize>::new());
    // A value that a client used before an answer had it is the client's own, and what answers say of it an echo.
    let mut own: HashSet<&str> = HashSet::new();
    let mut short = Vec::new();
    let mut found = Vec::with_capacity(steps.len());
    for (step, (exchange, carried)) in steps.iter().zip(&carried).enumerate() {
        let mut links = Links::default();
        for cookie in cookies::carried(&exchange.request) {
            let from = set.get(&(cookie.name.to_owned(), cookie.value.to_owned())).copied();
            let (name, value) = (cookie.name.to_owned(), cookie.value.to_owned());
            links.cookies.push(CookieLink { name, value, from, is_fleeting: false });
        }
        for one in carried {
            let is_in_jar =
                matches!(one.slot, Slot::Cookie(_)) && set.contains_key(&(one.name.clone(), one.value.clone()));
            if is_in_jar || own.contains(one.value.as_str()) {
                continue;
            }
            let from = given.of(&one.value);
            if from.is_empty() {
                own.insert(&one.value);
            } else if links.ids.len() < MOST && !links.ids.iter().any(|other| overlaps(&other.at, one)) {
                links.ids.push(Link { at: one.clone(), from: from.to_vec() });
            }
        }
        if let Some((at, id)) = short_ids::carried(&exchange.request, &short)
            && !links.ids.iter().any(|other| overlaps(&other.at, &at))
        {
            links.ids.push(Link { at, from: vec![id.from()] });
        }
        short_ids::given(step, exchange, &mut short);
        given.add(step, &exchange.answer, &wanted);
        for cookie in cookies::set(&exchange.answer) {
            let value = (!cookie.deleted).then(|| cookie.value.to_owned());
            if let Some(value) = &value {
                set.insert((cookie.name.to_owned(), value.clone()), step);
            }
            links.set.insert(cookie.name.to_owned(), value);
        }
        found.push(links);
    }
    mark_fleeting(&mut found);
    found
}

/// Marks cookies that no session can be in: answers to at least half of the requests that carry them set another value, which
/// is not one that is sealed with the same content each time.
fn mark_fleeting(steps: &mut [Links]) {
    // How often each is carried, and set to something else there.
    let mut counts: HashMap<String, (usize, usize)> = HashMap::new();
    for step in &*steps {
        for cookie in &step.cookies {
            let count = counts.entry(cookie.name.clone()).or_default();
            count.0 += 1;
            let given = step.set.get(&cookie.name).and_then(Option::as_deref);
            count.1 += usize::from(given.is_some_and(|given| given != cookie.value && !may_be_sealed(given)));
        }
    }
    counts.retain(|name, (carried, changed)| *changed >= 2 && 2 * *changed >= *carried && !is_session_cookie(name));
    for cookie in steps.iter_mut().flat_map(|step| &mut step.cookies) {
        cookie.is_fleeting = counts.contains_key(&cookie.name);
    }
}

/// What a request carries, cookies among it that no answer need have set: a script may have put them there.
fn carried(step: &Exchange) -> Vec<Carried> {
    let mut found = slot::carried(&step.request, SHORTEST);
    for cookie in cookies::carried(&step.request).into_iter().filter(|cookie| cookie.value.len() >= SHORTEST) {
        found.push(Carried {
            slot: Slot::Cookie(cookie.field),
            span: cookie.span,
            codec: Codec::Raw,
            value: cookie.value.to_owned(),
            name: cookie.name.to_owned(),
        });
    }
    found
}

/// Whether two values share bytes of a request.
fn overlaps(one: &Carried, other: &Carried) -> bool {
    let same = match (&one.slot, &other.slot) {
        (Slot::Target(_), Slot::Target(_)) => true,
        (one, other) => one == other,
    };
    same && one.span.start < other.span.end && other.span.start < one.span.end
}
