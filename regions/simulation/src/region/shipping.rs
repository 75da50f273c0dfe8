//! What goes to a peer, and what is kept for it: the shipping and retention actors.

use tombolo_causality::{ReplicaId, VersionVector};
use tombolo_protocol::{BatchFrame, Frame, decode_position};
use tombolo_replication::acknowledgements::Contact;
use tombolo_replication::circuit_breaker::State;
use tombolo_replication::retention::{Segment, release_before};
use tombolo_replication::shipper::{Input, Output, Read};
use tombolo_storage::Found;

use super::{Failure, Region, Running};
use crate::around::Around;
use crate::coverage::PathKind;
use crate::network::RegionIndex;

/// How often segments are released.
const RELEASE_EVERY_MS: u64 = 1_000;

impl Running {
    /// Loads and sends until the shipper wants nothing more.
    pub(super) fn ship(
        &mut self,
        region: &Region,
        around: &mut Around,
        peer: RegionIndex,
        input: Input,
    ) -> Result<(), Failure> {
        let Some(link) = self.links.get_mut(&peer) else { return Ok(()) };
        let Some(outbound) = &mut link.outbound else { return Ok(()) };
        let Some(shipping) = &mut outbound.shipping else { return Ok(()) };
        let mut output = shipping.shipper.handle(input);
        while let Some(wanted) = output {
            output = match wanted {
                // Catching up by state is not simulated: the peer is not told.
                Output::NeedsSnapshot { .. } | Output::NotHeld { .. } => None,
                Output::Load { origin, after, up_to } => {
                    let batch_bytes = around.plan.tuning.batch_bytes;
                    let name = region.name;
                    around.tell(|| format!("{name} loads {origin} after {after} up to {up_to}"));
                    let input = match shipping.log.read(origin, after, up_to, batch_bytes)? {
                        Found::Released => Input::Released { origin },
                        Found::Nothing => Input::Loaded { origin, read: None },
                        Found::Run(run) => {
                            if origin.region != region.name {
                                around.path(PathKind::Relayed);
                            }
                            let changes = run.changes.iter().map(Vec::as_slice);
                            let batch = BatchFrame::pack(origin, run.hash_before, changes, 1)
                                .map_err(|error| Failure(error.to_string()))?;
                            around.send(outbound.connection, region.index, &Frame::Batch(batch));
                            let read = Read { last: run.last, bytes: run.bytes };
                            Input::Loaded { origin, read: Some(read) }
                        }
                    };
                    shipping.shipper.handle(input)
                }
            };
        }
        link.needs_snapshot = shipping.shipper.needs_snapshot();
        Ok(())
    }

    /// The log reaches to `vector`.
    pub(super) fn appended(
        &mut self,
        region: &Region,
        around: &mut Around,
        peer: RegionIndex,
        vector: &VersionVector,
    ) -> Result<(), Failure> {
        self.ship(region, around, peer, Input::Appended { vector: vector.clone() })
    }

    /// Acknowledges what is new of the peer's, as soon as it is durable.
    pub(super) fn acknowledge_news(
        &mut self,
        region: &Region,
        around: &mut Around,
        peer: RegionIndex,
        vector: &VersionVector,
    ) {
        let Some(link) = self.links.get_mut(&peer) else { return };
        let name = link.name;
        let Some(inbound) = &mut link.inbound else { return };
        let theirs = |(replica, seq): (ReplicaId, u64)| {
            replica.region == name && seq > inbound.acknowledged.get(&replica)
        };
        if vector.iter().any(theirs) {
            inbound.acknowledged.clone_from(vector);
            let frame = Frame::Acknowledge { vector: vector.clone(), echo: None };
            around.send(inbound.connection, region.index, &frame);
        }
    }

    /// What is known of the peers that a peer may not hear itself.
    pub(super) fn others(&self, to: RegionIndex) -> Vec<(ReplicaId, VersionVector)> {
        let others = self.links.iter().filter(|(peer, _)| **peer != to);
        let mut others: Vec<_> = others.filter_map(|(_, link)| link.known.to_pass_on()).collect();
        others.sort_unstable_by_key(|(replica, _)| *replica);
        others
    }

    /// A peer has said what it knows of others.
    pub(super) fn are_said(&mut self, others: &[(ReplicaId, VersionVector)]) {
        for (replica, vector) in others {
            let link = self.links.values_mut().find(|link| link.name == replica.region);
            if let Some(link) = link {
                let contact = match link.breaker.state() {
                    State::Closed => Contact::Direct,
                    _ => Contact::Cut,
                };
                link.known.is_said(contact, *replica, vector);
            }
        }
    }

    /// Lets go of journal segments that nobody needs.
    pub(super) fn release(&mut self, region: &Region, around: &mut Around) {
        let now_ms = around.now_ms();
        if now_ms < self.retention_due_ms || around.plan.keeps_the_log() {
            return;
        }
        self.retention_due_ms = now_ms + RELEASE_EVERY_MS;
        let Some(replay_from) = self.replay_from else { return };
        let segments = self.reader.segments();
        let Some((open, closed)) = segments.split_last() else { return };
        let ends = segments.iter().skip(1).map(|next| decode_position(&next.head));
        let closed = closed.iter().zip(ends).filter_map(|(segment, end)| {
            let end = end.ok()?.streams.vector();
            Some(Segment { number: segment.number, bytes: segment.file_bytes, end })
        });
        let closed: Vec<Segment> = closed.collect();
        let acknowledged: Vec<_> =
            self.links.values().map(|link| link.known.direct().clone()).collect();
        let max = around.plan.tuning.journal_bytes_max;
        let (number, bytes) = (open.number, open.file_bytes);
        let before =
            release_before(&closed, number, bytes, replay_from.segment, &acknowledged, max);
        let first = closed.first().map_or(number, |segment| segment.number);
        if before > first {
            around.path(PathKind::SegmentReleased);
            self.journal.release_before(before);
        }
        let _ = region;
    }
}
