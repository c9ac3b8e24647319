//! One of several machines that hunt together: which seeds are its own, and which one it is.
//!
//! Shards never overlap: a range of seeds is cut into intervals of nearly the same length, and a hunt without an end
//! begins for each shard [`APART`] seeds after the one before, whatever their number.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

/// How far the shards of a hunt without an end are apart.
pub const APART: u64 = 1_000_000_000;

/// The `index`th of `of` shards, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    index: u64,
    of: u64,
}

impl Shard {
    /// The `index`th of `of`, from 1.
    ///
    /// # Errors
    /// There is none.
    pub fn new(index: u64, of: u64) -> Result<Self, String> {
        if (1..=of).contains(&index) {
            return Ok(Self { index, of });
        }
        Err(format!("there is no shard {index} of {of}: they are counted from 1, so the last is {of}/{of}"))
    }

    /// Its part of the seeds from `first`, up to and without `end` if there is one.
    ///
    /// # Errors
    /// There are no seeds left for it.
    pub fn seeds(self, first: u64, end: Option<u64>) -> Result<Range<u64>, String> {
        let none = || format!("shard {self} has no seeds of its own: there are fewer seeds than shards");
        let Some(end) = end else {
            let start = first.checked_add((self.index - 1).checked_mul(APART).ok_or_else(none)?).ok_or_else(none)?;
            return Ok(start..start.saturating_add(APART));
        };
        let len = u128::from(end.saturating_sub(first));
        // Below `len`, so it fits again.
        let at = |n: u64| first + u64::try_from(len * u128::from(n) / u128::from(self.of)).unwrap_or(u64::MAX - first);
        let own = at(self.index - 1)..at(self.index);
        if own.is_empty() { Err(none()) } else { Ok(own) }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no shard: write 1/8 to 8/8, auto, or auto/8");
        let (index, of) = text.split_once('/').ok_or_else(wrong)?;
        Self::new(index.parse().map_err(|_| wrong())?, of.parse().map_err(|_| wrong())?)
    }
}

/// A system that starts one program many times and tells each by variables which one it is.
struct System {
    name: &'static str,
    /// The variable of the index.
    index: &'static str,
    /// The variable of the least index, or the least index.
    least: (&'static str, u64),
    /// The variable of the count, if there is one.
    count: &'static str,
}

const SYSTEMS: &[System] = &[
    System { name: "a Kubernetes indexed job", index: "JOB_COMPLETION_INDEX", least: ("", 0), count: "" },
    System {
        name: "a SLURM array",
        index: "SLURM_ARRAY_TASK_ID",
        least: ("SLURM_ARRAY_TASK_MIN", 0),
        count: "SLURM_ARRAY_TASK_COUNT",
    },
    System { name: "a CI matrix", index: "CI_NODE_INDEX", least: ("", 1), count: "CI_NODE_TOTAL" },
];

/// What `--shard` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// This one.
    Given(Shard),
    /// The one that the variables of the system say; of so many, if it does not say that.
    Auto(Option<u64>),
}

impl FromStr for Choice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some(of) = text.strip_prefix("auto") else { return text.parse().map(Self::Given) };
        let wrong = || format!("`{text}` is no shard: write auto/8 for one of eight");
        match of.strip_prefix('/') {
            None if of.is_empty() => Ok(Self::Auto(None)),
            Some(n) => n.parse().ok().filter(|n| *n > 0).map(|n| Self::Auto(Some(n))).ok_or_else(wrong),
            None => Err(wrong()),
        }
    }
}

