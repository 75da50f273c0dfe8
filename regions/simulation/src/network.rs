//! Connections between regions, and all that can happen to what is said on them.
//!
//! A connection delivers in order and loses nothing while it lives, like TCP; what is said into a
//! cut waits, and comes when the cut is healed or never, when the connection is given up before.
//! Beyond what TCP allows, frames are damaged, doubled, replayed and swapped now and then, as by a
//! bad middlebox or someone with bad intent.

use std::collections::{BTreeMap, BTreeSet};

use crate::Random;
use crate::coverage::{Coverage, FaultKind};

/// One connection.
pub(crate) type ConnectionId = u64;

/// A region, by its place in the cluster.
pub(crate) type RegionIndex = usize;

/// What comes out at an end of a connection.
#[derive(Clone, Debug)]
pub(crate) enum Arrival {
    /// A frame.
    Frame(Vec<u8>),
    /// The end of the connection.
    Closed,
}

/// Something under way.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    pub(crate) connection: ConnectionId,
    pub(crate) to: RegionIndex,
    pub(crate) arrival: Arrival,
}

#[derive(Clone, Copy, Debug)]
struct Connection {
    /// Who dialled, and whom.
    ends: [RegionIndex; 2],
    /// Towards each of them: when the last frame arrives, so that the next comes after it.
    last_us: [u64; 2],
}

/// How bad the network is. Each is once in so many frames, 0 never.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Weather {
    pub(crate) duplicate_one_in: u64,
    pub(crate) reorder_one_in: u64,
    pub(crate) truncate_one_in: u64,
    pub(crate) flip_one_in: u64,
    pub(crate) unknown_one_in: u64,
    pub(crate) replay_one_in: u64,
    pub(crate) jitter_us_max: u64,
}

impl Weather {
    /// How often a fault of the network strikes.
    pub(crate) fn one_in(&mut self, fault: FaultKind) -> Option<&mut u64> {
        match fault {
            FaultKind::FrameDuplicated => Some(&mut self.duplicate_one_in),
            FaultKind::FrameReordered => Some(&mut self.reorder_one_in),
            FaultKind::FrameTruncated => Some(&mut self.truncate_one_in),
            FaultKind::FrameFlipped => Some(&mut self.flip_one_in),
            FaultKind::FrameUnknown => Some(&mut self.unknown_one_in),
            FaultKind::FrameReplayed => Some(&mut self.replay_one_in),
            _ => None,
        }
    }
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Network {
    /// One way, from and to, in µs.
    delays_us: Vec<Vec<u64>>,
    pub(crate) weather: Weather,
    connections: BTreeMap<ConnectionId, Connection>,
    next: ConnectionId,
    /// From and to: what is said there waits.
    cut: BTreeSet<(RegionIndex, RegionIndex)>,
    /// From and to: how many times slower.
    slow: BTreeMap<(RegionIndex, RegionIndex), u64>,
    waiting: Vec<(RegionIndex, Delivery)>,
    /// Old frames, to be replayed.
    overheard: Vec<(RegionIndex, RegionIndex, Vec<u8>)>,
    pub(crate) frames: u64,
    pub(crate) bytes: u64,
}

const OVERHEARD_MAX: usize = 32;

/// A whole frame of a kind that nobody knows, with the right checksum.
fn unknown_frame() -> Vec<u8> {
    let payload = [1u8, 250, 0];
    let mut frame = Vec::new();
    frame.extend_from_slice(&3u32.to_le_bytes());
    frame.extend_from_slice(&crc32c::crc32c(&payload).to_le_bytes());
    frame.extend_from_slice(&payload);
    frame
}

impl Network {
    pub(crate) fn new(delays_us: Vec<Vec<u64>>, weather: Weather) -> Self {
        Self {
            delays_us,
            weather,
            connections: BTreeMap::new(),
            next: 1,
            cut: BTreeSet::new(),
            slow: BTreeMap::new(),
            waiting: Vec::new(),
            overheard: Vec::new(),
            frames: 0,
            bytes: 0,
        }
    }

    /// One way, without any mishap.
    pub(crate) fn delay_us(&self, from: RegionIndex, to: RegionIndex) -> u64 {
        self.delays_us[from][to] * self.slow.get(&(from, to)).copied().unwrap_or(1)
    }

    pub(crate) fn is_cut(&self, from: RegionIndex, to: RegionIndex) -> bool {
        self.cut.contains(&(from, to))
    }

    pub(crate) fn cut(&mut self, from: RegionIndex, to: RegionIndex) {
        self.cut.insert((from, to));
    }

    pub(crate) fn slow_down(&mut self, from: RegionIndex, to: RegionIndex, times: u64) {
        self.slow.insert((from, to), times);
    }

    /// Ends a cut, or a slowness; answers what waited there.
    pub(crate) fn mend(
        &mut self,
        now_us: u64,
        from: RegionIndex,
        to: RegionIndex,
    ) -> Vec<(u64, Delivery)> {
        self.cut.remove(&(from, to));
        self.slow.remove(&(from, to));
        let (due, rest) = core::mem::take(&mut self.waiting)
            .into_iter()
            .partition(|(sender, delivery)| (*sender, delivery.to) == (from, to));
        self.waiting = rest;
        let at_us = now_us + self.delay_us(from, to);
        due.into_iter().map(|(_, delivery)| (at_us, delivery)).collect()
    }

    pub(crate) fn dial(&mut self, from: RegionIndex, to: RegionIndex) -> ConnectionId {
        let id = self.next;
        self.next += 1;
        self.connections.insert(id, Connection { ends: [from, to], last_us: [0; 2] });
        id
    }

