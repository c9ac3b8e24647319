//! What a person reads: one line for each event, names where they are known.

use super::screen::Line;
use crate::proto::client::view::feed::Feed;
use crate::proto::client::view::{Kept, RoomView};
use crate::proto::client::{Client, Event, Message};
use crate::proto::command::{chgmeta, syncaction};

const NAME: anstyle::Style = anstyle::Style::new().bold();
const DIM: anstyle::Style = anstyle::Style::new().dimmed();
const MINE: anstyle::Style = anstyle::AnsiColor::Cyan.on_default().bold();

/// An event as a line; `None` for what nobody needs to read.
pub(super) fn event(client: &Client, event: &Event) -> Option<Line> {
    Some(match event {
        Event::Message(m) => Line::Data(message(client, m)),
        Event::ReadMark { room, user_id, watermark } if *user_id != client.user_id() => {
            let (label, who) = (label(client, *room), name(client, *room, *user_id));
            Line::Data(format!("{DIM}[{label}] {who} has read up to #{watermark}{DIM:#}"))
        }
        Event::Left { room } => Line::Data(format!("[{}] you have left", label(client, *room))),
        Event::SendFailed { why, .. } => Line::Talk(format!("not sent: {why}")),
        Event::ActionFailed { method, why, .. } => Line::Talk(format!("{method}: {why}")),
        Event::Kicked { reason } => Line::Talk(format!("the server has put us out, reason {reason}")),
        Event::ServerMoves => Line::Talk("the server moves; coming back".to_owned()),
        Event::Disconnected { door, why } => Line::Talk(format!("{}: {why}", door.as_str())),
        Event::LoggedIn { .. } => Line::Talk("logged in again".to_owned()),
        Event::UnknownPush { method } => Line::Talk(format!("a push that nobody knows: {method}")),
        Event::BadBody { method, error } => Line::Talk(format!("{method} cannot be read: {error}")),
        Event::Pushed { .. } => return pushed(client, event),
        _ => return None,
    })
}

/// The room of an event that only those who follow the room want to see.
pub(super) const fn room_of(event: &Event) -> Option<i64> {
    match event {
        Event::Message(m) => Some(m.room),
        Event::ReadMark { room, .. } | Event::Left { room } => Some(*room),
        _ => None,
    }
}

/// A push that comes with no log of its own; what comes with one is told by that.
fn pushed(client: &Client, event: &Event) -> Option<Line> {
    if let Some(Ok(push)) = event.pushed::<chgmeta::Push<'_>>() {
        let what = match push.meta.kind {
            1 => "the notice",
            3 => "the title",
            _ => return None,
        };
        let (label, who) = (label(client, push.chat_id), name(client, push.chat_id, push.meta.author_id));
        return Some(Line::Data(format!("[{label}] {who} has changed {what}: {}", one_line(push.meta.content))));
    }
    let push = event.pushed::<syncaction::Push>()?.ok()?;
    let (label, who) = (label(client, push.chat_id), name(client, push.chat_id, push.user_id));
    Some(Line::Data(format!("{DIM}[{label}] {who} has reacted to #{} ({}){DIM:#}", push.log_id, push.kind)))
}

fn message(client: &Client, m: &Message) -> String {
    let (label, who) = (label(client, m.room), name(client, m.room, m.author_id));
    let style = if m.own { MINE } else { NAME };
    let (time, id) = (time(m.send_at), m.log_id);
    match (m.kind == 0).then(|| Feed::read(&m.text)).flatten() {
        Some(feed) => format!("{time} [{label}] {DIM}{}{DIM:#}", told(client, m, &who, &feed)),
        None => format!("{time} [{label}] {style}{who}{style:#}: {} {DIM}#{id}{DIM:#}", one_line(&m.text)),
    }
}

