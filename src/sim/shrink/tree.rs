//! A scenario as a tree of values: what in it can be made smaller, whatever fields it has or will have.
//!
//! A node is named by its JSON pointer, `/faults/3/at`. What a smaller tree must be to be a scenario is for
//! [`Scenario::wrong`] to say; where it complains about an item of a list, [`tidy`] takes that item out.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::sim::scenario::Scenario;
use crate::spec::format::Span;

/// Nodes that say how to run and not what happens, or whose least value is not the simplest one.
const KEPT: &[&str] = &[
    "/format",
    "/title",
    "/written_by",
    "/seed",
    "/expect",
    "/swarm",
    "/world/profile",
    "/world/tick",
    "/world/heartbeat",
    "/world/send_queue",
];

/// The least value of numbers whose least one is not 0.
const LEAST: &[(&str, u64)] = &[("room", 7000)];

/// Numbers that are drawn from a wide range and stand for nothing: only a few small ones are worth a try.
const DRAWN: &[&str] = &["pick"];

/// The scenario as a tree.
#[must_use]
pub fn value_of(scenario: &Scenario) -> Value {
    serde_json::to_value(scenario).unwrap_or_default()
}

/// The tree as a scenario, if it is one in form. Whether it can be is another question.
#[must_use]
pub fn scenario_of(value: &Value) -> Option<Scenario> {
    serde_json::from_value(value.clone()).ok()
}

/// The tree as a scenario that can be run.
#[must_use]
pub fn possible(value: &Value) -> Option<Scenario> {
    scenario_of(value).filter(|s| s.wrong().is_none())
}

/// The tree as a scenario that can be run, without the items of lists that name what is gone or come too late.
#[must_use]
pub fn tidy(mut value: Value) -> Option<Scenario> {
    loop {
        let scenario = scenario_of(&value)?;
        let Some((path, _)) = scenario.wrong() else { return Some(scenario) };
        let (list, rest) = path.rsplit_once('[')?;
        let item: usize = rest.split(']').next()?.parse().ok()?;
        let pointer = format!("/{}", list.replace(['.', '['], "/").replace(']', ""));
        let items = value.pointer_mut(&pointer)?.as_array_mut()?;
        if item >= items.len() {
            return None;
        }
        items.remove(item);
    }
}

/// The tree with another node at this place.
#[must_use]
pub fn with(value: &Value, pointer: &str, node: Value) -> Value {
    let mut value = value.clone();
    if let Some(place) = value.pointer_mut(pointer) {
        *place = node;
    }
    value
}

/// The tree without this node of a map.
#[must_use]
pub fn without(value: &Value, pointer: &str) -> Option<Value> {
    let mut value = value.clone();
    let (map, key) = pointer.rsplit_once('/')?;
    value.pointer_mut(map)?.as_object_mut()?.shift_remove(key)?;
    Some(value)
}

/// All nodes below the root that may be made smaller, each before those inside it.
#[must_use]
pub fn nodes(value: &Value) -> Vec<(String, &Value)> {
    let mut all = Vec::new();
    collect(value, String::new(), &mut all);
    all
}

fn collect<'v>(value: &'v Value, at: String, all: &mut Vec<(String, &'v Value)>) {
    if KEPT.contains(&at.as_str()) {
        return;
    }
    if !at.is_empty() {
        all.push((at.clone(), value));
    }
    match value {
        Value::Object(map) => {
            map.iter()
                .for_each(|(key, v)| collect(v, format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), all));
        }
        Value::Array(items) => items.iter().enumerate().for_each(|(i, v)| collect(v, format!("{at}/{i}"), all)),
        _ => {}
    }
}

/// The name of a node in the map that it is in.
fn key_of(pointer: &str) -> &str {
    pointer.rsplit('/').find(|part| part.parse::<usize>().is_err()).unwrap_or_default()
}

