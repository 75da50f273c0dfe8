//! What decides a randomized test, and how to have it decide again.

/// The seed of one test: that of `TOMBOLO_SEED` in the environment, or the test's own.
///
/// A test that fails prints the command that repeats it.
#[derive(Debug)]
pub(crate) struct Seed {
    test: &'static str,
    seed: u64,
}

impl Seed {
    /// The seed of the test of that name.
    pub(crate) fn of(test: &'static str, own: u64) -> Self {
        let seed = std::env::var("TOMBOLO_SEED").map_or(own, |seed| seed.parse().unwrap());
        Self { test, seed }
    }

    /// It.
    pub(crate) fn get(&self) -> u64 {
        self.seed
    }

    /// The command that repeats the test with it.
    fn command(&self) -> String {
        let Self { test, seed } = self;
        format!("TOMBOLO_SEED={seed} cargo nextest run -p tombolo --test processes {test}")
    }
}

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let told = format!("\nseed {}: repeat it with {}\n", self.seed, self.command());
            // With standard error gone there is nobody left to tell.
            std::io::Write::write_all(&mut std::io::stderr(), told.as_bytes()).ok();
        }
    }
}
