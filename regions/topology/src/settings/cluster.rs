//! `[cluster]`: which regions there are and how they reach one another.
//!
//! Every region is given the same list, itself included; the same file thus serves all of them but
//! for `[region]` and `[listen]`. The order matters: the first region orders the definitions of
//! tables.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use tombolo_causality::RegionId;

use super::SettingsError;
use super::address::PeerAddress;
use super::field::{Field, written_as_text};
use super::layers::Layers;
use super::members;
use super::reference::{Allowed, Fact, Unit};
use super::section::{Entry, Section, SectionValues};

/// What keeps apart clusters that can reach each other: 1 to 64 of `[a-z0-9-]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ClusterId(String);

/// A text that is not a cluster's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a cluster's id has 1 to {max} of a-z, 0-9 and -", max = ClusterId::BYTES_MAX)]
pub struct ClusterIdError;

impl ClusterId {
    /// The longest id, in bytes.
    pub const BYTES_MAX: usize = 64;

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ClusterId {
    type Err = ClusterIdError;

    fn from_str(id: &str) -> Result<Self, Self::Err> {
        let letters = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if (1..=Self::BYTES_MAX).contains(&id.len()) && id.bytes().all(letters) {
            Ok(Self(id.to_owned()))
        } else {
            Err(ClusterIdError)
        }
    }
}

impl fmt::Display for ClusterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

written_as_text!(ClusterId, SessionSecret);

/// What only the regions of a cluster know, so that nobody else can make session tokens: at most
/// 256 bytes, which may be none.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct SessionSecret(String);

/// A text that is too long for a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a secret has at most {max} bytes", max = SessionSecret::BYTES_MAX)]
pub struct SessionSecretError;

impl SessionSecret {
    /// The longest secret, in bytes.
    pub const BYTES_MAX: usize = 256;

    /// The secret.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SessionSecret {
    type Err = SessionSecretError;

    fn from_str(secret: &str) -> Result<Self, Self::Err> {
        if secret.len() > Self::BYTES_MAX {
            return Err(SessionSecretError);
        }
        Ok(Self(secret.to_owned()))
    }
}

impl fmt::Display for SessionSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Stays out of logs.
impl fmt::Debug for SessionSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "none" } else { "…" })
    }
}

/// One region of the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its name.
    pub name: RegionId,
    /// Where its peers dial it. A region ignores its own.
    pub replication: PeerAddress,
}

/// Which regions there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cluster {
    /// What keeps apart clusters that can reach each other.
    pub id: ClusterId,
    /// What makes session tokens impossible to forge.
    pub session_secret: SessionSecret,
    /// All regions, this one included, the first of which orders table definitions.
    pub regions: Vec<Member>,
}

const ID: Fact = Fact {
    key: "cluster.id",
    unit: Unit::None,
    allowed: Allowed::Form("1 to 64 of a-z, 0-9 and -"),
    meaning: "What keeps apart clusters that can reach each other; the same in all regions.",
};
const SESSION_SECRET: Fact = Fact {
    key: "cluster.session_secret",
    unit: Unit::None,
    allowed: Allowed::Form("text of at most 256 bytes"),
    meaning: "What makes session tokens impossible to forge; the same in all regions. Without it, \
              whoever knows the cluster's id can make one, which gives access to nothing and can \
              only make a region wait. Changing it ends all sessions.",
};
pub(super) const REGIONS: Fact = Fact {
    key: "cluster.regions",
    unit: Unit::None,
    allowed: Allowed::Form(
        "1 to 9 tables [[cluster.regions]] of name and replication, or as one text \
         name=host:port,name=host:port",
    ),
    meaning: "All regions, this one included. Without any, this region is alone.",
};

impl Cluster {
    /// The most regions that a cluster has.
    pub const REGIONS_MAX: usize = 9;

    /// A cluster of `region` alone.
    pub(super) fn of_one(name: RegionId, replication: PeerAddress) -> Self {
        Self { regions: vec![Member { name, replication }], ..Self::of_none() }
    }

    fn of_none() -> Self {
        let id = ClusterId("tombolo".to_owned());
        Self { id, session_secret: SessionSecret::default(), regions: Vec::new() }
    }

    /// The region that orders table definitions: the first that is listed.
    pub fn orderer(&self) -> Option<RegionId> {
        self.regions.first().map(|member| member.name)
    }

    /// All regions but `region`, in their order.
    pub fn peers(&self, region: RegionId) -> impl Iterator<Item = &Member> {
        self.regions.iter().filter(move |member| member.name != region)
    }

