//! The doors before the session: booking and ticket, or the entry of 2012. One request per connection, then it is
//! closed (loco-modern §3; loco-2012 §6). Next: [`super::carriage`].

use core::time::Duration;

use super::config::Endpoint;
use super::event::{Event, Output, Why};
use super::link::{Asked, Content, Link};
use super::state::{Happening, State};
use super::{Client, ClientConfig};
use crate::proto::command::{Body, CommandId, Door, Nullable, buy, checkin, getconf};
use crate::proto::error::Malformed;
use crate::proto::time::Time;
use crate::proto::wire::Packet;

/// What the doors have told us.
#[derive(Debug, Default)]
pub(super) struct Route {
    /// The ticket server, as booking said on this try.
    ticket: Option<Endpoint>,
    /// The carriage server, and until when it is ours.
    carriage: Option<(Endpoint, Time)>,
    /// Between two PINGs, as the server wants it.
    pub(super) heartbeat: Option<Duration>,
}

impl Route {
    /// Back to the first door.
    pub(super) fn forget(&mut self) {
        self.ticket = None;
        self.carriage = None;
    }

    /// Where to go now.
    fn next_door(&mut self, config: &ClientConfig, now: Time) -> (Door, Endpoint) {
        //= CLIENT-ENTRY-1
        if let Some((carriage, until)) = &self.carriage
            && now < *until
        {
            return (Door::Carriage, carriage.clone());
        }
        if !config.era.is_modern() {
            return (Door::Entry, config.first.clone());
        }
        self.ticket.take().map_or_else(|| (Door::Booking, config.first.clone()), |ticket| (Door::Ticket, ticket))
    }

    /// Keeps the carriage server for as long as it says, and for this try in any case.
    fn set_carriage(&mut self, endpoint: Endpoint, cache_expire: i32, now: Time) {
        let holds = seconds(cache_expire).unwrap_or_default().max(Duration::from_secs(1));
        self.carriage = Some((endpoint, now + holds));
    }
}

/// A number of seconds from the wire; `None` unless it is above zero.
pub(super) fn seconds(n: i32) -> Option<Duration> {
    u64::try_from(n).ok().filter(|n| *n > 0).map(Duration::from_secs)
}

/// An endpoint from the wire.
fn endpoint(host: &str, port: i32) -> Option<Endpoint> {
    let port = u16::try_from(port).ok().filter(|p| *p != 0)?;
    (!host.is_empty()).then(|| Endpoint::new(host, port))
}

impl Client {
    /// Whether the connection that there is leads to this door.
    pub(super) fn is_at(&self, door: Door) -> bool {
        self.link.as_ref().is_some_and(|l| l.door == door)
    }

    /// Connects to the next door; the connection before it has done its part.
    pub(super) fn connect(&mut self, now: Time) {
        if let Some(done) = self.link.take() {
            self.outputs.push_back(Output::Close { conn: done.conn });
        }
        let (door, endpoint) = self.route.next_door(&self.config, now);
        let conn = self.next_conn;
        self.next_conn += 1;
        self.tally.connects += 1;
        let mut link = Link::new(conn, door, now + self.config.connect_timeout, self.limits_of_link());
        self.inherit(&mut link);
        self.link = Some(link);
        self.state = State::AwaitsConnection(door);
        let tls = door == Door::Booking && self.config.booking_tls;
        self.outputs.push_back(Output::Connect { conn, door, endpoint, tls });
    }

    /// Sends the one request of this door; behind the handshake, and in one write with it, where the door is secure.
    pub(super) fn ask_door(&mut self, now: Time) {
        let era = self.era_of_handshake();
        let Some(link) = &mut self.link else { return };
        let (door, mut out) = (link.door, Vec::new());
        if door.is_secure()
            && let Err(why) = link.secure(era, &self.config.keys, &mut self.entropy, &mut out)
        {
            self.hang_up(Why::Dismissed);
            self.tell(Event::GaveUp { why });
            self.state = State::Away;
            return;
        }
        match door {
            Door::Booking => self.ask_configuration(now),
            Door::Ticket => self.ask_check_in(out, now),
            Door::Entry => self.ask_buy(now),
            Door::Carriage => self.ask_login(out, now),
        }
    }

