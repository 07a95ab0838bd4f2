//! Any document, its lists and keys shuffled in every answer: what each copy has for itself is found, and nothing else.

use proptest::prelude::*;
use serde_json::{Map, Value};

use super::noise::Draws;
use super::{copies, json, samples};
use crate::judge::{Judgement, judge};

fn document() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[a-z0-9 :./<&-]{0,12}".prop_map(Value::from),
    ];
    scalar.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map("k[a-z~/]{0,3}", inner, 0..5)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// The same document with lists and keys in another order.
fn shuffled(value: &Value, draws: &mut Draws) -> Value {
    match value {
        Value::Array(items) => {
            draws.shuffled(items).iter().map(|item| shuffled(item, draws)).collect::<Vec<Value>>().into()
        }
        Value::Object(fields) => {
            let fields: Vec<(&String, &Value)> = fields.iter().collect();
            let fields = draws.shuffled(&fields);
            Value::Object(
                fields.into_iter().map(|(key, value)| (key.clone(), shuffled(value, draws))).collect::<Map<_, _>>(),
            )
        }
        scalar => scalar.clone(),
    }
}

/// Puts a text in the place of the nth scalar, counted from the first and round again.
fn planted(value: &Value, nth: usize, text: &str) -> Value {
    fn put(value: &mut Value, left: &mut usize, text: &str) {
        match value {
            Value::Array(items) if !items.is_empty() => items.iter_mut().for_each(|item| put(item, left, text)),
            Value::Object(fields) if !fields.is_empty() => fields.values_mut().for_each(|item| put(item, left, text)),
            scalar => {
                if *left == 0 {
                    *scalar = text.into();
                }
                *left = left.wrapping_sub(1);
            }
        }
    }
    fn count(value: &Value) -> usize {
        match value {
            Value::Array(items) if !items.is_empty() => items.iter().map(count).sum(),
            Value::Object(fields) if !fields.is_empty() => fields.values().map(count).sum(),
            _ => 1,
        }
    }
    let mut left = nth % count(value);
    let mut value = value.clone();
    put(&mut value, &mut left, text);
    value
}

fn judged(seed: u64, answer: &dyn Fn(usize) -> Value) -> Judgement {
    let draws = std::cell::RefCell::new(Draws(seed));
    judge(&samples(6, &|copy, _, _| json(shuffled(&answer(copy), &mut draws.borrow_mut()).to_string())), &copies())
}

proptest! {
    #[test]
    fn a_document_in_another_order_is_the_same(document in document(), seed: u64) {
        let judgement = judged(seed, &|_| document.clone());
        let quiet = judgement.differences.is_empty() && judgement.counters.is_empty() && judgement.names_itself.is_empty();
        prop_assert!(quiet, "{judgement:#?}");
    }

    #[test]
    fn what_each_copy_has_for_itself_is_found_in_any_document(document in document(), nth: usize, seed: u64) {
        let judgement = judged(seed, &|copy| planted(&document, nth, ["in stock", "sold out"][copy]));
        prop_assert!(!judgement.differences.is_empty(), "{judgement:#?}");
        let elsewhere = judgement.differences.iter().find(|one| !one.values.iter().any(|value| value.contains("stock")));
        prop_assert!(elsewhere.is_none(), "{judgement:#?}");
    }
}
