//! What goes wrong, and how it is put right again.

use super::{Event, World};
use crate::around::Around;
use crate::coverage::FaultKind;
use crate::disk::{Fault, Lie};
use crate::network::{Arrival, Delivery, RegionIndex};
use crate::region::Process;

/// Something that is put right.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mend {
    /// What is said one way gets through again, and as fast as before.
    Link { from: RegionIndex, to: RegionIndex },
    /// A link is cut once more, for a moment, so many times.
    Flap { from: RegionIndex, to: RegionIndex, left: u64 },
    /// A disk has room, and is as fast as before.
    Disk { region: RegionIndex },
    /// A clock is set.
    Clock { region: RegionIndex },
    /// A link goes on.
    Resume { region: RegionIndex, peer: RegionIndex },
    /// The power goes, on a disk that has lied.
    PowerCut { region: RegionIndex },
    /// An old image of a disk is put back.
    Image { region: RegionIndex },
}

impl World {
    /// How long it is until the next accident, in µs.
    pub(super) fn until_next_accident(&mut self) -> u64 {
        let every_us = self.around.plan.fault_every_ms * 1_000;
        every_us / 4 + self.around.random.below(every_us * 3 / 2 + 1)
    }

    fn any_region(&mut self) -> RegionIndex {
        usize::try_from(self.around.random.below(self.regions.len() as u64)).unwrap_or(0)
    }

    fn any_other(&mut self, region: RegionIndex) -> RegionIndex {
        let count = self.regions.len() as u64;
        let step = 1 + self.around.random.below(count.saturating_sub(1));
        usize::try_from((region as u64 + step) % count).unwrap_or(0)
    }

    fn later(&mut self, ms_min: u64, ms_max: u64, mend: Mend) {
        let in_ms = ms_min + self.around.random.below(ms_max - ms_min + 1);
        self.around.queue.plan(self.around.now_us + in_ms * 1_000, Event::Mend(mend));
    }

    /// Something goes wrong, unless the world has healed.
    pub(super) fn accident(&mut self) {
        if self.healed {
            return;
        }
        let in_us = self.until_next_accident();
        self.around.queue.plan(self.around.now_us + in_us, Event::Accident);
        let faults = self.around.plan.faults.clone();
        if faults.is_empty() {
            return;
        }
        let nth = usize::try_from(self.around.random.below(faults.len() as u64)).unwrap_or(0);
        let region = self.any_region();
        if self.strike(faults[nth], region) {
            let name = self.regions[region].name;
            self.around.tell(|| format!("{name}: {}", faults[nth]));
            self.around.coverage.fault(faults[nth]);
        }
    }

    /// Answers whether it could happen.
    fn strike(&mut self, fault: FaultKind, region: RegionIndex) -> bool {
        let is_up = matches!(self.regions[region].process, Process::Running(_));
        let alone = self.regions.len() == 1;
        match fault {
            FaultKind::ProcessKilled | FaultKind::PowerCut => {
                if matches!(self.regions[region].process, Process::Down) {
                    return false;
                }
                self.end(region, fault == FaultKind::PowerCut);
                self.restart_later(region);
            }
            FaultKind::CrashAtCall | FaultKind::SyncFailed if is_up => {
                let fault = match fault {
                    FaultKind::CrashAtCall => Fault::CrashAtCall(1 + self.around.random.below(60)),
                    _ => Fault::FailSyncData(1 + self.around.random.below(10)),
                };
                self.regions[region].disk.inject(fault);
                self.regions[region].disk_is_bad = true;
            }
            FaultKind::ProcessPaused if is_up => {
                let for_us = 200_000 + self.around.random.below(20_000_000);
                let until_us = &mut self.regions[region].stopped_until_us;
                // What had been put off until then is.
                *until_us = (*until_us).max(self.around.now_us + for_us);
            }
            FaultKind::GracefulRestart if is_up => self.restart_gracefully(region),
            FaultKind::DiskLied if is_up && !alone => {
                self.regions[region].disk.inject(Fault::Lie(Lie::SyncData));
                self.regions[region].disk_has_lied = true;
                self.later(500, 5_000, Mend::PowerCut { region });
            }
            FaultKind::DiskFull if is_up => {
                let room = self.around.random.below(16_384);
                let used = self.regions[region].disk.used_bytes();
                self.regions[region].disk.inject(Fault::SpaceBytesMax(used + room));
                self.regions[region].disk_is_bad = true;
                self.regions[region].disk_is_full = true;
                self.later(2_000, 20_000, Mend::Disk { region });
            }
            FaultKind::DiskSlow => {
                self.regions[region].disk_slowness = 10 + self.around.random.below(500);
                self.later(2_000, 20_000, Mend::Disk { region });
            }
            FaultKind::ImageRestored if !alone && self.images[region].is_none() => {
                self.images[region] = Some(self.regions[region].disk.image());
                self.later(1_000, 20_000, Mend::Image { region });
            }
            FaultKind::DirectoryLost if !alone => {
                self.end(region, false);
                self.regions[region].disk.erase();
                self.regions[region].disk_is_excused = true;
                self.restart_later(region);
            }
            FaultKind::ClockSkewed
            | FaultKind::ClockJumpedAhead
            | FaultKind::ClockJumpedBack
            | FaultKind::ClockDrifted => self.upset_clock(fault, region),
            _ if alone => return false,
            FaultKind::LinkCut
            | FaultKind::LinkCutOneWay
            | FaultKind::LinkFlapped
            | FaultKind::RegionCutOff
            | FaultKind::LinkSlow => self.upset_link(fault, region),
            FaultKind::ConnectionReset => return self.reset_connection(),
            FaultKind::LinkPaused if is_up => {
                let peer = self.any_other(region);
                self.set_paused(region, peer, true);
                self.later(1_000, 20_000, Mend::Resume { region, peer });
            }
            _ => return false,
        }
        true
    }

