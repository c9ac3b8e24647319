//! The crate `talk-loco-client` 0.6.1, unchanged, as a client under test: `spec/interop/README.md` has the protocol.
//! The crate gives requests and a stream of pushes; it has no way back after a connection that broke.

use std::error::Error;
use std::sync::Arc;

use futures_loco_protocol::LocoClient;
use futures_loco_protocol::secure::{LocoSecureStream, rsa::RsaPublicKey, rsa::pkcs8::DecodePublicKey};
use futures_loco_protocol::session::LocoSession;
use futures_util::StreamExt;
use locospec::net::{BoxStream, tls};
use serde_json::{Value, json};
use talk_loco_client::RequestError;
use talk_loco_client::client::booking::{BookingClient, GetConfReq};
use talk_loco_client::client::checkin::{CheckinClient, CheckinReq};
use talk_loco_client::talk::session::{TalkSession, channel::write, load_channel_list, login};
use talk_loco_client::talk::stream::StreamCommand;
use tokio::net::TcpStream;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;
use tokio_util::compat::TokioAsyncReadCompatExt;

type Failed = Box<dyn Error + Send + Sync>;
type Desk = Arc<Mutex<Option<LocoSession>>>;

const OPERATIONS: &[&str] = &["hello", "connect", "login", "send_text", "read", "leave", "close"];
const EVENTS: &str = "logged_in login_refused message sent send_failed read_mark kicked server_moves disconnected";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failed> {
    // A panic of the crate in a task would go unseen.
    std::panic::set_hook(Box::new(|panic| {
        eprintln!("{panic}");
        std::process::exit(101);
    }));
    let (say, mut lines) = mpsc::unbounded_channel();
    std::thread::spawn(move || std::io::stdin().lines().map_while(Result::ok).try_for_each(|l| say.send(l)));
    let (mut place, desk, mut sent, mut living) = (Value::Null, Desk::default(), 0, None);
    while let Some(line) = lines.recv().await {
        let q: Value = serde_json::from_str(&line)?;
        let session = desk.lock().await.clone();
        let mut reply = json!({"id": q["id"], "ok": true});
        match (q["op"].as_str().unwrap_or_default(), session) {
            ("hello", _) => {
                let events: Vec<&str> = EVENTS.split(' ').collect();
                reply = json!({"id": q["id"], "ok": true, "operations": OPERATIONS, "events": events});
            }
            ("connect", _) => place = q,
            ("login", _) => living = Some(tokio::spawn(life(place.clone(), desk.clone()))),
            ("close", _) => drop(living.take().map(|l: JoinHandle<()>| l.abort())),
            ("send_text", Some(session)) => {
                sent += 1;
                drop(tokio::spawn(send(session, sent, q)));
            }
            ("read", Some(session)) => drop(tokio::spawn(async move {
                let (room, mark) = (number(&q, "room"), number(&q, "watermark"));
                TalkSession(&session).normal_channel(room).noti_read(mark).await
            })),
            ("leave", Some(session)) => drop(tokio::spawn(async move {
                TalkSession(&session).normal_channel(number(&q, "room")).leave(false).await
            })),
            (op, None) if OPERATIONS.contains(&op) => reply = json!({"id": q["id"], "error": "not logged in"}),
            _ => reply = json!({"id": q["id"], "unimplemented": "no such operation"}),
        }
        println!("{reply}");
    }
    Ok(())
}

fn number(q: &Value, key: &str) -> i64 {
    q[key].as_i64().unwrap_or_default()
}

async fn send(session: LocoSession, msg_id: i64, q: Value) {
    let (chat_type, message, no_seen, attachment, supplement) = (1, q["text"].as_str(), false, None, None);
    let request = write::Request { chat_type, msg_id, message, no_seen, attachment, supplement };
    match TalkSession(&session).channel(number(&q, "room")).write_chat(&request).await {
        Ok(r) => println!("{}", json!({"event": "sent", "as": q["as"], "room": q["room"], "log_id": r.log_id})),
        Err(e) => println!("{}", json!({"event": "send_failed", "as": q["as"], "why": e.to_string()})),
    }
}

/// One session, from booking to its end.
async fn life(place: Value, desk: Desk) {
    let status = |e: &Failed| match e.downcast_ref() {
        Some(RequestError::Status(status)) => Some(*status),
        _ => None,
    };
    let ended = session(&place, &desk).await.map_err(|e| (e.to_string(), status(&e)));
    *desk.lock().await = None;
    match ended {
        Err((_, Some(status))) => println!("{}", json!({"event": "login_refused", "status": status})),
        Err((why, None)) => println!("{}", json!({"event": "disconnected", "door": "carriage", "why": why})),
        Ok(()) => println!("{}", json!({"event": "disconnected", "door": "carriage"})),
    }
}

