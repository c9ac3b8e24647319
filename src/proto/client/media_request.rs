//! What a media connection is for, and its one request.

use core::time::Duration;
use std::sync::Arc;

use crate::proto::command::field::{Nullable, encode};
use crate::proto::command::{Call, CommandId, down, mini, mpost, post};
use crate::proto::limits::Limits;
use crate::proto::secure::{Era, PublicRing};
use crate::proto::wire::{begin_packet, end_packet};

/// The id of the request.
pub(super) const REQUEST_ID: u32 = 1;
/// `mm`: no network code.
const NO_NETWORK: &str = "999";

/// What a media connection is told besides its job.
#[derive(Clone, Debug)]
pub struct MediaConfig {
    /// The generation of the protocol; 2012 has no media connections.
    pub era: Era,
    /// Who we are.
    pub user_id: i64,
    /// `os`.
    pub os: String,
    /// `av`.
    pub app_version: String,
    /// The servers' public keys.
    pub keys: Arc<PublicRing>,
    /// How long the server may be silent.
    pub patience: Duration,
    /// What the server may make us hold.
    pub limits: Limits,
}

/// What is to be done.
#[derive(Clone, Debug)]
pub enum Job {
    /// Send a file.
    Upload(Upload),
    /// Get a file.
    Download(Download),
}

/// A file to send.
#[derive(Clone, Debug, Default)]
pub struct Upload {
    /// The key of SHIP, or of MSHIP.
    pub key: String,
    /// The size in bytes.
    pub size: i64,
    /// Whether the key is of MSHIP: then no message comes of it.
    pub album: bool,
    /// The kind of message.
    pub kind: i32,
    /// The room.
    pub room: i64,
    /// The name of the file.
    pub name: Option<String>,
    /// The width of a picture.
    pub width: Option<i32>,
    /// The height of a picture.
    pub height: Option<i32>,
    /// Our own number of the message.
    pub msg_id: i64,
}

/// A file to get.
#[derive(Clone, Debug, Default)]
pub struct Download {
    /// Its key.
    pub key: String,
    /// The room in which we have it; without it the room that it was sent to.
    pub room: Option<i64>,
    /// The byte to begin with.
    pub offset: i64,
    /// Not the file but a picture of this width and height.
    pub thumbnail: Option<(i32, i32)>,
}

/// The command that a job begins with.
pub(super) const fn command(job: &Job) -> CommandId {
    match job {
        Job::Upload(up) if up.album => CommandId::MPost,
        Job::Upload(_) => CommandId::Post,
        Job::Download(d) if d.thumbnail.is_some() => CommandId::Mini,
        Job::Download(_) => CommandId::Down,
    }
}

/// The plain packet.
pub(super) fn request(c: &MediaConfig, job: &Job) -> Vec<u8> {
    let (user_id, os, app_version) = (Some(c.user_id), Some(c.os.as_str()), Some(c.app_version.as_str()));
    let (net_type, mccmnc) = (Some(0), Some(NO_NETWORK));
    match job {
        Job::Upload(up) if up.album => packet(&mpost::Request {
            key: &up.key,
            size: up.size,
            kind: Some(up.kind),
            user_id,
            os,
            app_version,
            net_type,
            mccmnc,
            ..Default::default()
        }),
        Job::Upload(up) => packet(&post::Request {
            key: &up.key,
            size: up.size,
            file_name: Nullable(up.name.as_deref()),
            kind: Some(up.kind),
            width: up.width,
            height: up.height,
            chat_id: Some(up.room),
            msg_id: Some(up.msg_id),
            no_seen: Some(false),
            user_id,
            os,
            app_version,
            net_type,
            mccmnc,
            ..Default::default()
        }),
        Job::Download(d) => match d.thumbnail {
            None => packet(&down::Request {
                key: &d.key,
                chat_id: d.room,
                offset: d.offset,
                rt: Some(false),
                user_id,
                os,
                app_version,
                net_type,
                mccmnc,
            }),
            Some((width, height)) => packet(&mini::Request {
                key: &d.key,
                chat_id: d.room,
                offset: Some(d.offset),
                width,
                height,
                user_id,
                os,
                app_version,
                net_type,
                mccmnc,
            }),
        },
    }
}

fn packet<'b, C: Call<'b>>(body: &C) -> Vec<u8> {
    let mut plain = Vec::new();
    let start = begin_packet(&mut plain, REQUEST_ID, C::ID.method());
    encode(body, &mut plain);
    end_packet(&mut plain, start);
    plain
}
