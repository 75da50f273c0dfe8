//! `tombolo verify`: compares a region with all others, and repairs what differs.

use serde::Deserialize;

use super::Desk;
use crate::cli::Format;
use crate::client::{Call, Resource};
use crate::failure::Failure;
use crate::output::{Grid, plain};

#[derive(Debug, Deserialize)]
struct Verification {
    regions: Vec<Peer>,
}

/// What came of comparing with one region.
#[derive(Debug, Deserialize)]
struct Peer {
    region: String,
    identical: bool,
    repaired_items: u64,
    unrepaired_items: u64,
    compared_items: u64,
    in_flight_items: u64,
    reason: Option<String>,
}

impl Peer {
    fn row(&self) -> [String; 7] {
        [
            plain(&self.region),
            if self.identical { "yes" } else { "no" }.to_owned(),
            self.compared_items.to_string(),
            self.repaired_items.to_string(),
            self.unrepaired_items.to_string(),
            self.in_flight_items.to_string(),
            plain(self.reason.as_deref().unwrap_or_default()),
        ]
    }
}

pub(super) fn run(desk: &mut Desk<'_>) -> Result<(), Failure> {
    let admin = desk.asking.admin();
    let call = Call::new("POST", &admin, Resource::at("/v1/verify")).json("").patiently();
    let reply = desk.client.ask(call)?;
    let Verification { regions } = reply.read()?;
    match desk.printer.format {
        Format::Json => desk.printer.line(&reply.body)?,
        Format::Table => {
            let names = [
                "REGION",
                "IDENTICAL",
                "COMPARED",
                "REPAIRED",
                "UNREPAIRED",
                "IN FLIGHT",
                "REASON",
            ];
            let mut grid = Grid::new(names);
            for region in &regions {
                grid.row(region.row());
            }
            desk.printer.grid(&mut grid)?;
        }
    }
    verdict(&regions)
}

/// Done only where all regions were compared and held the same.
fn verdict(regions: &[Peer]) -> Result<(), Failure> {
    let is_different = |region: &Peer| region.repaired_items + region.unrepaired_items > 0;
    if regions.iter().any(is_different) {
        Err(Failure::Different)
    } else if regions.iter().any(|region| !region.identical) {
        Err(Failure::NotCompared)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(identical: bool, repaired_items: u64, reason: Option<&str>) -> Peer {
        Peer {
            region: "eu-west".to_owned(),
            identical,
            repaired_items,
            unrepaired_items: 0,
            compared_items: 7,
            in_flight_items: 0,
            reason: reason.map(str::to_owned),
        }
    }

    #[test]
    fn a_difference_is_an_exit_code_of_its_own_also_where_it_was_repaired() {
        let code = |regions: &[Peer]| verdict(regions).map_err(|failure| failure.code());
        let (same, different) = (region(true, 0, None), region(false, 1, None));
        let silent = region(false, 0, Some("it was silent for too long"));
        assert_eq!(code(&[]), Ok(()));
        assert_eq!(code(core::slice::from_ref(&same)), Ok(()));
        assert_eq!(code(&[same, silent]), Err(1));
        let silent = region(false, 0, Some("it was silent for too long"));
        assert_eq!(code(&[silent, different]), Err(4));
    }

    #[test]
    fn a_region_is_a_row() {
        let row = region(false, 2, Some("paused")).row();
        assert_eq!(row, ["eu-west", "no", "7", "2", "0", "0", "paused"]);
    }
}
