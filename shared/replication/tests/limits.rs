//! What one region may hold: the last one is taken, and one more refused.

use tombolo_causality::{HybridTimestamp, Incarnation, RegionId, ReplicaId, VersionVector};
use tombolo_datatypes::DataType;
use tombolo_replication::leader::{Applier, Leader, Refusal};
use tombolo_replication::{Catalog, Consistency, Strategy, TableName, TableShape};
use tombolo_resolvers::ResolverKind;

#[test]
fn one_table_more_than_there_may_be_is_refused_until_one_is_dropped() {
    let replica = ReplicaId::new(RegionId::new("a").unwrap(), Incarnation(1));
    let nothing = Applier::resume(VersionVector::new(), HybridTimestamp::ZERO, Catalog::default());
    let mut leader = Leader::resume(replica, nothing);
    let shape = TableShape {
        data_type: DataType::Register,
        resolver: ResolverKind::LastWriteWins,
        strategy: Strategy::MultiLeader,
        consistency: Consistency::Eventual,
    };
    let name = |nth: usize| TableName::new(&format!("t{nth}")).unwrap();
    for nth in 0..Catalog::TABLES_MAX {
        assert!(leader.define(1_000, &name(nth), &shape).unwrap().is_some());
    }
    let one_more = name(Catalog::TABLES_MAX);
    let refused = leader.define(1_000, &one_more, &shape);
    assert_eq!(refused.unwrap_err(), Refusal::TooManyTables);
    // An equal definition of one that is there is none more.
    assert_eq!(leader.define(1_000, &name(0), &shape).unwrap(), None);
    leader.drop_table(1_000, "t0").unwrap();
    assert!(leader.define(1_000, &one_more, &shape).unwrap().is_some());
}
