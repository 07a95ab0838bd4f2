//! Small apps in several copies, a browser that records a journey on one of them, and runs that move between them.

mod apps;
mod bounds;
mod clients;
mod kinds;
mod noise;
mod replay;

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use super::{Halving, Journey, Learn, Loss, journeys, turns};
use crate::{Answer, End, Exchange, Fields, Request};

/// What a copy answers.
type App = fn(&mut Copy, &Request) -> Answer;

/// What a browser does.
type Script = fn(&mut Browser<'_>);

/// Numbers that look drawn.
#[derive(Clone, Debug)]
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed ^ (mixed >> 29)
    }

    fn id(&mut self) -> String {
        format!("{:016x}", self.next())
    }
}

/// What an app keeps: of its own in each copy, or shared by all.
#[derive(Debug, Default)]
struct Store {
    values: HashMap<String, String>,
    lists: HashMap<String, Vec<String>>,
}

/// One copy of an app.
struct Copy {
    random: Random,
    secret: u64,
    store: Rc<RefCell<Store>>,
    app: App,
}

impl Copy {
    fn get(&self, key: &str) -> Option<String> {
        self.store.borrow().values.get(key).cloned()
    }

    fn set(&self, key: &str, value: &str) {
        self.store.borrow_mut().values.insert(key.to_owned(), value.to_owned());
    }

    fn sign(&self, content: &str) -> String {
        let mut hash = self.secret;
        for byte in content.bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        format!("{hash:016x}{hash:016x}{:011x}", hash & 0xfff_ffff_ffff)
    }
}

fn answer(status: u16, fields: &[(&str, &str)], body: &str) -> Answer {
    let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
    Answer { status, fields: Fields(fields), body: body.as_bytes().to_vec(), end: End::Whole }
}

fn cookie(request: &Request, name: &str) -> Option<String> {
    let found = super::cookies::carried(request).into_iter().find(|one| one.name == name);
    found.map(|one| one.value.to_owned())
}

fn parameter(text: &str, name: &str) -> Option<String> {
    let pair = text.split('&').find_map(|pair| pair.split_once('=').filter(|(one, _)| *one == name));
    pair.map(|(_, value)| value.to_owned())
}

/// A browser: it keeps cookies, and records.
struct Browser<'w> {
    world: &'w mut World,
    jar: Vec<(String, String)>,
    recorded: Vec<Exchange>,
}

impl Browser<'_> {
    fn send(&mut self, method: &str, target: &str, fields: &[(&str, &str)], body: &str) -> Answer {
        let mut all: Vec<(String, Vec<u8>)> = vec![("Host".to_owned(), b"localhost".to_vec())];
        all.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())));
        if !self.jar.is_empty() {
            let jar: Vec<String> = self.jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
            all.push(("Cookie".to_owned(), jar.join("; ").into_bytes()));
        }
        let request = Request {
            method: method.to_owned(),
            target: target.to_owned(),
            fields: Fields(all),
            body: body.as_bytes().to_vec(),
            whole: true,
        };
        let answer = self.world.ask(0, &request);
        for set in super::cookies::set(&answer) {
            self.jar.retain(|(name, _)| name != set.name);
            if !set.deleted {
                self.jar.push((set.name.to_owned(), set.value.to_owned()));
            }
        }
        let place = self.recorded.len() as u64;
        self.recorded.push(Exchange {
            number: place + 1,
            connection: 1,
            copy: Some(0),
            at: Duration::from_millis(place),
            waited: Duration::ZERO,
            request,
            answer: answer.clone(),
        });
        answer
    }

    fn get(&mut self, target: &str) -> Answer {
        self.send("GET", target, &[], "")
    }

    fn post(&mut self, target: &str, body: &str) -> Answer {
        self.send("POST", target, &[("Content-Type", "application/x-www-form-urlencoded")], body)
    }
}

fn text(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}

/// An app in two copies.
struct World {
    copies: Vec<Copy>,
}

impl World {
    /// `mended` copies share what they keep, and their secret.
    fn new(app: App, mended: bool, seed: u64) -> Self {
        let shared = Rc::new(RefCell::new(Store::default()));
        let copy = |at: u64| Copy {
            random: Random(seed * 1000 + at),
            secret: if mended { 7 } else { 7 + at },
            store: if mended { Rc::clone(&shared) } else { Rc::default() },
            app,
        };
        World { copies: vec![copy(1), copy(2)] }
    }

    fn ask(&mut self, copy: usize, request: &Request) -> Answer {
        let copy = &mut self.copies[copy];
        let mut answer = (copy.app)(copy, request);
        let (date, id) = (copy.random.next() % 60, copy.random.id());
        answer.fields.0.push(("Date".to_owned(), format!("Sun, 29 Nov 2026 10:00:{date:02} GMT").into_bytes()));
        answer.fields.0.push(("X-Request-Id".to_owned(), id.into_bytes()));
        answer
    }

    fn record(&mut self, script: Script) -> Journey {
        let mut browser = Browser { world: self, jar: Vec::new(), recorded: Vec::new() };
        script(&mut browser);
        let recorded = browser.recorded;
        let mut found = journeys(&recorded);
        assert_eq!((found.kept.len(), &found.left_out), (1, &Vec::new()));
        found.kept.remove(0)
    }

    /// Sends a journey again as a new client; `None` from `to` leaves a step out.
    fn run(&mut self, journey: &Journey, to: impl Fn(usize) -> Option<usize>) -> Vec<Option<Answer>> {
        let mut so_far = Vec::new();
        for step in 0..journey.steps.len() {
            let answer = to(step).map(|copy| {
                let request = journey.request(step, &so_far);
                self.ask(copy, &request)
            });
            so_far.push(answer);
        }
        so_far
    }

    /// The losses of all ways to take turns, the binding step of the first, and what to learn against it.
    fn examine(&mut self, journey: &Journey) -> (Vec<Loss>, Option<usize>, Option<Learn>) {
        let steps = 0..journey.steps.len();
        let mut controls: Vec<_> = (0..2).map(|_| self.run(journey, |_| Some(0))).collect();
        let (mut all_moved, mut binding) = (Vec::new(), None);
        for turn in turns(steps.len()) {
            let moved: Vec<_> = (0..3).map(|_| self.run(journey, |step| Some(usize::from(turn[step])))).collect();
            // At once, before a run writes on both copies what a moved client misses.
            if let (None, Some(first)) = (binding, journey.losses(&controls, &moved).first()) {
                binding = self.binding(journey, &controls, first.step);
            }
            all_moved.push(moved);
        }
        // The other copy's control comes last: what it writes there would hide what a moved client misses.
        controls.push(self.run(journey, |_| Some(1)));
        for (step, control) in steps.flat_map(|step| controls.iter().map(move |run| (step, run))) {
            assert!(journey.reproduced(step, control), "step {step}: {:?}", control[step]);
        }
        assert!(all_moved.iter().all(|moved| journey.inconclusive(&controls, moved).is_none()));
        let found: Vec<Loss> = all_moved.iter().flat_map(|moved| journey.losses(&controls, moved)).collect();
        let learn = binding.and_then(|binding| journey.learn(binding, found.first()?.step));
        (found, binding, learn)
    }

    fn binding(&mut self, journey: &Journey, controls: &[Vec<Option<Answer>>], lost_at: usize) -> Option<usize> {
        let mut halving = Halving::new(lost_at);
        while let Some(at) = halving.next() {
            let moved = [self.run(journey, |step| Some(usize::from(step >= at)))];
            halving.moved(journey.losses(controls, &moved).iter().any(|loss| loss.step == lost_at));
        }
        halving.binding()
    }
}
