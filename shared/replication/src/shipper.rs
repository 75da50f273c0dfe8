//! The shipper: what to send next to one peer.
//!
//! Own changes go from where the peer has durably acknowledged, many to a batch, several batches
//! in flight within a window of bytes. What the peer names as missing of another origin is relayed
//! on request and never otherwise, so that nothing echoes. Reading the journal is the caller's.

use std::collections::{BTreeMap, VecDeque};

use tombolo_causality::{Dot, RegionId, ReplicaId, VersionVector};

/// How much may be under way to one peer.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Unacknowledged bytes, after which sending waits.
    pub window_bytes_max: usize,
    /// Requests of the peer that may wait; further ones are dropped, the peer asks again.
    pub asks_max: usize,
}

/// What happens to a shipper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The link is up and the peer has `vector` durably.
    Connected {
        /// What the peer has.
        vector: VersionVector,
    },
    /// The link is down.
    Disconnected,
    /// The peer has `vector` durably.
    Acknowledged {
        /// What the peer has.
        vector: VersionVector,
    },
    /// The own log now reaches to `vector`, durably.
    Appended {
        /// What this region has.
        vector: VersionVector,
    },
    /// The peer misses changes of `origin`.
    Asked {
        /// Whose changes.
        origin: ReplicaId,
        /// It has everything up to here.
        after: u64,
        /// It needs everything up to here.
        up_to: u64,
    },
    /// The answer to [`Output::Load`]: what was read, or nothing where there is nothing to read.
    Loaded {
        /// The stream read.
        origin: ReplicaId,
        /// The last sequence read and what the batch weighs.
        read: Option<Read>,
    },
    /// The answer to [`Output::Load`] where the journal no longer holds it.
    Released {
        /// The stream.
        origin: ReplicaId,
    },
}

/// What was read for one batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Read {
    /// The last sequence in the batch.
    pub last: u64,
    /// Its weight against the window.
    pub bytes: usize,
}

/// What the shipper wants done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Storage: read changes of `origin` after `after`, up to `up_to`, as one batch; send it to
    /// the peer and answer with [`Input::Loaded`].
    Load {
        /// The stream.
        origin: ReplicaId,
        /// The peer has, or has been sent, everything up to here.
        after: u64,
        /// The last sequence wanted.
        up_to: u64,
    },
    /// Supervision: the peer needs what the journal no longer holds.
    NeedsSnapshot {
        /// The stream.
        origin: ReplicaId,
        /// The last sequence that it has.
        after: u64,
    },
    /// The peer: what it has asked for of another origin the journal no longer holds.
    NotHeld {
        /// The stream.
        origin: ReplicaId,
        /// It has asked for what follows this sequence.
        after: u64,
    },
}

/// A stream, what the peer has of it, and what it is to have.
type Wanted = (ReplicaId, u64, u64);

/// See the module.
#[derive(Debug)]
pub struct Shipper {
    region: RegionId,
    limits: Limits,
    /// Without it the peer is to take states before anything is shipped to it.
    begins_with: Option<Dot>,
    connected: bool,
    /// What this region has, durably.
    tail: VersionVector,
    /// What the peer has, durably.
    acknowledged: VersionVector,
    /// Up to where each stream was sent on this connection.
    sent: BTreeMap<ReplicaId, u64>,
    in_flight: VecDeque<(ReplicaId, Read)>,
    in_flight_bytes: usize,
    asks: VecDeque<(ReplicaId, u64, u64)>,
    /// The stream that is being read, and after which sequence.
    loading: Option<(ReplicaId, u64)>,
    needs_snapshot: bool,
}

impl Shipper {
    /// A shipper of the streams of `region`, whose log reaches to `tail`.
    pub fn new(region: RegionId, tail: VersionVector, limits: Limits) -> Self {
        Self {
            region,
            limits,
            begins_with: None,
            connected: false,
            tail,
            acknowledged: VersionVector::new(),
            sent: BTreeMap::new(),
            in_flight: VecDeque::new(),
            in_flight_bytes: 0,
            asks: VecDeque::new(),
            loading: None,
            needs_snapshot: false,
        }
    }

    /// The same for a peer that was added by the change `since`, where it was: until it has that it is
    /// told that the log does not reach back far enough.
    #[must_use]
    pub fn beginning_with(self, since: Option<Dot>) -> Self {
        Self { begins_with: since, ..self }
    }

