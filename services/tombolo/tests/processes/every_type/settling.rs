//! Settling a conflict, as the promises tell of it.

use super::cell::{Cell, Change, Rule, Seen, State};
use super::item::{Answer, Author, Item, Type};

/// What is to become of a conflict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Settlement {
    pub(super) path: String,
    pub(super) lost: Change,
    pub(super) action: Action,
}

/// See [`Settlement`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Restore,
    Dismiss,
    Undo,
}

impl Action {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Restore => "restore",
            Self::Dismiss => "dismiss",
            Self::Undo => "undo",
        }
    }

    /// What is then told of the conflict.
    pub(super) fn state(self) -> &'static str {
        match self {
            Self::Restore => State::Restored,
            Self::Dismiss => State::Dismissed,
            Self::Undo => State::Open,
        }
        .name()
    }
}

impl State {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Restored => "restored",
            Self::Dismissed => "dismissed",
            Self::Covered => unreachable!("it is no conflict"),
        }
    }
}

impl Item {
    /// Settles a conflict, where that is not refused.
    pub(super) fn settle(&mut self, author: Author<'_>, settlement: &Settlement) -> Answer {
        let Settlement { path, lost, action } = settlement;
        let records = self.cells[&**path].records(author.seen);
        let found = records.into_iter().find(|(write, _)| write.change == *lost);
        let Some((found, state)) = found else {
            return Answer::Refused(404, "no_such_conflict");
        };
        let value = found.value.clone();
        match (action, state) {
            (Action::Undo, State::Open) => Answer::Refused(409, "not_settled"),
            (Action::Undo, _) => self.undo(author, path, *lost),
            (Action::Dismiss, State::Open) => {
                self.settle_only(author, path, (*lost, State::Dismissed))
            }
            (Action::Restore, State::Open) => self.restore(author, path, *lost, value),
            _ => Answer::Refused(409, "already_settled"),
        }
    }

    fn cell(&mut self, path: &str) -> &mut Cell {
        self.cells.get_mut(path).unwrap()
    }

    fn settle_only(&mut self, author: Author<'_>, path: &str, what: (Change, State)) -> Answer {
        let mut settling = author.ending(Seen::new());
        settling.settles.push(what);
        self.cell(path).writes.push(settling);
        Answer::Done(200)
    }

    fn restore(
        &mut self,
        author: Author<'_>,
        path: &str,
        lost: Change,
        value: Option<String>,
    ) -> Answer {
        let removes_nothing = value.is_none()
            && self.data_type == Type::Register
            && self.shown(author.seen).is_empty();
        if removes_nothing {
            return self.settle_only(author, path, (lost, State::Restored));
        }
        let before = self.clone();
        let cell = self.cell(path);
        if cell.rule == Rule::First {
            return Answer::Refused(409, "already_written");
        }
        let mut write = author.write(cell, value);
        // What is in effect is covered, and comes forth when this is undone.
        let live: Seen = cell.live(author.seen).iter().map(|write| write.change).collect();
        let replaced = cell.replaced_by_next(author.seen);
        write.replaces = &replaced - &live;
        write.settles.extend((&replaced & &live).into_iter().map(|c| (c, State::Covered)));
        write.settles.push((lost, State::Restored));
        cell.writes.push(write);
        if self.data_type == Type::Set {
            self.exists.writes.push(author.write(&self.exists, None));
        }
        let mut after = author.seen.clone();
        after.insert(author.change);
        if self.cells[path].lost(&after).iter().any(|write| write.change == author.change) {
            *self = before;
            return Answer::Refused(422, "would_lose_again");
        }
        Answer::Done(200)
    }

    fn undo(&mut self, author: Author<'_>, path: &str, lost: Change) -> Answer {
        let before = self.clone();
        let cell = self.cell(path);
        let by = cell.settled(lost, author.seen).0.unwrap();
        let is_in_effect = cell.live(author.seen).iter().any(|write| write.change == by);
        let mut undoing = author.ending(Seen::new());
        undoing.settles.push((lost, State::Open));
        if is_in_effect {
            undoing.replaces.insert(by);
            let covered = cell.covered(by, author.seen).into_iter();
            undoing.settles.extend(covered.map(|change| (change, State::Open)));
        }
        cell.writes.push(undoing);
        let mut after = author.seen.clone();
        after.insert(author.change);
        let stands = self.cells[path].stands(&after).map(|write| write.change);
        if is_in_effect && stands == Some(by) {
            *self = before;
            return Answer::Refused(422, "not_undoable");
        }
        Answer::Done(200)
    }
}
