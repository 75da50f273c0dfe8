//! Exact outputs of the way out of a fork.

use std::sync::Arc;

use tombolo_causality::{Dot, HybridTimestamp, Incarnation, RegionId, ReplicaId, VersionVector};
use tombolo_datatypes::{
    CounterDelta, DataType, Delta, DeltaBody, ItemState, JsonText, Operation, RegisterDelta, Tally,
    Write,
};
use tombolo_resolvers::{ResolverKind, Shown, ShownValue};

use super::*;
use crate::leader::{Applier, Command, Leader};
use crate::{
    Body, Catalog, Change, Consistency, ItemDelta, ItemKey, Key, RunningHash, Strategy, TableId,
    TableName, TableShape,
};

fn replica(name: &str, incarnation: u64) -> ReplicaId {
    ReplicaId::new(RegionId::new(name).unwrap(), Incarnation(incarnation))
}

fn from() -> ReplicaId {
    replica("b", 1)
}

fn heir() -> ReplicaId {
    replica("b", 2)
}

fn table() -> TableId {
    TableId(Dot::new(replica("a", 1), 1))
}

fn item() -> ItemKey {
    ItemKey { table: table(), key: Key::new("k").unwrap() }
}

fn vector(entries: &[(ReplicaId, u64)]) -> Arc<VersionVector> {
    Arc::new(entries.iter().copied().collect())
}

fn change(seq: u64, deps: &[(ReplicaId, u64)], body: Body) -> Change {
    Change {
        dot: Dot::new(from(), seq),
        stamp: HybridTimestamp::new(1_000 + seq, 0),
        deps: vector(deps),
        cut: Arc::default(),
        body,
        idempotency: None,
        span: None,
    }
}

fn written(ctx: Vec<Dot>, body: DeltaBody) -> Body {
    let ItemKey { table, key } = item();
    Body::Items(vec![ItemDelta { table, key, delta: Delta::new(ctx, body) }])
}

fn register(value: i64) -> DeltaBody {
    DeltaBody::Register(RegisterDelta(Some(Write::from(Some(JsonText::from(value))))))
}

fn adjusted(up: u128) -> DeltaBody {
    DeltaBody::Counter(CounterDelta::Adjusted(Tally { up, down: 0 }))
}

#[test]
fn the_last_common_change_is_found_by_halves() {
    let hash = |nth: u64, branch: u8| Some(RunningHash([u8::try_from(nth).unwrap() ^ branch; 16]));
    for common in 0..20 {
        let (mut search, mut asked) = (CommonPoint::before(20), 0);
        let found = loop {
            match search.step() {
                Step::Ask(seq) => {
                    let branch = if seq > common { 128 } else { 0 };
                    search.told(seq, hash(seq, 0), hash(seq, branch));
                    asked += 1;
                }
                step => break step,
            }
        };
        assert_eq!(found, Step::Found(common));
        assert!(asked <= 5, "{asked}");
    }
}

/// The peer's log begins at 10.
#[test]
fn what_no_log_tells_any_more_is_not_guessed() {
    let search = |common: u64| {
        let mut search = CommonPoint::before(20);
        loop {
            match search.step() {
                Step::Ask(seq) => {
                    let ours = Some(RunningHash([1; 16]));
                    let theirs = RunningHash([if seq > common { 2 } else { 1 }; 16]);
                    search.told(seq, ours, (seq >= 10).then_some(theirs));
                }
                step => return step,
            }
        }
    };
    assert_eq!(search(15), Step::Found(15));
    assert_eq!(search(10), Step::Found(10));
    assert_eq!(search(9), Step::Untold { from: 0, to: 9 });
    assert_eq!(search(3), Step::Untold { from: 0, to: 9 });
}

