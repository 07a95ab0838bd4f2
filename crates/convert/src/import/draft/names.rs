//! Names and ids that are good here.

use serde_json::Value;
use std::collections::BTreeSet;

use super::{Pool, Sticky};
use crate::import::left_out::{LeftOut, shortened};

/// Characters that a pool's name may have.
const LONGEST: usize = 32;

/// Gives each pool a name that is good here: its own as far as possible.
pub(super) fn name_pools(pools: &mut [Pool], left_out: &mut LeftOut) {
    let mut taken = BTreeSet::new();
    for pool in pools {
        let name = free_name(&plain(&pool.name), &taken);
        if name != pool.name {
            left_out.say(pool.line, format!("{} is called '{name}' here", pool.called));
        }
        pool.name.clone_from(&name);
        taken.insert(name);
    }
}

/// Letters, digits, `-` and `_` of a name.
fn plain(name: &str) -> String {
    let kept = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
    let name: String = name.chars().map(kept).take(LONGEST).collect();
    let name = name.trim_matches('-');
    if name.is_empty() { "pool".to_owned() } else { name.to_owned() }
}

/// The name, or the first of `name-2`, `name-3` … that nobody has.
fn free_name(name: &str, taken: &BTreeSet<String>) -> String {
    let numbered = |number: usize| {
        let end = format!("-{number}");
        format!("{}{end}", &name[..name.len().min(LONGEST - end.len())])
    };
    let mut all = std::iter::once(name.to_owned()).chain((2..).map(numbered));
    all.find(|name| !taken.contains(name)).unwrap_or_else(|| name.to_owned())
}

/// Makes numbers of the words that cookies hold there, where they are some and nobody else's, and gives each pool a cookie of
/// its own. What is not kept is said.
pub(super) fn keep_cookies(pools: &mut [Pool], left_out: &mut LeftOut) {
    let mut cookies: BTreeSet<String> = BTreeSet::new();
    let mut ids: BTreeSet<u32> = BTreeSet::new();
    for pool in pools {
        let (own, called) = (format!("X-Backend-ID-{}", pool.name), pool.called.clone());
        let Sticky::Cookie(keys, line) = &mut pool.sticky else {
            for backend in pool.backends.iter().filter(|backend| backend.cookie.is_some()) {
                let word = shortened(backend.cookie.as_deref().unwrap_or_default());
                left_out.say(
                    backend.line,
                    format!("the cookie '{word}' is left out: clients of {called} get none that holds it"),
                );
            }
            continue;
        };
        let name = keys.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut lost = None;
        if !cookies.insert(name.clone()) {
            let why =
                format!("the cookie {} of {called} is called {own} here, for each pool has its own", shortened(&name));
            lost = Some(why);
            keys.insert("name".to_owned(), own.clone().into());
            cookies.insert(own);
        }
        for backend in &mut pool.backends {
            let Some(word) = &backend.cookie else {
                lost.get_or_insert_with(|| format!("a server of {called} has no cookie there, and every one has here"));
                continue;
            };
            match word.parse::<u32>().ok().filter(|id| id.to_string() == *word) {
                Some(id) if ids.insert(id) => {
                    backend.keys.insert("id".to_owned(), id.into());
                }
                Some(id) => {
                    lost.get_or_insert_with(|| format!("another server has the cookie {id} of {called}"));
                }
                None => {
                    let word = shortened(word);
                    lost.get_or_insert_with(|| {
                        format!("the cookies of {called} hold words such as '{word}', and numbers here")
                    });
                }
            }
        }
        if let Some(why) = lost {
            left_out.say(
                *line,
                format!("{why}: those given out until now are not good here, and clients choose once more"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_good_ones_and_none_is_given_twice() {
        let names = [
            "web",
            "my.app",
            "my app",
            "",
            "é",
            "a-name-of-more-than-thirty-two-letters",
            "a-name-of-more-than-thirty-two-l",
        ];
        let mut pools: Vec<Pool> = names
            .iter()
            .map(|name| Pool {
                name: (*name).to_owned(),
                called: format!("backend '{name}'"),
                line: 1,
                ..Pool::default()
            })
            .collect();
        let mut left_out = LeftOut::default();
        name_pools(&mut pools, &mut left_out);
        let found: Vec<&str> = pools.iter().map(|pool| pool.name.as_str()).collect();
        let expected = [
            "web",
            "my-app",
            "my-app-2",
            "pool",
            "pool-2",
            "a-name-of-more-than-thirty-two-l",
            "a-name-of-more-than-thirty-two-2",
        ];
        assert_eq!(found, expected);
        assert_eq!(left_out.sentences()[0], "line 1: backend 'my.app' is called 'my-app' here");
    }
}
