//! What a feed says, as far as the machine must know it: who is out of a room. A reader of JSON that keeps two numbers.

/// Feed types that say that `member` is out: left, put out of an open room, put out of a room (loco-modern §6.7).
const OUT: [i64; 3] = [2, 6, 7];
/// A feed is nested less deeply.
const DEPTH_MAX: usize = 16;

enum Token<'a> {
    Open,
    Close,
    Text(&'a str),
    Number(i64),
    Other,
}

/// The user who is out of the room, if that is what the feed says. Text that is no JSON says nothing.
pub(super) fn out(text: &str) -> Option<i64> {
    let (mut kind, mut member, mut key, mut rest) = (None, None, "", text);
    // The keys under which the open objects and arrays stand.
    let mut path: Vec<&str> = Vec::new();
    while let Some((found, after)) = token(rest) {
        rest = after;
        match found {
            Token::Open if path.len() >= DEPTH_MAX => return None,
            Token::Open => path.push(core::mem::take(&mut key)),
            Token::Close => drop(path.pop()),
            Token::Text(text) if rest.trim_start().starts_with(':') => key = text,
            Token::Number(n) => match (path.as_slice(), key) {
                ([_], "feedType") => kind = Some(n),
                ([_, "member"], "userId") => member = Some(n),
                _ => {}
            },
            Token::Text(_) | Token::Other => {}
        }
    }
    member.filter(|_| kind.is_some_and(|k| OUT.contains(&k)))
}

/// The first token, and what is behind it.
fn token(text: &str) -> Option<(Token<'_>, &str)> {
    let text = text.trim_start_matches([' ', '\t', '\r', '\n', ',', ':']);
    match text.chars().next()? {
        '{' | '[' => Some((Token::Open, text.get(1..)?)),
        '}' | ']' => Some((Token::Close, text.get(1..)?)),
        '"' => {
            let inner = text.get(1..)?;
            let mut escaped = false;
            let (end, _) = inner.char_indices().find(|(_, c)| {
                let ends = *c == '"' && !escaped;
                escaped = *c == '\\' && !escaped;
                ends
            })?;
            Some((Token::Text(inner.get(..end)?), inner.get(end + 1..)?))
        }
        _ => {
            let end = text.find([' ', '\t', '\r', '\n', ',', ':', '{', '[', '}', ']', '"']).unwrap_or(text.len());
            let word = text.get(..end)?;
            Some((word.parse().map_or(Token::Other, Token::Number), text.get(end..)?))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::out;

    #[test]
    fn only_a_feed_of_a_departure_names_who_is_out() {
        for (text, who) in [
            (r#"{"feedType":2,"member":{"userId":1003,"nickName":"Carol"}}"#, Some(1003)),
            (
                r#" { "member" : { "nickName" : "a\"userId\":5\\" , "userId" : 9007199254740993 } , "feedType" : 6 } "#,
                Some(9_007_199_254_740_993),
            ),
            (r#"{"hidden":true,"feedType":7,"member":{"userId":-1}}"#, Some(-1)),
            (r#"{"feedType":1,"inviter":{"userId":1},"members":[{"userId":2}]}"#, None),
            (r#"{"feedType":2,"member":{"nickName":"userId"},"inviter":{"userId":1}}"#, None),
            (r#"{"feedType":2,"userId":4,"a":{"member":{"userId":3}}}"#, None),
            (r#"{"x":{"feedType":2},"member":{"userId":3}}"#, None),
            ("{\"feedType\":2,\"member\":{\"userId\":\"3\"}}", None),
            ("", None),
            ("한글 {", None),
            ("{\"feedType", None),
            ("}}}]]", None),
        ] {
            assert_eq!(out(text), who, "{text}");
        }
        assert_eq!(out(&"[".repeat(100_000)), None);
    }
}
