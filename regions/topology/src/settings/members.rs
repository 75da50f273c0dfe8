//! Reads the list of regions: an array of tables in the file, one line of text in a variable.

use super::SettingsError;
use super::address::PeerAddress;
use super::cluster::Member;
use super::error::readable;
use super::field::{Field, written_as_text};
use super::given::Given;
use super::nearest::nearest;
use super::reference::{Allowed, Fact, Unit};

written_as_text!(PeerAddress);

const NAME: Fact = Fact {
    key: "cluster.regions.name",
    unit: Unit::None,
    allowed: Allowed::Form("1 to 24 of a-z, 0-9 and -, beginning with a letter"),
    meaning: "A region's name. The first region that is listed orders table definitions.",
};
const REPLICATION: Fact = Fact {
    key: "cluster.regions.replication",
    unit: Unit::None,
    allowed: Allowed::Form(PeerAddress::FORM),
    meaning: "Where the other regions dial it. A region ignores its own.",
};

/// The settings of one member.
pub(super) const FACTS: &[Fact] = &[NAME, REPLICATION];

/// The values of `member`, in the order of [`FACTS`].
pub(super) fn values(member: &Member) -> [toml::Value; 2] {
    [member.name.value(NAME.unit), member.replication.value(REPLICATION.unit)]
}

/// The members that were given for `list`, in their order.
pub(super) fn parse(given: &Given<'_>, list: &Fact) -> Result<Vec<Member>, SettingsError> {
    let refused = || given.refuse(list.key, list.allowed());
    if let Some(text) = given.text() {
        return text.split(',').map(|member| from_text(member).ok_or_else(refused)).collect();
    }
    let elements = given.elements().ok_or_else(refused)?;
    elements.enumerate().map(|(index, element)| from_table(&element, list, index)).collect()
}

/// `name=host:port`.
fn from_text(member: &str) -> Option<Member> {
    let (name, replication) = member.trim().split_once('=')?;
    Some(Member { name: name.parse().ok()?, replication: replication.parse().ok()? })
}

fn from_table(element: &Given<'_>, list: &Fact, index: usize) -> Result<Member, SettingsError> {
    let table_key = format!("{}[{index}]", list.key);
    let settings = element.members().ok_or_else(|| element.refuse(&table_key, list.allowed()))?;
    if let Some((name, _)) =
        settings.iter().find(|(name, _)| !FACTS.iter().any(|f| f.name() == *name))
    {
        return Err(SettingsError::Unknown {
            name: readable(&format!("{table_key}.{name}"), 120),
            origin: element.origin.clone(),
            nearest: nearest(&format!("{}.{name}", list.key), FACTS.iter().map(|fact| fact.key)),
        });
    }
    Ok(Member {
        name: setting(element, &settings, &NAME, &table_key)?,
        replication: setting(element, &settings, &REPLICATION, &table_key)?,
    })
}

fn setting<T: Field>(
    element: &Given<'_>,
    settings: &[(&str, Given<'_>)],
    fact: &Fact,
    table_key: &str,
) -> Result<T, SettingsError> {
    let key = format!("{table_key}.{}", fact.name());
    match settings.iter().find(|(name, _)| *name == fact.name()) {
        Some((_, given)) => given.parse(fact, &key),
        None => Err(SettingsError::MissingInList {
            key,
            origin: element.origin.clone(),
            allowed: fact.allowed(),
        }),
    }
}
