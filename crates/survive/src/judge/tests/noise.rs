//! An app with every noise there is: nothing is told of it, and what is planted in it is.

use std::time::Duration;

use super::{answer, html, json, with};
use crate::Answer;
use crate::judge::{CopyNames, Judgement, Sample, judge};

/// Numbers that are the same in every run.
#[derive(Clone)]
pub(super) struct Draws(pub(super) u64);

impl Draws {
    pub(super) fn next(&mut self) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    pub(super) fn below(&mut self, most: u64) -> u64 {
        self.next() % most
    }

    fn of<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts[usize::try_from(self.below(texts.len() as u64)).unwrap()]
    }

    pub(super) fn shuffled<T: Clone>(&mut self, items: &[T]) -> Vec<T> {
        let mut items = items.to_vec();
        for at in (1..items.len()).rev() {
            items.swap(at, usize::try_from(self.below(at as u64 + 1)).unwrap());
        }
        items
    }

    fn uuid(&mut self) -> String {
        let (a, b) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
            a >> 32,
            a >> 16 & 0xffff,
            a & 0xfff,
            b >> 52,
            b & 0xffff_ffff_ffff
        )
    }
}

/// One request as an app sees it.
struct Asked {
    copy: usize,
    /// How many requests this copy has had, and all.
    own: u64,
    all: u64,
    /// Milliseconds since the first copy began; the others began later.
    now: u64,
    began: u64,
    draws: Draws,
}

/// Places that vary, each under a name: what a page shows of the moment, and of chance.
fn noises(asked: &mut Asked) -> Vec<(&'static str, String)> {
    let (now, up) = (1_790_000_000_000 + asked.now, asked.now - asked.began);
    let clock = |ms: u64| {
        format!("2026-11-29T{:02}:{:02}:{:02}.{:03}Z", ms / 3_600_000 % 24, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000)
    };
    let all = asked.all;
    let draws = &mut asked.draws;
    vec![
        ("now", clock(now)),
        ("today", clock(now)[..10].to_owned()),
        ("second", clock(now)[11..19].to_owned()),
        ("epoch", now.to_string()),
        ("epochSeconds", (now / 1000).to_string()),
        ("resetAt", (now / 1000 + 60).to_string()),
        ("alive", (up / 1000).to_string()),
        ("aliveMs", up.to_string()),
        ("aliveText", format!("running for {}m {}s {}ms", up / 60_000, up / 1000 % 60, up % 1000)),
        ("uptimeHours", format!("{}.{:02}", up / 100, up / 10 % 100)),
        ("requestId", draws.uuid()),
        ("random", draws.next().to_string()),
        ("coin", draws.of(&["heads", "tails"]).to_owned()),
        ("dice", (1 + draws.below(6)).to_string()),
        ("rare", u64::from(draws.below(10) == 0).to_string()),
        ("quote", draws.of(&["to be or not", "all is well here", "no pain no gain", "so far so good"]).to_owned()),
        (
            "greeting",
            format!("{} {}", draws.of(&["Hello", "Hi there", "Welcome"]), draws.of(&["you", "friend", "all of you"])),
        ),
        ("visits", (4000 + all).to_string()),
        ("visitsOfOthersToo", (4000 + all * 2 + draws.below(2)).to_string()),
        ("queue", draws.below(3).to_string()),
        ("heapUsed", (40_000_000 + draws.below(900_000)).to_string()),
        ("took", format!("{}ms", 1 + draws.below(3))),
        ("token", format!("{:016x}{:016x}", draws.next(), draws.next())),
        ("base64", format!("{:x}/{:x}+{:x}=", draws.next(), draws.next(), draws.next())),
        ("words", vec!["lorem"; usize::try_from(1 + draws.below(4)).unwrap()].join(" ")),
    ]
}

