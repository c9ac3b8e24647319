//! The commands of the conversation: one table says what there is.

/// A line of the conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Word {
    Nothing,
    Text(String),
    Help,
    Quit,
    Rooms,
    Room(i64),
    Members,
    Read,
    Log(usize),
    Forward(Which, i64),
    Edit(Which, String),
    Delete(Which),
    React(Which, i32),
    Create(Vec<i64>),
    Invite(Vec<i64>),
    Leave,
    Title(String),
    Notice(String),
    Mute(bool),
    Block(i64, bool),
    LinkCreate(String),
    LinkJoin(i64, Option<String>),
    LinkInfo(i64),
    LinkKick(i64),
    Raw(String, String),
}

/// Which message is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    /// The last text in the room; for what only an author may do, the last of one's own.
    Last,
    /// This log.
    Log(i64),
}

/// What a word is made of.
type Make = fn(&str) -> Option<Word>;

/// Name, what it takes, what it does, how it is read.
const WORDS: &[(&str, &str, &str, Make)] = &[
    ("/rooms", "", "list the rooms", |_| Some(Word::Rooms)),
    ("/room", "ROOM", "talk in this room", |s| number(s).map(Word::Room)),
    ("/members", "", "who is in the room", |_| Some(Word::Members)),
    ("/read", "", "mark everything in the room as read", |_| Some(Word::Read)),
    ("/log", "[N]", "the last N messages that are kept", |s| {
        if s.is_empty() { Some(Word::Log(20)) } else { s.parse().ok().map(Word::Log) }
    }),
    ("/forward", "LOG ROOM", "send a message to another room too", |s| {
        let (log, room) = s.split_once(' ')?;
        Some(Word::Forward(which(log)?, number(room)?))
    }),
    ("/edit", "LOG TEXT", "change a message of yours", |s| {
        let (log, text) = s.split_once(' ')?;
        Some(Word::Edit(which(log)?, some(text)?))
    }),
    ("/delete", "LOG", "delete a message of yours for everyone", |s| which(s).map(Word::Delete)),
    ("/react", "LOG [KIND]", "react to a message; 1 is a like", |s| {
        let (log, kind) = s.split_once(' ').unwrap_or((s, "1"));
        Some(Word::React(which(log)?, kind.trim().parse().ok()?))
    }),
    ("/create", "USER…", "make a room with these users", |s| numbers(s).map(Word::Create)),
    ("/invite", "USER…", "invite these users into the room", |s| numbers(s).map(Word::Invite)),
    ("/leave", "", "leave the room for good", |_| Some(Word::Leave)),
    ("/title", "TEXT", "name the room, for everyone", |s| some(s).map(Word::Title)),
    ("/notice", "TEXT", "put up a notice in the room", |s| some(s).map(Word::Notice)),
    ("/mute", "", "no more alerts from the room", |_| Some(Word::Mute(true))),
    ("/unmute", "", "alerts again", |_| Some(Word::Mute(false))),
    ("/block", "USER", "block a user", |s| number(s).map(|id| Word::Block(id, true))),
    ("/unblock", "USER", "take that back", |s| number(s).map(|id| Word::Block(id, false))),
    ("/link create", "NAME", "make an open link with a room", |s| some(s).map(Word::LinkCreate)),
    ("/link join", "LINK [NAME]", "join the room of a link, under a name", |s| {
        let (link, name) = s.split_once(' ').unwrap_or((s, ""));
        Some(Word::LinkJoin(number(link)?, some(name)))
    }),
    ("/link info", "LINK", "what a link is", |s| number(s).map(Word::LinkInfo)),
    ("/link kick", "USER", "put somebody out of the room of a link", |s| number(s).map(Word::LinkKick)),
    ("/raw", "METHOD [JSON]", "ask anything, print the reply", |s| {
        let (method, json) = s.split_once(' ').unwrap_or((s, ""));
        Some(Word::Raw(some(method)?, json.trim().to_owned()))
    }),
    ("/help", "", "this", |_| Some(Word::Help)),
    ("/quit", "", "stop", |_| Some(Word::Quit)),
];

/// Reads a line.
///
/// # Errors
/// What the command takes, or that there is no such command.
pub(super) fn read(line: &str) -> Result<Word, String> {
    let line = line.trim();
    if !line.starts_with('/') {
        return Ok(some(line).map_or(Word::Nothing, Word::Text));
    }
    // A text that begins with a slash is written with two.
    if let Some(text) = line.strip_prefix("//") {
        return Ok(Word::Text(format!("/{text}")));
    }
    for (name, takes, does, make) in WORDS {
        let Some(rest) = line.strip_prefix(name).filter(|r| r.is_empty() || r.starts_with(' ')) else { continue };
        return make(rest.trim()).ok_or_else(|| format!("{name} {takes}: {does}"));
    }
    let word = line.split(' ').next().unwrap_or_default();
    Err(format!("there is no {word}; /help says what there is"))
}

/// What there is, a line each.
pub(super) fn help() -> Vec<String> {
    let first = "  TEXT                    send it to the room (//TEXT: a text that begins with a slash)".to_owned();
    let row = |(name, takes, does, _): &(&str, &str, &str, Make)| format!("  {:<23} {does}", format!("{name} {takes}"));
    let last = "LOG is the number behind a message, or `last`; times are UTC.".to_owned();
    core::iter::once(first).chain(WORDS.iter().map(row)).chain([last]).collect()
}

fn number(s: &str) -> Option<i64> {
    s.trim().parse().ok()
}

fn numbers(s: &str) -> Option<Vec<i64>> {
    let all: Option<Vec<i64>> = s.split_whitespace().map(number).collect();
    all.filter(|all| !all.is_empty())
}

fn some(s: &str) -> Option<String> {
    Some(s.trim().to_owned()).filter(|s| !s.is_empty())
}

fn which(s: &str) -> Option<Which> {
    if s == "last" { Some(Which::Last) } else { number(s.trim_start_matches('#')).map(Which::Log) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_they_are_meant() {
        assert_eq!(read("  hello /you "), Ok(Word::Text("hello /you".into())));
        assert_eq!(read("//usr/bin"), Ok(Word::Text("/usr/bin".into())));
        assert_eq!(read(" "), Ok(Word::Nothing));
        assert_eq!(read("/room 7001"), Ok(Word::Room(7001)));
        assert_eq!(read("/edit last a  b"), Ok(Word::Edit(Which::Last, "a  b".into())));
        assert_eq!(read("/delete #12"), Ok(Word::Delete(Which::Log(12))));
        assert_eq!(read("/link join 5"), Ok(Word::LinkJoin(5, None)));
        assert_eq!(read("/raw PING"), Ok(Word::Raw("PING".into(), String::new())));
    }

    #[test]
    fn what_is_wrong_says_what_would_be_right() {
        for (line, said) in [("/room x", "/room ROOM"), ("/edit 5", "/edit LOG TEXT"), ("/nope a", "no /nope")] {
            let why = read(line).err().unwrap_or_default();
            assert!(why.contains(said), "{line}: {why}");
        }
        assert!(read("/roomy").is_err());
        assert_eq!(help().len(), WORDS.len() + 2);
        assert!(help().iter().all(|line| line.chars().count() < 100));
    }
}