#[test]
fn a_write_keeps_its_time_its_value_and_what_it_replaces_under_new_names() {
    let mut reauthoring = Reauthoring::new(from(), 3, heir(), true);
    let a = replica("a", 1);
    assert_eq!(reauthoring.take(&change(3, &[(a, 1)], written(vec![], register(1)))), None);
    let ctx = vec![Dot::new(a, 7), Dot::new(from(), 3), Dot::new(from(), 4)];
    let taken = reauthoring.take(&change(5, &[(a, 7)], written(ctx, register(2))));
    let ctx = vec![Dot::new(a, 7), Dot::new(from(), 3), Dot::new(heir(), 1)];
    let expected = Change {
        dot: Dot::new(heir(), 2),
        // It rests on what is common, which is not its own stream any more.
        deps: vector(&[(a, 7), (from(), 3)]),
        ..change(5, &[], written(ctx, register(2)))
    };
    assert_eq!(taken, Some(Reauthored { change: expected, left_over: vec![] }));
}

#[test]
fn a_counter_counts_what_was_added_since() {
    let mut reauthoring = Reauthoring::new(from(), 2, heir(), false);
    let mut body = |seq, delta| {
        let taken = reauthoring.take(&change(seq, &[], written(vec![], delta)));
        taken.map(|taken| (taken.change.body, taken.left_over))
    };
    assert_eq!(body(2, adjusted(40)), None);
    assert_eq!(body(3, adjusted(42)), Some((written(vec![], adjusted(2)), vec![])));
    assert_eq!(body(4, adjusted(47)), Some((written(vec![], adjusted(7)), vec![])));
    let total = |up| Tally { up, down: 0 };
    let reset = |seen: &[(ReplicaId, u128)]| {
        let seen = seen.iter().map(|(replica, up)| (*replica, total(*up)));
        DeltaBody::Counter(CounterDelta::Reset(seen.collect()))
    };
    let a = replica("a", 1);
    let renamed = reset(&[(a, 9), (from(), 40), (heir(), 7)]);
    let taken = body(5, reset(&[(a, 9), (from(), 47)]));
    assert_eq!(taken, Some((written(vec![], renamed), vec![])));
}

#[test]
fn what_cannot_be_written_anew_is_named_and_keeps_its_place() {
    let mut reauthoring = Reauthoring::new(from(), 2, heir(), false);
    let nothing = || Body::Stub(Vec::new());
    let mut left = |seq, body| {
        let taken = reauthoring.take(&change(seq, &[], body)).unwrap();
        assert_eq!(taken.change.dot, Dot::new(heir(), seq - 2));
        assert_eq!(taken.change.body, nothing());
        taken.left_over
    };
    let dot = |seq| Dot::new(from(), seq);
    assert_eq!(left(3, Body::Drop(table())), [LeftOver::Table { dot: dot(3) }]);
    // Its total at the common point may have been anything.
    let unknown = left(4, written(vec![], adjusted(5)));
    let total = Tally { up: 5, down: 0 };
    assert_eq!(unknown, [LeftOver::Total { dot: dot(4), item: item(), total }]);
    let table = TableId(dot(3));
    let key = item().key;
    let delta = Delta::new(vec![], register(1));
    let of_table = left(5, Body::Items(vec![ItemDelta { table, key: key.clone(), delta }]));
    assert_eq!(of_table, [LeftOver::OfTable { dot: dot(5), item: ItemKey { table, key } }]);
}

#[test]
fn vectors_that_a_change_carries_name_both_lives() {
    let mut reauthoring = Reauthoring::new(from(), 3, heir(), true);
    let a = replica("a", 1);
    let mut before = change(6, &[(a, 2)], written(vec![], register(1)));
    before.cut = vector(&[(a, 1), (from(), 5)]);
    let after = reauthoring.take(&before).unwrap().change;
    assert_eq!(after.cut, vector(&[(a, 1), (from(), 3), (heir(), 2)]));
    before.cut = vector(&[(from(), 2)]);
    assert_eq!(reauthoring.take(&before).unwrap().change.cut, vector(&[(from(), 2)]));
}

