//! What is done to each connection, and when: drawn from a seed, the same for the same connection whatever it carries.

use std::fmt;
use std::time::Duration;

use crate::proto::entropy::Entropy;
use crate::sim::fault::ResetWay;

macro_rules! families {
    ($($(#[$m:meta])* $id:ident = $name:literal;)*) => {
        /// A kind of fault, which a connection has or has not.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Family { $($(#[$m])* $id,)* }

        impl Family {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$id,)*];

            /// Its name on the command line.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$id => $name,)* }
            }
        }
    };
}

families! {
    /// Bytes go one by one, both ways.
    Cut = "cut";
    /// What comes within a moment is joined, both ways.
    Join = "join";
    /// Nothing of the server's is handed on.
    Stall = "stall";
    /// So many bytes a second, each way.
    Slow = "slow";
    /// Heartbeats are lost, late or doubled.
    Heartbeat = "heartbeat";
    /// A bit flips.
    Flip = "flip";
    /// The connection breaks after so many bytes.
    Reset = "reset";
}

impl Family {
    /// The family called `name`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|f| f.as_str() == name)
    }
}

/// Something that is done to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Blow {
    Cut(Duration),
    Join(Duration),
    Stall(Duration),
    Slow { bytes_per_second: u64, lasts: Duration },
    DropHeartbeats(u32),
    DelayHeartbeats { count: u32, by: Duration },
    DoubleHeartbeats(u32),
    Flip { down: bool },
    Reset { after_bytes: u64, way: ResetWay },
}

/// `cut for 2.3s`, `reset after 1200 bytes`.
impl fmt::Display for Blow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cut(lasts) => write!(f, "byte by byte for {lasts:?}"),
            Self::Join(lasts) => write!(f, "joined for {lasts:?}"),
            Self::Stall(lasts) => write!(f, "nothing handed on to the client for {lasts:?}"),
            Self::Slow { bytes_per_second, lasts } => write!(f, "{bytes_per_second} bytes a second for {lasts:?}"),
            Self::DropHeartbeats(n) => write!(f, "the next {n} heartbeats lost"),
            Self::DelayHeartbeats { count, by } => write!(f, "the next {count} heartbeats late by {by:?}"),
            Self::DoubleHeartbeats(n) => write!(f, "the next {n} heartbeats doubled"),
            Self::Flip { down: true } => f.write_str("a bit flipped in what the server sends"),
            Self::Flip { down: false } => f.write_str("a bit flipped in what the client sends"),
            Self::Reset { after_bytes, way } => {
                let of = match way {
                    ResetWay::Both => "",
                    ResetWay::Up => " from the client",
                    ResetWay::Down => " from the server",
                };
                write!(f, "reset after {after_bytes} more bytes{of}")
            }
        }
    }
}

/// The blows of one connection in their order, without an end.
#[derive(Clone, Debug)]
pub struct Schedule {
    entropy: Entropy,
    families: Vec<Family>,
    at: Duration,
}

impl Schedule {
    /// That of connection `conn`, from 1. Each family is on or off as the seed has it, or, where some are named, just those.
    #[must_use]
    pub fn new(seed: u64, conn: u64, only: &[Family]) -> Self {
        let mut entropy = Entropy::named(seed, &format!("proxy/{conn}"));
        let drawn: Vec<Family> = Family::ALL.iter().copied().filter(|_| entropy.chance(1, 2)).collect();
        let families = if only.is_empty() { drawn } else { only.to_vec() };
        Self { entropy, families, at: Duration::ZERO }
    }

    /// The families that are on; without any the connection is only cut and joined a little, as always.
    #[must_use]
    pub fn families(&self) -> &[Family] {
        &self.families
    }

    fn ms(&mut self, lo: u64, hi: u64) -> Duration {
        Duration::from_millis(self.entropy.range(lo, hi))
    }

    fn blow(&mut self, family: Family) -> Blow {
        match family {
            Family::Cut => Blow::Cut(self.ms(200, 3000)),
            Family::Join => Blow::Join(self.ms(500, 4000)),
            Family::Stall => Blow::Stall(self.ms(100, 3000)),
            Family::Slow => Blow::Slow { bytes_per_second: self.entropy.range(200, 20_000), lasts: self.ms(500, 5000) },
            Family::Heartbeat => match self.entropy.below(3) {
                0 => Blow::DropHeartbeats(self.entropy.range(1, 2) as u32),
                1 => Blow::DelayHeartbeats { count: 1, by: self.ms(500, 5000) },
                _ => Blow::DoubleHeartbeats(1),
            },
            Family::Flip => Blow::Flip { down: self.entropy.chance(1, 2) },
            Family::Reset => {
                let way = [ResetWay::Both, ResetWay::Up, ResetWay::Down];
                let pick = self.entropy.below(3) as usize;
                let after_bytes = self.entropy.range(0, 4000);
                Blow::Reset { after_bytes, way: way.get(pick).copied().unwrap_or_default() }
            }
        }
    }
}

impl Iterator for Schedule {
    /// How long after the beginning of the connection, and what.
    type Item = (Duration, Blow);

    fn next(&mut self) -> Option<Self::Item> {
        let pick = self.entropy.below(self.families.len() as u64) as usize;
        let family = self.families.get(pick).copied()?;
        let gap = self.ms(300, 4000);
        self.at += gap;
        let blow = self.blow(family);
        Some((self.at, blow))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(seed: u64, conn: u64) -> Vec<(Duration, Blow)> {
        Schedule::new(seed, conn, &[]).take(50).collect()
    }

    #[test]
    fn the_same_seed_and_connection_give_the_same_schedule_and_others_another() {
        let all: Vec<_> = (1..40).map(|conn| first(7, conn)).collect();
        assert_eq!(all, (1..40).map(|conn| first(7, conn)).collect::<Vec<_>>());
        assert_ne!(all, (1..40).map(|conn| first(8, conn)).collect::<Vec<_>>());
        assert!(all.iter().flatten().any(|(_, b)| matches!(b, Blow::Reset { .. })));
        assert!(all.iter().all(|s| s.is_sorted_by_key(|(at, _)| *at)));
    }

    #[test]
    fn who_names_a_family_gets_no_other() {
        let flips = Schedule::new(3, 1, &[Family::Flip]).take(30).all(|(_, b)| matches!(b, Blow::Flip { .. }));
        assert!(flips);
        assert_eq!(
            Family::ALL.iter().map(|f| Family::parse(f.as_str())).collect::<Option<Vec<_>>>().as_deref(),
            Some(Family::ALL)
        );
    }
}
