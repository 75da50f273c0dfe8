//! Writes the measured round trips as items that can be loaded into a table:
//!
//! ```text
//! cargo run -p tombolo-topology --example write_round_trips \
//!     > regions/topology/data/round_trips.ndjson
//! ```

use std::error::Error;
use std::io::Write;

use tombolo_topology::LatencyMatrix;

fn main() -> Result<(), Box<dyn Error>> {
    std::io::stdout().write_all(LatencyMatrix::measured().to_items().as_bytes())?;
    Ok(())
}
