//! Feeds: logs that nobody wrote, but that the server makes of what somebody does. They have their place in the order of
//! a room like any message, and the same checks; what is special is who may have caused one.

use super::Model;
use crate::proto::server::store::{Log, Room};
use crate::sim::invariants::Invariant;

/// Type 0 of a log, and type 2 of a feed.
const FEED: i32 = 0;
const LEAVE: i64 = 2;

impl Model {
    /// Whether this author can have this text in a room: he sent it, or it says that he left, and he wanted to.
    pub(super) fn is_sent(&self, room: i64, author: i64, kind: i32, text: &str) -> bool {
        if kind == FEED {
            return leaver(text) == Some(author) && self.leaving.contains(&(room, author));
        }
        self.sent.get(text) == Some(&(room, author))
    }

    /// Who is out of a room has left one log that says so, and who is in it none.
    pub(super) fn compare_feeds(&self, room: &Room, members: impl Iterator<Item = i64>, logs: &[Log]) {
        for user in members {
            let told = logs.iter().filter(|l| l.kind == FEED && l.author_id == user).count();
            let gone = usize::from(room.member(user).is_none());
            if told != gone {
                let what =
                    format!("room {}: {told} logs say that user {user} has left, and he is out {gone} times", room.id);
                self.report(Invariant::Ordered, what);
            }
        }
    }
}

/// Who has left, as the message of a feed says; `None` when it says anything else.
fn leaver(text: &str) -> Option<i64> {
    let feed: serde_json::Value = serde_json::from_str(text).ok()?;
    (feed.get("feedType")?.as_i64()? == LEAVE).then(|| feed.get("member")?.get("userId")?.as_i64()).flatten()
}

#[cfg(test)]
mod tests {
    use super::leaver;

    #[test]
    fn a_leaver_is_read_from_a_departure_only() {
        assert_eq!(
            leaver(r#"{"feedType":2,"member":{"userId":9007199254740993,"nickName":"x"}}"#),
            Some(9_007_199_254_740_993)
        );
        for other in ["", "{}", r#"{"feedType":2}"#, r#"{"feedType":1,"member":{"userId":1}}"#, "u1 says 2"] {
            assert_eq!(leaver(other), None, "{other}");
        }
    }
}