    fn ask_configuration(&mut self, now: Time) {
        self.state = State::AwaitsConfiguration;
        let os = self.config.os.clone();
        let body =
            getconf::Request { mccmnc: Some("999"), os: Some(&os), model: Some(""), ..getconf::Request::default() };
        self.ask(CommandId::GetConf.method(), Asked::GetConf, &body, now);
    }

    fn ask_check_in(&mut self, out: Vec<u8>, now: Time) {
        self.state = State::AwaitsRoute;
        let (os, version) = (self.config.os.clone(), self.config.app_version.clone());
        let body = checkin::Request {
            user_id: Some(self.config.user_id),
            os: &os,
            ntype: Some(0),
            app_ver: Some(&version),
            use_sub: Some(self.config.device_type == 2),
            lang: Some("ko"),
            mccmnc: Some("999"),
            country_iso: Some("KR"),
            ..Default::default()
        };
        let content = Content::Fields(&|w| body.encode(w));
        self.ask_with(CommandId::CheckIn.method(), Asked::Route, &content, out, now);
    }

    fn ask_buy(&mut self, now: Time) {
        self.state = State::AwaitsRoute;
        let (os, version) = (self.config.os.clone(), self.config.app_version.clone());
        let body = buy::Request {
            user_id: self.config.user_id,
            os: &os,
            ntype: Some(3),
            app_ver: Some(&version),
            mccmnc: Nullable(Some("")),
            country_iso: Some("KR"),
            voip: Some(false),
        };
        self.ask(CommandId::Buy.method(), Asked::Route, &body, now);
    }

    /// GETCONF: the first ticket host with the first port (loco-modern §3.1: NK, KPY, MAK, OK), and the heartbeat.
    pub(super) fn configured(&mut self, packet: &Packet<'_>, now: Time) -> Result<(), Malformed> {
        let reply: getconf::Reply<'_> = self.read(packet)?;
        let host = reply.ticket.lsl.first().copied().unwrap_or_default();
        let ticket = endpoint(host, reply.wifi.ports.first().copied().unwrap_or_default());
        self.route.heartbeat = seconds(reply.wifi.fg_ping);
        if ticket.is_none() {
            self.broken(Why::BadRoute, now);
            return Ok(());
        }
        self.route.ticket = ticket;
        self.step(Happening::Configured, now);
        Ok(())
    }

    /// CHECKIN or BUY: the carriage server, and in 2012 the heartbeat.
    pub(super) fn routed(&mut self, packet: &Packet<'_>, now: Time) -> Result<(), Malformed> {
        let (carriage, expire) = if self.is_at(Door::Entry) {
            let reply: buy::Reply<'_> = self.read(packet)?;
            self.route.heartbeat = seconds(reply.ping_itv);
            (endpoint(reply.host, reply.port), reply.cache_expire)
        } else {
            let reply: checkin::Reply<'_> = self.read(packet)?;
            (endpoint(reply.host, reply.port), reply.cache_expire)
        };
        let Some(carriage) = carriage else {
            self.broken(Why::BadRoute, now);
            return Ok(());
        };
        self.route.set_carriage(carriage, expire, now);
        self.step(Happening::Routed, now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_from_the_wire_has_a_host_and_a_port() {
        assert_eq!(endpoint("a", 1), Some(Endpoint::new("a", 1)));
        assert_eq!(endpoint("a", 65_535), Some(Endpoint::new("a", 65_535)));
        for (host, port) in [("", 1), ("a", 0), ("a", -1), ("a", 65_536), ("a", i32::MIN)] {
            assert_eq!(endpoint(host, port), None, "{host:?} {port}");
        }
    }

    #[test]
    fn seconds_of_the_wire_count_from_1() {
        assert_eq!(seconds(1), Some(Duration::from_secs(1)));
        assert_eq!((seconds(0), seconds(-1), seconds(i32::MIN)), (None, None, None));
    }
}
