//! What one direction of one connection holds: bytes, when they are due, and how the stream
//! ends.
//!
//! Pure: no clock and no socket. Bytes leave in the order they came, whatever their due times.
//! Never holds more than its reader lets in ([`Lane::room`] counts the marks as well as the
//! bytes, so a peer that writes single bytes gains nothing); its buffer is at most twice that,
//! and gives its memory back when it runs empty.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::time::Instant;

/// An empty lane keeps this much of its buffer.
const IDLE_CAPACITY_BYTES: usize = 64 * 1024;

/// How a stream ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The sender has closed its direction; the other one may go on.
    Fin,
    /// The sender has dropped the connection.
    Reset,
}

#[derive(Debug)]
struct Mark {
    due: Instant,
    bytes: usize,
}

#[derive(Debug, Default)]
pub(crate) struct Lane {
    bytes: VecDeque<u8>,
    /// The first this many bytes have arrived and wait only for the receiver to take them.
    ripe_bytes: usize,
    /// The rest, piece by piece.
    marks: VecDeque<Mark>,
    end: Option<(Instant, End)>,
}

impl Lane {
    pub(crate) fn push(&mut self, due: Instant, bytes: &[u8]) {
        self.bytes.extend(bytes);
        match self.marks.back_mut() {
            Some(last) if last.due == due => last.bytes += bytes.len(),
            _ => self.marks.push_back(Mark { due, bytes: bytes.len() }),
        }
    }

    /// Nothing follows. Only the first end counts.
    pub(crate) fn finish(&mut self, due: Instant, end: End) {
        self.end.get_or_insert((due, end));
    }

    /// How many bytes may be pushed within this window; none after the end.
    pub(crate) fn room(&self, window_bytes: usize) -> usize {
        let held = self.bytes.len() + self.marks.len() * size_of::<Mark>();
        if self.end.is_some() { 0 } else { window_bytes.saturating_sub(held) }
    }

    pub(crate) fn end(&self) -> Option<End> {
        self.end.map(|(_, end)| end)
    }

    /// Lets arrive what is due by `now`, and says how many bytes there are for the receiver.
    pub(crate) fn ripen(&mut self, now: Instant) -> usize {
        while let Some(mark) = self.marks.pop_front_if(|mark| mark.due <= now) {
            self.ripe_bytes += mark.bytes;
        }
        self.ripe_bytes
    }

    /// The end of the stream, once it is due by `now` and all bytes are gone.
    pub(crate) fn end_due(&self, now: Instant) -> Option<End> {
        self.end.filter(|(due, _)| self.bytes.is_empty() && *due <= now).map(|(_, end)| end)
    }

    /// When something arrives next, if anything is on the way.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        match self.marks.front() {
            Some(mark) => Some(mark.due),
            None => self.end.map(|(due, _)| due),
        }
    }

    /// The bytes that have arrived.
    pub(crate) fn ripe(&self) -> [IoSlice<'_>; 2] {
        let (head, tail) = self.bytes.as_slices();
        let from_head = self.ripe_bytes.min(head.len());
        [IoSlice::new(&head[..from_head]), IoSlice::new(&tail[..self.ripe_bytes - from_head])]
    }

    /// The receiver has taken this many of the bytes that have arrived.
    pub(crate) fn consume(&mut self, bytes: usize) {
        let bytes = bytes.min(self.ripe_bytes);
        self.bytes.drain(..bytes);
        self.ripe_bytes -= bytes;
        if self.bytes.is_empty() {
            self.bytes.shrink_to(IDLE_CAPACITY_BYTES);
            self.marks.shrink_to(IDLE_CAPACITY_BYTES / size_of::<Mark>());
        }
    }

    /// Sends everything on its way again, in order: `admit` gives the new due time of so many
    /// bytes. What has arrived stays where it is.
    pub(crate) fn renew(&mut self, mut admit: impl FnMut(usize) -> Instant) {
        for mark in &mut self.marks {
            mark.due = admit(mark.bytes);
        }
        if let Some((due, _)) = &mut self.end {
            *due = admit(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn ripe(lane: &Lane) -> Vec<u8> {
        lane.ripe().iter().flat_map(|slice| slice.to_vec()).collect()
    }

    #[test]
    fn bytes_ripen_when_due_and_leave_in_order() {
        let start = Instant::now();
        let mut lane = Lane::default();
        lane.push(start + MS, b"ab");
        lane.push(start + 2 * MS, b"cd");
        assert_eq!(lane.ripen(start), 0);
        assert_eq!(lane.next_due(), Some(start + MS));
        assert_eq!(lane.ripen(start + MS), 2);
        assert_eq!(ripe(&lane), b"ab");
        lane.consume(1);
        assert_eq!(lane.ripen(start + 2 * MS), 3);
        assert_eq!(ripe(&lane), b"bcd");
        lane.consume(3);
        assert_eq!((lane.next_due(), lane.ripen(start + 9 * MS)), (None, 0));
    }

    #[test]
    fn an_end_waits_for_the_bytes_before_it_and_closes_the_lane() {
        let start = Instant::now();
        let mut lane = Lane::default();
        lane.push(start, b"x");
        lane.finish(start + MS, End::Fin);
        lane.finish(start, End::Reset);
        assert_eq!(lane.room(1000), 0);
        lane.ripen(start + MS);
        assert_eq!(lane.end_due(start + MS), None);
        lane.consume(1);
        assert_eq!(lane.end_due(start), None);
        assert_eq!(lane.next_due(), Some(start + MS));
        assert_eq!(lane.end_due(start + MS), Some(End::Fin));
    }

    #[test]
    fn room_counts_the_marks_of_single_bytes() {
        let start = Instant::now();
        let mut lane = Lane::default();
        for i in 0..10 {
            lane.push(start + MS * i, b"x");
        }
        assert_eq!(lane.room(1000), 1000 - 10 - 10 * size_of::<Mark>());
        assert_eq!(lane.room(10), 0);
        lane.push(start + MS * 9, &[0; 90]);
        assert_eq!(lane.room(1000), 1000 - 100 - 10 * size_of::<Mark>());
    }

    #[test]
    fn renewing_moves_all_that_has_not_arrived_and_keeps_the_order() {
        let start = Instant::now();
        let mut lane = Lane::default();
        lane.push(start, b"old");
        lane.push(start + MS, b"on");
        lane.push(start + 2 * MS, b"the way");
        lane.finish(start + 3 * MS, End::Reset);
        lane.ripen(start);
        let mut asked = Vec::new();
        lane.renew(|bytes| {
            asked.push(bytes);
            start + 50 * MS
        });
        assert_eq!(asked, [2, 7, 0]);
        assert_eq!(lane.ripen(start + 49 * MS), 3);
        assert_eq!(lane.ripen(start + 50 * MS), 12);
        assert_eq!(ripe(&lane), b"oldonthe way");
        lane.consume(12);
        assert_eq!(lane.end_due(start + 50 * MS), Some(End::Reset));
    }

    #[test]
    fn an_emptied_lane_gives_its_memory_back() {
        let start = Instant::now();
        let mut lane = Lane::default();
        lane.push(start, &vec![0; 1 << 20]);
        lane.ripen(start);
        lane.consume(1 << 20);
        assert!(lane.bytes.capacity() < 2 * IDLE_CAPACITY_BYTES);
    }
}