fn page(asked: &mut Asked, planted: &str) -> Answer {
    let rows: Vec<String> =
        noises(asked).into_iter().map(|(name, value)| format!("<tr><td>{name}<td>{value}</tr>")).collect();
    let draws = &mut asked.draws;
    let flash = if draws.below(2) == 0 { "<p class=flash>Saved</p>" } else { "" };
    let ad = draws.of(&["<img src=/ad/1.png>", "<iframe src=/ad/2></iframe>", "<video src=/ad/3></video>"]).to_owned();
    let tags = draws.shuffled(&["<li>red", "<li>green", "<li>blue"]).concat();
    let products: Vec<String> = draws.shuffled(&[1, 2, 3, 4, 5, 6, 7])[..3]
        .iter()
        .map(|n| format!("<li><a href=/p/{n}>Product {n}</a>"))
        .collect();
    let comments = "<p>A comment</p>".repeat(usize::try_from(draws.below(4)).unwrap());
    let nonce = draws.uuid();
    let token = draws.uuid();
    html(format!(
        "<!doctype html><!-- {} --><html><head><title>Shop</title><script nonce={nonce}>var t = {};</script></head><body>{flash}<h1>Shop</h1>\
         <div>{ad}</div><ul>{tags}</ul><ol>{}</ol>{comments}<section>{planted}</section><form><input name=_csrf value={token}></form>\
         <table>{}</table></body></html>",
        asked.copy,
        asked.now,
        products.concat(),
        rows.concat()
    ))
}

fn data(asked: &mut Asked, planted: &str) -> Answer {
    let noises = noises(asked);
    let draws = &mut asked.draws;
    let quoted = |value: &str| if value.parse::<u64>().is_ok() { value.to_owned() } else { format!("{value:?}") };
    let mut fields: Vec<String> = noises.iter().map(|(name, value)| format!("{name:?}:{}", quoted(value))).collect();
    let rows: Vec<String> =
        noises.iter().map(|(name, value)| format!("{{\"name\":{name:?},\"value\":{}}}", quoted(value))).collect();
    let items: Vec<String> =
        (1..5).map(|n| format!("{{\"id\":{n},\"price\":{},\"seen\":{}}}", n * 3, asked.now)).collect();
    fields.push(format!("\"rows\":[{}]", rows.join(",")));
    fields.push(format!("\"shuffledRows\":[{}]", draws.shuffled(&rows).join(",")));
    fields.push(format!("\"items\":[{}]", draws.shuffled(&items).join(",")));
    fields.push(format!("\"pair\":[{}]", draws.shuffled(&["1", "2"]).join(",")));
    fields.push(format!("\"some\":[{}]", draws.shuffled(&["1", "2", "3", "4"])[..2].join(",")));
    let recent = usize::try_from(draws.below(4)).unwrap();
    fields.push(format!("\"recent\":[{}]", vec!["{\"who\":\"a\"}"; recent].join(",")));
    if draws.below(2) == 0 {
        fields.push("\"promo\":{\"text\":\"10 % off\",\"until\":3}".to_owned());
    }
    fields.push(format!("\"by{}\":1", draws.below(1000)));
    fields.push(format!("\"data\":{planted}"));
    json(format!("{{{}}}", draws.shuffled(&fields).join(",")))
}

fn lines(asked: &mut Asked, planted: &str) -> Answer {
    let lines: Vec<String> = noises(asked).into_iter().map(|(name, value)| format!("{name}: {value}")).collect();
    answer("text/plain", format!("{}\n{planted}\n", lines.join("\n")))
}

/// A form of the app, and what is planted in it of a text.
type Form = (fn(&mut Asked, &str) -> Answer, fn(&str) -> String);

const FORMS: [Form; 3] = [
    (page, |text| format!("<p class=stock>In stock: {text}</p>")),
    (data, |text| format!("{{\"stock\":{text:?}}}")),
    (lines, |text| format!("In stock: {text}")),
];

