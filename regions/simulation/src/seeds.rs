//! The seeds that have found something.

/// Seeds of swarms in which a promise was once broken, in ascending order.
pub fn known_seeds() -> Vec<u64> {
    let lines = include_str!("../seeds.txt").lines();
    lines.filter_map(|line| line.trim().parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_that_is_no_remark_is_a_seed_and_they_ascend() {
        let lines = include_str!("../seeds.txt").lines().filter(|line| !line.starts_with('#'));
        let seeds = known_seeds();
        assert_eq!(seeds.len(), lines.count());
        assert!(seeds.is_sorted());
    }
}
