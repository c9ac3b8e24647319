//! Feeds: logs that nobody wrote, but that the server makes of what somebody does. They have their place in the order of
//! a room like any message, and the same checks; what is special is that somebody must have caused each, and that each
//! acknowledged change has left exactly one.

use std::collections::BTreeMap;

use super::places::Ending;
use crate::proto::server::store::Log;

/// The type of a log that is a feed.
pub const FEED: i32 = 0;

/// What a feed says has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// This user has left.
    Left(i64),
    /// The first has invited the second.
    Invited(i64, i64),
    /// This message was deleted.
    Deleted(i64),
    /// This message was edited.
    Edited(i64),
    /// This user has come by a link.
    Joined(i64),
    /// This user was kicked out.
    Kicked(i64),
    /// The first has handed the link over to the second.
    HandedOver(i64, i64),
    /// The link is deleted.
    LinkDeleted,
}

/// What a feed says; nothing when it is none of those that we know.
#[must_use]
pub fn causes(text: &str) -> Vec<Cause> {
    let Ok(feed) = serde_json::from_str::<serde_json::Value>(text) else { return Vec::new() };
    let number = |name: &str| feed.get(name).and_then(serde_json::Value::as_i64);
    let user = |v: &serde_json::Value| v.get("userId").and_then(serde_json::Value::as_i64);
    let person = |name: &str| feed.get(name).and_then(user);
    let one = match number("feedType") {
        Some(1) => {
            let Some(by) = person("inviter") else { return Vec::new() };
            let members = feed.get("members").and_then(serde_json::Value::as_array);
            return members.into_iter().flatten().filter_map(user).map(|who| Cause::Invited(by, who)).collect();
        }
        Some(2) => person("member").map(Cause::Left),
        Some(4) => person("member").map(Cause::Joined),
        Some(5) => Some(Cause::LinkDeleted),
        Some(6) => person("member").map(Cause::Kicked),
        Some(14) => number("logId").map(Cause::Deleted),
        Some(15) => person("prevHost").zip(person("newHost")).map(|(old, new)| Cause::HandedOver(old, new)),
        Some(25) => number("logId").map(Cause::Edited),
        _ => None,
    };
    one.into_iter().collect()
}

/// Who comes into a room by what a feed says, and because of whom.
#[must_use]
pub const fn comes_in(cause: Cause) -> Option<(i64, i64)> {
    match cause {
        Cause::Invited(by, who) => Some((by, who)),
        Cause::Joined(who) => Some((who, who)),
        _ => None,
    }
}

/// Whether the history of a room begins for this user with this log.
#[must_use]
pub fn lets_in(kind: i32, text: &str, user: i64) -> bool {
    let names = |c: &Cause| matches!(c, Cause::Invited(_, who) | Cause::Joined(who) if *who == user);
    kind == FEED && causes(text).iter().any(names)
}

#[derive(Clone, Copy, Debug, Default)]
struct Count {
    begun: u32,
    done: u32,
    refused: u32,
}

/// What was asked for that makes a feed, and what came of it.
#[derive(Clone, Debug, Default)]
pub struct Ledger(BTreeMap<(i64, Cause), Count>);

impl Ledger {
    /// Somebody asks for it.
    pub fn begin(&mut self, room: i64, cause: Cause) {
        self.0.entry((room, cause)).or_default().begun += 1;
    }

    /// What came of it.
    pub fn end(&mut self, room: i64, cause: Cause, how: Ending) {
        let count = self.0.entry((room, cause)).or_default();
        match how {
            Ending::Done => count.done += 1,
            Ending::Refused => count.refused += 1,
            Ending::Doubt => {}
        }
    }

    /// How often somebody has asked for it.
    #[must_use]
    pub fn begun(&self, room: i64, cause: Cause) -> u32 {
        self.0.get(&(room, cause)).map_or(0, |n| n.begun)
    }

