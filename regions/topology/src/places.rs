//! Fifteen places in the world, each with a region's name and its position on a map.
//!
//! The names are those of this product, the provider's name says which measurements in
//! [`crate::latency`] belong to it. Coordinates are those of the city that the provider names,
//! rounded to a hundredth of a degree: good enough to draw, not to say where a building stands.
//! A region need not be named after a place; then it has no position and no measured latency.

use tombolo_causality::RegionId;

/// How many places there are.
pub(crate) const COUNT: usize = 15;

/// A place where a region may be.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Place {
    /// The region's name here, such as `us-east`.
    pub name: &'static str,
    /// The provider's name of the same place, such as `us-east-1`.
    pub aws: &'static str,
    /// The city, for people.
    pub city: &'static str,
    /// Degrees north of the equator, approximate.
    pub latitude: f64,
    /// Degrees east of Greenwich, approximate.
    pub longitude: f64,
    /// Its row and column in the latency matrix.
    pub(crate) index: usize,
}

/// All places, in the order in which they are listed to people.
pub static PLACES: [Place; COUNT] = numbered([
    place("us-east", "us-east-1", "Ashburn, Virginia", 39.04, -77.49),
    place("us-east-ohio", "us-east-2", "Columbus, Ohio", 39.96, -83.00),
    place("us-west", "us-west-2", "Boardman, Oregon", 45.84, -119.70),
    place("us-west-california", "us-west-1", "San José, California", 37.34, -121.89),
    place("ca-central", "ca-central-1", "Montréal", 45.50, -73.57),
    place("sa-east", "sa-east-1", "São Paulo", -23.55, -46.63),
    place("eu-west", "eu-west-1", "Dublin", 53.35, -6.26),
    place("eu-west-london", "eu-west-2", "London", 51.51, -0.13),
    place("eu-central", "eu-central-1", "Frankfurt am Main", 50.11, 8.68),
    place("me-south", "me-south-1", "Manama", 26.23, 50.59),
    place("af-south", "af-south-1", "Cape Town", -33.92, 18.42),
    place("ap-south", "ap-south-1", "Mumbai", 19.08, 72.88),
    place("ap-southeast", "ap-southeast-1", "Singapore", 1.35, 103.82),
    place("ap-northeast", "ap-northeast-1", "Tokyo", 35.68, 139.69),
    place("au-southeast", "ap-southeast-2", "Sydney", -33.87, 151.21),
]);

/// The place that `region` is named after, if it is one of the fifteen.
pub fn find(region: RegionId) -> Option<&'static Place> {
    PLACES.iter().find(|place| place.name == region.as_str())
}

const fn place(
    name: &'static str,
    aws: &'static str,
    city: &'static str,
    latitude: f64,
    longitude: f64,
) -> Place {
    Place { name, aws, city, latitude, longitude, index: 0 }
}

const fn numbered(mut places: [Place; COUNT]) -> [Place; COUNT] {
    let mut index = 0;
    while index < COUNT {
        places[index].index = index;
        index += 1;
    }
    places
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_place_is_found_by_its_region_and_no_other_is() {
        for place in &PLACES {
            let region = RegionId::new(place.name).unwrap();
            assert_eq!(find(region), Some(place));
        }
        assert_eq!(find(RegionId::new("atlantis").unwrap()), None);
    }

    #[test]
    fn names_cities_and_positions_are_distinct() {
        let names: BTreeSet<_> = PLACES.iter().map(|p| p.name).collect();
        let aws: BTreeSet<_> = PLACES.iter().map(|p| p.aws).collect();
        let cities: BTreeSet<_> = PLACES.iter().map(|p| p.city).collect();
        let positions: BTreeSet<_> =
            PLACES.iter().map(|p| format!("{} {}", p.latitude, p.longitude)).collect();
        assert_eq!([names.len(), aws.len(), cities.len(), positions.len()], [COUNT; 4]);
    }

    #[test]
    fn every_place_lies_in_the_quarter_of_the_globe_that_its_name_says() {
        for place in &PLACES {
            let continent = &place.name[..2];
            let (latitudes, longitudes) = match continent {
                "us" | "ca" => (24.0..50.0, -125.0..-66.0),
                "sa" => (-56.0..13.0, -82.0..-34.0),
                "eu" => (36.0..71.0, -25.0..40.0),
                "me" => (12.0..42.0, 34.0..60.0),
                "af" => (-35.0..38.0, -18.0..52.0),
                "ap" => (-11.0..54.0, 60.0..150.0),
                "au" => (-44.0..-10.0, 112.0..154.0),
                other => panic!("no such continent: {other}"),
            };
            assert!(latitudes.contains(&place.latitude), "{place:?}");
            assert!(longitudes.contains(&place.longitude), "{place:?}");
        }
    }
}
