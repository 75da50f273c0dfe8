//! Checks that hold the structure of the repository.
//!
//! A check is a function from a [`Tree`] to [`Finding`]s. The tests in `tests/` run every check on
//! the repository itself; the tests beside each check run it on a bad sample, so that a check which
//! can no longer fail is noticed. Text is read as text: there is no compiler here, and whoever sets
//! out to deceive a check can. They are for mistakes.

mod code;
mod confinement;
mod crates;
mod direction;
mod finding;
mod licences;
mod limits;
mod links;
mod lockfile;
mod manifest;
mod map;
mod names;
mod purity;
mod shape;
mod tree;
mod unfinished;

pub use confinement::foreign_crates_stay_where_they_belong;
pub use crates::{crates_are_members, crates_obey_the_workspace};
pub use direction::dependencies_point_down;
pub use finding::{Finding, report};
pub use licences::{LICENCES_ALLOWED, licences_are_allowed};
pub use limits::limits_are_told;
pub use links::links_lead_somewhere;
pub use lockfile::locked_crates_are_allowed;
pub use map::folders_are_on_the_map;
pub use names::{names_say_what_is_inside, top_level_is_known};
pub use purity::shared_is_pure;
pub use shape::{LINES_MAX, files_open_with_a_summary, files_stay_short};
pub use tree::{Entry, Tree};
pub use unfinished::nothing_is_unfinished;