    /// Takes in one event; at most one load is outstanding at a time.
    pub fn handle(&mut self, input: Input) -> Option<Output> {
        match input {
            Input::Connected { vector } => {
                self.reset();
                self.connected = true;
                self.needs_snapshot = false;
                self.acknowledge(&vector);
            }
            Input::Disconnected => self.reset(),
            Input::Acknowledged { vector } => self.acknowledge(&vector),
            Input::Appended { vector } => self.tail.join(&vector),
            Input::Asked { origin, after, up_to } => {
                if self.asks.len() < self.limits.asks_max {
                    self.asks.push_back((origin, after, up_to));
                }
            }
            Input::Loaded { origin, read } => {
                self.loading = None;
                if let Some(read) = read
                    && self.connected
                {
                    self.loaded(origin, read);
                }
            }
            Input::Released { origin } => {
                let after = self.loading.take().map_or(0, |(_, after)| after);
                if origin.region != self.region {
                    return Some(Output::NotHeld { origin, after });
                }
                if !self.needs_snapshot {
                    self.needs_snapshot = true;
                    return Some(Output::NeedsSnapshot { origin, after });
                }
            }
        }
        self.next()
    }

    /// What the peer has, durably.
    pub fn acknowledged(&self) -> &VersionVector {
        &self.acknowledged
    }

    /// Whether the peer needs what the journal no longer holds.
    pub fn needs_snapshot(&self) -> bool {
        self.needs_snapshot
    }

    /// Sent and not yet acknowledged, in bytes.
    pub fn in_flight_bytes(&self) -> usize {
        self.in_flight_bytes
    }

    fn next(&mut self) -> Option<Output> {
        if !self.connected || self.loading.is_some() {
            return None;
        }
        if self.is_newcomer() {
            return self.refuse_log();
        }
        let (origin, after, up_to) = self.next_ask().or_else(|| self.next_own())?;
        self.loading = Some((origin, after));
        Some(Output::Load { origin, after, up_to })
    }

    fn is_newcomer(&self) -> bool {
        self.begins_with.is_some_and(|since| !self.acknowledged.contains(&since))
    }

    /// Says that nothing can be shipped: once of the own stream, and whenever the peer asks.
    fn refuse_log(&mut self) -> Option<Output> {
        if let Some((origin, after, _)) = self.asks.pop_front() {
            return Some(Output::NotHeld { origin, after });
        }
        let (origin, _) = self.own_streams().next().filter(|_| !self.needs_snapshot)?;
        self.needs_snapshot = true;
        Some(Output::NeedsSnapshot { origin, after: self.acknowledged.get(&origin) })
    }

    fn next_ask(&mut self) -> Option<Wanted> {
        while let Some((origin, after, up_to)) = self.asks.pop_front() {
            let up_to = up_to.min(self.tail.get(&origin));
            if after < up_to {
                return Some((origin, after, up_to));
            }
        }
        None
    }

    fn next_own(&self) -> Option<Wanted> {
        if self.needs_snapshot || self.in_flight_bytes >= self.limits.window_bytes_max {
            return None;
        }
        self.own_streams().find_map(|(origin, up_to)| {
            let acknowledged = self.acknowledged.get(&origin);
            let after = self.sent.get(&origin).map_or(acknowledged, |sent| acknowledged.max(*sent));
            (after < up_to).then_some((origin, after, up_to))
        })
    }

    fn own_streams(&self) -> impl Iterator<Item = (ReplicaId, u64)> + '_ {
        self.tail.iter().filter(|(replica, _)| replica.region == self.region)
    }

    fn loaded(&mut self, origin: ReplicaId, read: Read) {
        if origin.region != self.region {
            // A relayed batch; the peer asks for what is still missing after it.
            return;
        }
        let sent = self.sent.entry(origin).or_default();
        *sent = (*sent).max(read.last);
        self.in_flight.push_back((origin, read));
        self.in_flight_bytes += read.bytes;
    }

    fn acknowledge(&mut self, vector: &VersionVector) {
        let was_newcomer = self.is_newcomer();
        // A peer that got on by other ways may need nothing any more that is not here.
        let own = |(replica, seq): (ReplicaId, u64)| {
            replica.region == self.region && seq > self.acknowledged.get(&replica)
        };
        if vector.iter().any(own) {
            self.needs_snapshot = false;
        }
        self.acknowledged.join(vector);
        if was_newcomer && !self.is_newcomer() {
            self.needs_snapshot = false;
        }
        while let Some((origin, read)) = self.in_flight.front()
            && read.last <= self.acknowledged.get(origin)
        {
            self.in_flight_bytes -= read.bytes;
            self.in_flight.pop_front();
        }
    }

    fn reset(&mut self) {
        self.connected = false;
        self.sent.clear();
        self.in_flight.clear();
        self.in_flight_bytes = 0;
        self.asks.clear();
        self.loading = None;
    }
}

#[cfg(test)]
mod tests {
    use tombolo_causality::Incarnation;

    use super::*;

    fn replica(region: &str) -> ReplicaId {
        ReplicaId::new(RegionId::new(region).unwrap(), Incarnation(1))
    }

    fn vector(entries: &[(&str, u64)]) -> VersionVector {
        entries.iter().map(|(region, seq)| (replica(region), *seq)).collect()
    }

    fn shipper(tail: &[(&str, u64)]) -> Shipper {
        let limits = Limits { window_bytes_max: 100, asks_max: 2 };
        Shipper::new(RegionId::new("a").unwrap(), vector(tail), limits)
    }