async fn session(place: &Value, desk: &Desk) -> Result<(), Failed> {
    let text = |at: &str| place.pointer(at).and_then(Value::as_str).map(str::to_owned).ok_or_else(|| at.to_owned());
    let (addr, token, duuid) = (text("/addr")?, text("/user/token")?, text("/user/duuid")?);
    let user_id = place["user"]["id"].as_i64().ok_or("user.id")?;
    let rsa = RsaPublicKey::from_public_key_pem(&std::fs::read_to_string(text("/rsa_pub")?)?)?;
    let tls = tls::connector(&std::fs::read_to_string(text("/ca")?)?)?;
    let stream = tls.connect(tls::server_name("localhost")?, TcpStream::connect(addr).await?).await?;
    let stream: BoxStream = Box::new(stream);
    let mut booking = BookingClient::new(LocoClient::new(stream.compat()));
    let conf = booking.get_conf(&GetConfReq { mccmnc: "999", os: "win32", model: "" }).await?;
    drop(booking);
    let host = conf.ticket.lsl.first().ok_or("no ticket host")?.as_str();
    let stream = TcpStream::connect((host, u16::try_from(*conf.wifi.ports.first().ok_or("no port")?)?)).await?;
    let mut ticket = CheckinClient::new(LocoClient::new(LocoSecureStream::new(rsa.clone(), stream.compat())));
    let (os, app_version, mccmnc, language) = ("win32", "3.4.2", "999", "ko");
    let request =
        CheckinReq { user_id, os, net_type: 0, app_version, mccmnc, language, country_iso: "KR", use_sub: true };
    let checkin = ticket.checkin(&request).await?;
    drop(ticket);
    let stream = TcpStream::connect((checkin.host.as_str(), u16::try_from(checkin.port)?)).await?;
    let (session, mut pushes) = LocoSession::new(LocoClient::new(LocoSecureStream::new(rsa, stream.compat())));
    // Its requests are written and answered only while somebody polls its stream.
    let pump = async {
        while let Some(Ok(command)) = pushes.next().await {
            push(StreamCommand::deserialize_from(command), user_id);
        }
    };
    let chat_list = load_channel_list::Request { chat_ids: &[], max_ids: &[], last_token_id: 0, last_chat_id: None };
    let request = login::Request {
        os,
        net_type: 0,
        app_version,
        mccmnc,
        protocol_version: "1.0",
        device_uuid: &duuid,
        oauth_token: &token,
        language,
        device_type: Some(2),
        revision: Some(0),
        rp: [0, 0, 0xff, 0xff, 0, 0],
        pc_status: None,
        chat_list,
        last_block_token: 0,
        background: Some(false),
    };
    let begin = async {
        let (reply, more) = TalkSession(&session).login(request).await?;
        let mut rooms = reply.chat_list.chat_datas;
        if let Some(more) = more {
            let pages: Vec<_> = more.collect().await;
            for page in pages {
                rooms.extend(page?.chat_datas);
            }
        }
        let rooms: Vec<Value> = rooms.iter().map(|r| json!({"room": r.id})).collect();
        println!("{}", json!({"event": "logged_in", "user_id": reply.user_id, "rooms": rooms}));
        *desk.lock().await = Some(session.clone());
        std::future::pending::<Result<(), Failed>>().await
    };
    tokio::select! {
        biased;
        () = pump => Ok(()),
        ended = begin => ended,
    }
}

fn push(command: Result<StreamCommand, impl std::fmt::Display>, me: i64) {
    let event = match command {
        Ok(StreamCommand::Chat(m)) => {
            let (log, text) = (m.chatlog.log_id, m.chatlog.chat.content.message);
            let author = m.chatlog.author_id;
            json!({"event": "message", "room": m.chat_id, "log_id": log, "author": author, "text": text, "own": author == me})
        }
        Ok(StreamCommand::ChatRead(r)) => {
            json!({"event": "read_mark", "room": r.chat_id, "user": r.user_id, "watermark": r.watermark})
        }
        Ok(StreamCommand::Kickout(k)) => json!({"event": "kicked", "reason": k.reason}),
        Ok(StreamCommand::SwitchServer) => json!({"event": "server_moves"}),
        Ok(_) => json!({"event": "push"}),
        Err(e) => json!({"event": "push", "bad": e.to_string()}),
    };
    println!("{event}");
}