    /// Whether the list makes a cluster, seen from `region`.
    pub(super) fn check(&self, region: RegionId) -> Result<(), SettingsError> {
        let count = self.regions.len();
        if !(1..=Self::REGIONS_MAX).contains(&count) {
            return Err(SettingsError::RegionCount { count, max: Self::REGIONS_MAX });
        }
        let mut names = BTreeSet::new();
        if let Some(twice) = self.regions.iter().find(|member| !names.insert(member.name)) {
            return Err(SettingsError::RegionTwice { name: twice.name.to_string() });
        }
        if !names.contains(&region) {
            return Err(SettingsError::SelfNotListed { name: region.to_string() });
        }
        match self.peers(region).find(|member| member.replication.port() == 0) {
            Some(peer) => Err(SettingsError::PeerWithoutPort { name: peer.name.to_string() }),
            None => Ok(()),
        }
    }

    /// Takes over what the file and the environment say.
    pub(super) fn overlay(&mut self, layers: &Layers) -> Result<(), SettingsError> {
        layers.set(&ID, &mut self.id)?;
        layers.set(&SESSION_SECRET, &mut self.session_secret)?;
        if let Some(given) = layers.find(REGIONS.key) {
            self.regions = members::parse(&given, &REGIONS)?;
        }
        Ok(())
    }

    /// The section as its defaults have it: who the members are has none.
    pub(super) fn default_values() -> SectionValues {
        Self::of_none().values()
    }
}

impl Section for Cluster {
    const NAME: &'static str = "cluster";
    const ABOUT: &'static str = "Which regions there are; the same list in the same order in each.";
    const FACTS: &'static [Fact] = &[ID, SESSION_SECRET, REGIONS];

    /// Id and secret with their values; the settings of a member without one, since there may be several.
    fn values(&self) -> SectionValues {
        let id = Entry { fact: &ID, value: Some(self.id.value(Unit::None)) };
        let secret = self.session_secret.value(Unit::None);
        let secret = Entry { fact: &SESSION_SECRET, value: Some(secret) };
        let of_member = members::FACTS.iter().map(|fact| Entry { fact, value: None });
        SectionValues {
            name: Self::NAME,
            about: Self::ABOUT,
            entries: [id, secret].into_iter().chain(of_member).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster(members: &[(&str, &str)]) -> Cluster {
        let member = |(name, address): &(&str, &str)| Member {
            name: RegionId::new(name).unwrap(),
            replication: address.parse().unwrap(),
        };
        Cluster { regions: members.iter().map(member).collect(), ..Cluster::of_none() }
    }

    fn us_east() -> RegionId {
        RegionId::new("us-east").unwrap()
    }

    #[test]
    fn the_first_region_orders_definitions_and_peers_keep_their_order() {
        let cluster = cluster(&[("eu-west", "b:1"), ("us-east", "a:1"), ("ap-south", "c:1")]);
        assert_eq!(cluster.check(us_east()).ok(), Some(()));
        assert_eq!(cluster.orderer(), Some(RegionId::new("eu-west").unwrap()));
        let peers: Vec<_> = cluster.peers(us_east()).map(|peer| peer.name.to_string()).collect();
        assert_eq!(peers, ["eu-west", "ap-south"]);
    }

    #[test]
    fn a_list_without_this_region_or_with_one_twice_is_refused() {
        let error = cluster(&[("eu-west", "b:1")]).check(us_east()).unwrap_err();
        assert!(matches!(error, SettingsError::SelfNotListed { name } if name == "us-east"));
        let twice = [("us-east", "a:1"), ("eu-west", "b:1"), ("eu-west", "c:1")];
        let error = cluster(&twice).check(us_east()).unwrap_err();
        assert!(matches!(error, SettingsError::RegionTwice { name } if name == "eu-west"));
    }

    #[test]
    fn one_to_nine_regions_make_a_cluster() {
        let names = ["us-east", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
        let members = names.map(|name| (name, "host:1"));
        assert_eq!(cluster(&members[..1]).check(us_east()).ok(), Some(()));
        assert_eq!(cluster(&members[..9]).check(us_east()).ok(), Some(()));
        for refused in [0, 10] {
            let error = cluster(&members[..refused]).check(us_east()).unwrap_err();
            assert!(matches!(error, SettingsError::RegionCount { count, .. } if count == refused));
        }
    }

    #[test]
    fn only_this_region_may_leave_its_port_open() {
        let own = cluster(&[("us-east", "a:0"), ("eu-west", "b:1")]);
        assert_eq!(own.check(us_east()).ok(), Some(()));
        let error = own.check(RegionId::new("eu-west").unwrap()).unwrap_err();
        assert!(matches!(error, SettingsError::PeerWithoutPort { name } if name == "us-east"));
    }

    #[test]
    fn ids_outside_the_alphabet_are_refused() {
        let long = "a".repeat(65);
        for id in ["", "Tombolo", "a_b", "a b", &long] {
            assert_eq!(id.parse::<ClusterId>(), Err(ClusterIdError), "{id:?}");
        }
        assert_eq!("0-a".parse::<ClusterId>().unwrap().as_str(), "0-a");
    }
}
