//! Healing, and what must then hold: all regions equal in time, as the promises say, and quiet.

use super::World;
use crate::invariant::Invariant;
use crate::network::Weather;
use crate::region::{Running, texts};
use crate::world::Event;
use crate::world::accidents::Mend;
use tombolo_resolvers::Shown;

/// What is looked at once all are equal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quiet {
    since_us: u64,
    frames: u64,
}

/// How long quiet is watched, in heartbeats.
const WATCHED_HEARTBEATS: u64 = 10;

/// How many frames of a link may be under way when the watch begins.
const UNDER_WAY: u64 = 4;

impl World {
    /// Everything is put right, and clients ask no more.
    pub(super) fn heal(&mut self) {
        self.healed = true;
        self.around.network.weather = Weather { jitter_us_max: 1_000, ..Weather::default() };
        for from in 0..self.regions.len() {
            self.mend(Mend::Disk { region: from });
            self.mend(Mend::Clock { region: from });
            let region = &mut self.regions[from];
            if !region.disk_is_excused {
                region.disk.heal();
            }
            for to in 0..self.regions.len() {
                if from != to {
                    self.mend(Mend::Link { from, to });
                    self.mend(Mend::Resume { region: from, peer: to });
                }
            }
            let life = self.regions[from].life;
            self.around
                .queue
                .plan(self.around.now_us + 1_000, Event::Restart { region: from, life });
        }
        self.arrived_us = self.around.network.last_arrival_us();
    }

    /// Whether there is nothing more to wait for.
    pub(super) fn is_over(&mut self) -> bool {
        let plan = &self.around.plan;
        let deadline_us = (plan.run_ms + plan.settle_ms_max) * 1_000;
        if self.around.now_us > deadline_us {
            let detail = self.unequal();
            self.around.violations.push(Invariant::I2.broken(detail));
            return true;
        }
        // Looked at now and then.
        if self.around.now_us < self.next_look_us {
            return false;
        }
        self.next_look_us = self.around.now_us + 500_000;
        match self.quiet {
            None => {
                if self.are_equal() {
                    let (since_us, frames) = (self.around.now_us, self.around.network.frames);
                    self.quiet = Some(Quiet { since_us, frames });
                }
                false
            }
            Some(quiet) => {
                let watched_us = WATCHED_HEARTBEATS * plan.tuning.heartbeat_ms * 1_000;
                if self.around.now_us < quiet.since_us + watched_us {
                    return false;
                }
                self.check_quiet(quiet);
                self.check_all();
                true
            }
        }
    }

    fn are_equal(&self) -> bool {
        let mut vectors = self.regions.iter().map(|region| Some(region.view()?.vector().clone()));
        let waits = self.clients.iter().any(|client| client.pending.is_some());
        let Some(Some(first)) = vectors.next() else { return false };
        let now_us = self.around.now_us;
        let stopped = self.regions.iter().any(|region| region.stopped_until_us > now_us);
        !waits
            && !stopped
            && self.arrived_us <= now_us
            && vectors.all(|vector| vector.as_ref() == Some(&first))
            && self.links_are_up()
    }

    fn links_are_up(&self) -> bool {
        self.regions.iter().filter_map(|region| region.running()).all(Running::links_are_up)
    }

    fn unequal(&self) -> String {
        let views = self.regions.iter().map(|region| match region.view() {
            Some(view) => format!("{}: {:?}", region.name, view.vector()),
            None => format!("{}: not running", region.name),
        });
        let links = self.regions.iter().filter_map(|region| Some(region.running()?.tell_links()));
        views.chain(links).collect::<Vec<_>>().join("; ")
    }

    fn check_quiet(&mut self, quiet: Quiet) {
        let regions = self.regions.len() as u64;
        let passed_us = self.around.now_us - quiet.since_us;
        let beats = passed_us / (self.around.plan.tuning.heartbeat_ms * 1_000) + 2;
        // Each says one heartbeat to each, and is answered; what was under way is answered too.
        let allowed = regions * (regions - 1) * (beats + UNDER_WAY) * 2;
        let said = self.around.network.frames - quiet.frames;
        if said > allowed {
            let detail = format!("{said} frames in {beats} heartbeats while nobody writes");
            self.around.violations.push(Invariant::I11.broken(detail));
        }
        let now_ms = self.around.now_ms();
        let lag_ms_max = 2 * self.around.plan.tuning.heartbeat_ms + 500;
        for region in &self.regions {
            let worst = region.running().map_or(0, |running| running.lag_ms(now_ms));
            if worst > lag_ms_max {
                let detail =
                    format!("{} still says {worst} ms of lag {}", region.name, self.unequal());
                self.around.violations.push(Invariant::I11.broken(detail));
            }
        }
    }

    /// Every region shows what truly happened, and the same digest; what was refused never was.
    fn check_all(&mut self) {
        let mut digests = Vec::new();
        let mut broken = Vec::new();
        let mut told = Vec::new();
        for region in &self.regions {
            let Some(view) = region.view() else { continue };
            match view.digest(None) {
                Ok((digest, items)) => digests.push((digest, items)),
                Err(error) => broken.push(Invariant::Alive.broken(error.to_string())),
            }
            for (key, item, kind) in self.around.truth.items() {
                let resolver = kind.resolver();
                let state = match view.get(key) {
                    Ok(state) => state,
                    Err(error) => {
                        broken.push(Invariant::Alive.broken(error.to_string()));
                        continue;
                    }
                };
                let shown = state.as_ref().map_or(Shown::Nothing, |state| resolver.shown(state));
                let (shown, expected) = (texts(&shown), item.shown(view.vector()));
                if shown != expected {
                    let name = region.name;
                    if self.around.plan.tells {
                        told.push(format!("{name} holds {state:#?}; what was done: {item:#?}"));
                    }
                    let invariant = if expected.is_empty() { Invariant::I4 } else { Invariant::I1 };
                    let detail = format!("{name} shows {shown:?} of {key:?}, not {expected:?}");
                    broken.push(invariant.broken(detail));
                }
                let lost = state.as_ref().map(|state| resolver.records(state)).unwrap_or_default();
                let lost: std::collections::BTreeSet<_> = lost
                    .into_iter()
                    .map(|lost| (lost.element.cloned(), lost.lost.written.dot, lost.outcome))
                    .collect();
                let expected = item.records(view.vector());
                if !lost.is_empty() {
                    self.around.coverage.path(crate::coverage::PathKind::ConflictKept);
                }
                if lost != expected {
                    let name = region.name;
                    if self.around.plan.tells {
                        told.push(format!("{name} holds {state:#?}; what was done: {item:#?}"));
                    }
                    let detail = format!("{name} keeps {lost:?} of {key:?}, not {expected:?}");
                    broken.push(Invariant::I1.broken(detail));
                }
            }
        }
        if digests.windows(2).any(|pair| pair[0] != pair[1]) {
            broken.push(Invariant::I2.broken(format!("equal vectors, digests {digests:?}")));
        }
        for (client, number) in &self.refused {
            if self.around.truth.was_done(*client, *number) {
                let detail = format!("request {number} of client {client} was refused, and done");
                broken.push(Invariant::I10.broken(detail));
            }
        }
        for text in told {
            self.around.tell(|| text);
        }
        self.around.violations.extend(broken);
    }
}