/// Asks as a run does: six of each copy, and once as many again after a while where that is asked for.
fn asked(seed: u64, copies: usize, form: Form, text: &dyn Fn(usize, u64, u64) -> String) -> Judgement {
    let mut draws = Draws(seed);
    let names: Vec<CopyNames> = (0..copies)
        .map(|copy| CopyNames {
            name: format!("app-{}", copy + 1),
            port: Some(5001 + u16::try_from(copy).unwrap()),
            pid: Some(4711),
            instance: Some(copy),
        })
        .collect();
    let began: Vec<u64> = (0..copies).map(|_| draws.below(3000)).collect();
    let (mut own, mut now, mut samples) = (vec![0; copies], 4000 + draws.below(100_000), Vec::new());
    let mut judgement = Judgement::default();
    for round in 0..2 {
        now += round * 1300;
        for copy in (0..3).flat_map(|_| (0..copies).chain((0..copies).rev())) {
            now += 2 + draws.below(39);
            own[copy] += 1;
            let all = samples.len() as u64 + 1;
            let mut asked = Asked { copy, own: own[copy], all, now, began: began[copy], draws: Draws(draws.next()) };
            let planted = form.1(&text(copy, asked.own, asked.all));
            let mut answer = form.0(&mut asked, &planted);
            let request_id = asked.draws.uuid();
            answer = with(answer, "X-Request-Id", &request_id);
            answer = with(
                answer,
                "Set-Cookie",
                &format!(
                    "sid={}; Path=/; HttpOnly; Expires=Sun, 29 Nov 2026 10:31:{:02} GMT",
                    asked.draws.uuid(),
                    now / 1000 % 60
                ),
            );
            answer = with(answer, "ETag", &format!("\"{copy}-{}\"", asked.draws.next()));
            answer = with(answer, "X-RateLimit-Remaining", &(1000 - all).to_string());
            answer = with(answer, "X-RateLimit-Reset", &(now / 1000 + 60).to_string());
            samples.push(Sample { copy, at: Duration::from_millis(now), answer });
        }
        judgement = judge(&samples, &names);
        if !judgement.needs_more {
            break;
        }
    }
    judgement
}

#[test]
fn dates_ids_draws_and_shuffled_lists_are_never_a_finding() {
    let mut wrong = Vec::new();
    for seed in 0..seeds() {
        for (nth, form) in FORMS.into_iter().enumerate() {
            let copies = 2 + usize::try_from(seed % 2).unwrap();
            let judgement = asked(seed * 3 + nth as u64, copies, form, &|_, _, _| "9 left".to_owned());
            let quiet = judgement.differences.is_empty()
                && judgement.counters.is_empty()
                && judgement.names_itself.is_empty()
                && judgement.inconclusive.is_none();
            if !quiet {
                wrong.push(format!("seed {seed}, form {nth}: {judgement:#?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong: {}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_value_that_each_copy_keeps_to_itself_is_found_among_all_noise() {
    for seed in 0..seeds() {
        for (nth, form) in FORMS.into_iter().enumerate() {
            let copies = 2 + usize::try_from(seed % 2).unwrap();
            let judgement = asked(seed * 3 + nth as u64, copies, form, &|copy, _, _| format!("{} left", 9 * copy));
            assert_eq!(judgement.differences.len(), 1, "seed {seed}, form {nth}: {judgement:#?}");
            assert!(judgement.counters.is_empty(), "seed {seed}, form {nth}: {judgement:#?}");
        }
    }
}

#[test]
fn a_counter_of_each_copy_is_found_among_all_noise_and_a_shared_one_is_none() {
    for seed in 0..seeds() {
        for (nth, form) in FORMS.into_iter().enumerate() {
            let copies = 2 + usize::try_from(seed % 2).unwrap();
            let counter = asked(seed * 3 + nth as u64, copies, form, &|_, own, _| format!("visit {own} of many"));
            assert_eq!(counter.counters.len(), 1, "seed {seed}, form {nth}: {counter:#?}");
            assert!(counter.differences.is_empty(), "seed {seed}, form {nth}: {counter:#?}");
            let shared = asked(seed * 3 + nth as u64, copies, form, &|_, _, all| format!("visit {all} of many"));
            assert!(
                shared.counters.is_empty() && shared.differences.is_empty(),
                "seed {seed}, form {nth}: {shared:#?}"
            );
        }
    }
}

/// How many apps each test makes; more by hand, with `SEEDS`.
fn seeds() -> u64 {
    std::env::var("SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(24)
}