/// Smaller values for the leaf at this place, the smallest first; none for what is no number, span or boolean.
#[must_use]
pub fn smaller(pointer: &str, leaf: &Value) -> Vec<Value> {
    let key = key_of(pointer);
    match leaf {
        Value::Bool(true) => vec![false.into()],
        Value::Number(n) => {
            let least = LEAST.iter().find(|(name, _)| *name == key).map_or(0, |(_, least)| *least);
            let smaller = smaller_numbers(n.as_u64().unwrap_or_default(), least);
            let few = |n: &u64| !DRAWN.contains(&key) || *n < 3;
            smaller.into_iter().filter(few).map(Value::from).collect()
        }
        Value::String(text) => match Span::parse(text) {
            Ok(span) => smaller_spans(span).into_iter().map(|s| s.to_string().into()).collect(),
            Err(_) => vec![],
        },
        _ => vec![],
    }
}

/// The least numbers, and steps of bisection on the way to `n`.
fn smaller_numbers(n: u64, least: u64) -> Vec<u64> {
    let Some(over) = n.checked_sub(least) else { return vec![] };
    let mut all = vec![0, 1, 2, over / 8, over / 4, over / 2, over - over / 4, over.saturating_sub(1)];
    if over > 16 {
        all.pop();
    }
    all.sort_unstable();
    all.dedup();
    all.into_iter().filter(|o| *o < over).map(|o| least + o).collect()
}

/// Nothing, and round spans on the way to `span`.
fn smaller_spans(span: Span) -> Vec<Span> {
    let ms = u64::try_from(span.0.as_millis()).unwrap_or(u64::MAX);
    let mut all: Vec<u64> = [0, ms / 8, ms / 4, ms / 2, ms - ms / 4, ms].map(round).to_vec();
    all.dedup();
    all.into_iter().filter(|m| *m < ms).map(|m| Span(Duration::from_millis(m))).collect()
}

/// Not more than two digits that say something, and whole seconds from ten of them on.
fn round(ms: u64) -> u64 {
    let mut unit = 1;
    while ms / unit >= 100 {
        unit *= 10;
    }
    let unit = unit.min(1000).max(if ms >= 10_000 { 1000 } else { 1 });
    ms - ms % unit
}

/// The tree with other texts in its lists of events, the faults and the script: names of hosts and clients.
#[must_use]
pub fn renamed(value: &Value, rename: &dyn Fn(&str) -> Option<String>) -> Value {
    let mut value = value.clone();
    for list in ["/faults", "/workload/script"] {
        if let Some(items) = value.pointer_mut(list) {
            rename_in(items, rename);
        }
    }
    value
}

