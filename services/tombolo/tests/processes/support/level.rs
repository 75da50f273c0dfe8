//! Whether the regions of a cluster hold the same.

use std::collections::BTreeMap;

use serde_json::Value;
use tombolo_causality::{Dot, Incarnation, RegionId, ReplicaId};

use super::{Cluster, PATIENCE, Region, until};

/// What all regions hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Level {
    /// Up to where each replica's changes are applied.
    pub(crate) vector: BTreeMap<String, u64>,
    /// The digest of all tables.
    pub(crate) digest: String,
    /// The number of items.
    pub(crate) items: u64,
}

impl Level {
    /// What `region` holds now, its vector and digest of one moment.
    #[track_caller]
    pub(crate) fn of(region: &Region) -> Self {
        let shown = region.ask_admin("GET", "/v1/digests").expect(200);
        let vector = shown["version_vector"].as_object().unwrap().iter();
        assert_eq!(shown["exceptions"], Value::Array(Vec::new()));
        Self {
            vector: vector.map(|(replica, seq)| (replica.clone(), seq.as_u64().unwrap())).collect(),
            digest: shown["digest"].as_str().unwrap().to_owned(),
            items: shown["items"].as_u64().unwrap(),
        }
    }

    /// Which replicas of `region` have written.
    pub(crate) fn replicas(&self, region: &str) -> Vec<&str> {
        let own = |replica: &&String| replica.split(':').next() == Some(region);
        self.vector.keys().filter(own).map(String::as_str).collect()
    }
}

impl Cluster {
    /// Waits until all regions have applied the same changes. Wherever two of them have, also on
    /// the way there, their digests are the same.
    #[track_caller]
    pub(crate) fn level(&self) -> Level {
        level(&self.all())
    }
}

/// The same of any regions.
#[track_caller]
pub(crate) fn level(regions: &[&Region]) -> Level {
    until(PATIENCE, "all regions have the same vector", || {
        let mut levels: Vec<_> = regions.iter().map(|region| Level::of(region)).collect();
        for (nth, one) in levels.iter().enumerate() {
            for other in &levels[nth + 1..] {
                if one.vector == other.vector {
                    assert_eq!(one, other);
                }
            }
        }
        let are_level = levels.windows(2).all(|pair| pair[0] == pair[1]);
        if are_level { Ok(levels.swap_remove(0)) } else { Err(format!("{levels:#?}")) }
    })
}

/// The change of that name, as regions show it.
pub(crate) fn dot(text: &str) -> Dot {
    let parts: Vec<_> = text.split(':').collect();
    let [region, incarnation, _, seq] = parts[..] else { panic!("no dot: {text}") };
    let incarnation = Incarnation(u64::from_str_radix(incarnation, 16).unwrap());
    let replica = ReplicaId::new(RegionId::new(region).unwrap(), incarnation);
    Dot::new(replica, seq.parse().unwrap())
}
