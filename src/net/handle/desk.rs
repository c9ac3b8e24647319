//! Where orders become actions, and replies find whoever waits for them.

use std::collections::BTreeMap;
use std::task::{Context, Poll};

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use super::{Answer, CallError, Keep, Order, Waiter};
use crate::net::connect::Seat;
use crate::proto::client::{Action, Client, Event};

/// Tickets of a desk have this bit, so that those of a caller may be anything without it.
const OURS: u64 = 1 << 63;

/// Whoever waits for the outcome of something, by its ticket. Each leaves it exactly once: the machine says of each
/// request and message how it has ended.
pub(super) struct Desk {
    todo: mpsc::Receiver<Order>,
    /// `None` when nobody wants them any more.
    events: Option<mpsc::Sender<Event>>,
    keep: Option<Keep>,
    kept: Option<u64>,
    last: u64,
    calls: BTreeMap<u64, Waiter<Answer>>,
    sends: BTreeMap<u64, Waiter<i64>>,
    logins: Vec<Waiter<i64>>,
}

impl Desk {
    pub(super) fn new(todo: mpsc::Receiver<Order>, events: mpsc::Sender<Event>, keep: Option<Keep>) -> Self {
        let (calls, sends, logins) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        Self { todo, events: Some(events), keep, kept: None, last: OURS, calls, sends, logins }
    }

    /// A ticket that no message has which waits since an earlier life.
    fn ticket(&mut self, client: &Client) -> u64 {
        loop {
            self.last = self.last.wrapping_add(1) | OURS;
            if !client.has_ticket(self.last) {
                return self.last;
            }
        }
    }

    /// The logins that somebody waits for end like this.
    fn logged_in(&mut self, outcome: &Result<i64, CallError>) {
        for waiter in self.logins.drain(..) {
            let _ = waiter.send(outcome.clone());
        }
    }

    /// Gives the outcome of a call or message to whoever waits for it. The event comes back when it is no such one.
    fn answer(&mut self, event: Event) -> Option<Event> {
        match event {
            Event::Reply { ticket, status, body } => match self.calls.remove(&ticket) {
                Some(waiter) => drop(waiter.send(Ok((status, body)))),
                None => return Some(Event::Reply { ticket, status, body }),
            },
            Event::RequestEnded { ticket, how } => match self.calls.remove(&ticket) {
                Some(waiter) => drop(waiter.send(Err(CallError::Ended(how)))),
                None => return Some(event),
            },
            Event::Sent { ticket, log_id, .. } => match self.sends.remove(&ticket) {
                Some(waiter) => drop(waiter.send(Ok(log_id))),
                None => return Some(event),
            },
            Event::SendFailed { ticket, why } => match self.sends.remove(&ticket) {
                Some(waiter) => drop(waiter.send(Err(CallError::Ended(why)))),
                None => return Some(event),
            },
            other => return Some(other),
        }
        None
    }
}

impl Seat for Desk {
    type Order = Order;

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Order>> {
        self.todo.poll_recv(cx)
    }

    fn turn(&mut self, order: Order, client: &Client) -> Option<Action> {
        match order {
            Order::Login(waiter) if client.is_logged_on() => {
                let _ = waiter.send(Ok(client.user_id()));
                None
            }
            Order::Login(waiter) => {
                self.logins.push(waiter);
                Some(Action::Login)
            }
            Order::Call { method, body, waiter } => {
                let ticket = self.ticket(client);
                self.calls.insert(ticket, waiter);
                Some(Action::Request { ticket, method, body })
            }
            Order::Send { room, text, waiter } => {
                let ticket = self.ticket(client);
                self.sends.insert(ticket, waiter);
                Some(Action::Send { ticket, room, text })
            }
            Order::Act(action) => Some(action),
            Order::Look(look) => {
                look(client, self.calls.len() + self.sends.len());
                None
            }
        }
    }

    fn taken_in(&mut self, client: &Client) -> bool {
        let Some(keep) = &mut self.keep else { return true };
        let changes = Some(client.changes());
        if self.kept == changes {
            return true;
        }
        self.kept = changes;
        keep(client)
    }

    fn tell(&mut self, event: Event) -> bool {
        match &event {
            Event::LoggedIn { user_id, .. } => self.logged_in(&Ok(*user_id)),
            Event::LoginRefused { status } => self.logged_in(&Err(CallError::LoginRefused(*status))),
            Event::GaveUp { why } => self.logged_in(&Err(CallError::GaveUp(why.clone()))),
            _ => (),
        }
        let (Some(event), Some(events)) = (self.answer(event), &self.events) else { return true };
        match events.try_send(event) {
            Ok(()) => true,
            Err(TrySendError::Closed(_)) => {
                self.events = None;
                true
            }
            Err(TrySendError::Full(_)) => false,
        }
    }
}