    fn load(region: &str, after: u64, up_to: u64) -> Option<Output> {
        Some(Output::Load { origin: replica(region), after, up_to })
    }

    fn loaded(region: &str, last: u64, bytes: usize) -> Input {
        Input::Loaded { origin: replica(region), read: Some(Read { last, bytes }) }
    }

    #[test]
    fn it_starts_where_the_peer_has_acknowledged() {
        let mut shipper = shipper(&[("a", 9), ("b", 5)]);
        let vector = vector(&[("a", 4)]);
        assert_eq!(shipper.handle(Input::Connected { vector }), load("a", 4, 9));
        assert_eq!(shipper.handle(loaded("a", 7, 10)), load("a", 7, 9));
        assert_eq!(shipper.handle(loaded("a", 9, 10)), None);
    }

    #[test]
    fn a_full_window_waits_for_acknowledgement() {
        let mut shipper = shipper(&[("a", 9)]);
        let up = Input::Connected { vector: VersionVector::new() };
        assert_eq!(shipper.handle(up), load("a", 0, 9));
        assert_eq!(shipper.handle(loaded("a", 4, 100)), None);
        let vector = vector(&[("a", 4)]);
        assert_eq!(shipper.handle(Input::Acknowledged { vector }), load("a", 4, 9));
        assert_eq!(shipper.in_flight_bytes(), 0);
    }

    #[test]
    fn after_a_lost_connection_only_what_was_not_acknowledged_is_sent_again() {
        let mut shipper = shipper(&[("a", 9)]);
        let up = |seq| Input::Connected { vector: vector(&[("a", seq)]) };
        assert_eq!(shipper.handle(up(0)), load("a", 0, 9));
        assert_eq!(shipper.handle(loaded("a", 9, 50)), None);
        assert_eq!(shipper.handle(Input::Disconnected), None);
        assert_eq!(shipper.handle(up(6)), load("a", 6, 9));
    }

    #[test]
    fn another_origin_is_relayed_when_asked_for_and_only_then() {
        let mut shipper = shipper(&[("a", 1), ("b", 8)]);
        let up = Input::Connected { vector: vector(&[("a", 1)]) };
        assert_eq!(shipper.handle(up), None);
        let ask = Input::Asked { origin: replica("b"), after: 3, up_to: 99 };
        assert_eq!(shipper.handle(ask), load("b", 3, 8));
        assert_eq!(shipper.handle(loaded("b", 8, 500)), None);
        assert_eq!(shipper.in_flight_bytes(), 0);
    }

    #[test]
    fn what_the_journal_no_longer_holds_is_reported_once() {
        let mut shipper = shipper(&[("a", 9)]);
        let up = Input::Connected { vector: VersionVector::new() };
        assert_eq!(shipper.handle(up), load("a", 0, 9));
        let origin = replica("a");
        let needs = Some(Output::NeedsSnapshot { origin, after: 0 });
        assert_eq!(shipper.handle(Input::Released { origin }), needs);
        let more = Input::Appended { vector: vector(&[("a", 10)]) };
        assert_eq!(shipper.handle(more), None);
        assert!(shipper.needs_snapshot());

        // Of another origin's changes the peer is told each time, since others may have them.
        let ask = || Input::Asked { origin: replica("b"), after: 3, up_to: 9 };
        shipper.handle(Input::Appended { vector: vector(&[("b", 9)]) });
        for _ in 0..2 {
            assert_eq!(shipper.handle(ask()), load("b", 3, 9));
            let released = Input::Released { origin: replica("b") };
            let not_held = Some(Output::NotHeld { origin: replica("b"), after: 3 });
            assert_eq!(shipper.handle(released), not_held);
        }

        // Others relayed what was missing: shipping goes on from there.
        let vector = vector(&[("a", 8)]);
        assert_eq!(shipper.handle(Input::Acknowledged { vector }), load("a", 8, 10));
        assert!(!shipper.needs_snapshot());
    }

    #[test]
    fn to_a_newcomer_nothing_is_shipped_before_it_knows_of_its_addition() {
        let since = Some(Dot::new(replica("b"), 5));
        let mut shipper = shipper(&[("a", 9), ("b", 8)]).beginning_with(since);
        let origin = replica("a");
        let up = Input::Connected { vector: VersionVector::new() };
        assert_eq!(shipper.handle(up), Some(Output::NeedsSnapshot { origin, after: 0 }));
        assert_eq!(shipper.handle(Input::Appended { vector: vector(&[("a", 10)]) }), None);
        let ask = Input::Asked { origin: replica("b"), after: 0, up_to: 8 };
        let not_held = Output::NotHeld { origin: replica("b"), after: 0 };
        assert_eq!(shipper.handle(ask), Some(not_held));
        // It took what another region shows, which had nothing of this one.
        let vector = vector(&[("b", 5)]);
        assert_eq!(shipper.handle(Input::Acknowledged { vector }), load("a", 0, 10));
        assert!(!shipper.needs_snapshot());
    }
}
