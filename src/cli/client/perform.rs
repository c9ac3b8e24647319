//! What each command asks the server: one typed call each, and what it answers in one line.

use super::show;
use super::talk::Talk;
use super::words::{Which, Word};
use crate::cli::Failure;
use crate::net::handle::Reply;
use crate::proto::client::view::Kept;
use crate::proto::client::{Action, Client};
use crate::proto::command::field::{AnyInt, Nullable};
use crate::proto::command::{
    Call, action, addmem, bladditem, bldelitem, chatonroom, create, createlink, deletemsg, forward, infolink, joinlink,
    kickmem, leave, modifymsg, setmeta, updatechat,
};
use crate::proto::wire::Method;

/// The meta that is the notice of a room.
const NOTICE: i32 = 1;
/// The meta that is its title.
const TITLE: i32 = 3;
/// A link with a room for many.
const ROOM_LINK: i32 = 2;
/// The profile of a link under a name of one's own.
const OPEN_PROFILE: i32 = 2;

impl Talk {
    /// Asks, and gives the reply that is no refusal.
    async fn ask<'b, C: Call<'b>>(&self, body: &C) -> Result<Reply<C::Static>, Failure> {
        let call = self.handle.call(body);
        let reply = self.within(C::ID.method().as_str(), call).await?.map_err(Failure::found)?;
        match reply.status() {
            0 => Ok(reply),
            status => Err(Failure::found(format!("{}: refused with status {status}", C::ID.method()))),
        }
    }

    /// Does what a line says that is neither text nor about the conversation itself.
    pub(super) async fn perform(&mut self, word: Word) -> Result<(), Failure> {
        let room = self.room;
        match word {
            Word::Rooms => self.rooms().await?,
            Word::Room(id) => self.enter(id).await?,
            Word::Members => self.members().await?,
            Word::Read => {
                let log_id = self.look(move |c| c.view().room(room).map_or(0, |r| r.last_log_id())).await?;
                self.act(Action::MarkRead { room, log_id }).await?;
            }
            Word::Log(most) => {
                let lines = self.look(move |c| show::logs(c, room, most)).await?;
                lines.into_iter().for_each(|line| self.data(line));
            }
            Word::Leave => drop(self.ask(&leave::Request { chat_id: room, block: Some(false), link_id: None }).await?),
            Word::Title(text) => self.set(TITLE, &text).await?,
            Word::Notice(text) => self.set(NOTICE, &text).await?,
            Word::Mute(muted) => {
                self.ask(&updatechat::Request { chat_id: room, push_alert: !muted }).await?;
                self.talk(if muted { "muted" } else { "alerts again" });
            }
            Word::Create(member_ids) => {
                let made = self.ask(&create::Request { member_ids, ..Default::default() }).await?;
                let chat_id = made.accepted().map_err(Failure::found)?.chat_id;
                self.enter(chat_id).await?;
            }
            Word::Invite(member_ids) => {
                drop(self.ask(&addmem::Request { chat_id: room, member_ids }).await?);
            }
            Word::Block(id, true) => {
                let body = bladditem::Request { ids: Some(vec![id]), kinds: Some(vec![0]), ..Default::default() };
                self.ask(&body).await?;
                self.talk("blocked");
            }
            Word::Block(id, false) => {
                self.ask(&bldelitem::Request { ids: Some(vec![id]), ..Default::default() }).await?;
                self.talk("no longer blocked");
            }
            Word::Raw(method, json) => self.raw(&method, &json).await?,
            other => self.perform_on_message(other).await?,
        }
        Ok(())
    }

    async fn perform_on_message(&mut self, word: Word) -> Result<(), Failure> {
        let chat_id = self.room;
        match word {
            Word::Forward(which, to) => {
                let log = self.message(which, false).await?;
                let msg = Some(log.text.as_str());
                let msg_id = Some(AnyInt::Int64(log.log_id));
                self.ask(&forward::Request { chat_id: to, msg_id, kind: log.kind, msg, ..Default::default() }).await?;
            }
            Word::Edit(which, text) => {
                let log_id = self.message(which, true).await?.log_id;
                let body = modifymsg::Request { chat_id, log_id, kind: Some(1), msg: &text, extra: None };
                self.ask(&body).await?;
            }
            Word::Delete(which) => {
                let log_id = self.message(which, true).await?.log_id;
                self.ask(&deletemsg::Request { chat_id, log_id }).await?;
            }
            Word::React(which, kind) => {
                let log_id = Some(self.message(which, false).await?.log_id);
                self.ask(&action::Request { chat_id, log_id, kind, link_id: None }).await?;
                self.talk("done");
            }
            other => self.perform_on_link(other).await?,
        }
        Ok(())
    }