    /// Whether somebody has asked for all that this feed says.
    #[must_use]
    pub fn explains(&self, room: i64, text: &str) -> bool {
        let all = causes(text);
        !all.is_empty() && all.iter().all(|c| self.0.get(&(room, *c)).is_some_and(|n| n.begun > 0))
    }

    /// What is wrong with the feeds of a room: one too many, or one too few.
    #[must_use]
    pub fn wrong(&self, room: i64, logs: &[Log]) -> Vec<String> {
        let mut there: BTreeMap<Cause, u32> = BTreeMap::new();
        for log in logs.iter().filter(|l| l.kind == FEED) {
            for cause in causes(log.message.as_deref().unwrap_or_default()) {
                *there.entry(cause).or_default() += 1;
            }
        }
        let mut wrong = Vec::new();
        for ((_, cause), n) in self.of(room) {
            let told = there.get(cause).copied().unwrap_or_default();
            let most = n.begun - n.refused.min(n.begun);
            if told < n.done || told > most {
                wrong.push(format!(
                    "room {room}: {told} logs say {cause:?}; it was acknowledged {} times and asked for {most} times",
                    n.done
                ));
            }
        }
        wrong
    }

    fn of(&self, room: i64) -> impl Iterator<Item = (&(i64, Cause), &Count)> {
        self.0.range((room, Cause::Left(i64::MIN))..).take_while(move |((r, _), _)| *r == room)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEFT: &str = r#"{"feedType":2,"member":{"userId":9007199254740993,"nickName":"x"}}"#;
    const INVITED: &str = r#"{"feedType":1,"inviter":{"userId":1},"members":[{"userId":2},{"userId":3}]}"#;

    fn log(text: &str) -> Log {
        Log { message: Some(text.to_owned()), ..Log::default() }
    }

    #[test]
    fn causes_are_read_in_full_and_from_known_feeds_only() {
        assert_eq!(causes(LEFT), [Cause::Left(9_007_199_254_740_993)]);
        assert_eq!(causes(INVITED), [Cause::Invited(1, 2), Cause::Invited(1, 3)]);
        assert_eq!(causes(r#"{"feedType":14,"logId":77,"hidden":true}"#), [Cause::Deleted(77)]);
        assert_eq!(causes(r#"{"feedType":25,"logId":77,"targetRevision":1}"#), [Cause::Edited(77)]);
        for other in ["", "{}", r#"{"feedType":2}"#, r#"{"feedType":99,"member":{"userId":1}}"#, "u1 says 2"] {
            assert_eq!(causes(other), [], "{other}");
        }
        assert!(lets_in(FEED, INVITED, 3) && !lets_in(FEED, INVITED, 1) && !lets_in(1, INVITED, 3));
    }

    #[test]
    fn a_feed_that_nobody_caused_is_not_explained() {
        let mut l = Ledger::default();
        l.begin(7, Cause::Invited(1, 2));
        assert!(!l.explains(7, INVITED), "the other was not invited");
        l.begin(7, Cause::Invited(1, 3));
        assert!(l.explains(7, INVITED) && !l.explains(8, INVITED) && !l.explains(7, LEFT) && !l.explains(7, "x"));
    }

    #[test]
    fn one_feed_too_few_or_too_many_is_found() {
        let mut l = Ledger::default();
        let cause = Cause::Left(9_007_199_254_740_993);
        l.begin(7, cause);
        assert_eq!(l.wrong(7, &[]), [""; 0], "in doubt, it may not have happened");
        assert_eq!(l.wrong(7, &[log(LEFT)]), [""; 0], "or may have");
        assert_eq!(l.wrong(7, &[log(LEFT), log(LEFT)]).len(), 1, "but not twice");
        l.end(7, cause, Ending::Done);
        assert_eq!(l.wrong(7, &[log(LEFT)]), [""; 0]);
        assert_eq!(l.wrong(7, &[]).len(), 1, "acknowledged, and silent");
        l.begin(7, cause);
        l.end(7, cause, Ending::Refused);
        assert_eq!(l.wrong(7, &[log(LEFT), log(LEFT)]).len(), 1, "refused, and told");
    }
}
