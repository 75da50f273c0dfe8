//! Keys of which a few are wanted most of the time.

use tombolo_simulation::Random;

/// The nth key is drawn with a weight of 1/n.
#[derive(Debug)]
pub(super) struct Zipf {
    keys: Vec<String>,
    /// The sum of the weights up to each key.
    sums: Vec<u64>,
}

impl Zipf {
    pub(super) fn new(keys: Vec<String>) -> Self {
        const UNIT: u64 = 1 << 32;
        let mut sum = 0;
        let sums = (1..=keys.len() as u64).map(|nth| {
            sum += UNIT / nth;
            sum
        });
        let sums = sums.collect();
        Self { keys, sums }
    }

    pub(super) fn draw(&self, random: &mut Random) -> &str {
        let at = random.below(*self.sums.last().unwrap());
        &self.keys[self.sums.partition_point(|sum| *sum <= at)]
    }
}

#[test]
fn the_first_of_210_keys_is_drawn_about_once_in_six_and_the_last_also() {
    let zipf = Zipf::new((0..210).map(|nth| nth.to_string()).collect());
    let mut random = Random::new(1);
    let drawn: Vec<_> = (0..60_000).map(|_| zipf.draw(&mut random).to_owned()).collect();
    let count = |key: &str| drawn.iter().filter(|drawn| *drawn == key).count();
    assert!((9_000..11_500).contains(&count("0")), "{}", count("0"));
    assert!((20..90).contains(&count("209")), "{}", count("209"));
}