    /// When the last of what is under way now arrives.
    pub(crate) fn last_arrival_us(&self) -> u64 {
        self.connections.values().flat_map(|connection| connection.last_us).max().unwrap_or(0)
    }

    /// Who is at the other end.
    pub(crate) fn other_end(&self, id: ConnectionId, of: RegionIndex) -> Option<RegionIndex> {
        let [from, to] = self.connections.get(&id)?.ends;
        Some(if of == from { to } else { from })
    }

    /// All connections of a region.
    pub(crate) fn of(&self, region: RegionIndex) -> Vec<ConnectionId> {
        let with = self.connections.iter().filter(|(_, c)| c.ends.contains(&region));
        with.map(|(id, _)| *id).collect()
    }

    /// Any connection, where there is one.
    pub(crate) fn any(&self, random: &mut Random) -> Option<(ConnectionId, [RegionIndex; 2])> {
        let nth = usize::try_from(random.below(self.connections.len() as u64)).unwrap_or(0);
        self.connections.iter().nth(nth).map(|(id, connection)| (*id, connection.ends))
    }

    /// Says `frame`; answers when what comes out.
    pub(crate) fn send(
        &mut self,
        now_us: u64,
        id: ConnectionId,
        from: RegionIndex,
        mut frame: Vec<u8>,
        random: &mut Random,
        coverage: &mut Coverage,
    ) -> Vec<(u64, Delivery)> {
        let Some(to) = self.other_end(id, from) else { return Vec::new() };
        self.frames += 1;
        self.bytes += frame.len() as u64;
        let weather = self.weather;
        let strikes = |one_in: u64, random: &mut Random| one_in > 0 && random.one_in(one_in);
        let mut frames = Vec::new();
        if strikes(weather.unknown_one_in, random) {
            coverage.fault(FaultKind::FrameUnknown);
            frames.push(unknown_frame());
        }
        if strikes(weather.replay_one_in, random) {
            let of_this = |(f, t, _): &&(_, _, _)| (*f, *t) == (from, to);
            let nth = usize::try_from(random.below(OVERHEARD_MAX as u64)).unwrap_or(0);
            if let Some((_, _, old)) = self.overheard.iter().filter(of_this).nth(nth) {
                coverage.fault(FaultKind::FrameReplayed);
                frames.push(old.clone());
            }
        }
        if weather.replay_one_in > 0 && random.one_in(4) {
            if self.overheard.len() >= OVERHEARD_MAX {
                let nth = usize::try_from(random.below(OVERHEARD_MAX as u64)).unwrap_or(0);
                self.overheard.swap_remove(nth);
            }
            self.overheard.push((from, to, frame.clone()));
        }
        if strikes(weather.flip_one_in, random) {
            coverage.fault(FaultKind::FrameFlipped);
            let at = usize::try_from(random.below(frame.len() as u64)).unwrap_or(0);
            frame[at] ^= 1 << random.below(8);
        } else if strikes(weather.truncate_one_in, random) {
            coverage.fault(FaultKind::FrameTruncated);
            frame.truncate(usize::try_from(random.below(frame.len() as u64)).unwrap_or(0));
        }
        if strikes(weather.duplicate_one_in, random) {
            coverage.fault(FaultKind::FrameDuplicated);
            frames.push(frame.clone());
        }
        frames.push(frame);
        let reordered = strikes(weather.reorder_one_in, random);
        if reordered {
            coverage.fault(FaultKind::FrameReordered);
        }
        let arrivals = frames.into_iter().map(Arrival::Frame);
        arrivals
            .filter_map(|arrival| self.under_way(now_us, id, from, arrival, reordered, random))
            .collect()
    }

    /// When what is said arrives; nothing where it waits at a cut.
    fn under_way(
        &mut self,
        now_us: u64,
        id: ConnectionId,
        from: RegionIndex,
        arrival: Arrival,
        may_overtake: bool,
        random: &mut Random,
    ) -> Option<(u64, Delivery)> {
        let to = self.other_end(id, from)?;
        let delivery = Delivery { connection: id, to, arrival };
        if self.is_cut(from, to) {
            self.waiting.push((from, delivery));
            return None;
        }
        let jitter_us = random.below(self.weather.jitter_us_max + 1);
        let mut at_us = now_us + self.delay_us(from, to) + jitter_us;
        let connection = self.connections.get_mut(&id)?;
        let direction = usize::from(connection.ends[1] == to);
        if may_overtake {
            at_us = at_us.saturating_sub(random.below(20_000)).max(now_us + 1);
        } else {
            at_us = at_us.max(connection.last_us[direction] + 1);
            connection.last_us[direction] = at_us;
        }
        Some((at_us, delivery))
    }

    /// Ends a connection; answers when the other end hears of it, if it can. The end comes after all
    /// that was said.
    pub(crate) fn close(
        &mut self,
        now_us: u64,
        id: ConnectionId,
        by: RegionIndex,
        random: &mut Random,
    ) -> Option<(u64, Delivery)> {
        let told = self.under_way(now_us, id, by, Arrival::Closed, false, random);
        // What waits at a cut goes with the connection, as far as it is for the one who closes.
        self.waiting.retain(|(_, delivery)| delivery.connection != id || delivery.to != by);
        told
    }

    /// Nothing more is said on it.
    pub(crate) fn forget(&mut self, id: ConnectionId) {
        self.connections.remove(&id);
        self.waiting.retain(|(_, delivery)| delivery.connection != id);
    }
}