impl Choice {
    /// The shard, with `var` to look up variables.
    ///
    /// # Errors
    /// No system says which one this is, several do, or one does not say of how many.
    pub fn shard(self, var: impl Fn(&str) -> Option<String>) -> Result<Shard, String> {
        let told = match self {
            Self::Given(shard) => return Ok(shard),
            Self::Auto(told) => told,
        };
        let here: Vec<&System> = SYSTEMS.iter().filter(|s| var(s.index).is_some()).collect();
        let names = |all: &[&System], of: fn(&System) -> &'static str| all.iter().map(|s| of(s)).collect::<Vec<_>>();
        let system = match here.as_slice() {
            [one] => *one,
            [] => {
                let all: Vec<&System> = SYSTEMS.iter().collect();
                let names = names(&all, |s| s.index).join(", ");
                return Err(format!("--shard auto: none of {names} is set; say --shard 1/8"));
            }
            many => {
                let names = names(many, |s| s.index).join(" and ");
                return Err(format!("--shard auto: {names} are set, so nobody knows which counts; say --shard 1/8"));
            }
        };
        let number = |name: &str| -> Result<Option<u64>, String> {
            let Some(text) = var(name).filter(|_| !name.is_empty()) else { return Ok(None) };
            text.parse().map(Some).map_err(|_| format!("--shard auto: {name} is `{text}`, no number"))
        };
        let index = number(system.index)?.unwrap_or_default();
        let (name, usual) = system.least;
        let least = number(name)?.unwrap_or(usual);
        let of = match (told, number(system.count)?) {
            (Some(told), Some(set)) if told != set => {
                return Err(format!("--shard auto/{told}: {} is {set}", system.count));
            }
            (told, set) => told.or(set).ok_or_else(|| {
                let name = system.name;
                format!("--shard auto: {name} does not say of how many this is one; say --shard auto/8")
            })?,
        };
        let place = index.checked_sub(least).and_then(|i| i.checked_add(1)).unwrap_or_default();
        Shard::new(place, of).map_err(|e| format!("--shard auto: {} is {index}, and {e}", system.index))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn auto(text: &str, vars: &[(&str, &str)]) -> Result<String, String> {
        let var = |name: &str| vars.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
        text.parse::<Choice>()?.shard(var).map(|s| s.to_string())
    }

    #[test]
    fn each_system_is_understood() {
        let slurm = |id| [("SLURM_ARRAY_TASK_ID", id), ("SLURM_ARRAY_TASK_MIN", "5"), ("SLURM_ARRAY_TASK_COUNT", "3")];
        assert_eq!(auto("auto/8", &[("JOB_COMPLETION_INDEX", "0")]), Ok("1/8".into()));
        assert_eq!(auto("auto/8", &[("JOB_COMPLETION_INDEX", "7")]), Ok("8/8".into()));
        assert_eq!(auto("auto", &slurm("5")), Ok("1/3".into()));
        assert_eq!(auto("auto", &slurm("7")), Ok("3/3".into()));
        assert_eq!(auto("auto", &[("CI_NODE_INDEX", "2"), ("CI_NODE_TOTAL", "4")]), Ok("2/4".into()));
        assert_eq!(auto("3/4", &[("CI_NODE_INDEX", "2"), ("CI_NODE_TOTAL", "4")]), Ok("3/4".into()), "said is said");
    }

    #[test]
    fn what_is_not_clear_is_refused() {
        let said = |text, vars: &[_]| auto(text, vars).expect_err("taken");
        assert!(said("auto", &[]).contains("none of JOB_COMPLETION_INDEX, SLURM_ARRAY_TASK_ID, CI_NODE_INDEX is set"));
        assert!(said("auto", &[("JOB_COMPLETION_INDEX", "0")]).contains("say --shard auto/8"));
        assert!(said("auto/8", &[("JOB_COMPLETION_INDEX", "8")]).contains("no shard 9 of 8"));
        assert!(said("auto/8", &[("JOB_COMPLETION_INDEX", "x")]).contains("`x`, no number"));
        let both = [("JOB_COMPLETION_INDEX", "1"), ("CI_NODE_INDEX", "1")];
        assert!(said("auto/8", &both).contains("JOB_COMPLETION_INDEX and CI_NODE_INDEX are set"));
        let sparse = [("SLURM_ARRAY_TASK_ID", "9"), ("SLURM_ARRAY_TASK_MIN", "1"), ("SLURM_ARRAY_TASK_COUNT", "3")];
        assert!(said("auto", &sparse).contains("no shard 9 of 3"));
        assert!(said("auto/4", &[("CI_NODE_INDEX", "1"), ("CI_NODE_TOTAL", "3")]).contains("CI_NODE_TOTAL is 3"));
        for text in ["0/8", "9/8", "1/0", "x", "1", "auto/0", "auto/x", "automatic"] {
            assert!(auto(text, &both).is_err(), "{text}");
        }
    }

    #[test]
    fn without_an_end_shards_are_far_apart_whatever_their_number() -> Result<(), String> {
        assert_eq!(Shard::new(1, 4)?.seeds(50, None)?, 50..50 + APART);
        assert_eq!(Shard::new(3, 4)?.seeds(50, None)?.start, 50 + 2 * APART);
        assert_eq!(Shard::new(3, 9)?.seeds(50, None)?.start, 50 + 2 * APART);
        assert!(Shard::new(2, 4)?.seeds(u64::MAX - 5, None).is_err());
        Ok(())
    }

    proptest! {
        #[test]
        fn shards_of_a_range_are_the_range(first in any::<u64>(), len in 0u64..5000, of in 1u64..40) {
            prop_assume!(first.checked_add(len).is_some());
            let mut next = first;
            for index in 1..=of {
                match Shard::new(index, of).and_then(|s| s.seeds(first, Some(first + len))) {
                    Ok(own) => {
                        prop_assert_eq!(own.start, next);
                        prop_assert!(own.end - own.start <= len / of + 1);
                        next = own.end;
                    }
                    Err(_) => prop_assert!(len < of),
                }
            }
            prop_assert_eq!(next, first + len);
        }
    }
}
