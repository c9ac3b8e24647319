//! One connection, as the watch has it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::files::Transfer;
use super::lists::Listing;
use super::wire::Wire;
use crate::proto::command::Door;
use crate::proto::time::Time;
use crate::sim::model::feeds::Cause;
use crate::sim::tap::Tap;

/// Who has logged on with a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Login {
    pub device: String,
    pub user: i64,
}

pub(super) struct View {
    pub host: Arc<str>,
    pub door: Door,
    pub tap: Tap,
    pub accepted: Time,
    pub read: Time,
    /// The peer has taken something.
    pub sent: Time,
    pub login: Option<Login>,
    /// By id and method; the same may have been asked twice.
    pub asked: BTreeMap<(u32, String), Vec<Asked>>,
    pub pushed: BTreeSet<(i64, i64)>,
    pub marks: BTreeMap<(i64, i64), i64>,
    /// The last log that the connection has got in each room.
    pub last: BTreeMap<i64, i64>,
    pub closing: Option<Time>,
    pub wire: Wire,
    /// The list of rooms that it is getting.
    pub listing: Option<Listing>,
    /// The file that it carries.
    pub file: Option<Transfer>,
}

/// A request that is not answered yet.
pub(super) struct Asked {
    pub device: Option<String>,
    pub room: i64,
    /// The feeds that it may make.
    pub causes: Vec<Cause>,
    /// A page of messages: those after the first, and up to the second where that is not 0.
    pub page: Option<(i64, i64)>,
    /// A read mark.
    pub mark: Option<i64>,
}

impl View {
    pub(super) fn new(host: &Arc<str>, door: Door, tap: Tap, now: Time) -> Self {
        Self {
            host: host.clone(),
            door,
            tap,
            accepted: now,
            read: now,
            sent: now,
            login: None,
            asked: BTreeMap::new(),
            pushed: BTreeSet::new(),
            marks: BTreeMap::new(),
            last: BTreeMap::new(),
            closing: None,
            wire: Wire::default(),
            listing: None,
            file: None,
        }
    }
}
