//! What a request asks beyond the operation itself: consistency, durability, conditions.
//!
//! What this version cannot promise is refused before anything is read or written: a promise that
//! is silently not kept is worse than none.

use core::time::Duration;

use tombolo_replication::Consistency;

use crate::freshness::Freshness;
use crate::language::CONSISTENCIES;
use crate::problem::{Problem, excerpt};
use crate::query::Query;

/// How long a request waits for what its session has seen, where it does not say.
const WAIT: Duration = Duration::from_secs(1);
/// How long a write waits for other regions, where it does not say.
const TIMEOUT: Duration = Duration::from_secs(5);

/// What there is to be promised.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Promises {
    /// How many regions there are.
    pub(crate) regions: usize,
    /// How long a request may wait for what its session has seen.
    pub(crate) wait_max: Duration,
    /// How long a write may wait for other regions.
    pub(crate) timeout_max: Duration,
}

/// What a write asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WriteAsked {
    /// After what it is to be decided.
    pub(crate) freshness: Freshness,
    /// How many regions must hold it when it is answered.
    pub(crate) regions_min: usize,
    /// How long that is waited for.
    pub(crate) timeout: Duration,
}

/// What a read asks for, where this region can answer it so.
pub(crate) fn check_read(query: Query<'_>, promises: Promises) -> Result<Freshness, Problem> {
    if query.0.is_empty() {
        let wait = WAIT.min(promises.wait_max);
        return Ok(Freshness { consistency: None, wait, takes: Duration::ZERO });
    }
    let consistency = consistency(query)?;
    let wait = time(query, "wait_ms", WAIT, promises.wait_max)?;
    for name in ["max_staleness_ms", "r"] {
        if query.number(name)?.is_some() {
            return Err(not_yet(format!("parameter `{name}`")));
        }
    }
    Ok(Freshness { consistency, wait, takes: Duration::ZERO })
}

/// What a write asks for, where this region can do it so.
pub(crate) fn check_write(query: Query<'_>, promises: Promises) -> Result<WriteAsked, Problem> {
    let consistency = match consistency(query)? {
        // Only `session` orders writes; the others speak of reads.
        None | Some(Consistency::Session) => Consistency::Session,
        Some(_) => Consistency::Eventual,
    };
    let wait = time(query, "wait_ms", WAIT, promises.wait_max)?;
    let timeout = time(query, "timeout_ms", TIMEOUT, promises.timeout_max)?;
    let regions_min = match query.number("w")? {
        // Durable in this region: what every acknowledged write is.
        None => 1,
        Some(0) => {
            let detail = "a write is durable in at least 1 region".to_owned();
            return Err(Problem::BadParameter { name: "w", detail });
        }
        Some(w) => {
            let fitting = usize::try_from(w).ok().filter(|w| *w <= promises.regions);
            let too_large = Problem::WriteConcernTooLarge { w, regions: promises.regions };
            fitting.ok_or(too_large)?
        }
    };
    let takes = if regions_min > 1 { timeout } else { Duration::ZERO };
    let freshness = Freshness { consistency: Some(consistency), wait, takes };
    Ok(WriteAsked { freshness, regions_min, timeout })
}

fn consistency(query: Query<'_>) -> Result<Option<Consistency>, Problem> {
    let Some(word) = query.get("consistency")? else { return Ok(None) };
    match word.parse() {
        Ok(known) => Ok(Some(known)),
        Err(_) if word == "strong" => Err(Problem::StrongNeedsHome),
        Err(_) if CONSISTENCIES.contains(&&*word) => Err(not_yet(format!("consistency {word:?}"))),
        Err(_) => {
            let known = CONSISTENCIES.join(", ");
            let detail = format!("{:?} is none of {known}", excerpt(&word));
            Err(Problem::BadParameter { name: "consistency", detail })
        }
    }
}

/// A time in ms; a longer one than `max` is cut to it.
fn time(
    query: Query<'_>,
    name: &'static str,
    otherwise: Duration,
    max: Duration,
) -> Result<Duration, Problem> {
    let given = query.number(name)?.map(Duration::from_millis);
    Ok(given.unwrap_or(otherwise).min(max))
}

fn not_yet(what: impl Into<String>) -> Problem {
    Problem::NotSupportedYet { what: what.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROMISES: Promises = Promises {
        regions: 3,
        wait_max: Duration::from_secs(10),
        timeout_max: Duration::from_secs(20),
    };

    fn code<T>(checked: Result<T, Problem>) -> &'static str {
        checked.err().map_or("ok", |problem| problem.entry().code)
    }

    fn read(query: &str) -> Result<Freshness, Problem> {
        check_read(Query(query), PROMISES)
    }

    fn write(query: &str) -> Result<WriteAsked, Problem> {
        check_write(Query(query), PROMISES)
    }

    #[test]
    fn what_is_not_asked_for_has_its_default() {
        let (wait, takes) = (Duration::from_secs(1), Duration::ZERO);
        for query in ["", "key=k"] {
            assert_eq!(read(query).unwrap(), Freshness { consistency: None, wait, takes });
            let freshness = Freshness { consistency: Some(Consistency::Session), wait, takes };
            let timeout = Duration::from_secs(5);
            let asked = WriteAsked { freshness, regions_min: 1, timeout };
            assert_eq!(write(query).unwrap(), asked, "{query}");
        }
    }

    #[test]
    fn what_is_asked_for_is_taken_and_times_are_cut_to_what_may_be() {
        let asked = read("consistency=monotonic_reads&wait_ms=5").unwrap();
        let (consistency, wait) = (Some(Consistency::MonotonicReads), Duration::from_millis(5));
        assert_eq!(asked, Freshness { consistency, wait, takes: Duration::ZERO });
        assert_eq!(read("wait_ms=99999999").unwrap().wait, PROMISES.wait_max);
        let asked = write("w=3&timeout_ms=99999999&wait_ms=0").unwrap();
        assert_eq!((asked.regions_min, asked.timeout), (3, PROMISES.timeout_max));
        let (wait, takes) = (asked.freshness.wait, asked.freshness.takes);
        assert_eq!((wait, takes), (Duration::ZERO, PROMISES.timeout_max));
    }

    #[test]
    fn only_session_orders_a_write() {
        let consistency = |query: &str| write(query).unwrap().freshness.consistency.unwrap();
        assert_eq!(consistency("consistency=session"), Consistency::Session);
        for word in ["eventual", "read_your_writes", "monotonic_reads"] {
            assert_eq!(consistency(&format!("consistency={word}")), Consistency::Eventual);
        }
    }

    #[test]
    fn what_cannot_be_kept_is_refused() {
        for query in ["consistency=bounded", "consistency=quorum", "max_staleness_ms=5", "r=2"] {
            assert_eq!(code(read(query)), "not_supported_yet", "{query}");
        }
        assert_eq!(code(write("consistency=quorum")), "not_supported_yet");
        for query in ["w=4", "w=18446744073709551615"] {
            assert_eq!(code(write(query)), "write_concern_too_large", "{query}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_a_bad_parameter() {
        for query in ["consistency=best", "consistency=", "wait_ms=soon", "r=-1"] {
            assert_eq!(code(read(query)), "bad_parameter", "{query}");
        }
        for query in ["w=0", "w=all", "w=1&w=1", "timeout_ms=1s"] {
            assert_eq!(code(write(query)), "bad_parameter", "{query}");
        }
    }

    #[test]
    fn strong_needs_a_home_which_no_table_has() {
        assert_eq!(code(read("consistency=strong")), "strong_needs_home");
        assert_eq!(code(write("consistency=strong")), "strong_needs_home");
    }
}
