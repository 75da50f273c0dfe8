//! What a comparison has found.

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Findings {
    /// Spans that were compared.
    pub spans: u64,
    /// Items that were compared, of either region.
    pub compared_items: u64,
    /// Items that were different.
    pub differing_items: u64,
    /// Of those, the ones that no longer are.
    pub repaired_items: u64,
    /// Items that were written so often that they were never seen at rest.
    pub in_flight_items: u64,
    /// Tables that the peer does not have, though it shows the change that defines them.
    pub missing_tables: u64,
}

impl Findings {
    /// Whether both hold the same, as far as nothing was on its way.
    pub fn is_identical(&self) -> bool {
        self.differing_items == 0 && self.missing_tables == 0
    }
}
