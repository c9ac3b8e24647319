//! What a client's user does besides its session: files that are carried, and what follows from an answer.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::World;
use crate::proto::client::ClientConfig;
use crate::proto::entropy::Entropy;
use crate::sim::clock::OwnClock;
use crate::sim::courier::{Carriage, Carried, Courier, files_of};
use crate::sim::trace::Kind;

/// Who carries files.
pub(super) struct Carriers {
    /// Where the hosts of clients take files to carry.
    pub hosts: Vec<mpsc::UnboundedSender<Carriage>>,
    /// Where it is said what came of them, and the other end.
    done: mpsc::UnboundedSender<(usize, u64, Carried)>,
    carried: mpsc::UnboundedReceiver<(usize, u64, Carried)>,
}

impl Default for Carriers {
    fn default() -> Self {
        let (done, carried) = mpsc::unbounded_channel();
        Self { hosts: Vec::new(), done, carried }
    }
}

impl World {
    /// Who carries the files of a client on this host.
    pub(super) fn courier(
        &self,
        label: &Arc<str>,
        host: Option<&Arc<str>>,
        config: &ClientConfig,
        clock: &OwnClock,
    ) -> Courier {
        let owner = files_of(label);
        Courier {
            net: self.network(&owner.as_str().into(), host),
            clock: clock.driver(),
            era: config.era,
            user_id: config.user_id,
            keys: config.keys.clone(),
            patience: config.request_timeout,
            entropy: Entropy::named(self.scenario.seed, &owner),
        }
    }

    /// Hears what came of files, sends off the next ones, and has clients do what follows from their answers.
    pub(super) fn carry(&mut self) {
        while let Ok((device, ticket, carried)) = self.files.carried.try_recv() {
            let Some(label) = self.clients.get(device).map(|c| c.label.clone()) else { continue };
            self.trace.record(&label, 0, Kind::Event(format!("request {ticket}: {}", carried.brief())));
            if let Some(place) = self.model.carried(device, ticket, &carried) {
                self.control.sometimes().reach(place);
            }
        }
        for errand in self.model.take_errands() {
            let Some(c) = self.clients.get_mut(errand.device) else { continue };
            let carriage = c.courier.carry(errand, self.files.done.clone());
            if let Some(carrier) = self.files.hosts.get(c.host) {
                // A host that has ended carries nothing: then the run is over.
                let _ = carrier.send(carriage);
            }
        }
        for (device, action) in self.model.take_next() {
            self.act(device, action);
        }
    }
}
