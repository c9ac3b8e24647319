//! The crate `talk-loco-client` 0.6.1, unchanged, as a client under test: `spec/interop/README.md` has the protocol.
//! The crate gives requests and a stream of pushes; it has no way back after a connection that broke.

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
use talk_loco_client::talk::stream::StreamCommand as Push;
use tokio::net::TcpStream;
use tokio::sync::{Mutex, mpsc};
use tokio_util::compat::TokioAsyncReadCompatExt;

type Failed = Box<dyn std::error::Error + Send + Sync>;
type Desk = std::sync::Arc<Mutex<Option<LocoSession>>>;

const OPERATIONS: &str = "hello connect login send_text read leave close";
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
    let (mut place, desk, mut living) = (Value::Null, Desk::default(), None);
    while let Some(line) = lines.recv().await {
        let q: Value = serde_json::from_str(&line)?;
        let session = desk.lock().await.clone();
        let (words, mut reply) = (|all: &str| Value::from_iter(all.split(' ')), json!({"id": q["id"], "ok": true}));
        match (q["op"].as_str().unwrap_or_default(), session) {
            ("hello", _) => (reply["operations"], reply["events"]) = (words(OPERATIONS), words(EVENTS)),
            ("connect", _) => place = q,
            ("login", _) => living = Some(tokio::spawn(life(place.clone(), desk.clone()))),
            ("close", _) => drop(living.take().map(|l: tokio::task::JoinHandle<()>| l.abort())),
            ("send_text" | "read" | "leave", Some(session)) => drop(tokio::spawn(act(session, q))),
            ("send_text", None) => {
                println!("{reply}");
                reply = json!({"event": "send_failed", "as": q["as"]});
            }
            ("read" | "leave", None) => reply = json!({"id": q["id"], "error": "not logged in"}),
            _ => reply = json!({"id": q["id"], "unimplemented": "no such operation"}),
        }
        println!("{reply}");
    }
    Ok(())
}

async fn act(session: LocoSession, q: Value) {
    let number = |key: &str| q[key].as_i64().unwrap_or_default();
    let (room, msg_id, session) = (number("room"), number("id"), TalkSession(&session));
    match q["op"].as_str() {
        Some("read") => drop(session.normal_channel(room).noti_read(number("watermark")).await),
        Some("leave") => drop(session.normal_channel(room).leave(false).await),
        _ => {
            let (chat_type, message, no_seen, attachment, supplement) = (1, q["text"].as_str(), false, None, None);
            let request = write::Request { chat_type, msg_id, message, no_seen, attachment, supplement };
            match session.channel(room).write_chat(&request).await {
                Ok(r) => println!("{}", json!({"event": "sent", "as": q["as"], "room": room, "log_id": r.log_id})),
                Err(e) => println!("{}", json!({"event": "send_failed", "as": q["as"], "why": e.to_string()})),
            }
        }
    }
}

/// One session, from booking to its end.
async fn life(place: Value, desk: Desk) {
    let ended = session(&place, &desk).await;
    *desk.lock().await = None;
    let why = ended.as_ref().err().map(ToString::to_string);
    match ended.as_ref().err().and_then(|e| e.downcast_ref()) {
        Some(RequestError::Status(status)) => println!("{}", json!({"event": "login_refused", "status": status})),
        _ => println!("{}", json!({"event": "disconnected", "door": "carriage", "why": why})),
    }
}

async fn session(place: &Value, desk: &Desk) -> Result<(), Failed> {
    let text = |at: &str| place.pointer(at).and_then(Value::as_str).map(str::to_owned).ok_or_else(|| at.to_owned());
    let user_id = place["user"]["id"].as_i64().ok_or("user.id")?;
    let rsa = RsaPublicKey::from_public_key_pem(&std::fs::read_to_string(text("/rsa_pub")?)?)?;
    let tls = tls::connector(&std::fs::read_to_string(text("/ca")?)?)?;
    let stream = tls.connect(tls::server_name("localhost")?, TcpStream::connect(text("/addr")?).await?).await?;
    let stream = LocoClient::new((Box::new(stream) as BoxStream).compat());
    let (os, net_type, app_version, mccmnc, language, country_iso) = ("win32", 0, "3.4.2", "999", "ko", "KR");
    let conf = BookingClient::new(stream).get_conf(&GetConfReq { mccmnc, os, model: "" }).await?;
    let secure = async |host: &str, port: i32| -> Result<_, Failed> {
        let stream = TcpStream::connect((host, u16::try_from(port)?)).await?;
        Ok(LocoClient::new(LocoSecureStream::new(rsa.clone(), stream.compat())))
    };
    let (host, port) = (conf.ticket.lsl.first().ok_or("no ticket host")?, conf.wifi.ports.first().ok_or("no port")?);
    let request = CheckinReq { user_id, os, net_type, app_version, mccmnc, language, country_iso, use_sub: true };
    let checkin = CheckinClient::new(secure(host, *port).await?).checkin(&request).await?;
    let (session, mut pushes) = LocoSession::new(secure(&checkin.host, checkin.port).await?);
    // Its requests are written and answered only while somebody polls its stream.
    let pump = async {
        while let Some(Ok(command)) = pushes.next().await {
            push(Push::deserialize_from(command), user_id);
        }
    };
    let (device_uuid, oauth_token) = (&*text("/user/duuid")?, &*text("/user/token")?);
    let chat_list = load_channel_list::Request { chat_ids: &[], max_ids: &[], last_token_id: 0, last_chat_id: None };
    #[rustfmt::skip] // as a list it would be longer than the rest
    let request = login::Request {
        os, net_type, app_version, mccmnc, protocol_version: "1.0", device_uuid, oauth_token, language,
        device_type: Some(2), revision: Some(0), rp: [0, 0, 0xff, 0xff, 0, 0], pc_status: None, chat_list,
        last_block_token: 0, background: Some(false),
    };
    let begin = async {
        let (reply, more) = TalkSession(&session).login(request).await?;
        let mut rooms = reply.chat_list.chat_datas;
        if let Some(more) = more {
            for page in more.collect::<Vec<_>>().await {
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

fn push(command: Result<Push, impl std::fmt::Display>, me: i64) {
    let event = match command {
        Ok(Push::Chat(m)) => json!({
            "event": "message", "room": m.chat_id, "log_id": m.chatlog.log_id, "author": m.chatlog.author_id,
            "text": m.chatlog.chat.content.message, "own": m.chatlog.author_id == me,
        }),
        Ok(Push::ChatRead(r)) => {
            json!({"event": "read_mark", "room": r.chat_id, "user": r.user_id, "watermark": r.watermark})
        }
        Ok(Push::Kickout(k)) => json!({"event": "kicked", "reason": k.reason}),
        Ok(Push::SwitchServer) => json!({"event": "server_moves"}),
        other => json!({"event": "push", "bad": other.err().map(|e| e.to_string())}),
    };
    println!("{event}");
}
