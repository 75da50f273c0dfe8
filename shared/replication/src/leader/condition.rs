//! Whether an item is as a client's condition says, and what a conditional write replaces.

use tombolo_causality::VersionVector;
use tombolo_resolvers::ResolverKind;

use super::{Condition, Refusal};

/// Checks `condition` against an item of `context` that shows something where it `existed`.
///
/// Answers the version whose dots the write replaces, where the condition names one.
pub(super) fn check(
    condition: Option<Condition>,
    resolver: ResolverKind,
    context: &VersionVector,
    existed: bool,
) -> Result<Option<VersionVector>, Refusal> {
    match condition {
        None => Ok(None),
        Some(Condition::Absent) if !existed => Ok(None),
        Some(Condition::Present) if existed => Ok(None),
        Some(Condition::Versions(versions)) if resolver == ResolverKind::Siblings => {
            let mut named = VersionVector::new();
            for version in &versions {
                named.join(version);
            }
            Ok(Some(named))
        }
        Some(Condition::Versions(versions)) if existed && versions.contains(context) => {
            Ok(Some(context.clone()))
        }
        Some(_) => Err(Refusal::VersionMismatch),
    }
}

#[cfg(test)]
mod tests {
    use tombolo_causality::{Incarnation, RegionId, ReplicaId};

    use super::*;

    fn version(seq: u64) -> VersionVector {
        let replica = ReplicaId::new(RegionId::new("a").unwrap(), Incarnation(1));
        [(replica, seq)].into_iter().collect()
    }

    fn checked(condition: Condition, resolver: ResolverKind, existed: bool) -> Option<u64> {
        let named = check(Some(condition), resolver, &version(5), existed).ok()?;
        Some(named.map_or(0, |named| named.iter().map(|(_, seq)| seq).sum()))
    }

    #[test]
    fn an_item_is_there_or_not() {
        let lww = ResolverKind::LastWriteWins;
        assert_eq!(checked(Condition::Absent, lww, false), Some(0));
        assert_eq!(checked(Condition::Absent, lww, true), None);
        assert_eq!(checked(Condition::Present, lww, true), Some(0));
        assert_eq!(checked(Condition::Present, lww, false), None);
    }

    #[test]
    fn one_of_the_versions_must_be_the_present_one() {
        let of = |versions: &[u64]| {
            Condition::Versions(versions.iter().map(|seq| version(*seq)).collect())
        };
        let lww = ResolverKind::LastWriteWins;
        assert_eq!(checked(of(&[5]), lww, true), Some(5));
        assert_eq!(checked(of(&[4, 5]), lww, true), Some(5));
        assert_eq!(checked(of(&[4]), lww, true), None);
        assert_eq!(checked(of(&[]), lww, true), None);
        assert_eq!(checked(of(&[5]), lww, false), None);
    }

    #[test]
    fn beside_siblings_a_stale_version_names_what_is_replaced() {
        let stale = Condition::Versions(vec![version(3), version(4)]);
        assert_eq!(checked(stale.clone(), ResolverKind::Siblings, true), Some(4));
        assert_eq!(checked(stale, ResolverKind::Siblings, false), Some(4));
    }
}