    async fn perform_on_link(&mut self, word: Word) -> Result<(), Failure> {
        let chat_id = self.room;
        match word {
            Word::LinkCreate(name) => {
                let description = Nullable(None);
                let body =
                    createlink::Request { link_type: ROOM_LINK, link_name: &name, description, ..Default::default() };
                let made = self.ask(&body).await?;
                let made = made.accepted().map_err(Failure::found)?;
                self.data(format!("link {} {}", made.link.link_id, made.link.link_url.unwrap_or_default()));
                if let Some(room) = made.chat_room.map(|r| r.chat_id) {
                    self.enter(room).await?;
                }
            }
            Word::LinkJoin(link_id, nick_name) => {
                let profile_type = if nick_name.is_some() { OPEN_PROFILE } else { 1 };
                let nick_name = nick_name.as_deref();
                let body = joinlink::Request { link_id, profile_type, nick_name, ..Default::default() };
                let room = self.ask(&body).await?.accepted().map_err(Failure::found)?.chat_room.chat_id;
                self.enter(room).await?;
            }
            Word::LinkInfo(link_id) => {
                let found = self.ask(&infolink::Request { link_ids: vec![link_id] }).await?;
                for link in found.accepted().map_err(Failure::found)?.links.unwrap_or_default() {
                    let (name, url) = (link.link_name.unwrap_or_default(), link.link_url.unwrap_or_default());
                    self.data(format!("link {}  {name}  {url}", link.link_id));
                }
            }
            Word::LinkKick(member_id) => {
                let link = self.look(move |c| c.view().room(chat_id).and_then(|r| r.link_id())).await?;
                let link_id = link.ok_or_else(|| Failure::found("this room belongs to no link"))?;
                self.ask(&kickmem::Request { link_id, chat_id, member_id, report: None }).await?;
            }
            _ => (),
        }
        Ok(())
    }

    async fn set(&mut self, kind: i32, content: &str) -> Result<(), Failure> {
        self.ask(&setmeta::Request { chat_id: self.room, kind, content }).await?;
        self.talk("done");
        Ok(())
    }

    /// Talks in this room from now on, and learns who is in it.
    pub(super) async fn enter(&mut self, room: i64) -> Result<(), Failure> {
        self.ask(&chatonroom::Request { chat_id: room, token: Some(0), ..Default::default() }).await?;
        self.room = room;
        let label = self.look(move |c| show::label(c, room)).await?;
        self.talk(&format!("in {label} ({room})"));
        Ok(())
    }

    pub(super) async fn rooms(&mut self) -> Result<(), Failure> {
        let lines = self.look(show::rooms).await?;
        lines.into_iter().for_each(|line| self.data(line));
        Ok(())
    }

    async fn members(&mut self) -> Result<(), Failure> {
        let room = self.room;
        self.ask(&chatonroom::Request { chat_id: room, token: Some(0), ..Default::default() }).await?;
        let lines = self.look(move |c| show::members(c, room)).await?;
        lines.into_iter().for_each(|line| self.data(line));
        Ok(())
    }

    /// The message that is meant: of those that are kept.
    async fn message(&self, which: Which, own: bool) -> Result<Kept, Failure> {
        let room = self.room;
        let find = move |c: &Client| {
            let me = c.user_id();
            let logs = c.view().room(room)?;
            match which {
                Which::Log(id) => logs.log(id).cloned().or(Some(Kept { log_id: id, kind: 1, ..Kept::default() })),
                Which::Last => {
                    let fits = |l: &&Kept| l.kind != 0 && !l.deleted && (!own || l.author_id == me);
                    logs.logs().rev().find(fits).cloned()
                }
            }
        };
        self.look(find).await?.ok_or_else(|| Failure::found("there is no such message here"))
    }

    async fn raw(&mut self, method: &str, json: &str) -> Result<(), Failure> {
        let method = Method::new(&method.to_ascii_uppercase()).map_err(Failure::found)?;
        let body = if json.is_empty() { Vec::new() } else { bson_of(json).map_err(Failure::found)? };
        let (status, body) = self.within("raw", self.handle.ask(method, body)).await?.map_err(Failure::found)?;
        let body = bson::Document::from_reader(body.as_slice()).unwrap_or_default();
        let text = serde_json::to_string(&body).unwrap_or_default();
        self.data(format!("{method} {status} {text}"));
        Ok(())
    }
}

/// A JSON object as a BSON document: integers are int32 where they fit, else int64.
fn bson_of(json: &str) -> Result<Vec<u8>, String> {
    let value: serde_json::Value = serde_json::from_str(json).map_err(|e| format!("the body is no JSON: {e}"))?;
    match to_bson(&value) {
        bson::Bson::Document(doc) => doc.to_vec().map_err(|e| e.to_string()),
        _ => Err("the body is no JSON object".to_owned()),
    }
}

fn to_bson(value: &serde_json::Value) -> bson::Bson {
    use serde_json::Value as J;
    match value {
        J::Null => bson::Bson::Null,
        J::Bool(b) => bson::Bson::Boolean(*b),
        J::Number(n) => match n.as_i64() {
            Some(n) => i32::try_from(n).map_or(bson::Bson::Int64(n), bson::Bson::Int32),
            None => bson::Bson::Double(n.as_f64().unwrap_or_default()),
        },
        J::String(s) => bson::Bson::String(s.clone()),
        J::Array(all) => bson::Bson::Array(all.iter().map(to_bson).collect()),
        J::Object(fields) => {
            bson::Bson::Document(fields.iter().map(|(name, value)| (name.clone(), to_bson(value))).collect())
        }
    }
}
