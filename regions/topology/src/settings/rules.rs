//! What settings ask of each other: values that would each do alone, but not together.

use std::time::Duration;

use super::{Settings, SettingsError};

/// What a change takes beside its value: key, ids, vectors, an idempotency record.
pub(super) const CHANGE_MARGIN_BYTES: u64 = 64 << 10;

/// Refuses the first setting that is too small beside another.
pub(super) fn check(settings: &Settings) -> Result<(), SettingsError> {
    let Settings { http, leader, journal, replication, .. } = settings;
    let value_bytes_max = number(http.value_bytes_max);
    let group_bytes_max = number(leader.group_bytes_max);
    let batch_bytes = number(replication.batch_bytes);
    let frame_bytes_max = number(replication.frame_bytes_max);
    let minima = [
        Minimum {
            key: "leader.group_bytes_max",
            given: group_bytes_max,
            needed: value_bytes_max + CHANGE_MARGIN_BYTES,
            beside: "http.value_bytes_max + 65536",
            reason: "a change with the longest value must fit in a group",
        },
        Minimum {
            key: "journal.segment_bytes",
            given: journal.segment_bytes,
            needed: group_bytes_max.saturating_mul(2),
            beside: "leader.group_bytes_max × 2",
            reason: "a group, encoded, must fit in a segment",
        },
        Minimum {
            key: "journal.journal_bytes_max",
            given: journal.journal_bytes_max,
            needed: journal.segment_bytes.saturating_mul(4),
            beside: "journal.segment_bytes × 4",
            reason: "the journal is released segment by segment",
        },
        Minimum {
            key: "replication.frame_bytes_max",
            given: frame_bytes_max,
            needed: value_bytes_max.saturating_mul(2).saturating_add(batch_bytes),
            beside: "http.value_bytes_max × 2 + replication.batch_bytes",
            reason: "a batch that is nearly full may still take a change with the longest value",
        },
        Minimum {
            key: "replication.window_bytes_max",
            given: number(replication.window_bytes_max),
            needed: batch_bytes,
            beside: "replication.batch_bytes",
            reason: "a full batch must fit in the window",
        },
        Minimum {
            key: "replication.held_back_bytes_max",
            given: number(replication.held_back_bytes_max),
            needed: frame_bytes_max,
            beside: "replication.frame_bytes_max",
            reason: "the changes of one frame must be able to wait",
        },
        Minimum {
            key: "replication.silence_ms_max",
            given: milliseconds(replication.silence_max),
            needed: milliseconds(replication.heartbeat).saturating_mul(3),
            beside: "replication.heartbeat_ms × 3",
            reason: "one late heartbeat must not open the breaker",
        },
        Minimum {
            key: "replication.backoff_ms_max",
            given: milliseconds(replication.backoff_max),
            needed: milliseconds(replication.backoff_min),
            beside: "replication.backoff_ms_min",
            reason: "the last wait is no shorter than the first",
        },
    ];
    match minima.into_iter().find(|minimum| minimum.given < minimum.needed) {
        Some(Minimum { key, given, needed, beside, reason }) => {
            Err(SettingsError::TooSmallBeside { key, given, needed, beside, reason })
        }
        None => Ok(()),
    }
}

struct Minimum {
    key: &'static str,
    given: u64,
    needed: u64,
    beside: &'static str,
    reason: &'static str,
}

fn number(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use tombolo_causality::RegionId;

    use super::*;

    fn defaults() -> Settings {
        Settings::for_region(RegionId::new("us-east").unwrap(), "/data")
    }

    /// The setting that is refused after `change`, and the least that would have done.
    fn refused(change: impl FnOnce(&mut Settings)) -> (&'static str, u64) {
        let mut settings = defaults();
        change(&mut settings);
        match check(&settings).unwrap_err() {
            SettingsError::TooSmallBeside { key, needed, .. } => (key, needed),
            other => panic!("{other}"),
        }
    }

    #[test]
    fn defaults_go_together() {
        assert_eq!(check(&defaults()).ok(), Some(()));
    }

    #[test]
    fn each_setting_that_is_one_short_of_another_is_named_with_what_would_do() {
        assert_eq!(
            refused(|s| s.leader.group_bytes_max = (1 << 20) + (64 << 10) - 1),
            ("leader.group_bytes_max", (1 << 20) + (64 << 10))
        );
        assert_eq!(
            refused(|s| s.journal.segment_bytes = (8 << 20) - 1),
            ("journal.segment_bytes", 8 << 20)
        );
        assert_eq!(
            refused(|s| s.journal.journal_bytes_max = (64 << 20) - 1),
            ("journal.journal_bytes_max", 64 << 20)
        );
        assert_eq!(
            refused(|s| s.replication.frame_bytes_max = (2 << 20) + (256 << 10) - 1),
            ("replication.frame_bytes_max", (2 << 20) + (256 << 10))
        );
        assert_eq!(
            refused(|s| s.replication.window_bytes_max = (256 << 10) - 1),
            ("replication.window_bytes_max", 256 << 10)
        );
        assert_eq!(
            refused(|s| s.replication.held_back_bytes_max = (24 << 20) - 1),
            ("replication.held_back_bytes_max", 24 << 20)
        );
        assert_eq!(
            refused(|s| s.replication.silence_max = Duration::from_millis(299)),
            ("replication.silence_ms_max", 300)
        );
        assert_eq!(
            refused(|s| s.replication.backoff_max = Duration::from_millis(49)),
            ("replication.backoff_ms_max", 50)
        );
    }

    #[test]
    fn what_is_just_enough_is_accepted() {
        let mut settings = defaults();
        settings.leader.group_bytes_max = (1 << 20) + (64 << 10);
        settings.journal.segment_bytes = 2 * number(settings.leader.group_bytes_max);
        settings.journal.journal_bytes_max = 4 * settings.journal.segment_bytes;
        settings.replication.frame_bytes_max = (2 << 20) + (256 << 10);
        settings.replication.window_bytes_max = 256 << 10;
        settings.replication.held_back_bytes_max = settings.replication.frame_bytes_max;
        settings.replication.silence_max = Duration::from_millis(300);
        settings.replication.backoff_max = Duration::from_millis(50);
        assert_eq!(check(&settings).ok(), Some(()));
    }
}
