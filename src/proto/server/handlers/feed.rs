//! Feeds: logs of type 0 whose message is JSON and says what happened in a room (loco-modern §6.7). Ids are written as
//! plain integers, in full: they are above 2^53, and a reader must take them without loss.

/// The type of a feed's log.
pub(super) const FEED: i32 = 0;
/// Somebody was invited: `inviter` and `members`.
pub(super) const INVITE: i32 = 1;
/// Somebody has left: `member`.
pub(super) const LEAVE: i32 = 2;

/// The message of a feed of this kind. Each field's value is JSON already: see [`json_string`] and [`person`].
pub(super) fn feed(kind: i32, fields: &[(&str, String)]) -> String {
    let mut text = format!("{{\"feedType\":{kind}");
    for (name, value) in fields {
        text.push(',');
        text.push_str(&json_string(name));
        text.push(':');
        text.push_str(value);
    }
    text.push('}');
    text
}

/// A text as a JSON string, quotes included.
pub(super) fn json_string(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A person in a feed: `{"userId":1001,"nickName":"Alice"}`.
pub(super) fn person(id: i64, nick: &str) -> String {
    format!("{{\"userId\":{id},\"nickName\":{}}}", json_string(nick))
}

/// Several values as a JSON array.
pub(super) fn list(values: &[String]) -> String {
    format!("[{}]", values.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feed_is_json_that_another_reader_takes_without_loss() -> Result<(), Box<dyn std::error::Error>> {
        let nick = "a\"b\\c\n\r\t\u{1}\u{1f}한🐂";
        let big = 9_007_199_254_740_993_i64;
        let text =
            feed(INVITE, &[("inviter", person(big, nick)), ("members", list(&[person(1, ""), person(-2, "x")]))]);
        let read: serde_json::Value = serde_json::from_str(&text)?;
        let want = serde_json::json!({
            "feedType": 1,
            "inviter": {"userId": big, "nickName": nick},
            "members": [{"userId": 1, "nickName": ""}, {"userId": -2, "nickName": "x"}],
        });
        assert_eq!(read, want);
        assert_eq!(
            feed(LEAVE, &[("member", person(1003, "Carol"))]),
            r#"{"feedType":2,"member":{"userId":1003,"nickName":"Carol"}}"#
        );
        assert_eq!(
            feed(14, &[("hidden", "true".to_owned()), ("members", list(&[]))]),
            r#"{"feedType":14,"hidden":true,"members":[]}"#
        );
        Ok(())
    }
}
