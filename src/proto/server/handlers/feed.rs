//! Feeds: logs of type 0, whose message is JSON that says what happened in a room (loco-modern §6.7).
//!
//! Ids are written as plain integers of 64 bits: JSON has no narrower ones, and readers that round them are wrong.

use core::fmt::Write as _;

/// The type of a feed's log.
pub(super) const FEED: i32 = 0;

/// The message of a feed: `kind`, then `fields`, whose values are JSON already.
#[must_use]
pub(super) fn feed(kind: i32, fields: &[(&str, String)]) -> String {
    let mut json = format!("{{\"feedType\":{kind}");
    for (name, value) in fields {
        // A String takes everything.
        let _ = write!(json, ",{}:{value}", json_string(name));
    }
    json.push('}');
    json
}

/// `text` as a JSON string, with its quotes.
#[must_use]
pub(super) fn json_string(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    json.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => json.extend(['\\', c]),
            c if c < ' ' => drop(write!(json, "\\u{:04x}", c as u32)),
            c => json.push(c),
        }
    }
    json.push('"');
    json
}

/// A person in a feed.
#[must_use]
pub(super) fn person(id: i64, nick: &str) -> String {
    format!("{{\"userId\":{id},\"nickName\":{}}}", json_string(nick))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feed_is_json_whatever_the_names_are() {
        let text = feed(2, &[("member", person(i64::MAX, "a\"b\\c\n황")), ("hidden", "true".to_owned())]);
        let want =
            r#"{"feedType":2,"member":{"userId":9223372036854775807,"nickName":"a\"b\\c\u000a황"},"hidden":true}"#;
        assert_eq!(text, want);
        assert_eq!(feed(5, &[]), r#"{"feedType":5}"#);
    }
}
