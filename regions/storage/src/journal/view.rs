//! What readers may see: the retained segments and the durable end, swapped in as one value.

use std::sync::Arc;

use super::{Position, ReadError, SegmentInfo};

/// One moment of the journal. A new one is published after every sync and every release.
#[derive(Clone, Debug)]
pub(super) struct View {
    /// Ascending, without gaps, never empty. The newest may not be durable yet; `end` says.
    pub(super) segments: Arc<Vec<SegmentInfo>>,
    /// Past the last durable frame.
    pub(super) end: Position,
}

/// Where a frame is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) position: Position,
    /// Where the segment's durable frames end.
    pub(super) limit: u64,
}

impl View {
    /// The oldest retained position.
    pub(super) fn first(&self) -> Position {
        self.segments.first().map_or(self.end, |segment| segment.start)
    }

    /// The durable segments, the last one as far as it is durable.
    pub(super) fn durable(&self) -> impl Iterator<Item = SegmentInfo> {
        self.segments.iter().filter(|segment| segment.number <= self.end.segment).map(|segment| {
            SegmentInfo {
                end: if segment.number == self.end.segment { self.end } else { segment.end },
                ..segment.clone()
            }
        })
    }

    /// Where the frame at `position` stands, which may be in the next segment; `None` at the end.
    pub(super) fn locate(&self, position: Position) -> Result<Option<Place>, ReadError> {
        let mut position = position;
        loop {
            let first = self.first();
            if position.segment < first.segment {
                return Err(ReadError::Released { position, first });
            }
            if position > self.end {
                return Err(ReadError::PastEnd { position, end: self.end });
            }
            if position == self.end {
                return Ok(None);
            }
            if position.segment == self.end.segment {
                return Ok(Some(Place { position, limit: self.end.offset }));
            }
            // `position` is below the end in an earlier segment, so that one has a successor.
            let index = usize::try_from(position.segment - first.segment).unwrap_or(usize::MAX);
            let (Some(segment), Some(next)) =
                (self.segments.get(index), self.segments.get(index.saturating_add(1)))
            else {
                return Err(ReadError::FrameDamaged { position });
            };
            if position.offset < segment.end.offset {
                return Ok(Some(Place { position, limit: segment.end.offset }));
            }
            if position.offset > segment.end.offset {
                return Err(ReadError::FrameDamaged { position });
            }
            position = next.start;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(segment: u64, offset: u64) -> Position {
        Position { segment, offset }
    }

    fn segment(number: u64, end: u64) -> SegmentInfo {
        SegmentInfo {
            number,
            start: at(number, 48),
            end: at(number, end),
            file_bytes: 4096,
            head: Arc::from([]),
        }
    }

    /// Segment 4 was begun but is not durable; segment 3 holds a head and nothing else.
    fn view() -> View {
        let segments = vec![segment(2, 96), segment(3, 48), segment(4, 144), segment(5, 96)];
        View { segments: Arc::new(segments), end: at(4, 96) }
    }

    #[test]
    fn a_position_inside_a_segment_stays_there() {
        let place = view().locate(at(2, 48)).unwrap().unwrap();
        assert_eq!(place, Place { position: at(2, 48), limit: 96 });
    }

    #[test]
    fn the_end_of_a_segment_leads_on_past_segments_without_frames() {
        let place = view().locate(at(2, 96)).unwrap().unwrap();
        assert_eq!(place, Place { position: at(4, 48), limit: 96 });
    }

    #[test]
    fn at_the_durable_end_there_is_nothing_and_past_it_an_error() {
        assert_eq!(view().locate(at(4, 96)).unwrap(), None);
        for past in [at(4, 97), at(5, 48), at(u64::MAX, u64::MAX)] {
            assert!(matches!(view().locate(past), Err(ReadError::PastEnd { .. })), "{past}");
        }
    }

    #[test]
    fn before_the_first_segment_is_released_and_between_frames_is_damaged() {
        assert!(matches!(
            view().locate(at(1, 4000)),
            Err(ReadError::Released { first: Position { segment: 2, offset: 48 }, .. })
        ));
        assert!(matches!(view().locate(at(2, 97)), Err(ReadError::FrameDamaged { .. })));
    }

    #[test]
    fn only_durable_segments_are_listed_and_only_as_far_as_they_are_durable() {
        let listed: Vec<_> = view().durable().map(|segment| segment.end).collect();
        assert_eq!(listed, [at(2, 96), at(3, 48), at(4, 96)]);
    }
}
