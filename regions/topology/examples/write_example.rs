//! Writes the commented example of a settings file, with every setting at its default:
//!
//! ```text
//! cargo run -p tombolo-topology --example write_example > regions/topology/tombolo.example.toml
//! ```

use std::error::Error;
use std::io::Write;

use tombolo_topology::Settings;

fn main() -> Result<(), Box<dyn Error>> {
    let settings = Settings::for_region("us-east".parse()?, "/var/lib/tombolo");
    std::io::stdout().write_all(settings.to_explained_toml().as_bytes())?;
    Ok(())
}
