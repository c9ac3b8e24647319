//! Feeds: what happened in a room, as JSON in the message of a log of type 0 (loco-modern §6.7). Ids are read without
//! loss, whatever their size.

use core::iter::Peekable;
use core::str::Chars;

/// The most that a feed may be long, in bytes: beyond it nobody looks into it.
const FEED_LEN_MAX: usize = 256 << 10;
/// How deep its JSON may nest.
const DEPTH_MAX: usize = 8;

/// What happened in a room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Feed {
    /// 1 invited, 2 left, 4 joined by link, 6 put out, 14 deleted, 25 edited ….
    pub kind: i64,
    /// Whom it speaks of: ids and names.
    pub people: Vec<(i64, String)>,
    /// Who invited them.
    pub inviter: Option<(i64, String)>,
    /// The message that was hidden, deleted or edited.
    pub log_id: Option<i64>,
    /// The revision that an edit has made.
    pub revision: Option<i64>,
}

impl Feed {
    /// Somebody invited others.
    pub const INVITED: i64 = 1;
    /// Somebody left.
    pub const LEFT: i64 = 2;
    /// Somebody joined by a link.
    pub const JOINED: i64 = 4;
    /// The host put somebody out.
    pub const PUT_OUT: [i64; 2] = [6, 7];
    /// Somebody deleted a message.
    pub const DELETED: i64 = 14;
    /// Somebody edited a message.
    pub const EDITED: i64 = 25;

    /// Reads the message of a log of type 0; `None` when it is no feed.
    #[must_use]
    pub fn read(message: &str) -> Option<Self> {
        if message.len() > FEED_LEN_MAX {
            return None;
        }
        let json = Json::read(&mut message.chars().peekable(), 0)?;
        let mut people: Vec<_> = json.get("members").map(Json::list).unwrap_or_default().iter().collect();
        people.extend(json.get("member"));
        Some(Self {
            kind: json.get("feedType")?.int()?,
            people: people.into_iter().filter_map(Json::person).collect(),
            inviter: json.get("inviter").and_then(Json::person),
            log_id: json.get("logId").and_then(Json::int),
            revision: json.get("targetRevision").and_then(Json::int),
        })
    }
}

/// As much of JSON as feeds need.
#[derive(Clone, Debug, PartialEq)]
enum Json {
    /// null, true, false, and numbers that are no int64.
    Other,
    Int(i64),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

type Source<'a> = Peekable<Chars<'a>>;

impl Json {
    fn get(&self, name: &str) -> Option<&Self> {
        let Self::Object(fields) = self else { return None };
        fields.iter().find(|f| f.0 == name).map(|f| &f.1)
    }

    const fn int(&self) -> Option<i64> {
        if let Self::Int(n) = self { Some(*n) } else { None }
    }

    fn list(&self) -> &[Self] {
        if let Self::List(all) = self { all } else { &[] }
    }

    fn person(&self) -> Option<(i64, String)> {
        let name = self.get("nickName");
        let name = if let Some(Self::Text(name)) = name { name.clone() } else { String::new() };
        Some((self.get("userId")?.int()?, name))
    }

    fn read(s: &mut Source<'_>, depth: usize) -> Option<Self> {
        blank(s);
        match *s.peek()? {
            _ if depth > DEPTH_MAX => None,
            '{' => Self::object(s, depth),
            '[' => Self::array(s, depth),
            '"' => text(s).map(Self::Text),
            _ => {
                let mut word = String::new();
                while let Some(c) = s.next_if(|c| c.is_ascii_alphanumeric() || "+-.".contains(*c)) {
                    word.push(c);
                }
                (!word.is_empty()).then(|| word.parse().map_or(Self::Other, Self::Int))
            }
        }
    }

    fn array(s: &mut Source<'_>, depth: usize) -> Option<Self> {
        s.next();
        let mut all = Vec::new();
        loop {
            blank(s);
            if s.next_if_eq(&']').is_some() {
                return Some(Self::List(all));
            }
            if !all.is_empty() {
                s.next_if_eq(&',')?;
            }
            all.push(Self::read(s, depth + 1)?);
        }
    }

    fn object(s: &mut Source<'_>, depth: usize) -> Option<Self> {
        s.next();
        let mut all = Vec::new();
        loop {
            blank(s);
            if s.next_if_eq(&'}').is_some() {
                return Some(Self::Object(all));
            }
            if !all.is_empty() {
                s.next_if_eq(&',')?;
                blank(s);
            }
            let name = text(s)?;
            blank(s);
            s.next_if_eq(&':')?;
            all.push((name, Self::read(s, depth + 1)?));
        }
    }
}

fn blank(s: &mut Source<'_>) {
    while s.next_if(|c| c.is_ascii_whitespace()).is_some() {}
}

/// A string, its quotes included.
fn text(s: &mut Source<'_>) -> Option<String> {
    s.next_if_eq(&'"')?;
    let mut out = String::new();
    loop {
        match s.next()? {
            '"' => return Some(out),
            '\\' => out.push(escaped(s)?),
            c => out.push(c),
        }
    }
}

fn escaped(s: &mut Source<'_>) -> Option<char> {
    Some(match s.next()? {
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => {
            let high = unit(s)?;
            if !(0xd800..0xdc00).contains(&high) {
                return char::from_u32(high);
            }
            (s.next()? == '\\' && s.next()? == 'u').then_some(())?;
            let low = unit(s)?.checked_sub(0xdc00).filter(|n| *n < 0x400)?;
            return char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + low);
        }
        c => c,
    })
}

fn unit(s: &mut Source<'_>) -> Option<u32> {
    (0..4).try_fold(0, |n, _| Some(n << 4 | s.next()?.to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn feeds_are_read_with_ids_of_any_size() {
        let text = r#" {"feedType":1,"inviter":{"userId":9223372036854775807,"nickName":"\uc548\ud83d\ude00\n\""},
            "members":[{"userId":2,"nickName":"b"},{"userId":3}],"x":[true,null,1.5,{}]}"#;
        let feed = Feed::read(text).expect("a feed");
        assert_eq!((feed.kind, feed.inviter), (1, Some((i64::MAX, "안😀\n\"".to_owned()))));
        assert_eq!(feed.people, [(2, "b".to_owned()), (3, String::new())]);
        let feed = Feed::read(r#"{"feedType":14,"logId":7,"hidden":true}"#).expect("a feed");
        assert_eq!((feed.kind, feed.log_id, feed.people.len()), (Feed::DELETED, Some(7), 0));
    }

    #[test]
    fn what_is_no_feed_is_none_and_nothing_panics() {
        let deep = format!("{{\"feedType\":1,\"x\":{}", "[".repeat(100_000));
        let long = format!("{{\"feedType\":1,\"x\":\"{}\"}}", "x".repeat(FEED_LEN_MAX));
        for text in ["", "hello", "{}", "[1]", "{\"feedType\":\"1\"}", "{\"feedType\":1", r#""\ud800x""#, &deep, &long]
        {
            assert_eq!(Feed::read(text), None, "{text:.40}");
        }
        let whole = r#"{"feedType":1,"members":[{"userId":2,"nickName":"\u00e9"}]}"#;
        for end in 0..whole.len() {
            assert_eq!(Feed::read(&whole[..end]), None);
        }
    }
}
