//! The table of what each engine can do is true of what is written.

use stickylb_convert::{Engine, Feature, NginxVersion, Support};

use crate::corpus::{exported, row, targets};

/// The name of the file that has this row alone: `SlowStart` is `slow-start`.
fn file(feature: Feature) -> String {
    let mut name = String::new();
    for c in format!("{feature:?}").chars() {
        if c.is_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.push(c.to_ascii_lowercase());
    }
    name
}

#[test]
fn what_an_engine_cannot_do_is_said_where_it_is_asked_for_and_nowhere_else() {
    let mut wrong = Vec::new();
    for to in targets() {
        for feature in Feature::ALL {
            let case = row(&file(*feature));
            let told = exported(&case, to.target).cannot.iter().any(|cannot| cannot.feature == *feature);
            let support = to.target.engine.support(*feature, to.target.nginx_version);
            let is_whole = matches!(support, Support::Whole(_));
            if told == is_whole {
                wrong.push(format!(
                    "{}: {feature:?} is {support:?}, and it is {} said",
                    to.folder,
                    if told { "" } else { "not" }
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn mail_and_alerts_are_nobodys() {
    for engine in Engine::ALL {
        for feature in [Feature::Mail, Feature::Alerts] {
            assert_eq!(engine.support(feature, NginxVersion::default()), Support::Not, "{engine:?}");
        }
    }
}