/// What has happened, in words.
fn told(client: &Client, m: &Message, who: &str, feed: &Feed) -> String {
    let named =
        |(id, known): &(i64, String)| if known.is_empty() { name(client, m.room, *id) } else { one_line(known) };
    let people = feed.people.iter().map(named).collect::<Vec<_>>().join(", ");
    let of = feed.log_id.unwrap_or_default();
    match feed.kind {
        Feed::INVITED => format!("{} has invited {people}", feed.inviter.as_ref().map_or(who.to_owned(), named)),
        Feed::LEFT => format!("{people} has left"),
        Feed::JOINED => format!("{people} has joined"),
        k if Feed::PUT_OUT.contains(&k) => format!("{people} has been put out"),
        Feed::DELETED => format!("{who} has deleted #{of}"),
        Feed::EDITED => {
            let log = client.view().room(m.room).and_then(|r| r.log(of)).filter(|l| !l.stale);
            format!("{who} has edited #{of}{}", log.map_or(String::new(), |l| format!(": {}", one_line(&l.text))))
        }
        other => format!("something has happened (feed {other})"),
    }
}

/// The rooms, a line each.
pub(super) fn rooms(client: &Client) -> Vec<String> {
    let one = |r: RoomView<'_>| {
        let muted = if r.is_muted() { "  muted" } else { "" };
        let unread = if r.unread() > 0 { format!("  {} unread", r.unread()) } else { String::new() };
        format!("{}  {}  {}  last #{}{unread}{muted}", r.id(), label(client, r.id()), r.kind(), r.last_log_id())
    };
    client.view().rooms().map(one).collect()
}

/// Who is in a room, a line each, with how far each has read.
pub(super) fn members(client: &Client, room: i64) -> Vec<String> {
    let Some(r) = client.view().room(room) else { return Vec::new() };
    let one = |(id, _): (i64, &str)| {
        let read =
            r.read_mark(id).filter(|mark| *mark > 0).map_or(String::new(), |mark| format!("  read up to #{mark}"));
        format!("{id}  {}{read}", name(client, room, id))
    };
    r.members().map(one).collect()
}

/// The last messages of a room that are kept, as they are now.
pub(super) fn logs(client: &Client, room: i64, most: usize) -> Vec<String> {
    let Some(r) = client.view().room(room) else { return Vec::new() };
    let one = |l: &Kept| {
        let text = match (l.deleted, l.revision) {
            (true, _) => "(deleted)".to_owned(),
            (false, 0) => one_line(&l.text),
            (false, _) => format!("{} (edited)", one_line(&l.text)),
        };
        format!("{} {}: {text} {DIM}#{}{DIM:#}", time(l.send_at), name(client, room, l.author_id), l.log_id)
    };
    let mut lines: Vec<String> = r.logs().rev().filter(|l| l.kind != 0).take(most).map(one).collect();
    lines.reverse();
    lines
}

/// What a room is called: its title, else those in it, else its number.
pub(super) fn label(client: &Client, room: i64) -> String {
    let Some(r) = client.view().room(room) else { return room.to_string() };
    if let Some(title) = r.title() {
        return one_line(title);
    }
    let others = r.members().filter(|(id, name)| *id != client.user_id() && !name.is_empty());
    let names: Vec<String> = others.take(3).map(|(_, name)| one_line(name)).collect();
    if names.is_empty() { room.to_string() } else { names.join(", ") }
}

fn name(client: &Client, room: i64, user_id: i64) -> String {
    let here = client.view().room(room).and_then(|r| r.name(user_id));
    match here.or_else(|| client.view().name(user_id)) {
        Some(name) => one_line(name),
        None if user_id == client.user_id() => "you".to_owned(),
        None => user_id.to_string(),
    }
}

/// The time of the day, UTC.
fn time(unix_secs: i32) -> String {
    let minutes = unix_secs.div_euclid(60);
    format!("{:02}:{:02}", minutes.div_euclid(60).rem_euclid(24), minutes.rem_euclid(60))
}

/// What others write cannot move the cursor, change colours or begin a line.
fn one_line(text: &str) -> String {
    let safe = |c: char| match c {
        '\n' => '⏎',
        c if c.is_control() => '\u{fffd}',
        c => c,
    };
    text.chars().map(safe).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_that_of_the_day() {
        assert_eq!((time(0), time(86_399), time(-60)), ("00:00".into(), "23:59".into(), "23:59".into()));
    }

    #[test]
    fn what_others_write_stays_on_its_line() {
        assert_eq!(one_line("a\nb\x1b[31m\r"), "a⏎b\u{fffd}[31m\u{fffd}");
    }
}
