//! What peers say of their logs, and whether it leaves no other way than to catch up by state.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::sync::mpsc;
use tombolo_causality::{RegionId, ReplicaId};
use tombolo_protocol::limits::STREAMS_MAX;
use tombolo_storage::View;

use super::{EndOfLog, Givers};

/// See the module.
#[derive(Debug)]
pub(super) struct Ends {
    own: ReplicaId,
    views: Arc<ArcSwap<View>>,
    told: mpsc::Receiver<EndOfLog>,
    /// Who has said of which origin that it no longer holds what follows that sequence.
    not_held: BTreeMap<ReplicaId, (u64, BTreeSet<RegionId>)>,
}

impl Ends {
    pub(super) fn new(givers: &Givers, told: mpsc::Receiver<EndOfLog>) -> Self {
        let views = Arc::clone(&givers.views);
        Self { own: givers.own, views, told, not_held: BTreeMap::new() }
    }

    /// The next peer that leaves no other way; nothing once nobody can say anything any more.
    pub(super) async fn next(&mut self, givers: &Givers) -> Option<RegionId> {
        loop {
            let end = self.told.recv().await?;
            if self.leaves_no_other_way(end, givers) {
                return Some(end.peer);
            }
        }
    }

    /// Of its own changes a peer has the last word: nobody else is asked for them while it is heard.
    /// Those of others perhaps another peer still has.
    fn leaves_no_other_way(&mut self, end: EndOfLog, givers: &Givers) -> bool {
        let EndOfLog { peer, origin, after } = end;
        let view = self.views.load_full();
        let is_missing = |origin: &ReplicaId, after| view.vector().get(origin) <= after;
        self.not_held.retain(|origin, (after, _)| is_missing(origin, *after));
        if origin == self.own || !is_missing(&origin, after) {
            return false;
        }
        if origin.region == peer {
            return true;
        }
        if self.not_held.len() >= STREAMS_MAX && !self.not_held.contains_key(&origin) {
            return false;
        }
        let (_, lack_it) = self.not_held.entry(origin).or_insert_with(|| (after, BTreeSet::new()));
        lack_it.insert(peer);
        givers.usable().all(|usable| lack_it.contains(&usable))
    }
}