    fn upset_clock(&mut self, fault: FaultKind, region: RegionIndex) {
        let random = &mut self.around.random;
        let by =
            |random: &mut crate::Random, max: u64| i64::try_from(random.below(max)).unwrap_or(0);
        let clock = &mut self.regions[region].clock;
        match fault {
            FaultKind::ClockSkewed => clock.off_ms = by(random, 900) - 450,
            FaultKind::ClockJumpedAhead => clock.off_ms += 1_500 + by(random, 20_000),
            FaultKind::ClockJumpedBack => clock.off_ms -= 1_500 + by(random, 20_000),
            _ => clock.drift_ppm = by(random, 400) - 200,
        }
        self.later(2_000, 20_000, Mend::Clock { region });
    }

    fn upset_link(&mut self, fault: FaultKind, region: RegionIndex) {
        let peer = self.any_other(region);
        let there = Mend::Link { from: region, to: peer };
        let back = Mend::Link { from: peer, to: region };
        let network = &mut self.around.network;
        match fault {
            FaultKind::LinkCutOneWay => {
                network.cut(region, peer);
                self.later(500, 30_000, there);
            }
            FaultKind::LinkCut => {
                network.cut(region, peer);
                network.cut(peer, region);
                self.later(500, 30_000, there);
                self.later(500, 30_000, back);
            }
            FaultKind::LinkFlapped => {
                network.cut(region, peer);
                network.cut(peer, region);
                self.later(50, 2_000, Mend::Flap { from: region, to: peer, left: 5 });
            }
            FaultKind::LinkSlow => {
                let times = 2 + self.around.random.below(30);
                self.around.network.slow_down(region, peer, times);
                self.later(2_000, 20_000, there);
            }
            _ => {
                for other in (0..self.regions.len()).filter(|other| *other != region) {
                    self.around.network.cut(region, other);
                    self.around.network.cut(other, region);
                    self.later(2_000, 40_000, Mend::Link { from: region, to: other });
                    self.later(2_000, 40_000, Mend::Link { from: other, to: region });
                }
            }
        }
    }

    fn reset_connection(&mut self) -> bool {
        let Around { network, random, .. } = &mut self.around;
        let Some((connection, ends)) = network.any(random) else { return false };
        for to in ends {
            let delivery = Delivery { connection, to, arrival: Arrival::Closed };
            self.around.deliver((self.around.now_us, delivery));
        }
        true
    }

    fn set_paused(&mut self, region: RegionIndex, peer: RegionIndex, paused: bool) {
        let Self { regions, around, .. } = self;
        let pausing = &mut regions[region];
        let process = core::mem::replace(&mut pausing.process, Process::Down);
        let Process::Running(mut running) = process else {
            pausing.process = process;
            if !paused {
                // The operator tries again until the region is there to hear it.
                let at_us = around.now_us + 1_000_000;
                around.queue.plan(at_us, Event::Mend(Mend::Resume { region, peer }));
            }
            return;
        };
        let result = running.set_paused(pausing, around, peer, paused);
        pausing.process = Process::Running(running);
        self.ends_on(region, result);
    }

    pub(super) fn restart_gracefully(&mut self, region: RegionIndex) {
        let Self { regions, around, .. } = self;
        let stopping = &mut regions[region];
        let process = core::mem::replace(&mut stopping.process, Process::Down);
        let Process::Running(running) = process else {
            stopping.process = process;
            return;
        };
        let result = running.stop(stopping, around);
        if result.is_err() {
            self.ends_on(region, result);
        } else {
            self.end(region, false);
            self.restart_later(region);
        }
    }

    pub(super) fn mend(&mut self, mend: Mend) {
        if self.healed && matches!(mend, Mend::PowerCut { .. } | Mend::Image { .. }) {
            return;
        }
        self.around.tell(|| format!("mended: {mend:?}"));
        match mend {
            Mend::Link { from, to } => {
                let due = self.around.network.mend(self.around.now_us, from, to);
                for delivery in due {
                    self.around.deliver(delivery);
                }
            }
            Mend::Flap { from, to, left } => {
                let is_cut = self.around.network.is_cut(from, to);
                if is_cut {
                    self.mend(Mend::Link { from, to });
                    self.mend(Mend::Link { from: to, to: from });
                } else if !self.healed {
                    self.around.network.cut(from, to);
                    self.around.network.cut(to, from);
                }
                if !self.healed && (left > 0 || !is_cut) {
                    self.later(50, 2_000, Mend::Flap { from, to, left: left.saturating_sub(1) });
                }
            }
            Mend::Disk { region } => {
                let mended = &mut self.regions[region];
                mended.disk_slowness = 1;
                if mended.disk_is_full {
                    mended.disk_is_full = false;
                    mended.disk.heal();
                    mended.disk_is_bad = false;
                }
            }
            Mend::Clock { region } => {
                let clock = &mut self.regions[region].clock;
                clock.off_ms = 0;
                clock.drift_ppm = 0;
            }
            Mend::Resume { region, peer } => self.set_paused(region, peer, false),
            Mend::PowerCut { region } => {
                self.end(region, true);
                self.restart_later(region);
            }
            Mend::Image { region } => {
                if let Some(image) = self.images[region].take() {
                    self.end(region, false);
                    self.regions[region].disk.restore(&image);
                    self.regions[region].disk_is_excused = true;
                    self.restart_later(region);
                }
            }
        }
    }
}
