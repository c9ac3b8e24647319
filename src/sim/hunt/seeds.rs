//! Sets of seeds, kept as ranges, and written as them: `["0..500", "1000..1200"]`.

use std::ops::Range;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A set of seeds: ranges that rise and do not touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seeds(Vec<Range<u64>>);

impl Seeds {
    /// Adds one.
    pub fn insert(&mut self, seed: u64) {
        if let Some(end) = seed.checked_add(1) {
            self.add(seed..end);
        }
    }

    /// Adds a range.
    pub fn add(&mut self, mut new: Range<u64>) {
        if new.is_empty() {
            return;
        }
        let first = self.0.partition_point(|r| r.end < new.start);
        let last = self.0.partition_point(|r| r.start <= new.end);
        for old in self.0.drain(first..last) {
            new = new.start.min(old.start)..new.end.max(old.end);
        }
        self.0.insert(first, new);
    }

    /// The first seed from `seed` on that is not in the set.
    #[must_use]
    pub fn next_free(&self, seed: u64) -> u64 {
        match self.0.get(self.0.partition_point(|r| r.end <= seed)) {
            Some(r) if r.contains(&seed) => r.end,
            _ => seed,
        }
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.0.iter().map(|r| r.end - r.start).sum()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The ranges.
    pub fn ranges(&self) -> impl Iterator<Item = Range<u64>> + '_ {
        self.0.iter().cloned()
    }

    /// The first range that is in both.
    #[must_use]
    pub fn overlap(&self, other: &Self) -> Option<Range<u64>> {
        let both = |a: &Range<u64>, b: &Range<u64>| a.start.max(b.start)..a.end.min(b.end);
        self.0.iter().flat_map(|a| other.0.iter().map(move |b| both(a, b))).find(|r| !r.is_empty())
    }
}

impl std::fmt::Display for Seeds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let all: Vec<String> = self.0.iter().map(|r| format!("{}..{}", r.start, r.end)).collect();
        f.write_str(&if all.is_empty() { "none".to_owned() } else { all.join(" ") })
    }
}

/// A range as it is written: `0..500`.
///
/// # Errors
/// What it must look like.
pub fn parse_range(text: &str) -> Result<Range<u64>, String> {
    let wrong = || format!("`{text}` is no range of seeds: write 0..1000");
    let (from, to) = text.split_once("..").ok_or_else(wrong)?;
    let (from, to) = (from.parse().map_err(|_| wrong())?, to.parse().map_err(|_| wrong())?);
    if from < to { Ok(from..to) } else { Err(format!("`{text}` is empty: the end is not part of it")) }
}

impl Serialize for Seeds {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(self.0.iter().map(|r| format!("{}..{}", r.start, r.end)))
    }
}

impl<'de> Deserialize<'de> for Seeds {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let mut all = Self::default();
        for text in Vec::<String>::deserialize(d)? {
            all.add(parse_range(&text).map_err(serde::de::Error::custom)?);
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The same as a set of numbers, and in the fewest ranges.
        #[test]
        fn ranges_are_a_set(added in prop::collection::vec((0u64..60, 0u64..9), 0..20), from in 0u64..70) {
            let (mut ranges, mut set) = (Seeds::default(), BTreeSet::new());
            for (start, len) in added {
                ranges.add(start..start + len);
                set.extend(start..start + len);
            }
            prop_assert_eq!(ranges.len(), set.len() as u64);
            prop_assert_eq!(ranges.ranges().flatten().collect::<BTreeSet<_>>(), set.clone());
            prop_assert!(ranges.0.windows(2).all(|w| w[0].end < w[1].start), "{:?}", ranges);
            prop_assert_eq!(ranges.next_free(from), (from..).find(|s| !set.contains(s)).unwrap_or_default());
            let text = serde_json::to_string(&ranges).unwrap_or_default();
            prop_assert_eq!(serde_json::from_str::<Seeds>(&text).ok(), Some(ranges));
        }

        #[test]
        fn overlaps_are_found(a in (0u64..50, 0u64..9), b in (0u64..50, 0u64..9)) {
            let set = |(start, len)| {
                let mut s = Seeds::default();
                s.add(start..start + len);
                s
            };
            let both: Vec<u64> = (a.0..a.0 + a.1).filter(|s| (b.0..b.0 + b.1).contains(s)).collect();
            prop_assert_eq!(set(a).overlap(&set(b)).map_or(vec![], Iterator::collect), both);
        }
    }

    #[test]
    fn seeds_that_end_out_of_order_become_one_range() {
        let mut seeds = Seeds::default();
        [4, 2, 5, 3, 9].into_iter().for_each(|s| seeds.insert(s));
        assert_eq!(seeds.to_string(), "2..6 9..10");
        assert_eq!((seeds.next_free(2), seeds.next_free(7), seeds.next_free(9)), (6, 7, 10));
    }
}