fn rename_in(value: &mut Value, rename: &dyn Fn(&str) -> Option<String>) {
    match value {
        Value::String(text) => {
            if let Some(other) = rename(text) {
                *text = other;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|v| rename_in(v, rename)),
        Value::Object(map) => map.values_mut().for_each(|v| rename_in(v, rename)),
        _ => {}
    }
}

/// The scenario as the smallest tree that is read as the same: nothing is said that goes without saying.
#[must_use]
pub fn pruned(scenario: &Scenario) -> Value {
    let mut value = value_of(scenario);
    let of_maps: Vec<String> = {
        let mut all = Vec::new();
        keys(&value, "", &mut all);
        all
    };
    for pointer in of_maps {
        if let Some(less) = without(&value, &pointer).filter(|less| scenario_of(less).as_ref() == Some(scenario)) {
            value = less;
        }
    }
    value
}

/// Every node of a map, the outer ones first.
fn keys(value: &Value, at: &str, all: &mut Vec<String>) {
    let mut into = |key: &str, v: &Value, is_key: bool| {
        let here = format!("{at}/{key}");
        if is_key {
            all.push(here.clone());
        }
        keys(v, &here, all);
    };
    match value {
        Value::Object(map) => Map::iter(map).for_each(|(key, v)| into(key, v, true)),
        Value::Array(items) => items.iter().enumerate().for_each(|(i, v)| into(&i.to_string(), v, false)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sim::fault::Fault;
    use crate::sim::generate::generate;

    fn ms(ms: u64) -> Span {
        Span(Duration::from_millis(ms))
    }

    #[test]
    fn every_scenario_is_the_same_as_a_tree_and_when_pruned() {
        for seed in 0..60 {
            let scenario = generate(seed);
            assert_eq!(scenario_of(&value_of(&scenario)), Some(scenario.clone()), "seed {seed}");
            let pruned = pruned(&scenario);
            assert_eq!(scenario_of(&pruned), Some(scenario), "seed {seed}");
            assert!(pruned.get("quirks").is_none() && pruned.pointer("/world/users").is_some(), "{pruned}");
        }
    }

    #[test]
    fn faults_that_name_what_is_gone_are_taken_out() -> Result<(), String> {
        let mut s = generate(3);
        s.world.client_hosts = 1;
        s.faults = vec![
            Fault::Hold { at: ms(3000), r#for: ms(5), host: "phones-2".into(), to: None },
            Fault::Storm { at: ms(2000), share: 100 },
            Fault::Storm { at: ms(10_000_000), share: 100 },
            Fault::StalledReader { at: ms(1), r#for: ms(5), client: "u0/main".into() },
        ];
        let tidied = tidy(value_of(&s)).ok_or("no scenario")?;
        assert_eq!(tidied.faults, [Fault::Storm { at: ms(2000), share: 100 }]);
        s.world.users = 1;
        assert_eq!(tidy(value_of(&s)), None, "two users must be");
        Ok(())
    }

    #[test]
    fn leaves_are_found_by_their_pointers() {
        let value = serde_json::json!({"seed": 7, "world": {"latency": ["1ms", "2s"], "tick": "9ms"}, "faults": [{"room": 7009}]});
        let found: Vec<String> = nodes(&value).into_iter().map(|(at, _)| at).collect();
        assert_eq!(
            found,
            [
                "/world",
                "/world/latency",
                "/world/latency/0",
                "/world/latency/1",
                "/faults",
                "/faults/0",
                "/faults/0/room"
            ]
        );
        assert_eq!(smaller("/faults/0/room", &7003.into()), [7000, 7001, 7002]);
        assert_eq!(smaller("/workload/script/4/pick", &48_123.into()), [0, 1, 2]);
        assert_eq!(smaller("/a", &true.into()), [false]);
        assert!(smaller("/a", &false.into()).is_empty() && smaller("/a", &"u1/main".into()).is_empty());
    }

    #[test]
    fn spans_become_round() {
        let spans = |n| smaller_spans(ms(n)).iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        assert_eq!(spans(94_871), "0s 11s 23s 47s 71s 94s");
        assert_eq!(spans(1943), "0s 240ms 480ms 970ms 1400ms 1900ms");
        assert_eq!((spans(1), spans(0)), ("0s".to_owned(), String::new()));
    }

    proptest! {
        #[test]
        fn smaller_is_smaller_in_order_and_never_below_the_least(n in any::<u64>(), least in 0u64..9000) {
            let numbers = smaller_numbers(n, least);
            prop_assert!(numbers.is_sorted() && numbers.iter().all(|m| *m < n && *m >= least));
            prop_assert_eq!(numbers.is_empty(), n <= least);
            let span = ms(n % 600_000_000);
            let spans = smaller_spans(span);
            prop_assert!(spans.is_sorted() && spans.iter().all(|s| *s < span), "{:?}", spans);
            prop_assert_eq!(spans.is_empty(), span == ms(0));
        }

        /// Repeated steps find the least number above a threshold, in a few steps.
        #[test]
        fn bisection_comes_near_the_threshold(n in 1u64..1_000_000, at in 0u64..1_000_000) {
            prop_assume!(at <= n);
            let (mut now, mut steps) = (n, 0);
            while let Some(less) = smaller_numbers(now, 0).into_iter().find(|m| *m >= at) {
                (now, steps) = (less, steps + 1);
            }
            prop_assert!(now - at <= now / 4 && steps < 40, "{now} for {at} after {steps}");
        }
    }
}
