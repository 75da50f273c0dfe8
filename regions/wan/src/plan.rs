//! What a relay is started with: places, the paths between them, and where it should listen.
//!
//! Built freely in any order; judged as a whole when the relay starts.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::error::WanError;
use crate::shape::LinkShape;

/// A direction between two places, by their names: from, to.
pub(crate) type Ends = (String, String);

/// The places and the distances between them. Said twice, the last word counts.
#[derive(Clone, Debug)]
pub struct WanPlan {
    pub(crate) seed: u64,
    pub(crate) places: BTreeMap<String, SocketAddr>,
    pub(crate) paths: BTreeMap<Ends, LinkShape>,
    pub(crate) ports: BTreeMap<Ends, u16>,
}

impl WanPlan {
    /// A plan without places. The seed decides the jitter: the same seed draws the same numbers.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed, places: BTreeMap::new(), paths: BTreeMap::new(), ports: BTreeMap::new() }
    }

    /// A place and the address where it really listens.
    #[must_use]
    pub fn place(mut self, name: &str, address: SocketAddr) -> Self {
        self.places.insert(name.to_owned(), address);
        self
    }

    /// A link between two places, of the same shape in both directions.
    #[must_use]
    pub fn link(self, a: &str, b: &str, shape: LinkShape) -> Self {
        self.one_way(a, b, shape).one_way(b, a, shape)
    }

    /// The shape of one direction, where the two differ.
    #[must_use]
    pub fn one_way(mut self, from: &str, to: &str, shape: LinkShape) -> Self {
        self.paths.insert((from.to_owned(), to.to_owned()), shape);
        self
    }

    /// The loopback port where `from` finds `to`; any free one if not said.
    #[must_use]
    pub fn listen(mut self, from: &str, to: &str, port: u16) -> Self {
        self.ports.insert((from.to_owned(), to.to_owned()), port);
        self
    }

    /// Refuses a plan that cannot be carried out.
    pub(crate) fn check(&self) -> Result<(), WanError> {
        for ((from, to), shape) in &self.paths {
            for place in [from, to] {
                if !self.places.contains_key(place) {
                    return Err(WanError::UnknownPlace { place: place.clone() });
                }
            }
            if !self.paths.contains_key(&(to.clone(), from.clone())) {
                return Err(WanError::NoWayBack { from: from.clone(), to: to.clone() });
            }
            shape.check().map_err(|source| WanError::Shape {
                from: from.clone(),
                to: to.clone(),
                source,
            })?;
        }
        match self.ports.keys().find(|ends| !self.paths.contains_key(ends)) {
            Some((from, to)) => Err(WanError::UnknownLink { from: from.clone(), to: to.clone() }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::time::Duration;

    use super::*;

    fn two_places() -> WanPlan {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
        WanPlan::new(0).place("a", address).place("b", address)
    }

    #[test]
    fn a_link_is_a_path_in_both_directions() {
        let shape = LinkShape::with_delay(Duration::from_millis(1));
        let plan = two_places().link("a", "b", shape);
        assert!(plan.check().is_ok());
        assert_eq!(plan.paths.values().copied().collect::<Vec<_>>(), [shape, shape]);
    }

    #[test]
    fn a_plan_with_a_hole_is_refused() {
        let shape = LinkShape::default();
        assert!(matches!(
            two_places().link("a", "c", shape).check(),
            Err(WanError::UnknownPlace { place }) if place == "c"
        ));
        assert!(matches!(
            two_places().one_way("a", "b", shape).check(),
            Err(WanError::NoWayBack { from, to }) if (from.as_str(), to.as_str()) == ("a", "b")
        ));
        assert!(matches!(
            two_places().listen("a", "b", 80).check(),
            Err(WanError::UnknownLink { from, to }) if (from.as_str(), to.as_str()) == ("a", "b")
        ));
        let long = LinkShape::with_delay(Duration::MAX);
        assert!(matches!(two_places().link("a", "b", long).check(), Err(WanError::Shape { .. })));
    }
}
