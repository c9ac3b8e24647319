//! `locospec client upload` and `download`: the session asks where, a connection of its own carries the bytes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::fs::File;
use tokio::io::AsyncReadExt;

use super::talk::Talk;
use crate::cli::{Failure, mutter};
use crate::net::clock::system_entropy;
use crate::net::media::{self, Way};
use crate::net::{Clock, Tcp};
use crate::proto::client::Endpoint;
use crate::proto::client::media::{Download, MediaConfig, Upload};
use crate::proto::command::{gettrailer, ship};
use crate::proto::limits::Limits;
use crate::proto::secure::{Era, PublicRing};
use crate::proto::server::hash::FileHash;

/// How long the media server may be silent.
const PATIENCE: Duration = Duration::from_secs(60);
/// Kinds of message: photo, video, voice, any file.
const KINDS: [(i32, &[&str]); 3] = [(2, &["jpg", "jpeg", "png", "gif", "webp"]), (3, &["mp4"]), (5, &["m4a"])];
const ANY_FILE: i32 = 18;

/// Who carries files.
#[derive(Debug)]
pub(super) struct Carrier {
    /// The generation of the protocol.
    pub(super) era: Era,
    /// The servers' keys.
    pub(super) keys: Arc<PublicRing>,
}

/// A file to get.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct DownloadArgs {
    /// The key of the file: `k` of the attachment
    key: String,
    /// Where to write it
    file: PathBuf,
    /// The room in which the message is, if not the one that the file was sent to
    #[arg(long)]
    room: Option<i64>,
    /// The SHA-1 that it must have: `cs` of the attachment
    #[arg(long)]
    sha1: Option<String>,
}

impl Carrier {
    /// Uploads a file; gives the log id and what hangs on the message.
    pub(super) async fn upload(&self, talk: &Talk, me: i64, room: i64, path: &Path) -> Result<String, Failure> {
        let broken = |e: std::io::Error| Failure::usage(format!("{}: {e}", path.display()));
        let mut file = File::open(path).await.map_err(broken)?;
        let (size, checksum) = measure(&mut file).await.map_err(broken)?;
        let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
        let kind = KINDS.iter().find(|(_, all)| all.contains(&extension.as_str())).map_or(ANY_FILE, |(kind, _)| *kind);
        let q = ship::Request {
            chat_id: room,
            kind,
            size,
            checksum: &checksum,
            extension: Some(&extension),
            extra: Some("{}"),
        };
        let answer = talk.within("SHIP", talk.handle.call(&q)).await?.map_err(Failure::incomplete)?;
        let reply = answer.accepted().map_err(Failure::found)?;
        let (key, endpoint) = (reply.key.to_owned(), place(reply.host, reply.port));
        let name = path.file_name().and_then(|n| n.to_str()).map(str::to_owned);
        let job = Upload { key, size, kind, room, name, ..Default::default() };
        let mut way = self.way(endpoint, me)?;
        let done = media::upload(&mut way, &job, &mut file, tell).await.map_err(Failure::found)?;
        Ok(format!("{}  {}", done.log_id, done.attachment))
    }

    /// Downloads a file; gives its size and SHA-1.
    pub(super) async fn download(&self, talk: &Talk, me: i64, args: &DownloadArgs) -> Result<String, Failure> {
        let q = gettrailer::Request { key: &args.key, kind: None };
        let answer = talk.within("GETTRAILER", talk.handle.call(&q)).await?.map_err(Failure::incomplete)?;
        let reply = answer.accepted().map_err(Failure::found)?;
        let endpoint = place(reply.host, reply.port);
        let broken = |e: std::io::Error| Failure::usage(format!("{}: {e}", args.file.display()));
        let part = args.file.with_extension("part");
        let mut out = File::create(&part).await.map_err(broken)?;
        let job = Download { key: args.key.clone(), room: args.room, ..Default::default() };
        let mut way = self.way(endpoint, me)?;
        let done = media::download(&mut way, &job, (None, args.sha1.as_deref()), &mut out, tell).await;
        let done = match done {
            Ok(done) => done,
            Err(e) => {
                let _ = tokio::fs::remove_file(&part).await;
                return Err(Failure::found(e));
            }
        };
        out.sync_all().await.map_err(broken)?;
        tokio::fs::rename(&part, &args.file).await.map_err(broken)?;
        Ok(format!("{}  {}", done.size, done.checksum))
    }

    fn way(&self, endpoint: Endpoint, user_id: i64) -> Result<Way<Tcp>, Failure> {
        let config = MediaConfig {
            era: self.era,
            user_id,
            os: "android".to_owned(),
            app_version: "3.5.0".to_owned(),
            keys: self.keys.clone(),
            patience: PATIENCE,
            limits: Limits::DEFAULT,
        };
        let entropy = system_entropy().map_err(Failure::incomplete)?;
        Ok(Way { net: Tcp, endpoint, clock: Clock::system(), config, entropy })
    }
}

fn place(host: &str, port: i32) -> Endpoint {
    Endpoint::new(host, u16::try_from(port).unwrap_or_default())
}

/// Size and SHA-1.
async fn measure(file: &mut File) -> std::io::Result<(i64, String)> {
    let (mut size, mut hash, mut buffer) = (0, FileHash::default(), vec![0; 64 << 10]);
    loop {
        let n = file.read(&mut buffer).await?;
        if n == 0 {
            return Ok((size, hash.checksum()));
        }
        hash.update(buffer.get(..n).unwrap_or_default());
        size += n as i64;
    }
}

fn tell(done: i64, size: i64) {
    mutter(format_args!("\r{done} of {size} bytes{}", if done == size { "\n" } else { "" }));
}
