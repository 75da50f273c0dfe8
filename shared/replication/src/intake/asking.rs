//! What the intake asks its peers for: what holds others back, what was dropped, and what a silent
//! origin has written; each once, until the answer is late or has brought something on.

use tombolo_causality::{RegionId, ReplicaId, VersionVector};

use super::stream::Stream;
use super::{Asked, Intake, Output, missing};

impl Intake {
    /// An answer is one batch. One that has brought the stream on from `before` is followed by a
    /// request for the rest; without it, whatever was long would take an `ask_again_ms` a batch.
    pub(super) fn go_on_asking(
        &mut self,
        now_ms: u64,
        peer: RegionId,
        origin: ReplicaId,
        before: u64,
        out: &mut Vec<Output>,
    ) {
        let here = self.stream_position(&origin).seq;
        let Some(asked) = self.asked.get(&origin).copied() else { return };
        if asked.up_to <= here {
            self.asked.remove(&origin);
        } else if asked.peer == peer && here > before {
            self.asked.remove(&origin);
            self.ask(now_ms, peer, origin, asked.up_to, out);
        }
    }

    /// What `peer` has sent is not kept, up to there.
    pub(super) fn drop_up_to(&mut self, peer: RegionId, origin: ReplicaId, up_to: u64) {
        let dropped = self.dropped.entry(origin).or_insert((peer, up_to));
        *dropped = (peer, up_to.max(dropped.1));
    }

    pub(super) fn forget_what_arrived(&mut self) {
        let streams = &self.streams;
        let here = |origin: &ReplicaId| streams.get(origin).map_or(0, |s| s.accepted().seq);
        self.dropped.retain(|origin, (_, up_to)| here(origin) < *up_to);
    }

    /// There is room again: what was dropped is asked for at once, of who had sent it.
    pub(super) fn ask_again_for_the_dropped(&mut self, now_ms: u64, out: &mut Vec<Output>) {
        self.forget_what_arrived();
        for (origin, (peer, up_to)) in self.dropped.clone() {
            self.asked.remove(&origin);
            self.ask(now_ms, peer, origin, up_to, out);
        }
    }

    /// What was dropped, and `peer` has: its sender takes it to be here.
    pub(super) fn ask_for_the_dropped(
        &mut self,
        now_ms: u64,
        peer: RegionId,
        vector: &VersionVector,
        out: &mut Vec<Output>,
    ) {
        self.forget_what_arrived();
        for (origin, (_, up_to)) in self.dropped.clone() {
            let up_to = up_to.min(vector.get(&origin));
            if up_to > self.stream_position(&origin).seq {
                self.ask(now_ms, peer, origin, up_to, out);
            }
        }
    }

    /// What holds back what has just arrived: its sender has shown it, so it has all that it rests on.
    pub(super) fn ask_for_what_holds_back(&mut self, now_ms: u64, out: &mut Vec<Output>) {
        for (sender, origin, up_to) in self.holding_back() {
            self.ask(now_ms, sender, origin, up_to, out);
        }
    }

    /// What holds others back, as far as `peer` says that it has it. What nobody has any more, since
    /// whoever had it has lost it, nobody is asked for.
    pub(super) fn ask_again_for_what_holds_back(
        &mut self,
        now_ms: u64,
        peer: RegionId,
        vector: &VersionVector,
        out: &mut Vec<Output>,
    ) {
        for (_, origin, up_to) in self.holding_back() {
            let up_to = up_to.min(vector.get(&origin));
            if up_to > self.stream_position(&origin).seq {
                self.ask(now_ms, peer, origin, up_to, out);
            }
        }
    }

    /// Who had sent the first change that is held back of each stream, and what that waits for.
    fn holding_back(&self) -> Vec<(RegionId, ReplicaId, u64)> {
        let heads = self.streams.values().filter_map(Stream::head_with_sender);
        let wanted = heads.flat_map(|(sender, head)| {
            let missing = missing(self.own, &self.handed, &head.change.deps);
            missing.map(move |(origin, up_to)| (sender, origin, up_to))
        });
        wanted.filter(|(_, origin, up_to)| *up_to > self.stream_position(origin).seq).collect()
    }

    /// What `peer` has of origins that are silent here is asked of it.
    pub(super) fn ask_for_the_silent(
        &mut self,
        now_ms: u64,
        peer: RegionId,
        vector: &VersionVector,
        out: &mut Vec<Output>,
    ) {
        for (origin, up_to) in vector.iter() {
            let direct = origin.region == peer || origin == self.own;
            let heard = self.heard_at_ms.get(&origin.region);
            let silent = heard.is_none_or(|at| now_ms - at > self.limits.silence_ms_max);
            if !direct && silent && up_to > self.stream_position(&origin).seq {
                self.ask(now_ms, peer, origin, up_to, out);
            }
        }
    }

    pub(super) fn ask(
        &mut self,
        now_ms: u64,
        peer: RegionId,
        origin: ReplicaId,
        up_to: u64,
        out: &mut Vec<Output>,
    ) {
        if let Some(asked) = self.asked.get(&origin) {
            let fresh = now_ms - asked.at_ms < self.limits.ask_again_ms;
            if fresh && asked.up_to >= up_to {
                return;
            }
        }
        self.asked.insert(origin, Asked { peer, up_to, at_ms: now_ms });
        let after = self.stream_position(&origin).seq;
        out.push(Output::Ask { peer, origin, after, up_to });
    }
}