/// A region that has applied nothing but the definition of one table.
fn region(replica: ReplicaId, data_type: DataType) -> Leader {
    let nothing = Applier::resume(VersionVector::new(), HybridTimestamp::ZERO, Catalog::default());
    let mut orderer = Leader::resume(self::replica("a", 1), nothing.clone());
    let resolver = ResolverKind::of(data_type)[0];
    let (strategy, consistency) = (Strategy::MultiLeader, Consistency::Eventual);
    let shape = TableShape { data_type, resolver, strategy, consistency };
    let defined = orderer.define(1, &TableName::new("t").unwrap(), &shape).unwrap().unwrap();
    let mut leader = Leader::resume(replica, nothing);
    apply(&mut leader, &mut None, &defined);
    leader
}

fn apply(leader: &mut Leader, state: &mut Option<ItemState>, change: &Change) {
    let before = state.clone().map(Arc::new);
    let applied = leader.apply(change, |_| Ok::<_, core::convert::Infallible>(before.clone()));
    let applied = applied.unwrap();
    assert_eq!((applied.is_new, applied.set_aside), (true, None));
    if let Some((_, after)) = applied.states.into_iter().next() {
        *state = Some(after);
    }
}

/// One history with the operations of `common`, and two that go on from it.
fn forked(
    data_type: DataType,
    common: &[Operation],
    branches: [&[Operation]; 2],
) -> [Vec<Change>; 2] {
    branches.map(|branch| {
        let (mut leader, mut state) = (region(from(), data_type), None);
        let all = common.iter().chain(branch).zip(1_000..);
        let changes = all.map(|(operation, now_ms)| {
            let command = Command::new(item(), operation.clone());
            let decided = leader.decide(now_ms, command, state.as_ref()).unwrap();
            state = Some(decided.state);
            decided.change
        });
        changes.collect()
    })
}

/// What a peer holds that has one history, and then what the other one was re-authored to.
fn brought_together(
    data_type: DataType,
    common: u64,
    [theirs, ours]: &[Vec<Change>; 2],
) -> ItemState {
    let mut reauthoring = Reauthoring::new(from(), common, heir(), true);
    let anew: Vec<_> = ours.iter().filter_map(|change| reauthoring.take(change)).collect();
    assert!(anew.iter().all(|anew| anew.left_over.is_empty()));
    let anew = || anew.iter().map(|anew| &anew.change);
    let (mut leader, mut state) = (region(replica("c", 1), data_type), None);
    theirs.iter().chain(anew()).for_each(|change| apply(&mut leader, &mut state, change));
    // It is the same in whatever order a region hears of both.
    let (common, theirs) = theirs.split_at(usize::try_from(common).unwrap());
    let (mut leader, mut other) = (region(replica("d", 1), data_type), None);
    let order = common.iter().chain(anew()).chain(theirs);
    order.for_each(|change| apply(&mut leader, &mut other, change));
    assert_eq!(state, other);
    state.unwrap()
}

#[test]
fn increments_of_both_histories_count_once() {
    let add = |by| Operation::Increment(by);
    let common = [add(100), add(-1)];
    let histories = forked(DataType::Counter, &common, [&[add(10), add(20)], &[add(3), add(-5)]]);
    let state = brought_together(DataType::Counter, 2, &histories);
    let shown = ResolverKind::of(DataType::Counter)[0].resolver().shown(&state);
    assert!(matches!(shown, Shown::Value(ShownValue::Integer(127), _)), "{shown:?}");
}

#[test]
fn of_two_writes_one_stands_and_the_other_is_an_open_conflict() {
    let put = |value: i64| Operation::Put(JsonText::from(value));
    let histories = forked(DataType::Register, &[put(1)], [&[put(2)], &[put(3), put(4)]]);
    let state = brought_together(DataType::Register, 1, &histories);
    let resolver = ResolverKind::of(DataType::Register)[0].resolver();
    let lost = resolver.lost(&state);
    let Shown::Value(ShownValue::Json(stands), _) = resolver.shown(&state) else {
        panic!("{state:?}")
    };
    assert_eq!((stands.as_str(), lost.len()), ("4", 1));
}
