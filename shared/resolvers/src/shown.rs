//! What a reader sees of an item, and what has lost beside it.

use tombolo_datatypes::{
    Element, Entry, JsonText, Outcome, Presence, RegisterState, SetState, Write, Written,
};

/// A value as a reader sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShownValue<'a> {
    /// JSON as it was sent.
    Json(&'a JsonText),
    /// A counter's value.
    Integer(i64),
    /// A flag's value.
    Boolean(bool),
    /// A set's elements.
    Set(ShownSet<'a>),
}

impl ShownValue<'_> {
    /// The value as a JSON text.
    pub fn to_json(self) -> JsonText {
        match self {
            Self::Json(text) => text.clone(),
            Self::Boolean(value) => JsonText::from(value),
            Self::Integer(number) => JsonText::from(number),
            Self::Set(set) => {
                let texts: Vec<_> = set.elements().map(|element| element.text().as_str()).collect();
                JsonText::from_checked(&format!("[{}]", texts.join(",")))
            }
        }
    }
}

/// The elements of a set that are present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShownSet<'a> {
    pub(crate) state: &'a SetState,
    pub(crate) wins: Presence,
}

/// Values that stand side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Siblings<'a>(pub(crate) &'a RegisterState);

/// What an item shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown<'a> {
    /// Nothing: never written, or deleted.
    Nothing,
    /// One value, and the latest of the changes behind it.
    Value(ShownValue<'a>, Written),
    /// Several values side by side.
    Siblings(Siblings<'a>),
}

/// A write as it is told of: what it wrote, or nothing for a removal, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told<'a> {
    /// The change.
    pub written: Written,
    /// What it wrote; nothing where it removed.
    pub value: Option<ShownValue<'a>>,
}

/// A live write that has lost: it does not stand now, or did not when it was settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost<'a> {
    /// The set's element that it wrote; nothing where it wrote the item itself.
    pub element: Option<&'a Element>,
    /// What has lost.
    pub lost: Told<'a>,
    /// What stands in its place.
    pub kept: Told<'a>,
    /// Why.
    pub reason: Reason,
    /// What was decided about it; never that it is covered.
    pub outcome: Outcome,
}

impl<'a> Lost<'a> {
    /// The live writes of a register beside `standing`, each written without knowing of it.
    pub(crate) fn beside(standing: &'a Entry<Write>, register: &'a RegisterState) -> Vec<Self> {
        let kept = Told::of(standing);
        let losers = register.live.all().filter(|write| has_lost(write, write.dot != standing.dot));
        let lost = losers.map(|write| Self {
            element: None,
            lost: Told::of(write),
            kept,
            reason: Reason::Concurrent,
            outcome: write.outcome(),
        });
        lost.collect()
    }
}

/// Whether an entry has lost, which `loses` says of one about which nothing was decided.
pub(crate) fn has_lost<T>(entry: &Entry<T>, loses: bool) -> bool {
    match entry.outcome() {
        Outcome::Open => loses,
        Outcome::Restored | Outcome::Dismissed => true,
        Outcome::Covered => false,
    }
}

/// Why a write does not stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It was written without knowing of what stands.
    Concurrent,
    /// It is lower than what stands, and the table keeps the highest.
    LowerThanStanding,
    /// It is higher than what stands, and the table keeps the lowest.
    HigherThanStanding,
    /// It was written without knowing of a deletion that opened another generation since.
    EarlierGeneration,
}

impl<'a> Shown<'a> {
    /// The one value, where there is one.
    pub fn value(&self) -> Option<ShownValue<'a>> {
        match self {
            Self::Value(value, _) => Some(*value),
            Self::Nothing | Self::Siblings(_) => None,
        }
    }

    /// Whether there is a value to show.
    pub fn is_value(&self) -> bool {
        !matches!(self, Self::Nothing)
    }
}

impl<'a> ShownSet<'a> {
    /// The elements, in the order of JSON values.
    pub fn elements(self) -> impl Iterator<Item = &'a Element> + Clone {
        self.state.present(self.wins)
    }
}

impl<'a> Siblings<'a> {
    /// The values, earliest first, each with its change.
    pub fn values(self) -> impl Iterator<Item = (&'a JsonText, Written)> + Clone {
        self.0.live.iter().filter_map(|write| Some((write.value.value.as_ref()?, write.written())))
    }
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Concurrent,
        Self::LowerThanStanding,
        Self::HigherThanStanding,
        Self::EarlierGeneration,
    ];

    /// Its name in a conflict record.
    pub fn name(self) -> &'static str {
        match self {
            Self::Concurrent => "concurrent",
            Self::LowerThanStanding => "lower_than_standing",
            Self::HigherThanStanding => "higher_than_standing",
            Self::EarlierGeneration => "earlier_generation",
        }
    }
}

impl<'a> Told<'a> {
    /// A write to a register.
    pub(crate) fn of(write: &'a Entry<Write>) -> Self {
        let value = write.value.value.as_ref().map(ShownValue::Json);
        Self { written: write.written(), value }
    }

    /// What a reader sees where it stands alone.
    pub(crate) fn shown(self) -> Shown<'a> {
        self.value.map_or(Shown::Nothing, |value| Shown::Value(value, self.written))
    }
}
